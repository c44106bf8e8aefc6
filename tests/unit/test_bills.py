"""The month's bill line by line, its true-up, its taxes, its explanation, and the summary in four parts."""

import pickle
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill.accounts import Account, Spending, advance, apply, open_charges
from licensebill.bills import Bill, CycleNotKept, Tax, TrueUp, monthly_bill, no_tax, planned, summary, true_up
from licensebill.changes import CarryOver, GiveCredit, PlanBill, SignContract, entries
from licensebill.cycles import Convention, NotACycleStart, Period, cycle_of, preceding
from licensebill.errors import InvalidValue
from licensebill.funding import Expiry, Funding, Succeeded, WarningCode
from licensebill.ledger import Category, Line, LineKind, transactions
from licensebill.licenses import Decrease, Holding, Licenses
from licensebill.minutes import UsageHistory
from licensebill.money import CurrencyMismatch, InvalidMoney, Money
from licensebill.pricing import Flat, ZeroQuantity
from licensebill.readings import NoReading
from licensebill.schedules import NoPrice
from licensebill.storage import Reading, ReadingRule
from licensebill.terms import STANDARD, ContractPrice, Dated, Floor, Step, YoungAccount
from tests.changing import (
    DECEMBER,
    NOVEMBER,
    SOFT,
    TODAY,
    bill,
    buy,
    cancel,
    choose,
    do,
    order,
    outcome,
    owning,
    save,
    set_total,
    the_charge,
    with_tariff,
)
from tests.examples import BANK, BOSS, CONTRACT, VISA, account, contract, floor, price, reading, usd
from tests.working import mistakes

JANUARY = cycle_of(date(2027, 1, 1))
NOTHING_STORED = [reading(0)]
EXPIRED = attrs.evolve(VISA, expiry=Expiry(2026, 10))


def credited(amount: str) -> Line:
    """A credit that waits for the next bill."""
    return Line(kind=LineKind.CREDIT, category=Category.LICENSES, description="Credit", amount=-usd(amount))


def made(acme: Account, on: date = DECEMBER.start, **more: Any) -> Bill:
    """The bill of a day, with nothing stored."""
    return monthly_bill(acme, on, **({"readings": [reading(0, on)]} | more))


def amounts(lines: Iterable[Line]) -> list[str]:
    """What lines come to, as text."""
    return [line.amount.text for line in lines]


def renewing(**changed: Any) -> Account:
    """The example account under a contract that goes on year by year."""
    return account(contracts=(contract(renewal_months=12, **changed),))


