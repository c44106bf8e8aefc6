"""Terms: what holds on which day, the tariff's numbers, the catalog and the contract."""

import calendar
import datetime
import enum
import pickle
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill import InvalidValue, Money, strategies
from licensebill.cycles import Convention, InvalidPeriod, Period
from licensebill.money import CurrencyMismatch, InvalidMoney
from licensebill.people import Action
from licensebill.pricing import Flat, InvalidPrice, Package, PerUnit, ZeroQuantity
from licensebill.rules import RULES
from licensebill.terms import (
    FAQ,
    GUIDE,
    GUIDE_EXAMPLE,
    HALF_MINUTE_THEN_SIX,
    PER_MINUTE,
    PER_SECOND,
    RECHARGE_POLICIES,
    STANDARD,
    STANDARD_CATALOG,
    Applied,
    BalanceAtEnd,
    ByteUnits,
    Catalog,
    Contract,
    ContractPrice,
    ContractRate,
    Dated,
    Decrease,
    DueWhen,
    Floor,
    FundingTerms,
    Gap,
    Grant,
    Increments,
    MinuteTerms,
    OutboundPorts,
    PoolAssignment,
    PortTerms,
    PortUse,
    Product,
    ProductKind,
    Rate,
    ReadingRule,
    RechargeLimits,
    RechargePolicy,
    Removal,
    Step,
    StorageBasis,
    StorageTerms,
    Tariff,
    UnknownProduct,
    UsageWindow,
    YoungAccount,
    contract_on,
    numbers,
)

ONE_DAY = timedelta(days=1)
START, STEP, END = date(2026, 1, 1), date(2026, 7, 1), date(2027, 1, 1)


def usd(text: str) -> Money:
    """Dollars."""
    return Money.parse(text, "USD")


def eur(text: str) -> Money:
    """Euros."""
    return Money.parse(text, "EUR")


def stepping(before: Any, after: Any) -> Dated[Any]:
    """A value that changes in the middle of the contract below."""
    return Dated((Step(START, before, "order form"), Step(STEP, after, "amendment 1")))


LOWER, HIGHER = PerUnit(amount=usd("80.00")), PerUnit(amount=usd("90.00"))
SLOW, FAST = Rate(price=Flat(amount=usd("0.01"))), Rate(price=Flat(amount=usd("0.02")))
CONTRACT = Contract(
    reference="order form 2026-17",
    start=START,
    end=END,
    prices=(ContractPrice("elf", Dated.always(LOWER)), ContractPrice("powerdialer", stepping(HIGHER, LOWER))),
    floors=(
        Floor(products=("powerdialer",), minimum=stepping(10, 8)),
        Floor(products=("powerdialer", "elf"), minimum=Dated((Step(STEP, 12),)), shortfall_price=usd("50.00")),
    ),
    minimum_spend=stepping(usd("500.00"), usd("400.00")),
    rates=(ContractRate("sms", Dated.always(SLOW)), ContractRate("call", stepping(FAST, SLOW))),
)

#: Each day around a step or an end of the contract above, with what is in force: none, the first step, or the second.
IN_FORCE = [
    (START - ONE_DAY, None),
    (START, 0),
    (START + ONE_DAY, 0),
    (STEP - ONE_DAY, 0),
    (STEP, 1),
    (STEP + ONE_DAY, 1),
    (END - ONE_DAY, 1),
    (END, None),
    (END + ONE_DAY, None),
]


def refusal(build: Callable[[], object]) -> InvalidValue:
    """The error that building something ends with."""
    with pytest.raises(InvalidValue) as caught:
        build()
    return caught.value


def _line(product_id: str) -> Product:
    """A product that is a line."""
    return Product(id=product_id, name="A", kind=ProductKind.LINE)


