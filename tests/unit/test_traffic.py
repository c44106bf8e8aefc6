"""Traffic by example: peaks, changes of the clocks, published tables of Erlang B."""

import datetime
import decimal
from collections.abc import Iterator
from datetime import UTC, date, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from licensebill import traffic
from licensebill.errors import InvalidValue
from licensebill.ports import MAX_PORTS, Call, Peak, blocking_probability, offered_traffic, peak, ports_for
from tests.untyped import untyped

# --- calls and their peak

NINE = datetime.datetime(2026, 12, 1, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("calls", "ports_", "at"),
    [
        ([], 0, None),
        ([(0, 10, 1)], 1, 0),
        ([(0, 10, 1), (10, 20, 1)], 1, 0),
        ([(0, 10, 1), (9, 20, 1)], 2, 9),
        ([(0, 11, 1), (10, 20, 1)], 2, 10),
        ([(5, 5, 3)], 0, None),
        ([(0, 10, 1), (5, 5, 3)], 1, 0),
        ([(0, 10, 1), (5, 5, 3), (5, 8, 1)], 2, 5),
        ([(0, 10, 0)], 0, None),
        ([(0, 10, 2), (3, 6, 3), (6, 7, 3), (20, 30, 5)], 5, 3),
        ([(-20, -10, 1), (-11, 0, 1)], 2, -11),
        ([(0, 10, 2), (10, 20, 3), (10, 20, 1), (0, 15, 1)], 5, 10),
    ],
)
def test_peak_of_calls(calls: list[tuple[int, int, int]], ports_: int, at: int | None) -> None:
    """The peak is exact and half-open, and its instant the first, in whatever order the calls come."""
    values = [Call(start=start, end=end, ports=taken) for start, end, taken in calls]
    expected = Peak(ports=ports_, at=at, calls=len(calls))
    assert peak(values) == peak(values[::-1]) == peak(iter(values)) == expected


def test_peak_explained() -> None:
    """The explanation says how many calls were looked at and when the peak began."""
    told = peak([Call.lasting(NINE, 60), Call.lasting(NINE + timedelta(seconds=30), 60)]).explanation()
    assert (told.value, told.unit, told.rules) == ("2", "ports", ("PRT-5",))
    assert told.because == (
        "2 calls took at most 2 ports at once, first at 2026-12-01 09:00:30+00:00; a call that ends at an instant "
        "frees its ports before one that begins then."
    )
    nothing: list[Call[int]] = []
    assert peak(nothing).explanation().because.startswith("0 calls took at most 0 ports at once; ")


def test_calls_are_kept_in_utc() -> None:
    """Two calls at the same instants are equal, whatever zone they are stated in."""
    in_berlin = Call(start=datetime.datetime(2026, 12, 1, 10, tzinfo=BERLIN), end=NINE + timedelta(minutes=3))
    assert in_berlin == Call.lasting(NINE, 180)
    assert in_berlin.start.tzinfo is UTC


def test_clocks_set_back_do_not_make_calls_overlap() -> None:
    """A call in the first of two equal hours ends before one in the second begins, though the wall clock repeats."""
    first = datetime.datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN)
    second = first.replace(fold=1)
    assert peak([Call.lasting(first, 1800), Call.lasting(second, 1800)]).ports == 1
    assert Call(start=first.replace(minute=50), end=second.replace(minute=10)).ports == 1


def test_duration_counts_real_seconds() -> None:
    """An hour that begins before the clocks are set back ends an hour later, not two."""
    call = Call.lasting(datetime.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), 3600)
    assert call.end - call.start == timedelta(hours=1)
    assert call.end == datetime.datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_duration_of_whole_seconds() -> None:
    """Plain numbers of seconds work alike, ports included."""
    assert Call.lasting(100, 60, 2) == Call(start=100, end=160, ports=2)
    assert Call.lasting(NINE, 0, 2) == Call(start=NINE, end=NINE, ports=2)


