"""Tables: the keys of a file that people write, each read and checked on its own, with every fault by its path.

A `Node` is one table of such a file. What reads an account from it asks for one key after the other; a fault is noted,
and reading goes on. An `Outline` is asked in the same way and has nothing to give: it notes what it is asked for, and
so knows the JSON Schema of what the same code would read. What a key may hold is a `Form`: a check of values, and the
schema of those that pass.

Which keys there are is up to `codec`; nothing here knows an account. Rules stay where they are.
"""

import contextlib
import datetime
import difflib
import enum
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from licensebill._checks import MAX_TEXT, MAX_WHOLE, cardless_text, instant, text, whole
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.money import Money, decimals

#: Where a value stands in the file.
FieldPath = tuple[str | int, ...]
#: A part of a JSON Schema.
Schema = Mapping[str, Any]

# --- one table ----------------------------------------------------------------------------------------------------


class _Unread(enum.Enum):
    """The one value of `UNREAD`."""

    UNREAD = enum.auto()


#: Stands for a value whose fault has been noted: what is built from it is not built, without a second fault.
UNREAD: Any = _Unread.UNREAD
_REQUIRED: Any = object()


@attrs.frozen
class Form:
    """What a key may hold.

    Args:
        check: takes the key and a value; gives what it stands for, or refuses it.
        schema: which values those are, as far as JSON Schema can say it.
    """

    check: Callable[[str, Any], Any]
    schema: Schema


@attrs.define
class Node:
    """A table of a file, read key by key; what is wrong is noted with its path, and reading goes on.

    Args:
        table: as parsed.
        path: where it stands.
        noted: the faults of the whole file so far: path, code, problem.
    """

    table: Mapping[str, Any]
    path: FieldPath
    noted: list[tuple[FieldPath, str, str]]
    unread: set[str] = attrs.field(init=False)
    asked: list[str] = attrs.field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.unread = set(self.table)

    def note(self, key: str | int | None, problem: str, code: str = InvalidValue.code) -> Any:  # noqa: ANN401
        """Keep a fault; the value is unread."""
        self.noted.append((self.path if key is None else (*self.path, key), code, problem))
        return UNREAD

    def read(self, key: str, form: Form, default: Any = _REQUIRED) -> Any:  # noqa: ANN401
        """The checked value of a key; the default where it is absent."""
        self.unread.discard(key)
        self.asked.append(key)
        if key not in self.table:
            return self.note(key, "is missing") if default is _REQUIRED else default
        try:
            return form.check(key, self.table[key])
        except LicenseBillError as refused:
            return self.note(key, problem_of(refused), refused.code)

    def one_of(self, what: str, ways: Mapping[str, Callable[["Node"], Any]]) -> Any:  # noqa: ANN401
        """What is read in one of several ways, each told by a key of its own."""
        given = [key for key in ways if key in self.table]
        if len(given) == 1:
            return ways[given[0]](self)
        self.unread -= set(given)
        return self.note(None, f"must state {what} by exactly one of {', '.join(ways)}")

    def rows(self, key: str) -> list["Node"]:
        """The tables of a list of tables; none where it is absent."""
        listed = self.read(key, _ROWS, ())
        if listed is UNREAD:
            return []
        nodes = [Node(row, (*self.path, key, at), self.noted) for at, row in enumerate(listed) if isinstance(row, dict)]
        if len(nodes) < len(listed):
            self.note(key, "must be a list of tables")
        return nodes

    def section(self, key: str, *, required: bool = False) -> "Node | None":
        """A table in this one; None where it is absent."""
        table = self.read(key, _TABLE, _REQUIRED if required else None)
        return None if table is None or table is UNREAD else Node(table, (*self.path, key), self.noted)

    def build(self, make: Callable[..., Any], *values: Any, **named: Any) -> Any:  # noqa: ANN401
        """What `make` gives; unread where one of its values is, or where it refuses them."""
        given = (*values, *named.values())
        if any(value is UNREAD or (isinstance(value, tuple) and UNREAD in value) for value in given):
            return UNREAD
        try:
            return make(*values, **named)
        except LicenseBillError as refused:
            place = refused.place if isinstance(refused, InvalidValue) else None
            return self.note(
                place if place in self.table else None, problem_of(refused, has_place=place in self.table), refused.code
            )

    def close(self) -> None:
        """Note the keys that nobody asked for."""
        for key in sorted(self.unread):
            alike = difflib.get_close_matches(key, self.asked, 1)
            meant = f"; is {alike[0]} meant?" if alike else ""
            self.note(key, f"is no key of this table{meant}", "unknown_key")


