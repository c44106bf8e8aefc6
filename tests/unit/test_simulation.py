"""The saw-tooth by example: the guide's one to three weeks, minutes that run out, the bounds and where they end."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import attrs
import pytest

from licensebill.cycles import InvalidPeriod
from licensebill.errors import InvalidValue
from licensebill.money import CURRENCIES, CurrencyMismatch, Money, minor_unit
from licensebill.pricing import InvalidPrice
from licensebill.simulation import Bounds, SawTooth, UsagePattern, bounds, saw_tooth
from licensebill.terms import FAQ, GUIDE, GUIDE_EXAMPLE, DueWhen, RechargeLimits, RechargePolicy, YoungAccount
from tests.untyped import untyped
from tests.working import mistakes

FIRST = date(2026, 12, 1)


def usd(amount: str) -> Money:
    """An amount in US dollars."""
    return Money.parse(amount, "USD")


#: Six dollars a day, a quarter an hour; a week is 42, two are 84.
STEADY = UsagePattern((usd("0.25"),))
#: The same six dollars, used within eight hours.
OFFICE = UsagePattern((*[usd("0.00")] * 9, *[usd("0.75")] * 8, *[usd("0.00")] * 7))


def course(balance: str, days: int, **arguments: Any) -> SawTooth:
    """The course of steady usage from the first of December."""
    played: dict[str, Any] = {"usage": STEADY, "start": FIRST, "balance": usd(balance), "days": days, **arguments}
    return saw_tooth(**played)


def texts(amounts: Iterable[Money]) -> list[str]:
    """Amounts as text."""
    return [amount.text for amount in amounts]


# --- patterns


def test_a_pattern_repeats_in_both_directions() -> None:
    """Hours before the start are those of the pattern, too."""
    pattern = UsagePattern((usd("1.00"), usd("2.00"), usd("4.00")))
    assert texts([pattern.between(0, 1), pattern.between(2, 4), pattern.between(-1, 1), pattern.between(-4, -2)]) == [
        *("1.00", "5.00", "5.00", "5.00"),
    ]
    assert pattern.between(-300, 300) == usd("1400.00")
    assert pattern.between(5, 5) == usd("0.00")


@pytest.mark.parametrize(
    ("pattern", "daily"),
    [
        (STEADY, "6.00"),
        (OFFICE, "6.00"),
        (UsagePattern((usd("1.00"), usd("0.00"))), "12.00"),
        (UsagePattern((usd("1.00"),) * 5), "24.00"),
        (UsagePattern((usd("1.00"), usd("0.00"), usd("0.00"), usd("0.00"), usd("0.00"))), None),
        (UsagePattern.by_day([usd("6.00"), usd("6.00")]), "6.00"),
        (UsagePattern.by_day([usd("6.00"), usd("6.000001")]), None),
    ],
)
def test_days_of_a_pattern_are_the_same_or_differ(pattern: UsagePattern, daily: str | None) -> None:
    """What every day uses is known only where every day uses the same, whatever the pattern's length."""
    assert pattern.daily == (None if daily is None else usd(daily))


def test_a_day_is_spread_over_its_hours() -> None:
    """Nothing is lost, and hours differ by a micro at most."""
    pattern = UsagePattern.by_day([usd("1.00"), usd("0.00")])
    assert len(pattern.hours) == 48
    assert {hour.micros for hour in pattern.hours[:24]} == {41_666, 41_667}
    assert texts([pattern.between(0, 24), pattern.between(24, 48)]) == ["1.00", "0.00"]


@pytest.mark.parametrize(
    ("pattern", "hours", "most"),
    [
        (STEADY, 4, "1.00"),
        (OFFICE, 0, "0.00"),
        (OFFICE, 4, "3.00"),
        (OFFICE, 8, "6.00"),
        (OFFICE, 23, "6.00"),
        (OFFICE, 26, "7.50"),
    ],
)
def test_the_most_of_any_stretch(pattern: UsagePattern, hours: int, most: str) -> None:
    """A stretch is looked for over the day's end, and may be longer than the pattern."""
    assert pattern.most_within(hours) == usd(most)


