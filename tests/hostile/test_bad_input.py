"""Whatever is put in where something else belongs: a typed error that names the place, at once, and nothing changed.

`KINDS` is a list of bad values. Each is tried in place of every single argument of every public function, class and
method (`entries.ENTRIES`, found by looking at the modules), the other arguments as in a call that succeeds. Where the
value is not of the argument's type it must be refused; where it is (-1 is an `int`), it may be accepted, or refused in
the same way.
"""

import datetime
import enum
import importlib
import inspect
import math
import pickle
import sys
import time
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn, TypeVar

import attrs
import pytest
from hypothesis.strategies import SearchStrategy, integers

from licensebill._checks import whole
from licensebill.errors import InvalidValue, LicenseBillError
from licensebill.money import Money
from licensebill.terms import Dated
from tests.hostile.entries import BASE, ENTRIES, GIVEN, MISSING, MODULES, RESULTS, UNCHECKED, Entry

# --- bad values ---------------------------------------------------------------------------------------------------


class Unprintable:
    """Something that must not be shown, compared or asked anything: a guard looks at its type alone."""

    def __repr__(self) -> NoReturn:
        """Fail."""
        raise RuntimeError("a stranger's code was run")

    __str__ = __bool__ = __eq__ = __repr__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Stranger(enum.Enum):
    """An enumeration of nobody here."""

    ONE = 1


def _deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(10_000):
        nested = [nested]
    return nested


def _endless() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


CARD = "4111 1111 1111 1111"
KINDS: dict[str, Any] = {
    "nothing": None,
    "a bool": True,
    "zero": 0,
    "a negative number": -1,
    "2^200": 2**200,
    "-2^200": -(2**200),
    "a float": 1.5,
    "NaN": math.nan,
    "infinity": math.inf,
    "a complex number": 1j,
    "a Decimal": Decimal("1.5"),
    "a Decimal that is no number": Decimal("sNaN"),
    "a Decimal of a million digits": Decimal("1E+1000000"),
    "a fraction": Fraction(1, 3),
    "an amount below zero": Money(-1, "USD"),
    "yen": Money(1_000_000, "JPY"),
    "a number as text": "12",
    "1E+1000000": "1E+1000000",
    "1_000": "1_000",
    "Arabic digits": "٣",
    "100,000 digits": "9" * 100_000,
    "empty text": "",
    "blanks": "  ",
    "NUL": "a\0b",
    "a line break": "a\nb",
    "half a surrogate": "a\ud800",
    "100,000 letters": "x" * 100_000,
    "bytes": b"powerdialer",
    "a card number": CARD,
    "an unknown name": "no_such_thing",
    "a day as text": "2026-12-01",
    "a day": date(2026, 12, 1),
    "the first day": date.min,
    "the last day": date.max,
    "a naive datetime": datetime.datetime(2026, 12, 1),  # noqa: DTZ001 - that is what is wrong with it
    "an aware datetime": datetime.datetime(2026, 12, 1, tzinfo=UTC),
    "an instant beyond the calendar": datetime.datetime.max.replace(tzinfo=datetime.timezone(timedelta(hours=-12))),
    "a duration": timedelta(days=1),
    "a zone": UTC,
    "an empty list": [],
    "a list of nothing": [None],
    "the same twice": ["visa", "visa"],
    "a list within itself": _endless(),
    "a list 10,000 deep": _deep(),
    "an empty tuple": (),
    "a tuple of nothing": (None,),
    "an empty table": {},
    "a table of numbers": {1: 2},
    "a set": {1},
    "a member of another enumeration": Stranger.ONE,
    "nothing by day": Dated.always(None),
    "a type": int,
    "a function": print,
    "an object": object(),
    "an object that cannot be shown": Unprintable(),
}

# --- what is expected ---------------------------------------------------------------------------------------------

