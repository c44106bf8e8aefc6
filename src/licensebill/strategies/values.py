"""What is put in: amounts, days, prices, terms, sources, usage, accounts.

One section for each module of the library, in the order of the modules.
"""

import functools
import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

import attrs

from licensebill._extras import extra

with extra("testing"):
    from hypothesis import strategies as st

from licensebill._checks import MAX_WHOLE, day, distinct, each_of, instance, instant, whole
from licensebill.accounts import Account, Spending, begin
from licensebill.cycles import LAST_ANCHOR_DAY, Convention, Period, boundary, cycle_of
from licensebill.errors import InvalidValue
from licensebill.funding import (
    Decline,
    Declined,
    DeclineKind,
    Expiry,
    Funding,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Source,
    SourceKind,
    Succeeded,
    Unknown,
    Voided,
)
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import (
    FAQ,
    GUIDE,
    GUIDE_EXAMPLE,
    HALF_MINUTE_THEN_SIX,
    PER_MINUTE,
    PER_SECOND,
    DueWhen,
    Gap,
    Increments,
    Rate,
    RechargePolicy,
    RechargeQuote,
    UsageHistory,
    UsageWindow,
    YoungAccount,
    recharge_quote,
)
from licensebill.money import CURRENCIES, DECIMALS, MAX_MICROS, MICROS, ExactMoney, Money, decimals, minor_unit
from licensebill.people import (
    AGENT,
    BILLING_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
    Action,
    Authorization,
    Person,
    User,
)
from licensebill.ports import Call, Feature, LineState, OutboundPorts, PortTerms, PortUse, TollFreeLine
from licensebill.pricing import Flat, Graduated, Package, PerUnit, Price, Tier, Volume, ZeroQuantity, price_scheme
from licensebill.services import Implementation, ServiceOrder, Services
from licensebill.simulation import UsagePattern
from licensebill.storage import (
    Allowance,
    ByteUnits,
    ItemKind,
    Reading,
    ReadingRule,
    StorageBasis,
    StorageFee,
    StorageTerms,
    StoredItem,
    step_end,
)
from licensebill.strategies._arguments import composite, day_with_room
from licensebill.terms import (
    SECONDS,
    STANDARD_CATALOG,
    Catalog,
    Contract,
    ContractPrice,
    Dated,
    Decrease,
    Floor,
    Grant,
    MinuteTerms,
    Product,
    ProductKind,
    Removal,
    Step,
    Tariff,
)

_T = TypeVar("_T")

# --- money ---------------------------------------------------------------------------------------------------------


def currencies() -> st.SearchStrategy[str]:
    """Codes of ISO 4217, the awkward ones (no decimals, three, four) as likely as US dollars."""
    return st.sampled_from(["USD", "JPY", "KWD", "CLF"]) | st.sampled_from(sorted(CURRENCIES))


