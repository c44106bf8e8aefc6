"""Months of accounts with everything going wrong now and then, and the ledger compared with the provider at the end.

    python -m licensebill.testing.simulate --seeds 0:500 --months 10 --json

Each seed is one account with its provider for some months: monthly bills, recharges every four hours, minutes bought by
hand, sources added and swapped, licenses, declines, debits taken back weeks later, crashes, lost replies, requests that
arrive hours late, runs that a scheduler skips or fires twice, another worker in between. The executor is the real one
(`charging.Charging`). Time is walked in its own steps and never jumped. The same seed gives the same course anywhere.

Where `explore` follows every course of a few steps, this follows a few courses of many.
"""

import argparse
import contextlib
import datetime
import functools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, timedelta
from itertools import pairwise
from typing import TypeVar

import attrs

from licensebill._checks import whole
from licensebill.accounts import Account, begin, funding_of
from licensebill.adapters.memory import Memory
from licensebill.changes import (
    AddSource,
    Cancel,
    MakePrimary,
    PurchaseMinutes,
    RemoveSource,
    ReplaceSource,
    SetTotal,
)
from licensebill.charges import PREPAID, Standing, State, folded
from licensebill.charging import Charging, Job, NoRest
from licensebill.cycles import Period
from licensebill.errors import ChargeFailure, LicenseBillError, shown
from licensebill.events import Answered, Book, Decision, Event
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.keyed import keyed
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import AutomaticRecharge
from licensebill.money import MICROS, Money
from licensebill.outcomes import (
    Declined,
    DeclineKind,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Voided,
)
from licensebill.people import Authorization, Person
from licensebill.planning import targets
from licensebill.pricing import PerUnit
from licensebill.protocols import (
    Capabilities,
    LookUp,
    NotSent,
    OutcomeUnknown,
    Request,
    RequestRejected,
    StoreUnavailable,
    TwoPhaseGateway,
    Usage,
)
from licensebill.readings import Reading
from licensebill.terms import STANDARD, Contract, ContractPrice, Dated, Purpose, Tariff
from licensebill.testing._programs import add_processes, divided, number
from licensebill.testing.faults import Crash
from licensebill.usage import UsageHistory

_T = TypeVar("_T")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_START = date(2026, 1, 1)
_ADA = Person("Ada", "Lovelace")
_ACCEPTED = Authorization(_ADA, accepted=True)
_BOSS = "dana"


#: The standard tariff, but that nothing paid is forgotten: at the end it is compared with the provider's record.
_KEEPS_ALL = attrs.evolve(STANDARD, funding=attrs.evolve(STANDARD.funding, settled_days=10_000))


# --- the provider -------------------------------------------------------------------------------------------------


@attrs.define
class _Made:
    """An object of the provider, and its fate: drawn when its capture is first asked for."""

    ref: str
    request: Request
    since: datetime.datetime | None = None
    fate: str = ""
    days: int = 0
    is_voided: bool = False
    refused: datetime.datetime | None = None

    def outcome(self, now: datetime.datetime) -> Outcome:
        if self.is_voided or self.since is None:
            return Voided() if self.is_voided else NotCaptured()
        if self.fate in _DECLINES:
            return _DECLINES[self.fate]
        if self.request.target.kind is SourceKind.BANK_ACCOUNT:
            return self._debit(now - self.since)
        asked, dollar = self.request.amount, Money(MICROS, self.request.amount.currency)
        is_less = self.fate == "less" and asked > dollar  # of nothing there is no capture
        return Succeeded(asked - dollar if is_less else asked)

    def _debit(self, gone: timedelta) -> Outcome:
        if gone < _PENDING:
            return Pending()
        if self.fate == "fails":
            return Declined(kind=DeclineKind.SOFT, code="R01")
        if self.fate in {"R01", "R10"} and gone >= _PENDING + self.days * _DAY:
            return Returned(self.fate)
        return Succeeded(self.request.amount)


