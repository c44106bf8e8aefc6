"""Totals: what a change costs and why, when it takes effect, and every refusal of a smaller one."""

from datetime import date
from typing import Any

import attrs

from licensebill import licenses
from licensebill.cycles import Convention
from licensebill.explain import Explanation
from licensebill.holdings import Holding, Licenses
from licensebill.licenses import TotalChange
from licensebill.money import Money
from licensebill.pricing import PerUnit
from licensebill.terms import (
    STANDARD_CATALOG,
    Contract,
    ContractPrice,
    Dated,
    Decrease,
    Floor,
    PoolAssignment,
    PortTerms,
    Removal,
    Step,
)
from tests.changing import DECEMBER, listed, owning
from tests.examples import ACCEPTED, CONTRACT, contract, floor, usd
from tests.scenes import Scene

_GROUP = Floor(products=("powerdialer", "inbound_agent"), minimum=Dated.always(12), shortfall_price=usd("40.00"))
_CONTRACT = contract(end=date(2028, 1, 1), floors=(floor("powerdialer", 6),), rates=())
_GROUPED = attrs.evolve(_CONTRACT, floors=(_GROUP, *_CONTRACT.floors, floor("inbound_agent", 3)))
_STEPS = Dated((Step(date(2026, 1, 1), 12), Step(date(2027, 7, 1), 4)))
_STEPPED = attrs.evolve(_CONTRACT, floors=(Floor(products=("powerdialer",), minimum=_STEPS),))
_STEPPED_GROUP = attrs.evolve(_CONTRACT, floors=(attrs.evolve(_GROUP, minimum=_STEPS),))
_FIXED = attrs.evolve(_CONTRACT, removal=Removal.NONE_DURING_TERM, floors=())
_FREE = attrs.evolve(_CONTRACT, floors=())
_ONE_EACH = PortTerms(assignment=PoolAssignment.USES_ONE)
_IN_YEN = attrs.evolve(
    _FREE, currency="JPY", prices=(ContractPrice("elf", Dated.always(PerUnit(amount=Money.parse("2500", "JPY")))),)
)
_USERS = frozenset({"ann", "bob"})


def _owned(**fields: Any) -> Licenses:
    given: dict[str, Any] = {"product": "powerdialer", "owned": 10} | fields
    others = (Holding(product="inbound_agent", owned=5, pending=4), Holding(product="flex_port", owned=2, users=_USERS))
    return Licenses((Holding(**given), *others))


def _set(
    total: int, contract: Contract | None = _CONTRACT, product: str = "powerdialer", **changed: Any
) -> TotalChange:
    given: dict[str, Any] = {
        "licenses": _owned(),
        "product": product,
        "total": total,
        "catalog": STANDARD_CATALOG,
        "contract": contract,
        "next_contract": contract,
        "cycle": DECEMBER,
        "on": date(2026, 12, 17),
        "authorization": ACCEPTED,
    }
    return licenses.set_total(**given | changed)


def _alone(change: TotalChange) -> Explanation:
    return attrs.evolve(change.explanation(), parts=())


def _told(change: TotalChange) -> list[object]:
    numbers = f"{change.kind.value}, from {change.effective}, charge {change.charge}, credit {change.credit}"
    return [numbers, *(f"{term.name}: {term.value} ({term})" for term in change.terms)]


def _at_once(total: int, contract: Contract | None = _CONTRACT, **changed: Any) -> TotalChange:
    return _set(total, contract, decrease=Decrease.CREDIT, **changed)


