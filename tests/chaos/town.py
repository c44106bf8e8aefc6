"""A town of accounts, and the process that charges them: started by the tests, and killed by them at any moment.

Each account owes a bill, a service and a recharge. Its sources pay, decline, or take back what they have paid. The
provider is the stand-in over HTTP, the gateway the real one. Clocks run by the machine's, an hour in a few seconds.
"""

import datetime
import time
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import attrs
import stripe

from licensebill.accounts import Account
from licensebill.adapters.sqlite import Sqlite
from licensebill.adapters.stripe import StripeGateway
from licensebill.charges import State
from licensebill.charging import Charging, Job
from licensebill.cycles import Period
from licensebill.errors import LicenseBillError
from licensebill.events import Book
from licensebill.funding import Source
from licensebill.protocols import Clock, Store, StoreUnavailable, Usage
from licensebill.readings import Reading
from licensebill.testing.provider import Capture
from licensebill.usage import UsageHistory
from tests.charging import CARD, RESERVE, acme, bank, order
from tests.examples import usd

START = datetime.datetime(2026, 12, 1, 4, tzinfo=UTC)
#: How much faster than the machine's the clocks run.
_SPEED = 600
_USED = usd("90.00")
#: Runs by which everything comes to rest, and how long to wait after each: the last debit that comes back has done so,
#: and has been charged anew.
LAST_RUNS = (
    (Job.BILLS, timedelta()),
    (Job.RECHARGES, timedelta()),
    *[(Job.SETTLE, timedelta(days=7))] * 8,
)

if TYPE_CHECKING:
    from licensebill.adapters.postgres import Postgres


def instant(origin: float) -> datetime.datetime:
    """What the clocks of the town say, which all began at an instant of the machine's."""
    return START + timedelta(seconds=(time.time() - origin) * _SPEED)


def _card(token: str) -> Source:
    return attrs.evolve(CARD, token=f"pm_card_{token}")


def _bank(token: str) -> Source:
    return attrs.evolve(bank(), token=f"pm_usBankAccount_{token}")


#: The primary of every fifth account. The reserve always pays.
PRIMARIES = (
    _card("visa"),
    _card("visa_chargeDeclinedInsufficientFunds"),
    _card("visa_chargeDeclinedStolenCard"),
    _bank("success"),
    _bank("returnedInsufficientFunds"),
)
_RESERVE = attrs.evolve(RESERVE, token="pm_card_mastercard")


def resident(number: int) -> Account:
    """An account of the town."""
    return acme(PRIMARIES[number % 5], _RESERVE, id=f"account {number}", today=START.date(), automatic=True)


def charges_of(number: int) -> set[str]:
    """The charges that are made for it, each once."""
    return {f"account {number}/{charge}" for charge in ("bill/12", "service/1", "recharge/1")}


def settle_in(charging: Charging, number: int) -> None:
    """The account is opened, and orders a service."""
    charging.open(resident(number))
    charging.change(f"account {number}", order(on=START.date()), event="training")


@attrs.frozen
class _Meters:
    clock: Clock

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002
        return [Reading(bytes=500_000_000, at=START.replace(hour=0), source="measured")]

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002
        history = UsageHistory.of([(START.date() - timedelta(days=1), "call", _USED)], currency="USD")
        return Usage(history=history, drawn=_USED, watermark=self.clock())


def charging_at(store: Store, provider: str, clock: Clock) -> Charging:
    """Everything that charges, with the provider at a URL."""
    client = stripe.StripeClient(
        "sk_test_any", base_addresses={"api": provider}, http_client=stripe.RequestsClient(timeout=30)
    )
    meters = _Meters(clock)
    return Charging(store=store, gateway=StripeGateway(client=client), clock=clock, usage=meters, storage=meters)


def opened(place: str) -> "Sqlite | Postgres":
    """The store at a path, or at a URL of PostgreSQL."""
    if not place.startswith("postgresql:"):
        return Sqlite(place)
    from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - not every environment has the driver

    return Postgres(place)


def work(place: str, provider: str, origin: float) -> None:
    """Charge whatever is due, again and again, until the process is killed; any failure ends it."""
    charging = charging_at(opened(place), provider, lambda: instant(origin))
    while True:
        for job in (Job.BILLS, Job.RECHARGES):
            for failure in reported(charging, job):
                raise failure
        time.sleep(0.05)


def reported(charging: Charging, job: Job) -> list[LicenseBillError]:
    """What went wrong in a run, as it reports it: for each account, or, where they cannot even be listed, for all."""
    found: list[LicenseBillError] = []
    try:
        found.extend(report.failure for report in charging.run(job) if report.failure is not None)
    except StoreUnavailable as failure:
        found.append(failure)
    return found


# --- how it must end ---------------------------------------------------------------------------------------------


def judge(charging: Charging, captures: tuple[Capture, ...], residents: int) -> None:
    """The provider's own record against the ledger of each account."""
    for number in range(residents):
        standing = charging.standing(f"account {number}")
        own = [one for one in captures if one.metadata["account"] == standing.account.id]
        standing_ones = [_charge(one) for one in own if not one.is_returned]
        assert len(set(standing_ones)) == len(standing_ones), "captured twice"
        assert len({one.reference for one in own}) == len(own), "an attempt captured twice"
        assert set(map(_charge, own)) == charges_of(number), "lost"
        kept = sum(one.amount for one in own if not one.is_returned)
        assert standing.balance_of(Book.CLEARING).minor_units == kept, "adrift"
        assert {one.state for one in standing.charges} <= {State.SUCCEEDED}, "not at rest"


def _charge(capture: Capture) -> str:
    return capture.reference.rsplit("/", 1)[0]