class TestMonthlyBill:
    """BIL-1: what a cycle's bill has on it, and in which order."""

    def test_licenses_storage_what_waits_and_the_true_up(self) -> None:
        """Each with its category, period and terms."""
        acme = account(contracts=(contract(minimum_spend=Dated.always(usd("2000.00"), "order 1, page 3")),))
        found = made(apply(acme, choose()), readings=[reading(500_000_000)])
        assert [(line.kind, line.category, line.amount.text) for line in found.lines] == [
            (LineKind.LICENSES, Category.LICENSES, "1188.00"),
            (LineKind.LICENSES, Category.LICENSES, "70.00"),
            (LineKind.STORAGE, Category.STORAGE, "30.00"),
            (LineKind.SERVICE, Category.SERVICES, "1500.00"),
            (LineKind.TRUE_UP, Category.LICENSES, "2000.00"),
        ]
        assert [line.period for line in found.lines] == [DECEMBER, DECEMBER, DECEMBER, None, NOVEMBER]
        assert [line.quantity for line in found.lines[:2]] == [12, 2]
        assert [line.description for line in found.lines] == [
            "PowerDialer",
            "Inbound Agent",
            "Storage fee",
            "Implementation: Guided",
            "True-up to the minimum spend of 2026-11-01 to 2026-11-30",
        ]
        assert (found.total, found.due) == (usd("4788.00"), usd("4788.00"))

    def test_it_names_the_terms_it_applied(self) -> None:
        """Each once: name, value, since when, where agreed."""
        found = made(account(), readings=[reading(500_000_000)]).terms
        assert [(term.name, term.value, term.source) for term in found] == [
            ("price of PowerDialer", "99.00 USD each", "order 1"),
            ("floor of PowerDialer", "10 licenses", "order 1"),
            ("price of Inbound Agent", "35.00 USD each", "order 1"),
            ("storage: included users", "5 users", ""),
            ("storage: base megabytes", "250 megabytes", ""),
            ("storage: user megabytes", "50 megabytes per further user", ""),
            ("storage: fee", "30.00 USD per gigabyte started", ""),
            ("storage: units", "decimal", ""),
            ("storage: basis", "on total", ""),
            ("storage: reading", "at start", ""),
            ("storage: reading age days", "1 day", ""),
        ]
        assert {term.rule for term in found} == {"LIC-7", "LIC-2", "STO-1", "STO-2", "STO-3", "STO-4"}

    def test_the_shortfall_of_a_group_is_a_line_of_its_own(self) -> None:
        """At the price agreed with the floor (LIC-10)."""
        group = Floor(products=("powerdialer", "inbound_agent"), minimum=Dated.always(15), shortfall_price=usd("39.00"))
        found = made(account(contracts=(contract(floors=(group,)),))).lines
        assert (found[-1].kind, found[-1].amount) == (LineKind.SHORTFALL, usd("39.00"))

    @pytest.mark.parametrize(("owned", "billed"), [(9, "990.00"), (10, "990.00"), (11, "1089.00")])
    def test_never_below_the_floor(self, owned: int, billed: str) -> None:
        """LIC-2, at the threshold and beside it."""
        assert amounts(made(account(licenses=owning(powerdialer=owned))).lines) == [billed]

    def test_without_a_fee_there_is_no_line_but_a_result(self) -> None:
        """So that the explanation can say why."""
        found = made(account())
        assert LineKind.STORAGE not in {line.kind for line in found.lines}
        assert found.storage is not None
        assert found.storage.amount == usd("0.00")

    @pytest.mark.parametrize("users", [None, 8, 20, 21])
    def test_the_number_of_users_may_be_stated(self, users: int | None) -> None:
        """21 users may store 1050 megabytes (STO-1)."""
        found = made(account(), readings=[reading(1_050_000_000)], users=users)
        assert (LineKind.STORAGE in {line.kind for line in found.lines}) is (users != 21)

    @pytest.mark.parametrize(
        ("since", "fee", "nothing"),
        [
            (date(2026, 11, 30), "40.00", "5.00"),
            (date(2026, 12, 1), "40.00", "5.00"),
            (date(2026, 12, 2), "30.00", None),
        ],
    )
    def test_the_tariff_is_that_of_the_cycles_first_day(self, since: date, fee: str, nothing: str | None) -> None:
        """Of storage (STO-2) and of what nothing costs (PRC-3), however late the run and whatever holds then."""
        later = attrs.evolve(
            STANDARD,
            storage=attrs.evolve(STANDARD.storage, fee=usd("40.00")),
            zero_quantity=ZeroQuantity.FLAT,
        )
        flat = ContractPrice("elf", Dated.always(Flat(amount=usd("5.00"))))
        agreed = contract(prices=(*contract().prices, flat), end=date(2028, 1, 1))
        held = Licenses((*account().licenses.holdings, Holding(product="elf", owned=0)))
        tariffs = Dated((Step(date(2026, 1, 1), STANDARD), Step(since, later)))
        acme = account(contracts=(agreed,), licenses=held, tariffs=tariffs)
        found = made(advance(acme, date(2026, 12, 5)), readings=[reading(500_000_000)])
        by_name = {line.description: line.amount.text for line in found.lines}
        assert (by_name["Storage fee"], by_name.get("ELF")) == (fee, nothing)

    def test_each_number_of_the_fee_says_which_agreement_brought_it(self) -> None:
        """A later step that says nothing of it changes neither its day nor its source (BIL-1)."""
        cheaper = attrs.evolve(STANDARD, storage=attrs.evolve(STANDARD.storage, fee=usd("25.00")))
        whole = attrs.evolve(cheaper, proration=Convention.WHOLE_CYCLE)
        steps = (
            Step(date.min, STANDARD),
            Step(date(2026, 11, 10), cheaper, "amendment B"),
            Step(date(2026, 11, 30), whole, "amendment C"),
            Step(date(2026, 12, 2), STANDARD, "amendment D"),
        )
        found = made(advance(account(tariffs=Dated(steps)), date(2026, 12, 5)), readings=[reading(500_000_000)])
        terms = {term.name: (term.value, term.since, term.source) for term in found.lines[-1].terms}
        assert terms["storage: fee"] == ("25.00 USD per gigabyte started", date(2026, 11, 10), "amendment B")
        assert terms["storage: included users"] == ("5 users", date.min, "")

    def test_a_minimum_that_was_met_is_explained(self) -> None:
        """With what was charged, and the share of a partial cycle."""
        agreed = contract(minimum_spend=Dated.always(usd("10.00")))
        begun = account(contracts=(agreed,), began=date(2026, 11, 16), spending=(Spending(NOVEMBER, usd("9.00")),))
        told = made(advance(begun, DECEMBER.start)).explanation()
        assert told.parts[-1].value == "0.00"
        assert told.parts[-1].because == (
            "The cycle's charges came to 9.00 USD; the minimum spend was 5.00 USD, "
            "which is 15/30 of the agreed one, by actual days from 2026-11-16."
        )
        assert mistakes(told) == []

    def test_nobody_may_be_stated(self) -> None:
        """None is a number, too."""
        found = made(account(), users=0).storage
        assert found is not None
        assert found.allowance.users == 0

    def test_an_empty_account_has_an_empty_bill(self) -> None:
        """Zero, charged to nobody."""
        found = made(account(contracts=(), licenses=Licenses.empty(), funding=None))
        assert (found.lines, found.total, found.source) == ((), usd("0.00"), "")
        billed = apply(account(contracts=(), licenses=Licenses.empty(), funding=None), planned(found))
        assert (billed.open, billed.unbilled) == ((), ())

    @pytest.mark.parametrize(
        ("credit", "total", "due"),
        [("1257.99", "0.01", "0.01"), ("1258.00", "0.00", "0.00"), ("1258.01", "-0.01", "0.00")],
    )
    def test_below_zero_nothing_is_due(self, credit: str, total: str, due: str) -> None:
        """Above, at and below."""
        waits = Line(kind=LineKind.CREDIT, category=Category.LICENSES, description="Credit", amount=-usd(credit))
        found = made(account(waiting=(waits,)))
        assert (found.total, found.due) == (usd(total), usd(due))
        assert mistakes(found.explanation()) == []

    def test_a_price_must_be_there(self) -> None:
        """After the contract's end none is, and that is not zero (LIC-7)."""
        with pytest.raises(NoPrice, match="PowerDialer has no price on 2027-01-01"):
            made(bill(account()), JANUARY.start)

    def test_a_reading_must_be_there(self) -> None:
        """A missing one is never zero; a bill of that cycle is made once there is one (STO-4)."""
        late = reading(0, date(2026, 12, 2))
        for readings in ((), (late,)):
            with pytest.raises(NoReading) as refused:
                monthly_bill(account(), DECEMBER.start, readings=readings)
            assert refused.value.rule == "STO-4"
        assert monthly_bill(account(), DECEMBER.start, readings=[late, reading(0)]).storage is not None


class TestWhichCycle:
    """CYC-1: a bill is asked for by its cycle's first day; bills come oldest first, each once."""

    @pytest.mark.parametrize(
        ("on", "nearest"),
        [
            (date(2026, 11, 30), "2026-11-01 and 2026-12-01"),
            (date(2026, 12, 2), "2026-12-01 and 2027-01-01"),
            (date(2026, 12, 31), "2026-12-01 and 2027-01-01"),
        ],
    )
    def test_another_day_names_the_two_nearest(self, on: date, nearest: str) -> None:
        """The day before and the day after are no first days."""
        with pytest.raises(NotACycleStart, match=f"the nearest are {nearest} \\(CYC-1\\)"):
            made(account(), on)

    @pytest.mark.parametrize("on", [date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)])
    def test_with_another_anchor_other_days_are_first(self, on: date) -> None:
        """The 31st, or the last of a shorter month (CYC-3)."""
        acme = account(anchor_day=31)
        if on == date(2026, 12, 31):
            billed = bill(acme, date(2026, 11, 30))
            assert made(billed, on).cycle == Period(on, date(2027, 1, 31))
        else:
            with pytest.raises(NotACycleStart):
                made(acme, on)

    def test_short_months_are_billed_on_their_last_day(self) -> None:
        """And the anchor comes back: fifteen bills, each of its own cycle, numbered without gaps."""
        acme, on = attrs.evolve(renewing(), anchor_day=31), date(2026, 11, 30)
        numbers = []
        for _ in range(15):
            found = made(acme, on)
            assert found.total == usd("1258.00")
            acme, on = apply(acme, planned(found)), found.cycle.end
            numbers.append(found.ordinal)
        assert on == date(2028, 2, 29)
        assert numbers == list(range(12, 27))

    def test_the_oldest_comes_first(self) -> None:
        """December's before January's."""
        with pytest.raises(CycleNotKept, match="the bill of 2026-12-01 comes before that of 2027-01-01") as refused:
            made(account(), JANUARY.start)
        assert refused.value.code == "cycle_not_kept"

    @pytest.mark.parametrize("on", [date(2027, 1, 1), date(2126, 11, 1), date(9999, 11, 1)])
    def test_a_far_day_is_refused_before_the_way_there_is_gone(self, on: date) -> None:
        """A century, which takes a second, is advanced by nobody who asks for its last bill."""
        with pytest.raises(CycleNotKept, match=f"the bill of 2026-12-01 comes before that of {on}"):
            made(account(), on)
        ahead = advance(account(), date(2026, 12, 31))
        with pytest.raises(CycleNotKept, match=f"the bill of 2026-12-01 comes before that of {on}"):
            made(ahead, on)

    def test_each_once(self) -> None:
        """While another is due, and while none is."""
        billed = bill(account())
        with pytest.raises(CycleNotKept, match="on: the account stands for 2026-12-01; its next bill is of 2027-01-01"):
            made(billed)
        with pytest.raises(CycleNotKept, match="2026-12-01 is billed already; the next bill is of 2027-01-01"):
            made(advance(billed, JANUARY.start))

    def test_the_present_cycle_of_a_fresh_account_is_not_kept(self) -> None:
        """It began on the 20th; its first bill is December's."""
        with pytest.raises(CycleNotKept, match="stands for 2026-11-20; its next bill is of 2026-12-01"):
            made(account(), NOVEMBER.start)

    def test_a_datetime_is_no_day(self) -> None:
        """Whose midnight would it be?"""
        with pytest.raises(InvalidValue, match="calendar day"):
            monthly_bill(account(), datetime(2026, 12, 1, tzinfo=UTC))

    def test_the_error_crosses_processes(self) -> None:
        """With place and problem."""
        error = CycleNotKept("on", "is billed already")
        assert str(pickle.loads(pickle.dumps(error))) == "on: is billed already"  # noqa: S301 - ours


