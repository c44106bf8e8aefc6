"""Cycles: which month a day is billed in, where its boundaries lie, and what share of it is left.

A cycle is a calendar month, or a month from another anchor day. Everything is a calendar day of the account's own
zone and every period is half-open, so that cycles tile the calendar. Only `first_instant` and `local_day` know
instants; they take the zone as an argument and use nothing of it but its conversion from UTC, which every `tzinfo`
does right, whatever library it comes from.

What a cycle is billed for belongs to `accounts` and `bills`.
"""

import datetime
import enum
from datetime import UTC, date, timedelta
from functools import lru_cache
from typing import ClassVar

import attrs
from dateutil.relativedelta import relativedelta

from licensebill._checks import MAX_WHOLE, checked, day, instance, instant, whole, zone
from licensebill.errors import InvalidValue
from licensebill.explain import Explanation, Input
from licensebill.money import ExactMoney, Money, decimals, exact

#: Anchor days beyond the month's length mean its last day (CYC-3).
LAST_ANCHOR_DAY = 31
_MONTHS = 12
_THIRTY = 30  # the convention's own name; a day count, no tariff number


class InvalidPeriod(InvalidValue):
    """A period that does not begin before it ends, or one outside the calendar."""

    code: ClassVar[str] = "invalid_period"


class NotACycleStart(InvalidValue):
    """A bill was asked for by a day that begins no cycle; the two nearest that do are named (CYC-1)."""

    code: ClassVar[str] = "not_a_cycle_start"


@attrs.frozen
class Period:
    """Whole days from `start` to before `end`: half-open (CYC-2).

    Raises:
        InvalidPeriod: `end` is not after `start`.

    Example:
        >>> december = Period(date(2026, 12, 1), date(2027, 1, 1))
        >>> december.days, date(2026, 12, 31) in december, date(2027, 1, 1) in december
        (31, True, False)
    """

    start: date = attrs.field(validator=checked(day))
    end: date = attrs.field(validator=checked(day))

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidPeriod("end", f"must be after the start {self.start}, not {self.end}")

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - timedelta(days=1)

    def __contains__(self, on: date) -> bool:
        return self.start <= on < self.end

    def __str__(self) -> str:
        return f"{self.start} to {self.last_day}"


def boundary(origin: date, number: int, *, anchor_day: int = 1) -> date:
    """The n-th cycle boundary, counted from the month of `origin`.

    Boundary 0 lies in the origin's own month. Each is counted from the origin and never from the one before, so that
    an anchor on the 31st falls on 28 February and is back on 31 March.

    Args:
        origin: any day of the month that counts as number 0.
        number: months from there, negative for earlier ones.
        anchor_day: 1 to 31; in a shorter month its last day.

    Raises:
        InvalidPeriod: the boundary lies outside the calendar (years 1 to 9999).

    Source: CYC-1, CYC-3.

    Example:
        >>> [str(boundary(date(2027, 1, 31), n, anchor_day=31)) for n in (0, 1, 2)]
        ['2027-01-31', '2027-02-28', '2027-03-31']
    """
    first = day("origin", origin).replace(day=1)
    whole("anchor_day", anchor_day, 1, LAST_ANCHOR_DAY)
    months = whole("number", number, -MAX_WHOLE)
    if not date.min.year <= first.year + (first.month - 1 + months) // _MONTHS <= date.max.year:
        raise InvalidPeriod("number", f"boundary {months} from {origin} lies outside the calendar")
    return _day_of_month(first, months, anchor_day)


@lru_cache  # whoever works through many accounts asks for the same few months again and again
def _day_of_month(first: date, months: int, anchor_day: int) -> date:
    return first + relativedelta(months=months, day=anchor_day)


def boundary_number(origin: date, on: date, *, anchor_day: int = 1) -> int:
    """The number of the last boundary at or before a day: the inverse of `boundary`.

    `boundary(origin, n) <= on < boundary(origin, n + 1)` holds for the result n.

    Raises:
        InvalidValue: a day is no calendar day, or the anchor is not from 1 to 31.

    Source: CYC-3.

    Example:
        >>> boundary_number(date(2027, 1, 31), date(2027, 2, 27), anchor_day=31)
        0
    """
    origin, on = day("origin", origin), day("on", on)
    number = (on.year - origin.year) * _MONTHS + on.month - origin.month
    return number if boundary(origin, number, anchor_day=anchor_day) <= on else number - 1


def cycle_of(on: date, *, anchor_day: int = 1) -> Period:
    """The cycle a day belongs to.

    Raises:
        InvalidPeriod: the cycle does not lie within the calendar.

    Source: CYC-1, CYC-3.

    Example:
        >>> print(cycle_of(date(2026, 12, 24)))
        2026-12-01 to 2026-12-31
    """
    return _cycle_of(day("on", on), whole("anchor_day", anchor_day, 1, LAST_ANCHOR_DAY))


