"""Totals by example: charges, pending decreases, every refusal one below its threshold, and the days around an end."""

import pickle
from datetime import date, timedelta
from typing import Any

import pytest

from licensebill import licenses
from licensebill.cycles import Convention, InvalidPeriod, Period, cycle_of, proration
from licensebill.errors import InvalidValue
from licensebill.holdings import Holding, Licenses
from licensebill.licenses import (
    BelowAssigned,
    BelowFloor,
    ChangeKind,
    PrerequisiteMissing,
    RemovalNotAllowed,
    TotalChange,
    prorated_rise,
    set_total,
    take_pending,
    total_taken,
)
from licensebill.money import CurrencyMismatch, Money
from licensebill.people import Authorization, Person
from licensebill.pricing import BeyondLastTier, Graduated, PerUnit, Price, Tier, Volume, ZeroQuantity
from licensebill.schedules import NoPrice
from licensebill.terms import (
    STANDARD_CATALOG,
    Catalog,
    Contract,
    ContractPrice,
    Dated,
    Decrease,
    Floor,
    PoolAssignment,
    PortTerms,
    Product,
    ProductKind,
    Removal,
    Step,
    UnknownProduct,
)
from tests.working import mistakes

DAY = timedelta(days=1)
START, END = date(2026, 1, 1), date(2027, 1, 1)
NOVEMBER, DECEMBER = cycle_of(date(2026, 11, 1)), cycle_of(date(2026, 12, 1))
MIDDLE = date(2026, 11, 16)
ADA = Authorization(Person("Ada", "Lovelace"), accepted=True)
ONE_EACH = PortTerms(assignment=PoolAssignment.USES_ONE)


def usd(amount: str) -> Money:
    """An amount in US dollars."""
    return Money.parse(amount, "USD")


def each(amount: str) -> PerUnit:
    """A price for each license."""
    return PerUnit(amount=usd(amount))


def prices(**amounts: Price) -> tuple[ContractPrice, ...]:
    """Prices that always hold."""
    return tuple(ContractPrice(product, Dated.always(price)) for product, price in amounts.items())


PRICES = prices(
    powerdialer=each("90.00"), elf=each("30.00"), flex_port=each("12.00"), recording_monitoring=each("9.00")
)


def own(product: str, *steps: tuple[date, int]) -> Floor:
    """A product's own floor, by day."""
    return Floor(products=(product,), minimum=Dated(tuple(Step(since, number) for since, number in steps)))


def together(number: int, *products: str) -> Floor:
    """A floor of a group, at 40.00 for each license short."""
    return Floor(products=products, minimum=Dated.always(number), shortfall_price=usd("40.00"))


def contract(*floors: Floor, **fields: Any) -> Contract:
    """A contract over the year 2026, unless told otherwise."""
    return Contract(**{"reference": "A", "start": START, "end": END, "prices": PRICES, "floors": floors, **fields})


def dialers(owned: int, assigned: int = 0, pending: int | None = None) -> Holding:
    """Licenses of the PowerDialer, so many assigned."""
    users = frozenset(f"user-{number}" for number in range(assigned))
    return Holding(product="powerdialer", owned=owned, users=users, pending=pending)


def changed(
    holding: Holding | Licenses, total: int, terms: Contract | None = None, *, product: str = "powerdialer", **more: Any
) -> TotalChange:
    """A total set in the middle of November, under a contract that goes on."""
    given = {"contract": terms or contract(), "cycle": NOVEMBER, "on": MIDDLE, **more}
    return set_total(
        holding if isinstance(holding, Licenses) else Licenses((holding,)),
        product,
        total,
        catalog=given.pop("catalog", STANDARD_CATALOG),
        next_contract=given.pop("next_contract", given["contract"]),
        authorization=ADA,
        **given,
    )


# --- more


@pytest.mark.parametrize(
    ("on", "charge"),
    [
        (date(2026, 11, 1), "180.00"),
        (date(2026, 11, 2), "174.00"),
        (date(2026, 11, 16), "90.00"),
        (date(2026, 11, 30), "6.00"),
    ],
)
def test_an_increase_is_charged_for_the_rest_of_the_cycle(on: date, charge: str) -> None:
    """Two licenses more at 90.00 are there at once and cost the days left of thirty, the day itself included."""
    change = changed(dialers(10, assigned=10), 12, on=on)
    assert change.after == Licenses((dialers(10, assigned=10).with_total(12),))
    assert (change.charge, change.credit) == (usd(charge), usd("0.00"))
    assert (change.kind, change.effective, change.is_pending) == (ChangeKind.INCREASE, on, False)
    assert change.authorization == ADA
    assert change.before.holding("powerdialer").owned == 10