@pytest.mark.parametrize(
    ("fields", "place", "problem"),
    [
        ({"start": NINE.replace(tzinfo=None), "end": NINE}, "start", "time zone"),
        ({"start": NINE, "end": NINE.replace(tzinfo=None)}, "end", "time zone"),
        ({"start": 0, "end": NINE}, "end", "start's kind"),
        ({"start": NINE, "end": 0}, "end", "start's kind"),
        ({"start": 1, "end": 0}, "end", "must not be before the start"),
        ({"start": NINE, "end": NINE - timedelta(microseconds=1)}, "end", "must not be before the start"),
        ({"start": 0.0, "end": 1}, "start", "a point in time"),
        ({"start": 0, "end": 2**63}, "end", "at most"),
        ({"start": -(2**63), "end": 0}, "start", "at least"),
        ({"start": True, "end": 1}, "start", "whole number"),
        ({"start": date(2026, 12, 1), "end": NINE}, "start", "a point in time"),
        ({"start": 0, "end": 1, "ports": -1}, "ports", "at least 0"),
        ({"start": 0, "end": 1, "ports": 1.0}, "ports", "whole number"),
        (
            {"start": datetime.datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "end": NINE},
            "start",
            "within the calendar",
        ),
    ],
)
def test_call_refuses(fields: dict[str, Any], place: str, problem: str) -> None:
    """What names no instant, mixed kinds, and an end before the start are refused."""
    with pytest.raises(InvalidValue, match=problem) as refused:
        Call(**fields)
    assert refused.value.place == place


@pytest.mark.parametrize("seconds", [-1, 1.5, True, 2**63])
@pytest.mark.parametrize("start", [0, NINE])
def test_duration_refused(start: object, seconds: object) -> None:
    """A duration is a whole number of seconds, not below zero."""
    with pytest.raises(InvalidValue, match="seconds"):
        untyped(Call.lasting)(start, seconds)


def test_duration_beyond_the_calendar() -> None:
    """A call that would end after the year 9999 is refused, not cut."""
    for seconds in (10**12, 2**62):
        with pytest.raises(InvalidValue, match="within the calendar"):
            Call.lasting(NINE, seconds)
    with pytest.raises(InvalidValue, match="at most"):
        Call.lasting(2**63 - 1, 1)


@pytest.mark.parametrize(
    ("calls", "place"),
    [
        ([(0, 1)], "calls[0]"),
        ([Call(start=0, end=1), None], "calls[1]"),
        ([Call(start=0, end=1), Call.lasting(NINE, 1)], "calls[1]"),
        ([Call.lasting(NINE, 1), Call(start=0, end=1)], "calls[1]"),
        (None, "calls"),
        (Call(start=0, end=1), "calls"),
    ],
)
def test_peak_refuses(calls: object, place: str) -> None:
    """Something else than calls, and numbers beside datetimes, are refused with their position."""
    with pytest.raises(InvalidValue) as refused:
        untyped(peak)(calls)
    assert refused.value.place == place


# --- Erlang B

#: Traffic that so many ports carry at a blocking of 0.1, 1, 2 and 5 percent, as traffic tables print it.
TABLES = {
    "0.001": "2:.046 5:.762 10:3.09 20:9.41 50:32.5 100:75.2",
    "0.01": "1:.0101 2:.153 3:.455 4:.869 5:1.36 6:1.91 7:2.50 8:3.13 9:3.78 10:4.46 15:8.108 20:12.0 50:37.9 100:84.1",
    "0.02": "1:.0204 2:.223 5:1.66 10:5.08 20:13.2 50:40.3 100:88.0",
    "0.05": "1:.0526 5:2.22 10:6.22 20:15.2 50:44.5 100:95.2",
}


@pytest.mark.parametrize(
    ("blocking", "number", "printed"),
    [(blocking, *entry.split(":")) for blocking, row in TABLES.items() for entry in row.split()],
)
def test_published_tables(blocking: str, number: str, printed: str) -> None:
    """Half a unit of the last printed digit below the table's traffic is within the blocking, above it is not."""
    number_of_ports, traffic = int(number), Decimal(printed)
    half = Decimal(5).scaleb(int(traffic.as_tuple().exponent) - 1)
    assert blocking_probability(number_of_ports, traffic - half) <= Decimal(blocking)
    assert blocking_probability(number_of_ports, traffic + half) > Decimal(blocking)
    assert ports_for(traffic - half, blocking) == number_of_ports
    assert ports_for(traffic + half, blocking) == number_of_ports + 1


