"""Faults to order: stores and gateways that fail at chosen calls, so that a test can let anything fail anywhere.

A `Schedule` counts the calls of everything that is wrapped with it and says which of them fails, and how. The first run
is a rehearsal without a fault; its `each` gives every single fault there is, to be run one after the other:

    rehearsal = Schedule()
    charge(FaultyStore(store, rehearsal), FaultyGateway(gateway, rehearsal))
    for number, fault in rehearsal.each():
        charge_until_done(FaultyStore(new_store(), schedule := Schedule({number: fault})), ...)

The same schedule gives the same faults at the same calls, and so does the same seed. What is done by chance, in which
order and for how long belongs to `simulate`, every course of events to `explore`; here a test of yours decides.
"""

import contextlib
import datetime
import enum
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self, TypeVar

import attrs

from licensebill._checks import instance, whole
from licensebill.charges import Standing
from licensebill.errors import InvalidValue
from licensebill.events import Event, Stream
from licensebill.outcomes import Outcome
from licensebill.protocols import (
    Capabilities,
    KeyedGateway,
    NotSent,
    OutcomeUnknown,
    Request,
    SnapshotStore,
    Store,
    StoreUnavailable,
    TwoPhaseGateway,
    VersionConflict,
)

_T = TypeVar("_T")


class Crash(BaseException):
    """The process ends here; nothing but the test that ordered it catches this."""


class Fault(enum.Enum):
    """What happens at one call."""

    CRASH_BEFORE = "the process ends before anything is done"
    CRASH_AFTER = "it is done, and the process ends"
    NEVER_ARRIVES = "nothing is done, and no answer comes"
    REPLY_LOST = "it is done, and its answer is lost"
    LATE = "no answer comes; it is done some calls later"
    NOT_SENT = "the provider refuses it before it is begun"
    CONFLICT = "the store says that the stream has grown"


_OF_READING = (Fault.CRASH_BEFORE, Fault.NEVER_ARRIVES)
_OF_WRITING = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.NEVER_ARRIVES, Fault.REPLY_LOST, Fault.LATE)
_LOST = "no answer, as ordered"


@attrs.frozen
class _Call:
    """One that was made, and what can happen at it."""

    name: str
    faults: tuple[Fault, ...]


class Schedule:
    """Which call fails, and how. One schedule may serve several stores and gateways, whose calls it counts together.

    Args:
        faults: by the number of the call, from 0.
        late_by: a call that is late is done so many calls later, before that one.

    Example:
        >>> schedule = Schedule({1: Fault.NEVER_ARRIVES})
        >>> from licensebill.adapters.memory import Memory
        >>> store = FaultyStore(Memory(), schedule)
        >>> store.load("acme").version
        0
        >>> store.load("acme")
        Traceback (most recent call last):
        licensebill.protocols.StoreUnavailable: the store is not available: no answer, as ordered
        >>> schedule.calls
        ('load', 'load')
    """

    def __init__(self, faults: Mapping[int, Fault] | None = None, *, late_by: int = 3) -> None:
        self._planned = {} if faults is None else dict(instance("faults", faults, Mapping))  # type: ignore[type-abstract]
        for number, fault in self._planned.items():
            whole("faults", number)
            instance("faults", fault, Fault)
        self._late_by = whole("late_by", late_by)
        self._made: list[_Call] = []
        self._late: list[tuple[int, Callable[[], object]]] = []
        self._draw: Callable[[_Call], Fault | None] = lambda _: None
        self._lock = threading.Lock()

    @classmethod
    def seeded(cls, seed: int, *, one_in: int = 5, late_by: int = 3) -> Self:
        """One that lets calls fail by chance, the same for the same seed.

        Args:
            seed: any.
            one_in: of so many calls one fails, about.
            late_by: as above.
        """
        whole("seed", seed)
        whole("one_in", one_in, 1)
        schedule, luck = cls(late_by=late_by), random.Random(seed)
        schedule._draw = lambda call: luck.choice(call.faults) if luck.randrange(one_in) == 0 else None
        return schedule

    @property
    def calls(self) -> tuple[str, ...]:
        """The names of the calls that were made so far."""
        return tuple(call.name for call in self._made)

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self._made)

    def each(self) -> Iterator[tuple[int, Fault]]:
        """Every single fault at every call that was made: its number and what can happen at it."""
        for number, call in enumerate(tuple(self._made)):
            for fault in call.faults:
                yield number, fault

    def deliver(self) -> None:
        """Do now what is late."""
        self._deliver(before=None)

    def stop(self) -> None:
        """No fault from now on; what is late is done."""
        self._planned, self._draw = {}, lambda _: None
        self.deliver()

    def perform(
        self, name: str, call: Callable[[], _T], *, lost: Exception, refused: Mapping[Fault, Exception], reads: bool
    ) -> _T:
        """Make a call, or let it fail as ordered.

        Args:
            name: of the call.
            call: what is done.
            lost: raised where no answer comes.
            refused: raised, by the fault, where nothing is done for certain.
            reads: it changes nothing, so that before and after are the same.

        Raises:
            Crash: as ordered.
            InvalidValue: what was ordered cannot happen at this call.
        """
        number, fault = self._next(_Call(name, (*(_OF_READING if reads else _OF_WRITING), *refused)))
        if fault is Fault.CRASH_BEFORE:
            raise Crash(f"before call {number}, {name}")
        if fault is not None and fault in refused:
            raise refused[fault]
        if fault is Fault.LATE:
            self._late.append((number + self._late_by, call))
        if fault in {Fault.LATE, Fault.NEVER_ARRIVES}:
            raise lost
        answer = call()
        if fault is Fault.CRASH_AFTER:
            raise Crash(f"after call {number}, {name}")
        if fault is Fault.REPLY_LOST:
            raise lost
        return answer

    def _next(self, call: _Call) -> tuple[int, Fault | None]:
        with self._lock:
            number = len(self._made)
            self._made.append(call)
            fault = self._planned.get(number) or self._draw(call)
        self._deliver(before=number)
        if fault not in {None, *call.faults}:
            raise InvalidValue("faults", f"cannot have {fault} at call {number}, {call.name}")
        return number, fault

    def _deliver(self, *, before: int | None) -> None:
        with self._lock:
            due = [one for one in self._late if before is None or one[0] <= before]
            self._late = [one for one in self._late if one not in due]
        for _, call in due:
            with contextlib.suppress(Exception):  # nobody hears what became of it
                call()


