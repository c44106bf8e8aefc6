"""Storage by law: each class is a rule, its methods what follows from it."""

import itertools
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from math import ceil

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill.money import Money
from licensebill.storage import (
    Allowance,
    ByteUnits,
    Growth,
    ItemKind,
    NoReading,
    Reading,
    ReadingRule,
    StorageBasis,
    StorageFee,
    StorageTerms,
    StoredItem,
    TooFewReadings,
    advice,
    allowance,
    before_upload,
    counted_reading,
    data_list,
    growth,
    monthly_fee,
    next_step,
    reductions,
    side_by_side,
    what_to_free,
)
from licensebill.strategies import (
    allowances,
    readings,
    storage_fees,
    storage_terms,
    stored_bytes,
    stored_items,
    time_zones,
)
from licensebill.testing import laws
from tests.working import evaluate, mistakes

START = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def _allowed(users: int, terms: StorageTerms) -> int:
    """The allowance, counted user by user."""
    megabyte = {ByteUnits.DECIMAL: 1_000_000, ByteUnits.BINARY: 1_048_576}[terms.units]
    further = [terms.user_megabytes for number in range(1, users + 1) if number > terms.included_users]
    return (terms.base_megabytes + sum(further)) * megabyte


def _owed(used: int, allowed: int, terms: StorageTerms) -> Fraction:
    """The fee in major units, by the rule's own words and in fractions."""
    gigabyte = {ByteUnits.DECIMAL: 1_000_000_000, ByteUnits.BINARY: 1_073_741_824}[terms.units]
    if used <= allowed:
        return Fraction(0)
    counted = used if terms.basis is StorageBasis.ON_TOTAL else used - allowed
    return ceil(Fraction(counted, gigabyte)) * Fraction(terms.fee.text)


@st.composite
def _users_and_bytes(draw: st.DrawFn) -> tuple[Allowance, int, int]:
    """An allowance and two usages, the smaller first."""
    allowed = draw(allowances())
    less, more = sorted((draw(stored_bytes(allowed)), draw(stored_bytes(allowed))))
    return allowed, less, more


class TestAllowance:
    """STO-1: a base for up to the included users, and a part for each further one."""

    @given(st.integers(0, 300), storage_terms())
    def test_counted_user_by_user(self, users: int, terms: StorageTerms) -> None:
        """The formula gives what counting gives."""
        assert allowance(users, terms).bytes == _allowed(users, terms)

    @given(st.integers(0, 300), storage_terms())
    def test_one_more_user_brings_nothing_or_one_part(self, users: int, terms: StorageTerms) -> None:
        """No user ever lowers it, and none brings more than the part of one."""
        more = allowance(users + 1, terms).bytes - allowance(users, terms).bytes
        assert more == (terms.user_megabytes * terms.units.megabyte if users >= terms.included_users else 0)

    @given(allowances())
    def test_working_gives_the_bytes(self, allowed: Allowance) -> None:
        """The explanation can be recomputed."""
        assert mistakes(allowed.explanation()) == []


