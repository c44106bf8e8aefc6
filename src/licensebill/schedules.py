"""Schedules: what the licenses owned cost each month, under a contract and a catalog.

Three questions, each answered for one day: which price holds (LIC-7), which floors hold (LIC-2, LIC-11), and what the
lines of the monthly schedule are (LIC-10). Nothing is known here of a share of a month, or of what changes.

What a change of the number owned costs belongs to `licenses`; the bill that holds the lines, to `bills`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import ClassVar

import attrs

from licensebill._checks import checked, day, instance, tuple_of
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.explain import Explanation, Input, added, many
from licensebill.holdings import Licenses
from licensebill.money import CurrencyMismatch, ExactMoney, Money, decimals, exact, total
from licensebill.pricing import Charge, PerUnit, Price, ZeroQuantity, charge
from licensebill.terms import Applied, Catalog, Contract, Floor, Product, Step

_UNIT = "licenses"

# --- the price ----------------------------------------------------------------------------------------------------


@attrs.frozen
class NoPrice(RuleViolation):
    """A product is billed, and neither the contract nor the catalog says at which price."""

    code: ClassVar[str] = "no_price"
    rule: ClassVar[str] = "LIC-7"

    product: str
    name: str
    on: date

    def __str__(self) -> str:
        return (
            f"{self.name} has no price on {self.on}: neither a contract in force nor the catalog names one, "
            "and one of them must; a cycle has the prices of its first day (LIC-7)"
        )


@attrs.frozen(kw_only=True)
class PriceInForce:
    """The price of a product on a day, and where it was agreed.

    Args:
        price: the scheme.
        applied: the term as a bill names it.
    """

    price: Price
    applied: Applied


def price_in_force(product: str, *, contract: Contract | None, catalog: Catalog, on: date) -> PriceInForce:
    """The price of a product on a day: the contract's, else the catalog's list price.

    A contract names its prices for as long as it runs, renewals included; after its end, and before its start, the list
    price serves. A product without either has no price, which is not the same as a price of zero.

    Args:
        product: the product's id.
        contract: what was agreed; None where nothing was.
        catalog: the products and their list prices.
        on: the day.

    Raises:
        NoPrice: neither names a price on that day.
        UnknownProduct: the catalog has no such product.

    Source: LIC-7.

    Example:
        >>> from licensebill.terms import ContractPrice, Dated, STANDARD_CATALOG
        >>> agreed = ContractPrice("elf", Dated.always(PerUnit(amount=Money.parse("49.00", "USD"))))
        >>> contract = Contract(
        ...     reference="order form 2026-17", start=date(2026, 1, 1), end=date(2027, 1, 1), prices=(agreed,)
        ... )
        >>> found = price_in_force("elf", contract=contract, catalog=STANDARD_CATALOG, on=date(2026, 12, 31))
        >>> print(found.price, "by", found.applied)
        49.00 USD each by order form 2026-17, since 2026-01-01
        >>> price_in_force("elf", contract=contract, catalog=STANDARD_CATALOG, on=date(2027, 1, 1))
        Traceback (most recent call last):
        licensebill.schedules.NoPrice: ELF has no price on 2027-01-01: neither a contract in force nor \
