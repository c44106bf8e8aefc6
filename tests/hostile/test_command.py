"""The command where its streams and its terminal are not what they should be, and secrets stand in wrong places."""

import errno
import io
import json
import os
import signal
import sys
from pathlib import Path
from unittest import mock

import pytest

from licensebill import cli
from licensebill.commands.printing import BAD_INPUT, print_table
from licensebill.errors import shown
from tests.commanding import DECEMBER, ROOT, VISA, account_text, said, shell
from tests.hostile.entries import ACME

ACCOUNT = str(ACME / "account.toml")
URL = "postgresql://u:hunter2@h/d"
ON = ["--on", "2026-12-01"]
STORAGE = "{command} storage --users 8 --used 5"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """With an account in it."""
    address = f"sqlite:{tmp_path / 'acme.db'}"
    assert said("open", ACCOUNT, "--store", address).code == 0
    return address


# --- secrets ------------------------------------------------------------------------------------------------------

SECRETS: list[tuple[list[str], str]] = [
    (["status", f"--stor={URL}"], "Unknown option: --stor."),
    (["status", f"-x{URL}"], "Unknown option: a text of 28 characters."),
    (["status", URL, "--store", "{store}"], "account: there is no account a text of 26 characters in this store"),
    (["ledger", URL, "--store", "{store}"], "account: there is no account a text of 26 characters in this store"),
    (["bill", ACCOUNT, "hunter2", *ON], "1 argument too many; it is not repeated here"),
    (["bill", ACCOUNT, "extra", URL, *ON], "2 arguments too many; they are not repeated here"),
    (["bill", URL, *ON], "cannot read a text of 25 characters: No such file"),
    (["bill", ACCOUNT, "--on", URL], "Invalid value for --on: must be a day such as 2026-12-01, not a text of 26"),
    (["status", "--store", "{store}", "--at", URL], "--at: must be a point in time with its zone"),
    (["status", "--store", f"sqlite:{URL}"], "--store: there is no file a text of 26 characters"),
    (["explain", URL], "FIGURE: must be a rule's id such as 'STO-2', not a text of 26 characters"),
    (["schema", URL], 'Invalid value "a text of 26 characters" for NAME'),
    (
        ["run", "settle", "--store", "{store}", "--gateway", "sk_live_hunter2"],
        '"a text of 15 characters" for --gateway',
    ),
    (["sk_live_hunter2"], 'Unknown command "a text of 15 characters"'),
    (["compare", "proration", "rk_test_hunter2", *ON], "AMOUNT: must be a plain decimal"),
    (["explain", "host=h password=hunter2"], "not a text of 23 characters"),
]


@pytest.mark.parametrize(("arguments", "words"), SECRETS, ids=[words[:40] for _, words in SECRETS])
def test_a_secret_in_a_wrong_place_is_not_repeated(arguments: list[str], words: str, store: str) -> None:
    """The message says what is wrong all the same."""
    done = said(*(one.format(store=store) for one in arguments))
    assert (done.code, done.out) == (BAD_INPUT, "")
    assert words in " ".join(done.err.split())
    assert "hunter2" not in done.err


@pytest.mark.parametrize("typed", ["a\x1b[31m", "--a\x1b[31m", "x" * 100_000, "--" + "x" * 100_000, "\x1b" * 100_000])
@pytest.mark.parametrize("line", [[], ["bill"], ["bill", ACCOUNT, *ON], ["bill", ACCOUNT, *ON, "--users"]])
def test_what_is_long_or_unprintable_is_not_repeated(typed: str, line: list[str]) -> None:
    """Nothing that is typed reaches the terminal as a command to it."""
    done = said(*line, typed)
    assert (done.code, "\x1b" in done.err, len(done.err) < 1_000) == (BAD_INPUT, False, True)


@pytest.mark.parametrize("harmless", ["dana@example.com", "task_live_1", "a: b", "@a:b"])
def test_what_is_no_secret_is_repeated(harmless: str) -> None:
    """As a mail address."""
    assert shown(harmless) == repr(harmless)


