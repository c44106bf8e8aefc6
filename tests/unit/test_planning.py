"""Planning by table: what is to be done next in each state and at each instant, what is planned, and when to wake."""

import datetime
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill.accounts import Account
from licensebill.bills import Tax
from licensebill.changes import AddUser, GiveCredit, OpenRecharge, ReplaceSource, SwitchRecharge
from licensebill.charges import LOOKS, Signal, State
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, LicenseBillError, RuleViolation
from licensebill.events import (
    Answered,
    CallOff,
    Changed,
    Decision,
    Event,
    Halted,
    Opened,
    Planned,
    Prepared,
    Resolved,
    Target,
)
from licensebill.funding import Funding
from licensebill.ledger import LineKind
from licensebill.minutes import AutomaticRecharge
from licensebill.money import CurrencyMismatch, Money
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
from licensebill.people import User
from licensebill.planning import (
    Act,
    Ask,
    Draft,
    Notice,
    asked_id,
    bill_draft,
    change_draft,
    draft_of,
    facts_of,
    is_bill_due,
    news,
    next_step,
    recharge_decided,
    recharge_draft,
    recharge_window,
    targets,
    wake,
)
from licensebill.protocols import Capabilities, LookUp, Usage
from licensebill.readings import Reading
from licensebill.terms import FAQ, STANDARD, Dated, Purpose, Step, YoungAccount
from licensebill.usage import UsageHistory
from tests.changing import cancel, line, with_tariff
from tests.charging import (
    BILL,
    CARD,
    MINUTES,
    NOON,
    RECHARGE,
    RESERVE,
    SERVICE,
    TENTH,
    Story,
    acme,
    bank,
    buy,
    order,
)
from tests.examples import BOSS, usd

TWO_PHASE = Capabilities(two_phase=True, void=True, look_up=LookUp.STRONG)
KEYED = Capabilities(
    two_phase=False,
    void=False,
    look_up=LookUp.STRONG,
    key_window=timedelta(hours=24),
    in_flight=timedelta(hours=6),
)
AT_LEAST_50 = attrs.evolve(TWO_PHASE, smallest_charges=(usd("50.00"), Money.parse("60.00", "EUR")))
SOFT = Declined(kind=DeclineKind.SOFT, code="no")
TICK, SECOND, HOUR, DAY = timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FIRST = datetime.datetime(2026, 12, 1, 3, tzinfo=UTC)


def facts(draft: object) -> list[object]:
    """The facts of a draft."""
    assert isinstance(draft, Draft)
    return [event.fact for event in draft.events]


def service(*answers: Outcome, account: Account | None = None) -> Story:
    """An ordered service with some answers."""
    return Story.of(account).open(order()).answer(*answers)


def step(story: Story, now: datetime.datetime, capabilities: Capabilities = TWO_PHASE) -> object:
    """What is asked next, or the facts that follow."""
    found = next_step(story.standing, now, capabilities)
    return facts(found) if isinstance(found, Draft) else found and found.act


# --- drafts -------------------------------------------------------------------------------------------------------


class TestBil4Drafts:
    """A draft is the events of a decision, with ids that are given once, and the standing with them."""

    def test_a_change_that_opens_nothing(self) -> None:
        """One event."""
        story = Story.of()
        change = AddUser(on=TENTH, user=User(id="new"))
        draft = change_draft(story.standing, change, at=NOON, capabilities=TWO_PHASE)
        assert (facts(draft), [one.id for one in draft.events]) == ([Changed(change)], ["change/2"])
        assert (draft.before, draft.standing.version) == (story.standing, 2)

    def test_a_change_that_opens_a_charge(self) -> None:
        """The charge and its sources are fixed with it."""
        draft = change_draft(Story.of().standing, buy(), at=NOON, capabilities=TWO_PHASE)
        assert facts(draft) == [Changed(buy()), Planned(intent=MINUTES, targets=(Target.of(CARD), Target.of(RESERVE)))]
        assert [one.id for one in draft.events] == ["change/2", "acme/minutes/1/planned/3"]

    def test_an_id_of_somebodys_own_stands_apart(self) -> None:
        """It can never be taken for one of another change."""
        draft = change_draft(Story.of().standing, buy(), at=NOON, capabilities=TWO_PHASE, event="change/2")
        assert draft.events[0].id == asked_id("change/2") == "change/2/asked"

    def test_the_id_of_each_kind_of_fact(self) -> None:
        """Charge, signal and number in the stream."""
        story = service(Unknown())
        given = draft_of(story.standing, Halted(intent=SERVICE, attempt=1, reason="odd"), at=NOON).then(
            Resolved(intent=SERVICE, attempt=1, decision=Decision.ASK_AGAIN, by="dana", note="x"),
            Answered(intent=SERVICE, attempt=1, outcome=NotCaptured()),
            at=NOON,
        )
        assert [one.id.removeprefix("acme/service/1/") for one in given.events] == [
            "halted/6",
            "ask_again/7",
            "not_captured/8",
        ]

    def test_a_refused_change_is_no_draft(self) -> None:
        """The rule that refuses says so."""
        with pytest.raises(RuleViolation, match="MIN-3"):
            change_draft(Story.of().standing, buy(usd("99.99")), at=NOON, capabilities=TWO_PHASE)

    @pytest.mark.parametrize(("cost", "is_carried"), [("49.99", True), ("50.00", False), ("50.01", False)])
    def test_the_smallest_charge(self, cost: str, is_carried: bool) -> None:
        """What is smaller waits for the next bill; nothing is prepared for it."""
        draft = change_draft(Story.of().standing, order(usd(cost)), at=NOON, capabilities=AT_LEAST_50)
        waiting = draft.standing.account.waiting
        assert [one.kind for one in waiting] == ([LineKind.CARRIED] if is_carried else [])
        assert [type(one).__name__ for one in facts(draft)] == ["Changed", "Changed" if is_carried else "Planned"]

    def test_minutes_are_never_carried_over(self) -> None:
        """They are on no bill."""
        capabilities = attrs.evolve(TWO_PHASE, smallest_charges=(usd("100.01"),))
        draft = change_draft(Story.of().standing, buy(), at=NOON, capabilities=capabilities)
        assert isinstance(facts(draft)[1], Planned)

    @pytest.mark.parametrize(("currency", "least"), [("USD", "50.00"), ("EUR", "60.00"), ("JPY", "0")])
    def test_each_currency_has_its_least(self, currency: str, least: str) -> None:
        """None is nothing."""
        assert AT_LEAST_50.smallest_charge(currency) == Money.parse(least, currency)


