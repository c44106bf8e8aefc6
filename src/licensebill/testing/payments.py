"""The state of the stand-in for a payment provider: its intents, and what each endpoint does to them.

No HTTP, keys or faults: those are `provider`'s, where the behavior is described. Times come in by `advance`, which
does whatever has become due, each thing at its own time.
"""

import datetime
import heapq
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from licensebill.money import Money
from licensebill.outcomes import DeclineKind

Json = dict[str, Any]

#: The version of Stripe's API whose published description the answers are checked against.
API_VERSION = "2026-08-26.dahlia"
#: How far search lags behind.
SEARCH_LAG = datetime.timedelta(minutes=1)
#: The least that is charged, in minor units.
SMALLEST_CHARGE = MappingProxyType({"usd": 50})
CARD, BANK_ACCOUNT = "card", "us_bank_account"


@attrs.frozen(kw_only=True)
class Behavior:
    """What a test source does when it is charged.

    Args:
        token: the payment method's id.
        what: in a sentence.
        decline: what the decline or failed debit means for the source; None if it does not fail.
        code, decline_code, advice_code: how Stripe names the reason, and its advice.
        return_code: the bank's code for a debit that fails or comes back.
        pending_days: how long a debit is under way; None for ever.
        return_reason: the dispute's reason, for a debit that comes back after it succeeded.
        return_days: how long after.
        retry: whether it is of any use to try this source again.
    """

    token: str
    what: str
    decline: DeclineKind | None = None
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    return_code: str | None = None
    pending_days: int | None = 4
    return_reason: str | None = None
    return_days: int = 0
    retry: str = "no need"

    @property
    def kind(self) -> str:
        """`card` or `us_bank_account`."""
        return BANK_ACCOUNT if self.token.startswith("pm_usBankAccount") else CARD


_SOFT, _HARD, _ACTION = DeclineKind.SOFT, DeclineKind.HARD, DeclineKind.ACTION_REQUIRED
_RETRY = {_SOFT: "later", _HARD: "only once it is replaced", _ACTION: "once the customer has acted"}
_GOOD = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
#: token after "pm_card_", what, kind, decline code, advice
_DECLINED = (
    ("visa_chargeDeclinedInsufficientFunds", "no funds", _SOFT, "insufficient_funds", "try_again_later"),
    ("visa_chargeDeclined", "no reason given", _SOFT, "generic_decline", None),
    ("chargeCustomerFail", "no reason given", _SOFT, "generic_decline", None),
    ("visa_chargeDeclinedVelocityLimitExceeded", "used too often", _SOFT, "card_velocity_exceeded", "try_again_later"),
    ("chargeDeclinedProcessingError", "the bank could not process it", _SOFT, "processing_error", "try_again_later"),
    ("visa_chargeDeclinedStolenCard", "reported stolen", _HARD, "stolen_card", "do_not_try_again"),
    ("visa_chargeDeclinedLostCard", "reported lost", _HARD, "lost_card", "do_not_try_again"),
    ("chargeDeclinedExpiredCard", "expired", _HARD, "expired_card", "confirm_card_data"),
    ("authenticationRequired", "the customer has to confirm it", _ACTION, "authentication_required", None),
)
_OWN_CODES = {"processing_error", "expired_card", "authentication_required"}
#: token after "pm_usBankAccount_", what, kind, error code, decline code, the bank's return code
_FAILING = (
    ("insufficientFunds", "no funds", _SOFT, "insufficient_funds", "insufficient_funds", "R01"),
    ("accountClosed", "account closed", _HARD, "account_closed", "bank_account_closed", "R02"),
    ("noAccount", "no such account", _HARD, "no_account", "bank_account_invalid_details", "R03"),
    ("debitNotAuthorized", "not authorized", _HARD, "debit_not_authorized", "debit_not_authorized", "R10"),
)
#: token after "pm_usBankAccount_", what, kind, the dispute's reason, the bank's return code, days after it succeeded
_RETURNED = (
    ("returnedInsufficientFunds", "no funds", _SOFT, "insufficient_funds", "R01", 5),
    ("returnedAccountDetails", "wrong account details", _HARD, "incorrect_account_details", "R03", 5),
    ("dispute", "not authorized", _HARD, "debit_not_authorized", "R10", 40),
)


