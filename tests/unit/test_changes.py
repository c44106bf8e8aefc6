"""Everything that can happen to an account, each change with what it does and every reason why it is refused."""

from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from licensebill.accounts import Account, Change, advance, apply, funding_of, open_charges
from licensebill.bills import monthly_bill, planned
from licensebill.changes import (
    AddSource,
    AddUser,
    AdministratesBilling,
    CancelLine,
    CarryOver,
    ChangeAdministrator,
    ConfirmLine,
    DrawMinutes,
    GiveCredit,
    MakePrimary,
    NoFurtherBill,
    OpenRecharge,
    PlanBill,
    RecordOutcome,
    RecordReturn,
    ReleaseLine,
    RemoveSource,
    RemoveUser,
    ReplaceCatalog,
    ReplaceSource,
    RequestLine,
    RetryCharge,
    SignContract,
    StaleBill,
    StalePurchase,
    SwitchRecharge,
    UnknownIntent,
    entries,
    license_purchase,
)
from licensebill.cycles import Convention, Period
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.funding import Expiry, Funding, NotCaptured, Outcome, Pending, SourceInUse, Succeeded, Unknown, Voided
from licensebill.funding import Returned as TakenBack
from licensebill.ledger import Category, LineKind, Returned, Settled, transactions
from licensebill.licenses import Decrease, Holding, Licenses, PoolAssignment
from licensebill.money import CurrencyMismatch, Money
from licensebill.people import SYSTEM_ADMINISTRATOR, User
from licensebill.ports import LineState
from licensebill.pricing import Flat, PerUnit, Price, ZeroQuantity
from licensebill.schedules import NoPrice
from licensebill.terms import (
    STANDARD,
    STANDARD_CATALOG,
    BalanceAtEnd,
    Catalog,
    ContractPrice,
    Dated,
    Floor,
    PortTerms,
    Purpose,
    Step,
    UnknownProduct,
)
from tests.changing import (
    DECEMBER,
    HARD,
    NOVEMBER,
    SOFT,
    TODAY,
    bill,
    buy,
    cancel,
    choose,
    do,
    line,
    listed,
    order,
    outcome,
    owning,
    save,
    set_total,
    switch_on,
    the_charge,
    with_tariff,
)
from tests.examples import ACCEPTED, ADA, BANK, BOSS, CONTRACT, VISA, account, contract, floor, price, reading, usd
from tests.working import mistakes

# --- users and licenses -------------------------------------------------------------------------------------------


class TestUsers:
    """Users come, change their role and go."""

    def test_a_user_is_added(self) -> None:
        """After the others, as an agent."""
        assert apply(account(), AddUser(on=TODAY, user=User(id="new"))).users[-1] == User(id="new")

    def test_a_user_who_is_there_gets_the_new_role(self) -> None:
        """Still listed once."""
        promoted = User(id="u0", role=SYSTEM_ADMINISTRATOR)
        changed = apply(account(), AddUser(on=TODAY, user=promoted))
        assert changed.user("u0") == promoted
        assert len(changed.users) == len(account().users)

    def test_a_user_who_goes_frees_assignments_and_lowers_nothing(self) -> None:
        """Twelve are owned and billed as before (LIC-10)."""
        gone = apply(account(), RemoveUser(on=TODAY, user="u0"))
        assert gone.licenses.products_of("u0") == ()
        assert gone.licenses.owned() == {"inbound_agent": 2, "powerdialer": 12}
        assert monthly_bill(gone, DECEMBER.start, readings=[reading(0)]).total == usd("1258.00")
        assert "u0" not in [user.id for user in gone.users]


class TestSaveTable:
    """LIC-4: the table of check marks is saved whole or not at all."""

    def test_check_marks_are_those_of_the_table(self) -> None:
        """Users not named keep theirs."""
        saved = apply(account(), save(u0=("powerdialer",), u1=("powerdialer", "inbound_agent"))).licenses
        assert saved.products_of("u0") == ("powerdialer",)
        assert saved.products_of("u1") == ("inbound_agent", "powerdialer")
        assert saved.products_of("u2") == ("powerdialer",)

    @pytest.mark.parametrize(("policy", "is_short"), [(PoolAssignment.ADMITS, False), (PoolAssignment.USES_ONE, True)])
    def test_pooled_products_follow_the_tariff(self, policy: PoolAssignment, is_short: bool) -> None:
        """By default admitting a user uses up none (PRT-7)."""
        acme = with_tariff(account(licenses=owning(flex_port=1)), ports=PortTerms(assignment=policy))
        both = save(u0=("flex_port",), u1=("flex_port",))
        if is_short:
            with pytest.raises(RuleViolation, match="Flex Port"):
                apply(acme, both)
        else:
            assert len(apply(acme, both).licenses.holding("flex_port").users) == 2


class TestSetTotal:
    """LIC-8: more is there and charged at once; fewer wait for the next cycle."""

    @pytest.mark.parametrize(
        ("owned", "asked", "charge"),
        [
            (12, 13, "36.30"),
            (8, 9, None),
            (8, 10, None),
            (8, 11, "36.30"),
            (9, 12, "72.60"),
            (10, 11, "36.30"),
        ],
    )
    def test_an_increase_is_charged_by_what_the_schedule_rises(
        self, owned: int, asked: int, charge: str | None
    ) -> None:
        """11 of 30 days are left; up to the floor of 10 everything is paid for already."""
        bought = apply(account(licenses=owning(powerdialer=owned)), set_total(asked))
        assert bought.licenses.holding("powerdialer").owned == asked
        assert [one.amount.text for one in open_charges(bought)] == ([] if charge is None else [charge])

    def test_the_charge_is_one_line_with_its_terms(self) -> None:
        """Its period is the rest of the cycle; who accepted it is kept with it (LIC-5, BIL-1)."""
        charge = the_charge(apply(account(), set_total(13)))
        (line,) = charge.lines
        assert (charge.id, charge.authorized_by, charge.sources) == (
            "acme/licenses/1",
            "Ada Lovelace",
            ("visa", "bank"),
        )
        assert (line.kind, line.category, line.amount) == (LineKind.LICENSES, Category.LICENSES, usd("36.30"))
        assert (line.description, line.period) == ("PowerDialer: increase to 13", Period(TODAY, DECEMBER.start))
        assert [(term.name, term.source) for term in line.terms] == [
            ("price of PowerDialer", "order 1"),
            ("floor of PowerDialer", "order 1"),
        ]
        assert mistakes(line.explanation()) == []
        assert line.explanation().working == "round(max(1357.00 - 1258.00, 0) * 11 / 30, 2)"

    def test_charges_are_numbered_by_their_purpose(self) -> None:
        """Each purpose counts for itself (BIL-4)."""
        both = do(account(), set_total(13), buy(), set_total(14))
        assert [one.id for one in open_charges(both)] == ["acme/licenses/1", "acme/minutes/1", "acme/licenses/2"]

    def test_a_decrease_waits_without_credit(self) -> None:
        """And is what is left to assign (LIC-3)."""
        asked = apply(account(), set_total(10))
        holding = asked.licenses.holding("powerdialer")
        assert (holding.owned, holding.pending) == (12, 10)
        assert (asked.open, asked.waiting) == ((), ())

    @pytest.mark.parametrize("last", [12, 13])
    def test_the_last_total_counts(self, last: int) -> None:
        """At or above the number owned it ends what was pending."""
        assert do(account(), set_total(10), set_total(last)).licenses.holding("powerdialer").pending is None

    def test_another_products_total_stays_pending(self) -> None:
        """Other changes leave it."""
        both = do(account(), set_total(10), set_total(3, "inbound_agent"))
        assert both.licenses.holding("powerdialer").pending == 10

    def test_a_decrease_with_credit_is_there_at_once(self) -> None:
        """The credit waits for the next bill, in the category of its line, and lowers what the cycle came to."""
        asked = apply(with_tariff(account(), decrease=Decrease.CREDIT), set_total(10))
        (line,) = asked.waiting
        assert asked.licenses.holding("powerdialer").owned == 10
        assert (line.kind, line.category, line.amount) == (LineKind.CREDIT, Category.LICENSES, usd("-72.60"))
        assert line.description == "PowerDialer: decrease to 10"
        assert asked.spending[-1].amount == usd("-72.60")
        assert asked.open == ()
        told = line.explanation()
        assert mistakes(told) == []
        assert (told.value, told.working) == ("-72.60", "-72.60")

    def test_below_the_floor_nothing_is_credited(self) -> None:
        """Eleven owned of ten in the contract: one counts, and a second would be refused."""
        asked = apply(with_tariff(account(licenses=owning(powerdialer=11)), decrease=Decrease.CREDIT), set_total(10))
        assert [line.amount.text for line in asked.waiting] == ["-36.30"]

    @pytest.mark.parametrize(
        ("convention", "on", "charge"),
        [
            (Convention.ACTUAL_DAYS, date(2026, 12, 1), "99.00"),
            (Convention.ACTUAL_DAYS, date(2026, 12, 17), "47.90"),
            (Convention.ACTUAL_DAYS, date(2026, 12, 31), "3.19"),
            (Convention.THIRTY_DAY_MONTH, date(2026, 12, 17), "46.20"),
            (Convention.THIRTY_DAY_MONTH, date(2026, 12, 31), "3.30"),
            (Convention.WHOLE_CYCLE, date(2026, 12, 31), "99.00"),
        ],
    )
    def test_the_tariff_names_the_convention(self, convention: Convention, on: date, charge: str) -> None:
        """15 of 31 days, 14 of 30, or the whole cycle (CYC-4)."""
        bought = apply(with_tariff(account(), proration=convention), set_total(13, on=on))
        assert the_charge(bought).amount == usd(charge)

    @pytest.mark.parametrize(("zero", "charge"), [(ZeroQuantity.FREE, "22.00"), (ZeroQuantity.FLAT, None)])
    def test_the_tariff_says_what_none_costs(self, zero: ZeroQuantity, charge: str | None) -> None:
        """A flat price that is due even for none does not rise with the first license (PRC-3)."""
        flat = contract(prices=(*CONTRACT.prices, ContractPrice("elf", Dated.always(Flat(amount=usd("60.00"))))))
        bought = apply(with_tariff(account(contracts=(flat,)), zero_quantity=zero), set_total(1, "elf"))
        assert [one.amount.text for one in open_charges(bought)] == ([] if charge is None else [charge])

    @pytest.mark.parametrize(("total", "is_refused"), [(10, True), (11, False)])
    def test_the_floor_is_that_of_the_next_cycle(self, total: int, is_refused: bool) -> None:
        """Of the contract that is in force then."""
        lifted = contract(reference="order 2", start=DECEMBER.start, floors=(floor("powerdialer", 11),))
        acme = account(contracts=(CONTRACT, lifted))
        if is_refused:
            with pytest.raises(RuleViolation, match="the contract's floor is 11 until 2026-12-31"):
                apply(acme, set_total(total))
        else:
            assert apply(acme, set_total(total)).licenses.holding("powerdialer").pending == total

    def test_users_of_a_pool_may_hold_a_total_up(self) -> None:
        """Where each uses one up, no fewer than these can be owned (PRT-7, LIC-6)."""
        admitted = Licenses((Holding(product="flex_port", owned=3, users=frozenset({"u0", "u1"})),))
        asked = apply(account(licenses=admitted), set_total(1, "flex_port"))
        assert asked.licenses.holding("flex_port").pending == 1
        each_uses_one = with_tariff(account(licenses=admitted), ports=PortTerms(assignment=PoolAssignment.USES_ONE))
        with pytest.raises(RuleViolation, match="2 are assigned to users"):
            apply(each_uses_one, set_total(1, "flex_port"))

    def test_prices_are_those_of_the_cycles_first_day(self) -> None:
        """A contract that follows in mid-cycle changes nothing before the next (LIC-10)."""
        dearer = contract(reference="order 2", start=date(2026, 11, 10), prices=(price("powerdialer", "200.00"),))
        acme = account(contracts=(CONTRACT, dearer), licenses=owning(powerdialer=12))
        assert the_charge(apply(acme, set_total(13))).amount == usd("36.30")

    def test_list_prices_serve_without_a_contract(self) -> None:
        """In the account's currency (LIC-7)."""
        acme = account(contracts=(), licenses=Licenses.empty(), catalog=listed(elf="30.00"))
        assert the_charge(apply(acme, set_total(1, "elf"))).amount == usd("11.00")


