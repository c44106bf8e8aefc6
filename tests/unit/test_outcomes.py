"""Outcomes by table: what follows from each, how often a returned debit is tried again, what stays owed."""

import itertools
import pickle
from datetime import timedelta
from typing import Any, get_args

import attrs
import pytest

from licensebill.accounts import funding_of
from licensebill.changes import ReplaceSource
from licensebill.charges import State
from licensebill.errors import InvalidValue
from licensebill.events import Book, Changed, Planned
from licensebill.funding import Source
from licensebill.money import Money
from licensebill.outcomes import (
    CONSEQUENCES,
    DELIVERIES,
    Again,
    Case,
    Consequence,
    Declined,
    DeclineKind,
    Delivery,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Unknown,
    Voided,
    what_follows,
)
from licensebill.planning import Act, Ask, Draft, next_step
from licensebill.protocols import Capabilities, LookUp
from licensebill.terms import FundingTerms, Purpose
from tests.charging import CARD, RESERVE, SERVICE, TENTH, Story, acme, bank, order
from tests.examples import BOSS, usd

SOFT = Declined(kind=DeclineKind.SOFT, code="insufficient_funds")
HARD = Declined(kind=DeclineKind.HARD, code="stolen_card")
ACTION = Declined(kind=DeclineKind.ACTION_REQUIRED, code="authentication_required")

PREPAID = (Purpose.MINUTES, Purpose.RECHARGE)

# case: definite, paid, void first, next source now, this one again, block, notify, ask the provider
TABLE: list[tuple[Outcome, Case, tuple[object, ...]]] = [
    (Succeeded(), Case.SUCCEEDED, (True, True, False, False, Again.NO, False, False, False)),
    (Pending(), Case.PENDING, (False, False, False, False, Again.NO, False, False, True)),
    (SOFT, Case.DECLINED_SOFT, (True, False, True, True, Again.LATER, False, False, False)),
    (HARD, Case.DECLINED_HARD, (True, False, True, True, Again.AFTER_REPLACEMENT, True, True, False)),
    (ACTION, Case.ACTION_REQUIRED, (True, False, True, True, Again.LATER, False, True, False)),
    (Returned("R01"), Case.RETURNED_AGAIN, (True, False, False, True, Again.LATER, False, True, False)),
    (Returned("R02"), Case.RETURNED_FOR_GOOD, (True, False, False, True, Again.AFTER_REPLACEMENT, True, True, False)),
    (Voided(), Case.VOIDED, (True, False, False, True, Again.NO, False, False, False)),
    (NotCaptured(), Case.NOT_CAPTURED, (False, False, False, False, Again.SAME_REQUEST, False, False, False)),
    (Unknown(), Case.UNKNOWN, (False, False, False, False, Again.NO, False, False, True)),
]


def row(found: Consequence) -> tuple[object, ...]:
    """What a consequence says, in the columns of the table above."""
    return (
        *(found.is_definite, found.is_paid, found.void_first, found.next_source_now),
        *(found.retry_this, found.block_source, found.notify, found.ask_provider),
    )


class TestFun9WhatFollows:
    """Every outcome and kind of decline has one row of the table."""

    @pytest.mark.parametrize(("outcome", "case", "expected"), TABLE)
    def test_each_outcome(self, outcome: Outcome, case: Case, expected: tuple[object, ...]) -> None:
        """The row found is the row meant, in every column."""
        found = what_follows(outcome)
        assert (found.case, row(found)) == (case, expected)
        assert found is CONSEQUENCES[case]

    def test_the_table_has_every_case_and_every_outcome(self) -> None:
        """No case is missing, and none cannot be reached."""
        assert list(CONSEQUENCES) == list(Case) == [case for _, case, _ in TABLE]
        assert {type(outcome) for outcome, _, _ in TABLE} == set(get_args(Outcome))

    def test_each_row_has_a_sentence_of_its_own(self) -> None:
        """People are told something different for each case, and the amount captured or a code changes nothing."""
        assert len({found.text for found in CONSEQUENCES.values()}) == len(Case)
        assert what_follows(Succeeded(Money.parse("1.00", "USD"))) is CONSEQUENCES[Case.SUCCEEDED]

    def test_as_long_as_it_is_open_nothing_else_is_tried(self) -> None:
        """Another source while the first may still be charged could charge twice."""
        for found in CONSEQUENCES.values():
            assert found.is_definite or not (found.next_source_now or found.block_source)

    def test_the_table_cannot_be_changed(self) -> None:
        """It is shared by all accounts."""
        with pytest.raises(TypeError):
            CONSEQUENCES[Case.UNKNOWN] = CONSEQUENCES[Case.SUCCEEDED]  # type: ignore[index]

    def test_the_explanation_is_the_row_in_words(self) -> None:
        """All that is done, and all that is not."""
        assert what_follows(HARD).explanation().as_text() == (
            "what follows: declined, hard [FUN-9]\n"
            "  Another source is tried now; this one is not used again until the customer replaces it.\n"
            "  void it first: yes\n"
            "  another source now: yes\n"
            "  this source again: once the source has been replaced\n"
            "  block this source: yes\n"
            "  notify the customer: yes\n"
            "  ask the provider first: no"
        )

    @pytest.mark.parametrize("outcome", [None, "declined", Succeeded, DeclineKind.SOFT, 4111111111111111])
    def test_what_is_no_outcome_is_refused(self, outcome: Any) -> None:
        """An answer that nobody understood is Unknown, which is said by saying so."""
        with pytest.raises(InvalidValue) as refused:
            what_follows(outcome)
        assert refused.value.place == "outcome"
        assert "4111" not in str(refused.value)


