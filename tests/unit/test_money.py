"""Tables of amounts: what is accepted, what is refused and why, and what comes out at every threshold."""

import copy
import decimal
import enum
import pickle
import re
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensebill.errors import InvalidValue
from licensebill.money import (
    CURRENCIES,
    MAX_MICROS,
    CurrencyMismatch,
    ExactMoney,
    InvalidMoney,
    Money,
    Rounding,
    Unit,
    allocate,
    decimals,
    exact,
    minor_unit,
    payable_amount,
    rounded_quotient,
    scale,
    total,
)

_PAGE = Path(__file__).parents[2] / "docs" / "rules" / "money.md"


def usd(text: str) -> Money:
    """An amount of US dollars."""
    return Money.parse(text, "USD")


class TestCurrencies:
    """The table of currencies is that of ISO 4217."""

    def test_every_current_code_with_a_minor_unit_and_no_other(self) -> None:
        """The table equals the list of the standard's maintenance agency, as another package publishes it."""
        iso4217 = pytest.importorskip("iso4217")
        published = {currency.code: currency.exponent for currency in iso4217.Currency}
        assert {code: places for code, places in published.items() if places is not None} == CURRENCIES

    @pytest.mark.parametrize(
        ("code", "places", "micros"),
        [("JPY", 0, 1_000_000), ("USD", 2, 10_000), ("KWD", 3, 1_000), ("CLF", 4, 100)],
    )
    def test_minor_unit(self, code: str, places: int, micros: int) -> None:
        """A currency's minor unit has as many micros as its decimals leave."""
        assert (decimals(code), minor_unit(code)) == (places, micros)

    @pytest.mark.parametrize(
        "code", ["XAU", "XXX", "XTS", "XDR", "HRK", "BGN", "usd", "US", "USD ", "", "$", None, 840, b"USD", ["USD"]]
    )
    @pytest.mark.parametrize("use", [decimals, minor_unit, Money.zero, lambda code: Money.parse("1", code)])
    def test_no_such_currency(self, use: Callable[[Any], object], code: object) -> None:
        """Codes without a minor unit, former ones and other spellings are refused wherever a currency is asked for."""
        with pytest.raises(InvalidMoney, match=r"currency: must be the code of a current ISO 4217 currency"):
            use(code)

    def test_a_card_number_for_a_currency_is_not_repeated(self) -> None:
        """Columns mixed up do not put a card number into a message."""
        with pytest.raises(InvalidMoney) as refused:
            Money.parse("1", "4111111111111111")
        assert "4111" not in str(refused.value)

    def test_an_application_s_enum_of_codes(self) -> None:
        """A code that is more than a text is kept as a text, so that it prints and compares like any other."""

        class Currency(str, enum.Enum):  # noqa: UP042 - a StrEnum would print as a text anyway
            USD = "USD"

        amount = Money.parse("1", Currency.USD)
        assert amount == Money.parse("1", "USD")
        assert type(amount.currency) is str
        assert (str(amount), repr(amount)) == ("1.00 USD", "Money.parse('1.00', 'USD')")
        assert type(ExactMoney(1, 3, Currency.USD).currency) is str


class TestBounds:
    """An amount fits a signed 64-bit column of micros."""

    @pytest.mark.parametrize("micros", [-MAX_MICROS, -MAX_MICROS + 1, -1, 0, 1, MAX_MICROS - 1, MAX_MICROS])
    def test_within(self, micros: int) -> None:
        """Both bounds and zero are amounts, and negating one gives another."""
        amount = Money(micros, "USD")
        assert amount.micros == micros
        assert abs(amount).micros == abs(micros)
        negated = -amount
        assert -negated == amount
        assert Money.parse(amount.text, "USD") == amount
        assert Money.from_decimal(amount.amount, "USD") == amount

    @pytest.mark.parametrize(
        "micros", [MAX_MICROS + 1, -MAX_MICROS - 1, 2**64, 2**200, -(2**200), pytest.param(10**5_000, id="5001 digits")]
    )
    def test_beyond(self, micros: int) -> None:
        """One micro more is refused, and a huge number is not even printed."""
        bound = "at most 9223372036854775807" if micros > 0 else "at least -9223372036854775807"
        with pytest.raises(InvalidMoney, match=rf"^micros: must be {bound}, not a whole number too large to repeat$"):
            Money(micros, "USD")

    @pytest.mark.parametrize(
        "result",
        [
            lambda most: most + Money(1, "USD"),
            lambda most: -most - Money(1, "USD"),
            lambda most: most - -most,
            lambda most: -most + -most,
            lambda most: most * 2,
            lambda most: -3 * most,
            lambda most: most * 2**200,
            lambda most: most.payable(),
            lambda most: exact(most, 3, 2).payable(),
            lambda most: exact(most, 3, 2).to_micro(),
            lambda most: scale(most, 2),
            lambda most: total([most, most], "USD"),
            lambda _: Money.from_minor_units(922_337_203_685_478, "USD"),
        ],
    )
    def test_a_result_beyond(self, result: Callable[[Money], Money]) -> None:
        """A result that does not fit is refused by every operation; none wraps around."""
        with pytest.raises(InvalidMoney, match=r"micros: must be at"):
            result(Money(MAX_MICROS, "USD"))

    def test_rounding_down_at_the_bound(self) -> None:
        """The largest amount is payable where it is rounded towards zero."""
        assert Money(MAX_MICROS, "USD").payable(Rounding.DOWN) == usd("9223372036854.77")

    @pytest.mark.parametrize(
        "micros", [1.0, True, False, "1", None, Decimal(1), Fraction(1), float("nan"), float("inf"), 1j]
    )
    def test_no_whole_number(self, micros: Any) -> None:
        """Micros are whole; a bool is no number."""
        with pytest.raises(InvalidMoney, match=r"micros: must be a whole number, not"):
            Money(micros, "USD")


