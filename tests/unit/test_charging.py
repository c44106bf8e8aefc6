"""Carrying charges out: every effect that can fail, people and jobs at once, hints, previews, snapshots, safety."""

import datetime
import pickle
from datetime import UTC, date, timedelta
from typing import Any

import attrs
import pytest

from licensebill import charging as carrying
from licensebill.accounts import Account, Change
from licensebill.bills import Tax
from licensebill.changes import AddSource, AddUser
from licensebill.charges import CorruptStream, State
from licensebill.charging import (
    SNAPSHOT_EVERY,
    Charging,
    Job,
    NoRest,
    Report,
    Unforeseen,
    UnknownAccount,
    account_of,
    check_safe,
    intent_of,
)
from licensebill.errors import ChargeFailure, InvalidValue, LicenseBillError, RuleViolation
from licensebill.events import Decision, Event, Prepared, Resolved, Stream
from licensebill.funding import Funding
from licensebill.minutes import AutomaticRecharge
from licensebill.money import Money
from licensebill.outcomes import Declined, DeclineKind, Returned, Succeeded
from licensebill.people import User
from licensebill.planning import Act, Ask, Draft, Notice
from licensebill.protocols import (
    Capabilities,
    LookUp,
    NotSent,
    OutcomeUnknown,
    RequestRejected,
    SnapshotStore,
    StorageMeter,
    Store,
    StoreUnavailable,
    TwoPhaseGateway,
    UnsafeGateway,
    UsageMeter,
    VersionConflict,
)
from licensebill.testing.worlds import Behavior
from licensebill.turns import turn
from tests.charging import (
    BILL,
    MINUTES,
    NOON,
    RECHARGE,
    RESERVE,
    SERVICE,
    TENTH,
    CachingShop,
    Clock,
    Desk,
    Meters,
    Office,
    Shop,
    acme,
    bank,
    buy,
    office,
    order,
    source,
)
from tests.examples import BOSS, usd

SOFT = Declined(kind=DeclineKind.SOFT, code="no")
FIRST = NOON.replace(day=1)
BEGUN = ["Opened", "Changed", "Planned"]


def ordered(**more: Any) -> Office:
    """An office where a service is ordered."""
    one = office(**more)
    one.charging.change("acme", order())
    return one


def bill_office(**more: Any) -> Office:
    """An office on the first of the month."""
    return office(acme(today=FIRST.date(), **more), at=FIRST)


def notices(report: Report) -> list[str]:
    """The codes of what was not done."""
    return [one.code for one in report.notices]


# --- safety -------------------------------------------------------------------------------------------------------

SAFE = Capabilities(two_phase=True, void=True, look_up=LookUp.STRONG)
SAFE_BY_KEY = Capabilities(
    two_phase=False,
    void=False,
    look_up=LookUp.STRONG,
    key_window=timedelta(hours=24),
    in_flight=timedelta(hours=6),
)
NOBODY = "what stays unknown cannot be looked up, and no person is there to decide"
UNSAFE: list[tuple[Capabilities, str]] = [
    (attrs.evolve(SAFE, look_up=LookUp.BOUNDED), NOBODY),
    (attrs.evolve(SAFE, look_up=LookUp.NONE), NOBODY),
    (attrs.evolve(SAFE_BY_KEY, look_up=LookUp.BOUNDED), NOBODY),
    (attrs.evolve(SAFE, void=False), "an object that is not captured cannot be made uncapturable"),
    (attrs.evolve(SAFE_BY_KEY, key_window=None), "it charges at once, and recognizes no key"),
    (
        attrs.evolve(SAFE_BY_KEY, in_flight=timedelta()),
        "it charges at once, and does not say for how long a request may be under way",
    ),
    (
        attrs.evolve(SAFE_BY_KEY, key_window=timedelta(hours=12)),
        "a request may still be under way when its key has been forgotten",
    ),
    (
        attrs.evolve(SAFE_BY_KEY, key_window=timedelta(hours=12), in_flight=timedelta(hours=6, microseconds=1)),
        "a request may still be under way when its key has been forgotten",
    ),
]


class TestFun9Safety:
    """A provider with which a charge could be made twice, or stay unknown, is refused before anything is charged."""

    @pytest.mark.parametrize(("capabilities", "reason"), UNSAFE)
    def test_unsafe_ones_are_refused_one_by_one(self, capabilities: Capabilities, reason: str) -> None:
        """When it is put together, with the reason."""
        desk = Desk(Clock())
        desk.capabilities = capabilities
        with pytest.raises(UnsafeGateway) as refused:
            Charging(store=Shop(), gateway=desk, clock=desk.clock)
        assert (refused.value.reason, refused.value.code) == (reason, "unsafe_gateway")
        assert str(refused.value) == f"this gateway cannot charge exactly once: {reason}"

    @pytest.mark.parametrize(
        "capabilities",
        [
            SAFE,
            SAFE_BY_KEY,
            attrs.evolve(SAFE_BY_KEY, key_window=timedelta(hours=12, microseconds=1)),
            attrs.evolve(SAFE, key_window=timedelta(hours=24)),
        ],
    )
    def test_safe_ones_are_taken(self, capabilities: Capabilities) -> None:
        """Both kinds."""
        check_safe(capabilities)

    @pytest.mark.parametrize("look_up", [LookUp.BOUNDED, LookUp.NONE])
    def test_where_a_person_decides_it_need_not_be_found(self, look_up: LookUp) -> None:
        """But nothing else is forgiven."""
        check_safe(attrs.evolve(SAFE, look_up=look_up), person_decides=True)
        with pytest.raises(UnsafeGateway):
            check_safe(attrs.evolve(SAFE, look_up=look_up, void=False), person_decides=True)

    def test_what_stands_in_fits_the_protocols(self) -> None:
        """The store, the gateway and the meters of these tests are what is asked for."""
        assert isinstance(Shop(), Store)
        assert not isinstance(Shop(), SnapshotStore)
        assert isinstance(CachingShop(), SnapshotStore)
        assert isinstance(Desk(Clock()), TwoPhaseGateway)
        assert isinstance(Meters(), UsageMeter)
        assert isinstance(Meters(), StorageMeter)


# --- what a person does -------------------------------------------------------------------------------------------


