"""Planning: what is to be done next for an account, decided from where it stands and never carried out here.

Three questions, each answered by a pure function of the standing, the present instant and what was measured.
`next_step`: what does the oldest charge that is not settled need now? `bill_draft`: is a bill to be charged?
`recharge_draft`: is an automatic recharge? A `Draft` is the events that say so and the standing that they lead to.
Nothing is decided twice: the same standing gives the same draft, and with its events appended there is none.

Carrying it out belongs to `charging`.
"""

import datetime
import enum
from collections.abc import Collection, Iterable
from typing import ClassVar

import attrs

from licensebill import funding
from licensebill._checks import each_of, function, instance, instant
from licensebill.accounts import Account, Change, advance, funding_of, has_ended, is_recharge_under_way, tariff_on
from licensebill.bills import Tax, TaxRule, monthly_bill, no_tax, planned
from licensebill.changes import CarryOver, OpenRecharge, bill_follows
from licensebill.charges import PREPAID, TRANSITIONS, Charge, DeclineOf, Standing, State, newly_opened, record, signal
from licensebill.cycles import Period, first_instant
from licensebill.errors import ChargeFailure, InvalidValue, LicenseBillError
from licensebill.events import Answered, Changed, Event, Fact, Halted, Planned, Prepared, Target, checked_fact
from licensebill.funding import Attempts, Decline, Outcome, SourceKind
from licensebill.ledger import Intent, Line
from licensebill.minutes import RechargeDecision, last_run, next_run, recharge_decision, recharge_quote, usage_window
from licensebill.money import total
from licensebill.outcomes import Returned, Succeeded, Unknown, Voided
from licensebill.protocols import Capabilities, Request, Usage
from licensebill.readings import Reading

_DAY = datetime.timedelta(days=1)

# --- drafts -------------------------------------------------------------------------------------------------------


@attrs.frozen
class Draft:
    """Events to be appended together, and the standing with them.

    Args:
        before: the standing they follow on; None for the first of a stream.
        events: in order.
        standing: after them.
    """

    before: Standing | None
    events: tuple[Event, ...]
    standing: Standing

    def then(self, *facts: Fact, at: datetime.datetime) -> "Draft":
        """The draft with further facts."""
        draft = self
        for fact in facts:
            checked_fact("facts", fact)
            event, standing = record(draft.standing, fact, at=at, id=_event_id(fact, draft.standing.version + 1))
            draft = Draft(draft.before, (*draft.events, event), standing)
        return draft


def draft_of(standing: Standing, *facts: Fact, at: datetime.datetime) -> Draft:
    """The events of some facts, in order.

    Raises:
        LicenseBillError: a fact that cannot follow on the standing.

    Source: BIL-4.
    """
    return Draft(standing, (), instance("standing", standing, Standing)).then(*facts, at=at)


def asked_id(event: str) -> str:
    """The id of the event of a change that somebody gave an id of their own, apart from all other ids.

    Source: BIL-4.
    """
    instance("event", event, str)
    return f"{event}/asked"


def _event_id(fact: Fact, seq: int) -> str:
    if isinstance(fact, Changed):
        return f"change/{seq}"
    return f"{fact.intent}/{signal(fact).name.lower()}/{seq}"  # type: ignore[union-attr]


def change_draft(
    standing: Standing, change: Change, *, at: datetime.datetime, capabilities: Capabilities, event: str = ""
) -> Draft:
    """The events of a change of the account, and of the charge that it opens.

    With the charge its sources are fixed: as the change put them in order, but for those that the limits of declines
    leave out. One that is smaller than the provider charges is carried over to the next bill; where none follows, it
    stays owed, and no source is tried.

    Args:
        standing: before the change.
        change: asked for by a person, or planned.
        at: the present instant.
        capabilities: of the provider.
        event: an id of yours for the change, so that it is recorded once however often it is sent; empty for none.

    Raises:
        InvalidValue: the change is of a day that has not come yet; a day's difference of clocks is forgiven.
        RuleViolation: whatever refuses the change.

    Source: BIL-1, FUN-4, MIN-12.
    """
    instance("standing", standing, Standing)
    instance("change", change, Change)  # type: ignore[type-abstract]
    instance("capabilities", capabilities, Capabilities)
    instance("event", event, str)
    if change.on > standing.local_day(at) + _DAY:
        raise InvalidValue("on", f"must not be after {standing.local_day(at)}, the account's day, but is {change.on}")
    changed = Changed(change)
    given = asked_id(event) if event else _event_id(changed, standing.version + 1)
    told, grown = record(standing, changed, at=at, id=given)
    draft = Draft(standing, (told,), grown)
    intent = newly_opened(grown.charges, grown.account)
    if intent is None:
        return draft
    if not _is_too_small(intent, capabilities):
        return draft.then(Planned(intent=intent.id, targets=targets(grown, intent, at)), at=at)
    if bill_follows(grown.account):
        return draft.then(Changed(CarryOver(on=grown.local_day(at), intent=intent.id)), at=at)
    return draft.then(Planned(intent=intent.id, targets=()), at=at)  # owed all the same