class TestDated:
    """A value that changes on stated days."""

    @pytest.mark.parametrize(
        ("on", "value"),
        [
            (START - ONE_DAY, None),
            (START, "first"),
            (START + ONE_DAY, "first"),
            (STEP - ONE_DAY, "first"),
            (STEP, "second"),
            (STEP + ONE_DAY, "second"),
            (date.max, "second"),
        ],
    )
    def test_on(self, on: date, value: str | None) -> None:
        """A step holds from its day until the next; before the first there is none."""
        step = stepping("first", "second").on(on)
        assert (step and step.value) == value

    def test_always(self) -> None:
        """What has always held did so on the first day of the calendar."""
        assert Dated.always(7, "guide").on(date.min) == Step(date.min, 7, "guide")
        assert Dated.always(7).on(date.max) == Step(date.min, 7, "")

    @given(strategies.dated(st.integers()), strategies.days())
    def test_on_is_the_last_that_has_begun(self, dated: Dated[int], on: date) -> None:
        """Looking at every step finds the same one."""
        begun = [step for step in dated.steps if step.since <= on]
        assert dated.on(on) == (begun[-1] if begun else None)

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Dated(()), "steps: must hold at least one step"),
            (lambda: Dated([Step(START, 1)]), "steps: must be a tuple, not a list"),  # type: ignore[arg-type]
            (lambda: Dated((1,)), "steps[0]: must be a Step, not 1"),  # type: ignore[arg-type]
            (
                lambda: Dated((Step(START, 1), Step(START, 2))),
                "steps[1]: must begin after 2026-01-01, not on 2026-01-01",
            ),
            (
                lambda: Dated((Step(START, 1), Step(STEP, 2), Step(START + ONE_DAY, 2))),
                "steps[2]: must begin after 2026-07-01, not on 2026-01-02",
            ),
            (
                lambda: Step(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), 1),
                "since: must be a calendar day (datetime.date), not a datetime",
            ),
            (lambda: Step(START, 1, None), "source: must be a str, not None"),  # type: ignore[arg-type]
            (lambda: Dated.always(1).on("2026-01-01"), None),  # type: ignore[arg-type]
            (lambda: Dated.always(1).on(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)), None),
        ],
    )
    def test_refusal(self, build: Callable[[], object], message: str | None) -> None:
        """Steps ascend, and days are calendar days."""
        refused = refusal(build)
        assert message is None or str(refused) == message

    @pytest.mark.parametrize(
        ("since", "source", "text"),
        [
            (START, "order form 2026-17", "order form 2026-17, since 2026-01-01"),
            (START, "", "LIC-7, since 2026-01-01"),
            (date.min, "list of 2026", "list of 2026"),
            (date.min, "", "LIC-7"),
        ],
    )
    def test_applied(self, since: date, source: str, text: str) -> None:
        """A term that was applied says where it was agreed, else its rule, and since when unless it always held."""
        assert str(Applied(name="price", value="9.00 USD", rule="LIC-7", since=since, source=source)) == text


#: The standard tariff, by hand.
TARIFF: dict[str, tuple[object, str, str]] = {
    "storage.included_users": (5, "users", "STO-1"),
    "storage.base_megabytes": (250, "megabytes", "STO-1"),
    "storage.user_megabytes": (50, "megabytes per further user", "STO-1"),
    "storage.fee": (usd("30.00"), "per gigabyte started", "STO-2"),
    "storage.units": (ByteUnits.DECIMAL, "", "STO-3"),
    "storage.basis": (StorageBasis.ON_TOTAL, "", "STO-3"),
    "storage.reading": (ReadingRule.AT_START, "", "STO-4"),
    "storage.reading_age_days": (1, "days", "STO-4"),
    "storage.growth_days": (30, "days", "STO-6"),
    "minutes.cost_per_minute": (usd("0.02"), "per minute", "MIN-1"),
    "minutes.minimum_purchase": (usd("100.00"), "each purchase", "MIN-3"),
    "recharge.window": (UsageWindow.TRAILING_DAYS, "", "MIN-5"),
    "recharge.window_days": (30, "days", "MIN-4"),
    "recharge.recharge_days": (14, "days", "MIN-4"),
    "recharge.reserve_days": (7, "days", "MIN-4"),
    "recharge.due": (DueWhen.BELOW, "", "MIN-5"),
    "recharge.young": (YoungAccount.FULL_WINDOW, "", "MIN-9"),
    "recharge.gap": (Gap.IGNORED, "", "MIN-4"),
    "limits.interval_hours": (4, "hours", "MIN-7"),
    "limits.per_day": (3, "recharges", "MIN-12"),
    "limits.monthly_cap": (None, "per calendar month", "MIN-12"),
    "limits.declines": (7, "declines", "MIN-12"),
    "limits.decline_days": (30, "days", "MIN-12"),
    "limits.declines_per_day": (1, "declines", "MIN-12"),
    "ports.use": (PortUse.ONE_PER_CALL, "", "PRT-1"),
    "ports.outbound": (OutboundPorts.NONE, "", "PRT-1"),
    "ports.assignment": (PoolAssignment.ADMITS, "", "PRT-7"),
    "funding.retried_returns": (("R01", "R09"), "return codes", "FUN-9"),
    "funding.return_retries": (2, "new tries", "FUN-9"),
    "funding.return_retry_days": (180, "days", "FUN-9"),
    "funding.settled_days": (400, "days", "FUN-9"),
    "funding.expiry_warning_days": (30, "days", "FUN-10"),
    "funding.balance_at_end": (BalanceAtEnd.REPORTED, "", "FUN-8"),
    "proration": (Convention.ACTUAL_DAYS, "", "CYC-4"),
    "decrease": (Decrease.NEXT_CYCLE, "", "LIC-8"),
    "zero_quantity": (ZeroQuantity.FREE, "", "PRC-3"),
}

_PAGE = Path(__file__).parents[2] / "docs" / "rules" / "index.md"
_ROW = re.compile(r"^\| `([a-z_.]+)` \| (.*?) \| (.*?) \| ([A-Z]{3}-\d+) \|$", re.MULTILINE)


def in_words(value: object) -> str:
    """A value as the documentation's table has it."""
    if isinstance(value, enum.Enum):
        return f"`{value.name}`"
    return "none" if value is None else ", ".join(value) if isinstance(value, tuple) else str(value)


