"""The rules of licenses, as laws over catalogs, contracts and holdings of every kind."""

import functools
import math
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Self, TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill import Money, strategies
from licensebill.cycles import Convention, Period, cycle_of, proration
from licensebill.errors import RuleViolation
from licensebill.holdings import Holding, Licenses
from licensebill.licenses import (
    BelowAssigned,
    BelowFloor,
    ChangeKind,
    NoPrice,
    NotEnoughLicenses,
    PrerequisiteMissing,
    RemovalNotAllowed,
    Schedule,
    TotalChange,
    assign,
    assigned_users,
    availability,
    deassign,
    permission,
    price_in_force,
    remove_user,
    save_table,
    schedule,
    set_total,
    take_pending,
    totals,
)
from licensebill.people import Action, Authorization, Person, Role, User
from licensebill.pricing import PerUnit, Price
from licensebill.services import Services
from licensebill.terms import (
    STANDARD_CATALOG,
    Catalog,
    Contract,
    Dated,
    Decrease,
    Floor,
    PoolAssignment,
    PortTerms,
    Product,
    ProductKind,
    Removal,
)
from tests.working import mistakes

_T = TypeVar("_T")

ADA = Authorization(Person("Ada", "Lovelace"), accepted=True)
ASSIGNED = (ProductKind.PER_USER, ProductKind.POOLED)


#: Three per-user products of the guide and the pooled one.
FOUR = Catalog((*STANDARD_CATALOG.products[:3], STANDARD_CATALOG.product("flex_port")))
#: Monitoring needs dialing and the system's unlocking; coaching, which stands first, needs monitoring.
REQUIRING = Catalog(
    (
        Product(id="coaching", name="Coaching", kind=ProductKind.PER_USER, prerequisites=("monitoring",)),
        Product(id="dialing", name="Dialing", kind=ProductKind.PER_USER),
        Product(id="monitoring", name="Monitoring", kind=ProductKind.PER_USER, prerequisites=("dialing", "unlocking")),
        Product(id="unlocking", name="Unlocking", kind=ProductKind.SYSTEM),
    )
)


@attrs.frozen(kw_only=True)
class Case:
    """What is held, and a product of the catalog."""

    catalog: Catalog
    licenses: Licenses
    product: Product

    @property
    def holding(self) -> Holding:
        """What is held of the product."""
        return self.licenses.holding(self.product.id)

    def with_holding(self, holding: Holding) -> Self:
        """The same with another holding of the product."""
        return attrs.evolve(self, licenses=self.licenses.replaced(holding))


@attrs.frozen(kw_only=True)
class Situation(Case):
    """What is held under a contract on a day of a cycle."""

    contract: Contract
    cycle: Period
    on: date

    @property
    def next_contract(self) -> Contract | None:
        """The contract, if it is still in force on the next cycle's first day."""
        return in_force(self.contract, self.cycle.end)

    def change(self, total: int, **policy: Any) -> TotalChange:
        """A total of the product set."""
        given = {"contract": self.contract, "next_contract": self.next_contract, "currency": "USD", **policy}
        return set_total(
            self.licenses,
            self.product.id,
            total,
            catalog=self.catalog,
            cycle=self.cycle,
            on=self.on,
            authorization=ADA,
            **given,
        )

    def schedule(self, licenses: Licenses | None = None) -> Schedule:
        """What is billed each month, by the terms of this cycle."""
        held = self.licenses if licenses is None else licenses
        return schedule(held, contract=self.contract, catalog=self.catalog, on=self.cycle.start)


