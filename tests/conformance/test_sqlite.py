"""What SQLite adds to the suite: the file, its settings, and what others may do to it."""

import datetime
import multiprocessing
import resource
import sqlite3
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import attrs
import pytest

from licensebill.adapters import sqlite
from licensebill.adapters.sqlite import LAYOUT, Sqlite
from licensebill.charges import CorruptStream
from licensebill.errors import InvalidValue
from licensebill.protocols import StoreUnavailable, VersionConflict
from licensebill.testing.stores import NOON, sample_events, sample_standing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file that is not there yet."""
    return tmp_path / "charges.db"


@pytest.fixture
def store(path: Path) -> Iterator[Sqlite]:
    """A store in the file, one stream of three events in it."""
    with Sqlite(path) as opened:
        opened.append("acme", 0, sample_events(3), wake=NOON)
        yield opened


def execute(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(statement, values).rowcount != 0
    connection.close()


def setting(store: Sqlite, name: str) -> object:
    """What a setting is on the store's own connection."""
    with store._session() as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


# --- durability ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("fullfsync", 1),
        ("wal_autocheckpoint", 0),
        ("user_version", LAYOUT),
    ],
)
def test_every_connection_has_the_settings_that_make_an_append_durable(store: Sqlite, name: str, value: object) -> None:
    """On the first connection and on the one made after an error."""
    assert setting(store, name) == value
    store.close()
    assert setting(store, name) == value


def test_the_log_is_brought_into_the_file_now_and_then(
    store: Sqlite, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log does not grow for ever, and nothing is lost by it."""
    monkeypatch.setattr(sqlite, "CHECKPOINT_EVERY", 10)
    log = path.with_name(path.name + "-wal")
    sizes = []
    for version in range(3, 103):
        store.append("acme", version, sample_events(1, start=version + 1), wake=NOON)
        sizes.append(log.stat().st_size)
    assert max(sizes) < 2 * sizes[10]
    assert store.load("acme").events == sample_events(103)


def test_a_full_disk_is_an_error_and_nothing_is_lost(store: Sqlite, path: Path) -> None:
    """Whoever appends to a disk that is full is told; what was appended before is there, and so is the next append."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    large = sample_events(4_000, "large")
    store.close()  # so that the log begins anew
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100_000, before[1]))
    try:
        with pytest.raises(StoreUnavailable, match=r"^the store is not available: SQLite: "):
            store.append("large", 0, large, wake=None)
        assert store.load("acme").events == sample_events(3)
        assert store.load("large").version == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.append("large", 0, large, wake=None) == 4_000


# --- several who use one file -------------------------------------------------------------------------------------


def _begin(path: Path, number: int) -> int:
    with Sqlite(path) as store:
        return store.append(f"account-{number}", 0, sample_events(1), wake=NOON)


def test_processes_that_make_the_file_at_once_all_succeed(path: Path) -> None:
    """Nobody is told that the database is locked, and the tables are made once."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.starmap(_begin, [(path, number) for number in range(16)]) == [1] * 16
    with Sqlite(path) as store:
        assert len(store.open_accounts(due_before=NOON)) == 16


def test_a_writer_is_waited_for_as_long_as_the_time_out(store: Sqlite, path: Path) -> None:
    """After that the store is not available, and is again as soon as the other has finished."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Sqlite(path, timeout=timedelta(milliseconds=20)) as impatient:
        with pytest.raises(StoreUnavailable, match="locked"):
            impatient.append("acme", 3, sample_events(1, start=4), wake=None)
        assert impatient.load("acme").version == 3
        other.execute("ROLLBACK")
        assert impatient.append("acme", 3, sample_events(1, start=4), wake=None) == 4
    other.close()


