"""Charging: carrying out what the rules decide, exactly once, whatever fails and whenever.

`Charging` is the one place where a protocol is called. What it does for an account is one `turn` after the other, until
nothing is left to do (`turns`, which also say why no charge is made twice); here are the effects of a turn on a real
store, provider and meter, the runs over all accounts, and what a person asks for: changes, decisions, previews.
"""

import contextlib
import datetime
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from typing import ClassVar, TypeVar
from zlib import crc32

import attrs

from licensebill import turns
from licensebill._checks import cardless_text, function, instance, kept_of, whole
from licensebill.accounts import Account, Change
from licensebill.bills import TaxRule, no_tax
from licensebill.charges import Charge, CorruptStream, Standing, State, record
from licensebill.cycles import Period
from licensebill.errors import ChargeFailure, InvalidValue, LicenseBillError, shown
from licensebill.events import CallOff, Decision, Opened, Resolved, Stream, outcome
from licensebill.money import Money
from licensebill.outcomes import Outcome
from licensebill.planning import Act, Ask, Draft, Notice, asked_id, change_draft, draft_of, next_step, wake
from licensebill.protocols import (
    Capabilities,
    Clock,
    LookUp,
    NotSent,
    OutcomeUnknown,
    RequestRejected,
    SnapshotStore,
    StorageMeter,
    Store,
    StoreUnavailable,
    TwoPhaseGateway,
    UnsafeGateway,
    Usage,
    UsageMeter,
    VersionConflict,
)
from licensebill.turns import Append, Effect, Load, ReadStorage, Reply, Turn
from licensebill.turns import Job as Job

_T = TypeVar("_T")

#: Charges that a hint leaves alone: the next step of each is not to ask what became of it.
_LEFT_TO_OTHERS = frozenset({State.PREPARED, State.DECLINED, State.NEEDS_REVIEW})


def check_safe(capabilities: Capabilities, *, person_decides: bool = False) -> None:
    """Refuse a provider with which a charge could be made twice, or could stay unknown for ever.

    Args:
        capabilities: of the provider.
        person_decides: whether what stays unknown may go to a person.

    Raises:
        UnsafeGateway: they do not suffice.

    Source: FUN-9.
    """
    instance("capabilities", capabilities, Capabilities)
    instance("person_decides", person_decides, bool)
    if capabilities.look_up is not LookUp.STRONG and not person_decides:
        raise UnsafeGateway("what stays unknown cannot be looked up, and no person is there to decide")
    if capabilities.two_phase:
        if not capabilities.void:
            raise UnsafeGateway("an object that is not captured cannot be made uncapturable")
    elif capabilities.key_window is None:
        raise UnsafeGateway("it charges at once, and recognizes no key")
    elif not capabilities.in_flight:
        raise UnsafeGateway("it charges at once, and does not say for how long a request may be under way")
    elif capabilities.key_window <= 2 * capabilities.in_flight:
        raise UnsafeGateway("a request may still be under way when its key has been forgotten")


@attrs.frozen(kw_only=True)
class Report:
    """What a run came to for one account.

    Args:
        account: its id.
        standing: after it; None where it could not be read.
        appended: the number of events written.
        notices: what was not done, and why.
        failure: what stopped the run for this account; None if nothing did.
    """

    account: str
    standing: Standing | None
    appended: int = 0
    notices: tuple[Notice, ...] = ()
    failure: LicenseBillError | None = None


@attrs.frozen
class Foreseen:
    """A step of a preview.

    Args:
        step: a question to the provider, events, or something that is not done.
        is_certain: a run does the same; otherwise an answer to a question before it may change it.
    """

    step: Ask | Draft | Notice
    is_certain: bool


@attrs.frozen
class UnknownAccount(InvalidValue):
    """An account that the store holds no stream of."""

    code: ClassVar[str] = "unknown_account"


@attrs.frozen
class Unforeseen(LicenseBillError):
    """An error that is none of the library's stopped a run for an account; it is the cause of this one.

    It comes from a store, a gateway or a meter that raises what no protocol foresees, or is a fault of the library.
    """

    code: ClassVar[str] = "unforeseen"

    account: str
    error: str

    def __str__(self) -> str:
        return f"account {self.account} was left as it is: {self.error}, which nothing here foresees"


