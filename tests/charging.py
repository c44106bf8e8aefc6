"""Charging to test with: a clock to be turned, accounts whose sources behave, a store and a provider to be spoiled."""

import contextlib
import datetime
from collections.abc import Callable, Sequence
from datetime import UTC, date, timedelta
from typing import Any, TypeVar

import attrs

from licensebill.accounts import Account, Change, begin, funding_of
from licensebill.adapters.memory import Memory
from licensebill.changes import OrderService, PurchaseMinutes
from licensebill.charges import Charge, Standing, State, newly_opened, record
from licensebill.charging import Charging, Job, Report
from licensebill.cycles import Period
from licensebill.events import Answered, Book, Changed, Event, Fact, Opened, Planned, Prepared, Stream, Target
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.keyed import keyed
from licensebill.minutes import AutomaticRecharge
from licensebill.money import Money
from licensebill.outcomes import Outcome
from licensebill.protocols import Capabilities, OutcomeUnknown, Request, Store, TwoPhaseGateway, Usage
from licensebill.readings import Reading
from licensebill.testing.faults import Crash as Crash
from licensebill.testing.worlds import Behavior, Provider
from licensebill.usage import UsageHistory
from tests.examples import ACCEPTED, ADA, BOSS, usd

_T = TypeVar("_T")

NOON = datetime.datetime(2026, 12, 10, 12, tzinfo=UTC)
TENTH = date(2026, 12, 10)
#: What minutes and services cost here.
HUNDRED, TWENTY = usd("100.00"), usd("20.00")
MINUTES, SERVICE, BILL, RECHARGE = "acme/minutes/1", "acme/service/1", "acme/bill/12", "acme/recharge/1"


# --- accounts -----------------------------------------------------------------------------------------------------


def source(name: str, behavior: Behavior = Behavior.PAYS, kind: SourceKind = SourceKind.CARD) -> Source:
    """A source whose token says how it behaves."""
    expiry = Expiry(2039, 12) if kind is SourceKind.CARD else None
    token = f"{name}_{behavior.name.lower()}"
    return Source(id=name, kind=kind, token=token, label=name, last_four="1111", expiry=expiry, holder=ADA)


def bank(behavior: Behavior = Behavior.PAYS_LATER) -> Source:
    """A bank account."""
    return source("bank", behavior, SourceKind.BANK_ACCOUNT)


CARD, RESERVE = source("card"), source("reserve")


def acme(*sources: Source, automatic: bool = False, **changed: Any) -> Account:
    """An account on 10 December with a card and a reserve, or other sources, and 92 dollars of minutes."""
    fields: dict[str, Any] = {
        "id": "acme",
        "began": date(2026, 1, 1),
        "today": TENTH,
        "administrator": BOSS,
        "funding": Funding(sources or (CARD, RESERVE)),
        "balance": usd("92.00"),
        "automatic": AutomaticRecharge(ACCEPTED if automatic else None),
    }
    return begin(Account(**(fields | changed)))


def buy(amount: Money = HUNDRED, on: date = TENTH) -> PurchaseMinutes:
    """Minutes bought by the billing administrator."""
    return PurchaseMinutes(on=on, by=BOSS, amount=amount, authorization=ACCEPTED)


def order(cost: Money = TWENTY, on: date = TENTH) -> OrderService:
    """Training, ordered with approval: owed until it is paid."""
    return OrderService(on=on, by=BOSS, name="Training", price=cost, approved_by=ADA, authorization=ACCEPTED)


# --- what can be spoiled ------------------------------------------------------------------------------------------


@attrs.define
class Clock:
    """A clock that stands still until it is turned."""

    now: datetime.datetime = NOON

    def __call__(self) -> datetime.datetime:
        """The present instant."""
        return self.now

    def go(self, **passed: float) -> None:
        """Turn it."""
        self.now += timedelta(**passed)


_NOTHING = object()


@attrs.frozen(kw_only=True)
class Fault:
    """What happens at one call: something first, an error before or after it, or another answer in its place."""

    first: Callable[[], object] | None = None
    before: BaseException | None = None
    answer: object = _NOTHING
    after: BaseException | None = None


