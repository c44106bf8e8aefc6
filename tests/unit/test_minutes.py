"""Dialer minutes by example: the guide's own figures, every policy beside the others, every threshold at -1, 0, +1."""

import datetime
import itertools
import pickle
from collections.abc import Iterable
from datetime import UTC, date, timedelta, timezone
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill import minutes
from licensebill.cycles import InvalidPeriod, Period
from licensebill.errors import InvalidValue
from licensebill.minutes import (
    FAQ,
    GUIDE,
    GUIDE_EXAMPLE,
    AutomaticRecharge,
    AverageUsage,
    BelowMinimumPurchase,
    DueWhen,
    Gap,
    Minutes,
    MinuteTerms,
    Purchase,
    Reason,
    RechargeDecision,
    RechargeLimits,
    RechargePolicy,
    RechargeQuote,
    Remaining,
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
    purchase,
    recharge_decision,
    recharge_quote,
    remaining,
    run_instants,
    switch_off,
    switch_on,
    usage_window,
    whole_minutes,
)
from licensebill.money import CurrencyMismatch, InvalidMoney, Money, exact
from licensebill.people import Authorization, Person
from licensebill.pricing import InvalidPrice, PerUnit
from tests.untyped import untyped
from tests.working import mistakes

ADA = Authorization(Person("Ada", "Lovelace"), accepted=True)
ON, OFF = AutomaticRecharge(ADA), AutomaticRecharge()


def usd(amount: str) -> Money:
    """An amount in US dollars."""
    return Money.parse(amount, "USD")


def micros(count: int) -> Money:
    """An amount in millionths of a US dollar."""
    return Money(count, "USD")


def history(amounts: Iterable[tuple[date, str]]) -> UsageHistory:
    """Calls of so much on these days."""
    return UsageHistory.of(((day, "call", usd(amount)) for day, amount in amounts), currency="USD")


def steady(amount: str, first: date, last: date) -> UsageHistory:
    """The same usage every day, both ends included."""
    return history((first + timedelta(days), amount) for days in range((last - first).days + 1))


# --- minutes shown: MIN-1


@pytest.mark.parametrize(
    ("balance", "shown"),
    [
        ("100.00", 5_000),
        ("30.00", 1_500),
        ("0.04", 2),
        ("0.039999", 1),
        ("0.020001", 1),
        ("0.02", 1),
        ("0.019999", 0),
        ("0.00", 0),
        ("-0.019999", 0),
        ("-0.02", -1),
        ("-0.020001", -1),
        ("-0.039999", -1),
        ("-0.04", -2),
        ("-30.00", -1_500),
    ],
)
def test_minutes_are_whole_and_towards_zero(balance: str, shown: int) -> None:
    """The guide's $100 are 5,000 minutes and its $30 are 1,500; a started minute is not shown, nor owed."""
    assert minutes_of(usd(balance)) == shown
    assert mistakes(remaining(usd(balance)).explanation()) == []


def test_minutes_cost_the_standard_cost() -> None:
    """The way back is exact for whole minutes, also below zero."""
    assert cost_of(Minutes(5_000)) == usd("100.00")
    assert cost_of(Minutes(-2)) == usd("-0.04")
    assert cost_of(Minutes(3), MinuteTerms(cost_per_minute=usd("0.015"))) == usd("0.045")


def test_another_cost_shows_other_minutes() -> None:
    """The cost per minute is data, in any currency."""
    yen = MinuteTerms(cost_per_minute=Money.parse("3", "JPY"), minimum_purchase=Money.parse("10000", "JPY"))
    assert minutes_of(Money.parse("100", "JPY"), yen) == 33


def test_arithmetic_of_minutes_takes_columns() -> None:
    """The bare rule needs nothing but what is passed in to pick."""
    assert whole_minutes(-30, 20, lambda condition, then, otherwise: then if condition else otherwise) == -1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: minutes_of(Money.parse("1", "JPY")), "balance: must be in USD, not JPY"),
        (lambda: untyped(minutes_of)(1), "balance: must be a Money, not 1"),
        (lambda: untyped(minutes_of)(usd("1.00"), usd("0.02")), "terms: must be a MinuteTerms, not a Money"),
        (lambda: untyped(cost_of)(1.5), "minutes: must be a whole number, not a float"),
        (lambda: untyped(cost_of)(1, None), "terms: must be a MinuteTerms, not None"),
        (lambda: untyped(may_call)(1), "balance: must be a Money, not 1"),
        (lambda: remaining(Money.parse("1", "JPY")), "balance: must be in USD, not JPY"),
    ],
)
def test_wrong_arguments_of_a_balance_are_named(call: Any, message: str) -> None:
    """The error says which argument and what was expected."""
    with pytest.raises(InvalidValue) as refused:
        call()
    assert str(refused.value) == message


# --- new calls: MIN-8


@pytest.mark.parametrize(("balance", "may"), [(-1, False), (0, False), (1, True)])
def test_a_new_call_needs_a_balance_above_zero(balance: int, may: bool) -> None:
    """A millionth above zero admits a call; zero does not."""
    assert may_call(micros(balance)) is may
    assert remaining(micros(balance)).may_call is may


def test_what_is_left_is_said_in_words() -> None:
    """The customer reads how many minutes are left, and what to do when none are."""
    assert Remaining(usd("0.05"), MinuteTerms()).explanation().as_text() == (
        "dialer minutes: 2 minutes [MIN-1]\n"
        "  At 0.02 USD a minute, 0.05 USD is so many whole minutes.\n"
        "  = floor(0.05 / 0.02)\n"
        "  amount: 0.05 USD\n"
        "  cost per minute: 0.02 USD\n"
        "  new calls: allowed [MIN-8]\n"
        "    0.05 USD is left, so new calls may begin.\n"
        "    balance: 0.05 USD"
    )
    assert remaining(usd("-0.04")).reason == (
        "Nothing is left: the balance is -0.04 USD, and no new call may begin until it is above zero. "
        "A purchase by hand is at least 100.00 USD."
    )
    assert remaining(usd("0.00")).explanation().parts[0].value == "not allowed"