@pytest.mark.parametrize(
    ("convention", "charge"),
    [(Convention.ACTUAL_DAYS, "95.81"), (Convention.THIRTY_DAY_MONTH, "92.40"), (Convention.WHOLE_CYCLE, "198.00")],
)
def test_the_share_follows_the_convention(convention: Convention, charge: str) -> None:
    """On 17 December two licenses at 99.00 cost 15 of 31 days, 14 of 30, or the whole month."""
    terms = contract(prices=prices(powerdialer=each("99.00")))
    change = changed(dialers(10), 12, terms, cycle=DECEMBER, on=date(2026, 12, 17), convention=convention)
    assert change.charge == usd(charge)
    assert change.share == proration(DECEMBER, date(2026, 12, 17), convention)
    assert mistakes(change.explanation()) == []


@pytest.mark.parametrize(("total", "charge"), [(8, "0.00"), (10, "0.00"), (11, "45.00"), (12, "90.00")])
def test_licenses_below_the_floor_are_paid_for_already(total: int, charge: str) -> None:
    """With seven owned and a floor of ten, the eleventh is the first that costs something."""
    assert changed(dialers(7), total, contract(own("powerdialer", (START, 10)))).charge == usd(charge)


@pytest.mark.parametrize(("total", "charge"), [(8, "25.00"), (9, "50.00"), (10, "95.00")])
def test_what_closes_a_groups_shortfall_costs_the_difference(total: int, charge: str) -> None:
    """A license at 90.00 in place of a shortfall at 40.00: half of 50.00 for each, until the group is complete."""
    found = changed(
        Licenses((dialers(7), Holding(product="elf", owned=3))), total, contract(together(12, "powerdialer", "elf"))
    )
    assert found.charge == usd(charge)


def test_a_charge_is_one_amount_rounded_once() -> None:
    """Prices by the tier: the difference of what the whole schedule costs, not a price of the licenses bought."""
    graduated = Graduated(tiers=(Tier(10, usd("90.00")), Tier(None, usd("80.01"))))
    change = changed(dialers(9), 12, contract(prices=prices(powerdialer=graduated)), on=date(2026, 11, 20))
    assert (change.schedule_before.total, change.schedule_after.total) == (usd("810.00"), usd("1060.02"))
    assert change.charge == usd("91.67")  # 250.02 * 11 / 30 is 91.674


def test_a_charge_is_never_below_zero() -> None:
    """Where all licenses become cheaper at once, the cheaper month begins with the next cycle."""
    volume = Volume(tiers=(Tier(10, usd("90.00")), Tier(None, usd("80.00"))))
    change = changed(dialers(10), 11, contract(prices=prices(powerdialer=volume)))
    assert change.schedule_after.total < change.schedule_before.total
    assert change.charge == change.credit == usd("0.00")
    assert mistakes(change.explanation()) == []


def test_a_charge_is_by_this_cycles_terms() -> None:
    """A price that steps within the cycle, or a contract that ends in it, changes nothing before the next."""
    stepping = ContractPrice(
        "powerdialer", Dated((Step(START, each("90.00")), Step(date(2026, 11, 10), each("60.00"))))
    )
    ending = contract(prices=(stepping,), end=date(2026, 11, 12))
    assert changed(dialers(1), 2, ending, next_contract=None).charge == usd("45.00")


def test_a_first_contract_within_a_cycle_brings_its_own_day_of_terms() -> None:
    """The day whose terms apply can be stated; by default it is the cycle's first."""
    young = contract(start=date(2026, 11, 10))
    assert changed(dialers(1), 2, young, terms_on=date(2026, 11, 10)).charge == usd("45.00")
    with pytest.raises(NoPrice):
        changed(dialers(1), 2, young)


def test_zero_licenses_with_a_flat_part_by_policy() -> None:
    """Where none costs the flat part too, the first license does not cost it again."""
    price = Graduated(tiers=(Tier(None, usd("90.00"), usd("20.00")),))
    terms = contract(prices=prices(powerdialer=price))
    assert changed(dialers(0), 1, terms).charge == usd("55.00")
    assert changed(dialers(0), 1, terms, zero=ZeroQuantity.FLAT).charge == usd("45.00")


def test_a_price_that_does_not_reach_refuses_the_total() -> None:
    """What could not be billed cannot be bought."""
    terms = contract(prices=prices(powerdialer=Graduated(tiers=(Tier(10, usd("90.00")),))))
    assert changed(dialers(9), 10, terms).charge == usd("45.00")
    with pytest.raises(BeyondLastTier):
        changed(dialers(9), 11, terms)


# --- fewer, and the last total set


def test_a_smaller_total_waits_for_the_next_cycle() -> None:
    """The number owned stays for now, nothing is given back, and the schedule of this cycle does not change."""
    change = changed(dialers(12, assigned=3), 10)
    assert change.after.holding("powerdialer") == dialers(12, assigned=3, pending=10)
    assert (change.kind, change.effective, change.is_pending) == (ChangeKind.DECREASE, DECEMBER.start, True)
    assert change.charge == change.credit == usd("0.00")
    assert change.schedule_after == change.schedule_before
    assert change.terms == ()


