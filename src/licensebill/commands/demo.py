"""The demonstration: three months of an example account in which things go wrong, told as they happen, and why.

A real store in a file, Stripe's own client, and a stand-in for Stripe over HTTP that keeps its own record of the money
that moved; only time is not real. In the end that record and the ledger are laid side by side.
"""

import contextlib
import datetime
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from pathlib import Path

import attrs

from licensebill.changes import OpenRecharge, PlanBill
from licensebill.charges import PREPAID, Charge, Standing, State, after, entries
from licensebill.charging import Charging, Job
from licensebill.codec import read_account
from licensebill.commands.connections import Kept, opened_store, provided
from licensebill.commands.printing import ANSWERED, REFUSED, print_table
from licensebill.cycles import Period
from licensebill.errors import InvalidValue
from licensebill.events import Answered, Changed, Event, Opened, Planned, Target
from licensebill.ledger import transactions
from licensebill.money import Money, total
from licensebill.outcomes import Declined, Pending, Returned, Succeeded, Voided, what_follows
from licensebill.protocols import TwoPhaseGateway, Usage, VersionConflict
from licensebill.readings import Reading
from licensebill.testing.faults import Crash, FaultyGateway, Schedule
from licensebill.testing.faults import Fault as Ordered
from licensebill.testing.provider import SOURCES, Capture, Fault, StandIn
from licensebill.usage import UsageHistory

_ACCOUNT = """
format = 1
as_of = 2026-12-01

[account]
id = "wharf"
began = 2026-01-01
administrator = "dana"

[[contracts]]
reference = "order form 2026-17"
start = 2026-01-01
end = 2028-01-01
prices = [{ product = "powerdialer", amount = "99.00" }]
floors = [{ products = ["powerdialer"], minimum = 10 }]

[[licenses]]
product = "powerdialer"
owned = 8

[[users]]
id = "dana"
role = "system administrator"
is_administrator = true

[[sources]]
id = "visa"
kind = "card"
token = "pm_card_visa"
label = "Visa"
last_four = "1111"
expires = "2028-11"
holder = { first = "Dana", last = "Reyes" }

[[sources]]
id = "checking"
kind = "bank account"
token = "pm_usBankAccount_returnedInsufficientFunds"
label = "First Bank"
last_four = "6789"
holder = { first = "Dana", last = "Reyes" }

[minutes]
balance = "92.00"

[minutes.automatic]
authorized_by = { first = "Dana", last = "Reyes" }
"""
_NAME = "wharf"
_START = datetime.datetime(2026, 12, 1, tzinfo=UTC)
#: The last run. To be quick, every second of the four-hourly ones is left out; bills are made at midnight.
_END = datetime.datetime(2027, 2, 28, 16, tzinfo=UTC)
_PAUSE = timedelta(hours=8)
_DAILY = Money.parse("9.00", "USD")
_STORED = 1_200_000_000
_CARD, _NO_FUNDS = "pm_card_visa", "pm_card_visa_chargeDeclinedInsufficientFunds"
_WIDTH = 100


def demo(*, store: str | None = None) -> int:
    """Charge an example account for three months in which much goes wrong, and tell what happens and why.

    Args:
        store: where its account is kept; a temporary file without it.
    """
    clock = _Clock(_START)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:{folder / 'demo.db'}" if store is None else store
        provider = stack.enter_context(StandIn(clock=clock))
        gateway = stack.enter_context(provided("stand-in", url=provider.url, customers=None, clock=clock))
        _play(url, provider, gateway, clock)
        kept = stack.enter_context(opened_store(url))
        return _compared(kept, provider)


@attrs.define
class _Clock:
    now: datetime.datetime

    def __call__(self) -> datetime.datetime:
        return self.now


# --- what happens -------------------------------------------------------------------------------------------------


#: The power goes off in the second call of the provider, the first capture: the money has moved, and nobody knows.
_POWER_CUT = {1: Ordered.CRASH_AFTER}


