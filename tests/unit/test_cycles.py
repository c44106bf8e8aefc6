"""Cycles, boundaries, days of a zone and proration, by tables."""

import calendar
import datetime
import pickle
from datetime import UTC, date, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz as dateutil_tz

from licensebill import InvalidValue, Money
from licensebill.cycles import (
    Convention,
    InvalidPeriod,
    NotACycleStart,
    Period,
    Proration,
    billing_cycle,
    boundary,
    boundary_number,
    cycle_of,
    first_instant,
    following,
    local_day,
    preceding,
    prorated,
    proration,
    side_by_side,
)
from licensebill.money import exact
from tests.clocks import first_instant_seen
from tests.working import mistakes

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
FEBRUARY = Period(date(2027, 2, 1), date(2027, 3, 1))
LEAP_FEBRUARY = Period(date(2028, 2, 1), date(2028, 3, 1))
DECEMBER = Period(date(2026, 12, 1), date(2027, 1, 1))
ONE_DAY = timedelta(days=1)


def usd(text: str) -> Money:
    """Dollars."""
    return Money.parse(text, "USD")


class TestPeriod:
    """Whole days, the first included, the end not."""

    @pytest.mark.parametrize(
        ("on", "is_within"),
        [
            (date(2026, 11, 30), False),
            (date(2026, 12, 1), True),
            (date(2026, 12, 2), True),
            (date(2026, 12, 30), True),
            (date(2026, 12, 31), True),
            (date(2027, 1, 1), False),
        ],
    )
    def test_contains(self, on: date, is_within: bool) -> None:
        """The start belongs to the period, the end to the next."""
        assert (on in DECEMBER) is is_within

    def test_measures(self) -> None:
        """The days, the last of them, and both ends in words."""
        assert (DECEMBER.days, DECEMBER.last_day, str(DECEMBER)) == (
            31,
            date(2026, 12, 31),
            "2026-12-01 to 2026-12-31",
        )

    def test_one_day_is_the_shortest(self) -> None:
        """A period of a day ends the next."""
        shortest = Period(date(2026, 12, 1), date(2026, 12, 2))
        assert (shortest.days, shortest.last_day) == (1, shortest.start)

    @pytest.mark.parametrize("end", [date(2026, 12, 1), date(2026, 11, 30)])
    def test_must_begin_before_it_ends(self, end: date) -> None:
        """An empty or reversed period does not exist."""
        with pytest.raises(InvalidPeriod, match=rf"^end: must be after the start 2026-12-01, not {end}$"):
            Period(date(2026, 12, 1), end)


