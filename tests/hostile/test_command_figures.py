"""The commands that calculate: numbers too large to be calculated with, and drawings that cannot be written."""

import os
from pathlib import Path

import pytest

from tests.commanding import said, shell
from tests.hostile.entries import ACME

ACCOUNT = str(ACME / "account.toml")
ON = ["--on", "2026-12-01"]


# --- figures ------------------------------------------------------------------------------------------------------


def test_an_option_that_is_given_without_end_is_refused() -> None:
    """Before it takes anybody's time."""
    done = said("simulate", *4_000 * ["--daily=1.00"], "--balance", "5", "--start", "2026-12-01")
    assert (done.code, done.err) == (2, "licensebill: --daily: must be given at most 400 times, not 4000\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ports", "--calls", "9223372036854775807", "--mean-seconds", "9"], "--calls: is too large to be calculated"),
        (
            ["preview", ACCOUNT, "--product", "flex_port", "--total", "9223372036854775807", "--on", "2026-11-24"],
            "--total: is too large to be calculated with",
        ),
        (["bill", ACCOUNT, *ON, "--users", "9223372036854775807"], "--users: is too large to be calculated with"),
        (["storage", "--users", "9223372036854775807", "--used", "5"], "--users: is too large to be calculated with"),
        (
            ["simulate", "--daily=-1", "--balance", "5", "--start", "2026-12-01"],
            "--daily: must not be negative, not -1.00 USD",
        ),
        (["explain", "STO-2", *ON], "--on: is for a figure of an account file, and none is named"),
        (["preview", ACCOUNT, "--product", "none", "--total", "1", "--on", "2026-11-24"], "--product: must be one of"),
    ],
)
def test_what_was_typed_is_named(arguments: list[str], words: str) -> None:
    """And not what was calculated of it."""
    done = said(*arguments)
    assert (done.code, done.out, words in done.err) == (2, "", True), done.err


def test_one_port_is_one() -> None:
    """In words, too."""
    out = said("ports", "--calls", "1", "--mean-seconds", "5", "--owned", "1").out
    assert out.count("1 port blocks ") == 2


# --- drawings -----------------------------------------------------------------------------------------------------

DRAW = "{command} simulate --daily 6.00 --balance 42.00 --start 2026-12-01 --days 2 --plot "


def test_a_drawing_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Where it cannot be written the one before stays, and nothing lies beside it."""
    pytest.importorskip("matplotlib")
    file, new = tmp_path / "course.svg", tmp_path / "new.svg"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o640)
    for name in (file.name, new.name):
        done = shell(f"trap '' XFSZ; ulimit -f 1; {DRAW}{name}", tmp_path)
        assert (done.returncode, f"--plot: cannot write '{name}': File too large" in done.stderr) == (2, True)
        assert ([one.name for one in tmp_path.iterdir()], file.read_text(encoding="utf-8")) == ([file.name], "before")
    assert shell(DRAW + file.name, tmp_path, MPLBACKEND="nonsense").returncode == 0
    assert (file.read_bytes()[:5], file.stat().st_mode & 0o777) == (b"<?xml", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    """A device as well as a pipe; and a link stays a link."""
    pytest.importorskip("matplotlib")
    draw = ["simulate", "--daily", "6.00", "--balance", "42.00", "--start", "2026-12-01", "--days", "2", "--plot"]
    nowhere, link, file = tmp_path / "nowhere.svg", tmp_path / "link.svg", tmp_path / "file.svg"
    nowhere.symlink_to(os.devnull)
    link.symlink_to(file)
    for target in (nowhere, link, link):
        assert said(*draw, str(target)).code == 0
    assert (nowhere.is_symlink(), link.is_symlink(), file.read_bytes()[:5]) == (True, True, b"<?xml")


@pytest.mark.parametrize("name", ["pipe.png", "pipe.svg"])
def test_a_drawing_may_go_into_a_pipe(name: str, tmp_path: Path) -> None:
    """Which stays one."""
    pytest.importorskip("matplotlib")
    os.mkfifo(tmp_path / name)
    done = shell(f"cat {name} | wc -c & {DRAW}{name} >/dev/null; wait", tmp_path)
    assert (done.stderr, int(done.stdout) > 1_000) == ("", True)
    assert (tmp_path / name).is_fifo()
