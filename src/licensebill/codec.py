"""Files: an account from TOML or JSON, its dialer usage and its storage readings from CSV.

Reading only turns text into the library's values; every rule stays where it is. A file's faults are told all at once,
each with its line and field (of a large file the first hundred, and how many more), as one `InvalidFile`. Usage is
streamed: whatever its size, what is kept is one sum for each day and kind.

The account file is described in docs/account-file.md. What programs store for programs is `documents`, whose names are
passed on from here. Needs the `json` extra.
"""

import contextlib
import csv
import datetime
import enum
import functools
import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from zoneinfo import ZoneInfo

import attrs
from json_source_map import calculate

from licensebill import minutes
from licensebill._checks import cardless_text, instant, text, whole
from licensebill.accounts import Account, Spending, begin
from licensebill.cycles import first_instant, local_day
from licensebill.documents import DocumentFault as DocumentFault
from licensebill.documents import InvalidDocument as InvalidDocument
from licensebill.documents import NewerFormat as NewerFormat
from licensebill.documents import from_json as from_json
from licensebill.documents import to_json as to_json
from licensebill.errors import SHOWN_DIGITS, InvalidValue, LicenseBillError, shown
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import AutomaticRecharge, UsageHistory
from licensebill.money import Money, decimals
from licensebill.people import AGENT, BILLING_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Authorization, Person, User
from licensebill.pricing import Flat, Graduated, Package, PerUnit, Price, Tier, Volume
from licensebill.storage import Reading
from licensebill.terms import (
    PER_MINUTE,
    RECHARGE_POLICIES,
    SECONDS,
    STANDARD,
    STANDARD_CATALOG,
    ByteUnits,
    Contract,
    ContractPrice,
    ContractRate,
    Dated,
    Floor,
    Increments,
    ProductKind,
    Rate,
    Removal,
    Step,
    StorageBasis,
    Tariff,
    contract_on,
)

#: The format of account files that this version writes about and reads.
FORMAT = 1
#: An account file beyond this is not read.
MAX_ACCOUNT_BYTES = 2**20
#: Parts of a dotted key of TOML; more of them would keep its parser busy for hours.
MAX_KEY_PARTS = 100
#: Faults of one file that are told one by one.
MAX_FAULTS = 100

FieldPath = tuple[str | int, ...]

# --- faults -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Fault:
    """One thing wrong with a file.

    Args:
        line: from 1; None where it concerns the whole file.
        field: the path of the field ("contracts[0].prices[1].amount") or the column; empty for the whole line.
        code: stable, for programs.
        problem: what is wrong and what would be accepted.
    """

    line: int | None
    field: str
    code: str
    problem: str

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}"
        place = ", ".join(part for part in (line, self.field) if part)
        return f"{place}: {self.problem}" if place else self.problem


@attrs.frozen
class InvalidFile(InvalidValue):
    """A file with faults.

    Args:
        place: the file's name.
        problem: how many faults.
        faults: the first hundred, in the order of the file.
        more: how many beyond those.
    """

    code: ClassVar[str] = "invalid_file"

    faults: tuple[Fault, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.problem}", *(f"  {fault}" for fault in self.faults)]
        return "\n".join([*lines, f"  and {self.more} more"] if self.more else lines)


def _invalid(name: str, faults: Sequence[Fault], count: int) -> InvalidFile:
    told = tuple(faults[:MAX_FAULTS])
    return InvalidFile(name, "1 fault" if count == 1 else f"{count} faults", told, count - len(told))


def _refuse(name: str, problem: str, line: int | None = None) -> NoReturn:
    raise _invalid(name, [Fault(line=line, field="", code=InvalidFile.code, problem=problem)], 1)


# --- reading a document -------------------------------------------------------------------------------------------


class _Unread(enum.Enum):
    """Stands for a value whose fault has been noted: what is built from it is not built, without a second fault."""

    UNREAD = enum.auto()


_UNREAD: Any = _Unread.UNREAD
_REQUIRED: Any = object()