def test_a_call_under_way_takes_the_balance_below_zero() -> None:
    """What is drawn is recorded in full; the balance is only asked before a call begins."""
    price = PerUnit(amount=usd("0.02"), per=60, unit="seconds")
    rate = minutes.Rate(price=price, increments=minutes.PER_MINUTE)
    balance = usd("0.02")
    assert may_call(balance)
    balance -= minutes.draw(rate, seconds=600).amount
    assert (balance.text, may_call(balance)) == ("-0.18", False)


# --- manual purchase: MIN-3


@pytest.mark.parametrize("amount", ["100.00", "100.01", "2500.00"])
def test_a_purchase_from_the_minimum_up_is_made(amount: str) -> None:
    """The minimum itself is enough."""
    bought = purchase(usd(amount))
    assert bought.amount == usd(amount)
    assert bought.minutes == minutes_of(usd(amount))
    assert mistakes(bought.explanation()) == []


@pytest.mark.parametrize("amount", ["99.99", "0.00", "-100.00"])
def test_a_purchase_below_the_minimum_is_refused(amount: str) -> None:
    """A cent less is too little; the refusal carries both amounts."""
    with pytest.raises(BelowMinimumPurchase) as refused:
        purchase(usd(amount))
    error = refused.value
    assert (error.amount, error.minimum, error.code, error.rule) == (
        *(usd(amount), usd("100.00"), "below_minimum_purchase", "MIN-3"),
    )
    assert str(error) == (
        f"cannot purchase minutes for {amount} USD: a purchase by hand is at least 100.00 USD; "
        "smaller amounts come by automatic recharge (MIN-3)"
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - ours


@pytest.mark.parametrize(
    ("amount", "error", "message"),
    [
        (usd("100.005"), InvalidMoney, "amount: must be payable; 100.005 USD is not whole in the minor unit (MON-1)"),
        (usd("99.995"), InvalidMoney, "amount: must be payable; 99.995 USD is not whole in the minor unit (MON-1)"),
        (Money.parse("100", "JPY"), CurrencyMismatch, "amount: must be in USD, not JPY"),
        (100, InvalidValue, "amount: must be a Money, not 100"),
    ],
)
def test_a_purchase_must_be_payable(amount: Any, error: type[InvalidValue], message: str) -> None:
    """Nobody pays half a cent; the minimum is not asked before that is settled."""
    with pytest.raises(error) as refused:
        purchase(amount)
    assert str(refused.value) == message


def test_another_minimum_is_data() -> None:
    """The terms say what the least is; without one any payable amount will do."""
    terms = MinuteTerms(minimum_purchase=usd("0.00"))
    assert Purchase(usd("0.01"), terms).minutes == 0
    with pytest.raises(InvalidMoney, match="above zero"):
        Purchase(usd("0.00"), terms)


# --- the window: MIN-4, MIN-5


@pytest.mark.parametrize(
    ("policy", "on", "window"),
    [
        (GUIDE, date(2026, 12, 31), (date(2026, 12, 1), date(2026, 12, 31))),
        (GUIDE, date(2027, 1, 1), (date(2026, 12, 2), date(2027, 1, 1))),
        (GUIDE, date(2028, 3, 1), (date(2028, 1, 31), date(2028, 3, 1))),
        (FAQ, date(2026, 12, 1), (date(2026, 11, 1), date(2026, 12, 1))),
        (FAQ, date(2026, 12, 31), (date(2026, 11, 1), date(2026, 12, 1))),
        (FAQ, date(2027, 1, 1), (date(2026, 12, 1), date(2027, 1, 1))),
        (FAQ, date(2028, 3, 31), (date(2028, 2, 1), date(2028, 3, 1))),
        (attrs.evolve(GUIDE, window_days=1), date(2026, 3, 1), (date(2026, 2, 28), date(2026, 3, 1))),
    ],
)
def test_windows_are_whole_days_before_the_day(policy: RechargePolicy, on: date, window: tuple[date, date]) -> None:
    """Trailing days end the day before; the calendar month before is one of 28 to 31 days."""
    assert usage_window(policy, on) == Period(*window)


def test_every_day_of_the_window_counts_and_no_other() -> None:
    """Usage 31 days before and of the day itself is left out; 30 days and one day before count."""
    on = date(2026, 12, 31)
    days = [(date(2026, 11, 30), "1.00"), (date(2026, 12, 1), "2.00"), (date(2026, 12, 30), "4.00"), (on, "8.00")]
    used = history(days)
    assert average(used, on=on).total == usd("6.00")


def test_calls_and_messages_both_count() -> None:
    """Every kind of usage is in the average."""
    day = date(2026, 12, 30)
    used = UsageHistory.of([(day, "call", usd("1.00")), (day, "sms", usd("0.50"))], currency="USD")
    found = average(used, on=date(2026, 12, 31))
    assert found == AverageUsage(
        total=usd("1.50"), days=30, window=Period(date(2026, 12, 1), date(2026, 12, 31)), policy=GUIDE
    )
    assert found.per_day == usd("0.05")


@pytest.mark.parametrize(("on", "fits"), [(date(1, 1, 31), True), (date(1, 1, 30), False), (date(1, 1, 1), False)])
def test_a_window_must_lie_in_the_calendar(on: date, fits: bool) -> None:
    """Thirty days before 31 January of year 1 is its first day; a day earlier is none."""
    if fits:
        assert usage_window(GUIDE, on).start == date.min
    else:
        with pytest.raises(InvalidPeriod, match=f"on: {on} has no 30 days before it"):
            usage_window(GUIDE, on)


def test_no_month_is_before_the_first() -> None:
    """The calendar month before January of year 1 does not exist."""
    with pytest.raises(InvalidPeriod):
        usage_window(FAQ, date(1, 1, 31))


# --- young accounts: MIN-9

ELAPSED = attrs.evolve(GUIDE, name="elapsed", young=YoungAccount.DAYS_ELAPSED)


@pytest.mark.parametrize(
    ("age", "full", "elapsed"), [(0, 30, 1), (1, 30, 1), (2, 30, 2), (29, 30, 29), (30, 30, 30), (31, 30, 30)]
)
def test_what_a_young_account_divides_by(age: int, full: int, elapsed: int) -> None:
    """The window's full length by default; by policy the days elapsed, at least one and at most the window's."""
    on = date(2026, 12, 31)
    used = history([(date(2026, 12, 30), "15.00")])
    began = on - timedelta(age)
    assert average(used, on=on, began=began).days == full
    found = average(used, on=on, policy=ELAPSED, began=began)
    assert found.days == elapsed
    assert found.per_day == exact(usd("15.00"), 1, elapsed)
    assert mistakes(found.explanation()) == []


def test_a_young_account_is_told_what_was_divided_by() -> None:
    """The explanation says that days elapsed were counted and not the window's."""
    used = history([(date(2026, 12, 30), "15.00")])
    found = average(used, on=date(2026, 12, 31), policy=ELAPSED, began=date(2026, 12, 28))
    assert found.explanation().because == (
        "Calls and messages used 15.00 USD from 2026-12-01 to 2026-12-30, divided by 3 days "
        "(the account is younger than these 30)."
    )


def test_an_account_younger_than_the_month_before_divides_by_one() -> None:
    """A calendar month that ended before the account began has no usage, and still a divisor."""
    policy = attrs.evolve(FAQ, young=YoungAccount.DAYS_ELAPSED)
    found = average(history([]), on=date(2026, 12, 17), policy=policy, began=date(2026, 12, 9))
    assert (found.days, found.total) == (1, usd("0.00"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": ELAPSED}, "began: must be given: policy elapsed counts the days since the account began"),
        ({"began": date(2027, 1, 1)}, "began: must not be after 2026-12-31, the day of the recharge, not 2027-01-01"),
        ({"began": "2026-01-01"}, "began: must be a calendar day (datetime.date), not '2026-01-01'"),
        ({"policy": "GUIDE"}, "policy: must be a RechargePolicy, not 'GUIDE'"),
        ({"on": "2026-12-31"}, "on: must be a calendar day (datetime.date), not '2026-12-31'"),
    ],
)
def test_wrong_arguments_of_an_average_are_named(arguments: dict[str, Any], message: str) -> None:
    """The account's first day is asked for where it is needed, and must not lie in the future."""
    with pytest.raises(InvalidValue) as refused:
        untyped(average)(history([]), **{"on": date(2026, 12, 31), **arguments})
    assert str(refused.value) == message


def test_a_history_is_no_list() -> None:
    """Days and amounts are asked for in their own type."""
    with pytest.raises(InvalidValue, match="history: must be"):
        untyped(average)([], on=date(2026, 12, 31))


@pytest.mark.parametrize(
    ("field", "value"), [("total", usd("-0.01")), ("days", 0), ("window", 30), ("policy", "GUIDE")]
)
def test_an_average_that_cannot_be_is_not_built(field: str, value: Any) -> None:
    """Its parts are checked one by one."""
    good = average(history([]), on=date(2026, 12, 31))
    with pytest.raises(InvalidValue) as refused:
        attrs.evolve(good, **{field: value})
    assert refused.value.place == field


# --- recharge and reserve: MIN-4, MIN-5

#: 30 dollars a week come to 30/7 a day, which no number of decimals holds. Two histories stand for it: four weeks are
#: 120 exactly; days of 4.285714 lack 2 millionths a week, which no figure below shows.
NEAR_WEEKLY_30 = steady("4.285714", date(2026, 11, 1), date(2026, 12, 31))
FOUR_WEEKS = attrs.evolve(GUIDE, name="four weeks", window_days=28)


@pytest.mark.parametrize("on", [date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)])
@pytest.mark.parametrize(
    ("policy", "recharge", "reserve"),
    [(GUIDE, "60.00", "30.00"), (FAQ, "60.00", "21.43"), (GUIDE_EXAMPLE, "30.00", "30.00")],
)
def test_thirty_dollars_a_week(on: date, policy: RechargePolicy, recharge: str, reserve: str) -> None:
    """The guide's example under each named policy, over months of 30 and of 31 days."""
    quote = recharge_quote(NEAR_WEEKLY_30, at=on, balance=usd("50.00"), policy=policy)
    assert (quote.recharge, quote.reserve) == (usd(recharge), usd(reserve))
    assert quote.reserve_unrounded < usd(reserve)
    assert mistakes(quote.explanation()) == []


