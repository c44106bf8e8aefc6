"""PostgreSQL as a place where a process may end at any message to the server; see `boundaries`. Needs psycopg."""

import contextlib
from collections.abc import Iterator
from typing import Any, Self

import psycopg
import pytest

from licensebill.adapters.postgres import Postgres
from tests.chaos.boundaries import Boundaries, Place


class PostgresPlace(Place):
    """A database. The server hears that a process has died, and no more.

    Args:
        url: of a database with the stores' tables; what they hold is deleted.
        boundaries: of the course.
    """

    def __init__(self, url: str, boundaries: Boundaries) -> None:
        self.url, self.boundaries = url, boundaries
        self.connections: list[Any] = []
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM events; DELETE FROM wakes; DELETE FROM snapshots")

    def opened(self) -> Postgres:
        """The database's store, with its tables."""
        store = Postgres(self.url)
        store.create_tables()
        return store

    def abandon(self) -> None:
        """Close the connections without a word."""
        while self.connections:
            self.connections.pop().pgconn.finish()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Each message to the server and back; a transaction's beginning and end are messages too."""
        boundaries, connections = self.boundaries, self.connections

        class RoundTrips(psycopg.Connection[Any]):
            """A connection of which each message to the server and back lies between two boundaries."""

            def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
                wait = super().wait
                return boundaries.around("round trip", lambda: wait(gen, *arguments, **named))

            @classmethod
            def made(cls, *arguments: Any, **named: Any) -> Self:
                connection = cls.connect(*arguments, **named)
                connections.append(connection)
                return connection

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(psycopg, "connect", RoundTrips.made)
            yield
