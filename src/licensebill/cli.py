"""The command `licensebill`: its commands, and how it ends.

Each command is a thin shell in `commands`: it turns arguments into values, calls one function of the library and shows
the result, as text for people or, with `--json`, as data for programs (amounts are texts with their currency beside
them). Exit codes are described in docs/command.md. Needs the `cli` extra.
"""

import contextlib
import errno
import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

import attrs

from licensebill._extras import extra

with extra("cli"):
    from cyclopts import App, CycloptsError, MissingArgumentError, UnusedCliTokensError
    from rich.console import Console

from licensebill import __version__
from licensebill.commands import comparisons, courses, demo, explanations, figures, files, records, runs
from licensebill.commands.printing import ANSWERED, BAD_INPUT, FAILED, INTERRUPTED, REFUSED, exit_code
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
    # closed by whoever started the process; another file would take their place
    is_closed = sys.stdout is None
    if is_closed:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    _bound_width()
    code = _ended()
    if is_closed and code in {ANSWERED, REFUSED}:
        code = _said("cannot write the output: it is closed", FAILED)
    sys.exit(code)


def _ended() -> int:
    """Do what is asked; gives the exit code."""
    try:
        for stream in (sys.stdout, sys.stderr):
            # a label may be beyond the terminal's encoding
            if isinstance(stream, io.TextIOWrapper):  # pragma: no branch - always, but for a test's own
                stream.reconfigure(errors="backslashreplace")
        _count_options(sys.argv[1:])
        code = app(
            sys.argv[1:], console=_Console(), exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError as refused:
        return _said(_told(refused), BAD_INPUT)
    except LicenseBillError as refused:
        return _said(str(_as_typed(refused)), exit_code(refused))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _close(sys.stdout)
        return FAILED  # what was to be done may well be done
    except OSError as failed:
        return _failed(failed)
    return code or ANSWERED


def _failed(failed: OSError) -> int:
    """Say what could not be read, or written: an error of the output names no file."""
    why = failed.strerror or str(failed)
    if failed.filename is not None:
        return _said(f"cannot read {shown(failed.filename)}: {why}", BAD_INPUT)
    if failed.errno == errno.ENOENT:
        return _said("cannot work in this folder: it is no longer there", BAD_INPUT)
    _close(sys.stdout)
    return _said(f"cannot write the output: {why}", FAILED)


def _said(words: str, code: int) -> int:
    """Say on standard error what is wrong, if that can be written to; gives the exit code, which counts anyway."""
    try:
        print(f"licensebill: {words}", file=sys.stderr, flush=True)
    except OSError:
        _close(sys.stderr)
    return code


# --- what was typed -----------------------------------------------------------------------------------------------

#: Of one option; the parser compares each with each.
_MOST = 400


def _count_options(typed: Sequence[str]) -> None:
    given = Counter(one.partition("=")[0] for one in typed if one.startswith("--"))
    for option, times in given.items():
        if times > _MOST:
            raise InvalidValue(shown(option).strip("'"), f"must be given at most {_MOST} times, not {times}")


def _as_typed(refused: LicenseBillError) -> LicenseBillError:
    """A refusal that names an argument, by the option that was typed for it."""
    if not isinstance(refused, InvalidValue):
        return refused
    option = f"--{refused.place.replace('_', '-')}"
    typed = {argument.partition("=")[0] for argument in sys.argv[1:]}
    return attrs.evolve(refused, place=option) if option in typed else refused


def _told(refused: CycloptsError) -> str:
    """What cyclopts says is wrong; what was typed is shown as everywhere else, and what may be a secret never."""
    if isinstance(refused, UnusedCliTokensError):
        count = len(refused.unused_tokens or ())
        many = "1 argument too many; it is" if count == 1 else f"{count} arguments too many; they are"
        return f"{many} not repeated here, as it could be a password in the wrong place"
    if isinstance(refused, MissingArgumentError) and refused.argument is not None:
        name = refused.argument.name
        if not any(one.partition("=")[0] == name for one in sys.argv[1:]):
            return f"{name} must be given"
    said = str(refused)
    for one in sys.argv[1:]:
        if one.startswith("-") and "=" in one:
            said = said.replace(one, one.partition("=")[0])
    typed = {part for one in sys.argv[1:] for part in (one, *one.partition("=")[::2])}
    for part in sorted(typed, key=len, reverse=True):
        if shown(part) != f"'{part}'":
            said = said.replace(part, shown(part).strip("'"))
    return said.strip()


# --- the streams --------------------------------------------------------------------------------------------------

#: Below that, help is not written any more; above, lines are filled with blanks without end.
_NARROWEST, _WIDEST = 40, 1000


class _Console(Console):
    """Where help is written to. A pipe that breaks is the command's business."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _bound_width() -> None:
    """Lines for people are of a width that they can be read in, whatever COLUMNS or the terminal says."""
    width = shutil.get_terminal_size().columns
    if "COLUMNS" in os.environ or width < _NARROWEST:
        os.environ["COLUMNS"] = str(min(max(width, _NARROWEST), _WIDEST))


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _close(stream: TextIO) -> None:
    """Nothing more can be written to it: not even by the interpreter's own last flush."""
    with contextlib.suppress(io.UnsupportedOperation), _nowhere() as nowhere:  # it may be no file
        os.dup2(nowhere.fileno(), stream.fileno())
