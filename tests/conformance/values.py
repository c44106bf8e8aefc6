"""The provider that charging is explored with, as gateways of both kinds, in which tests plant faults."""

# ruff: noqa: D102 - they are the protocols' methods

import datetime
import threading
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any, TypeVar

from licensebill.events import Target
from licensebill.funding import SourceKind
from licensebill.money import Money
from licensebill.outcomes import Outcome, Returned, Succeeded
from licensebill.protocols import Capabilities, NotSent, OutcomeUnknown, Request, RequestRejected
from licensebill.testing.gateways import Trouble
from licensebill.testing.worlds import Behavior, Provider

_T = TypeVar("_T")

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=UTC)


def target(token: str, kind: SourceKind = SourceKind.CARD) -> Target:
    """A source of this token."""
    return Target(source="s1", token=token, kind=kind, shown="Visa ending in 4242")


class Bank:
    """A provider that is a value, as it is now, and requests that are on their way to it."""

    def __init__(self, *, is_keyed: bool) -> None:
        self.now = NOON
        self.provider = Provider(is_keyed)
        self.troubles: list[Trouble] = []
        self.looked: list[str] = []
        self.late: list[Callable[[Provider, datetime.datetime], tuple[Provider, Any]]] = []
        self._lock = threading.Lock()

    def asked(self, call: Callable[[Provider, datetime.datetime], tuple[Provider, _T]]) -> _T:
        """One request: what it does to the provider, and its answer."""
        with self._lock:
            trouble = self.troubles.pop() if self.troubles else None
            if trouble is Trouble.NOT_SENT:
                raise NotSent("too busy")
            if trouble is Trouble.LATE:
                self.late.append(call)
            if trouble in {Trouble.LATE, Trouble.REQUEST_LOST}:
                raise OutcomeUnknown("no answer")
            self.provider, answer = call(self.provider, self.now)
            if trouble is Trouble.REPLY_LOST:
                raise OutcomeUnknown("no answer")
            return answer

    def pass_time(self, duration: timedelta) -> None:
        """What was late arrives."""
        self.now += duration
        while self.late:
            self.provider, _ = self.late.pop()(self.provider, self.now)

    def captured(self, reference: str) -> list[Money]:
        """All that ever was."""
        made = (one for one in self.provider.made if one.reference == reference)
        moved = [one for one in made if isinstance(one.outcome(self.now), Succeeded | Returned)]
        return [Money(one.captured, "USD") for one in moved]


def checked_source(request: Request) -> Request:
    """Its source must be known."""
    if request.target.token.split("_", 1)[1].upper() not in Behavior.__members__:
        raise RequestRejected("no such source")
    return request


class TwoPhases:
    """A gateway to it in two phases, whose faults its subclasses plant."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    @property
    def capabilities(self) -> Capabilities:
        return self.bank.provider.capabilities

    def known(self, ref: str) -> str:
        if all(made.ref != ref for made in self.bank.provider.made):
            raise RequestRejected("no such object")
        return ref

    def prepare(self, request: Request) -> str:
        return self.bank.asked(lambda provider, _: provider.prepare(checked_source(request)))

    def capture(self, ref: str, request: Request) -> Outcome:  # noqa: ARG002 - the object knows it
        return self.bank.asked(lambda provider, now: provider.capture(self.known(ref), now))

    def retrieve(self, ref: str) -> Outcome:
        return self.bank.asked(lambda provider, now: (provider, provider.retrieve(self.known(ref), now)))

    def void(self, ref: str) -> Outcome:
        return self.bank.asked(lambda provider, now: provider.void(self.known(ref), now))


class ByKey:
    """A gateway to one that charges by key, whose faults its subclasses plant."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    @property
    def capabilities(self) -> Capabilities:
        return self.bank.provider.capabilities

    def same(self, request: Request, key: str) -> None:
        """A key is for one amount and source."""
        sent = (request.amount.micros, request.target.token)
        if any((made.micros, made.token) != sent for made in self.bank.provider.made if made.ref == key):
            raise RequestRejected("the key was used for something else")

    def charge(self, request: Request, key: str) -> Outcome:
        self.same(checked_source(request), key)
        return self.bank.asked(lambda provider, now: provider.charge(request, key, now))  # type: ignore[return-value]

    def find(self, reference: str) -> Outcome | None:
        return self.bank.asked(lambda provider, now: (provider, provider.find(reference, now)))
