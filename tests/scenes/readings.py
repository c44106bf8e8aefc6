"""Readings: bytes in words, the reading that counts, and growth."""

import datetime
from datetime import UTC, date, timedelta

import attrs

from licensebill import readings
from licensebill.readings import Growth, counted_reading, growth, sized
from licensebill.terms import STANDARD, ByteUnits, ReadingRule
from tests.examples import reading
from tests.scenes import Scene
from tests.untyped import untyped

_START = datetime.datetime(2026, 12, 1, tzinfo=UTC)
_BEFORE = datetime.datetime(2026, 11, 1, tzinfo=UTC)
_PEAK = attrs.evolve(STANDARD.storage, reading=ReadingRule.PEAK_BEFORE)
_TWO_DAYS = attrs.evolve(STANDARD.storage, reading_age_days=2)
_OLD, _MIDDLE, _NEW = reading(200_000_000, date(2026, 11, 1)), reading(900, date(2026, 11, 15)), reading(350_000_000)
_FAR = datetime.datetime(9999, 1, 1, tzinfo=UTC)
_LONG = attrs.evolve(STANDARD.storage, reading_age_days=10**6)
_LONG_AGO = attrs.evolve(_NEW, at=_FAR - timedelta(days=10**6))
_SIZES = (0, 1, 999, 10**6, 1_234_500, 1_234_567, 10**9 - 10**6, 10**9, 1_234_567_890, 1_234_568_000_000)


def _peak(before: object, *given: readings.Reading) -> readings.Reading:
    """The reading that counts under the policy of the peak."""
    return untyped(counted_reading)(given, cycle_start=_START, terms=_PEAK, cycle_before=before)


SCENES: dict[str, Scene] = {
    "sizes": lambda: [sized(size) for size in _SIZES],
    "sizes in binary units": lambda: [sized(size, ByteUnits.BINARY) for size in (*_SIZES, 2**20, 2**30, 3 * 2**29)],
    "a reading": lambda: _NEW,
    "a reading of another zone": lambda: attrs.evolve(
        _NEW, at=_START.astimezone(datetime.timezone(timedelta(hours=2)))
    ),
    "the reading that counts": lambda: counted_reading([_NEW, _OLD], cycle_start=_START),
    "the reading that counts, corrected": lambda: counted_reading([_NEW, reading(7)], cycle_start=_START).bytes,
    "the reading that counts, the newest of a day": lambda: (
        counted_reading(
            [_NEW, attrs.evolve(_NEW, at=_START - timedelta(hours=1), bytes=900_000_000)], cycle_start=_START
        ).bytes
    ),
    "the reading that counts, from long ago": lambda: counted_reading([_LONG_AGO], cycle_start=_FAR, terms=_LONG),
    "a moment too old a reading": lambda: counted_reading(
        [attrs.evolve(_LONG_AGO, at=_LONG_AGO.at - timedelta.resolution)], cycle_start=_FAR, terms=_LONG
    ),
    "no reading": lambda: counted_reading([], cycle_start=_START),
    "too late a reading": lambda: counted_reading([_NEW], cycle_start=_BEFORE),
    "too old a reading": lambda: counted_reading([_OLD, _MIDDLE], cycle_start=_START),
    "too old a reading by two days": lambda: counted_reading([_OLD], cycle_start=_START, terms=_TWO_DAYS),
    "the peak": lambda: _peak((_BEFORE, _START), _OLD, _MIDDLE, _NEW),
    "no reading for a peak": lambda: _peak((_BEFORE, _START), _NEW),
    "no reading at all for a peak": lambda: _peak((_BEFORE, _START)),
    "no cycle before": lambda: _peak(None),
    "a cycle before of three instants": lambda: _peak((_BEFORE, _BEFORE, _START)),
    "a cycle before that ends before it begins": lambda: _peak((_START, _BEFORE)),
    "a cycle before that is empty": lambda: _peak((_BEFORE, _BEFORE)),
    "a cycle before that ends later": lambda: _peak((_BEFORE, _START + timedelta.resolution)),
    "a cycle before that begins with no instant": lambda: _peak((None, _START)),
    "a cycle before that ends with no instant": lambda: _peak((_BEFORE, None)),
    "something else than a reading": lambda: untyped(counted_reading)([_NEW, 350_000_000], cycle_start=_START),
    "growth": lambda: growth([_OLD, _NEW], at=_START),
    "growth of three readings": lambda: growth([_OLD, _MIDDLE, _NEW], at=_START).bytes,
    "growth under other terms": lambda: growth([_OLD, _NEW], at=_START, terms=_PEAK).terms.reading,
    "when growth comes to so much": lambda: [
        (
            further,
            growth([_OLD, _NEW], at=_START).days_until(further),
            growth([_OLD, _NEW], at=_START).instant_of(further),
        )
        for further in (0, 1, 50_000_000, 10**18)
    ],
    "when no growth comes to so much": lambda: [
        growth([_MIDDLE, attrs.evolve(_NEW, bytes=bytes_)], at=_START).instant_of(1) for bytes_ in (899, 900, 901)
    ],
    "growth of a day": lambda: growth([reading(1, date(2026, 11, 30)), _NEW], at=_START),
    "growth in part of a day": lambda: growth([attrs.evolve(_OLD, at=_START - timedelta(hours=16)), _NEW], at=_START),
    "growth below zero": lambda: growth([reading(900_000_000, date(2026, 11, 2)), _MIDDLE], at=_START),
    "growth of something else": lambda: untyped(growth)([_OLD, _NEW, 1], at=_START),
    "growth of one reading": lambda: growth([_OLD, attrs.evolve(_OLD, bytes=1)], at=_BEFORE),
    "growth of one reading in a day": lambda: growth([_NEW], at=_START, terms=attrs.evolve(_PEAK, growth_days=1)),
    "growth of readings too old": lambda: growth([_OLD, _MIDDLE], at=datetime.datetime(2027, 3, 1, tzinfo=UTC)),
    "growth from a reading to itself": lambda: Growth(first=_NEW, last=_NEW),
    "growth backwards": lambda: Growth(first=_NEW, last=_OLD),
}
