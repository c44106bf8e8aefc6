"""Laws of funding, outcomes and administration: a class for each rule, its consequences as methods."""

import contextlib
import datetime
from collections.abc import Callable
from datetime import UTC, date, timedelta
from fractions import Fraction
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill.administration import BuyoutNeeded, Cancellation, cancellation, change_administrator, may
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.funding import (
    MAY_NAME_A_SOURCE,
    Decline,
    Funding,
    Hindrance,
    LastFundingSource,
    LastValidSource,
    PrimaryOnly,
    Source,
    SourceNotValid,
    WarningCode,
    add,
    attempts,
    block,
    is_valid,
    make_primary,
    remove,
    replace,
    warnings,
)
from licensebill.money import Money, minor_unit
from licensebill.outcomes import Outcome, Succeeded, what_follows
from licensebill.people import BILLING_ADMINISTRATOR, Action, User
from licensebill.strategies import (
    amounts,
    authorizations,
    currencies,
    cycles,
    declines,
    funding_days,
    fundings,
    outcomes,
    sources,
    users,
)
from licensebill.terms import BalanceAtEnd, FundingTerms, Purpose, RechargeLimits
from licensebill.testing import laws
from tests.working import mistakes

RESERVED = (Action.CHANGE_SOURCES, Action.CHANGE_LICENSES, Action.ORDER_SERVICES, Action.CANCEL)


@st.composite
def days_and_fundings(draw: st.DrawFn) -> tuple[date, Funding]:
    """A day, and sources some of which are valid on it."""
    on = draw(funding_days())
    return on, draw(fundings(on=on))


def through_its_month(source: Source, on: date) -> bool:
    """Validity by comparing months, without any last day."""
    if source.is_blocked:
        return False
    return source.expiry is None or (on.year, on.month) <= (source.expiry.year, source.expiry.month)


def changes(funding: Funding, chosen: Source, new: Source, on: date) -> tuple[Callable[[], Funding], ...]:
    """Every change that can be asked for: of one source, or with a new one."""
    return (
        lambda: remove(funding, chosen.id, on=on, in_use=()),
        lambda: make_primary(funding, chosen.id, on=on),
        lambda: add(funding, new, on=on),
        lambda: replace(funding, attrs.evolve(new, id=chosen.id), on=on),
    )


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Twelve to nineteen digits that pass Luhn's check, with blanks and dashes between them."""
    front = draw(st.text("0123456789", min_size=11, max_size=18))
    # the check digit is found by trying all ten, and adding the digits of the doubled ones
    number = next(number for number in (f"{front}{last}" for last in range(10)) if passes_luhn(number))
    return "".join(digit + draw(st.sampled_from(["", "", " ", "-"])) for digit in number).rstrip(" -")


def passes_luhn(number: str) -> bool:
    """The check as it is described: double every second digit from the right and add all digits up."""
    doubled = (str(int(digit) * (1 + position % 2)) for position, digit in enumerate(reversed(number)))
    return sum(int(digit) for digits in doubled for digit in digits) % 10 == 0


class TestFun1NeverACardNumber:
    """What could be a card number is refused wherever it may stand, and never shown."""

    @given(
        source=sources(on=date(2026, 12, 1)),
        field=st.sampled_from(["id", "token", "label"]),
        before=st.sampled_from(["", "tok_", "Visa "]),
        number=card_numbers(),
    )
    def test_a_number_in_any_text_is_refused(self, source: Source, field: str, before: str, number: str) -> None:
        """Alone or after other text, in groups or not."""
        with pytest.raises(InvalidValue) as refused:
            attrs.evolve(source, **cast("Any", {field: before + number}))
        assert refused.value.place == field
        assert not any(character.isdigit() for character in str(refused.value))

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_no_token_is_shown_by_any_refusal(self, on_and_funding: tuple[date, Funding], data: st.DataObject) -> None:
        """Whatever is refused, the message and the fields of the refusal hold no token."""
        on, funding = on_and_funding
        chosen = data.draw(st.sampled_from(funding.sources))
        for change in changes(funding, chosen, chosen, on):
            try:
                shown = repr(change())
            except (RuleViolation, InvalidValue) as refused:
                shown = f"{refused} {refused!r}"
            assert "tok-" not in shown


