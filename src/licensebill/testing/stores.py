"""What every store must do, as tests for those who write one.

`StoreSuite` holds a store to the promises of `protocols.Store`, `SnapshotSuite` to those of `protocols.SnapshotStore`.
Subclass them in a test module, say how the store is opened, and pytest finds the checks:

    class TestMyStore(StoreSuite, SnapshotSuite):
        def setup_method(self):
            self.path = new_empty_place()

        def open_store(self):
            return MyStore(self.path)

Each check is given an empty place of its own and opens it more than once, as workers do. The checks are plain asserts
and need no test framework: `failed_checks` runs them by itself. `pytest.register_assert_rewrite` of this module, before
it is imported, makes their failures tell more. A few let threads race, and could by luck pass a store that fails in a
race; none fails a store that keeps its promises.
"""

import datetime
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, timedelta, timezone
from typing import Any, get_args

import attrs

from licensebill._checks import text, whole
from licensebill.accounts import Account, begin
from licensebill.changes import AddSource, AddUser, PurchaseMinutes
from licensebill.charges import Standing, folded, record
from licensebill.errors import InvalidValue
from licensebill.events import (
    Answered,
    Book,
    CallOff,
    Changed,
    Decision,
    Event,
    Fact,
    Halted,
    Opened,
    Planned,
    Posting,
    Prepared,
    Resolved,
    Target,
)
from licensebill.funding import Expiry, Source, SourceKind
from licensebill.money import Money
from licensebill.outcomes import (
    Declined,
    DeclineKind,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Unknown,
    Voided,
)
from licensebill.people import Authorization, Person, User
from licensebill.protocols import AlreadyAppended, SnapshotStore, Store, VersionConflict
from licensebill.testing.suites import Suite, close, refused, together
from licensebill.testing.suites import failed_checks as failed_checks

#: The instant most samples are recorded at, to the microsecond.
NOON = datetime.datetime(2026, 12, 1, 12, 0, 0, 123_456, tzinfo=UTC)
_LATER = NOON + timedelta(days=36_500)
_SECOND = timedelta(seconds=1)

#: Users, and events, of a sample.
_MOST = 1_000_000

# --- samples ------------------------------------------------------------------------------------------------------

_DANA = Person("Dana", "Scully")
_CARD = Source(
    id="visa",
    kind=SourceKind.CARD,
    token="tok_1",  # noqa: S106 - of nobody
    label="Visa",
    last_four="1111",
    expiry=Expiry(2099, 12),
    holder=_DANA,
)
_TARGET = Target.of(_CARD)


def sample_account(account: str = "acme", *, users: int = 3) -> Account:
    """An account with users and nothing else."""
    text("account", account)
    whole("users", users, 0, _MOST)
    named = tuple(User(id=f"user-{number}") for number in range(users))
    day = date(2026, 12, 1)
    return begin(Account(id=account, began=day, today=day, administrator="dana", users=named))


def sample_facts(account: str = "acme") -> tuple[Fact, ...]:
    """A fact of every kind, and an answer of every kind; not in an order that could be folded."""
    text("account", account)
    intent, usd = f"{account}/minutes/1", Money.parse("12.345678", "USD")
    answers: tuple[Outcome, ...] = (
        *(Succeeded(), Succeeded(usd), Pending(), Voided(), Returned("R01"), NotCaptured(), Unknown()),
        Declined(kind=DeclineKind.HARD, code="stolen_card"),
        Declined(kind=DeclineKind.SOFT, code="try_again_later"),
    )
    return (
        Opened(sample_account(account)),
        Changed(AddUser(on=date(2026, 12, 1), user=User(id="Zoë 🙂"))),
        Planned(intent=intent, targets=(_TARGET,)),
        Planned(intent=intent, targets=()),
        Prepared(intent=intent, attempt=1, ref="pi_1"),
        *(Answered(intent=intent, attempt=number, outcome=answer) for number, answer in enumerate(answers, 1)),
        Halted(intent=intent, attempt=2, reason="the key is wrong"),
        CallOff(intent=intent, by="dana"),
        *(Resolved(intent=intent, attempt=3, decision=one, by="dana", note="asked the bank") for one in Decision),
    )


