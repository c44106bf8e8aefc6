"""Usage by example: what a call and a message draw, rates that are missing, and histories of days."""

import datetime
import itertools
import pickle
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from licensebill import usage
from licensebill.cycles import Period
from licensebill.errors import InvalidValue
from licensebill.money import CurrencyMismatch, InvalidMoney, Money
from licensebill.pricing import BeyondLastTier, Flat, Graduated, InvalidPrice, PerUnit, Tier, ZeroQuantity
from licensebill.terms import (
    HALF_MINUTE_THEN_SIX,
    PER_MINUTE,
    PER_SECOND,
    Contract,
    ContractRate,
    Dated,
    Increments,
    Rate,
    Step,
)
from licensebill.usage import DayUsage, NoRate, UsageHistory, billable_seconds, draw, further_draw, rate_of
from tests.untyped import untyped
from tests.working import mistakes


def usd(amount: str) -> Money:
    """An amount in US dollars."""
    return Money.parse(amount, "USD")


def calls(increments: Increments = PER_MINUTE, amount: str = "0.02", per: int = 60) -> Rate:
    """A rate of calls by the second."""
    return Rate(price=PerUnit(amount=usd(amount), per=per, unit="seconds"), increments=increments)


MESSAGES = Rate(price=PerUnit(amount=usd("0.0075"), unit="messages"))
MONDAY, TUESDAY, SUNDAY = date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 6)
MIDNIGHT = datetime.datetime(2026, 12, 7)  # noqa: DTZ001 - one without a time zone is refused
UNORDERED = "must come after the kind before it, in the order of text"
UNREPEATED = "it is not repeated here and must not be stored"

# --- rates: MIN-2

CONTRACT = Contract(
    reference="order form 2026-17",
    start=date(2026, 1, 1),
    end=date(2027, 1, 1),
    rates=(ContractRate("call", Dated((Step(date(2026, 3, 1), calls(), "amendment 2"),))),),
)


def test_a_rate_comes_with_where_it_was_agreed() -> None:
    """The step tells since when the rate holds and why, so that a bill can name it."""
    found = rate_of("call", CONTRACT, date(2026, 3, 1))
    assert found == Step(date(2026, 3, 1), calls(), "amendment 2")


UNNAMED = "contract order form 2026-17 names no rate for it on that day (MIN-2)"
NO_CONTRACT = "no contract is in force on that day (MIN-2)"


@pytest.mark.parametrize(
    ("kind", "contract", "on", "message"),
    [
        ("sms", CONTRACT, date(2026, 12, 1), f"usage 'sms' on 2026-12-01 cannot be priced: {UNNAMED}"),
        ("call", CONTRACT, date(2026, 2, 28), f"usage 'call' on 2026-02-28 cannot be priced: {UNNAMED}"),
        ("call", CONTRACT, date(2027, 1, 1), f"usage 'call' on 2027-01-01 cannot be priced: {UNNAMED}"),
        ("call", None, date(2026, 12, 1), f"usage 'call' on 2026-12-01 cannot be priced: {NO_CONTRACT}"),
    ],
)
def test_a_usage_without_rate_is_an_error(kind: str, contract: Contract | None, on: date, message: str) -> None:
    """Where no rate is agreed, before it begins, after the term or without a contract, nothing is free."""
    with pytest.raises(NoRate) as refused:
        rate_of(kind, contract, on)
    assert str(refused.value) == message
    assert (refused.value.code, refused.value.rule) == ("no_rate", "MIN-2")
    assert str(pickle.loads(pickle.dumps(refused.value))) == message  # noqa: S301 - ours


def test_a_kind_that_could_be_a_card_number_is_not_repeated() -> None:
    """The message describes a long row of digits and does not show it."""
    with pytest.raises(NoRate) as refused:
        rate_of("4111 1111 1111 1111", CONTRACT, MONDAY)
    assert "a text of 19 characters" in str(refused.value)
    assert "4111" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "contract", "on", "place"),
    [("", CONTRACT, MONDAY, "kind"), ("call", "A", MONDAY, "contract"), ("call", CONTRACT, "today", "on")],
)
def test_wrong_arguments_of_a_rate_are_named(kind: Any, contract: Any, on: Any, place: str) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidValue) as refused:
        rate_of(kind, contract, on)
    assert refused.value.place == place


# --- draws: MIN-10