class TestParse:
    """Text is read where only one reading of it exists."""

    @pytest.mark.parametrize(
        ("text", "micros"),
        [
            ("0", 0),
            ("-0", 0),
            ("-0.000000", 0),
            ("19.99", 19_990_000),
            ("-0.0125", -12_500),
            ("007", 7_000_000),
            ("0.000001", 1),
            ("-0.000001", -1),
            ("1.500000", 1_500_000),
            ("9223372036854.775807", MAX_MICROS),
            ("-9223372036854.775807", -MAX_MICROS),
        ],
    )
    def test_plain_decimal(self, text: str, micros: int) -> None:
        """Digits, one point and a minus sign are read exactly."""
        assert Money.parse(text, "USD") == Money(micros, "USD")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "-",
            ".",
            ".5",
            "1.",
            "-.5",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "\t1",
            "--1",
            "1-",
            "(1)",
            "1_000",
            "1,000",
            "1 000",
            "1'000",
            "1,50",
            "1.2.3",
            "1e3",
            "1E-3",
            "0x10",
            "1/2",
            "$1",
            "1 USD",
            "١٢",
            "１",
            "1.٥",
            "−1",
            "½",
            "²",
            "NaN",
            "nan",
            "Infinity",
            "-inf",
            "None",
            "True",
            "1.5\x00",
        ],
    )
    def test_anything_else(self, text: str) -> None:
        """Exponents, signs, separators, blanks and digits of other scripts are refused: who wrote them is unknown."""
        plain = r"a plain decimal such as '19\.99', of at most 13 digits before the point"
        with pytest.raises(InvalidMoney, match=rf"^amount: must be {plain}, not ['\"]"):
            Money.parse(text, "USD")

    @pytest.mark.parametrize("text", [1, 1.5, True, None, b"1", Decimal(1), Money(1, "USD"), ["1"]])
    def test_no_text(self, text: Any) -> None:
        """Only a text is parsed."""
        with pytest.raises(InvalidMoney, match=r"^amount: must be a text such as '19\.99', not "):
            Money.parse(text, "USD")

    def test_a_decimal_is_told_its_own_way(self) -> None:
        """Another constructor takes it."""
        with pytest.raises(InvalidMoney, match=r", not a Decimal; Money\.from_decimal takes a Decimal$"):
            Money.parse(Decimal("19.99"), "USD")  # type: ignore[arg-type]

    @pytest.mark.parametrize(("text", "count"), [("1.0000000", 7), ("0.0000001", 7), ("1." + "0" * 38, 38)])
    def test_too_many_decimals(self, text: str, count: int) -> None:
        """A seventh decimal is refused, not rounded, even where it is zero."""
        with pytest.raises(InvalidMoney, match=rf"^amount: must have at most 6 decimals, not {count}$"):
            Money.parse(text, "USD")

    @pytest.mark.parametrize("text", ["9223372036854.775808", "-9223372036854.775808", "9999999999999"])
    def test_out_of_range(self, text: str) -> None:
        """One micro beyond 64 bits is refused."""
        with pytest.raises(InvalidMoney, match=r"^micros: must be at"):
            Money.parse(text, "USD")

    @pytest.mark.parametrize(
        "text",
        ["12345678901234", "00000000000001", "1." + "0" * 39, pytest.param("1" * 10_000_000, id="ten million digits")],
    )
    def test_long_text(self, text: str) -> None:
        """Fourteen digits before the point or forty characters are too many, and are not repeated."""
        with pytest.raises(InvalidMoney, match=r"not a text of [0-9]+ characters$"):
            Money.parse(text, "USD")

    def test_a_card_number_for_an_amount_is_not_repeated(self) -> None:
        """Columns mixed up do not put a card number into a message."""
        with pytest.raises(InvalidMoney) as refused:
            Money.parse("4111 1111 1111 1111", "USD")
        assert str(refused.value).endswith("not a text of 19 characters")


