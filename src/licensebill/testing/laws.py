"""The laws of billing, for billing code that is not this library's: each a function to call on an implementation.

    laws.usage_in_parts_is_whole(my_part, my_price, [0, 1, 2])

A law calls what it is given, compares what comes back, and raises `LawBroken` where it does not fit; otherwise it
returns nothing. It claims nothing about one figure being right, only about figures that belong together, and so needs
no second implementation. What the code under test raises itself passes through.

Amounts may be ints of cents, `Decimal`, `Fraction`, `Money` or a type of yours with `+`, `-`, `<`, `==` and `*` by a
whole number; uses and days anything with `<`. All amounts of one call are of one type: where one of them is no whole
number of anything, such as seven average days' worth, make each a `Fraction`, which `Decimal` and `Money` do not mix
with. What your function is called with comes by position, what its answer is held against by keyword: `unit=`,
`floor=`, `valid=`.

A law says nothing about where its inputs come from: call it with a few numbers, or under Hypothesis' `@given`, which is
not needed here. Each law raises by itself, not through one common place, so that Hypothesis tells apart which of
several laws in one test are broken.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import ClassVar, Protocol, Self, TypeVar

import attrs

from licensebill._checks import function, instance, several
from licensebill.errors import InvalidValue, LicenseBillError, one, shown
from licensebill.money import Money, exact

__all__ = [
    "LawBroken",
    "balance_is_bounded",
    "credit_mirrors_charge",
    "fee_never_falls",
    "floor_is_kept",
    "parts_add_up",
    "period_in_parts_is_whole",
    "preview_is_purchase",
    "primary_is_valid",
    "true_up_reaches_minimum",
    "usage_in_parts_is_whole",
]

#: pytest leaves the frames of this module out: a failed test ends in the line that calls the law.
__tracebackhide__ = True


class _Ordered(Protocol):
    """What can be put in order."""

    def __lt__(self, other: Self, /) -> bool: ...


class _Amount(_Ordered, Protocol):
    """What can be billed."""

    def __add__(self, other: Self, /) -> Self: ...

    def __sub__(self, other: Self, /) -> Self: ...

    def __neg__(self) -> Self: ...

    def __mul__(self, count: int, /) -> Self: ...


_A = TypeVar("_A", bound=_Amount)
_Q = TypeVar("_Q", bound=_Ordered)
_F = TypeVar("_F", bound=_Ordered)
_W = TypeVar("_W", bound=Sequence[int])
_T = TypeVar("_T")
_R = TypeVar("_R")


@attrs.frozen
class LawBroken(LicenseBillError, AssertionError):
    """An implementation breaks a law of billing.

    All fields are texts, so that the error can be sent between processes whatever was compared.

    Args:
        law: the name of the function that found it.
        rule: the id of the rule that the law follows from.
        figure: what was compared.
        found: what it is.
        required: what it must be.
        inputs: what the law was called with, uses and days in order.
    """

    code: ClassVar[str] = "law_broken"

    law: str
    rule: str
    figure: str
    found: str
    required: str
    inputs: str

    def __str__(self) -> str:
        return (
            f"{self.law} ({self.rule}): {self.figure} is {self.found}, must be {self.required}\n    with {self.inputs}"
        )


def _broken(law: str, rule: str, figure: str, found: object, required: str, **inputs: object) -> LawBroken:
    given = ", ".join(f"{name}={_written(value)}" for name, value in inputs.items())
    return LawBroken(law, rule, figure, _written(found), required, given)


def _written(value: object) -> str:
    """A value as it is written; one with a number of more digits than Python writes, by its type."""
    try:
        return repr(value)
    except ValueError:
        return one(type(value))


def _check_functions(**given: Callable[..., object]) -> None:
    for name, each in given.items():
        function(name, each)


def _returned(name: str, values: Iterable[_T], what: str, *unwanted: type) -> list[_T]:
    """What a function returned, as a list; a text is no collection of sources or parts."""
    if isinstance(values, (str, bytes, *unwanted)) or not isinstance(values, Iterable):
        raise InvalidValue(name, f"must return {what}, not {one(type(values))}")
    return list(values)


def _amount(name: str, value: _T) -> _T:
    """What a function returned for an amount: not None, as where `return` was forgotten, nor what equals nothing.

    A comparison with NaN is never true, and so would pass for a law that is kept.
    """
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        raise InvalidValue(name, f"must return an amount, not {value}")
    return value


#: Numbers of up to so many digits are shown as decimals where one holds them.
_WIDE = Context(prec=40)


def _ratio(amount: _Amount, times: int, over: int) -> str:
    """An amount times a ratio as one number, exact: "599.5", "100/3", "100/3 USD"; of an unknown type, as a term."""
    if isinstance(amount, Money):
        return str(exact(amount, times, over))
    if isinstance(amount, float):
        return repr(amount * times / over)
    if not isinstance(amount, int | Decimal | Fraction):
        return f"{_written(amount)} * {times} / {over}"
    ratio = Fraction(amount) * times / over
    decimal = _WIDE.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    return f"{decimal:f}" if decimal == ratio else str(ratio)


# --- fees and usage -----------------------------------------------------------------------------------------------


def fee_never_falls(fee: Callable[[_Q], _F], one: _Q, other: _Q) -> None:
    """More use never costs less.

    It does not hold for a volume price, which prices every unit by the tier reached: there ten units may cost more than
    eleven.

    Args:
        fee: what so much use costs.
        one: a use.
        other: another, more or less.

    Raises:
        LawBroken: the greater use costs less.

    Source: PRC-1, STO-2.

    Example:
        >>> fee_never_falls(lambda gigabytes: 30_00 * gigabytes, 2, 1)
        >>> fee_never_falls(lambda gigabytes: 30_00 * (gigabytes % 1024), 1024, 1023)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: fee_never_falls (PRC-1): the fee of more is 0, must be at least 3069000
            with less=1023, more=1024
    """
    _check_functions(fee=fee)
    less, more = sorted((one, other))
    low, high = _amount("fee", fee(less)), _amount("fee", fee(more))
    if high < low:
        least = f"at least {_written(low)}"
        raise _broken("fee_never_falls", "PRC-1", "the fee of more", high, least, less=less, more=more)


def usage_in_parts_is_whole(part: Callable[[_Q, _Q], _A], price: Callable[[_Q], _A], readings: Iterable[_Q]) -> None:
    """A usage that is billed as it comes in costs, in the end, what it costs as a whole.

    However it is cut. The readings are cumulative, as a meter shows them: not what was used between two of them. A part
    costs the difference of the cumulative prices after it and before it; whoever prices each part by itself bills a
    started unit more than once, gives free units more than once, or rounds too often.

    What leads to the first reading is not asked for as a part: its price is taken for it. So include 0 where your meter
    starts there. Fewer than two readings make no part, and compare nothing.

    Args:
        part: what is billed for the use from one reading to a later one.
        price: what a whole use costs, from nothing up to a reading.
        readings: at least one, in any order, of a meter that only rises; between equal ones nothing was used.

    Raises:
        InvalidValue: no reading; no function.
        LawBroken: the price of the first reading and the parts do not come to the price of the last.

    Source: PRC-3.

    Example:
        >>> def price(gigabytes):
        ...     return 30_00 * -(-gigabytes // 10)
        >>> usage_in_parts_is_whole(lambda before, after: price(after) - price(before), price, [0, 3, 10, 11])
        >>> usage_in_parts_is_whole(lambda before, after: price(after - before), price, [0, 3, 10])
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: usage_in_parts_is_whole (PRC-3): the sum is 6000, must be 3000
            with readings=[0, 3, 10], price_of_first=0, parts=[3000, 3000]
    """
    _check_functions(part=part, price=price)
    ordered = _in_order("readings", readings, 1)
    first, whole = (_amount("price", price(ordered[at])) for at in (0, -1))
    parts = [_amount("part", part(before, after)) for before, after in pairwise(ordered)]
    found = reduce(operator.add, parts, first)
    if found != whole:
        given = {"readings": ordered, "price_of_first": first, "parts": parts}
        raise _broken("usage_in_parts_is_whole", "PRC-3", "the sum", found, _written(whole), **given)


def period_in_parts_is_whole(charge: Callable[[_Q, _Q], _A], days: Iterable[_Q]) -> None:
    """A period that is cut in parts costs what it costs as a whole.

    To the last cent, wherever it is cut: parts that are rounded one by one lose cents or collect them, and a part that
    takes its last day in shares it with the next. The difference of two rounded amounts keeps the law, both counted as
    what is left to the end, as `cycles.prorated` does. Both counted from the first day keep it as well, but a tie may
    go the other way: of 2.25 for April the 30th costs 0.08, the half cent of what is left rounded up; from the first
    day it would cost 0.07, as 2.18 are gone by then, rounded up as well.

    Args:
        charge: what is charged from one day to another, which is no longer in.
        days: at least two, in any order; the first and the last bound the whole. Nothing lies between equal ones, and
            nothing is asked about it.

    Raises:
        InvalidValue: fewer than two days; no function.
        LawBroken: the parts do not come to the whole.

    Source: CYC-4, MON-1.

    Example:
        >>> def left(day):  # of 2.25 for April, in cents, half up
        ...     return (2_25 * 2 * (31 - day) + 30) // 60
        >>> period_in_parts_is_whole(lambda start, end: left(start) - left(end), [1, 11, 30, 31])
        >>> left(30)
        8
        >>> period_in_parts_is_whole(lambda start, end: 2_25 * (end - start) // 30, [1, 11, 30, 31])
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: period_in_parts_is_whole (CYC-4): the sum is 224, must be 225
            with days=[1, 11, 30, 31], parts=[75, 142, 7]
    """
    _check_functions(charge=charge)
    ordered = _in_order("days", days, 2)
    parts = [_amount("charge", charge(start, end)) for start, end in pairwise(ordered) if start < end]
    if not parts:
        return
    found, whole = reduce(operator.add, parts), _amount("charge", charge(ordered[0], ordered[-1]))
    if found != whole:
        given = {"days": ordered, "parts": parts}
        raise _broken("period_in_parts_is_whole", "CYC-4", "the sum", found, _written(whole), **given)


def _in_order(place: str, points: Iterable[_Q], fewest: int) -> list[_Q]:
    ordered = sorted(several(place, points))
    if len(ordered) < fewest:
        raise InvalidValue(place, f"must hold at least {fewest}, not {len(ordered)}")
    return ordered


# --- splitting ----------------------------------------------------------------------------------------------------


def parts_add_up(split: Callable[[_A, _W], Iterable[_A]], amount: _A, weights: _W, *, unit: _A) -> None:
    """The parts of an amount add up to it, and each is its share rounded down or up.

    So nothing is lost, a weight of zero gets nothing, and the units left over are not all given to one part. The
    weights are left as they are: who sorts or empties them splits the next amount by others.

    Args:
        split: an amount by weights, into a part for each weight in their order. It gets a copy of the weights.
        amount: above zero or below it.
        weights: whole numbers from zero, not all zero. The amount times their sum is computed.
        unit: above zero: the smallest amount that a part can differ by, a cent in your own amounts: `1`,
            `Decimal("0.01")`, `Money.parse("0.01", "USD")`.

    Raises:
        InvalidValue: no weight above zero, one below it; a unit that is not above zero; a split that is no function, or
            returns a dict.
        LawBroken: there are more or fewer parts than weights, they do not add up, one is a whole unit off, or the
            weights were changed.

    Source: MON-4.

    Example:
        >>> def rounded_down(cents, weights):
        ...     return [cents * weight // sum(weights) for weight in weights]
        >>> parts_add_up(rounded_down, 100, [1, 1], unit=1)
        >>> parts_add_up(rounded_down, 100, [1, 1, 1], unit=1)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: parts_add_up (MON-4): the sum is 99, must be 100
            with amount=100, weights=[1, 1, 1], parts=[33, 33, 33]
    """
    _check_functions(split=split)
    _check_weights(weights)
    if not unit * 0 < unit:
        raise InvalidValue("unit", f"must be above zero, not {_written(unit)}")
    law, everything = "parts_add_up", sum(weights)
    parts, left = _parts(split, amount, weights)
    given = {"amount": amount, "weights": weights, "parts": parts}
    if left != list(weights):
        raise _broken(law, "MON-4", "what is left of the weights", left, _written(list(weights)), **given)
    if len(parts) != len(weights):
        raise _broken(law, "MON-4", "the number of parts", len(parts), str(len(weights)), **given)
    if (found := reduce(operator.add, parts)) != amount:
        raise _broken(law, "MON-4", "the sum", found, _written(amount), **given)
    for position, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        off = part * everything - amount * weight
        if not -(unit * everything) < off < unit * everything:
            share = f"less than {_ratio(unit, 1, 1)} off its exact share, {_ratio(amount, weight, everything)}"
            raise _broken(law, "MON-4", f"parts[{position}]", part, share, **given)


def credit_mirrors_charge(split: Callable[[_A, _W], Iterable[_A]], amount: _A, weights: _W) -> None:
    """A credit is split as the charge was, with the signs turned.

    Rounding down does otherwise: below zero it rounds away from it, and who gets a charge back gets it in other parts.
    So does a split that sorts or empties the weights, if the credit is split by the same list.

    Args:
        split: an amount by weights, into a part for each weight; an amount below zero as well. It gets a copy of the
            weights each time.
        amount: above zero or below it.
        weights: whatever the function takes.

    Raises:
        InvalidValue: weights that are no sequence; a split that is no function, or returns a dict.
        LawBroken: the parts of the negative amount are not the negative parts, or the weights were changed.

    Source: MON-4, MON-1.

    Example:
        >>> def rest_to_the_first(cents, weights):
        ...     others = [cents * weight // sum(weights) for weight in weights[1:]]
        ...     return [cents - sum(others), *others]
        >>> credit_mirrors_charge(rest_to_the_first, 101, [1, 1])
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: credit_mirrors_charge (MON-4): the credit is [-50, -51], must be [-51, -50]
            with amount=101, weights=[1, 1]
    """
    _check_functions(split=split)
    instance("weights", weights, Sequence)  # type: ignore[type-abstract]
    law, given = "credit_mirrors_charge", {"amount": amount, "weights": weights}
    parts, left = _parts(split, amount, weights)
    if left != list(weights):
        raise _broken(law, "MON-4", "what is left of the weights", left, _written(list(weights)), **given)
    mirrored, (found, _) = [-part for part in parts], _parts(split, -amount, weights)
    if found != mirrored:
        raise _broken(law, "MON-4", "the credit", found, _written(mirrored), **given)


def _parts(split: Callable[[_A, _W], Iterable[_A]], amount: _A, weights: _W) -> tuple[list[_A], list[int]]:
    """What a split makes of an amount, and what it leaves of the weights: a copy, so that no two calls share one."""
    own = copy(weights)
    return _returned("split", split(amount, own), "the parts", Mapping, AbstractSet), list(own)


def _check_weights(weights: Sequence[int]) -> None:
    for position, weight in enumerate(instance("weights", weights, Sequence)):  # type: ignore[type-abstract]
        if instance(f"weights[{position}]", weight, int) < 0:
            raise InvalidValue(f"weights[{position}]", f"must be at least 0, not {shown(weight)}")
    if not any(weights):
        raise InvalidValue("weights", "must hold at least one above zero")


# --- commitments and purchases ------------------------------------------------------------------------------------


def floor_is_kept(billed: Callable[[_T], _Q], held: _T, *, floor: _Q) -> None:
    """What is billed never goes below the floor of the contract, whatever is owned, used or assigned.

    Args:
        billed: the number billed for what is held.
        held: whatever it depends on: a number owned, an account.
        floor: the least number that the contract lets be billed, on the day that counts.

    Raises:
        LawBroken: fewer are billed.

    Source: LIC-2, LIC-10.

    Example:
        >>> floor_is_kept(lambda owned: max(owned, 10), 8, floor=10)
        >>> floor_is_kept(lambda owned: owned or 10, 8, floor=10)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: floor_is_kept (LIC-2): the number billed is 8, must be at least 10
            with held=8, floor=10
    """
    _check_functions(billed=billed)
    number = _amount("billed", billed(held))
    if number < floor:
        given = {"held": held, "floor": floor}
        raise _broken("floor_is_kept", "LIC-2", "the number billed", number, f"at least {_written(floor)}", **given)


def true_up_reaches_minimum(true_up: Callable[[_A, _A], _A], charged: _A, minimum: _A) -> None:
    """What was charged and the true-up together are the greater of what was charged and the minimum spend.

    So the true-up is never negative: who was charged more than the minimum gets nothing back.

    Args:
        true_up: what is added, for what was charged and for the minimum.
        charged: in the cycle, net of credits.
        minimum: of that cycle.

    Raises:
        LawBroken: they come to more or less.

    Source: PRC-4.

    Example:
        >>> true_up_reaches_minimum(lambda charged, minimum: max(minimum - charged, 0), 120_00, 100_00)
        >>> true_up_reaches_minimum(lambda charged, minimum: minimum - charged, 120_00, 100_00)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: true_up_reaches_minimum (PRC-4): the sum is 10000, must be 12000
            with charged=12000, minimum=10000
    """
    _check_functions(true_up=true_up)
    together, greater = charged + _amount("true_up", true_up(charged, minimum)), max(charged, minimum)
    if together != greater:
        given = {"charged": charged, "minimum": minimum}
        raise _broken("true_up_reaches_minimum", "PRC-4", "the sum", together, _written(greater), **given)


def preview_is_purchase(preview: Callable[[_T], _R], purchase: Callable[[_T], _R], asked: _T) -> None:
    """What is shown before a purchase is what the purchase then does.

    The preview comes first, so that one which changes something is found out by the purchase. To hold refusals to the
    law as well, let both functions return them.

    Args:
        preview: what would be charged, owned, available: whatever your customers are shown.
        purchase: the same of the purchase, made.
        asked: what is asked for.

    Raises:
        LawBroken: the two differ.

    Source: LIC-12.

    Example:
        >>> preview_is_purchase(lambda seats: seats * 25_00, lambda seats: seats * 25_00, 2)
        >>> preview_is_purchase(lambda seats: seats * 25_00, lambda seats: seats * 25_00 * 119 // 100, 2)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: preview_is_purchase (LIC-12): what was shown is 5000, must be 5950
            with asked=2
    """
    _check_functions(preview=preview, purchase=purchase)
    previewed, made = preview(asked), purchase(asked)
    if previewed != made:
        raise _broken("preview_is_purchase", "LIC-12", "what was shown", previewed, _written(made), asked=asked)


# --- funding and prepaid balances ---------------------------------------------------------------------------------


def primary_is_valid(
    change: Callable[[_T], _T],
    before: _T,
    *,
    primaries: Callable[[_T], Iterable[_R]],
    valid: Callable[[_T], Iterable[_R]],
) -> None:
    """After a change of the funding sources one is primary, it is valid, and the last valid source is still there.

    Held to this is what a person asks for and the code accepts. What time or a decline has ended, no change need mend:
    a primary that was not valid before may stay, and where nothing was valid, nothing need be.

    Args:
        change: of the sources; a refusal of its own passes through.
        before: the sources, in whatever form.
        primaries: which of them are primary, as a list. Let these and the valid ones be ids: a message shows them.
        valid: which of them can be charged, on the day of the change.

    Raises:
        InvalidValue: no function, or one of the last two returns one text instead of several.
        LawBroken: none is primary or several are, the primary is not valid, or no source is valid any more.

    Source: FUN-2, FUN-3.

    Example:
        >>> def first(ids):
        ...     return ids[:1]
        >>> def with_digit(ids):
        ...     return [one for one in ids if one[-1].isdigit()]
        >>> primary_is_valid(lambda ids: ids[1:], ["visa-1", "bank-2"], primaries=first, valid=with_digit)
        >>> primary_is_valid(lambda ids: ids[1:], ["visa-1", "expired"], primaries=first, valid=with_digit)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: primary_is_valid (FUN-2): what is valid is [], must be at least one source
            with primaries_before=['visa-1'], valid_before=['visa-1']
    """
    _check_functions(change=change, primaries=primaries, valid=valid)

    def found(sources: _T) -> tuple[list[_R], list[_R]]:
        several_ids = "several sources, as a list"
        return _returned("primaries", primaries(sources), several_ids), _returned("valid", valid(sources), several_ids)

    law, (were_primary, were_valid) = "primary_is_valid", found(before)
    given = {"primaries_before": were_primary, "valid_before": were_valid}
    are_primary, are_valid = found(change(before))
    if len(are_primary) != 1:
        raise _broken(law, "FUN-3", "what is primary", are_primary, "one source", **given)
    if were_valid and not are_valid:
        raise _broken(law, "FUN-2", "what is valid", are_valid, "at least one source", **given)
    (primary,) = are_primary
    had_ended = primary in were_primary and primary not in were_valid
    if are_valid and primary not in are_valid and not had_ended:
        raise _broken(law, "FUN-3", "the primary source", primary, f"one of the valid {_written(are_valid)}", **given)


def balance_is_bounded(charge: Callable[[_A], _A], balance: _A, *, threshold: _A, recharge: _A, unit: _A) -> None:
    """A run of automatic recharge leaves the balance between the threshold and a recharge above it.

    Above the threshold it charges nothing, so that one above both, as after a purchase by hand, is left alone. Below it
    a recharge comes, at least a whole one, and no more than leads to both together: from further below than a recharge
    reaches, it may close the gap or leave that to the next runs. At the threshold either may be meant. No run takes
    money back.

    If that holds for every balance, and if from one run to the next no more is used than a recharge brings, a balance
    that starts between the two never exceeds them by more than half a unit, and never falls below the threshold by more
    than what is used between two runs. No limit and no payment under way may stop the charge: hand in a function of the
    balance alone.

    Args:
        charge: what a run charges at a balance; zero where no recharge is due.
        balance: any; let those be among them that lie beside the threshold.
        threshold: the balance below which, or at which, a recharge is due; exact, so many average days' worth. Where
            that is no whole amount, make each of the four a `Fraction`.
        recharge: what it brings, from zero; exact, so many average days' worth.
        unit: what a charge is rounded to, to the nearest; zero where it is not rounded.

    Raises:
        InvalidValue: the recharge or the unit is below zero.
        LawBroken: the charge is negative, comes above the threshold, is less than a recharge below it, or leads out of
            the bounds.

    Source: MIN-4, MIN-5, MIN-6.

    Example:
        >>> def six_below_three(balance):
        ...     return 6 if balance < 3 else 0
        >>> balance_is_bounded(six_below_three, 2, threshold=3, recharge=6, unit=1)
        >>> balance_is_bounded(six_below_three, 2, threshold=1, recharge=6, unit=1)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: balance_is_bounded (MIN-4): the charge is 6, must be 0 above the threshold
            with balance=2, threshold=1, recharge=6, unit=1
        >>> balance_is_bounded(lambda balance: max(0, 3 - balance), 2, threshold=3, recharge=6, unit=1)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: balance_is_bounded (MIN-4): the charge is 1, must be at least 5.5 \
(recharge - unit / 2) below the threshold
            with balance=2, threshold=3, recharge=6, unit=1
    """
    _check_functions(charge=charge)
    law, nothing = "balance_is_bounded", unit * 0
    for place, amount in (("recharge", recharge), ("unit", unit)):
        if amount < nothing:
            raise InvalidValue(place, f"must be at least zero, not {_written(amount)}")
    given = {"balance": balance, "threshold": threshold, "recharge": recharge, "unit": unit}
    charged = _amount("charge", charge(balance))
    if charged < nothing:
        raise _broken(law, "MIN-4", "the charge", charged, f"at least {_written(nothing)}", **given)
    if threshold < balance and charged != nothing:
        raise _broken(law, "MIN-4", "the charge", charged, f"{_written(nothing)} above the threshold", **given)
    is_below, least = balance < threshold, recharge * 2 - unit
    if charged * 2 < least and (is_below or (balance == threshold and charged != nothing)):
        where = "below the threshold" if is_below else f"at the threshold, or {_written(nothing)}"
        required = f"at least {_ratio(least, 1, 2)} (recharge - unit / 2) {where}"
        raise _broken(law, "MIN-4", "the charge", charged, required, **given)
    after, most = balance + charged, (threshold + recharge) * 2 + unit
    if charged != nothing and most < after * 2:
        required = f"at most {_ratio(most, 1, 2)} (threshold + recharge + unit / 2)"
        raise _broken(law, "MIN-6", "the new balance", after, required, **given)
