"""Toll-free lines: what a request, a confirmation, a cancellation and a release give, and what is refused."""

from datetime import date
from functools import partial
from typing import Any

import attrs

from licensebill import toll_free
from licensebill.toll_free import TollFreeLine
from tests.scenes import Scene
from tests.untyped import untyped

_DAY = date(2026, 12, 1)
_LATER = date(2026, 12, 9)
_REQUESTED = TollFreeLine(id="L1", representative="Ada Lovelace", requested_on=_DAY)
_ACTIVE = toll_free.confirm_line(_REQUESTED, number="800-555-0199", on=_LATER)
_CANCELLED = toll_free.cancel_line(_REQUESTED, on=_LATER)
_RELEASED = toll_free.release_line(_ACTIVE, on=_LATER)
_STATES = {"requested": _REQUESTED, "active": _ACTIVE, "cancelled": _CANCELLED, "released": _RELEASED}
_EVENTS = {
    "confirm": partial(toll_free.confirm_line, number="800-555-0142", on=_LATER),
    "cancel": partial(toll_free.cancel_line, on=_LATER),
    "release": partial(toll_free.release_line, on=_LATER),
}


def _request(*lines: Any, owned: int = 1, **changed: Any) -> TollFreeLine:
    """A request beside some lines."""
    given = {"id": "L2", "representative": "Grace Hopper", "on": _DAY} | changed
    return untyped(toll_free.request_line)(lines, owned=owned, **given)


SCENES: dict[str, Scene] = {
    "a request": _request,
    "a request beside ended lines": lambda: _request(_CANCELLED, attrs.evolve(_RELEASED, id="L3")),
    "a request without a license": lambda: _request(owned=0),
    "a request beside a requested line": lambda: _request(_REQUESTED),
    "a request beside two lines": lambda: _request(_REQUESTED, attrs.evolve(_ACTIVE, id="L3"), owned=2),
    "a request under an id that is taken": lambda: _request(_RELEASED, id="L1"),
    "a request beside something else": lambda: _request(_ACTIVE, "L1"),
    "lines available": lambda: toll_free.lines_available([_REQUESTED, attrs.evolve(_RELEASED, id="L3")], 3),
    "no line available": lambda: toll_free.lines_available([_REQUESTED, attrs.evolve(_ACTIVE, id="L3")], 1),
    "available beside something else": lambda: untyped(toll_free.lines_available)([_ACTIVE, "L1"], 1),
    "available beside one line twice": lambda: toll_free.lines_available([_REQUESTED, _ACTIVE], 1),
    **{
        f"{name} a line that is {state}": partial(event, line)
        for state, line in _STATES.items()
        for name, event in _EVENTS.items()
    },
    "confirmed before the request": lambda: toll_free.confirm_line(_REQUESTED, number="8", on=date(2026, 11, 30)),
    "cancelled before the request": lambda: toll_free.cancel_line(_REQUESTED, on=date(2026, 11, 30)),
    "released before the confirmation": lambda: toll_free.release_line(_ACTIVE, on=date(2026, 12, 8)),
    "active without a number": lambda: attrs.evolve(_ACTIVE, number=None),
    "active without a day": lambda: attrs.evolve(_ACTIVE, confirmed_on=None),
    "active with an end": lambda: attrs.evolve(_ACTIVE, ended_on=_LATER),
    "requested with a number": lambda: attrs.evolve(_REQUESTED, number="800-555-0199"),
    "requested with a day": lambda: attrs.evolve(_REQUESTED, confirmed_on=_LATER),
    "cancelled without an end": lambda: attrs.evolve(_CANCELLED, ended_on=None),
}
