"""Charges: where each charge of an account stands, as the sum of the events in its stream.

`Standing` is what a stream adds up to: the account, its charges under way, and what later decisions ask of past ones.
`after(standing, event)` is the only way it grows: total and deterministic, so that the same events always give the same
standing, wherever and however often they are folded. `TRANSITIONS` is every step a charge can take; an event that the
table does not know is refused with its place (`CorruptStream`), and nothing is charged on such a stream.

Here is only what has happened. What is to be done next is for `planning` to decide.
"""

import datetime
import enum
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import ClassVar

import attrs

from licensebill import ledger
from licensebill._checks import each_of, instance, instant, instant_in_utc, several, text
from licensebill.accounts import Account, apply, is_ready
from licensebill.changes import CarryOver, DrawMinutes, RecordOutcome, RecordReturn, RetryCharge, as_captured
from licensebill.cycles import local_day
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.events import (
    Answered,
    Book,
    CallOff,
    Changed,
    Decision,
    Event,
    Fact,
    Halted,
    Opened,
    Planned,
    Posting,
    Prepared,
    Resolved,
    Target,
    checked_fact,
)
from licensebill.funding import SourceKind
from licensebill.ledger import Intent
from licensebill.money import Money
from licensebill.outcomes import (
    Declined,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Unknown,
    Voided,
)
from licensebill.terms import Purpose

# --- the table ----------------------------------------------------------------------------------------------------


class State(enum.Enum):
    """Where a charge stands."""

    PLANNED = "planned"
    PREPARED = "prepared"
    UNKNOWN = "unknown"
    PENDING = "pending"
    DECLINED = "declined"
    VOIDED = "voided"
    SUCCEEDED = "succeeded"
    RETURNED = "returned"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEEDS_REVIEW = "needs review"


class Signal(enum.Enum):
    """What moves a charge from one state to another."""

    PLANNED = "planned again"
    PREPARED = "prepared"
    SUCCEEDED = "succeeded"
    PENDING = "pending"
    DECLINED = "declined"
    VOIDED = "voided"
    RETURNED = "returned"
    NOT_CAPTURED = "not captured"
    UNKNOWN = "no answer"
    HALTED = "halted"
    CALLED_OFF = "called off"
    NEXT = "another attempt"
    NONE_LEFT = "nothing left to try"
    GIVEN_UP = "given up"
    FOUND_CAPTURED = "found captured"
    FOUND_NOT_CAPTURED = "found not captured"
    CARRIED_OVER = "carried over"
    ASK_AGAIN = "ask again"


#: Every step of a charge. VOIDED and RETURNED are passed through: what follows from them is fixed by the stream.
TRANSITIONS: Mapping[State, Mapping[Signal, State]] = MappingProxyType(
    {
        State.PLANNED: {
            Signal.PREPARED: State.PREPARED,
            Signal.HALTED: State.NEEDS_REVIEW,
            Signal.CALLED_OFF: State.CANCELLED,
            Signal.NONE_LEFT: State.FAILED,
        },
        State.PREPARED: {
            Signal.SUCCEEDED: State.SUCCEEDED,
            Signal.PENDING: State.PENDING,
            Signal.DECLINED: State.DECLINED,
            Signal.VOIDED: State.VOIDED,
            Signal.UNKNOWN: State.UNKNOWN,
            Signal.HALTED: State.NEEDS_REVIEW,
            Signal.CALLED_OFF: State.PREPARED,
        },
        State.UNKNOWN: {
            Signal.SUCCEEDED: State.SUCCEEDED,
            Signal.PENDING: State.PENDING,
            Signal.DECLINED: State.DECLINED,
            Signal.VOIDED: State.VOIDED,
            Signal.NOT_CAPTURED: State.PREPARED,
            Signal.UNKNOWN: State.UNKNOWN,
            Signal.HALTED: State.NEEDS_REVIEW,
            Signal.CALLED_OFF: State.UNKNOWN,
        },
        State.PENDING: {
            Signal.SUCCEEDED: State.SUCCEEDED,
            Signal.PENDING: State.PENDING,
            Signal.DECLINED: State.DECLINED,
            Signal.VOIDED: State.VOIDED,
            Signal.UNKNOWN: State.PENDING,
            Signal.HALTED: State.NEEDS_REVIEW,
            Signal.CALLED_OFF: State.PENDING,
        },
        State.DECLINED: {
            Signal.VOIDED: State.VOIDED,
            # a copy of the request that arrived late, between the decline and the void
            Signal.SUCCEEDED: State.SUCCEEDED,
            Signal.PENDING: State.PENDING,
            Signal.UNKNOWN: State.DECLINED,
            Signal.HALTED: State.NEEDS_REVIEW,
            Signal.CALLED_OFF: State.DECLINED,
        },
        State.VOIDED: {
            Signal.NEXT: State.PLANNED,
            Signal.NONE_LEFT: State.FAILED,
            Signal.GIVEN_UP: State.CANCELLED,
        },
        State.SUCCEEDED: {
            Signal.SUCCEEDED: State.SUCCEEDED,
            Signal.UNKNOWN: State.SUCCEEDED,
            Signal.RETURNED: State.RETURNED,
        },
        State.RETURNED: {
            Signal.NONE_LEFT: State.FAILED,
            Signal.GIVEN_UP: State.CANCELLED,
        },
        State.FAILED: {
            Signal.PLANNED: State.PLANNED,
            # it is owed with the next bill, and no charge of its own any more
            Signal.CARRIED_OVER: State.CANCELLED,
        },
        State.CANCELLED: {},
        State.NEEDS_REVIEW: {
            Signal.FOUND_CAPTURED: State.SUCCEEDED,
            Signal.FOUND_NOT_CAPTURED: State.VOIDED,
            Signal.ASK_AGAIN: State.UNKNOWN,
            # asked to go on where nothing had been prepared yet, so that there is nothing to ask about
            Signal.NEXT: State.PLANNED,
        },
    }
)

