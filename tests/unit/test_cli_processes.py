"""The command as processes: signals, two at once, a crash in between, PostgreSQL, and the demonstration."""

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from licensebill.charging import Charging, Report
from licensebill.commands import demo
from licensebill.commands.connections import opened_store
from licensebill.commands.summary import Watched
from licensebill.protocols import StoreUnavailable
from licensebill.testing.provider import Fault, StandIn
from licensebill.testing.stores import sample_standing
from tests.commanding import DECEMBER, ROOT, VISA, Shop, account_text, ended, said
from tests.servers import Server

pytest.importorskip("stripe")

NUMBERS = itertools.count()
ACCOUNTS = [f"a{number:02d}" for number in range(7)]
BILLS = sorted(f"{name}/bill/12/1" for name in ACCOUNTS)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    """The address of a store; empty for an SQLite file in the shop's own folder."""
    if request.param == "sqlite":
        return ""
    server: Server = request.getfixturevalue("postgres")
    return server.new_database(f"commands_{next(NUMBERS)}")


@pytest.fixture
def shop(tmp_path: Path, store: str) -> Iterator[Shop]:
    """Seven accounts, each with a bill to come."""
    made = Shop(tmp_path, store=store)
    with made.provider:
        for name in ACCOUNTS:
            assert made.open(name, VISA).code == 0
        yield made


def wait_for(what: Callable[[], bool], running: "subprocess.Popen[str]", seconds: float = 60) -> None:
    """Until something has happened, as long as the process goes on."""
    deadline = time.monotonic() + seconds
    while not what():
        if running.poll() is not None or time.monotonic() > deadline:
            running.kill()
            pytest.fail(str(ended(running)))
        time.sleep(0.02)


def test_two_runs_at_once_charge_once(shop: Shop) -> None:
    """Started by two schedulers, on one machine or on two: each bill is charged by one of them."""
    both = [shop.process("monthly", "--json") for _ in range(2)]
    done = [ended(one) for one in both]
    assert [(one.code, one.err) for one in done] == [(0, "")] * 2
    assert shop.captured == BILLS
    assert sum(one.data["captured"]["count"] for one in done) == len(BILLS)
    assert shop.status().code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_process_after_the_account_in_hand(shop: Shop, number: signal.Signals) -> None:
    """With its summary; the next run does the rest."""
    shop.provider.fail_next(Fault.DELAY, on="create", times=len(ACCOUNTS), seconds=0.3)
    running = shop.process("monthly")
    wait_for(lambda: len(shop.provider.exchanges) > 2, running)
    running.send_signal(number)
    done = ended(running)
    assert (done.code, done.err) == (128 + number, "")
    assert f"Stopped by {number.name}; the next run goes on from here." in done.out
    assert "Traceback" not in done.err
    captured = shop.captured
    assert 0 < len(captured) < len(BILLS)
    shop.provider.stop_failing()
    assert shop.run("monthly").code == 0
    assert shop.captured == BILLS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_at_once_nothing_is_lost_and_nothing_doubled(shop: Shop, number: signal.Signals) -> None:
    """Asked twice, or killed, while the provider is taking its time: the next run goes on from the stream."""
    shop.provider.fail_next(Fault.DELAY, on="confirm", seconds=60)
    running = shop.process("monthly")
    wait_for(lambda: bool(shop.provider._in_flight), running)
    running.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert running.poll() is None
    running.send_signal(number)
    assert ended(running, within=20).code == -number
    shop.provider._closing.set()  # the confirmation that was held is let go: the provider captures after all
    while shop.provider._in_flight:
        time.sleep(0.02)
    shop.provider._closing.clear()
    assert shop.run("settle").code == 0
    assert shop.run("monthly").code == 0
    assert shop.captured == BILLS
    assert shop.status().code == 0


def test_a_reader_that_leaves_early_does_not_stop_a_run(shop: Shop) -> None:
    """As in `licensebill run monthly | head -1`: everything is charged before anything is printed."""
    with shop.process("monthly") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert (running.stderr.read(), running.wait(60)) == ("", 3)
    assert shop.captured == BILLS


def test_without_a_standard_error_a_run_is_a_run(shop: Shop) -> None:
    """As in `licensebill run monthly 2>&-`."""
    command = [sys.executable, "-m", "licensebill", *shop.arguments("monthly")]
    closed = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(closed, env=environment, stdout=subprocess.PIPE, check=False, timeout=60)  # noqa: S603
    assert done.returncode == 0
    assert shop.captured == BILLS


