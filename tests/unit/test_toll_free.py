"""Toll-free lines by example: every state and event, the license a line takes, and what a line must hold."""

import datetime
import itertools
import pickle
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

import pytest

from licensebill.errors import InvalidValue
from licensebill.ports import (
    LINE_TRANSITIONS,
    LineEvent,
    LineEventRefused,
    LineState,
    NoLineAvailable,
    TollFreeLine,
    cancel_line,
    confirm_line,
    lines_available,
    release_line,
    request_line,
)
from tests.untyped import untyped

DAY = date(2026, 12, 1)
LATER = date(2026, 12, 9)
LAST = date(2027, 2, 28)

REQUESTED = TollFreeLine(id="L1", representative="Ada Lovelace", requested_on=DAY)
ACTIVE = confirm_line(REQUESTED, number="800-555-0199", on=LATER)
LINES = {
    LineState.REQUESTED: REQUESTED,
    LineState.ACTIVE: ACTIVE,
    LineState.CANCELLED: cancel_line(REQUESTED, on=LATER),
    LineState.RELEASED: release_line(ACTIVE, on=LAST),
}
EVENTS: dict[LineEvent, Callable[[TollFreeLine], TollFreeLine]] = {
    LineEvent.CONFIRM: lambda line: confirm_line(line, number="800-555-0199", on=LAST),
    LineEvent.CANCEL: lambda line: cancel_line(line, on=LAST),
    LineEvent.RELEASE: lambda line: release_line(line, on=LAST),
}
ALLOWED = {
    (LineState.REQUESTED, LineEvent.CONFIRM): LineState.ACTIVE,
    (LineState.REQUESTED, LineEvent.CANCEL): LineState.CANCELLED,
    (LineState.ACTIVE, LineEvent.RELEASE): LineState.RELEASED,
}


def test_table_names_every_state_and_event() -> None:
    """No pair is left open, and nothing else is in the table."""
    assert set(LINE_TRANSITIONS) == set(itertools.product(LineState, LineEvent))


@pytest.mark.parametrize(("state", "event"), list(itertools.product(LineState, LineEvent)))
def test_every_state_meets_every_event(state: LineState, event: LineEvent) -> None:
    """Each pair leads where the table says, or is refused with a message of what is possible."""
    line = LINES[state]
    assert line.state is state
    if (state, event) in ALLOWED:
        assert EVENTS[event](line).state is ALLOWED[state, event] is LINE_TRANSITIONS[state, event]
    else:
        assert LINE_TRANSITIONS[state, event] is None
        with pytest.raises(LineEventRefused, match=rf"L1 cannot be {event.value}: it is {state.value}; .* \(PRT-6\)"):
            EVENTS[event](line)


@pytest.mark.parametrize(
    ("state", "event", "message"),
    [
        (
            LineState.REQUESTED,
            LineEvent.RELEASE,
            "the toll-free line L1 cannot be released: it is requested; it can be confirmed or cancelled (PRT-6)",
        ),
        (
            LineState.ACTIVE,
            LineEvent.CANCEL,
            "the toll-free line L1 cannot be cancelled: it is active; it can be released (PRT-6)",
        ),
        (
            LineState.RELEASED,
            LineEvent.CONFIRM,
            "the toll-free line L1 cannot be confirmed: it is released; request a new line (PRT-6)",
        ),
    ],
)
def test_refused_event_says_what_is_possible(state: LineState, event: LineEvent, message: str) -> None:
    """The message names the line, its state and the way on; the error survives pickling."""
    with pytest.raises(LineEventRefused) as refused:
        EVENTS[event](LINES[state])
    error = refused.value
    assert str(error) == message
    assert (error.code, error.rule) == ("line_event_refused", "PRT-6")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - ours


def test_line_keeps_its_days_and_its_number() -> None:
    """Each event adds to the line what it brings and changes nothing else."""
    assert LINES[LineState.RELEASED] == TollFreeLine(
        id="L1",
        representative="Ada Lovelace",
        requested_on=DAY,
        state=LineState.RELEASED,
        number="800-555-0199",
        confirmed_on=LATER,
        ended_on=LAST,
    )
    assert LINES[LineState.CANCELLED].ended_on == LATER


@pytest.mark.parametrize(
    ("state", "holds"),
    [
        (LineState.REQUESTED, True),
        (LineState.ACTIVE, True),
        (LineState.CANCELLED, False),
        (LineState.RELEASED, False),
    ],
)
def test_license_is_taken_from_request_to_end(state: LineState, holds: bool) -> None:
    """A line that was requested or is active takes a license; one that ended does not."""
    lines = [LINES[state]]
    assert lines_available(lines, 1) == 1 - holds
    if holds:
        with pytest.raises(NoLineAvailable):
            request_line(lines, owned=1, id="L2", representative="Ada Lovelace", on=LAST)
    else:
        new = request_line(lines, owned=1, id="L2", representative="Ada Lovelace", on=LAST)
        assert new == TollFreeLine(id="L2", representative="Ada Lovelace", requested_on=LAST)