#: The signal of each answer of a provider.
_SIGNALS: Mapping[type[Outcome], Signal] = {
    Succeeded: Signal.SUCCEEDED,
    Pending: Signal.PENDING,
    Declined: Signal.DECLINED,
    Voided: Signal.VOIDED,
    Returned: Signal.RETURNED,
    NotCaptured: Signal.NOT_CAPTURED,
    Unknown: Signal.UNKNOWN,
}
_DECISIONS: Mapping[Decision, Signal] = {
    Decision.CAPTURED: Signal.FOUND_CAPTURED,
    Decision.NOT_CAPTURED: Signal.FOUND_NOT_CAPTURED,
    Decision.ASK_AGAIN: Signal.ASK_AGAIN,
}

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

#: When the provider is asked about a charge, counted from the instant its present state began (UNKNOWN: from the first
#: time nothing was known of the attempt). After the last one of UNKNOWN, PENDING and DECLINED a person is asked.
LOOKS: Mapping[State, tuple[timedelta, ...]] = MappingProxyType(
    {
        State.UNKNOWN: (_MINUTE, 5 * _MINUTE, _HOUR, 4 * _HOUR, *(day * _DAY for day in range(1, 7))),
        State.DECLINED: (_MINUTE, 5 * _MINUTE, _HOUR, 4 * _HOUR, *(day * _DAY for day in range(1, 7))),
        State.PENDING: (*(hour * _HOUR for hour in range(1, 25)), *(day * _DAY for day in range(2, 31))),
        State.SUCCEEDED: (*(day * _DAY for day in range(1, 15)), *(day * _DAY for day in range(21, 91, 7)), 90 * _DAY),
    }
)

#: The ids of charges, attempts and events begin with the account's, and must not become too long for any store.
LONGEST_ACCOUNT_ID = 120

#: Purposes whose charges end where they fail: nothing is owed for minutes that nobody got (FUN-9).
PREPAID = frozenset({Purpose.MINUTES, Purpose.RECHARGE})