class TestTariff:
    """The standard numbers and policies, and what cannot stand in their place."""

    def test_standard(self) -> None:
        """Every number and policy is the guide's, or the one that settles what the guide leaves open."""
        assert {name: tuple(rest) for name, *rest in numbers(STANDARD)} == TARIFF

    def test_nothing_is_listed_twice(self) -> None:
        """A name stands for one number."""
        assert len(list(numbers(STANDARD))) == len(TARIFF)

    @pytest.mark.parametrize("row", list(numbers(STANDARD)), ids=lambda row: row[0])
    def test_every_number_is_positive_and_has_its_rule(self, row: tuple[str, Any, str, str]) -> None:
        """Numbers have units, policies have none, and each serves a registered rule."""
        _, value, unit, rule = row
        assert rule in RULES
        assert re.fullmatch(r"[A-Z]{3}-[1-9][0-9]*", rule)
        assert isinstance(value, enum.Enum) is not bool(unit)
        if isinstance(value, Money):
            assert value > Money.zero(value.currency)
        if isinstance(value, int):
            assert value > 0

    def test_the_documentation_lists_them(self) -> None:
        """The table of docs/rules/index.md is this tariff, row by row."""
        listed = _ROW.findall(_PAGE.read_text(encoding="utf-8"))
        assert listed == [(name, in_words(value), unit, rule) for name, value, unit, rule in numbers(STANDARD)]

    def test_numbers_of_a_part(self) -> None:
        """A part of the tariff lists its own, under their own names."""
        assert list(numbers(MinuteTerms())) == [
            ("cost_per_minute", usd("0.02"), "per minute", "MIN-1"),
            ("minimum_purchase", usd("100.00"), "each purchase", "MIN-3"),
        ]

    def test_recharge_policies(self) -> None:
        """The guide, the questions and the guide's example differ in these numbers and in no other."""

        def summary(policy: RechargePolicy) -> tuple[object, ...]:
            return policy.window, policy.window_days, policy.recharge_days, policy.reserve_days, policy.due

        assert RECHARGE_POLICIES == {"GUIDE": GUIDE, "FAQ": FAQ, "GUIDE_EXAMPLE": GUIDE_EXAMPLE}
        assert [summary(policy) for policy in RECHARGE_POLICIES.values()] == [
            (UsageWindow.TRAILING_DAYS, 30, 14, 7, DueWhen.BELOW),
            (UsageWindow.CALENDAR_MONTH, 30, 14, 5, DueWhen.AT_OR_BELOW),
            (UsageWindow.TRAILING_DAYS, 30, 7, 7, DueWhen.BELOW),
        ]

    @pytest.mark.parametrize(
        ("units", "megabyte", "gigabyte"), [(ByteUnits.DECIMAL, 10**6, 10**9), (ByteUnits.BINARY, 2**20, 2**30)]
    )
    def test_byte_units(self, units: ByteUnits, megabyte: int, gigabyte: int) -> None:
        """A gigabyte has a thousand million bytes, or 2^30; the fee is for each of them started."""
        assert (units.megabyte, units.gigabyte) == (megabyte, gigabyte)
        assert StorageTerms(units=units).price == Package(amount=usd("30.00"), size=gigabyte, unit="bytes")

    def test_increments_are_of_seconds(self) -> None:
        """A call's price counts seconds, as its increments do; one by the minute would charge sixty times as much."""
        by_second = PerUnit(amount=usd("0.02"), per=60, unit="seconds")
        assert Rate(price=by_second, increments=PER_MINUTE).price is by_second
        by_minute = PerUnit(amount=usd("0.02"), unit="minutes")
        assert Rate(price=by_minute).increments is None
        refused = refusal(lambda: Rate(price=by_minute, increments=PER_MINUTE))
        assert type(refused) is InvalidPrice
        assert str(refused) == "price: must count seconds, as its increments do, not 'minutes'"

    def test_increments(self) -> None:
        """The usual increments, as they are written on a rate sheet."""
        assert [str(each) for each in (PER_MINUTE, HALF_MINUTE_THEN_SIX, PER_SECOND)] == ["60/60", "30/6", "1/1"]

    def test_a_tariff_of_ones_own(self) -> None:
        """Every number and policy can be replaced, and another currency is as good."""
        own = Tariff(
            currency="EUR",
            storage=StorageTerms(fee=eur("25.00"), basis=StorageBasis.ON_EXCESS, reading_age_days=0),
            minutes=MinuteTerms(cost_per_minute=eur("0.000001"), minimum_purchase=eur("0")),
            recharge=FAQ,
            limits=RechargeLimits(monthly_cap=eur("0"), per_day=0),
            proration=Convention.WHOLE_CYCLE,
        )
        assert {name: value for name, value, *_ in numbers(own)}["storage.fee"] == eur("25.00")

    @pytest.mark.parametrize(
        ("build", "error", "place"),
        [
            (lambda: StorageTerms(fee=usd("-0.01")), InvalidPrice, "fee"),
            (lambda: StorageTerms(fee=30), InvalidValue, "fee"),  # type: ignore[arg-type]
            (lambda: StorageTerms(included_users=-1), InvalidValue, "included_users"),
            (lambda: StorageTerms(base_megabytes=250.0), InvalidValue, "base_megabytes"),  # type: ignore[arg-type]
            (lambda: StorageTerms(user_megabytes=True), InvalidValue, "user_megabytes"),
            (lambda: StorageTerms(growth_days=0), InvalidValue, "growth_days"),
            (lambda: StorageTerms(units=10**9), InvalidValue, "units"),  # type: ignore[arg-type]
            (lambda: StorageTerms(basis=ByteUnits.DECIMAL), InvalidValue, "basis"),  # type: ignore[arg-type]
            (lambda: MinuteTerms(cost_per_minute=usd("0")), InvalidPrice, "cost_per_minute"),
            (lambda: MinuteTerms(minimum_purchase=usd("-1")), InvalidPrice, "minimum_purchase"),
            (lambda: RechargePolicy(name=""), InvalidValue, "name"),
            (lambda: RechargePolicy(name="OWN", window_days=0), InvalidValue, "window_days"),
            (lambda: RechargePolicy(name="OWN", recharge_days=-1), InvalidValue, "recharge_days"),
            (lambda: RechargePolicy(name="OWN", due="below"), InvalidValue, "due"),  # type: ignore[arg-type]
            (lambda: RechargeLimits(interval_hours=0), InvalidValue, "interval_hours"),
            (lambda: RechargeLimits(per_day=-1), InvalidValue, "per_day"),
            (lambda: RechargeLimits(monthly_cap=usd("-1")), InvalidPrice, "monthly_cap"),
            (lambda: RechargeLimits(monthly_cap=500), InvalidValue, "monthly_cap"),  # type: ignore[arg-type]
            (lambda: RechargeLimits(declines=0), InvalidValue, "declines"),
            (lambda: RechargeLimits(decline_days=0), InvalidValue, "decline_days"),
            (lambda: RechargeLimits(declines_per_day=0), InvalidValue, "declines_per_day"),
            (lambda: Increments(0, 1), InvalidValue, "first"),
            (lambda: Increments(1, 0), InvalidValue, "following"),
            (lambda: Rate(price=usd("0.02")), InvalidPrice, "price"),  # type: ignore[arg-type]
            (lambda: Rate(price=LOWER, increments=60), InvalidValue, "increments"),  # type: ignore[arg-type]
            (lambda: PortTerms(use=1), InvalidValue, "use"),  # type: ignore[arg-type]
            (lambda: FundingTerms(expiry_warning_days=-1), InvalidValue, "expiry_warning_days"),
            (lambda: Tariff(currency="ZZZ"), InvalidMoney, "currency"),
            (lambda: Tariff(currency="EUR"), CurrencyMismatch, "storage.fee"),
            (
                lambda: Tariff(currency="EUR", storage=StorageTerms(fee=eur("30"))),
                CurrencyMismatch,
                "minutes.cost_per_minute",
            ),
            (
                lambda: Tariff(minutes=MinuteTerms(minimum_purchase=eur("100"))),
                CurrencyMismatch,
                "minutes.minimum_purchase",
            ),
            (lambda: Tariff(limits=RechargeLimits(monthly_cap=eur("1"))), CurrencyMismatch, "limits.monthly_cap"),
            (lambda: Tariff(storage=MinuteTerms()), InvalidValue, "storage"),  # type: ignore[arg-type]
            (lambda: Tariff(recharge="FAQ"), InvalidValue, "recharge"),  # type: ignore[arg-type]
            (lambda: Tariff(proration="actual days"), InvalidValue, "proration"),  # type: ignore[arg-type]
        ],
    )
    def test_refusal(self, build: Callable[[], object], error: type[InvalidValue], place: str) -> None:
        """A number below its bound, another currency and a wrong kind of value are refused where they are stated."""
        refused = refusal(build)
        assert (type(refused), refused.place) == (error, place)

    def test_a_mismatch_names_both_currencies(self) -> None:
        """Whoever changes the currency reads which amount is still in the old one."""
        assert str(refusal(lambda: Tariff(currency="EUR"))) == "storage.fee: must be in the tariff's EUR, not USD"


