"""Price schemes: what so many units cost, as an exact amount.

A scheme knows amounts and whole quantities of a named unit, nothing of licenses, storage or contracts; `terms` says
which price holds for what and since when. The five schemes:

    PerUnit     an amount per so many units, the rest in proportion
    Flat        one amount for any quantity
    Graduated   each tier's units at that tier's price
    Volume      all units at the price of the tier reached
    Package     an amount per package started of what exceeds the free units

`cost` gives the exact amount of one quantity, `charge` the payable one with its explanation, and `part` what a usage
that is priced in parts adds.
"""

import enum
from typing import ClassVar

import attrs

from licensebill._checks import checked, instance, text, tuple_of, whole
from licensebill.errors import InvalidValue, RuleViolation, shown
from licensebill.explain import Explanation, Input
from licensebill.money import CurrencyMismatch, ExactMoney, Money, decimals, exact


class InvalidPrice(InvalidValue):
    """Tiers that do not ascend, an open tier before the last, a negative price."""

    code: ClassVar[str] = "invalid_price"


@attrs.frozen
class BeyondLastTier(RuleViolation):
    """A quantity above the last tier's upper bound: the price does not say what it costs."""

    code: ClassVar[str] = "beyond_last_tier"
    rule: ClassVar[str] = "PRC-1"

    quantity: int
    last: int
    unit: str

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} cannot be priced: the last tier ends at {self.last} (PRC-1)"


class ZeroQuantity(enum.Enum):
    """What a quantity of zero costs where the price has a flat part (PRC-3)."""

    FREE = "nothing"
    FLAT = "the flat part"


def price_amount(place: str, value: object, low: int = 0) -> Money:
    """An amount that may stand in a price: of at least `low` micros; it names `place` where it is not.

    Source: PRC-1.
    """
    amount = instance(place, value, Money)
    if amount.micros < low:
        raise InvalidPrice(place, f"must be at least {Money(low, amount.currency)}, not {amount}")
    return amount


def _costs_nothing(quantity: int, zero: ZeroQuantity) -> bool:
    """Whether this is the quantity that is free, flat parts included (PRC-3)."""
    policy = instance("zero", zero, ZeroQuantity)
    return whole("quantity", quantity) == 0 and policy is ZeroQuantity.FREE