class TestAccounts:
    """A stream is begun once; an account without one is unknown."""

    def test_it_is_begun_once(self) -> None:
        """The second time nothing is written."""
        one = office()
        with pytest.raises(VersionConflict):
            one.charging.open(acme())
        assert one.facts == ["Opened"]

    def test_one_that_is_unknown(self) -> None:
        """Is refused by name; a run finds nothing to do for it."""
        one = office()
        for ask in (one.charging.standing, lambda account: one.charging.change(account, buy())):
            with pytest.raises(UnknownAccount) as refused:
                ask("nobody")
            assert str(refused.value) == "account: there is no account 'nobody' in this store"
            assert refused.value.code == "unknown_account"
        report = one.charging.pursue("nobody", Job.SETTLE)
        assert (report.account, report.standing, str(report.failure)) == ("nobody", None, str(refused.value))
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301 - ours

    def test_one_that_was_not_made_ready(self) -> None:
        """Its first bill would be lost without a word."""
        bare = Account(id="bare", began=date(2026, 1, 1), today=TENTH, administrator=BOSS)
        with pytest.raises(LicenseBillError, match=r"account: must be made ready with begin\(\)"):
            office().charging.open(bare)

    def test_the_ids_in_an_id(self) -> None:
        """The account may have strokes in its own."""
        assert (account_of("a/b/bill/12"), intent_of("a/b/bill/12/1")) == ("a/b", "a/b/bill/12")


class TestChanges:
    """A change is recorded once, decided on what the stream is, and refused without a trace."""

    def test_it_opens_its_charge(self) -> None:
        """Which a run makes."""
        one = office()
        standing = one.charging.change("acme", buy())
        assert standing == one.standing
        assert (one.facts, one.desk.calls) == (BEGUN, [])
        one.run()
        assert (one.captured, one.agrees()) == ({MINUTES: [10_000]}, True)

    def test_it_is_refused_by_its_rule(self) -> None:
        """Nothing is written."""
        one = office()
        with pytest.raises(RuleViolation, match="MIN-3"):
            one.charging.change("acme", buy(usd("1.00")))
        assert one.facts == ["Opened"]

    def test_two_people_at_once(self) -> None:
        """Both changes are there, although both were thought to be the second event."""
        one = office()
        first = AddUser(on=TENTH, user=User(id="first"))
        one.shop.spoil("append", first=lambda: one.elsewhere().change("acme", first))
        one.charging.change("acme", AddUser(on=TENTH, user=User(id="second")))
        assert [user.id for user in one.standing.account.users] == ["first", "second"]

    def test_decided_again_after_a_conflict(self) -> None:
        """What was allowed before is refused if it is not allowed any more."""
        one = office()
        one.shop.spoil(
            "append", first=lambda: one.elsewhere().change("acme", AddSource(on=TENTH, by=BOSS, source=bank()))
        )
        with pytest.raises(LicenseBillError):
            one.charging.change("acme", AddSource(on=TENTH, by=BOSS, source=bank()))
        assert one.facts == ["Opened", "Changed"]

    @pytest.mark.parametrize(
        "change", [buy(), AddSource(on=TENTH, by=BOSS, source=bank()), AddUser(on=TENTH, user=User(id="new"))]
    )
    def test_an_id_of_ones_own_is_recorded_once(self, change: Change) -> None:
        """However often it is sent, whether or not a rule would refuse it the second time."""
        one = office()
        first = one.charging.change("acme", change, event="order 7")
        assert one.charging.change("acme", change, event="order 7") == first
        assert one.facts.count("Changed") == 1
        one.charging.change("acme", order(), event="order 8")
        assert one.facts.count("Changed") == 2

    def test_an_id_that_another_worker_sent_meanwhile(self) -> None:
        """It is there; nothing more is written."""
        one = office()
        one.shop.spoil("append", first=lambda: one.elsewhere().change("acme", buy(), event="order 7"))
        one.charging.change("acme", buy(), event="order 7")
        assert one.facts == BEGUN

    def test_an_id_like_one_of_the_librarys(self) -> None:
        """It is no other change's."""
        one = office()
        one.charging.change("acme", AddUser(on=TENTH, user=User(id="first")))
        one.charging.change("acme", buy(), event="change/2")
        one.charging.change("acme", AddUser(on=TENTH, user=User(id="second")), event="change/5")
        one.charging.change("acme", AddUser(on=TENTH, user=User(id="third")))
        assert [user.id for user in one.standing.account.users] == ["first", "second", "third"]

    def test_a_store_that_fails_after_writing(self) -> None:
        """With an id of one's own it is looked for; without one, the caller is told that nothing is known."""
        one = office()
        one.shop.spoil("append", after=ConnectionError("reset"))
        standing = one.charging.change("acme", buy(), event="order 7")
        assert (one.facts, standing, standing.version) == (BEGUN, one.standing, 3)
        one.shop.spoil("append", after=ConnectionError("reset"))
        with pytest.raises(StoreUnavailable, match="the store is not available: ConnectionError: reset"):
            one.charging.change("acme", order())
        assert one.facts == [*BEGUN, "Changed", "Planned"]

    @pytest.mark.parametrize(("days", "is_taken"), [(0, True), (1, True), (2, False), (36_500, False)])
    def test_a_day_that_has_not_come_yet(self, days: int, is_taken: bool) -> None:
        """A change of such a day would make bills of it, and keep out every change before it."""
        one = office()
        change = AddUser(on=TENTH + timedelta(days=days), user=User(id="new"))
        if is_taken:
            assert one.charging.change("acme", change).version == 2
            return
        with pytest.raises(InvalidValue, match=r"^on: must not be after 2026-12-10, the account's day, but is 2"):
            one.charging.change("acme", change)
        assert one.facts == ["Opened"]

    def test_a_store_that_refuses_without_having_grown(self) -> None:
        """Is not asked for ever."""
        one = office()
        one.shop.spoil("append", before=VersionConflict("acme", 1))
        with pytest.raises(StoreUnavailable, match="has grown beyond 1; nothing was written, and yet it holds nothing"):
            one.charging.change("acme", buy())


class TestCallingOff:
    """Minutes are given up unless they turn out to be captured."""

    def test_before_the_run(self) -> None:
        """Nothing is asked of the provider."""
        one = office()
        one.charging.change("acme", buy())
        one.charging.call_off(MINUTES, by="dana")
        one.run()
        assert (one.standing.charges, one.desk.calls) == ((), [])

    def test_while_nothing_is_known(self) -> None:
        """The object is voided, and if it has captured, the minutes are there."""
        for is_lost, balance in ((False, "92.00"), (True, "192.00")):
            one = office()
            one.charging.change("acme", buy())
            spoiled = "after" if is_lost else "before"
            one.desk.lose("capture", spoiled, TimeoutError())
            one.run()
            one.charging.call_off(MINUTES, by="dana")
            one.run(minutes=1)
            assert (one.standing.charges, one.standing.account.balance) == ((), usd(balance))
            assert one.agrees()

    def test_what_cannot_be(self) -> None:
        """What is owed, what is done with, and what never was."""
        one = ordered()
        for intent, problem in ((SERVICE, "only a charge for minutes"), (MINUTES, "is no charge that is kept")):
            with pytest.raises(InvalidValue, match=problem):
                one.charging.call_off(intent, by="dana")
        assert one.facts == BEGUN


