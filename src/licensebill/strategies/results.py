"""What the library computes from values that are drawn: bills, quotes, decisions, previews."""

from datetime import timedelta

import attrs

from licensebill._extras import extra

with extra("testing"):
    from hypothesis import strategies as st

from licensebill import accounts as standing
from licensebill import bills as billing
from licensebill import changes, cycles, funding, ledger, licenses, minutes, ports, pricing, simulation, storage
from licensebill.money import MICROS, Money, scale
from licensebill.people import Action, Authorization, Person
from licensebill.strategies import values
from licensebill.strategies._arguments import composite
from licensebill.terms import Purpose

_ACCEPTED = Authorization(Person("Ada", "Lovelace"), accepted=True)
_NO_TAX_OR_SOME = st.sampled_from([0, 19])

# --- prices and parts of cycles -----------------------------------------------------------------------------------


@composite
def prorated_amounts(draw: st.DrawFn, currency: str = "USD") -> cycles.ProratedAmount:
    """What is left of a cycle's amount under any convention, often on the first day or the last."""
    cycle = draw(values.cycles())
    on = draw(st.sampled_from([cycle.start, cycle.last_day]) | values.days(cycle.start, cycle.last_day))
    amount = draw(values.payable_amounts(currency, low=0, high=1_000 * MICROS))
    return cycles.prorated(amount, cycle, on, draw(st.sampled_from(cycles.Convention)))


@composite
def priced_quantities(draw: st.DrawFn, currency: str = "USD") -> pricing.Charge:
    """Quantities at a price of any scheme, at the ends of its tiers and beside them."""
    price = draw(values.prices(currency))
    return pricing.charge(price, draw(values.quantities(price)), zero=draw(st.sampled_from(pricing.ZeroQuantity)))


# --- licenses and ports -------------------------------------------------------------------------------------------


@composite
def schedules(draw: st.DrawFn, currency: str = "USD") -> licenses.Schedule:
    """What a month's licenses cost, with floors of products and of groups."""
    account = draw(values.accounts(currency))
    return standing.recurring(account, account.licenses, account.today)


@composite
def permissions(draw: st.DrawFn) -> licenses.Permission:
    """Whether a user may do something, and every reason against it."""
    catalog = draw(values.catalogs())
    held, user = draw(values.licenses(catalog)), draw(values.users())
    named = attrs.evolve(user, id=draw(st.sampled_from(values.USER_IDS)))
    return licenses.permission(named, draw(st.sampled_from(Action)), held, catalog=catalog)


@composite
def license_purchases(draw: st.DrawFn, currency: str = "USD") -> changes.LicensePurchase:
    """Purchases of one license or more, to a total that no floor forbids."""
    account = draw(values.accounts(currency))
    agreed = account.contracts or (draw(values.contracts(account.catalog, currency, on=account.today)),)
    account = attrs.evolve(account, contracts=agreed)
    product = draw(st.sampled_from([product.id for product in account.catalog.products]))
    floors = [step.value for floor in account.contracts[0].floors for step in floor.minimum.steps]
    total = max([account.licenses.holding(product).owned, *floors]) + draw(st.integers(1, 5))
    return changes.license_purchase(
        account, product, total, by=account.administrator, authorization=_ACCEPTED, on=account.today
    )


@composite
def admissions(draw: st.DrawFn) -> ports.Admission:
    """Whether a call is admitted: with the last port free, with none, with one too few; assigned or not."""
    owned = draw(st.sampled_from([0, 1, 10]))
    return ports.admission(
        features=draw(values.feature_sets()),
        assigned=draw(st.booleans()),
        owned=owned,
        in_use=draw(st.sampled_from([owned, max(0, owned - 1), 0])),
        recording_licenses=draw(st.integers(0, 1)),
        terms=draw(values.port_terms()),
    )


def peaks() -> st.SearchStrategy[ports.Peak[int]]:
    """The most ports at once, of no calls, one or several."""
    return st.lists(values.calls(), max_size=6).map(ports.peak)


@composite
def utilizations(draw: st.DrawFn) -> ports.Utilization:
    """The use of a pool, from empty to more than is owned."""
    in_use = draw(st.integers(0, 12))
    return ports.utilization(in_use=in_use, owned=draw(st.integers(0, 12)), peak=in_use + draw(st.integers(0, 3)))


# --- storage ------------------------------------------------------------------------------------------------------