# --- one charge ---------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Charge:
    """One charge under way, or one that a bank may still take back.

    Args:
        intent: what is charged; as it was paid, once it is.
        state: where it stands.
        since: the instant its state began.
        unknown_since: when first nothing was known of this attempt; None if that never was.
        looked: when the provider was last asked in this state; None if it was not.
        first: the instant the charge was first planned.
        targets: the sources of the present round, in order.
        position: of the one that is tried, in `targets`.
        attempt: its number over all rounds, from 1: one more than the voids and returns so far.
        ref: the provider's object of this attempt; None before it is prepared.
        prepared: the instant of that.
        declined: the decline that the present source answered with, until the next source is tried.
        returns: the tokens of the sources that paid it and took it back, oldest first.
        is_called_off: it is given up as soon as it is certain that it was not captured.
        reason: why a person has to look at it; empty otherwise.
    """

    intent: Intent
    state: State
    since: datetime.datetime
    unknown_since: datetime.datetime | None = None
    looked: datetime.datetime | None = None
    first: datetime.datetime
    targets: tuple[Target, ...]
    position: int = 0
    attempt: int = 1
    ref: str | None = None
    prepared: datetime.datetime | None = None
    declined: Declined | None = None
    returns: tuple[str, ...] = attrs.field(default=(), repr=False)
    is_called_off: bool = False
    reason: str = ""

    @property
    def target(self) -> Target:
        """The source of the present attempt."""
        return self.targets[self.position]

    @property
    def reference(self) -> str:
        """The reference of the present attempt: fixed by charge and attempt, never by time, amount or chance."""
        return f"{self.intent.id}/{self.attempt}"

    @property
    def next_look(self) -> datetime.datetime | None:
        """The instant from which the provider is asked again; None where it is not."""
        if self.state not in LOOKS or not self._is_watched:
            return None
        # the looks at one attempt come to an end, however often its request is sent again in between
        since = self.since if self.unknown_since is None or self.state is not State.UNKNOWN else self.unknown_since
        offsets = LOOKS[self.state]
        passed = bisect_right(offsets, (self.looked or self.since) - since)
        return since + offsets[passed] if passed < len(offsets) else None

    @property
    def _is_watched(self) -> bool:
        # a card's payment is not taken back this way; a bank debit may be for weeks
        return self.state is not State.SUCCEEDED or self.target.kind is SourceKind.BANK_ACCOUNT

    @property
    def is_kept(self) -> bool:
        """Whether anything can still become of it: not of one given up, nor of one paid for good."""
        return self.state is not State.CANCELLED and (self.state is not State.SUCCEEDED or self.next_look is not None)


@attrs.frozen(kw_only=True)
class DeclineOf:
    """A decline, or a return, of a source's token: a limit of attempts counts it (MIN-12).

    Args:
        source: its id.
        token: that was charged; a source replaced since starts anew.
        at: when it was recorded.
    """

    source: str
    token: str = attrs.field(repr=False)
    at: datetime.datetime


@attrs.frozen(kw_only=True)
class Recharged:
    """An automatic recharge that was planned: the limits of a day and of a month count it (MIN-12).

    Args:
        intent: its id.
        on: the account's local day.
        at: the instant.
        amount: what was to be charged.
        has_failed: it came to nothing.
    """

    intent: str
    on: date
    at: datetime.datetime
    amount: Money
    has_failed: bool = False


# --- the standing -------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Standing:
    """What an account's stream adds up to.

    Args:
        account: on the day of the latest event.
        opened: the account's day on which it was taken over; the usage meter's sum begins there.
        version: the number of events.
        at: the instant of the latest event.
        charges: under way, failed and owed, or paid by a bank that may take it back; oldest first.
        declines: those that a limit may still count.
        recharges: automatic recharges of this calendar month and the one before, and the latest.
        books: the sum of all postings by account of the ledger.
        transactions: how many there have been; the next is numbered one more.
    """

    account: Account
    opened: date
    version: int
    at: datetime.datetime
    charges: tuple[Charge, ...] = ()
    declines: tuple[DeclineOf, ...] = ()
    recharges: tuple[Recharged, ...] = ()
    books: tuple[tuple[Book, Money], ...] = ()
    transactions: int = 0

    def charge(self, intent: str) -> Charge | None:
        """The charge of an id, as long as it is kept."""
        instance("intent", intent, str)
        return next((one for one in self.charges if one.intent.id == intent), None)

    def local_day(self, now: datetime.datetime) -> date:
        """The account's day of an instant; never before the day it stands for."""
        instant("now", now)
        return max(local_day(now, self.account.tz), self.account.today)

    def balance_of(self, book: Book) -> Money:
        """What has been posted to one of the ledger's accounts."""
        instance("book", book, Book)
        return dict(self.books).get(book, Money.zero(self.account.currency))


class CorruptStream(InvalidValue):
    """An event that cannot follow on those before it; its place is its sequence number."""

    code: ClassVar[str] = "corrupt_stream"