class TestBoundary:
    """The n-th boundary, counted from the origin's month."""

    @pytest.mark.parametrize(
        ("origin", "number", "anchor_day", "expected"),
        [
            (date(2027, 1, 31), 0, 31, date(2027, 1, 31)),
            (date(2027, 1, 31), 1, 31, date(2027, 2, 28)),
            (date(2027, 1, 31), 2, 31, date(2027, 3, 31)),
            (date(2027, 1, 31), 3, 31, date(2027, 4, 30)),
            (date(2027, 1, 31), 13, 31, date(2028, 2, 29)),
            (date(2027, 1, 31), -1, 31, date(2026, 12, 31)),
            (date(2027, 1, 31), -11, 31, date(2026, 2, 28)),
            (date(2027, 1, 31), 1, 30, date(2027, 2, 28)),
            (date(2027, 1, 31), 1, 29, date(2027, 2, 28)),
            (date(2027, 1, 31), 1, 28, date(2027, 2, 28)),
            (date(2027, 1, 31), 13, 30, date(2028, 2, 29)),
            (date(2027, 1, 31), 13, 29, date(2028, 2, 29)),
            (date(2027, 1, 31), 13, 28, date(2028, 2, 28)),
            (date(2027, 1, 31), 0, 1, date(2027, 1, 1)),
            (date(2027, 1, 1), 0, 31, date(2027, 1, 31)),
            (date(2028, 2, 29), 12, 29, date(2029, 2, 28)),
            (date(2028, 2, 29), 48, 29, date(2032, 2, 29)),
            (date(2096, 2, 29), 48, 29, date(2100, 2, 28)),
            (date(2000, 2, 29), -1200, 29, date(1900, 2, 28)),
            (date(2026, 12, 15), 1, 15, date(2027, 1, 15)),
        ],
    )
    def test_boundary(self, origin: date, number: int, anchor_day: int, expected: date) -> None:
        """A short month has its last day; the next long one has the anchor again."""
        assert boundary(origin, number, anchor_day=anchor_day) == expected

    def test_first_of_the_month_is_the_default(self) -> None:
        """Without an anchor a boundary is a month's first day."""
        assert boundary(date(2026, 12, 24), 1) == date(2027, 1, 1)

    def test_boundaries_do_not_drift(self) -> None:
        """From 31 January every month of the year ends on its own last day."""
        ends = [boundary(date(2027, 1, 31), number, anchor_day=31).day for number in range(12)]
        assert ends == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    @pytest.mark.parametrize(
        ("origin", "number"),
        [
            (date(1, 1, 31), -1),
            (date(1, 2, 1), -2),
            (date(9999, 12, 1), 1),
            (date(9999, 11, 1), 2),
            (date(2026, 1, 1), -2025 * 12 - 1),
            (date(2026, 1, 1), 7974 * 12),
            (date(2026, 1, 1), 10**9),
            (date(2026, 1, 1), -(10**9)),
        ],
    )
    def test_outside_the_calendar(self, origin: date, number: int) -> None:
        """What lies before year 1 or after 9999 is an error of ours, not an overflow of Python's."""
        with pytest.raises(InvalidPeriod) as caught:
            boundary(origin, number)
        assert str(caught.value) == f"number: boundary {number} from {origin} lies outside the calendar"

    @pytest.mark.parametrize("anchor_day", [1, 28, 31])
    def test_ends_of_the_calendar(self, anchor_day: int) -> None:
        """The first and the last month there are have their boundaries."""
        assert boundary(date(2026, 1, 1), -2025 * 12, anchor_day=anchor_day) == date(1, 1, anchor_day)
        assert boundary(date(2026, 1, 1), 7974 * 12 - 1, anchor_day=anchor_day) == date(9999, 12, anchor_day)

    @pytest.mark.parametrize(
        ("on", "anchor_day", "number"),
        [
            (date(2027, 1, 30), 31, -1),
            (date(2027, 1, 31), 31, 0),
            (date(2027, 2, 27), 31, 0),
            (date(2027, 2, 28), 31, 1),
            (date(2027, 3, 30), 31, 1),
            (date(2027, 3, 31), 31, 2),
            (date(2027, 1, 14), 15, -1),
            (date(2027, 1, 15), 15, 0),
            (date(2026, 12, 31), 1, -1),
            (date(2028, 1, 1), 1, 12),
            (date(1, 1, 1), 15, -24_313),
        ],
    )
    def test_boundary_number(self, on: date, anchor_day: int, number: int) -> None:
        """A boundary begins its own number, the day before still has the one before."""
        assert boundary_number(date(2027, 1, 31), on, anchor_day=anchor_day) == number

    def test_first_of_the_month_is_the_default_of_the_number(self) -> None:
        """Without an anchor a month's first day begins its number."""
        days = (date(2027, 1, 31), date(2027, 2, 1))
        assert [boundary_number(date(2027, 1, 31), on) for on in days] == [0, 1]

    @pytest.mark.parametrize("anchor_day", range(1, 32))
    def test_every_anchor_over_four_centuries(self, anchor_day: int) -> None:
        """The calendar repeats after 400 years; in all its months the boundary is the anchor or the last day."""
        origin = date(1900, 7, 31)
        for number in range(-1200, 3600, 7):
            year, month = divmod(1900 * 12 + 6 + number, 12)
            last = calendar.monthrange(year, month + 1)[1]
            expected = date(year, month + 1, min(anchor_day, last))
            assert boundary(origin, number, anchor_day=anchor_day) == expected
            assert boundary_number(origin, expected, anchor_day=anchor_day) == number
            assert boundary_number(origin, expected - ONE_DAY, anchor_day=anchor_day) == number - 1


