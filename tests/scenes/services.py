"""Services: what they cost and why, and why one cannot be had."""

from datetime import date

from licensebill import services
from licensebill.money import Money
from licensebill.people import Person
from licensebill.services import Services
from tests.examples import usd
from tests.scenes import Scene

_ON = date(2026, 12, 1)
_GRACE = Person("Grace", "Hopper")
_CHOSEN = Services(services.Implementation(name="Guided", price=usd("1500.00"), on=_ON))
_COST = usd("300.005")


def _ordered(
    name: str = "Training", price: Money = _COST, before: Services = _CHOSEN, by: Person | None = _GRACE
) -> Services:
    return services.order_service(before, name, price, on=date(2027, 2, 3), approved_by=by)


SCENES: dict[str, Scene] = {
    "an implementation": lambda: (
        services.choose_implementation(Services(), "Guided", usd("1500.00"), on=_ON).implementation
    ),
    "a service": lambda: _ordered().orders,
    "a service in a currency without decimals": lambda: (
        _ordered(price=Money.parse("0.5", "JPY"), before=Services()).orders
    ),
    "a second implementation": lambda: services.choose_implementation(_CHOSEN, "Quick", usd("1.00"), on=_ON),
    "a service nobody approved": lambda: _ordered(by=None),
    "a service nobody approved, whose name could be a card number": lambda: _ordered("4111 1111 1111 1111", by=None),
    "a service whose name could be a card number": lambda: _ordered("4111 1111 1111 1111"),
    "an implementation whose name could be a card number": lambda: services.choose_implementation(
        Services(), "4111 1111 1111 1111", usd("1.00"), on=_ON
    ),
    "a service below zero": lambda: _ordered(price=usd("-0.01")),
    "an implementation below zero": lambda: services.choose_implementation(Services(), "Quick", usd("-1.00"), on=_ON),
    "a service in another currency": lambda: _ordered(price=Money.parse("300.00", "EUR")),
    "a service in another currency than the last": lambda: _ordered(
        price=Money.parse("300.00", "EUR"), before=_ordered(before=Services())
    ),
    "an implementation in another currency": lambda: services.choose_implementation(
        _ordered(before=Services()), "Quick", Money.parse("300.00", "EUR"), on=_ON
    ),
    "something else among the orders": lambda: Services(orders=(*_ordered().orders, "Training")),  # type: ignore[arg-type]
}
