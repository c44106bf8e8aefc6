"""Rows: how events and standings stand in a database, and what is checked when they are read again.

The SQL stores share this, so that all of them hold the same texts and call the same things corrupt. The text of a
row's event is the event, as `documents` writes it; the other columns are for the database's constraints and for people,
and none of them is believed. Writing belongs to the stores. Needs the `json` extra.
"""

import datetime
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from licensebill import __version__
from licensebill.adapters.arguments import utc
from licensebill.charges import CorruptStream, Standing
from licensebill.documents import FORMAT, UNIONS, from_json, to_json
from licensebill.errors import InvalidValue
from licensebill.events import Event, Fact, Stream

_TYPES = {kind: tag for tag, kind in UNIONS[Fact].items()}

#: What a stream holds beyond a sequence number, and its version: one statement, so that nothing comes between the two.
#: There is always a row; where there is no event, `seq` is null.
LOAD = """
    SELECT last.version, events.seq, events.event_id, events.body
    FROM (SELECT coalesce(max(seq), 0) AS version FROM events WHERE account = {account}) AS last
    LEFT JOIN events ON events.account = {account} AND events.seq > {after}
    ORDER BY events.seq
"""

#: A page of all accounts, whether anything is due for them or not; each is found by one look into the primary key.
ACCOUNTS = """
    WITH RECURSIVE listed (account, n) AS (
        SELECT min(account), 1 FROM events WHERE account > {after}
        UNION ALL
        SELECT (SELECT min(events.account) FROM events WHERE events.account > listed.account), n + 1
        FROM listed WHERE account IS NOT NULL AND n < {limit}
    )
    SELECT account FROM listed WHERE account IS NOT NULL
"""

# --- events -------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """An event as a table holds it, without account and sequence number.

    Args:
        event_id: unique in the stream.
        type: the tag of its fact, for people.
        body: the event as a document.
        at: when it was recorded, in UTC, for people.
    """

    event_id: str
    type: str
    body: str
    at: datetime.datetime

    @classmethod
    def of(cls, event: Event) -> "Row":
        """The row of an event.

        Raises:
            InvalidValue: it holds what no document can hold.
        """
        return cls(event_id=event.id, type=_TYPES[type(event.fact)], body=to_json(event), at=utc("at", event.at))


def stream_of(rows: Iterable[tuple[int, int | None, str, object]], after: int) -> Stream:
    """What the rows of `LOAD` hold.

    Args:
        rows: version, sequence number, the event's id, its text.
        after: the sequence number beyond which they begin.

    Raises:
        CorruptStream: an event that is missing, cannot be read or is another than its row says, or that a later
            version of the library has written; its place is its sequence number.
    """
    events: list[Event] = []
    version = 0
    for version, seq, event_id, body in rows:  # noqa: B007 - every row has the same version
        if seq is not None:
            events.append(_event(after + len(events) + 1, seq, event_id, body))
    return Stream(tuple(events), version)


def _event(expected: int, seq: int, event_id: str, body: object) -> Event:
    if seq != expected:
        raise CorruptStream(f"seq {expected}", "the event is missing")
    if not isinstance(body, str) or not body.isascii():
        raise CorruptStream(f"seq {seq}", "the event cannot be read: it is not as it was written")
    try:
        event: Event = from_json(body, Event)
    except InvalidValue as refused:
        raise CorruptStream(f"seq {seq}", f"the event cannot be read: {refused}") from None
    if event.id != event_id:
        raise CorruptStream(f"seq {seq}", "the event is another than its row says")
    return event


# --- snapshots ----------------------------------------------------------------------------------------------------


def snapshot_of(standing: Standing) -> tuple[str, str]:
    """A standing as a text, and the digest by which `standing_of` knows it again."""
    body = to_json(standing)
    return body, _digest(body)


def standing_of(account: str, body: str, digest: str) -> Standing | None:
    """The standing that a snapshot holds.

    Returns:
        None if it was changed, is of another account, or was written by another version of the library, which may have
        come to another result from the same events.
    """
    if digest != _digest(body):
        return None
    try:
        standing: Standing = from_json(body, Standing)
    except InvalidValue:
        return None
    return standing if standing.account.id == account else None


def _digest(body: str) -> str:
    return hashlib.sha256(f"{FORMAT} {__version__}\n{body}".encode()).hexdigest()