@lru_cache  # for the same reason
def _cycle_of(on: date, anchor_day: int) -> Period:
    own = boundary(on, 0, anchor_day=anchor_day)
    if on < own:
        return Period(boundary(on, -1, anchor_day=anchor_day), own)
    return Period(own, boundary(on, 1, anchor_day=anchor_day))


def following(period: Period, *, anchor_day: int = 1) -> Period:
    """The cycle after a cycle.

    Source: CYC-1, CYC-3.
    """
    return cycle_of(instance("period", period, Period).end, anchor_day=anchor_day)


def preceding(period: Period, *, anchor_day: int = 1) -> Period:
    """The cycle before a cycle.

    Raises:
        InvalidPeriod: it does not lie within the calendar.

    Source: CYC-1, CYC-3.
    """
    start = instance("period", period, Period).start
    if start == date.min:
        raise InvalidPeriod("period", f"there is no cycle before {start}, where the calendar begins")
    return cycle_of(start - timedelta(days=1), anchor_day=anchor_day)


def billing_cycle(first_day: date, *, anchor_day: int = 1) -> Period:
    """The cycle that a bill is asked for by: the day must be the cycle's first.

    Raises:
        NotACycleStart: it is another day; the error names the boundaries before and after it.

    Source: CYC-1.

    Example:
        >>> billing_cycle(date(2026, 12, 2))
        Traceback (most recent call last):
        licensebill.cycles.NotACycleStart: first_day: 2026-12-02 is not the first day of a cycle; the nearest are \
2026-12-01 and 2027-01-01 (CYC-1)
    """
    cycle = cycle_of(day("first_day", first_day), anchor_day=anchor_day)
    if cycle.start != first_day:
        nearest = f"the nearest are {cycle.start} and {cycle.end} (CYC-1)"
        raise NotACycleStart("first_day", f"{first_day} is not the first day of a cycle; {nearest}")
    return cycle


def local_day(at: datetime.datetime, tz: datetime.tzinfo = UTC) -> date:
    """The calendar day of an instant in a zone.

    Raises:
        InvalidValue: a datetime without a time zone.
        InvalidPeriod: the day lies outside the calendar (years 1 to 9999).

    Source: CYC-2.
    """
    instant("at", at)
    zone("tz", tz)
    try:
        # by way of UTC: a wall time that the zone's clocks skip would otherwise be taken as it stands
        return at.astimezone(UTC).astimezone(tz).date()
    except OverflowError:
        raise InvalidPeriod("at", "lies outside the calendar in the zone asked for") from None


def first_instant(on: date, tz: datetime.tzinfo = UTC) -> datetime.datetime:
    """The first instant of a calendar day in a zone, in UTC.

    Where the zone's clocks skip midnight, it is the instant they jump to; where they show midnight twice, the earlier
    one; where they skip the whole day, the first instant of the day after.

    Raises:
        InvalidValue: no calendar day, or one at the very end of the calendar.

    Source: CYC-2.

    Example:
        >>> from zoneinfo import ZoneInfo
        >>> first_instant(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")).isoformat()
        '2018-11-04T03:00:00+00:00'
    """
    day("on", on)
    zone("tz", tz)
    if not date.min + timedelta(days=2) <= on <= date.max - timedelta(days=2):
        raise InvalidPeriod("on", f"{on} is too close to the end of the calendar")
    midnight = datetime.datetime(on.year, on.month, on.day, tzinfo=UTC)
    before, after = midnight - timedelta(days=1), midnight + timedelta(days=1)
    # if midnight exists, it is there under the offset of the day before or of the day after
    earlier, later = sorted(midnight - (_wall(near, tz) - near) for near in (before, after))
    for candidate in (earlier, later):
        if _wall(candidate, tz) == midnight:
            return candidate
    # it does not: the clocks jump over it somewhere in between
    low, high = earlier - timedelta(days=1), later + timedelta(days=1)
    while high - low > datetime.timedelta.resolution:
        middle = low + (high - low) // 2
        low, high = (low, middle) if _wall(middle, tz) >= midnight else (middle, high)
    return high


def _wall(at: datetime.datetime, tz: datetime.tzinfo) -> datetime.datetime:
    """What the zone's clocks show at an instant, written as if it were UTC, so that differences are plain."""
    return at.astimezone(tz).replace(tzinfo=UTC)


