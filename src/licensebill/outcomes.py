"""Outcomes: what a payment provider can answer about a charge, and what follows from each answer.

An outcome is a value, not an error: a decline is as ordinary as a success. What it means for the charge, for the
source and for the customer stands in one table, `CONSEQUENCES`, with a row for every outcome and kind of decline;
`what_follows` finds the row.

Nothing is asked, voided or tried here: carrying out what follows belongs to `charging`, and the sources to `funding`,
which passes on the names from here.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from licensebill._checks import cardless_text, checked, instance, whole
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation, Input
from licensebill.money import Money
from licensebill.terms import STANDARD, FundingTerms, Purpose

_optional = attrs.validators.optional


def captured_amount(place: str, value: object) -> Money:
    """An amount that was captured: above zero.

    Raises:
        InvalidValue: anything else.

    Source: FUN-9.
    """
    amount = instance(place, value, Money)
    if amount.micros <= 0:
        raise InvalidValue(place, f"must be above zero, not {amount}: nothing was captured")
    return amount


class DeclineKind(enum.Enum):
    """What a decline means for the source (FUN-9)."""

    SOFT = "soft"
    HARD = "hard"
    ACTION_REQUIRED = "action required"


@attrs.frozen
class Succeeded:
    """The money was captured.

    Args:
        captured: what the provider says it captured, above zero; None if it names no amount and what was asked counts.

    Raises:
        InvalidValue: an amount that is not above zero.

    Source: FUN-9.
    """

    captured: Money | None = attrs.field(default=None, validator=_optional(checked(captured_amount)))


@attrs.frozen
class Pending:
    """Under way: a bank debit takes days to succeed or fail.

    Source: FUN-9.
    """


@attrs.frozen(kw_only=True)
class Declined:
    """Refused by the card network or the bank; no money moved.

    Args:
        kind: what it means for the source.
        code: the provider's reason, such as "insufficient_funds".

    Source: FUN-9.
    """

    kind: DeclineKind = attrs.field(validator=checked(instance, DeclineKind))
    code: str = attrs.field(validator=checked(cardless_text))


@attrs.frozen
class Voided:
    """Given up before it was captured; it cannot be captured any more.

    Source: FUN-9.
    """


@attrs.frozen
class Returned:
    """Captured, and taken back by the bank days or weeks later.

    Args:
        code: the bank's return code, such as "R01" for insufficient funds.

    Source: FUN-9.
    """

    code: str = attrs.field(validator=checked(cardless_text))


@attrs.frozen
class NotCaptured:
    """The provider, asked about it, has not captured it so far; a late request still might.

    Source: FUN-9.
    """


@attrs.frozen
class Unknown:
    """No answer, or none that can be trusted: the money may have moved or not.

    Source: FUN-9.
    """


#: What a provider can answer about a charge.
Outcome = Succeeded | Pending | Declined | Voided | Returned | NotCaptured | Unknown


class Case(enum.Enum):
    """The rows of `CONSEQUENCES`: every outcome, declines by their kind, returns by whether a new try is allowed."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    DECLINED_SOFT = "declined, soft"
    DECLINED_HARD = "declined, hard"
    ACTION_REQUIRED = "declined, action required"
    RETURNED_AGAIN = "returned, may be tried again"
    RETURNED_FOR_GOOD = "returned for good"
    VOIDED = "voided"
    NOT_CAPTURED = "not captured"
    UNKNOWN = "unknown"


class Again(enum.Enum):
    """Whether the same source is tried again for the same charge, and when (FUN-9)."""

    NO = "no"
    LATER = "later, as far as the limits allow"
    AFTER_REPLACEMENT = "once the source has been replaced"
    SAME_REQUEST = "now, as the same request under the same reference"


class Delivery(enum.Enum):
    """When the customer has what a charge is for (FUN-9)."""

    ON_ACCEPTANCE = "from acceptance"
    WHEN_PAID = "when paid"


#: When the customer has what a charge is for.
DELIVERIES: Mapping[Purpose, Delivery] = MappingProxyType(
    {
        Purpose.BILL: Delivery.ON_ACCEPTANCE,
        Purpose.LICENSES: Delivery.ON_ACCEPTANCE,
        Purpose.SERVICE: Delivery.ON_ACCEPTANCE,
        Purpose.MINUTES: Delivery.WHEN_PAID,
        Purpose.RECHARGE: Delivery.WHEN_PAID,
    }
)


@attrs.frozen(kw_only=True)
class Consequence:
    """What follows from an outcome: one row of `CONSEQUENCES`.

    Args:
        case: the row.
        is_definite: the provider has decided: whether the money moved is known and no longer open.
        is_paid: the money was captured and stands.
        void_first: the request is voided before anything else is tried, as a late copy of it could still capture.
        next_source_now: the next source is tried at once.
        retry_this: whether and when the same source is tried again.
        block_source: the source is not used for anything until it is replaced.
        notify: the customer is told.
        ask_provider: the provider is asked what became of it before anything else.
        text: the row in a sentence.

    Source: FUN-9.
    """

    case: Case
    is_definite: bool = True
    is_paid: bool = False
    void_first: bool = False
    next_source_now: bool = False
    retry_this: Again = Again.NO
    block_source: bool = False
    notify: bool = False
    ask_provider: bool = False
    text: str

    def grants(self, purpose: Purpose) -> bool:
        """Whether the customer has what the charge is for: licenses and services always, minutes when paid.

        Source: FUN-9.
        """
        delivery = DELIVERIES[instance("purpose", purpose, Purpose)]
        return self.is_paid or delivery is Delivery.ON_ACCEPTANCE

    def leaves_owed(self, purpose: Purpose) -> bool:
        """Whether the charge is owed: what the customer has without having paid for it.

        Source: FUN-9.
        """
        return self.grants(purpose) and not self.is_paid

    def explanation(self) -> Explanation:
        """What is done, and what is not.

        Source: FUN-9, BIL-5.
        """
        return Explanation(
            figure="what follows",
            value=self.case.value,
            rules=("FUN-9",),
            because=self.text,
            inputs=(
                Input("void it first", _yes(self.void_first)),
                Input("another source now", _yes(self.next_source_now)),
                Input("this source again", self.retry_this.value),
                Input("block this source", _yes(self.block_source)),
                Input("notify the customer", _yes(self.notify)),
                Input("ask the provider first", _yes(self.ask_provider)),
            ),
        )


