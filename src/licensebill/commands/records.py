"""Records: commands for what a store holds: `open`, `status`, `resolve` and `ledger`. None of them asks a provider."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from licensebill.charges import Charge, Standing, State, entries
from licensebill.charging import Charging, UnknownAccount, account_of
from licensebill.codec import AccountFile, load_account, load_usage
from licensebill.commands.connections import Kept, Nobody, StoreUrl, clock_of, opened_store
from licensebill.commands.printing import (
    ANSWERED,
    FAILED,
    REFUSED,
    Json,
    money_data,
    print_json,
    print_table,
)
from licensebill.commands.runs import progress
from licensebill.commands.summary import Sums, Told
from licensebill.cycles import first_instant
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.events import Decision
from licensebill.ledger import Category, Selection, Transaction, selection, transactions
from licensebill.money import Money
from licensebill.planning import targets
from licensebill.protocols import Clock, VersionConflict

_CATEGORIES = {
    "licenses": Category.LICENSES,
    "minutes": Category.MINUTES,
    "storage": Category.STORAGE,
    "services": Category.SERVICES,
}
_DECISIONS = {
    "captured": Decision.CAPTURED,
    "not-captured": Decision.NOT_CAPTURED,
    "ask-again": Decision.ASK_AGAIN,
}


def _charging(kept: Kept, clock: Clock) -> Charging:
    return Charging(store=kept, gateway=Nobody(), clock=clock)


# --- open ---------------------------------------------------------------------------------------------------------


def open_account(account: Path, /, *, store: StoreUrl) -> int:
    """Take an account over into a store, as its file states it at the first instant of its day.

    From then on the store is what counts, and the file no longer is. An account is taken over once.

    Args:
        account: the account file, TOML or JSON.
        store: where accounts are kept; its file or tables are made if they are not there.
    """
    file = load_account(account)
    opening = attrs.evolve(file.account, balance=_balance(file, account))
    start = first_instant(opening.today, opening.tz)
    with opened_store(store, new=True) as kept:
        try:
            standing = _charging(kept, lambda: start).open(opening)
        except VersionConflict:
            raise InvalidValue("account", f"{opening.id} is in the store already; nothing was written") from None
    print(f"{standing.account.id} is taken over as of {opening.today}, with {opening.balance:,} of prepaid minutes.")
    return ANSWERED


def _balance(file: AccountFile, path: Path) -> Money:
    """The balance at the first instant of the file's day: what was stated less what was drawn since."""
    opening = file.account
    if file.balance_on > opening.today:
        raise InvalidValue("minutes.balance_on", f"must not be after as_of, {opening.today}, not {file.balance_on}")
    if file.usage is None:
        return opening.balance
    usage = load_usage(path.parent / file.usage, opening, until=first_instant(opening.today, opening.tz))
    return opening.balance - sum(
        (one.total for one in usage.days if one.day >= file.balance_on), Money.zero(opening.currency)
    )


