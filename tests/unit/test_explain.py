"""The tree of an explanation, as people and programs read it."""

import copy
import json
import pickle
from fractions import Fraction
from typing import Any

import attrs
import pytest

from licensebill.explain import Explanation, Input, many, measured
from tests.working import mistakes

USERS = Input("users", "8", "users", "stated by the caller")
USED = Input("used", "1200000000", "bytes", "reading of 2026-12-01")
ALLOWANCE = Explanation(
    figure="allowance",
    value="400",
    unit="megabytes",
    rules=("STO-1",),
    because="250 megabytes for five users and 50 for each of 3 more.",
    working="250 + max(8 - 5, 0) * 50",
    inputs=(USERS,),
)
STARTED = Explanation(
    figure="gigabytes started", value="2", rules=("STO-2", "STO-3"), working="ceil(1.2)", inputs=(USED,)
)
FEE = Explanation(
    figure="storage fee",
    value="60.00",
    unit="USD",
    rules=("STO-2",),
    because="2 gigabytes are started.",
    working="2 * 30.00",
    inputs=(Input("price", "30.00", "USD"),),
    parts=(ALLOWANCE, STARTED),
)
BILL = Explanation(figure="bill", value="due", parts=(FEE,))


def test_as_text() -> None:
    """Each figure has its reason, arithmetic, inputs and parts below it, two blanks further in a level."""
    assert BILL.as_text().split("\n") == [
        "bill: due",
        "  storage fee: 60.00 USD [STO-2]",
        "    2 gigabytes are started.",
        "    = 2 * 30.00",
        "    price: 30.00 USD",
        "    allowance: 400 megabytes [STO-1]",
        "      250 megabytes for five users and 50 for each of 3 more.",
        "      = 250 + max(8 - 5, 0) * 50",
        "      users: 8 users (stated by the caller)",
        "    gigabytes started: 2 [STO-2, STO-3]",
        "      = ceil(1.2)",
        "      used: 1200000000 bytes (reading of 2026-12-01)",
    ]


def test_as_text_of_the_least() -> None:
    """A decision in words is one line; an input without unit and origin is its name and value."""
    assert Explanation(figure="storage fee", value="not due").as_text() == "storage fee: not due"
    stated = Explanation(figure="storage fee", value="0.00", unit="USD", inputs=(Input("policy", "GUIDE"),))
    assert stated.as_text() == "storage fee: 0.00 USD\n  policy: GUIDE"


def test_as_text_indented() -> None:
    """The whole tree can be set in, to stand below a line of a report."""
    assert BILL.as_text(4).splitlines() == [f"    {line}" for line in BILL.as_text().splitlines()]


def test_as_data() -> None:
    """Every key is always there, and everything is of the kinds that JSON has."""
    assert STARTED.as_data() == {
        "figure": "gigabytes started",
        "value": "2",
        "unit": "",
        "rules": ["STO-2", "STO-3"],
        "because": "",
        "working": "ceil(1.2)",
        "inputs": [{"name": "used", "value": "1200000000", "unit": "bytes", "origin": "reading of 2026-12-01"}],
        "parts": [],
    }
    assert json.loads(json.dumps(BILL.as_data())) == BILL.as_data()


def test_as_data_says_everything() -> None:
    """The data hold all that the tree holds: the tree can be built from them again."""

    def built(data: dict[str, Any]) -> Explanation:
        inputs = tuple(Input(**given) for given in data["inputs"])
        parts = tuple(map(built, data["parts"]))
        return Explanation(**{**data, "rules": tuple(data["rules"]), "inputs": inputs, "parts": parts})

    assert built(BILL.as_data()) == BILL


def test_walk() -> None:
    """The tree is walked from the top down, each part before the next."""
    assert list(BILL.walk()) == [BILL, FEE, ALLOWANCE, STARTED]


def test_recomputed() -> None:
    """Every working gives its value."""
    assert mistakes(BILL) == []


@pytest.mark.parametrize("value", [BILL, USED])
def test_values(value: Explanation | Input) -> None:
    """Explanations and inputs are values: they do not change, and a copy equals the original."""
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):  # noqa: S301 - ours
        assert again == value
        assert hash(again) == hash(value)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.value = "0"  # type: ignore[misc]


def test_fields_are_named() -> None:
    """An explanation's texts cannot be mixed up by their order."""
    with pytest.raises(TypeError):
        Explanation("storage fee", "60.00", "USD")  # type: ignore[call-arg]


@pytest.mark.parametrize(("count", "words"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (Fraction(3, 2), "3/2 days")])
def test_counts_in_words(count: int | Fraction, words: str) -> None:
    """One is singular, everything else plural."""
    assert many(count, "day") == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [("1", "licenses", "1 license"), ("10", "licenses", "10 licenses"), ("1", "USD", "1 USD"), ("never", "", "never")],
)
def test_values_in_words(value: str, unit: str, words: str) -> None:
    """A unit in the plural is told in the singular for one."""
    assert measured(value, unit) == words
