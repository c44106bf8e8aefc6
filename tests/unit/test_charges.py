"""Charges by table: every step that is allowed and every one that is not, postings, looks, limits, corrupt streams."""

import datetime
import pickle
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill.accounts import AccountEnded
from licensebill.bills import monthly_bill, planned
from licensebill.changes import CarryOver, DrawMinutes, OpenRecharge, RecordOutcome, RecordReturn, RetryCharge
from licensebill.charges import (
    LONGEST_ACCOUNT_ID,
    LOOKS,
    PREPAID,
    TRANSITIONS,
    Charge,
    CorruptStream,
    DeclineOf,
    Signal,
    State,
    _moved,
    after,
    entries,
    folded,
    newly_opened,
    postings,
    record,
    signal,
    still_applies,
)
from licensebill.errors import InvalidValue
from licensebill.events import (
    Answered,
    Book,
    CallOff,
    Changed,
    Decision,
    Event,
    Fact,
    Halted,
    Opened,
    Planned,
    Posting,
    Prepared,
    Resolved,
    Target,
)
from licensebill.funding import Funding, Source
from licensebill.ledger import Intent, Settled, transactions
from licensebill.ledger import Returned as TakenBack
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
from licensebill.terms import STANDARD, Purpose
from tests.changing import cancel, set_total, with_tariff
from tests.charging import BILL, CARD, MINUTES, NOON, RECHARGE, RESERVE, SERVICE, TENTH, Story, acme, bank, buy, order
from tests.examples import account, reading, usd

SOFT, HARD, ACTION = (Declined(kind=kind, code="no") for kind in DeclineKind)
BANK = bank()
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)

# --- the table ----------------------------------------------------------------------------------------------------

#: Every step, by hand: from a state, by a signal, to a state.
STEPS = """
planned:      prepared > prepared, halted > needs review, called off > cancelled, nothing left to try > failed
prepared:     succeeded > succeeded, pending > pending, declined > declined, voided > voided, no answer > unknown,
              halted > needs review, called off > prepared
unknown:      succeeded > succeeded, pending > pending, declined > declined, voided > voided, no answer > unknown,
              not captured > prepared, halted > needs review, called off > unknown
pending:      succeeded > succeeded, pending > pending, declined > declined, voided > voided, no answer > pending,
              halted > needs review, called off > pending
declined:     succeeded > succeeded, pending > pending, voided > voided, no answer > declined,
              halted > needs review, called off > declined
voided:       another attempt > planned, nothing left to try > failed, given up > cancelled
succeeded:    succeeded > succeeded, no answer > succeeded, returned > returned
returned:     nothing left to try > failed, given up > cancelled
failed:       planned again > planned, carried over > cancelled
cancelled:
needs review: found captured > succeeded, found not captured > voided, ask again > unknown, another attempt > planned
"""


def steps() -> dict[State, dict[Signal, State]]:
    """The table above, read."""
    found: dict[State, dict[Signal, State]] = {}
    for row in STEPS.replace(",\n  ", ", ").strip().splitlines():
        state, _, all_steps = row.partition(":")
        pairs = [one.split(" > ") for one in all_steps.strip().split(", ") if one.strip()]
        found[State(state)] = {Signal(by.strip()): State(to.strip()) for by, to in pairs}
    return found


def story_in(state: State, *, is_owed: bool = True) -> Story:
    """A charge in a state: of a service, or of minutes; by bank debit first, then by card."""
    story = Story.of(acme(BANK, RESERVE))
    intent = SERVICE if is_owed else MINUTES
    sources = (BANK,) if state is State.FAILED else (BANK, RESERVE)
    story.open(order() if is_owed else buy(), *sources)
    if state is State.NEEDS_REVIEW:
        return story.answer(Unknown(), intent=intent).tell(Halted(intent=intent, attempt=1, reason="nobody knows"))
    answers: dict[State, tuple[Outcome, ...]] = {
        State.UNKNOWN: (Unknown(),),
        State.PENDING: (Pending(),),
        State.DECLINED: (SOFT,),
        State.SUCCEEDED: (Succeeded(),),
        State.FAILED: (SOFT, Voided()),
    }
    if state is State.PREPARED:
        return story.tell(Prepared(intent=intent, attempt=1, ref="ref-1"))
    return story.answer(*answers.get(state, ()), intent=intent)


#: The states in which a charge can be found; the others are passed through.
STANDING_STATES = [one for one in State if one not in {State.VOIDED, State.RETURNED, State.CANCELLED}]

OUTCOMES: dict[Signal, Outcome] = {
    Signal.SUCCEEDED: Succeeded(),
    Signal.PENDING: Pending(),
    Signal.DECLINED: SOFT,
    Signal.VOIDED: Voided(),
    Signal.RETURNED: Returned("R01"),
    Signal.NOT_CAPTURED: NotCaptured(),
    Signal.UNKNOWN: Unknown(),
}
DECISIONS = {
    Signal.FOUND_CAPTURED: Decision.CAPTURED,
    Signal.FOUND_NOT_CAPTURED: Decision.NOT_CAPTURED,
    Signal.ASK_AGAIN: Decision.ASK_AGAIN,
}
#: Signals that a fact carries; the others follow by themselves.
TOLD = [*OUTCOMES, *DECISIONS, Signal.PLANNED, Signal.PREPARED, Signal.HALTED, Signal.CALLED_OFF]


def fact_of(by: Signal, charge: Charge) -> Fact:
    """A fact that carries a signal about a charge."""
    of: dict[str, Any] = {"intent": charge.intent.id, "attempt": charge.attempt}
    if by in OUTCOMES:
        return Answered(**of, outcome=OUTCOMES[by])
    if by in DECISIONS:
        return Resolved(**of, decision=DECISIONS[by], by="dana", note="asked the bank")
    others: dict[Signal, Fact] = {
        Signal.PLANNED: Planned(intent=charge.intent.id, targets=(Target.of(RESERVE),)),
        Signal.PREPARED: Prepared(**of, ref="ref"),
        Signal.HALTED: Halted(**of, reason="odd"),
        Signal.CALLED_OFF: CallOff(intent=charge.intent.id, by="dana"),
    }
    return others[by]


