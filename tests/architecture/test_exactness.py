"""No number of the core is ever inexact: no float, no true division, nothing that goes through one."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import CORE, Module, name_of

#: Functions that compute in reals because their formula does, in Decimal with a context of their own.
DECIMAL_DIVISION: set[tuple[str, str]] = set()

#: What `math` offers on whole numbers; everything else there goes through float.
_WHOLE_MATH = {"comb", "factorial", "gcd", "isqrt", "lcm", "prod"}
#: Methods that give or take floats, or depend on the locale or the machine's time zone.
_INEXACT_METHODS = {
    *("fromtimestamp", "strftime", "strptime", "timestamp", "total_seconds", "utcfromtimestamp"),
}
#: What `date` and `datetime` know without being told.
_CLOCK = {"now", "today", "utcnow"}


def inexact(module: Module, allowed: set[tuple[str, str]] = DECIMAL_DIVISION) -> list[str]:
    """Where a module leaves the whole numbers, as `line: what`."""
    excused = {
        id(part)
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef) and (module.name, function.name) in allowed
        for part in ast.walk(function)
        if isinstance(part, ast.BinOp | ast.AugAssign)
    }
    return [
        f"{getattr(node, 'lineno', 0)}: {problem}"
        for node in module.code()
        if id(node) not in excused
        for problem in _problems(node)
    ]


def _problems(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        yield f"the literal {node.value!r}"
    if isinstance(node, ast.Name) and node.id in {"float", "complex"}:
        yield f"the name {node.id}"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        yield "a true division"
    if isinstance(node, ast.Attribute) and node.attr in _INEXACT_METHODS:
        yield f"the method {node.attr}"
    if (
        isinstance(node, ast.Attribute)
        and node.attr in _CLOCK
        and ast.unparse(node.value).endswith(("date", "datetime"))
    ):
        yield f"the clock's {node.attr}"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "math":
        yield from [] if node.attr in _WHOLE_MATH else [f"math.{node.attr}"]
    if isinstance(node, ast.ImportFrom) and node.module in {"math", "operator"}:
        yield f"names from {node.module} on their own"
    for annotation in _annotations(node):
        if isinstance(annotation, ast.Constant) and "float" in str(annotation.value):
            yield f"the annotation {annotation.value!r}"


def _annotations(node: ast.AST) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.arg | ast.AnnAssign):
        yield node.annotation
    if isinstance(node, ast.FunctionDef):
        yield node.returns


@pytest.mark.parametrize("module", CORE, ids=name_of)
def test_core_stays_with_whole_numbers(module: Module) -> None:
    """No float and no `/` stands in the module."""
    assert inexact(module) == []


@pytest.mark.parametrize(
    "planted",
    [
        "rate = 0.02",
        "rate = float('0.02')",
        "def rate(x: float) -> int: ...",
        "def rate(x: 'float') -> int: ...",
        "def rate(x: int) -> 'float | None': ...",
        "share = used / owned",
        "share /= owned",
        "days = length.total_seconds()",
        "started = math.ceil(used)",
        "from math import ceil",
        "day = date.today()",
        "at = datetime.datetime.now(zone)",
    ],
)
def test_a_planted_fault_is_found(planted: str) -> None:
    """The check above sees each of the ways in which a number becomes inexact."""
    assert len(inexact(Module.parse("planted", planted))) == 1


def test_words_about_floats_are_no_floats() -> None:
    """Docstrings and messages may speak of floats and divide what they like."""
    harmless = (
        '"""A float is refused: 1 / 2."""\nproblem = "no float, no 0.5"\nshared = math.gcd(4, account.today) // 2'
    )
    assert inexact(Module.parse("harmless", harmless)) == []


def test_only_the_named_function_is_excused() -> None:
    """An exception for one function excuses its divisions, not its floats, and no other function."""
    module = Module.parse("ports", "def blocking(a, b):\n    return a / b + 0.5\ndef other(a, b):\n    return a / b")
    assert inexact(module, {("ports", "blocking")}) == ["4: a true division", "2: the literal 0.5"]


def test_no_exception_outlives_its_function() -> None:
    """Every exception names a function that exists and divides."""
    dividing = {
        (module.name, function.name)
        for module in CORE
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef)
        if any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div) for part in ast.walk(function))
    }
    assert dividing >= DECIMAL_DIVISION
