"""Three processes that do the same work over one store, killed at random moments and started again, for 20 seconds.

They are killed by SIGKILL, in the midst of whatever they are doing: no handler runs, nothing is closed.
"""

import datetime
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import attrs
import pytest

from licensebill.charging import Charging
from licensebill.testing.provider import StandIn
from tests.chaos.town import LAST_RUNS, charging_at, instant, judge, opened, reported, settle_in, work
from tests.conformance.databases import emptied

_WORKERS, _SECONDS = 3, 20
#: Accounts that arrive in a second.
_ARRIVALS = 3
#: A process is killed as soon as it has begun, or after some work.
_LIFE = (0.1, 3.0)

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the streams are kept."""
    if request.param == "sqlite":
        return str(tmp_path / "charges.db")
    return emptied(request.getfixturevalue("postgres"))


class _TownClock:
    """The clock of the town, which is turned by hand once it is stopped."""

    def __init__(self) -> None:
        self.origin = time.time()
        self.now: datetime.datetime | None = None

    def __call__(self) -> datetime.datetime:
        """The present instant."""
        return self.now or instant(self.origin)

    def stop(self, later: timedelta = timedelta()) -> None:
        """Stand still, now or some time later."""
        self.now = self() + later


@attrs.define
class _Workers:
    """Processes of ours, and only ours are killed."""

    another: Callable[[], BaseProcess]
    chance: random.Random = attrs.Factory(lambda: random.Random(11))
    running: dict[BaseProcess, float] = attrs.Factory(dict)
    killed: int = 0

    def keep(self, count: int) -> None:
        """Kill those whose time has come, and start others in their place."""
        now = time.monotonic()
        for process in [one for one, end in self.running.items() if end <= now]:
            self.kill(process)
        while len(self.running) < count:
            process = self.another()
            process.start()
            self.running[process] = now + self.chance.uniform(*_LIFE)

    def kill(self, process: BaseProcess) -> None:
        """Kill one; it must not have ended by itself."""
        del self.running[process]
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        process.close()
        self.killed += 1


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> ForkServerContext:
    """Makes processes of a parent that has everything imported already, and nothing open."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.town"])
    return context


def test_nothing_is_lost_or_doubled_when_workers_are_killed(place: str, forked: ForkServerContext) -> None:
    """Accounts arrive and are charged all the while; one last run by one process finishes whatever was left."""
    clock = _TownClock()
    with StandIn(clock=clock) as provider, opened(place) as store:
        charging = charging_at(store, provider.url, clock)
        workers = _Workers(lambda: forked.Process(target=work, args=(place, provider.url, clock.origin), daemon=True))
        residents = _arrive(charging, workers)
        clock.stop()
        made = len(provider.captures())
        for job, wait in LAST_RUNS:
            assert reported(charging, job) == []
            clock.stop(wait)
        judge(charging, provider.captures(), residents)
    # also on a slow machine: they were killed again and again, and there was time to charge something
    assert workers.killed >= 10
    assert made >= 5


def _arrive(charging: Charging, workers: _Workers) -> int:
    """Accounts come one by one, until the time is up and all workers are dead."""
    began, residents = time.monotonic(), 0
    try:
        while time.monotonic() < began + _SECONDS:
            workers.keep(_WORKERS)
            if time.monotonic() > began + residents / _ARRIVALS:
                settle_in(charging, residents)
                residents += 1
            time.sleep(0.02)
    finally:
        for process in list(workers.running):
            workers.kill(process)
    return residents