def found_in(by: Signal, to: State, *, is_owed: bool) -> State | None:
    """The state in which a charge is found after a step to a state that may be passed through; None if it is gone."""
    if to is State.RETURNED or by is Signal.FOUND_NOT_CAPTURED:
        return State.FAILED if is_owed else None
    if to is State.VOIDED:
        return State.PLANNED
    return None if to is State.CANCELLED else to


class TestFun9Steps:
    """A charge takes the steps of one table and no other."""

    def test_the_table_is_the_one_meant(self) -> None:
        """State by state, signal by signal, written down twice."""
        assert {state: dict(row) for state, row in TRANSITIONS.items()} == steps()

    def test_every_state_but_the_first_is_reached_and_every_signal_used(self) -> None:
        """Nothing stands in the table for nothing."""
        rows = steps().values()
        assert {to for row in rows for to in row.values()} == set(State)
        assert {by for row in rows for by in row} == set(Signal)

    @pytest.mark.parametrize("by", TOLD)
    @pytest.mark.parametrize(
        ("state", "is_owed"),
        # minutes end where they fail
        [(state, owed) for state in STANDING_STATES for owed in (True, False) if owed or state is not State.FAILED],
    )
    def test_every_pair_of_state_and_signal(self, state: State, by: Signal, is_owed: bool) -> None:
        """A step of the table leads where it says; any other is refused and changes nothing."""
        story = story_in(state, is_owed=is_owed)
        charge = story.charge(SERVICE if is_owed else MINUTES)
        assert charge.state is state
        to = TRANSITIONS[state].get(by)
        before, fact = story.standing, fact_of(by, charge)
        if to is None or (by is Signal.CALLED_OFF and is_owed):
            with pytest.raises(InvalidValue, match=f"{charge.intent.id} is "):
                story.tell(fact)
            assert story.standing is before
            return
        story.tell(fact, minutes=1)
        found = story.standing.charge(charge.intent.id)
        assert (found and found.state) == found_in(by, to, is_owed=is_owed)
        assert folded(story.events) == story.standing

    @pytest.mark.parametrize("state", State)
    @pytest.mark.parametrize("by", Signal)
    def test_a_step_that_is_not_in_the_table_is_refused(self, state: State, by: Signal) -> None:
        """Also for the states that are passed through and the signals that follow by themselves."""
        charge = attrs.evolve(story_in(State.PLANNED).charge(), state=state)
        if by in TRANSITIONS[state]:
            assert _moved(charge, by, NOON).state is TRANSITIONS[state][by]
            return
        with pytest.raises(InvalidValue) as refused:
            _moved(charge, by, NOON)
        assert str(refused.value) == f"event: {SERVICE} is {state.value}, and cannot be {by.value} now"

    @pytest.mark.parametrize("fact", [Opened(acme()), Changed(buy())])
    def test_only_what_is_about_a_charge_has_a_signal(self, fact: Fact) -> None:
        """The opening and changes of the account are no step of a charge."""
        with pytest.raises(InvalidValue, match=r"fact: must be about a charge, not an? (Opened|Changed)"):
            signal(fact)


# --- what a step does to the charge -------------------------------------------------------------------------------


class TestFun9Attempts:
    """A reference is used for one attempt, and an attempt ends with a void or a return."""

    def test_the_reference_is_fixed_by_charge_and_attempt(self) -> None:
        """It counts voids and returns and nothing else."""
        story = story_in(State.PLANNED)
        assert story.charge().reference == "acme/service/1/1"
        story.answer(Unknown(), NotCaptured(), SOFT, Unknown())
        assert story.charge().reference == "acme/service/1/1"
        story.answer(Voided())
        assert story.charge().reference == "acme/service/1/2"
        story.answer(SOFT, Voided())
        assert (story.charge().state, story.charge().reference) == (State.FAILED, "acme/service/1/3")

    def test_a_void_after_a_decline_leads_to_the_next_source(self) -> None:
        """With nothing left over from the attempt before."""
        story = story_in(State.DECLINED)
        assert (story.charge().target.source, story.charge().declined, story.charge().ref) == ("bank", SOFT, "ref-1")
        charge = story.answer(Voided(), hours=1).charge()
        assert (charge.target.source, charge.position, charge.attempt) == ("reserve", 1, 2)
        assert (charge.ref, charge.prepared, charge.declined, charge.unknown_since) == (None, None, None, None)
        assert charge.since == story.at == NOON + timedelta(hours=1)

    def test_a_void_without_a_decline_leads_to_the_same_source(self) -> None:
        """Its key ran out, say: the source has refused nothing."""
        charge = story_in(State.UNKNOWN).answer(Voided()).charge()
        assert (charge.target.source, charge.position, charge.attempt) == ("bank", 0, 2)

    def test_after_the_last_source_it_has_failed(self) -> None:
        """What is owed stays, and is past due; the attempts before it are counted on."""
        story = story_in(State.PLANNED).answer(SOFT, Voided(), SOFT, Voided())
        assert (story.charge().state, story.charge().attempt) == (State.FAILED, 3)
        assert story.standing.account.past_due_since == TENTH
        story.tell(Planned(intent=SERVICE, targets=(Target.of(RESERVE),)), days=1)
        assert (story.charge().reference, story.charge().target.source) == ("acme/service/1/3", "reserve")
        assert story.charge().intent.sources == ("reserve",)
        assert story.charge().first == NOON

    def test_minutes_end_where_they_fail(self) -> None:
        """Nothing is owed for them, and nothing is kept of them."""
        story = story_in(State.PLANNED, is_owed=False)
        story.answer(SOFT, Voided(), SOFT, Voided(), intent=MINUTES)
        assert (story.standing.charges, story.standing.account.open) == ((), ())

    def test_without_any_source_it_fails_at_once(self) -> None:
        """No attempt was made, so that the first one is still the first."""
        story = Story.of().tell(Changed(order()), Planned(intent=SERVICE, targets=()))
        assert (story.charge().state, story.charge().reference) == (State.FAILED, "acme/service/1/1")
        story.tell(Planned(intent=SERVICE, targets=()))
        assert (story.charge().state, story.charge().reference) == (State.FAILED, "acme/service/1/1")
        story = Story.of().tell(Changed(buy()), Planned(intent=MINUTES, targets=()))
        assert (story.standing.charges, story.standing.account.open) == ((), ())

    def test_prepared_keeps_the_object_and_its_instant(self) -> None:
        """By which it is captured, and its key's window is counted."""
        charge = story_in(State.PREPARED).charge()
        assert (charge.ref, charge.prepared) == ("ref-1", NOON)

    def test_a_card_that_paid_is_done_with(self) -> None:
        """A card's payment is not taken back as a debit is."""
        story = Story.of().open(order()).answer(Succeeded())
        assert (story.standing.charges, story.standing.transactions) == ((), 1)
        assert story.standing.account.settled[0].id == SERVICE

    def test_a_debit_that_paid_is_watched(self) -> None:
        """Looks that find nothing new are no second payment."""
        story = story_in(State.SUCCEEDED).answer(Succeeded(), Unknown(), Succeeded(), days=1)
        assert (story.charge().state, story.standing.transactions) == (State.SUCCEEDED, 1)
        assert (story.charge().since, story.charge().looked) == (NOON, NOON + _DAY)

    @pytest.mark.parametrize("kind", DeclineKind)
    def test_a_decline_is_counted_and_blocks_where_it_is_hard(self, kind: DeclineKind) -> None:
        """The limits count it by the token; a hard one blocks the source for everything."""
        story = story_in(State.PREPARED).answer(Declined(kind=kind, code="no"))
        assert story.standing.declines == (DeclineOf(source="bank", token="bank_pays_later", at=NOON),)
        assert "bank_pays_later" not in repr(story.standing.declines)
        held = story.standing.account.funding
        assert held is not None
        assert held.primary.is_blocked is (kind is DeclineKind.HARD)

    def test_what_is_unknown_is_counted_from_the_first_time(self) -> None:
        """However often the request is sent again in between."""
        story = story_in(State.UNKNOWN).answer(NotCaptured(), minutes=1)
        assert (story.charge().state, story.charge().unknown_since) == (State.PREPARED, NOON)
        story.answer(Unknown(), hours=1)
        assert (story.charge().state, story.charge().unknown_since) == (State.UNKNOWN, NOON)
        assert story.charge().since == story.at