class TestMonthlyFee:
    """STO-2, STO-3: nothing up to the allowance; above it each gigabyte started, of the total or of the excess."""

    @given(storage_fees() | storage_fees("JPY"))
    def test_equals_the_rule_in_fractions(self, fee: StorageFee) -> None:
        """An independent computation agrees, at every policy and in currencies with and without decimals."""
        assert Fraction(fee.amount.text) == _owed(fee.used, _allowed(fee.allowance.users, fee.terms), fee.terms)

    @given(_users_and_bytes())
    def test_never_falls_as_more_is_stored(self, drawn: tuple[Allowance, int, int]) -> None:
        """Whatever the policies, more bytes never cost less."""
        allowed, less, more = drawn
        laws.fee_never_falls(lambda used: StorageFee(used=used, allowance=allowed).amount, less, more)

    @given(storage_fees(), st.integers(0, 50))
    def test_never_rises_with_more_users(self, fee: StorageFee, more: int) -> None:
        """Further users widen the allowance, which under either basis lowers the fee or leaves it."""
        wider = monthly_fee(used=fee.used, users=fee.allowance.users + more, terms=fee.terms)
        assert wider.amount <= fee.amount

    @given(storage_fees(), st.integers(0, 50))
    def test_users_matter_to_the_total_only_by_the_threshold(self, fee: StorageFee, more: int) -> None:
        """On the total, more users change nothing until they lift the allowance over what is used; then all is free."""
        terms = attrs.evolve(fee.terms, basis=StorageBasis.ON_TOTAL)
        here, wider = (
            monthly_fee(used=fee.used, users=users, terms=terms).amount
            for users in (fee.allowance.users, fee.allowance.users + more)
        )
        assert wider in {here, Money.zero("USD")}

    @given(storage_fees())
    def test_excess_never_costs_more_than_the_total(self, fee: StorageFee) -> None:
        """The excess is a part of the total, in either unit; a larger unit never costs more."""
        fees = side_by_side(used=fee.used, users=fee.allowance.users, terms=fee.terms)
        for units in ByteUnits:
            assert fees[StorageBasis.ON_EXCESS, units].amount <= fees[StorageBasis.ON_TOTAL, units].amount
        for basis in StorageBasis:
            assert fees[basis, ByteUnits.BINARY].amount <= fees[basis, ByteUnits.DECIMAL].amount

    @given(storage_fees())
    def test_the_room_ends_where_the_fee_rises(self, fee: StorageFee) -> None:
        """The last byte of the room costs nothing more; the next one does."""
        full = attrs.evolve(fee, used=fee.used + fee.room)
        assert full.amount == fee.amount
        assert attrs.evolve(fee, used=full.used + 1).amount > fee.amount

    @given(storage_fees() | storage_fees("JPY"))
    def test_working_gives_the_amount(self, fee: StorageFee) -> None:
        """The explanation can be recomputed, down to the allowance."""
        assert mistakes(fee.explanation()) == []
        assert evaluate(fee.explanation().working) == Fraction(fee.amount.text)


@st.composite
def _measured(draw: st.DrawFn) -> list[Reading]:
    """Readings of different instants around the first of a cycle, thresholds among them, in any order."""
    exact = st.sampled_from([timedelta(0), *(days * DAY for days in (1, 2, 3, 30, 31))])
    beside = st.builds(lambda age, by: age + timedelta(microseconds=by), exact, st.integers(-1, 1))
    ages = draw(st.lists(st.just(timedelta(0)) | beside | st.timedeltas(-2 * DAY, 40 * DAY), unique=True, max_size=6))
    return [draw(readings(st.just(START - age))) for age in ages]


def _found(readings: list[Reading], terms: StorageTerms) -> Reading | None:
    before = (datetime(2026, 11, 1, tzinfo=UTC), START)
    try:
        return counted_reading(readings, cycle_start=START, terms=terms, cycle_before=before)
    except NoReading:
        return None


