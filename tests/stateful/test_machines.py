"""The machine that is shipped for users' own stores and gateways, with ours, and with some that are broken."""

# ruff: noqa: D102 - the methods are described where they are asked for

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
import stripe
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from licensebill.adapters.memory import Memory
from licensebill.adapters.sqlite import Sqlite
from licensebill.adapters.stripe import StripeGateway
from licensebill.errors import LicenseBillError
from licensebill.funding import Source
from licensebill.keyed import keyed
from licensebill.money import Money
from licensebill.protocols import Request, RequestRejected, Store, TwoPhaseGateway
from licensebill.testing.machines import ChargingMachine
from licensebill.testing.provider import StandIn
from licensebill.testing.worlds import Behavior
from tests.charging import CARD, RESERVE, bank, source
from tests.conformance.test_gateways import CapturesWhenPrepared, IgnoresKeys
from tests.conformance.test_stores import ReadsStale
from tests.conformance.values import Bank, ByKey, TwoPhases


class OfValues(ChargingMachine):
    """A store in memory, a provider that is a value."""

    GATEWAY: type[TwoPhases | ByKey] = TwoPhases

    def open_store(self) -> Store:
        return Memory()

    def open_gateway(self) -> TwoPhaseGateway:
        self.bank = Bank(is_keyed=issubclass(self.GATEWAY, ByKey))
        self.bank.now = self.now
        gateway = self.GATEWAY(self.bank)
        return keyed(gateway, self.clock) if isinstance(gateway, ByKey) else gateway

    def sources(self) -> Sequence[Source]:
        return (source("card", Behavior.PAYS_WHEN_ASKED_AGAIN), bank(), RESERVE)

    def captured(self) -> list[tuple[str, Money]]:
        return [(name, Money(micros, "USD")) for name, micros in self.bank.provider.captured(self.now)]

    def passed(self) -> None:
        self.bank.pass_time(self.now - self.bank.now)


class OfValuesByKey(OfValues):
    """The same, by key."""

    GATEWAY = ByKey


class OverHttp(ChargingMachine):
    """A store in a file, and Stripe's own client before the stand-in; some debits come back."""

    FOLDER: Path
    PATIENCE = timedelta(days=120)

    def open_store(self) -> Store:
        path = self.FOLDER / "charges.db"
        path.unlink(missing_ok=True)
        self.store = Sqlite(path)
        return self.store

    def open_gateway(self) -> TwoPhaseGateway:
        self.provider = StandIn(clock=self.clock).start()
        http = stripe.RequestsClient(timeout=5)
        client = stripe.StripeClient("sk_test_1", base_addresses={"api": self.provider.url}, http_client=http)
        return StripeGateway(client=client)

    def sources(self) -> Sequence[Source]:
        debit = attrs.evolve(bank(), token="pm_usBankAccount_dispute")
        return (
            debit,
            attrs.evolve(CARD, token="pm_card_chargeCustomerFail"),
            attrs.evolve(RESERVE, token="pm_card_visa"),
        )

    def captured(self) -> list[tuple[str, Money]]:
        return [(one.reference, one.money) for one in self.provider.captures() if not one.is_returned]

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            if hasattr(self, "provider"):
                self.store.close()
                self.provider.stop()


def run(machine: type[ChargingMachine], examples: int) -> None:
    """So many courses, always the same."""
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=15, derandomize=True, database=None),
    )


@pytest.mark.parametrize("machine", [OfValues, OfValuesByKey])
def test_charging_comes_out_even(machine: type[ChargingMachine]) -> None:
    """With a provider that declines at first, has debits, and is as unkind as it may be."""
    run(machine, 10)


def test_charging_comes_out_even_over_http(tmp_path: Path) -> None:
    """With a store in a file and Stripe's own client."""
    OverHttp.FOLDER = tmp_path
    run(OverHttp, 3)


def walked(machine: type[ChargingMachine], seed: int) -> None:
    """One course, by hand: a service is ordered, and a day passes with its runs."""
    one = machine()
    one.begin_account(seed)
    one.order_service()
    one.days_pass_with_their_runs(1)
    one.no_charge_is_made_twice()
    one.the_stream_adds_up()
    one.teardown()


def changed(**changed: object) -> type[ChargingMachine]:
    """A machine with something else."""
    return type("Machine", (OfValues,), changed)


def comes_out_even(gateway: type[TwoPhases | ByKey], seed: int) -> bool:
    """Whether one course does, with cards that pay."""
    try:
        walked(changed(GATEWAY=gateway, sources=lambda _: (CARD, RESERVE)), seed)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(("broken", "sound"), [(CapturesWhenPrepared, TwoPhases), (IgnoresKeys, ByKey)])
def test_a_broken_gateway_is_found(broken: type[TwoPhases | ByKey], sound: type[TwoPhases | ByKey]) -> None:
    """In some of a few courses; and one without a fault in none of them."""
    assert all(comes_out_even(sound, seed) for seed in range(12))
    assert not all(comes_out_even(broken, seed) for seed in range(12))


def test_a_broken_store_is_found() -> None:
    """One that reads from where the last append has not arrived yet."""
    with pytest.raises((AssertionError, LicenseBillError)):
        walked(changed(open_store=lambda _: ReadsStale()), 1)


class RejectsTheFirst(TwoPhases):
    """The key of the provider's account was wrong."""

    def prepare(self, request: Request) -> str:
        if not self.bank.looked:
            self.bank.looked.append(request.reference)
            raise RequestRejected("401")
        return super().prepare(request)


def test_what_waits_for_a_person_is_asked_again() -> None:
    """In the end it is paid like the others."""
    walked(changed(GATEWAY=RejectsTheFirst), 1)


def test_what_has_to_be_said_is_asked_for() -> None:
    """A machine of nothing has nothing to charge with, and nothing to settle; time passes by itself."""
    machine = ChargingMachine()
    machine.passed()
    machine.teardown()
    for missing in (machine.open_store, machine.open_gateway, machine.sources, machine.captured):
        with pytest.raises(TypeError, match="says this"):
            missing()