class TestFun4Targets:
    """The sources a charge tries are fixed when it is planned, in their order, but for those declined too often."""

    @staticmethod
    def order_of(story: Story, at: datetime.datetime, **changed: Any) -> list[str]:
        """The sources that the next service would try."""
        standing = attrs.evolve(story.standing, account=attrs.evolve(story.standing.account, **changed))
        draft = change_draft(standing, order(on=standing.local_day(at)), at=at, capabilities=TWO_PHASE)
        (planned,) = (fact for fact in facts(draft) if isinstance(fact, Planned))
        return [one.source for one in planned.targets]

    def test_the_source_named_comes_first(self) -> None:
        """In the order that the charge was opened with."""
        change = attrs.evolve(buy(), source="reserve")
        draft = change_draft(Story.of().standing, change, at=NOON, capabilities=TWO_PHASE)
        assert facts(draft)[1] == Planned(intent=MINUTES, targets=(Target.of(RESERVE), Target.of(CARD)))

    @pytest.mark.parametrize(("after", "tried"), [(-TICK, ["reserve"]), (TICK * 0, ["card", "reserve"])])
    def test_once_in_24_hours(self, after: timedelta, tried: list[str]) -> None:
        """Exactly 24 hours after a decline the source may be tried again."""
        assert self.order_of(service(SOFT, Voided(), Succeeded()), NOON + DAY + after) == tried

    @pytest.mark.parametrize(("declines", "tried"), [(6, ["card", "reserve"]), (7, ["reserve"]), (8, ["reserve"])])
    def test_seven_times_in_30_days(self, declines: int, tried: list[str]) -> None:
        """The eighth time only when the first of the last seven is 30 days old."""
        story = service(SOFT, Voided(), SOFT, Voided())
        for _ in range(declines - 1):
            story.tell(Planned(intent=SERVICE, targets=(Target.of(CARD),)), days=1)
            story.answer(SOFT, Voided())
        now = story.at + 2 * DAY
        assert self.order_of(story, now) == tried
        first_of_seven = NOON + DAY * (declines - 7)
        assert self.order_of(story, max(first_of_seven + 30 * DAY, now)) == ["card", "reserve"]
        if declines >= 7:
            assert self.order_of(story, first_of_seven + 30 * DAY - TICK) == ["reserve"]

    def test_a_source_replaced_since_begins_anew(self) -> None:
        """The declines were of another card."""
        story = service(SOFT, Voided(), Succeeded())
        replaced = Funding((attrs.evolve(CARD, token="card_new"), RESERVE))
        assert self.order_of(story, NOON) == ["reserve"]
        assert self.order_of(story, NOON, funding=replaced) == ["card", "reserve"]

    def test_what_is_blocked_or_expired_is_left_out(self) -> None:
        """There may be none; the charge is opened all the same."""
        blocked = attrs.evolve(CARD, is_blocked=True)
        assert self.order_of(Story.of(acme(blocked, RESERVE)), NOON) == ["reserve"]
        assert self.order_of(Story.of(acme(blocked)), NOON) == []

    def test_the_usual_order_where_the_charge_has_none_of_its_own(self) -> None:
        """One that failed has lost its sources."""
        story = service(SOFT, Voided(), SOFT, Voided())
        charge = story.charge()
        assert charge.intent.sources == ()
        assert [one.source for one in targets(story.standing, charge.intent, NOON + DAY)] == ["card", "reserve"]
        assert targets(story.standing, charge.intent, NOON + DAY - TICK) == ()


# --- the next step ------------------------------------------------------------------------------------------------


