"""Licenses: how many are owned, and what a change of it costs; and the namespace of all that concerns them.

Here are the totals (LIC-5, LIC-6, LIC-8, LIC-13). `set_total` is the purchase dialogue, more or fewer, on a day within
a cycle; `take_pending` carries over into the next cycle what was asked for in this one. An increase is charged for the
rest of the cycle, as the share of what the whole schedule costs more; a decrease waits for the next cycle, and must not
go below a floor or what is assigned.

The other names that callers find here (`licenses.assign`, `licenses.schedule`) come from the modules below:

* `holdings`: `Licenses`, the holdings by product, and how many are available;
* `assignments`: check marks by user and product, and why they cannot be saved;
* `permissions`: whether a user may do something, and every reason why not;
* `schedules`: what the licenses owned cost each month: prices in force, floors, lines.

Assignments cost nothing, and licenses are billed whether assigned or not: the first three never ask for a price, and
what follows asks for users only in order not to take away what is in use. When a cycle begins, and which contract is in
force then, belongs to `accounts`.
"""

import enum
from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar

import attrs

from licensebill._checks import day, instance, whole
from licensebill.assignments import NotAssignable as NotAssignable
from licensebill.assignments import NotEnoughLicenses as NotEnoughLicenses
from licensebill.assignments import PrerequisiteMissing as PrerequisiteMissing
from licensebill.assignments import Shortage as Shortage
from licensebill.assignments import Unmet as Unmet
from licensebill.assignments import assign as assign
from licensebill.assignments import check_unlocks
from licensebill.assignments import deassign as deassign
from licensebill.assignments import remove_user as remove_user
from licensebill.assignments import save_table as save_table
from licensebill.cycles import Convention, Period, Proration, proration
from licensebill.errors import RuleViolation
from licensebill.explain import Explanation, Input
from licensebill.holdings import Availability as Availability
from licensebill.holdings import Holding as Holding
from licensebill.holdings import Licenses as Licenses
from licensebill.holdings import assigned_users as assigned_users
from licensebill.holdings import availability as availability
from licensebill.holdings import number_available as number_available
from licensebill.holdings import totals as totals
from licensebill.holdings import uses_up as uses_up
from licensebill.money import ExactMoney, Money, decimals, exact
from licensebill.people import Authorization
from licensebill.permissions import NoLicenseAssigned as NoLicenseAssigned
from licensebill.permissions import NotTogether as NotTogether
from licensebill.permissions import Permission as Permission
from licensebill.permissions import Reason as Reason
from licensebill.permissions import RoleDoesNotPermit as RoleDoesNotPermit
from licensebill.permissions import permission as permission
from licensebill.pricing import ZeroQuantity
from licensebill.schedules import FloorInForce as FloorInForce
from licensebill.schedules import Line as Line
from licensebill.schedules import NoPrice as NoPrice
from licensebill.schedules import PriceInForce as PriceInForce
from licensebill.schedules import Schedule as Schedule
from licensebill.schedules import floors_in_force as floors_in_force
from licensebill.schedules import number_billed as number_billed
from licensebill.schedules import number_short as number_short
from licensebill.schedules import price_in_force as price_in_force
from licensebill.schedules import schedule as schedule
from licensebill.terms import STANDARD, Applied, Catalog, Contract, PortTerms, Product, ProductKind
from licensebill.terms import Decrease as Decrease
from licensebill.terms import PoolAssignment as PoolAssignment
from licensebill.terms import Removal as Removal

# --- what a cycle begins with -------------------------------------------------------------------------------------


def total_taken(
    pending: int,
    owned: int,
    floor: int,
    *,
    maximum: Callable[[int, int], int] = max,
    minimum: Callable[[int, int], int] = min,
) -> int:
    """What a pending total comes to when its cycle begins, in arithmetic that serves ints and columns alike.

    Args:
        pending: the smaller total that was asked for.
        owned: licenses.
        floor: the product's own, on the cycle's first day; 0 where it has none.
        maximum: the greater of two; a column's own where columns are compared.
        minimum: the smaller of two, likewise.

    Source: LIC-8.
    """
    return maximum(pending, minimum(floor, owned))


