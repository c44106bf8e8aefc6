"""The laws of money, each against arithmetic that shares nothing with the library's: fractions, and `decimal`."""

import decimal
import itertools
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    exact,
    minor_unit,
    rounded_quotient,
    scale,
    total,
)
from licensebill.strategies import amounts, currencies, exact_amounts, payable_amounts, plain_decimals, weights
from licensebill.testing import laws

# so many micros that results of a few operations fit as well
FEW = 10**15
WIDE = decimal.Context(prec=100)

IN_DECIMAL = {
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Rounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    Rounding.UP: decimal.ROUND_UP,
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.CEILING: decimal.ROUND_CEILING,
    Rounding.FLOOR: decimal.ROUND_FLOOR,
}
IN_FRACTIONS: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.HALF_UP: lambda x: _signed(x, math.floor(abs(x) + Fraction(1, 2))),
    Rounding.HALF_EVEN: round,
    Rounding.HALF_DOWN: lambda x: _signed(x, math.ceil(abs(x) - Fraction(1, 2))),
    Rounding.UP: lambda x: _signed(x, math.ceil(abs(x))),
    Rounding.DOWN: math.trunc,
    Rounding.CEILING: math.ceil,
    Rounding.FLOOR: math.floor,
}

roundings = st.sampled_from(Rounding)
denominators = st.sampled_from([1, 2, 30, 31]) | st.integers(1, 10**30)
# numerators: anything, and exact ties
ratios = st.tuples(st.integers(), denominators) | st.tuples(st.integers(), st.integers(1, 99)).map(
    lambda tie: ((2 * tie[0] + 1) * tie[1], 2 * tie[1])
)
any_amounts = currencies().flatmap(lambda currency: amounts(currency, low=-FEW, high=FEW))
any_exact = currencies().flatmap(lambda currency: exact_amounts(currency, limit=FEW))


def _signed(number: Fraction, magnitude: int) -> int:
    return -magnitude if number < 0 else magnitude


def fraction(amount: Money | ExactMoney) -> Fraction:
    """What an amount is in micros."""
    return Fraction(amount.micros) if isinstance(amount, Money) else Fraction(amount.numerator, amount.denominator)


