"""The command to test with: accounts in a folder, their measurements, a stand-in whose clock is turned, and a shell."""

import contextlib
import datetime
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import attrs

from licensebill import cli
from licensebill.testing.provider import StandIn

ROOT = Path(__file__).parents[1]
#: Far enough from now that the machine's clock, which some commands read, is always before it.
DECEMBER = datetime.datetime(2096, 12, 1, 0, 10, tzinfo=datetime.UTC)

VISA, BANK = "pm_card_visa", "pm_usBankAccount_success"
NO_FUNDS = "pm_card_visa_chargeDeclinedInsufficientFunds"

_ACCOUNT = """
format = 1
as_of = 2096-12-01

[account]
id = "{id}"
began = 2096-01-01
administrator = "dana"

[[contracts]]
reference = "order form 17"
start = 2096-01-01
end = 2098-01-01
prices = [{{ product = "powerdialer", amount = "99.00" }}]

[[licenses]]
product = "powerdialer"
owned = 10

[[users]]
id = "dana"
role = "system administrator"
is_administrator = true
"""
_SOURCE = """
[[sources]]
id = "s{number}"
kind = "{kind}"
token = "{token}"
label = "{label}"
last_four = "{last_four}"
is_blocked = {is_blocked}
{expires}
holder = {{ first = "Dana", last = "Reyes" }}
"""
_MINUTES = """
[minutes]
balance = "50.00"
[minutes.automatic]
authorized_by = { first = "Dana", last = "Reyes" }
"""


def account_text(name: str, *tokens: str, automatic: bool = False, blocked: bool = False) -> str:
    """An account file: 990 dollars of licenses a month, sources with these tokens, perhaps automatic recharge."""
    sources = ""
    for number, token in enumerate(tokens):
        is_card = token.startswith("pm_card")
        sources += _SOURCE.format(
            number=number,
            kind="card" if is_card else "bank account",
            token=token,
            label="Visa" if is_card else "First Bank",
            last_four=f"{1111 + number}",
            expires='expires = "2099-11"' if is_card else "",
            is_blocked=str(blocked).lower(),
        )
    return _ACCOUNT.format(id=name) + sources + (_MINUTES if automatic else "")


@attrs.frozen
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, as data."""
        return json.loads(self.out)


def said(*arguments: str, stderr: io.StringIO | None = None) -> Said:
    """Run the command in this process."""
    out, err = io.StringIO(), stderr or io.StringIO()
    code: object = None
    with (
        mock.patch.object(sys, "argv", ["licensebill", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Said(code, out.getvalue(), err.getvalue())


@attrs.define
class Shop:
    """A store, measurements and a stand-in.

    Args:
        folder: for all files.
        provider: a stand-in that shows `now`.
        store: the address of the store; an SQLite file in the folder without one.
        now: the present instant, for the command and for the provider.
    """

    folder: Path
    provider: StandIn = attrs.field(init=False)
    store: str = ""
    now: datetime.datetime = DECEMBER

    def __attrs_post_init__(self) -> None:
        self.provider = StandIn(clock=lambda: self.now)
        self.store = self.store or f"sqlite:{self.folder / 'charges.db'}"
        self.meters.mkdir()

    @property
    def meters(self) -> Path:
        """The folder of measurements."""
        return self.folder / "meters"

    def open(self, name: str, *tokens: str, measured: bool = True, **account: bool) -> Said:
        """Take an account over, and measure it."""
        file = self.folder / f"{name}.toml"
        file.write_text(account_text(name, *tokens, **account), encoding="utf-8")
        if measured:
            self.measure(name)
        return said("open", str(file), "--store", self.store)

    def measure(self, name: str, daily: str = "9.00") -> None:
        """Little storage, and the same usage every day since long ago, both known until now."""
        folder = self.meters / name
        folder.mkdir(exist_ok=True)
        first = DECEMBER.date().replace(day=1) - datetime.timedelta(days=60)
        days = [first + datetime.timedelta(days=one) for one in range((self.now.date() - first).days)]
        rows = [f"{day},call,{daily}" for day in days]
        (folder / "usage.csv").write_text("\n".join(["day,kind,amount", *rows, ""]), encoding="utf-8")
        midnight = self.now.replace(hour=0, minute=0)
        (folder / "storage.csv").write_text(f"at,bytes\n{midnight.isoformat()},200000000\n", encoding="utf-8")
        os.utime(folder / "usage.csv", (self.now.timestamp(), self.now.timestamp()))

    def arguments(self, job: str, *more: str) -> list[str]:
        """Of a run at this instant with the stand-in."""
        gateway = ["--gateway", "stand-in", "--gateway-url", self.provider.url, "--at", self.now.isoformat()]
        return ["run", job, "--store", self.store, *gateway, "--meters", str(self.meters), *more]

    def run(self, job: str, *more: str) -> Said:
        """A run at this instant with the stand-in."""
        return said(*self.arguments(job, *more))

    def status(self, *more: str) -> Said:
        """Where the accounts stand at this instant."""
        return said("status", *more, "--store", self.store, "--at", self.now.isoformat())

    def process(self, job: str, *more: str) -> "subprocess.Popen[str]":
        """The same as a process of its own."""
        return process(*self.arguments(job, *more))

    @property
    def captured(self) -> list[str]:
        """The references of all that the provider captured, in order."""
        return sorted(one.reference for one in self.provider.captures())


def process(*arguments: str) -> "subprocess.Popen[str]":
    """The command as a process of its own."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "licensebill", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )


def ended(running: "subprocess.Popen[str]", within: int = 120) -> Said:
    """What a process printed, and how it ended; one that does not end in time is killed."""
    try:
        out, err = running.communicate(timeout=within)
    finally:
        running.kill()
    return Said(running.returncode, out, err)


COMMAND = f"{shlex.quote(sys.executable)} -m licensebill"


def shell(line: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What a shell makes of a line, in which {command} stands for the command."""
    return subprocess.run(  # noqa: S603 - our own command
        ["/bin/bash", "-c", line.format(command=COMMAND)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
        timeout=60,
    )