class TestFun9CalledOff:
    """Minutes can be called off until they are captured; what is owed cannot."""

    def test_before_anything_was_prepared_they_are_gone(self) -> None:
        """There is nothing to void."""
        story = story_in(State.PLANNED, is_owed=False).tell(CallOff(intent=MINUTES, by="dana"))
        assert (story.standing.charges, story.standing.account.open) == ((), ())

    @pytest.mark.parametrize("state", [State.PREPARED, State.UNKNOWN, State.PENDING, State.DECLINED])
    def test_afterwards_a_void_ends_them(self, state: State) -> None:
        """No other source is tried."""
        story = story_in(state, is_owed=False).tell(CallOff(intent=MINUTES, by="dana"))
        assert (story.charge(MINUTES).is_called_off, story.charge(MINUTES).state) == (True, state)
        story.answer(Voided(), intent=MINUTES)
        assert (story.standing.charges, story.standing.account.open, story.books) == ((), (), {})

    def test_if_they_are_captured_all_the_same_they_are_there(self) -> None:
        """The money moved, so that the minutes are the customer's."""
        story = story_in(State.UNKNOWN, is_owed=False).tell(CallOff(intent=MINUTES, by="dana"))
        story.answer(Succeeded(), intent=MINUTES)
        assert (story.standing.account.balance, story.charge(MINUTES).state) == (usd("192.00"), State.SUCCEEDED)

    def test_a_recharge_called_off_came_to_nothing(self) -> None:
        """It does not count towards the limits of a day and a month."""
        story = Story.of(acme(automatic=True)).open(OpenRecharge(on=TENTH, amount=usd("42.00")))
        (recharged,) = story.standing.recharges
        assert (recharged.intent, recharged.on, recharged.at, recharged.amount, recharged.has_failed) == (
            RECHARGE,
            TENTH,
            NOON,
            usd("42.00"),
            False,
        )
        story.tell(CallOff(intent=RECHARGE, by="dana"))
        assert [one.has_failed for one in story.standing.recharges] == [True]

    def test_what_is_owed_is_not_called_off(self) -> None:
        """The customer has it already."""
        with pytest.raises(InvalidValue, match="only a charge for minutes can be called off"):
            story_in(State.PREPARED).tell(CallOff(intent=SERVICE, by="dana"))


class TestFun9Review:
    """A person decides about a charge that had halted."""

    @staticmethod
    def resolved(decision: Decision, story: Story | None = None) -> Story:
        """The charge halted and a person decided, an hour later."""
        story = story or story_in(State.NEEDS_REVIEW)
        assert story.charge().reason
        fact = Resolved(intent=SERVICE, attempt=1, decision=decision, by="dana", note="asked the bank")
        return story.tell(fact, hours=1)

    def test_captured(self) -> None:
        """It is paid, as asked, and watched as any debit is."""
        story = self.resolved(Decision.CAPTURED)
        charge = story.charge()
        assert (charge.state, charge.reason, charge.since) == (State.SUCCEEDED, "", NOON + timedelta(hours=1))
        assert story.books == {Book.REVENUE: "-20.00", Book.CLEARING: "20.00"}

    def test_another_amount_was_captured(self) -> None:
        """What differs waits for the next bill, as if the provider had answered."""
        story = story_in(State.NEEDS_REVIEW)
        of: dict[str, Any] = {"intent": SERVICE, "attempt": 1, "by": "dana", "note": "asked", "captured": CENTS_LESS}
        story.tell(Resolved(**of, decision=Decision.CAPTURED))
        assert story.books == {Book.REVENUE: "-19.00", Book.CLEARING: "19.00"}
        assert [line.amount for line in story.standing.account.waiting] == [usd("1.00")]
        for decision in (Decision.NOT_CAPTURED, Decision.ASK_AGAIN):
            with pytest.raises(InvalidValue, match="captured: must not be stated where"):
                Resolved(**of, decision=decision)

    def test_not_captured(self) -> None:
        """It is owed, and tried again with a new attempt."""
        charge = self.resolved(Decision.NOT_CAPTURED).charge()
        assert (charge.state, charge.attempt, charge.reason, charge.ref) == (State.FAILED, 2, "", None)

    def test_ask_again(self) -> None:
        """The looks begin anew."""
        charge = self.resolved(Decision.ASK_AGAIN).charge()
        assert (charge.state, charge.attempt, charge.reason, charge.ref) == (State.UNKNOWN, 1, "", "ref-1")
        assert charge.unknown_since == charge.since == NOON + timedelta(hours=1)
        assert charge.next_look == NOON + timedelta(hours=1, minutes=1)

    def test_ask_again_where_nothing_was_prepared(self) -> None:
        """There is nothing to ask about: the same attempt is prepared again, and nothing is unknown of it."""
        story = story_in(State.PLANNED).tell(Halted(intent=SERVICE, attempt=1, reason="odd"))
        charge = self.resolved(Decision.ASK_AGAIN, story).charge()
        assert (charge.state, charge.attempt, charge.reason) == (State.PLANNED, 1, "")
        assert charge.unknown_since is None