def _by_definition(number: int, offered: Decimal) -> Decimal:
    """Erlang B as it is defined, (A^n / n!) over the sum of (A^k / k!), added up from k = n down, in 60 digits."""
    with decimal.localcontext(decimal.Context(prec=60, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)):
        term = total = Decimal(1)
        for k in range(number, 0, -1):
            term = term * k / offered
            total += term
        return 1 / total


@pytest.mark.parametrize(
    ("number", "offered"),
    [
        (1, "0.5"),
        (100, "84.1"),
        (1_000, "1"),
        (1_000, "100000"),
        (10_000, "9876.54321"),
        (100_000, "0.001"),
        (100_000, "50000"),
        (100_000, "99000"),
        (100_000, "100000"),
    ],
)
def test_large_numbers_against_the_definition(number: int, offered: str) -> None:
    """All fifteen digits are those of the definition, also where a float would overflow."""
    exact = _by_definition(number, Decimal(offered))
    reported = decimal.Context(prec=15, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)
    assert blocking_probability(number, offered) == reported.plus(exact)


@pytest.mark.parametrize(
    ("number", "offered", "blocking"),
    [(0, 0, 1), (1, 0, 0), (5, "0.0", 0), (0, 7, 1), (0, "0.001", 1), (1, 1, "0.5"), (1, "0.25", "0.2")],
)
def test_blocking_at_the_edges(number: int, offered: int | str, blocking: int | str) -> None:
    """Without ports everything is blocked, without traffic nothing, and short results are exact."""
    assert blocking_probability(number, offered) == Decimal(blocking)


@pytest.mark.parametrize(
    ("offered", "blocking", "number"),
    [
        (1, "0.5", 1),
        (1, "0.5000000000000001", 1),
        (1, "0.4999999999999999", 2),
        (1, "0.2", 2),
        (5, 1, 0),
        (0, 1, 0),
        (0, "0.01", 1),
        ("0.000", "0.999", 1),
        ("4.461", "0.01", 10),
        ("4.462", "0.01", 11),
        (Decimal("1E-30"), Decimal("1E-29"), 1),
        (Decimal("1E-30"), Decimal("1E-31"), 2),
    ],
)
def test_ports_for(offered: Decimal | int | str, blocking: Decimal | int | str, number: int) -> None:
    """The number is the smallest one, exact at the thresholds."""
    assert ports_for(offered, blocking) == number


def test_ports_for_agrees_with_what_is_reported() -> None:
    """A blocking probability that was reported asks for the same number of ports again, rounded as it is."""
    for number in range(60):
        assert ports_for("1.7", blocking_probability(number, "1.7")) == number


def test_the_last_number_of_ports() -> None:
    """Up to 100,000 ports are found; where more were needed the answer says so."""
    blocking = blocking_probability(MAX_PORTS, 99_000)
    assert ports_for(99_000, blocking) == MAX_PORTS
    with pytest.raises(InvalidValue, match="offered: needs more than 100000 ports"):
        ports_for(99_000, blocking.next_minus(decimal.Context(prec=15)))


def test_ports_for_runs_the_recurrence_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes one step for each port, not one recurrence for each candidate."""
    original, steps = traffic._inverses, 0

    def counting(offered: Decimal) -> Iterator[Decimal]:
        nonlocal steps
        for inverse in original(offered):
            steps += 1
            yield inverse

    monkeypatch.setattr(traffic, "_inverses", counting)
    assert ports_for(1_000, "0.01") == 1_029
    assert steps == 1_030


def test_erlang_knows_nothing_of_the_callers_decimal_context() -> None:
    """Digits, rounding, range and traps of the caller change no result, and results do not change the caller's."""
    expected = (blocking_probability(10, "5"), ports_for("4.46", "0.01"), offered_traffic(**_third))
    narrow = decimal.Context(prec=1, rounding=decimal.ROUND_UP, Emin=0, Emax=0, traps=list(decimal.Context().flags))
    with decimal.localcontext(narrow) as context:
        got = (blocking_probability(10, "5"), ports_for("4.46", "0.01"), offered_traffic(**_third))
        assert not any(context.flags.values())
    assert got == expected
    assert expected[0] == Decimal("0.0183845703366481")