@attrs.frozen(kw_only=True)
class PerUnit:
    """An amount per so many units; a part of them costs its part of the amount.

    Args:
        amount: from zero.
        per: for how many units, from 1.
        unit: what is counted.

    Source: PRC-1.

    Example:
        >>> calls = PerUnit(amount=Money.parse("0.02", "USD"), per=60, unit="seconds")
        >>> print(calls.cost(90))
        0.03 USD
    """

    amount: Money = attrs.field(validator=checked(price_amount))
    per: int = attrs.field(default=1, validator=checked(whole, 1))
    unit: str = attrs.field(default="licenses", validator=checked(text))

    @property
    def currency(self) -> str:
        """The price's currency."""
        return self.amount.currency

    def cost(self, quantity: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> ExactMoney:
        """What so many units cost, exactly; there is no flat part for `zero` to decide on."""
        _costs_nothing(quantity, zero)
        return exact(self.amount, quantity, self.per)

    def working(self, quantity: int) -> str:
        """The arithmetic, with the numbers put in."""
        whole("quantity", quantity)
        rest = "" if self.per == 1 else f" / {self.per}"
        return f"{quantity} * {self.amount.text}{rest}"

    def __str__(self) -> str:
        return f"{self.amount} per {self.per} {self.unit}" if self.per > 1 else f"{self.amount} each"


@attrs.frozen(kw_only=True)
class Flat:
    """One amount for any quantity above zero.

    Source: PRC-1, PRC-3.
    """

    amount: Money = attrs.field(validator=checked(price_amount))
    unit: str = attrs.field(default="licenses", validator=checked(text))

    @property
    def currency(self) -> str:
        """The price's currency."""
        return self.amount.currency

    def cost(self, quantity: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> ExactMoney:
        """What so many units cost, exactly."""
        return exact(self.amount, 0 if _costs_nothing(quantity, zero) else 1)

    def working(self, quantity: int) -> str:
        """The arithmetic, with the numbers put in."""
        whole("quantity", quantity)
        return self.amount.text if quantity else "0"

    def __str__(self) -> str:
        return f"{self.amount} flat"


@attrs.frozen
class Tier:
    """Units up to and including `up_to`, at `amount` each, and a `flat` part once the tier is entered.

    Args:
        up_to: the last unit of the tier, from 1; None leaves it open.
        amount: of each unit.
        flat: once, as soon as the tier is entered; None is nothing.

    Source: PRC-1.
    """

    up_to: int | None = attrs.field(validator=attrs.validators.optional(checked(whole, 1)))
    amount: Money = attrs.field(validator=checked(price_amount))
    flat: Money | None = attrs.field(default=None, validator=attrs.validators.optional(checked(price_amount)))

    @property
    def flat_micros(self) -> int:
        """The flat part in micros, zero where there is none."""
        return self.flat.micros if self.flat else 0

    def __str__(self) -> str:
        flat = f" and {self.flat}" if self.flat else ""
        return f"{self.amount} each{flat} " + ("beyond" if self.up_to is None else f"up to {self.up_to}")


def _tiers(place: str, value: object) -> tuple[Tier, ...]:
    tiers = tuple_of(place, value, Tier)
    if not tiers:
        raise InvalidPrice(place, "must hold at least one tier")
    below = 0
    for position, tier in enumerate(tiers):
        here = f"{place}[{position}]"
        if tier.amount.currency != tiers[0].amount.currency or (
            tier.flat is not None and tier.flat.currency != tier.amount.currency
        ):
            raise CurrencyMismatch(here, "must have the currency of the first tier")
        if tier.up_to is None:
            if position < len(tiers) - 1:
                raise InvalidPrice(here, "must have an upper bound: only the last tier may be open")
        elif tier.up_to <= below:
            raise InvalidPrice(here, f"must end above {below}, where the tier before ends, not at {tier.up_to}")
        else:
            below = tier.up_to
    return tiers


@attrs.frozen(kw_only=True)
class _Tiered:
    tiers: tuple[Tier, ...] = attrs.field(validator=checked(_tiers))
    unit: str = attrs.field(default="licenses", validator=checked(text))

    @property
    def currency(self) -> str:
        """The price's currency."""
        return self.tiers[0].amount.currency

    def _entered(self, quantity: int) -> list[tuple[int, Tier]]:
        """The tiers a quantity enters, each with the number of its units that fall into it."""
        entered, below = [], 0
        for tier in self.tiers:
            units = quantity - below if tier.up_to is None else min(quantity, tier.up_to) - below
            entered.append((units, tier))
            if tier.up_to is None or quantity <= tier.up_to:
                return entered
            below = tier.up_to
        raise BeyondLastTier(quantity, below, self.unit)


@attrs.frozen(kw_only=True)
class Graduated(_Tiered):
    """Each unit at the price of the tier it falls into, and the flat part of every tier entered.

    A tier includes its upper bound. A quantity above the last bound is refused unless the last tier is open.

    Source: PRC-1.

    Example:
        >>> ten, eight = Money.parse("10.00", "USD"), Money.parse("8.00", "USD")
        >>> price = Graduated(tiers=(Tier(10, ten), Tier(None, eight)))
        >>> print(price.cost(10), price.cost(11))
        100.00 USD 108.00 USD
    """

    def cost(self, quantity: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> ExactMoney:
        """What so many units cost, exactly."""
        if _costs_nothing(quantity, zero):
            return exact(self.tiers[0].amount, 0)
        micros = sum(units * tier.amount.micros + tier.flat_micros for units, tier in self._entered(quantity))
        return ExactMoney(micros, 1, self.currency)

    def working(self, quantity: int) -> str:
        """The arithmetic, with the numbers put in."""
        whole("quantity", quantity)
        return _sum_of(self._entered(quantity)) if quantity else "0"

    def __str__(self) -> str:
        return _texts_of(self.tiers)


@attrs.frozen(kw_only=True)
class Volume(_Tiered):
    """All units at the price of the tier that the quantity reaches, and that tier's flat part.

    Source: PRC-1.

    Example:
        >>> ten, eight = Money.parse("10.00", "USD"), Money.parse("8.00", "USD")
        >>> price = Volume(tiers=(Tier(10, ten), Tier(None, eight)))
        >>> print(price.cost(10), price.cost(11))
        100.00 USD 88.00 USD
    """

    def cost(self, quantity: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> ExactMoney:
        """What so many units cost, exactly."""
        if _costs_nothing(quantity, zero):
            return exact(self.tiers[0].amount, 0)
        _, tier = self._entered(quantity)[-1]
        return ExactMoney(quantity * tier.amount.micros + tier.flat_micros, 1, self.currency)

    def working(self, quantity: int) -> str:
        """The arithmetic, with the numbers put in."""
        whole("quantity", quantity)
        return _sum_of([(quantity, self._entered(quantity)[-1][1])]) if quantity else "0"

    def __str__(self) -> str:
        return " or ".join(f"all at {text}" for text in _texts_of(self.tiers).split("; "))


def _texts_of(tiers: tuple[Tier, ...]) -> str:
    texts = "; ".join(map(str, tiers))
    return texts if len(tiers) > 1 else texts.removesuffix(" beyond")  # there is nothing that it lies beyond


def _sum_of(entered: list[tuple[int, Tier]]) -> str:
    terms = [f"{units} * {tier.amount.text}" + (f" + {tier.flat.text}" if tier.flat else "") for units, tier in entered]
    return " + ".join(terms)


@attrs.frozen(kw_only=True)
class Package:
    """An amount for each package started of what exceeds the free units.

    Args:
        amount: of one package, from zero.
        size: units in a package, from 1.
        free: units that cost nothing, from 0.
        unit: what is counted.

    Source: PRC-1, PRC-2.

    Example:
        >>> storage = Package(amount=Money.parse("30.00", "USD"), size=10**9, unit="bytes")
        >>> print(storage.cost(10**9), storage.cost(10**9 + 1))
        30.00 USD 60.00 USD
    """

    amount: Money = attrs.field(validator=checked(price_amount))
    size: int = attrs.field(validator=checked(whole, 1))
    free: int = attrs.field(default=0, validator=checked(whole))
    unit: str = attrs.field(default="licenses", validator=checked(text))

    @property
    def currency(self) -> str:
        """The price's currency."""
        return self.amount.currency

    def started(self, quantity: int) -> int:
        """How many packages a quantity starts."""
        return packages_started(max(whole("quantity", quantity) - self.free, 0), self.size)

    def cost(self, quantity: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> ExactMoney:
        """What so many units cost, exactly; there is no flat part for `zero` to decide on."""
        _costs_nothing(quantity, zero)
        return exact(self.amount, self.started(quantity))

    def working(self, quantity: int) -> str:
        """The arithmetic, with the numbers put in."""
        whole("quantity", quantity)
        counted = f"max({quantity} - {self.free}, 0)" if self.free else str(quantity)
        return f"ceil({counted} / {self.size}) * {self.amount.text}"

    def __str__(self) -> str:
        free = f" beyond {self.free}" if self.free else ""
        one = self.unit.removesuffix("s") if self.size == 1 else f"{self.size} {self.unit}"
        return f"{self.amount} for each {one} started{free}"


def packages_started(quantity: int, size: int) -> int:
    """How many packages a quantity starts, in arithmetic that serves ints and columns alike.

    Source: PRC-1.
    """
    return (quantity + size - 1) // size


#: Every price scheme; each has `cost(quantity)`, `working(quantity)`, `currency` and `unit`.
Price = PerUnit | Flat | Graduated | Volume | Package


def price_scheme(place: str, value: object) -> Price:
    """A price of any scheme; it names `place` where it is none.

    Source: PRC-1.
    """
    if not isinstance(value, Price):
        raise InvalidPrice(place, f"must be a PerUnit, Flat, Graduated, Volume or Package, not {shown(value)}")
    return value


@attrs.frozen(kw_only=True)
class Charge:
    """A payable amount for a quantity, and the price it comes from.

    Args:
        quantity: units.
        price: the scheme.
        unrounded: the exact cost.
    """

    quantity: int
    price: Price
    unrounded: ExactMoney

    @property
    def amount(self) -> Money:
        """The cost, payable (MON-1)."""
        return self.unrounded.payable()

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: PRC-1, BIL-5.
        """
        currency = self.price.currency
        # a flat part charged for nothing (PRC-3's alternative) is the one case the scheme's own working leaves out
        working = self.price.working(self.quantity) if self.quantity else self.unrounded.text
        counted = "One" if self.quantity == 1 else f"{self.quantity} {self.price.unit}"
        at = "," if isinstance(self.price, Volume) else " at"  # its text begins with "all at"
        return Explanation(
            figure="price",
            value=self.amount.text,
            unit=currency,
            rules=("PRC-1", "PRC-3", "MON-1"),
            because=f"{counted}{at} {self.price}.",
            working=f"round({working}, {decimals(currency)})",
            inputs=(Input("quantity", str(self.quantity), self.price.unit), Input("price", str(self.price))),
        )


def charge(price: Price, quantity: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> Charge:
    """What so many units cost.

    Args:
        price: any scheme.
        quantity: whole units, from zero. Zero costs nothing, flat parts included, unless `zero` says otherwise.
        zero: what a quantity of zero costs.

    Raises:
        BeyondLastTier: the price does not reach so far.

    Source: PRC-1, PRC-3.

    Example:
        >>> setup = Flat(amount=Money.parse("50.00", "USD"))
        >>> charge(setup, 3).amount, charge(setup, 0).amount
        (Money.parse('50.00', 'USD'), Money.parse('0.00', 'USD'))
    """
    unrounded = price_scheme("price", price).cost(quantity, zero=zero)
    return Charge(quantity=quantity, price=price, unrounded=unrounded)


def part(price: Price, before: int, after: int, *, zero: ZeroQuantity = ZeroQuantity.FREE) -> Money:
    """What a usage adds that is priced in parts: the cumulative payable price after it, less the one before.

    The parts of a usage add up to the price of the whole, to the cent, however it is split; no split bills an extra
    started unit.

    Args:
        price: any scheme.
        before: units already priced, from zero.
        after: units priced with this part, not below `before`.
        zero: what a quantity of zero costs, and so has been charged for already.

    Returns:
        the difference; negative where a volume price falls as a tier is reached.

    Source: PRC-3.

    Example:
        >>> storage = Package(amount=Money.parse("30.00", "USD"), size=10**9, unit="bytes")
        >>> part(storage, 0, 10**8), part(storage, 10**8, 10**9)
        (Money.parse('30.00', 'USD'), Money.parse('0.00', 'USD'))
    """
    whole("before", before)
    whole("after", after, before)
    return charge(price, after, zero=zero).amount - charge(price, before, zero=zero).amount
