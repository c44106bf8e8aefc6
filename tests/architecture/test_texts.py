"""What must not stand in any file that is handed on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

_FOLDERS = ("src", "tests", "docs", "examples", "bench", ".ci")
_SUFFIXES = {".py", ".md", ".toml", ".txt", ".json", ".csv", ".yml", ".cfg", ""}

#: Character classes keep the patterns from finding themselves.
_MARKS = re.compile(r"\b(?:TOD[O]|FIXM[E]|NotImplemented[E]rror)\b|\bXX[X]:")
_PLACES = re.compile(r"(?<![\w.])/(?:home|root|tm[p]|Users|work|farm|var/folders)/|\b[A-Z]:\\")
#: In capitals: docs/charging.md is a page of ours.
_DESK = re.compile(
    r"(?-i:\bRULES[.]md|\bDESIGN[.]md|\bCHARGING[.]md)|[c]o-authored-by|\b[l]anguage model", re.IGNORECASE
)


def texts() -> Iterator[Path]:
    """Every text file of the project."""
    yield from (
        path
        for path in sorted(ROOT.iterdir())
        if path.is_file() and path.suffix in _SUFFIXES and not path.name.startswith(".coverage")
    )
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in _SUFFIXES and not _is_produced(path.relative_to(ROOT)):
                yield path


def _is_produced(path: Path) -> bool:
    return any(part in {"__pycache__", "_build"} or part.startswith("venv") for part in path.parts)


def found(pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern stands, as `file:line: what`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_marked_unfinished() -> None:
    """What is not done is not there; a plan belongs in the changelog or nowhere."""
    assert found(_MARKS) == []


def test_no_path_of_one_machine() -> None:
    """Nothing works on its author's machine only."""
    assert found(_PLACES) == []


def test_nothing_refers_to_the_authors_desk() -> None:
    """Readers find every page that is named, and nothing about how the text came about."""
    assert found(_DESK) == []


@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        (_MARKS, "# TO" + "DO: later"),
        (_PLACES, "open('/ho" + "me/me/bill.json')"),
        (_PLACES, "C:" + "\\bills"),
        (_DESK, "see RULES" + ".md"),
    ],
)
def test_planted_faults_are_found(pattern: re.Pattern[str], planted: str) -> None:
    """Each pattern finds what it is for."""
    assert pattern.search(planted)