def _yes(whether: bool) -> str:  # noqa: FBT001 - there is nothing else to say about it
    return "yes" if whether else "no"


#: What follows from each outcome, in full.
CONSEQUENCES: Mapping[Case, Consequence] = MappingProxyType(
    {
        row.case: row
        for row in (
            Consequence(
                case=Case.SUCCEEDED,
                is_paid=True,
                text="It is paid.",
            ),
            Consequence(
                case=Case.PENDING,
                is_definite=False,
                ask_provider=True,
                text="It is under way: the provider is asked now and then, and no other source is tried meanwhile.",
            ),
            Consequence(
                case=Case.DECLINED_SOFT,
                void_first=True,
                next_source_now=True,
                retry_this=Again.LATER,
                text="Another source is tried now; this one may be tried later.",
            ),
            Consequence(
                case=Case.DECLINED_HARD,
                void_first=True,
                next_source_now=True,
                retry_this=Again.AFTER_REPLACEMENT,
                block_source=True,
                notify=True,
                text="Another source is tried now; this one is not used again until the customer replaces it.",
            ),
            Consequence(
                case=Case.ACTION_REQUIRED,
                void_first=True,
                next_source_now=True,
                retry_this=Again.LATER,
                notify=True,
                text="Another source is tried now; the customer is asked to confirm or correct this one.",
            ),
            Consequence(
                case=Case.RETURNED_AGAIN,
                next_source_now=True,
                retry_this=Again.LATER,
                notify=True,
                text="The money went back; another source is tried now, and this one may be tried again later.",
            ),
            Consequence(
                case=Case.RETURNED_FOR_GOOD,
                next_source_now=True,
                retry_this=Again.AFTER_REPLACEMENT,
                block_source=True,
                notify=True,
                text="The money went back; another source is tried now, this one not until the customer replaces it.",
            ),
            Consequence(
                case=Case.VOIDED,
                next_source_now=True,
                text="It can no longer be captured; another source may be tried.",
            ),
            Consequence(
                case=Case.NOT_CAPTURED,
                is_definite=False,
                retry_this=Again.SAME_REQUEST,
                text="Nothing was captured so far, but a late request still may: only the same one is sent again.",
            ),
            Consequence(
                case=Case.UNKNOWN,
                is_definite=False,
                ask_provider=True,
                text="The money may have moved: the provider is asked, and nothing else is tried before it answers.",
            ),
        )
    }
)

_DECLINES = {
    DeclineKind.SOFT: Case.DECLINED_SOFT,
    DeclineKind.HARD: Case.DECLINED_HARD,
    DeclineKind.ACTION_REQUIRED: Case.ACTION_REQUIRED,
}
_OTHERS: Mapping[type[Outcome], Case] = {
    Succeeded: Case.SUCCEEDED,
    Pending: Case.PENDING,
    Voided: Case.VOIDED,
    NotCaptured: Case.NOT_CAPTURED,
    Unknown: Case.UNKNOWN,
}


def what_follows(
    outcome: Outcome, *, retries: int = 0, age_days: int = 0, terms: FundingTerms = STANDARD.funding
) -> Consequence:
    """What an outcome means: for this charge, for the source, for the customer.

    A debit that the bank returned for want of funds (R01, R09) may be tried again, at most twice and within 180 days
    of the first try. Any other return blocks the account, and so does the one after the last try allowed: it would
    otherwise be debited for the same charge again with the next attempt.

    Args:
        outcome: the provider's answer.
        retries: new tries already made of this debit after returns; of no matter for other outcomes.
        age_days: whole days from the first try of the debit; of no matter for other outcomes.
        terms: which return codes allow a new try, how many, for how long.

    Raises:
        InvalidValue: no outcome, or a number that is negative or not whole.

    Source: FUN-9.

    Example:
        >>> what_follows(Declined(kind=DeclineKind.HARD, code="stolen_card")).text
        'Another source is tried now; this one is not used again until the customer replaces it.'
        >>> what_follows(Returned("R01"), retries=1).block_source, what_follows(Returned("R01"), retries=2).block_source
        (False, True)
    """
    whole("retries", retries)
    whole("age_days", age_days)
    instance("terms", terms, FundingTerms)
    if isinstance(outcome, Declined):
        return CONSEQUENCES[_DECLINES[outcome.kind]]
    if isinstance(outcome, Returned):
        once_more = outcome.code in terms.retried_returns and _is_within(retries, age_days, terms)
        return CONSEQUENCES[Case.RETURNED_AGAIN if once_more else Case.RETURNED_FOR_GOOD]
    if type(outcome) not in _OTHERS:
        raise InvalidValue("outcome", f"must be an outcome of a charge, not {shown(outcome)}")
    return CONSEQUENCES[_OTHERS[type(outcome)]]


def _is_within(retries: int, age_days: int, terms: FundingTerms) -> bool:
    return retries < terms.return_retries and age_days <= terms.return_retry_days