class TestReading:
    """STO-4: the nearest reading up to the cycle's first instant, if not too old, or the peak; never zero for none."""

    @given(_measured(), storage_terms())
    def test_is_one_of_those_in_the_window(self, readings: list[Reading], terms: StorageTerms) -> None:
        """Among all that may count it is the newest or the greatest; where none may, none is made up."""
        if terms.reading is ReadingRule.PEAK_BEFORE:
            window = [one for one in readings if datetime(2026, 11, 1, tzinfo=UTC) <= one.at < START]
            best = max((one.bytes for one in window), default=None)
        else:
            window = [one for one in readings if START - terms.reading_age_days * DAY <= one.at <= START]
            best = max(((one.at, one.bytes) for one in window), default=(None, None))[1]
        found = _found(readings, terms)
        assert (found in window) if window else (found is None)
        assert (found.bytes if found else None) == best

    @given(_measured(), storage_terms(), st.randoms(use_true_random=False))
    def test_does_not_depend_on_their_order(self, readings: list[Reading], terms: StorageTerms, by: object) -> None:
        """However the readings arrive, the same one counts."""
        shuffled = list(readings)
        by.shuffle(shuffled)  # type: ignore[attr-defined]
        assert _found(shuffled, terms) == _found(readings, terms)

    @given(_measured(), storage_terms(), st.integers(0, 10**9), st.timedeltas(timedelta(microseconds=1), 40 * DAY))
    def test_nothing_measured_later_changes_it(
        self, readings: list[Reading], terms: StorageTerms, used: int, later: timedelta
    ) -> None:
        """A run on the fifth bills what was stored on the first."""
        after = Reading(bytes=used, at=START + later, source="nightly export")
        assert _found([*readings, after], terms) == _found(readings, terms)

    @given(_measured(), storage_terms(), time_zones())
    def test_does_not_depend_on_the_zone(self, readings: list[Reading], terms: StorageTerms, zone: tzinfo) -> None:
        """The same instants written in another zone are the same instants."""
        elsewhere = [attrs.evolve(one, at=one.at.astimezone(zone)) for one in readings]
        assert elsewhere == readings
        assert _found(elsewhere, terms) == _found(readings, terms)

    @given(_measured(), storage_terms())
    def test_the_refusal_names_the_newest_that_came_near(self, readings: list[Reading], terms: StorageTerms) -> None:
        """Where none counts, the newest one up to the first instant is named, if there is one."""
        if _found(readings, terms) is None:
            with pytest.raises(NoReading) as refused:
                counted_reading(
                    readings, cycle_start=START, terms=terms, cycle_before=(datetime(2026, 11, 1, tzinfo=UTC), START)
                )
            assert refused.value.newest == max((one.at for one in readings if one.at <= START), default=None)


class TestReductions:
    """STO-5: the bytes to free to pay nothing, and to pay one step less."""

    @given(storage_fees())
    def test_paying_nothing_takes_exactly_so_many(self, fee: StorageFee) -> None:
        """Freeing them ends the fee; a byte less does not."""
        freed = reductions(fee).to_pay_nothing
        assert not attrs.evolve(fee, used=fee.used - freed).amount
        assert not freed or attrs.evolve(fee, used=fee.used - freed + 1).amount

    @given(storage_fees())
    def test_one_step_less_takes_exactly_so_many(self, fee: StorageFee) -> None:
        """Freeing them lowers the fee to what is told; a byte less leaves it as it is."""
        answer = reductions(fee)
        if answer.to_pay_one_step_less is None or answer.one_step_less is None:
            assert not fee.amount
        else:
            assert answer.one_step_less == attrs.evolve(fee, used=fee.used - answer.to_pay_one_step_less)
            assert answer.one_step_less.amount < fee.amount
            assert attrs.evolve(answer.one_step_less, used=answer.one_step_less.used + 1).amount == fee.amount
            assert answer.to_pay_one_step_less <= answer.to_pay_nothing

    @given(storage_fees())
    def test_working_gives_the_bytes(self, fee: StorageFee) -> None:
        """The explanation can be recomputed."""
        assert mistakes(reductions(fee).explanation()) == []


