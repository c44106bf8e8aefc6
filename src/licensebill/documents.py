"""Documents: every value that is stored, as JSON, exactly, and back.

`to_json` writes one value as one text, `from_json` reads it again; equal values give equal texts. What can be stored
stands in two tables: `VALUES`, and `UNIONS`, whose members carry a tag wherever they occur. A tag comes from a class's
name, but outlives it: a class that is renamed keeps its tag.

Amounts are texts ("12.34 USD"), whole numbers are whole, days and instants follow ISO 8601, members of an enumeration
go by their names in lower case; nothing is ever a float. Reading runs the values' own validation. A text is not
trusted: its size and depth are bounded before it is parsed, a key too many, too few or twice is refused, and everything
wrong is told at once, each fault with its path and none with what could be a card number.

A document states its format; `MIGRATIONS` brings older ones to the present one when they are read. Where documents are
kept is up to the stores. Account files, which people write, belong to `codec`. Needs the `json` extra.
"""

import enum
import itertools
import json
import re
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType, UnionType
from typing import Any, ClassVar, NoReturn, TypeAlias, TypeVar, Union, get_args, get_origin, overload
from zoneinfo import ZoneInfo

import attrs
from cattrs import Converter
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from licensebill._checks import instant
from licensebill.accounts import Account, Change
from licensebill.changes import (
    AddSource,
    AddUser,
    Cancel,
    CancelLine,
    CarryOver,
    ChangeAdministrator,
    ChooseImplementation,
    ConfirmLine,
    DrawMinutes,
    GiveCredit,
    MakePrimary,
    OpenRecharge,
    OrderService,
    PlanBill,
    PurchaseMinutes,
    RecordOutcome,
    RecordReturn,
    ReleaseLine,
    RemoveSource,
    RemoveUser,
    ReplaceCatalog,
    ReplaceSource,
    RequestLine,
    RetryCharge,
    SaveTable,
    SetTotal,
    SignContract,
    SwitchRecharge,
)
from licensebill.charges import Standing
from licensebill.errors import SHOWN_DIGITS, InvalidValue, LicenseBillError, one, shown
from licensebill.events import Event, Fact
from licensebill.funding import Funding, Source
from licensebill.ledger import Intent, Line, Returned, Settled, Transaction
from licensebill.licenses import Licenses
from licensebill.money import MICROS, ExactMoney, Money
from licensebill.outcomes import Outcome
from licensebill.ports import TollFreeLine
from licensebill.pricing import Price
from licensebill.readings import Reading
from licensebill.services import Services
from licensebill.terms import Catalog, Contract, Dated, Rate, Tariff

_T = TypeVar("_T")
#: A class, a generic one with its argument, or a union.
_Kind: TypeAlias = Any

#: The format that is written.
FORMAT = 1
#: A longer text is neither written nor read.
MAX_CHARACTERS = 2**24
#: Objects and lists within each other; the deepest value has half as many.
MAX_DEPTH = 32
#: Digits of a whole number; the numerator of an exact ratio has most.
MAX_DIGITS = 1_000
#: Faults of one document that are told one by one.
MAX_FAULTS = 100

#: What brings a document of an older format to the next one, by the older format. Each takes and gives the whole
#: document as parsed; its `format` is set by the reader.
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType({})

# --- what can be stored -------------------------------------------------------------------------------------------

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _tagged(*kinds: type) -> Mapping[str, type]:
    """Classes by their tags, each its name in snake case: "add_user"."""
    return MappingProxyType({_WORD.sub("_", kind.__name__).lower(): kind for kind in kinds})


#: Of what one place can hold several kinds: the members of each, by tag. A member has the same tag in every union.
UNIONS: Mapping[Any, Mapping[str, type]] = MappingProxyType(
    {
        Change: _tagged(
            *(AddUser, RemoveUser, SaveTable, SetTotal, SignContract, ReplaceCatalog, ChooseImplementation),
            *(OrderService, RequestLine, ConfirmLine, CancelLine, ReleaseLine, AddSource, RemoveSource, ReplaceSource),
            *(MakePrimary, ChangeAdministrator, SwitchRecharge, PurchaseMinutes, OpenRecharge, DrawMinutes, PlanBill),
            *(RecordOutcome, RetryCharge, RecordReturn, CarryOver, GiveCredit, Cancel),
        ),
        Outcome: _tagged(*get_args(Outcome)),
        Fact: _tagged(*get_args(Fact)),
        Price: _tagged(*get_args(Price)),
        Settled | Returned: _tagged(Settled, Returned),
    }
)