def folded(events: Iterable[Event], start: Standing | None = None) -> Standing:
    """What a stream adds up to.

    Args:
        events: all of them, or those after `start`.
        start: what the events before add up to; None from the beginning.

    Raises:
        CorruptStream: an event that cannot follow, or a stream without a beginning.

    Source: BIL-4.
    """
    standing = start
    for event in several("events", events):
        standing = after(standing, event)
    if standing is None:
        raise CorruptStream("seq 1", "the stream is empty: no account was opened")
    return standing


def after(standing: Standing | None, event: Event) -> Standing:
    """The standing after one more event.

    Args:
        standing: before it; None before the first.
        event: with its postings.

    Raises:
        CorruptStream: the event cannot follow, or its postings are not what it means.

    Source: BIL-4, FUN-9.
    """
    seq = 1 if standing is None else instance("standing", standing, Standing).version + 1
    try:
        return _after(standing, instance("event", event, Event))
    except LicenseBillError as refused:
        raise CorruptStream(f"seq {seq}", str(refused)) from refused


def _after(standing: Standing | None, event: Event) -> Standing:
    fact = event.fact
    if standing is None:
        if not isinstance(fact, Opened):
            raise InvalidValue("event", "must open the account, being the first")
        if not is_ready(fact.account):
            raise InvalidValue("account", "must be made ready with begin(), or its first bill would be lost")
        if fact.account.open:
            raise InvalidValue("account", f"has an open charge, {fact.account.open[0].intent.id}; settle it first")
        text("account.id", fact.account.id, LONGEST_ACCOUNT_ID)
        return Standing(account=fact.account, opened=fact.account.today, version=1, at=event.at)
    if event.at < standing.at:
        raise InvalidValue("at", f"{event.at} is before the event before it")
    grown = _grown(standing, fact, event.at)
    if event.postings != postings(standing, grown.account, fact):
        raise InvalidValue("postings", "are not those that the fact means")
    return _sealed(grown, event)


def _sealed(grown: Standing, event: Event) -> Standing:
    books = _posted(grown, event.postings)
    return attrs.evolve(grown, version=grown.version + 1, at=event.at, books=books)


def record(standing: Standing | None, fact: Fact, *, at: datetime.datetime, id: str) -> tuple[Event, Standing]:  # noqa: A002
    """An event that tells a fact, and the standing after it.

    Args:
        standing: before it; None where the fact opens the account.
        fact: what happened.
        at: when; a clock that has gone back since the last event is taken to stand still.
        id: of the event, never given twice in a stream.

    Raises:
        LicenseBillError: the fact cannot follow: a rule refuses the change, or the charge stands elsewhere.

    Source: BIL-4, FUN-9.
    """
    # in UTC: a day added in a zone of its own would follow its clocks and not be 24 hours
    at = instant_in_utc("at", at)
    if standing is None:
        event = Event(id=id, at=at, fact=fact)
        return event, _after(None, event)
    at = max(at, instance("standing", standing, Standing).at)
    grown = _grown(standing, checked_fact("fact", fact), at)
    event = Event(id=id, at=at, fact=fact, postings=postings(standing, grown.account, fact))
    return event, _sealed(grown, event)


def _grown(standing: Standing, fact: Fact, at: datetime.datetime) -> Standing:
    waiting = newly_opened(standing.charges, standing.account)
    if waiting is not None and not _takes_up(fact, waiting):
        raise InvalidValue("event", f"comes before the plan of {waiting.id}, which was opened")
    if isinstance(fact, Changed):
        return _changed(standing, fact, at)
    if isinstance(fact, Planned):
        return _planned(standing, fact, at)
    if isinstance(fact, Opened):
        raise InvalidValue("event", "the account is open already")
    charge = standing.charge(fact.intent)
    if charge is None:
        raise InvalidValue("event", f"{shown(fact.intent)} is no charge that is kept")
    if not isinstance(fact, CallOff) and fact.attempt != charge.attempt:
        raise InvalidValue("event", f"is of attempt {fact.attempt}, but attempt {charge.attempt} stands")
    return _followed(standing, charge, fact, at)


def _takes_up(fact: Fact, intent: Intent) -> bool:
    if isinstance(fact, Changed):
        return isinstance(fact.change, CarryOver) and fact.change.intent == intent.id
    return isinstance(fact, Planned) and fact.intent == intent.id


