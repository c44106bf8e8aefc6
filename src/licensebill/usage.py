"""Usage of the dialer: what a call or a message draws on the prepaid balance, and what was used on which day.

Two parts: the draw of one usage at the rate that a contract states (MIN-2, MIN-10), and the history of usage by day
and kind, which averages are taken over. A history holds amounts, however they were priced; purchases are not usage
and do not belong in it.

What follows from the averages, and the balance itself, belong to `minutes`, which passes on the names from here.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby, pairwise
from typing import ClassVar

import attrs

from licensebill._checks import cardless_text, checked, day, instance, several, text, tuple_of, whole
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, RuleViolation, shown
from licensebill.explain import Explanation, Input
from licensebill.money import DECIMALS, CurrencyMismatch, ExactMoney, Money, decimals, total
from licensebill.pricing import ZeroQuantity, packages_started, price_amount
from licensebill.terms import Contract, Increments, Rate, Step

#: Picks one of two numbers by a condition: an `if` for ints, a conditional expression for columns.
Choose = Callable[[bool, int, int], int]
#: The greater of two numbers.
Maximum = Callable[[int, int], int]


def chosen(condition: bool, then: int, otherwise: int) -> int:  # noqa: FBT001 - the order of every column library
    """The choice for ints.

    Source: MIN-1, MIN-10.
    """
    return then if condition else otherwise


def check_currency(place: str, currency: str, expected: str) -> None:
    """Refuses an amount in another currency than the one expected, naming its place.

    Source: MON-2.
    """
    if currency != expected:
        raise CurrencyMismatch(place, f"must be in {expected}, not {currency}")


# --- what a usage draws -------------------------------------------------------------------------------------------


@attrs.frozen
class NoRate(RuleViolation):
    """A usage that no contract states a rate for; it is an error, and never free."""

    code: ClassVar[str] = "no_rate"
    rule: ClassVar[str] = "MIN-2"

    kind: str
    on: date
    contract: str

    def __str__(self) -> str:
        names = f"contract {self.contract} names no rate for it" if self.contract else "no contract is in force"
        return f"usage {shown(self.kind)} on {self.on} cannot be priced: {names} on that day (MIN-2)"


def rate_of(kind: str, contract: Contract | None, on: date) -> Step[Rate]:
    """The agreed rate of a usage on a day, with the day it holds from and where it was agreed.

    Args:
        kind: "call", "sms" or whatever the contract names.
        contract: the one in force that day, see `terms.contract_on`; None if there is none.
        on: the day of the usage in the account's zone.

    Raises:
        NoRate: no contract, one that names no rate, or one whose rate or term does not hold that day.

    Source: MIN-2.

    Example:
        >>> rate_of("sms", None, date(2026, 12, 1))
        Traceback (most recent call last):
        licensebill.usage.NoRate: usage 'sms' on 2026-12-01 cannot be priced: no contract is in force on that day \
(MIN-2)
    """
    text("kind", kind)
    day("on", on)
    agreed = None if contract is None else instance("contract", contract, Contract).rate(kind, on)
    if agreed is None:
        raise NoRate(kind, on, contract.reference if contract else "")
    return agreed


def billable_seconds(seconds: int, first: int, following: int, maximum: Maximum = max, choose: Choose = chosen) -> int:
    """The seconds of a call that are charged, in arithmetic that serves ints and columns alike.

    The first increment is charged in full, then each following one that has begun. A call of no seconds was not
    connected, and has none.

    Args:
        seconds: the call's length, from zero.
        first: the first increment, from one.
        following: each further increment, from one.
        maximum: the greater of two.
        choose: picks by a condition.

    Source: MIN-10.

    Example:
        >>> [billable_seconds(seconds, 30, 6) for seconds in (0, 1, 30, 31, 36, 37)]
        [0, 30, 30, 36, 36, 42]
    """
    return choose(seconds > 0, first + packages_started(maximum(seconds - first, 0), following) * following, 0)


@attrs.frozen(kw_only=True)
class Draw:
    """What one usage draws on the balance.

    Args:
        rate: the agreed rate.
        used: seconds of a call, or pieces.
        billable: the same after billing increments.
        unrounded: what that costs, exactly.
    """

    rate: Rate
    used: int
    billable: int
    unrounded: ExactMoney

    @property
    def amount(self) -> Money:
        """What is drawn: rounded once, half up, to a micro."""
        return self.unrounded.to_micro()

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: MIN-2, MIN-10, BIL-5.
        """
        price, increments = self.rate.price, self.rate.increments
        # a flat part charged for nothing (PRC-3's alternative) is the one case the scheme's own working leaves out
        working = price.working(self.billable) if self.billable else self.unrounded.text
        return Explanation(
            figure="draw",
            value=self.amount.text,
            unit=price.currency,
            rules=("MIN-10", "MIN-2", "PRC-1"),
            because=f"{self.billable} {price.unit} at {price}, rounded once to a millionth.",
            working=f"round({working}, {DECIMALS})",
            inputs=(Input("used", str(self.used), price.unit), Input("rate", str(price))),
            parts=() if increments is None else (self._increments(increments),),
        )

    def _increments(self, increments: Increments) -> Explanation:
        first, following = increments.first, increments.following
        begun = f"Calls are charged by {increments} seconds: the first {first} in full, then each {following} begun."
        return Explanation(
            figure="billable seconds",
            value=str(self.billable),
            unit="seconds",
            rules=("MIN-10",),
            because=begun if self.used else "The call was not connected.",
            working=f"{first} + ceil(max({self.used} - {first}, 0) / {following}) * {following}" if self.used else "0",
            inputs=(Input("used", str(self.used), "seconds"), Input("increments", str(increments), "seconds")),
        )


