"""The diagram and the tables of docs/charging.md are made of the code they show.

    python -m tests.unit.test_charging_page

prints the diagram and the instants anew, to be put into the page.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from licensebill.charges import LOOKS, TRANSITIONS, State

PAGE = Path(__file__).parents[2] / "docs" / "charging.md"


def diagram() -> str:
    """The table of steps as a diagram in mermaid's language; signals that lead the same way share an arrow."""
    lines = ["stateDiagram-v2", "    [*] --> planned"]
    lines += [f'    state "{state.value}" as {_name(state)}' for state in State if " " in state.value]
    for state, steps in TRANSITIONS.items():
        for to in dict.fromkeys(steps.values()):
            signals = ", ".join(by.value for by, led in steps.items() if led is to)
            lines.append(f"    {_name(state)} --> {_name(to)}: {signals}")
    lines += [f"    {_name(state)} --> [*]" for state, steps in TRANSITIONS.items() if not steps]
    return "\n".join(lines)


def _name(state: State) -> str:
    return state.name.lower()


def looks() -> list[str]:
    """When the provider is asked in each state, a row each."""
    return [f"| {state.value} | {_in_words(offsets)} |" for state, offsets in LOOKS.items()]


def _in_words(offsets: Iterable[timedelta]) -> str:
    """Instants in words; those that follow each other at the same distance as a range."""
    runs: list[list[timedelta]] = []
    for offset in offsets:
        if runs and (len(runs[-1]) == 1 or offset - runs[-1][-1] == runs[-1][-1] - runs[-1][-2]):
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return "; ".join(_range(run) for run in runs)


def _range(run: list[timedelta]) -> str:
    if len(run) <= 2:
        return "; ".join(map(_words, run))
    return f"every {_words(run[1] - run[0]).removeprefix('1 ')} from {_words(run[0])} to {_words(run[-1])}"


def _words(offset: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if not offset % unit:
            number = offset // unit
            return f"{number} {name}{'s' * (number > 1)}"
    raise AssertionError(offset)


def test_the_diagram_is_that_of_the_table() -> None:
    """A step that is added or taken away changes the page."""
    (found,) = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found == diagram()


def test_the_instants_are_those_of_the_table() -> None:
    """Row by row."""
    text = PAGE.read_text(encoding="utf-8")
    _, _, after = text.partition("| State | The provider is asked |\n| --- | --- |\n")
    assert after.split("\n\n", 1)[0].splitlines() == looks()


@pytest.mark.parametrize(
    ("hours", "words"),
    [((1,), "1 hour"), ((1, 2), "1 hour; 2 hours"), ((1, 2, 3, 48), "every hour from 1 hour to 3 hours; 2 days")],
)
def test_instants_in_words(hours: tuple[int, ...], words: str) -> None:
    """Single ones, and ranges."""
    assert _in_words(timedelta(hours=one) for one in hours) == words


if __name__ == "__main__":
    print(diagram(), *looks(), sep="\n")  # noqa: T201 - for the page
