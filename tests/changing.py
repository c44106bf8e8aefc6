"""Changes of the example account in few words, for the tests of accounts and bills."""

from datetime import date
from typing import Any

import attrs

from licensebill.accounts import Account, Change, apply
from licensebill.bills import monthly_bill, planned
from licensebill.changes import (
    Cancel,
    ChooseImplementation,
    OrderService,
    PurchaseMinutes,
    RecordOutcome,
    SaveTable,
    SetTotal,
    SwitchRecharge,
)
from licensebill.cycles import cycle_of
from licensebill.funding import Declined, DeclineKind, Outcome
from licensebill.ledger import Category, Intent, Line, LineKind
from licensebill.licenses import Holding, Licenses
from licensebill.money import Money
from licensebill.pricing import PerUnit
from licensebill.terms import STANDARD, STANDARD_CATALOG, Catalog, Dated
from tests.examples import ACCEPTED, ADA, BOSS, reading, usd

TODAY = date(2026, 11, 20)
NOVEMBER, DECEMBER = cycle_of(TODAY), cycle_of(date(2026, 12, 1))
SOFT, HARD = (Declined(kind=kind, code="declined") for kind in (DeclineKind.SOFT, DeclineKind.HARD))


def do(acme: Account, *changes: Change) -> Account:
    """The account after several changes."""
    for change in changes:
        acme = apply(acme, change)
    return acme


def set_total(total: int, product: str = "powerdialer", on: date = TODAY) -> SetTotal:
    """A total set by the billing administrator."""
    return SetTotal(on=on, by=BOSS, product=product, total=total, authorization=ACCEPTED)


def save(on: date = TODAY, **checks: tuple[str, ...]) -> SaveTable:
    """The assignment table saved by the billing administrator."""
    return SaveTable(on=on, by=BOSS, checks=checks)


def buy(amount: str = "100.00", on: date = TODAY, source: str | None = None) -> PurchaseMinutes:
    """Minutes bought by the billing administrator."""
    return PurchaseMinutes(on=on, by=BOSS, amount=usd(amount), authorization=ACCEPTED, source=source)


def order(cost: str = "300.00", *, source: str | None = None, currency: str = "USD") -> OrderService:
    """Training, ordered with approval."""
    cost_ = Money.parse(cost, currency)
    return OrderService(
        on=TODAY, by=BOSS, name="Training", price=cost_, approved_by=ADA, authorization=ACCEPTED, source=source
    )


def choose(cost: str = "1500.00", currency: str = "USD", on: date = TODAY) -> ChooseImplementation:
    """The guided implementation."""
    return ChooseImplementation(on=on, by=BOSS, name="Guided", price=Money.parse(cost, currency))


def outcome(
    intent: str, answer: Outcome, *, source: str | None = "visa", on: date = TODAY, **more: Any
) -> RecordOutcome:
    """What the provider answered about a charge."""
    return RecordOutcome(on=on, intent=intent, source=source, outcome=answer, **more)


def cancel(on: date = TODAY, *, buyout: bool = True) -> Cancel:
    """A cancellation by the billing administrator."""
    return Cancel(on=on, by=BOSS, authorization=ACCEPTED, is_buyout_agreed=buyout)


def switch_on(source: str | None = None, on: date = TODAY) -> SwitchRecharge:
    """Automatic recharge, switched on."""
    return SwitchRecharge(on=on, by=BOSS, authorization=ACCEPTED, source=source)


def bill(acme: Account, on: date = DECEMBER.start, *, run: date | None = None) -> Account:
    """The account after its bill, without a storage fee."""
    return apply(acme, planned(monthly_bill(acme, on, readings=[reading(0, on)]), run))


def with_tariff(acme: Account, **changed: Any) -> Account:
    """The account with other policies."""
    return attrs.evolve(acme, tariffs=Dated.always(attrs.evolve(STANDARD, **changed)))


def listed(**prices: str) -> Catalog:
    """The standard catalog with list prices of some products."""
    return Catalog(
        tuple(
            attrs.evolve(product, list_price=Dated.always(PerUnit(amount=usd(prices[product.id]))))
            if product.id in prices
            else product
            for product in STANDARD_CATALOG.products
        )
    )


def owning(**owned: int) -> Licenses:
    """Licenses, not assigned."""
    return Licenses(tuple(Holding(product=product, owned=number) for product, number in owned.items()))


def the_charge(acme: Account) -> Intent:
    """The only open charge."""
    (one,) = acme.open
    return one.intent


def line(amount: str, category: Category = Category.LICENSES, kind: LineKind = LineKind.SERVICE) -> Line:
    """A line of a bill, of none that the license schedule has."""
    return Line(kind=kind, category=category, description="Something", amount=usd(amount))
