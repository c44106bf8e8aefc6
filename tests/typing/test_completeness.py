"""The type of everything that the package shows is written down, so that every checker reads the same."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import EVERYTHING, PACKAGE


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What pyright says of this tree's package, with the other packages that this Python has."""
    # pyright imports as the first `python` of the path would; its own variables may tell it to download another pyright
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYRIGHT_")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    environment["PYTHONPATH"] = str(PACKAGE.parent)
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--verifytypes", "licensebill", "--ignoreexternal", "--outputjson"],
        cwd=tmp_path_factory.mktemp("completeness"),  # where no settings are found
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    judged: dict[str, Any] = json.loads(done.stdout)["typeCompleteness"]
    return judged


def test_this_tree_is_judged(found: dict[str, Any]) -> None:
    """Every public module is, and no other installation of the package."""
    assert Path(found["packageRootDirectory"]) == PACKAGE
    public = {module.imported_as for module in EVERYTHING if module.is_public}
    assert {module["name"] for module in found["modules"]} == public


def test_every_type_is_written_down(found: dict[str, Any]) -> None:
    """Nothing public is left to a checker's inference, which may differ from another's."""
    public = [symbol for symbol in found["symbols"] if symbol["isExported"]]
    unknown = [symbol for symbol in public if symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"]]
    told = [f"{symbol['name']}: {fault['message']}" for symbol in unknown for fault in symbol["diagnostics"]]
    assert (told, found["completenessScore"]) == ([], 1)
