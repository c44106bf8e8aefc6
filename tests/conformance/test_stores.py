"""The stores that are shipped, and stores broken on purpose, before the suite for users' own stores."""

# ruff: noqa: D102 - what a broken store does wrong is said by its class

import datetime
import itertools
import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from licensebill.adapters.memory import Memory
from licensebill.adapters.sqlite import Sqlite
from licensebill.charges import Standing
from licensebill.events import Event, Stream
from licensebill.protocols import AlreadyAppended, VersionConflict
from licensebill.testing.stores import SnapshotSuite, StoreSuite, failed_checks, sample_standing
from tests.conformance.databases import emptied
from tests.servers import Server

_DAMAGE = "UPDATE snapshots SET body = replace(body, '100.00 USD', '900.00 USD') WHERE account = {}"


class TestMemory(StoreSuite, SnapshotSuite):
    """The store in a dict: one object, however often it is opened."""

    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.store = Memory()

    def open_store(self) -> Memory:
        """The same store each time."""
        return self.store


class TestSqlite(StoreSuite, SnapshotSuite):
    """The store in a file."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "charges.db"

    def open_store(self) -> Sqlite:
        """Another connection to the file."""
        return Sqlite(self.path)

    def damage_snapshot(self, account: str) -> bool:
        """A digit of an amount is another."""
        connection = sqlite3.connect(self.path)
        changed = connection.execute(_DAMAGE.format("?"), (account,)).rowcount
        connection.commit()
        connection.close()
        return changed == 1


class TestPostgres(StoreSuite, SnapshotSuite):
    """The store on a server."""

    @pytest.fixture(autouse=True)
    def _place(self, postgres: Server) -> None:
        self.url = emptied(postgres)

    def open_store(self) -> object:
        """Another connection to the database."""
        from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - where the extra is missing it is left out

        return Postgres(self.url)

    def damage_snapshot(self, account: str) -> bool:
        """A digit of an amount is another."""
        import psycopg  # noqa: PLC0415 - see above

        with psycopg.connect(self.url) as connection:
            return connection.execute(_DAMAGE.format("%s"), (account,)).rowcount == 1


# --- stores broken on purpose -------------------------------------------------------------------------------------


class Broken(Memory):
    """A store whose faults its subclasses plant."""

    def replace(self, account: str, events: Sequence[Event]) -> None:
        """Make a stream hold these events, whatever it held."""
        with self._lock:
            self._streams[account], self._ids[account] = list(events), {one.id for one in events}


class WithoutVersion(Broken):
    """Appends whatever the stream's version: the second of two decisions on one state is carried out, too."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        expected_version = self.load(account).version
        return super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]


class ChecksThenActs(Broken):
    """Compares and writes, but not in one."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        if self.load(account).version != expected_version:
            return super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]
        time.sleep(0.01)
        return super().append(account, self.load(account).version, events, **wake)  # type: ignore[arg-type]


class AllowsGaps(Broken):
    """Refuses old versions only."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        expected_version = min(expected_version, self.load(account).version)
        return super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]


class WritesHalf(Broken):
    """Leaves the events before the one that is refused."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        for number, event in enumerate(events):
            super().append(account, expected_version + number, [event], **wake)  # type: ignore[arg-type]
        return expected_version + len(events)


class ForgetsIds(Broken):
    """Appends an event a second time."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        with self._lock:
            self._ids.pop(account, None)
        return super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]


