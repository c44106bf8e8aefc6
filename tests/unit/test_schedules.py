"""The license schedule by example: prices and floors in force, lines, groups, and every day at which terms change."""

import pickle
from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from licensebill.errors import InvalidValue
from licensebill.holdings import Holding, Licenses
from licensebill.money import CurrencyMismatch, InvalidMoney, Money
from licensebill.pricing import BeyondLastTier, Flat, Graduated, Package, PerUnit, Price, Tier, Volume, ZeroQuantity
from licensebill.schedules import (
    Line,
    NoPrice,
    Schedule,
    floors_in_force,
    number_billed,
    number_short,
    price_in_force,
    schedule,
)
from licensebill.terms import (
    STANDARD_CATALOG,
    Applied,
    Catalog,
    Contract,
    ContractPrice,
    Dated,
    Floor,
    Product,
    ProductKind,
    Step,
    UnknownProduct,
)
from tests.working import mistakes

DAY = timedelta(days=1)
START, END = date(2026, 1, 1), date(2027, 1, 1)
DECEMBER = date(2026, 12, 1)


def usd(amount: str) -> Money:
    """An amount in US dollars."""
    return Money.parse(amount, "USD")


def each(amount: str) -> PerUnit:
    """A price for each license."""
    return PerUnit(amount=usd(amount))


def agreed(product: str, *steps: tuple[date, Price]) -> ContractPrice:
    """A contract's price of a product, by day."""
    return ContractPrice(product, Dated(tuple(Step(since, price) for since, price in steps)))


def own(product: str, *steps: tuple[date, int]) -> Floor:
    """A product's own floor, by day."""
    return Floor(products=(product,), minimum=Dated(tuple(Step(since, number) for since, number in steps)))


def together(number: int, price: str, *products: str) -> Floor:
    """A floor of a group."""
    return Floor(products=products, minimum=Dated.always(number), shortfall_price=usd(price))


def contract(*prices: ContractPrice, floors: tuple[Floor, ...] = (), **fields: Any) -> Contract:
    """A contract over the year 2026."""
    return Contract(reference="order form 2026-17", start=START, end=END, prices=prices, floors=floors, **fields)


def held(**owned: int) -> Licenses:
    """So many licenses of each product."""
    return Licenses(tuple(Holding(product=product, owned=number) for product, number in owned.items()))


def listed(price: Price, product: str = "elf") -> Catalog:
    """The standard catalog with a list price for one product, since March."""
    step = Dated((Step(date(2026, 3, 1), price),))
    return Catalog(
        tuple(attrs.evolve(one, list_price=step) if one.id == product else one for one in STANDARD_CATALOG.products)
    )


def billed(
    licenses: Licenses, terms: Contract | None, on: date = DECEMBER, catalog: Catalog = STANDARD_CATALOG, **policy: Any
) -> Schedule:
    """The schedule of a day."""
    return schedule(licenses, contract=terms, catalog=catalog, on=on, **policy)


DIALER = agreed("powerdialer", (START, each("99.00")))
INBOUND = agreed("inbound_agent", (START, each("49.00")))
ELF = agreed("elf", (START, each("25.00")))

# --- the price


@pytest.mark.parametrize(
    ("on", "renewal", "price"),
    [
        (START - DAY, None, "20.00"),
        (START, None, "99.00"),
        (date(2026, 6, 30), None, "99.00"),
        (date(2026, 7, 1), None, "89.00"),
        (END - DAY, None, "89.00"),
        (END, None, "20.00"),
        (END, 12, "89.00"),
        (END + 365 * DAY, 12, "89.00"),
        (END + 31 * DAY, 1, "89.00"),
    ],
)
def test_the_price_in_force(on: date, renewal: int | None, price: str) -> None:
    """The contract's price while it runs, by its steps, also when renewed; the list price before and afterwards."""
    step = agreed("elf", (START, each("99.00")), (date(2026, 7, 1), each("89.00")))
    catalog = Catalog(
        (Product(id="elf", name="ELF", kind=ProductKind.PER_USER, list_price=Dated.always(each("20.00"))),)
    )
    found = price_in_force("elf", contract=contract(step, renewal_months=renewal), catalog=catalog, on=on)
    assert found.price == each(price)
    assert found.applied.source == ("list price" if price == "20.00" else "order form 2026-17")


