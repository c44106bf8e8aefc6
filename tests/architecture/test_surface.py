"""What the package shows to its users."""

import ast
import difflib
import importlib
import pkgutil
import subprocess
from collections.abc import Iterator

import attrs
import griffe
import pytest

import licensebill
from tests.architecture import interface
from tests.architecture.source import CORE, EVERYTHING, ROOT, Module, layers, name_of


def test_root_exports_money_and_the_error_bases_only() -> None:
    """The root holds what every caller needs; the modules are the namespaces of the rest."""
    assert licensebill.__all__ == [
        "ChargeFailure",
        "InvalidValue",
        "LicenseBillError",
        "Money",
        "RuleViolation",
        "__version__",
    ]


def test_everything_exported_exists() -> None:
    """`from licensebill import *` works."""
    assert all(hasattr(licensebill, name) for name in licensebill.__all__)


@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_names_listed_by_a_module_exist(module: Module) -> None:
    """A module that states `__all__` states what is there."""
    if module.name != "__main__":
        found = importlib.import_module(module.imported_as)
        assert [name for name in getattr(found, "__all__", ()) if not hasattr(found, name)] == []


def _required(kind: type) -> set[str]:
    return {field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING} if attrs.has(kind) else set()


def _taken_for_optional(module: Module) -> Iterator[str]:
    """Required fields whose line gives them a value other than `attrs.field`: type checkers take it for a default."""
    found = importlib.import_module(module.imported_as)
    for kind in (node for node in module.tree.body if isinstance(node, ast.ClassDef)):
        required = _required(getattr(found, kind.name))
        for line in (node for node in kind.body if isinstance(node, ast.AnnAssign) and node.value):
            name, _, value = ast.unparse(line).partition(" = ")
            if name.partition(":")[0] in required and not value.startswith("attrs.field("):
                yield f"{kind.name}.{name}"


@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_what_is_required_is_seen_to_be(module: Module) -> None:
    """A caller who leaves a required field out is told by the type checker."""
    assert module.name == "__main__" or list(_taken_for_optional(module)) == []


@pytest.mark.parametrize("module", CORE, ids=name_of)
def test_a_module_says_what_belongs_in_it(module: Module) -> None:
    """Every module of the core begins with a docstring of more than one line."""
    docstring = next(module.docstrings())
    assert len(docstring.splitlines()) > 1


def test_every_module_has_its_line_in_the_house() -> None:
    """The layers of pyproject.toml name every module, and each but once."""
    named = [name for line in layers() for name in line]
    assert {found.name for found in pkgutil.iter_modules(licensebill.__path__)} <= set(named)
    assert len(named) == len(set(named))


def test_the_interface_is_the_one_written_down() -> None:
    """Whatever changes for those who call the package is seen in docs/reference/api.txt, line by line."""
    lines = difflib.unified_diff(interface.written(), interface.found(), "written down", "found", n=0, lineterm="")
    if difference := "\n".join(lines):
        pytest.fail(f"{difference}\n\nIf this is meant, write it down:\n\n    {interface.RENEW}\n", pytrace=False)


def _promise(version: str) -> list[str]:
    """The numbers of a version within which nothing that worked may break: before 1.0 the first two."""
    numbers = version.removeprefix("v").split(".")
    return numbers[: 2 if numbers[0] == "0" else 1]


def test_nothing_breaks_within_a_version() -> None:
    """What was released keeps working until the version says otherwise."""
    asked = ["git", "describe", "--tags", "--abbrev=0"]
    tag = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    if not tag:
        pytest.skip("no tag yet: nothing was released that could break")
    if _promise(tag) != _promise(licensebill.__version__):
        pytest.skip(f"{licensebill.__version__} may break what {tag} promised")
    breakages = griffe.find_breaking_changes(interface.package_at(tag), interface.package())
    counted = (one for one in breakages if one.kind is not griffe.BreakageKind.ATTRIBUTE_CHANGED_VALUE)
    told = [f"{one.obj.path}: {one.kind.value}" for one in counted]
    assert not told, "\n".join([f"since {tag}:", *told])