class TestMON1:
    """Nothing is rounded until it becomes payable; then once, half up, away from zero, to the minor unit."""

    @given(ratios, roundings)
    def test_every_rounding_is_the_textbook_s(self, ratio: tuple[int, int], rounding: Rounding) -> None:
        """A ratio of any size, ties among them, is rounded as the definition by floor, ceiling and half says."""
        assert rounded_quotient(*ratio, rounding) == IN_FRACTIONS[rounding](Fraction(*ratio))

    @given(any_amounts, roundings)
    def test_payable_is_what_decimal_quantizes(self, amount: Money, rounding: Rounding) -> None:
        """`payable` gives what `decimal` gives in a context with enough digits."""
        place = Decimal(1).scaleb(-CURRENCIES[amount.currency])
        expected = amount.amount.quantize(place, IN_DECIMAL[rounding], WIDE)
        assert amount.payable(rounding).text == f"{expected or abs(expected):f}"

    @given(any_exact, roundings)
    def test_exact_amounts_are_rounded_likewise(self, amount: ExactMoney, rounding: Rounding) -> None:
        """An exact amount is rounded from the ratio that it is, to the minor unit or to a micro."""
        unit = minor_unit(amount.currency)
        assert amount.payable(rounding).micros == IN_FRACTIONS[rounding](fraction(amount) / unit) * unit
        assert amount.to_micro(rounding).micros == IN_FRACTIONS[rounding](fraction(amount))

    @given(any_amounts | any_exact)
    def test_half_up_is_the_nearest_and_the_farther_from_zero(self, amount: Money | ExactMoney) -> None:
        """The payable amount is at most half a minor unit away, and at a tie it is the larger in size."""
        payable, half = fraction(amount.payable()), Fraction(minor_unit(amount.currency), 2)
        assert abs(payable - fraction(amount)) <= half
        if abs(payable - fraction(amount)) == half:
            assert abs(payable) > abs(fraction(amount))

    @given(any_amounts | any_exact)
    def test_a_reversal_is_the_exact_negative(self, amount: Money | ExactMoney) -> None:
        """Rounding and negating can be done in either order."""
        assert (-amount).payable() == -amount.payable()

    @given(any_amounts | any_exact, roundings)
    def test_payable_is_payable(self, amount: Money | ExactMoney, rounding: Rounding) -> None:
        """What is payable is whole in the minor unit, and rounding it again by any name changes nothing."""
        payable = amount.payable()
        assert payable.is_payable
        assert payable.payable(rounding) == payable
        assert Money.from_minor_units(payable.minor_units, payable.currency) == payable

    @given(any_exact, any_exact)
    def test_rounding_keeps_the_order(self, one: ExactMoney, other: ExactMoney) -> None:
        """Of two amounts of one currency, the larger is never payable as less."""
        second = ExactMoney(other.numerator, other.denominator, one.currency)
        low, high = sorted([one, second])
        assert low.payable() <= high.payable()

    @given(amounts(low=-FEW, high=FEW), amounts(low=-FEW, high=FEW), st.integers(-1000, 1000))
    def test_sums_and_multiples_are_exact(self, one: Money, other: Money, count: int) -> None:
        """Adding, subtracting, negating and multiplying are those of the numbers."""
        assert fraction(one + other) == fraction(one) + fraction(other)
        assert fraction(one - other) == fraction(one) - fraction(other)
        assert fraction(one * count) == fraction(count * one) == fraction(one) * count
        assert (fraction(-one), fraction(abs(one))) == (-fraction(one), abs(fraction(one)))

    @given(exact_amounts(), exact_amounts() | amounts(), st.integers(), denominators)
    def test_exact_amounts_stay_exact(
        self, one: ExactMoney, other: ExactMoney | Money, numerator: int, denominator: int
    ) -> None:
        """Exact amounts are added, subtracted and scaled as fractions are, and never rounded."""
        assert fraction(one + other) == fraction(one) + fraction(other)
        assert fraction(one - other) == fraction(one) - fraction(other)
        assert fraction(one.scaled(numerator, denominator)) == fraction(one) * Fraction(numerator, denominator)
        assert Fraction(one.text) * 10**6 == fraction(one)

    @given(amounts(low=-FEW, high=FEW), st.integers(-(10**6), 10**6), st.integers(1, 10**6), roundings)
    def test_scale_rounds_once(self, amount: Money, numerator: int, denominator: int, rounding: Rounding) -> None:
        """`scale` is the exact product rounded once, to the unit asked for."""
        product = fraction(amount) * Fraction(numerator, denominator)
        for unit, micros in ((Unit.MINOR, 10_000), (Unit.MICRO, 1)):
            expected = IN_FRACTIONS[rounding](product / micros) * micros
            if abs(expected) <= MAX_MICROS:
                assert scale(amount, numerator, denominator, rounding=rounding, to=unit).micros == expected

    @given(
        exact_amounts(limit=FEW) | amounts(low=-FEW, high=FEW), exact_amounts(limit=FEW) | amounts(low=-FEW, high=FEW)
    )
    def test_compared_as_ratios(self, one: Money | ExactMoney, other: Money | ExactMoney) -> None:
        """Amounts of all kinds are ordered as the fractions they are, and equal ones have equal hashes."""
        first, second = fraction(one), fraction(other)
        assert (one < other, one <= other, one == other) == (first < second, first <= second, first == second)
        assert (one > other, one >= other, one != other) == (first > second, first >= second, first != second)
        if first == second:
            assert hash(one) == hash(other)

    @given(amounts(), st.integers(1, 10**9))
    def test_a_whole_exact_amount_is_the_amount(self, amount: Money, denominator: int) -> None:
        """However it is written, an exact amount that is whole equals the amount and has its hash, text and truth."""
        same = ExactMoney(amount.micros * denominator, denominator, amount.currency)
        assert same == amount
        assert amount == same
        assert (hash(same), same.text, bool(same)) == (hash(amount), amount.text, bool(amount))

    @given(st.lists(exact_amounts(limit=10**12), max_size=12))
    def test_a_total_is_the_sum_of_its_rounded_lines(self, figures: list[ExactMoney]) -> None:
        """A total of payable lines is payable, and is off the unrounded sum by half a cent a line at most."""
        lines = [figure.payable() for figure in figures]
        assert total(lines, "USD").minor_units == sum(line.minor_units for line in lines)
        assert abs(total(lines, "USD").micros - sum(map(fraction, figures), Fraction())) <= 5_000 * len(lines)


