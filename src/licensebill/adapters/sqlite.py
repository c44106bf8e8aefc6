"""A store in one SQLite file: the embedded default, for everything that runs on one machine.

Durable means: on the disk before `append` returns. The settings that make it so, on every connection:

* `journal_mode=WAL` with `synchronous=FULL`: the log is synced at every commit. SQLite's usual `NORMAL` syncs it only
  now and then, and would lose the last appends with the power: charges made and forgotten.
* `fullfsync=ON`: on macOS a plain sync ends in the disk's cache; elsewhere it changes nothing.
* `wal_autocheckpoint=0`: the log is brought into the file here, every few hundred appends, and under SQLite's write
  lock. Before 3.51.3 a checkpoint without that lock could, very rarely, lose what another process had just written
  (https://sqlite.org/wal.html#walresetbug), and older versions will be with us for years.

The primary key is the compare-and-swap; `BEGIN IMMEDIATE` takes the write lock first, so that no append fails because
it had begun as a reader. When an account is due next stands in a table of its own, written in the same transaction: a
page of due accounts is found at once, where a column of the events would have to be searched for every account's latest
(bench/charging.py measures both).

A disk that lies about syncing, and a network file system, on which WAL does not work, are beyond any setting. Needs the
`json` extra.
"""

import contextlib
import datetime
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from licensebill._checks import instance, text
from licensebill.adapters.arguments import check_append, check_list, check_load, check_page, conflict, utc
from licensebill.adapters.rows import ACCOUNTS, LOAD, Row, snapshot_of, standing_of, stream_of
from licensebill.charges import Standing
from licensebill.errors import InvalidValue, shown
from licensebill.events import Event, Stream
from licensebill.protocols import StoreUnavailable

_T = TypeVar("_T")

#: The layout of the tables below, as `user_version` of the file.
LAYOUT = 1
#: Appends from one checkpoint of the log to the next; about four pages each.
CHECKPOINT_EVERY = 250