@pytest.mark.parametrize(
    ("increments", "seconds", "billable"),
    [
        (PER_MINUTE, 0, 0),
        (PER_MINUTE, 1, 60),
        (PER_MINUTE, 59, 60),
        (PER_MINUTE, 60, 60),
        (PER_MINUTE, 61, 120),
        (PER_MINUTE, 120, 120),
        (PER_MINUTE, 121, 180),
        (HALF_MINUTE_THEN_SIX, 0, 0),
        (HALF_MINUTE_THEN_SIX, 1, 30),
        (HALF_MINUTE_THEN_SIX, 29, 30),
        (HALF_MINUTE_THEN_SIX, 30, 30),
        (HALF_MINUTE_THEN_SIX, 31, 36),
        (HALF_MINUTE_THEN_SIX, 36, 36),
        (HALF_MINUTE_THEN_SIX, 37, 42),
        (PER_SECOND, 0, 0),
        (PER_SECOND, 1, 1),
        (PER_SECOND, 61, 61),
    ],
)
def test_seconds_are_billed_by_increments(increments: Increments, seconds: int, billable: int) -> None:
    """The first increment counts in full, each following one once begun; a call not connected counts nothing."""
    drawn = draw(calls(increments), seconds=seconds)
    assert (drawn.used, drawn.billable) == (seconds, billable)
    assert mistakes(drawn.explanation()) == []


@pytest.mark.parametrize(("seconds", "amount"), [(0, "0.00"), (1, "0.02"), (60, "0.02"), (61, "0.04"), (3_600, "1.20")])
def test_a_call_at_the_standard_cost(seconds: int, amount: str) -> None:
    """Two cents for each minute begun; an hour is 1.20."""
    assert draw(calls(), seconds=seconds).amount == usd(amount)


def test_a_draw_is_rounded_once_half_up_to_a_micro() -> None:
    """Half a micro is rounded up; what is charged by the second keeps no more than six decimals."""
    assert draw(calls(PER_SECOND, "0.000001", 2), seconds=1).amount == Money(1, "USD")
    third = draw(calls(PER_SECOND, "0.02", 60), seconds=1)
    assert third.unrounded.text == "1/3000"
    assert third.amount == Money(333, "USD")
    assert mistakes(third.explanation()) == []


def test_messages_are_counted() -> None:
    """A rate without increments prices pieces."""
    drawn = draw(MESSAGES, count=3)
    assert (drawn.amount, drawn.billable) == (usd("0.0225"), 3)
    assert drawn.explanation().parts == ()
    assert mistakes(drawn.explanation()) == []


def test_nothing_used_costs_nothing_unless_the_policy_charges_the_flat_part() -> None:
    """A connection fee is not charged for a call that was not connected, or it is, by policy."""
    connection = Rate(price=Flat(amount=usd("0.05"), unit="seconds"), increments=PER_MINUTE)
    assert draw(connection, seconds=0).amount == usd("0.00")
    charged = draw(connection, seconds=0, zero=ZeroQuantity.FLAT)
    assert charged.amount == usd("0.05")
    assert mistakes(charged.explanation()) == []


def test_a_draw_says_how_it_comes_about() -> None:
    """The explanation shows seconds, increments, price and rounding."""
    assert draw(calls(HALF_MINUTE_THEN_SIX), seconds=31).explanation().as_text() == (
        "draw: 0.012 USD [MIN-10, MIN-2, PRC-1]\n"
        "  36 seconds at 0.02 USD per 60 seconds, rounded once to a millionth.\n"
        "  = round(36 * 0.02 / 60, 6)\n"
        "  used: 31 seconds\n"
        "  rate: 0.02 USD per 60 seconds\n"
        "  billable seconds: 36 seconds [MIN-10]\n"
        "    Calls are charged by 30/6 seconds: the first 30 in full, then each 6 begun.\n"
        "    = 30 + ceil(max(31 - 30, 0) / 6) * 6\n"
        "    used: 31 seconds\n"
        "    increments: 30/6 seconds"
    )


SECONDS_WANTED = "seconds: must be given, and nothing else: the rate prices seconds"
COUNT_WANTED = "count: must be given, and nothing else: the rate prices pieces"


@pytest.mark.parametrize(
    ("rate", "given", "message"),
    [
        (calls(), {}, SECONDS_WANTED),
        (calls(), {"count": 1}, SECONDS_WANTED),
        (calls(), {"seconds": 1, "count": 1}, SECONDS_WANTED),
        (MESSAGES, {}, COUNT_WANTED),
        (MESSAGES, {"seconds": 1}, COUNT_WANTED),
        (MESSAGES, {"seconds": 1, "count": 1}, COUNT_WANTED),
        (calls(), {"seconds": -1}, "seconds: must be at least 0, not -1"),
        (calls(), {"seconds": True}, "seconds: must be a whole number, not True"),
        (MESSAGES, {"count": 1.0}, "count: must be a whole number, not a float"),
        ("0.02", {"seconds": 1}, "rate: must be a Rate, not '0.02'"),
        (calls(), {"seconds": 1, "zero": "free"}, "zero: must be a ZeroQuantity, not 'free'"),
    ],
)
def test_wrong_arguments_of_a_draw_are_named(rate: Any, given: dict[str, Any], message: str) -> None:
    """Exactly the quantity that the rate prices must be given."""
    with pytest.raises(InvalidValue) as refused:
        untyped(draw)(rate, **given)
    assert str(refused.value) == message


