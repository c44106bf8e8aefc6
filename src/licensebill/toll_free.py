"""Toll-free lines: from the request through the service representative to the end, as a table (PRT-6).

A license is the right to one line. Every state and event stands in `LINE_TRANSITIONS`; each function below is one event
and gives a new line. How many licenses are owned comes in as a number; keeping the lines is up to the caller. The
names of this module are passed on by `ports`.
"""

import enum
from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

import attrs

from licensebill._checks import cardless_text, checked, day, distinct, instance, whole
from licensebill.errors import InvalidValue, RuleViolation


class LineState(enum.Enum):
    """Where a toll-free line stands (PRT-6)."""

    REQUESTED = "requested"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    RELEASED = "released"


class LineEvent(enum.Enum):
    """What happens to a toll-free line after its request (PRT-6)."""

    CONFIRM = "confirmed"
    CANCEL = "cancelled"
    RELEASE = "released"


#: Every state and event of a toll-free line: the state it leads to, or None where it is refused.
LINE_TRANSITIONS: Mapping[tuple[LineState, LineEvent], LineState | None] = {
    (LineState.REQUESTED, LineEvent.CONFIRM): LineState.ACTIVE,
    (LineState.REQUESTED, LineEvent.CANCEL): LineState.CANCELLED,
    (LineState.REQUESTED, LineEvent.RELEASE): None,
    (LineState.ACTIVE, LineEvent.CONFIRM): None,
    (LineState.ACTIVE, LineEvent.CANCEL): None,
    (LineState.ACTIVE, LineEvent.RELEASE): LineState.RELEASED,
    (LineState.CANCELLED, LineEvent.CONFIRM): None,
    (LineState.CANCELLED, LineEvent.CANCEL): None,
    (LineState.CANCELLED, LineEvent.RELEASE): None,
    (LineState.RELEASED, LineEvent.CONFIRM): None,
    (LineState.RELEASED, LineEvent.CANCEL): None,
    (LineState.RELEASED, LineEvent.RELEASE): None,
}
_HOLDING = frozenset({LineState.REQUESTED, LineState.ACTIVE})
# which of number, confirmed_on and ended_on a line has
_FILLED = {
    LineState.REQUESTED: (),
    LineState.ACTIVE: ("number", "confirmed_on"),
    LineState.CANCELLED: ("ended_on",),
    LineState.RELEASED: ("number", "confirmed_on", "ended_on"),
}


@attrs.frozen
class NoLineAvailable(RuleViolation):
    """Every Toll-free Number license is taken by a line requested or active."""

    code: ClassVar[str] = "no_line_available"
    rule: ClassVar[str] = "PRT-6"

    owned: int
    taken: int

    def __str__(self) -> str:
        return (
            f"cannot request a toll-free line: {self.taken} requested or active, Toll-free Number licenses that stay "
            f"owned: {self.owned}; purchase a license, or release or cancel a line (PRT-6)"
        )


@attrs.frozen
class LineEventRefused(RuleViolation):
    """Something that cannot happen to a toll-free line in its state."""

    code: ClassVar[str] = "line_event_refused"
    rule: ClassVar[str] = "PRT-6"

    id: str
    event: str
    state: str
    possible: tuple[str, ...]

    def __str__(self) -> str:
        accepted = f"it can be {' or '.join(self.possible)}" if self.possible else "request a new line"
        return f"the toll-free line {self.id} cannot be {self.event}: it is {self.state}; {accepted} (PRT-6)"


_optional = attrs.validators.optional


@attrs.frozen(kw_only=True)
class TollFreeLine:
    """A toll-free line, from its request to its end.

    Args:
        id: the caller's own.
        representative: the service representative who was asked to hook it up.
        requested_on: the day of the request.
        state: where it stands.
        number: the toll-free number, once hooked up.
        confirmed_on: the day the hook-up was confirmed.
        ended_on: the day it was cancelled or released.

    Raises:
        InvalidValue: fields that do not go with the state, or days out of order.

    Source: PRT-6.
    """

    id: str = attrs.field(validator=checked(cardless_text))
    representative: str = attrs.field(validator=checked(cardless_text))
    requested_on: date = attrs.field(validator=checked(day))
    state: LineState = attrs.field(default=LineState.REQUESTED, validator=checked(instance, LineState))
    number: str | None = attrs.field(default=None, validator=_optional(checked(cardless_text)))
    confirmed_on: date | None = attrs.field(default=None, validator=_optional(checked(day)))
    ended_on: date | None = attrs.field(default=None, validator=_optional(checked(day)))

    def __attrs_post_init__(self) -> None:
        for name in ("number", "confirmed_on", "ended_on"):
            expected = name in _FILLED[self.state]
            if (getattr(self, name) is not None) is not expected:
                raise InvalidValue(name, f"must{'' if expected else ' not'} be given: the line is {self.state.value}")
        last = self.requested_on
        for name in ("confirmed_on", "ended_on"):
            on = getattr(self, name) or last
            if on < last:
                raise InvalidValue(name, f"must not be before {last}, not {on}")
            last = on