@pytest.mark.parametrize(("on", "there"), [(date(2026, 2, 28), False), (date(2026, 3, 1), True)])
def test_a_list_price_holds_from_its_first_day(on: date, there: bool) -> None:
    """Before its first step a product has no list price."""
    catalog = listed(each("20.00"))
    if there:
        assert price_in_force("elf", contract=None, catalog=catalog, on=on).applied.since == date(2026, 3, 1)
    else:
        with pytest.raises(NoPrice):
            price_in_force("elf", contract=None, catalog=catalog, on=on)


def test_where_the_contract_names_no_price_the_list_price_serves() -> None:
    """A contract that is silent about a product, or not yet speaking, leaves it to the catalog."""
    for terms in (contract(DIALER), contract(agreed("elf", (date(2027, 2, 1), each("1.00"))))):
        found = price_in_force("elf", contract=terms, catalog=listed(each("20.00")), on=DECEMBER)
        assert found.applied.source == "list price"


def test_no_price_is_an_error_and_not_zero() -> None:
    """The refusal names the product and the day; a price of zero is a price."""
    with pytest.raises(NoPrice) as refused:
        price_in_force("elf", contract=contract(DIALER), catalog=STANDARD_CATALOG, on=DECEMBER)
    assert (refused.value.product, refused.value.name, refused.value.on) == ("elf", "ELF", DECEMBER)
    assert (refused.value.code, refused.value.rule) == ("no_price", "LIC-7")
    assert str(refused.value) == (
        "ELF has no price on 2026-12-01: neither a contract in force nor the catalog names one, "
        "and one of them must; a cycle has the prices of its first day (LIC-7)"
    )
    free = contract(agreed("elf", (START, each("0.00"))))
    assert price_in_force("elf", contract=free, catalog=STANDARD_CATALOG, on=DECEMBER).price == each("0.00")


def test_the_term_that_is_applied_says_where_it_was_agreed() -> None:
    """A step's own source is named before the contract's; a price holds from the contract's start at the earliest."""
    step = ContractPrice(
        "elf", Dated((Step(date(2025, 1, 1), each("25.00")), Step(START + DAY, each("9.00"), "amendment 2")))
    )
    first, second = (
        price_in_force("elf", contract=contract(step), catalog=STANDARD_CATALOG, on=on).applied
        for on in (START, START + DAY)
    )
    assert first == Applied(
        name="price of ELF", value="25.00 USD each", rule="LIC-7", since=START, source="order form 2026-17"
    )
    assert (second.source, second.since, second.value) == ("amendment 2", START + DAY, "9.00 USD each")


# --- the floors


@pytest.mark.parametrize(
    ("on", "renewal", "floor"),
    [
        (START - DAY, None, None),
        (START, None, 10),
        (date(2026, 6, 30), None, 10),
        (date(2026, 7, 1), None, 8),
        (END - DAY, None, 8),
        (END, None, None),
        (END, 12, 8),
        (date(2027, 12, 31), 12, 8),
        (date(2028, 1, 1), 12, 8),
    ],
)
def test_the_floor_in_force(on: date, renewal: int | None, floor: int | None) -> None:
    """A floor holds by its steps while the contract runs, renewals included; after its end there is none."""
    terms = contract(floors=(own("elf", (START, 10), (date(2026, 7, 1), 8)),), renewal_months=renewal)
    found = floors_in_force(terms, catalog=STANDARD_CATALOG, on=on)
    assert [one.minimum for one in found] == ([] if floor is None else [floor])


@pytest.mark.parametrize(
    ("steps", "on", "until"),
    [
        (((START, 10),), DECEMBER, END - DAY),
        (((START, 10), (date(2026, 7, 1), 8)), START, date(2026, 6, 30)),
        (((START, 10), (date(2026, 7, 1), 8)), date(2026, 6, 30), date(2026, 6, 30)),
        (((START, 10), (date(2026, 7, 1), 8)), date(2026, 7, 1), END - DAY),
        (((START, 10), (date(2026, 7, 1), 10)), START, END - DAY),
        (((START, 10), (date(2026, 7, 1), 10), (date(2026, 8, 1), 12)), START, date(2026, 7, 31)),
        (((START, 10), (END, 8)), DECEMBER, END - DAY),
        (((START, 10), (END + DAY, 8)), DECEMBER, END - DAY),
    ],
)
def test_how_long_a_floor_is_this_number(steps: tuple[tuple[date, int], ...], on: date, until: date) -> None:
    """Until the day before a step to another number, or until the contract's last day."""
    (found,) = floors_in_force(contract(floors=(own("elf", *steps),)), catalog=STANDARD_CATALOG, on=on)
    assert (found.until, found.ends) == (until, END - DAY)