class TestResolving:
    """What halted goes on as a person decides."""

    @staticmethod
    def halted() -> Office:
        """The provider rejects a request."""
        one = ordered()
        one.desk.spoil("capture", before=RequestRejected("no such customer"))
        one.run()
        charge = one.charge(SERVICE)
        assert charge is not None
        assert (charge.state, charge.reason) == (
            State.NEEDS_REVIEW,
            "the provider rejected the request: no such customer",
        )
        return one

    def test_it_waits_for_a_person(self) -> None:
        """However often and late it runs; no other source is tried."""
        one = self.halted()
        one.run(days=3)
        assert (one.desk.calls, one.captured) == (["prepare", "capture"], {})

    @pytest.mark.parametrize(
        ("decision", "facts", "captured"),
        [
            (Decision.CAPTURED, [], {}),
            (Decision.NOT_CAPTURED, ["Planned", "Prepared", "Succeeded"], {SERVICE: [2_000]}),
            (Decision.ASK_AGAIN, ["NotCaptured", "Succeeded"], {SERVICE: [2_000]}),
        ],
    )
    def test_each_decision(self, decision: Decision, facts: list[str], captured: dict[str, list[int]]) -> None:
        """Paid as they say; tried anew; asked about."""
        one = self.halted()
        one.charging.resolve(f"{SERVICE}/1", decision, by="dana", note="asked the bank")
        before = len(one.facts)
        one.run(minutes=1)
        assert (one.facts[before:], one.captured, one.cleared) == (facts, captured, 2_000)

    def test_a_prepare_that_was_rejected_is_made_again(self) -> None:
        """The same attempt."""
        one = ordered()
        one.desk.spoil("prepare", before=RequestRejected("wrong key"))
        one.run()
        one.charging.resolve(f"{SERVICE}/1", Decision.ASK_AGAIN, by="dana", note="key set right")
        one.run()
        assert one.agrees()
        assert [made.reference for made in one.desk.provider.made] == ["acme/service/1/1"]

    def test_what_cannot_be(self) -> None:
        """What does not wait for a person, and what never was."""
        one = ordered()
        for reference, problem in (
            (f"{SERVICE}/1", "is planned, and cannot be ask again now"),
            (f"{MINUTES}/1", "is no charge under way"),
        ):
            with pytest.raises(InvalidValue, match=problem):
                one.charging.resolve(reference, Decision.ASK_AGAIN, by="dana", note="x")

    def test_a_decision_about_one_attempt_says_nothing_of_the_next(self) -> None:
        """Two people have looked at the first; the second of them would give up a payment that was made since."""
        one = self.halted()
        one.charging.resolve(f"{SERVICE}/1", Decision.NOT_CAPTURED, by="kim", note="cancelled")
        one.desk.spoil("capture", after=RequestRejected("400"))
        one.run()
        with pytest.raises(InvalidValue, match=f"^reference: must be '{SERVICE}/2', the attempt that stands now$"):
            one.charging.resolve(f"{SERVICE}/1", Decision.NOT_CAPTURED, by="dana", note="cancelled")
        one.charging.resolve(f"{SERVICE}/2", Decision.CAPTURED, by="dana", note="paid")
        one.run(days=1)
        assert one.agrees()


# --- runs ---------------------------------------------------------------------------------------------------------