@pytest.mark.parametrize(
    ("hours", "error", "message"),
    [
        ((), InvalidValue, "hours: must hold at least one hour"),
        ([usd("1.00")], InvalidValue, "hours: must be a tuple, not a list"),
        ((1,), InvalidValue, "hours[0]: must be a Money, not 1"),
        ((usd("0.00"), usd("-0.01")), InvalidPrice, "hours[1]: must be at least 0.00 USD, not -0.01 USD"),
        ((usd("1.00"), Money.parse("1", "JPY")), CurrencyMismatch, "hours[1]: must be in USD, not JPY"),
    ],
)
def test_hours_are_amounts_from_zero(hours: Any, error: type[InvalidValue], message: str) -> None:
    """A pattern that breaks this cannot be built."""
    with pytest.raises(error) as refused:
        UsagePattern(hours)
    assert str(refused.value) == message


def test_equal_patterns_are_equal() -> None:
    """What is kept for speed takes no part in comparing or printing."""
    assert UsagePattern((usd("0.25"),)) == STEADY
    assert hash(UsagePattern((usd("0.25"),))) == hash(STEADY)
    assert repr(STEADY) == "UsagePattern(hours=(Money.parse('0.25', 'USD'),))"


# --- the course of a balance


def test_the_balance_bounces_between_one_and_three_weeks() -> None:
    """The guide's words: two weeks are bought when less than one is left, and at most three are there."""
    found = course("42.00", 60)
    assert (found.lowest, found.highest) == (usd("41.00"), usd("125.00"))
    assert texts(found.charges) == ["84.00"] * 5
    assert (found.times_recharged, found.total_charged, found.ran_dry) == (5, usd("420.00"), False)
    days = [run.at.date().toordinal() - FIRST.toordinal() for run in found.runs if run.charge]
    assert days == [0, 14, 28, 42, 56]


def test_runs_show_the_balance_that_they_saw() -> None:
    """At the reserve nothing happens; the run after it schedules; two hours later the minutes are there."""
    found = course("42.00", 1, settlement_hours=2)
    assert [(run.at.hour, run.balance.text, run.charge and run.charge.text) for run in found.runs] == [
        *((0, "42.00", None), (4, "41.00", "84.00"), (8, "124.00", None)),
        *((12, "123.00", None), (16, "122.00", None), (20, "121.00", None)),
    ]
    assert (found.lowest, found.highest) == (usd("40.50"), usd("124.50"))
    assert (found.opening, found.closing) == (usd("42.00"), usd("120.00"))


def test_no_second_recharge_while_one_is_under_way() -> None:
    """A payment of ten hours is waited for by two runs; one arriving at the hour of a run is seen by it."""
    found = course("41.99", 1, settlement_hours=10)
    assert [run.charge is not None for run in found.runs] == [True, False, False, False, False, False]
    at_a_run = course("41.99", 1, settlement_hours=4)
    assert texts([at_a_run.runs[0].balance, at_a_run.runs[1].balance]) == ["41.99", "124.99"]


def test_a_payment_still_under_way_at_the_end_is_charged_and_not_there() -> None:
    """The closing balance holds what has arrived by then, up to the last hour."""
    late = course("41.99", 1, settlement_hours=25)
    assert (late.closing, late.times_recharged, late.highest) == (usd("35.99"), 1, usd("41.99"))
    assert course("41.99", 1, settlement_hours=24).closing == usd("119.99")


def test_reaching_the_threshold_can_be_enough() -> None:
    """At the reserve the customer questions' policy recharges, the guide's does not."""
    assert course("30.00", 1, policy=FAQ).runs[0].charge == usd("84.00")
    assert course("42.00", 1).runs[0].charge is None
    assert course("42.00", 1, policy=attrs.evolve(GUIDE, due=DueWhen.AT_OR_BELOW)).runs[0].charge == usd("84.00")


