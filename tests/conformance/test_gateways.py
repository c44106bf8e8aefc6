"""The gateways that are shipped, and gateways broken on purpose, before the suites for users' own gateways."""

# ruff: noqa: D102 - what a broken gateway does wrong is said by its class

import time
import unittest
from datetime import timedelta
from typing import Any, ClassVar

import attrs
import pytest
import stripe

from licensebill.adapters.stripe import StripeGateway
from licensebill.errors import ChargeFailure
from licensebill.events import Target
from licensebill.funding import SourceKind
from licensebill.money import Money
from licensebill.outcomes import Declined, DeclineKind, NotCaptured, Outcome, Pending, Returned, Succeeded, Voided
from licensebill.protocols import Capabilities, NotSent, OutcomeUnknown, Request, RequestRejected
from licensebill.testing.gateways import KeyedSuite, Trouble, TwoPhaseSuite, Wanted, failed_checks
from licensebill.testing.provider import Fault, StandIn
from licensebill.testing.worlds import Provider
from tests.conformance.values import NOON, Bank, ByKey, TwoPhases, target

# --- Stripe, over HTTP --------------------------------------------------------------------------------------------


class TestStripe(TwoPhaseSuite):
    """The adapter with Stripe's own client before the stand-in; the connection is dropped."""

    TOKENS = {  # noqa: RUF012 - read only
        Wanted.PAYS: "pm_card_visa",
        Wanted.DECLINES: "pm_card_visa_chargeDeclinedInsufficientFunds",
        Wanted.DECLINES_AT_FIRST: "pm_card_chargeCustomerFail",
        Wanted.DECLINES_FOR_GOOD: "pm_card_visa_chargeDeclinedStolenCard",
        Wanted.NEEDS_ACTION: "pm_card_authenticationRequired",
        Wanted.PAYS_LATER: "pm_usBankAccount_success",
        Wanted.FAILS_LATER: "pm_usBankAccount_insufficientFunds",
        Wanted.TAKES_BACK: "pm_usBankAccount_dispute",
        Wanted.UNKNOWN: "pm_card_of_another_account",
    }
    FAULTS = {  # noqa: RUF012 - read only
        Trouble.NOT_SENT: Fault.RATE_LIMITED,
        Trouble.REQUEST_LOST: Fault.DROP_BEFORE,
        Trouble.REPLY_LOST: Fault.DROP_AFTER,
        Trouble.LATE: Fault.LATE,
    }

    def setup_method(self) -> None:
        self.now = NOON
        self.provider = StandIn(clock=lambda: self.now).start()

    def teardown_method(self) -> None:
        super().teardown_method()
        self.provider.stop()

    def open_gateway(self) -> StripeGateway:
        http = stripe.RequestsClient(timeout=5)
        client = stripe.StripeClient("sk_test_standin", base_addresses={"api": self.provider.url}, http_client=http)
        return StripeGateway(client=client)

    def target(self, wanted: Wanted) -> Target:
        token = self.TOKENS[wanted]
        return target(token, SourceKind.BANK_ACCOUNT if "BankAccount" in token else SourceKind.CARD)

    def captured(self, reference: str) -> list[Money]:
        return [one.money for one in self.provider.captures() if one.reference == reference]

    def pass_time(self, duration: timedelta) -> bool:
        self.now += duration
        return True

    def arrange(self, trouble: Trouble) -> bool:
        self.provider.fail_next(self.FAULTS[trouble], later=self.LATE)
        return True


class TestStripeWithErrors(TestStripe):
    """The same; instead of dropping the connection the provider answers with errors, which a key may repeat."""

    FAULTS = {  # noqa: RUF012 - read only
        Trouble.NOT_SENT: Fault.RATE_LIMITED,
        Trouble.REQUEST_LOST: Fault.ERROR_BEFORE,
        Trouble.REPLY_LOST: Fault.ERROR_AFTER,
        Trouble.LATE: Fault.LATE,
    }


class TestStripeWithNonsense(TestStripe):
    """The same; what comes instead of an answer cannot be read."""

    FAULTS = {**TestStripe.FAULTS, Trouble.REPLY_LOST: Fault.GARBLED}  # noqa: RUF012 - read only


# --- providers that are values ------------------------------------------------------------------------------------