@attrs.frozen
class NoRest(ChargeFailure):
    """One run wrote more events for an account than any course of things needs: something goes round in circles.

    Args:
        account: its id.
        appended: how many events.
    """

    code: ClassVar[str] = "no_rest"

    account: str
    appended: int

    def __str__(self) -> str:
        return f"account {self.account} does not come to rest: {self.appended} events in one run; nothing more is done"


#: The most events that one run writes for an account before it is stopped: years of bills in one run take fewer.
MOST_APPENDED = 1000
#: How many events lie between two snapshots.
SNAPSHOT_EVERY = 50


@attrs.frozen(kw_only=True)
class Charging:
    """Charges accounts by their rules, with a store and a payment provider: the one place where protocols are called.

    Any number of these may run at once, in one process or many. After a crash nothing has to be repaired: the next run
    takes up what it finds.

    Args:
        store: of the streams.
        gateway: to the provider; one that charges by key is wrapped with `keyed`.
        clock: the present instant.
        usage: the dialer's meter; without one there are no automatic recharges.
        storage: the storage meter; without one there are no bills.
        tax: of bills.
        person_decides: whether what stays unknown may go to a person.

    Raises:
        UnsafeGateway: the provider does not promise enough.

    Source: BIL-4, FUN-9.
    """

    store: Store
    gateway: TwoPhaseGateway
    clock: Clock
    usage: UsageMeter | None = None
    storage: StorageMeter | None = None
    tax: TaxRule = no_tax
    person_decides: bool = False

    def __attrs_post_init__(self) -> None:
        instance("store", self.store, Store)  # type: ignore[type-abstract]
        instance("gateway", self.gateway, TwoPhaseGateway)  # type: ignore[type-abstract]
        function("clock", self.clock)
        function("tax", self.tax)
        for meter, kind in (("usage", UsageMeter), ("storage", StorageMeter)):
            if getattr(self, meter) is not None:
                instance(meter, getattr(self, meter), kind)
        check_safe(self.gateway.capabilities, person_decides=self.person_decides)

    # what a person, or the application, does

    def open(self, account: Account) -> Standing:
        """Begin an account's stream.

        Raises:
            VersionConflict: the store holds a stream of it already.
        """
        event, standing = record(None, Opened(account), at=self.clock(), id="opened")
        self._append(Draft(None, (event,), standing))
        return standing

    def standing(self, account: str) -> Standing:
        """Where an account stands now.

        Raises:
            UnknownAccount: the store holds no stream of it.
            CorruptStream: its stream cannot be folded.
            StoreUnavailable: it cannot be read.
        """
        standing = self._drive(account, turns.read(self._snapshot(account)))
        if standing is None:
            raise _unknown(account)
        return standing

    def change(self, account: str, change: Change, *, event: str = "") -> Standing:
        """Record a change of an account; a charge that it opens is made by the next run.

        Args:
            account: its id.
            change: what was asked.
            event: an id of yours for it, so that it is recorded once however often you send it; empty for none.

        Returns:
            the standing with it.

        Raises:
            RuleViolation: the change is refused; nothing was written.
        """
        instance("change", change, Change)  # type: ignore[type-abstract]
        instance("event", event, str)
        capabilities = self.gateway.capabilities
        return self._decide(
            account,
            lambda standing: change_draft(standing, change, at=self.clock(), capabilities=capabilities, event=event),
            asked_id(event) if event else "",
        )

    def call_off(self, intent: str, *, by: str) -> Standing:
        """Give up a charge for minutes, unless it turns out to be captured.

        Args:
            intent: the charge's id.
            by: who asks for it.

        Raises:
            InvalidValue: no such charge, or one that is owed.
        """
        fact = CallOff(intent=intent, by=by)
        return self._decide(account_of(intent), lambda standing: draft_of(standing, fact, at=self.clock()))

    def resolve(
        self, reference: str, decision: Decision, *, by: str, note: str, captured: Money | None = None
    ) -> Standing:
        """Record what a person found out about a charge that had halted.

        Args:
            reference: of the attempt they looked at; a decision about one says nothing of the next.
            decision: what they found out.
            by: their name.
            note: how they know.
            captured: the amount, where another was captured than was asked for; None for what was asked.

        Raises:
            InvalidValue: no such charge, another attempt, or one that does not wait for a person.
        """
        intent = intent_of(reference)

        def decided(standing: Standing) -> Draft:
            charge = _charge(standing, intent)
            if charge.reference != reference:
                raise InvalidValue("reference", f"must be {shown(charge.reference)}, the attempt that stands now")
            fact = Resolved(
                intent=intent, attempt=charge.attempt, decision=decision, by=by, note=note, captured=captured
            )
            return draft_of(standing, fact, at=self.clock())

        return self._decide(account_of(intent), decided)

    # runs

    def run(self, job: Job, *, page: int = 500, share: tuple[int, int] = (1, 1)) -> Iterator[Report]:
        """Work through every account for which something may be due, one report each; stop whenever you like.

        Args:
            job: what is planned beside what is under way.
            page: how many accounts are asked for at a time.
            share: (2, 3) is the second of three workers that share the accounts among them. It only spares them each
                other's work: nothing is charged twice where two do the same.

        Raises:
            InvalidValue: a share that is none, such as (4, 3).
        """
        instance("job", job, Job)
        whole("page", page, 1)
        if len(instance("share", share, tuple)) != 2:  # noqa: PLR2004 - a pair
            raise InvalidValue("share", "must be a pair such as (2, 3)")
        number, workers = share
        whole("share", number, 1, whole("share", workers, 1))
        for account in self.due(page=page):
            if crc32(account.encode()) % workers == number - 1:
                yield self.pursue(account, job)

    def due(self, *, page: int = 500) -> Iterator[str]:
        """The accounts for which something may be due now, in the order of their ids.

        Args:
            page: how many are asked for at a time.

        Raises:
            StoreUnavailable: a page cannot be read.
        """
        whole("page", page, 1)
        now, last = self.clock(), ""
        while accounts := self._due(now, last, page):
            yield from accounts
            last = accounts[-1]

    def pursue(self, account: str, job: Job) -> Report:
        """Bring one account as far as it goes now.

        Args:
            account: its id.
            job: what is planned beside what is under way.

        Returns:
            what it came to. Whatever fails is in it and is not raised.
        """
        report = Report(account=account, standing=None)
        try:
            instance("job", job, Job)
            known = self._snapshot(account)
            kept = 0 if known is None else known.version
            skip: set[str] = set()
            while True:
                made = self._drive(account, self._turn(known, job, skip))
                known, skip = made.standing, skip | {made.skip}
                report = attrs.evolve(
                    report,
                    standing=known,
                    appended=report.appended + made.appended,
                    notices=(*report.notices, *made.notices),
                )
                if known is None:
                    return attrs.evolve(report, failure=_unknown(account))
                if made.is_last:
                    break
                if report.appended > MOST_APPENDED:
                    return attrs.evolve(report, failure=NoRest(account, report.appended))
            self._keep(known, kept)
        except LicenseBillError as failure:
            return attrs.evolve(report, failure=failure)
        except Exception as error:  # noqa: BLE001 - it stops this account, is told, and stops no other
            unforeseen = Unforeseen(account, type(error).__name__)
            unforeseen.__cause__ = error
            return attrs.evolve(report, failure=unforeseen)
        return report

    def look(self, intent: str) -> Report:
        """Ask the provider about a charge now, whatever the schedule says: all that a web-hook is good for.

        A charge that is prepared or declined is left to the next run, which captures or voids it and hears the same;
        one that waits for a person is left to that person. An answer that is no news leaves the stream as it is.

        Args:
            intent: the charge's id.

        Returns:
            what it came to; with a notice where the charge is paid and no longer watched, so that what the provider
            has to tell, such as a dispute, is for a person to look at.
        """
        account = account_of(intent)
        try:
            standing = self.standing(account)
            charge = standing.charge(intent)
            if charge is None:
                return Report(account=account, standing=standing, notices=_no_longer_watched(standing, intent))
            if charge.ref is None or charge.state in _LEFT_TO_OTHERS:
                return Report(account=account, standing=standing)
            made = self._drive(account, turns.asked(standing, Ask(Act.RETRIEVE, charge), is_hint=True))
        except LicenseBillError as failure:
            return Report(account=account, standing=None, failure=failure)
        return Report(account=account, standing=made.standing, appended=made.appended, notices=made.notices)

    def preview(self, account: str, job: Job) -> tuple[Foreseen, ...]:
        """What a run would do for an account now; nothing is written, and the provider is not asked.

        Args:
            account: its id.
            job: of the run.

        Returns:
            each step in its order, and whether it may turn out otherwise when the provider has been asked.

        Raises:
            UnknownAccount, CorruptStream, StoreUnavailable: as `standing`.
        """
        instance("job", job, Job)
        standing, skip, foreseen, is_certain = self.standing(account), set[str](), list[Foreseen](), True
        now, capabilities = self.clock(), self.gateway.capabilities
        while True:
            step = next_step(standing, now, capabilities, skip=skip)
            if isinstance(step, Ask):
                skip.add(step.charge.intent.id)
                foreseen.append(Foreseen(step, is_certain))
                continue
            is_certain = is_certain and not skip
            planned = step or self._drive(account, turns.planned(standing, now, job, capabilities, self.tax))
            if not isinstance(planned, Draft):
                return (*foreseen, *(Foreseen(notice, is_certain) for notice in planned))
            foreseen.append(Foreseen(planned, is_certain))
            standing = planned.standing

    # the effects

    def _turn(self, known: Standing | None, job: Job, skip: Collection[str]) -> Generator[Effect, object, Turn]:
        capabilities = self.gateway.capabilities
        return turns.turn(known, now=self.clock(), job=job, capabilities=capabilities, skip=skip, tax=self.tax)

    def _drive(self, account: str, steps: Generator[Effect, object, _T]) -> _T:
        try:
            effect = next(steps)
            while True:
                try:
                    answer = self._performed(account, effect)
                except ChargeFailure as failure:
                    effect = steps.throw(failure)
                else:
                    effect = steps.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _performed(self, account: str, effect: Effect) -> object:
        if isinstance(effect, Load):
            return self._load(account, effect.after)
        if isinstance(effect, Append):
            return self._append(effect.draft)
        if isinstance(effect, Ask):
            return Reply(_asked_of(self.gateway, effect), self.clock())
        if isinstance(effect, ReadStorage):
            return self._readings(account, effect.until)
        return self._usage(account, effect.window)

    def _readings(self, account: str, until: datetime.datetime) -> object:
        try:
            return () if self.storage is None else tuple(self.storage.readings(account, until=until))
        except Exception as failed:  # noqa: BLE001 - whatever a meter fails with, nothing is billed on a guess
            problem = f"no bill is planned: storage is not known ({type(failed).__name__})"
            return Notice(account, "storage_unknown", problem)

    def _usage(self, account: str, window: Period) -> object:
        if self.usage is None:
            return Notice(account, "no_meter", "automatic recharge is on, but there is no meter of usage")
        try:
            return instance("usage", self.usage.usage(account, window), Usage)
        except Exception as failed:  # noqa: BLE001 - whatever a meter fails with, nothing is recharged on a guess
            problem = f"no recharge is planned: usage is not known ({type(failed).__name__})"
            return Notice(account, "usage_unknown", problem)

    def _due(self, before: datetime.datetime, after: str, page: int) -> Sequence[str]:
        return _guarded(lambda: self.store.open_accounts(due_before=before, after=after, limit=page))

    def _load(self, account: str, version: int) -> Stream:
        stream = _guarded(lambda: self.store.load(account, after=version))
        first = stream.events[0].fact if stream.events else None
        if isinstance(first, Opened) and first.account.id != account:
            raise CorruptStream("seq 1", f"opens another account, {shown(first.account.id)}")
        return stream

    def _append(self, draft: Draft) -> int:
        account, expected = draft.standing.account.id, 0 if draft.before is None else draft.before.version
        return _guarded(lambda: self.store.append(account, expected, draft.events, wake=wake(draft.standing)))

    def _decide(self, account: str, decided: Callable[[Standing], Draft], event: str = "") -> Standing:
        """Append a decision, made anew as often as others were faster; not one whose own event is there already."""
        standing = self.standing(account)
        while True:
            try:
                draft = decided(standing)
                self._append(draft)
            except VersionConflict as conflict:
                reread = self.standing(account)
                if self._holds(account, event):
                    return reread
                standing = turns.grown(standing, reread, conflict)
            except LicenseBillError:
                # what was recorded already may well be refused a second time, and a failed append may have been made
                if self._holds(account, event):
                    return self.standing(account)
                raise
            else:
                return draft.standing

    def _holds(self, account: str, event: str) -> bool:
        return bool(event) and any(one.id == event for one in self._load(account, 0).events)

    def _snapshot(self, account: str) -> Standing | None:
        if isinstance(self.store, SnapshotStore):
            with contextlib.suppress(Exception):  # without it the stream is read from its beginning
                return self.store.load_snapshot(account)
        return None

    def _keep(self, standing: Standing | None, version: int) -> None:
        if standing is None or standing.version < version + SNAPSHOT_EVERY:
            return
        if isinstance(self.store, SnapshotStore):
            with contextlib.suppress(Exception):  # what was done is done, kept or not
                self.store.save_snapshot(standing)