def problem_of(refused: LicenseBillError, *, has_place: bool = True) -> str:
    """The words of a refusal; without its place, where that is told already."""
    return refused.problem if isinstance(refused, InvalidValue) and has_place else str(refused)


# --- the outline of a file ----------------------------------------------------------------------------------------


@attrs.define
class Outline(Node):
    """A table that holds nothing, and notes what is asked of it.

    Every key is read in turn, also those of which a file states only one: these become alternatives.
    """

    properties: dict[str, Schema] = attrs.field(init=False, factory=dict)
    required: list[str] = attrs.field(init=False, factory=list)
    alternatives: list["Outline"] = attrs.field(init=False, factory=list)
    inner: dict[str, "Outline"] = attrs.field(init=False, factory=dict)

    @classmethod
    def empty(cls) -> "Outline":
        """Of nothing so far."""
        return cls({}, (), [])

    def read(self, key: str, form: Form, default: Any = _REQUIRED) -> Any:  # noqa: ANN401
        """Note a key, and whether it has to be there."""
        self.properties[key] = form.schema
        if default is not _REQUIRED:
            return default
        self.required.append(key)
        return UNREAD

    def one_of(self, what: str, ways: Mapping[str, Callable[[Node], Any]]) -> Any:  # noqa: ANN401, ARG002
        """Note the keys of each way."""
        for way in ways.values():
            alternative = Outline.empty()
            way(alternative)
            self.alternatives.append(alternative)
        return UNREAD

    def rows(self, key: str) -> list[Node]:
        """Note a list of tables; one stands for all of them."""
        row = Outline.empty()
        self.inner[key] = row
        self.read(key, _ROWS, ())
        return [row]

    def section(self, key: str, *, required: bool = False) -> Node:
        """Note a table in this one."""
        inside = Outline.empty()
        self.inner[key] = inside
        self.read(key, _TABLE, _REQUIRED if required else None)
        return inside

    def build(self, make: Callable[..., Any], *values: Any, **named: Any) -> Any:  # noqa: ANN401, ARG002
        """Nothing: there is nothing to build it from."""
        return UNREAD

    def schema(self) -> dict[str, Any]:
        """The schema of the tables that are read as this one was."""
        properties = dict(self.properties)
        for alternative in self.alternatives:
            properties |= alternative.schema()["properties"]
        for key, inside in self.inner.items():
            tables = inside.schema()
            properties[key] = {**properties[key], "items": tables} if properties[key]["type"] == "array" else tables
        made = {"type": "object", "properties": properties, "additionalProperties": False}
        if self.required:
            made["required"] = self.required
        if self.alternatives:
            made["oneOf"] = [one.as_alternative(properties, self.properties) for one in self.alternatives]
        return made

    def as_alternative(self, among: Collection[str], common: Collection[str]) -> dict[str, Any]:
        """What this way of several has, and the keys that it has not."""
        absent = [key for key in among if key not in common and key not in self.properties]
        return {"required": self.required, "properties": dict.fromkeys(absent, False)}


# --- forms --------------------------------------------------------------------------------------------------------


def listed(place: str, value: object) -> Sequence[Any]:
    """A list of anything."""
    if not isinstance(value, list):
        raise InvalidValue(place, f"must be a list, not {shown(value)}")
    return value


