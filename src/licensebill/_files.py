"""Files that people hand over: their names, and the lines of a text file, none of which takes more memory than it may.

What the lines mean is up to `csv_files`, and what an account file holds to `codec`.
"""

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from licensebill._checks import cardless_text, instance
from licensebill.errors import Fault, InvalidFile, InvalidValue

#: A name of a file that is longer is refused.
LONGEST_NAME = 255
#: A line of a usage or readings file beyond this is not read.
MAX_LINE_BYTES = 2**16
_COUNTED_AT_ONCE = 2**16


def refuse(name: str, problem: str, line: int | None = None, field: str = "") -> NoReturn:
    """Refuse a file for one fault."""
    raise InvalidFile.of(name, [Fault(line=line, field=field, code=InvalidFile.code, problem=problem)])


def file_name(path: Path) -> str:
    """The name of a file that can be read to its end, as a pipe or a device cannot; also of one that is not there."""
    name = instance("path", path, Path).name
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidValue("path", "must have a name in UTF-8") from None
    cardless_text("path", name, LONGEST_NAME)
    if path.exists() and not path.is_file():
        refuse(name, "is no file")
    return name


#: Opens a file for reading bytes: who shows how far reading is passes one of their own.
Opener = Callable[[Path], contextlib.AbstractContextManager[BinaryIO]]


def opened(path: Path) -> BinaryIO:
    """The file itself."""
    return path.open("rb")


class _LineTooLong(Exception):
    """A line is longer than can be kept."""


class _Bounded(io.BufferedIOBase):
    """The bytes of a file on their way to be cut into lines; one line is never more than can be kept.

    A line ends with a line feed, a carriage return, or both. Lines are not counted here: that would be slow.

    Args:
        file: to be read.
        begins: the byte with which the line begins that is not at its end yet.
        size: bytes that were read so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.begins = self.size = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """The next piece.

        Raises:
            _LineTooLong: the line that it goes on with, or begins.
        """
        piece = self.file.read(size)
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


def _line_at(path: Path, position: int) -> int:
    """The line of a byte of a file."""
    line, has_returned = 1, False
    with path.open("rb") as file:
        while piece := file.read(min(position, _COUNTED_AT_ONCE)):
            ends = piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
            line += ends - (has_returned and piece.startswith(b"\n"))
            position, has_returned = position - len(piece), piece.endswith(b"\r")
    return line


@contextlib.contextmanager
def lines_of(path: Path, opener: Opener = opened) -> Iterator[Iterable[str]]:
    """The lines of a text file; what is none is refused, also while it is read."""
    name = file_name(path)
    with opener(path) as file:
        bounded = _Bounded(file)
        buffer: Any = bounded  # it is asked for less than its type says
        try:
            with io.TextIOWrapper(buffer, encoding="utf-8-sig", newline="") as lines:
                yield lines
        except UnicodeDecodeError as wrong:
            # what is decoded ends with the last piece, and may begin before it
            position = bounded.size - len(wrong.object) + wrong.start
            refuse(name, "is not UTF-8", _line_at(path, position))
        except _LineTooLong:
            refuse(name, f"has a line of more than {MAX_LINE_BYTES} bytes", _line_at(path, bounded.begins))
