"""Accounts: everything a later decision needs, as one value, and the only way it changes.

`Account` binds the rule modules together. A change of it is a value (a `Change`): what was asked, by whom and on which
day. `apply(account, change)` is the only fold: it lets time pass to the change's day (`advance`), asks the rules, and
gives the account afterwards, or raises and leaves the account as it was. The changes of an account, kept in order, are
its whole history; folding them again gives the same account.

The changes themselves, and the purchases that preview them, stand in `changes`; what is common to all of them is here.

Time: at each cycle boundary pending totals are taken, and that first instant's licenses, users and tariff are kept
until the cycle's bill is planned, so that a run on the 5th bills the 1st. Days are the account's own.

How a bill is made belongs to `bills`, carrying out charges to `charging`. Nothing here reads a clock.
"""

import datetime
from abc import ABC, abstractmethod
from datetime import UTC, date, timedelta
from typing import ClassVar

import attrs

from licensebill import funding as sources
from licensebill import licenses as held
from licensebill._checks import cardless_text, checked, day, distinct, instance, tuple_of, whole, zone
from licensebill.cycles import LAST_ANCHOR_DAY, Period, boundary_number, cycle_of, following
from licensebill.errors import InvalidValue, RuleViolation, shown
from licensebill.explain import Explanation, added, many
from licensebill.funding import Cancellation, Funding
from licensebill.ledger import CreditNote, Intent, Line
from licensebill.licenses import Licenses, Schedule
from licensebill.minutes import AutomaticRecharge
from licensebill.money import CurrencyMismatch, Money, payable_amount, total
from licensebill.people import Action, User
from licensebill.ports import TollFreeLine
from licensebill.services import Services
from licensebill.terms import (
    STANDARD,
    STANDARD_CATALOG,
    Catalog,
    Contract,
    Dated,
    Purpose,
    Step,
    Tariff,
    contract_on,
)

_optional = attrs.validators.optional

# --- the account --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CycleStart:
    """A cycle's first instant, kept until its bill is planned (CYC-1).

    Args:
        cycle: the cycle.
        licenses: those at that instant, pending totals taken; None once the account has ended. What they cost is asked
            when the bill is made: a missing price stops the bill, not the account.
        users: those with a per-user license then (STO-1).
        tariff: the step in force that day.
    """

    cycle: Period
    licenses: Licenses | None
    users: int
    tariff: Step[Tariff]


@attrs.frozen
class Spending:
    """What a cycle's license, storage and service lines came to, net of credits, before tax (PRC-4)."""

    cycle: Period = attrs.field(validator=checked(instance, Period))
    amount: Money = attrs.field(validator=checked(payable_amount))


@attrs.frozen(kw_only=True)
class OpenIntent:
    """A charge that is not settled.

    Args:
        intent: what is charged.
        has_failed: every source was tried; what is owed stays owed.
    """

    intent: Intent = attrs.field(validator=checked(instance, Intent))
    has_failed: bool = attrs.field(default=False, validator=checked(instance, bool))


def _counted(place: str, value: object) -> tuple[object, ...]:
    """Pairs of a purpose and a number, no purpose twice."""
    pairs = tuple_of(place, value, tuple)
    for position, (purpose, number) in enumerate(pairs):
        instance(f"{place}[{position}]", purpose, Purpose)
        whole(f"{place}[{position}]", number, 1)
    distinct(place, [purpose for purpose, _ in pairs], "a purpose")
    return pairs


def _tariffs(place: str, value: object) -> None:
    for position, step in enumerate(instance(place, value, Dated).steps):
        instance(f"{place}[{position}]", step.value, Tariff)


