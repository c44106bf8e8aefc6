"""The command `licensebill`: reads files, asks the library, prints.

Each command is a thin shell: it turns arguments into values, calls one function of the library and shows the result,
as text for people or, with `--json`, as data for programs (amounts are texts with their currency beside them). Here are
the commands that calculate; those that charge stand in `commands`. Exit codes are described in docs/command.md. Needs
the `cli` extra.
"""

import datetime
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import attrs
from cyclopts import App, CycloptsError, Parameter, Token

from licensebill import __version__, minutes, storage
from licensebill.accounts import Account, advance
from licensebill.bills import Bill, monthly_bill
from licensebill.codec import AccountFile, load_account, load_usage
from licensebill.commands import demo, records, runs
from licensebill.commands.printing import (
    ANSWERED,
    BAD_INPUT,
    FAILED,
    INTERRUPTED,
    Json,
    exit_code,
    money_data,
    print_json,
    print_table,
)
from licensebill.cycles import billing_cycle, first_instant, local_day
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.explain import Explained
from licensebill.ledger import Line
from licensebill.minutes import RechargeQuote, UsageHistory
from licensebill.money import Money
from licensebill.storage import Reading, StorageFee
from licensebill.terms import RECHARGE_POLICIES, Applied

_T = TypeVar("_T")

app = App(
    name="licensebill",
    version=__version__,
    help="Billing rules of licenses, storage and dialer minutes: every figure exact, and explained.",
)
app.command(runs.run)
app.command(records.open_account, name="open")
app.command(records.status)
app.command(records.resolve)
app.command(records.ledger)
app.command(demo.demo)


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