def _sources() -> Iterator[Behavior]:
    for token in _GOOD:
        yield Behavior(token=token, what="Succeeds.")
    for name, what, kind, code, advice in _DECLINED:
        yield Behavior(
            token=f"pm_card_{name}",
            what=f"Declined: {what}.",
            decline=kind,
            code=code if code in _OWN_CODES else "card_declined",
            decline_code=code,
            advice_code=advice,
            retry=_RETRY[kind],
        )
    bank = "pm_usBankAccount_"
    yield Behavior(token=f"{bank}success", what="Pending for 4 days, then succeeds.")
    yield Behavior(token=f"{bank}processing", what="Pending for ever; can be cancelled.", pending_days=None)
    for name, what, kind, error, decline_code, code in _FAILING:
        yield Behavior(
            token=bank + name,
            what=f"Pending for 4 days, then fails: {what}.",
            decline=kind,
            code=error,
            decline_code=decline_code,
            return_code=code,
            retry=_RETRY[kind],
        )
    for name, what, kind, reason, code, days in _RETURNED:
        yield Behavior(
            token=bank + name,
            what=f"Succeeds after 4 days; comes back {days} days later: {what}.",
            return_reason=reason,
            return_code=code,
            return_days=days,
            retry=_RETRY[kind],
        )


#: The test sources by token. All but the two `..._returned...` bear the names of Stripe's own test payment methods.
SOURCES: Mapping[str, Behavior] = MappingProxyType({source.token: source for source in _sources()})


@attrs.frozen(kw_only=True)
class Capture:
    """Money that really moved.

    Args:
        payment_intent: its id here.
        reference: the caller's, as given in the metadata; empty without one.
        metadata: all that the caller gave.
        source: the token charged.
        amount: captured, in minor units.
        currency: as Stripe writes it, in lower case.
        at: when it succeeded.
        returned_at: when the bank took it back; None if it did not.
        return_code: the bank's code for that.
    """

    payment_intent: str
    reference: str
    metadata: Mapping[str, str]
    source: str
    amount: int
    currency: str
    at: datetime.datetime
    returned_at: datetime.datetime | None = None
    return_code: str | None = None

    @property
    def money(self) -> Money:
        """What was captured."""
        return Money.from_minor_units(self.amount, self.currency.upper())

    @property
    def is_returned(self) -> bool:
        """Whether the bank took it back."""
        return self.returned_at is not None


@attrs.frozen(kw_only=True)
class Answer:
    """What an endpoint answers, before it is put into HTTP."""

    status: int
    body: Json
    #: execution had begun, so that the key answers this from now on
    kept: bool = True
    headers: Mapping[str, str] = attrs.field(factory=dict)


class Refused(Exception):
    """Ends a request with an error of Stripe's."""

    def __init__(self, status: int, message: str, *, kept: bool = False, **details: object) -> None:
        super().__init__(message)
        error = {"type": "invalid_request_error", "message": message, **details}
        self.answer: Answer = Answer(
            status=status,
            kept=kept,
            body={"error": {name: value for name, value in error.items() if value is not None}},
        )


@attrs.frozen(kw_only=True)
class Request:
    """A request as an endpoint sees it. Two are the same if all of it is."""

    operation: str
    method: str
    path: str
    params: Mapping[str, str]
    identifier: str | None
    key: str | None


@attrs.define(kw_only=True)
class _Charge:
    id: str
    created: int
    method: Behavior
    status: str
    disputed: bool = False