def test_the_guides_example_bounces_between_one_and_two_weeks() -> None:
    """Buying one week's worth keeps the balance a week lower."""
    assert (course("42.00", 60, policy=GUIDE_EXAMPLE).highest) == usd("83.00")


def test_a_missed_run_can_let_the_minutes_run_out() -> None:
    """With a reserve of one day and payments that fail for a day, nothing is left until a run succeeds."""
    policy = RechargePolicy(name="short", reserve_days=1)
    fine = course("7.00", 3, policy=policy)
    assert (fine.ran_dry, fine.lowest) == (False, usd("5.00"))
    failing = course("7.00", 3, policy=policy, failing_runs=range(2, 8))
    assert [run.has_failed for run in failing.runs[:9]] == [False] * 2 + [True] * 6 + [False]
    assert (failing.ran_dry, failing.lowest, failing.times_recharged) == (True, usd("-1.00"), 1)


@pytest.mark.parametrize(("hours", "ran_dry"), [(22, False), (23, False), (24, True)])
def test_running_dry_begins_at_nothing(hours: int, ran_dry: bool) -> None:
    """A quarter dollar left is something; nothing left is dry."""
    policy = RechargePolicy(name="short", reserve_days=1)
    found = course("6.00", 3, policy=attrs.evolve(policy, due=DueWhen.AT_OR_BELOW), settlement_hours=hours)
    assert found.ran_dry is ran_dry
    assert found.lowest == usd("6.00") - usd("0.25") * hours


def test_a_run_that_needs_nothing_cannot_fail() -> None:
    """Failing is said of payments that were due."""
    assert not any(run.has_failed for run in course("100.00", 2, failing_runs=range(12)).runs)


def test_a_cap_can_dry_the_balance_out() -> None:
    """What the customer allows a month is not passed, and counts anew from the next month."""
    capped = course("42.00", 45, start=date(2026, 12, 3), limits=RechargeLimits(monthly_cap=usd("84.00")))
    assert [run.at.date() for run in capped.runs if run.charge] == [date(2026, 12, 3), date(2027, 1, 1)]
    assert capped.ran_dry


def test_three_recharges_a_day_can_be_too_few() -> None:
    """Far below the threshold the recharges of a day stop, and go on the day after; six a day are enough."""
    policy = RechargePolicy(name="small", recharge_days=1)
    found = course("0.00", 2, policy=policy)
    assert [run.at.hour for run in found.runs if run.charge] == [0, 4, 8, 0, 4, 8]
    more = course("0.00", 2, policy=policy, limits=RechargeLimits(per_day=6))
    assert [run.at.hour for run in more.runs if run.charge] == [0, 4, 8, 12, 16, 20, 0, 4, 8]


def test_any_interval_will_do() -> None:
    """Runs fall where the grid has them; a long time between them lets the balance fall further."""
    weekly = course("42.00", 28, limits=RechargeLimits(interval_hours=168))
    assert [run.at.date() for run in weekly.runs] == [date(2026, 12, day) for day in (3, 10, 17, 24)]
    assert weekly.runs[0].charge == usd("84.00")
    assert weekly.lowest == usd("30.00")


def test_usage_that_changes_moves_the_average() -> None:
    """When days differ, recharge and reserve follow the window."""
    found = saw_tooth(
        usage=UsagePattern.by_day([usd("10.00")] * 30 + [usd("0.00")] * 30), start=FIRST, balance=usd("1.00"), days=60
    )
    assert texts(found.charges)[:1] == ["4.67"]
    assert len(set(found.charges)) > 5


def test_days_elapsed_are_the_windows_own() -> None:
    """The pattern has always been there, so that no account in a simulation is young."""
    elapsed = attrs.evolve(GUIDE, young=YoungAccount.DAYS_ELAPSED)
    assert course("42.00", 30, policy=elapsed) == course("42.00", 30)


