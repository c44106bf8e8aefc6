"""Dialer minutes by law: each class is a rule, its methods what follows from it."""

import datetime
import itertools
from collections.abc import Callable
from datetime import UTC, date, timedelta
from fractions import Fraction

import attrs
from hypothesis import given
from hypothesis import strategies as st

from licensebill.minutes import (
    FAQ,
    GUIDE,
    AutomaticRecharge,
    DueWhen,
    Gap,
    Reason,
    RechargeLimits,
    RechargePolicy,
    RechargeQuote,
    UsageHistory,
    UsageWindow,
    YoungAccount,
    average,
    compare,
    cost_of,
    forecast,
    last_run,
    may_call,
    minutes_of,
    next_run,
    recharge_decision,
    recharge_quote,
    remaining,
    run_instants,
    switch_off,
    switch_on,
)
from licensebill.money import Money
from licensebill.people import Authorization
from licensebill.strategies import (
    amounts,
    authorizations,
    days,
    instants,
    recharge_policies,
    recharge_quotes,
    usage_histories,
)
from licensebill.testing import laws
from tests.working import mistakes

_BALANCES = st.integers(-100_000, 100_000).map(lambda micros: Money(micros, "USD")) | amounts(
    high=10**12, low=-(10**12)
)
_SELDOM = st.sampled_from([False, False, False, True])
_INTERVALS = st.sampled_from([4, 1, 24]) | st.integers(1, 100)


def _by_hand(history: UsageHistory, policy: RechargePolicy, on: date, began: date) -> Fraction:
    """The average day's micros, found by walking over the days one by one."""
    walked: list[date] = []
    if policy.window is UsageWindow.TRAILING_DAYS:
        walked = [on - timedelta(ago) for ago in range(1, policy.window_days + 1)]
    else:
        day = on.replace(day=1) - timedelta(1)
        while day.month != on.month and (not walked or day.month == walked[0].month):
            walked.append(day)
            day -= timedelta(1)
    used = sum(amount.micros for day, _, amount in history.entries() if day in walked)
    lived = [day for day in walked if day >= began]
    return Fraction(used, len(walked) if policy.young is YoungAccount.FULL_WINDOW else max(1, len(lived)))


def every_settlement(policy: RechargePolicy) -> list[RechargePolicy]:
    """A policy with every answer to what happens at the reserve, and far below it."""
    return [attrs.evolve(policy, due=due, gap=gap) for due in DueWhen for gap in Gap]


def charge_of(quote: RechargeQuote, policy: RechargePolicy) -> Callable[[Fraction], Fraction]:
    """What a run charges at a balance, by the average of a quote and a policy; in micros."""

    def charge(balance: Fraction) -> Fraction:
        now = RechargeQuote(attrs.evolve(quote.average, policy=policy), Money(int(balance), "USD"))
        return Fraction(now.recharge.micros if now.is_due else 0)

    return charge


class TestMinutesShown:
    """MIN-1: whole minutes at the standard cost, towards zero."""

    @given(_BALANCES)
    def test_minutes_are_the_most_that_the_balance_holds(self, balance: Money) -> None:
        """Their cost is at most the balance, and one minute more would not fit; below zero it is the mirror image."""
        shown = minutes_of(balance)
        assert abs(cost_of(shown).micros) <= abs(balance.micros) < abs(cost_of(shown).micros) + 20_000
        assert minutes_of(-balance) == -shown

    @given(st.integers(-(10**9), 10**9))
    def test_whole_minutes_come_back(self, count: int) -> None:
        """What so many minutes cost is so many minutes."""
        assert minutes_of(cost_of(minutes_of(Money(count * 20_000, "USD")))) == count

    @given(_BALANCES)
    def test_what_is_shown_can_be_recomputed(self, balance: Money) -> None:
        """The working gives the minutes shown."""
        assert mistakes(remaining(balance).explanation()) == []


class TestNewCalls:
    """MIN-8: at zero or below no new call is allowed."""

    @given(_BALANCES)
    def test_a_call_needs_something_left(self, balance: Money) -> None:
        """The sign of the balance alone decides."""
        assert may_call(balance) is (balance.micros >= 1)


