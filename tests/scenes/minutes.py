"""Minutes: what is left, purchases, averages, recharges, forecasts, decisions at a run, and runs."""

import datetime
from datetime import UTC, date
from functools import partial
from typing import Any

import attrs

from licensebill import minutes
from licensebill.cycles import Period
from licensebill.explain import Explanation
from licensebill.minutes import AutomaticRecharge, AverageUsage, RechargeQuote, UsageHistory
from licensebill.money import Money
from licensebill.terms import (
    FAQ,
    GUIDE,
    GUIDE_EXAMPLE,
    STANDARD,
    DueWhen,
    Gap,
    RechargeLimits,
    RechargePolicy,
    YoungAccount,
)
from tests.examples import ACCEPTED, usd
from tests.scenes import Scene
from tests.untyped import untyped

_DAY = date(2026, 12, 31)
_EURO = Money.parse("1.00", "EUR")
_YEN = attrs.evolve(
    STANDARD.minutes, cost_per_minute=Money.parse("2", "JPY"), minimum_purchase=Money.parse("100", "JPY")
)
_ANY = attrs.evolve(STANDARD.minutes, minimum_purchase=usd("0.00"))
_USED = UsageHistory.of([(date(2026, 12, number), "call", usd("4.285714")) for number in range(1, 31)], currency="USD")
_NONE = UsageHistory.of([], currency="USD")
_CLOSED = attrs.evolve(GUIDE, name="CLOSED", gap=Gap.CLOSED)
_REACHED = attrs.evolve(GUIDE, name="REACHED", due=DueWhen.AT_OR_BELOW)
_YOUNG = attrs.evolve(GUIDE, name="YOUNG", young=YoungAccount.DAYS_ELAPSED)
_SHORT = RechargePolicy(name="SHORT", window_days=1, recharge_days=1, reserve_days=1)
_ON = AutomaticRecharge(authorization=ACCEPTED, source="visa")
_NOON = datetime.datetime(2026, 12, 1, 12, tzinfo=UTC)
_MIDNIGHT = datetime.datetime(2026, 12, 1, tzinfo=UTC)
_FIRST = datetime.datetime.min.replace(tzinfo=UTC)
_LAST = datetime.datetime.max.replace(tzinfo=UTC)


def _quote(balance: str = "29.00", policy: RechargePolicy = GUIDE, **changed: Any) -> RechargeQuote:
    """Recharge and reserve after a month of steady usage."""
    given: dict[str, Any] = {"history": _USED, "at": _DAY, "balance": usd(balance), "policy": policy} | changed
    return minutes.recharge_quote(given.pop("history"), **given)


def _decided(quote: RechargeQuote | None = None, **changed: Any) -> minutes.RechargeDecision:
    """A run at which a recharge is charged, arguments as given."""
    given: dict[str, Any] = {
        "automatic": _ON,
        "under_way": False,
        "recharged_this_month": usd("0.00"),
        "recharges_today": 0,
        "watermark_is_current": True,
    }
    return minutes.recharge_decision(quote or _quote(), **given | changed)


def _capped(**limits: Any) -> minutes.RechargeDecision:
    """The same at which another recharge has been charged already, with limits."""
    return _decided(recharged_this_month=usd("60.00"), recharges_today=1, limits=RechargeLimits(**limits))


def _alone(decision: minutes.RechargeDecision) -> Explanation:
    """What is said of a decision, without the quote that it follows from."""
    return attrs.evolve(decision.explanation(), parts=())


_LEFT: dict[str, Scene] = {
    "what is left": lambda: minutes.remaining(usd("100.00")),
    "nothing left": lambda: minutes.remaining(usd("0.00")),
    "less than nothing": lambda: minutes.remaining(usd("-0.05")),
    "less than a minute": lambda: minutes.remaining(usd("0.01")),
    "what is left of yen": lambda: minutes.remaining(Money.parse("101", "JPY"), _YEN),
    "what is left of another currency": lambda: minutes.remaining(_EURO),
    "minutes of another currency": lambda: minutes.minutes_of(_EURO),
    "minutes": lambda: [
        (micros, minutes.remaining(Money(micros, "USD")).minutes) for micros in (-20_000, -19_999, 0, 19_999, 20_000)
    ],
    "minutes by the yen": lambda: [
        minutes.remaining(Money.parse("7", "JPY"), _YEN).minutes,
        minutes.purchase(Money.parse("101", "JPY"), _YEN).minutes,
    ],
    "whether calls may begin": lambda: [minutes.may_call(Money(micros, "USD")) for micros in (-1, 0, 1)],
    "a cost": lambda: minutes.cost_of(minutes.Minutes(-1500)),
    "a cost of no whole number": lambda: untyped(minutes.cost_of)("1"),
    "a cost of too few": lambda: untyped(minutes.cost_of)(-(2**63)),
    "a purchase": lambda: minutes.purchase(usd("100.00")),
    "a purchase below the minimum": lambda: minutes.purchase(usd("99.99")),
    "a purchase that is not payable": lambda: minutes.purchase(usd("100.001")),
    "a purchase of nothing": lambda: minutes.purchase(usd("0.00"), _ANY),
    "a small purchase": lambda: minutes.purchase(usd("0.01"), _ANY),
    "a purchase below nothing": lambda: minutes.purchase(usd("-1.00"), _ANY),
    "a purchase in another currency": lambda: minutes.purchase(_EURO),
}