@attrs.frozen
class _Meters:
    """The same every day: so much usage, so much stored."""

    clock: _Clock

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:  # noqa: ARG002
        return [Reading(bytes=_STORED, at=until.replace(hour=0), source="demo")]

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002
        since = (self.clock().date() - _START.date()).days
        days = (window.start + timedelta(days=one) for one in range((window.end - window.start).days))
        history = UsageHistory.of([(day, "call", _DAILY) for day in days], currency=_DAILY.currency)
        return Usage(history=history, drawn=_DAILY * since, watermark=self.clock())


def _no_funds(provider: StandIn) -> None:
    provider.sources[_CARD] = attrs.evolve(SOURCES[_NO_FUNDS], token=_CARD)


def _funds(provider: StandIn) -> None:
    provider.sources[_CARD] = SOURCES[_CARD]


def _reply_lost(provider: StandIn) -> None:
    provider.fail_next(Fault.DROP_AFTER, on="confirm")


#: What goes wrong, by the instant at which it begins.
_TURNS: Mapping[datetime.datetime, tuple[str, Callable[[StandIn], None]]] = {
    datetime.datetime(2026, 12, 28, tzinfo=UTC): ("From now on the card has no funds.", _no_funds),
    datetime.datetime(2027, 1, 7, tzinfo=UTC): ("The card has funds again.", _funds),
    datetime.datetime(2027, 2, 1, tzinfo=UTC): ("The provider's next reply is lost on the way.", _reply_lost),
}


def _play(url: str, provider: StandIn, gateway: TwoPhaseGateway, clock: _Clock) -> None:
    teller = _Teller()
    with opened_store(url, new=True) as kept:
        try:
            _charging(kept, gateway, clock).open(read_account(_ACCOUNT).account)
        except VersionConflict:
            raise InvalidValue("--store", "holds the account of the demonstration already; name another one") from None
        teller.hear(kept)
        teller.aside(clock(), "The power goes off in the middle of the first run.")
        with contextlib.suppress(Crash):
            _run(_charging(kept, FaultyGateway(gateway, Schedule(_POWER_CUT)), clock), Job.BILLS)
        teller.hear(kept)
        teller.aside(clock(), "The money has moved, and nobody has written it down. The power comes back.")
    with opened_store(url) as kept:
        charging = _charging(kept, gateway, clock)
        while clock() < _END:
            clock.now += _PAUSE
            if clock() in _TURNS:
                said, happen = _TURNS[clock()]
                happen(provider)
                teller.aside(clock(), said)
            if clock().hour == 0:
                _run(charging, Job.BILLS)
            _run(charging, Job.RECHARGES)
            teller.hear(kept)


def _charging(kept: Kept, gateway: TwoPhaseGateway, clock: _Clock) -> Charging:
    meters = _Meters(clock)
    return Charging(store=kept, gateway=gateway, clock=clock, usage=meters, storage=meters)


def _run(charging: Charging, job: Job) -> None:
    """For this account alone: whatever else the store holds is charged by no stand-in."""
    failure = charging.pursue(_NAME, job).failure
    if failure is not None:
        raise failure


# --- how it is told -----------------------------------------------------------------------------------------------


@attrs.define
class _Teller:
    """Tells the events of the stream, each once, and leaves out those that change nothing."""

    standing: Standing | None = None

    def hear(self, kept: Kept) -> None:
        """Tell what is new."""
        for event in kept.load(_NAME, after=0 if self.standing is None else self.standing.version).events:
            grown = after(self.standing, event)
            for sentence in _sentences(self.standing, grown, event):
                _say(event.at, sentence)
            self.standing = grown

    def aside(self, at: datetime.datetime, said: str) -> None:
        """Tell what no stream knows."""
        _say(at, f"-- {said}")


def _say(at: datetime.datetime, said: str) -> None:
    stamp = f"{at:%Y-%m-%d %H:%M}  "
    print(textwrap.fill(said, _WIDTH, initial_indent=stamp, subsequent_indent=" " * len(stamp)))


