"""What every public function of the core says of -1 in place of an argument, and of a naive datetime for an instant.

One scene for each function, one line for each argument; the other arguments are those of a call that succeeds.
"""

import datetime
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.architecture.source import CORE
from tests.hostile.entries import ENTRIES, Entry
from tests.hostile.test_bad_input import LABELS, tried
from tests.scenes import Scene, said

_CORE = {module.name for module in CORE}
_NAIVE = datetime.datetime(2026, 12, 1)  # noqa: DTZ001 - that is what is wrong with it


def _scene(entry: Entry) -> list[str]:
    return [
        f"{argument}={value!r}: {said(partial(_told, entry, argument, value))}" for argument, value in _wrong(entry)
    ]


def _wrong(entry: Entry) -> Iterator[tuple[str, Any]]:
    for argument, hint in entry.hints.items():
        if argument not in {"self", *LABELS}:
            yield argument, -1
            if "datetime.datetime" in str(hint):
                yield argument, _NAIVE


def _told(entry: Entry, argument: str, value: object) -> str:
    refused, _ = tried(entry, argument, value)
    if refused is None:
        return "is accepted"
    raise refused


SCENES: dict[str, Scene] = {
    name: partial(_scene, entry) for name, entry in ENTRIES.items() if name.split(".")[0] in _CORE
}
