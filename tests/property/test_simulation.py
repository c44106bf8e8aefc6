"""The saw-tooth by law: each class is a rule, its methods what follows from it."""

import itertools
from datetime import date, timedelta
from fractions import Fraction

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from licensebill.money import Money, minor_unit
from licensebill.simulation import Bounds, SawTooth, UsagePattern, bounds, saw_tooth
from licensebill.strategies import usage_patterns
from licensebill.terms import GUIDE, DueWhen, Gap, RechargeLimits, RechargePolicy, UsageWindow
from tests.working import mistakes

_STARTS = st.sampled_from([date(2026, 12, 1), date(2028, 2, 29)]) | st.dates(date(2020, 1, 1), date(2030, 12, 31))
_INTERVALS = st.sampled_from([4, 24, 1]) | st.integers(1, 60)
_DELAYS = st.sampled_from([0, 4, 3]) | st.integers(0, 80)


@attrs.frozen(kw_only=True)
class Case:
    """Everything that `bounds` and `saw_tooth` need, the policy recharging enough."""

    usage: UsagePattern
    start: date
    policy: RechargePolicy
    limits: RechargeLimits
    settlement_hours: int
    failing_in_a_row: int
    days: int

    @property
    def bounds(self) -> Bounds:
        """What the case promises."""
        return bounds(
            usage=self.usage,
            policy=self.policy,
            limits=self.limits,
            settlement_hours=self.settlement_hours,
            failing_in_a_row=self.failing_in_a_row,
        )

    def played(self, balance: Money, failing: set[int]) -> SawTooth:
        """What the case does."""
        return saw_tooth(
            usage=self.usage,
            start=self.start,
            balance=balance,
            days=self.days,
            policy=self.policy,
            limits=self.limits,
            settlement_hours=self.settlement_hours,
            failing_runs=failing,
        )


@st.composite
def policies(draw: st.DrawFn) -> RechargePolicy:
    """Policies of any threshold; the recharge is set by the case."""
    return RechargePolicy(
        name="drawn",
        window=draw(st.sampled_from(UsageWindow)),
        window_days=draw(st.integers(1, 40)),
        reserve_days=draw(st.sampled_from([7, 0, 1]) | st.integers(0, 10)),
        due=draw(st.sampled_from(DueWhen)),
        gap=draw(st.sampled_from(Gap)),
    )