class OfValues:
    """How the suites reach a provider that is a value."""

    AMOUNTS: ClassVar[tuple[str, ...]] = ("20.00 USD", "0.57 USD", "1.15 USD", "4.35 USD", "1010.10 USD")
    PENDING = timedelta(hours=4)
    TAKEN_BACK = timedelta(days=1)
    IS_KEYED = False
    SOURCES = {  # noqa: RUF012 - read only
        Wanted.PAYS: "card_pays",
        Wanted.DECLINES: "card_declines",
        Wanted.DECLINES_AT_FIRST: "card_pays_when_asked_again",
        Wanted.DECLINES_FOR_GOOD: "card_declines_for_good",
        Wanted.PAYS_LATER: "bank_pays_later",
        Wanted.FAILS_LATER: "bank_fails_later",
        Wanted.TAKES_BACK: "bank_takes_back",
        Wanted.UNKNOWN: "card_of_another_account",
    }
    GATEWAY: type[TwoPhases | ByKey] = TwoPhases

    def setup_method(self) -> None:
        self.bank = Bank(is_keyed=self.IS_KEYED)

    def open_gateway(self) -> TwoPhases | ByKey:
        return self.GATEWAY(self.bank)

    def target(self, wanted: Wanted) -> Target | None:
        return target(self.SOURCES[wanted]) if wanted in self.SOURCES else None

    def captured(self, reference: str) -> list[Money]:
        return self.bank.captured(reference)

    def pass_time(self, duration: timedelta) -> bool:
        self.bank.pass_time(duration)
        return True

    def arrange(self, trouble: Trouble) -> bool:
        self.bank.troubles.append(trouble)
        return True


class TestTwoPhases(OfValues, TwoPhaseSuite):
    """The provider that charging is explored with, in two phases."""


class TestByKey(OfValues, KeyedSuite):
    """The provider that charging is explored with, by key."""

    IS_KEYED = True
    GATEWAY = ByKey


# --- gateways broken on purpose -----------------------------------------------------------------------------------


class CapturesWhenPrepared(TwoPhases):
    """Charges at once."""

    def prepare(self, request: Request) -> str:
        ref = super().prepare(request)
        super().capture(ref, request)
        return ref


class PreparesOneForAll(TwoPhases):
    """Looks for an object by the beginning of its reference."""

    def prepare(self, request: Request) -> str:
        made = next((one for one in self.bank.provider.made if request.reference.startswith(one.reference)), None)
        return made.ref if made else super().prepare(request)


class CapturesAgain(TwoPhases):
    """Makes another object where one is captured."""

    def capture(self, ref: str, request: Request) -> Outcome:
        is_captured = isinstance(super().retrieve(ref), Succeeded)
        return super().capture(super().prepare(request) if is_captured else ref, request)


class LooksThenCaptures(TwoPhases):
    """Makes sure that nothing was captured so far, and then makes another object."""

    def capture(self, ref: str, request: Request) -> Outcome:
        if super().retrieve(ref) != NotCaptured():
            return super().capture(ref, request)
        self.bank.looked.append(ref)
        is_first = self.bank.looked.count(ref) == 1
        time.sleep(0.01)
        return super().capture(ref if is_first else super().prepare(request), request)


class CapturesInFloats(TwoPhases):
    """Counts in cents, by multiplying a float."""

    def prepare(self, request: Request) -> str:
        cents = int(float(request.amount.text) * 100)
        return super().prepare(attrs.evolve(request, amount=Money(cents * 10_000, "USD")))


class TellsWhatWasAsked(TwoPhases):
    """Says that the amount was captured that was asked for, less a fee."""

    def capture(self, ref: str, request: Request) -> Outcome:
        answer = super().capture(ref, request)
        return Succeeded(request.amount - Money.parse("0.30", "USD")) if isinstance(answer, Succeeded) else answer


class LookingCaptures(TwoPhases):
    """Captures what it is asked about."""

    def retrieve(self, ref: str) -> Outcome:
        return self.bank.asked(lambda provider, now: provider.capture(self.known(ref), now))


class RemembersByItself(TwoPhases):
    """Knows only the objects that it has prepared itself."""

    def __init__(self, bank: Bank) -> None:
        super().__init__(bank)
        self.own: set[str] = set()

    def prepare(self, request: Request) -> str:
        ref = super().prepare(request)
        self.own.add(ref)
        return ref

    def known(self, ref: str) -> str:
        return super().known(ref if ref in self.own else "")


