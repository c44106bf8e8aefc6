"""What holds for every error class: a code of its own, and a life beyond its process."""

import copy
import datetime
import enum
import importlib
import pickle
import re
import typing
from collections import Counter

import attrs
import pytest

from licensebill import LicenseBillError, Money, RuleViolation
from tests.architecture.source import EVERYTHING, RULE_ID

# Enough of each kind of value to build any error; none of them checks its fields.
_STAND_INS: dict[object, object] = {
    bool: True,
    int: 7,
    datetime.date: datetime.date(2026, 12, 31),
    datetime.datetime: datetime.datetime(2026, 12, 31, 4, tzinfo=datetime.UTC),
    Money: Money(19_990_000, "USD"),
    tuple: (),
}


def _every_error(base: type[LicenseBillError] = LicenseBillError) -> list[type[LicenseBillError]]:
    below = [error for subclass in base.__subclasses__() for error in _every_error(subclass)]
    # attrs makes a class with slots anew; the one it replaced is still listed among the subclasses
    return [base, *(error for error in below if _current(error) is error)]


def _current(error: type) -> object:
    return getattr(importlib.import_module(error.__module__), error.__name__, None)


for _module in EVERYTHING:
    if _module.name != "__main__":  # would run the command
        importlib.import_module(_module.imported_as)
ERRORS = list(dict.fromkeys(_every_error()))


def built(error: type[LicenseBillError]) -> LicenseBillError:
    """An error of the class, each field filled with something of its type."""
    fields: tuple[attrs.Attribute[object], ...] = getattr(error, "__attrs_attrs__", ())
    hints = typing.get_type_hints(error)
    kinds = [typing.get_origin(hints[field.name]) or hints[field.name] for field in fields]
    return error(*(_stand_in(kind) for kind in kinds))


def _stand_in(kind: object) -> object:
    if isinstance(kind, enum.EnumMeta):
        return next(iter(kind))
    return _STAND_INS.get(kind, "PowerDialer")


@pytest.mark.parametrize("error", ERRORS)
def test_code_is_the_class_own_and_fit_for_programs(error: type[LicenseBillError]) -> None:
    """Every class states its own code, in lower case with underscores."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", vars(error)["code"])


def test_no_code_is_used_twice() -> None:
    """A program can tell every error from every other by its code."""
    assert [code for code, uses in Counter(error.code for error in ERRORS).items() if uses > 1] == []


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_survives_pickling_and_copying(error: type[LicenseBillError]) -> None:
    """An error crosses the boundary between worker processes with all that it carries."""
    raised = built(error)
    for again in (pickle.loads(pickle.dumps(raised)), copy.copy(raised), copy.deepcopy(raised)):  # noqa: S301 - ours
        assert type(again) is error
        assert again.args == raised.args
        assert str(again) == str(raised)


@pytest.mark.parametrize("error", [error for error in ERRORS if issubclass(error, RuleViolation)])
def test_a_refusal_names_its_rule(error: type[RuleViolation]) -> None:
    """Every refusal says which rule refuses, to programs and in its message."""
    if error is not RuleViolation:
        assert RULE_ID.fullmatch(error.rule)
        assert error.rule in str(built(error))
