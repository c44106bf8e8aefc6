"""What may be handed to a law, and what must not type-check."""

PREAMBLE = """\
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from licensebill.money import Money, allocate
from licensebill.testing import laws
m = Money.parse("1.00", "USD")
cents: Callable[[int], int]
split: Callable[[int, list[int]], list[int]]
prorated: Callable[[date, date], Decimal]
true_up: Callable[[Money, Money], Money]
nameless: Callable[[object], object]
"""

MISUSES = {
    "laws.fee_never_falls(cents, 1, '2')": "arg-type",
    "laws.fee_never_falls(nameless, 1, 2)": "type-var",
    "laws.usage_in_parts_is_whole(cents, cents, [1])": "arg-type",
    "laws.period_in_parts_is_whole(prorated, [1, 2])": "arg-type",
    "laws.parts_add_up(split, 100, [1, 1])": "call-arg",
    "laws.credit_mirrors_charge(split, m, [1, 1])": "arg-type",
    "laws.floor_is_kept(cents, 3, floor='10')": "arg-type",
    "laws.floor_is_kept(cents, 3, 10)": "call-arg",
    "laws.true_up_reaches_minimum(true_up, m, 5)": "arg-type",
    "laws.balance_is_bounded(cents, 1, threshold=2, recharge=m, unit=1)": "arg-type",
}

USES = [
    "laws.fee_never_falls(cents, 1, 2)",
    "laws.usage_in_parts_is_whole(lambda before, after: cents(after), cents, (1, 2))",
    "laws.period_in_parts_is_whole(prorated, [date.min, date.max])",
    "laws.parts_add_up(split, 100, [1, 1], unit=1)",
    "laws.parts_add_up(allocate, m, (1, 1), unit=m)",
    "laws.credit_mirrors_charge(allocate, m, [1, 1])",
    "laws.floor_is_kept(cents, 3, floor=10)",
    "laws.usage_in_parts_is_whole(lambda before, after: cents(after), cents, {1, 2})",
    "laws.true_up_reaches_minimum(true_up, m, m)",
    "laws.balance_is_bounded(cents, 1, threshold=2, recharge=3, unit=0)",
    "laws.primary_is_valid(lambda ids: ids[1:], ['visa'], primaries=lambda ids: ids[:1], valid=set)",
]