class TestCycles:
    """The cycle of a day, its neighbors, and the cycle a bill is asked for by."""

    @pytest.mark.parametrize(
        ("on", "anchor_day", "cycle"),
        [
            (date(2026, 12, 1), 1, DECEMBER),
            (date(2026, 12, 31), 1, DECEMBER),
            (date(2027, 1, 1), 1, Period(date(2027, 1, 1), date(2027, 2, 1))),
            (date(2027, 2, 27), 31, Period(date(2027, 1, 31), date(2027, 2, 28))),
            (date(2027, 2, 28), 31, Period(date(2027, 2, 28), date(2027, 3, 31))),
            (date(2027, 3, 30), 31, Period(date(2027, 2, 28), date(2027, 3, 31))),
            (date(2028, 2, 29), 29, Period(date(2028, 2, 29), date(2028, 3, 29))),
        ],
    )
    def test_cycle_of(self, on: date, anchor_day: int, cycle: Period) -> None:
        """A day belongs to the cycle that begins on it or last began before it."""
        assert cycle_of(on, anchor_day=anchor_day) == cycle

    def test_neighbors(self) -> None:
        """Cycles follow each other without a day between them, and return to the anchor."""
        january = cycle_of(date(2027, 1, 31), anchor_day=31)
        february = following(january, anchor_day=31)
        march = following(february, anchor_day=31)
        assert [str(cycle) for cycle in (january, february, march)] == [
            "2027-01-31 to 2027-02-27",
            "2027-02-28 to 2027-03-30",
            "2027-03-31 to 2027-04-29",
        ]
        assert preceding(march, anchor_day=31) == february
        assert (preceding(DECEMBER).start, following(DECEMBER).end) == (date(2026, 11, 1), date(2027, 2, 1))

    @pytest.mark.parametrize(
        "ask",
        [
            lambda: cycle_of(date(9999, 12, 1)),
            lambda: cycle_of(date(9999, 12, 31)),
            lambda: cycle_of(date(1, 1, 14), anchor_day=15),
            lambda: following(Period(date(9999, 11, 1), date(9999, 12, 1))),
            lambda: preceding(Period(date(1, 1, 1), date(1, 2, 1))),
            lambda: preceding(Period(date(1, 1, 15), date(1, 2, 15)), anchor_day=15),
            lambda: billing_cycle(date(9999, 12, 1)),
        ],
    )
    def test_outside_the_calendar(self, ask: Any) -> None:
        """A cycle that does not end within the calendar, or does not begin there, is refused."""
        with pytest.raises(InvalidPeriod):
            ask()

    def test_nothing_precedes_the_calendar(self) -> None:
        """The first cycle that there is has none before it, and the error says so."""
        with pytest.raises(InvalidPeriod) as caught:
            preceding(billing_cycle(date(1, 1, 1)))
        assert str(caught.value) == "period: there is no cycle before 0001-01-01, where the calendar begins"

    def test_first_cycle_of_the_calendar(self) -> None:
        """The first month there is, and the last that ends within the calendar, are cycles."""
        assert billing_cycle(date(1, 1, 1)).days == 31
        assert billing_cycle(date(9999, 11, 1)).end == date(9999, 12, 1)

    def test_bill_is_asked_for_by_the_first_day(self) -> None:
        """The first day of a cycle names it."""
        assert billing_cycle(date(2026, 12, 1)) == DECEMBER
        assert billing_cycle(date(2027, 2, 28), anchor_day=31).end == date(2027, 3, 31)

    @pytest.mark.parametrize(
        ("first_day", "anchor_day", "before", "after"),
        [
            (date(2026, 11, 30), 1, "2026-11-01", "2026-12-01"),
            (date(2026, 12, 2), 1, "2026-12-01", "2027-01-01"),
            (date(2027, 2, 27), 31, "2027-01-31", "2027-02-28"),
            (date(2027, 3, 1), 31, "2027-02-28", "2027-03-31"),
        ],
    )
    def test_another_day_names_the_nearest_two(self, first_day: date, anchor_day: int, before: str, after: str) -> None:
        """A day before or after the first is refused with the first days around it."""
        with pytest.raises(NotACycleStart) as caught:
            billing_cycle(first_day, anchor_day=anchor_day)
        nearest = f"the nearest are {before} and {after} (CYC-1)"
        assert str(caught.value) == f"first_day: {first_day} is not the first day of a cycle; {nearest}"


