"""The measurements of bench/ run, and what they measure beside the library computes the same; not how fast."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.architecture.source import ROOT


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """What a trial prints."""
    command = [sys.executable, str(ROOT / "bench" / "scalar.py"), "--json", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_every_ratio_is_there(measured: dict[str, Any]) -> None:
    """Part by part; py-moneyed is not needed to run the tests."""
    ratios = {
        "addition": ["of_moneyed"],
        "bill": ["of_ints", "of_decimals"],
        "explanations": ["built", "asked_of_unasked"],
        "growth": ["assignment", "table", "bill"],
        "usage_file": ["amounts", "calls"],
    }
    assert {part: [name for name in names if name in measured[part]] for part, names in ratios.items()} == ratios
    assert measured.keys() == ratios.keys()


def test_library_and_peers_compute_the_bill(measured: dict[str, Any]) -> None:
    """A trial ends at the first figure that differs; the ones they agree on are worked out by hand."""
    licenses = [99_000, 7_000, 8_000, 1_500]  # 10 by the floor at 99.00, 2 at 35.00, 4 at 20.00, 3 at 5.00
    fee = 6_000  # 1.2 gigabytes are two started
    # 30 times 4.285714 and 465 micros are 128.571885: 14 days of it are 60.000213, seven 30.0001065
    recharge, reserve, is_due = 6_000, 3_000, False
    assert measured["bill"]["figures"] == [*licenses, fee, 121_500, recharge, reserve, is_due]


def test_a_bill_builds_no_explanation(measured: dict[str, Any]) -> None:
    """Only who asks for one pays for it."""
    built = measured["explanations"]["built"]
    assert built["unasked"] == 0
    assert built["asked"] > 0
