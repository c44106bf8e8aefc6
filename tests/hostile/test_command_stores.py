"""The commands that need a store: addresses that lead elsewhere, files of others, and what a database cannot hold."""

import contextlib
import functools
import sqlite3
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest

from licensebill.adapters.sqlite import SCHEMA, Sqlite
from licensebill.commands import connections
from licensebill.commands.connections import _loopback
from licensebill.protocols import StoreUnavailable
from tests.commanding import VISA, Shop, said
from tests.hostile.entries import ACME
from tests.servers import Server

ACCOUNT = str(ACME / "account.toml")


@pytest.fixture
def store(tmp_path: Path) -> str:
    """With an account in it."""
    address = f"sqlite:{tmp_path / 'acme.db'}"
    assert said("open", ACCOUNT, "--store", address).code == 0
    return address


# --- the address of a stand-in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:80\\@127.0.0.1",
        "http://u:hunter2@127.0.0.1:80",
        "http://127.0.0.1:80/v1",
        "http://127.0.0.1:80?a",
        "http://127.0.0.1:80#a",
        "http://127.0.0.1:80\t",
        "http://127.0.0.1:80\n",
        "\thttp://127.0.0.1:80",
        "http://127.0.0.1:abc",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:\u0663",
        "http://127.0.0.1.example.com:80",
        "http://localhost.:80",
        "http://::1:80",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(url: str, tmp_path: Path) -> None:
    """Before anything is written."""
    pytest.importorskip("stripe")
    shop = Shop(tmp_path)
    with shop.provider:
        shop.open("acme", VISA)
        line = shop.arguments("monthly")
        line[line.index(shop.provider.url)] = url
        before = (tmp_path / "charges.db").read_bytes()
        done = said(*line)
        assert (done.code, "--gateway-url: must be that of a stand-in on this machine" in done.err) == (2, True)
        assert "hunter2" not in done.err
        assert ((tmp_path / "charges.db").read_bytes(), shop.provider.exchanges) == (before, [])


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
        ("HTTP://LocalHost:4010", "http://localhost:4010"),
        ("http://[::1]:65535", "http://[::1]:65535"),
        ("http://localhost", "http://localhost:80"),
    ],
)
def test_an_address_is_put_together_again(typed: str, used: str) -> None:
    """From what was understood of it."""
    assert _loopback(typed) == used


# --- files that are no store --------------------------------------------------------------------------------------

