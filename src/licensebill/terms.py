"""Terms: every number that the rules apply, with its unit, its rule and the day it holds from.

Two kinds, and what they share:

* the `Tariff`: the product's standard numbers and the policies that settle what its guide leaves open. `STANDARD` is
  the guide's own; every number and policy can be replaced with `attrs.evolve`;
* the `Contract`: what one customer agreed to: prices, floors, removal, renewal, minimum spend, rates;
* `Dated`: a value that changes on stated days, each step with where it was agreed.

The `Catalog` says what the products are. No tariff number stands anywhere else in the library: rule modules take
these values as arguments and re-export the policies that belong to them. Nothing is computed here beyond finding what
is in force on a day.
"""

import enum
import itertools
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Generic, TypeVar

import attrs

from licensebill._checks import (
    cardless_or_empty,
    cardless_text,
    checked,
    day,
    distinct,
    instance,
    text,
    tuple_of,
    whole,
)
from licensebill.cycles import Convention, Period, boundary
from licensebill.errors import InvalidValue, shown
from licensebill.money import CurrencyMismatch, Money, decimals
from licensebill.people import Action
from licensebill.pricing import InvalidPrice, Package, Price, ZeroQuantity, price_amount, price_scheme

_T = TypeVar("_T")

_USD = "USD"

# --- values that change on stated days ----------------------------------------------------------------------------


@attrs.frozen
class Step(Generic[_T]):
    """A value in force from a day on, and where it was agreed.

    Args:
        since: the first day.
        value: what holds from then.
        source: a citation for people, such as "amendment 2 of 2026-03-01"; may be empty.
    """

    since: date = attrs.field(validator=checked(day))
    value: _T
    source: str = attrs.field(default="", validator=checked(cardless_or_empty))


def _ascending(place: str, value: object) -> tuple[Step[Any], ...]:
    steps = tuple_of(place, value, Step)
    if not steps:
        raise InvalidValue(place, "must hold at least one step")
    for position, (earlier, later) in enumerate(itertools.pairwise(steps)):
        if later.since <= earlier.since:
            raise InvalidValue(f"{place}[{position + 1}]", f"must begin after {earlier.since}, not on {later.since}")
    return steps


@attrs.frozen
class Dated(Generic[_T]):
    """A value by day: each step holds until the next begins; before the first there is none.

    Raises:
        InvalidValue: no steps, or steps that do not ascend.

    Example:
        >>> floor = Dated((Step(date(2026, 1, 1), 10), Step(date(2026, 7, 1), 8)))
        >>> floor.on(date(2026, 6, 30)).value, floor.on(date(2026, 7, 1)).value, floor.on(date(2025, 12, 31))
        (10, 8, None)
    """

    steps: tuple[Step[_T], ...] = attrs.field(validator=checked(_ascending))

    @classmethod
    def always(cls, value: _T, source: str = "") -> "Dated[_T]":
        """A value that has held since the beginning of the calendar."""
        return cls((Step(date.min, value, source),))

    def on(self, on: date) -> Step[_T] | None:
        """The step in force on a day, or None before the first."""
        day("on", on)
        for step in reversed(self.steps):
            if step.since <= on:
                return step
        return None


def _dated(place: str, value: object, check: Callable[..., object], *bounds: object) -> Dated[Any]:
    """A value by day, each step of which passes a check."""
    dated = instance(place, value, Dated)
    for position, step in enumerate(dated.steps):
        check(f"{place}[{position}]", step.value, *bounds)
    return dated


@attrs.frozen(kw_only=True)
class Applied:
    """A term that a figure was computed with; a bill names them all.

    Args:
        name: what the term is ("price of PowerDialer").
        value: as text, with its unit ("99.00 USD each").
        rule: the id of the rule it serves.
        since: the first day it holds.
        source: where it was agreed.
    """

    name: str
    value: str
    rule: str
    since: date
    source: str = ""

    def __str__(self) -> str:
        since = "" if self.since == date.min else f", since {self.since}"
        return f"{self.source or self.rule}{since}"


def _number(default: Any, unit: str, rule: str, low: int = 0) -> Any:  # noqa: ANN401 - attrs' own field type
    """A number of the tariff: its standard value, unit and rule id; `numbers` lists them. `low` may be in micros."""
    check = checked(price_amount if isinstance(default, Money) else whole, low)
    return attrs.field(default=default, validator=check, metadata={"unit": unit, "rule": rule, "low": low})


