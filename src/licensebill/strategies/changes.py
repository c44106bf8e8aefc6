"""What may happen to an account: changes of every kind, and the events that tell of them.

Most of what is drawn is allowed, some of it is not, as in life; what is refused leaves the account as it was. A change
is for an account as it stands, so that walks draw one after the other.
"""

from collections.abc import Callable
from datetime import date, timedelta

import attrs

from licensebill._extras import extra

with extra("testing"):
    from hypothesis import strategies as st

from licensebill import changes as made
from licensebill._checks import instance
from licensebill.accounts import Account, Change, funding_of
from licensebill.events import (
    Answered,
    Book,
    CallOff,
    Changed,
    Decision,
    Event,
    Fact,
    Halted,
    Opened,
    Planned,
    Posting,
    Prepared,
    Resolved,
    Target,
)
from licensebill.ledger import Intent
from licensebill.money import MICROS, Money
from licensebill.people import Authorization, Person
from licensebill.strategies._arguments import composite
from licensebill.strategies.values import (
    USER_IDS,
    accounts,
    instants,
    outcomes,
    payable_amounts,
    sources,
)

_Drawn = Callable[[st.DrawFn, Account, date], Change]

_ADA = Person("Ada", "Lovelace")
_ACCEPTED = Authorization(_ADA, accepted=True)
_GAPS = st.sampled_from([0, 0, 0, 1, 31]) | st.integers(0, 40)
_NO_CHARGE = "acme/bill/0"


def _source_ids(account: Account) -> list[str]:
    return [source.id for source in funding_of(account).sources]


# --- single kinds -------------------------------------------------------------------------------------------------


def later_days(account: Account) -> st.SearchStrategy[date]:
    """The account's own day, often, and days up to forty later."""
    instance("account", account, Account)
    return _GAPS.map(lambda gap: account.today + timedelta(gap))


@composite
def total_changes(draw: st.DrawFn, account: Account, *, on: date) -> made.SetTotal:
    """A total of any product, often beside the number owned."""
    product = draw(st.sampled_from([product.id for product in account.catalog.products]))
    owned = account.licenses.holding(product).owned
    total = draw(st.sampled_from([owned + 1, max(0, owned - 1), owned]) | st.integers(0, 15))
    return made.SetTotal(on=on, by=account.administrator, product=product, total=total, authorization=_ACCEPTED)


@composite
def source_changes(draw: st.DrawFn, account: Account, *, on: date) -> Change:
    """A source that comes, goes, is replaced or made primary; the new ones are valid or not."""
    by, ids = account.administrator, _source_ids(account)
    leaves = draw(st.sampled_from([None, made.RemoveSource, made.MakePrimary]))
    if leaves is not None:
        return leaves(on=on, by=by, source=draw(st.sampled_from(ids)))
    is_new = draw(st.booleans())
    fresh = draw(sources(on=on, id=draw(st.sampled_from(["source-4", "source-5"] if is_new else ids))))
    comes = made.AddSource if is_new else made.ReplaceSource
    return comes(on=on, by=by, source=attrs.evolve(fresh, token=f"{fresh.token}-new"))


@composite
def credits_of(draw: st.DrawFn, charge: Intent, *, on: date) -> made.GiveCredit:
    """A credit on a line of a charge, often all of the line."""
    position = draw(st.integers(0, len(charge.lines) - 1))
    whole = charge.lines[position].amount
    net = draw(st.just(whole) | payable_amounts(whole.currency, low=0, high=100 * MICROS))
    return made.GiveCredit(
        on=on, intent=charge, position=position, net=net, reason="goodwill", sent_back=draw(st.booleans())
    )


def _total(draw: st.DrawFn, account: Account, on: date) -> Change:
    return draw(total_changes(account, on=on))


def _source(draw: st.DrawFn, account: Account, on: date) -> Change:
    return draw(source_changes(account, on=on))


def _save(draw: st.DrawFn, account: Account, on: date) -> Change:
    products = st.sampled_from([product.id for product in account.catalog.products])
    checks = draw(st.dictionaries(st.sampled_from(USER_IDS), st.lists(products, unique=True, max_size=2), max_size=3))
    return made.SaveTable(on=on, by=account.administrator, checks=checks)


def _remove_user(draw: st.DrawFn, _: Account, on: date) -> Change:
    return made.RemoveUser(on=on, user=draw(st.sampled_from(USER_IDS)))


def _amount(draw: st.DrawFn, account: Account, low: int = 0, high: int = 500) -> Money:
    return draw(payable_amounts(account.currency, low=low * MICROS, high=high * MICROS))


def _choose(draw: st.DrawFn, account: Account, on: date) -> Change:
    return made.ChooseImplementation(on=on, by=account.administrator, name="Guided", price=_amount(draw, account))