# --- contracts ----------------------------------------------------------------------------------------------------


class TestSignContract:
    """LIC-10: when a contract begins to hold, and what is charged for it."""

    @pytest.mark.parametrize(
        ("convention", "on", "charge"),
        [
            (Convention.ACTUAL_DAYS, date(2026, 11, 2), "957.00"),
            (Convention.ACTUAL_DAYS, date(2026, 11, 20), "363.00"),
            (Convention.ACTUAL_DAYS, date(2026, 11, 30), "33.00"),
            (Convention.ACTUAL_DAYS, date(2026, 12, 31), "31.94"),
            (Convention.THIRTY_DAY_MONTH, date(2026, 12, 31), "33.00"),
            (Convention.WHOLE_CYCLE, date(2026, 11, 30), "990.00"),
        ],
    )
    def test_a_first_one_within_a_cycle_is_charged_like_an_increase(
        self, convention: Convention, on: date, charge: str
    ) -> None:
        """The share of its floor of ten: 990.00 for a whole month."""
        fresh = with_tariff(account(contracts=(), licenses=Licenses.empty(), began=on, today=on), proration=convention)
        signed = apply(fresh, SignContract(on=on, contract=contract(start=on)))
        assert the_charge(signed).amount == usd(charge)
        assert signed.contract == contract(start=on)
        assert signed.spending[-1].amount == usd(charge)

    def test_its_line_states_period_terms_and_reason(self) -> None:
        """Recomputed from both schedules (BIL-1, BIL-5)."""
        fresh = account(contracts=(), licenses=owning(powerdialer=4), catalog=listed(powerdialer="120.00"))
        (line,) = the_charge(apply(fresh, SignContract(on=TODAY, contract=contract(start=TODAY)))).lines
        assert (line.amount, line.category) == (usd("187.00"), Category.LICENSES)
        assert (line.description, line.period) == (
            "Licenses under contract order 1, from 2026-11-20",
            Period(TODAY, DECEMBER.start),
        )
        assert [term.name for term in line.terms] == ["price of PowerDialer", "floor of PowerDialer"]
        told = line.explanation()
        assert mistakes(told) == []
        assert told.working == "round(max(990.00 - 480.00, 0) * 11 / 30, 2)"
        assert told.rules == ("LIC-10", "LIC-8", "CYC-4", "MON-1")

    def test_what_was_there_before_has_the_prices_of_the_cycles_first_day(self) -> None:
        """It was billed at these (LIC-7), whatever the list says on the day of the contract."""
        steps = ((date(2026, 1, 1), "50.00"), (date(2026, 11, 10), "60.00"))
        rising: Dated[Price] = Dated(tuple(Step(since, PerUnit(amount=usd(amount))) for since, amount in steps))
        dialer, *others = STANDARD_CATALOG.products
        catalog = Catalog((attrs.evolve(dialer, list_price=rising), *others))
        fresh = account(contracts=(), licenses=owning(powerdialer=10), catalog=catalog)
        (line,) = the_charge(apply(fresh, SignContract(on=TODAY, contract=contract(start=TODAY)))).lines
        assert line.amount == usd("179.67")  # 11/30 of 990.00 less 500.00
        assert "Each month 500.00 USD before" in line.explanation().because

    def test_an_older_bill_still_to_be_made_does_not_stop_the_charge(self) -> None:
        """Only the cycle's own first day does: its bill would have the contract's lines."""
        fresh = account(contracts=(), licenses=Licenses.empty(), today=date(2026, 11, 1))
        assert fresh.unbilled
        later = apply(fresh, SignContract(on=TODAY, contract=contract(start=TODAY)))
        assert the_charge(later).amount == usd("363.00")

    def test_a_second_one_may_be_signed_ahead_for_any_day(self) -> None:
        """It holds from the next cycle on."""
        ahead = contract(reference="order 2", start=date(2026, 12, 16), end=date(2028, 1, 1))
        assert apply(account(), SignContract(on=TODAY, contract=ahead)).contracts[-1] == ahead

    def test_a_cheaper_one_gives_nothing_back(self) -> None:
        """An increase is never below zero."""
        fresh = account(contracts=(), licenses=owning(powerdialer=10), catalog=listed(powerdialer="120.00"))
        signed = apply(fresh, SignContract(on=TODAY, contract=contract(start=TODAY)))
        assert (signed.open, signed.waiting) == ((), ())

    def test_purchases_of_the_same_cycle_are_by_its_terms(self) -> None:
        """Up to its floor they cost nothing more."""
        fresh = account(contracts=(), licenses=Licenses.empty())
        bought = do(fresh, SignContract(on=TODAY, contract=contract(start=TODAY)), set_total(11))
        assert [one.amount.text for one in open_charges(bought)] == ["363.00", "36.30"]

    def test_on_a_cycles_first_day_its_bill_has_it(self) -> None:
        """Terms are those in force on that day, whoever signed when on it; nothing is charged besides."""
        fresh = account(contracts=(), licenses=Licenses.empty(), today=DECEMBER.start)
        signed = apply(fresh, SignContract(on=DECEMBER.start, contract=contract(start=DECEMBER.start)))
        assert signed.open == ()
        made = monthly_bill(signed, DECEMBER.start, readings=[reading(0)])
        assert [line.amount.text for line in made.lines] == ["990.00"]

    def test_after_that_days_bill_it_is_charged_at_once(self) -> None:
        """The whole month of it, like an increase."""
        billed = bill(account(contracts=(), licenses=Licenses.empty(), today=DECEMBER.start))
        signed = apply(billed, SignContract(on=DECEMBER.start, contract=contract(start=DECEMBER.start)))
        assert [one.amount.text for one in open_charges(signed)] == ["990.00"]

    @pytest.mark.parametrize(("monthly", "charge"), [("100.00", "12.00"), ("98.00", None)])
    def test_so_is_a_following_one(self, monthly: str, charge: str | None) -> None:
        """What twelve cost more than by the contract before it; never less."""
        acme = account(contracts=(contract(end=DECEMBER.start + (DECEMBER.end - DECEMBER.start)),))
        billed = bill(attrs.evolve(acme, licenses=owning(powerdialer=12)))
        later = contract(reference="order 2", start=DECEMBER.start, prices=(price("powerdialer", monthly),))
        signed = apply(billed, SignContract(on=DECEMBER.start, contract=later))
        assert [one.amount.text for one in open_charges(signed)[1:]] == ([] if charge is None else [charge])

    def test_a_following_one_within_a_cycle_waits(self) -> None:
        """For the first cycle that begins in it."""
        later = contract(reference="order 2", start=TODAY, floors=(floor("powerdialer", 20),))
        signed = apply(account(), SignContract(on=TODAY, contract=later))
        assert signed.open == ()
        assert signed.contract == CONTRACT
        assert advance(signed, DECEMBER.start).contract == later

    @pytest.mark.parametrize("start", [date(2026, 12, 1), date(2027, 2, 1)])
    def test_a_first_one_may_be_signed_for_a_later_cycle(self, start: date) -> None:
        """It begins with it, and nothing is charged now."""
        fresh = account(contracts=(), licenses=Licenses.empty())
        signed = apply(fresh, SignContract(on=TODAY, contract=contract(start=start, end=date(2028, 1, 1))))
        assert signed.open == ()
        assert signed.contract is None

    def test_one_that_begins_before_another_was_signed_for_is_the_first(self) -> None:
        """Whatever the order of signing, the first to begin is charged from its day."""
        fresh = account(contracts=(), licenses=Licenses.empty())
        later = contract(start=date(2027, 1, 1), end=date(2028, 1, 1), reference="order 2")
        signed = do(
            fresh,
            SignContract(on=TODAY, contract=later),
            SignContract(on=TODAY, contract=contract(start=TODAY)),
        )
        assert [one.amount.text for one in open_charges(signed)] == ["363.00"]

    def test_a_raised_floor_keeps_what_was_to_go(self) -> None:
        """The smaller of floor and owned counts when the pending total is taken (LIC-8)."""
        lifted = contract(reference="order 2", start=DECEMBER.start, floors=(floor("powerdialer", 11),))
        later = advance(do(account(), set_total(10), SignContract(on=TODAY, contract=lifted)), DECEMBER.start)
        assert later.licenses.holding("powerdialer").owned == 11


