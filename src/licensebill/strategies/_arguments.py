"""Arguments: what every strategy asks of what it is made with.

Hypothesis runs the body of a composite strategy when it is drawn from, and not when it is made: a wrong argument would
come to light inside of it, far from the call that is wrong, or only in some of the examples.
"""

import functools
import inspect
from collections.abc import Callable
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

from hypothesis import strategies as st

from licensebill._checks import cardless_text, day, instance, whole
from licensebill.accounts import Account
from licensebill.errors import InvalidValue, shown
from licensebill.ledger import Intent
from licensebill.money import decimals
from licensebill.terms import Catalog

#: Contracts, cards and usage reach some years to either side of a day.
_FIRST_YEAR, _LAST_YEAR, _LONGEST = 100, 9_900, 36_000
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _of(kind: type) -> Callable[[str, Any], object]:
    return lambda place, value: instance(place, value, kind)


def _currency(_: str, value: str) -> object:
    return decimals(value)


def day_with_room(place: str, value: object) -> date:
    """A calendar day with years before it and after it, for what is drawn beside it."""
    checked = day(place, value)
    if not _FIRST_YEAR <= checked.year <= _LAST_YEAR:
        raise InvalidValue(place, f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}, not {shown(checked)}")
    return checked


def _longest(place: str, value: object) -> object:
    return whole(place, value, 0, _LONGEST)


def _at_least_one(place: str, value: object) -> object:
    return whole(place, value, 1)


#: By the name of the argument, which means the same wherever it occurs.
_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "account": _of(Account),
    "before": day_with_room,
    "catalog": _of(Catalog),
    "charge": _of(Intent),
    "currency": _currency,
    "high": whole,
    "id": cardless_text,
    "is_open": _of(bool),
    "is_valid": _of(bool),
    "longest": _longest,
    "may_cancel": _of(bool),
    "most": _at_least_one,
    "on": day_with_room,
    "since": day_with_room,
    "values": _of(st.SearchStrategy),
}


def composite(function: Callable[Concatenate[st.DrawFn, _P], _T]) -> Callable[_P, st.SearchStrategy[_T]]:
    """A strategy of several draws, whose arguments are checked when it is made; one that may be None may stay so."""
    made = st.composite(function)
    shape = inspect.signature(made)
    optional = {name for name, one in shape.parameters.items() if one.default is None}

    @functools.wraps(made)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> st.SearchStrategy[_T]:
        for name, value in shape.bind(*args, **kwargs).arguments.items():
            if value is not None or name not in optional:
                _CHECKS[name](name, value)
        return made(*args, **kwargs)

    return checked
