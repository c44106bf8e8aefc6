"""What is said where an optional package is not installed."""

import subprocess
import sys

import pytest

from licensebill._extras import extra
from tests.commanding import ROOT


def without(package: str, program: str) -> "subprocess.CompletedProcess[str]":
    """A program in an interpreter that cannot find a package."""
    blocked = f"import sys; sys.modules[{package!r}] = None; sys.path.insert(0, {str(ROOT / 'src')!r})"
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"{blocked}\n{program}"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("module", "package", "name"),
    [
        ("codec", "cattrs", "json"),
        ("documents", "cattrs", "json"),
        ("schemas", "cattrs", "json"),
        ("adapters.sqlite", "cattrs", "json"),
        ("adapters.postgres", "psycopg", "postgres"),
        ("adapters.stripe", "stripe", "stripe"),
        ("strategies", "hypothesis", "testing"),
        ("testing.machines", "hypothesis", "testing"),
        ("cli", "cyclopts", "cli"),
    ],
)
def test_an_import_names_the_extra(module: str, package: str, name: str) -> None:
    """In the last line, which is what people read; programs find the package's name as ever."""
    done = without(package, f"import licensebill.{module}")
    told = f"{package} is not installed; it comes with: pip install 'licensebill[{name}]'"
    assert done.stderr.splitlines()[-1:] == [f"ModuleNotFoundError: {told}"]


def test_the_command_says_what_it_needs() -> None:
    """With 2, and without a traceback."""
    done = without("cyclopts", "import sys; sys.argv[1:] = ['--help']; from licensebill.__main__ import main; main()")
    told = "licensebill: cyclopts is not installed; it comes with: pip install 'licensebill[cli]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


def test_the_error_keeps_the_name_of_what_is_missing() -> None:
    """Of a module within a package it names the package."""
    with pytest.raises(ModuleNotFoundError, match=r"^nowhere is not installed") as missing, extra("json"):
        raise ModuleNotFoundError(name="nowhere.inside")
    assert missing.value.name == "nowhere.inside"


def test_other_errors_pass() -> None:
    """A package that is there and broken says so itself."""
    with pytest.raises(ImportError, match=r"^broken$"), extra("json"):
        raise ImportError("broken")