# --- services and lines -------------------------------------------------------------------------------------------


class TestServices:
    """SVC-1, SVC-2: the implementation waits for the first bill, other services are charged at once."""

    def test_the_implementation_waits_for_the_bill(self) -> None:
        """Once, and rounded once."""
        chosen = apply(account(), choose("1500.005"))
        (line,) = chosen.waiting
        assert (line.kind, line.category, line.amount) == (LineKind.SERVICE, Category.SERVICES, usd("1500.01"))
        assert line.description == "Implementation: Guided"
        assert mistakes(line.explanation()) == []
        assert line.explanation().rules == ("SVC-1", "MON-1")
        assert chosen.open == ()

    def test_a_service_is_charged_when_ordered(self) -> None:
        """To a named source first, if one is (FUN-4)."""
        ordered = apply(account(), order("300.005", source="bank"))
        charge = the_charge(ordered)
        assert (charge.id, charge.amount) == ("acme/service/1", usd("300.01"))
        assert charge.sources == ("bank", "visa")
        assert charge.authorized_by == "Ada Lovelace"
        assert mistakes(charge.lines[0].explanation()) == []
        assert ordered.spending[-1].amount == usd("300.01")
        assert ordered.services.orders[-1].approved_by == ADA

    @pytest.mark.parametrize("cost", ["0.00", "0.004"])
    def test_a_service_for_nothing_is_kept_and_not_charged(self, cost: str) -> None:
        """What rounds to nothing is nothing."""
        ordered = apply(account(), order(cost))
        assert (ordered.open, len(ordered.services.orders)) == ((), 1)


class TestTollFreeLines:
    """PRT-6: a line is requested, confirmed, released; each step is a change."""

    ACME = account(licenses=owning(toll_free_number=1))
    REQUEST = RequestLine(on=TODAY, by=BOSS, line="sales", representative="Grace Hopper")

    @pytest.mark.parametrize(("pending", "is_there"), [(2, True), (1, False)])
    def test_a_license_about_to_go_connects_no_line(self, pending: int, *, is_there: bool) -> None:
        """One line is there already, and one license stays."""
        owning_two = account(licenses=owning(toll_free_number=2))
        one = do(owning_two, set_total(pending, "toll_free_number"), self.REQUEST)
        again = attrs.evolve(self.REQUEST, line="support")
        if is_there:
            assert len(apply(one, again).lines) == 2
        else:
            with pytest.raises(RuleViolation, match=r"1 requested or active, .* licenses that stay owned: 1"):
                apply(one, again)

    def test_the_life_of_a_line(self) -> None:
        """Only the line that is meant takes a step."""
        confirm = ConfirmLine(on=date(2026, 11, 21), line="sales", number="800-555-0199")
        release = ReleaseLine(on=date(2026, 11, 22), line="sales")
        requested = apply(self.ACME, self.REQUEST)
        active = apply(requested, confirm)
        released = apply(active, release)
        states = [acme.lines[0].state for acme in (requested, active, released)]
        assert states == [LineState.REQUESTED, LineState.ACTIVE, LineState.RELEASED]
        again = do(released, attrs.evolve(self.REQUEST, on=date(2026, 11, 22), line="support"))
        withdrawn = apply(again, CancelLine(on=date(2026, 11, 23), line="support"))
        assert [line.state for line in withdrawn.lines] == [LineState.RELEASED, LineState.CANCELLED]


# --- sources ------------------------------------------------------------------------------------------------------


class TestSources:
    """FUN-2, FUN-3: the rules of `funding`, on the account's day and with its open charges."""

    def test_the_first_source_is_the_primary(self) -> None:
        """The second comes after it."""
        both = do(
            account(funding=None), AddSource(on=TODAY, by=BOSS, source=VISA), AddSource(on=TODAY, by=BOSS, source=BANK)
        )
        assert both.funding == Funding((VISA, BANK))

    def test_the_primary_is_swapped_at_once(self) -> None:
        """Month after month, if one likes (FUN-6)."""
        swapped = apply(account(), MakePrimary(on=TODAY, by=BOSS, source="bank"))
        assert swapped.funding == Funding((BANK, VISA))

    def test_a_source_is_replaced_in_place(self) -> None:
        """The new card has the rank of the old one."""
        renewed = attrs.evolve(VISA, token="tok_new", expiry=Expiry(2032, 1))
        assert apply(account(), ReplaceSource(on=TODAY, by=BOSS, source=renewed)).funding == Funding((renewed, BANK))

    def test_a_source_goes(self) -> None:
        """The other becomes the primary."""
        assert apply(account(), RemoveSource(on=TODAY, by=BOSS, source="visa")).funding == Funding((BANK,))

    @pytest.mark.parametrize(("named", "left"), [("visa", None), ("bank", "bank"), (None, None)])
    def test_recharges_forget_a_source_that_went(self, named: str | None, left: str | None) -> None:
        """They go on, in the usual order."""
        gone = do(account(), switch_on(named), RemoveSource(on=TODAY, by=BOSS, source="visa"))
        assert gone.automatic.is_on
        assert gone.automatic.source == left
        recharged = apply(gone, OpenRecharge(on=TODAY, amount=usd("60.00")))
        assert the_charge(recharged).sources == ("bank",)

    def test_billing_is_handed_over(self) -> None:
        """To a user with administrative privileges (FUN-7)."""
        handed = apply(account(), ChangeAdministrator(on=TODAY, by=BOSS, user="sys"))
        assert handed.administrator == "sys"
        assert apply(handed, attrs.evolve(set_total(13), by="sys")).open


# --- minutes ------------------------------------------------------------------------------------------------------