class TestFromDecimal:
    """A Decimal is taken as it is or not at all."""

    @pytest.mark.parametrize(
        ("amount", "micros"),
        [
            ("19.990", 19_990_000),
            ("-1E-6", -1),
            ("1E+3", 1_000_000_000),
            ("1." + "0" * 39, 1_000_000),
            ("-0", 0),
            ("0E+1000000", 0),
            ("0E-1000000", 0),
            ("9223372036854.775807", MAX_MICROS),
            ("9.223372036854775807E+12", MAX_MICROS),
        ],
    )
    def test_exact(self, amount: str, micros: int) -> None:
        """What counts is the number, not how many zeros are written."""
        assert Money.from_decimal(Decimal(amount), "USD") == Money(micros, "USD")

    @pytest.mark.parametrize("amount", ["NaN", "sNaN", "-NaN", "NaN123", "Infinity", "-Infinity"])
    def test_not_finite(self, amount: str) -> None:
        """NaN, signaling or not, and infinities are refused."""
        with pytest.raises(InvalidMoney, match=r"^amount: must be a finite number, not NaN or infinity$"):
            Money.from_decimal(Decimal(amount), "USD")

    @pytest.mark.parametrize("amount", ["0.0000001", "1E-7", "-19.9900001", "1E-40"])
    def test_too_many_decimals(self, amount: str) -> None:
        """A seventh decimal that is not zero is refused."""
        with pytest.raises(InvalidMoney, match=r"^amount: must have at most 6 decimals$"):
            Money.from_decimal(Decimal(amount), "USD")

    @pytest.mark.parametrize("amount", ["9223372036854.775808", "1E+13", "-1E+40"])
    def test_out_of_range(self, amount: str) -> None:
        """One micro beyond 64 bits is refused."""
        with pytest.raises(InvalidMoney, match=r"^micros: must be at"):
            Money.from_decimal(Decimal(amount), "USD")

    @pytest.mark.parametrize("amount", ["1E+41", "1E-41", "1E+1000000", "1E-1000000", "-1E+999999999", "1" * 41])
    def test_huge_exponents_are_refused_fast(self, amount: str) -> None:
        """Digits and exponent are bounded before anything is converted, which would take most of a minute."""
        before = time.perf_counter()
        with pytest.raises(InvalidMoney, match=r"^amount: has too many digits or too large an exponent$"):
            Money.from_decimal(Decimal(amount), "USD")
        assert time.perf_counter() - before < 1

    @pytest.mark.parametrize("amount", [1.5, 1, True, "1", None, Fraction(1, 2)])
    def test_no_decimal(self, amount: Any) -> None:
        """MON-3: a float is refused even where it would be exact."""
        with pytest.raises(InvalidMoney, match=r"^amount: must be a Decimal, not "):
            Money.from_decimal(amount, "USD")


class TestMinorUnits:
    """Cents, yen and fils."""

    @pytest.mark.parametrize(
        ("count", "currency", "text"),
        [
            (1999, "USD", "19.99"),
            (1999, "JPY", "1999"),
            (1999, "KWD", "1.999"),
            (-1, "CLF", "-0.0001"),
            (0, "USD", "0.00"),
        ],
    )
    def test_there_and_back(self, count: int, currency: str, text: str) -> None:
        """So many minor units make the amount, and the amount counts them."""
        amount = Money.from_minor_units(count, currency)
        assert (amount.text, amount.minor_units, amount.is_payable) == (text, count, True)

    @pytest.mark.parametrize("count", [1.0, True, "1", None])
    def test_no_count(self, count: Any) -> None:
        """Minor units are counted in whole numbers."""
        with pytest.raises(InvalidValue, match=r"^count: must be a whole number, not "):
            Money.from_minor_units(count, "USD")

    @pytest.mark.parametrize("text", ["0.005", "-0.005", "19.990001"])
    def test_not_payable(self, text: str) -> None:
        """An amount between two cents has no number of cents."""
        amount = usd(text)
        assert not amount.is_payable
        with pytest.raises(
            InvalidMoney, match=rf"^amount: {text} USD is not whole in the minor unit; payable\(\) rounds"
        ):
            amount.minor_units  # noqa: B018 - asking is the test


