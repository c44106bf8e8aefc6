"""What may go wrong while a charge is carried out, row by row, each shown with the executor and a clock that is walked.

The first line of a test's docstring is the fault, the second paragraph what happens. The table in docs/charging.md is
made of them.
"""

import contextlib
import datetime
import inspect
import sqlite3
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensebill.accounts import Change
from licensebill.adapters.sqlite import Sqlite
from licensebill.changes import (
    AddUser,
    Cancel,
    MakePrimary,
    RemoveSource,
    ReplaceSource,
    SetTotal,
    SignContract,
    SwitchRecharge,
)
from licensebill.charges import CorruptStream, State
from licensebill.charging import Job
from licensebill.errors import InvalidValue
from licensebill.events import Answered, Book, Event, Stream
from licensebill.funding import Source, SourceInUse
from licensebill.money import Money
from licensebill.outcomes import Declined, DeclineKind, Pending, Returned, Succeeded
from licensebill.people import User
from licensebill.planning import Ask
from licensebill.protocols import (
    NotSent,
    OutcomeUnknown,
    Request,
    RequestRejected,
    StoreUnavailable,
    VersionConflict,
)
from licensebill.terms import Contract
from licensebill.testing.worlds import Behavior
from tests.charging import (
    BILL,
    MINUTES,
    NOON,
    RECHARGE,
    RESERVE,
    SERVICE,
    TENTH,
    Office,
    Shop,
    acme,
    bank,
    buy,
    office,
    order,
    source,
)
from tests.examples import ACCEPTED, BOSS, contract, usd

PAGE = Path(__file__).parents[2] / "docs" / "charging.md"
FIRST = NOON.replace(day=1, hour=3)
TODAY, EVE = FIRST.date(), date(2026, 12, 31)
DECLINING = source("card", Behavior.DECLINES)


def billed(*sources: Source, is_keyed: bool = False) -> Office:
    """An office on the first of December: a bill of 30 dollars is due."""
    return office(acme(*sources, today=TODAY), at=FIRST, is_keyed=is_keyed)


def recharging(*sources: Source) -> Office:
    """An office on the tenth: a recharge of 42 dollars is due."""
    return office(acme(*sources, automatic=True))


def owing(*sources: Source, is_keyed: bool = False) -> Office:
    """An office where a service for 20 dollars was ordered."""
    one = office(acme(*sources), is_keyed=is_keyed)
    one.charging.change("acme", order())
    return one


def state(one: Office, intent: str) -> State | None:
    """Where a charge stands; None if nothing is kept of it."""
    charge = one.charge(intent)
    return None if charge is None else charge.state