def draw(
    rate: Rate, *, seconds: int | None = None, count: int | None = None, zero: ZeroQuantity = ZeroQuantity.FREE
) -> Draw:
    """What a call of so many seconds, or so many pieces such as messages, draws on the balance.

    A call is charged by the rate's increments and rounded once to a micro. One of zero seconds was not connected and
    costs nothing.

    Args:
        rate: the agreed rate; with increments it prices seconds, without them pieces.
        seconds: the length of one call, from zero; for a rate with increments only.
        count: pieces, from zero; for a rate without increments only.
        zero: whether a flat part of the price is charged for nothing used.

    Raises:
        InvalidValue: neither or both were given, or not the one that the rate prices.
        BeyondLastTier: the price does not reach so far.

    Source: MIN-2, MIN-10, PRC-3.

    Example:
        >>> from licensebill.pricing import PerUnit
        >>> from licensebill.terms import PER_MINUTE
        >>> price = PerUnit(amount=Money.parse("0.02", "USD"), per=60, unit="seconds")
        >>> calls = Rate(price=price, increments=PER_MINUTE)
        >>> draw(calls, seconds=61).amount, draw(calls, seconds=0).amount
        (Money.parse('0.04', 'USD'), Money.parse('0.00', 'USD'))
    """
    increments = instance("rate", rate, Rate).increments
    for place, value in (("seconds", seconds), ("count", count)):
        if value is not None:
            whole(place, value)
    wanted, given, other = ("count", count, seconds) if increments is None else ("seconds", seconds, count)
    if other is not None or given is None:
        counted = "pieces" if increments is None else "seconds"
        raise InvalidValue(wanted, f"must be given, and nothing else: the rate prices {counted}")
    instance("zero", zero, ZeroQuantity)
    used = billable = given
    if increments is not None:
        billable = billable_seconds(used, increments.first, increments.following)
    return Draw(rate=rate, used=used, billable=billable, unrounded=rate.price.cost(billable, zero=zero))


def further_draw(before: Draw, after: Draw) -> Money:
    """What is drawn for the rest of a usage that is reported in parts.

    A call that is reported while it lasts draws, with each report, what it has cost so far less what was drawn before.
    The parts add up to the call as a whole: no increment is charged twice, nothing is rounded twice.

    Args:
        before: the draw of what was reported so far.
        after: the draw of all that is known now, at the same rate.

    Returns:
        the difference; negative where a volume price falls as a tier is reached.

    Raises:
        InvalidValue: another rate, or less used than before.

    Source: PRC-3, MIN-10.

    Example:
        >>> from licensebill.pricing import PerUnit
        >>> from licensebill.terms import PER_MINUTE
        >>> price = PerUnit(amount=Money.parse("0.02", "USD"), per=60, unit="seconds")
        >>> calls = Rate(price=price, increments=PER_MINUTE)
        >>> further_draw(draw(calls, seconds=30), draw(calls, seconds=60))
        Money.parse('0.00', 'USD')
    """
    if instance("after", after, Draw).rate != instance("before", before, Draw).rate:
        raise InvalidValue("after", "must be drawn at the rate of what was drawn before")
    whole("after.used", after.used, before.used)
    return after.amount - before.amount


# --- usage by day -------------------------------------------------------------------------------------------------


def _amounts(place: str, value: object) -> tuple[tuple[str, Money], ...]:
    pairs = tuple_of(place, value, tuple)
    if not pairs:
        raise InvalidValue(place, "must hold at least one amount; a day without usage is left out")
    for position, pair in enumerate(pairs):
        here = f"{place}[{position}]"
        if len(pair) != 2:  # noqa: PLR2004 - a pair
            raise InvalidValue(here, "must be a pair of kind and amount")
        cardless_text(here, pair[0])
        price_amount(here, pair[1], 1)
        check_currency(here, pair[1].currency, pairs[0][1].currency)
    for position, (earlier, later) in enumerate(pairwise(pairs)):
        if later[0] <= earlier[0]:
            raise InvalidValue(f"{place}[{position + 1}]", "must come after the kind before it, in the order of text")
    return pairs