@attrs.define
class _Node:
    """A table of the document, read key by key; what is wrong is noted with its path, and reading goes on."""

    table: Mapping[str, Any]
    path: FieldPath
    noted: list[tuple[FieldPath, str, str]]
    unread: set[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.unread = set(self.table)

    def note(self, key: str | int | None, problem: str, code: str = InvalidValue.code) -> Any:  # noqa: ANN401
        """Keep a fault; the value is unread."""
        self.noted.append((self.path if key is None else (*self.path, key), code, problem))
        return _UNREAD

    def read(self, key: str, check: Callable[[str, Any], Any], default: Any = _REQUIRED) -> Any:  # noqa: ANN401
        """The checked value of a key; the default where it is absent."""
        self.unread.discard(key)
        if key not in self.table:
            return self.note(key, "is missing") if default is _REQUIRED else default
        try:
            return check(key, self.table[key])
        except LicenseBillError as refused:
            return self.note(key, _problem(refused), refused.code)

    def rows(self, key: str) -> list["_Node"]:
        """The tables of a list of tables; none where it is absent."""
        listed = self.read(key, _list, ())
        if listed is _UNREAD:
            return []
        nodes = [
            _Node(row, (*self.path, key, at), self.noted) for at, row in enumerate(listed) if isinstance(row, dict)
        ]
        if len(nodes) < len(listed):
            self.note(key, "must be a list of tables")
        return nodes

    def section(self, key: str, *, required: bool = False) -> "_Node | None":
        """A table in this one; None where it is absent."""
        table = self.read(key, _table, _REQUIRED if required else None)
        return None if table is None or table is _UNREAD else _Node(table, (*self.path, key), self.noted)

    def build(self, make: Callable[..., Any], *values: Any, **named: Any) -> Any:  # noqa: ANN401
        """What `make` gives; unread where one of its values is, or where it refuses them."""
        given = (*values, *named.values())
        if any(value is _UNREAD or (isinstance(value, tuple) and _UNREAD in value) for value in given):
            return _UNREAD
        try:
            return make(*values, **named)
        except LicenseBillError as refused:
            place = refused.place if isinstance(refused, InvalidValue) else None
            return self.note(
                place if place in self.table else None, _problem(refused, has_place=place in self.table), refused.code
            )

    def close(self) -> None:
        """Note the keys that nobody asked for."""
        for key in sorted(self.unread):
            self.note(key, "is no key of this table", "unknown_key")


def _problem(refused: LicenseBillError, *, has_place: bool = True) -> str:
    return refused.problem if isinstance(refused, InvalidValue) and has_place else str(refused)


def _list(place: str, value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise InvalidValue(place, f"must be a list, not {shown(value)}")
    return value


def _table(place: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue(place, f"must be a table, not {shown(value)}")
    return value


def _texts(place: str, value: object) -> tuple[str, ...]:
    return tuple(cardless_text(f"{place}[{at}]", item) for at, item in enumerate(_list(place, value)))


def _file_name(place: str, value: object) -> str:
    name = cardless_text(place, value)
    if name in {".", ".."} or any(mark in name for mark in "/\\:"):
        raise InvalidValue(place, "must be the name of a file beside the account file, without a folder")
    return name


def _product(place: str, value: object) -> str:
    STANDARD_CATALOG.product(text(place, value))
    return text(place, value)


def _products(place: str, value: object) -> tuple[str, ...]:
    return tuple(_product(place, name) for name in _texts(place, value))


def _flag(place: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(place, f"must be true or false, not {shown(value)}")
    return value


def _day(place: str, value: object) -> date:
    if isinstance(value, str) and _WRITTEN_DAY.fullmatch(value):  # JSON and CSV have no dates
        with contextlib.suppress(ValueError):  # 30 February
            value = date.fromisoformat(value)
    if isinstance(value, datetime.datetime) or not isinstance(value, date):
        raise InvalidValue(place, f"must be a day such as 2026-12-01, not {shown(value)}")
    return value


_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _instant(place: str, value: object) -> datetime.datetime:
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


def _money(currency: str) -> Callable[[str, Any], Money]:
    def check(place: str, value: Any) -> Money:  # noqa: ANN401
        try:
            return Money.parse(value, currency)
        except InvalidValue as refused:
            raise attrs.evolve(refused, place=place) from None

    return check


def _choice(choices: Mapping[str, Any]) -> Callable[[str, Any], Any]:
    def check(place: str, value: object) -> Any:  # noqa: ANN401
        if not isinstance(value, str) or value not in choices:
            raise InvalidValue(place, f"must be one of {', '.join(map(repr, choices))}, not {shown(value)}")
        return choices[value]

    return check


def _named(members: Iterable[enum.Enum]) -> dict[str, Any]:
    return {member.name.lower().replace("_", " "): member for member in members}


# --- the account file ---------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class AccountFile:
    """What an account file states.

    Args:
        account: on the file's day.
        readings: of storage.
        usage: the name of the usage file; None where the file names none.
        balance_on: the day at whose first instant the account's balance held; later usage is drawn from it.
    """

    account: Account
    readings: tuple[Reading, ...]
    usage: str | None
    balance_on: date


def load_account(path: Path) -> AccountFile:
    """The account that a TOML or JSON file states.

    Args:
        path: of a file whose name ends in .toml or .json.

    Raises:
        InvalidFile: every fault of it, with line and field.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MAX_ACCOUNT_BYTES + 1)
    if len(content) > MAX_ACCOUNT_BYTES:
        _refuse(path.name, f"is larger than {MAX_ACCOUNT_BYTES} bytes")
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        _refuse(path.name, "is not UTF-8", 1 + content[: wrong.start].count(b"\n"))
    return read_account(source, name=path.name)


def read_account(source: str, *, name: str = "account.toml") -> AccountFile:
    """The account that a text in TOML, or in JSON where the name ends in .json, states.

    Raises:
        InvalidFile: every fault of it, with line and field.
    """
    is_json = name.lower().endswith(".json")
    document = _parsed(source, name, is_json=is_json)
    top = _Node(document, (), [])
    result = _account_file(top)
    if top.noted:
        lines = _json_lines(source, name) if is_json else _toml_lines(source)
        faults = [
            Fault(line=_line(path, lines), field=_field(path), code=code, problem=problem)
            for path, code, problem in top.noted
        ]
        faults.sort(key=lambda fault: (fault.line or 0, fault.field))
        raise _invalid(name, faults, len(faults))
    checked: AccountFile = result
    return checked


_TOO_DEEP = "is nested too deeply, or holds a number too long to read"


def _parsed(source: str, name: str, *, is_json: bool) -> Mapping[str, Any]:
    if not is_json and any(line.count(".") > MAX_KEY_PARTS for line in source.splitlines()):
        _refuse(name, f"has a line with more than {MAX_KEY_PARTS} points")
    try:
        document = json.loads(source, object_pairs_hook=_once) if is_json else tomllib.loads(source)
    except json.JSONDecodeError as wrong:
        _refuse(name, f"is no JSON: {wrong.msg}", wrong.lineno)
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"\(at line (\d+), ", str(wrong))
        said = str(wrong) if sum(map(str.isdigit, str(wrong))) <= SHOWN_DIGITS else "a key stands twice, or is none"
        _refuse(name, f"is no TOML: {said}", int(found[1]) if found else None)
    except InvalidValue as wrong:
        _refuse(name, str(wrong))
    except (RecursionError, ValueError):
        _refuse(name, _TOO_DEEP)
    if not isinstance(document, dict):
        _refuse(name, "must be a table at the top")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise InvalidValue("key", "a key stands twice in one table")
    return table


def _account_file(top: _Node) -> Any:  # noqa: ANN401 - an AccountFile, or unread
    top.read("format", lambda place, value: whole(place, value, FORMAT, FORMAT))
    as_of = top.read("as_of", _day)
    usage = top.read("usage", _file_name, None)
    section = top.section("account", required=True)
    if section is None:
        return _UNREAD
    tz = section.read("timezone", _zone, UTC)
    tariff = _tariff(top, section.read("currency", _currency, STANDARD.currency))
    currency = STANDARD.currency if tariff is _UNREAD else tariff.currency
    balance, balance_on, automatic = _minutes(top, currency, as_of)
    users = tuple(_user(node) for node in top.rows("users"))
    known = {user.id for user in users if user is not _UNREAD}
    fields = {
        "id": section.read("id", cardless_text),
        "began": section.read("began", _day),
        "administrator": section.read("administrator", cardless_text),
        "anchor_day": section.read("anchor_day", lambda place, value: whole(place, value, 1, 31), 1),
        "today": as_of,
        "tz": tz,
        "tariffs": top.build(Dated.always, tariff),
        "contracts": tuple(_contract(node, currency) for node in top.rows("contracts")),
        "licenses": top.build(Licenses, tuple(_holding(node, known) for node in top.rows("licenses"))),
        "users": users,
        "funding": _funding(top),
        "automatic": automatic,
        "balance": balance,
    }
    section.close()
    account = top.build(Account, **fields)
    account = top.build(_spent, account, _spending(top, currency))
    account = top.build(_consistent, account)
    readings = tuple(_reading(node) for node in top.rows("storage"))
    top.close()
    return top.build(AccountFile, account=account, readings=readings, usage=usage, balance_on=balance_on)


def _consistent(account: Account) -> Account:
    """What a file can get wrong between its tables, and the account made ready."""
    if account.automatic.source is not None and account.funding is not None:
        account.funding.source(account.automatic.source)
    return begin(account)


def _spending(top: _Node, currency: str) -> Any:  # noqa: ANN401 - Money, None or unread
    node = top.section("spending")
    if node is None:
        return None
    amount = node.read("amount", _money(currency))
    node.close()
    return amount


def _spent(account: Account, amount: Money | None) -> Account:
    return account if amount is None else attrs.evolve(account, spending=(Spending(account.cycle, amount),))


def _tariff(top: _Node, currency: Any) -> Any:  # noqa: ANN401 - a Tariff, or unread
    node = top.section("tariff")
    if currency is _UNREAD:
        return _UNREAD
    if node is None:
        return top.build(_tariff_in, currency)
    money = _money(currency)
    changes = {
        "fee": node.read("storage_fee", money, None),
        "cost_per_minute": node.read("cost_per_minute", money, None),
        "minimum_purchase": node.read("minimum_purchase", money, None),
        "monthly_cap": node.read("monthly_recharge_cap", money, None),
        "units": node.read("byte_units", _choice(_named(ByteUnits)), None),
        "basis": node.read("storage_basis", _choice(_named(StorageBasis)), None),
        "recharge": node.read(
            "recharge_policy", _choice({name.lower(): it for name, it in RECHARGE_POLICIES.items()}), None
        ),
    }
    node.close()
    return node.build(_tariff_in, currency, **changes)


def _tariff_in(currency: str, **changes: Any) -> Tariff:  # noqa: ANN401
    """The standard tariff with some of its numbers and policies replaced; another currency needs its own amounts."""
    given = {name: value for name, value in changes.items() if value is not None}
    own = {name: given[name] for name in ("fee", "cost_per_minute", "minimum_purchase") if name in given}
    if currency != STANDARD.currency and len(own) < 3:  # noqa: PLR2004 - the three amounts named
        needed = "storage_fee, cost_per_minute and minimum_purchase"
        raise InvalidValue("tariff", f"must state {needed} in {currency}: the standard ones are in {STANDARD.currency}")

    def only(*names: str) -> dict[str, Any]:
        return {name: given[name] for name in names if name in given}

    return Tariff(
        currency=currency,
        storage=attrs.evolve(STANDARD.storage, **only("fee", "units", "basis")),
        minutes=attrs.evolve(STANDARD.minutes, **only("cost_per_minute", "minimum_purchase")),
        limits=attrs.evolve(STANDARD.limits, **only("monthly_cap")),
        **only("recharge"),
    )


# --- contracts ----------------------------------------------------------------------------------------------------


def _contract(node: _Node, currency: str) -> Any:  # noqa: ANN401 - a Contract, or unread
    prices = [(row.read("product", _product), _step(row, _price(row, currency))) for row in _open(node, "prices")]
    rates = [(row.read("kind", cardless_text), _step(row, _rate(row, currency))) for row in _open(node, "rates")]
    spend = [("", _step(row, row.read("amount", _money(currency)))) for row in _open(node, "minimum_spend")]
    floors = [
        (
            (row.read("products", _products), row.read("shortfall_price", _money(currency), None)),
            _step(row, row.read("minimum", whole)),
        )
        for row in _open(node, "floors")
    ]
    minimum = _grouped(node, spend)
    fields = {
        "reference": node.read("reference", cardless_text),
        "start": node.read("start", _day),
        "end": node.read("end", _day),
        "currency": currency,
        "removal": node.read("removal", _choice(_named(Removal)), Removal.DOWN_TO_FLOOR),
        "renewal_months": node.read("renewal_months", lambda place, value: whole(place, value, 1, 1200), None),
        "prices": tuple(node.build(ContractPrice, *pair) for pair in _grouped(node, prices)),
        "rates": tuple(node.build(ContractRate, *pair) for pair in _grouped(node, rates)),
        "floors": tuple(
            node.build(Floor, products=key[0], shortfall_price=key[1], minimum=dated)
            for key, dated in _grouped(node, floors)
        ),
        "minimum_spend": minimum[0][1] if minimum else None,
    }
    node.close()
    return node.build(Contract, **fields)


def _open(node: _Node, key: str) -> Iterator[_Node]:
    """The rows of a list of tables, each closed once it has been read."""
    for row in node.rows(key):
        yield row
        row.close()


def _step(row: _Node, value: Any) -> Any:  # noqa: ANN401 - a Step, or unread
    since = row.read("since", _day, date.min)
    return row.build(Step, since, value, row.read("source", cardless_text, ""))


def _grouped(node: _Node, pairs: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Rows of one key become its dated steps, in the order in which the keys first stand in the file."""
    steps: dict[Any, list[Any]] = {}
    for key, step in pairs:
        steps.setdefault(key, []).append(step)
    return [(key, node.build(lambda *listed: Dated(listed), *listed)) for key, listed in steps.items()]


_PRICES = ("amount", "flat", "graduated", "volume", "package")


def _price(node: _Node, currency: str, unit: str = "licenses", per: int = 1) -> Any:  # noqa: ANN401 - a Price, or unread
    given = [key for key in _PRICES if key in node.table]
    if len(given) != 1:
        node.unread -= set(given)
        return node.note(None, f"must state a price by exactly one of {', '.join(_PRICES)}")
    money = _money(currency)
    if given == ["amount"]:
        per = node.read("per", lambda place, value: whole(place, value, 1), per)
        return node.build(PerUnit, amount=node.read("amount", money), per=per, unit=unit)
    if given == ["flat"]:
        return node.build(Flat, amount=node.read("flat", money), unit=unit)
    if given == ["package"]:
        size = node.read("size", lambda place, value: whole(place, value, 1))
        free = node.read("free", whole, 0)
        return node.build(Package, amount=node.read("package", money), size=size, free=free, unit=unit)
    scheme: Callable[..., Price] = Graduated if given == ["graduated"] else Volume
    return node.build(scheme, tiers=tuple(_tier(row, money) for row in _open(node, given[0])), unit=unit)


def _tier(node: _Node, money: Callable[[str, Any], Money]) -> Any:  # noqa: ANN401 - a Tier, or unread
    up_to = node.read("up_to", lambda place, value: whole(place, value, 1), None)
    return node.build(Tier, up_to, node.read("amount", money), node.read("flat", money, None))


def _rate(node: _Node, currency: str) -> Any:  # noqa: ANN401 - a Rate, or unread
    seconds = node.read("per_seconds", lambda place, value: whole(place, value, 1), None)
    increments = node.read("increments", _increments, None)
    if seconds is None:
        price = _price(node, currency, "messages")
        if isinstance(increments, Increments):
            return node.note("increments", "need per_seconds: only what is billed by the second has increments")
        return node.build(Rate, price=price)
    if "per" in node.table:
        node.note("per", "is for what is counted by the piece; what is billed by time states per_seconds")
    if seconds != 1 and "amount" not in node.table:
        node.note("per_seconds", "must be 1 for any price but an amount: its units are single seconds")
    price = _price(node, currency, SECONDS, seconds)
    return node.build(Rate, price=price, increments=PER_MINUTE if increments is None else increments)


def _increments(place: str, value: object) -> Increments:
    pair = _list(place, value)
    if len(pair) != 2:  # noqa: PLR2004 - first and following
        raise InvalidValue(place, "must be a pair: seconds of the first increment, seconds of each following one")
    return Increments(whole(f"{place}[0]", pair[0], 1), whole(f"{place}[1]", pair[1], 1))


# --- licenses, users, sources, measurements -----------------------------------------------------------------------


def _holding(node: _Node, known: Collection[str]) -> Any:  # noqa: ANN401 - a Holding, or unread
    users = node.read("users", _texts, ())
    fields = {
        "product": node.read("product", _product),
        "owned": node.read("owned", whole),
        "users": _UNREAD if users is _UNREAD else frozenset(users),
        "pending": node.read("pending", whole, None),
    }
    if users is not _UNREAD:
        _check_users(node, users, fields, known)
    node.close()
    return node.build(Holding, **fields)


def _check_users(node: _Node, users: tuple[str, ...], fields: Mapping[str, Any], known: Collection[str]) -> None:
    """Each there, none twice, and no more than own a license each (LIC-3)."""
    if len(set(users)) < len(users):
        node.note("users", "names a user twice")
    for user in users:
        if user not in known:
            node.note("users", f"{shown(user)} is none of [[users]]", "unknown_user")
    product, owned = fields["product"], fields["owned"]
    if _UNREAD in (product, owned) or STANDARD_CATALOG.product(product).kind is not ProductKind.PER_USER:
        return
    if len(users) > owned:
        node.note("users", f"names {len(users)} users, and {owned} licenses are owned (LIC-3)", "not_enough_licenses")


_ROLES = {role.name: role for role in (AGENT, SYSTEM_ADMINISTRATOR, BILLING_ADMINISTRATOR)}


def _user(node: _Node) -> Any:  # noqa: ANN401 - a User, or unread
    fields = {
        "id": node.read("id", cardless_text),
        "role": node.read("role", _choice(_ROLES), AGENT),
        "is_administrator": node.read("is_administrator", _flag, default=False),
    }
    node.close()
    return node.build(User, **fields)


def _person(node: _Node | None) -> Any:  # noqa: ANN401 - a Person, or unread
    if node is None:
        return _UNREAD
    person = node.build(Person, node.read("first", cardless_text), node.read("last", cardless_text))
    node.close()
    return person


def _funding(top: _Node) -> Any:  # noqa: ANN401 - Funding, None or unread
    listed = tuple(_source(node) for node in top.rows("sources"))
    return top.build(Funding, listed) if listed else None


def _source(node: _Node) -> Any:  # noqa: ANN401 - a Source, or unread
    fields = {
        "id": node.read("id", cardless_text),
        "kind": node.read("kind", _choice(_named(SourceKind))),
        "token": node.read("token", cardless_text),
        "label": node.read("label", cardless_text),
        "last_four": node.read("last_four", text),
        "expiry": node.read("expires", _expiry, None),
        "holder": _person(node.section("holder", required=True)),
        "is_blocked": node.read("is_blocked", _flag, default=False),
    }
    node.close()
    return node.build(Source, **fields)


def _expiry(place: str, value: object) -> Expiry:
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(place, "must be a year and month such as '2028-11'")
    return Expiry(int(found[1]), int(found[2]))


def _minutes(top: _Node, currency: str, as_of: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401
    node = top.section("minutes")
    if node is None:
        return Money.zero(currency), as_of, AutomaticRecharge()
    balance = node.read("balance", _money(currency))
    balance_on = node.read("balance_on", _day, as_of)
    automatic: Any = AutomaticRecharge()
    switched = node.section("automatic")
    if switched is not None:
        person = _person(switched.section("authorized_by", required=True))
        source = switched.read("source", cardless_text, None)
        automatic = switched.build(
            lambda who, which: minutes.switch_on(
                automatic, authorization=Authorization(who, accepted=True), source=which
            ),
            person,
            source,
        )
        switched.close()
    node.close()
    return balance, balance_on, automatic


def _reading(node: _Node) -> Any:  # noqa: ANN401 - a Reading, or unread
    fields = {
        "bytes": node.read("bytes", whole),
        "at": node.read("at", _instant),
        "source": node.read("source", cardless_text, "stated"),
    }
    node.close()
    return node.build(Reading, **fields)


# --- where a path stands ------------------------------------------------------------------------------------------


def _field(path: FieldPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _line(path: FieldPath, lines: Mapping[FieldPath, int]) -> int | None:
    """The line of a path, or of the nearest table around it that has one; of a list of tables its first."""
    nearest = (part for length in range(len(path), 0, -1) for part in (path[:length], (*path[:length], 0)))
    return next((lines[part] for part in nearest if part in lines), None)


def _json_lines(source: str, name: str) -> dict[FieldPath, int]:
    lines = {}
    try:
        entries = calculate(source)
    except RecursionError:
        _refuse(name, _TOO_DEEP)
    for pointer, entry in entries.items():
        parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        start = entry.key_start or entry.value_start
        lines[tuple(int(part) if part.isdecimal() else part for part in parts)] = start.line + 1
    return lines


_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\- ]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")


def _toml_lines(source: str) -> dict[FieldPath, int]:
    """The lines of the headers and keys of a TOML text; what stands within a value has its key's line."""
    lines: dict[FieldPath, int] = {}
    here: FieldPath = ()
    counts: dict[FieldPath, int] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            here = ()
            parts = [part.strip() for part in header[2].split(".")]
            for depth, part in enumerate(parts, start=1):
                here = (*here, part)
                is_item = header[1] == "[[" and depth == len(parts)
                if is_item:
                    counts[here] = counts.get(here, -1) + 1
                if here in counts:
                    here = (*here, counts[here])
            lines[here] = number
        elif key := _KEY.match(line):
            lines.setdefault((*here, key[1]), number)
    return lines


# --- the usage file -----------------------------------------------------------------------------------------------

_AMOUNTS = ["day", "kind", "amount"]
_CALLS = ["start", "seconds", "kind"]


def load_usage(path: Path, account: Account, *, until: datetime.datetime) -> UsageHistory:
    """The dialer usage that a CSV file states, as far as it was drawn before an instant.

    Args:
        path: of a file with the columns day, kind, amount, or start, seconds, kind (call records).
        account: whose rates price call records, and whose zone gives them their day.
        until: what was drawn later is passed over.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.
        OSError: the file cannot be read.
    """
    if path.exists() and not path.is_file():
        _refuse(path.name, "is no file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_usage(lines, account, until=until, name=path.name)
    except UnicodeDecodeError:
        _refuse(path.name, "is not UTF-8")


def read_usage(
    lines: Iterable[str], account: Account, *, until: datetime.datetime, name: str = "usage.csv"
) -> UsageHistory:
    """The dialer usage that the lines of a CSV text state, as far as it was drawn before an instant.

    A row of amounts counts once its day has begun; a call once it has begun. Rows may come in any order; several of
    one day and kind are added. Amounts are plain decimals of at most six places; a call is charged at the rate of its
    day, rounded to a micro (MIN-10).

    Args:
        lines: the first holds the columns, "day,kind,amount" or "start,seconds,kind".
        account: whose rates price call records, and whose zone gives them their day.
        until: what was drawn later is passed over.
        name: of the file, for the error.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.

    Source: MIN-2, MIN-8, MIN-10.
    """
    rows = csv.reader(lines, strict=True)
    try:
        header = next(rows, [])
        if header not in (_AMOUNTS, _CALLS):
            _refuse(name, f"must begin with the columns {','.join(_AMOUNTS)} or {','.join(_CALLS)}", 1)
        parse = _AmountRows(account, until) if header == _AMOUNTS else _CallRows(account, until)
        return _summed(rows, parse, account.currency, name)
    except csv.Error as wrong:
        _refuse(name, f"is no CSV: {wrong}", rows.line_num)


def _summed(rows: Any, parse: "_Rows", currency: str, name: str) -> UsageHistory:  # noqa: ANN401 - csv's own reader type
    sums: dict[tuple[date, str], int] = {}
    faults: list[Fault] = []
    count = 0
    for row in rows:
        try:
            if len(row) != 3:  # noqa: PLR2004 - both forms have three columns
                raise InvalidValue("", f"must have 3 columns, not {len(row)}")
            counted = parse(row)
        except LicenseBillError as refused:
            count += 1
            if count <= MAX_FAULTS:
                place = refused.place if isinstance(refused, InvalidValue) else "kind"
                faults.append(Fault(line=rows.line_num, field=place, code=refused.code, problem=_problem(refused)))
            continue
        if counted is not None:
            key, micros = counted
            sums[key] = sums.get(key, 0) + micros
    if count:
        raise _invalid(name, faults, count)
    try:
        entries = [(on, kind, Money(micros, currency)) for (on, kind), micros in sums.items()]
    except InvalidValue:
        _refuse(name, "adds up to more than an amount can be")
    return UsageHistory.of(entries, currency=currency)


_Rows = Callable[[list[str]], tuple[tuple[date, str], int] | None]


@functools.lru_cache(maxsize=256)
def _kind(value: str) -> str:
    """A kind of usage; a file has few, on many lines."""
    return cardless_text("kind", value)


class _AmountRows:
    """Rows of day, kind, amount."""

    def __init__(self, account: Account, until: datetime.datetime) -> None:
        self.money = _money(account.currency)
        last = local_day(until, account.tz)
        begun = instant("until", until) > first_instant(last, account.tz)
        self.last = last if begun else last - datetime.timedelta(days=1)

    def __call__(self, row: list[str]) -> tuple[tuple[date, str], int] | None:
        on, kind = _day("day", row[0]), _kind(row[1])
        amount = self.money("amount", row[2])
        if amount.micros < 0:
            raise InvalidValue("amount", f"must not be negative, not {amount}")
        return None if on > self.last else ((on, kind), amount.micros)


class _CallRows:
    """Rows of start, seconds, kind: each priced at the rate of its day."""

    def __init__(self, account: Account, until: datetime.datetime) -> None:
        self.account, self.until = account, instant("until", until)
        self.rates: dict[tuple[str, date], Rate] = {}

    def rate(self, kind: str, on: date) -> Rate:
        """The rate of a kind on a day, looked up once."""
        if (kind, on) not in self.rates:
            self.rates[kind, on] = minutes.rate_of(kind, contract_on(self.account.contracts, on), on).value
        return self.rates[kind, on]

    def __call__(self, row: list[str]) -> tuple[tuple[date, str], int] | None:
        start, kind = _instant("start", row[0]), _kind(row[2])
        if not row[1].isascii() or not row[1].isdecimal() or len(row[1]) > len(str(2**63)):
            raise InvalidValue("seconds", f"must be a whole number of seconds, not {shown(row[1])}")
        quantity = whole("seconds", int(row[1]))
        if start >= self.until:
            return None
        on = local_day(start, self.account.tz)
        rate = self.rate(kind, on)
        counted = rate.increments is None
        seconds, count = (None, quantity) if counted else (quantity, None)
        drawn = minutes.draw(rate, seconds=seconds, count=count, zero=self.account.tariff.zero_quantity)
        return (on, kind), drawn.amount.micros


# --- the readings file --------------------------------------------------------------------------------------------

_READINGS = ["at", "bytes"]


def load_readings(path: Path) -> tuple[Reading, ...]:
    """The readings of storage that a CSV file states.

    Args:
        path: of a file with the columns at, bytes; its name is told as their source.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.
        OSError: the file cannot be read.

    Source: STO-4.
    """
    if path.exists() and not path.is_file():
        _refuse(path.name, "is no file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_readings(lines, name=path.name)
    except UnicodeDecodeError:
        _refuse(path.name, "is not UTF-8")


def read_readings(lines: Iterable[str], *, name: str = "storage.csv") -> tuple[Reading, ...]:
    """The readings of storage that the lines of a CSV text state, in their order.

    Args:
        lines: the first holds the columns, "at,bytes"; a point in time has its zone, bytes are in plain digits.
        name: of the file, for the error and as the readings' source.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.

    Source: STO-4.
    """
    rows = csv.reader(lines, strict=True)
    try:
        if next(rows, []) != _READINGS:
            _refuse(name, f"must begin with the columns {','.join(_READINGS)}", 1)
        return _measured(rows, name)
    except csv.Error as wrong:
        _refuse(name, f"is no CSV: {wrong}", rows.line_num)


def _measured(rows: Any, name: str) -> tuple[Reading, ...]:  # noqa: ANN401 - csv's own reader type
    made: list[Reading] = []
    faults: list[Fault] = []
    count = 0
    for row in rows:
        try:
            made.append(_reading_of(row, name))
        except InvalidValue as refused:
            count += 1
            if count <= MAX_FAULTS:
                fault = Fault(line=rows.line_num, field=refused.place, code=refused.code, problem=refused.problem)
                faults.append(fault)
    if count:
        raise _invalid(name, faults, count)
    return tuple(made)


def _reading_of(row: list[str], name: str) -> Reading:
    if len(row) != len(_READINGS):
        raise InvalidValue("", f"must have {len(_READINGS)} columns, not {len(row)}")
    return Reading(bytes=_digits("bytes", row[1]), at=_instant("at", row[0]), source=name)


def _digits(place: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > len(str(2**63)):
        raise InvalidValue(place, f"must be a whole number in plain digits, not {shown(value)}")
    return whole(place, int(value))