class TestMinutes:
    """Minutes are there when paid; they run out, and recharge one at a time."""

    def test_a_purchase_opens_a_charge_and_adds_nothing_yet(self) -> None:
        """From the source that was named, then the usual order (FUN-4)."""
        bought = apply(account(), buy("100.00", source="bank"))
        charge = the_charge(bought)
        assert (charge.id, charge.sources) == ("acme/minutes/1", ("bank", "visa"))
        assert charge.lines[0].category is Category.MINUTES
        assert bought.balance == usd("100.00")
        assert bought.spending[-1].amount == usd("0.00")
        assert charge.lines[0].explanation().rules == ("MIN-3", "MIN-1")

    @pytest.mark.parametrize(
        ("answer", "final", "balance", "is_open"),
        [
            (Succeeded(), False, "160.00", False),
            (Succeeded(), True, "160.00", False),
            (SOFT, False, "100.00", True),
            (SOFT, True, "100.00", False),
            (Pending(), False, "100.00", True),
            (Unknown(), False, "100.00", True),
            (NotCaptured(), False, "100.00", True),
            (Voided(), True, "100.00", False),
        ],
    )
    def test_minutes_follow_the_outcome(self, answer: Outcome, final: bool, balance: str, is_open: bool) -> None:
        """A failed charge for minutes ends there: nothing is owed for what nobody got."""
        asked = do(account(), switch_on(), OpenRecharge(on=TODAY, amount=usd("60.00")))
        known = apply(asked, outcome("acme/recharge/1", answer, is_final=final))
        assert known.balance == usd(balance)
        assert bool(known.open) is is_open
        assert known.past_due_since is None

    @pytest.mark.parametrize(("amount", "is_sold"), [("49.99", False), ("50.00", True), ("50.01", True)])
    def test_an_account_may_have_its_own_minimum(self, amount: str, *, is_sold: bool) -> None:
        """Of its own tariff (MIN-3)."""
        acme = with_tariff(account(), minutes=attrs.evolve(STANDARD.minutes, minimum_purchase=usd("50.00")))
        if is_sold:
            assert the_charge(apply(acme, buy(amount))).amount == usd(amount)
        else:
            with pytest.raises(RuleViolation, match=r"50\.00 USD"):
                apply(acme, buy(amount))

    def test_a_recharge_goes_to_the_source_named_for_it(self) -> None:
        """Then to the others in their order (MIN-13, FUN-4)."""
        asked = do(account(), switch_on("bank"), OpenRecharge(on=TODAY, amount=usd("60.00")))
        assert the_charge(asked).sources == ("bank", "visa")

    def test_minutes_can_run_out(self) -> None:
        """A call under way is drawn in full (MIN-8), and nothing is drawn for nothing."""
        drawn = apply(account(), DrawMinutes(on=TODAY, amount=usd("100.02")))
        assert drawn.balance == usd("-0.02")
        assert apply(drawn, DrawMinutes(on=TODAY, amount=usd("0.00"))) == drawn

    def test_a_manual_purchase_does_not_stop_a_recharge(self) -> None:
        """Nor a recharge that failed (MIN-7)."""
        asked = do(account(), switch_on(), buy(), OpenRecharge(on=TODAY, amount=usd("0.01")))
        failed = apply(asked, outcome("acme/recharge/1", SOFT, is_final=True))
        again = apply(failed, OpenRecharge(on=TODAY, amount=usd("60.00")))
        assert [one.id for one in open_charges(again)] == ["acme/minutes/1", "acme/recharge/2"]

    def test_recharge_is_switched_off(self) -> None:
        """And may be switched on by a system administrator (FUN-11)."""
        on = apply(account(), attrs.evolve(switch_on("bank"), by="sys"))
        assert (on.automatic.source, on.automatic.authorization) == ("bank", ACCEPTED)
        off = apply(on, SwitchRecharge(on=TODAY, by=BOSS, authorization=None))
        assert off.automatic == account().automatic


# --- outcomes -----------------------------------------------------------------------------------------------------


class TestOutcomes:
    """FUN-9: what is there from acceptance stays owed; a decline for good blocks its source."""

    BOUGHT = apply(account(), set_total(13))

    def test_what_is_paid_is_no_longer_open(self) -> None:
        """The licenses were there before."""
        paid = apply(self.BOUGHT, outcome("acme/licenses/1", Succeeded()))
        assert (paid.open, paid.past_due_since) == ((), None)
        assert paid.balance == self.BOUGHT.balance

    def test_a_failed_charge_stays_owed(self) -> None:
        """Since its own day, whenever it failed; and it may be paid after all."""
        failed = apply(self.BOUGHT, outcome("acme/licenses/1", SOFT, is_final=True, on=date(2026, 11, 25)))
        assert failed.past_due_since == TODAY
        assert failed.licenses.holding("powerdialer").owned == 13
        assert open_charges(failed) == ()
        paid = apply(failed, outcome("acme/licenses/1", Succeeded(), on=date(2026, 11, 26)))
        assert (paid.open, paid.past_due_since) == ((), None)

    def test_a_failed_charge_is_tried_again(self) -> None:
        """From the sources stated; it stays past due meanwhile, and fails or is paid like before."""
        failed = apply(self.BOUGHT, outcome("acme/licenses/1", SOFT, is_final=True))
        assert failed.open[0].intent.sources == ()
        again = apply(failed, RetryCharge(on=TODAY, intent="acme/licenses/1", sources=("bank",)))
        assert (again.open[0].intent.sources, again.past_due_since) == (("bank",), TODAY)
        with pytest.raises(SourceInUse):
            apply(again, RemoveSource(on=TODAY, by=BOSS, source="bank"))
        assert apply(again, outcome("acme/licenses/1", SOFT, source="bank", is_final=True)) == failed
        assert apply(again, outcome("acme/licenses/1", Succeeded(), source="bank")).open == ()

    def test_a_charge_that_no_source_can_be_tried_for_fails(self) -> None:
        """Nobody was asked, and so there is no source to name."""
        failed = apply(self.BOUGHT, outcome("acme/licenses/1", Voided(), source=None, is_final=True))
        assert failed.past_due_since == TODAY

    def test_the_oldest_counts(self) -> None:
        """Of several that failed; others are as open as before."""
        later = date(2026, 11, 22)
        several = do(self.BOUGHT, set_total(14, on=later), set_total(15, on=later))
        failed = do(
            several,
            outcome("acme/licenses/2", SOFT, is_final=True, on=later),
            outcome("acme/licenses/1", SOFT, is_final=True, on=later),
        )
        assert failed.past_due_since == TODAY
        assert [one.has_failed for one in failed.open] == [True, True, False]

    @pytest.mark.parametrize(
        ("answer", "token", "is_blocked"),
        [
            (SOFT, None, False),
            (HARD, None, True),
            (HARD, "tok_visa", True),
            (HARD, "tok_former", False),
            (TakenBack("R02"), None, True),
            (TakenBack("R01"), None, False),
        ],
    )
    def test_a_decline_for_good_blocks_the_source(self, answer: Outcome, token: str | None, is_blocked: bool) -> None:
        """But not one that has replaced it since."""
        known = apply(self.BOUGHT, outcome("acme/licenses/1", answer, token=token))
        assert known.funding is not None
        assert known.funding.primary.is_blocked is is_blocked
        assert len(known.open) == 1

    def test_a_returned_payment_is_owed_again(self) -> None:
        """Since the day of the charge."""
        paid = apply(self.BOUGHT, outcome("acme/licenses/1", Succeeded()))
        back = RecordReturn(on=date(2026, 12, 1), intent=the_charge(self.BOUGHT), code="R01", source="visa")
        returned = apply(paid, back)
        assert returned.past_due_since == TODAY
        assert returned.balance == paid.balance
        assert returned.open[0].has_failed

    def test_returned_minutes_are_drawn_back(self) -> None:
        """Below zero if they are used up; nothing is owed."""
        bought = apply(account(balance=usd("0.00")), buy())
        paid = do(bought, outcome("acme/minutes/1", Succeeded()), DrawMinutes(on=TODAY, amount=usd("90.00")))
        back = apply(paid, RecordReturn(on=TODAY, intent=the_charge(bought), code="R01", source="visa"))
        assert (back.balance, back.open) == (usd("-90.00"), ())


class TestCarryOver:
    """BIL-1: what is too small to charge is owed in one with the next bill."""

    SMALL = account(contracts=(contract(prices=(price("powerdialer", "99.00"), price("elf", "1.00"))),))

    def test_its_lines_wait_in_their_categories(self) -> None:
        """37 cents of ELF come with December's bill, and count once towards a minimum spend."""
        bought = apply(attrs.evolve(self.SMALL, licenses=owning(powerdialer=12)), set_total(1, "elf"))
        assert the_charge(bought).amount == usd("0.37")
        carried = apply(bought, CarryOver(on=TODAY, intent="acme/licenses/1"))
        (line,) = carried.waiting
        assert (line.kind, line.category, line.amount) == (LineKind.CARRIED, Category.LICENSES, usd("0.37"))
        assert (carried.open, carried.spending) == ((), bought.spending)
        made = monthly_bill(carried, DECEMBER.start, readings=[reading(0)])
        assert [one.amount.text for one in made.lines] == ["1188.00", "1.00", "0.37"]
        assert mistakes(made.explanation()) == []

    def test_until_the_final_bill_even_after_the_end(self) -> None:
        """There is one more to carry it."""
        bought = apply(attrs.evolve(self.SMALL, licenses=owning(powerdialer=12)), set_total(1, "elf"))
        ended = advance(apply(bought, cancel()), DECEMBER.start)
        carried = apply(ended, CarryOver(on=DECEMBER.start, intent="acme/licenses/1"))
        assert [line.amount.text for line in monthly_bill(carried, DECEMBER.start).lines] == ["0.37"]


