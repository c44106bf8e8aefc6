"""Conversion: how each kind of value looks in a document, and how it is read from one.

What becomes of a type is decided here, once, by what kind of type it is; `documents` says which types there are, and
deals with texts, formats and errors. Nothing is converted by default: a type without a form here is refused.

A writer takes a value and gives what JSON can hold. A reader takes what was parsed and gives the value, or raises an
`InvalidValue` whose place is empty; values that hold others gather what is wrong with all of them, with cattrs' notes
of where. Readers also get `MISSING`, for a key that is not there, and refuse it as they refuse any other wrong value.
"""

import contextlib
import enum
import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, tzinfo
from types import UnionType
from typing import Any, NoReturn, TypeAlias, TypeVar, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import attrs

from licensebill._extras import extra

with extra("json"):
    from cattrs import Converter
    from cattrs.errors import ClassValidationError, IterableValidationError, IterableValidationNote
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from licensebill._checks import MAX_WHOLE, instant
from licensebill.errors import InvalidValue, one, shown
from licensebill.money import MICROS, ExactMoney, Money

#: A class, a generic one with its argument, or a union.
Kind: TypeAlias = Any
#: The members of each union by tag; a base class is a union of its subclasses.
Unions: TypeAlias = Mapping[Kind, Mapping[str, type]]

_Writer = Callable[[Any], Any]
_Reader = Callable[[Any, Any], Any]

#: The digits of each half of an exact ratio.
MAX_DIGITS = 1_000
#: What is wrong with a document is told up to here, and looked for up to here in any one object or list.
MAX_FAULTS = 100
#: The key of an object that holds its tag.
TAG = "type"


class _Missing(enum.Enum):
    """The one value of `MISSING`."""

    MISSING = enum.auto()


#: Stands for the value of a key that is not there.
MISSING = _Missing.MISSING


def unlike(wanted: str, value: object) -> InvalidValue:
    """The error about a value of another kind than is wanted; its place is left to those who know it."""
    if value is MISSING:
        return InvalidValue("", "is missing")
    return InvalidValue("", f"must be {wanted}, not {'an object' if isinstance(value, dict) else shown(value)}")


_LONGEST_NAME = 40


def name_of(key: str) -> str:
    """A key as a part of a path; one that is no plain name is shown as any other value, or described."""
    picture = shown(key)
    is_plain = key.isidentifier() and len(key) <= _LONGEST_NAME and picture == repr(key)
    return key if is_plain else picture


def origin_of(kind: Kind) -> Any:  # noqa: ANN401 - a class or Union
    """The class of a generic one; any other as it is."""
    origin: Any = get_origin(kind)
    return kind if origin is None else origin


# --- single values ------------------------------------------------------------------------------------------------


def text(value: object, _: object = None) -> str:
    """A text, written and read."""
    if isinstance(value, str):
        return str.__str__(value)  # a plain one, also of an application's enum
    raise unlike("a text", value)


def whole(value: object, _: object = None) -> int:
    """A whole number that a signed 64-bit column holds, written and read."""
    if value.__class__ is int and -MAX_WHOLE <= value <= MAX_WHOLE:
        return value
    raise unlike("a whole number", value)


def _flag(value: object, _: object = None) -> bool:
    if value.__class__ is bool:
        return value
    raise unlike("true or false", value)


def _write_money(value: object) -> str:
    if value.__class__ is Money:
        return str(value)
    raise unlike("a Money", value)


def _read_money(value: object, _: object) -> Money:
    if value.__class__ is not str:
        raise unlike("an amount such as '12.34 USD'", value)
    amount, _, currency = value.partition(" ")
    try:
        return Money.parse(amount, currency)
    except InvalidValue as refused:
        raise attrs.evolve(refused, place="") from None


_RATIO = re.compile(rf"(-?[0-9]{{1,{MAX_DIGITS}}})/([0-9]{{1,{MAX_DIGITS}}}) ([A-Z]{{3}})", re.ASCII)
# three digits have less than ten bits; as much again is left for the millions between micros and major units
_MAX_BITS = 3 * (MAX_DIGITS - 10)


def _write_exact(value: object) -> str:
    if value.__class__ is not ExactMoney:
        raise unlike("an ExactMoney", value)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise InvalidValue("", f"must be a ratio of numbers of at most {MAX_DIGITS} digits")
    return str(value)


def _read_exact(value: object, _: object) -> ExactMoney:
    ratio = _RATIO.fullmatch(value) if isinstance(value, str) else None
    if ratio is None:
        amount = _read_money(value, None)
        return ExactMoney(amount.micros, 1, amount.currency)
    try:
        return ExactMoney(int(ratio[1]) * MICROS, int(ratio[2]), ratio[3])
    except InvalidValue as refused:
        raise attrs.evolve(refused, place="") from None


