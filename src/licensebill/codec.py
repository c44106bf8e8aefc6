"""Files: an account from TOML or JSON, its dialer usage and its storage readings from CSV, and customers of many.

Reading only turns text into the library's values; every rule stays where it is. A file's faults are told all at once,
each with its line and field (of a large file the first hundred, and how many more), as one `InvalidFile`. Usage is
streamed: whatever its size, what is kept is one sum for each day and kind.

The account file is described in docs/account-file.md. What programs store for programs is `documents`, whose names are
passed on from here. Needs the `json` extra.
"""

import contextlib
import csv
import datetime
import functools
import io
import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NoReturn, TypeVar

import attrs

from licensebill import minutes
from licensebill._checks import cardless_text, function, instance, instant, several, text, whole
from licensebill._places import (
    deep_line,
    field_of,
    json_lines,
    line_of,
    long_number_line,
    many_parts,
    repeated_key,
    table,
    toml_lines,
)
from licensebill._tables import (
    CURRENCY,
    DAY,
    FILE_NAME,
    FLAG,
    INSTANT,
    NAME,
    NAMES,
    TEXT,
    UNREAD,
    ZONE,
    Form,
    Node,
    Outline,
    choice,
    count,
    listed,
    money,
    named,
    problem_of,
    text_like,
    written_amount,
    written_day,
    written_instant,
)
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
from licensebill.money import DECIMALS, MICROS, Money
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

_T = TypeVar("_T")

#: The format of account files that this version writes about and reads.
FORMAT = 1
#: An account file beyond this is not read.
MAX_ACCOUNT_BYTES = 2**20
#: Parts of a dotted key of TOML; more of them would keep its parser busy for hours.
MAX_KEY_PARTS = 100
#: Points in all its keys together; each makes a table of its own, and costs a kilobyte.
_MOST_POINTS = 2**14
_LONGEST_NAME = 255
#: What a parser says is passed on up to here: it may repeat a key of any length.
_LONGEST_WORDS = 200
_COUNTED_AT_ONCE = 2**16
#: A line of a usage or readings file beyond this is not read.
MAX_LINE_BYTES = 2**16
#: Faults of one file that are told one by one.
MAX_FAULTS = 100

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