the catalog names one, and one of them must; a cycle has the prices of its first day (LIC-7)
    """
    _check_terms(contract, catalog, on)
    return _price(catalog.product(product), contract, on)


def _check_terms(contract: Contract | None, catalog: Catalog, on: date) -> None:
    if contract is not None:
        instance("contract", contract, Contract)
    instance("catalog", catalog, Catalog)
    day("on", on)


def _price(product: Product, contract: Contract | None, on: date) -> PriceInForce:
    if contract is not None:
        agreed = contract.price(product.id, on)
        if agreed is not None:
            return _in_force(product, agreed, max(agreed.since, contract.start), contract.reference)
    listed = product.list_price.on(on) if product.list_price is not None else None
    if listed is None:
        raise NoPrice(product.id, product.name, on)
    return _in_force(product, listed, listed.since, "list price")


def _in_force(product: Product, step: Step[Price], since: date, source: str) -> PriceInForce:
    applied = Applied(
        name=f"price of {product.name}",
        value=str(step.value),
        rule="LIC-7",
        since=since,
        source=step.source or source,
    )
    return PriceInForce(price=step.value, applied=applied)


# --- the floors ---------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class FloorInForce:
    """A minimum number of licenses on a day: of one product, or of a group counted together.

    Args:
        products: ids, one or several.
        names: the products' names, in the same order.
        minimum: the floor, licenses.
        until: the last day on which it is this number: the day before another step, or the term's last.
        ends: the last day of the contract's term.
        shortfall_price: of each license that a group falls short; None for one product.
        applied: the term as a bill names it.
    """

    products: tuple[str, ...]
    names: tuple[str, ...]
    minimum: int
    until: date
    ends: date
    shortfall_price: Money | None
    applied: Applied

    @property
    def is_group(self) -> bool:
        """Whether several products are counted together."""
        return self.shortfall_price is not None


def floors_in_force(contract: Contract | None, *, catalog: Catalog, on: date) -> tuple[FloorInForce, ...]:
    """The floors that hold on a day, in the contract's order; none without a contract, or outside its term.

    Each floor has the number of the step in force on the day; one whose first step is still to come does not hold yet.

    Raises:
        UnknownProduct: a floor names a product that the catalog does not have, and so nobody could bill.

    Source: LIC-2, LIC-11.

    Example:
        >>> from licensebill.terms import Dated, STANDARD_CATALOG
        >>> steps = Dated((Step(date(2026, 1, 1), 10), Step(date(2026, 7, 1), 8, "amendment 2")))
        >>> contract = Contract(reference="order form 2026-17", start=date(2026, 1, 1), end=date(2027, 1, 1),
        ...     floors=(Floor(products=("powerdialer",), minimum=steps),))
        >>> for on in (date(2026, 6, 30), date(2026, 7, 1), date(2027, 1, 1)):
        ...     print([floor.minimum for floor in floors_in_force(contract, catalog=STANDARD_CATALOG, on=on)])
        [10]
        [8]
        []
    """
    _check_terms(contract, catalog, on)
    return tuple(_floors(contract, catalog, on))


def _floors(contract: Contract | None, catalog: Catalog, on: date) -> Iterator[FloorInForce]:
    term = contract.term(on) if contract is not None else None
    if contract is None or term is None:
        return
    for floor, step in contract.floors_on(on):
        names = tuple(catalog.product(product).name for product in floor.products)
        yield FloorInForce(
            products=floor.products,
            names=names,
            minimum=step.value,
            until=min([term.last_day, *_days_before_others(floor, step)]),
            ends=term.last_day,
            shortfall_price=floor.shortfall_price,
            applied=Applied(
                name=f"floor of {', '.join(names)}",
                value=many(step.value, "license"),
                rule="LIC-2",
                since=max(step.since, contract.start),
                source=step.source or contract.reference,
            ),
        )


def _days_before_others(floor: Floor, step: Step[int]) -> Iterator[date]:
    """The last days before later steps to another number."""
    later = (other for other in floor.minimum.steps if other.since > step.since and other.value != step.value)
    return (other.since - timedelta(days=1) for other in later)


# --- the lines ----------------------------------------------------------------------------------------------------


def number_billed(owned: int, floor: int, *, maximum: Callable[[int, int], int] = max) -> int:
    """The number of licenses a product is billed for, in arithmetic that serves ints and columns alike.

    Args:
        owned: licenses.
        floor: the product's own; 0 where it has none.
        maximum: the greater of two; a column's own where columns are compared.

    Source: LIC-10, LIC-11.
    """
    return maximum(owned, floor)


def number_short(floor: int, billed: int, *, maximum: Callable[[int, int], int] = max) -> int:
    """The number of licenses a group falls short, in arithmetic that serves ints and columns alike.

    Args:
        floor: the group's.
        billed: the numbers that its products are billed for, added up.
        maximum: the greater of two; a column's own where columns are compared.

    Source: LIC-10.
    """
    return maximum(floor - billed, 0)


@attrs.frozen(kw_only=True)
class Line:
    """A line of the schedule: one product's licenses, or what a group of products falls short of its floor.

    Args:
        products: the product's id; or the group's.
        name: for people.
        counted: licenses owned; of a group, those its products are billed for.
        floor: licenses; 0 where a product has none.
        charge: the number billed, its price and the exact cost.
        terms: the price that was applied, and the floor if there is one.

    Source: LIC-10.
    """

    products: tuple[str, ...]
    name: str
    counted: int
    floor: int
    charge: Charge
    terms: tuple[Applied, ...]

    @property
    def is_shortfall(self) -> bool:
        """Whether the line is what a group falls short."""
        return len(self.products) > 1

    @property
    def is_by_floor(self) -> bool:
        """Whether more is billed than is owned, because of the floor."""
        return self.is_shortfall or self.floor > self.counted

    @property
    def quantity(self) -> int:
        """The number of licenses billed."""
        return self.charge.quantity

    @property
    def price(self) -> Price:
        """The price of the line."""
        return self.charge.price

    @property
    def unrounded(self) -> ExactMoney:
        """What the line costs each month, exact."""
        return self.charge.unrounded

    @property
    def amount(self) -> Money:
        """What the line costs each month, payable (MON-1)."""
        return self.charge.amount

    def explanation(self) -> Explanation:
        """The amount of the line, and how the number billed comes about.

        Source: LIC-10, LIC-7, LIC-2, BIL-5.
        """
        priced = self.charge.explanation()
        return attrs.evolve(
            priced,
            figure=self.name,
            rules=("LIC-10", "LIC-2" if self.is_shortfall else "LIC-7", *priced.rules),
            because=f"{self._reason} {priced.because}",
            inputs=tuple(Input(term.name, term.value, origin=str(term)) for term in self.terms),
            parts=(self._number(),),
        )

    @property
    def _reason(self) -> str:
        if self.is_shortfall:
            return f"Floor {self.floor} together, billed {self.counted}: {self.quantity} short."
        if self.is_by_floor:
            return f"Owned {self.counted}, floor {self.floor}: the floor is billed."
        return f"Owned {self.counted}, floor {self.floor}." if self.floor else f"Owned {self.counted}."

    def _number(self) -> Explanation:
        if self.is_shortfall:
            counted, working = "billed of its products", f"max({self.floor} - {self.counted}, 0)"
        else:
            counted, working = "owned", f"max({self.counted}, {self.floor})"
        return Explanation(
            figure="licenses billed",
            value=str(self.quantity),
            unit=_UNIT,
            rules=("LIC-10", "LIC-2", "LIC-11"),
            because=self._reason,
            working=working,
            inputs=(Input(counted, str(self.counted), _UNIT), Input("floor", str(self.floor), _UNIT)),
        )


@attrs.frozen(kw_only=True)
class Schedule:
    """What is billed each month for licenses, as it stands on one day.

    Args:
        on: the day whose terms it was computed with.
        lines: products in the catalog's order, then groups in the contract's.
        currency: of every line.

    Raises:
        CurrencyMismatch: a line in another currency.

    Source: LIC-10.
    """

    on: date = attrs.field(validator=checked(day))
    lines: tuple[Line, ...] = attrs.field(validator=checked(tuple_of, Line))
    currency: str

    def __attrs_post_init__(self) -> None:
        decimals(self.currency)  # refuses an unknown code
        for line in self.lines:
            found = line.price.currency
            if found != self.currency:
                raise CurrencyMismatch(
                    f"the price of {line.name}", f"must be in the schedule's {self.currency}, not {found}"
                )

    @property
    def total(self) -> Money:
        """The sum of the payable lines (MON-1)."""
        return total((line.amount for line in self.lines), self.currency)

    @property
    def unrounded(self) -> ExactMoney:
        """The sum of what the lines cost, exact: what is derived from a schedule is derived from this (MON-1)."""
        return sum((line.unrounded for line in self.lines), exact(Money.zero(self.currency)))

    def line(self, product: str) -> Line | None:
        """A product's own line; None where nothing of it is billed."""
        instance("product", product, str)
        return next((line for line in self.lines if line.products == (product,)), None)

    def explanation(self) -> Explanation:
        """The monthly total, and each of its lines.

        Source: LIC-10, MON-1, BIL-5.
        """
        return Explanation(
            figure="licenses each month",
            value=self.total.text,
            unit=self.currency,
            rules=("LIC-10", "MON-1"),
            because=f"The sum of {many(len(self.lines), 'line')}, by the terms of {self.on}.",
            working=added(line.amount.text for line in self.lines),
            parts=tuple(line.explanation() for line in self.lines),
        )