def sample_events(count: int, account: str = "acme", *, start: int = 1) -> tuple[Event, ...]:
    """So many events, of every kind in turn, with ids of their own from a number on."""
    whole("count", count, 0, _MOST)
    whole("start", start, 0, _MOST)
    facts, postings = sample_facts(account), _postings()
    return tuple(
        Event(
            id=f"{account}/{number}",
            at=NOON + number * _SECOND,
            fact=facts[number % len(facts)],
            postings=postings if number % 2 else (),
        )
        for number in range(start, start + count)
    )


def _postings() -> tuple[Posting, ...]:
    amount = Money.parse("99.99", "USD")
    return (Posting(Book.CLEARING, amount), Posting(Book.OWED, -amount))


def sample_standing(account: str = "acme", *, users: int = 3) -> Standing:
    """Where a charge stands that is prepared."""
    day, accepted = date(2026, 12, 1), Authorization(_DANA, accepted=True)
    amount = Money.parse("100.00", "USD")
    facts: tuple[Fact, ...] = (
        Opened(sample_account(account, users=users)),
        Changed(AddSource(on=day, by="dana", source=_CARD)),
        Changed(PurchaseMinutes(on=day, by="dana", amount=amount, authorization=accepted)),
    )
    standing = _recorded(None, facts)
    (charged,) = standing.account.open
    planned = Planned(intent=charged.intent.id, targets=(_TARGET,))
    return _recorded(standing, (planned, Prepared(intent=charged.intent.id, attempt=1, ref="pi_1")))


def sample_history(count: int, account: str = "acme") -> tuple[Event, ...]:
    """So many events of a stream that can be folded: an account, and users that appear one after the other."""
    whole("count", count, 0, _MOST)
    standing: Standing | None = None
    events: list[Event] = []
    for number in range(1, count + 1):
        user = User(id=f"user-{number % 50}")
        fact = (
            Opened(sample_account(account)) if standing is None else Changed(AddUser(on=date(2026, 12, 1), user=user))
        )
        event, standing = record(standing, fact, at=NOON + number * _SECOND, id=f"{account}/{number}")
        events.append(event)
    return tuple(events)


def _recorded(standing: Standing | None, facts: Iterable[Fact]) -> Standing:
    for fact in facts:
        number = 1 if standing is None else standing.version + 1
        _, standing = record(standing, fact, at=NOON, id=f"acme/{number}")
    assert standing is not None
    return standing


# --- helpers ------------------------------------------------------------------------------------------------------


def _pages(store: Store, due_before: datetime.datetime, limit: int) -> list[str]:
    """All pages of due accounts, one after the other, each as it must be."""
    found: list[str] = []
    while True:
        after = found[-1] if found else ""
        page = list(store.open_accounts(due_before=due_before, after=after, limit=limit))
        assert len(page) <= limit, f"a page of {limit} holds {len(page)}"
        assert page == sorted(set(page)), "a page is not in the order of the ids"
        assert all(account > after for account in page), f"a page after {after!r} goes back"
        if not page:
            return found
        found.extend(page)


class _Suite(Suite, ABC):
    """Opens stores, and closes them after each check."""

    @abstractmethod
    def open_store(self) -> Any:  # noqa: ANN401 - a Store, a SnapshotStore or both
        """A new connection to one and the same place, which is empty when a check first opens it.

        Called several times in a check; what has a method `close` is closed after it. A store that lives in one object
        gives that object each time.
        """

    def _open(self) -> Any:  # noqa: ANN401 - see above
        return self._keep(self.open_store())


# --- stores -------------------------------------------------------------------------------------------------------


