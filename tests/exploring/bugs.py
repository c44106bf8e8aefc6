"""Faults of a charging protocol, each planted into the real one: what a reader of the protocol might leave out.

Every one has a name and puts its fault in place for the length of a `with`. The explorer and the simulation have to
catch each of them; one that neither could catch would be no fault.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import attrs

from licensebill import accounts, changes, charges, keyed, planning, turns
from licensebill.charges import Charge, Standing, State
from licensebill.errors import ChargeFailure
from licensebill.events import Answered, Prepared
from licensebill.outcomes import Declined, DeclineKind, NotCaptured, Pending, Returned, Succeeded, Unknown, Voided
from licensebill.planning import Act, Ask, Draft
from licensebill.protocols import NotSent, VersionConflict
from licensebill.turns import Append, Effect, Reply, Turn

Plant = Callable[[], Any]
BUGS: dict[str, Plant] = {}


def _bug(plant: Callable[[], Iterator[None]]) -> None:
    BUGS[plant.__name__] = contextmanager(plant)


def _replaced(place: object, name: str, by: object) -> Any:
    return mock.patch.object(place, name, by)


def _answer(ask: Ask) -> Generator[Effect, object, Any]:
    reply = yield ask
    assert isinstance(reply, Reply)
    return Unknown() if isinstance(reply.answer, ChargeFailure) else reply.answer


def _rest(steps: Generator[Effect, object, Turn], answer: object) -> Generator[Effect, object, Turn]:
    """What is left of a generator, once its first effect is answered."""
    try:
        effect = steps.send(answer)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    while True:
        try:
            answer = yield effect
        except ChargeFailure as failed:
            resume: Callable[[], Effect] = partial(steps.throw, failed)
        else:
            resume = partial(steps.send, answer)
        try:
            effect = resume()
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


# --- what is written before and after ---------------------------------------------------------------------------------


@_bug
def no_journal() -> Iterator[None]:
    """The provider's object is captured before its id is written down."""
    real = turns.asked

    def asked(standing: Standing, ask: Ask, **more: Any) -> Generator[Effect, object, Turn]:
        if ask.act is not Act.PREPARE:
            return (yield from real(standing, ask, **more))
        ref = yield from _answer(ask)
        if not isinstance(ref, str):
            return Turn(standing=standing, skip=ask.charge.intent.id)
        charge = attrs.evolve(ask.charge, ref=ref, state=State.PREPARED, prepared=standing.at)
        answer = yield from _answer(Ask(Act.CAPTURE, charge))
        prepared = Prepared(intent=charge.intent.id, attempt=charge.attempt, ref=ref)
        facts = (prepared, *planning.facts_of(charge, answer))
        return (yield from turns._told(standing, facts, standing.at))

    with _replaced(turns, "asked", asked):
        yield


@_bug
def settled_before_it_is_captured() -> Iterator[None]:
    """The payment is written down first, in the hope that it will be made."""
    real = turns.asked

    def asked(standing: Standing, ask: Ask, **more: Any) -> Generator[Effect, object, Turn]:
        if ask.act is not Act.CAPTURE:
            return (yield from real(standing, ask, **more))
        paid = Answered(intent=ask.charge.intent.id, attempt=ask.charge.attempt, outcome=Succeeded())
        done = yield from turns._told(standing, (paid,), standing.at)
        yield ask
        return done

    with _replaced(turns, "asked", asked):
        yield


@_bug
def outcome_without_its_postings() -> Iterator[None]:
    """The outcome is one append, and its postings would have been another."""
    real = charges.postings

    def postings(standing: Standing, account: Any, fact: Any) -> Any:
        return () if isinstance(fact, Answered) else real(standing, account, fact)

    with _replaced(charges, "postings", postings):
        yield


@_bug
def decision_kept_on_a_conflict() -> Iterator[None]:
    """Others have written: the same decision is appended after theirs."""
    real = turns._decided

    def decided(draft: Draft) -> Generator[Effect, object, Turn]:
        try:
            yield Append(draft)
        except VersionConflict:
            standing = yield from turns.read(draft.before)
            assert standing is not None
            again = planning.draft_of(standing, *(event.fact for event in draft.events), at=draft.standing.at)
            return (yield from real(again))
        return Turn(standing=draft.standing, appended=len(draft.events))

    with _replaced(turns, "_decided", decided):
        yield


@_bug
def fact_told_twice() -> Iterator[None]:
    """After a conflict a fact is appended whether or not another worker told it."""

    def draft_of_facts(standing: Standing, facts: Any, now: Any) -> Draft:
        return planning.draft_of(standing, *facts, at=now)

    with _replaced(turns, "_draft_of_facts", draft_of_facts):
        yield


