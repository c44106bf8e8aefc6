"""Laws of any account, by rule: what a preview promises, what time does, and what no change ever breaks."""

import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

import attrs
from hypothesis import event, given, settings
from hypothesis import strategies as st

from licensebill.accounts import Account, Change, advance, apply, committed, schedule_on
from licensebill.bills import monthly_bill
from licensebill.changes import Cancel, LicensePurchase, SetTotal, license_purchase
from licensebill.errors import LicenseBillError
from licensebill.ledger import Intent
from licensebill.licenses import availability
from licensebill.money import Money
from licensebill.strategies import accounts, changes, later_days, payments, source_changes, total_changes
from licensebill.terms import ProductKind, Purpose
from tests.examples import ACCEPTED
from tests.property.changes import accepted, readings
from tests.working import mistakes

#: A walk is a whole history, so that fewer of them will do.
walks = settings(max_examples=30)


def walk(
    data: st.DataObject,
    acme: Account,
    steps: int = 6,
    happens: Callable[[Account], st.SearchStrategy[Change]] = changes,
) -> Iterator[tuple[Account, Account]]:
    """The account before and after each change that was accepted."""
    for _ in range(steps):
        after = accepted(acme, data.draw(happens(acme)))
        if after is not None:
            yield acme, after
            acme = after


def preview(acme: Account, change: SetTotal) -> LicensePurchase:
    """What a change of a total would do."""
    return license_purchase(acme, change.product, change.total, by=change.by, authorization=ACCEPTED, on=change.on)


def refusal(ask: Callable[[], object]) -> str | None:
    """Code and words of a refusal; None if there is none."""
    try:
        ask()
    except LicenseBillError as refused:
        return f"{refused.code}: {refused}"
    return None


class TestPreview:
    """LIC-12: a preview is the purchase's own change, not applied."""

    @given(accounts(), st.data())
    def test_it_is_refused_as_the_purchase_is(self, acme: Account, data: st.DataObject) -> None:
        """In the same words; and asking changes nothing."""
        change, before = data.draw(total_changes(acme, on=data.draw(later_days(acme)))), pickle.dumps(acme)
        assert refusal(lambda: preview(acme, change)) == refusal(lambda: apply(acme, change))
        assert pickle.loads(before) == acme  # noqa: S301 - ours

    @given(accounts(), st.data())
    def test_what_it_shows_is_what_happens(self, acme: Account, data: st.DataObject) -> None:
        """The charge, what can be assigned, and next month's total."""
        change = data.draw(total_changes(acme, on=data.draw(later_days(acme))))
        after = accepted(acme, change)
        if after is None:
            return
        shown = preview(acme, change)
        assert shown.change == attrs.evolve(change, charge=shown.charge)
        assert apply(acme, shown.change) == after
        opened = [one.intent for one in after.open]
        assert opened == ([] if shown.intent is None else [shown.intent])
        assert shown.charge == (opened[0].amount if opened else Money.zero(acme.currency))
        left = availability(after.licenses, change.product, catalog=after.catalog, terms=after.tariff.ports)
        assert shown.available_after == left.available
        later = advance(after, after.cycle.end)
        assert shown.monthly_after == schedule_on(later, later.licenses, later.today).total
        assert mistakes(shown.explanation()) == []


class TestTime:
    """CYC-1: time passes in steps as at once, and a first instant is kept as it was."""

    @given(accounts(), st.lists(st.sampled_from([1, 27, 31]) | st.integers(0, 70), max_size=4))
    def test_in_steps_as_at_once(self, acme: Account, gaps: list[int]) -> None:
        """Whatever the steps."""
        stepping = acme
        for gap in gaps:
            stepping = advance(stepping, stepping.today + timedelta(gap))
        assert stepping == advance(acme, acme.today + timedelta(sum(gaps)))

    @walks
    @given(accounts(), st.data())
    def test_what_happens_later_changes_no_first_instant(self, acme: Account, data: st.DataObject) -> None:
        """Kept are the same licenses, users and tariff, until the bill is planned."""
        for before, after in walk(data, advance(acme, acme.cycle.end)):
            assert after.unbilled[: len(before.unbilled)] == before.unbilled

    @given(accounts(), st.integers(0, 70))
    def test_every_boundary_passed_is_kept_once(self, acme: Account, gap: int) -> None:
        """Each first instant beside the next, so that no month is billed twice or never."""
        later = advance(acme, acme.today + timedelta(gap))
        cycles = [one.cycle for one in later.unbilled]
        assert all(one.end == other.start for one, other in pairwise(cycles))
        assert (cycles[-1] if cycles else acme.cycle) == later.cycle

    @given(accounts())
    def test_pending_totals_are_taken_at_the_boundary(self, acme: Account) -> None:
        """None is left, and nothing grows (LIC-8)."""
        later = advance(acme, acme.cycle.end)
        assert all(holding.pending is None for holding in later.licenses.holdings)
        for holding in acme.licenses.holdings:
            taken = later.licenses.holding(holding.product).owned
            assert holding.lasting <= taken <= holding.owned


