"""The same bad input for what leads outside: the store in PostgreSQL, and the gateway to Stripe.

Their entries are called with a server of the tests' own. What is refused has not been sent there.
"""

import datetime
import importlib.util
from collections.abc import Iterator
from datetime import UTC
from types import ModuleType

import attrs
import pytest

from licensebill.errors import InvalidValue
from licensebill.events import Target
from licensebill.protocols import Request
from licensebill.terms import Purpose
from licensebill.testing.provider import StandIn
from licensebill.testing.stores import NOON, sample_events
from tests.changing import TODAY
from tests.conformance.databases import emptied
from tests.examples import VISA, usd
from tests.hostile.entries import BASE, FOUND, GIVEN, entries_of, settled
from tests.hostile.test_bad_input import KINDS, findings, fits, tried
from tests.servers import Server


def _module(name: str, driver: str) -> list[ModuleType]:
    """An adapter, where its extra is installed."""
    return [importlib.import_module(f"licensebill.adapters.{name}")] if importlib.util.find_spec(driver) else []


STORE = entries_of(_module("postgres", "psycopg"))
#: The constructor takes a port at once, and is tried by itself.
STAND_IN = entries_of([importlib.import_module("licensebill.testing.provider")])
CONSTRUCTOR = STAND_IN.pop("testing.provider.StandIn")
GATEWAY = entries_of(_module("stripe", "stripe"))


# --- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(postgres: Server) -> Iterator[None]:
    """A store with a stream in it, at hand for its methods."""
    from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - an extra

    url = emptied(postgres)
    with Postgres(url) as opened:
        opened.append("acme", 0, sample_events(3), wake=NOON)
        FOUND[Postgres] = opened
        GIVEN["adapters.postgres.Postgres"] = {"conninfo": url}
        GIVEN["adapters.postgres.Postgres.append"] = {"account": "new", "expected_version": 0}
        base, missing = settled(STORE)
        assert missing == {}
        BASE.update(base)
        yield
        del FOUND[Postgres]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", STORE)
def test_bad_input_of_the_store_is_refused(name: str) -> None:
    """As by the stores that need no server, and before a connection is made."""
    assert list(findings(STORE[name])) == []


# --- Stripe -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider() -> Iterator[StandIn]:
    """A stand-in for Stripe, with a gateway to it at hand."""
    import stripe  # noqa: PLC0415 - an extra

    from licensebill.adapters.stripe import StripeGateway  # noqa: PLC0415 - see above
    from tests.provider.conftest import client_of  # noqa: PLC0415 - needs the extra

    with StandIn(clock=lambda: datetime.datetime.now(UTC)) as started:
        FOUND[StripeGateway] = gateway = StripeGateway(client=client_of(started.url))
        FOUND[Request] = request = Request(
            reference="acme/minutes/1/1",
            account="acme",
            purpose=Purpose.MINUTES,
            on=TODAY,
            amount=usd("19.99"),
            target=attrs.evolve(Target.of(VISA), token="pm_card_visa"),
        )
        prepared = gateway.prepare(request)
        gateway.capture(prepared, request)
        hook = started.take_events()[0]
        GIVEN.update(
            {
                "adapters.stripe.row_of": {"error": stripe.APIError("oops")},
                "adapters.stripe.StripeGateway": {"client": gateway.client},
                **{
                    f"adapters.stripe.StripeGateway.{name}": {"ref": prepared}
                    for name in ("capture", "retrieve", "void")
                },
                "adapters.stripe.StripeGateway.hint": {
                    "payload": hook.payload,
                    "signature": hook.signature,
                    "secret": "whsec_standin",
                },
            }
        )
        base, missing = settled(GATEWAY)
        assert missing == {}
        BASE.update(base)
        yield started
        del FOUND[StripeGateway]


@pytest.mark.parametrize("name", GATEWAY)
def test_bad_input_of_the_gateway_is_refused(name: str, provider: StandIn) -> None:
    """Before Stripe hears of it."""
    entry = GATEWAY[name]
    assert list(findings(entry)) == []
    before = len(provider.exchanges)
    for argument in entry.hints.keys() - {"self"}:
        for bad in KINDS.values():
            if not fits(bad, entry.hints[argument]):
                tried(entry, argument, bad)
    assert len(provider.exchanges) == before


# --- the stand-in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STAND_IN)
def test_bad_input_of_the_stand_in_is_refused(name: str) -> None:
    """Of what is ordered from it."""
    with StandIn(clock=lambda: NOON) as started:
        GIVEN.setdefault(name, {})["self"] = started
        base, missing = settled({name: STAND_IN[name]})
        assert missing == {}
        BASE.update(base)
        assert list(findings(STAND_IN[name])) == []


@pytest.mark.parametrize("argument", CONSTRUCTOR.hints)
def test_a_stand_in_is_not_made_of_bad_input(argument: str) -> None:
    """Before it takes a port."""
    BASE[CONSTRUCTOR.name] = {"clock": lambda: NOON}
    for kind, bad in KINDS.items():
        if not fits(bad, CONSTRUCTOR.hints[argument]):
            refused, _ = tried(CONSTRUCTOR, argument, bad)
            assert isinstance(refused, InvalidValue), kind
            assert refused.place == argument