#: Zone, day, first instant in UTC: what the time zone database says by hand.
FIRST_INSTANTS = [
    ("UTC", date(2026, 12, 1), "2026-12-01T00:00:00"),
    ("America/New_York", date(2026, 12, 1), "2026-12-01T05:00:00"),
    ("Asia/Kathmandu", date(2026, 12, 1), "2026-11-30T18:15:00"),
    # midnight is skipped: the clocks go from 24:00 to 01:00
    ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00"),
    ("America/Havana", date(2024, 3, 10), "2024-03-10T05:00:00"),
    ("Asia/Beirut", date(2024, 3, 31), "2024-03-30T22:00:00"),
    ("Asia/Amman", date(2014, 3, 28), "2014-03-27T22:00:00"),
    # in the middle of an hour: from 23:30 to 00:30
    ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00"),
    # by 44 minutes and 30 seconds
    ("Africa/Monrovia", date(1972, 1, 7), "1972-01-07T00:44:30"),
    # midnight is shown twice: from 01:00 back to 00:00
    ("America/Havana", date(2024, 11, 3), "2024-11-03T04:00:00"),
    ("Asia/Amman", date(2014, 10, 31), "2014-10-30T21:00:00"),
    # from 00:01 back to 23:01 of the day before
    ("America/Goose_Bay", date(2010, 11, 7), "2010-11-07T03:00:00"),
    ("America/St_Johns", date(2010, 11, 7), "2010-11-07T02:30:00"),
    # from 24:00 back to 23:00: midnight comes an hour later, once
    ("America/Sao_Paulo", date(2018, 2, 18), "2018-02-18T03:00:00"),
    ("Asia/Beirut", date(2024, 10, 27), "2024-10-26T22:00:00"),
    # the clocks change later on the day
    ("America/Toronto", date(2024, 11, 3), "2024-11-03T04:00:00"),
    ("America/Toronto", date(2024, 11, 4), "2024-11-04T05:00:00"),
    ("America/Goose_Bay", date(2011, 3, 13), "2011-03-13T04:00:00"),
    ("Australia/Lord_Howe", date(2024, 4, 7), "2024-04-06T13:00:00"),
    ("Australia/Lord_Howe", date(2024, 4, 8), "2024-04-07T13:30:00"),
    ("Australia/Lord_Howe", date(2024, 10, 6), "2024-10-05T13:30:00"),
    # a day that was never shown, and those around it
    ("Pacific/Apia", date(2011, 12, 29), "2011-12-29T10:00:00"),
    ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00"),
    ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00"),
    ("Pacific/Apia", date(2012, 1, 1), "2011-12-31T10:00:00"),
    ("Pacific/Kwajalein", date(1993, 8, 21), "1993-08-21T12:00:00"),
]
FIXED = [
    timezone(timedelta(hours=14)),
    timezone(timedelta(hours=-12)),
    timezone(timedelta(hours=5, minutes=53, seconds=28)),
    timezone(timedelta(seconds=-1)),
    timezone(timedelta(hours=23, minutes=59, seconds=59)),
    timezone(-timedelta(hours=23, minutes=59, seconds=59)),
]