def test_thirty_dollars_a_week_exactly() -> None:
    """Over whole weeks, whatever the days, nothing is rounded at all."""
    week = ["9.00", "0.00", "3.00", "8.00", "10.00", "0.00", "0.00"]
    days = (date(2026, 12, 1) + timedelta(number) for number in range(28))
    used = history(zip(days, itertools.cycle(week), strict=False))
    quote = recharge_quote(used, at=date(2026, 12, 29), balance=usd("30.00"), policy=FOUR_WEEKS)
    assert quote.average.per_day.text == "30/7"
    assert (quote.recharge_unrounded, quote.reserve_unrounded) == (exact(usd("60.00")), exact(usd("30.00")))
    assert not quote.is_due


def test_figures_derive_from_the_unrounded_average() -> None:
    """0.10 in thirty days are 14/30 of it, not fourteen times a rounded third of a cent."""
    quote = recharge_quote(history([(date(2026, 12, 30), "0.10")]), at=date(2026, 12, 31), balance=usd("1.00"))
    assert quote.recharge_unrounded.text == "7/150"
    assert (quote.recharge, quote.reserve) == (usd("0.05"), usd("0.02"))


@pytest.mark.parametrize(("total", "recharge"), [("0.010714", "0.00"), ("0.010715", "0.01"), ("0.03225", "0.02")])
def test_a_recharge_is_rounded_half_up_once(total: str, recharge: str) -> None:
    """Just below half a cent is nothing, just above it a cent; a cent and a half is two."""
    quote = recharge_quote(history([(date(2026, 12, 30), total)]), at=date(2026, 12, 31), balance=usd("1.00"))
    assert quote.recharge == usd(recharge)


