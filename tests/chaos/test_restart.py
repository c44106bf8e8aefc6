"""PostgreSQL is stopped in the middle of a run and started again: errors are reported, and the next run finishes."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from licensebill.charging import Job
from licensebill.outcomes import Outcome
from licensebill.protocols import Capabilities, Request, StoreUnavailable, TwoPhaseGateway
from licensebill.testing.provider import StandIn
from tests.chaos.town import LAST_RUNS, START, charging_at, judge, reported, settle_in
from tests.charging import Clock
from tests.servers import HAS_DRIVER, Server, availability, programs, started

_RESIDENTS = 6
#: At the how manieth of these calls the server goes down.
_STOPPED_AT = {"prepare": 4, "capture": 5, "void": 1}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that may be stopped: nobody else uses it."""
    if not HAS_DRIVER or programs() is None:
        pytest.skip(availability())
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = started(Path(folder))
        try:
            yield server
        finally:
            if (server.folder / "data" / "postmaster.pid").exists():  # it is up
                server.stop("immediate")


@attrs.frozen
class _Hooked:
    """A gateway that does something else after each call."""

    gateway: TwoPhaseGateway
    then: Callable[[str], None]

    @property
    def capabilities(self) -> Capabilities:
        return self.gateway.capabilities

    def prepare(self, request: Request) -> str:
        ref = self.gateway.prepare(request)
        self.then("prepare")
        return ref

    def capture(self, ref: str, request: Request) -> Outcome:
        outcome = self.gateway.capture(ref, request)
        self.then("capture")
        return outcome

    def retrieve(self, ref: str) -> Outcome:
        return self.gateway.retrieve(ref)

    def void(self, ref: str) -> Outcome:
        outcome = self.gateway.void(ref)
        self.then("void")
        return outcome


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("call", _STOPPED_AT)
def test_a_server_that_restarts_loses_nothing(server: Server, call: str, mode: str) -> None:
    """It goes down after the provider has answered and before that is written: in good order, or as in a crash."""
    from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - not every environment has the driver

    clock, calls = Clock(START), itertools.count(1)
    with StandIn(clock=clock) as provider, Postgres(server.new_database(f"{call}-{mode}")) as store:
        store.create_tables()
        calm = charging_at(store, provider.url, clock)
        for number in range(_RESIDENTS):
            settle_in(calm, number)

        def stop(name: str) -> None:
            if name == call and next(calls) == _STOPPED_AT[call]:
                server.stop(mode)

        failures = reported(attrs.evolve(calm, gateway=_Hooked(calm.gateway, stop)), Job.BILLS)
        assert failures
        assert all(isinstance(failure, StoreUnavailable) for failure in failures)
        server.start()
        for job, wait in LAST_RUNS:
            assert reported(calm, job) == []
            clock.now += wait
        judge(calm, provider.captures(), _RESIDENTS)