class TestMON2:
    """Two currencies never mix."""

    PAIRS = st.lists(currencies(), min_size=2, max_size=2, unique=True).flatmap(
        lambda pair: st.tuples(*(amounts(currency, low=-FEW, high=FEW) for currency in pair))
    )

    @given(PAIRS)
    def test_no_operation_takes_two(self, pair: tuple[Money, Money]) -> None:
        """Sums, differences, comparisons and totals of two currencies are refused, whatever the amounts."""
        one, other = pair
        uses: list[Callable[[], object]] = [
            lambda: one + other,
            lambda: one - other,
            lambda: one < other,
            lambda: exact(one) + other,
            lambda: exact(one) >= exact(other),
            lambda: total(pair, one.currency),
        ]
        for use in uses:
            with pytest.raises(CurrencyMismatch, match="do not mix"):
                use()

    @given(PAIRS)
    def test_never_equal(self, pair: tuple[Money, Money]) -> None:
        """Amounts of two currencies are never equal, in no form."""
        one, other = pair
        assert one != other
        assert exact(one) != other
        assert other != exact(one)

    @given(currencies(), st.integers(-FEW, FEW))
    def test_every_currency_counts_in_its_own_minor_unit(self, currency: str, micros: int) -> None:
        """The payable amount has no more decimals than the currency has."""
        _, _, places = Money(micros, currency).payable().text.partition(".")
        assert len(places) == CURRENCIES[currency]