class TestDays:
    """Days of a zone and the instants they begin with."""

    @pytest.mark.parametrize(("name", "on", "first"), FIRST_INSTANTS)
    def test_first_instant(self, name: str, on: date, first: str) -> None:
        """The first instant of the day is the one the time zone database says."""
        found = first_instant(on, ZoneInfo(name))
        assert found == datetime.datetime.fromisoformat(first).replace(tzinfo=UTC)
        assert found.tzinfo is UTC

    @pytest.mark.parametrize(("name", "on", "first"), FIRST_INSTANTS)
    def test_table_is_what_the_clocks_show(self, name: str, on: date, first: str) -> None:
        """Looking at the clock minute after minute finds what stands in the table."""
        assert first_instant_seen(on, ZoneInfo(name)).isoformat() == f"{first}+00:00"

    @pytest.mark.parametrize(("name", "on", "first"), FIRST_INSTANTS)
    def test_zones_of_dateutil(self, name: str, on: date, first: str) -> None:
        """An application that has its zones from dateutil gets the same."""
        zone = dateutil_tz.gettz(name)
        assert zone is not None
        assert first_instant(on, zone).isoformat() == f"{first}+00:00"
        assert local_day(first_instant(on, zone), zone) == local_day(first_instant(on, zone), ZoneInfo(name))

    @pytest.mark.parametrize("zone", FIXED, ids=str)
    @pytest.mark.parametrize("on", [date(2024, 2, 29), date(2026, 1, 1), date(1, 1, 3), date(9999, 12, 29)])
    def test_fixed_offsets(self, zone: tzinfo, on: date) -> None:
        """A zone that never changes its clocks begins each day as far from UTC as it says, to the second."""
        first = first_instant(on, zone)
        assert first == datetime.datetime(on.year, on.month, on.day, tzinfo=zone)
        assert local_day(first, zone) == on
        assert local_day(first - timedelta.resolution, zone) == on - ONE_DAY

    def test_zone_of_rules_without_a_name(self) -> None:
        """A zone stated by its rules alone works, too, in any year."""
        zone = dateutil_tz.tzstr("EST5EDT,M3.2.0/0,M11.1.0/1")
        assert first_instant(date(2024, 3, 10), zone) == first_instant_seen(date(2024, 3, 10), zone)
        assert first_instant(date(2024, 11, 3), zone) == first_instant_seen(date(2024, 11, 3), zone)

    def test_utc_is_the_default(self) -> None:
        """Without a zone the day is UTC's."""
        last = datetime.datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
        assert (local_day(last), local_day(last + timedelta.resolution)) == (date(2026, 11, 30), date(2026, 12, 1))
        assert first_instant(date(2026, 12, 1)) == last + timedelta.resolution

    @pytest.mark.parametrize(
        ("at", "name", "on"),
        [
            ("2026-12-01T04:59:59+00:00", "America/New_York", date(2026, 11, 30)),
            ("2026-12-01T05:00:00+00:00", "America/New_York", date(2026, 12, 1)),
            ("2026-12-01T13:59:59+09:00", "America/New_York", date(2026, 11, 30)),
            ("2026-12-01T14:00:00+09:00", "America/New_York", date(2026, 12, 1)),
            ("2011-12-30T09:59:59+00:00", "Pacific/Apia", date(2011, 12, 29)),
            ("2011-12-30T10:00:00+00:00", "Pacific/Apia", date(2011, 12, 31)),
        ],
    )
    def test_local_day(self, at: str, name: str, on: date) -> None:
        """The day is the account's, wherever the instant was written down."""
        assert local_day(datetime.datetime.fromisoformat(at), ZoneInfo(name)) == on

    def test_both_hours_of_a_fold_are_the_same_day(self) -> None:
        """The hour that Toronto's clocks show twice belongs to the day both times."""
        zone = ZoneInfo("America/Toronto")
        shown = datetime.datetime(2024, 11, 3, 1, 30, tzinfo=zone)
        assert shown.utcoffset() != shown.replace(fold=1).utcoffset()
        assert {local_day(shown.replace(fold=fold), zone) for fold in (0, 1)} == {date(2024, 11, 3)}

    def test_a_skipped_wall_time_is_taken_for_the_instant_it_names(self) -> None:
        """Where Havana's clocks skip midnight, the fold says which offset is meant; by the later it is June 1."""
        zone = ZoneInfo("America/Havana")
        skipped = datetime.datetime(1946, 6, 2, tzinfo=zone)
        assert [local_day(skipped.replace(fold=fold), zone).day for fold in (0, 1)] == [2, 1]

    @pytest.mark.parametrize("on", [date(1, 1, 1), date(1, 1, 2), date(9999, 12, 30), date(9999, 12, 31)])
    def test_ends_of_the_calendar(self, on: date) -> None:
        """Two days at either end are refused: an offset could leave the calendar from there."""
        with pytest.raises(InvalidPeriod, match=rf"^on: {on} is too close to the end of the calendar$"):
            first_instant(on)

    @pytest.mark.parametrize(
        ("at", "zone"),
        [
            (datetime.datetime.min.replace(tzinfo=UTC), timezone(timedelta(hours=-1))),
            (datetime.datetime.max.replace(tzinfo=UTC), timezone(timedelta(hours=1))),
            (datetime.datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), UTC),
        ],
    )
    def test_no_day_outside_the_calendar(self, at: datetime.datetime, zone: tzinfo) -> None:
        """An instant whose day would lie before year 1 or after 9999 is refused."""
        with pytest.raises(InvalidPeriod, match=r"^at: lies outside the calendar in the zone asked for$"):
            local_day(at, zone)


