"""Has CrossHair prove each contract, and refute it once its formula is replaced by a wrong one.

    python -m tests.proofs [--json] [CONTRACT ...]

Prints what became of each contract: "confirmed" over all paths, "refuted" with the numbers that break it, or "open" if
the search came to no end; and the same of each with its planted fault, which must be refuted. Exits 1 otherwise. A
search may take so many seconds of the processor's, so that a busy machine takes longer and finds the same.
"""

import argparse
import json
import sys
from collections.abc import Callable
from unittest import mock

from crosshair.core_and_libs import analyze_function, run_checkables
from crosshair.options import AnalysisKind, AnalysisOptionSet
from crosshair.statespace import MessageType

from tests.proofs.faults import FAULTS

#: For one search; most take a second or two.
_SECONDS = 30
_OPTIONS = AnalysisOptionSet(
    analysis_kind=[AnalysisKind.asserts], report_all=True, per_condition_timeout=_SECONDS, per_path_timeout=_SECONDS
)
_CONTRACTS = {contract.__name__: contract for contract in FAULTS}
_TOLD = "{contract}: {verdict}\n    {fault}: {broken}; {sight}"


def verdict(contract: Callable[..., None]) -> tuple[str, str]:
    """What a search for numbers that break the contract came to, and CrossHair's words for it."""
    found = [*run_checkables(analyze_function(contract, _OPTIONS))]
    states, words = {message.state for message in found}, "; ".join(message.message for message in found)
    if states == {MessageType.CONFIRMED}:
        return "confirmed", words
    return "refuted" if MessageType.EXEC_ERR in states else "open", words


def judged(name: str) -> dict[str, str]:
    """A contract, as it stands and with its planted fault."""
    contract = _CONTRACTS[name]
    fault = FAULTS[contract]
    kept, words = verdict(contract)
    with mock.patch(f"licensebill.{fault.place}", fault.formula):
        broken, sight = verdict(contract)
    return {"contract": name, "verdict": kept, "words": words, "fault": fault.what, "broken": broken, "sight": sight}


def main() -> int:
    """Judge and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description="Proves the integer formulas.")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each contract")
    parser.add_argument("contracts", nargs="*", metavar="CONTRACT", help="only these")
    asked = parser.parse_args()
    proved = True
    for name in asked.contracts or _CONTRACTS:
        result = judged(name)
        proved = proved and (result["verdict"], result["broken"]) == ("confirmed", "refuted")
        print(json.dumps(result) if asked.json else _TOLD.format(**result), flush=True)
    return 0 if proved else 1


if __name__ == "__main__":
    sys.exit(main())