class TestMON3:
    """Only exact amounts are taken, and nothing depends on the caller's decimal context."""

    @given(plain_decimals(), currencies())
    def test_a_plain_decimal_is_read_exactly(self, text: str, currency: str) -> None:
        """The amount is the number that the text states; as a Decimal it is the same."""
        amount = Money.parse(text, currency)
        assert fraction(amount) == Fraction(text) * 10**6
        assert Money.from_decimal(Decimal(text), currency) == amount

    @given(currencies().flatmap(amounts))
    def test_text_and_back(self, amount: Money) -> None:
        """Text, Decimal and `repr` of any amount give the amount back."""
        assert Money.parse(amount.text, amount.currency) == amount
        assert Money.from_decimal(amount.amount, amount.currency) == amount
        assert eval(repr(amount), {"Money": Money}) == amount  # noqa: S307 - our own text
        assert format(amount, ",").replace(",", "") == str(amount)

    @given(currencies().flatmap(amounts))
    def test_text_is_plain(self, amount: Money) -> None:
        """No exponent, no minus zero, and at least the decimals of the minor unit, zeros only up to there."""
        units, _, places = amount.text.partition(".")
        least = CURRENCIES[amount.currency]
        assert units.lstrip("-").isascii()
        assert units.lstrip("-").isdigit()
        assert len(places) >= least
        assert len(places) == least or not places.endswith("0")
        assert amount.micros < 0 or not units.startswith("-")

    @given(st.text("0123456789.-+eE_, ٣１", max_size=18) | st.text())
    def test_any_other_text_is_refused(self, text: str) -> None:
        """A text is read exactly, or refused; which of the two is told by its characters alone."""
        if is_plain(text):
            assert fraction(Money.parse(text, "USD")) == Fraction(text) * 10**6
        else:
            with pytest.raises(InvalidMoney):
                Money.parse(text, "USD")

    @given(
        st.decimals()
        | st.decimals(-(10**14), 10**14, places=7)
        | st.builds(
            lambda digits, exponent: Decimal(digits).scaleb(exponent, WIDE), st.integers(), st.integers(-50, 50)
        )
    )
    def test_a_decimal_is_taken_exactly_or_refused(self, amount: Decimal) -> None:
        """What has more than six decimals, is out of range or is no number is refused; nothing is rounded."""
        micros = Fraction(amount) * 10**6 if amount.is_finite() else None
        fits = micros is not None and micros.denominator == 1 and abs(micros) <= MAX_MICROS
        try:
            taken = Money.from_decimal(amount, "USD")
        except InvalidMoney:
            # forty digits are taken, or more where they say nothing but zero
            assert not fits or len(amount.as_tuple().digits) > 40
        else:
            assert fraction(taken) == micros

    @given(amounts(low=-FEW, high=FEW), st.integers(-100, 100), st.integers(1, 100), roundings)
    def test_hostile_contexts_change_nothing(
        self, amount: Money, numerator: int, denominator: int, rounding: Rounding
    ) -> None:
        """With one digit of precision and every signal trapped, every result is the same."""

        def results() -> list[object]:
            scaled = exact(amount, numerator, denominator)
            parts = allocate(amount, [abs(numerator), denominator], to=Unit.MICRO)
            read = Money.from_decimal(amount.amount, "USD")
            return [scaled, scaled.text, scaled.payable(rounding), parts, read, amount.amount.as_tuple(), f"{amount:,}"]

        expected = results()
        with decimal.localcontext(decimal.Context(prec=1, Emin=0, Emax=0, traps=list(decimal.Context().flags))):
            assert results() == expected

    @given(st.floats() | st.booleans() | st.none() | st.binary() | st.complex_numbers() | st.fractions())
    def test_other_kinds_are_refused(self, value: object) -> None:
        """No float, bool, bytes or fraction becomes an amount, however round it is."""
        uses: list[Callable[..., Money]] = [Money, Money.parse, Money.from_decimal]
        for use in uses:
            with pytest.raises(InvalidMoney):
                use(value, "USD")

    @given(st.integers())
    def test_64_bits(self, micros: int) -> None:
        """An amount fits a signed 64-bit column, or is refused."""
        if abs(micros) < 2**63:
            assert Money(micros, "USD").micros == micros
        else:
            with pytest.raises(InvalidMoney):
                Money(micros, "USD")

    @given(amounts(), amounts() | st.sampled_from([Money(MAX_MICROS, "USD"), Money(-MAX_MICROS, "USD")]))
    def test_sums_do_not_wrap(self, one: Money, other: Money) -> None:
        """A sum or difference that does not fit is refused."""
        results: list[tuple[Callable[[], Money], int]] = [
            (lambda: one + other, one.micros + other.micros),
            (lambda: one - other, one.micros - other.micros),
        ]
        for use, micros in results:
            if abs(micros) <= MAX_MICROS:
                assert use().micros == micros
            else:
                with pytest.raises(InvalidMoney):
                    use()


def is_plain(text: str) -> bool:
    """Whether a text is a plain decimal that fits, spelled out without the library's pattern."""
    units, point, places = text.removeprefix("-").partition(".")
    digits = set("0123456789")
    return (
        1 <= len(units) <= 13
        and digits.issuperset(units)
        and (not point or 1 <= len(places) <= 6)
        and digits.issuperset(places)
        and abs(Fraction(text)) * 10**6 <= MAX_MICROS
    )


