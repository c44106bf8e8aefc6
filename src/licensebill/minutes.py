"""Dialer minutes: what a balance is worth, when it is recharged and by how much, and when it runs out.

The balance is money, prepaid. Three groups, in the order in which they depend on each other:

* the balance as it is shown, the manual purchase, and whether a new call may begin (MIN-1, MIN-3, MIN-8);
* the average daily usage, and from it recharge, reserve and forecast (MIN-4, MIN-5, MIN-9, MIN-11);
* the automatic recharge: its switch, its runs, and the decision at a run (MIN-7, MIN-12, MIN-13).

Each takes plain values and gives one back; none knows an account, a funding source or a clock. What calls and messages
draw, and the history of usage, stand in `usage`, whose names are passed on here. What the balance is belongs to
`accounts`, which source is charged to `funding`, the charge itself to `charging`; how a balance moves over many runs
(MIN-6) is seen in `simulation`.
"""

import datetime
import enum
from collections.abc import Iterable, Iterator
from datetime import UTC, date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, NewType

import attrs

from licensebill._checks import MAX_WHOLE, cardless_text, checked, day, each_of, instance, instant, whole
from licensebill.cycles import InvalidPeriod, Period, boundary
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.explain import Explanation, Input, many
from licensebill.money import ExactMoney, InvalidMoney, Money, decimals, exact, payable_amount
from licensebill.people import Authorization
from licensebill.pricing import price_amount
from licensebill.terms import FAQ as FAQ
from licensebill.terms import GUIDE as GUIDE
from licensebill.terms import GUIDE_EXAMPLE as GUIDE_EXAMPLE
from licensebill.terms import HALF_MINUTE_THEN_SIX as HALF_MINUTE_THEN_SIX
from licensebill.terms import PER_MINUTE as PER_MINUTE
from licensebill.terms import PER_SECOND as PER_SECOND
from licensebill.terms import RECHARGE_POLICIES as RECHARGE_POLICIES
from licensebill.terms import STANDARD
from licensebill.terms import DueWhen as DueWhen
from licensebill.terms import Gap as Gap
from licensebill.terms import Increments as Increments
from licensebill.terms import MinuteTerms as MinuteTerms
from licensebill.terms import Rate as Rate
from licensebill.terms import RechargeLimits as RechargeLimits
from licensebill.terms import RechargePolicy as RechargePolicy
from licensebill.terms import UsageWindow as UsageWindow
from licensebill.terms import YoungAccount as YoungAccount
from licensebill.usage import Choose, Maximum, check_currency, chosen
from licensebill.usage import DayUsage as DayUsage
from licensebill.usage import Draw as Draw
from licensebill.usage import NoRate as NoRate
from licensebill.usage import UsageHistory as UsageHistory
from licensebill.usage import draw as draw
from licensebill.usage import further_draw as further_draw
from licensebill.usage import rate_of as rate_of

#: Whole dialer minutes; no amount of money.
Minutes = NewType("Minutes", int)


# --- the balance, and the manual purchase -------------------------------------------------------------------------


