"""Schemas: the JSON Schema (draft 2020-12) of account files and of documents, for editors and for other languages.

Nothing is stated here a second time. The schema of an account file is made by the code that reads one; that of a
document is made from its class, field by field, by the same distinctions of kinds that writing and reading make. What
fits a schema has the right form; the rules between its parts (a floor's contract, a source's card) are checked when it
is read. What is read always fits, apart from the order of keys, which nobody minds. Needs the `json` extra.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, get_args

import attrs

from licensebill._checks import MAX_WHOLE, text
from licensebill._conversion import (
    MAX_DIGITS,
    TAG,
    Kind,
    arms_of,
    is_choice,
    is_group,
    is_mapping,
    is_row,
    is_union,
    left_out,
    members_of,
    origin_of,
)
from licensebill._tables import DAY, text_like
from licensebill.codec import account_schema
from licensebill.documents import FORMAT, UNIONS, VALUES
from licensebill.errors import InvalidValue, shown
from licensebill.money import ExactMoney, Money

#: The dialect.
DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The name under which `schema` knows that of account files; documents go by their tags.
ACCOUNT_FILE = "account-file"

_TAGS: Mapping[type, str] = {kind: tag for table in (VALUES, *UNIONS.values()) for tag, kind in table.items()}
_MEMBERS: Mapping[type, str] = {kind: tag for table in UNIONS.values() for tag, kind in table.items()}
_KINDS: Mapping[str, type] = {tag: kind for kind, tag in _TAGS.items() if not getattr(kind, "__parameters__", ())}


def names() -> tuple[str, ...]:
    """Everything that has a schema: account files, and each kind of document that says all it holds.

    Example:
        >>> names()[:4]
        ('account-file', 'account', 'add_source', 'add_user')
    """
    return (ACCOUNT_FILE, *sorted(_KINDS))


def schema(name: str) -> dict[str, Any]:
    """The schema of account files, or of one kind of document.

    Args:
        name: "account-file", or the tag of a document, as its `type` states it: "bill", "transaction".

    Returns:
        a new object, for `json.dumps`.

    Raises:
        InvalidValue: nothing of that name has a schema.

    Example:
        >>> schema("bill")["properties"]["lines"]
        {'type': 'array', 'items': {'$ref': '#/$defs/line'}}
    """
    if name == ACCOUNT_FILE:
        return {"$schema": DIALECT, "title": "An account file, in JSON", **account_schema()}
    if text("name", name) not in _KINDS:
        raise InvalidValue("name", f"must be one of {', '.join(names())}, not {shown(name)}")
    kind = _KINDS[name]
    definitions: _Definitions = {}
    held = _fields(kind, definitions)
    stated = {"format": {"const": FORMAT}, TAG: {"const": name}}
    document = _object(stated | held["properties"])
    return {"$schema": DIALECT, "title": _summary(kind), **document, "$defs": dict(sorted(definitions.items()))}


_Schema = dict[str, Any]
#: Of the values that a document holds, by tag.
_Definitions = dict[str, _Schema]

# --- kinds --------------------------------------------------------------------------------------------------------

_AMOUNT = r"-?[0-9]{1,13}(\.[0-9]{1,6})?"
_CURRENCY = "[A-Z]{3}"


_SINGLE: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": -MAX_WHOLE, "maximum": MAX_WHOLE},
    bool: {"type": "boolean"},
    date: DAY.schema,
    datetime: text_like(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+[+-][0-9:.]+") | {"format": "date-time"},
    tzinfo: {"type": "string", "minLength": 1},
    Money: text_like(f"{_AMOUNT} {_CURRENCY}"),
    ExactMoney: text_like(f"({_AMOUNT}|-?[0-9]{{1,{MAX_DIGITS}}}/[0-9]{{1,{MAX_DIGITS}}}) {_CURRENCY}"),
}


def _schema(kind: Kind, definitions: _Definitions) -> _Schema:
    """Of whatever stands in a place of this type; of values the definition is added, and referred to."""
    if kind in _SINGLE:
        return dict(_SINGLE[kind])
    make = next((make for is_kind, make in _COMPOUND if is_kind(kind)), _value)
    return make(kind, definitions)


def _choice(kind: Kind, _: _Definitions) -> _Schema:
    return {"enum": [member.name.lower() for member in kind]}


def _union(kind: Kind, definitions: _Definitions) -> _Schema:
    members = members_of(UNIONS, _MEMBERS, kind).values() or arms_of(kind)
    either = [_schema(member, definitions) for member in members]
    if type(None) in get_args(kind):
        either.append({"type": "null"})
    return either[0] if len(either) == 1 else {"oneOf": either}


def _mapping(kind: Kind, definitions: _Definitions) -> _Schema:
    return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], definitions)}


def _row(kind: Kind, definitions: _Definitions) -> _Schema:
    items = [_schema(each, definitions) for each in get_args(kind)]
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


def _group(kind: Kind, definitions: _Definitions) -> _Schema:
    listed = {"type": "array", "items": _schema(get_args(kind)[0], definitions)}
    return {**listed, "uniqueItems": True} if origin_of(kind) is frozenset else listed


_COMPOUND: tuple[tuple[Callable[[Kind], bool], Callable[[Kind, _Definitions], _Schema]], ...] = (
    (is_choice, _choice),
    (functools.partial(is_union, UNIONS), _union),
    (is_mapping, _mapping),
    (is_row, _row),
    (is_group, _group),
)


def _value(kind: Kind, definitions: _Definitions) -> _Schema:
    if get_args(kind):
        return _fields(kind, definitions)
    name = _TAGS[kind]
    if name not in definitions:
        definitions[name] = {}  # kinds that hold each other would never end
        definitions[name] = {"description": _summary(kind), **_fields(kind, definitions)}
    return {"$ref": f"#/$defs/{name}"}


def _fields(kind: Kind, definitions: _Definitions) -> _Schema:
    origin = attrs.resolve_types(origin_of(kind))
    of = dict(zip(getattr(origin, "__parameters__", ()), get_args(kind), strict=True))
    tag = {TAG: {"const": _MEMBERS[kind]}} if kind in _MEMBERS else {}
    omitted = left_out(kind)
    held = {
        field.name: _schema(_with(field.type, of), definitions)
        for field in attrs.fields(origin)
        if field.name not in omitted
    }
    return _object(tag | held)


def _with(kind: Kind, of: Mapping[Any, Kind]) -> Kind:
    """A field's type, with what its class is of."""
    wanted = getattr(kind, "__parameters__", ())
    return of.get(kind, kind[tuple(of[one] for one in wanted)] if wanted and of else kind)


def _object(properties: _Schema) -> _Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