class TestCatalog:
    """The products."""

    def test_standard_products(self) -> None:
        """The guide's products in its order, each held in its way."""
        assert [(product.name, product.kind) for product in STANDARD_CATALOG.products] == [
            ("PowerDialer", ProductKind.PER_USER),
            ("Inbound Agent", ProductKind.PER_USER),
            ("ELF", ProductKind.PER_USER),
            ("Admin Only", ProductKind.PER_USER),
            ("Flex Port", ProductKind.POOLED),
            ("Recording and Monitoring", ProductKind.SYSTEM),
            ("Toll-free Number", ProductKind.LINE),
        ]

    @pytest.mark.parametrize(
        ("product_id", "actions"),
        [
            ("powerdialer", [Action.DIAL, Action.MANAGE_LISTS, Action.MANAGE_SETTINGS]),
            ("inbound_agent", [Action.USE_INBOUND_CLIENT, Action.BLEND]),
            ("elf", [Action.RESPOND_AUTOMATICALLY]),
            ("admin_only", [Action.ADMINISTER, Action.MANAGE_LISTS, Action.MANAGE_SETTINGS]),
            ("flex_port", []),
            ("recording_monitoring", []),
            ("toll_free_number", []),
        ],
    )
    def test_grants(self, product_id: str, actions: list[Action]) -> None:
        """What each license permits its user; the guide states no list prices and no prerequisites."""
        product = STANDARD_CATALOG.product(product_id)
        assert [grant.action for grant in product.grants] == actions
        assert (product.id, product.list_price, product.prerequisites) == (product_id, None, ())

    def test_blend_needs_the_dialer(self) -> None:
        """Inbound Agent blends together with a PowerDialer license only."""
        grants = STANDARD_CATALOG.product("inbound_agent").grants
        assert [grant.together_with for grant in grants] == [(), ("powerdialer",)]

    def test_products_of_ones_own(self) -> None:
        """A product is data: another one with a price and a prerequisite is as good."""
        coach = Product(
            id="coach",
            name="Coach",
            kind=ProductKind.PER_USER,
            prerequisites=("powerdialer",),
            list_price=Dated.always(LOWER),
        )
        catalog = Catalog((*STANDARD_CATALOG.products, coach))
        assert catalog.product("coach") is coach

    @pytest.mark.parametrize(
        ("build", "error", "message"),
        [
            (
                lambda: STANDARD_CATALOG.product("dialer"),
                UnknownProduct,
                "product: must be one of powerdialer, inbound_agent, elf, admin_only, flex_port, "
                "recording_monitoring, toll_free_number; not 'dialer'",
            ),
            (
                lambda: Catalog(tuple(_line(f"p{n}") for n in range(21))).product("x"),
                UnknownProduct,
                f"product: must be one of {', '.join(f'p{n}' for n in range(20))} and 1 more; not 'x'",
            ),
            (
                lambda: Catalog((_line("sk_live_51abc"), _line("a"))).product("x"),
                UnknownProduct,
                "product: must be one of a text of 13 characters, a; not 'x'",
            ),
            (
                lambda: Catalog(2 * STANDARD_CATALOG.products),
                InvalidValue,
                "products: names the product 'powerdialer' twice",
            ),
            (
                lambda: Catalog((Product(id="a", name="A", kind=ProductKind.LINE, prerequisites=("b",)),)),
                UnknownProduct,
                "product: must be one of a; not 'b'",
            ),
            (
                lambda: Catalog(
                    (Product(id="a", name="A", kind=ProductKind.LINE, grants=(Grant(Action.BLEND, ("b",)),)),)
                ),
                UnknownProduct,
                "product: must be one of a; not 'b'",
            ),
            (lambda: Catalog(STANDARD_CATALOG.products[0]), InvalidValue, None),  # type: ignore[arg-type]
            (lambda: Product(id="", name="A", kind=ProductKind.LINE), InvalidValue, "id: must not be blank"),
            (lambda: Product(id="a", name=" ", kind=ProductKind.LINE), InvalidValue, "name: must not be blank"),
            (
                lambda: Product(id="a", name="A", kind="line"),  # type: ignore[arg-type]
                InvalidValue,
                "kind: must be a ProductKind, not 'line'",
            ),
            (
                lambda: Product(id="a", name="A", kind=ProductKind.LINE, list_price=LOWER),  # type: ignore[arg-type]
                InvalidValue,
                "list_price: must be a Dated, not a PerUnit",
            ),
            (
                lambda: Product(id="a", name="A", kind=ProductKind.LINE, list_price=Dated.always(usd("9"))),  # type: ignore[arg-type]
                InvalidPrice,
                "list_price[0]: must be a PerUnit, Flat, Graduated, Volume or Package, not a Money",
            ),
            (lambda: Grant("dial"), InvalidValue, "action: must be an Action, not 'dial'"),  # type: ignore[arg-type]
            (
                lambda: Grant(Action.DIAL, "powerdialer"),  # type: ignore[arg-type]
                InvalidValue,
                "together_with: must be a tuple, not 'powerdialer'",
            ),
        ],
    )
    def test_refusal(self, build: Callable[[], object], error: type[InvalidValue], message: str | None) -> None:
        """Names that lead nowhere and values of the wrong kind are refused when the catalog is built."""
        refused = refusal(build)
        assert type(refused) is error
        assert message is None or str(refused) == message

    def test_unknown_product_has_its_code_and_pickles(self) -> None:
        """A program tells it from other wrong arguments."""
        again = pickle.loads(pickle.dumps(UnknownProduct("product", "must be one of a")))  # noqa: S301 - our own
        assert (type(again), again.code) == (UnknownProduct, "unknown_product")