class TestRuns:
    """Every account for which something may be due is brought as far as it goes; one that fails stops no other."""

    def test_a_bill_a_recharge_a_purchase(self) -> None:
        """Each by its job, and whatever is under way by any."""
        one = bill_office(automatic=AutomaticRecharge(buy().authorization))
        one.meters.days = [date(2026, 11, 30)]
        one.charging.change("acme", buy(on=FIRST.date()))
        assert one.run(Job.SETTLE).appended == 2
        assert one.run(Job.RECHARGES).appended == 0  # the balance is 102 with the purchase
        assert one.run(Job.BILLS).appended == 4
        one.meters.drawn = usd("190.00")
        one.meters.watermark = FIRST
        assert one.run(Job.RECHARGES).appended == 4
        assert one.captured == {MINUTES: [10_000], BILL: [3_000], RECHARGE: [4_200]}
        assert one.agrees()

    def test_a_second_run_finds_nothing(self) -> None:
        """However often."""
        one = bill_office()
        first = one.run(Job.BILLS)
        assert (first.account, first.appended, first.standing) == ("acme", 4, one.standing)
        assert [one.run(job).appended for job in Job] == [0, 0, 0]

    @pytest.mark.parametrize("page", [1, 2, 3, 500])
    def test_every_due_account_once_in_order(self, page: int) -> None:
        """In pages of any size; those for which nothing is due are left out."""
        one = bill_office()
        for name in ("beta", "gamma"):
            one.charging.open(acme(id=name, today=FIRST.date()))
        one.charging.open(acme(id="late"))
        reports = list(one.charging.run(Job.BILLS, page=page))
        assert [(report.account, report.appended) for report in reports] == [("acme", 4), ("beta", 4), ("gamma", 4)]
        assert list(one.charging.run(Job.BILLS, page=page)) == []

    def test_it_can_be_stopped(self) -> None:
        """After any account."""
        one = bill_office()
        one.charging.open(acme(id="beta", today=FIRST.date()))
        assert next(one.charging.run(Job.BILLS, page=1)).account == "acme"
        assert [report.account for report in one.charging.run(Job.BILLS)] == ["beta"]

    def test_one_account_that_fails_stops_no_other(self) -> None:
        """Its report says why."""
        one = bill_office()
        one.charging.open(acme(id="beta", today=FIRST.date()))
        one.shop.spoil("load", before=OSError("disk"))
        first, second = one.charging.run(Job.BILLS)
        assert isinstance(first.failure, StoreUnavailable)
        assert (first.standing, second.failure, second.appended) == (None, None, 4)

    def test_what_nobody_foresees_stops_no_other(self) -> None:
        """It is told with its cause; the account is left as it is."""
        one = bill_office()
        one.charging.open(acme(id="beta", today=FIRST.date()))
        error = KeyError("odd")
        one.shop.spoil("load", before=error)
        one.shop.spoil("load", answer=None)
        first, second = one.charging.run(Job.BILLS)
        assert isinstance(first.failure, StoreUnavailable)
        assert isinstance(second.failure, Unforeseen)
        told = "account beta was left as it is: AttributeError, which nothing here foresees"
        assert (str(second.failure), second.failure.code) == (told, "unforeseen")
        assert isinstance(second.failure.__cause__, AttributeError)
        assert [report.appended for report in one.charging.run(Job.BILLS)] == [4, 4]

    def test_an_account_whose_stream_is_gone(self) -> None:
        """Where something is due for it, that is a failure."""
        one = office()
        one.shop.spoil("open_accounts", answer=["gone"])
        one.shop.spoil("open_accounts", answer=[])
        (report,) = one.charging.run(Job.SETTLE)
        assert isinstance(report.failure, UnknownAccount)

    def test_a_corrupt_stream_is_not_charged(self) -> None:
        """The error has the place; a newer event that a store cannot read likewise."""
        one = ordered()
        wrong = Event(id="odd", at=NOON, fact=Prepared(intent=SERVICE, attempt=2, ref="r"))
        one.shop.memory.append("acme", 3, [wrong], wake=NOON)
        report = one.charging.pursue("acme", Job.SETTLE)
        assert isinstance(report.failure, CorruptStream)
        assert (report.failure.place, one.desk.calls) == ("seq 4", [])
        other = ordered()
        other.shop.spoil("load", before=CorruptStream("seq 3", "is of a newer format"))
        assert str(other.charging.pursue("acme", Job.SETTLE).failure) == "seq 3: is of a newer format"

    def test_pages_that_cannot_be_read(self) -> None:
        """The run itself fails."""
        one = office()
        one.shop.spoil("open_accounts", before=OSError("disk"))
        with pytest.raises(StoreUnavailable, match="OSError: disk"):
            list(one.charging.run(Job.SETTLE))

    def test_taxes_are_on_bills(self) -> None:
        """As the rule given says."""
        one = bill_office()
        charging = attrs.evolve(one.charging, tax=lambda lines: [Tax("Tax", usd("3.00"))] if lines else [])
        assert charging.pursue("acme", Job.BILLS).failure is None
        assert one.captured == {BILL: [3_300]}

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (KeyError("rate"), "its tax is not known (KeyError)"),
            (InvalidValue("rate", "is unknown"), "rate: is unknown"),
        ],
    )
    def test_taxes_that_cannot_be_computed(self, error: Exception, told: str) -> None:
        """Whatever the function fails with, this bill waits, and no other account does."""

        def failing(_: object) -> Any:
            raise error

        one = bill_office()
        one.charging.open(acme(id="beta", today=FIRST.date()))
        first, second = attrs.evolve(one.charging, tax=failing).run(Job.BILLS)
        assert str(first.notices[0]) == f"acme: the bill of 2026-12-01 to 2026-12-31 waits: {told}"
        assert (first.failure, len(second.notices)) == (None, 1)
        assert one.run(Job.BILLS).appended == 4

    def test_the_stream_of_another_account(self) -> None:
        """Under this one's name it is corrupt, and nothing is charged."""
        one = bill_office()
        one.shop.spoil("load", answer=Stream(one.shop.memory.load("acme").events, 1))
        failure = one.charging.pursue("beta", Job.BILLS).failure
        assert isinstance(failure, CorruptStream)
        assert (str(failure), one.desk.calls) == ("seq 1: opens another account, 'acme'", [])

    def test_an_account_that_does_not_come_to_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Is left with an error, and taken up by the next run."""
        one = office(at=datetime.datetime(2027, 3, 5, tzinfo=UTC))
        monkeypatch.setattr(carrying, "MOST_APPENDED", 5)
        failure = one.charging.pursue("acme", Job.BILLS).failure
        assert isinstance(failure, NoRest)
        assert (failure.code, failure.account, failure.appended) == ("no_rest", "acme", 6)
        assert str(failure) == "account acme does not come to rest: 6 events in one run; nothing more is done"
        assert pickle.loads(pickle.dumps(failure)).args == failure.args  # noqa: S301 - ours
        for _ in range(3):
            one.charging.pursue("acme", Job.BILLS)
        assert len(one.captured) == 3
        assert one.agrees()

    def test_workers_that_share_the_accounts(self) -> None:
        """Each account is one worker's, whoever of them runs first."""
        one = bill_office()
        names = [f"account {number}" for number in range(20)]
        for name in names:
            one.charging.open(acme(id=name, today=FIRST.date()))
        shares = [[report.account for report in one.charging.run(Job.BILLS, share=(number, 3))] for number in (3, 1, 2)]
        assert sorted(account for share in shares for account in share) == sorted(["acme", *names])
        assert all(shares)

    @pytest.mark.parametrize(("share", "place"), [((0, 1), "share"), ((2, 1), "share"), ((1, 0), "share")])
    def test_a_share_that_is_none(self, share: tuple[int, int], place: str) -> None:
        """Is refused before anything is done."""
        with pytest.raises(InvalidValue) as refused:
            list(bill_office().charging.run(Job.BILLS, share=share))
        assert refused.value.place == place

    def test_turns_of_an_account_that_is_not_there(self) -> None:
        """The first is the last."""
        steps = turn(None, now=NOON, job=Job.SETTLE, capabilities=SAFE)
        next(steps)
        with pytest.raises(StopIteration) as done:
            steps.send(Stream((), 0))
        assert (done.value.value.standing, done.value.value.is_last) == (None, True)


class TestMeters:
    """What is not measured is never zero: nothing is planned on a guess, and somebody is told."""

    def test_no_meter_of_storage(self) -> None:
        """There are no bills."""
        one = bill_office()
        report = attrs.evolve(one.charging, storage=None).pursue("acme", Job.BILLS)
        assert (len(report.notices), report.appended, report.failure) == (1, 0, None)

    def test_a_meter_of_storage_that_fails(self) -> None:
        """Until it answers."""
        one = bill_office()
        one.meters.spoil("readings", before=OSError("no"))
        report = one.run(Job.BILLS)
        assert (report.appended, notices(report)) == (0, ["storage_unknown"])
        assert str(report.notices[0]) == "acme: no bill is planned: storage is not known (OSError)"
        assert one.run(Job.BILLS).appended == 4

    def test_readings_that_are_missing(self) -> None:
        """Likewise."""
        one = bill_office()
        one.meters.spoil("readings", answer=[])
        assert one.run(Job.BILLS).appended == 0
        assert one.run(Job.BILLS).appended == 4

    def test_no_meter_of_usage(self) -> None:
        """There are no automatic recharges, and whoever switched them on is told."""
        one = office(acme(automatic=True))
        report = attrs.evolve(one.charging, usage=None).pursue("acme", Job.RECHARGES)
        assert (report.appended, notices(report)) == (0, ["no_meter"])

    @pytest.mark.parametrize("fault", [{"before": OSError("no")}, {"answer": None}, {"answer": 7}])
    def test_a_meter_of_usage_that_fails(self, fault: dict[str, Any]) -> None:
        """Or answers what is no usage."""
        one = office(acme(automatic=True))
        one.meters.spoil("usage", **fault)
        report = one.run(Job.RECHARGES)
        assert (report.appended, notices(report)) == (0, ["usage_unknown"])
        assert one.run(Job.RECHARGES).appended == 4

    def test_usage_of_another_currency(self) -> None:
        """Is a failure of the account, not compared."""
        one = office(acme(automatic=True))
        one.meters.drawn = Money.zero("EUR")
        assert notices(one.run(Job.RECHARGES)) == ["usage_unknown"]

    def test_a_limit_is_a_notice(self) -> None:
        """Of a recharge that is needed and not made."""
        one = office(acme(automatic=True))
        one.meters.watermark = datetime.datetime(2026, 12, 9, tzinfo=UTC)
        assert notices(one.run(Job.RECHARGES)) == ["usage_not_current"]