# --- stores -------------------------------------------------------------------------------------------------------


@attrs.frozen
class FaultyStore:
    """A store that fails as ordered.

    Args:
        store: any.
        schedule: when, and how.
    """

    store: Store
    schedule: Schedule

    def load(self, account: str, *, after: int = 0) -> Stream:
        """The events beyond a number."""
        return self._call("load", lambda: self.store.load(account, after=after))

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Add events."""
        return self.schedule.perform(
            "append",
            lambda: self.store.append(account, expected_version, events, wake=wake),
            lost=StoreUnavailable(_LOST),
            refused={Fault.CONFLICT: VersionConflict(account, expected_version)},
            reads=False,
        )

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> Sequence[str]:
        """A page of accounts."""
        return self._call(
            "open_accounts", lambda: self.store.open_accounts(due_before=due_before, after=after, limit=limit)
        )

    def _call(self, name: str, call: Callable[[], _T], *, reads: bool = True) -> _T:
        return self.schedule.perform(name, call, lost=StoreUnavailable(_LOST), refused={}, reads=reads)


@attrs.frozen
class FaultySnapshotStore(FaultyStore):
    """A store with snapshots that fails as ordered, also where these are concerned.

    Args:
        store: any that is a `SnapshotStore` too.
        schedule: when, and how.
    """

    def load_snapshot(self, account: str) -> Standing | None:
        """The latest standing kept."""
        return self._call("load_snapshot", lambda: self._snapshots.load_snapshot(account))

    def save_snapshot(self, standing: Standing) -> None:
        """Keep a standing."""
        self._call("save_snapshot", lambda: self._snapshots.save_snapshot(standing), reads=False)

    @property
    def _snapshots(self) -> SnapshotStore:
        assert isinstance(self.store, SnapshotStore)  # noqa: S101 - the caller's choice of the class
        return self.store


# --- gateways -----------------------------------------------------------------------------------------------------


def _asked(schedule: Schedule, name: str, call: Callable[[], _T], *, reads: bool = False) -> _T:
    refused = {Fault.NOT_SENT: NotSent("too busy, as ordered")}
    return schedule.perform(name, call, lost=OutcomeUnknown(_LOST), refused=refused, reads=reads)


@attrs.frozen
class FaultyGateway:
    """A gateway in two phases that fails as ordered.

    Args:
        gateway: any.
        schedule: when, and how.
    """

    gateway: TwoPhaseGateway
    schedule: Schedule

    @property
    def capabilities(self) -> Capabilities:
        """Those of the gateway."""
        return self.gateway.capabilities

    def prepare(self, request: Request) -> str:
        """Make an object."""
        return _asked(self.schedule, "prepare", lambda: self.gateway.prepare(request))

    def capture(self, ref: str, request: Request) -> Outcome:
        """Charge by it."""
        return _asked(self.schedule, "capture", lambda: self.gateway.capture(ref, request))

    def retrieve(self, ref: str) -> Outcome:
        """What has become of it."""
        return _asked(self.schedule, "retrieve", lambda: self.gateway.retrieve(ref), reads=True)

    def void(self, ref: str) -> Outcome:
        """Make it uncapturable."""
        return _asked(self.schedule, "void", lambda: self.gateway.void(ref))


@attrs.frozen
class FaultyKeyedGateway:
    """A gateway by key that fails as ordered; wrap this one with `keyed.keyed`.

    Args:
        gateway: any.
        schedule: when, and how.
    """

    gateway: KeyedGateway
    schedule: Schedule

    @property
    def capabilities(self) -> Capabilities:
        """Those of the gateway."""
        return self.gateway.capabilities

    def charge(self, request: Request, key: str) -> Outcome:
        """Charge by key."""
        return _asked(self.schedule, "charge", lambda: self.gateway.charge(request, key))

    def find(self, reference: str) -> Outcome | None:
        """Look it up."""
        return _asked(self.schedule, "find", lambda: self.gateway.find(reference), reads=True)
