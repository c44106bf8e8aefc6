"""Stripe: cards and US bank accounts, as a gateway in two phases.

A PaymentIntent is created unconfirmed (`prepare`), confirmed (`capture`), retrieved, and cancelled (`void`). It names
its payment method when it is created and never again: once declined it has none, so that a late copy of the
confirmation charges nothing. A bank debit that comes back after it succeeded stays `succeeded` at Stripe and shows
only as a dispute of its charge; `retrieve` looks for that.

What Stripe's answers mean stands in tables, as data: `ERRORS` (what is certain after an error of the SDK), `STATUSES`,
`DECLINES` (what a decline means for the source), `RETURNS` (the bank's code for a dispute's reason) and
`SMALLEST_CHARGES`. The client is the caller's; one call here is one request: the SDK's own retries are switched off,
as only the executor knows what may be sent again. No card number passes through: a source is a token.

Refunds given at Stripe by hand are not seen here, nor is a card's dispute before it is lost.
"""

import enum
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar

import attrs

from licensebill._extras import extra

with extra("stripe"):
    import stripe

from licensebill._checks import checked, function, instance, text, tuple_of, whole
from licensebill.errors import InvalidValue, shown
from licensebill.funding import SourceKind
from licensebill.money import DECIMALS, Money, decimals
from licensebill.outcomes import (
    Declined,
    DeclineKind,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Voided,
)
from licensebill.protocols import Capabilities, LookUp, NotSent, OutcomeUnknown, Request, RequestRejected

_T = TypeVar("_T")

# --- errors -------------------------------------------------------------------------------------------------------


class Certainty(enum.Enum):
    """What is known after an error."""

    DECLINED = "declined"
    NOT_SENT = "nothing happened; the same request again later"
    REJECTED = "nothing happened; a person has to look at it"
    UNKNOWN = "it may have happened"


@attrs.frozen
class Row:
    """A row of `ERRORS`.

    Args:
        error: the SDK's exception.
        status: of HTTP; None for any.
        certainty: what is known.
        why: in words.
        unreached: the row is only for connections that were never made.
    """

    error: type[Exception]
    status: int | None
    certainty: Certainty
    why: str
    unreached: bool = False


#: What is certain after an error; the first row that fits counts.
ERRORS: Final = (
    Row(stripe.CardError, 402, Certainty.DECLINED, "the card network or the bank refused"),
    Row(stripe.RateLimitError, None, Certainty.NOT_SENT, "Stripe turned the request away before it began"),
    Row(stripe.IdempotencyError, None, Certainty.REJECTED, "another request was made under this reference before"),
    Row(stripe.InvalidRequestError, 400, Certainty.REJECTED, "Stripe does not take the request as it is"),
    Row(stripe.InvalidRequestError, 404, Certainty.REJECTED, "there is no such object in this Stripe account"),
    Row(stripe.AuthenticationError, None, Certainty.REJECTED, "the API key is wrong"),
    Row(stripe.PermissionError, None, Certainty.REJECTED, "the API key may not do this"),
    Row(stripe.APIConnectionError, None, Certainty.NOT_SENT, "no connection was made", unreached=True),
    Row(stripe.APIConnectionError, None, Certainty.UNKNOWN, "the connection broke, or no answer came in time"),
    Row(stripe.APIError, None, Certainty.UNKNOWN, "5xx, 409, or an answer that cannot be read"),
    Row(Exception, None, Certainty.UNKNOWN, "anything else"),
)
#: What the HTTP libraries raise before the first byte of a request has left, by name: none of them need be installed.
_UNREACHED = {
    *("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ConnectTimeout"),
    *("ConnectError", "ConnectionRefusedError", "gaierror"),
}


