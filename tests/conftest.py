"""How hard Hypothesis looks, and what the run says about itself.

`HYPOTHESIS_PROFILE=ci` takes the same examples every time, `brief` few of them, `thorough` very many.
"""

import importlib.metadata
import os

from hypothesis import HealthCheck, settings

from tests.servers import availability
from tests.servers import postgres as postgres

# A busy machine is slow to generate; that says nothing about the code.
_SLOW_IS_FINE = [HealthCheck.too_slow]

settings.register_profile("default", deadline=None, max_examples=100, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=20)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_report_header() -> list[str]:
    """The versions of what the library computes with, and which server its stores are tested with."""
    shown = ("attrs", "python-dateutil", "hypothesis", "cattrs", "cyclopts", "rich", "tzdata")
    return ["with " + ", ".join(f"{name} {_version(name)}" for name in shown), availability()]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