class TestFun9Returns:
    """R01 and R09 may be tried again, twice at most and within 180 days; any other return blocks the account."""

    @pytest.mark.parametrize(("code", "is_tried"), [("R01", True), ("R09", True), ("R02", False), ("r01", False)])
    def test_the_codes(self, code: str, is_tried: bool) -> None:
        """Insufficient and uncollected funds may come; a closed account does not reopen."""
        assert (what_follows(Returned(code)).case is Case.RETURNED_AGAIN) is is_tried

    @pytest.mark.parametrize(("retries", "is_tried"), [(0, True), (1, True), (2, False), (3, False)])
    def test_twice_at_most(self, retries: int, is_tried: bool) -> None:
        """After two new tries the next return is for good, and blocks the account."""
        found = what_follows(Returned("R01"), retries=retries)
        assert (found.retry_this is Again.LATER) is is_tried
        assert found.block_source is not is_tried

    @pytest.mark.parametrize(("age_days", "is_tried"), [(179, True), (180, True), (181, False)])
    def test_within_180_days(self, age_days: int, is_tried: bool) -> None:
        """The 180th day after the first try is the last."""
        assert (what_follows(Returned("R09"), age_days=age_days).retry_this is Again.LATER) is is_tried

    def test_the_numbers_are_terms(self) -> None:
        """Other codes, more tries and fewer days, as a provider may have it."""
        terms = FundingTerms(retried_returns=("R02",), return_retries=3, return_retry_days=10)
        for code, retries, age_days in itertools.product(("R01", "R02"), (2, 3), (10, 11)):
            found = what_follows(Returned(code), retries=retries, age_days=age_days, terms=terms)
            assert found.block_source is ((code, retries, age_days) != ("R02", 2, 10))

    def test_they_concern_returns_only(self) -> None:
        """For a decline the decline limits count instead."""
        assert what_follows(SOFT, retries=9, age_days=999) is CONSEQUENCES[Case.DECLINED_SOFT]

    @pytest.mark.parametrize("wrong", [{"retries": -1}, {"retries": True}, {"age_days": -1}, {"terms": None}])
    def test_arguments_of_other_types_are_refused(self, wrong: dict[str, Any]) -> None:
        """Each names itself, whatever the outcome."""
        with pytest.raises(InvalidValue) as refused:
            what_follows(Pending(), **wrong)
        assert [refused.value.place] == list(wrong)


# --- what charging does -------------------------------------------------------------------------------------------

#: What the provider answers about an attempt, one answer after the other, until each case has come about.
ANSWERS: dict[Case, tuple[Outcome, ...]] = {case: (outcome,) for outcome, case, _ in TABLE} | {
    Case.RETURNED_AGAIN: (Succeeded(), Returned("R01")),
    Case.RETURNED_FOR_GOOD: (Succeeded(), Returned("R02")),
    Case.VOIDED: (SOFT, Voided()),
    Case.NOT_CAPTURED: (Unknown(), NotCaptured()),
}
#: Where more is done than the row says: after a void the row of the decline before it says when its source is tried.
MORE: dict[Case, dict[str, object]] = {Case.VOIDED: {"retry_this": Again.LATER}}


def next_of(story: Story, **later: float) -> Ask | Draft | None:
    """What is to be done next."""
    capabilities = Capabilities(two_phase=True, void=True, look_up=LookUp.STRONG)
    return next_step(story.standing, story.at + timedelta(**later), capabilities)


def act_of(step: Ask | Draft | None) -> Act | None:
    """What the provider is asked."""
    return step.act if isinstance(step, Ask) else None


def tried(step: Ask | Draft | None) -> list[str]:
    """The sources that are tried from now on, in order."""
    if isinstance(step, Ask):
        return [target.source for target in step.charge.targets[step.charge.position :]]
    planned = step.events[0].fact if step else None
    return [target.source for target in planned.targets] if isinstance(planned, Planned) else []


def again(story: Story, source: Source) -> Again:
    """Whether the source is tried again for the charge once all others have failed, a day later."""
    if source.id in tried(next_of(story, hours=24)):
        return Again.LATER
    story.tell(Changed(ReplaceSource(on=TENTH, by=BOSS, source=attrs.evolve(source, token="renewed"))))
    return Again.AFTER_REPLACEMENT if source.id in tried(next_of(story, hours=24)) else Again.NO


