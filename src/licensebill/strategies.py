"""Hypothesis strategies for the values of this library, for our tests and for yours.

Valid by construction: nothing is generated and thrown away. Awkward values (leap days, ends of months, exact
thresholds, zero) are in the pool, and everything shrinks towards small, round ones.

Needs the `testing` extra. One section for each module, in the order of the modules.
"""

from hypothesis import strategies as st

from licensebill.money import CURRENCIES, MAX_MICROS, Money

# --- money ---------------------------------------------------------------------------------------------------------


def currencies() -> st.SearchStrategy[str]:
    """Codes of ISO 4217, the awkward ones (no decimals, three, four) as likely as US dollars."""
    return st.sampled_from(["USD", "JPY", "KWD", "CLF"]) | st.sampled_from(sorted(CURRENCIES))


def amounts(currency: str = "USD", *, low: int = -MAX_MICROS, high: int = MAX_MICROS) -> st.SearchStrategy[Money]:
    """Amounts of one currency, from `low` to `high` micros."""
    return st.builds(Money, st.integers(low, high), st.just(currency))
