"""Schedules: prices and floors in force, the lines of a month and why they are what they are, and what has no price."""

from datetime import date
from typing import Any

import attrs

from licensebill import schedules
from licensebill.holdings import Holding, Licenses
from licensebill.money import Money
from licensebill.pricing import Flat, Graduated, PerUnit, Tier, Volume, ZeroQuantity
from licensebill.schedules import FloorInForce, PriceInForce, Schedule
from licensebill.terms import STANDARD_CATALOG, Catalog, Contract, ContractPrice, Dated, Floor, Step
from tests.changing import listed, owning
from tests.examples import contract, price, usd
from tests.scenes import Scene

_ON = date(2026, 12, 1)
_GROUP = ("powerdialer", "inbound_agent", "elf")
_CONTRACT = contract(
    prices=(
        price("powerdialer", "99.00"),
        ContractPrice(
            "inbound_agent",
            Dated(
                (
                    Step(date(2025, 1, 1), PerUnit(amount=usd("35.00"))),
                    Step(date(2026, 7, 1), PerUnit(amount=usd("30.00")), "amendment 2"),
                )
            ),
        ),
        ContractPrice("elf", Dated.always(Graduated(tiers=(Tier(2, usd("25.00")), Tier(5, usd("20.00")))))),
        ContractPrice("flex_port", Dated.always(Volume(tiers=(Tier(2, usd("25.00")), Tier(None, usd("20.00")))))),
        ContractPrice("recording_monitoring", Dated.always(Flat(amount=usd("250.00")))),
    ),
    floors=(
        Floor(
            products=("powerdialer",),
            minimum=Dated(
                (Step(date(2025, 1, 1), 12), Step(date(2026, 7, 1), 10, "amendment 2"), Step(date(2026, 12, 24), 8))
            ),
        ),
        Floor(products=("inbound_agent",), minimum=Dated((Step(date(2026, 6, 1), 2), Step(date(2026, 12, 15), 2)))),
        Floor(products=_GROUP, minimum=Dated.always(20), shortfall_price=usd("40.00")),
    ),
)
_COMING = Catalog(
    (attrs.evolve(STANDARD_CATALOG.products[2], list_price=Dated((Step(_ON, PerUnit(amount=usd("1.00"))),))),)
)
_PLAIN = attrs.evolve(_CONTRACT, floors=())
_RENEWED = attrs.evolve(_CONTRACT, renewal_months=12)


def _month(contract: Contract | None = _CONTRACT, catalog: Catalog = STANDARD_CATALOG, **more: Any) -> Schedule:
    given: dict[str, Any] = {"on": _ON, "licenses": owning(powerdialer=8, inbound_agent=3, elf=1)} | more
    return schedules.schedule(contract=contract, catalog=catalog, **given)


def _priced(product: str, on: date = _ON, contract: Contract | None = _CONTRACT, **prices: str) -> list[object]:
    found: PriceInForce = schedules.price_in_force(product, contract=contract, catalog=listed(**prices), on=on)
    return [found.price, *_applied(found)]


def _applied(found: PriceInForce | FloorInForce) -> list[object]:
    term = found.applied
    return [f"{term.name}: {term.value} [{term.rule}]", term]


def _floors(on: date, contract: Contract = _CONTRACT) -> list[object]:
    return [
        told
        for floor in schedules.floors_in_force(contract, catalog=STANDARD_CATALOG, on=on)
        for told in (
            f"{floor.minimum} of {', '.join(floor.names)} ({', '.join(floor.products)})",
            f"until {floor.until}, ends {floor.ends}, short at {floor.shortfall_price}",
            *_applied(floor),
        )
    ]


def _listed_in(*currencies: str) -> Catalog:
    return Catalog(
        tuple(
            attrs.evolve(product, list_price=Dated.always(PerUnit(amount=Money.parse("10", currency))))
            for product, currency in zip(STANDARD_CATALOG.products, currencies, strict=False)
        )
    )


def _with_floor_of(product: str) -> Contract:
    return attrs.evolve(_PLAIN, floors=(Floor(products=(product,), minimum=Dated.always(1)),))


SCENES: dict[str, Scene] = {
    "an agreed price": lambda: _priced("powerdialer"),
    "an amended price": lambda: _priced("inbound_agent"),
    "the price before it was amended": lambda: _priced("inbound_agent", date(2026, 6, 30)),
    "a list price": lambda: _priced("admin_only", admin_only="15.00"),
    "a list price instead of an agreed one": lambda: _priced("powerdialer", date(2027, 1, 1), powerdialer="119.00"),
    "a list price without a contract": lambda: _priced("powerdialer", contract=None, powerdialer="119.00"),
    "no price": lambda: _priced("admin_only"),
    "no price after the contract": lambda: _priced("powerdialer", date(2027, 1, 1)),
    "no price without a contract": lambda: _priced("powerdialer", contract=None),
    "a list price that is still to come": lambda: schedules.price_in_force(
        "elf", contract=None, catalog=_COMING, on=date(2026, 11, 30)
    ),
    "the price of an unknown product": lambda: _priced("fax"),
    "floors": lambda: _floors(_ON),
    "floors before steps": lambda: _floors(date(2026, 6, 30)),
    "floors after steps": lambda: _floors(date(2026, 12, 24)),
    "floors of a renewal": lambda: _floors(date(2027, 6, 1), _RENEWED),
    "floors after the contract": lambda: _floors(date(2027, 1, 1)),
    "a floor of an unknown product": lambda: _floors(_ON, _with_floor_of("fax")),
    "a month": _month,
    "a month of other licenses": lambda: _month(licenses=owning(powerdialer=12, inbound_agent=2, elf=5, flex_port=3)),
    "a month of one license": lambda: _month(_PLAIN, licenses=owning(powerdialer=1)),
    "a month of nothing": lambda: _month(None, licenses=Licenses.empty(), currency="USD"),
    "a month at list prices": lambda: _month(None, listed(powerdialer="119.00", inbound_agent="45.00", elf="29.00")),
    "a month in yen": lambda: _month(None, _listed_in("JPY"), licenses=owning(powerdialer=3)),
    "a month with a flat part for nothing": lambda: _month(_PLAIN, licenses=Licenses.empty(), zero=ZeroQuantity.FLAT),
    "a month of a floor alone": lambda: _month(_with_floor_of("elf"), licenses=Licenses.empty()),
    "a month in its currency": lambda: f"{_month().total}, {_month().currency}",
    "a product's line": lambda: _month().line("powerdialer"),
    "a product without a line": lambda: _month().line("flex_port"),
    "the line of no product": lambda: _month().line("shortfall"),
    "a month of an unknown product": lambda: _month(licenses=Licenses((Holding(product="fax", owned=1),))),
    "a month without a price": lambda: _month(licenses=owning(admin_only=1)),
    "a month beyond the last tier": lambda: _month(licenses=owning(elf=6)),
    "a month in another currency than the contract's": lambda: _month(currency="EUR"),
    "a month in no currency": lambda: _month(currency="XXX"),
    "a month of nothing, in no currency": lambda: _month(None, licenses=Licenses.empty()),
    "list prices in two currencies": lambda: _month(None, _listed_in("USD", "USD", "EUR")),
    "something else among the lines": lambda: Schedule(on=_ON, lines=(*_month().lines, "ELF"), currency="USD"),  # type: ignore[arg-type]
}