class StoreSuite(_Suite):
    """Every promise of `protocols.Store`."""

    #: How often the checks that let threads race do so.
    ROUNDS = 20

    def test_it_is_a_store(self) -> None:
        """It has the protocol's methods."""
        assert isinstance(self._open(), Store)

    # --- reading what was written ---

    def test_an_unknown_account_has_an_empty_stream(self) -> None:
        """What nobody has written to is at version 0."""
        stream = self._open().load("nobody")
        assert (tuple(stream.events), stream.version) == ((), 0)

    def test_every_kind_of_event_comes_back_as_it_was(self) -> None:
        """Facts, answers, amounts, instants and postings are what they were, of every kind."""
        store, events = self._open(), sample_events(len(sample_facts()))
        assert {type(one.fact) for one in events} == set(get_args(Fact))
        store.append("acme", 0, events, wake=None)
        assert tuple(store.load("acme").events) == events

    def test_events_come_back_in_order(self) -> None:
        """In the order in which they were appended, whatever their ids, alone and several at once."""
        store = self._open()
        first, second, third = (sample_events(3, start=start) for start in (20, 100, 1))
        store.append("acme", 0, first, wake=None)
        for number, event in enumerate(second):
            store.append("acme", 3 + number, [event], wake=None)
        store.append("acme", 6, third, wake=None)
        assert tuple(store.load("acme").events) == first + second + third

    def test_versions_count_the_events(self) -> None:
        """`append` gives the new version, `load` the same."""
        store = self._open()
        assert store.append("acme", 0, sample_events(1), wake=None) == 1
        assert store.append("acme", 1, sample_events(3, start=2), wake=None) == 4
        assert store.load("acme").version == 4

    def test_after_leaves_out_what_is_known(self) -> None:
        """Only later events are given; the version is that of the whole stream."""
        store, events = self._open(), sample_events(5)
        store.append("acme", 0, events, wake=None)
        for after in range(8):
            stream = store.load("acme", after=after)
            assert (tuple(stream.events), stream.version) == (events[after:], 5), f"after={after}"

    def test_streams_are_apart(self) -> None:
        """Each account has versions and event ids of its own."""
        store, events = self._open(), sample_events(2)
        store.append("acme", 0, events, wake=None)
        store.append("other", 0, events[:1], wake=None)
        assert tuple(store.load("acme").events) == events
        assert tuple(store.load("other").events) == events[:1]

    def test_ids_of_any_script_are_kept_apart(self) -> None:
        """Ids are compared character by character: not by case, accents or the language of the database."""
        store = self._open()
        ids = (
            "acme",
            "Acme",
            "ACME",
            "acmé",
            "acme\N{COMBINING ACUTE ACCENT}",
            "アクメ",
            "аcme",
            "acme 🙂",
            "a'c\"m;e%_\\",
        )
        for number, account in enumerate(ids):
            store.append(account, 0, sample_events(1, account, start=number), wake=NOON)
        for number, account in enumerate(ids):
            assert tuple(store.load(account).events) == sample_events(1, account, start=number), account
        assert _pages(store, NOON, 4) == sorted(ids)

    def test_event_ids_are_kept_apart(self) -> None:
        """Two ids that differ only in case or accents are two events."""
        store = self._open()
        (event,) = sample_events(1)
        events = [attrs.evolve(event, id=given) for given in ("e", "E", "é", "e\N{COMBINING ACUTE ACCENT}", "е")]
        store.append("acme", 0, events, wake=None)
        assert [one.id for one in store.load("acme").events] == [one.id for one in events]

    def test_an_instant_keeps_its_microseconds(self) -> None:
        """Instants of other zones come back as the same instants, far ones too."""
        store = self._open()
        zone = timezone(timedelta(hours=5, minutes=45))
        instants = (
            datetime.datetime(1970, 1, 1, tzinfo=UTC),
            datetime.datetime(2026, 10, 25, 2, 30, 0, 1, tzinfo=zone),
            datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        )
        (event,) = sample_events(1)
        events = [attrs.evolve(event, id=f"e{number}", at=at) for number, at in enumerate(instants)]
        store.append("acme", 0, events, wake=instants[-1])
        assert [one.at for one in store.load("acme").events] == list(instants)

    def test_a_large_event_is_kept_whole(self) -> None:
        """An account of 5,000 users is taken over, some hundreds of kilobytes."""
        store = self._open()
        event = Event(id="acme/1", at=NOON, fact=Opened(sample_account(users=5_000)))
        store.append("acme", 0, [event], wake=None)
        assert tuple(store.load("acme").events) == (event,)

    def test_a_long_stream_is_kept_whole(self) -> None:
        """A thousand events come back, from any place on."""
        store = self._open()
        events = sample_events(1_000)
        for start in range(0, 1_000, 250):
            store.append("acme", start, events[start : start + 250], wake=None)
        assert tuple(store.load("acme").events) == events
        assert tuple(store.load("acme", after=990).events) == events[990:]

    # --- the compare-and-swap ---

    def test_a_stale_version_writes_nothing(self) -> None:
        """A decision that was made before the latest event is not written: a second charge would be."""
        store = self._with(3)
        for stale in range(3):
            with refused(VersionConflict):
                store.append("acme", stale, sample_events(1, start=9), wake=None)
            self._is_unchanged(3)

    def test_a_stale_version_writes_none_of_several(self) -> None:
        """Of several events at an old version not even those are written whose place is free."""
        store = self._with(3)
        with refused(VersionConflict):
            store.append("acme", 2, sample_events(4, start=9), wake=None)
        self._is_unchanged(3)

    def test_a_version_yet_to_come_is_refused(self) -> None:
        """No stream has a gap: neither a new one nor one that has begun."""
        store = self._with(3)
        with refused(VersionConflict):
            store.append("acme", 5, sample_events(1, start=9), wake=None)
        with refused(VersionConflict):
            store.append("other", 1, sample_events(1, start=9), wake=None)
        self._is_unchanged(3)
        assert store.load("other").version == 0

    def test_one_of_two_workers_wins(self) -> None:
        """Of two appends at one version, over connections of their own, one is written and the other refused."""
        stores = [self._open(), self._open()]
        for version in range(self.ROUNDS):
            events = [sample_events(1, start=100 * worker + version) for worker in (1, 2)]
            self._race(stores, version, events)

    def test_one_of_many_workers_begins(self) -> None:
        """Of four that open a stream at once, with two events each, one does."""
        stores = [self._open() for _ in range(4)]
        for number in range(self.ROUNDS):
            account = f"acme-{number}"
            events = [sample_events(2, account, start=10 * worker) for worker in range(1, 5)]
            self._race(stores, 0, events, account)

    def test_one_of_two_threads_wins(self) -> None:
        """The same holds for two threads that share a store."""
        store = self._open()
        for version in range(self.ROUNDS):
            events = [sample_events(1, start=100 * worker + version) for worker in (1, 2)]
            self._race([store, store], version, events)

    def test_a_refusal_leaves_nothing_locked(self) -> None:
        """After a refused append the next one goes through, on this connection and on another."""
        store, other = self._with(1), self._open()
        with refused(VersionConflict):
            store.append("acme", 0, sample_events(1, start=9), wake=None)
        assert other.append("acme", 1, sample_events(1, start=2), wake=None) == 2
        with refused(AlreadyAppended):
            store.append("acme", 2, sample_events(1, start=2), wake=None)
        assert other.append("acme", 2, sample_events(1, start=3), wake=None) == 3
        assert store.append("acme", 3, sample_events(1, start=4), wake=None) == 4

    # --- events that are there already ---

    def test_an_event_is_appended_once(self) -> None:
        """An id that is in the stream is refused at the right version too, with its name, and nothing is written."""
        store = self._with(3)
        with refused(AlreadyAppended) as caught:
            store.append("acme", 3, sample_events(1, start=2), wake=None)
        assert caught[0].event == "acme/2"
        self._is_unchanged(3)

    def test_an_event_of_long_ago_is_still_known(self) -> None:
        """The order that somebody sends again, with an id of their own, may be hundreds of events back."""
        store = self._with(300)
        with refused(AlreadyAppended) as caught:
            store.append("acme", 300, sample_events(1), wake=None)
        assert caught[0].event == "acme/1"
        self._is_unchanged(300)

    def test_an_append_tried_again_is_known(self) -> None:
        """Who never heard that an append went through is told so, and not only that the version has passed."""
        store = self._with(3)
        for events in (sample_events(3), sample_events(1)):
            with refused(AlreadyAppended):
                store.append("acme", 0, events, wake=None)
        self._is_unchanged(3)

    def test_an_event_known_already_holds_back_those_beside_it(self) -> None:
        """One event that is in the stream keeps all others of the same append out, before it and after."""
        store = self._with(3)
        known, (first, last) = sample_events(1, start=2), sample_events(2, start=9)
        with refused(AlreadyAppended):
            store.append("acme", 3, (first, *known, last), wake=None)
        self._is_unchanged(3)

    def test_an_event_is_not_appended_twice_at_once(self) -> None:
        """Two events of one id in one append are refused, and nothing is written."""
        store, (event,) = self._with(1), sample_events(1, start=2)
        with refused(Exception):
            store.append("acme", 1, (event, event), wake=None)
        self._is_unchanged(1)

    # --- all or nothing, at once and for good ---

    def test_no_half_of_an_append_is_ever_seen(self) -> None:
        """Who reads while three events at a time are written sees none or all of the three."""
        writer, reader = self._open(), self._open()
        is_over = threading.Event()

        def write() -> None:
            try:
                for start in range(0, 3 * self.ROUNDS, 3):
                    writer.append("acme", start, sample_events(3, start=start), wake=NOON)
            finally:
                is_over.set()

        def read() -> None:
            while not is_over.wait(0.001):
                stream = reader.load("acme")
                assert stream.version == len(stream.events), "the version is not that of the events"
                assert stream.version % 3 == 0, f"{stream.version} events are seen"

        assert together(write, read) == [None, None]
        assert reader.load("acme").version == 3 * self.ROUNDS

    def test_what_one_connection_wrote_another_reads(self) -> None:
        """As soon as `append` has returned, every connection sees the events: there is no replica that lags behind."""
        stores = [self._open(), self._open()]
        for version in range(self.ROUNDS):
            stores[version % 2].append("acme", version, sample_events(1, start=version), wake=NOON + version * _SECOND)
            assert [store.load("acme").version for store in stores] == [version + 1] * 2

    def test_events_outlive_the_connection(self) -> None:
        """What was appended is there when the place is opened again, and goes on from there."""
        store, events = self._open(), sample_events(3)
        store.append("acme", 0, events, wake=NOON)
        close(store)
        again = self._open()
        assert tuple(again.load("acme").events) == events
        assert _pages(again, NOON, 10) == ["acme"]
        assert again.append("acme", 3, sample_events(1, start=4), wake=None) == 4

    def test_reading_changes_nothing(self) -> None:
        """Loading and listing leave stream, version and wake as they were."""
        store = self._with(3, wake=NOON)
        for _ in range(2):
            store.load("acme")
            store.load("acme", after=2)
            store.load("nobody")
            assert _pages(store, NOON, 10) == ["acme"]
        self._is_unchanged(3)

    # --- arguments ---

    def test_an_append_of_nothing_is_refused(self) -> None:
        """At least one event; a stream of version 0 has none."""
        store = self._with(1)
        with refused(InvalidValue):
            store.append("acme", 1, (), wake=NOON)
        self._is_unchanged(1)

    def test_a_time_without_zone_is_refused(self) -> None:
        """Nobody can say which instant it means; nothing is written."""
        store, naive = self._with(1), NOON.replace(tzinfo=None)
        with refused(InvalidValue):
            store.append("acme", 1, sample_events(1, start=2), wake=naive)
        self._is_unchanged(1)
        with refused(InvalidValue):
            store.open_accounts(due_before=naive)

    # --- open accounts ---

    def test_a_due_account_is_listed(self) -> None:
        """From the very instant of its wake, in whatever zone either is given."""
        store = self._with(1, wake=NOON)
        east = timezone(timedelta(hours=9))
        for asked in (NOON, NOON.astimezone(east), NOON + timedelta(microseconds=1), _LATER):
            assert "acme" in store.open_accounts(due_before=asked), asked
        store.append("acme", 1, sample_events(1, start=2), wake=(NOON - _SECOND).astimezone(east))
        assert "acme" in store.open_accounts(due_before=NOON - _SECOND)

    def test_no_due_account_is_missing_from_the_pages(self) -> None:
        """Pages of any size, put together, hold every account that is due, in the order of their ids."""
        store = self._open()
        due = [f"account-{number}" for number in range(57)]
        for number, account in enumerate(due):
            store.append(account, 0, sample_events(1, account), wake=NOON - number * _SECOND)
            store.append(f"{account}-later", 0, sample_events(1, account), wake=_LATER)
        for limit in (1, 10, 57, 500):
            found = _pages(store, NOON, limit)
            assert sorted(set(due) - set(found)) == [], f"missing from pages of {limit}"
            assert len(found) == len(set(found))

    def test_a_later_append_replaces_the_wake(self) -> None:
        """The last wake counts: one moved nearer is found, also after there was none."""
        store = self._with(1, wake=_LATER)
        store.append("acme", 1, sample_events(1, start=2), wake=NOON)
        assert "acme" in store.open_accounts(due_before=NOON)
        store.append("acme", 2, sample_events(1, start=3), wake=None)
        store.append("acme", 3, sample_events(1, start=4), wake=NOON - _SECOND)
        assert "acme" in store.open_accounts(due_before=NOON - _SECOND)

    def test_a_refused_append_leaves_the_wake(self) -> None:
        """The wake belongs to the events: where they are not written it is not either."""
        store = self._with(2, wake=NOON)
        for wake in (None, _LATER):
            with refused(VersionConflict):
                store.append("acme", 1, sample_events(1, start=9), wake=wake)
            with refused(AlreadyAppended):
                store.append("acme", 2, sample_events(1, start=1), wake=wake)
            with refused(VersionConflict):
                store.append("acme", 7, sample_events(1, start=9), wake=wake)
            assert "acme" in store.open_accounts(due_before=NOON)

    def test_a_due_account_is_listed_while_it_is_written_to(self) -> None:
        """No page leaves an account out because somebody is just appending to it."""
        writer, reader = self._open(), self._open()
        accounts = [f"account-{number}" for number in range(5)]
        for account in accounts:
            writer.append(account, 0, sample_events(1, account), wake=NOON)
        is_over = threading.Event()

        def write() -> None:
            try:
                for version in range(1, self.ROUNDS):
                    for account in accounts:
                        writer.append(account, version, sample_events(1, account, start=version + 1), wake=NOON)
            finally:
                is_over.set()

        def read() -> None:
            while not is_over.wait(0.001):
                assert _pages(reader, NOON, 2) == accounts

        assert together(write, read) == [None, None]

    # --- in common ---

    def _with(self, count: int, *, wake: datetime.datetime | None = None) -> Any:  # noqa: ANN401 - see `_open`
        """A store whose one stream holds so many events."""
        store = self._open()
        store.append("acme", 0, sample_events(count), wake=wake)
        return store

    def _is_unchanged(self, count: int) -> None:
        """Whoever opens the place sees the events of `_with`, and no others."""
        stream = self._open().load("acme")
        assert (tuple(stream.events), stream.version) == (sample_events(count), count)

    @staticmethod
    def _race(stores: Sequence[Store], version: int, events: Sequence[Sequence[Event]], account: str = "acme") -> None:
        """Append at one version from all stores at once; one alone may succeed, and its events are what is written."""

        def append(store: Store, given: Sequence[Event]) -> Callable[[], int]:
            return lambda: store.append(account, version, given, wake=NOON)

        results = together(*map(append, stores, events))
        winners = [number for number, result in enumerate(results) if isinstance(result, int)]
        assert len(winners) == 1, f"{len(winners)} appends at version {version} succeeded: {results}"
        losers = [result for result in results if not isinstance(result, int)]
        assert all(isinstance(result, VersionConflict) for result in losers), f"not a conflict: {losers}"
        assert not any(isinstance(result, AlreadyAppended) for result in losers), f"nobody had appended: {losers}"
        assert tuple(stores[0].load(account, after=version).events) == tuple(events[winners[0]])