# --- returns ------------------------------------------------------------------------------------------------------


class TestFun9Returns:
    """A debit taken back is reversed once; R01 and R09 are tried again, twice at most and within 180 days."""

    @pytest.mark.parametrize(("code", "is_blocked"), [("R01", False), ("R09", False), ("R02", True), ("R10", True)])
    def test_owed_again(self, code: str, is_blocked: bool) -> None:
        """With the next attempt; other codes block the account."""
        story = story_in(State.SUCCEEDED).answer(Returned(code), days=3)
        charge = story.charge()
        assert (charge.state, charge.returns, charge.attempt, charge.ref) == (State.FAILED, (BANK.token,), 2, None)
        assert (story.standing.transactions, len(story.standing.account.settled)) == (2, 0)
        assert story.standing.account.funding is not None
        assert story.standing.account.funding.primary.is_blocked is is_blocked
        assert [one.at for one in story.standing.declines] == [story.at]

    def test_minutes_are_drawn_back_and_not_tried_again(self) -> None:
        """Nothing is owed for them."""
        story = story_in(State.SUCCEEDED, is_owed=False)
        assert story.standing.account.balance == usd("192.00")
        story.answer(Returned("R01"), intent=MINUTES, days=3)
        assert (story.standing.account.balance, story.standing.charges) == (usd("92.00"), ())
        assert story.books == {}

    def test_a_recharge_taken_back_came_to_nothing(self) -> None:
        """As one that failed."""
        story = Story.of(acme(BANK, automatic=True)).open(OpenRecharge(on=TENTH, amount=usd("42.00")))
        story.answer(Succeeded(), Returned("R01"), intent=RECHARGE)
        assert [one.has_failed for one in story.standing.recharges] == [True]

    def test_it_is_not_reversed_twice(self) -> None:
        """The second telling of it is refused."""
        story = story_in(State.SUCCEEDED).answer(Returned("R01"))
        with pytest.raises(InvalidValue, match="is of attempt 1, but attempt 2 stands"):
            story.tell(Answered(intent=SERVICE, attempt=1, outcome=Returned("R01")))

    def paid_again(self, story: Story, **passed: float) -> Story:
        """The same account is debited once more, and pays."""
        story.tell(Planned(intent=SERVICE, targets=(Target.of(BANK),)), **passed)
        return story.answer(Succeeded())

    def is_blocked(self, story: Story) -> bool:
        """Whether the account may not be debited any more."""
        held = story.standing.account.funding
        assert held is not None
        return held.primary.is_blocked

    def test_two_new_tries_and_no_third(self) -> None:
        """The return of the second new try blocks the account."""
        story = story_in(State.SUCCEEDED).answer(Returned("R01"))
        for returns in (1, 2):
            assert (self.is_blocked(story), len(story.charge().returns)) == (False, returns)
            self.paid_again(story, days=2).answer(Returned("R09"), days=1)
        assert (self.is_blocked(story), len(story.charge().returns)) == (True, 3)

    @pytest.mark.parametrize(("days", "is_blocked"), [(179, False), (180, False), (181, True)])
    def test_180_days_from_the_first_try(self, days: int, is_blocked: bool) -> None:
        """That last day included; the days are whole ones."""
        story = story_in(State.SUCCEEDED).answer(Returned("R01"), days=1)
        self.paid_again(story, days=days - 2).answer(Returned("R01"), days=1)
        assert self.is_blocked(story) is is_blocked

    def test_a_second_short_of_181_days_are_180(self) -> None:
        """A day begun does not count."""
        story = story_in(State.SUCCEEDED).answer(Returned("R01"), days=1)
        self.paid_again(story, days=179).answer(Returned("R01"), days=1, seconds=-1)
        assert self.is_blocked(story) is False

    def test_a_source_replaced_since_is_not_blocked(self) -> None:
        """It was another account that was debited."""
        story = story_in(State.SUCCEEDED)
        funding = Funding((attrs.evolve(BANK, token="new_pays"), RESERVE))
        account = attrs.evolve(story.standing.account, funding=funding)
        told, _ = record(
            attrs.evolve(story.standing, account=account),
            Answered(intent=SERVICE, attempt=1, outcome=Returned("R02")),
            at=NOON,
            id="x",
        )
        standing = after(attrs.evolve(story.standing, account=account), told)
        assert standing.account.funding == funding


# --- looks --------------------------------------------------------------------------------------------------------