def test_a_file_that_another_holds_alone_is_waited_for(path: Path) -> None:
    """A new file that somebody else has locked is not used before the time-out, and is as soon as it is free."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked"):
        Sqlite(path, timeout=timedelta(milliseconds=30)).load("acme")
    other.close()
    with Sqlite(path) as store:
        assert store.load("acme").version == 0


def test_who_makes_the_file_with_others_tries_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two switch to write-ahead logging at once SQLite does not wait, whatever its time-out."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    left = [busy, busy]

    class Contended(sqlite3.Connection):
        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if "journal_mode" in statement and left:
                raise left.pop()
            return super().execute(statement, *values)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.connect", lambda *given, **more: connect(*given, factory=Contended, **more))
    with Sqlite(path) as store:
        assert store.load("acme").version == 0
    assert not left


# --- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_a_database_in_memory_is_refused(path: str) -> None:
    """It would be lost with its process."""
    with pytest.raises(InvalidValue, match="path: must be that of a file"):
        Sqlite(path)


def test_a_time_out_is_not_negative() -> None:
    """None at all is fine: who does not get the lock at once fails."""
    Sqlite("charges.db", timeout=timedelta())
    with pytest.raises(InvalidValue, match="timeout: must not be negative"):
        Sqlite("charges.db", timeout=timedelta(microseconds=-1))


def test_a_folder_that_is_not_there_makes_the_store_unavailable(tmp_path: Path) -> None:
    """And as soon as it is there, the store is available."""
    with Sqlite(tmp_path / "folder" / "charges.db") as store:
        with pytest.raises(StoreUnavailable, match="unable to open database file"):
            store.load("acme")
        (tmp_path / "folder").mkdir()
        assert store.load("acme").version == 0


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    """It is not overwritten."""
    path.write_bytes(b"precious" * 1_000)
    with pytest.raises(StoreUnavailable, match="not a database"):
        Sqlite(path).append("acme", 0, sample_events(1), wake=None)
    assert path.read_bytes() == b"precious" * 1_000


def test_a_file_of_a_later_version_is_left_alone(store: Sqlite, path: Path) -> None:
    """What its tables mean is not known."""
    execute(path, f"PRAGMA user_version = {LAYOUT + 1}")
    store.close()
    with pytest.raises(StoreUnavailable, match="its layout is 2"):
        store.load("acme")


def test_a_file_that_cannot_be_written_ahead_is_refused(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Some file systems cannot; the mode that SQLite falls back to is not what the promises rest on."""

    class Falling(sqlite3.Connection):
        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            return super().execute(statement.replace("= WAL", "= DELETE"), *values)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.connect", lambda *given, **more: connect(*given, factory=Falling, **more))
    with pytest.raises(StoreUnavailable, match="cannot be written ahead, which safety rests on: its mode is delete"):
        Sqlite(path).load("acme")


def test_a_constraint_of_somebody_else_is_no_conflict(store: Sqlite, path: Path) -> None:
    """It would be decided again for ever."""
    execute(
        path,
        "CREATE TRIGGER no BEFORE INSERT ON events WHEN new.account = 'acme' BEGIN SELECT raise(ABORT, 'closed'); END",
    )
    with pytest.raises(StoreUnavailable, match="SQLite: closed"):
        store.append("acme", 3, sample_events(1, start=4), wake=None)
    assert store.load("acme").version == 3


def test_an_interrupt_leaves_nothing_half_written(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    """What had begun is rolled back, and the lock is free."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_set_wake", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.append("acme", 3, sample_events(1, start=4), wake=None)
    assert store.load("acme").version == 3
    assert store.append("acme", 3, sample_events(1, start=4), wake=None) == 4


def test_a_conflict_stays_one_where_the_connection_dies_with_it(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was committed: closing rolls back as well as ROLLBACK does."""

    class Dying(sqlite3.Connection):
        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if statement == "ROLLBACK":
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(statement, *values)  # type: ignore[arg-type]

    connect = sqlite3.connect
    store.close()
    with monkeypatch.context() as patched:
        patched.setattr("sqlite3.connect", lambda *given, **more: connect(*given, factory=Dying, **more))
        with pytest.raises(VersionConflict):
            store.append("acme", 1, sample_events(1, start=4), wake=None)
    assert store.append("acme", 3, sample_events(1, start=4), wake=None) == 4


# --- what is corrupt ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM events WHERE seq = 2", "the event is missing"),
        (
            "UPDATE events SET body = replace(body, '}', '') WHERE seq = 2",
            "the event cannot be read: document: is no JSON",
        ),
        (
            "UPDATE events SET body = replace(body, ':1,', ':2,') WHERE seq = 2",
            "the event cannot be read: format: must be",
        ),
        (
            "UPDATE events SET body = body || cast(x'ff' AS TEXT) WHERE seq = 2",
            "cannot be read: it is not as it was written",
        ),
        ("UPDATE events SET body = cast(body AS BLOB) WHERE seq = 2", "cannot be read: it is not as it was written"),
        ("UPDATE events SET event_id = 'acme/9' WHERE seq = 2", "the event is another than its row says"),
    ],
)
def test_a_corrupt_event_is_named(store: Sqlite, path: Path, change: str, problem: str) -> None:
    """Nothing is charged on a stream that cannot be read; what comes after the event can."""
    execute(path, change)
    with pytest.raises(CorruptStream, match=f"^seq 2: .*{problem}"):
        store.load("acme")
    assert store.load("acme", after=2).events == sample_events(3)[2:]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE snapshots SET body = replace(body, '100.00 USD', '900.00 USD')",
        "UPDATE snapshots SET digest = 'x'",
        "UPDATE snapshots SET account = 'other'",
    ],
)
def test_a_snapshot_that_was_changed_is_not_believed(store: Sqlite, path: Path, change: str) -> None:
    """Neither its text, nor whose it is."""
    store.save_snapshot(sample_standing())
    execute(path, change)
    assert [store.load_snapshot(account) for account in ("acme", "other")] == [None, None]