class TestMON4:
    """Splitting loses nothing: largest remainder first, ties by position, negative amounts mirrored."""

    SPLITS = st.tuples(currencies().flatmap(payable_amounts), weights())

    @given(SPLITS)
    def test_the_parts_add_up(self, split: tuple[Money, list[int]]) -> None:
        """There is a payable part for each weight, its share rounded down or up, and together they are the amount."""
        amount, given_weights = split
        laws.parts_add_up(
            lambda _, weights: [part.minor_units for part in allocate(amount, weights)],
            amount.minor_units,
            given_weights,
            unit=1,
        )

    @given(SPLITS)
    def test_negative_amounts_mirror(self, split: tuple[Money, list[int]]) -> None:
        """A credit is split as the charge was, with the signs turned."""
        amount, given_weights = split
        laws.credit_mirrors_charge(allocate, amount, given_weights)

    @given(st.integers(-12, 12), weights(parts=4, high=9))
    def test_the_largest_remainders_are_best(self, cents: int, given_weights: list[int]) -> None:
        """Of all ways to split so many cents, none is nearer to the shares; among equals the early parts gain."""
        magnitude = abs(cents)
        shares = [Fraction(magnitude * weight, sum(given_weights)) for weight in given_weights]

        def distance(parts: tuple[int, ...]) -> Fraction:
            return sum(((part - share) ** 2 for part, share in zip(parts, shares, strict=True)), Fraction(0))

        best = min(ways(magnitude, len(given_weights)), key=lambda parts: (distance(parts), [-part for part in parts]))
        split = allocate(Money.from_minor_units(cents, "USD"), given_weights)
        assert [part.minor_units for part in split] == [part if cents >= 0 else -part for part in best]

    @given(SPLITS)
    def test_one_after_the_other_gives_the_same(self, split: tuple[Money, list[int]]) -> None:
        """Giving out what is left one unit at a time, to whoever lost most and came first, ends with the same parts."""
        amount, given_weights = split
        unit = minor_unit(amount.currency)
        shares = [abs(fraction(amount)) / unit * Fraction(weight, sum(given_weights)) for weight in given_weights]
        parts = [math.floor(share) for share in shares]
        lost = [share - part for share, part in zip(shares, parts, strict=True)]
        for _ in range(abs(amount.minor_units) - sum(parts)):
            first = lost.index(max(lost))
            parts[first] += 1
            lost[first] = Fraction(-1)
        sign = -1 if amount.micros < 0 else 1
        assert [part.micros for part in allocate(amount, given_weights)] == [sign * part * unit for part in parts]

    @given(payable_amounts(), weights(), st.data())
    def test_order_matters_at_ties_only(self, amount: Money, given_weights: list[int], data: st.DataObject) -> None:
        """Wherever its weight stands, a part is the same; only equal remainders look at the position."""
        order = data.draw(st.permutations(range(len(given_weights))))
        count, everything = abs(amount.minor_units), sum(given_weights)
        remainders = [count * weight % everything for weight in given_weights]
        parts = allocate(amount, given_weights)
        again = allocate(amount, [given_weights[at] for at in order])
        spread = sum(remainders) // everything
        ranked = sorted(remainders, reverse=True)
        if spread == 0 or ranked[spread - 1] > ranked[spread]:
            assert [again[to].micros for to in range(len(order))] == [parts[at].micros for at in order]

    @given(amounts(), weights(), st.integers(1, 10**6))
    def test_only_proportions_count(self, amount: Money, given_weights: list[int], factor: int) -> None:
        """Weights that are all so many times larger give the same parts; in micros any amount is split."""
        small = [weight % 10**12 for weight in given_weights]
        small[0] += 1
        parts = allocate(amount, small, to=Unit.MICRO)
        assert parts == allocate(amount, [weight * factor for weight in small], to=Unit.MICRO)
        assert total(parts, "USD") == amount


def ways(count: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Every way to write a count as an ordered sum of so many numbers from zero."""
    for bars in itertools.combinations(range(count + parts - 1), parts - 1):
        edges = (-1, *bars, count + parts - 1)
        yield tuple(right - left - 1 for left, right in itertools.pairwise(edges))