def test_a_quantity_beyond_the_last_tier_is_refused() -> None:
    """What the price does not reach is not free."""
    with pytest.raises(BeyondLastTier):
        draw(Rate(price=Graduated(tiers=(Tier(10, usd("0.01")),), unit="messages")), count=11)


def test_arithmetic_of_increments_takes_columns() -> None:
    """The bare rule needs nothing but what is passed in to pick and to compare."""
    picked: list[bool] = []

    def choose(condition: bool, then: int, otherwise: int) -> int:
        picked.append(condition)
        return then if condition else otherwise

    assert billable_seconds(31, 30, 6, max, choose) == 36
    assert picked == [True]


# --- usage reported in parts: PRC-3


def test_a_call_reported_in_parts_costs_what_it_costs_as_a_whole() -> None:
    """No report charges an increment again that was charged before."""
    reports = [draw(calls(HALF_MINUTE_THEN_SIX), seconds=seconds) for seconds in (0, 10, 31, 33, 90)]
    parts = [further_draw(before, after).text for before, after in itertools.pairwise(reports)]
    assert parts == ["0.01", "0.002", "0.00", "0.018"]
    assert reports[-1].amount == usd("0.03")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            draw(calls(), seconds=1),
            draw(MESSAGES, count=1),
            "after: must be drawn at the rate of what was drawn before",
        ),
        (draw(calls(), seconds=2), draw(calls(), seconds=1), "after.used: must be at least 2, not 1"),
        (None, draw(calls(), seconds=1), "before: must be a Draw, not None"),
        (draw(calls(), seconds=1), None, "after: must be a Draw, not None"),
    ],
)
def test_parts_of_different_usages_are_refused(before: Any, after: Any, message: str) -> None:
    """A part continues what was drawn before, at its rate."""
    with pytest.raises(InvalidValue) as refused:
        further_draw(before, after)
    assert str(refused.value) == message


# --- history


def test_a_history_sums_by_day_and_kind() -> None:
    """Entries come in any order and as often as they like; days and kinds come out in theirs."""
    entries = [
        (TUESDAY, "sms", usd("0.01")),
        (MONDAY, "sms", usd("0.02")),
        (MONDAY, "call", usd("1.00")),
        (MONDAY, "sms", usd("0.03")),
    ]
    history = UsageHistory.of(entries, currency="USD")
    assert history == UsageHistory(
        "USD",
        (
            DayUsage(MONDAY, (("call", usd("1.00")), ("sms", usd("0.05")))),
            DayUsage(TUESDAY, (("sms", usd("0.01")),)),
        ),
    )
    assert [day.total.text for day in history.days] == ["1.05", "0.01"]


def test_usage_of_nothing_leaves_no_trace() -> None:
    """A day or kind with nothing used equals one that is not there; both are zero."""
    assert UsageHistory.of([(MONDAY, "call", usd("0.00"))], currency="USD") == UsageHistory("USD")
    assert hash(UsageHistory.of([], currency="USD")) == hash(UsageHistory("USD"))


def test_a_history_is_read_from_a_stream() -> None:
    """A generator will do, and only the sums are kept."""

    def entries() -> Iterator[tuple[date, str, Money]]:
        for _ in range(10_000):
            yield MONDAY, "call", Money(3, "USD")

    assert UsageHistory.of(entries(), currency="USD").days == (DayUsage(MONDAY, (("call", usd("0.03")),)),)


def test_totals_are_of_a_half_open_period() -> None:
    """The first day counts, the day after the last does not; days without usage are zero."""
    entries = [(SUNDAY, "call", usd("1.00")), (MONDAY, "call", usd("2.00")), (TUESDAY, "sms", usd("4.00"))]
    history = UsageHistory.of(entries, currency="USD")
    assert history.total(Period(SUNDAY, TUESDAY)) == usd("3.00")
    assert history.total(Period(MONDAY, date(2026, 12, 9))) == usd("6.00")
    assert history.total(Period(date(2027, 1, 1), date(2027, 1, 2))) == usd("0.00")
    assert history.by_kind(Period(SUNDAY, date(2026, 12, 9))) == (("call", usd("3.00")), ("sms", usd("4.00")))
    assert history.by_kind(Period(date(2026, 11, 1), SUNDAY)) == ()
    assert UsageHistory.of([*history.entries(), *entries], currency="USD").total(Period(SUNDAY, TUESDAY)) == usd("6.00")


