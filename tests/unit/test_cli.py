"""The command: what it prints for the example account, its exit codes, and what it says of bad input.

The files under tests/golden hold the output of `licensebill` with the arguments listed here; a change of them is a
change of what users see.
"""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensebill import __version__, cli
from licensebill.bills import monthly_bill
from licensebill.commands import figures
from tests.examples import account, reading

ROOT = Path(__file__).parents[2]
ACCOUNT = str(ROOT / "examples" / "acme" / "account.toml")
GOLDEN = ROOT / "tests" / "golden"

PREVIEW = ["preview", ACCOUNT, "--product", "inbound_agent", "--on", "2026-11-24"]
SIMULATE = ["simulate", "--daily", "6.00", "--balance", "42.00", "--start", "2026-12-01"]

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
    "summary.txt": ["summary", ACCOUNT, "--on", "2026-12-01"],
    "summary.json": ["summary", ACCOUNT, "--on", "2026-12-01", "--json"],
    "summary-explain.txt": ["summary", ACCOUNT, "--on", "2026-12-01", "--explain"],
    "summary-not-measured.txt": ["summary", ACCOUNT],
    "preview.txt": [*PREVIEW, "--total", "4", "--explain"],
    "preview.json": [*PREVIEW, "--total", "4", "--json"],
    "preview-next-cycle.txt": ["preview", ACCOUNT, "--product", "flex_port", "--on", "2026-11-24", "--total", "3"],
    "ports.txt": ["ports", "--calls", "120", "--mean-seconds", "135", "--owned", "8"],
    "ports-of-the-busy-hour.txt": ["ports", "--calls", "120", "--mean-seconds", "135"],
    "ports.json": ["ports", "--calls", "120", "--mean-seconds", "135", "--blocking", "0.05", "--json"],
    "simulate.txt": [*SIMULATE, "--days", "20"],
    "simulate.json": [*SIMULATE, "--days", "1", "--json", "--policy", "faq"],
    "compare-recharge.txt": ["compare", "recharge", ACCOUNT, "--at", "2026-12-01"],
    "compare-recharge.json": ["compare", "recharge", ACCOUNT, "--at", "2026-12-01", "--json"],
    "compare-storage.txt": ["compare", "storage", "--users", "8", "--used", "1200000000"],
    "compare-storage.json": ["compare", "storage", "--users", "8", "--used", "1200000000", "--json"],
    "compare-proration.txt": ["compare", "proration", "99.00", "--on", "2026-12-17"],
    "compare-proration.json": ["compare", "proration", "99.00", "--on", "2026-12-17", "--json"],
    "explain-figure.txt": ["explain", "storage fee", ACCOUNT, "--on", "2026-12-01"],
    "explain-figure.json": ["explain", "storage fee", ACCOUNT, "--on", "2026-12-01", "--json"],
    "explain-by-rule.txt": ["explain", "min-4", ACCOUNT, "--on", "2026-12-01"],
    "explain-rule.txt": ["explain", "STO-2"],
    "explain-rule.json": ["explain", "CYC-2", "--json"],
    "check.txt": ["check", ACCOUNT],
    "check.json": ["check", ACCOUNT, "--json"],
    "schema.txt": ["schema"],
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
    figures = [part["figure"] for part in bill["parts"]]
    assert figures == [
        *(line["description"] for line in data["bill"]["lines"]),
        "true-up of 2026-11-01 to 2026-11-30",  # of nothing, as the minimum was met
    ]


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
        (["bill", ACCOUNT, "--on", "March"], 2, "for --on: must be a day such as 2026-12-01, not 'March'"),
        (["bill", ACCOUNT, "--on", "2026-02-30"], 2, "for --on: must be a day such as 2026-12-01, not '2026-02-30'"),
        (["bill", "--on", "2026-12-01"], 2, "FILE"),
        (["bill", "nowhere.toml", "--on", "2026-12-01"], 2, "cannot read 'nowhere.toml'"),
        (["bill", ACCOUNT], 2, "--on"),
        (["bill", ACCOUNT, "--on", "2026-12-01", "--users", "-1"], 2, "licensebill: --users: must be at least 0"),
        (["bill", ACCOUNT, "--on", "2026-12-01", "--storage-used", "1.5"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "-1"], 2, "licensebill: --used: must be at least 0"),
        (["storage", "--users", "eight", "--used", "1"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "1e9"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "\u0661"], 2, "whole number in plain digits"),
        (["storage", "--users", "8", "--used", "1_000"], 2, "whole number in plain digits"),
        (["recharge", ACCOUNT, "--at", "noon"], 2, "--at: must be a day"),
        (["recharge", ACCOUNT, "--at", "2026-W49-2"], 2, "must be a day, or a point in time with its zone"),
        (["recharge", ACCOUNT, "--at", "2026-12-01T12:00"], 2, "'2026-12-01T12:00' has no zone: add Z or an offset"),
        (
            ["recharge", ACCOUNT, "--at", "2026-12-01", "--policy", "mine"],
            2,
            "--policy",
        ),
        (["recharge", str(ROOT / "README.md"), "--at", "2026-12-01"], 2, "README.md: 1 fault"),
        (["refund"], 2, "refund"),
        (["summary", ACCOUNT, "--on", "2026-11-01"], 2, "--on: 2026-11-01 is before 2026-11-20"),
        (
            ["preview", ACCOUNT, "--product", "fax", "--total", "1", "--on", "2026-11-24"],
            2,
            "must be one of powerdialer",
        ),
        (
            ["ports", "--calls", "120", "--mean-seconds", "135", "--blocking", "0"],
            2,
            "licensebill: --blocking: must be above 0",
        ),
        ([*SIMULATE, "--policy", "mine"], 2, "guide_example"),
        ([*SIMULATE, "--days", "0"], 2, "licensebill: --days: must be at least 1"),
        ([*SIMULATE, "--daily", "1e3"], 2, "--daily: must be a plain decimal"),
        (["simulate", "--daily", "1", "--balance=x", "--start", "2026-12-01"], 2, "--balance: must be a plain decimal"),
        ([*SIMULATE, "--currency=EUX"], 2, "licensebill: --currency: must be the code of a current ISO 4217"),
        ([*SIMULATE, "--plot", "no/sim.svg"], 2, "--plot: cannot write 'no/sim.svg': there is no such folder"),
        ([*SIMULATE, "--plot", "course.txt"], 2, "--plot: must be the name of an .svg or .png file"),
        (["compare", "proration", "1,000", "--on", "2026-12-17"], 2, "AMOUNT: must be a plain decimal"),
        (["bill", ACCOUNT, "--on", "2026-12-01", "--storage-used", "-1"], 2, "--storage-used: must be at least 0"),
        (["check", "."], 2, "FILE: '.' is a folder, and must be a file"),
        (["compare", "recharge", ACCOUNT, "--at", "noon"], 2, "--at: must be a day"),
        (["explain", "storage"], 2, "'storage'; a figure of a bill is named with its account file and --on"),
        (["explain", "sto-99"], 2, "FIGURE: STO-99 is no rule's id; docs/rules/index.md lists them"),
        (["preview", ACCOUNT, "--product", "elf", "--total", "1"], 2, "--on must be given"),
        (["explain", "storage", ACCOUNT], 2, "--on: must be given"),
        (
            ["explain", "storage", ACCOUNT, "--on", "2026-12-01"],
            2,
            "FIGURE: must be a rule's id or one of bill acme",
        ),
        (["explain", "storage", ACCOUNT, "--on", "2026-12-02"], 2, "--on: 2026-12-02 is not the first day"),
        (["schema", "invoice"], 2, "account-file"),
        (["check", "nowhere.toml"], 2, "cannot read 'nowhere.toml'"),
    ],
)
def test_bad_input_is_named_and_ends_with_2(arguments: list[str], code: int, words: str, run: Any) -> None:
    """On standard error; nothing is printed as if it were an answer."""
    said = run(*arguments)
    assert (said.code, said.out) == (code, "")
    assert words in " ".join(said.err.replace("\u2502", "").split())