TEN_A_DAY = steady("10.00", date(2026, 12, 1), date(2026, 12, 30))
#: 100 in thirty days: the reserve of seven days is 70/3, between 23.333333 and 23.333334.
THIRDS = history([(date(2026, 12, 30), "100.00")])
AT = date(2026, 12, 31)
REACHED = attrs.evolve(GUIDE, due=DueWhen.AT_OR_BELOW)


@pytest.mark.parametrize(
    ("used", "balance", "below", "at_or_below"),
    [
        (TEN_A_DAY, "69.99", True, True),
        (TEN_A_DAY, "69.999999", True, True),
        (TEN_A_DAY, "70.00", False, True),
        (TEN_A_DAY, "70.000001", False, False),
        (TEN_A_DAY, "70.01", False, False),
        (THIRDS, "23.32", True, True),
        (THIRDS, "23.33", True, True),
        (THIRDS, "23.333333", True, True),
        (THIRDS, "23.333334", False, False),
        (THIRDS, "23.34", False, False),
        (THIRDS, "-5.00", True, True),
        (history([]), "-0.000001", True, True),
        (history([]), "0.00", False, True),
        (history([]), "0.000001", False, False),
    ],
)
def test_the_threshold_is_compared_unrounded(used: UsageHistory, balance: str, below: bool, at_or_below: bool) -> None:
    """At the reserve itself the policies differ; where it is a fraction, no balance is at it, and both agree."""
    quote = recharge_quote(used, at=AT, balance=usd(balance))
    reached = recharge_quote(used, at=AT, balance=usd(balance), policy=REACHED)
    assert (quote.is_due, reached.is_due) == (below, at_or_below)
    assert mistakes(quote.explanation()) == mistakes(reached.explanation()) == []


def test_a_reserve_is_shown_rounded_and_compared_exactly() -> None:
    """A balance that equals the reserve shown is below the reserve, and the words say why."""
    quote = recharge_quote(THIRDS, at=AT, balance=usd("23.33"))
    assert quote.reserve == quote.balance
    assert (
        quote.verdict == "The balance of 23.33 USD is below the reserve of 23.33 USD (exactly 70/3): a recharge is due."
    )


@pytest.mark.parametrize(
    ("policy", "balance", "verdict"),
    [
        (GUIDE, "70.00", "The balance of 70.00 USD is not below the reserve of 70.00 USD: no recharge is due."),
        (GUIDE, "69.99", "The balance of 69.99 USD is below the reserve of 70.00 USD: a recharge is due."),
        (REACHED, "70.00", "The balance of 70.00 USD has reached the reserve of 70.00 USD: a recharge is due."),
        (REACHED, "70.01", "The balance of 70.01 USD is above the reserve of 70.00 USD: no recharge is due."),
    ],
)
def test_the_verdict_is_in_the_words_of_the_policy(policy: RechargePolicy, balance: str, verdict: str) -> None:
    """Below, or reached: what the policy asks is what the sentence says."""
    assert recharge_quote(TEN_A_DAY, at=AT, balance=usd(balance), policy=policy).verdict == verdict


@pytest.mark.parametrize(
    ("balance", "recharge"),
    [
        ("70.00", "140.00"),
        ("-69.99", "140.00"),
        ("-70.00", "140.00"),
        ("-70.01", "140.01"),
        ("-500.00", "570.00"),
    ],
)
def test_a_gap_may_be_closed(balance: str, recharge: str) -> None:
    """By policy a recharge brings the balance at least back to the reserve; the guide's amount ignores the gap."""
    closing = attrs.evolve(GUIDE, name="closing", gap=Gap.CLOSED)
    quote = recharge_quote(TEN_A_DAY, at=AT, balance=usd(balance), policy=closing)
    assert quote.recharge == usd(recharge)
    assert recharge_quote(TEN_A_DAY, at=AT, balance=usd(balance)).recharge == usd("140.00")
    assert ("closes the gap" in quote.reason) is (recharge != "140.00")
    assert mistakes(quote.explanation()) == []


def test_the_customers_question_is_answered() -> None:
    """How does the automatic recharge work: last month's usage, two numbers, and when it happens."""
    quote = recharge_quote(NEAR_WEEKLY_30, at=date(2026, 12, 17), balance=usd("21.43"), policy=FAQ)
    assert quote.reason == (
        "From 2026-11-01 to 2026-11-30, calls and messages used 128.57142 USD, over 30 days. "
        "The recharge is 14 average days: 60.00 USD. "
        "The minimum reserve is 5 average days: 21.43 USD (exactly 21.42857). "
        "The balance of 21.43 USD is above the reserve of 21.43 USD (exactly 21.42857): no recharge is due."
    )
    assert quote.explanation().as_text() == (
        "recharge: 60.00 USD [MIN-4, MIN-5, MON-1]\n"
        f"  {quote.reason}\n"
        "  = round(128.57142 * 14 / 30, 2)\n"
        "  balance: 21.43 USD\n"
        "  recharge days: 14 days (policy FAQ)\n"
        "  minimum reserve: 21.43 USD [MIN-4, MIN-5, MON-1]\n"
        f"    {quote.verdict}\n"
        "    = round(128.57142 * 5 / 30, 2)\n"
        "    reserve days: 5 days (policy FAQ)\n"
        "  average daily usage: 4.285714 USD [MIN-4, MIN-5, MIN-9]\n"
        "    Calls and messages used 128.57142 USD from 2026-11-01 to 2026-11-30, divided by 30 days.\n"
        "    = 128.57142 * 1 / 30\n"
        "    usage: 128.57142 USD (2026-11-01 to 2026-11-30)\n"
        "    days: 30 days\n"
        "    policy: FAQ"
    )