def schedule(
    licenses: Licenses,
    *,
    contract: Contract | None,
    catalog: Catalog,
    on: date,
    zero: ZeroQuantity = ZeroQuantity.FREE,
    currency: str | None = None,
) -> Schedule:
    """What is billed each month for the licenses owned now, by the terms of one day.

    A product is billed for the greater of the number owned and its own floor, assigned or not. A group's floor, less
    what its products are so billed for, is a line of its own at the price agreed with the floor. Pending totals are
    left out: they are taken as their cycle begins (`take_pending`).

    Args:
        licenses: what is held; users and pending totals play no part.
        contract: what was agreed; None where nothing was.
        catalog: the products; their order is that of the lines.
        on: the day whose terms apply.
        zero: what none costs where the contract's price has a flat part. A list price costs nothing until bought.
        currency: of the schedule; None for the contract's, or else that of the lines.

    Returns:
        one line for each product with something to bill, then one for each group that falls short; each line's amount
        rounded to the minor unit.

    Raises:
        NoPrice: a product to be billed has no price.
        BeyondLastTier: a price does not reach as far as the number billed.
        UnknownProduct: a number or a floor of a product that the catalog does not have.
        CurrencyMismatch: a price in another currency.
        InvalidValue: no currency, where there is neither a contract nor a line.

    Source: LIC-10, LIC-2, LIC-7, LIC-11, PRC-3.

    Example:
        >>> from licensebill.holdings import Holding
        >>> from licensebill.terms import ContractPrice, Dated, STANDARD_CATALOG
        >>> agreed = ContractPrice("powerdialer", Dated.always(PerUnit(amount=Money.parse("99.00", "USD"))))
        >>> contract = Contract(reference="order form 2026-17", start=date(2026, 1, 1), end=date(2027, 1, 1),
        ...     prices=(agreed,), floors=(Floor(products=("powerdialer",), minimum=Dated.always(10)),))
        >>> held = Licenses((Holding(product="powerdialer", owned=8),))
        >>> december = schedule(held, contract=contract, catalog=STANDARD_CATALOG, on=date(2026, 12, 1))
        >>> print(december.total, "for", december.lines[0].quantity)
        990.00 USD for 10
    """
    instance("licenses", licenses, Licenses)
    instance("zero", zero, ZeroQuantity)
    floors = floors_in_force(contract, catalog=catalog, on=on)
    owned = {catalog.product(product).id: number for product, number in licenses.owned().items()}
    own = {floor.products[0]: floor for floor in floors if not floor.is_group}
    products = [
        line
        for product in catalog.products
        if (line := _line(product, owned.get(product.id, 0), own.get(product.id), contract=contract, on=on, zero=zero))
    ]
    billed = {line.products[0]: line.quantity for line in products}
    groups = [line for floor in floors if (line := _shortfall_line(floor, billed))]
    lines = (*products, *groups)
    return Schedule(on=on, lines=lines, currency=_currency(currency, contract, lines))


