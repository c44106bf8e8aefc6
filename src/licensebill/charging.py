"""Charging: carrying out what the rules decide, exactly once, whatever fails and whenever.

`turn` is all there is to it: read the stream, decide the next step (`planning`), take it, write down what came of it.
It is a generator that asks for each effect (`Load`, `Append`, `Ask`, `ReadStorage`, `ReadUsage`) and is given the
answer, so that the same lines run against a real store and provider and under a test that lets anything fail anywhere.
`Charging` is the one place where a protocol is called. There is no second way for what was left over from a crash: the
next turn meets it in the stream.

Why no charge is made twice: a charge is in the stream, with its amount and sources, before the provider hears of it;
its reference follows from the stream alone; the provider's object is journaled before it is captured; what is not
certain stops everything else for that charge; and an append at a version that has passed is decided anew.
"""

import contextlib
import datetime
import enum
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from typing import ClassVar, TypeVar
from zlib import crc32

import attrs

from licensebill._checks import MAX_TEXT, cardless_text, holds_card_number, instance, whole
from licensebill.accounts import Account, Change
from licensebill.bills import TaxRule, no_tax
from licensebill.charges import Charge, CorruptStream, Standing, State, folded, moves, record, still_applies
from licensebill.cycles import Period
from licensebill.errors import ChargeFailure, InvalidValue, LicenseBillError, shown
from licensebill.events import Answered, CallOff, Decision, Halted, Opened, Prepared, Resolved, Stream, outcome
from licensebill.money import Money
from licensebill.outcomes import Outcome, Unknown
from licensebill.planning import (
    Act,
    Ask,
    Draft,
    Notice,
    asked_id,
    bill_draft,
    change_draft,
    draft_of,
    facts_of,
    is_bill_due,
    news,
    next_step,
    recharge_draft,
    recharge_window,
    wake,
)
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

_T = TypeVar("_T")

# --- effects ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Load:
    """Read the stream beyond a version."""

    after: int


@attrs.frozen
class Append:
    """Write the events of a draft."""

    draft: Draft


@attrs.frozen
class ReadStorage:
    """Read the storage meter."""

    until: datetime.datetime


@attrs.frozen
class ReadUsage:
    """Read the usage meter."""

    window: Period


#: What is learned from a provider.
Told = Prepared | Answered | Halted


@attrs.frozen
class Reply:
    """What a provider answered, and when: a decline counts from its own instant, however long it was under way.

    Args:
        answer: an object's id, an outcome, or why there is none.
        at: the instant it was known.
    """

    answer: str | Outcome | NotSent | RequestRejected | OutcomeUnknown
    at: datetime.datetime


#: What a turn asks for. The answers: a stream, a version, a reply, readings, usage.
Effect = Load | Append | Ask | ReadStorage | ReadUsage


class Job(enum.Enum):
    """What a run plans beside bringing to an end what is under way, which every run does."""

    SETTLE = "nothing new"
    BILLS = "monthly bills"
    RECHARGES = "automatic recharges"


@attrs.frozen(kw_only=True)
class Turn:
    """What one turn came to.

    Args:
        standing: after it; None for an account that was never opened.
        is_last: nothing more is to be done for the account now.
        skip: the id of a charge to leave alone for the rest of the run; empty for none.
        notices: what was not done, and why.
        appended: the number of events written.
    """

    standing: Standing | None
    is_last: bool = False
    skip: str = ""
    notices: tuple[Notice, ...] = ()
    appended: int = 0


def turn(
    known: Standing | None,
    *,
    now: datetime.datetime,
    job: Job,
    capabilities: Capabilities,
    skip: Collection[str] = (),
    tax: TaxRule = no_tax,
) -> Generator[Effect, object, Turn]:
    """One step of an account: read, decide, act, write down.

    Args:
        known: the standing at some earlier version; None to read the whole stream.
        now: the present instant.
        job: what is planned.
        capabilities: of the provider.
        skip: ids of charges to leave alone.
        tax: of bills.

    Returns:
        by `StopIteration`, what it came to; as long as it is not the last another turn follows.

    Raises:
        StoreUnavailable: passed on; the next turn reads first.
        CorruptStream: the stream cannot be folded; nothing is charged.

    Source: BIL-4, FUN-9.
    """
    standing = yield from _read(known)
    if standing is None:
        return Turn(standing=None, is_last=True)
    step = next_step(standing, now, capabilities, skip=skip)
    if isinstance(step, Ask):
        return (yield from _asked(standing, step))
    planned = step or (yield from _planned(standing, now, job, capabilities, tax))
    if isinstance(planned, Draft):
        return (yield from _decided(planned))
    return Turn(standing=standing, is_last=True, notices=planned)


