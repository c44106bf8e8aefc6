"""Holdings: how many licenses are available, and what a holding refuses."""

from typing import Any

from licensebill import holdings
from licensebill.holdings import Holding, Licenses
from licensebill.terms import STANDARD_CATALOG, PoolAssignment, PortTerms
from tests.scenes import Scene

_ONE_EACH = PortTerms(assignment=PoolAssignment.USES_ONE)
_ANN = frozenset({"ann"})


def _available(product: str, **holding: Any) -> holdings.Availability:
    return holdings.availability(
        Licenses((Holding(product=product, users=_ANN, **holding),)), product, catalog=STANDARD_CATALOG
    )


def _panel(terms: PortTerms) -> tuple[holdings.Availability, ...]:
    held = Licenses(
        (
            Holding(product="powerdialer", owned=3, users=frozenset({"ann", "bob"})),
            Holding(product="flex_port", owned=2, users=_ANN, pending=1),
        )
    )
    return holdings.totals(held, catalog=STANDARD_CATALOG, terms=terms)


SCENES: dict[str, Scene] = {
    "available": lambda: _available("powerdialer", owned=10),
    "available after a pending decrease": lambda: _available("powerdialer", owned=10, pending=8),
    "none available": lambda: _available("powerdialer"),
    "available of a pool": lambda: _available("flex_port", owned=10),
    "the panel": lambda: _panel(PortTerms()),
    "the panel, where a pool's users use up one each": lambda: _panel(_ONE_EACH),
    "an unknown product": lambda: _available("fax", owned=1),
    "a pending total as high as what is owned": lambda: Holding(product="powerdialer", owned=3, pending=3),
    "a user's id that could be a card number": lambda: Holding(
        product="powerdialer", users=frozenset({"4111 1111 1111 1111"})
    ),
    "a product twice": lambda: Licenses((Holding(product="elf", owned=1), Holding(product="elf", owned=2))),
    "something else among the holdings": lambda: Licenses((Holding(product="elf"), "elf")),  # type: ignore[arg-type]
    "something else among those changed": lambda: Licenses.empty().replaced(
        Holding(product="elf"),
        "elf",  # type: ignore[arg-type]
    ),
    "a holding": lambda: repr(Holding(product="elf", owned=3, users=frozenset({"bob", "ann"}), pending=2)),
}
