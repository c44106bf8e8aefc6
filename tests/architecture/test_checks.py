"""The checks that are tools of their own, so that one command runs everything: layers, types, style, dependencies."""

import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT

CHECKS = {
    "imports": ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"],
    "types": ["-m", "mypy"],
    "style": ["-m", "ruff", "check", "--no-cache", "."],
    "format": ["-m", "ruff", "format", "--no-cache", "--check", "."],
    "dependencies": ["-m", "deptry", "src"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_check_finds_nothing(check: str) -> None:
    """The check, run as from the command line with the settings of pyproject.toml, is content."""
    paths = os.pathsep.join(["src", os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *CHECKS[check]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