def _table(place: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue(place, f"must be a table, not {shown(value)}")
    return value


def _file_name(place: str, value: object) -> str:
    name = cardless_text(place, value)
    if name in {".", ".."} or any(mark in name for mark in "/\\:"):
        raise InvalidValue(place, "must be the name of a file beside the account file, without a folder")
    return name


def _flag(place: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(place, f"must be true or false, not {shown(value)}")
    return value


_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def written_day(place: str, value: object) -> date:
    """A day of TOML, or a text that is one: JSON and CSV have no dates."""
    if isinstance(value, str) and _WRITTEN_DAY.fullmatch(value):
        with contextlib.suppress(ValueError):  # 30 February
            value = date.fromisoformat(value)
    if isinstance(value, datetime.datetime) or not isinstance(value, date):
        raise InvalidValue(place, f"must be a day such as 2026-12-01, not {shown(value)}")
    return value


def written_instant(place: str, value: object) -> datetime.datetime:
    """A point in time of TOML, or a text that is one, with its zone."""
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            problem = f"must be a point in time such as 2026-12-01T07:00:00Z, not {shown(value)}"
            raise InvalidValue(place, problem) from None
    return instant(place, value)


def _zone(place: str, value: object) -> datetime.tzinfo:
    name = text(place, value)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidValue(place, f"must be a time zone such as America/Denver, not {shown(name)}") from None


def _currency(place: str, value: object) -> str:
    code = text(place, value)
    try:
        decimals(code)
    except InvalidValue as refused:
        raise attrs.evolve(refused, place=place) from None
    return code


def written_amount(currency: str) -> Callable[[str, Any], Money]:
    """Reads an amount in a currency."""

    def check(place: str, value: Any) -> Money:  # noqa: ANN401
        try:
            return Money.parse(value, currency)
        except InvalidValue as refused:
            raise attrs.evolve(refused, place=place) from None

    return check


def text_like(pattern: str) -> dict[str, Any]:
    """The schema of texts of a pattern."""
    return {"type": "string", "pattern": f"^{pattern}$"}


def list_of(form: Form) -> Form:
    """A list, each item of which passes a form."""

    def check(place: str, value: object) -> tuple[Any, ...]:
        return tuple(form.check(f"{place}[{at}]", item) for at, item in enumerate(listed(place, value)))

    return Form(check, {"type": "array", "items": form.schema})


_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}

TEXT = Form(text, _TEXT)
#: What could be a card number is refused.
NAME = Form(cardless_text, _TEXT)
NAMES = list_of(NAME)
FILE_NAME = Form(_file_name, _TEXT)
FLAG = Form(_flag, {"type": "boolean"})
DAY = Form(written_day, text_like("[0-9]{4}-[0-9]{2}-[0-9]{2}") | {"format": "date"})
INSTANT = Form(written_instant, {"type": "string", "format": "date-time"})
ZONE = Form(_zone, _TEXT)
CURRENCY = Form(_currency, text_like("[A-Z]{3}"))
_ROWS = Form(listed, {"type": "array"})
_TABLE = Form(_table, {"type": "object"})


def money(currency: str) -> Form:
    """An amount in a currency, as a text."""
    return Form(written_amount(currency), text_like(r"-?[0-9]{1,13}(\.[0-9]{1,6})?"))


def count(low: int = 0, high: int = MAX_WHOLE) -> Form:
    """A whole number within bounds, both included."""
    return Form(
        lambda place, value: whole(place, value, low, high), {"type": "integer", "minimum": low, "maximum": high}
    )


def choice(choices: Mapping[str, Any]) -> Form:
    """One of several texts, each of which stands for something."""

    def check(place: str, value: object) -> Any:  # noqa: ANN401
        if not isinstance(value, str) or value not in choices:
            raise InvalidValue(place, f"must be one of {', '.join(map(repr, choices))}, not {shown(value)}")
        return choices[value]

    return Form(check, {"enum": list(choices)})


def named(members: Iterable[enum.Enum]) -> Form:
    """A member of an enumeration, by its name in lower case with blanks."""
    return choice({member.name.lower().replace("_", " "): member for member in members})