class TestLateRuns:
    """CYC-1: billed is the first instant, whenever the run happens; what was bought since was charged then."""

    def test_made_on_the_5th_it_bills_the_1st(self) -> None:
        """After a purchase on the 3rd, which has its own charge of 29 of 31 days."""
        bought = do(renewing(), set_total(13, on=date(2026, 12, 3)))
        late = advance(bought, date(2026, 12, 5))
        found = made(late)
        assert amounts(found.lines) == ["1188.00", "70.00"]
        assert the_charge(bought).amount == usd("92.61")
        billed = apply(late, planned(found, date(2026, 12, 5)))
        assert [(one.id, one.on) for one in open_charges(billed)] == [
            ("acme/licenses/1", date(2026, 12, 3)),
            ("acme/bill/12", date(2026, 12, 5)),
        ]
        assert amounts(made(billed, JANUARY.start).lines)[:1] == ["1287.00"]

    def test_what_has_changed_since_is_not_on_it(self) -> None:
        """Assignments, totals, contracts: nothing of the 2nd is."""
        later = contract(reference="order 2", start=date(2026, 12, 2), prices=(price("powerdialer", "1.00"),))
        changed = do(
            account(),
            save(date(2026, 12, 2), u0=(), u1=(), u2=()),
            set_total(50, on=date(2026, 12, 2)),
            SignContract(on=date(2026, 12, 2), contract=later),
        )
        stored = [reading(400_000_000)]
        before = monthly_bill(account(), DECEMBER.start, readings=stored)
        assert monthly_bill(changed, DECEMBER.start, readings=stored).lines == before.lines

    def test_pending_decreases_are_taken(self) -> None:
        """Asked for in November, in force on 1 December (LIC-8)."""
        assert amounts(made(apply(account(), set_total(10))).lines) == ["990.00", "70.00"]

    def test_one_asked_for_on_the_1st_comes_too_late(self) -> None:
        """It waits for January."""
        asked = apply(renewing(), set_total(10, on=DECEMBER.start))
        assert amounts(made(asked).lines) == ["1188.00", "70.00"]
        assert amounts(made(bill(asked), JANUARY.start).lines) == ["990.00", "70.00"]

    def test_two_months_late_each_bills_its_own_first_instant(self) -> None:
        """With the totals as they were."""
        late = do(renewing(), set_total(13, on=date(2026, 12, 3)), set_total(10, on=date(2027, 1, 20)))
        late = advance(late, date(2027, 2, 7))
        totals = []
        for start in (DECEMBER.start, JANUARY.start, date(2027, 2, 1)):
            found = made(late, start)
            late = apply(late, planned(found, late.today))
            totals.append(found.lines[0].amount.text)
        assert totals == ["1188.00", "1287.00", "990.00"]

    def test_the_source_is_one_that_is_valid_on_the_run(self) -> None:
        """A card that expired meanwhile is not shown, and not charged."""
        card = attrs.evolve(VISA, expiry=Expiry(2026, 12))
        acme = attrs.evolve(renewing(), funding=Funding((card, BANK)))
        assert made(acme).source == "Visa ending in 1111"
        late = made(advance(acme, date(2027, 1, 2)))
        assert late.source == "First Bank ending in 6789"
        assert open_charges(apply(acme, planned(late, date(2027, 1, 2))))[0].sources == ("bank",)

    def test_also_where_it_expired_within_the_cycle(self) -> None:
        """Cycles from the 15th; the card was valid when this one began."""
        card = attrs.evolve(VISA, expiry=Expiry(2026, 12))
        acme = attrs.evolve(renewing(), anchor_day=15, funding=Funding((card, BANK)))
        on = date(2026, 12, 15)
        assert made(acme, on).source == "Visa ending in 1111"
        assert made(advance(acme, date(2027, 1, 3)), on).source == "First Bank ending in 6789"

    def test_without_a_valid_source_it_waits(self) -> None:
        """No error: a charge without sources."""
        expired = attrs.evolve(VISA, expiry=Expiry(2026, 11))
        found = made(account(funding=Funding((expired,))))
        assert found.source == ""
        assert open_charges(apply(account(funding=Funding((expired,))), planned(found)))[0].sources == ()