@attrs.define(kw_only=True)
class _Intent:
    id: str
    created_at: datetime.datetime
    amount: int
    currency: str
    customer: str | None
    description: str | None
    method: Behavior | None
    types: list[str]
    metadata: dict[str, str]
    status: str
    received: int = 0
    short: int = 0
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    charge: _Charge | None = None
    error: Json | None = None
    dispute: Json | None = None

    def shown(self, *, expanded: bool = False) -> Json:
        """The PaymentIntent as JSON; with its charge in full if expanded."""
        waiting = self.status == "requires_action"
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": self.received,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": "automatic_async",
            "client_secret": f"{self.id}_secret",
            "confirmation_method": "automatic",
            "created": seconds_of(self.created_at),
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "last_payment_error": self.error,
            "latest_charge": self._charge_shown() if expanded else self.charge and self.charge.id,
            "livemode": False,
            "metadata": dict(self.metadata),
            "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}} if waiting else None,
            "payment_method": self.method and self.method.token,
            "payment_method_types": list(self.types),
            "processing": None,
            "status": self.status,
        }

    def _charge_shown(self) -> Json | None:
        return _charge_json(self, self.charge) if self.charge else None


def seconds_of(instant: datetime.datetime) -> int:
    """An instant as Stripe writes it."""
    return int(instant.timestamp())


def _charge_json(intent: _Intent, charge: _Charge) -> Json:
    succeeded, failed = charge.status == "succeeded", charge.status == "failed"
    error = intent.error or {}
    return {
        "id": charge.id,
        "object": "charge",
        "amount": intent.amount,
        "amount_captured": intent.received,
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "captured": succeeded,
        "created": charge.created,
        "currency": intent.currency,
        "customer": intent.customer,
        "disputed": charge.disputed,
        "failure_code": error.get("code") if failed else None,
        "failure_message": error.get("message") if failed else None,
        "livemode": False,
        "metadata": dict(intent.metadata),
        "outcome": _charge_outcome(charge, error),
        "paid": succeeded,
        "payment_intent": intent.id,
        "payment_method": charge.method.token,
        "payment_method_details": _method_details(charge.method),
        "refunded": False,
        "status": charge.status,
    }


def _charge_outcome(charge: _Charge, error: Json) -> Json:
    if charge.status != "failed":
        return {"type": "authorized", "network_status": "approved_by_network", "reason": None, "seller_message": None}
    return {
        "type": "issuer_declined",
        "network_status": "declined_by_network",
        "network_decline_code": error.get("network_decline_code"),
        "advice_code": error.get("advice_code"),
        "reason": error.get("decline_code"),
        "seller_message": error.get("message"),
    }


def _method_details(method: Behavior) -> Json:
    card = {"brand": "visa", "exp_month": 12, "exp_year": 2040, "last4": "4242", "funding": "credit"}
    bank = {"bank_name": "STAND-IN BANK", "last4": "6789", "account_type": "checking"}
    return {"type": method.kind, method.kind: card if method.kind == CARD else bank}


def _method_json(method: Behavior, created: int) -> Json:
    billing = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    common = {"id": method.token, "object": "payment_method", "created": created, "livemode": False}
    return {**common, "billing_details": billing, "customer": None, "metadata": {}, **_method_details(method)}


_CREATE = [
    *("amount", "currency", "confirm", "customer", "description", "expand", "metadata", "off_session"),
    *("payment_method", "payment_method_types"),
]
_CONFIRM = ["payment_method", "off_session", "expand"]
_CANCEL = ["cancellation_reason", "expand"]
_REASONS = ["abandoned", "duplicate", "fraudulent", "requested_by_customer"]
_CONFIRMABLE = ["requires_confirmation", "requires_action", "requires_payment_method"]
_CANCELLABLE = ["requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing"]
_CLAUSE = re.compile(r"metadata\[(['\"])(?P<name>[^'\"]+)\1\]:(['\"])(?P<value>[^'\"]*)\3")


