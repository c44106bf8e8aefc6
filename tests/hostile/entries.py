"""Every public function, class and method of the library, each with arguments under which it succeeds.

Entries are found by looking at the modules, so that none can be left out. Their arguments are looked up first in
`GIVEN`, by the entry; then, where they are texts, numbers and the like, in `NAMED`, by their own name; then among the
values at hand, by their type. What an entry gives is at hand for the others: they are called until each has succeeded.
"""

import datetime
import enum
import importlib
import inspect
import tempfile
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import attrs
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.strategies import SearchStrategy, just

from licensebill import (
    accounts,
    bills,
    charges,
    documents,
    events,
    minutes,
    outcomes,
    people,
    planning,
    pricing,
    protocols,
    readings,
    terms,
    toll_free,
    usage,
)
from licensebill.adapters.memory import Memory
from licensebill.testing import explore, faults, stores, suites, worlds
from tests import changing, charging
from tests.architecture.source import CORE, ROOT
from tests.changing import DECEMBER, TODAY
from tests.examples import ACCEPTED, BOSS, LICENSES, VISA, account, contract, reading, usd

NOON = datetime.datetime(2026, 12, 1, 12, tzinfo=UTC)
ACME = ROOT / "examples" / "acme"

# --- which entries there are --------------------------------------------------------------------------------------

#: Beside the core: what reads files and texts, the stores that need no server, and strategies, each drawn from once.
OUTER = ["codec", "csv_files", "documents", "adapters.memory", "adapters.sqlite"]
OUTER += ["strategies.values", "strategies.results", "strategies.changes"]
OUTER += ["testing.explore", "testing.faults", "testing.laws", "testing.simulate", "testing.stores", "testing.suites"]
#: Of the other modules of `testing` what is called by those who test: not the suites' own checks, nor what the explorer
#: is made of.
CALLED = {
    "testing.explore.Explorer",
    "testing.explore.replay",
    "testing.faults.Schedule",
    "testing.provider.StandIn",
    "testing.simulate.simulate",
    *(f"testing.stores.sample_{name}" for name in ("account", "events", "facts", "history", "standing")),
    "testing.suites.failed_checks",
}
MODULES = [importlib.import_module(module.imported_as) for module in CORE if module.name != "_checks"]
MODULES += [importlib.import_module(f"licensebill.{name}") for name in OUTER]

