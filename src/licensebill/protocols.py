"""Protocols: what a store, a payment provider, a meter and a clock have to promise for charging to be safe.

Each protocol states what its implementer must guarantee, and each guarantee is one that charging rests on: without it
there is a schedule of failures in which a charge is lost or made twice. `licensebill.testing` holds suites for stores
and gateways. `Capabilities` is a provider's own description of what it can promise.

Answers that are ordinary are values (`licensebill.outcomes`): a decline is no error. Errors say what is certain:
`NotSent`, `RequestRejected` and `VersionConflict` mean that nothing has happened; after any other nothing is known.
"""

import datetime
import enum
from collections.abc import Sequence
from datetime import date, timedelta
from typing import ClassVar, Protocol, runtime_checkable

import attrs

from licensebill._checks import checked, day, instance, instant, text, tuple_of, whole
from licensebill.charges import Standing
from licensebill.cycles import Period
from licensebill.errors import ChargeFailure, InvalidValue
from licensebill.events import Event, Stream, Target
from licensebill.money import Money, payable_amount
from licensebill.outcomes import Outcome
from licensebill.readings import Reading
from licensebill.terms import Purpose
from licensebill.usage import UsageHistory

# --- errors -------------------------------------------------------------------------------------------------------


@attrs.frozen
class NotSent(ChargeFailure):
    """The provider refused before it did anything, or was never reached: no effect, for certain.

    Args:
        reason: for people.
    """

    code: ClassVar[str] = "not_sent"

    reason: str

    def __str__(self) -> str:
        return f"the provider was not reached: {self.reason}; the same request is sent again later"


@attrs.frozen
class RequestRejected(ChargeFailure):
    """The provider will not take the request as it is: no effect, for certain, and no decline either.

    A program or its settings are wrong, so that another source would meet the same. A person has to look at it.
    """

    code: ClassVar[str] = "request_rejected"

    reason: str

    def __str__(self) -> str:
        return f"the provider rejected the request: {self.reason}"


@attrs.frozen
class OutcomeUnknown(ChargeFailure):
    """No answer, or none that can be trusted: the request may have taken effect, or may still."""

    code: ClassVar[str] = "outcome_unknown"

    reason: str

    def __str__(self) -> str:
        return f"the provider's answer is not known: {self.reason}"


@attrs.frozen
class VersionConflict(ChargeFailure):
    """The stream has grown since it was read: nothing was written."""

    code: ClassVar[str] = "version_conflict"

    account: str
    expected: int

    def __str__(self) -> str:
        return f"the stream of account {self.account} has grown beyond {self.expected}; nothing was written"


@attrs.frozen
class AlreadyAppended(VersionConflict):
    """An event of that id is in the stream already: nothing was written, and nothing needs to be."""

    code: ClassVar[str] = "already_appended"

    event: str

    def __str__(self) -> str:
        return f"the stream of account {self.account} holds the event {self.event} already"


@attrs.frozen
class StoreUnavailable(ChargeFailure):
    """The store failed: what was being written may be there or not, so that the stream is read before anything else."""

    code: ClassVar[str] = "store_unavailable"

    reason: str

    def __str__(self) -> str:
        return f"the store is not available: {self.reason}"


@attrs.frozen
class UnsafeGateway(ChargeFailure):
    """A provider's capabilities do not suffice for charging once: nothing is charged with it."""

    code: ClassVar[str] = "unsafe_gateway"

    reason: str

    def __str__(self) -> str:
        return f"this gateway cannot charge exactly once: {self.reason}"


# --- the store ----------------------------------------------------------------------------------------------------


