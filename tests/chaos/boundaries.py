"""Processes that end at any boundary: before or after any SQL statement, and before or after any call of the provider.

A course is one account from its first day to the end of what is due for it, on a real store and with a provider that
keeps its own record. `Boundaries` counts what the process does to the world outside and ends it where it is told;
`followed` then starts another one, on what the dead one has left, until the course is over. A process that is dead does
nothing any more: no statement of its own rolls anything back.
"""

import contextlib
import datetime
import itertools
import os
import shutil
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest

from licensebill.adapters import sqlite
from licensebill.adapters.sqlite import Sqlite
from licensebill.charges import folded
from licensebill.charging import Charging, UnknownAccount
from licensebill.cycles import Period
from licensebill.events import Book
from licensebill.protocols import Store, Usage
from licensebill.readings import Reading
from licensebill.testing.worlds import SCENARIOS, Scenario
from tests.charging import Clock, Crash, Desk

_T = TypeVar("_T")

#: After so many events a snapshot is kept, and after so many appends the log is brought into the file: these statements
#: have boundaries too.
_SNAPSHOT_EVERY, _CHECKPOINT_EVERY = 2, 3
#: How long a process that has died is missed.
_RESTARTED = timedelta(minutes=1)


@attrs.frozen
class Course:
    """What is followed.

    Args:
        scenario: its name in `worlds`.
        firings: how often the scheduler fires at least.
        every: how much later each time.
    """

    scenario: str
    firings: int
    every: timedelta = timedelta(hours=4)


#: The primary declines and the reserve pays; a recharge; a debit comes back and is made again; a purchase.
COURSES = (
    Course("bill, primary declines", 2),
    Course("recharge", 2),
    Course("bill by bank debit, taken back", 10, timedelta(hours=12)),
    Course("minutes bought by hand", 2),
)


class Boundaries:
    """The boundaries that a course crosses, numbered from 1, and those at which its process ends.

    Args:
        ends: numbers of boundaries, over the whole course.
    """

    def __init__(self, *ends: int) -> None:
        self.ends = frozenset(ends)
        self.crossed: list[str] = []
        self.is_dead = False

    def cross(self, name: str) -> None:
        """Come to a boundary; the process may end here."""
        if not self.is_dead:
            self.crossed.append(name)
            self.is_dead = len(self.crossed) in self.ends
        if self.is_dead:
            raise Crash

    def around(self, name: str, call: Callable[[], _T]) -> _T:
        """Do something to the world outside, between two boundaries."""
        self.cross(f"before {name}")
        answer = call()
        self.cross(f"after {name}")
        return answer


# --- the world outside --------------------------------------------------------------------------------------------


class Teller(Desk):
    """A provider in two phases, whose calls are boundaries."""

    def __init__(self, clock: Clock, boundaries: Boundaries) -> None:
        super().__init__(clock)
        self.boundaries = boundaries

    def _call(self, name: str, call: Callable[[], _T]) -> _T:
        return self.boundaries.around(name, call)


class Place(ABC):
    """Where the streams are kept, and what a process that has died leaves of it."""

    @abstractmethod
    def opened(self) -> Store:
        """The store, as a new process opens it."""

    @abstractmethod
    def abandon(self) -> None:
        """The process is dead: the system closes what it had open."""

    @abstractmethod
    def watched(self) -> contextlib.AbstractContextManager[None]:
        """While connections are made, their statements are boundaries."""


class _Statements(sqlite3.Connection):
    """A connection of which each statement lies between two boundaries."""

    boundaries: Boundaries

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        run = super().execute
        return self.boundaries.around(_named(sql), lambda: run(sql, *parameters))

    def executescript(self, script: str) -> sqlite3.Cursor:
        *statements, _ = script.split(";")
        return [self.execute(statement) for statement in statements][-1]


def _named(sql: str) -> str:
    return " ".join(sql.split()[:3])