class TestFun2NeverWithoutASource:
    """No change of the sources leaves none, or takes away the last valid one."""

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_what_is_accepted_keeps_a_valid_source(
        self, on_and_funding: tuple[date, Funding], data: st.DataObject
    ) -> None:
        """If one was valid before a change, one is valid after it; so is the primary, unless it had ended before."""
        on, funding = on_and_funding
        chosen = data.draw(st.sampled_from(funding.sources))
        new = data.draw(sources(on=on, id="source-9"))

        def held(change: Callable[[], Funding]) -> None:
            laws.primary_is_valid(
                lambda _: change(),
                funding,
                primaries=lambda sources: [sources.primary],
                valid=lambda sources: sources.valid(on),
            )

        for change in changes(funding, chosen, new, on):
            with contextlib.suppress(RuleViolation, InvalidValue):
                held(change)

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_removal_is_refused_for_these_reasons_only(
        self, on_and_funding: tuple[date, Funding], data: st.DataObject
    ) -> None:
        """The only one stays; the last valid one stays; everything else may go."""
        on, funding = on_and_funding
        chosen = data.draw(st.sampled_from(funding.sources))
        rest = [source for source in funding.sources if source is not chosen]
        if not rest:
            with pytest.raises(LastFundingSource):
                remove(funding, chosen.id, on=on, in_use=())
        elif through_its_month(chosen, on) and not any(through_its_month(source, on) for source in rest):
            with pytest.raises(LastValidSource):
                remove(funding, chosen.id, on=on, in_use=())
        else:
            left = remove(funding, chosen.id, on=on, in_use=()).sources
            assert sorted(left, key=rest.index) == rest

    @given(on=funding_days(), data=st.data())
    def test_validity_decides_what_may_be_added(self, on: date, data: st.DataObject) -> None:
        """Valid sources are added at the end, invalid ones never."""
        funding = data.draw(fundings(on=on))
        new = data.draw(sources(on=on, id="source-9"))
        if through_its_month(new, on):
            assert add(funding, new, on=on).sources == (*funding.sources, new)
        else:
            with pytest.raises(SourceNotValid):
                add(funding, new, on=on)


class TestFun3ExactlyOnePrimary:
    """The first source is the primary, and only two sources ever change places."""

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_a_swap_undone_is_no_swap(self, on_and_funding: tuple[date, Funding], data: st.DataObject) -> None:
        """Making the former primary the primary again restores every rank."""
        on, funding = on_and_funding
        funding = Funding((data.draw(sources(on=on, id="source-9", is_valid=True)), *funding.sources))
        chosen = data.draw(st.sampled_from(funding.valid(on)))
        swapped = make_primary(funding, chosen.id, on=on)
        assert swapped.primary == chosen
        assert make_primary(swapped, funding.primary.id, on=on) == funding

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_the_others_stay_in_place(self, on_and_funding: tuple[date, Funding], data: st.DataObject) -> None:
        """Position by position, at most the two differ."""
        on, funding = on_and_funding
        chosen = data.draw(sources(on=on, id="source-9", is_valid=True))
        funding = Funding((*funding.sources, chosen))
        after = make_primary(funding, chosen.id, on=on).sources
        assert after[1:-1] == funding.sources[1:-1]
        assert after[-1] == funding.primary

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_removing_the_primary_promotes_the_first_valid(
        self, on_and_funding: tuple[date, Funding], data: st.DataObject
    ) -> None:
        """The rest keep their order behind it; with none valid nothing moves."""
        on, funding = on_and_funding
        first = data.draw(sources(on=on, id="source-9"))
        rest = list(funding.sources)
        try:
            after = remove(Funding((first, *rest)), first.id, on=on, in_use=()).sources
        except LastValidSource:
            return
        expected = next((source for source in rest if through_its_month(source, on)), rest[0])
        assert after[0] == expected
        assert list(after[1:]) == [source for source in rest if source != expected]

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_replacing_keeps_rank_and_ends_a_block(
        self, on_and_funding: tuple[date, Funding], data: st.DataObject
    ) -> None:
        """A valid new source stands where the old one stood, blocked before or not."""
        on, funding = on_and_funding
        position = data.draw(st.integers(0, len(funding.sources) - 1))
        old = funding.sources[position]
        drawn = data.draw(sources(on=on, id="source-9", is_valid=True))
        expiry = None if old.expiry is None else (drawn.expiry or attrs.evolve(old.expiry, year=on.year + 1))
        new = attrs.evolve(drawn, id=old.id, kind=old.kind, expiry=expiry)
        after = replace(block(funding, old.id), new, on=on).sources
        assert after[position] == new
        assert after[:position] + after[position + 1 :] == funding.sources[:position] + funding.sources[position + 1 :]


