"""Prices: what so many units cost and why, how a price reads, and which prices and quantities are refused."""

from licensebill import pricing
from licensebill.money import Money
from licensebill.pricing import Flat, Graduated, Package, PerUnit, Price, Tier, Volume, ZeroQuantity
from tests.examples import usd
from tests.scenes import Scene

_EACH = PerUnit(amount=usd("99.00"))
_CALLS = PerUnit(amount=usd("0.0125"), per=60, unit="seconds")
_FLAT = Flat(amount=usd("50.00"), unit="setups")
_TIERS = (Tier(10, usd("10.00")), Tier(20, usd("8.00"), usd("5.00")), Tier(None, usd("6.50"), usd("0.00")))
_CLOSED = (Tier(10, usd("10.00"), usd("25.00")), Tier(20, usd("8.00")))
_GRADUATED, _VOLUME = Graduated(tiers=_TIERS), Volume(tiers=_TIERS)
_PACKAGES = Package(amount=usd("1.00"), size=10, free=100, unit="messages")
_BYTES = Package(amount=usd("30.00"), size=10**9, unit="bytes")
_SCHEMES: dict[str, Price] = {
    "each": _EACH,
    "per 60 seconds": _CALLS,
    "flat": _FLAT,
    "graduated": _GRADUATED,
    "volume": _VOLUME,
    "packages": _PACKAGES,
    "packages without free units": _BYTES,
}


def _tiered(*tiers: Tier) -> Price:
    return Graduated(tiers=tiers)


def _charged(name: str, quantity: int) -> Scene:
    return lambda: pricing.charge(_SCHEMES[name], quantity)


def _worked(name: str) -> Scene:
    return lambda: [_SCHEMES[name].working(quantity) for quantity in (0, 1, 15, 25)]


SCENES: dict[str, Scene] = {
    **{f"{quantity} {name}": _charged(name, quantity) for name in _SCHEMES for quantity in (0, 1, 15, 150)},
    **{f"{name}, worked out": _worked(name) for name in _SCHEMES},
    "a flat part for nothing": lambda: pricing.charge(_FLAT, 0, zero=ZeroQuantity.FLAT),
    "a tier's flat part for nothing": lambda: [
        pricing.charge(scheme(tiers=_CLOSED), 0, zero=ZeroQuantity.FLAT) for scheme in (Graduated, Volume)
    ],
    "a price of yen": lambda: pricing.charge(PerUnit(amount=Money.parse("12.5", "JPY"), per=2, unit="calls"), 3),
    "one tier for any quantity": lambda: [
        scheme(tiers=(Tier(up_to, usd("9.00"), usd("2.50")),)) for scheme in (Graduated, Volume) for up_to in (None, 9)
    ],
    "the end of a tier": lambda: [pricing.charge(price, 10) for price in (_GRADUATED, _VOLUME)],
    "the first of a tier": lambda: [pricing.charge(price, 11) for price in (_GRADUATED, _VOLUME)],
    "the end of the last tier": lambda: [pricing.charge(scheme(tiers=_CLOSED), 20) for scheme in (Graduated, Volume)],
    "beyond the last tier": lambda: pricing.charge(Graduated(tiers=_CLOSED), 21),
    "beyond the last tier, all at one price": lambda: pricing.charge(Volume(tiers=_CLOSED, unit="ports"), 21),
    "beyond the last tier, worked out": lambda: Volume(tiers=_CLOSED).working(21),
    "what each price counts by itself": lambda: [
        one.unit for one in (_EACH, Flat(amount=usd("1.00")), _GRADUATED, _VOLUME, Package(amount=usd("1.00"), size=1))
    ],
    "packages started": lambda: [_PACKAGES.started(quantity) for quantity in (100, 101, 110, 111)],
    "a part": lambda: [pricing.part(_BYTES, 0, 10**8), pricing.part(_BYTES, 10**8, 10**9 + 1)],
    "a part that gives back": lambda: pricing.part(
        Volume(tiers=(Tier(10, usd("10.00")), Tier(None, usd("8.00")))), 10, 11
    ),
    "a part after nothing that cost the flat part": lambda: pricing.part(_FLAT, 0, 1, zero=ZeroQuantity.FLAT),
    "a part below what was priced": lambda: pricing.part(_BYTES, 10, 9),
    "a price below zero": lambda: PerUnit(amount=usd("-0.01")),
    "a flat price below zero": lambda: Flat(amount=usd("-0.01")),
    "a package below zero": lambda: Package(amount=usd("-0.01"), size=1),
    "a tier below zero": lambda: Tier(10, usd("-0.01")),
    "a flat part below zero": lambda: Tier(10, usd("0.01"), usd("-0.01")),
    "an amount below another": lambda: pricing.price_amount("fee", usd("0.00"), low=1),
    "for no units": lambda: PerUnit(amount=usd("0.01"), per=0),
    "packages of nothing": lambda: Package(amount=usd("0.01"), size=0),
    "a tier up to nothing": lambda: Tier(0, usd("0.01")),
    "no tiers": _tiered,
    "no tiers, all at one price": lambda: Volume(tiers=()),
    "something else among the tiers": lambda: _tiered(_TIERS[0], "8.00"),  # type: ignore[arg-type]
    "an open tier before the last": lambda: _tiered(_TIERS[0], _TIERS[2], _TIERS[1]),
    "a tier that ends where the one before does": lambda: _tiered(_TIERS[0], Tier(10, usd("8.00"))),
    "a tier that ends before the one before": lambda: _tiered(_TIERS[0], _TIERS[1], Tier(19, usd("8.00"))),
    "a tier in another currency": lambda: _tiered(_TIERS[0], Tier(20, Money.parse("8.00", "EUR"))),
    "a flat part in another currency": lambda: _tiered(Tier(10, usd("10.00"), Money.parse("8.00", "EUR"))),
    "tiers in two currencies, each with its own flat part": lambda: _tiered(
        _TIERS[0], Tier(20, Money.parse("8.00", "EUR"), Money.parse("8.00", "EUR"))
    ),
    "no scheme": lambda: pricing.price_scheme("list_price", usd("1.00")),
}