class TestFloor:
    """A minimum number of one product, or of several together."""

    def test_one_or_a_group(self) -> None:
        """Several products counted together are a group, which has its own price."""
        single, group = CONTRACT.floors
        assert (single.is_group, group.is_group) == (False, True)

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"products": ()}, "products: must name at least one product"),
            ({"products": "elf"}, "products: must be a tuple, not 'elf'"),
            ({"products": ("elf", "elf")}, "products: names the product 'elf' twice"),
            (
                {"products": ("a", "b")},
                "shortfall_price: must be stated for a group of products, and only for a group",
            ),
            (
                {"shortfall_price": usd("1")},
                "shortfall_price: must be stated for a group of products, and only for a group",
            ),
            (
                {"products": ("a", "b"), "shortfall_price": usd("-1")},
                "shortfall_price: must be at least 0.00 USD, not -1.00 USD",
            ),
            ({"minimum": 10}, "minimum: must be a Dated, not 10"),
            ({"minimum": stepping(10, -1)}, "minimum[1]: must be at least 0, not -1"),
            ({"minimum": stepping(10.0, 8)}, "minimum[0]: must be a whole number, not a float"),
        ],
    )
    def test_refusal(self, fields: dict[str, Any], message: str) -> None:
        """A floor names products once, counts whole licenses, and has a price exactly if it is a group's."""
        assert str(refusal(lambda: Floor(**{"products": ("elf",), "minimum": Dated.always(1), **fields}))) == message