def _write_day(value: object) -> str:
    if value.__class__ is date:
        return value.isoformat()
    raise unlike("a day", value)


def _read_day(value: object, _: object) -> date:
    try:
        day = date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:  # ISO 8601 has other spellings, such as 20261201
        raise unlike("a day such as '2026-12-01'", value)
    return day


def _write_instant(value: object) -> str:
    try:
        return instant("", value).astimezone(UTC).isoformat()  # equal instants, equal texts
    except OverflowError:
        raise InvalidValue("", "must be a point in time of the years 1 to 9999 in UTC") from None


def _read_instant(value: object, _: object) -> datetime:
    try:
        at = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None or at.isoformat() != value:
        raise unlike("a point in time such as '2026-12-01T07:00:00+00:00'", value)
    return at


# not "UTC": ZoneInfo("UTC") is another time zone to Python, and equals this one nowhere
_UTC = "Z"


def _write_zone(value: object) -> str:
    if value == UTC:
        return _UTC
    if isinstance(value, ZoneInfo) and value.key:
        with contextlib.suppress(InvalidValue):  # one made of a file may have a name that means nothing here
            _read_zone(value.key, None)
            return value.key
    raise unlike("UTC or a ZoneInfo with a key", value)


def _read_zone(value: object, _: object) -> tzinfo:
    name = text(value)
    try:
        return UTC if name == _UTC else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidValue("", f"must be 'Z' or a time zone such as 'America/Denver', not {shown(name)}") from None


_SINGLE: tuple[tuple[type, _Writer, _Reader], ...] = (
    (str, text, text),
    (int, whole, whole),
    (bool, _flag, _flag),
    (date, _write_day, _read_day),
    (datetime, _write_instant, _read_instant),
    (tzinfo, _write_zone, _read_zone),
    (Money, _write_money, _read_money),
    (ExactMoney, _write_exact, _read_exact),
)


def is_choice(kind: Kind) -> bool:
    """Whether a place of this type holds a member of an enumeration."""
    return isinstance(kind, enum.EnumMeta)


def _choice_writer(kind: type[enum.Enum], _: Converter) -> _Writer:
    def write(value: object) -> str:
        if isinstance(value, kind):
            return value.name.lower()
        raise unlike(one(kind), value)

    return write


@functools.cache
def _choices(kind: type[enum.Enum]) -> Mapping[str, enum.Enum]:
    return {member.name.lower(): member for member in kind}


def _read_choice(value: object, kind: type[enum.Enum]) -> enum.Enum:
    choices = _choices(kind)
    if isinstance(value, str) and value in choices:
        return choices[value]
    raise unlike(f"one of {', '.join(choices)}", value)


# --- several values -----------------------------------------------------------------------------------------------


def _reader_of(kind: Kind, converter: Converter) -> Callable[[Any], Any]:
    hook = converter.get_structure_hook(kind)
    return lambda value: hook(value, kind)


def _read_each(items: Iterable[tuple[int | str, object]], readers: Iterable[Callable[[Any], Any]]) -> list[Any]:
    """What the items read as; or everything that is wrong with any of them."""
    values: list[Any] = []
    faults: list[Exception] = []
    for (place, item), read in zip(items, readers, strict=False):
        try:
            values.append(read(item))
        except Exception as refused:  # noqa: BLE001 - told with the others
            refused.add_note(IterableValidationNote("", place, None))
            faults.append(refused)
            if len(faults) == MAX_FAULTS:
                break
    if faults:
        raise IterableValidationError("", faults, list)
    return values


def _list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    raise unlike("a list", value)


