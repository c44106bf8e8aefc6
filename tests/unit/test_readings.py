"""Readings by example: which one counts, what is refused where none does, and how storage grows."""

import datetime
import pickle
from collections.abc import Callable
from datetime import UTC, date, timedelta, timezone
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill.errors import InvalidValue, LicenseBillError
from licensebill.readings import Growth, NoReading, Reading, TooFewReadings, counted_reading, growth, sized
from licensebill.terms import ByteUnits, ReadingRule, StorageTerms
from tests.working import mistakes

PEAK = StorageTerms(reading=ReadingRule.PEAK_BEFORE)

DECEMBER = datetime.datetime(2026, 12, 1, tzinfo=UTC)
NOVEMBER = datetime.datetime(2026, 11, 1, tzinfo=UTC)
HOUR, DAY, MICROSECOND = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


def reading(used: int, at: datetime.datetime = DECEMBER) -> Reading:
    """A reading of the nightly export."""
    return Reading(bytes=used, at=at, source="nightly export")


# --- in words


@pytest.mark.parametrize(
    ("count", "decimal", "binary"),
    [
        (0, "0 bytes", "0 bytes"),
        (1, "1 byte", "1 byte"),
        (999, "999 bytes", "999 bytes"),
        (10**6 - 1, "999,999 bytes", "999,999 bytes"),
        (10**6, "1 MB", "1,000,000 bytes"),
        (10**6 + 1, "1,000,001 bytes", "1,000,001 bytes"),
        (1_001_000, "1.001 MB", "1,001,000 bytes"),
        (1_000_100, "1,000,100 bytes", "1,000,100 bytes"),
        (2**20, "1,048,576 bytes", "1 MiB"),
        (3 * 2**19, "1,572,864 bytes", "1.5 MiB"),
        (100 * 10**6, "100 MB", "100,000,000 bytes"),
        (999 * 10**6, "999 MB", "999,000,000 bytes"),
        (10**9, "1 GB", "1,000,000,000 bytes"),
        (1_200_000_000, "1.2 GB", "1,200,000,000 bytes"),
        (1_234_500_000, "1,234.5 MB", "1,234,500,000 bytes"),
        (2**30 + 2**27, "1,207,959,552 bytes", "1.125 GiB"),
        (1_000_000 * 10**9, "1,000,000 GB", "1,000,000,000,000,000 bytes"),
    ],
)
def test_bytes_in_words(count: int, decimal: str, binary: str) -> None:
    """The largest unit that shows the number exactly with three decimals, else bytes: never rounded."""
    assert sized(count) == decimal
    assert sized(count, ByteUnits.BINARY) == binary


# --- the reading that counts


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (timedelta(0), True),
        (MICROSECOND, True),
        (DAY - MICROSECOND, True),
        (DAY, True),
        (DAY + MICROSECOND, False),
        (-MICROSECOND, False),
        (-HOUR, False),
    ],
)
def test_age_of_a_reading(before: timedelta, found: bool) -> None:
    """A reading counts at the cycle's first instant and up to a day before it, never after it."""
    only = reading(7, DECEMBER - before)
    if found:
        assert counted_reading([only], cycle_start=DECEMBER) == only
    else:
        with pytest.raises(NoReading):
            counted_reading([only], cycle_start=DECEMBER)


@pytest.mark.parametrize(("days", "found"), [(0, False), (1, False), (2, True), (2**62, True)])
def test_age_is_a_policy(days: int, found: bool) -> None:
    """How old a reading may be is a number of the terms; with none, only the first instant's own counts."""
    terms = StorageTerms(reading_age_days=days)
    old = reading(7, DECEMBER - 2 * DAY)
    if found:
        assert counted_reading([old], cycle_start=DECEMBER, terms=terms) == old
    else:
        with pytest.raises(NoReading):
            counted_reading([old], cycle_start=DECEMBER, terms=terms)
    own = reading(9, DECEMBER)
    assert counted_reading([old, own], cycle_start=DECEMBER, terms=terms) == own


def test_nearest_reading_counts() -> None:
    """The newest one up to the first instant, in whatever order they come; what is measured later does not count."""
    readings = [reading(7, DECEMBER + hours * HOUR) for hours in (1, -2, -30, 5, -3)]
    assert counted_reading(readings, cycle_start=DECEMBER).at == DECEMBER - 2 * HOUR
    assert counted_reading(reversed(readings), cycle_start=DECEMBER).at == DECEMBER - 2 * HOUR


