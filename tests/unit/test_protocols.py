"""Protocols by table: each error with its code and message, and what requests, capabilities and usage may hold."""

import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from licensebill.errors import ChargeFailure, InvalidValue
from licensebill.events import Target
from licensebill.money import CurrencyMismatch, Money
from licensebill.protocols import (
    AlreadyAppended,
    Capabilities,
    LookUp,
    NotSent,
    OutcomeUnknown,
    Request,
    RequestRejected,
    StoreUnavailable,
    UnsafeGateway,
    Usage,
    VersionConflict,
)
from licensebill.terms import Purpose
from licensebill.usage import UsageHistory
from tests.charging import CARD, NOON, TENTH, TWENTY
from tests.examples import usd

ERRORS: list[tuple[ChargeFailure, str, str]] = [
    (
        NotSent("429"),
        "not_sent",
        "the provider was not reached: 429; the same request is sent again later",
    ),
    (RequestRejected("400"), "request_rejected", "the provider rejected the request: 400"),
    (OutcomeUnknown("reset"), "outcome_unknown", "the provider's answer is not known: reset"),
    (
        VersionConflict("acme", 7),
        "version_conflict",
        "the stream of account acme has grown beyond 7; nothing was written",
    ),
    (
        AlreadyAppended("acme", 7, "change/8"),
        "already_appended",
        "the stream of account acme holds the event change/8 already",
    ),
    (StoreUnavailable("disk full"), "store_unavailable", "the store is not available: disk full"),
    (UnsafeGateway("no void"), "unsafe_gateway", "this gateway cannot charge exactly once: no void"),
]


class TestErrors:
    """An error says what is certain, to programs and to people, in any process."""

    @pytest.mark.parametrize(("error", "code", "message"), ERRORS)
    def test_code_message_and_pickling(self, error: ChargeFailure, code: str, message: str) -> None:
        """All three."""
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
        for one in (error, again):
            assert (type(one), one.code, str(one), one.args) == (type(error), code, message, error.args)

    def test_an_event_that_is_there_is_a_conflict(self) -> None:
        """Whoever expects the one need not know the other."""
        assert issubclass(AlreadyAppended, VersionConflict)


def request(**changed: Any) -> Request:
    """A request for 20 dollars."""
    fields: dict[str, Any] = {
        "reference": "acme/service/1/1",
        "account": "acme",
        "purpose": Purpose.SERVICE,
        "on": TENTH,
        "amount": usd("20.00"),
        "target": Target.of(CARD),
    }
    return Request(**(fields | changed))


def usage(drawn: Money = TWENTY, watermark: datetime = NOON) -> Usage:
    """Usage in dollars."""
    return Usage(history=UsageHistory.of([], currency="USD"), drawn=drawn, watermark=watermark)


def capabilities(**changed: Any) -> Capabilities:
    """Those of a provider with two phases."""
    fields: dict[str, Any] = {"two_phase": True, "void": True, "look_up": LookUp.STRONG}
    return Capabilities(**(fields | changed))


WRONG: list[tuple[str, Callable[[], object]]] = [
    ("reference", lambda: request(reference="")),
    ("account", lambda: request(account=None)),
    ("purpose", lambda: request(purpose="bill")),
    ("on", lambda: request(on=NOON)),
    ("amount", lambda: request(amount=20)),
    ("amount", lambda: request(amount=usd("0.001"))),
    ("amount", lambda: request(amount=usd("0.00"))),
    ("amount", lambda: request(amount=usd("-0.01"))),
    ("target", lambda: request(target="card")),
    ("two_phase", lambda: capabilities(two_phase=1)),
    ("void", lambda: capabilities(void=None)),
    ("look_up", lambda: capabilities(look_up="strong")),
    ("key_window", lambda: capabilities(key_window=24)),
    ("in_flight", lambda: capabilities(in_flight=None)),
    ("key_window", lambda: capabilities(key_window=timedelta(microseconds=-1))),
    ("in_flight", lambda: capabilities(in_flight=timedelta(microseconds=-1))),
    ("smallest_charges[0]", lambda: capabilities(smallest_charges=(50,))),
    ("drawn", lambda: usage(usd("-0.01"))),
    ("drawn", lambda: usage(Money.zero("EUR"))),
    ("watermark", lambda: usage(watermark=datetime(2026, 12, 10))),  # noqa: DTZ001 - that is the point
]


class TestValues:
    """What passes through the protocols checks itself."""

    @pytest.mark.parametrize(("place", "build"), WRONG)
    def test_what_is_wrong_is_refused(self, place: str, build: Callable[[], object]) -> None:
        """By the name of the field."""
        with pytest.raises(InvalidValue) as refused:
            build()
        assert refused.value.place == place

    def test_what_is_right_is_taken(self) -> None:
        """The least that can be."""
        assert request(amount=usd("0.01")).amount == usd("0.01")
        assert usage(usd("0.00")).drawn == usd("0.00")
        assert request().on == date(2026, 12, 10)
        assert not issubclass(CurrencyMismatch, ChargeFailure)

    def test_a_token_is_not_shown(self) -> None:
        """Nor by the request that holds it."""
        assert "card_pays" not in repr(request())