def _policy(default: enum.Enum, rule: str) -> Any:  # noqa: ANN401 - attrs' own field type
    """A named way to settle what the guide leaves open, with the default of the rules."""
    return attrs.field(default=default, validator=checked(instance, type(default)), metadata={"rule": rule})


def _part(default: Any) -> Any:  # noqa: ANN401 - attrs' own field type
    """A part of the tariff that has numbers and policies of its own."""
    return attrs.field(default=default, validator=checked(instance, type(default)))


def _usd(amount: str) -> Money:
    return Money.parse(amount, _USD)


# --- storage ------------------------------------------------------------------------------------------------------


class ByteUnits(enum.Enum):
    """How many bytes a megabyte and a gigabyte have (STO-3)."""

    DECIMAL = (10**6, 10**9)
    BINARY = (2**20, 2**30)

    @property
    def megabyte(self) -> int:
        """Bytes of a megabyte."""
        return self.value[0]

    @property
    def gigabyte(self) -> int:
        """Bytes of a gigabyte."""
        return self.value[1]


class StorageBasis(enum.Enum):
    """What the gigabytes started are counted on, once the allowance is exceeded (STO-2, STO-3)."""

    ON_TOTAL = "the total used"
    ON_EXCESS = "what exceeds the allowance"


class ReadingRule(enum.Enum):
    """Which measurement of a cycle's storage counts (STO-4)."""

    AT_START = "the reading at the cycle's first instant, or the nearest before it"
    PEAK_BEFORE = "the peak of the cycle before"


@attrs.frozen(kw_only=True)
class StorageTerms:
    """Allowance and fee of stored data.

    Source: STO-1, STO-2, STO-3, STO-4, STO-6.
    """

    included_users: int = _number(5, "users", "STO-1")
    base_megabytes: int = _number(250, "megabytes", "STO-1")
    user_megabytes: int = _number(50, "megabytes per further user", "STO-1")
    fee: Money = _number(_usd("30.00"), "per gigabyte started", "STO-2")
    units: ByteUnits = _policy(ByteUnits.DECIMAL, "STO-3")
    basis: StorageBasis = _policy(StorageBasis.ON_TOTAL, "STO-3")
    reading: ReadingRule = _policy(ReadingRule.AT_START, "STO-4")
    reading_age_days: int = _number(1, "days", "STO-4")
    growth_days: int = _number(30, "days", "STO-6", 1)

    @property
    def price(self) -> Package:
        """The fee as a package price by the byte."""
        return Package(amount=self.fee, size=self.units.gigabyte, unit="bytes")


# --- dialer minutes -----------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class MinuteTerms:
    """Conversion and manual purchase of dialer minutes.

    Source: MIN-1, MIN-3.
    """

    cost_per_minute: Money = _number(_usd("0.02"), "per minute", "MIN-1", 1)
    minimum_purchase: Money = _number(_usd("100.00"), "each purchase", "MIN-3")


class UsageWindow(enum.Enum):
    """Which days the average daily usage is taken over (MIN-4, MIN-5)."""

    TRAILING_DAYS = "the whole days just before"
    CALENDAR_MONTH = "the calendar month before"


class DueWhen(enum.Enum):
    """When a balance calls for a recharge (MIN-5)."""

    BELOW = "below the threshold"
    AT_OR_BELOW = "at or below the threshold"


class YoungAccount(enum.Enum):
    """What the average divides by while an account is younger than the window (MIN-9)."""

    FULL_WINDOW = "the window's full length"
    DAYS_ELAPSED = "the days since the account began, at least one"


class Gap(enum.Enum):
    """What a recharge does about a balance that a burst has taken far below the threshold."""

    IGNORED = "the policy's amount, whatever the balance"
    CLOSED = "at least what brings the balance back to the threshold"