def _unknown(account: str) -> UnknownAccount:
    return UnknownAccount("account", f"there is no account {shown(account)} in this store")


def _no_longer_watched(standing: Standing, intent: str) -> tuple[Notice, ...]:
    if all(one.id != intent for one in standing.account.settled):
        return ()
    text = f"{intent} is paid and no longer watched; if the money was taken back since, a person has to see to it"
    return (Notice(standing.account.id, "not_watched", text),)


def account_of(intent: str) -> str:
    """The account in a charge's id.

    Source: BIL-4.

    Example:
        >>> account_of("acme/bill/12")
        'acme'
    """
    instance("intent", intent, str)
    return intent.rsplit("/", 2)[0]


def intent_of(reference: str) -> str:
    """The charge in the reference of one of its attempts, as a provider's web-hook names it.

    Source: BIL-4.

    Example:
        >>> intent_of("acme/bill/12/1")
        'acme/bill/12'
    """
    instance("reference", reference, str)
    return reference.rsplit("/", 1)[0]


def _charge(standing: Standing, intent: str) -> Charge:
    charge = standing.charge(intent)
    if charge is None:
        raise InvalidValue("intent", f"{shown(intent)} is no charge under way")
    return charge


def _guarded(call: Callable[[], _T]) -> _T:
    """A store's answer; whatever it fails with, what it was doing is not known."""
    try:
        return call()
    except LicenseBillError:
        raise
    except Exception as failed:
        raise StoreUnavailable(f"{type(failed).__name__}: {failed}") from failed


def _asked_of(gateway: TwoPhaseGateway, ask: Ask) -> str | Outcome | NotSent | RequestRejected | OutcomeUnknown:
    """A provider's answer; whatever else it fails with, what it has done is not known."""
    ref = ask.charge.ref or ""
    try:
        if ask.act is Act.PREPARE:
            return cardless_text("ref", gateway.prepare(ask.request))
        if ask.act is Act.CAPTURE:
            return outcome("answer", gateway.capture(ref, ask.request))
        return outcome("answer", gateway.retrieve(ref) if ask.act is Act.RETRIEVE else gateway.void(ref))
    except NotSent as refused:
        return NotSent(_said(refused))
    except RequestRejected as refused:
        return RequestRejected(_said(refused))
    except Exception as failed:  # noqa: BLE001 - whatever it is, it is no answer
        return OutcomeUnknown(_said(failed) if isinstance(failed, OutcomeUnknown) else type(failed).__name__)


def _said(refused: NotSent | RequestRejected | OutcomeUnknown) -> str:
    """A reason of others' making."""
    try:
        return kept_of(str(refused.reason))
    except Exception as failed:  # noqa: BLE001 - a reason that cannot be told
        return type(failed).__name__