def done(case: Case) -> dict[str, object]:
    """What charging does when a case has come about, in the columns of its row."""
    first = bank() if isinstance(ANSWERS[case][-1], Returned) else CARD
    story = Story.of(acme(first, RESERVE)).open(order()).answer(*ANSWERS[case])
    charge, act = story.standing.charge(SERVICE), act_of(next_of(story))
    found: dict[str, object] = {
        "is_definite": charge is None or charge.state not in {State.PREPARED, State.UNKNOWN, State.PENDING},
        "is_paid": story.standing.balance_of(Book.CLEARING) == usd("20.00"),
        "void_first": act is Act.VOID,
        "block_source": funding_of(story.standing.account).primary.is_blocked,
        "ask_provider": next_of(story) is None and act_of(next_of(story, hours=1)) is Act.RETRIEVE,
    }
    if act is Act.VOID:
        story.answer(Voided())
    found["next_source_now"] = tried(next_of(story))[:1] == ["reserve"]
    if charge is None or next_of(story) is None:
        return found | {"retry_this": Again.NO}
    if act is Act.CAPTURE:
        return found | {"retry_this": Again.SAME_REQUEST}
    if story.charge().state is State.PLANNED:
        story.answer(SOFT, Voided())
    return found | {"retry_this": again(story, first)}


class TestFun9WhatIsDone:
    """Charging does what the table says, most of which it never reads."""

    @pytest.mark.parametrize("case", Case)
    def test_each_case(self, case: Case) -> None:
        """Column by column, but for whom the application notifies."""
        row = attrs.asdict(CONSEQUENCES[case]) | MORE.get(case, {})
        assert done(case) == {column: row[column] for column in row if column not in {"case", "notify", "text"}}


class TestFun9WhatIsThereAndWhatIsOwed:
    """Licenses and services are there from acceptance and owed until paid; minutes are there when paid."""

    @pytest.mark.parametrize("purpose", Purpose)
    def test_every_purpose_is_delivered_somehow(self, purpose: Purpose) -> None:
        """Minutes when paid, everything else from acceptance."""
        assert DELIVERIES[purpose] is (Delivery.WHEN_PAID if purpose in PREPAID else Delivery.ON_ACCEPTANCE)

    @pytest.mark.parametrize("case", Case)
    @pytest.mark.parametrize("purpose", PREPAID)
    def test_minutes_are_there_when_paid_and_never_owed(self, purpose: Purpose, case: Case) -> None:
        """Pending money buys no minutes; returned money takes them back; nothing is owed for them."""
        found = CONSEQUENCES[case]
        assert found.grants(purpose) is (case is Case.SUCCEEDED)
        assert not found.leaves_owed(purpose)

    @pytest.mark.parametrize("case", Case)
    @pytest.mark.parametrize("purpose", [Purpose.BILL, Purpose.LICENSES, Purpose.SERVICE])
    def test_everything_else_is_there_and_owed_until_paid(self, purpose: Purpose, case: Case) -> None:
        """A decline takes no license away, and a return makes the charge owed again."""
        found = CONSEQUENCES[case]
        assert found.grants(purpose)
        assert found.leaves_owed(purpose) is (case is not Case.SUCCEEDED)

    def test_what_is_no_purpose_is_refused(self) -> None:
        """A text is none."""
        with pytest.raises(InvalidValue):
            CONSEQUENCES[Case.PENDING].grants("bill")  # type: ignore[arg-type]


class TestOutcomes:
    """Outcomes are plain values, checked when they are built."""

    @pytest.mark.parametrize("outcome", [outcome for outcome, _, _ in TABLE])
    def test_equal_and_picklable(self, outcome: Outcome) -> None:
        """They travel between processes and through a journal."""
        assert pickle.loads(pickle.dumps(outcome)) == outcome  # noqa: S301 - our own

    def test_they_are_told_apart_by_type(self) -> None:
        """Two outcomes without fields are not equal for that."""
        assert len({Pending(), Voided(), NotCaptured(), Unknown(), Succeeded()}) == 5

    @pytest.mark.parametrize("code", ["", " ", "4111 1111 1111 1111", 51, None])
    def test_a_code_is_a_text_without_card_number(self, code: Any) -> None:
        """Of a decline and of a return."""
        for build in (lambda: Declined(kind=DeclineKind.SOFT, code=code), lambda: Returned(code)):
            with pytest.raises(InvalidValue) as refused:
                build()
            assert refused.value.place == "code"
            assert "1111" not in str(refused.value)

    @pytest.mark.parametrize(
        "build",
        [
            lambda wrong: Declined(kind=wrong, code="51"),
            Succeeded,
        ],
    )
    def test_fields_of_other_types_are_refused(self, build: Any) -> None:
        """A text is no kind and no amount."""
        with pytest.raises(InvalidValue):
            build("soft")