@attrs.frozen(kw_only=True)
class RechargePolicy:
    """How much is recharged, and at which balance.

    Args:
        name: as shown beside its figures.
        window: the days the average is taken over.
        window_days: the trailing window's length; the calendar month has its own.
        recharge_days: the recharge is this many average days' usage.
        reserve_days: the threshold is this many.
        due: whether the threshold itself already calls for a recharge.
        young: the divisor while the account is younger than the window.
        gap: what happens far below the threshold.

    Source: MIN-4, MIN-5, MIN-9.
    """

    name: str = attrs.field(validator=checked(text))
    window: UsageWindow = _policy(UsageWindow.TRAILING_DAYS, "MIN-5")
    window_days: int = _number(30, "days", "MIN-4", 1)
    recharge_days: int = _number(14, "days", "MIN-4")
    reserve_days: int = _number(7, "days", "MIN-4")
    due: DueWhen = _policy(DueWhen.BELOW, "MIN-5")
    young: YoungAccount = _policy(YoungAccount.FULL_WINDOW, "MIN-9")
    gap: Gap = _policy(Gap.IGNORED, "MIN-4")


#: The guide's rule: trailing 30 days, two weeks' worth, when the balance falls below one week's worth.
GUIDE = RechargePolicy(name="GUIDE")
#: The answer to the customers' question: last calendar month, two weeks, five days, when the balance reaches it.
FAQ = RechargePolicy(
    name="FAQ", window=UsageWindow.CALENDAR_MONTH, recharge_days=14, reserve_days=5, due=DueWhen.AT_OR_BELOW
)
#: The guide's example, which buys about one week's worth, against the guide's own rule.
GUIDE_EXAMPLE = RechargePolicy(name="GUIDE_EXAMPLE", recharge_days=7)
#: The policies above, by name.
RECHARGE_POLICIES = {policy.name: policy for policy in (GUIDE, FAQ, GUIDE_EXAMPLE)}


@attrs.frozen(kw_only=True)
class RechargeLimits:
    """How often automatic recharges run, and what stops them.

    Args:
        interval_hours: between two runs, in UTC.
        per_day: automatic recharges in a calendar day, failed ones not counted.
        monthly_cap: of a calendar month; None for none.
        declines: of one source within `decline_days`.
        decline_days: the window of `declines`.
        declines_per_day: of one source within 24 hours.

    Source: MIN-7, MIN-12.
    """

    interval_hours: int = _number(4, "hours", "MIN-7", 1)
    per_day: int = _number(3, "recharges", "MIN-12")
    monthly_cap: Money | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(checked(price_amount)),
        metadata={"unit": "per calendar month", "rule": "MIN-12"},
    )
    declines: int = _number(7, "declines", "MIN-12", 1)
    decline_days: int = _number(30, "days", "MIN-12", 1)
    declines_per_day: int = _number(1, "declines", "MIN-12", 1)


@attrs.frozen
class Increments:
    """Billing increments of a call in seconds: the first, and each following one, is charged in full once begun.

    Source: MIN-10.
    """

    first: int = attrs.field(validator=checked(whole, 1))
    following: int = attrs.field(validator=checked(whole, 1))

    def __str__(self) -> str:
        return f"{self.first}/{self.following}"


#: The unit of every price that has increments.
SECONDS = "seconds"

PER_MINUTE = Increments(60, 60)
HALF_MINUTE_THEN_SIX = Increments(30, 6)
PER_SECOND = Increments(1, 1)


@attrs.frozen(kw_only=True)
class Rate:
    """What a usage costs: a price by the second with billing increments, or a price by the piece without.

    Args:
        price: by the second for calls, by the message for SMS.
        increments: of calls; None where pieces are counted.

    Raises:
        InvalidPrice: increments with a price that does not count seconds.

    Source: MIN-2, MIN-10, PRC-2.
    """

    price: Price = attrs.field(validator=checked(price_scheme))
    increments: Increments | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(instance, Increments))
    )

    def __attrs_post_init__(self) -> None:
        # increments round up seconds: a price by the minute would charge sixty times too much
        if self.increments is not None and self.price.unit != SECONDS:
            raise InvalidPrice("price", f"must count {SECONDS}, as its increments do, not {shown(self.price.unit)}")


# --- ports, funding -----------------------------------------------------------------------------------------------


class PortUse(enum.Enum):
    """How many ports a call takes to which several features apply (PRT-1)."""

    ONE_PER_CALL = "one for the call"
    ONE_PER_FEATURE = "one for each feature"


class OutboundPorts(enum.Enum):
    """Whether a plain outbound call takes a port (PRT-1)."""

    NONE = "none"
    ONE = "one"