def take_pending(licenses: Licenses, *, contract: Contract | None, on: date) -> Licenses:
    """The licenses as a cycle begins: what was asked for in the cycle before has taken effect.

    A total was checked against the floor when it was asked for. If a change of the contract has since lifted the floor
    above it, the floor is what remains, as far as so many are owned: what has to be paid for is not taken away. A group
    of products has no such number for one of them; what it falls short is billed as a line of its own.

    Args:
        licenses: as the cycle before ended.
        contract: in force on the cycle's first day; None where none is.
        on: the cycle's first day.

    Source: LIC-8, LIC-11.

    Example:
        >>> from licensebill.terms import Dated, Floor
        >>> held = Licenses((Holding(product="powerdialer", owned=12, pending=8),))
        >>> take_pending(held, contract=None, on=date(2027, 1, 1)).holding("powerdialer").owned
        8
        >>> lifted = Contract(reference="amendment", start=date(2026, 12, 20), end=date(2028, 1, 1),
        ...     floors=(Floor(products=("powerdialer",), minimum=Dated.always(10)),))
        >>> take_pending(held, contract=lifted, on=date(2027, 1, 1)).holding("powerdialer").owned
        10
    """
    day("on", on)
    floors = {} if contract is None else dict(_own_floors(instance("contract", contract, Contract), on))
    taken = [
        holding.with_total(total_taken(holding.pending, holding.owned, floors.get(holding.product, 0)))
        for holding in instance("licenses", licenses, Licenses).holdings
        if holding.pending is not None
    ]
    return licenses.replaced(*taken)


def _own_floors(contract: Contract, on: date) -> Iterator[tuple[str, int]]:
    return ((floor.products[0], step.value) for floor, step in contract.floors_on(on) if not floor.is_group)


@attrs.frozen
class RemovalNotAllowed(RuleViolation):
    """A smaller total, though the contract allows no removal of licenses during its term.

    Args:
        product: the product's id.
        name: for people.
        asked: the total asked for.
        owned: licenses owned in the term.
        until: the last day of the contract's term.
    """

    code: ClassVar[str] = "removal_not_allowed"
    rule: ClassVar[str] = "LIC-13"

    product: str
    name: str
    asked: int
    owned: int
    until: date

    def __str__(self) -> str:
        return (
            f"cannot reduce {self.name} to {self.asked}: the contract allows no removal of licenses until "
            f"{self.until}, and {_are(self.owned)} owned; support can review the license terms (LIC-13)"
        )


@attrs.frozen
class BelowFloor(RuleViolation):
    """A smaller total, below the contract's floor in the next cycle: "why can't I lower my totals?".

    Args:
        product: the product's id.
        name: for people.
        asked: the total asked for.
        floor: licenses, of the product or of the group.
        until: the last day on which it is this number.
        ends: the last day of the contract's term.
        least: the smallest total that would be accepted.
        group: the names of the products that the floor counts together; empty for the product's own floor.
    """

    code: ClassVar[str] = "below_floor"
    rule: ClassVar[str] = "LIC-2"

    product: str
    name: str
    asked: int
    floor: int
    until: date
    ends: date
    least: int
    group: tuple[str, ...] = ()

    def __str__(self) -> str:
        of_group = f" of {', '.join(self.group)} together" if self.group else ""
        remain = f", and at least {self.least} must remain" if self.group else ""
        runs = "" if self.until == self.ends else f"; the contract runs until {self.ends}"
        return (
            f"cannot reduce {self.name} to {self.asked}: the contract's floor{of_group} is {self.floor} "
            f"until {self.until}{remain}{runs} (LIC-2)"
        )


@attrs.frozen
class BelowAssigned(RuleViolation):
    """A smaller total, below the number of users who have one assigned.

    Args:
        product: the product's id.
        name: for people.
        asked: the total asked for.
        assigned: users.
    """

    code: ClassVar[str] = "below_assigned"
    rule: ClassVar[str] = "LIC-6"

    product: str
    name: str
    asked: int
    assigned: int

    def __str__(self) -> str:
        return (
            f"cannot reduce {self.name} to {self.asked}: {_are(self.assigned)} assigned to users; "
            f"deassign {self.assigned - self.asked} first (LIC-6)"
        )


def _are(number: int) -> str:
    return f"{number} is" if number == 1 else f"{number} are"


class ChangeKind(enum.Enum):
    """How a total that was set compares with the number owned."""

    INCREASE = "increase"
    DECREASE = "decrease"
    UNCHANGED = "unchanged"


