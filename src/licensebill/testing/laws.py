"""The laws of billing, for billing code that is not this library's: each a function to call on an implementation.

    laws.usage_in_parts_is_whole(my_part, my_price, [0, 1, 2])

A law calls what it is given, compares what comes back, and raises `LawBroken` where it does not fit; otherwise it
returns nothing. It claims nothing about one figure being right, only about figures that belong together, and so needs
no second implementation. What the code under test raises itself passes through.

Amounts may be ints of cents, `Decimal`, `Fraction`, `Money` or a type of yours with `+`, `-`, `<`, `==` and `*` by a
whole number; uses and days anything with `<`. A law says nothing about where its inputs come from: call it with a few
numbers, or under Hypothesis' `@given`, which is not needed here. Each law raises by itself, not through one common
place, so that Hypothesis tells apart which of several laws in one test are broken.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import pairwise
from typing import ClassVar, Protocol, Self, TypeVar

import attrs

from licensebill._checks import function, several
from licensebill.errors import InvalidValue, LicenseBillError


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
    given = ", ".join(f"{name}={value!r}" for name, value in inputs.items())
    return LawBroken(law, rule, figure, repr(found), required, given)


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
    function("fee", fee)
    less, more = sorted((one, other))
    low, high = fee(less), fee(more)
    if high < low:
        raise _broken("fee_never_falls", "PRC-1", "the fee of more", high, f"at least {low!r}", less=less, more=more)


def usage_in_parts_is_whole(part: Callable[[_Q, _Q], _A], price: Callable[[_Q], _A], readings: Iterable[_Q]) -> None:
    """A usage that is billed as it comes in costs, in the end, what it costs as a whole.

    However it is cut. A part costs the difference of the cumulative prices after it and before it; whoever prices each
    part by itself bills a started unit more than once, gives free units more than once, or rounds too often.

    Args:
        part: what is billed for the use from one reading to a later one.
        price: what a whole use costs, from nothing up to a reading.
        readings: at least one, in any order, of a meter that only rises; between equal ones nothing was used.

    Raises:
        InvalidValue: no reading.
        LawBroken: the price of the first reading and the parts do not come to the price of the last.

    Source: PRC-3.

    Example:
        >>> def price(gigabytes):
        ...     return 30_00 * -(-gigabytes // 10)
        >>> usage_in_parts_is_whole(lambda before, after: price(after) - price(before), price, [0, 3, 10, 11])
        >>> usage_in_parts_is_whole(lambda before, after: price(after - before), price, [0, 3, 10])
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: usage_in_parts_is_whole (PRC-3): the sum is 6000, must be 3000
            with readings=[0, 3, 10], parts=[0, 3000, 3000]
    """
    function("part", part)
    function("price", price)
    ordered = _in_order("readings", readings, 1)
    parts = [price(ordered[0]), *(part(before, after) for before, after in pairwise(ordered))]
    found, whole = reduce(operator.add, parts), price(ordered[-1])
    if found != whole:
        given = {"readings": ordered, "parts": parts}
        raise _broken("usage_in_parts_is_whole", "PRC-3", "the sum", found, repr(whole), **given)


def period_in_parts_is_whole(charge: Callable[[_Q, _Q], _A], days: Iterable[_Q]) -> None:
    """A period that is cut in parts costs what it costs as a whole.

    To the last cent, wherever it is cut: parts that are rounded one by one lose cents or collect them, and a part that
    takes its last day in shares it with the next. The difference of two rounded amounts, both counted from the first
    day, keeps the law.

    Args:
        charge: what is charged from one day to another, which is no longer in.
        days: at least two, in any order; the first and the last bound the whole.

    Raises:
        InvalidValue: fewer than two days.
        LawBroken: the parts do not come to the whole.

    Source: CYC-4, MON-1.

    Example:
        >>> def until(day):
        ...     return 100_00 * day // 30
        >>> period_in_parts_is_whole(lambda start, end: until(end) - until(start), [0, 10, 20, 30])
        >>> period_in_parts_is_whole(lambda start, end: until(end - start), [0, 10, 20, 30])
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: period_in_parts_is_whole (CYC-4): the sum is 9999, must be 10000
            with days=[0, 10, 20, 30], parts=[3333, 3333, 3333]
    """
    function("charge", charge)
    ordered = _in_order("days", days, 2)
    parts = [charge(start, end) for start, end in pairwise(ordered)]
    found, whole = reduce(operator.add, parts), charge(ordered[0], ordered[-1])
    if found != whole:
        given = {"days": ordered, "parts": parts}
        raise _broken("period_in_parts_is_whole", "CYC-4", "the sum", found, repr(whole), **given)


def _in_order(place: str, points: Iterable[_Q], fewest: int) -> list[_Q]:
    ordered = sorted(several(place, points))
    if len(ordered) < fewest:
        raise InvalidValue(place, f"must hold at least {fewest}, not {len(ordered)}")
    return ordered


# --- splitting ----------------------------------------------------------------------------------------------------


def parts_add_up(split: Callable[[_A, _W], Iterable[_A]], amount: _A, weights: _W, *, unit: _A) -> None:
    """The parts of an amount add up to it, and each is its share rounded down or up.

    So nothing is lost, a weight of zero gets nothing, and the units left over are not all given to one part.

    Args:
        split: an amount by weights, into a part for each weight in their order.
        amount: above zero or below it.
        weights: from zero, not all zero. The amount times their sum is computed.
        unit: the smallest amount that a part can differ by, such as a cent.

    Raises:
        InvalidValue: no weight above zero.
        LawBroken: there are more or fewer parts than weights, they do not add up, or one is a whole unit off.

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
    function("split", split)
    if not any(weights):
        raise InvalidValue("weights", "must hold at least one above zero")
    law, parts, everything = "parts_add_up", list(split(amount, weights)), sum(weights)
    given = {"amount": amount, "weights": weights, "parts": parts}
    if len(parts) != len(weights):
        raise _broken(law, "MON-4", "the number of parts", len(parts), repr(len(weights)), **given)
    if (found := reduce(operator.add, parts)) != amount:
        raise _broken(law, "MON-4", "the sum", found, repr(amount), **given)
    for position, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        off = part * everything - amount * weight
        if not -(unit * everything) < off < unit * everything:
            share = f"less than {unit!r} from {amount!r} * {weight} / {everything}"
            raise _broken(law, "MON-4", f"parts[{position}]", part, share, **given)


def credit_mirrors_charge(split: Callable[[_A, _W], Iterable[_A]], amount: _A, weights: _W) -> None:
    """A credit is split as the charge was, with the signs turned.

    Rounding down does otherwise: below zero it rounds away from it, and who gets a charge back gets it in other parts.

    Args:
        split: an amount by weights, into a part for each weight; an amount below zero as well.
        amount: above zero or below it.
        weights: whatever the function takes.

    Raises:
        LawBroken: the parts of the negative amount are not the negative parts.

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
    function("split", split)
    mirrored = [-part for part in split(amount, weights)]
    found = list(split(-amount, weights))
    if found != mirrored:
        given = {"amount": amount, "weights": weights}
        raise _broken("credit_mirrors_charge", "MON-4", "the credit", found, repr(mirrored), **given)


# --- commitments and purchases ------------------------------------------------------------------------------------


def floor_is_kept(billed: Callable[[_T], _Q], held: _T, floor: _Q) -> None:
    """What is billed never goes below the floor of the contract, whatever is owned, used or assigned.

    Args:
        billed: the number billed for what is held.
        held: whatever it depends on: a number owned, an account.
        floor: the least number that the contract lets be billed, on the day that counts.

    Raises:
        LawBroken: fewer are billed.

    Source: LIC-2, LIC-10.

    Example:
        >>> floor_is_kept(lambda owned: max(owned, 10), 8, 10)
        >>> floor_is_kept(lambda owned: owned or 10, 8, 10)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: floor_is_kept (LIC-2): the number billed is 8, must be at least 10
            with held=8
    """
    number = function("billed", billed)(held)
    if number < floor:
        raise _broken("floor_is_kept", "LIC-2", "the number billed", number, f"at least {floor!r}", held=held)


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
    function("true_up", true_up)
    together, greater = charged + true_up(charged, minimum), max(charged, minimum)
    if together != greater:
        given = {"charged": charged, "minimum": minimum}
        raise _broken("true_up_reaches_minimum", "PRC-4", "the sum", together, repr(greater), **given)


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
    shown, made = function("preview", preview)(asked), function("purchase", purchase)(asked)
    if shown != made:
        raise _broken("preview_is_purchase", "LIC-12", "what was shown", shown, repr(made), asked=asked)


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
        primaries: which of them are primary. Let these and the valid ones be ids: they are what a message shows.
        valid: which of them can be charged, on the day of the change.

    Raises:
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
    for place, given_function in {"change": change, "primaries": primaries, "valid": valid}.items():
        function(place, given_function)
    law, were_primary, were_valid = "primary_is_valid", list(primaries(before)), list(valid(before))
    given = {"primaries_before": were_primary, "valid_before": were_valid}
    after = change(before)
    are_primary, are_valid = list(primaries(after)), list(valid(after))
    if len(are_primary) != 1:
        raise _broken(law, "FUN-3", "what is primary", are_primary, "one source", **given)
    if were_valid and not are_valid:
        raise _broken(law, "FUN-2", "what is valid", are_valid, "at least one source", **given)
    (primary,) = are_primary
    had_ended = primary in were_primary and primary not in were_valid
    if are_valid and primary not in are_valid and not had_ended:
        raise _broken(law, "FUN-3", "the primary source", primary, f"one of the valid {are_valid!r}", **given)


def balance_is_bounded(charge: Callable[[_A], _A], balance: _A, *, threshold: _A, recharge: _A, unit: _A) -> None:
    """A run of automatic recharge leaves the balance between the threshold and a recharge above it.

    From any balance: one that lies further below than a recharge reaches gets a whole recharge, and one above both, as
    after a purchase by hand, gets nothing. If that holds for every balance, and if from one run to the next no more is
    used than a recharge brings, a balance that starts between the two never exceeds them by more than half a unit, and
    never falls below the threshold by more than what is used between two runs.

    No limit and no payment under way may stop the charge: hand in a function of the balance alone.

    Args:
        charge: what a run charges at a balance; zero where no recharge is due.
        balance: any.
        threshold: the balance below which, or at which, a recharge is due; exact, so many average days' worth.
        recharge: what it brings; exact, so many average days' worth.
        unit: what a charge is rounded to; zero where it is not rounded.

    Raises:
        LawBroken: the balance after the run is out of the bounds.

    Source: MIN-4, MIN-6.

    Example:
        >>> def six_below_three(balance):
        ...     return 6 if balance < 3 else 0
        >>> balance_is_bounded(six_below_three, 2, threshold=3, recharge=6, unit=1)
        >>> balance_is_bounded(six_below_three, 2, threshold=1, recharge=6, unit=1)
        Traceback (most recent call last):
        licensebill.testing.laws.LawBroken: balance_is_bounded (MIN-6): the new balance is 8, must be at most 7 + 1 / 2
            with balance=2, threshold=1, recharge=6
    """
    function("charge", charge)
    law, given = "balance_is_bounded", {"balance": balance, "threshold": threshold, "recharge": recharge}
    after, ceiling, brought = balance + charge(balance), threshold + recharge, balance + recharge
    if balance < after and ceiling * 2 + unit < after * 2:
        raise _broken(law, "MIN-6", "the new balance", after, f"at most {ceiling!r} + {unit!r} / 2", **given)
    if after < threshold and after * 2 + unit < brought * 2:
        least = f"at least min({threshold!r}, {brought!r} - {unit!r} / 2)"
        raise _broken(law, "MIN-6", "the new balance", after, least, **given)
