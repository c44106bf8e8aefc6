"""Importing the library costs little more than importing what it needs, and brings nothing optional."""

import json
import subprocess
import sys
from typing import Any

from tests.architecture.source import ROOT

_LIMIT = 1.5
_TRIES = 3


def _measured(runs: int) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "bench" / "imports.py"), "--json", "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_nothing_optional_comes_along() -> None:
    """Neither the root nor the bills, which import every rule, load a package that only an extra brings."""
    assert _measured(runs=1)["optional"] == {}


def test_import_is_at_most_half_as_dear_again() -> None:
    """The root takes at most 1.5 times what attrs and dateutil take; the best of three tries counts."""
    ratios = (_measured(runs=15)["ratio"]["licensebill"] for _ in range(_TRIES))
    assert any(ratio <= _LIMIT for ratio in ratios)
