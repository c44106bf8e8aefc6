"""A store in PostgreSQL, for several workers on several machines.

Durable means: in the server's log, on its disk, before `append` returns. Every connection looks after what that rests
on: `fsync` must be on, or nothing is done at all; `synchronous_commit` is set to `on`, unless it is more; and only a
server that takes writes is connected to, as a standby would answer `load` with a stream of some time ago. Whether a
standby must have an event too, before it counts, is the server's own setting (`synchronous_standby_names`).

An append of one event is one statement, and so one transaction and one message to the server and back; of several,
one transaction. The primary key is the compare-and-swap: of two inserts at one sequence number the second waits for the
first, and fails. No lock is held for longer than that, and there is no lease. When an account is due next stands in a
table of its own, written by the statement of the last event.

A page of due accounts takes no locks: every worker may be given the same accounts, and the versions of their streams
decide. With `SKIP LOCKED` a page would leave out the accounts that somebody is just writing to, and none may be left
out; besides, locking writes to each row (bench/charging.py).

Unique violations say that nothing was written. After any other error it is not known; the message has its SQLSTATE, but
never repeats the row. Needs the `postgres` extra.
"""

import contextlib
import datetime
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType, TracebackType
from typing import Any, LiteralString, Self

from licensebill._extras import extra

with extra("postgres"):
    import psycopg
    from psycopg import conninfo as conninfos
    from psycopg.rows import TupleRow

from licensebill._checks import instance, text
from licensebill.adapters.arguments import check_append, check_list, check_load, check_page, conflict, utc
from licensebill.adapters.rows import ACCOUNTS, LOAD, Row, snapshot_of, standing_of, stream_of
from licensebill.charges import Standing
from licensebill.errors import ChargeFailure, InvalidValue
from licensebill.events import Event, Stream
from licensebill.protocols import StoreUnavailable

_Cursor = psycopg.Cursor[TupleRow]

#: The tables, for those who make them by their own means; `Postgres.create_tables` executes this. Ids are compared by
#: their characters' codes, whatever the language of the database.
SCHEMA: LiteralString = """
    CREATE TABLE IF NOT EXISTS events (
        account text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        type text NOT NULL,
        body text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (account, seq),
        UNIQUE (account, event_id)
    );
    CREATE TABLE IF NOT EXISTS wakes (account text COLLATE "C" PRIMARY KEY, due timestamptz NOT NULL)
        WITH (fillfactor = 70);
    CREATE TABLE IF NOT EXISTS snapshots (
        account text COLLATE "C" PRIMARY KEY,
        digest text NOT NULL,
        body text NOT NULL
    );
"""

_LOAD = LOAD.format(account="%(account)s", after="%(after)s")
_ACCOUNTS = ACCOUNTS.format(after="%(after)s", limit="%(limit)s")
#: Writes an event. Its number is one more than that of the event before it; where that is not there it would be null,
#: which the column refuses.
_INSERT: LiteralString = """
    INSERT INTO events (account, seq, event_id, type, body, at) VALUES (
        %s, CASE %s WHEN 0 THEN 1 ELSE (SELECT seq + 1 FROM events WHERE account = %s AND seq = %s) END, %s, %s, %s, %s
    )
"""
#: The same, and the wake with it.
_INSERT_AND_SET_WAKE: LiteralString = f"""
    WITH written AS ({_INSERT} RETURNING account)
    INSERT INTO wakes (account, due) SELECT account, %s FROM written
    ON CONFLICT (account) DO UPDATE SET due = excluded.due
"""  # noqa: S608 - of our own texts
_INSERT_AND_DROP_WAKE: LiteralString = f"""
    WITH written AS ({_INSERT} RETURNING account)
    DELETE FROM wakes USING written WHERE wakes.account = written.account
"""  # noqa: S608 - see above
_STORED = "SELECT event_id FROM events WHERE account = %s AND event_id = ANY(%s)"
_DUE = "SELECT account FROM wakes WHERE due <= %s AND account > %s ORDER BY account LIMIT %s"
_SNAPSHOT = "SELECT body, digest FROM snapshots WHERE account = %s"
_SAVE = """
    INSERT INTO snapshots (account, digest, body) VALUES (%s, %s, %s)
    ON CONFLICT (account) DO UPDATE SET digest = excluded.digest, body = excluded.body
"""

#: One number for all who create the tables, so that two who do it at once wait for each other.
_CREATING = 7_303_014