def _read(known: Standing | None) -> Generator[Effect, object, Standing | None]:
    """What the stream adds up to now."""
    stream = yield Load(0 if known is None else known.version)
    assert isinstance(stream, Stream)  # noqa: S101 - narrows what the driver answers
    if known is not None and stream.version < known.version:
        raise StoreUnavailable(
            f"the stream is at {stream.version}, and {known.version} events of it are known: an old copy was read, or "
            "it was put back to an earlier time and snapshots were left"
        )
    return folded(stream.events, known) if stream.events else known


def _read_again(standing: Standing | None, conflict: VersionConflict) -> Generator[Effect, object, Standing]:
    """What the stream is after a conflict; it must have grown, or the store would be asked for ever."""
    reread = yield from _read(standing)
    return _grown(standing, reread, conflict)


def _grown(before: Standing | None, reread: Standing | None, conflict: VersionConflict) -> Standing:
    if reread is None or reread == before:
        raise StoreUnavailable(f"{conflict}, and yet it holds nothing more") from conflict
    return reread


def _planned(
    standing: Standing, now: datetime.datetime, job: Job, capabilities: Capabilities, tax: TaxRule
) -> Generator[Effect, object, Draft | tuple[Notice, ...]]:
    """What is to be planned, with what the meters say."""
    if job is Job.BILLS and is_bill_due(standing, now):
        readings = yield ReadStorage(now)
        if isinstance(readings, Notice):
            return (readings,)
        bill = bill_draft(standing, readings, now, capabilities, tax=tax)  # type: ignore[arg-type]
        return bill if isinstance(bill, Draft) else () if bill is None else (bill,)
    if job is Job.RECHARGES and (window := recharge_window(standing, now)) is not None:
        usage = yield ReadUsage(window)
        if isinstance(usage, Notice):
            return (usage,)
        return recharge_draft(standing, usage, now, capabilities)  # type: ignore[arg-type]
    return ()


def _decided(draft: Draft) -> Generator[Effect, object, Turn]:
    """Write a decision down; on a conflict it is made again, from what the stream is then."""
    try:
        yield Append(draft)
    except VersionConflict as conflict:
        return Turn(standing=(yield from _read_again(draft.before, conflict)))
    return Turn(standing=draft.standing, appended=len(draft.events), notices=news(draft))


def _asked(standing: Standing, ask: Ask, *, is_hint: bool = False) -> Generator[Effect, object, Turn]:
    """Ask the provider, and write down its answer; after a hint only if it moves the charge."""
    charge = ask.charge
    reply = yield ask
    assert isinstance(reply, Reply)  # noqa: S101 - narrows what the driver answers
    answer = reply.answer
    notices: tuple[Notice, ...] = ()
    if isinstance(answer, ChargeFailure):
        if _leaves_it(charge, ask.act, answer):
            text = f"{charge.intent.id} waits for the next run: {answer}"
            notice = _notice(standing, answer.code, text)
            return Turn(standing=standing, skip=charge.intent.id, notices=(notice,))
        if isinstance(answer, RequestRejected) and charge.state is not State.SUCCEEDED:
            return (yield from _told(standing, (_halted(charge.intent.id, charge.attempt, answer),), reply.at))
        if isinstance(answer, RequestRejected):
            notices = (
                _notice(standing, answer.code, f"{charge.intent.id} stays paid, and cannot be watched: {answer}"),
            )
        answer = Unknown()
    facts = facts_of(charge, answer)
    if is_hint and not moves(charge, facts):
        return Turn(standing=standing, notices=notices)
    made = yield from _told(standing, facts, reply.at)
    return attrs.evolve(made, notices=(*notices, *made.notices))


def _no_longer_watched(standing: Standing, intent: str) -> tuple[Notice, ...]:
    if all(one.id != intent for one in standing.account.settled):
        return ()
    text = f"{intent} is paid and no longer watched; if the money was taken back since, a person has to see to it"
    return (_notice(standing, "not_watched", text),)