class TestFun9NextStep:
    """Each state of a charge has one thing that is done next."""

    def test_a_planned_charge_is_prepared(self) -> None:
        """With what the stream has fixed, whenever and by whomever it is asked."""
        story = Story.of().open(order())
        found = next_step(story.standing, NOON - 99 * DAY, TWO_PHASE)
        assert isinstance(found, Ask)
        assert found.act is Act.PREPARE
        request = found.request
        assert (request.reference, request.account, request.purpose) == ("acme/service/1/1", "acme", Purpose.SERVICE)
        assert (request.on, request.amount, request.target) == (TENTH, usd("20.00"), Target.of(CARD))

    @pytest.mark.parametrize("after", [-99 * DAY, TICK * 0, 99 * DAY])
    def test_a_prepared_charge_is_captured(self, after: timedelta) -> None:
        """A provider with two phases forgets nothing."""
        story = Story.of().open(order()).tell(Prepared(intent=SERVICE, attempt=1, ref="r"), hours=1)
        found = next_step(story.standing, NOON + after, TWO_PHASE)
        assert isinstance(found, Ask)
        assert (found.act, found.charge.prepared) == (Act.CAPTURE, NOON + HOUR)

    @pytest.mark.parametrize(
        ("after", "act"),
        [(-SECOND, Act.CAPTURE), (-TICK, Act.CAPTURE), (TICK * 0, Act.VOID), (TICK, Act.VOID), (SECOND, Act.VOID)],
    )
    def test_the_key_window_less_the_time_in_flight(self, after: timedelta, act: Act) -> None:
        """18 of 24 hours, as a request may be six hours under way: then the key might be forgotten."""
        story = Story.of().open(order()).tell(Prepared(intent=SERVICE, attempt=1, ref="r"), hours=1)
        assert step(story, NOON + HOUR + timedelta(hours=18) + after, KEYED) is act

    def test_minutes_called_off_are_voided(self) -> None:
        """Instead of being captured, or asked about."""
        story = Story.of().open(buy()).tell(Prepared(intent=MINUTES, attempt=1, ref="r"))
        story.tell(CallOff(intent=MINUTES, by="dana"))
        assert step(story, NOON) is Act.VOID
        story.answer(Unknown(), intent=MINUTES)
        assert (step(story, NOON), step(story, NOON + timedelta(minutes=1))) == (None, Act.VOID)

    def test_a_declined_charge_is_voided_at_once(self) -> None:
        """A late copy of the request could still capture it; and again and again where the void is not certain."""
        story = service(SOFT)
        assert step(story, NOON - DAY) is Act.VOID
        story.answer(Unknown())
        assert (step(story, NOON), step(story, NOON + timedelta(minutes=1))) == (None, Act.VOID)

    @pytest.mark.parametrize(
        ("answers", "state", "act"),
        [
            ((Unknown(),), State.UNKNOWN, Act.RETRIEVE),
            ((Pending(),), State.PENDING, Act.RETRIEVE),
            ((Succeeded(),), State.SUCCEEDED, Act.RETRIEVE),
            ((SOFT, Unknown()), State.DECLINED, Act.VOID),
        ],
    )
    def test_looks_at_their_instants(self, answers: tuple[Outcome, ...], state: State, act: Act) -> None:
        """Not a microsecond before."""
        story = service(*answers, account=acme(bank(), RESERVE))
        assert story.charge().state is state
        for offset in LOOKS[state]:
            at = NOON + offset
            assert [step(story, at + by) for by in (-TICK, TICK * 0, TICK)] == [None, act, act]
            story.at = at
            if offset != LOOKS[state][-1]:
                story.answer(Pending() if state is State.PENDING else Unknown())

    @pytest.mark.parametrize("answer", [Unknown(), Pending(), SOFT])
    def test_after_the_last_look_a_person_is_asked(self, answer: Outcome) -> None:
        """With the reference, to find it at the provider."""
        story = service(answer)
        offset = LOOKS[story.charge().state][-1]
        still = Pending() if isinstance(answer, Pending) else Unknown()
        story.at = NOON + offset
        story.answer(still)
        reason = "the provider has not said for certain what became of acme/service/1/1"
        assert step(story, NOON) == [Halted(intent=SERVICE, attempt=1, reason=reason)]

    def test_what_waits_for_a_person_is_left_alone(self) -> None:
        """For however long."""
        story = service(Unknown()).tell(Halted(intent=SERVICE, attempt=1, reason="odd"))
        assert step(story, NOON + 999 * DAY) is None

    @pytest.mark.parametrize(("after", "sources"), [(-TICK, []), (TICK * 0, ["card", "reserve"])])
    def test_what_has_failed_is_planned_again(self, after: timedelta, sources: list[str]) -> None:
        """As soon as the decline limits allow a source, and not before."""
        story = service(SOFT, Voided(), SOFT, Voided())
        found = step(story, NOON + DAY + after)
        again = Planned(intent=SERVICE, targets=(Target.of(CARD), Target.of(RESERVE)))
        assert found == ([again] if sources else None)

    def test_an_earlier_clock_plans_nothing_again(self) -> None:
        """The instant of the stream counts."""
        story = service(SOFT, Voided(), SOFT, Voided())
        assert step(story, NOON - 40 * DAY) is None
        story.tell(Changed(AddUser(on=TENTH, user=User(id="new"))), days=1)
        assert step(story, NOON - 40 * DAY) is not None

    def test_the_oldest_that_needs_something_comes_first(self) -> None:
        """Charges left alone this time are passed over."""
        story = service(Pending(), account=acme(bank(), RESERVE)).open(buy()).open(order())
        found = next_step(story.standing, NOON, TWO_PHASE)
        assert isinstance(found, Ask)
        assert found.charge.intent.id == MINUTES
        other = next_step(story.standing, NOON, TWO_PHASE, skip={MINUTES})
        assert isinstance(other, Ask)
        assert other.charge.intent.id == "acme/service/2"
        assert next_step(story.standing, NOON, TWO_PHASE, skip={MINUTES, "acme/service/2"}) is None

    def test_a_debit_and_a_card_beside_it(self) -> None:
        """A card that has paid is not looked at; an account without charges needs nothing."""
        assert step(service(Succeeded()), NOON + DAY) is None
        assert step(Story.of(), NOON) is None


class TestFun9Facts:
    """An answer is recorded as far as the charge's state has a use for it."""

    @pytest.mark.parametrize(
        ("answers", "answer", "recorded"),
        [
            ((), NotCaptured(), [Unknown()]),
            ((), SOFT, [SOFT]),
            ((Unknown(),), NotCaptured(), [NotCaptured()]),
            ((Unknown(),), Returned("R01"), [Succeeded(), Returned("R01")]),
            ((Pending(),), NotCaptured(), [Unknown()]),
            ((Pending(),), Returned("R02"), [Succeeded(), Returned("R02")]),
            ((SOFT,), SOFT, [Unknown()]),
            ((SOFT,), Voided(), [Voided()]),
            ((Succeeded(),), Returned("R01"), [Returned("R01")]),
            ((Succeeded(),), Pending(), [Unknown()]),
            ((Succeeded(),), SOFT, [Unknown()]),
        ],
    )
    def test_each_answer(self, answers: tuple[Outcome, ...], answer: Outcome, recorded: list[Outcome]) -> None:
        """Facts never move backwards; what was paid and taken back was paid first."""
        story = Story.of(acme(bank(), RESERVE)).open(order())
        story.tell(Prepared(intent=SERVICE, attempt=1, ref="r"))
        story.answer(*answers)
        found = facts_of(story.charge(), answer)
        assert [one.outcome for one in found if isinstance(one, Answered)] == recorded
        assert {(one.intent, one.attempt) for one in found} == {(SERVICE, 1)}
        story.tell(*found)

    def test_an_objects_id(self) -> None:
        """Is journaled."""
        story = Story.of().open(order())
        assert facts_of(story.charge(), "object-1") == (Prepared(intent=SERVICE, attempt=1, ref="object-1"),)