class TestTimeZones:
    """CYC-2: the storage reading that counts is that of the account's own midnight."""

    ACME = account(tz=ZoneInfo("America/New_York"))
    MIDNIGHT = datetime(2026, 12, 1, 5, tzinfo=UTC)

    @pytest.mark.parametrize(("hours", "counts"), [(-1, True), (0, True), (1, False), (-24, True), (-25, False)])
    def test_readings_up_to_local_midnight_count(self, hours: int, counts: bool) -> None:
        """And back to a day before it, in the zone's own midnight: 5 o'clock in UTC."""
        taken = Reading(bytes=10**9, at=self.MIDNIGHT + timedelta(hours=hours), source="meter")
        if counts:
            assert monthly_bill(self.ACME, DECEMBER.start, readings=[taken]).lines[-1].amount == usd("30.00")
        else:
            with pytest.raises(NoReading):
                monthly_bill(self.ACME, DECEMBER.start, readings=[taken])

    def test_the_peak_before_is_of_the_local_cycle(self) -> None:
        """From local midnight to local midnight (STO-4's policy)."""
        peak = attrs.evolve(STANDARD.storage, reading=ReadingRule.PEAK_BEFORE)
        acme = with_tariff(self.ACME, storage=peak)
        before = datetime(2026, 11, 1, 3, 59, tzinfo=UTC)
        first = datetime(2026, 11, 1, 4, tzinfo=UTC)
        taken = [Reading(bytes=5 * 10**9, at=before, source="meter"), Reading(bytes=10**9, at=first, source="meter")]
        assert monthly_bill(acme, DECEMBER.start, readings=taken).lines[-1].amount == usd("30.00")

    @pytest.mark.parametrize(("day", "fee"), [(14, "0.00"), (15, "30.00")])
    def test_the_peak_before_is_of_the_cycle_of_the_anchor(self, day: int, fee: str) -> None:
        """From the 15th on, not of the calendar month."""
        peak = attrs.evolve(STANDARD.storage, reading=ReadingRule.PEAK_BEFORE)
        acme = with_tariff(account(anchor_day=15), storage=peak)
        stored = [reading(10**9, date(2026, 11, day)), reading(0, date(2026, 12, 1))]
        found = monthly_bill(acme, date(2026, 12, 15), readings=stored).storage
        assert found is not None
        assert found.amount == usd(fee)


