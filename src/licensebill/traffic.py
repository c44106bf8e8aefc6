"""Traffic: how many ports calls take at once, and how many are needed (PRT-5).

Two ways to the size of a pool: the exact peak of calls that took place, and Erlang B for traffic that is expected.
Erlang B is the one calculation of the library in rounded numbers, as its exact ratios would have millions of digits. It
runs in decimal contexts of its own. Which calls take a port, and the pool itself, belong to `ports`, which passes the
names of this module on.
"""

import datetime
import decimal
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta
from decimal import Context, Decimal
from itertools import islice
from typing import Generic, TypeVar

import attrs

from licensebill._checks import MAX_WHOLE, checked, instance, instant, whole
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation, Input, many

# --- calls that took place -----------------------------------------------------------------------------------------

_At = TypeVar("_At", int, datetime.datetime)


def _instant(place: str, value: object) -> int | datetime.datetime:
    if isinstance(value, int):
        return whole(place, value, -MAX_WHOLE)
    try:
        # two datetimes of one zone are compared by their wall clocks, wrongly where those are set back: in UTC never
        return instant(place, value).astimezone(UTC)
    except OverflowError:
        raise InvalidValue(place, "must lie within the calendar in UTC") from None


@attrs.frozen(kw_only=True)
class Call(Generic[_At]):
    """The time for which a call takes ports: from its start to before its end.

    Args:
        start: a whole number of seconds from any origin, or an aware datetime, which is kept in UTC.
        end: of the same kind, not before the start; a call of no length takes no port.
        ports: ports taken, see `ports.ports_needed_by`.

    Raises:
        InvalidValue: a naive datetime, a number beside a datetime, an end before the start.

    Source: PRT-5.

    Example:
        >>> Call(start=0, end=180)
        Call(start=0, end=180, ports=1)
    """

    start: _At
    end: _At
    ports: int = attrs.field(default=1, validator=checked(whole))

    def __attrs_post_init__(self) -> None:
        for name in ("start", "end"):
            object.__setattr__(self, name, _instant(name, getattr(self, name)))
        if isinstance(self.start, int) is not isinstance(self.end, int):
            raise InvalidValue("end", "must be of the start's kind: both whole seconds, or both datetimes")
        if self.end < self.start:
            raise InvalidValue("end", "must not be before the start")

    @classmethod
    def lasting(cls, start: _At, seconds: int, ports: int = 1) -> "Call[_At]":
        """A call by its start and its duration in seconds, which a clock set forward or back does not change.

        Raises:
            InvalidValue: as for `Call`, or a duration that is negative or ends beyond the calendar.

        Example:
            >>> Call.lasting(datetime.datetime(2026, 12, 1, 9, tzinfo=UTC), 90).end.isoformat()
            '2026-12-01T09:01:30+00:00'
        """
        whole("seconds", seconds)
        if isinstance(start, int):
            return cls(start=start, end=start + seconds, ports=ports)
        begun = cls(start=start, end=start, ports=ports)
        try:
            return attrs.evolve(begun, end=begun.start + timedelta(seconds=seconds))
        except OverflowError:
            raise InvalidValue("seconds", "must end within the calendar") from None


@attrs.frozen(kw_only=True)
class Peak(Generic[_At]):
    """The most ports in use at once, and since when.

    Args:
        ports: the most at any instant.
        at: the first instant with so many; None if no port was ever taken.
        calls: how many calls were looked at.
    """

    ports: int
    at: _At | None
    calls: int

    def explanation(self) -> Explanation:
        """The peak and its first instant.

        Source: PRT-5, BIL-5.
        """
        since = "" if self.at is None else f", first at {self.at}"
        return Explanation(
            figure="peak of ports",
            value=str(self.ports),
            unit="ports",
            rules=("PRT-5",),
            because=f"{many(self.calls, 'call')} took at most {many(self.ports, 'port')} at once{since}; "
            "a call that ends at an instant frees its ports before one that begins then.",
            inputs=(Input("calls", str(self.calls), "calls"),),
        )