#: Only the library builds these, as results and as records of its own, from what was checked before: nothing is
#: checked again, and their constructors are no entries. What takes one checks that it is one.
RESULTS = {
    "accounts": "Committed CommittedCycle CycleStart",
    "assignments": "Shortage Unmet",
    "bills": "Bill DialerMinutes Preferences ProductRow Products Summary Tax TrueUp",
    "changes": "CapturedOtherwise ContractStart CreditCarried LicensePurchase",
    "charges": "Charge DeclineOf Recharged Standing",
    "charging": "Foreseen Report",
    "codec": "AccountFile",
    "cycles": "ProratedAmount Proration",
    "documents": "DocumentFault",
    "errors": "Fault",
    "events": "Stream",
    "explain": "Explanation Input",
    "funding": "Attempts LeftOut SourceWarning",
    "holdings": "Availability",
    "keyed": "Keyed",
    "ledger": "CreditNote Selection TaxShare Transaction",
    "licenses": "TotalChange",
    "outcomes": "Consequence",
    "permissions": "NoLicenseAssigned NotTogether Permission RoleDoesNotPermit",
    "planning": "Ask Draft Notice",
    "ports": "Admission",
    "pricing": "Charge",
    "rules": "Rule",
    "schedules": "FloorInForce Line PriceInForce",
    "simulation": "Bounds Run SawTooth",
    "terms": "Applied",
    "traffic": "Peak",
    "turns": "Append Load ReadStorage ReadUsage Reply Turn",
    "usage": "Draw",
}
#: Entries that check nothing, and say so.
UNCHECKED = {
    "adapters.stripe.Row": "a row of the table of errors, which stands there",
    "bills.no_tax": "a tax rule that looks at nothing",
    "holdings.Holding.with_total": "numbers that were checked before",
    "holdings.Holding.with_users": "ids that were checked before; there may be 100,000",
    "usage.check_currency": "two codes that were checked before",
    "usage.chosen": "picks one of two numbers, or of two columns",
    "explain.many": "words for a number, for messages",
    "explain.measured": "words for a number, for messages",
    "errors.one": "takes the type of any value, for messages",
    "errors.shown": "takes anything, for messages",
    "testing.explore.Explorer.judged": "goes on from what it gave itself",
    "testing.explore.Explorer.nexts": "goes on from what it gave itself",
    "testing.provider.StandIn.answer": "is called by its own server",
    "testing.provider.StandIn.post_events": "sends what `take_events` gives",
    "testing.faults.Schedule.perform": "is called by the faulty stores and gateways",
}
#: The first example that comes.
_ONCE = settings(
    max_examples=1, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
_FOR_COLUMNS = "ints and columns alike"


@attrs.frozen
class Entry:
    """A public function, class or method.

    Args:
        name: its module, class and own name: "money.Money.parse".
        call: takes the arguments; of a method its object as well, as `self`.
        hints: what each argument may be.
        shape: its signature.
    """

    name: str
    call: Callable[..., object] = attrs.field(repr=False)
    hints: Mapping[str, Any] = attrs.field(repr=False)
    shape: inspect.Signature = attrs.field(repr=False)

    def __call__(self, arguments: Mapping[str, Any]) -> object:
        """What it gives, of several or of a strategy the first; and what a report tells as failed is raised."""
        several = [name for name, one in self.shape.parameters.items() if one.kind is one.VAR_POSITIONAL]
        first = [name for name, one in self.shape.parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
        named = dict(arguments)
        listed = [named.pop(name) for name in first if several and name in named]
        given = self.call(*listed, *(each for name in several for each in named.pop(name)), **named)
        if isinstance(given, Iterator):
            given = next(given, None)
        if isinstance(given, SearchStrategy):
            given = find(given, lambda _: True, settings=_ONCE)
        failure = getattr(given, "failure", None)
        if isinstance(failure, Exception):
            raise failure
        return given


def entries_of(modules: Iterable[types.ModuleType]) -> dict[str, Entry]:
    """The entries of modules, by name: those that take something and check it."""
    found = (entry for entry in _entries(modules) if entry.hints.keys() - {"self"} and entry.name not in UNCHECKED)
    return {entry.name: entry for entry in found}


def _entries(modules: Iterable[types.ModuleType]) -> Iterator[Entry]:
    for module in modules:
        short = module.__name__.removeprefix("licensebill.")
        for name, thing in vars(module).items():
            if not _is_public(name) or getattr(thing, "__module__", None) != module.__name__:
                continue
            if short.startswith("testing.") and short != "testing.laws" and f"{short}.{name}" not in CALLED:
                continue
            if inspect.isfunction(thing):
                if _FOR_COLUMNS not in " ".join((thing.__doc__ or "").split()):
                    yield _entry(f"{short}.{name}", thing, typing.get_type_hints(thing))
            elif inspect.isclass(thing) and not issubclass(thing, enum.Enum | Exception) and not _is_protocol(thing):
                yield from _entries_of_class(f"{short}.{name}", thing)


def _is_public(name: str) -> bool:
    """Whether callers may use a name; one with two underscores is a tool's, for a function that it replaced."""
    return not name.startswith("_") and "__" not in name


def _is_protocol(kind: type) -> bool:
    return getattr(kind, "_is_protocol", False)


def _entries_of_class(name: str, kind: type) -> Iterator[Entry]:
    module, _, own_name = name.rpartition(".")
    if issubclass(kind, accounts.Change):
        if kind is not accounts.Change:
            yield _entry(name, _applied(kind, GIVEN[name].pop("account", account())), _fields(kind))
        return
    if own_name not in RESULTS.get(module, "").split():
        yield _entry(name, kind, _fields(kind))
    for own, member in vars(kind).items():
        if isinstance(member, classmethod) and _is_public(own):
            yield _entry(f"{name}.{own}", getattr(kind, own), typing.get_type_hints(member.__func__))
        elif inspect.isfunction(member) and _is_public(own):
            yield _entry(f"{name}.{own}", member, {**typing.get_type_hints(member), "self": kind})


def _applied(kind: type, to: accounts.Account) -> Callable[..., object]:
    """A change is checked when it is built and when it is applied: what is wrong with it is refused by then."""

    def applied(**fields: Any) -> object:
        return accounts.apply(to, kind(**fields))

    applied.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
    return applied


def _entry(name: str, call: Callable[..., object], hints: Mapping[str, Any]) -> Entry:
    shape = inspect.signature(call)
    return Entry(name, call, {each: hints.get(each, Any) for each in shape.parameters}, shape)


def _fields(kind: type) -> Mapping[str, Any]:
    if not kind.__init__.__code__.co_filename.startswith("<attrs generated"):  # type: ignore[misc]
        return typing.get_type_hints(kind.__init__)  # type: ignore[misc]
    hints = typing.get_type_hints(kind)
    return {field.alias: hints[field.name] for field in attrs.fields(kind)}


# --- values -------------------------------------------------------------------------------------------------------


def _with_halted_charge() -> charging.Office:
    one = charging.office()
    one.charging.change("acme", charging.buy())
    one.desk.spoil("prepare", before=protocols.RequestRejected("wrong key"))
    one.run()
    return one


_FOLDER = tempfile.TemporaryDirectory()
_CUSTOMERS = Path(_FOLDER.name) / "customers.csv"
_CUSTOMERS.write_text("account,customer\nacme,cus_1\n", encoding="utf-8")
_OFFICE, _HALTED, _KEYED = charging.office(), _with_halted_charge(), charging.office(is_keyed=True)
_OFFICE.charging.change("acme", charging.buy())
_STANDING, _HISTORY = stores.sample_standing(), stores.sample_history(3)
_OPEN = charges.folded(_HISTORY[:1])
_ANSWER = events.Answered(intent="acme/minutes/1", attempt=1, outcome=outcomes.Unknown())

_BOUGHT = changing.do(account(), changing.buy())
_PAID = changing.do(_BOUGHT, changing.outcome("acme/minutes/1", outcomes.Succeeded()))
_ORDERED = changing.do(account(), changing.order())
_DECLINED = changing.do(_ORDERED, changing.outcome("acme/service/1", changing.HARD, is_final=True))
_EARLY, _LATE = reading(10**8, TODAY), reading(2 * 10**8, DECEMBER.start)
_BILL = bills.monthly_bill(account(), DECEMBER.start, readings=[_LATE])
_LINE = toll_free.request_line((), owned=1, id="line-1", representative="Dana", on=TODAY)
_ACTIVE = toll_free.confirm_line(_LINE, number="800-555-0199", on=TODAY)
_LINED = account(lines=(_LINE,), licenses=changing.owning(toll_free_number=2))
_NEW = attrs.evolve(VISA, id="new", token="tok_new")
_TIERS = (pricing.Tier(10, usd("2.00")), pricing.Tier(None, usd("1.00")))
_USED = usage.UsageHistory.of([(date(2026, 11, 5), "call", usd("6.00"))], currency="USD")

#: The values at hand, by type; in these nearly every other occurs.
FOUND: dict[type, Any] = {Memory: Memory()}
_ROOTS = (
    account(),
    _USED,
    stores.sample_facts(),
    _STANDING,
    _BILL,
    _BILL.explanation(),
    bills.summary(account(), usage=_USED, used=500_000_000),
    minutes.AutomaticRecharge(ACCEPTED),
    changing.the_charge(_BOUGHT),
    _LINE,
)

_SCENARIO = next(iter(worlds.SCENARIOS.values()))
_LAWS: dict[str, dict[str, Any]] = {
    "fee_never_falls": {"fee": abs, "one": 1, "other": 2},
    "usage_in_parts_is_whole": {"part": lambda one, other: other - one, "price": abs, "readings": [0, 1]},
    "period_in_parts_is_whole": {"charge": lambda one, other: other - one, "days": [0, 1]},
    "parts_add_up": {"split": lambda amount, _: [amount], "amount": 5, "weights": [1], "unit": 1},
    "credit_mirrors_charge": {"split": lambda amount, _: [amount], "amount": 5, "weights": [1]},
    "floor_is_kept": {"billed": abs, "held": 5, "floor": 1},
    "true_up_reaches_minimum": {"true_up": lambda *_: 0, "charged": 5, "minimum": 1},
    "preview_is_purchase": {"preview": abs, "purchase": abs, "asked": 1},
    "primary_is_valid": {"change": list, "before": ["visa"], "primaries": list, "valid": list},
    "balance_is_bounded": {"charge": lambda _: 0, "balance": 5, "threshold": 1, "recharge": 9, "unit": 1},
}

#: What an argument of a plain type is, by its name.
NAMED: dict[str, Any] = {
    **{"account": "acme", "administrator_id": BOSS, "after": 0, "anchor_day": 1, "at": NOON, "by": BOSS, "code": "R01"},
    **{"currency": "USD", "days": 30, "denominator": 3, "end": date(2027, 1, 1), "first_day": DECEMBER.start},
    **{"id": "acme", "intent": "acme/minutes/1", "kind": "call", "last_four": "1111", "limit": 10, "line": "line-1"},
    **{"month": 11, "name": "Training", "named": "visa", "now": NOON, "number": "800-555-0199", "page": 10},
    **{"place": "amount", "product": "powerdialer", "product_id": "powerdialer", "quantity": 5},
    **{"reference": "acme/minutes/1/1", "rule": "BIL-4", "rule_id": "BIL-4", "source": "visa", "source_id": "visa"},
    **{"start": date(2026, 12, 1), "timeout": timedelta(seconds=1), "total": 12, "unit": "licenses", "until": NOON},
    **{"user": "u0", "user_id": "u0", "year": 2029},
}
#: Of every other name, by type.
PLAIN: dict[Any, Any] = {
    **{
        str: "a text",
        int: 1,
        bool: True,
        date: TODAY,
        datetime.datetime: NOON,
        datetime.tzinfo: UTC,
        Decimal: Decimal("0.5"),
    },
    **{object: "a text", Any: "a text"},
}
#: The arguments of one entry that must be others than those.
GIVEN: dict[str, dict[str, Any]] = {
    "adapters.memory.Memory.append": {"account": "new", "expected_version": 0},
    "adapters.sqlite.Sqlite": {"path": str(Path(_FOLDER.name) / "accounts.db")},
    "adapters.sqlite.Sqlite.append": {"account": "new", "expected_version": 0},
    "administration.Cancellation": {"is_buyout_agreed": True},
    "administration.cancellation": {"is_buyout_agreed": True},
    "administration.change_administrator": {
        "user": people.User(id="sys", role=people.SYSTEM_ADMINISTRATOR, is_administrator=True)
    },
    "assignments.save_table": {"licenses": LICENSES, "checks": {"u0": ["powerdialer"]}},
    "bills.monthly_bill": {"account": account(), "on": DECEMBER.start, "readings": [_LATE]},
    "changes.AddSource": {"source": _NEW},
    "changes.AddUser": {"user": people.User(id="new")},
    "changes.Cancel": {"is_buyout_agreed": True},
    "changes.CancelLine": {"account": _LINED},
    "changes.CarryOver": {"account": _ORDERED, "intent": "acme/service/1"},
    "changes.ChangeAdministrator": {"user": "sys"},
    "changes.ChooseImplementation": {},
    "changes.ConfirmLine": {"account": _LINED},
    "changes.DrawMinutes": {},
    "changes.GiveCredit": {"account": _PAID, "intent": _PAID.settled[0], "position": 0, "net": usd("1.00")},
    "changes.MakePrimary": {},
    "changes.OpenRecharge": {"account": changing.do(account(), changing.switch_on())},
    "changes.OrderService": {},
    "changes.PlanBill": {"on": DECEMBER.start, "cycle": DECEMBER, "lines": bills.planned(_BILL).lines},
    "changes.PurchaseMinutes": {"amount": usd("100.00")},
    "changes.RecordOutcome": {"account": _BOUGHT},
    "changes.RecordReturn": {"account": _PAID, "intent": _PAID.settled[0]},
    "changes.ReleaseLine": {"account": attrs.evolve(_LINED, lines=(_ACTIVE,))},
    "changes.RemoveSource": {"source": "bank"},
    "changes.RemoveUser": {},
    "changes.ReplaceCatalog": {},
    "changes.ReplaceSource": {},
    "changes.RequestLine": {"account": _LINED, "line": "line-2"},
    "changes.RetryCharge": {"account": _DECLINED, "intent": "acme/service/1", "sources": ("visa",)},
    "changes.SaveTable": {"checks": {"u0": ["powerdialer"]}},
    "changes.SetTotal": {},
    "changes.SignContract": {"contract": contract(start=DECEMBER.start)},
    "changes.SwitchRecharge": {},
    "charges.after": {"standing": _OPEN, "event": _HISTORY[1]},
    "charges.entries": {"events": list(_HISTORY)},
    "charges.folded": {"events": list(_HISTORY)},
    "charges.moves": {"facts": [_ANSWER]},
    "charges.record": {"standing": _STANDING, "fact": _ANSWER, "id": "e1"},
    "charges.signal": {"fact": _ANSWER},
    "charging.Charging": {"store": _OFFICE.shop, "gateway": _OFFICE.desk, "clock": _OFFICE.clock},
    **{
        f"charging.Charging.{name}": {"self": _OFFICE.charging}
        for name in ("call_off", "due", "look", "preview", "pursue", "run", "standing")
    },
    "charging.Charging.change": {"self": _OFFICE.charging, "change": charging.order()},
    "charging.Charging.open": {"self": _OFFICE.charging, "account": charging.acme(id="other")},
    "charging.Charging.resolve": {"self": _HALTED.charging, "decision": events.Decision.ASK_AGAIN},
    "codec.load_account": {"path": ACME / "account.toml"},
    "csv_files.load_customers": {"path": _CUSTOMERS},
    "csv_files.load_readings": {"path": ACME / "storage.csv"},
    "csv_files.load_usage": {"path": ACME / "usage.csv"},
    "codec.read_account": {"source": (ACME / "account.toml").read_text(encoding="utf-8")},
    "csv_files.read_readings": {"lines": ["at,bytes", "2026-12-01T00:00:00Z,500000000"]},
    "csv_files.read_usage": {"lines": ["day,kind,amount", "2026-11-05,call,6.00"]},
    "documents.from_json": {"text": documents.to_json(outcomes.Pending()), "kind": outcomes.Outcome},
    "documents.to_json": {"value": account()},
    "events.checked_fact": {"value": _ANSWER},
    "events.outcome": {"value": outcomes.Pending()},
    "funding.add": {"source": _NEW},
    "keyed.keyed": {"gateway": _KEYED.desk, "clock": _KEYED.clock},
    **{
        f"keyed.Keyed.{name}": {"self": _KEYED.charging.gateway, "ref": f"acme/minutes/1/1@{NOON.isoformat()}"}
        for name in ("capture", "prepare", "retrieve", "void")
    },
    "ledger.credit_note": {"position": 0, "net": usd("1.00")},
    "minutes.purchase": {"amount": usd("100.00")},
    "money.Money.from_decimal": {"amount": Decimal("19.99")},
    "money.Money.parse": {"text": "19.99"},
    "money.payable_amount": {"value": usd("1.00")},
    "outcomes.captured_amount": {"value": usd("1.00")},
    "planning.Draft.then": {"self": planning.Draft(None, (), _STANDING), "facts": (_ANSWER,)},
    "planning.draft_of": {"standing": _STANDING, "facts": (_ANSWER,)},
    **{
        f"pricing.{kind.__name__}.{name}": {"self": kind(tiers=_TIERS)}
        for kind in (pricing.Graduated, pricing.Volume)
        for name in ("cost", "working")
    },
    "pricing.part": {"before": 1, "after": 2},
    "pricing.price_amount": {"value": usd("1.00")},
    "pricing.price_scheme": {"value": pricing.Flat(amount=usd("1.00"))},
    "readings.Growth": {"first": _EARLY, "last": _LATE},
    "readings.growth": {"readings": [_EARLY, _LATE]},
    "storage.NextStep": {"growth": readings.Growth(first=_EARLY, last=_LATE)},
    "strategies.values.dated": {"values": just(1)},
    "testing.explore.Explorer": {"scenario": _SCENARIO, "keyed": False},
    **{
        f"testing.explore.Explorer.{name}": {"self": explore.Explorer(_SCENARIO, keyed=False), "adversities": 0}
        for name in ("begin", "explore", "sample")
    },
    "testing.explore.Explorer.replayed": {"self": explore.Explorer(_SCENARIO, keyed=False), "choices": {}},
    "testing.explore.replay": {"scenario": _SCENARIO.name, "keyed": False, "choices": {}},
    "testing.faults.Schedule": {"faults": {1: faults.Fault.LATE}},
    **{f"testing.laws.{name}": given for name, given in _LAWS.items()},
    "testing.suites.failed_checks": {"suite": suites.Suite},
    "testing.simulate.simulate": {"seed": 1, "months": 1},
    "terms.numbers": {"terms": terms.STANDARD},
    "toll_free.release_line": {"line": _ACTIVE},
    "toll_free.request_line": {"owned": 2, "id": "line-2"},
    "turns.asked": {"ask": planning.Ask(planning.Act.RETRIEVE, _STANDING.charges[0])},
    "turns.grown": {"before": _OPEN, "reread": _STANDING, "conflict": protocols.VersionConflict("acme", 1)},
    "turns.read": {"known": None},
    "turns.turn": {"known": None},
    "usage.draw": {
        "rate": terms.Rate(price=pricing.PerUnit(amount=usd("0.05"), unit="messages")),
        "count": 3,
    },
}


def _at_hand(hint: Any) -> Any:  # noqa: C901, PLR0911 - one line for each kind of type
    """A value of a type."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, TypeVar):
        return 1
    if isinstance(hint, typing.NewType):
        return _at_hand(hint.__supertype__)
    if origin in {typing.Union, types.UnionType}:
        return _at_hand(inner[0])
    if origin is tuple:
        return (_at_hand(inner[0]),) if inner[-1] is Ellipsis else tuple(map(_at_hand, inner))
    if origin is frozenset:
        return frozenset({_at_hand(inner[0])})
    if origin is Mapping:
        return {_at_hand(inner[0]): _at_hand(inner[1])}
    if origin is Callable:
        return bills.no_tax
    if inspect.isclass(origin) and origin.__module__ == "collections.abc":
        return [_at_hand(inner[0])]
    kind = origin or hint
    if isinstance(kind, enum.EnumMeta):
        return next(iter(kind))
    return next(value for there, value in FOUND.items() if issubclass(there, kind))


def _arguments(entry: Entry) -> dict[str, Any]:
    """What an entry is called with: a class with the fields of one at hand; defaults are left out unless given."""
    kind: Any = entry.call
    if entry.name not in GIVEN and kind in FOUND and attrs.has(kind):
        fields = (field for field in attrs.fields(kind) if field.alias in entry.hints)
        return {field.alias: getattr(FOUND[kind], field.name) for field in fields}
    given, chosen = GIVEN.get(entry.name, {}), {}
    for name, each in entry.shape.parameters.items():
        hint = entry.hints[name]
        if name in given:
            chosen[name] = given[name]
        elif each.default is each.empty:
            kinds = typing.get_args(hint) if typing.get_origin(hint) in {typing.Union, types.UnionType} else (hint,)
            chosen[name] = NAMED[name] if type(NAMED.get(name)) in kinds and name in NAMED else _at_hand(hint)
            if each.kind is each.VAR_POSITIONAL:
                chosen[name] = (chosen[name],)
    return chosen


def _keep(value: object) -> None:
    """A value, and those in it, are at hand from now on."""
    if isinstance(value, tuple | list | frozenset):
        for item in value:
            _keep(item)
    elif attrs.has(type(value)):
        FOUND.setdefault(type(value), value)
        for name in (field.name for field in attrs.fields(type(value))):  # type: ignore[arg-type]
            _keep(getattr(value, name, None))
    elif type(value).__module__.startswith("licensebill"):
        FOUND.setdefault(type(value), value)


def settled(entries: Mapping[str, Entry]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The arguments of every entry; and of those for which there are none, why."""
    base: dict[str, dict[str, Any]] = {}
    missing = dict.fromkeys(entries, "")
    while True:
        before = len(missing)
        for name in list(missing):
            try:
                base[name] = _arguments(entries[name])
                _keep(entries[name](base[name]))
            except Exception as failed:  # noqa: BLE001 - told by the test
                missing[name] = f"{type(failed).__name__}: {failed}"
            else:
                del missing[name]
        if len(missing) == before:
            return base, missing


_keep(_ROOTS)
ENTRIES = entries_of(MODULES)
BASE, MISSING = settled(ENTRIES)
