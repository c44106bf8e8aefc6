"""Turns: one step of an account, which asks for every effect it needs and is given the answer.

`turn` is all there is to charging: read the stream, decide the next step (`planning`), take it, write down what came of
it. It is a generator that asks for each effect (`Load`, `Append`, `Ask`, `ReadStorage`, `ReadUsage`), so that the same
lines run against a real store and provider and under a test that lets anything fail anywhere. There is no second way
for what was left over from a crash: the next turn meets it in the stream.

Why no charge is made twice: a charge is in the stream, with its amount and sources, before the provider hears of it;
its reference follows from the stream alone; the provider's object is journaled before it is captured; what is not
certain stops everything else for that charge; and an append at a version that has passed is decided anew.

Calling a store, a provider or a meter belongs to `charging`.
"""

import datetime
import enum
from collections.abc import Collection, Generator, Iterable

import attrs

from licensebill._checks import each_of, function, instance, instant, kept_of
from licensebill.bills import TaxRule, no_tax
from licensebill.charges import Charge, Standing, State, folded, moves, still_applies
from licensebill.cycles import Period
from licensebill.errors import ChargeFailure, LicenseBillError
from licensebill.events import Answered, Halted, Prepared, Stream
from licensebill.outcomes import Outcome, Unknown
from licensebill.planning import (
    Act,
    Ask,
    Draft,
    Notice,
    bill_draft,
    facts_of,
    is_bill_due,
    news,
    next_step,
    recharge_draft,
    recharge_window,
)
from licensebill.protocols import (
    Capabilities,
    NotSent,
    OutcomeUnknown,
    RequestRejected,
    StoreUnavailable,
    VersionConflict,
)

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
    _check(now, job, capabilities, tax)
    left_alone = tuple(each_of("skip", skip, str))
    standing = yield from read(known)
    if standing is None:
        return Turn(standing=None, is_last=True)
    step = next_step(standing, now, capabilities, skip=left_alone)
    if isinstance(step, Ask):
        return (yield from asked(standing, step))
    found = step or (yield from planned(standing, now, job, capabilities, tax))
    if isinstance(found, Draft):
        return (yield from _decided(found))
    return Turn(standing=standing, is_last=True, notices=found)


def _check(now: datetime.datetime, job: Job, capabilities: Capabilities, tax: TaxRule) -> None:
    instant("now", now)
    instance("job", job, Job)
    instance("capabilities", capabilities, Capabilities)
    function("tax", tax)


def read(known: Standing | None) -> Generator[Effect, object, Standing | None]:
    """What the stream adds up to now.

    Args:
        known: the standing at some earlier version; None to read the whole stream.

    Returns:
        by `StopIteration`; None for an account that was never opened.

    Raises:
        StoreUnavailable: it cannot be read, or is older than what is known.
        CorruptStream: it cannot be folded.

    Source: BIL-4.
    """
    stream = yield Load(0 if known is None else instance("known", known, Standing).version)
    assert isinstance(stream, Stream)  # noqa: S101 - narrows what the driver answers
    if known is not None and stream.version < known.version:
        raise StoreUnavailable(
            f"the stream is at {stream.version}, and {known.version} events of it are known: an old copy was read, or "
            "it was put back to an earlier time and snapshots were left"
        )
    return folded(stream.events, known) if stream.events else known


def _read_again(standing: Standing | None, conflict: VersionConflict) -> Generator[Effect, object, Standing]:
    """What the stream is after a conflict."""
    reread = yield from read(standing)
    return grown(standing, reread, conflict)


def grown(before: Standing | None, reread: Standing | None, conflict: VersionConflict) -> Standing:
    """What was read again after a conflict, which must be more than before.

    Args:
        before: what was known when the append was refused.
        reread: what the stream adds up to after it.
        conflict: the refusal.

    Raises:
        StoreUnavailable: it is not: the store would be asked for ever.

    Source: BIL-4.
    """
    for place, standing in (("before", before), ("reread", reread)):
        if standing is not None:
            instance(place, standing, Standing)
    instance("conflict", conflict, VersionConflict)
    if reread is None or reread == before:
        raise StoreUnavailable(f"{conflict}, and yet it holds nothing more") from conflict
    return reread


def planned(
    standing: Standing, now: datetime.datetime, job: Job, capabilities: Capabilities, tax: TaxRule
) -> Generator[Effect, object, Draft | tuple[Notice, ...]]:
    """What is to be planned, with what the meters say.

    Args:
        standing: of an account of which nothing under way needs anything now.
        now: the present instant.
        job: what is planned.
        capabilities: of the provider.
        tax: of bills.

    Returns:
        by `StopIteration`, events; or what is not done, and why.

    Source: BIL-1, MIN-7.
    """
    _check(now, job, capabilities, tax)
    instance("standing", standing, Standing)
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


def asked(standing: Standing, ask: Ask, *, is_hint: bool = False) -> Generator[Effect, object, Turn]:
    """Ask the provider, and write down its answer.

    Args:
        standing: of the account.
        ask: the question.
        is_hint: whether it was asked out of turn; then only an answer that moves the charge is written down.

    Returns:
        by `StopIteration`, what it came to.

    Source: FUN-9.
    """
    instance("standing", standing, Standing)
    charge = instance("ask", ask, Ask).charge
    instance("is_hint", is_hint, bool)
    reply = yield ask
    assert isinstance(reply, Reply)  # noqa: S101 - narrows what the driver answers
    answer = reply.answer
    notices: tuple[Notice, ...] = ()
    if isinstance(answer, ChargeFailure):
        if _leaves_it(charge, ask.act, answer):
            waits = _notice(standing, answer.code, f"{charge.intent.id} waits for the next run: {answer}")
            return Turn(standing=standing, skip=charge.intent.id, notices=(waits,))
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


def _leaves_it(charge: Charge, act: Act, refused: LicenseBillError) -> bool:
    """Whether a failure changes nothing about a charge, so that the same is asked again in the next run."""
    if isinstance(refused, NotSent):
        return True
    # no money moves while an object is prepared, and none comes back while nobody answers
    return isinstance(refused, OutcomeUnknown) and (act is Act.PREPARE or charge.state is State.SUCCEEDED)


def _halted(intent: str, attempt: int, problem: LicenseBillError) -> Halted:
    return Halted(intent=intent, attempt=attempt, reason=kept_of(str(problem)))


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