@composite
def advices(draw: st.DrawFn, currency: str = "USD") -> storage.Advice:
    """What to free to pay less, with items that can be freed and without."""
    return storage.advice(draw(values.storage_fees(currency)), draw(st.lists(values.stored_items(), max_size=5)))


def reductions(currency: str = "USD") -> st.SearchStrategy[storage.Reductions]:
    """How many bytes less cost nothing, and one step less."""
    return values.storage_fees(currency).map(storage.reductions)


def item_selections() -> st.SearchStrategy[storage.Selection]:
    """What to free of several items, enough or not."""
    items = st.lists(values.stored_items(high=1_000), max_size=5)
    return st.builds(storage.what_to_free, items, st.integers(0, 3_000))


@composite
def upload_quotes(draw: st.DrawFn, currency: str = "USD") -> storage.UploadQuote:
    """What an upload adds to the fee: nothing, a step, several."""
    allowance = draw(values.allowances(currency))
    upload = draw(st.sampled_from([0, 1, 10**9]) | st.integers(0, 3 * 10**9))
    used = draw(values.stored_bytes(allowance))
    return storage.before_upload(used=used, upload=upload, users=allowance.users, terms=allowance.terms)


@composite
def growths(draw: st.DrawFn, currency: str = "USD") -> storage.Growth:
    """How storage grows or shrinks, from two readings or more within the days that count."""
    terms, at = draw(values.storage_terms(currency)), draw(values.instants())
    sizes = draw(st.lists(st.integers(0, 3 * 10**9), min_size=2, max_size=4))
    step = timedelta(terms.growth_days) / len(sizes)
    taken = (storage.Reading(bytes=size, at=at - ago * step, source="meter") for ago, size in enumerate(sizes))
    return storage.growth(taken, at=at, terms=terms)


def next_steps(currency: str = "USD") -> st.SearchStrategy[storage.NextStep]:
    """When the next step of the fee is reached, if ever."""
    return st.builds(
        lambda growth, users: storage.next_step(growth, users=users), growths(currency), st.integers(0, 30)
    )


# --- minutes ------------------------------------------------------------------------------------------------------


def remainders(currency: str = "USD") -> st.SearchStrategy[minutes.Remaining]:
    """Balances in minutes, below zero as well."""
    balances = values.amounts(currency, low=-10 * MICROS, high=1_000 * MICROS)
    return st.builds(minutes.remaining, balances, values.minute_terms(currency))


def minute_purchases(currency: str = "USD") -> st.SearchStrategy[minutes.Purchase]:
    """Minutes bought, from the smallest purchase on."""
    amounts = values.payable_amounts(currency, low=100 * MICROS, high=1_000 * MICROS)
    return st.builds(minutes.purchase, amounts, values.minute_terms(currency))


@composite
def draws(draw: st.DrawFn, currency: str = "USD") -> minutes.Draw:
    """What a call or messages draw from a balance."""
    rate, quantity = draw(values.rates(currency)), draw(st.sampled_from([0, 1, 60, 61]) | st.integers(0, 10_000))
    is_timed = rate.increments is not None
    return minutes.draw(rate, seconds=quantity if is_timed else None, count=None if is_timed else quantity)


def forecasts(currency: str = "USD") -> st.SearchStrategy[minutes.Forecast]:
    """How long a balance lasts."""
    return values.recharge_quotes(currency).map(minutes.forecast)


@composite
def recharge_decisions(draw: st.DrawFn, currency: str = "USD") -> minutes.RechargeDecision:
    """Recharges that are charged, and every reason against one."""
    quote, authorization = draw(values.recharge_quotes(currency)), draw(st.sampled_from([_ACCEPTED, None]))
    off = minutes.AutomaticRecharge()
    return minutes.recharge_decision(
        quote,
        automatic=off if authorization is None else minutes.switch_on(off, authorization=authorization),
        under_way=draw(st.booleans()),
        recharged_this_month=draw(values.payable_amounts(currency, low=0, high=1_000 * MICROS)),
        recharges_today=draw(st.integers(0, 4)),
        watermark_is_current=draw(st.booleans()),
    )


@composite
def saw_tooths(draw: st.DrawFn, currency: str = "USD") -> simulation.SawTooth:
    """Days of a balance under automatic recharge, with payments that take hours and payments that fail."""
    return simulation.saw_tooth(
        usage=draw(values.usage_patterns(currency)),
        start=draw(values.funding_days()),
        balance=draw(values.payable_amounts(currency, low=-10 * MICROS, high=500 * MICROS)),
        days=draw(st.integers(1, 10)),
        settlement_hours=draw(st.sampled_from([0, 4, 72])),
        failing_runs=draw(st.sets(st.integers(0, 60), max_size=3)),
    )


