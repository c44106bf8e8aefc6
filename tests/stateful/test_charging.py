"""Charging an account for weeks while everything goes wrong now and then, against the provider's own record."""

from collections import Counter
from datetime import date, timedelta

import attrs
from hypothesis import event, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from licensebill.accounts import Change, funding_of, has_ended
from licensebill.changes import AddSource, Cancel, MakePrimary, RemoveSource, ReplaceSource, SetTotal
from licensebill.charges import TRANSITIONS, Charge, Signal, State, folded
from licensebill.charging import Charging, Job
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.events import Answered, Decision
from licensebill.money import Money
from licensebill.planning import wake
from licensebill.protocols import NotSent, RequestRejected, StoreUnavailable
from licensebill.terms import Purpose
from licensebill.testing.worlds import Behavior
from tests.changing import listed
from tests.charging import CARD, NOON, RESERVE, CachingShop, Crash, Office, acme, bank, buy, office, order, source
from tests.examples import ACCEPTED, BOSS, usd

NAMES = ("bank", "card", "reserve", "third")
STARTS = NOON.replace(month=11, day=28)
#: Under way to the provider no longer than its capabilities say.
LONGEST_ON_THE_WAY = timedelta(hours=6)

#: How often the machine came by each place that it must not miss.
REACHED: Counter[str] = Counter()


def reached(place: str) -> None:
    """The machine came by."""
    REACHED[place] += 1
    event(place)


ERRORS = st.sampled_from([TimeoutError("no answer"), NotSent("503"), RequestRejected("400"), Crash()])
JOBS = st.sampled_from(Job)
#: What a card paid no bank takes back as it does a debit.
OF_CARDS = st.sampled_from([one for one in Behavior if one is not Behavior.TAKES_BACK])
A_SOURCE = st.sampled_from(NAMES)