def _posted(standing: Standing, made: Iterable[Posting]) -> tuple[tuple[Book, Money], ...]:
    sums = dict(standing.books)
    for posting in made:
        sums[posting.book] = sums.get(posting.book, Money.zero(posting.amount.currency)) + posting.amount
    return tuple((book, sums[book]) for book in Book if book in sums)


# --- changes and plans --------------------------------------------------------------------------------------------


def _changed(standing: Standing, fact: Changed, at: datetime.datetime) -> Standing:
    """A change of the account. Outcomes and returns are no change that a stream tells: charges tell them."""
    if isinstance(fact.change, RecordOutcome | RecordReturn | RetryCharge):
        raise InvalidValue("event", "tells as a change what only a charge's own events tell")
    if isinstance(fact.change, DrawMinutes):
        raise InvalidValue("event", "draws minutes, which the usage meter's own sum does: they would be drawn twice")
    if isinstance(fact.change, CarryOver):
        charge = standing.charge(fact.change.intent)
        if charge is not None:
            standing = _with(standing, _moved(charge, Signal.CARRIED_OVER, at))
    account = apply(standing.account, fact.change)
    standing = attrs.evolve(standing, account=account)
    opened = newly_opened(standing.charges, account)
    if opened is None or opened.purpose is not Purpose.RECHARGE:
        return standing
    recharged = Recharged(intent=opened.id, on=opened.on, at=at, amount=opened.amount)
    return attrs.evolve(standing, recharges=_lately(standing.recharges, recharged))


def newly_opened(charges: Iterable[Charge], account: Account) -> Intent | None:
    """The open charge of an account that none of its charges is of yet; a change opens at most one.

    Args:
        charges: those that are kept.
        account: after the change.

    Source: BIL-4.
    """
    instance("account", account, Account)
    several("charges", charges)
    if not account.open:
        return None
    known = [(one.intent.purpose, one.intent.ordinal) for one in each_of("charges", charges, Charge)]
    intents = (one.intent for one in account.open)
    return next((intent for intent in intents if (intent.purpose, intent.ordinal) not in known), None)


def _lately(recharges: tuple[Recharged, ...], latest: Recharged) -> tuple[Recharged, ...]:
    before = latest.on.replace(day=1) - timedelta(days=1)
    kept = (one for one in recharges if (one.on.year, one.on.month) >= (before.year, before.month))
    return (*kept, latest)


def _planned(standing: Standing, fact: Planned, at: datetime.datetime) -> Standing:
    charge = standing.charge(fact.intent)
    if charge is None:
        intent = _open_intent(standing.account, fact.intent)
        charge = Charge(intent=intent, state=State.PLANNED, since=at, first=at, targets=fact.targets)
        standing = attrs.evolve(standing, charges=(*standing.charges, charge))
    else:
        charge = _moved(charge, Signal.PLANNED, at, targets=fact.targets, position=0, **_ANEW)
        sources = tuple(target.source for target in fact.targets)
        change = RetryCharge(on=standing.local_day(at), intent=fact.intent, sources=sources)
        standing = attrs.evolve(standing, account=apply(standing.account, change))
        charge = attrs.evolve(charge, intent=_open_intent(standing.account, fact.intent))
        standing = _with(standing, charge)
    return standing if fact.targets else _failed(standing, charge, at)


def _open_intent(account: Account, intent: str) -> Intent:
    """An open charge as the account holds it."""
    for one in account.open:
        if one.intent.id == intent:
            return one.intent
    raise InvalidValue("event", f"{shown(intent)} is no open charge of the account")


# --- charges ------------------------------------------------------------------------------------------------------


def signal(fact: Fact) -> Signal:
    """What a fact means for its charge.

    Raises:
        InvalidValue: it is not about a charge.

    Source: FUN-9.
    """
    if isinstance(fact, Answered):
        return _SIGNALS[type(fact.outcome)]
    if isinstance(fact, Resolved):
        return _DECISIONS[fact.decision]
    simple = {Prepared: Signal.PREPARED, Halted: Signal.HALTED, CallOff: Signal.CALLED_OFF, Planned: Signal.PLANNED}
    if type(fact) not in simple:
        raise InvalidValue("fact", f"must be about a charge, not {shown(fact)}")
    return simple[type(fact)]


