"""Laws of bills, by rule: what they add up to, what they never undercut, and that no money is lost on the way."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import attrs
from hypothesis import event, given, settings
from hypothesis import strategies as st

from licensebill.accounts import Account, advance, apply
from licensebill.bills import Bill, Tax, monthly_bill, planned, true_up
from licensebill.changes import CarryOver
from licensebill.cycles import Convention, Period
from licensebill.errors import LicenseBillError
from licensebill.ledger import SPENDING, Category, CreditNote, Intent, Line, LineKind, credit_note
from licensebill.money import Money, minor_unit
from licensebill.strategies import accounts, changes, credits_of, payable_amounts
from licensebill.terms import Purpose
from tests.property.changes import accepted, readings
from tests.working import mistakes

#: A walk over several months is a whole history, so that fewer of them will do.
walks = settings(max_examples=30)


def next_start(acme: Account) -> date:
    """The first day of the oldest cycle to be billed."""
    return acme.unbilled[0].cycle.start if acme.unbilled else acme.cycle.end


def a_tenth(lines: tuple[Line, ...]) -> list[Tax]:
    """A tenth of each line and a hundredth of them all on the total, to the minor unit, towards zero."""
    taxes = [Tax("tenth", _part(line.amount, 10), of=position) for position, line in enumerate(lines)]
    whole = sum((line.amount for line in lines), Money.zero(lines[0].amount.currency)) if lines else None
    return [*taxes, *([] if whole is None else [Tax("hundredth", _part(whole, 100))])]


def _part(amount: Money, divisor: int) -> Money:
    units = abs(amount.micros) // divisor // minor_unit(amount.currency)
    part = Money(units * minor_unit(amount.currency), amount.currency)
    return part if amount.micros >= 0 else -part


def bill_of(acme: Account, used: int = 10**9) -> Bill:
    """The next bill of an account, with taxes."""
    on = next_start(acme)
    return monthly_bill(acme, on, readings=readings(acme, on, used), tax=a_tenth)


def micros(lines: list[Line] | tuple[Line, ...]) -> int:
    """What lines come to."""
    return sum(line.amount.micros for line in lines)


class TestTotals:
    """BIL-1, MON-1: each line is payable, the total is their sum, and nothing below zero is charged."""

    @given(accounts(), st.sampled_from([0, 4 * 10**8, 10**9 + 1]))
    def test_a_total_is_the_sum_of_payable_lines(self, acme: Account, used: int) -> None:
        """Of whatever there is to bill."""
        found = bill_of(acme, used)
        assert all(line.amount.is_payable for line in found.lines)
        assert found.total.micros == micros(found.lines)
        assert found.due == max(found.total, Money.zero(acme.currency))

    @given(accounts(), st.data())
    def test_the_charge_is_what_is_due(self, acme: Account, data: st.DataObject) -> None:
        """Whatever was credited before; what is left of a credit waits."""
        credit = data.draw(payable_amounts(acme.currency, low=-(10**10), high=0))
        waits = Line(kind=LineKind.CREDIT, category=Category.LICENSES, description="Credit", amount=credit)
        acme = attrs.evolve(acme, waiting=(waits,))
        found = bill_of(acme)
        billed = apply(acme, planned(found, max(acme.today, found.cycle.start)))
        charged = sum(one.intent.amount.micros for one in billed.open)
        assert charged == found.due.micros
        assert charged + micros(billed.waiting) == found.total.micros

    @given(accounts())
    def test_every_license_line_names_its_terms(self, acme: Account) -> None:
        """And every recurring one its period (BIL-1)."""
        for line in bill_of(acme).lines:
            if line.kind in {LineKind.LICENSES, LineKind.SHORTFALL, LineKind.STORAGE, LineKind.TRUE_UP}:
                assert line.terms
                assert line.period is not None


class TestFloors:
    """LIC-2, LIC-10: while a contract runs, no number billed goes below a floor."""

    @walks
    @given(accounts(), st.data())
    def test_no_floor_is_undercut(self, acme: Account, data: st.DataObject) -> None:
        """Neither a product's own nor a group's, whatever was decreased before."""
        for _ in range(4):
            after = accepted(acme, data.draw(changes(acme, may_cancel=False)))
            acme = acme if after is None else after
        found = bill_of(acme)
        assert found.schedule is not None
        billed: Counter[str] = Counter()
        for line in found.schedule.lines:
            billed[line.products[0]] += line.quantity
        for contract in acme.contracts:
            for floor, step in contract.floors_on(found.cycle.start):
                assert sum(billed[product] for product in floor.products) >= step.value

    @given(accounts())
    def test_what_is_owned_is_billed(self, acme: Account) -> None:
        """At the first instant, assigned or not."""
        found = bill_of(acme)
        kept = advance(acme, max(acme.today, found.cycle.start)).unbilled[0].licenses
        assert found.schedule is not None
        assert kept is not None
        for product, owned in kept.owned().items():
            line = found.schedule.line(product)
            assert (line.quantity if line is not None else 0) >= owned


class TestTheSameBill:
    """BIL-4: the same account, readings and cycle always give the same bill with the same identifier."""

    @given(accounts(), st.integers(0, 70))
    def test_whenever_it_is_made(self, acme: Account, late: int) -> None:
        """Only who is charged first can have changed."""
        now, then = bill_of(acme), bill_of(advance(acme, next_start(acme) + timedelta(late)))
        assert attrs.evolve(then, source=now.source) == now

    @walks
    @given(accounts(), st.data())
    def test_whatever_happens_after_the_first_instant(self, acme: Account, data: st.DataObject) -> None:
        """Its licenses and storage are as they were; only what has come to wait is added."""
        acme = advance(acme, max(acme.today, next_start(acme)))
        now = bill_of(acme)
        for _ in range(5):
            after = accepted(acme, data.draw(changes(acme)))
            acme = acme if after is None else after
        then = bill_of(acme)
        assert (then.id, then.schedule, then.storage, then.true_ups) == (
            now.id,
            now.schedule,
            now.storage,
            now.true_ups,
        )

    @given(accounts(), st.integers(1, 14))
    def test_bills_are_numbered_without_gaps(self, acme: Account, months: int) -> None:
        """One number for each cycle, whatever the anchor."""
        numbers: list[int] = []
        for _ in range(months):
            found = bill_of(acme)
            numbers.append(found.ordinal)
            acme = apply(acme, planned(found, max(acme.today, found.cycle.start)))
        assert numbers == list(range(numbers[0], numbers[0] + months))


def minimum_by_hand(acme: Account, cycle: Period) -> Fraction | None:
    """The minimum spend of a cycle that is over, in micros and not rounded; None if none was in force."""
    if not acme.contracts:
        return None
    (contract,) = acme.contracts
    from_day = max(cycle.start, acme.began, contract.start)
    if from_day >= cycle.end or contract.minimum_spend is None:
        return None
    steps = [step.value.micros for step in contract.minimum_spend.steps if step.since <= from_day]
    gone, days = (from_day - cycle.start).days, (cycle.end - cycle.start).days
    share = {
        Convention.ACTUAL_DAYS: Fraction(days - gone, days),
        Convention.THIRTY_DAY_MONTH: Fraction(30 - min(gone, 29), 30),
        Convention.WHOLE_CYCLE: Fraction(1),
    }[acme.tariff.proration]
    return steps[-1] * (share if gone else Fraction(1))


class TestTrueUp:
    """PRC-4: charged and true-up together are the greater of what was charged and the minimum spend."""

    @walks
    @given(accounts(), st.data())
    def test_charged_and_true_up_are_the_greater(self, acme: Account, data: st.DataObject) -> None:
        """The minimum by an independent computation, to the minor unit."""
        for _ in range(3):
            after = accepted(acme, data.draw(changes(acme, may_cancel=False)))
            acme = acme if after is None else after
        cycle = acme.cycle
        later = advance(acme, cycle.end)
        found, minimum = true_up(later, cycle), minimum_by_hand(acme, cycle)
        assert (found is None) is (minimum is None)
        if found is not None and minimum is not None:
            unit = minor_unit(acme.currency)
            payable = (minimum / unit + Fraction(1, 2)).__floor__() * unit
            assert found.spent.micros + found.amount.micros == max(found.spent.micros, payable)
            assert mistakes(found.explanation()) == []

    @walks
    @given(accounts(), st.data())
    def test_spending_is_what_was_charged_net_of_credits(self, acme: Account, data: st.DataObject) -> None:
        """License, storage and service lines as they are opened, less what is given back; no tax, no minutes."""
        spent = acme.spending[-1].amount.micros
        acme = advance(acme, acme.today)
        for _ in range(8):
            change = data.draw(changes(acme, may_cancel=False))
            if change.on >= acme.cycle.end:
                continue
            after = accepted(acme, change)
            if after is None:
                continue
            spent += _opened(acme, after) - _given(acme, after)
            acme = after
        assert acme.spending[-1].amount.micros == spent


def _opened(before: Account, after: Account) -> int:
    known = {one.intent.id for one in before.open}
    lines = [line for one in after.open if one.intent.id not in known for line in one.intent.lines]
    return micros([line for line in lines if line.kind in SPENDING])


def _given(before: Account, after: Account) -> int:
    credits_ = [line for line in after.waiting[len(before.waiting) :] if line.kind is LineKind.CREDIT]
    notes = after.notes[len(before.notes) :]
    charges = {one.id: one for one in (*(each.intent for each in before.open), *before.settled)}
    counted = [note for note in notes if charges[note.intent_id].lines[note.position].kind in SPENDING]
    return sum(note.net.micros for note in counted) - micros(credits_)


def month(data: st.DataObject, acme: Account) -> tuple[Account, int]:
    """A bill, and then a credit on some charge, or the last charge carried over; and what newly came up."""
    found = bill_of(acme)
    new = found.total.micros - micros(acme.waiting)
    acme = apply(acme, planned(found, max(acme.today, found.cycle.start)))
    charges = [one.intent for one in acme.open]
    follows = data.draw(st.sampled_from(["a credit", "carried over", "nothing"])) if charges else "no charge"
    event(f"a bill and {follows}")
    after: Account | None = None
    if follows == "a credit":
        after = accepted(acme, data.draw(credits_of(data.draw(st.sampled_from(charges)), on=acme.today)))
        new += 0 if after is None else micros(after.waiting) - micros(acme.waiting)
    if follows == "carried over":
        after = accepted(acme, CarryOver(on=acme.today, intent=charges[-1].id))
    return (acme if after is None else after), new


class TestConservation:
    """BIL-1, BIL-6: over credits, carried amounts and bills nothing is lost and nothing is charged twice."""

    @walks
    @given(accounts(), st.data())
    def test_charged_and_waiting_are_all_that_ever_came_up(self, acme: Account, data: st.DataObject) -> None:
        """Over months of bills, credits and charges too small to make: what is open and what waits is all of it."""
        came_up = 0
        for _ in range(4):
            acme, new = month(data, acme)
            came_up += new
        charged = sum(one.intent.amount.micros for one in acme.open)
        assert charged + micros(acme.waiting) == came_up

    @given(accounts())
    def test_a_bill_carried_over_comes_with_the_next_as_it_was(self, acme: Account) -> None:
        """To the cent, taxes included, and none of it is taxed again."""
        found = bill_of(acme)
        billed = apply(acme, planned(found, max(acme.today, found.cycle.start)))
        if not billed.open:
            return
        carried = apply(billed, CarryOver(on=billed.today, intent=billed.open[0].intent.id))
        after = bill_of(carried)
        plain = bill_of(billed)
        assert after.total - plain.total == found.total
        assert Counter(line.amount for line in after.lines if line.kind is LineKind.TAX) == Counter(
            line.amount for line in plain.lines if line.kind is LineKind.TAX
        )


@st.composite
def charges(draw: st.DrawFn) -> Intent:
    """A charge of several lines with taxes per line and on the total, some of it credited on the same bill."""
    amounts = draw(st.lists(payable_amounts(low=10_000, high=10**9), min_size=1, max_size=4))
    lines = tuple(_line(amount, LineKind.LICENSES) for amount in amounts)
    credit = draw(st.none() | payable_amounts(low=-amounts[0].micros, high=0))
    credited = () if credit is None else (_line(credit, LineKind.CREDIT_NOTE),)
    taxes = tuple(
        attrs.evolve(_line(draw(payable_amounts(low=0, high=10**8)), LineKind.TAX), of=of)
        for of in draw(st.sampled_from([(), (None,), (0,), (0, None)]))
    )
    return Intent(
        account="acme", purpose=Purpose.BILL, ordinal=1, on=date(2026, 12, 1), lines=(*lines, *credited, *taxes)
    )


def _line(amount: Money, kind: LineKind) -> Line:
    return Line(kind=kind, category=Category.LICENSES, description=kind.value, amount=amount)


class TestCreditNotes:
    """BIL-6: a note's tax is the difference of cumulative shares, and all notes never exceed the charge."""

    @given(charges(), st.data())
    def test_all_notes_never_exceed_the_charge(self, charge: Intent, data: st.DataObject) -> None:
        """However it is split, taxes included; nor those of a line the line."""
        notes: list[CreditNote] = []
        for _ in range(data.draw(st.integers(1, 8))):
            position = data.draw(st.integers(0, len(charge.lines) - 1))
            net = data.draw(st.just(charge.lines[position].amount) | payable_amounts(low=10_000, high=10**8))
            try:
                notes.append(credit_note(charge, position, net, reason="goodwill", earlier=notes))
            except LicenseBillError:
                continue
        assert sum(note.amount.micros for note in notes) <= charge.amount.micros
        for position, line in enumerate(charge.lines):
            assert sum(note.net.micros for note in notes if note.position == position) <= max(0, line.amount.micros)

    @given(charges(), st.data())
    def test_split_or_at_once_the_tax_is_the_same(self, charge: Intent, data: st.DataObject) -> None:
        """To the minor unit, over any split of a line."""
        whole = charge.lines[0].amount
        parts = data.draw(st.lists(st.integers(1, whole.micros // 10_000), max_size=4, unique=True))
        bounds = sorted({0, *parts, whole.micros // 10_000})
        plain = attrs.evolve(
            charge, lines=tuple(line for line in charge.lines if line.kind is not LineKind.CREDIT_NOTE)
        )
        notes: list[CreditNote] = []
        for low, high in pairwise(bounds):
            net = Money((high - low) * 10_000, "USD")
            notes.append(credit_note(plain, 0, net, reason="goodwill", earlier=notes))
        at_once = credit_note(plain, 0, whole, reason="goodwill")
        assert sum(note.line_tax.micros for note in notes) == at_once.line_tax.micros
        assert sum(note.total_tax.micros for note in notes) == at_once.total_tax.micros
        assert all(mistakes(line.explanation()) == [] for note in notes for line in note.lines())


class TestExplanations:
    """BIL-5: every figure can be explained; recomputing gives the figure."""

    @walks
    @given(accounts(), st.data())
    def test_every_working_gives_its_figure(self, acme: Account, data: st.DataObject) -> None:
        """On bills after whatever has happened, and on every charge that is open; what a person states has none."""
        for _ in range(5):
            after = accepted(acme, data.draw(changes(acme)))
            acme = acme if after is None else after
        found = bill_of(acme)
        assert mistakes(found.explanation()) == []
        for one in acme.open:
            assert all(mistakes(line.explanation()) == [] for line in one.intent.lines)
        assert all(line.explanation().working for line in found.lines if line.basis is not None)
