"""Administration: who may change how an account is billed, and how the account ends.

Two parts: the billing administrator, whose office adds to what a user's role permits (FUN-7, FUN-11); and the
cancellation, whose states and events are a table (FUN-8).

Which license grants an action belongs to `licenses`. What an account has committed to is computed by `accounts` and
comes in as an amount. `funding` passes on the names from here.
"""

import enum
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar

import attrs

from licensebill._checks import cardless_text, checked, day, instance
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.explain import Explanation, Input
from licensebill.money import CurrencyMismatch, Money, decimals
from licensebill.people import BILLING_ADMINISTRATOR, Action, Authorization, Role, User
from licensebill.terms import STANDARD, BalanceAtEnd, FundingTerms

# --- the billing administrator ------------------------------------------------------------------------------------


@attrs.frozen
class NotAnAdministrator(RuleViolation):
    """A user without administrative privileges cannot be the billing administrator."""

    code: ClassVar[str] = "not_an_administrator"
    rule: ClassVar[str] = "FUN-7"

    user: str
    current: str

    def __str__(self) -> str:
        return (
            f"cannot make user {self.user} the billing administrator: it must be a Salesforce user with administrative "
            f"privileges; user {self.current} remains (FUN-7)"
        )


def change_administrator(current: str, user: User) -> str:
    """The id of the new billing administrator.

    At first this is the user who installed the package, whatever that user's privileges; only a change is checked.

    Args:
        current: the id of the billing administrator so far.
        user: a Salesforce user with administrative privileges; the same user again changes nothing.

    Raises:
        NotAnAdministrator: the user has no administrative privileges.

    Source: FUN-7.

    Example:
        >>> change_administrator("u1", User(id="u2", is_administrator=True))
        'u2'
    """
    cardless_text("current", current)
    if not instance("user", user, User).is_administrator:
        raise NotAnAdministrator(user.id, current)
    return user.id


@attrs.frozen
class NotPermitted(RuleViolation):
    """A user may not take an action: neither as the billing administrator nor by their role."""

    code: ClassVar[str] = "not_permitted"
    rule: ClassVar[str] = "FUN-11"

    user: str
    action: str
    role: str
    administrator: str

    def __str__(self) -> str:
        return (
            f"user {self.user} may not {self.action}: the role {self.role} alone does not permit it, and the billing "
            f"administrator is user {self.administrator} (FUN-11)"
        )


def may(user: User, action: Action, *, administrator_id: str, administrator_role: Role = BILLING_ADMINISTRATOR) -> bool:
    """Whether a user may take an action, by their role or as the billing administrator.

    Being the billing administrator adds what that role permits to the user's own role. It comes with the office:
    a user who merely has the role, such as the administrator before, is permitted nothing by it. With the standard
    roles, only the billing administrator changes sources, licenses and services, or cancels, and system
    administrators may buy minutes, too. An application with other roles passes them in.

    Whether a license grants the action as well is not asked here.

    Args:
        user: who acts.
        action: what they want to do.
        administrator_id: the id of the account's billing administrator.
        administrator_role: what the billing administrator is permitted.

    Source: FUN-11.

    Example:
        >>> from licensebill.people import SYSTEM_ADMINISTRATOR
        >>> sysadmin = User(id="u2", role=SYSTEM_ADMINISTRATOR)
        >>> [may(sysadmin, action, administrator_id="u1") for action in (Action.BUY_MINUTES, Action.CANCEL)]
        [True, False]
    """
    instance("user", user, User)
    instance("action", action, Action)
    cardless_text("administrator_id", administrator_id)
    instance("administrator_role", administrator_role, Role)
    if user.id == administrator_id and action in administrator_role.permits:
        return True
    return user.role != administrator_role and action in user.role.permits


def check_permitted(
    user: User, action: Action, *, administrator_id: str, administrator_role: Role = BILLING_ADMINISTRATOR
) -> None:
    """Refuse what a user may not do.

    Args:
        user: who acts.
        action: what they want to do.
        administrator_id: the id of the account's billing administrator.
        administrator_role: what the billing administrator is permitted.

    Raises:
        NotPermitted: see `may`.

    Source: FUN-11.
    """
    if not may(user, action, administrator_id=administrator_id, administrator_role=administrator_role):
        raise NotPermitted(user.id, action.value, user.role.name, administrator_id)


# --- the end of an account ----------------------------------------------------------------------------------------


class CancellationState(enum.Enum):
    """Where an account stands with regard to its end (FUN-8)."""

    ACTIVE = "active"
    CANCELLED = "cancelled"
    ENDED = "ended"