def test_every_command_works_on_either_store(shop: Shop) -> None:
    """And says the same of it."""
    assert (
        shop.open(ACCOUNTS[0], VISA).err
        == f"licensebill: account: {ACCOUNTS[0]} is in the store already; nothing was written\n"
    )
    assert re.search("would be planned +7 +6,930.00 USD", shop.run("monthly", "--dry-run").out)
    assert re.search("Captured +7 +6,930.00 USD", shop.run("monthly").out)
    assert re.search("Total +990.00 USD", said("ledger", "a05", "--store", shop.store).out)
    refused = said("resolve", "a05/bill/12/1", "captured", "--by", "Kim", "--note", "x", "--store", shop.store)
    assert (refused.code, "is no charge under way" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/x", 3, "the store is not available: PostgreSQL: OperationalError"),
        ("postgres://u:hunter2@[h/x", 2, "--store: must be a connection string or URL of PostgreSQL"),
        ("postgres://u:a@hunter2@127.0.0.1/x", 2, "--store: names a server with an @; write that of a password as %40"),
    ],
)
def test_a_server_that_is_not_there_is_named_without_its_password(url: str, code: int, words: str) -> None:
    """By every command alike."""
    pytest.importorskip("psycopg")
    for command in (["status"], ["ledger", "acme"]):
        done = said(*command, "--store", url)
        assert (done.code, done.out) == (code, "")
        assert words in done.err
        assert "hunter2" not in done.err


def test_a_database_without_tables_is_no_store_yet(postgres: Server) -> None:
    """`open` makes them."""
    url = postgres.new_database("commands_without_tables")
    done = said("status", "--store", url)
    assert (done.code, "its tables are not there yet: `create_tables`, or `licensebill open`" in done.err) == (3, True)
    example = str(ROOT / "examples" / "acme" / "account.toml")
    assert said("open", example, "--store", url).code == 0
    assert said("status", "--store", url).code == 0


def test_runs_need_not_be_able_to_change_events(postgres: Server, tmp_path: Path) -> None:
    """A role that may add events, and neither change nor delete them, is enough."""
    psycopg = pytest.importorskip("psycopg")
    owner = postgres.new_database(f"commands_{next(NUMBERS)}")
    made = Shop(tmp_path, store=owner)
    with made.provider, psycopg.connect(owner, autocommit=True) as connection:
        made.open("acme", VISA)
        connection.execute("CREATE ROLE runner LOGIN")
        connection.execute("GRANT SELECT, INSERT ON events TO runner")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON wakes, snapshots TO runner")
        made.store = owner.replace("billing@", "runner@")
        assert made.run("monthly").code == 0
        assert made.captured == ["acme/bill/12/1"]
        with psycopg.connect(made.store) as runner, pytest.raises(psycopg.errors.InsufficientPrivilege):
            runner.execute("UPDATE events SET body = ''")


def test_snapshots_pass_through_a_store_that_is_watched(tmp_path: Path) -> None:
    """They spare a run the reading of long streams."""
    with opened_store(f"sqlite:{tmp_path / 'new.db'}", new=True) as kept:
        watched, standing = Watched(kept), sample_standing()
        watched.save_snapshot(standing)
        assert watched.load_snapshot(standing.account.id) == standing


# --- the demonstration --------------------------------------------------------------------------------------------


def test_the_demonstration_tells_what_it_told(tmp_path: Path) -> None:
    """To the letter: a crash, a card without funds, debits that come back, a lost reply; and that it all adds up.

    Whatever else is in its store is not charged with a stand-in.
    """
    store, other = f"sqlite:{tmp_path / 'demo.db'}", tmp_path / "acme.toml"
    other.write_text(account_text("acme", VISA).replace("2096", "2026"), encoding="utf-8")
    assert said("open", str(other), "--store", store).code == 0
    done = said("demo", "--store", store)
    assert (done.code, done.err) == (0, "")
    assert done.out == (ROOT / "tests" / "golden" / "charging" / "demo.txt").read_text(encoding="utf-8")
    assert said("ledger", "acme", "--store", store).out.split() == ["Total", "0.00", "USD"]
    again = said("demo", "--store", store)
    assert (again.code, again.out) == (2, "")
    assert "--store: holds the account of the demonstration already" in again.err
    with StandIn(clock=lambda: DECEMBER) as nobody, opened_store(store) as kept:
        assert demo._compared(kept, nobody) == 1  # a provider that knows of nothing


def test_the_demonstration_ends_where_its_store_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """As any other command."""

    def fail(*_: object) -> Report:
        return Report(account="harbor", standing=None, failure=StoreUnavailable("the disk is full"))

    monkeypatch.setattr(Charging, "pursue", fail)
    done = said("demo")
    assert (done.code, "the store is not available: the disk is full" in done.err) == (3, True)