# --- snapshots ----------------------------------------------------------------------------------------------------


class SnapshotSuite(_Suite):
    """Every promise of `protocols.SnapshotStore`, of a store that is a `Store` too."""

    def damage_snapshot(self, account: str) -> bool:  # noqa: ARG002 - for those who override it
        """Change an account's snapshot behind the store's back, such as a digit of an amount in its text.

        Returns:
            False where a store has nothing that could be changed; the check of it is passed then.
        """
        return False

    def test_it_is_a_snapshot_store(self) -> None:
        """It has the protocol's methods."""
        assert isinstance(self._open(), SnapshotStore)

    def test_there_is_no_snapshot_at_first(self) -> None:
        """An account that none was kept of has none."""
        store = self._open()
        store.save_snapshot(sample_standing("other"))
        assert store.load_snapshot("acme") is None

    def test_a_snapshot_comes_back_as_it_was(self) -> None:
        """With its account, charges and books."""
        store, standing = self._open(), sample_standing()
        assert standing.charges
        store.save_snapshot(standing)
        assert store.load_snapshot("acme") in {None, standing}

    def test_a_later_snapshot_replaces_an_earlier_one(self) -> None:
        """The latest is given, once, whatever there was before."""
        store, later = self._open(), sample_standing(users=4)
        store.save_snapshot(sample_standing())
        store.save_snapshot(later)
        assert store.load_snapshot("acme") in {None, later}

    def test_snapshots_of_accounts_are_apart(self) -> None:
        """None is given for another account, however alike their ids are."""
        store = self._open()
        ids = ("acme", "Acme", "acmé", "アクメ")
        for account in ids:
            store.save_snapshot(sample_standing(account))
        for account in ids:
            assert store.load_snapshot(account) in {None, sample_standing(account)}

    def test_a_snapshot_is_kept_at_all(self) -> None:
        """One may be lost, but a store that loses each is none; another connection finds it, and a later one."""
        store, standing = self._open(), sample_standing()
        store.save_snapshot(standing)
        assert store.load_snapshot("acme") == standing
        close(store)
        assert self._open().load_snapshot("acme") == standing

    def test_a_damaged_snapshot_is_none(self) -> None:
        """What is not as it was written is not believed: charges would be decided on it."""
        store = self._open()
        store.save_snapshot(sample_standing())
        if self.damage_snapshot("acme"):
            assert store.load_snapshot("acme") is None
            store.save_snapshot(sample_standing())
            assert store.load_snapshot("acme") == sample_standing()

    def test_a_snapshot_takes_nothing_from_the_stream(self) -> None:
        """All events stay; those after the snapshot, added to it, give what all of them give."""
        store, events = self._open(), sample_history(8)
        store.append("acme", 0, events[:5], wake=None)
        store.save_snapshot(folded(events[:5]))
        store.append("acme", 5, events[5:], wake=None)
        snapshot = store.load_snapshot("acme")
        assert tuple(store.load("acme").events) == events
        assert folded(store.load("acme", after=snapshot.version).events, snapshot) == folded(events)