class TestTrueUp:
    """PRC-4: what a cycle's charges lack of its minimum spend comes with the next bill."""

    def spent(self, amount: str, **changed: Any) -> Account:
        """The example account in December, with what November came to and a minimum of 500.00."""
        fields = {"minimum_spend": Dated.always(usd("500.00"), "order 1, page 3")} | changed
        return advance(
            account(contracts=(contract(**fields),), spending=(Spending(NOVEMBER, usd(amount)),)), DECEMBER.start
        )

    @pytest.mark.parametrize(
        ("amount", "lacking"),
        [("499.99", "0.01"), ("500.00", "0.00"), ("500.01", "0.00"), ("0.00", "500.00"), ("-20.00", "520.00")],
    )
    def test_charged_and_true_up_are_the_greater_of_both(self, amount: str, lacking: str) -> None:
        """A cent below the minimum, at it, a cent above; and after credits beyond what was charged."""
        acme = self.spent(amount)
        found = true_up(acme, NOVEMBER)
        assert found is not None
        assert found.amount == usd(lacking)
        assert found.spent + found.amount == max(usd(amount), usd("500.00"))
        lines = [line.amount.text for line in made(acme).lines if line.kind is LineKind.TRUE_UP]
        assert lines == ([] if lacking == "0.00" else [lacking])
        assert mistakes(found.explanation()) == []

    def test_license_storage_and_service_charges_count(self) -> None:
        """Bills and purchases; not minutes, not tax, less what was credited."""
        acme = with_tariff(self.spent("0.00"), decrease=Decrease.CREDIT)

        def vat(lines: tuple[Line, ...]) -> list[Tax]:
            return [Tax("VAT", usd("50.00"))]

        stored = [reading(500_000_000)]
        billed = apply(acme, planned(monthly_bill(acme, DECEMBER.start, readings=stored, tax=vat)))
        on = date(2026, 12, 17)
        several = do(billed, set_total(13, on=on), buy(on=on), attrs.evolve(order(), on=on), set_total(12, on=on))
        bought = next(one for one in open_charges(several) if one.id == "acme/licenses/1")
        credited = apply(several, GiveCredit(on=on, intent=bought, position=0, net=usd("7.90"), reason="goodwill"))
        # 1188.00 + 70.00 + 30.00 on the bill, 47.90 bought, 300.00 of training, less 47.90 and 7.90
        expected = usd("1258.00") + usd("30.00") + usd("47.90") + usd("300.00") - usd("47.90") - usd("7.90")
        assert {one.cycle: one.amount for one in credited.spending}[DECEMBER] == expected

    @pytest.mark.parametrize(
        ("convention", "on", "minimum"),
        [
            (Convention.ACTUAL_DAYS, date(2026, 10, 2), "483.87"),
            (Convention.ACTUAL_DAYS, date(2026, 10, 17), "241.94"),
            (Convention.ACTUAL_DAYS, date(2026, 10, 31), "16.13"),
            (Convention.THIRTY_DAY_MONTH, date(2026, 10, 17), "233.33"),
            (Convention.THIRTY_DAY_MONTH, date(2026, 10, 31), "16.67"),
            (Convention.WHOLE_CYCLE, date(2026, 10, 31), "500.00"),
        ],
    )
    def test_a_first_partial_cycle_owes_a_share(self, convention: Convention, on: date, minimum: str) -> None:
        """Of its minimum, from the day the contract began (CYC-4)."""
        fresh = with_tariff(
            account(contracts=(), licenses=Licenses.empty(), today=on, funding=Funding((VISA,))), proration=convention
        )
        agreed = contract(start=on, floors=(), minimum_spend=Dated.always(usd("500.00")))
        signed = advance(apply(fresh, SignContract(on=on, contract=agreed)), NOVEMBER.start)
        found = true_up(signed, preceding(NOVEMBER))
        assert found is not None
        assert found.amount == found.minimum == usd(minimum)
        assert mistakes(found.explanation()) == []
        assert found.explanation().rules == ("PRC-4", "CYC-4")
        assert amounts(made(signed, NOVEMBER.start).lines) == [minimum]

    def test_the_convention_is_that_of_the_day(self) -> None:
        """A tariff that changes before a late run changes no true-up (BIL-4)."""
        later = attrs.evolve(STANDARD, proration=Convention.WHOLE_CYCLE)
        tariffs = Dated((Step(date(2026, 1, 1), STANDARD), Step(NOVEMBER.start, later)))
        agreed = contract(start=date(2026, 10, 17), floors=(), minimum_spend=Dated.always(usd("500.00")))
        fresh = account(contracts=(), licenses=Licenses.empty(), today=date(2026, 10, 17), tariffs=tariffs)
        acme = attrs.evolve(fresh, contracts=(agreed,))
        found = true_up(advance(acme, date(2026, 11, 5)), preceding(NOVEMBER))
        assert found is not None
        assert found.amount == usd("241.94")

    @pytest.mark.parametrize(("rises", "minimum"), [(2, "250.00"), (1, "300.00")])
    def test_the_minimum_is_that_of_the_cycles_first_day(self, rises: int, minimum: str) -> None:
        """Also where the account began later in it (PRC-4)."""
        steps = (Step(date(2026, 1, 1), usd("500.00")), Step(date(2026, 11, rises), usd("600.00")))
        agreed = contract(minimum_spend=Dated(steps))
        acme = advance(account(contracts=(agreed,), began=date(2026, 11, 16), today=TODAY), DECEMBER.start)
        found = true_up(acme, NOVEMBER)
        assert found is not None
        assert found.minimum == usd(minimum)

    @pytest.mark.parametrize("end", [DECEMBER.start, date(2026, 12, 2)])
    def test_the_last_cycle_of_a_contract_has_its_minimum(self, end: date) -> None:
        """Although another contract, or none, holds when it is billed."""
        agreed = contract(end=end, minimum_spend=Dated.always(usd("500.00")))
        successor = contract(reference="order 2", start=DECEMBER.start, end=date(2028, 1, 1))
        for contracts in ((agreed,), (agreed, successor)):
            found = true_up(advance(account(contracts=contracts), DECEMBER.start), NOVEMBER)
            assert found is not None
            assert found.minimum == usd("500.00")

    def test_an_account_that_begins_under_a_contract_owes_from_its_first_day(self) -> None:
        """Its first cycle is partial, too."""
        agreed = contract(minimum_spend=Dated.always(usd("500.00")))
        acme = advance(account(contracts=(agreed,), began=date(2026, 11, 16), today=TODAY), DECEMBER.start)
        found = true_up(acme, NOVEMBER)
        assert found is not None
        assert found.minimum == usd("250.00")

    def test_a_contract_that_follows_within_the_cycle_owes_nothing_yet(self) -> None:
        """None was in force on the first day, and it is not the account's first."""
        former = contract(end=NOVEMBER.start)
        later = contract(reference="order 2", start=date(2026, 11, 16), minimum_spend=Dated.always(usd("500.00")))
        acme = advance(account(contracts=(former, later), licenses=Licenses.empty()), DECEMBER.start)
        assert true_up(acme, NOVEMBER) is None
        assert made(acme).true_ups == ()

    @pytest.mark.parametrize(
        ("steps", "minimum"),
        [
            ([(date(2026, 10, 31), "600.00")], "600.00"),
            ([(date(2026, 11, 1), "600.00")], "600.00"),
            ([(date(2026, 11, 2), "600.00")], "500.00"),
        ],
    )
    def test_in_force_on_the_first_day(self, steps: list[tuple[date, str]], minimum: str) -> None:
        """A step within the cycle waits for the next."""
        dated = Dated((Step(date(2026, 1, 1), usd("500.00")), *(Step(since, usd(value)) for since, value in steps)))
        found = true_up(self.spent("0.00", minimum_spend=dated), NOVEMBER)
        assert found is not None
        assert found.agreed == usd(minimum)

    def test_a_minimum_down_to_a_micro_is_rounded_once(self) -> None:
        """Half a cent up (MON-1)."""
        found = true_up(self.spent("0.00", minimum_spend=Dated.always(usd("500.005"))), NOVEMBER)
        assert found is not None
        assert found.amount == usd("500.01")
        assert found.explanation().working == "max(round(500.005, 2) - 0.00, 0)"
        assert mistakes(found.explanation()) == []

    def test_its_line_says_where_it_was_agreed(self) -> None:
        """Period and term are those of the cycle that is over."""
        line = made(self.spent("420.00")).lines[-1]
        assert line.period == NOVEMBER
        assert [(term.name, term.value, term.rule, term.source) for term in line.terms] == [
            ("minimum spend", "500.00 USD each cycle", "PRC-4", "order 1, page 3")
        ]
        plain = self.spent("420.00", minimum_spend=Dated.always(usd("500.00")))
        assert made(plain).lines[-1].terms[0].source == "order 1"
        assert made(plain).lines[-1].terms[0].since == CONTRACT.start

    def test_after_the_last_cycle_there_is_one_more_bill(self) -> None:
        """For the true-up alone; it needs no reading (FUN-8)."""
        agreed = contract(minimum_spend=Dated.always(usd("500.00")))
        ended = apply(account(contracts=(agreed,)), cancel())
        final = monthly_bill(ended, DECEMBER.start)
        assert amounts(final.lines) == ["500.00"]
        assert (final.schedule, final.storage) == (None, None)
        billed = apply(ended, planned(final))
        assert advance(billed, date(2027, 6, 1)).unbilled == ()

    def test_cycles_passed_over_each_have_theirs(self) -> None:
        """Two months late: November's with December's bill, December's with January's."""
        late = advance(renewing(minimum_spend=Dated.always(usd("2000.00"))), date(2027, 1, 9))
        first = made(late)
        assert amounts(first.lines) == ["1188.00", "70.00", "2000.00"]
        second = made(apply(late, planned(first, date(2027, 1, 9))), JANUARY.start)
        assert amounts(second.lines) == ["1188.00", "70.00", "742.00"]

    def test_a_true_up_is_no_spending(self) -> None:
        """It would lower the next one."""
        billed = bill(self.spent("0.00"))
        assert billed.spending == (Spending(DECEMBER, usd("1258.00")),)

    def test_a_cycle_that_is_not_kept_is_an_error(self) -> None:
        """Nobody knows what it came to."""
        with pytest.raises(InvalidValue, match="keeps no spending of 2026-10-01 to 2026-10-31"):
            true_up(account(), preceding(NOVEMBER))

    def test_without_a_minimum_there_is_none(self) -> None:
        """Neither in the contract nor without one."""
        assert true_up(account(), NOVEMBER) is None
        assert true_up(account(contracts=()), NOVEMBER) is None
        later = contract(minimum_spend=Dated((Step(DECEMBER.start, usd("1.00")),)))
        assert true_up(account(contracts=(later,)), NOVEMBER) is None

    def test_whole_months_need_no_share(self) -> None:
        """The working is the plain difference."""
        found = true_up(self.spent("420.00"), NOVEMBER)
        assert isinstance(found, TrueUp)
        assert found.explanation().working == "max(500.00 - 420.00, 0)"
        assert found.explanation().rules == ("PRC-4",)