def test_without_usage_nothing_happens() -> None:
    """No usage, no reserve, no recharge: also where nothing left has reached a reserve of nothing."""
    idle = UsagePattern((usd("0.00"),))
    for policy in (GUIDE, FAQ):
        found = course("0.00", 3, usage=idle, policy=policy)
        assert (found.times_recharged, found.lowest, found.highest) == (0, usd("0.00"), usd("0.00"))


def test_a_course_says_how_it_went() -> None:
    """How often, how much, from where to where, and whether something was always left."""
    assert course("42.00", 30).explanation().as_text() == (
        "course of the balance: from 41.00 USD to 125.00 USD [MIN-6, MIN-7, MIN-8]\n"
        "  In 180 runs a recharge was scheduled 3 times, of 252.00 USD in all. Something was left at every instant.\n"
        "  opening balance: 42.00 USD"
    )
    assert course("-1.00", 1).explanation().because.endswith("Nothing was left at some instant.")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"usage": usd("1.00")}, InvalidValue, "usage: must be a UsagePattern, not a Money"),
        ({"balance": 1}, InvalidValue, "balance: must be a Money, not 1"),
        ({"balance": Money.zero("JPY")}, CurrencyMismatch, "balance: must be in USD, not JPY"),
        ({"days": 0}, InvalidValue, "days: must be at least 1, not 0"),
        ({"days": 3_661}, InvalidValue, "days: must be at most 3660, not 3661"),
        ({"settlement_hours": -1}, InvalidValue, "settlement_hours: must be at least 0, not -1"),
        ({"failing_runs": [-1]}, InvalidValue, "failing_runs: must be at least 0, not -1"),
        ({"start": "2026-12-01"}, InvalidValue, "start: must be a calendar day (datetime.date), not '2026-12-01'"),
        ({"policy": None}, InvalidValue, "policy: must be a RechargePolicy, not None"),
        ({"limits": None}, InvalidValue, "limits: must be a RechargeLimits, not None"),
        ({"start": date.max}, InvalidPeriod, "days: 1 days from 9999-12-31 go beyond the calendar"),
        ({"start": date(9999, 12, 29)}, InvalidPeriod, "on: 9999-12-30 is too close to the end of the calendar"),
        ({"start": date(1, 1, 30)}, InvalidPeriod, "on: 0001-01-30 has no 30 days before it in the calendar"),
    ],
)
def test_wrong_arguments_of_a_course_are_named(
    arguments: dict[str, Any], error: type[InvalidValue], message: str
) -> None:
    """Every argument is checked before anything is played."""
    with pytest.raises(error) as refused:
        untyped(saw_tooth)(**{"usage": STEADY, "start": FIRST, "balance": usd("1.00"), "days": 1, **arguments})
    assert str(refused.value) == message


# --- the bounds: MIN-6


def test_bounds_of_the_guides_rule() -> None:
    """From a week less four hours to three weeks and half a cent; the start lies between one and three weeks."""
    kept = bounds(usage=STEADY)
    assert texts([kept.reserve, kept.recharge, kept.ceiling, kept.highest, kept.lowest]) == [
        *("42.00", "84.00", "126.00", "126.005", "41.00"),
    ]
    assert kept.is_guaranteed
    assert not kept.may_run_dry
    assert mistakes(kept.explanation()) == []


@pytest.mark.parametrize(
    ("balance", "inside"),
    [("41.999999", False), ("42.00", True), ("126.00", True), ("126.000001", False)],
)
def test_a_start_lies_between_threshold_and_ceiling(balance: str, inside: bool) -> None:
    """Both ends are included."""
    assert bounds(usage=STEADY).may_start_at(usd(balance)) is inside


def test_bounds_are_met_exactly() -> None:
    """The lowest balance of steady usage is the bound; the highest comes as near as a run's hour allows."""
    kept, found = bounds(usage=STEADY, settlement_hours=2), course("42.00", 60, settlement_hours=2)
    assert found.lowest == kept.lowest == usd("40.50")
    started_high = course("126.00", 60, settlement_hours=2)
    assert started_high.highest == kept.ceiling


