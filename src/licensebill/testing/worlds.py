"""Small worlds to explore charging in: a payment provider as a value, and accounts for which one charge is due.

A provider here is immutable: each request gives the provider afterwards and its answer, so that every course of events
can be followed from one point. It is as unkind as a provider may be: two requests to prepare one attempt give two
objects, a declined object may be captured by a late request, a key may repeat an error. What it really captured and
what banks took back stands in it, and is compared with the ledger.
"""

import datetime
import enum
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from types import MappingProxyType

import attrs

from licensebill.accounts import Account, Change, begin
from licensebill.changes import AddSource, AddUser, Cancel, MakePrimary, PurchaseMinutes, ReplaceSource, SwitchRecharge
from licensebill.charging import Job
from licensebill.events import CallOff
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.minutes import AutomaticRecharge
from licensebill.money import Money
from licensebill.outcomes import (
    Declined,
    DeclineKind,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Voided,
)
from licensebill.people import Authorization, Person, User
from licensebill.protocols import Capabilities, LookUp, Request, Usage
from licensebill.readings import Reading
from licensebill.usage import UsageHistory

# --- how sources behave -------------------------------------------------------------------------------------------


class Behavior(enum.Enum):
    """What becomes of a charge of a source, told by its token."""

    PAYS = "pays"
    DECLINES = "declines"
    DECLINES_FOR_GOOD = "declines for good"
    PAYS_WHEN_ASKED_AGAIN = "declines, and pays when the same object is captured again"
    PAYS_LESS = "pays a dollar less than asked"
    PAYS_LATER = "is pending for three hours and pays"
    FAILS_LATER = "is pending for three hours and is declined"
    TAKES_BACK = "is pending, pays and takes it back a day later"


_SOFT = Declined(kind=DeclineKind.SOFT, code="insufficient_funds")
_HARD = Declined(kind=DeclineKind.HARD, code="stolen_card")
_PENDING, _TAKEN_BACK = timedelta(hours=3), timedelta(hours=27)
_DOLLAR = 1_000_000
_DELAYED = frozenset({Behavior.PAYS_LATER, Behavior.FAILS_LATER, Behavior.TAKES_BACK})


@attrs.frozen
class Made:
    """An object of the provider: one attempt's.

    Args:
        ref: its id; of a provider that charges by key, the key.
        reference: of the attempt.
        micros: the amount.
        token: of the source.
        asked: how often its capture was asked for.
        since: when it was captured, or first asked for.
        refused: when its bank first refused it; a late copy may be refused again, and nobody is to blame for that.
        is_voided: it captures nothing any more.
        is_stuck: its key repeats an error, whatever is asked with it.
    """

    ref: str
    reference: str
    micros: int
    token: str
    asked: int = 0
    since: datetime.datetime | None = None
    refused: datetime.datetime | None = None
    is_voided: bool = False
    is_stuck: bool = False

    @property
    def behavior(self) -> Behavior:
        """Of its source."""
        return Behavior[self.token.split("_", 1)[1].upper()]

    @property
    def is_declined(self) -> bool:
        """Whether the bank has refused it, so far."""
        declines = {Behavior.DECLINES, Behavior.DECLINES_FOR_GOOD}
        once = self.behavior is Behavior.PAYS_WHEN_ASKED_AGAIN and self.asked == 1
        return self.asked > 0 and (self.behavior in declines or once)

    def noted(self, now: datetime.datetime) -> "Made":
        """The object with the instant of its first refusal, if it has been refused."""
        return attrs.evolve(self, refused=now) if self.is_declined and self.refused is None else self

    def outcome(self, now: datetime.datetime) -> Outcome:
        """What the provider says of it."""
        if self.asked and self.is_declined and not self.is_voided:
            return _HARD if self.behavior is Behavior.DECLINES_FOR_GOOD else _SOFT
        if self.is_voided or self.since is None:
            return Voided() if self.is_voided else NotCaptured()
        gone = now - self.since
        if self.behavior in _DELAYED and gone < _PENDING:
            return Pending()
        if self.behavior is Behavior.FAILS_LATER:
            return _SOFT
        if self.behavior is Behavior.TAKES_BACK and gone >= _TAKEN_BACK:
            return Returned("R01")
        return Succeeded(Money(self.captured, "USD"))

    @property
    def captured(self) -> int:
        """The micros that are captured when it pays."""
        return self.micros - (_DOLLAR if self.behavior is Behavior.PAYS_LESS else 0)


