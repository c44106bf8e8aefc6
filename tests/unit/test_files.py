"""Meters that are files: what counts, up to when, and that a fault is no measurement."""

import contextlib
import datetime
import gzip
import io
import os
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from unittest import mock

import pytest

from licensebill.adapters.files import Files
from licensebill.charges import CorruptStream
from licensebill.codec import InvalidFile, load_account, load_customers, load_readings, load_usage, read_readings
from licensebill.cycles import Period
from licensebill.errors import MAX_FAULTS, InvalidValue
from licensebill.protocols import StorageMeter, UsageMeter
from licensebill.readings import Reading
from tests.charging import NOON, Office, acme, office
from tests.examples import usd

WINDOW = Period(date(2026, 12, 3), date(2026, 12, 10))


@pytest.fixture
def shop(tmp_path: Path) -> Office:
    """An office whose account was taken over on 10 December."""
    (tmp_path / "acme").mkdir()
    return office(acme())


@pytest.fixture
def meter(shop: Office, tmp_path: Path) -> Files:
    """A meter that reads files in a folder."""
    return Files(folder=tmp_path, store=shop.shop, clock=shop.clock)


def write(meter: Files, name: str, text: str, at: datetime.datetime = NOON, account: str = "acme") -> None:
    """A file, as it was written at an instant."""
    path = meter.folder / account / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))


# --- usage --------------------------------------------------------------------------------------------------------

USAGE = "day,kind,amount\n2026-12-08,call,1.00\n2026-12-09,call,2.00\n2026-12-10,call,4.00\n2026-12-11,call,8.00\n"


def test_it_is_a_meter(meter: Files) -> None:
    """Of both kinds."""
    assert isinstance(meter, UsageMeter)
    assert isinstance(meter, StorageMeter)


def test_drawn_is_what_was_used_since_the_account_was_taken_over(meter: Files, shop: Office) -> None:
    """Up to now: a day counts once it has begun. The history holds the days before as well."""
    write(meter, "usage.csv", USAGE)
    usage = meter.usage("acme", WINDOW)
    assert [(one.day.day, one.total) for one in usage.history.days] == [
        (8, usd("1.00")),
        (9, usd("2.00")),
        (10, usd("4.00")),
    ]
    assert usage.drawn == usd("4.00")
    shop.clock.go(days=1)
    assert meter.usage("acme", WINDOW).drawn == usd("12.00")


@pytest.mark.parametrize(("hours", "known"), [(-3, -3), (0, 0), (200, 0)])
def test_usage_is_known_up_to_the_instant_the_file_was_written(hours: int, known: int, meter: Files) -> None:
    """And never beyond the present, whatever its time says."""
    write(meter, "usage.csv", USAGE, NOON + timedelta(hours=hours))
    assert meter.usage("acme", WINDOW).watermark == NOON + timedelta(hours=known)


def test_calls_are_priced_by_the_account_s_contract(meter: Files) -> None:
    """As it stands in the store; nothing else holds it any more."""
    write(meter, "usage.csv", "start,seconds,kind\n2026-12-10T01:00:00Z,61,call\n")
    with pytest.raises(InvalidFile):
        meter.usage("acme", WINDOW)
    assert "cannot be priced: no contract is in force" in meter.problems["acme"]


def test_an_account_that_is_not_in_the_store_has_no_usage(meter: Files) -> None:
    """Nobody knows when it was taken over."""
    (meter.folder / "b").mkdir()
    write(meter, "usage.csv", USAGE, account="b")
    with pytest.raises(CorruptStream):
        meter.usage("b", WINDOW)


# --- storage ------------------------------------------------------------------------------------------------------


def test_readings_are_those_up_to_an_instant(meter: Files) -> None:
    """Itself included."""
    write(meter, "storage.csv", f"at,bytes\n{NOON.isoformat()},7\n{(NOON + timedelta(seconds=1)).isoformat()},8\n")
    assert list(meter.readings("acme", until=NOON)) == [Reading(bytes=7, at=NOON, source="storage.csv")]


