"""The command `licensebill`: its commands, and how it ends.

Each command is a thin shell in `commands`: it turns arguments into values, calls one function of the library and shows
the result, as text for people or, with `--json`, as data for programs (amounts are texts with their currency beside
them). Exit codes are described in docs/command.md. Needs the `cli` extra.
"""

import io
import os
import sys
from pathlib import Path
from typing import NoReturn

import attrs

from licensebill._extras import extra

with extra("cli"):
    from cyclopts import App, CycloptsError

from licensebill import __version__
from licensebill.commands import comparisons, courses, demo, explanations, figures, files, records, runs
from licensebill.commands.printing import ANSWERED, BAD_INPUT, FAILED, INTERRUPTED, exit_code
from licensebill.errors import InvalidValue, LicenseBillError, shown

app: App = App(
    name="licensebill",
    version=__version__,
    help="Billing rules of licenses, storage and dialer minutes: every figure exact, and explained.",
)
app.register_install_completion_command()
app.command(figures.bill)
app.command(figures.summary)
app.command(figures.recharge)
app.command(figures.storage_fee, name="storage")
app.command(figures.ports_needed, name="ports")
app.command(figures.preview)
app.command(courses.simulate)
app.command(comparisons.app)
app.command(explanations.explain)
app.command(files.check)
app.command(files.schema)
app.command(runs.run)
app.command(records.open_account, name="open")
app.command(records.status)
app.command(records.resolve)
app.command(records.ledger)
app.command(demo.demo)


def main() -> NoReturn:
    """Run the command."""
    if sys.stderr is None:  # pragma: no cover - closed by whoever started the process; a test does so
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - not the output, until the end
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(
                stream, io.TextIOWrapper
            ):  # pragma: no branch - a label may be beyond the terminal's encoding
                stream.reconfigure(errors="backslashreplace")
        code = app(sys.argv[1:], exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as refused:
        print(f"licensebill: {_told(refused)}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except LicenseBillError as refused:
        print(f"licensebill: {_as_typed(refused)}", file=sys.stderr)
        sys.exit(exit_code(refused))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _close_output()
        sys.exit(FAILED)  # what was to be done may well be done
    except OSError as failed:
        what = "write the output" if failed.filename is None else f"read {shown(failed.filename)}"
        print(f"licensebill: cannot {what}: {failed.strerror}", file=sys.stderr)
        sys.exit(FAILED if failed.filename is None else BAD_INPUT)
    sys.exit(code or ANSWERED)


def _as_typed(refused: LicenseBillError) -> LicenseBillError:
    """A refusal that names an argument, by the option that was typed for it."""
    if not isinstance(refused, InvalidValue):
        return refused
    option = f"--{refused.place.replace('_', '-')}"
    typed = {argument.partition("=")[0] for argument in sys.argv[1:]}
    return attrs.evolve(refused, place=option) if option in typed else refused


def _told(refused: CycloptsError) -> str:
    """What cyclopts says is wrong; what was typed is shown as everywhere else, and a card number never."""
    said = str(refused)
    typed = {part for one in sys.argv[1:] for part in (one, one.partition("=")[2])}
    for part in sorted(typed, key=len, reverse=True):
        if shown(part) != f"'{part}'":
            said = said.replace(part, shown(part).strip("'"))
    return said.strip()


def _close_output() -> None:
    """Whoever read the output has gone: nothing is left to say, not even by the interpreter's own last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # pragma: no cover - ends the output of the process
