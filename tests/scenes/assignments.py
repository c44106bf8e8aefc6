"""Assignments: why check marks cannot be saved."""

from licensebill import assignments
from licensebill.holdings import Holding, Licenses
from licensebill.terms import STANDARD_CATALOG, Catalog, Product, ProductKind
from tests.scenes import Scene

_REQUIRING = Catalog(
    (
        *STANDARD_CATALOG.products,
        Product(id="coach", name="Coach", kind=ProductKind.PER_USER, prerequisites=("powerdialer", "elf")),
    )
)
_HELD = Licenses(
    (
        Holding(product="powerdialer", owned=3, users=frozenset({"ann"}), pending=2),
        Holding(product="elf", owned=1, users=frozenset({"ann"})),
        Holding(product="coach", owned=2, users=frozenset({"ann"})),
    )
)


def _assigned(user: str, product: str) -> Licenses:
    return assignments.assign(_HELD, user, product, catalog=_REQUIRING)


def _saved(checks: object) -> Licenses:
    return assignments.save_table(_HELD, checks, catalog=_REQUIRING)  # type: ignore[arg-type]


def _crowd(number: int) -> dict[str, list[str]]:
    return {f"u{position}": ["coach"] for position in range(number)}


SCENES: dict[str, Scene] = {
    "assigned": lambda: _assigned("bob", "powerdialer"),
    "deassigned": lambda: assignments.deassign(_HELD, "ann", "coach", catalog=_REQUIRING),
    "a table": lambda: _saved({"ann": [], "bob": ["powerdialer", "elf", "coach"]}),
    "too few licenses": lambda: _assigned("bob", "elf"),
    "too few licenses of several products": lambda: _saved({"bob": ["powerdialer", "elf"], "cem": ["powerdialer"]}),
    "too few licenses, and prerequisites missing": lambda: _saved({"bob": ["elf", "coach"]}),
    "prerequisites missing": lambda: _assigned("bob", "coach"),
    "prerequisites missing for a table": lambda: _saved({"ann": ["elf", "coach"], "bob": ["powerdialer"]}),
    "a prerequisite taken back": lambda: assignments.deassign(_HELD, "ann", "elf", catalog=_REQUIRING),
    "a list that ends in time": lambda: str(assignments.PrerequisiteMissing(_lacking(20))),
    "a list that is too long": lambda: str(assignments.PrerequisiteMissing(_lacking(21))),
    "many lack a prerequisite": lambda: assignments.save_table(
        Licenses((Holding(product="coach", owned=100),)), _crowd(30), catalog=_REQUIRING
    ),
    "a product for the whole system": lambda: _assigned("ann", "recording_monitoring"),
    "a product for lines, in a table": lambda: _saved({"ann": ["toll_free_number"]}),
    "an unknown product": lambda: _assigned("ann", "fax"),
    "an unknown product, in a table": lambda: _saved({"ann": ["fax"]}),
    "a text instead of products": lambda: _saved({"ann": "elf"}),
    "a number instead of products": lambda: _saved({"ann": 3}),
    "a number among products": lambda: _saved({"ann": ["elf", 3]}),
    "a user's id that could be a card number": lambda: _assigned("4111 1111 1111 1111", "elf"),
    "a user's id that could be a card number, in a table": lambda: _saved({"4111 1111 1111 1111": ["elf"]}),
    "a removed user": lambda: assignments.remove_user(_HELD, "ann"),
    "a removed user's id that could be a card number": lambda: assignments.remove_user(_HELD, "4111 1111 1111 1111"),
}


def _lacking(number: int) -> tuple[assignments.Unmet, ...]:
    return tuple(assignments.Unmet(f"u{position}", "Coach", "ELF") for position in range(number))
