"""The laws of billing: code that keeps them passes, in amounts of any kind; other code is told what is wrong."""

import inspect
import operator
from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NoReturn

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensebill import cycles, funding, minutes, storage
from licensebill.accounts import apply, schedule_on
from licensebill.bills import TrueUp
from licensebill.changes import SetTotal, license_purchase
from licensebill.errors import InvalidValue, LicenseBillError
from licensebill.funding import Funding
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import UsageHistory
from licensebill.money import Money, allocate
from licensebill.pricing import Graduated, Package, Tier, charge, part
from licensebill.rules import RULES
from licensebill.terms import Applied
from licensebill.testing import laws
from licensebill.testing.laws import LawBroken
from tests.architecture.source import ROOT
from tests.examples import ACCEPTED, BANK, BOSS, VISA, account, usd

DECEMBER = date(2026, 12, 1)
GIGABYTE = 10**9

Call = Callable[[], None]


def price(used: int) -> int:
    """Thirty dollars for each gigabyte started, in cents."""
    return 30_00 * -(-used // GIGABYTE)


def until(day: int) -> int:
    """A hundred dollars for thirty days, in cents, up to a day."""
    return 100_00 * day // 30


def cent(amount: Decimal) -> Decimal:
    """Rounded half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def cumulative(amount: int, weights: Sequence[int]) -> list[int]:
    """Each part is what the rounded shares up to it come to, less what the parts before it got; towards zero."""
    sign, bounds, before = -1 if amount < 0 else 1, [0], 0
    for weight in weights:
        before += weight
        bounds.append(abs(amount) * before // sum(weights))
    return [sign * (end - start) for start, end in pairwise(bounds)]


def rounded(amount: int, weights: Sequence[int]) -> list[int]:
    """Each part by itself, towards minus infinity."""
    return [amount * weight // sum(weights) for weight in weights]


def rest_to_the_last(amount: int, weights: Sequence[int]) -> list[int]:
    """Each part by itself, the last all that is left."""
    *parts, _ = rounded(amount, weights)
    return [*parts, amount - sum(parts)]


def one_too_many(amount: int, weights: Sequence[int]) -> list[int]:
    """A part of nothing at the end."""
    return [*cumulative(amount, weights), 0]


def sorting(amount: int, weights: list[int]) -> list[int]:
    """The smallest first, in the caller's list."""
    weights.sort()
    return cumulative(amount, weights)


def emptying(amount: int, weights: list[int]) -> list[int]:
    """One weight after the other, out of the caller's list."""
    parts = cumulative(amount, weights)
    weights.clear()
    return parts


@attrs.frozen(order=True)
class Cents:
    """Somebody else's amounts."""

    count: int

    def __add__(self, other: "Cents") -> "Cents":
        return Cents(self.count + other.count)

    def __sub__(self, other: "Cents") -> "Cents":
        return Cents(self.count - other.count)

    def __neg__(self) -> "Cents":
        return Cents(-self.count)

    def __mul__(self, count: int) -> "Cents":
        return Cents(self.count * count)


def taking(seats: list[int]) -> None:
    """Hold a preview to the law that takes the seat which it shows."""
    laws.preview_is_purchase(lambda _: seats.pop(), lambda _: seats.pop(), "a seat")


@attrs.frozen
class Sources:
    """Somebody else's sources: a mark on each of them; ids in capitals can be charged."""

    marks: dict[str, bool]

    def primaries(self) -> list[str]:
        """Those with a mark."""
        return [name for name, is_marked in self.marks.items() if is_marked]

    def valid(self) -> list[str]:
        """Those that can be charged."""
        return [name for name in self.marks if name.isupper()]

    def held(self, **marks: bool | None) -> None:
        """Hold a change of marks to the law; None removes a source."""
        after = {name: mark for name, mark in {**self.marks, **marks}.items() if mark is not None}
        laws.primary_is_valid(lambda _: Sources(after), self, primaries=Sources.primaries, valid=Sources.valid)


TWO, EXPIRED_SECOND, EXPIRED_FIRST, NONE_VALID = (
    Sources({"A": True, "B": False}),
    Sources({"A": True, "b": False}),
    Sources({"a": True, "B": False}),
    Sources({"a": True, "b": False}),
)


def of_ours(change: Callable[[Funding], Funding], *, on: date = DECEMBER) -> None:
    """Hold a change of a card and a bank account of this library to the law."""
    laws.primary_is_valid(
        change,
        Funding((VISA, BANK)),
        primaries=lambda sources: [sources.primary.id],
        valid=lambda sources: [source.id for source in sources.valid(on)],
    )


def bounded(charge: Callable[[int], int], *balances: int, unit: int = 1) -> None:
    """Hold a recharge of sixty dollars below thirty to the law, in cents."""
    for balance in balances:
        laws.balance_is_bounded(charge, balance, threshold=30_00, recharge=60_00, unit=unit)


def our_recharge(policy: minutes.RechargePolicy) -> None:
    """Hold the automatic recharge of this library to the law: 100 dollars in 30 days, in micros."""
    history = UsageHistory.of([(date(2026, 11, 30), "call", usd("100.00"))], currency="USD")

    def of(balance: Money) -> minutes.RechargeQuote:
        return minutes.recharge_quote(history, at=DECEMBER, balance=balance, policy=policy)

    def recharge(balance: Fraction) -> Fraction:
        quote = of(Money(int(balance), "USD"))
        return Fraction(quote.recharge.micros if quote.is_due else 0)

    day = Fraction(100_000_000, 30)
    for balance in (-(10**9), 0, int(day * policy.reserve_days), int(day * policy.reserve_days) + 1, 10**9):
        laws.balance_is_bounded(
            recharge,
            Fraction(balance),
            threshold=day * policy.reserve_days,
            recharge=day * policy.recharge_days,
            unit=Fraction(10_000),
        )


def our_period(convention: cycles.Convention) -> None:
    """Hold a month of this library that is cut in parts to the law."""
    month = cycles.cycle_of(DECEMBER)

    def left(day: date) -> Money:
        if day == month.end:
            return Money.zero("USD")
        return cycles.prorated(usd("99.99"), month, day, convention).amount

    cuts = [month.start, date(2026, 12, 3), date(2026, 12, 17), month.end]
    laws.period_in_parts_is_whole(lambda start, end: left(start) - left(end), cuts)


def our_true_up(spent: Money, minimum: Money) -> Money:
    """What this library adds in a whole cycle."""
    applied = Applied(name="minimum spend", value=str(minimum), since=date(2026, 1, 1), rule="PRC-4")
    cycle = cycles.cycle_of(DECEMBER)
    return TrueUp(cycle=cycle, agreed=minimum, applied=applied, share=None, spent=spent).amount


def our_billed(owned: int) -> int:
    """How many of a product with a floor of ten this library bills."""
    licenses = Licenses((Holding(product="powerdialer", owned=owned),))
    line = schedule_on(account(), licenses, DECEMBER).line("powerdialer")
    assert line is not None
    return line.quantity


def our_purchase(total: int) -> None:
    """Hold what this library shows before a total is set to what it does."""
    acme = account()

    def shown(asked: int) -> object:
        try:
            return license_purchase(acme, "inbound_agent", asked, by=BOSS, authorization=ACCEPTED, on=acme.today).intent
        except LicenseBillError as refused:
            return str(refused)

    def made(asked: int) -> object:
        change = SetTotal(on=acme.today, by=BOSS, product="inbound_agent", total=asked, authorization=ACCEPTED)
        try:
            opened = apply(acme, change).open
        except LicenseBillError as refused:
            return str(refused)
        return opened[-1].intent if opened else None

    laws.preview_is_purchase(shown, made, total)


GRADUATED = Graduated(tiers=(Tier(3, usd("0.105")), Tier(None, usd("0.033"))))
PACKAGE = Package(amount=usd("30.00"), size=10, free=5)

KEPT: dict[str, Call] = {
    "fee: in cents": lambda: laws.fee_never_falls(price, GIGABYTE + 1, 0),
    "fee: in decimals": lambda: laws.fee_never_falls(lambda used: used * 2, Decimal("0.1"), Decimal("0.2")),
    "fee: flat": lambda: laws.fee_never_falls(lambda _: 10_00, 1, 2),
    "fee: by days": lambda: laws.fee_never_falls(date.toordinal, DECEMBER, date(2026, 1, 1)),
    "fee: ours": lambda: laws.fee_never_falls(
        lambda used: storage.monthly_fee(used=used, users=8).amount, 400_000_000, 400_000_001
    ),
    "usage: the difference": lambda: laws.usage_in_parts_is_whole(
        lambda before, after: price(after) - price(before), price, [3 * GIGABYTE, 0, 1, 1, GIGABYTE]
    ),
    "usage: nothing used": lambda: laws.usage_in_parts_is_whole(lambda _, __: 1, price, [7]),
    "usage: in decimals": lambda: laws.usage_in_parts_is_whole(
        lambda before, after: cent(after) - cent(before), cent, [Decimal("0.004"), Decimal("0.008"), Decimal("0.015")]
    ),
    "usage: our tiers": lambda: laws.usage_in_parts_is_whole(
        lambda before, after: part(GRADUATED, before, after), lambda used: charge(GRADUATED, used).amount, range(12)
    ),
    "usage: our packages": lambda: laws.usage_in_parts_is_whole(
        lambda before, after: part(PACKAGE, before, after), lambda used: charge(PACKAGE, used).amount, range(0, 40, 3)
    ),
    "period: the difference": lambda: laws.period_in_parts_is_whole(
        lambda start, end: until(end) - until(start), [30, 0, 10, 20]
    ),
    "period: exact": lambda: laws.period_in_parts_is_whole(
        lambda start, end: Fraction(100_00 * (end - start), 30), range(31)
    ),
    "period: our days": lambda: our_period(cycles.Convention.ACTUAL_DAYS),
    "period: our months": lambda: our_period(cycles.Convention.THIRTY_DAY_MONTH),
    "parts: cumulative": lambda: laws.parts_add_up(cumulative, 100, [1, 0, 1, 1], unit=1),
    "parts: a credit": lambda: laws.parts_add_up(cumulative, -100, [1, 0, 1, 1], unit=1),
    "parts: nothing": lambda: laws.parts_add_up(cumulative, 0, [1, 2], unit=1),
    "parts: exact": lambda: laws.parts_add_up(
        lambda amount, _: [amount / 4] * 4, Decimal("1.00"), [1] * 4, unit=Decimal("0.01")
    ),
    "parts: ours": lambda: laws.parts_add_up(allocate, usd("100.00"), [1, 1, 1], unit=usd("0.01")),
    "credit: cumulative": lambda: laws.credit_mirrors_charge(cumulative, 100, [1, 1, 1]),
    "credit: ours": lambda: laws.credit_mirrors_charge(allocate, usd("-100.00"), [1, 1, 1]),
    "floor: the greater": lambda: laws.floor_is_kept(lambda owned: max(owned, 10), 9, floor=10),
    "floor: just so": lambda: laws.floor_is_kept(lambda owned: owned, 10, floor=10),
    "floor: ours": lambda: laws.floor_is_kept(our_billed, 9, floor=10),
    "true-up: below": lambda: laws.true_up_reaches_minimum(lambda spent, least: max(least - spent, 0), 1, 5),
    "true-up: above": lambda: laws.true_up_reaches_minimum(lambda spent, least: max(least - spent, 0), 9, 5),
    "true-up: ours": lambda: laws.true_up_reaches_minimum(our_true_up, usd("-1.00"), usd("5.00")),
    "true-up: ours above": lambda: laws.true_up_reaches_minimum(our_true_up, usd("5.01"), usd("5.00")),
    "preview: the same": lambda: laws.preview_is_purchase(lambda seats: seats * 25, lambda seats: seats * 25, 2),
    "preview: ours": lambda: our_purchase(5),
    "preview: ours, refused": lambda: our_purchase(0),
    "primary: swapped": lambda: TWO.held(A=False, B=True),
    "primary: promoted": lambda: TWO.held(A=None, B=True),
    "primary: removed beside it": lambda: TWO.held(B=None),
    "primary: expired, left alone": lambda: EXPIRED_FIRST.held(C=False),
    "primary: expired, replaced": lambda: EXPIRED_FIRST.held(a=False, B=True),
    "primary: none valid": lambda: NONE_VALID.held(a=None, b=True),
    "primary: none valid, one added": lambda: NONE_VALID.held(C=False),
    "primary: the first of all": lambda: Sources({}).held(A=True),
    "primary: ours removed": lambda: of_ours(lambda ours: funding.remove(ours, "visa", on=DECEMBER, in_use=())),
    "primary: ours swapped": lambda: of_ours(lambda ours: funding.make_primary(ours, "bank", on=DECEMBER)),
    "primary: ours replaced": lambda: of_ours(
        lambda ours: funding.replace(ours, attrs.evolve(VISA, token="tok_new"), on=DECEMBER)
    ),
    "balance: below": lambda: bounded(lambda cents: 60_00 if cents < 30_00 else 0, -90_00, 0, 29_99, 30_00, 90_01),
    "balance: at or below": lambda: bounded(lambda cents: 60_00 if cents <= 30_00 else 0, 30_00, 30_01, unit=0),
    "balance: the gap closed": lambda: bounded(lambda cents: max(60_00, 30_00 - cents) if cents < 30_00 else 0, -30_01),
    "balance: filled up": lambda: bounded(lambda cents: 90_00 - cents if cents < 30_00 else 0, -30_01, 29_99, 30_00),
    "balance: rounded up": lambda: laws.balance_is_bounded(
        lambda _: Fraction(61), Fraction(30), threshold=Fraction(30), recharge=Fraction(121, 2), unit=Fraction(1)
    ),
    "balance: rounded down": lambda: laws.balance_is_bounded(
        lambda _: Fraction(60), Fraction(-99), threshold=Fraction(30), recharge=Fraction(121, 2), unit=Fraction(1)
    ),
    "balance: our guide": lambda: our_recharge(minutes.GUIDE),
    "balance: our questions": lambda: our_recharge(minutes.FAQ),
}


@pytest.mark.parametrize("call", KEPT.values(), ids=KEPT)
def test_what_keeps_a_law_passes(call: Call) -> None:
    """Right implementations of other makes and our own."""
    call()


BROKEN: dict[str, tuple[Call, str]] = {
    # a counter that wraps around, a discount for more, and the amount of a volume price
    "fee: wraps": (
        lambda: laws.fee_never_falls(lambda used: 30 * (used % 8), 8, 7),
        "fee_never_falls (PRC-1): the fee of more is 0, must be at least 210\n    with less=7, more=8",
    ),
    "fee: by tier": (
        lambda: laws.fee_never_falls(lambda used: used * usd("10.00" if used <= 10 else "9.00"), 10, 11),
        "fee_never_falls (PRC-1): the fee of more is Money.parse('99.00', 'USD'), must be at least "
        "Money.parse('100.00', 'USD')\n    with less=10, more=11",
    ),
    # each part starts a gigabyte, is rounded, or has its own free units
    "usage: started": (
        lambda: laws.usage_in_parts_is_whole(lambda before, after: price(after - before), price, [2, 0, 1]),
        "usage_in_parts_is_whole (PRC-3): the sum is 6000, must be 3000"
        "\n    with readings=[0, 1, 2], price_of_first=0, parts=[3000, 3000]",
    ),
    "usage: rounded": (
        lambda: laws.usage_in_parts_is_whole(
            lambda before, after: cent(after - before), cent, [Decimal(0), Decimal("0.004"), Decimal("0.008")]
        ),
        "usage_in_parts_is_whole (PRC-3): the sum is Decimal('0.00'), must be Decimal('0.01')\n    with readings="
        "[Decimal('0'), Decimal('0.004'), Decimal('0.008')], price_of_first=Decimal('0.00'), parts=[Decimal('0.00'), "
        "Decimal('0.00')]",
    ),
    "usage: free": (
        lambda: laws.usage_in_parts_is_whole(
            lambda before, after: max(after - before - 5, 0), lambda used: max(used - 5, 0), [8, 16]
        ),
        "usage_in_parts_is_whole (PRC-3): the sum is 6, must be 11\n    with readings=[8, 16], "
        "price_of_first=3, parts=[3]",
    ),
    # each part is rounded, or takes its last day in
    "period: rounded": (
        lambda: laws.period_in_parts_is_whole(lambda start, end: until(end - start), [10, 30, 0, 20]),
        "period_in_parts_is_whole (CYC-4): the sum is 9999, must be 10000"
        "\n    with days=[0, 10, 20, 30], parts=[3333, 3333, 3333]",
    ),
    "period: both ends": (
        lambda: laws.period_in_parts_is_whole(
            lambda start, end: (end - start).days + 1, [DECEMBER, date(2026, 12, 2), date(2026, 12, 3)]
        ),
        "period_in_parts_is_whole (CYC-4): the sum is 4, must be 3\n    with days=[datetime.date(2026, 12, 1), "
        "datetime.date(2026, 12, 2), datetime.date(2026, 12, 3)], parts=[2, 2]",
    ),
    # nothing is done about what is left, or all of it is given to one
    "parts: lost": (
        lambda: laws.parts_add_up(rounded, 100, [1, 1, 1], unit=1),
        "parts_add_up (MON-4): the sum is 99, must be 100\n    with amount=100, weights=[1, 1, 1], parts=[33, 33, 33]",
    ),
    "parts: all that is left": (
        lambda: laws.parts_add_up(rest_to_the_last, 8, [1, 1, 1], unit=1),
        "parts_add_up (MON-4): parts[2] is 4, must be less than 1 off its exact share, 8/3"
        "\n    with amount=8, weights=[1, 1, 1], parts=[2, 2, 4]",
    ),
    "parts: to nobody": (
        lambda: laws.parts_add_up(rest_to_the_last, 1, [1, 1, 0], unit=1),
        "parts_add_up (MON-4): parts[2] is 1, must be less than 1 off its exact share, 0"
        "\n    with amount=1, weights=[1, 1, 0], parts=[0, 0, 1]",
    ),
    "parts: too little": (
        lambda: laws.parts_add_up(lambda _, __: [Decimal(-1), Decimal(2)], Decimal(1), [1, 1], unit=Decimal(1)),
        "parts_add_up (MON-4): parts[0] is Decimal('-1'), must be less than 1 off its exact share, 0.5"
        "\n    with amount=Decimal('1'), weights=[1, 1], parts=[Decimal('-1'), Decimal('2')]",
    ),
    "parts: one too many": (
        lambda: laws.parts_add_up(one_too_many, 100, [1, 1], unit=1),
        "parts_add_up (MON-4): the number of parts is 3, must be 2"
        "\n    with amount=100, weights=[1, 1], parts=[50, 50, 0]",
    ),
    "parts: off in decimals": (
        lambda: laws.parts_add_up(
            lambda amount, _: [amount - Decimal("0.01"), Decimal("0.01")], Decimal("0.01"), [2, 0], unit=Decimal("0.01")
        ),
        "parts_add_up (MON-4): parts[0] is Decimal('0.00'), must be less than 0.01 off its exact share, 0.01"
        "\n    with amount=Decimal('0.01'), weights=[2, 0], parts=[Decimal('0.00'), Decimal('0.01')]",
    ),
    "parts: off in money": (
        lambda: laws.parts_add_up(
            lambda amount, _: [amount, amount - amount, amount - amount], usd("1.00"), [1, 1, 1], unit=usd("0.01")
        ),
        "parts_add_up (MON-4): parts[0] is Money.parse('1.00', 'USD'), must be less than 0.01 USD off its exact share, "
        "1/3 USD\n    with amount=Money.parse('1.00', 'USD'), weights=[1, 1, 1], parts=[Money.parse('1.00', 'USD'), "
        "Money.parse('0.00', 'USD'), Money.parse('0.00', 'USD')]",
    ),
    "parts: off in floats": (
        lambda: laws.parts_add_up(lambda amount, _: [amount, 0.0], 1.0, [1, 1], unit=0.25),
        "parts_add_up (MON-4): parts[0] is 1.0, must be less than 0.25 off its exact share, 0.5"
        "\n    with amount=1.0, weights=[1, 1], parts=[1.0, 0.0]",
    ),
    "parts: off in a type of theirs": (
        lambda: laws.parts_add_up(lambda amount, _: [amount, amount - amount], Cents(9), [1, 1], unit=Cents(1)),
        "parts_add_up (MON-4): parts[0] is Cents(count=9), must be less than Cents(count=1) * 1 / 1 off its exact "
        "share, Cents(count=9) * 1 / 2"
        "\n    with amount=Cents(count=9), weights=[1, 1], parts=[Cents(count=9), Cents(count=0)]",
    ),
    # the weights are the caller's
    "parts: sorts": (
        lambda: laws.parts_add_up(sorting, 100, [3, 1], unit=1),
        "parts_add_up (MON-4): what is left of the weights is [1, 3], must be [3, 1]"
        "\n    with amount=100, weights=[3, 1], parts=[25, 75]",
    ),
    "parts: empties": (
        lambda: laws.parts_add_up(emptying, 100, [3, 1], unit=1),
        "parts_add_up (MON-4): what is left of the weights is [], must be [3, 1]"
        "\n    with amount=100, weights=[3, 1], parts=[75, 25]",
    ),
    "credit: sorts": (
        lambda: laws.credit_mirrors_charge(sorting, 100, [3, 1]),
        "credit_mirrors_charge (MON-4): what is left of the weights is [1, 3], must be [3, 1]"
        "\n    with amount=100, weights=[3, 1]",
    ),
    "credit: empties": (
        lambda: laws.credit_mirrors_charge(emptying, 100, [3, 1]),
        "credit_mirrors_charge (MON-4): what is left of the weights is [], must be [3, 1]"
        "\n    with amount=100, weights=[3, 1]",
    ),
    # rounding down is away from zero below it
    "credit: rounded down": (
        lambda: laws.credit_mirrors_charge(rounded, 100, [1, 1, 1]),
        "credit_mirrors_charge (MON-4): the credit is [-34, -34, -34], must be [-33, -33, -33]"
        "\n    with amount=100, weights=[1, 1, 1]",
    ),
    "credit: all that is left": (
        lambda: laws.credit_mirrors_charge(rest_to_the_last, -101, (1, 1)),
        "credit_mirrors_charge (MON-4): the credit is [50, 51], must be [51, 50]\n    with amount=-101, weights=(1, 1)",
    ),
    # the floor is a default, or is applied to the price of one
    "floor: a default": (
        lambda: laws.floor_is_kept(lambda owned: owned or 10, 9, floor=10),
        "floor_is_kept (LIC-2): the number billed is 9, must be at least 10\n    with held=9, floor=10",
    ),
    "floor: the smaller": (
        lambda: laws.floor_is_kept(lambda users: min(len(users), 10), ["ada"], floor=10),
        "floor_is_kept (LIC-2): the number billed is 1, must be at least 10\n    with held=['ada'], floor=10",
    ),
    # given back, and all of the minimum added
    "true-up: negative": (
        lambda: laws.true_up_reaches_minimum(lambda spent, least: least - spent, 9, 5),
        "true_up_reaches_minimum (PRC-4): the sum is 5, must be 9\n    with charged=9, minimum=5",
    ),
    "true-up: all of it": (
        lambda: laws.true_up_reaches_minimum(lambda spent, least: least if spent < least else least * 0, 4, 5),
        "true_up_reaches_minimum (PRC-4): the sum is 9, must be 5\n    with charged=4, minimum=5",
    ),
    # the purchase is taxed, and the preview takes a seat
    "preview: without tax": (
        lambda: laws.preview_is_purchase(lambda seats: seats * 100, lambda seats: seats * 119, 2),
        "preview_is_purchase (LIC-12): what was shown is 200, must be 238\n    with asked=2",
    ),
    "preview: changes something": (
        lambda: taking([1, 2, 3]),
        "preview_is_purchase (LIC-12): what was shown is 3, must be 2\n    with asked='a seat'",
    ),
    # two marks, no mark, an expired one promoted, the last valid one removed
    "primary: two": (
        lambda: TWO.held(B=True),
        "primary_is_valid (FUN-3): what is primary is ['A', 'B'], must be one source"
        "\n    with primaries_before=['A'], valid_before=['A', 'B']",
    ),
    "primary: none": (
        lambda: TWO.held(A=None),
        "primary_is_valid (FUN-3): what is primary is [], must be one source"
        "\n    with primaries_before=['A'], valid_before=['A', 'B']",
    ),
    "primary: expired": (
        lambda: Sources({"A": True, "b": False, "C": False}).held(A=None, b=True),
        "primary_is_valid (FUN-3): the primary source is 'b', must be one of the valid ['C']"
        "\n    with primaries_before=['A'], valid_before=['A', 'C']",
    ),
    "primary: expired by another": (
        lambda: Sources({"a": True, "b": False, "C": False}).held(a=False, b=True),
        "primary_is_valid (FUN-3): the primary source is 'b', must be one of the valid ['C']"
        "\n    with primaries_before=['a'], valid_before=['C']",
    ),
    "primary: replaced by an expired one": (
        lambda: laws.primary_is_valid(
            lambda _: ["B"], ["A", "B"], primaries=lambda _: ["A"], valid=lambda valid: valid
        ),
        "primary_is_valid (FUN-3): the primary source is 'A', must be one of the valid ['B']"
        "\n    with primaries_before=['A'], valid_before=['A', 'B']",
    ),
    "primary: the last valid": (
        lambda: EXPIRED_SECOND.held(A=None, b=True),
        "primary_is_valid (FUN-2): what is valid is [], must be at least one source"
        "\n    with primaries_before=['A'], valid_before=['A']",
    ),
    # too early, too much, never, too little, twice, back
    "balance: too early": (
        lambda: bounded(lambda cents: 60_00 if cents < 31_00 else 0, 29_99, 30_01),
        "balance_is_bounded (MIN-4): the charge is 6000, must be 0 above the threshold"
        "\n    with balance=3001, threshold=3000, recharge=6000, unit=1",
    ),
    "balance: never": (
        lambda: bounded(lambda _: 0, 30_00, 29_99),
        "balance_is_bounded (MIN-4): the charge is 0, must be at least 5999.5 (recharge - unit / 2) below the threshold"
        "\n    with balance=2999, threshold=3000, recharge=6000, unit=1",
    ),
    "balance: too little": (
        lambda: bounded(lambda _: 59_99, -40_00, unit=0),
        "balance_is_bounded (MIN-4): the charge is 5999, must be at least 6000 (recharge - unit / 2) "
        "below the threshold\n    with balance=-4000, threshold=3000, recharge=6000, unit=0",
    ),
    "balance: too little at the threshold": (
        lambda: bounded(lambda cents: 1 if cents <= 30_00 else 0, 30_00),
        "balance_is_bounded (MIN-4): the charge is 1, must be at least 5999.5 (recharge - unit / 2) "
        "at the threshold, or 0\n    with balance=3000, threshold=3000, recharge=6000, unit=1",
    ),
    "balance: twice": (
        lambda: laws.balance_is_bounded(
            lambda balance: usd("120.00") if balance < usd("30.00") else usd("0.00"),
            usd("29.99"),
            threshold=usd("30.00"),
            recharge=usd("60.00"),
            unit=usd("0.01"),
        ),
        "balance_is_bounded (MIN-6): the new balance is Money.parse('149.99', 'USD'), must be at most 90.005 USD "
        "(threshold + recharge + unit / 2)\n    with balance=Money.parse('29.99', 'USD'), threshold="
        "Money.parse('30.00', 'USD'), recharge=Money.parse('60.00', 'USD'), unit=Money.parse('0.01', 'USD')",
    ),
    "balance: taken back": (
        lambda: bounded(lambda cents: 60_00 if cents < 30_00 else -(cents > 50_00), 50_00, 50_01),
        "balance_is_bounded (MIN-4): the charge is -1, must be at least 0"
        "\n    with balance=5001, threshold=3000, recharge=6000, unit=1",
    ),
}


@pytest.mark.parametrize(("call", "message"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_a_law_is_told(call: Call, message: str) -> None:
    """Which law, what is wrong with which figure, and for which inputs."""
    with pytest.raises(LawBroken) as broken:
        call()
    assert str(broken.value) == message


#: Recharges of 600 below 300 as they are got wrong; at some balance each is found.
WRONG_RECHARGES: dict[str, Callable[[int], int]] = {
    "at every run": lambda balance: max(0, 900 - balance),
    "too early": lambda balance: 900 - balance if balance < 700 else 0,
    "just above": lambda balance: 600 if balance <= 301 else 0,
    "too late": lambda balance: 600 if balance < 299 else 0,
    "to the threshold": lambda balance: max(0, 300 - balance),
    "in small steps": lambda balance: max(100, 300 - balance) if balance < 300 else 0,
    "a unit less": lambda balance: 599 if balance < 300 else 0,
    "twice": lambda balance: 1200 if balance < 300 else 0,
    "always at the threshold": lambda balance: 300 - balance,
    "taken back": lambda balance: 600 if balance < 300 else (-50 if balance > 500 else 0),
}


@pytest.mark.parametrize("wrong", WRONG_RECHARGES.values(), ids=WRONG_RECHARGES)
def test_a_wrong_recharge_is_found(wrong: Callable[[int], int]) -> None:
    """By balances drawn from around both, without naming one."""

    @settings(database=None, derandomize=True, report_multiple_bugs=False)
    @given(st.sampled_from([299, 300, 301]) | st.integers(-1_000, 2_000))
    def at(balance: int) -> None:
        laws.balance_is_bounded(wrong, balance, threshold=300, recharge=600, unit=1)

    with pytest.raises(LawBroken, match="balance_is_bounded"):
        at()


LAWS = [
    name
    for name, law in inspect.getmembers(laws, inspect.isfunction)
    if law.__module__ == laws.__name__ and not name.startswith("_")
]


def test_the_laws_and_their_error_are_all_there_is() -> None:
    """A star import brings nothing else."""
    assert laws.__all__ == ["LawBroken", *LAWS]


@pytest.mark.parametrize("law", LAWS)
def test_every_law_catches_two_faults(law: str) -> None:
    """And names itself and a rule that there is."""
    told = [message for _, message in BROKEN.values() if message.startswith(f"{law} (")]
    assert len(told) >= 2
    assert {message.removeprefix(f"{law} (").partition(")")[0] for message in told} <= RULES.keys()


@pytest.mark.parametrize("law", LAWS)
def test_every_law_is_in_the_table(law: str) -> None:
    """The page shows a call of it."""
    assert f"`laws.{law}(" in (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")


def test_a_broken_law_is_a_failed_assertion() -> None:
    """For test frameworks; and an error of this library with its parts, for programs."""
    with pytest.raises(AssertionError) as raised:
        laws.floor_is_kept(lambda owned: owned, 9, floor=10)
    broken = raised.value
    assert isinstance(broken, LawBroken)
    assert (broken.code, broken.law, broken.rule) == ("law_broken", "floor_is_kept", "LIC-2")
    assert (broken.figure, broken.found, broken.required) == ("the number billed", "9", "at least 10")
    assert broken.inputs == "held=9, floor=10"


def refuse(*_: object) -> NoReturn:
    """What somebody else's code may do."""
    raise KeyError("no such contract")


@pytest.mark.parametrize(
    "call",
    [
        lambda: laws.fee_never_falls(refuse, 1, 2),
        lambda: laws.usage_in_parts_is_whole(refuse, price, [1, 2]),
        lambda: laws.usage_in_parts_is_whole(operator.add, refuse, [1]),
        lambda: laws.period_in_parts_is_whole(refuse, [1, 2]),
        lambda: laws.parts_add_up(refuse, 1, [1], unit=1),
        lambda: laws.credit_mirrors_charge(refuse, 1, [1]),
        lambda: laws.floor_is_kept(refuse, 1, floor=1),
        lambda: laws.true_up_reaches_minimum(refuse, 1, 1),
        lambda: laws.preview_is_purchase(refuse, price, 1),
        lambda: laws.preview_is_purchase(price, refuse, 1),
        lambda: laws.primary_is_valid(refuse, [1], primaries=list, valid=list),
        lambda: laws.balance_is_bounded(refuse, 1, threshold=1, recharge=1, unit=1),
    ],
)
def test_an_error_of_the_code_under_test_passes_through(call: Call) -> None:
    """A refusal is the caller's to judge."""
    with pytest.raises(KeyError, match="no such contract"):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laws.usage_in_parts_is_whole(operator.sub, price, []), "readings: must hold at least 1, not 0"),
        (lambda: laws.period_in_parts_is_whole(operator.sub, [7]), "days: must hold at least 2, not 1"),
        (lambda: laws.parts_add_up(rounded, 1, [], unit=1), "weights: must hold at least one above zero"),
        (lambda: laws.parts_add_up(rounded, 1, [0, 0], unit=1), "weights: must hold at least one above zero"),
    ],
)
def test_inputs_that_claim_nothing_are_refused(call: Call, message: str) -> None:
    """A law that compares nothing would pass whatever the code does."""
    with pytest.raises(InvalidValue, match=message):
        call()


def nothing(*_: object) -> Any:
    """A function that forgot its return."""


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: laws.fee_never_falls(nothing, 1, 2), "fee"),
        (lambda: laws.usage_in_parts_is_whole(nothing, price, [1, 2]), "part"),
        (lambda: laws.usage_in_parts_is_whole(operator.sub, nothing, [1, 2]), "price"),
        (lambda: laws.period_in_parts_is_whole(nothing, [1, 2]), "charge"),
        (lambda: laws.floor_is_kept(nothing, 8, floor=10), "billed"),
        (lambda: laws.true_up_reaches_minimum(nothing, 1, 2), "true_up"),
        (lambda: laws.balance_is_bounded(nothing, 2, threshold=3, recharge=6, unit=1), "charge"),
    ],
)
def test_a_function_that_returns_nothing_is_told_of(call: Call, name: str) -> None:
    """By its name, and not by what does not compare with nothing."""
    with pytest.raises(InvalidValue, match=f"^{name}: must return an amount, not None$"):
        call()


