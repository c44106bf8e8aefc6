"""What the library computes for an example account: one result of each kind, and every value that these hold."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import attrs

from licensebill import (
    accounts,
    bills,
    changes,
    charges,
    cycles,
    funding,
    ledger,
    licenses,
    minutes,
    ports,
    pricing,
    simulation,
    storage,
    terms,
)
from licensebill.events import Answered, Changed, Fact, Opened, Planned, Prepared, Stream, Target
from licensebill.people import Action, User
from tests.changing import (
    DECEMBER,
    NOVEMBER,
    SOFT,
    TODAY,
    bill,
    buy,
    cancel,
    choose,
    do,
    order,
    outcome,
    set_total,
    switch_on,
)
from tests.examples import ACCEPTED, BANK, BOSS, VISA, account, contract, floor, reading, usd

_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_GROUP = attrs.evolve(floor("powerdialer", 20), products=("powerdialer", "elf"), shortfall_price=usd("9.00"))
_AGREED = contract(
    end=date(2030, 1, 1),
    floors=(*contract().floors, _GROUP),
    minimum_spend=terms.Dated.always(usd("5000.00")),
)
_ACME = account(
    contracts=(_AGREED,),
    began=date(2025, 1, 1),
)


def results() -> Iterator[object]:
    """One of each, or more."""
    yield from _of_licenses()
    yield from _of_use()
    yield from _of_sources()
    yield from _of_accounts()
    yield from _of_charges()


def _of_licenses() -> Iterator[object]:
    catalog, held = _ACME.catalog, _ACME.licenses
    for user, action in (("nobody", Action.DIAL), ("u1", Action.BLEND), ("u1", Action.MANAGE_SETTINGS)):
        yield licenses.permission(User(id=user), action, held, catalog=catalog)
    try:
        licenses.save_table(held, {"u1": ("inbound_agent",), "u2": ("inbound_agent",)}, catalog=catalog)
    except licenses.NotEnoughLicenses as refused:
        yield from refused.shortages
    yield licenses.Unmet(user="u1", product="recording_monitoring", requires="flex_port")
    yield accounts.schedule_on(_ACME, held, TODAY)
    yield licenses.price_in_force("powerdialer", catalog=catalog, contract=_AGREED, on=TODAY)
    yield licenses.floors_in_force(_AGREED, catalog=catalog, on=TODAY)
    yield changes.license_purchase(_ACME, "powerdialer", 14, by=BOSS, authorization=ACCEPTED, on=TODAY)


def _of_use() -> Iterator[object]:
    yield ports.admission(features={ports.Feature.INBOUND}, assigned=False, owned=2, in_use=2, recording_licenses=0)
    yield ports.utilization(in_use=7, peak=10, owned=12)
    call = ports.Call(start=_NOON, end=_NOON + timedelta(minutes=3))
    yield from (call, ports.peak([call]))
    yield ports.request_line([], owned=1, id="L1", representative="Ada Lovelace", on=TODAY)
    fee = storage.monthly_fee(used=1_200_000_000, users=8)
    files = [storage.stored_item(name, storage.ItemKind.FILE, 40, in_use=False) for name in "ab"]
    yield from (storage.advice(fee, files), storage.what_to_free(files, 60), storage.reductions(fee))
    yield storage.before_upload(used=350_000_000, upload=60_000_000, users=8)
    grown = storage.growth([reading(10**8, date(2026, 11, 1)), reading(3 * 10**8)], at=reading(0).at)
    yield storage.next_step(grown, users=8)
    yield cycles.prorated(usd("99.00"), NOVEMBER, TODAY)
    yield pricing.charge(pricing.Graduated(tiers=(pricing.Tier(10, usd("1.00")), pricing.Tier(None, usd("0.50")))), 12)
    used = minutes.UsageHistory.of([(date(2026, 11, 10), "call", usd("90.00"))], currency="USD")
    quote = minutes.recharge_quote(used, at=TODAY, balance=usd("10.00"))
    yield from (quote, minutes.forecast(quote), minutes.remaining(usd("1.00")), minutes.purchase(usd("100.00")), used)
    yield minutes.draw(terms.Rate(price=pricing.PerUnit(amount=usd("0.02"))), count=3)
    yield minutes.recharge_decision(
        quote,
        automatic=_ACME.automatic,
        under_way=False,
        recharged_this_month=usd("0"),
        recharges_today=0,
        watermark_is_current=True,
    )
    steady = simulation.UsagePattern((usd("0.25"),))
    yield steady
    yield simulation.saw_tooth(usage=steady, start=TODAY, balance=usd("42.00"), days=3)
    yield simulation.bounds(usage=steady)


def _of_sources() -> Iterator[object]:
    both = funding.Funding((VISA, BANK))
    declines = [funding.Decline("bank", _NOON - timedelta(hours=1))]
    yield declines[0]
    yield funding.attempts(both, purpose=terms.Purpose.RECHARGE, on=TODAY, declines=declines, at=_NOON)
    yield from funding.warnings(both, on=date(2029, 11, 15))
    yield funding.what_follows(SOFT)


def _of_accounts() -> Iterator[object]:
    yield from (accounts.committed(_ACME), accounts.advance(_ACME, date(2026, 12, 2)))
    charged = do(_ACME, choose(), switch_on(), order(), set_total(13))
    paid = do(charged, *(outcome(one.intent.id, funding.Succeeded()) for one in charged.open))
    note = changes.GiveCredit(on=TODAY, intent=charged.open[0].intent, position=0, net=usd("5.00"), reason="goodwill")
    credited = do(paid, note, set_total(2, "inbound_agent"), cancel())
    yield from (charged, credited, ledger.credit_note(charged.open[0].intent, 0, usd("5.00"), reason="goodwill"))
    billed = bill(paid)
    made = bills.monthly_bill(
        accounts.advance(billed, date(2027, 1, 1)), date(2027, 1, 1), readings=[reading(10**9, date(2027, 1, 1))]
    )
    yield from (billed, made, bills.planned(made), bills.Tax("VAT", usd("1.00"), of=0))
    yield ledger.TaxShare(tax=usd("19.00"), before=usd("0"), net=usd("5.00"), charged=usd("100.00"))
    yield changes.CreditCarried(DECEMBER, made.lines)
    yield changes.CapturedOtherwise(usd("5.00"), usd("4.00"))
    done = [choose(), order(), set_total(13), *(outcome(one.intent.id, funding.Succeeded()) for one in charged.open)]
    yield from (listed := ledger.transactions(changes.entries(_ACME, done)))
    nothing = minutes.UsageHistory.of([], currency="USD")
    yield bills.summary(attrs.evolve(_ACME, today=date(2029, 11, 15)), usage=nothing, used=5 * 10**8, listed=listed)


def _of_charges() -> Iterator[object]:
    yield do(
        attrs.evolve(_ACME, contracts=()), changes.SignContract(on=TODAY, contract=attrs.evolve(_AGREED, start=TODAY))
    )
    buying, visa, bank = buy(), Target.of(VISA), Target.of(BANK)
    asked = do(_ACME, buying).open[0].intent.id
    recharged = changes.OpenRecharge(on=TODAY, amount=usd("60.00"))
    facts: list[Fact] = [
        Opened(do(_ACME, switch_on())),
        Changed(buying),
        Planned(intent=asked, targets=(visa, bank)),
        Prepared(intent=asked, attempt=1, ref="pi_1"),
        Answered(intent=asked, attempt=1, outcome=SOFT),
        Answered(intent=asked, attempt=1, outcome=funding.Voided()),
        Prepared(intent=asked, attempt=2, ref="pi_2"),
        Answered(intent=asked, attempt=2, outcome=funding.Succeeded()),
        Changed(recharged),
    ]
    standing, happened = None, []
    for number, fact in enumerate(facts):
        event, standing = charges.record(standing, fact, at=_NOON + timedelta(minutes=number), id=f"e{number}")
        happened.append(event)
    yield from (Stream(tuple(happened), len(happened)), standing)


def values_within(value: object) -> Iterator[object]:
    """A value, and every value with fields that stands anywhere in it."""
    kind = type(value)
    if attrs.has(kind):
        yield value
        inside = [getattr(value, field.name) for field in attrs.fields(kind) if field.init]
    elif isinstance(value, Mapping):
        inside = [*value, *value.values()]
    else:
        inside = list(value) if isinstance(value, tuple | list | frozenset) else []
    for each in inside:
        yield from values_within(each)