OURS = "CREATE TABLE events (x); CREATE TABLE wakes (x); CREATE TABLE snapshots (x);"
FOREIGN = {
    "a view": "CREATE VIEW theirs AS SELECT 1",
    "a table": "CREATE TABLE theirs (x)",
    "an application": "PRAGMA application_id = 7",
    "another version": "PRAGMA user_version = 7",
    "our version": "PRAGMA user_version = 1",
    "tables of the same names": OURS + "PRAGMA user_version = 1",
    "tables of the same names, without a version": OURS,
    "our tables, without a version": SCHEMA.replace("user_version = 1", "user_version = 0"),
    "our tables in an application": SCHEMA + "PRAGMA application_id = 7",
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("command", ["open", "status"])
def test_the_database_of_another_application_is_left_as_it_is(command: str, kind: str, tmp_path: Path) -> None:
    """Whatever it has in common with a store."""
    file = tmp_path / "theirs.db"
    with contextlib.closing(sqlite3.connect(file)) as made:
        made.executescript(FOREIGN[kind])
    before = file.read_bytes()
    done = said(command, *[ACCOUNT] * (command == "open"), "--store", f"sqlite:{file}")
    assert (done.code, "holds other tables; accounts are kept in a file of their own" in done.err) == (2, True)
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (before, [file])


@pytest.mark.parametrize("command", [["status"], ["ledger"], ["ledger", "acme"]])
def test_only_open_makes_tables(command: list[str], tmp_path: Path) -> None:
    """An empty file stays empty, and a missing one missing."""
    file = tmp_path / "empty.db"
    file.touch()
    done = said(*command, "--store", f"sqlite:{file}")
    assert (done.code, "holds no accounts, and no tables for them" in done.err) == (2, True)
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (b"", [file])
    file.unlink()
    with pytest.raises(StoreUnavailable, match="unable to open"), Sqlite(file, make=False) as missing:
        missing.accounts()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sqlite:{folder}", "must name a file after sqlite:, and '{folder}' is a folder"),
        ("sqlite:{folder}/no/where.db", "there is no folder '{folder}/no' to make the file in"),
        ("sqlite://acme.db", "must be sqlite:PATH; after // it would be a file in the topmost folder"),
        ("sqlite", "must be sqlite:PATH or postgresql://..."),
    ],
)
def test_what_is_wrong_with_a_path_is_said(address: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `open`, which would make the file."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # short enough to be shown
        monkeypatch.chdir(folder)
        done = said("open", ACCOUNT, "--store", address.format(folder=folder))
        assert (done.code, words.format(folder=folder) in done.err, any(Path(folder).iterdir())) == (2, True, False)


def test_a_file_that_another_holds_alone_is_waited_for_once(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the store waits, and not again for each thing that is asked of it."""
    monkeypatch.setattr(connections, "Sqlite", functools.partial(Sqlite, timeout=timedelta(seconds=0.5)))
    with contextlib.closing(sqlite3.connect(store.removeprefix("sqlite:"), isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        done = said("status", "--store", store)
        assert (done.code, "locked" in done.err, time.monotonic() - began < 3) == (3, True, True)


@pytest.mark.parametrize("at", ["2096-12-01x12:00Z", "2096-W49-2T12:00Z", "20961201T12:00Z"])
def test_an_instant_is_written_in_one_way(at: str, store: str) -> None:
    """Not in each that Python understands."""
    done = said("status", "--store", store, "--at", at)
    assert (done.code, "--at: must be a point in time with its zone such as 2026-12-01T12:00Z" in done.err) == (2, True)


def test_an_empty_name_is_no_folder(store: str) -> None:
    """Nor the present one."""
    done = said("run", "monthly", "--store", store, "--gateway", "stand-in", "--meters", "")
    assert (done.code, done.out, "--meters: must name a folder; a dot is the" in done.err) == (2, "", True), done.err


def test_accounts_that_are_named_twice_are_read_once(store: str) -> None:
    """And nothing is shown of any where one is not there."""
    assert "Accounts read                   1" in said("status", "acme", "acme", "--store", store).out
    assert said("ledger", "acme", "acme", "--store", store).out == said("ledger", "acme", "--store", store).out
    done = said("ledger", "acme", "nobody", "--store", store)
    assert (done.code, done.out, "there is no account 'nobody'" in done.err) == (2, "", True)


def test_what_was_captured_can_be_paid(tmp_path: Path) -> None:
    """No part of a cent is."""
    pytest.importorskip("stripe")
    shop = Shop(tmp_path)
    with shop.provider:
        shop.open("acme", "pm_card_unheardof", automatic=True)
        shop.run("recharge")
    by = ["--by", "Kim", "--note", "x", "--store", shop.store]
    done = said("resolve", "acme/recharge/1/1", "captured", "--amount", "0.001", *by)
    assert (done.code, done.err) == (2, "licensebill: --amount: must be an amount that can be paid, not 0.001 USD\n")


# --- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["postgresql://billing:%ff@h/d", "postgresql://billing:\udcff@h/d"])
def test_an_address_that_is_no_text_is_refused(address: str) -> None:
    """Percent-encoded or not."""
    pytest.importorskip("psycopg")
    done = said("status", "--store", address)
    assert (done.code, "must be a connection string or URL of PostgreSQL" in done.err) == (2, True)


def test_the_encoding_of_a_database_is_no_matter(postgres: Server) -> None:
    """An account that cannot be written in it is none, and what the address says of encodings does not count."""
    psycopg = pytest.importorskip("psycopg")
    any_database = postgres.new_database("command_encodings")
    with psycopg.connect(any_database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    latin = any_database.replace("command_encodings", "latin")
    assert said("open", ACCOUNT, "--store", latin).code == 0
    done = said("ledger", "\u65e5", "--store", latin)
    assert (done.code, "PostgreSQL 22P05" in done.err) == (3, True), done.err
    and_more = "&" if "?" in latin else "?"
    assert said("ledger", "acme", "--store", f"{latin}{and_more}client_encoding=sqlascii").code == 0