def _is_too_small(intent: Intent, capabilities: Capabilities) -> bool:
    is_small = intent.amount < capabilities.smallest_charge(intent.amount.currency)
    return is_small and intent.purpose not in PREPAID


def targets(standing: Standing, intent: Intent, at: datetime.datetime) -> tuple[Target, ...]:
    """The sources that a charge tries now, in order: those its own order names, or the usual ones.

    Args:
        standing: of the account.
        intent: the charge.
        at: the instant of the first try.

    Returns:
        none where none may be tried.

    Source: FUN-4, MIN-12.
    """
    instance("intent", intent, Intent)
    allowed = attempts(standing, intent, at).order
    if not intent.sources:
        return tuple(map(Target.of, allowed))
    by_id = {source.id: source for source in allowed}
    return tuple(Target.of(by_id[one]) for one in intent.sources if one in by_id)


def attempts(standing: Standing, intent: Intent, at: datetime.datetime) -> Attempts:
    """The usual order of sources for a charge now, and those left out, each with its reason.

    Args:
        standing: of the account, with the declines that a limit counts.
        intent: the charge.
        at: the instant of the first try.

    Source: FUN-4, MIN-12.
    """
    instance("standing", standing, Standing)
    instance("intent", intent, Intent)
    account = standing.account
    held = funding_of(account)
    return funding.attempts(
        held,
        purpose=intent.purpose,
        on=standing.local_day(at),
        declines=[Decline(one.source, one.at) for one in standing.declines if _is_of(one, held)],
        at=at,
        limits=tariff_on(account, standing.local_day(at)).value.limits,
    )


def _is_of(decline: DeclineOf, held: funding.Funding) -> bool:
    """Whether a decline was of what the source is now: a source replaced since starts anew."""
    return any(source.id == decline.source and source.token == decline.token for source in held.sources)


# --- charges under way --------------------------------------------------------------------------------------------


class Act(enum.Enum):
    """What a provider is asked to do."""

    PREPARE = "prepare"
    CAPTURE = "capture"
    RETRIEVE = "retrieve"
    VOID = "void"


@attrs.frozen
class Ask:
    """The next step of a charge is to ask the provider something.

    Args:
        act: what.
        charge: about which charge, as it stands.
    """

    act: Act
    charge: Charge

    @property
    def request(self) -> Request:
        """What it is asked to charge: the same whenever and by whomever it is asked."""
        intent = self.charge.intent
        return Request(
            reference=self.charge.reference,
            account=intent.account,
            purpose=intent.purpose,
            on=intent.on,
            amount=intent.amount,
            target=self.charge.target,
        )


def next_step(
    standing: Standing, now: datetime.datetime, capabilities: Capabilities, *, skip: Collection[str] = ()
) -> Ask | Draft | None:
    """What is to be done next for the charges of an account: the oldest that needs something now comes first.

    Args:
        standing: of the account.
        now: the present instant.
        capabilities: of the provider.
        skip: ids of charges that are left alone this time.

    Returns:
        a question to the provider, or events that follow by themselves; None if nothing is to be done now.

    Source: FUN-9.
    """
    instance("standing", standing, Standing)
    instant("now", now)
    instance("capabilities", capabilities, Capabilities)
    left_alone = tuple(each_of("skip", skip, str))
    for charge in standing.charges:
        if charge.intent.id not in left_alone:
            step = _step(standing, charge, now, capabilities)
            if step is not None:
                return step
    return None