def lines_available(lines: Sequence[TollFreeLine], owned: int) -> int:
    """How many more toll-free lines can be requested.

    A line takes a license from its request until it is cancelled or released.

    Args:
        lines: all lines of the account, ended ones too.
        owned: Toll-free Number licenses owned.

    Returns:
        lines; never below zero.

    Raises:
        InvalidValue: something else than lines, an id twice, or a number that is negative or not whole.

    Source: PRT-6.
    """
    return max(whole("owned", owned) - _lines_taken(lines), 0)


def _lines_taken(lines: Sequence[TollFreeLine]) -> int:
    for position, line in enumerate(instance("lines", lines, Sequence)):  # type: ignore[type-abstract]
        instance(f"lines[{position}]", line, TollFreeLine)
    distinct("lines", [line.id for line in lines], "the line")
    return sum(line.state in _HOLDING for line in lines)


def request_line(lines: Sequence[TollFreeLine], *, owned: int, id: str, representative: str, on: date) -> TollFreeLine:  # noqa: A002
    """A new toll-free line, asked for through the service representative; a license must be available.

    Args:
        lines: all lines of the account, ended ones too.
        owned: Toll-free Number licenses owned.
        id: the caller's own, of no other line.
        representative: the service representative who was asked.
        on: the day of the request.

    Returns:
        the new line; it is not among `lines` yet.

    Raises:
        NoLineAvailable: as many lines are requested or active as licenses are owned.
        InvalidValue: an id that another line has, or arguments of the wrong kind.

    Source: PRT-6.

    Example:
        >>> line = request_line([], owned=1, id="L1", representative="Ada Lovelace", on=date(2026, 12, 1))
        >>> confirm_line(line, number="800-555-0199", on=date(2026, 12, 9)).state
        <LineState.ACTIVE: 'active'>
        >>> request_line([line], owned=1, id="L2", representative="Ada Lovelace", on=date(2026, 12, 2))
        Traceback (most recent call last):
        licensebill.toll_free.NoLineAvailable: cannot request a toll-free line: 1 ...
    """
    line = TollFreeLine(id=id, representative=representative, requested_on=on)
    taken = _lines_taken([*instance("lines", lines, Sequence), line]) - 1  # type: ignore[type-abstract]
    if taken >= whole("owned", owned):
        raise NoLineAvailable(owned, taken)
    return line


def confirm_line(line: TollFreeLine, *, number: str, on: date) -> TollFreeLine:
    """The line once its hook-up is confirmed: active, with its number.

    Raises:
        LineEventRefused: it is not requested.
        InvalidValue: no number, or a day before the request.

    Source: PRT-6.
    """
    return attrs.evolve(line, state=_next(line, LineEvent.CONFIRM), number=number, confirmed_on=day("on", on))


def cancel_line(line: TollFreeLine, *, on: date) -> TollFreeLine:
    """The line after its request was withdrawn; its license is available again.

    Raises:
        LineEventRefused: it is not requested; an active line is released.
        InvalidValue: a day before the request.

    Source: PRT-6.
    """
    return attrs.evolve(line, state=_next(line, LineEvent.CANCEL), ended_on=day("on", on))


def release_line(line: TollFreeLine, *, on: date) -> TollFreeLine:
    """The line after it was given up; its license is available again.

    Raises:
        LineEventRefused: it is not active; a request is cancelled.
        InvalidValue: a day before the confirmation.

    Source: PRT-6.
    """
    return attrs.evolve(line, state=_next(line, LineEvent.RELEASE), ended_on=day("on", on))


def _next(line: TollFreeLine, event: LineEvent) -> LineState:
    state = LINE_TRANSITIONS[instance("line", line, TollFreeLine).state, event]
    if state is None:
        possible = tuple(other.value for other in LineEvent if LINE_TRANSITIONS[line.state, other])
        raise LineEventRefused(line.id, event.value, line.state.value, possible)
    return state