class PoolAssignment(enum.Enum):
    """What assigning a pooled product to a user does (PRT-7)."""

    ADMITS = "admits the user to the pool"
    USES_ONE = "uses up one license"


@attrs.frozen(kw_only=True)
class PortTerms:
    """How calls take ports from the pool.

    Source: PRT-1, PRT-7.
    """

    use: PortUse = _policy(PortUse.ONE_PER_CALL, "PRT-1")
    outbound: OutboundPorts = _policy(OutboundPorts.NONE, "PRT-1")
    assignment: PoolAssignment = _policy(PoolAssignment.ADMITS, "PRT-7")


class BalanceAtEnd(enum.Enum):
    """What happens to prepaid minutes when an account ends (FUN-8)."""

    REPORTED = "reported, not refunded"
    REFUNDED = "refunded"


@attrs.frozen(kw_only=True)
class FundingTerms:
    """Debits that the bank returned, warnings about sources, and the end of an account.

    Args:
        retried_returns: codes after which a returned debit may be tried again.
        return_retries: how often.
        return_retry_days: how long after the first try, that last day included.
        settled_days: how long an account keeps what was paid, so that it can be returned or credited.
        expiry_warning_days: how long before its last day a card is warned of.
        balance_at_end: what happens to prepaid minutes.

    Source: FUN-8, FUN-9, FUN-10.
    """

    retried_returns: tuple[str, ...] = attrs.field(
        default=("R01", "R09"), validator=checked(tuple_of, str), metadata={"unit": "return codes", "rule": "FUN-9"}
    )
    return_retries: int = _number(2, "new tries", "FUN-9")
    return_retry_days: int = _number(180, "days", "FUN-9")
    settled_days: int = _number(400, "days", "FUN-9", 1)
    expiry_warning_days: int = _number(30, "days", "FUN-10")
    balance_at_end: BalanceAtEnd = _policy(BalanceAtEnd.REPORTED, "FUN-8")


class Purpose(enum.Enum):
    """What a charge is for; it decides who may name a source (FUN-4) and is part of its identifier (BIL-4)."""

    BILL = "bill"
    LICENSES = "licenses"
    SERVICE = "service"
    MINUTES = "minutes"
    RECHARGE = "recharge"


# --- the tariff ---------------------------------------------------------------------------------------------------


class Decrease(enum.Enum):
    """When a smaller total of licenses takes effect (LIC-8)."""

    NEXT_CYCLE = "in the next cycle, without credit"
    CREDIT = "at once, with a credit on the next bill"


@attrs.frozen(kw_only=True)
class Tariff:
    """The standard numbers and the policies, as they hold on one day.

    An account's tariff may change on stated days: it holds a `Dated[Tariff]`.

    Example:
        >>> STANDARD.storage.fee
        Money.parse('30.00', 'USD')
        >>> binary = attrs.evolve(STANDARD, storage=StorageTerms(units=ByteUnits.BINARY))
    """

    currency: str = _USD
    storage: StorageTerms = _part(StorageTerms())
    minutes: MinuteTerms = _part(MinuteTerms())
    recharge: RechargePolicy = _part(GUIDE)
    limits: RechargeLimits = _part(RechargeLimits())
    ports: PortTerms = _part(PortTerms())
    funding: FundingTerms = _part(FundingTerms())
    proration: Convention = _policy(Convention.ACTUAL_DAYS, "CYC-4")
    decrease: Decrease = _policy(Decrease.NEXT_CYCLE, "LIC-8")
    zero_quantity: ZeroQuantity = _policy(ZeroQuantity.FREE, "PRC-3")

    def __attrs_post_init__(self) -> None:
        decimals(self.currency)  # refuses an unknown code
        for name, amount in (
            ("storage.fee", self.storage.fee),
            ("minutes.cost_per_minute", self.minutes.cost_per_minute),
            ("minutes.minimum_purchase", self.minutes.minimum_purchase),
            ("limits.monthly_cap", self.limits.monthly_cap),
        ):
            if amount is not None and amount.currency != self.currency:
                raise CurrencyMismatch(name, f"must be in the tariff's {self.currency}, not {amount.currency}")


#: The guide's own numbers, and the policies this library takes by default.
STANDARD = Tariff()