def prorated_rise(lower: Money | ExactMoney, higher: Money | ExactMoney, share: Proration) -> Money:
    """The share of a cycle by which a schedule costs more: one payable amount, rounded once, never below zero.

    Args:
        lower: what a schedule costs each month, before its lines are rounded.
        higher: the same of another; below `lower`, nothing is due.
        share: what is left of the cycle.

    Source: LIC-8, LIC-10, CYC-4, MON-1.

    Example:
        >>> from licensebill.cycles import cycle_of
        >>> left = proration(cycle_of(date(2026, 12, 1)), date(2026, 12, 17))
        >>> prorated_rise(Money.parse("990.00", "USD"), Money.parse("1188.00", "USD"), left)
        Money.parse('95.81', 'USD')
    """
    for place, amount in (("lower", lower), ("higher", higher)):
        if not isinstance(amount, Money):
            instance(place, amount, ExactMoney)
    rise = exact(higher) - exact(lower)
    return instance("share", share, Proration).of(max(rise, exact(Money.zero(rise.currency)))).payable()


def rise_working(lower: ExactMoney, higher: ExactMoney, share: Proration) -> str:
    """The arithmetic of `prorated_rise`, with the numbers put in.

    Source: LIC-8, BIL-5.
    """
    before, after = instance("lower", lower, ExactMoney), instance("higher", higher, ExactMoney)
    left = instance("share", share, Proration)
    part = f"{left.numerator} / {left.denominator}"
    return f"round(max({after.text} - {before.text}, 0) * {part}, {decimals(before.currency)})"


@attrs.frozen(kw_only=True)
class TotalChange:
    """A total that was set: the licenses before and after, what is due at once, and when it takes effect.

    Args:
        product: the product's id.
        name: for people.
        asked: the total that was set.
        kind: how it compares with the number owned.
        before: the licenses as they were.
        after: the licenses as they are then.
        effective: the first day on which the number owned is the one asked for.
        share: what is left of the cycle.
        schedule_before: by this cycle's terms.
        schedule_after: by the same terms; a pending total is not in it.
        authorization: the person who authorized the change.

    Source: LIC-5, LIC-8.
    """

    product: str
    name: str
    asked: int
    kind: ChangeKind
    before: Licenses
    after: Licenses
    effective: date
    share: Proration
    schedule_before: Schedule
    schedule_after: Schedule
    authorization: Authorization

    @property
    def is_pending(self) -> bool:
        """Whether the number owned changes with the next cycle only."""
        return self.effective not in self.share.period

    @property
    def charge(self) -> Money:
        """What an increase costs for the rest of the cycle, due at once as one line."""
        return self._due(ChangeKind.INCREASE, self.schedule_before.unrounded, self.schedule_after.unrounded)

    @property
    def credit(self) -> Money:
        """What a decrease that takes effect at once gives back on the next bill."""
        return self._due(ChangeKind.DECREASE, self.schedule_after.unrounded, self.schedule_before.unrounded)

    def _due(self, kind: ChangeKind, lower: ExactMoney, higher: ExactMoney) -> Money:
        return prorated_rise(lower, higher, self.share) if self.kind is kind else Money.zero(lower.currency)

    @property
    def terms(self) -> tuple[Applied, ...]:
        """The terms that the charge or the credit was computed with: those of the lines that changed."""
        before, after = self.schedule_before.lines, self.schedule_after.lines
        changed = [line for line in after if line not in before] + [line for line in before if line not in after]
        return tuple(dict.fromkeys(term for line in changed for term in line.terms))

    def explanation(self) -> Explanation:
        """What is due at once and why, or when the change takes effect.

        Source: LIC-8, CYC-4, BIL-5.
        """
        is_due = self.kind is ChangeKind.INCREASE or (self.kind is ChangeKind.DECREASE and not self.is_pending)
        inputs = (
            Input("owned", str(self.before.holding(self.product).owned), "licenses"),
            Input("asked for", str(self.asked), "licenses"),
            Input("authorized by", str(self.authorization)),
        )
        return self._amount_due(inputs) if is_due else self._nothing_due(inputs)

    def _nothing_due(self, inputs: tuple[Input, ...]) -> Explanation:
        pending = self.before.holding(self.product).pending
        ends = "" if pending is None else f", and the decrease to {pending} that was pending is off"
        return Explanation(
            figure=f"{self.name} set to {self.asked}",
            value=f"takes effect on {self.effective}" if self.is_pending else "nothing to charge",
            rules=("LIC-8",),
            because=f"As many are owned from {self.effective} on, without credit."
            if self.is_pending
            else f"As many are owned already{ends}.",
            inputs=inputs,
        )

    def _amount_due(self, inputs: tuple[Input, ...]) -> Explanation:
        rises, share = self.kind is ChangeKind.INCREASE, self.share
        amount, totals_ = self.charge if rises else self.credit, (self.schedule_before, self.schedule_after)
        lower, higher = totals_ if rises else totals_[::-1]
        return Explanation(
            figure=f"{'charge' if rises else 'credit'} for {self.name} set to {self.asked}",
            value=amount.text,
            unit=amount.currency,
            rules=("LIC-8", "CYC-4", "MON-1"),
            because=f"Each month {self.schedule_before.total} before and {self.schedule_after.total} after it; from "
            f"{share.on} to {share.period.last_day}, by {share.convention.value}, the share left is "
            f"{share.numerator}/{share.denominator}.",
            working=rise_working(lower.unrounded, higher.unrounded, share),
            inputs=inputs,
            parts=tuple(
                attrs.evolve(one.explanation(), figure=f"licenses each month, {when}")
                for one, when in zip(totals_, ("before", "after"), strict=True)
            ),
        )