DOLLAR = usd("1.00")


@pytest.mark.parametrize(
    ("entry", "error", "problem"),
    [
        ((MONDAY, "call", usd("-0.01")), InvalidPrice, "must be at least 0.00 USD, not -0.01 USD"),
        ((MONDAY, "call", Money.parse("1", "JPY")), CurrencyMismatch, "must be in USD, not JPY"),
        ((MONDAY, "call", 1), InvalidValue, "must be a Money, not 1"),
        ((MONDAY, "call"), InvalidValue, "must be a triple of day, kind and amount, not a tuple"),
        ([MONDAY, "call", DOLLAR], InvalidValue, "must be a triple of day, kind and amount, not a list"),
        (("2026-12-07", "call", DOLLAR), InvalidValue, "must be a calendar day (datetime.date), not '2026-12-07'"),
        ((MIDNIGHT, "call", DOLLAR), InvalidValue, "must be a calendar day (datetime.date), not a datetime"),
        ((MONDAY, "", DOLLAR), InvalidValue, "must not be blank"),
        ((MONDAY, ["call"], DOLLAR), InvalidValue, "must be a text, not a list"),
        ((MONDAY, "4111111111111111", DOLLAR), InvalidValue, f"holds what could be a card number; {UNREPEATED}"),
    ],
)
def test_a_wrong_entry_is_named_by_its_position(entry: Any, error: type[InvalidValue], problem: str) -> None:
    """The error says which entry and what is wrong with it."""
    with pytest.raises(error) as refused:
        UsageHistory.of([(MONDAY, "call", DOLLAR), entry], currency="USD")
    assert str(refused.value) == f"entries[1]: {problem}"


def test_a_sum_too_large_for_an_amount_is_refused() -> None:
    """Nothing wraps around."""
    with pytest.raises(InvalidMoney):
        UsageHistory.of([(MONDAY, "call", Money(2**62, "USD"))] * 2, currency="USD")


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ((), "amounts: must hold at least one amount; a day without usage is left out"),
        ([("call", DOLLAR)], "amounts: must be a tuple, not a list"),
        ((("call",),), "amounts[0]: must be a pair of kind and amount"),
        ((("call", usd("0.00")),), "amounts[0]: must be at least 0.000001 USD, not 0.00 USD"),
        ((("", DOLLAR),), "amounts[0]: must not be blank"),
        ((("call", DOLLAR), ("sms", Money.parse("1", "JPY"))), "amounts[1]: must be in USD, not JPY"),
        ((("sms", DOLLAR), ("call", DOLLAR)), f"amounts[1]: {UNORDERED}"),
        ((("sms", DOLLAR), ("sms", DOLLAR)), f"amounts[1]: {UNORDERED}"),
    ],
)
def test_a_day_holds_each_kind_once_and_above_zero(amounts: Any, message: str) -> None:
    """A day that breaks this cannot be built."""
    with pytest.raises(InvalidValue) as refused:
        DayUsage(MONDAY, amounts)
    assert str(refused.value) == message


ONE = DayUsage(MONDAY, (("call", usd("1.00")),))


@pytest.mark.parametrize(
    ("currency", "days", "message"),
    [
        ("XXX", (), "currency: must be the code of a current ISO 4217 currency such as USD, not 'XXX'"),
        ("JPY", (ONE,), "days[0]: must be in JPY, not USD"),
        ("USD", (ONE, ONE), "days[1]: must come after 2026-12-07, not on 2026-12-07"),
        ("USD", (ONE, DayUsage(SUNDAY, ONE.amounts)), "days[1]: must come after 2026-12-07, not on 2026-12-06"),
        ("USD", (1,), "days[0]: must be a DayUsage, not 1"),
    ],
)
def test_days_of_a_history_ascend_in_one_currency(currency: str, days: Any, message: str) -> None:
    """A history that breaks this cannot be built."""
    with pytest.raises(InvalidValue) as refused:
        UsageHistory(currency, days)
    assert str(refused.value) == message


def test_a_period_must_be_one() -> None:
    """Totals are asked for by a period."""
    with pytest.raises(InvalidValue, match="period: must be a Period"):
        untyped(UsageHistory("USD").total)("2026-12")


def test_an_unknown_currency_is_refused_before_anything_is_read() -> None:
    """A history needs a currency even if nothing was used."""
    with pytest.raises(InvalidMoney):
        UsageHistory.of(iter(()), currency="usd")


def test_currencies_are_compared_by_name() -> None:
    """The shared guard names the place of the amount that is wrong."""
    usage.check_currency("balance", "USD", "USD")
    with pytest.raises(CurrencyMismatch, match="balance: must be in USD, not JPY"):
        usage.check_currency("balance", "JPY", "USD")