def months_after(end: date, months: int) -> date:
    """The same day so many months later, or the month's last."""
    year, month = divmod(end.year * 12 + end.month - 1 + months, 12)
    return date(year, month + 1, min(end.day, calendar.monthrange(year, month + 1)[1]))


class TestContract:
    """What one customer agreed to, day by day."""

    @pytest.mark.parametrize(("on", "step"), IN_FORCE)
    def test_price(self, on: date, step: int | None) -> None:
        """The agreed price steps on its day and holds within the contract only."""
        agreed = CONTRACT.price("powerdialer", on)
        assert agreed == (None if step is None else CONTRACT.prices[1].price.steps[step])

    @pytest.mark.parametrize(("on", "step"), IN_FORCE)
    def test_rate(self, on: date, step: int | None) -> None:
        """The agreed rate steps on its day and holds within the contract only."""
        agreed = CONTRACT.rate("call", on)
        assert agreed == (None if step is None else CONTRACT.rates[1].rate.steps[step])

    @pytest.mark.parametrize(("on", "step"), IN_FORCE)
    def test_minimum_spend(self, on: date, step: int | None) -> None:
        """The minimum spend steps on its day and holds within the contract only."""
        assert CONTRACT.minimum_spend is not None
        agreed = CONTRACT.minimum_spend_on(on)
        assert agreed == (None if step is None else CONTRACT.minimum_spend.steps[step])

    @pytest.mark.parametrize(("on", "step"), IN_FORCE)
    def test_floors(self, on: date, step: int | None) -> None:
        """A floor steps on its day; one that begins later is not there before; after the end there is none."""
        single, group = CONTRACT.floors
        expected = {
            None: (),
            0: ((single, single.minimum.steps[0]),),
            1: ((single, single.minimum.steps[1]), (group, group.minimum.steps[0])),
        }
        assert CONTRACT.floors_on(on) == expected[step]

    @pytest.mark.parametrize("on", [on for on, _ in IN_FORCE])
    def test_what_is_not_agreed(self, on: date) -> None:
        """A product or a usage that the contract does not name has no price in it, whatever the day."""
        bare = attrs.evolve(CONTRACT, prices=(), rates=(), floors=(), minimum_spend=None)
        assert (bare.price("elf", on), bare.rate("sms", on), bare.minimum_spend_on(on)) == (None, None, None)
        assert bare.floors_on(on) == ()
        assert (CONTRACT.price("admin_only", on), CONTRACT.rate("fax", on)) == (None, None)

    def test_what_was_agreed_before_the_start_waits_for_it(self) -> None:
        """A price that has always held is the contract's from its first day to its last."""
        days = [START - ONE_DAY, START, END - ONE_DAY, END]
        assert [CONTRACT.price("elf", on) is not None for on in days] == [False, True, True, False]
        assert [CONTRACT.rate("sms", on) is not None for on in days] == [False, True, True, False]

    def test_everything_holds_on_in_a_renewal(self) -> None:
        """The last steps hold through the terms that follow."""
        renewed = attrs.evolve(CONTRACT, renewal_months=1)
        on = date(2031, 8, 15)
        assert renewed.price("powerdialer", on) == renewed.prices[1].price.steps[1]
        assert renewed.rate("call", on) == renewed.rates[1].rate.steps[1]
        assert [step.value for _, step in renewed.floors_on(on)] == [8, 12]
        assert renewed.minimum_spend_on(on) == Step(STEP, usd("400.00"), "amendment 1")

    @pytest.mark.parametrize(
        ("end", "renewal", "on", "term"),
        [
            ("2027-01-01", None, "2025-12-31", None),
            ("2027-01-01", None, "2026-01-01", "2026-01-01 to 2026-12-31"),
            ("2027-01-01", None, "2026-01-02", "2026-01-01 to 2026-12-31"),
            ("2027-01-01", None, "2026-12-31", "2026-01-01 to 2026-12-31"),
            ("2027-01-01", None, "2027-01-01", None),
            ("2027-01-01", 12, "2025-12-31", None),
            ("2027-01-01", 12, "2026-12-31", "2026-01-01 to 2026-12-31"),
            ("2027-01-01", 12, "2027-01-01", "2027-01-01 to 2027-12-31"),
            ("2027-01-01", 12, "2027-12-31", "2027-01-01 to 2027-12-31"),
            ("2027-01-01", 12, "2028-01-01", "2028-01-01 to 2028-12-31"),
            # a term that ends on the 31st
            ("2027-01-31", 1, "2027-01-30", "2026-01-01 to 2027-01-30"),
            ("2027-01-31", 1, "2027-01-31", "2027-01-31 to 2027-02-27"),
            ("2027-01-31", 1, "2027-02-27", "2027-01-31 to 2027-02-27"),
            ("2027-01-31", 1, "2027-02-28", "2027-02-28 to 2027-03-30"),
            ("2027-01-31", 1, "2027-03-30", "2027-02-28 to 2027-03-30"),
            ("2027-01-31", 1, "2027-03-31", "2027-03-31 to 2027-04-29"),
            ("2027-01-31", 1, "2028-02-29", "2028-02-29 to 2028-03-30"),
            # a term that ends on a leap day
            ("2028-02-29", 12, "2028-02-29", "2028-02-29 to 2029-02-27"),
            ("2028-02-29", 12, "2029-02-27", "2028-02-29 to 2029-02-27"),
            ("2028-02-29", 12, "2029-02-28", "2029-02-28 to 2030-02-27"),
            ("2028-02-29", 12, "2032-02-28", "2031-02-28 to 2032-02-28"),
            ("2028-02-29", 12, "2032-02-29", "2032-02-29 to 2033-02-27"),
            # far ahead
            ("2027-01-01", 36, "2101-12-31", "2099-01-01 to 2101-12-31"),
            ("2027-01-01", 1200, "2526-12-31", "2427-01-01 to 2526-12-31"),
            ("2027-01-01", 1, "9999-11-30", "9999-11-01 to 9999-11-30"),
        ],
    )
    def test_term(self, end: str, renewal: int | None, on: str, term: str | None) -> None:
        """The first term, then renewals counted from its end, so that short months do not shift them."""
        contract = Contract(reference="A", start=START, end=date.fromisoformat(end), renewal_months=renewal)
        found = contract.term(date.fromisoformat(on))
        assert (found and str(found)) == term
        assert contract.is_in_force(date.fromisoformat(on)) is (term is not None)

    @pytest.mark.parametrize("renewal", [1, 2, 5, 12, 36])
    @pytest.mark.parametrize("end", [date(2027, 1, 1), date(2027, 1, 31), date(2028, 2, 29), date(2027, 8, 30)])
    def test_terms_by_counting(self, end: date, renewal: int) -> None:
        """Walking over ten years day by day, a new term begins exactly so many months after the first one's end."""
        contract = Contract(reference="A", start=START, end=end, renewal_months=renewal)
        ends = [months_after(end, count * renewal) for count in range(12 * 12)]
        current = Period(START, end)
        for on in (START + step * ONE_DAY for step in range(3650)):
            if on == current.end:
                current = Period(on, ends[ends.index(on) + 1])
            assert contract.term(on) == current

    @pytest.mark.parametrize(
        ("end", "renewal", "on"),
        [
            (date(2027, 1, 1), 1, date(9999, 12, 1)),
            (date(2027, 1, 1), 12, date(9999, 1, 1)),
            (date(1, 2, 1), 1200, date(9999, 12, 31)),
        ],
    )
    def test_term_beyond_the_calendar(self, end: date, renewal: int, on: date) -> None:
        """A renewal that would end after the year 9999 is refused, not an overflow."""
        contract = Contract(reference="A", start=date(1, 1, 1), end=end, renewal_months=renewal)
        with pytest.raises(InvalidPeriod):
            contract.term(on)
        assert contract.is_in_force(on)  # whatever its last day would be

    @pytest.mark.parametrize(
        ("fields", "error", "message"),
        [
            ({"reference": ""}, InvalidValue, "reference: must not be blank"),
            ({"end": START}, InvalidPeriod, "end: must be after the start 2026-01-01, not 2026-01-01"),
            ({"start": "2026-01-01"}, InvalidValue, None),
            ({"end": None}, InvalidValue, None),
            ({"currency": "ZZZ"}, InvalidMoney, None),
            (
                {"prices": 2 * (ContractPrice("elf", Dated.always(LOWER)),)},
                InvalidValue,
                "prices: names the product 'elf' twice",
            ),
            (
                {"rates": 2 * (ContractRate("call", Dated.always(SLOW)),)},
                InvalidValue,
                "rates: names the usage 'call' twice",
            ),
            (
                {"floors": 2 * (Floor(products=("elf",), minimum=Dated.always(1)),)},
                InvalidValue,
                "floors: names the product 'elf' twice",
            ),
            ({"prices": (LOWER,)}, InvalidValue, "prices[0]: must be a ContractPrice, not a PerUnit"),
            ({"rates": [SLOW]}, InvalidValue, "rates: must be a tuple, not a list"),
            ({"floors": (10,)}, InvalidValue, "floors[0]: must be a Floor, not 10"),
            ({"removal": "none"}, InvalidValue, "removal: must be a Removal, not 'none'"),
            ({"renewal_months": 0}, InvalidValue, "renewal_months: must be at least 1, not 0"),
            ({"renewal_months": 1201}, InvalidValue, "renewal_months: must be at most 1200, not 1201"),
            ({"minimum_spend": usd("1")}, InvalidValue, "minimum_spend: must be a Dated, not a Money"),
            (
                {"minimum_spend": stepping(usd("1"), 500)},
                InvalidValue,
                "minimum_spend[1]: must be a Money, not 500",
            ),
            (
                {"minimum_spend": stepping(usd("1"), usd("-1"))},
                InvalidPrice,
                "minimum_spend[1]: must be at least 0.00 USD, not -1.00 USD",
            ),
            (
                {"prices": (ContractPrice("elf", stepping(LOWER, PerUnit(amount=eur("1")))),)},
                CurrencyMismatch,
                "prices.elf: must be in the contract's USD, not EUR",
            ),
            (
                {"rates": (ContractRate("call", stepping(SLOW, Rate(price=Flat(amount=eur("1"))))),)},
                CurrencyMismatch,
                "rates.call: must be in the contract's USD, not EUR",
            ),
            (
                {"floors": (Floor(products=("a", "b"), minimum=Dated.always(1), shortfall_price=eur("1")),)},
                CurrencyMismatch,
                "floors.a+b: must be in the contract's USD, not EUR",
            ),
            (
                {"minimum_spend": stepping(usd("1"), eur("1"))},
                CurrencyMismatch,
                "minimum_spend: must be in the contract's USD, not EUR",
            ),
        ],
    )
    def test_refusal(self, fields: dict[str, Any], error: type[InvalidValue], message: str | None) -> None:
        """A contract that contradicts itself does not exist."""
        refused = refusal(lambda: Contract(**{"reference": "A", "start": START, "end": END, **fields}))
        assert type(refused) is error
        assert message is None or str(refused) == message

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: ContractPrice("", Dated.always(LOWER)), "product: must not be blank"),
            (lambda: ContractPrice("elf", LOWER), "price: must be a Dated, not a PerUnit"),  # type: ignore[arg-type]
            (
                lambda: ContractPrice("elf", Dated.always(usd("1"))),  # type: ignore[arg-type]
                "price[0]: must be a PerUnit, Flat, Graduated, Volume or Package, not a Money",
            ),
            (lambda: ContractRate("", Dated.always(SLOW)), "kind: must not be blank"),
            (lambda: ContractRate("call", Dated.always(LOWER)), "rate[0]: must be a Rate, not a PerUnit"),  # type: ignore[arg-type]
            (lambda: CONTRACT.term("2026-01-01"), None),  # type: ignore[arg-type]
            (lambda: CONTRACT.price("elf", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)), None),
        ],
    )
    def test_refused_parts(self, build: Callable[[], object], message: str | None) -> None:
        """What a price or a rate holds is checked where it is stated."""
        refused = refusal(build)
        assert message is None or str(refused) == message

    def test_the_day_asked_for_is_named_as_the_caller_did(self) -> None:
        """Whoever asks with something else reads which argument it was."""
        assert refusal(lambda: CONTRACT.term(None)).place == "on"  # type: ignore[arg-type]

    def test_groups_may_overlap_and_repeat(self) -> None:
        """Only a product's own floor is the only one; groups are as they were agreed."""
        group = Floor(products=("a", "b"), minimum=Dated.always(1), shortfall_price=usd("1"))
        assert len(Contract(reference="A", start=START, end=END, floors=(group, group)).floors) == 2

    def test_defaults(self) -> None:
        """A contract that says nothing more is in dollars, lets totals go down to the floor, and ends."""
        bare = Contract(reference="A", start=START, end=END)
        assert (bare.currency, bare.removal, bare.renewal_months) == ("USD", Removal.DOWN_TO_FLOOR, None)


