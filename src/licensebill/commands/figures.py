"""Figures: the commands that calculate one thing and print it, a bill or a fee, a recharge, ports or a preview."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import attrs

from licensebill import bills, licenses, ports, storage
from licensebill._checks import whole
from licensebill.accounts import Account, advance, tariff_on
from licensebill.bills import Bill, ProductRow, Summary, monthly_bill
from licensebill.changes import LicensePurchase, license_purchase
from licensebill.commands.asking import (
    AccountPath,
    Count,
    Day,
    Explain,
    PolicyName,
    Recharge,
    as_asked,
    instant_of,
    loaded,
    policy_of,
    prepaid_at,
    recharge_at,
)
from licensebill.commands.printing import (
    Json,
    money_data,
    period_data,
    print_explained,
    print_explanations,
    print_json,
    print_table,
)
from licensebill.cycles import billing_cycle, first_instant, local_day
from licensebill.errors import InvalidValue
from licensebill.explain import many
from licensebill.ledger import Line
from licensebill.licenses import ChangeKind
from licensebill.money import Money
from licensebill.people import Authorization, Person
from licensebill.storage import Reading, StorageFee
from licensebill.terms import Applied, ReadingRule

_T = TypeVar("_T")

# --- bill ---------------------------------------------------------------------------------------------------------


def bill(
    account: AccountPath,
    /,
    *,
    on: Day,
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
    file = loaded(account)
    start = as_asked(
        "--on", lambda: first_instant(billing_cycle(on, anchor_day=file.account.anchor_day).start, file.account.tz)
    )
    readings = file.readings if storage_used is None else (_stated(storage_used, start, file.account),)
    made = _calculated(
        "--users", lambda: monthly_bill(file.account, on, readings=readings, users=users), "allowance", "micros"
    )
    quoted = recharge_at("--on", file, account, start)
    if as_json:
        print_explained({"bill": _bill_data(made), "recharge": _recharge_data(quoted)}, made, quoted, explain=explain)
        return
    _print_bill(made)
    _print_recharge(quoted)
    if explain:
        print_explanations(made, quoted)


def _stated(used: int, start: datetime, account: Account) -> Reading:
    """A reading that counts for the cycle: at its first instant, or at the last one of the cycle before."""
    rule = tariff_on(account, local_day(start, account.tz)).value.storage.reading
    at = start if rule is ReadingRule.AT_START else start - timedelta.resolution
    return as_asked("--storage-used", lambda: Reading(bytes=used, at=at, source="stated"))


def _bill_data(made: Bill) -> dict[str, Any]:
    return {
        "id": made.id,
        "account": made.account,
        "period": period_data(made.cycle),
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
        "period": None if line.period is None else period_data(line.period),
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
    print_table([*rows, ("Total", "", f"{made.total:,}")], has_total=True)
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


def storage_fee(*, users: Count, used: Count, explain: Explain = False, as_json: Json = False) -> None:
    """Print the monthly storage fee of so many users and bytes, and how to get below it.

    Args:
        users: users with a license.
        used: bytes stored.
        explain: print the rules and the numbers of every figure.
        as_json: print data.
    """
    fee = _calculated("--users", lambda: storage.monthly_fee(used=used, users=users), "allowance")
    advice = storage.reductions(fee)
    if as_json:
        data = {
            **_fee_data(fee),
            "bytes_to_pay_nothing": advice.to_pay_nothing,
            "bytes_to_pay_one_step_less": advice.to_pay_one_step_less,
        }
        print_explained(data, fee, advice, explain=explain)
        return
    print(fee.reason)
    print(advice.reason)
    if explain:
        print_explanations(fee, advice)


def _fee_data(fee: StorageFee) -> dict[str, Any]:
    return {
        "users": fee.allowance.users,
        "used_bytes": fee.used,
        "allowance_bytes": fee.allowance.bytes,
        "gigabytes_started": fee.gigabytes_started,
        **money_data(fee.amount),
    }


# --- summary ------------------------------------------------------------------------------------------------------


def summary(account: AccountPath, /, *, on: Day | None = None, explain: Explain = False, as_json: Json = False) -> None:
    """Print the billing summary of an account: products and storage, preferences, dialer minutes.

    Transactions, its fourth part, are kept in a store: see `ledger`.

    Args:
        account: the account file.
        on: the day that the summary is for; the file's own without it.
        explain: print the rules and the numbers of every figure.
        as_json: print data.
    """
    file = loaded(account)
    day = file.account.today if on is None else on
    at = as_asked("--on", lambda: first_instant(day, file.account.tz))
    standing = as_asked("--on", lambda: advance(file.account, day))
    prepaid = prepaid_at("--on", file, account, at)
    read = [one for one in file.readings if one.at <= at]
    used = max(read, key=lambda one: one.at).bytes if read else None
    made = bills.summary(attrs.evolve(standing, balance=prepaid.balance), usage=prepaid.usage, used=used)
    quoted = Recharge(made.dialer_minutes.quote, prepaid)
    if as_json:
        print_explained({"summary": _summary_data(made, quoted)}, made, prepaid, explain=explain)
        return
    _print_summary(made)
    _print_recharge(quoted)
    if explain:
        print_explanations(made, prepaid)


def _summary_data(made: Summary, quoted: Recharge) -> dict[str, Any]:
    products, people, dialer = made.products, made.preferences, made.dialer_minutes
    return {
        "products": [
            {
                "product": row.licenses.product,
                "billed": row.billed,
                "owned": row.licenses.owned,
                "pending": row.licenses.pending,
                "assigned": row.licenses.assigned,
                "available": row.licenses.available,
            }
            for row in products.rows
        ],
        "licenses_each_month": money_data(products.schedule.total),
        "storage": None if products.storage is None else _fee_data(products.storage),
        "preferences": {
            "primary": people.primary or None,
            "others": list(people.others),
            "administrator": people.administrator,
            "warnings": [warning.text for warning in people.warnings],
            "past_due_since": _optional_text(people.past_due_since),
        },
        "dialer_minutes": {
            "balance": money_data(dialer.balance),
            "minutes": dialer.minutes,
            "recharge": _recharge_data(quoted),
            "usage": [{"kind": kind, **money_data(amount)} for kind, amount in dialer.usage],
        },
    }


def _print_summary(made: Summary) -> None:
    products, people, dialer = made.products, made.preferences, made.dialer_minutes
    print_table(
        [
            (row.licenses.name, str(row.billed), str(row.licenses.owned), str(row.licenses.assigned), _left(row))
            for row in products.rows
        ],
        ("left", *4 * ("right",)),
        headings=("Product", "Billed", "Owned", "Assigned", "Available"),
    )
    print(f"Licenses each month: {products.schedule.total:,}")
    print("Storage: not measured" if products.storage is None else f"Storage: {products.storage.reason}")
    print(f"\nPrimary source: {people.primary or 'none'}")
    for other in people.others:
        print(f"Then: {other}")
    print(f"Billing administrator: {people.administrator}")
    for warning in people.warnings:
        print(f"Note: {warning.text}")
    print(f"\nDialer minutes: {dialer.balance:,}, which is {dialer.minutes:,} minutes")
    for kind, amount in dialer.usage:
        print(f"Used in {dialer.quote.average.window} by {kind}: {amount:,}")


def _left(row: ProductRow) -> str:
    pending = "" if row.licenses.pending is None else f" ({row.licenses.pending} from the next cycle)"
    return f"{row.licenses.available}{pending}"


# --- preview ------------------------------------------------------------------------------------------------------


def preview(
    account: AccountPath, /, *, product: str, total: Count, on: Day, explain: Explain = False, as_json: Json = False
) -> None:
    """Print what a new total of licenses would cost now and each month, and change nothing.

    Args:
        account: the account file.
        product: an id of the catalog, such as powerdialer.
        total: the number of licenses that would be owned.
        on: the day of the purchase.
        explain: print the rules and the numbers of every figure.
        as_json: print data.
    """
    acme = loaded(account).account
    # nothing is bought: who would authorize it does not matter
    anybody = Authorization(Person("whoever", "accepts"), accepted=True)
    before = as_asked("--on", lambda: advance(acme, on))
    made = _calculated(
        "--total",
        lambda: license_purchase(acme, product, total, by=acme.administrator, authorization=anybody, on=on),
        "micros",
    )
    if as_json:
        print_explained({"preview": _preview_data(made)}, made, explain=explain)
        return
    if made.charge and not made.source:
        print(f"Owed now: {made.charge:,}; no source is valid.")
    else:
        print(f"Charged now: {made.charge:,}{f' to {made.source}' if made.source else ''}")
    if made.result.credit:
        print(f"Credited on the next bill: {made.result.credit:,}")
    each, more = made.monthly_after, made.difference
    known = "no price is agreed yet" if each is None else f"{each:,}"
    print(f"Licenses each month from {made.next_month}: {known}")
    if more is not None:
        print(f"Difference: {more:,}")
    print(f"Available to assign afterwards: {made.available_after}")
    if made.result.is_pending:
        print(f"The total takes effect on {made.result.effective}.")
    free = licenses.availability(before.licenses, product, catalog=before.catalog, terms=before.tariff.ports).available
    if made.result.kind is ChangeKind.INCREASE and free:
        print(f"Note: {many(free, 'license')} can be assigned already.")
    if explain:
        print_explanations(made)


def _preview_data(made: LicensePurchase) -> dict[str, Any]:
    return {
        "product": made.change.product,
        "total": made.change.total,
        "charge": money_data(made.charge),
        "credit": money_data(made.result.credit),
        "source": made.source or None,
        "effective": str(made.result.effective),
        "next_month": str(made.next_month),
        "monthly_before": _optional_money(made.monthly_before),
        "monthly_after": _optional_money(made.monthly_after),
        "difference": _optional_money(made.difference),
        "available_after": made.available_after,
    }


# --- ports --------------------------------------------------------------------------------------------------------


def ports_needed(
    *,
    calls: Count,
    mean_seconds: Count,
    over_seconds: Count = 3600,
    blocking: str = "0.01",
    owned: Count | None = None,
    as_json: Json = False,
) -> None:
    """Print how many ports so many calls need, by Erlang B.

    Args:
        calls: how many begin.
        mean_seconds: how long one lasts on average.
        over_seconds: the time in which they begin; the busy hour has 3600.
        blocking: the part of the calls that may find all ports taken, such as 0.01.
        owned: a number of ports, to see what it blocks.
        as_json: print data.

    """
    offered = ports.offered_traffic(calls=calls, mean_seconds=mean_seconds, over_seconds=over_seconds)
    needed = _calculated("--calls", lambda: ports.ports_for(offered, blocking), "offered")
    of_owned = None if owned is None else ports.blocking_probability(whole("--owned", owned), offered)
    if as_json:
        data: dict[str, Any] = {"offered_erlangs": str(offered), "blocking": blocking, "ports": needed}
        print_json({**data, "owned": owned, "owned_blocking": _optional_text(of_owned)})
        return
    print(f"{offered} erlangs are offered; {_blocking(needed)} at most {blocking} of the calls (PRT-5).")
    if owned is not None:
        print(f"{_blocking(owned)} {of_owned} of them.")


def _blocking(count: int) -> str:
    return "1 port blocks" if count == 1 else f"{count} ports block"


# --- recharge -----------------------------------------------------------------------------------------------------


def recharge(
    account: AccountPath,
    /,
    *,
    at: str,
    policy: PolicyName | None = None,
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
    file = loaded(account)
    chosen = None if policy is None else policy_of(policy)
    quoted = recharge_at("--at", file, account, instant_of(at, file.account), chosen)
    if as_json:
        print_explained({"recharge": _recharge_data(quoted)}, quoted, explain=explain)
        return
    _print_recharge(quoted)
    if explain:
        print_explanations(quoted)


def _recharge_data(quoted: Recharge) -> dict[str, Any]:
    quote = quoted.quote
    return {
        "policy": quote.policy.name.lower(),
        "is_due": quote.is_due,
        "reason": quote.reason,
        "window": period_data(quote.average.window),
        "usage": money_data(quote.average.total),
        "recharge": money_data(quote.recharge),
        "reserve": money_data(quote.reserve),
        "balance": money_data(quote.balance),
        "remarks": list(quoted.remarks),
    }


def _print_recharge(quoted: Recharge) -> None:
    quote = quoted.quote
    verdict = f"{quote.recharge:,} is due" if quote.is_due else "none is due"
    print(f"Recharge: {verdict}.\n{quote.reason}")
    for remark in quoted.remarks:
        print(f"Note: {remark}")


# --- what is too large ------------------------------------------------------------------------------------------------


def _calculated(option: str, answer: Callable[[], _T], *places: str) -> _T:
    """An answer; where what comes of a number that was typed is out of bounds, that number is named."""
    try:
        return answer()
    except InvalidValue as refused:
        if refused.place not in places:
            raise
        raise InvalidValue(option, "is too large to be calculated with") from None


# --- as data --------------------------------------------------------------------------------------------------------


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)


def _optional_money(amount: Money | None) -> dict[str, str] | None:
    return None if amount is None else money_data(amount)


def _since(term: Applied) -> str | None:
    return None if term.since == date.min else str(term.since)