def _step(standing: Standing, charge: Charge, now: datetime.datetime, capabilities: Capabilities) -> Ask | Draft | None:
    if charge.state is State.PLANNED:
        return Ask(Act.PREPARE, charge)
    if charge.state is State.PREPARED:
        return Ask(Act.VOID if _is_to_be_voided(charge, now, capabilities) else Act.CAPTURE, charge)
    if charge.state is State.FAILED:
        is_small = _is_too_small(charge.intent, capabilities)
        again = () if is_small else targets(standing, charge.intent, max(now, standing.at))
        return draft_of(standing, Planned(intent=charge.intent.id, targets=again), at=now) if again else None
    if charge.state in _LOOKED_AT:
        return _look(standing, charge, now)
    return None


_LOOKED_AT = frozenset({State.UNKNOWN, State.PENDING, State.DECLINED, State.SUCCEEDED})


def _is_to_be_voided(charge: Charge, now: datetime.datetime, capabilities: Capabilities) -> bool:
    """Not captured (again): it was called off, or the key would not be recognized for long enough any more."""
    window = capabilities.key_window
    if charge.is_called_off or window is None or charge.prepared is None:
        return charge.is_called_off
    return now >= charge.prepared + window - capabilities.in_flight


def _look(standing: Standing, charge: Charge, now: datetime.datetime) -> Ask | Draft | None:
    voids = charge.state is State.DECLINED or (charge.state is State.UNKNOWN and charge.is_called_off)
    if charge.state is State.DECLINED and charge.looked is None:
        return Ask(Act.VOID, charge)  # at once: until it is voided, a late copy of the request may capture
    due = charge.next_look
    if due is None:
        reason = f"the provider has not said for certain what became of {charge.reference}"
        return draft_of(standing, Halted(intent=charge.intent.id, attempt=charge.attempt, reason=reason), at=now)
    return Ask(Act.VOID if voids else Act.RETRIEVE, charge) if due <= now else None


def facts_of(charge: Charge, answer: str | Outcome) -> tuple[Prepared | Answered | Halted, ...]:
    """What an answer of the provider means for a charge, as facts to be recorded.

    An answer that the charge's state has no use for tells nothing: facts never move backwards. A debit that is found
    paid and taken back was paid first; of a card, whose payments nobody takes back as a matter of course, a person has
    to decide.

    Args:
        charge: as it stood when the provider was asked.
        answer: the id of a prepared object, or an outcome.

    Source: FUN-9.
    """
    instance("charge", charge, Charge)
    of = {"intent": charge.intent.id, "attempt": charge.attempt}
    if isinstance(answer, str):
        return (Prepared(**of, ref=answer),)  # type: ignore[arg-type]
    told = Answered(**of, outcome=answer)  # type: ignore[arg-type]
    if isinstance(answer, Returned) and charge.state is not State.SUCCEEDED:
        if charge.target.kind is SourceKind.CARD:
            reason = f"the provider says it was paid by card and taken back ({answer.code})"
            return (Halted(**of, reason=reason),)  # type: ignore[arg-type]
        return (attrs.evolve(told, outcome=Succeeded()), told)
    known = TRANSITIONS[charge.state]
    return (told if signal(told) in known else attrs.evolve(told, outcome=Unknown()),)


# --- bills --------------------------------------------------------------------------------------------------------


@attrs.frozen
class Notice:
    """Something that was not done, and why: for the operator, and for the customer where a rule says so.

    Args:
        account: whose.
        code: for programs.
        text: for people.
    """

    account: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.account}: {self.text}"


def news(draft: Draft) -> tuple[Notice, ...]:
    """What people should hear of events that were written: a payment refused, taken back, or of another amount.

    Source: FUN-9.
    """
    instance("draft", draft, Draft)
    return tuple(notice for event in draft.events if (notice := _news_of(draft, event.fact)) is not None)


