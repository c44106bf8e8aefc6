"""Licenses over the months, against a plain dict: marks, totals and new cycles in any order.

The model keeps three numbers and a set for each product and follows the rules' sentences one by one. What it refuses
must be refused, and nothing else; what it allows must lead to the same state and the same amounts.
"""

import functools
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from licensebill import licenses
from licensebill.cycles import cycle_of, following
from licensebill.errors import RuleViolation
from licensebill.holdings import Holding, Licenses
from licensebill.money import Money
from licensebill.people import Authorization, Person
from licensebill.pricing import PerUnit, Price
from licensebill.terms import (
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
)

ADA = Authorization(Person("Ada", "Lovelace"), accepted=True)
PRICES = {"dialing": 90, "inbound": 45, "port": 10}
#: What each license costs more without a contract.
LISTED, SHORTFALL = 5, 40


def dollars(number: int) -> Money:
    """So many US dollars."""
    return Money.from_minor_units(100 * number, "USD")


def each(number: int) -> Dated[Price]:
    """A price for each license, since ever."""
    return Dated.always(PerUnit(amount=dollars(number)))


CATALOG = Catalog(
    (
        Product(id="dialing", name="Dialing", kind=ProductKind.PER_USER, list_price=each(95)),
        Product(
            id="inbound",
            name="Inbound",
            kind=ProductKind.PER_USER,
            prerequisites=("dialing",),
            list_price=each(50),
        ),
        Product(id="port", name="Port", kind=ProductKind.POOLED, list_price=each(15)),
    )
)
PRODUCTS = [product.id for product in CATALOG.products]
PER_USER = {"dialing", "inbound"}
START, END = date(2026, 1, 1), date(2026, 7, 1)
USERS = st.sampled_from(["ann", "bob", "cat"])