@attrs.frozen
class DayUsage:
    """What was used on one day, by kind.

    Args:
        day: in the account's zone.
        amounts: pairs of kind and amount; kinds in the order of text and each once, amounts above zero, one currency.

    Source: MIN-2.
    """

    day: date = attrs.field(validator=checked(day))
    amounts: tuple[tuple[str, Money], ...] = attrs.field(validator=checked(_amounts))

    @property
    def currency(self) -> str:
        """The currency of the amounts."""
        return self.amounts[0][1].currency

    @property
    def total(self) -> Money:
        """What was used of every kind together."""
        return total((amount for _, amount in self.amounts), self.currency)


def _day_of(usage: DayUsage) -> date:
    return usage.day


@attrs.frozen
class UsageHistory:
    """Usage by day and kind; a day that is not listed had none.

    Built by `of`. Equal usage gives equal values, in whatever order and in however many parts it came.

    Args:
        currency: of every amount.
        days: ascending, each once, those without usage left out.

    Source: MIN-2.
    """

    currency: str
    days: tuple[DayUsage, ...] = attrs.field(default=(), validator=checked(tuple_of, DayUsage))

    @classmethod
    def of(cls, entries: Iterable[tuple[date, str, Money]], *, currency: str) -> "UsageHistory":
        """Usage summed by day and kind.

        The entries may come in any order, one for each call or already summed, and are read once, so that a file of
        any length can be streamed: only one sum for each day and kind is kept.

        Args:
            entries: day (in the account's zone), kind and amount from zero.
            currency: of every amount.

        Raises:
            InvalidValue: an entry that is no such triple, or an amount below zero; its position is named.
            CurrencyMismatch: an amount in another currency.

        Source: MIN-2.

        Example:
            >>> used = [("sms", Money.parse("0.01", "USD")), *2 * [("call", Money.parse("0.40", "USD"))]]
            >>> history = UsageHistory.of(((date(2026, 12, 7), *each) for each in used), currency="USD")
            >>> history.days[0].amounts
            (('call', Money.parse('0.80', 'USD')), ('sms', Money.parse('0.01', 'USD')))
        """
        decimals(currency)  # refuses an unknown code
        sums: dict[tuple[date, str], int] = {}
        kinds: set[str] = set()
        for position, entry in enumerate(several("entries", entries)):
            on, kind, amount = _entry(f"entries[{position}]", entry, currency, kinds)
            sums[on, kind] = sums.get((on, kind), 0) + amount.micros
        used = sorted((on, kind, Money(micros, currency)) for (on, kind), micros in sums.items() if micros)
        by_day = groupby(used, key=lambda each: each[0])
        days = (DayUsage(on, tuple((kind, amount) for _, kind, amount in each)) for on, each in by_day)
        return cls(currency, tuple(days))

    def __attrs_post_init__(self) -> None:
        decimals(self.currency)  # refuses an unknown code
        for position, usage in enumerate(self.days):
            check_currency(f"days[{position}]", usage.currency, self.currency)
        for position, (earlier, later) in enumerate(pairwise(self.days)):
            if later.day <= earlier.day:
                raise InvalidValue(f"days[{position + 1}]", f"must come after {earlier.day}, not on {later.day}")

    def within(self, period: Period) -> tuple[DayUsage, ...]:
        """The days of a period that had usage."""
        first = bisect_left(self.days, instance("period", period, Period).start, key=_day_of)
        return self.days[first : bisect_left(self.days, period.end, lo=first, key=_day_of)]

    def total(self, period: Period) -> Money:
        """What was used in a period, of every kind together."""
        return Money(sum(amount.micros for usage in self.within(period) for _, amount in usage.amounts), self.currency)

    def by_kind(self, period: Period) -> tuple[tuple[str, Money], ...]:
        """What was used in a period, by kind, in the order of text; kinds without usage are left out."""
        sums: dict[str, Money] = {}
        for usage in self.within(period):
            for kind, amount in usage.amounts:
                sums[kind] = sums[kind] + amount if kind in sums else amount
        return tuple(sorted(sums.items()))

    def entries(self) -> Iterator[tuple[date, str, Money]]:
        """Day, kind and amount of everything in the history; `of` takes them back."""
        return ((usage.day, kind, amount) for usage in self.days for kind, amount in usage.amounts)


def _entry(place: str, entry: object, currency: str, kinds: set[str]) -> tuple[date, str, Money]:
    """An entry of a history, checked; a kind is looked at when it first comes up."""
    if not isinstance(entry, tuple) or len(entry) != 3:  # noqa: PLR2004 - a triple
        raise InvalidValue(place, f"must be a triple of day, kind and amount, not {shown(entry)}")
    on, kind, amount = entry
    if type(kind) is not str or kind not in kinds:
        kinds.add(cardless_text(place, kind))
    check_currency(place, price_amount(place, amount).currency, currency)
    return day(place, on), kind, amount
