"""Funding: sources, their order, what a charge tries, and warnings."""

import datetime
from collections.abc import Iterable
from datetime import UTC, date
from functools import partial
from typing import Any

import attrs

from licensebill import funding
from licensebill.funding import Attempts, Decline, Expiry, Funding, Source
from licensebill.terms import STANDARD, Purpose, RechargeLimits
from tests.examples import BANK, VISA
from tests.scenes import Scene
from tests.untyped import untyped

_DAY = date(2026, 12, 1)
_LATER = date(2029, 12, 1)  # the card has expired
_NOON = datetime.datetime(2026, 12, 1, 12, tzinfo=UTC)
_MC = attrs.evolve(VISA, id="mc", token="tok_mc", label="MasterCard", last_four="4444")
_OLD = attrs.evolve(_MC, id="old", token="tok_old", expiry=Expiry(2024, 2))
_BLOCKED = attrs.evolve(VISA, is_blocked=True)
_BOTH = Funding((VISA, BANK))
_THREE = Funding((VISA, BANK, _MC))
_CARD_NUMBER = "4111 1111 1111 1111"


def _card(**changed: Any) -> Source:
    """The card, fields as given."""
    card: Source = untyped(attrs.evolve)(VISA, **changed)
    return card


def _hours(*before: float, source: str = "visa") -> list[Decline]:
    """Declines of a source so many hours before noon."""
    return [Decline(source, _NOON - datetime.timedelta(hours=hours)) for hours in before]


def _tried(sources: Funding = _THREE, purpose: Purpose = Purpose.BILL, **changed: Any) -> Attempts:
    """The order of attempts, arguments as given."""
    given: dict[str, Any] = {"purpose": purpose, "on": _DAY}
    return funding.attempts(sources, **given | changed)


def _declined(*before: float, **limits: Any) -> Attempts:
    """The order of attempts after declines of the primary so many hours ago."""
    return _tried(declines=_hours(*before), at=_NOON, limits=RechargeLimits(**limits))


def _removed(source: str, sources: Funding = _BOTH, on: date = _DAY, in_use: Iterable[object] = ()) -> str:
    """What is left after a source is removed."""
    return _ranks(untyped(funding.remove)(sources, source, on=on, in_use=in_use))


def _ranks(sources: Funding) -> str:
    return ", ".join(f"{source.id}{' (blocked)' * source.is_blocked}" for source in sources.sources)


def _warned(*sources: Source, on: date = _DAY, **terms: Any) -> list[str]:
    """Warnings, each with its code, source and days."""
    found = funding.warnings(Funding(sources), on=on, terms=attrs.evolve(STANDARD.funding, **terms))
    return [f"{one.code.value}, {one.source}, {one.days_left}: {one}" for one in found]


_SOURCES: dict[str, Scene] = {
    "a source": lambda: VISA,
    "a source and its token": lambda: repr(VISA),
    "an expiry": lambda: [(Expiry(2024, 2), Expiry(2024, 2).last_day, Expiry(2024, 12).last_day)],
    "an expiry before 2000": lambda: Expiry(1999, 12),
    "an expiry in no month": lambda: Expiry(2024, 13),
    "an expiry in month 0": lambda: Expiry(2024, 0),
    "a last day": lambda: [VISA.last_day, BANK.last_day],
    "a token that is no text": lambda: _card(token=1),
    "a token of digits": lambda: _card(token="123456"),
    "a token of a card": lambda: _card(token=_CARD_NUMBER),
    "a token that is too long": lambda: _card(token="t" * 256),
    "a long token": lambda: len(_card(token="t" * 255).token),
    "last digits that are no text": lambda: _card(last_four=1111),
    "too few last digits": lambda: _card(last_four="111"),
    "last digits with a letter": lambda: _card(last_four="111x"),
    "last digits of another script": lambda: _card(last_four="١١١١"),
    "a card without expiry": lambda: _card(expiry=None),
    "a bank account with expiry": lambda: attrs.evolve(BANK, expiry=Expiry(2029, 11)),
    "a label with the rest of the number": lambda: _card(label="4111 1111 1111"),
    "a long label": lambda: len(_card(label="V" * 200).masked),
    "a hindrance": lambda: [
        funding.hindrance(source, on) for source in (VISA, _BLOCKED, BANK) for on in (date(2029, 11, 30), _LATER)
    ],
    "a hindrance of no source": lambda: untyped(funding.hindrance)("visa", _DAY),
    "a hindrance on no day": lambda: untyped(funding.hindrance)(VISA, _NOON),
    "what is valid": lambda: [_ranks(Funding(_THREE.valid(on))) for on in (_DAY, _LATER)],
    "no sources": lambda: Funding(()),
    "something else than a source": lambda: untyped(Funding)((VISA, "bank")),
    "an id twice": lambda: Funding((VISA, attrs.evolve(BANK, id="visa"))),
    "a token twice": lambda: Funding((VISA, attrs.evolve(BANK, token="tok_visa"))),
    "a source of an id": lambda: _THREE.source("bank"),
    "a source of no id": lambda: _THREE.source("amex"),
    "a source of something else": lambda: untyped(_THREE.source)(VISA),
}

