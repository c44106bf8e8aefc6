"""Files: what is wrong with an account's files, and the schema that they and the documents follow."""

import datetime
from typing import Any

from licensebill import schemas
from licensebill.codec import Fault, InvalidFile, load_usage
from licensebill.commands.asking import AccountPath, as_asked, loaded, watched
from licensebill.commands.printing import ANSWERED, BAD_INPUT, Json, print_json, print_table

#: Later than any row of a usage file that anybody means.
_EVER = datetime.datetime(9000, 1, 1, tzinfo=datetime.UTC)


def check(account: AccountPath, *, as_json: Json = False) -> int:
    """Print every fault of an account file and of its usage file, with its place.

    Ends with 2 where there is any.

    Args:
        account: the account file.
        as_json: print data.
    """
    refused = _refusal(account)
    faults, more = ((), 0) if refused is None else (refused.faults, refused.more)
    if as_json:
        file = account.name if refused is None else refused.place
        print_json({"file": file, "faults": [_fault_data(fault) for fault in faults], "more": more})
    elif refused is None:
        print(f"{account.name} and what it names have no faults.")
    else:
        print(f"{refused.place}: {refused.problem}")
        print_table(
            ((str(fault.line or ""), fault.field, fault.problem) for fault in faults),
            ("right", "left", "left"),
            headings=("Line", "Field", "What is wrong"),
        )
        if more:
            print(f"and {more} more")
    return ANSWERED if refused is None else BAD_INPUT


def _refusal(account: AccountPath) -> InvalidFile | None:
    """Of the account file; of its usage file, where that has none."""
    try:
        file = loaded(account)
        if file.usage is not None:
            load_usage(account.parent / file.usage, file.account, until=_EVER, opened=watched)
    except InvalidFile as refused:
        return refused
    return None


def _fault_data(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "field": fault.field, "code": fault.code, "problem": fault.problem}


def schema(name: str | None = None, /) -> None:
    """Print the JSON Schema of account files or of a kind of document; without a name, which there are.

    Args:
        name: account-file, bill, transaction, or another kind of document.
    """
    if name is None:
        print("\n".join(schemas.names()))
    else:
        print_json(as_asked("NAME", lambda: schemas.schema(name)))