def test_the_closed_gap_is_explained() -> None:
    """The working has both amounts, of which the greater is charged."""
    closing = attrs.evolve(GUIDE, name="closing", gap=Gap.CLOSED)
    quote = recharge_quote(TEN_A_DAY, at=AT, balance=usd("-80.00"), policy=closing)
    assert quote.explanation().working == "round(max(300.00 * 14 / 30, 300.00 * 7 / 30 - -80.00), 2)"
    assert "The recharge closes the gap to the reserve, more than 14 average days: 150.00 USD." in quote.reason


@pytest.mark.parametrize(("currency", "recharge", "reserve"), [("JPY", "47", "23"), ("KWD", "46.667", "23.333")])
def test_each_currency_rounds_to_its_own_minor_unit(currency: str, recharge: str, reserve: str) -> None:
    """Fourteen thirtieths of 100 are 47 yen or 46.667 dinars."""
    used = UsageHistory.of([(date(2026, 12, 30), "call", Money.parse("100", currency))], currency=currency)
    quote = recharge_quote(used, at=AT, balance=Money.zero(currency))
    assert (quote.recharge.text, quote.reserve.text) == (recharge, reserve)
    assert mistakes(quote.explanation()) == []


def test_usage_and_balance_share_a_currency() -> None:
    """A balance in yen has no reserve in dollars."""
    with pytest.raises(CurrencyMismatch, match="balance: must be in USD, not JPY"):
        recharge_quote(TEN_A_DAY, at=AT, balance=Money.zero("JPY"))


@pytest.mark.parametrize(("field", "value"), [("average", None), ("balance", 70)])
def test_a_quote_of_other_things_is_not_built(field: str, value: Any) -> None:
    """Its two parts are checked."""
    with pytest.raises(InvalidValue) as refused:
        attrs.evolve(recharge_quote(TEN_A_DAY, at=AT, balance=usd("70.00")), **{field: value})
    assert refused.value.place == field


# --- policies side by side: MIN-5


def test_named_policies_stand_side_by_side() -> None:
    """One call gives recharge, reserve and verdict of the guide, the customer questions and the guide's example."""
    quotes = compare(NEAR_WEEKLY_30, at=date(2026, 12, 1), balance=usd("29.00"))
    found = [(quote.policy.name, quote.recharge.text, quote.reserve.text, quote.is_due) for quote in quotes]
    assert found == [
        ("GUIDE", "60.00", "30.00", True),
        ("FAQ", "60.00", "21.43", False),
        ("GUIDE_EXAMPLE", "30.00", "30.00", True),
    ]


def test_any_policies_can_be_compared() -> None:
    """Every number of a policy can be set; the order asked for is the order of the answer."""
    custom = RechargePolicy(name="week and day", window_days=7, recharge_days=7, reserve_days=1)
    quotes = compare(TEN_A_DAY, at=AT, balance=usd("10.00"), policies=[custom, ELAPSED], began=date(2026, 12, 16))
    assert [(quote.policy.name, quote.recharge.text, quote.reserve.text) for quote in quotes] == [
        ("week and day", "70.00", "10.00"),
        ("elapsed", "280.00", "140.00"),
    ]


def test_the_named_policies_are_the_documents_own() -> None:
    """What each document says, number by number."""
    assert (GUIDE.window, GUIDE.window_days, GUIDE.recharge_days, GUIDE.reserve_days, GUIDE.due) == (
        *(UsageWindow.TRAILING_DAYS, 30, 14, 7, DueWhen.BELOW),
    )
    assert (FAQ.window, FAQ.recharge_days, FAQ.reserve_days, FAQ.due) == (
        *(UsageWindow.CALENDAR_MONTH, 14, 5, DueWhen.AT_OR_BELOW),
    )
    assert attrs.evolve(GUIDE_EXAMPLE, name="GUIDE", recharge_days=14) == GUIDE
    assert list(minutes.RECHARGE_POLICIES.values()) == [GUIDE, FAQ, GUIDE_EXAMPLE]
    assert {(policy.young, policy.gap) for policy in (GUIDE, FAQ, GUIDE_EXAMPLE)} == {
        (YoungAccount.FULL_WINDOW, Gap.IGNORED)
    }


# --- forecast: MIN-11


@pytest.mark.parametrize(
    ("used", "balance", "reserve", "empty"),
    [
        (TEN_A_DAY, "100.00", Fraction(3), Fraction(10)),
        (TEN_A_DAY, "75.00", Fraction(1, 2), Fraction(15, 2)),
        (TEN_A_DAY, "70.000001", Fraction(1, 10_000_000), Fraction(70_000_001, 10_000_000)),
        (TEN_A_DAY, "70.00", Fraction(0), Fraction(7)),
        (TEN_A_DAY, "69.999999", Fraction(0), Fraction(69_999_999, 10_000_000)),
        (TEN_A_DAY, "0.00", Fraction(0), Fraction(0)),
        (TEN_A_DAY, "-1.00", Fraction(0), Fraction(0)),
        (THIRDS, "100.00", Fraction(23), Fraction(30)),
        (history([]), "0.01", None, None),
        (history([]), "0.00", Fraction(0), Fraction(0)),
        (history([]), "-0.01", Fraction(0), Fraction(0)),
    ],
)
def test_days_left(used: UsageHistory, balance: str, reserve: Fraction | None, empty: Fraction | None) -> None:
    """Exact days to the reserve and to nothing; none to go where it is there already, never where nothing is used."""
    left = forecast(recharge_quote(used, at=AT, balance=usd(balance)))
    assert (left.until_reserve, left.until_empty) == (reserve, empty)
    assert left.whole_days_until_reserve == (None if reserve is None else int(reserve))
    assert left.whole_days_until_empty == (None if empty is None else int(empty))
    assert mistakes(left.explanation()) == []


