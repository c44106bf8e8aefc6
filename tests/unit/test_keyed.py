"""Providers that charge by key, as ones with two phases: every answer at every instant around the key's window."""

import datetime
from datetime import timedelta

import attrs
import pytest

from licensebill.charges import State
from licensebill.keyed import Keyed, keyed
from licensebill.outcomes import Declined, NotCaptured, Outcome, Pending, Succeeded, Unknown, Voided
from licensebill.planning import Act, Ask, next_step
from licensebill.protocols import Capabilities, LookUp, OutcomeUnknown, Request, TwoPhaseGateway
from licensebill.testing.worlds import Behavior
from tests.charging import CARD, NOON, RESERVE, SERVICE, Clock, Desk, Story, acme, office, order, source
from tests.examples import usd

TICK, HOUR = timedelta(microseconds=1), timedelta(hours=1)
#: The stand-in's: a key is recognized for a day, a request is under way for six hours at most.
WINDOW, IN_FLIGHT = 24 * HOUR, 6 * HOUR


def request() -> Request:
    """The first attempt of a service."""
    found = next_step(Story.of().open(order()).standing, NOON, Desk(Clock()).capabilities)
    assert isinstance(found, Ask)
    assert found.act is Act.PREPARE
    return found.request


def gateway(behavior: Behavior = Behavior.PAYS) -> tuple[TwoPhaseGateway, Desk]:
    """A provider that charges by key, wrapped."""
    desk = Desk(Clock(), is_keyed=True)
    desk.behaves["card"] = behavior
    return keyed(desk, desk.clock), desk


class TestFun9ByKey:
    """What charges by key looks like two phases; only time makes sure that nothing more is captured."""

    def test_preparing_asks_for_nothing(self) -> None:
        """The id is the reference, with the instant from which its key is counted."""
        wrapped, desk = gateway()
        assert wrapped.prepare(request()) == "acme/service/1/1@2026-12-10T12:00:00+00:00"
        assert desk.calls == []
        assert isinstance(wrapped, TwoPhaseGateway)
        assert wrapped.capabilities == desk.capabilities

    def test_the_instant_is_in_the_clocks_zone(self) -> None:
        """And the same in any."""
        wrapped, desk = gateway()
        desk.clock.now = NOON.astimezone(datetime.timezone(5 * HOUR))
        ref = wrapped.prepare(request())
        desk.clock.now = NOON + WINDOW + IN_FLIGHT - TICK
        assert wrapped.void(ref) == Unknown()
        desk.clock.now = NOON + WINDOW + IN_FLIGHT
        assert wrapped.void(ref) == Voided()

    def test_a_reference_may_hold_the_sign(self) -> None:
        """The last one parts it."""
        wrapped, desk = gateway()
        wrapped.capture(wrapped.prepare(attrs.evolve(request(), reference="a@b/service/1/1")), request())
        assert desk.provider.made[0].ref == "a@b/service/1/1"

    @pytest.mark.parametrize(
        ("after", "calls"),
        [(-TICK, ["charge"]), (TICK * 0, ["find"]), (TICK, ["find"]), (IN_FLIGHT, ["find"])],
    )
    def test_captured_within_the_window_less_the_time_in_flight(self, after: timedelta, calls: list[str]) -> None:
        """Later the key might be forgotten before the request arrives: it is looked up instead."""
        wrapped, desk = gateway()
        ref = wrapped.prepare(request())
        desk.clock.now = NOON + WINDOW - IN_FLIGHT + after
        answer = wrapped.capture(ref, request())
        assert (answer, desk.calls) == (Succeeded(usd("20.00")) if calls == ["charge"] else NotCaptured(), calls)

    def test_captured_again_after_the_window_it_is_found(self) -> None:
        """And not charged again."""
        wrapped, desk = gateway()
        ref = wrapped.prepare(request())
        assert wrapped.capture(ref, request()) == wrapped.capture(ref, request())
        desk.clock.go(hours=30)
        assert wrapped.capture(ref, request()) == Succeeded(usd("20.00"))
        assert len(desk.provider.made) == 1

    @pytest.mark.parametrize(
        ("behavior", "found"),
        [(Behavior.PAYS, Succeeded(usd("20.00"))), (Behavior.PAYS_LATER, Pending())],
    )
    def test_retrieved(self, behavior: Behavior, found: Outcome) -> None:
        """By its reference; not captured where nothing is found."""
        wrapped, _ = gateway(behavior)
        ref = wrapped.prepare(request())
        assert wrapped.retrieve(ref) == NotCaptured()
        wrapped.capture(ref, request())
        assert wrapped.retrieve(ref) == found
        assert wrapped.void(ref) == found

    @pytest.mark.parametrize(
        ("after", "answer"), [(-TICK, Unknown()), (TICK * 0, Voided()), (TICK, Voided()), (-WINDOW, Unknown())]
    )
    def test_voided_when_the_window_has_passed(self, after: timedelta, answer: Outcome) -> None:
        """And nothing was found: not before."""
        wrapped, desk = gateway()
        ref = wrapped.prepare(request())
        desk.clock.now = NOON + WINDOW + IN_FLIGHT + after
        assert wrapped.void(ref) == answer

    def test_a_look_up_that_takes_its_time_proves_nothing(self) -> None:
        """What was found before all requests had arrived may be otherwise now."""
        wrapped, desk = gateway()
        ref = wrapped.prepare(request())
        desk.clock.now = NOON + WINDOW + IN_FLIGHT - TICK
        desk.spoil("find", first=lambda: desk.clock.go(hours=1))
        assert wrapped.void(ref) == Unknown()

    @pytest.mark.parametrize("look_up", [LookUp.BOUNDED, LookUp.NONE])
    def test_a_look_up_that_may_lag_proves_nothing(self, look_up: LookUp) -> None:
        """It stays unknown, until a person decides."""
        wrapped, desk = gateway()
        desk.capabilities = attrs.evolve(desk.capabilities, look_up=look_up)
        ref = wrapped.prepare(request())
        desk.clock.go(days=99)
        assert wrapped.void(ref) == Unknown()

    def test_a_declined_one_is_over(self) -> None:
        """Within the window its key repeats the decline."""
        wrapped, _ = gateway(Behavior.DECLINES)
        ref = wrapped.prepare(request())
        assert isinstance(wrapped.capture(ref, request()), Declined)
        assert wrapped.void(ref) == Voided()

    def test_without_a_window_it_is_never_asked_to_charge(self) -> None:
        """Nothing would be recognized; charging refuses such a provider anyway."""
        wrapped, desk = gateway()
        desk.capabilities = Capabilities(two_phase=False, void=False, look_up=LookUp.STRONG)
        assert wrapped.capture(wrapped.prepare(request()), request()) == NotCaptured()
        assert desk.calls == ["find"]

    def test_it_is_a_value(self) -> None:
        """Two of the same provider and clock are equal."""
        desk = Desk(Clock(), is_keyed=True)
        assert keyed(desk, desk.clock) == Keyed(desk, desk.clock)


