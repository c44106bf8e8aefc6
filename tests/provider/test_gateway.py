"""The Stripe adapter with Stripe's own client over HTTP: against the stand-in, and its part for cards also localstripe.

What it must do in both places is in `TestCards`; the rest needs debits, faults or a clock, which only the stand-in has.
"""

import datetime
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import stripe
from stripe import _http_client

from licensebill.adapters.stripe import (
    DECLINES,
    ERRORS,
    RETURNS,
    SMALLEST_CHARGES,
    STATUSES,
    Certainty,
    SignatureMismatch,
    StripeGateway,
    row_of,
    units,
)
from licensebill.errors import InvalidValue
from licensebill.events import Target
from licensebill.funding import SourceKind
from licensebill.money import Money
from licensebill.outcomes import Declined, DeclineKind, NotCaptured, Outcome, Pending, Returned, Succeeded, Voided
from licensebill.protocols import LookUp, NotSent, OutcomeUnknown, Request, RequestRejected, TwoPhaseGateway
from licensebill.terms import Purpose
from licensebill.testing.payments import BANK_ACCOUNT
from licensebill.testing.provider import SOURCES, Behavior, Fault, StandIn
from tests.provider.conftest import Time, client_of

USD_1999 = Money.parse("19.99", "USD")
CARD_DECLINES = [one for one in SOURCES.values() if one.kind != BANK_ACCOUNT and one.decline]
FAILING = [one for one in SOURCES.values() if one.kind == BANK_ACCOUNT and one.decline]
RETURNED = [one for one in SOURCES.values() if one.return_reason]
PAID = Succeeded(USD_1999)


def named(behavior: Behavior) -> str:
    """How pytest names a source."""
    return behavior.token


def request(source: str = "pm_card_visa", amount: Money = USD_1999, attempt: int = 1) -> Request:
    """A charge to be made."""
    bank = source.startswith("pm_usBankAccount")
    return Request(
        reference=f"acme/bill/3/{attempt}",
        account="acme",
        purpose=Purpose.BILL,
        on=datetime.date(2026, 3, 1),
        amount=amount,
        target=Target(
            source="s1",
            token=source,
            kind=SourceKind.BANK_ACCOUNT if bank else SourceKind.CARD,
            shown="Visa ending in 4242",
        ),
    )


def charged(gateway: StripeGateway, source: str = "pm_card_visa") -> tuple[str, Outcome]:
    """Prepared and captured."""
    ref = gateway.prepare(request(source))
    return ref, gateway.capture(ref, request(source))


@pytest.fixture
def gateway(provider: StandIn) -> StripeGateway:
    """At the stand-in."""
    return StripeGateway(client=client_of(provider.url))