class CallsEverythingAConflict(Broken):
    """Does not say that an event is there already: whoever appended it would never learn that it went through."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        try:
            return super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]
        except AlreadyAppended:
            raise VersionConflict(account, expected_version) from None


class ReadsStale(Broken):
    """Every other reading is of the state before the last append, as from a replica that lags behind."""

    readings = itertools.count()

    def load(self, account: str, *, after: int = 0) -> Stream:
        stream = super().load(account, after=after)
        if next(self.readings) % 2 == 0 or not stream.events:
            return stream
        return Stream(stream.events[:-1], stream.version - 1)


class Reorders(Broken):
    """Gives events in the order of their ids."""

    def load(self, account: str, *, after: int = 0) -> Stream:
        stream = super().load(account, after=after)
        return Stream(tuple(sorted(stream.events, key=lambda one: one.id)), stream.version)


class CountsFromWhatItGives(Broken):
    """Takes the number of the events given for the version."""

    def load(self, account: str, *, after: int = 0) -> Stream:
        stream = super().load(account, after=after)
        return Stream(stream.events, len(stream.events))


class IncludesAfter(Broken):
    """Gives the event at the sequence number, too."""

    def load(self, account: str, *, after: int = 0) -> Stream:
        return super().load(account, after=max(after - 1, 0))


class RoundsTimes(Broken):
    """Keeps whole seconds."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        rounded = [attrs.evolve(one, at=one.at.replace(microsecond=0)) for one in events]
        return super().append(account, expected_version, rounded, **wake)  # type: ignore[arg-type]


class IgnoresCase(Broken):
    """Takes ids for the same that differ only in case, as some databases do."""

    def load(self, account: str, *, after: int = 0) -> Stream:
        return super().load(account.lower(), after=after)

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        return super().append(account.lower(), expected_version, events, **wake)  # type: ignore[arg-type]


class DropsTheWake(Broken):
    """Keeps the first wake of an account for ever."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], *, wake: object) -> int:
        first = self._wakes.get(account, wake)
        return super().append(account, expected_version, events, wake=first)  # type: ignore[arg-type]


class WakesWithoutEvents(Broken):
    """Writes the wake of an append that it refuses."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], *, wake: object) -> int:
        with self._lock:
            self._wakes.pop(account, None)
        return super().append(account, expected_version, events, wake=wake)  # type: ignore[arg-type]


class OmitsTheExactInstant(Broken):
    """Lists an account only after its wake."""

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> list[str]:
        return super().open_accounts(due_before=due_before - timedelta(microseconds=1), after=after, limit=limit)


class OmitsFromAPage(Broken):
    """Leaves one account out wherever a page is full."""

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> list[str]:
        page = super().open_accounts(due_before=due_before, after=after, limit=limit + 1)
        return page[1:] if len(page) > limit else page


class SkipsTheLocked(Broken):
    """Leaves out whatever is just being written to."""

    busy = ""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        self.busy = account
        time.sleep(0.001)
        return super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> list[str]:
        page = super().open_accounts(due_before=due_before, after=after, limit=limit)
        return [account for account in page if account != self.busy]


class ShowsHalf(Broken):
    """Writes one event after the other, for everybody to see."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        version = super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]
        written = super().load(account).events
        for count in range(expected_version + 1, version + 1):
            self.replace(account, written[:count])
            time.sleep(0.002)
        return version


class KeepsTheLock(Broken):
    """Does not let go of the account after a refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.locked: set[str] = set()

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        if account in self.locked:
            raise VersionConflict(account, expected_version)
        self.locked.add(account)
        version = super().append(account, expected_version, events, **wake)  # type: ignore[arg-type]
        self.locked.discard(account)
        return version