@pytest.mark.parametrize(("owned", "available"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2)])
def test_lines_available(owned: int, available: int) -> None:
    """What is owned less what is taken, never below zero."""
    lines = [REQUESTED, TollFreeLine(id="L2", representative="Ada Lovelace", requested_on=DAY)]
    assert lines_available(lines, owned) == available
    if available:
        assert request_line(lines, owned=owned, id="L3", representative="Ada", on=DAY).state is LineState.REQUESTED
        return
    with pytest.raises(NoLineAvailable) as refused:
        request_line(lines, owned=owned, id="L3", representative="Ada", on=DAY)
    assert (refused.value.owned, refused.value.taken) == (owned, 2)


def test_no_line_available_says_what_to_do() -> None:
    """The message names both numbers and the ways out; the error survives pickling."""
    error = NoLineAvailable(1, 2)
    assert str(error) == (
        "cannot request a toll-free line: 2 requested or active, Toll-free Number licenses that stay owned: 1; "
        "purchase a license, or release or cancel a line (PRT-6)"
    )
    assert (error.code, error.rule) == ("no_line_available", "PRT-6")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - ours


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"lines": [REQUESTED], "id": "L1", "owned": 5}, "lines"),
        ({"lines": [REQUESTED, REQUESTED], "owned": 5}, "lines"),
        ({"lines": ["L0"]}, "lines[0]"),
        ({"lines": None}, "lines"),
        ({"owned": -1}, "owned"),
        ({"owned": True}, "owned"),
        ({"id": ""}, "id"),
        ({"id": "4111 1111 1111 1111"}, "id"),
        ({"representative": " "}, "representative"),
        ({"representative": None}, "representative"),
        ({"on": datetime.datetime(2026, 12, 1, tzinfo=UTC)}, "requested_on"),
    ],
)
def test_request_refuses(changed: dict[str, Any], place: str) -> None:
    """Ids are the line's own, names are names, days are days."""
    arguments = {"lines": [], "owned": 1, "id": "L9", "representative": "Ada Lovelace", "on": DAY, **changed}
    with pytest.raises(InvalidValue) as refused:
        request_line(arguments.pop("lines"), **arguments)
    assert refused.value.place == place
    assert "4111" not in str(refused.value)


@pytest.mark.parametrize(("lines", "owned"), [([None], 1), ([REQUESTED, REQUESTED], 1), (7, 1), ([], -1), ([], 1.0)])
def test_lines_available_refuses(lines: object, owned: object) -> None:
    """Lines are lines, each but once, and licenses whole."""
    with pytest.raises(InvalidValue):
        untyped(lines_available)(lines, owned)


@pytest.mark.parametrize(
    ("attempt", "place"),
    [
        (lambda: confirm_line(REQUESTED, number="", on=LATER), "number"),
        (lambda: untyped(confirm_line)(REQUESTED, number=None, on=LATER), "number"),
        (lambda: confirm_line(REQUESTED, number="800-555-0199", on=DAY - timedelta(days=1)), "confirmed_on"),
        (lambda: untyped(confirm_line)(REQUESTED, number="800-555-0199", on=None), "on"),
        (lambda: cancel_line(REQUESTED, on=DAY - timedelta(days=1)), "ended_on"),
        (lambda: untyped(cancel_line)(REQUESTED, on="2026-12-01"), "on"),
        (lambda: release_line(ACTIVE, on=LATER - timedelta(days=1)), "ended_on"),
        (lambda: release_line(ACTIVE, on=datetime.datetime(2026, 12, 1, 9, tzinfo=UTC)), "on"),
        (lambda: untyped(cancel_line)(None, on=DAY), "line"),
    ],
)
def test_event_refuses(attempt: Callable[[], TollFreeLine], place: str) -> None:
    """A hook-up has its number, and no event lies before the one it follows."""
    with pytest.raises(InvalidValue) as refused:
        attempt()
    assert refused.value.place == place


def test_events_may_follow_on_the_same_day() -> None:
    """A line can be requested, confirmed and released on one day."""
    confirmed = confirm_line(REQUESTED, number="800-555-0199", on=DAY)
    assert release_line(confirmed, on=DAY).ended_on == DAY
    assert cancel_line(REQUESTED, on=DAY).ended_on == DAY


@pytest.mark.parametrize("state", LineState)
@pytest.mark.parametrize("present", list(itertools.product([False, True], repeat=3)))
def test_fields_go_with_the_state(state: LineState, present: tuple[bool, bool, bool]) -> None:
    """A number and its day from the hook-up on, an end for what has ended, and nothing else can be built."""
    values = ("800-555-0199", LATER, LAST)
    given = [value if there else None for value, there in zip(values, present, strict=True)]
    fields: dict[str, Any] = dict(zip(("number", "confirmed_on", "ended_on"), given, strict=True))
    hooked_up = state in {LineState.ACTIVE, LineState.RELEASED}
    ended = state in {LineState.CANCELLED, LineState.RELEASED}
    if present == (hooked_up, hooked_up, ended):
        assert TollFreeLine(id="L1", representative="Ada", requested_on=DAY, state=state, **fields).state is state
    else:
        with pytest.raises(InvalidValue, match=rf"be given: the line is {state.value}"):
            TollFreeLine(id="L1", representative="Ada", requested_on=DAY, state=state, **fields)


def test_state_is_a_state() -> None:
    """The word for a state is not the state."""
    with pytest.raises(InvalidValue, match="state: must be a LineState"):
        TollFreeLine(id="L1", representative="Ada", requested_on=DAY, state="requested")  # type: ignore[arg-type]
