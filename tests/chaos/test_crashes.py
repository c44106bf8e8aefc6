"""Dying at every boundary: after each crash another process brings the account to the very end it would have come to.

Nothing is lost, nothing is captured twice, and the ledger is what the provider's own record says; see `boundaries`.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chaos.boundaries import COURSES, Boundaries, Course, Place, SqlitePlace, followed, in_memory
from tests.chaos.pairs import sampled, tried
from tests.charging import Crash
from tests.conformance.databases import emptied
from tests.servers import Server

_MakePlace = Callable[[Boundaries], Place]

#: So many boundaries a course has at least, lest it end before it has begun: every one of `COURSES`.
_LEAST = {"sqlite": (120, 80, 160, 80), "postgresql": (60, 45, 95, 45)}


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    """Which store."""
    return str(request.param)


@pytest.fixture
def make_place(store: str, request: pytest.FixtureRequest) -> Iterator[_MakePlace]:
    """Where the streams are kept, empty for each course."""
    if store == "sqlite":
        with in_memory() as folder:
            yield functools.partial(SqlitePlace, folder)
    else:
        yield functools.partial(_places().PostgresPlace, emptied(request.getfixturevalue("postgres")))


def _places() -> Any:
    return pytest.importorskip("tests.chaos.postgres_place")


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.scenario)
def test_a_crash_at_any_boundary_changes_nothing(course: Course, store: str, make_place: _MakePlace) -> None:
    """Before and after every SQL statement and every call of the provider, one at a time."""
    calm = Boundaries()
    expected = followed(course, make_place(calm), calm)
    assert expected.wrong == []
    assert expected.captured
    assert len(calm.crossed) >= _LEAST[store][COURSES.index(course)]
    found = (tried(course, make_place, expected, number) for number in range(1, len(calm.crossed) + 1))
    assert [one for one in found if one] == []


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.scenario)
def test_two_crashes_change_nothing(course: Course) -> None:
    """The process that takes up what another has left dies in its turn: pairs of crashes drawn by a seed."""
    with in_memory() as folder:
        make_place = functools.partial(SqlitePlace, folder)
        calm = Boundaries()
        expected = followed(course, make_place(calm), calm)
        pairs = sampled(len(calm.crossed), 60, seed=7)
        assert [one for pair in pairs if (one := tried(course, make_place, expected, *pair))] == []


@pytest.mark.parametrize("number", range(1, 13))
def test_a_crash_while_tables_are_made_leaves_none_or_all(number: int, postgres: Server) -> None:
    """Another process makes them, whatever the first came to."""
    places, url = _places(), emptied(postgres)
    boundaries = Boundaries(number)
    place = places.PostgresPlace(url, boundaries)
    with places.psycopg.connect(url) as connection:
        connection.execute("DROP TABLE events, wakes, snapshots")
    with place.watched(), pytest.raises(Crash):
        place.opened()
    place.abandon()
    with place.opened() as store:
        assert store.load("acme").version == 0