def test_what_equals_nothing_is_told_of() -> None:
    """NaN is not below what it should not be below."""
    with pytest.raises(InvalidValue, match=r"^fee: must return an amount, not nan$"):
        laws.fee_never_falls(lambda _: float("nan"), 1, 2)
    with pytest.raises(InvalidValue, match=r"^billed: must return an amount, not NaN$"):
        laws.floor_is_kept(lambda _: Decimal("nan"), 8, floor=Decimal(10))


def test_numbers_that_python_does_not_write_are_described() -> None:
    """A law that is broken says so all the same."""
    with pytest.raises(LawBroken, match="the fee of more is 1, must be at least an int"):
        laws.fee_never_falls(lambda used: 10**5_000 if used == 1 else 1, 1, 2)


def test_between_equal_days_nothing_is_asked() -> None:
    """Code that refuses an empty period keeps the law."""
    asked = []

    def charge(start: int, end: int) -> int:
        asked.append((start, end))
        return end - start

    laws.period_in_parts_is_whole(charge, [3, 1, 3, 1, 2])
    laws.period_in_parts_is_whole(charge, [7, 7])
    assert asked == [(1, 2), (2, 3), (1, 3)]


anything: Any = object()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laws.fee_never_falls(anything, 1, 2), "fee: must be a function, not an object"),
        (lambda: laws.usage_in_parts_is_whole(anything, price, [1]), "part: must be a function, not an object"),
        (lambda: laws.usage_in_parts_is_whole(operator.sub, anything, [1]), "price: must be a function, not an object"),
        (lambda: laws.usage_in_parts_is_whole(operator.sub, price, anything), "readings: must be an Iterable, not an "),
        (lambda: laws.period_in_parts_is_whole(anything, [1, 2]), "charge: must be a function, not an object"),
        (lambda: laws.period_in_parts_is_whole(operator.sub, anything), "days: must be an Iterable, not an object"),
        (lambda: laws.parts_add_up(anything, 1, [1], unit=1), "split: must be a function, not an object"),
        (lambda: laws.parts_add_up(rounded, 1, anything, unit=1), "weights: must be a Sequence, not an object"),
        (lambda: laws.parts_add_up(rounded, 1, [1, anything], unit=1), "weights[1]: must be an int, not an object"),
        (lambda: laws.parts_add_up(rounded, 1, [2, -1], unit=1), "weights[1]: must be at least 0, not -1"),
        (lambda: laws.parts_add_up(rounded, 1, [1], unit=0), "unit: must be above zero, not 0"),
        (
            lambda: laws.parts_add_up(allocate, usd("1"), [1], unit=usd("-0.01")),
            "unit: must be above zero, not Money.parse('-0.01', 'USD')",
        ),
        (
            lambda: laws.parts_add_up(lambda *_: {"ada": 1}, 1, [1], unit=1),
            "split: must return the parts, not a dict",
        ),
        (
            lambda: laws.credit_mirrors_charge(lambda *_: {1}, 1, [1]),
            "split: must return the parts, not a set",
        ),
        (
            lambda: laws.credit_mirrors_charge(lambda *_: anything, 1, [1]),
            "split: must return the parts, not an object",
        ),
        (lambda: laws.credit_mirrors_charge(anything, 1, [1]), "split: must be a function, not an object"),
        (lambda: laws.credit_mirrors_charge(rounded, 1, anything), "weights: must be a Sequence, not an object"),
        (lambda: laws.floor_is_kept(anything, 1, floor=1), "billed: must be a function, not an object"),
        (lambda: laws.true_up_reaches_minimum(anything, 1, 1), "true_up: must be a function, not an object"),
        (lambda: laws.preview_is_purchase(anything, price, 1), "preview: must be a function, not an object"),
        (lambda: laws.preview_is_purchase(price, anything, 1), "purchase: must be a function, not an object"),
        (
            lambda: laws.primary_is_valid(anything, ["a"], primaries=list, valid=list),
            "change: must be a function, not an object",
        ),
        (
            lambda: laws.primary_is_valid(list, ["a"], primaries=anything, valid=list),
            "primaries: must be a function, not an object",
        ),
        (
            lambda: laws.primary_is_valid(list, ["a"], primaries=list, valid=anything),
            "valid: must be a function, not an object",
        ),
        (
            lambda: laws.primary_is_valid(list, ["visa"], primaries=lambda ids: ids[0], valid=list),
            "primaries: must return several sources, as a list, not a str",
        ),
        (
            lambda: laws.primary_is_valid(list, ["visa"], primaries=list, valid=lambda ids: ids[0]),
            "valid: must return several sources, as a list, not a str",
        ),
        (
            lambda: laws.balance_is_bounded(anything, 1, threshold=1, recharge=1, unit=1),
            "charge: must be a function, not an object",
        ),
        (
            lambda: laws.balance_is_bounded(price, 1, threshold=1, recharge=-1, unit=1),
            "recharge: must be at least zero, not -1",
        ),
        (
            lambda: laws.balance_is_bounded(price, 1, threshold=1, recharge=1, unit=-1),
            "unit: must be at least zero, not -1",
        ),
    ],
)
def test_an_argument_that_cannot_be_meant_is_named(call: Call, message: str) -> None:
    """Before anything is compared."""
    with pytest.raises(InvalidValue) as refused:
        call()
    assert str(refused.value).startswith(message)


