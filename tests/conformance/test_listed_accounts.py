"""Every store in SQL lists all accounts, for those who look after them: due or not, and a page at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from licensebill.adapters.sqlite import Sqlite
from licensebill.errors import InvalidValue
from licensebill.protocols import VersionConflict
from licensebill.testing.stores import NOON, sample_events
from tests.conformance.databases import emptied


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sqlite]:
    """An empty store; whichever it is, it has the methods of the other."""
    if request.param == "sqlite":
        opened = Sqlite(tmp_path / "charges.db")
    else:
        url = emptied(request.getfixturevalue("postgres"))
        opened = pytest.importorskip("licensebill.adapters.postgres").Postgres(url)
    with opened:
        yield opened


def test_all_accounts_are_listed_in_the_order_of_their_ids(store: Sqlite) -> None:
    """Each once, however many events it has and whether or not anything is due; capitals before small letters."""
    for account in ("b", "a", "Z", "ä", "a b"):
        store.append(account, 0, sample_events(3), wake=None if account == "a" else NOON)
    assert store.accounts() == ["Z", "a", "a b", "b", "ä"]
    assert store.accounts(after="a", limit=2) == ["a b", "b"]
    assert store.accounts(after="b", limit=1) == ["ä"]
    assert store.accounts(after="ä") == []


def test_an_empty_store_lists_none(store: Sqlite) -> None:
    """And not one without a name."""
    assert store.accounts() == []


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"after": "\x00"}, {"limit": 1.5}])
def test_what_cannot_be_right_is_refused(store: Sqlite, arguments: dict[str, object]) -> None:
    """As by every other method."""
    with pytest.raises(InvalidValue):
        store.accounts(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["x'; DROP TABLE events; --", 'x" OR "1"="1', "x%(account)s", "x?:after", "$1", "\\', 0)--"]
)
def test_an_id_is_never_sql(store: Sqlite, name: str) -> None:
    """Of an account and of an event: it is a value, whatever stands in it."""
    store.append("acme", 0, sample_events(1), wake=NOON)
    events = sample_events(2, name)
    store.append(name, 0, events, wake=NOON)
    assert store.load(name).events == events
    assert store.load(f"{name}2").version == 0
    assert sorted(store.accounts()) == sorted(["acme", name])
    assert sorted(store.open_accounts(due_before=NOON)) == sorted(["acme", name])
    with pytest.raises(VersionConflict):
        store.append(name, 0, events, wake=None)
    assert store.load_snapshot(name) is None
