"""A wrong formula for each contract: what somebody might write instead. The contract has to refute it."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from licensebill.cycles import _SHARES, Convention
from licensebill.money import Money, Rounding, _rounded
from licensebill.pricing import packages_started
from licensebill.stored_items import ItemKind, StoredItem
from licensebill.terms import StorageTerms
from tests.proofs import contracts


@attrs.frozen
class Fault:
    """A formula that stands in for another one.

    Args:
        what: is wrong about it.
        place: what it stands in for, by its name within the package.
        formula: the wrong one.
    """

    what: str
    place: str
    formula: Any


def _ties_up(numerator: int, denominator: int, rounding: Rounding) -> int:
    if rounding is Rounding.HALF_UP:
        return (2 * numerator + denominator) // (2 * denominator)
    return _rounded(numerator, denominator, rounding)


def _rounded_parts(amount: Money, weights: tuple[int, ...], **_: object) -> list[Money]:
    parts = [_rounded(amount.micros * weight, sum(weights), Rounding.HALF_UP) for weight in weights]
    return [Money(part, amount.currency) for part in parts]


def _by_the_name(name: str, *, names: int, due: int, bytes: int) -> StoredItem:  # noqa: A002 - the field's name
    freeable = bytes // names * (names - due) if names else bytes
    return StoredItem(name=name, kind=ItemKind.DATA_LIST, bytes=bytes, freeable=freeable)


def _of_the_total(used: int, allowed: int, terms: StorageTerms) -> int:
    return packages_started(used, terms.units.gigabyte) if used > allowed else 0


FAULTS: Mapping[Callable[..., None], Fault] = {
    contracts.packages_started: Fault(
        "a full package starts another", "pricing.packages_started", lambda quantity, size: quantity // size + 1
    ),
    contracts.packages_beyond_the_free_units: Fault(
        "a part of a package is free", "pricing.packages_started", lambda quantity, size: quantity // size
    ),
    contracts.graduated_cost: Fault("flat parts are left out", "pricing.Tier.flat_micros", 0),
    contracts.rounded_quotient: Fault("a half of a negative number goes towards zero", "money._rounded", _ties_up),
    contracts.payable: Fault("a half of a negative amount goes towards zero", "money._rounded", _ties_up),
    contracts.allocate: Fault("each part is rounded by itself", "money.allocate", _rounded_parts),
    contracts.share_left: Fault(
        "nothing is left of the 31st",
        "cycles._SHARES",
        {**_SHARES, Convention.THIRTY_DAY_MONTH: lambda gone, _: (30 - gone, 30)},
    ),
    contracts.number_available: Fault(
        "fewer than none", "holdings.number_available", lambda lasting, used: lasting - used
    ),
    contracts.number_billed: Fault(
        "the floor stands for the number owned", "schedules.number_billed", lambda owned, floor: floor or owned
    ),
    contracts.number_short: Fault("less than none", "schedules.number_short", lambda floor, billed: floor - billed),
    contracts.total_taken: Fault(
        "raised above what is owned", "licenses.total_taken", lambda pending, _, floor: max(pending, floor)
    ),
    contracts.percent: Fault("rounded up", "ports._percent", lambda part, of: -(-100 * part // of)),
    contracts.allowed_bytes: Fault(
        "fewer users have less",
        "storage.allowed_bytes",
        lambda users, terms: (250 + 50 * (users - 5)) * terms.units.megabyte,
    ),
    contracts.gigabytes_started: Fault(
        "counted on the total under either policy", "storage.gigabytes_started", _of_the_total
    ),
    contracts.step_end: Fault(
        "the allowance reaches no further than a gigabyte",
        "storage.step_end",
        lambda gigabytes, allowed, terms: gigabytes * terms.units.gigabyte or allowed,
    ),
    contracts.days_started: Fault(
        "a part of a second starts no day", "readings._days_started", lambda age: age.days + (age.seconds > 0)
    ),
    contracts.freeable_bytes: Fault("each name's share is rounded", "stored_items.data_list", _by_the_name),
    contracts.whole_minutes: Fault(
        "a minute too few below zero", "minutes.whole_minutes", lambda balance, cost: balance // cost
    ),
    contracts.billable_seconds: Fault(
        "a short call has less than the first increment",
        "usage.billable_seconds",
        lambda seconds, first, following: (
            first + packages_started(seconds - first, following) * following if seconds else 0
        ),
    ),
    contracts.counted_days: Fault("no day on the first", "minutes.counted_days", min),
    contracts.above_reserve: Fault(
        "the reserve is rounded first",
        "minutes.above_reserve",
        lambda balance, total, reserve_days, days: balance - total * reserve_days // days,
    ),
    contracts.run_hour: Fault(
        "the next run before 1970",
        "minutes.run_hour",
        lambda hours, interval: abs(hours) // interval * interval * (-1 if hours < 0 else 1),
    ),
}
