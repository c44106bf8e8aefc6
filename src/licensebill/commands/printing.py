"""Printing: what the commands have in common where they answer, in tables, JSON and exit codes."""

import io
import json
import sys
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Annotated, Any

from cyclopts import Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from licensebill.charges import CorruptStream
from licensebill.cycles import Period
from licensebill.errors import ChargeFailure, LicenseBillError, RuleViolation
from licensebill.explain import Explained
from licensebill.money import Money

#: Exit codes. A person has to look at what ends with 1; what ends with 3 may be well the next time.
ANSWERED, REFUSED, BAD_INPUT, FAILED = 0, 1, 2, 3
#: Of a command that was interrupted from the keyboard, as shells have it: 128 and the signal's number.
INTERRUPTED = 130

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print data for programs instead of text.")]

#: Wide enough for any line; nothing is wrapped.
_WIDTH = 1000


def exit_code(error: LicenseBillError) -> int:
    """How a command ends that an error ended."""
    if isinstance(error, RuleViolation):
        return REFUSED
    return FAILED if isinstance(error, ChargeFailure | CorruptStream) else BAD_INPUT


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def print_table(
    rows: Iterable[Sequence[str]],
    justify: Sequence[str] = ("left", "right", "right"),
    *,
    headings: Sequence[str] = (),
    has_total: bool = False,
) -> None:
    """Rows in columns; on a terminal with a line below the headings and, but for NO_COLOR, in colors."""
    is_terminal = _is_terminal()
    box = SIMPLE_HEAD if is_terminal and headings else None
    table = Table(box=box, show_header=bool(headings), pad_edge=False, padding=(0, 3, 0, 0))
    for side, heading in zip_longest(justify, headings, fillvalue=""):
        table.add_column(heading, justify=side, no_wrap=True, style="cyan" if side == "right" else "")  # type: ignore[arg-type]
    listed = list(rows)
    for number, row in enumerate(listed, start=1):
        table.add_row(*row, style="bold" if has_total and number == len(listed) else "")
    # drawn apart, so that a pipe that breaks is the command's business and not the table printer's
    drawn = io.StringIO()
    colors: Any = {"force_terminal": True} if is_terminal else {"color_system": None}
    Console(file=drawn, highlight=False, markup=False, emoji=False, soft_wrap=True, width=_WIDTH, **colors).print(table)
    print("\n".join(line.rstrip() for line in drawn.getvalue().splitlines()))


def print_explanations(*figures: Explained) -> None:
    """The tree behind each figure, as text."""
    for figure in figures:
        print(f"\n{figure.explanation().as_text()}")


def print_explained(data: dict[str, Any], *figures: Explained, explain: bool) -> None:
    """Data, with the tree behind each figure if that is asked for."""
    if explain:
        data = {**data, "explanations": [figure.explanation().as_data() for figure in figures]}
    print_json(data)


def print_json(data: dict[str, Any]) -> None:
    """Data, indented; in ASCII, so that it is the same JSON whatever the encoding of the output."""
    print(json.dumps(data, indent=2))


def money_data(amount: Money) -> dict[str, str]:
    """An amount as data: a text, its currency beside it."""
    return {"amount": amount.text, "currency": amount.currency}


def period_data(period: Period) -> dict[str, str]:
    """A period as data: its first day, and the first day after it."""
    return {"start": str(period.start), "end": str(period.end)}
