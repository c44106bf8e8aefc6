"""What the laws of accounts and bills have in common: changes that may be refused, and readings that count."""

from datetime import date, timedelta

from licensebill.accounts import Account, Change, apply
from licensebill.cycles import first_instant
from licensebill.errors import LicenseBillError
from licensebill.storage import Reading


def accepted(acme: Account, change: Change) -> Account | None:
    """The account after a change; None if it is refused."""
    try:
        return apply(acme, change)
    except LicenseBillError:
        return None


def readings(acme: Account, on: date, used: int = 10**9) -> list[Reading]:
    """Readings of a cycle's first instant that count whatever the policy."""
    at = first_instant(on, acme.tz)
    return [Reading(bytes=used, at=taken, source="meter") for taken in (at - timedelta(hours=1), at)]
