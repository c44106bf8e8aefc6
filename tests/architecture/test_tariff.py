"""The numbers of the tariff stand in `terms` and nowhere else: the rule modules get them as arguments."""

import ast
import re
from collections.abc import Iterator

import attrs
import pytest

from licensebill import terms
from licensebill.money import Money
from tests.architecture.source import RULE_MODULES, Module, name_of


def _numbers(value: object) -> Iterator[int]:
    """The numbers in a value of `terms`, amounts as micros; those up to 2 are too common to be known again."""
    if isinstance(value, Money):
        yield value.micros
    elif attrs.has(type(value)):
        for name in attrs.asdict(value, recurse=False):  # type: ignore[arg-type]
            yield from _numbers(getattr(value, name))
    elif isinstance(value, tuple | list):
        yield from (number for item in value for number in _numbers(item))
    elif type(value) is int and value > 2:
        yield value


#: Every number of the standard tariff, the policies, the increments and the catalog; and those numbers of the sources'
#: examples that no term holds: megabytes, minutes and dollars.
_TARIFF = {number for value in vars(terms).values() for number in _numbers(value)}
_TARIFF |= {60, 100, 500, 1_000, 1_500, 3_000, 5_000, 50_000_000, 250_000_000}
#: What a price looks like as text.
_PRICE = re.compile(r"(?!0$)[0-9]+(\.[0-9]+)?")

#: The few that are no tariff, by module and number, with the reason.
NO_TARIFF: dict[tuple[str, int | str], str] = {
    ("cycles", 30): "the thirty-day month of CYC-4 is called by its length",
    ("ports", 100): "percent",
    ("charges", 4): "hours until the provider is asked again: as below",
    ("charges", 5): "minutes until the provider is asked a second time: no money follows from it",
    ("charges", 7): "days: a bank debit is looked at weekly in the end",
    ("funding", 4): "the last digits of a card that are shown",
    ("readings", 3): "decimals of a size, for people",
    ("usage", 3): "day, kind and amount",
    ("charging", 50): "events between two snapshots, which are a cache",
    ("charging", 500): "accounts on a page",
    ("charging", 1_000): "events that one run writes for an account at most, so that none runs for ever",
}


def tariff_numbers(module: Module) -> set[int | str]:
    """The numbers in a module's code (not in its docstrings) that only `terms` may state."""
    constants = [node.value for node in module.code() if isinstance(node, ast.Constant)]
    numbers = {value for value in constants if type(value) is int and value in _TARIFF}
    return numbers | {value for value in constants if isinstance(value, str) and _PRICE.fullmatch(value)}


@pytest.mark.parametrize("module", RULE_MODULES, ids=name_of)
def test_a_rule_module_states_no_tariff_number(module: Module) -> None:
    """Every number that a contract or a new price list could change comes in from `terms`."""
    assert {number for number in tariff_numbers(module) if (module.name, number) not in NO_TARIFF} == set()


def test_no_exception_outlives_its_number() -> None:
    """Every exception is still needed."""
    found = {(module.name, number) for module in RULE_MODULES for number in tariff_numbers(module)}
    assert found >= NO_TARIFF.keys()


def test_planted_numbers_are_found() -> None:
    """Numbers of terms and prices are seen in code; those of docstrings, and small ones that count, are not."""
    planted = 'def fee(users=5):\n    """250 MB."""\n    days = 180 if users else 2\n    return days, "0.02", "30 days"'
    assert tariff_numbers(Module.parse("planted", planted)) == {5, 180, "0.02"}