class TestRefusals:
    """A refused change leaves the account as it was."""

    @walks
    @given(accounts(), st.data())
    def test_the_account_is_as_it_was(self, acme: Account, data: st.DataObject) -> None:
        """Equal to what was stored before, whatever was asked for."""
        for _ in range(4):
            before = pickle.dumps(acme)
            change = data.draw(changes(acme))
            after = accepted(acme, change)
            assert pickle.loads(before) == acme  # noqa: S301 - ours
            acme = acme if after is None else after

    @walks
    @given(accounts(), st.data())
    def test_the_same_stream_gives_the_same_account(self, acme: Account, data: st.DataObject) -> None:
        """Folded again from what was stored (BIL-4)."""
        stored, stream, last = pickle.dumps(acme), [], acme
        for _ in range(5):
            change = data.draw(changes(last))
            after = accepted(last, change)
            if after is not None:
                stream.append(pickle.dumps(change))
                last = after
        again = pickle.loads(stored)  # noqa: S301 - ours
        for change_ in stream:
            again = apply(again, pickle.loads(change_))  # noqa: S301 - ours
        assert again == last


class TestSources:
    """FUN-2, FUN-3: there is one primary, and no change of the sources takes away the last valid one."""

    @walks
    @given(accounts(), st.data())
    def test_a_valid_source_remains(self, acme: Account, data: st.DataObject) -> None:
        """On one day, through any changes of the sources; the first of them all is the primary."""
        for _ in range(6):
            after = accepted(acme, data.draw(source_changes(acme, on=acme.today)))
            acme = acme if after is None else after
            assert acme.funding is not None
            assert acme.funding.valid(acme.today)
            assert acme.funding.primary == acme.funding.sources[0]

    @walks
    @given(accounts(), st.data())
    def test_no_open_charge_loses_a_source(self, acme: Account, data: st.DataObject) -> None:
        """What it may still use cannot be removed."""
        for _, after in walk(data, acme):
            assert after.funding is not None
            ids = {source.id for source in after.funding.sources}
            assert all(set(one.intent.sources) <= ids for one in after.open)


class TestLicenses:
    """LIC-3, LIC-6: nobody has a license that is not there, nor one that is about to go."""

    @walks
    @given(accounts(), st.data())
    def test_assigned_are_no_more_than_last(self, acme: Account, data: st.DataObject) -> None:
        """Of each per-user product, now and in the next cycle."""
        for _, after in walk(data, acme):
            for product in after.catalog.products:
                holding = after.licenses.holding(product.id)
                if product.kind is ProductKind.PER_USER:
                    assert len(holding.users) <= holding.lasting


class TestCharges:
    """BIL-4: every charge has an identifier of its own, counted by purpose."""

    @walks
    @given(accounts(), st.data())
    def test_identifiers_are_never_used_again(self, acme: Account, data: st.DataObject) -> None:
        """Not even after a charge was settled, failed or carried over."""
        seen: set[str] = set()
        for before, after in walk(data, acme, steps=10):
            known = {one.intent.id for one in before.open}
            opened = [one.intent for one in after.open if one.intent.id not in known and not one.has_failed]
            assert all(one.id not in seen and one.amount.micros > 0 for one in opened)
            assert all(dict(after.ordinals)[one.purpose] == one.ordinal for one in opened)
            seen |= {one.id for one in opened}

    @walks
    @given(accounts(), st.data())
    def test_minutes_are_there_when_paid(self, acme: Account, data: st.DataObject) -> None:
        """A settlement adds what was captured to the balance, a return takes it back, to the cent (FUN-9)."""
        for before, after in walk(data, acme, steps=12, happens=payments):
            paid = sum(_prepaid(one) for one in after.settled if one not in before.settled)
            returned = sum(_prepaid(one) for one in before.settled if one not in after.settled)
            if before.settled != after.settled:
                event("a settlement or a return")
                assert after.balance.micros - before.balance.micros == paid - returned


def _prepaid(charge: Intent) -> int:
    return charge.amount.micros if charge.purpose in {Purpose.MINUTES, Purpose.RECHARGE} else 0


class TestCommitted:
    """FUN-8: what is committed is the sum of the term's cycles, each the greater of floors and minimum spend."""

    @given(accounts())
    def test_cycles_tile_the_rest_of_the_term(self, acme: Account) -> None:
        """From the next one to the last that begins in it; each at least its floors and its minimum."""
        found = committed(acme)
        cycles = [one.cycle for one in found.cycles]
        assert all(one.end == other.start for one, other in pairwise([acme.cycle, *cycles]))
        assert all(one.amount >= max(one.floors, one.minimum) for one in found.cycles)
        assert found.amount == sum((one.amount for one in found.cycles), Money.zero(acme.currency))
        assert mistakes(found.explanation()) == []
        if acme.contracts:
            term = acme.contracts[0].term(acme.today)
            assert term is not None
            last = cycles[-1] if cycles else acme.cycle
            assert last.end >= term.end
            assert all(cycle.start < term.end for cycle in cycles)

    @given(accounts(), st.data())
    def test_more_licenses_commit_nobody(self, acme: Account, data: st.DataObject) -> None:
        """Only floors and minimum do."""
        after = accepted(acme, data.draw(total_changes(acme, on=acme.today)))
        assert after is None or committed(after).amount == committed(acme).amount

    @given(accounts(), st.booleans())
    def test_after_the_end_nothing_recurs(self, acme: Account, late: bool) -> None:
        """One more first instant, of the final bill, which holds no licenses."""
        ended = apply(acme, Cancel(on=acme.today, by=acme.administrator, authorization=ACCEPTED, is_buyout_agreed=True))
        later = advance(ended, ended.cycle.end + timedelta(400 if late else 0))
        assert len(later.unbilled) == len(acme.unbilled) + 1
        assert later.unbilled[-1].licenses is None
        if not acme.unbilled:
            final = monthly_bill(later, acme.cycle.end, readings=readings(acme, acme.cycle.end))
            assert {line.kind.value for line in final.lines} <= {"true-up to the minimum spend"}
