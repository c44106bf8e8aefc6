"""Usage: rates, draws, and the history of days."""

from datetime import date
from typing import Any

from licensebill import usage
from licensebill.cycles import Period
from licensebill.money import Money
from licensebill.pricing import Flat, PerUnit, Tier, Volume, ZeroQuantity
from licensebill.terms import HALF_MINUTE_THEN_SIX, PER_MINUTE, Rate
from licensebill.usage import DayUsage, UsageHistory, draw, further_draw
from tests.examples import CONTRACT, usd
from tests.scenes import Scene
from tests.untyped import untyped

_DAY, _NEXT = date(2026, 12, 7), date(2026, 12, 8)
_CALLS = Rate(price=PerUnit(amount=usd("0.02"), per=60, unit="seconds"), increments=PER_MINUTE)
_BY_SIX = Rate(price=PerUnit(amount=usd("0.01"), per=60, unit="seconds"), increments=HALF_MINUTE_THEN_SIX)
_PIECES = Rate(price=PerUnit(amount=usd("0.003333"), unit="messages"))
_FLAT = Rate(price=Flat(amount=usd("5.00"), unit="messages"))
_VOLUME = Rate(price=Volume(tiers=(Tier(2, usd("0.05")), Tier(4, usd("0.01"))), unit="messages"))
_EURO = Money.parse("1.00", "EUR")
_ENTRIES = (
    (_NEXT, "sms", usd("0.01")),
    (_DAY, "sms", usd("0.02")),
    (_DAY, "call", usd("0.40")),
    (_DAY, "sms", usd("0.03")),
)
_HISTORY = UsageHistory.of(_ENTRIES, currency="USD")


def _history(*entries: Any, currency: str = "USD") -> UsageHistory:
    """A history of entries of any kind, after one that is right."""
    return untyped(UsageHistory.of)([(_DAY, "call", usd("0.40")), *entries], currency=currency)


def _day(*amounts: Any) -> DayUsage:
    """A day's usage with amounts of any kind, after one that is right."""
    return DayUsage(_DAY, (("call", usd("0.40")), *amounts))


