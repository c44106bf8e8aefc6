"""What PostgreSQL adds to the suite: connections, their settings, and what its errors mean."""

import datetime
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from licensebill.charges import CorruptStream
from licensebill.errors import InvalidValue
from licensebill.protocols import AlreadyAppended, StoreUnavailable, VersionConflict
from licensebill.testing.stores import NOON, sample_events, sample_standing
from tests.conformance.databases import emptied
from tests.servers import HAS_DRIVER, Server

if not HAS_DRIVER:
    pytest.skip("psycopg is missing", allow_module_level=True)

import psycopg

from licensebill.adapters.postgres import Postgres


@pytest.fixture
def url(postgres: Server) -> str:
    """Of a database with empty tables."""
    return emptied(postgres)


@pytest.fixture
def store(url: str) -> Iterator[Postgres]:
    """A store in it, one stream of three events in it."""
    with Postgres(url) as opened:
        opened.append("acme", 0, sample_events(3), wake=NOON)
        yield opened


def execute(url: str, statement: Any, *values: object) -> list[Any]:
    """Do something behind the store's back."""
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(statement, values or None)
        return done.fetchall() if done.description else []


def setting(store: Postgres, name: str) -> str:
    """What a setting is on the store's own connection."""
    with store._session() as cursor:
        (row,) = cursor.execute("SELECT current_setting(%s)", (name,)).fetchall()
        return str(row[0])


# --- durability ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "used"), [("off", "on"), ("local", "on"), ("remote_write", "on"), ("on", "on")])
def test_every_connection_waits_for_the_disk(postgres: Server, given: str, used: str) -> None:
    """Whatever the database says; a standby that is waited for stays waited for."""
    store = Postgres(postgres.new_database(f"commit_{given}", synchronous_commit=given))
    assert setting(store, "synchronous_commit") == used
    store.close()
    assert setting(store, "synchronous_commit") == used
    store.close()


def test_waiting_for_more_than_the_disk_is_left_alone(postgres: Server) -> None:
    """`remote_apply` promises more than `on`."""
    with Postgres(postgres.new_database("commit_apply", synchronous_commit="remote_apply")) as store:
        assert setting(store, "synchronous_commit") == "remote_apply"