def amounts(currency: str = "USD", *, low: int = -MAX_MICROS, high: int = MAX_MICROS) -> st.SearchStrategy[Money]:
    """Amounts of one currency, from `low` to `high` micros; ties halfway between two payable amounts among them."""
    _check_micros(low, high)
    ties = _multiples(minor_unit(currency) // 2, low, high)
    return st.builds(Money, ties | st.integers(low, high), st.just(currency))


def payable_amounts(
    currency: str = "USD", *, low: int = -MAX_MICROS, high: int = MAX_MICROS
) -> st.SearchStrategy[Money]:
    """Amounts that are whole in the currency's minor unit, from `low` to `high` micros."""
    _check_micros(low, high)
    return st.builds(Money, _multiples(minor_unit(currency), low, high), st.just(currency))


def exact_amounts(currency: str = "USD", *, limit: int = MAX_MICROS) -> st.SearchStrategy[ExactMoney]:
    """Amounts that are not rounded yet, of at most `limit` micros in size; parts of days and months among them."""
    decimals(currency)  # refuses an unknown code
    whole("limit", limit, 0, MAX_MICROS)
    denominators = st.sampled_from([1, 28, 30, 31, 365]) | st.integers(1, 10**9)
    return denominators.flatmap(
        lambda denominator: st.builds(
            ExactMoney, st.integers(-limit * denominator, limit * denominator), st.just(denominator), st.just(currency)
        )
    )


def weights(*, parts: int = 8, high: int = MAX_WHOLE) -> st.SearchStrategy[list[int]]:
    """Weights to split an amount by: one to `parts` of them, up to `high`, zeros among them but never zeros alone."""
    whole("parts", parts, 1)
    whole("high", high, 1)
    several = st.lists(st.integers(0, min(3, high)) | st.integers(0, high), max_size=parts - 1)
    place = st.integers(0, parts - 1)
    return st.builds(lambda others, one, at: [*others[:at], one, *others[at:]], several, st.integers(1, high), place)


def plain_decimals() -> st.SearchStrategy[str]:
    """Texts that `Money.parse` reads: leading and trailing zeros and minus zero among them."""
    units = st.builds("{:0{}d}".format, st.integers(0, MAX_MICROS // MICROS - 1), st.integers(1, 13))
    fraction = st.text("0123456789", min_size=1, max_size=DECIMALS).map(".{}".format)
    return st.builds("{}{}{}".format, st.sampled_from(["", "-"]), units, st.just("") | fraction)


def _check_micros(low: int, high: int) -> None:
    whole("high", high, whole("low", low, -MAX_MICROS, MAX_MICROS), MAX_MICROS)


def _multiples(unit: int, low: int, high: int) -> st.SearchStrategy[int]:
    fewest, most = -(-low // unit), high // unit
    return st.integers(fewest, most).map(lambda count: count * unit) if fewest <= most else st.nothing()


# --- cycles --------------------------------------------------------------------------------------------------------

#: Leap days and the days around them, ends of long and short months, turns of a year, centuries with and without.
_AWKWARD_DAYS = (
    *(date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)),
    *(date(2027, 12, 31), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)),
    *(date(2000, 2, 29), date(2100, 2, 28), date(2100, 3, 1)),
)
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

#: Clocks that skip midnight, show it twice, skip a whole day, move by half an hour, or are seconds off the hour.
_AWKWARD_ZONES = (
    *("America/Sao_Paulo", "America/Havana", "Asia/Beirut", "America/Goose_Bay", "Asia/Amman"),
    *("Pacific/Apia", "Australia/Lord_Howe", "America/Toronto", "Africa/Monrovia", "Asia/Kathmandu"),
)


def days(low: date = _FIRST_DAY, high: date = _LAST_DAY) -> st.SearchStrategy[date]:
    """Calendar days from `low` to `high`, the awkward ones among them often."""
    if day("high", high) < day("low", low):
        raise InvalidValue("high", "must not be before low")
    awkward = [st.just(one) for one in _AWKWARD_DAYS if low <= one <= high]
    return st.one_of(st.dates(low, high), *awkward)


def anchor_days() -> st.SearchStrategy[int]:
    """Anchor days of cycles; those that short months lack are as likely as all others."""
    return st.sampled_from([1, 28, 29, 30, LAST_ANCHOR_DAY]) | st.integers(1, LAST_ANCHOR_DAY)


def periods(longest: int = 366) -> st.SearchStrategy[Period]:
    """Periods of one day to `longest` days."""
    whole("longest", longest, 1, (date.max - _LAST_DAY).days)
    lengths = st.integers(1, longest).map(timedelta)
    return st.builds(lambda start, length: Period(start, start + length), days(), lengths)


def cycles(*, anchor_day: int | None = None) -> st.SearchStrategy[Period]:
    """Billing cycles from an anchor day, or from any; `anchor_day=1` draws calendar months."""
    anchors = anchor_days() if anchor_day is None else st.just(whole("anchor_day", anchor_day, 1, LAST_ANCHOR_DAY))
    return st.builds(cycle_of, days(), anchor_day=anchors)


def time_zones() -> st.SearchStrategy[tzinfo]:
    """Time zones: UTC, regions with awkward clocks, any other region, and fixed offsets to the second."""
    seconds = st.integers(-86_399, 86_399).map(lambda offset: timezone(timedelta(seconds=offset)))
    return st.one_of(st.just(UTC), st.sampled_from(_AWKWARD_ZONES).map(ZoneInfo), st.timezones(), seconds)


def instants() -> st.SearchStrategy[datetime]:
    """Points in time, each written in some zone."""
    return st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=time_zones())  # noqa: DTZ001


# --- pricing -------------------------------------------------------------------------------------------------------

#: From a handful of licenses to gigabytes.
_SIZES = st.integers(1, 20) | st.sampled_from([60, 1_000, 10**6, 10**9])


def price_amounts(currency: str = "USD") -> st.SearchStrategy[Money]:
    """Amounts as they stand in prices: up to 1000, most of them whole in the minor unit, some down to a micro."""
    return payable_amounts(currency, low=0, high=1_000 * MICROS) | amounts(currency, low=0, high=10 * MICROS)


@composite
def tiers(draw: st.DrawFn, currency: str = "USD", *, is_open: bool | None = None) -> tuple[Tier, ...]:
    """Tiers of one price, ascending, some with a flat part; the last is open, bounded, or either (None)."""
    bounds: list[int | None] = list(itertools.accumulate(draw(st.lists(_SIZES, min_size=1, max_size=4))))
    if is_open or (is_open is None and draw(st.booleans())):
        bounds[-1] = None
    amount = price_amounts(currency)
    flat = st.none() | amount
    return tuple(Tier(bound, draw(amount), draw(flat)) for bound in bounds)


def per_unit_prices(currency: str = "USD") -> st.SearchStrategy[PerUnit]:
    """An amount per so many units."""
    return st.builds(PerUnit, amount=price_amounts(currency), per=_SIZES)


def flat_prices(currency: str = "USD") -> st.SearchStrategy[Flat]:
    """One amount for any quantity."""
    return st.builds(Flat, amount=price_amounts(currency))


def graduated_prices(currency: str = "USD", *, is_open: bool | None = None) -> st.SearchStrategy[Graduated]:
    """Each tier's units at its own price."""
    return st.builds(Graduated, tiers=tiers(currency, is_open=is_open))


def volume_prices(currency: str = "USD", *, is_open: bool | None = None) -> st.SearchStrategy[Volume]:
    """All units at the price of the tier reached."""
    return st.builds(Volume, tiers=tiers(currency, is_open=is_open))


def package_prices(currency: str = "USD") -> st.SearchStrategy[Package]:
    """An amount per package started, some with free units."""
    return st.builds(Package, amount=price_amounts(currency), size=_SIZES, free=st.just(0) | _SIZES)


def prices(currency: str = "USD", *, is_open: bool | None = None) -> st.SearchStrategy[Price]:
    """Prices of all five schemes; with `is_open` they reach to any quantity."""
    return st.one_of(
        per_unit_prices(currency),
        flat_prices(currency),
        graduated_prices(currency, is_open=is_open),
        volume_prices(currency, is_open=is_open),
        package_prices(currency),
    )


def quantities(price: Price, *, high: int = 2 * 10**9) -> st.SearchStrategy[int]:
    """Quantities that a price reaches, up to `high`; its thresholds, one less and one more among them."""
    price_scheme("price", price)
    reach = whole("high", high)
    near: list[int] = []
    if isinstance(price, Graduated | Volume):
        near = [tier.up_to for tier in price.tiers if tier.up_to is not None]
        reach = high if price.tiers[-1].up_to is None else min(high, near[-1])
    elif isinstance(price, PerUnit):
        near = [price.per]
    elif isinstance(price, Package):
        near = [price.free, price.free + price.size, price.free + 2 * price.size]
    thresholds = [st.just(bound + step) for bound in near for step in (-1, 0, 1) if 0 <= bound + step <= reach]
    return st.one_of(st.integers(0, reach), *thresholds)


# --- people --------------------------------------------------------------------------------------------------------

_NAMES = st.sampled_from(["Ada", "Grace", "Nguyễn", "O'Brien", "Smith-Jones", "van der Berg"]) | st.text(
    st.characters(categories=["L"]), min_size=1, max_size=20
)


def persons() -> st.SearchStrategy[Person]:
    """First and last names in all scripts; no digits, so never what could be a card number."""
    return st.builds(Person, _NAMES, _NAMES)


def authorizations() -> st.SearchStrategy[Authorization]:
    """The acceptance of a person."""
    return st.builds(Authorization, persons(), st.just(True))  # noqa: FBT003 - Hypothesis passes by position


def users() -> st.SearchStrategy[User]:
    """Users in every standard role, with and without administrative privileges."""
    return st.builds(
        User,
        id=st.integers(1, 1_000).map("user-{}".format),
        role=st.sampled_from([AGENT, SYSTEM_ADMINISTRATOR, BILLING_ADMINISTRATOR]),
        is_administrator=st.booleans(),
    )


# --- terms ---------------------------------------------------------------------------------------------------------

#: Days between two steps: the next day, a month, a year, and any in between.
_GAPS = st.sampled_from([1, 31, 365]) | st.integers(1, 1_000)


@composite
def dated(draw: st.DrawFn, values: st.SearchStrategy[_T], *, since: date | None = None) -> Dated[_T]:
    """A value that changes on up to four days; the first step begins on `since`, if that is given."""
    first = draw(days()) if since is None else since
    later = [first + timedelta(gap) for gap in itertools.accumulate(draw(st.lists(_GAPS, max_size=3)))]
    return Dated(tuple(Step(one, draw(values)) for one in (first, *later)))


_KINDS = (ProductKind.PER_USER, *ProductKind)
#: Days from a day to the first or last one of a contract.
_TO_EDGE = st.sampled_from([0, 1]) | st.integers(0, 400)


@functools.cache
def _listed_prices(currency: str) -> st.SearchStrategy[Dated[Price] | None]:
    return st.none() | dated(prices(currency, is_open=True))


@composite
def catalogs(draw: st.DrawFn, currency: str = "USD", *, most: int = 5) -> Catalog:
    """The standard catalog, or one to `most` products of all kinds, some with a list price.

    A product may require earlier ones, and grants what it grants alone or together with an earlier one.
    """
    if draw(st.booleans()):
        return STANDARD_CATALOG
    listed = draw(_listed_prices(currency))
    products: list[Product] = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        some = st.sampled_from([(), *((product.id,) for product in products)])
        grants = st.lists(st.builds(Grant, st.sampled_from(Action), some), max_size=2)
        products.append(
            Product(
                id=f"product_{number}",
                name=f"Product {number}",
                kind=draw(st.sampled_from(_KINDS)),
                grants=tuple(draw(grants)),
                prerequisites=draw(some),
                list_price=draw(st.sampled_from([None, listed])),
            )
        )
    return Catalog(tuple(products))


#: Steps are drawn from this day on and moved to where a contract begins: a strategy built once is quick to draw from.
_ORIGIN = date(2000, 1, 1)


def _moved(values: Dated[_T], to: date) -> Dated[_T]:
    return Dated(tuple(attrs.evolve(step, since=step.since + (to - _ORIGIN)) for step in values.steps))


@functools.cache
def _agreed_prices(currency: str) -> st.SearchStrategy[Dated[Price]]:
    stepping: st.SearchStrategy[Dated[Price]] = dated(per_unit_prices(currency), since=_ORIGIN)
    return stepping | prices(currency, is_open=True).map(lambda price: Dated((Step(_ORIGIN, price),)))


@functools.cache
def _floor_numbers() -> st.SearchStrategy[Dated[int]]:
    return dated(st.integers(0, 12), since=_ORIGIN)


def floors(products: Sequence[str], currency: str = "USD", *, since: date = _ORIGIN) -> st.SearchStrategy[Floor]:
    """Floors of the products together, a shortfall price where there are several; none, small and stepping numbers."""
    ids = tuple(each_of("products", products, str))
    day_with_room("since", since)
    decimals(currency)  # refuses an unknown code
    if not ids:
        raise InvalidValue("products", "must name at least one product")
    distinct("products", ids, "the product")
    return st.builds(
        Floor,
        products=st.just(ids),
        minimum=_floor_numbers().map(lambda numbers: _moved(numbers, since)),
        shortfall_price=price_amounts(currency) if len(ids) > 1 else st.none(),
    )


@composite
def contracts(draw: st.DrawFn, catalog: Catalog, currency: str = "USD", *, on: date | None = None) -> Contract:
    """Contracts that name a price for every product from their first day on, so that everything can be billed.

    Some products have floors of their own, the first three may have one together; prices and floors may step. With
    `on`, that day lies in the first term, often on its first or last day.
    """
    within = draw(days(date(2000, 1, 1), date(2150, 12, 31))) if on is None else on
    start, last_day = within - timedelta(draw(_TO_EDGE)), within + timedelta(draw(_TO_EDGE))
    ids = [product.id for product in catalog.products]
    agreed = [_moved(draw(_agreed_prices(currency)), start) for _ in range(2)]
    floored = [(product,) for product in draw(st.lists(st.sampled_from(ids), unique=True, max_size=2))]
    groups = [tuple(ids[:3])] if len(ids) > 1 and draw(st.booleans()) else []
    return Contract(
        reference="order form 2026-17",
        start=start,
        end=last_day + timedelta(1),
        currency=currency,
        prices=tuple(ContractPrice(product, draw(st.sampled_from(agreed))) for product in ids),
        floors=tuple(draw(floors(products, currency, since=start)) for products in [*floored, *groups]),
        removal=draw(st.sampled_from(Removal)),
        renewal_months=draw(st.sampled_from([None, 1, 12, 36])),
    )


# --- licenses ------------------------------------------------------------------------------------------------------

#: Users to assign licenses to, few enough that they meet.
USER_IDS = ("ann", "bob", "cat", "dan", "eve")


@composite
def licenses(draw: st.DrawFn, catalog: Catalog, *, high: int = 12) -> Licenses:
    """Licenses of a catalog's products, none and all of them assigned, some with a smaller total to come.

    Nobody has a product without those that it requires, and no product has more users than licenses; of a pooled one,
    whose users may be more than the licenses, this is so too.
    """
    held = Licenses.empty()
    for product in catalog.products:
        owned = draw(st.integers(0, high))
        pending = draw(st.none() | st.integers(0, owned - 1)) if owned else None
        required = [catalog.product(other) for other in product.prerequisites]
        able = [user for user in USER_IDS if all(held.has(user, other) for other in required)]
        most = min(len(able), owned if pending is None else pending)
        is_assigned = most and product.kind in {ProductKind.PER_USER, ProductKind.POOLED}
        having = draw(st.lists(st.sampled_from(able), unique=True, max_size=most)) if is_assigned else []
        held = held.replaced(Holding(product=product.id, owned=owned, users=frozenset(having), pending=pending))
    return held


# --- services ------------------------------------------------------------------------------------------------------

_SERVICES = st.sampled_from(["Guided start", "Training", "Data import"])


@composite
def services(draw: st.DrawFn, currency: str = "USD") -> Services:
    """An implementation or none yet, and up to three services that were ordered."""
    price = price_amounts(currency)
    chosen = st.builds(Implementation, name=_SERVICES, price=price, on=days())
    order = st.builds(ServiceOrder, name=_SERVICES, price=price, on=days(), approved_by=persons())
    return Services(draw(st.none() | chosen), tuple(draw(st.lists(order, max_size=3))))


# --- ports ---------------------------------------------------------------------------------------------------------

_FEATURE_SETS = [
    frozenset(features)
    for size in range(1, len(Feature))
    for features in itertools.combinations(Feature, size)
    if not {Feature.INBOUND, Feature.OUTBOUND} <= set(features)
]


def port_terms() -> st.SearchStrategy[PortTerms]:
    """Every way in which calls may take ports, the standard first."""
    return st.builds(PortTerms, use=st.sampled_from(PortUse), outbound=st.sampled_from(OutboundPorts))


def feature_sets() -> st.SearchStrategy[frozenset[Feature]]:
    """What a call can be: one feature or more, not inbound and outbound at once."""
    return st.sampled_from(_FEATURE_SETS)


@composite
def calls(draw: st.DrawFn, *, high: int = 40) -> Call[int]:
    """Calls by the second from 0 to `high`: many begin where others end, some have no length or take no port."""
    start, end = sorted((draw(st.integers(0, high)), draw(st.integers(0, high))))
    return Call(start=start, end=end, ports=draw(st.integers(0, 5)))


@composite
def toll_free_lines(draw: st.DrawFn, *, id: str = "line-1") -> TollFreeLine:  # noqa: A002 - the field's own name
    """Toll-free lines in every state, with days in their order, often the same."""
    state = draw(st.sampled_from(LineState))
    gaps = st.sampled_from([0, 1]) | st.integers(0, 1_000)
    requested = draw(days())
    confirmed = requested + timedelta(draw(gaps)) if state in {LineState.ACTIVE, LineState.RELEASED} else None
    is_ended = state in {LineState.CANCELLED, LineState.RELEASED}
    return TollFreeLine(
        id=id,
        representative=str(draw(persons())),
        requested_on=requested,
        state=state,
        number="800-555-0199" if confirmed else None,
        confirmed_on=confirmed,
        ended_on=(confirmed or requested) + timedelta(draw(gaps)) if is_ended else None,
    )


# --- storage -------------------------------------------------------------------------------------------------------


def storage_terms(currency: str = "USD") -> st.SearchStrategy[StorageTerms]:
    """Every policy, with the standard numbers and with others: no included users, no allowance, a large one."""
    return st.builds(
        StorageTerms,
        included_users=st.just(5) | st.integers(0, 10),
        base_megabytes=st.just(250) | st.integers(0, 3_000),
        user_megabytes=st.just(50) | st.integers(0, 500),
        fee=payable_amounts(currency, low=minor_unit(currency), high=10_000 * minor_unit(currency)),
        units=st.sampled_from(ByteUnits),
        basis=st.sampled_from(StorageBasis),
        reading=st.sampled_from(ReadingRule),
        reading_age_days=st.integers(0, 3),
        growth_days=st.just(30) | st.integers(1, 90),
    )


def allowances(currency: str = "USD") -> st.SearchStrategy[Allowance]:
    """What may be stored without a fee: at the threshold of users, beside it, and with more than a gigabyte."""
    return st.builds(Allowance, st.sampled_from([8, 0, 5, 6, 20, 21]) | st.integers(0, 200), storage_terms(currency))


def stored_bytes(allowance: Allowance) -> st.SearchStrategy[int]:
    """Bytes used: often at the end of a fee step, a byte below or a byte above."""
    instance("allowance", allowance, Allowance)
    ends = [step_end(gigabytes, allowance.bytes, allowance.terms) for gigabytes in range(4)]
    beside = [max(0, end + byte) for end in [0, *ends] for byte in (0, -1, 1)]
    return st.sampled_from(beside) | st.integers(0, 2 * ends[-1])


@composite
def storage_fees(draw: st.DrawFn, currency: str = "USD") -> StorageFee:
    """Fees of a month, no fee among them."""
    allowance = draw(allowances(currency))
    return StorageFee(used=draw(stored_bytes(allowance)), allowance=allowance)


def readings(at: st.SearchStrategy[datetime] | None = None) -> st.SearchStrategy[Reading]:
    """Readings of up to four gigabytes at the instants given, or at any."""
    when = instants() if at is None else instance("at", at, st.SearchStrategy)
    return st.builds(
        Reading,
        bytes=st.sampled_from([0, 1]) | st.integers(0, 4 * 10**9),
        at=when,
        source=st.sampled_from(["nightly export", "stated by Ada Byron"]),
    )


@composite
def stored_items(draw: st.DrawFn, *, high: int = 10**9) -> StoredItem:
    """Stored items of up to `high` bytes: all of it may be freed, none, or a part; equal sizes are frequent."""
    size = draw(st.sampled_from([0, min(1, high), high // 2, high]) | st.integers(0, high))
    return StoredItem(
        name=draw(st.sampled_from(["May 2025", "leads", "archive"])),
        kind=draw(st.sampled_from(ItemKind)),
        bytes=size,
        freeable=draw(st.sampled_from([size, 0]) | st.integers(0, size)),
    )


# --- funding -------------------------------------------------------------------------------------------------------

#: Months from the present one to the one in which a card expires: just now, just past, soon, far.
_STILL_VALID, _EXPIRED = st.sampled_from([0, 1, 2, 48]), st.sampled_from([-1, -12])


def funding_days() -> st.SearchStrategy[date]:
    """Calendar days with room for cards that expired years before; first and last days of months among them."""
    return days(date(2002, 1, 1), date(2199, 12, 31))


@composite
def sources(
    draw: st.DrawFn,
    *,
    on: date,
    id: str = "source-1",  # noqa: A002 - the field's own name
    is_valid: bool | None = None,
) -> Source:
    """Cards and bank accounts: valid on a day or not, as told, or any; the token is unique to the id."""
    is_valid = draw(st.booleans()) if is_valid is None else is_valid
    is_blocked = not is_valid and draw(st.booleans())
    must_expire = not is_valid and not is_blocked
    kind = SourceKind.CARD if must_expire else draw(st.sampled_from(SourceKind))
    month = boundary(on, draw(_EXPIRED if must_expire else _STILL_VALID))
    is_card = kind is SourceKind.CARD
    return Source(
        id=id,
        kind=kind,
        token=f"tok-{id}-{draw(st.integers(0, 999))}",
        label=draw(st.sampled_from(["Visa", "MasterCard"] if is_card else ["First Bank", "Crédit du Nord"])),
        last_four=draw(st.sampled_from(["1111", "0000", "4444"]) | st.integers(0, 9_999).map("{:04d}".format)),
        expiry=Expiry(month.year, month.month) if is_card else None,
        holder=draw(st.just(Person("Ada", "Lovelace")) | persons()),
        is_blocked=is_blocked,
    )


@composite
def fundings(draw: st.DrawFn, *, on: date, most: int = 4) -> Funding:
    """One to `most` sources in order of rank, some of them or all invalid on a day."""
    count = draw(st.integers(1, most))
    return Funding(tuple(draw(sources(on=on, id=f"source-{number}")) for number in range(1, count + 1)))


def declines(funding: Funding, at: datetime) -> st.SearchStrategy[list[Decline]]:
    """Declines of the sources, clustered at the edges of 24 hours and 30 days before an instant, some after it."""
    instance("funding", funding, Funding)
    day_with_room("at", instant("at", at).date())
    edges = st.sampled_from([timedelta(1), timedelta(30)])
    steps = st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1)])
    anywhere = st.timedeltas(timedelta(-1), timedelta(40))
    before = st.builds(lambda edge, step: edge + step, edges, steps) | anywhere
    ids = st.sampled_from([source.id for source in funding.sources])
    each = st.builds(lambda source, ago: Decline(source, at - ago), ids, before)
    return st.lists(each, max_size=4) | st.lists(each, min_size=8, max_size=16)


def outcomes(currency: str = "USD") -> st.SearchStrategy[Outcome]:
    """Every answer of a provider, every kind of decline, returns that may be tried again and others."""
    captured = st.none() | payable_amounts(currency, low=1, high=10**10)
    declined = st.builds(
        Declined,
        kind=st.sampled_from(DeclineKind),
        code=st.sampled_from(["insufficient_funds", "stolen_card", "authentication_required"]),
    )
    returned = st.sampled_from(["R01", "R09", "R02", "R10"]).map(Returned)
    plain = st.sampled_from([Pending(), Voided(), NotCaptured(), Unknown()])
    return st.one_of(captured.map(Succeeded), plain, declined, returned)


# --- minutes -------------------------------------------------------------------------------------------------------

#: What one call or one day's calls may come to.
_MOST_USED = 10_000 * MICROS
#: The day before which histories lie: two months of 31 and 30 days before it.
_AFTER_HISTORY = date(2026, 12, 17)


def increments() -> st.SearchStrategy[Increments]:
    """Billing increments: the common ones, and any others up to three minutes."""
    common = st.sampled_from([PER_MINUTE, HALF_MINUTE_THEN_SIX, PER_SECOND])
    return common | st.builds(Increments, st.integers(1, 180), st.integers(1, 180))


def rates(currency: str = "USD") -> st.SearchStrategy[Rate]:
    """Rates of calls, with increments, and of messages, without; of every price scheme, reaching to any quantity."""
    pieces = prices(currency, is_open=True)
    by_the_second = pieces.map(lambda price: attrs.evolve(price, unit=SECONDS))
    return st.builds(Rate, price=pieces) | st.builds(Rate, price=by_the_second, increments=increments())


@composite
def usage_histories(
    draw: st.DrawFn, currency: str = "USD", *, before: date = _AFTER_HISTORY, longest: int = 70
) -> UsageHistory:
    """Usage on up to `longest` days before a day, and often on that day itself, of several kinds, or none at all."""
    ago = st.sampled_from([number for number in (1, 30, 31, 0) if number <= longest]) | st.integers(0, longest)
    kinds = st.sampled_from(["call", "sms", "voice message"])
    used = amounts(currency, low=0, high=_MOST_USED)
    entries = draw(st.lists(st.tuples(ago.map(lambda days: before - timedelta(days)), kinds, used), max_size=12))
    return UsageHistory.of(entries, currency=currency)


def recharge_policies() -> st.SearchStrategy[RechargePolicy]:
    """The named policies, and every other combination of windows, days and settlements; days may be zero."""
    return st.sampled_from([GUIDE, FAQ, GUIDE_EXAMPLE]) | st.builds(
        RechargePolicy,
        name=st.just("custom"),
        window=st.sampled_from(UsageWindow),
        window_days=st.just(30) | st.integers(1, 60),
        recharge_days=st.just(14) | st.integers(0, 30),
        reserve_days=st.just(7) | st.integers(0, 30),
        due=st.sampled_from(DueWhen),
        young=st.sampled_from(YoungAccount),
        gap=st.sampled_from(Gap),
    )


@composite
def recharge_quotes(draw: st.DrawFn, currency: str = "USD") -> RechargeQuote:
    """Recharge and reserve at balances of any size; often at the reserve, or a micro above or below it."""
    history, policy = draw(usage_histories(currency)), draw(recharge_policies())
    began = _AFTER_HISTORY - timedelta(draw(st.integers(0, 40)))
    zero = Money.zero(currency)
    quote = recharge_quote(history, at=_AFTER_HISTORY, balance=zero, policy=policy, began=began)
    reserve = quote.reserve_unrounded.to_micro().micros
    beside = st.sampled_from([reserve, reserve - 1, reserve + 1, 0]).map(lambda micros: Money(micros, currency))
    balance = draw(beside | amounts(currency, low=-_MOST_USED, high=_MOST_USED))
    return RechargeQuote(quote.average, balance)


def usage_patterns(currency: str = "USD") -> st.SearchStrategy[UsagePattern]:
    """Usage hour by hour that is the same every day: steady, at work only, or any other."""
    hours = st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24])
    used = st.just(Money.zero(currency)) | amounts(currency, low=0, high=10 * MICROS)
    return hours.flatmap(lambda count: st.lists(used, min_size=count, max_size=count)).map(
        lambda day: UsagePattern(tuple(day))
    )


