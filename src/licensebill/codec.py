"""Files: an account from TOML or JSON; and, passed on from `csv_files` and `documents`, what else is read and written.

Reading only turns text into the library's values; every rule stays where it is. An account file's faults are told all
at once, each with its line and field, as one `InvalidFile`. The file is described in docs/account-file.md. Needs the
`json` extra.
"""

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date
from pathlib import Path
from typing import Any

import attrs

from licensebill import _agreed, minutes
from licensebill._agreed import open_rows
from licensebill._checks import cardless_text, instance
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
from licensebill.explain import many
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.ledger import Category, Line, LineKind
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import AutomaticRecharge
from licensebill.money import Money, payable_amount
from licensebill.people import AGENT, BILLING_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Authorization, Person, User
from licensebill.storage import Reading
from licensebill.terms import (
    STANDARD,
    ProductKind,
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
    tariffs = _agreed.tariffs(top, section)
    currency = STANDARD.currency if tariffs is UNREAD else tariffs.steps[0].value.currency
    catalog = _agreed.catalog(top, currency)
    product = _agreed.product_form(catalog)
    funding = _funding(top)
    balance, balance_on, automatic = _minutes(top, currency, as_of, funding)
    users = _distinct(top.rows("users"), _user, "id", "user")
    known = None if UNREAD in users else {user.id for user in users}
    holdings = _distinct(
        top.rows("licenses"), lambda node: _holding(node, product, catalog, known), "product", "product"
    )
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
        "tariffs": tariffs,
        "catalog": catalog,
        "contracts": tuple(_agreed.contract(node, currency, product) for node in open_rows(top, "contracts")),
        "licenses": top.build(Licenses, holdings),
        "users": users,
        "funding": funding,
        "automatic": automatic,
        "balance": balance,
        "waiting": tuple(_waiting(node, currency) for node in open_rows(top, "waiting")),
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
    amount = node.build(lambda stated: payable_amount("amount", stated), node.read("amount", money(currency)))
    node.close()
    return amount


#: The lines of the next bill that a file may state; all others are made with the bill.
_WAITING = {kind.name.lower(): kind for kind in (LineKind.CARRIED, LineKind.CREDIT, LineKind.SERVICE)}


def _waiting(node: Node, currency: str) -> Any:  # noqa: ANN401 - a Line, or unread
    fields = {
        "kind": node.read("kind", choice(_WAITING)),
        "category": node.read("category", named(Category)),
        "description": node.read("description", NAME),
        "amount": node.read("amount", money(currency)),
    }
    if fields["amount"] is not UNREAD and fields["kind"] is not UNREAD:
        _check_side(node, fields["kind"], fields["amount"])
    return node.build(Line, **fields)


def _check_side(node: Node, kind: LineKind, amount: Money) -> None:
    """A credit is in the customer's favor, a service is not; what was carried over may be either."""
    if kind is LineKind.CREDIT and amount.micros > 0:
        node.note("amount", f"must be at most 0 for a credit, not {amount.text}")
    if kind is LineKind.SERVICE and amount.micros < 0:
        node.note("amount", f"must be at least 0 for a service, not {amount.text}")


def _spent(account: Account, amount: Money | None) -> Account:
    return account if amount is None else attrs.evolve(account, spending=(Spending(account.cycle, amount),))


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


def _holding(node: Node, product: Form, catalog: Any, known: Collection[str] | None) -> Any:  # noqa: ANN401 - may be unread
    users = node.read("users", NAMES, ())
    fields = {
        "product": node.read("product", product),
        "owned": node.read("owned", count()),
        "users": UNREAD if users is UNREAD else frozenset(users),
        "pending": node.read("pending", count(), None),
    }
    if users is not UNREAD:
        _check_users(node, users, fields, catalog, known)
    node.close()
    return node.build(Holding, **fields)


def _check_users(
    node: Node,
    users: tuple[str, ...],
    fields: Mapping[str, Any],
    catalog: Any,  # noqa: ANN401 - a Catalog, or unread
    known: Collection[str] | None,
) -> None:
    """Each there, none twice, and no more than own a license each (LIC-3)."""
    if len(set(users)) < len(users):
        node.note("users", "names a user twice")
    for user in () if known is None else users:
        if known is not None and user not in known:
            node.note("users", f"{shown(user)} is none of [[users]]", "unknown_user")
    product, owned = fields["product"], fields["owned"]
    if UNREAD in (product, owned, catalog) or catalog.product(product).kind is not ProductKind.PER_USER:
        return
    if len(users) > owned:
        node.note(
            "users",
            f"names {len(users)} users, and {many(owned, 'license')} {'is' if owned == 1 else 'are'} owned (LIC-3)",
            "not_enough_licenses",
        )


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