class TestGiveCredit:
    """BIL-6: a credit waits for the next bill, or was sent back outside."""

    BOUGHT = apply(account(), set_total(13))

    def note(self, net: str, *, sent_back: bool = False, on: date = TODAY) -> GiveCredit:
        """A credit on the increase to 13."""
        charge = the_charge(self.BOUGHT)
        return GiveCredit(on=on, intent=charge, position=0, net=usd(net), reason="goodwill", sent_back=sent_back)

    def test_its_lines_wait_and_lower_the_spending(self) -> None:
        """In the category of the line (BIL-2), and in the cycle in which it is given (PRC-4)."""
        credited = apply(self.BOUGHT, self.note("6.30"))
        (line,) = credited.waiting
        assert (line.kind, line.category, line.amount) == (LineKind.CREDIT_NOTE, Category.LICENSES, usd("-6.30"))
        assert credited.spending[-1].amount == usd("30.00")
        assert [one.net for one in credited.notes] == [usd("6.30")]

    def test_what_was_sent_back_is_recorded_only(self) -> None:
        """No bill credits it again; it counts against the charge."""
        credited = apply(self.BOUGHT, self.note("6.30", sent_back=True))
        assert (credited.waiting, len(credited.notes)) == ((), 1)
        assert credited.spending[-1].amount == usd("30.00")
        with pytest.raises(RuleViolation, match=r"30\.00 USD of it is left"):
            apply(credited, self.note("30.01"))

    @staticmethod
    def paid_minutes() -> Account:
        """Minutes for 100 dollars, bought and paid."""
        return apply(apply(account(), buy()), outcome("acme/minutes/1", Succeeded()))

    @staticmethod
    def on_minutes(net: str = "10.00", *, sent_back: bool = False) -> GiveCredit:
        """A credit on them."""
        (charge,) = apply(account(), buy()).open
        reason = "goodwill"
        return GiveCredit(on=TODAY, intent=charge.intent, position=0, net=usd(net), reason=reason, sent_back=sent_back)

    def test_minutes_that_are_not_paid_cannot_be_credited(self) -> None:
        """They may never be: nothing would be owed, and the credit would stay."""
        bought = apply(account(), buy())
        for sent_back in (False, True):
            with pytest.raises(InvalidValue, match="acme/minutes/1 is for minutes that are not paid yet"):
                apply(bought, self.on_minutes(sent_back=sent_back))

    @pytest.mark.parametrize("sent_back", [False, True])
    def test_what_was_credited_of_minutes_is_taken_back_with_their_payment(self, *, sent_back: bool) -> None:
        """The bank has sent all of it back already: notes of nothing that was paid would be too much (BIL-6)."""
        paid = self.paid_minutes()
        credited = apply(apply(paid, self.on_minutes("10.00", sent_back=sent_back)), self.on_minutes("5.00"))
        back = RecordReturn(on=TODAY, intent=paid.settled[0], code="R01", source="visa", token="tok_visa")
        returned = apply(credited, back)
        assert (returned.balance, returned.notes) == (account().balance, ())
        assert [(line.description, line.amount.text) for line in returned.waiting[-2:]] == [
            ("Taken back: Credit: goodwill", "10.00"),
            ("Taken back: Credit: goodwill", "5.00"),
        ]
        assert sum(line.amount.micros for line in returned.waiting) == (10_000_000 if sent_back else 0)
        assert all(mistakes(line.explanation()) == [] for line in returned.waiting)

    def test_a_long_reason_stops_no_return(self) -> None:
        """Its words are cut."""
        paid = self.paid_minutes()
        noted = apply(paid, attrs.evolve(self.on_minutes(), reason="r" * 192))
        back = RecordReturn(on=TODAY, intent=paid.settled[0], code="R01", source="visa", token="tok_visa")
        assert len(apply(noted, back).waiting[-1].description) == 200

    def test_notes_of_other_payments_stay(self) -> None:
        """Each belongs to its charge."""
        paid = apply(self.paid_minutes(), set_total(13))
        note = GiveCredit(on=TODAY, intent=the_charge(paid), position=0, net=usd("1.00"), reason="goodwill")
        credited = apply(apply(paid, note), self.on_minutes())
        back = RecordReturn(on=TODAY, intent=paid.settled[0], code="R01", source="visa", token="tok_visa")
        assert [one.intent_id for one in apply(credited, back).notes] == ["acme/licenses/1"]

    def test_minutes_do_not_count_towards_the_minimum(self) -> None:
        """Neither bought nor credited."""
        credited = apply(self.paid_minutes(), self.on_minutes())
        assert credited.spending[-1].amount == usd("0.00")
        assert credited.waiting[0].category is Category.MINUTES

    def test_after_the_final_bill_it_can_only_be_sent_back(self) -> None:
        """No bill follows that could credit it."""
        ended = advance(apply(self.BOUGHT, cancel()), DECEMBER.start)
        assert apply(ended, self.note("6.30", on=DECEMBER.start)).waiting
        billed = apply(ended, planned(monthly_bill(ended, DECEMBER.start)))
        with pytest.raises(NoFurtherBill):
            apply(billed, self.note("6.30", on=DECEMBER.start))
        assert apply(billed, self.note("6.30", on=DECEMBER.start, sent_back=True)).waiting == ()


class TestCancel:
    """FUN-8: with the end of the cycle, subject to what is committed."""

    def test_without_a_commitment_it_ends_with_the_cycle(self) -> None:
        """The prepaid balance is reported."""
        found = apply(account(contracts=(contract(end=DECEMBER.start),)), cancel(buyout=False)).cancellation
        assert found is not None
        assert (found.effective, found.committed, found.balance) == (DECEMBER.start, usd("0.00"), usd("100.00"))
        assert found.refund == usd("0.00")

    def test_with_a_buyout_it_says_of_what(self) -> None:
        """One further month of ten PowerDialer."""
        found = apply(account(), cancel()).cancellation
        assert found is not None
        assert found.buyout == usd("990.00")
        assert mistakes(found.explanation()) == []

    def test_the_refund_is_of_what_is_left_at_the_end(self) -> None:
        """Not of what there was when it was asked for: some was used since, and some paid after the end."""
        tariff = attrs.evolve(STANDARD.funding, balance_at_end=BalanceAtEnd.REFUNDED)
        asked = do(with_tariff(account(), funding=tariff), buy(), cancel())
        used = apply(asked, DrawMinutes(on=NOVEMBER.last_day, amount=usd("99.00")))
        paid = apply(used, outcome("acme/minutes/1", Succeeded(), on=date(2026, 12, 2)))
        refunds = [one.cancellation and one.cancellation.refund.text for one in (asked, used, paid)]
        assert refunds == ["100.00", "1.00", "101.00"]

    @pytest.mark.parametrize(
        "change",
        [
            AddSource(on=DECEMBER.start, by=BOSS, source=attrs.evolve(VISA, id="visa-2", token="tok_2")),
            ReplaceSource(on=DECEMBER.start, by=BOSS, source=attrs.evolve(VISA, token="tok_2")),
            MakePrimary(on=DECEMBER.start, by=BOSS, source="bank"),
            RemoveSource(on=DECEMBER.start, by=BOSS, source="bank"),
        ],
    )
    def test_sources_can_be_changed_afterwards(self, change: Change) -> None:
        """What stays owed has to be paid from something."""
        ended = apply(account(), cancel())
        assert funding_of(apply(ended, change)) != funding_of(ended)

    def test_until_it_ends_a_bill_follows(self) -> None:
        """Although the cycle's own bill was made: what is given or carried now comes with the final one."""
        leaving = do(account(contracts=(), licenses=Licenses.empty()), order(), cancel())
        assert not leaving.unbilled
        charge = the_charge(leaving)
        note = GiveCredit(on=NOVEMBER.last_day, intent=charge, position=0, net=usd("1.00"), reason="goodwill")
        assert [line.amount for line in apply(leaving, note).waiting] == [usd("-1.00")]
        assert apply(leaving, CarryOver(on=NOVEMBER.last_day, intent="acme/service/1")).waiting

    def test_what_is_owed_can_be_paid_afterwards(self) -> None:
        """And what was under way is recorded."""
        ended = advance(do(account(), set_total(13), buy(), cancel()), date(2027, 2, 1))
        paid = do(
            ended,
            outcome("acme/licenses/1", SOFT, is_final=True, on=date(2027, 2, 1)),
            outcome("acme/minutes/1", Succeeded(), on=date(2027, 2, 1)),
            DrawMinutes(on=date(2027, 2, 2), amount=usd("1.00")),
        )
        assert (paid.past_due_since, paid.balance) == (TODAY, usd("199.00"))
        assert apply(paid, outcome("acme/licenses/1", Succeeded(), on=date(2027, 2, 3))).open == ()