class TestFun9News:
    """What an answer means for people stands in the report of the run that heard it."""

    def test_every_source_declined(self) -> None:
        """A service stays owed; minutes do not, as nobody got them. It is said once."""
        one = ordered(account=acme(source("card", Behavior.DECLINES), source("reserve", Behavior.DECLINES)))
        one.charging.change("acme", buy())
        said = one.run().notices
        assert [(told.code, told.text) for told in said] == [
            ("charge_failed", f"no source paid for {SERVICE} (insufficient_funds); 20.00 USD is owed for it"),
            ("charge_failed", f"no source paid for {MINUTES} (insufficient_funds); nothing is owed for it"),
        ]
        assert notices(one.run(hours=4)) == []

    def test_no_source_could_be_tried(self) -> None:
        """Likewise, as soon as it is planned."""
        declines = source("card", Behavior.DECLINES)
        one = bill_office(funding=Funding((declines,)))
        one.charging.change("acme", buy(on=FIRST.date()))
        assert notices(one.run()) == ["charge_failed"]
        assert notices(one.run(Job.BILLS)) == ["charge_failed"]

    def test_it_was_called_off(self) -> None:
        """That is no news to whoever did it."""
        one = office()
        one.charging.change("acme", buy())
        one.desk.spoil("capture", before=TimeoutError())
        one.run()
        one.charging.call_off(MINUTES, by="dana")
        assert notices(one.run(minutes=1)) == []
        assert one.standing.charges == ()

    def test_another_amount_is_captured(self) -> None:
        """Once, when it is recorded."""
        one = ordered(account=acme(source("card", Behavior.PAYS_LESS), RESERVE))
        (told,) = one.run().notices
        assert told.code == "captured_otherwise"
        assert (
            told.text
            == f"19.00 USD was captured for {SERVICE}, and not 20.00 USD; the next bill settles the difference"
        )
        assert one.run(days=1).notices == ()
        one.charging.change("acme", buy(on=one.standing.local_day(one.clock())))
        (told,) = one.run().notices
        assert told.text == f"99.00 USD was captured for {MINUTES}, and not 100.00 USD; as many minutes are there"

    def test_a_debit_is_taken_back(self) -> None:
        """With the bank's reason."""
        one = ordered(account=acme(bank(Behavior.TAKES_BACK), RESERVE))
        one.run()
        one.run(hours=3)
        (told,) = one.run(days=2).notices
        assert (told.code, told.text) == ("returned", f"the bank has taken back what was paid for {SERVICE} (R01)")


# --- the provider -------------------------------------------------------------------------------------------------

ODD = [TimeoutError(), ConnectionResetError("reset"), RuntimeError("500"), KeyError("id"), OutcomeUnknown("no answer")]