SCENES: dict[str, Scene] = {
    "a rate": lambda: usage.rate_of("call", CONTRACT, date(2026, 12, 31)),
    "no contract": lambda: usage.rate_of("call", None, _DAY),
    "no rate in the contract": lambda: usage.rate_of("sms", CONTRACT, _DAY),
    "a contract that is over": lambda: usage.rate_of("call", CONTRACT, date(2027, 1, 1)),
    "a kind with a card number": lambda: usage.rate_of("4111 1111 1111 1111", CONTRACT, _DAY),
    "a kind that is no text": lambda: untyped(usage.rate_of)(None, CONTRACT, _DAY),
    "a day that is none": lambda: untyped(usage.rate_of)("call", CONTRACT, "2026-12-07"),
    "something else than a contract": lambda: untyped(usage.rate_of)("call", "order 1", _DAY),
    "a call": lambda: draw(_CALLS, seconds=61),
    "a call by other increments": lambda: draw(_BY_SIX, seconds=37),
    "a call of a second": lambda: draw(_BY_SIX, seconds=1),
    "a call of no seconds": lambda: draw(_CALLS, seconds=0),
    "messages": lambda: draw(_PIECES, count=3),
    "no message": lambda: draw(_PIECES, count=0),
    "no message at a flat price": lambda: draw(_FLAT, count=0),
    "no message at a flat price that is charged": lambda: draw(_FLAT, count=0, zero=ZeroQuantity.FLAT),
    "messages beyond the last tier": lambda: draw(_VOLUME, count=5),
    "a call counted in pieces": lambda: draw(_CALLS, count=1),
    "a call counted in both": lambda: draw(_CALLS, seconds=1, count=1),
    "a call not counted": lambda: draw(_CALLS),
    "messages counted in seconds": lambda: draw(_PIECES, seconds=1),
    "messages counted in both": lambda: draw(_PIECES, seconds=1, count=1),
    "messages not counted": lambda: draw(_PIECES),
    "the rest of a call": lambda: further_draw(draw(_CALLS, seconds=30), draw(_CALLS, seconds=61)),
    "the rest of nothing": lambda: further_draw(draw(_CALLS, seconds=60), draw(_CALLS, seconds=60)),
    "messages that become cheaper": lambda: further_draw(draw(_VOLUME, count=2), draw(_VOLUME, count=3)),
    "the rest at another rate": lambda: further_draw(draw(_CALLS, seconds=30), draw(_BY_SIX, seconds=61)),
    "the rest of a shorter call": lambda: further_draw(draw(_CALLS, seconds=30), draw(_CALLS, seconds=29)),
    "a history": lambda: UsageHistory.of(_ENTRIES, currency="USD").days,
    "a history's entries": lambda: [tuple(map(str, entry)) for entry in _HISTORY.entries()],
    "a history by kind": lambda: _HISTORY.by_kind(Period(_DAY, date(2026, 12, 9))),
    "a history by kind, one day": lambda: _HISTORY.by_kind(Period(_DAY, _NEXT)),
    "a history's total": lambda: [_HISTORY.total(Period(_DAY, _NEXT)), _HISTORY.days[0].total],
    "an entry that is no triple": lambda: _history(["call"]),
    "an entry of two": lambda: _history((_DAY, "call")),
    "an entry of four": lambda: _history((_DAY, "call", usd("0.40"), "USD")),
    "an entry without a kind": lambda: _history((_DAY, None, usd("0.40"))),
    "an entry of a list of kinds": lambda: _history((_DAY, ["call"], usd("0.40"))),
    "an entry of a blank kind": lambda: _history((_DAY, " ", usd("0.40"))),
    "an entry of a card number": lambda: _history((_DAY, "4111 1111 1111 1111", usd("0.40"))),
    "an entry without an amount": lambda: _history((_DAY, "call", "0.40")),
    "an entry below zero": lambda: _history((_DAY, "call", usd("-0.40"))),
    "an entry of nothing": lambda: _history((_NEXT, "call", usd("0.00"))).days,
    "an entry in another currency": lambda: _history((_DAY, "call", _EURO)),
    "an entry without a day": lambda: _history(("2026-12-07", "call", usd("0.40"))),
    "a history in no currency": lambda: _history(currency="XXY"),
    "entries that are a text": lambda: untyped(UsageHistory.of)("call", currency="USD"),
    "a history of no currency": lambda: UsageHistory("XXY"),
    "a history of days in another currency": lambda: UsageHistory("EUR", (_day(),)),
    "a history of something else": lambda: untyped(UsageHistory)("USD", (_day(), "call")),
    "a history of one day twice": lambda: UsageHistory("USD", (_day(), _day())),
    "a history backwards": lambda: UsageHistory("USD", _HISTORY.days[::-1]),
    "a day without amounts": lambda: DayUsage(_DAY, ()),
    "a day of something else": lambda: _day("call"),
    "a day with no pair": lambda: _day(("sms",)),
    "a day with a triple": lambda: _day(("sms", usd("0.01"), "USD")),
    "a day without a kind": lambda: _day((None, usd("0.01"))),
    "a day without an amount": lambda: _day(("sms", "0.01")),
    "a day of nothing": lambda: _day(("sms", usd("0.00"))),
    "a day of a micro": lambda: _day(("sms", Money(1, "USD"))).total,
    "a day in two currencies": lambda: _day(("sms", _EURO)),
    "a day with a kind twice": lambda: _day(("call", usd("0.01"))),
    "a day out of order": lambda: _day(("sms", usd("0.01")), ("email", usd("0.01"))),
    "a currency": lambda: usage.check_currency("balance", "EUR", "USD"),
}