def test_what_is_wrong_is_kept_for_the_operator(meter: Files) -> None:
    """Charging says only that something was."""
    for text, problem in (
        ("at,bytes\nx,1\n", "storage.csv: 1 fault\n  line 2, at: must be a point in time"),
        ("at;bytes\n", "storage.csv: 1 fault\n  line 1: must begin with the columns at,bytes"),
    ):
        write(meter, "storage.csv", text)
        with pytest.raises(InvalidFile):
            meter.readings("acme", until=NOON)
        assert meter.problems["acme"].startswith(problem)
    (meter.folder / "acme" / "storage.csv").unlink()
    with pytest.raises(FileNotFoundError):
        meter.readings("acme", until=NOON)
    assert meter.problems["acme"] == "cannot read storage.csv: No such file or directory"


@pytest.mark.parametrize(
    ("account", "folder"),
    [("a b", "a%20b"), ("../up", "..%2Fup"), ("a/b", "a%2Fb"), ("c:\\x", "c%3A%5Cx"), ("ä", "%C3%A4")],
)
def test_an_id_never_leads_out_of_the_folder(account: str, folder: str, meter: Files) -> None:
    """Whatever is special in a path is encoded."""
    (meter.folder / folder).mkdir()
    write(meter, "storage.csv", f"at,bytes\n{NOON.isoformat()},7\n", account=folder)
    assert len(meter.readings(account, until=NOON)) == 1


@pytest.mark.parametrize("account", [".", "..", "..."])
def test_an_id_of_dots_has_no_folder(account: str, meter: Files) -> None:
    """It would be that of somebody else."""
    with pytest.raises(InvalidValue, match="cannot be the name of a folder"):
        meter.readings(account, until=NOON)


# --- the file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-12-01T00:00:00,1", "at: must have a time zone"),
        ("2026-12-01T00:00:00Z,-1", "bytes: must be a whole number in plain digits, not '-1'"),
        ("2026-12-01T00:00:00Z,1.5", "bytes: must be a whole number in plain digits"),
        ("2026-12-01T00:00:00Z,\u0661", "bytes: must be a whole number in plain digits"),
        ("2026-12-01T00:00:00Z,99999999999999999999", "bytes: must be a whole number in plain digits"),
        ("2026-12-01T00:00:00Z,9223372036854775808", "bytes: must be at most 9223372036854775807"),
        ("2026-12-01T00:00:00Z", "must have 2 columns, not 1"),
        ("2026-12-01T00:00:00Z,1,2", "must have 2 columns, not 3"),
    ],
)
def test_a_fault_is_told_with_its_line(row: str, problem: str) -> None:
    """And its column."""
    with pytest.raises(InvalidFile) as refused:
        read_readings(["at,bytes\n", "2026-12-01T00:00:00Z,1\n", f"{row}\n"])
    (fault,) = refused.value.faults
    assert (fault.line, str(fault).startswith(f"line 3{', ' if ': must' in problem else ': '}{problem}")) == (
        3,
        True,
    ), fault


def test_only_the_first_hundred_faults_are_told() -> None:
    """And how many more there are."""
    with pytest.raises(InvalidFile, match="103 faults") as refused:
        read_readings(["at,bytes\n", *["x,1\n"] * (MAX_FAULTS + 3)])
    assert (len(refused.value.faults), refused.value.more) == (MAX_FAULTS, 3)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    """A folder, no UTF-8, no CSV."""
    (tmp_path / "latin.csv").write_bytes(b"at,bytes\n\xff")
    (tmp_path / "quoted.csv").write_text('at,bytes\n"x"y,1\n', encoding="utf-8")
    for name, problem in ((".", "is no file"), ("latin.csv", "is not UTF-8"), ("quoted.csv", "is no CSV")):
        with pytest.raises(InvalidFile) as refused:
            load_readings(tmp_path / name)
        assert problem in str(refused.value)
    with pytest.raises(FileNotFoundError):
        load_readings(tmp_path / "none.csv")