@pytest.mark.parametrize(
    ("total", "owned", "pending", "kind"),
    [
        (7, 10, 7, ChangeKind.DECREASE),
        (8, 10, 8, ChangeKind.DECREASE),
        (9, 10, 9, ChangeKind.DECREASE),
        (10, 10, None, ChangeKind.UNCHANGED),
        (11, 11, None, ChangeKind.INCREASE),
    ],
)
def test_the_last_total_set_counts(total: int, owned: int, pending: int | None, kind: ChangeKind) -> None:
    """With ten owned and eight pending: a smaller total replaces it, one at or above the owned ends it."""
    change = changed(dialers(10, pending=8), total)
    assert change.after.holding("powerdialer") == dialers(owned, pending=pending)
    assert change.kind is kind
    assert change.charge == (usd("45.00") if kind is ChangeKind.INCREASE else usd("0.00"))


def test_other_changes_leave_what_is_pending() -> None:
    """Neither another product's total nor an assignment ends a decrease."""
    held = Licenses((dialers(10, pending=8), Holding(product="elf", owned=1)))
    assert changed(held, 2, product="elf").after.holding("powerdialer").pending == 8
    assert licenses.assign(held, "ann", "powerdialer", catalog=STANDARD_CATALOG).holding("powerdialer").pending == 8
    assert licenses.deassign(held, "ann", "powerdialer", catalog=STANDARD_CATALOG).holding("powerdialer").pending == 8


@pytest.mark.parametrize(
    ("floor", "credit"), [(0, "180.00"), (6, "180.00"), (7, "135.00"), (9, "45.00"), (10, "0.00"), (11, "0.00")]
)
def test_by_policy_a_smaller_total_takes_effect_at_once(floor: int, credit: str) -> None:
    """From ten to six under this cycle's floor: the share of what the schedule costs less is a credit."""
    this = contract(own("powerdialer", (START, floor), (DECEMBER.start, 6)))
    change = changed(dialers(10, pending=8), 6, this, decrease=Decrease.CREDIT)
    assert change.after.holding("powerdialer") == dialers(6)
    assert (change.kind, change.effective, change.is_pending) == (ChangeKind.DECREASE, MIDDLE, False)
    assert (change.charge, change.credit) == (usd("0.00"), usd(credit))
    assert mistakes(change.explanation()) == []


def test_a_credit_is_never_below_zero() -> None:
    """Where fewer licenses cost more, nothing is given back and nothing is charged before the next cycle."""
    volume = Volume(tiers=(Tier(10, usd("90.00")), Tier(None, usd("80.00"))))
    change = changed(dialers(11), 10, contract(prices=prices(powerdialer=volume)), decrease=Decrease.CREDIT)
    assert change.schedule_after.total > change.schedule_before.total
    assert change.charge == change.credit == usd("0.00")


# --- the floor


@pytest.mark.parametrize("total", [8, 9])
def test_below_the_floor(total: int) -> None:
    """The refusal names the product, the number asked for, the floor and the contract's end."""
    with pytest.raises(BelowFloor) as refused:
        changed(
            dialers(12),
            total,
            contract(own("powerdialer", (START, 10))),
            next_contract=contract(own("powerdialer", (START, 10))),
        )
    error = refused.value
    assert (error.product, error.name, error.asked, error.floor, error.least) == (
        "powerdialer",
        "PowerDialer",
        total,
        10,
        10,
    )
    assert (error.until, error.ends, error.group) == (END - DAY, END - DAY, ())
    assert (error.code, error.rule) == ("below_floor", "LIC-2")
    assert str(error) == (f"cannot reduce PowerDialer to {total}: the contract's floor is 10 until 2026-12-31 (LIC-2)")


@pytest.mark.parametrize("total", [10, 11])
def test_down_to_the_floor(total: int) -> None:
    """At the floor and above it a smaller total is accepted."""
    terms = contract(own("powerdialer", (START, 10)))
    assert changed(dialers(12), total, terms).after.holding("powerdialer").pending == total


@pytest.mark.parametrize("decrease", Decrease)
def test_it_is_the_next_cycles_floor_that_counts(decrease: Decrease) -> None:
    """A floor that steps down with the next cycle allows a smaller total now, one that steps up does not."""
    falling = contract(own("powerdialer", (START, 10), (DECEMBER.start, 8)))
    assert changed(dialers(12), 8, falling, decrease=decrease).kind is ChangeKind.DECREASE
    with pytest.raises(BelowFloor):
        changed(dialers(12), 7, falling, decrease=decrease)
    rising = contract(own("powerdialer", (START, 8), (DECEMBER.start, 10)))
    with pytest.raises(BelowFloor):
        changed(dialers(12), 9, rising, decrease=decrease)
    late = contract(own("powerdialer", (START, 8), (DECEMBER.start + DAY, 10)))
    assert changed(dialers(12), 8, late, decrease=decrease).kind is ChangeKind.DECREASE