def _news_of(draft: Draft, fact: Fact) -> Notice | None:
    if not isinstance(fact, Planned | Answered):
        return None
    account, intent = draft.standing.account.id, fact.intent
    charge = None if draft.before is None else draft.before.charge(intent)
    left = draft.standing.charge(intent)
    has_failed = left is None or left.state is State.FAILED
    if isinstance(fact, Planned) or isinstance(fact.outcome, Voided):
        is_over = has_failed and not (charge and charge.is_called_off)
        why = f" ({charge.declined.code})" if charge is not None and charge.declined is not None else ""
        text = f"no source paid for {intent}{why}; {'nothing' if left is None else left.intent.amount} is owed for it"
        return Notice(account, "charge_failed", text) if is_over else None
    if isinstance(fact.outcome, Returned):
        text = f"the bank has taken back what was paid for {intent} ({fact.outcome.code})"
        waiting = () if draft.before is None else draft.before.account.waiting
        if len(draft.standing.account.waiting) > len(waiting):
            text += "; what was credited of it is owed again"
            text += "" if bill_follows(draft.standing.account) else ", and no bill follows that could charge it"
        return Notice(account, "returned", text)
    captured = fact.outcome.captured if isinstance(fact.outcome, Succeeded) else None
    if charge is None or captured in {None, charge.intent.amount} or charge.state is State.SUCCEEDED:
        return None
    then = "the next bill settles the difference"
    if charge.intent.purpose in PREPAID:
        then = "as many minutes are there"
    elif not bill_follows(draft.standing.account):
        then = "no bill follows that could settle the difference, which somebody has to see to"
    text = f"{captured} was captured for {intent}, and not {charge.intent.amount}; {then}"
    return Notice(account, "captured_otherwise", text)


def is_bill_due(standing: Standing, now: datetime.datetime) -> bool:
    """Whether a cycle has begun that is not billed yet.

    Source: CYC-1.
    """
    instance("standing", standing, Standing)
    instant("now", now)
    return now >= standing.at and bool(_account_at(standing, now).unbilled)


def _account_at(standing: Standing, now: datetime.datetime) -> Account:
    """The account as far as boundaries of cycles have been passed; its day may be an earlier one of its cycle."""
    on = standing.local_day(now)
    return standing.account if on in standing.account.cycle else advance(standing.account, on)


def bill_draft(
    standing: Standing,
    readings: Iterable[Reading],
    now: datetime.datetime,
    capabilities: Capabilities,
    *,
    tax: TaxRule = no_tax,
) -> Draft | Notice | None:
    """The bill of the oldest cycle that is not billed yet, as events.

    Args:
        standing: of the account.
        readings: of its storage; without one that counts there is no bill, and never one without a fee.
        now: the present instant; one before the latest event plans nothing.
        capabilities: of the provider.
        tax: a pure function of the lines.

    Returns:
        events; a notice where the bill cannot be made yet; None where none is due.

    Source: BIL-1, CYC-1, STO-4.
    """
    instance("standing", standing, Standing)
    instance("capabilities", capabilities, Capabilities)
    measured = tuple(each_of("readings", readings, Reading))
    function("tax", tax)
    if not is_bill_due(standing, now):
        return None
    account = advance(standing.account, standing.local_day(now))
    try:
        bill = monthly_bill(account, account.unbilled[0].cycle.start, readings=measured, tax=_guarded(tax))
        return change_draft(standing, planned(bill, account.today), at=now, capabilities=capabilities)
    except LicenseBillError as refused:
        return Notice(account.id, refused.code, f"the bill of {account.unbilled[0].cycle} waits: {refused}")


@attrs.frozen
class TaxUnknown(ChargeFailure):
    """The function that computes taxes failed: nothing is billed without its tax."""

    code: ClassVar[str] = "tax_unknown"

    reason: str

    def __str__(self) -> str:
        return f"its tax is not known ({self.reason})"


def _guarded(tax: TaxRule) -> TaxRule:
    def told(lines: tuple[Line, ...]) -> tuple[Tax, ...]:
        try:
            return tuple(tax(lines))
        except LicenseBillError:
            raise
        except Exception as failed:
            raise TaxUnknown(type(failed).__name__) from failed

    return told


# --- recharges ----------------------------------------------------------------------------------------------------


def recharge_window(standing: Standing, now: datetime.datetime) -> Period | None:
    """The days whose usage decides about a recharge now; None where none is planned, whatever was used.

    At one run of the schedule at most one recharge is planned, however often a scheduler fires.

    Args:
        standing: of the account.
        now: the present instant; one before the latest event plans nothing.

    Source: MIN-5, MIN-7.
    """
    instance("standing", standing, Standing)
    instant("now", now)
    account, on = standing.account, standing.local_day(now)
    if now < standing.at or not account.automatic.is_on or has_ended(account, on):
        return None
    tariff = tariff_on(account, on).value  # of the day itself: it may be another than at the latest event
    if is_recharge_under_way(account) or any(one.at >= last_run(now, tariff.limits) for one in standing.recharges):
        return None
    return usage_window(tariff.recharge, on)