def ten_percent(lines: tuple[Line, ...]) -> list[Tax]:
    """A tenth of each line, to the cent."""
    return [
        Tax("VAT 10 %", Money(line.amount.micros // 10, "USD").payable(), of=position)
        for position, line in enumerate(lines)
    ]


def flat_dollar(lines: tuple[Line, ...]) -> list[Tax]:
    """A dollar on the total, if there is anything to tax."""
    return [Tax("Surcharge", usd("1.00"))] if lines else []


class TestTax:
    """BIL-6: taxes pass through, per line or on the total; what was taxed before is not taxed again."""

    def test_none_by_default(self) -> None:
        """Amounts are net."""
        assert list(no_tax(made(account()).lines)) == []

    def test_per_line_it_has_the_lines_category(self) -> None:
        """And says which line it is for."""
        taxes = made(apply(account(), choose()), tax=ten_percent).lines[3:]
        assert [(line.of, line.category, line.amount.text) for line in taxes] == [
            (0, Category.LICENSES, "118.80"),
            (1, Category.LICENSES, "7.00"),
            (2, Category.SERVICES, "150.00"),
        ]
        assert {line.kind for line in taxes} == {LineKind.TAX}

    def test_on_the_total_it_is_other(self) -> None:
        """In no filter (BIL-2)."""
        tax = made(account(), tax=flat_dollar).lines[-1]
        assert (tax.of, tax.category, tax.amount) == (None, Category.OTHER, usd("1.00"))

    def test_never_on_credit_notes_and_what_is_carried(self) -> None:
        """They were taxed when they were charged; positions count the lines that are given."""
        waits = tuple(
            Line(kind=kind, category=Category.LICENSES, description=kind.value, amount=usd(amount))
            for kind, amount in (
                (LineKind.CREDIT_NOTE, "-5.00"),
                (LineKind.CARRIED, "0.37"),
                (LineKind.CREDIT, "-20.00"),
                (LineKind.SERVICE, "40.00"),
            )
        )
        found = made(account(waiting=waits), tax=ten_percent).lines
        assert [(line.of, line.amount.text) for line in found if line.kind is LineKind.TAX] == [
            (0, "118.80"),
            (1, "7.00"),
            (4, "-2.00"),
            (5, "4.00"),
        ]

    def test_true_ups_are_taxed(self) -> None:
        """They are charged like what they stand for."""
        acme = account(contracts=(contract(minimum_spend=Dated.always(usd("100.00"))),))
        assert made(acme, tax=ten_percent).lines[-1].amount == usd("10.00")

    def test_an_empty_bill_is_given_no_lines(self) -> None:
        """The rule decides; this one finds nothing."""
        empty = account(contracts=(), licenses=Licenses.empty())
        assert made(empty, tax=flat_dollar).lines == ()

    @pytest.mark.parametrize("of", [-1, 2, True])
    def test_a_line_that_is_not_there_is_an_error(self, of: int) -> None:
        """Positions run from zero to the last line given."""
        with pytest.raises(InvalidValue, match=r"tax\.of"):
            made(account(), tax=lambda _: [Tax("VAT", usd("1.00"), of)])

    def test_another_currency_is_an_error(self) -> None:
        """Two never mix (MON-2)."""
        with pytest.raises(CurrencyMismatch, match="must be in the account's USD, not EUR"):
            made(account(), tax=lambda _: [Tax("VAT", Money.parse("1.00", "EUR"))])

    def test_half_a_cent_is_an_error(self) -> None:
        """A line is payable (MON-1)."""
        with pytest.raises(InvalidMoney):
            made(account(), tax=lambda _: [Tax("VAT", usd("0.005"))])

    def test_only_taxes_are_taxes(self) -> None:
        """A plain amount has no description."""
        with pytest.raises(InvalidValue, match="tax: must be a Tax"):
            made(account(), tax=lambda _: [usd("1.00")])


class TestCredits:
    """BIL-6, BIL-1: what was given back comes off the next bill, line by line."""

    def taxed(self) -> Account:
        """December's bill with a tenth of tax per line, paid."""
        acme = renewing()
        return do(
            acme,
            planned(made(acme, tax=ten_percent)),
            outcome("acme/bill/12", Succeeded(), on=DECEMBER.start),
        )

    def test_a_note_with_its_tax_comes_off_the_next_bill(self) -> None:
        """In the category of its line; another tax is not put on it."""
        acme = renewing()
        charge = the_charge(apply(acme, planned(made(acme, tax=ten_percent))))
        note = GiveCredit(on=date(2026, 12, 9), intent=charge, position=1, net=usd("35.00"), reason="unused")
        credited = apply(self.taxed(), note)
        found = made(credited, JANUARY.start, tax=ten_percent)
        assert [(line.kind, line.category, line.amount.text) for line in found.lines] == [
            (LineKind.LICENSES, Category.LICENSES, "1188.00"),
            (LineKind.LICENSES, Category.LICENSES, "70.00"),
            (LineKind.CREDIT_NOTE, Category.LICENSES, "-35.00"),
            (LineKind.CREDIT_NOTE, Category.LICENSES, "-3.50"),
            (LineKind.TAX, Category.LICENSES, "118.80"),
            (LineKind.TAX, Category.LICENSES, "7.00"),
        ]
        assert [line.description for line in found.lines[2:4]] == ["Credit: unused", "Credit of tax: unused"]
        assert mistakes(found.explanation()) == []
        assert apply(credited, planned(found)).waiting == ()

    def test_a_credit_beyond_a_bill_comes_off_those_after_it(self) -> None:
        """Until it is used up; nothing is lost."""
        waits = Line(kind=LineKind.CREDIT_NOTE, category=Category.LICENSES, description="x", amount=usd("-3000.00"))
        acme = attrs.evolve(renewing(), waiting=(waits,))
        charged, on = [], DECEMBER.start
        for _ in range(4):
            found = made(acme, on)
            acme, on = apply(acme, planned(found)), found.cycle.end
            charged.append(found.due.text)
            assert mistakes(found.explanation()) == []
        assert charged == ["0.00", "0.00", "774.00", "1258.00"]
        assert sum(one.intent.amount.micros for one in acme.open) == usd("2032.00").micros

    def test_a_bill_too_small_to_charge_comes_with_the_next(self) -> None:
        """Line by line in its categories, its tax included and not taxed again."""
        tiny = contract(prices=(price("elf", "0.20"),), floors=(), renewal_months=12)
        acme = account(contracts=(tiny,), licenses=Licenses((Holding(product="elf", owned=1),)))
        billed = apply(acme, planned(made(acme, tax=ten_percent)))
        carried = apply(billed, CarryOver(on=date(2026, 12, 2), intent="acme/bill/12"))
        assert carried.open == ()
        found = made(carried, JANUARY.start, tax=ten_percent)
        assert [(line.kind, line.amount.text) for line in found.lines] == [
            (LineKind.LICENSES, "0.20"),
            (LineKind.CARRIED, "0.20"),
            (LineKind.CARRIED, "0.02"),
            (LineKind.TAX, "0.02"),
        ]
        assert found.total == usd("0.44")

    def test_a_failed_bill_stays_owed_beside_the_next(self) -> None:
        """It is not billed twice; the bill says since when the account is past due, and suspends nothing."""
        acme = renewing()
        failed = do(acme, planned(made(acme)), outcome("acme/bill/12", SOFT, is_final=True, on=date(2026, 12, 4)))
        found = made(failed, JANUARY.start)
        assert found.total == usd("1258.00")
        assert found.past_due_since == DECEMBER.start
        assert "The account is past due since 2026-12-01." in found.reason
        assert found.explanation().because == found.reason
        assert amounts(found.lines) == ["1188.00", "70.00"]
        both = apply(failed, planned(found))
        assert [(one.intent.id, one.has_failed) for one in both.open] == [
            ("acme/bill/12", True),
            ("acme/bill/13", False),
        ]


class TestTheSameBill:
    """BIL-4: the same account, readings and cycle always give the same bill with the same identifier."""

    def test_twice(self) -> None:
        """Equal, explanation and all."""
        acme = account()
        one, other = (made(acme, readings=[reading(10**9)]) for _ in range(2))
        assert one == other
        assert one.explanation() == other.explanation()
        assert one.id == other.id == "acme/bill/12"

    def test_whenever_it_is_made(self) -> None:
        """Before the day, on it, after it; only the source may have changed."""
        acme = renewing()
        found = [made(advance(acme, on)) for on in (TODAY, DECEMBER.start, date(2026, 12, 31), date(2027, 2, 3))]
        assert all(one == found[0] for one in found)

    def test_whatever_the_order_of_the_readings(self) -> None:
        """The one that counts is found."""
        several = [reading(0, date(2026, 11, 30)), reading(500_000_000), reading(10**10, date(2026, 12, 2))]
        assert made(account(), readings=several) == made(account(), readings=several[::-1])

    def test_making_it_changes_nothing(self) -> None:
        """The account is a value."""
        acme = account(today=DECEMBER.start)
        before = pickle.dumps(acme)
        made(acme)
        assert pickle.loads(before) == acme  # noqa: S301 - ours

    def test_the_plan_is_of_the_first_day_unless_stated(self) -> None:
        """Or of the run's."""
        found = made(account())
        assert planned(found) == PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=found.lines)
        assert planned(found, date(2026, 12, 5)).on == date(2026, 12, 5)


class TestExplanation:
    """BIL-5: the total and every line, with the rules by id, recomputed."""

    @pytest.mark.parametrize("used", [0, 400_000_000, 400_000_001, 1_200_000_000])
    def test_every_working_gives_its_figure(self, used: int) -> None:
        """From the total down to the allowance."""
        several = do(
            with_tariff(
                account(contracts=(contract(minimum_spend=Dated.always(usd("1999.995"))),)), decrease=Decrease.CREDIT
            ),
            choose("1500.005"),
            set_total(10),
        )
        told = made(several, readings=[reading(used)], tax=ten_percent).explanation()
        assert mistakes(told) == []
        cited = {rule for part in told.walk() for rule in part.rules}
        assert {"BIL-1", "CYC-1", "LIC-10", "LIC-7", "STO-2", "SVC-1", "PRC-4", "LIC-8"} <= cited
        assert all(part.because for part in told.walk())

    def test_no_fee_is_explained_as_well(self) -> None:
        """Beside the lines, as there is none for it."""
        parts = [part.figure for part in made(account()).explanation().parts]
        assert parts == ["PowerDialer", "Inbound Agent", "storage fee"]

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({}, "1258.00 USD to be charged to Visa ending in 1111."),
            ({"waiting": (credited("1257.99"),)}, "0.01 USD to be charged to Visa ending in 1111."),
            ({"waiting": (credited("1258.00"),)}, "nothing is charged."),
            ({"waiting": (credited("1258.01"),)}, "nothing is charged; 0.01 USD is a credit on the next bill."),
            ({"funding": Funding((EXPIRED,))}, "1258.00 USD owed, no source is valid."),
            ({"funding": None}, "1258.00 USD owed, no source is valid."),
        ],
    )
    def test_it_says_what_is_charged_to_what(self, changed: dict[str, Any], said: str) -> None:
        """And nothing else: no source is named for nothing, nor nothing said of a source that is missing."""
        assert made(account(**changed)).reason.endswith(said)

    def test_where_nothing_is_billed_it_says_so(self) -> None:
        """The working of nothing is zero."""
        told = made(account(contracts=(), licenses=Licenses.empty(), funding=None)).explanation()
        assert (told.value, told.working) == ("0.00", "0")
        assert told.because == "0 lines for 2026-12-01 to 2026-12-31, nothing is charged."

    def test_it_says_who_pays(self) -> None:
        """Masked."""
        assert "1258.00 USD to be charged to Visa ending in 1111." in made(account()).explanation().because