def _refuse(name: str, problem: str, line: int | None = None, field: str = "") -> NoReturn:
    raise _invalid(name, [Fault(line=line, field=field, code=InvalidFile.code, problem=problem)], 1)


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
        InvalidValue: a folder, or a name that is none.
        OSError: the file cannot be read.
    """
    if instance("path", path, Path).is_dir():
        raise InvalidValue("path", f"{shown(str(path))} is a folder, and must be a file")
    name = _file_name(path)
    with path.open("rb") as file:
        content = file.read(MAX_ACCOUNT_BYTES + 1)
    if len(content) > MAX_ACCOUNT_BYTES:
        _refuse(name, f"is larger than {MAX_ACCOUNT_BYTES} bytes")
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        _refuse(name, "is not UTF-8", 1 + content[: wrong.start].count(b"\n"))
    return read_account(source, name=name)


def _file_name(path: Path) -> str:
    """The name of a file that can be read to its end, as a pipe or a device cannot; also of one that is not there."""
    name = instance("path", path, Path).name
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidValue("path", "must have a name in UTF-8") from None
    cardless_text("path", name, _LONGEST_NAME)
    if path.exists() and not path.is_file():
        _refuse(name, "is no file")
    return name


def read_account(source: str, *, name: str = "account.toml") -> AccountFile:
    """The account that a text in TOML, or in JSON where the name ends in .json, states.

    Raises:
        InvalidFile: every fault of it, with line and field.
    """
    instance("source", source, str)
    is_json = cardless_text("name", name, _LONGEST_NAME).lower().endswith(".json")
    document = _parsed(source, name, is_json=is_json)
    top = Node(document, (), [])
    result = _account_file(top)
    if top.noted:
        lines = json_lines(source, [path for path, _, _ in top.noted]) if is_json else toml_lines(source)
        faults = [
            Fault(line=line_of(path, lines), field=field_of(path), code=code, problem=problem)
            for path, code, problem in top.noted
        ]
        faults.sort(key=lambda fault: (fault.line or 0, fault.field))
        raise _invalid(name, faults, len(faults))
    checked: AccountFile = result
    return checked


def _parsed(source: str, name: str, *, is_json: bool) -> Mapping[str, Any]:
    deep = deep_line(source)
    if deep is not None:
        _refuse(name, "is nested too deeply", deep)
    try:
        document = _json(source, name) if is_json else _toml(source, name)
    except InvalidFile:
        raise
    except ValueError:
        _refuse(name, "holds a number too long to read", long_number_line(source))
    if not isinstance(document, dict):
        _refuse(name, "must be a table at the top")
    return document


def _json(source: str, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    repeating: list[object] = []
    try:
        document = json.loads(source, object_pairs_hook=lambda pairs: table(pairs, repeating))
    except json.JSONDecodeError as wrong:
        _refuse(name, f"is no JSON: {wrong.msg}", wrong.lineno)
    if repeating:
        repeated = repeated_key(document)
        line = line_of(repeated, json_lines(source, [repeated]))
        _refuse(name, "stands twice in one table", line, field_of(repeated))
    return document


def _toml(source: str, name: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    crowded = many_parts(source, MAX_KEY_PARTS, _MOST_POINTS)
    if crowded is not None:
        problem = f"has a key of more than {MAX_KEY_PARTS} parts, or keys with more than {_MOST_POINTS} points in all"
        _refuse(name, problem, crowded)
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as wrong:
        words = str(wrong)
        found = re.search(r"\(at line (\d+), ", words[-_LONGEST_WORDS:])
        is_short = len(words) <= _LONGEST_WORDS and sum(map(str.isdigit, words)) <= SHOWN_DIGITS
        said = words if is_short else "a key stands twice, or is none"
        _refuse(name, f"is no TOML: {said}", int(found[1]) if found else None)


def account_schema() -> dict[str, Any]:
    """The JSON Schema of an account file, in JSON: made by the very code that reads one.

    In a TOML file days and instants are TOML's own; everything else is the same.
    """
    outline = Outline.empty()
    _account_file(outline)
    return outline.schema()


def _account_file(top: Node) -> Any:  # noqa: ANN401 - an AccountFile, or unread
    top.read("format", count(FORMAT, FORMAT))
    as_of = top.read("as_of", DAY)
    usage = top.read("usage", FILE_NAME, None)
    section = top.section("account", required=True)
    if section is None:
        return UNREAD
    tz = section.read("timezone", ZONE, UTC)
    tariff = _tariff(top, section, section.read("currency", CURRENCY, STANDARD.currency))
    currency = STANDARD.currency if tariff is UNREAD else tariff.currency
    funding = _funding(top)
    balance, balance_on, automatic = _minutes(top, currency, as_of, funding)
    users = _distinct(top.rows("users"), _user, "id", "user")
    known = {user.id for user in users if user is not UNREAD}
    holdings = _distinct(top.rows("licenses"), lambda node: _holding(node, known), "product", "product")
    account_id, began = section.read("id", NAME), section.read("began", DAY)
    if UNREAD not in (began, as_of) and began > as_of:
        began = section.note("began", f"must not be after as_of, {as_of}, not {began}")
    fields = {
        "id": account_id,
        "began": began,
        "administrator": section.read("administrator", NAME),
        "anchor_day": section.read("anchor_day", count(1, 31), 1),
        "today": as_of,
        "tz": tz,
        "tariffs": top.build(Dated.always, tariff),
        "contracts": tuple(_contract(node, currency) for node in top.rows("contracts")),
        "licenses": top.build(Licenses, holdings),
        "users": users,
        "funding": funding,
        "automatic": automatic,
        "balance": balance,
    }
    section.close()
    account = top.build(Account, **fields)
    account = top.build(_spent, account, _spending(top, currency))
    account = top.build(begin, account)
    readings = tuple(_reading(node) for node in top.rows("storage"))
    top.close()
    return top.build(AccountFile, account=account, readings=readings, usage=usage, balance_on=balance_on)


def _spending(top: Node, currency: str) -> Any:  # noqa: ANN401 - Money, None or unread
    node = top.section("spending")
    if node is None:
        return None
    amount = node.read("amount", money(currency))
    node.close()
    return amount


def _spent(account: Account, amount: Money | None) -> Account:
    return account if amount is None else attrs.evolve(account, spending=(Spending(account.cycle, amount),))


def _tariff(top: Node, account: Node, currency: Any) -> Any:  # noqa: ANN401 - a Tariff, or unread
    node = top.section("tariff")
    if currency is UNREAD:
        return UNREAD
    if node is None:
        return account.build(_tariff_in, currency)
    amount = money(currency)
    changes = {
        "fee": node.read("storage_fee", amount, None),
        "cost_per_minute": node.read("cost_per_minute", amount, None),
        "minimum_purchase": node.read("minimum_purchase", amount, None),
        "monthly_cap": node.read("monthly_recharge_cap", amount, None),
        "units": node.read("byte_units", named(ByteUnits), None),
        "basis": node.read("storage_basis", named(StorageBasis), None),
        "recharge": node.read(
            "recharge_policy", choice({name.lower(): it for name, it in RECHARGE_POLICIES.items()}), None
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
        problem = f"needs {needed} in {currency} under [tariff]: the standard ones are in {STANDARD.currency}"
        raise InvalidValue("currency", problem)

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


def _product(place: str, value: object) -> str:
    STANDARD_CATALOG.product(text(place, value))
    return text(place, value)


def _products(place: str, value: object) -> tuple[str, ...]:
    return tuple(_product(f"{place}[{at}]", name) for at, name in enumerate(listed(place, value)))


_PRODUCT = Form(_product, {"enum": [product.id for product in STANDARD_CATALOG.products]})
_PRODUCTS = Form(_products, {"type": "array", "items": _PRODUCT.schema})


def _contract(node: Node, currency: str) -> Any:  # noqa: ANN401 - a Contract, or unread
    prices = [(row, row.read("product", _PRODUCT), _step(row, _price(row, currency))) for row in _open(node, "prices")]
    rates = [(row, row.read("kind", NAME), _step(row, _rate(row, currency))) for row in _open(node, "rates")]
    spend = [(row, "", _step(row, row.read("amount", money(currency)))) for row in _open(node, "minimum_spend")]
    floors = [
        (
            row,
            (row.read("products", _PRODUCTS), row.read("shortfall_price", money(currency), None)),
            _step(row, row.read("minimum", count())),
        )
        for row in _open(node, "floors")
    ]
    minimum = _grouped(spend)
    fields = {
        "reference": node.read("reference", NAME),
        "start": node.read("start", DAY),
        "end": node.read("end", DAY),
        "currency": currency,
        "removal": node.read("removal", named(Removal), Removal.DOWN_TO_FLOOR),
        "renewal_months": node.read("renewal_months", count(1, 1200), None),
        "prices": tuple(node.build(ContractPrice, *pair) for pair in _grouped(prices)),
        "rates": tuple(node.build(ContractRate, *pair) for pair in _grouped(rates)),
        "floors": tuple(
            node.build(Floor, products=key[0], shortfall_price=key[1], minimum=dated) for key, dated in _grouped(floors)
        ),
        "minimum_spend": minimum[0][1] if minimum else None,
    }
    node.close()
    return node.build(Contract, **fields)


def _open(node: Node, key: str) -> Iterator[Node]:
    """The rows of a list of tables, each closed once it has been read."""
    for row in node.rows(key):
        yield row
        row.close()


def _step(row: Node, value: Any) -> Any:  # noqa: ANN401 - a Step, or unread
    since = row.read("since", DAY, date.min)
    return row.build(Step, since, value, row.read("source", NAME, ""))


def _grouped(rows: Iterable[tuple[Node, Any, Any]]) -> list[tuple[Any, Any]]:
    """Rows of one key become its dated steps, in the order in which the keys first stand in the file."""
    groups: dict[Any, list[tuple[Node, Any]]] = {}
    for row, key, step in rows:
        groups.setdefault(key, []).append((row, step))
    return [(key, _dated(group)) for key, group in groups.items()]


def _dated(group: Sequence[tuple[Node, Any]]) -> Any:  # noqa: ANN401 - Dated, or unread
    """Steps that ascend; one that does not is a fault of its own row."""
    steps: list[Any] = []
    for row, step in group:
        before = steps[-1] if steps else UNREAD
        ascends = UNREAD in (before, step) or step.since > before.since
        steps.append(step if ascends else _repeating(row, step.since))
    return group[0][0].build(lambda *listed: Dated(listed), *steps)


def _repeating(row: Node, since: date) -> Any:  # noqa: ANN401 - unread
    stated = "without since" if since == date.min else f"from {since} on"
    return row.note("since" if "since" in row.table else None, f"must begin after the one before it, not {stated}")


def _price(node: Node, currency: str, unit: str = "licenses", per: int = 1) -> Any:  # noqa: ANN401 - a Price, or unread
    """Stated by exactly one of the keys that name a scheme."""
    amount = money(currency)

    def per_unit(of: Node) -> Any:  # noqa: ANN401
        return of.build(PerUnit, amount=of.read("amount", amount), per=of.read("per", count(1), per), unit=unit)

    def flat(of: Node) -> Any:  # noqa: ANN401
        return of.build(Flat, amount=of.read("flat", amount), unit=unit)

    def package(of: Node) -> Any:  # noqa: ANN401
        size, free = of.read("size", count(1)), of.read("free", count(), 0)
        return of.build(Package, amount=of.read("package", amount), size=size, free=free, unit=unit)

    def tiers(scheme: Callable[..., Price], key: str) -> Callable[[Node], Any]:
        return lambda of: of.build(scheme, tiers=tuple(_tier(row, amount) for row in _open(of, key)), unit=unit)

    schemes = {"graduated": tiers(Graduated, "graduated"), "volume": tiers(Volume, "volume")}
    return node.one_of("a price", {"amount": per_unit, "flat": flat, **schemes, "package": package})


def _tier(node: Node, amount: Form) -> Any:  # noqa: ANN401 - a Tier, or unread
    up_to = node.read("up_to", count(1), None)
    return node.build(Tier, up_to, node.read("amount", amount), node.read("flat", amount, None))


def _rate(node: Node, currency: str) -> Any:  # noqa: ANN401 - a Rate, or unread
    seconds = node.read("per_seconds", count(1), None)
    increments = node.read("increments", _INCREMENTS, None)
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
    pair = listed(place, value)
    if len(pair) != 2:  # noqa: PLR2004 - first and following
        raise InvalidValue(place, "must be a pair: seconds of the first increment, seconds of each following one")
    return Increments(whole(f"{place}[0]", pair[0], 1), whole(f"{place}[1]", pair[1], 1))


_INCREMENTS = Form(_increments, {"type": "array", "items": count(1).schema, "minItems": 2, "maxItems": 2})


# --- licenses, users, sources, measurements -----------------------------------------------------------------------


def _distinct(rows: Iterable[Node], make: Callable[[Node], Any], key: str, what: str) -> tuple[Any, ...]:
    """What each row holds, or unread; a second one of the same key is a fault of its own table."""
    made: list[Any] = []
    seen: set[str] = set()
    for node in rows:
        one = make(node)
        if one is not UNREAD and getattr(one, key) in seen:
            one = node.note(key, f"names the {what} {shown(getattr(one, key))} twice")
        elif one is not UNREAD:
            seen.add(getattr(one, key))
        made.append(one)
    return tuple(made)


def _holding(node: Node, known: Collection[str]) -> Any:  # noqa: ANN401 - a Holding, or unread
    users = node.read("users", NAMES, ())
    fields = {
        "product": node.read("product", _PRODUCT),
        "owned": node.read("owned", count()),
        "users": UNREAD if users is UNREAD else frozenset(users),
        "pending": node.read("pending", count(), None),
    }
    if users is not UNREAD:
        _check_users(node, users, fields, known)
    node.close()
    return node.build(Holding, **fields)


def _check_users(node: Node, users: tuple[str, ...], fields: Mapping[str, Any], known: Collection[str]) -> None:
    """Each there, none twice, and no more than own a license each (LIC-3)."""
    if len(set(users)) < len(users):
        node.note("users", "names a user twice")
    for user in users:
        if user not in known:
            node.note("users", f"{shown(user)} is none of [[users]]", "unknown_user")
    product, owned = fields["product"], fields["owned"]
    if UNREAD in (product, owned) or STANDARD_CATALOG.product(product).kind is not ProductKind.PER_USER:
        return
    if len(users) > owned:
        node.note("users", f"names {len(users)} users, and {owned} licenses are owned (LIC-3)", "not_enough_licenses")


_ROLES = {role.name: role for role in (AGENT, SYSTEM_ADMINISTRATOR, BILLING_ADMINISTRATOR)}


def _user(node: Node) -> Any:  # noqa: ANN401 - a User, or unread
    fields = {
        "id": node.read("id", NAME),
        "role": node.read("role", choice(_ROLES), AGENT),
        "is_administrator": node.read("is_administrator", FLAG, default=False),
    }
    node.close()
    return node.build(User, **fields)


def _person(node: Node | None) -> Any:  # noqa: ANN401 - a Person, or unread
    if node is None:
        return UNREAD
    person = node.build(Person, node.read("first", NAME), node.read("last", NAME))
    node.close()
    return person


def _funding(top: Node) -> Any:  # noqa: ANN401 - Funding, None or unread
    listed = tuple(_source(node) for node in top.rows("sources"))
    return top.build(Funding, listed) if listed else None


def _source(node: Node) -> Any:  # noqa: ANN401 - a Source, or unread
    fields = {
        "id": node.read("id", NAME),
        "kind": node.read("kind", named(SourceKind)),
        "token": node.read("token", NAME),
        "label": node.read("label", NAME),
        "last_four": node.read("last_four", TEXT),
        "expiry": node.read("expires", _EXPIRY, None),
        "holder": _person(node.section("holder", required=True)),
        "is_blocked": node.read("is_blocked", FLAG, default=False),
    }
    node.close()
    return node.build(Source, **fields)


_WRITTEN_EXPIRY = "([0-9]{4})-([0-9]{2})"


def _expiry(place: str, value: object) -> Expiry:
    found = re.fullmatch(_WRITTEN_EXPIRY, value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(place, "must be a year and month such as '2028-11'")
    return Expiry(int(found[1]), int(found[2]))


_EXPIRY = Form(_expiry, text_like(_WRITTEN_EXPIRY))


def _minutes(top: Node, currency: str, as_of: Any, funding: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401
    node = top.section("minutes")
    if node is None:
        return Money.zero(currency), as_of, AutomaticRecharge()
    balance = node.read("balance", money(currency))
    balance_on = node.read("balance_on", DAY, as_of)
    automatic: Any = AutomaticRecharge()
    switched = node.section("automatic")
    if switched is not None:
        person = _person(switched.section("authorized_by", required=True))
        source = switched.read("source", NAME, None)
        if source is not None and funding is not None:  # that it is there, which another table tells
            switched.build(lambda among, which: among.source(which), funding, source)
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


def _reading(node: Node) -> Any:  # noqa: ANN401 - a Reading, or unread
    fields = {
        "bytes": node.read("bytes", count()),
        "at": node.read("at", INSTANT),
        "source": node.read("source", NAME, "stated"),
    }
    node.close()
    return node.build(Reading, **fields)


# --- the usage file -----------------------------------------------------------------------------------------------

_AMOUNTS = ["day", "kind", "amount"]
_CALLS = ["start", "seconds", "kind"]
_COLUMNS = 3


#: Opens a file for reading bytes: who shows how far reading is passes one of their own.
Opener = Callable[[Path], contextlib.AbstractContextManager[BinaryIO]]


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


class _LineTooLong(Exception):
    """A line is longer than can be kept."""


class _Bounded(io.BufferedIOBase):
    """The bytes of a file on their way to be cut into lines; one line is never more than can be kept.

    A line ends with a line feed, a carriage return, or both. Lines are not counted here: that would be slow.

    Args:
        file: to be read.
        begins: the byte with which the line begins that is not at its end yet.
        size: bytes that were read so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.begins = self.size = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """The next piece.

        Raises:
            _LineTooLong: the line that it goes on with, or begins.
        """
        piece = self.file.read(size)
        first, last = _first_end(piece), max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        if self.size + (len(piece) if first < 0 else first) - self.begins > MAX_LINE_BYTES:
            raise _LineTooLong
        if last >= 0:
            self.begins = self.size + last + 1
        self.size += len(piece)
        return piece