class CancellationEvent(enum.Enum):
    """What can happen to it (FUN-8)."""

    ASKED = "asked, with nothing committed or a buyout agreed"
    ASKED_WHILE_COMMITTED = "asked, with a buyout needed"
    CYCLE_ENDED = "the cycle ended"


#: Every state and event: the state it leads to, or None where it is refused.
CANCELLATION_TRANSITIONS: Mapping[tuple[CancellationState, CancellationEvent], CancellationState | None] = (
    MappingProxyType(
        {
            (CancellationState.ACTIVE, CancellationEvent.ASKED): CancellationState.CANCELLED,
            (CancellationState.ACTIVE, CancellationEvent.ASKED_WHILE_COMMITTED): None,
            (CancellationState.ACTIVE, CancellationEvent.CYCLE_ENDED): CancellationState.ACTIVE,
            (CancellationState.CANCELLED, CancellationEvent.ASKED): None,
            (CancellationState.CANCELLED, CancellationEvent.ASKED_WHILE_COMMITTED): None,
            (CancellationState.CANCELLED, CancellationEvent.CYCLE_ENDED): CancellationState.ENDED,
            (CancellationState.ENDED, CancellationEvent.ASKED): None,
            (CancellationState.ENDED, CancellationEvent.ASKED_WHILE_COMMITTED): None,
            (CancellationState.ENDED, CancellationEvent.CYCLE_ENDED): CancellationState.ENDED,
        }
    )
)


@attrs.frozen
class BuyoutNeeded(RuleViolation):
    """The agreement binds the customer beyond the cycle, and no buyout of that has been agreed."""

    code: ClassVar[str] = "buyout_needed"
    rule: ClassVar[str] = "FUN-8"

    committed: Money
    end: date

    def __str__(self) -> str:
        return (
            f"cannot cancel with the end of the cycle before {self.end}: {self.committed} is committed from then on; "
            "the account goes on until accounting and legal have agreed a buyout (FUN-8)"
        )


@attrs.frozen
class AlreadyCancelled(RuleViolation):
    """An account that has been cancelled cannot be cancelled again; its end does not move."""

    code: ClassVar[str] = "already_cancelled"
    rule: ClassVar[str] = "FUN-8"

    effective: date

    def __str__(self) -> str:
        return f"the account has been cancelled already: nothing recurs from {self.effective} on (FUN-8)"


@attrs.frozen(kw_only=True)
class Cancellation:
    """The end of an account, with what it ended on.

    Args:
        asked_on: the day it was asked for or, with a buyout, agreed.
        cycle: the cycle of that day; the account ends with it.
        committed: what the agreement binds the customer to beyond that cycle.
        is_buyout_agreed: whether accounting and legal agreed a buyout of it.
        balance: prepaid minutes as they stand; below zero if calls under way overdrew it. What an account draws and is
            paid after the day of asking is in it; a meter that keeps the usage apart knows what is still to be drawn.
        balance_at_end: what happens to the balance.
        authorization: the name under it.

    Raises:
        InvalidValue: a day outside the cycle, a commitment below zero, or one above it without a buyout.
        CurrencyMismatch: commitment and balance are in two currencies.

    Source: FUN-8.
    """

    asked_on: date = attrs.field(validator=checked(day))
    cycle: Period = attrs.field(validator=checked(instance, Period))
    committed: Money = attrs.field(validator=checked(instance, Money))
    is_buyout_agreed: bool = attrs.field(default=False, validator=checked(instance, bool))
    balance: Money = attrs.field(validator=checked(instance, Money))
    balance_at_end: BalanceAtEnd = attrs.field(validator=checked(instance, BalanceAtEnd))
    authorization: Authorization = attrs.field(validator=checked(instance, Authorization))

    def __attrs_post_init__(self) -> None:
        if self.asked_on not in self.cycle:
            raise InvalidValue("asked_on", f"must lie in the cycle {self.cycle}, not on {self.asked_on}")
        if self.balance.currency != self.committed.currency:
            raise CurrencyMismatch("balance", f"must be in {self.committed.currency}, not {self.balance.currency}")
        if self.committed.micros < 0:
            raise InvalidValue("committed", f"must not be below zero, not {self.committed}")
        if self.committed and not self.is_buyout_agreed:
            raise InvalidValue("is_buyout_agreed", f"must be True: {self.committed} is committed beyond the cycle")

    @property
    def effective(self) -> date:
        """The first day on which nothing recurs any more."""
        return self.cycle.end

    @property
    def buyout(self) -> Money:
        """What a buyout was agreed on; zero if none was needed."""
        return self.committed

    @property
    def refund(self) -> Money:
        """What is sent back of the balance: nothing, unless the policy says so and there is some; payable."""
        nothing = Money.zero(self.balance.currency)
        return max(self.balance, nothing).payable() if self.balance_at_end is BalanceAtEnd.REFUNDED else nothing

    def state(self, on: date) -> CancellationState:
        """Where the account stands on a day from `asked_on` on."""
        return CancellationState.CANCELLED if day("on", on) < self.effective else CancellationState.ENDED

    def explanation(self) -> Explanation:
        """When the account ends, and what becomes of commitment and balance.

        Source: FUN-8, BIL-5.
        """
        settled = f"A buyout of {self.buyout} is agreed." if self.buyout else "Nothing is committed beyond it."
        return Explanation(
            figure="end of the account",
            value=str(self.effective),
            rules=("FUN-8",),
            because=f"Cancelled on {self.asked_on}, the account ends with its cycle {self.cycle}. {settled} Nothing "
            "recurs afterwards; what is owed stays owed.",
            inputs=(
                Input("committed", self.committed.text, self.committed.currency),
                Input("authorized by", str(self.authorization)),
            ),
            parts=(self._refund(),),
        )

    def _refund(self) -> Explanation:
        currency = self.balance.currency
        refunded = f"round(max({self.balance.text}, 0), {decimals(currency)})"
        return Explanation(
            figure="refund",
            value=self.refund.text,
            unit=currency,
            rules=("FUN-8", "MON-1"),
            because=f"The prepaid balance is {self.balance_at_end.value}.",
            working=refunded if self.balance_at_end is BalanceAtEnd.REFUNDED else "0",
            inputs=(Input("balance", self.balance.text, currency),),
        )