class TestPayableAmount:
    """The guard of values that are charged."""

    @pytest.mark.parametrize("amount", [usd("0"), usd("-0.01"), usd("19.99"), Money.parse("1", "JPY")])
    def test_payable(self, amount: Money) -> None:
        """A payable amount comes back as it is."""
        assert payable_amount("charge", amount) is amount

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            (usd("0.009999"), r"payable; 0\.009999 USD is not whole in the minor unit \(MON-1\)"),
            (usd("-0.010001"), r"payable; -0\.010001 USD is not whole in the minor unit \(MON-1\)"),
            (Money.parse("0.5", "JPY"), r"payable; 0\.5 JPY is not whole in the minor unit \(MON-1\)"),
            (exact(usd("1")), "a Money, not an ExactMoney"),
            (19.99, "a Money, not a float"),
            (None, "a Money, not None"),
        ],
    )
    def test_not_payable(self, value: object, problem: str) -> None:
        """A fraction of a minor unit and what is no amount are refused under the name of their place."""
        with pytest.raises(InvalidMoney, match=rf"^charge: must be {problem}$"):
            payable_amount("charge", value)


class TestRounding:
    """Half up is the product's rounding; the others are there for comparison."""

    @pytest.mark.parametrize(
        ("text", "currency", "payable"),
        [
            ("0.004999", "USD", "0"),
            ("0.005", "USD", "0.01"),
            ("0.005001", "USD", "0.01"),
            ("-0.004999", "USD", "0"),
            ("-0.005", "USD", "-0.01"),
            ("2.675", "USD", "2.68"),
            ("0.499999", "JPY", "0"),
            ("0.5", "JPY", "1"),
            ("-0.5", "JPY", "-1"),
            ("0.000499", "KWD", "0"),
            ("0.0005", "KWD", "0.001"),
            ("0.000049", "CLF", "0"),
            ("0.00005", "CLF", "0.0001"),
        ],
    )
    def test_payable(self, text: str, currency: str, payable: str) -> None:
        """Each currency rounds half up, away from zero, to its own minor unit."""
        assert Money.parse(text, currency).payable() == Money.parse(payable, currency)
        assert exact(Money.parse(text, currency)).payable() == Money.parse(payable, currency)

    def test_ties_as_documented(self) -> None:
        """Every row of the page's table holds, and every rounding has its row."""
        rows = re.findall(r"^\| `(\w+)`[^|]*((?:\| +-?\d+ )+)\|$", _PAGE.read_text(encoding="utf-8"), re.MULTILINE)
        tenths = [-25, -15, -11, 11, 15, 19, 25]
        documented = {name: [int(cell) for cell in cells.split("|")[1:]] for name, cells in rows}
        assert documented == {
            rounding.name: [rounded_quotient(tenth, 10, rounding) for tenth in tenths] for rounding in Rounding
        }

    @pytest.mark.parametrize("rounding", Rounding)
    def test_around_zero(self, rounding: Rounding) -> None:
        """The smallest numbers of either sign are rounded like all others, and whole ones stay as they are."""
        up, down = Rounding.CEILING, Rounding.FLOOR
        away = {Rounding.HALF_UP, Rounding.UP}
        assert rounded_quotient(1, 2, rounding) == (1 if rounding in {*away, up} else 0)
        assert rounded_quotient(-1, 2, rounding) == (-1 if rounding in {*away, down} else 0)
        assert [rounded_quotient(number, 1, rounding) for number in (-2, -1, 0, 1, 2)] == [-2, -1, 0, 1, 2]

    @pytest.mark.parametrize("rounding", ["half up", "HALF_UP", None, 0, Unit.MINOR])
    def test_no_such_rounding(self, rounding: Any) -> None:
        """A rounding by another name is refused, not taken for some other rounding."""
        for use in (
            lambda: rounded_quotient(5, 2, rounding),
            lambda: usd("0.005").payable(rounding),
            lambda: exact(usd("1")).payable(rounding),
            lambda: exact(usd("1")).to_micro(rounding),
            lambda: scale(usd("1"), 1, rounding=rounding),
        ):
            with pytest.raises(InvalidValue, match=r"^rounding: must be a Rounding, not "):
                use()

    @pytest.mark.parametrize("number", [1.5, 1.0, True, "1", None, Fraction(1, 2), Decimal(1), float("nan")])
    def test_no_whole_number(self, number: Any) -> None:
        """Neither side of a quotient may be anything but a whole number; no float slips through."""
        for place, use in (
            ("numerator", lambda: rounded_quotient(number, 2)),
            ("denominator", lambda: rounded_quotient(2, number)),
            ("numerator", lambda: exact(usd("1"), number)),
            ("denominator", lambda: exact(usd("1"), 1, number)),
            ("numerator", lambda: scale(usd("1"), number)),
            ("denominator", lambda: scale(usd("1"), 1, number)),
            ("numerator", lambda: exact(usd("1")).scaled(number)),
            ("denominator", lambda: exact(usd("1")).scaled(1, number)),
            ("numerator", lambda: ExactMoney(number, 2, "USD")),
            ("denominator", lambda: ExactMoney(2, number, "USD")),
        ):
            with pytest.raises(InvalidValue, match=rf"^{place}: must be a whole number, not "):
                use()

    @pytest.mark.parametrize("denominator", [0, -1, -(2**200)])
    def test_denominator_above_zero(self, denominator: int) -> None:
        """A ratio has a denominator of at least one."""
        for use in (
            lambda: rounded_quotient(1, denominator),
            lambda: exact(usd("1"), 1, denominator),
            lambda: scale(usd("1"), 1, denominator),
            lambda: exact(usd("1")).scaled(1, denominator),
            lambda: ExactMoney(1, denominator, "USD"),
        ):
            with pytest.raises(InvalidValue, match=r"^denominator: must be at least 1, not "):
                use()

    def test_huge_numbers(self) -> None:
        """Numbers far beyond 64 bits are rounded exactly."""
        assert rounded_quotient(2**200 + 1, 2) == 2**199 + 1
        assert rounded_quotient(-(2**200) - 1, 2) == -(2**199) - 1
        assert rounded_quotient(1, 2**200) == 0
        assert scale(usd("0.01"), 2**200, 2**199) == usd("0.02")


