"""Events by table: what a fact may hold, and that nothing of a source's token is shown."""

import datetime
import pickle
from collections.abc import Callable
from datetime import UTC
from typing import Any

import attrs
import pytest

from licensebill.errors import InvalidValue
from licensebill.events import (
    Answered,
    Book,
    CallOff,
    Changed,
    Decision,
    Event,
    Halted,
    Opened,
    Planned,
    Posting,
    Prepared,
    Resolved,
    Target,
    outcome,
)
from licensebill.funding import SourceKind
from licensebill.money import Money
from licensebill.outcomes import (
    Declined,
    DeclineKind,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Unknown,
    Voided,
)
from tests.charging import CARD, MINUTES, NOON, acme, buy
from tests.examples import usd

VISA_NUMBER = "4111 1111 1111 1111"
ALL_OUTCOMES: list[Outcome] = [
    *(Succeeded(), Succeeded(usd("1.00")), Pending(), Voided(), Returned("R01"), NotCaptured(), Unknown()),
    Declined(kind=DeclineKind.SOFT, code="insufficient_funds"),
]


def event(*amounts: str, **changed: Any) -> Event:
    """An event with postings of some amounts."""
    postings = tuple(Posting(Book.CLEARING, usd(one)) for one in amounts)
    fields: dict[str, Any] = {"id": "e1", "at": NOON, "fact": CallOff(intent=MINUTES, by="dana"), "postings": postings}
    return Event(**(fields | changed))


class TestPostings:
    """Postings of an event add up to zero, in one currency."""

    @pytest.mark.parametrize("amounts", [(), ("0.00",), ("1.00", "-1.00"), ("1.00", "-0.40", "-0.60")])
    def test_what_adds_up_to_zero_is_taken(self, amounts: tuple[str, ...]) -> None:
        """No posting, one of nothing, two, three."""
        assert len(event(*amounts).postings) == len(amounts)

    @pytest.mark.parametrize(
        "amounts", [("0.01",), ("1.00", "-0.99"), ("1.00", "-1.01"), ("1.00", "-0.40", "-0.599999")]
    )
    def test_what_does_not_is_refused(self, amounts: tuple[str, ...]) -> None:
        """Not even a millionth may be missing."""
        with pytest.raises(InvalidValue, match="postings: must add up to zero"):
            event(*amounts)

    def test_currencies_do_not_mix(self) -> None:
        """Two currencies are never added up."""
        mixed = (Posting(Book.OWED, usd("1.00")), Posting(Book.CLEARING, Money.parse("-1.00", "EUR")))
        with pytest.raises(InvalidValue):
            event(postings=mixed)

    @pytest.mark.parametrize("wrong", [[], (1,), None])
    def test_only_postings_in_a_tuple(self, wrong: Any) -> None:
        """Nothing else takes their place."""
        with pytest.raises(InvalidValue, match="postings"):
            event(postings=wrong)

    @pytest.mark.parametrize(("book", "amount"), [("owed", usd("1.00")), (Book.OWED, 1)])
    def test_a_posting_is_an_amount_on_a_book(self, book: Any, amount: Any) -> None:
        """Both are checked."""
        with pytest.raises(InvalidValue):
            Posting(book, amount)


class TestTargets:
    """A source as it was when a charge was planned."""

    def test_of_a_source(self) -> None:
        """Its id, token, kind and what people see of it."""
        target = Target.of(CARD)
        assert target == Target(source="card", token="card_pays", kind=SourceKind.CARD, shown="card ending in 1111")

    def test_the_token_is_not_shown(self) -> None:
        """Neither by the target nor by what holds it."""
        planned = Planned(intent=MINUTES, targets=(Target.of(CARD),))
        assert "card_pays" not in repr(Target.of(CARD)) + repr(planned)

    @pytest.mark.parametrize("field", ["source", "token", "shown"])
    def test_no_card_number_stands_in_one(self, field: str) -> None:
        """Whichever field it is put into; and it is not repeated."""
        changed: dict[str, Any] = {field: VISA_NUMBER}
        with pytest.raises(InvalidValue, match=field) as refused:
            attrs.evolve(Target.of(CARD), **changed)
        assert "1111" not in str(refused.value)


