"""Documents by table: every tag, what each kind of value looks like, every fault by its path, formats and bounds."""

import enum
import importlib
import inspect
import json
import os
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

import licensebill as package
from licensebill import Money, changes, codec, documents
from licensebill._conversion import MAX_DIGITS, MAX_FAULTS, converter_of
from licensebill.accounts import Account, Change
from licensebill.charges import folded, record
from licensebill.documents import (
    FORMAT,
    MAX_DEPTH,
    UNIONS,
    VALUES,
    DocumentFault,
    InvalidDocument,
    NewerFormat,
    from_json,
    to_json,
)
from licensebill.errors import InvalidValue, LicenseBillError
from licensebill.events import Answered, Changed, Event, Fact, Opened, Planned, Prepared, Target
from licensebill.explain import Explanation
from licensebill.ledger import Category, Line, LineKind, Returned, Settled, Transaction, transactions
from licensebill.licenses import Reason
from licensebill.money import ExactMoney
from licensebill.outcomes import Declined, DeclineKind, Outcome, Succeeded, Unknown
from licensebill.ports import Call, Peak
from licensebill.pricing import Flat, PerUnit, Price
from licensebill.rules import Rule
from licensebill.terms import Contract, Dated, Purpose, Step
from tests.changing import TODAY, buy, cancel, do, outcome, save, set_total, the_charge
from tests.examples import ACCEPTED, ADA, BANK, BOSS, CONTRACT, VISA, account, usd
from tests.results import results, values_within
from tests.untyped import untyped

#: What could be a card number, and must never be seen again.
CARD = "4111 1111 1111 1111"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def parsed(value: object) -> dict[str, Any]:
    """A value's document as JSON's own values, to be spoiled."""
    document: dict[str, Any] = json.loads(to_json(value))
    return document


def faults(document: object, kind: Any = Account) -> list[str]:
    """What is said to be wrong with a document."""
    with pytest.raises(InvalidDocument) as refused:
        from_json(document if isinstance(document, str) else json.dumps(document), kind)
    return str(refused.value).splitlines()


# --- tags ---------------------------------------------------------------------------------------------------------


def test_every_tag_is_what_it_has_always_been() -> None:
    """Stored documents hold these: a class may be renamed, its tag may not."""
    assert " ".join(sorted(VALUES)) == (
        "account admission advice allowance applied attempts authorization automatic_recharge availability "
        "average_usage bill bounds call cancellation captured_otherwise catalog charge committed "
        "committed_cycle consequence contract contract_price contract_rate contract_start credit_carried "
        "credit_note cycle_start dated day_usage decline decline_of dialer_minutes draw event expiry floor "
        "floor_in_force forecast funding funding_terms grant growth holding implementation increments intent "
        "item_selection left_out license_purchase licenses line minute_terms next_step open_intent peak "
        "period permission person port_terms posting preferences price_in_force priced_quantity product "
        "product_row products prorated_amount proration purchase rate reading recharge_decision "
        "recharge_limits recharge_policy recharge_quote recharged reductions remaining role run saw_tooth "
        "schedule schedule_line selection service_order services shortage source source_warning spending "
        "standing step storage_fee storage_terms stored_item stream summary target tariff tax tax_share tier "
        "toll_free_line total_change transaction true_up unmet upload_quote usage_history usage_pattern user "
        "utilization"
    )
    assert {kind: " ".join(sorted(members)) for kind, members in UNIONS.items()} == {
        Change: "add_source add_user cancel cancel_line carry_over change_administrator choose_implementation "
        "confirm_line draw_minutes give_credit make_primary open_recharge order_service plan_bill purchase_minutes "
        "record_outcome record_return release_line remove_source remove_user replace_catalog replace_source "
        "request_line retry_charge save_table set_total sign_contract switch_recharge",
        Outcome: "declined not_captured pending returned succeeded unknown voided",
        Fact: "answered call_off changed halted opened planned prepared resolved",
        Price: "flat graduated package per_unit volume",
        Reason: "no_license_assigned not_together role_does_not_permit",
        Settled | Returned: "returned settled",
    }


def test_every_change_has_a_tag() -> None:
    """A change without one could happen and never be stored."""
    there = {kind for kind in vars(changes).values() if inspect.isclass(kind) and issubclass(kind, Change)}
    assert there - {Change} == set(UNIONS[Change].values())


def test_no_class_has_two_tags() -> None:
    """A member has the same tag in every union, so that a document of its own can be told from nothing else."""
    tables = (VALUES, *UNIONS.values())
    tags = [(kind, tag) for table in tables for tag, kind in table.items()]
    assert len(dict(tags)) == len(set(tags))


@pytest.mark.parametrize("kind", [kind for table in (VALUES, *UNIONS.values()) for kind in table.values()])
def test_everything_that_can_be_stored_can_be_read(kind: type) -> None:
    """All that a value holds has a form, and no field takes the place of what every document states."""
    converter = converter_of(UNIONS)
    whole: Any = kind[int] if getattr(kind, "__parameters__", ()) else kind  # type: ignore[index]
    assert callable(converter.get_structure_hook(whole))
    assert callable(converter.get_unstructure_hook(whole))
    assert {"type", "format"}.isdisjoint(field.name for field in attrs.fields(kind))


