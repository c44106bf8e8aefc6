"""Services: the implementation chosen at the start, and whatever is ordered later.

Both are charged once. The implementation is on the account's first bill (SVC-1); a later service is charged when it
is ordered, which needs a service representative's approval (SVC-2). What they are and cost is agreed case by case, so
a service comes in with its price; no list of services stands here.

Which bill is the first, and whether it was paid, belongs to `accounts`.
"""

from datetime import date
from typing import ClassVar

import attrs

from licensebill._checks import cardless_text, checked, day, instance, tuple_of
from licensebill.errors import RuleViolation
from licensebill.explain import Explanation, Input
from licensebill.money import CurrencyMismatch, Money, decimals
from licensebill.people import Person
from licensebill.pricing import price_amount


def _explained(figure: str, price: Money, rule: str, because: str, *inputs: Input) -> Explanation:
    return Explanation(
        figure=figure,
        value=price.payable().text,
        unit=price.currency,
        rules=(rule, "MON-1"),
        because=because,
        working=f"round({price.text}, {decimals(price.currency)})",
        inputs=inputs,
    )


@attrs.frozen(kw_only=True)
class Implementation:
    """The implementation type that was chosen.

    Args:
        name: of the type, for people.
        price: from zero.
        on: the day of the choice.

    Source: SVC-1.
    """

    name: str = attrs.field(validator=checked(cardless_text))
    price: Money = attrs.field(validator=checked(price_amount))
    on: date = attrs.field(validator=checked(day))

    @property
    def amount(self) -> Money:
        """What it costs, once and payable (MON-1)."""
        return self.price.payable()

    def explanation(self) -> Explanation:
        """The amount, and when it is charged.

        Source: SVC-1, BIL-5.
        """
        because = f"The implementation chosen on {self.on} is charged once, on the first bill from then on."
        return _explained(self.name, self.price, "SVC-1", because)


@attrs.frozen(kw_only=True)
class ServiceOrder:
    """A service that was ordered.

    Args:
        name: for people.
        price: from zero.
        on: the day of the order.
        approved_by: the service representative.

    Source: SVC-2.
    """

    name: str = attrs.field(validator=checked(cardless_text))
    price: Money = attrs.field(validator=checked(price_amount))
    on: date = attrs.field(validator=checked(day))
    approved_by: Person = attrs.field(validator=checked(instance, Person))

    @property
    def amount(self) -> Money:
        """What it costs, once and payable (MON-1)."""
        return self.price.payable()

    def explanation(self) -> Explanation:
        """The amount, and who approved the service.

        Source: SVC-2, BIL-5.
        """
        because = f"The service was ordered on {self.on} with the approval of {self.approved_by}, and is charged then."
        return _explained(self.name, self.price, "SVC-2", because, Input("approved by", str(self.approved_by)))


@attrs.frozen
class Services:
    """The services of an account.

    Args:
        implementation: what was chosen at the start; None before that.
        orders: further services, oldest first.

    Raises:
        CurrencyMismatch: prices in two currencies.

    Source: SVC-1, SVC-2.
    """

    implementation: Implementation | None = attrs.field(
        default=None, validator=attrs.validators.optional(checked(instance, Implementation))
    )
    orders: tuple[ServiceOrder, ...] = attrs.field(default=(), validator=checked(tuple_of, ServiceOrder))

    def __attrs_post_init__(self) -> None:
        chosen = () if self.implementation is None else (self.implementation,)
        prices = [service.price for service in (*chosen, *self.orders)]
        for price in prices:
            if price.currency != prices[0].currency:
                raise CurrencyMismatch(
                    "price", f"must be in {prices[0].currency} like the others, not {price.currency}"
                )


@attrs.frozen
class ImplementationChosen(RuleViolation):
    """A second choice of an implementation; the first stands.

    Args:
        name: of the type that was chosen.
        on: the day of the choice.
    """

    code: ClassVar[str] = "implementation_chosen"
    rule: ClassVar[str] = "SVC-1"

    name: str
    on: date

    def __str__(self) -> str:
        return (
            f"the implementation {self.name} was chosen on {self.on}, and there is one only; a service representative "
            "can approve further services (SVC-1)"
        )


@attrs.frozen
class NotApproved(RuleViolation):
    """A service was ordered without a service representative's approval."""

    code: ClassVar[str] = "not_approved"
    rule: ClassVar[str] = "SVC-2"

    name: str

    def __str__(self) -> str:
        return f"{self.name} needs the approval of a service representative, named in the order (SVC-2)"


def choose_implementation(services: Services, name: str, price: Money, *, on: date) -> Services:
    """The implementation type chosen, once and for all.

    Args:
        services: what the account has.
        name: of the type, for people.
        price: charged once, on the account's first bill; from zero.
        on: the day of the choice.

    Raises:
        ImplementationChosen: one was chosen before.
        InvalidPrice: a price below zero.
        CurrencyMismatch: another currency than that of earlier services.

    Source: SVC-1.

    Example:
        >>> guided = Money.parse("1500.00", "USD")
        >>> chosen = choose_implementation(Services(), "Guided", guided, on=date(2026, 12, 1))
        >>> chosen.implementation.amount
        Money.parse('1500.00', 'USD')
    """
    before = instance("services", services, Services).implementation
    if before is not None:
        raise ImplementationChosen(before.name, before.on)
    chosen = Implementation(name=name, price=price, on=on)
    return attrs.evolve(services, implementation=chosen)


def order_service(
    services: Services,
    name: str,
    price: Money,
    *,
    on: date,
    approved_by: Person | None,
) -> Services:
    """A further service ordered; its charge, due at once, is the amount of the last of the orders.

    Args:
        services: what the account has.
        name: of the service, for people.
        price: from zero.
        on: the day of the order.
        approved_by: the service representative who approves it; without one the order is refused.

    Raises:
        NotApproved: no representative is named.
        InvalidPrice: a price below zero.
        CurrencyMismatch: another currency than that of earlier services.

    Source: SVC-2.

    Example:
        >>> training = Money.parse("300.00", "USD")
        >>> order_service(Services(), "Training", training, on=date(2027, 2, 3), approved_by=None)
        Traceback (most recent call last):
        licensebill.services.NotApproved: Training needs the approval of a service representative, named in the order \
(SVC-2)
        >>> grace = Person("Grace", "Hopper")
        >>> ordered = order_service(
        ...     Services(), "Training", training, on=date(2027, 2, 3), approved_by=grace
        ... )
        >>> ordered.orders[-1].amount
        Money.parse('300.00', 'USD')
    """
    instance("services", services, Services)
    if approved_by is None:
        raise NotApproved(cardless_text("name", name))
    order = ServiceOrder(name=name, price=price, on=on, approved_by=approved_by)
    return attrs.evolve(services, orders=(*services.orders, order))
