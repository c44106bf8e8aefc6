"""A stand-in whose every answer is compared with Stripe's published description when the test is over."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import stripe

from licensebill.testing.provider import StandIn
from tests.provider.openapi import Checker, checker


@attrs.define
class Time:
    """A clock that is moved by hand."""

    now: datetime.datetime = datetime.datetime(2026, 3, 1, 6, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        """The present instant."""
        return self.now

    def pass_(self, **duration: float) -> None:
        """Let so many days, hours, ... go by."""
        self.now += datetime.timedelta(**duration)


@pytest.fixture
def time() -> Time:
    """The provider's clock."""
    return Time()


@pytest.fixture(scope="session")
def described(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """Compares answers with Stripe's description, kept from one run to the next if pytest keeps anything."""
    cached = request.config.pluginmanager.has_plugin("cacheprovider")
    folder = request.config.cache.mkdir("stripe-openapi") if cached else tmp_path_factory.getbasetemp()
    return checker(Path(folder))


@pytest.fixture
def provider(time: Time, described: Checker) -> Iterator[StandIn]:
    """The stand-in; afterwards every answer that it gave must be as Stripe describes."""
    with StandIn(clock=time) as stand_in:
        yield stand_in
    for one in stand_in.exchanges:
        if one.body is not None and one.status is not None and one.operation != "unknown":
            assert described.problems(one.method, one.path, one.status, one.body) == [], one


def client_of(url: str, *, timeout: float = 5, key: str = "sk_test_standin") -> stripe.StripeClient:
    """Stripe's own client, for another address; one request a call."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": url},
        http_client=stripe.RequestsClient(timeout=timeout),
        max_network_retries=0,
    )


@pytest.fixture
def client(provider: StandIn) -> stripe.StripeClient:
    """Stripe's own client for the stand-in."""
    return client_of(provider.url)
