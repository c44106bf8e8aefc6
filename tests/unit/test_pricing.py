"""What the five price schemes make of single quantities."""

import copy
import pickle
from fractions import Fraction
from typing import Any

import attrs
import pytest

from licensebill import InvalidValue, Money
from licensebill.money import CurrencyMismatch
from licensebill.pricing import (
    BeyondLastTier,
    Flat,
    Graduated,
    InvalidPrice,
    Package,
    PerUnit,
    Price,
    Tier,
    Volume,
    ZeroQuantity,
    charge,
    packages_started,
    part,
    price_amount,
    price_scheme,
)
from tests.working import evaluate, mistakes


def usd(text: str) -> Money:
    """Dollars."""
    return Money.parse(text, "USD")


GIGABYTE = 10**9

#: 20.00 each up to 10, 18.00 each up to 50 with 5.00 on entering, 15.00 each beyond.
TIERS = (Tier(10, usd("20.00")), Tier(50, usd("18.00"), usd("5.00")), Tier(None, usd("15.00"), usd("0.00")))
BOUNDED = TIERS[:2]

EACH = PerUnit(amount=usd("19.99"))
SECONDS = PerUnit(amount=usd("0.02"), per=60, unit="seconds")
SETUP = Flat(amount=usd("50.00"), unit="setups")
GRADUATED = Graduated(tiers=TIERS)
VOLUME = Volume(tiers=TIERS)
STORAGE = Package(amount=usd("30.00"), size=GIGABYTE, unit="bytes")
BEYOND_FREE = Package(amount=usd("1.00"), size=10, free=100, unit="messages")
SCHEMES: dict[str, Price] = {
    "per unit": EACH,
    "per minute": SECONDS,
    "flat": SETUP,
    "graduated": GRADUATED,
    "volume": VOLUME,
    "package": STORAGE,
    "package beyond free units": BEYOND_FREE,
}


