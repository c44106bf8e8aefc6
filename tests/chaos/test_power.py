"""The power goes off: what was synced is there, of the rest any part may be, and charging goes on from what is left.

The system calls of a process are traced. From them the disk is rebuilt as it might be found after a power cut at any of
them: what was written and not synced is missing altogether, or each of its sectors is there or not, by chance.
"""

import os
import pickle
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from licensebill.adapters.sqlite import Sqlite
from licensebill.events import Event
from tests.chaos.boundaries import Boundaries, SqlitePlace, Teller, copied, followed, in_memory
from tests.chaos.outage import COURSE, Moment, Story
from tests.charging import Clock

_TRACED = "openat,unlink,pwrite64,write,ftruncate,fsync,fdatasync"
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (\d+)")
_TEXT = re.compile(r'["<]((?:\\x[0-9a-f]{2})+)[">]')
_SECTOR = 512


@attrs.define
class _File:
    """What programs see of a file, what is on the disk for certain, and what was written to it since, in order."""

    seen: bytes = b""
    synced: bytes = b""
    since: list[tuple[int, bytes]] = attrs.Factory(list)

    def write(self, at: int, data: bytes) -> None:
        self.seen = _written(self.seen, at, data)
        self.since.append((at, data))

    def cut(self, size: int) -> None:
        # what a sync must not be needed for: only shorter files, and those only when nothing is under way
        assert size <= len(self.seen)
        self.seen = self.seen[:size]

    def sync(self) -> None:
        self.synced, self.since = self.seen, []

    def found(self, chance: random.Random | None) -> bytes:
        """After a power cut: without chance nothing that was not synced has survived."""
        content = self.synced
        for at, data in self.since if chance else ():
            for start in range(0, len(data), _SECTOR):
                if chance and chance.random() < 0.5:
                    content = _written(content, at + start, data[start : start + _SECTOR])
        return content


def _written(content: bytes, at: int, data: bytes) -> bytes:
    return content[:at].ljust(at, b"\0") + data + content[at + len(data) :]


def _bytes_of(quoted: str) -> bytes:
    return bytes.fromhex(quoted.replace("\\x", ""))


def _moments(trace: Path, story: Story) -> Iterator[tuple[Moment, dict[str, _File]]]:
    """The disk after each traced call that changes it, and the moment of the last mark before."""
    files: dict[str, _File] = {}
    marks, moment = iter(story.moments), story.moments[0]
    for line in trace.read_text(encoding="ascii").splitlines():
        called = _CALL.match(line)
        if called is None:
            continue
        name, arguments, _ = called.groups()
        texts = [_bytes_of(text) for text in _TEXT.findall(arguments)]
        path = texts[1] if name == "openat" and len(texts) > 1 else texts[0] if texts else b""
        file = os.fsdecode(path).rsplit("/", 1)[-1]
        if name == "write" and file == "marks":
            moment = next(marks)
            yield moment, files
        elif file in {"0.db", "0.db-wal", "0.db-journal"}:
            _change(files, file, name, arguments, texts)
            yield moment, files


def _change(files: dict[str, _File], file: str, name: str, arguments: str, texts: Sequence[bytes]) -> None:
    numbers = [int(number) for number in re.findall(r", (\d+)", arguments)]
    if name == "openat":
        files.setdefault(file, _File())
    elif name == "unlink":
        files.pop(file, None)
    elif name == "pwrite64":
        files[file].write(numbers[-1], texts[1])
    elif name == "ftruncate":
        files[file].cut(numbers[0])
    else:
        assert name in {"fsync", "fdatasync"}
        files[file].sync()


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Story]:
    """The trace of a process that follows a course, and what it did."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    folder = tmp_path_factory.mktemp("outage")
    command = [strace, "-f", "-y", "-xx", "-s", "100000", "-e", f"trace={_TRACED}", "-o", str(folder / "trace")]
    program = "import pathlib, sys; from tests.chaos import outage; outage.follow(pathlib.Path(sys.argv[1]))"
    command += [sys.executable, "-c", program, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if "ptrace" in done.stderr:
        pytest.skip(f"nothing can be traced here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return folder / "trace", pickle.loads((folder / "story").read_bytes())  # noqa: S301 - our own


@pytest.mark.parametrize("seed", [None, 1, 2], ids=["all is lost", "torn 1", "torn 2"])
def test_a_power_cut_loses_nothing_that_was_acknowledged(traced: tuple[Path, Story], seed: int | None) -> None:
    """At every call that reaches the disk: what is left opens, holds all that `append` returned for, and goes on."""
    trace, story = traced
    chance = None if seed is None else random.Random(seed)
    seen: set[tuple[object, ...]] = set()
    with in_memory() as folder:
        for number, (moment, files) in enumerate(_moments(trace, story)):
            left = {name: file.found(chance) for name, file in files.items()}
            key = (*left.values(), moment.version, moment.provider, moment.now)
            if key not in seen:
                seen.add(key)
                _check(folder / str(number), left, moment, story)
    assert len(seen) > 30


def _check(folder: Path, left: dict[str, bytes], moment: Moment, story: Story) -> None:
    boundaries = Boundaries()
    folder.mkdir()
    place = SqlitePlace(folder, boundaries)
    for name, content in left.items():
        place.path.with_name(name).write_bytes(content)
    found = _held(place.path)
    assert found == story.events[: len(found)]
    assert len(found) >= moment.version
    desk = Teller(Clock(moment.now + timedelta(minutes=1)), boundaries)
    desk.provider = moment.provider
    assert followed(COURSE, place, boundaries, desk) == story.ending


def _held(path: Path) -> tuple[Event, ...]:
    """What a database holds, looked at in a copy, lest looking change it."""
    copy = path.with_name("looked-at.db")
    copied(path, copy)
    journal = path.with_name(path.name + "-journal")
    if journal.exists():
        shutil.copyfile(journal, copy.with_name(copy.name + "-journal"))
    with Sqlite(copy) as store:
        return store.load("acme").events


def test_a_copy_taken_at_any_statement_holds_a_prefix(tmp_path: Path) -> None:
    """The file and its log, copied as they lie there in the midst of the work: each copy opens, nothing is missing."""
    copies: list[Path] = []

    class Copying(Boundaries):
        def cross(self, name: str) -> None:
            super().cross(name)
            if place.path.exists():
                copies.append(tmp_path / f"copy {len(copies)}.db")
                copied(place.path, copies[-1])

    boundaries = Copying()
    place = SqlitePlace(tmp_path, boundaries)
    followed(COURSE, place, boundaries)
    held = [_held(one) for one in [*copies, place.path]]
    assert len(held) > 100
    assert [len(one) for one in held] == sorted(len(one) for one in held)
    assert all(one == held[-1][: len(one)] for one in held)
    assert {len(one) for one in held} >= {0, 1, len(held[-1])}