class Convention(enum.Enum):
    """How much of a cycle is left on a day of it (CYC-4)."""

    ACTUAL_DAYS = "actual days"
    THIRTY_DAY_MONTH = "thirty-day month"
    WHOLE_CYCLE = "whole cycle"


def _actual_days(gone: int, length: int) -> tuple[int, int]:
    return length - gone, length


def _thirty_day_month(gone: int, _: int) -> tuple[int, int]:
    return _THIRTY - min(gone, _THIRTY - 1), _THIRTY


def _whole_cycle(_: int, __: int) -> tuple[int, int]:
    return 1, 1


_SHARES = {
    Convention.ACTUAL_DAYS: _actual_days,
    Convention.THIRTY_DAY_MONTH: _thirty_day_month,
    Convention.WHOLE_CYCLE: _whole_cycle,
}


@attrs.frozen(kw_only=True)
class Proration:
    """The share of a cycle left on a day of it, the day itself included.

    Args:
        period: the cycle.
        on: a day of it.
        convention: the convention that gave the share.
        numerator: with `denominator`, the share as counted, not reduced.
        denominator: above zero.
    """

    period: Period
    on: date
    convention: Convention
    numerator: int
    denominator: int

    def of(self, amount: Money | ExactMoney) -> ExactMoney:
        """The share of an amount, not rounded.

        Source: CYC-4, MON-1.
        """
        return exact(amount, self.numerator, self.denominator)


def proration(period: Period, on: date, convention: Convention = Convention.ACTUAL_DAYS) -> Proration:
    """The share of a cycle that is left on a day of it.

    Args:
        period: the cycle.
        on: a day of the cycle; it counts as left.
        convention: `ACTUAL_DAYS` (days left over the cycle's days), `THIRTY_DAY_MONTH` (30 less the whole days gone, at
            most 29 of them, over 30), or `WHOLE_CYCLE` (1).

    Raises:
        InvalidPeriod: the day does not belong to the cycle.

    Source: CYC-4.

    Example:
        >>> december = cycle_of(date(2026, 12, 1))
        >>> share = proration(december, date(2026, 12, 17))
        >>> share.numerator, share.denominator
        (15, 31)
    """
    if day("on", on) not in instance("period", period, Period):
        raise InvalidPeriod("on", f"{on} does not belong to the cycle {period}")
    shares = _SHARES[instance("convention", convention, Convention)]
    numerator, denominator = shares((on - period.start).days, period.days)
    return Proration(period=period, on=on, convention=convention, numerator=numerator, denominator=denominator)


@attrs.frozen
class ProratedAmount:
    """An amount for the rest of a cycle: `full` and the share it was multiplied with."""

    full: Money
    share: Proration

    @property
    def unrounded(self) -> ExactMoney:
        """The share of the amount, exact."""
        return self.share.of(self.full)

    @property
    def amount(self) -> Money:
        """The share of the amount, payable (MON-1)."""
        return self.unrounded.payable()

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: CYC-4, BIL-5.
        """
        share, currency = self.share, self.full.currency
        return Explanation(
            figure="prorated amount",
            value=self.amount.text,
            unit=currency,
            rules=("CYC-4", "MON-1"),
            because=f"From {share.on} to {share.period.last_day}, by {share.convention.value}, "
            f"{share.numerator} of {share.denominator} is left.",
            working=f"round({self.full.text} * {share.numerator} / {share.denominator}, {decimals(currency)})",
            inputs=(
                Input("full amount", self.full.text, currency),
                Input("cycle", str(share.period)),
                Input("day", str(share.on)),
                Input("convention", share.convention.value),
            ),
        )


def prorated(
    amount: Money, period: Period, on: date, convention: Convention = Convention.ACTUAL_DAYS
) -> ProratedAmount:
    """An amount for the rest of a cycle under one convention.

    Source: CYC-4.

    Example:
        >>> december = cycle_of(date(2026, 12, 1))
        >>> prorated(Money.parse("99.00", "USD"), december, date(2026, 12, 17)).amount
        Money.parse('47.90', 'USD')
    """
    return ProratedAmount(instance("amount", amount, Money), proration(period, on, convention))


def side_by_side(amount: Money, period: Period, on: date) -> dict[Convention, ProratedAmount]:
    """An amount for the rest of a cycle under every convention, in the order of `Convention`.

    Source: CYC-4.

    Example:
        >>> december = cycle_of(date(2026, 12, 1))
        >>> for convention, result in side_by_side(Money.parse("99.00", "USD"), december, date(2026, 12, 17)).items():
        ...     print(convention.value, result.amount)
        actual days 47.90 USD
        thirty-day month 46.20 USD
        whole cycle 99.00 USD
    """
    return {convention: prorated(amount, period, on, convention) for convention in Convention}