class TestFun9Calls:
    """What an error says for certain is believed; after any other nothing is known, and nothing else is charged."""

    @pytest.mark.parametrize("error", ODD)
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_capture_whose_answer_is_lost(self, error: Exception, when: str) -> None:
        """Whether it took effect or not, it is found out and charged once."""
        one = ordered()
        one.desk.lose("capture", when, error)
        one.run()
        assert one.facts == [*BEGUN, "Prepared", "Unknown"]
        assert one.run(seconds=59).appended == 0
        one.run(seconds=1)
        assert one.agrees()
        assert one.captured == {SERVICE: [2_000]}

    @pytest.mark.parametrize("error", ODD)
    def test_a_prepare_whose_answer_is_lost(self, error: Exception) -> None:
        """No money moves by it: nothing is recorded, and the next run makes another object."""
        one = ordered()
        one.desk.spoil("prepare", after=error)
        report = one.run()
        assert (notices(report), one.facts) == (["outcome_unknown"], BEGUN)
        assert str(report.notices[0]).startswith(
            f"acme: {SERVICE} waits for the next run: the provider's answer is not"
        )
        one.run()
        assert one.agrees()
        assert len(one.desk.provider.made) == 2

    @pytest.mark.parametrize("answer", [None, "", " ", "r" * 201, 7])
    def test_an_object_without_a_usable_id(self, answer: object) -> None:
        """Is not one."""
        one = ordered()
        one.desk.spoil("prepare", answer=answer)
        assert notices(one.run()) == ["outcome_unknown"]
        one.run()
        assert one.agrees()

    @pytest.mark.parametrize("answer", [None, "succeeded", 7, Succeeded])
    def test_an_answer_that_is_none(self, answer: object) -> None:
        """Says nothing."""
        one = ordered()
        one.desk.spoil("capture", answer=answer)
        one.run()
        assert one.facts[-1] == "Unknown"
        one.run(minutes=1)
        assert one.agrees()

    @pytest.mark.parametrize("act", ["prepare", "capture"])
    def test_refused_before_any_byte(self, act: str) -> None:
        """The same reference again in the next run; no attempt is counted, no other source tried."""
        one = ordered()
        one.desk.spoil(act, times=3, before=NotSent("429"))
        for _ in range(3):
            assert notices(one.run()) == ["not_sent"]
        one.run()
        assert [made.reference for made in one.desk.provider.made] == ["acme/service/1/1"]
        assert one.agrees()

    def test_one_that_waits_holds_up_no_other(self) -> None:
        """The account's other charges are made in the same run."""
        one = ordered()
        one.charging.change("acme", buy())
        one.desk.spoil("prepare", before=NotSent("429"))
        assert notices(one.run()) == ["not_sent"]
        assert one.captured == {MINUTES: [10_000]}
        one.run()
        assert one.captured == {MINUTES: [10_000], SERVICE: [2_000]}

    @pytest.mark.parametrize("act", ["retrieve", "void"])
    def test_a_look_that_was_not_sent(self, act: str) -> None:
        """It is made again in the next run; no state has begun by it."""
        one = ordered(account=acme(source("card", Behavior.DECLINES), RESERVE))
        if act == "retrieve":
            one.desk.spoil("capture", after=TimeoutError())
        one.desk.spoil(act, before=NotSent("503"))
        one.run()
        one.run(minutes=1)
        one.run()
        assert one.captured == {SERVICE: [2_000]}
        assert one.agrees()

    @pytest.mark.parametrize("act", ["prepare", "capture"])
    def test_a_rejected_request(self, act: str) -> None:
        """Is no decline: the charge stops for a person, and no other source meets the same."""
        one = ordered()
        one.desk.spoil(act, before=RequestRejected("parameters differ"))
        one.run()
        assert one.facts[-1] == "Halted"
        assert one.run(days=30).appended == 0

    @pytest.mark.parametrize("act", ["retrieve", "void"])
    def test_a_rejected_look(self, act: str) -> None:
        """Likewise."""
        one = ordered(account=acme(source("card", Behavior.DECLINES), RESERVE))
        if act == "retrieve":
            one.desk.spoil("capture", before=TimeoutError())
        one.desk.spoil(act, before=RequestRejected("401"))
        one.run()
        one.run(minutes=1)
        assert one.facts[-1] == "Halted"

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("x" * 500, "the provider rejected the request: " + "x" * 165),
            ("two\nlines\tand\x00more ", "the provider rejected the request: two lines and more"),
            ("4111 1111 1111 1111", "the provider rejected the request: what was said of it may hold a card number"),
        ],
    )
    def test_whatever_it_says_the_charge_stops(self, said: str, reason: str) -> None:
        """Although not every text may be kept."""
        one = ordered()
        one.desk.spoil("capture", before=RequestRejected(said))
        one.run()
        charge = one.charge(SERVICE)
        assert charge is not None
        assert (charge.state, charge.reason) == (State.NEEDS_REVIEW, reason)

    @pytest.mark.parametrize("error", [NotSent("503"), OutcomeUnknown("reset"), OSError()])
    def test_watching_a_debit_fails(self, error: Exception) -> None:
        """It stays paid; the look is made again in the next run, also the last one of all."""
        one = ordered(account=acme(bank(Behavior.PAYS), RESERVE))
        one.run()
        one.desk.spoil("retrieve", before=error)
        report = one.run(days=90)
        assert (report.appended, len(report.notices), one.facts[-1]) == (0, 1, "Succeeded")
        one.desk.spoil("retrieve", answer=Returned("R01"))
        one.run()
        assert one.facts[-4:] == ["Returned", "Planned", "Prepared", "Succeeded"]

    def test_a_debit_that_cannot_be_watched(self) -> None:
        """It stays paid; each look is told and counted, so that an end comes of them."""
        one = ordered(account=acme(bank(Behavior.PAYS), RESERVE))
        one.run()
        one.desk.spoil("retrieve", times=99, before=RequestRejected("404"))
        told = [notices(one.run(days=1)) for _ in range(95)]
        assert told[:14] == [["request_rejected"]] * 14
        assert sum(map(len, told)) == 25
        assert (one.standing.charges, one.agrees()) == ((), True)

    def test_a_card_paid_and_taken_back(self) -> None:
        """Before the payment could be recorded: a person decides, and what they say is carried out."""
        one = ordered()
        one.desk.spoil("capture", before=TimeoutError())
        one.desk.spoil("retrieve", answer=Returned("fraudulent"))
        one.run()
        one.run(minutes=1)
        charge = one.charge(SERVICE)
        assert charge is not None
        assert charge.reason == "the provider says it was paid by card and taken back (fraudulent)"
        assert one.cleared == 0

    def test_a_debit_taken_back_that_the_account_has_forgotten(self) -> None:
        """It was owed for more than a year before it was paid, and came back two months after that."""
        one = ordered(account=acme(source("card", Behavior.DECLINES)))
        one.run()
        for _ in range(14):
            one.run(Job.BILLS, days=30)
        one.charging.change(
            "acme", AddSource(on=one.standing.local_day(one.clock()), by=BOSS, source=bank(Behavior.PAYS))
        )
        one.run(days=1)
        assert one.captured[SERVICE] == [2_000]
        one.run(Job.BILLS, days=31)
        assert all(intent.id != SERVICE for intent in one.standing.account.settled)
        one.desk.spoil("retrieve", answer=Returned("R01"))
        assert "returned" in notices(one.run(days=1))
        assert one.charge(SERVICE) is not None
        assert one.standing.account.past_due_since is not None

    def test_what_cannot_be_recorded_of_a_payment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is told, stops no other charge, and is asked about again."""

        def refuse(*_: object) -> None:
            raise InvalidValue("intent", "is odd")

        one = ordered(account=acme(bank(Behavior.PAYS), RESERVE))
        one.run()
        one.charging.change("acme", buy())
        one.desk.spoil("retrieve", answer=Returned("R01"))
        with monkeypatch.context() as patched:
            patched.setattr("licensebill.charges._returned", refuse)
            (told,) = one.run(days=1).notices
        assert (told.code, told.text) == (
            "not_recorded",
            f"what the provider says of {SERVICE} cannot be recorded: intent: is odd",
        )
        assert one.captured[MINUTES] == [10_000]
        one.desk.spoil("retrieve", answer=Returned("R01"))
        assert notices(one.run()) == ["returned"]

    def test_what_a_provider_says_is_cleaned(self) -> None:
        """Neither a card number nor what writes to a terminal gets into a notice; a reason may even be no text."""

        class Reason:
            def __str__(self) -> str:
                raise KeyError("no")

        one = ordered()
        for reason, said in (
            ("card 4111 1111 1111 1111", "what was said of it may hold a card number"),
            ("\x1b[31mred", "[31mred"),
            (Reason(), "KeyError"),
        ):
            one.desk.spoil("prepare", before=NotSent(reason))  # type: ignore[arg-type]
            (told,) = one.run().notices
            assert said in told.text
            assert "4111" not in told.text

    def test_an_id_of_an_object_is_no_card_number(self) -> None:
        """It would be stored."""
        one = ordered()
        one.desk.spoil("prepare", answer="4111111111111111")
        assert notices(one.run()) == ["outcome_unknown"]
        assert one.facts == BEGUN

    @pytest.mark.parametrize("captured", [0, -5_000_000])
    def test_nothing_captured_is_no_success(self, captured: int) -> None:
        """Nor less than nothing."""
        for build in (
            lambda: Succeeded(Money(captured, "USD")),
            lambda: Resolved(
                intent=SERVICE,
                attempt=1,
                decision=Decision.CAPTURED,
                by="dana",
                note="x",
                captured=Money(captured, "USD"),
            ),
        ):
            with pytest.raises(InvalidValue, match=r"^captured: must be above zero"):
                build()

    def test_what_is_derived_from_an_outcome_is_none(self) -> None:
        """No table knows it: what became of the charge is not known."""

        class Mine(Succeeded):
            pass

        one = ordered()
        one.desk.spoil("capture", answer=Mine(usd("20.00")))
        one.run()
        assert one.facts[-1] == "Unknown"

    def test_an_answer_in_another_currency(self) -> None:
        """Cannot be settled: a person has to look at it, and nothing else is charged."""
        one = ordered()
        one.desk.spoil("capture", answer=Succeeded(Money.parse("20.00", "EUR")))
        one.run()
        charge = one.charge(SERVICE)
        assert charge is not None
        assert charge.state is State.NEEDS_REVIEW
        assert "EUR" in charge.reason
        assert one.run(days=30).appended == 0

    def test_what_is_odd_about_a_debit_that_is_paid(self) -> None:
        """A declined one that was paid before tells nothing."""
        one = ordered(account=acme(bank(Behavior.PAYS), RESERVE))
        one.run()
        one.desk.spoil("retrieve", answer=SOFT)
        one.run(days=1)
        assert (one.facts[-1], one.agrees()) == ("Unknown", True)

    def test_the_second_of_two_objects_is_never_captured(self) -> None:
        """Another worker journaled one meanwhile; this one's is forgotten."""
        one = ordered()
        one.desk.spoil("prepare", first=lambda: one.elsewhere().pursue("acme", Job.SETTLE))
        one.run()
        assert len(one.desk.provider.made) == 2
        assert one.facts == [*BEGUN, "Prepared", "Succeeded"]
        assert one.agrees()

    def test_an_answer_learned_after_others_wrote(self) -> None:
        """It is recorded all the same, as long as it is news."""
        one = ordered()
        one.shop.spoil("append")
        one.shop.spoil("append", first=lambda: one.elsewhere().change("acme", AddUser(on=TENTH, user=User(id="new"))))
        one.run()
        assert one.facts == [*BEGUN, "Prepared", "Changed", "Succeeded"]
        assert one.agrees()

    def test_a_conflict_without_growth_is_no_endless_loop(self) -> None:
        """Neither for a fact nor for a decision."""
        one = ordered()
        one.shop.spoil("append", before=VersionConflict("acme", 3))
        assert isinstance(one.charging.pursue("acme", Job.SETTLE).failure, StoreUnavailable)
        two = bill_office()
        two.shop.spoil("append", before=VersionConflict("acme", 1))
        assert isinstance(two.charging.pursue("acme", Job.BILLS).failure, StoreUnavailable)

    def test_a_decision_is_made_again_after_a_conflict(self) -> None:
        """By another worker's, it is not needed any more."""
        one = bill_office()
        one.shop.spoil("append", first=lambda: one.elsewhere().pursue("acme", Job.BILLS))
        assert one.run(Job.BILLS).appended == 0
        assert one.agrees()

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("number", range(4))
    def test_any_append_that_fails(self, when: str, number: int) -> None:
        """Stops the run of the account with an error; the next one reads first, and nothing is charged twice."""
        one = bill_office()
        for _ in range(number):
            one.shop.spoil("append")
        one.shop.lose("append", when, OSError("disk full"))
        report = one.charging.pursue("acme", Job.BILLS)
        assert isinstance(report.failure, StoreUnavailable) is (number < 3)
        one.run(Job.BILLS)
        one.run(minutes=1)
        assert one.captured == {BILL: [3_000]}
        assert one.agrees()