# --- bills --------------------------------------------------------------------------------------------------------


#: The kinds of lines that a bill has from the license schedule alone.
OF_THE_SCHEDULE = {LineKind.LICENSES, LineKind.SHORTFALL}


class TestPlanBill:
    """BIL-1: a bill opens its charge; what is below zero waits for the next."""

    @pytest.mark.parametrize(("zero", "category"), [("-0.01", Category.OTHER), ("0.00", Category.STORAGE)])
    def test_only_what_was_credited_gives_a_carried_credit_its_category(self, zero: str, category: Category) -> None:
        """A line of nothing was not."""
        lines = (line("-5.00", Category.STORAGE), line(zero, Category.LICENSES))
        carried = apply(self.FIRST, PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=lines))
        assert [one.category for one in carried.waiting] == [category]

    FIRST = account(today=DECEMBER.start, contracts=(), licenses=Licenses.empty())

    @pytest.mark.parametrize(
        ("amounts", "charged", "carried"),
        [
            (("10.00", "-9.99"), "0.01", None),
            (("10.00", "-10.00"), None, None),
            (("10.00", "-10.01"), None, "-0.01"),
            ((), None, None),
        ],
    )
    def test_the_total_is_charged_or_carried(
        self, amounts: tuple[str, ...], charged: str | None, carried: str | None
    ) -> None:
        """Above, at and below zero."""
        plan = PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=tuple(map(line, amounts)))
        billed = apply(self.FIRST, plan)
        assert [one.amount.text for one in open_charges(billed)] == ([] if charged is None else [charged])
        assert [one.amount.text for one in billed.waiting] == ([] if carried is None else [carried])
        assert billed.unbilled == ()

    def test_a_carried_credit_explains_itself(self) -> None:
        """By the lines of the bill that it is left over from (BIL-5)."""
        lines = (line("10.00"), line("-10.01", kind=LineKind.CREDIT_NOTE))
        (carried,) = apply(self.FIRST, PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=lines)).waiting
        told = carried.explanation()
        assert mistakes(told) == []
        assert (told.value, told.working) == ("-0.01", "10.00 - 10.01")
        assert carried.kind is LineKind.CARRIED

    @pytest.mark.parametrize(
        ("credited", "category"),
        [
            ((Category.STORAGE,), Category.STORAGE),
            ((Category.STORAGE, Category.STORAGE), Category.STORAGE),
            ((Category.STORAGE, Category.LICENSES), Category.OTHER),
        ],
    )
    def test_a_carried_credit_keeps_the_category_of_what_was_credited(
        self, credited: tuple[Category, ...], category: Category
    ) -> None:
        """If that is one (BIL-2)."""
        lines = (line("1.00"), *(line("-9.00", one, LineKind.CREDIT_NOTE) for one in credited))
        (carried,) = apply(self.FIRST, PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=lines)).waiting
        assert carried.category is category

    def test_only_license_storage_and_service_lines_are_spending(self) -> None:
        """In the cycle that is billed, however late the run (PRC-4)."""
        lines = tuple(line("1.00", kind=kind) for kind in LineKind if kind not in OF_THE_SCHEDULE)
        billed = apply(
            advance(self.FIRST, date(2027, 1, 5)), PlanBill(on=date(2027, 1, 5), cycle=DECEMBER, lines=lines)
        )
        assert [(one.cycle.start.month, one.amount.text) for one in billed.spending] == [(12, "2.00"), (1, "0.00")]

    def test_its_charge_is_numbered_by_the_cycle(self) -> None:
        """And made on the day of the run, from the sources that are valid then."""
        late = advance(self.FIRST, date(2026, 12, 5))
        billed = apply(late, PlanBill(on=date(2026, 12, 5), cycle=DECEMBER, lines=(line("1.00"),)))
        charge = the_charge(billed)
        assert (charge.id, charge.on, charge.sources) == ("acme/bill/12", date(2026, 12, 5), ("visa", "bank"))
        assert charge.authorized_by == ""

    def test_a_bill_made_before_a_contract_is_stale(self) -> None:
        """It would bill the terms of before; made again, it has those that hold (CYC-1)."""
        later = contract(reference="order 2", start=DECEMBER.start, floors=(floor("powerdialer", 20),))
        first = account(today=DECEMBER.start)
        made = monthly_bill(first, DECEMBER.start, readings=[reading(0)])
        signed = apply(first, SignContract(on=DECEMBER.start, contract=later))
        with pytest.raises(StaleBill, match="was made under other terms; make it again"):
            apply(signed, planned(made))
        assert the_charge(bill(signed)).amount == usd("2050.00")

    def test_a_bill_made_before_a_credit_is_stale(self) -> None:
        """It would lose the credit; made again, it has it. Two alike count as two."""
        owing = apply(account(), set_total(13))
        note = GiveCredit(on=DECEMBER.start, intent=the_charge(owing), position=0, net=usd("5.00"), reason="goodwill")
        one_note = apply(advance(owing, DECEMBER.start), note)
        made = monthly_bill(one_note, DECEMBER.start, readings=[reading(0)])
        two_notes = apply(one_note, note)
        with pytest.raises(StaleBill, match="lacks what has come to wait for it; make it again"):
            apply(two_notes, planned(made))
        assert bill(two_notes).waiting == ()


class TestSettlement:
    """FUN-9: what was captured is settled; a return or a credit is of a settled charge, once."""

    @pytest.mark.parametrize("captured", ["50.00", "100.00", "150.00"])
    def test_minutes_are_there_as_far_as_they_were_paid(self, captured: str) -> None:
        """Less, all, and more than was asked for; a return takes back as much."""
        asked = apply(account(), buy())
        paid = apply(asked, outcome("acme/minutes/1", Succeeded(usd(captured))))
        assert paid.balance == usd("100.00") + usd(captured)
        (settled,) = paid.settled
        assert settled.amount == usd(captured)
        assert paid.waiting == ()
        back = apply(paid, RecordReturn(on=TODAY, intent=settled, code="R01", source="bank"))
        assert (back.balance, back.settled, back.open) == (usd("100.00"), (), ())

    @pytest.mark.parametrize(("captured", "left"), [("36.29", "0.01"), ("36.30", None), ("36.31", "-0.01")])
    def test_what_differs_waits_for_the_next_bill(self, captured: str, left: str | None) -> None:
        """Owed where less was captured, given back where more was."""
        paid = apply(apply(account(), set_total(13)), outcome("acme/licenses/1", Succeeded(usd(captured))))
        assert [one.amount.text for one in paid.waiting] == ([] if left is None else [left])
        assert {one.category for one in paid.waiting} <= {Category.LICENSES}
        told = [one.explanation() for one in (*paid.waiting, *paid.settled[0].lines)]
        assert [mistakes(one) for one in told] == [[]] * len(told)
        assert paid.settled[0].amount == usd(captured)
        listed_ = transactions(
            entries(account(), [set_total(13), outcome("acme/licenses/1", Succeeded(usd(captured)))])
        )
        assert [one.amount for one in listed_] == [usd(captured)]

    def test_another_currency_is_refused(self) -> None:
        """Nothing is settled in it (MON-2)."""
        with pytest.raises(CurrencyMismatch):
            apply(apply(account(), buy()), outcome("acme/minutes/1", Succeeded(Money.parse("100.00", "EUR"))))

    def test_a_return_is_of_a_standing_settlement(self) -> None:
        """Not of a charge that was never paid, was dropped, was carried over, or was returned before."""
        bought = apply(account(), buy())
        charge = the_charge(bought)
        back = RecordReturn(on=TODAY, intent=charge, code="R01", source="visa")
        dropped = apply(bought, outcome(charge.id, SOFT, is_final=True))
        returned = apply(apply(bought, outcome(charge.id, Succeeded())), back)
        for refusing in (bought, dropped, returned, account()):
            with pytest.raises(UnknownIntent, match="is not settled, or was returned before"):
                apply(refusing, back)

    def test_a_return_for_good_blocks_the_source_and_forgets_those_that_are_gone(self) -> None:
        """R02 says that the bank account is closed; the charge is owed, from the sources that are left."""
        ordered = apply(account(), order(source="bank"))
        paid = apply(ordered, outcome("acme/service/1", Succeeded(), source="bank"))
        back = RecordReturn(on=TODAY, intent=paid.settled[0], code="R02", source="bank", token="tok_bank")
        blocked = apply(paid, back)
        assert funding_of(blocked).source("bank").is_blocked
        gone = apply(apply(paid, RemoveSource(on=TODAY, by=BOSS, source="bank")), back)
        (owed,) = gone.open
        assert (owed.has_failed, owed.intent.sources) == (True, ())

    @pytest.mark.parametrize(("days", "is_kept"), [(399, True), (400, True), (401, False)])
    def test_what_was_paid_long_ago_is_let_go(self, days: int, is_kept: bool) -> None:
        """A return or a credit comes within 400 days; the account does not grow for ever."""
        paid = apply(apply(account(), buy()), outcome("acme/minutes/1", Succeeded()))
        noted = attrs.evolve(
            paid,
            settled=tuple(attrs.evolve(one, on=date(2028, 1, 1) - timedelta(days=days)) for one in paid.settled),
        )
        later = advance(noted, date(2028, 1, 1))
        assert bool(later.settled) is is_kept

    def test_of_two_the_one_that_is_just_young_enough_is_kept(self) -> None:
        """Each by its own day."""
        charges = ("acme/minutes/1", "acme/service/1")
        paid = do(account(), buy(), order(), *(outcome(charge, Succeeded()) for charge in charges))
        minutes, service = paid.settled
        oldest = date(2028, 1, 1) - timedelta(days=400)
        settled = (attrs.evolve(minutes, on=oldest - timedelta(days=1)), attrs.evolve(service, on=oldest))
        later = advance(attrs.evolve(paid, settled=settled), date(2028, 1, 1))
        assert [one.id for one in later.settled] == ["acme/service/1"]

    @pytest.mark.parametrize(("days", "is_taken"), [(399, False), (400, False), (401, True)])
    def test_a_return_of_what_was_let_go_is_taken_on_trust(self, days: int, *, is_taken: bool) -> None:
        """The caller has kept it; of what the account still would hold it is no payment."""
        ordinals = ((Purpose.SERVICE, 1),)
        acme = account(today=date(2028, 1, 1), contracts=(), licenses=Licenses.empty(), ordinals=ordinals)
        charge = attrs.evolve(the_charge(apply(account(), order())), on=date(2028, 1, 1) - timedelta(days=days))
        back = RecordReturn(on=date(2028, 1, 1), intent=charge, code="R01", source="visa")
        if is_taken:
            assert [one.intent.id for one in apply(acme, back).open] == ["acme/service/1"]
        else:
            with pytest.raises(UnknownIntent, match="is not settled"):
                apply(acme, back)

    def test_a_credit_is_of_a_charge_that_is_open_or_settled(self) -> None:
        """What was dropped was never paid; what was carried over is charged with another bill (BIL-6)."""
        bought = apply(account(), buy())
        dropped = apply(bought, outcome("acme/minutes/1", SOFT, is_final=True))
        owing = apply(account(), set_total(13))
        carried = apply(owing, CarryOver(on=TODAY, intent="acme/licenses/1"))
        for refusing, charge in ((dropped, the_charge(bought)), (carried, the_charge(owing))):
            with pytest.raises(UnknownIntent, match="is no charge that is open or settled"):
                apply(refusing, GiveCredit(on=TODAY, intent=charge, position=0, net=usd("1.00"), reason="goodwill"))

    def test_what_was_carried_over_cannot_be_credited(self) -> None:
        """Its tax went with the charge that it comes from."""
        owing = apply(apply(account(), set_total(13)), CarryOver(on=TODAY, intent="acme/licenses/1"))
        billed = bill(advance(owing, DECEMBER.start))
        charge = the_charge(billed)
        position = next(at for at, one in enumerate(charge.lines) if one.kind is LineKind.CARRIED)
        with pytest.raises(InvalidValue, match="must be of a line that charges something"):
            apply(
                billed,
                GiveCredit(on=DECEMBER.start, intent=charge, position=position, net=usd("1.00"), reason="goodwill"),
            )