# --- streams ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (STORAGE + " >&-", 3, "licensebill: cannot write the output: it is closed\n"),
        ("{command} compare storage --users 8 --used 5 >&-", 3, "licensebill: cannot write the output: it is closed\n"),
        ("{command} --help >&-", 3, "licensebill: cannot write the output: it is closed\n"),
        ("{command} storage --users x --used 5 >&-", 2, "licensebill: Invalid value for --users"),
        (STORAGE + " >&- 2>&-", 3, ""),
        (STORAGE + " >/dev/full", 3, "licensebill: cannot write the output: No space left on device\n"),
        (STORAGE + " >/dev/full 2>/dev/full", 3, ""),
        ("{command} --help >/dev/full", 3, "licensebill: cannot write the output: No space left on device\n"),
        ("{command} bill --on x 2>/dev/full", 2, ""),
        ("{command} bill nowhere --on 2026-12-01 2>/dev/full", 2, ""),
        ("{command} bill --on x 2> >(exec true)", 2, ""),
        ("set -o pipefail; {command} --help | head -c0", 3, ""),
        ("set -o pipefail; {command} bill --help | head -c0", 3, ""),
        ("set -o pipefail; " + STORAGE + " | head -c0", 3, ""),
    ],
)
def test_a_stream_that_cannot_be_written_to_is_no_traceback(line: str, code: int, words: str, tmp_path: Path) -> None:
    """The exit code is the documented one, whether or not anybody can be told."""
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    done = shell(line, tmp_path)
    assert (done.returncode, done.stderr.startswith(words), "Traceback" in done.stderr) == (code, True, False)
    assert words or not done.stderr


class _Full(io.StringIO):
    """What nothing can be written to."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("used", "code"), [("5", 3), ("x", 2)])
def test_nobody_can_be_told(used: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in this process: with no streams, and with full ones."""
    for stream in (lambda: None, _Full):
        with monkeypatch.context() as patched:
            patched.setattr("sys.argv", ["licensebill", "storage", "--users", "8", "--used", used])
            patched.setattr("sys.stdout", stream())
            patched.setattr("sys.stderr", stream())
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert ended.value.code == code
            sys.stdout.close()
            sys.stderr.close()


def test_a_stream_that_is_given_up_takes_everything(tmp_path: Path) -> None:
    """And keeps nothing of it, the interpreter's own last flush included."""
    file = tmp_path / "output"
    with file.open("w", encoding="utf-8") as stream:
        cli._close(stream)
        stream.write("lost")
    assert file.read_bytes() == b""
    with pytest.raises(BrokenPipeError):
        cli._Console().on_broken_pipe()


def test_without_an_output_the_work_is_done(store: str, tmp_path: Path) -> None:
    """And the exit code says that nobody has heard of it."""
    (tmp_path / "bolt.toml").write_text(account_text("bolt", VISA), encoding="utf-8")
    assert shell(f"{{command}} open bolt.toml --store {store} >&-", tmp_path).returncode == 3
    assert said("status", "bolt", "--store", store, "--at", DECEMBER.isoformat()).code == 0


@pytest.mark.parametrize("columns", ["0", "1", "4", "99999999", "9" * 5_000, "-1", "x", "\u00b2"])
def test_help_is_readable_at_any_width(columns: str, tmp_path: Path) -> None:
    """And is written at once."""
    done = shell("{command} bill --help; {command} bill --on x", tmp_path, COLUMNS=columns)
    assert ("--storage-used" in done.stdout, len(done.stdout) < 200_000) == (True, True)
    assert (done.returncode, "FILE must be given" in done.stderr) == (BAD_INPUT, True)


@pytest.mark.parametrize(("width", "set_to"), [(3, "40"), (80, None)])
def test_a_narrow_terminal_is_written_to_as_a_wider_one(
    width: int, set_to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own lines break; a word in a column of one letter could not be read."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((width, 3)))
    with mock.patch.dict(os.environ):
        os.environ.pop("COLUMNS", None)
        done = said("bill", "--help")
        assert (done.code, "--storage-used" in done.out, os.environ.get("COLUMNS")) == (0, True, set_to)


def test_data_is_data_in_every_encoding(tmp_path: Path) -> None:
    """A label beyond ASCII is escaped as JSON has it."""
    source = Path(ACCOUNT).read_text(encoding="utf-8").replace('"Visa"', '"V\u00efsa"')
    (tmp_path / "account.toml").write_text(source.replace('usage = "usage.csv"', ""), encoding="utf-8")
    done = shell("{command} bill account.toml --on 2026-12-01 --json", tmp_path, PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout)["bill"]["source"] == "V\u00efsa ending in 1111"


def test_a_name_between_colons_is_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids are shown as they are."""
    print_table([("crm:100:7", "", "")])
    assert capsys.readouterr().out == "crm:100:7\n"


def test_an_interrupt_while_modules_are_loaded_ends_quietly(tmp_path: Path) -> None:
    """Of which there are many: a key is pressed soon enough."""
    (tmp_path / "cyclopts.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    done = shell("{command} --help", tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT / 'src'}")
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00Z"])
def test_the_ends_of_the_calendar_are_instants(at: str, store: str) -> None:
    """A clock may stand there."""
    done = said("status", "--store", store, "--at", at)
    assert (done.code, "Accounts read" in done.out) == (int(at < "2026"), True)