def test_zero_is_a_reading() -> None:
    """Nothing stored, and measured as such, is a usage of zero."""
    assert counted_reading([reading(0)], cycle_start=DECEMBER).bytes == 0


def test_a_later_statement_corrects_a_reading() -> None:
    """Of two readings of one instant the one given last counts, also where it lowers a peak."""
    wrong, right = reading(9, NOVEMBER), attrs.evolve(reading(2, NOVEMBER), source="stated by Ada Byron")
    assert counted_reading([wrong, right], cycle_start=NOVEMBER) == right
    peak = counted_reading([wrong, right], cycle_start=DECEMBER, terms=PEAK, cycle_before=(NOVEMBER, DECEMBER))
    assert peak == right


def test_instants_are_compared_across_zones() -> None:
    """A reading is as old as the time that passed, whatever clocks show, also where they are set back."""
    denver = ZoneInfo("America/Denver")
    november = datetime.datetime(2026, 11, 1, 1, 30, tzinfo=denver)
    first, second = reading(1, november), reading(2, november.replace(fold=1))
    assert second.at - first.at == HOUR
    assert counted_reading([second, first], cycle_start=november.replace(fold=1)) == second
    assert counted_reading([second, first], cycle_start=november) == first
    elsewhere = reading(3, datetime.datetime(2026, 12, 1, 5, 45, tzinfo=timezone(timedelta(hours=5, minutes=45))))
    assert elsewhere.at == DECEMBER
    assert elsewhere.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (NOVEMBER - MICROSECOND, False),
        (NOVEMBER, True),
        (NOVEMBER + MICROSECOND, True),
        (DECEMBER - MICROSECOND, True),
        (DECEMBER, False),
        (DECEMBER + MICROSECOND, False),
    ],
)
def test_peak_of_the_cycle_before(at: datetime.datetime, counts: bool) -> None:
    """The policy takes the greatest reading of the cycle before, its first instant included and its end excluded."""
    usual, high = reading(5, NOVEMBER + DAY), reading(8, at)
    found = counted_reading([usual, high], cycle_start=DECEMBER, terms=PEAK, cycle_before=(NOVEMBER, DECEMBER))
    assert found == (high if counts else usual)


def test_earliest_of_equal_peaks() -> None:
    """Among equal peaks the first is named."""
    readings = [reading(5, NOVEMBER + days * DAY) for days in (9, 3, 6)]
    peak = counted_reading(readings, cycle_start=DECEMBER, terms=PEAK, cycle_before=(NOVEMBER, DECEMBER))
    assert peak.at == NOVEMBER + 3 * DAY


def test_peak_needs_a_reading_within_the_cycle() -> None:
    """A reading at the new cycle's first instant, or of the month before, is no peak of the cycle before."""
    readings = [reading(5, DECEMBER), reading(5, NOVEMBER - DAY)]
    with pytest.raises(NoReading) as refused:
        counted_reading(readings, cycle_start=DECEMBER, terms=PEAK, cycle_before=(NOVEMBER, DECEMBER))
    assert str(refused.value) == (
        "cannot tell the storage used for the cycle that begins at 2026-12-01 00:00:00+00:00: it takes a reading taken "
        "in the cycle before, and the newest up to then is of 2026-12-01 00:00:00+00:00; a missing reading is not zero "
        "(STO-4)"
    )


@pytest.mark.parametrize(
    "before",
    [
        None,
        (NOVEMBER,),
        (NOVEMBER, DECEMBER, DECEMBER),
        (DECEMBER, NOVEMBER),
        (NOVEMBER, NOVEMBER),
        (NOVEMBER, DECEMBER + MICROSECOND),
    ],
)
def test_peak_needs_the_cycle_before(before: Any) -> None:
    """Without a cycle before that ends by the cycle's first instant, no peak can be looked for."""
    with pytest.raises(InvalidValue, match=r"^cycle_before: must be two instants"):
        counted_reading([reading(5)], cycle_start=DECEMBER, terms=PEAK, cycle_before=before)


def test_the_cycle_before_is_not_asked_for_otherwise() -> None:
    """The default policy takes no notice of it."""
    assert counted_reading([reading(5)], cycle_start=DECEMBER, cycle_before=(NOVEMBER, DECEMBER)).bytes == 5


