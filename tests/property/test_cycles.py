"""The rules of cycles, as laws over the calendar and its zones."""

import calendar
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz as dateutil_tz
from hypothesis import assume, example, given
from hypothesis import strategies as st

from licensebill import Money, strategies
from licensebill.cycles import (
    Convention,
    InvalidPeriod,
    NotACycleStart,
    Period,
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
from tests.clocks import first_instant_seen
from tests.working import mistakes

_ONE_DAY = timedelta(days=1)
_WIDE = Context(prec=200)

#: Days on which clocks jump over midnight or show it twice, with their zones.
_JUMPS = [
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Havana", date(2024, 3, 10)),
    ("America/Havana", date(2024, 11, 3)),
    ("Asia/Beirut", date(2024, 3, 31)),
    ("Asia/Amman", date(2014, 10, 31)),
    ("America/Goose_Bay", date(2010, 11, 7)),
    ("America/Toronto", date(1919, 3, 31)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Africa/Monrovia", date(1972, 1, 7)),
]


def jumps() -> st.SearchStrategy[tuple[date, tzinfo]]:
    """Days around a jump of the clocks, and any day in any zone."""
    around = st.tuples(st.sampled_from(_JUMPS), st.integers(-2, 2)).map(
        lambda drawn: (drawn[0][1] + drawn[1] * _ONE_DAY, ZoneInfo(drawn[0][0]))
    )
    return around | st.tuples(strategies.days(), strategies.time_zones())


def days_of(period: Period) -> list[date]:
    """Every day of a period, one by one."""
    return [period.start + number * _ONE_DAY for number in range((period.end - period.start).days)]


class TestCyc1:
    """A cycle is a calendar month; a bill is asked for by the cycle's first day, and another day is an error."""

    @given(strategies.days())
    def test_a_cycle_is_a_calendar_month(self, on: date) -> None:
        """Its days are those that the calendar prints under the month's name."""
        month = [day for day in calendar.Calendar().itermonthdates(on.year, on.month) if day.month == on.month]
        assert days_of(cycle_of(on)) == month

    @given(strategies.days(), strategies.anchor_days())
    def test_only_first_days_ask_for_a_bill(self, on: date, anchor_day: int) -> None:
        """Exactly one day of each cycle names it."""
        cycle = cycle_of(on, anchor_day=anchor_day)
        assert billing_cycle(cycle.start, anchor_day=anchor_day) == cycle
        for day in days_of(cycle)[1:]:
            with pytest.raises(NotACycleStart):
                billing_cycle(day, anchor_day=anchor_day)

    @given(strategies.days(), strategies.anchor_days())
    def test_the_error_names_the_nearest_two(self, on: date, anchor_day: int) -> None:
        """Going back and forward day by day, the first days met are those in the message."""

        def is_first(day: date) -> bool:
            return cycle_of(day, anchor_day=anchor_day).start == day

        assume(not is_first(on))
        before = next(day for day in (on - step * _ONE_DAY for step in range(1, 32)) if is_first(day))
        after = next(day for day in (on + step * _ONE_DAY for step in range(1, 32)) if is_first(day))
        with pytest.raises(NotACycleStart, match=f"the nearest are {before} and {after}"):
            billing_cycle(on, anchor_day=anchor_day)


class TestCyc2:
    """The day is the account's own; periods are half-open; a missing midnight is the day's first instant."""

    @given(strategies.periods(), st.integers(-400, 800))
    def test_periods_are_half_open(self, period: Period, step: int) -> None:
        """A day belongs to a period exactly if it is one of its days, and as many belong as it counts."""
        day = period.start + step * _ONE_DAY
        assert (day in period) == (day in days_of(period))
        assert len(days_of(period)) == period.days
        assert days_of(period)[-1] == period.last_day

    @given(strategies.days(), strategies.anchor_days())
    def test_cycles_tile_the_calendar(self, on: date, anchor_day: int) -> None:
        """A cycle ends where the next begins, so that every day belongs to exactly one."""
        cycle = cycle_of(on, anchor_day=anchor_day)
        after, before = following(cycle, anchor_day=anchor_day), preceding(cycle, anchor_day=anchor_day)
        assert (before.end, after.start) == (cycle.start, cycle.end)
        assert [on in each for each in (before, cycle, after)] == [False, True, False]

    @given(jumps())
    def test_first_instant_is_what_the_clock_shows(self, drawn: tuple[date, tzinfo]) -> None:
        """Looking at the zone's clock minute after minute finds the same instant."""
        on, zone = drawn
        assert first_instant(on, zone) == first_instant_seen(on, zone)

    @given(jumps())
    def test_just_before_the_first_instant_it_is_an_earlier_day(self, drawn: tuple[date, tzinfo]) -> None:
        """The smallest step back leaves the day; a day that is skipped shows the next one at once."""
        on, zone = drawn
        first = first_instant(on, zone)
        assert local_day(first - timedelta.resolution, zone) < on <= local_day(first, zone)

    @given(strategies.instants(), strategies.time_zones())
    def test_an_instant_is_not_before_its_day(self, at: datetime, zone: tzinfo) -> None:
        """The day of an instant has begun by then."""
        assert first_instant(local_day(at, zone), zone) <= at

    @given(strategies.instants(), strategies.time_zones(), strategies.time_zones())
    def test_how_an_instant_is_written_does_not_matter(self, at: datetime, writer: tzinfo, zone: tzinfo) -> None:
        """The same instant is the same day of the account, from whatever zone it was reported."""
        assert local_day(at.astimezone(writer), zone) == local_day(at.astimezone(UTC), zone)

    @given(jumps(), st.times(), st.integers(0, 1))
    def test_a_wall_time_is_the_instant_it_names(self, drawn: tuple[date, tzinfo], time: time, fold: int) -> None:
        """Written in the zone itself, skipped and repeated times too, it is the day that the same instant is in UTC."""
        on, zone = drawn
        at = datetime.combine(on, time, tzinfo=zone).replace(fold=fold)
        assert local_day(at, zone) == local_day(at.astimezone(UTC), zone)

    @given(st.sampled_from(_JUMPS), st.integers(-400, 400))
    @example(("America/Goose_Bay", date(2010, 11, 7)), 0)
    def test_every_maker_of_zones_gives_the_same(self, jump: tuple[str, date], step: int) -> None:
        """Zones of the standard library and of dateutil agree on when a day begins."""
        name, on = jump[0], jump[1] + step * _ONE_DAY
        zone = dateutil_tz.gettz(name)
        assert zone is not None
        assert first_instant(on, zone) == first_instant(on, ZoneInfo(name))


class TestCyc3:
    """Another anchor day: the last day of a shorter month, and back to the anchor; counted from the original anchor."""

    @given(strategies.days(), st.integers(-1_200, 1_200), strategies.anchor_days())
    def test_boundary_is_the_anchor_or_the_last_day(self, origin: date, number: int, anchor_day: int) -> None:
        """In the month so many away from the origin's, as far as that month goes."""
        year, month = divmod(origin.year * 12 + origin.month - 1 + number, 12)
        last = calendar.monthrange(year, month + 1)[1]
        assert boundary(origin, number, anchor_day=anchor_day) == date(year, month + 1, min(anchor_day, last))

    @given(strategies.days(), strategies.days(), strategies.anchor_days())
    def test_number_is_the_inverse(self, origin: date, on: date, anchor_day: int) -> None:
        """The number of a day is the one whose boundary it has reached and whose next it has not."""
        number = boundary_number(origin, on, anchor_day=anchor_day)
        reached, ahead = (boundary(origin, number + step, anchor_day=anchor_day) for step in (0, 1))
        assert reached <= on < ahead
        assert boundary_number(origin, reached, anchor_day=anchor_day) == number

    @given(strategies.days(), st.integers(-600, 600), st.integers(-600, 600), strategies.anchor_days())
    def test_nothing_drifts(self, origin: date, first: int, then: int, anchor_day: int) -> None:
        """Two steps arrive where one of their sum does, whatever short months lie between."""
        between = boundary(origin, first, anchor_day=anchor_day)
        arrived = boundary(between, then, anchor_day=anchor_day)
        assert arrived == boundary(origin, first + then, anchor_day=anchor_day)

    @given(strategies.days(), st.integers(-600, 600), strategies.anchor_days())
    def test_cycles_begin_on_boundaries(self, origin: date, number: int, anchor_day: int) -> None:
        """The cycle of a boundary reaches from it to the next one, from whichever origin they are counted."""
        start, end = (boundary(origin, number + step, anchor_day=anchor_day) for step in (0, 1))
        assert cycle_of(start, anchor_day=anchor_day) == Period(start, end)
        assert cycle_of(end - _ONE_DAY, anchor_day=anchor_day) == Period(start, end)

    @given(st.dates(), st.integers(-130_000, 130_000), strategies.anchor_days())
    def test_the_calendar_ends_with_an_error_of_ours(self, origin: date, number: int, anchor_day: int) -> None:
        """Every boundary lies in years 1 to 9999 or is refused; nothing overflows."""
        is_within = 1 <= (origin.year * 12 + origin.month - 1 + number) // 12 <= 9999
        try:
            assert boundary(origin, number, anchor_day=anchor_day).day <= anchor_day
        except InvalidPeriod:
            assert not is_within
        else:
            assert is_within


class TestCyc4:
    """Proration is a named convention, carried in the result."""

    @given(st.data(), strategies.cycles())
    def test_actual_days_count_the_days_left(self, data: st.DataObject, cycle: Period) -> None:
        """The days from the day on, itself included, over all of them."""
        days = days_of(cycle)
        on = data.draw(st.sampled_from(days))
        share = proration(cycle, on)
        assert (share.numerator, share.denominator) == (sum(day >= on for day in days), len(days))

    @given(st.data(), strategies.cycles())
    def test_thirty_day_month_counts_the_days_gone(self, data: st.DataObject, cycle: Period) -> None:
        """Thirty less the days before the day, at most 29 of them, over thirty."""
        days = days_of(cycle)
        on = data.draw(st.sampled_from(days))
        share = proration(cycle, on, Convention.THIRTY_DAY_MONTH)
        gone = sum(day < on for day in days)
        assert (share.numerator, share.denominator) == (30 - min(gone, 29), 30)

    @given(st.data(), strategies.cycles(), st.sampled_from(Convention))
    def test_a_share_is_a_part_and_never_none(self, data: st.DataObject, cycle: Period, convention: Convention) -> None:
        """All on the first day, something on the last, and never more on a later day."""
        earlier, later = sorted(data.draw(st.tuples(*[st.sampled_from(days_of(cycle))] * 2)))
        one = Money.parse("1", "USD")
        first, before, after = (proration(cycle, on, convention).of(one) for on in (cycle.start, earlier, later))
        assert first == one
        assert one >= before >= after > Money.zero("USD")
        assert proration(cycle, later, convention).convention is convention

    @given(st.data(), strategies.cycles(), strategies.price_amounts(), st.sampled_from(Convention))
    def test_amount_is_rounded_once(
        self, data: st.DataObject, cycle: Period, full: Money, convention: Convention
    ) -> None:
        """The payable amount is the exact share, half up; what is given back is its negative."""
        on = data.draw(st.sampled_from(days_of(cycle)))
        result = prorated(full, cycle, on, convention)
        share = result.share
        exactly = Fraction(full.micros * share.numerator, 10**6 * share.denominator)
        by_hand = _WIDE.divide(full.amount * share.numerator, Decimal(share.denominator))
        assert Fraction(result.unrounded.numerator, result.unrounded.denominator * 10**6) == exactly
        assert result.amount.amount == by_hand.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert prorated(-full, cycle, on, convention).amount == -result.amount

    @given(st.data(), strategies.cycles(), strategies.currencies())
    def test_side_by_side_is_each_alone(self, data: st.DataObject, cycle: Period, currency: str) -> None:
        """The table holds every convention once, each explaining itself."""
        full = data.draw(strategies.price_amounts(currency))
        on = data.draw(st.sampled_from(days_of(cycle)))
        table = side_by_side(full, cycle, on)
        assert table == {convention: prorated(full, cycle, on, convention) for convention in Convention}
        assert [mistakes(result.explanation()) for result in table.values()] == [[], [], []]

    @given(strategies.cycles(), st.integers(0, 60), st.sampled_from(Convention))
    def test_no_other_cycles_day(self, cycle: Period, step: int, convention: Convention) -> None:
        """A day before the cycle or from its end on is refused."""
        for on in (cycle.start - (step + 1) * _ONE_DAY, cycle.end + step * _ONE_DAY):
            with pytest.raises(InvalidPeriod):
                proration(cycle, on, convention)
