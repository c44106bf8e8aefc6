"""Where a zone's day begins, found by looking at its clock minute after minute: slow, and nothing clever about it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
#: No clock is a day off; one that skips a day shows the next within another.
_EARLIEST, _LATEST = timedelta(hours=-26), timedelta(hours=50)


def first_instant_seen(on: date, tz: tzinfo) -> datetime:
    """The first instant, to the second, at which the zone shows the day; the next day's where it is never shown.

    Example:
        >>> first_instant_seen(date(2026, 12, 1), UTC).isoformat()
        '2026-12-01T00:00:00+00:00'
    """
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
    start, end = midnight + _EARLIEST, midnight + _LATEST
    minute = _first_seen(lambda shown: shown == on, start, end, _MINUTE, tz)
    shows = (lambda shown: shown == on) if minute else (lambda shown: shown > on)
    minute = minute or _first_seen(shows, start, end, _MINUTE, tz)
    assert minute
    second = _first_seen(shows, minute - _MINUTE + _SECOND, minute, _SECOND, tz)
    assert second
    return second


def _first_seen(
    shows: Callable[[date], bool], start: datetime, end: datetime, step: timedelta, tz: tzinfo
) -> datetime | None:
    at = start
    while at <= end:
        if shows(at.astimezone(tz).date()):
            return at
        at += step
    return None