class TestFun9Looks:
    """The provider is asked at fixed instants, counted from the beginning of the state."""

    def test_the_instants(self) -> None:
        """A minute, five, an hour, four, then daily for six days; hourly for a day, then daily; ninety days."""
        quick = [timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=4)]
        six = [timedelta(days=day) for day in (1, 2, 3, 4, 5, 6)]
        assert list(LOOKS[State.UNKNOWN]) == list(LOOKS[State.DECLINED]) == quick + six
        hours = [timedelta(hours=hour) for hour in range(1, 25)]
        assert list(LOOKS[State.PENDING]) == hours + [timedelta(days=day) for day in range(2, 31)]
        weekly = [timedelta(days=day) for day in (21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 90)]
        assert list(LOOKS[State.SUCCEEDED]) == [timedelta(days=day) for day in range(1, 15)] + weekly
        assert set(LOOKS) == {State.UNKNOWN, State.DECLINED, State.PENDING, State.SUCCEEDED}
        assert all(list(row) == sorted(set(row)) for row in LOOKS.values())

    @pytest.mark.parametrize("state", LOOKS)
    def test_each_instant_and_the_microsecond_beside_it(self, state: State) -> None:
        """A look a moment too early leaves the look; at the instant or after it the next one follows."""
        charge, tick = story_in(state).charge(), timedelta(microseconds=1)
        instants = [NOON + offset for offset in LOOKS[state]]
        assert charge.next_look == instants[0]
        for here, following in zip(instants, [*instants[1:], None], strict=True):
            looks = [attrs.evolve(charge, looked=here + one).next_look for one in (-tick, timedelta(), tick)]
            assert looks == [here, following, following]

    @pytest.mark.parametrize("state", [one for one in STANDING_STATES if one not in LOOKS])
    def test_in_other_states_nobody_looks(self, state: State) -> None:
        """There is something else to do, or nothing."""
        assert story_in(state).charge().next_look is None

    def test_the_looks_at_one_attempt_come_to_an_end(self) -> None:
        """Although its request is sent again again and again."""
        story = story_in(State.UNKNOWN)
        for looks, offset in enumerate(LOOKS[State.UNKNOWN], 1):
            assert story.charge().next_look == NOON + offset
            story.answer(NotCaptured(), Unknown(), seconds=(NOON + offset - story.at).total_seconds())
            assert looks <= len(LOOKS[State.UNKNOWN])
        assert (story.charge().state, story.charge().next_look) == (State.UNKNOWN, None)

    @pytest.mark.parametrize(("days", "is_kept"), [(84, True), (89, True), (90, False), (91, False)])
    def test_a_debit_is_watched_for_90_days(self, days: int, is_kept: bool) -> None:
        """Afterwards no bank takes it back, and nothing is kept of it."""
        story = story_in(State.SUCCEEDED).answer(Succeeded(), days=days)
        assert (story.standing.charge(SERVICE) is not None) is is_kept

    def test_a_card_is_not_watched(self) -> None:
        """By its kind, as a charge in hand as well."""
        charge = attrs.evolve(story_in(State.SUCCEEDED).charge(), position=1)
        assert (charge.target.source, charge.next_look, charge.is_kept) == ("reserve", None, False)
        assert not attrs.evolve(charge, state=State.CANCELLED).is_kept


# --- what later decisions ask of past ones ------------------------------------------------------------------------


class TestMin12Memory:
    """Declines are kept as long as a limit counts them, recharges for this month and the one before."""

    @pytest.mark.parametrize(("seconds", "kept"), [(-1, 2), (0, 1), (1, 1)])
    def test_declines_of_30_days(self, seconds: int, kept: int) -> None:
        """One exactly 30 days old counts no more."""
        story = story_in(State.PREPARED).answer(SOFT, Voided())
        story.answer(SOFT, days=30, seconds=seconds)
        assert len(story.standing.declines) == kept

    def test_the_window_is_the_tariffs(self) -> None:
        """Not a number of this module."""
        limits = attrs.evolve(STANDARD.limits, decline_days=2)
        account = with_tariff(acme(BANK, RESERVE), limits=limits)
        story = Story.of(account).open(order()).answer(SOFT, Voided()).answer(SOFT, days=2)
        assert [one.source for one in story.standing.declines] == ["reserve"]

    def test_recharges_of_two_months(self) -> None:
        """In March that of January is forgotten, that of February is not; other charges are none."""
        story = Story.of(
            acme(automatic=True, began=date(2026, 1, 1), today=date(2027, 1, 31)),
            datetime.datetime(2027, 1, 31, tzinfo=UTC),
        )
        days = [date(2027, 1, 31), date(2027, 2, 1), date(2027, 2, 28), date(2027, 3, 1)]
        for number, day in enumerate(days, 1):
            passed = (datetime.datetime.combine(day, datetime.time(), UTC) - story.at).total_seconds()
            story.open(OpenRecharge(on=day, amount=usd("10.00")), seconds=passed)
            story.answer(Succeeded(), intent=f"acme/recharge/{number}")
        assert [one.on for one in story.standing.recharges] == days[1:]
        story.open(buy(on=days[-1]))
        assert [one.on for one in story.standing.recharges] == days[1:]


# --- postings -----------------------------------------------------------------------------------------------------

CENTS_LESS = usd("19.00")


def bill_story(*sources: Source) -> Story:
    """A bill of 30 dollars for storage, just planned."""
    story = Story.of(acme(*sources, today=date(2026, 12, 1)), NOON.replace(day=1))
    bill = monthly_bill(story.standing.account, date(2026, 12, 1), readings=[reading(500_000_000)])
    return story.open(planned(bill, date(2026, 12, 1)))


def license_story() -> Story:
    """Licenses bought at the example account, just planned."""
    return Story.of(account(), datetime.datetime(2026, 11, 20, 12, tzinfo=UTC)).open(set_total(15))


def recharge_story(*sources: Source) -> Story:
    """An automatic recharge of 42 dollars, just planned."""
    return Story.of(acme(*sources, automatic=True)).open(OpenRecharge(on=TENTH, amount=usd("42.00")))


PURPOSES: dict[Purpose, tuple[Callable[[], Story], str, str]] = {
    Purpose.BILL: (lambda: bill_story(BANK), BILL, "30.00"),
    Purpose.LICENSES: (license_story, "acme/licenses/1", "108.90"),
    Purpose.SERVICE: (lambda: story_in(State.PLANNED), SERVICE, "20.00"),
    Purpose.MINUTES: (lambda: story_in(State.PLANNED, is_owed=False), MINUTES, "100.00"),
    Purpose.RECHARGE: (lambda: recharge_story(BANK), RECHARGE, "42.00"),
}