def test_nothing_of_a_context_is_left_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part of it is stated: the defaults of the process, which anyone can change, have no say."""
    odd = {"prec": 3, "rounding": decimal.ROUND_UP, "Emin": -1, "Emax": 1, "capitals": 0, "clamp": 1}
    for name, value in odd.items():
        monkeypatch.setattr(decimal.DefaultContext, name, value)
    for signal in decimal.DefaultContext.flags:
        monkeypatch.setitem(decimal.DefaultContext.flags, signal, True)
        monkeypatch.setitem(decimal.DefaultContext.traps, signal, signal is decimal.Inexact)
    assert decimal.Context().prec == 3
    context = traffic._context(7)
    assert {name: getattr(context, name) for name in odd} == {
        "prec": 7,
        "rounding": decimal.ROUND_HALF_EVEN,
        "Emin": decimal.MIN_EMIN,
        "Emax": decimal.MAX_EMAX,
        "capitals": 1,
        "clamp": 0,
    }
    assert not any(context.flags.values())
    trapped = {signal for signal, is_trapped in context.traps.items() if is_trapped}
    assert trapped == {decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow}


_third = {"calls": 1, "mean_seconds": 1, "over_seconds": 3}


@pytest.mark.parametrize(
    "value",
    [
        *(1.5, True, None, "", " 1", "1 ", "+1", "-1", "1e3", "1.", ".5", "1,5", "٣", "NaN", "0x1", "1" * 41, "1\n"),
        *(-1, MAX_PORTS + 1, "100000.1", Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal(-1)),
        *(Decimal("1E+1000000"), Decimal("1E-10000001"), Decimal("1." + "1" * 40), Fraction(1, 2)),
        pytest.param(10**5000, id="huge"),
    ],
)
def test_traffic_refused(value: object) -> None:
    """A float, and what is no plain number of erlangs up to 100,000, is refused by both functions."""
    for function in (lambda: untyped(blocking_probability)(1, value), lambda: untyped(ports_for)(value, "0.01")):
        with pytest.raises(InvalidValue) as refused:
            function()
        assert refused.value.place == "offered"


@pytest.mark.parametrize("value", [MAX_PORTS, "100000", "100000.000", Decimal("1E+5"), Decimal("1E-10000000")])
def test_traffic_accepted_at_its_bounds(value: Decimal | int | str) -> None:
    """The bounds themselves are accepted, in every spelling."""
    assert 0 < blocking_probability(1, value) < 1


def test_digits_are_bounded_at_forty() -> None:
    """Forty digits are taken exactly."""
    assert blocking_probability(1, Decimal("1." + "0" * 39)) == Decimal("0.5")


@pytest.mark.parametrize("value", [0, "0.0", Decimal("-0"), 2, "1.0000001", 0.01, -1, "x", None])
def test_blocking_refused(value: object) -> None:
    """Blocking is above 0 and at most 1; nothing but an endless number of ports never blocks."""
    with pytest.raises(InvalidValue) as refused:
        untyped(ports_for)(1, value)
    assert refused.value.place == "blocking"


@pytest.mark.parametrize("value", [-1, MAX_PORTS + 1, 1.0, "1", True, None])
def test_number_of_ports_refused(value: object) -> None:
    """The number of ports is whole, from 0 to 100,000."""
    with pytest.raises(InvalidValue) as refused:
        untyped(blocking_probability)(value, 1)
    assert refused.value.place == "ports"


@pytest.mark.parametrize(
    ("calls", "mean", "over", "erlangs"),
    [
        (120, 180, 3600, "6"),
        (120, 135, 3600, "4.5"),
        (0, 180, 3600, "0"),
        (1, 0, 1, "0"),
        (1, 1, 3, "0.333333333333333"),
        (2, 1, 3, "0.666666666666667"),
        (10**9, 10**9, 1, "1E+18"),
    ],
)
def test_offered_traffic(calls: int, mean: int, over: int, erlangs: str) -> None:
    """Calls times their duration over the time in which they begin."""
    assert offered_traffic(calls=calls, mean_seconds=mean, over_seconds=over) == Decimal(erlangs)


@pytest.mark.parametrize(
    ("place", "value"), [("calls", -1), ("calls", 1.0), ("mean_seconds", "180"), ("over_seconds", 0)]
)
def test_offered_traffic_refuses(place: str, value: object) -> None:
    """Calls and seconds are whole, and the time is not empty."""
    with pytest.raises(InvalidValue) as refused:
        untyped(offered_traffic)(**{"calls": 1, "mean_seconds": 1, "over_seconds": 1, place: value})
    assert refused.value.place == place