@attrs.frozen(kw_only=True)
class Account:
    """One customer's account on one day.

    Args:
        id: in every identifier of its charges.
        began: the account's first day.
        today: the day this value stands for, local to `tz`.
        administrator: the id of the billing administrator, at first the user who installed the package (FUN-7).
        funding: the sources; None until set up.
        tz: the zone whose days are the account's.
        anchor_day: of the cycles, 1 to 31.
        tariffs: numbers and policies, by day.
        catalog: the products.
        contracts: in the order of their start, no two on one day.
        licenses: owned and assigned.
        users: of the customer's system, with their roles.
        services: implementation and orders.
        lines: toll-free lines, in the order they were requested.
        automatic: whether minutes recharge by themselves.
        balance: prepaid minutes; below zero when a call outlasted them.
        waiting: lines for the next bill: credits, a service due, what was too small to charge.
        spending: of the cycles whose true-up is still to come.
        unbilled: the first instants of cycles not billed yet, oldest first.
        open: charges that are not settled, oldest first.
        settled: charges as they were paid, oldest first; a return or a credit note must be of one. At each cycle's
            first day those of more than `FundingTerms.settled_days` ago are left out, and so are the notes of them.
        ordinals: how many charges of each purpose there have been.
        notes: credit notes of what is open or settled.
        cancellation: None while the account goes on.

    Raises:
        InvalidValue: a field out of its range or an id twice.
        UnknownProduct: a contract or the licenses name a product that the catalog does not hold.
        CurrencyMismatch: balance, contracts, tariffs and waiting lines in different currencies.
    """

    id: str = attrs.field(validator=checked(cardless_text))
    began: date = attrs.field(validator=checked(day))
    today: date = attrs.field(validator=checked(day))
    administrator: str = attrs.field(validator=checked(cardless_text))
    funding: Funding | None = attrs.field(default=None, validator=_optional(checked(instance, Funding)))
    tz: datetime.tzinfo = attrs.field(default=UTC, validator=checked(zone))
    anchor_day: int = attrs.field(default=1, validator=checked(whole, 1, LAST_ANCHOR_DAY))
    tariffs: Dated[Tariff] = attrs.field(default=Dated.always(STANDARD), validator=checked(_tariffs))
    catalog: Catalog = attrs.field(default=STANDARD_CATALOG, validator=checked(instance, Catalog))
    contracts: tuple[Contract, ...] = attrs.field(default=(), validator=checked(tuple_of, Contract))
    licenses: Licenses = attrs.field(factory=Licenses.empty, validator=checked(instance, Licenses))
    users: tuple[User, ...] = attrs.field(default=(), validator=checked(tuple_of, User))
    services: Services = attrs.field(factory=Services, validator=checked(instance, Services))
    lines: tuple[TollFreeLine, ...] = attrs.field(default=(), validator=checked(tuple_of, TollFreeLine))
    automatic: AutomaticRecharge = attrs.field(
        factory=AutomaticRecharge, validator=checked(instance, AutomaticRecharge)
    )
    balance: Money = attrs.field(default=Money.zero(STANDARD.currency), validator=checked(instance, Money))
    waiting: tuple[Line, ...] = attrs.field(default=(), validator=checked(tuple_of, Line))
    spending: tuple[Spending, ...] = attrs.field(default=(), validator=checked(tuple_of, Spending))
    unbilled: tuple[CycleStart, ...] = attrs.field(default=(), validator=checked(tuple_of, CycleStart))
    open: tuple[OpenIntent, ...] = attrs.field(default=(), validator=checked(tuple_of, OpenIntent))
    settled: tuple[Intent, ...] = attrs.field(default=(), validator=checked(tuple_of, Intent))
    ordinals: tuple[tuple[Purpose, int], ...] = attrs.field(default=(), validator=checked(_counted))
    notes: tuple[CreditNote, ...] = attrs.field(default=(), validator=checked(tuple_of, CreditNote))
    cancellation: Cancellation | None = attrs.field(default=None, validator=_optional(checked(instance, Cancellation)))

    def __attrs_post_init__(self) -> None:
        if self.today < self.began:
            raise InvalidValue("today", f"must not be before the account began on {self.began}, not {self.today}")
        distinct("users", [user.id for user in self.users], "the user")
        distinct("contracts", [contract.start for contract in self.contracts], "the start")
        currency = self.tariff.currency
        for place, other in (
            *((f"tariffs, from {step.since}", step.value.currency) for step in self.tariffs.steps),
            ("balance", self.balance.currency),
            *((f"waiting[{position}]", line.amount.currency) for position, line in enumerate(self.waiting)),
            *((f"spending of {one.cycle.start}", one.amount.currency) for one in self.spending),
            *((f"contracts.{contract.reference}", contract.currency) for contract in self.contracts),
        ):
            if other != currency:
                raise CurrencyMismatch(place, f"must be in the tariff's {currency}, not {other}")
        self._check_charges()
        self._check_products()

    def _check_charges(self) -> None:
        distinct("open", [one.intent.id for one in self.open], "the charge")
        counted = dict(self.ordinals)
        for one in self.open:
            if one.intent.ordinal > counted.get(one.intent.purpose, 0):
                raise InvalidValue("ordinals", f"must count {shown(one.intent.id)}, which is open")

    def _check_products(self) -> None:
        """A name that the catalog does not know would be billed as nothing, or stop every bill to come."""
        for contract in self.contracts:
            for price in contract.prices:
                self.catalog.product(price.product)
            for floor in contract.floors:
                for product in floor.products:
                    self.catalog.product(product)
        for holding in self.licenses.holdings:
            self.catalog.product(holding.product)

    @property
    def tariff(self) -> Tariff:
        """The tariff in force today."""
        return tariff_on(self, self.today).value

    @property
    def currency(self) -> str:
        """The currency of everything in the account."""
        return self.tariff.currency

    @property
    def cycle(self) -> Period:
        """The cycle that today belongs to."""
        return cycle_of(self.today, anchor_day=self.anchor_day)

    @property
    def contract(self) -> Contract | None:
        """The contract whose terms hold for this cycle; None if there is none (LIC-10)."""
        return contract_on(self.contracts, terms_day(self))

    @property
    def past_due_since(self) -> date | None:
        """The day of the oldest charge that failed and is still owed; nothing is suspended (BIL-6)."""
        return min((one.intent.on for one in self.open if one.has_failed), default=None)

    def user(self, user_id: str) -> User:
        """The user of an id.

        Raises:
            UnknownUser: there is none.
        """
        instance("user", user_id, str)
        for user in self.users:
            if user.id == user_id:
                return user
        raise UnknownUser("user", f"{shown(user_id)} is no user of account {self.id}")


