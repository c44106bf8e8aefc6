"""Administration: who is refused what, and how an account ends."""

from datetime import date
from typing import Any

from licensebill import administration
from licensebill.administration import Cancellation, cancellation
from licensebill.money import Money
from licensebill.people import BILLING_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Action, User
from licensebill.terms import BalanceAtEnd, FundingTerms
from tests.changing import DECEMBER, NOVEMBER, TODAY
from tests.examples import ACCEPTED, BOSS, usd
from tests.scenes import Scene

_REFUNDED = FundingTerms(balance_at_end=BalanceAtEnd.REFUNDED)
_COMMITTED = usd("1200.00")
_ASKED: dict[str, Any] = {
    "asked_on": TODAY,
    "cycle": NOVEMBER,
    "committed": usd("0.00"),
    "balance": usd("12.3456"),
    "authorization": ACCEPTED,
}


def _cancelled(**changed: Any) -> Cancellation:
    return cancellation(**_ASKED | changed)


def _made(**changed: Any) -> Cancellation:
    return Cancellation(**_ASKED | {"balance_at_end": BalanceAtEnd.REPORTED} | changed)


def _asked(user: User, action: Action) -> None:
    administration.check_permitted(user, action, administrator_id=BOSS)


SCENES: dict[str, Scene] = {
    "another administrator": lambda: administration.change_administrator(BOSS, User(id="sys", is_administrator=True)),
    "an administrator without privileges": lambda: administration.change_administrator(
        BOSS, User(id="sys", role=SYSTEM_ADMINISTRATOR)
    ),
    "permitted by the office": lambda: _asked(User(id=BOSS), Action.CANCEL),
    "permitted by the role": lambda: _asked(User(id="sys", role=SYSTEM_ADMINISTRATOR), Action.BUY_MINUTES),
    "not permitted by the role": lambda: _asked(User(id="ann"), Action.BUY_MINUTES),
    "not permitted by the office": lambda: _asked(User(id=BOSS), Action.ADMINISTER),
    "not permitted without the office": lambda: _asked(User(id="ann", role=BILLING_ADMINISTRATOR), Action.CANCEL),
    "an end": _cancelled,
    "an end with a buyout": lambda: _cancelled(committed=_COMMITTED, is_buyout_agreed=True),
    "an end with a refund": lambda: _cancelled(terms=_REFUNDED),
    "an end with nothing to refund": lambda: _cancelled(terms=_REFUNDED, balance=usd("-0.50")),
    "an end in a currency without decimals": lambda: _cancelled(
        terms=_REFUNDED, committed=Money.zero("JPY"), balance=Money.parse("12.5", "JPY")
    ),
    "an end that needs a buyout": lambda: _cancelled(committed=_COMMITTED),
    "a second end": lambda: _cancelled(earlier=_cancelled()),
    "an end after the end": lambda: _cancelled(asked_on=DECEMBER.start, cycle=DECEMBER, earlier=_cancelled()),
    "a second end, with a buyout needed": lambda: _cancelled(committed=_COMMITTED, earlier=_cancelled()),
    "a day outside the cycle": lambda: _cancelled(asked_on=date(2026, 12, 1)),
    "two currencies": lambda: _cancelled(balance=Money.parse("12.34", "EUR")),
    "a commitment below zero": lambda: _cancelled(committed=usd("-0.000001")),
    "a commitment without a buyout": lambda: _made(committed=_COMMITTED),
    "a commitment with a buyout": lambda: _made(committed=_COMMITTED, is_buyout_agreed=True),
    "an id that could be a card number": lambda: administration.may(
        User(id="ann"), Action.DIAL, administrator_id="4111 1111 1111 1111"
    ),
    "an administrator's id that could be a card number": lambda: administration.change_administrator(
        "4111 1111 1111 1111", User(id="ann")
    ),
    "the last day of it": lambda: str(_cancelled().state(NOVEMBER.last_day)),
    "the day after": lambda: str(_cancelled().state(DECEMBER.start)),
}