def test_a_floor_that_steps_before_the_contract_ends_says_until_when() -> None:
    """The number holds until the step; the contract's end is named beside it."""
    terms = contract(own("powerdialer", (START, 10), (date(2027, 3, 1), 8)), end=date(2028, 1, 1))
    with pytest.raises(BelowFloor) as refused:
        changed(dialers(12), 9, terms)
    assert str(refused.value) == (
        "cannot reduce PowerDialer to 9: the contract's floor is 10 until 2027-02-28; "
        "the contract runs until 2027-12-31 (LIC-2)"
    )


@pytest.mark.parametrize(
    ("cycle", "renewal", "refused"),
    [
        (NOVEMBER, None, True),
        (DECEMBER, None, False),
        (DECEMBER, 12, True),
        (cycle_of(END), 12, True),
        (cycle_of(END), None, False),
    ],
)
def test_the_floor_ends_with_the_contract_unless_it_renews(cycle: Period, renewal: int | None, refused: bool) -> None:
    """In the contract's last month a total may go below the floor, as the next cycle has none."""
    terms = contract(own("powerdialer", (START, 10)), renewal_months=renewal)
    product = Product(
        id="powerdialer", name="PowerDialer", kind=ProductKind.PER_USER, list_price=Dated.always(each("95.00"))
    )
    arguments: dict[str, Any] = {"cycle": cycle, "on": cycle.last_day, "catalog": Catalog((product,))}
    if refused:
        with pytest.raises(BelowFloor) as error:
            changed(dialers(12), 9, terms, **arguments)
        assert error.value.until == (END - DAY if renewal is None else date(2027, 12, 31))
    else:
        assert changed(dialers(12), 9, terms, **arguments).is_pending


@pytest.mark.parametrize(("total", "kind"), [(4, None), (5, ChangeKind.UNCHANGED), (6, ChangeKind.INCREASE)])
def test_who_owns_less_than_the_floor_can_buy_but_not_lower(total: int, kind: ChangeKind | None) -> None:
    """The floor bills ten and invents no licenses; more are accepted below it, fewer are not."""
    terms = contract(own("powerdialer", (START, 10)))
    if kind is None:
        with pytest.raises(BelowFloor) as refused:
            changed(dialers(5), total, terms)
        assert refused.value.least == 5
    else:
        assert changed(dialers(5), total, terms).kind is kind


# --- the floor of a group


@pytest.mark.parametrize(
    ("other", "least"),
    [
        (Holding(product="elf", owned=8), 12),
        (Holding(product="elf", owned=9), 11),
        (Holding(product="elf", owned=9, pending=8), 12),
        (Holding(product="elf", owned=3), 13),
    ],
)
def test_below_a_groups_floor(other: Holding, least: int) -> None:
    """With twenty together, what the others will have in the next cycle decides how few may remain."""
    held, terms = Licenses((dialers(13), other)), contract(together(20, "powerdialer", "elf"))
    with pytest.raises(BelowFloor) as refused:
        changed(held, least - 1, terms)
    assert (refused.value.floor, refused.value.least) == (20, least)
    assert refused.value.group == ("PowerDialer", "ELF")
    assert str(refused.value) == (
        f"cannot reduce PowerDialer to {least - 1}: the contract's floor of PowerDialer, ELF together is 20 until "
        f"2026-12-31, and at least {least} must remain (LIC-2)"
    )
    if least < 13:
        assert changed(held, least, terms).after.holding("powerdialer").pending == least


def test_the_least_is_what_every_floor_allows() -> None:
    """The own floor is named where it is the first to be passed; what may remain is decided by both."""
    held, terms = (
        Licenses((dialers(13), Holding(product="elf", owned=3))),
        contract(own("powerdialer", (START, 8)), together(12, "powerdialer", "elf")),
    )
    with pytest.raises(BelowFloor) as refused:
        changed(held, 5, terms)
    assert (refused.value.floor, refused.value.group, refused.value.least) == (8, (), 9)
    with pytest.raises(BelowFloor):
        changed(held, 8, terms)
    assert changed(held, 9, terms).is_pending


