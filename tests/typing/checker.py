"""What the type checker says about snippets of code that use the library, all of them in one run."""

import re
from collections.abc import Sequence
from pathlib import Path

from mypy import api

_SOURCE = Path(__file__).parents[2] / "src"
_ERROR = re.compile(r"^.*?:(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$")


def complaints(preamble: str, snippets: Sequence[str], folder: Path) -> list[set[str]]:
    """The codes of mypy's errors for each snippet, in their order.

    Args:
        preamble: imports and names that all snippets share; without fault.
        snippets: code, each of one line or more.
        folder: an empty one, for the module that is checked.
    """
    parts = [preamble, *snippets]
    part_of = [number for number, part in enumerate(parts) for _ in part.splitlines()]
    module = folder / "snippets.py"
    module.write_text("".join(f"{line}\n" for part in parts for line in part.splitlines()), encoding="utf-8")
    config = folder / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = true\nmypy_path = {_SOURCE}\n", encoding="utf-8")
    options = ["--config-file", str(config), "--no-pretty", "--show-error-codes", "--follow-imports=silent"]
    report, trouble, _ = api.run([*options, str(module)])
    if trouble:
        raise AssertionError(trouble)
    found: list[set[str]] = [set() for _ in parts]
    for line in filter(None, map(_ERROR.match, report.splitlines())):
        found[part_of[int(line["line"]) - 1]].add(line["code"])
    if found[0]:
        raise AssertionError(report)
    return found[1:]
