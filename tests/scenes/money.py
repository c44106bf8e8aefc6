"""Money: how amounts read, and what is refused as one."""

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from licensebill import money
from licensebill.money import MAX_MICROS, ExactMoney, Money, Rounding, Unit, exact
from tests.examples import usd
from tests.scenes import Scene

_USD, _EUR = usd("19.99"), Money.parse("19.99", "EUR")
_SUB_CENT, _THIRD = usd("0.0125"), exact(usd("100.00"), 7, 30)
_MOST = Money(MAX_MICROS, "USD")
_OPERATORS: dict[str, Callable[[Any, Any], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS = {
    "1e3": "an exponent",
    "+1.00": "a plus sign",
    "1,000.00": "a separator",
    " 1.00": "a blank",
    "": "nothing",
    ".5": "no digit before the point",
    "1.": "no digit after the point",
    "12345678901234": "fourteen digits",
    "0.0000001": "seven decimals",
    "0." + "0" * 38: "forty characters",
    "0." + "0" * 39: "forty-one characters",
    "9223372036854.775808": "one micro too many",
    "-9223372036854.775808": "one micro too few",
}
_DECIMALS = {
    "NaN": "no number",
    "-Infinity": "infinity",
    "1E+40": "a large exponent",
    "1E+41": "too large an exponent",
    "1E-40": "a small exponent",
    "1E-41": "too small an exponent",
    "1" * 40: "forty digits",
    "1" * 41: "too many digits",
    "0.0000001": "seven decimals",
    "0E-50": "zero of many decimals",
}

SCENES: dict[str, Scene] = {
    "amounts": lambda: [str(one) for one in (_USD, -_USD, _SUB_CENT, Money(1, "JPY"), Money.parse("5", "KWD"))],
    "an amount as code": lambda: repr(_SUB_CENT),
    "amounts with thousands": lambda: [
        f"{Money.parse(text, currency):,}"
        for text, currency in (("1234.5", "USD"), ("-1234567", "JPY"), ("-0.5", "USD"), ("1", "USD"))
    ],
    "an amount, set to the right": lambda: f"{_USD:>12}",
    "exact amounts": lambda: [str(one) for one in (_THIRD, -_THIRD, exact(_USD), exact(_MOST, 2), exact(-_MOST, 2))],
    "the largest exact amount that is plain": lambda: str(exact(_MOST)),
    **{
        f"{second.__class__.__name__} {symbol} of another currency": partial(compared, first, second)
        for symbol, compared in _OPERATORS.items()
        for first, second in ((_USD, _EUR), (_THIRD, exact(_EUR)))
    },
    **{f"{symbol} something else": partial(compared, _THIRD, 1) for symbol, compared in _OPERATORS.items()},
    **{f"a text with {what}": partial(Money.parse, text, "USD") for text, what in _TEXTS.items()},
    **{f"a Decimal, {what}": partial(Money.from_decimal, Decimal(text), "USD") for text, what in _DECIMALS.items()},
    "no text": lambda: Money.parse(1.5, "USD"),  # type: ignore[arg-type]
    "a Decimal for a text": lambda: Money.parse(Decimal("1.5"), "USD"),  # type: ignore[arg-type]
    "no Decimal": lambda: Money.from_decimal(1.5, "USD"),  # type: ignore[arg-type]
    "no micros": lambda: Money(1.5, "USD"),  # type: ignore[arg-type]
    "micros that are true": lambda: Money(True, "USD"),
    "one micro too many": lambda: Money(MAX_MICROS + 1, "USD"),
    "one micro too few": lambda: Money(-MAX_MICROS - 1, "USD"),
    "no count of minor units": lambda: Money.from_minor_units(1.5, "USD"),  # type: ignore[arg-type]
    "too low a count of minor units": lambda: Money.from_minor_units(-MAX_MICROS - 1, "USD"),
    "too high a count of minor units": lambda: Money.from_minor_units(MAX_MICROS + 1, "USD"),
    "the lowest count of minor units is too much": lambda: Money.from_minor_units(-MAX_MICROS, "USD"),
    "a currency that is none": lambda: money.decimals("XXX"),
    "a currency in small letters": lambda: Money(0, "usd"),
    "a currency without a hash": lambda: money.decimals([]),  # type: ignore[arg-type]
    "an exact amount's currency that is none": lambda: ExactMoney(0, 1, "XXX"),
    "a currency's minor unit, where there is none": lambda: money.minor_unit("XAU"),
    "a sum that is too much": lambda: _MOST + Money(1, "USD"),
    "a sum that is too little": lambda: -_MOST + Money(-1, "USD"),
    "a difference that is too much": lambda: _MOST - Money(-1, "USD"),
    "a product that is too much": lambda: _MOST * 2,
    "a rounded amount that is too much": lambda: _MOST.payable(Rounding.UP),
    "an exact amount that is too much": lambda: exact(_MOST, 2).to_micro(),
    "an exact amount that is too much, payable": lambda: exact(_MOST, 2).payable(),
    "minor units of what has a part of one": lambda: _SUB_CENT.minor_units,
    "what is not payable": lambda: money.payable_amount("fee", _SUB_CENT),
    "what is no amount": lambda: money.payable_amount("fee", 30),
    "what is neither kind of amount": lambda: exact(30),  # type: ignore[arg-type]
    "no rounding": lambda: money.rounded_quotient(1, 2, "half up"),  # type: ignore[arg-type]
    "no numerator": lambda: money.rounded_quotient(Fraction(1, 2), 2),  # type: ignore[arg-type]
    "no denominator": lambda: money.rounded_quotient(1, 2.5),  # type: ignore[arg-type]
    "a denominator of zero": lambda: money.rounded_quotient(1, 0),
    "a true denominator": lambda: money.rounded_quotient(1, True),
    "an exact amount over zero": lambda: ExactMoney(1, 0, "USD"),
    "an exact amount of a fraction": lambda: ExactMoney(0.5, 1, "USD"),  # type: ignore[arg-type]
    "an exact amount, scaled": lambda: exact(_THIRD, 3, 2),
    "an exact amount, scaled over zero": lambda: exact(_THIRD, 1, 0),
    "scaled over zero": lambda: _THIRD.scaled(1, 0),
    "scaled by a fraction": lambda: exact(_USD, 0.5),  # type: ignore[arg-type]
    "scaled to a micro": lambda: money.scale(_USD, 1, 3, to=Unit.MICRO),
    "scaled to the minor unit": lambda: money.scale(_USD, 1, 3, rounding=Rounding.UP),
    "no weights": lambda: money.allocate(_USD, []),
    "weights of zero": lambda: money.allocate(_USD, [0, 0]),
    "a weight below zero": lambda: money.allocate(_USD, [1, -1]),
    "a weight that is no number": lambda: money.allocate(_USD, [1, 2.5]),  # type: ignore[list-item]
    "parts of what is not payable": lambda: money.allocate(_SUB_CENT, [1, 1]),
    "parts in micros": lambda: money.allocate(_SUB_CENT, [1, 1, 1], to=Unit.MICRO),
    "a total in two currencies": lambda: money.total([_USD, _EUR], "USD"),
    "a total of something else": lambda: money.total([_USD, 1], "USD"),  # type: ignore[list-item]
    "a total in no currency": lambda: money.total([], "XXX"),
}