class VoidsByItself(TwoPhases):
    """Says that an object is voided, and tells nobody."""

    def void(self, ref: str) -> Outcome:
        answer = self.retrieve(ref)
        return Voided() if isinstance(answer, NotCaptured | Declined) else answer


class VoidsWhatIsCaptured(TwoPhases):
    """Says so of everything, without asking."""

    def void(self, ref: str) -> Outcome:
        super().void(ref)
        return Voided()


class VoidsWhatIsPending(TwoPhases):
    """Takes a debit that is under way for one that can be called back."""

    def void(self, ref: str) -> Outcome:
        answer = super().void(ref)
        return Voided() if answer == Pending() else answer


class VoidsAfterLooking(TwoPhases):
    """Asks whether it is captured, and then says that it is voided."""

    def void(self, ref: str) -> Outcome:
        is_captured = isinstance(super().retrieve(ref), Succeeded)
        time.sleep(0.01)
        answer = super().void(ref)
        return answer if is_captured else Voided()


class VoidsOnce(TwoPhases):
    """Has an error for what is voided already."""

    def void(self, ref: str) -> Outcome:
        if self.retrieve(ref) == Voided():
            raise RequestRejected("it is voided already")
        return super().void(ref)


class DeclinesAreErrors(TwoPhases):
    """Raises where the bank refuses."""

    def capture(self, ref: str, request: Request) -> Outcome:
        answer = super().capture(ref, request)
        if isinstance(answer, Declined):
            raise RequestRejected(answer.code)
        return answer


class DeclinesAreAlike(TwoPhases):
    """Does not tell a stolen card from an empty one."""

    def capture(self, ref: str, request: Request) -> Outcome:
        answer = super().capture(ref, request)
        return attrs.evolve(answer, kind=DeclineKind.SOFT) if isinstance(answer, Declined) else answer


class DeclinesAreForgotten(TwoPhases):
    """What was declined looks like what was never captured."""

    def retrieve(self, ref: str) -> Outcome:
        answer = super().retrieve(ref)
        return NotCaptured() if isinstance(answer, Declined) else answer


class RejectedIsDeclined(TwoPhases):
    """Takes a wrong token for a refused card."""

    def prepare(self, request: Request) -> str:
        try:
            return super().prepare(request)
        except RequestRejected:
            return "declined"

    def capture(self, ref: str, request: Request) -> Outcome:
        return Declined(kind=DeclineKind.HARD, code="x") if ref == "declined" else super().capture(ref, request)


class PendingIsPaid(TwoPhases):
    """Takes a debit for paid when it has been sent."""

    def capture(self, ref: str, request: Request) -> Outcome:
        answer = super().capture(ref, request)
        return Succeeded(request.amount) if answer == Pending() else answer


class ReturnsAreOverlooked(TwoPhases):
    """A debit that was taken back looks like one that stands."""

    def retrieve(self, ref: str) -> Outcome:
        answer = super().retrieve(ref)
        return Succeeded() if isinstance(answer, Returned) else answer


class SilenceIsNo(TwoPhases):
    """Takes a connection that broke for one that was never made."""

    def capture(self, ref: str, request: Request) -> Outcome:
        try:
            return super().capture(ref, request)
        except OutcomeUnknown as lost:
            raise NotSent(lost.reason) from lost


class SilenceIsVoid(TwoPhases):
    """Does not wait for an answer when it voids."""

    def void(self, ref: str) -> Outcome:
        try:
            return super().void(ref)
        except OutcomeUnknown:
            return Voided()


class BusyIsUnknown(TwoPhases):
    """Does not say that a request was not sent."""

    def capture(self, ref: str, request: Request) -> Outcome:
        try:
            return super().capture(ref, request)
        except NotSent as busy:
            raise OutcomeUnknown(busy.reason) from busy


class NobodysIsNotCaptured(TwoPhases):
    """Takes what it does not find for what was not captured."""

    def retrieve(self, ref: str) -> Outcome:
        try:
            return super().retrieve(ref)
        except RequestRejected:
            return NotCaptured()


