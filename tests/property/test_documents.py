"""Laws of documents: what is written reads as what it was, and nothing else that is read does any harm."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensebill import strategies as values
from licensebill._checks import holds_card_number
from licensebill.accounts import Account, Change
from licensebill.changes import SaveTable
from licensebill.documents import UNIONS, VALUES, from_json, to_json
from licensebill.errors import InvalidValue
from licensebill.events import (
    Changed,
    Event,
    Fact,
    Prepared,
)
from licensebill.funding import Funding, Source
from licensebill.ledger import Intent, Line
from licensebill.licenses import Licenses
from licensebill.money import ExactMoney, Money
from licensebill.outcomes import Outcome
from licensebill.ports import Call, Peak, peak
from licensebill.pricing import Price
from licensebill.services import Services
from licensebill.storage import Reading
from licensebill.strategies import accounts, changes, events, instants, outcomes
from licensebill.terms import Catalog, Contract, Dated, Rate, Step, Tariff
from licensebill.toll_free import TollFreeLine
from tests.property.changes import accepted
from tests.results import results, values_within

CARDS = st.sampled_from(["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"])

#: A strategy for each type that can be stored, but changes and what comes of them.
STORED: list[tuple[st.SearchStrategy[Any], Any]] = [
    (accounts(), Account),
    (values.catalogs(), Catalog),
    (values.catalogs().flatmap(values.contracts), Contract),
    (values.catalogs().flatmap(values.licenses), Licenses),
    (values.currencies().flatmap(values.tariffs), Tariff),
    (values.currencies().flatmap(values.prices), Price),
    (values.rates(), Rate),
    (values.services(), Services),
    (values.toll_free_lines(), TollFreeLine),
    (values.readings(), Reading),
    (values.funding_days().flatmap(lambda on: values.fundings(on=on)), Funding),
    (values.funding_days().flatmap(lambda on: values.sources(on=on)), Source),
    (values.dated(values.amounts()), Dated[Money]),
    (values.dated(values.exact_amounts()), Dated[ExactMoney]),
    (values.dated(values.prices()), Dated[Price]),
    (values.dated(values.tariffs()), Dated[Tariff]),
    (values.dated(values.prices() | st.none()), Dated[Price | None]),
    (values.dated(st.integers(-(2**63) + 1, 2**63 - 1)), Dated[int]),
    (values.dated(st.booleans()), Dated[bool]),
    (values.dated(st.text()), Dated[str]),
    (values.dated(values.days()), Dated[date]),
    (values.dated(values.amounts()).map(lambda dated: dated.steps[0]), Step[Money]),
    (values.calls(), Call[int]),
    (st.lists(values.calls(), max_size=5).map(peak), Peak[int]),
]


def once_more(value: Any, kind: Any) -> Any:
    """What the value's document reads as; written again, it is the same text."""
    text = to_json(value)
    read = from_json(text, kind)
    assert to_json(read) == text
    return read


def plain(value: Any) -> Any:
    """The value with its checks as tuples, as they are written."""
    if isinstance(value, SaveTable):
        return attrs.evolve(value, checks={user: tuple(names) for user, names in value.checks.items()})
    if isinstance(value, Changed):
        return Changed(plain(value.change))
    return value


