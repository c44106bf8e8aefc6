"""Printing: what the commands have in common where they answer, in tables, JSON and exit codes."""

import io
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from licensebill.charges import CorruptStream
from licensebill.errors import ChargeFailure, LicenseBillError, RuleViolation
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


def print_table(rows: Iterable[Sequence[str]], justify: Sequence[str] = ("left", "right", "right")) -> None:
    """Rows in columns, without lines."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    for side in justify:
        table.add_column(justify=side, no_wrap=True)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row)
    # drawn apart, so that a pipe that breaks is the command's business and not the table printer's
    drawn = io.StringIO()
    Console(file=drawn, highlight=False, markup=False, soft_wrap=True, color_system=None, width=_WIDTH).print(table)
    print("\n".join(line.rstrip() for line in drawn.getvalue().splitlines()))


def print_json(data: dict[str, Any]) -> None:
    """Data, indented."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def money_data(amount: Money) -> dict[str, str]:
    """An amount as data: a text, its currency beside it."""
    return {"amount": amount.text, "currency": amount.currency}
