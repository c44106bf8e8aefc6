"""Comparisons: the commands that put the named policies side by side, so that one can be chosen."""

from typing import Any

from cyclopts import App

from licensebill import cycles, minutes, storage
from licensebill._checks import whole
from licensebill.accounts import tariff_on
from licensebill.commands.asking import AccountPath, Count, Day, amount_of, as_asked, instant_of, loaded, prepaid_at
from licensebill.commands.printing import Json, money_data, period_data, print_json, print_table
from licensebill.cycles import LAST_ANCHOR_DAY, cycle_of

app: App = App(name="compare", help="Put policies side by side: recharges, storage fees, proration.")


@app.command
def recharge(account: AccountPath, /, *, at: str, as_json: Json = False) -> None:
    """Print the recharge under each policy (MIN-5).

    Args:
        account: the account file.
        at: the point in time, such as 2026-12-01T12:00:00Z, or a day, which means its first instant.
        as_json: print data.
    """
    file = loaded(account)
    prepaid = prepaid_at("--at", file, account, instant_of(at, file.account))
    chosen = tariff_on(file.account, prepaid.on).value.recharge
    policies = dict.fromkeys((*minutes.RECHARGE_POLICIES.values(), chosen))  # its own stands among them once
    quotes = minutes.compare(
        prepaid.usage, at=prepaid.on, balance=prepaid.balance, policies=policies, began=file.account.began
    )
    own = chosen.name.lower()
    if as_json:
        recharges = [_quote_data(quote) for quote in quotes]
        print_json(
            {
                "balance": money_data(prepaid.balance),
                "policy": own,
                "recharges": recharges,
                "remarks": list(prepaid.remarks),
            }
        )
        return
    print(f"Balance: {prepaid.balance:,}\n")
    print_table(
        (
            (quote.policy.name.lower(), f"{quote.reserve:,}", f"{quote.recharge:,}", "yes" if quote.is_due else "no")
            for quote in quotes
        ),
        ("left", "right", "right", "left"),
        headings=("Policy", "Reserve", "Recharge", "Due"),
    )
    print(f"\nThe account's own policy is {own}.")
    for remark in prepaid.remarks:
        print(f"\nNote: {remark}")


def _quote_data(quote: minutes.RechargeQuote) -> dict[str, Any]:
    return {
        "policy": quote.policy.name.lower(),
        "window": period_data(quote.average.window),
        "reserve": money_data(quote.reserve),
        "recharge": money_data(quote.recharge),
        "is_due": quote.is_due,
    }


@app.command(name="storage")
def storage_fee(*, users: Count, used: Count, as_json: Json = False) -> None:
    """Print the storage fee for each way of counting bytes (STO-3).

    Args:
        users: users with a license.
        used: bytes stored.
        as_json: print data.
    """
    fees = storage.side_by_side(used=used, users=users)
    if as_json:
        data = [
            {"basis": basis.name.lower(), "units": units.name.lower(), **money_data(fee.amount)}
            for (basis, units), fee in fees.items()
        ]
        print_json({"fees": data})
        return
    print_table(
        ((basis.value, units.name.lower(), f"{fee.amount:,}") for (basis, units), fee in fees.items()),
        ("left", "left", "right"),
        headings=("Basis", "Units", "Fee"),
    )


@app.command
def proration(amount: str, /, *, on: Day, currency: str = "USD", anchor_day: Count = 1, as_json: Json = False) -> None:
    """Print what is charged for the rest of a cycle under each convention (CYC-4).

    Args:
        amount: of a whole cycle, such as 99.00.
        on: the first day that is charged.
        currency: of the amount.
        anchor_day: the day on which cycles begin.
        as_json: print data.
    """
    checked = whole("--anchor-day", anchor_day, 1, LAST_ANCHOR_DAY)
    each_month = amount_of("AMOUNT", amount, currency)
    cycle = as_asked("--on", lambda: cycle_of(on, anchor_day=checked))
    parts = cycles.side_by_side(each_month, cycle, on)
    if as_json:
        data = [{"convention": each.name.lower(), **money_data(part.amount)} for each, part in parts.items()]
        print_json({"cycle": period_data(cycle), "parts": data})
        return
    print_table(
        ((each.value, f"{part.amount:,}") for each, part in parts.items()),
        ("left", "right"),
        headings=("Convention", "Amount"),
    )