@pytest.mark.parametrize(("total", "users", "is_refused"), [(1, ["ann"], False), (0, ["ann"], True), (0, [], False)])
def test_the_last_license_that_unlocks_the_system_stays_while_needed(
    total: int, users: list[str], *, is_refused: bool
) -> None:
    """Somebody holds a product that requires it (LIC-1)."""
    coach = Product(id="coach", name="Coach", kind=ProductKind.PER_USER, prerequisites=("unlocking",))
    catalog = Catalog((coach, Product(id="unlocking", name="Unlocking", kind=ProductKind.SYSTEM)))
    priced = tuple(ContractPrice(one.id, Dated.always(PerUnit(amount=usd("1.00")))) for one in catalog.products)
    held = Licenses((Holding(product="coach", owned=1, users=frozenset(users)), Holding(product="unlocking", owned=2)))
    if is_refused:
        with pytest.raises(PrerequisiteMissing, match="ann needs Unlocking for Coach: both have to be there"):
            changed(held, total, contract(prices=priced), product="unlocking", catalog=catalog)
    else:
        assert changed(held, total, contract(prices=priced), product="unlocking", catalog=catalog).is_pending


def test_others_of_a_group_count_as_they_will_be_billed() -> None:
    """A member's own floor counts for it even where fewer are owned; a product outside the group does not matter."""
    terms = contract(own("elf", (START, 9)), together(20, "powerdialer", "elf"))
    held = Licenses((dialers(13), Holding(product="elf", owned=1), Holding(product="flex_port", owned=5)))
    assert changed(held, 11, terms).is_pending
    with pytest.raises(BelowFloor, match="at least 11 must remain"):
        changed(held, 10, terms)
    assert changed(held, 0, terms, product="flex_port").is_pending


def test_a_products_own_floor_is_named_before_its_groups() -> None:
    """Where both refuse, the one that is simpler to understand is named, wherever it stands in the contract."""
    terms = contract(together(20, "powerdialer", "elf"), own("powerdialer", (START, 12)))
    with pytest.raises(BelowFloor, match="floor is 12 until"):
        changed(dialers(13), 11, terms)


# --- what is assigned


@pytest.mark.parametrize(("total", "refused"), [(6, True), (7, False), (8, False)])
@pytest.mark.parametrize("decrease", Decrease)
def test_below_what_is_assigned(total: int, refused: bool, decrease: Decrease) -> None:
    """A per-user total may go down to the number assigned; the refusal says how many to deassign."""
    if not refused:
        assert changed(dialers(10, assigned=7), total, decrease=decrease).kind is ChangeKind.DECREASE
        return
    with pytest.raises(BelowAssigned) as error:
        changed(dialers(10, assigned=7), total, decrease=decrease)
    assert (error.value.product, error.value.name, error.value.asked, error.value.assigned) == (
        "powerdialer",
        "PowerDialer",
        6,
        7,
    )
    assert (error.value.code, error.value.rule) == ("below_assigned", "LIC-6")
    assert str(error.value) == "cannot reduce PowerDialer to 6: 7 are assigned to users; deassign 1 first (LIC-6)"


def test_pooled_and_system_products_may_go_below_their_users() -> None:
    """Users admitted to a pool use up none, unless the policy says one each."""
    pool = Licenses((Holding(product="flex_port", owned=3, users=frozenset({"ann", "bob"})),))
    assert changed(pool, 0, product="flex_port").is_pending
    assert changed(pool, 2, product="flex_port", ports=ONE_EACH).is_pending
    with pytest.raises(BelowAssigned, match="2 are assigned"):
        changed(pool, 1, product="flex_port", ports=ONE_EACH)
    system = Licenses((Holding(product="recording_monitoring", owned=1),))
    assert changed(system, 0, product="recording_monitoring", ports=ONE_EACH).is_pending


# --- removal

KEPT: dict[str, Any] = {"removal": Removal.NONE_DURING_TERM}


@pytest.mark.parametrize("decrease", Decrease)
def test_a_contract_may_allow_no_removal(decrease: Decrease) -> None:
    """Every smaller total within the term is refused and points to support; more, or as many, can be had."""
    terms = contract(**KEPT)
    with pytest.raises(RemovalNotAllowed) as refused:
        changed(dialers(10), 9, terms, decrease=decrease)
    error = refused.value
    assert (error.product, error.name, error.asked, error.owned, error.until) == (
        "powerdialer",
        "PowerDialer",
        9,
        10,
        END - DAY,
    )
    assert (error.code, error.rule) == ("removal_not_allowed", "LIC-13")
    assert str(error) == (
        "cannot reduce PowerDialer to 9: the contract allows no removal of licenses until 2026-12-31, and 10 are "
        "owned; support can review the license terms (LIC-13)"
    )
    assert changed(dialers(10, pending=8), 10, terms, decrease=decrease).after == Licenses((dialers(10),))
    assert changed(dialers(10), 11, terms, decrease=decrease).kind is ChangeKind.INCREASE


def test_removal_is_refused_before_the_floor() -> None:
    """Where nothing may be removed, no floor is named that could be gone down to."""
    with pytest.raises(RemovalNotAllowed):
        changed(dialers(12, assigned=12), 5, contract(own("powerdialer", (START, 10)), **KEPT))