@_bug
def every_look_is_a_payment() -> Iterator[None]:
    """A payment that is seen again is booked again."""
    real = charges.postings

    def postings(standing: Standing, account: Any, fact: Any) -> Any:
        charge = standing.charge(fact.intent) if isinstance(fact, Answered) else None
        if charge is not None and isinstance(fact.outcome, Succeeded):
            return charges._captured(charge.intent, charge.intent.amount)
        return real(standing, account, fact)

    with _replaced(charges, "postings", postings):
        yield


# --- what is not known ------------------------------------------------------------------------------------------------


@_bug
def fall_back_on_unknown() -> Iterator[None]:
    """No answer is taken for a no: the next attempt is made."""
    with _replaced(turns, "Unknown", Voided):
        yield


@_bug
def unknown_is_paid() -> Iterator[None]:
    """No answer is taken for a yes."""
    with _replaced(turns, "Unknown", Succeeded):
        yield


@_bug
def unknown_is_forgotten() -> Iterator[None]:
    """Nobody asks what became of it."""
    real = planning._step

    def step(standing: Standing, charge: Charge, now: Any, capabilities: Any) -> Any:
        return None if charge.state is State.UNKNOWN else real(standing, charge, now, capabilities)

    with _replaced(planning, "_step", step):
        yield


@_bug
def first_unknown_goes_to_a_person() -> Iterator[None]:
    """The provider is never asked what became of it."""
    looks = {**charges.LOOKS, State.UNKNOWN: ()}
    with _replaced(charges, "LOOKS", looks):
        yield


@_bug
def not_sent_is_a_decline() -> Iterator[None]:
    """A provider that was too busy has refused the source."""
    real = turns.asked

    def asked(standing: Standing, ask: Ask, **more: Any) -> Generator[Effect, object, Turn]:
        steps = real(standing, ask, **more)
        reply = yield next(steps)
        if isinstance(reply, Reply) and isinstance(reply.answer, NotSent) and ask.act is Act.CAPTURE:
            refused = Declined(kind=DeclineKind.SOFT, code="busy")
            reply = attrs.evolve(reply, answer=refused)
        return (yield from _rest(steps, reply))

    with _replaced(turns, "asked", asked):
        yield


# --- declines, voids and returns --------------------------------------------------------------------------------------


@_bug
def no_void_after_a_decline() -> Iterator[None]:
    """The next source is tried while a late copy of the request may still be captured."""
    real = planning.facts_of

    def facts_of(charge: Charge, answer: Any) -> Any:
        facts = real(charge, answer)
        if isinstance(answer, Declined):
            return (*facts, Answered(intent=charge.intent.id, attempt=charge.attempt, outcome=Voided()))
        return facts

    with _replaced(turns, "facts_of", facts_of):
        yield


@_bug
def void_believed_unheard() -> Iterator[None]:
    """A void that nobody answered is taken for done."""
    real = turns.asked

    def asked(standing: Standing, ask: Ask, **more: Any) -> Generator[Effect, object, Turn]:
        if ask.act is not Act.VOID:
            return (yield from real(standing, ask, **more))
        reply = yield ask
        told = Answered(intent=ask.charge.intent.id, attempt=ask.charge.attempt, outcome=Voided())
        return (yield from turns._told(standing, (told,), reply.at))  # type: ignore[attr-defined]

    with _replaced(turns, "asked", asked):
        yield


@_bug
def pending_is_paid() -> Iterator[None]:
    """A bank debit under way counts as paid."""
    real = planning.facts_of

    def facts_of(charge: Charge, answer: Any) -> Any:
        return real(charge, Succeeded() if isinstance(answer, Pending) else answer)

    with _replaced(turns, "facts_of", facts_of):
        yield


@_bug
def pending_falls_back() -> Iterator[None]:
    """A bank debit under way does not keep another source from being tried."""
    real = planning.facts_of

    def facts_of(charge: Charge, answer: Any) -> Any:
        return real(charge, Voided() if isinstance(answer, Pending) else answer)

    with _replaced(turns, "facts_of", facts_of):
        yield


@_bug
def debits_are_not_watched() -> Iterator[None]:
    """What a bank takes back later is never heard of."""
    looks = {**charges.LOOKS, State.SUCCEEDED: ()}
    with _replaced(charges, "LOOKS", looks):
        yield


@_bug
def returns_are_overlooked() -> Iterator[None]:
    """A debit that was taken back looks like one that stands."""
    real = planning.facts_of

    def facts_of(charge: Charge, answer: Any) -> Any:
        return real(charge, Succeeded() if isinstance(answer, Returned) else answer)

    with _replaced(turns, "facts_of", facts_of):
        yield


@_bug
def return_without_its_payment() -> Iterator[None]:
    """A debit found paid and taken back at once tells only that it was taken back."""

    def facts_of(charge: Charge, answer: Any) -> Any:
        of = {"intent": charge.intent.id, "attempt": charge.attempt}
        if isinstance(answer, str):
            return (Prepared(**of, ref=answer),)  # type: ignore[arg-type]
        told = Answered(**of, outcome=answer)  # type: ignore[arg-type]
        known = charges.TRANSITIONS[charge.state]
        return (told if charges.signal(told) in known else attrs.evolve(told, outcome=Unknown()),)

    with _replaced(turns, "facts_of", facts_of):
        yield