@pytest.mark.parametrize(
    ("readings", "days", "wanted", "found"),
    [
        ([], 1, "at most 1 day before it", "there is none up to then"),
        ([reading(1, DECEMBER + HOUR)], 1, "at most 1 day before it", "there is none up to then"),
        (
            [reading(1, DECEMBER - 3 * DAY), reading(1, DECEMBER - 4 * DAY), reading(1, DECEMBER + HOUR)],
            2,
            "at most 2 days before it",
            "the newest up to then is of 2026-11-28 00:00:00+00:00",
        ),
    ],
)
def test_a_missing_reading_is_refused(readings: list[Reading], days: int, wanted: str, found: str) -> None:
    """It is never zero; the refusal names the first instant, the newest reading found, and what would do."""
    with pytest.raises(NoReading) as refused:
        counted_reading(readings, cycle_start=DECEMBER, terms=StorageTerms(reading_age_days=days))
    assert str(refused.value) == (
        "cannot tell the storage used for the cycle that begins at 2026-12-01 00:00:00+00:00: "
        f"it takes a reading of that instant or {wanted}, and {found}; a missing reading is not zero (STO-4)"
    )
    assert (refused.value.code, refused.value.rule) == ("no_reading", "STO-4")
    assert refused.value.cycle_start == DECEMBER
    assert refused.value.reading is ReadingRule.AT_START


# --- growth


def grown(*days_and_bytes: tuple[int, int]) -> list[Reading]:
    """Readings so many days before December."""
    return [reading(used, DECEMBER - days * DAY) for days, used in days_and_bytes]


@pytest.mark.parametrize(
    ("readings", "per_day"),
    [
        (grown((30, 200), (0, 350)), Fraction(5)),
        (grown((30, 0), (15, 999), (0, 100)), Fraction(10, 3)),
        (grown((0, 100), (15, 999), (30, 0)), Fraction(10, 3)),
        (grown((31, 0), (30, 40), (0, 100)), Fraction(2)),
        (grown((20, 40), (10, 100)), Fraction(6)),
        (grown((10, 100), (5, 100)), Fraction(0)),
        (grown((10, 100), (3, 0)), Fraction(-100, 7)),
    ],
)
def test_growth(readings: list[Reading], per_day: Fraction) -> None:
    """The last less the first reading of the last 30 days, over the time between the two."""
    assert growth(readings, at=DECEMBER).per_day == per_day
    assert mistakes(growth(readings, at=DECEMBER).explanation()) == []


@pytest.mark.parametrize(
    ("before", "counts"),
    [(30 * DAY - MICROSECOND, True), (30 * DAY, True), (30 * DAY + MICROSECOND, False)],
)
def test_window_of_growth(before: timedelta, counts: bool) -> None:
    """A reading of exactly 30 days ago counts; one a microsecond older does not."""
    old, middle, last = reading(0, DECEMBER - before), reading(10, DECEMBER - DAY), reading(20)
    found = growth([old, middle, last, reading(99, DECEMBER + MICROSECOND)], at=DECEMBER)
    assert found == Growth(first=old if counts else middle, last=last)


def test_window_is_a_policy() -> None:
    """How far to look back is a number of the terms, kept in the result."""
    terms = StorageTerms(growth_days=10)
    found = growth(grown((11, 1), (10, 2), (0, 5)), at=DECEMBER, terms=terms)
    assert (found.first.bytes, found.bytes, found.days, found.terms) == (2, 3, Fraction(10), terms)


@pytest.mark.parametrize(
    ("readings", "found"),
    [
        ([], 0),
        (grown((0, 5)), 1),
        (grown((5, 5), (5, 6)), 1),
        (grown((31, 5), (0, 6)), 1),
        (grown((5, 5), (-1, 6)), 1),
    ],
)
def test_growth_needs_two_instants(readings: list[Reading], found: int) -> None:
    """One reading, or several of one instant, show no growth."""
    with pytest.raises(TooFewReadings) as refused:
        growth(readings, at=DECEMBER)
    error = refused.value
    assert (error.at, error.days, error.found, error.code, error.rule) == (
        DECEMBER,
        30,
        found,
        "too_few_readings",
        "STO-6",
    )
    assert str(error) == (
        "cannot tell how storage grows: in the 30 days up to 2026-12-01 00:00:00+00:00 there are readings of "
        f"{found} instant{'s' * (found != 1)}, and it takes two (STO-6)"
    )