def _line(
    product: Product,
    owned: int,
    floor: FloorInForce | None,
    *,
    contract: Contract | None,
    on: date,
    zero: ZeroQuantity,
) -> Line | None:
    minimum = floor.minimum if floor is not None else 0
    quantity = number_billed(owned, minimum)
    if not quantity and not _costs_without_any(product, contract, on, zero):
        return None
    found = _price(product, contract, on)
    return Line(
        products=(product.id,),
        name=product.name,
        counted=owned,
        floor=minimum,
        charge=charge(found.price, quantity, zero=zero),
        terms=(found.applied,) if floor is None else (found.applied, floor.applied),
    )


def _costs_without_any(product: Product, contract: Contract | None, on: date, zero: ZeroQuantity) -> bool:
    # a list price is an offer: only a price that was agreed can cost something for nothing
    agreed = contract.price(product.id, on) if contract is not None else None
    return agreed is not None and bool(agreed.value.cost(0, zero=zero))


def _shortfall_line(floor: FloorInForce, billed: Mapping[str, int]) -> Line | None:
    counted = sum(billed.get(product, 0) for product in floor.products)
    missing = number_short(floor.minimum, counted)
    if floor.shortfall_price is None or not missing:
        return None
    price = PerUnit(amount=floor.shortfall_price)
    names = ", ".join(floor.names)
    agreed = attrs.evolve(floor.applied, name=f"shortfall price of {names}", value=str(price), rule="LIC-10")
    return Line(
        products=floor.products,
        name=f"shortfall of {names}",
        counted=counted,
        floor=floor.minimum,
        charge=charge(price, missing),
        terms=(agreed, floor.applied),
    )


def _currency(stated: str | None, contract: Contract | None, lines: tuple[Line, ...]) -> str:
    if stated is not None:
        return stated
    if contract is not None:
        return contract.currency
    if not lines:
        raise InvalidValue("currency", "must be stated where there is neither a contract nor anything to bill")
    return lines[0].price.currency
