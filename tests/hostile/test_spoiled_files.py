"""Files of usage and readings as a broken export leaves them: torn, of another encoding, with lines without end."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from licensebill.csv_files import MAX_LINE_BYTES, load_readings, load_usage
from licensebill.errors import InvalidFile
from tests.examples import account

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)


@attrs.frozen
class Form:
    """A form of file.

    Args:
        read: a file.
        header: its first line.
        row: one that is right.
        column: the first, in which a fault is.
    """

    read: Callable[[Path], object]
    header: str
    row: str
    column: str


def _usage(path: Path) -> object:
    return load_usage(path, account(), until=UNTIL)


FORMS = {
    "amounts": Form(_usage, "day,kind,amount", "2026-11-05,call,6.25", "day"),
    "calls": Form(_usage, "start,seconds,kind", "2026-11-05T09:30:00Z,61,call", "start"),
    "readings": Form(load_readings, "at,bytes", "2026-11-05T09:30:00Z,500000000", "at"),
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> Form:
    """Each form of file."""
    return FORMS[request.param]


def refused(form: Form, content: bytes, folder: Path) -> InvalidFile:
    """How a file with this content is refused."""
    path = folder / "export.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as error:
        form.read(path)
    assert error.value.place == "export.csv"
    assert str(error.value).startswith("export.csv: ")
    return error.value


def test_a_right_file_is_read(form: Form, tmp_path: Path) -> None:
    """With either end of line, with and without the last, and with a mark of the byte order."""
    path = tmp_path / "export.csv"
    for text in (f"{form.header}\n{form.row}\n", f"{form.header}\r\n{form.row}", f"\ufeff{form.header}\n{form.row}\n"):
        path.write_bytes(text.encode())
        form.read(path)


def test_of_a_thousand_faults_a_hundred_are_told(form: Form, tmp_path: Path) -> None:
    """In the order of the file, with line and column, and how many more there are; right rows between are passed."""
    rows = "".join(f"{form.row}\n{form.row.replace('2026', 'year', 1)}\n" for _ in range(1_000))
    error = refused(form, f"{form.header}\n{rows}".encode(), tmp_path)
    assert (error.problem, error.more) == ("1000 faults", 900)
    assert [(fault.line, fault.field) for fault in error.faults] == [(2 * at + 3, form.column) for at in range(100)]
    assert str(error).endswith("\n  and 900 more")
    assert all(fault.code for fault in error.faults)


@pytest.mark.parametrize("kept", [1, 6, 10])
def test_a_torn_last_line_is_a_fault(kept: int, form: Form, tmp_path: Path) -> None:
    """With its number, and nothing of the lines before it is taken."""
    torn = f"{form.header}\n{form.row}\n{form.row[:kept]}"
    (fault,) = refused(form, torn.encode(), tmp_path).faults
    assert (fault.line, fault.field) == (3, "")
    assert "columns, not 1" in fault.problem


def test_an_open_quotation_at_the_end_is_a_fault(form: Form, tmp_path: Path) -> None:
    """It takes the rest of the file for one field."""
    (fault,) = refused(form, f'{form.header}\n"{form.row}\n'.encode(), tmp_path).faults
    assert "is no CSV: unexpected end of data" in fault.problem


@pytest.mark.parametrize("at", [0, 5, -1])
def test_a_nul_is_a_fault(at: int, form: Form, tmp_path: Path) -> None:
    """Anywhere in a row, as in a file that was not written to its end before the power failed."""
    spoiled = f"{form.row[:at]}\0{form.row[at:]}"
    (fault,) = refused(form, f"{form.header}\n{form.row}\n{spoiled}\n".encode(), tmp_path).faults
    assert fault.line == 3
    assert len(refused(form, f"{form.header}\n".encode() + bytes(4_096), tmp_path).faults) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "cp037"])
def test_another_encoding_is_refused(encoding: str, form: Form, tmp_path: Path) -> None:
    """As a whole; nothing of it is guessed."""
    text = f"{form.header}\n{form.row}\n{form.row}é\n"
    (fault,) = refused(form, text.encode(encoding), tmp_path).faults
    assert "is not UTF-8" in fault.problem or "must begin with the columns" in fault.problem


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x" * 200_000, "has a line of more than 65536 bytes"),
        ("x," * 200_000, "has a line of more than 65536 bytes"),
        ("x," * 30_000, "columns, not 30001"),
        ('"' + "x\n" * 200_000, "is no CSV: field larger than field limit"),
    ],
)
def test_a_line_without_end_is_a_fault(line: str, words: str, form: Form, tmp_path: Path) -> None:
    """One field of it, or many."""
    error = refused(form, f"{form.header}\n{line}\n".encode(), tmp_path)
    assert words in error.faults[0].problem
    assert len(str(error)) < 500


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("rows", [1, 300, 4_000])
def test_a_line_has_a_bound(end: str, rows: int, form: Form, tmp_path: Path) -> None:
    """It is refused where it begins, however much follows; at the bound it is read."""
    before = end.join([form.header, *rows * [form.row], ""]).encode()
    longest = b"x" * MAX_LINE_BYTES
    assert "columns, not 1" in refused(form, before + longest + end.encode(), tmp_path).faults[0].problem
    (fault,) = refused(form, before + longest + b"x" + end.encode(), tmp_path).faults
    assert (fault.line, fault.problem) == (rows + 2, "has a line of more than 65536 bytes")


def test_a_file_without_lines_is_not_read_to_its_end(form: Form, tmp_path: Path) -> None:
    """Were it as large as the disk."""
    path = tmp_path / "export.csv"
    path.touch()
    os.truncate(path, 2**33)
    with pytest.raises(InvalidFile, match="line 1: has a line of more than"):
        form.read(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("rows", [0, 1, 300, 4_000])
def test_what_is_not_utf_8_has_its_line(end: str, rows: int, form: Form, tmp_path: Path) -> None:
    """Also far behind the beginning, and where a character is cut by the end of what is read at once."""
    before = end.join([form.header, *rows * [form.row], ""]).encode()
    for spoiled in (b"\xff", "é".encode()[:1], b"x\xe2\x82"):
        (fault,) = refused(form, before + spoiled + end.encode() + b"x", tmp_path).faults
        assert (fault.line, fault.problem) == (rows + 2, "is not UTF-8")