#: All else that can be a document of its own, by tag. What these hold needs no entry.
VALUES: Mapping[str, type] = _tagged(
    *(Account, Contract, Tariff, Dated, Rate, Catalog, Licenses, Services, TollFreeLine, Funding, Source, Reading),
    *(Intent, Line, Transaction, Event, Standing),
)

_MEMBER_TAGS = {member: tag for members in UNIONS.values() for tag, member in members.items()}
_TAGS = {**{kind: tag for tag, kind in VALUES.items()}, **_MEMBER_TAGS}

# --- errors -------------------------------------------------------------------------------------------------------


@attrs.frozen
class DocumentFault:
    """One thing wrong with a document.

    Args:
        place: the path ("contracts[0].prices[1].product"); "document" for all of it.
        code: stable, for programs; that of the error which the value itself would raise.
        problem: what is wrong and what would be accepted.
    """

    place: str
    code: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@attrs.frozen
class InvalidDocument(InvalidValue):
    """A text that is no document of the type asked for.

    Args:
        place: the path of the first fault.
        problem: the first fault.
        faults: all of them, at most the first hundred.
        more: how many beyond those.
    """

    code: ClassVar[str] = "invalid_document"

    faults: tuple[DocumentFault, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        told = [str(fault) for fault in self.faults] or [f"{self.place}: {self.problem}"]
        return "\n".join([*told, f"and {self.more} more"] if self.more else told)


@attrs.frozen
class NewerFormat(InvalidValue):
    """A document that a later version of the library has written; nothing can be said about what it holds.

    Args:
        place: "format".
        problem: what this version reads.
        found: the document's format.
        known: the newest that this version reads.
    """

    code: ClassVar[str] = "newer_format"

    found: int
    known: int


def _invalid(faults: Iterator[DocumentFault]) -> InvalidDocument:
    told = tuple(itertools.islice(faults, MAX_FAULTS))
    return InvalidDocument(told[0].place, told[0].problem, told, sum(1 for _ in faults))


def _refuse(place: str, problem: str) -> NoReturn:
    raise _invalid(iter([DocumentFault(place, InvalidDocument.code, problem)]))


def _unlike(wanted: str, value: object) -> InvalidValue:
    """What a hook raises; the path is put before it on the way out."""
    if value is _MISSING:
        return InvalidValue("", "is missing")
    return InvalidValue("", f"must be {wanted}, not {'an object' if isinstance(value, dict) else shown(value)}")


class _Missing(enum.Enum):
    """Stands for the value of a key that is not there, so that it is refused where it would be read."""

    MISSING = enum.auto()


_MISSING = _Missing.MISSING

# --- single values: how they are written, how they are read -------------------------------------------------------


def _text(value: object, _: object = None) -> str:
    if isinstance(value, str):
        return str.__str__(value)  # a plain text, also of an application's enum
    raise _unlike("a text", value)


def _whole(value: object, _: object = None) -> int:
    if value.__class__ is int:
        return value
    raise _unlike("a whole number", value)


def _flag(value: object, _: object = None) -> bool:
    if value.__class__ is bool:
        return value
    raise _unlike("true or false", value)


def _money(value: object, _: object) -> Money:
    if value.__class__ is not str:
        raise _unlike("an amount such as '12.34 USD'", value)
    amount, _, currency = value.partition(" ")
    try:
        return Money.parse(amount, currency)
    except InvalidValue as refused:
        raise attrs.evolve(refused, place="") from None


_RATIO = re.compile(rf"(-?[0-9]{{1,{MAX_DIGITS}}})/([0-9]{{1,{MAX_DIGITS}}}) ([A-Z]{{3}})", re.ASCII)


def _exact_money(value: object, _: object) -> ExactMoney:
    ratio = _RATIO.fullmatch(value) if isinstance(value, str) else None
    if ratio is None:
        amount = _money(value, None)
        return ExactMoney(amount.micros, 1, amount.currency)
    try:
        return ExactMoney(int(ratio[1]) * MICROS, int(ratio[2]), ratio[3])
    except InvalidValue as refused:
        raise attrs.evolve(refused, place="") from None


def _day(value: object, _: object) -> date:
    try:
        read = date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        read = None
    if read is None or read.isoformat() != value:  # other spellings of a day, such as 20261201
        raise _unlike("a day such as '2026-12-01'", value)
    return read


def _day_text(value: date) -> str:
    if value.__class__ is not date:
        raise _unlike("a day", value)
    return value.isoformat()


def _instant(value: object, _: object) -> datetime:
    try:
        read = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        read = None
    if read is None or read.tzinfo is None or read.isoformat() != value:
        raise _unlike("a point in time such as '2026-12-01T07:00:00+00:00'", value)
    return read


def _instant_text(value: datetime) -> str:
    try:
        return instant("", value).astimezone(UTC).isoformat()
    except OverflowError:
        raise InvalidValue("", "must be a point in time of the years 1 to 9999, in UTC") from None


#: Not "UTC", which is the key of a ZoneInfo that does not equal it.
_UTC = "Z"


def _zone(value: object, _: object) -> tzinfo:
    name = _text(value)
    try:
        return UTC if name == _UTC else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidValue("", f"must be 'Z' or a time zone such as 'America/Denver', not {shown(name)}") from None


def _zone_text(zone: tzinfo) -> str:
    if zone == UTC:
        return _UTC
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    raise _unlike("UTC or a ZoneInfo with a key", zone)


# --- compound values ----------------------------------------------------------------------------------------------

_Writer = Callable[[Any], Any]
_Reader = Callable[[Any, Any], Any]


class _Repeated(dict[str, Any]):
    """An object that holds a key twice."""


def _object(value: object) -> dict[str, Any]:
    if value.__class__ is dict:
        return typing.cast(dict[str, Any], value)
    if isinstance(value, _Repeated):
        raise InvalidValue("", "holds a key twice")
    raise _unlike("an object", value)


def _list(value: object) -> list[Any]:
    if value.__class__ is list:
        return value
    raise _unlike("a list", value)


def _origin(kind: _Kind) -> Any:  # noqa: ANN401 - a class or Union
    origin: Any = get_origin(kind)
    return kind if origin is None else origin


def _is_value(kind: _Kind) -> bool:
    return attrs.has(_origin(kind))


def _left_out(kind: _Kind) -> dict[str, Any]:
    """What only explains a value and is no part of its identity: it is not written, and reads as its default."""
    return {field.name: override(omit=True) for field in attrs.fields(_origin(kind)) if not field.eq}


def _value_writer(kind: _Kind, converter: Converter) -> _Writer:
    write = make_dict_unstructure_fn(kind, converter, **_left_out(kind))
    tag = _MEMBER_TAGS.get(kind)
    return write if tag is None else lambda value: {"type": tag, **write(value)}


def _value_reader(kind: _Kind, converter: Converter) -> _Reader:
    left_out = _left_out(kind)
    make = make_dict_structure_fn(kind, converter, **left_out)
    tag = _MEMBER_TAGS.get(kind)
    keys = {field.name for field in attrs.fields(_origin(kind))} - left_out.keys() | ({"type"} if tag else set())

    def read(value: object, _: object) -> Any:  # noqa: ANN401 - a value of the kind
        table = _object(value)
        if table.keys() == keys and (tag is None or table["type"] == tag):
            return make(table, kind)
        faults: list[Exception] = [
            InvalidValue(_name(key), "is no key of this object") for key in table if key not in keys
        ]
        if tag is not None and table.get("type") != tag:
            faults.append(InvalidValue("type", f"must be {tag!r}"))
        try:
            make({**dict.fromkeys(keys, _MISSING), **table}, kind)
        except ClassValidationError as refused:
            faults.extend(refused.exceptions)
        raise ClassValidationError("", faults, kind)

    return read


def _is_union(kind: _Kind) -> bool:
    return _origin(kind) in {Union, UnionType} or kind in UNIONS


def _arms(kind: _Kind) -> list[_Kind]:
    return [arm for arm in get_args(kind) or (kind,) if arm is not type(None)]


def _tagged_members(arms: list[_Kind]) -> Mapping[str, type]:
    members: dict[str, type] = {}
    for arm in arms:
        members |= UNIONS[arm] if arm in UNIONS else {_MEMBER_TAGS[arm]: arm}
    return members


def _is_alone(arms: list[_Kind]) -> bool:
    return len(arms) == 1 and arms[0] not in UNIONS


def _union_writer(kind: _Kind, converter: Converter) -> _Writer:
    arms = _arms(kind)
    if _is_alone(arms):
        alone = converter.get_unstructure_hook(arms[0])
        return lambda value: None if value is None else alone(value)
    members = set(_tagged_members(arms).values()) | ({type(None)} if type(None) in get_args(kind) else set())

    def write(value: object) -> object:
        if value.__class__ not in members:
            raise _unlike(f"one of {', '.join(sorted(member.__name__ for member in members))}", value)
        return None if value is None else converter.unstructure(value)

    return write


def _union_reader(kind: _Kind, converter: Converter) -> _Reader:
    arms, is_optional = _arms(kind), type(None) in get_args(kind)
    read = (
        converter.get_structure_hook(arms[0]) if _is_alone(arms) else _tagged_reader(_tagged_members(arms), converter)
    )
    return lambda value, _: None if value is None and is_optional else read(value, arms[0])


def _tagged_reader(members: Mapping[str, type], converter: Converter) -> _Reader:
    hooks = {tag: converter.get_structure_hook(member) for tag, member in members.items()}

    def read(value: object, _: object) -> object:
        tag = _object(value).get("type", _MISSING)
        hook = hooks.get(tag) if isinstance(tag, str) else None
        if hook is None:
            raise attrs.evolve(_unlike(f"one of {', '.join(hooks)}", tag), place="type")
        return hook(value, None)

    return read


def _is_choice(kind: _Kind) -> bool:
    return isinstance(kind, enum.EnumMeta)


def _choice_writer(kind: _Kind, _: Converter) -> _Writer:
    return lambda value: typing.cast(str, kind(value).name.lower())


def _choice_reader(kind: _Kind, _: Converter) -> _Reader:
    choices = {member.name.lower(): member for member in kind}

    def read(value: object, _: object) -> object:
        if isinstance(value, str) and value in choices:
            return choices[value]
        raise _unlike(f"one of {', '.join(choices)}", value)

    return read


def _is_items(kind: _Kind) -> bool:
    return _origin(kind) in {frozenset, Collection} or (_origin(kind) is tuple and Ellipsis in get_args(kind))


def _items_writer(kind: _Kind, converter: Converter) -> _Writer:
    write = converter.get_unstructure_hook(get_args(kind)[0])

    def write_all(items: Collection[object]) -> list[Any]:
        written = [write(item) for item in items]
        return sorted(written) if isinstance(items, AbstractSet) else written

    return write_all


def _items_reader(kind: _Kind, converter: Converter) -> _Reader:
    hook = converter.get_structure_hook(get_args(kind)[0])
    is_set = _origin(kind) is frozenset

    def read(value: object, _: object) -> Collection[object]:
        items = tuple(_read_each(enumerate(_list(value)), itertools.repeat(hook)))
        if not is_set:
            return items
        if len(set(items)) < len(items):
            raise InvalidValue("", "names something twice")
        return frozenset(items)

    return read


def _is_row(kind: _Kind) -> bool:
    return _origin(kind) is tuple and Ellipsis not in get_args(kind)


def _row_writer(kind: _Kind, converter: Converter) -> _Writer:
    writers = [converter.get_unstructure_hook(each) for each in get_args(kind)]
    return lambda row: [write(item) for write, item in zip(writers, row, strict=True)]


def _row_reader(kind: _Kind, converter: Converter) -> _Reader:
    hooks = [converter.get_structure_hook(each) for each in get_args(kind)]

    def read(value: object, _: object) -> tuple[object, ...]:
        if len(_list(value)) != len(hooks):
            raise InvalidValue("", f"must be a list of {len(hooks)}")
        return tuple(_read_each(enumerate(_list(value)), hooks))

    return read


def _is_mapping(kind: _Kind) -> bool:
    return _origin(kind) is Mapping


def _mapping_writer(kind: _Kind, converter: Converter) -> _Writer:
    write_key, write = (converter.get_unstructure_hook(each) for each in get_args(kind))
    return lambda table: dict(sorted((write_key(key), write(item)) for key, item in table.items()))


def _mapping_reader(kind: _Kind, converter: Converter) -> _Reader:
    hook = converter.get_structure_hook(get_args(kind)[1])

    def read(value: object, _: object) -> Mapping[str, object]:
        table = _object(value)
        return dict(zip(table, _read_each(table.items(), itertools.repeat(hook)), strict=True))

    return read


def _read_each(items: Iterable[tuple[int | str, object]], hooks: Iterable[_Reader]) -> list[Any]:
    """What the items read as; of what is wrong with any of them, all."""
    read: list[Any] = []
    faults: list[Exception] = []
    for (place, item), hook in zip(items, hooks, strict=False):
        try:
            read.append(hook(item, None))
        except Exception as refused:  # noqa: BLE001 - told with the others
            refused.add_note(IterableValidationNote("", place, None))
            faults.append(refused)
    if faults:
        raise IterableValidationError("", faults, list)
    return read


# --- the converter ------------------------------------------------------------------------------------------------


def _unwritable(value: object) -> NoReturn:
    raise InvalidValue("value", f"holds {one(type(value))}, which no document can hold")


def _no_reader(kind: _Kind, _: Converter) -> NoReturn:
    raise InvalidValue("kind", f"no document can hold {getattr(kind, '__name__', kind)}")


def _converter() -> Converter:
    """A converter that writes and reads what stands above, and refuses everything else."""
    converter = Converter()
    converter.register_unstructure_hook_func(lambda _: True, _unwritable)
    converter.register_structure_hook_factory(lambda _: True, _no_reader)
    for is_kind, writer, reader in (
        (_is_value, _value_writer, _value_reader),
        (_is_choice, _choice_writer, _choice_reader),
        (_is_items, _items_writer, _items_reader),
        (_is_row, _row_writer, _row_reader),
        (_is_mapping, _mapping_writer, _mapping_reader),
        (_is_union, _union_writer, _union_reader),
    ):
        converter.register_unstructure_hook_factory(is_kind, writer)
        converter.register_structure_hook_factory(is_kind, reader)
    for kind, write, read in (
        (str, _text, _text),
        (int, _whole, _whole),
        (bool, _flag, _flag),
        (date, _day_text, _day),
        (datetime, _instant_text, _instant),
        (tzinfo, _zone_text, _zone),
        (Money, str, _money),
        (ExactMoney, str, _exact_money),
    ):
        converter.register_unstructure_hook(kind, write)
        converter.register_structure_hook(kind, read)
    return converter


_CONVERTER = _converter()

# --- from text to text --------------------------------------------------------------------------------------------

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


def to_json(value: object) -> str:
    """A value as a document.

    Args:
        value: of a type that `VALUES` or `UNIONS` names.

    Returns:
        one line of ASCII; equal values give equal texts. The results that only explain the value's lines are left out.

    Raises:
        InvalidValue: no such value, or one that no document can hold, such as a time zone without a name.

    Example:
        >>> from licensebill.outcomes import Succeeded
        >>> print(to_json(Succeeded(Money.parse("12.34", "USD"))))
        {"format":1,"type":"succeeded","captured":"12.34 USD"}
    """
    kind = type(value)
    if kind not in _TAGS:
        raise InvalidValue("value", f"must be of a type that documents.VALUES or UNIONS names, not {one(kind)}")
    text = _ENCODER.encode({"format": FORMAT, "type": _TAGS[kind], **_CONVERTER.unstructure(value)})
    if len(text) > MAX_CHARACTERS:
        raise InvalidValue("value", f"is too long for a document: {len(text)} characters, at most {MAX_CHARACTERS}")
    return text


@overload
def from_json(text: str, kind: type[_T]) -> _T: ...
@overload
def from_json(text: str, kind: object) -> Any: ...  # noqa: ANN401 - one of a union
def from_json(text: str, kind: _Kind) -> Any:
    """The value that a document holds.

    Args:
        text: as `to_json` wrote it, with this version of the library or an earlier one.
        kind: the type of the value, or a union one of whose members it is: `Account`, `Dated[Money]`, `Change`.

    Raises:
        NewerFormat: a later version has written it.
        InvalidDocument: it holds no such value; the error tells every fault with its path.
        InvalidValue: values of that type are not stored.

    Example:
        >>> from_json('{"format": 1, "type": "succeeded", "captured": "12.34 USD"}', Outcome)
        Succeeded(captured=Money.parse('12.34', 'USD'))
        >>> from_json('{"format": 1, "type": "succeeded", "captured": 12.34}', Outcome)
        Traceback (most recent call last):
        licensebill.documents.InvalidDocument: captured: must be an amount such as '12.34 USD', not a float
    """
    kinds = _documents(kind)
    document = _in_present_format(_parsed(text))
    tag = document.get("type", _MISSING)
    if not isinstance(tag, str) or tag not in kinds:
        _refuse("type", _unlike(f"one of {', '.join(kinds)}", tag).problem)
    del document["format"]
    if _origin(kinds[tag]) not in _MEMBER_TAGS:
        del document["type"]
    read = _CONVERTER.get_structure_hook(kinds[tag])
    try:
        return read(document, kinds[tag])
    except BaseValidationError as refused:
        raise _invalid(_faults(refused)) from None


def _documents(kind: _Kind) -> Mapping[str, _Kind]:
    """What a type admits as a document, by tag."""
    if _is_union(kind):
        return {tag: arm for one in _arms(kind) for tag, arm in (UNIONS.get(one) or _documents(one)).items()}
    tag = _TAGS.get(_origin(kind))
    if tag is None:
        raise InvalidValue("kind", f"must be a type that documents.VALUES or UNIONS names, not {shown(kind)}")
    if getattr(kind, "__parameters__", ()):
        raise InvalidValue("kind", f"must say what it holds, such as {kind.__name__}[Money], not only {kind.__name__}")
    return {tag: kind}


_DOCUMENT = "document"
# for `bytes.translate`: one step down for what opens, one up (-1, as a signed byte) for what closes; all else goes
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_STEPS = bytes(sorted(set(range(256)) - set(b"{[}]")))


def _depth(text: str) -> int:
    """How deep the objects and lists of a JSON text stand within each other; of any other text, some number."""
    outside_texts = "".join(text.replace(r"\\", "").replace(r"\"", "").split('"')[::2])
    steps = outside_texts.encode(errors="replace").translate(_STEPS, _NO_STEPS)
    return max(itertools.accumulate(memoryview(steps).cast("b"), initial=0))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    return table if len(table) == len(pairs) else _Repeated(table)


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError
    return int(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer)


def _parsed(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        _refuse(_DOCUMENT, f"must be a text, not {shown(text)}")
    if len(text) > MAX_CHARACTERS:
        _refuse(_DOCUMENT, f"must have at most {MAX_CHARACTERS} characters, not {len(text)}")
    if _depth(text) > MAX_DEPTH:
        _refuse(_DOCUMENT, f"must not be nested deeper than {MAX_DEPTH}")
    try:
        return _object(_DECODER.decode(text))
    except json.JSONDecodeError as wrong:
        _refuse(_DOCUMENT, f"is no JSON: {wrong.msg}, line {wrong.lineno} column {wrong.colno}")
    except InvalidValue as wrong:
        _refuse(_DOCUMENT, wrong.problem)
    except ValueError:
        _refuse(_DOCUMENT, f"holds a number of more than {MAX_DIGITS} digits")


def _in_present_format(document: dict[str, Any]) -> dict[str, Any]:
    found = document.get("format", _MISSING)
    try:
        stated = _whole(found)
    except InvalidValue as refused:
        _refuse("format", refused.problem)
    if stated > FORMAT:
        raise NewerFormat("format", f"must be at most {FORMAT}, not {shown(stated)}", stated, FORMAT)
    for older in range(stated, FORMAT):
        if older not in MIGRATIONS:
            _refuse("format", f"must be a format there has been, not {shown(stated)}")
        document = {**MIGRATIONS[older](document), "format": older + 1}
    return document


# --- what is wrong, and where -------------------------------------------------------------------------------------

_LONGEST_NAME = 40


def _name(key: str) -> str:
    """A key of a document as a part of a path; one that could hold what must not be repeated is described."""
    is_plain = key.isidentifier() and len(key) <= _LONGEST_NAME and sum(map(str.isdigit, key)) <= SHOWN_DIGITS
    return key if is_plain else shown(key)


def _faults(error: Exception, path: str = "") -> Iterator[DocumentFault]:
    if isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            yield from _faults(inner, _joined(path, _place(inner)))
    elif isinstance(error, InvalidValue):
        yield DocumentFault(_joined(path, error.place) or _DOCUMENT, error.code, error.problem)
    elif isinstance(error, LicenseBillError):
        yield DocumentFault(path or _DOCUMENT, error.code, str(error))
    else:
        yield DocumentFault(path or _DOCUMENT, InvalidDocument.code, f"is refused with {one(type(error))}")


def _place(error: Exception) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return note.name
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]" if isinstance(note.index, int) else _name(note.index)
    return ""


def _joined(path: str, place: str) -> str:
    return f"{path}.{place}" if path and place and not place.startswith("[") else path + place