@attrs.frozen
class Provider:
    """A payment provider, as it is at one moment.

    Args:
        is_keyed: it charges at once and recognizes keys, and has no objects to prepare and void.
        made: its objects, in order.
    """

    is_keyed: bool
    made: tuple[Made, ...] = ()

    #: The window of keys, and the longest time a request is under way.
    KEY_WINDOW = timedelta(hours=24)
    IN_FLIGHT = timedelta(hours=6)

    @property
    def capabilities(self) -> Capabilities:
        """What it promises."""
        return Capabilities(
            two_phase=not self.is_keyed,
            void=not self.is_keyed,
            look_up=LookUp.STRONG,
            key_window=self.KEY_WINDOW if self.is_keyed else None,
            in_flight=self.IN_FLIGHT if self.is_keyed else timedelta(),
        )

    def prepare(self, request: Request) -> tuple["Provider", str]:
        """Another object, at each request."""
        ref = f"object-{len(self.made) + 1}"
        made = Made(ref, request.reference, request.amount.micros, request.target.token)
        return attrs.evolve(self, made=(*self.made, made)), ref

    def capture(self, ref: str, now: datetime.datetime) -> tuple["Provider", Outcome]:
        """Charge by an object; a voided one, or one that is captured, stays as it is."""
        made = self._of(ref)
        if not made.is_voided and (made.since is None or made.is_declined):
            made = attrs.evolve(made, asked=made.asked + 1, since=now).noted(now)
        return self._with(made), made.outcome(now)

    def void(self, ref: str, now: datetime.datetime) -> tuple["Provider", Outcome]:
        """Make an object uncapturable, unless it has been captured."""
        made = self._of(ref)
        if made.since is None or made.is_declined or made.outcome(now) == _SOFT:
            made = attrs.evolve(made, is_voided=True)
        return self._with(made), made.outcome(now)

    def retrieve(self, ref: str, now: datetime.datetime) -> Outcome:
        """What has become of an object."""
        return self._of(ref).outcome(now)

    def charge(self, request: Request, key: str, now: datetime.datetime) -> tuple["Provider", Outcome | None]:
        """Charge by key: a key used within the window gets the same answer; None for an error that it repeats."""
        for made in reversed(self.made):
            if made.ref == key and made.since is not None and now - made.since < self.KEY_WINDOW:
                return self, None if made.is_stuck else made.outcome(now)
        made = Made(key, request.reference, request.amount.micros, request.target.token, asked=1, since=now).noted(now)
        return attrs.evolve(self, made=(*self.made, made)), made.outcome(now)

    def stuck(self, request: Request, key: str, now: datetime.datetime) -> "Provider":
        """An error without effect that the key repeats for its window."""
        if any(made.ref == key for made in self.made):
            return self
        made = Made(key, request.reference, 0, request.target.token, since=now, is_stuck=True)
        return attrs.evolve(self, made=(*self.made, made))

    def find(self, reference: str, now: datetime.datetime) -> Outcome | None:
        """The charge of a reference; of several, one that paid."""
        found = [made.outcome(now) for made in self.made if made.reference == reference and not made.is_stuck]
        return next((one for one in found if isinstance(one, Succeeded | Pending)), found[-1] if found else None)

    def refusals(self) -> Mapping[tuple[str, str], tuple[datetime.datetime, ...]]:
        """When each source was refused, by what it was charged for."""
        found: dict[tuple[str, str], tuple[datetime.datetime, ...]] = {}
        for made in self.made:
            if made.refused is not None and made.is_declined:
                key = (made.token, made.reference.rsplit("/", 2)[0])
                found[key] = (*found.get(key, ()), made.refused)
        return found

    def captured(self, now: datetime.datetime) -> tuple[tuple[str, int], ...]:
        """What stands captured: the reference and the micros of each."""
        return tuple(
            (made.reference, made.captured)
            for made in self.made
            if not made.is_stuck and isinstance(made.outcome(now), Succeeded)
        )

    def _of(self, ref: str) -> Made:
        return next(made for made in self.made if made.ref == ref)

    def _with(self, changed: Made) -> "Provider":
        return attrs.evolve(self, made=tuple(changed if made.ref == changed.ref else made for made in self.made))


# --- accounts for which one charge is due -------------------------------------------------------------------------

_ADA = Person("Ada", "Lovelace")
_ACCEPTED = Authorization(_ADA, accepted=True)
_BOSS = "dana"


def _source(name: str, behavior: Behavior, kind: SourceKind = SourceKind.CARD) -> Source:
    expiry = Expiry(2039, 12) if kind is SourceKind.CARD else None
    token = f"{name}_{behavior.name.lower()}"
    return Source(id=name, kind=kind, token=token, label=name, last_four="1111", expiry=expiry, holder=_ADA)


def _account(sources: tuple[Source, ...], *, today: date, balance: str, is_automatic: bool) -> Account:
    return begin(
        Account(
            id="acme",
            began=date(2026, 1, 1),
            today=today,
            administrator=_BOSS,
            funding=Funding(sources),
            balance=Money.parse(balance, "USD"),
            automatic=AutomaticRecharge(_ACCEPTED if is_automatic else None),
        )
    )