def _table(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise unlike("an object", value)


_GROUPS: Mapping[Kind, type[tuple[object, ...] | frozenset[object]]] = {
    tuple: tuple,
    frozenset: frozenset,
    Collection: tuple,
}


def is_group(kind: Kind) -> bool:
    """Whether a place of this type holds any number of the same kind."""
    of = get_args(kind)  # none where it does not say: it may hold anything then, and has no form
    return origin_of(kind) in _GROUPS and bool(of) and (origin_of(kind) is not tuple or Ellipsis in of)


def _group_writer(kind: Kind, converter: Converter) -> _Writer:
    origin, write_item = origin_of(kind), converter.get_unstructure_hook(get_args(kind)[0])

    def write(value: object) -> list[Any]:
        if not isinstance(value, origin) or isinstance(value, str):
            raise unlike(one(origin), value)
        written = [write_item(item) for item in value]
        return sorted(written) if isinstance(value, AbstractSet) else written

    return write


def _group_reader(kind: Kind, converter: Converter) -> _Reader:
    make, read_item = _GROUPS[origin_of(kind)], _reader_of(get_args(kind)[0], converter)

    def read(value: object, _: object) -> Collection[object]:
        items = make(_read_each(enumerate(_list(value)), itertools.repeat(read_item)))
        if len(items) < len(_list(value)):
            raise InvalidValue("", "holds something twice")
        return items

    return read


def is_row(kind: Kind) -> bool:
    """Whether a place of this type holds a tuple of several kinds."""
    return origin_of(kind) is tuple and Ellipsis not in get_args(kind)


def _row_writer(kind: Kind, converter: Converter) -> _Writer:
    writers = [converter.get_unstructure_hook(each) for each in get_args(kind)]

    def write(value: object) -> list[Any]:
        if not isinstance(value, tuple) or len(value) != len(writers):
            raise unlike(f"a tuple of {len(writers)}", value)
        return [write_item(item) for write_item, item in zip(writers, value, strict=True)]

    return write


def _row_reader(kind: Kind, converter: Converter) -> _Reader:
    readers = [_reader_of(each, converter) for each in get_args(kind)]

    def read(value: object, _: object) -> tuple[object, ...]:
        if len(_list(value)) != len(readers):
            raise InvalidValue("", f"must be a list of {len(readers)}")
        return tuple(_read_each(enumerate(_list(value)), readers))

    return read


def is_mapping(kind: Kind) -> bool:
    """Whether a place of this type holds values by text."""
    return origin_of(kind) is Mapping and bool(get_args(kind))


def _mapping_writer(kind: Kind, converter: Converter) -> _Writer:
    write_item = converter.get_unstructure_hook(get_args(kind)[1])

    def write(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise unlike("a Mapping", value)
        return dict(sorted((text(key), write_item(item)) for key, item in value.items()))

    return write


def _mapping_reader(kind: Kind, converter: Converter) -> _Reader:
    read_item = _reader_of(get_args(kind)[1], converter)

    def read(value: object, _: object) -> dict[str, Any]:
        table = _table(value)
        return dict(zip(table, _read_each(table.items(), itertools.repeat(read_item)), strict=True))

    return read


# --- values with fields -------------------------------------------------------------------------------------------


def is_value(kind: Kind) -> bool:
    """Whether a place of this type holds a value with fields."""
    return attrs.has(origin_of(kind))


def left_out(kind: Kind) -> dict[str, Any]:
    """What only explains a value and is no part of its identity: it is not written, and reads as its default."""
    return {field.name: override(omit=True) for field in attrs.fields(origin_of(kind)) if not field.eq}


def _value_writer(tags: Mapping[type, str], kind: Kind, converter: Converter) -> _Writer:
    origin, tag = origin_of(kind), tags.get(kind)
    write_fields = make_dict_unstructure_fn(kind, converter, **left_out(kind))

    def write(value: object) -> dict[str, Any]:
        if value.__class__ is not origin:
            raise unlike(one(origin), value)
        return write_fields(value) if tag is None else {TAG: tag, **write_fields(value)}

    return write


def _value_reader(tags: Mapping[type, str], kind: Kind, converter: Converter) -> _Reader:
    omitted, tag = left_out(kind), tags.get(kind)
    make = make_dict_structure_fn(kind, converter, **omitted)
    keys = {field.name for field in attrs.fields(origin_of(kind))} - omitted.keys() | ({TAG} if tag else set())

    def read(value: object, _: object) -> Any:  # noqa: ANN401 - a value of the kind
        table = _table(value)
        if table.keys() == keys and (tag is None or table[TAG] == tag):
            return make(table, kind)
        unknown = itertools.islice((key for key in table if key not in keys), MAX_FAULTS)
        faults: list[Exception] = [InvalidValue(name_of(key), "is no key of this object") for key in unknown]
        if tag is not None and table.get(TAG) != tag:
            faults.append(attrs.evolve(unlike(repr(tag), table.get(TAG, MISSING)), place=TAG))
        try:
            make({**dict.fromkeys(keys, MISSING), **table}, kind)
        except ClassValidationError as refused:
            faults.extend(refused.exceptions)
        raise ClassValidationError("", faults, kind)

    return read


# --- unions -------------------------------------------------------------------------------------------------------


def is_union(unions: Unions, kind: Kind) -> bool:
    """Whether a place of this type can hold several kinds of value; None is one."""
    return get_origin(kind) in {Union, UnionType} or kind in unions


def arms_of(kind: Kind) -> tuple[Kind, ...]:
    """The kinds of a union, None left out; of a base class, itself."""
    return tuple(arm for arm in get_args(kind) or (kind,) if arm is not type(None))


def members_of(unions: Unions, tags: Mapping[type, str], kind: Kind) -> Mapping[str, type]:
    """The classes of a union by tag; none where it is of a single kind, which needs none, and None."""
    arms = arms_of(kind)
    if len(arms) == 1 and arms[0] not in unions:
        return {}
    members: dict[str, type] = {}
    for arm in arms:
        if arm not in unions and arm not in tags:
            name = getattr(arm, "__name__", arm)
            raise InvalidValue("kind", f"holds {name} or another, and a document does not tell which of them it is")
        members |= unions[arm] if arm in unions else {tags[arm]: arm}
    return members


def _writer_of(kind: Kind, converter: Converter) -> Callable[[Any], Any]:
    """Of what a generic class is of, each value is written by its own class."""
    return converter.unstructure if isinstance(kind, TypeVar) else converter.get_unstructure_hook(kind)


def _union_writer(members_in: Callable[[Kind], Mapping[str, type]], kind: Kind, converter: Converter) -> _Writer:
    members, may_be_none = set(members_in(kind).values()), type(None) in get_args(kind)
    write_single = None if members else _writer_of(arms_of(kind)[0], converter)

    def write(value: object) -> object:
        if value is None and may_be_none:
            return None
        if write_single is not None:
            return write_single(value)
        if value.__class__ not in members:
            raise unlike(f"one of {', '.join(sorted(member.__name__ for member in members))}", value)
        return converter.unstructure(value)

    return write


def _union_reader(members_in: Callable[[Kind], Mapping[str, type]], kind: Kind, converter: Converter) -> _Reader:
    members, may_be_none = members_in(kind), type(None) in get_args(kind)
    readers = {tag: _reader_of(member, converter) for tag, member in members.items()}
    read_single = None if members else _reader_of(arms_of(kind)[0], converter)

    def read(value: object, _: object) -> object:
        if value is None and may_be_none:
            return None
        if read_single is not None:
            return read_single(value)
        tag = _table(value).get(TAG, MISSING)
        if not isinstance(tag, str) or tag not in readers:
            raise attrs.evolve(unlike(f"one of {', '.join(readers)}", tag), place=TAG)
        return readers[tag](value)

    return read


# --- all together -------------------------------------------------------------------------------------------------


def _unwritable(value: object) -> NoReturn:
    raise InvalidValue("", f"is {one(type(value))}, which no document can hold")


def _unreadable(value: object, _: object) -> NoReturn:
    raise InvalidValue("", f"is {shown(value)}, and no document can hold that")


def _no_reader(kind: Kind, _: Converter) -> NoReturn:
    raise InvalidValue("kind", f"is, or holds, {getattr(kind, '__name__', kind)}, which no document can hold")


def converter_of(unions: Unions) -> Converter:
    """What writes and reads all that has a form here, and refuses everything else."""
    tags = {member: tag for members in unions.values() for tag, member in members.items()}
    members_in = functools.partial(members_of, unions, tags)
    compound: tuple[tuple[Callable[[Kind], bool], Any, Any], ...] = (
        (is_value, functools.partial(_value_writer, tags), functools.partial(_value_reader, tags)),
        (is_group, _group_writer, _group_reader),
        (is_row, _row_writer, _row_reader),
        (is_mapping, _mapping_writer, _mapping_reader),
        (
            functools.partial(is_union, unions),
            functools.partial(_union_writer, members_in),
            functools.partial(_union_reader, members_in),
        ),
    )
    converter = Converter()
    # of several that fit a type, cattrs takes what was registered last
    converter.register_unstructure_hook_func(lambda _: True, _unwritable)
    converter.register_structure_hook_factory(lambda _: True, _no_reader)
    # for the class of all enumerations: cattrs asks for classes first, and has a reader of its own for this one
    converter.register_unstructure_hook_factory(is_choice, _choice_writer)
    converter.register_structure_hook(enum.Enum, _read_choice)
    for is_kind, writer, reader in compound:
        converter.register_unstructure_hook_factory(is_kind, writer)
        converter.register_structure_hook_factory(is_kind, reader)
    # where a generic class holds a union with None: what it holds is written by its own class
    converter.register_unstructure_hook(type(None), lambda value: value)
    for kind, write, read in (*_SINGLE, (float, _unwritable, _unreadable), (bytes, _unwritable, _unreadable)):
        converter.register_unstructure_hook(kind, write)
        converter.register_structure_hook(kind, read)
    return converter