class TestFun9Charging:
    """Charging with such a provider comes to the same, only later where nothing is known."""

    def test_an_ordinary_charge(self) -> None:
        """One call."""
        one = office(is_keyed=True)
        one.charging.change("acme", order())
        one.run()
        assert (one.desk.calls, one.agrees(), one.captured) == (["charge"], True, {SERVICE: [2_000]})

    def test_a_decline(self) -> None:
        """The next source under a key of its own."""
        one = office(acme(source("card", Behavior.DECLINES), RESERVE), is_keyed=True)
        one.charging.change("acme", order())
        one.run()
        assert [made.ref for made in one.desk.provider.made] == ["acme/service/1/1", "acme/service/1/2"]
        assert one.agrees()

    def test_an_error_that_its_key_repeats(self) -> None:
        """Only when the window has passed is it certain that nothing was captured: then another attempt."""
        one = office(acme(CARD, RESERVE), is_keyed=True)
        one.charging.change("acme", order())
        provider = one.desk.provider.stuck(request(), "acme/service/1/1", NOON)
        one.desk.provider = provider
        one.run()
        for _ in range(26):
            assert one.captured == {}
            one.run(hours=1)
            if one.captured:
                break
        for _ in range(10):
            one.run(days=1)
        assert one.captured == {SERVICE: [2_000]}
        assert one.agrees()
        assert one.desk.provider.made[-1].ref == "acme/service/1/2"

    def test_an_error_is_unknown(self) -> None:
        """As with any other provider."""
        one = office(is_keyed=True)
        one.charging.change("acme", order())
        one.desk.spoil("charge", after=OutcomeUnknown("reset"))
        one.run()
        charge = one.charge(SERVICE)
        assert charge is not None
        assert charge.state is State.UNKNOWN
        one.run(minutes=1)
        assert one.agrees()
