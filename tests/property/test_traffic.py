"""Traffic by law: peaks against a look at every second, Erlang B against its definition in whole numbers."""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from math import factorial

import attrs
from hypothesis import given
from hypothesis import strategies as st

from licensebill.ports import Call, blocking_probability, offered_traffic, peak, ports_for
from licensebill.strategies import calls, time_zones


def _in_use_at(second: int, intervals: list[Call[int]]) -> int:
    return sum(call.ports for call in intervals if call.start <= second < call.end)


_INTERVALS = st.lists(calls(), max_size=12)
_ORIGIN = datetime(2026, 3, 29, 0, 59, 40, tzinfo=UTC)  # clocks in Europe are set forward 20 seconds later


class TestPeak:
    """PRT-5: the exact peak of simultaneous use, from half-open intervals."""

    @given(_INTERVALS)
    def test_peak_is_the_most_at_any_second(self, intervals: list[Call[int]]) -> None:
        """Asking every second in turn gives the same peak and the same first instant."""
        by_second = [_in_use_at(second, intervals) for second in range(41)]
        found = peak(intervals)
        assert found.ports == max(by_second)
        assert found.at == (by_second.index(found.ports) if found.ports else None)
        assert found.calls == len(intervals)

    @given(_INTERVALS.flatmap(lambda intervals: st.tuples(st.just(intervals), st.permutations(intervals))))
    def test_order_does_not_matter(self, orders: tuple[list[Call[int]], list[Call[int]]]) -> None:
        """The same calls in another order have the same peak."""
        assert peak(orders[0]) == peak(orders[1])

    @given(_INTERVALS, st.data())
    def test_a_call_cut_in_two_has_the_same_peak(self, intervals: list[Call[int]], data: st.DataObject) -> None:
        """One part frees the ports at the instant at which the other takes them."""
        halves = []
        for call in intervals:
            cut = data.draw(st.integers(call.start, call.end))
            halves += [attrs.evolve(call, end=cut), attrs.evolve(call, start=cut)]
        assert (peak(halves).ports, peak(halves).at) == (peak(intervals).ports, peak(intervals).at)

    @given(_INTERVALS, st.integers(-(10**12), 10**12))
    def test_only_differences_of_time_matter(self, intervals: list[Call[int]], shift: int) -> None:
        """All calls earlier or later have the same peak, as much earlier or later."""
        shifted = [Call(start=call.start + shift, end=call.end + shift, ports=call.ports) for call in intervals]
        at = peak(intervals).at
        assert peak(shifted) == attrs.evolve(peak(intervals), at=None if at is None else at + shift)

    @given(_INTERVALS, st.lists(time_zones(), min_size=2, max_size=2))
    def test_datetimes_give_the_same_as_seconds(self, intervals: list[Call[int]], zones: list[tzinfo]) -> None:
        """Instants in any two zones, across a change of the clocks, count like plain seconds."""

        def instant(second: int, zone: tzinfo) -> datetime:
            return (_ORIGIN + timedelta(seconds=second)).astimezone(zone)

        dated = [
            Call(start=instant(call.start, zones[0]), end=instant(call.end, zones[1]), ports=call.ports)
            for call in intervals
        ]
        lasting = [Call.lasting(instant(call.start, zones[0]), call.end - call.start, call.ports) for call in intervals]
        at = peak(intervals).at
        expected = (peak(intervals).ports, None if at is None else _ORIGIN + timedelta(seconds=at))
        assert dated == lasting
        assert (peak(dated).ports, peak(dated).at) == expected


_TRAFFIC = st.decimals(Decimal("0.01"), 60, places=2)
_BLOCKING = st.decimals(Decimal("0.0001"), 1, places=4)


def _exact_blocking(number: int, offered: Decimal) -> Fraction:
    """The definition: (A^n / n!) over the sum of (A^k / k!)."""
    terms = [Fraction(offered) ** k / factorial(k) for k in range(number + 1)]
    return terms[-1] / sum(terms)


class TestErlangB:
    """PRT-5: the blocking probability of so many ports, and the smallest number for so much blocking."""

    @given(st.integers(0, 80), _TRAFFIC)
    def test_equals_the_definition(self, number: int, offered: Decimal) -> None:
        """Fifteen digits are those of the exact ratio of whole numbers."""
        exact = _exact_blocking(number, offered)
        found = Fraction(blocking_probability(number, offered))
        assert abs(found - exact) <= exact / (2 * 10**14)

    @given(_TRAFFIC, _BLOCKING)
    def test_the_number_is_the_smallest(self, offered: Decimal, blocking: Decimal) -> None:
        """That many ports keep to the blocking, one less would not."""
        number = ports_for(offered, blocking)
        assert _exact_blocking(number, offered) <= Fraction(blocking)
        assert number == 0 or _exact_blocking(number - 1, offered) > Fraction(blocking)

    @given(st.integers(1, 80), _TRAFFIC)
    def test_what_is_reported_asks_for_the_same_number(self, number: int, offered: Decimal) -> None:
        """The two functions are each other's inverse."""
        assert ports_for(offered, blocking_probability(number, offered)) == number

    @given(st.integers(0, 80), _TRAFFIC, st.decimals(Decimal("0.01"), 10, places=2))
    def test_more_ports_block_less_and_more_traffic_more(self, number: int, offered: Decimal, more: Decimal) -> None:
        """The probability falls with every port, rises with the traffic, and lies from 0 to 1."""
        blocking = blocking_probability(number, offered)
        assert 0 < blocking <= 1
        assert blocking_probability(number + 1, offered) < blocking
        assert blocking_probability(number, offered + more) >= blocking

    @given(_TRAFFIC, _BLOCKING, _BLOCKING)
    def test_a_stricter_limit_needs_no_fewer_ports(self, offered: Decimal, one: Decimal, other: Decimal) -> None:
        """The number of ports never falls with the acceptable blocking."""
        assert ports_for(offered, min(one, other)) >= ports_for(offered, max(one, other))

    @given(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(1, 10**7))
    def test_offered_traffic_is_the_ratio(self, number: int, mean: int, over: int) -> None:
        """Fifteen digits are those of the exact ratio."""
        exact = Fraction(number * mean, over)
        found = Fraction(offered_traffic(calls=number, mean_seconds=mean, over_seconds=over))
        assert abs(found - exact) <= exact / (2 * 10**14)