SCHEMA = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS events (
        account TEXT NOT NULL,
        seq INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        type TEXT NOT NULL,
        body TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (account, seq),
        UNIQUE (account, event_id)
    );
    CREATE TABLE IF NOT EXISTS wakes (account TEXT NOT NULL PRIMARY KEY, due TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS snapshots (account TEXT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, body TEXT NOT NULL);
    PRAGMA user_version = {LAYOUT};
    COMMIT;
"""
_TABLES = ("events", "wakes", "snapshots")
_COLUMNS = {"account", "seq", "event_id", "type", "body", "at"}
_SETTINGS = ("synchronous = FULL", "fullfsync = ON", "wal_autocheckpoint = 0", "trusted_schema = OFF")

_LOAD = LOAD.format(account=":account", after=":after")
_ACCOUNTS = ACCOUNTS.format(after=":after", limit=":limit")
_IS_THERE = "SELECT 1 FROM events WHERE account = ? AND seq = ?"
_INSERT = "INSERT INTO events (account, seq, event_id, type, body, at) VALUES (?, ?, ?, ?, ?, ?)"
#: What SQLite says where a sequence number or an id is in the stream already.
_TAKEN = frozenset({"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"})
_IS_STORED = "SELECT 1 FROM events WHERE account = ? AND event_id = ?"
_SET_WAKE = "INSERT INTO wakes (account, due) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET due = excluded.due"
_NO_WAKE = "DELETE FROM wakes WHERE account = ?"
_DUE = "SELECT account FROM wakes WHERE due <= ? AND account > ? ORDER BY account LIMIT ?"
_SNAPSHOT = "SELECT body, digest FROM snapshots WHERE account = ?"
_SAVE = "INSERT OR REPLACE INTO snapshots (account, digest, body) VALUES (?, ?, ?)"


class Sqlite:
    """Streams and snapshots in an SQLite file, for any number of threads and processes of one machine.

    The file is opened, and its tables made, when it is first needed; after an error it is opened anew for the next
    call. A process that forks must not have used it before.

    Args:
        path: of the file. Beside it SQLite keeps two more, ending in -wal and -shm, which belong to it.
        timeout: how long a call waits while another process writes; `StoreUnavailable` after that.
        make: whether the file, and its tables, are made where they are not there; without it such a file is refused.

    Raises:
        InvalidValue: the path is that of a database in memory, or the time-out is negative; by any call, the file
            holds something else than a store, or nothing where it is not to be made. Nothing is written into it then.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> with Sqlite(f"{folder.name}/charges.db") as store:
        ...     store.load("acme")
        Stream(events=(), version=0)
        >>> folder.cleanup()
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: timedelta = timedelta(seconds=10), make: bool = True
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InvalidValue("path", f"must be that of a file, not {shown(path)}")
        self._path = os.fspath(path)
        if "\0" in self._path:
            raise InvalidValue("path", "must hold no NUL")
        if self._path in {"", ":memory:"}:
            raise InvalidValue("path", "must be that of a file: a database in memory is lost with its process")
        if instance("timeout", timeout, timedelta) < timedelta():
            raise InvalidValue("timeout", "must not be negative")
        self._timeout = timeout / timedelta(seconds=1)
        self._make = instance("make", make, bool)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._appends = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. The next call opens it again."""
        with self._lock:
            self._drop()

    # --- the store ------------------------------------------------------------------------------------------------

    def load(self, account: str, *, after: int = 0) -> Stream:
        """The events of an account's stream beyond a sequence number; see `protocols.Store`.

        Read in one statement from the file itself: whatever an `append` in any process returned for is there.

        Raises:
            CorruptStream: an event that cannot be read; its place is its sequence number.
            StoreUnavailable: the file cannot be read, or is locked for longer than the time-out.
            InvalidValue: an argument that cannot be right.
        """
        check_load(account, after)
        with self._session() as connection:
            rows = connection.execute(_LOAD, {"account": account, "after": after}).fetchall()
        return stream_of(rows, after)

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Add events to a stream that still is at a version, all of them or none; see `protocols.Store`.

        One transaction, which holds the file's write lock from its beginning; synced to the disk on return.

        Raises:
            AlreadyAppended: an event of the same id is in the stream; nothing was written.
            VersionConflict: the stream is at another version; nothing was written.
            StoreUnavailable: anything else, such as a full disk: the events may have been written or not.
            InvalidValue: an argument that cannot be right; nothing was written.
        """
        given = check_append(account, expected_version, events, wake)
        rows = [Row.of(event) for event in given]
        due = None if wake is None else utc("wake", wake)
        with self._session() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not _inserted(connection, account, expected_version, rows):
                raise conflict(account, expected_version, given, _stored(connection, account, given))
            _set_wake(connection, account, due)
            connection.execute("COMMIT")
            self._check_point(connection)
        return expected_version + len(given)

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> list[str]:
        """Accounts whose wake is not after an instant, in the order of their ids; see `protocols.Store`.

        Exactly those, as of the instant the page is read.

        Raises:
            StoreUnavailable: the file cannot be read, or is locked for longer than the time-out.
            InvalidValue: an argument that cannot be right.
        """
        check_page(due_before, after, limit)
        latest = _sortable(utc("due_before", due_before))
        with self._session() as connection:
            return [account for (account,) in connection.execute(_DUE, (latest, after, limit))]

    def accounts(self, *, after: str = "", limit: int = 500) -> list[str]:
        """All accounts, in the order of their ids, a page at a time.

        Args:
            after: the last id of the page before; empty for the first page.
            limit: the most that are given.

        Raises:
            StoreUnavailable: the file cannot be read, or is locked for longer than the time-out.
            InvalidValue: an argument that cannot be right.
        """
        check_list(after, limit)
        with self._session() as connection:
            return [account for (account,) in connection.execute(_ACCOUNTS, {"after": after, "limit": limit})]

    # --- snapshots ------------------------------------------------------------------------------------------------

    def load_snapshot(self, account: str) -> Standing | None:
        """The latest standing kept; see `protocols.SnapshotStore`.

        Raises:
            StoreUnavailable: the file cannot be read, or is locked for longer than the time-out.
        """
        text("account", account)
        with self._session() as connection:
            row = connection.execute(_SNAPSHOT, (account,)).fetchone()
        return None if row is None else standing_of(account, *row)

    def save_snapshot(self, standing: Standing) -> None:
        """Keep a standing in place of an earlier one; see `protocols.SnapshotStore`.

        Raises:
            StoreUnavailable: it was not kept, or is not known to be.
        """
        body, digest = snapshot_of(instance("standing", standing, Standing))
        with self._session() as connection:
            connection.execute(_SAVE, (standing.account.id, digest, body))

    # --- the connection -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one caller at a time; nothing half-done is left on it."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _opened(self._path, self._timeout, make=self._make)
                yield self._connection
            except sqlite3.Error as failed:
                self._drop()
                raise StoreUnavailable(f"SQLite: {failed}") from failed
            except BaseException:  # a conflict, or an interrupt between two statements
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()

    def _drop(self) -> None:
        """Close, which rolls back whatever was not committed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # there is nothing left that could be done about it
                connection.close()

    def _check_point(self, connection: sqlite3.Connection) -> None:
        """Bring the log into the file now and then. `FULL` takes the write lock, `PASSIVE` does not."""
        self._appends += 1
        if self._appends % CHECKPOINT_EVERY == 0:
            connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()


def _opened(path: str, timeout: float, *, make: bool) -> sqlite3.Connection:
    address = f"{Path(path).absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
    connection = sqlite3.connect(address, timeout=timeout, isolation_level=None, check_same_thread=False, uri=True)
    try:
        connection.text_factory = _text
        is_laid_out = _patiently(lambda: _is_laid_out(connection, path, make=make), timeout)
        _patiently(lambda: _write_ahead(connection), timeout)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        if not is_laid_out:
            connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_laid_out(connection: sqlite3.Connection, path: str, *, make: bool) -> bool:
    """Whether the tables are there, or nothing yet; only read, as the file may be somebody else's."""
    with _one_look(connection):
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        kinds = dict(connection.execute("SELECT name, type FROM sqlite_master").fetchall())
        columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(events)")}
    if not kinds and layout == application == 0:
        if not make:
            raise InvalidValue("path", f"{shown(path)} holds no accounts, and no tables for them")
        return False
    has_tables = all(kinds.get(name) == "table" for name in _TABLES) and columns >= _COLUMNS
    if not has_tables or application != 0 or layout < LAYOUT:
        raise InvalidValue("path", f"{shown(path)} holds other tables; accounts are kept in a file of their own")
    if layout > LAYOUT:
        raise StoreUnavailable(f"a later version of the library has made this file: its layout is {layout}")
    return True


@contextlib.contextmanager
def _one_look(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read is of one instant: whoever lays the file out does it in one transaction."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.commit()


def _text(stored: bytes) -> str:
    # what is no UTF-8 is a corrupt event, not an error of the store; see `stream_of`
    return stored.decode(errors="surrogateescape")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Write-ahead logging, a lasting property of the file."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreUnavailable(f"the file cannot be written ahead, which safety rests on: its mode is {mode}")


def _patiently(step: Callable[[], _T], timeout: float) -> _T:
    """Where two create a file at once SQLite does not always wait."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return step()
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)


# --- statements ---------------------------------------------------------------------------------------------------


def _inserted(connection: sqlite3.Connection, account: str, version: int, rows: Sequence[Row]) -> bool:
    """Whether the stream was at the version, held none of the events, and does now."""
    if version and connection.execute(_IS_THERE, (account, version)).fetchone() is None:
        return False
    try:
        for seq, row in enumerate(rows, version + 1):
            connection.execute(_INSERT, (account, seq, row.event_id, row.type, row.body, _sortable(row.at)))
    except sqlite3.IntegrityError as refused:
        if refused.sqlite_errorname not in _TAKEN:
            raise
        return False
    return True


def _set_wake(connection: sqlite3.Connection, account: str, due: datetime.datetime | None) -> None:
    if due is None:
        connection.execute(_NO_WAKE, (account,))
    else:
        connection.execute(_SET_WAKE, (account, _sortable(due)))


def _stored(connection: sqlite3.Connection, account: str, events: Sequence[Event]) -> list[str]:
    """The ids of those events that are in the stream."""
    return [one.id for one in events if connection.execute(_IS_STORED, (account, one.id)).fetchone()]


def _sortable(instant: datetime.datetime) -> str:
    """An instant in UTC as a text; an earlier one sorts before a later one."""
    return instant.isoformat(timespec="microseconds")