class TestArithmetic:
    """Sums and multiples are exact; what has no exact meaning does not exist."""

    def test_sums_and_multiples(self) -> None:
        """Amounts of one currency are added, subtracted, negated and multiplied by whole numbers."""
        assert usd("0.1") + usd("0.2") == usd("0.3")
        assert usd("0.1") - usd("0.3") == usd("-0.2")
        assert -usd("0.1") == usd("-0.1")
        assert abs(usd("-0.1")) == abs(usd("0.1")) == usd("0.1")
        assert usd("0.02") * 5_000 == 5_000 * usd("0.02") == usd("100.00")

    @pytest.mark.parametrize(
        "use",
        [
            lambda m: m + 1,
            lambda m: 1 + m,
            lambda m: m + 0,
            lambda m: sum([m, m]),
            lambda m: m + Decimal(1),
            lambda m: m - 1,
            lambda m: 1 - m,
            lambda m: m + exact(m),
            lambda m: m - exact(m),
            lambda m: m * 1.5,
            lambda m: m * True,
            lambda m: False * m,
            lambda m: m * Decimal(2),
            lambda m: m * m,
            lambda m: m / 2,
            lambda m: m / m,
            lambda m: m // 2,
            lambda m: m % 2,
            lambda m: m**2,
            lambda m: m < 1,
            lambda m: m <= 0,
            lambda m: m > Decimal(0),
            lambda m: m >= 0.0,
            float,
            int,
            round,
            lambda m: exact(m) / 2,  # type: ignore[operator]
            lambda m: exact(m) * 2,  # type: ignore[operator]
        ],
    )
    def test_no_meaning(self, use: Callable[[Money], object]) -> None:
        """Bare numbers, floats, bools and division do not mix with amounts."""
        with pytest.raises(TypeError):
            use(usd("1.00"))

    @pytest.mark.parametrize(
        "use",
        [
            lambda e: e + 1,
            lambda e: e - 1,
            lambda e: e < 1,
            lambda e: e <= 1,
            lambda e: e > 1.5,
            lambda e: e >= "1",
            lambda _: exact(1),  # type: ignore[arg-type]
        ],
    )
    def test_no_amount(self, use: Callable[[Any], object]) -> None:
        """An exact amount is added to and compared with amounts only."""
        with pytest.raises(InvalidMoney, match=r"^amount: must be Money or ExactMoney, not "):
            use(exact(usd("1")))

    @pytest.mark.parametrize("form", [Money, lambda micros, currency: ExactMoney(micros * 7, 7, currency)])
    @pytest.mark.parametrize(("micros", "sign"), [(29_999_999, -1), (30_000_000, 0), (30_000_001, 1)])
    def test_order(self, form: Callable[[int, str], Any], micros: int, sign: int) -> None:
        """A micro decides, between amounts and exact amounts in either place."""
        for one, other in ((form(micros, "USD"), usd("30")), (usd("30"), form(60_000_000 - micros, "USD"))):
            assert (one < other, one <= other, one == other) == (sign < 0, sign <= 0, sign == 0)
            assert (one > other, one >= other, one != other) == (sign > 0, sign >= 0, sign != 0)

    def test_exact_sums(self) -> None:
        """Exact amounts are added to, subtracted from and negated like amounts, and keep their thirds."""
        third = exact(usd("1"), 1, 3)
        assert third + third + third == usd("1")
        assert third + usd("1") == exact(usd("4"), 1, 3)
        assert third - usd("1") == -exact(usd("2"), 1, 3)
        assert third - third == Money.zero("USD")

    def test_equality_with_other_things(self) -> None:
        """Nothing but an amount equals an amount, zero in another currency neither."""
        for amount in (Money.zero("USD"), exact(Money.zero("USD"))):
            for other in (0, 0.0, Decimal(0), "0.00 USD", None, False, Money.zero("EUR"), exact(Money.zero("EUR"))):
                assert amount != other
                assert other != amount

    @pytest.mark.parametrize("text", ["0", "0.000001", "-0.000001"])
    def test_only_zero_is_false(self, text: str) -> None:
        """An amount and its exact form are true unless they are zero."""
        assert bool(usd(text)) is bool(exact(usd(text))) is (text != "0")

    def test_total(self) -> None:
        """A total has a currency even where there is nothing to add."""
        assert total([], "JPY") == Money.zero("JPY")
        assert total((usd(text) for text in ("30.00", "0.05", "-0.05")), "USD") == usd("30.00")

    def test_total_of_nothing_in_no_currency(self) -> None:
        """A total of nothing in an unknown currency is refused."""
        with pytest.raises(InvalidMoney):
            total([], "XXX")