class TestCost:
    """Each scheme at its thresholds, one unit before and one after."""

    @pytest.mark.parametrize(
        ("price", "quantity", "cost"),
        [
            (EACH, 1, "19.99"),
            (EACH, 2, "39.98"),
            (SECONDS, 1, "0.02/60"),
            (SECONDS, 59, "1.18/60"),
            (SECONDS, 60, "0.02"),
            (SECONDS, 61, "1.22/60"),
            (SETUP, 1, "50.00"),
            (SETUP, 10**6, "50.00"),
            (GRADUATED, 1, "20"),
            (GRADUATED, 9, "180"),
            (GRADUATED, 10, "200"),
            (GRADUATED, 11, "223"),
            (GRADUATED, 49, "907"),
            (GRADUATED, 50, "925"),
            (GRADUATED, 51, "940"),
            (VOLUME, 9, "180"),
            (VOLUME, 10, "200"),
            (VOLUME, 11, "203"),
            (VOLUME, 49, "887"),
            (VOLUME, 50, "905"),
            (VOLUME, 51, "765"),
            (STORAGE, 1, "30"),
            (STORAGE, GIGABYTE - 1, "30"),
            (STORAGE, GIGABYTE, "30"),
            (STORAGE, GIGABYTE + 1, "60"),
            (STORAGE, 2 * GIGABYTE, "60"),
            (STORAGE, 2 * GIGABYTE + 1, "90"),
            (BEYOND_FREE, 99, "0"),
            (BEYOND_FREE, 100, "0"),
            (BEYOND_FREE, 101, "1"),
            (BEYOND_FREE, 110, "1"),
            (BEYOND_FREE, 111, "2"),
        ],
    )
    def test_cost(self, price: Price, quantity: int, cost: str) -> None:
        """The exact cost is what the price list says by hand."""
        amount, _, divisor = cost.partition("/")
        by_hand = Fraction(amount) / int(divisor or 1)
        exactly = price.cost(quantity)
        assert Fraction(exactly.numerator, exactly.denominator * 10**6) == by_hand
        assert exactly.currency == "USD"

    @pytest.mark.parametrize("price", SCHEMES.values(), ids=SCHEMES)
    def test_nothing_costs_nothing(self, price: Price) -> None:
        """Quantity zero is free, flat parts included."""
        assert price.cost(0) == usd("0.00")
        assert charge(price, 0).amount == usd("0.00")

    @pytest.mark.parametrize(
        ("price", "cost"),
        [
            (EACH, "0.00"),
            (SETUP, "50.00"),
            (GRADUATED, "0.00"),
            (Graduated(tiers=(Tier(10, usd("1.00"), usd("7.00")), Tier(20, usd("1.00"), usd("9.00")))), "7.00"),
            (Volume(tiers=(Tier(10, usd("1.00"), usd("7.00")), Tier(None, usd("1.00"), usd("9.00")))), "7.00"),
            (STORAGE, "0.00"),
        ],
    )
    def test_nothing_costs_the_flat_part_where_that_was_agreed(self, price: Price, cost: str) -> None:
        """Under the other policy quantity zero costs the flat part of the first tier, or of the price."""
        assert price.cost(0, zero=ZeroQuantity.FLAT) == usd(cost)
        assert charge(price, 0, zero=ZeroQuantity.FLAT).amount == usd(cost)
        assert mistakes(charge(price, 0, zero=ZeroQuantity.FLAT).explanation()) == []

    @pytest.mark.parametrize("zero", ZeroQuantity)
    @pytest.mark.parametrize("price", SCHEMES.values(), ids=SCHEMES)
    def test_policy_matters_at_zero_only(self, price: Price, zero: ZeroQuantity) -> None:
        """From the first unit both policies agree."""
        assert price.cost(1, zero=zero) == price.cost(1)

    @pytest.mark.parametrize("scheme", [Graduated, Volume])
    def test_one_tier_of_one_unit(self, scheme: type[Graduated | Volume]) -> None:
        """The smallest price by tiers prices nothing and one unit."""
        price = scheme(tiers=(Tier(1, usd("7.00")),))
        assert [price.cost(quantity) for quantity in (0, 1)] == [usd("0.00"), usd("7.00")]

    @pytest.mark.parametrize("scheme", [Graduated, Volume])
    def test_last_tier_ends(self, scheme: type[Graduated | Volume]) -> None:
        """A quantity above the last bound is refused; the bound itself is not."""
        price = scheme(tiers=BOUNDED, unit="calls")
        assert price.cost(50)
        for refused in (lambda: price.cost(51), lambda: price.working(51), lambda: charge(price, 51)):
            with pytest.raises(BeyondLastTier) as caught:
                refused()
            assert (caught.value.quantity, caught.value.last, caught.value.unit) == (51, 50, "calls")

    @pytest.mark.parametrize(
        ("quantity", "packages"), [(0, 0), (1, 1), (9, 1), (10, 1), (11, 2), (19, 2), (20, 2), (21, 3)]
    )
    def test_packages_started(self, quantity: int, packages: int) -> None:
        """A package counts from its first unit to its last."""
        assert packages_started(quantity, 10) == packages

    @pytest.mark.parametrize(("quantity", "packages"), [(99, 0), (100, 0), (101, 1), (110, 1), (111, 2)])
    def test_free_units_start_no_package(self, quantity: int, packages: int) -> None:
        """What is free is taken off before packages are counted."""
        assert BEYOND_FREE.started(quantity) == packages

    def test_the_guide_charges_storage_by_the_package(self) -> None:
        """500 MB cost $30 and so do all up to 1 GB; 1.2 GB cost $60, up to 2 GB."""
        used = (500_000_000, 1_000_000_000, 1_200_000_000, 2_000_000_000)
        assert [charge(STORAGE, each).amount.text for each in used] == ["30.00", "30.00", "60.00", "60.00"]


