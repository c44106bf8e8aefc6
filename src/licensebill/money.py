"""Money: exact amounts of one currency, rounding by name, splitting without loss.

Three kinds of amount, so that they cannot be mistaken for each other:

* `Money`: a whole number of *micros* (millionths of the major unit) and an ISO 4217 code. All arithmetic is on
  integers: exact, independent of any `decimal` context, equal to a signed 64-bit column. It has no division.
* a *payable* `Money`: one that is whole in the currency's minor unit. `payable()` makes one, once, half up.
* `ExactMoney`: what is not yet rounded (14/30 of a month's usage), an exact ratio of integers. It is compared as
  such; only `payable()` or `to_micro()` round it.

This module knows no billing rule but MON-1 to MON-4.
"""

import enum
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar, final

import attrs

from licensebill._checks import MAX_WHOLE, each_of, instance, whole
from licensebill.errors import InvalidValue, shown

MICROS = 10**6
#: Decimals of a micro; no `Money` has more.
DECIMALS = 6
#: The largest magnitude of an amount: a signed 64-bit integer of micros, about 9.2 trillion major units.
MAX_MICROS = MAX_WHOLE
_MIN_MICROS = -MAX_MICROS

#: The current currencies of ISO 4217 by the decimals of their minor unit. Codes without a minor unit (gold, special
#: drawing rights, testing) cannot be paid in and are left out.
_CODES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
        CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG
        HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
        MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
        SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD
        XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
#: Decimals of the minor unit by ISO 4217 code.
CURRENCIES = {code: decimals for decimals, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}
_MINOR_UNITS: dict[str, int] = {code: 10 ** (DECIMALS - places) for code, places in CURRENCIES.items()}

_PLAIN_DECIMAL = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]+))?", re.ASCII)
_LONGEST_TEXT = 40


class InvalidMoney(InvalidValue):
    """Not an exact amount: a float, a bool, no plain decimal, too many digits, no such currency (MON-3)."""

    code: ClassVar[str] = "invalid_money"


class CurrencyMismatch(InvalidValue):
    """Two currencies met in one calculation (MON-2)."""

    code: ClassVar[str] = "currency_mismatch"


class Rounding(enum.Enum):
    """How a ratio becomes a whole number of units. The product uses `HALF_UP` (MON-1); the rest are for comparison."""

    HALF_UP = "half up"  # ties away from zero, so that a reversal is the exact negative
    HALF_EVEN = "half even"
    HALF_DOWN = "half down"  # ties towards zero
    UP = "up"  # away from zero
    DOWN = "down"  # towards zero
    CEILING = "ceiling"  # towards plus infinity
    FLOOR = "floor"  # towards minus infinity