def _leaves_it(charge: Charge, act: Act, refused: LicenseBillError) -> bool:
    """Whether a failure changes nothing about a charge, so that the same is asked again in the next run."""
    if isinstance(refused, NotSent):
        return True
    # no money moves while an object is prepared, and none comes back while nobody answers
    return isinstance(refused, OutcomeUnknown) and (act is Act.PREPARE or charge.state is State.SUCCEEDED)


def _halted(intent: str, attempt: int, problem: LicenseBillError) -> Halted:
    return Halted(intent=intent, attempt=attempt, reason=_printable(str(problem)))


def _printable(said: str) -> str:
    """What others say, as far as it may be kept and shown."""
    kept = "".join(one if one.isprintable() else " " for one in said)[:MAX_TEXT].strip()
    return "what was said of it may hold a card number" if holds_card_number(kept) else kept


def _notice(standing: Standing, code: str, text: str) -> Notice:
    return Notice(standing.account.id, code, text)


def _told(standing: Standing, facts: tuple[Told, ...], now: datetime.datetime) -> Generator[Effect, object, Turn]:
    """Write facts down, also if others have written meanwhile, as long as they are still news."""
    version = standing.version
    while True:
        try:
            draft = _draft_of_facts(standing, facts, now)
        except LicenseBillError as refused:
            charge = standing.charge(facts[0].intent)
            if charge is None or charge.state is not State.SUCCEEDED:
                raise
            text = f"what the provider says of {facts[0].intent} cannot be recorded: {refused}"
            return Turn(standing=standing, skip=facts[0].intent, notices=(_notice(standing, "not_recorded", text),))
        if not draft.events:
            return Turn(standing=standing, skip=facts[0].intent if standing.version == version else "")
        try:
            yield Append(draft)
        except VersionConflict as conflict:
            standing = yield from _read_again(standing, conflict)
        else:
            return Turn(standing=draft.standing, appended=len(draft.events), notices=news(draft))


def _draft_of_facts(standing: Standing, facts: Iterable[Told], now: datetime.datetime) -> Draft:
    draft = Draft(standing, (), standing)
    for fact in facts:
        if still_applies(draft.standing, fact):
            try:
                draft = draft.then(fact, at=now)
            except LicenseBillError as refused:
                halted = _halted(fact.intent, fact.attempt, refused)
                if not still_applies(draft.standing, halted):  # a payment stays paid, whatever is wrong about it
                    raise
                return draft.then(halted, at=now)
    return draft


# --- the executor -------------------------------------------------------------------------------------------------

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
        standing = self._drive(account, _read(self._snapshot(account)))
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
            made = self._drive(account, _asked(standing, Ask(Act.RETRIEVE, charge), is_hint=True))
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
        standing, skip, foreseen, is_certain = self.standing(account), set[str](), list[Foreseen](), True
        now, capabilities = self.clock(), self.gateway.capabilities
        while True:
            step = next_step(standing, now, capabilities, skip=skip)
            if isinstance(step, Ask):
                skip.add(step.charge.intent.id)
                foreseen.append(Foreseen(step, is_certain))
                continue
            is_certain = is_certain and not skip
            planned = step or self._drive(account, _planned(standing, now, job, capabilities, self.tax))
            if not isinstance(planned, Draft):
                return (*foreseen, *(Foreseen(notice, is_certain) for notice in planned))
            foreseen.append(Foreseen(planned, is_certain))
            standing = planned.standing

    # the effects

    def _turn(self, known: Standing | None, job: Job, skip: Collection[str]) -> Generator[Effect, object, Turn]:
        return turn(known, now=self.clock(), job=job, capabilities=self.gateway.capabilities, skip=skip, tax=self.tax)

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
                standing = _grown(standing, reread, conflict)
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
    return UnknownAccount("account", f"{shown(account)} has no stream in this store")


def account_of(intent: str) -> str:
    """The account in a charge's id.

    Source: BIL-4.

    Example:
        >>> account_of("acme/bill/12")
        'acme'
    """
    return intent.rsplit("/", 2)[0]


def intent_of(reference: str) -> str:
    """The charge in the reference of one of its attempts, as a provider's web-hook names it.

    Source: BIL-4.

    Example:
        >>> intent_of("acme/bill/12/1")
        'acme/bill/12'
    """
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
        return _printable(str(refused.reason))
    except Exception as failed:  # noqa: BLE001 - a reason that cannot be told
        return type(failed).__name__