class ChargingOverTime(RuleBasedStateMachine):
    """Whatever fails and whenever: no charge is made twice, and once everything is settled the ledger has them all."""

    def __init__(self) -> None:
        super().__init__()
        self.one: Office
        self.changes = 0

    @initialize(is_keyed=st.booleans(), of_bank=st.sampled_from(Behavior), of_card=OF_CARDS, of_reserve=OF_CARDS)
    def open_account(self, is_keyed: bool, of_bank: Behavior, of_card: Behavior, of_reserve: Behavior) -> None:
        """A debit, a card and a reserve; licenses have a list price, and minutes recharge by themselves."""
        account = acme(
            *(bank(), CARD, RESERVE),
            automatic=True,
            today=STARTS.date(),
            catalog=listed(powerdialer="99.00"),
        )
        self.one = office(account, is_keyed=is_keyed, shop=CachingShop(), at=STARTS)
        self.one.meters.drawn = usd("0.00")
        self.one.desk.behaves = {"bank": of_bank, "card": of_card, "reserve": of_reserve}

    @property
    def today(self) -> date:
        """The account's day."""
        return self.one.elsewhere().standing("acme").local_day(self.one.clock())

    # --- what people do -----------------------------------------------------------------------------------------

    def ask(self, change: Change, charging: Charging | None = None) -> None:
        """A change with an id of its own, sent again if it is not known whether it was recorded."""
        self.changes += 1
        name = f"change {self.changes}"
        dated = attrs.evolve(change, on=self.today)
        for _ in range(2):
            try:
                (charging or self.one.charging).change("acme", dated, event=name)
            except (StoreUnavailable, Crash):
                reached("a change whose recording is not known")
                continue
            except (RuleViolation, InvalidValue):
                return
            break
        ids = [one.id for one in self.one.shop.memory.load("acme").events]
        assert ids.count(f"asked/{name}") <= 1

    @rule(amount=st.sampled_from(["100.00", "250.00"]), is_between=st.booleans())
    def buy_minutes(self, amount: str, is_between: bool) -> None:
        """At once, or in the middle of somebody else's append."""
        change = buy(usd(amount))
        if is_between:
            self.one.shop.spoil("append", first=lambda: self.ask(change, self.one.elsewhere()))
        else:
            self.ask(change)

    @rule(number=st.integers(0, 20))
    def set_total(self, number: int) -> None:
        """More licenses, or fewer."""
        self.ask(SetTotal(on=STARTS.date(), by=BOSS, product="powerdialer", total=number, authorization=ACCEPTED))

    @rule()
    def order_service(self) -> None:
        """Owed from acceptance."""
        self.ask(order())

    @rule(name=A_SOURCE, is_between=st.booleans())
    def swap_sources(self, name: str, is_between: bool) -> None:
        """Another primary."""
        change = MakePrimary(on=STARTS.date(), by=BOSS, source=name)
        if is_between:
            self.one.shop.spoil("append", first=lambda: self.ask(change, self.one.elsewhere()))
        else:
            self.ask(change)

    @rule(name=A_SOURCE)
    def remove_a_source(self, name: str) -> None:
        """Unless a charge uses it."""
        self.ask(RemoveSource(on=STARTS.date(), by=BOSS, source=name))

    @rule(name=A_SOURCE)
    def add_or_replace_a_source(self, name: str) -> None:
        """With a new token."""
        new = bank(Behavior.PAYS) if name == "bank" else source(name)
        new = attrs.evolve(new, token=f"{name}{self.changes}_pays")
        known = {one.id for one in funding_of(self.one.elsewhere().standing("acme").account).sources}
        kind = ReplaceSource if name in known else AddSource
        self.ask(kind(on=STARTS.date(), by=BOSS, source=new))

    @precondition(lambda self: self.changes > 8)
    @rule(really=st.integers(0, 5))
    def cancel(self, really: int) -> None:
        """With the end of the month; seldom."""
        if not really:
            self.ask(Cancel(on=STARTS.date(), by=BOSS, authorization=ACCEPTED))

    @rule(is_sent=st.booleans(), when=st.booleans())
    def call_off(self, is_sent: bool, when: bool) -> None:
        """Minutes that are not captured yet, or may be: the answer to the capture is lost."""
        self.ask(buy())
        if is_sent:
            self.a_call_of_the_provider_fails("capture", when, TimeoutError())
            self.run(Job.SETTLE)
        for charge in self.one.elsewhere().standing("acme").charges:
            if charge.intent.purpose is Purpose.MINUTES and Signal.CALLED_OFF in TRANSITIONS[charge.state]:
                self.one.elsewhere().call_off(charge.intent.id, by="dana")
                reached("a charge called off")

    @rule(position=st.integers(0, 5), is_mended=st.booleans())
    def resolve(self, position: int, is_mended: bool) -> None:
        """A person finds out at the provider; or mends what was wrong and asks again."""
        waiting = [one for one in self.one.elsewhere().standing("acme").charges if one.state is State.NEEDS_REVIEW]
        if waiting:
            self._find_out(waiting[position % len(waiting)], is_mended=is_mended)

    def _find_out(self, charge: Charge, *, is_mended: bool) -> None:
        desk, now, decision = self.one.desk, self.one.clock(), Decision.ASK_AGAIN
        captured = [micros for reference, micros in desk.provider.captured(now) if reference == charge.reference]
        if captured:
            decision = Decision.CAPTURED
        elif not is_mended and not desk.provider.is_keyed:
            for made in desk.provider.made:
                if made.reference == charge.reference:
                    desk.provider, _ = desk.provider.void(made.ref, now)
            decision = Decision.NOT_CAPTURED
        is_pending = any(
            made.reference == charge.reference and made.since is not None and not made.is_voided
            for made in desk.provider.made
        )
        if decision is Decision.NOT_CAPTURED and is_pending:
            decision = Decision.ASK_AGAIN
        amount = Money(captured[0], "USD") if captured else None
        self.one.elsewhere().resolve(charge.reference, decision, by="dana", note="asked the provider", captured=amount)
        reached(f"a review: {decision.value}")

    # --- what goes wrong ----------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(["prepare", "capture", "retrieve", "void"]), when=st.booleans(), error=ERRORS)
    def a_call_of_the_provider_fails(self, name: str, when: bool, error: BaseException) -> None:
        """Before its effect, or after it, as far as the error allows."""
        by_key = {"prepare": "charge", "capture": "charge", "retrieve": "find", "void": "find"}
        name = by_key[name] if self.one.desk.provider.is_keyed else name
        is_definite = isinstance(error, NotSent | RequestRejected)
        self.one.desk.lose(name, "before" if when or is_definite else "after", error)

    @rule(name=st.sampled_from(["append", "append", "load"]), when=st.booleans(), is_crash=st.booleans())
    def a_call_of_the_store_fails(self, name: str, when: bool, is_crash: bool) -> None:
        """Before it has written, or after it."""
        self.one.shop.lose(name, "before" if when else "after", Crash() if is_crash else OSError("disk"))

    @rule(name=st.sampled_from(["append", "prepare", "capture", "void"]), job=JOBS)
    def another_worker_first(self, name: str, job: Job) -> None:
        """In the middle of a turn."""
        spoiled = self.one.shop if name == "append" else self.one.desk
        spoiled.spoil(name, first=lambda: self._work(self.one.elsewhere(), job))

    def _work(self, charging: Charging, job: Job) -> None:
        reached("another worker gets in between")
        try:
            charging.pursue("acme", job)
        except Crash:
            reached("the other worker dies")

    @rule()
    def what_was_on_the_way_arrives(self) -> None:
        """Late, at the provider."""
        calls, self.one.desk.on_the_way = self.one.desk.on_the_way, []
        for call in calls:
            call()
            reached("a late request arrives")

    @rule(name=st.sampled_from(["card", "reserve", "third"]), behavior=OF_CARDS)
    def a_card_behaves_otherwise(self, name: str, behavior: Behavior) -> None:
        """From now on, for what is prepared anew."""
        self.one.desk.behaves[name] = behavior

    @rule(behavior=st.sampled_from(Behavior))
    def the_bank_behaves_otherwise(self, behavior: Behavior) -> None:
        """Likewise."""
        self.one.desk.behaves["bank"] = behavior

    @rule(dollars=st.integers(1, 120))
    def calls_are_made(self, dollars: int) -> None:
        """The meter has seen them."""
        self.one.meters.drawn += usd(f"{dollars}.00")

    @rule()
    def a_snapshot_is_kept(self) -> None:
        """At whatever version."""
        self.one.shop.memory.save_snapshot(self.one.elsewhere().standing("acme"))

    # --- time, and runs -----------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 5, 60, 180, 240, 720, 1_440]))
    def time_passes(self, minutes: int) -> None:
        """What is on the way by key for too long never arrives."""
        self._go(timedelta(minutes=minutes))

    def _go(self, gone: timedelta) -> None:
        self.one.clock.now += gone
        if self.one.desk.provider.is_keyed:  # an upper bound of what is promised
            self.one.desk.on_the_way.clear()

    @rule(job=JOBS)
    def run(self, job: Job) -> None:
        """A run, as far as it comes; without any fault a second one finds nothing."""
        one = self.one
        one.meters.days = [one.clock().date() - timedelta(days=1)]
        one.meters.watermark = one.clock()
        is_calm = not any(one.desk.faults.values()) and not any(one.shop.faults.values())
        try:
            report = one.charging.pursue("acme", job)
        except Crash:
            reached("a worker dies")
            return
        assert report.failure is None or isinstance(report.failure, StoreUnavailable), report.failure
        if is_calm:
            again = one.charging.pursue("acme", job)
            assert again.appended == 0
            assert one.charging.preview("acme", job) == one.charging.preview("acme", job)
            reached("planning twice")

    @rule(
        name=st.sampled_from(["prepare", "capture", "retrieve", "void", "append"]),
        when=st.booleans(),
        error=ERRORS,
        job=JOBS,
    )
    def a_run_in_which_a_call_fails(self, name: str, when: bool, error: BaseException, job: Job) -> None:
        """And one a minute later, in which it does not."""
        if name == "append":
            self.a_call_of_the_store_fails(name, when, isinstance(error, Crash))
        else:
            self.a_call_of_the_provider_fails(name, when, error)
        self.run(job)
        self.time_passes(1)
        self.run(Job.SETTLE)

    @rule(name=st.sampled_from(["card", "reserve"]))
    def a_copy_arrives_after_a_decline(self, name: str) -> None:
        """The first request is lost, the second is declined, and the first arrives when another source has paid."""
        self.ask(MakePrimary(on=STARTS.date(), by=BOSS, source=name))
        self.one.desk.behaves[name] = Behavior.PAYS_WHEN_ASKED_AGAIN
        self.order_service()
        self.a_call_of_the_provider_fails("capture", True, TimeoutError())
        self.run(Job.SETTLE)
        self.time_passes(1)
        self.run(Job.SETTLE)
        self.what_was_on_the_way_arrives()

    @rule()
    def a_debit_that_is_taken_back(self) -> None:
        """A bank's, a day after it has paid."""
        self.ask(MakePrimary(on=STARTS.date(), by=BOSS, source="bank"))
        self.one.desk.behaves["bank"] = Behavior.TAKES_BACK
        self.order_service()
        self.run(Job.SETTLE)

    @rule(is_mended=st.booleans())
    def a_capture_that_only_a_person_finds(self, is_mended: bool) -> None:
        """Its answer is lost, and the look that would find it is rejected."""
        self.order_service()
        self.a_call_of_the_provider_fails("capture", False, TimeoutError())
        self.a_call_of_the_provider_fails("retrieve", True, RequestRejected("401"))
        self.run(Job.SETTLE)
        self.time_passes(1)
        self.run(Job.SETTLE)
        self.resolve(0, is_mended)

    @rule(days=st.integers(1, 4), is_used=st.booleans())
    def days_pass_with_their_runs(self, days: int, is_used: bool) -> None:
        """Every four hours, as they should."""
        for _ in range(days):
            if is_used:
                self.calls_are_made(90)
            for job in (Job.BILLS, *(Job.RECHARGES,) * 5):
                self.run(job)
                self._go(timedelta(hours=4))

    @rule(position=st.integers(0, 5))
    def a_hook(self, position: int) -> None:
        """About any charge."""
        charges = self.one.elsewhere().standing("acme").charges
        if charges:
            try:
                self.one.charging.look(charges[position % len(charges)].intent.id)
            except Crash:
                reached("a worker dies")

    # --- what holds at any time ---------------------------------------------------------------------------------

    @invariant()
    def no_charge_is_made_twice(self) -> None:
        """At the provider."""
        assert all(len(cents) == 1 for cents in self.one.captured.values())

    @invariant()
    def the_stream_adds_up_to_what_is_kept(self) -> None:
        """From the beginning, and from any snapshot."""
        stream = self.one.shop.memory.load("acme")
        whole = folded(stream.events)
        assert self.one.elsewhere().standing("acme") == whole
        assert whole.version == stream.version
        assert sum(amount.micros for _, amount in whole.books) == 0

    @invariant()
    def at_most_one_recharge_is_open(self) -> None:
        """However often it runs."""
        standing = self.one.elsewhere().standing("acme")
        assert sum(charge.intent.purpose is Purpose.RECHARGE for charge in _under_way(standing.charges)) <= 1

    def teardown(self) -> None:
        """Everything works again, and time passes until all is settled: then the ledger is the provider's record."""
        if not hasattr(self, "one"):
            return
        one = self.one
        for spoiled in (one.desk, one.shop):
            spoiled.faults.clear()
        self.what_was_on_the_way_arrives()
        one.desk.behaves = dict.fromkeys(NAMES, Behavior.PAYS)
        for halves in range(80):
            for charge in one.standing.charges:
                if charge.state is State.NEEDS_REVIEW:
                    self._find_out(charge, is_mended=False)
            standing = one.run(Job.SETTLE).standing
            assert standing is not None
            if halves >= 8 and all(charge.state is State.SUCCEEDED for charge in standing.charges):
                break
            later = one.clock() + timedelta(hours=12)
            one.clock.now = later if halves < 8 else max(wake(standing) or later, later)
        assert one.agrees(), (one.captured, one.cleared)
        self._nothing_is_lost()
        answers = [one.fact for one in one.shop.memory.load("acme").events if isinstance(one.fact, Answered)]
        for answer in answers:
            reached(type(answer.outcome).__name__)
        for intent in one.captured:
            reached(intent.split("/")[1])

    def _nothing_is_lost(self) -> None:
        """What is owed is paid, as long as a source may be tried."""
        standing = self.one.standing
        tries = [one for one in funding_of(standing.account).sources if not one.is_blocked]
        left = [one for one in standing.charges if one.state is not State.SUCCEEDED]
        assert not left or not tries or has_ended(standing.account, standing.account.today), left


def _under_way(charges: tuple[Charge, ...]) -> list[Charge]:
    return [one for one in charges if one.state not in {State.SUCCEEDED, State.FAILED}]


#: Where the machine must have been for its run to mean anything.
PLACES = {
    *("a change whose recording is not known", "a charge called off", "another worker gets in between"),
    *("a late request arrives", "a worker dies", "planning twice"),
    *("a review: the money was captured", "a review: go on with the same request"),
    *("Succeeded", "Pending", "Declined", "Voided", "Returned", "NotCaptured", "Unknown"),
    *("bill", "licenses", "service", "minutes", "recharge"),
}


def test_charging_over_time() -> None:
    """The machine runs until it has come by every answer, every kind of charge and every failure on its way."""
    REACHED.clear()
    for number in range(1, 6):
        # without a seed of its own each round would repeat the first, where Hypothesis is told to repeat itself
        machine = seed(number)(ChargingOverTime) if settings().derandomize else ChargingOverTime
        run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=25))
        if REACHED.keys() >= PLACES:
            break
    assert PLACES - REACHED.keys() == set()
