"""Readings: how much was stored at an instant, which reading a cycle's fee goes by, and how storage grows.

A reading is what was measured or stated, and nothing else: a missing one is never taken for zero (STO-4). The growth of
storage is the difference of two readings over the time between them (STO-6); when it leads to the next fee step is told
by `storage`, which passes on the names from here.
"""

import datetime
from collections.abc import Iterable
from datetime import UTC, timedelta
from fractions import Fraction
from typing import ClassVar

import attrs

from licensebill._checks import cardless_text, checked, each_of, instance, instant_in_utc, whole
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.explain import Explanation, Input, many
from licensebill.terms import STANDARD, ByteUnits, ReadingRule, StorageTerms

_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)

# --- bytes in words -----------------------------------------------------------------------------------------------


_NAMES = {ByteUnits.DECIMAL: ("MB", "GB"), ByteUnits.BINARY: ("MiB", "GiB")}
_THREE_DECIMALS = 10**3


def sized(count: int, units: ByteUnits = ByteUnits.DECIMAL) -> str:
    """A number of bytes in the largest unit that shows it exactly with three decimals, else in bytes.

    Source: STO-3, BIL-5.

    Example:
        >>> sized(1_200_000_000), sized(1_000_000_001), sized(2**20, ByteUnits.BINARY)
        ('1.2 GB', '1,000,000,001 bytes', '1 MiB')
    """
    whole("count", count)
    instance("units", units, ByteUnits)
    megabyte, gigabyte = _NAMES[units]
    for size, name in ((units.gigabyte, gigabyte), (units.megabyte, megabyte)):
        thousandths, beyond = divmod(count * _THREE_DECIMALS, size)
        if count >= size and not beyond:
            before_point, after_point = divmod(thousandths, _THREE_DECIMALS)
            return f"{before_point:,}.{str(after_point).zfill(3)}".rstrip("0").rstrip(".") + f" {name}"
    return "1 byte" if count == 1 else f"{count:,} bytes"


# --- the reading that counts --------------------------------------------------------------------------------------


def _taken_at(at: datetime.datetime) -> datetime.datetime:
    return instant_in_utc("at", at)


@attrs.frozen(kw_only=True)
class Reading:
    """How much was stored at an instant.

    A person who states a usage makes one, too: with the cycle's first instant, and their name as the source. Where the
    peak of the cycle before counts, it is an instant of that cycle.

    Args:
        bytes: used in all, from zero. Zero is a measurement; what was not measured has no reading.
        at: when; kept in UTC.
        source: who or what says so ("nightly export", "stated by Ada Byron").

    Raises:
        InvalidValue: bytes below zero or not whole, a datetime without a time zone, a blank source.

    Source: STO-4.

    Example:
        >>> print(Reading(bytes=500_000_000, at=datetime.datetime(2026, 12, 1, tzinfo=UTC), source="nightly export"))
        reading of 2026-12-01 00:00:00+00:00 (nightly export)
    """

    bytes: int = attrs.field(validator=checked(whole))
    at: datetime.datetime = attrs.field(converter=_taken_at)
    source: str = attrs.field(validator=checked(cardless_text))

    def __str__(self) -> str:
        return f"reading of {self.at} ({self.source})"


@attrs.frozen
class NoReading(RuleViolation):
    """No reading says what was used, and a missing one is never zero.

    Args:
        cycle_start: the cycle's first instant.
        reading: the policy under which a reading was looked for.
        age_days: how old it might have been, where the policy asks for one at the start.
        newest: when the newest one up to the cycle's first instant was taken; None if there is none.
    """

    code: ClassVar[str] = "no_reading"
    rule: ClassVar[str] = "STO-4"

    cycle_start: datetime.datetime
    reading: ReadingRule
    age_days: int
    newest: datetime.datetime | None

    def __str__(self) -> str:
        wanted = f"of that instant or at most {many(self.age_days, 'day')} before it"
        if self.reading is ReadingRule.PEAK_BEFORE:
            wanted = "taken in the cycle before"
        found = "there is none up to then" if self.newest is None else f"the newest up to then is of {self.newest}"
        return (
            f"cannot tell the storage used for the cycle that begins at {self.cycle_start}: "
            f"it takes a reading {wanted}, and {found}; a missing reading is not zero (STO-4)"
        )


