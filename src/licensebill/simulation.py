"""Simulation: how a balance moves between recharges, and the bounds it keeps where usage is steady (MIN-6).

What if: a pattern of usage, a policy and a start, played through run by run with the very functions that decide in
earnest: `minutes.run_instants`, `minutes.recharge_quote`, `minutes.recharge_decision`. `saw_tooth` plays any pattern,
with payments that take their time and payments that fail; `bounds` says beforehand between which amounts the balance
stays if every day uses the same.

Simplified on purpose: days are UTC days, a pattern goes on for ever in both directions, runs and payments happen on
the hour, and usage goes on below zero, where MIN-8 would admit no new call: the lowest balance is then what would have
been missing. Nothing here knows an account, and nothing decides about one.
"""

import datetime
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate, takewhile

import attrs

from licensebill._checks import MAX_WHOLE, checked, day, instance, several, tuple_of, whole
from licensebill.cycles import InvalidPeriod, first_instant
from licensebill.errors import InvalidValue
from licensebill.explain import Explanation, Input, many
from licensebill.minutes import (
    AutomaticRecharge,
    RechargeDecision,
    recharge_decision,
    recharge_quote,
    run_instants,
    switch_on,
    usage_window,
)
from licensebill.money import Money, Unit, allocate, minor_unit, total
from licensebill.people import Authorization, Person
from licensebill.pricing import price_amount
from licensebill.terms import GUIDE, STANDARD, RechargeLimits, RechargePolicy
from licensebill.usage import UsageHistory, check_currency

#: The longest simulation, about ten years.
LONGEST_DAYS = 3_660

_HOUR = timedelta(hours=1)
_HOURS_OF_A_DAY = 24
_LONGEST_MONTH = 31
_SWITCHED_ON = switch_on(
    AutomaticRecharge(), authorization=Authorization(Person("Simulated", "Customer"), accepted=True)
)


# --- usage --------------------------------------------------------------------------------------------------------


def _hours(place: str, value: object) -> tuple[Money, ...]:
    hours = tuple_of(place, value, Money)
    if not hours:
        raise InvalidValue(place, "must hold at least one hour")
    for position, amount in enumerate(hours):
        price_amount(f"{place}[{position}]", amount)
        check_currency(f"{place}[{position}]", amount.currency, hours[0].currency)
    return hours


