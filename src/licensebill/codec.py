"""Files: an account from TOML or JSON; and, passed on from `csv_files` and `documents`, what else is read and written.

Reading only turns text into the library's values; every rule stays where it is. An account file's faults are told all
at once, each with its line and field, as one `InvalidFile`. The file is described in docs/account-file.md. Needs the
`json` extra.
"""

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any

import attrs

from licensebill import minutes
from licensebill._checks import cardless_text, instance, text, whole
from licensebill._files import LONGEST_NAME, Findings, findings_in, read_of
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
    text_like,
)
from licensebill.accounts import Account, Spending, begin
from licensebill.csv_files import load_customers as load_customers
from licensebill.csv_files import load_readings as load_readings
from licensebill.csv_files import load_usage as load_usage
from licensebill.csv_files import read_readings as read_readings
from licensebill.csv_files import read_usage as read_usage
from licensebill.documents import DocumentFault as DocumentFault
from licensebill.documents import InvalidDocument as InvalidDocument
from licensebill.documents import NewerFormat as NewerFormat
from licensebill.documents import from_json as from_json
from licensebill.documents import to_json as to_json
from licensebill.errors import SHOWN_DIGITS, InvalidValue, shown
from licensebill.errors import Fault as Fault
from licensebill.errors import InvalidFile as InvalidFile
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import AutomaticRecharge
from licensebill.money import Money
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
)

#: The format of account files that this version writes about and reads.
FORMAT = 1
#: An account file beyond this is not read.
MAX_ACCOUNT_BYTES = 2**20
#: Parts of a dotted key of TOML; more of them would keep its parser busy for hours.
MAX_KEY_PARTS = 100
#: Points in all its keys together; each makes a table of its own, and costs a kilobyte.
_MOST_POINTS = 2**14
#: What a parser says is passed on up to here: it may repeat a key of any length.
_LONGEST_WORDS = 200

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
    found = findings_in(path)
    with path.open("rb") as file:
        content = read_of(path, file, MAX_ACCOUNT_BYTES + 1)
    if len(content) > MAX_ACCOUNT_BYTES:
        found.refuse(f"is larger than {MAX_ACCOUNT_BYTES} bytes")
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        found.refuse("is not UTF-8", 1 + content[: wrong.start].count(b"\n"))
    return _read(source, found)


def read_account(source: str, *, name: str = "account.toml") -> AccountFile:
    """The account that a text in TOML, or in JSON where the name ends in .json, states.

    Raises:
        InvalidFile: every fault of it, with line and field.
    """
    instance("source", source, str)
    return _read(source, Findings(cardless_text("name", name, LONGEST_NAME)))


def _read(source: str, found: Findings) -> AccountFile:
    is_json = found.name.lower().endswith(".json")
    document = _parsed(source, found, is_json=is_json)
    top = Node(document, (), [])
    result = _account_file(top)
    if top.noted:
        lines = json_lines(source, [path for path, _, _ in top.noted]) if is_json else toml_lines(source)
        placed = [(line_of(path, lines), field_of(path), code, problem) for path, code, problem in top.noted]
        for line, field, code, problem in sorted(placed, key=lambda one: (one[0] or 0, one[1])):
            found.note(problem, line=line, field=field, code=code)
    found.end()
    checked: AccountFile = result
    return checked


def _parsed(source: str, found: Findings, *, is_json: bool) -> Mapping[str, Any]:
    deep = deep_line(source)
    if deep is not None:
        found.refuse("is nested too deeply", deep)
    try:
        document = _json(source, found) if is_json else _toml(source, found)
    except InvalidFile:
        raise
    except ValueError:
        found.refuse("holds a number too long to read", long_number_line(source))
    if not isinstance(document, dict):
        found.refuse("must be a table at the top")
    return document


def _json(source: str, found: Findings) -> Any:  # noqa: ANN401 - whatever JSON holds
    repeating: list[object] = []
    try:
        document = json.loads(source, object_pairs_hook=lambda pairs: table(pairs, repeating))
    except json.JSONDecodeError as wrong:
        found.refuse(f"is no JSON: {wrong.msg}", wrong.lineno)
    if repeating:
        repeated = repeated_key(document)
        line = line_of(repeated, json_lines(source, [repeated]))
        found.refuse("stands twice in one table", line, field_of(repeated))
    return document


def _toml(source: str, found: Findings) -> Any:  # noqa: ANN401 - whatever TOML holds
    crowded = many_parts(source, MAX_KEY_PARTS, _MOST_POINTS)
    if crowded is not None:
        problem = f"has a key of more than {MAX_KEY_PARTS} parts, or keys with more than {_MOST_POINTS} points in all"
        found.refuse(problem, crowded)
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as wrong:
        words = str(wrong)
        place = re.search(r"\(at line (\d+), ", words[-_LONGEST_WORDS:])
        is_long = len(words) > _LONGEST_WORDS or sum(map(str.isdigit, words)) > SHOWN_DIGITS
        is_told = not is_long and shown(words)[0] in "'\""  # or it may hold a secret
        said = words if is_told else "a key stands twice, or is none"
        found.refuse(f"is no TOML: {said}", int(place[1]) if place else None)


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
    # where it is missing that is the one fault of it, and the other tables are read all the same
    section = top.section("account", required=True) or Node({}, ("account",), [])
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
