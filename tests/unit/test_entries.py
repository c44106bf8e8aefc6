"""What a stream says was paid and taken back, as the ledger numbers it."""

from datetime import date

import pytest

from licensebill.charges import CorruptStream, entries
from licensebill.events import Decision, Halted, Resolved
from licensebill.ledger import Returned as ReturnedEntry
from licensebill.ledger import Settled, transactions
from licensebill.outcomes import Declined, DeclineKind, Pending, Returned, Succeeded, Unknown, Voided
from tests.charging import MINUTES, SERVICE, TENTH, Story, acme, bank, buy, order, source
from tests.examples import usd

NO_FUNDS = Declined(kind=DeclineKind.SOFT, code="insufficient_funds")


def test_a_payment_is_an_entry_once_it_is_recorded() -> None:
    """Neither the plan nor the object nor an answer that is not known; watching it later adds nothing."""
    story = Story.of(acme(bank())).open(order()).answer(Pending())
    assert list(entries(story.events)) == []
    story.answer(Unknown(), Succeeded(), days=4).answer(Succeeded(), days=1)
    (paid,) = entries(story.events)
    assert isinstance(paid, Settled)
    assert (paid.intent.id, paid.on, paid.source) == (SERVICE, date(2026, 12, 14), bank().masked)


def test_the_source_is_the_one_that_paid() -> None:
    """Not the one that was declined before it."""
    card, reserve = source("card"), source("reserve")
    story = Story.of(acme(card, reserve)).open(order()).answer(NO_FUNDS, Voided(), Succeeded())
    assert [one.source for one in entries(story.events) if isinstance(one, Settled)] == [reserve.masked]


def test_numbers_follow_the_stream() -> None:
    """The charge that was planned first and paid last has the higher number; a return has one of its own."""
    story = Story.of(acme(bank(), source("card"))).open(order(), bank()).answer(Pending()).open(buy(), source("card"))
    story.answer(Succeeded(), intent=MINUTES).answer(Succeeded(), days=4).answer(Returned("R01"), days=5)
    made = transactions(entries(story.events))
    assert [(one.trx, one.intent_id, one.amount.text, one.reverses) for one in made] == [
        ("TRX-000001", MINUTES, "100.00", None),
        ("TRX-000002", SERVICE, "20.00", None),
        ("TRX-000003", SERVICE, "-20.00", 2),
    ]
    assert len(made) == story.standing.transactions


def test_a_return_has_its_code_and_day() -> None:
    """As the bank gave it."""
    story = Story.of(acme(bank())).open(order()).answer(Succeeded()).answer(Returned("R10"), days=3)
    assert list(entries(story.events))[1] == ReturnedEntry(intent_id=SERVICE, on=date(2026, 12, 13), code="R10")


def test_what_was_captured_is_what_counts() -> None:
    """Another amount than was asked (FUN-9)."""
    story = Story.of().open(order()).answer(Succeeded(usd("19.99")))
    assert [one.amount for one in transactions(entries(story.events))] == [usd("19.99")]


@pytest.mark.parametrize(("decision", "count"), [(Decision.CAPTURED, 1), (Decision.NOT_CAPTURED, 0)])
def test_a_person_who_found_the_money_makes_it_an_entry(decision: Decision, count: int) -> None:
    """On the day of the decision."""
    story = Story.of().open(order()).tell(Halted(intent=SERVICE, attempt=1, reason="rejected"))
    decided = Resolved(intent=SERVICE, attempt=1, decision=decision, by="dana", note="bank statement")
    assert [one.on for one in entries(story.tell(decided).events)] == [TENTH] * count


def test_a_stream_that_cannot_be_gives_no_entries() -> None:
    """It is refused where it goes wrong."""
    story = Story.of().open(order()).answer(Succeeded())
    with pytest.raises(CorruptStream, match=r"^seq 2"):
        list(entries([story.events[0], story.events[-1]]))
    assert list(entries([])) == []
