"""Services by example: the implementation chosen once, orders with an approval, and the refusals."""

import pickle
from datetime import date
from typing import Any

import pytest

from licensebill.errors import InvalidValue
from licensebill.money import CurrencyMismatch, Money
from licensebill.people import Person
from licensebill.pricing import InvalidPrice
from licensebill.services import (
    Implementation,
    ImplementationChosen,
    NotApproved,
    ServiceOrder,
    Services,
    choose_implementation,
    order_service,
)
from tests.working import mistakes

DAY = date(2026, 12, 1)
GRACE = Person("Grace", "Hopper")
GUIDED = Money.parse("1500.00", "USD")
TRAINING = Money.parse("300.005", "USD")


def chosen() -> Services:
    """An account that has chosen its implementation."""
    return choose_implementation(Services(), "Guided", GUIDED, on=DAY)


def ordered(services: Services, price: Money = TRAINING, approved_by: Person | None = GRACE) -> Services:
    """The services with a training besides."""
    return order_service(services, "Training", price, on=DAY, approved_by=approved_by)


def test_the_implementation_is_chosen_once() -> None:
    """The first choice stands; the refusal of a second names it."""
    services = chosen()
    assert services.implementation == Implementation(name="Guided", price=GUIDED, on=DAY)
    with pytest.raises(ImplementationChosen) as refused:
        choose_implementation(services, "Express", GUIDED, on=date(2026, 12, 2))
    assert (refused.value.name, refused.value.on, refused.value.code) == ("Guided", DAY, "implementation_chosen")
    assert str(refused.value) == (
        "the implementation Guided was chosen on 2026-12-01, and there is one only; "
        "a service representative can approve further services (SVC-1)"
    )


def test_services_are_ordered_with_an_approval() -> None:
    """Every order names the representative; the latest is the last."""
    services = ordered(ordered(chosen(), Money.parse("10.00", "USD")))
    assert [order.price.text for order in services.orders] == ["10.00", "300.005"]
    assert services.orders[-1] == ServiceOrder(name="Training", price=TRAINING, on=DAY, approved_by=GRACE)
    assert services.implementation == chosen().implementation


def test_without_an_approval_nothing_is_ordered() -> None:
    """The refusal says what is missing."""
    with pytest.raises(NotApproved) as refused:
        ordered(Services(), approved_by=None)
    assert (refused.value.name, refused.value.code) == ("Training", "not_approved")
    assert str(refused.value) == ("Training needs the approval of a service representative, named in the order (SVC-2)")


def test_the_order_of_choice_and_orders_does_not_matter() -> None:
    """A service may be ordered before the implementation is chosen."""
    services = choose_implementation(ordered(Services()), "Guided", GUIDED, on=DAY)
    assert services == ordered(chosen())


def test_amounts_are_payable() -> None:
    """What is charged is rounded once; free services cost nothing."""
    assert ordered(Services()).orders[0].amount == Money.parse("300.01", "USD")
    assert Implementation(name="Guided", price=TRAINING, on=DAY).amount == Money.parse("300.01", "USD")
    free = choose_implementation(Services(), "Do it yourself", Money.zero("USD"), on=DAY).implementation
    assert free is not None
    assert free.amount == Money.zero("USD")


def test_one_currency() -> None:
    """Prices in two currencies are refused where they meet."""
    with pytest.raises(CurrencyMismatch, match=r"^price: must be in USD like the others, not EUR"):
        ordered(chosen(), Money.parse("300.00", "EUR"))
    with pytest.raises(CurrencyMismatch, match=r"^price: must be in USD like the others, not EUR"):
        ordered(ordered(Services()), Money.parse("300.00", "EUR"))
    assert ordered(Services(), Money.parse("300.00", "EUR")).orders[0].amount.currency == "EUR"


def test_in_words() -> None:
    """The explanations say when each service is charged, and who approved it."""
    implementation = chosen().implementation
    assert implementation is not None
    assert implementation.explanation().as_text() == (
        "Guided: 1500.00 USD [SVC-1, MON-1]\n"
        "  The implementation chosen on 2026-12-01 is charged once, on the first bill from then on.\n"
        "  = round(1500.00, 2)"
    )
    order = ordered(Services()).orders[0]
    assert order.explanation().as_text() == (
        "Training: 300.01 USD [SVC-2, MON-1]\n"
        "  The service was ordered on 2026-12-01 with the approval of Grace Hopper, and is charged then.\n"
        "  = round(300.005, 2)\n"
        "  approved by: Grace Hopper"
    )
    assert mistakes(implementation.explanation()) == mistakes(order.explanation()) == []


@pytest.mark.parametrize(
    ("call", "error", "place"),
    [
        (lambda: choose_implementation(Services(), "Guided", Money(-1, "USD"), on=DAY), InvalidPrice, "price"),
        (lambda: choose_implementation(Services(), "", GUIDED, on=DAY), InvalidValue, "name"),
        (lambda: choose_implementation(Services(), "4111111111111111", GUIDED, on=DAY), InvalidValue, "name"),
        (lambda: choose_implementation(Services(), "Guided", GUIDED, on=None), InvalidValue, "on"),  # type: ignore[arg-type]
        (lambda: choose_implementation(Services(), "Guided", 1500, on=DAY), InvalidValue, "price"),  # type: ignore[arg-type]
        (lambda: choose_implementation(None, "Guided", GUIDED, on=DAY), InvalidValue, "services"),  # type: ignore[arg-type]
        (lambda: ordered(Services(), Money(-1, "USD")), InvalidPrice, "price"),
        (lambda: ordered(Services(), approved_by="Grace Hopper"), InvalidValue, "approved_by"),  # type: ignore[arg-type]
        (lambda: ordered(None), InvalidValue, "services"),  # type: ignore[arg-type]
        (lambda: order_service(Services(), None, GUIDED, on=DAY, approved_by=None), InvalidValue, "name"),  # type: ignore[arg-type]
        (lambda: Services("Guided"), InvalidValue, "implementation"),  # type: ignore[arg-type]
        (lambda: Services(None, ("Training",)), InvalidValue, "orders[0]"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(call: Any, error: type[InvalidValue], place: str) -> None:
    """Prices are amounts from zero, names are texts that are no card numbers, days are days; it says which is wrong."""
    with pytest.raises(error) as refused:
        call()
    assert (type(refused.value), refused.value.place) == (error, place)
    assert "4111" not in str(refused.value)


@pytest.mark.parametrize("error", [ImplementationChosen("Guided", DAY), NotApproved("Training")])
def test_refusals_survive_pickling(error: Any) -> None:
    """A refusal crosses the boundary between worker processes with all that it carries."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))