class UnknownUser(InvalidValue):
    """An id that belongs to no user of the account."""

    code: ClassVar[str] = "unknown_user"


class OutOfOrder(InvalidValue):
    """A day before the one the account already stands for: what has happened is not undone."""

    code: ClassVar[str] = "out_of_order"


@attrs.frozen
class NotSetUp(RuleViolation):
    """A charge before a funding source was set up."""

    code: ClassVar[str] = "not_set_up"
    rule: ClassVar[str] = "FUN-2"

    account: str

    def __str__(self) -> str:
        return f"account {self.account} has no funding source yet; set one up first (FUN-2)"


@attrs.frozen
class AccountEnded(RuleViolation):
    """A change that an ended account no longer takes."""

    code: ClassVar[str] = "account_ended"
    rule: ClassVar[str] = "FUN-8"

    account: str
    since: date

    def __str__(self) -> str:
        return f"account {self.account} ended on {self.since}; what is owed can still be paid (FUN-8)"


def tariff_on(account: Account, on: date) -> Step[Tariff]:
    """The account's tariff in force on a day.

    Raises:
        InvalidValue: none is in force yet.

    Source: MON-2.
    """
    instance("account", account, Account)
    step = account.tariffs.on(on)
    if step is None:
        raise InvalidValue("tariffs", f"must hold a tariff for {on}; the first begins {account.tariffs.steps[0].since}")
    return step


def terms_day(account: Account, cycle: Period | None = None) -> date:
    """The day whose contract terms hold for a cycle.

    The cycle's first day; but the day the account's first contract begins, once it has begun within the cycle.

    Args:
        account: whose contracts hold.
        cycle: the present one or an earlier one; None for the present one.

    Source: LIC-10.
    """
    instance("account", account, Account)
    cycle = account.cycle if cycle is None else instance("cycle", cycle, Period)
    first = min((contract.start for contract in account.contracts), default=cycle.start)
    return first if first in cycle and first <= account.today else cycle.start


# --- time ---------------------------------------------------------------------------------------------------------


