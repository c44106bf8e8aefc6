"""The evaluator that all tests of explanations rely on."""

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill.explain import Explanation
from tests.working import NotInTheGrammar, evaluate, mistakes

_WIDE = Context(prec=200)


@pytest.mark.parametrize(
    ("working", "value"),
    [
        ("30.00", Fraction(30)),
        ("0.1", Fraction(1, 10)),
        ("-5", Fraction(-5)),
        ("3 - -5", Fraction(8)),
        ("1 + 2 * 3", Fraction(7)),
        ("(1 + 2) * 3", Fraction(9)),
        ("7 / 3", Fraction(7, 3)),
        ("8 / 4 / 2", Fraction(1)),
        ("8 - 4 - 2", Fraction(2)),
        ("-2 * -3", Fraction(6)),
        ("max(8, 10)", Fraction(10)),
        ("min(8, 10)", Fraction(8)),
        ("max(-1, min(3, 2))", Fraction(2)),
        ("ceil(7 / 3)", Fraction(3)),
        ("ceil(-7 / 3)", Fraction(-2)),
        ("ceil(2)", Fraction(2)),
        ("floor(7 / 3)", Fraction(2)),
        ("floor(-7 / 3)", Fraction(-3)),
        ("round(0.005, 2)", Fraction(1, 100)),
        ("round(-0.005, 2)", Fraction(-1, 100)),
        ("round(0.0049, 2)", Fraction(0)),
        ("round(2.675, 2)", Fraction(268, 100)),
        ("round(2.5, 0)", Fraction(3)),
        ("round(100.00 * 14 / 30, 2)", Fraction(4667, 100)),
        ("99999999999999999999.000000000000000000001", Fraction(99999999999999999999) + Fraction(1, 10**21)),
    ],
)
def test_value(working: str, value: Fraction) -> None:
    """Numbers are exact decimals, operators have the usual precedence, rounding is half up away from zero."""
    assert evaluate(working) == value
    assert type(evaluate(working)) is Fraction


@pytest.mark.parametrize(
    "working",
    [
        "",
        " ",
        " 1",
        "1 +",
        "+1",
        "1.",
        ".5",
        "1e5",
        "1_000",
        "0x10",
        "1j",
        "٣",
        "2 ** 3",
        "7 // 2",
        "7 % 2",
        "1 < 2",
        "1 if 1 else 2",
        "(1, 2)",
        "[1]",
        "x",
        "True",
        "max",
        "max(1)",
        "max(1, 2, 3)",
        "max(*(1, 2))",
        "min(1)",
        "ceil(1, 2)",
        "floor()",
        "abs(1)",
        "round(1)",
        "round(1, 0.5)",
        "round(1, -1)",
        "round(1, n=2)",
        "exp(1)",
        "(max)(1, 2).real",
        "1 # one",
        "1\n",
        "__import__('os')",
        "30.00 USD",
    ],
)
def test_refusal(working: str) -> None:
    """Whatever the grammar does not have is refused, though Python would understand it."""
    with pytest.raises(NotInTheGrammar):
        evaluate(working)


def test_division_by_zero() -> None:
    """A working that divides by zero has no value."""
    with pytest.raises(ZeroDivisionError):
        evaluate("1 / (2 - 2)")


@given(st.decimals(-(10**20), 10**20, places=9), st.integers(0, 8))
def test_rounding_is_that_of_decimal(number: Decimal, places: int) -> None:
    """`round` gives what `decimal` gives with ROUND_HALF_UP."""
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
    assert evaluate(f"round({number:f}, {places})") == Fraction(rounded)


def test_mistakes() -> None:
    """Every figure of the tree is recomputed, those below the top as well; decisions in words have no working."""
    right = Explanation(figure="gigabytes started", value="2", working="ceil(1.2)")
    third = Explanation(figure="reserve", value="70/3", working="100.00 * 7 / 30")
    wrong = Explanation(figure="fee", value="30.00", working="2 * 30.00", parts=(right,))
    words = Explanation(figure="decision", value="not due", parts=(right, third, wrong))
    assert mistakes(right) == mistakes(third) == []
    assert mistakes(words) == ["fee is 30.00, but 2 * 30.00 is 60"]
