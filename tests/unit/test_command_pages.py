"""The pages on the command, on operations and on security say what is so."""

import re
import shlex
from pathlib import Path

import pytest

from licensebill.commands import printing
from tests.commanding import ROOT, said

pytest.importorskip("stripe")

DOCS = ROOT / "docs"
CALCULATING = ["bill", "summary", "recharge", "storage", "ports", "preview", "simulate", "compare", "explain", "check"]
COMMANDS = [*CALCULATING, "schema", "open", "run", "status", "resolve", "ledger", "demo"]
COMPARED = ["compare recharge", "compare storage", "compare proration"]


def text(page: str) -> str:
    """A page."""
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [*COMMANDS, *COMPARED])
def test_every_option_is_described(command: str) -> None:
    """Whatever `--help` lists."""
    options = set(re.findall(r"--[a-z][a-z-]+", said(*command.split(), "--help").out))
    assert {option for option in options if option not in text("command.md")} == set()


def test_every_command_is_described() -> None:
    """In the table at the top, and none that is not there."""
    listed = re.findall(r"│ ([a-z]+) +[A-Z]", said("--help").out)
    assert sorted(listed) == sorted(COMMANDS)
    assert re.findall(r"^\| \[`(\w+)`\]", text("command.md"), re.MULTILINE) == COMMANDS


def test_exit_codes_are_those_of_the_command() -> None:
    """Numbers and meanings."""
    rows = re.findall(r"^\| ([0-9, ]+) \|", text("command.md"), re.MULTILINE)
    codes = (printing.ANSWERED, printing.REFUSED, printing.BAD_INPUT, printing.FAILED)
    assert rows == [*map(str, codes), f"{printing.INTERRUPTED}, 143"]


BLOCKS = re.findall(r"```console\n(.*?)```", text("command.md"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[str(number) for number in range(len(BLOCKS))])
def test_the_commands_print_what_the_page_says(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Command by command, but for blank lines at the end."""
    monkeypatch.chdir(ROOT)
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, printed = part.partition("\n")
        arguments = shlex.split(line.replace("sqlite:acme.db", f"sqlite:{tmp_path / 'acme.db'}"))[1:]
        done = said(*arguments)
        assert (done.code, done.out) == (0, printed)


def test_the_first_month_is_the_one_in_the_readme() -> None:
    """Its three commands are the same."""
    lines = re.findall(r"^\$ .*$", BLOCKS[0], re.MULTILINE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert lines == re.findall(r"^\$ .*$", readme, re.MULTILINE)
    assert len(lines) == 3


def test_every_test_that_is_named_is_there() -> None:
    """Each threat of the security page is answered by one."""
    named = re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", text("security.md"))
    assert len(named) > 30
    for file, test in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{file}::{test}"
