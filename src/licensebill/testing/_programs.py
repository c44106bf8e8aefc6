"""What the programs of this package share: numbers on a command line, and work that several processes divide."""

import argparse
import multiprocessing
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from licensebill._checks import MAX_WHOLE, whole
from licensebill.errors import InvalidValue, shown

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")

#: More processes than any machine has use for.
_MOST_PROCESSES = 1_000


def number(low: int, high: int = MAX_WHOLE) -> Callable[[str], int]:
    """The type of an option that is a whole number from `low` to `high`, both included."""

    def read(written: str) -> int:
        if re.fullmatch(r"-?[0-9]{1,19}", written) is None:
            raise argparse.ArgumentTypeError(f"must be a whole number, not {shown(written)}")
        try:
            return whole("", int(written), low, high)
        except InvalidValue as refused:
            raise argparse.ArgumentTypeError(refused.problem) from None

    return read


def add_processes(parser: argparse.ArgumentParser, usual: int) -> None:
    """Add the option that says how many processes divide the work."""
    parser.add_argument("--processes", type=number(1, _MOST_PROCESSES), default=usual, help="that divide the work")


def divided(work: Callable[[_Task], _Done], tasks: Iterable[_Task], processes: int) -> Iterator[_Done]:
    """What comes of each task: in their order by one process, as they are done by several."""
    if processes == 1:
        yield from map(work, tasks)
        return
    with multiprocessing.Pool(processes) as pool:
        yield from pool.imap_unordered(work, tasks)
