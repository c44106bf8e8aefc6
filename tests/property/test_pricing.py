"""The rules of prices, as laws over all five schemes."""

from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill import Money, strategies
from licensebill.money import ExactMoney
from licensebill.pricing import (
    BeyondLastTier,
    Flat,
    Graduated,
    Package,
    PerUnit,
    Price,
    Tier,
    Volume,
    ZeroQuantity,
    charge,
    part,
)
from licensebill.terms import ByteUnits, Contract, ContractPrice, ContractRate, Dated, Rate, StorageTerms
from licensebill.testing import laws
from tests.working import evaluate, mistakes

_MICROS = 10**6


def exactly(amount: ExactMoney | Money) -> Fraction:
    """An amount in major units, as a fraction."""
    if isinstance(amount, Money):
        return Fraction(amount.micros, _MICROS)
    return Fraction(amount.numerator, amount.denominator * _MICROS)


def tier_of(unit: int, tiers: tuple[Tier, ...]) -> Tier:
    """The tier that one unit falls into, by looking at every bound."""
    return next(tier for tier in tiers if tier.up_to is None or unit <= tier.up_to)


def flat_part(tier: Tier) -> Fraction:
    """What entering a tier costs."""
    return exactly(tier.flat) if tier.flat else Fraction(0)


class TestPrc1:
    """A price is a value over whole units: per unit, flat, graduated, volume or package; a tier includes its bound."""

    @given(strategies.per_unit_prices(), st.data())
    def test_per_unit_is_in_proportion(self, price: PerUnit, data: st.DataObject) -> None:
        """So many units cost their part of the amount, down to the last fraction."""
        quantity = data.draw(strategies.quantities(price))
        assert exactly(price.cost(quantity)) == quantity * exactly(price.amount) / price.per

    @given(strategies.flat_prices(), st.integers(1, 10**12))
    def test_flat_costs_the_same_for_any_quantity(self, price: Flat, quantity: int) -> None:
        """From the first unit on the amount does not depend on the quantity."""
        assert exactly(price.cost(quantity)) == exactly(price.amount)

    @given(strategies.graduated_prices(), st.data())
    def test_graduated_prices_unit_by_unit(self, price: Graduated, data: st.DataObject) -> None:
        """Counting one unit after the other, each at its own tier's price, gives the cost."""
        quantity = data.draw(strategies.quantities(price, high=200))
        tiers = [tier_of(unit, price.tiers) for unit in range(1, quantity + 1)]
        entered = {tier.up_to: tier for tier in tiers}.values()
        by_hand = sum((exactly(tier.amount) for tier in tiers), start=Fraction(0))
        assert exactly(price.cost(quantity)) == by_hand + sum(map(flat_part, entered))

    @given(strategies.volume_prices(), st.data())
    def test_volume_prices_all_at_the_tier_reached(self, price: Volume, data: st.DataObject) -> None:
        """The tier of the last unit prices every unit."""
        quantity = data.draw(strategies.quantities(price).map(lambda drawn: max(drawn, 1)))
        tier = tier_of(quantity, price.tiers)
        assert exactly(price.cost(quantity)) == quantity * exactly(tier.amount) + flat_part(tier)

    @given(strategies.package_prices(), st.data())
    def test_packages_are_the_fewest_that_hold_the_quantity(self, price: Package, data: st.DataObject) -> None:
        """What is charged holds the quantity; one package less would not."""
        quantity = data.draw(strategies.quantities(price))
        started = price.started(quantity)
        assert price.free + started * price.size >= quantity
        assert started == 0 or price.free + (started - 1) * price.size < quantity
        assert exactly(price.cost(quantity)) == started * exactly(price.amount)

    @given(strategies.prices(), st.data())
    def test_more_never_costs_less(self, price: Price, data: st.DataObject) -> None:
        """Every price but a volume price grows with the quantity, and none is below zero."""
        one, other = data.draw(st.tuples(*[strategies.quantities(price)] * 2))
        assert exactly(price.cost(one)) >= 0
        if not isinstance(price, Volume):
            laws.fee_never_falls(price.cost, one, other)

    @given(strategies.price_amounts(), st.integers(0, 10**6))
    def test_one_open_tier_is_a_price_per_unit(self, amount: Money, quantity: int) -> None:
        """Graduated, volume and per unit are the same price where there is one tier."""
        tiers = (Tier(None, amount),)
        costs = [
            price.cost(quantity) for price in (Graduated(tiers=tiers), Volume(tiers=tiers), PerUnit(amount=amount))
        ]
        assert costs == [costs[0]] * 3

    @given(strategies.price_amounts(), st.integers(1, 100), st.integers(0, 200))
    def test_a_bound_between_equal_tiers_changes_nothing(self, amount: Money, bound: int, quantity: int) -> None:
        """Cutting a tier in two of the same price leaves every cost as it was."""
        cut = Graduated(tiers=(Tier(bound, amount), Tier(None, amount)))
        assert cut.cost(quantity) == PerUnit(amount=amount).cost(quantity)

    @given(strategies.graduated_prices(is_open=False) | strategies.volume_prices(is_open=False), st.integers(1, 10**9))
    def test_beyond_a_bounded_last_tier_there_is_no_price(self, price: Graduated | Volume, beyond: int) -> None:
        """The last bound is priced, everything above it refused with the bound in the error."""
        last = price.tiers[-1].up_to or 0
        assert price.cost(last) is not None
        with pytest.raises(BeyondLastTier) as caught:
            price.cost(last + beyond)
        assert (caught.value.quantity, caught.value.last) == (last + beyond, last)

    @given(strategies.currencies(), st.sampled_from(ZeroQuantity), st.data())
    def test_every_charge_explains_itself(self, currency: str, zero: ZeroQuantity, data: st.DataObject) -> None:
        """In every currency, under either policy, the working gives the amount and the price's own the exact cost."""
        price = data.draw(strategies.prices(currency))
        result = charge(price, data.draw(strategies.quantities(price, high=10**6)), zero=zero)
        assert mistakes(result.explanation()) == []
        assert result.quantity == 0 or evaluate(price.working(result.quantity)) == exactly(result.unrounded)
        assert (result.amount.currency, result.unrounded.currency) == (currency, currency)