class Machine(RuleBasedStateMachine):
    """An account's licenses from January 2026 on, under a contract of six months with floors that step."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Licenses.empty()
        self.model: dict[str, dict[str, Any]] = {}
        self.on = START
        self.renewal: int | None = None

    @initialize(
        owned=st.integers(0, 4),
        on=st.sampled_from([START, date(2026, 2, 10), date(2026, 5, 31), date(2026, 6, 30)]),
        floors=st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)),
        renewal=st.sampled_from([None, 12]),
        policies=st.tuples(*map(st.sampled_from, (Removal, Decrease, PoolAssignment))),
    )
    def sign(
        self,
        owned: int,
        on: date,
        floors: tuple[int, int, int],
        renewal: int | None,
        policies: tuple[Removal, Decrease, PoolAssignment],
    ) -> None:
        """What is owned at first, the contract and the policies; dialing's own floor steps in March."""
        self.held = Licenses(tuple(Holding(product=product, owned=owned) for product in PRODUCTS))
        self.model = {product: {"owned": owned, "pending": None, "users": set()} for product in PRODUCTS}
        first, later, self.group = floors
        self.removal, self.decrease, pool = policies
        self.on, self.renewal, self.terms = on, renewal, PortTerms(assignment=pool)
        self.steps = [(START, first), (date(2026, 3, 1), later)]
        own = Floor(products=("dialing",), minimum=Dated(tuple(Step(*step) for step in self.steps)))
        together = Floor(
            products=("dialing", "inbound"), minimum=Dated.always(self.group), shortfall_price=dollars(SHORTFALL)
        )
        self.contract = Contract(
            reference="A",
            start=START,
            end=END,
            prices=tuple(ContractPrice(product, each(price)) for product, price in PRICES.items()),
            floors=(own, together),
            removal=self.removal,
            renewal_months=renewal,
        )

    # --- the model

    def runs(self, on: date) -> bool:
        """Whether the contract is in force on a day."""
        return self.renewal is not None or on < END

    def floor(self, product: str, on: date) -> int:
        """The product's own floor on a day."""
        if product != "dialing" or not self.runs(on):
            return 0
        first, later = self.steps
        return later[1] if later[0] <= on else first[1]

    def lasting(self, product: str) -> int:
        """What is owned from the next cycle on."""
        entry = self.model[product]
        return int(entry["owned"] if entry["pending"] is None else entry["pending"])

    def uses_up(self, product: str) -> bool:
        """Whether each user of a product needs a license."""
        return product in PER_USER or self.terms.assignment is PoolAssignment.USES_ONE

    def monthly(self) -> int:
        """What the month costs by the terms of its first day, in dollars."""
        on = self.on.replace(day=1)
        billed = {product: max(self.model[product]["owned"], self.floor(product, on)) for product in PRODUCTS}
        short: int = max(self.group - billed["dialing"] - billed["inbound"], 0) if self.runs(on) else 0
        dearer = 0 if self.runs(on) else LISTED
        return SHORTFALL * short + sum((PRICES[product] + dearer) * int(number) for product, number in billed.items())

    def may_set(self, product: str, total: int) -> bool:
        """Whether the rules allow a total, sentence by sentence."""
        entry, then = self.model[product], following(cycle_of(self.on)).start
        if total >= entry["owned"]:
            return True
        at_once = self.decrease is Decrease.CREDIT
        # the term ends with June, and each renewal with a June, so that a July begins a term of its own
        keeps = self.removal is Removal.NONE_DURING_TERM
        if keeps and ((at_once and self.runs(self.on)) or (self.runs(then) and then.month != END.month)):
            return False
        if total < self.floor(product, then):
            return False
        if self.runs(then) and product in PER_USER:
            (other,) = PER_USER - {product}
            if total + max(self.lasting(other), self.floor(other, then)) < self.group:
                return False
        return not (self.uses_up(product) and total < len(entry["users"]))

    # --- what can happen

    def happens(self, allowed: bool, call: Callable[[], Any]) -> Any:
        """The call's result if the model allows it; a refusal, and nothing changed, if not."""
        try:
            result = call()
        except RuleViolation:
            assert not allowed
            return None
        assert allowed
        return result

    @rule(user=USERS, product=st.sampled_from(PRODUCTS))
    def assign(self, user: str, product: str) -> None:
        """One check mark is set."""
        users = self.model[product]["users"]
        there = user in users or not self.uses_up(product) or len(users) < self.lasting(product)
        allowed = there and (product != "inbound" or user in self.model["dialing"]["users"])
        call = functools.partial(licenses.assign, self.held, user, product, catalog=CATALOG, terms=self.terms)
        if (after := self.happens(allowed, call)) is not None:
            users.add(user)
            self.held = after

    @rule(user=USERS, product=st.sampled_from(PRODUCTS))
    def deassign(self, user: str, product: str) -> None:
        """One check mark is taken away."""
        allowed = product != "dialing" or user not in self.model["inbound"]["users"]
        call = functools.partial(licenses.deassign, self.held, user, product, catalog=CATALOG)
        if (after := self.happens(allowed, call)) is not None:
            self.model[product]["users"].discard(user)
            self.held = after

    @rule(user=USERS)
    def leave(self, user: str) -> None:
        """A user is deleted."""
        for entry in self.model.values():
            entry["users"].discard(user)
        self.held = licenses.remove_user(self.held, user)

    @rule(table=st.dictionaries(USERS, st.sets(st.sampled_from(PRODUCTS)), max_size=3))
    def save(self, table: dict[str, set[str]]) -> None:
        """A table of check marks is saved."""
        after = {
            product: (self.model[product]["users"] - table.keys()) | {user for user in table if product in table[user]}
            for product in PRODUCTS
        }
        enough = all(len(users) <= self.lasting(product) for product, users in after.items() if self.uses_up(product))
        allowed = enough and after["inbound"] <= after["dialing"]
        call = functools.partial(licenses.save_table, self.held, table, catalog=CATALOG, terms=self.terms)
        if (saved := self.happens(allowed, call)) is not None:
            for product, users in after.items():
                self.model[product]["users"] = users
            self.held = saved

    @rule(product=st.sampled_from(PRODUCTS), total=st.integers(0, 5))
    def set_total(self, product: str, total: int) -> None:
        """Somebody accepts another number of licenses."""
        cycle = cycle_of(self.on)
        call = functools.partial(
            licenses.set_total,
            self.held,
            product,
            total,
            catalog=CATALOG,
            contract=self.contract,
            next_contract=self.contract if self.runs(cycle.end) else None,
            cycle=cycle,
            on=self.on,
            authorization=ADA,
            decrease=self.decrease,
            ports=self.terms,
        )
        change = self.happens(self.may_set(product, total), call)
        if change is None:
            return
        entry, before = self.model[product], self.monthly()
        waits = total < entry["owned"] and self.decrease is Decrease.NEXT_CYCLE
        rises = total > entry["owned"]
        entry.update({"pending": total} if waits else {"owned": total, "pending": None})
        due = max((self.monthly() - before) * (1 if rises else -1), 0) * Fraction(
            (cycle.end - self.on).days, cycle.days
        )
        cents = (due * 200 + 1) // 2
        assert (change.charge.minor_units, change.credit.minor_units) == ((cents, 0) if rises else (0, cents))
        assert change.effective == (cycle.end if waits else self.on)
        self.held = change.after

    @rule(days=st.sampled_from([1, 10, 28]))
    @precondition(lambda self: self.on < date(2027, 12, 1))
    def wait(self, days: int) -> None:
        """Days go by; as a cycle begins, what is pending is taken."""
        then = following(cycle_of(self.on)).start
        self.on += timedelta(days)
        if self.on < then:
            return
        contract = self.contract if self.runs(then) else None
        self.held = licenses.take_pending(self.held, contract=contract, on=then)
        for product, entry in self.model.items():
            if entry["pending"] is not None:
                lifted = min(self.floor(product, then), entry["owned"])
                entry.update({"owned": max(entry["pending"], lifted), "pending": None})

    # --- what always holds

    @invariant()
    def the_model_is_met(self) -> None:
        """Owned, pending and users of every product are the model's."""
        for product, entry in self.model.items():
            holding = self.held.holding(product)
            assert (holding.owned, holding.pending, holding.users) == (entry["owned"], entry["pending"], entry["users"])

    @invariant()
    def nobody_is_without_a_license(self) -> None:
        """Users of a per-user product never are more than what lasts, and each has what is required."""
        for product in PER_USER:
            assert len(self.held.holding(product).users) <= self.held.holding(product).lasting
        assert self.held.holding("inbound").users <= self.held.holding("dialing").users

    @invariant()
    def the_month_costs_what_the_model_says(self) -> None:
        """The schedule by this cycle's terms: the contract's, or after its end the list prices."""
        if hasattr(self, "contract"):
            first = self.on.replace(day=1)
            found = licenses.schedule(self.held, contract=self.contract, catalog=CATALOG, on=first)
            assert found.total == dollars(self.monthly())


TestMachine = Machine.TestCase
TestMachine.settings = settings(stateful_step_count=40)