class TestCharge:
    """The payable amount and its explanation."""

    def test_charge_is_rounded_once(self) -> None:
        """45 seconds at two cents a minute are a cent and a half, payable as two cents."""
        result = charge(SECONDS, 45)
        assert (result.unrounded.text, result.amount.text) == ("0.015", "0.02")

    @pytest.mark.parametrize("quantity", [0, 1, 9, 10, 11, 49, 50, 51, 100, 101, GIGABYTE, GIGABYTE + 1])
    @pytest.mark.parametrize("price", SCHEMES.values(), ids=SCHEMES)
    def test_working_gives_the_amount(self, price: Price, quantity: int) -> None:
        """Whoever recomputes the working arrives at the amount, and at the cost before it was rounded."""
        result = charge(price, quantity)
        assert mistakes(result.explanation()) == []
        exactly = Fraction(result.unrounded.numerator, result.unrounded.denominator * 10**6)
        assert evaluate(price.working(quantity)) == exactly

    @pytest.mark.parametrize("currency", ["JPY", "KWD", "CLF"])
    def test_working_rounds_to_the_currency(self, currency: str) -> None:
        """Currencies without decimals, or with three or four, are rounded to their own."""
        third = PerUnit(amount=Money.parse("10", currency), per=3)
        assert mistakes(charge(third, 1).explanation()) == []

    def test_explanation_names_what_was_put_in(self) -> None:
        """The tree reads as a sentence with the quantity and the price."""
        assert charge(EACH, 3).explanation().as_text().splitlines() == [
            "price: 59.97 USD [PRC-1, PRC-3, MON-1]",
            "  3 licenses at 19.99 USD each.",
            "  = round(3 * 19.99, 2)",
            "  quantity: 3 licenses",
            "  price: 19.99 USD each",
        ]

    @pytest.mark.parametrize(
        ("price", "text"),
        [
            (EACH, "19.99 USD each"),
            (SECONDS, "0.02 USD per 60 seconds"),
            (PerUnit(amount=usd("5.00"), per=2), "5.00 USD per 2 licenses"),
            (SETUP, "50.00 USD flat"),
            (
                GRADUATED,
                "20.00 USD each up to 10; 18.00 USD each and 5.00 USD up to 50; 15.00 USD each beyond",
            ),
            (Volume(tiers=BOUNDED), "all at 20.00 USD each up to 10 or all at 18.00 USD each and 5.00 USD up to 50"),
            (STORAGE, "30.00 USD for each 1000000000 bytes started"),
            (BEYOND_FREE, "1.00 USD for each 10 messages started beyond 100"),
            (attrs.evolve(BEYOND_FREE, size=1, free=0), "1.00 USD for each message started"),
        ],
    )
    def test_price_in_words(self, price: Price, text: str) -> None:
        """A price says itself as an order form would."""
        assert str(price) == text

    @pytest.mark.parametrize(
        ("price", "quantity", "working"),
        [
            (EACH, 3, "3 * 19.99"),
            (SECONDS, 90, "90 * 0.02 / 60"),
            (SETUP, 3, "50.00"),
            (SETUP, 0, "0"),
            (GRADUATED, 0, "0"),
            (GRADUATED, 51, "10 * 20.00 + 40 * 18.00 + 5.00 + 1 * 15.00"),
            (VOLUME, 0, "0"),
            (VOLUME, 50, "50 * 18.00 + 5.00"),
            (STORAGE, 1, "ceil(1 / 1000000000) * 30.00"),
            (BEYOND_FREE, 1, "ceil(max(1 - 100, 0) / 10) * 1.00"),
        ],
    )
    def test_working_in_text(self, price: Price, quantity: int, working: str) -> None:
        """The working puts the numbers in where the price list has them."""
        assert price.working(quantity) == working

    def test_amount_beyond_every_ledger_is_refused(self) -> None:
        """A cost that no amount can hold is an error, not a wrong number."""
        with pytest.raises(InvalidValue):
            charge(PerUnit(amount=usd("9.00")), 2**63 - 1).amount  # noqa: B018 - computes