def recharge_decided(
    standing: Standing, usage: Usage, now: datetime.datetime, capabilities: Capabilities
) -> RechargeDecision:
    """What the rules say about an automatic recharge now.

    The balance is the account's own, to which only payments are added, less all that was ever drawn.

    Args:
        standing: of the account.
        usage: of `recharge_window`.
        now: the present instant.
        capabilities: of the provider, whose smallest charge is the least that is recharged.

    Source: MIN-4, MIN-7, MIN-12.
    """
    instance("standing", standing, Standing)
    instance("usage", usage, Usage)
    instant("now", now)
    instance("capabilities", capabilities, Capabilities)
    account, on = _account_at(standing, now), standing.local_day(now)
    tariff = tariff_on(account, on).value
    lately = [one for one in standing.recharges if (one.on.year, one.on.month) == (on.year, on.month)]
    standing_ones = (one.amount for one in lately if not one.has_failed)
    return recharge_decision(
        recharge_quote(
            usage.history, at=on, balance=account.balance - usage.drawn, policy=tariff.recharge, began=account.began
        ),
        automatic=account.automatic,
        under_way=is_recharge_under_way(account),
        recharged_this_month=total(standing_ones, account.currency),
        recharges_today=sum(one.on == on and not one.has_failed for one in lately),
        watermark_is_current=usage.watermark >= first_instant(on, account.tz),
        limits=tariff.limits,
        smallest_charge=capabilities.smallest_charge(account.currency),
    )


def recharge_draft(
    standing: Standing, usage: Usage, now: datetime.datetime, capabilities: Capabilities
) -> Draft | tuple[Notice, ...]:
    """The automatic recharge that is due now, as events.

    Args:
        standing: of the account.
        usage: of `recharge_window`.
        now: the present instant.
        capabilities: of the provider.

    Returns:
        events; where no recharge is made, what has to be said about it, which mostly is nothing.

    Source: MIN-4, MIN-7, MIN-12.
    """
    instance("standing", standing, Standing)
    instance("usage", usage, Usage)
    instant("now", now)
    instance("capabilities", capabilities, Capabilities)
    if recharge_window(standing, now) is None:
        return ()
    account = standing.account
    decision = recharge_decided(standing, usage, now, capabilities)
    if decision.charge is None:
        return tuple(Notice(account.id, one.name.lower(), decision.reason) for one in decision.notices)
    change = OpenRecharge(on=standing.local_day(now), amount=decision.charge)
    try:
        draft = change_draft(standing, change, at=now, capabilities=capabilities)
    except LicenseBillError as refused:
        return (Notice(account.id, refused.code, f"a recharge of {decision.charge} is not made: {refused}"),)
    if not _plans_targets(draft):
        why = "no funding source is valid and may be tried now (FUN-2, MIN-12)"
        text = f"a recharge of {decision.charge} is due, but {why}"
        return (Notice(account.id, "no_source", text),)
    return draft


def _plans_targets(draft: Draft) -> bool:
    return any(isinstance(event.fact, Planned) and event.fact.targets for event in draft.events)


# --- when next ----------------------------------------------------------------------------------------------------


def wake(standing: Standing) -> datetime.datetime | None:
    """The next instant from which something may be due for an account, kept with its stream.

    Never later than the truth: an account may be looked at in vain, but none is forgotten.

    Source: CYC-1, MIN-7.
    """
    instance("standing", standing, Standing)
    account = standing.account
    instants = [instant for charge in standing.charges if (instant := _charge_wake(standing, charge)) is not None]
    has_gone = has_ended(account, account.today)
    if account.unbilled:
        instants.append(standing.at)
    if not has_gone or account.spending or account.unbilled:
        instants.append(first_instant(account.cycle.end, account.tz))
    if account.automatic.is_on and not has_gone:
        # the run that has begun may come to this account only after what has just been written
        is_over = recharge_window(standing, standing.at) is None
        instants.append(next_run(standing.at, account.tariff.limits) if is_over else standing.at)
    return min(instants, default=None)


def _charge_wake(standing: Standing, charge: Charge) -> datetime.datetime | None:
    if charge.state is State.NEEDS_REVIEW:
        return None
    if charge.state is State.FAILED:
        now = attempts(standing, charge.intent, standing.at)
        return standing.at if now.order else now.next_possible
    if charge.state in _LOOKED_AT and not (charge.state is State.DECLINED and charge.looked is None):
        return charge.next_look or standing.at
    return standing.at