class TestProration:
    """What is left of a cycle on a day of it."""

    @pytest.mark.parametrize(
        ("cycle", "on", "actual", "thirty"),
        [
            (JANUARY, date(2026, 1, 1), (31, 31), (30, 30)),
            (JANUARY, date(2026, 1, 2), (30, 31), (29, 30)),
            (JANUARY, date(2026, 1, 29), (3, 31), (2, 30)),
            (JANUARY, date(2026, 1, 30), (2, 31), (1, 30)),
            (JANUARY, date(2026, 1, 31), (1, 31), (1, 30)),
            (FEBRUARY, date(2027, 2, 1), (28, 28), (30, 30)),
            (FEBRUARY, date(2027, 2, 28), (1, 28), (3, 30)),
            (LEAP_FEBRUARY, date(2028, 2, 28), (2, 29), (3, 30)),
            (LEAP_FEBRUARY, date(2028, 2, 29), (1, 29), (2, 30)),
            (DECEMBER, date(2026, 12, 17), (15, 31), (14, 30)),
        ],
    )
    def test_share(self, cycle: Period, on: date, actual: tuple[int, int], thirty: tuple[int, int]) -> None:
        """The day itself is left; by thirty days at least one always is."""
        shares = {
            convention: (share.numerator, share.denominator)
            for convention in Convention
            for share in [proration(cycle, on, convention)]
        }
        assert shares == {
            Convention.ACTUAL_DAYS: actual,
            Convention.THIRTY_DAY_MONTH: thirty,
            Convention.WHOLE_CYCLE: (1, 1),
        }

    def test_actual_days_are_the_default(self) -> None:
        """The result carries its convention, its cycle and its day."""
        assert proration(DECEMBER, date(2026, 12, 17)) == Proration(
            period=DECEMBER,
            on=date(2026, 12, 17),
            convention=Convention.ACTUAL_DAYS,
            numerator=15,
            denominator=31,
        )
        assert prorated(usd("99.00"), DECEMBER, date(2026, 12, 17)).share.convention is Convention.ACTUAL_DAYS

    def test_share_of_an_amount_that_is_not_rounded_yet(self) -> None:
        """A share of a share is exact, too."""
        share = proration(DECEMBER, date(2026, 12, 17))
        assert share.of(exact(usd("1.00"), 1, 3)) == exact(usd("1.00"), 15, 93)

    @pytest.mark.parametrize(
        ("full", "convention", "amount"),
        [
            ("99.00", Convention.ACTUAL_DAYS, "47.90"),
            ("99.00", Convention.THIRTY_DAY_MONTH, "46.20"),
            ("99.00", Convention.WHOLE_CYCLE, "99.00"),
            ("-99.00", Convention.ACTUAL_DAYS, "-47.90"),
            ("0.00", Convention.ACTUAL_DAYS, "0.00"),
        ],
    )
    def test_amount(self, full: str, convention: Convention, amount: str) -> None:
        """The share is rounded once, half up; a credit is the exact negative."""
        assert prorated(usd(full), DECEMBER, date(2026, 12, 17), convention).amount == usd(amount)

    def test_half_a_cent_goes_up(self) -> None:
        """1 of 30 days of 0.15 is half a cent, payable as one."""
        november = cycle_of(date(2026, 11, 1))
        result = prorated(usd("0.15"), november, date(2026, 11, 30))
        assert (result.unrounded.text, result.amount.text) == ("0.005", "0.01")

    def test_side_by_side(self) -> None:
        """All conventions, in their order, each as if asked for alone."""
        table = side_by_side(usd("99.00"), DECEMBER, date(2026, 12, 17))
        assert list(table) == list(Convention)
        assert [result.amount.text for result in table.values()] == ["47.90", "46.20", "99.00"]
        assert [result.share.convention for result in table.values()] == list(Convention)

    @pytest.mark.parametrize("convention", Convention)
    @pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "CLF"])
    @pytest.mark.parametrize("full", ["99", "-99", "0", "100.005"])
    def test_working_gives_the_amount(self, full: str, currency: str, convention: Convention) -> None:
        """Whoever recomputes the working arrives at the amount, in every currency."""
        result = prorated(Money.parse(full, currency), FEBRUARY, date(2027, 2, 12), convention)
        assert mistakes(result.explanation()) == []

    def test_explanation(self) -> None:
        """The tree reads as a sentence with the days and the convention."""
        result = prorated(usd("99.00"), DECEMBER, date(2026, 12, 17))
        assert result.explanation().as_text().splitlines() == [
            "prorated amount: 47.90 USD [CYC-4, MON-1]",
            "  From 2026-12-17 to 2026-12-31, by actual days, 15 of 31 is left.",
            "  = round(99.00 * 15 / 31, 2)",
            "  full amount: 99.00 USD",
            "  cycle: 2026-12-01 to 2026-12-31",
            "  day: 2026-12-17",
            "  convention: actual days",
        ]

    @pytest.mark.parametrize("on", [date(2026, 11, 30), date(2027, 1, 1)])
    def test_another_cycles_day_is_refused(self, on: date) -> None:
        """The day before the cycle and the day it ends do not belong to it."""
        with pytest.raises(InvalidPeriod) as caught:
            proration(DECEMBER, on)
        assert str(caught.value) == f"on: {on} does not belong to the cycle 2026-12-01 to 2026-12-31"


