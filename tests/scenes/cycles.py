"""Cycles: shares of them, and the days that begin or have none."""

import datetime
from datetime import UTC, date, timedelta, timezone

from licensebill import cycles
from licensebill.cycles import Convention, Period
from licensebill.money import Money
from tests.changing import DECEMBER
from tests.examples import usd
from tests.scenes import Scene

_FEBRUARY = Period(date(2027, 2, 1), date(2027, 3, 1))
_FIRST, _LAST = date.min, date.max
_WEST, _EAST = timezone(timedelta(hours=-7)), timezone(timedelta(hours=7))


def _instant(year: int, month: int, day: int) -> datetime.datetime:
    return datetime.datetime(year, month, day, tzinfo=UTC)


SCENES: dict[str, Scene] = {
    "shares of a cycle": lambda: cycles.side_by_side(usd("99.00"), DECEMBER, date(2026, 12, 17)).values(),
    "shares on the last day": lambda: cycles.side_by_side(usd("99.00"), DECEMBER, date(2026, 12, 31)).values(),
    "shares in February": lambda: cycles.side_by_side(usd("99.00"), _FEBRUARY, date(2027, 2, 28)).values(),
    "shares of yen": lambda: cycles.side_by_side(Money.parse("9901", "JPY"), DECEMBER, date(2026, 12, 2)).values(),
    "a share": lambda: cycles.prorated(usd("99.00"), DECEMBER, date(2026, 12, 2)),
    "a share by another convention": lambda: cycles.prorated(
        usd("99.00"), DECEMBER, date(2026, 12, 2), Convention.THIRTY_DAY_MONTH
    ),
    "a day before the cycle": lambda: cycles.proration(DECEMBER, date(2026, 11, 30)),
    "a day after the cycle": lambda: cycles.proration(DECEMBER, date(2027, 1, 1)),
    "a period": lambda: str(DECEMBER),
    "a period of no days": lambda: Period(date(2026, 12, 1), date(2026, 12, 1)),
    "a period that ends before it begins": lambda: Period(date(2026, 12, 1), date(2026, 11, 30)),
    "no first day of a cycle": lambda: cycles.billing_cycle(date(2026, 12, 31)),
    "no first day of a cycle from the 31st": lambda: cycles.billing_cycle(date(2026, 12, 1), anchor_day=31),
    "boundaries": lambda: [cycles.boundary(date(2027, 1, 31), number, anchor_day=31) for number in (-2, -1, 0, 1, 2)],
    "the first boundary of the calendar": lambda: cycles.boundary(_LAST, -119_987),
    "a boundary before the calendar": lambda: cycles.boundary(date(2027, 1, 31), -24_313),
    "the last boundary of the calendar": lambda: cycles.boundary(_FIRST, 119_987, anchor_day=31),
    "a boundary after the calendar": lambda: cycles.boundary(_FIRST, 119_988),
    "an anchor beyond the month": lambda: cycles.boundary(date(2027, 1, 31), 0, anchor_day=32),
    "no number": lambda: cycles.boundary(date(2027, 1, 31), "1"),  # type: ignore[arg-type]
    "a number too low": lambda: cycles.boundary(date(2027, 1, 31), -(2**63)),
    "a number too high": lambda: cycles.boundary(date(2027, 1, 31), 2**63),
    "an anchor beyond the month, for a number": lambda: cycles.boundary_number(_FIRST, _LAST, anchor_day=32),
    "an anchor beyond the month, for a cycle": lambda: cycles.cycle_of(_LAST, anchor_day=32),
    "the last cycle": lambda: cycles.cycle_of(date(9999, 11, 30)),
    "a cycle that ends after the calendar": lambda: cycles.cycle_of(date(9999, 12, 1)),
    "a cycle that begins before the calendar": lambda: cycles.cycle_of(date(1, 1, 14), anchor_day=15),
    "the cycle after": lambda: cycles.following(DECEMBER, anchor_day=1),
    "the cycle before": lambda: cycles.preceding(DECEMBER, anchor_day=1),
    "the cycle after, from the 15th": lambda: cycles.following(
        Period(date(2026, 12, 15), date(2027, 1, 15)), anchor_day=15
    ),
    "the cycle before, from the 15th": lambda: cycles.preceding(
        Period(date(2026, 12, 15), date(2027, 1, 15)), anchor_day=15
    ),
    "the cycle before a day after it": lambda: cycles.preceding(Period(date(2026, 12, 2), date(2027, 1, 1))),
    "no cycle before": lambda: cycles.preceding(cycles.cycle_of(_FIRST)),
    "a day in the calendar": lambda: cycles.local_day(_instant(1, 1, 1)),
    "a day before the calendar": lambda: cycles.local_day(_instant(1, 1, 1), _WEST),
    "a day after the calendar": lambda: cycles.local_day(datetime.datetime(9999, 12, 31, 23, tzinfo=UTC), _EAST),
    "the third day of the calendar": lambda: cycles.first_instant(_FIRST + timedelta(days=2)),
    "the second day of the calendar": lambda: cycles.first_instant(_FIRST + timedelta(days=1)),
    "the last day but two of the calendar": lambda: cycles.first_instant(_LAST - timedelta(days=2), _WEST),
    "the last day but one of the calendar": lambda: cycles.first_instant(_LAST - timedelta(days=1)),
}