def still_applies(standing: Standing, fact: Prepared | Answered | Halted) -> bool:
    """Whether a fact learned before others were recorded is still news.

    Args:
        standing: with what was recorded meanwhile.
        fact: about the attempt that stood when the provider was asked.

    Source: FUN-9.
    """
    instance("standing", standing, Standing)
    meaning = signal(fact)
    charge = standing.charge(fact.intent)
    return charge is not None and fact.attempt == charge.attempt and meaning in TRANSITIONS[charge.state]


def moves(charge: Charge, facts: Iterable[Fact]) -> bool:
    """Whether facts bring a charge into another state, so that they are more than another look at it.

    Source: FUN-9.
    """
    instance("charge", charge, Charge)
    return any(TRANSITIONS[charge.state].get(signal(fact)) is not charge.state for fact in several("facts", facts))


def _moved(charge: Charge, by: Signal, at: datetime.datetime, **more: object) -> Charge:
    """The charge in its next state; a look that changes nothing leaves the instant its state began."""
    if by not in TRANSITIONS[charge.state]:
        raise InvalidValue("event", f"{charge.intent.id} is {charge.state.value}, and cannot be {by.value} now")
    state = TRANSITIONS[charge.state][by]
    since = charge.since if state is charge.state else at
    unknown = at if state is State.UNKNOWN and charge.unknown_since is None else charge.unknown_since
    looked = at if state is charge.state else None
    moved = attrs.evolve(charge, state=state, since=since, looked=looked, unknown_since=unknown)
    return attrs.evolve(moved, **more) if more else moved  # type: ignore[arg-type]


#: What a new attempt begins with.
_ANEW: Mapping[str, None] = MappingProxyType({"ref": None, "prepared": None, "declined": None, "unknown_since": None})


def _followed(
    standing: Standing, charge: Charge, fact: Prepared | Answered | Halted | CallOff | Resolved, at: datetime.datetime
) -> Standing:
    moved = _moved(charge, signal(fact), at)
    if isinstance(fact, Prepared):
        moved = attrs.evolve(moved, ref=fact.ref, prepared=at)
    elif isinstance(fact, Halted):
        moved = attrs.evolve(moved, reason=fact.reason)
    elif isinstance(fact, CallOff):
        return _called_off(standing, moved, at)
    elif isinstance(fact, Resolved):
        return _resolved(standing, charge, moved, fact, at)
    else:
        return _answered(standing, charge, moved, fact.outcome, at)
    return _with(standing, moved)


def _answered(standing: Standing, before: Charge, charge: Charge, outcome: Outcome, at: datetime.datetime) -> Standing:
    if isinstance(outcome, Succeeded) and before.state is not State.SUCCEEDED:
        return _paid(standing, charge, outcome, at)
    if isinstance(outcome, Declined):
        standing = _counted_decline(_recorded(standing, charge, outcome, at), charge.target, at)
        return _with(standing, attrs.evolve(charge, declined=outcome))
    if isinstance(outcome, Voided):
        return _voided(standing, charge, at)
    if isinstance(outcome, Returned):
        return _returned(standing, charge, outcome, at)
    return _with(standing, charge)


def _recorded(
    standing: Standing, charge: Charge, outcome: Outcome, at: datetime.datetime, *, is_final: bool = False
) -> Standing:
    """The account told of an outcome."""
    target = charge.target if charge.targets else None
    change = RecordOutcome(
        on=standing.local_day(at),
        intent=charge.intent.id,
        source=None if target is None else target.source,
        outcome=outcome,
        token=None if target is None else target.token,
        is_final=is_final,
    )
    return attrs.evolve(standing, account=apply(standing.account, change))


def _paid(standing: Standing, charge: Charge, outcome: Succeeded, at: datetime.datetime) -> Standing:
    standing = _recorded(standing, charge, outcome, at)
    standing = attrs.evolve(standing, transactions=standing.transactions + 1)
    charge = attrs.evolve(charge, intent=standing.account.settled[-1], declined=None, reason="")
    return _with(standing, charge) if charge.next_look else _dropped(standing, charge.intent.id)