def begin(account: Account) -> Account:
    """An account read from a file or opened today, made ready: on a cycle's first day what it holds is kept.

    On that day, and on the account's own first, nothing of the cycle has been charged. On any other, what has been is
    part of the account where a minimum spend will ask for it.

    Args:
        account: with nothing unbilled; its licenses are those at the first instant of its day.

    Raises:
        InvalidValue: the account was made ready before; what was charged in its cycle so far is needed and missing; or
            its first contract begins within a cycle, on this day or later: signing it charges what it adds.

    Source: CYC-1, PRC-4, LIC-10.
    """
    cycle = instance("account", account, Account).cycle
    if account.unbilled:
        raise InvalidValue("account", f"has begun before: the bill of {account.unbilled[0].cycle.start} is to come")
    first = min(account.contracts, key=lambda one: one.start, default=None)
    if first is not None and first.start >= account.today and first.start != cycle_start(account, first.start):
        problem = (
            f"must not hold {shown(first.reference)} yet: it is the first, and begins on {first.start}, within a cycle."
            " Sign it on that day, which charges what it adds, or begin on a later one, when that has been charged"
            " (LIC-10)"
        )
        raise InvalidValue("contracts", problem)
    if all(one.cycle != cycle for one in account.spending):
        if account.today not in {cycle.start, account.began} and any(one.minimum_spend for one in account.contracts):
            needed = f"what was charged since {cycle.start}: a contract has a minimum spend (PRC-4)"
            raise InvalidValue("spending", f"must state {needed}")
        account = attrs.evolve(account, spending=(Spending(cycle, Money.zero(account.currency)),))
    return _keep(account, cycle) if account.today == cycle.start else account


#: A day farther ahead is a slip of the pen, and its cycles would take minutes to pass.
_LONGEST_ADVANCE = timedelta(days=36_525)


def advance(account: Account, to: date) -> Account:
    """The account on a later day: each cycle boundary on the way has been passed.

    At a boundary pending totals are taken (LIC-8), and the licenses, the users and the tariff of its first instant are
    kept until the bill is planned. Advancing in steps gives the same account as advancing at once.

    Args:
        account: on its day.
        to: that day or a later one.

    Raises:
        OutOfOrder: an earlier day.
        InvalidValue: a day more than a century later.

    Source: CYC-1, LIC-8, LIC-10.
    """
    if day("to", to) < instance("account", account, Account).today:
        raise OutOfOrder("on", f"{to} is before {account.today}, the day the account stands for")
    if to - account.today > _LONGEST_ADVANCE:
        raise InvalidValue("to", f"must be at most a century after {account.today}, not {to}")
    while (start := account.cycle.end) <= to:
        account = _without_old(_enter(attrs.evolve(account, today=start)))
    return attrs.evolve(account, today=to) if to != account.today else account


def _enter(account: Account) -> Account:
    """Pass the boundary that the account has just reached."""
    cycle, ended = account.cycle, has_ended(account, account.today)
    if account.cancellation is not None and cycle.start > account.cancellation.effective:
        return account  # the cycle after the last had the final bill: its true-up and what waited
    taken = held.take_pending(account.licenses, contract=account.contract, on=cycle.start)
    spending = () if ended else (Spending(cycle, Money.zero(account.currency)),)
    return _keep(attrs.evolve(account, licenses=taken, spending=(*account.spending, *spending)), cycle)


def _without_old(account: Account) -> Account:
    """The account without what was paid too long ago to be returned or credited, so that it does not grow for ever."""
    oldest = oldest_kept(account)
    if all(intent.on >= oldest for intent in account.settled):
        return account
    settled = tuple(intent for intent in account.settled if intent.on >= oldest)
    kept = {intent.id for intent in settled} | {one.intent.id for one in account.open}
    notes = tuple(note for note in account.notes if note.intent_id in kept)
    return attrs.evolve(account, settled=settled, notes=notes)


def oldest_kept(account: Account) -> date:
    """The day of the oldest charge that the account still holds among those that were paid.

    Source: FUN-9.
    """
    instance("account", account, Account)
    start = account.cycle.start
    days = tariff_on(account, max(start, account.began)).value.funding.settled_days
    return start - timedelta(days=min(days, (start - date.min).days))


def _keep(account: Account, cycle: Period) -> Account:
    kept = CycleStart(
        cycle=cycle,
        licenses=None if has_ended(account, cycle.start) else account.licenses,
        users=len(held.assigned_users(account.licenses, catalog=account.catalog)),
        tariff=tariff_on(account, cycle.start),
    )
    return attrs.evolve(account, unbilled=(*account.unbilled, kept))