class TestAverage:
    """MIN-4, MIN-5, MIN-9: the total of the window's whole days over a number of days, exactly."""

    @given(usage_histories(), recharge_policies(), st.integers(0, 70))
    def test_average_is_the_one_found_by_hand(self, history: UsageHistory, policy: RechargePolicy, age: int) -> None:
        """Whoever walks over the days and divides fractions comes to the same average."""
        on = date(2026, 12, 17)
        found = average(history, on=on, policy=policy, began=on - timedelta(age)).per_day
        assert Fraction(found.numerator, found.denominator) == _by_hand(history, policy, on, on - timedelta(age))

    @given(days(), st.sampled_from([GUIDE, FAQ]), amounts(low=0, high=10**12), st.integers(0, 100))
    def test_usage_of_the_day_itself_never_counts(
        self, on: date, policy: RechargePolicy, used: Money, later: int
    ) -> None:
        """What is used from the day of the recharge on changes nothing."""
        history = UsageHistory.of([(on + timedelta(later), "call", used)], currency="USD")
        assert average(history, on=on, policy=policy).total == Money.zero("USD")

    @given(usage_histories(), recharge_policies(), st.integers(0, 70))
    def test_counting_elapsed_days_never_lowers_the_average(
        self, history: UsageHistory, policy: RechargePolicy, age: int
    ) -> None:
        """A young account's days are at most the window's."""
        on, began = date(2026, 12, 17), date(2026, 12, 17) - timedelta(age)
        full, elapsed = (
            average(history, on=on, policy=attrs.evolve(policy, young=young), began=began) for young in YoungAccount
        )
        assert elapsed.per_day >= full.per_day


class TestRechargeAndReserve:
    """MIN-4, MIN-5: so many average days; rounded where payable, compared where not."""

    @given(recharge_quotes())
    def test_figures_are_within_half_a_cent_of_the_exact_ones(self, quote: RechargeQuote) -> None:
        """Rounding happens once."""
        for rounded, exact in (
            (quote.recharge, quote.recharge_unrounded),
            (quote.reserve, quote.reserve_unrounded),
        ):
            off = rounded.micros - Fraction(exact.numerator, exact.denominator)
            assert -5_000 <= off <= 5_000
            assert rounded.is_payable

    @given(recharge_quotes(), st.none() | st.fractions(-3, 3))
    def test_a_run_leaves_the_balance_in_bounds(self, quote: RechargeQuote, recharges: Fraction | None) -> None:
        """A recharge below the reserve and nothing above it; from any balance, by any policy (MIN-6)."""
        threshold, recharge = (
            Fraction(exact.numerator, exact.denominator)
            for exact in (quote.reserve_unrounded, quote.average.worth(quote.policy.recharge_days))
        )
        micros = quote.balance.micros if recharges is None else int(threshold + recharges * recharge)
        for policy in every_settlement(quote.policy):
            laws.balance_is_bounded(
                charge_of(quote, policy),
                Fraction(micros),
                threshold=threshold,
                recharge=recharge,
                unit=Fraction(10_000),
            )

    @given(recharge_quotes())
    def test_due_is_decided_by_the_exact_reserve(self, quote: RechargeQuote) -> None:
        """Fractions compared by hand decide alike."""
        reserve = Fraction(quote.average.total.micros * quote.policy.reserve_days, quote.average.days)
        below = quote.balance.micros < reserve
        reached = below or quote.balance.micros == reserve
        assert quote.is_due is (below if quote.policy.due is DueWhen.BELOW else reached)

    @given(recharge_quotes())
    def test_settlements_differ_at_the_reserve_only(self, quote: RechargeQuote) -> None:
        """Below and at-or-below agree at every balance but one."""
        verdicts = {
            RechargeQuote(attrs.evolve(quote.average, policy=attrs.evolve(quote.policy, due=due)), quote.balance).is_due
            for due in DueWhen
        }
        assert (len(verdicts) == 2) is (quote.reserve_unrounded == quote.balance)

    @given(recharge_quotes())
    def test_closing_the_gap_never_recharges_less(self, quote: RechargeQuote) -> None:
        """It recharges more exactly where the balance lies more than a recharge below the reserve."""
        ignored, closed = (
            RechargeQuote(attrs.evolve(quote.average, policy=attrs.evolve(quote.policy, gap=gap)), quote.balance)
            for gap in (Gap.IGNORED, Gap.CLOSED)
        )
        assert closed.recharge_unrounded >= ignored.recharge_unrounded
        assert closed.recharge_unrounded >= ignored.reserve_unrounded - quote.balance
        far = ignored.recharge_unrounded + quote.balance < ignored.reserve_unrounded
        assert (closed.recharge_unrounded > ignored.recharge_unrounded) is far

    @given(recharge_quotes())
    def test_every_quote_can_be_recomputed(self, quote: RechargeQuote) -> None:
        """The working of each figure gives the figure, down to the usage."""
        assert mistakes(quote.explanation()) == []
        assert mistakes(forecast(quote).explanation()) == []

    @given(usage_histories(), st.lists(recharge_policies(), max_size=4), _BALANCES)
    def test_side_by_side_is_one_by_one(
        self, history: UsageHistory, policies: list[RechargePolicy], balance: Money
    ) -> None:
        """Comparing changes no figure and no order."""
        at, began = date(2026, 12, 17), date(2026, 12, 1)
        together = compare(history, at=at, balance=balance, policies=policies, began=began)
        alone = [recharge_quote(history, at=at, balance=balance, policy=policy, began=began) for policy in policies]
        assert list(together) == alone