def counted_reading(
    readings: Iterable[Reading],
    *,
    cycle_start: datetime.datetime,
    terms: StorageTerms = STANDARD.storage,
    cycle_before: tuple[datetime.datetime, datetime.datetime] | None = None,
) -> Reading:
    """The reading that a cycle's fee goes by.

    The one at the cycle's first instant, or the nearest before it if that is not too old; what is measured later never
    counts. Under `PEAK_BEFORE` it is the greatest of the cycle before. A missing reading is never zero.

    Args:
        readings: in any order. Of two at the same instant the one given last corrects the other.
        cycle_start: the cycle's first instant.
        terms: the policy, and how old a reading may be: a reading of exactly so many times 24 hours still counts.
        cycle_before: the instants at which the cycle before begins and ends, the end excluded; only `PEAK_BEFORE` asks
            for them.

    Returns:
        the reading; the earliest of several equal peaks.

    Raises:
        NoReading: none counts.
        InvalidValue: no instants, or a cycle before that ends before it begins or after `cycle_start`.

    Source: STO-4.

    Example:
        >>> first = datetime.datetime(2026, 12, 1, tzinfo=UTC)
        >>> late = Reading(bytes=500_000_000, at=first - timedelta(hours=25), source="nightly export")
        >>> counted_reading([late], cycle_start=first)
        Traceback (most recent call last):
        licensebill.readings.NoReading: cannot tell the storage used for the cycle that begins at 2026-12-01 \
00:00:00+00:00: it takes a reading of that instant or at most 1 day before it, and the newest up to then is of \
2026-11-29 23:00:00+00:00; a missing reading is not zero (STO-4)
    """
    start, policy = instant_in_utc("cycle_start", cycle_start), instance("terms", terms, StorageTerms).reading
    until = [reading for reading in _in_order(readings) if reading.at <= start]
    if policy is ReadingRule.PEAK_BEFORE:
        first, end = _cycle_before(cycle_before, start)
        candidates = [reading for reading in until if first <= reading.at < end]
    else:
        candidates = [reading for reading in until[-1:] if _days_started(start - reading.at) <= terms.reading_age_days]
    if not candidates:
        raise NoReading(start, policy, terms.reading_age_days, until[-1].at if until else None)
    return max(candidates, key=lambda reading: reading.bytes)


def _in_order(readings: Iterable[Reading]) -> list[Reading]:
    """One reading for each instant, the one given last, from the earliest on."""
    by_instant = {reading.at: reading for reading in each_of("readings", readings, Reading)}
    return [by_instant[at] for at in sorted(by_instant)]


def _cycle_before(given: object, start: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime]:
    match given:
        case (begun, ended):
            first, end = instant_in_utc("cycle_before", begun), instant_in_utc("cycle_before", ended)
            if first < end <= start:
                return first, end
    raise InvalidValue("cycle_before", f"must be two instants, the second later than the first and not after {start}")