def set_total(
    licenses: Licenses,
    product: str,
    total: int,
    *,
    catalog: Catalog,
    contract: Contract | None,
    next_contract: Contract | None,
    cycle: Period,
    on: date,
    terms_on: date | None = None,
    authorization: Authorization,
    decrease: Decrease = STANDARD.decrease,
    convention: Convention = STANDARD.proration,
    zero: ZeroQuantity = STANDARD.zero_quantity,
    ports: PortTerms = STANDARD.ports,
    currency: str | None = None,
) -> TotalChange:
    """The number of licenses owned of a product set to a total, by a person who authorizes it.

    Above the number owned, the licenses are there at once, and the rest of the cycle is charged: the share of what the
    whole schedule costs more, so that licenses below a floor, which are paid for already, cost nothing. Below it, the
    smaller total is pending for the next cycle and nothing is given back. The last total set counts: one at or above
    the number owned ends what was pending. Totals of other products are left as they are, pending or not.

    Args:
        licenses: what is held.
        product: the product's id.
        total: licenses, from 0.
        catalog: the products.
        contract: whose terms apply to this cycle; None where none do.
        next_contract: in force on the next cycle's first day; None where none is.
        cycle: this cycle.
        on: a day of it, that of the change.
        terms_on: the day whose terms apply to this cycle; None for its first.
        authorization: the person and their acceptance.
        decrease: whether a smaller total waits for the next cycle, or takes effect at once with a credit.
        convention: how the share of the cycle is counted.
        zero: what none costs where the contract's price has a flat part.
        ports: whether users admitted to a pooled product use up a license each.
        currency: of the account; None for the contract's, or else that of the product's price.

    Returns:
        the change; it holds the licenses afterwards and the amounts due.

    Raises:
        RemovalNotAllowed: a smaller total within a term in which the contract allows none.
        BelowFloor: a smaller total below a floor of the next cycle: the product's own, or a group's with what the
            others of the group will be billed for.
        BelowAssigned: a smaller total than are assigned to users.
        PrerequisiteMissing: none of a product for the whole system, which a product that users hold requires.
        NoPrice: a product to be billed has no price.
        BeyondLastTier: a price does not reach as far as the total.
        InvalidPeriod: the day does not belong to the cycle.
        UnknownProduct: the catalog has no such product.

    Source: LIC-8, LIC-2, LIC-5, LIC-6, LIC-10, LIC-11, LIC-13, CYC-4.

    Example:
        >>> from licensebill.cycles import cycle_of
        >>> from licensebill.people import Person
        >>> from licensebill.pricing import PerUnit
        >>> from licensebill.terms import ContractPrice, Dated, Floor, STANDARD_CATALOG
        >>> agreed = ContractPrice("powerdialer", Dated.always(PerUnit(amount=Money.parse("99.00", "USD"))))
        >>> contract = Contract(reference="order form 2026-17", start=date(2026, 1, 1), end=date(2027, 1, 1),
        ...     prices=(agreed,), floors=(Floor(products=("powerdialer",), minimum=Dated.always(10)),))
        >>> change = set_total(
        ...     Licenses((Holding(product="powerdialer", owned=10),)), "powerdialer", 12, catalog=STANDARD_CATALOG,
        ...     contract=contract, next_contract=None, cycle=cycle_of(date(2026, 12, 17)), on=date(2026, 12, 17),
        ...     authorization=Authorization(Person("Ada", "Lovelace"), accepted=True),
        ... )
        >>> change.after.holding("powerdialer").owned, change.charge
        (12, Money.parse('95.81', 'USD'))
    """
    named = instance("catalog", catalog, Catalog).product(product)
    holding = instance("licenses", licenses, Licenses).holding(product)
    instance("authorization", authorization, Authorization)
    instance("ports", ports, PortTerms)
    for place, given in (("contract", contract), ("next_contract", next_contract)):
        if given is not None:
            instance(place, given, Contract)
    share = proration(instance("cycle", cycle, Period), on, convention)
    terms_on = cycle.start if terms_on is None else day("terms_on", terms_on)
    kind = _kind(whole("total", total), holding.owned)
    waits = instance("decrease", decrease, Decrease) is Decrease.NEXT_CYCLE and kind is ChangeKind.DECREASE
    if kind is ChangeKind.DECREASE:
        wish = _Wish(named, holding, total)
        if not waits:
            _check_removal(wish, contract, in_force=terms_on, still_owned=terms_on)
        _check_removal(wish, next_contract, in_force=cycle.end, still_owned=cycle.last_day if waits else on)
        _check_floors(wish, licenses, floors_in_force(next_contract, catalog=catalog, on=cycle.end))
        _check_assigned(wish, ports)
        if not total and named.kind is ProductKind.SYSTEM:
            check_unlocks(licenses, product, catalog=catalog)
    changed = holding.with_total(holding.owned, pending=total) if waits else holding.with_total(total)
    after = licenses.replaced(changed)
    if currency is None and contract is None:
        currency = price_in_force(product, contract=None, catalog=catalog, on=terms_on).price.currency
    schedules = [
        schedule(held, contract=contract, catalog=catalog, on=terms_on, zero=zero, currency=currency)
        for held in (licenses, after)
    ]
    return TotalChange(
        product=product,
        name=named.name,
        asked=total,
        kind=kind,
        before=licenses,
        after=after,
        effective=cycle.end if waits else on,
        share=share,
        schedule_before=schedules[0],
        schedule_after=schedules[1],
        authorization=authorization,
    )