class RepeatsTheToken(TwoPhases):
    """Tells what it was sent."""

    def prepare(self, request: Request) -> str:
        try:
            return super().prepare(request)
        except RequestRejected as refused:
            raise RequestRejected(f"no such source: {request.target.token}") from refused


class RefusesOtherScripts(TwoPhases):
    """Sends references in a header that holds Latin letters only."""

    def prepare(self, request: Request) -> str:
        request.reference.encode("latin-1")
        return super().prepare(request)


class CannotVoid(TwoPhases):
    """Leaves what is not captured as it is."""

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, void=False)


class NamesTooLittle(TwoPhases):
    """The provider charges no less than a dollar."""

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, smallest_charges=(Money.parse("0.50", "USD"),))

    def prepare(self, request: Request) -> str:
        if request.amount < Money.parse("0.55", "USD"):
            raise RequestRejected("too small")
        return super().prepare(request)


class IgnoresKeys(ByKey):
    """Charges whenever it is asked."""

    def charge(self, request: Request, key: str) -> Outcome:
        return super().charge(request, f"{key}#{len(self.bank.provider.made)}")


class ForgetsKeys(ByKey):
    """The provider knows a key for a day; the gateway says, for two."""

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, key_window=timedelta(days=2))


class ForgetsDeclines(ByKey):
    """A key that was declined is free again."""

    def charge(self, request: Request, key: str) -> Outcome:
        is_declined = isinstance(self.bank.provider.find(request.reference, self.bank.now), Declined)
        paid = target("card_pays") if is_declined and "again" in request.target.token else request.target
        return super().charge(attrs.evolve(request, target=paid), f"{key}#again" if is_declined else key)


class IgnoresParameters(ByKey):
    """Gives the first answer of a key, whatever is asked with it."""

    def same(self, request: Request, key: str) -> None:
        pass


class FindsByBeginning(ByKey):
    """Finds the first charge whose reference begins so."""

    def find(self, reference: str) -> Outcome | None:
        made = self.bank.provider.made
        found = next((one for one in made if one.reference.startswith(reference)), None)
        return super().find(found.reference if found else reference)


class FindsLately(ByKey):
    """Finds only what was charged within a day."""

    def find(self, reference: str) -> Outcome | None:
        made = (one for one in self.bank.provider.made if one.reference == reference and one.since)
        is_old = any(self.bank.now - one.since > Provider.KEY_WINDOW for one in made if one.since)
        return None if is_old else super().find(reference)


class FindsNothingAsAnOutcome(ByKey):
    """Says that what it does not find was not captured."""

    def find(self, reference: str) -> Outcome | None:
        return super().find(reference) or NotCaptured()


class KnowsNoWindow(ByKey):
    """Does not say for how long a key is known."""

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, key_window=None)


#: Each broken gateway, and the check that is there to catch it; others may as well.
CAUGHT_BY: dict[type[TwoPhases | ByKey], str] = {
    CapturesWhenPrepared: "test_preparing_moves_no_money",
    PreparesOneForAll: "test_attempts_are_apart",
    CapturesAgain: "test_asked_again_it_captures_nothing_more",
    LooksThenCaptures: "test_asked_by_several_at_once_it_captures_once",
    CapturesInFloats: "test_what_is_asked_is_captured",
    TellsWhatWasAsked: "test_what_is_asked_is_captured",
    LookingCaptures: "test_looking_changes_nothing",
    RemembersByItself: "test_what_one_worker_began_another_finishes",
    VoidsByItself: "test_what_is_voided_is_never_captured",
    VoidsWhatIsCaptured: "test_what_is_captured_is_not_voided",
    VoidsWhatIsPending: "test_what_is_pending_is_voided_or_succeeds",
    VoidsAfterLooking: "test_captured_and_voided_at_once_it_is_one_of_the_two",
    VoidsOnce: "test_what_is_voided_can_be_voided_again",
    DeclinesAreErrors: "test_declines_are_told_apart",
    DeclinesAreAlike: "test_declines_are_told_apart",
    DeclinesAreForgotten: "test_declines_are_told_apart",
    RejectedIsDeclined: "test_a_request_that_is_wrong_is_no_decline",
    PendingIsPaid: "test_a_pending_charge_succeeds",
    ReturnsAreOverlooked: "test_a_payment_is_taken_back",
    SilenceIsNo: "test_a_lost_reply_is_found",
    SilenceIsVoid: "test_a_void_without_an_answer_is_not_taken_for_one",
    BusyIsUnknown: "test_what_was_not_sent_has_no_effect",
    NobodysIsNotCaptured: "test_an_object_of_nobody_has_no_outcome",
    RepeatsTheToken: "test_nothing_repeats_a_token",
    RefusesOtherScripts: "test_names_of_any_script_are_taken",
    CannotVoid: "test_its_capabilities_suffice",
    NamesTooLittle: "test_the_smallest_charge_is_charged",
    IgnoresKeys: "test_asked_again_it_captures_nothing_more",
    ForgetsKeys: "test_a_key_is_known_to_the_end_of_its_window",
    ForgetsDeclines: "test_a_key_repeats_a_decline",
    IgnoresParameters: "test_a_key_used_for_something_else_is_rejected",
    FindsByBeginning: "test_attempts_are_apart",
    FindsLately: "test_a_charge_is_found_when_its_key_is_forgotten",
    FindsNothingAsAnOutcome: "test_nothing_is_found_before_it_is_charged",
    KnowsNoWindow: "test_it_is_a_keyed_gateway",
}


