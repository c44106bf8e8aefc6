"""Runs the examples of the documentation as tests: every ```python block of README.md and of the pages in docs.

A block with prompts (`>>>`) must print what the page says it prints; one without must run. The blocks of one page share
their names, from top to bottom. Docstring examples are pytest's own doctests: each stands alone.
"""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
).pytest()