class TestPrc2:
    """A contract may price by any scheme; the storage fee is the package price on the total."""

    @given(strategies.prices(), strategies.prices(), st.data())
    def test_a_contract_takes_any_scheme(self, license_price: Price, call_price: Price, data: st.DataObject) -> None:
        """A license and a call cost what the contract's scheme says, whichever it is."""
        start, end = (period := data.draw(strategies.periods())).start, period.end
        contract = Contract(
            reference="order form",
            start=start,
            end=end,
            prices=(ContractPrice("powerdialer", Dated.always(license_price)),),
            rates=(ContractRate("call", Dated.always(Rate(price=call_price))),),
        )
        agreed, rate = contract.price("powerdialer", start), contract.rate("call", start)
        assert agreed is not None
        assert rate is not None
        assert (agreed.value, rate.value.price) == (license_price, call_price)

    @given(st.sampled_from(ByteUnits), st.integers(1, 40), st.integers(-1, 1))
    def test_storage_is_a_package_of_a_gigabyte(self, units: ByteUnits, gigabytes: int, step: int) -> None:
        """The fee is due for each gigabyte started of everything stored; a full one starts no other."""
        terms = StorageTerms(units=units)
        cost = terms.price.cost(gigabytes * units.gigabyte + step)
        assert exactly(cost) == 30 * (gigabytes + (step > 0))


class TestPrc3:
    """Quantity zero costs nothing; a usage priced in parts costs what it costs as a whole."""

    @given(strategies.prices())
    def test_nothing_costs_nothing(self, price: Price) -> None:
        """Flat parts included, whatever the scheme."""
        assert price.cost(0) == Money.zero("USD")

    @given(strategies.prices())
    def test_the_other_policy_charges_the_flat_part_alone(self, price: Price) -> None:
        """What zero then costs does not depend on the prices of units."""
        cost = exactly(price.cost(0, zero=ZeroQuantity.FLAT))
        if isinstance(price, Graduated | Volume):
            assert cost == flat_part(price.tiers[0])
        else:
            assert cost == (exactly(price.amount) if isinstance(price, Flat) else 0)

    @given(strategies.prices(), st.sampled_from(ZeroQuantity), st.data())
    def test_parts_add_up_to_the_whole(self, price: Price, zero: ZeroQuantity, data: st.DataObject) -> None:
        """However a usage is cut, what nothing cost and the parts are together what the whole costs, to the cent."""
        cuts = data.draw(st.lists(strategies.quantities(price), min_size=1, max_size=8))
        laws.usage_in_parts_is_whole(
            lambda before, after: part(price, before, after, zero=zero),
            lambda quantity: charge(price, quantity, zero=zero).amount,
            [0, *cuts],
        )

    @given(strategies.prices(), st.data())
    def test_no_part_costs_less_than_nothing(self, price: Price, data: st.DataObject) -> None:
        """Only a volume price, which falls when a cheaper tier is reached, gives money back."""
        before, after = sorted(data.draw(st.tuples(*[strategies.quantities(price)] * 2)))
        assert isinstance(price, Volume) or part(price, before, after) >= Money.zero("USD")

    @given(strategies.package_prices(), st.data())
    def test_no_cut_starts_another_package(self, price: Package, data: st.DataObject) -> None:
        """A part within a package that is already paid costs nothing."""
        before, after = sorted(data.draw(st.tuples(*[strategies.quantities(price)] * 2)))
        dollars = attrs.evolve(price, amount=Money.parse("1", "USD"))
        assert part(dollars, before, after) == Money.parse("1", "USD") * (price.started(after) - price.started(before))