def test_a_forecast_says_how_it_comes_about() -> None:
    """Both figures with their working, and "never" in words."""
    left = forecast(recharge_quote(TEN_A_DAY, at=AT, balance=usd("75.00")))
    empty, reserve = left.explanation(), left.explanation().parts[0]
    assert (empty.figure, empty.value, empty.unit, empty.working) == (
        *("days until empty", "15/2", "days", "max(75.00 * 30 - 300.00 * 0, 0) / 300.00"),
    )
    assert (reserve.figure, reserve.value, reserve.working) == (
        *("days until the reserve", "1/2", "max(75.00 * 30 - 300.00 * 7, 0) / 300.00"),
    )
    never = forecast(recharge_quote(history([]), at=AT, balance=usd("75.00"))).explanation()
    assert (never.value, never.unit, never.working) == ("never", "", "")


@pytest.mark.parametrize("balance", ["0.00", "-0.01"])
def test_a_forecast_without_usage_of_nothing_is_over(balance: str) -> None:
    """No days are left, and the arithmetic says so."""
    told = forecast(recharge_quote(history([]), at=AT, balance=usd(balance))).explanation()
    assert [(each.value, each.working) for each in (told, told.parts[0])] == [("0", "0"), ("0", "0")]


def test_a_forecast_is_made_of_a_quote() -> None:
    """Balance and average come together."""
    with pytest.raises(InvalidValue, match="quote: must be a RechargeQuote"):
        untyped(forecast)(usd("1.00"))


# --- the switch: MIN-13


def test_automatic_recharge_is_off_until_it_is_switched_on() -> None:
    """Switching on takes a name, and may take a source."""
    off = AutomaticRecharge()
    assert not off.is_on
    on = switch_on(off, authorization=ADA, source="card-2")
    assert (on.is_on, on.authorization, on.source) == (True, ADA, "card-2")


def test_switching_on_again_names_anew() -> None:
    """The last name and source count; a source not named again is forgotten."""
    grace = Authorization(Person("Grace", "Hopper"), accepted=True)
    again = switch_on(switch_on(AutomaticRecharge(), authorization=ADA, source="card-2"), authorization=grace)
    assert again == AutomaticRecharge(grace)


def test_switching_off_forgets_name_and_source() -> None:
    """What is off is as if it had never been on; switching off twice changes nothing."""
    off = switch_off(switch_on(AutomaticRecharge(), authorization=ADA, source="card-2"))
    assert off == switch_off(off) == AutomaticRecharge()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AutomaticRecharge(source="card-2"), "source: must not be named while automatic recharge is off"),
        (lambda: AutomaticRecharge(ADA, ""), "source: must not be blank"),
        (lambda: untyped(AutomaticRecharge)("Ada"), "authorization: must be an Authorization, not 'Ada'"),
        (lambda: untyped(switch_on)(OFF, authorization=None), "authorization: must be an Authorization, not None"),
        (lambda: untyped(switch_on)(None, authorization=ADA), "automatic: must be an AutomaticRecharge, not None"),
        (lambda: untyped(switch_off)(None), "automatic: must be an AutomaticRecharge, not None"),
    ],
)
def test_wrong_arguments_of_the_switch_are_named(call: Any, message: str) -> None:
    """Nobody switches on without a name, and nothing that is off names a source."""
    with pytest.raises(InvalidValue) as refused:
        call()
    assert str(refused.value) == message


def test_a_source_that_could_be_a_card_number_is_not_repeated() -> None:
    """The refusal names the field only."""
    with pytest.raises(InvalidValue) as refused:
        AutomaticRecharge(ADA, "4111 1111 1111 1111")
    assert "4111" not in str(refused.value)


# --- the decision at a run: MIN-7, MIN-12, MIN-13

DUE = recharge_quote(TEN_A_DAY, at=AT, balance=usd("69.99"))
NOT_DUE = recharge_quote(TEN_A_DAY, at=AT, balance=usd("70.00"))
#: Fourteen days' worth just short of half a cent: due at zero, and nothing to charge.
NOTHING = recharge_quote(history([(date(2026, 12, 30), "0.010714")]), at=AT, balance=usd("0.00"))
YEN = Money.parse("1", "JPY")
CAP = RechargeLimits(monthly_cap=usd("400.00"))


def decided(quote: RechargeQuote = DUE, **arguments: Any) -> RechargeDecision:
    """A decision in which nothing speaks against the recharge, but for what is stated."""
    fine: dict[str, Any] = {
        "automatic": ON,
        "under_way": False,
        "recharged_this_month": usd("0.00"),
        "recharges_today": 0,
        "watermark_is_current": True,
    }
    return recharge_decision(quote, **{**fine, **arguments})


def test_a_recharge_that_is_due_is_charged() -> None:
    """With nothing against it, the recharge of the quote is charged."""
    decision = decided()
    assert decision.charge == usd("140.00")
    assert decision.reasons == decision.notices == ()
    assert decision.reason == f"{DUE.verdict} 140.00 USD is charged."
    assert mistakes(decision.explanation()) == []
    assert (decision.explanation().value, decision.explanation().rules) == ("140.00", ("MIN-7", "MIN-5"))


