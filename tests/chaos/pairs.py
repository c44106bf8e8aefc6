"""Two crashes in one course: the process that takes up what another has left dies in its turn.

    python -m tests.chaos.pairs --store sqlite
    python -m tests.chaos.pairs --store postgresql

follow every pair of every course and print what was found. Only boundaries before an effect are paired: to die after
one effect and to die before the next leaves the same behind, as nothing lies between the two but what dies.
"""

import argparse
import contextlib
import functools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.chaos.boundaries import COURSES, Boundaries, Course, Ending, Place, SqlitePlace, followed, in_memory
from tests.servers import started

_MakePlace = Callable[[Boundaries], Place]


def tried(course: Course, make_place: _MakePlace, expected: Ending, *ends: int) -> str:
    """What a course came to, with crashes at some boundaries, if that is not what it comes to without; else empty."""
    boundaries = Boundaries(*ends)
    ending = followed(course, make_place(boundaries), boundaries)
    if ending == expected and not ending.wrong:
        return ""
    where = ", ".join(f"{number} ({boundaries.crossed[number - 1]})" for number in ends)
    return f"{course.scenario}, crashed at {where}: {'; '.join(ending.wrong) or ending}"


def sampled(boundaries: int, count: int, *, seed: int) -> list[tuple[int, int]]:
    """Pairs of boundaries before effects, drawn by a seed."""
    chance = random.Random(f"{seed} {boundaries}")
    firsts = [chance.randrange(1, boundaries, 2) for _ in range(count)]
    return [(first, chance.randrange(first + 1, boundaries + 1, 2)) for first in firsts]


def every_pair(course: Course, make_place: _MakePlace, expected: Ending) -> Iterator[str]:
    """What each pair of crashes came to."""
    calm = Boundaries()
    followed(course, make_place(calm), calm)
    for first in range(1, len(calm.crossed) + 1, 2):
        once = Boundaries(first)
        followed(course, make_place(once), once)
        for second in range(first + 1, len(once.crossed) + 1, 2):
            yield tried(course, make_place, expected, first, second)


@contextlib.contextmanager
def _places(store: str) -> Iterator[_MakePlace]:
    if store == "sqlite":
        with in_memory() as folder:
            yield functools.partial(SqlitePlace, folder)
        return
    from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - not every environment has the driver
    from tests.chaos.postgres_place import PostgresPlace  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = started(Path(folder))
        try:
            url = server.new_database("chaos")
            with Postgres(url) as opened:
                opened.create_tables()
            yield functools.partial(PostgresPlace, url)
        finally:
            server.stop("immediate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Follow every pair; exits with 1 where a course ended otherwise than it should."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.pairs", description=__doc__.split("\n")[0])
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    store: str = parser.parse_args(arguments).store
    started_at, pairs, wrong = time.monotonic(), 0, list[str]()
    with _places(store) as make_place:
        for course in COURSES:
            calm = Boundaries()
            expected = followed(course, make_place(calm), calm)
            found = list(every_pair(course, make_place, expected))
            pairs, wrong = pairs + len(found), wrong + [one for one in found if one]
    seconds = round(time.monotonic() - started_at)
    told = {"store": store, "pairs": pairs, "wrong": len(wrong), "first": wrong[:10], "seconds": seconds}
    sys.stdout.write(f"{json.dumps(told, indent=2)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