class TestTheFinalBill:
    """FUN-8: once the account has ended one more bill follows, and nothing recurs."""

    def test_it_has_what_waited(self) -> None:
        """A service chosen in the last cycle; no licenses, no storage."""
        ended = do(account(), choose(), cancel())
        final = monthly_bill(ended, DECEMBER.start)
        assert amounts(final.lines) == ["1500.00"]
        assert mistakes(final.explanation()) == []
        assert open_charges(apply(ended, planned(final)))[0].id == "acme/bill/12"

    def test_no_other_follows(self) -> None:
        """The error says so."""
        ended = apply(account(), cancel())
        billed = apply(ended, planned(monthly_bill(ended, DECEMBER.start)))
        with pytest.raises(CycleNotKept, match=r"it has ended, and had its final bill \(FUN-8\)"):
            monthly_bill(billed, JANUARY.start)

    def test_the_last_cycle_is_billed_before(self) -> None:
        """Asked for in December, which its bill covers whole."""
        ended = apply(renewing(), cancel(date(2026, 12, 20)))
        assert made(ended).total == usd("1258.00")
        assert monthly_bill(bill(ended, run=ended.today), JANUARY.start).total == usd("0.00")

    def test_what_is_below_zero_stays_visible(self) -> None:
        """No bill is left to take it off: it waits in the account, to be sent back."""
        ended = do(with_tariff(account(), decrease=Decrease.CREDIT), set_total(10), cancel())
        final = monthly_bill(ended, DECEMBER.start)
        assert final.reason.endswith("nothing is charged; 72.60 USD is left to be sent back.")
        assert amounts(apply(ended, planned(final)).waiting) == ["-72.60"]


