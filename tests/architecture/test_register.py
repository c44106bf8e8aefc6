"""Every rule is registered, every citation is of a registered rule, and every rule is kept somewhere."""

import ast
import functools
import re

import pytest

from licensebill.rules import RULES
from tests.architecture.source import EVERYTHING, ROOT, RULE_ID, RULE_MODULES, Module, cited_in_source_lines, name_of

_ROW = re.compile(rf"^\|\s*({RULE_ID.pattern})\s*\|\s*(.*?)\s*\|\s*$", re.MULTILINE)


@functools.cache
def kept() -> set[str]:
    """The rules that a docstring names as its source."""
    return {cited for module in EVERYTHING for text in module.docstrings() for cited in cited_in_source_lines(text)}


def left_to_others() -> dict[str, str]:
    """The rules that no function keeps, as docs/coverage.md lists them: `| id | reason |`."""
    return dict(_ROW.findall(_text("docs/coverage.md")))


def _text(page: str) -> str:
    path = ROOT / page
    return path.read_text(encoding="utf-8") if path.exists() else ""


def without_source(module: Module) -> list[str]:
    """The public functions of a module whose docstring names no rule."""
    functions = module.public_functions()
    return [node.name for node in functions if not cited_in_source_lines(ast.get_docstring(node) or "")]


@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_every_cited_rule_is_registered(module: Module) -> None:
    """Docstrings, messages, explanations and errors cite no rule that does not exist."""
    assert set(RULE_ID.findall(module.text)) <= RULES.keys()


def test_the_pages_cite_only_registered_rules() -> None:
    """The documentation cites no rule that does not exist."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    unknown = {page.name: set(RULE_ID.findall(page.read_text(encoding="utf-8"))) - RULES.keys() for page in pages}
    assert {page: ids for page, ids in unknown.items() if ids} == {}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_kept_or_accounted_for(rule: str) -> None:
    """A docstring names the rule as its source, or docs/coverage.md says why none does; never both."""
    reason = left_to_others().get(rule)
    assert (rule in kept()) is (reason is None)
    assert reason != ""


def test_every_rule_has_a_test_that_names_it() -> None:
    """So that whoever comes from a rule finds its tests by its id."""
    tests = [path for kind in ("unit", "property") for path in sorted((ROOT / "tests" / kind).glob("test_*.py"))]
    named = {cited for path in tests for cited in RULE_ID.findall(path.read_text(encoding="utf-8"))}
    assert RULES.keys() - named == set()


def test_every_rule_has_its_section() -> None:
    """Each rule is explained on the page that the register names, under a heading that begins with its id."""
    pages = {page: _text(page) for page in {rule.page for rule in RULES.values()}}
    missing = [rule.id for rule in RULES.values() if f"\n## {rule.id}: " not in pages[rule.page]]
    assert missing == []


def test_coverage_lists_only_rules() -> None:
    """Nothing stands in docs/coverage.md that is no rule."""
    assert left_to_others().keys() <= RULES.keys()


@pytest.mark.parametrize("module", RULE_MODULES, ids=name_of)
def test_every_function_of_a_rule_module_names_its_source(module: Module) -> None:
    """Whoever reads a public function knows which rule it keeps."""
    assert without_source(module) == []


def test_a_source_is_read_from_its_paragraph_only() -> None:
    """A rule mentioned in passing is not kept; a source over two lines is."""
    assert cited_in_source_lines("Refused by LIC-2.\n\nSource: STO-1,\n    STO-2.\n\nExample: LIC-3.") == {
        "STO-1",
        "STO-2",
    }


def test_a_planted_function_without_source_is_found() -> None:
    """A public function without the line is named; a private one need not have it."""
    module = Module.parse("planted", 'def fee():\n    """Source: STO-2."""\ndef tax():\n    """No."""\ndef _x(): ...')
    assert without_source(module) == ["tax"]
