"""What must not type-check with amounts, and what must."""

import pytest

from tests.typing.checker import complaints

PREAMBLE = """\
from decimal import Decimal
from typing import assert_type
from licensebill.money import ExactMoney, Money, Rounding, Unit, allocate, exact, scale, total
def pay(amount: Money) -> None: ...
m = Money.parse("1.00", "USD")
e = exact(m, 1, 3)
"""

MISUSES = {
    "m + 1": "operator",
    "m + 0.5": "operator",
    "m + Decimal(1)": "operator",
    "1 + m": "operator",
    "m - 1": "operator",
    "sum([m, m])": "list-item",
    "m / 2": "operator",
    "m / m": "operator",
    "m // 2": "operator",
    "m % 2": "operator",
    "m ** 2": "operator",
    "m * 1.5": "operator",
    "1.5 * m": "operator",
    "m * Decimal(2)": "operator",
    "m * m": "operator",
    "e / 2": "operator",
    "m < 1": "operator",
    "m >= 0.0": "operator",
    "m > Decimal(0)": "operator",
    "e < 1": "operator",
    "m == 1": "comparison-overlap",
    "m + e": "operator",
    "m - e": "operator",
    "pay(e)": "arg-type",
    "pay(19.99)": "arg-type",
    "pay('19.99')": "arg-type",
    "pay(e.scaled(2))": "arg-type",
    "allocate(e, [1, 1])": "arg-type",
    "allocate(m, [0.5, 0.5])": "list-item",
    "allocate(m, [1], to='minor unit')": "arg-type",
    "scale(e, 2)": "arg-type",
    "scale(m, 0.5)": "arg-type",
    "scale(m, 1, 2, Rounding.UP)": "call-arg",
    "m.payable('half up')": "arg-type",
    "exact(1, 2)": "arg-type",
    "total([m])": "call-arg",
    "total([m, e], 'USD')": "list-item",
    "Money('19.99', 'USD')": "arg-type",
    "Money(19.99, 'USD')": "arg-type",
    "Money(1)": "call-arg",
    "Money.parse(19.99, 'USD')": "arg-type",
    "Money.parse('19.99')": "call-arg",
    "Money.from_decimal(19.99, 'USD')": "arg-type",
    "Money.from_minor_units(19.99, 'USD')": "arg-type",
    "m.micros = 1": "misc",
    "e.numerator = 1": "misc",
    "float(m)": "arg-type",
    "round(m)": "call-overload",
    "class Price(Money): ...": "misc",
    "class Share(ExactMoney): ...": "misc",
}

USES = [
    "assert_type(m + m - m, Money)",
    "assert_type(-abs(m) * 3, Money)",
    "assert_type(3 * m, Money)",
    "assert_type(e + m, ExactMoney)",
    "assert_type(e - e, ExactMoney)",
    "assert_type(-e.scaled(14, 30), ExactMoney)",
    "assert_type(e.payable(), Money)",
    "assert_type(e.to_micro(Rounding.DOWN), Money)",
    "assert_type(m < m, bool)",
    "assert_type(m < e, bool)",
    "assert_type(e >= m, bool)",
    "assert_type(e == m, bool)",
    "assert_type(m == e, bool)",
    "assert_type(sum([m, m], Money.zero('USD')), Money)",
    "assert_type(total((m for _ in range(2)), 'USD'), Money)",
    "assert_type(allocate(m, (1, 2), to=Unit.MICRO), tuple[Money, ...])",
    "assert_type(max(m, m), Money)",
    "assert_type(sorted([m, m]), list[Money])",
    "assert_type(m.amount, Decimal)",
    "pay(scale(m, 14, 30, rounding=Rounding.HALF_EVEN))",
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What the checker says of every snippet."""
    return complaints(PREAMBLE, [*MISUSES, *USES], tmp_path_factory.mktemp("typing"))


@pytest.mark.parametrize(("snippet", "code"), MISUSES.items())
def test_misuse(found: dict[str, set[str]], snippet: str, code: str) -> None:
    """What has no meaning is refused before it runs."""
    assert found[snippet] == {code}


@pytest.mark.parametrize("snippet", USES)
def test_use(found: dict[str, set[str]], snippet: str) -> None:
    """What has a meaning is accepted, and its type is known."""
    assert found[snippet] == set()