def test_a_failed_test_ends_where_the_law_is_called() -> None:
    """No frame of a law, with its source and docstring, is among those that pytest shows."""
    with pytest.raises(LawBroken) as raised:
        laws.parts_add_up(rounded, 100, [1, 1, 1], unit=1)
    shown = raised.traceback.filter(raised)
    assert len(raised.traceback) > len(shown)
    assert [entry.name for entry in shown] == ["test_a_failed_test_ends_where_the_law_is_called"]


def test_the_code_under_test_is_shown_where_it_fails() -> None:
    """Its own frames are no law's."""
    with pytest.raises(KeyError) as raised:
        laws.floor_is_kept(refuse, 1, floor=1)
    assert raised.traceback.filter(raised)[-1].name == "refuse"


def test_two_broken_laws_of_one_test_are_told_apart() -> None:
    """Hypothesis reports each with an example of its own."""

    @settings(database=None, derandomize=True)
    @given(st.integers(0, 3))
    def both(number: int) -> None:
        if number > 2:
            laws.floor_is_kept(lambda owned: owned, number, floor=4)
        laws.true_up_reaches_minimum(lambda _, least: least, number, 2)

    with pytest.raises(ExceptionGroup) as raised:
        both()
    assert {one.law for one in raised.value.exceptions if isinstance(one, LawBroken)} == {
        "floor_is_kept",
        "true_up_reaches_minimum",
    }
