"""Recomputes the working of an explanation: exactly, and with nothing of the library but the grammar it states.

    numbers, + - * /, parentheses, max(a, b), min(a, b), ceil(x), floor(x)
    round(x, n)     half up, away from zero, to n decimals

A number is a plain decimal ("30.00"); one below zero has a minus sign. Everything else that Python would understand is
refused. Python's parser knows precedence; its numbers are not used, as it reads "0.1" as a binary fraction.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from licensebill.explain import Explanation

_Operator = Callable[[Fraction, Fraction], Fraction]

_CHARACTERS = re.compile(r"[0-9a-z+*/(),. -]+")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")

_OPERATORS: dict[type[ast.operator], _Operator] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class NotInTheGrammar(ValueError):
    """A working that has something other than the grammar's numbers, operators and functions."""


def evaluate(working: str) -> Fraction:
    """The exact value of a working.

    Raises:
        NotInTheGrammar: it is no expression of the grammar.
        ZeroDivisionError: it divides by zero.

    Example:
        >>> evaluate("max(40 - 10, 0) * 0.10")
        Fraction(3, 1)
    """
    if not _CHARACTERS.fullmatch(working):
        raise NotInTheGrammar(working)
    try:
        tree = ast.parse(working, mode="eval")
    except SyntaxError:
        raise NotInTheGrammar(working) from None
    return _value(tree.body, working)


def mistakes(explanation: Explanation) -> list[str]:
    """Every figure of an explanation's tree whose working does not give its value; none, if all is well.

    Example:
        >>> mistakes(Explanation(figure="storage fee", value="30.00", working="2 * 30.00"))
        ['storage fee is 30.00, but 2 * 30.00 is 60']
    """
    return [mistake for part in explanation.walk() for mistake in _mistake(part)]


def _mistake(part: Explanation) -> Iterator[str]:
    if part.working and evaluate(part.working) != evaluate(part.value):
        yield f"{part.figure} is {part.value}, but {part.working} is {evaluate(part.working)}"


def _value(node: ast.expr, working: str) -> Fraction:
    if isinstance(node, ast.Constant):
        return _number(ast.get_source_segment(working, node) or "", working)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, working)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, working), _value(node.right, working))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _result(node.func.id, [_value(argument, working) for argument in node.args], working)
    raise NotInTheGrammar(working)


def _number(text: str, working: str) -> Fraction:
    if not _NUMBER.fullmatch(text):
        raise NotInTheGrammar(working)
    return Fraction(text)


def _result(function: str, arguments: list[Fraction], working: str) -> Fraction:
    match function, arguments:
        case "max", [one, other]:
            return max(one, other)
        case "min", [one, other]:
            return min(one, other)
        case "ceil", [number]:
            return Fraction(math.ceil(number))
        case "floor", [number]:
            return Fraction(math.floor(number))
        case "round", [number, Fraction(numerator=places, denominator=1)] if places >= 0:
            return _rounded(number, 10**places)
        case _:
            raise NotInTheGrammar(working)


def _rounded(number: Fraction, units: int) -> Fraction:
    magnitude = Fraction(math.floor(abs(number) * units + Fraction(1, 2)), units)
    return -magnitude if number < 0 else magnitude