def whole_minutes(balance: int, cost: int, choose: Choose = chosen) -> int:
    """How many whole minutes a balance is, towards zero, in arithmetic that serves ints and columns alike.

    Args:
        balance: micros, also below zero.
        cost: of a minute in micros, above zero.
        choose: picks by a condition.

    Source: MIN-1.
    """
    return choose(balance < 0, 0 - (0 - balance) // cost, balance // cost)


def minutes_of(balance: Money, terms: MinuteTerms = STANDARD.minutes) -> Minutes:
    """The minutes shown beside a balance.

    Rounded towards zero: a balance of less than one minute's cost shows no minute, whether it is above zero or below.

    Args:
        balance: of prepaid minutes, also below zero.
        terms: with the cost per minute, a figure of display only; calls are drawn at the contract's rates.

    Returns:
        whole minutes.

    Raises:
        CurrencyMismatch: the cost per minute is in another currency.

    Source: MIN-1.

    Example:
        >>> minutes_of(Money.parse("100.00", "USD")), minutes_of(Money.parse("-0.05", "USD"))
        (5000, -2)
    """
    cost = instance("terms", terms, MinuteTerms).cost_per_minute
    check_currency("balance", instance("balance", balance, Money).currency, cost.currency)
    return Minutes(whole_minutes(balance.micros, cost.micros))


def cost_of(minutes: Minutes, terms: MinuteTerms = STANDARD.minutes) -> Money:
    """What so many minutes cost at the standard cost per minute.

    Args:
        minutes: whole minutes, also below zero.
        terms: with the cost per minute.

    Raises:
        InvalidValue: no whole number.

    Source: MIN-1.

    Example:
        >>> cost_of(Minutes(1500))
        Money.parse('30.00', 'USD')
    """
    return instance("terms", terms, MinuteTerms).cost_per_minute * whole("minutes", minutes, -MAX_WHOLE)


def may_call(balance: Money) -> bool:
    """Whether a new call may begin: the balance is above zero.

    A call under way is never cut off. It is recorded in full, so that the balance may end below zero.

    Source: MIN-8.

    Example:
        >>> may_call(Money(1, "USD")), may_call(Money.zero("USD"))
        (True, False)
    """
    return instance("balance", balance, Money).micros > 0


@attrs.frozen
class Remaining:
    """A balance as the customer sees it; see `remaining`."""

    balance: Money
    terms: MinuteTerms

    def __attrs_post_init__(self) -> None:
        minutes_of(self.balance, self.terms)  # refuses what has no minutes

    @property
    def minutes(self) -> Minutes:
        """Whole minutes, towards zero."""
        return minutes_of(self.balance, self.terms)

    @property
    def may_call(self) -> bool:
        """Whether a new call may begin."""
        return may_call(self.balance)

    @property
    def reason(self) -> str:
        """Why a new call may begin, or why not and what can be done about it."""
        if self.may_call:
            return f"{self.balance} is left, so new calls may begin."
        return (
            f"Nothing is left: the balance is {self.balance}, and no new call may begin until it is above zero. "
            f"A purchase by hand is at least {self.terms.minimum_purchase}."
        )

    def explanation(self) -> Explanation:
        """The minutes, and whether new calls may begin.

        Source: MIN-1, MIN-8, BIL-5.
        """
        calls = Explanation(
            figure="new calls",
            value="allowed" if self.may_call else "not allowed",
            rules=("MIN-8",),
            because=self.reason,
            inputs=(Input("balance", self.balance.text, self.balance.currency),),
        )
        return attrs.evolve(_shown_minutes(self.balance, self.terms), parts=(calls,))


def _shown_minutes(amount: Money, terms: MinuteTerms) -> Explanation:
    cost = terms.cost_per_minute
    towards_zero = "ceil" if amount.micros < 0 else "floor"
    return Explanation(
        figure="dialer minutes",
        value=str(minutes_of(amount, terms)),
        unit="minutes",
        rules=("MIN-1",),
        because=f"At {cost} a minute, {amount} is so many whole minutes.",
        working=f"{towards_zero}({amount.text} / {cost.text})",
        inputs=(
            Input("amount", amount.text, amount.currency),
            Input("cost per minute", cost.text, cost.currency),
        ),
    )


def remaining(balance: Money, terms: MinuteTerms = STANDARD.minutes) -> Remaining:
    """What is left: the balance, its minutes, and whether a new call may begin.

    Args:
        balance: of prepaid minutes, also below zero.
        terms: of conversion and purchase.

    Raises:
        CurrencyMismatch: the cost per minute is in another currency.

    Source: MIN-1, MIN-8.

    Example:
        >>> left = remaining(Money.parse("-0.04", "USD"))
        >>> left.minutes, left.may_call
        (-2, False)
    """
    return Remaining(balance, terms)


@attrs.frozen
class BelowMinimumPurchase(RuleViolation):
    """A manual purchase of minutes is smaller than the least there may be."""

    code: ClassVar[str] = "below_minimum_purchase"
    rule: ClassVar[str] = "MIN-3"

    amount: Money
    minimum: Money

    def __str__(self) -> str:
        return (
            f"cannot purchase minutes for {self.amount}: a purchase by hand is at least {self.minimum}; "
            "smaller amounts come by automatic recharge (MIN-3)"
        )


@attrs.frozen
class Purchase:
    """A manual purchase of minutes; see `purchase`."""

    amount: Money
    terms: MinuteTerms

    def __attrs_post_init__(self) -> None:
        cost, minimum = instance("terms", self.terms, MinuteTerms).cost_per_minute, self.terms.minimum_purchase
        check_currency("amount", instance("amount", self.amount, Money).currency, cost.currency)
        if payable_amount("amount", self.amount) < minimum:
            raise BelowMinimumPurchase(self.amount, minimum)
        if not self.amount:
            raise InvalidMoney("amount", f"must be above zero, not {self.amount}")

    @property
    def minutes(self) -> Minutes:
        """What the amount comes to in minutes."""
        return minutes_of(self.amount, self.terms)

    def explanation(self) -> Explanation:
        """The amount and its minutes.

        Source: MIN-3, MIN-1, BIL-5.
        """
        minimum = self.terms.minimum_purchase
        return Explanation(
            figure="purchase of minutes",
            value=self.amount.text,
            unit=self.amount.currency,
            rules=("MIN-3", "MIN-1"),
            because=f"{self.amount} was asked for; a purchase by hand is at least {minimum}.",
            inputs=(Input("minimum purchase", minimum.text, minimum.currency),),
            parts=(_shown_minutes(self.amount, self.terms),),
        )


def purchase(amount: Money, terms: MinuteTerms = STANDARD.minutes) -> Purchase:
    """A purchase of minutes by hand, of any payable amount from the minimum up.

    The minimum does not bind automatic recharge.

    Args:
        amount: payable.
        terms: with the minimum purchase.

    Raises:
        BelowMinimumPurchase: less than the minimum.
        InvalidMoney: an amount that is not payable.
        CurrencyMismatch: another currency than the terms'.

    Source: MIN-3.

    Example:
        >>> purchase(Money.parse("100.00", "USD")).minutes
        5000
        >>> purchase(Money.parse("99.99", "USD"))
        Traceback (most recent call last):
        licensebill.minutes.BelowMinimumPurchase: cannot purchase minutes for 99.99 USD: a purchase by hand is at \
least 100.00 USD; smaller amounts come by automatic recharge (MIN-3)
    """
    return Purchase(amount, terms)


# --- average, recharge, reserve -----------------------------------------------------------------------------------


def usage_window(policy: RechargePolicy, on: date) -> Period:
    """The whole days that the average of a recharge is taken over; the day of the recharge is not among them.

    Args:
        policy: trailing days, or the calendar month before.
        on: the day of the recharge in the account's zone.

    Raises:
        InvalidPeriod: the window begins before the calendar does.

    Source: MIN-4, MIN-5.

    Example:
        >>> print(usage_window(GUIDE, date(2026, 12, 17)))
        2026-11-17 to 2026-12-16
        >>> print(usage_window(FAQ, date(2026, 12, 17)))
        2026-11-01 to 2026-11-30
    """
    day("on", on)
    if instance("policy", policy, RechargePolicy).window is UsageWindow.CALENDAR_MONTH:
        if on.replace(day=1) == date.min:
            raise InvalidPeriod("on", f"{on} has no month before it in the calendar")
        return Period(boundary(on, -1), boundary(on, 0))
    if on.toordinal() <= policy.window_days:
        raise InvalidPeriod("on", f"{on} has no {policy.window_days} days before it in the calendar")
    return Period(on - timedelta(days=policy.window_days), on)


def counted_days(elapsed: int, window: int, maximum: Maximum = max, minimum: Maximum = min) -> int:
    """The days that a young account's average divides by, in arithmetic that serves ints and columns alike.

    Args:
        elapsed: days from the account's first to the end of the window; zero or less if it began later.
        window: the window's full length in days.
        maximum: the greater of two.
        minimum: the smaller of two.

    Source: MIN-9.
    """
    return maximum(minimum(elapsed, window), 1)


@attrs.frozen(kw_only=True)
class AverageUsage:
    """Average daily usage, as the exact ratio of a total and a number of days.

    Args:
        total: what was used in the window.
        days: what it is divided by; fewer than the window's only where the policy counts a young account's days.
        window: the days the total was taken over.
        policy: the policy that chose them.
    """

    total: Money = attrs.field(validator=checked(price_amount))
    days: int = attrs.field(validator=checked(whole, 1))
    window: Period = attrs.field(validator=checked(instance, Period))
    policy: RechargePolicy = attrs.field(validator=checked(instance, RechargePolicy))

    @property
    def per_day(self) -> ExactMoney:
        """One day's usage, exact."""
        return self.worth(1)

    def worth(self, days: int) -> ExactMoney:
        """What so many average days use, exact.

        Source: MIN-4, MON-1.
        """
        return exact(self.total, whole("days", days), self.days)

    @property
    def counted(self) -> str:
        """The days that are divided by, and why these, where they are not the window's (MIN-9)."""
        days, window = many(self.days, "day"), self.window.days
        return days if self.days == window else f"{days} (the account is younger than these {window})"

    def working(self, days: int) -> str:
        """The arithmetic of `worth`, with the numbers put in."""
        return f"{self.total.text} * {whole('days', days)} / {self.days}"

    def explanation(self) -> Explanation:
        """How the average comes about.

        Source: MIN-4, MIN-5, MIN-9, BIL-5.
        """
        return Explanation(
            figure="average daily usage",
            value=self.per_day.text,
            unit=self.total.currency,
            rules=("MIN-4", "MIN-5", "MIN-9"),
            because=f"Calls and messages used {self.total} from {self.window}, divided by {self.counted}.",
            working=self.working(1),
            inputs=(
                Input("usage", self.total.text, self.total.currency, f"{self.window}"),
                Input("days", str(self.days), "days"),
                Input("policy", self.policy.name),
            ),
        )


def average(
    history: UsageHistory, *, on: date, policy: RechargePolicy = GUIDE, began: date | None = None
) -> AverageUsage:
    """Average daily usage over the policy's window before a day.

    The window's full length is divided by, also for an account that is younger, unless the policy counts the days
    since it began. The day itself is not over and does not count.

    Args:
        history: usage by day and kind; every kind counts.
        on: the day of the recharge in the account's zone.
        policy: which days, and what they are divided by.
        began: the account's first day; needed only where the policy counts the days elapsed.

    Returns:
        an exact ratio; nothing is rounded.

    Raises:
        InvalidValue: the account began after `on`, or its first day is needed and missing.
        InvalidPeriod: the window begins before the calendar does.

    Source: MIN-4, MIN-5, MIN-9.

    Example:
        >>> history = UsageHistory.of([(date(2026, 12, 16), "call", Money.parse("100.00", "USD"))], currency="USD")
        >>> print(average(history, on=date(2026, 12, 17)).per_day)
        10/3 USD
    """
    instance("history", history, UsageHistory)
    window = usage_window(policy, on)
    if began is not None and day("began", began) > on:
        raise InvalidValue("began", f"must not be after {on}, the day of the recharge, not {began}")
    return AverageUsage(total=history.total(window), days=_divisor(window, policy, began), window=window, policy=policy)


def _divisor(window: Period, policy: RechargePolicy, began: date | None) -> int:
    if policy.young is YoungAccount.FULL_WINDOW:
        return window.days
    if began is None:
        raise InvalidValue("began", f"must be given: policy {policy.name} counts the days since the account began")
    return counted_days((window.end - began).days, window.days)


def above_reserve(balance: int, total: int, reserve_days: int, days: int) -> int:
    """How far a balance is above its reserve, in arithmetic that serves ints and columns alike.

    Both are multiplied by the days the average divides by, so that nothing is rounded: below zero means below the
    reserve, zero means at it.

    Args:
        balance: micros.
        total: the window's usage in micros.
        reserve_days: the reserve is this many average days.
        days: what the total is divided by.

    Source: MIN-4, MIN-5, MIN-11.
    """
    return balance * days - total * reserve_days


@attrs.frozen
class RechargeQuote:
    """Recharge and reserve at a balance; see `recharge_quote`.

    Raises:
        CurrencyMismatch: balance and usage are in two currencies.
    """

    average: AverageUsage = attrs.field(validator=checked(instance, AverageUsage))
    balance: Money = attrs.field(validator=checked(instance, Money))

    def __attrs_post_init__(self) -> None:
        check_currency("balance", self.balance.currency, self.average.total.currency)

    @property
    def policy(self) -> RechargePolicy:
        """The policy that the figures follow."""
        return self.average.policy

    @property
    def reserve_unrounded(self) -> ExactMoney:
        """The threshold that the balance is compared with, exact."""
        return self.average.worth(self.policy.reserve_days)

    @property
    def reserve(self) -> Money:
        """The threshold as it is shown, rounded to the minor unit; never compared with."""
        return self.reserve_unrounded.payable()

    @property
    def recharge_unrounded(self) -> ExactMoney:
        """The recharge, exact."""
        recharge = self.average.worth(self.policy.recharge_days)
        return max(recharge, self._gap) if self.policy.gap is Gap.CLOSED else recharge

    @property
    def recharge(self) -> Money:
        """The recharge, payable: what is charged when it is due."""
        return self.recharge_unrounded.payable()

    @property
    def is_due(self) -> bool:
        """Whether the balance calls for a recharge; exact, whatever the shown figures round to."""
        above = above_reserve(
            self.balance.micros, self.average.total.micros, self.policy.reserve_days, self.average.days
        )
        return above < 0 if self.policy.due is DueWhen.BELOW else above <= 0

    @property
    def _gap(self) -> ExactMoney:
        return self.reserve_unrounded - self.balance

    @property
    def reason(self) -> str:
        """How recharge and reserve come about and whether the recharge is due, in sentences for the customer."""
        average, policy = self.average, self.policy
        used = f"From {average.window}, calls and messages used {average.total}, over {average.counted}."
        recharge = f"The recharge is {many(policy.recharge_days, 'average day')}: {self.recharge}."
        if self.recharge_unrounded != average.worth(policy.recharge_days):
            days = many(policy.recharge_days, "average day")
            recharge = f"The recharge closes the gap to the reserve, more than {days}: {self.recharge}."
        reserve = f"The minimum reserve is {many(policy.reserve_days, 'average day')}: {self._reserve_text}."
        return f"{used} {recharge} {reserve} {self.verdict}"

    @property
    def verdict(self) -> str:
        """Whether the recharge is due, in a sentence."""
        if self.policy.due is DueWhen.BELOW:
            stands = "is below" if self.is_due else "is not below"
        else:
            stands = "has reached" if self.is_due else "is above"
        due = "a recharge is due" if self.is_due else "no recharge is due"
        return f"The balance of {self.balance} {stands} the reserve of {self._reserve_text}: {due}."

    @property
    def _reserve_text(self) -> str:
        if self.reserve_unrounded == self.reserve:
            return str(self.reserve)
        return f"{self.reserve} (exactly {self.reserve_unrounded.text})"

    def explanation(self) -> Explanation:
        """How the recharge comes to this, down to the usage it follows from.

        Source: MIN-4, MIN-5, BIL-5.
        """
        working = self.average.working(self.policy.recharge_days)
        if self.policy.gap is Gap.CLOSED:
            working = f"max({working}, {self.average.working(self.policy.reserve_days)} - {self.balance.text})"
        return Explanation(
            figure="recharge",
            value=self.recharge.text,
            unit=self.recharge.currency,
            rules=("MIN-4", "MIN-5", "MON-1"),
            because=self.reason,
            working=f"round({working}, {decimals(self.recharge.currency)})",
            inputs=(
                Input("balance", self.balance.text, self.balance.currency),
                Input("recharge days", str(self.policy.recharge_days), "days", f"policy {self.policy.name}"),
            ),
            parts=(self._explained_reserve(), self.average.explanation()),
        )

    def _explained_reserve(self) -> Explanation:
        days = self.policy.reserve_days
        return Explanation(
            figure="minimum reserve",
            value=self.reserve.text,
            unit=self.reserve.currency,
            rules=("MIN-4", "MIN-5", "MON-1"),
            because=self.verdict,
            working=f"round({self.average.working(days)}, {decimals(self.reserve.currency)})",
            inputs=(Input("reserve days", str(days), "days", f"policy {self.policy.name}"),),
        )


def recharge_quote(
    history: UsageHistory,
    *,
    at: date,
    balance: Money,
    policy: RechargePolicy = GUIDE,
    began: date | None = None,
) -> RechargeQuote:
    """How much an automatic recharge would be, at which balance it falls due, and whether it is due now.

    Both are so many days of average usage, each derived from the unrounded average. The reserve is shown rounded to
    the minor unit but compared as the exact ratio: a balance of 23.33 is below a reserve of 70/3, shown as 23.33.

    Args:
        history: usage by day and kind.
        at: the day of the recharge in the account's zone.
        balance: of prepaid minutes, also below zero.
        policy: the named policy; every number of it can be set.
        began: the account's first day; needed only where the policy counts the days elapsed.

    Raises:
        CurrencyMismatch: balance and usage are in two currencies.
        InvalidValue: as for `average`.

    Source: MIN-4, MIN-5, MIN-9.

    Example:
        >>> days = (date(2026, 12, number) for number in range(1, 31))
        >>> history = UsageHistory.of(((each, "call", Money(4_285_714, "USD")) for each in days), currency="USD")
        >>> quote = recharge_quote(history, at=date(2026, 12, 31), balance=Money.parse("29.99", "USD"))
        >>> print(quote.recharge, quote.reserve, quote.is_due)
        60.00 USD 30.00 USD True
    """
    return RechargeQuote(average(history, on=at, policy=policy, began=began), balance)


def compare(
    history: UsageHistory,
    *,
    at: date,
    balance: Money,
    policies: Iterable[RechargePolicy] = tuple(RECHARGE_POLICIES.values()),
    began: date | None = None,
) -> tuple[RechargeQuote, ...]:
    """Recharge and reserve under several policies side by side, over one history and at one balance.

    Args:
        history: usage by day and kind.
        at: the day of the recharge in the account's zone.
        balance: of prepaid minutes, also below zero.
        policies: the named ones unless others are given.
        began: the account's first day; needed only where a policy counts the days elapsed.

    Returns:
        one quote for each policy, in their order; `quote.policy.name` says which.

    Raises:
        CurrencyMismatch: balance and usage are in two currencies.
        InvalidValue: as for `average`.

    Source: MIN-5.

    Example:
        >>> days = (date(2026, 11, number) for number in range(1, 31))
        >>> history = UsageHistory.of(((each, "call", Money(4_285_714, "USD")) for each in days), currency="USD")
        >>> for quote in compare(history, at=date(2026, 12, 1), balance=Money.zero("USD")):
        ...     print(f"{quote.policy.name:14}{quote.recharge} {quote.reserve}")
        GUIDE         60.00 USD 30.00 USD
        FAQ           60.00 USD 21.43 USD
        GUIDE_EXAMPLE 30.00 USD 30.00 USD
    """
    several = each_of("policies", policies, RechargePolicy)
    return tuple(recharge_quote(history, at=at, balance=balance, policy=policy, began=began) for policy in several)


# --- forecast -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Forecast:
    """How long a balance lasts; see `forecast`."""

    quote: RechargeQuote = attrs.field(validator=checked(instance, RechargeQuote))

    @property
    def until_reserve(self) -> Fraction | None:
        """Days until the balance is down to the reserve, exact; zero if it is already, None if it never will be."""
        return self._until(self.quote.policy.reserve_days)

    @property
    def until_empty(self) -> Fraction | None:
        """Days until nothing is left, exact; zero if nothing is left already, None if it lasts for ever."""
        return self._until(0)

    @property
    def whole_days_until_reserve(self) -> int | None:
        """The whole days in `until_reserve`."""
        return _whole_days(self.until_reserve)

    @property
    def whole_days_until_empty(self) -> int | None:
        """The whole days in `until_empty`."""
        return _whole_days(self.until_empty)

    def _until(self, reserve_days: int) -> Fraction | None:
        average = self.quote.average
        above = above_reserve(self.quote.balance.micros, average.total.micros, reserve_days, average.days)
        if above <= 0:
            return Fraction(0)
        return Fraction(above, average.total.micros) if average.total else None

    def explanation(self) -> Explanation:
        """Both figures and the average they follow from.

        Source: MIN-11, BIL-5.
        """
        return attrs.evolve(
            self._explained("days until empty", self.until_empty, 0),
            parts=(
                self._explained("days until the reserve", self.until_reserve, self.quote.policy.reserve_days),
                self.quote.average.explanation(),
            ),
        )

    def _explained(self, figure: str, days: Fraction | None, reserve_days: int) -> Explanation:
        used, counted, balance = self.quote.average.total, self.quote.average.days, self.quote.balance
        above = f"{balance.text} * {counted} - {used.text} * {reserve_days}"
        unused = "" if days is None else str(days)
        return Explanation(
            figure=figure,
            value="never" if days is None else str(days),
            unit="" if days is None else "days",
            rules=("MIN-11",),
            because=f"The balance is {balance}, {used} was used in {many(counted, 'day')}, and nothing is bought.",
            working=f"max({above}, 0) / {used.text}" if used else unused,
            inputs=(Input("balance", balance.text, balance.currency),),
        )


def _whole_days(days: Fraction | None) -> int | None:
    return None if days is None else days // 1


def forecast(quote: RechargeQuote) -> Forecast:
    """In how many days the balance is down to the reserve, and in how many it is empty, at the present average.

    Nothing is bought meanwhile. Without usage a balance lasts for ever; one that is there already has zero days left.

    Args:
        quote: with balance, average and reserve; its policy's reserve is the one reached.

    Returns:
        exact ratios of days, and the whole days in them.

    Source: MIN-11.

    Example:
        >>> history = UsageHistory.of([(date(2026, 12, 16), "call", Money.parse("90.00", "USD"))], currency="USD")
        >>> quote = recharge_quote(history, at=date(2026, 12, 17), balance=Money.parse("40.00", "USD"))
        >>> forecast(quote).until_empty, forecast(quote).whole_days_until_reserve
        (Fraction(40, 3), 6)
    """
    return Forecast(quote)


# --- automatic recharge -------------------------------------------------------------------------------------------


@attrs.frozen
class AutomaticRecharge:
    """Whether minutes recharge by themselves: off, or on with the name of whoever authorized it.

    Args:
        authorization: under which it was switched on; None while it is off.
        source: the id of the funding source to charge first; None for the usual order.

    Raises:
        InvalidValue: a source is named while it is off.

    Source: MIN-13.

    Example:
        >>> AutomaticRecharge().is_on
        False
    """

    authorization: Authorization | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(instance, Authorization))
    )
    source: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked(cardless_text)))

    def __attrs_post_init__(self) -> None:
        if self.source is not None and not self.is_on:
            raise InvalidValue("source", "must not be named while automatic recharge is off")

    @property
    def is_on(self) -> bool:
        """Whether somebody switched it on."""
        return self.authorization is not None