class TakesNothing(Broken):
    """Appends nothing, without a word."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], **wake: object) -> int:
        return super().append(account, expected_version, events, **wake) if events else expected_version  # type: ignore[arg-type]


class TakesNaiveTimes(Broken):
    """Takes a time without a zone for UTC."""

    def append(self, account: str, expected_version: int, events: Sequence[Event], *, wake: object) -> int:
        if isinstance(wake, datetime.datetime) and wake.tzinfo is None:
            wake = wake.replace(tzinfo=datetime.UTC)
        return super().append(account, expected_version, events, wake=wake)  # type: ignore[arg-type]


class Forgets(Broken):
    """Keeps what was appended until it is closed."""

    def close(self) -> None:
        self.__init__()  # type: ignore[misc]


class BelievesAnySnapshot(Broken):
    """Gives a snapshot as it finds it."""

    def damage(self, account: str) -> bool:
        self._snapshots[account] = sample_standing(users=9)
        return True


class KeepsTheFirstSnapshot(Broken):
    """Never replaces one."""

    def save_snapshot(self, standing: Standing) -> None:
        if self.load_snapshot(standing.account.id) is None:
            super().save_snapshot(standing)


class CutsTheStream(Broken):
    """Takes what a snapshot holds out of the stream."""

    def save_snapshot(self, standing: Standing) -> None:
        super().save_snapshot(standing)
        self.replace(standing.account.id, ())


class LosesSnapshots(Broken):
    """Keeps none."""

    def save_snapshot(self, standing: Standing) -> None:
        pass


#: Each broken store, and the check that is there to catch it; others may as well.
CAUGHT_BY: dict[type[Broken], str] = {
    WithoutVersion: "test_a_stale_version_writes_nothing",
    ChecksThenActs: "test_one_of_two_workers_wins",
    AllowsGaps: "test_a_version_yet_to_come_is_refused",
    WritesHalf: "test_an_event_known_already_holds_back_those_beside_it",
    ForgetsIds: "test_an_event_is_appended_once",
    CallsEverythingAConflict: "test_an_append_tried_again_is_known",
    ReadsStale: "test_what_one_connection_wrote_another_reads",
    Reorders: "test_events_come_back_in_order",
    CountsFromWhatItGives: "test_after_leaves_out_what_is_known",
    IncludesAfter: "test_after_leaves_out_what_is_known",
    RoundsTimes: "test_an_instant_keeps_its_microseconds",
    IgnoresCase: "test_ids_of_any_script_are_kept_apart",
    DropsTheWake: "test_a_later_append_replaces_the_wake",
    WakesWithoutEvents: "test_a_refused_append_leaves_the_wake",
    OmitsTheExactInstant: "test_a_due_account_is_listed",
    OmitsFromAPage: "test_no_due_account_is_missing_from_the_pages",
    SkipsTheLocked: "test_a_due_account_is_listed_while_it_is_written_to",
    ShowsHalf: "test_no_half_of_an_append_is_ever_seen",
    KeepsTheLock: "test_a_refusal_leaves_nothing_locked",
    TakesNothing: "test_an_append_of_nothing_is_refused",
    TakesNaiveTimes: "test_a_time_without_zone_is_refused",
    Forgets: "test_events_outlive_the_connection",
    BelievesAnySnapshot: "test_a_damaged_snapshot_is_none",
    KeepsTheFirstSnapshot: "test_a_later_snapshot_replaces_an_earlier_one",
    CutsTheStream: "test_a_snapshot_takes_nothing_from_the_stream",
    LosesSnapshots: "test_a_snapshot_is_kept_at_all",
}


def suite_of(broken: type[Broken]) -> type[StoreSuite]:
    """The suite, before one store."""

    class Suite(StoreSuite, SnapshotSuite):
        def setup_method(self) -> None:
            self.store = broken()

        def open_store(self) -> Broken:
            return self.store

        def damage_snapshot(self, account: str) -> bool:
            return self.store.damage(account) if isinstance(self.store, BelievesAnySnapshot) else False

    return Suite


@pytest.mark.parametrize("broken", CAUGHT_BY, ids=lambda broken: broken.__name__)
def test_a_broken_store_is_caught(broken: type[Broken]) -> None:
    """The check that is there for it fails, by an assertion or by the store's own error."""
    suite = suite_of(broken)()
    suite.setup_method()
    with pytest.raises((AssertionError, VersionConflict)):
        getattr(suite, CAUGHT_BY[broken])()


def test_a_store_without_a_fault_is_not_caught() -> None:
    """What is caught is the faults: the class that they are planted in passes every check."""
    assert failed_checks(suite_of(Broken)) == {}


def test_a_suite_tells_every_check_that_failed() -> None:
    """By name, in their order, each with its error; the others have passed."""
    failed = failed_checks(suite_of(IncludesAfter))
    assert list(failed) == sorted(failed)
    assert {"test_after_leaves_out_what_is_known", "test_a_long_stream_is_kept_whole"} <= failed.keys()
    assert "test_an_unknown_account_has_an_empty_stream" not in failed
    assert all(isinstance(error, AssertionError) for error in failed.values())
