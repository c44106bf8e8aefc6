"""The disk fills up in mid-run: errors are reported, nothing is lost, and once there is room the next run finishes."""

import contextlib
import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from licensebill.adapters.sqlite import Sqlite
from licensebill.charging import Job
from licensebill.protocols import StoreUnavailable
from licensebill.testing.provider import StandIn
from tests.chaos.town import LAST_RUNS, START, charging_at, judge, reported, settle_in
from tests.charging import Clock

_RESIDENTS = 10
#: Room that a run is left with, again and again, so that it ends somewhere else each time.
_ROOMS = (0, 4096, 12_000, 20_000, 30_000, 50_000)


class Disk(ABC):
    """A place for one file, which can be full."""

    folder: Path

    @abstractmethod
    def leave(self, room: int) -> None:
        """Leave so many bytes."""

    @abstractmethod
    def make_room(self) -> None:
        """Be as large as anyone needs."""


@attrs.frozen
class _Tmpfs(Disk):
    """A disk of its own, in memory, which another file fills."""

    folder: Path

    def leave(self, room: int) -> None:
        self.make_room()
        free = os.statvfs(self.folder)
        (self.folder / "filler").write_bytes(bytes(max(free.f_bavail * free.f_frsize - room, 0)))

    def make_room(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)


@attrs.frozen
class _Limit(Disk):
    """A disk like any other, on which this process may not write files above a size: there is no need to be root."""

    folder: Path
    before: tuple[int, int]

    def leave(self, room: int) -> None:
        largest = max((one.stat().st_size for one in self.folder.iterdir()), default=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, self.before[1]))

    def make_room(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


@contextlib.contextmanager
def _tmpfs(folder: Path) -> Iterator[Disk]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk; the limit of a file's size is tested in its place")
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield _Tmpfs(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607


@contextlib.contextmanager
def _limited(folder: Path) -> Iterator[Disk]:
    disk = _Limit(folder, resource.getrlimit(resource.RLIMIT_FSIZE))
    try:
        yield disk
    finally:
        disk.make_room()


@pytest.fixture(params=[_tmpfs, _limited], ids=["tmpfs", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk that is not full yet."""
    with request.param(tmp_path) as made:
        yield made


def test_a_full_disk_loses_nothing(disk: Disk) -> None:
    """However little room there is: what fits is done, what does not is reported, and done once there is room."""
    clock, failures = Clock(START), list[Exception]()
    with StandIn(clock=clock) as provider, Sqlite(disk.folder / "charges.db") as store:
        charging = charging_at(store, provider.url, clock)
        for number in range(_RESIDENTS):
            settle_in(charging, number)
        for room in _ROOMS:
            store.close()
            disk.leave(room)
            failures += [*reported(charging, Job.BILLS), *reported(charging, Job.RECHARGES)]
        disk.make_room()
        assert len(failures) > len(_ROOMS)
        assert all(isinstance(failure, StoreUnavailable) for failure in failures)
        for job, wait in LAST_RUNS:
            assert reported(charging, job) == []
            clock.now += wait
        judge(charging, provider.captures(), _RESIDENTS)