def asked_for(one: Office) -> list[tuple[str, str, int]]:
    """The reference, token and cents of each object of the provider."""
    return [(made.reference, made.token, made.micros // 10_000) for made in one.desk.provider.made]


# --- the worker ---------------------------------------------------------------------------------------------------


def test_a_crash_around_the_intent() -> None:
    """The worker dies before the intent is durable, or after it and before the provider is called.

    Planned again in the one case; in the other the same intent goes on with the same amount, sources and reference.
    """
    before, after = billed(), billed()
    before.crash("append", "before", Job.BILLS)
    after.crash("append", "after", Job.BILLS)
    assert (before.facts, after.facts) == (["Opened"], ["Opened", "Changed", "Planned"])
    for one, asked in (
        (before, ("acme/bill/12/1", "reserve_pays", 6_000)),
        (after, ("acme/bill/12/1", "card_pays", 3_000)),
    ):
        one.charging.change("acme", MakePrimary(on=TODAY, by=BOSS, source="reserve"))
        one.meters.stored = 1_500_000_000
        one.run(Job.BILLS)
        assert asked_for(one) == [asked]
        assert one.agrees()


@pytest.mark.parametrize("name", ["append", "prepare", "capture"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("is_keyed", [False, True])
def test_a_crash_anywhere(name: str, when: str, is_keyed: bool) -> None:
    """The worker dies before or after any write, or any call of the provider.

    The next run takes up what it finds in the stream: the charge is made once.
    """
    name = {"capture": "charge", "prepare": "append"}.get(name, name) if is_keyed else name
    for calls in range(1, 4 if name == "append" else 2):
        one = billed(is_keyed=is_keyed)
        one.crash(name, when, Job.BILLS, calls)
        one.run(Job.BILLS)
        one.run(minutes=1)
        assert one.captured == {BILL: [3_000]}
        assert one.agrees()


def test_two_workers_and_an_odd_scheduler() -> None:
    """Two workers run at once; the scheduler fires twice, skips runs, or is down over the first of a month.

    One worker wins, the other decides anew; firing twice plans nothing; one recharge catches up, and each month is
    billed once, the oldest first.
    """
    one = billed()
    one.shop.spoil("append", first=lambda: one.elsewhere().pursue("acme", Job.BILLS))
    one.run(Job.BILLS)
    assert one.run(Job.BILLS).appended == 0
    assert one.captured == {BILL: [3_000]}
    one.clock.now = datetime.datetime(2027, 3, 5, tzinfo=UTC)
    for _ in range(2):
        one.run(Job.BILLS)
    assert list(one.captured) == [BILL, "acme/bill/13", "acme/bill/14", "acme/bill/15"]
    assert one.agrees()
    two = recharging()
    two.clock.go(days=2)
    two.meters.days, two.meters.watermark = [date(2026, 12, 11)], two.clock.now
    two.meters.drawn = usd("200.00")
    for _ in range(3):
        two.run(Job.RECHARGES, minutes=30)
    assert two.captured == {RECHARGE: [4_200]}
    two.run(Job.RECHARGES, hours=4)
    assert list(two.captured) == [RECHARGE, "acme/recharge/2"]


# --- the provider -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [{"after": TimeoutError()}, {"before": OutcomeUnknown("HTTP 502")}, {"answer": "charged"}]
)
def test_no_answer(fault: dict[str, Any]) -> None:
    """A time-out, a connection reset, a 5xx, an answer or an exception that nobody knows.

    What became of the charge is unknown: the provider is asked, and until it has said so no other source is charged.
    """
    one = owing()
    one.desk.spoil("capture", **fault)
    one.desk.spoil("retrieve", times=3, **fault)
    one.run()
    for hours in (1, 3, 2, 24):
        assert state(one, SERVICE) is State.UNKNOWN
        one.run(hours=hours)
    one.run(days=1)
    assert {made.token for made in one.desk.provider.made} == {"card_pays"}
    assert one.captured == {SERVICE: [2_000]}
    assert one.agrees()


def test_refused_before_any_byte() -> None:
    """The provider refuses before any byte is sent, or has had too many requests.

    Nothing has happened, for certain: the same reference is sent again in the next run, and no attempt is counted.
    """
    one = owing()
    one.desk.spoil("prepare", before=NotSent("connection refused"))
    one.desk.spoil("capture", times=2, before=NotSent("429"))
    for _ in range(3):
        assert [notice.code for notice in one.run(minutes=1).notices] == ["not_sent"]
    one.run(minutes=1)
    assert [made.reference for made in one.desk.provider.made] == ["acme/service/1/1"]
    assert one.agrees()


@pytest.mark.parametrize("act", ["prepare", "capture"])
def test_a_rejected_request(act: str) -> None:
    """The provider will not take the request as it is: malformed, no permission, other parameters for a key.

    That is no decline, and the next source would meet the same: the charge stops until a person has looked at it.
    """
    one = owing()
    one.desk.spoil(act, before=RequestRejected("HTTP 400"))
    one.run()
    for _ in range(3):
        one.run(days=10)
        assert state(one, SERVICE) is State.NEEDS_REVIEW
    assert one.desk.calls.count("prepare") == 1
    assert one.captured == {}


def test_a_reply_lost_a_late_request_and_an_error_repeated() -> None:
    """It was captured and the reply was lost; a request arrives hours late; a key repeats its error.

    Found by asking the provider, and settled once.
    """
    lost, late, stuck = owing(), owing(), owing(is_keyed=True)
    again = owing(source("card", Behavior.PAYS_WHEN_ASKED_AGAIN), RESERVE)
    lost.desk.lose("capture", "after", TimeoutError())
    lost.run()
    lost.run(minutes=1)
    for one in (late, again):
        one.desk.lose("capture", "before", TimeoutError())
        one.run()
    late.desk.spoil("retrieve", times=3, before=OutcomeUnknown("HTTP 502"))
    for minutes in (1, 5, 60):
        late.run(minutes=minutes)
    again.run(minutes=1)
    assert (state(late, SERVICE), state(again, SERVICE)) == (State.UNKNOWN, None)
    for one in (late, again):
        one.clock.go(hours=3)
        (copy,) = one.desk.on_the_way
        copy()
        one.run(hours=1)
    assert late.facts[-1] == "Succeeded"
    assert late.desk.calls.count("capture") == 1
    assert asked_for(again)[1:] == [("acme/service/1/2", "reserve_pays", 2_000)]
    stuck.desk.provider = stuck.desk.provider.stuck(_request(stuck), "acme/service/1/1", NOON)
    stuck.run()
    for _ in range(8):
        stuck.run(days=1)
    for one in (lost, late, again, stuck):
        assert one.captured == {SERVICE: [2_000]}
        assert one.standing.transactions == 1
        assert one.agrees()


def _request(one: Office) -> Request:
    (foreseen,) = one.charging.preview("acme", Job.SETTLE)
    assert isinstance(foreseen.step, Ask)
    return foreseen.step.request


def test_a_late_copy_after_a_decline() -> None:
    """A declined object is captured by a copy of the request that arrives late.

    It is voided before another source is tried, so that the copy either finds it void or is found to have captured.
    """
    one = owing(source("card", Behavior.PAYS_WHEN_ASKED_AGAIN), RESERVE)
    one.crash("void", "before")
    assert state(one, SERVICE) is State.DECLINED
    provider = one.desk.provider
    one.desk.provider, _ = provider.capture(provider.made[0].ref, one.clock())
    one.run()
    assert one.captured == {SERVICE: [2_000]}
    assert one.agrees()
    two = owing(source("card", Behavior.PAYS_WHEN_ASKED_AGAIN), RESERVE)
    two.run()
    provider = two.desk.provider
    two.desk.provider, _ = provider.capture(provider.made[0].ref, two.clock())
    assert [made.token for made in two.desk.provider.made if made.is_voided] == ["card_pays_when_asked_again"]
    assert two.agrees()


def test_another_amount_or_currency() -> None:
    """Another amount, or another currency, is captured than was asked for.

    What was captured is settled and the difference waits for the next bill; of another currency a person decides.
    """
    less, other = owing(), owing()
    less.desk.spoil("capture", answer=Succeeded(usd("19.00")))
    other.desk.spoil("capture", answer=Succeeded(Money.parse("20.00", "EUR")))
    less.run()
    other.run()
    assert less.cleared == 1_900
    assert [line.amount for line in less.standing.account.waiting] == [usd("1.00")]
    assert state(other, SERVICE) is State.NEEDS_REVIEW
    assert other.cleared == 0


def test_hooks() -> None:
    """A web-hook is sent twice, in another order, by somebody else, or never.

    It is only a hint to ask the provider; nothing moves backwards, and without it the schedule asks.
    """
    hinted, silent = owing(bank(), RESERVE), owing(bank(), RESERVE)
    for one in (hinted, silent):
        one.run()
        one.clock.go(hours=3)
    for intent in (SERVICE, SERVICE, MINUTES, "acme/bill/999", SERVICE):
        hinted.charging.look(intent)
    assert (state(hinted, SERVICE), hinted.facts.count("Succeeded")) == (State.SUCCEEDED, 1)
    hinted.desk.spoil("retrieve", answer=Pending())
    hinted.charging.look(SERVICE)
    assert (state(hinted, SERVICE), hinted.facts[-1]) == (State.SUCCEEDED, "Succeeded")
    hinted.desk.spoil("retrieve", answer=Pending())
    hinted.run(days=1)
    assert (state(hinted, SERVICE), hinted.facts[-1]) == (State.SUCCEEDED, "Unknown")
    early = owing()
    early.crash("capture", "before")
    assert early.charging.look(SERVICE).appended == 0
    assert (state(early, SERVICE), early.desk.calls) == (State.PREPARED, ["prepare", "capture"])
    silent.run()
    for one in (hinted, silent):
        assert one.standing.transactions == 1
        assert one.agrees()


# --- people -------------------------------------------------------------------------------------------------------

#: Floors that hold from the first of December: ten licenses for 99 dollars each.
FLOORS = contract(start=TODAY, end=date(2028, 1, 1))
PRIMARY = MakePrimary(on=TODAY, by=BOSS, source="reserve")
OFF = SwitchRecharge(on=TENTH, by=BOSS, authorization=None)


def new_year(*contracts: Contract) -> Office:
    """An office on the first of January: a bill is due, and nothing has happened since the tenth."""
    return office(acme(contracts=contracts), at=datetime.datetime(2027, 1, 1, 3, tzinfo=UTC))


#: Where somebody does what while a charge is planned, and what the provider is asked for then.
BETWEEN: list[tuple[Callable[[], Office], Change, list[tuple[str, str, int]]]] = [
    (billed, PRIMARY, [("acme/bill/12/1", "reserve_pays", 3_000)]),
    (billed, SignContract(on=TODAY, contract=FLOORS), [("acme/bill/12/1", "card_pays", 102_000)]),
    (recharging, OFF, []),
    (recharging, buy(), [("acme/minutes/1/1", "card_pays", 10_000)]),
    (new_year, Cancel(on=EVE, by=BOSS, authorization=ACCEPTED), []),
    (
        lambda: new_year(FLOORS),
        SetTotal(on=EVE, by=BOSS, product="powerdialer", total=12, authorization=ACCEPTED),
        [("acme/licenses/1/1", "card_pays", 639), ("acme/bill/13/1", "card_pays", 121_800)],
    ),
]


@pytest.mark.parametrize(("where", "change", "asked"), BETWEEN, ids=[type(row[1]).__name__ for row in BETWEEN])
def test_a_change_between_plan_and_append(
    where: Callable[[], Office], change: Change, asked: list[tuple[str, str, int]]
) -> None:
    """Somebody buys minutes, cancels or changes the sources while a charge is being planned.

    The plan is not written: it is made again, from what the account is then.
    """
    one = where()
    one.shop.spoil("append", first=lambda: one.elsewhere().change("acme", change))
    for job in Job:
        one.run(job)
    assert one.shop.faults == {"append": []}
    assert asked_for(one) == asked
    assert one.agrees()


def test_a_change_after_the_plan() -> None:
    """The same, once the intent is durable.

    It is carried out as planned: its sources and their order stay, and none of them can be removed meanwhile.
    """
    one = billed(DECLINING, RESERVE)
    one.crash("append", "after", Job.BILLS)
    one.charging.change("acme", PRIMARY)
    one.charging.change(
        "acme", ReplaceSource(on=TODAY, by=BOSS, source=attrs.evolve(RESERVE, token="reserve_pays_later"))
    )
    with pytest.raises(SourceInUse):
        one.charging.change("acme", RemoveSource(on=TODAY, by=BOSS, source="card"))
    one.charging.change("acme", Cancel(on=TODAY, by=BOSS, authorization=ACCEPTED))
    one.run()
    assert [made.token for made in one.desk.provider.made] == ["card_declines", "reserve_pays"]
    assert one.agrees()
    one.charging.change("acme", RemoveSource(on=TODAY, by=BOSS, source="card"))
    two, three = billed(), recharging()
    two.crash("append", "after", Job.BILLS)
    two.charging.change("acme", SignContract(on=TODAY, contract=FLOORS))
    two.run()
    assert two.captured == {BILL: [3_000], "acme/licenses/1": [99_000]}
    three.crash("append", "after", Job.RECHARGES)
    three.charging.change("acme", OFF)
    three.run()
    assert three.captured == {RECHARGE: [4_200]}


# --- declines and limits ------------------------------------------------------------------------------------------


def test_declines() -> None:
    """A source declines softly, or for good; all sources do.

    It is voided and the next source tried; one that declines for good is blocked until it is replaced. With none left
    the charge has failed: what is owed is tried again when the limits of declines allow it.
    """
    soft, hard = owing(DECLINING, RESERVE), owing(source("card", Behavior.DECLINES_FOR_GOOD), RESERVE)
    for one in (soft, hard):
        one.run()
        assert one.desk.calls == ["prepare", "capture", "void", "prepare", "capture"]
        assert one.agrees()
        held = one.standing.account.funding
        assert held is not None
        assert held.primary.is_blocked is (one is hard)
    two_days_on = order(on=date(2026, 12, 12))
    hard.clock.go(days=2)
    hard.charging.change("acme", two_days_on)
    hard.run()
    hard.charging.change("acme", ReplaceSource(on=two_days_on.on, by=BOSS, source=source("card")))
    hard.charging.change("acme", two_days_on)
    hard.run()
    assert [made.token for made in hard.desk.provider.made[2:]] == ["reserve_pays", "card_pays"]
    both = owing(DECLINING, source("reserve", Behavior.DECLINES))
    both.run()
    assert state(both, SERVICE) is State.FAILED
    assert both.standing.account.past_due_since == TENTH
    for _ in range(5):
        assert both.run(hours=4).appended == 0
    both.desk.behaves["card"] = Behavior.PAYS
    both.run(hours=4)
    assert both.captured == {SERVICE: [2_000]}
    assert both.agrees()


def test_declines_of_one_source() -> None:
    """One source declines again and again.

    It is tried once in 24 hours and seven times in 30 days at most, where a recharge every four hours would try 180
    times.
    """
    one = recharging(DECLINING)
    tried: list[datetime.datetime] = []
    for _ in range(30 * 6):
        one.meters.days, one.meters.watermark = [one.clock().date() - timedelta(days=1)], one.clock()
        calls = one.desk.calls.count("capture")
        one.run(Job.RECHARGES)
        tried += [one.clock()] * (one.desk.calls.count("capture") - calls)
        one.clock.go(hours=4)
    assert [at - NOON for at in tried] == [timedelta(days=day) for day in range(7)]
    assert one.captured == {}


def test_the_threshold_crossed_again() -> None:
    """The balance falls below the threshold again while a recharge is under way, or far below it at once.

    At most one recharge is open for an account, of the policy's amount; minutes bought by hand do not stop it.
    """
    one = recharging(bank(), RESERVE)
    one.charging.change("acme", buy())
    one.meters.drawn = usd("900.00")
    one.desk.spoil("retrieve", times=4, answer=Pending())
    one.run(Job.RECHARGES)
    for _ in range(2):
        report = one.run(Job.RECHARGES, hours=4)
        assert (state(one, MINUTES), state(one, RECHARGE)) == (State.PENDING, State.PENDING)
        assert [charge.intent.amount for charge in one.standing.charges] == [usd("100.00"), usd("42.00")]
        assert report.notices == ()
    one.run(Job.RECHARGES, hours=1)
    assert (state(one, RECHARGE), state(one, "acme/recharge/2")) == (State.SUCCEEDED, State.PENDING)
    assert one.agrees()


def test_too_many_recharges_or_no_reading() -> None:
    """More than three automatic recharges in a day are called for; a reading of the storage is missing.

    Nothing is planned, with a notice, until it passes.
    """
    one = office(acme(automatic=True), at=NOON.replace(hour=0))
    codes = []
    for _ in range(6):
        one.meters.drawn += usd("42.00")
        codes += [notice.code for notice in one.run(Job.RECHARGES).notices]
        one.clock.go(hours=4)
    assert (len(one.captured), codes) == (3, ["daily_limit"] * 3)
    report = one.run(Job.RECHARGES)
    assert (report.appended, [notice.code for notice in report.notices]) == (0, ["usage_not_current"])
    one.meters.watermark = one.clock()
    assert one.run(Job.RECHARGES).appended
    two = billed()
    two.meters.spoil("readings", answer=[])
    report = two.run(Job.BILLS)
    assert (report.appended, [notice.code for notice in report.notices]) == (0, ["no_reading"])
    two.run(Job.BILLS)
    assert two.captured == {BILL: [3_000]}


# --- bank debits --------------------------------------------------------------------------------------------------


def test_a_debit_pending() -> None:
    """A bank debit is pending.

    The minutes are not there, and no card is charged in its place, until the bank has answered; if it refuses, then.
    """
    pays, fails = office(acme(bank(), RESERVE)), office(acme(bank(Behavior.FAILS_LATER), RESERVE))
    for one in (pays, fails):
        one.charging.change("acme", buy())
        one.run()
        one.run(hours=2)
        assert (one.standing.account.balance, state(one, MINUTES)) == (usd("92.00"), State.PENDING)
        assert len(one.desk.provider.made) == 1
        one.run(hours=1)
        assert one.standing.account.balance == usd("192.00")
        assert one.agrees()
    assert (len(pays.desk.provider.made), len(fails.desk.provider.made)) == (1, 2)


def test_a_debit_returned() -> None:
    """A bank takes a debit back, hours or weeks later.

    It is reversed once. For want of funds the same account is debited again, twice at most and within 180 days; any
    other reason blocks it. Another source is tried at once.
    """
    one = owing(bank(Behavior.TAKES_BACK))
    for _ in range(40 * 6):
        one.run(hours=4)
    references = [made.reference for made in one.desk.provider.made]
    assert references == ["acme/service/1/1", "acme/service/1/2", "acme/service/1/3"]
    assert one.facts.count("Returned") == 3
    assert (one.standing.transactions, one.standing.balance_of(Book.OWED)) == (6, usd("20.00"))
    assert one.agrees()
    two = owing(bank(Behavior.TAKES_BACK), RESERVE)
    for _ in range(10):
        two.run(hours=4)
    assert [made.token for made in two.desk.provider.made] == ["bank_takes_back", "reserve_pays"]
    assert (two.facts.count("Returned"), two.cleared, two.agrees()) == (1, 2_000, True)
    # the code, the days on which it pays and is taken back, and whether the account is blocked
    for code, paid, back, is_blocked in (
        ("R01", 1, 2, False),
        ("R09", 1, 2, False),
        ("R10", 1, 91, True),
        ("R01", 120, 180, False),
        ("R01", 120, 181, True),
    ):
        other = owing(bank(Behavior.DECLINES))
        other.run()
        other.desk.behaves["bank"] = Behavior.PAYS
        other.run(days=paid)
        other.desk.spoil("retrieve", answer=Returned(code))
        other.run(days=back - paid)
        assert (other.cleared, state(other, SERVICE)) == (0, State.FAILED)
        held = other.standing.account.funding
        assert held is not None
        assert held.primary.is_blocked is is_blocked
        other.run(days=1)
        assert len(other.desk.provider.made) == (2 if is_blocked else 3)


# --- the store and the clock --------------------------------------------------------------------------------------


class HalfShop(Shop):
    """A store that writes only the first of several events."""

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """The first only."""
        return super().append(account, expected_version, events[:1], wake=wake)


def test_a_store_that_fails() -> None:
    """An append fails although it was written; an old copy of the stream answers; half an append is written.

    The stream is read before anything else; what was decided on an old copy is refused; and on a stream with half a
    decision nothing is charged.
    """
    one = billed()
    one.shop.lose("append", "after", OSError("connection lost"))
    assert isinstance(one.charging.pursue("acme", Job.BILLS).failure, StoreUnavailable)
    one.run(Job.BILLS)
    assert one.captured == {BILL: [3_000]}
    old = one.shop.memory.load("acme")
    one.charging.change("acme", AddUser(on=TODAY, user=User(id="new")))
    one.shop.spoil("load", answer=Stream(old.events, old.version))
    one.charging.change("acme", AddUser(on=TODAY, user=User(id="newer")))
    assert [user.id for user in one.standing.account.users] == ["new", "newer"]
    half = office(acme(today=TODAY), at=FIRST, shop=HalfShop())
    half.charging.pursue("acme", Job.BILLS)
    assert half.facts == ["Opened", "Changed"]
    with pytest.raises(InvalidValue, match=f"comes before the plan of {BILL}, which was opened"):
        half.charging.change("acme", AddUser(on=TODAY, user=User(id="new")))
    half.run()
    assert half.desk.calls == []


def test_an_event_that_cannot_be(tmp_path: Path) -> None:
    """An event in the stream is corrupt, or of a newer format.

    An error with its number in the stream, and no charge.
    """
    one, newer = owing(), office()
    wrong = Answered(intent=SERVICE, attempt=1, outcome=Declined(kind=DeclineKind.SOFT, code="no"))
    one.shop.memory.append("acme", 3, [Event(id="odd", at=NOON, fact=wrong)], wake=NOON)
    with Sqlite(tmp_path / "charges.db") as store:
        later = attrs.evolve(newer.charging, store=store)
        later.open(acme())
        later.change("acme", order())
        with contextlib.closing(sqlite3.connect(tmp_path / "charges.db")) as connection, connection:
            connection.execute(
                """UPDATE events SET body = replace(body, '{"format":1,', '{"format":99,') WHERE seq = 2"""
            )
        for charging, place, words in (
            (one.charging, "seq 4", "is planned, and cannot be declined now"),
            (later, "seq 2", "format: must be at most 1, not 99"),
        ):
            failure = charging.pursue("acme", Job.SETTLE).failure
            assert isinstance(failure, CorruptStream)
            assert failure.place == place
            assert words in str(failure)
    assert one.desk.calls == newer.desk.calls == []


def test_a_clock_that_is_wrong() -> None:
    """A clock goes back, or is 30 hours ahead.

    An earlier time than the stream's plans nothing new; what was planned early is not planned again.
    """
    one = office(acme(automatic=True), at=datetime.datetime(2026, 12, 30, 22, tzinfo=UTC))
    one.meters.watermark = one.clock() + timedelta(days=3)
    one.run(Job.BILLS, hours=30)
    assert one.captured == {"acme/bill/13": [3_000]}
    one.clock.go(hours=-30)
    for _ in range(8):
        assert [one.run(job, hours=1).appended for job in Job] == [0, 0, 0]
    for _ in range(4):
        one.run(Job.BILLS, hours=4)
    assert one.captured == {"acme/bill/13": [3_000]}
    two = billed()
    two.charging.change("acme", AddUser(on=TODAY, user=User(id="new")))
    two.clock.go(minutes=-1)
    assert [two.run(job).appended for job in Job] == [0, 0, 0]
    two.run(Job.BILLS, minutes=1)
    assert two.captured == {BILL: [3_000]}


def test_a_store_that_only_refuses() -> None:
    """A store refuses every append as one at an old version.

    An error, and no endless loop.
    """
    one = billed()
    one.shop.spoil("append", times=99, before=VersionConflict("acme", 1))
    assert isinstance(one.charging.pursue("acme", Job.BILLS).failure, StoreUnavailable)
    assert one.captured == {}


# --- the page -----------------------------------------------------------------------------------------------------


def rows() -> list[str]:
    """The table of docs/charging.md, made of the tests above."""
    found = []
    for name, one in vars(sys.modules[__name__]).items():
        if name.startswith("test_") and one is not test_the_page_has_the_table:
            fault, _, behavior = (inspect.getdoc(one) or "").partition("\n\n")
            found.append(f"| {fault.removesuffix('.')} | {' '.join(behavior.split())} | `{name}` |")
    return found


def test_the_page_has_the_table() -> None:
    """The table of docs/charging.md has a row for each test above, in this order, and no other row."""
    _, _, table = PAGE.read_text(encoding="utf-8").partition(
        "| What goes wrong | What happens | Shown by |\n| --- | --- | --- |\n"
    )
    assert table.split("\n\n", 1)[0].splitlines() == rows()