@pytest.mark.parametrize(
    ("cycle", "renewal", "refused"),
    [
        (NOVEMBER, None, True),
        (DECEMBER, None, False),
        (DECEMBER, 12, False),
        (DECEMBER, 1, False),
        (cycle_of(END), 12, True),
        (cycle_of(END), 1, False),
    ],
)
def test_removal_at_the_end_of_the_term(cycle: Period, renewal: int | None, refused: bool) -> None:
    """In the term's last month fewer can be asked for: the next term begins with as many, and never had more."""
    terms = contract(renewal_months=renewal, **KEPT)
    if refused:
        with pytest.raises(RemovalNotAllowed):
            changed(dialers(10), 9, terms, cycle=cycle, on=cycle.start)
    else:
        assert changed(dialers(10), 9, terms, cycle=cycle, on=cycle.start).is_pending


@pytest.mark.parametrize(
    ("start", "refused"), [(date(2026, 11, 16), True), (date(2026, 11, 30), True), (date(2026, 12, 1), False)]
)
def test_removal_under_a_new_contract(start: date, refused: bool) -> None:
    """A contract that begins within the cycle has seen the larger number; one that begins with the next has not."""
    new = contract(start=start, end=date(2028, 1, 1), **KEPT)
    if refused:
        with pytest.raises(RemovalNotAllowed, match="until 2027-12-31"):
            changed(dialers(10), 9, next_contract=new)
    else:
        assert changed(dialers(10), 9, next_contract=new).is_pending


@pytest.mark.parametrize(
    ("start", "refused"), [(date(2026, 11, 15), True), (date(2026, 11, 16), True), (date(2026, 11, 17), False)]
)
def test_removal_at_once_under_a_new_contract(start: date, refused: bool) -> None:
    """What is given up before the new contract begins was never owned in its term."""
    new = contract(start=start, end=date(2028, 1, 1), **KEPT)
    if refused:
        with pytest.raises(RemovalNotAllowed):
            changed(dialers(10), 9, next_contract=new, decrease=Decrease.CREDIT)
    else:
        assert changed(dialers(10), 9, next_contract=new, decrease=Decrease.CREDIT).credit == usd("45.00")


def test_removal_at_once_in_the_last_month_of_the_term() -> None:
    """What takes effect at once falls into the term that still runs."""
    arguments: dict[str, Any] = {"cycle": DECEMBER, "on": END - DAY, "next_contract": None}
    with pytest.raises(RemovalNotAllowed):
        changed(dialers(10), 9, contract(**KEPT), decrease=Decrease.CREDIT, **arguments)
    assert changed(dialers(10), 9, contract(**KEPT), **arguments).is_pending


# --- the next cycle


@pytest.mark.parametrize(
    ("floor", "owned"), [(None, 8), (0, 8), (7, 8), (8, 8), (9, 9), (11, 11), (12, 12), (13, 12), (20, 12)]
)
def test_what_is_pending_is_taken_as_the_cycle_begins(floor: int | None, owned: int) -> None:
    """Eight of twelve; where the floor was lifted above it meanwhile, the smaller of floor and owned."""
    terms = None if floor is None else contract(own("powerdialer", (START, floor)))
    after = take_pending(Licenses((dialers(12, 3, pending=8),)), contract=terms, on=DECEMBER.start)
    assert after.holding("powerdialer") == dialers(owned, 3)


@pytest.mark.parametrize(("on", "owned"), [(date(2026, 11, 30), 8), (DECEMBER.start, 10), (END - DAY, 10), (END, 8)])
def test_the_floor_of_the_cycles_first_day_counts(on: date, owned: int) -> None:
    """A step that is still to come, or a contract that has ended, holds nothing back."""
    terms = contract(own("powerdialer", (DECEMBER.start, 10)))
    assert (
        take_pending(Licenses((dialers(12, pending=8),)), contract=terms, on=on).holding("powerdialer").owned == owned
    )


def test_only_what_is_pending_changes_with_the_cycle() -> None:
    """Other products stay; a group's floor holds no single product back; a total of none is possible."""
    held = Licenses(
        (dialers(12, pending=8), Holding(product="elf", owned=3), Holding(product="flex_port", owned=2, pending=0))
    )
    after = take_pending(held, contract=contract(together(20, "powerdialer", "elf")), on=DECEMBER.start)
    assert after == Licenses((dialers(8), Holding(product="elf", owned=3)))
    assert take_pending(after, contract=None, on=END) == after


def test_the_arithmetic_of_the_next_cycle_serves_columns() -> None:
    """The greater and the smaller of two may be those of columns."""
    assert total_taken(8, 12, 10) == 10
    assert total_taken(8, 12, 10, maximum=lambda one, other: one + other, minimum=lambda one, _: one) == 18