# --- bills --------------------------------------------------------------------------------------------------------


def reading(on: date = date(2026, 12, 1), stored: int = 500_000_000) -> Reading:
    """A reading that costs one step of the storage fee."""
    return Reading(bytes=stored, at=datetime.datetime.combine(on, datetime.time(), UTC), source="meter")


class TestCyc1Bills:
    """On the first day of a month its bill is planned, once, and the oldest first."""

    @pytest.mark.parametrize(("after", "is_due"), [(-TICK, False), (TICK * 0, True), (TICK, True)])
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
    def test_the_months_first_instant_in_the_accounts_zone(self, zone: str, after: timedelta, is_due: bool) -> None:
        """A bill is due from then on."""
        midnight = datetime.datetime(2027, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        standing = Story.of(acme(tz=ZoneInfo(zone))).standing
        assert is_bill_due(standing, midnight + after) is is_due

    def test_the_bill_opens_its_charge(self) -> None:
        """With the storage fee and nothing else; planned once, it is not due again."""
        story = Story.of(acme(today=date(2026, 12, 1)), FIRST)
        draft = bill_draft(story.standing, [reading()], FIRST, TWO_PHASE)
        assert isinstance(draft, Draft)
        (charge,) = draft.standing.charges
        assert (charge.intent.id, charge.intent.amount, charge.state) == (BILL, usd("30.00"), State.PLANNED)
        assert bill_draft(draft.standing, [reading()], FIRST, TWO_PHASE) is None
        assert not is_bill_due(draft.standing, FIRST + 29 * DAY)

    def test_two_months_late_both_are_billed_the_oldest_first(self) -> None:
        """Each once."""
        story, now = Story.of(), datetime.datetime(2027, 2, 5, tzinfo=UTC)
        readings = [reading(date(2027, 1, 1)), reading(date(2027, 2, 1), 1_500_000_000)]
        first = bill_draft(story.standing, readings, now, TWO_PHASE)
        assert isinstance(first, Draft)
        second = bill_draft(first.standing, readings, now, TWO_PHASE)
        assert isinstance(second, Draft)
        amounts = [(one.intent.id, one.intent.amount.text) for one in second.standing.charges]
        assert amounts == [("acme/bill/13", "30.00"), ("acme/bill/14", "60.00")]
        assert bill_draft(second.standing, readings, now, TWO_PHASE) is None

    def test_a_missing_reading_is_never_a_zero(self) -> None:
        """There is no bill, but a notice that says what is missing."""
        story = Story.of(acme(today=date(2026, 12, 1)), FIRST)
        found = bill_draft(story.standing, [], FIRST, TWO_PHASE)
        assert isinstance(found, Notice)
        assert found.account == "acme"
        assert str(found).startswith("acme: the bill of 2026-12-01 to 2026-12-31 waits: ")
        assert found.code

    def test_a_bill_of_nothing_opens_no_charge(self) -> None:
        """It is made all the same, and once."""
        story = Story.of(acme(today=date(2026, 12, 1)), FIRST)
        draft = bill_draft(story.standing, [reading(stored=0)], FIRST, TWO_PHASE)
        assert isinstance(draft, Draft)
        assert (len(draft.events), draft.standing.charges) == (1, ())
        assert not is_bill_due(draft.standing, FIRST)

    def test_a_small_bill_is_carried_over(self) -> None:
        """To the next one."""
        story = Story.of(acme(today=date(2026, 12, 1)), FIRST)
        draft = bill_draft(story.standing, [reading()], FIRST, AT_LEAST_50)
        assert isinstance(draft, Draft)
        assert [one.amount for one in draft.standing.account.waiting] == [usd("30.00")]

    def test_a_tax_is_on_it(self) -> None:
        """As the rule of taxes says."""
        story = Story.of(acme(today=date(2026, 12, 1)), FIRST)
        draft = bill_draft(
            story.standing, [reading()], FIRST, TWO_PHASE, tax=lambda lines: [Tax("Tax", usd("3.00"))] if lines else []
        )
        assert isinstance(draft, Draft)
        assert draft.standing.charges[0].intent.amount == usd("33.00")

    @pytest.mark.parametrize(("after", "is_due"), [(-TICK, False), (TICK * 0, True)])
    def test_a_clock_before_the_latest_event_plans_no_bill(self, after: timedelta, is_due: bool) -> None:
        """It has gone back, or that of another worker was ahead."""
        story = Story.of(acme(today=date(2026, 12, 1)), FIRST)
        assert (bill_draft(story.standing, [reading()], FIRST + after, TWO_PHASE) is not None) is is_due

    def test_a_clock_30_hours_ahead_bills_nothing_twice(self) -> None:
        """It bills early; once it is set right, nothing more is planned until the next month."""
        ahead, right = datetime.datetime(2027, 1, 1, 3, tzinfo=UTC), datetime.datetime(2026, 12, 30, 21, tzinfo=UTC)
        readings = [reading(date(2027, 1, 1))]
        draft = bill_draft(Story.of().standing, readings, ahead, TWO_PHASE)
        assert isinstance(draft, Draft)
        for hours in range(0, 80, 10):
            assert bill_draft(draft.standing, readings, right + timedelta(hours=hours), TWO_PHASE) is None


# --- recharges ----------------------------------------------------------------------------------------------------


def used(drawn: str = "90.00", watermark: datetime.datetime = NOON, day: date = date(2026, 12, 9)) -> Usage:
    """Usage of 90 dollars on a day: a recharge of 42 below a reserve of 21."""
    history = UsageHistory.of([(day, "call", usd("90.00"))], currency="USD")
    return Usage(history=history, drawn=usd(drawn), watermark=watermark)


def automatic(**changed: Any) -> Story:
    """An account with automatic recharge on."""
    return Story.of(acme(automatic=True, **changed))


def recharged(*hours: int, is_failed: bool = False, account: Account | None = None) -> Story:
    """Automatic recharges of 42 dollars at some hours of the day."""
    story = Story.of(account or acme(automatic=True), NOON.replace(hour=0))
    for number, hour in enumerate(hours, 1):
        passed = (NOON.replace(hour=hour) - story.at).total_seconds()
        story.open(OpenRecharge(on=TENTH, amount=usd("42.00")), CARD, seconds=passed)
        answers = (SOFT, Voided()) if is_failed else (Succeeded(),)
        story.answer(*answers, intent=f"acme/recharge/{number}")
    return story


LIMITS = STANDARD.limits


class TestFun8FinalBill:
    """What is owed stays owed: no bill follows the final one that could take anything up."""

    JANUARY = datetime.datetime(2027, 1, 1, 3, tzinfo=UTC)

    def billed(self, owed: str) -> Story:
        """An account that ended with December, with its final bill; the provider charges 50 or more."""
        story = Story.of(acme(waiting=(line(owed),))).tell(Changed(cancel(TENTH)))
        draft = bill_draft(story.standing, (), self.JANUARY, AT_LEAST_50)
        assert isinstance(draft, Draft)
        assert [notice.code for notice in news(draft)] == (["charge_failed"] if usd(owed) < usd("50.00") else [])
        return Story(draft.standing, [*story.events, *draft.events], self.JANUARY)

    @pytest.mark.parametrize(("owed", "is_tried"), [("49.99", False), ("50.00", True), ("50.01", True)])
    def test_too_small_a_bill_stays_owed(self, owed: str, *, is_tried: bool) -> None:
        """No source is tried for it, now or later, and somebody hears of it once."""
        story = self.billed(owed)
        account = story.standing.account
        assert [(one.intent.amount, one.has_failed) for one in account.open] == [(usd(owed), not is_tried)]
        assert (account.waiting, account.unbilled) == ((), ())
        assert account.past_due_since == (None if is_tried else date(2027, 1, 1))
        assert (step(story, self.JANUARY + 40 * DAY, AT_LEAST_50) is None) is not is_tried

    def test_it_is_tried_where_the_provider_charges_as_little(self) -> None:
        """Another one may."""
        story = self.billed("49.99")
        lower = attrs.evolve(TWO_PHASE, smallest_charges=(usd("49.99"),))
        assert step(story, self.JANUARY + DAY, lower) == [
            Planned(intent="acme/bill/13", targets=(Target.of(CARD), Target.of(RESERVE)))
        ]

    def test_a_replaced_source_can_pay_it(self) -> None:
        """Sources change after the end, too: what is owed could not be paid otherwise."""
        story = self.billed("60.00")
        for _ in (CARD, RESERVE):
            hard = Declined(kind=DeclineKind.HARD, code="stolen")
            story.answer(hard, Voided(), intent="acme/bill/13")
        assert step(story, story.at + DAY) is None
        fresh = attrs.evolve(CARD, token="tok_fresh")
        story.tell(Changed(ReplaceSource(on=date(2027, 1, 2), by=BOSS, source=fresh)), days=1)
        assert step(story, story.at) == [Planned(intent="acme/bill/13", targets=(Target.of(fresh),))]

    @pytest.mark.parametrize(
        ("is_credited", "has_ended", "said"),
        [
            (False, False, ""),
            (True, False, "; what was credited of it is owed again"),
            (True, True, "; what was credited of it is owed again, and no bill follows that could charge it"),
        ],
    )
    def test_a_payment_taken_back_with_its_credit_is_told(
        self, *, is_credited: bool, has_ended: bool, said: str
    ) -> None:
        """The credit is owed again; after the final bill somebody has to see to it."""
        story = Story.of(acme(bank(), RESERVE)).open(buy()).answer(Succeeded(), intent=MINUTES)
        (paid,) = story.standing.account.settled
        if is_credited:
            note = GiveCredit(on=TENTH, intent=paid, position=0, net=usd("1.00"), reason="gone", sent_back=True)
            story.tell(Changed(note))
        if has_ended:
            story.tell(Changed(cancel(TENTH)))
            billed = bill_draft(story.standing, (), self.JANUARY, TWO_PHASE)
            assert isinstance(billed, Draft)
            story = Story(billed.standing, [*story.events, *billed.events], self.JANUARY)
        back = Answered(intent=MINUTES, attempt=1, outcome=Returned("R01"))
        (told,) = news(draft_of(story.standing, back, at=story.at))
        assert told.text == f"the bank has taken back what was paid for {MINUTES} (R01){said}"

    def test_a_difference_that_no_bill_settles_is_told(self) -> None:
        """It waits with the account."""
        story = self.billed("60.00")
        charge = story.charge("acme/bill/13")
        story.tell(Prepared(intent=charge.intent.id, attempt=1, ref="ref-1"))
        draft = draft_of(
            story.standing,
            Answered(intent=charge.intent.id, attempt=1, outcome=Succeeded(usd("59.00"))),
            at=self.JANUARY,
        )
        (told,) = news(draft)
        assert told.text == (
            "59.00 USD was captured for acme/bill/13, and not 60.00 USD; "
            "no bill follows that could settle the difference, which somebody has to see to"
        )
        assert [line.amount for line in draft.standing.account.waiting] == [usd("1.00")]


class TestMin7Recharges:
    """About every four hours at most one recharge is planned, and none while one is under way."""

    def test_the_days_whose_usage_decides(self) -> None:
        """Thirty days before the present one, in the account's zone."""
        assert recharge_window(automatic().standing, NOON) == Period(date(2026, 11, 10), TENTH)
        evening = datetime.datetime(2026, 12, 12, 3, tzinfo=UTC)
        in_new_york = automatic(tz=ZoneInfo("America/New_York")).standing
        assert recharge_window(in_new_york, evening) == Period(date(2026, 11, 11), date(2026, 12, 11))

    CHANGING = Dated((Step(date.min, STANDARD), Step(date(2026, 12, 15), attrs.evolve(STANDARD, recharge=FAQ))))

    @pytest.mark.parametrize(
        ("day", "window", "recharge"),
        [
            (14, Period(date(2026, 11, 14), date(2026, 12, 14)), "42.00"),
            (15, Period(date(2026, 11, 1), date(2026, 12, 1)), "0.00"),
        ],
    )
    def test_the_policy_is_that_of_the_day(self, day: int, window: Period, recharge: str) -> None:
        """Also where nothing was written since it changed: what is measured and what is decided are of one policy."""
        standing = automatic(tariffs=self.CHANGING).standing
        now = datetime.datetime(2026, 12, day, 12, tzinfo=UTC)
        assert recharge_window(standing, now) == window
        decision = recharge_decided(standing, used(watermark=now), now, TWO_PHASE)
        assert (decision.quote.average.window, decision.quote.recharge) == (window, usd(recharge))

    @pytest.mark.parametrize(("day", "is_asked"), [(14, False), (15, True)])
    def test_the_interval_is_that_of_the_day(self, day: int, *, is_asked: bool) -> None:
        """Runs a year apart became runs of four hours."""
        yearly = attrs.evolve(STANDARD, limits=attrs.evolve(LIMITS, interval_hours=24 * 365))
        tariffs = Dated((Step(date.min, yearly), Step(date(2026, 12, 15), STANDARD)))
        story = recharged(11, account=acme(automatic=True, tariffs=tariffs))
        now = datetime.datetime(2026, 12, day, 12, tzinfo=UTC)
        assert (recharge_window(story.standing, now) is not None) is is_asked

    def test_a_young_account_is_divided_by_its_own_days(self) -> None:
        """Where its policy says so (MIN-9)."""
        young = attrs.evolve(STANDARD.recharge, name="YOUNG", young=YoungAccount.DAYS_ELAPSED)
        acme_ = with_tariff(acme(automatic=True, began=date(2026, 12, 1)), recharge=young)
        decision = recharge_decided(Story.of(acme_).standing, used(), NOON, TWO_PHASE)
        assert decision.quote.average.days == 9

    def test_what_is_due_is_planned_once(self) -> None:
        """Planning twice gives the same, and nothing once it is appended."""
        story = automatic()
        draft = recharge_draft(story.standing, used(), NOON, TWO_PHASE)
        assert draft == recharge_draft(story.standing, used(), NOON, TWO_PHASE)
        assert isinstance(draft, Draft)
        assert draft.standing.charges[0].intent.id == RECHARGE
        assert draft.standing.charges[0].intent.amount == usd("42.00")
        assert recharge_window(draft.standing, NOON + 9 * DAY) is None
        assert recharge_draft(draft.standing, used(), NOON + 9 * DAY, TWO_PHASE) == ()

    @pytest.mark.parametrize(
        ("at", "is_asked"),
        [
            (NOON.replace(hour=12, minute=1), False),
            (NOON.replace(hour=16) - TICK, False),
            (NOON.replace(hour=16), True),
            (NOON.replace(hour=16) + TICK, True),
        ],
    )
    @pytest.mark.parametrize("is_failed", [True, False])
    def test_one_at_each_run(self, at: datetime.datetime, is_asked: bool, is_failed: bool) -> None:
        """However often the scheduler fires, and whatever became of the one before."""
        story = recharged(12, is_failed=is_failed)
        assert (recharge_window(story.standing, at) is not None) is is_asked

    def test_skipped_runs_are_caught_up_with_one(self) -> None:
        """Not one for each."""
        story = recharged(0)
        now = NOON + 2 * DAY
        draft = recharge_draft(story.standing, used("134.00", now, date(2026, 12, 11)), now, TWO_PHASE)
        assert isinstance(draft, Draft)
        assert len(draft.standing.charges) == 1

    def test_a_burst_far_below_gets_the_policys_amount(self) -> None:
        """Closing the gap is another policy."""
        decision = recharge_decided(automatic().standing, used("900.00"), NOON, TWO_PHASE)
        assert decision.charge == usd("42.00")

    def test_a_manual_purchase_under_way_does_not_stop_it(self) -> None:
        """Nor does one that waits for a person."""
        story = automatic().open(buy())
        assert isinstance(recharge_draft(story.standing, used(), NOON, TWO_PHASE), Draft)

    @pytest.mark.parametrize("answers", [(), (Unknown(),), (Pending(),), (SOFT,)])
    def test_one_under_way_stops_it(self, answers: tuple[Outcome, ...]) -> None:
        """In whichever state."""
        story = automatic().open(OpenRecharge(on=TENTH, amount=usd("42.00"))).answer(*answers, intent=RECHARGE)
        assert recharge_window(story.standing, NOON + DAY) is None

    def test_off_or_ended(self) -> None:
        """Nothing is measured for it."""
        assert recharge_window(Story.of().standing, NOON) is None
        story = automatic().tell(Changed(cancel(TENTH)))
        end = datetime.datetime(2027, 1, 1, tzinfo=UTC)
        assert recharge_window(story.standing, end - TICK) is not None
        assert recharge_window(story.standing, end) is None

    @pytest.mark.parametrize(("after", "is_asked"), [(-TICK, False), (TICK * 0, True)])
    def test_a_clock_before_the_latest_event_plans_none(self, after: timedelta, is_asked: bool) -> None:
        """It has gone back."""
        assert (recharge_window(automatic().standing, NOON + after) is not None) is is_asked

    def test_no_need_is_no_notice(self) -> None:
        """The balance is 92 dollars, and the reserve 21."""
        assert recharge_draft(automatic().standing, used("10.00"), NOON, TWO_PHASE) == ()

    def test_the_balance_is_what_was_paid_less_what_was_drawn(self) -> None:
        """At 21 dollars nothing is due yet; at 20.99 it is."""
        standing = automatic().standing
        assert recharge_draft(standing, used("71.00"), NOON, TWO_PHASE) == ()
        assert isinstance(recharge_draft(standing, used("71.01"), NOON, TWO_PHASE), Draft)

    def test_no_source_that_may_be_tried(self) -> None:
        """Nothing is opened that could only fail; somebody has to see to it."""
        blocked = (attrs.evolve(CARD, is_blocked=True),)
        (notice,) = _notices(recharge_draft(Story.of(acme(*blocked, automatic=True)).standing, used(), NOON, TWO_PHASE))
        assert (notice.code, notice.text) == (
            "no_source",
            "a recharge of 42.00 USD is due, but no funding source is valid and may be tried now (FUN-2, MIN-12)",
        )

    def test_what_refuses_it_is_told(self) -> None:
        """No source was ever set up."""
        story = Story.of(acme(automatic=True, funding=None))
        (notice,) = _notices(recharge_draft(story.standing, used(), NOON, TWO_PHASE))
        assert notice.code == "not_set_up"
        assert notice.text.startswith("a recharge of 42.00 USD is not made: account acme has no funding source yet")

    def test_switched_off_in_between(self) -> None:
        """From then on nothing is asked."""
        story = automatic().tell(Changed(SwitchRecharge(on=TENTH, by=BOSS, authorization=None)))
        assert recharge_window(story.standing, NOON) is None
        assert not AutomaticRecharge().is_on


def _notices(found: object) -> tuple[Notice, ...]:
    assert isinstance(found, tuple)
    return found


class TestMin12Limits:
    """Each limit is a notice, and nothing is planned until it passes."""

    @pytest.mark.parametrize(("made", "is_planned"), [(2, True), (3, False), (4, False)])
    def test_three_a_day(self, made: int, is_planned: bool) -> None:
        """Of the account's calendar day; the next day there may be three again."""
        story = recharged(*range(0, 4 * made, 4))
        now, drawn = story.at + timedelta(hours=4), f"{90 + 42 * made}.00"
        found = recharge_draft(story.standing, used(drawn, now), now, TWO_PHASE)
        if is_planned:
            assert isinstance(found, Draft)
            return
        (notice,) = _notices(found)
        assert (notice.code, f"Automatic recharges made today: {made}," in notice.text) == ("daily_limit", True)
        tomorrow = NOON.replace(day=11, hour=0)
        for after, is_tomorrow in ((-TICK, False), (TICK * 0, True)):
            usage = used(drawn, tomorrow, date(2026, 12, 9))
            again = recharge_draft(story.standing, usage, tomorrow + after, TWO_PHASE)
            assert isinstance(again, Draft) is is_tomorrow or made == 4

    def test_those_that_came_to_nothing_do_not_count(self) -> None:
        """For the day as for the month."""
        story = recharged(0, 4, 8, is_failed=True)
        now = story.at + timedelta(hours=4)
        decision = recharge_decided(story.standing, used(watermark=now), now, TWO_PHASE)
        assert (decision.recharges_today, decision.recharged_this_month) == (0, usd("0.00"))

    @pytest.mark.parametrize(("cap", "is_planned"), [("83.99", False), ("84.00", True), ("84.01", True)])
    def test_the_months_cap(self, cap: str, is_planned: bool) -> None:
        """A recharge that reaches it is made, one that would pass it is not."""
        limits = attrs.evolve(LIMITS, monthly_cap=usd(cap))
        story = recharged(0, account=with_tariff(acme(automatic=True), limits=limits))
        found = recharge_draft(story.standing, used("132.00"), NOON, TWO_PHASE)
        if is_planned:
            assert isinstance(found, Draft)
        else:
            (notice,) = _notices(found)
            assert notice.code == "monthly_cap"

    @pytest.mark.parametrize(
        ("made", "now", "counts"),
        [
            (date(2026, 12, 1), date(2026, 12, 31), True),
            (date(2026, 11, 30), date(2026, 12, 31), False),
            (date(2025, 12, 31), date(2026, 12, 31), False),
            (TENTH, date(2027, 1, 1), False),
        ],
    )
    def test_only_the_month_itself_counts(self, made: date, now: date, *, counts: bool) -> None:
        """On the first everything is new; neither another month of the year nor the same of another year counts."""
        limits = attrs.evolve(LIMITS, monthly_cap=usd("42.00"))
        story = recharged(0, account=with_tariff(acme(automatic=True), limits=limits))
        (recharge,) = story.standing.recharges
        standing = attrs.evolve(story.standing, recharges=(attrs.evolve(recharge, on=made),))
        at = datetime.datetime(now.year, now.month, now.day, tzinfo=UTC)
        found = recharge_draft(standing, used("132.00", at, now - DAY), at, TWO_PHASE)
        assert isinstance(found, Draft) is not counts

    @pytest.mark.parametrize(("smallest", "charged"), [("41.99", "42.00"), ("42.00", "42.00"), ("42.01", "42.01")])
    def test_a_small_recharge_is_raised(self, smallest: str, charged: str) -> None:
        """To the least the provider charges."""
        capabilities = attrs.evolve(TWO_PHASE, smallest_charges=(usd(smallest),))
        draft = recharge_draft(automatic().standing, used(), NOON, capabilities)
        assert isinstance(draft, Draft)
        assert draft.standing.charges[0].intent.amount == usd(charged)

    @pytest.mark.parametrize(("after", "is_planned"), [(-TICK, False), (TICK * 0, True)])
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
    def test_usage_must_be_known_up_to_the_day(self, zone: str, after: timedelta, is_planned: bool) -> None:
        """Up to its first instant in the account's zone."""
        midnight = datetime.datetime(2026, 12, 10, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        found = recharge_draft(automatic(tz=ZoneInfo(zone)).standing, used(watermark=midnight + after), NOON, TWO_PHASE)
        if is_planned:
            assert isinstance(found, Draft)
        else:
            (notice,) = _notices(found)
            assert notice.code == "usage_not_current"

    def test_usage_of_another_currency_is_refused(self) -> None:
        """Not compared."""
        history = UsageHistory.of([], currency="EUR")
        usage = Usage(history=history, drawn=Money.zero("EUR"), watermark=NOON)
        with pytest.raises(CurrencyMismatch):
            recharge_draft(automatic().standing, usage, NOON, TWO_PHASE)


# --- waking -------------------------------------------------------------------------------------------------------

NEXT_MONTH = datetime.datetime(2027, 1, 1, tzinfo=UTC)
DEBIT = acme(bank(), RESERVE)

WAKES: list[tuple[str, Callable[[], Story], datetime.datetime | None]] = [
    ("nothing but the next bill", Story.of, NEXT_MONTH),
    ("the next bill in the account's zone", lambda: Story.of(acme(tz=ZoneInfo("Asia/Tokyo"))), NEXT_MONTH - 9 * HOUR),
    ("automatic recharge, which may be due in the run that has begun", automatic, NOON),
    ("automatic recharge, made in the run that has begun", lambda: recharged(12), NOON.replace(hour=16)),
    ("a bill to be made", lambda: Story.of(acme(today=date(2026, 12, 1)), FIRST), FIRST),
    ("planned", lambda: Story.of().open(order()), NOON),
    (
        "prepared",
        lambda: Story.of().open(order()).tell(Prepared(intent=SERVICE, attempt=1, ref="r"), hours=1),
        NOON + HOUR,
    ),
    ("unknown", lambda: service(Unknown()), NOON + timedelta(minutes=1)),
    ("pending", lambda: service(Pending(), account=DEBIT), NOON + HOUR),
    ("declined", lambda: service(SOFT), NOON),
    ("declined, and the void is not certain", lambda: service(SOFT, Unknown()), NOON + timedelta(minutes=1)),
    ("paid by debit", lambda: service(Succeeded(), account=DEBIT), NOON + DAY),
    ("paid by card", lambda: service(Succeeded()), NEXT_MONTH),
    ("failed, to be tried a day later", lambda: service(SOFT, Voided(), SOFT, Voided()), NOON + DAY),
    (
        "failed, to be tried at once",
        lambda: Story.of(acme(attrs.evolve(CARD, is_blocked=True), RESERVE)).open(order(), CARD).answer(SOFT, Voided()),
        NOON,
    ),
    (
        "failed for good",
        lambda: Story.of(acme(attrs.evolve(CARD, is_blocked=True))).open(order()).answer(SOFT, Voided()),
        NEXT_MONTH,
    ),
    (
        "halted",
        lambda: service(Unknown()).tell(Halted(intent=SERVICE, attempt=1, reason="odd")),
        NEXT_MONTH,
    ),
    (
        "after the last look",
        lambda: _at_last_look(service(Unknown())),
        NOON + 6 * DAY,
    ),
    ("ended, the final bill to come", lambda: automatic().tell(Changed(cancel(TENTH))), NOON),
]


def _at_last_look(story: Story) -> Story:
    return story.answer(Unknown(), days=6)


class TestWake:
    """Whatever may be due for an account, it is not forgotten."""

    @pytest.mark.parametrize(("story", "at"), [row[1:] for row in WAKES], ids=[row[0] for row in WAKES])
    def test_the_next_instant(self, story: Callable[[], Story], at: datetime.datetime | None) -> None:
        """At which something may be due."""
        assert wake(story().standing) == at

    def test_an_account_that_has_ended_sleeps(self) -> None:
        """Once its final bill is made and everything is paid."""
        story = automatic().tell(Changed(cancel(TENTH)))
        now = datetime.datetime(2027, 1, 1, 12, tzinfo=UTC)
        draft = bill_draft(story.standing, [reading(date(2027, 1, 1))], now, TWO_PHASE)
        assert isinstance(draft, Draft)
        assert wake(draft.standing) is None

    def test_nothing_is_forgotten(self) -> None:
        """Before it wakes nothing is to be done, at whichever instant one looks."""
        for _, build, _ in WAKES:
            story = build()
            at = wake(story.standing)
            assert at is not None
            for now in (story.at, story.at + (at - story.at) // 2, at - TICK):
                if story.at <= now < at:
                    assert next_step(story.standing, now, TWO_PHASE) is None
                    assert not is_bill_due(story.standing, now)
                    assert recharge_window(story.standing, now) is None


def test_every_signal_of_an_event_id_is_short_enough() -> None:
    """With the longest account id and a number of ten digits it is still an id."""
    longest = max(len(one.name) for one in Signal)
    name = f"{'a' * 120}/licenses/{10**9}/{'x' * longest}/{10**9}"
    assert Event(id=name, at=NOON, fact=Opened(acme())).id == name


def test_a_request_is_of_something() -> None:
    """A charge of nothing, or below it, is no request."""
    story = Story.of().open(order())
    ask = next_step(story.standing, NOON, TWO_PHASE)
    assert isinstance(ask, Ask)
    for amount in ("0.00", "-0.01"):
        with pytest.raises(InvalidValue, match=f"amount: must be above zero, not {amount}") as refused:
            attrs.evolve(ask.request, amount=usd(amount))
        assert isinstance(refused.value, LicenseBillError)
    assert attrs.evolve(ask.request, amount=usd("0.01")).amount == usd("0.01")
