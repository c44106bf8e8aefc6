"""Charging as a whole over HTTP: the executor, the Stripe adapter, Stripe's own client and the stand-in.

Time is walked in steps of four hours, the provider fails by a seeded schedule, and in the end the ledger must say what
the provider's own record says.
"""

import datetime
from collections import Counter
from collections.abc import Sequence

import attrs
import pytest

from licensebill.adapters.memory import Memory
from licensebill.adapters.stripe import StripeGateway
from licensebill.charging import Charging, Job
from licensebill.events import Book
from licensebill.funding import Funding, Source, SourceKind
from licensebill.money import Money
from licensebill.readings import Reading
from licensebill.testing.provider import StandIn
from licensebill.testing.worlds import SCENARIOS
from tests.provider.conftest import Time, client_of

_BANK = "pm_usBankAccount_"
#: The sources of an account in order, and how long it is followed in days.
WALLETS = {
    "a good card": (["pm_card_visa"], 10),
    "a stolen card, then a good one": (["pm_card_visa_chargeDeclinedStolenCard", "pm_card_mastercard"], 10),
    "no funds, then a debit": (["pm_card_visa_chargeDeclinedInsufficientFunds", f"{_BANK}success"], 16),
    "a debit that fails, then a card": ([f"{_BANK}insufficientFunds", "pm_card_visa"], 16),
    "a debit that comes back": ([f"{_BANK}returnedInsufficientFunds", "pm_card_visa"], 20),
    "a debit that comes back late": ([f"{_BANK}dispute", "pm_card_amex"], 60),
}


def wallet(tokens: list[str]) -> Funding:
    """Sources with these tokens."""
    funding = SCENARIOS["bill"].account.funding
    assert funding
    cards = funding.primary
    bank = SourceKind.BANK_ACCOUNT
    made: list[Source] = []
    for number, token in enumerate(tokens):
        is_bank = token.startswith(_BANK)
        kind, expiry = (bank, None) if is_bank else (SourceKind.CARD, cards.expiry)
        made.append(attrs.evolve(cards, id=f"s{number}", token=token, kind=kind, expiry=expiry))
    return Funding(tuple(made))


#: So many days before the end the provider fails no more, so that all comes to rest.
SETTLING = 8


class Meter:
    """Measures storage that costs a step of the fee, for everybody alike."""

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002
        """What was measured by then."""
        return tuple(one for one in SCENARIOS["bill"].readings if one.at <= until)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("name", WALLETS)
def test_the_ledger_is_the_provider_s_record(name: str, seed: int | None, provider: StandIn, time: Time) -> None:
    """Whatever goes wrong, the money in the books is the money that moved, and each attempt moved it once at most."""
    tokens, days = WALLETS[name]
    scenario = SCENARIOS["bill"]
    time.now = scenario.start
    store = Memory()
    gateway = StripeGateway(client=client_of(provider.url))
    charging = Charging(store=store, gateway=gateway, clock=time, storage=Meter())
    charging.open(attrs.evolve(scenario.account, funding=wallet(tokens)))
    if seed is not None:
        provider.fail_at_random(seed, one_in=4)
    for hour in range(0, days * 24, 4):
        if hour >= (days - SETTLING) * 24:
            provider.stop_failing()
        for report in charging.run(Job.BILLS):
            assert report.failure is None
        time.pass_(hours=4)
    moved = provider.captures()
    kept = [one.money for one in moved if not one.is_returned]
    assert charging.standing("acme").balance_of(Book.CLEARING) == sum(kept, Money.zero("USD"))
    assert any(one.is_returned for one in moved) is name.startswith("a debit that comes back")
    assert set(Counter(one.reference for one in moved).values()) == {1}
    assert [one.reference.rsplit("/", 1)[0] for one in moved] == ["acme/bill/12"] * len(moved)