_QUOTES: dict[str, Scene] = {
    "windows": lambda: [minutes.usage_window(policy, date(2026, 12, 17)) for policy in (GUIDE, FAQ, _SHORT)],
    "the first window of the calendar": lambda: minutes.usage_window(GUIDE, date(1, 1, 31)),
    "a window before the calendar": lambda: minutes.usage_window(GUIDE, date(1, 1, 30)),
    "a month before the calendar": lambda: minutes.usage_window(FAQ, date(1, 1, 30)),
    "an average": lambda: minutes.average(_USED, on=_DAY),
    "an average of a young account": lambda: minutes.average(_USED, on=_DAY, policy=_YOUNG, began=date(2026, 12, 21)),
    "an average on the first day": lambda: minutes.average(_NONE, on=_DAY, policy=_YOUNG, began=_DAY),
    "an average of an old account": lambda: minutes.average(_USED, on=_DAY, policy=_YOUNG, began=date(2025, 1, 1)),
    "an average of one day": lambda: minutes.average(_USED, on=_DAY, policy=_SHORT),
    "an average without the first day": lambda: minutes.average(_USED, on=_DAY, policy=_YOUNG),
    "an account that began later": lambda: minutes.average(_USED, on=_DAY, began=date(2027, 1, 1)),
    "a day that is none": lambda: untyped(minutes.average)(_USED, on=_DAY, began="2026-01-01"),
    "an average over no days": lambda: AverageUsage(
        total=usd("1.00"), days=0, window=Period(date(2026, 12, 1), _DAY), policy=GUIDE
    ),
    "worth": lambda: [minutes.average(_USED, on=_DAY).worth(days).text for days in (0, 1, 7)],
    "worth of less than no day": lambda: minutes.average(_USED, on=_DAY).worth(-1),
    "working of less than no day": lambda: minutes.average(_USED, on=_DAY).working(-1),
    "a recharge that is due": _quote,
    "a recharge that is not due": lambda: _quote("30.00"),
    "a recharge at the reserve": lambda: _quote("29.999998", _REACHED),
    "a recharge above the reserve": lambda: _quote("29.999999", _REACHED),
    "a recharge at the reserve of one day": lambda: [
        _quote(balance, attrs.evolve(_SHORT, due=DueWhen.AT_OR_BELOW)).is_due for balance in ("4.285714", "4.285715")
    ],
    "a recharge that closes the gap": lambda: _quote("-100.00", _CLOSED),
    "a recharge with no gap to close": lambda: _quote("10.00", _CLOSED),
    "a recharge by another window": lambda: _quote(policy=FAQ),
    "a recharge of one day": lambda: _quote("1.00", _SHORT),
    "a recharge without usage": lambda: _quote(history=_NONE),
    "a recharge in another currency": lambda: RechargeQuote(_quote().average, _EURO),
    "side by side": lambda: [
        f"{quote.policy.name} {quote.recharge} {quote.reserve}"
        for quote in minutes.compare(_USED, at=_DAY, balance=usd("0.00"))
    ],
    "side by side, of a young account": lambda: [
        quote.average.days
        for quote in minutes.compare(
            _USED, at=_DAY, balance=usd("0.00"), policies=[GUIDE_EXAMPLE, _YOUNG], began=date(2026, 12, 30)
        )
    ],
    "side by side with something else": lambda: untyped(minutes.compare)(
        _USED, at=_DAY, balance=usd("0.00"), policies=[GUIDE, "FAQ"]
    ),
    "a forecast": lambda: minutes.forecast(_quote("40.00")),
    "a forecast below the reserve": lambda: minutes.forecast(_quote("10.00")),
    "a forecast of nothing left": lambda: minutes.forecast(_quote("0.00")),
    "a forecast without usage": lambda: minutes.forecast(_quote("10.00", history=_NONE)),
    "a forecast of nothing left without usage": lambda: minutes.forecast(_quote("0.00", history=_NONE)),
    "a forecast of a micro": lambda: minutes.forecast(_quote("0.000001", _SHORT)).until_empty,
    "a forecast over one day": lambda: minutes.forecast(_quote("10.00", _SHORT)),
    "whole days": lambda: [
        days
        for quote in (_quote("40.00"), _quote("10.00"), _quote("10.00", history=_NONE))
        for days in (minutes.forecast(quote).whole_days_until_reserve, minutes.forecast(quote).whole_days_until_empty)
    ],
}