# --- sources ------------------------------------------------------------------------------------------------------


@composite
def attempts(draw: st.DrawFn) -> funding.Attempts:
    """The order in which sources are tried for a purpose, and why others are left out."""
    on = draw(values.funding_days())
    at, held = cycles.first_instant(on), draw(values.fundings(on=on))
    found, purpose = draw(values.declines(held, at)), draw(st.sampled_from(Purpose))
    return funding.attempts(held, purpose=purpose, on=on, declines=found, at=at)


def consequences(currency: str = "USD") -> st.SearchStrategy[funding.Consequence]:
    """What follows from each answer of a provider."""
    return values.outcomes(currency).map(funding.what_follows)


# --- bills --------------------------------------------------------------------------------------------------------


@composite
def bills(draw: st.DrawFn, currency: str = "USD") -> billing.Bill:
    """The next bill of an account, with a storage fee or without, and sometimes with a tax."""
    account = draw(values.accounts(currency))
    on = account.unbilled[0].cycle.start if account.unbilled else account.cycle.end
    at = cycles.first_instant(on, account.tz)
    used = draw(st.sampled_from([0, 10**9]) | st.integers(0, 4 * 10**9))
    taken = [storage.Reading(bytes=used, at=one, source="meter") for one in (at - timedelta(hours=1), at)]
    percent = draw(_NO_TAX_OR_SOME)

    def tax(lines: tuple[ledger.Line, ...]) -> list[billing.Tax]:
        whole = sum((line.amount for line in lines), Money.zero(account.currency))
        return [billing.Tax("tax", scale(whole, percent, 100))] if percent and lines else []

    return billing.monthly_bill(account, on, readings=taken, tax=tax)


@composite
def summaries(draw: st.DrawFn, currency: str = "USD") -> billing.Summary:
    """The summary of an account, measured or not, without transactions."""
    account = draw(values.accounts(currency))
    usage = draw(values.usage_histories(currency, before=account.today))
    return billing.summary(account, usage=usage, used=draw(st.none() | st.integers(0, 4 * 10**9)))


@composite
def intents(draw: st.DrawFn, currency: str = "USD") -> ledger.Intent:
    """Charges of one line or more, of every purpose."""
    amount = values.payable_amounts(currency, low=1 * MICROS, high=1_000 * MICROS)
    lines = draw(st.lists(st.tuples(amount, st.sampled_from(ledger.Category)), min_size=1, max_size=4))
    return ledger.Intent(
        account="acme",
        purpose=draw(st.sampled_from(Purpose)),
        ordinal=draw(st.integers(1, 99)),
        on=draw(values.days()),
        lines=tuple(
            ledger.Line(kind=ledger.LineKind.SERVICE, category=category, description="Something", amount=one)
            for one, category in lines
        ),
        sources=tuple(draw(st.lists(st.sampled_from(["visa", "bank"]), unique=True))),
    )


@composite
def credit_notes(draw: st.DrawFn, currency: str = "USD") -> ledger.CreditNote:
    """Credits on a line of a charge, of a part or of all of it."""
    charge = draw(intents(currency))
    position = draw(st.integers(0, len(charge.lines) - 1))
    whole = charge.lines[position].amount
    net = draw(st.just(whole) | values.payable_amounts(currency, low=1 * MICROS, high=whole.micros))
    return ledger.credit_note(charge, position, net, reason="goodwill")


def commitments(currency: str = "USD") -> st.SearchStrategy[standing.Committed]:
    """What an account is committed to until its contract ends."""
    return values.accounts(currency).map(standing.committed)


@composite
def transactions(draw: st.DrawFn, currency: str = "USD") -> tuple[ledger.Transaction, ...]:
    """The transactions of charges that were paid in their order, and some that came back."""
    entries: list[ledger.Settled | ledger.Returned] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        paid = attrs.evolve(draw(intents(currency)), ordinal=number, purpose=Purpose.MINUTES)
        entries.append(ledger.Settled(intent=paid, on=paid.on, source="Visa ending in 1111"))
        if draw(st.booleans()):
            entries.append(ledger.Returned(intent_id=paid.id, on=paid.on, code="R01"))
    return ledger.transactions(entries)
