"""Hypothesis strategies for the values of this library, for our tests and for yours.

Valid by construction: nothing is generated and thrown away. Awkward values (leap days, ends of months, exact
thresholds, zero) are in the pool, and everything shrinks towards small, round ones.

Needs the `testing` extra. One section for each module, in the order of the modules.
"""

from hypothesis import strategies as st

from licensebill._checks import MAX_WHOLE
from licensebill.money import CURRENCIES, DECIMALS, MAX_MICROS, MICROS, ExactMoney, Money, minor_unit

# --- money ---------------------------------------------------------------------------------------------------------


def currencies() -> st.SearchStrategy[str]:
    """Codes of ISO 4217, the awkward ones (no decimals, three, four) as likely as US dollars."""
    return st.sampled_from(["USD", "JPY", "KWD", "CLF"]) | st.sampled_from(sorted(CURRENCIES))


def amounts(currency: str = "USD", *, low: int = -MAX_MICROS, high: int = MAX_MICROS) -> st.SearchStrategy[Money]:
    """Amounts of one currency, from `low` to `high` micros; ties halfway between two payable amounts among them."""
    ties = _multiples(minor_unit(currency) // 2, low, high)
    return st.builds(Money, ties | st.integers(low, high), st.just(currency))


def payable_amounts(
    currency: str = "USD", *, low: int = -MAX_MICROS, high: int = MAX_MICROS
) -> st.SearchStrategy[Money]:
    """Amounts that are whole in the currency's minor unit, from `low` to `high` micros."""
    return st.builds(Money, _multiples(minor_unit(currency), low, high), st.just(currency))


def exact_amounts(currency: str = "USD", *, limit: int = MAX_MICROS) -> st.SearchStrategy[ExactMoney]:
    """Amounts that are not rounded yet, of at most `limit` micros in size; parts of days and months among them."""
    denominators = st.sampled_from([1, 28, 30, 31, 365]) | st.integers(1, 10**9)
    return denominators.flatmap(
        lambda denominator: st.builds(
            ExactMoney, st.integers(-limit * denominator, limit * denominator), st.just(denominator), st.just(currency)
        )
    )


def weights(*, parts: int = 8, high: int = MAX_WHOLE) -> st.SearchStrategy[list[int]]:
    """Weights to split an amount by: one to `parts` of them, zeros among them but never zeros alone."""
    several = st.lists(st.integers(0, 3) | st.integers(0, high), max_size=parts - 1)
    place = st.integers(0, parts - 1)
    return st.builds(lambda others, one, at: [*others[:at], one, *others[at:]], several, st.integers(1, high), place)


def plain_decimals() -> st.SearchStrategy[str]:
    """Texts that `Money.parse` reads: leading and trailing zeros and minus zero among them."""
    units = st.builds("{:0{}d}".format, st.integers(0, MAX_MICROS // MICROS - 1), st.integers(1, 13))
    fraction = st.text("0123456789", min_size=1, max_size=DECIMALS).map(".{}".format)
    return st.builds("{}{}{}".format, st.sampled_from(["", "-"]), units, st.just("") | fraction)


def _multiples(unit: int, low: int, high: int) -> st.SearchStrategy[int]:
    fewest, most = -(-low // unit), high // unit
    return st.integers(fewest, most).map(lambda count: count * unit) if fewest <= most else st.nothing()