def _sentences(before: Standing | None, grown: Standing, event: Event) -> Iterator[str]:
    fact = event.fact
    if isinstance(fact, Opened):
        yield f"The account {fact.account.id} is taken over, with {fact.account.balance} of minutes."
    elif isinstance(fact, Changed) and isinstance(fact.change, PlanBill):
        lines = "; ".join(f"{one.description} {one.amount}" for one in fact.change.lines)
        yield f"The bill of {fact.change.cycle} is made: {lines} (BIL-1)."
    elif isinstance(fact, Changed) and isinstance(fact.change, OpenRecharge):
        yield f"The balance is below the reserve, so {fact.change.amount} of minutes are due (MIN-4)."
    elif isinstance(fact, Planned):
        yield _plan(fact, grown, is_first=before is None or before.charge(fact.intent) is None)
    elif isinstance(fact, Answered) and before is not None:
        yield from _answer(before, grown, fact)


def _plan(fact: Planned, grown: Standing, *, is_first: bool) -> str:
    charge = grown.charge(fact.intent)
    of = "" if charge is None else f" of {charge.intent.amount:,}"
    how = "planned" if is_first else "planned again"
    return f"{fact.intent}{of} is {how}, to be charged to {_then(fact.targets)} (FUN-4, MIN-12)."


def _then(targets: Sequence[Target]) -> str:
    return ", then to ".join(one.shown for one in targets)


def _answer(before: Standing, grown: Standing, fact: Answered) -> Iterator[str]:
    charge, now = before.charge(fact.intent), grown.charge(fact.intent)
    if charge is None or (now is not None and now.state is charge.state):
        return  # looked at, and nothing new
    source, amount, outcome = charge.target.shown, f"{charge.intent.amount:,}", fact.outcome
    retries, age = charge.returns.count(charge.target.token), (grown.at - charge.first).days
    why = what_follows(outcome, retries=retries, age_days=age).text
    trx = f"It is TRX-{grown.transactions:06d} (FUN-9, BIL-2)."
    if isinstance(outcome, Succeeded):
        yield f"{fact.intent}: {amount} captured from {source}. {_how(charge, grown.at)}{why} {trx}"
    elif isinstance(outcome, Returned):
        why = "The minutes go with it." if charge.intent.purpose in PREPAID else why
        yield f"{fact.intent}: {amount} taken back by {source} ({outcome.code}). {why} {trx}"
    elif isinstance(outcome, Declined):
        yield f"{fact.intent}: declined by {source} ({outcome.code}, {outcome.kind.value}). {why} (FUN-9)"
    elif isinstance(outcome, Voided):
        yield f"{fact.intent}: attempt {fact.attempt} is voided, so that no late copy of it can capture. (FUN-9)"
    elif isinstance(outcome, Pending):
        yield f"{fact.intent}: pending at {source}. {why} (FUN-9)"
    else:
        yield f"{fact.intent}: no answer about {source}. {why} (FUN-9)"


def _how(charge: Charge, at: datetime.datetime) -> str:
    if charge.state is State.PREPARED and charge.prepared != at:
        return "Asked for the same payment once more, the provider has found it made. "
    return "The provider, asked about it, has found it made. " if charge.state is State.UNKNOWN else ""


# --- how it ends --------------------------------------------------------------------------------------------------


def _compared(kept: Kept, provider: StandIn) -> int:
    """The provider's own record beside the ledger."""
    events = kept.load(_NAME).events
    listed = transactions(entries(events))
    print("\nWhat the provider says")
    captures = provider.captures()
    print_table([_capture_row(one) for one in captures], ("left", "left", "right", "left"))
    print("\nWhat the ledger says")
    rows = [(one.trx, f"{one.on} {one.intent_id}", f"{one.amount:,}", one.source) for one in listed]
    print_table(rows, ("left", "left", "right", "left"))
    moved = total((one.money for one in captures if not one.is_returned), "USD")
    booked = total((one.amount for one in listed), "USD")
    print(f"\nKept by the provider {moved:,}; in the ledger {booked:,}: {'equal' if moved == booked else 'NOT EQUAL'}.")
    references = {one.reference for one in captures}
    print(f"{len(captures)} captures under {len(references)} references: none was made twice.")
    return ANSWERED if moved == booked and len(references) == len(captures) else REFUSED


def _capture_row(one: Capture) -> tuple[str, str, str, str]:
    back = f"returned {one.returned_at:%Y-%m-%d}" if one.returned_at is not None else ""
    return f"{one.at:%Y-%m-%d}", one.reference, f"{one.money:,}", back