def test_the_end_of_a_floor_is_that_of_the_term() -> None:
    """In a renewed term it is the renewed term's last day."""
    terms = contract(floors=(own("elf", (START, 10)),), renewal_months=12)
    (found,) = floors_in_force(terms, catalog=STANDARD_CATALOG, on=END)
    assert found.until == found.ends == date(2027, 12, 31)


def test_floors_in_the_contracts_order_with_their_terms() -> None:
    """Own floors and groups as they stand in the contract, each with its names and what was agreed."""
    floors = (together(20, "40.00", "powerdialer", "elf"), own("elf", (date(2025, 1, 1), 3)))
    group, single = floors_in_force(contract(floors=floors), catalog=STANDARD_CATALOG, on=DECEMBER)
    assert (group.is_group, group.names, group.shortfall_price) == (True, ("PowerDialer", "ELF"), usd("40.00"))
    assert (single.is_group, single.products, single.shortfall_price) == (False, ("elf",), None)
    assert group.applied.name == "floor of PowerDialer, ELF"
    assert single.applied == Applied(
        name="floor of ELF", value="3 licenses", rule="LIC-2", since=START, source="order form 2026-17"
    )
    assert floors_in_force(None, catalog=STANDARD_CATALOG, on=DECEMBER) == ()


def test_a_floor_that_is_still_to_come_does_not_hold() -> None:
    """Before its first step there is no floor."""
    terms = contract(floors=(own("elf", (DECEMBER, 10)),))
    assert floors_in_force(terms, catalog=STANDARD_CATALOG, on=DECEMBER - DAY) == ()
    assert floors_in_force(terms, catalog=STANDARD_CATALOG, on=DECEMBER)[0].minimum == 10


# --- the lines


@pytest.mark.parametrize(("owned", "quantity"), [(0, 10), (9, 10), (10, 10), (11, 11)])
def test_the_greater_of_owned_and_floor_is_billed(owned: int, quantity: int) -> None:
    """One below the floor, at it and above it; a floor alone is billed, too."""
    found = billed(held(powerdialer=owned), contract(DIALER, floors=(own("powerdialer", (START, 10)),)))
    (line,) = found.lines
    assert (line.counted, line.floor, line.quantity) == (owned, 10, quantity)
    assert line.amount == found.total == quantity * usd("99.00")
    assert line.is_by_floor is (owned < 10)
    assert [term.rule for term in line.terms] == ["LIC-7", "LIC-2"]


@pytest.mark.parametrize(
    ("on", "quantity"),
    [
        (date(2026, 6, 30), 10),
        (date(2026, 7, 1), 9),
        (date(2026, 9, 30), 9),
        (date(2026, 10, 1), 12),
        (END - DAY, 12),
        (END, 9),
    ],
)
def test_a_floor_steps_over_the_life_of_the_contract(on: date, quantity: int) -> None:
    """Below what is owned, the owned is billed; above it, the floor; after the contract's end, the owned again."""
    steps = own("elf", (START, 10), (date(2026, 7, 1), 8), (date(2026, 10, 1), 12))
    catalog = listed(each("25.00"))
    assert billed(held(elf=9), contract(floors=(steps,)), on, catalog).lines[0].quantity == quantity


def test_lines_stand_in_the_catalogs_order() -> None:
    """Products with nothing to bill have none; pending totals and users play no part."""
    elf = Holding(product="elf", owned=3, users=frozenset({"ann"}), pending=1)
    found = billed(Licenses((elf, Holding(product="powerdialer", owned=2))), contract(ELF, DIALER, INBOUND))
    assert [(line.name, line.quantity, line.amount.text) for line in found.lines] == [
        ("PowerDialer", 2, "198.00"),
        ("ELF", 3, "75.00"),
    ]
    assert found.total == usd("273.00")
    assert found.line("elf") == found.lines[1]
    assert found.line("inbound_agent") is None


