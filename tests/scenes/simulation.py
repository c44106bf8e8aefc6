"""Simulation: patterns of usage, courses of a balance, and bounds."""

from datetime import date
from typing import Any

import attrs

from licensebill import simulation
from licensebill.money import Money
from licensebill.simulation import SawTooth, UsagePattern
from licensebill.terms import FAQ, GUIDE, RechargeLimits, RechargePolicy, YoungAccount
from tests.examples import usd
from tests.scenes import Scene
from tests.untyped import untyped

_NOTHING, _QUARTER = usd("0.00"), usd("0.25")
_STEADY = UsagePattern((_QUARTER,))
_OFFICE = UsagePattern((*9 * [_NOTHING], *8 * [usd("0.50")], *7 * [_NOTHING]))
_UNEVEN = UsagePattern((Money(1, "USD"), *23 * [_QUARTER]))
_WEEK = UsagePattern.by_day([*5 * [usd("24.00")], *2 * [_NOTHING]])
_EURO = Money.parse("1.00", "EUR")
_ONE_DAY = RechargePolicy(name="ONE_DAY", window_days=1, recharge_days=1, reserve_days=1)
_YOUNG = attrs.evolve(GUIDE, young=YoungAccount.DAYS_ELAPSED)


def _course(balance: str = "42.00", **changed: Any) -> SawTooth:
    """The course of a balance under steady usage, arguments as given."""
    given: dict[str, Any] = {"usage": _STEADY, "start": date(2026, 12, 1), "balance": usd(balance), "days": 30}
    return simulation.saw_tooth(**given | changed)


def _runs(course: SawTooth) -> list[str]:
    """Each run that charges something or fails to, in a line."""
    return [
        f"{number}, {run.at}: {run.balance}, {'failed' if run.has_failed else run.charge}"
        for number, run in enumerate(course.runs)
        if run.charge is not None or run.has_failed
    ]


def _bounds(usage: UsagePattern = _STEADY, **changed: Any) -> simulation.Bounds:
    """The bounds of a pattern."""
    return simulation.bounds(usage=usage, **changed)