class TestRoundTrip:
    """What is written reads as what it was, and is written again as the same text."""

    @pytest.mark.parametrize(("stored", "kind"), STORED, ids=[str(number) for number in range(len(STORED))])
    @settings(max_examples=30)
    @given(st.data())
    def test_of_a_value(self, stored: st.SearchStrategy[Any], kind: Any, data: st.DataObject) -> None:
        """Every kind of value that is stored by itself."""
        value = data.draw(stored)
        assert once_more(value, kind) == value

    @given(values.currencies().flatmap(outcomes))
    def test_of_an_outcome(self, outcome: Outcome) -> None:
        """Its instant is the same instant, read from a clock in UTC."""
        assert plain(once_more(outcome, Outcome)) == plain(outcome)

    @settings(max_examples=50)
    @given(accounts(), st.data())
    def test_of_an_accounts_history(self, acme: Account, data: st.DataObject) -> None:
        """Each change, allowed or not, and the account after each that was."""
        for _ in range(4):
            change = data.draw(changes(acme))
            assert plain(once_more(change, Change)) == plain(change)
            acme = accepted(acme, change) or acme
            assert once_more(acme, Account) == acme
            for charge in (one.intent for one in acme.open):
                assert once_more(charge, Intent) == charge
                assert all(once_more(line, Line) == line for line in charge.lines)

    @settings(max_examples=50)
    @given(st.data())
    def test_of_an_event(self, data: st.DataObject) -> None:
        """Whatever it tells, and its postings."""
        event = data.draw(events())
        read = once_more(event, Event)
        assert (read.id, plain(read.fact), read.postings) == (event.id, plain(event.fact), event.postings)
        assert read.at == event.at.astimezone(UTC)

    def test_leaves_nothing_out(self) -> None:
        """Every type that has a document is drawn above, or is part of what is."""
        drawn = {getattr(kind, "__origin__", kind) for _, kind in STORED} | {Event, Intent, Line}
        told_by_example = {type(value) for result in results() for value in values_within(result)}
        assert set(VALUES.values()) <= drawn | told_by_example
        assert set(UNIONS) & {Change, Outcome, Price, Fact} == {Change, Outcome, Price, Fact}


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Everything in a parsed document: what holds it, and its key or position there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield value, key
        yield from places(item)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | CARDS | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | CARDS, inner, max_size=3),
    max_leaves=5,
)


def answer_to(text: str) -> tuple[Account | None, InvalidValue | None]:
    """What a text reads as, or the one error with which it may be refused."""
    try:
        return from_json(text, Account), None
    except InvalidValue as refused:
        return None, refused


class TestHostileText:
    """Any text is either a document or refused as one, with a path, and no card number is repeated."""

    @given(st.text() | ANYTHING.map(json.dumps))
    def test_any_text_is_refused(self, text: str) -> None:
        """Text, and JSON, that nobody wrote as a document."""
        with pytest.raises(InvalidValue):
            from_json(text, Account)

    @given(accounts(), st.data())
    def test_a_spoiled_document_is_read_or_refused(self, acme: Account, data: st.DataObject) -> None:
        """Whatever stands in it, wherever; what is read can be written again, and is then the same."""
        document = json.loads(to_json(acme))
        for _ in range(data.draw(st.integers(1, 3))):
            table, key = data.draw(st.sampled_from(list(places(document))))
            kind = data.draw(st.sampled_from(["other", "gone", "more", "moved"]))
            if kind == "gone":
                del table[key]
            elif kind == "more" and isinstance(table, dict):
                table[data.draw(st.text() | CARDS)] = data.draw(ANYTHING)
            elif kind == "moved":
                other, at = data.draw(st.sampled_from(list(places(document))))
                table[key] = json.loads(json.dumps(other[at]))
            else:
                table[key] = data.draw(ANYTHING)
        read, refused = answer_to(json.dumps(document))
        if refused is None:
            assert once_more(read, Account) == read
        else:
            assert refused.place
            assert not any(holds_card_number(line) for line in str(refused).splitlines())

    @given(accounts(), CARDS, st.data())
    def test_a_card_number_is_never_repeated(self, acme: Account, card: str, data: st.DataObject) -> None:
        """Neither as a value nor as a key, anywhere."""
        document = json.loads(to_json(acme))
        table, key = data.draw(st.sampled_from(list(places(document))))
        if isinstance(table, dict) and data.draw(st.booleans()):
            table[card] = table.pop(key)
        else:
            table[key] = card
        _, refused = answer_to(json.dumps(document))
        assert refused is None or card not in f"{refused} {refused.args!r}"


class TestEquality:
    """Equal values give equal texts, however they were made."""

    @given(values.catalogs().flatmap(values.licenses), st.randoms())
    def test_holdings_in_any_order(self, licenses: Licenses, shuffled: Any) -> None:
        """Holdings and their users, built in another order."""
        holdings = [
            attrs.evolve(one, users=frozenset(shuffled.sample(sorted(one.users), len(one.users))))
            for one in licenses.holdings
        ]
        shuffled.shuffle(holdings)
        assert to_json(Licenses(tuple(holdings))) == to_json(licenses)

    @given(instants(), values.time_zones())
    def test_instants_on_any_clock(self, at: datetime, zone: Any) -> None:
        """One instant is one text."""
        fact = Prepared(intent="acme/bill/1", attempt=1, ref="pi_1")
        assert to_json(Event(id="e", at=at, fact=fact)) == to_json(Event(id="e", at=at.astimezone(zone), fact=fact))