class TestPrices:
    """LIC-7: a price that is missing can be stated later, and a name that nobody knows is refused at once."""

    def test_a_list_price_lets_a_cycle_without_one_be_billed(self) -> None:
        """The contract has ended; January waits until a price is stated, from January on."""
        billed = bill(advance(account(), DECEMBER.start))
        january = date(2027, 1, 1)
        late = advance(billed, date(2027, 2, 3))
        with pytest.raises(NoPrice):
            monthly_bill(late, january, readings=[reading(0, january)])
        listed_ = Catalog(
            tuple(
                attrs.evolve(one, list_price=Dated((Step(january, PerUnit(amount=usd("120.00"))),)))
                for one in STANDARD_CATALOG.products
            )
        )
        stated = apply(late, ReplaceCatalog(on=late.today, catalog=listed_))
        made = monthly_bill(stated, january, readings=[reading(0, january)])
        assert made.lines[0].amount == usd("1440.00")
        assert open_charges(apply(stated, planned(made, late.today)))[-1].amount == made.total

    def test_a_contract_names_products_that_there_are(self) -> None:
        """A slip would be billed as nothing, or stop every bill to come."""
        unknown = contract(reference="order 2", start=DECEMBER.start, floors=(floor("powerdialler", 20),))
        with pytest.raises(UnknownProduct):
            apply(account(), SignContract(on=TODAY, contract=unknown))

    def test_a_first_contract_within_a_cycle_prices_what_had_no_price(self) -> None:
        """Nothing was billed for it before, so its share is charged whole (LIC-10)."""
        unpriced = account(contracts=())
        signed = apply(unpriced, SignContract(on=TODAY, contract=contract(start=TODAY)))
        assert the_charge(signed).amount == usd("461.27")


class TestReadiness:
    """CYC-1, BIL-4, FUN-7: an account that cannot be billed, or would reuse a number, does not come about."""

    def test_an_account_begins_before_it_changes(self) -> None:
        """Else its first cycle would never be billed."""
        ready = account()
        raw = attrs.evolve(ready, spending=())
        with pytest.raises(InvalidValue, match=r"must be made ready with begin\(\)"):
            apply(raw, set_total(13))

    def test_an_open_charge_is_counted(self) -> None:
        """A number that was forgotten would be given twice."""
        owing = apply(account(), set_total(13))
        with pytest.raises(InvalidValue, match="must count 'acme/licenses/1', which is open"):
            attrs.evolve(owing, ordinals=())
        with pytest.raises(InvalidValue, match="twice"):
            attrs.evolve(owing, open=owing.open * 2)
        with pytest.raises(InvalidValue, match="twice"):
            attrs.evolve(owing, ordinals=owing.ordinals * 2)

    def test_the_administrator_stays_until_billing_is_handed_over(self) -> None:
        """Nobody else could change what only they may."""
        handed = apply(account(), ChangeAdministrator(on=TODAY, by=BOSS, user="sys"))
        with pytest.raises(AdministratesBilling, match=r"hands billing over first \(FUN-7\)"):
            apply(handed, RemoveUser(on=TODAY, user="sys"))


# --- previews -----------------------------------------------------------------------------------------------------