def numbers(terms: Any) -> Iterator[tuple[str, Any, str, str]]:  # noqa: ANN401 - any of the terms above
    """Every number and policy of a tariff or of a part of it: name, value, unit and rule id.

    Example:
        >>> next(numbers(STANDARD))
        ('storage.included_users', 5, 'users', 'STO-1')
    """
    if not attrs.has(type(terms)):
        raise InvalidValue("terms", f"must be a tariff or a part of one, not {shown(terms)}")
    for field in attrs.fields(type(terms)):
        value = getattr(terms, field.name)
        if "rule" in field.metadata:
            yield field.name, value, field.metadata.get("unit", ""), field.metadata["rule"]
        elif attrs.has(type(value)) and not isinstance(value, Money):
            yield from ((f"{field.name}.{name}", *rest) for name, *rest in numbers(value))


# --- the catalog --------------------------------------------------------------------------------------------------


class ProductKind(enum.Enum):
    """How a product is held (LIC-1)."""

    PER_USER = "assigned to users, each of whom needs one"
    POOLED = "shared by the users admitted to it"
    SYSTEM = "one unlocks it for the whole system"
    LINE = "one for each line connected"


@attrs.frozen
class Grant:
    """An action that a license grants, alone or together with licenses of other products (LIC-9)."""

    action: Action = attrs.field(validator=checked(instance, Action))
    together_with: tuple[str, ...] = attrs.field(default=(), validator=checked(tuple_of, str))


@attrs.frozen(kw_only=True)
class Product:
    """A product of the catalog.

    Args:
        id: stable, lower case, for programs and files.
        name: for people.
        kind: how it is held.
        grants: what a license permits its user.
        prerequisites: ids of products a user must hold before this one can be assigned.
        list_price: where no contract names a price; None if there is none.

    Source: LIC-1.
    """

    id: str = attrs.field(validator=checked(text))
    name: str = attrs.field(validator=checked(text))
    kind: ProductKind = attrs.field(validator=checked(instance, ProductKind))
    grants: tuple[Grant, ...] = attrs.field(default=(), validator=checked(tuple_of, Grant))
    prerequisites: tuple[str, ...] = attrs.field(default=(), validator=checked(tuple_of, str))
    list_price: Dated[Price] | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(_dated, price_scheme))
    )


def _said(product_id: str) -> str:
    """An id as it is, unless it could be a secret."""
    told = shown(product_id)
    return product_id if told == repr(product_id) else told


class UnknownProduct(InvalidValue):
    """A product that the catalog does not hold."""

    code = "unknown_product"


@attrs.frozen
class Catalog:
    """The products, in the order they are shown and billed.

    Raises:
        InvalidValue: an id twice.
        UnknownProduct: a prerequisite or a grant that names no product of the catalog.

    Source: LIC-1.
    """

    products: tuple[Product, ...] = attrs.field(validator=checked(tuple_of, Product))

    def __attrs_post_init__(self) -> None:
        distinct("products", [product.id for product in self.products], "the product")
        known = {product.id for product in self.products}
        for product in self.products:
            together = (other for grant in product.grants for other in grant.together_with)
            for named in (*product.prerequisites, *together):
                if named not in known:
                    self.product(named)  # refuses it

    def product(self, product_id: str) -> Product:
        """The product of an id.

        Raises:
            UnknownProduct: there is none; the error names those there are.
        """
        instance("product", product_id, str)
        for product in self.products:
            if product.id == product_id:
                return product
        listed = 20  # at most
        named = [_said(product.id) for product in self.products[:listed]]
        more = f" and {len(self.products) - listed} more" if len(self.products) > listed else ""
        raise UnknownProduct("product", f"must be one of {', '.join(named)}{more}; not {shown(product_id)}")


#: The product whose licenses are the potential toll-free lines (PRT-6).
TOLL_FREE = "toll_free_number"

_MANAGING = (Grant(Action.MANAGE_LISTS), Grant(Action.MANAGE_SETTINGS))