def peak(calls: Iterable[Call[_At]]) -> Peak[_At]:
    """The exact peak of simultaneous use, in time proportional to n log n.

    Calls are half-open: one that ends at an instant frees its ports before another that begins then takes them.

    Args:
        calls: in any order; all in seconds or all in datetimes.

    Raises:
        InvalidValue: something else than a call, or numbers beside datetimes.

    Source: PRT-5.

    Example:
        >>> peak([Call(start=0, end=180), Call(start=60, end=120), Call(start=120, end=300)])
        Peak(ports=2, at=60, calls=3)
    """
    changes: list[tuple[_At, int]] = []
    for position, call in enumerate(instance("calls", calls, Iterable)):  # type: ignore[type-abstract]
        instance(f"calls[{position}]", call, Call)
        if changes and isinstance(call.start, int) is not isinstance(changes[0][0], int):
            raise InvalidValue(f"calls[{position}]", "must be of the kind of the first: whole seconds or datetimes")
        changes += ((call.start, call.ports), (call.end, -call.ports))
    changes.sort()  # at one instant the negative ones come first
    in_use = most = 0
    at: _At | None = None
    for moment, change in changes:
        in_use += change
        if in_use > most:
            most, at = in_use, moment
    return Peak(ports=most, at=at, calls=len(changes) // 2)


# --- traffic expected (Erlang B) -----------------------------------------------------------------------------------

#: The most ports that are reckoned with.
MAX_PORTS = 100_000
_MOST_DIGITS = 40
_LOWEST_EXPONENT = -10_000_000
_PLAIN_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


def _context(digits: int) -> Context:
    """A context in which nothing is the caller's: neither digits nor rounding, range or traps."""
    traps = [decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow]
    return Context(digits, decimal.ROUND_HALF_EVEN, decimal.MIN_EMIN, decimal.MAX_EMAX, 1, 0, [], traps)


# A step of the recurrence adds less than two units in the 28th digit: after 100,000 steps 22 digits are right, of
# which 15 are reported.
_WORKING = _context(28)
_REPORTED = _context(15)


def _real(place: str, value: Decimal | int | str, high: int) -> Decimal:
    """An exact decimal from zero to `high`, its digits and exponent bounded."""
    if isinstance(value, str):
        if len(value) > _MOST_DIGITS or not _PLAIN_DECIMAL.fullmatch(value):
            raise InvalidValue(place, f"must be a plain decimal such as '0.5', not {shown(value)}")
        return _real(place, Decimal(value), high)
    if isinstance(value, int):
        return Decimal(whole(place, value, 0, high))
    if not isinstance(value, Decimal):
        raise InvalidValue(place, f"must be a Decimal, a whole number or a text such as '0.5', not {shown(value)}")
    if not value.is_finite() or not 0 <= value <= high:
        raise InvalidValue(place, f"must be from 0 to {high}")
    _, digits, exponent = value.as_tuple()
    if len(digits) > _MOST_DIGITS or int(exponent) < _LOWEST_EXPONENT:
        raise InvalidValue(place, f"must have at most {_MOST_DIGITS} digits and an exponent from {_LOWEST_EXPONENT}")
    return value


def _inverses(offered: Decimal) -> Iterator[Decimal]:
    """One over the blocking probability with 0, 1, 2 ... ports; `offered` is above zero.

    Erlang B by its recurrence 1/B(n) = 1 + n/A * 1/B(n - 1): only positive terms, so that nothing cancels.
    """
    inverse = Decimal(1)
    yield inverse
    for ports in range(1, MAX_PORTS + 1):
        inverse = _WORKING.fma(_WORKING.divide(ports, offered), inverse, 1)
        yield inverse


def blocking_probability(ports: int, offered: Decimal | int | str) -> Decimal:
    """The share of calls that find every port taken, by Erlang B.

    It holds where calls arrive at random and one that is blocked is not tried again.

    Args:
        ports: 0 to 100,000.
        offered: traffic in erlangs (ports that would be taken on average, were there enough), 0 to 100,000.

    Returns:
        from 0 to 1, to 15 significant digits, half to even, whatever the caller's decimal context.

    Raises:
        InvalidValue: a `float`, text that is no plain decimal, a number out of range.

    Source: PRT-5.

    Example:
        >>> blocking_probability(10, "5"), blocking_probability(2, 1)
        (Decimal('0.0183845703366481'), Decimal('0.2'))
    """
    whole("ports", ports, 0, MAX_PORTS)
    traffic = _real("offered", offered, MAX_PORTS)
    if not traffic:
        return Decimal(int(ports == 0))
    return _REPORTED.divide(1, next(islice(_inverses(traffic), ports, None)))


def ports_for(offered: Decimal | int | str, blocking: Decimal | int | str) -> int:
    """The smallest number of ports that blocks no more than so much, by Erlang B.

    Without any traffic it is still one port, unless everything may be blocked: the first call to come finds none.

    Args:
        offered: traffic in erlangs, 0 to 100,000.
        blocking: the acceptable blocking probability, above 0, at most 1; compared with `blocking_probability` as
            that reports it.

    Returns:
        ports, 0 to 100,000.

    Raises:
        InvalidValue: a `float`, text that is no plain decimal, a number out of range, or more ports than 100,000.

    Source: PRT-5.

    Example:
        >>> ports_for("4.46", "0.01")
        10
    """
    traffic, acceptable = _real("offered", offered, MAX_PORTS), _real("blocking", blocking, 1)
    if not acceptable:
        raise InvalidValue("blocking", "must be above 0: no number of ports excludes that all are taken")
    if not traffic:
        return int(acceptable < 1)
    for ports, inverse in enumerate(_inverses(traffic)):
        if _REPORTED.divide(1, inverse) <= acceptable:
            return ports
    raise InvalidValue("offered", f"needs more than {MAX_PORTS} ports; accept more blocking or split the traffic")


def offered_traffic(*, calls: int, mean_seconds: int, over_seconds: int) -> Decimal:
    """Traffic in erlangs: the time that calls last, over the time in which they begin.

    Args:
        calls: how many began.
        mean_seconds: how long one lasts on average. Where the sum is known, pass it as one call's.
        over_seconds: the time in which they began, at least 1; the busy hour has 3600.

    Returns:
        erlangs, to 15 significant digits, half to even.

    Raises:
        InvalidValue: a number that is out of range or not whole.

    Source: PRT-5.

    Example:
        >>> offered_traffic(calls=120, mean_seconds=135, over_seconds=3600)
        Decimal('4.5')
    """
    whole("over_seconds", over_seconds, 1)
    seconds = whole("calls", calls) * whole("mean_seconds", mean_seconds)
    return _REPORTED.divide(seconds, over_seconds)
