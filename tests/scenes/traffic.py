"""Traffic: calls, their peak, and Erlang B."""

import datetime
from datetime import UTC
from decimal import Decimal

from licensebill import traffic
from licensebill.traffic import Call
from tests.scenes import Scene
from tests.untyped import untyped

_NINE = datetime.datetime(2026, 12, 1, 9, tzinfo=UTC)
_NAIVE = datetime.datetime(2026, 12, 1, 9)  # noqa: DTZ001 - that is what is wrong with it
_LAST = datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-1)))

_AT_ONCE = [Call(start=0, end=180), Call(start=60, end=120, ports=2), Call(start=120, end=300)]

SCENES: dict[str, Scene] = {
    "a peak": lambda: traffic.peak(_AT_ONCE),
    "a peak of one call": lambda: traffic.peak(_AT_ONCE[:1]),
    "a peak at an instant": lambda: traffic.peak([Call.lasting(_NINE, 60), Call.lasting(_NINE, 90)]),
    "the first of two peaks": lambda: traffic.peak([Call(start=0, end=10), Call(start=20, end=30)]).at,
    "a call of no length": lambda: traffic.peak([Call(start=5, end=5)]),
    "no call": lambda: traffic.peak([]),
    "a call in seconds": lambda: Call.lasting(10, 50, ports=2),
    "a call in instants": lambda: Call.lasting(_NINE, 50, ports=2),
    "a start without a time zone": lambda: Call(start=_NAIVE, end=_NINE),
    "an end without a time zone": lambda: Call(start=_NINE, end=_NAIVE),
    "a start that is no number": lambda: untyped(Call)(start="0", end=1),
    "a start beyond the calendar": lambda: Call(start=_LAST, end=_LAST),
    "a start before all numbers": lambda: Call(start=-(2**63), end=0),
    "a number beside a datetime": lambda: untyped(Call)(start=_NINE, end=1),
    "a datetime beside a number": lambda: untyped(Call)(start=1, end=_NINE),
    "an end before the start": lambda: Call(start=1, end=0),
    "a negative duration": lambda: Call.lasting(_NINE, -1),
    "a duration beyond the calendar": lambda: Call.lasting(_NINE, 10**12),
    "a duration beyond all that is counted": lambda: Call.lasting(_NINE, 2**62),
    "something else than a call": lambda: untyped(traffic.peak)([*_AT_ONCE, "a call"]),
    "numbers beside datetimes": lambda: untyped(traffic.peak)([*_AT_ONCE, Call.lasting(_NINE, 60)]),
    "datetimes beside numbers": lambda: untyped(traffic.peak)([Call.lasting(_NINE, 60), *_AT_ONCE]),
    "blocking": lambda: [
        traffic.blocking_probability(ports, offered)
        for ports, offered in ((0, 0), (1, Decimal(0)), (2, 1), (10, "5"), (100_000, Decimal(100_000)))
    ],
    "ports": lambda: [
        traffic.ports_for(offered, blocking)
        for offered, blocking in ((0, "0.5"), (0, 1), (1, Decimal(1)), (1, "0.2"), (1, "0.19"), ("4.46", "0.01"))
    ],
    "the most ports": lambda: traffic.ports_for(100_000, traffic.blocking_probability(100_000, 100_000)),
    "one port more": lambda: traffic.ports_for(
        100_000, traffic.blocking_probability(100_000, 100_000) - Decimal("1e-9")
    ),
    "offered": lambda: traffic.offered_traffic(calls=120, mean_seconds=135, over_seconds=3600),
    "text that is no plain decimal": lambda: traffic.ports_for("1e3", "0.01"),
    "text that is no plain decimal, blocking": lambda: traffic.ports_for("4", ".01"),
    "text that is too long": lambda: traffic.blocking_probability(1, "0." + "5" * 39),
    "text that is long": lambda: traffic.blocking_probability(1, "0." + "5" * 38),
    "a float": lambda: untyped(traffic.blocking_probability)(1, 0.5),
    "no number": lambda: traffic.blocking_probability(1, Decimal("NaN")),
    "below zero": lambda: traffic.blocking_probability(1, Decimal("-0.1")),
    "above what is reckoned with": lambda: traffic.blocking_probability(1, Decimal("100000.1")),
    "above one": lambda: traffic.ports_for(1, Decimal("1.1")),
    "text above one": lambda: traffic.ports_for(1, "1.1"),
    "a whole number above one": lambda: traffic.ports_for(1, 2),
    "a whole number above what is reckoned with": lambda: traffic.ports_for(100_001, 1),
    "too many digits": lambda: traffic.blocking_probability(1, Decimal("0." + "5" * 41)),
    "many digits": lambda: traffic.blocking_probability(1, Decimal("0." + "5" * 40)),
    "too low an exponent": lambda: traffic.blocking_probability(1, Decimal("1e-10000001")),
    "the lowest exponent": lambda: traffic.blocking_probability(1, Decimal("1e-10000000")),
    "more ports than are reckoned with": lambda: traffic.blocking_probability(100_001, 1),
    "nothing may be blocked": lambda: traffic.ports_for(1, 0),
    "nothing may be blocked of nothing": lambda: traffic.ports_for(0, 0),
    "needs more ports than there are": lambda: traffic.ports_for(100_000, "0.000000000000001"),
    "traffic over no time": lambda: traffic.offered_traffic(calls=1, mean_seconds=60, over_seconds=0),
    "a number that is not whole": lambda: untyped(traffic.offered_traffic)(calls=1, mean_seconds="6", over_seconds=60),
}