def test_a_snapshot_of_another_version_of_the_library_is_not_believed(
    store: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same events may add up to something else there."""
    store.save_snapshot(sample_standing())
    monkeypatch.setattr("licensebill.adapters.rows.__version__", "0.0.0")
    assert store.load_snapshot("acme") is None


def test_a_snapshot_that_cannot_be_read_is_none(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its digest is right and its text is of another kind."""
    with monkeypatch.context() as patched:
        patched.setattr("licensebill.adapters.rows.to_json", lambda _: '{"format":1,"type":"money"}')
        store.save_snapshot(sample_standing())
    assert store.load_snapshot("acme") is None


# --- arguments, which all stores refuse alike ---------------------------------------------------------------------

_FAR = datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(timedelta(hours=3)))


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"account": ""}, "account"),
        ({"account": "a\x00b"}, "account"),
        ({"account": "a\ud800"}, "account"),
        ({"expected_version": -1}, "expected_version"),
        ({"expected_version": True}, "expected_version"),
        ({"events": ()}, "events"),
        ({"events": ("event",)}, "events"),
        ({"events": sample_events(1, start=4) * 2}, "events"),
        ({"wake": NOON.replace(tzinfo=None)}, "wake"),
        ({"wake": "tomorrow"}, "wake"),
        ({"wake": _FAR}, "wake"),
        ({"events": (attrs.evolve(sample_events(1, start=4)[0], at=_FAR),)}, ""),
    ],
)
def test_what_cannot_be_right_is_not_appended(store: Sqlite, given: dict[str, object], place: str) -> None:
    """The calling code is wrong, and nothing is written."""
    right = {"account": "acme", "expected_version": 3, "events": sample_events(1, start=4), "wake": None}
    with pytest.raises(InvalidValue, match=f"^{place}"):
        store.append(**(right | given))  # type: ignore[arg-type]
    assert store.load("acme").version == 3


@pytest.mark.parametrize("after", [-1, None, 2**63])
def test_a_place_in_a_stream_is_a_whole_number(store: Sqlite, after: object) -> None:
    """From zero on."""
    with pytest.raises(InvalidValue, match=r"^after"):
        store.load("acme", after=after)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"due_before": _FAR}, "due_before"),
        ({"after": "\n"}, "after"),
        ({"after": None}, "after"),
        ({"limit": 0}, "limit"),
    ],
)
def test_a_page_that_cannot_be_right_is_refused(store: Sqlite, given: dict[str, object], place: str) -> None:
    """Rather than be empty, which would say that nothing is due."""
    with pytest.raises(InvalidValue, match=f"^{place}"):
        store.open_accounts(**({"due_before": NOON} | given))  # type: ignore[arg-type]


def test_only_due_accounts_are_listed(store: Sqlite) -> None:
    """More than the protocol asks for: to the microsecond, in whatever zone, and none whose wake was taken away."""
    microsecond = timedelta(microseconds=1)
    whole = datetime.datetime(2026, 12, 1, 12, tzinfo=UTC)
    store.append("later", 0, sample_events(1), wake=whole + microsecond)
    store.append("sharp", 0, sample_events(1), wake=whole)
    assert store.open_accounts(due_before=whole - microsecond) == []
    assert store.open_accounts(due_before=whole) == ["sharp"]
    assert store.open_accounts(due_before=whole + microsecond) == ["later", "sharp"]
    store.append("sharp", 1, sample_events(1, start=2), wake=None)
    assert store.open_accounts(due_before=NOON) == ["acme", "later"]