def test_each_line_is_rounded_once_and_the_total_is_their_sum() -> None:
    """Half a cent is rounded up in each line; the sum of the unrounded costs would be a cent less."""
    third = PerUnit(amount=usd("1.00"), per=8)
    found = billed(
        held(elf=1, powerdialer=1), contract(agreed("elf", (START, third)), agreed("powerdialer", (START, third)))
    )
    assert [line.amount.text for line in found.lines] == ["0.13", "0.13"]
    assert found.lines[0].unrounded == usd("0.125")
    assert found.total == usd("0.26")


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        (each("10.00"), "50.00"),
        (PerUnit(amount=usd("10.00"), per=2), "25.00"),
        (Flat(amount=usd("80.00")), "80.00"),
        (Graduated(tiers=(Tier(3, usd("10.00")), Tier(None, usd("8.00"), usd("1.00")))), "47.00"),
        (Volume(tiers=(Tier(4, usd("10.00")), Tier(None, usd("8.00")))), "40.00"),
        (Package(amount=usd("30.00"), size=2, free=1, unit="licenses"), "60.00"),
    ],
)
def test_any_scheme_prices_a_license(price: Price, amount: str) -> None:
    """A contract may price licenses by each of the five schemes."""
    found = billed(held(elf=5), contract(agreed("elf", (START, price))))
    assert found.total == usd(amount)
    assert mistakes(found.explanation()) == []


def test_a_product_to_be_billed_needs_a_price() -> None:
    """Owned or by its floor: without a price there is no schedule; nothing owned needs none."""
    with pytest.raises(NoPrice, match="ELF"):
        billed(held(elf=1), contract(DIALER))
    with pytest.raises(NoPrice, match="ELF"):
        billed(held(), contract(DIALER, floors=(own("elf", (START, 1)),)))
    assert billed(held(), contract(DIALER, floors=(own("elf", (START, 0)),))).lines == ()
    with pytest.raises(NoPrice, match="ELF"):
        billed(held(elf=1), None)


def test_a_price_that_does_not_reach_is_refused() -> None:
    """A quantity above a closed last tier cannot be billed."""
    price = Graduated(tiers=(Tier(3, usd("10.00")),))
    assert billed(held(elf=3), contract(agreed("elf", (START, price)))).total == usd("30.00")
    with pytest.raises(BeyondLastTier):
        billed(held(elf=4), contract(agreed("elf", (START, price))))


# --- groups


@pytest.mark.parametrize(("owned", "short"), [(0, 10), (4, 6), (9, 1), (10, 0), (11, 0)])
def test_what_a_group_falls_short(owned: int, short: int) -> None:
    """A group's floor less what its products are billed for is a line of its own, at the floor's own price."""
    terms = contract(DIALER, ELF, floors=(together(10, "40.00", "elf", "powerdialer"),))
    found = billed(held(elf=owned - owned // 2, powerdialer=owned // 2), terms)
    shortfalls = [line for line in found.lines if line.is_shortfall]
    assert [line.quantity for line in shortfalls] == ([short] if short else [])
    if short:
        (line,) = shortfalls
        assert found.lines[-1] == line
        assert (line.products, line.name) == (("elf", "powerdialer"), "shortfall of ELF, PowerDialer")
        assert (line.counted, line.floor, line.price) == (owned, 10, each("40.00"))
        assert line.amount == short * usd("40.00")
        assert line.is_by_floor
        assert [(term.name, term.rule) for term in line.terms] == [
            ("shortfall price of ELF, PowerDialer", "LIC-10"),
            ("floor of ELF, PowerDialer", "LIC-2"),
        ]


def test_a_group_counts_what_its_products_are_billed_for() -> None:
    """A product's own floor counts towards the group's, and other products do not."""
    floors = (own("elf", (START, 6)), together(10, "40.00", "elf", "powerdialer"))
    found = billed(held(elf=2, powerdialer=3, inbound_agent=7), contract(DIALER, ELF, INBOUND, floors=floors))
    assert [(line.name, line.quantity) for line in found.lines] == [
        ("PowerDialer", 3),
        ("Inbound Agent", 7),
        ("ELF", 6),
        ("shortfall of ELF, PowerDialer", 1),
    ]


def test_several_groups_each_have_their_line() -> None:
    """Groups stand in the contract's order, also where they share a product."""
    floors = (together(3, "5.00", "powerdialer", "elf"), together(4, "6.00", "elf", "inbound_agent"))
    found = billed(held(elf=1), contract(ELF, floors=floors))
    assert [(line.name, line.quantity, line.amount.text) for line in found.lines] == [
        ("ELF", 1, "25.00"),
        ("shortfall of PowerDialer, ELF", 2, "10.00"),
        ("shortfall of ELF, Inbound Agent", 3, "18.00"),
    ]


def test_a_group_needs_no_price_of_products_that_are_not_billed() -> None:
    """What nobody owns is short at the group's price."""
    found = billed(held(), contract(floors=(together(4, "6.00", "elf", "inbound_agent"),)))
    assert found.total == usd("24.00")


# --- a quantity of zero


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        (Flat(amount=usd("50.00")), "50.00"),
        (Graduated(tiers=(Tier(None, usd("9.00"), usd("7.00")),)), "7.00"),
        (each("9.00"), None),
    ],
)
def test_flat_parts_of_a_price_that_was_agreed_cost_something_by_policy(price: Price, amount: str | None) -> None:
    """By default none costs nothing; by the other policy the flat part of the contract's price is due."""
    terms = contract(agreed("elf", (START, price)))
    assert billed(held(), terms).lines == ()
    found = billed(held(), terms, zero=ZeroQuantity.FLAT)
    assert [line.amount.text for line in found.lines] == ([] if amount is None else [amount])
    assert mistakes(found.explanation()) == []