def test_growth_in_words() -> None:
    """From, to, and in how long; a part of a day is a fraction."""
    explained = growth(grown((1, 1_000), (0, 4_000)), at=DECEMBER).explanation()
    assert explained.because == "From 1,000 to 4,000 bytes in 1 day."
    assert (explained.value, explained.unit, explained.working) == ("3000", "bytes a day", "(4000 - 1000) / (1)")
    first, last = reading(1, DECEMBER - 36 * HOUR), reading(8)
    explained = Growth(first=first, last=last).explanation()
    assert explained.because == "From 1 to 8 bytes in 3/2 days."
    assert explained.value == "14/3"
    assert mistakes(explained) == []


# --- refusals

WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: Reading(bytes=-1, at=DECEMBER, source="x"), "bytes: must be at least 0, not -1"),
    (lambda: Reading(bytes=True, at=DECEMBER, source="x"), "bytes: must be a whole number, not True"),
    (lambda: Reading(bytes=1, at=DECEMBER, source=""), "source: must not be blank"),
    (
        lambda: Reading(bytes=1, at=DECEMBER, source="4111 1111 1111 1111"),
        "source: holds what could be a card number; it is not repeated here and must not be stored",
    ),
    (lambda: reading(1, datetime.datetime(2026, 12, 1)), "at: must have a time zone"),  # noqa: DTZ001
    (lambda: reading(1, date(2026, 12, 1)), "at: must be a point in time"),  # type: ignore[arg-type]
    (
        lambda: reading(1, datetime.datetime.max.replace(tzinfo=timezone(-HOUR))),
        "at: must lie within the calendar in UTC",
    ),
    (lambda: counted_reading(5, cycle_start=DECEMBER), "readings: must be an Iterable, not 5"),  # type: ignore[arg-type]
    (
        lambda: counted_reading([reading(1), 5], cycle_start=DECEMBER),  # type: ignore[list-item]
        "readings[1]: must be a Reading, not 5",
    ),
    (lambda: counted_reading([], cycle_start=date(2026, 12, 1)), "cycle_start: must be"),  # type: ignore[arg-type]
    (lambda: counted_reading([], cycle_start=DECEMBER, terms=1), "terms: must be"),  # type: ignore[arg-type]
    (
        lambda: counted_reading([], cycle_start=DECEMBER, terms=PEAK, cycle_before=(1, 2)),  # type: ignore[arg-type]
        "cycle_before: must be a point in time",
    ),
    (lambda: growth([], at=date(2026, 12, 1)), "at: must be a point in time"),  # type: ignore[arg-type]
    (lambda: growth([], at=DECEMBER, terms=30), "terms: must be a StorageTerms"),  # type: ignore[arg-type]
    (
        lambda: Growth(first=reading(1), last=reading(2)),
        "last: must be later than the first, of 2026-12-01 00:00:00+00:00",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_wrong_arguments(wrong: Callable[[], object], message: str) -> None:
    """Every public function and value refuses what cannot be right, by the argument's name."""
    with pytest.raises(InvalidValue) as refused:
        wrong()
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    "error",
    [
        NoReading(DECEMBER, ReadingRule.AT_START, 1, None),
        NoReading(DECEMBER, ReadingRule.PEAK_BEFORE, 1, NOVEMBER),
        TooFewReadings(DECEMBER, 30, 1),
    ],
)
def test_refusals_cross_processes(error: LicenseBillError) -> None:
    """A refusal unpickles with its numbers and its message."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert type(again) is type(error)
    assert (again.args, str(again)) == (error.args, str(error))


@pytest.mark.parametrize("microseconds", range(40))
def test_the_last_instant_of_the_calendar_is_found_to_the_microsecond(microseconds: int) -> None:
    """A byte each microsecond until two days before the calendar ends: exact, however long that takes."""
    last = DECEMBER + microseconds * MICROSECOND
    grown = Growth(first=reading(0, last - MICROSECOND), last=reading(1, last))
    end = datetime.datetime.max.replace(tzinfo=UTC) - 2 * DAY
    left = (end - last) // MICROSECOND
    assert (grown.instant_of(left), grown.instant_of(left + 1)) == (end, None)