def has_ended(account: Account, on: date) -> bool:
    """Whether the account has been cancelled with effect on or before a day.

    Source: FUN-8.
    """
    day("on", on)
    instance("account", account, Account)
    return account.cancellation is not None and account.cancellation.effective <= on


def schedule_on(account: Account, licenses: Licenses, on: date) -> Schedule:
    """The monthly license schedule by the terms in force on a day.

    Args:
        account: whose contracts, catalog and tariff hold.
        licenses: what is owned, which may differ from what the account owns.
        on: the day.

    Source: LIC-10.
    """
    day("on", on)
    instance("account", account, Account)
    return held.schedule(
        licenses,
        contract=contract_on(account.contracts, on),
        catalog=account.catalog,
        on=on,
        zero=tariff_on(account, on).value.zero_quantity,
        currency=account.currency,
    )


def recurring(account: Account, licenses: Licenses, on: date) -> Schedule:
    """What recurs each month by the terms in force on a day: the schedule, or nothing once the account has ended.

    Args:
        account: whose contracts, catalog and tariff hold.
        licenses: what is owned then.
        on: the day.

    Source: LIC-10, FUN-8.
    """
    day("on", on)
    instance("account", account, Account)
    if has_ended(account, on):
        return Schedule(on=on, lines=(), currency=account.currency)
    return schedule_on(account, licenses, on)


# --- changes ------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Change(ABC):
    """Something that happened to an account on one of its days; apply it with `apply`.

    A change that a person asks for also states `by`, the id of the acting user, and is refused to those whose role
    does not permit it (FUN-11).
    """

    on: date = attrs.field(validator=checked(day))

    #: What a user needs to be permitted; None for what happens by itself.
    action: ClassVar[Action | None] = None
    #: Whether an account that has ended still takes it.
    after_end: ClassVar[bool] = False

    @abstractmethod
    def change(self, account: Account) -> Account:
        """The account after this change, on the change's day; for `apply` alone."""


def apply(account: Account, change: Change) -> Account:
    """The account after a change.

    Args:
        account: on the change's day or an earlier one.
        change: any change.

    Returns:
        the account on the change's day.

    Raises:
        OutOfOrder: the change's day is before the account's.
        NotPermitted: the acting user's role does not permit it (FUN-11).
        AccountEnded: the account has ended.
        RuleViolation: whatever the rule of the change refuses.

    Source: FUN-8, FUN-11, BIL-4.

    Example:
        >>> from licensebill.changes import AddUser
        >>> acme = begin(Account(id="acme", began=date(2026, 1, 1), today=date(2026, 11, 20), administrator="u1"))
        >>> acme = apply(acme, AddUser(on=date(2026, 11, 20), user=User(id="u2")))
        >>> acme.user("u2").role.name
        'agent'
    """
    if not isinstance(change, Change):
        raise InvalidValue("change", f"must be a change of an account, not {shown(change)}")
    account = advance(account, change.on)
    if account.cancellation is not None and has_ended(account, change.on) and not change.after_end:
        raise AccountEnded(account.id, account.cancellation.effective)
    if not is_ready(account):
        raise InvalidValue("account", "must be made ready with begin() before it changes")
    if change.action is not None:
        _check_permitted(account, change.action, getattr(change, "by", ""))
    return change.change(account)


def is_ready(account: Account) -> bool:
    """Whether an account has been made ready with `begin`, so that its cycle will be billed; or has ended.

    Source: CYC-1.
    """
    instance("account", account, Account)
    return any(one.cycle == account.cycle for one in account.spending) or has_ended(account, account.today)


def _check_permitted(account: Account, action: Action, by: str) -> None:
    # the administrator need not be listed among the users: the installer may hold no license (FUN-7)
    user = User(id=by) if by == account.administrator else account.user(by)
    sources.check_permitted(user, action, administrator_id=account.administrator)


# --- what others ask of an account --------------------------------------------------------------------------------


def cycle_start(account: Account, on: date) -> date:
    """The first day of the account's cycle that a day belongs to.

    Source: CYC-1, CYC-3.
    """
    instance("account", account, Account)
    return cycle_of(on, anchor_day=account.anchor_day).start


def bill_ordinal(account: Account, cycle: Period) -> int:
    """The number of a cycle's bill: the cycles since the account began, from 1.

    Source: BIL-4.
    """
    instance("account", account, Account)
    instance("cycle", cycle, Period)
    return boundary_number(cycle_start(account, account.began), cycle.start, anchor_day=account.anchor_day) + 1