def switch_on(
    automatic: AutomaticRecharge, *, authorization: Authorization, source: str | None = None
) -> AutomaticRecharge:
    """Automatic recharge, switched on; where it was on already, with the new name and source.

    Args:
        automatic: as it was.
        authorization: first and last name, and acceptance.
        source: the id of the funding source to charge first; None for the usual order, whatever was named before.

    Raises:
        InvalidValue: no authorization, or a source that is no id.

    Source: MIN-13.

    Example:
        >>> from licensebill.people import Person
        >>> authorization = Authorization(Person("Ada", "Lovelace"), accepted=True)
        >>> switch_on(AutomaticRecharge(), authorization=authorization).is_on
        True
    """
    instance("automatic", automatic, AutomaticRecharge)
    return attrs.evolve(automatic, authorization=instance("authorization", authorization, Authorization), source=source)


def switch_off(automatic: AutomaticRecharge) -> AutomaticRecharge:
    """Automatic recharge, switched off; a recharge under way is completed, its source is forgotten for the next time.

    Source: MIN-13.
    """
    return attrs.evolve(instance("automatic", automatic, AutomaticRecharge), authorization=None, source=None)


class Reason(enum.Enum):
    """Why no recharge is charged at a run, in the order in which reasons are reported."""

    SWITCHED_OFF = "automatic recharge is off"
    NOT_DUE = "the balance does not call for it"
    ZERO = "it comes to nothing"
    UNDER_WAY = "another one is under way"
    USAGE_NOT_CURRENT = "usage is not known up to the present day"
    MONTHLY_CAP = "it would pass the month's cap"
    DAILY_LIMIT = "the day's number is reached"

    @property
    def rule(self) -> str:
        """The id of the rule."""
        return _RULES[self]


