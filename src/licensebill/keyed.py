"""Providers that charge by key, made to look like those with two phases, so that charging knows one protocol.

Nothing else: how a charge is carried out stands in `charging`, what a provider has to promise in `protocols`.
"""

import datetime
from datetime import timedelta

import attrs

from licensebill._checks import function, instance, instant
from licensebill.errors import InvalidValue
from licensebill.outcomes import Declined, NotCaptured, Outcome, Unknown, Voided
from licensebill.protocols import Capabilities, Clock, KeyedGateway, LookUp, Request, TwoPhaseGateway


@attrs.frozen
class Keyed:
    """A provider that charges by key, as one with two phases; made by `keyed`."""

    gateway: KeyedGateway
    clock: Clock

    @property
    def capabilities(self) -> Capabilities:
        """Those of the provider."""
        return self.gateway.capabilities

    def prepare(self, request: Request) -> str:
        """Nothing is asked of the provider: the id is the reference, with the instant its key is counted from."""
        instance("request", request, Request)
        return f"{request.reference}@{self.clock().isoformat()}"

    def capture(self, ref: str, request: Request) -> Outcome:
        """Charge with the reference as key; look it up instead once the key might be forgotten on the way."""
        instance("request", request, Request)
        reference, since = _parted(ref)
        if self.clock() >= since + self._window - self.capabilities.in_flight:
            return self.gateway.find(reference) or NotCaptured()
        return self.gateway.charge(request, reference)

    def retrieve(self, ref: str) -> Outcome:
        """Look it up."""
        return self.gateway.find(_parted(ref)[0]) or NotCaptured()

    def void(self, ref: str) -> Outcome:
        """Only time makes sure that nothing more is captured: no request may still be under way, and none is found.

        That is when the key's window has passed and the time in flight after it. A declined one is over as well: within
        the window its key repeats the decline.
        """
        reference, since = _parted(ref)
        # asked before: what is found now could have been captured since the look-up
        is_over = self.clock() >= since + self._window + self.capabilities.in_flight
        found = self.gateway.find(reference)
        if isinstance(found, Declined):
            return Voided()
        if found is not None:
            return found
        return Voided() if is_over and self.capabilities.look_up is LookUp.STRONG else Unknown()

    @property
    def _window(self) -> timedelta:
        return self.capabilities.key_window or timedelta()


def keyed(gateway: KeyedGateway, clock: Clock) -> TwoPhaseGateway:
    """A provider that charges by key, as one with two phases, so that charging knows one protocol.

    Weaker than two phases of the provider's own: what is unknown stays so until the key's window has passed, and a
    program that is stopped for longer than that between deciding and sending may charge twice. `in_flight` has to
    cover such pauses, and the difference of two workers' clocks.

    Args:
        gateway: the provider.
        clock: the same as that of `Charging`.

    Source: FUN-9.
    """
    instance("gateway", gateway, KeyedGateway)  # type: ignore[type-abstract]
    return Keyed(gateway, function("clock", clock))


def _parted(ref: str) -> tuple[str, datetime.datetime]:
    reference, _, since = instance("ref", ref, str).rpartition("@")
    try:
        return reference, instant("ref", datetime.datetime.fromisoformat(since))
    except ValueError:
        raise InvalidValue("ref", "must be an id that prepare() gave") from None