_PENDING = 2 * _DAY
_REFUSING = frozenset({"soft", "hard", "fails"})
_DECLINES = {
    "soft": Declined(kind=DeclineKind.SOFT, code="insufficient_funds"),
    "hard": Declined(kind=DeclineKind.HARD, code="stolen_card"),
}
#: What becomes of a charge, of a hundred; in hard times a source refuses as often as it pays.
_FATES = {
    SourceKind.CARD: (("pays", 86), ("soft", 9), ("hard", 2), ("less", 3)),
    SourceKind.BANK_ACCOUNT: (("pays", 84), ("fails", 6), ("R01", 7), ("R10", 3)),
}
_HARD_TIMES = {
    SourceKind.CARD: (("pays", 50), ("soft", 45), ("hard", 1), ("less", 4)),
    SourceKind.BANK_ACCOUNT: (("pays", 40), ("fails", 30), ("R01", 25), ("R10", 5)),
}


@attrs.define
class Provider:
    """A payment provider of both kinds, whose network is not to be relied on."""

    world: "World"
    is_keyed: bool
    made: dict[str, _Made] = attrs.Factory(dict)
    keys: dict[str, tuple[datetime.datetime, str]] = attrs.Factory(dict)
    late: list[tuple[datetime.datetime, Callable[[], object]]] = attrs.Factory(list)
    KEY_WINDOW = timedelta(hours=24)
    IN_FLIGHT = timedelta(hours=6)

    @property
    def capabilities(self) -> Capabilities:
        """What it promises."""
        return Capabilities(
            two_phase=not self.is_keyed,
            void=not self.is_keyed,
            look_up=LookUp.STRONG,
            key_window=self.KEY_WINDOW if self.is_keyed else None,
            in_flight=self.IN_FLIGHT,
            smallest_charges=(Money(500_000, "USD"),),
        )

    # what it does

    def _capture(self, made: _Made) -> Outcome:
        now = self.world.now
        declined = made.since is not None and made.fate in _DECLINES
        if not made.is_voided and (made.since is None or declined):
            made.since = now
            fates = (_HARD_TIMES if self.world.seed % 3 else _FATES)[made.request.target.kind]
            made.fate = self.world.chance.choices([one for one, _ in fates], [weight for _, weight in fates])[0]
            if made.fate in _REFUSING and made.refused is None:
                made.refused = now
            made.days = self.world.chance.choice((0, 0, 1, 5, 12, 40))
        return made.outcome(now)

    def _void(self, made: _Made) -> Outcome:
        if made.since is None or isinstance(made.outcome(self.world.now), Declined):
            made.is_voided = True
        return made.outcome(self.world.now)

    def _prepare(self, request: Request) -> str:
        ref = f"object-{len(self.made) + 1}"
        self.made[ref] = _Made(ref, request)
        return ref

    def _charge(self, request: Request, key: str) -> Outcome:
        known = self.keys.get(key)
        if known is None or self.world.now - known[0] >= self.KEY_WINDOW:
            known = (self.world.now, self._prepare(request))
            self.keys[key] = known
            return self._capture(self.made[known[1]])
        return self.made[known[1]].outcome(self.world.now)

    def _find(self, reference: str) -> Outcome | None:
        found = [one.outcome(self.world.now) for one in self.made.values() if one.request.reference == reference]
        return next((one for one in found if isinstance(one, Succeeded | Pending)), found[-1] if found else None)

    # how it is reached

    def prepare(self, request: Request) -> str:
        """Another object, at each request."""
        return self._reached(lambda: self._prepare(request))

    def capture(self, ref: str, request: Request) -> Outcome:  # noqa: ARG002 - the object knows it
        """Charge by an object."""
        return self._reached(lambda: self._capture(self.made[ref]))

    def retrieve(self, ref: str) -> Outcome:
        """What has become of it."""
        return self._reached(lambda: self.made[ref].outcome(self.world.now))

    def void(self, ref: str) -> Outcome:
        """Make it uncapturable."""
        return self._reached(lambda: self._void(self.made[ref]))

    def charge(self, request: Request, key: str) -> Outcome:
        """Charge by key."""
        return self._reached(lambda: self._charge(request, key))

    def find(self, reference: str) -> Outcome | None:
        """Look it up."""
        return self._reached(lambda: self._find(reference))

    def _reached(self, effect: Callable[[], _T]) -> _T:
        self.deliver()
        if self.world.is_down():
            raise OutcomeUnknown("timed out")
        fault = self.world.fault()
        if fault == "crash before":
            raise Crash
        if fault == "not sent":
            raise NotSent("429")
        if fault == "rejected":
            raise RequestRejected("401")
        if fault in {"never arrives", "late"}:
            if fault == "late":
                self.late.append((self.world.now + self.world.chance.randint(1, 5) * _HOUR, effect))
            raise OutcomeUnknown("timed out")
        answer = effect()
        if fault == "crash after":
            raise Crash
        if fault == "reply lost":
            raise OutcomeUnknown("connection reset")
        if fault == "another worker":
            self.world.other_worker()
        return answer

    def deliver(self) -> None:
        """What was under way has arrived, each request at its own time."""
        now, due = self.world.now, [one for one in self.late if one[0] <= self.world.now]
        self.late = [one for one in self.late if one[0] > self.world.now]
        for self.world.now, effect in sorted(due, key=lambda one: one[0]):
            effect()
        self.world.now = now

    # its own record

    def captured(self) -> dict[str, list[Money]]:
        """What stands captured, by the charge it is for."""
        found: dict[str, list[Money]] = {}
        for made in self.made.values():
            outcome = made.outcome(self.world.now)
            if isinstance(outcome, Succeeded) and outcome.captured is not None:
                found.setdefault(made.request.reference.rsplit("/", 1)[0], []).append(outcome.captured)
        return found

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way, and no bank takes anything back any more."""
        final = (one.outcome(self.world.now + 60 * _DAY) == one.outcome(self.world.now) for one in self.made.values())
        return not self.late and all(final)


# --- the store ----------------------------------------------------------------------------------------------------


class _Store(Memory):
    """A store that crashes and fails around its writes, and keeps what each stream adds up to."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Append, or not."""
        fault = self.world.fault()
        if fault == "crash before":
            raise Crash
        if fault == "never arrives":
            raise StoreUnavailable("the connection was refused")
        if fault == "another worker":
            self.world.other_worker()
        version = super().append(account, expected_version, events, wake=wake)
        standing = folded(events, self.load_snapshot(account))
        self.save_snapshot(standing)
        recharges = [one.intent.id for one in standing.account.open if one.intent.purpose is Purpose.RECHARGE]
        if len(recharges) > 1:
            self.world.wrong.append(f"recharges at once: {', '.join(recharges)}")
        if fault == "crash after":
            raise Crash
        if fault == "reply lost":
            raise StoreUnavailable("the connection was lost")
        return version