class TestForecast:
    """MIN-11: days until the reserve and until empty, at the present average."""

    @given(recharge_quotes())
    def test_usage_of_these_days_takes_the_balance_there(self, quote: RechargeQuote) -> None:
        """Balance less days times average is the reserve, or zero; unless it is there already, or never will be."""
        per_day = Fraction(quote.average.total.micros, quote.average.days)
        left = forecast(quote)
        for found, target in ((left.until_empty, 0), (left.until_reserve, per_day * quote.policy.reserve_days)):
            if quote.balance.micros <= target:
                assert found == 0
            elif found is None:
                assert per_day == 0
            else:
                assert quote.balance.micros - found * per_day == target

    @given(recharge_quotes())
    def test_the_reserve_comes_first(self, quote: RechargeQuote) -> None:
        """It is reached no later than nothing is left, and whole days are those within the exact ones."""
        left = forecast(quote)
        if left.until_reserve is not None and left.until_empty is not None:
            assert left.until_reserve <= left.until_empty
        for exact, whole in (
            (left.until_reserve, left.whole_days_until_reserve),
            (left.until_empty, left.whole_days_until_empty),
        ):
            assert (exact is None) is (whole is None)
            assert exact is None or whole is None or whole <= exact < whole + 1


class TestDecision:
    """MIN-7, MIN-12, MIN-13: a recharge is charged if nothing speaks against it; every reason is named."""

    @given(
        quote=recharge_quotes(),
        automatic=authorizations().map(AutomaticRecharge) | st.just(AutomaticRecharge()),
        under_way=_SELDOM,
        recharged=amounts(low=0, high=10**10),
        today=st.integers(0, 4),
        is_stale=_SELDOM,
        slack=st.none() | st.sampled_from([0, -1, 1]) | st.integers(-(10**9), 10**9),
        smallest=st.none() | st.integers(0, 1000).map(lambda cents: Money.from_minor_units(cents, "USD")),
    )
    def test_charge_or_reasons(
        self,
        *,
        quote: RechargeQuote,
        automatic: AutomaticRecharge,
        under_way: bool,
        recharged: Money,
        today: int,
        is_stale: bool,
        slack: int | None,
        smallest: Money | None,
    ) -> None:
        """A charge is made if and only if everything that it needs holds; else every reason is named, in order."""
        wanted = max(quote.recharge.micros, 0 if smallest is None else smallest.micros)
        cap = None if slack is None else Money(max(0, recharged.micros + wanted + slack), "USD")
        decision = recharge_decision(
            quote,
            automatic=automatic,
            under_way=under_way,
            recharged_this_month=recharged,
            recharges_today=today,
            watermark_is_current=not is_stale,
            limits=RechargeLimits(monthly_cap=cap),
            smallest_charge=smallest,
        )
        needs = {
            Reason.SWITCHED_OFF: automatic.is_on,
            Reason.NOT_DUE: quote.is_due,
            Reason.ZERO: quote.recharge.micros > 0,
            Reason.UNDER_WAY: not under_way,
            Reason.USAGE_NOT_CURRENT: not is_stale,
            Reason.MONTHLY_CAP: cap is None or recharged.micros + wanted <= cap.micros,
            Reason.DAILY_LIMIT: today < 3,
        }
        assert list(decision.reasons) == [reason for reason, holds in needs.items() if not holds]
        assert decision.charge == (Money(wanted, "USD") if all(needs.values()) else None)
        assert set(decision.notices) <= set(decision.reasons)
        assert mistakes(decision.explanation()) == []

    @given(authorizations(), st.none() | st.just("card-2"))
    def test_on_and_off(self, authorization: Authorization, source: str | None) -> None:
        """Switching on keeps the name, switching off forgets everything."""
        on = switch_on(AutomaticRecharge(), authorization=authorization, source=source)
        assert on == AutomaticRecharge(authorization, source)
        assert switch_off(on) == AutomaticRecharge()


class TestRuns:
    """MIN-7: runs keep their interval in UTC, whatever clocks do."""

    @given(instants(), _INTERVALS)
    def test_every_instant_lies_between_two_runs(self, at: datetime.datetime, hours: int) -> None:
        """The last run is at or before it, the next one after it, an interval apart."""
        limits = RechargeLimits(interval_hours=hours)
        last, following = last_run(at, limits), next_run(at, limits)
        assert last <= at.astimezone(UTC) < following
        assert following - last == timedelta(hours=hours)
        assert last_run(last, limits) == last

    @given(instants(), _INTERVALS)
    def test_the_grid_is_one_and_the_same(self, at: datetime.datetime, hours: int) -> None:
        """Whoever starts counting later finds the same runs; those of a whole part of a day fall on midnight."""
        limits = RechargeLimits(interval_hours=hours)
        runs = list(itertools.islice(run_instants(at, limits), 4))
        assert list(itertools.islice(run_instants(runs[0], limits), 3)) == runs[1:]
        if 24 % hours == 0:
            midnight = runs[0].replace(hour=0, minute=0, second=0, microsecond=0)
            assert last_run(midnight, limits) == midnight
