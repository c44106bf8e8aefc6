"""What the type checker says about snippets of code that use the library, all of them in one run."""

import re
from collections.abc import Sequence
from pathlib import Path

from mypy import api

_SOURCE = Path(__file__).parents[2] / "src"
_ERROR = re.compile(r"^.*?:(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$")


def complaints(preamble: str, snippets: Sequence[str], folder: Path) -> dict[str, set[str]]:
    """The codes of mypy's errors, by snippet.

    Args:
        preamble: imports and names that all snippets share.
        snippets: code for one line each.
        folder: an empty one, for the module that is checked.
    """
    lines = [*preamble.splitlines(), *snippets]
    module = folder / "snippets.py"
    module.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = folder / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = true\nmypy_path = {_SOURCE}\n", encoding="utf-8")
    options = ["--config-file", str(config), "--no-pretty", "--show-error-codes", "--follow-imports=silent"]
    report, trouble, _ = api.run([*options, str(module)])
    if trouble:
        raise AssertionError(trouble)
    found: list[set[str]] = [set() for _ in lines]
    for line in filter(None, map(_ERROR.match, report.splitlines())):
        found[int(line["line"]) - 1].add(line["code"])
    return dict(zip(snippets, found[len(lines) - len(snippets) :], strict=True))