SCENES: dict[str, Scene] = {
    "more": lambda: _set(12),
    "more by the thirty-day month": lambda: _alone(_set(12, convention=Convention.THIRTY_DAY_MONTH)),
    "more by the whole cycle": lambda: _alone(_set(12, convention=Convention.WHOLE_CYCLE)),
    "more in yen": lambda: _set(3, _IN_YEN, "elf", licenses=owning(elf=1)),
    "more at a list price": lambda: _set(3, None, "elf", licenses=owning(elf=1), catalog=listed(elf="25.00")),
    "more below the floor": lambda: _alone(_set(6, licenses=_owned(owned=4))),
    "more than what was pending": lambda: _alone(_set(11, licenses=_owned(pending=8))),
    "as many": lambda: _set(10),
    "as many, which ends a decrease": lambda: _set(10, licenses=_owned(pending=8)),
    "fewer": lambda: _set(6),
    "fewer at once": lambda: _at_once(6),
    "fewer at once, at a list price": lambda: _alone(
        _at_once(1, None, product="elf", licenses=owning(elf=3), catalog=listed(elf="25.00"))
    ),
    **{
        f"{name}, in numbers": lambda change=change: _told(change())  # type: ignore[misc]
        for name, change in {
            "more": lambda: _set(12),
            "as many": lambda: _set(10),
            "fewer": lambda: _set(6),
            "fewer at once": lambda: _at_once(6),
            "more of what a group counts": lambda: _set(12, _GROUPED),
            "more, by the terms of a day": lambda: _set(12, terms_on=date(2026, 12, 17)),
            "the first": lambda: _set(1, _FREE, licenses=Licenses.empty()),
            "none left": lambda: _at_once(0, _FREE),
        }.items()
    },
    "below the floor": lambda: _set(5),
    "below the floor, at once": lambda: _at_once(5),
    "below a floor that steps down": lambda: _set(5, _STEPPED, licenses=_owned(owned=20)),
    "below a group's floor": lambda: _set(7, _GROUPED),
    "below a group's floor that nothing else counts for": lambda: _set(
        11, attrs.evolve(_CONTRACT, floors=(_GROUP,)), licenses=owning(powerdialer=20)
    ),
    "below a product's own floor, where a group has one too": lambda: _set(5, _GROUPED),
    "at a group's floor": lambda: _told(_set(8, _GROUPED)),
    "below a group's floor that steps down": lambda: _set(7, _STEPPED_GROUP),
    "below a floor that is not reached": lambda: _set(3, licenses=_owned(owned=4)),
    "below what is assigned": lambda: _set(1, _FREE, licenses=_owned(users=_USERS)),
    "below the one that is assigned": lambda: _set(0, _FREE, licenses=_owned(users=frozenset({"ann"}))),
    "as many as are assigned": lambda: _told(_set(2, _FREE, licenses=_owned(users=_USERS))),
    "below those admitted to a pool": lambda: _told(_set(0, _FREE, "flex_port")),
    "below those admitted to a pool, one each": lambda: _set(0, _FREE, "flex_port", ports=_ONE_EACH),
    "fewer in a term without removal": lambda: _set(9, _FIXED),
    "fewer than the only one in a term without removal": lambda: _set(0, _FIXED, licenses=_owned(owned=1)),
    "fewer at once in a term without removal": lambda: _at_once(9, _FIXED, next_contract=None),
    "fewer in a term without removal that ends": lambda: _told(_set(9, _FIXED, next_contract=None)),
    "fewer before a term without removal": lambda: _told(
        _set(9, _FREE, next_contract=attrs.evolve(_FIXED, start=date(2027, 1, 1)))
    ),
    "more in a term without removal": lambda: _told(_set(11, _FIXED)),
    "taken": lambda: licenses.take_pending(_owned(pending=8), contract=CONTRACT, on=DECEMBER.end),
    "taken, down to a floor": lambda: licenses.take_pending(_owned(pending=3), contract=_CONTRACT, on=DECEMBER.end),
    "taken without a contract": lambda: licenses.take_pending(_owned(pending=3), contract=None, on=DECEMBER.end),
    "taken, where a group has a floor": lambda: licenses.take_pending(
        _owned(pending=3), contract=attrs.evolve(_CONTRACT, floors=(_GROUP,)), on=DECEMBER.end
    ),
    "a rise in two currencies": lambda: licenses.prorated_rise(usd("1.00"), Money.parse("2.00", "EUR"), _set(12).share),
    "no rise": lambda: licenses.prorated_rise(usd("2.00"), usd("1.00"), _set(12).share),
    "an unknown product": lambda: _set(1, product="fax"),
    "a product without a price": lambda: _set(1, product="elf"),
    "a total below zero": lambda: _set(-1),
    "a day after the cycle": lambda: _set(12, on=date(2027, 1, 1)),
    "another currency": lambda: _set(12, currency="EUR"),
}