#: Unless the connection string says otherwise: how long anything may take before it counts as lost.
_DEFAULTS: Mapping[str, str] = MappingProxyType({"connect_timeout": "10", "tcp_user_timeout": "30000"})
#: Whatever it says: a standby would answer with a past, and what is no UTF-8 could not be understood, or not be sent.
_ALWAYS: Mapping[str, str] = MappingProxyType({"target_session_attrs": "read-write", "client_encoding": "UTF8"})


class Postgres:
    """Streams and snapshots in a PostgreSQL database, for any number of threads, processes and machines.

    It keeps one connection, which its threads take turns on; workers that should not wait for each other have a store
    each. The connection is made when it is first needed, and anew for the next call after any error. A process that
    forks must not have used it before.

    Args:
        conninfo: a connection string or URL, "postgresql://billing@db.example.com/billing"; never repeated in an error.
        timeout: how long a statement may take, waiting for others included; `StoreUnavailable` after that.

    Raises:
        InvalidValue: no connection string, or a time-out under a millisecond.
    """

    def __init__(self, conninfo: str, *, timeout: timedelta = timedelta(seconds=30)) -> None:
        self._conninfo = _checked(conninfo)
        self._timeout = instance("timeout", timeout, timedelta) // timedelta(milliseconds=1)
        if self._timeout < 1:
            raise InvalidValue("timeout", "must be at least a millisecond")
        self._lock = threading.Lock()
        self._cursor: _Cursor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. The next call makes another."""
        with self._lock:
            self._drop()

    def create_tables(self) -> None:
        """Make the tables that are missing; any number of workers may do so at once.

        Raises:
            StoreUnavailable: they could not be made, or are not known to be.
        """
        with self._session() as cursor, cursor.connection.transaction():
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_CREATING,))
            # asked first: a role that may not make tables may well use them
            if cursor.execute("SELECT to_regclass('snapshots') IS NULL").fetchone() == (True,):
                cursor.execute(SCHEMA)

    # --- the store ------------------------------------------------------------------------------------------------

    def load(self, account: str, *, after: int = 0) -> Stream:
        """The events of an account's stream beyond a sequence number; see `protocols.Store`.

        Read in one statement from the server that is written to: whatever an `append` returned for is there.

        Raises:
            CorruptStream: an event that cannot be read; its place is its sequence number.
            StoreUnavailable: anything else.
            InvalidValue: an argument that cannot be right.
        """
        check_load(account, after)
        with self._session() as cursor:
            rows = cursor.execute(_LOAD, {"account": account, "after": after}).fetchall()
        return stream_of(rows, after)

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Add events to a stream that still is at a version, all of them or none; see `protocols.Store`.

        One transaction, committed and synced to the server's disk on return.

        Raises:
            AlreadyAppended: an event of the same id is in the stream; nothing was written.
            VersionConflict: the stream is at another version; nothing was written.
            StoreUnavailable: anything else, such as a lost connection: the events may have been written or not.
            InvalidValue: an argument that cannot be right; nothing was written.
        """
        given = check_append(account, expected_version, events, wake)
        rows = [Row.of(event) for event in given]
        due = None if wake is None else utc("wake", wake)
        with self._session() as cursor:
            try:
                _write(cursor, account, expected_version, rows, due)
            except psycopg.IntegrityError as refused:
                if not _is_conflict(refused):
                    raise
                raise conflict(account, expected_version, given, _stored(cursor, account, rows)) from None
        return expected_version + len(given)

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> list[str]:
        """Accounts whose wake is not after an instant, in the order of their ids; see `protocols.Store`.

        Exactly those, as of the instant the page is read; no locks are taken.

        Raises:
            StoreUnavailable: the page cannot be read.
            InvalidValue: an argument that cannot be right.
        """
        check_page(due_before, after, limit)
        with self._session() as cursor:
            rows = cursor.execute(_DUE, (utc("due_before", due_before), after, limit))
            return [account for (account,) in rows]

    def accounts(self, *, after: str = "", limit: int = 500) -> list[str]:
        """All accounts, in the order of their ids, a page at a time.

        Args:
            after: the last id of the page before; empty for the first page.
            limit: the most that are given.

        Raises:
            StoreUnavailable: the page cannot be read.
            InvalidValue: an argument that cannot be right.
        """
        check_list(after, limit)
        with self._session() as cursor:
            return [account for (account,) in cursor.execute(_ACCOUNTS, {"after": after, "limit": limit})]

    # --- snapshots ------------------------------------------------------------------------------------------------

    def load_snapshot(self, account: str) -> Standing | None:
        """The latest standing kept; see `protocols.SnapshotStore`.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        text("account", account)
        with self._session() as cursor:
            row = cursor.execute(_SNAPSHOT, (account,)).fetchone()
        return None if row is None else standing_of(account, *row)

    def save_snapshot(self, standing: Standing) -> None:
        """Keep a standing in place of an earlier one; see `protocols.SnapshotStore`.

        Raises:
            StoreUnavailable: it was not kept, or is not known to be.
        """
        body, digest = snapshot_of(instance("standing", standing, Standing))
        with self._session() as cursor:
            cursor.execute(_SAVE, (standing.account.id, digest, body))

    # --- the connection -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _session(self) -> Iterator[_Cursor]:
        """The connection's cursor, for one caller at a time. Every statement on it is a transaction of its own."""
        with self._lock:
            try:
                if self._cursor is None:
                    self._cursor = _opened(self._conninfo, self._timeout)
                yield self._cursor
            except psycopg.Error as failed:
                self._drop()
                # its own text could hold the row that was refused, and with it a source's token
                raise StoreUnavailable(_reason(failed)) from None
            except ChargeFailure:
                raise
            except BaseException:  # an interrupt: the connection may be in the middle of a statement
                self._drop()
                raise

    def _drop(self) -> None:
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            cursor.connection.close()


