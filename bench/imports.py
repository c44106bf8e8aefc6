"""What `import licensebill` costs, beside the import of the two packages it needs.

    python bench/imports.py [--json] [--runs 15]

Every import happens in a process of its own, the candidates in turn, so that a busy minute hits all of them; medians
are reported. Also lists the optional packages that an import of the core drags in: there must be none.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

from timing import ratio

SOURCE = Path(__file__).parents[1] / "src"
NEEDED = "attrs, dateutil.relativedelta"
#: The root, which every caller imports, and the module that imports every rule.
CANDIDATES = [NEEDED, "licensebill", "licensebill.bills"]
#: What only the extras bring, under the names that would stand in `sys.modules`.
OPTIONAL = [
    *("cattrs", "cyclopts", "duckdb", "hypothesis", "jinja2", "narwhals", "numpy", "pandas"),
    *("polars", "psycopg", "pyarrow", "pydantic", "rich", "stripe", "tzdata", "weasyprint"),
]

_TIMED = """
import sys, time
sys.path.insert(0, {source!r})
started = time.perf_counter_ns()
import {names}
print(time.perf_counter_ns() - started, *(name for name in {optional} if name in sys.modules))
"""


class Measurement(TypedDict):
    """Medians over `runs` imports by candidate, their ratios to what is needed anyway, and what came uninvited."""

    runs: int
    milliseconds: dict[str, float]
    ratio: dict[str, float]
    optional: dict[str, list[str]]


def imported(names: str) -> tuple[int, list[str]]:
    """The nanoseconds an import takes in a fresh process, and the optional packages that came with it."""
    code = _TIMED.format(source=str(SOURCE), names=names, optional=OPTIONAL)
    # -I: neither the environment nor the folder we are in has a say
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    nanoseconds, *optional = done.stdout.split()
    return int(nanoseconds), optional


def measured(runs: int) -> Measurement:
    """Import every candidate once to fill the bytecode cache, then `runs` times in turn."""
    optional = {names: imported(names)[1] for names in CANDIDATES}
    times: dict[str, list[int]] = {names: [] for names in CANDIDATES}
    for _ in range(runs):
        for names in CANDIDATES:
            times[names].append(imported(names)[0])
    medians = {names: statistics.median(taken) for names, taken in times.items()}
    return {
        "runs": runs,
        "milliseconds": {names: round(median / 1e6, 2) for names, median in medians.items()},
        "ratio": {names: ratio(times[names], times[NEEDED]) for names in CANDIDATES},
        "optional": {names: found for names, found in optional.items() if found},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What `import licensebill` costs.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--runs", type=int, default=15, help="imports of each candidate")
    asked = parser.parse_args()
    result = measured(asked.runs)
    if asked.json:
        print(json.dumps(result))
        return
    for names, milliseconds in result["milliseconds"].items():
        print(f"{names:32} {milliseconds:8.2f} ms   {result['ratio'][names]:.2f} times")
    print("optional packages imported:", result["optional"] or "none")


if __name__ == "__main__":
    main()