# --- the world ----------------------------------------------------------------------------------------------------

#: One world of four has a network that loses and delays, and little else goes wrong in it.
_SLOW_NETWORK = ("late", "late", "never arrives", "reply lost")
_MOVES_ON = frozenset({State.PLANNED, State.PREPARED})
_NEGLECT = 4 * _DAY
_FAULTS = (
    *("crash before", "crash after", "reply lost", "never arrives", "late", "not sent"),
    *("another worker", "another worker", "another worker"),
)


@attrs.frozen
class Verdict:
    """What one seed came to.

    Args:
        seed: the number.
        wrong: what was lost, doubled or adrift, in words; empty if nothing was.
        charges: how many charges there were.
        faults: how many faults there were.
    """

    seed: int
    wrong: tuple[str, ...]
    charges: int = 0
    faults: int = 0


class World:
    """One account with its provider, for some months."""

    def __init__(self, seed: int, *, months: int = 10, faults: int = 30, tariff: Tariff = _KEEPS_ALL) -> None:
        self.seed = seed
        self.tariff = tariff
        self.chance: random.Random = random.Random(seed)
        self.months = months
        self.now: datetime.datetime = datetime.datetime.combine(_START, datetime.time(0, 10), UTC)
        self.end: datetime.datetime = self.now + months * 30 * _DAY
        #: Of a thousand effects so many meet a fault.
        self.fault_rate: int = faults
        self.faults: int = 0
        #: What was found wrong on the way.
        self.wrong: list[str] = []
        self.down_until: datetime.datetime = self.now
        self.is_busy: bool = False
        self.job: Job = Job.SETTLE
        self.drawn: int = 0
        self.day_used: dict[date, int] = {}
        self.per_day = self.chance.choice((500_000, 2_000_000, 4_200_000, 30_000_000))
        self.provider: Provider = Provider(self, seed % 5 < 2)  # noqa: PLR2004 - two of five
        self.store: _Store = _Store(self)
        gateway: TwoPhaseGateway = keyed(self.provider, lambda: self.now) if self.provider.is_keyed else self.provider
        self.charging: Charging = Charging(
            store=self.store,
            gateway=gateway,
            clock=lambda: self.now,
            usage=self,
            storage=self,
        )
        self.sources: int = 0
        self._history: tuple[Period | None, UsageHistory] = (None, UsageHistory.of([], currency="USD"))

    # the meters

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002 - there is one account
        """What was used so far; the days of a window are over, and do not change."""
        if self._history[0] != window:
            used = self.day_used.items()
            entries = [(day, "call", Money(micros, "USD")) for day, micros in used if day in window and micros]
            self._history = (window, UsageHistory.of(entries, currency="USD"))
        history = self._history[1]
        return Usage(history=history, drawn=Money(self.drawn, "USD"), watermark=self.now)

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002
        """One each midnight, of which the meter forgets some."""
        midnight = datetime.datetime.combine(until.date().replace(day=1), datetime.time(), UTC)
        if until.day == 1 and until.hour < 8 and self.seed % 5 == 0:  # noqa: PLR2004 - late in a fifth of all worlds
            return ()
        return (Reading(bytes=300_000_000 + self.seed % 7 * 200_000_000, at=midnight, source="measured"),)

    # faults

    def fault(self) -> str:
        """The fault of an effect, mostly none."""
        if self.now >= self.end or self.chance.randrange(1000) >= self.fault_rate:
            return ""
        self.faults += 1
        if self.chance.randrange(50) == 0:
            return "rejected"
        return self.chance.choice(_SLOW_NETWORK if self.seed % 4 == 1 else _FAULTS)

    def is_down(self) -> bool:
        """Whether the provider cannot be reached, which once in a while takes days."""
        if self.fault_rate and self.now < self.end and self.chance.randrange(3000) == 0:
            self.down_until = self.now + self.chance.randint(1, 60) * _HOUR
        return self.now < self.down_until

    def other_worker(self) -> None:
        """Another process does the same run, in the middle of this one's step."""
        if not self.is_busy:
            self.is_busy = True
            self._run(self.chance.choice((*Job, self.job, self.job)))
            self.is_busy = False

    # the course

    def begin(self) -> None:
        """Open the account."""
        kinds = (SourceKind.CARD, SourceKind.BANK_ACCOUNT)
        sources = tuple(self._source(self.chance.choice(kinds)) for _ in range(self.chance.randint(1, 3)))
        price = ContractPrice("powerdialer", Dated.always(PerUnit(amount=Money.parse("99.00", "USD"))))
        contract = Contract(reference="order 1", start=_START, end=date(2049, 1, 1), prices=(price,))
        account = Account(
            id=f"account {self.seed}",
            began=_START,
            today=_START,
            administrator=_BOSS,
            contracts=(contract,) if self.seed % 2 else (),
            licenses=Licenses((Holding(product="powerdialer", owned=3),)) if self.seed % 2 else Licenses.empty(),
            funding=Funding(sources),
            automatic=AutomaticRecharge(_ACCEPTED if self.seed % 7 != 3 else None),  # noqa: PLR2004 - one of seven
            balance=Money.parse("50.00", "USD"),
            tariffs=Dated.always(self.tariff),
        )
        rate, self.fault_rate = self.fault_rate, 0
        self.charging.open(begin(account))
        self.fault_rate = rate

    def _source(self, kind: SourceKind) -> Source:
        self.sources += 1
        number = self.sources
        return Source(
            id=f"source{number}",
            kind=kind,
            token=f"tok_{number}",
            label="Example",
            last_four=f"{number:04d}",
            expiry=Expiry(2049, 12) if kind is SourceKind.CARD else None,
            holder=_ADA,
        )

    def walk(self) -> None:
        """Every four hours a run, and now and then something else."""
        while self.now < self.end:
            self._use()
            self.provider.deliver()
            self._meanwhile()
            luck = self.chance.random()
            if luck > 0.03:  # noqa: PLR2004 - the scheduler skips one run of thirty
                self._run(Job.BILLS if self.now.day <= 2 and self.now.hour < 4 else Job.RECHARGES)  # noqa: PLR2004
            if luck > 0.97:  # noqa: PLR2004 - and fires another twice
                self._run(Job.RECHARGES)
            self._look()
            self._notice_what_is_left()
            if self.chance.randrange(30) == 0:
                self._resolve(self.standing())
            self.now += 4 * _HOUR

    def drain(self) -> None:
        """Until nothing is under way: the provider answers, and a person decides where one is asked."""
        for _ in range(2000):
            standing = self.standing()
            self._resolve(standing)
            self._run(Job.SETTLE)
            standing = self.standing()
            rests = {State.SUCCEEDED, State.FAILED}
            if self.provider.is_quiet and all(one.state in rests for one in standing.charges) and self._is_equal():
                return
            self.now += 4 * _HOUR
            self.provider.deliver()

    def standing(self) -> Standing:
        """Where the account stands."""
        standing = self.store.load_snapshot(f"account {self.seed}")
        assert standing is not None  # noqa: S101 - it was opened
        return standing

    def _is_equal(self) -> bool:
        total = sum(amount.micros for amounts in self.provider.captured().values() for amount in amounts)
        return self.standing().balance_of(Book.CLEARING).micros == total

    def _use(self) -> None:
        used = self.chance.randrange(self.per_day // 3 + 1)
        if self.chance.randrange(200) == 0:
            used *= 40  # a burst
        self.drawn += used
        today = self.now.date()
        self.day_used[today] = self.day_used.get(today, 0) + used
        self.day_used.pop(today - 120 * _DAY, None)

    def _run(self, job: Job) -> None:
        self.job = job
        try:
            reports = list(self.charging.run(job))
        except Crash:
            return
        for report in reports:
            self.wrong.extend(str(notice) for notice in report.notices if notice.code == "not_recorded")
            is_expected = report.failure is None or isinstance(report.failure, ChargeFailure)
            if report.failure is not None and (not is_expected or isinstance(report.failure, NoRest)):
                raise report.failure

    def _look(self) -> None:
        """A web-hook, sometimes, about any charge."""
        charges = self.standing().charges
        if charges and self.chance.randrange(20) == 0:
            try:
                self.charging.look(self.chance.choice(charges).intent.id)
            except Crash:
                return

    def _notice_what_is_left(self) -> None:
        """A charge that nothing is done about for days, although a run should have and its provider was there."""
        for charge in self.standing().charges:
            moves = charge.since if charge.state in _MOVES_ON else charge.next_look
            if moves is not None and self.now - max(moves, self.down_until) > _NEGLECT:
                self.wrong.append(f"{charge.intent.id} is {charge.state.value} and left alone")

    def _meanwhile(self) -> None:
        """What a person does, now and then; what is refused is no matter."""
        if self.chance.randrange(60):
            return
        account, today = self.standing().account, self.now.date()
        held = funding_of(account).sources
        one = self.chance.choice(held)
        kind = self.chance.choice((SourceKind.CARD, SourceKind.BANK_ACCOUNT))
        change = self.chance.choice(
            (
                PurchaseMinutes(on=today, by=_BOSS, amount=Money.parse("100.00", "USD"), authorization=_ACCEPTED),
                MakePrimary(on=today, by=_BOSS, source=one.id),
                RemoveSource(on=today, by=_BOSS, source=one.id),
                AddSource(on=today, by=_BOSS, source=self._source(kind)),
                ReplaceSource(on=today, by=_BOSS, source=attrs.evolve(self._source(one.kind), id=one.id)),
                SetTotal(
                    on=today, by=_BOSS, product="powerdialer", total=self.chance.randint(1, 9), authorization=_ACCEPTED
                ),
                *([Cancel(on=today, by=_BOSS, authorization=_ACCEPTED)] if self.seed % 11 == 0 else []),
            )
        )
        try:
            self.charging.change(account.id, change)
        except (LicenseBillError, Crash):
            return

    def _resolve(self, standing: Standing) -> None:
        """A person looks at the provider's record, and says what it says."""
        for charge in standing.charges:
            if charge.state is not State.NEEDS_REVIEW:
                continue
            is_paid = self.provider.captured().get(charge.intent.id) == [charge.intent.amount]
            decision = Decision.CAPTURED if is_paid else Decision.ASK_AGAIN
            with contextlib.suppress(ChargeFailure, Crash):
                self.charging.resolve(charge.reference, decision, by="Ada", note="looked at the provider's record")

    # the end

    def judged(self) -> Iterator[str]:
        """What is lost, doubled or adrift."""
        standing, captured = self.standing(), self.provider.captured()
        account = standing.account
        if folded(self.store.load(account.id).events) != standing:
            yield "the whole stream adds up to something else than was kept"
        for charge, amounts in captured.items():
            if len(amounts) > 1:
                yield f"{charge} is charged {len(amounts)} times"
        settled = {intent.id: intent.amount for intent in account.settled}
        for charge, amounts in captured.items():
            if settled.get(charge) != sum(amounts[1:], amounts[0]):
                yield f"{charge} was captured as {amounts}, and settled as {settled.get(charge)}"
        for charge in settled.keys() - captured.keys():
            yield f"{charge} is settled, and was not captured"
        if not self._is_equal():
            yield "the ledger's clearing is not what the provider captured"
        yield from self._adrift(standing)
        yield from self.wrong
        yield from self._blamed()
        yield from self._pressed()
        yield from self._left_over(standing)

    def _left_over(self, standing: Standing) -> Iterator[str]:
        """Charges that nothing is done about, although something could be."""
        for one in standing.charges:
            if one.state not in {State.SUCCEEDED, State.FAILED}:
                yield f"{one.intent.id} is still {one.state.value}"
            if one.state is State.FAILED and targets(standing, one.intent, max(self.now, standing.at)):
                yield f"{one.intent.id} is owed, and a source could be tried"

    def _blamed(self) -> Iterator[str]:
        """Declines that no bank has made."""
        refused = {made.request.reference for made in self.provider.made.values() if made.refused is not None}
        for event in self.store.load(self.standing().account.id).events:
            told = event.fact
            if isinstance(told, Answered) and isinstance(told.outcome, Declined):
                reference = f"{told.intent}/{told.attempt}"
                if reference not in refused:
                    yield f"{reference} counts as declined, and was not"

    def _pressed(self) -> Iterator[str]:
        """Sources that refused a charge and were asked again within a day, or for another amount."""
        refused: dict[tuple[str, str], list[datetime.datetime]] = {}
        for made in self.provider.made.values():
            if made.refused is not None and made.fate in _REFUSING:
                charge = made.request.reference.rsplit("/", 1)[0]
                need = "recharge" if made.request.purpose is Purpose.RECHARGE else charge
                refused.setdefault((made.request.target.token, need), []).append(made.refused)
        requests = [made.request for made in self.provider.made.values()]
        asked = {(request.reference.rsplit("/", 1)[0], request.amount) for request in requests}
        for charge, times in Counter(charge for charge, _ in asked).items():
            if times > 1:
                yield f"{times} different amounts were asked for {charge}"
        for (_, need), instants in refused.items():
            if any(later - earlier < _DAY for earlier, later in pairwise(sorted(instants))):
                yield f"a source that refused {need} was asked again within a day"

    def _adrift(self, standing: Standing) -> Iterator[str]:
        account = standing.account
        owed = sum(one.intent.amount.micros for one in account.open)
        if standing.balance_of(Book.OWED).micros != owed:
            yield f"{standing.balance_of(Book.OWED)} is owed by the ledger, {Money(owed, 'USD')} by the account"
        for_minutes = (intent.amount.micros for intent in account.settled if intent.purpose in PREPAID)
        bought = sum(for_minutes)
        if account.balance.micros != 50_000_000 + bought:
            yield f"the balance is {account.balance}, and {Money(bought, 'USD')} was bought"
        if -standing.balance_of(Book.PREPAID).micros != bought:
            yield "the ledger's prepaid minutes are not those bought"
        if sum(amount.micros for _, amount in standing.books):
            yield "the ledger does not add up to zero"


#: Months that can be followed.
_LONGEST = 1_200


def simulate(seed: int, *, months: int = 10, faults: int = 30) -> Verdict:
    """Follow one seed to its end."""
    whole("seed", seed)
    whole("months", months, 1, _LONGEST)
    whole("faults", faults, 0, 1000)
    world = World(seed, months=months, faults=faults)
    try:
        world.begin()
        world.walk()
        world.drain()
        wrong = tuple(world.judged())
    except LicenseBillError as failed:
        wrong = (f"charging stops: {type(failed).__name__} {failed}",)
    ordinals = sum(number for _, number in world.standing().account.ordinals)
    return Verdict(seed, wrong, ordinals, world.faults)


def _seeds(written: str) -> range:
    first, _, last = written.partition(":")
    seeds = range(number(0)(first), number(0)(last)) if first and last else range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"must be two numbers that ascend, such as 0:500, not {shown(written)}")
    return seeds


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate from the command line; exits with 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m licensebill.testing.simulate", description="Simulate charging.")
    parser.add_argument("--seeds", type=_seeds, default="0:500", help="from and to, the latter left out")
    parser.add_argument("--months", type=number(1, _LONGEST), default=10)
    parser.add_argument("--faults", type=number(0, 1000), default=30, help="of a thousand effects")
    add_processes(parser, usual=2)
    parser.add_argument("--json", action="store_true", help="print data")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    work = functools.partial(simulate, months=given.months, faults=given.faults)
    verdicts = list(divided(work, given.seeds, given.processes))
    wrong = sorted((one for one in verdicts if one.wrong), key=lambda one: one.seed)
    data = {
        "seeds": f"{given.seeds.start}:{given.seeds.stop}",
        "account_months": len(verdicts) * given.months,
        "charges": sum(one.charges for one in verdicts),
        "faults": sum(one.faults for one in verdicts),
        "wrong": [attrs.asdict(one) for one in wrong[:10]],
        "wrong_seeds": len(wrong),
        "seconds": round(time.monotonic() - started),
    }
    print(json.dumps(data, indent=2) if given.json else ", ".join(f"{key} {value}" for key, value in data.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