# --- amounts and words


@pytest.mark.parametrize(
    ("lower", "higher", "due"),
    [("0.00", "0.01", "0.01"), ("10.00", "10.00", "0.00"), ("10.00", "9.99", "0.00"), ("0.00", "0.00", "0.00")],
)
def test_the_prorated_rise(lower: str, higher: str, due: str) -> None:
    """Half a month's share of the difference, half a cent rounded up; of a fall, nothing."""
    assert prorated_rise(usd(lower), usd(higher), proration(NOVEMBER, MIDDLE)) == usd(due)


def test_the_prorated_rise_refuses_what_it_cannot_compare() -> None:
    """Two currencies do not mix, and amounts are no numbers."""
    share = proration(NOVEMBER, MIDDLE)
    with pytest.raises(CurrencyMismatch):
        prorated_rise(usd("1.00"), Money.parse("2.00", "EUR"), share)
    for lower, higher, given in ((1, usd("2.00"), share), (usd("1.00"), 2, share), (usd("1.00"), usd("2.00"), None)):
        with pytest.raises(InvalidValue):
            prorated_rise(lower, higher, given)  # type: ignore[arg-type]


def test_an_increase_in_words() -> None:
    """The charge, both schedules, the share and who authorized it."""
    explanation = changed(dialers(10), 12).explanation()
    assert explanation.as_text().splitlines()[:8] == [
        "charge for PowerDialer set to 12: 90.00 USD [LIC-8, CYC-4, MON-1]",
        "  Each month 900.00 USD before and 1080.00 USD after it; from 2026-11-16 to 2026-11-30, by actual days, "
        "the share left is 15/30.",
        "  = round(max(1080.00 - 900.00, 0) * 15 / 30, 2)",
        "  owned: 10 licenses",
        "  asked for: 12 licenses",
        "  authorized by: Ada Lovelace",
        "  licenses each month, before: 900.00 USD [LIC-10, MON-1]",
        "    The sum of 1 line, by the terms of 2026-11-01.",
    ]
    assert mistakes(explanation) == []


def test_decreases_in_words() -> None:
    """A credit has its working; what is pending says from when it holds."""
    credited = changed(dialers(10), 8, decrease=Decrease.CREDIT).explanation()
    assert (credited.figure, credited.value) == ("credit for PowerDialer set to 8", "90.00")
    assert credited.working == "round(max(900.00 - 720.00, 0) * 15 / 30, 2)"
    assert mistakes(credited) == []
    assert changed(dialers(10, pending=9), 8).explanation().as_text() == (
        "PowerDialer set to 8: takes effect on 2026-12-01 [LIC-8]\n"
        "  As many are owned from 2026-12-01 on, without credit.\n"
        "  owned: 10 licenses\n"
        "  asked for: 8 licenses\n"
        "  authorized by: Ada Lovelace"
    )


def test_no_change_in_words() -> None:
    """As many as are owned: nothing to charge, and what was pending is off."""
    same, off = changed(dialers(10), 10).explanation(), changed(dialers(10, pending=8), 10).explanation()
    assert (same.value, same.because) == ("nothing to charge", "As many are owned already.")
    assert off.because == "As many are owned already, and the decrease to 8 that was pending is off."


def test_the_terms_of_a_charge_are_those_of_the_lines_that_changed() -> None:
    """Lines that came, changed or went name their terms, each once; the others do not."""
    held = Licenses((dialers(7), Holding(product="elf", owned=4)))
    change = changed(held, 8, contract(together(12, "powerdialer", "elf")))
    assert [line.name for line in change.schedule_after.lines] == ["PowerDialer", "ELF"]
    assert [term.name for term in change.terms] == [
        "price of PowerDialer",
        "shortfall price of PowerDialer, ELF",
        "floor of PowerDialer, ELF",
    ]


# --- currency, arguments


def test_the_currency_of_a_change() -> None:
    """As stated, else the contract's, else that of the product's price; there must be one."""
    yen = PerUnit(amount=Money.parse("500", "JPY"))
    catalog = Catalog((Product(id="elf", name="ELF", kind=ProductKind.PER_USER, list_price=Dated.always(yen)),))
    arguments: dict[str, Any] = {"catalog": catalog, "product": "elf", "next_contract": None}
    empty = Licenses.empty()
    bought = set_total(
        empty,
        "elf",
        1,
        catalog=catalog,
        contract=None,
        next_contract=None,
        cycle=NOVEMBER,
        on=MIDDLE,
        authorization=ADA,
    )
    assert bought.charge == Money.parse("250", "JPY")
    assert bought.schedule_before.total == Money.zero("JPY")
    with pytest.raises(CurrencyMismatch):
        changed(empty, 1, contract(prices=()), **arguments)
    with pytest.raises(CurrencyMismatch):
        changed(empty, 1, contract(prices=(), currency="JPY"), currency="USD", **arguments)
    with pytest.raises(NoPrice):
        set_total(
            empty,
            "elf",
            0,
            catalog=STANDARD_CATALOG,
            contract=None,
            next_contract=None,
            cycle=NOVEMBER,
            on=MIDDLE,
            authorization=ADA,
        )