# --- accounts ------------------------------------------------------------------------------------------------------

#: The billing administrator of every account, and a user who may buy minutes only.
ADMINISTRATOR_ID, SYSTEM_ADMINISTRATOR_ID = "pat", "sam"


def minute_terms(currency: str = "USD") -> st.SearchStrategy[MinuteTerms]:
    """The guide's numbers, in any currency."""
    cost, smallest = Money(MICROS // 50, currency), Money(100 * MICROS, currency)
    return st.just(MinuteTerms(cost_per_minute=cost, minimum_purchase=smallest))


def tariffs(currency: str = "USD") -> st.SearchStrategy[Tariff]:
    """Tariffs with every policy for storage, proration, decreases and quantities of zero."""
    decimals(currency)  # refuses what cannot be looked up
    return _tariffs(currency)


@functools.cache
def _tariffs(currency: str) -> st.SearchStrategy[Tariff]:
    return st.builds(
        Tariff,
        currency=st.just(currency),
        storage=storage_terms(currency),
        minutes=minute_terms(currency),
        recharge=recharge_policies(),
        proration=st.sampled_from(Convention),
        decrease=st.sampled_from(Decrease),
        zero_quantity=st.sampled_from(ZeroQuantity),
    )


@functools.cache
def _awkward_zones() -> st.SearchStrategy[tzinfo]:
    return st.just(UTC) | st.sampled_from(_AWKWARD_ZONES).map(ZoneInfo)


@functools.cache
def _minimum_spends(currency: str) -> st.SearchStrategy[Dated[Money] | None]:
    return st.none() | dated(amounts(currency, low=0, high=10_000 * MICROS), since=_ORIGIN)


@functools.cache
def _spent(currency: str) -> st.SearchStrategy[Money]:
    return payable_amounts(currency, low=0, high=5_000 * MICROS)


@functools.cache
def _balances(currency: str) -> st.SearchStrategy[Money]:
    return payable_amounts(currency, low=-10 * MICROS, high=1_000 * MICROS)


@composite
def accounts(draw: st.DrawFn, currency: str = "USD", *, on: date | None = None) -> Account:
    """Accounts on any day, often the first or the last of a cycle, ready: on a first day its bill is to come.

    Most have a contract that goes on term by term, so that every later cycle can be billed, and often a minimum spend;
    the others own nothing yet. The first source is valid on the day.
    """
    anchor = draw(anchor_days())
    cycle = cycle_of(draw(days(date(2002, 1, 1), date(2150, 1, 1))), anchor_day=anchor)
    today = draw(st.sampled_from([cycle.start, cycle.last_day]) | days(cycle.start, cycle.last_day))
    today = today if on is None else on
    cycle = cycle_of(today, anchor_day=anchor)
    # a first contract that begins within a cycle has been charged by then (LIC-10)
    agreed_by = today if today == cycle.start else today - timedelta(1)
    catalog = draw(catalogs(currency))
    is_new = draw(st.sampled_from([False, False, False, True]))
    further = draw(st.lists(st.sampled_from(["source-2", "source-3"]), unique=True))
    return begin(
        Account(
            id="acme",
            began=today - timedelta(draw(st.sampled_from([0, 1, 31]) | st.integers(0, 400))),
            today=today,
            administrator=ADMINISTRATOR_ID,
            funding=Funding(
                (
                    draw(sources(on=today, id="source-1", is_valid=True)),
                    *(draw(sources(on=today, id=name)) for name in further),
                )
            ),
            tz=draw(_awkward_zones()),
            anchor_day=anchor,
            tariffs=Dated.always(draw(tariffs(currency))),
            catalog=catalog,
            contracts=() if is_new else (draw(_lasting_contracts(catalog, currency, on=agreed_by)),),
            licenses=Licenses.empty() if is_new else draw(licenses(catalog)),
            users=(*(User(id=name) for name in USER_IDS), User(id=SYSTEM_ADMINISTRATOR_ID, role=SYSTEM_ADMINISTRATOR)),
            balance=draw(_balances(currency)),
            spending=() if is_new else (Spending(cycle, draw(_spent(currency))),),
        )
    )


@composite
def _lasting_contracts(draw: st.DrawFn, catalog: Catalog, currency: str, *, on: date) -> Contract:
    agreed, minimum = draw(contracts(catalog, currency, on=on)), draw(_minimum_spends(currency))
    return attrs.evolve(
        agreed,
        renewal_months=agreed.renewal_months or draw(st.sampled_from([1, 12])),
        minimum_spend=None if minimum is None else _moved(minimum, agreed.start),
    )
