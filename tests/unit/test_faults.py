"""Faults to order: each does what it says, at the call it was ordered for; and charging outlives every one of them."""

import contextlib
import itertools
from collections.abc import Callable

import attrs
import pytest

from licensebill.adapters.memory import Memory
from licensebill.charging import Job
from licensebill.errors import InvalidValue
from licensebill.keyed import keyed
from licensebill.outcomes import NotCaptured, Succeeded
from licensebill.protocols import (
    KeyedGateway,
    NotSent,
    OutcomeUnknown,
    SnapshotStore,
    Store,
    StoreUnavailable,
    TwoPhaseGateway,
    VersionConflict,
)
from licensebill.testing.faults import (
    Crash,
    Fault,
    FaultyGateway,
    FaultyKeyedGateway,
    FaultySnapshotStore,
    FaultyStore,
    Schedule,
)
from licensebill.testing.stores import NOON, sample_events, sample_standing
from licensebill.testing.worlds import Behavior
from tests.charging import RESERVE, SERVICE, Clock, Desk, Office, acme, office, order, source
from tests.unit.test_keyed import request

# --- stores -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "written"),
    [
        (Fault.CRASH_BEFORE, Crash, 0),
        (Fault.CRASH_AFTER, Crash, 1),
        (Fault.NEVER_ARRIVES, StoreUnavailable, 0),
        (Fault.REPLY_LOST, StoreUnavailable, 1),
        (Fault.LATE, StoreUnavailable, 0),
        (Fault.CONFLICT, VersionConflict, 0),
    ],
)
def test_an_append_fails(fault: Fault, error: type[BaseException], written: int) -> None:
    """As ordered, having written or not."""
    memory = Memory()
    store = FaultyStore(memory, Schedule({0: fault}))
    with pytest.raises(error):
        store.append("acme", 0, sample_events(1), wake=None)
    assert memory.load("acme").version == written


def test_reading_fails() -> None:
    """A load, a page, a snapshot: each at its turn, and else not."""
    store = FaultySnapshotStore(Memory(), Schedule(dict.fromkeys(range(4), Fault.NEVER_ARRIVES)))
    calls: list[Callable[[], object]] = [
        lambda: store.load("acme"),
        lambda: store.open_accounts(due_before=NOON),
        lambda: store.load_snapshot("acme"),
        lambda: store.save_snapshot(sample_standing()),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable, match="as ordered"):
            call()
    for call in calls:
        call()
    assert store.load_snapshot("acme") == sample_standing()
    assert store.schedule.calls == (*("load", "open_accounts", "load_snapshot", "save_snapshot") * 2, "load_snapshot")


def test_stores_are_stores() -> None:
    """The one with snapshots is one of those too."""
    plain, caching = FaultyStore(Memory(), Schedule()), FaultySnapshotStore(Memory(), Schedule())
    assert isinstance(plain, Store)
    assert isinstance(caching, Store)
    assert isinstance(caching, SnapshotStore)
    assert not isinstance(plain, SnapshotStore)


# --- gateways -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "captured"),
    [
        (Fault.CRASH_BEFORE, Crash, 0),
        (Fault.CRASH_AFTER, Crash, 1),
        (Fault.NEVER_ARRIVES, OutcomeUnknown, 0),
        (Fault.REPLY_LOST, OutcomeUnknown, 1),
        (Fault.LATE, OutcomeUnknown, 0),
        (Fault.NOT_SENT, NotSent, 0),
    ],
)
@pytest.mark.parametrize("is_keyed", [False, True])
def test_a_charge_fails(fault: Fault, error: type[BaseException], captured: int, *, is_keyed: bool) -> None:
    """As ordered, having charged or not."""
    desk = Desk(Clock(), is_keyed=is_keyed)
    two_phase, by_key = FaultyGateway(desk, Schedule({1: fault})), FaultyKeyedGateway(desk, Schedule({0: fault}))
    ref = "" if is_keyed else two_phase.prepare(request())
    with pytest.raises(error):
        by_key.charge(request(), "key") if is_keyed else two_phase.capture(ref, request())
    assert len(desk.provider.captured(desk.clock())) == captured


def test_gateways_are_gateways() -> None:
    """With the capabilities of what is wrapped; without a fault they only pass on."""
    desk = Desk(Clock())
    two_phase, by_key = FaultyGateway(desk, Schedule()), FaultyKeyedGateway(desk, Schedule())
    assert isinstance(two_phase, TwoPhaseGateway)
    assert isinstance(by_key, KeyedGateway)
    assert two_phase.capabilities == by_key.capabilities == desk.capabilities
    ref = two_phase.prepare(request())
    assert two_phase.retrieve(ref) == NotCaptured()
    assert isinstance(two_phase.capture(ref, request()), Succeeded)
    assert two_phase.void(ref) == by_key.find(request().reference) == two_phase.retrieve(ref)


