"""The stores that are shipped, and stores broken on purpose, before the suite for users' own stores."""

import sqlite3
from pathlib import Path

import pytest

from licensebill.adapters.memory import Memory
from licensebill.adapters.sqlite import Sqlite
from licensebill.testing.stores import SnapshotSuite, StoreSuite

_DAMAGE = "UPDATE snapshots SET body = replace(body, '100.00 USD', '900.00 USD') WHERE account = {}"


class TestMemory(StoreSuite, SnapshotSuite):
    """The store in a dict: one object, however often it is opened."""

    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.store = Memory()

    def open_store(self) -> Memory:
        """The same store each time."""
        return self.store


class TestSqlite(StoreSuite, SnapshotSuite):
    """The store in a file."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "charges.db"

    def open_store(self) -> Sqlite:
        """Another connection to the file."""
        return Sqlite(self.path)

    def damage_snapshot(self, account: str) -> bool:
        """A digit of an amount is another."""
        connection = sqlite3.connect(self.path)
        changed = connection.execute(_DAMAGE.format("?"), (account,)).rowcount
        connection.commit()
        connection.close()
        return changed == 1
