"""Files: what is wrong with an account's files, and the schema that they and the documents follow."""

import datetime
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from licensebill import schemas
from licensebill.accounts import Account, terms_day
from licensebill.charges import LONGEST_ACCOUNT_ID
from licensebill.codec import Fault, InvalidFile
from licensebill.commands.asking import AccountPath, loaded, prepaid_until
from licensebill.commands.printing import ANSWERED, BAD_INPUT, Json, print_json, print_table
from licensebill.errors import shown
from licensebill.licenses import Holding, NoPrice, floors_in_force, price_in_force
from licensebill.minutes import DayUsage
from licensebill.terms import contract_on

#: The kinds of usage that need no rate to be known.
_USUAL = frozenset({"call", "sms"})
_USAGE_NOT_READ = "If it names a usage file, that is read once there is no fault in here."
#: Later than any row of a usage file that anybody means.
_EVER = datetime.datetime(9000, 1, 1, tzinfo=datetime.UTC)


def check(account: AccountPath, /, *, as_json: Json = False) -> int:
    """Print every fault of an account file, or else of its usage file, with its place; without one, what is amiss.

    The usage file is read once the account file has no fault: its rates and its currency are in there. Ends with 2
    where there is a fault.

    Args:
        account: the account file.
        as_json: print data.
    """
    refused, warnings = _found(account)
    faults, more = ((), 0) if refused is None else (refused.faults, refused.more)
    if as_json:
        file, told = account.name if refused is None else refused.place, [_fault_data(fault) for fault in faults]
        print_json({"file": file, "faults": told, "more": more, "warnings": list(warnings)})
    elif refused is None:
        print(f"{account.name} and what it names have no faults.")
        for warning in warnings:
            print(f"Note: {warning}")
    else:
        print(f"{refused.place}: {refused.problem}")
        print_table(
            ((str(fault.line or ""), fault.field, fault.problem) for fault in faults),
            ("right", "left", "left"),
            headings=("Line", "Field", "What is wrong"),
        )
        if more:
            print(f"and {more} more")
        for warning in warnings:
            print(f"Note: {warning}")
    return ANSWERED if refused is None else BAD_INPUT


def _found(path: Path) -> tuple[InvalidFile | None, tuple[str, ...]]:
    """The faults of the account file, or of its usage file, where that has none; else what will not work."""
    try:
        file = loaded(path)
    except InvalidFile as refused:
        return refused, (_USAGE_NOT_READ,)
    try:
        usage = prepaid_until(file, path, _EVER).usage.days
    except InvalidFile as refused:
        return refused, ()
    return None, (*_unusable(file.account), *_unrated(file.account, usage))


def _unusable(account: Account) -> Iterator[str]:
    if len(account.id) > LONGEST_ACCOUNT_ID:
        yield f"An id of more than {LONGEST_ACCOUNT_ID} characters is too long for a store: `open` refuses it."
    if account.administrator not in {user.id for user in account.users if user.is_administrator}:
        yield (
            f"The administrator {shown(account.administrator)} is none of [[users]] with is_administrator: "
            "right only for whoever installed the package (FUN-7)."
        )
    if account.funding is None:
        yield "No funding source is set up: nothing can be charged (FUN-2)."
    elif not account.funding.valid(account.today):
        yield f"No funding source is valid on {account.today}: nothing can be charged (FUN-2)."
    yield from _replaced(account)
    for holding in account.licenses.holdings:
        yield from _unpriced(account, holding.product)
        if holding.pending is not None:
            yield from _below_floor(account, holding)


def _replaced(account: Account) -> Iterator[str]:
    for earlier, later in pairwise(sorted(account.contracts, key=lambda one: one.start)):
        term = earlier.term(later.start)
        if term is not None and term.start < later.start:
            yield (
                f"From {later.start} on contract {later.reference} holds in place of {earlier.reference}, whose prices "
                "and floors end then: only one contract holds at a time (LIC-7)."
            )


def _unpriced(account: Account, product: str) -> Iterator[str]:
    try:
        price_in_force(product, contract=account.contract, catalog=account.catalog, on=terms_day(account))
    except NoPrice as refused:
        yield f"{refused}."


def _below_floor(account: Account, holding: Holding) -> Iterator[str]:
    start, pending, name = account.cycle.end, holding.pending, account.catalog.product(holding.product).name
    for floor in floors_in_force(contract_on(account.contracts, start), catalog=account.catalog, on=start):
        if floor.products == (holding.product,) and pending is not None and pending < floor.minimum:
            yield f"{name}: the pending {pending} is below the floor of {floor.minimum} on {start} (LIC-2, LIC-8)."


def _unrated(account: Account, usage: Iterable[DayUsage]) -> Iterator[str]:
    """Amounts need no rate, so that a kind that is written in two ways is noticed here or nowhere."""
    rated = {rate.kind for contract in account.contracts for rate in contract.rates} | _USUAL
    used = {kind for day in usage for kind, _ in day.amounts}
    for kind in sorted(used - rated):
        yield f"The usage file counts {shown(kind)}, which no contract rates (MIN-2)."


def _fault_data(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "field": fault.field, "code": fault.code, "problem": fault.problem}


if TYPE_CHECKING:
    SchemaName = str
else:
    SchemaName = Literal[tuple(schemas.names())]  # so that a shell completes them


def schema(name: SchemaName | None = None, /) -> None:
    """Print the JSON Schema of account files or of a kind of document; without a name, which there are.

    Args:
        name: account-file, bill, transaction, or another kind of document.
    """
    if name is None:
        print("\n".join(schemas.names()))
    else:
        print_json(schemas.schema(name))