OFF_WORDS = "Automatic recharge is off until somebody switches it on"
NOT_DUE_WORDS = "The balance of 70.00 USD is not below the reserve of 70.00 USD: no recharge is due"
UNDER_WAY_WORDS = "A recharge is under way; a second one waits until it is settled"
STALE_WORDS = "Usage is not known up to the present day, so the balance is not certain"
CAP_WORDS = "140.00 USD on top of the 260.01 USD recharged this month would pass the cap of 400.00 USD"
DAILY_WORDS = "Automatic recharges made today: 3, of at most 3 a day"
PASSING = {"limits": CAP, "recharged_this_month": usd("260.01")}


@pytest.mark.parametrize(
    ("quote", "arguments", "reason", "rule", "words"),
    [
        (DUE, {"automatic": OFF}, Reason.SWITCHED_OFF, "MIN-13", OFF_WORDS),
        (NOT_DUE, {}, Reason.NOT_DUE, "MIN-5", NOT_DUE_WORDS),
        (NOTHING, {}, Reason.ZERO, "MIN-7", "A recharge of 0.00 USD is never charged"),
        (DUE, {"under_way": True}, Reason.UNDER_WAY, "MIN-7", UNDER_WAY_WORDS),
        (DUE, {"watermark_is_current": False}, Reason.USAGE_NOT_CURRENT, "MIN-4", STALE_WORDS),
        (DUE, PASSING, Reason.MONTHLY_CAP, "MIN-12", CAP_WORDS),
        (DUE, {"recharges_today": 3}, Reason.DAILY_LIMIT, "MIN-12", DAILY_WORDS),
    ],
)
def test_each_reason_stands_alone(
    quote: RechargeQuote, arguments: dict[str, Any], reason: Reason, rule: str, words: str
) -> None:
    """One thing against it is enough; the words have its numbers and its rule."""
    decision = decided(quote, **arguments)
    assert (decision.reasons, decision.charge) == ((reason,), None)
    assert (reason.rule, decision.reason) == (rule, f"{words} ({rule}).")
    assert (decision.explanation().value, decision.explanation().rules) == ("not charged", (rule,))
    assert mistakes(decision.explanation()) == []


def test_reasons_come_in_their_fixed_order() -> None:
    """All that hold are named, always in the same order."""
    idle = recharge_quote(history([]), at=AT, balance=usd("0.01"))
    decision = decided(
        idle,
        automatic=OFF,
        under_way=True,
        recharged_this_month=usd("400.01"),
        recharges_today=4,
        watermark_is_current=False,
        limits=CAP,
    )
    assert decision.reasons == tuple(Reason)
    assert decision.notices == ()
    assert decision.explanation().rules == ("MIN-13", "MIN-5", "MIN-7", "MIN-4", "MIN-12")


@pytest.mark.parametrize(
    ("recharged", "charged"), [("259.99", True), ("260.00", True), ("260.01", False), ("400.00", False)]
)
def test_a_recharge_may_reach_the_cap_but_not_pass_it(recharged: str, charged: bool) -> None:
    """With 140 to charge and a cap of 400, 260 before it is the most."""
    decision = decided(limits=CAP, recharged_this_month=usd(recharged))
    assert (decision.charge is not None) is charged
    assert decision.notices == (() if charged else (Reason.MONTHLY_CAP,))


@pytest.mark.parametrize(
    ("today", "per_day", "charged"), [(2, 3, True), (3, 3, False), (4, 3, False), (0, 0, False), (0, 1, True)]
)
def test_the_number_a_day_is_limited(today: int, per_day: int, charged: bool) -> None:
    """The third of a day is made, the fourth is not."""
    decision = decided(recharges_today=today, limits=RechargeLimits(per_day=per_day))
    assert (decision.charge is not None) is charged
    assert decision.notices == (() if charged else (Reason.DAILY_LIMIT,))


def test_the_standard_limits() -> None:
    """No cap, and three a day; every four hours."""
    assert decided().limits == RechargeLimits(interval_hours=4, per_day=3, monthly_cap=None)


@pytest.mark.parametrize(
    ("quote", "arguments", "notices"),
    [
        (NOT_DUE, {"recharges_today": 3}, ()),
        (NOTHING, {"recharges_today": 3}, ()),
        (DUE, {"under_way": True, "recharges_today": 3}, ()),
        (NOT_DUE, {"watermark_is_current": False}, (Reason.USAGE_NOT_CURRENT,)),
        (DUE, {"watermark_is_current": False, "automatic": OFF}, ()),
        (DUE, {"watermark_is_current": False, "recharges_today": 3}, (Reason.USAGE_NOT_CURRENT, Reason.DAILY_LIMIT)),
    ],
)
def test_notices_are_for_recharges_that_are_needed(
    quote: RechargeQuote, arguments: dict[str, Any], notices: tuple[Reason, ...]
) -> None:
    """A limit nobody runs into is no news; usage that is not known is, as soon as automatic recharge is on."""
    assert decided(quote, **arguments).notices == notices


@pytest.mark.parametrize(
    ("smallest", "charge"), [("139.99", "140.00"), ("140.00", "140.00"), ("140.01", "140.01"), ("0.00", "140.00")]
)
def test_a_recharge_is_raised_to_the_smallest_charge(smallest: str, charge: str) -> None:
    """What a payment provider would not take is raised to what it takes."""
    decision = decided(smallest_charge=usd(smallest))
    assert decision.charge == usd(charge)
    raised = smallest == "140.01"
    assert decision.explanation().working == ("max(140.00, 140.01)" if raised else "140.00")
    assert ("smallest charge" in [given.name for given in decision.explanation().inputs]) is raised
    assert mistakes(decision.explanation()) == []