def _first_end(piece: bytes) -> int:
    """Where the first line ends; below zero where none does."""
    feed, returned = piece.find(b"\n"), piece.find(b"\r")
    return min(feed, returned) if feed >= 0 and returned >= 0 else max(feed, returned)


def _line_at(path: Path, position: int) -> int:
    """The line of a byte of a file."""
    line, has_returned = 1, False
    with path.open("rb") as file:
        while piece := file.read(min(position, _COUNTED_AT_ONCE)):
            ends = piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
            line += ends - (has_returned and piece.startswith(b"\n"))
            position, has_returned = position - len(piece), piece.endswith(b"\r")
    return line


@contextlib.contextmanager
def _lines_of(path: Path, opened: Opener = _opened) -> Iterator[Iterable[str]]:
    """The lines of a text file; what is none is refused, also while it is read."""
    name = _file_name(path)
    with opened(path) as file:
        bounded = _Bounded(file)
        buffer: Any = bounded  # it is asked for less than its type says
        try:
            with io.TextIOWrapper(buffer, encoding="utf-8-sig", newline="") as lines:
                yield lines
        except UnicodeDecodeError as wrong:
            # what is decoded ends with the last piece, and may begin before it
            position = bounded.size - len(wrong.object) + wrong.start
            _refuse(name, "is not UTF-8", _line_at(path, position))
        except _LineTooLong:
            _refuse(name, f"has a line of more than {MAX_LINE_BYTES} bytes", _line_at(path, bounded.begins))