# --- hints and previews -------------------------------------------------------------------------------------------


class TestLooks:
    """A web-hook is a hint: the provider is asked, and only what it answers counts."""

    def test_news(self) -> None:
        """It is recorded at once, before the schedule would ask."""
        one = ordered(account=acme(bank(), RESERVE))
        one.run()
        one.clock.go(hours=3)
        report = one.charging.look(SERVICE)
        assert (report.appended, one.facts[-1], one.agrees()) == (1, "Succeeded", True)
        assert report.standing == one.standing

    def test_duplicated_reordered_or_forged(self) -> None:
        """The answer is the same however often it is asked for, and written once."""
        one = ordered(account=acme(bank(), RESERVE))
        one.run()
        assert [one.charging.look(SERVICE).appended for _ in range(3)] == [0, 0, 0]
        one.clock.go(hours=3)
        assert [one.charging.look(SERVICE).appended for _ in range(3)] == [1, 0, 0]
        assert one.agrees()
        assert one.standing.transactions == 1

    def test_about_what_is_paid_for_good(self) -> None:
        """Nobody watches it any more, so that a dispute of it is for a person to see to."""
        one = ordered()
        one.run()
        (told,) = one.charging.look(SERVICE).notices
        assert (told.code, told.text.partition(";")[0]) == ("not_watched", f"{SERVICE} is paid and no longer watched")
        assert one.charging.look(MINUTES).notices == ()

    def test_about_what_is_declined(self) -> None:
        """It is to be voided before anything else: the next run does so at once."""
        one = ordered(account=acme(source("card", Behavior.DECLINES), RESERVE))
        one.crash("void", "before")
        assert one.charging.look(SERVICE).appended == 0
        one.run()
        assert (one.facts[-3:], one.agrees()) == (["Voided", "Prepared", "Succeeded"], True)

    @pytest.mark.parametrize("intent", [SERVICE, MINUTES, "acme/odd"])
    def test_about_nothing_that_is_under_way(self, intent: str) -> None:
        """Nothing is asked: it is planned, done with, or was never there."""
        one = ordered()
        assert one.charging.look(intent).appended == 0
        assert one.desk.calls == []

    def test_about_what_is_prepared(self) -> None:
        """The next run captures it; a hint does not delay it."""
        one = ordered()
        one.desk.spoil("capture", before=NotSent("busy"))
        one.run()
        assert (one.charging.look(SERVICE).appended, one.desk.calls) == (0, ["prepare", "capture"])
        one.run()
        assert one.agrees()

    def test_about_what_waits_for_a_person(self) -> None:
        """It is left to them."""
        one = TestResolving.halted()
        assert one.charging.look(SERVICE).appended == 0
        assert one.desk.calls == ["prepare", "capture"]

    def test_when_the_store_or_the_account_is_not_there(self) -> None:
        """The report says so."""
        one = ordered()
        one.shop.spoil("load", before=OSError("disk"))
        assert isinstance(one.charging.look(SERVICE).failure, StoreUnavailable)
        assert isinstance(one.charging.look("nobody/bill/1").failure, UnknownAccount)

    def test_when_the_provider_does_not_answer(self) -> None:
        """A notice."""
        one = ordered(account=acme(bank(), RESERVE))
        one.run()
        one.desk.spoil("retrieve", before=NotSent("503"))
        assert notices(one.charging.look(SERVICE)) == ["not_sent"]


