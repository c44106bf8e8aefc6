"""How payments go at the stand-in, with Stripe's own client; every answer is compared with Stripe's description."""

import datetime
import secrets
from typing import Any

import attrs
import pytest
import stripe

from licensebill._checks import holds_card_number
from licensebill.money import Money
from licensebill.outcomes import DeclineKind
from licensebill.testing.payments import API_VERSION, BANK_ACCOUNT, CARD
from licensebill.testing.provider import SOURCES, Behavior, StandIn, new_name
from tests.provider.conftest import Time, client_of
from tests.provider.openapi import Checker

GOOD_CARDS = [one for one in SOURCES.values() if one.kind == CARD and one.decline is None]
BAD_CARDS = [one for one in SOURCES.values() if one.kind == CARD and one.decline]
FAILING = [one for one in SOURCES.values() if one.kind == BANK_ACCOUNT and one.decline]
RETURNED = [one for one in SOURCES.values() if one.return_reason]
OFF_SESSION: Any = {"off_session": True}


def named(behavior: Behavior) -> str:
    """How pytest names a source."""
    return behavior.token


def created(client: stripe.StripeClient, source: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    """An unconfirmed intent over 19.99 USD."""
    params: Any = {
        "amount": 1999,
        "currency": "usd",
        "payment_method": source,
        "payment_method_types": [SOURCES[source].kind],
        "metadata": {"reference": "acme/bill/1/1"},
        **more,
    }
    return client.v1.payment_intents.create(params)


def confirmed(client: stripe.StripeClient, source: str = "pm_card_visa") -> stripe.PaymentIntent:
    """An intent, confirmed without the customer."""
    return client.v1.payment_intents.confirm(created(client, source).id, OFF_SESSION)


def error_of(refused: "pytest.ExceptionInfo[stripe.StripeError]") -> Any:
    """What Stripe says of a refusal."""
    return refused.value.error


def test_the_description_is_of_the_version_named(described: Checker) -> None:
    """The stand-in says which version of Stripe's API it follows, and is checked against that."""
    assert described.version == API_VERSION


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("amount", "19.99", "not of type 'integer'"),
        ("amount", None, "not of type 'integer'"),
        ("status", "paid", "'paid' is not one of"),
        ("livemode", ..., "required property"),
        ("paid", True, "'paid' was unexpected"),
    ],
)
def test_the_comparison_sees(field: str, value: object, problem: str, described: Checker, provider: StandIn) -> None:
    """Fields that are of another type, missing, or Stripe's in no place."""
    created(client_of(provider.url))
    body = {**(provider.exchanges[0].body or {}), field: value}
    if value is ...:
        del body[field]
    (found,) = described.problems("POST", "/v1/payment_intents", 200, body)
    assert problem in found


def test_the_comparison_knows_the_operations(described: Checker) -> None:
    """An address or a method that Stripe does not have is seen."""
    assert described.problems("POST", "/v1/payment_intents/search", 200, {}) == ["no such operation"]
    assert described.problems("GET", "/v1/payments", 200, {}) == ["no such operation"]


