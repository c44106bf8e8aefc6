"""A process of its own that follows a course and leaves a mark at every boundary, for a trace of what it writes.

Nothing crashes here. The marks stand in the trace between the writes to the database and their syncs; `story` says
what the provider had done at each, so that the course can be taken up from there.
"""

import datetime
import os
import pickle
from pathlib import Path

import attrs

from licensebill.events import Event
from licensebill.testing.worlds import SCENARIOS, Provider
from tests.chaos.boundaries import COURSES, Boundaries, Ending, SqlitePlace, Teller, followed
from tests.charging import Clock

COURSE = COURSES[0]


@attrs.frozen
class Moment:
    """What the provider had done at a mark, and when that was.

    Args:
        provider: with all its objects.
        now: the instant.
        version: of the stream, as far as appends have returned.
    """

    provider: Provider
    now: datetime.datetime
    version: int


@attrs.frozen
class Story:
    """What was done.

    Args:
        moments: one for each mark.
        ending: how it ended.
        events: of the stream, in the end.
    """

    moments: tuple[Moment, ...]
    ending: Ending
    events: tuple[Event, ...]


class _Marks(Boundaries):
    """Boundaries at which nothing happens, but that a mark is left."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.desk = Teller(Clock(SCENARIOS[COURSE.scenario].start), self)
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT)
        self.moments: list[Moment] = []
        self.version = self.inserted = 0

    def cross(self, name: str) -> None:
        """Leave a mark."""
        super().cross(name)
        self.inserted += name == "after INSERT INTO events"
        if name == "after COMMIT":
            self.version = self.inserted
        self.moments.append(Moment(self.desk.provider, self.desk.clock(), self.version))
        os.write(self.file, b".")


def follow(folder: Path) -> None:
    """Follow the course, and leave everything in a folder."""
    marks = _Marks(folder / "marks")
    place = SqlitePlace(folder, marks)
    ending = followed(COURSE, place, marks, marks.desk)
    with place.opened() as store:
        events = store.load("acme").events
    (folder / "story").write_bytes(pickle.dumps(Story(tuple(marks.moments), ending, events)))