class TestPreviews:
    """What a run would do, as far as it is certain before the provider is asked; nothing is done."""

    def test_a_bill(self) -> None:
        """The draft of its events and the first question to the provider."""
        one = bill_office()
        first, second = one.charging.preview("acme", Job.BILLS)
        draft, ask = first.step, second.step
        assert isinstance(draft, Draft)
        assert isinstance(ask, Ask)
        assert first.is_certain
        assert second.is_certain
        assert (ask.act, ask.request.reference, ask.request.amount) == (Act.PREPARE, "acme/bill/12/1", usd("30.00"))
        assert (one.facts, one.desk.calls) == (["Opened"], [])
        one.run(Job.BILLS)
        assert one.shop.memory.load("acme").events[1:3] == draft.events
        assert one.charging.preview("acme", Job.BILLS) == ()

    def test_what_is_under_way_and_a_notice(self) -> None:
        """Each once."""
        one = office(acme(automatic=True))
        one.charging.change("acme", order())
        one.charging.change("acme", buy())
        one.meters.spoil("usage", before=OSError())
        steps = [foreseen.step for foreseen in one.charging.preview("acme", Job.RECHARGES)]
        assert [step.charge.intent.id for step in steps if isinstance(step, Ask)] == [SERVICE, MINUTES]
        assert [step.code for step in steps if isinstance(step, Notice)] == ["usage_unknown"]

    def test_what_an_answer_may_change(self) -> None:
        """Minutes under way may make a recharge needless: its plan is not certain, and the run makes none."""
        one = office(acme(automatic=True))
        one.charging.change("acme", buy())
        asked, planned, then = one.charging.preview("acme", Job.RECHARGES)
        assert [foreseen.is_certain for foreseen in (asked, planned, then)] == [True, False, False]
        assert isinstance(planned.step, Draft)
        one.run(Job.RECHARGES)
        assert one.captured == {MINUTES: [10_000]}

    def test_nothing(self) -> None:
        """An account at rest."""
        assert office().charging.preview("acme", Job.SETTLE) == ()
        with pytest.raises(UnknownAccount):
            office().charging.preview("nobody", Job.SETTLE)


# --- snapshots ----------------------------------------------------------------------------------------------------


class TestSnapshots:
    """What a stream adds up to is kept every fifty events, as a cache that may be lost at any time."""

    @staticmethod
    def grown(events: int) -> tuple[Office, CachingShop]:
        """An office whose stream has so many events before the run."""
        shop = CachingShop()
        one = office(shop=shop)
        for number in range(events - 1):
            one.charging.change("acme", AddUser(on=TENTH, user=User(id=f"u{number}")))
        shop.calls.clear()
        return one, shop

    @pytest.mark.parametrize(("events", "is_kept"), [(49, False), (50, True), (51, True)])
    def test_every_fifty_events(self, events: int, is_kept: bool) -> None:
        """Counted from the one before."""
        assert SNAPSHOT_EVERY == 50
        one, shop = self.grown(events)
        one.run()
        assert ("save_snapshot" in shop.calls) is is_kept
        kept = shop.memory.load_snapshot("acme")
        assert kept == (one.standing if is_kept else None)
        shop.calls.clear()
        for number in range(49):
            one.charging.change("acme", AddUser(on=TENTH, user=User(id=f"v{number}")))
        one.run()
        assert ("save_snapshot" in shop.calls) is not is_kept

    def test_only_later_events_are_read(self) -> None:
        """And the standing is the same."""
        one, shop = self.grown(60)
        one.run()
        one.charging.change("acme", order())
        whole = Charging(store=shop.memory, gateway=one.desk, clock=one.clock).standing("acme")
        assert one.standing == whole
        one.run()
        assert one.agrees()

    @pytest.mark.parametrize("name", ["load_snapshot", "save_snapshot"])
    def test_a_cache_that_fails(self, name: str) -> None:
        """Does no harm."""
        one, shop = self.grown(60)
        one.charging.change("acme", order())
        shop.spoil(name, times=9, before=OSError("disk full"))
        assert one.run().failure is None
        assert one.agrees()

    def test_a_stream_that_is_older_than_what_is_kept(self) -> None:
        """It was put back to an earlier time, or an old copy was read: nothing is charged on it."""
        one, shop = self.grown(60)
        one.run()
        shop.spoil("load", answer=Stream((), 59))
        failure = one.charging.pursue("acme", Job.SETTLE).failure
        assert str(failure) == (
            "the store is not available: the stream is at 59, and 60 events of it are known: an old copy was read, or "
            "it was put back to an earlier time and snapshots were left"
        )
        assert one.desk.calls == []

    def test_a_store_without_snapshots(self) -> None:
        """Is read from the beginning."""
        one = office()
        for number in range(60):
            one.charging.change("acme", AddUser(on=TENTH, user=User(id=f"u{number}")))
        assert one.run().failure is None


# --- time ---------------------------------------------------------------------------------------------------------


class TestClock:
    """A clock that goes wrong plans nothing new, and nothing twice."""

    @pytest.mark.parametrize("hours", [-1, -30, -24 * 400])
    def test_it_goes_back(self, hours: int) -> None:
        """What is under way goes on; events stand still in time."""
        one = bill_office(automatic=AutomaticRecharge(buy().authorization))
        one.charging.change("acme", AddUser(on=FIRST.date(), user=User(id="new")))
        one.clock.go(hours=hours)
        for job in Job:
            assert one.run(job).appended == 0
        one.charging.change("acme", buy(on=FIRST.date()))
        one.run()
        assert one.agrees()
        assert one.captured == {MINUTES: [10_000]}
        assert one.shop.memory.load("acme").events[-1].at == FIRST

    def test_it_is_30_hours_ahead_and_set_right(self) -> None:
        """The month that was billed early is not billed again."""
        one = office(at=datetime.datetime(2026, 12, 30, 22, tzinfo=UTC))
        one.run(Job.BILLS, hours=30)
        assert one.captured == {"acme/bill/13": [3_000]}
        one.clock.go(hours=-30)
        for _ in range(10):
            one.run(Job.BILLS, hours=10)
        assert one.captured == {"acme/bill/13": [3_000]}

    def test_it_is_in_any_zone(self) -> None:
        """The instants kept are the same."""
        one = ordered()
        one.clock.now = NOON.astimezone(datetime.timezone(timedelta(hours=-5)))
        one.run()
        assert {event.at.tzinfo for event in one.shop.memory.load("acme").events} == {UTC}


def test_reports_and_errors_say_what_they_are() -> None:
    """A report of an account holds its figures and nothing else."""
    assert issubclass(UnsafeGateway, ChargeFailure)
    assert Report(account="acme", standing=None).notices == ()