SCENES: dict[str, Scene] = {
    "a pattern of no hours": lambda: UsagePattern(()),
    "a pattern of something else": lambda: untyped(UsagePattern)((_QUARTER, 1)),
    "a pattern below zero": lambda: UsagePattern((_QUARTER, usd("-0.25"))),
    "a pattern in two currencies": lambda: UsagePattern((_QUARTER, _EURO)),
    "a pattern of days": lambda: UsagePattern.by_day([usd("0.000025"), _NOTHING]).hours[:25:12],
    "a pattern of other days": lambda: untyped(UsagePattern.by_day)([_QUARTER, 1]),
    "a pattern of no days": lambda: UsagePattern.by_day([]),
    "what days use": lambda: [pattern.daily for pattern in (_STEADY, _OFFICE, _WEEK)],
    "what days of one sum use": lambda: UsagePattern((_QUARTER, *46 * [_NOTHING], _QUARTER)).daily,
    "what a pattern of seven hours uses": lambda: UsagePattern((*6 * [_NOTHING], _QUARTER)).daily,
    "what stretches use": lambda: [UsagePattern(_OFFICE.hours).most_within(hours) for hours in (0, 1, 4, 9, 24, 40)],
    "what a stretch below zero uses": lambda: _OFFICE.most_within(-1),
    "what is used between": lambda: [_OFFICE.between(*hours) for hours in ((0, 9), (9, 10), (-15, 10), (16, 36))],
    "what is used from no hour": lambda: untyped(_OFFICE.between)(None, 1),
    "what is used to no hour": lambda: untyped(_OFFICE.between)(1, None),
    "what is used from too early": lambda: _OFFICE.between(-(2**63), 0),
    "a course": _course,
    "the runs of a course": lambda: _runs(_course()),
    "where a course ends": lambda: [_course().closing, _course(settlement_hours=30, days=1).closing],
    "a course down to a micro": lambda: [
        _course("6.000001", days=1, settlement_hours=30).ran_dry,
        _course("6.00", days=1, settlement_hours=30).ran_dry,
    ],
    "a course of a day": lambda: _course(days=1),
    "a course with one recharge": lambda: _course(days=2),
    "a course of one run": lambda: _course("41.00", days=1, limits=RechargeLimits(interval_hours=24)),
    "a course from next to nothing": lambda: _course("0.01", days=1),
    "a course that is empty and no lower": lambda: _course("6.00", days=1, settlement_hours=30),
    "a course with payments that take time": lambda: _course(settlement_hours=30),
    "its runs": lambda: _runs(_course(settlement_hours=30)),
    "a course with payments that fail": lambda: _course(failing_runs=[1, 2, 7]),
    "the runs with those that fail": lambda: _runs(_course(failing_runs=[1, 2, 7])),
    "the runs with a cap": lambda: _runs(_course(days=60, limits=RechargeLimits(monthly_cap=usd("200.00")))),
    "the runs with a number a day": lambda: _runs(
        _course("-20.00", days=3, policy=_ONE_DAY, limits=RechargeLimits(per_day=2))
    ),
    "the runs with one recharge a day": lambda: _runs(
        _course("-20.00", days=3, policy=_ONE_DAY, limits=RechargeLimits(per_day=1))
    ),
    "the runs with payments that arrive at the next": lambda: _runs(
        _course("-20.00", days=2, policy=_ONE_DAY, settlement_hours=4)
    ),
    "the runs of another policy": lambda: _runs(_course(policy=FAQ)),
    "the runs of a young account": lambda: _runs(_course(policy=_YOUNG)),
    "the runs of a week": lambda: _runs(_course("100.00", usage=_WEEK)),
    "a course in another currency": lambda: _course(usage=UsagePattern((_EURO,))),
    "a course of no days": lambda: _course(days=0),
    "a course of too many days": lambda: _course(days=3661),
    "a course beyond the calendar": lambda: _course(days=3660, start=date(9999, 1, 1)),
    "a course at the beginning of the calendar": lambda: _course(start=date(1, 1, 30)),
    "a course that takes less than no time": lambda: _course(settlement_hours=-1),
    "a course with a run that is none": lambda: _course(failing_runs=[1, -1]),
    "a course with runs that are none": lambda: _course(failing_runs="12"),
    "bounds": _bounds,
    "bounds with payments that take time and fail": lambda: _bounds(settlement_hours=2, failing_in_a_row=3),
    "bounds of an office": lambda: _bounds(_OFFICE, policy=FAQ, limits=RechargeLimits(interval_hours=6)),
    "bounds that are not kept": lambda: _bounds(limits=RechargeLimits(monthly_cap=usd("200.00"))),
    "bounds with small recharges": lambda: _bounds(policy=_ONE_DAY, settlement_hours=30),
    "bounds of one day": lambda: _bounds(policy=_ONE_DAY),
    "bounds without usage": lambda: _bounds(UsagePattern((_NOTHING,))),
    "bounds in yen": lambda: _bounds(UsagePattern((Money.parse("1", "JPY"),))),
    "bounds of days that differ": lambda: _bounds(_WEEK),
    "whether bounds are guaranteed": lambda: [
        (bounds.is_guaranteed, bounds.may_run_dry)
        for bounds in (
            _bounds(),
            _bounds(limits=RechargeLimits(per_day=1)),
            _bounds(limits=RechargeLimits(per_day=0)),
            _bounds(policy=_ONE_DAY),
            _bounds(policy=_ONE_DAY, limits=RechargeLimits(per_day=2)),
            _bounds(policy=_ONE_DAY, limits=RechargeLimits(per_day=1)),
            _bounds(settlement_hours=24 * 14 - 4),
            _bounds(settlement_hours=24 * 14 - 3),
            _bounds(_UNEVEN, settlement_hours=24 * 7 - 5),
            _bounds(settlement_hours=24 * 7 - 4),
            _bounds(settlement_hours=24 * 7 - 5),
            _bounds(UsagePattern((_NOTHING,))),
            _bounds(limits=RechargeLimits(monthly_cap=usd("9999.00"))),
        )
    ],
    "where a balance may start": lambda: [
        _bounds().may_start_at(usd(balance)) for balance in ("41.999999", "42.00", "126.00", "126.000001")
    ],
    "a start that is no balance": lambda: untyped(_bounds().may_start_at)("42.00"),
    "bounds under other limits": lambda: [
        _bounds(settlement_hours=hours, failing_in_a_row=runs).stretch
        for hours, runs in ((0, 0), (2, 0), (0, 2), (3, 1))
    ],
}