class Spoilable:
    """Something whose calls are counted and can be spoiled, one by one, in the order in which they come."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.faults: dict[str, list[Fault]] = {}
        #: Calls that were lost on their way, and may still arrive.
        self.on_the_way: list[Callable[[], object]] = []

    def spoil(self, name: str, times: int = 1, **fault: Any) -> None:
        """The next call of a name that is not spoiled yet, or the next few."""
        self.faults.setdefault(name, []).extend([Fault(**fault)] * times)

    def lose(self, name: str, when: str, error: BaseException) -> None:
        """The next call fails before it has any effect, or after."""
        self.faults.setdefault(name, []).append(Fault(after=error) if when == "after" else Fault(before=error))

    def _call(self, name: str, call: Callable[[], _T]) -> _T:
        self.calls.append(name)
        waiting = self.faults.get(name, [])
        fault = waiting.pop(0) if waiting else Fault()
        if fault.first is not None:
            fault.first()
        if fault.before is not None:
            if isinstance(fault.before, TimeoutError):
                self.on_the_way.append(call)
            raise fault.before
        answer = call() if fault.answer is _NOTHING else fault.answer
        if fault.after is not None:
            raise fault.after
        return answer  # type: ignore[return-value]


class Shop(Spoilable):
    """A store in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()

    def load(self, account: str, *, after: int = 0) -> Stream:
        """The events beyond a number."""
        return self._call("load", lambda: self.memory.load(account, after=after))

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Add events."""
        return self._call("append", lambda: self.memory.append(account, expected_version, events, wake=wake))

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> Sequence[str]:
        """A page of accounts."""
        return self._call(
            "open_accounts", lambda: self.memory.open_accounts(due_before=due_before, after=after, limit=limit)
        )


class CachingShop(Shop):
    """A store in memory that keeps snapshots."""

    def load_snapshot(self, account: str) -> Standing | None:
        """The latest standing kept."""
        return self._call("load_snapshot", lambda: self.memory.load_snapshot(account))

    def save_snapshot(self, standing: Standing) -> None:
        """Keep a standing."""
        return self._call("save_snapshot", lambda: self.memory.save_snapshot(standing))


class Desk(Spoilable):
    """A provider that is a value, as a gateway: one with two phases, or, wrapped by `keyed`, one that charges by key.

    How a source behaves is told by its token, unless `behaves` says otherwise.
    """

    def __init__(self, clock: Clock, *, is_keyed: bool = False) -> None:
        super().__init__()
        self.clock = clock
        self.provider = Provider(is_keyed)
        self.capabilities: Capabilities = self.provider.capabilities
        self.behaves: dict[str, Behavior] = {}

    def _told(self, request: Request) -> Request:
        behavior = self.behaves.get(request.target.source)
        if behavior is None:
            return request
        token = f"{request.target.source}_{behavior.name.lower()}"
        return attrs.evolve(request, target=attrs.evolve(request.target, token=token))

    def _kept(self, made: tuple[Provider, _T]) -> _T:
        self.provider, answer = made
        return answer

    def prepare(self, request: Request) -> str:
        """Another object."""
        return self._call("prepare", lambda: self._kept(self.provider.prepare(self._told(request))))

    def capture(self, ref: str, request: Request) -> Outcome:  # noqa: ARG002 - the object knows it
        """Charge by an object."""
        return self._call("capture", lambda: self._kept(self.provider.capture(ref, self.clock())))

    def retrieve(self, ref: str) -> Outcome:
        """What has become of it."""
        return self._call("retrieve", lambda: self.provider.retrieve(ref, self.clock()))

    def void(self, ref: str) -> Outcome:
        """Make it uncapturable."""
        return self._call("void", lambda: self._kept(self.provider.void(ref, self.clock())))

    def charge(self, request: Request, key: str) -> Outcome:
        """Charge by key."""
        answer = self._call("charge", lambda: self._kept(self.provider.charge(self._told(request), key, self.clock())))
        if answer is None:
            raise OutcomeUnknown("the error of this key again")
        return answer

    def find(self, reference: str) -> Outcome | None:
        """Look it up."""
        return self._call("find", lambda: self.provider.find(reference, self.clock()))


@attrs.define
class Meters(Spoilable):
    """Both meters: so many bytes stored, and usage of 90 dollars a day on the days named."""

    stored: int = 500_000_000
    days: list[date] = attrs.Factory(lambda: [date(2026, 12, 9)])
    drawn: Money = usd("90.00")
    watermark: datetime.datetime = datetime.datetime(2026, 12, 10, tzinfo=UTC)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002
        """One a day, at the first instant."""
        start = datetime.datetime.combine(until.date(), datetime.time(), UTC)
        days = (start - timedelta(days=back) for back in range(100))
        return self._call("readings", lambda: [Reading(bytes=self.stored, at=at, source="meter") for at in days])

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002
        """What was used."""
        history = UsageHistory.of([(day, "call", usd("90.00")) for day in self.days if day in window], currency="USD")
        return self._call("usage", lambda: Usage(history=history, drawn=self.drawn, watermark=self.watermark))


# --- all together -------------------------------------------------------------------------------------------------


@attrs.define
class Office:
    """An account whose stream has begun, and everything that charges it."""

    clock: Clock
    shop: Shop
    desk: Desk
    meters: Meters
    charging: Charging

    @property
    def standing(self) -> Standing:
        """Where the account stands."""
        return self.charging.standing("acme")

    def charge(self, intent: str) -> Charge | None:
        """A charge that is kept."""
        return self.standing.charge(intent)

    def run(self, job: Job = Job.SETTLE, **passed: float) -> Report:
        """Let time pass, then bring the account as far as it goes; it must not fail."""
        self.clock.go(**passed)
        report = self.charging.pursue("acme", job)
        assert report.failure is None, report.failure
        return report

    def elsewhere(self) -> Charging:
        """The same account in another process, whose store is not spoiled."""
        return attrs.evolve(self.charging, store=self.shop.memory)

    def crash(self, name: str, when: str, job: Job = Job.SETTLE, calls: int = 1) -> None:
        """The worker dies before or after one of the next calls to the store or the provider."""
        one = self.shop if name == "append" else self.desk
        for _ in range(calls - 1):
            one.spoil(name)
        one.lose(name, when, Crash())
        with contextlib.suppress(Crash):
            self.charging.pursue("acme", job)
            raise AssertionError("it did not come to that")

    @property
    def facts(self) -> list[str]:
        """What the stream tells, each fact by its kind, an answer by the outcome's."""
        facts = [event.fact for event in self.shop.memory.load("acme").events]
        return [type(getattr(fact, "outcome", fact)).__name__ for fact in facts]

    @property
    def captured(self) -> dict[str, list[int]]:
        """What stands captured at the provider: cents of each charge."""
        found: dict[str, list[int]] = {}
        for reference, micros in self.desk.provider.captured(self.clock()):
            found.setdefault(reference.rsplit("/", 1)[0], []).append(micros // 10_000)
        return found

    @property
    def cleared(self) -> int:
        """What the ledger says stands captured, in cents."""
        return self.standing.balance_of(Book.CLEARING).minor_units

    def agrees(self) -> bool:
        """Whether the ledger says what the provider says, and no charge is made twice."""
        captured = self.captured.values()
        return self.cleared == sum(map(sum, captured)) and all(len(one) == 1 for one in captured)


def office(
    account: Account | None = None, *, is_keyed: bool = False, shop: Shop | None = None, at: datetime.datetime = NOON
) -> Office:
    """An office whose account is opened."""
    clock, shop, meters = Clock(at), shop or Shop(), Meters()
    desk = Desk(clock, is_keyed=is_keyed)
    gateway: TwoPhaseGateway = keyed(desk, clock) if is_keyed else desk
    store: Store = shop
    charging = Charging(store=store, gateway=gateway, clock=clock, usage=meters, storage=meters)
    charging.open(account or acme())
    return Office(clock=clock, shop=shop, desk=desk, meters=meters, charging=charging)


# --- streams, told fact by fact -----------------------------------------------------------------------------------


@attrs.define
class Story:
    """A stream that is told, and what it adds up to."""

    standing: Standing
    events: list[Event]
    at: datetime.datetime = NOON

    @classmethod
    def of(cls, account: Account | None = None, at: datetime.datetime = NOON) -> "Story":
        """The beginning."""
        event, standing = record(None, Opened(account or acme()), at=at, id="e1")
        return cls(standing, [event], at)

    def tell(self, *facts: Fact, **passed: float) -> "Story":
        """Some time later these facts follow."""
        self.at += timedelta(**passed)
        for fact in facts:
            event, self.standing = record(self.standing, fact, at=self.at, id=f"e{self.standing.version + 1}")
            self.events.append(event)
        return self

    def open(self, change: Change, *sources: Source, **passed: float) -> "Story":
        """A change that opens a charge, which is planned with some sources; without any, with all there are."""
        self.tell(Changed(change), **passed)
        intent = newly_opened(self.standing.charges, self.standing.account)
        assert intent is not None
        held = sources or funding_of(self.standing.account).sources
        return self.tell(Planned(intent=intent.id, targets=tuple(map(Target.of, held))))

    def answer(self, *outcomes: Outcome, intent: str = SERVICE, **passed: float) -> "Story":
        """The provider answers, one answer after the other, about the attempt that stands."""
        self.at += timedelta(**passed)
        for outcome in outcomes:
            charge = self.standing.charge(intent)
            assert charge is not None
            if charge.state is State.PLANNED:
                self.tell(Prepared(intent=intent, attempt=charge.attempt, ref=f"ref-{charge.attempt}"))
            self.tell(Answered(intent=intent, attempt=charge.attempt, outcome=outcome))
        return self

    def charge(self, intent: str = SERVICE) -> Charge:
        """A charge that is kept."""
        charge = self.standing.charge(intent)
        assert charge is not None
        return charge

    @property
    def books(self) -> dict[Book, str]:
        """What has been posted, where it is not nothing."""
        return {book: amount.text for book, amount in self.standing.books if amount}
