"""Explanation: one figure, the rules it comes from, and the numbers that were put in (BIL-5).

Every result value of the library builds its own tree from the fields it already holds; nothing is computed a second
time and nothing is built until it is asked for. A tree can be read by people (`as_text`) and by programs
(`as_data`), and recomputed: `working` is plain arithmetic over the exact numbers, in a grammar small enough to be
evaluated by anyone:

    numbers, + - * /, parentheses, max(a, b), min(a, b), ceil(x), floor(x)
    round(x, n)     half up, away from zero, to n decimals

This module knows no rule and no money: values arrive as text with a unit beside them.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Protocol

import attrs

from licensebill._checks import each_of, whole


@attrs.frozen
class Input:
    """A number that was put in: measured, agreed or asked for, not computed here.

    Args:
        name: what it is, in the rules' words ("used", "floor").
        value: the exact value as text.
        unit: "bytes", "licenses", "USD"; empty for words and dates.
        origin: where it comes from, if that is known ("reading of 2026-12-01", "contract 2026-17, since 2026-01-01").
    """

    name: str
    value: str
    unit: str = ""
    origin: str = ""


@attrs.frozen(kw_only=True)
class Explanation:
    """One figure and why it is what it is.

    Args:
        figure: what is explained ("storage fee").
        value: the figure as text ("30.00"), or the decision in words ("not due").
        unit: the value's unit; empty for words.
        rules: ids of the rules that were applied, the governing one first.
        because: the reason as one or more sentences with the numbers put in.
        working: the arithmetic that gives `value`, in the grammar of this module; empty for a decision in words.
        inputs: the numbers that were put in.
        parts: explanations of the figures that this one was derived from.

    Source: BIL-5.
    """

    figure: str
    value: str
    unit: str = ""
    rules: tuple[str, ...] = ()
    because: str = ""
    working: str = ""
    inputs: tuple[Input, ...] = ()
    parts: tuple["Explanation", ...] = ()

    def walk(self) -> Iterator["Explanation"]:
        """This explanation and every one below it, from the top down."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def as_text(self, indent: int = 0) -> str:
        """The tree as indented plain text, two blanks a level, without a line break at the end.

        Example:
            >>> used = Input("used", "500000000", "bytes", "reading of 2026-12-01")
            >>> fee = Explanation(figure="storage fee", value="30.00", unit="USD", rules=("STO-2",),
            ...     because="1 gigabyte is started.", working="1 * 30.00", inputs=(used,))
            >>> print(fee.as_text())
            storage fee: 30.00 USD [STO-2]
              1 gigabyte is started.
              = 1 * 30.00
              used: 500000000 bytes (reading of 2026-12-01)
        """
        whole("indent", indent)
        rules = f" [{', '.join(self.rules)}]" if self.rules else ""
        lines = [f"{self.figure}: {measured(self.value, self.unit)}{rules}"]
        lines += (f"  {line}" for line in self.because.splitlines())
        if self.working:
            lines.append(f"  = {self.working}")
        for given in self.inputs:
            origin = f" ({given.origin})" if given.origin else ""
            lines.append(f"  {given.name}: {measured(given.value, given.unit)}{origin}")
        own = "\n".join(" " * indent + line for line in lines)
        return "\n".join([own, *(part.as_text(indent + 2) for part in self.parts)])

    def as_data(self) -> dict[str, Any]:
        """The tree as plain dicts, lists and texts, ready for JSON; every key is always there."""
        return {
            "figure": self.figure,
            "value": self.value,
            "unit": self.unit,
            "rules": list(self.rules),
            "because": self.because,
            "working": self.working,
            "inputs": [attrs.asdict(given) for given in self.inputs],
            "parts": [part.as_data() for part in self.parts],
        }


class Explained(Protocol):
    """A result that can say where it comes from."""

    def explanation(self) -> Explanation:
        """The tree of this figure."""


# --- numbers in words ---------------------------------------------------------------------------------------------


def many(count: int | Fraction, what: str) -> str:
    """A number with what is counted, in the plural unless it is one.

    Source: BIL-5.

    Example:
        >>> many(1, "day"), many(0, "day")
        ('1 day', '0 days')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def added(amounts: Iterable[str]) -> str:
    """The working of a sum: the amounts as text, those below zero taken away; "0" where there are none.

    Source: BIL-5.

    Example:
        >>> added(["30.00", "-12.00", "5.00"]), added([])
        ('30.00 - 12.00 + 5.00', '0')
    """
    return " + ".join(each_of("amounts", amounts, str)).replace("+ -", "- ") or "0"


def measured(value: str, unit: str) -> str:
    """A value with its unit, if there is one; a plural such as "licenses" is told in the singular for 1.

    Source: BIL-5.

    Example:
        >>> measured("1", "licenses"), measured("30.00", "USD"), measured("not due", "")
        ('1 license', '30.00 USD', 'not due')
    """
    return f"{value} {unit.removesuffix('s') if value == '1' else unit}" if unit else value