class TestSelection:
    """STO-5: the fewest items that reach it: largest first, ties by position."""

    @given(st.lists(stored_items(high=20), max_size=7), st.integers(0, 80))
    def test_no_smaller_choice_reaches_it(self, items: list[StoredItem], target: int) -> None:
        """Brute force over every choice finds none with fewer items, and none of as many that frees more."""
        choices = [
            chosen
            for size in range(len(items) + 1)
            for chosen in itertools.combinations([i.freeable for i in items], size)
        ]
        enough = [chosen for chosen in choices if sum(chosen) >= target]
        selection = what_to_free(items, target)
        assert selection.reached is bool(enough)
        if enough:
            fewest = min(map(len, enough))
            assert len(selection.items) == fewest
            assert selection.freed == max(sum(chosen) for chosen in enough if len(chosen) == fewest)
        else:
            assert selection.freed == max(map(sum, choices)) < target

    @given(st.lists(stored_items(high=20), max_size=7), st.integers(0, 80))
    def test_ties_go_to_the_earlier(self, items: list[StoredItem], target: int) -> None:
        """With names that tell the positions, the choice is descending, and among equals ascending by position."""
        numbered = [attrs.evolve(item, name=str(position)) for position, item in enumerate(items)]
        chosen = [(-item.freeable, int(item.name)) for item in what_to_free(numbered, target).items]
        others = [
            (-item.freeable, position)
            for position, item in enumerate(numbered)
            if item.freeable and (-item.freeable, position) not in chosen
        ]
        assert chosen == sorted(chosen)
        assert all(one < other for one in chosen for other in others)

    @given(st.lists(stored_items(), max_size=20), st.integers(0, 10**10))
    def test_every_item_is_needed_and_free(self, items: list[StoredItem], target: int) -> None:
        """Nothing in use is chosen; where the target is reached, it is not without the last item."""
        selection = what_to_free(items, target)
        assert all(item.freeable and item in items for item in selection.items)
        if selection.items and selection.reached:
            assert selection.freed - selection.items[-1].freeable < target
        assert mistakes(selection.explanation()) == []

    @given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 2**63 - 1))
    def test_names_not_due_never_exceed_their_share(self, one: int, other: int, size: int) -> None:
        """What may be freed of a list is the share of the names not due, rounded down and exact at any size."""
        due, names = sorted((one, other))
        freeable = data_list("leads", names=names, due=due, bytes=size).freeable
        assert freeable == (Fraction(names - due, names) * size // 1 if names else size)

    @given(storage_fees(), st.lists(stored_items(), max_size=6))
    def test_what_is_advised_works(self, fee: StorageFee, items: list[StoredItem]) -> None:
        """Who frees the items named pays what is promised, and every figure told can be recomputed."""
        answer = advice(fee, items)
        goals = [(answer.to_pay_nothing, Money.zero("USD"))]
        if answer.to_pay_one_step_less is not None and answer.reductions.one_step_less is not None:
            goals.append((answer.to_pay_one_step_less, answer.reductions.one_step_less.amount))
        for selection, amount in goals:
            if selection.reached:
                assert attrs.evolve(fee, used=max(0, fee.used - selection.freed)).amount <= amount
        assert mistakes(answer.explanation()) == []

    @given(storage_fees(), st.lists(stored_items(), max_size=6))
    def test_the_tips_are_given_whenever_a_fee_is_due(self, fee: StorageFee, items: list[StoredItem]) -> None:
        """All three, each once, in their order; none where nothing is due."""
        text = advice(fee, items).text
        tips = ("Delete and purge", "Keep the Files tab clean", "Upload only those names")
        assert [text.count(tip) for tip in tips] == [int(bool(fee.amount))] * len(tips)
        if fee.amount:
            assert text.index(tips[0]) < text.index(tips[1]) < text.index(tips[2])

    def test_every_kind_of_item_has_its_tip(self) -> None:
        """What a kind of item can bring is told beside exactly one tip."""
        for kind in ItemKind:
            text = advice(monthly_fee(used=10**9, users=1), [StoredItem(name="x", kind=kind, bytes=7, freeable=7)]).text
            assert text.count("(7 bytes may be freed)") == 1


class TestUpload:
    """STO-5: what an upload would cost before it is made."""

    @given(_users_and_bytes())
    def test_is_the_fee_after_less_the_fee_before(self, drawn: tuple[Allowance, int, int]) -> None:
        """The quote agrees with the fees of the two usages, and is nothing as long as there is room."""
        allowed, less, more = drawn
        quote = before_upload(used=less, upload=more - less, users=allowed.users, terms=allowed.terms)
        owed = [_owed(used, allowed.bytes, allowed.terms) for used in (less, more)]
        assert Fraction(quote.extra.text) == owed[1] - owed[0]
        assert (quote.extra == Money.zero("USD")) is (quote.upload <= quote.room)
        assert mistakes(quote.explanation()) == []

    @given(_users_and_bytes(), st.integers(0, 10**10))
    def test_uploads_in_parts_cost_what_one_costs(self, drawn: tuple[Allowance, int, int], further: int) -> None:
        """Splitting an upload saves and costs nothing."""
        allowed, less, more = drawn

        def extra(used: int, upload: int) -> Money:
            return before_upload(used=used, upload=upload, users=allowed.users, terms=allowed.terms).extra

        assert extra(less, more - less) + extra(more, further) == extra(less, more - less + further)


@st.composite
def _growths(draw: st.DrawFn) -> tuple[Growth, int]:
    """A growth to a usage near a step, mostly upwards, and a number of users."""
    allowed = draw(allowances())
    used = draw(stored_bytes(allowed))
    before = draw(st.integers(0, used) | st.integers(0, 4 * 10**9))
    span = draw(st.sampled_from([DAY, 30 * DAY]) | st.timedeltas(timedelta(microseconds=1), 90 * DAY))
    first = Reading(bytes=before, at=START - span, source="nightly export")
    last = Reading(bytes=used, at=START, source="nightly export")
    return Growth(first=first, last=last, terms=allowed.terms), allowed.users


class TestGrowth:
    """STO-6: the growth of the last days, and when it brings the next fee step."""

    @given(_measured(), storage_terms())
    def test_is_last_less_first_over_the_time(self, readings: list[Reading], terms: StorageTerms) -> None:
        """Of the readings in the window, which is closed at both ends."""
        window = [one for one in readings if START - terms.growth_days * DAY <= one.at <= START]
        if len(window) <= 1:
            with pytest.raises(TooFewReadings) as refused:
                growth(readings, at=START, terms=terms)
            assert refused.value.found == len(window)
        else:
            first, last = min(window, key=lambda one: one.at), max(window, key=lambda one: one.at)
            days = Fraction((last.at - first.at) // timedelta(microseconds=1), 86_400 * 10**6)
            found = growth(readings, at=START, terms=terms)
            assert (found.per_day, found.days) == ((last.bytes - first.bytes) / days, days)
            assert mistakes(found.explanation()) == []

    @given(_growths())
    def test_the_step_comes_with_the_first_byte_too_many(self, drawn: tuple[Growth, int]) -> None:
        """At the time told, the line through the readings has reached the byte that costs more; never, if it falls."""
        grown, users = drawn
        step = next_step(grown, users=users)
        if grown.last.bytes <= grown.first.bytes:
            assert (step.days, step.when) == (None, None)
        else:
            assert step.days is not None
            then = grown.last.bytes + step.days * grown.per_day
            assert then.denominator == 1
            assert monthly_fee(used=int(then), users=users, terms=grown.terms).amount == step.amount > step.fee.amount
            assert monthly_fee(used=int(then) - 1, users=users, terms=grown.terms).amount == step.fee.amount
        assert mistakes(step.explanation()) == []

    @given(_growths())
    def test_the_instant_is_the_first_microsecond_at_which_it_is_there(self, drawn: tuple[Growth, int]) -> None:
        """A microsecond earlier the line is still below the byte."""
        grown, users = drawn
        step = next_step(grown, users=users)
        if step.when is not None and step.days is not None:
            passed = Fraction((step.when - grown.last.at) // timedelta(microseconds=1), 86_400 * 10**6)
            assert passed >= step.days > passed - Fraction(1, 86_400 * 10**6)

    @given(_growths(), time_zones())
    def test_the_day_is_that_of_the_instant(self, drawn: tuple[Growth, int], zone: tzinfo) -> None:
        """In every zone, where there is an instant at all."""
        step = next_step(drawn[0], users=drawn[1])
        assert step.day(zone) == (step.when and step.when.astimezone(zone).date())
