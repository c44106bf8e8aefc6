"""The command: what it prints for the example account, its exit codes, and what it says of bad input.

The files under tests/golden hold the output of `licensebill` with the arguments listed here; a change of them is a
change of what users see.
"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensebill import __version__, cli
from licensebill.bills import monthly_bill
from tests.examples import account, reading

ROOT = Path(__file__).parents[2]
ACCOUNT = str(ROOT / "examples" / "acme" / "account.toml")
GOLDEN = ROOT / "tests" / "golden"

COMMANDS = {
    "bill.txt": ["bill", ACCOUNT, "--on", "2026-12-01"],
    "bill-explain.txt": ["bill", ACCOUNT, "--on", "2026-12-01", "--explain"],
    "bill.json": ["bill", ACCOUNT, "--on", "2026-12-01", "--json"],
    "bill-no-fee.txt": ["bill", ACCOUNT, "--on", "2026-12-01", "--storage-used", "400000000"],
    "bill-20-users.txt": ["bill", ACCOUNT, "--on", "2026-12-01", "--users", "20"],
    "storage.txt": ["storage", "--users", "8", "--used", "500000000"],
    "storage.json": ["storage", "--users", "8", "--used", "500000000", "--json"],
    "storage-explain.txt": ["storage", "--users", "8", "--used", "1200000000", "--explain"],
    "recharge.txt": ["recharge", ACCOUNT, "--at", "2026-12-01"],
    "recharge-faq.json": ["recharge", ACCOUNT, "--at", "2026-12-01T12:00:00Z", "--policy", "faq", "--json"],
    "recharge-explain.txt": ["recharge", ACCOUNT, "--at", "2026-12-01", "--policy", "guide_example", "--explain"],
}


class Said:
    """What a run printed, and how it ended."""

    def __init__(
        self, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["licensebill", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        self.code = ended.value.code
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command in this process."""
    return lambda *arguments: Said(list(arguments), monkeypatch, capsys)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_prints_what_it_printed(name: str, run: Any) -> None:
    """To the letter, without colors or line ends that depend on the terminal."""
    said = run(*COMMANDS[name])
    assert (said.code, said.err) == (0, "")
    assert said.out == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_golden_file_has_its_command() -> None:
    """None is left over; those in a folder are of the commands that charge."""
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == set(COMMANDS)


def test_json_explains_every_figure(run: Any) -> None:
    """The trees as data, beside the figures."""
    said = run("bill", ACCOUNT, "--on", "2026-12-01", "--json", "--explain")
    data = json.loads(said.out)
    bill, recharge = data["explanations"]
    assert (bill["value"], recharge["value"]) == (
        data["bill"]["total"]["amount"],
        data["recharge"]["recharge"]["amount"],
    )
    assert {part["figure"] for part in bill["parts"]} == {line["description"] for line in data["bill"]["lines"]}


def test_amounts_are_texts_with_their_currency_beside_them(run: Any) -> None:
    """No figure of money is a JSON number."""
    data = json.loads(run("bill", ACCOUNT, "--on", "2026-12-01", "--json").out)
    assert data["bill"]["total"] == {"amount": "1235.00", "currency": "USD"}
    assert all(isinstance(line["amount"], str) and line["currency"] == "USD" for line in data["bill"]["lines"])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["bill", ACCOUNT, "--on", "2026-12-02"], 2, "--on: 2026-12-02 is not the first day"),
        (["bill", ACCOUNT, "--on", "2026-11-01"], 2, "its next bill is of 2026-12-01"),
        (["bill", ACCOUNT, "--on", "2027-01-01"], 2, "the bill of 2026-12-01 comes before"),
        (["bill", ACCOUNT, "--on", "tomorrow"], 2, "--on"),
        (["bill", "nowhere.toml", "--on", "2026-12-01"], 2, "cannot read 'nowhere.toml'"),
        (["bill", ACCOUNT], 2, "--on"),
        (["bill", ACCOUNT, "--on", "2026-12-01", "--users", "-1"], 2, "users: must be at least 0"),
        (["bill", ACCOUNT, "--on", "2026-12-01", "--storage-used", "1.5"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "-1"], 2, "used: must be at least 0"),
        (["storage", "--users", "eight", "--used", "1"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "1e9"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "\u0661"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "1_000"], 2, "whole number in plain digits"),
        (["recharge", ACCOUNT, "--at", "noon"], 2, "--at: must be a day"),
        (["recharge", ACCOUNT, "--at", "2026-12-01T12:00:00"], 2, "--at: must be a day"),
        (
            ["recharge", ACCOUNT, "--at", "2026-12-01", "--policy", "mine"],
            2,
            "must be one of guide, faq, guide_example",
        ),
        (["recharge", str(ROOT / "README.md"), "--at", "2026-12-01"], 2, "README.md: 1 fault"),
        (["refund"], 2, "refund"),
    ],
)
def test_bad_input_is_named_and_ends_with_2(arguments: list[str], code: int, words: str, run: Any) -> None:
    """On standard error; nothing is printed as if it were an answer."""
    said = run(*arguments)
    assert (said.code, said.out) == (code, "")
    assert words in said.err


