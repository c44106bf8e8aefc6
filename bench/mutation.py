"""How many wrong programs the tests tell from the right one: mutation testing of the rule modules, with mutmut.

    python bench/mutation.py --sample 100 --seed 1 [--modules 8] [--module storage ...] [--processes 2] [--json]
    python bench/mutation.py --all [--least 95]

mutmut makes mutants: copies of a function with one thing changed (`<` to `<=`, a number, an argument left out). One is
killed if a test fails, and survives if none does. All of it happens in copies of the tree, one for each module, that
are gone afterwards; the tree itself is never written to. Most of a small sample's time goes by before a module's first
mutant; `--modules` draws so many modules first, and the sample from these.

The tests of a module are the unit and property tests of its name, and of the module that passes its names on; and the
scenes, of what results and refusals say (`tests/scenes`). mutmut records which of them reach which function, and runs
for a mutant only those, the quick ones first, until one fails. Few examples are drawn for a property, and always the
same ones (HYPOTHESIS_PROFILE=brief). Each mutant is a fork of a process that has collected the tests and run none, so
that nothing is cached which another program computed.

Only what stands in functions is changed: no default, no table, no constant of a module. mutmut leaves functions with a
decorator alone; in the copy the properties are written as `name = property(name)`, and so are changed as well.

A mutant without tests is one that none of the module's own tests reach, and counts as one that survives. One that takes
too long counts as killed: `--patience` times as long as its tests took at first, by the clock; ask for more where other
programs take turns with this one. All that no test killed are printed with their differences. `--least` exits with 1 if
the score, in percent, is below.
"""

import argparse
import ast
import collections
import concurrent.futures
import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src", "licensebill")
MODULES = (
    *("licenses", "holdings", "assignments", "permissions", "schedules", "services", "ports", "traffic", "toll_free"),
    *("storage", "readings", "stored_items", "minutes", "usage", "simulation", "funding", "outcomes", "administration"),
    *("ledger", "pricing", "cycles", "money"),
)
KILLED = {"killed", "timeout"}

_SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = [{module}]
also_copy = ["README.md", "conftest.py", "docs", "examples"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
process_isolation = "forkserver"
use_git_change_detection = false
timeout_multiplier = {patience}
"""
#: As `mutmut run` does; `python -m mutmut` imports itself a second time.
_RUN = [sys.executable, "-c", "from mutmut.__main__ import cli; cli()", "run", "--max-children", "1"]


def path_of(module: str) -> Path:
    """Where a module stands in a tree."""
    return PACKAGE / f"{module}.py"


def tests_of(module: str) -> list[str]:
    """The test files of a module, and of the one that passes its names on."""
    passed_on = re.compile(rf"^from licensebill\.{module} import (\w+) as \1$", re.MULTILINE)
    above = [one for one in MODULES if passed_on.search((ROOT / path_of(one)).read_text(encoding="utf-8"))]
    files = [f"tests/{kind}/test_{name}.py" for name in (module, *above) for kind in ("unit", "property")]
    files.append("tests/unit/test_scenes.py")
    return [file for file in files if (ROOT / file).exists()]


def with_plain_properties(source: str) -> str:
    """The same module, its properties without decorators."""
    lines = source.splitlines(keepends=True)
    methods = [one for part in ast.parse(source).body if isinstance(part, ast.ClassDef) for one in part.body]
    for method in reversed(methods):
        match method:
            case ast.FunctionDef(decorator_list=[ast.Name(id="property" | "cached_property" as kind)]):
                lines.insert(method.end_lineno or 0, f"    {method.name} = {kind}({method.name})\n")
                del lines[method.decorator_list[0].lineno - 1]
    return "".join(lines)


@contextlib.contextmanager
def copied(folder: str | None) -> Iterator[None]:
    """Work in a copy of the tree that is ready to be changed."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        tree = Path(temporary) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "__pycache__", "mutants", "build", "dist"))
        for module in MODULES:
            file = tree / path_of(module)
            file.write_text(with_plain_properties(file.read_text(encoding="utf-8")), encoding="utf-8")
        with contextlib.chdir(tree):
            yield


def mutants_of(module: str) -> list[str]:
    """The names of a module's mutants; asked for in the copy."""
    from mutmut.mutation.file_mutation import mutate_file_contents  # noqa: PLC0415 - reads the settings it finds
    from mutmut.utils.format_utils import get_mutant_name  # noqa: PLC0415

    file = path_of(module)
    mutated = mutate_file_contents(str(file), file.read_text(encoding="utf-8"))
    return [get_mutant_name(file, name) for name in mutated.mutant_names]


@attrs.frozen
class Trial:
    """Some of a module's mutants, and how they are tried.

    Args:
        module: its name.
        names: of the mutants.
        patience: how many times as long as its tests one may take.
        folder: where the copy is made; None for the system's own.
    """

    module: str
    names: Sequence[str]
    patience: int
    folder: str | None

    def __call__(self) -> tuple[list[dict[str, str]], int]:
        """What became of each; and the seconds it took."""
        started = time.monotonic()
        with copied(self.folder):
            self._run()
            results = self._results()
        return results, round(time.monotonic() - started)

    def _run(self) -> None:
        settings = Path("pyproject.toml")
        mutated, tests = json.dumps(str(path_of(self.module))), json.dumps(tests_of(self.module))
        own = _SETTINGS.format(module=mutated, tests=tests, patience=self.patience)
        settings.write_text(settings.read_text(encoding="utf-8") + own, encoding="utf-8")
        environment = {**os.environ, "HYPOTHESIS_PROFILE": "brief"}
        done = subprocess.run([*_RUN, *self.names], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.module}: mutmut came to no end\n{done.stdout[-5000:]}{done.stderr[-5000:]}")

    def _results(self) -> list[dict[str, str]]:
        from mutmut.mutation.data import SourceFileMutationData  # noqa: PLC0415 - reads the settings it finds
        from mutmut.mutation.diff_apply import get_diff_for_mutant  # noqa: PLC0415
        from mutmut.stats import status_by_exit_code  # noqa: PLC0415

        file = path_of(self.module)
        data = SourceFileMutationData(path=file)
        data.load()
        codes = {name: data.exit_code_by_key[name] for name in self.names}
        if None in codes.values():
            raise RuntimeError(f"{self.module}: mutmut has left some out")
        return [
            {"mutant": name, "status": status_by_exit_code[code], "difference": get_diff_for_mutant(name, path=file)}
            for name, code in codes.items()
        ]


def score(results: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """How many were tried, what became of them, and the share that was killed, in percent."""
    counts = collections.Counter(one["status"] for one in results)
    killed = sum(counts[status] for status in KILLED)
    return {"tried": len(results), **counts, "score": round(100 * killed / len(results), 1)}


def drawn(modules: Sequence[str], sample: int | None, seed: int) -> tuple[dict[str, int], dict[str, list[str]]]:
    """The number of mutants by module; and those to be tried: all of them, or some."""
    with copied(None):
        every = {module: mutants_of(module) for module in modules}
    names = [(module, name) for module, found in every.items() for name in found]
    chosen = set(names if sample is None else random.Random(seed).sample(names, min(sample, len(names))))  # noqa: S311
    numbers = {module: len(found) for module, found in every.items()}
    return numbers, {module: [one for one in found if (module, one) in chosen] for module, found in every.items()}


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """Make the mutants, draw some of them, and try these, each module's by themselves."""
    modules = asked.module or MODULES
    if asked.modules is not None:
        modules = sorted(random.Random(asked.seed).sample(modules, min(asked.modules, len(modules))))  # noqa: S311
    numbers, names = drawn(modules, asked.sample, asked.seed)
    trials = [Trial(module, some, asked.patience, asked.folder) for module, some in names.items() if some]
    with concurrent.futures.ProcessPoolExecutor(asked.processes) as pool:
        done = dict(zip((trial.module for trial in trials), pool.map(Trial.__call__, trials), strict=True))
    together = [one for results, _ in done.values() for one in results]
    return {
        "mutants": sum(numbers.values()),
        "seed": None if asked.sample is None else asked.seed,
        **score(together),
        "modules": {
            module: {"mutants": numbers[module], **score(results), "seconds": seconds}
            for module, (results, seconds) in done.items()
        },
        "others": [one for one in together if one["status"] != "killed"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How many wrong programs the tests notice.")
    extent = parser.add_mutually_exclusive_group(required=True)
    extent.add_argument("--sample", type=int, help="try so many mutants, drawn from all")
    extent.add_argument("--all", action="store_true", help="try every mutant")
    parser.add_argument("--seed", type=int, default=1, help="draws another sample")
    parser.add_argument("--modules", type=int, help="draw so many modules, and the sample from their mutants")
    parser.add_argument("--module", action="append", choices=MODULES, help="only this one; may be given again")
    parser.add_argument("--patience", type=int, default=15, help="how many times as long as its tests one may take")
    parser.add_argument("--processes", type=int, default=1, help="how many modules are tried at once")
    parser.add_argument("--least", type=float, default=0, help="exit with 1 if the score is below")
    parser.add_argument("--json", action="store_true", help="print JSON on one line")
    parser.add_argument("--folder", help="where the copy is made, instead of the system's folder for such")
    asked = parser.parse_args()
    for name in ("sample", "modules"):
        if getattr(asked, name) is not None and getattr(asked, name) < 1:
            parser.error(f"--{name} must be at least 1")
    result = measured(asked)
    if asked.json:
        print(json.dumps(result))
    else:
        for one in result["others"]:
            print(f"{one['mutant']}: {one['status']}\n{one['difference']}\n")
        together = {what: figure for what, figure in result.items() if what not in {"modules", "others"}}
        for name, counts in {**result["modules"], "together": together}.items():
            print(f"{name:15}", ", ".join(f"{what} {count}" for what, count in counts.items()))
    sys.exit(result["score"] < asked.least)


if __name__ == "__main__":
    main()