class TestText:
    """How an amount is written."""

    @pytest.mark.parametrize(
        ("micros", "currency", "text"),
        [
            (0, "USD", "0.00"),
            (30_000_000, "USD", "30.00"),
            (12_500, "USD", "0.0125"),
            (-1, "USD", "-0.000001"),
            (100_000, "USD", "0.10"),
            (0, "JPY", "0"),
            (1_000_000, "JPY", "1"),
            (500_000, "JPY", "0.5"),
            (-500_000, "KWD", "-0.500"),
            (1_000_000, "CLF", "1.0000"),
            (MAX_MICROS, "USD", "9223372036854.775807"),
        ],
    )
    def test_text(self, micros: int, currency: str, text: str) -> None:
        """As many decimals as the minor unit has, more where the amount needs them; no exponent, no minus zero."""
        amount = Money(micros, currency)
        assert amount.text == text
        assert str(amount) == f"{text} {currency}"
        assert repr(amount) == f"Money.parse('{text}', '{currency}')"
        assert str(amount.amount) == text

    @pytest.mark.parametrize(
        ("text", "spec", "written"),
        [
            ("1234.5", "", "1234.50 USD"),
            ("1234.5", ",", "1,234.50 USD"),
            ("-1234567.891", ",", "-1,234,567.891 USD"),
            ("999.99", ",", "999.99 USD"),
            ("-0.5", ",", "-0.50 USD"),
            ("0", ",", "0.00 USD"),
            ("9.99", ">12", "    9.99 USD"),
            ("9.99", "<10", "9.99 USD  "),
        ],
    )
    def test_format(self, text: str, spec: str, written: str) -> None:
        """A comma groups the thousands; width and alignment are those of texts."""
        assert format(usd(text), spec) == written

    def test_format_without_decimals(self) -> None:
        """Thousands are grouped where a currency has no decimals, too."""
        assert f"{Money.parse('-1234567', 'JPY'):,}" == "-1,234,567 JPY"

    def test_format_of_numbers(self) -> None:
        """An amount is not formatted like a float, which would round it."""
        with pytest.raises(ValueError, match=r"format code 'f'"):
            format(usd("1.005"), ".2f")

    @pytest.mark.parametrize(
        ("numerator", "denominator", "text"),
        [
            (70_000_000, 3, "70/3 USD"),
            (-70_000_000, 3, "-70/3 USD"),
            (1, 3, "1/3000000 USD"),
            (30_000_000, 2, "15.00 USD"),
            (0, 7, "0.00 USD"),
            (MAX_MICROS, 1, "9223372036854.775807 USD"),
            (10**20, 1, "100000000000000/1 USD"),
        ],
    )
    def test_exact_text(self, numerator: int, denominator: int, text: str) -> None:
        """An exact amount is written in major units: as a decimal where an amount holds it, else as a fraction."""
        amount = ExactMoney(numerator, denominator, "USD")
        assert str(amount) == text
        assert Fraction(amount.text) == Fraction(numerator, denominator * 10**6)