class TestBil2Postings:
    """What is owed is revenue from acceptance; minutes are prepaid when paid; what is captured, the provider has."""

    def test_every_purpose_has_its_row(self) -> None:
        """None is forgotten."""
        assert set(PURPOSES) == set(Purpose)
        assert {Purpose.MINUTES, Purpose.RECHARGE} == PREPAID

    @pytest.mark.parametrize("purpose", Purpose)
    def test_accepted(self, purpose: Purpose) -> None:
        """Owed, or nothing yet where goods come with the payment."""
        story, _, amount = PURPOSES[purpose][0](), *PURPOSES[purpose][1:]
        owed = {Book.OWED: amount, Book.REVENUE: f"-{amount}"}
        assert story.books == ({} if purpose in PREPAID else owed)

    @pytest.mark.parametrize("purpose", Purpose)
    def test_paid(self, purpose: Purpose) -> None:
        """The customer owes nothing; the provider has the money."""
        build, intent, amount = PURPOSES[purpose]
        story = build().answer(Unknown(), Succeeded(), intent=intent)
        other = Book.PREPAID if purpose in PREPAID else Book.REVENUE
        assert story.books == {other: f"-{amount}", Book.CLEARING: amount}

    @pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.LICENSES])
    def test_taken_back(self, purpose: Purpose) -> None:
        """As if it had not been paid."""
        build, intent, amount = PURPOSES[purpose]
        story = build().answer(Succeeded(), Returned("R01"), intent=intent)
        owed = {Book.OWED: amount, Book.REVENUE: f"-{amount}"}
        assert story.books == ({} if purpose in PREPAID else owed)

    @pytest.mark.parametrize(
        ("captured", "revenue"), [("19.99", "-19.99"), ("20.00", "-20.00"), ("20.01", "-20.01"), ("0.01", "-0.01")]
    )
    def test_another_amount_is_captured(self, captured: str, revenue: str) -> None:
        """What was captured is settled; the difference is the business of the next bill."""
        story = story_in(State.PREPARED).answer(Succeeded(usd(captured)))
        assert story.books == {Book.REVENUE: revenue, Book.CLEARING: captured}
        waiting = [line.amount.text for line in story.standing.account.waiting]
        difference = usd("20.00") - usd(captured)
        assert waiting == ([difference.text] if difference else [])
        assert story.charge().intent.amount == usd(captured)

    def test_another_amount_for_minutes(self) -> None:
        """As many minutes as were paid for."""
        story = story_in(State.PREPARED, is_owed=False).answer(Succeeded(usd("90.00")), intent=MINUTES)
        assert story.books == {Book.PREPAID: "-90.00", Book.CLEARING: "90.00"}
        assert story.standing.account.balance == usd("182.00")

    def test_another_amount_is_taken_back(self) -> None:
        """What went back is what was captured; the rest waits for the next bill as before."""
        story = story_in(State.PREPARED).answer(Succeeded(CENTS_LESS), Returned("R01"))
        assert story.books == {Book.OWED: "19.00", Book.REVENUE: "-19.00"}
        assert story.charge().intent.amount == CENTS_LESS

    @pytest.mark.parametrize("answer", [Pending(), SOFT, Voided(), NotCaptured(), Unknown()])
    def test_other_answers_post_nothing(self, answer: Outcome) -> None:
        """No money moved, as far as anybody knows."""
        story = story_in(State.UNKNOWN).answer(answer)
        assert story.events[-1].postings == ()

    def test_looks_at_what_is_paid_post_nothing(self) -> None:
        """It is not paid twice."""
        assert story_in(State.SUCCEEDED).answer(Succeeded()).events[-1].postings == ()

    def test_what_is_carried_over_is_owed_with_the_next_bill(self) -> None:
        """It is no revenue until then, be it just opened or failed long ago."""
        carry = Changed(CarryOver(on=TENTH, intent=SERVICE))
        story = Story.of().tell(Changed(order()))
        assert story.books == {Book.OWED: "20.00", Book.REVENUE: "-20.00"}
        story.tell(carry)
        assert (story.books, story.standing.charges) == ({}, ())
        story = story_in(State.FAILED).tell(carry)
        assert (story.books, story.standing.charges) == ({}, ())
        assert [line.amount for line in story.standing.account.waiting] == [usd("20.00")]

    def test_changes_that_open_nothing_post_nothing(self) -> None:
        """Nor does an order that costs nothing."""
        story = Story.of().tell(Changed(order(usd("0.00"))), Changed(cancel(TENTH)))
        assert [event.postings for event in story.events] == [(), (), ()]

    def test_facts_about_nothing_post_nothing(self) -> None:
        """Asked on its own, an answer about no charge means nothing, nor does the carrying over of none."""
        standing = Story.of().standing
        answer = Answered(intent=SERVICE, attempt=1, outcome=Succeeded())
        carry = Changed(CarryOver(on=TENTH, intent=SERVICE))
        assert postings(standing, standing.account, answer) == postings(standing, standing.account, carry) == ()

    def test_the_books_add_up_to_nothing(self) -> None:
        """Whatever has happened."""
        story = story_in(State.PREPARED).answer(Succeeded(CENTS_LESS), Returned("R01"))
        story.open(buy(), RESERVE).answer(Succeeded(), intent=MINUTES)
        assert sum(amount.micros for _, amount in story.standing.books) == 0
        assert story.standing.balance_of(Book.CLEARING) == usd("100.00")
        assert Story.of().standing.balance_of(Book.CLEARING) == usd("0.00")


# --- the stream ---------------------------------------------------------------------------------------------------


def event(fact: Fact, *made: Posting, at: datetime.datetime = NOON) -> Event:
    """An event with whatever postings."""
    return Event(id="x", at=at, fact=fact, postings=made)