_DECISIONS: dict[str, Scene] = {
    "switched on": lambda: minutes.switch_on(AutomaticRecharge(), authorization=ACCEPTED, source="bank"),
    "switched on again without a source": lambda: minutes.switch_on(_ON, authorization=ACCEPTED),
    "switched off": lambda: minutes.switch_off(_ON),
    "a source while it is off": lambda: AutomaticRecharge(source="visa"),
    "a recharge is charged": _decided,
    "a recharge is raised": lambda: _alone(_decided(smallest_charge=usd("75.00"))),
    "a recharge is not raised": lambda: _alone(_decided(smallest_charge=usd("60.00"))),
    "a recharge is off": lambda: _alone(_decided(automatic=AutomaticRecharge())),
    "a recharge is not needed": lambda: _alone(_decided(_quote("30.00"))),
    "a recharge of nothing": lambda: _alone(_decided(_quote("-1.00", history=_NONE))),
    "a recharge is under way": lambda: _alone(_decided(under_way=True)),
    "usage is not current": lambda: _alone(_decided(watermark_is_current=False)),
    "usage is not current, and switched off": lambda: _alone(
        _decided(watermark_is_current=False, automatic=AutomaticRecharge())
    ),
    "the cap is reached": lambda: _alone(_capped(monthly_cap=usd("120.00"))),
    "the cap would be passed": lambda: _alone(_capped(monthly_cap=usd("119.99"))),
    "the day's number is reached": lambda: _alone(_capped(per_day=1)),
    "the day's number is not reached": lambda: _capped(per_day=2).reason,
    "the day's number is two": lambda: _decided(recharges_today=2, limits=RechargeLimits(per_day=2)).reason,
    "every reason": lambda: _alone(
        _decided(
            _quote("0.00", history=_NONE),
            automatic=AutomaticRecharge(),
            under_way=True,
            recharged_this_month=usd("60.00"),
            recharges_today=3,
            watermark_is_current=False,
            limits=RechargeLimits(monthly_cap=usd("1.00")),
            smallest_charge=usd("1.00"),
        )
    ),
    "notices": lambda: [
        ", ".join(notice.name for notice in decision.notices) or "none"
        for decision in (
            _decided(watermark_is_current=False),
            _decided(watermark_is_current=False, automatic=AutomaticRecharge()),
            _capped(monthly_cap=usd("1.00"), per_day=1),
            _decided(recharges_today=3, under_way=True, watermark_is_current=False),
            _decided(_quote("30.00"), recharges_today=3),
        )
    ],
    "charges": lambda: [_decided().charge, _decided(under_way=True).charge],
    "recharged in another currency": lambda: _decided(recharged_this_month=_EURO),
    "a smallest charge in another currency": lambda: _decided(smallest_charge=_EURO),
    "a smallest charge that is not payable": lambda: _decided(smallest_charge=usd("0.001")),
    "a cap in another currency": lambda: _capped(monthly_cap=_EURO),
    "rules": lambda: [f"{reason.value} {reason.rule}" for reason in minutes.Reason],
}

_RUNS: dict[str, Scene] = {
    f"{name} at {at.isoformat()}, every {hours} hours": partial(run, at, RechargeLimits(interval_hours=hours))
    for name, run in (("the last run", minutes.last_run), ("the next run", minutes.next_run))
    for at in (_MIDNIGHT, _NOON, _NOON - datetime.timedelta.resolution, _FIRST, _LAST)
    for hours in (4, 5, 24)
}

SCENES: dict[str, Scene] = {
    **_LEFT,
    **_QUOTES,
    **_DECISIONS,
    **_RUNS,
    "runs": lambda: [at for at, _ in zip(minutes.run_instants(_NOON), range(3), strict=False)],
    "runs without a time zone": lambda: next(minutes.run_instants(_NOON.replace(tzinfo=None))),
    "runs after no instant": lambda: next(untyped(minutes.run_instants)(_DAY)),
}