def suite_of(broken: type[TwoPhases | ByKey]) -> type[TwoPhaseSuite | KeyedSuite]:
    """The suite for its kind, before one gateway."""
    kind: type[Any] = TestByKey if issubclass(broken, ByKey) else TestTwoPhases
    return type("Suite", (kind,), {"GATEWAY": broken})


@pytest.mark.parametrize("broken", CAUGHT_BY, ids=lambda broken: broken.__name__)
def test_a_broken_gateway_is_caught(broken: type[TwoPhases | ByKey]) -> None:
    """The check that is there for it fails, by an assertion or by the gateway's own error."""
    suite = suite_of(broken)()
    suite.setup_method()
    with pytest.raises((AssertionError, ChargeFailure, UnicodeEncodeError)):
        getattr(suite, CAUGHT_BY[broken])()


@pytest.mark.parametrize("sound", [TwoPhases, ByKey])
def test_a_gateway_without_a_fault_is_not_caught(sound: type[TwoPhases | ByKey]) -> None:
    """What is caught is the faults: the classes that they are planted in pass every check."""
    assert failed_checks(suite_of(sound)) == {}


class Bare(TestTwoPhases):
    """A provider of which little is known: one source, no clock to turn, nothing to disturb."""

    SOURCES = {Wanted.PAYS: "card_pays"}  # noqa: RUF012 - read only

    def pass_time(self, duration: timedelta) -> bool:
        return TwoPhaseSuite.pass_time(self, duration)

    def arrange(self, trouble: Trouble) -> bool:
        return TwoPhaseSuite.arrange(self, trouble)


class BareByKey(TestByKey):
    """The same, by key."""

    SOURCES = Bare.SOURCES
    pass_time = Bare.pass_time
    arrange = Bare.arrange


class WithoutTime(TestTwoPhases):
    """A provider whose clock cannot be turned."""

    pass_time = Bare.pass_time


#: What can be checked of a provider with one source and nothing else.
ALWAYS_CHECKED = {
    "test_its_capabilities_suffice",
    "test_what_is_asked_is_captured",
    "test_asked_by_several_at_once_it_captures_once",
    "test_what_is_voided_is_never_captured",
    "test_what_is_captured_is_not_voided",
    "test_preparing_moves_no_money",
}


def passed_over(suite: type[TwoPhaseSuite]) -> set[str]:
    """The checks for which there is nothing to check."""
    found = set()
    for name in (name for name in dir(suite) if name.startswith("test_")):
        checks = suite()
        checks.setup_method()
        try:
            getattr(checks, name)()
        except unittest.SkipTest:
            found.add(name)
    return found


def test_what_cannot_be_checked_is_passed_over() -> None:
    """And said to be; the rest is checked, and the suite is content."""
    skipped = passed_over(Bare)
    assert skipped.isdisjoint(ALWAYS_CHECKED)
    assert {"test_a_pending_charge_succeeds", "test_a_lost_reply_is_found", "test_a_decline_stays_one"} <= skipped
    assert "test_a_late_request_is_found" in passed_over(WithoutTime)
    assert failed_checks(Bare) == failed_checks(BareByKey) == {}
    assert passed_over(TestTwoPhases) == set()
