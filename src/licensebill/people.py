"""People: who authorizes a change, who uses the system, and what a role permits.

Names only; no addresses, no identifiers of a directory. Which license grants which action belongs to `licenses`,
which role may buy or cancel is asked by `accounts`.
"""

import enum
from typing import ClassVar

import attrs

from licensebill._checks import MAX_TEXT, cardless_text, checked, distinct, instance, tuple_of
from licensebill.errors import InvalidValue, RuleViolation


def _actions(place: str, value: object) -> tuple[object, ...]:
    actions = tuple_of(place, value, Action)
    distinct(place, [action.value for action in actions], "the action")
    return actions


@attrs.frozen
class Person:
    """The first and last name of somebody who may act for the customer.

    Raises:
        InvalidValue: a name is blank, or holds what could be a card number (never echoed), or both together do.

    Source: LIC-5, FUN-1.

    Example:
        >>> print(Person("Ada", "Lovelace"))
        Ada Lovelace
    """

    first: str = attrs.field(validator=checked(cardless_text))
    last: str = attrs.field(validator=checked(cardless_text))

    def __attrs_post_init__(self) -> None:
        cardless_text("name", str(self), 2 * MAX_TEXT + 1)

    def __str__(self) -> str:
        return f"{self.first} {self.last}"


class NotAccepted(RuleViolation):
    """A change that needs a person's acceptance came without it."""

    code: ClassVar[str] = "not_accepted"
    rule: ClassVar[str] = "LIC-5"

    def __str__(self) -> str:
        return "the person authorizing the change has not accepted it (LIC-5)"


@attrs.frozen
class Authorization:
    """A person's name under "I Accept"; kept with the transaction.

    Args:
        person: who authorizes.
        accepted: whether the person accepted; without that there is no authorization.

    Raises:
        NotAccepted: `accepted` is not True.

    Source: LIC-5.
    """

    person: Person = attrs.field(validator=checked(instance, Person))
    accepted: bool

    def __attrs_post_init__(self) -> None:
        if self.accepted is not True:
            if self.accepted is not False:
                raise InvalidValue("accepted", "must be True or False")
            raise NotAccepted

    def __str__(self) -> str:
        return str(self.person)


class Action(enum.Enum):
    """What somebody may want to do; licenses grant the first group (LIC-9), roles permit either (FUN-11)."""

    DIAL = "dial"
    MANAGE_LISTS = "manage lists"
    MANAGE_SETTINGS = "manage settings"
    USE_INBOUND_CLIENT = "use the stand-alone inbound client"
    BLEND = "blend inbound and outbound calls"
    RESPOND_AUTOMATICALLY = "respond automatically in the background"
    ADMINISTER = "use the set-up and management tools"

    BUY_MINUTES = "buy minutes"
    CHANGE_SOURCES = "change funding sources"
    CHANGE_LICENSES = "change the number of licenses"
    ORDER_SERVICES = "order services"
    CANCEL = "cancel the account"


@attrs.frozen
class Role:
    """A named set of actions that somebody in the role may take; roles are data.

    Args:
        name: such as "system administrator".
        permits: the actions, in any order, none twice.

    Source: LIC-9, FUN-11.
    """

    name: str = attrs.field(validator=checked(cardless_text))
    permits: tuple[Action, ...] = attrs.field(validator=checked(_actions))


#: Dials, and manages lists and settings, as far as a license grants it.
AGENT = Role(
    "agent",
    (
        Action.DIAL,
        Action.MANAGE_LISTS,
        Action.USE_INBOUND_CLIENT,
        Action.BLEND,
        Action.RESPOND_AUTOMATICALLY,
    ),
)
#: An agent who also sets the system up and may buy minutes (FUN-11).
SYSTEM_ADMINISTRATOR = Role(
    "system administrator", (*AGENT.permits, Action.MANAGE_SETTINGS, Action.ADMINISTER, Action.BUY_MINUTES)
)
#: What only the billing administrator may do, and buying minutes (FUN-11).
BILLING_ADMINISTRATOR = Role(
    "billing administrator",
    (
        Action.BUY_MINUTES,
        Action.CHANGE_SOURCES,
        Action.CHANGE_LICENSES,
        Action.ORDER_SERVICES,
        Action.CANCEL,
    ),
)


@attrs.frozen(kw_only=True)
class User:
    """A user of the customer's system.

    Args:
        id: the identifier licenses are assigned to.
        role: what the user's role permits.
        is_administrator: whether this is a Salesforce user with administrative privileges (FUN-7).
    """

    id: str = attrs.field(validator=checked(cardless_text))
    role: Role = attrs.field(default=AGENT, validator=checked(instance, Role))
    is_administrator: bool = attrs.field(default=False, validator=checked(instance, bool))
