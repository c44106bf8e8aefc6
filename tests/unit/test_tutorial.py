"""The tutorial: a reader who does what it says, in an empty folder and from top to bottom, sees what it shows."""

import doctest
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commanding import ROOT, said

pytest.importorskip("stripe")

PAGE = ROOT / "docs" / "tutorial.md"
BLOCKS = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def typed(block: str) -> str:
    """What the commands of a block print, each below its line."""
    shown = ""
    for line in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        program, *arguments = shlex.split(line)
        if program == "licensebill":
            done = said(*arguments)
            assert (done.code, done.err) == (0, ""), line
            shown += f"$ {line}\n{done.out}"
        else:
            subprocess.run(line, shell=True, check=True)  # noqa: S602 - of our own page
            shown += f"$ {line}\n"
    return shown


def evaluated(block: str, names: dict[str, Any]) -> doctest.TestResults:
    """How the examples of a block went, as typed into one interpreter after the other."""
    test = doctest.DocTestParser().get_doctest(block, {}, PAGE.name, str(PAGE), 0)
    test.globs = names  # the parser copies them
    return doctest.DocTestRunner().run(test, clear_globs=False)


def test_every_step_shows_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, commands typed and Python evaluated in the order of the page."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    seen = []
    for language, block in BLOCKS.findall(PAGE.read_text(encoding="utf-8")):
        seen.append(language)
        if language == "toml":
            (tmp_path / "harbor.toml").write_text(block, encoding="utf-8")
        elif language == "python":
            assert evaluated(block, names).failed == 0
        elif "$ " in block:
            assert typed(block) == block
    assert set(seen) == {"console", "toml", "python"}