@attrs.frozen
class UsagePattern:
    """What each hour uses, repeated for ever before and after the first 00:00 UTC.

    Args:
        hours: amounts from zero in one currency; one alone is steady usage, 24 are a day, 168 a week.

    Source: MIN-6.

    Example:
        >>> night, work = Money.zero("USD"), Money.parse("0.50", "USD")
        >>> office = UsagePattern((*9 * [night], *8 * [work], *7 * [night]))
        >>> office.daily, office.most_within(4)
        (Money.parse('4.00', 'USD'), Money.parse('2.00', 'USD'))
    """

    hours: tuple[Money, ...] = attrs.field(validator=checked(_hours))
    _sums: tuple[int, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_sums", tuple(accumulate((hour.micros for hour in self.hours), initial=0)))

    @classmethod
    def by_day(cls, days: Sequence[Money]) -> "UsagePattern":
        """A pattern of days, each spread over its hours as evenly as whole micros allow.

        Args:
            days: amounts from zero in one currency, from the first day on.

        Source: MIN-6.

        Example:
            >>> UsagePattern.by_day([Money.parse("24.00", "USD"), Money.parse("0.00", "USD")]).hours[0]
            Money.parse('1.00', 'USD')
        """
        for position, amount in enumerate(instance("days", days, Sequence)):  # type: ignore[type-abstract]
            instance(f"days[{position}]", amount, Money)
        spread = (allocate(amount, [1] * _HOURS_OF_A_DAY, to=Unit.MICRO) for amount in days)
        return cls(tuple(hour for hours in spread for hour in hours))

    @property
    def currency(self) -> str:
        """The currency of the amounts."""
        return self.hours[0].currency

    @property
    def daily(self) -> Money | None:
        """What every day uses; None if days differ."""
        hours = math.lcm(len(self.hours), _HOURS_OF_A_DAY)
        days = {self.between(hour, hour + _HOURS_OF_A_DAY) for hour in range(0, hours, _HOURS_OF_A_DAY)}
        return days.pop() if len(days) == 1 else None

    def between(self, start: int, end: int) -> Money:
        """What is used from one hour to before another, both counted from the first 00:00 UTC."""
        for place, hour in (("start", start), ("end", end)):
            whole(place, hour, -MAX_WHOLE)
        return Money(self._used_until(end) - self._used_until(start), self.currency)

    def most_within(self, hours: int) -> Money:
        """The most that any stretch of so many hours uses."""
        whole("hours", hours)
        return max(self.between(hour, hour + hours) for hour in range(len(self.hours)))

    def _used_until(self, hour: int) -> int:
        repeated, rest = divmod(hour, len(self.hours))
        return repeated * self._sums[-1] + self._sums[rest]


# --- run by run ---------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Run:
    """One run of automatic recharges.

    Args:
        at: its instant.
        balance: at that instant, with what has been paid by then.
        charge: what was scheduled; None if nothing was.
        has_failed: whether a payment was due and failed; nothing is scheduled then.
    """

    at: datetime.datetime
    balance: Money
    charge: Money | None
    has_failed: bool


@attrs.frozen(kw_only=True)
class SawTooth:
    """The course of a balance; see `saw_tooth`.

    Args:
        runs: every run, in order.
        opening: the balance at the start.
        closing: the balance at the end, with what has been paid by then.
        highest: the highest balance at any instant.
        lowest: the lowest balance at any instant.
    """

    runs: tuple[Run, ...]
    opening: Money
    closing: Money
    highest: Money
    lowest: Money

    @property
    def charges(self) -> tuple[Money, ...]:
        """What was charged, in order; the last may not be paid yet."""
        return tuple(run.charge for run in self.runs if run.charge is not None)

    @property
    def times_recharged(self) -> int:
        """How often something was charged."""
        return len(self.charges)

    @property
    def total_charged(self) -> Money:
        """What was charged in all."""
        return total(self.charges, self.opening.currency)

    @property
    def ran_dry(self) -> bool:
        """Whether there was an instant with nothing left, at which no new call would have been admitted (MIN-8)."""
        return self.lowest.micros <= 0

    def explanation(self) -> Explanation:
        """The course in words.

        Source: MIN-6, MIN-8, BIL-5.
        """
        ran_dry = "Nothing was left at some instant." if self.ran_dry else "Something was left at every instant."
        runs, times = many(len(self.runs), "run"), many(self.times_recharged, "time")
        return Explanation(
            figure="course of the balance",
            value=f"from {self.lowest} to {self.highest}",
            rules=("MIN-6", "MIN-7", "MIN-8"),
            because=f"In {runs} a recharge was scheduled {times}, of {self.total_charged} in all. {ran_dry}",
            inputs=(Input("opening balance", self.opening.text, self.opening.currency),),
        )


@attrs.define
class _Course:
    """The balance while it is played through, in micros and in hours since the start."""

    usage: UsagePattern
    opening: Money
    settlement_hours: int
    paid: int = 0
    under_way: tuple[int, Money] | None = None
    extremes: list[Money] = attrs.field(factory=list)
    by_day: dict[date, int] = attrs.field(factory=dict)
    by_month: dict[date, Money] = attrs.field(factory=dict)

    def balance(self, hour: int) -> Money:
        return self.opening + Money(self.paid, self.opening.currency) - self.usage.between(0, hour)

    def settle(self, until: int) -> None:
        """Takes in the payment under way if it has arrived; only there does a balance turn upwards."""
        if self.under_way is not None and self.under_way[0] <= until:
            arrived, amount = self.under_way
            self.extremes.append(self.balance(arrived))
            self.paid += amount.micros
            self.extremes.append(self.balance(arrived))
            self.under_way = None

    def schedule(self, hour: int, on: date, amount: Money) -> None:
        month = on.replace(day=1)
        self.under_way = (hour + self.settlement_hours, amount)
        self.by_day[on] = self.by_day.get(on, 0) + 1
        self.by_month[month] = self.recharged_in_month(on) + amount

    def played(self, runs: tuple[Run, ...], end: int) -> SawTooth:
        """All of it, once the last run is over."""
        self.settle(end)
        closing = self.balance(end)
        balances = (self.opening, *self.extremes, closing)
        return SawTooth(runs=runs, opening=self.opening, closing=closing, highest=max(balances), lowest=min(balances))

    def recharged_in_month(self, on: date) -> Money:
        return self.by_month.get(on.replace(day=1), Money.zero(self.opening.currency))


def saw_tooth(
    *,
    usage: UsagePattern,
    start: date,
    balance: Money,
    days: int,
    policy: RechargePolicy = GUIDE,
    limits: RechargeLimits = STANDARD.limits,
    settlement_hours: int = 0,
    failing_runs: Collection[int] = (),
) -> SawTooth:
    """The course of a balance under automatic recharge, run by run.

    The window of the average is filled with the same pattern before the start. A payment that arrives at the hour of
    a run is seen by it. All is exact: amounts are whole micros, times whole hours.

    Args:
        usage: hour by hour, from 00:00 UTC of the first day.
        start: the first day.
        balance: at 00:00 UTC of the first day, in the currency of the usage.
        days: from 1 to 3660.
        policy: how much is recharged, and at which balance.
        limits: the interval of the runs, the cap and the number a day.
        settlement_hours: from the run that schedules a payment until the minutes are there.
        failing_runs: the runs, counted from 0, at which a payment that is due fails; the next run tries again.

    Raises:
        CurrencyMismatch: balance and usage are in two currencies.
        InvalidPeriod: the time simulated, or the window before it, lies outside the calendar.
        InvalidValue: an argument of another type or out of its range.

    Source: MIN-6, MIN-7.

    Example:
        >>> steady = UsagePattern((Money.parse("0.25", "USD"),))
        >>> course = saw_tooth(usage=steady, start=date(2026, 12, 1), balance=Money.parse("42.00", "USD"), days=30)
        >>> print(course.lowest, course.highest, course.times_recharged, course.total_charged)
        41.00 USD 125.00 USD 3 252.00 USD
    """
    course = _Course(
        instance("usage", usage, UsagePattern),
        instance("balance", balance, Money),
        whole("settlement_hours", settlement_hours),
    )
    check_currency("balance", balance.currency, usage.currency)
    failing = {whole("failing_runs", number) for number in several("failing_runs", failing_runs)}
    end = _checked_end(start, days)
    history = _history(usage, start, days, policy)
    runs = []
    for number, (hour, at) in enumerate(_runs(start, end, limits)):
        course.settle(hour)
        decision = _decision(history, course, at=at, hour=hour, policy=policy, limits=limits)
        has_failed = decision.charge is not None and number in failing
        charge = None if has_failed else decision.charge
        if charge is not None:
            course.schedule(hour, at.date(), charge)
        runs.append(Run(at=at, balance=decision.quote.balance, charge=charge, has_failed=has_failed))
    return course.played(tuple(runs), days * _HOURS_OF_A_DAY)


def _checked_end(start: date, days: int) -> date:
    whole("days", days, 1, LONGEST_DAYS)
    try:
        return day("start", start) + timedelta(days=days)
    except OverflowError:
        raise InvalidPeriod("days", f"{days} days from {start} go beyond the calendar") from None


def _runs(start: date, end: date, limits: RechargeLimits) -> Iterator[tuple[int, datetime.datetime]]:
    """Every run of the time simulated, with its hour; one at the very start is among them."""
    first, last = first_instant(start), first_instant(end)
    runs = run_instants(first - timedelta.resolution, limits)
    return (((at - first) // _HOUR, at) for at in takewhile(lambda at: at < last, runs))


def _history(usage: UsagePattern, start: date, days: int, policy: RechargePolicy) -> UsageHistory:
    before = (start - usage_window(policy, start).start).days

    def entries() -> Iterable[tuple[date, str, Money]]:
        for number in range(-before, days):
            hour = number * _HOURS_OF_A_DAY
            yield start + timedelta(days=number), "usage", usage.between(hour, hour + _HOURS_OF_A_DAY)

    return UsageHistory.of(entries(), currency=usage.currency)


def _decision(
    history: UsageHistory,
    course: _Course,
    *,
    at: datetime.datetime,
    hour: int,
    policy: RechargePolicy,
    limits: RechargeLimits,
) -> RechargeDecision:
    today = at.date()
    # the pattern has always been there, so no account is young
    quote = recharge_quote(history, at=today, balance=course.balance(hour), policy=policy, began=date.min)
    return recharge_decision(
        quote,
        automatic=_SWITCHED_ON,
        under_way=course.under_way is not None,
        recharged_this_month=course.recharged_in_month(today),
        recharges_today=course.by_day.get(today, 0),
        watermark_is_current=True,
        limits=limits,
    )


# --- the bounds ---------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Bounds:
    """Between which amounts a balance stays where every day uses the same; see `bounds`.

    Args:
        daily: what every day uses.
        stretch: the most used between two runs, with runs that fail in between, and until a payment arrives.
        policy: how much is recharged, and at which balance.
        limits: the interval of the runs, the cap and the number a day.
    """

    daily: Money
    stretch: Money
    policy: RechargePolicy
    limits: RechargeLimits

    @property
    def reserve(self) -> Money:
        """The threshold, exact."""
        return self.daily * self.policy.reserve_days

    @property
    def recharge(self) -> Money:
        """What one recharge charges."""
        return (self.daily * self.policy.recharge_days).payable()

    @property
    def ceiling(self) -> Money:
        """The days of the threshold and of the recharge together, in money: the highest balance but for rounding."""
        return self.reserve + self.daily * self.policy.recharge_days

    @property
    def highest(self) -> Money:
        """The balance never exceeds this: the ceiling, and half a minor unit by which a recharge may be rounded up."""
        return self.ceiling + Money(self._minor_unit // 2, self.daily.currency)

    @property
    def lowest(self) -> Money:
        """The balance never falls below this: the threshold less the stretch."""
        return self.reserve - self.stretch

    @property
    def is_guaranteed(self) -> bool:
        """Whether the bounds are kept from every start that `may_start_at` allows.

        The recharge that is charged, not the unrounded one, must be at least a minor unit and at least the stretch; and
        no cap and no number a day may stop a recharge that is needed.
        """
        if self.recharge.micros < max(self._minor_unit, self.stretch.micros):
            return False
        cap = self.limits.monthly_cap
        has_room = cap is None or cap.micros >= self.recharge.micros * self._most_within(_LONGEST_MONTH)
        return has_room and self.limits.per_day >= self._most_within(1)

    def _most_within(self, days: int) -> int:
        """The most recharges in so many days.

        From the first of them to the last, the recharges between make up for what the first found missing (at most a
        stretch) and for what was used since (at most so many days' worth).
        """
        return 1 + (self.stretch.micros + self.daily.micros * days) // self.recharge.micros

    @property
    def may_run_dry(self) -> bool:
        """Whether it cannot be ruled out that nothing is left at some instant (MIN-8)."""
        return not self.is_guaranteed or self.lowest.micros <= 0

    def may_start_at(self, balance: Money) -> bool:
        """Whether a balance lies between the threshold and the ceiling, both included."""
        return self.reserve <= instance("balance", balance, Money) <= self.ceiling

    @property
    def _minor_unit(self) -> int:
        return minor_unit(self.daily.currency)

    def explanation(self) -> Explanation:
        """Both bounds and whether they are kept.

        Source: MIN-6, BIL-5.
        """
        kept = "are kept from every start between" if self.is_guaranteed else "may be left, even from a start between"
        return Explanation(
            figure="bounds of the balance",
            value=f"from {self.lowest} to {self.highest}",
            rules=("MIN-6",),
            because=f"With {self.daily} every day and a recharge of {self.recharge}, the bounds {kept} {self.reserve} "
            f"and {self.ceiling}.",
            inputs=(Input("policy", self.policy.name), Input("used every day", self.daily.text, self.daily.currency)),
            parts=(self._explained_highest(), self._explained_lowest()),
        )

    def _explained_highest(self) -> Explanation:
        reserve, recharge = self.policy.reserve_days, self.policy.recharge_days
        return Explanation(
            figure="highest balance",
            value=self.highest.text,
            unit=self.highest.currency,
            rules=("MIN-6", "MON-1"),
            because=f"{_worth(reserve)}, {_worth(recharge)}, and half a minor unit of rounding.",
            working=f"{self.daily.text} * ({reserve} + {recharge}) + {(self.highest - self.ceiling).text}",
        )

    def _explained_lowest(self) -> Explanation:
        return Explanation(
            figure="lowest balance",
            value=self.lowest.text,
            unit=self.lowest.currency,
            rules=("MIN-6", "MIN-7"),
            because=f"{_worth(self.policy.reserve_days)}, less the {self.stretch} that may be used until a payment "
            "arrives.",
            working=f"{self.daily.text} * {self.policy.reserve_days} - {self.stretch.text}",
        )


def _worth(days: int) -> str:
    return "1 day's worth" if days == 1 else f"{days} days' worth"


def bounds(
    *,
    usage: UsagePattern,
    policy: RechargePolicy = GUIDE,
    limits: RechargeLimits = STANDARD.limits,
    settlement_hours: int = 0,
    failing_in_a_row: int = 0,
) -> Bounds:
    """Between which amounts a balance stays under automatic recharge, if every day uses the same.

    With a threshold of t days and a recharge of r days, at most t + r days' worth and half a minor unit; at least the
    threshold less what is used from one run to the next and until a payment arrives.

    Args:
        usage: hour by hour; days must not differ, hours may.
        policy: how much is recharged, and at which balance.
        limits: the interval of the runs, the cap and the number a day.
        settlement_hours: from the run that schedules a payment until the minutes are there.
        failing_in_a_row: the most runs one after the other at which payments fail.

    Raises:
        InvalidValue: days that differ, or an argument of another type or out of its range.

    Source: MIN-6.

    Example:
        >>> steady = UsagePattern((Money.parse("0.25", "USD"),))
        >>> kept = bounds(usage=steady, settlement_hours=2)
        >>> print(kept.lowest, kept.highest, kept.is_guaranteed)
        40.50 USD 126.005 USD True
    """
    daily = instance("usage", usage, UsagePattern).daily
    if daily is None:
        raise InvalidValue("usage", "must be the same every day: the bounds are known for steady usage only")
    interval = instance("limits", limits, RechargeLimits).interval_hours
    runs = 1 + whole("failing_in_a_row", failing_in_a_row)
    stretch = usage.most_within(runs * interval + whole("settlement_hours", settlement_hours))
    return Bounds(daily=daily, stretch=stretch, policy=instance("policy", policy, RechargePolicy), limits=limits)
