"""Every figure is the same wherever it is computed: in any time zone, locale, decimal context, under any hash seed."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.architecture.source import CORE, ROOT

FINGERPRINT = str(ROOT / "tests" / "hostile" / "fingerprint.py")

#: Arguments for Python, arguments for the script, and variables.
ENVIRONMENTS: dict[str, tuple[list[str], list[str], dict[str, str]]] = {
    "hash seed 0": ([], [], {"PYTHONHASHSEED": "0"}),
    "hash seed 1": ([], [], {"PYTHONHASHSEED": "1"}),
    "random hash seed": ([], [], {"PYTHONHASHSEED": "random"}),
    "without assertions": (["-O"], [], {}),
    "development mode": (["-X", "dev", "-W", "error"], [], {}),
    "decimal context that fails": ([], ["--decimal"], {}),
    "short numbers only": (["-X", "int_max_str_digits=640"], [], {}),
    "zone with daylight saving": ([], [], {"TZ": "America/New_York"}),
    "zone across the date line": ([], [], {"TZ": "Pacific/Kiritimati"}),
    "zone that does not exist": ([], [], {"TZ": "Nowhere/Nothing"}),
    "Turkish": ([], [], {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}),
    "no language": ([], [], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
}

#: Embedding applications are pinned to either; all other tests run with the one that is installed.
DATEUTIL = {"2.9.0", "4.0.0"} - {importlib.metadata.version("python-dateutil")}


def run(*command: str, first: str = "", variables: Mapping[str, str] | None = None) -> str:
    """What a fresh Python prints; it must succeed. Packages in the folder `first` go before what is installed."""
    path = os.pathsep.join([*([first] if first else []), "src", "."])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **(variables or {})}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def usual() -> list[str]:
    """The fingerprint of an ordinary run."""
    return run(FINGERPRINT).splitlines()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_figures_do_not_depend_on_the_environment(environment: str, usual: list[str]) -> None:
    """Nothing outside the arguments has a say in any figure."""
    python, script, variables = ENVIRONMENTS[environment]
    assert run(*python, FINGERPRINT, *script, variables=variables).splitlines() == usual


def test_computing_touches_nothing(usual: list[str]) -> None:
    """While the core computes, nothing is opened, imported, connected, started or asked of the system."""
    assert run(FINGERPRINT, "--audit").splitlines() == usual


@pytest.fixture(scope="module", params=sorted(DATEUTIL))
def dateutil(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder that holds another version of python-dateutil; left out where no package index answers."""
    folder = tmp_path_factory.mktemp("dateutil")
    command = ["-m", "pip", "install", "--quiet", "--target", str(folder), f"python-dateutil=={request.param}"]
    unpinned = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    done = subprocess.run([sys.executable, *command], env=unpinned, capture_output=True, text=True, check=False)
    if done.returncode:
        assert "CI" not in os.environ, done.stderr
        pytest.skip(f"python-dateutil {request.param} cannot be installed here")
    found = run("-c", "import importlib.metadata as m; print(m.version('python-dateutil'))", first=str(folder))
    assert found.strip() == request.param
    return str(folder)


def test_figures_do_not_depend_on_the_version_of_dateutil(dateutil: str, usual: list[str]) -> None:
    """The versions that applications are pinned to give the same figures."""
    assert run(FINGERPRINT, first=dateutil).splitlines() == usual


def test_laws_of_dates_hold_under_any_version_of_dateutil(dateutil: str) -> None:
    """The unit and property tests of every module that imports dateutil pass with the other version."""
    using = [module.name for module in CORE if "dateutil" in module.text]
    wanted = [Path("tests") / kind / f"test_{name}.py" for kind in ("unit", "property") for name in using]
    tests = [str(path) for path in wanted if (ROOT / path).exists()]
    assert tests
    run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests, first=dateutil)