# --- schedules ----------------------------------------------------------------------------------------------------


def test_what_is_late_is_done_later() -> None:
    """Before the call so many further on, or when it is asked for; what becomes of it nobody hears."""
    memory, events = Memory(), sample_events(2)
    store = FaultyStore(memory, Schedule({0: Fault.LATE, 3: Fault.LATE}, late_by=2))
    with pytest.raises(StoreUnavailable):
        store.append("acme", 0, events[:1], wake=None)
    assert [store.load("acme").version for _ in range(2)] == [0, 1]
    with pytest.raises(StoreUnavailable):
        store.append("acme", 0, events[1:], wake=None)
    store.schedule.deliver()
    assert store.load("acme").version == 1


def test_each_fault_at_each_call() -> None:
    """What only reads cannot be lost afterwards; what cannot happen at a call cannot be ordered for it."""
    schedule = Schedule()
    FaultyStore(Memory(), schedule).append("acme", 0, sample_events(1), wake=None)
    FaultyStore(Memory(), schedule).load("acme")
    FaultyGateway(Desk(Clock()), schedule).prepare(request())
    assert (schedule.count, schedule.calls) == (3, ("append", "load", "prepare"))
    found = {
        number: {fault for _, fault in faults} for number, faults in itertools.groupby(schedule.each(), lambda x: x[0])
    }
    assert found == {
        0: set(Fault) - {Fault.NOT_SENT},
        1: {Fault.CRASH_BEFORE, Fault.NEVER_ARRIVES},
        2: set(Fault) - {Fault.CONFLICT},
    }
    with pytest.raises(InvalidValue, match="at call 0, load"):
        FaultyStore(Memory(), Schedule({0: Fault.CONFLICT})).load("acme")


def test_a_seed_gives_the_same_faults() -> None:
    """And another seed others; stopped, it gives none."""

    def told(seed: int) -> list[str]:
        store = FaultyStore(Memory(), Schedule.seeded(seed, one_in=2))
        said = []
        for _ in range(20):
            try:
                said.append(str(store.load("acme").version))
            except (StoreUnavailable, Crash) as failed:
                said.append(str(failed))
        store.schedule.stop()
        assert [store.load("acme").version for _ in range(20)] == [0] * 20
        return said

    assert told(1) == told(1) != told(2)
    assert len(set(told(1))) > 2


# --- charging -----------------------------------------------------------------------------------------------------


def charged(schedule: Schedule, *, is_keyed: bool) -> Office:
    """A service whose first source declines, charged with faults for some hours and without for some days."""
    one = office(acme(source("card", Behavior.DECLINES), RESERVE), is_keyed=is_keyed)
    one.charging.change("acme", order())
    gateway: TwoPhaseGateway = FaultyGateway(one.desk, schedule)
    if is_keyed:
        gateway = keyed(FaultyKeyedGateway(one.desk, schedule), one.clock)
    charging = attrs.evolve(one.charging, store=FaultyStore(one.shop, schedule), gateway=gateway)
    for _ in range(3):
        with contextlib.suppress(Crash):
            charging.pursue("acme", Job.SETTLE)
        one.clock.go(hours=1)
    schedule.stop()
    for _ in range(3):
        one.run(days=1)
    return one


@pytest.mark.parametrize("is_keyed", [False, True])
def test_charging_outlives_every_single_fault(*, is_keyed: bool) -> None:
    """Each fault at each call in turn: in the end the service is paid once, and the ledger says so."""
    rehearsal = Schedule()
    charged(rehearsal, is_keyed=is_keyed)
    assert rehearsal.count > 10
    for number, fault in rehearsal.each():
        one = charged(Schedule({number: fault}), is_keyed=is_keyed)
        assert (one.captured, one.agrees()) == ({SERVICE: [2_000]}, True), f"call {number}: {fault}"


@pytest.mark.parametrize("is_keyed", [False, True])
def test_charging_outlives_faults_by_chance(*, is_keyed: bool) -> None:
    """Several at once, by ten seeds."""
    for seed in range(10):
        one = charged(Schedule.seeded(seed, one_in=4), is_keyed=is_keyed)
        assert (one.captured, one.agrees()) == ({SERVICE: [2_000]}, True), f"seed {seed}"