_CHANGES: dict[str, Scene] = {
    "set up": lambda: _ranks(funding.setup(VISA, on=_DAY)),
    "set up with an expired source": lambda: funding.setup(_OLD, on=_DAY),
    "set up with a blocked source": lambda: funding.setup(_BLOCKED, on=_DAY),
    "added": lambda: _ranks(funding.add(_BOTH, _MC, on=_DAY)),
    "added, although expired": lambda: funding.add(_BOTH, _OLD, on=_DAY),
    "added under an id that is taken": lambda: funding.add(_BOTH, attrs.evolve(_MC, id="bank"), on=_DAY),
    "the primary removed": lambda: _removed("visa"),
    "another removed": lambda: _removed("bank"),
    "the primary removed, the next not valid": lambda: _removed("visa", Funding((VISA, _OLD, BANK, _MC))),
    "the primary removed, none valid": lambda: _removed("visa", Funding((_BLOCKED, _OLD, _MC)), _LATER),
    "an invalid one removed": lambda: _removed("old", Funding((VISA, _OLD))),
    "an unknown one removed": lambda: _removed("amex"),
    "one in use removed": lambda: _removed("bank", in_use=["amex", "bank"]),
    "one removed while another is in use": lambda: _removed("bank", in_use={"visa"}),
    "in use is a text": lambda: _removed("bank", in_use="bank"),
    "in use is no text": lambda: _removed("bank", in_use=[1]),
    "in use is a generator": lambda: _removed("bank", in_use=iter(())),
    "the only one removed": lambda: _removed("visa", Funding((VISA,))),
    "the only one removed, which is in use": lambda: _removed("visa", Funding((VISA,)), in_use=["visa"]),
    "the last valid one removed": lambda: _removed("bank", _BOTH, _LATER),
    "replaced": lambda: [funding.replace(_THREE, _card(label="New Visa"), on=_DAY).sources[0], VISA.masked],
    "the second replaced": lambda: [*funding.replace(_THREE, attrs.evolve(BANK, label="New Bank"), on=_DAY).sources],
    "an unknown one replaced": lambda: funding.replace(_BOTH, _MC, on=_DAY),
    "replaced by another kind": lambda: funding.replace(_BOTH, attrs.evolve(BANK, id="visa", token="t"), on=_DAY),
    "a bank account replaced by a card": lambda: funding.replace(_BOTH, attrs.evolve(_MC, id="bank"), on=_DAY),
    "replaced by a token that is taken": lambda: funding.replace(_BOTH, _card(token="tok_bank"), on=_DAY),
    "replaced by an expired one": lambda: funding.replace(_BOTH, attrs.evolve(_OLD, id="visa"), on=_DAY),
    "replaced by a blocked one": lambda: funding.replace(_BOTH, _BLOCKED, on=_DAY),
    "a blocked one replaced by itself": lambda: funding.replace(Funding((_BLOCKED,)), VISA, on=_DAY),
    "a blocked one renewed": lambda: _ranks(
        funding.replace(Funding((_BLOCKED,)), _card(expiry=Expiry(2030, 11)), on=_DAY)
    ),
    "a blocked one replaced": lambda: _ranks(funding.replace(Funding((_BLOCKED,)), _card(token="tok_new"), on=_DAY)),
    "made primary": lambda: _ranks(funding.make_primary(_THREE, "mc", on=_DAY)),
    "the primary made primary": lambda: _ranks(funding.make_primary(_THREE, "visa", on=_DAY)),
    "made primary, although expired": lambda: funding.make_primary(Funding((BANK, VISA)), "visa", on=_LATER),
    "made primary, although unknown": lambda: funding.make_primary(_THREE, "amex", on=_DAY),
    "blocked": lambda: _ranks(funding.block(_THREE, "bank")),
    "blocked by its token": lambda: _ranks(funding.block(_THREE, "visa", token="tok_visa")),
    "not blocked by another token": lambda: _ranks(funding.block(_THREE, "visa", token="tok_old")),
    "blocked by a token that is no text": lambda: untyped(funding.block)(_THREE, "visa", token=1),
    "blocked, although unknown": lambda: funding.block(_THREE, "amex"),
}