@pytest.mark.parametrize("on", [NOVEMBER.start - DAY, NOVEMBER.end])
def test_the_day_belongs_to_the_cycle(on: date) -> None:
    """The day before the cycle and its end are refused."""
    with pytest.raises(InvalidPeriod):
        changed(dialers(10), 12, on=on)


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": -1},
        {"total": True},
        {"total": "12"},
        {"licenses": None},
        {"catalog": None},
        {"contract": "A"},
        {"next_contract": "A"},
        {"cycle": None},
        {"on": None},
        {"terms_on": "2026-11-01"},
        {"authorization": None},
        {"authorization": Person("Ada", "Lovelace")},
        {"decrease": "at once"},
        {"convention": "actual days"},
        {"zero": None},
    ],
)
@pytest.mark.parametrize("total", [8, 10, 12])
def test_wrong_arguments_are_refused(wrong: dict[str, Any], total: int) -> None:
    """A value of another type is named, whether the total is smaller, the same or greater."""
    arguments: dict[str, Any] = {
        "licenses": Licenses((dialers(10),)),
        "product": "powerdialer",
        "total": total,
        "catalog": STANDARD_CATALOG,
        "contract": contract(),
        "next_contract": contract(),
        "cycle": NOVEMBER,
        "on": MIDDLE,
        "authorization": ADA,
    }
    with pytest.raises(InvalidValue, match="must be"):
        set_total(**{**arguments, **wrong})


def test_other_wrong_arguments_are_refused() -> None:
    """An unknown product, and what is not a contract or a day as a cycle begins."""
    with pytest.raises(UnknownProduct):
        changed(dialers(10), 12, product="gone")
    with pytest.raises(InvalidValue, match="ports"):
        changed(dialers(10), 8, ports="one each")
    held = Licenses((dialers(10, pending=8),))
    for arguments in ((None, None, END), (held, "A", END), (held, contract(), None), (held, None, None)):
        with pytest.raises(InvalidValue, match="must be"):
            take_pending(arguments[0], contract=arguments[1], on=arguments[2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        BelowFloor("elf", "ELF", 8, 10, END, END, 10),
        BelowFloor("elf", "ELF", 8, 20, END, END, 9, ("ELF", "PowerDialer")),
        BelowAssigned("elf", "ELF", 6, 7),
        RemovalNotAllowed("elf", "ELF", 9, 10, END),
    ],
)
def test_refusals_survive_pickling(error: Any) -> None:
    """A refusal crosses the boundary between worker processes with all that it carries."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))


def test_a_change_survives_pickling() -> None:
    """A change with its schedules goes from one worker process to another, and can be hashed."""
    change = changed(dialers(10, assigned=3), 12, contract(own("powerdialer", (START, 11))))
    assert pickle.loads(pickle.dumps(change)) == change  # noqa: S301 - ours
    assert len({change, changed(dialers(10, assigned=3), 12, contract(own("powerdialer", (START, 11))))}) == 1


def test_users_who_are_held_are_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 100,000 users a change costs what copying their set costs: nobody's id is looked at twice."""
    held = Licenses((dialers(30, assigned=20, pending=25),))

    def refuse(*_: object) -> str:
        raise AssertionError

    monkeypatch.setattr("licensebill.holdings.cardless_text", refuse)
    held = licenses.assign(held, "ann", "powerdialer", catalog=STANDARD_CATALOG)
    held = licenses.deassign(held, "user-1", "powerdialer", catalog=STANDARD_CATALOG)
    held = licenses.save_table(held, {"ann": [], "bob": ["powerdialer"]}, catalog=STANDARD_CATALOG)
    held = licenses.remove_user(held, "user-2")
    held = take_pending(changed(held, 24).after, contract=None, on=DECEMBER.start)
    assert (held.holding("powerdialer").owned, len(held.holding("powerdialer").users)) == (24, 19)


def test_what_callers_find_here() -> None:
    """The module is the namespace of all that concerns licenses."""
    names = [
        *("Availability", "Holding", "Licenses", "assigned_users", "availability", "totals"),
        *("assign", "deassign", "remove_user", "save_table", "NotAssignable", "NotEnoughLicenses"),
        *("PrerequisiteMissing", "permission", "Permission", "schedule", "Schedule", "Line", "price_in_force"),
        *("floors_in_force", "NoPrice", "Decrease", "Removal", "PoolAssignment"),
    ]
    assert [name for name in names if not hasattr(licenses, name)] == []