@runtime_checkable
class Store(Protocol):
    """Where the streams are kept."""

    def load(self, account: str, *, after: int = 0) -> Stream:
        """The events of an account's stream beyond a sequence number, in order.

        It must be read from where it was written: an event that `append` returned for is there. Events are numbered
        from 1 without gaps. An account that has none gives an empty stream of version 0.

        Raises:
            CorruptStream: an event that cannot be read; its place is its sequence number.
            StoreUnavailable: anything else that goes wrong.
        """

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Add events to a stream that still is at a version, all of them or none.

        They must be durable when it returns. Of two appends at one version exactly one may succeed.

        Args:
            account: whose stream.
            expected_version: the stream's version; 0 for a new one.
            events: at least one.
            wake: the instant from which something may be due for the account again; None if nothing will be. It is
                kept with the events and replaces the one before.

        Returns:
            the new version.

        Raises:
            AlreadyAppended: an event of the same id is in the stream; nothing was written.
            VersionConflict: the stream is at another version; nothing was written.
            StoreUnavailable: anything else: the events may have been written or not.
        """

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> Sequence[str]:
        """Accounts whose `wake` is not after an instant, in the order of their ids, a page at a time.

        More than those may be among them; none of those may be missing.

        Args:
            due_before: the instant, itself included.
            after: the last id of the page before; empty for the first page.
            limit: the most that are given.

        Raises:
            StoreUnavailable: the page cannot be read.
        """


@runtime_checkable
class SnapshotStore(Protocol):
    """A store that also keeps what a stream added up to at some version: a cache, which may be lost at any time."""

    def load_snapshot(self, account: str) -> Standing | None:
        """The latest standing kept; None if there is none, or it is not as it was written, or of another format."""

    def save_snapshot(self, standing: Standing) -> None:
        """Keep a standing in place of an earlier one. It may fail without harm, and must not fail halfway."""


# --- the provider -------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Request:
    """What a provider is asked to charge: fixed by the stream, and the same however often it is sent.

    Args:
        reference: of the attempt; never used for another.
        account: the account's id.
        purpose: what the charge is for.
        on: the account's local day of the charge.
        amount: payable, above zero.
        target: the source.
    """

    reference: str = attrs.field(validator=checked(text))
    account: str = attrs.field(validator=checked(text))
    purpose: Purpose = attrs.field(validator=checked(instance, Purpose))
    on: date = attrs.field(validator=checked(day))
    amount: Money = attrs.field(validator=checked(payable_amount))
    target: Target = attrs.field(validator=checked(instance, Target))

    def __attrs_post_init__(self) -> None:
        if self.amount.micros <= 0:
            raise InvalidValue("amount", f"must be above zero, not {self.amount}")


class LookUp(enum.Enum):
    """How far a provider's look-up by reference can be trusted to find what it has captured."""

    STRONG = "finds whatever has been captured"
    BOUNDED = "may lag behind"
    NONE = "there is none"


_LONGEST = timedelta(days=3650)


@attrs.frozen(kw_only=True)
class Capabilities:
    """What a payment provider promises.

    Args:
        two_phase: an object is prepared first, and only then captured.
        void: what is not captured can be made uncapturable for good.
        look_up: by reference or object.
        key_window: for how long the same key repeats the same answer instead of a charge; None where no key is needed.
        in_flight: the longest time after which a request that was decided on can still take effect: on the way, in a
            pause of its program, and by as much as two workers' clocks differ.
        smallest_charges: the least that is charged, one for each currency that has a least.
    """

    two_phase: bool = attrs.field(validator=checked(instance, bool))
    void: bool = attrs.field(validator=checked(instance, bool))
    look_up: LookUp = attrs.field(validator=checked(instance, LookUp))
    key_window: timedelta | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(instance, timedelta))
    )
    in_flight: timedelta = attrs.field(default=timedelta(), validator=checked(instance, timedelta))
    smallest_charges: tuple[Money, ...] = attrs.field(default=(), validator=checked(tuple_of, Money))

    def __attrs_post_init__(self) -> None:
        if self.key_window is not None and not timedelta() < self.key_window <= _LONGEST:
            raise InvalidValue("key_window", f"must be above zero and at most {_LONGEST.days} days")
        if not timedelta() <= self.in_flight <= _LONGEST:
            raise InvalidValue("in_flight", f"must not be negative and at most {_LONGEST.days} days")

    def smallest_charge(self, currency: str) -> Money:
        """The least that is charged in a currency; zero where nothing is too small."""
        least = (one for one in self.smallest_charges if one.currency == currency)
        return next(least, Money.zero(currency))


