"""Storage: fees, what a step less takes, uploads and the next step."""

import attrs

from licensebill import storage
from licensebill.terms import STANDARD, ByteUnits, StorageBasis
from tests.examples import reading
from tests.scenes import Scene

_TERMS = STANDARD.storage
_BINARY = attrs.evolve(_TERMS, units=ByteUnits.BINARY)
_EXCESS = attrs.evolve(_TERMS, basis=StorageBasis.ON_EXCESS)

SCENES: dict[str, Scene] = {
    "a fee": lambda: storage.monthly_fee(used=1_200_000_000, users=8, reading=reading(1_200_000_000)),
    "a fee in binary units": lambda: storage.monthly_fee(used=1_200_000_000, users=8, terms=_BINARY),
    "a fee on the excess": lambda: storage.monthly_fee(used=1_200_000_000, users=8, terms=_EXCESS),
    "no fee": lambda: storage.monthly_fee(used=250_000_000, users=1),
    "nothing used": lambda: storage.monthly_fee(used=0, users=0),
}