def test_a_rule_that_refuses_ends_with_1(run: Any, tmp_path: Path) -> None:
    """No storage reading counts, and a missing one is never zero (STO-4)."""
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace("at = 2026-12-01T07:00:00Z", "at = 2026-11-28T07:00:00Z")
    account = tmp_path / "account.toml"
    account.write_text(source.replace('usage = "usage.csv"', ""), encoding="utf-8")
    said = run("bill", str(account), "--on", "2026-12-01")
    assert (said.code, said.out) == (1, "")
    assert "(STO-4)" in said.err


def test_a_preview_that_a_rule_refuses_ends_with_1(run: Any) -> None:
    """With the words of the purchase itself."""
    said = run("preview", ACCOUNT, "--product", "powerdialer", "--total", "5", "--on", "2026-11-24")
    assert (said.code, said.out) == (1, "")
    assert "the contract's floor is 10 until 2026-12-31" in said.err


def test_a_preview_of_a_month_without_a_price_says_so(run: Any, tmp_path: Path) -> None:
    """The contract ends with this month, and nothing follows it (LIC-7)."""
    file = tmp_path / "account.toml"
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace('usage = "usage.csv"', "")
    source = source.replace("end = 2028-01-01", "end = 2026-12-01").replace("renewal_months = 12", "")
    file.write_text(source, encoding="utf-8")
    asked = ["preview", str(file), "--product", "inbound_agent", "--total", "4", "--on", "2026-11-24"]
    assert "Licenses each month from 2026-12-01: no price is agreed yet" in run(*asked).out
    preview = json.loads(run(*asked, "--json").out)["preview"]
    assert (preview["charge"]["amount"], preview["monthly_after"], preview["difference"]) == ("16.33", None, None)