@st.composite
def cases(draw: st.DrawFn, currency: str = "USD") -> Case:
    """Steady usage with a recharge that is just enough or more: of so many days that it covers what the rule asks."""
    usage = draw(usage_patterns(currency))
    daily = usage.daily
    assert daily is not None
    if not daily:
        usage = UsagePattern((*usage.hours[1:], Money(draw(st.integers(1, 10**6)), currency)))
    limits = RechargeLimits(interval_hours=draw(_INTERVALS))
    delay, failing = draw(_DELAYS), draw(st.integers(0, 2))
    case = Case(
        usage=usage,
        start=draw(_STARTS),
        policy=draw(policies()),
        limits=limits,
        settlement_hours=delay,
        failing_in_a_row=failing,
        days=draw(st.integers(1, 15)),
    )
    found = case.bounds
    needed = max(found.stretch.micros, minor_unit(currency))
    fewest = max(1, (needed - minor_unit(currency)) // found.daily.micros)
    while Money(fewest * found.daily.micros, currency).payable().micros < needed:
        fewest += 1
    recharge_days = fewest + draw(st.sampled_from([0, 0, 1, 13]))
    return attrs.evolve(case, policy=attrs.evolve(case.policy, recharge_days=recharge_days))


@st.composite
def failing_runs(draw: st.DrawFn, case: Case) -> set[int]:
    """Runs that fail, never more in a row than the case allows for."""
    rows = itertools.cycle(draw(st.lists(st.integers(0, case.failing_in_a_row), min_size=1, max_size=6)))
    number, failing = 0, set[int]()
    while number < case.days * 24:
        row = next(rows)
        failing.update(range(number, number + row))
        number += row + 1
    return failing


def _between(low: Money, high: Money) -> st.SearchStrategy[Money]:
    """An amount from one to another, often at an end."""
    return st.sampled_from([low, high]) | st.integers(low.micros, high.micros).map(
        lambda micros: Money(micros, low.currency)
    )


class TestSawTooth:
    """MIN-6: steady usage keeps the balance between the threshold less an interval's usage and t + r days' worth."""

    @given(st.data(), st.sampled_from(["USD", "JPY", "KWD"]).flatmap(cases))
    def test_the_balance_keeps_its_bounds(self, data: st.DataObject, case: Case) -> None:
        """From every start between threshold and ceiling, for every policy, interval, delay and failing run."""
        kept = case.bounds
        assert kept.is_guaranteed
        balance = data.draw(_between(kept.reserve, kept.ceiling))
        assert kept.may_start_at(balance)
        found = case.played(balance, data.draw(failing_runs(case)))
        # the rule's own words, not the library's properties
        t, r, per_day = case.policy.reserve_days, case.policy.recharge_days, kept.daily.micros
        half = Fraction(minor_unit(balance.currency), 2)
        interval_and_delay = (1 + case.failing_in_a_row) * case.limits.interval_hours + case.settlement_hours
        most = max(
            sum(case.usage.hours[(hour + step) % len(case.usage.hours)].micros for step in range(interval_and_delay))
            for hour in range(len(case.usage.hours))
        )
        assert found.highest.micros <= (t + r) * per_day + half
        assert found.lowest.micros >= t * per_day - most
        assert kept.highest.micros == (t + r) * per_day + half
        assert kept.lowest.micros == t * per_day - most

    @given(cases())
    def test_no_limit_of_the_standard_stops_a_recharge(self, case: Case) -> None:
        """With a recharge that is enough, three a day are never too few; nor is a cap that the bounds allow for."""
        found = case.played(case.bounds.reserve, set())
        free = attrs.evolve(case, limits=attrs.evolve(case.limits, per_day=10**6)).played(case.bounds.reserve, set())
        assert found == free

    @given(cases(), st.integers(1, 40))
    def test_a_cap_that_the_bounds_allow_for_stops_no_recharge(self, case: Case, recharges: int) -> None:
        """Of so many recharges a month, wherever the course begins in it."""
        capped = attrs.evolve(case, limits=attrs.evolve(case.limits, monthly_cap=case.bounds.recharge * recharges))
        if capped.bounds.is_guaranteed:
            found, free = (one.played(case.bounds.reserve, set()) for one in (capped, case))
            assert (found.charges, found.lowest) == (free.charges, free.lowest)

    @given(st.integers(1, 10**6), st.integers(1, 14), st.integers(1, 7))
    def test_without_delay_the_guides_words_hold(self, hourly: int, recharge_days: int, reserve_days: int) -> None:
        """Hourly runs and payments at once: between t days less an hour and t + r days, to half a cent."""
        usage = UsagePattern((Money(hourly, "USD"),))
        policy = attrs.evolve(GUIDE, recharge_days=recharge_days, reserve_days=reserve_days)
        limits = RechargeLimits(interval_hours=1)
        kept = bounds(usage=usage, policy=policy, limits=limits)
        assert kept.lowest.micros == 24 * hourly * reserve_days - hourly
        assert mistakes(kept.explanation()) == []
        if kept.is_guaranteed:
            found = saw_tooth(
                usage=usage, start=date(2026, 12, 1), balance=kept.reserve, days=16, policy=policy, limits=limits
            )
            assert kept.lowest <= found.lowest
            assert found.highest <= kept.highest
            assert found.ran_dry is False or kept.may_run_dry


def _hour_by_hour(case: Case, balance: Money, failing: set[int]) -> tuple[list[int], list[int], int, int, int]:
    """The course by hand: balances at runs, charges, highest, lowest and last balance, one hour after the other."""
    hours, unit = [hour.micros for hour in case.usage.hours], minor_unit(balance.currency)
    per_day = Fraction(24 * sum(hours), len(hours))
    threshold, days_worth = per_day * case.policy.reserve_days, per_day * case.policy.recharge_days
    now, arrives, amount, number = balance.micros, -1, 0, 0
    seen, charges, met, made = [], [], [now], dict[int, int]()
    first = (case.start - date(1970, 1, 1)).days * 24
    for hour in range(case.days * 24 + 1):
        if hour:
            now -= hours[(hour - 1) % len(hours)]
            met.append(now)
        if hour == arrives:
            now, arrives = now + amount, -1
            met.append(now)
        if hour < case.days * 24 and (first + hour) % case.limits.interval_hours == 0:
            seen.append(now)
            due = now < threshold or (case.policy.due is DueWhen.AT_OR_BELOW and now == threshold)
            wanted = max(days_worth, threshold - now) if case.policy.gap is Gap.CLOSED else days_worth
            payable = int(wanted / unit + Fraction(1, 2)) * unit
            if due and payable and arrives < 0 and made.get(hour // 24, 0) < 3 and number not in failing:
                arrives, amount = hour + case.settlement_hours, payable
                made[hour // 24] = made.get(hour // 24, 0) + 1
                charges.append(payable)
                if not case.settlement_hours:
                    now, arrives = now + amount, -1
                    met.append(now)
            number += 1
    return seen, charges, max(met), min(met), now


class TestCourse:
    """MIN-6, MIN-7: runs decide on what they see; a payment arrives when its time has passed."""

    @given(st.data(), st.sampled_from(["USD", "JPY"]).flatmap(cases), st.integers(0, 3))
    def test_a_walk_hour_by_hour_comes_to_the_same(self, data: st.DataObject, case: Case, recharge_days: int) -> None:
        """Whoever walks through the hours sees the same balances, charges and extremes, from any start."""
        case = attrs.evolve(case, policy=attrs.evolve(case.policy, recharge_days=recharge_days))
        reserve, ceiling = case.bounds.reserve, case.bounds.ceiling
        balance = data.draw(_between(-ceiling - Money(10**6, ceiling.currency), reserve + ceiling))
        failing = data.draw(failing_runs(case))
        found = case.played(balance, failing)
        seen, charges, highest, lowest, last = _hour_by_hour(case, balance, failing)
        assert [run.balance.micros for run in found.runs] == seen
        assert [charge.micros for charge in found.charges] == charges
        assert (found.highest.micros, found.lowest.micros, found.closing.micros) == (highest, lowest, last)

    @given(cases())
    def test_money_is_kept(self, case: Case) -> None:
        """What there was, and what arrived, less what was used, is what is left."""
        found = case.played(case.bounds.ceiling, set())
        used = case.usage.between(0, case.days * 24)
        missing = found.opening + found.total_charged - used - found.closing
        assert missing.micros in {0, found.charges[-1].micros if found.charges else 0}
        assert found.ran_dry is (found.lowest.micros <= 0)


class TestPattern:
    """MIN-6: usage by the hour, repeated for ever."""

    @given(usage_patterns(), st.integers(-200, 200), st.integers(0, 200))
    @example(UsagePattern((Money(1, "USD"), Money(2, "USD"))), -3, 4)
    def test_hours_add_up_one_by_one(self, usage: UsagePattern, start: int, length: int) -> None:
        """What is used between two hours is the sum of the hours between them."""
        hours = (usage.hours[hour % len(usage.hours)].micros for hour in range(start, start + length))
        assert usage.between(start, start + length).micros == sum(hours)

    @given(usage_patterns())
    def test_every_day_is_the_same(self, usage: UsagePattern) -> None:
        """Lengths that divide a day make days that do not differ."""
        assert usage.daily == usage.between(0, 24)
        assert usage.daily == usage.between(24 * 100, 24 * 101)

    @given(usage_patterns(), st.integers(0, 100))
    def test_no_stretch_uses_more_than_the_most(self, usage: UsagePattern, hours: int) -> None:
        """Wherever it begins; and some stretch uses just that."""
        stretches = [usage.between(hour, hour + hours) for hour in range(-30, 30)]
        assert max(stretches) == usage.most_within(hours)

    @given(st.integers(1, 40).map(timedelta))
    def test_starts_do_not_matter_to_steady_usage(self, later: timedelta) -> None:
        """The same usage every day has the same course from every day whose runs fall on the same hours."""
        usage = UsagePattern((Money(178_571, "USD"),))
        one, other = (
            saw_tooth(usage=usage, start=start, balance=Money.parse("31.00", "USD"), days=20)
            for start in (date(2026, 12, 1), date(2026, 12, 1) + later)
        )
        assert one.charges == other.charges
        assert (one.highest, one.lowest) == (other.highest, other.lowest)