def test_a_list_price_costs_nothing_until_something_is_bought() -> None:
    """Nobody agreed to an offer of the catalog, whatever the policy."""
    catalog = listed(Flat(amount=usd("50.00")))
    for terms in (None, contract(DIALER)):
        assert billed(held(), terms, catalog=catalog, zero=ZeroQuantity.FLAT, currency="USD").lines == ()
    assert billed(held(elf=1), None, catalog=catalog, zero=ZeroQuantity.FLAT).total == usd("50.00")


# --- currencies


def test_the_currency_of_a_schedule() -> None:
    """As stated, else the contract's, else that of the lines; with none of these it must be stated."""
    euros = PerUnit(amount=Money.parse("20.00", "EUR"))
    yen = Contract(reference="A", start=START, end=END, currency="JPY")
    assert billed(held(), yen).currency == "JPY"
    assert billed(held(), yen, currency="USD").currency == "USD"
    assert billed(held(elf=1), None, catalog=listed(euros)).total == Money.parse("20.00", "EUR")
    assert billed(held(), None, currency="USD").total == Money.zero("USD")
    with pytest.raises(InvalidValue, match="currency: must be stated"):
        billed(held(), None)


def test_two_currencies_do_not_mix() -> None:
    """A list price in another currency than the contract's is refused, and so is a currency that does not exist."""
    euros = listed(PerUnit(amount=Money.parse("20.00", "EUR")))
    with pytest.raises(CurrencyMismatch, match="the price of ELF: must be in the schedule's USD, not EUR"):
        billed(held(elf=1), contract(DIALER), catalog=euros)
    with pytest.raises(CurrencyMismatch):
        billed(held(elf=1), None, catalog=euros, currency="USD")
    with pytest.raises(InvalidMoney):
        billed(held(), None, currency="XYZ")


# --- words