UNREADABLE = [
    (b'x,"1\n', "is no CSV: unexpected end of data"),
    (b"x,\xff\n", "is not UTF-8"),
    (b"1" * 70_000, "has a line of more"),
]


@pytest.mark.parametrize(("end", "problem"), UNREADABLE)
def test_where_reading_ends_what_was_found_before_is_told(end: bytes, problem: str, tmp_path: Path) -> None:
    """In one error, and the count is of all of it."""
    path = tmp_path / "storage.csv"
    rows = [b"at,bytes", *[b"x,1"] * 20_000, b"2026-12-01T00:00:00Z,1", end]
    path.write_bytes(b"\n".join(rows))
    with pytest.raises(InvalidFile) as refused:
        load_readings(path)
    assert [fault.line for fault in refused.value.faults[:2]] == [2, 3]
    found = len(refused.value.faults) + refused.value.more
    assert 15_000 < found <= 20_001  # what is read comes in pieces, the last of which is not cut into rows
    path.write_bytes(b"\n".join([b"at,bytes", b"x,1", end]))
    with pytest.raises(InvalidFile) as refused:
        load_readings(path)
    assert refused.value.faults[-1].problem.startswith(problem)
    assert refused.value.faults[-1].line == 3


@pytest.mark.parametrize("path", ["a\0b/storage.csv", "storage\0.csv", "\ud800/storage.csv"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    """Whichever part of it."""
    for load in (load_readings, load_customers, load_account):
        with pytest.raises(InvalidValue, match=r"^path: must (be in UTF-8|hold no NUL character)$"):
            load(Path(path))


class Torn(io.BytesIO):
    """A file on a disk that fails."""

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002
        """Nothing but an error, which names no file, as the system's own does not."""
        raise OSError(5, "Input/output error")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """As one that cannot be opened is."""
    path = tmp_path / "usage.csv"
    with pytest.raises(OSError, match="Input/output error") as failed:
        load_usage(path, acme(), until=NOON, opened=lambda _: Torn())
    assert failed.value.filename == str(path)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """What a packed file holds."""
    with gzip.open(path, "rb") as file:
        opened: Any = file  # it has all that is asked for
        yield opened


def test_the_line_is_that_of_what_was_opened(tmp_path: Path) -> None:
    """And not of the file, which may be packed."""
    path = tmp_path / "usage.csv.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(b"day,kind,amount\n" + b"2026-11-05,call,1.00\n" * 1_000 + b"\xff\n")
    with pytest.raises(InvalidFile, match="line 1002: is not UTF-8"):
        load_usage(path, acme(), until=NOON, opened=unpacked)


def test_lines_that_are_no_texts_are_refused() -> None:
    """By their place, which is no line of a file."""
    with pytest.raises(InvalidValue, match=r"^lines\[1\]: must be a str, not 2$"):
        read_readings(["at,bytes\n", 2])  # type: ignore[list-item]


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "watermark"), [(-(2**40), EPOCH), (2**40, NOON)])
def test_a_file_of_any_year_is_read(seconds: int, watermark: datetime.datetime, meter: Files) -> None:
    """A file system may know years that the calendar has not."""
    write(meter, "usage.csv", USAGE)
    found = os.stat_result([0] * 7 + [seconds] * 3)
    with mock.patch.object(Path, "stat", return_value=found), mock.patch.object(Path, "is_file", return_value=True):
        assert meter.usage("acme", WINDOW).watermark == watermark


def test_a_file_of_no_readings_holds_none() -> None:
    """Which is no reading of zero."""
    assert read_readings(["at,bytes\n"]) == ()
    assert [one.bytes for one in read_readings(["at,bytes\n", "2026-12-01T00:00:00Z,0\n"])] == [0]
