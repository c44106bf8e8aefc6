"""What may happen to any account, drawn at random: most of it allowed, some of it not."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from licensebill.accounts import Account, Change, apply
from licensebill.changes import (
    AddSource,
    Cancel,
    CarryOver,
    ChooseImplementation,
    DrawMinutes,
    GiveCredit,
    MakePrimary,
    OpenRecharge,
    OrderService,
    PurchaseMinutes,
    RecordOutcome,
    RecordReturn,
    RemoveSource,
    RemoveUser,
    ReplaceSource,
    SaveTable,
    SetTotal,
    SwitchRecharge,
)
from licensebill.cycles import first_instant
from licensebill.errors import LicenseBillError
from licensebill.ledger import Intent
from licensebill.money import MICROS, Money
from licensebill.people import Authorization, Person
from licensebill.storage import Reading
from licensebill.strategies import USER_IDS, outcomes, payable_amounts, sources

ADA = Person("Ada", "Lovelace")
ACCEPTED = Authorization(ADA, accepted=True)
GAPS = st.sampled_from([0, 0, 0, 1, 31]) | st.integers(0, 40)

Drawn = Callable[[st.DrawFn, Account, date], Change]


def set_total(draw: Any, acme: Account, on: date) -> SetTotal:
    """A total of any product, often beside the number owned."""
    product = draw(st.sampled_from([product.id for product in acme.catalog.products]))
    owned = acme.licenses.holding(product).owned
    total = draw(st.sampled_from([owned + 1, max(0, owned - 1), owned]) | st.integers(0, 15))
    return SetTotal(on=on, by=acme.administrator, product=product, total=total, authorization=ACCEPTED)


def _save(draw: Any, acme: Account, on: date) -> SaveTable:
    products = st.sampled_from([product.id for product in acme.catalog.products])
    checks = draw(st.dictionaries(st.sampled_from(USER_IDS), st.lists(products, unique=True, max_size=2), max_size=3))
    return SaveTable(on=on, by=acme.administrator, checks=checks)


def _remove_user(draw: Any, _: Account, on: date) -> RemoveUser:
    return RemoveUser(on=on, user=draw(st.sampled_from(USER_IDS)))


def _amount(draw: Any, acme: Account, low: int = 0, high: int = 500) -> Money:
    return draw(payable_amounts(acme.currency, low=low * MICROS, high=high * MICROS))  # type: ignore[no-any-return]


def _choose(draw: Any, acme: Account, on: date) -> ChooseImplementation:
    return ChooseImplementation(on=on, by=acme.administrator, name="Guided", price=_amount(draw, acme))


def _order(draw: Any, acme: Account, on: date) -> OrderService:
    return OrderService(
        on=on,
        by=acme.administrator,
        name="Training",
        price=_amount(draw, acme),
        approved_by=ADA,
        authorization=ACCEPTED,
    )


def _buy(draw: Any, acme: Account, on: date) -> PurchaseMinutes:
    return PurchaseMinutes(
        on=on, by=acme.administrator, amount=_amount(draw, acme, low=99, high=101), authorization=ACCEPTED
    )


def _switch(draw: Any, acme: Account, on: date) -> SwitchRecharge:
    return SwitchRecharge(on=on, by=acme.administrator, authorization=draw(st.sampled_from([ACCEPTED, ACCEPTED, None])))


def _recharge(draw: Any, acme: Account, on: date) -> OpenRecharge:
    return OpenRecharge(on=on, amount=_amount(draw, acme))


def _draw_minutes(draw: Any, acme: Account, on: date) -> DrawMinutes:
    return DrawMinutes(on=on, amount=_amount(draw, acme))


def _outcome(draw: Any, acme: Account, on: date) -> RecordOutcome:
    assert acme.funding is not None
    return RecordOutcome(
        on=on,
        intent=draw(st.sampled_from([one.intent.id for one in acme.open] or ["acme/bill/0"])),
        source=draw(st.sampled_from([source.id for source in acme.funding.sources])),
        outcome=draw(outcomes(acme.currency)),
        is_final=draw(st.booleans()),
    )


def _return(draw: Any, acme: Account, on: date) -> Change:
    if not acme.settled:
        return _outcome(draw, acme, on)
    assert acme.funding is not None
    return RecordReturn(
        on=on,
        intent=draw(st.sampled_from(acme.settled)),
        code=draw(st.sampled_from(["R01", "R02"])),
        source=draw(st.sampled_from([source.id for source in acme.funding.sources])),
    )


def _carry_over(draw: Any, acme: Account, on: date) -> CarryOver:
    return CarryOver(on=on, intent=draw(st.sampled_from([one.intent.id for one in acme.open] or ["acme/bill/0"])))


def credit_on(draw: Any, acme: Account, on: date, charge: Intent) -> GiveCredit:
    """A credit on a line of a charge, often all of the line."""
    position = draw(st.integers(0, len(charge.lines) - 1))
    whole = st.just(charge.lines[position].amount)
    net = draw(whole | payable_amounts(acme.currency, low=0, high=100 * MICROS))
    return GiveCredit(
        on=on, intent=charge, position=position, net=net, reason="goodwill", sent_back=draw(st.booleans())
    )


def _credit(draw: Any, acme: Account, on: date) -> Change:
    charges = [*(one.intent for one in acme.open), *acme.settled]
    return credit_on(draw, acme, on, draw(st.sampled_from(charges))) if charges else _draw_minutes(draw, acme, on)


def _cancel(draw: Any, acme: Account, on: date) -> Cancel:
    return Cancel(on=on, by=acme.administrator, authorization=ACCEPTED, is_buyout_agreed=draw(st.booleans()))


def source_change(draw: Any, acme: Account, on: date) -> Change:
    """A source that comes, goes, is replaced or made primary; the new ones are valid or not."""
    assert acme.funding is not None
    by, ids = acme.administrator, [source.id for source in acme.funding.sources]
    kind = draw(st.sampled_from([AddSource, RemoveSource, ReplaceSource, MakePrimary]))
    if kind in {RemoveSource, MakePrimary}:
        return kind(on=on, by=by, source=draw(st.sampled_from(ids)))  # type: ignore[no-any-return]
    name = draw(st.sampled_from(["source-4", "source-5"] if kind is AddSource else ids))
    fresh = draw(sources(on=on, id=name))
    return kind(on=on, by=by, source=attrs.evolve(fresh, token=f"{fresh.token}-new"))  # type: ignore[no-any-return]


_CHANGES: tuple[Drawn, ...] = (
    *(set_total, set_total, _save, _remove_user, _choose, _order, _buy, _switch, _recharge, _draw_minutes),
    *(_outcome, _outcome, _return, _carry_over, _credit, source_change),
)


#: What opens charges, settles them and takes them back.
PAYMENTS: tuple[Drawn, ...] = (_buy, _order, set_total, *[_outcome] * 5, _return, _return)


@st.composite
def payments(draw: st.DrawFn, acme: Account) -> Change:
    """A charge, or what becomes of one."""
    return draw(st.sampled_from(PAYMENTS))(draw, acme, acme.today)


@st.composite
def changes(draw: st.DrawFn, acme: Account, *, may_cancel: bool = True) -> Change:
    """Anything that may happen to an account, on its day or a later one."""
    on = acme.today + timedelta(draw(GAPS))
    kinds = (*_CHANGES, _cancel) if may_cancel else _CHANGES
    return draw(st.sampled_from(kinds))(draw, acme, on)


def accepted(acme: Account, change: Change) -> Account | None:
    """The account after a change; None if it is refused."""
    try:
        return apply(acme, change)
    except LicenseBillError:
        return None


def readings(acme: Account, on: date, used: int = 10**9) -> list[Reading]:
    """Readings of a cycle's first instant that count whatever the policy."""
    at = first_instant(on, acme.tz)
    return [Reading(bytes=used, at=taken, source="meter") for taken in (at - timedelta(hours=1), at)]