@_bug
def owed_is_never_tried_again() -> Iterator[None]:
    """A bill that failed, or was taken back, is left at that."""
    real = planning._step

    def step(standing: Standing, charge: Charge, now: Any, capabilities: Any) -> Any:
        return None if charge.state is State.FAILED else real(standing, charge, now, capabilities)

    with _replaced(planning, "_step", step):
        yield


@_bug
def declines_are_not_counted() -> Iterator[None]:
    """A source that was refused is asked at every run."""
    real = charges._counted_decline

    def counted(standing: Standing, target: Any, at: Any) -> Standing:
        return attrs.evolve(real(standing, target, at), declines=())

    with _replaced(charges, "_counted_decline", counted):
        yield


@_bug
def next_attempt_under_the_same_reference() -> Iterator[None]:
    """A fall-back repeats the key of the attempt before."""
    with _replaced(Charge, "reference", property(lambda charge: f"{charge.intent.id}/1")):
        yield


# --- keys -------------------------------------------------------------------------------------------------------------


@_bug
def key_from_the_time() -> Iterator[None]:
    """Each request has a key of its own."""

    def capture(self: keyed.Keyed, ref: str, request: Any) -> Any:
        return self.gateway.charge(request, f"{request.reference}@{self.clock().isoformat()}{id(object())}")

    with _replaced(keyed.Keyed, "capture", capture):
        yield


@_bug
def resent_after_the_window() -> Iterator[None]:
    """A request is sent again when its key has been forgotten, and the look-up is left out."""

    def capture(self: keyed.Keyed, ref: str, request: Any) -> Any:
        return self.gateway.charge(request, keyed._parted(ref)[0])

    def retrieve(self: keyed.Keyed, ref: str) -> Any:
        return NotCaptured()

    with (
        _replaced(keyed.Keyed, "capture", capture),
        _replaced(keyed.Keyed, "retrieve", retrieve),
        _replaced(planning, "_is_to_be_voided", lambda charge, *_: charge.is_called_off),
    ):
        yield


@_bug
def key_voided_too_early() -> Iterator[None]:
    """A charge that is not found yet is taken for one that never will be."""

    def void(self: keyed.Keyed, ref: str) -> Any:
        found = self.gateway.find(keyed._parted(ref)[0])
        return Voided() if found is None or isinstance(found, Declined) else found

    real = planning._look

    def look(standing: Standing, charge: Charge, now: Any) -> Any:
        step = real(standing, charge, now)
        is_unknown = isinstance(step, Ask) and charge.state is State.UNKNOWN
        return Ask(Act.VOID, charge) if is_unknown else step

    with _replaced(keyed.Keyed, "void", void), _replaced(planning, "_look", look):
        yield


@_bug
def stuck_key_never_given_up() -> Iterator[None]:
    """A key that repeats an error is asked with for ever."""
    with _replaced(planning, "_is_to_be_voided", lambda charge, *_: charge.is_called_off):
        yield


# --- planning ---------------------------------------------------------------------------------------------------------


@_bug
def second_recharge_while_one_is_under_way() -> Iterator[None]:
    """Every run plans a recharge as long as the balance is low."""
    never = lambda account: False  # noqa: ARG005, E731
    with (
        _replaced(planning, "is_recharge_under_way", never),
        _replaced(changes, "is_recharge_under_way", never),
        _replaced(accounts, "is_recharge_under_way", never),
    ):
        yield


@_bug
def wake_forgets_charges() -> Iterator[None]:
    """No run is due for what is under way."""
    with _replaced(planning, "_charge_wake", lambda standing, charge: None):  # noqa: ARG005
        yield


@_bug
def amount_of_the_day() -> Iterator[None]:
    """What is asked for is computed anew with every request, and more by then."""
    real = Ask.request.fget  # type: ignore[attr-defined]

    def request(ask: Ask) -> Any:
        made = real(ask)
        return made if ask.charge.attempt == 1 else attrs.evolve(made, amount=made.amount + made.amount)

    with _replaced(Ask, "request", property(request)):
        yield


@_bug
def sources_of_the_day() -> Iterator[None]:
    """The next attempt goes to the first source again, whatever was declined."""
    real = charges._voided

    def voided(standing: Standing, charge: Charge, at: Any) -> Standing:
        return real(standing, attrs.evolve(charge, declined=None), at)

    with _replaced(charges, "_voided", voided):
        yield


@_bug
def captured_amount_is_not_read() -> Iterator[None]:
    """What was asked for is booked, whatever was captured."""
    real = planning.facts_of

    def facts_of(charge: Charge, answer: Any) -> Any:
        return real(charge, Succeeded() if isinstance(answer, Succeeded) else answer)

    with _replaced(turns, "facts_of", facts_of):
        yield