# --- status -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenCharge:
    """A charge that is not paid.

    Args:
        charge: as it stands.
        next: when it is gone on with, in words.
    """

    charge: Charge
    next: str

    def row(self) -> tuple[str, ...]:
        """For a table."""
        charge = self.charge
        source = charge.target.shown if charge.targets else "no source"
        return (
            charge.intent.id,
            charge.state.value,
            f"{charge.intent.amount:,}",
            f"since {_minute(charge.since)}",
            f"attempt {charge.attempt}",
            source,
            self.next,
        )

    def data(self) -> dict[str, Any]:
        """For programs."""
        charge, look = self.charge, self.charge.next_look
        return {
            "charge": charge.intent.id,
            "state": charge.state.name.lower(),
            **money_data(charge.intent.amount),
            "since": charge.since.isoformat(),
            "planned": charge.first.isoformat(),
            "attempt": charge.attempt,
            "source": charge.target.shown if charge.targets else None,
            "next_look": None if look is None else look.isoformat(),
            "next": self.next,
            "ref": charge.ref,
            "reason": charge.reason or None,
        }


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def status(*accounts: str, store: StoreUrl, as_json: Json = False) -> int:
    """Print every charge that is not paid: since when, what is next, and what waits for a person and why.

    Args:
        accounts: only these; all of them without any.
        store: where the accounts are kept.
        as_json: print data.
    """
    clock = clock_of(None)
    open_charges: list[OpenCharge] = []
    failures, read, watched = Told(), 0, Sums()
    with opened_store(store) as kept, progress("status") as count:
        charging = _charging(kept, clock)
        for account in accounts or _all(kept):
            try:
                standing = charging.standing(account)
            except UnknownAccount:
                raise
            except LicenseBillError as failure:
                failures.add(account, failure.code, str(failure))
                continue
            read += 1
            count()
            open_charges += [
                _opened(standing, one, clock()) for one in standing.charges if one.state is not State.SUCCEEDED
            ]
            for one in standing.charges:
                if one.state is State.SUCCEEDED:
                    watched.add(one.intent.amount)
    reviews = [one for one in open_charges if one.charge.state is State.NEEDS_REVIEW]
    if as_json:
        print_json(
            {
                "accounts": read,
                "open": [one.data() for one in open_charges],
                "needs_review": len(reviews),
                "watched": watched.data(),
                "failures": failures.data("account"),
            }
        )
    else:
        _show(read, open_charges, reviews, watched, failures)
    if failures.count:
        return FAILED
    return REFUSED if reviews else ANSWERED


def _all(kept: Kept) -> Iterator[str]:
    last = ""
    while page := kept.accounts(after=last):
        yield from page
        last = page[-1]


def _opened(standing: Standing, charge: Charge, now: datetime) -> OpenCharge:
    if charge.state is State.NEEDS_REVIEW:
        return OpenCharge(charge=charge, next="waits for a person")
    if charge.state is State.FAILED and not targets(standing, charge.intent, max(now, standing.at)):
        return OpenCharge(charge=charge, next="waits for a source that may be tried")
    look = charge.next_look
    return OpenCharge(charge=charge, next="with the next run" if look is None else f"asked at {_minute(look)}")


def _show(read: int, open_charges: list[OpenCharge], reviews: list[OpenCharge], watched: Sums, failures: Told) -> None:
    if open_charges:
        print_table((one.row() for one in open_charges), ("left", "left", "right", "left", "left", "left", "left"))
        print()
    for one in reviews:
        charge = one.charge
        print(f"{charge.intent.id} waits for a person: {charge.reason}")
        print(f"  at the provider: {charge.ref or 'nothing was prepared'} (reference {charge.reference})")
        print(f"  then: licensebill resolve {charge.intent.id} captured|not-captured|ask-again --by NAME --note TEXT\n")
    rows = [("Accounts read", str(read), ""), ("Open charges", str(len(open_charges)), "")]
    rows += [("Waiting for a person", str(len(reviews)), ""), watched.row("Paid, and watched for returns")]
    print_table(rows)
    if failures.count:
        print()
        failures.show()


# --- resolve ------------------------------------------------------------------------------------------------------


def resolve(
    charge: str,
    decision: Literal["captured", "not-captured", "ask-again"],
    /,
    *,
    by: str,
    note: str,
    store: StoreUrl,
    amount: str | None = None,
) -> int:
    """Record what a person found out about a charge that waits for one.

    Args:
        charge: its id, such as acme/bill/12.
        decision: the money was captured; it was not, and cannot be any more; or the provider is to be asked again.
        by: who says so.
        note: how they know.
        store: where the accounts are kept.
        amount: that was captured, where it is not what was asked for.
    """
    if amount is not None and decision != "captured":
        raise InvalidValue("--amount", "is of what was captured")
    with opened_store(store) as kept:
        charging = _charging(kept, clock_of(None))
        if charge.count("/") < 2:  # noqa: PLR2004 - account, purpose, ordinal
            raise InvalidValue("charge", f"must be an id such as acme/bill/12, not {shown(charge)}")
        before = charging.standing(account_of(charge))
        found = before.charge(charge)
        if found is None or found.state is not State.NEEDS_REVIEW:
            state = "is no charge under way" if found is None else f"is {found.state.value}"
            raise InvalidValue("charge", f"{shown(charge)} {state}: only one that waits for a person is resolved")
        captured = None if amount is None else _amount(amount, before.account.currency)
        standing = charging.resolve(charge, _DECISIONS[decision], by=by, note=note, captured=captured)
    left = standing.charge(charge)
    print(f"{charge}: {_DECISIONS[decision].value}, as {by} says. {_after(left, _DECISIONS[decision])}")
    return ANSWERED