FIRST = Contract(reference="first", start=START, end=END)
SECOND = Contract(reference="second", start=END, end=date(2028, 1, 1), renewal_months=12)
WITHIN = Contract(reference="within", start=STEP, end=date(2026, 10, 1))


class TestContractOn:
    """Which of several contracts is in force."""

    @pytest.mark.parametrize("contracts", [(FIRST, SECOND), (SECOND, FIRST)])
    @pytest.mark.parametrize(
        ("on", "reference"),
        [
            (START - ONE_DAY, None),
            (START, "first"),
            (END - ONE_DAY, "first"),
            (END, "second"),
            (date(2040, 6, 1), "second"),
        ],
    )
    def test_one_after_the_other(self, contracts: tuple[Contract, ...], on: date, reference: str | None) -> None:
        """The order in which contracts are listed does not matter."""
        found = contract_on(contracts, on)
        assert (found and found.reference) == reference

    @pytest.mark.parametrize(
        ("on", "reference"),
        [
            (STEP - ONE_DAY, "first"),
            (STEP, "within"),
            (date(2026, 9, 30), "within"),
            (date(2026, 10, 1), None),
            (END - ONE_DAY, None),
        ],
    )
    def test_a_later_one_replaces_an_earlier_one_for_good(self, on: date, reference: str | None) -> None:
        """The contract that began last counts; when it ends, the one before does not come back."""
        found = contract_on((FIRST, WITHIN), on)
        assert (found and found.reference) == reference

    def test_none_at_all(self) -> None:
        """Without contracts there is none."""
        assert contract_on((), START) is None
