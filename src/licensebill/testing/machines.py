"""A Hypothesis state machine that charges an account, with a store and a gateway of yours, while everything goes wrong.

Subclass `ChargingMachine`, say how the store and the gateway are opened, with which sources, and what the provider's
own record says. Hypothesis looks for a course of purchases, runs, pauses and faults after which ledger and record
disagree, and shows the shortest that it finds:

    class MyMachine(ChargingMachine):
        def open_store(self): ...
        def open_gateway(self): ...
        def sources(self): ...
        def captured(self): ...

    TestMyMachine = MyMachine.TestCase

The faults are those of `faults`, between charging and what is yours: crashes, lost and late calls, conflicts, refusals.
What your store and gateway do by themselves is checked by the suites in `stores` and `gateways`; this shows that
charging comes out even with them. It needs Hypothesis (the extra `testing`).
"""

import contextlib
import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, timedelta

from licensebill._extras import extra

with extra("testing"):
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensebill.accounts import Account, Change, begin
from licensebill.changes import MakePrimary, OrderService, PurchaseMinutes
from licensebill.charges import Standing, State, folded
from licensebill.charging import Charging, Job
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.events import Book, Decision
from licensebill.funding import Funding, Source
from licensebill.minutes import AutomaticRecharge
from licensebill.money import Money, total
from licensebill.people import Authorization, Person
from licensebill.protocols import Store, StoreUnavailable, TwoPhaseGateway, Usage
from licensebill.readings import Reading
from licensebill.terms import Purpose
from licensebill.testing.faults import Crash, FaultyGateway, FaultyStore, Schedule
from licensebill.usage import UsageHistory

_DANA = "dana"
_ACCEPTED = Authorization(Person("Dana", "Reyes"), accepted=True)
_AT_REST = frozenset({State.SUCCEEDED, State.FAILED})
_PAUSE = timedelta(hours=12)
_UNSAID = "a machine of one's own says this"


class _Meters:
    """So much is stored, and so much has been used."""

    def __init__(self, clock: Callable[[], datetime.datetime]) -> None:
        self.clock = clock
        self.drawn: Money = Money.zero("USD")

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002 - there is one
        start = datetime.datetime.combine(until.date(), datetime.time(), UTC)
        return [Reading(bytes=500_000_000, at=start - timedelta(days=back), source="meter") for back in range(40)]

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002 - see above
        day, now = window.start, self.clock()
        history = UsageHistory.of([(day, "call", Money.parse("90.00", "USD"))], currency="USD")
        return Usage(history=history, drawn=self.drawn, watermark=now)