def test_a_preview_says_what_is_free_when_it_happens_and_that_nobody_pays(run: Any, tmp_path: Path) -> None:
    """Licenses that can be assigned already, the day of a decrease, and a charge that no source pays (LIC-12)."""
    file = tmp_path / "account.toml"
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace('usage = "usage.csv"', "")
    file.write_text(source.replace("owned = 8", "owned = 12"), encoding="utf-8")
    asked = ["preview", str(file), "--product", "powerdialer", "--on", "2026-11-24"]
    more, fewer = run(*asked, "--total", "13").out, run(*asked, "--total", "11").out
    assert "Note: 4 licenses can be assigned already." in more
    assert "takes effect" not in more
    assert "The total takes effect on 2026-12-01." in fewer
    assert "can be assigned already" not in fewer
    file.write_text(source.replace("token = ", "is_blocked = true\ntoken = "), encoding="utf-8")
    assert run(*asked, "--total", "12").out.startswith("Owed now: 46.20 USD; no source is valid.\n")


def test_a_check_tells_every_fault(run: Any, tmp_path: Path) -> None:
    """Of the account file; of its usage file, once that has none. Both are answers, and end with 2."""
    source = Path(ACCOUNT).read_text(encoding="utf-8")
    file, usage = tmp_path / "account.toml", tmp_path / "usage.csv"
    file.write_text(source.replace("owned = 8", "owned = -8") + "\n[more]\n", encoding="utf-8")
    said = run("check", str(file))
    assert (said.code, said.err) == (2, "")
    assert said.out.splitlines()[0] == "account.toml: 2 faults"
    assert "licenses[0].owned   must be at least 0, not -8" in said.out
    assert "more                is no key of this table" in said.out
    assert said.out.splitlines()[-1] == "Note: If it names a usage file, that is read once there is no fault in here."
    data = json.loads(run("check", str(file), "--json").out)
    faults, warnings = data["faults"], data["warnings"]
    assert warnings == ["If it names a usage file, that is read once there is no fault in here."]
    assert [(fault["field"], fault["code"]) for fault in faults] == [
        ("licenses[0].owned", "invalid_value"),
        ("more", "unknown_key"),
    ]
    file.write_text(source, encoding="utf-8")
    usage.write_text("day,kind,amount\n" + 103 * "2026-11-02,call,-1.00\n", encoding="utf-8")
    said = run("check", str(file))
    assert (said.code, said.out.splitlines()[0], said.out.splitlines()[-1]) == (
        2,
        "usage.csv: 103 faults",
        "and 3 more",
    )


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_large_usage_file_shows_how_far_it_is_read(
    is_terminal: bool, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal, on standard error; what is read is the same."""
    source = Path(ACCOUNT).read_text(encoding="utf-8")
    (tmp_path / "account.toml").write_text(source, encoding="utf-8")
    rows = 1_000 * "2026-11-02,call,0.01\n"
    (tmp_path / "usage.csv").write_text("day,kind,amount\n" + rows, encoding="utf-8")
    monkeypatch.setattr("licensebill.commands.asking._WATCHED_BYTES", len(rows))
    monkeypatch.setenv("FORCE_COLOR" if is_terminal else "NO_COLOR", "1")
    said = run("recharge", str(tmp_path / "account.toml"), "--at", "2026-12-01", "--json")
    assert json.loads(said.out)["recharge"]["usage"]["amount"] == "10.00"
    assert ("usage.csv" in said.err) == is_terminal


def test_an_account_without_usage_has_no_faults(run: Any, tmp_path: Path) -> None:
    """There is only one file to check."""
    file = tmp_path / "account.toml"
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace('usage = "usage.csv"', "")
    file.write_text(source, encoding="utf-8")
    assert run("check", str(file)).code == 0


def test_a_summary_warns_of_what_is_to_be_seen_to(run: Any, tmp_path: Path) -> None:
    """A card about to expire, and a smaller total to come."""
    file = tmp_path / "account.toml"
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace('usage = "usage.csv"', "")
    source = re.sub(r'^expires = ".*"$', 'expires = "2026-11"', source, flags=re.MULTILINE)
    file.write_text(source.replace("owned = 5", "owned = 5\npending = 4"), encoding="utf-8")
    said = run("summary", str(file))
    assert "Note: Visa ending in 1111 expires" in said.out
    assert "4 (4 from the next cycle)" in said.out
    file.write_text(re.sub(r"\[\[sources\]\].*?(?=\n\[[^\[])", "", source, flags=re.DOTALL), encoding="utf-8")
    assert "Primary source: none" in run("summary", str(file)).out


@pytest.mark.parametrize(("name", "begins"), [("course.svg", b"<?xml"), ("course.PNG", b"\x89PNG")])
def test_a_course_is_drawn_into_a_file(name: str, begins: bytes, run: Any, tmp_path: Path) -> None:
    """By its ending."""
    pytest.importorskip("matplotlib")
    assert run(*SIMULATE, "--days", "3", "--plot", str(tmp_path / name)).code == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_drawing_needs_its_extra(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is said."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    said = run(*SIMULATE, "--plot", "course.svg")
    told = "--plot: matplotlib is not installed; it comes with: pip install 'licensebill[plot]'"
    assert (said.code, told in said.err) == (2, True)


def test_a_week_is_repeated(run: Any) -> None:
    """Amounts for each day of it, in turn; the balance falls by them."""
    week = [option for amount in ("1.00", "0.00", "2.00") for option in ("--daily", amount)]
    said = run("simulate", *week, "--balance", "99.00", "--start", "2026-12-01", "--days", "5", "--json")
    runs = json.loads(said.out)["runs"][::6]
    assert [one["balance"]["amount"] for one in runs] == ["99.00", "98.00", "98.00", "96.00", "95.00"]


def test_a_terminal_is_shown_colors_and_everything_else_is_not(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves the lines and the weight of the type."""
    asked = ["compare", "storage", "--users", "8", "--used", "1200000000"]
    plain = run(*asked).out
    monkeypatch.setattr("licensebill.commands.printing._is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    colored = run(*asked).out
    monkeypatch.setenv("NO_COLOR", "1")
    bare = run(*asked).out
    assert ("\x1b" in plain, "\x1b[36m" in colored, "\x1b[36m" in bare, "\x1b[1m" in bare) == (False, True, False, True)
    assert ("\u2500" in plain, "\u2500" in colored, "\u2500" in bare) == (False, True, True)


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
    figures._print_bill(attrs.evolve(made, past_due_since=date(2026, 11, 3)))
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


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(28, "No space left on device"), 3, "cannot write the output: No space left on device"),  # a full disk
        (FileNotFoundError(2, "No such file"), 2, "cannot work in this folder: it is no longer there"),  # of the folder
    ],
)
def test_an_error_that_names_no_file(
    error: OSError, code: int, words: str, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no missing file."""

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "app", fails)
    said = run("storage")
    assert (said.code, said.err) == (code, f"licensebill: {words}\n")


def test_a_drawing_takes_the_place_of_a_link_that_leads_nowhere(run: Any, tmp_path: Path) -> None:
    """As of one that leads to itself."""
    pytest.importorskip("matplotlib")
    drawing = tmp_path / "loop.svg"
    drawing.symlink_to(drawing)
    assert run(*SIMULATE, "--days", "3", "--plot", str(drawing)).code == 0
    assert drawing.read_bytes().startswith(b"<?xml")


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
    monkeypatch.setattr(cli, "_close", lambda _: closed.append(1))
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
