"""The laws of the integer formulas hold for every number: CrossHair confirms them, and refutes each planted fault."""

import ast
import inspect
import json
import os
import subprocess
import sys

from tests.architecture.source import CORE, ROOT
from tests.proofs import contracts
from tests.proofs.faults import FAULTS


def test_every_contract_is_proved_and_could_have_failed() -> None:
    """Each is confirmed over all paths, which is more than that no counterexample was found; with a fault it is not."""
    paths = os.pathsep.join(["src", os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        [sys.executable, "-m", "tests.proofs", "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    verdicts = {result["contract"]: (result["verdict"], result["broken"]) for result in results}
    assert verdicts == {contract.__name__: ("confirmed", "refuted") for contract in FAULTS}, done.stdout + done.stderr
    assert done.returncode == 0


def test_every_contract_has_a_fault() -> None:
    """None stands there without having been seen to fail."""
    written = {
        one for _, one in inspect.getmembers(contracts, inspect.isfunction) if one.__module__ == contracts.__name__
    }
    assert written == set(FAULTS)


def test_every_formula_for_ints_and_columns_has_a_contract() -> None:
    """A function that is bare arithmetic, by its own words, has a contract of its name."""
    formulas = {
        function.name
        for module in CORE
        for function in module.public_functions()
        if "columns alike" in (ast.get_docstring(function) or "")
    }
    assert formulas <= {contract.__name__ for contract in FAULTS}
    assert len(formulas) == 13