def _days_started(age: timedelta) -> int:
    return -(-age // _DAY)


# --- growth -------------------------------------------------------------------------------------------------------


#: Later instants have no calendar day in every zone.
_LAST_INSTANT = datetime.datetime.max.replace(tzinfo=UTC) - 2 * _DAY


@attrs.frozen
class TooFewReadings(RuleViolation):
    """A growth takes readings of two instants."""

    code: ClassVar[str] = "too_few_readings"
    rule: ClassVar[str] = "STO-6"

    at: datetime.datetime
    days: int
    found: int

    def __str__(self) -> str:
        return (
            f"cannot tell how storage grows: in the {many(self.days, 'day')} up to {self.at} there are readings of "
            f"{many(self.found, 'instant')}, and it takes two (STO-6)"
        )


@attrs.frozen(kw_only=True)
class Growth:
    """How storage has grown between two readings; see `growth`."""

    first: Reading = attrs.field(validator=checked(instance, Reading))
    last: Reading = attrs.field(validator=checked(instance, Reading))
    terms: StorageTerms = attrs.field(default=STANDARD.storage, validator=checked(instance, StorageTerms))

    def __attrs_post_init__(self) -> None:
        if self.last.at <= self.first.at:
            raise InvalidValue("last", f"must be later than the first, of {self.first.at}")

    @property
    def bytes(self) -> int:
        """The last reading less the first; below zero where storage shrank."""
        return self.last.bytes - self.first.bytes

    @property
    def days(self) -> Fraction:
        """The time between them in days of 24 hours, exact."""
        return Fraction((self.last.at - self.first.at) // _MICROSECOND, _DAY // _MICROSECOND)

    @property
    def per_day(self) -> Fraction:
        """Bytes a day, exact; below zero where storage shrank."""
        return Fraction(self.bytes * self.days.denominator, self.days.numerator)

    def days_until(self, further: int) -> Fraction | None:
        """Days from the last reading until so many further bytes are there, exact; None for never.

        Source: STO-6.
        """
        whole("further", further)
        return Fraction(further * self.days.numerator, self.bytes * self.days.denominator) if self.bytes > 0 else None

    def instant_of(self, further: int) -> datetime.datetime | None:
        """The instant of that, in UTC, rounded up to a microsecond; None for never, and for beyond the calendar.

        Source: STO-6.
        """
        days = self.days_until(further)
        if days is None:
            return None
        microseconds = -(-days.numerator * (_DAY // _MICROSECOND) // days.denominator)
        left = (_LAST_INSTANT - self.last.at) // _MICROSECOND
        return self.last.at + microseconds * _MICROSECOND if microseconds <= left else None

    def explanation(self) -> Explanation:
        """How the growth comes about.

        Source: STO-6, BIL-5.
        """
        return Explanation(
            figure="growth of storage",
            value=str(self.per_day),
            unit="bytes a day",
            rules=("STO-6",),
            because=f"From {self.first.bytes:,} to {self.last.bytes:,} bytes in {many(self.days, 'day')}.",
            working=f"({self.last.bytes} - {self.first.bytes}) / ({self.days})",
            inputs=tuple(
                Input(name, str(reading.bytes), "bytes", str(reading))
                for name, reading in (("first", self.first), ("last", self.last))
            ),
        )


def growth(readings: Iterable[Reading], *, at: datetime.datetime, terms: StorageTerms = STANDARD.storage) -> Growth:
    """How storage has grown lately: the last reading less the first, over the time between them.

    Args:
        readings: in any order; see `counted_reading`. Those after `at` do not count.
        at: the instant to look back from.
        terms: how many days to look back; a reading of exactly so many times 24 hours ago still counts.

    Returns:
        the growth, as an exact ratio. Where the readings do not reach back so far, it is over the time they span.

    Raises:
        TooFewReadings: fewer than two instants with a reading.
        InvalidValue: something else than readings, or no instant.

    Source: STO-6.

    Example:
        >>> december = datetime.datetime(2026, 12, 1, tzinfo=UTC)
        >>> old = Reading(bytes=200_000_000, at=december - timedelta(days=30), source="nightly export")
        >>> new = Reading(bytes=350_000_000, at=december, source="nightly export")
        >>> print(growth([old, new], at=december).per_day)
        5000000
    """
    until, days = instant_in_utc("at", at), instance("terms", terms, StorageTerms).growth_days
    within = [
        reading for reading in _in_order(readings) if reading.at <= until and _days_started(until - reading.at) <= days
    ]
    if len(within) <= 1:
        raise TooFewReadings(until, days, len(within))
    return Growth(first=within[0], last=within[-1], terms=terms)