#: Values that can be no document, and why.
NO_DOCUMENT = {
    "documents.DocumentFault": "what is wrong with one",
    "errors.Fault": "what is wrong with a file",
    "codec.AccountFile": "a file is its own form",
    "explain.Input": "an explanation is built anew from its result; `as_data` gives it as data",
    "explain.Explanation": "see its inputs",
    "rules.Rule": "the register is the same everywhere",
    "money.Money": "a text wherever it stands",
    "money.ExactMoney": "a text wherever it stands",
    "accounts.Change": "the base of all changes",
    **dict.fromkeys(
        ("charging.Report", "charging.Foreseen", "planning.Draft", "planning.Ask", "planning.Notice"),
        "what a run tells its caller; what it did stands in the events",
    ),
    **dict.fromkeys(
        ("charging.Charging", "keyed.Keyed", "turns.Load", "turns.Append", "turns.ReadStorage", "turns.ReadUsage"),
        "part of carrying out",
    ),
    **dict.fromkeys(("turns.Turn", "turns.Reply"), "part of carrying out"),
    **dict.fromkeys(
        ("protocols.Request", "protocols.Capabilities", "protocols.Usage"), "passes between charging and an adapter"
    ),
}


def test_every_public_value_has_a_document_or_a_reason_for_none() -> None:
    """Whatever a function gives can be kept, sent and read again."""
    names = [found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_")]
    modules = [importlib.import_module(f"licensebill.{name}") for name in names]
    without = {
        f"{module.__name__.removeprefix('licensebill.')}.{name}"
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and attrs.has(kind) and kind.__module__ == module.__name__
        if not name.startswith("_") and not issubclass(kind, Exception)
        if kind not in {member for table in (VALUES, *UNIONS.values()) for member in table.values()}
    }
    assert without == set(NO_DOCUMENT)


def test_everything_computed_reads_as_what_it_was() -> None:
    """One of each, with every value that it holds; written again, it is the same text."""
    read = set()
    for value in (each for result in results() for each in values_within(result)):
        kind = type(value)
        if kind in VALUES.values() and not getattr(kind, "__parameters__", ()):
            text = to_json(value)
            again = from_json(text, kind)
            assert (again, to_json(again)) == (value, text)
            read.add(kind)
    generic = {Dated, Step, Call, Peak}
    assert read == set(VALUES.values()) - generic


# --- what values look like ----------------------------------------------------------------------------------------

DENVER = ZoneInfo("America/Denver")

WRITTEN: list[tuple[object, Any, str]] = [
    (Unknown(), Outcome, '{"format":1,"type":"unknown"}'),
    (Succeeded(), Outcome, '{"format":1,"type":"succeeded","captured":null}'),
    (Succeeded(usd("0.000001")), Succeeded, '{"format":1,"type":"succeeded","captured":"0.000001 USD"}'),
    (
        Declined(kind=DeclineKind.ACTION_REQUIRED, code="a"),
        Outcome | None,
        '{"format":1,"type":"declined","kind":"action_required","code":"a"}',
    ),
    (
        save(u1=("elf", "admin_only"), u0=()),
        Change,
        '{"format":1,"type":"save_table","on":"2026-11-20","by":"dana","checks":{"u0":[],"u1":["elf","admin_only"]}}',
    ),
    (
        PerUnit(amount=usd("99.00")),
        Price,
        '{"format":1,"type":"per_unit","amount":"99.00 USD","per":1,"unit":"licenses"}',
    ),
    (
        Dated((Step(date(2026, 1, 1), ExactMoney(70_000_000, 3, "USD"), "§ 7 – Ångström"),)),
        Dated[ExactMoney],
        '{"format":1,"type":"dated","steps":[{"since":"2026-01-01","value":"70/3 USD",'
        '"source":"\\u00a7 7 \\u2013 \\u00c5ngstr\\u00f6m"}]}',
    ),
    (
        Dated.always(ExactMoney(500_000, 1, "USD")),
        Dated[ExactMoney],
        '{"format":1,"type":"dated","steps":[{"since":"0001-01-01","value":"0.50 USD","source":""}]}',
    ),
    (
        Dated.always(Flat(amount=usd("5"))),
        Dated[Price],
        '{"format":1,"type":"dated","steps":[{"since":"0001-01-01",'
        '"value":{"type":"flat","amount":"5.00 USD","unit":"licenses"},"source":""}]}',
    ),
]


@pytest.mark.parametrize(("value", "kind", "text"), WRITTEN)
def test_a_value_is_written_so_and_read_again(value: object, kind: Any, text: str) -> None:
    """The exact text of each kind of value."""
    assert to_json(value) == text
    assert from_json(text, kind) == value


def test_a_whole_account_comes_back() -> None:
    """With charges open, settled and credited, and with the licenses of a cycle's first instant."""
    acme = do(account(), buy(), outcome("acme/minutes/1", Succeeded()), set_total(14))
    acme = do(acme, changes.GiveCredit(on=TODAY, intent=the_charge(acme), position=0, net=usd("1.00"), reason="late"))
    text = to_json(acme)
    assert from_json(text, Account) == acme
    assert to_json(from_json(text, Account)) == text


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC"), DENVER, timezone(timedelta(0))])
def test_time_zones_come_back(zone: timezone | ZoneInfo) -> None:
    """UTC and the region of that name are two, as they are to Python."""
    assert from_json(to_json(account(tz=zone)), Account).tz == zone


def test_sets_are_written_in_order() -> None:
    """Whatever order they were built in, and checks given as a set too."""
    one, other = ({"u1": frozenset(names), "u0": ()} for names in (("a", "b", "c"), ("c", "b", "a")))
    texts = {to_json(changes.SaveTable(on=TODAY, by=BOSS, checks=checks)) for checks in (one, other)}
    assert [json.loads(text)["checks"] for text in texts] == [{"u0": [], "u1": ["a", "b", "c"]}]


def test_equal_instants_are_written_alike() -> None:
    """A point in time is one text, whatever clock it was read from."""
    clocks = (UTC, DENVER, timezone(timedelta(hours=5, minutes=45)))
    written = {to_json(Event(id="1", at=NOON.astimezone(zone), fact=Changed(cancel()))) for zone in clocks}
    assert len(written) == 1


def test_an_applications_own_texts_are_written_as_texts() -> None:
    """A currency or an id may come from an enumeration of the application's."""

    class Ours(enum.StrEnum):
        ELF = "elf"

    assert parsed(set_total(1, Ours.ELF))["product"] == "elf"


def test_what_only_explains_is_left_out() -> None:
    """A line's result is no part of the line; it is not written, not accepted, and reads as None."""

    class Because:
        def explanation(self) -> Explanation:
            return Explanation(figure="5", value="5.00")

    line = Line(
        kind=LineKind.SERVICE, category=Category.SERVICES, description="Training", amount=usd("5"), basis=Because()
    )
    read = from_json(to_json(line), Line)
    assert (read, read.basis) == (line, None)
    assert faults({**parsed(line), "basis": None}, Line) == ["basis: is no key of this object"]


def test_transactions_and_what_they_come_from() -> None:
    """A settlement, its return, and the two transactions they make."""
    paid = Settled(intent=the_charge(do(account(), buy())), on=TODAY, source="Visa ending in 1111")
    entries = (paid, Returned(intent_id=paid.intent.id, on=TODAY, code="R01"))
    assert tuple(from_json(to_json(entry), Settled | Returned) for entry in entries) == entries
    made = transactions(entries)
    assert tuple(from_json(to_json(one), Transaction) for one in made) == made


def test_a_stream_comes_back_and_adds_up_to_the_same() -> None:
    """Events as they are stored, and the standing they fold into."""
    acme, targets = account(), (Target.of(VISA), Target.of(BANK))
    facts: tuple[Fact, ...] = (
        Opened(acme),
        Changed(buy()),
        Planned(intent="acme/minutes/1", targets=targets),
        Prepared(intent="acme/minutes/1", attempt=1, ref="pi_1"),
        Answered(intent="acme/minutes/1", attempt=1, outcome=Succeeded(usd("100.00"))),
    )
    standing, stream = None, []
    for number, fact in enumerate(facts):
        event, standing = record(standing, fact, at=NOON, id=f"e{number}")
        stream.append(from_json(to_json(event), Event))
        assert (stream[-1], folded(stream)) == (event, standing)
        assert from_json(to_json(standing), type(standing)) == standing


def test_a_text_is_the_same_under_every_hash_seed() -> None:
    """Nothing is written in the order of a set."""
    program = "from tests.examples import account; from licensebill.codec import to_json; print(to_json(account()))"
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}
    texts = {
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program],
            env={**environment, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert texts == {to_json(account()) + "\n"}


def test_codec_passes_the_names_on() -> None:
    """Callers find them beside the reader of account files."""
    assert all(vars(codec)[name] is vars(documents)[name] for name in ("to_json", "from_json", "InvalidDocument"))


# --- what cannot be written ---------------------------------------------------------------------------------------


class Amount(int):
    """A whole number of an application's own."""


def transaction(**changed: Any) -> Transaction:
    """A transaction, whose fields check nothing, with some that are wrong."""
    fields = {"number": 1, "on": TODAY, "intent_id": "acme/bill/1", "lines": (), "source": "", **changed}
    return Transaction(**fields)


def unchecked(kind: Callable[..., object], **fields: Any) -> object:
    """A value whose fields were not checked."""
    with attrs.validators.disabled():
        return kind(**fields)


def answered(outcome: Any) -> object:
    """An answer that may be none."""
    return unchecked(Answered, intent="acme/bill/1", attempt=1, outcome=outcome)


def nested(deep: int) -> object:
    """Steps within steps."""
    value: Any = 1
    for _ in range(deep):
        value = Dated.always(value)
    return value


def of_a_file(name: str) -> ZoneInfo:
    """A zone that has the name of none."""
    with resources.files("tzdata.zoneinfo").joinpath("UTC").open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


UNWRITABLE: list[tuple[Callable[[], object], str]] = [
    (lambda: usd("1"), "value: must be of a type that documents.VALUES or UNIONS names, not a Money"),
    (lambda: account(tz=timezone(timedelta(hours=1))), "must be UTC or a ZoneInfo with a key, not a timezone"),
    (lambda: Dated.always(1.5), "value: holds something that is a float, which no document can hold"),
    (lambda: Dated.always(b"1"), "value: holds something that is a bytes, which no document can hold"),
    (lambda: Dated.always(frozenset({"a"})), "value: holds something that is a frozenset, which no document can hold"),
    (lambda: nested(20), "value: is nested too deeply for a document: at most 32 deep"),
    (lambda: nested(400), "value: is nested too deeply for a document: at most 32 deep"),
    (lambda: account(tz=of_a_file("No/Where")), "must be UTC or a ZoneInfo with a key, not a ZoneInfo"),
    (lambda: Dated.always(Decimal(1)), "value: holds something that is a Decimal, which no document can hold"),
    (lambda: transaction(number=True), "must be a whole number, not True"),
    (lambda: transaction(number=1.0), "must be a whole number, not a float"),
    (lambda: transaction(number=2**63), "must be a whole number, not a whole number too large to repeat"),
    (lambda: transaction(number=Amount(1)), "must be a whole number, not an Amount"),
    (lambda: transaction(reverses="1"), "must be a whole number, not '1'"),
    (lambda: transaction(source=None), "must be a text, not None"),
    (lambda: transaction(on=NOON), "must be a day, not a datetime"),
    (lambda: transaction(intent_id=None), "must be a text, not None"),
    (lambda: transaction(lines=[]), "must be a tuple, not a list"),
    (lambda: transaction(lines=(usd("1"),)), "must be a Line, not a Money"),
    (lambda: unchecked(Event, id="1", at=NOON, fact=ADA), "must be one of Answered, CallOff, Changed, "),
    (lambda: answered("no"), "must be one of Declined, NotCaptured, "),
    (
        lambda: unchecked(changes.Cancel, on=TODAY, by=BOSS, authorization=ACCEPTED, is_buyout_agreed=1),
        "must be true or false, not 1",
    ),
    (lambda: untyped(save)(u1="elf"), "must be a Collection, not 'elf'"),
    (lambda: untyped(changes.SaveTable)(on=TODAY, by=BOSS, checks={1: ()}), "must be a text, not 1"),
    (lambda: Dated.always(ExactMoney(10**1_000, 1, "USD")), "must be a ratio of numbers of at most 1000 digits"),
    (
        lambda: Event(id="1", at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), fact=Changed(cancel())),
        "must be a point in time of the years 1 to 9999 in UTC",
    ),
]