class TestValues:
    """Amounts are values: they do not change, and are what they are in every copy."""

    @pytest.mark.parametrize(
        "amount", [usd("19.99"), usd("1") + usd("2"), -usd("3"), abs(usd("-3")), usd("2") * 2, exact(usd("100"), 7, 30)]
    )
    def test_copies(self, amount: Money | ExactMoney) -> None:
        """An amount survives copying and every pickle protocol, however it was computed."""
        pickled = [pickle.loads(pickle.dumps(amount, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]  # noqa: S301 - ours
        for again in (*pickled, copy.copy(amount), copy.deepcopy(amount), attrs.evolve(amount)):
            assert type(again) is type(amount)
            assert again == amount
            assert hash(again) == hash(amount)
            assert repr(again) == repr(amount)

    @pytest.mark.parametrize(
        ("amount", "field"), [(usd("1"), "micros"), (usd("1"), "cents"), (exact(usd("1")), "numerator")]
    )
    def test_frozen(self, amount: object, field: str) -> None:
        """No field changes, and none is added."""
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(amount, field, 1)

    @pytest.mark.parametrize("micros", [0, 1, -5, 19_990_000, MAX_MICROS, -MAX_MICROS])
    def test_equal_amounts_have_one_hash(self, micros: int) -> None:
        """An exact amount that is whole equals the amount, both ways round, and finds it in a set."""
        amount = Money(micros, "USD")
        same = ExactMoney(micros * 30, 30, "USD")
        assert amount == same
        assert same == amount
        assert hash(amount) == hash(same)
        assert len({amount, same}) == 1

    def test_exact_amounts_beyond_64_bits_have_a_hash(self) -> None:
        """What no amount holds is still a value."""
        assert len({ExactMoney(2**200, 1, "USD"), ExactMoney(2**201, 2, "USD"), ExactMoney(2**200, 3, "USD")}) == 2

    def test_amounts_that_differ_have_hashes_that_differ(self) -> None:
        """So that a set of many is searched quickly."""
        thirds = [ExactMoney(number, 3, currency) for number in (1, 2) for currency in ("USD", "EUR")]
        assert len({hash(amount) for amount in thirds}) == len(thirds)

    def test_lowest_terms(self) -> None:
        """An exact amount is kept in lowest terms, however it was made."""
        amount = ExactMoney(-6, 4, "USD")
        assert (amount.numerator, amount.denominator) == (-3, 2)
        assert ExactMoney(0, 9, "USD").denominator == 1


class TestMixing:
    """Two currencies in one calculation are an error."""

    @pytest.mark.parametrize(
        "use",
        [
            lambda one, other: one + other,
            lambda one, other: one - other,
            lambda one, other: one < other,
            lambda one, other: one <= other,
            lambda one, other: one > other,
            lambda one, other: one >= other,
            lambda one, other: exact(one) + other,
            lambda one, other: exact(one) - other,
            lambda one, other: exact(one) < other,
            lambda one, other: one <= exact(other),
            lambda one, other: exact(one) > exact(other),
            lambda one, other: one >= exact(other),
            lambda one, other: total([one, other], "USD"),
            lambda one, _: total([one], "EUR"),
        ],
    )
    def test_mismatch(self, use: Callable[[Money, Money], object]) -> None:
        """Adding, subtracting, comparing and totaling name both currencies."""
        with pytest.raises(CurrencyMismatch, match=r"^currency: (USD and EUR|EUR and USD) do not mix$") as refused:
            use(usd("1"), Money.parse("1", "EUR"))
        assert refused.value.code == "currency_mismatch"
        assert isinstance(pickle.loads(pickle.dumps(refused.value)), CurrencyMismatch)  # noqa: S301 - ours


class TestAllocate:
    """Splitting without loss."""

    @pytest.mark.parametrize(
        ("text", "weights", "parts"),
        [
            ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),
            ("-100.00", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
            ("0.02", [1, 1, 1], ["0.01", "0.01", "0.00"]),
            ("0.00", [1, 2], ["0.00", "0.00"]),
            ("100.00", [7], ["100.00"]),
            ("100.00", [0, 1, 0], ["0.00", "100.00", "0.00"]),
            ("0.05", [0, 1, 0, 1], ["0.00", "0.03", "0.00", "0.02"]),
            # shares of 1.5, 1.5 and 7 cents: the tie goes to the earlier position
            ("0.10", [3, 3, 14], ["0.02", "0.01", "0.07"]),
            # shares of 0.6, 0.6 and 0.8 cents: the largest remainder first, then the tie
            ("0.02", [3, 3, 4], ["0.01", "0.00", "0.01"]),
            ("30.00", [2**63 - 1, 2**63 - 1, 1], ["15.00", "15.00", "0.00"]),
        ],
    )
    def test_in_minor_units(self, text: str, weights: list[int], parts: list[str]) -> None:
        """Every part is payable; what is left over goes to the largest remainders, ties to the earlier position."""
        assert allocate(usd(text), weights) == tuple(usd(part) for part in parts)

    def test_in_micros(self) -> None:
        """An amount that is not payable is split in micros where that is asked for."""
        parts = allocate(usd("0.010001"), (1, 1), to=Unit.MICRO)
        assert parts == (usd("0.005001"), usd("0.005"))
        assert allocate(usd("-0.000001"), (1, 1), to=Unit.MICRO) == (usd("-0.000001"), usd("0"))

    @pytest.mark.parametrize("text", ["0.005", "-0.010001"])
    def test_not_payable(self, text: str) -> None:
        """An amount that is not payable cannot be split into payable parts."""
        with pytest.raises(InvalidMoney, match=r"is not whole in the minor unit"):
            allocate(usd(text), [1, 1])

    @pytest.mark.parametrize("weights", [[], [0], [0, 0, 0]])
    def test_no_weight(self, weights: list[int]) -> None:
        """An amount cannot be given to nobody, nor can zero."""
        for text in ("1.00", "0.00"):
            with pytest.raises(InvalidValue, match=r"^weights: must hold at least one weight above zero$"):
                allocate(usd(text), weights)

    @pytest.mark.parametrize(
        ("weight", "problem"),
        [
            (-1, "at least 0, not -1"),
            (2**63, "at most 9223372036854775807, not a whole number too large"),
            (1.0, "a whole number, not a float"),
            (True, "a whole number, not True"),
            (None, "a whole number, not None"),
            (Decimal(1), "a whole number, not a Decimal"),
        ],
    )
    def test_wrong_weight(self, weight: Any, problem: str) -> None:
        """The position of the wrong weight is named."""
        with pytest.raises(InvalidValue, match=rf"^weights\[1\]: must be {problem}"):
            allocate(usd("1.00"), [1, weight, 1])

    @pytest.mark.parametrize("unit", ["minor unit", None, Rounding.UP])
    def test_no_such_unit(self, unit: Any) -> None:
        """A unit by another name is refused, not taken for the other unit."""
        for use in (lambda: allocate(usd("1.00"), [1], to=unit), lambda: scale(usd("1.00"), 1, to=unit)):
            with pytest.raises(InvalidValue, match=r"^to: must be a Unit, not "):
                use()

    @pytest.mark.parametrize("amount", [1, 1.5, None, "1.00", exact(usd("1"))])
    def test_no_amount(self, amount: Any) -> None:
        """Only an amount is split or scaled to an amount."""
        for use in (lambda: allocate(amount, [1]), lambda: scale(amount, 1)):
            with pytest.raises(InvalidValue, match=r"^amount: must be a Money, not "):
                use()


class TestScale:
    """An amount times a ratio, rounded once."""

    @pytest.mark.parametrize(
        ("text", "numerator", "denominator", "unit", "result"),
        [
            ("100.00", 14, 30, Unit.MINOR, "46.67"),
            ("100.00", 14, 30, Unit.MICRO, "46.666667"),
            ("-100.00", 14, 30, Unit.MINOR, "-46.67"),
            ("100.00", -14, 30, Unit.MICRO, "-46.666667"),
            ("100.00", 0, 30, Unit.MINOR, "0.00"),
            ("0.004999", 1, 1, Unit.MINOR, "0.00"),
            ("0.005", 1, 1, Unit.MINOR, "0.01"),
            # rounded first to 0.01 it would give 0.02
            ("0.005", 3, 1, Unit.MINOR, "0.02"),
            ("0.0045", 2, 1, Unit.MINOR, "0.01"),
        ],
    )
    def test_scale(self, text: str, numerator: int, denominator: int, unit: Unit, result: str) -> None:
        """The product is computed exactly and rounded half up to the unit asked for."""
        assert scale(usd(text), numerator, denominator, to=unit) == usd(result)

    def test_two_steps_are_rounded_once(self) -> None:
        """A figure derived from an unrounded one is not rounded in between."""
        daily = exact(usd("100.00"), 1, 30)
        assert daily.scaled(14).payable() == usd("46.67")
        assert scale(daily.payable(), 14) == usd("46.62")


def test_what_programs_rely_on() -> None:
    """Codes of errors and names of roundings and units are stored and compared by programs; they do not change."""
    assert (InvalidMoney.code, CurrencyMismatch.code) == ("invalid_money", "currency_mismatch")
    names = ["half up", "half even", "half down", "up", "down", "ceiling", "floor"]
    assert [rounding.value for rounding in Rounding] == names
    assert [unit.value for unit in Unit] == ["minor unit", "micro"]


def test_a_hostile_decimal_context_changes_nothing() -> None:
    """Results are the same where the caller's context has one digit and every signal trapped."""
    hostile = decimal.Context(prec=1, rounding=decimal.ROUND_UP, Emin=0, Emax=0, capitals=0, clamp=1)
    for signal in hostile.traps:
        hostile.traps[signal] = True
    hostile.traps[decimal.FloatOperation] = True
    expected = _figures()
    with decimal.localcontext(hostile):
        assert _figures() == expected


def _figures() -> list[object]:
    amount = Money.from_decimal(Decimal("9223372036854.775807"), "USD")
    tenth = usd("100.00")
    return [
        amount,
        amount.amount.as_tuple(),
        amount.text,
        f"{amount:,}",
        hash(amount),
        scale(tenth, 14, 30),
        allocate(tenth, [1, 1, 1]),
        str(exact(tenth, 7, 30)),
        exact(tenth, 7, 30).payable(Rounding.HALF_EVEN),
    ]