def rounded_quotient(numerator: int, denominator: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """`numerator / denominator` as a whole number, rounded once.

    Args:
        numerator: any whole number.
        denominator: above zero.
        rounding: what happens to a remainder.

    Raises:
        InvalidValue: the denominator is not above zero, a number is not whole, or there is no such rounding.

    Source: MON-1.

    Example:
        >>> rounded_quotient(5, 2), rounded_quotient(-5, 2), rounded_quotient(5, 2, Rounding.HALF_EVEN)
        (3, -3, 2)
    """
    return _rounded(*_checked_ratio(numerator, denominator), rounding)


def _rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """The quotient of numbers that were checked."""
    quotient, remainder = divmod(abs(numerator), denominator)
    negative = numerator < 0
    if rounding is Rounding.HALF_UP:
        away = 2 * remainder >= denominator
    elif rounding is Rounding.HALF_EVEN:
        away = 2 * remainder + quotient % 2 > denominator
    elif rounding is Rounding.HALF_DOWN:
        away = 2 * remainder > denominator
    elif rounding is Rounding.UP:
        away = remainder > 0
    elif rounding is Rounding.DOWN:
        away = False
    elif rounding is Rounding.CEILING:
        away = remainder > 0 and not negative
    elif rounding is Rounding.FLOOR:
        away = remainder > 0 and negative
    else:
        raise InvalidValue("rounding", f"must be a Rounding, not {shown(rounding)}")
    magnitude = quotient + away
    return -magnitude if negative else magnitude


def _checked_ratio(numerator: int, denominator: int) -> tuple[int, int]:
    """Whole numbers of any size, the second above zero."""
    return whole("numerator", numerator, numerator, numerator), whole("denominator", denominator, 1, denominator)


def decimals(currency: str) -> int:
    """How many decimals the currency's minor unit has.

    Raises:
        InvalidMoney: no current ISO 4217 currency with a minor unit.

    Source: MON-2.

    Example:
        >>> decimals("USD"), decimals("JPY"), decimals("KWD")
        (2, 0, 3)
    """
    try:
        return CURRENCIES[currency]
    except (KeyError, TypeError):
        raise InvalidMoney(
            "currency", f"must be the code of a current ISO 4217 currency such as USD, not {shown(currency)}"
        ) from None


def _check_micros(_: object, __: object, micros: int) -> None:
    try:
        whole("micros", micros, -MAX_MICROS, MAX_MICROS)
    except InvalidValue as refused:
        raise InvalidMoney(refused.place, refused.problem) from None


def _current_code(currency: str) -> str:
    if type(currency) is str and currency in CURRENCIES:
        return currency
    decimals(currency)  # refuses an unknown code
    return str.__str__(currency)  # a plain text, also of an application's enum of codes


@final
@attrs.frozen(order=False)
class Money:
    """An exact amount: `Money(19_990_000, "USD")` is 19.99 USD.

    Amounts of one currency are added, subtracted, negated, compared, and multiplied by whole numbers. There is no
    `/`: `scale` and `allocate` say how they round. Only zero is false.

    Args:
        micros: millionths of the major unit, of at most 2^63 - 1 in size.
        currency: an ISO 4217 code.

    Raises:
        InvalidMoney: a float, a bool, an unknown currency, an amount out of range.

    Source: MON-1, MON-2, MON-3.

    Example:
        >>> Money.parse("19.99", "USD") * 3 + Money.parse("0.03", "USD")
        Money.parse('60.00', 'USD')
    """

    micros: int = attrs.field(validator=_check_micros)
    currency: str = attrs.field(converter=_current_code)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in a currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """The amount a plain decimal text states, in major units.

        Plain means ASCII digits, at most 13 before the point and 6 after it, and a minus sign at most. Exponents,
        separators, plus signs, blanks and digits of other scripts are refused: what they mean depends on who wrote
        them.

        Raises:
            InvalidMoney: not such a text, more than six decimals, an unknown currency.

        Source: MON-3.

        Example:
            >>> Money.parse("-0.0125", "USD").micros
            -12500
        """
        if not isinstance(text, str):
            instead = "; Money.from_decimal takes a Decimal" if isinstance(text, Decimal) else ""
            raise InvalidMoney("amount", f"must be a text such as '19.99', not {shown(text)}{instead}")
        found = _PLAIN_DECIMAL.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
        if found is None:
            plain = "a plain decimal such as '19.99', of at most 13 digits before the point"
            raise InvalidMoney("amount", f"must be {plain}, not {shown(text)}")
        sign, units, fraction = found[1], found[2], found[3] or ""
        if len(fraction) > DECIMALS:
            raise InvalidMoney("amount", f"must have at most {DECIMALS} decimals, not {len(fraction)}")
        micros = int(units) * MICROS + int(fraction.ljust(DECIMALS, "0"))
        return cls(-micros if sign else micros, currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> "Money":
        """The amount a `Decimal` states, in major units; never rounded, whatever the decimal context.

        Raises:
            InvalidMoney: no `Decimal`, NaN, infinite, more than six decimals or 13 digits before the point.

        Source: MON-3.

        Example:
            >>> from decimal import Decimal
            >>> Money.from_decimal(Decimal("19.990"), "USD")
            Money.parse('19.99', 'USD')
        """
        if not isinstance(amount, Decimal):
            raise InvalidMoney("amount", f"must be a Decimal, not {shown(amount)}")
        sign, digits, exponent = amount.as_tuple()
        if not isinstance(exponent, int):
            raise InvalidMoney("amount", "must be a finite number, not NaN or infinity")
        if not any(digits):
            return cls(0, currency)
        # bounded before anything is converted: 1E+1000000 would take most of a minute
        if len(digits) > _LONGEST_TEXT or not -_LONGEST_TEXT <= exponent <= _LONGEST_TEXT:
            raise InvalidMoney("amount", "has too many digits or too large an exponent")
        coefficient = int("".join(map(str, digits))) * 10 ** max(0, exponent + DECIMALS)
        micros, beyond = divmod(coefficient, 10 ** max(0, -exponent - DECIMALS))
        if beyond:
            raise InvalidMoney("amount", f"must have at most {DECIMALS} decimals")
        return cls(-micros if sign else micros, currency)

    @classmethod
    def from_minor_units(cls, count: int, currency: str) -> "Money":
        """So many cents, pence, yen or fils.

        Raises:
            InvalidMoney: an unknown currency, or an amount out of range.
            InvalidValue: the count is no whole number.

        Example:
            >>> Money.from_minor_units(1999, "USD"), Money.from_minor_units(1999, "JPY")
            (Money.parse('19.99', 'USD'), Money.parse('1999', 'JPY'))
        """
        whole("count", count, -MAX_MICROS)
        return cls(count * minor_unit(currency), currency)

    @property
    def text(self) -> str:
        """The amount in major units, with at least the decimals of the minor unit: "30.00", "0.0125"."""
        units, fraction = divmod(abs(self.micros), MICROS)
        least = CURRENCIES[self.currency]
        digits = f"{fraction:06d}".rstrip("0").ljust(least, "0")
        sign = "-" if self.micros < 0 else ""
        return f"{sign}{units}.{digits}" if digits else f"{sign}{units}"

    @property
    def amount(self) -> Decimal:
        """The amount in major units as an exact `Decimal`."""
        return Decimal(self.text)

    @property
    def minor_units(self) -> int:
        """The amount in whole minor units.

        Raises:
            InvalidMoney: the amount is not payable; round it first with `payable()`.
        """
        count, beyond = divmod(self.micros, _MINOR_UNITS[self.currency])
        if beyond:
            raise InvalidMoney("amount", f"{self} is not whole in the minor unit; payable() rounds it")
        return count

    @property
    def is_payable(self) -> bool:
        """Whether the amount is whole in the currency's minor unit."""
        return self.micros % _MINOR_UNITS[self.currency] == 0

    def payable(self, rounding: Rounding = Rounding.HALF_UP) -> "Money":
        """The amount rounded to the currency's minor unit.

        Source: MON-1.

        Example:
            >>> Money.parse("0.005", "USD").payable(), Money.parse("-0.005", "USD").payable()
            (Money.parse('0.01', 'USD'), Money.parse('-0.01', 'USD'))
        """
        unit = _MINOR_UNITS[self.currency]
        return _within_range(_rounded(self.micros, unit, rounding) * unit, self.currency)

    def __add__(self, other: "Money") -> "Money":
        if other.__class__ is not Money:
            return NotImplemented
        currency = self.currency
        if other.currency != currency:
            raise _mismatch(currency, other.currency)
        micros = self.micros + other.micros
        if _MIN_MICROS <= micros <= MAX_MICROS:
            return _unchecked(micros, currency)
        return Money(micros, currency)  # refuses

    def __sub__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        if other.currency != self.currency:
            raise _mismatch(self.currency, other.currency)
        return Money(self.micros - other.micros, self.currency)

    def __neg__(self) -> "Money":
        return _unchecked(-self.micros, self.currency)

    def __abs__(self) -> "Money":
        return _unchecked(abs(self.micros), self.currency)

    def __mul__(self, count: int) -> "Money":
        if isinstance(count, bool) or not isinstance(count, int):
            return NotImplemented
        return Money(self.micros * count, self.currency)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return self.micros != 0

    def __lt__(self, other: "Money") -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        if other.currency != self.currency:
            raise _mismatch(self.currency, other.currency)
        return self.micros < other.micros

    def __le__(self, other: "Money") -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        if other.currency != self.currency:
            raise _mismatch(self.currency, other.currency)
        return self.micros <= other.micros

    def __gt__(self, other: "Money") -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        if other.currency != self.currency:
            raise _mismatch(self.currency, other.currency)
        return self.micros > other.micros

    def __ge__(self, other: "Money") -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        if other.currency != self.currency:
            raise _mismatch(self.currency, other.currency)
        return self.micros >= other.micros

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    def __repr__(self) -> str:
        return f"Money.parse({self.text!r}, {self.currency!r})"

    def __format__(self, spec: str) -> str:
        """`""` is `str`; `","` groups the thousands: "1,234.50 USD". Other specs go to the text."""
        if spec != ",":
            return format(str(self), spec)
        units, point, digits = self.text.partition(".")
        return f"{int(units):,}{point}{digits} {self.currency}" if int(units) else str(self)


def _mismatch(one: str, other: str) -> CurrencyMismatch:
    return CurrencyMismatch("currency", f"{one} and {other} do not mix")


# The slots' own setters pass by the frozen class's refusal: sums need no second check of what was checked.
_new = object.__new__
_set_micros = Money.__dict__["micros"].__set__
_set_currency = Money.__dict__["currency"].__set__


def _unchecked(micros: int, currency: str) -> Money:
    amount = _new(Money)
    _set_micros(amount, micros)
    _set_currency(amount, currency)
    return amount


def _within_range(micros: int, currency: str) -> Money:
    if _MIN_MICROS <= micros <= MAX_MICROS:
        return _unchecked(micros, currency)
    return Money(micros, currency)  # refuses


def minor_unit(currency: str) -> int:
    """How many micros the currency's minor unit has.

    Example:
        >>> minor_unit("USD"), minor_unit("JPY")
        (10000, 1000000)
    """
    decimals(currency)  # refuses an unknown code
    return _MINOR_UNITS[currency]


@final
@attrs.frozen(order=False, eq=False)
class ExactMoney:
    """What is not rounded yet: `numerator / denominator` micros of a currency, in lowest terms.

    Added and subtracted (its like, or a `Money`, on the right), `scaled` by ratios, and compared with its like and with
    `Money`, all exactly. Only zero is false.

    Args:
        numerator: micros, any whole number.
        denominator: above zero.
        currency: an ISO 4217 code.

    Source: MON-1.

    Example:
        >>> month = Money.parse("100.00", "USD")
        >>> reserve = exact(month, 7, 30)
        >>> print(reserve, "is payable as", reserve.payable())
        70/3 USD is payable as 23.33 USD
        >>> reserve > reserve.payable()
        True
    """

    numerator: int
    denominator: int
    currency: str = attrs.field(converter=_current_code)

    def __attrs_post_init__(self) -> None:
        _checked_ratio(self.numerator, self.denominator)
        shared = math.gcd(self.numerator, self.denominator)
        object.__setattr__(self, "numerator", self.numerator // shared)
        object.__setattr__(self, "denominator", self.denominator // shared)

    def payable(self, rounding: Rounding = Rounding.HALF_UP) -> Money:
        """The amount rounded once to the currency's minor unit (MON-1)."""
        unit = _MINOR_UNITS[self.currency]
        return _within_range(_rounded(self.numerator, self.denominator * unit, rounding) * unit, self.currency)

    def to_micro(self, rounding: Rounding = Rounding.HALF_UP) -> Money:
        """The amount rounded once to a micro (MIN-10)."""
        return _within_range(_rounded(self.numerator, self.denominator, rounding), self.currency)

    def scaled(self, numerator: int, denominator: int = 1) -> "ExactMoney":
        """The amount times a ratio, still exact.

        Raises:
            InvalidValue: the denominator is not above zero, or a number is not whole.
        """
        times, over = _checked_ratio(numerator, denominator)
        return _ratio(self.numerator * times, self.denominator * over, self.currency)

    def __add__(self, other: "ExactMoney | Money") -> "ExactMoney":
        second = _exactly(other)
        if second.currency != self.currency:
            raise _mismatch(self.currency, second.currency)
        numerator = self.numerator * second.denominator + second.numerator * self.denominator
        return _ratio(numerator, self.denominator * second.denominator, self.currency)

    def __neg__(self) -> "ExactMoney":
        return self.scaled(-1)

    def __sub__(self, other: "ExactMoney | Money") -> "ExactMoney":
        return self + -_exactly(other)

    def __bool__(self) -> bool:
        return self.numerator != 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExactMoney | Money):
            return NotImplemented
        return self.currency == other.currency and self._compared(other) == 0

    def __hash__(self) -> int:
        # equal to a Money where it is whole, so it must hash like one
        if self.denominator == 1:
            return hash(Money(self.numerator, self.currency)) if abs(self.numerator) <= MAX_MICROS else self.numerator
        return hash((self.numerator, self.denominator, self.currency))

    def __lt__(self, other: "ExactMoney | Money") -> bool:
        return self._compared(other) < 0

    def __le__(self, other: "ExactMoney | Money") -> bool:
        return self._compared(other) <= 0

    def __gt__(self, other: "ExactMoney | Money") -> bool:
        return self._compared(other) > 0

    def __ge__(self, other: "ExactMoney | Money") -> bool:
        return self._compared(other) >= 0

    def _compared(self, other: "ExactMoney | Money") -> int:
        second = _exactly(other)
        if second.currency != self.currency:
            raise _mismatch(self.currency, second.currency)
        return self.numerator * second.denominator - second.numerator * self.denominator

    @property
    def text(self) -> str:
        """The amount in major units: a plain decimal where a `Money` holds it, else a fraction such as "70/3"."""
        if self.denominator == 1 and abs(self.numerator) <= MAX_MICROS:
            return Money(self.numerator, self.currency).text
        shared = math.gcd(self.numerator, MICROS * self.denominator)
        return f"{self.numerator // shared}/{MICROS * self.denominator // shared}"

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"


_set_numerator = ExactMoney.__dict__["numerator"].__set__
_set_denominator = ExactMoney.__dict__["denominator"].__set__
_set_currency_of_ratio = ExactMoney.__dict__["currency"].__set__


def _ratio(numerator: int, denominator: int, currency: str) -> ExactMoney:
    """In lowest terms, of numbers that were checked."""
    result, shared = _new(ExactMoney), math.gcd(numerator, denominator)
    _set_numerator(result, numerator // shared)
    _set_denominator(result, denominator // shared)
    _set_currency_of_ratio(result, currency)
    return result


def _exactly(amount: ExactMoney | Money) -> ExactMoney:
    if isinstance(amount, ExactMoney):
        return amount
    if isinstance(amount, Money):
        return _ratio(amount.micros, 1, amount.currency)
    raise InvalidMoney("amount", f"must be Money or ExactMoney, not {shown(amount)}")


class Unit(enum.Enum):
    """What a rounded result is whole in."""

    MINOR = "minor unit"
    MICRO = "micro"


def exact(amount: Money | ExactMoney, numerator: int = 1, denominator: int = 1) -> ExactMoney:
    """An amount times a ratio, not rounded.

    Args:
        amount: any amount.
        numerator: any whole number.
        denominator: above zero.

    Raises:
        InvalidValue: the denominator is not above zero, a number is not whole, or there is no amount.

    Source: MON-1.

    Example:
        >>> print(exact(Money.parse("100.00", "USD"), 14, 30))
        140/3 USD
    """
    if not isinstance(amount, Money):
        return _exactly(amount).scaled(numerator, denominator)
    times, over = _checked_ratio(numerator, denominator)
    return _ratio(amount.micros * times, over, amount.currency)


def scale(
    amount: Money,
    numerator: int,
    denominator: int = 1,
    *,
    rounding: Rounding = Rounding.HALF_UP,
    to: Unit = Unit.MINOR,
) -> Money:
    """An amount times a ratio, rounded once.

    Args:
        amount: any amount; one that is not payable is not rounded first.
        numerator: any whole number.
        denominator: above zero.
        rounding: what happens to a remainder.
        to: the unit the result is whole in, the currency's minor unit or a micro.

    Raises:
        InvalidValue: the denominator is not above zero, a number is not whole, or another argument is of another type.

    Source: MON-1.

    Example:
        >>> scale(Money.parse("100.00", "USD"), 14, 30)
        Money.parse('46.67', 'USD')
    """
    scaled = exact(instance("amount", amount, Money), numerator, denominator)
    return scaled.payable(rounding) if instance("to", to, Unit) is Unit.MINOR else scaled.to_micro(rounding)


def allocate(amount: Money, weights: Sequence[int], *, to: Unit = Unit.MINOR) -> tuple[Money, ...]:
    """An amount split by weights so that nothing is lost.

    Every part gets its share rounded towards zero; the units left over go one each to the largest remainders, ties to
    the earlier position. The split of a negative amount is the negated split of the positive one.

    Args:
        amount: any amount that is whole in the unit of the split.
        weights: whole numbers from zero, not all zero.
        to: what the parts are whole in, the currency's minor unit or a micro.

    Returns:
        one part for each weight, in their order; they add up to the amount.

    Raises:
        InvalidMoney: the amount is not payable, and the split is in minor units.
        InvalidValue: no weights, a negative one, or none above zero; another argument of another type.

    Source: MON-4.

    Example:
        >>> [part.text for part in allocate(Money.parse("100.00", "USD"), [1, 1, 1])]
        ['33.34', '33.33', '33.33']
    """
    instance("amount", amount, Money)
    instance("weights", weights, Sequence)  # type: ignore[type-abstract]
    shares = [whole(f"weights[{position}]", weight) for position, weight in enumerate(weights)]
    everything = sum(shares)
    if not everything:
        raise InvalidValue("weights", "must hold at least one weight above zero")
    unit = 1
    if instance("to", to, Unit) is Unit.MINOR:
        amount.minor_units  # noqa: B018 - refuses an amount that is not payable
        unit = minor_unit(amount.currency)
    count = abs(amount.micros) // unit
    parts = [count * share // everything for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda position: -(count * shares[position] % everything))
    for position in by_remainder[: count - sum(parts)]:
        parts[position] += 1
    sign = -1 if amount.micros < 0 else 1
    return tuple(Money(sign * part * unit, amount.currency) for part in parts)


def payable_amount(place: str, value: object) -> Money:
    """A `Money` that is whole in its currency's minor unit, for guards.

    Raises:
        InvalidMoney: it is not payable; `payable()` rounds it.
        InvalidValue: no `Money`.

    Source: MON-1.
    """
    if not isinstance(value, Money):
        raise InvalidMoney(place, f"must be a Money, not {shown(value)}")
    if not value.is_payable:
        raise InvalidMoney(place, f"must be payable; {value} is not whole in the minor unit (MON-1)")
    return value


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts of one currency; of none, zero.

    Raises:
        CurrencyMismatch: an amount is in another currency.

    Source: MON-2.

    Example:
        >>> total([Money.parse("30.00", "USD"), Money.parse("0.05", "USD")], "USD")
        Money.parse('30.05', 'USD')
    """
    return sum(each_of("amounts", amounts, Money), start=Money.zero(currency))