def _kind(total: int, owned: int) -> ChangeKind:
    if total == owned:
        return ChangeKind.UNCHANGED
    return ChangeKind.INCREASE if total > owned else ChangeKind.DECREASE


@attrs.frozen
class _Wish:
    """A smaller total, before it is known whether it is allowed."""

    product: Product
    holding: Holding
    total: int


def _check_removal(wish: _Wish, contract: Contract | None, *, in_force: date, still_owned: date) -> None:
    """Refuses a total below what is owned in the term that the contract is in on the day `in_force`.

    On the day `still_owned` the number is what it is now. A term that begins later has never seen it.
    """
    term = contract.term(in_force) if contract is not None else None
    if contract is None or term is None or contract.removal is not Removal.NONE_DURING_TERM:
        return
    if still_owned in term:
        product = wish.product
        raise RemovalNotAllowed(product.id, product.name, wish.total, wish.holding.owned, term.last_day)


def _check_floors(wish: _Wish, licenses: Licenses, floors: tuple[FloorInForce, ...]) -> None:
    """Refuses a total below the product's own floor, or a group's with what the others will be billed for."""
    product = wish.product
    own = {floor.products[0]: floor.minimum for floor in floors if not floor.is_group}

    def least(floor: FloorInForce) -> int:
        others = (other for other in floor.products if other != product.id)
        billed = sum(number_billed(licenses.holding(other).lasting, own.get(other, 0)) for other in others)
        return min(floor.minimum - billed, wish.holding.owned)

    binding = [floor for floor in sorted(floors, key=lambda one: one.is_group) if product.id in floor.products]
    for floor in binding:
        if wish.total < least(floor):
            group = floor.names if floor.is_group else ()
            numbers = (wish.total, floor.minimum, floor.until, floor.ends, max(map(least, binding)))
            raise BelowFloor(product.id, product.name, *numbers, group)


def _check_assigned(wish: _Wish, ports: PortTerms) -> None:
    assigned, product = len(wish.holding.users), wish.product
    if uses_up(product, ports) and wish.total < assigned:
        raise BelowAssigned(product.id, product.name, wish.total, assigned)
