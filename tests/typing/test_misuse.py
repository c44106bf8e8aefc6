"""The tables of this folder: what must not type-check, and what must. Each table is read in one run of the checker."""

import functools
from collections.abc import Callable, Mapping
from types import ModuleType

import pytest

from tests.typing import charges, documents, laws, money, protocols, quantities
from tests.typing.checker import complaints

Found = Callable[[ModuleType], Mapping[str, set[str]]]

TABLES = {
    "money": money,
    "quantities": quantities,
    "charges": charges,
    "protocols": protocols,
    "documents": documents,
    "laws": laws,
}


def _id(name: str, snippet: str) -> str:
    return f"{name}: {snippet.splitlines()[0]}"


MISUSES = [
    pytest.param(table, snippet, code, id=_id(name, snippet))
    for name, table in TABLES.items()
    for snippet, code in table.MISUSES.items()
]
USES = [pytest.param(table, snippet, id=_id(name, snippet)) for name, table in TABLES.items() for snippet in table.USES]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What the checker says of every snippet of a table."""

    @functools.cache
    def of(table: ModuleType) -> Mapping[str, set[str]]:
        snippets = [*table.MISUSES, *table.USES]
        return dict(zip(snippets, complaints(table.PREAMBLE, snippets, tmp_path_factory.mktemp("typing")), strict=True))

    return of


@pytest.mark.parametrize(("table", "snippet", "code"), MISUSES)
def test_misuse(found: Found, table: ModuleType, snippet: str, code: str) -> None:
    """What has no meaning is refused before it runs."""
    assert found(table)[snippet] == {code}


@pytest.mark.parametrize(("table", "snippet"), USES)
def test_use(found: Found, table: ModuleType, snippet: str) -> None:
    """What has a meaning is accepted, and its type is known."""
    assert found(table)[snippet] == set()