class TestPart:
    """A usage priced in parts."""

    @pytest.mark.parametrize(
        ("before", "after", "amount"),
        [
            (0, 0, "0.00"),
            (0, 1, "30.00"),
            (1, GIGABYTE - 1, "0.00"),
            (GIGABYTE - 1, GIGABYTE, "0.00"),
            (GIGABYTE, GIGABYTE + 1, "30.00"),
            (GIGABYTE, GIGABYTE, "0.00"),
            (0, 3 * GIGABYTE, "90.00"),
        ],
    )
    def test_a_started_package_is_billed_once(self, before: int, after: int, amount: str) -> None:
        """Only the part that starts a package pays for it."""
        assert part(STORAGE, before, after) == usd(amount)

    @pytest.mark.parametrize(("before", "after", "amount"), [(0, 0, "0.00"), (0, 1, "0.00"), (1, 2, "0.00")])
    def test_what_nothing_cost_is_not_charged_again(self, before: int, after: int, amount: str) -> None:
        """Where zero costs the flat part, the first part does not bring it a second time."""
        assert part(SETUP, before, after, zero=ZeroQuantity.FLAT) == usd(amount)
        assert part(SETUP, 0, 1) == usd("50.00")

    def test_half_cents_are_not_lost(self) -> None:
        """Four quarters of a minute at two cents come to two cents, however each of them rounds."""
        quarters = [part(SECONDS, start, start + 15) for start in (0, 15, 30, 45)]
        assert [each.text for each in quarters] == ["0.01", "0.00", "0.01", "0.00"]

    def test_a_volume_price_may_fall(self) -> None:
        """The unit that reaches a cheaper tier makes the rest cheaper, too."""
        assert part(VOLUME, 50, 51) == usd("-140.00")

    def test_order_is_checked(self) -> None:
        """Usage does not run backwards."""
        with pytest.raises(InvalidValue, match=r"^after: must be at least 5, not 4$"):
            part(EACH, 5, 4)
        with pytest.raises(InvalidValue, match=r"^before: must be at least 0, not -1$"):
            part(EACH, -1, 4)


