"""Files that people hand over: their names, and the lines of a text file, none of which takes more memory than it may.

What the lines mean is up to `csv_files`, and what an account file holds to `codec`.
"""

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import attrs

from licensebill._checks import cardless_text, instance
from licensebill.errors import MAX_FAULTS, Fault, InvalidFile, InvalidValue

#: A name of a file that is longer is refused.
LONGEST_NAME = 255
#: A line of a usage or readings file beyond this is not read.
MAX_LINE_BYTES = 2**16
_COUNTED_AT_ONCE = 2**16


@attrs.define
class Findings:
    """What is wrong with a file, as far as it was read; the first hundred faults are kept.

    Args:
        name: of the file.
        count: of its faults.
    """

    name: str
    count: int = attrs.field(default=0, init=False)
    _faults: list[Fault] = attrs.field(factory=list, init=False)

    def note(self, problem: str, *, line: int | None = None, field: str = "", code: str = InvalidFile.code) -> None:
        """Note one fault; reading goes on."""
        self.count += 1
        if self.count <= MAX_FAULTS:
            self._faults.append(Fault(line=line, field=field, code=code, problem=problem))

    def end(self) -> None:
        """Refuse the file if there is a fault."""
        if self.count:
            raise InvalidFile.of(self.name, self._faults, self.count)

    def refuse(self, problem: str, line: int | None = None, field: str = "") -> NoReturn:
        """Refuse the file for one more fault, after which nothing can be read."""
        self.note(problem, line=line, field=field)
        raise InvalidFile.of(self.name, self._faults, self.count)


def findings_in(path: Path) -> Findings:
    """None yet, in a file that can be read to its end, as a pipe or a device cannot; also in one that is not there."""
    instance("path", path, Path)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InvalidValue("path", "must be in UTF-8") from None
    if "\0" in str(path):
        raise InvalidValue("path", "must hold no NUL character")
    found = Findings(cardless_text("path", path.name, LONGEST_NAME))
    if path.exists() and not path.is_file():
        found.refuse("is no file")
    return found


#: Opens a file for reading bytes: who shows how far reading is passes one of their own.
Opener = Callable[[Path], contextlib.AbstractContextManager[BinaryIO]]


def opened(path: Path) -> BinaryIO:
    """The file itself."""
    return path.open("rb")


def read_of(path: Path, file: BinaryIO, size: int) -> bytes:
    """The next bytes of a file; the error that they cannot be read names it, as that of opening it does."""
    try:
        return file.read(size)
    except OSError as failed:
        failed.filename = failed.filename or str(path)
        raise


class _LineTooLong(Exception):
    """A line is longer than can be kept."""


class _Bounded(io.BufferedIOBase):
    """The bytes of a file on their way to be cut into lines; one line is never more than can be kept.

    A line ends with a line feed, a carriage return, or both. Lines are not counted here: that would be slow.

    Args:
        path: of the file.
        file: to be read.
        begins: the byte with which the line begins that is not at its end yet.
        size: bytes that were read so far.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self.file = path, file
        self.begins = self.size = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """The next piece.

        Raises:
            _LineTooLong: the line that it goes on with, or begins.
        """
        piece = read_of(self.path, self.file, size)
        first, last = _first_end(piece), max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        if self.size + (len(piece) if first < 0 else first) - self.begins > MAX_LINE_BYTES:
            raise _LineTooLong
        if last >= 0:
            self.begins = self.size + last + 1
        self.size += len(piece)
        return piece


def _first_end(piece: bytes) -> int:
    """Where the first line ends; below zero where none does."""
    feed, returned = piece.find(b"\n"), piece.find(b"\r")
    return min(feed, returned) if feed >= 0 and returned >= 0 else max(feed, returned)


def _line_at(path: Path, position: int, opener: Opener) -> int:
    """The line of a byte of a file."""
    line, has_returned = 1, False
    with opener(path) as file:
        while piece := file.read(min(position, _COUNTED_AT_ONCE)):
            ends = piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
            line += ends - (has_returned and piece.startswith(b"\n"))
            position, has_returned = position - len(piece), piece.endswith(b"\r")
    return line


@contextlib.contextmanager
def lines_of(path: Path, found: Findings, opener: Opener = opened) -> Iterator[Iterable[str]]:
    """The lines of a text file; what is none is refused, also while it is read, with what was found before."""
    with opener(path) as file:
        bounded = _Bounded(path, file)
        buffer: Any = bounded  # it is asked for less than its type says
        try:
            with io.TextIOWrapper(buffer, encoding="utf-8-sig", newline="") as lines:
                yield lines
        except UnicodeDecodeError as wrong:
            # what is decoded ends with the last piece, and may begin before it
            position = bounded.size - len(wrong.object) + wrong.start
            found.refuse("is not UTF-8", _line_at(path, position, opener))
        except _LineTooLong:
            found.refuse(f"has a line of more than {MAX_LINE_BYTES} bytes", _line_at(path, bounded.begins, opener))