def test_lines_in_words() -> None:
    """Each line says what is owned, what the floor is, and which of them is billed."""
    floors = (
        own("powerdialer", (START, 10)),
        together(20, "40.00", "powerdialer", "elf"),
        own("inbound_agent", (START, 2)),
    )
    found = billed(held(powerdialer=8, inbound_agent=3, elf=1), contract(DIALER, ELF, INBOUND, floors=floors))
    dialer, inbound, elf, short = (line.explanation() for line in found.lines)
    assert dialer.as_text() == (
        "PowerDialer: 990.00 USD [LIC-10, LIC-7, PRC-1, PRC-3, MON-1]\n"
        "  Owned 8, floor 10: the floor is billed. 10 licenses at 99.00 USD each.\n"
        "  = round(10 * 99.00, 2)\n"
        "  price of PowerDialer: 99.00 USD each (order form 2026-17, since 2026-01-01)\n"
        "  floor of PowerDialer: 10 licenses (order form 2026-17, since 2026-01-01)\n"
        "  licenses billed: 10 licenses [LIC-10, LIC-2, LIC-11]\n"
        "    Owned 8, floor 10: the floor is billed.\n"
        "    = max(8, 10)\n"
        "    owned: 8 licenses\n"
        "    floor: 10 licenses"
    )
    assert inbound.because == "Owned 3, floor 2. 3 licenses at 49.00 USD each."
    assert elf.because == "Owned 1. One at 25.00 USD each."
    assert short.as_text() == (
        "shortfall of PowerDialer, ELF: 360.00 USD [LIC-10, LIC-2, PRC-1, PRC-3, MON-1]\n"
        "  Floor 20 together, billed 11: 9 short. 9 licenses at 40.00 USD each.\n"
        "  = round(9 * 40.00, 2)\n"
        "  shortfall price of PowerDialer, ELF: 40.00 USD each (order form 2026-17, since 2026-01-01)\n"
        "  floor of PowerDialer, ELF: 20 licenses (order form 2026-17, since 2026-01-01)\n"
        "  licenses billed: 9 licenses [LIC-10, LIC-2, LIC-11]\n"
        "    Floor 20 together, billed 11: 9 short.\n"
        "    = max(20 - 11, 0)\n"
        "    billed of its products: 11 licenses\n"
        "    floor: 20 licenses"
    )
    whole = found.explanation()
    assert whole.because == "The sum of 4 lines, by the terms of 2026-12-01."
    assert whole.working == "990.00 + 147.00 + 25.00 + 360.00"
    assert (whole.value, whole.unit, len(whole.parts)) == ("1522.00", "USD", 4)
    assert mistakes(whole) == []


def test_an_empty_schedule_in_words() -> None:
    """Nothing to bill is a total of zero with its explanation."""
    nothing = billed(held(), contract()).explanation()
    assert (nothing.value, nothing.working) == ("0.00", "0")
    assert mistakes(nothing) == []


# --- arithmetic, arguments


def test_the_arithmetic_serves_columns() -> None:
    """The greater of two may be that of a column."""
    assert (number_billed(8, 10), number_billed(10, 8), number_short(10, 8), number_short(8, 10)) == (10, 10, 2, 0)
    first = {"maximum": lambda one, _: one}
    assert (number_billed(8, 10, **first), number_short(8, 10, **first)) == (8, -2)


def test_what_the_catalog_does_not_have_is_not_passed_over() -> None:
    """Licenses or floors of an unknown product would never be billed: an error."""
    with pytest.raises(UnknownProduct):
        billed(held(gone=1), contract(DIALER))
    for floor in (own("gone", (START, 1)), together(3, "1.00", "elf", "gone")):
        with pytest.raises(UnknownProduct):
            billed(held(), contract(DIALER, floors=(floor,)))
        with pytest.raises(UnknownProduct):
            floors_in_force(contract(floors=(floor,)), catalog=STANDARD_CATALOG, on=DECEMBER)
    with pytest.raises(UnknownProduct):
        price_in_force("gone", contract=None, catalog=STANDARD_CATALOG, on=DECEMBER)


@pytest.mark.parametrize(
    "call",
    [
        lambda: billed(None, contract()),  # type: ignore[arg-type]
        lambda: billed(held(), "contract"),  # type: ignore[arg-type]
        lambda: billed(held(), contract(), on=None),  # type: ignore[arg-type]
        lambda: billed(held(), contract(), catalog=None),  # type: ignore[arg-type]
        lambda: billed(held(), contract(), zero=None),
        lambda: price_in_force("elf", contract=7, catalog=STANDARD_CATALOG, on=DECEMBER),  # type: ignore[arg-type]
        lambda: floors_in_force(7, catalog=STANDARD_CATALOG, on=DECEMBER),  # type: ignore[arg-type]
        lambda: Schedule(on=DECEMBER, lines=("line",), currency="USD"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(call: Any) -> None:
    """A value of another type is named, and nothing is computed from it."""
    with pytest.raises(InvalidValue, match="must be a"):
        call()


def test_values_survive_pickling() -> None:
    """Schedules and refusals go from one worker process to another."""
    found = billed(held(elf=1), contract(ELF, floors=(together(3, "5.00", "powerdialer", "elf"),)))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - ours
    assert all(isinstance(line, Line) for line in found.lines)
    error = NoPrice("elf", "ELF", DECEMBER)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (again.args, str(again)) == (error.args, str(error))
