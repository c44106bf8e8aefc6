"""The numbers of the tariff stand in `terms` and nowhere else: the rule modules get them as arguments."""

import ast
import re

import pytest

from tests.architecture.source import RULE_MODULES, Module, name_of

#: What the billing rules set: users, days, megabytes, minutes, dollars. And what a price looks like as text.
_TARIFF = {5, 7, 14, 30, 50, 60, 100, 250, 400, 500, 1_000, 1_500, 3_000, 5_000, 50_000_000, 250_000_000}
_PRICE = re.compile(r"(?!0$)[0-9]+(\.[0-9]+)?")

#: The few that are no tariff, by module and number, with the reason.
NO_TARIFF: dict[tuple[str, int | str], str] = {
    ("cycles", 30): "the thirty-day month of CYC-4 is called by its length",
    ("ports", 100): "percent",
    ("charges", 5): "minutes until the provider is asked a second time: no money follows from it",
    ("charges", 7): "days: a bank debit is looked at weekly in the end",
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
    """Numbers and prices in code are seen; those of docstrings, and small ones that count, are not."""
    planted = 'def fee(users=5):\n    """250 MB."""\n    days = 30 if users else 2\n    return days, "0.02", "30 days"'
    assert tariff_numbers(Module.parse("planted", planted)) == {5, 30, "0.02"}
