"""What the architecture tests read: the package's source, and the layers as pyproject.toml states them."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "licensebill"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: The highest line of the house that belongs to the core.
_HIGHEST_OF_CORE = "charging"
#: The modules of the core that decide nothing by a rule. `terms` is among them: it is where the numbers stand.
_NO_RULES = {"_checks", "errors", "explain", "money", "people", "protocols", "rules", "terms"}

RULE_ID = re.compile(r"\b(?:MON|PRC|CYC|LIC|SVC|PRT|STO|MIN|FUN|BIL)-[0-9]+\b")


@attrs.frozen
class Module:
    """One source file of the package, read and parsed."""

    name: str
    text: str
    tree: ast.Module = attrs.field(repr=False)

    @property
    def imported_as(self) -> str:
        """The name under which Python knows the module."""
        return ".".join(part for part in ("licensebill", *self.name.split(".")) if part != "__init__")

    @property
    def is_public(self) -> bool:
        """Whether callers may import it."""
        return not re.search(r"(?:^|\.)_(?!_)", self.name)

    @classmethod
    def parse(cls, name: str, text: str) -> "Module":
        """From source text; also for the planted faults that show a check to work."""
        return cls(name, text, ast.parse(text))

    def public_functions(self) -> Iterator[ast.FunctionDef]:
        """The functions that callers may use, methods left out."""
        return (node for node in self.tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"))

    def docstrings(self) -> Iterator[str]:
        """Every docstring of the file: its own, of its classes and of its functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield ast.get_docstring(node) or ""

    def code(self) -> Iterator[ast.AST]:
        """Every node but the texts that stand for themselves: docstrings."""
        standalone = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        return (
            node for node in ast.walk(self.tree) if id(node) not in standalone or not isinstance(node, ast.Constant)
        )


def layers() -> list[list[str]]:
    """The lines of the house from the street door inwards, each with the modules that stand side by side."""
    contracts = SETTINGS["tool"]["importlinter"]["contracts"]
    house = next(contract for contract in contracts if contract["id"] == "house")
    return [re.findall(r"\w+", line) for line in house["layers"]]


def _read(name: str) -> Module:
    return Module.parse(name, (PACKAGE / f"{name}.py").read_text(encoding="utf-8"))


def _core_names() -> list[str]:
    lines = layers()
    highest = lines.index([_HIGHEST_OF_CORE])
    return [name for line in lines[highest:] for name in line if (PACKAGE / f"{name}.py").exists()]


#: Everything below the protocol-callers: what must be exact and free of side effects.
CORE = [_read(name) for name in _core_names()]
RULE_MODULES = [module for module in CORE if module.name not in _NO_RULES]
EVERYTHING = [
    Module.parse(".".join(path.relative_to(PACKAGE).with_suffix("").parts), path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
]


def name_of(module: Module) -> str:
    """How pytest names a module in its list."""
    return module.name


def cited_in_source_lines(docstring: str) -> set[str]:
    """The rule ids of a docstring's `Source:` paragraph."""
    paragraphs = re.findall(r"^\s*Source:(.*?)(?:\n\s*\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
    return {cited for paragraph in paragraphs for cited in RULE_ID.findall(paragraph)}