@attrs.frozen
class Shelf:
    """A value with fields of every kind, none of which checks anything."""

    money: Money = usd("1")
    ratio: ExactMoney = ExactMoney(1, 3, "USD")
    kind: DeclineKind = DeclineKind.SOFT
    pair: tuple[Purpose, int] = (Purpose.BILL, 1)
    table: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    names: frozenset[str] = frozenset()
    at: datetime = NOON
    maybe: Money | None = None


@pytest.mark.parametrize(
    "wrong", [*({field.name: 1} for field in attrs.fields(Shelf)), {"pair": (Purpose.BILL,)}, {"table": {1: ()}}]
)
def test_nothing_is_written_in_place_of_another_kind(wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a field's type does not admit is refused, whether or not the value checks it itself."""
    monkeypatch.setattr(documents, "_TAGS", {**documents._TAGS, Shelf: "shelf"})
    assert from_json(to_json(Shelf()), Shelf) == Shelf()
    with pytest.raises(InvalidValue, match=r"value: holds something that must be .*, not "):
        to_json(Shelf(**wrong))


@pytest.mark.parametrize(("value", "message"), UNWRITABLE)
def test_what_could_not_be_read_is_not_written(value: Callable[[], object], message: str) -> None:
    """Nothing that a document cannot hold exactly is stored in its place."""
    with pytest.raises(InvalidValue) as refused:
        to_json(value())
    assert message in str(refused.value)
    assert refused.value.place == "value"


# --- what cannot be read ------------------------------------------------------------------------------------------

#: Where the acme account's document is spoiled, with what, and what is said.
SPOILED: list[tuple[tuple[str | int, ...], object, str]] = [
    (("began",), "20260101", "began: must be a day such as '2026-12-01', not '20260101'"),
    (("began",), "2026-02-30", "began: must be a day such as '2026-12-01', not '2026-02-30'"),
    (("began",), 20260101, "began: must be a day such as '2026-12-01', not 20260101"),
    (("today",), "2025-12-31", "today: must not be before the account began on 2026-01-01, not 2025-12-31"),
    (("id",), "", "id: must not be blank"),
    (("id",), 7, "id: must be a text, not 7"),
    (("id",), None, "id: must be a text, not None"),
    (("id",), CARD, "id: holds what could be a card number; it is not repeated here and must not be stored"),
    (("tz",), "Mars/Olympus", "tz: must be 'Z' or a time zone such as 'America/Denver', not 'Mars/Olympus'"),
    (("tz",), "../etc/passwd", "tz: must be 'Z' or a time zone such as 'America/Denver', not '../etc/passwd'"),
    (("anchor_day",), 1.0, "anchor_day: must be a whole number, not a float"),
    (("anchor_day",), True, "anchor_day: must be a whole number, not True"),
    (("anchor_day",), "1", "anchor_day: must be a whole number, not '1'"),
    (("anchor_day",), float("nan"), "anchor_day: must be a whole number, not a float"),
    (("anchor_day",), float("inf"), "anchor_day: must be a whole number, not a float"),
    (("anchor_day",), 0, "anchor_day: must be at least 1, not 0"),
    (("anchor_day",), 2**63, "anchor_day: must be a whole number, not a whole number too large to repeat"),
    (("balance",), 100.0, "balance: must be an amount such as '12.34 USD', not a float"),
    (("balance",), "100.00", "balance: must be the code of a current ISO 4217 currency such as USD, not ''"),
    (("balance",), "1e2 USD", "balance: must be a plain decimal such as '19.99', of at most 13 digits before the"),
    (("balance",), "0.0000001 USD", "balance: must have at most 6 decimals, not 7"),
    (("balance",), "100.00 EUR", "balance: must be in the tariff's USD, not EUR"),
    (("users",), {}, "users: must be a list, not an object"),
    (("users", 0), [], "users[0]: must be an object, not a list"),
    (("users", 1, "id"), "u0", "users: names the user 'u0' twice"),
    (("users", 1, "is_administrator"), 0, "users[1].is_administrator: must be true or false, not 0"),
    (("users", 1, "extra"), 0, "users[1].extra: is no key of this object"),
    (("users", 1, CARD), 0, "users[1].a text of 19 characters: is no key of this object"),
    (("licenses", "holdings", 0, "users"), ["u0", "u0"], "licenses.holdings[0].users: holds something twice"),
    (("funding", "sources", 0, "kind"), "cash", "funding.sources[0].kind: must be one of card, bank_account, not"),
    (("funding", "sources", 0, "kind"), ["card"], "funding.sources[0].kind: must be one of card, bank_account, not a"),
    (("funding", "sources", 0, "expiry", "month"), 13, "funding.sources[0].expiry.month: must be at most 12, not 13"),
    (("ordinals",), [["bill"]], "ordinals[0]: must be a list of 2"),
    (("ordinals",), [["bill", "1"]], "ordinals[0][1]: must be a whole number, not '1'"),
    (("contracts", 0, "prices", 1, "price", "steps"), [], "contracts[0].prices[1].price.steps: must hold at least one"),
    (("cancellation",), [], "cancellation: must be an object, not a list"),
]
_PRICE = ("contracts", 0, "prices", 0, "price", "steps", 0, "value")
_PRICE_PATH = "contracts[0].prices[0].price.steps[0].value"
SPOILED += [
    ((*_PRICE, "type"), "gift", f"{_PRICE_PATH}.type: must be one of per_unit, flat, graduated, volume, package, not"),
    ((*_PRICE, "type"), 1, f"{_PRICE_PATH}.type: must be one of per_unit, flat, graduated, volume, package, not 1"),
    ((*_PRICE, "per"), 0, f"{_PRICE_PATH}.per: must be at least 1, not 0"),
    (_PRICE, None, f"{_PRICE_PATH}: must be an object, not None"),
    (_PRICE, {}, f"{_PRICE_PATH}.type: is missing"),
]


@pytest.mark.parametrize(
    "at",
    ["2026-11-20T12:00:00", "2026-11-20", "2026-11-20T12:00:00Z", "20261120T120000+0000", "noon", "", 1, 1.5, None],
)
def test_a_point_in_time_has_one_spelling(at: object) -> None:
    """With its zone, as `isoformat` writes it; any offset will do."""
    document = {**parsed(Prepared(intent="1", attempt=1, ref="1")), "id": "1", "postings": []}
    fact = {key: document.pop(key) for key in ("type", "intent", "attempt", "ref")}
    document |= {"type": "event", "fact": fact}
    assert from_json(json.dumps({**document, "at": "2026-11-20T05:00:00-07:00"}), Event).at == NOON
    (told,) = faults({**document, "at": at}, Event)
    assert told.startswith("at: must be a point in time such as '2026-12-01T07:00:00+00:00', not ")


@pytest.mark.parametrize(("path", "value", "message"), SPOILED)
def test_a_fault_is_told_with_its_path(path: tuple[str | int, ...], value: object, message: str) -> None:
    """One value is wrong, and that alone is said."""
    spoiled: Any = parsed(account())
    place = spoiled
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    (told,) = faults(spoiled)
    assert told.startswith(message)


def test_all_faults_are_told_at_once() -> None:
    """A key too many, a key too few, and wrong values at every depth, in the order of the fields."""
    spoiled = parsed(account())
    spoiled |= {"colour": "red", "began": 5}
    del spoiled["balance"]
    del spoiled["users"][3]["role"]
    spoiled["contracts"][0]["floors"][0]["minimum"]["steps"][0] = 3
    spoiled["contracts"][0]["rates"][0]["rate"]["steps"][0]["value"]["increments"] = {"first": 60, "following": None}
    assert faults(spoiled) == [
        "colour: is no key of this object",
        "began: must be a day such as '2026-12-01', not 5",
        "contracts[0].floors[0].minimum.steps[0]: must be an object, not 3",
        "contracts[0].rates[0].rate.steps[0].value.increments.following: must be a whole number, not None",
        "users[3].role: is missing",
        "balance: is missing",
    ]


def test_every_key_has_to_be_there() -> None:
    """One that is missing is no default: it is half a document."""
    assert faults({"format": 1, "type": "settled"}, Settled | Returned) == [
        *("intent: is missing", "on: is missing", "source: is missing", "reference: is missing")
    ]


def test_a_member_read_by_its_own_type_has_its_tag_too() -> None:
    """A document of one kind of change is none of another, and says which it is."""
    assert from_json(to_json(buy()), changes.PurchaseMinutes) == buy()
    assert faults(parsed(buy()), changes.SetTotal) == ["type: must be one of set_total, not 'purchase_minutes'"]


@attrs.frozen
class Box:
    """A value that can hold any other, and refuses as it is told."""

    held: Succeeded
    refuse: int = 0

    def __attrs_post_init__(self) -> None:
        if self.refuse == 1:
            raise LicenseBillError("it is a rule")
        if self.refuse:
            error = OverflowError(CARD)
            error.add_note(CARD)
            raise error


def test_a_single_kind_that_carries_a_tag_is_held_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field of one member's type has the tag of that member, or none."""
    monkeypatch.setattr(documents, "_TAGS", {**documents._TAGS, Box: "box"})
    document = parsed(Box(Succeeded()))
    assert document["held"] == {"type": "succeeded", "captured": None}
    assert from_json(json.dumps(document), Box) == Box(Succeeded())
    assert faults({**document, "held": {"type": "voided", "captured": 1}}, Box) == [
        "held.type: must be 'succeeded', not 'voided'",
        "held.captured: must be an amount such as '12.34 USD', not 1",
    ]


@pytest.mark.parametrize(
    ("refuse", "told"), [(1, "document: it is a rule"), (2, "document: is refused with an OverflowError")]
)
def test_whatever_a_value_refuses_with_is_told(refuse: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal by rule in its own words; an error nobody expected by its name, as its words may repeat anything."""
    monkeypatch.setattr(documents, "_TAGS", {**documents._TAGS, Box: "box"})
    assert faults({**parsed(Box(Succeeded())), "refuse": refuse}, Box) == [told]


def test_the_words_of_a_value_are_checked_too() -> None:
    """A product's id may hold any digits; an error that would repeat them does not, in its place nor in its problem."""
    price = attrs.evolve(CONTRACT.prices[0], product=CARD)
    spoiled = {**parsed(attrs.evolve(CONTRACT, prices=(price,), floors=(), rates=())), "currency": "EUR"}
    assert faults(spoiled, Contract) == ["document: must be in the contract's EUR, not USD"]
    acme = parsed(account())
    acme["catalog"]["products"] = [{**acme["catalog"]["products"][0], "id": CARD, "grants": []}]
    assert faults(acme) == ["product: must be one of a text of 19 characters; not 'powerdialer'"]
    told = documents._told("", CARD, "invalid_value", f"must not be {CARD}")  # whatever an error of a value says
    assert str(told) == "document: is refused; it holds what could be a card number, which is not repeated here"


NOT_JSON: list[tuple[str, str]] = [
    ("", "document: is no JSON: Expecting value, line 1 column 1"),
    ("null", "document: must be an object, not None"),
    ("[]", "document: must be an object, not a list"),
    ('"text"', "document: must be an object, not 'text'"),
    (f'"{CARD}"', "document: must be an object, not a text of 19 characters"),
    ("NaN", "document: must be an object, not a float"),
    ('{"format": 1,\n"type"}', "document: is no JSON: Expecting ':' delimiter, line 2 column 7"),
    ('{"format": 1} 2', "document: is no JSON: Extra data, line 1 column 15"),
    ('{"format": 1, "type": "acc', "document: is no JSON: Unterminated string starting at, line 1 column 23"),
    ('{"format": "\ud800', "document: is no JSON: Unterminated string starting at, line 1 column 12"),
    ("{}", "format: is missing"),
    ('{"format": "1"}', "format: must be a whole number, not '1'"),
    ('{"format": true}', "format: must be a whole number, not True"),
    ('{"format": 1.0}', "format: must be a whole number, not a float"),
    ('{"format": 0}', "format: must be a format that this version reads, not 0"),
    ('{"format": -1}', "format: must be a format that this version reads, not -1"),
    ('{"format": 1}', "type: is missing"),
    ('{"format": 1, "type": 1}', "type: must be one of account, not 1"),
    ('{"format": 1, "type": ["account"]}', "type: must be one of account, not a list"),
    ('{"format": 1, "type": "tariff"}', "type: must be one of account, not 'tariff'"),
    (f'{{"format": 1, "type": "{CARD}"}}', "type: must be one of account, not a text of 19 characters"),
    ('{"format": 1, "format": 1}', "format: is there twice"),
    ('{"format": 1, "format": 1', "document: is no JSON: Expecting ',' delimiter, line 1 column 26"),
    ('{"a": {"b": 1, "b": 1}', "document: is no JSON: Expecting ',' delimiter, line 1 column 23"),
]


@pytest.mark.parametrize(("text", "message"), NOT_JSON)
def test_a_text_that_is_no_document(text: str, message: str) -> None:
    """What is no JSON, no object, of no format, or of another type."""
    assert faults(text) == [message]


@pytest.mark.parametrize("text", [None, 1, b"{}", {"format": 1}])
def test_only_a_text_is_a_document(text: object) -> None:
    """What a driver may have parsed already has lost repeated keys and exact numbers."""
    with pytest.raises(InvalidDocument, match="document: must be a text, not "):
        untyped(from_json)(text, Account)


def test_keys_that_stand_twice_are_told_with_their_paths() -> None:
    """All of them, and nothing else: which of two values counts is nowhere written."""
    text = '{"id": 1, "id": 2, "users": [{}, {"id": 1, "id": 2, "role": {"a": 1}, "id": 3}], "x y": 1, "x y": 1}'
    assert faults(text) == ["id: is there twice", "'x y': is there twice", "users[1].id: is there twice"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (int, "kind: must be a type that documents.VALUES or UNIONS names, not int"),
        (Rule, "kind: must be a type that documents.VALUES or UNIONS names, not Rule"),
        (Rule | None, "kind: must be a type that documents.VALUES or UNIONS names, not Rule"),
        ("Account", "kind: must be a type that documents.VALUES or UNIONS names, not 'Account'"),
        ([Account], "kind: must be a type that documents.VALUES or UNIONS names, not a list"),
        (Dated, "kind: must say what it holds: Dated[Money], not only Dated"),
        (Dated[Decimal], "kind: is, or holds, Decimal, which no document can hold"),
        (Dated[frozenset], "kind: is, or holds, frozenset, which no document can hold"),  # type: ignore[type-arg]
        (Dated[Mapping], "kind: is, or holds, Mapping, which no document can hold"),  # type: ignore[type-arg]
        (Dated[Money | int], "kind: holds Money or another, and a document does not tell which of them it is"),
    ],
)
def test_a_type_that_is_not_stored(kind: object, message: str) -> None:
    """The calling code is wrong, whatever the document holds."""
    with pytest.raises(InvalidValue) as refused:
        from_json('{"format": 1, "type": "dated", "steps": []}', kind)
    assert (str(refused.value), refused.value.code) == (message, "invalid_value")


@pytest.mark.parametrize(("kind", "value"), [(float, 1.5), (bytes, "a")])
def test_no_number_is_read_as_a_float(kind: type, value: object) -> None:
    """Nor a text as bytes, though a caller may ask for it."""
    document = {"format": 1, "type": "dated", "steps": [{"since": "2026-01-01", "value": value, "source": ""}]}
    (told,) = faults(document, Dated[kind])  # type: ignore[valid-type]
    assert told.startswith("steps[0].value: is ")


# --- formats ------------------------------------------------------------------------------------------------------


def test_a_newer_format_is_told_apart() -> None:
    """Nothing is wrong with the document: this version is too old for it."""
    with pytest.raises(NewerFormat) as refused:
        from_json(f'{{"format": {FORMAT + 1}, "kind": "account"}}', Account)
    assert str(refused.value) == f"format: must be at most {FORMAT}, not {FORMAT + 1}"
    assert (refused.value.found, refused.value.known, refused.value.code) == (FORMAT + 1, FORMAT, "newer_format")


def renamed(document: dict[str, Any]) -> dict[str, Any]:
    """From a format that called the key of an outcome's amount otherwise."""
    return {**{key: value for key, value in document.items() if key != "amount"}, "captured": document["amount"]}


@pytest.fixture
def formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there had been a format 0 and a format -1 before it."""
    monkeypatch.setattr(documents, "MIGRATIONS", {0: renamed, -1: lambda document: {**document, "type": "succeeded"}})


@pytest.mark.usefixtures("formats")
@pytest.mark.parametrize(
    "older", ['{"format": 0, "type": "succeeded", "amount": "5 USD"}', '{"format": -1, "amount": "5 USD"}']
)
def test_an_older_format_is_brought_to_the_present(older: str) -> None:
    """Format by format, and then read as any other."""
    assert from_json(older, Outcome) == Succeeded(usd("5"))


@pytest.mark.usefixtures("formats")
@pytest.mark.parametrize(
    ("older", "told"),
    [
        ('{"format": 0, "type": "succeeded", "amount": 5}', "captured: must be an amount such as '12.34 USD', not 5"),
        ('{"format": 0, "type": "succeeded"}', "document: is no valid document of format 0"),
        ('{"format": -1, "type": "succeeded"}', "document: is no valid document of format 0"),
        ('{"format": -2, "type": "succeeded"}', "format: must be a format that this version reads, not -2"),
    ],
)
def test_an_older_format_is_checked_like_any_other(older: str, told: str) -> None:
    """What a migration cannot bring over is no document of its format."""
    assert faults(older, Outcome) == [told]


def test_a_migration_may_keep_the_document_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets a document that states its own format; nothing is changed in place that a migration has given back."""
    kept: list[dict[str, Any]] = []

    def keeping(document: dict[str, Any]) -> dict[str, Any]:
        kept.append(document)
        return document

    monkeypatch.setattr(documents, "MIGRATIONS", {-1: keeping, 0: keeping})
    assert from_json('{"format": -1, "type": "unknown"}', Outcome) == Unknown()
    assert kept == [{"format": -1, "type": "unknown"}, {"format": 0, "type": "unknown"}]


# --- bounds -------------------------------------------------------------------------------------------------------


def test_the_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In writing as in reading, the bound included."""
    text = to_json(Succeeded())
    for most in (len(text) + 1, len(text)):
        monkeypatch.setattr(documents, "MAX_CHARACTERS", most)
        assert from_json(to_json(Succeeded()), Outcome) == Succeeded()
    monkeypatch.setattr(documents, "MAX_CHARACTERS", len(text) - 1)
    assert faults(text, Outcome) == [f"document: must have at most {len(text) - 1} characters, not {len(text)}"]
    with pytest.raises(InvalidValue, match=f"is too long for a document: {len(text)} characters"):
        to_json(Succeeded())


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_the_depth_is_bounded(opening: str) -> None:
    """Before anything is parsed; what stands in a text does not count, nor what stands side by side."""

    def nested(depth: int) -> str:
        return f'{{"format": 1, "a": "[[{{[[\\"[[\\\\", "b": [{"[]," * 50}{opening * (depth - 2)}'

    assert faults(nested(MAX_DEPTH + 1)) == [f"document: must not be nested deeper than {MAX_DEPTH}"]
    for depth in (MAX_DEPTH, MAX_DEPTH - 1):
        (told,) = faults(nested(depth))
        assert told.startswith("document: is no JSON")


def test_a_hostile_depth_takes_no_stack() -> None:
    """A million brackets are counted, not followed."""
    assert faults("[" * 10**6) == [f"document: must not be nested deeper than {MAX_DEPTH}"]


def test_no_value_is_nested_as_deep() -> None:
    """Half of the bound would do for the deepest value there is."""
    assert documents._depth(to_json(Event(id="1", at=NOON, fact=Opened(account())))) <= MAX_DEPTH // 2


def test_the_length_of_a_number_is_bounded() -> None:
    """Converting a number of a million digits takes minutes."""
    told = "document: holds a number of more than 1000 digits"
    assert faults(f'{{"format": {"1" * (MAX_DIGITS + 1)}}}') == [told]
    told = "format: must be a whole number, not a whole number too large to repeat"
    assert faults(f'{{"format": {"1" * MAX_DIGITS}}}') == [told]


def test_a_ratio_as_long_as_can_be_comes_back() -> None:
    """What is just short enough to be written is read."""
    longest = Dated.always(ExactMoney(2**2970 - 1, 3**1800, "USD"))
    assert from_json(to_json(longest), Dated[ExactMoney]) == longest
    with pytest.raises(InvalidValue):
        to_json(Dated.always(ExactMoney(2**2970 + 1, 3, "USD")))


@pytest.mark.parametrize(
    "text", ["1/0 USD", "1/2 XXX", f"{'1' * 1_001}/2 USD", "0.5/2 USD", "1/2USD", "1/-2 USD", " 1/2 USD"]
)
def test_a_ratio_that_is_none(text: str) -> None:
    """A denominator of zero, an unknown currency, too many digits, another spelling."""
    document = {"format": 1, "type": "dated", "steps": [{"since": "2026-01-01", "value": text, "source": ""}]}
    (told,) = faults(document, Dated[ExactMoney])
    assert told.startswith("steps[0].value: must be ")


@pytest.mark.parametrize(("wrong", "told", "more"), [(1, 1, 0), (99, 99, 0), (100, 100, 0), (101, 100, 0)])
def test_a_list_is_looked_through_for_a_hundred_faults(wrong: int, told: int, more: int) -> None:
    """A hostile document could have millions, each of which would be kept."""
    spoiled = {**parsed(account()), "users": [0] * wrong}
    with pytest.raises(InvalidDocument) as refused:
        from_json(json.dumps(spoiled), Account)
    assert (len(refused.value.faults), refused.value.more) == (told, more)


def test_of_many_faults_the_first_hundred_are_told() -> None:
    """And how many more; the error's own place and problem are the first's."""
    spoiled = {
        **parsed(account()),
        "users": [0] * MAX_FAULTS,
        "lines": [0, 0],
        **dict.fromkeys(map(str, range(200)), 0),
    }
    with pytest.raises(InvalidDocument) as refused:
        from_json(json.dumps(spoiled), Account)
    assert len(refused.value.faults) == MAX_FAULTS
    assert refused.value.more == MAX_FAULTS + 2
    assert refused.value.place == refused.value.faults[0].place == "'0'"
    assert str(refused.value).endswith("\nand 102 more")


# --- errors -------------------------------------------------------------------------------------------------------


def test_errors_have_codes_and_cross_processes() -> None:
    """The code of the document for programs, and of each fault the code its value would have."""
    error = InvalidDocument("a", "b", (DocumentFault("a", "invalid_money", "b"),), 1)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (again.args, str(again), again.code) == (error.args, "a: b\nand 1 more", "invalid_document")
    assert str(InvalidDocument("a", "b")) == "a: b"
    spoiled = {**parsed(account()), "balance": "1", "colour": 1}
    with pytest.raises(InvalidDocument) as refused:
        from_json(json.dumps(spoiled), Account)
    assert [fault.code for fault in refused.value.faults] == ["invalid_value", "invalid_money"]
    assert isinstance(refused.value, InvalidValue)
