"""The strategies themselves: they draw what they say, throw nothing away, and leave no value out."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from licensebill import strategies
from licensebill.documents import VALUES
from tests.results import values_within

_FUNCTIONS = {name: each for name, each in vars(strategies).items() if inspect.isfunction(each)}
#: The strategies that can be called as they are; the others are for what was drawn before.
DRAWABLE = {
    name: each
    for name, each in _FUNCTIONS.items()
    if all(one.default is not one.empty for one in inspect.signature(each).parameters.values())
}
_FOLDER = Path(strategies.__file__).parent


def drawn(strategy: Any, examples: int) -> list[object]:
    """Examples of a strategy, the same every time."""
    found: list[object] = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(strategy)
    def draw(value: object) -> None:
        found.append(value)

    draw()
    return found


@pytest.mark.parametrize("name", DRAWABLE)
def test_a_strategy_draws(name: str) -> None:
    """Several values, of the type that it says."""
    values = drawn(DRAWABLE[name](), 25)
    assert len({repr(value) for value in values}) > 3


#: Values that are not drawn here: they come of a whole course of events, stand beside what they explain, or belong to
#: something that was drawn before (a decline to a source).
NOT_DRAWN = {
    *("standing", "charge", "decline_of", "recharged", "stream", "open_intent", "cancellation", "shortage", "unmet"),
    *("contract_start", "credit_carried", "captured_otherwise", "tax", "bounds"),
    *("price_in_force", "floor_in_force", "contract_rate", "decline"),
}


def test_every_other_value_is_drawn() -> None:
    """By a strategy of its own, or within another value."""
    missing = dict(VALUES)
    for each in DRAWABLE.values():
        kinds = {type(one) for value in drawn(each(), 15) for one in values_within(value)}
        missing = {tag: kind for tag, kind in missing.items() if kind not in kinds}
    assert set(missing) == NOT_DRAWN


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_nothing_is_drawn_and_thrown_away(path: Path) -> None:
    """There is no filter, and no assumption."""
    names = {
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    assert names.isdisjoint({"filter", "assume", "reject"})