def funding_of(account: Account) -> Funding:
    """The account's sources, once there are any.

    Raises:
        NotSetUp: there are none yet.

    Source: FUN-2.
    """
    instance("account", account, Account)
    if account.funding is None:
        raise NotSetUp(account.id)
    return account.funding


def is_recharge_under_way(account: Account) -> bool:
    """Whether an automatic recharge is not settled yet.

    Source: MIN-7.
    """
    instance("account", account, Account)
    return any(one.intent.purpose is Purpose.RECHARGE and not one.has_failed for one in account.open)


# --- what is committed --------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CommittedCycle:
    """What one further cycle of a term commits to.

    Args:
        cycle: the cycle.
        schedule: its license lines with nothing owned.
        minimum: its minimum spend; zero without one.
    """

    cycle: Period
    schedule: Schedule
    minimum: Money

    @property
    def floors(self) -> Money:
        """What the license lines come to, with nothing owned."""
        return self.schedule.total

    @property
    def amount(self) -> Money:
        """The greater of both."""
        return max(self.floors, self.minimum)

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: FUN-8, BIL-5.
        """
        return Explanation(
            figure=f"committed for {self.cycle}",
            value=self.amount.text,
            unit=self.amount.currency,
            rules=("FUN-8", "LIC-10", "PRC-4"),
            because=f"The floors' lines come to {self.floors}, the minimum spend is {self.minimum}.",
            working=f"max({self.floors.text}, {self.minimum.text})",
            parts=(self.schedule.explanation(),),
        )


@attrs.frozen(kw_only=True)
class Committed:
    """What the present term still commits the account to, if it ended with this cycle.

    Args:
        cycles: those of the term that begin from then.
        contract: its reference; empty without a contract.
        currency: of the amounts.
    """

    cycles: tuple[CommittedCycle, ...]
    contract: str
    currency: str

    @property
    def amount(self) -> Money:
        """The sum over the cycles."""
        return total((one.amount for one in self.cycles), self.currency)

    def explanation(self) -> Explanation:
        """How the sum comes about.

        Source: FUN-8, BIL-5.
        """
        further = f"{many(len(self.cycles), 'further cycle')} of the term under contract {self.contract}."
        return Explanation(
            figure="committed",
            value=self.amount.text,
            unit=self.currency,
            rules=("FUN-8",),
            because=further if self.contract else "No contract is in force.",
            working=added(one.amount.text for one in self.cycles),
            parts=tuple(one.explanation() for one in self.cycles),
        )


def committed(account: Account) -> Committed:
    """What an account cancelled today stays committed to.

    Over the cycles of the current term that begin after this one: the sum of the greater of the license lines with
    nothing owned (the floors) and the minimum spend, each by what is in force on the cycle's first day.

    Source: FUN-8, LIC-10, PRC-4.
    """
    instance("account", account, Account)
    contract = contract_on(account.contracts, account.today)
    term = None if contract is None else contract.term(account.today)
    if contract is None or term is None:
        return Committed(cycles=(), contract="", currency=account.currency)
    cycles: list[CommittedCycle] = []
    cycle = following(account.cycle, anchor_day=account.anchor_day)
    while cycle.start < term.end:
        cycles.append(_committed_cycle(account, cycle))
        cycle = following(cycle, anchor_day=account.anchor_day)
    return Committed(cycles=tuple(cycles), contract=contract.reference, currency=account.currency)


def _committed_cycle(account: Account, cycle: Period) -> CommittedCycle:
    # a contract signed for later may begin within the term, and then its terms are those of its cycles
    contract = contract_on(account.contracts, cycle.start)
    minimum = None if contract is None else contract.minimum_spend_on(cycle.start)
    return CommittedCycle(
        cycle=cycle,
        schedule=schedule_on(account, Licenses.empty(), cycle.start),
        minimum=Money.zero(account.currency) if minimum is None else minimum.value.payable(),
    )


def open_charges(account: Account) -> tuple[Intent, ...]:
    """The charges that are open and have not failed, oldest first: what is to be carried out.

    Source: FUN-9.
    """
    instance("account", account, Account)
    return tuple(one.intent for one in account.open if not one.has_failed)
