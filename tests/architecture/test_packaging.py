"""What pyproject.toml promises, and what .ci/run holds it to."""

import re

from tests.architecture.source import ROOT, SETTINGS

_PROJECT = SETTINGS["project"]
#: Extras of the working tree, which promise nothing to whoever installs the library.
_OWN = {"bench", "docs", "test"}


def _pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def _bounds() -> dict[str, str]:
    extras = _PROJECT["optional-dependencies"]
    promised = [*_PROJECT["dependencies"], *(one for name in extras if name not in _OWN for one in extras[name])]
    return dict(requirement.replace("[binary]", "").split(">=") for requirement in promised)


def test_the_lower_bounds_are_the_versions_tested() -> None:
    """Every lower bound is stated and tested; no version is bounded from above."""
    lowest = _pins(".ci/lowest.txt")
    assert {name: lowest.get(name) for name in _bounds()} == _bounds()


def test_constraints_are_exact_and_tell_no_address() -> None:
    """A constraint is `name==version` and nothing else."""
    pin = re.compile(r"#.*|[\w.-]+==[\w.]+")
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not pin.fullmatch(line)] == []


def test_every_dependency_is_constrained() -> None:
    """Nothing that the tests and the measurements install floats."""
    own = (one for name in _OWN for one in _PROJECT["optional-dependencies"][name])
    wanted = [*_bounds(), *(re.split(r"[>=\[]", one)[0] for one in own)]
    assert {name for name in wanted if name != "licensebill"} <= _pins("constraints.txt").keys()


def test_python_versions_are_the_classified_ones() -> None:
    """The classifiers say what `requires-python` says."""
    classified = re.findall(r"Python :: (3\.[0-9]+)", " ".join(_PROJECT["classifiers"]))
    assert f">={classified[0]}" == _PROJECT["requires-python"]