def test_a_rule_that_refuses_ends_with_1(run: Any, tmp_path: Path) -> None:
    """No storage reading counts, and a missing one is never zero (STO-4)."""
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace("at = 2026-12-01T07:00:00Z", "at = 2026-11-28T07:00:00Z")
    account = tmp_path / "account.toml"
    account.write_text(source.replace('usage = "usage.csv"', ""), encoding="utf-8")
    said = run("bill", str(account), "--on", "2026-12-01")
    assert (said.code, said.out) == (1, "")
    assert "(STO-4)" in said.err


def test_an_account_without_usage_or_sources_is_billed(run: Any, tmp_path: Path) -> None:
    """What is owed is shown; nobody is charged."""
    account = tmp_path / "account.toml"
    account.write_text(
        'format = 1\nas_of = 2026-12-01\n[account]\nid = "a"\nbegan = 2026-12-01\nadministrator = "x"\n',
        encoding="utf-8",
    )
    said = run("bill", str(account), "--on", "2026-12-01", "--storage-used", "0")
    assert said.code == 0
    assert "Nothing is charged." in said.out
    said = run("bill", str(account), "--on", "2026-12-01", "--storage-used", "250000001")
    assert "Owed: 30.00 USD; no source is valid." in said.out


def test_an_account_past_due_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """And suspends nothing (BIL-6)."""
    made = monthly_bill(account(), date(2026, 12, 1), readings=[reading(0)])
    cli._print_bill(attrs.evolve(made, past_due_since=date(2026, 11, 3)))
    assert "Past due since 2026-11-03." in capsys.readouterr().out


def test_a_label_beyond_the_terminals_encoding_is_shown_all_the_same(tmp_path: Path) -> None:
    """Spelled out, without a traceback."""
    file = tmp_path / "account.toml"
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace('"Visa"', '"Vïsa"')
    file.write_text(source.replace('usage = "usage.csv"', ""), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "licensebill", "bill", str(file), "--on", "2026-12-01"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "src",
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT / "src")},
    )
    assert "V\\xefsa ending in 1111" in done.stdout


def test_output_that_cannot_be_written_is_no_missing_file(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk has no file name."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "app", full)
    said = run("storage")
    assert (said.code, said.err) == (3, "licensebill: cannot write the output: No space left on device\n")


def test_help_and_version(run: Any) -> None:
    """Both are answers."""
    assert run("--version").out.strip() == __version__
    said = run("--help")
    assert (said.code, "storage" in said.out, "recharge" in said.out) == (0, True, True)


def test_python_m_is_the_command() -> None:
    """The same from the interpreter."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "licensebill", *COMMANDS["storage.txt"]],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "src",
    )
    assert done.stdout == (GOLDEN / "storage.txt").read_text(encoding="utf-8")


def test_a_pipe_that_breaks_ends_quietly(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output goes nowhere from then on, and the exit code says that it was cut off."""
    closed: list[int] = []

    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(cli, "app", broken)
    monkeypatch.setattr(cli, "_close_output", lambda: closed.append(1))
    assert (run("storage").code, closed) == (3, [1])


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """As in `licensebill bill ... | head -1`: no traceback."""
    command = [sys.executable, "-m", "licensebill", *COMMANDS["bill-explain.txt"]]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT / "src"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
