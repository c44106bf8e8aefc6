"""What results and refusals say, word for word: the scenes of `tests.scenes`, and what is recorded of them."""

import pytest

from tests.scenes import MODULES, recorded, said, scenes

SCENES = [(module, name) for module in MODULES for name in scenes(module)]


@pytest.mark.parametrize(("module", "name"), SCENES, ids=[f"{module}-{name}" for module, name in SCENES])
def test_a_scene_says_what_is_recorded(module: str, name: str) -> None:
    """Whole explanations, and whole refusals with their codes."""
    assert said(scenes(module)[name]) == recorded(module)[name]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_else_is_recorded(module: str) -> None:
    """In the order of the scenes, so that recording anew changes nothing."""
    assert list(recorded(module)) == list(scenes(module))
