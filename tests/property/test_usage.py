"""Usage by law: each class is a rule, its methods what follows from it."""

import itertools
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from licensebill.cycles import Period
from licensebill.money import Money
from licensebill.pricing import PerUnit
from licensebill.strategies import amounts, increments, rates, usage_histories
from licensebill.terms import Increments, Rate
from licensebill.usage import Draw, UsageHistory, billable_seconds, draw, further_draw
from tests.working import mistakes

_SECONDS = st.sampled_from([0, 1, 59, 60, 61, 3_600]) | st.integers(0, 20_000)
_DAY = st.integers(0, 80).map(lambda ago: date(2026, 12, 17) - timedelta(ago))


def _drawn(rate: Rate, used: int) -> Draw:
    return draw(rate, count=used) if rate.increments is None else draw(rate, seconds=used)


class TestBillingIncrements:
    """MIN-10: the first increment is charged in full, then each following one that has begun."""

    @given(increments(), _SECONDS)
    def test_seconds_are_filled_up_one_by_one(self, increments: Increments, seconds: int) -> None:
        """Whoever counts increments until the call fits into them comes to the same number."""
        billed = 0
        while billed < seconds:
            billed += increments.following if billed else increments.first
        assert billable_seconds(seconds, increments.first, increments.following) == billed

    @given(increments(), _SECONDS)
    def test_no_more_is_billed_than_one_increment_too_much(self, increments: Increments, seconds: int) -> None:
        """What is billed is never less than the call, and never a whole increment more."""
        over = billable_seconds(seconds, increments.first, increments.following) - seconds
        assert 0 <= over < max(increments.first, increments.following)

    @given(st.integers(0, 10**9), st.integers(1, 10**4), _SECONDS)
    def test_a_charge_is_rounded_once_to_a_micro(self, amount: int, per: int, seconds: int) -> None:
        """It is at most half a micro from the exact cost, and half a micro above it only."""
        price = PerUnit(amount=Money(amount, "USD"), per=per, unit="seconds")
        exact = Fraction(amount * seconds, per)
        off = draw(Rate(price=price, increments=Increments(1, 1)), seconds=seconds).amount.micros - exact
        assert Fraction(-1, 2) < off <= Fraction(1, 2)

    @given(rates(), _SECONDS)
    def test_every_draw_can_be_recomputed(self, rate: Rate, used: int) -> None:
        """The working of each figure gives the figure, for every price scheme."""
        assert mistakes(_drawn(rate, used).explanation()) == []


class TestUsageInParts:
    """PRC-3: a usage priced in parts costs the difference of cumulative prices."""

    @given(rates(), st.lists(_SECONDS, min_size=1, max_size=6))
    def test_parts_add_up_to_the_whole(self, rate: Rate, reports: list[int]) -> None:
        """However often a usage is reported while it goes on, it draws what it draws at once."""
        draws = [_drawn(rate, used) for used in (0, *sorted(reports))]
        parts = [further_draw(before, after) for before, after in itertools.pairwise(draws)]
        assert sum(part.micros for part in parts) == draws[-1].amount.micros


class TestHistory:
    """MIN-2: calls and messages both draw on the balance and both count."""

    @given(
        st.lists(st.tuples(_DAY, st.sampled_from(["call", "sms"]), amounts(low=0, high=10**9)), max_size=20),
        st.randoms(),
    )
    def test_order_and_parts_do_not_matter(self, entries: list[tuple[date, str, Money]], random: Random) -> None:
        """Entries in another order, or first summed in two halves, give an equal history with an equal hash."""
        whole = UsageHistory.of(entries, currency="USD")
        shuffled = random.sample(entries, len(entries))
        halves = [UsageHistory.of(shuffled[half::2], currency="USD") for half in range(2)]
        merged = UsageHistory.of((entry for half in halves for entry in half.entries()), currency="USD")
        assert merged == whole
        assert hash(merged) == hash(whole)

    @given(usage_histories(), _DAY, st.integers(1, 90))
    def test_totals_count_every_entry_once(self, history: UsageHistory, start: date, length: int) -> None:
        """The total of a period is the sum of its kinds, of its days, and of its entries looked up one by one."""
        period = Period(start, start + timedelta(length))
        within = [amount for day, _, amount in history.entries() if period.start <= day < period.end]
        assert history.total(period).micros == sum(amount.micros for amount in within)
        assert sum(amount.micros for _, amount in history.by_kind(period)) == history.total(period).micros
        assert sum(day.total.micros for day in history.within(period)) == history.total(period).micros

    @given(usage_histories(), _DAY, st.integers(1, 40), st.integers(1, 40))
    def test_adjacent_periods_add_up(self, history: UsageHistory, start: date, first: int, second: int) -> None:
        """No day is counted twice or left out where one period ends and the next begins."""
        middle, end = start + timedelta(first), start + timedelta(first + second)
        parts = history.total(Period(start, middle)) + history.total(Period(middle, end))
        assert parts == history.total(Period(start, end))
