"""Events: what an account's stream holds, in order, and nothing of it is ever changed.

An account's own facts and the facts of its charges stand in one stream, so that no decision outlives the facts it was
made on. `Opened` is the first; `Changed` is a change of the account; the others tell what became of a charge. Postings
are part of the event that causes them: an outcome and its postings cannot come apart.

What the events of a stream add up to belongs to `charges`, keeping them to a store (`protocols`).
"""

import datetime
import enum
from typing import get_args

import attrs

from licensebill._checks import cardless_text, checked, instance, instant, text, tuple_of, whole
from licensebill.accounts import Account, Change
from licensebill.errors import InvalidValue, shown
from licensebill.funding import Source, SourceKind
from licensebill.money import Money, total
from licensebill.outcomes import Outcome, captured_amount

# --- postings -----------------------------------------------------------------------------------------------------


class Book(enum.Enum):
    """The accounts of the ledger that postings are made to."""

    OWED = "owed by the customer"
    REVENUE = "revenue"
    PREPAID = "prepaid minutes"
    CLEARING = "clearing with the payment provider"


@attrs.frozen
class Posting:
    """An amount on one of the ledger's accounts.

    Args:
        book: the account of the ledger.
        amount: a debit above zero, a credit below.

    Source: BIL-2.
    """

    book: Book = attrs.field(validator=checked(instance, Book))
    amount: Money = attrs.field(validator=checked(instance, Money))


def _balanced(place: str, value: object) -> tuple[Posting, ...]:
    postings = tuple_of(place, value, Posting)
    if postings and total((one.amount for one in postings), postings[0].amount.currency):
        raise InvalidValue(place, "must add up to zero")
    return postings


# --- facts --------------------------------------------------------------------------------------------------------


def outcome(place: str, value: object) -> Outcome:
    """An outcome of a charge, and nothing else.

    Raises:
        InvalidValue: anything else.

    Source: FUN-9.
    """
    if type(value) not in get_args(Outcome):  # what is derived from one, no table knows
        raise InvalidValue(place, f"must be an outcome of a charge, not {shown(value)}")
    return value  # type: ignore[return-value]


@attrs.frozen(kw_only=True)
class Target:
    """A funding source as it was when a charge was planned: what is charged, whatever becomes of the source since.

    Args:
        source: its id.
        token: the provider's, never shown.
        kind: a card or a bank account.
        shown: the source as people see it, masked.
    """

    source: str = attrs.field(validator=checked(cardless_text))
    token: str = attrs.field(validator=checked(cardless_text), repr=False)
    kind: SourceKind = attrs.field(validator=checked(instance, SourceKind))
    shown: str = attrs.field(validator=checked(cardless_text))

    @classmethod
    def of(cls, source: Source) -> "Target":
        """The source as it is now."""
        instance("source", source, Source)
        return cls(source=source.id, token=source.token, kind=source.kind, shown=source.masked)


@attrs.frozen
class Opened:
    """The stream begins with the account as it was taken over, made ready."""

    account: Account = attrs.field(validator=checked(instance, Account))


@attrs.frozen
class Changed:
    """The account changed; the change may have opened a charge."""

    change: Change = attrs.field(validator=checked(instance, Change))


@attrs.frozen(kw_only=True)
class Planned:
    """A charge is to be made: from now on its sources and their order are fixed.

    Args:
        intent: the charge.
        targets: in the order they are tried; none where no source could be.
    """

    intent: str = attrs.field(validator=checked(text))
    targets: tuple[Target, ...] = attrs.field(validator=checked(tuple_of, Target))


@attrs.frozen(kw_only=True)
class Prepared:
    """The provider holds an object for an attempt; no money has moved.

    Args:
        intent: the charge.
        attempt: its number, from 1.
        ref: the provider's id of the object.
    """

    intent: str = attrs.field(validator=checked(text))
    attempt: int = attrs.field(validator=checked(whole, 1))
    ref: str = attrs.field(validator=checked(cardless_text))


@attrs.frozen(kw_only=True)
class Answered:
    """The provider answered about an attempt, or did not.

    Args:
        intent: the charge.
        attempt: its number, from 1.
        outcome: the answer; `Unknown` where there was none.
    """

    intent: str = attrs.field(validator=checked(text))
    attempt: int = attrs.field(validator=checked(whole, 1))
    outcome: Outcome = attrs.field(validator=checked(outcome))


@attrs.frozen(kw_only=True)
class Halted:
    """A charge stops until a person has looked at it: its request was rejected, or nobody knows what became of it.

    Args:
        intent: the charge.
        attempt: its number, from 1.
        reason: for that person.
    """

    intent: str = attrs.field(validator=checked(text))
    attempt: int = attrs.field(validator=checked(whole, 1))
    reason: str = attrs.field(validator=checked(cardless_text))


@attrs.frozen(kw_only=True)
class CallOff:
    """A charge for minutes is to be given up, unless it has been captured already.

    Args:
        intent: the charge.
        by: who asks for it.
    """

    intent: str = attrs.field(validator=checked(text))
    by: str = attrs.field(validator=checked(cardless_text))


class Decision(enum.Enum):
    """What a person found out about a charge that had halted."""

    CAPTURED = "the money was captured"
    NOT_CAPTURED = "it was not, and cannot be any more"
    ASK_AGAIN = "go on with the same request"


@attrs.frozen(kw_only=True)
class Resolved:
    """A person decided about a charge that had halted.

    Args:
        intent: the charge.
        attempt: its number, from 1.
        decision: what they found out.
        by: their name.
        note: how they know.
        captured: the amount, where another was captured than was asked for; None for what was asked.
    """

    intent: str = attrs.field(validator=checked(text))
    attempt: int = attrs.field(validator=checked(whole, 1))
    decision: Decision = attrs.field(validator=checked(instance, Decision))
    by: str = attrs.field(validator=checked(cardless_text))
    note: str = attrs.field(validator=checked(cardless_text))
    captured: Money | None = attrs.field(default=None, validator=attrs.validators.optional(checked(captured_amount)))

    def __attrs_post_init__(self) -> None:
        if self.captured is not None and self.decision is not Decision.CAPTURED:
            raise InvalidValue("captured", f"must not be stated where {self.decision.value}")


#: What a stream tells.
Fact = Opened | Changed | Planned | Prepared | Answered | Halted | CallOff | Resolved


def checked_fact(place: str, value: object) -> Fact:
    """A fact of a stream, and nothing else.

    Source: BIL-4.
    """
    if not isinstance(value, Fact):
        raise InvalidValue(place, f"must be a fact of a stream, not {shown(value)}")
    return value


@attrs.frozen(kw_only=True)
class Event:
    """One fact in a stream.

    Args:
        id: unique in the stream: the same id is never appended twice.
        at: when it was recorded; never before the event before it.
        fact: what happened.
        postings: what it means for the ledger; they add up to zero.
    """

    id: str = attrs.field(validator=checked(cardless_text))
    at: datetime.datetime = attrs.field(validator=checked(instant))
    fact: Fact = attrs.field(validator=checked(checked_fact))
    postings: tuple[Posting, ...] = attrs.field(default=(), validator=checked(_balanced))


@attrs.frozen
class Stream:
    """A part of an account's stream, as a store gives it.

    Args:
        events: in order.
        version: the sequence number of the last event in the store, whether or not it is among `events`; 0 for none.
    """

    events: tuple[Event, ...]
    version: int