OWED = (Posting(Book.OWED, usd("20.00")), Posting(Book.REVENUE, usd("-20.00")))
CORRUPT: list[tuple[str, Callable[[], Story], Event, str]] = [
    ("opened twice", Story.of, event(Opened(acme())), "seq 2: event: the account is open already"),
    (
        "before the event before it",
        Story.of,
        event(Changed(buy()), at=NOON - timedelta(microseconds=1)),
        "seq 2: at: 2026-12-10 11:59:59.999999+00:00 is before the event before it",
    ),
    (
        "postings missing",
        Story.of,
        event(Changed(order())),
        "seq 2: postings: are not those that the fact means",
    ),
    (
        "postings of another amount",
        Story.of,
        event(Changed(order(usd("21.00"))), *OWED),
        "seq 2: postings: are not those that the fact means",
    ),
    ("postings of nothing", Story.of, event(Changed(buy()), *OWED), "seq 2: postings: are not those"),
    (
        "unknown charge",
        Story.of,
        event(Prepared(intent=SERVICE, attempt=1, ref="r")),
        f"seq 2: event: '{SERVICE}' is no charge that is kept",
    ),
    (
        "plan of a charge that is not open",
        Story.of,
        event(Planned(intent=SERVICE, targets=())),
        f"seq 2: event: '{SERVICE}' is no open charge of the account",
    ),
    (
        "no plan after an opened charge",
        lambda: Story.of().tell(Changed(buy())),
        event(Changed(order()), *OWED),
        f"seq 3: event: comes before the plan of {MINUTES}, which was opened",
    ),
    (
        "plan of another charge",
        lambda: Story.of().tell(Changed(buy())),
        event(Planned(intent=SERVICE, targets=())),
        f"seq 3: event: comes before the plan of {MINUTES}, which was opened",
    ),
    (
        "another charge carried over",
        lambda: Story.of().tell(Changed(order())),
        event(Changed(CarryOver(on=TENTH, intent=BILL))),
        f"seq 3: event: comes before the plan of {SERVICE}, which was opened",
    ),
    (
        "another attempt",
        lambda: story_in(State.PREPARED),
        event(Answered(intent=SERVICE, attempt=2, outcome=Pending())),
        "seq 5: event: is of attempt 2, but attempt 1 stands",
    ),
    (
        "no step of the table",
        lambda: story_in(State.PLANNED),
        event(Answered(intent=SERVICE, attempt=1, outcome=Succeeded())),
        f"seq 4: event: {SERVICE} is planned, and cannot be succeeded now",
    ),
    (
        "an outcome as a change",
        lambda: story_in(State.PREPARED),
        event(Changed(RecordOutcome(on=TENTH, intent=SERVICE, source="bank", outcome=Succeeded()))),
        "seq 5: event: tells as a change what only a charge's own events tell",
    ),
    (
        "usage as a change",
        lambda: story_in(State.PREPARED),
        event(Changed(DrawMinutes(on=TENTH, amount=Money.parse("1.00", "USD")))),
        "seq 5: event: draws minutes, which the usage meter's own sum does: they would be drawn twice",
    ),
    (
        "a new try as a change",
        lambda: story_in(State.FAILED),
        event(Changed(RetryCharge(on=TENTH, intent=SERVICE, sources=()))),
        "tells as a change what only a charge's own events tell",
    ),
    (
        "carried over while it is charged",
        lambda: story_in(State.PENDING),
        event(Changed(CarryOver(on=TENTH, intent=SERVICE))),
        f"{SERVICE} is pending, and cannot be carried over now",
    ),
    (
        "a change that a rule refuses",
        Story.of,
        event(Changed(buy(usd("99.99")))),
        "seq 2: cannot purchase minutes for 99.99 USD",
    ),
    (
        "another currency captured",
        lambda: story_in(State.PREPARED),
        event(Answered(intent=SERVICE, attempt=1, outcome=Succeeded(Money.parse("20.00", "EUR")))),
        "seq 5:",
    ),
]


class TestBil4Folding:
    """A stream adds up to one standing, or is refused with the place of the event that cannot follow."""

    @pytest.mark.parametrize(
        ("story", "wrong", "problem"), [row[1:] for row in CORRUPT], ids=[row[0] for row in CORRUPT]
    )
    def test_a_corrupt_stream(self, story: Callable[[], Story], wrong: Event, problem: str) -> None:
        """The number of the event comes first, and the events before it are not changed."""
        told = story()
        with pytest.raises(CorruptStream) as refused:
            folded([*told.events, wrong])
        assert problem in str(refused.value)
        assert refused.value.place == f"seq {len(told.events) + 1}"

    def test_a_return_as_a_change(self) -> None:
        """Likewise refused."""
        story = story_in(State.SUCCEEDED)
        change = RecordReturn(on=TENTH, intent=story.standing.account.settled[0], code="R01", source="bank")
        with pytest.raises(CorruptStream, match="tells as a change"):
            folded([event(Changed(change), at=story.at)], story.standing)

    def test_an_empty_stream(self) -> None:
        """Nobody was opened."""
        with pytest.raises(CorruptStream) as refused:
            folded([])
        assert str(refused.value) == "seq 1: the stream is empty: no account was opened"

    @pytest.mark.parametrize("fact", [Changed(buy()), CallOff(intent=MINUTES, by="dana")])
    def test_a_stream_without_beginning(self, fact: Fact) -> None:
        """The first event opens the account."""
        with pytest.raises(CorruptStream, match="seq 1: event: must open the account, being the first"):
            folded([event(fact)])
        with pytest.raises(InvalidValue, match="must open the account"):
            record(None, fact, at=NOON, id="x")

    def test_no_event_at_all(self) -> None:
        """Something else is refused as well, with its place."""
        with pytest.raises(CorruptStream, match="seq 1: event: must be an Event, not None"):
            after(None, None)  # type: ignore[arg-type]

    def test_an_account_with_an_open_charge(self) -> None:
        """Nobody knows what has become of it."""
        open_account = story_in(State.PLANNED).standing.account
        with pytest.raises(CorruptStream, match=f"has an open charge, {SERVICE}; settle it first"):
            after(None, event(Opened(open_account)))

    @pytest.mark.parametrize(("length", "is_taken"), [(119, True), (120, True), (121, False)])
    def test_the_longest_account_id(self, length: int, is_taken: bool) -> None:
        """The ids of attempts and events begin with it, and must have room."""
        assert LONGEST_ACCOUNT_ID == 120
        opened = event(Opened(acme(id="a" * length)))
        if is_taken:
            assert after(None, opened).version == 1
        else:
            with pytest.raises(CorruptStream, match="must have at most 120 characters"):
                after(None, opened)

    def test_the_longest_account_id_leaves_room(self) -> None:
        """For the longest reference and the longest id of an event there are."""
        longest = f"{'a' * LONGEST_ACCOUNT_ID}/licenses/{10**9}"
        assert len(f"{longest}/{10**6}/capture") <= 200
        assert len(f"{longest}/found_not_captured/{10**9}") <= 200

    def test_what_is_recorded_can_be_folded(self) -> None:
        """The same events always give the same standing, at once and one by one."""
        story = story_in(State.FAILED).open(buy(), RESERVE).answer(Unknown(), Succeeded(), intent=MINUTES)
        assert folded(story.events) == story.standing
        for cut in range(1, len(story.events)):
            assert folded(story.events[cut:], folded(story.events[:cut])) == story.standing
        assert folded([], story.standing) is story.standing
        assert story.standing.version == len(story.events)

    def test_a_standing_survives_pickling(self) -> None:
        """With all that it holds."""
        story = story_in(State.FAILED)
        assert pickle.loads(pickle.dumps(story.standing)) == story.standing  # noqa: S301 - ours

    def test_the_error_survives_pickling(self) -> None:
        """Code, place and message."""
        again = pickle.loads(pickle.dumps(CorruptStream("seq 3", "odd")))  # noqa: S301 - ours
        assert (again.code, again.place, str(again)) == ("corrupt_stream", "seq 3", "seq 3: odd")

    def test_a_clock_gone_back_stands_still(self) -> None:
        """An event is never earlier than the one before it."""
        story = Story.of().tell(Changed(buy()), hours=-1)
        assert [one.at for one in story.events] == [NOON, NOON]

    def test_instants_are_kept_in_utc(self) -> None:
        """A day is then 24 hours, also where clocks are turned back."""
        newyork = ZoneInfo("America/New_York")
        before = datetime.datetime(2026, 10, 31, 12, tzinfo=newyork)
        told, standing = record(None, Opened(acme(today=date(2026, 10, 31))), at=before, id="x")
        assert told.at.tzinfo is UTC
        assert told.at == standing.at == before
        with pytest.raises(InvalidValue, match="at: must have a time zone"):
            record(None, Opened(acme()), at=datetime.datetime(2026, 12, 10), id="x")  # noqa: DTZ001 - refused

    def test_the_account_is_not_taken_back_to_an_earlier_day(self) -> None:
        """The day of an instant, in the account's zone, but never before the account's own."""
        standing = Story.of(acme(tz=ZoneInfo("America/New_York"))).standing
        assert standing.local_day(datetime.datetime(2026, 12, 12, 4, 59, tzinfo=UTC)) == date(2026, 12, 11)
        assert standing.local_day(datetime.datetime(2026, 12, 12, 5, 0, tzinfo=UTC)) == date(2026, 12, 12)
        assert standing.local_day(datetime.datetime(2026, 12, 1, tzinfo=UTC)) == TENTH