WRONG: list[tuple[str, Callable[[], object]]] = [
    ("account", lambda: Opened("acme")),  # type: ignore[arg-type]
    ("change", lambda: Changed("buy")),  # type: ignore[arg-type]
    ("intent", lambda: Planned(intent="", targets=())),
    ("targets", lambda: Planned(intent=MINUTES, targets=[Target.of(CARD)])),  # type: ignore[arg-type]
    ("attempt", lambda: Prepared(intent=MINUTES, attempt=0, ref="r")),
    ("attempt", lambda: Prepared(intent=MINUTES, attempt=True, ref="r")),
    ("ref", lambda: Prepared(intent=MINUTES, attempt=1, ref="")),
    ("ref", lambda: Prepared(intent=MINUTES, attempt=1, ref="r" * 201)),
    ("outcome", lambda: Answered(intent=MINUTES, attempt=1, outcome=None)),  # type: ignore[arg-type]
    ("outcome", lambda: Answered(intent=MINUTES, attempt=1, outcome="paid")),  # type: ignore[arg-type]
    ("outcome", lambda: Answered(intent=MINUTES, attempt=1, outcome=Succeeded)),  # type: ignore[arg-type]
    ("reason", lambda: Halted(intent=MINUTES, attempt=1, reason=VISA_NUMBER)),
    ("reason", lambda: Halted(intent=MINUTES, attempt=1, reason="x" * 201)),
    ("by", lambda: CallOff(intent=MINUTES, by="")),
    ("decision", lambda: Resolved(intent=MINUTES, attempt=1, decision="yes", by="dana", note="x")),  # type: ignore[arg-type]
    ("note", lambda: Resolved(intent=MINUTES, attempt=1, decision=Decision.CAPTURED, by="dana", note=VISA_NUMBER)),
    ("id", lambda: event(id="")),
    ("id", lambda: event(id=VISA_NUMBER)),
    ("id", lambda: event(id="e" * 201)),
    ("at", lambda: event(at=datetime.datetime(2026, 12, 10))),  # noqa: DTZ001 - that is the point
    ("fact", lambda: event(fact=None)),
    ("fact", lambda: event(fact=Succeeded())),
    ("fact", lambda: event(fact=buy())),
]


class TestFacts:
    """Facts check what they hold; what is wrong is named by its field."""

    @pytest.mark.parametrize(("place", "build"), WRONG)
    def test_what_is_wrong_is_refused(self, place: str, build: Callable[[], object]) -> None:
        """With the field's name in front."""
        with pytest.raises(InvalidValue) as refused:
            build()
        assert refused.value.place == place

    @pytest.mark.parametrize("length", [1, 200])
    def test_the_longest_texts_are_taken(self, length: int) -> None:
        """An id, a reference of the provider and a reason may be this long."""
        assert event(id="e" * length).id == "e" * length
        assert Prepared(intent=MINUTES, attempt=1, ref="r" * length).ref == "r" * length
        assert Halted(intent=MINUTES, attempt=1, reason="x" * length).reason == "x" * length

    @pytest.mark.parametrize("answer", ALL_OUTCOMES)
    def test_every_outcome_is_an_answer(self, answer: Outcome) -> None:
        """Each may be recorded."""
        assert outcome("answer", answer) is answer
        assert Answered(intent=MINUTES, attempt=1, outcome=answer).outcome is answer

    def test_facts_survive_pickling(self) -> None:
        """An event of each kind of fact crosses to another process unchanged."""
        target = Target.of(CARD)
        facts = [
            Opened(acme()),
            Changed(buy()),
            Planned(intent=MINUTES, targets=(target,)),
            Prepared(intent=MINUTES, attempt=1, ref="object-1"),
            *(Answered(intent=MINUTES, attempt=1, outcome=one) for one in ALL_OUTCOMES),
            Halted(intent=MINUTES, attempt=1, reason="odd"),
            CallOff(intent=MINUTES, by="dana"),
            *(Resolved(intent=MINUTES, attempt=1, decision=one, by="dana", note="asked") for one in Decision),
        ]
        events = [event(fact=fact, at=NOON.astimezone(UTC)) for fact in facts]
        assert pickle.loads(pickle.dumps(events)) == events  # noqa: S301 - ours