@st.composite
def cases(draw: st.DrawFn, *kinds: ProductKind) -> Case:
    """Licenses of the standard catalog, of one with prerequisites, or of any; the product is of one of the kinds."""
    catalog = draw(st.sampled_from([STANDARD_CATALOG, REQUIRING]) | strategies.catalogs(most=3))
    fitting = [one for one in catalog.products if one.kind in kinds or not kinds] or catalog.products
    return Case(
        catalog=catalog, licenses=draw(strategies.licenses(catalog)), product=draw(st.sampled_from(list(fitting)))
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A contract in force on the cycle's first day, and often on the next cycle's, too; the product is owned."""
    on = draw(strategies.days(date(2025, 1, 1), date(2029, 12, 31)))
    cycle = cycle_of(on)
    product = draw(st.sampled_from(FOUR.products[:3]))
    licenses = draw(strategies.licenses(FOUR))
    if not licenses.holding(product.id).owned:
        licenses = licenses.replaced(Holding(product=product.id, owned=draw(st.integers(1, 12))))
    contract = draw(strategies.contracts(FOUR, on=cycle.start))
    return Situation(catalog=FOUR, licenses=licenses, product=product, contract=contract, cycle=cycle, on=on)


@st.composite
def decreases(draw: st.DrawFn) -> tuple[Situation, int]:
    """A situation, and a smaller total of its product."""
    case = draw(situations())
    return case, draw(st.integers(0, case.holding.owned - 1))


def outcome(call: Callable[[], _T]) -> _T | RuleViolation:
    """What a call gives, a refusal included."""
    try:
        return call()
    except RuleViolation as refused:
        return refused


def in_force(contract: Contract, on: date) -> Contract | None:
    """The contract, if it is in force on a day."""
    return contract if contract.term(on) is not None else None


def floor_on(floor: Floor, on: date) -> int:
    """A floor's number on a day, by looking at every step."""
    return max([(step.since, step.value) for step in floor.minimum.steps if step.since <= on], default=(on, 0))[1]


def floors_on(contract: Contract, on: date) -> dict[tuple[str, ...], int]:
    """The floors that hold on a day, by products; a contract that is not in force has none."""
    if in_force(contract, on) is None:
        return {}
    return {floor.products: floor_on(floor, on) for floor in contract.floors}


def half_up(amount: Fraction, decimals: int = 2) -> Fraction:
    """An amount rounded half up, for amounts from zero."""
    return Fraction(math.floor(amount * 10**decimals + Fraction(1, 2)), 10**decimals)


def exactly(amount: Money) -> Fraction:
    """An amount in major units."""
    return Fraction(amount.micros, 10**6)


class TestLic3:
    """Licenses are freely assigned and taken back; a per-user one needs one available, which the panel shows."""

    @given(cases(*ASSIGNED), st.sampled_from(strategies.USER_IDS), st.sampled_from(PoolAssignment))
    def test_one_more_user_needs_one_available(self, case: Case, user: str, policy: PoolAssignment) -> None:
        """An assignment is refused exactly if it is new, uses one up, and none is left; or lacks a prerequisite."""
        terms, product = PortTerms(assignment=policy), case.product
        if product.kind not in ASSIGNED:
            return
        required = [case.catalog.product(other) for other in product.prerequisites]
        lacking = [other.name for other in required if not case.licenses.has(user, other)]
        left = case.holding.lasting - len(case.holding.users)
        uses_up = product.kind is ProductKind.PER_USER or policy is PoolAssignment.USES_ONE
        short = [1 - left] if uses_up and user not in case.holding.users and left < 1 else []
        found = outcome(lambda: assign(case.licenses, user, product.id, catalog=case.catalog, terms=terms))
        if isinstance(found, Licenses):
            assert not short
            assert not lacking
            assert found == case.with_holding(case.holding.with_users(case.holding.users | {user})).licenses
        else:
            assert isinstance(found, NotEnoughLicenses if short else PrerequisiteMissing)
            assert [one.short for one in getattr(found, "shortages", ())] == short
            assert [one.requires for one in found.unmet] == lacking

    @given(cases(*ASSIGNED), st.sampled_from(strategies.USER_IDS))
    def test_taking_back_undoes_assigning(self, case: Case, user: str) -> None:
        """Who gets a license and gives it back leaves everything as it was."""
        if case.product.kind in ASSIGNED and user not in case.holding.users:
            after = outcome(lambda: assign(case.licenses, user, case.product.id, catalog=case.catalog))
            if isinstance(after, Licenses):
                assert deassign(after, user, case.product.id, catalog=case.catalog) == case.licenses

    @given(cases(*ASSIGNED), st.sampled_from(strategies.USER_IDS))
    def test_taking_back_is_refused_only_to_keep_a_prerequisite(self, case: Case, user: str) -> None:
        """Refused exactly if the user has another product that requires this one; otherwise it is gone."""
        requiring = [one.id for one in case.catalog.products if case.product.id in one.prerequisites]
        if case.product.kind in ASSIGNED:
            found = outcome(lambda: deassign(case.licenses, user, case.product.id, catalog=case.catalog))
            if set(requiring) & set(case.licenses.products_of(user)):
                assert isinstance(found, PrerequisiteMissing)
            else:
                assert found == case.with_holding(case.holding.with_users(case.holding.users - {user})).licenses

    @given(cases())
    def test_the_panel_adds_up(self, case: Case) -> None:
        """Of every product: what is left and what is used up are what lasts; each figure can be recomputed."""
        rows = totals(case.licenses, catalog=case.catalog)
        assert [row.product for row in rows] == [product.id for product in case.catalog.products]
        for row in rows:
            holding = case.licenses.holding(row.product)
            assert row == availability(case.licenses, row.product, catalog=case.catalog)
            is_per_user = case.catalog.product(row.product).kind is ProductKind.PER_USER
            assert row.used == (len(holding.users) if is_per_user else 0)
            assert row.available + row.used == holding.lasting
            assert (row.owned, row.assigned, row.pending) == (holding.owned, len(holding.users), holding.pending)
            assert mistakes(row.explanation()) == []

    @given(cases())
    def test_assigned_users_are_those_with_a_per_user_license(self, case: Case) -> None:
        """Each user is looked at by each product."""
        per_user = {product.id for product in case.catalog.products if product.kind is ProductKind.PER_USER}
        assert assigned_users(case.licenses, case.catalog) == {
            user for user in strategies.USER_IDS if per_user.intersection(case.licenses.products_of(user))
        }


@st.composite
def tables(draw: st.DrawFn) -> tuple[Case, dict[str, list[str]]]:
    """What is held, and marks of some users, as a person sets them: without a thought for what is there."""
    case = draw(cases(*ASSIGNED))
    products = [product.id for product in case.catalog.products if product.kind in ASSIGNED]
    marks = st.lists(st.sampled_from(products), unique=True) if products else st.just([])
    return case, draw(st.dictionaries(st.sampled_from([*strategies.USER_IDS, "zoe"]), marks))


def saved(case: Case, table: dict[str, list[str]]) -> Licenses | RuleViolation:
    """The table saved, or refused."""
    return outcome(lambda: save_table(case.licenses, table, catalog=case.catalog))


class TestLic4:
    """The table of check marks is saved as a whole or not at all; a refusal names every product short."""

    @given(tables())
    def test_saved_is_what_the_table_states(self, given: tuple[Case, dict[str, list[str]]]) -> None:
        """Users in the table have exactly their marks, the others what they had; totals and what is pending stay."""
        case, table = given
        after = saved(case, table)
        if isinstance(after, Licenses):
            for user in {*strategies.USER_IDS, *table}:
                expected = sorted(table[user]) if user in table else list(case.licenses.products_of(user))
                assert list(after.products_of(user)) == expected
            for product in case.catalog.products:
                before, now = case.licenses.holding(product.id), after.holding(product.id)
                assert (now.owned, now.pending) == (before.owned, before.pending)

    @given(tables())
    def test_refused_is_what_is_short_or_lacks_a_prerequisite(self, given: tuple[Case, dict[str, list[str]]]) -> None:
        """Counted by hand: the marks of each product against what lasts, and each mark's prerequisites."""
        case, table = given
        short, unmet = [], []
        for product in case.catalog.products:
            holding = case.licenses.holding(product.id)
            wanted = [user for user, marks in table.items() if product.id in marks]
            wanted += [user for user in holding.users if user not in table]
            if product.kind is ProductKind.PER_USER and len(wanted) > holding.lasting:
                short.append((product.id, len(wanted) - holding.lasting))
        for user, marks in table.items():
            for product in case.catalog.products:
                required = map(case.catalog.product, product.prerequisites if product.id in marks else ())
                unmet += [
                    (user, product.name, other.name)
                    for other in required
                    if not (other.id in marks if other.kind in ASSIGNED else case.licenses.holding(other.id).owned)
                ]
        found = saved(case, table)
        assert isinstance(found, Licenses) is (not short and not unmet)
        assert [(one.product, one.short) for one in getattr(found, "shortages", ())] == short
        assert [attrs.astuple(one) for one in getattr(found, "unmet", ())] == unmet

    @given(tables())
    def test_a_table_can_be_saved_again_and_in_any_order(self, given: tuple[Case, dict[str, list[str]]]) -> None:
        """The order of users and marks makes no difference, and what is saved can be saved once more."""
        case, table = given
        turned = {user: table[user][::-1] for user in reversed(list(table))}
        after, other = saved(case, table), saved(case, turned)
        assert type(after) is type(other)
        if isinstance(after, Licenses):
            assert other == after
            assert save_table(after, table, catalog=case.catalog) == after

    @given(cases())
    def test_the_table_as_it_stands_changes_nothing(self, case: Case) -> None:
        """To save what is there is always possible."""
        table = {user: case.licenses.products_of(user) for user in strategies.USER_IDS}
        assert save_table(case.licenses, table, catalog=case.catalog) == case.licenses


class TestLic7:
    """The price is the contract's while it runs, else the list price; none at all is an error."""

    @given(strategies.catalogs(), st.data(), strategies.days(date(2023, 1, 1), date(2031, 12, 31)))
    def test_the_contract_goes_before_the_list(self, catalog: Catalog, data: st.DataObject, on: date) -> None:
        """On any day: what the contract names if its term lies on it, else the step of the list price, else nothing."""
        contract = data.draw(strategies.contracts(catalog, on=date(2027, 2, 28)))
        product = data.draw(st.sampled_from(list(catalog.products)))
        agreed = next(one.price for one in contract.prices if one.product == product.id)
        dated = agreed if contract.term(on) else product.list_price
        steps = [step.value for step in dated.steps if step.since <= on] if dated else []
        found = outcome(lambda: price_in_force(product.id, contract=contract, catalog=catalog, on=on))
        if isinstance(found, RuleViolation):
            assert isinstance(found, NoPrice)
            assert not steps
        else:
            assert found.price == steps[-1]
            assert found.applied.since <= on


def _unrounded(schedule: Schedule) -> Fraction:
    """What the lines cost before they are rounded, in major units."""
    return sum(
        (Fraction(line.unrounded.numerator, line.unrounded.denominator * 10**6) for line in schedule.lines), Fraction(0)
    )


class TestLic8:
    """An increase is charged the share of the rise; a decrease waits; the last total set counts."""

    @given(situations(), st.integers(1, 20), st.sampled_from(Convention))
    def test_the_charge_is_the_share_of_the_rise(self, case: Situation, more: int, convention: Convention) -> None:
        """Both schedules at this cycle's terms, their difference by the share, half up, never below zero."""
        after = case.with_holding(case.holding.with_total(case.holding.owned + more))
        found = case.change(case.holding.owned + more, convention=convention)
        rise = _unrounded(after.schedule()) - _unrounded(case.schedule())
        share = proration(case.cycle, case.on, convention)
        assert exactly(found.charge) == half_up(max(rise, Fraction(0)) * Fraction(share.numerator, share.denominator))
        assert not found.credit
        assert found.after == after.licenses
        assert mistakes(found.explanation()) == []

    @given(decreases())
    def test_a_decrease_waits_and_gives_nothing_back(self, given: tuple[Situation, int]) -> None:
        """What is accepted is pending, costs nothing, and is what is owned as the next cycle begins."""
        case, total = given
        found = outcome(lambda: case.change(total))
        if isinstance(found, TotalChange):
            waiting = case.with_holding(case.holding.with_total(case.holding.owned, pending=total))
            assert found.after == waiting.licenses
            assert not found.charge
            assert not found.credit
            assert found.effective == case.cycle.end
            taken = take_pending(found.after, contract=case.next_contract, on=case.cycle.end)
            assert taken.holding(case.product.id).owned == total

    @given(decreases())
    def test_at_once_by_policy_with_the_share_of_the_fall(self, given: tuple[Situation, int]) -> None:
        """The total is owned at once, and the share of what the schedule costs less is given back."""
        case, total = given
        found = outcome(lambda: case.change(total, decrease=Decrease.CREDIT))
        if isinstance(found, TotalChange):
            after = case.with_holding(case.holding.with_total(total))
            fall = _unrounded(case.schedule()) - _unrounded(after.schedule())
            share = Fraction(found.share.numerator, found.share.denominator)
            assert found.after == after.licenses
            assert exactly(found.credit) == half_up(max(fall, Fraction(0)) * share)
            assert not found.charge
            assert mistakes(found.explanation()) == []

    @given(situations(), st.lists(st.integers(0, 20), min_size=1, max_size=6))
    def test_the_last_total_set_counts(self, case: Situation, asked: list[int]) -> None:
        """Whatever was accepted in between: owned is the most ever set, and only the last total can be pending."""
        current, owned, pending = case, case.holding.owned, case.holding.pending
        for total in asked:
            found = outcome(functools.partial(current.change, total))
            if isinstance(found, TotalChange):
                current = attrs.evolve(current, licenses=found.after)
                owned, pending = max(owned, total), total if total < owned else None
        assert current.licenses == case.with_holding(case.holding.with_total(owned, pending=pending)).licenses

    @given(situations())
    def test_to_set_what_is_owned_ends_what_is_pending(self, case: Situation) -> None:
        """It is never refused and never costs anything."""
        found = case.change(case.holding.owned)
        assert found.kind is ChangeKind.UNCHANGED
        assert found.after == case.with_holding(case.holding.with_total(case.holding.owned)).licenses
        assert not found.charge
        assert not found.credit

    @given(situations(), strategies.days(date(2025, 1, 1), date(2030, 12, 31)))
    def test_as_a_cycle_begins_nothing_is_lost_or_invented(self, case: Situation, on: date) -> None:
        """Taken is the pending total, or the floor above it as far as owned; users keep theirs; twice is once."""
        taken = take_pending(case.licenses, contract=case.contract, on=on)
        floors = floors_on(case.contract, on)
        for holding in case.licenses.holdings:
            between = sorted([holding.lasting, floors.get((holding.product,), 0), holding.owned])
            assert taken.holding(holding.product) == holding.with_total(between[1])
        assert take_pending(taken, contract=case.contract, on=on) == taken


class TestLic2:
    """While a floor runs, the number billed never goes below it, and no total may be set below the next cycle's."""

    @given(decreases())
    def test_a_smaller_total_is_refused_exactly_below_a_floor(self, given: tuple[Situation, int]) -> None:
        """Counted by hand: the product's own floor, and each group's with what the others will be billed for."""
        case, total = given
        case = attrs.evolve(case, contract=attrs.evolve(case.contract, removal=Removal.DOWN_TO_FLOOR))
        case = case.with_holding(case.holding.with_users(frozenset()))
        floors = floors_on(case.contract, case.cycle.end)
        left = case.with_holding(case.holding.with_total(total)).licenses
        billed = {one.id: max(left.holding(one.id).lasting, floors.get((one.id,), 0)) for one in case.catalog.products}
        billed[case.product.id] = total
        broken = {
            floor
            for products, floor in floors.items()
            if case.product.id in products and sum(billed[product] for product in products) < floor
        }
        found = outcome(lambda: case.change(total))
        assert isinstance(found, BelowFloor) is bool(broken)
        if isinstance(found, BelowFloor):
            assert found.floor in broken
            assert total < found.least <= case.holding.owned
            assert case.cycle.end <= found.until <= found.ends

    @given(situations())
    def test_the_number_billed_never_goes_below_a_floor(self, case: Situation) -> None:
        """Whatever is owned: of a product, and of a group with its shortfall."""
        lines = case.schedule().lines
        for products, floor in floors_on(case.contract, case.cycle.start).items():
            own = [line.quantity for line in lines if not line.is_shortfall and line.products[0] in products]
            short = [line.quantity for line in lines if line.is_shortfall and line.products == products]
            assert sum(own) + sum(short) >= floor


class TestLic6:
    """A per-user total cannot go below the number assigned, neither when it is asked for nor as it takes effect."""

    @given(decreases())
    def test_nobody_loses_a_license(self, given: tuple[Situation, int]) -> None:
        """Refused below the number assigned, and users never are more than what is owned in the next cycle."""
        case, total = given
        free = attrs.evolve(case.contract, floors=(), removal=Removal.DOWN_TO_FLOOR)
        found = outcome(lambda: attrs.evolve(case, contract=free).change(total))
        assert isinstance(found, BelowAssigned) is (total < len(case.holding.users))
        if isinstance(found, TotalChange):
            taken = take_pending(found.after, contract=None, on=case.cycle.end).holding(case.product.id)
            assert len(taken.users) <= taken.owned


class TestLic9:
    """An action needs a license that grants it and a role that permits it; grants add up; reasons are distinct."""

    @given(cases(), st.sampled_from(strategies.USER_IDS), st.sampled_from(Action), st.sets(st.sampled_from(Action)))
    def test_licenses_and_role_together(self, case: Case, user: str, action: Action, permitted: set[Action]) -> None:
        """Decided by looking at every grant of every product."""
        role = Role("some role", tuple(one for one in Action if one in permitted))
        found = permission(User(id=user, role=role), action, case.licenses, catalog=case.catalog)
        granted = any(
            grant.action is action
            and case.licenses.has(user, product)
            and all(case.licenses.has(user, case.catalog.product(other)) for other in grant.together_with)
            for product in case.catalog.products
            for grant in product.grants
        )
        needs_license = list(Action).index(action) < list(Action).index(Action.BUY_MINUTES)
        codes = {reason.code for reason in found.reasons}
        assert found.allowed is ((granted or not needs_license) and action in permitted)
        assert ("role_does_not_permit" in codes) is (action not in permitted)
        assert bool({"no_license_assigned", "not_together"} & codes) is (needs_license and not granted)
        assert (" may not " in found.text) is not found.allowed

    @given(cases(), st.sampled_from(strategies.USER_IDS), st.sampled_from(Action))
    def test_one_more_license_takes_nothing_away(self, case: Case, user: str, action: Action) -> None:
        """Who gains a license may do all that was possible before."""
        more = case.holding.with_total(case.holding.owned + 1).with_users(case.holding.users | {user})
        asking = User(id=user, role=Role("anybody", tuple(Action)))
        before = permission(asking, action, case.licenses, catalog=case.catalog)
        after = permission(asking, action, case.with_holding(more).licenses, catalog=case.catalog)
        assert after.allowed or not before.allowed


class TestLic10:
    """The schedule: per product the greater of owned and floor at its price, per group what it falls short."""

    @given(situations())
    def test_every_line_counted_by_hand(self, case: Situation) -> None:
        """Quantities from owned and floors, amounts from the exact cost rounded half up, and nothing else."""
        on, floors = case.cycle.start, floors_on(case.contract, case.cycle.start)
        expected: list[tuple[tuple[str, ...], int, Fraction]] = []
        billed = {}
        for product in case.catalog.products:
            agreed = next(one.price for one in case.contract.prices if one.product == product.id)
            price = [step.value for step in agreed.steps if step.since <= on][-1]
            quantity = max(case.licenses.holding(product.id).owned, floors.get((product.id,), 0))
            billed[product.id] = quantity
            cost = price.cost(quantity)
            if quantity:
                expected.append(((product.id,), quantity, half_up(Fraction(cost.numerator, cost.denominator * 10**6))))
        for floor in case.contract.floors:
            short = floors[floor.products] - sum(billed[product] for product in floor.products)
            if floor.shortfall_price is not None and short > 0:
                expected.append((floor.products, short, half_up(short * exactly(floor.shortfall_price))))
        found = case.schedule()
        assert [(line.products, line.quantity, exactly(line.amount)) for line in found.lines] == expected
        assert exactly(found.total) == sum(amount for _, _, amount in expected)
        assert mistakes(found.explanation()) == []

    @given(situations(), st.sampled_from(strategies.USER_IDS))
    def test_who_leaves_lowers_nothing_billed(self, case: Situation, user: str) -> None:
        """Assignments are free to change; the schedule does not look at them, nor at what is pending."""
        bare = Licenses(tuple(Holding(product=one.product, owned=one.owned) for one in case.licenses.holdings))
        gone = remove_user(case.licenses, user)
        assert gone.products_of(user) == ()
        assert case.schedule() == case.schedule(gone) == case.schedule(bare)


class TestLic11:
    """Floors step; contracts renew; after the end there is no floor, and the owned alone is billed."""

    @given(situations(), st.integers(0, 1_000))
    def test_after_the_end_the_owned_is_billed(self, case: Situation, later: int) -> None:
        """From the contract's end on, unless it renews, every line is what is owned, at the list price."""
        listed: Dated[Price] = Dated.always(PerUnit(amount=Money.parse("7.00", "USD")))
        catalog = Catalog(tuple(attrs.evolve(product, list_price=listed) for product in case.catalog.products))
        ending = attrs.evolve(case.contract, renewal_months=None)
        found = schedule(case.licenses, contract=ending, catalog=catalog, on=ending.end + timedelta(later))
        owned = {product: number for product, number in case.licenses.owned().items() if number}
        assert {line.products[0]: (line.quantity, line.floor) for line in found.lines} == {
            product: (number, 0) for product, number in owned.items()
        }
        assert found.total == sum(owned.values()) * Money.parse("7.00", "USD")

    @given(situations(), st.sampled_from([1, 12, 36]), st.integers(0, 1_000))
    def test_a_renewed_contract_goes_on(self, case: Situation, renewal: int, later: int) -> None:
        """On any day after its end a renewed contract bills what one with a later end would."""
        renewing = attrs.evolve(case.contract, renewal_months=renewal)
        on = renewing.end + timedelta(later)
        longer = attrs.evolve(case.contract, end=on + timedelta(1))
        schedules = [
            schedule(case.licenses, contract=contract, catalog=case.catalog, on=on) for contract in (renewing, longer)
        ]
        assert schedules[0] == schedules[1]


class TestLic13:
    """Where a contract allows no removal, no total goes below what was owned in the term."""

    @given(decreases())
    def test_removal_is_refused_within_the_term(self, given: tuple[Situation, int]) -> None:
        """Refused if the next cycle begins in the term that this one ends in; at once, always."""
        case, total = given
        contract = attrs.evolve(case.contract, removal=Removal.NONE_DURING_TERM, floors=())
        case = attrs.evolve(case, contract=contract).with_holding(case.holding.with_users(frozenset()))
        term = contract.term(case.cycle.end)
        found = outcome(lambda: case.change(total))
        assert isinstance(found, RemovalNotAllowed) is (term is not None and term == contract.term(case.cycle.last_day))
        with pytest.raises(RemovalNotAllowed):
            case.change(total, decrease=Decrease.CREDIT)


class TestSvc:
    """What a service costs is charged once, payable, and explained."""

    @given(strategies.services())
    def test_amounts_are_payable_and_explained(self, services: Services) -> None:
        """Every amount is the price rounded half up, and its working gives it."""
        chosen = () if services.implementation is None else (services.implementation,)
        for service in (*chosen, *services.orders):
            assert exactly(service.amount) == half_up(exactly(service.price))
            assert mistakes(service.explanation()) == []