class TestStillApplies:
    """A fact learned before others were recorded is news only where the charge still waits for it."""

    def test_while_it_waits(self) -> None:
        """Attempt and state agree."""
        standing = story_in(State.PREPARED).standing
        assert still_applies(standing, Answered(intent=SERVICE, attempt=1, outcome=Succeeded()))
        assert still_applies(standing, Halted(intent=SERVICE, attempt=1, reason="odd"))
        assert not still_applies(standing, Answered(intent=SERVICE, attempt=2, outcome=Succeeded()))
        assert not still_applies(standing, Answered(intent=MINUTES, attempt=1, outcome=Succeeded()))
        assert not still_applies(standing, Prepared(intent=SERVICE, attempt=1, ref="second"))

    def test_a_charge_that_is_open_is_newly_so_until_it_is_planned(self) -> None:
        """That, and no other."""
        story = Story.of().tell(Changed(buy()))
        found = newly_opened(story.standing.charges, story.standing.account)
        assert isinstance(found, Intent)
        assert found.id == MINUTES
        planned_now = story.tell(Planned(intent=MINUTES, targets=(Target.of(CARD),))).standing
        assert newly_opened(planned_now.charges, planned_now.account) is None

    def test_an_ended_account_takes_no_new_charge(self) -> None:
        """And says so as itself, not as a corrupt stream, when it is asked."""
        story = Story.of().tell(Changed(cancel(TENTH)))
        with pytest.raises(AccountEnded):
            story.tell(Changed(buy(on=date(2027, 1, 1))), days=40)


def test_declines_may_count_for_ever() -> None:
    """Longer than the calendar: all that are kept."""
    limits = attrs.evolve(STANDARD.limits, decline_days=2**62)
    story = Story.of(with_tariff(acme(), limits=limits)).open(order()).answer(SOFT)
    assert len(story.standing.declines) == 1


class TestBil2Entries:
    """What was paid and taken back is numbered in the order of the stream."""

    def test_each_kind_of_entry(self) -> None:
        """Payments as captured, a person's finding, a return; nothing else makes one."""
        story = story_in(State.PREPARED).answer(Succeeded(CENTS_LESS), Unknown(), Succeeded(), Returned("R01"), days=1)
        story.open(buy(on=date(2026, 12, 11)), RESERVE).answer(Unknown(), intent=MINUTES)
        story.tell(
            Halted(intent=MINUTES, attempt=1, reason="odd"),
            Resolved(intent=MINUTES, attempt=1, decision=Decision.CAPTURED, by="dana", note="asked"),
            days=1,
        )
        paid, back, minutes = entries(story.events)
        assert isinstance(paid, Settled)
        assert (paid.intent.amount, paid.on, paid.source) == (CENTS_LESS, date(2026, 12, 11), "bank ending in 1111")
        assert isinstance(back, TakenBack)
        assert (back.intent_id, back.on, back.code) == (SERVICE, date(2026, 12, 11), "R01")
        assert isinstance(minutes, Settled)
        assert (minutes.intent.id, minutes.on, minutes.source) == (
            MINUTES,
            date(2026, 12, 12),
            "reserve ending in 1111",
        )
        numbered = transactions(entries(story.events))
        assert [(one.trx, one.amount.text) for one in numbered] == [
            ("TRX-000001", "19.00"),
            ("TRX-000002", "-19.00"),
            ("TRX-000003", "100.00"),
        ]
        assert len(numbered) == story.standing.transactions

    def test_a_stream_without_payments(self) -> None:
        """Has none; one that cannot be is refused."""
        assert list(entries(Story.of().events)) == []
        with pytest.raises(CorruptStream):
            list(entries([event(Changed(buy()))]))


@pytest.mark.parametrize("state", STANDING_STATES)
@pytest.mark.parametrize("by", TOLD)
def test_a_fact_that_cannot_follow_is_a_corrupt_stream(state: State, by: Signal) -> None:
    """Read back from a store, whatever it is: a program need not expect any other error."""
    story = story_in(state)
    if by not in TRANSITIONS[state]:
        with pytest.raises(CorruptStream, match=f"seq {story.standing.version + 1}: event: "):
            after(story.standing, event(fact_of(by, story.charge()), at=story.at))