def row_of(error: Exception) -> Row:
    """The row of `ERRORS` that an error belongs to.

    Example:
        >>> row_of(stripe.APIError("oops", http_status=502)).certainty
        <Certainty.UNKNOWN: 'it may have happened'>
    """
    status = getattr(instance("error", error, Exception), "http_status", None)
    fitting = (row for row in ERRORS if isinstance(error, row.error) and row.status in {None, status})
    return next(row for row in fitting if not row.unreached or _is_unreached(error))


def _is_unreached(error: BaseException) -> bool:
    return any(type(cause).__name__ in _UNREACHED for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was made of: the libraries nest the reason in three ways."""
    yield error
    nested = [error.__cause__, getattr(error, "reason", None), *error.args]
    for cause in nested:
        if isinstance(cause, BaseException):
            yield from _causes(cause)


def _failure(error: Exception) -> NotSent | RequestRejected | OutcomeUnknown:
    row = row_of(error)
    reason = f"{row.why} ({_identified(error)})"
    if row.certainty is Certainty.NOT_SENT:
        return NotSent(reason)
    if row.certainty is Certainty.UNKNOWN:
        return OutcomeUnknown(reason)
    return RequestRejected(reason)


def _identified(error: Exception) -> str:
    """What identifies the error at Stripe; not its message, which may repeat what was sent."""
    detail = getattr(error, "error", None)
    known = {
        "HTTP": getattr(error, "http_status", None),
        "code": getattr(detail, "code", None),
        "parameter": getattr(detail, "param", None),
        "request": getattr(error, "request_id", None),
    }
    return ", ".join([type(error).__name__, *(f"{name} {value}" for name, value in known.items() if value)])


# --- declines and returns -----------------------------------------------------------------------------------------

_CODES = {
    DeclineKind.SOFT: """
        R01 R09 approve_with_id call_issuer card_declined card_velocity_exceeded charge_exceeds_weekly_limit
        do_not_honor duplicate_transaction generic_decline insufficient_funds invalid_amount issuer_not_available
        no_action_taken payment_method_not_available payment_method_provider_timeout processing_error
        reenter_transaction try_again_later withdrawal_count_limit_exceeded
        """,
    DeclineKind.HARD: """
        R02 R03 R04 R05 R07 R08 R10 R11 R16 R20 R29 R31 account_closed bank_account_closed
        bank_account_invalid_details bank_account_restricted bank_account_unusable card_not_supported
        currency_not_supported debit_not_authorized do_not_try_again expired_card fraudulent highest_risk_level
        incorrect_number invalid_account invalid_expiry_month invalid_expiry_year invalid_number
        live_mode_test_card lost_card merchant_blacklist new_account_information_available no_account not_permitted
        payment_intent_mandate_invalid payment_method_bank_account_blocked pickup_card restricted_card
        revocation_of_all_authorizations revocation_of_authorization security_violation service_not_allowed
        stolen_card stop_payment_order testmode_decline transaction_not_allowed
        """,
    DeclineKind.ACTION_REQUIRED: """
        authentication_not_handled authentication_required incorrect_address incorrect_cvc incorrect_pin
        incorrect_zip invalid_cvc invalid_pin mobile_device_authentication_required offline_pin_required
        online_or_offline_pin_required payment_intent_authentication_failure pin_try_exceeded
        """,
}
#: What a PaymentIntent's status means on its own. `succeeded` depends on its charge, and `requires_payment_method` is a
#: decline if there was an error; any other status is not known, as our intents are never captured by hand.
STATUSES: Mapping[str, Outcome] = MappingProxyType(
    {
        "requires_payment_method": NotCaptured(),
        "requires_confirmation": NotCaptured(),
        "requires_action": Declined(kind=DeclineKind.ACTION_REQUIRED, code="authentication_required"),
        "processing": Pending(),
        "succeeded": Succeeded(),
        "canceled": Voided(),
    }
)

#: What a decline means for the source, by Stripe's code or the bank's return code. A card's code that is not here is
#: soft, a bank account's hard: a debit that fails costs a fee, and the rules of ACH allow few new tries.
DECLINES: Mapping[str, DeclineKind] = MappingProxyType(
    {code: kind for kind, codes in _CODES.items() for code in codes.split()}
)
#: Advice that makes any decline hard.
NEVER_AGAIN: Final = "do_not_try_again"

#: The bank's return code for a dispute's reason, as Stripe does not pass the code itself on: the first of those that
#: Stripe puts under that reason. A reason that is not here is its own code, and blocks the account.
RETURNS: Mapping[str, str] = MappingProxyType(
    {"insufficient_funds": "R01", "incorrect_account_details": "R03", "debit_not_authorized": "R10"}
)
_BANK_ACCOUNT = "us_bank_account"
_TYPES = {SourceKind.CARD: "card", SourceKind.BANK_ACCOUNT: _BANK_ACCOUNT}
#: Disputes by which the money is gone. A bank account's are final as soon as they are there; a card's when lost.
_GONE = {"card": {"lost"}, _BANK_ACCOUNT: {"lost", "needs_response", "under_review"}}


def _declined(error: Any, method: str) -> Declined:  # noqa: ANN401 - the SDK's objects have no common type
    network = getattr(error, "network_decline_code", None)
    reason = getattr(error, "decline_code", None) or getattr(error, "code", None) or "declined"
    code = str(network if network in DECLINES else reason)
    kind = DECLINES.get(code, DeclineKind.HARD if method == _BANK_ACCOUNT else DeclineKind.SOFT)
    never = getattr(error, "advice_code", None) == NEVER_AGAIN
    return Declined(kind=DeclineKind.HARD if never else kind, code=code)


# --- amounts ------------------------------------------------------------------------------------------------------

#: Currencies whose minor unit at Stripe is not that of ISO 4217.
_OTHER_DECIMALS = {"ISK": 2, "MGA": 0, "UGX": 2}
_SMALLEST = """0.50 USD, 0.50 AUD, 0.50 BRL, 0.50 CAD, 0.50 CHF, 0.50 EUR, 0.50 INR, 0.50 NZD, 0.50 SGD, 0.30 GBP,
    2.50 DKK, 3.00 NOK, 3.00 SEK, 2.00 AED, 2.00 MYR, 2.00 PLN, 2.00 RON, 4.00 HKD, 10 MXN, 10 THB, 15.00 CZK, 50 JPY,
    175.00 HUF"""
#: The least that Stripe charges by card, for an account that is paid out in the same currency.
SMALLEST_CHARGES: tuple[Money, ...] = tuple(Money.parse(*one.split()) for one in _SMALLEST.split(","))


def _micros_each(currency: str) -> int:
    return int(10 ** (DECIMALS - _OTHER_DECIMALS.get(currency, decimals(currency))))


def units(amount: Money) -> int:
    """An amount as Stripe writes it: a whole number of the currency's smallest unit there.

    Raises:
        RequestRejected: it is not whole in that unit.

    Example:
        >>> units(Money.parse("19.99", "USD")), units(Money.parse("500", "JPY")), units(Money.parse("5", "UGX"))
        (1999, 500, 500)
    """
    count, beyond = divmod(instance("amount", amount, Money).micros, _micros_each(amount.currency))
    if beyond:
        raise RequestRejected(f"{amount} is not whole in Stripe's smallest unit of {amount.currency}")
    return count


def _money(count: int, currency: str) -> Money:
    return Money(count * _micros_each(currency), currency)


# --- the gateway --------------------------------------------------------------------------------------------------


@attrs.frozen
class SignatureMismatch(InvalidValue):
    """A web-hook that Stripe has not signed with this secret, or not lately: it is not even a hint."""

    code: ClassVar[str] = "signature_mismatch"


def _no_customer(_: str) -> None:
    return None


def _check_client(_: object, __: object, client: stripe.StripeClient) -> None:
    """A client that waits for ever would stop a run for ever."""
    http = instance("client", client, stripe.StripeClient)._requestor._get_http_client()  # noqa: SLF001 - no other way
    if http.name in {"urllib.request", "pycurl"}:  # the SDK gives these 80 seconds, always
        return
    timeout = getattr(http, "_timeout", None)
    if not timeout or (isinstance(timeout, tuple) and not all(timeout)):
        raise InvalidValue("client", "must have a time-out, such as http_client=stripe.RequestsClient(timeout=30)")


@attrs.frozen(kw_only=True)
class StripeGateway:
    """Stripe as a `TwoPhaseGateway`.

    Args:
        client: with the API key and a time-out.
        customer: Stripe's id of the customer that an account's payment methods are attached to; None for none.
        smallest_charges: the least that is charged, one for each currency that has a least.

    Example:
        >>> gateway = StripeGateway(
        ...     client=stripe.StripeClient("sk_test_...", http_client=stripe.RequestsClient(timeout=30)),
        ...     customer={"acme": "cus_1"}.get,
        ... )
        >>> gateway.capabilities.two_phase, gateway.capabilities.void
        (True, True)
    """

    client: stripe.StripeClient = attrs.field(validator=_check_client, repr=False)
    customer: Callable[[str], str | None] = attrs.field(default=_no_customer, validator=checked(function), repr=False)
    smallest_charges: tuple[Money, ...] = attrs.field(default=SMALLEST_CHARGES, validator=checked(tuple_of, Money))

    @property
    def capabilities(self) -> Capabilities:
        """Two phases, so that no key is needed; an intent is always found by its id."""
        return Capabilities(two_phase=True, void=True, look_up=LookUp.STRONG, smallest_charges=self.smallest_charges)

    def prepare(self, request: Request) -> str:
        """Create a PaymentIntent, unconfirmed."""
        params: Any = {
            "amount": units(instance("request", request, Request).amount),
            "currency": request.amount.currency.lower(),
            "payment_method": request.target.token,
            "payment_method_types": [_TYPES[request.target.kind]],
            "metadata": {
                "reference": request.reference,
                "account": request.account,
                "purpose": request.purpose.value,
            },
        }
        customer = self.customer(request.account)
        if customer is not None:
            params["customer"] = customer
        options = _options(_key(request, "prepare"))
        return str(_sent(lambda: self.client.v1.payment_intents.create(params, options)).id)

    def capture(self, ref: str, request: Request) -> Outcome:
        """Confirm it, without the customer."""
        text("ref", ref)
        params: Any = {"off_session": True, "expand": ["latest_charge"]}
        options = _options(_key(instance("request", request, Request), "capture"))
        try:
            intent = self.client.v1.payment_intents.confirm(ref, params, options)
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            if row_of(error).certainty is Certainty.DECLINED or _code(error) in DECLINES:
                return _declined(error.error, _TYPES[request.target.kind])
            return self._as_it_is(ref, error, (NotCaptured,))
        except Exception as error:
            raise _failure(error) from error
        return self._outcome(intent)

    def retrieve(self, ref: str) -> Outcome:
        """What has become of it, and whether a bank has taken the money back since."""
        text("ref", ref)
        params: Any = {"expand": ["latest_charge"]}
        return self._outcome(_sent(lambda: self.client.v1.payment_intents.retrieve(ref, params, _options())))

    def void(self, ref: str) -> Outcome:
        """Cancel it; what has succeeded or is under way cannot be, and is answered as it is."""
        text("ref", ref)
        try:
            intent = self.client.v1.payment_intents.cancel(ref, None, _options())
        except stripe.InvalidRequestError as error:
            return self._as_it_is(ref, error, (NotCaptured, Declined))
        except Exception as error:
            raise _failure(error) from error
        return self._outcome(intent)

    def hint(self, payload: bytes, signature: str, *, secret: str, tolerance: int = 300) -> str | None:
        """The reference that a web-hook is about: one to retrieve, and no more than that.

        What the web-hook says of it is not believed: they come twice, late and in any order.

        Args:
            payload: its body, byte for byte.
            signature: its header `Stripe-Signature`.
            secret: of this endpoint at Stripe.
            tolerance: its greatest age in seconds, at least 1.

        Returns:
            None if it is about nothing that was charged here.

        Raises:
            SignatureMismatch: it is not signed with this secret, or too old.
            NotSent, RequestRejected, OutcomeUnknown: of a dispute Stripe had to be asked which intent it is about.
        """
        whole("tolerance", tolerance, 1)
        text("secret", secret)
        try:
            body = instance("payload", payload, bytes).decode()
            instance("signature", signature, str).encode("ascii")
            stripe.WebhookSignature.verify_header(body, signature, secret, tolerance)
        except (stripe.SignatureVerificationError, UnicodeError):
            raise SignatureMismatch("signature", "is not Stripe's for this payload and secret, or too old") from None
        told = _told(body)
        if told.get("object") != "dispute":
            return _reference(told.get("metadata"))
        disputed = told.get("payment_intent")
        if not isinstance(disputed, str):
            return None  # of a charge that was made without an intent, and so not here
        intent = _sent(lambda: self.client.v1.payment_intents.retrieve(disputed, None, _options()))
        return _reference(intent.metadata)

    def _as_it_is(self, ref: str, error: stripe.StripeError, open_still: tuple[type[Outcome], ...]) -> Outcome:
        """After a refusal: what became of it, unless it is still open, so that the refusal was about something else."""
        outcome = self.retrieve(ref)
        if isinstance(outcome, open_still):
            raise _failure(error) from error
        return outcome

    def _outcome(self, intent: stripe.PaymentIntent) -> Outcome:
        status, method = intent.status, _method(intent)
        if status == "succeeded":
            return self._returned(intent, method) or Succeeded(_captured(intent))
        if status == "requires_payment_method" and intent.last_payment_error:
            return _declined(intent.last_payment_error, method)
        if status not in STATUSES:
            raise OutcomeUnknown(f"a PaymentIntent has the status {shown(status)}")
        return STATUSES[status]

    def _returned(self, intent: stripe.PaymentIntent, method: str) -> Returned | None:
        charge = intent.latest_charge
        if not isinstance(charge, stripe.Charge) or not getattr(charge, "disputed", False):
            return None
        params: Any = {"payment_intent": intent.id}
        disputes = _sent(lambda: self.client.v1.disputes.list(params, _options()))
        reasons = [one.reason for one in disputes.data if one.status in _GONE[method]]
        return Returned(RETURNS.get(reasons[0], reasons[0])) if reasons else None


def _told(payload: str) -> Mapping[str, Any]:
    """The object that a web-hook is about; nothing where it is about none."""
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    for name in ("data", "object"):
        event = event.get(name) if isinstance(event, dict) else None
    return event if isinstance(event, dict) else {}


def _reference(metadata: object) -> str | None:
    found = metadata.get("reference") if isinstance(metadata, Mapping) else getattr(metadata, "reference", None)
    return found if isinstance(found, str) else None


def _key(request: Request, step: str) -> str:
    """The reference and the step; its digest where a header of HTTP could not carry it."""
    key = f"{request.reference}/{step}"
    return key if key.isascii() else hashlib.sha256(key.encode()).hexdigest()


def _options(key: str | None = None) -> Any:  # noqa: ANN401 - the SDK's type for it is private
    return {"max_network_retries": 0} | ({"idempotency_key": key} if key else {})


def _sent(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except Exception as error:
        raise _failure(error) from error


def _code(error: stripe.StripeError) -> str | None:
    return getattr(error.error, "code", None)


def _method(intent: stripe.PaymentIntent) -> str:
    return _BANK_ACCOUNT if _BANK_ACCOUNT in getattr(intent, "payment_method_types", ()) else "card"


def _captured(intent: stripe.PaymentIntent) -> Money | None:
    received = getattr(intent, "amount_received", None)
    return None if received is None else _money(received, intent.currency.upper())