@attrs.frozen(kw_only=True)
class Scenario:
    """An account for which something is due, and what may happen to it meanwhile.

    Args:
        name: of the scenario.
        account: as its stream begins.
        start: the first instant.
        job: what is run.
        asked: a change that a person asked for before the first run; None for none.
        meanwhile: changes that may come in between, each at most once.
        days: how long it is followed.
        pays: whether exactly one charge of what is due ends as paid; None where that depends on `meanwhile`.
    """

    name: str
    account: Account
    start: datetime.datetime
    job: Job
    asked: Change | None = None
    meanwhile: tuple[Change | CallOff, ...] = ()
    days: int = 2
    pays: bool | None = True

    @property
    def readings(self) -> tuple[Reading, ...]:
        """One that costs one step of the storage fee."""
        start = datetime.datetime.combine(self.account.today, datetime.time(), UTC)
        return (Reading(bytes=500_000_000, at=start, source="measured"),)

    def usage(self, now: datetime.datetime) -> Usage:
        """So much that one recharge is due at the start, and none after it."""
        day = self.account.today - timedelta(days=1)
        history = UsageHistory.of([(day, "call", Money.parse("90.00", "USD"))], currency="USD")
        return Usage(history=history, drawn=Money.parse("90.00", "USD"), watermark=now)


_FIRST = date(2026, 12, 1)
_TENTH = date(2026, 12, 10)
_CARD_PAYS = _source("card", Behavior.PAYS)
_RESERVE = _source("reserve", Behavior.PAYS)
_BANK = SourceKind.BANK_ACCOUNT


def _at(on: date, hour: int) -> datetime.datetime:
    return datetime.datetime.combine(on, datetime.time(hour), UTC)


def _bill(name: str, *sources: Source, days: int = 2, pays: bool | None = True) -> Scenario:
    return Scenario(
        name=name,
        account=_account(sources, today=_FIRST, balance="0.00", is_automatic=False),
        start=_at(_FIRST, 3),
        job=Job.BILLS,
        meanwhile=(
            MakePrimary(on=_FIRST, by=_BOSS, source=sources[-1].id),
            ReplaceSource(on=_FIRST, by=_BOSS, source=attrs.evolve(sources[0], token="new_pays")),  # noqa: S106
            Cancel(on=_FIRST, by=_BOSS, authorization=_ACCEPTED),
        ),
        days=days,
        pays=pays,
    )


def _recharge(name: str, *sources: Source, days: int = 2, pays: bool | None = True) -> Scenario:
    return Scenario(
        name=name,
        account=_account(sources, today=_TENTH, balance="92.00", is_automatic=True),
        start=_at(_TENTH, 4),
        job=Job.RECHARGES,
        meanwhile=(
            PurchaseMinutes(on=_TENTH, by=_BOSS, amount=Money.parse("100.00", "USD"), authorization=_ACCEPTED),
            SwitchRecharge(on=_TENTH, by=_BOSS, authorization=None),
            AddSource(on=_TENTH, by=_BOSS, source=_source("third", Behavior.PAYS)),
        ),
        days=days,
        pays=pays,
    )


#: The scenarios by name.
SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        one.name: one
        for one in (
            _bill("bill", _CARD_PAYS, _RESERVE),
            _bill("bill, primary declines", _source("card", Behavior.DECLINES), _RESERVE),
            _bill("bill, captured otherwise", _source("card", Behavior.PAYS_LESS), _RESERVE),
            _bill("bill, late copy pays", _source("card", Behavior.PAYS_WHEN_ASKED_AGAIN), _RESERVE),
            _bill(
                "bill by bank debit",
                _source("bank", Behavior.PAYS_LATER, _BANK),
                _CARD_PAYS,
                days=3,
            ),
            _bill(
                "bill by bank debit, taken back",
                _source("bank", Behavior.TAKES_BACK, _BANK),
                _CARD_PAYS,
                days=5,
            ),
            _recharge("recharge", _CARD_PAYS, _RESERVE),
            _recharge("recharge, primary declines", _source("card", Behavior.DECLINES_FOR_GOOD), _RESERVE),
            _recharge(
                "recharge, all decline",
                _source("card", Behavior.DECLINES),
                _source("reserve", Behavior.DECLINES),
                days=1,
                pays=False,
            ),
            _recharge("recharge by bank debit, fails", _source("bank", Behavior.FAILS_LATER, _BANK), _RESERVE, days=3),
            Scenario(
                name="minutes bought by hand",
                account=_account((_CARD_PAYS, _RESERVE), today=_TENTH, balance="0.00", is_automatic=False),
                start=_at(_TENTH, 5),
                job=Job.SETTLE,
                asked=PurchaseMinutes(
                    on=_TENTH, by=_BOSS, amount=Money.parse("100.00", "USD"), authorization=_ACCEPTED
                ),
                meanwhile=(
                    AddUser(on=_TENTH, user=User(id="new")),
                    CallOff(intent="acme/minutes/1", by="dana"),
                ),
            ),
        )
    }
)