class ChargingMachine(RuleBasedStateMachine):
    """An account is charged over weeks; no charge is made twice, and in the end the ledger is the provider's record."""

    #: When it begins, and of how many calls one fails.
    START: datetime.datetime = datetime.datetime(2026, 11, 28, 12, tzinfo=UTC)
    ONE_IN: int = 5
    #: So long after the last fault all must have come to rest; longer where banks take back later.
    PATIENCE: timedelta = timedelta(days=30)

    def open_store(self) -> Store:
        """An empty store, once for each course."""
        raise TypeError(_UNSAID)

    def open_gateway(self) -> TwoPhaseGateway:
        """A gateway to an account at the provider, once for each course; one by key wrapped with `keyed`.

        `self.clock` tells the time, for both and for the provider.
        """
        raise TypeError(_UNSAID)

    def sources(self) -> Sequence[Source]:
        """Of the account, the primary first."""
        raise TypeError(_UNSAID)

    def captured(self) -> Iterable[tuple[str, Money]]:
        """What stands captured in the provider's own record: the reference and the amount of each, in US dollars."""
        raise TypeError(_UNSAID)

    def passed(self) -> None:
        """Time has passed: for providers that do not ask `clock`."""

    def clock(self) -> datetime.datetime:
        """The present instant."""
        return self.now

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime.datetime = self.START
        self.changes: int = 0
        self.schedule: Schedule = Schedule()
        self.meters: _Meters = _Meters(self.clock)
        self.charging: Charging
        self.calm: Charging

    @initialize(seed=st.integers(0, 99_999))
    def begin_account(self, seed: int) -> None:
        """With automatic recharge, and a schedule of faults."""
        self.schedule = Schedule.seeded(seed, one_in=self.ONE_IN)
        store, gateway = self.open_store(), self.open_gateway()
        self.calm = self._charging(store, gateway)
        self.charging = self._charging(FaultyStore(store, self.schedule), FaultyGateway(gateway, self.schedule))
        account = Account(
            id="acme",
            began=self.now.date().replace(day=1),
            today=self.now.date(),
            administrator=_DANA,
            funding=Funding(tuple(self.sources())),
            balance=Money.parse("92.00", "USD"),
            automatic=AutomaticRecharge(_ACCEPTED),
        )
        self.calm.open(begin(account))

    def _charging(self, store: Store, gateway: TwoPhaseGateway) -> Charging:
        return Charging(store=store, gateway=gateway, clock=self.clock, usage=self.meters, storage=self.meters)

    # --- what people do -----------------------------------------------------------------------------------------------

    @rule(amount=st.sampled_from(["100.00", "250.00"]))
    def buy_minutes(self, amount: str) -> None:
        """By hand; refused while others are being paid."""
        money = Money.parse(amount, "USD")
        self._ask(PurchaseMinutes(on=self._today, by=_DANA, amount=money, authorization=_ACCEPTED))

    @rule()
    def order_service(self) -> None:
        """Owed from acceptance."""
        price = Money.parse("20.00", "USD")
        approved = Person("Ada", "Lovelace")
        self._ask(
            OrderService(
                on=self._today, by=_DANA, name="Training", price=price, approved_by=approved, authorization=_ACCEPTED
            )
        )

    @rule(position=st.integers(0, 5))
    def swap_sources(self, position: int) -> None:
        """Another primary."""
        sources = self.sources()
        self._ask(MakePrimary(on=self._today, by=_DANA, source=sources[position % len(sources)].id))

    @rule(position=st.integers(0, 5))
    def call_off(self, position: int) -> None:
        """Minutes that are not captured yet."""
        charges = self._standing.charges
        if charges:
            with contextlib.suppress(Crash, StoreUnavailable, InvalidValue):
                self.charging.call_off(charges[position % len(charges)].intent.id, by=_DANA)

    def _ask(self, change: Change) -> None:
        """Twice if it is not known whether it was recorded; its own id makes one of the two."""
        self.changes += 1
        for _ in range(2):
            with contextlib.suppress(Crash, StoreUnavailable, RuleViolation, InvalidValue):
                self.charging.change("acme", change, event=f"change-{self.changes}")

    # --- time, and runs -----------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 4, 24]), used=st.integers(0, 90))
    def time_passes(self, hours: int, used: int) -> None:
        """And so many dollars are used."""
        self.meters.drawn += Money.parse(f"{used}.00", "USD")
        self._pass(timedelta(hours=hours))

    @rule(job=st.sampled_from(Job))
    def run(self, job: Job) -> None:
        """As far as it comes; a crash is the end of it."""
        with contextlib.suppress(Crash):
            failure = self.charging.pursue("acme", job).failure
            assert failure is None or isinstance(failure, StoreUnavailable), failure

    @rule(days=st.integers(1, 3))
    def days_pass_with_their_runs(self, days: int) -> None:
        """Every four hours."""
        for job in (Job.BILLS, *(Job.RECHARGES,) * 5) * days:
            self.run(job)
            self._pass(timedelta(hours=4))

    @rule()
    def what_is_late_arrives(self) -> None:
        """At the store and the provider."""
        self.schedule.deliver()

    def _pass(self, duration: timedelta) -> None:
        self.now += duration
        self.passed()

    # --- what holds ---------------------------------------------------------------------------------------------------

    @property
    def _today(self) -> datetime.date:
        return self._standing.local_day(self.now)

    @property
    def _standing(self) -> Standing:
        return self.calm.standing("acme")

    @invariant()
    def no_charge_is_made_twice(self) -> None:
        """At the provider, under whatever attempt."""
        made = Counter(reference.rsplit("/", 1)[0] for reference, _ in self.captured())
        assert not made or max(made.values()) == 1, f"charged more than once: {made}"

    @invariant()
    def the_stream_adds_up(self) -> None:
        """What the store gives can be folded, and the books are even."""
        stream = self.calm.store.load("acme")
        standing = folded(stream.events)
        assert (standing.version, standing) == (stream.version, self._standing)
        assert not total((amount for _, amount in standing.books), "USD")

    @invariant()
    def one_recharge_at_most_is_open(self) -> None:
        """However often it runs."""
        recharges = [one for one in self._standing.charges if one.intent.purpose is Purpose.RECHARGE]
        assert sum(one.state not in _AT_REST for one in recharges) <= 1

    def teardown(self) -> None:
        """Nothing fails any more, and time passes until all is settled: the ledger is the provider's record then."""
        if not hasattr(self, "calm"):
            return
        self.schedule.stop()
        end = self.now + self.PATIENCE
        while True:
            self._settle()
            self.no_charge_is_made_twice()
            cleared, captured = self._books()
            if cleared == captured and all(one.state in _AT_REST for one in self._standing.charges):
                return
            assert self.now < end, f"after {self.PATIENCE} the ledger says {cleared}, and the provider {captured}"
            self._pass(_PAUSE)

    def _settle(self) -> None:
        report = self.calm.pursue("acme", Job.SETTLE)
        assert report.failure is None, report.failure
        for charge in self._standing.charges:
            if charge.state is State.NEEDS_REVIEW:
                self.calm.resolve(charge.reference, Decision.ASK_AGAIN, by=_DANA, note="the provider is there again")

    def _books(self) -> tuple[Money, Money]:
        cleared = self._standing.balance_of(Book.CLEARING)
        return cleared, total((amount for _, amount in self.captured()), "USD")