@pytest.fixture(scope="module")
def localstripe() -> Iterator[str]:
    """The address of localstripe, as long as it runs."""
    server = Path(__file__).with_name("localstripe_server.py")
    with subprocess.Popen([sys.executable, str(server)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(params=["stand-in", "localstripe"])
def either(request: pytest.FixtureRequest) -> StripeGateway:
    """At the stand-in, or at localstripe."""
    if request.param == "stand-in":
        return StripeGateway(client=client_of(request.getfixturevalue("provider").url))
    return StripeGateway(client=client_of(request.getfixturevalue("localstripe")))


def read_back(gateway: StripeGateway, outcome: Outcome) -> None:
    """Paid, in full; localstripe does not say how much."""
    assert outcome in {PAID, Succeeded()}
    assert outcome == PAID or gateway.client.v1.charges.list().data[0].amount == 1999


class TestCards:
    """Wherever it is, a card is charged once, declined, or voided."""

    def test_nothing_moves_before_the_capture(self, either: StripeGateway) -> None:
        """What is prepared is not captured."""
        assert either.retrieve(either.prepare(request())) == NotCaptured()

    def test_captured_once(self, either: StripeGateway) -> None:
        """Asked again in any way, it answers what it has become."""
        ref, outcome = charged(either)
        read_back(either, outcome)
        for again in (either.capture(ref, request()), either.retrieve(ref), either.void(ref)):
            read_back(either, again)

    def test_declined(self, either: StripeGateway) -> None:
        """The capture says so, and so does every look until it is voided."""
        ref, outcome = charged(either, "pm_card_chargeCustomerFail")
        assert isinstance(outcome, Declined)
        assert outcome.kind is DeclineKind.SOFT
        assert either.retrieve(ref) == outcome == either.capture(ref, request("pm_card_chargeCustomerFail"))
        assert either.void(ref) == Voided() == either.retrieve(ref)

    def test_voided_for_good(self, either: StripeGateway) -> None:
        """It cannot be captured any more, and can be voided twice."""
        ref = either.prepare(request())
        assert either.void(ref) == Voided()
        assert either.capture(ref, request()) == Voided() == either.void(ref)

    def test_no_such_object(self, either: StripeGateway) -> None:
        """An id from elsewhere is for a person to look at."""
        for call in (either.retrieve, either.void, lambda ref: either.capture(ref, request())):
            with pytest.raises(RequestRejected, match="HTTP 404"):
                call("pi_elsewhere")

    def test_no_such_source(self, either: StripeGateway) -> None:
        """A token that the provider does not know is no decline: the next source would be no better."""
        with pytest.raises(RequestRejected):
            either.prepare(request("pm_elsewhere"))


class TestRequests:
    """What is sent."""

    def test_in_full(self, provider: StandIn) -> None:
        """Amount, currency, source, its kind, the customer, and where it comes from; a key for each step."""
        gateway = StripeGateway(client=client_of(provider.url), customer={"acme": "cus_7"}.get)
        charged(gateway, "pm_usBankAccount_success")
        made, captured = provider.exchanges
        assert made.params == {
            "amount": "1999",
            "currency": "usd",
            "customer": "cus_7",
            "payment_method": "pm_usBankAccount_success",
            "payment_method_types[0]": "us_bank_account",
            "metadata[reference]": "acme/bill/3/1",
            "metadata[account]": "acme",
            "metadata[purpose]": "bill",
        }
        assert captured.params == {"off_session": "true", "expand[0]": "latest_charge"}
        assert [made.key, captured.key] == ["acme/bill/3/1/prepare", "acme/bill/3/1/capture"]

    def test_a_key_that_no_header_could_carry(self, gateway: StripeGateway, provider: StandIn) -> None:
        """An account may be named in any script: its keys are digests, one for each step; the reference stays."""
        asked = attrs.evolve(request(), reference="アクメ/bill/3/1", account="アクメ")
        assert gateway.capture(gateway.prepare(asked), asked) == PAID
        keys = [one.key or "" for one in provider.exchanges]
        assert [len(key) for key in keys] == [64, 64]
        assert len(set(keys)) == 2
        assert [one.reference for one in provider.captures()] == ["アクメ/bill/3/1"]

    def test_the_source_is_named_once(self, gateway: StripeGateway, provider: StandIn) -> None:
        """A late copy of a declined confirmation, its key forgotten, charges nothing though the card works by now."""
        card = "pm_card_visa_chargeDeclined"
        ref, outcome = charged(gateway, card)
        provider.sources[card] = SOURCES["pm_card_visa"]
        provider._keys.clear()
        assert gateway.capture(ref, request(card)) == outcome
        assert provider.captures() == ()

    def test_one_call_is_one_request(self, provider: StandIn) -> None:
        """Whatever the client's own setting, nothing is sent twice behind the executor's back."""
        client = stripe.StripeClient(
            "sk_test_1",
            base_addresses={"api": provider.url},
            http_client=stripe.RequestsClient(timeout=5),
            max_network_retries=3,
        )
        gateway = StripeGateway(client=client)
        ref = gateway.prepare(request())
        calls: list[Callable[[], object]] = [
            lambda: gateway.prepare(request()),
            lambda: gateway.capture(ref, request()),
            lambda: gateway.retrieve(ref),
            lambda: gateway.void(ref),
        ]
        for call in calls:
            provider.fail_next(Fault.ERROR_BEFORE)
            with pytest.raises(OutcomeUnknown):
                call()
        assert len(provider.exchanges) == 5

    def test_the_same_object_again(self, gateway: StripeGateway) -> None:
        """As long as the key is remembered; another attempt is another object."""
        ref = gateway.prepare(request())
        assert gateway.prepare(request()) == ref != gateway.prepare(request(attempt=2))

    def test_other_parameters_are_rejected(self, gateway: StripeGateway) -> None:
        """One reference is one charge: a person looks at it."""
        gateway.prepare(request())
        with pytest.raises(RequestRejected, match="IdempotencyError"):
            gateway.prepare(request(amount=Money.parse("20", "USD")))


class TestDeclines:
    """What a decline means is in the table."""

    @pytest.mark.parametrize("source", CARD_DECLINES, ids=named)
    def test_of_cards(self, source: Behavior, gateway: StripeGateway) -> None:
        """Every kind of decline is told with its code, at once and later."""
        ref, outcome = charged(gateway, source.token)
        assert source.decline
        assert outcome == Declined(kind=source.decline, code=source.decline_code or "")
        assert gateway.retrieve(ref) == outcome

    @pytest.mark.parametrize("source", FAILING, ids=named)
    def test_of_debits(self, source: Behavior, gateway: StripeGateway, time: Time) -> None:
        """Pending for days; then the bank's own code."""
        ref, outcome = charged(gateway, source.token)
        assert outcome == Pending() == gateway.retrieve(ref)
        time.pass_(days=4)
        assert source.decline
        assert gateway.retrieve(ref) == Declined(kind=source.decline, code=source.return_code or "")
        assert gateway.void(ref) == Voided()

    @pytest.mark.parametrize("code", ["odd_reason", None])
    @pytest.mark.parametrize(
        ("source", "kind"), [("pm_card_visa", DeclineKind.SOFT), ("pm_usBankAccount_success", DeclineKind.HARD)]
    )
    def test_not_in_the_table(
        self, source: str, code: str | None, kind: DeclineKind, provider: StandIn, time: Time
    ) -> None:
        """A card may be tried again, within the limits; a bank account is not."""
        gateway = StripeGateway(client=client_of(provider.url))
        odd = Behavior(token=source, what="Odd.", decline=DeclineKind.SOFT, code=code, decline_code=code)
        provider.sources[source] = odd
        ref, _ = charged(gateway, source)
        time.pass_(days=4)
        assert gateway.retrieve(ref) == Declined(kind=kind, code=code or "declined")

    def test_advice_against_any_further_try(self, gateway: StripeGateway, provider: StandIn) -> None:
        """The network's advice counts for more than the code."""
        provider.sources["pm_card_visa"] = Behavior(
            token="pm_card_visa",
            what="Never again.",
            decline=DeclineKind.SOFT,
            code="card_declined",
            decline_code="do_not_honor",
            advice_code="do_not_try_again",
        )
        assert charged(gateway)[1] == Declined(kind=DeclineKind.HARD, code="do_not_honor")

    def test_a_refusal_that_is_about_the_source(self, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stripe refuses a blocked bank account as a bad request; it is a decline all the same."""
        body: Any = {"error": {"type": "invalid_request_error", "code": "payment_method_bank_account_blocked"}}
        error = stripe.InvalidRequestError("Blocked.", None, None, None, 400, body)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(stripe.PaymentIntentService, "confirm", raising(error))
        outcome = gateway.capture("pi_1", request("pm_usBankAccount_success"))
        assert outcome == Declined(kind=DeclineKind.HARD, code="payment_method_bank_account_blocked")

    def test_with_the_customer_asked(self, gateway: StripeGateway) -> None:
        """An intent that waits for the customer, however it came to that, is not waited for."""
        ref = gateway.prepare(request("pm_card_authenticationRequired"))
        gateway.client.v1.payment_intents.confirm(ref)
        asked = Declined(kind=DeclineKind.ACTION_REQUIRED, code="authentication_required")
        assert gateway.retrieve(ref) == asked
        assert gateway.void(ref) == Voided()

    def test_every_source_of_the_stand_in_is_in_the_table(self) -> None:
        """With the kind that the stand-in gives it."""
        told = {one.return_code or one.decline_code: one.decline for one in SOURCES.values() if one.decline}
        assert {code: DECLINES.get(code or "") for code in told} == told

    def test_no_code_is_in_the_table_twice(self) -> None:
        """Each has one kind."""
        from licensebill.adapters.stripe import _CODES  # noqa: PLC0415 - how the table is written

        assert sum(len(codes.split()) for codes in _CODES.values()) == len(DECLINES)


class TestReturns:
    """A debit that comes back."""

    @pytest.mark.parametrize("source", RETURNED, ids=named)
    def test_found(self, source: Behavior, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """Though the intent has succeeded; with the bank's code, as far as the reason tells it."""
        ref, _ = charged(gateway, source.token)
        time.pass_(days=4)
        assert gateway.retrieve(ref) == PAID
        time.pass_(days=source.return_days)
        assert gateway.retrieve(ref) == Returned(provider.captures()[0].return_code or "")
        assert gateway.void(ref) == gateway.retrieve(ref)

    def test_for_another_reason(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """Stripe's reason stands for itself."""
        bank = "pm_usBankAccount_dispute"
        provider.sources[bank] = attrs.evolve(SOURCES[bank], return_reason="bank_cannot_process")
        ref, _ = charged(gateway, bank)
        time.pass_(days=60)
        assert gateway.retrieve(ref) == Returned("bank_cannot_process")

    @pytest.mark.parametrize(("status", "returned"), [("needs_response", False), ("won", False), ("lost", True)])
    def test_a_card_s_dispute_counts_when_lost(
        self, status: str, returned: bool, gateway: StripeGateway, provider: StandIn, time: Time
    ) -> None:
        """Until then the money is not gone for good."""
        disputed = attrs.evolve(SOURCES["pm_usBankAccount_dispute"], return_days=0)
        provider.sources["pm_usBankAccount_dispute"] = disputed
        ref, _ = charged(gateway, "pm_usBankAccount_dispute")
        time.pass_(days=4)
        intent = provider._account.intents[ref]
        provider.captures()
        intent.types = ["card"]
        assert intent.dispute
        intent.dispute["status"] = status
        assert gateway.retrieve(ref) == (Returned("R10") if returned else PAID)

    def test_reasons_are_stripe_s(self) -> None:
        """Those that Stripe gives for debits; R01 is what may be tried again."""
        assert RETURNS["insufficient_funds"] == "R01"
        assert {one.return_reason for one in RETURNED} == set(RETURNS)


class TestDebits:
    """A debit under way."""

    def test_cannot_be_voided(self, gateway: StripeGateway) -> None:
        """It is answered as it is."""
        ref, _ = charged(gateway, "pm_usBankAccount_success")
        assert gateway.void(ref) == Pending() == gateway.capture(ref, request("pm_usBankAccount_success"))

    def test_may_be_voided_before_it_leaves(self, gateway: StripeGateway) -> None:
        """In rare cases."""
        ref, _ = charged(gateway, "pm_usBankAccount_processing")
        assert gateway.void(ref) == Voided()


def raising(error: Exception) -> Callable[..., Any]:
    """A method that fails so."""

    def method(*_: object, **__: object) -> object:
        raise error

    return method


#: What each fault of the provider is to the executor, and whether the money has moved.
FAULTS = [
    (Fault.RATE_LIMITED, NotSent, 0),
    (Fault.ERROR_BEFORE, OutcomeUnknown, 0),
    (Fault.ERROR_STICKY, OutcomeUnknown, 0),
    (Fault.ERROR_AFTER, OutcomeUnknown, 1),
    (Fault.DROP_BEFORE, OutcomeUnknown, 0),
    (Fault.DROP_AFTER, OutcomeUnknown, 1),
    (Fault.GARBLED, OutcomeUnknown, 1),
    (Fault.LATE, OutcomeUnknown, 0),
]


class TestFaults:
    """What is certain, and what a look finds."""

    @pytest.mark.parametrize(("fault", "failure", "captured"), FAULTS)
    def test_found_by_a_look(
        self, fault: Fault, failure: type[Exception], captured: int, gateway: StripeGateway, provider: StandIn
    ) -> None:
        """Whatever the capture met, `retrieve` knows whether the money has moved."""
        ref = gateway.prepare(request())
        provider.fail_next(fault, on="confirm")
        with pytest.raises(failure):
            gateway.capture(ref, request())
        assert len(provider.captures()) == captured
        assert gateway.retrieve(ref) == (PAID if captured else NotCaptured())

    @pytest.mark.parametrize("fault", [fault for fault, _, _ in FAULTS])
    def test_captured_once_in_the_end(
        self, fault: Fault, gateway: StripeGateway, provider: StandIn, time: Time
    ) -> None:
        """Sent again, days later as well, the same intent is captured once and no more."""
        ref = gateway.prepare(request())
        provider.fail_next(fault, on="confirm")
        with pytest.raises((NotSent, OutcomeUnknown)):
            gateway.capture(ref, request())
        time.pass_(days=2)
        assert gateway.capture(ref, request()) == PAID
        assert len(provider.captures()) == 1

    def test_a_late_request_finds_it_voided(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """The void is what makes another source safe."""
        ref = gateway.prepare(request())
        provider.fail_next(Fault.LATE, on="confirm")
        with pytest.raises(OutcomeUnknown):
            gateway.capture(ref, request())
        assert gateway.void(ref) == Voided()
        time.pass_(days=1)
        assert (gateway.retrieve(ref), provider.captures()) == (Voided(), ())

    def test_a_late_request_comes_first(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """Then the void says that it is paid."""
        ref = gateway.prepare(request())
        provider.fail_next(Fault.LATE, on="confirm")
        with pytest.raises(OutcomeUnknown):
            gateway.capture(ref, request())
        time.pass_(hours=3)
        assert gateway.void(ref) == PAID

    def test_a_void_without_an_answer(self, gateway: StripeGateway, provider: StandIn) -> None:
        """It is not known, and is asked for again; a sticky error does not stick to it, as it has no key of its own."""
        ref = gateway.prepare(request())
        provider.fail_next(Fault.ERROR_STICKY, on="cancel")
        with pytest.raises(OutcomeUnknown):
            gateway.void(ref)
        assert gateway.void(ref) == Voided()

    def test_another_amount_is_told(self, gateway: StripeGateway, provider: StandIn) -> None:
        """What was captured counts, not what was asked."""
        ref = gateway.prepare(request())
        provider.fail_next(Fault.CAPTURES_LESS, on="confirm")
        less = Succeeded(Money.parse("19.98", "USD"))
        assert gateway.capture(ref, request()) == less == gateway.retrieve(ref)

    @pytest.mark.parametrize("library", ["requests", "urllib"])
    def test_nobody_there(self, library: str, time: Time) -> None:
        """No connection, no request: that is certain, and the only case in which a broken connection is."""
        with StandIn(clock=time) as gone:
            url = gone.url
        names = ("UrllibClient", "Urllib2Client")  # the latter in older versions
        other = next(getattr(_http_client, name) for name in names if hasattr(_http_client, name))
        http: Any = stripe.RequestsClient(timeout=5) if library == "requests" else other()
        gateway = StripeGateway(client=stripe.StripeClient("sk_test_1", base_addresses={"api": url}, http_client=http))
        with pytest.raises(NotSent):
            gateway.prepare(request())

    def test_no_answer_in_time(self, provider: StandIn) -> None:
        """It may have happened."""
        gateway = StripeGateway(client=client_of(provider.url, timeout=0.1))
        provider.fail_next(Fault.DELAY, seconds=0.4)
        with pytest.raises(OutcomeUnknown):
            gateway.prepare(request())

    def test_a_wrong_key(self, provider: StandIn) -> None:
        """A person has to look at it."""
        gateway = StripeGateway(client=client_of(provider.url, key="sk_live_1"))
        with pytest.raises(RequestRejected, match="AuthenticationError, HTTP 401"):
            gateway.prepare(request())

    @pytest.mark.parametrize("status", ["requires_capture", "odd"])
    def test_an_unknown_status(self, status: str, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is guessed."""
        intent = stripe.PaymentIntent.construct_from(
            {"id": "pi_1", "status": status, "payment_method_types": []}, "sk_test_1"
        )
        monkeypatch.setattr(stripe.PaymentIntentService, "retrieve", lambda *_: intent)
        with pytest.raises(OutcomeUnknown, match=status):
            gateway.retrieve("pi_1")

    def test_without_a_method_nothing_was_captured(self, gateway: StripeGateway) -> None:
        """An intent whose source is gone is rejected when it is captured: no decline."""
        ref = gateway.client.v1.payment_intents.create({"amount": 1999, "currency": "usd"}).id
        assert gateway.retrieve(ref) == NotCaptured()
        with pytest.raises(RequestRejected, match="payment_intent_unexpected_state"):
            gateway.capture(ref, request())

    @pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_visa_chargeDeclined"])
    def test_a_void_that_is_refused_for_another_reason(
        self, card: str, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As long as it could still be confirmed nobody says that it is voided."""
        ref = gateway.prepare(request(card))
        if card != "pm_card_visa":
            gateway.capture(ref, request(card))
        error = stripe.InvalidRequestError("No.", "x", None, None, 400)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(stripe.PaymentIntentService, "cancel", raising(error))
        with pytest.raises(RequestRejected):
            gateway.void(ref)

    def test_messages_hold_nothing_that_was_sent(self, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stripe's message may repeat it; what is kept identifies the request instead."""
        body: Any = {"error": {"code": "parameter_invalid", "param": "payment_method", "message": "4242424242424242"}}
        headers = {"request-id": "req_1"}
        error = stripe.InvalidRequestError("4242424242424242", None, None, "4242424242424242", 400, body, headers)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(stripe.PaymentIntentService, "create", raising(error))
        with pytest.raises(RequestRejected) as rejected:
            gateway.prepare(request())
        assert rejected.value.reason == (
            "Stripe does not take the request as it is "
            "(InvalidRequestError, HTTP 400, code parameter_invalid, parameter payment_method, request req_1)"
        )


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    """A class and all that are made of it."""
    yield kind
    for one in kind.__subclasses__():
        yield from subclasses(one)


class TestErrorTable:
    """Every error has one meaning."""

    @pytest.mark.parametrize(
        ("error", "status", "certainty"),
        [
            (stripe.CardError, 402, Certainty.DECLINED),
            (stripe.CardError, 500, Certainty.UNKNOWN),
            (stripe.RateLimitError, 429, Certainty.NOT_SENT),
            (stripe.IdempotencyError, 400, Certainty.REJECTED),
            (stripe.InvalidRequestError, 400, Certainty.REJECTED),
            (stripe.InvalidRequestError, 404, Certainty.REJECTED),
            (stripe.InvalidRequestError, 500, Certainty.UNKNOWN),
            (stripe.AuthenticationError, 401, Certainty.REJECTED),
            (stripe.PermissionError, 403, Certainty.REJECTED),
            (stripe.APIConnectionError, None, Certainty.UNKNOWN),
            *((stripe.APIError, status, Certainty.UNKNOWN) for status in (200, 409, 500, 502, 503, 504)),
            (stripe.StripeError, None, Certainty.UNKNOWN),
            (ValueError, None, Certainty.UNKNOWN),
        ],
    )
    def test_means(self, error: type[Exception], status: int | None, certainty: Certainty) -> None:
        """Named by the SDK's class and the status of HTTP."""
        made = error.__new__(error)
        made.http_status = status  # type: ignore[attr-defined]
        assert row_of(made).certainty is certainty

    @pytest.mark.parametrize("error", list(subclasses(stripe.StripeError)), ids=lambda error: error.__name__)
    def test_nothing_is_certain_that_is_not_said_to_be(self, error: type[Exception]) -> None:
        """Any other error of the SDK, those of later versions included, leaves it open what happened."""
        made = error.__new__(error)
        if error not in {row.error for row in ERRORS}:
            assert row_of(made).certainty is Certainty.UNKNOWN

    def test_the_last_row_fits_everything(self) -> None:
        """No error is left without a meaning."""
        assert (ERRORS[-1].error, ERRORS[-1].status, ERRORS[-1].certainty) == (Exception, None, Certainty.UNKNOWN)


class TestAmounts:
    """Amounts in Stripe's units, which are not everywhere those of ISO 4217."""

    @pytest.mark.parametrize(
        ("amount", "currency", "count"),
        [("19.99", "USD", 1999), ("500", "JPY", 500), ("5", "UGX", 500), ("7", "ISK", 700), ("3", "MGA", 3)],
    )
    def test_units(self, amount: str, currency: str, count: int) -> None:
        """Whole ones."""
        assert units(Money.parse(amount, currency)) == count

    @pytest.mark.parametrize(("amount", "currency"), [("0.001", "USD"), ("0.5", "JPY"), ("0.2", "MGA")])
    def test_no_fractions(self, amount: str, currency: str) -> None:
        """What Stripe cannot charge exactly is not charged at all."""
        with pytest.raises(RequestRejected, match="not whole"):
            units(Money.parse(amount, currency))

    def test_read_back_in_the_same_units(self, gateway: StripeGateway) -> None:
        """For yen as for cents."""
        yen = Money.parse("500", "JPY")
        ref = gateway.prepare(request(amount=yen))
        assert gateway.capture(ref, request(amount=yen)) == Succeeded(yen)

    def test_the_least(self, gateway: StripeGateway) -> None:
        """By currency, one for each; the caller may know better."""
        assert gateway.capabilities.smallest_charge("USD") == Money.parse("0.50", "USD")
        assert gateway.capabilities.smallest_charge("KWD") == Money.zero("KWD")
        assert len({one.currency for one in SMALLEST_CHARGES}) == len(SMALLEST_CHARGES)
        other = StripeGateway(client=gateway.client, smallest_charges=(Money.parse("1", "USD"),))
        assert other.capabilities.smallest_charge("USD") == Money.parse("1", "USD")


class TestGateway:
    """The gateway as such."""

    def test_is_one_in_two_phases(self, gateway: StripeGateway) -> None:
        """And says so."""
        assert isinstance(gateway, TwoPhaseGateway)
        capabilities = gateway.capabilities
        assert (capabilities.two_phase, capabilities.void) == (True, True)
        assert (capabilities.look_up, capabilities.key_window) == (LookUp.STRONG, None)

    @pytest.mark.parametrize("timeout", [None, 0, (5, None)])
    def test_needs_a_time_out(self, timeout: Any) -> None:
        """A client that may wait for ever is refused."""
        client = stripe.StripeClient("sk_test_1", http_client=stripe.RequestsClient(timeout=timeout))
        with pytest.raises(InvalidValue, match="time-out"):
            StripeGateway(client=client)

    @pytest.mark.parametrize("timeout", [5, (3, 5)])
    def test_any_time_out_will_do(self, timeout: Any) -> None:
        """One, or one for each step."""
        StripeGateway(client=stripe.StripeClient("sk_test_1", http_client=stripe.RequestsClient(timeout=timeout)))

    def test_needs_stripe_s_client(self) -> None:
        """Not the module, not a key."""
        with pytest.raises(InvalidValue, match="client"):
            StripeGateway(client="sk_test_1")  # type: ignore[arg-type]

    def test_shows_no_key(self, gateway: StripeGateway) -> None:
        """Neither the API's nor anything that leads to it."""
        assert "sk_test" not in repr(gateway)

    def test_every_status_has_its_meaning(self) -> None:
        """Of those that our intents can have."""
        assert set(STATUSES) == {
            *("requires_payment_method", "requires_confirmation", "requires_action"),
            *("processing", "succeeded", "canceled"),
        }


class TestHints:
    """A web-hook tells which reference to look at, and nothing else."""

    FOREVER = 10**9

    def test_of_an_intent_and_its_charge(self, gateway: StripeGateway, provider: StandIn) -> None:
        """Whatever happened to it."""
        charged(gateway)
        hints = [
            gateway.hint(one.payload, one.signature, secret="whsec_standin", tolerance=self.FOREVER)
            for one in provider.take_events(copies=2, shuffled_by=3)
        ]
        assert hints == ["acme/bill/3/1"] * 6

    def test_of_a_dispute(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """Which names the intent only, so that Stripe is asked."""
        charged(gateway, "pm_usBankAccount_dispute")
        time.pass_(days=60)
        last = provider.take_events()[-1]
        assert last.type == "charge.dispute.closed"
        hint = gateway.hint(last.payload, last.signature, secret="whsec_standin", tolerance=self.FOREVER)
        assert hint == "acme/bill/3/1"

    def test_of_a_dispute_while_stripe_is_away(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """Then it is not known, and the schedule finds it later."""
        charged(gateway, "pm_usBankAccount_dispute")
        time.pass_(days=60)
        last = provider.take_events()[-1]
        provider.fail_next(Fault.DROP_BEFORE)
        with pytest.raises(OutcomeUnknown):
            gateway.hint(last.payload, last.signature, secret="whsec_standin", tolerance=self.FOREVER)

    def test_of_others(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """What another program charges in the same Stripe account is none of ours."""
        bank = "pm_usBankAccount_dispute"
        params: Any = {"amount": 999, "currency": "usd", "payment_method": bank, "confirm": True}
        gateway.client.v1.payment_intents.create(params | {"payment_method_types": [BANK_ACCOUNT]})
        time.pass_(days=60)
        hints = {
            gateway.hint(one.payload, one.signature, secret="whsec_standin", tolerance=self.FOREVER)
            for one in provider.take_events()
        }
        assert hints == {None}

    @pytest.mark.parametrize(
        ("payload", "signature", "secret"),
        [
            (b"", "", "whsec_standin"),
            (b"{}", "t=1,v1=00", "whsec_standin"),
            (None, None, "whsec_other"),
            (b"{}", None, "whsec_standin"),
            (b"\xff", None, "whsec_standin"),
            (None, "t=1,v1=\u00e9", "whsec_standin"),
        ],
    )
    def test_forged(
        self, payload: bytes | None, signature: str | None, secret: str, gateway: StripeGateway, provider: StandIn
    ) -> None:
        """Another payload, signature or secret: not even looked into."""
        gateway.prepare(request())
        (true,) = provider.take_events()
        with pytest.raises(SignatureMismatch) as forged:
            gateway.hint(
                true.payload if payload is None else payload,
                true.signature if signature is None else signature,
                secret=secret,
                tolerance=self.FOREVER,
            )
        assert forged.value.code == "signature_mismatch"

    @pytest.mark.parametrize(
        "payload",
        [
            *("", "no JSON", "[" * 100_000, "null", "[]", "7", "{}", '{"data": null}', '{"data": {"object": []}}'),
            *('{"data": {"object": {"metadata": {"reference": 5}}}}', '{"data": {"object": {"metadata": null}}}'),
            '{"data": {"object": {"object": "dispute", "payment_intent": null}}}',
            '{"data": {"object": {"object": "dispute", "payment_intent": 7}}}',
        ],
    )
    def test_about_nothing_that_was_charged_here(
        self, payload: str, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Signed, and of a shape that is none of ours: no hint, and no error that would have it sent again."""
        monkeypatch.setattr(stripe.WebhookSignature, "verify_header", lambda *_: True)
        assert gateway.hint(payload.encode(), "t=1", secret="whsec_standin") is None

    def test_too_old(self, gateway: StripeGateway, provider: StandIn, time: Time) -> None:
        """A copy kept by somebody is refused after five minutes, unless one says otherwise."""
        gateway.prepare(request())
        time.pass_(days=-3000)
        (old,) = provider.take_events()
        with pytest.raises(SignatureMismatch):
            gateway.hint(old.payload, old.signature, secret="whsec_standin")
        with pytest.raises(InvalidValue, match="tolerance"):
            gateway.hint(old.payload, old.signature, secret="whsec_standin", tolerance=0)


def test_localstripe_listens_here_only(localstripe: str) -> None:
    """Whatever its own command would do."""
    assert localstripe.startswith("http://127.0.0.1:")


def table(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table whose header begins with a word, in docs/stripe.md."""
    lines = (Path(__file__).parents[2] / "docs" / "stripe.md").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[start:end]]


class TestPage:
    """The tables of docs/stripe.md are those of the code."""

    def test_errors(self) -> None:
        """In their order, as the first that fits counts."""
        assert table("Error of the client") == [
            (
                f"`{row.error.__name__}`",
                str(row.status) if row.status else "none" if row.unreached else "any",
                row.certainty.value,
                row.why,
            )
            for row in ERRORS
        ]

    def test_statuses(self) -> None:
        """With the outcome of each."""
        shown = {
            status: f"Declined ({outcome.kind.value})" if isinstance(outcome, Declined) else type(outcome).__name__
            for status, outcome in STATUSES.items()
        }
        assert table("Status") == [(f"`{status}`", outcome) for status, outcome in shown.items()]

    def test_declines(self) -> None:
        """Every code by its kind."""
        by_kind = {kind: [code for code, of in DECLINES.items() if of is kind] for kind in DeclineKind}
        assert table("Kind") == [
            (kind.value, " ".join(f"`{code}`" for code in codes)) for kind, codes in by_kind.items()
        ]

    def test_returns(self) -> None:
        """Every reason with its code."""
        assert table("Reason") == [(f"`{reason}`", code) for reason, code in RETURNS.items()]

    def test_sources(self) -> None:
        """Every test source of the stand-in."""
        assert table("Payment method") == [(f"`{one.token}`", one.what, one.retry) for one in SOURCES.values()]

    def test_the_least(self) -> None:
        """Every currency."""
        page = (Path(__file__).parents[2] / "docs" / "stripe.md").read_text(encoding="utf-8")
        assert " ".join(f"{', '.join(map(str, SMALLEST_CHARGES))}.".split()) in " ".join(page.split())
