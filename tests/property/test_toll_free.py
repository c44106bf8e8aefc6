"""Toll-free lines by law: the table decides, and lines never take more licenses than are owned."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from licensebill.strategies import days, toll_free_lines

_SMALL = st.integers(0, 12)


def _happen(line: TollFreeLine, event: LineEvent, on: date) -> TollFreeLine:
    if event is LineEvent.CONFIRM:
        return confirm_line(line, number="800-555-0199", on=on)
    return cancel_line(line, on=on) if event is LineEvent.CANCEL else release_line(line, on=on)


class TestTollFreeLines:
    """PRT-6: a license must be available; active once the hook-up is confirmed."""

    @given(toll_free_lines(), st.sampled_from(LineEvent), st.integers(0, 1_000))
    def test_every_line_meets_every_event(self, line: TollFreeLine, event: LineEvent, later: int) -> None:
        """The table decides: the state it names, or a refusal; nothing else can happen."""
        last = max(filter(None, (line.requested_on, line.confirmed_on, line.ended_on)))
        target = LINE_TRANSITIONS[line.state, event]
        if target is None:
            with pytest.raises(LineEventRefused):
                _happen(line, event, last + timedelta(later))
        else:
            assert _happen(line, event, last + timedelta(later)).state is target

    @given(_SMALL, st.lists(st.tuples(st.sampled_from([None, *LineEvent]), _SMALL), max_size=20), days())
    def test_lines_never_take_more_than_is_owned(
        self, owned: int, history: list[tuple[LineEvent | None, int]], on: date
    ) -> None:
        """Whatever is requested and happens, what is taken and what is available add up to what is owned."""
        lines: list[TollFreeLine] = []
        for event, position in history:
            if event is None:
                if lines_available(lines, owned):
                    name = f"line-{len(lines)}"
                    lines.append(request_line(lines, owned=owned, id=name, representative="Ada Lovelace", on=on))
                else:
                    with pytest.raises(NoLineAvailable):
                        request_line(lines, owned=owned, id="another", representative="Ada Lovelace", on=on)
            elif position < len(lines) and LINE_TRANSITIONS[lines[position].state, event]:
                lines[position] = _happen(lines[position], event, on)
            taken = sum(line.state in {LineState.REQUESTED, LineState.ACTIVE} for line in lines)
            assert taken + lines_available(lines, owned) == owned

    def test_no_event_leads_back(self) -> None:
        """Every path ends: no state is reached twice."""
        order = [LineState.REQUESTED, LineState.ACTIVE, LineState.CANCELLED, LineState.RELEASED]
        for state, event in itertools.product(LineState, LineEvent):
            target = LINE_TRANSITIONS[state, event]
            assert target is None or order.index(target) > order.index(state)