def test_nothing_is_lost_in_a_crash_of_the_server(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> None:
    """An append that returned is there after the server was stopped at once, and the store finds the new server."""
    url = emptied(postgres)
    with Postgres(url) as store:
        store.append("acme", 0, sample_events(3), wake=NOON)
        postgres.stop("immediate")
        with pytest.raises(StoreUnavailable, match="PostgreSQL"):
            store.load("acme")
        with pytest.raises(StoreUnavailable, match="PostgreSQL: OperationalError, connection"):
            store.append("acme", 3, sample_events(1, start=4), wake=NOON)
        postgres.start()
        assert store.load("acme").events == sample_events(3)
        assert store.append("acme", 3, sample_events(1, start=4), wake=NOON) == 4


def test_a_server_that_syncs_nothing_is_refused(postgres: Server) -> None:
    """Nothing on it would be durable."""
    url = emptied(postgres)
    try:
        execute(url, "ALTER SYSTEM SET fsync = off")
        execute(url, "SELECT pg_reload_conf()")
        while execute(url, "SHOW fsync") != [("off",)]:
            time.sleep(0.01)
        with pytest.raises(StoreUnavailable, match="the server runs with fsync off"):
            Postgres(url).load("acme")
    finally:
        execute(url, "ALTER SYSTEM RESET fsync")
        execute(url, "SELECT pg_reload_conf()")
        while execute(url, "SHOW fsync") != [("on",)]:
            time.sleep(0.01)
    with Postgres(url) as store:
        assert store.load("acme").version == 0


def test_a_server_that_takes_no_writes_is_refused(postgres: Server) -> None:
    """What it gives could be a stream of some time ago."""
    url = postgres.new_database("standing_by", default_transaction_read_only="on")
    with pytest.raises(StoreUnavailable, match="read-only"):
        Postgres(url).load("acme")


# --- several workers ----------------------------------------------------------------------------------------------


def test_workers_that_make_the_tables_at_once_all_succeed(postgres: Server) -> None:
    """And making them again changes nothing."""
    url = postgres.new_database("made_at_once")
    failed: list[BaseException] = []

    def make() -> None:
        try:
            with Postgres(url) as store:
                store.create_tables()
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Postgres(url) as store:
        store.append("acme", 0, sample_events(1), wake=None)
        store.create_tables()
        assert store.load("acme").version == 1


def test_the_second_of_two_waits_and_is_refused(store: Postgres, url: str) -> None:
    """While a transaction holds the next number nobody knows who wins; once it is committed the other has lost."""
    with psycopg.connect(url) as rival:
        rival.execute("INSERT INTO events VALUES ('acme', 4, 'acme/rival', 'x', '{}', now())")
        refused: list[BaseException] = []

        def append() -> None:
            try:
                store.append("acme", 3, sample_events(2, start=4), wake=None)
            except VersionConflict as error:
                refused.append(error)

        thread = threading.Thread(target=append)
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
        rival.commit()
        thread.join()
    assert [(type(error), str(error)) for error in refused] == [(VersionConflict, str(VersionConflict("acme", 3)))]


def test_a_wait_without_end_is_given_up(store: Postgres, url: str) -> None:
    """After the time-out it is not known what was written; and nothing was."""
    with psycopg.connect(url) as rival, Postgres(url, timeout=timedelta(milliseconds=50)) as impatient:
        rival.execute("INSERT INTO events VALUES ('acme', 4, 'acme/rival', 'x', '{}', now())")
        with pytest.raises(StoreUnavailable, match="57014: canceling statement due to statement timeout"):
            impatient.append("acme", 3, sample_events(1, start=4), wake=None)
        rival.rollback()
        assert impatient.append("acme", 3, sample_events(1, start=4), wake=None) == 4


def test_no_page_waits_for_an_append_or_leaves_its_account_out(store: Postgres, url: str) -> None:
    """An account whose wake somebody is just writing is listed by its wake until now."""
    with psycopg.connect(url) as rival:
        rival.execute("UPDATE wakes SET due = 'infinity' WHERE account = 'acme'")
        assert store.open_accounts(due_before=NOON) == ["acme"]
        rival.rollback()


def test_threads_take_turns_on_a_connection(store: Postgres) -> None:
    """All of them succeed."""
    results: list[int] = []

    def append(account: str) -> None:
        results.extend(
            store.append(account, version, sample_events(1, start=version), wake=NOON) for version in range(5)
        )

    threads = [threading.Thread(target=append, args=(f"account-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted([1, 2, 3, 4, 5] * 4)


# --- errors -------------------------------------------------------------------------------------------------------


def test_a_lost_connection_is_made_anew_for_the_next_call(store: Postgres, url: str) -> None:
    """The call that loses it fails, as nobody knows what became of it; the next one does not."""
    for call in (
        lambda: store.load("acme"),
        lambda: store.append("acme", 3, sample_events(1, start=4), wake=None),
        lambda: store.open_accounts(due_before=NOON),
        lambda: store.load_snapshot("acme"),
        lambda: store.save_snapshot(sample_standing()),
    ):
        execute(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with pytest.raises(StoreUnavailable, match=r"57P01|OperationalError"):
            call()
        assert store.load("acme").version == 3


def test_the_row_that_was_refused_is_not_repeated(store: Postgres, url: str) -> None:
    """It holds the token of a source. A constraint of somebody else is no conflict, either."""
    execute(url, "ALTER TABLE events ADD CONSTRAINT closed CHECK (account <> 'acme') NOT VALID")
    try:
        with pytest.raises(StoreUnavailable, match=r"PostgreSQL 23514: new row .* violates") as caught:
            store.append("acme", 3, sample_events(1, start=4), wake=None)
    finally:
        execute(url, "ALTER TABLE events DROP CONSTRAINT closed")
    assert "acme/4" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert store.load("acme").version == 3


def test_a_server_that_is_not_there_makes_the_store_unavailable() -> None:
    """Said by the driver, without a state of SQL."""
    with pytest.raises(StoreUnavailable, match="PostgreSQL: OperationalError, connection"):
        Postgres("postgresql://billing@/billing?host=/nowhere").load("acme")


def test_tables_that_are_not_there_make_the_store_unavailable(postgres: Server) -> None:
    """Nobody has made them yet."""
    with pytest.raises(StoreUnavailable, match="its tables are not there yet"):
        Postgres(postgres.new_database("without_tables")).load("acme")


@pytest.mark.parametrize("conninfo", ["host=localhost hunter2", "postgresql://u:hunter2@[h/x", "x=hunter2"])
def test_a_connection_string_is_not_repeated(conninfo: str) -> None:
    """It may hold a password."""
    with pytest.raises(InvalidValue, match=r"^conninfo: must be a connection string") as caught:
        Postgres(conninfo)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("conninfo", [None, 7])
def test_a_connection_string_is_a_text(conninfo: Any) -> None:
    """Nothing else is."""
    with pytest.raises(InvalidValue, match=r"^conninfo: must be"):
        Postgres(conninfo)


@pytest.mark.parametrize("timeout", [timedelta(), timedelta(microseconds=999), timedelta(seconds=-1), 30])
def test_a_time_out_is_at_least_a_millisecond(timeout: Any) -> None:
    """Zero would mean none to the server."""
    with pytest.raises(InvalidValue, match=r"^timeout: must be"):
        Postgres("", timeout=timeout)


def test_the_caller_has_the_last_word_on_waiting(postgres: Server) -> None:
    """Time-outs in the connection string count, which servers are connected to does not."""
    store = Postgres("postgresql://db.example.com/x?connect_timeout=3&target_session_attrs=any")
    assert "connect_timeout=3" in store._conninfo
    assert "tcp_user_timeout=30000" in store._conninfo
    assert "target_session_attrs=read-write" in store._conninfo


def test_an_interrupt_leaves_no_statement_under_way(store: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is given up, and the lock is free."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("licensebill.adapters.postgres._write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.append("acme", 3, sample_events(1, start=4), wake=None)
    assert store._cursor is None
    assert store.append("acme", 3, sample_events(1, start=4), wake=None) == 4


def test_a_conflict_keeps_the_connection(store: Postgres) -> None:
    """It is an answer, not a failure."""
    cursor = store._cursor
    with pytest.raises(AlreadyAppended):
        store.append("acme", 3, sample_events(1, start=1), wake=None)
    with pytest.raises(VersionConflict):
        store.append("acme", 9, sample_events(1, start=9), wake=None)
    assert store._cursor is cursor


# --- what is corrupt ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM events WHERE seq = 2", "the event is missing"),
        (
            "UPDATE events SET body = replace(body, ':1,', ':2,') WHERE seq = 2",
            "the event cannot be read: format: must be",
        ),
        ("UPDATE events SET body = body || 'é' WHERE seq = 2", "the event cannot be read: it is not as it was written"),
        ("UPDATE events SET event_id = 'acme/9' WHERE seq = 2", "the event is another than its row says"),
    ],
)
def test_a_corrupt_event_is_named(store: Postgres, url: str, change: str, problem: str) -> None:
    """Nothing is charged on a stream that cannot be read."""
    execute(url, change)
    with pytest.raises(CorruptStream, match=f"^seq 2: {re.escape(problem)}"):
        store.load("acme")


def test_only_due_accounts_are_listed(store: Postgres) -> None:
    """More than the protocol asks for: to the microsecond, and none whose wake was taken away."""
    microsecond = timedelta(microseconds=1)
    noon = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
    store.append("later", 0, sample_events(1), wake=noon + microsecond)
    store.append("sharp", 0, sample_events(1), wake=noon)
    assert store.open_accounts(due_before=noon - microsecond) == []
    assert store.open_accounts(due_before=noon) == ["sharp"]
    assert store.open_accounts(due_before=noon + microsecond) == ["later", "sharp"]
    store.append("sharp", 1, sample_events(1, start=2), wake=None)
    assert store.open_accounts(due_before=NOON) == ["acme", "later"]


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.load(""),
        lambda store: store.append("acme", -1, sample_events(1), wake=None),
        lambda store: store.open_accounts(due_before=NOON, limit=0),
        lambda store: store.load_snapshot("\x00"),
        lambda store: store.save_snapshot(None),
    ],
)
def test_what_cannot_be_right_is_refused_before_the_server_is_asked(call: Callable[[Postgres], object]) -> None:
    """There is none here."""
    with pytest.raises(InvalidValue):
        call(Postgres("host=/nowhere"))