class TestRefusals:
    """A price that cannot be right does not exist; a question that cannot be asked is answered by an error."""

    @pytest.mark.parametrize(
        ("build", "error", "message"),
        [
            (
                lambda: PerUnit(amount=usd("-0.01")),
                InvalidPrice,
                "amount: must be at least 0.00 USD, not -0.01 USD",
            ),
            (lambda: Flat(amount=usd("-0.01")), InvalidPrice, "amount: must be at least 0.00 USD, not -0.01 USD"),
            (lambda: Tier(1, usd("-0.01")), InvalidPrice, "amount: must be at least 0.00 USD, not -0.01 USD"),
            (lambda: Tier(1, usd("1"), usd("-1")), InvalidPrice, "flat: must be at least 0.00 USD, not -1.00 USD"),
            (
                lambda: Package(amount=usd("-0.01"), size=1),
                InvalidPrice,
                "amount: must be at least 0.00 USD, not -0.01 USD",
            ),
            (lambda: PerUnit(amount=3), InvalidValue, "amount: must be a Money, not 3"),  # type: ignore[arg-type]
            (lambda: PerUnit(amount=usd("1"), per=0), InvalidValue, "per: must be at least 1, not 0"),
            (lambda: PerUnit(amount=usd("1"), per=True), InvalidValue, "per: must be a whole number, not True"),
            (lambda: PerUnit(amount=usd("1"), unit=" "), InvalidValue, "unit: must not be blank"),
            (lambda: Flat(amount=usd("1"), unit=""), InvalidValue, "unit: must not be blank"),
            (lambda: Package(amount=usd("1"), size=0), InvalidValue, "size: must be at least 1, not 0"),
            (lambda: Package(amount=usd("1"), size=1, free=-1), InvalidValue, "free: must be at least 0, not -1"),
            (lambda: Package(amount=usd("1"), size=1, unit="\n"), InvalidValue, "unit: must not be blank"),
            (lambda: Tier(0, usd("1")), InvalidValue, "up_to: must be at least 1, not 0"),
            (lambda: Graduated(tiers=()), InvalidPrice, "tiers: must hold at least one tier"),
            (lambda: Volume(tiers=TIERS, unit=" x"), InvalidValue, None),
            (
                lambda: Volume(tiers=list(TIERS)),  # type: ignore[arg-type]
                InvalidValue,
                "tiers: must be a tuple, not a list",
            ),
            (
                lambda: Volume(tiers=(TIERS[0], 18)),  # type: ignore[arg-type]
                InvalidValue,
                "tiers[1]: must be a Tier, not 18",
            ),
            (
                lambda: Graduated(tiers=(Tier(10, usd("1")), Tier(10, usd("1")))),
                InvalidPrice,
                "tiers[1]: must end above 10, where the tier before ends, not at 10",
            ),
            (
                lambda: Graduated(tiers=(Tier(10, usd("1")), Tier(9, usd("1")))),
                InvalidPrice,
                "tiers[1]: must end above 10, where the tier before ends, not at 9",
            ),
            (
                lambda: Volume(tiers=(Tier(None, usd("1")), Tier(10, usd("1")))),
                InvalidPrice,
                "tiers[0]: must have an upper bound: only the last tier may be open",
            ),
            (
                lambda: Volume(tiers=(Tier(10, usd("1")), Tier(None, Money.parse("1", "EUR")))),
                CurrencyMismatch,
                "tiers[1]: must have the currency of the first tier",
            ),
            (
                lambda: Volume(tiers=(Tier(None, usd("1"), Money.parse("0", "EUR")),)),
                CurrencyMismatch,
                "tiers[0]: must have the currency of the first tier",
            ),
            (lambda: EACH.cost(-1), InvalidValue, "quantity: must be at least 0, not -1"),
            (lambda: SETUP.cost(True), InvalidValue, "quantity: must be a whole number, not True"),
            (lambda: GRADUATED.cost(1.5), InvalidValue, "quantity: must be a whole number, not a float"),  # type: ignore[arg-type]
            (lambda: VOLUME.cost(2**63), InvalidValue, None),
            (lambda: STORAGE.started(-1), InvalidValue, "quantity: must be at least 0, not -1"),
            (lambda: SETUP.cost(0, zero="nothing"), InvalidValue, "zero: must be a ZeroQuantity, not 'nothing'"),  # type: ignore[arg-type]
            (lambda: EACH.cost(1, zero=None), InvalidValue, "zero: must be a ZeroQuantity, not None"),  # type: ignore[arg-type]
            (lambda: STORAGE.cost(1, zero=0), InvalidValue, "zero: must be a ZeroQuantity, not 0"),  # type: ignore[arg-type]
            (
                lambda: charge(usd("1"), 1),  # type: ignore[arg-type]
                InvalidPrice,
                "price: must be a PerUnit, Flat, Graduated, Volume or Package, not a Money",
            ),
            (
                lambda: part(None, 0, 1),  # type: ignore[arg-type]
                InvalidPrice,
                "price: must be a PerUnit, Flat, Graduated, Volume or Package, not None",
            ),
            (
                lambda: price_amount("fee", usd("0"), 1),
                InvalidPrice,
                "fee: must be at least 0.000001 USD, not 0.00 USD",
            ),
        ],
    )
    def test_refusal(self, build: Any, error: type[InvalidValue], message: str | None) -> None:
        """The error is of its kind and says which field holds what."""
        with pytest.raises(InvalidValue) as caught:
            build()
        assert type(caught.value) is error
        assert message is None or str(caught.value) == message

    def test_keyword_only(self) -> None:
        """Prices are built by naming their fields, so that an amount is never taken for a count."""
        with pytest.raises(TypeError):
            PerUnit(usd("1.00"), 60)  # type: ignore[call-arg]

    @pytest.mark.parametrize("price", SCHEMES.values(), ids=SCHEMES)
    def test_prices_do_not_change(self, price: Price) -> None:
        """A price that is agreed stays as it is."""
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            price.unit = "users"  # type: ignore[misc]
        assert price_scheme("price", price) is price
        assert copy.deepcopy(price) == price

    def test_beyond_last_tier_is_told_and_pickles(self) -> None:
        """The refusal names the quantity, the bound and the rule, on either side of a process boundary."""
        refused = BeyondLastTier(51, 50, "calls")
        again = pickle.loads(pickle.dumps(refused))  # noqa: S301 - our own
        assert str(again) == "51 calls cannot be priced: the last tier ends at 50 (PRC-1)"
        assert (again.code, again.rule, again.args) == ("beyond_last_tier", "PRC-1", (51, 50, "calls"))

    def test_invalid_price_has_its_code_and_pickles(self) -> None:
        """A program tells it from other wrong arguments."""
        again = pickle.loads(pickle.dumps(InvalidPrice("tiers", "must hold at least one tier")))  # noqa: S301 - our own
        assert isinstance(again, InvalidPrice)
        assert (again.code, str(again)) == ("invalid_price", "tiers: must hold at least one tier")