def test_half_a_cent_more_than_three_weeks() -> None:
    """A recharge that is rounded up takes the balance over three weeks' worth by half a cent, and never by more."""
    cent_and_a_half = UsagePattern.by_day([usd("0.015")])
    policy = RechargePolicy(name="daily", recharge_days=1, reserve_days=1, due=DueWhen.AT_OR_BELOW)
    kept = bounds(usage=cent_and_a_half, policy=policy)
    found = saw_tooth(usage=cent_and_a_half, start=FIRST, balance=usd("0.015"), days=3, policy=policy)
    assert (kept.recharge, kept.ceiling, kept.highest) == (usd("0.02"), usd("0.03"), usd("0.035"))
    assert (kept.is_guaranteed, found.highest) == (True, usd("0.035"))


@pytest.mark.parametrize(
    ("daily", "guaranteed", "recharge", "lowest"),
    [("1.00", True, "1.00", "0.00"), ("1.004", False, "1.00", "-0.052"), ("1.005", True, "1.01", "0.00")],
)
def test_it_is_the_recharge_charged_that_must_make_up_for_the_usage(
    daily: str, guaranteed: bool, recharge: str, lowest: str
) -> None:
    """A recharge of exactly a day's usage, once a day, is rounded: down, and the balance drifts away for ever."""
    policy = RechargePolicy(name="daily", recharge_days=1, reserve_days=1)
    limits, usage = RechargeLimits(interval_hours=24), UsagePattern.by_day([usd(daily)])
    kept = bounds(usage=usage, policy=policy, limits=limits)
    found = saw_tooth(usage=usage, start=FIRST, balance=usd(daily), days=14, policy=policy, limits=limits)
    assert (kept.is_guaranteed, kept.recharge) == (guaranteed, usd(recharge))
    assert kept.lowest == usd("0.00")
    assert found.lowest == usd(lowest)
    assert (found.lowest >= kept.lowest) is guaranteed


@pytest.mark.parametrize(
    ("arguments", "guaranteed"),
    [
        ({}, True),
        ({"settlement_hours": 332}, True),
        ({"settlement_hours": 333}, False),
        ({"failing_in_a_row": 83}, True),
        ({"failing_in_a_row": 84}, False),
        ({"policy": attrs.evolve(GUIDE, recharge_days=1), "settlement_hours": 20}, True),
        ({"policy": attrs.evolve(GUIDE, recharge_days=1), "settlement_hours": 21}, False),
        ({"policy": attrs.evolve(GUIDE, recharge_days=0)}, False),
        # at most three of 84 dollars in a month of 31 days at six dollars a day
        ({"limits": RechargeLimits(monthly_cap=usd("251.999999"))}, False),
        ({"limits": RechargeLimits(monthly_cap=usd("252.00"))}, True),
        ({"limits": RechargeLimits(monthly_cap=usd("252.000001"))}, True),
        ({"limits": RechargeLimits(per_day=0)}, False),
        ({"limits": RechargeLimits(per_day=1)}, True),
        ({"limits": RechargeLimits(per_day=1), "policy": attrs.evolve(GUIDE, recharge_days=1)}, False),
        ({"limits": RechargeLimits(per_day=2), "policy": attrs.evolve(GUIDE, recharge_days=1)}, True),
        ({"usage": UsagePattern((usd("0.00"),))}, False),
        ({"usage": UsagePattern.by_day([usd("0.000357")])}, False),
        ({"usage": UsagePattern.by_day([usd("0.000358")])}, True),
    ],
)
def test_when_the_bounds_are_guaranteed(arguments: dict[str, Any], guaranteed: bool) -> None:
    """A recharge of at least a cent and of at least what is used until it arrives, and no limit in its way."""
    kept = untyped(bounds)(**{"usage": STEADY, **arguments})
    assert kept.is_guaranteed is guaranteed
    assert mistakes(kept.explanation()) == []
    assert ("are kept" in kept.explanation().because) is guaranteed