_RULES = {
    Reason.SWITCHED_OFF: "MIN-13",
    Reason.NOT_DUE: "MIN-5",
    Reason.ZERO: "MIN-7",
    Reason.UNDER_WAY: "MIN-7",
    Reason.USAGE_NOT_CURRENT: "MIN-4",
    Reason.MONTHLY_CAP: "MIN-12",
    Reason.DAILY_LIMIT: "MIN-12",
}
#: With one of these the customer expects no recharge, and a limit that holds as well is no news.
_NO_NEED = frozenset({Reason.SWITCHED_OFF, Reason.NOT_DUE, Reason.ZERO, Reason.UNDER_WAY})
_LIMITS = (Reason.MONTHLY_CAP, Reason.DAILY_LIMIT)


@attrs.frozen(kw_only=True)
class RechargeDecision:
    """What a run decides about an automatic recharge; see `recharge_decision`, which has the same arguments."""

    quote: RechargeQuote = attrs.field(validator=checked(instance, RechargeQuote))
    automatic: AutomaticRecharge = attrs.field(validator=checked(instance, AutomaticRecharge))
    under_way: bool = attrs.field(validator=checked(instance, bool))
    recharged_this_month: Money = attrs.field(validator=checked(price_amount))
    recharges_today: int = attrs.field(validator=checked(whole))
    watermark_is_current: bool = attrs.field(validator=checked(instance, bool))
    limits: RechargeLimits = attrs.field(validator=checked(instance, RechargeLimits))
    smallest_charge: Money = attrs.field(validator=[checked(price_amount), checked(payable_amount)])

    def __attrs_post_init__(self) -> None:
        for place, amount in (
            ("recharged_this_month", self.recharged_this_month),
            ("smallest_charge", self.smallest_charge),
            ("limits.monthly_cap", self.limits.monthly_cap),
        ):
            if amount is not None:
                check_currency(place, amount.currency, self.quote.balance.currency)

    @property
    def amount(self) -> Money:
        """What is charged if nothing speaks against it: the recharge, raised to the provider's smallest charge."""
        return max(self.quote.recharge, self.smallest_charge)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason against a recharge, in the order of `Reason`; empty if it is charged."""
        cap = self.limits.monthly_cap
        holds = {
            Reason.SWITCHED_OFF: not self.automatic.is_on,
            Reason.NOT_DUE: not self.quote.is_due,
            Reason.ZERO: not self.quote.recharge,
            Reason.UNDER_WAY: self.under_way,
            Reason.USAGE_NOT_CURRENT: not self.watermark_is_current,
            Reason.MONTHLY_CAP: cap is not None and self.recharged_this_month + self.amount > cap,
            Reason.DAILY_LIMIT: self.recharges_today >= self.limits.per_day,
        }
        return tuple(reason for reason in Reason if holds[reason])

    @property
    def charge(self) -> Money | None:
        """What is charged; None if a reason speaks against it."""
        return None if self.reasons else self.amount

    @property
    def notices(self) -> tuple[Reason, ...]:
        """The reasons that the customer is told of, because a recharge is needed and not made.

        Usage that is not current is one as soon as automatic recharge is on, since the true balance is not known; a
        limit is one where nothing but limits speaks against the recharge.
        """
        if Reason.SWITCHED_OFF in self.reasons:
            return ()
        limits = () if _NO_NEED.intersection(self.reasons) else _LIMITS
        return tuple(reason for reason in self.reasons if reason in (Reason.USAGE_NOT_CURRENT, *limits))

    @property
    def reason(self) -> str:
        """The decision in sentences: each reason with its numbers and its rule, or what is charged."""
        if not self.reasons:
            return f"{self.quote.verdict} {self.amount} is charged."
        return " ".join(f"{self._sentence(reason)} ({reason.rule})." for reason in self.reasons)

    def _sentence(self, reason: Reason) -> str:
        return {
            Reason.SWITCHED_OFF: "Automatic recharge is off until somebody switches it on",
            Reason.NOT_DUE: self.quote.verdict.removesuffix("."),
            Reason.ZERO: f"A recharge of {self.quote.recharge} is never charged",
            Reason.UNDER_WAY: "A recharge is under way; a second one waits until it is settled",
            Reason.USAGE_NOT_CURRENT: "Usage is not known up to the present day, so the balance is not certain",
            Reason.MONTHLY_CAP: f"{self.amount} on top of the {self.recharged_this_month} recharged this month "
            f"would pass the cap of {self.limits.monthly_cap}",
            Reason.DAILY_LIMIT: f"Automatic recharges made today: {self.recharges_today}, of at most "
            f"{self.limits.per_day} a day",
        }[reason]

    def explanation(self) -> Explanation:
        """The decision, and the quote that it follows from.

        Source: MIN-7, MIN-12, MIN-13, BIL-5.
        """
        recharge, smallest, raised = self.quote.recharge, self.smallest_charge, self.amount != self.quote.recharge
        rules = dict.fromkeys(reason.rule for reason in self.reasons)
        return Explanation(
            figure="automatic recharge",
            value="not charged" if self.reasons else self.amount.text,
            unit="" if self.reasons else self.amount.currency,
            rules=tuple(rules) or ("MIN-7", "MIN-5"),
            because=self.reason,
            working="" if self.reasons else f"max({recharge.text}, {smallest.text})" if raised else recharge.text,
            inputs=(
                Input("recharged this month", self.recharged_this_month.text, self.recharged_this_month.currency),
                Input("automatic recharges today", str(self.recharges_today), "recharges"),
                *([Input("smallest charge", smallest.text, smallest.currency, "payment provider")] if raised else []),
            ),
            parts=(self.quote.explanation(),),
        )


def recharge_decision(
    quote: RechargeQuote,
    *,
    automatic: AutomaticRecharge,
    under_way: bool,
    recharged_this_month: Money,
    recharges_today: int,
    watermark_is_current: bool,
    limits: RechargeLimits = STANDARD.limits,
    smallest_charge: Money | None = None,
) -> RechargeDecision:
    """Whether a run charges a recharge, and every reason if it does not.

    Nothing is charged while automatic recharge is off, the balance does not call for it, the recharge comes to
    nothing, another recharge is under way, usage is not known up to the present day, or a limit would be passed. A
    recharge that reaches the monthly cap exactly is made. A manual purchase under way does not stop one.

    Args:
        quote: recharge and reserve at the present balance.
        automatic: the switch.
        under_way: whether an automatic recharge of the account is not settled yet.
        recharged_this_month: automatic recharges of the calendar month, failed ones not counted.
        recharges_today: their number on the calendar day, in the account's zone.
        watermark_is_current: whether usage is known at least up to the present day's first instant.
        limits: the cap and the number a day. The limits of declines belong to the funding sources.
        smallest_charge: of the payment provider; a smaller recharge is raised to it. None for none.

    Raises:
        InvalidValue: an argument of another type, or a number below zero.
        CurrencyMismatch: an amount in another currency than the quote's.

    Source: MIN-7, MIN-12, MIN-13.

    Example:
        >>> quote = recharge_quote(UsageHistory.of([], currency="USD"), at=date(2026, 12, 1), balance=Money.zero("USD"))
        >>> decision = recharge_decision(quote, automatic=AutomaticRecharge(), under_way=False,
        ...     recharged_this_month=Money.zero("USD"), recharges_today=0, watermark_is_current=True)
        >>> decision.charge, [reason.name for reason in decision.reasons]
        (None, ['SWITCHED_OFF', 'NOT_DUE', 'ZERO'])
    """
    nothing = Money.zero(instance("quote", quote, RechargeQuote).balance.currency)
    return RechargeDecision(
        quote=quote,
        automatic=automatic,
        under_way=under_way,
        recharged_this_month=recharged_this_month,
        recharges_today=recharges_today,
        watermark_is_current=watermark_is_current,
        limits=limits,
        smallest_charge=nothing if smallest_charge is None else smallest_charge,
    )


# --- runs ---------------------------------------------------------------------------------------------------------

_HOUR = timedelta(hours=1)
#: Runs are counted from here, so that they fall on 00:00 UTC of every day that the interval divides.
_FIRST_RUN = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def run_hour(hours: int, interval: int) -> int:
    """The hour of the last run at or before an hour, in arithmetic that serves ints and columns alike.

    Args:
        hours: since 1970-01-01 00:00 UTC, also before it.
        interval: hours between two runs, from one.

    Source: MIN-7.
    """
    return hours // interval * interval


def last_run(at: datetime.datetime, limits: RechargeLimits = STANDARD.limits) -> datetime.datetime:
    """The last run at or before an instant.

    Runs keep their interval in UTC, counted from 00:00 of 1 January 1970, whatever clocks do anywhere: every four hours
    means 00:00, 04:00, ... of every day. An interval that does not divide 24 keeps its length over midnight, so that
    its runs fall on other hours each day.

    Args:
        at: an aware datetime.
        limits: with the interval.

    Returns:
        an instant in UTC.

    Raises:
        InvalidValue: a datetime without a time zone.
        InvalidPeriod: the run lies outside the calendar.

    Source: MIN-7.

    Example:
        >>> last_run(datetime.datetime(2026, 12, 1, 7, 59, tzinfo=UTC)).isoformat()
        '2026-12-01T04:00:00+00:00'
    """
    return _run(at, limits, 0)


def next_run(at: datetime.datetime, limits: RechargeLimits = STANDARD.limits) -> datetime.datetime:
    """The first run after an instant; a run at the instant itself is not after it.

    Args:
        at: an aware datetime.
        limits: with the interval.

    Returns:
        an instant in UTC.

    Raises:
        InvalidValue: a datetime without a time zone.
        InvalidPeriod: the run lies outside the calendar.

    Source: MIN-7.

    Example:
        >>> next_run(datetime.datetime(2026, 12, 1, 4, tzinfo=UTC)).isoformat()
        '2026-12-01T08:00:00+00:00'
    """
    return _run(at, limits, 1)


def run_instants(after: datetime.datetime, limits: RechargeLimits = STANDARD.limits) -> Iterator[datetime.datetime]:
    """Every run after an instant, one by one, without end.

    Source: MIN-7.

    Example:
        >>> runs = run_instants(datetime.datetime(2026, 12, 1, 17, tzinfo=UTC))
        >>> [next(runs).isoformat() for _ in range(2)]
        ['2026-12-01T20:00:00+00:00', '2026-12-02T00:00:00+00:00']
    """
    at = instant("after", after)
    while True:
        at = next_run(at, limits)
        yield at


def _run(at: datetime.datetime, limits: RechargeLimits, further: int) -> datetime.datetime:
    interval = instance("limits", limits, RechargeLimits).interval_hours
    hours = (instant("at", at) - _FIRST_RUN) // _HOUR
    try:
        return _FIRST_RUN + (run_hour(hours, interval) + further * interval) * _HOUR
    except OverflowError:
        raise InvalidPeriod("at", "is too close to the end of the calendar for a run of this interval") from None