def test_nothing_is_not_raised_to_the_smallest_charge() -> None:
    """A recharge of zero is never charged, whatever the provider's least is."""
    assert decided(NOTHING, smallest_charge=usd("0.50")).charge is None


def test_the_cap_counts_what_would_be_charged() -> None:
    """A recharge raised to the smallest charge passes a cap that it would have kept."""
    cap = RechargeLimits(monthly_cap=usd("140.00"))
    assert decided(limits=cap).charge == usd("140.00")
    assert decided(limits=cap, smallest_charge=usd("140.01")).reasons == (Reason.MONTHLY_CAP,)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"automatic": True}, InvalidValue, "automatic: must be an AutomaticRecharge, not True"),
        ({"under_way": 1}, InvalidValue, "under_way: must be a bool, not 1"),
        ({"watermark_is_current": None}, InvalidValue, "watermark_is_current: must be a bool, not None"),
        ({"recharges_today": -1}, InvalidValue, "recharges_today: must be at least 0, not -1"),
        ({"recharged_this_month": 0}, InvalidValue, "recharged_this_month: must be a Money, not 0"),
        ({"smallest_charge": usd("-1.00")}, InvalidPrice, "smallest_charge: must be at least 0.00 USD, not -1.00 USD"),
        ({"recharged_this_month": YEN}, CurrencyMismatch, "recharged_this_month: must be in USD, not JPY"),
        ({"smallest_charge": YEN}, CurrencyMismatch, "smallest_charge: must be in USD, not JPY"),
        ({"limits": RechargeLimits(monthly_cap=YEN)}, CurrencyMismatch, "limits.monthly_cap: must be in USD, not JPY"),
        ({"limits": 3}, InvalidValue, "limits: must be a RechargeLimits, not 3"),
        ({"quote": 3}, InvalidValue, "quote: must be a RechargeQuote, not 3"),
    ],
)
def test_wrong_arguments_of_a_decision_are_named(
    arguments: dict[str, Any], error: type[InvalidValue], message: str
) -> None:
    """Every argument is checked before anything is decided."""
    with pytest.raises(error) as refused:
        decided(**{"quote": DUE, **arguments})
    assert str(refused.value) == message


# --- runs: MIN-7


def utc(day: int, hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime.datetime:
    """An instant of December 2026."""
    return datetime.datetime(2026, 12, day, hour, minute, second, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "last", "following"),
    [
        (utc(1, 0), utc(1, 0), utc(1, 4)),
        (utc(1, 3, 59, 59, 999_999), utc(1, 0), utc(1, 4)),
        (utc(1, 4), utc(1, 4), utc(1, 8)),
        (utc(1, 4, 0, 0, 1), utc(1, 4), utc(1, 8)),
        (utc(1, 23, 59), utc(1, 20), utc(2, 0)),
    ],
)
def test_runs_are_every_four_hours_of_the_utc_day(
    at: datetime.datetime, last: datetime.datetime, following: datetime.datetime
) -> None:
    """A run is at or before its own instant, never after it; a microsecond decides."""
    assert (last_run(at), next_run(at)) == (last, following)
    assert next_run(at).tzinfo is UTC


def test_runs_take_no_notice_of_summer_time() -> None:
    """Where clocks are set forward or back, runs stay four hours apart."""
    new_york = ZoneInfo("America/New_York")
    before = datetime.datetime(2026, 11, 1, 0, 30, tzinfo=new_york)  # the night with two one o'clocks
    runs = list(itertools.islice(run_instants(before), 3))
    assert [run.isoformat() for run in runs] == [
        *("2026-11-01T08:00:00+00:00", "2026-11-01T12:00:00+00:00", "2026-11-01T16:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("hours", "starts"),
    [
        (24, ["02T00", "03T00", "04T00"]),
        (1, ["01T18", "01T19", "01T20"]),
        (5, ["01T18", "01T23", "02T04"]),
        (36, ["03T00", "04T12", "06T00"]),
    ],
)
def test_any_interval_keeps_its_length_over_midnight(hours: int, starts: list[str]) -> None:
    """One that does not divide a day falls on other hours each day, and can be longer than a day."""
    runs = itertools.islice(run_instants(utc(1, 17), RechargeLimits(interval_hours=hours)), 3)
    found = list(runs)
    assert [run.isoformat()[8:13] for run in found] == starts
    origin = datetime.datetime(1970, 1, 1, tzinfo=UTC)
    assert all((run - origin) % timedelta(hours=hours) == timedelta(0) for run in found)


def test_runs_before_the_origin_keep_the_grid() -> None:
    """Counting backwards rounds towards the past."""
    assert last_run(datetime.datetime(1969, 12, 31, 23, tzinfo=UTC)).isoformat() == "1969-12-31T20:00:00+00:00"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: next_run(datetime.datetime(9999, 12, 31, 20, tzinfo=UTC)), InvalidPeriod),
        (lambda: last_run(datetime.datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))), InvalidPeriod),
        (lambda: next_run(utc(1, 0), RechargeLimits(interval_hours=2**62)), InvalidPeriod),
        (lambda: next_run(datetime.datetime(2026, 12, 1)), InvalidValue),  # noqa: DTZ001 - refused for that
        (lambda: untyped(next_run)(date(2026, 12, 1)), InvalidValue),
        (lambda: untyped(next_run)(utc(1, 0), 4), InvalidValue),
        (lambda: next(run_instants(datetime.datetime(2026, 12, 1))), InvalidValue),  # noqa: DTZ001 - refused for that
    ],
)
def test_runs_need_an_instant_within_the_calendar(call: Any, error: type[InvalidValue]) -> None:
    """Nobody knows when a naive time is; nothing runs after the year 9999."""
    with pytest.raises(error):
        call()