class SqlitePlace(Place):
    """A file. The next process is given a copy of what lay on the disk: the file and its log, as no one has closed it.

    Args:
        folder: for the copies.
        boundaries: of the course.
    """

    def __init__(self, folder: Path, boundaries: Boundaries) -> None:
        self.boundaries = boundaries
        own = Path(tempfile.mkdtemp(dir=folder))
        self.paths = (own / f"{number}.db" for number in itertools.count())
        self.path = next(self.paths)
        self.connections: list[sqlite3.Connection] = []

    def opened(self) -> Sqlite:
        """The file's store."""
        return Sqlite(self.path)

    def abandon(self) -> None:
        """The next process gets what the system would find, not what an orderly end would leave."""
        left, self.path = self.path, next(self.paths)
        copied(left, self.path)
        while self.connections:
            sqlite3.Connection.close(self.connections.pop())

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Each statement, those of a script one by one."""
        connect = sqlite3.connect

        def opened(*arguments: Any, **named: Any) -> sqlite3.Connection:
            made = connect(*arguments, **named, factory=_Statements)
            made.boundaries = self.boundaries
            self.connections.append(made)
            return made

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite, "CHECKPOINT_EVERY", _CHECKPOINT_EVERY)
            patch.setattr(sqlite3, "connect", opened)
            yield


@contextlib.contextmanager
def in_memory() -> Iterator[Path]:
    """A temporary folder, in memory where there is such a place: no power is cut here, and a disk takes its time."""
    shared = Path("/dev/shm")  # noqa: S108 - if it is there
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as folder:
        yield Path(folder)


def copied(left: Path, into: Path) -> None:
    """Copy a database that is in use: the file and its log, without the index that the living share."""
    for ending in ("", "-wal"):
        if left.with_name(left.name + ending).exists():
            shutil.copyfile(left.with_name(left.name + ending), into.with_name(into.name + ending))


# --- courses ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Meters:
    """What a scenario says was measured."""

    scenario: Scenario

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002
        """Of its storage."""
        return self.scenario.readings

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002
        """Of its dialer."""
        return self.scenario.usage(self.scenario.start)


@attrs.frozen(kw_only=True)
class Ending:
    """How a course ended: by the provider's own record, and by the stream.

    Args:
        captured: the charge and the micros of each capture that stands at the provider.
        settled: the same, as the account has it.
        books: what the ledger says, in micros.
        balance: of minutes, in micros.
        open: charges that are not at rest, with their states.
    """

    captured: tuple[tuple[str, int], ...]
    settled: tuple[tuple[str, int], ...]
    books: tuple[tuple[Book, int], ...]
    balance: int
    open: tuple[tuple[str, str], ...]

    @property
    def wrong(self) -> list[str]:
        """What is lost, doubled or adrift, in words."""
        found = [f"{one} was captured twice" for one, _ in self.captured if self._count(one) > 1]
        if self.captured != self.settled:
            found.append(f"captured {self.captured}, settled {self.settled}")
        if dict(self.books).get(Book.CLEARING, 0) != sum(micros for _, micros in self.captured):
            found.append("the ledger's clearing is not what the provider has captured")
        return found

    def _count(self, intent: str) -> int:
        return sum(one == intent for one, _ in self.captured)


def _ending(charging: Charging, desk: Desk) -> Ending:
    standing = folded(charging.store.load("acme").events)
    captured = ((one.rsplit("/", 1)[0], micros) for one, micros in desk.provider.captured(desk.clock()))
    settled = ((one.id, one.amount.micros) for one in standing.account.settled)
    return Ending(
        captured=tuple(sorted(captured)),
        settled=tuple(sorted(settled)),
        books=tuple((book, amount.micros) for book, amount in standing.books if amount),
        balance=standing.account.balance.micros,
        open=tuple((one.intent.id, one.state.value) for one in standing.charges),
    )


def followed(course: Course, place: Place, boundaries: Boundaries, desk: Teller | None = None) -> Ending:
    """Follow a course to its end, with another process whenever one has died.

    Args:
        course: which.
        place: where its streams are kept.
        boundaries: that it crosses.
        desk: the provider, if it has been asked something before; its clock says when.
    """
    scenario = SCENARIOS[course.scenario]
    desk = desk or Teller(Clock(scenario.start), boundaries)
    clock = desk.clock
    for _ in range(len(boundaries.ends) + 1):
        try:
            with place.watched(), pytest.MonkeyPatch.context() as patch:
                patch.setattr("licensebill.charging.SNAPSHOT_EVERY", _SNAPSHOT_EVERY)
                charging = _charging(place.opened(), scenario, desk)
                _live(charging, course, clock)
                ending = _ending(charging, desk)
            break
        except Crash:
            place.abandon()
            boundaries.is_dead = False
            clock.now += _RESTARTED
    place.abandon()
    return ending


def _charging(store: Store, scenario: Scenario, desk: Teller) -> Charging:
    meters = Meters(scenario)
    return Charging(store=store, gateway=desk, clock=desk.clock, usage=meters, storage=meters)


def _live(charging: Charging, course: Course, clock: Clock) -> None:
    """What one process does: whoever is not sure that it was done asks for it again; then it runs on schedule."""
    scenario = SCENARIOS[course.scenario]
    _begin(charging, scenario)
    end = scenario.start + course.every * course.firings
    while clock.now < end:
        for report in charging.run(scenario.job):
            assert report.failure is None, report.failure
        clock.now += course.every


def _begin(charging: Charging, scenario: Scenario) -> None:
    try:
        charging.standing("acme")
    except UnknownAccount:
        charging.open(scenario.account)
    if scenario.asked is not None:
        charging.change("acme", scenario.asked, event="order 7")