def cancellation(
    *,
    asked_on: date,
    cycle: Period,
    committed: Money,
    balance: Money,
    authorization: Authorization,
    is_buyout_agreed: bool = False,
    terms: FundingTerms = STANDARD.funding,
    earlier: Cancellation | None = None,
) -> Cancellation:
    """The end of an account: with the cycle in which it is asked for, or in which a needed buyout is agreed.

    An account may be cancelled at any time. What the agreement commits it to beyond the cycle needs a buyout, which
    accounting and legal agree with the customer; until then the account goes on, and the cancellation is asked for
    again on the day of the agreement, with what is committed from then.

    Args:
        asked_on: the account's own calendar day, in the cycle.
        cycle: the cycle of that day.
        committed: for the cycles after this one until the term ends; not below zero.
        balance: of the prepaid minutes, on that day.
        authorization: the name of the person who cancels.
        is_buyout_agreed: whether a buyout of what is committed is agreed; of no matter if that is nothing.
        terms: whether the balance is reported only, or refunded.
        earlier: the account's cancellation so far, if there is one.

    Raises:
        BuyoutNeeded: something is committed, and no buyout agreed.
        AlreadyCancelled: there is an earlier one.
        InvalidValue: the day is outside the cycle, or the commitment below zero.
        CurrencyMismatch: commitment and balance are in two currencies.

    Source: FUN-8.

    Example:
        >>> from licensebill.people import Person
        >>> ended = cancellation(asked_on=date(2026, 11, 20), cycle=Period(date(2026, 11, 1), date(2026, 12, 1)),
        ...     committed=Money.zero("USD"), balance=Money.parse("12.34", "USD"),
        ...     authorization=Authorization(Person("Ada", "Lovelace"), accepted=True))
        >>> print(ended.effective, ended.refund)
        2026-12-01 0.00 USD
    """
    instance("terms", terms, FundingTerms)
    asked = Cancellation(
        asked_on=asked_on,
        cycle=cycle,
        committed=committed,
        is_buyout_agreed=True,
        balance=balance,
        balance_at_end=terms.balance_at_end,
        authorization=authorization,
    )
    is_free = instance("is_buyout_agreed", is_buyout_agreed, bool) or not committed
    event = CancellationEvent.ASKED if is_free else CancellationEvent.ASKED_WHILE_COMMITTED
    state = CancellationState.ACTIVE
    if earlier is not None:
        state = instance("earlier", earlier, Cancellation).state(asked_on)
    if CANCELLATION_TRANSITIONS[state, event] is not None:
        return attrs.evolve(asked, is_buyout_agreed=is_buyout_agreed)
    if earlier is not None:
        raise AlreadyCancelled(earlier.effective)
    raise BuyoutNeeded(committed, asked.effective)