class TestRefusals:
    """Arguments of the wrong kind, and the errors beyond their process."""

    @pytest.mark.parametrize(
        ("ask", "place"),
        [
            (lambda: Period("2026-12-01", date(2027, 1, 1)), "start"),  # type: ignore[arg-type]
            (lambda: Period(date(2026, 12, 1), datetime.datetime(2027, 1, 1, tzinfo=UTC)), "end"),
            (lambda: boundary(datetime.datetime(2027, 1, 1, tzinfo=UTC), 1), "origin"),
            (lambda: boundary(date(2027, 1, 1), True), "number"),
            (lambda: boundary(date(2027, 1, 1), 1.0), "number"),  # type: ignore[arg-type]
            (lambda: boundary(date(2027, 1, 1), 1, anchor_day=0), "anchor_day"),
            (lambda: boundary(date(2027, 1, 1), 1, anchor_day=32), "anchor_day"),
            (lambda: boundary_number(date(2027, 1, 1), None), "on"),  # type: ignore[arg-type]
            (lambda: boundary_number(None, date(2027, 1, 1)), "origin"),  # type: ignore[arg-type]
            (lambda: boundary_number(date(2027, 1, 1), date(2027, 1, 1), anchor_day=32), "anchor_day"),
            (lambda: cycle_of("2027-01-01"), "on"),  # type: ignore[arg-type]
            (lambda: cycle_of(date(2027, 1, 1), anchor_day=-1), "anchor_day"),
            (lambda: billing_cycle("2027-01-01"), "first_day"),  # type: ignore[arg-type]
            (lambda: following(date(2027, 1, 1)), "period"),  # type: ignore[arg-type]
            (lambda: preceding(date(2027, 1, 1)), "period"),  # type: ignore[arg-type]
            (lambda: local_day(datetime.datetime(2027, 1, 1)), "at"),  # noqa: DTZ001 - it is what is refused
            (lambda: local_day(date(2027, 1, 1)), "at"),  # type: ignore[arg-type]
            (lambda: local_day(datetime.datetime(2027, 1, 1, tzinfo=UTC), "UTC"), "tz"),  # type: ignore[arg-type]
            (lambda: first_instant(datetime.datetime(2027, 1, 1, tzinfo=UTC)), "on"),
            (lambda: first_instant(date(2027, 1, 1), None), "tz"),  # type: ignore[arg-type]
            (lambda: proration(DECEMBER, "2026-12-17"), "on"),  # type: ignore[arg-type]
            (lambda: proration(None, date(2026, 12, 17)), "period"),  # type: ignore[arg-type]
            (lambda: proration(DECEMBER, date(2026, 12, 17), "actual days"), "convention"),  # type: ignore[arg-type]
            (lambda: prorated(99, DECEMBER, date(2026, 12, 17)), "amount"),  # type: ignore[arg-type]
        ],
    )
    def test_refusal_names_the_argument(self, ask: Any, place: str) -> None:
        """Each argument is checked, and the error says which one it was."""
        with pytest.raises(InvalidValue) as caught:
            ask()
        assert caught.value.place == place

    @pytest.mark.parametrize(
        ("error", "code"), [(InvalidPeriod, "invalid_period"), (NotACycleStart, "not_a_cycle_start")]
    )
    def test_errors_have_their_codes_and_pickle(self, error: type[InvalidValue], code: str) -> None:
        """A program tells them apart, on either side of a process boundary."""
        again = pickle.loads(pickle.dumps(error("on", "is another day")))  # noqa: S301 - our own
        assert (type(again), again.code, str(again)) == (error, code, "on: is another day")