@runtime_checkable
class TwoPhaseGateway(Protocol):
    """A payment provider that keeps an object for each attempt: prepared, then captured or voided, and never both.

    Every method may raise `NotSent`, `RequestRejected` or `OutcomeUnknown`; whatever else it raises counts as unknown.
    All of them may be called again, in any order and by several workers at once.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it promises."""

    def prepare(self, request: Request) -> str:
        """Make an object for an attempt, by which no money moves, and give its id.

        Asked again with the same reference it may give another object: only the one that is journaled is captured.
        """

    def capture(self, ref: str, request: Request) -> Outcome:
        """Charge by an object. However often it is asked, one object captures once at most.

        Of an object that is captured, declined or voided already it answers what became of it.
        """

    def retrieve(self, ref: str) -> Outcome:
        """What has become of an object; `NotCaptured` only if nothing has been captured by it so far."""

    def void(self, ref: str) -> Outcome:
        """Make sure that an object captures nothing any more, not even for a request that arrives late.

        `Voided` means exactly that. If it has captured already the answer is what became of it.
        """


@runtime_checkable
class KeyedGateway(Protocol):
    """A payment provider that charges at once, and recognizes a charge by its key; see `keyed.keyed`.

    Every method may raise `NotSent`, `RequestRejected` or `OutcomeUnknown`; whatever else it raises counts as unknown.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it promises; `key_window`, `in_flight` and a strong look-up are what its safety rests on."""

    def charge(self, request: Request, key: str) -> Outcome:
        """Charge, unless a charge of the same key was made within the key window: then its answer again.

        Args:
            request: what is charged.
            key: the request's own reference.
        """

    def find(self, reference: str) -> Outcome | None:
        """What has become of the charge of a reference; None if there is none."""


# --- meters and the clock -----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Usage:
    """What the dialer's meter knows of an account.

    Args:
        history: by day and kind, at least of the window asked for.
        drawn: everything ever drawn from the prepaid balance since the account was opened, up to the watermark.
        watermark: the instant up to which usage is complete.
    """

    history: UsageHistory = attrs.field(validator=checked(instance, UsageHistory))
    drawn: Money = attrs.field(validator=checked(instance, Money))
    watermark: datetime.datetime = attrs.field(validator=checked(instant))

    def __attrs_post_init__(self) -> None:
        whole("drawn", self.drawn.micros)
        if self.drawn.currency != self.history.currency:
            raise InvalidValue("drawn", f"must be in the history's {self.history.currency}, not {self.drawn.currency}")


@runtime_checkable
class UsageMeter(Protocol):
    """Where the usage of the dialer is measured."""

    def usage(self, account: str, window: Period) -> Usage:
        """The usage of an account over a window of its days, and all that was ever drawn.

        What was drawn never becomes less: it counts from `Standing.opened` on, the first day of the stream.

        Args:
            account: its id.
            window: days local to the account; more may be given.

        Raises:
            Exception: anything, where it is not known; nothing is recharged then.
        """


@runtime_checkable
class StorageMeter(Protocol):
    """Where storage is measured."""

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:
        """Readings of an account's storage; none where nothing was measured, never a zero instead.

        Args:
            account: its id.
            until: what was measured after this instant is of no use.

        Raises:
            Exception: anything, where it is not known; no bill is made then.
        """


class Clock(Protocol):
    """Where the time comes from.

    It may go back, or be ahead: then something is planned late or early, and nothing twice. With a provider that
    charges by key the clocks of two workers must not differ by more than its `in_flight` allows.
    """

    def __call__(self) -> datetime.datetime:
        """The present instant, with its zone."""