def load_usage(path: Path, account: Account, *, until: datetime.datetime, opened: Opener = _opened) -> UsageHistory:
    """The dialer usage that a CSV file states, as far as it was drawn before an instant.

    Args:
        path: of a file with the columns day, kind, amount, or start, seconds, kind (call records).
        account: whose rates price call records, and whose zone gives them their day.
        until: what was drawn later is passed over.
        opened: opens the file, for callers who watch it being read.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.
        OSError: the file cannot be read.
    """
    with _lines_of(path, function("opened", opened)) as lines:
        return read_usage(lines, account, until=until, name=path.name)


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
    instance("account", account, Account)
    instant("until", until)
    cardless_text("name", name, _LONGEST_NAME)
    rows = csv.reader(several("lines", lines), strict=True)
    try:
        header = next(rows, [])
        if header not in (_AMOUNTS, _CALLS):
            _refuse(name, f"must begin with the columns {','.join(_AMOUNTS)} or {','.join(_CALLS)}", 1)
        parse = _AmountRows(account, until) if header == _AMOUNTS else _CallRows(account, until)
        return _summed(rows, parse, account.currency, name)
    except csv.Error as wrong:
        _refuse(name, f"is no CSV: {wrong}", rows.line_num)


def _summed(rows: Any, parse: "_AmountRows | _CallRows", currency: str, name: str) -> UsageHistory:  # noqa: ANN401 - csv's own reader type
    sums: dict[tuple[date, str], int] = {}
    faults: list[Fault] = []
    count = 0
    for row in parse.unusual(rows):
        try:
            counted = parse(_as_wide(row, _COLUMNS))
        except LicenseBillError as refused:
            count += 1
            if count <= MAX_FAULTS:
                place = refused.place if isinstance(refused, InvalidValue) else "kind"
                faults.append(Fault(line=rows.line_num, field=place, code=refused.code, problem=problem_of(refused)))
            continue
        if counted is not None:
            key, micros = counted
            sums[key] = sums.get(key, 0) + micros
    if count:
        raise _invalid(name, faults, count)
    for key, micros in parse.usual():
        sums[key] += micros
    try:
        Money(sum(sums.values()), currency)
    except InvalidValue:
        _refuse(name, "adds up to more than an amount can be")
    entries = [(on, kind, Money(micros, currency)) for (on, kind), micros in sums.items()]
    return UsageHistory.of(entries, currency=currency)