class TestFun4OrderOfAttempts:
    """Named, primary, others; what is not valid or was declined too often is left out, and nothing else."""

    @given(on_and_funding=days_and_fundings(), purpose=st.sampled_from(Purpose), data=st.data())
    def test_every_source_is_tried_once_or_left_out(
        self, on_and_funding: tuple[date, Funding], purpose: Purpose, data: st.DataObject
    ) -> None:
        """Both lists together are the sources, each in the order of rank but for the named one at the front."""
        on, funding = on_and_funding
        at = datetime.datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        named = data.draw(st.none() | st.sampled_from([source.id for source in funding.sources]))
        history = data.draw(declines(funding, at))
        if named is not None and purpose not in MAY_NAME_A_SOURCE:
            with pytest.raises(PrimaryOnly):
                attempts(funding, purpose=purpose, named=named, on=on, declines=history, at=at)
            return
        found = attempts(funding, purpose=purpose, named=named, on=on, declines=history, at=at)
        ranked = sorted(funding.sources, key=lambda source: source.id != named)  # stable: the others keep their order
        tried = [source for source in ranked if source in found.order]
        left = [source for source in ranked if source not in found.order]
        assert list(found.order) == tried
        assert [one.source for one in found.left_out] == left
        assert all(through_its_month(source, on) for source in tried)

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_the_explanation_names_every_source_once(
        self, on_and_funding: tuple[date, Funding], data: st.DataObject
    ) -> None:
        """In the order of attempts, and after them what is left out."""
        on, funding = on_and_funding
        at = datetime.datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        found = attempts(funding, purpose=Purpose.BILL, on=on, declines=data.draw(declines(funding, at)), at=at)
        named = [part.figure for part in found.explanation().parts]
        assert named == [source.masked for source in (*found.order, *(one.source for one in found.left_out))]


class TestFun5Expiry:
    """A card is valid through the last day of its month."""

    @given(on=funding_days(), data=st.data())
    def test_validity_is_by_the_month(self, on: date, data: st.DataObject) -> None:
        """Comparing months says the same as comparing days with the last day of the month."""
        source = data.draw(sources(on=on))
        for day in (on, on - timedelta(1), on + timedelta(1)):
            assert is_valid(source, day) is through_its_month(source, day)

    @given(on=funding_days(), data=st.data())
    def test_what_has_expired_stays_expired(self, on: date, data: st.DataObject) -> None:
        """Time never makes a source valid again."""
        source = data.draw(sources(on=on, is_valid=False))
        assert not is_valid(source, on + timedelta(data.draw(st.integers(0, 4_000))))