#: The guide's products. The guide states no list prices.
STANDARD_CATALOG = Catalog(
    (
        Product(
            id="powerdialer",
            name="PowerDialer",
            kind=ProductKind.PER_USER,
            grants=(Grant(Action.DIAL), *_MANAGING),
        ),
        Product(
            id="inbound_agent",
            name="Inbound Agent",
            kind=ProductKind.PER_USER,
            grants=(Grant(Action.USE_INBOUND_CLIENT), Grant(Action.BLEND, ("powerdialer",))),
        ),
        Product(
            id="elf",
            name="ELF",
            kind=ProductKind.PER_USER,
            grants=(Grant(Action.RESPOND_AUTOMATICALLY),),
        ),
        Product(
            id="admin_only",
            name="Admin Only",
            kind=ProductKind.PER_USER,
            grants=(Grant(Action.ADMINISTER), *_MANAGING),
        ),
        Product(id="flex_port", name="Flex Port", kind=ProductKind.POOLED),
        Product(id="recording_monitoring", name="Recording and Monitoring", kind=ProductKind.SYSTEM),
        Product(id=TOLL_FREE, name="Toll-free Number", kind=ProductKind.LINE),
    )
)


# --- the contract -------------------------------------------------------------------------------------------------


class Removal(enum.Enum):
    """Whether totals may be lowered while the contract runs (LIC-13)."""

    DOWN_TO_FLOOR = "down to the floor"
    NONE_DURING_TERM = "not during the term"


@attrs.frozen
class ContractPrice:
    """The agreed price of a product, by day."""

    product: str = attrs.field(validator=checked(text))
    price: Dated[Price] = attrs.field(validator=checked(_dated, price_scheme))


@attrs.frozen
class ContractRate:
    """The agreed rate of a kind of usage ("call", "sms", ...), by day."""

    kind: str = attrs.field(validator=checked(text))
    rate: Dated[Rate] = attrs.field(validator=checked(_dated, instance, Rate))


@attrs.frozen(kw_only=True)
class Floor:
    """A minimum number of licenses of one product, or of several counted together, by day.

    Args:
        products: ids; one, or a group.
        minimum: by day; a floor may step up or down over the contract's life.
        shortfall_price: of each license that a group falls short; a group needs one, a single product has its own.

    Raises:
        InvalidValue: no products, a group without a price, a single product with one.

    Source: LIC-2, LIC-10, LIC-11.
    """

    products: tuple[str, ...] = attrs.field(validator=checked(tuple_of, str))
    minimum: Dated[int] = attrs.field(validator=checked(_dated, whole))
    shortfall_price: Money | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(price_amount))
    )

    def __attrs_post_init__(self) -> None:
        if not self.products:
            raise InvalidValue("products", "must name at least one product")
        distinct("products", self.products, "the product")
        if self.is_group is (self.shortfall_price is None):
            raise InvalidValue("shortfall_price", "must be stated for a group of products, and only for a group")

    @property
    def is_group(self) -> bool:
        """Whether several products are counted together."""
        return len(self.products) > 1


