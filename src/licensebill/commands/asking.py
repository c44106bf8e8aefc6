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
from typing import Annotated, BinaryIO, Literal, TypeVar

import attrs
from cyclopts import Parameter, Token
from rich.console import Console
from rich.progress import wrap_file

from licensebill import minutes
from licensebill._checks import holds_card_number
from licensebill._places import json_lines, line_of, toml_lines
from licensebill._tables import written_day
from licensebill.accounts import Account, tariff_on
from licensebill.codec import AccountFile, Fault, InvalidFile, load_account, load_usage
from licensebill.cycles import first_instant, local_day
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation, Input
from licensebill.minutes import RechargeQuote, UsageHistory
from licensebill.money import InvalidMoney, Money, total
from licensebill.terms import RECHARGE_POLICIES, RechargePolicy

_T = TypeVar("_T")


def _whole(_: object, tokens: Sequence[Token]) -> int:
    """A whole number in plain digits; cyclopts itself would cut "1.5" down to 1."""
    if not re.fullmatch(r"-?[0-9]{1,19}", tokens[0].value, re.ASCII):
        raise ValueError("must be a whole number in plain digits")
    return int(tokens[0].value)


def _day(_: object, tokens: Sequence[Token]) -> date:
    """A day, in the form of the account file."""
    try:
        return written_day("", tokens[0].value)
    except InvalidValue as refused:
        raise ValueError(refused.problem) from None


Count = Annotated[int, Parameter(converter=_whole)]
Day = Annotated[date, Parameter(converter=_day)]
PolicyName = Literal["guide", "faq", "guide_example"]
Explain = Annotated[
    bool, Parameter(negative="", help="Under each figure, the rules it comes from and the numbers put in.")
]
AccountPath = Annotated[Path, Parameter(name="FILE", help="The account file, TOML or JSON.")]


def as_asked(option: str, answer: Callable[[], _T], *, of: str = "") -> _T:
    """An answer; a refusal, where a place is given one of this place, names the option that was typed."""
    try:
        return answer()
    except InvalidValue as refused:
        if of not in {"", refused.place}:
            raise
        raise attrs.evolve(refused, place=option) from None


def amount_of(option: str, written: str, currency: str) -> Money:
    """An amount; a refusal of it names the option, one of the currency does not."""
    try:
        return Money.parse(written, currency)
    except InvalidMoney as refused:
        raise attrs.evolve(refused, place="currency" if refused.place == "currency" else option) from None


def loaded(account: Path) -> AccountFile:
    """What the account file states."""
    return as_asked("FILE", lambda: load_account(account), of="path")


def instant_of(at: str, account: Account) -> datetime.datetime:
    """A point in time with its zone, or a day's first instant in the account's zone."""
    with contextlib.suppress(InvalidValue):
        return first_instant(written_day("--at", at), account.tz)
    return moment_of(at, "a day, or a point in time with its zone such as 2026-12-01T12:00Z")


#: Characters of addresses and keys.
_NO_TIME = frozenset("@_=")
#: Python would take weeks, days without dashes, and anything before the time.
_BEGINS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}($|[T ])", re.ASCII)


def moment_of(at: str, wanted: str = "a point in time with its zone such as 2026-12-01T12:00Z") -> datetime.datetime:
    """A point in time with its zone.

    Raises:
        InvalidValue: it is none, or has no zone.
    """
    # a time has so many digits that no error would repeat it
    is_repeated = at.isprintable() and not holds_card_number(at) and not _NO_TIME & set(at)
    given = repr(at[:40]) if is_repeated else shown(at)
    try:
        moment = datetime.datetime.fromisoformat(at if _BEGINS.match(at) else "")
    except ValueError:
        raise InvalidValue("--at", f"must be {wanted}, not {given}") from None
    if moment.utcoffset() is None:
        raise InvalidValue("--at", f"must be {wanted}; {given} has no zone: add Z or an offset")
    return moment


def policy_of(name: PolicyName) -> RechargePolicy:
    """A recharge policy by its name in lower case."""
    return RECHARGE_POLICIES[name.upper()]


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