class TestSummary:
    """BIL-3: the billing summary has four parts."""

    USAGE = UsageHistory.of(
        [(date(2026, 11, 19), "call", usd("20.00")), (date(2026, 11, 18), "sms", usd("10.00"))], currency="USD"
    )

    def shown(self, acme: Account, **more: Any) -> Any:
        """The summary of an account."""
        return summary(acme, usage=self.USAGE, **more)

    def test_products(self) -> None:
        """Billed with floors, in use, available; every product of the catalog."""
        rows = {row.licenses.product: row for row in self.shown(account(licenses=owning(powerdialer=8))).products.rows}
        dialer = rows["powerdialer"]
        assert (dialer.billed, dialer.licenses.owned, dialer.licenses.available) == (10, 8, 8)
        assert rows["elf"].billed == 0
        assert list(rows) == [product.id for product in account().catalog.products]
        inbound = next(row for row in self.shown(account()).products.rows if row.licenses.product == "inbound_agent")
        assert (inbound.billed, inbound.licenses.assigned, inbound.licenses.available) == (2, 1, 1)

    def test_products_are_those_of_the_present(self) -> None:
        """More since this morning; what is pending is shown beside it."""
        changed = self.shown(do(account(), set_total(13), set_total(2, "inbound_agent"))).products
        assert changed.schedule.total == usd("1357.00")

    @pytest.mark.parametrize(("used", "fee"), [(None, None), (400_000_000, "0.00"), (400_000_001, "30.00")])
    def test_storage(self, used: int | None, fee: str | None) -> None:
        """What it would cost now; nothing is shown where nothing was measured."""
        found = self.shown(account(), used=used).products.storage
        assert (None if found is None else found.amount.text) == fee

    def test_after_the_end_nothing_is_billed(self) -> None:
        """Although licenses are still recorded (FUN-8)."""
        before = self.shown(apply(account(), cancel())).products
        after = self.shown(advance(apply(account(), cancel()), date(2027, 1, 5))).products
        assert (before.schedule.total, after.schedule.total) == (usd("1258.00"), usd("0.00"))
        assert {row.billed for row in after.rows} == {0}

    def test_preferences(self) -> None:
        """The primary, the others, the administrator, and what to see to."""
        found = self.shown(account()).preferences
        assert (found.primary, found.others, found.administrator) == (
            "Visa ending in 1111",
            ("First Bank ending in 6789",),
            BOSS,
        )
        assert found.warnings == ()

    def test_with_one_source_there_is_only_the_primary(self) -> None:
        """And a warning (FUN-10)."""
        found = self.shown(account(funding=Funding((VISA,)))).preferences
        assert (found.primary, found.others) == ("Visa ending in 1111", ())
        assert [warning.code for warning in found.warnings] == [WarningCode.NO_SECOND_SOURCE]

    def test_past_due_is_said(self) -> None:
        """Since the day of the oldest charge that is still owed (BIL-6)."""
        assert self.shown(account()).preferences.past_due_since is None
        failed = do(account(), set_total(13), outcome("acme/licenses/1", SOFT, is_final=True))
        assert self.shown(failed).preferences.past_due_since == TODAY

    def test_before_the_first_source_there_is_none(self) -> None:
        """No panel, no warning."""
        found = self.shown(account(funding=None)).preferences
        assert (found.primary, found.others, found.warnings) == ("", (), ())

    def test_dialer_minutes(self) -> None:
        """Balance, minutes, reserve, recharge, and usage by calls and SMS."""
        found = self.shown(account()).dialer_minutes
        assert (found.balance, found.minutes) == (usd("100.00"), 5000)
        assert found.usage == (("call", usd("20.00")), ("sms", usd("10.00")))
        assert (found.quote.recharge, found.quote.reserve) == (usd("14.00"), usd("7.00"))

    def test_transactions(self) -> None:
        """Filtered by days and category, both ends included."""
        stream = [
            set_total(13),
            outcome("acme/licenses/1", Succeeded()),
            buy(on=date(2026, 11, 22)),
            outcome("acme/minutes/1", Succeeded(), on=date(2026, 11, 22)),
        ]
        listed = transactions(entries(account(), stream))
        everything = self.shown(account(), listed=listed).transactions
        assert everything.amount == usd("136.30")
        some = self.shown(account(), listed=listed, first=TODAY, last=TODAY).transactions
        assert [one.trx for one in some.transactions] == ["TRX-000001"]
        minutes = self.shown(account(), listed=listed, category=Category.MINUTES).transactions
        assert minutes.amount == usd("100.00")

    @pytest.mark.parametrize(
        ("balance", "minutes", "working"),
        [
            ("100.00", "5000", "floor(100.00 / 0.02)"),
            ("0.03", "1", "floor(0.03 / 0.02)"),
            ("0.00", "0", "floor(0.00 / 0.02)"),
            ("-0.000001", "0", "ceil(-0.000001 / 0.02)"),
            ("-0.03", "-1", "ceil(-0.03 / 0.02)"),
        ],
    )
    def test_minutes_say_how_they_come_about(self, balance: str, minutes: str, working: str) -> None:
        """Towards zero, on either side of it (MIN-1)."""
        told = self.shown(account(balance=usd(balance))).dialer_minutes.explanation()
        assert (told.value, told.working, told.rules, mistakes(told)) == (minutes, working, ("MIN-1",), [])
        assert [part.figure for part in told.parts] == ["new calls", "recharge"]

    def test_a_young_account_is_divided_by_its_own_days(self) -> None:
        """Where the policy says so (MIN-9): $30 in the ten days since it began."""
        young = attrs.evolve(STANDARD.recharge, name="YOUNG", young=YoungAccount.DAYS_ELAPSED)
        acme = with_tariff(account(began=TODAY - timedelta(days=10)), recharge=young)
        assert self.shown(acme).dialer_minutes.quote.average.days == 10

    def test_who_only_shares_a_pool_stores_nothing_free(self) -> None:
        """Users are those with a license of their own (STO-1); two are only admitted to the pool."""
        held = Holding(product="elf", owned=6, users=frozenset(f"u{n}" for n in range(6)))
        pool = Holding(product="flex_port", owned=2, users=frozenset(["u6", "u7"]))
        agreed = contract(prices=tuple(price(name, "1.00") for name in ("powerdialer", "elf", "flex_port")))
        acme = account(licenses=Licenses((held, pool)), contracts=(agreed,))
        assert self.shown(acme, used=0).products.storage.allowance.users == 6
        billed = made(acme).storage
        assert billed is not None
        assert billed.allowance.users == 6

    @pytest.mark.parametrize("used", [None, 400_000_001])
    def test_every_figure_says_how_it_comes_about(self, used: int | None) -> None:
        """Licenses left, what they cost, storage where it was measured, minutes, the sum of transactions (BIL-5)."""
        listed = transactions(entries(account(), [set_total(13), outcome("acme/licenses/1", Succeeded())]))
        told = self.shown(account(), used=used, listed=listed).explanation()
        names = [product.name for product in account().catalog.products]
        assert [(part.figure, part.value) for part in told.parts[len(names) :]] == [
            ("licenses each month", "1258.00"),
            *([] if used is None else [("storage fee", "30.00")]),
            ("dialer minutes", "5000"),
            ("transactions shown", "36.30"),
        ]
        assert [part.figure for part in told.parts[: len(names)]] == [f"{name} available" for name in names]
        assert (told.value, told.rules, mistakes(told)) == ("as of 2026-11-20", ("BIL-3",), [])

    def test_floors_of_a_first_contract_are_shown_from_its_day(self) -> None:
        """By the terms that hold now (LIC-10)."""
        fresh = account(contracts=(), licenses=Licenses.empty())
        signed = apply(fresh, SignContract(on=TODAY, contract=contract(start=TODAY, floors=(floor("powerdialer", 3),))))
        assert self.shown(signed).products.schedule.total == usd("297.00")


def test_a_bill_before_and_after_a_purchase_adds_up() -> None:
    """The 1st bills what was there; the rest of the month was charged when bought (LIC-8)."""
    bought = apply(renewing(), set_total(13, on=date(2026, 12, 17)))
    assert made(bought).total + the_charge(bought).amount == usd("1305.90")