def _voided(standing: Standing, charge: Charge, at: datetime.datetime) -> Standing:
    """The attempt is over for certain: the next source, after a decline; else the same one once more."""
    if charge.is_called_off:
        return _given_up(standing, charge, at)
    position = charge.position + (charge.declined is not None)
    if position == len(charge.targets):
        return _failed(standing, charge, at)
    return _with(standing, _moved(charge, Signal.NEXT, at, position=position, attempt=charge.attempt + 1, **_ANEW))


def _failed(standing: Standing, charge: Charge, at: datetime.datetime) -> Standing:
    """Nothing is left to try: minutes end here, anything else stays owed."""
    outcome = Voided() if charge.declined is None else charge.declined
    told = _recorded(standing, charge, outcome, at, is_final=True)
    told = _with_failed_recharge(told, charge.intent.id)
    if charge.intent.purpose in PREPAID:
        return _dropped(told, charge.intent.id)
    attempt = charge.attempt + bool(charge.targets)
    intent = _open_intent(told.account, charge.intent.id)
    return _with(told, _moved(charge, Signal.NONE_LEFT, at, intent=intent, attempt=attempt, **_ANEW))


def _given_up(standing: Standing, charge: Charge, at: datetime.datetime) -> Standing:
    told = _recorded(standing, charge, Voided(), at, is_final=True)
    given_up = charge if charge.state is State.CANCELLED else _moved(charge, Signal.GIVEN_UP, at)
    return _with(_with_failed_recharge(told, charge.intent.id), given_up)


def _called_off(standing: Standing, charge: Charge, at: datetime.datetime) -> Standing:
    if charge.intent.purpose not in PREPAID:
        raise InvalidValue("event", f"{charge.intent.id} is owed: only a charge for minutes can be called off")
    called_off = attrs.evolve(charge, is_called_off=True)
    return _given_up(standing, called_off, at) if charge.state is State.CANCELLED else _with(standing, called_off)


def _returned(standing: Standing, charge: Charge, outcome: Returned, at: datetime.datetime) -> Standing:
    change = RecordReturn(
        on=standing.local_day(at),
        intent=charge.intent,
        code=outcome.code,
        source=charge.target.source,
        token=charge.target.token,
        retries=charge.returns.count(charge.target.token),
        age_days=(at - charge.first) // timedelta(days=1),
    )
    standing = attrs.evolve(standing, account=apply(standing.account, change), transactions=standing.transactions + 1)
    standing = _counted_decline(standing, charge.target, at)
    if charge.intent.purpose in PREPAID:
        return _with(_with_failed_recharge(standing, charge.intent.id), _moved(charge, Signal.GIVEN_UP, at))
    owed = _open_intent(standing.account, charge.intent.id)
    anew = {"intent": owed, "returns": (*charge.returns, charge.target.token), "attempt": charge.attempt + 1, **_ANEW}
    return _with(standing, _moved(charge, Signal.NONE_LEFT, at, **anew))


def _resolved(standing: Standing, before: Charge, charge: Charge, fact: Resolved, at: datetime.datetime) -> Standing:
    charge = attrs.evolve(charge, reason="")
    if fact.decision is Decision.CAPTURED:
        return _paid(standing, charge, Succeeded(fact.captured), at)
    if fact.decision is Decision.NOT_CAPTURED:
        return _failed(standing, charge, at)
    if charge.ref is None:
        return _with(standing, _moved(before, Signal.NEXT, at, reason=""))
    return _with(standing, attrs.evolve(charge, unknown_since=at))