def _only(params: Mapping[str, str], known: Iterable[str]) -> None:
    for name in params:
        if name.partition("[")[0] not in known:
            raise Refused(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _needed(params: Mapping[str, str], name: str) -> str:
    if not params.get(name):
        raise Refused(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return params[name]


def _whole(params: Mapping[str, str], name: str, low: int, high: int) -> int:
    value = _needed(params, name)
    if not value.isdecimal() or len(value) > len(str(high)) or not low <= int(value) <= high:
        raise Refused(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def _choice(params: Mapping[str, str], name: str, choices: Iterable[str]) -> str | None:
    value = params.get(name)
    if value is not None and value not in choices:
        raise Refused(400, f"Invalid {name}: must be one of {', '.join(choices)}", param=name)
    return value


def _yes(params: Mapping[str, str], name: str) -> bool:
    return _choice(params, name, ("true", "false")) == "true"


def _expanded(params: Mapping[str, str]) -> bool:
    wanted = [value for name, value in params.items() if name.startswith("expand[")]
    for value in wanted:
        if value not in {"latest_charge", "data.latest_charge"}:
            raise Refused(400, f"This property cannot be expanded ({value}).", param="expand")
    return bool(wanted)


class Account:
    """The provider's side of one Stripe account: its PaymentIntents, and what each endpoint does to them."""

    def __init__(self, now: datetime.datetime, name: str) -> None:
        self.now: datetime.datetime = now
        self.sources: dict[str, Behavior] = dict(SOURCES)
        self._name = name
        self.intents: dict[str, _Intent] = {}
        self.captures: dict[str, Capture] = {}
        self.events: list[Json] = []
        self.request: Request | None = None
        self._counter = itertools.count(1)
        self._agenda: list[tuple[datetime.datetime, int, Callable[[], object]]] = []

    def schedule(self, due: datetime.datetime, act: Callable[[], object]) -> None:
        """Do something once it is due."""
        heapq.heappush(self._agenda, (due, next(self._counter), act))

    def advance(self, now: datetime.datetime) -> None:
        """Whatever is due by now, each thing at its own time."""
        while self._agenda and self._agenda[0][0] <= now:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
        self.now = now

    def create(self, params: Mapping[str, str], _: None) -> Json:
        """POST /v1/payment_intents."""
        _only(params, _CREATE)
        currency = _needed(params, "currency").lower()
        amount = _whole(params, "amount", 1, 99_999_999)
        if amount < SMALLEST_CHARGE.get(currency, 1):
            raise Refused(400, "Amount must be at least the smallest charge", code="amount_too_small", param="amount")
        types = [value for name, value in params.items() if name.startswith("payment_method_types[")] or [CARD]
        method = self._method(params["payment_method"], types, currency) if "payment_method" in params else None
        confirmed, expanded = _yes(params, "confirm"), _expanded(params)
        if "off_session" in params and not confirmed:
            raise Refused(400, "off_session can only be used with confirm=true", param="off_session")
        intent = _Intent(
            id=self._id("pi"),
            created_at=self.now,
            amount=amount,
            currency=currency,
            customer=params.get("customer"),
            description=params.get("description"),
            method=method,
            types=types,
            metadata={name[9:-1]: value for name, value in params.items() if name.startswith("metadata[")},
            status="requires_confirmation" if method else "requires_payment_method",
        )
        self.intents[intent.id] = intent
        self._emit("payment_intent.created", intent.shown())
        if confirmed:
            self._confirm(intent, off_session=_yes(params, "off_session"))
        return intent.shown(expanded=expanded)

    def confirm(self, params: Mapping[str, str], identifier: str) -> Json:
        """POST /v1/payment_intents/{id}/confirm."""
        intent = self._intent(identifier)
        _only(params, _CONFIRM)
        off_session, expanded = _yes(params, "off_session"), _expanded(params)
        if intent.status not in _CONFIRMABLE:
            raise self._unexpected(intent, "confirm", _CONFIRMABLE)
        if "payment_method" in params:
            intent.method = self._method(params["payment_method"], intent.types, intent.currency)
        self._confirm(intent, off_session=off_session)
        return intent.shown(expanded=expanded)

    def retrieve(self, params: Mapping[str, str], identifier: str) -> Json:
        """GET /v1/payment_intents/{id}."""
        _only(params, ["expand"])
        return self._intent(identifier).shown(expanded=_expanded(params))

    def cancel(self, params: Mapping[str, str], identifier: str) -> Json:
        """POST /v1/payment_intents/{id}/cancel."""
        intent = self._intent(identifier)
        _only(params, _CANCEL)
        reason, expanded = _choice(params, "cancellation_reason", _REASONS), _expanded(params)
        gone = intent.status == "processing" and intent.method and intent.method.pending_days is not None
        if gone or intent.status not in _CANCELLABLE:
            raise self._unexpected(intent, "cancel", _CANCELLABLE)
        intent.status, intent.canceled_at, intent.cancellation_reason = "canceled", seconds_of(self.now), reason
        self._emit("payment_intent.canceled", intent.shown())
        return intent.shown(expanded=expanded)

    def search(self, params: Mapping[str, str], _: None) -> Json:
        """GET /v1/payment_intents/search, by metadata only."""
        _only(params, ["query", "limit", "expand"])
        query = _needed(params, "query")
        clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in query.split(" AND ")]
        if not all(clauses):
            raise Refused(400, "Only metadata['name']:'value' clauses, joined by AND, are understood", param="query")
        wanted = [(clause["name"], clause["value"]) for clause in clauses if clause]
        seen = [one for one in self._newest() if one.created_at + SEARCH_LAG <= self.now]
        found = [one for one in seen if all(one.metadata.get(name) == value for name, value in wanted)]
        limit = _whole({"limit": "10", **params}, "limit", 1, 100)
        return {
            "object": "search_result",
            "url": "/v1/payment_intents/search",
            "data": [one.shown(expanded=_expanded(params)) for one in found[:limit]],
            "has_more": len(found) > limit,
            "next_page": None,
        }

    def disputes(self, params: Mapping[str, str], _: None) -> Json:
        """GET /v1/disputes."""
        _only(params, ["charge", "payment_intent", "limit"])
        found = [one.dispute for one in self._newest() if one.dispute]
        for name in ("charge", "payment_intent"):
            found = [one for one in found if params.get(name) in {None, one[name]}]
        return {"object": "list", "url": "/v1/disputes", "data": found, "has_more": False}

    def _confirm(self, intent: _Intent, *, off_session: bool) -> None:
        method = intent.method
        if method is None:
            raise Refused(
                400,
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                kept=True,
                code="payment_intent_unexpected_state",
                payment_intent=intent.shown(),
            )
        if method.decline is _ACTION:
            if not off_session:
                intent.status = "requires_action"
                self._emit("payment_intent.requires_action", intent.shown())
                return
            raise self._declined(intent, method)
        prefix = "ch" if method.kind == CARD else "py"
        charge = _Charge(id=self._id(prefix), created=seconds_of(self.now), method=method, status="pending")
        intent.charge = charge
        if method.kind == BANK_ACCOUNT:
            intent.status = "processing"
            self._emit("payment_intent.processing", intent.shown())
            self._later(method.pending_days, lambda: self._settle(intent, charge))
        elif method.decline:
            raise self._declined(intent, method)
        else:
            self._succeed(intent, charge)

    def _later(self, days: int | None, act: Callable[[], None]) -> None:
        if days is not None:
            self.schedule(self.now + datetime.timedelta(days=days), act)

    def _settle(self, intent: _Intent, charge: _Charge) -> None:
        if intent.status != "processing":  # cancelled meanwhile
            return
        if charge.method.decline:
            self._fail(intent, charge.method)
            return
        self._succeed(intent, charge)
        if charge.method.return_reason:
            self._later(charge.method.return_days, lambda: self._return(intent, charge))

    def _succeed(self, intent: _Intent, charge: _Charge) -> None:
        intent.status, intent.received, intent.error = "succeeded", intent.amount - intent.short, None
        charge.status = "succeeded"
        self.captures[intent.id] = Capture(
            payment_intent=intent.id,
            reference=intent.metadata.get("reference", ""),
            metadata=MappingProxyType(intent.metadata),
            source=charge.method.token,
            amount=intent.received,
            currency=intent.currency,
            at=self.now,
        )
        self._emit("charge.succeeded", intent.shown(expanded=True)["latest_charge"])
        self._emit("payment_intent.succeeded", intent.shown())

    def _fail(self, intent: _Intent, method: Behavior) -> Json:
        intent.status, intent.method = "requires_payment_method", None
        error = {
            "type": "card_error" if method.kind == CARD else "invalid_request_error",
            "code": method.code,
            "decline_code": method.decline_code,
            "advice_code": method.advice_code,
            "network_decline_code": method.return_code,
            "charge": intent.charge and intent.charge.id,
            "message": method.what,
            "payment_method": _method_json(method, seconds_of(intent.created_at)),
        }
        intent.error = {name: value for name, value in error.items() if value is not None}
        if intent.charge:
            intent.charge.status = "failed"
            self._emit("charge.failed", intent.shown(expanded=True)["latest_charge"])
        self._emit("payment_intent.payment_failed", intent.shown())
        return intent.error

    def _declined(self, intent: _Intent, method: Behavior) -> Refused:
        error = self._fail(intent, method)
        return Refused(402, kept=True, payment_intent=intent.shown(), **error)

    def _return(self, intent: _Intent, charge: _Charge) -> None:
        charge.disputed = True
        intent.dispute = {
            "id": self._id("du"),
            "object": "dispute",
            "amount": intent.received,
            "balance_transactions": [],
            "charge": charge.id,
            "created": seconds_of(self.now),
            "currency": intent.currency,
            "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}},
            "evidence_details": {
                "due_by": None,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": intent.id,
            "reason": charge.method.return_reason,
            "status": "lost",
        }
        capture = self.captures[intent.id]
        self.captures[intent.id] = attrs.evolve(capture, returned_at=self.now, return_code=charge.method.return_code)
        for stage in ("created", "funds_withdrawn", "closed"):
            self._emit(f"charge.dispute.{stage}", intent.dispute)

    def _emit(self, kind: str, value: Json) -> None:
        cause = self.request
        self.events.append(
            {
                "id": self._id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": seconds_of(self.now),
                "data": {"object": value},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": cause and cause.key},
                "type": kind,
            }
        )

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._name}{next(self._counter):06d}"

    def _intent(self, identifier: str) -> _Intent:
        if identifier not in self.intents:
            missing = f"No such payment_intent: '{identifier}'"
            raise Refused(404, missing, code="resource_missing", param="intent")
        return self.intents[identifier]

    def _method(self, token: str, types: Iterable[str], currency: str) -> Behavior:
        if token not in self.sources:
            missing = f"No such PaymentMethod: '{token}'"
            raise Refused(400, missing, code="resource_missing", param="payment_method")
        method = self.sources[token]
        if method.kind not in types:
            raise Refused(400, f"This intent allows no {method.kind}", param="payment_method")
        if method.kind == BANK_ACCOUNT and currency != "usd":
            raise Refused(400, "A US bank account is debited in usd only", param="currency")
        return method

    def _newest(self) -> list[_Intent]:
        return list(self.intents.values())[::-1]

    def _unexpected(self, intent: _Intent, verb: str, allowed: Iterable[str]) -> Refused:
        return Refused(
            400,
            f"You cannot {verb} this PaymentIntent because it has a status of {intent.status}. "
            f"Only one of the following statuses allows it: {', '.join(allowed)}.",
            kept=True,
            code="payment_intent_unexpected_state",
            payment_intent=intent.shown(),
        )