def _checked(conninfo: str) -> str:
    try:
        instance("conninfo", conninfo, str).encode()
        given = conninfos.conninfo_to_dict(conninfo)
    except (psycopg.Error, UnicodeError):
        # its text would repeat a part of the string, which could be the password
        raise InvalidValue("conninfo", "must be a connection string or URL of PostgreSQL; it is not repeated") from None
    if "@" in str(given.get("host", "")):
        # the rest of a password with an @ of its own, taken for the server's name; it would be shown
        raise InvalidValue("conninfo", "names a server with an @; write that of a password as %40")
    settings: dict[str, Any] = {**_DEFAULTS, **given, **_ALWAYS}
    return conninfos.make_conninfo(**settings)


def _opened(conninfo: str, timeout: int) -> _Cursor:
    connection = psycopg.connect(conninfo, autocommit=True)
    try:
        connection.execute("SELECT set_config('statement_timeout', %s, false)", (f"{timeout}ms",))
        _make_durable(connection)
    except BaseException:
        connection.close()
        raise
    return connection.cursor()


def _make_durable(connection: psycopg.Connection[TupleRow]) -> None:
    found = connection.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchall()
    ((fsync, synchronous),) = found
    if fsync != "on":
        raise StoreUnavailable("the server runs with fsync off: nothing would be durable")
    if synchronous not in {"on", "remote_apply"}:
        connection.execute("SET synchronous_commit = on")


def _reason(failed: psycopg.Error) -> str:
    """What went wrong, without the values that it went wrong with."""
    diagnosis = failed.diag.message_primary
    if isinstance(failed, psycopg.errors.UndefinedTable):
        return "its tables are not there yet: `create_tables`, or `licensebill open`, makes them"
    if failed.sqlstate is not None:
        return f"PostgreSQL {failed.sqlstate}: {diagnosis}"
    return f"PostgreSQL: {type(failed).__name__}, {str(failed).splitlines()[0] if str(failed) else 'no reason given'}"


# --- statements ---------------------------------------------------------------------------------------------------


def _write(cursor: _Cursor, account: str, version: int, rows: Sequence[Row], due: datetime.datetime | None) -> None:
    if len(rows) == 1:
        _write_last(cursor, account, version, rows[0], due)
        return
    with cursor.connection.transaction():
        for before, row in enumerate(rows[:-1], version):
            cursor.execute(_INSERT, _values(account, before, row))
        _write_last(cursor, account, version + len(rows) - 1, rows[-1], due)


def _is_conflict(refused: psycopg.IntegrityError) -> bool:
    """Whether a number or an id is taken, or the event before is missing; not the constraint of somebody else."""
    return isinstance(refused, psycopg.errors.UniqueViolation) or refused.diag.column_name == "seq"


def _write_last(cursor: _Cursor, account: str, before: int, row: Row, due: datetime.datetime | None) -> None:
    values = _values(account, before, row)
    if due is None:
        cursor.execute(_INSERT_AND_DROP_WAKE, values)
    else:
        cursor.execute(_INSERT_AND_SET_WAKE, (*values, due))


def _values(account: str, before: int, row: Row) -> tuple[object, ...]:
    return (account, before, account, before, row.event_id, row.type, row.body, row.at)


def _stored(cursor: _Cursor, account: str, rows: Sequence[Row]) -> list[str]:
    """The ids of those events that are in the stream."""
    found = cursor.execute(_STORED, (account, [row.event_id for row in rows]))
    return [event_id for (event_id,) in found]
