"""Outcomes: what follows from each, and for what is charged."""

from functools import partial
from typing import Any

import attrs

from licensebill import outcomes
from licensebill.money import Money
from licensebill.outcomes import (
    CONSEQUENCES,
    Declined,
    DeclineKind,
    NotCaptured,
    Pending,
    Returned,
    Succeeded,
    Unknown,
    Voided,
    what_follows,
)
from licensebill.terms import STANDARD, Purpose
from tests.examples import usd
from tests.scenes import Scene
from tests.untyped import untyped

_ONCE = attrs.evolve(STANDARD.funding, retried_returns=("R03",), return_retries=1, return_retry_days=10)
_OUTCOMES: tuple[outcomes.Outcome, ...] = (
    Succeeded(),
    Succeeded(usd("1.00")),
    Pending(),
    *(Declined(kind=kind, code="declined") for kind in DeclineKind),
    Returned("R01"),
    Returned("R03"),
    Voided(),
    NotCaptured(),
    Unknown(),
)


def _returned(code: str, retries: int = 0, age_days: int = 0, **terms: Any) -> str:
    """What follows from a return, in a few words."""
    return what_follows(Returned(code), retries=retries, age_days=age_days, **terms).case.value


SCENES: dict[str, Scene] = {
    **{
        f"outcome {number}, {type(outcome).__name__}": partial(what_follows, outcome)
        for number, outcome in enumerate(_OUTCOMES)
    },
    "returns": lambda: [
        _returned("R01", 1, 180),
        _returned("R09"),
        _returned("R01", 2),
        _returned("R01", 0, 181),
        _returned("R02"),
    ],
    "returns under other terms": lambda: [
        _returned("R03", 0, 10, terms=_ONCE),
        _returned("R03", 1, terms=_ONCE),
        _returned("R03", 0, 11, terms=_ONCE),
        _returned("R01", terms=_ONCE),
        what_follows(Returned("R03"), terms=attrs.evolve(_ONCE, return_retry_days=0)).case.value,
    ],
    "something else than an outcome": lambda: untyped(what_follows)("succeeded"),
    "the type of an outcome": lambda: untyped(what_follows)(Succeeded),
    "what is granted": lambda: [
        f"{row.case.value}: {', '.join(purpose.value for purpose in Purpose if row.grants(purpose)) or 'nothing'}"
        for row in CONSEQUENCES.values()
    ],
    "what is left owed": lambda: [
        f"{row.case.value}: {', '.join(purpose.value for purpose in Purpose if row.leaves_owed(purpose)) or 'nothing'}"
        for row in CONSEQUENCES.values()
    ],
    "nothing captured": lambda: Succeeded(usd("0.00")),
    "less than nothing captured": lambda: Succeeded(usd("-1.00")),
    "a micro captured": lambda: Succeeded(Money(1, "USD")),
    "something else captured": lambda: untyped(outcomes.captured_amount)("captured", "1.00"),
}