def _order(draw: st.DrawFn, account: Account, on: date) -> Change:
    return made.OrderService(
        on=on,
        by=account.administrator,
        name="Training",
        price=_amount(draw, account),
        approved_by=_ADA,
        authorization=_ACCEPTED,
    )


def _buy(draw: st.DrawFn, account: Account, on: date) -> Change:
    amount = _amount(draw, account, low=99, high=101)
    return made.PurchaseMinutes(on=on, by=account.administrator, amount=amount, authorization=_ACCEPTED)


def _switch(draw: st.DrawFn, account: Account, on: date) -> Change:
    by = draw(st.sampled_from([_ACCEPTED, _ACCEPTED, None]))
    return made.SwitchRecharge(on=on, by=account.administrator, authorization=by)


def _recharge(draw: st.DrawFn, account: Account, on: date) -> Change:
    return made.OpenRecharge(on=on, amount=_amount(draw, account))


def _draw_minutes(draw: st.DrawFn, account: Account, on: date) -> Change:
    return made.DrawMinutes(on=on, amount=_amount(draw, account))


def _outcome(draw: st.DrawFn, account: Account, on: date) -> Change:
    return made.RecordOutcome(
        on=on,
        intent=draw(st.sampled_from([one.intent.id for one in account.open] or [_NO_CHARGE])),
        source=draw(st.sampled_from(_source_ids(account))),
        outcome=draw(outcomes(account.currency)),
        is_final=draw(st.booleans()),
    )


def _return(draw: st.DrawFn, account: Account, on: date) -> Change:
    if not account.settled:
        return _outcome(draw, account, on)
    return made.RecordReturn(
        on=on,
        intent=draw(st.sampled_from(account.settled)),
        code=draw(st.sampled_from(["R01", "R02"])),
        source=draw(st.sampled_from(_source_ids(account))),
    )


def _carry_over(draw: st.DrawFn, account: Account, on: date) -> Change:
    charges = [one.intent.id for one in account.open] or [_NO_CHARGE]
    return made.CarryOver(on=on, intent=draw(st.sampled_from(charges)))


def _credit(draw: st.DrawFn, account: Account, on: date) -> Change:
    charges = [*(one.intent for one in account.open), *account.settled]
    if not charges:
        return _draw_minutes(draw, account, on)
    return draw(credits_of(draw(st.sampled_from(charges)), on=on))


def _cancel(draw: st.DrawFn, account: Account, on: date) -> Change:
    agreed = draw(st.booleans())
    return made.Cancel(on=on, by=account.administrator, authorization=_ACCEPTED, is_buyout_agreed=agreed)


# --- any ----------------------------------------------------------------------------------------------------------

_CHANGES: tuple[_Drawn, ...] = (
    *(_total, _total, _save, _remove_user, _choose, _order, _buy, _switch, _recharge, _draw_minutes),
    *(_outcome, _outcome, _return, _carry_over, _credit, _source),
)
_PAYMENTS: tuple[_Drawn, ...] = (_buy, _order, _total, *[_outcome] * 5, _return, _return)


@composite
def changes(draw: st.DrawFn, account: Account, *, may_cancel: bool = True) -> Change:
    """Anything that may happen to an account, on its day or a later one; a cancellation only if told."""
    on = draw(later_days(account))
    kinds = (*_CHANGES, _cancel) if may_cancel else _CHANGES
    return draw(st.sampled_from(kinds))(draw, account, on)


@composite
def payments(draw: st.DrawFn, account: Account) -> Change:
    """A charge, or what becomes of one, on the account's day."""
    return draw(st.sampled_from(_PAYMENTS))(draw, account, account.today)


# --- events -------------------------------------------------------------------------------------------------------


@composite
def facts(draw: st.DrawFn) -> Fact:
    """Any fact of a stream; whether it could follow on another does not matter."""
    account = draw(accounts())
    intent, attempt = "acme/bill/1", draw(st.integers(1, 9))
    told: list[Fact] = [
        Opened(account),
        Changed(draw(changes(account))),
        Planned(intent=intent, targets=tuple(map(Target.of, funding_of(account).sources))),
        Prepared(intent=intent, attempt=attempt, ref="pi_1"),
        Answered(intent=intent, attempt=attempt, outcome=draw(outcomes())),
        Halted(intent=intent, attempt=attempt, reason="nobody knows"),
        CallOff(intent=intent, by="dana"),
        Resolved(
            intent=intent, attempt=attempt, decision=draw(st.sampled_from(Decision)), by="Ada", note="the statement"
        ),
    ]
    return draw(st.sampled_from(told))


@composite
def events(draw: st.DrawFn) -> Event:
    """An event of any fact, without postings or with two that add up to zero."""
    amount = draw(payable_amounts())
    postings = (Posting(Book.OWED, amount), Posting(Book.REVENUE, -amount))
    return Event(id="e1", at=draw(instants()), fact=draw(facts()), postings=draw(st.sampled_from([(), postings])))