class TestCards:
    """A card succeeds or is declined at once."""

    @pytest.mark.parametrize("source", GOOD_CARDS, ids=named)
    def test_succeeds(self, source: Behavior, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """Nothing moves until the confirmation; then all of it does."""
        intent = created(client, source.token)
        assert (intent.status, intent.amount_received, provider.captures()) == ("requires_confirmation", 0, ())
        done = client.v1.payment_intents.confirm(intent.id, {"off_session": True, "expand": ["latest_charge"]})
        assert isinstance(done.latest_charge, stripe.Charge)
        assert (done.status, done.amount_received, done.latest_charge.status) == ("succeeded", 1999, "succeeded")
        (capture,) = provider.captures()
        assert attrs.astuple(capture)[:2] == (intent.id, "acme/bill/1/1")
        assert (capture.money, capture.at, capture.source) == (Money.parse("19.99", "USD"), time.now, source.token)
        assert not capture.is_returned

    @pytest.mark.parametrize("source", BAD_CARDS, ids=named)
    def test_declines(self, source: Behavior, client: stripe.StripeClient, provider: StandIn) -> None:
        """The reason is in the error and stays with the intent, which has lost its payment method."""
        intent = created(client, source.token)
        with pytest.raises(stripe.CardError) as refused:
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        error = error_of(refused)
        assert refused.value.http_status == 402
        assert (error.code, error.decline_code) == (source.code, source.decline_code)
        assert error.payment_intent.status == "requires_payment_method"
        left = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        assert (left.status, left.payment_method) == ("requires_payment_method", None)
        assert left.last_payment_error
        assert left.last_payment_error.decline_code == source.decline_code
        assert provider.captures() == ()

    def test_a_declined_card_leaves_its_failed_charge(self, client: stripe.StripeClient) -> None:
        """The charge says why, with the bank's advice."""
        intent = created(client, "pm_card_visa_chargeDeclinedStolenCard")
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        charge = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]}).latest_charge
        assert isinstance(charge, stripe.Charge)
        assert (charge.status, charge.failure_code) == ("failed", "card_declined")
        assert charge.outcome
        assert (charge.outcome.reason, charge.outcome.advice_code) == ("stolen_card", "do_not_try_again")

    def test_authentication_with_the_customer_present(self, client: stripe.StripeClient) -> None:
        """On-session the customer is asked, and nothing is declined."""
        intent = created(client, "pm_card_authenticationRequired")
        assert client.v1.payment_intents.confirm(intent.id).status == "requires_action"

    def test_confirmed_when_created(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """Both at once is possible, too."""
        assert created(client, confirm=True, off_session=True, expand=["latest_charge"]).status == "succeeded"
        assert len(provider.captures()) == 1

    def test_a_source_may_change(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """A card that was declined works once there is money on it."""
        card = "pm_card_visa_chargeDeclinedInsufficientFunds"
        intent = created(client, card)
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        provider.sources[card] = Behavior(token=card, what="Succeeds.")
        again: Any = {"payment_method": card, **OFF_SESSION}
        assert client.v1.payment_intents.confirm(intent.id, again).status == "succeeded"

    def test_a_declined_intent_needs_a_payment_method(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """A late copy of the request that was declined, which names none, charges nothing."""
        intent = created(client, "pm_card_visa_chargeDeclined")
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        provider.sources["pm_card_visa_chargeDeclined"] = SOURCES["pm_card_visa"]
        with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)


class TestBankAccounts:
    """A debit is under way for days, and may come back after it succeeded."""

    def test_succeeds_after_four_days(self, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """Not a moment before; the money moved when it was due, not when somebody asked."""
        started = time.now
        intent = confirmed(client, "pm_usBankAccount_success")
        assert intent.status == "processing"
        time.pass_(days=4, seconds=-1)
        assert client.v1.payment_intents.retrieve(intent.id).status == "processing"
        time.pass_(days=10)
        assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
        assert [one.at for one in provider.captures()] == [started + datetime.timedelta(days=4)]

    @pytest.mark.parametrize("source", FAILING, ids=named)
    def test_fails(self, source: Behavior, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """The bank's code stands in the intent's last error and with the charge."""
        intent = confirmed(client, source.token)
        time.pass_(days=4)
        left = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        assert left.status == "requires_payment_method"
        assert left.last_payment_error
        assert (left.last_payment_error.code, left.last_payment_error.network_decline_code) == (
            source.code,
            source.return_code,
        )
        assert isinstance(left.latest_charge, stripe.Charge)
        assert left.latest_charge.outcome
        assert left.latest_charge.outcome.network_decline_code == source.return_code
        assert provider.captures() == ()

    @pytest.mark.parametrize("source", RETURNED, ids=named)
    def test_comes_back(self, source: Behavior, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """The intent stays succeeded; the charge is disputed, and the dispute lost from the start."""
        intent = confirmed(client, source.token)
        time.pass_(days=4 + source.return_days, seconds=-1)
        assert not provider.captures()[0].is_returned
        time.pass_(seconds=1)
        left = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        assert isinstance(left.latest_charge, stripe.Charge)
        assert (left.status, left.latest_charge.disputed) == ("succeeded", True)
        (dispute,) = client.v1.disputes.list({"payment_intent": intent.id, "charge": left.latest_charge.id}).data
        assert (dispute.reason, dispute.status, dispute.amount) == (source.return_reason, "lost", 1999)
        (capture,) = provider.captures()
        assert (capture.returned_at, capture.return_code) == (time.now, source.return_code)

    def test_disputes_of_others_are_left_out(self, client: stripe.StripeClient, time: Time) -> None:
        """They are listed by intent and by charge."""
        confirmed(client, "pm_usBankAccount_dispute")
        time.pass_(days=60)
        assert len(client.v1.disputes.list().data) == 1
        assert client.v1.disputes.list({"payment_intent": "pi_other"}).data == []
        assert client.v1.disputes.list({"charge": "py_other"}).data == []

    def test_may_never_end(self, client: stripe.StripeClient, time: Time) -> None:
        """One source stays pending for ever; it alone can be cancelled on its way."""
        intent = confirmed(client, "pm_usBankAccount_processing")
        time.pass_(days=365)
        assert client.v1.payment_intents.retrieve(intent.id).status == "processing"
        assert client.v1.payment_intents.cancel(intent.id).status == "canceled"

    def test_cancelled_on_its_way_it_stays_cancelled(
        self, client: stripe.StripeClient, provider: StandIn, time: Time
    ) -> None:
        """Nothing that was due later happens to it, even if its source has changed meanwhile."""
        intent = confirmed(client, "pm_usBankAccount_success")
        never = provider.sources["pm_usBankAccount_processing"]
        provider._account.intents[intent.id].method = never
        client.v1.payment_intents.cancel(intent.id)
        time.pass_(days=30)
        assert client.v1.payment_intents.retrieve(intent.id).status == "canceled"
        assert provider.captures() == ()

    def test_a_debit_cannot_be_cancelled(self, client: stripe.StripeClient) -> None:
        """Once it has left for the bank."""
        intent = confirmed(client, "pm_usBankAccount_success")
        with pytest.raises(stripe.InvalidRequestError, match="has a status of processing"):
            client.v1.payment_intents.cancel(intent.id)

    def test_dollars_only(self, client: stripe.StripeClient) -> None:
        """There is no debit in another currency."""
        with pytest.raises(stripe.InvalidRequestError, match="in usd only"):
            created(client, "pm_usBankAccount_success", currency="eur")


class TestStates:
    """What is over is over, and the refusal says how it ended."""

    def test_cancelled_for_good(self, client: stripe.StripeClient, time: Time) -> None:
        """With its reason and time; it can be neither confirmed nor cancelled again."""
        intent = created(client)
        cancelled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
        assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
        assert cancelled.canceled_at == int(time.now.timestamp())
        for call in (client.v1.payment_intents.confirm, client.v1.payment_intents.cancel):
            with pytest.raises(stripe.InvalidRequestError) as refused:
                call(intent.id)
            assert error_of(refused).code == "payment_intent_unexpected_state"
            assert error_of(refused).payment_intent.status == "canceled"

    def test_succeeded_once(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """A second confirmation captures nothing."""
        intent = confirmed(client)
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        assert error_of(refused).payment_intent.status == "succeeded"
        assert len(provider.captures()) == 1

    def test_without_a_payment_method(self, client: stripe.StripeClient) -> None:
        """It is created, but cannot be confirmed."""
        intent = client.v1.payment_intents.create({"amount": 1999, "currency": "usd"})
        assert (intent.status, intent.payment_method_types) == ("requires_payment_method", ["card"])
        with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
            client.v1.payment_intents.confirm(intent.id)

    def test_no_such_intent(self, client: stripe.StripeClient) -> None:
        """404."""
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.retrieve("pi_other")
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


class TestSearch:
    """Found by metadata, a minute late."""

    def test_found_after_a_minute(self, client: stripe.StripeClient, time: Time) -> None:
        """Not before: who looks at once and finds nothing knows nothing."""
        intent = created(client)
        query: Any = {"query": "metadata['reference']:'acme/bill/1/1'", "expand": ["data.latest_charge"]}
        assert client.v1.payment_intents.search(query).data == []
        time.pass_(minutes=1)
        assert [one.id for one in client.v1.payment_intents.search(query).data] == [intent.id]

    def test_every_clause_counts(self, client: stripe.StripeClient, time: Time) -> None:
        """Joined by AND; newest first; so many on a page."""
        first = created(client, metadata={"a": "1", "b": "2"})
        second = created(client, metadata={"a": "1", "b": "3"})
        time.pass_(minutes=1)
        found = client.v1.payment_intents.search({"query": "metadata['a']:'1'"})
        assert [one.id for one in found.data] == [second.id, first.id]
        found = client.v1.payment_intents.search({"query": "metadata['a']:'1' AND metadata[\"b\"]:\"2\""})
        assert [one.id for one in found.data] == [first.id]
        found = client.v1.payment_intents.search({"query": "metadata['a']:'1'", "limit": 1})
        assert ([one.id for one in found.data], found.has_more) == ([second.id], True)

    def test_other_queries_are_not_understood(self, client: stripe.StripeClient) -> None:
        """They are refused rather than misread."""
        with pytest.raises(stripe.InvalidRequestError, match="clauses"):
            client.v1.payment_intents.search({"query": "status:'succeeded'"})


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"amount": 49}, "amount"),
    ({"amount": 0}, "amount"),
    ({"amount": -5}, "amount"),
    ({"amount": ""}, "amount"),
    ({"amount": "19.99"}, "amount"),
    ({"amount": 100_000_000}, "amount"),
    ({"currency": ""}, "currency"),
    ({"payment_method": "pm_other"}, "payment_method"),
    ({"payment_method_types": [BANK_ACCOUNT]}, "payment_method"),
    ({"off_session": True}, "off_session"),
    ({"confirm": "perhaps"}, "confirm"),
    ({"expand": ["customer"]}, "expand"),
    ({"payment_method_data": {"type": "card"}}, "payment_method_data[type]"),
    ({"capture_method": "manual"}, "capture_method"),
]


class TestRefusals:
    """What is not understood is refused, before anything is done."""

    @pytest.mark.parametrize(("params", "param"), REFUSED)
    def test_names_the_parameter(self, params: dict[str, Any], param: str, client: stripe.StripeClient) -> None:
        """Each is named; card numbers and captures by hand are among what is not known at all."""
        with pytest.raises(stripe.InvalidRequestError) as refused:
            created(client, **params)
        assert (refused.value.http_status, refused.value.param) == (400, param)

    def test_cancelling_for_no_known_reason(self, client: stripe.StripeClient) -> None:
        """Only Stripe's reasons are."""
        with pytest.raises(stripe.InvalidRequestError, match="cancellation_reason"):
            client.v1.payment_intents.cancel(created(client).id, {"cancellation_reason": "whim"})

    @pytest.mark.parametrize("key", ["sk_live_1", "pk_test_1"])
    def test_only_test_keys(self, key: str, provider: StandIn) -> None:
        """A live key that went astray is refused."""
        with pytest.raises(stripe.AuthenticationError):
            created(client_of(provider.url, key=key))

    def test_the_rest_of_the_interface_is_not_there(self, client: stripe.StripeClient) -> None:
        """404 for any other address."""
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
            client.v1.customers.retrieve("cus_1")


def test_no_id_is_taken_for_a_card_number(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where its stand-in's own name is all digits: with the count they are enough, and one in ten would pass."""
    monkeypatch.setattr(secrets, "token_hex", lambda _: "12345679")
    with StandIn(clock=time, name=new_name()) as stand_in:
        client = client_of(stand_in.url)
        ids = [created(client).id for _ in range(20)]
    assert len(set(ids)) == 20
    assert [one for one in ids if holds_card_number(one)] == []


class TestSources:
    """The table of test sources."""

    def test_declines_are_of_every_kind(self) -> None:
        """Soft, hard and to be acted upon."""
        assert {one.decline for one in BAD_CARDS} == set(DeclineKind)

    @pytest.mark.parametrize("source", SOURCES.values(), ids=named)
    def test_advice_follows_from_the_kind(self, source: Behavior) -> None:
        """Every source says whether it may be tried again."""
        expected = {
            DeclineKind.SOFT: "later",
            DeclineKind.HARD: "only once it is replaced",
            DeclineKind.ACTION_REQUIRED: "once the customer has acted",
        }
        if source.decline:
            assert source.retry == expected[source.decline]
        elif source.return_reason:
            assert source.retry in expected.values()
        else:
            assert source.retry == "no need"