# --- minutes ------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Prepaid:
    """What an account's files state of its minutes until an instant.

    Args:
        file: with the balance that was stated, and its day.
        usage: of the usage file, as far as it was drawn before the instant; nothing where no file is named.
        on: the day of the instant, in the account's zone.
    """

    file: AccountFile
    usage: UsageHistory
    on: date

    @property
    def drawn(self) -> Money:
        """What was used from the day of the stated balance on."""
        since = (day.total for day in self.usage.days if day.day >= self.file.balance_on)
        return total(since, self.usage.currency)

    @property
    def balance(self) -> Money:
        """What is left of the stated balance."""
        return self.file.account.balance - self.drawn

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not known of the days before this one: a day that no file tells of counts as one without usage."""
        if self.file.usage is None:
            return ("No usage file is named: every day counts as one without usage.",)
        if not self.usage.days:
            return (f"{self.file.usage} has no usage before {self.on}: every day counts as one without usage.",)
        last = self.usage.days[-1].day
        silent = (self.on - last).days - 1
        if silent <= 0:
            return ()
        after = "the day after it counts as one" if silent == 1 else f"the {silent} days after it count as days"
        return (f"The last usage in {self.file.usage} is of {last}; {after} without usage.",)

    def explanation(self) -> Explanation:
        """How the balance comes about."""
        stated, drawn, since = self.file.account.balance, self.drawn, self.file.balance_on
        return Explanation(
            figure="balance",
            value=self.balance.text,
            unit=stated.currency,
            rules=("MIN-2",),
            because=f"{stated} at the first instant of {since}, less the {drawn} used from then on.",
            working=f"{stated.text} - {drawn.text}",
            inputs=(
                Input("stated balance", stated.text, stated.currency, f"first instant of {since}"),
                Input("used since", drawn.text, stated.currency, self.file.usage or "no usage file"),
            ),
        )


@attrs.frozen
class Recharge:
    """A recharge as it is shown: the quote, and what the account's files say about it.

    Args:
        quote: recharge and reserve.
        prepaid: the balance that it is quoted at.
    """

    quote: RechargeQuote
    prepaid: Prepaid

    @property
    def remarks(self) -> tuple[str, ...]:
        """Why nothing would be charged although a recharge is due, and what is not known of the usage."""
        account, nothing = self.prepaid.file.account, Money.zero(self.quote.balance.currency)
        decision = minutes.recharge_decision(
            self.quote,
            automatic=account.automatic,
            # a file knows nothing of charges, which a store does
            under_way=False,
            recharged_this_month=nothing,
            recharges_today=0,
            watermark_is_current=True,
            limits=tariff_on(account, self.prepaid.on).value.limits,
        )
        against = (f"{decision.reason} Nothing would be charged.",) if self.quote.is_due and decision.reasons else ()
        return against + self.prepaid.remarks

    def explanation(self) -> Explanation:
        """The quote's tree; in it the balance is a figure of its own."""
        tree = self.quote.explanation()
        given = tuple(each for each in tree.inputs if each.name != "balance")
        return attrs.evolve(tree, inputs=given, parts=(self.prepaid.explanation(), *tree.parts))


def prepaid_at(option: str, file: AccountFile, path: Path, at: datetime.datetime) -> Prepaid:
    """What the files state of the minutes until an instant, which an option named.

    Raises:
        InvalidValue: the instant lies before the day that the file, or its balance, stands for.
        InvalidFile: every fault of the usage file.
    """
    account, on = file.account, local_day(at, file.account.tz)
    for key, first in (("as_of", account.today), ("balance_on", file.balance_on)):
        if on < first:
            raise InvalidValue(option, f"must not be before {first}, the file's {key}, not {on}")
    return prepaid_until(file, path, at)


def prepaid_until(file: AccountFile, path: Path, until: datetime.datetime) -> Prepaid:
    """The same at an instant that no option named.

    Raises:
        InvalidFile: every fault of the usage file.
    """
    account = file.account
    usage = UsageHistory.of((), currency=account.currency)
    if file.usage is not None:
        usage = _usage_of(file.usage, path, account, until)
    prepaid = Prepaid(file=file, usage=usage, on=local_day(until, account.tz))
    try:
        prepaid.balance  # noqa: B018 - whether there is one
    except InvalidValue:
        problem = "adds up to more than the balance can be less by"
        fault = Fault(line=None, field="", code=InvalidFile.code, problem=problem)
        raise InvalidFile(file.usage or path.name, "1 fault", (fault,)) from None
    return prepaid


def _usage_of(name: str, path: Path, account: Account, until: datetime.datetime) -> UsageHistory:
    """The usage of the file that an account file names, as far as it was drawn before an instant.

    Raises:
        InvalidFile: every fault of it; of the account file, where there is no file of that name.
    """
    try:
        return load_usage(path.parent / name, account, until=until, opened=watched)
    except FileNotFoundError:
        problem = f"names {shown(name)}, and there is no such file beside this one"
        fault = Fault(line=_line_of("usage", path), field="usage", code=InvalidFile.code, problem=problem)
        raise InvalidFile(path.name, "1 fault", (fault,)) from None


def _line_of(key: str, path: Path) -> int | None:
    """The line of a key at the top of an account file that was read before."""
    source, place = path.read_bytes().decode("utf-8-sig"), (key,)
    is_json = path.name.lower().endswith(".json")
    return line_of(place, json_lines(source, [place]) if is_json else toml_lines(source))


def recharge_at(
    option: str, file: AccountFile, path: Path, at: datetime.datetime, policy: RechargePolicy | None = None
) -> Recharge:
    """The recharge at an instant, which an option named, by the account's own policy if none is stated."""
    prepaid = prepaid_at(option, file, path, at)
    chosen = tariff_on(file.account, prepaid.on).value.recharge if policy is None else policy
    quote = minutes.recharge_quote(
        prepaid.usage, at=prepaid.on, balance=prepaid.balance, policy=chosen, began=file.account.began
    )
    return Recharge(quote, prepaid)