class TestLicensePurchase:
    """LIC-12: a preview is the purchase's own change, not applied."""

    def preview(self, acme: Account, total: int, product: str = "powerdialer") -> Any:
        """What setting a total would do."""
        return license_purchase(acme, product, total, by=BOSS, authorization=ACCEPTED, on=TODAY)

    def test_it_says_what_the_dialogue_shows(self) -> None:
        """Charge, source, next month, difference, and what can be assigned then."""
        shown = self.preview(account(), 13)
        assert (shown.charge, shown.source) == (usd("36.30"), "Visa ending in 1111")
        assert (shown.monthly_before, shown.monthly_after, shown.difference) == (
            usd("1258.00"),
            usd("1357.00"),
            usd("99.00"),
        )
        assert shown.available_after == 5

    def test_applied_it_charges_what_it_showed(self) -> None:
        """The very intent."""
        acme = account()
        shown = self.preview(acme, 13)
        assert the_charge(apply(acme, shown.change)) == shown.intent
        assert acme.open == ()

    def test_what_was_shown_is_charged_or_nothing_is(self) -> None:
        """A colleague bought meanwhile: what was shown as one more would take two away again, for nothing."""
        acme = account()
        shown = self.preview(acme, 13)
        bought = apply(acme, set_total(15))
        with pytest.raises(StalePurchase, match=r"a charge of 36\.30 USD, and would be charged 0\.00 USD by now"):
            apply(bought, shown.change)
        assert apply(bought, set_total(13)).licenses.holding("powerdialer").pending == 13
        again = self.preview(bought, 13)
        assert apply(bought, again.change).licenses.holding("powerdialer").pending == 13

    def test_the_month_that_is_told_is_the_next(self) -> None:
        """An increase is there today, and what the month costs then may be another price."""
        dearer: Dated[Price] = Dated(
            (Step(date.min, PerUnit(amount=usd("99.00"))), Step(DECEMBER.start, PerUnit(amount=usd("49.00"))))
        )
        prices = (ContractPrice("powerdialer", dearer), *contract().prices[1:])
        shown = self.preview(account(contracts=(contract(prices=prices),)), 13)
        assert (shown.charge, shown.difference, shown.next_month) == (usd("36.30"), usd("49.00"), DECEMBER.start)
        told = shown.explanation().because
        assert "from 2026-12-01 the month's licenses cost" in told
        assert "49.00 USD more than without the change" in told

    def test_the_policy_for_nothing_is_that_of_the_cycle(self) -> None:
        """What was free on the first is free before the purchase, and the flat part is charged after it (PRC-3)."""
        flat = ContractPrice("elf", Dated.always(Flat(amount=usd("60.00"))))
        later = attrs.evolve(STANDARD, zero_quantity=ZeroQuantity.FLAT)
        tariffs = Dated((Step(date(2026, 1, 1), STANDARD), Step(date(2026, 11, 10), later)))
        acme = account(contracts=(contract(prices=(*contract().prices, flat)),), tariffs=tariffs)
        assert self.preview(acme, 1, "elf").charge == usd("22.00")

    def test_an_increase_is_derived_from_unrounded_prices(self) -> None:
        """An eighth of a dollar more is 13 cents; the difference of rounded months would be 12 (MON-1)."""
        eighth = ContractPrice("elf", Dated.always(PerUnit(amount=usd("0.125"))))
        acme = account(
            contracts=(contract(prices=(*contract().prices, eighth)),),
            licenses=owning(powerdialer=12, elf=1),
            tariffs=Dated.always(attrs.evolve(STANDARD, proration=Convention.WHOLE_CYCLE)),
        )
        shown = self.preview(acme, 2, "elf")
        assert shown.charge == usd("0.13")
        assert mistakes(shown.explanation()) == []

    def test_it_shows_the_source_that_will_be_charged(self) -> None:
        """Not the primary, where that is not valid."""
        expired = attrs.evolve(VISA, expiry=Expiry(2026, 10))
        assert self.preview(account(funding=Funding((expired, BANK))), 13).source == BANK.masked

    @pytest.mark.parametrize(("policy", "available"), [(PoolAssignment.ADMITS, 6), (PoolAssignment.USES_ONE, 4)])
    def test_what_is_left_of_a_pool(self, policy: PoolAssignment, available: int) -> None:
        """By the account's own policy (PRT-7)."""
        pool = Holding(product="flex_port", owned=5, users=frozenset(["u0", "u1"]))
        acme = with_tariff(account(licenses=Licenses((pool,))), ports=PortTerms(assignment=policy))
        assert self.preview(acme, 6, "flex_port").available_after == available

    def test_the_next_month_has_the_next_contracts_floor(self) -> None:
        """A pending total below it is not taken (LIC-8)."""
        successor = contract(
            reference="order 2", start=DECEMBER.start, end=date(2028, 1, 1), floors=(floor("powerdialer", 12),)
        )
        signed = do(account(), set_total(10), SignContract(on=TODAY, contract=successor))
        shown = self.preview(signed, 3, "inbound_agent")
        assert (shown.monthly_before, shown.monthly_after) == (usd("1258.00"), usd("1293.00"))

    def test_a_credited_decrease_says_so(self) -> None:
        """By the policy that credits it at once."""
        shown = self.preview(with_tariff(account(), decrease=Decrease.CREDIT), 10)
        assert shown.reason == "72.60 USD is credited on the next bill"
        assert shown.explanation().because.startswith("72.60 USD is credited on the next bill; from 2026-12-01")

    def test_a_smaller_total_costs_less(self) -> None:
        """And the words say so."""
        assert "198.00 USD less than without the change" in self.preview(account(), 10).explanation().because

    def test_a_decrease_shows_the_month_it_takes_effect_in(self) -> None:
        """Nothing is charged, and so there is no source."""
        shown = self.preview(account(), 10)
        assert (shown.charge, shown.source, shown.intent) == (usd("0.00"), "", None)
        assert (shown.monthly_after, shown.difference, shown.available_after) == (usd("1060.00"), usd("-198.00"), 2)

    def test_up_to_the_floor_the_month_stays_as_it_is(self) -> None:
        """They are paid for already."""
        shown = self.preview(account(licenses=owning(powerdialer=8)), 10)
        assert "cost 990.00 USD, as much as without the change; available then: 10." in shown.explanation().because
        assert (shown.charge, shown.difference) == (usd("0.00"), usd("0.00"))

    def test_without_a_valid_source_it_names_none(self) -> None:
        """The charge waits for one, and the words say so."""
        expired = attrs.evolve(VISA, expiry=Expiry(2026, 10))
        shown = self.preview(account(funding=Funding((expired,))), 13)
        assert (shown.charge, shown.source) == (usd("36.30"), "")
        assert shown.explanation().because.startswith("36.30 USD is owed at once, and no source is valid; from ")

    def test_in_an_accounts_last_cycle_no_month_follows(self) -> None:
        """Nothing recurs after it (FUN-8)."""
        shown = self.preview(apply(account(), cancel()), 13)
        assert (shown.charge, shown.monthly_before, shown.monthly_after) == (usd("36.30"), usd("0.00"), usd("0.00"))

    def test_it_is_asked_on_a_later_day(self) -> None:
        """As if time had passed until then."""
        acme = account(contracts=(contract(renewal_months=12),))
        shown = license_purchase(acme, "powerdialer", 13, by=BOSS, authorization=ACCEPTED, on=date(2026, 12, 17))
        assert shown.charge == usd("47.90")

    def test_a_month_without_a_price_is_not_known(self) -> None:
        """The contract ends, and what licenses cost then is not nothing (LIC-7); the purchase itself is allowed."""
        shown = license_purchase(account(), "powerdialer", 13, by=BOSS, authorization=ACCEPTED, on=date(2026, 12, 17))
        assert shown.charge == usd("47.90")
        assert (shown.monthly_before, shown.monthly_after, shown.difference) == (None, None, None)
        told = shown.explanation()
        assert (told.value, mistakes(told)) == ("no price is agreed yet", [])
        assert "LIC-7" in told.rules

    @pytest.mark.parametrize("total", [13, 12, 10])
    def test_it_explains_itself(self, total: int) -> None:
        """The month after it, and the change below (BIL-5)."""
        told = self.preview(account(), total).explanation()
        assert mistakes(told) == []
        schedule = self.preview(account(), total).schedule_after
        assert schedule is not None
        assert told.working == schedule.explanation().working
        assert told.parts[: len(schedule.lines)] == schedule.explanation().parts
        assert told.rules == ("LIC-12", "LIC-10")
        assert ("to Visa ending in 1111" in told.because) is (total == 13)

    def test_it_refuses_what_the_purchase_would(self) -> None:
        """With the same error."""
        with pytest.raises(RuleViolation, match="floor is 10"):
            self.preview(account(licenses=owning(powerdialer=12)), 9)


# --- the stream ---------------------------------------------------------------------------------------------------


class TestEntries:
    """BIL-2: the settlements and returns of a stream, for the list of transactions."""

    def test_what_was_charged_is_shown_although_it_was_replaced(self) -> None:
        """By its token; where none is told, as the source was shown last."""
        other = attrs.evolve(BANK, token="tok_other", last_four="0001")
        for token, shown in (("tok_bank", BANK.masked), ("tok_other", other.masked), (None, other.masked)):
            stream = [
                set_total(13),
                ReplaceSource(on=TODAY, by=BOSS, source=other),
                RecordOutcome(on=TODAY, intent="acme/licenses/1", source="bank", outcome=Succeeded(), token=token),
            ]
            assert [one.source for one in entries(account(), stream) if isinstance(one, Settled)] == [shown]

    def test_a_stream_becomes_transactions(self) -> None:
        """In the order of settlement; what is declined or open is none."""
        charge = the_charge(apply(account(), set_total(13)))
        stream = [
            set_total(13),
            buy(),
            outcome("acme/licenses/1", SOFT),
            outcome("acme/licenses/1", Succeeded(), source="bank"),
            outcome("acme/minutes/1", Pending()),
            RecordReturn(on=date(2026, 12, 3), intent=charge, code="R01", source="visa"),
            outcome("acme/minutes/1", Succeeded(), on=date(2026, 12, 4)),
        ]
        found = list(entries(account(), stream))
        assert [type(one) for one in found] == [Settled, Returned, Settled]
        listed_ = transactions(found)
        assert [(one.trx, one.on, one.amount.text, one.source) for one in listed_] == [
            ("TRX-000001", TODAY, "36.30", "First Bank ending in 6789"),
            ("TRX-000002", date(2026, 12, 3), "-36.30", "First Bank ending in 6789"),
            ("TRX-000003", date(2026, 12, 4), "100.00", "Visa ending in 1111"),
        ]
        assert [one.authorized_by for one in listed_] == ["Ada Lovelace"] * 3
        assert all(mistakes(one.explanation()) == [] for each in listed_ for one in each.lines)


def test_group_floors_are_charged_by_their_shortfall() -> None:
    """One more PowerDialer costs its price and saves a license that the group fell short (LIC-10)."""
    group = Floor(products=("powerdialer", "inbound_agent"), minimum=Dated.always(15), shortfall_price=usd("39.00"))
    bought = apply(account(contracts=(contract(floors=(group,)),)), set_total(13))
    assert the_charge(bought).amount == usd("22.00")
