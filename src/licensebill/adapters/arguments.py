"""Arguments: what every store asks of what it is given, and how it says that nothing was written.

A store that uses this refuses the same arguments as the others, before it touches anything.
"""

import datetime
from collections.abc import Iterable, Sequence
from datetime import UTC

from licensebill._checks import distinct, instance, instant, several, text, whole
from licensebill.errors import InvalidValue
from licensebill.events import Event
from licensebill.protocols import AlreadyAppended, VersionConflict


def check_load(account: str, after: int) -> None:
    """The arguments of `Store.load`.

    Raises:
        InvalidValue: one is wrong.
    """
    text("account", account)
    whole("after", after)


def check_append(
    account: str, expected_version: int, events: Sequence[Event], wake: datetime.datetime | None
) -> tuple[Event, ...]:
    """The arguments of `Store.append`; the events as a tuple.

    Raises:
        InvalidValue: one is wrong, there is no event, or two have the same id.
    """
    text("account", account)
    whole("expected_version", expected_version)
    given = tuple(instance("events", one, Event) for one in several("events", events))
    if not given:
        raise InvalidValue("events", "must hold at least one event")
    if len(given) > 1:
        distinct("events", [one.id for one in given], "the event")
    if wake is not None:
        instant("wake", wake)
    return given


def check_page(due_before: datetime.datetime, after: str, limit: int) -> None:
    """The arguments of `Store.open_accounts`.

    Raises:
        InvalidValue: one is wrong.
    """
    instant("due_before", due_before)
    check_list(after, limit)


def check_list(after: str, limit: int) -> None:
    """The arguments of a page of all accounts.

    Raises:
        InvalidValue: one is wrong.
    """
    if instance("after", after, str):
        text("after", after)
    whole("limit", limit, 1)


def utc(place: str, value: datetime.datetime) -> datetime.datetime:
    """An instant in UTC.

    Raises:
        InvalidValue: it has no time zone, or lies outside the years 1 to 9999 there.
    """
    try:
        return value if value.tzinfo is UTC else instant(place, value).astimezone(UTC)
    except OverflowError:
        raise InvalidValue(place, "must be a point in time of the years 1 to 9999, in UTC") from None


def conflict(account: str, expected_version: int, events: Iterable[Event], stored: Iterable[str]) -> VersionConflict:
    """Why events were not written.

    Args:
        account: whose stream.
        expected_version: the version it was thought to be at.
        events: what was to be appended.
        stored: the ids of those that are in the stream.

    Returns:
        `AlreadyAppended` if any of them is there, whatever the version.
    """
    known = set(stored)
    twice = next((one.id for one in events if one.id in known), None)
    if twice is None:
        return VersionConflict(account, expected_version)
    return AlreadyAppended(account, expected_version, twice)