def _counted_decline(standing: Standing, target: Target, at: datetime.datetime) -> Standing:
    days = standing.account.tariff.limits.decline_days
    kept = (one for one in standing.declines if (at - one.at) // timedelta(days=1) < days)
    return attrs.evolve(standing, declines=(*kept, DeclineOf(source=target.source, token=target.token, at=at)))


def _with_failed_recharge(standing: Standing, intent: str) -> Standing:
    recharges = (attrs.evolve(one, has_failed=True) if one.intent == intent else one for one in standing.recharges)
    return attrs.evolve(standing, recharges=tuple(recharges))


def _with(standing: Standing, charge: Charge) -> Standing:
    """The standing with a charge in place of the earlier one of its id; what no bank takes back any more is dropped."""
    charges = tuple(charge if one.intent.id == charge.intent.id else one for one in standing.charges)
    return attrs.evolve(standing, charges=tuple(one for one in charges if one.is_kept))


def _dropped(standing: Standing, intent: str) -> Standing:
    return attrs.evolve(standing, charges=tuple(one for one in standing.charges if one.intent.id != intent))


# --- transactions -------------------------------------------------------------------------------------------------


def entries(events: Iterable[Event]) -> Iterator[ledger.Settled | ledger.Returned]:
    """What was paid and taken back in a stream, in its order, for `ledger.transactions` to number.

    A charge counts when its payment is recorded, so that the numbers follow the stream and never change: what is
    recorded later is numbered higher, whenever it was planned.

    Args:
        events: all of a stream, from the first.

    Returns:
        settlements, as they were captured and with the source they were paid from, and returns.

    Raises:
        CorruptStream: an event that cannot follow.

    Source: BIL-2.
    """
    standing: Standing | None = None
    for event in several("events", events):
        grown = after(standing, event)
        if standing is not None and grown.transactions > standing.transactions:
            yield _entry(standing, grown, event)
        standing = grown


def _entry(standing: Standing, grown: Standing, event: Event) -> ledger.Settled | ledger.Returned:
    fact, on = event.fact, grown.local_day(event.at)
    assert isinstance(fact, Answered | Resolved)  # noqa: S101 - nothing else makes a transaction
    charge = standing.charge(fact.intent)
    assert charge is not None  # noqa: S101 - or it could not have followed
    if isinstance(fact, Answered) and isinstance(fact.outcome, Returned):
        return ledger.Returned(intent_id=fact.intent, on=on, code=fact.outcome.code)
    intent = grown.account.settled[-1]
    return ledger.Settled(intent=intent, on=on, source=charge.target.shown, reference=charge.reference)


# --- postings -----------------------------------------------------------------------------------------------------


def postings(standing: Standing, account: Account, fact: Fact) -> tuple[Posting, ...]:
    """What a fact means for the ledger.

    A bill, licenses and services are owed from acceptance and are revenue then; minutes are prepaid once they are paid.
    Money is with the provider as soon as it is captured. What was captured otherwise than asked stays, as a line of the
    next bill, the business of that bill.

    Args:
        standing: before the fact.
        account: after it.
        fact: what happened.

    Returns:
        postings that add up to zero; none for most facts.

    Source: BIL-2, FUN-9.
    """
    instance("standing", standing, Standing)
    instance("account", account, Account)
    checked_fact("fact", fact)
    if isinstance(fact, Changed):
        return _postings_of_change(standing, account, fact)
    if isinstance(fact, Resolved) and fact.decision is Decision.CAPTURED:
        fact = Answered(intent=fact.intent, attempt=fact.attempt, outcome=Succeeded(fact.captured))
    if not isinstance(fact, Answered):
        return ()
    charge = standing.charge(fact.intent)
    if charge is None:
        return ()
    if isinstance(fact.outcome, Succeeded) and charge.state is not State.SUCCEEDED:
        return _captured(charge.intent, as_captured(charge.intent, fact.outcome.captured).amount)
    if isinstance(fact.outcome, Returned):
        return _pair(Book.PREPAID if charge.intent.purpose in PREPAID else Book.OWED, charge.intent.amount)
    return ()


def _pair(book: Book, amount: Money) -> tuple[Posting, ...]:
    """Back from clearing to where it came from."""
    return (Posting(book, amount), Posting(Book.CLEARING, -amount))


def _captured(asked: Intent, captured: Money) -> tuple[Posting, ...]:
    if asked.purpose in PREPAID:
        return (Posting(Book.CLEARING, captured), Posting(Book.PREPAID, -captured))
    difference = asked.amount - captured
    left = (Posting(Book.REVENUE, difference),) if difference else ()
    return (Posting(Book.CLEARING, captured), Posting(Book.OWED, -asked.amount), *left)


def _postings_of_change(standing: Standing, account: Account, fact: Changed) -> tuple[Posting, ...]:
    if isinstance(fact.change, CarryOver):
        intent = next((one.intent for one in standing.account.open if one.intent.id == fact.change.intent), None)
        return () if intent is None else _accepted(intent.amount, -1)
    opened = newly_opened(standing.charges, account)
    return () if opened is None or opened.purpose in PREPAID else _accepted(opened.amount, 1)


def _accepted(amount: Money, sign: int) -> tuple[Posting, ...]:
    return (Posting(Book.OWED, amount * sign), Posting(Book.REVENUE, amount * -sign))