def _amount(text: str, currency: str) -> Money:
    try:
        return Money.parse(text, currency)
    except InvalidValue as refused:
        raise InvalidValue("--amount", refused.problem) from None


def _after(charge: Charge | None, decision: Decision) -> str:
    if decision is Decision.ASK_AGAIN:
        return "The next run asks the provider again."
    if decision is Decision.CAPTURED:
        return "It is settled."
    return "It came to nothing." if charge is None else "It stays owed; the next run tries it again."


# --- ledger -------------------------------------------------------------------------------------------------------


def ledger(
    account: str,
    /,
    *,
    store: StoreUrl,
    first: Annotated[date | None, Parameter(name="--from")] = None,
    last: Annotated[date | None, Parameter(name="--to")] = None,
    category: Literal["licenses", "minutes", "storage", "services"] | None = None,
    as_json: Json = False,
) -> int:
    """Print the transactions of an account, with their lines.

    Args:
        account: its id.
        store: where the accounts are kept.
        first: the first day that is shown.
        last: the last day that is shown.
        category: only transactions with a line for it; the sum is then of these lines alone.
        as_json: print data.
    """
    with opened_store(store) as kept:
        stream = kept.load(account)
        if not stream.events:
            raise UnknownAccount("account", f"{shown(account)} has no stream in this store")
        currency = _charging(kept, clock_of(None)).standing(account).account.currency
    if first is not None and last is not None and last < first:
        raise InvalidValue("--to", f"must not be before {first}, not {last}")
    chosen = None if category is None else _CATEGORIES[category]
    kept_ones = selection(transactions(entries(stream.events)), currency, first=first, last=last, category=chosen)
    if as_json:
        print_json(_ledger_data(account, kept_ones))
    else:
        _show_ledger(kept_ones)
    return ANSWERED


def _show_ledger(made: Selection) -> None:
    rows = [row for one in made.transactions for row in _transaction_rows(one)]
    what = "Total" if made.category is None else f"Total of {made.category.value}"
    print_table([*rows, (what, "", "", f"{made.amount:,}")], ("left", "left", "left", "right"))


def _transaction_rows(one: Transaction) -> Iterator[tuple[str, str, str, str]]:
    of = one.intent_id if one.reverses is None else f"{one.intent_id}, return of TRX-{one.reverses:06d}"
    by = f"{one.source}, by {one.authorized_by}" if one.authorized_by else one.source
    yield one.trx, str(one.on), f"{of}: {by}", f"{one.amount:,}"
    for line in one.lines:
        yield "", "", f"  {line.description}", f"{line.amount:,}"


def _ledger_data(account: str, made: Selection) -> dict[str, Any]:
    return {
        "account": account,
        "transactions": [
            {
                "trx": one.trx,
                "on": str(one.on),
                "charge": one.intent_id,
                "source": one.source,
                "authorized_by": one.authorized_by or None,
                "reverses": None if one.reverses is None else f"TRX-{one.reverses:06d}",
                **money_data(one.amount),
                "lines": [
                    {
                        "kind": line.kind.name.lower(),
                        "category": line.category.name.lower(),
                        "description": line.description,
                        "quantity": line.quantity,
                        **money_data(line.amount),
                    }
                    for line in one.lines
                ],
            }
            for one in made.transactions
        ],
        "category": None if made.category is None else made.category.name.lower(),
        "total": money_data(made.amount),
    }
