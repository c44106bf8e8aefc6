"""The strategies themselves: they draw what they say, throw nothing away, and leave no value out."""

import ast
import inspect
import re
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from licensebill import strategies
from licensebill.cycles import Period, cycle_of
from licensebill.documents import VALUES
from licensebill.stored_items import StoredItem
from licensebill.usage import UsageHistory
from tests.architecture.source import ROOT
from tests.results import values_within

_FUNCTIONS = {name: each for name, each in vars(strategies).items() if callable(each) and not name.startswith("_")}
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


class TestRanges:
    """What a caller asks for is kept to, small pools of awkward values too."""

    @given(strategies.weights(parts=3, high=1))
    def test_weights(self, weights: list[int]) -> None:
        """Zeros and ones, where one is the highest."""
        assert len(weights) <= 3
        assert set(weights) <= {0, 1}
        assert any(weights)

    @given(strategies.usage_histories(longest=3))
    def test_usage_histories(self, history: UsageHistory) -> None:
        """The days before the day, as many as asked for, and the day itself."""
        assert {day.day.isoformat() for day in history.days} <= {f"2026-12-{number}" for number in (14, 15, 16, 17)}

    @given(strategies.stored_items(high=0))
    def test_stored_items(self, item: StoredItem) -> None:
        """Empty ones, where no byte is allowed."""
        assert item.bytes == 0

    @given(strategies.cycles(anchor_day=1), strategies.cycles(anchor_day=31))
    def test_cycles(self, month: Period, other: Period) -> None:
        """Of the anchor asked for."""
        assert month == cycle_of(month.start)
        assert month.start.day == 1
        assert other == cycle_of(other.start, anchor_day=31)


def _rows() -> dict[str, list[str]]:
    """The strategies of the page, with the arguments that it says they take."""
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `[^|`]+`: [^|]+ \|([^|]*)\|$", page, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return {name: re.findall(r"`([^`]+)`", takes) for name, takes in rows}


def test_the_page_lists_every_strategy() -> None:
    """Each once, with the arguments that it takes; those that may be left out are marked."""
    assert _rows() == {
        name: [
            parameter.name if parameter.default is parameter.empty else f"{parameter.name}=..."
            for parameter in inspect.signature(each).parameters.values()
        ]
        for name, each in _FUNCTIONS.items()
    }


def test_the_module_lists_every_name() -> None:
    """In `__all__`, and the strategies in groups in its docstring, each once."""
    shown = {
        name
        for name, each in vars(strategies).items()
        if not name.startswith("_") and not isinstance(each, types.ModuleType)
    }
    assert sorted(strategies.__all__) == sorted(shown)
    groups = "".join(re.findall(r"^(?:\* |  ).*$", strategies.__doc__ or "", re.MULTILINE))
    assert sorted(re.findall(r"`(\w+)`", groups)) == sorted(_FUNCTIONS)