#: A refusal takes no longer, in seconds; ten times that where coverage is measured, which slows down every line. Files
#: and texts are read first, and a law calls what it is given and shows what came of it.
LIMIT = 0.01 if sys.gettrace() is None else 0.1
_READ_FIRST = ("codec.", "csv_files.", "documents.", "testing.laws.")
#: Where an error names an argument by another word than the argument's own.
WORDS = {
    "answer": "outcome",
    "checks": "user",
    "count": "minor units",
    "line": "id",
    "amount": "balance",
    "source": "named",
    "start": "standing",
}
#: Arguments that label an error, or bound what is checked: the guards' callers give them, no user does.
LABELS = {"place", "low"}
#: Arguments that are looked at only when they are needed.
LAZY = {
    "charges.newly_opened.charges": "unless a charge is open",
    "readings.counted_reading.cycle_before": "unless the policy is the peak of the cycle before",
}


def fits(value: object, hint: Any) -> bool:  # noqa: C901, PLR0911 - one line for each kind of type
    """Whether a value is of the type that an argument is annotated with; a bool is no int, a datetime no date."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in {Any, object} or isinstance(hint, TypeVar):
        return True
    if isinstance(hint, typing.NewType):
        return fits(value, hint.__supertype__)
    if origin in {typing.Union, types.UnionType}:
        return any(fits(value, one) for one in inner)
    if origin is Callable:
        return callable(value)
    if origin is type:
        return inspect.isclass(value) and issubclass(value, inner[0])
    if hint in {int, date}:
        return type(value) is hint
    if hint is float:
        return type(value) in {int, float}
    if hint is datetime.datetime:
        return isinstance(value, hint) and value.tzinfo is not None
    kind = origin or hint
    if getattr(kind, "_is_protocol", False):
        return all(hasattr(type(value), name) for name in vars(kind) if not name.startswith("_"))
    if not isinstance(value, kind):
        return False
    if not inner:
        return True
    if kind is tuple and inner[-1] is not Ellipsis:
        return len(value) == len(inner) and all(map(fits, value, inner))
    return all(fits(item, inner[0]) for item in _items(value))


def _items(value: Any) -> Iterable[object]:
    return [step.value for step in value.steps] if isinstance(value, Dated) else list(value)


def tried(entry: Entry, argument: str, value: object) -> tuple[Exception | None, float]:
    """What the entry refuses the value with, if it does; and the seconds it took."""
    several = entry.shape.parameters[argument].kind is entry.shape.parameters[argument].VAR_POSITIONAL
    arguments = BASE[entry.name] | {argument: (value,) if several else value}
    start = time.perf_counter()
    try:
        entry(arguments)
    except Exception as refused:  # noqa: BLE001 - whether it may be is what is tested
        return refused, time.perf_counter() - start
    return None, time.perf_counter() - start


def wrong(entry: Entry, argument: str, kind: str) -> str | None:
    """What is wrong with how the entry takes a bad value."""
    value, hint = KINDS[kind], entry.hints[argument]
    is_type = fits(value, hint)
    refused, took = tried(entry, argument, value)
    if refused is None:
        return None if is_type or f"{entry.name}.{argument}" in LAZY else "is accepted"
    if not isinstance(refused, LicenseBillError):
        # a function of the caller's own may fail as it likes, and a law passes its values on to one
        is_theirs = callable(value) or entry.name.startswith("testing.laws.")
        return None if is_type and is_theirs else f"is refused with {type(refused).__name__}"
    said = str(refused)
    if not refused.code or CARD in said:
        return f"has no code, or repeats what could be a card number: {said}"
    named = {argument.split("_", maxsplit=1)[0].removesuffix("s"), WORDS.get(argument, argument)}
    if not is_type and not any(name in said for name in named):
        return f"is refused without naming its place: {said}"
    if took > LIMIT and not entry.name.startswith(_READ_FIRST):
        # a busy machine is slow now and then, and not each time
        took = next((again for _ in range(20) if (again := tried(entry, argument, value)[1]) <= LIMIT), took)
        return f"takes {took:.3f} seconds" if took > LIMIT else None
    return None


def findings(entry: Entry) -> Iterator[str]:
    """Everything wrong with how the entry takes bad values."""
    for argument in entry.hints:
        if argument not in {"self", *LABELS}:
            for kind in KINDS:
                said = wrong(entry, argument, kind)
                if said is not None:
                    yield f"{entry.name}({argument}={kind}) {said}"


# --- the tests ----------------------------------------------------------------------------------------------------


def test_every_entry_is_called_rightly_first() -> None:
    """A public function, class or method that is new needs arguments here, unless those at hand will do."""
    assert MISSING == {}


def test_there_are_many_kinds_of_bad_input() -> None:
    """So that no kind is lost unnoticed."""
    assert len(KINDS) >= 55
    assert len(ENTRIES) > 350


def test_the_tables_name_what_there_is() -> None:
    """No exception outlives what it was made for; and a class that checks a field is no mere result."""
    there = {f"{module.__name__.removeprefix('licensebill.')}.{name}" for module in MODULES for name in vars(module)}
    results = [f"{module}.{name}" for module, names in RESULTS.items() for name in names.split()]
    assert {*results, *(name for name in UNCHECKED if name.count(".") == 1)} <= there
    assert GIVEN.keys() | {name.rpartition(".")[0] for name in LAZY} <= ENTRIES.keys()
    checking = [field.name for name in results for field in attrs.fields(_class(name)) if field.validator is not None]
    assert checking == []


def _class(name: str) -> Any:
    module, _, own = name.rpartition(".")
    return getattr(importlib.import_module(f"licensebill.{module}"), own)


@pytest.mark.parametrize("name", ENTRIES)
def test_bad_input_is_refused(name: str) -> None:
    """With a typed error that names the place, within ten milliseconds; and nothing that was put in has changed."""
    before = _written(BASE[name])
    assert list(findings(ENTRIES[name])) == []
    assert _written(BASE[name]) == before


def _written(arguments: Mapping[str, object]) -> list[str | bytes]:
    """The arguments as they are now: values as they are pickled, tools such as a store or a function by their name."""
    written: list[str | bytes] = []
    for name, value in arguments.items():
        try:
            written.append(pickle.dumps(value))
        except (pickle.PicklingError, TypeError, AttributeError):
            written.append(name)
    return written


# --- faults that must be found ------------------------------------------------------------------------------------


def _accepts(users: int) -> None:
    """Anything."""


def _fails(users: int) -> int:
    return users + 1


def _names_another(users: int) -> None:
    whole("seats", users)


def _repeats(users: int) -> None:
    if not isinstance(users, int):
        raise InvalidValue("users", f"must not be {users!r}" if isinstance(users, str) else "must be a whole number")


def _sleeps(users: int) -> None:
    if users is None:
        time.sleep(2 * LIMIT)
    whole("users", users)


def _draws(users: int) -> SearchStrategy[int]:
    return integers(users, 0)


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (_accepts, "a float", "is accepted"),
        (_accepts, "a bool", "is accepted"),
        (_fails, "nothing", "is refused with TypeError"),
        (_names_another, "nothing", "is refused without naming its place"),
        (_repeats, "a card number", "has no code, or repeats what could be a card number"),
        (_sleeps, "nothing", "takes 0."),
        (_draws, "2^200", "is refused with InvalidArgument"),
    ],
)
def test_a_fault_is_found(function: Callable[..., object], kind: str, words: str, monkeypatch: Any) -> None:
    """Each of what is forbidden, in a function of one number."""
    monkeypatch.setitem(BASE, "planted", {"users": 5})
    entry = Entry("planted", function, {"users": int}, inspect.signature(function))
    assert any(f"(users={kind}) {words}" in found for found in findings(entry))