class TestMin12DeclineLimits:
    """A source is left out while a window holds as many declines as its limit."""

    @given(
        on_and_funding=days_and_fundings(),
        limits=st.builds(
            RechargeLimits,
            declines=st.integers(1, 8),
            decline_days=st.sampled_from([1, 30]) | st.integers(1, 40),
            declines_per_day=st.integers(1, 3),
        ),
        data=st.data(),
    )
    def test_by_counting(
        self, on_and_funding: tuple[date, Funding], limits: RechargeLimits, data: st.DataObject
    ) -> None:
        """Counting the declines of each window one by one says the same, in whatever order they come."""
        on, funding = on_and_funding
        at = datetime.datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        history = data.draw(declines(funding, at))
        given_order = data.draw(st.permutations(history))
        found = attempts(funding, purpose=Purpose.BILL, on=on, declines=given_order, at=at, limits=limits)
        for source in funding.valid(on):
            assert (source in found.order) is not too_often(source, history, at, limits)

    @given(on_and_funding=days_and_fundings(), data=st.data())
    def test_until_then_and_no_longer(self, on_and_funding: tuple[date, Funding], data: st.DataObject) -> None:
        """A microsecond before the instant given a source is still left out, at that instant it is tried."""
        on, funding = on_and_funding
        at = datetime.datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        history = data.draw(declines(funding, at))
        found = attempts(funding, purpose=Purpose.BILL, on=on, declines=history, at=at)
        for one in found.left_out:
            assert (one.until is not None) is (one.hindrance is Hindrance.DECLINES)
            if one.until is None:
                continue
            before = one.until - timedelta(microseconds=1)
            early = attempts(funding, purpose=Purpose.BILL, on=on, declines=history, at=before)
            then = attempts(funding, purpose=Purpose.BILL, on=on, declines=history, at=one.until)
            assert one.source not in early.order
            assert one.source in then.order