@pytest.mark.parametrize(("stretch", "guaranteed"), [("83.999999", True), ("84.00", True), ("84.000001", False)])
def test_a_recharge_makes_up_for_what_is_used_until_it_arrives(stretch: str, *, guaranteed: bool) -> None:
    """To the micro."""
    kept = Bounds(daily=usd("6.00"), stretch=usd(stretch), policy=GUIDE, limits=RechargeLimits())
    assert kept.is_guaranteed is guaranteed


@pytest.mark.parametrize(
    ("reserve_days", "hours", "may"), [(1, 19, False), (1, 20, True), (2, 44, True), (2, 43, False)]
)
def test_running_dry_is_ruled_out_or_not(reserve_days: int, hours: int, may: bool) -> None:
    """Four hours between runs and twenty until the payment arrives use up a reserve of a day."""
    policy = attrs.evolve(GUIDE, reserve_days=reserve_days)
    assert bounds(usage=STEADY, policy=policy, settlement_hours=hours).may_run_dry is may


def test_what_is_not_guaranteed_may_run_dry() -> None:
    """Where the bounds can be left, the lowest says nothing."""
    capped = bounds(usage=STEADY, limits=RechargeLimits(monthly_cap=usd("1.00")))
    assert capped.lowest > usd("0.00")
    assert capped.may_run_dry


def test_hours_may_differ_if_days_do_not() -> None:
    """The stretch that counts is the busiest one."""
    kept = bounds(usage=OFFICE, settlement_hours=2)
    assert (kept.stretch, kept.lowest) == (usd("4.50"), usd("37.50"))
    found = course("42.00", 60, usage=OFFICE, settlement_hours=2)
    assert found.lowest >= kept.lowest


def test_bounds_say_where_they_come_from() -> None:
    """Both ends with their working."""
    assert bounds(usage=STEADY).explanation().as_text() == (
        "bounds of the balance: from 41.00 USD to 126.005 USD [MIN-6]\n"
        "  With 6.00 USD every day and a recharge of 84.00 USD, the bounds are kept from every start between "
        "42.00 USD and 126.00 USD.\n"
        "  policy: GUIDE\n"
        "  used every day: 6.00 USD\n"
        "  highest balance: 126.005 USD [MIN-6, MON-1]\n"
        "    7 days' worth, 14 days' worth, and half a minor unit of rounding.\n"
        "    = 6.00 * (7 + 14) + 0.005\n"
        "  lowest balance: 41.00 USD [MIN-6, MIN-7]\n"
        "    7 days' worth, less the 1.00 USD that may be used until a payment arrives.\n"
        "    = 6.00 * 7 - 1.00"
    )


def test_half_a_minor_unit_is_whole_in_micros() -> None:
    """No currency has a minor unit of an odd number of micros."""
    assert {minor_unit(currency) % 2 for currency in CURRENCIES} == {0}


UNEVEN = UsagePattern.by_day([usd("1.00"), usd("2.00")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"usage": UNEVEN}, "usage: must be the same every day: the bounds are known for steady usage only"),
        ({"usage": None}, "usage: must be a UsagePattern, not None"),
        ({"policy": None}, "policy: must be a RechargePolicy, not None"),
        ({"limits": None}, "limits: must be a RechargeLimits, not None"),
        ({"settlement_hours": -1}, "settlement_hours: must be at least 0, not -1"),
        ({"failing_in_a_row": -1}, "failing_in_a_row: must be at least 0, not -1"),
    ],
)
def test_wrong_arguments_of_bounds_are_named(arguments: dict[str, Any], message: str) -> None:
    """Bounds are known for days that do not differ."""
    with pytest.raises(InvalidValue) as refused:
        untyped(bounds)(**{"usage": STEADY, **arguments})
    assert str(refused.value) == message


def test_a_start_is_an_amount() -> None:
    """Bounds are asked about money."""
    kept: Bounds = bounds(usage=STEADY)
    with pytest.raises(InvalidValue, match="balance: must be a Money"):
        untyped(kept.may_start_at)(42)
