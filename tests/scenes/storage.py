"""Storage: fees, what a step less takes, advice, uploads and the next step."""

import datetime
from datetime import UTC, date
from functools import partial

import attrs

from licensebill import storage
from licensebill.money import Money
from licensebill.readings import growth
from licensebill.stored_items import ItemKind, data_list, stored_item
from licensebill.terms import STANDARD, ByteUnits, StorageBasis, StorageTerms
from tests.examples import reading, usd
from tests.scenes import Scene
from tests.untyped import untyped

_TERMS = STANDARD.storage
_BINARY = attrs.evolve(_TERMS, units=ByteUnits.BINARY)
_EXCESS = attrs.evolve(_TERMS, basis=StorageBasis.ON_EXCESS)
_FREE = attrs.evolve(_TERMS, fee=usd("0.00"))
_DEAR = attrs.evolve(_TERMS, fee=usd("1000000.00"))
_YEN = attrs.evolve(_TERMS, fee=Money.parse("3000", "JPY"))
_ALIKE = attrs.evolve(_TERMS, user_megabytes=0)
_ONE = attrs.evolve(_TERMS, included_users=1)
_START = datetime.datetime(2026, 12, 1, tzinfo=UTC)
_ITEMS = (
    stored_item("May 2025", ItemKind.RECORDING, 120_000_000, in_use=False),
    stored_item("logo", ItemKind.FILE, 5_000_000, in_use=False),
    data_list("leads", names=500_000, due=10_000, bytes=200_000_000),
    stored_item("old notes", ItemKind.UNUSED_DATABASE_INFORMATION, 30_000_000, in_use=False),
)
_BELOW = partial(storage.monthly_fee, used=350_000_000, users=8)
_FIRST = partial(storage.monthly_fee, used=500_000_000, users=8)
_SECOND = partial(storage.monthly_fee, used=1_200_000_000, users=8)


def _upload(used: int, upload: int, terms: StorageTerms = _TERMS) -> storage.UploadQuote:
    """The quote of an upload, with eight users."""
    return storage.before_upload(used=used, upload=upload, users=8, terms=terms)


def _step(before: int, now: int, *, users: int = 8, terms: StorageTerms = _TERMS) -> storage.NextStep:
    """The next step after two readings, thirty days apart."""
    given = [reading(before, date(2026, 11, 1)), reading(now)]
    return storage.next_step(growth(given, at=_START, terms=terms), users=users)


SCENES: dict[str, Scene] = {
    "an allowance": lambda: storage.allowance(6),
    "an allowance of the included users": lambda: storage.allowance(5).explanation().because,
    "an allowance for one user": lambda: storage.allowance(2, _ONE),
    "more users than bytes": lambda: storage.allowance(2**62),
    "a fee": lambda: storage.monthly_fee(used=1_200_000_000, users=8, reading=reading(1_200_000_000)),
    "a fee in binary units": lambda: storage.monthly_fee(used=1_200_000_000, users=8, terms=_BINARY),
    "a fee on the excess": lambda: storage.monthly_fee(used=1_200_000_000, users=8, terms=_EXCESS),
    "a fee in yen": lambda: storage.monthly_fee(used=1_200_000_000, users=8, terms=_YEN),
    "no fee": lambda: storage.monthly_fee(used=250_000_000, users=1),
    "no fee on the excess": lambda: _BELOW(terms=_EXCESS),
    "nothing used": lambda: storage.monthly_fee(used=0, users=0),
    "another reading": lambda: _FIRST(reading=reading(1_200_000_000)),
    "a fee beyond all money": lambda: storage.monthly_fee(used=2**62, users=0, terms=_DEAR),
    "every policy side by side": lambda: [
        (*map(str, policies), fee.amount, fee.room)
        for policies, fee in storage.side_by_side(used=1_200_000_000, users=8).items()
    ],
    "room": lambda: [fee.room for fee in (_BELOW(), _FIRST(), _SECOND(), _SECOND(terms=_EXCESS))],
    "reductions to nothing": lambda: storage.reductions(_FIRST()),
    "reductions by a step": lambda: storage.reductions(_SECOND()),
    "reductions by a step on the excess": lambda: storage.reductions(_SECOND(used=2_400_000_000, terms=_EXCESS)),
    "reductions in binary units": lambda: storage.reductions(_SECOND(used=1400 * 2**20, terms=_BINARY)),
    "reductions of a reading": lambda: storage.reductions(_FIRST(reading=reading(500_000_000))).one_step_less,
    "reductions to a large allowance": lambda: storage.reductions(_SECOND(users=23)),
    "reductions of no fee": lambda: storage.reductions(_BELOW()),
    "reductions where a gigabyte is free": lambda: storage.reductions(_SECOND(terms=_FREE)),
    "one step less": lambda: [storage.reductions(fee()).one_step_less for fee in (_FIRST, _SECOND)],
    "advice": lambda: storage.advice(_SECOND(), _ITEMS),
    "advice without items": lambda: storage.advice(_FIRST()),
    "advice for the first step": lambda: storage.advice(_FIRST(), _ITEMS[:1]),
    "advice where nothing may be freed": lambda: storage.advice(_FIRST(), [attrs.evolve(_ITEMS[0], freeable=0)]),
    "advice without a fee": lambda: storage.advice(_BELOW(), _ITEMS),
    "advice without a fee in binary units": lambda: storage.advice(_BELOW(used=350 * 2**20, terms=_BINARY)),
    "advice on something else": lambda: untyped(storage.advice)(_FIRST(), [*_ITEMS, "a file"]),
    "an upload that fits": lambda: _upload(350_000_000, 50_000_000),
    "an upload that does not fit": lambda: _upload(350_000_000, 50_000_001),
    "an upload in binary units": lambda: _upload(350 * 2**20, 2**30, _BINARY),
    "an upload of nothing": lambda: _upload(350_000_000, 0).reason,
    "an upload after a reading": lambda: storage.UploadQuote(_FIRST(reading=reading(500_000_000)), 600_000_000),
    "an upload beyond all bytes": lambda: _upload(1, 2**63 - 1),
    "the largest upload": lambda: _upload(1, 2**63 - 2).extra,
    "the next step": lambda: _step(200_000_000, 350_000_000),
    "the next step of a gigabyte": lambda: _step(200_000_000, 500_000_000),
    "the next step on the excess": lambda: _step(200_000_000, 500_000_000, terms=_EXCESS),
    "the next step in binary units": lambda: _step(200 * 2**20, 350 * 2**20, terms=_BINARY),
    "the next step to two gigabytes at once": lambda: _step(200_000_000, 350_000_000, users=25),
    "no growth": lambda: _step(200_000_000, 200_000_000),
    "less and less": lambda: _step(350_000_000, 200_000_000),
    "a step beyond the calendar": lambda: _step(200_000_000, 200_000_001),
    "the day of the next step": lambda: [_step(200_000_000, 350_000_000).day(), _step(0, 0).day(), _step(0, 1).day()],
    "many users for a step": lambda: _step(0, 1, users=2**62, terms=_ALIKE).amount,
    "more users than bytes for a step": lambda: _step(0, 1, users=2**62),
}
