"""Records: commands for what a store holds: `open`, `status`, `resolve` and `ledger`. None of them asks a provider."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from licensebill._checks import text
from licensebill.charges import Charge, Standing, State, entries, folded, record
from licensebill.charging import Charging, UnknownAccount, account_of, intent_of
from licensebill.codec import AccountFile
from licensebill.commands.asking import AccountPath, Day, loaded, prepaid_at
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
from licensebill.events import Decision, Opened
from licensebill.ledger import Category, Selection, Transaction, selection, transactions
from licensebill.money import Money
from licensebill.outcomes import captured_amount
from licensebill.planning import attempts
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


def open_account(account: AccountPath, /, *, store: StoreUrl) -> int:
    """Take an account over into a store, as its file states it at the first instant of its day.

    From then on the store is what counts, and the file no longer is. An account is taken over once.

    Args:
        account: the account file.
        store: where accounts are kept; its file or tables are made if they are not there.
    """
    file = loaded(account)
    opening = attrs.evolve(file.account, balance=_balance(file, account))
    start = first_instant(opening.today, opening.tz)
    record(None, Opened(opening), at=start, id="opened")  # what refuses it does so before there is a store
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
    return prepaid_at("as_of", file, path, first_instant(opening.today, opening.tz)).balance


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


#: The clocks of two machines may differ by so much without a word.
_SKEW = timedelta(hours=1)


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


@attrs.define
class Found:
    """What stands in a store: charges that are not paid, and what somebody has to look at."""

    read: int = 0
    open: list[OpenCharge] = attrs.field(factory=list)
    watched: Sums = attrs.field(factory=Sums)
    ahead: Told = attrs.field(factory=Told)
    failures: Told = attrs.field(factory=Told)

    def add(self, standing: Standing, now: datetime) -> None:
        """One more account."""
        self.read += 1
        if standing.at - now > _SKEW:
            text = f"its latest event is of {_minute(standing.at)}, and nothing is planned before that"
            self.ahead.add(standing.account.id, "ahead_of_the_clock", text)
        for charge in standing.charges:
            if charge.state is State.SUCCEEDED:
                self.watched.add(charge.intent.amount)
            else:
                self.open.append(_opened(standing, charge, now))

    @property
    def reviews(self) -> list[OpenCharge]:
        """What waits for a person."""
        return [one for one in self.open if one.charge.state is State.NEEDS_REVIEW]

    @property
    def code(self) -> int:
        """The exit code."""
        if self.failures.count:
            return FAILED
        return REFUSED if self.reviews or self.ahead.count else ANSWERED

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "accounts": self.read,
            "open": [one.data() for one in self.open],
            "needs_review": len(self.reviews),
            "watched": self.watched.data(),
            "ahead_of_the_clock": self.ahead.data("account"),
            "failures": self.failures.data("account"),
        }

    def show(self) -> None:
        """As text."""
        if self.open:
            print_table((one.row() for one in self.open), ("left", "left", "right", "left", "left", "left", "left"))
            print()
        for one in self.reviews:
            charge = one.charge
            print(f"{charge.intent.id} waits for a person: {charge.reason}")
            print(f"  at the provider: {charge.ref or 'nothing was prepared'}")
            decisions = "captured|not-captured|ask-again"
            print(f"  then: licensebill resolve {charge.reference} {decisions} --by NAME --note TEXT\n")
        rows = [("Accounts read", str(self.read), ""), ("Open charges", str(len(self.open)), "")]
        rows += [
            ("Waiting for a person", str(len(self.reviews)), ""),
            self.watched.row("Paid, and watched for returns"),
        ]
        print_table(rows)
        for told in (self.ahead, self.failures):
            if told.count:
                print()
                told.show()


def status(*accounts: str, store: StoreUrl, at: str | None = None, as_json: Json = False) -> int:
    """Print every charge that is not paid: since when, what is next, and what waits for a person and why.

    Args:
        accounts: only these; all of them without any.
        store: where the accounts are kept.
        at: the present instant; without it the machine's clock counts.
        as_json: print data.
    """
    clock, found = clock_of(at), Found()
    named = dict.fromkeys(text("account", account) for account in accounts)
    with opened_store(store) as kept, progress("status") as count:
        charging = _charging(kept, clock)
        for account in named or _all(kept):
            try:
                found.add(charging.standing(account), clock())
            except UnknownAccount:
                raise
            except LicenseBillError as failure:
                found.failures.add(account, failure.code, str(failure))
            else:
                count()
    if as_json:
        print_json(found.data())
    else:
        found.show()
    return found.code


def _all(kept: Kept) -> Iterator[str]:
    last = ""
    while page := kept.accounts(after=last):
        yield from page
        last = page[-1]


def _opened(standing: Standing, charge: Charge, now: datetime) -> OpenCharge:
    if charge.state is State.NEEDS_REVIEW:
        return OpenCharge(charge=charge, next="waits for a person")
    if charge.state is State.FAILED:
        tried = attempts(standing, charge.intent, max(now, standing.at))
        if not tried.order:
            again = "" if tried.next_possible is None else f", from {_minute(tried.next_possible)}"
            return OpenCharge(charge=charge, next=f"waits for a source that may be tried{again}")
    look = charge.next_look
    return OpenCharge(charge=charge, next="with the next run" if look is None else f"to be asked at {_minute(look)}")


# --- resolve ------------------------------------------------------------------------------------------------------


def resolve(
    reference: str,
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
        reference: of the attempt that was looked at, such as acme/bill/12/1, as `status` prints it.
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
        if reference.count("/") < 3:  # noqa: PLR2004 - account, purpose, ordinal, attempt
            raise InvalidValue("reference", f"must be that of an attempt, as acme/bill/12/1, not {shown(reference)}")
        charge = intent_of(reference)
        before = charging.standing(account_of(charge))
        found = before.charge(charge)
        if found is None or found.state is not State.NEEDS_REVIEW:
            state = "is no charge under way" if found is None else f"is {found.state.value}"
            raise InvalidValue("reference", f"{shown(charge)} {state}: only one that waits for a person is resolved")
        captured = None if amount is None else _amount(amount, before.account.currency)
        standing = charging.resolve(reference, _DECISIONS[decision], by=by, note=note, captured=captured)
    print(f"{charge}: {_resolved(found.intent.amount, captured, standing.charge(charge), decision, by)}")
    return ANSWERED


def _amount(text: str, currency: str) -> Money:
    try:
        amount = captured_amount("--amount", Money.parse(text, currency))
    except InvalidValue as refused:
        raise InvalidValue("--amount", refused.problem) from None
    if amount != amount.payable():
        raise InvalidValue("--amount", f"must be an amount that can be paid, not {amount}")
    return amount


def _resolved(asked: Money, captured: Money | None, left: Charge | None, decision: str, by: str) -> str:
    if decision == "ask-again":
        return f"it goes on, as {by} says. The next run asks the provider again."
    if decision == "captured":
        differs = "" if captured in {None, asked} else f" {asked:,} was asked for."
        return f"{captured or asked:,} was captured, as {by} says. It is settled.{differs}"
    then = "It came to nothing." if left is None else f"{asked:,} stays owed; the next run tries it again."
    return f"not captured, as {by} says. {then}"


# --- ledger -------------------------------------------------------------------------------------------------------


def ledger(
    *accounts: str,
    store: StoreUrl,
    first: Annotated[Day | None, Parameter(name="--from")] = None,
    last: Annotated[Day | None, Parameter(name="--to")] = None,
    category: Literal["licenses", "minutes", "storage", "services"] | None = None,
    as_json: Json = False,
) -> int:
    """Print the transactions of accounts, with their lines.

    Args:
        accounts: only these; all of them without any.
        store: where the accounts are kept.
        first: the first day that is shown.
        last: the last day that is shown.
        category: only transactions with a line for it; the sum is then of these lines alone.
        as_json: print data.
    """
    if first is not None and last is not None and last < first:
        raise InvalidValue("--to", f"must not be before {first}, not {last}")
    chosen = None if category is None else _CATEGORIES[category]
    listed: list[dict[str, Any]] = []
    named = tuple(dict.fromkeys(accounts))
    with opened_store(store) as kept:
        read = ((account, *_transactions(kept, account)) for account in named or _all(kept))
        # of those that are named none is shown unless all are there
        for account, made, currency in list(read) if named else read:
            found = selection(made, currency, first=first, last=last, category=chosen)
            if as_json:
                listed.append(_ledger_data(account, found))
            else:
                _show_ledger(found, "" if len(named) == 1 else account)
    if as_json:
        print_json({"accounts": listed})
    return ANSWERED


def _transactions(kept: Kept, account: str) -> tuple[tuple[Transaction, ...], str]:
    """All of an account's, and its currency."""
    events = kept.load(account).events
    if not events:
        raise UnknownAccount("account", f"there is no account {shown(account)} in this store")
    return transactions(entries(events)), folded(events[:1]).account.currency


def _show_ledger(made: Selection, heading: str) -> None:
    if heading:
        print(f"{heading}:")
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
                "reference": one.reference or None,
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