def too_often(source: Source, history: list[Decline], at: datetime.datetime, limits: RechargeLimits) -> bool:
    """The declines of each window, counted in microseconds of their age."""
    ages = [(at - decline.at) // timedelta(microseconds=1) for decline in history if decline.source_id == source.id]
    day = 24 * 60 * 60 * 10**6
    return (
        sum(age < day for age in ages) >= limits.declines_per_day
        or sum(age < day * limits.decline_days for age in ages) >= limits.declines
    )


class TestFun10Warnings:
    """Warned of is what cannot be charged, soon cannot, or has nothing to take its place."""

    @given(on_and_funding=days_and_fundings(), notice=st.sampled_from([0, 30]) | st.integers(0, 60))
    def test_by_looking_ahead(self, on_and_funding: tuple[date, Funding], notice: int) -> None:
        """A source is warned of exactly if it is not valid on some day of the notice or the day after it."""
        on, funding = on_and_funding
        found = warnings(funding, on=on, terms=FundingTerms(expiry_warning_days=notice))
        ahead = on + timedelta(notice + 1)
        assert [warning.source for warning in found if warning.source is not None] == [
            source for source in funding.sources if not through_its_month(source, ahead)
        ]

    @given(on_and_funding=days_and_fundings())
    def test_none_valid_means_that_nothing_can_be_charged(self, on_and_funding: tuple[date, Funding]) -> None:
        """The first warning says so exactly if a charge finds nothing to try; the last if there is no second."""
        on, funding = on_and_funding
        codes = [warning.code for warning in warnings(funding, on=on)]
        assert (WarningCode.NONE_VALID in codes[:1]) is (not attempts(funding, purpose=Purpose.BILL, on=on).order)
        assert (WarningCode.NO_SECOND_SOURCE in codes[-1:]) is (len(funding.sources) == 1)


class TestFun9Outcomes:
    """Whatever the provider answers, at most one source can ever be charged, and minutes are paid for."""

    @given(outcome=outcomes(), retries=st.integers(0, 4), age_days=st.integers(0, 400))
    def test_every_answer_is_safe(self, outcome: Outcome, retries: int, age_days: int) -> None:
        """Another source is tried only after a definite answer, and nothing is tried again once paid."""
        found = what_follows(outcome, retries=retries, age_days=age_days)
        assert found.is_definite or not found.next_source_now
        assert found.is_definite or not found.block_source
        assert not (found.is_paid and (found.next_source_now or found.retry_this.name != "NO"))
        assert not (found.block_source and not found.notify)

    @given(outcome=outcomes(), purpose=st.sampled_from(Purpose))
    def test_nothing_is_had_for_nothing(self, outcome: Outcome, purpose: Purpose) -> None:
        """What the customer has is paid or owed; what is not had is not owed."""
        found = what_follows(outcome)
        assert found.is_paid is isinstance(outcome, Succeeded)
        assert found.grants(purpose) is (found.is_paid or found.leaves_owed(purpose))
        assert not (found.is_paid and found.leaves_owed(purpose))


class TestFun11Permissions:
    """Sources, licenses, services and the end of the account are the billing administrator's alone."""

    @given(user=users(), other=users(), action=st.sampled_from(RESERVED))
    def test_only_the_one_in_office(self, user: User, other: User, action: Action) -> None:
        """Under the standard roles nobody else may, whatever their role and privileges."""
        assert may(user, action, administrator_id=other.id) is (user.id == other.id)

    @given(user=users(), action=st.sampled_from(Action))
    def test_office_takes_nothing_away(self, user: User, action: Action) -> None:
        """Becoming the billing administrator adds to what the role permits."""
        before, after = (may(user, action, administrator_id=office) for office in ("none", user.id))
        assert after is (before or action in BILLING_ADMINISTRATOR.permits)

    @given(user=users().map(lambda user: attrs.evolve(user, is_administrator=True)))
    def test_fun_7_the_new_administrator_may(self, user: User) -> None:
        """Handing the office over hands over every right that comes with it."""
        office = change_administrator("former", user)
        assert all(may(user, action, administrator_id=office) for action in BILLING_ADMINISTRATOR.permits)


@st.composite
def cancellations(draw: st.DrawFn) -> Cancellation:
    """Accounts cancelled on any day of any cycle, with and without buyout, under both policies."""
    cycle, currency = draw(cycles()), draw(currencies())
    return cancellation(
        asked_on=cycle.start + timedelta(draw(st.integers(0, cycle.days - 1))),
        cycle=cycle,
        committed=draw(st.just(Money.zero(currency)) | amounts(currency, low=0)),
        balance=draw(amounts(currency, low=-(10**12), high=10**12)),
        authorization=draw(authorizations()),
        is_buyout_agreed=True,
        terms=FundingTerms(balance_at_end=draw(st.sampled_from(BalanceAtEnd))),
    )


class TestFun8Cancellation:
    """The account ends with the cycle; the balance is refunded at most once, rounded once."""

    @given(ended=cancellations())
    def test_the_end_is_after_the_asking_and_within_the_month(self, ended: Cancellation) -> None:
        """Never on the day itself, never later than the cycle's end."""
        assert timedelta(0) < ended.effective - ended.asked_on <= timedelta(ended.cycle.days)

    @given(ended=cancellations())
    def test_the_refund_by_exact_fractions(self, ended: Cancellation) -> None:
        """Nothing, or the balance to within half a minor unit; the explanation recomputes it."""
        unit = minor_unit(ended.balance.currency)
        owed = max(Fraction(ended.balance.micros, unit), Fraction(0))
        if ended.balance_at_end is BalanceAtEnd.REPORTED:
            owed = Fraction(0)
        rounded = (owed + Fraction(1, 2)) // 1
        assert ended.refund == Money(rounded * unit, ended.balance.currency)
        assert mistakes(ended.explanation()) == []

    @given(ended=cancellations())
    def test_a_buyout_is_needed_exactly_if_something_is_committed(self, ended: Cancellation) -> None:
        """Without agreement, zero is the only commitment that does not bind."""
        arguments = attrs.asdict(ended, recurse=False)
        del arguments["balance_at_end"]
        arguments["is_buyout_agreed"] = False
        if ended.committed.micros > 0:
            with pytest.raises(BuyoutNeeded):
                cancellation(**arguments)
        else:
            assert cancellation(**arguments).effective == ended.effective
