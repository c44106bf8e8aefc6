"""Asking: what the commands that calculate take as arguments, and what they read from files.

A refusal names the option that was typed. Nothing is printed here.
"""

import contextlib
import datetime
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import attrs
from cyclopts import Parameter, Token
from rich.console import Console
from rich.progress import wrap_file

from licensebill import minutes
from licensebill.accounts import Account, advance
from licensebill.codec import AccountFile, load_account, load_usage
from licensebill.cycles import first_instant, local_day
from licensebill.errors import InvalidValue, shown
from licensebill.minutes import RechargeQuote, UsageHistory
from licensebill.money import Money
from licensebill.terms import RECHARGE_POLICIES, RechargePolicy

_T = TypeVar("_T")


def _whole(_: object, tokens: Sequence[Token]) -> int:
    """A whole number in plain digits; cyclopts itself would cut "1.5" down to 1."""
    if not re.fullmatch(r"-?[0-9]{1,19}", tokens[0].value, re.ASCII):
        raise ValueError("must be a whole number in plain digits")
    return int(tokens[0].value)


Count = Annotated[int, Parameter(converter=_whole)]
Explain = Annotated[
    bool, Parameter(negative="", help="Under each figure, the rules it comes from and the numbers put in.")
]
AccountPath = Annotated[Path, Parameter(help="The account file, TOML or JSON.")]


def as_asked(option: str, answer: Callable[[], _T], *, of: str = "") -> _T:
    """An answer; a refusal, where a place is given one of this place, names the option that was typed."""
    try:
        return answer()
    except InvalidValue as refused:
        if of not in {"", refused.place}:
            raise
        raise attrs.evolve(refused, place=option) from None


def loaded(account: Path) -> AccountFile:
    """What the account file states."""
    return as_asked("ACCOUNT", lambda: load_account(account), of="path")


def instant_of(at: str, account: Account) -> datetime.datetime:
    """A point in time with its zone, or a day's first instant in the account's zone."""
    try:
        if len(at) == len("2026-12-01"):
            return first_instant(date.fromisoformat(at), account.tz)
        moment = datetime.datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise InvalidValue(
            "--at", f"must be a day, or a point in time with its zone such as 2026-12-01T12:00Z, not {shown(at)}"
        )
    return moment


def policy_of(name: str) -> RechargePolicy:
    """A recharge policy by its name in lower case."""
    try:
        return RECHARGE_POLICIES[name.upper()]
    except KeyError:
        known = ", ".join(known.lower() for known in RECHARGE_POLICIES)
        raise InvalidValue("--policy", f"must be one of {known}, not {shown(name)}") from None


#: Smaller files are read before anybody wonders.
_WATCHED_BYTES = 4 * 2**20


@contextlib.contextmanager
def watched(path: Path) -> Iterator[BinaryIO]:
    """A file to be read; of a large one a bar on a terminal shows how far that is, on standard error."""
    console = Console(stderr=True)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _WATCHED_BYTES or not console.is_terminal:
            yield file
            return
        with wrap_file(file, size, description=path.name, console=console, transient=True) as shown_file:
            yield shown_file


def drawn_until(file: AccountFile, path: Path, at: datetime.datetime) -> tuple[UsageHistory, Money]:
    """What the usage file states up to an instant, and the balance that is left then of the stated one."""
    account = file.account
    usage = UsageHistory.of((), currency=account.currency)
    if file.usage is not None:
        usage = load_usage(path.parent / file.usage, account, until=at, opened=watched)
    drawn = sum((day.total for day in usage.days if day.day >= file.balance_on), Money.zero(account.currency))
    return usage, account.balance - drawn


def quote_of(file: AccountFile, path: Path, at: datetime.datetime, policy: RechargePolicy | None) -> RechargeQuote:
    """The recharge at an instant, by the account's own policy if none is named."""
    account, on = file.account, local_day(at, file.account.tz)
    usage, balance = drawn_until(file, path, at)
    chosen = advance(account, max(on, account.today)).tariff.recharge if policy is None else policy
    return minutes.recharge_quote(usage, at=on, balance=balance, policy=chosen, began=account.began)
