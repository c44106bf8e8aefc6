"""Runs the examples of the documentation as tests: every ```python block of README.md and of the pages in docs.

A block with prompts (`>>>`) must print what the page says it prints; one without must run. The blocks of one page share
their names, from top to bottom; where they are shared among processes, each process runs those above its own first.
Docstring examples are pytest's own doctests: each stands alone.
"""

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    excludes=["docs/tutorial.md"],  # in a folder of its own: tests/unit/test_tutorial.py
).pytest()

#: Sphinx reads it, when the site is built.
collect_ignore = ["docs/conf.py"]

#: The blocks that have run in this process, or are about to.
_run: set[object] = set()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run the blocks above a block that have not run here."""
    if not isinstance(item, SybilItem):
        return
    mine = item.example.region
    for example in item.example.document.examples():
        if example.region is mine:
            break
        if example.region not in _run:
            _run.add(example.region)
            example.evaluate()
    _run.add(mine)
