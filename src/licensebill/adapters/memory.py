"""A store in a dict: for tests, and for trying things out.

It keeps every promise of `protocols.Store` but one: it does not outlive its process. Nothing is written as a text here,
so that what cannot be stored elsewhere goes unnoticed.
"""

import datetime
import heapq
import threading
from collections.abc import Sequence

from licensebill._checks import instance, text
from licensebill.adapters.arguments import check_append, check_load, check_page, conflict
from licensebill.charges import Standing
from licensebill.events import Event, Stream


class Memory:
    """Streams and snapshots in a dict, for any number of threads.

    Every method takes effect at once and as a whole: one lock is held while it runs. Nothing is durable.

    Example:
        >>> from licensebill.events import CallOff
        >>> noon = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
        >>> event = Event(id="acme/1", at=noon, fact=CallOff(intent="acme/minutes/1", by="dana"))
        >>> store = Memory()
        >>> store.append("acme", 0, [event], wake=noon)
        1
        >>> store.load("acme") == Stream((event,), 1)
        True
        >>> store.open_accounts(due_before=noon)
        ['acme']
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, list[Event]] = {}
        self._ids: dict[str, set[str]] = {}
        self._wakes: dict[str, datetime.datetime] = {}
        self._snapshots: dict[str, Standing] = {}

    def load(self, account: str, *, after: int = 0) -> Stream:
        """The events of an account's stream beyond a sequence number; see `protocols.Store`.

        Raises:
            InvalidValue: an argument that cannot be right.
        """
        check_load(account, after)
        with self._lock:
            stream = self._streams.get(account, [])
            return Stream(tuple(stream[after:]), len(stream))

    def append(
        self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime.datetime | None
    ) -> int:
        """Add events to a stream that still is at a version, all of them or none; see `protocols.Store`.

        Raises:
            AlreadyAppended: an event of the same id is in the stream.
            VersionConflict: the stream is at another version.
            InvalidValue: an argument that cannot be right; nothing was written.
        """
        given = check_append(account, expected_version, events, wake)
        with self._lock:
            version, ids = len(self._streams.get(account, ())), self._ids.get(account, set())
            if expected_version != version or not ids.isdisjoint(one.id for one in given):
                raise conflict(account, expected_version, given, ids)
            self._write(account, given, wake)
            return version + len(given)

    def _write(self, account: str, events: Sequence[Event], wake: datetime.datetime | None) -> None:
        self._streams.setdefault(account, []).extend(events)
        self._ids.setdefault(account, set()).update(one.id for one in events)
        if wake is None:
            self._wakes.pop(account, None)
        else:
            self._wakes[account] = wake

    def open_accounts(self, *, due_before: datetime.datetime, after: str = "", limit: int = 500) -> list[str]:
        """Accounts whose wake is not after an instant, in the order of their ids; see `protocols.Store`.

        Raises:
            InvalidValue: an argument that cannot be right.
        """
        check_page(due_before, after, limit)
        with self._lock:
            due = [account for account, wake in self._wakes.items() if wake <= due_before and account > after]
        return heapq.nsmallest(limit, due)

    def load_snapshot(self, account: str) -> Standing | None:
        """The latest standing kept; None if there is none."""
        with self._lock:
            return self._snapshots.get(text("account", account))

    def save_snapshot(self, standing: Standing) -> None:
        """Keep a standing in place of an earlier one."""
        instance("standing", standing, Standing)
        with self._lock:
            self._snapshots[standing.account.id] = standing