@functools.lru_cache(maxsize=256)
def _kind(value: str) -> str:
    """A kind of usage; a file has few, on many lines."""
    return cardless_text("kind", value)


#: So many digits before the point make no more micros than a `Money` holds.
_SAFE_DIGITS = 12
#: The micros of the last digit, by the number of decimals.
_LAST_DIGIT = tuple(MICROS // 10**places for places in range(DECIMALS + 1))
#: What calls of so many lengths draw is kept, for each rate: a file has few lengths, on many rows.
_KEPT_LENGTHS = 2**12


class _AmountRows:
    """Rows of day, kind, amount.

    A file has few days and kinds, on many rows. After the first right row of both, a plain amount is only added up.
    """

    def __init__(self, account: Account, until: datetime.datetime) -> None:
        self.money = written_amount(account.currency)
        last = local_day(until, account.tz)
        begun = instant("until", until) > first_instant(last, account.tz)
        self.last = last if begun else last - datetime.timedelta(days=1)
        self.plain: dict[tuple[str, str], int] = {}

    def unusual(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        """The rows that take a careful look; the others are added up on the way."""
        plain = self.plain
        for row in rows:
            if len(row) == _COLUMNS:
                day, kind, amount = row
                units, point, fraction = amount.partition(".")
                is_plain = units.isdecimal() and (fraction.isdecimal() or not point) and amount.isascii()
                is_short = len(units) <= _SAFE_DIGITS and len(fraction) <= DECIMALS
                if is_plain and is_short and (day, kind) in plain:
                    plain[day, kind] += int(units + fraction) * _LAST_DIGIT[len(fraction)]
                    continue
            yield row

    def usual(self) -> Iterator[tuple[tuple[date, str], int]]:
        """What was added up on the way, by day and kind."""
        for (written, kind), micros in self.plain.items():
            on = written_day("day", written)
            if on <= self.last:
                yield (on, kind), micros

    def __call__(self, row: list[str]) -> tuple[tuple[date, str], int] | None:
        on, kind = written_day("day", row[0]), _kind(row[1])
        amount = self.money("amount", row[2])
        if amount.micros < 0:
            raise InvalidValue("amount", f"must not be negative, not {amount}")
        self.plain.setdefault((row[0], kind), 0)
        return None if on > self.last else ((on, kind), amount.micros)


class _CallRows:
    """Rows of start, seconds, kind: each priced at the rate of its day."""

    def __init__(self, account: Account, until: datetime.datetime) -> None:
        self.account, self.until = account, instant("until", until)
        self.drawn: dict[tuple[str, date], Callable[[int], int]] = {}
        self.drawn_at = functools.cache(self._drawn_at)

    def micros(self, kind: str, on: date, quantity: int) -> int:
        """What a call of a kind on a day draws; the rate of a day is looked up once."""
        if (kind, on) not in self.drawn:
            rate = minutes.rate_of(kind, contract_on(self.account.contracts, on), on).value
            self.drawn[kind, on] = self.drawn_at(rate)
        return self.drawn[kind, on](quantity)

    def _drawn_at(self, rate: Rate) -> Callable[[int], int]:
        """What so much at a rate draws; days of one rate share what was computed."""
        counted = rate.increments is None

        @functools.lru_cache(maxsize=_KEPT_LENGTHS)
        def drawn(quantity: int) -> int:
            seconds, count = (None, quantity) if counted else (quantity, None)
            zero = self.account.tariff.zero_quantity
            return minutes.draw(rate, seconds=seconds, count=count, zero=zero).amount.micros

        return drawn

    def unusual(self, rows: Iterable[list[str]]) -> Iterable[list[str]]:
        """All rows: no two calls begin at one instant."""
        return rows

    def usual(self) -> Iterable[tuple[tuple[date, str], int]]:
        """Nothing."""
        return ()

    def __call__(self, row: list[str]) -> tuple[tuple[date, str], int] | None:
        start, kind = written_instant("start", row[0]), _kind(row[2])
        if not row[1].isascii() or not row[1].isdecimal() or len(row[1]) > len(str(2**63)):
            raise InvalidValue("seconds", f"must be a whole number of seconds, not {shown(row[1])}")
        quantity = whole("seconds", int(row[1]))
        if start >= self.until:
            return None
        try:
            on = local_day(start, self.account.tz)
        except InvalidValue as refused:
            raise attrs.evolve(refused, place="start") from None
        try:
            return (on, kind), self.micros(kind, on, quantity)
        except InvalidValue as refused:
            raise attrs.evolve(refused, place="seconds") from None


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
    with _lines_of(path) as lines:
        return read_readings(lines, name=path.name)


def read_readings(lines: Iterable[str], *, name: str = "storage.csv") -> tuple[Reading, ...]:
    """The readings of storage that the lines of a CSV text state, in their order.

    Args:
        lines: the first holds the columns, "at,bytes"; a point in time has its zone, bytes are in plain digits.
        name: of the file, for the error and as the readings' source.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.

    Source: STO-4.
    """
    cardless_text("name", name, _LONGEST_NAME)
    return tuple(_made(lines, _READINGS, name, lambda row: _reading_of(row, name)))


def _made(lines: Iterable[str], columns: list[str], name: str, make: Callable[[list[str]], _T]) -> list[_T]:
    """What is made of each row below these columns."""
    rows = csv.reader(several("lines", lines), strict=True)
    made: list[_T] = []
    faults: list[Fault] = []
    count = 0
    try:
        if next(rows, []) != columns:
            _refuse(name, f"must begin with the columns {','.join(columns)}", 1)
        for row in rows:
            try:
                made.append(make(_as_wide(row, len(columns))))
            except InvalidValue as refused:
                count += 1
                if count <= MAX_FAULTS:
                    fault = Fault(line=rows.line_num, field=refused.place, code=refused.code, problem=refused.problem)
                    faults.append(fault)
    except csv.Error as wrong:
        _refuse(name, f"is no CSV: {wrong}", rows.line_num)
    if count:
        raise _invalid(name, faults, count)
    return made


def _as_wide(row: list[str], columns: int) -> list[str]:
    if len(row) != columns:
        raise InvalidValue("", f"must have {columns} columns, not {len(row)}")
    return row


def _reading_of(row: list[str], name: str) -> Reading:
    return Reading(bytes=_digits("bytes", row[1]), at=written_instant("at", row[0]), source=name)


def _digits(place: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > len(str(2**63)):
        raise InvalidValue(place, f"must be a whole number in plain digits, not {shown(value)}")
    return whole(place, int(value))


# --- the customers file -------------------------------------------------------------------------------------------

_CUSTOMERS = ["account", "customer"]
#: A customers file beyond this is not read: all of it is kept.
MAX_CUSTOMERS_BYTES = 2**26


def load_customers(path: Path) -> dict[str, str]:
    """The customers at the provider that a CSV file states, by account.

    Args:
        path: of a file with the columns account, customer.

    Raises:
        InvalidFile: the first hundred faults with line and column, an account twice among them, and how many more.
        OSError: the file cannot be read.
    """
    name = _file_name(path)
    if path.stat().st_size > MAX_CUSTOMERS_BYTES:
        _refuse(name, f"is larger than {MAX_CUSTOMERS_BYTES} bytes")
    known: set[str] = set()
    with _lines_of(path) as lines:
        return dict(_made(lines, _CUSTOMERS, name, lambda row: _customer_of(row, known)))


def _customer_of(row: list[str], known: set[str]) -> tuple[str, str]:
    account, customer = cardless_text("account", row[0]), cardless_text("customer", row[1])
    if account in known:
        raise InvalidValue("account", f"names the account {shown(account)} twice")
    known.add(account)
    return account, customer