_ATTEMPTS: dict[str, Scene] = {
    "attempts": _tried,
    **{
        f"attempts for {purpose.value} with a source named": partial(_tried, purpose=purpose, named="mc")
        for purpose in Purpose
    },
    "attempts with the primary named": lambda: _tried(purpose=Purpose.MINUTES, named="visa"),
    "attempts with an unknown source named": lambda: _tried(purpose=Purpose.MINUTES, named="amex"),
    "attempts with something else named": lambda: _tried(purpose=Purpose.MINUTES, named=BANK),
    "attempts with what cannot be tried named": lambda: _tried(Funding((VISA, _OLD)), Purpose.SERVICE, named="old"),
    "attempts for nothing": lambda: untyped(_tried)(purpose="bill"),
    "attempts with what is not valid": lambda: _tried(Funding((_BLOCKED, _OLD))),
    "attempts of sources that are none": lambda: untyped(_tried)((VISA,)),
    "attempts on no day": lambda: _tried(on=_NOON),
    "attempts under no limits": lambda: _tried(limits=7),
    "attempts after a decline": lambda: _declined(0.5),
    "attempts after a decline a day ago": lambda: _declined(24).next_possible,
    "attempts after a decline a day ago but for a moment": lambda: _declined(23.9999).next_possible,
    "attempts after a decline to come": lambda: _declined(-1),
    "attempts after many declines": lambda: _declined(25, 50, 719, 721, declines=3),
    "attempts after as many declines, too long ago": lambda: _declined(25, 50, 720, declines=3).next_possible,
    "attempts after one decline in one day": lambda: _declined(1, declines=1, decline_days=1),
    "attempts after two declines a day": lambda: [
        _declined(*hours, declines_per_day=2).next_possible for hours in ((1,), (1, 2), (2, 24), (2, 23))
    ],
    "attempts after declines of two sources": lambda: (
        _tried(declines=[*_hours(2), *_hours(3, source="bank")], at=_NOON).next_possible
    ),
    "attempts after declines of no source": lambda: _tried(declines=_hours(1, source="amex"), at=_NOON).next_possible,
    "attempts after declines at no instant": lambda: _tried(declines=_hours(1)),
    "attempts at an instant without a time zone": lambda: _tried(at=_NOON.replace(tzinfo=None)),
    "attempts after something else": lambda: _tried(declines=[*_hours(1), "visa"], at=_NOON),
    "attempts after no declines": lambda: _tried(declines=1),
    "attempts after a decline at the end of the calendar": lambda: _tried(
        declines=[Decline("visa", datetime.datetime.max.replace(tzinfo=UTC))], at=_NOON
    ),
    "a decline without a time zone": lambda: Decline("visa", _NOON.replace(tzinfo=None)),
}

SCENES: dict[str, Scene] = {
    **_SOURCES,
    **_CHANGES,
    **_ATTEMPTS,
    "no warning": lambda: _warned(VISA, BANK),
    "no second source": lambda: _warned(BANK),
    "none valid": lambda: _warned(_OLD, _BLOCKED),
    "a source expires soon": lambda: _warned(VISA, BANK, on=date(2029, 10, 31)),
    "a source does not expire soon": lambda: _warned(VISA, BANK, on=date(2029, 10, 30)),
    "a source expires tomorrow": lambda: _warned(VISA, BANK, on=date(2029, 11, 29)),
    "a source expires today": lambda: _warned(VISA, BANK, on=date(2029, 11, 30)),
    "a source has expired": lambda: _warned(VISA, BANK, on=_LATER),
    "warned later": lambda: _warned(VISA, BANK, on=date(2029, 11, 28), expiry_warning_days=1),
}