def main() -> NoReturn:
    """Run the command: the entry point of the installed script."""
    if sys.stderr is None:  # pragma: no cover - closed by whoever started the process; a test does so
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - not the output, until the end
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(
                stream, io.TextIOWrapper
            ):  # pragma: no branch - a label may be beyond the terminal's encoding
                stream.reconfigure(errors="backslashreplace")
        code = app(sys.argv[1:], exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        sys.exit(BAD_INPUT)  # cyclopts has said what is wrong
    except LicenseBillError as refused:
        print(f"licensebill: {refused}", file=sys.stderr)
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


def _close_output() -> None:
    """Whoever read the output has gone: nothing is left to say, not even by the interpreter's own last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # pragma: no cover - ends the output of the process


# --- bill ---------------------------------------------------------------------------------------------------------


@app.command
def bill(
    account: AccountPath,
    *,
    on: date,
    explain: Explain = False,
    as_json: Json = False,
    users: Count | None = None,
    storage_used: Count | None = None,
) -> None:
    """Print the month's bill of an account: lines, storage fee, total, source, and the recharge at its first instant.

    Args:
        account: the account file.
        on: the first day of the cycle that is billed, such as 2026-12-01.
        explain: print the rules and the numbers of every figure.
        as_json: print data.
        users: a number of users stated in place of those with a license.
        storage_used: bytes stated in place of the file's readings.
    """
    file = load_account(account)
    start = _asked(
        "--on", lambda: first_instant(billing_cycle(on, anchor_day=file.account.anchor_day).start, file.account.tz)
    )
    readings = file.readings if storage_used is None else (Reading(bytes=storage_used, at=start, source="stated"),)
    made = monthly_bill(file.account, on, readings=readings, users=users)
    quote = _quote(file, account, start, policy=None)
    if as_json:
        _print_json({"bill": _bill_data(made), "recharge": _quote_data(quote)}, made, quote, explain=explain)
        return
    _print_bill(made)
    _print_quote(quote)
    if explain:
        _print_explanations(made, quote)


def _asked(option: str, answer: Callable[[], _T]) -> _T:
    """An answer; a refusal names the option that was typed."""
    try:
        return answer()
    except InvalidValue as refused:
        raise attrs.evolve(refused, place=option) from None


def _bill_data(made: Bill) -> dict[str, Any]:
    return {
        "id": made.id,
        "account": made.account,
        "period": _period_data(made.cycle),
        "lines": [_line_data(line) for line in made.lines],
        "storage": None if made.storage is None else _fee_data(made.storage),
        "total": money_data(made.total),
        "due": money_data(made.due),
        "source": made.source or None,
        "past_due_since": _optional_text(made.past_due_since),
        "terms": [attrs.asdict(term) | {"since": _since(term)} for term in made.terms],
    }


def _line_data(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind.name.lower(),
        "category": line.category.name.lower(),
        "description": line.description,
        "quantity": line.quantity,
        "period": None if line.period is None else _period_data(line.period),
        **money_data(line.amount),
    }


def _print_bill(made: Bill) -> None:
    print(f"Bill {made.id} for {made.cycle}\n")
    rows = [
        (line.description, "" if line.quantity is None else str(line.quantity), f"{line.amount:,}")
        for line in made.lines
    ]
    if made.storage is not None and not made.storage.amount:
        rows.append(("Storage fee", "", f"{made.storage.amount:,}"))
    print_table([*rows, ("Total", "", f"{made.total:,}")])
    print(f"\n{_charged_to(made)}")
    if made.past_due_since is not None:
        print(f"Past due since {made.past_due_since}.")


def _charged_to(made: Bill) -> str:
    if not made.due:
        return "Nothing is charged."
    return (
        f"To be charged: {made.due:,} to {made.source}." if made.source else f"Owed: {made.due:,}; no source is valid."
    )


# --- storage ------------------------------------------------------------------------------------------------------


@app.command(name="storage")
def storage_fee(*, users: Count, used: Count, explain: Explain = False, as_json: Json = False) -> None:
    """Print the monthly storage fee of so many users and bytes, and how to get below it.

    Args:
        users: users with a license.
        used: bytes stored.
        explain: print the rules and the numbers of every figure.
        as_json: print data.
    """
    fee = storage.monthly_fee(used=used, users=users)
    advice = storage.reductions(fee)
    if as_json:
        data = {
            **_fee_data(fee),
            "bytes_to_pay_nothing": advice.to_pay_nothing,
            "bytes_to_pay_one_step_less": advice.to_pay_one_step_less,
        }
        _print_json(data, fee, advice, explain=explain)
        return
    print(fee.reason)
    print(advice.reason)
    if explain:
        _print_explanations(fee, advice)


def _fee_data(fee: StorageFee) -> dict[str, Any]:
    return {
        "users": fee.allowance.users,
        "used_bytes": fee.used,
        "allowance_bytes": fee.allowance.bytes,
        "gigabytes_started": fee.gigabytes_started,
        **money_data(fee.amount),
    }


# --- recharge -----------------------------------------------------------------------------------------------------


@app.command
def recharge(
    account: AccountPath,
    *,
    at: str,
    policy: str | None = None,
    explain: Explain = False,
    as_json: Json = False,
) -> None:
    """Print what a recharge of dialer minutes comes to at a point in time, and whether it is due.

    Args:
        account: the account file.
        at: the point in time, such as 2026-12-01T12:00:00Z, or a day, which means its first instant.
        policy: guide, faq or guide_example; the account's own without it.
        explain: print the rules and the numbers of every figure.
        as_json: print data.
    """
    file = load_account(account)
    quote = _quote(file, account, _instant(at, file.account), policy)
    if as_json:
        _print_json({"recharge": _quote_data(quote)}, quote, explain=explain)
        return
    _print_quote(quote)
    if explain:
        _print_explanations(quote)


def _instant(at: str, account: Account) -> datetime.datetime:
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


def _quote(file: AccountFile, path: Path, at: datetime.datetime, policy: str | None) -> RechargeQuote:
    """The recharge at an instant: the stated balance less everything drawn from it since."""
    account = file.account
    on = local_day(at, account.tz)
    usage = UsageHistory.of((), currency=account.currency)
    if file.usage is not None:
        usage = load_usage(path.parent / file.usage, account, until=at)
    drawn = sum((day.total for day in usage.days if day.day >= file.balance_on), Money.zero(account.currency))
    tariff = advance(account, max(on, account.today)).tariff
    chosen = tariff.recharge if policy is None else _policy(policy)
    return minutes.recharge_quote(usage, at=on, balance=account.balance - drawn, policy=chosen, began=account.began)


def _policy(name: str) -> Any:  # noqa: ANN401
    try:
        return RECHARGE_POLICIES[name.upper()]
    except KeyError:
        known = ", ".join(known.lower() for known in RECHARGE_POLICIES)
        raise InvalidValue("--policy", f"must be one of {known}, not {shown(name)}") from None


def _quote_data(quote: RechargeQuote) -> dict[str, Any]:
    return {
        "policy": quote.policy.name,
        "is_due": quote.is_due,
        "reason": quote.reason,
        "window": _period_data(quote.average.window),
        "usage": money_data(quote.average.total),
        "recharge": money_data(quote.recharge),
        "reserve": money_data(quote.reserve),
        "balance": money_data(quote.balance),
    }


def _print_quote(quote: RechargeQuote) -> None:
    verdict = f"{quote.recharge:,} is due" if quote.is_due else "none is due"
    print(f"Recharge: {verdict}.\n{quote.reason}")


# --- printing -----------------------------------------------------------------------------------------------------


def _print_explanations(*figures: Explained) -> None:
    for figure in figures:
        print(f"\n{figure.explanation().as_text()}")


def _print_json(data: dict[str, Any], *figures: Explained, explain: bool) -> None:
    if explain:
        data = {**data, "explanations": [figure.explanation().as_data() for figure in figures]}
    print_json(data)


def _period_data(period: Any) -> dict[str, str]:  # noqa: ANN401
    return {"start": str(period.start), "end": str(period.end)}


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)


def _since(term: Applied) -> str | None:
    return None if term.since == date.min else str(term.since)