@attrs.frozen(kw_only=True)
class Contract:
    """What one customer agreed to.

    Args:
        reference: how people call it ("order form 2026-17").
        start: the first day it applies.
        end: the first day after its term.
        currency: of every price in it.
        prices: of products, each by day.
        floors: at most one own floor for each product, and any groups.
        removal: whether totals may be lowered.
        renewal_months: the length of each further term that begins by itself when one ends; None if it just ends.
        minimum_spend: of each cycle, by day; None if there is none.
        rates: of usage, each by day.

    Raises:
        InvalidValue: an end that is not after the start, a product or usage twice, two own floors for one product.
        CurrencyMismatch: a price in another currency.

    Source: LIC-2, LIC-7, LIC-11, LIC-13, PRC-2, PRC-4, MIN-2.
    """

    reference: str = attrs.field(validator=checked(cardless_text))
    start: date = attrs.field(validator=checked(day))
    end: date = attrs.field(validator=checked(day))
    currency: str = _USD
    prices: tuple[ContractPrice, ...] = attrs.field(default=(), validator=checked(tuple_of, ContractPrice))
    floors: tuple[Floor, ...] = attrs.field(default=(), validator=checked(tuple_of, Floor))
    removal: Removal = attrs.field(default=Removal.DOWN_TO_FLOOR, validator=checked(instance, Removal))
    renewal_months: int | None = attrs.field(default=None, validator=attrs.validators.optional(checked(whole, 1, 1200)))
    minimum_spend: Dated[Money] | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(_dated, price_amount))
    )
    rates: tuple[ContractRate, ...] = attrs.field(default=(), validator=checked(tuple_of, ContractRate))

    def __attrs_post_init__(self) -> None:
        Period(self.start, self.end)
        decimals(self.currency)  # refuses an unknown code
        distinct("prices", [price.product for price in self.prices], "the product")
        distinct("rates", [rate.kind for rate in self.rates], "the usage")
        distinct("floors", [floor.products[0] for floor in self.floors if not floor.is_group], "the product")
        for place, currency in self._currencies():
            if currency != self.currency:
                raise CurrencyMismatch(place, f"must be in the contract's {self.currency}, not {currency}")

    def _currencies(self) -> Iterator[tuple[str, str]]:
        for price in self.prices:
            yield from ((f"prices.{price.product}", step.value.currency) for step in price.price.steps)
        for rate in self.rates:
            yield from ((f"rates.{rate.kind}", step.value.price.currency) for step in rate.rate.steps)
        for floor in self.floors:
            if floor.shortfall_price is not None:
                yield f"floors.{'+'.join(floor.products)}", floor.shortfall_price.currency
        if self.minimum_spend is not None:
            yield from (("minimum_spend", step.value.currency) for step in self.minimum_spend.steps)

    def term(self, on: date) -> Period | None:
        """The term that a day lies in: the first, or a renewal counted from the first one's end; None outside.

        Source: LIC-11.

        Example:
            >>> contract = Contract(reference="A", start=date(2026, 1, 1), end=date(2027, 1, 1), renewal_months=12)
            >>> print(contract.term(date(2027, 5, 1)))
            2027-01-01 to 2027-12-31
        """
        if day("on", on) < self.start:
            return None
        if on < self.end:
            return Period(self.start, self.end)
        if self.renewal_months is None:
            return None
        anchor = self.end.day
        months = (on.year - self.end.year) * 12 + on.month - self.end.month
        number = months // self.renewal_months
        if boundary(self.end, number * self.renewal_months, anchor_day=anchor) > on:
            number -= 1
        first, after = (number + step for step in (0, 1))
        return Period(
            boundary(self.end, first * self.renewal_months, anchor_day=anchor),
            boundary(self.end, after * self.renewal_months, anchor_day=anchor),
        )

    def is_in_force(self, on: date) -> bool:
        """Whether a day lies in a term.

        Source: LIC-11.
        """
        return self.start <= day("on", on) and (on < self.end or self.renewal_months is not None)

    def price(self, product: str, on: date) -> Step[Price] | None:
        """The agreed price of a product on a day of the contract; None where it names none or is not in force.

        Source: LIC-7.
        """
        instance("product", product, str)
        if not self.is_in_force(on):
            return None
        return next((price.price.on(on) for price in self.prices if price.product == product), None)

    def rate(self, kind: str, on: date) -> Step[Rate] | None:
        """The agreed rate of a usage on a day of the contract; None where it names none or is not in force.

        Source: MIN-2.
        """
        instance("kind", kind, str)
        if not self.is_in_force(on):
            return None
        return next((rate.rate.on(on) for rate in self.rates if rate.kind == kind), None)

    def floors_on(self, on: date) -> tuple[tuple[Floor, Step[int]], ...]:
        """The floors in force on a day, each with its step; none outside the contract.

        Source: LIC-2, LIC-11.
        """
        if not self.is_in_force(on):
            return ()
        steps = ((floor, floor.minimum.on(on)) for floor in self.floors)
        return tuple((floor, step) for floor, step in steps if step is not None)

    def minimum_spend_on(self, on: date) -> Step[Money] | None:
        """The minimum spend of a cycle that begins on a day; None where there is none.

        Source: PRC-4.
        """
        day("on", on)
        if self.minimum_spend is None or not self.is_in_force(on):
            return None
        return self.minimum_spend.on(on)


def contract_on(contracts: tuple[Contract, ...], on: date) -> Contract | None:
    """The contract in force on a day: the one that began last, as long as its term runs; None if there is none.

    Source: LIC-7, LIC-11.
    """
    day("on", on)
    begun = [contract for contract in tuple_of("contracts", contracts, Contract) if contract.start <= on]
    latest = max(begun, key=lambda contract: contract.start, default=None)
    return latest if latest is not None and latest.is_in_force(on) else None
