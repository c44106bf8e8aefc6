"""The commands that charge: what they print of a month of accounts, how they end, and what they say of bad input.

The files under tests/golden/charging hold what is printed, one for each line of the script; a change of them is a
change of what users see.
"""

import contextlib
import datetime
import io
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from licensebill import cli
from licensebill.changes import PurchaseMinutes
from licensebill.charging import Charging, Foreseen
from licensebill.commands import connections, previews, runs, summary
from licensebill.outcomes import Unknown
from licensebill.people import Authorization, Person
from licensebill.planning import Draft, next_step
from licensebill.protocols import NotSent, StoreUnavailable
from licensebill.testing.provider import Fault
from tests.charging import Story, order
from tests.commanding import BANK, DECEMBER, NO_FUNDS, VISA, Said, Shop, account_text, said
from tests.examples import usd

pytest.importorskip("stripe")

GOLDEN = Path(__file__).parents[1] / "golden" / "charging"

#: Name of the golden file, how many days later, the command, how it ends. `run` stands for a run with everything.
SCRIPT: list[tuple[str, int, list[str], int]] = [
    ("dry-run.txt", 0, ["run", "monthly", "--dry-run"], 1),
    ("dry-run.json", 0, ["run", "monthly", "--dry-run", "--json"], 1),
    ("monthly.txt", 0, ["run", "monthly"], 1),
    ("dry-run-under-way.txt", 0, ["run", "monthly", "--dry-run"], 1),
    ("monthly-again.json", 0, ["run", "monthly", "--json"], 1),
    ("status.txt", 0, ["status"], 1),
    ("status.json", 0, ["status", "bolt", "crow", "--json"], 1),
    (
        "resolve.txt",
        0,
        ["resolve", "crow/bill/12/1", "not-captured", "--by", "Kim", "--note", "not in the dashboard"],
        0,
    ),
    ("recharge-dry-run.txt", 1, ["run", "recharge", "--dry-run"], 0),
    ("recharge.txt", 0, ["run", "recharge"], 1),
    ("settle.txt", 5, ["run", "settle"], 0),
    ("status-later.txt", 0, ["status"], 1),
    ("ledger.txt", 0, ["ledger", "acme"], 0),
    ("ledger-minutes.txt", 0, ["ledger", "acme", "--category", "minutes"], 0),
    ("ledger-first-day.txt", 0, ["ledger", "acme", "--from", "2096-12-01", "--to", "2096-12-01"], 0),
    ("ledger.json", 0, ["ledger", "bolt", "--json"], 0),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty store, and a provider that serves."""
    made = Shop(tmp_path)
    with made.provider:
        yield made


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What every line of the script printed, by its golden file."""
    shop = Shop(tmp_path_factory.mktemp("script"))
    with shop.provider:
        shop.open("acme", VISA, BANK, automatic=True)
        shop.open("bolt", NO_FUNDS, BANK)
        shop.open("crow", "pm_card_unheardof")
        shop.open("dove", VISA, measured=False)
        shop.open("elk", NO_FUNDS)
        return {name: _line(shop, days, command) for name, days, command, _ in SCRIPT}


def _line(shop: Shop, days: int, command: list[str]) -> Said:
    if days:
        shop.now += datetime.timedelta(days=days)
        for name in ("acme", "bolt", "crow", "elk"):
            shop.measure(name)
    if command[0] == "run":
        return shop.run(*command[1:])
    if command[0] == "status":
        return shop.status(*command[1:])
    return said(*command, "--store", shop.store)


@pytest.mark.parametrize(("name", "code"), [(row[0], row[3]) for row in SCRIPT])
def test_the_command_prints_what_it_printed(name: str, code: int, played: dict[str, Said]) -> None:
    """To the letter; nothing on standard error, which is no terminal."""
    assert played[name].out == (GOLDEN / name).read_text(encoding="utf-8")
    assert (played[name].code, played[name].err) == (code, "")


def test_every_golden_file_has_its_line() -> None:
    """None is left over, but for that of the demonstration, which has a test of its own."""
    assert {path.name for path in GOLDEN.iterdir()} == {row[0] for row in SCRIPT} | {"demo.txt"}


def test_no_token_is_ever_printed(played: dict[str, Said]) -> None:
    """Sources are shown as people know them."""
    assert [name for name, one in played.items() if "pm_" in one.out.replace("'pm_card_unheardof'", "")] == []


# --- open ---------------------------------------------------------------------------------------------------------


def test_an_account_is_taken_over_once(shop: Shop) -> None:
    """The second time it is refused, and nothing is written."""
    first, second = shop.open("acme", VISA), shop.open("acme", VISA)
    assert (first.code, second.code, second.out) == (0, 2, "")
    assert "acme is taken over as of 2096-12-01, with 0.00 USD of prepaid minutes." in first.out
    assert second.err == "licensebill: account: acme is in the store already; nothing was written\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_new_file_is_for_nobody_else(shop: Shop) -> None:
    """It holds names and the provider's tokens; the files that SQLite keeps beside it are as open as it is."""
    before = os.umask(0)
    try:
        shop.open("acme", VISA)
        with connections.opened_store(shop.store) as kept:
            kept.accounts()
            assert {path.stat().st_mode & 0o077 for path in shop.folder.glob("charges.db*")} == {0}
    finally:
        os.umask(before)


def test_the_opening_balance_is_what_was_stated_less_what_was_drawn_since(shop: Shop) -> None:
    """Of the account file's own usage file, up to its day; from then on the meters count."""
    text = account_text("acme", VISA, automatic=True).replace("format = 1", 'format = 1\nusage = "usage.csv"')
    file = shop.folder / "acme.toml"
    file.write_text(text.replace('balance = "50.00"', 'balance = "50.00"\nbalance_on = 2096-11-29'), encoding="utf-8")
    rows = ["day,kind,amount", "2096-11-28,call,1.00", "2096-11-29,call,2.00", "2096-11-30,call,4.00"]
    (shop.folder / "usage.csv").write_text("\n".join([*rows, "2096-12-01,call,8.00"]), encoding="utf-8")
    assert "with 44.00 USD of prepaid minutes" in said("open", str(file), "--store", shop.store).out


def test_a_balance_of_a_later_day_is_refused(shop: Shop) -> None:
    """What the meters count from the file's day on would be drawn from it twice."""
    text = account_text("acme", VISA, automatic=True).replace('"50.00"', '"50.00"\nbalance_on = 2096-12-02')
    file = shop.folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    done = said("open", str(file), "--store", shop.store)
    assert (done.code, "minutes.balance_on: must not be after as_of, 2096-12-01" in done.err) == (2, True)
    assert not (shop.folder / "charges.db").exists()


# --- run ----------------------------------------------------------------------------------------------------------


def test_a_preview_changes_nothing_and_asks_nothing(shop: Shop) -> None:
    """Neither the store nor the provider hears of it."""
    shop.open("acme", VISA, automatic=True)
    before = rows_of(shop)
    assert shop.run("monthly", "--dry-run").code == 0
    assert (rows_of(shop), shop.provider.exchanges) == (before, [])


def test_a_preview_tells_what_is_under_way(shop: Shop) -> None:
    """A charge that is begun, one that nothing is known of, one that was declined, and one that stays unknown."""
    shop.open("acme", VISA)
    shop.provider.fail_next(Fault.DROP_AFTER, on="confirm")
    assert "Outcome not known yet   1   990.00 USD" in shop.run("monthly").out
    shop.now += datetime.timedelta(minutes=1)
    assert "acme/bill/12: ask what became of attempt 1" in shop.run("settle", "--dry-run").out
    shop.open("bolt", NO_FUNDS)
    shop.provider.fail_next(Fault.DROP_BEFORE, on="cancel", times=2)
    shop.run("monthly")
    shop.now += datetime.timedelta(minutes=1)
    assert "bolt/bill/12: void attempt 1" in shop.run("settle", "--dry-run").out
    shop.open("crow", VISA)
    shop.provider.fail_next(Fault.RATE_LIMITED, on="confirm")
    limited = shop.run("monthly")
    assert (limited.code, "crow: crow/bill/12 waits for the next run" in limited.out) == (3, True)
    assert "crow/bill/12: charge 990.00 USD to Visa ending in 1111, as was begun" in shop.run("settle", "--dry-run").out


def test_what_stays_unknown_goes_to_a_person(shop: Shop) -> None:
    """After the last look the run ends with 1; asked to go on, the next one does."""
    shop.open("acme", VISA)
    shop.provider.fail_next(Fault.DROP_BEFORE, on="confirm")
    shop.provider.fail_next(Fault.DROP_BEFORE, on="retrieve", times=100)
    codes = [shop.run("monthly").code]
    for _ in range(6):
        shop.now += datetime.timedelta(days=1)
        codes.append(shop.run("settle").code)
    assert codes == [0, 0, 0, 0, 0, 0, 1]
    again = said(
        "resolve", "acme/bill/12/1", "ask-again", "--by", "Kim", "--note", "it is up again", "--store", shop.store
    )
    assert again.out.endswith("The next run asks the provider again.\n")
    shop.provider.stop_failing()
    shop.now += datetime.timedelta(minutes=1)
    assert shop.run("settle").code == 0
    assert shop.captured == ["acme/bill/12/1"]


def test_a_preview_tells_what_will_stop_for_a_person() -> None:
    """And that somebody has to look at it, so that the preview ends with 1."""
    story = Story.of().open(order()).answer(Unknown()).answer(Unknown(), days=6)
    draft = next_step(story.standing, story.at, connections.Nobody().capabilities)
    assert isinstance(draft, Draft)
    (step,) = previews.steps_of("acme", Foreseen(draft, is_certain=True))
    assert (step.charge, step.does, step.needs_person) == ("acme/service/1", "halt", True)
    assert step.text.startswith("stop for a person: the provider has not said for certain")
    assert previews.Preview(steps=[step]).code == 1


def test_a_bill_of_nothing_is_made_without_a_charge(shop: Shop) -> None:
    """Or carried over, where it is less than the provider charges."""
    shop.open("acme", VISA)
    file = shop.folder / "acme.toml"
    for name, owned in (("none", "0"), ("little", "1")):
        text = account_text(name, VISA).replace("owned = 10", f"owned = {owned}").replace('"99.00"', '"0.10"')
        file.write_text(text, encoding="utf-8")
        said("open", str(file), "--store", shop.store)
        shop.measure(name)
    out = shop.run("monthly", "--dry-run").out
    assert "none: bill 2096-12-01 to 2096-12-31, for which nothing is charged" in out
    assert "little/bill/12: carry over to the next bill, being less than the provider charges" in out
    assert shop.run("monthly").code == 0


def test_a_bill_that_no_source_can_pay_stays_owed(shop: Shop) -> None:
    """The preview says so."""
    shop.open("acme", VISA, blocked=True)
    assert "acme/bill/12: plan 990.00 USD to no source: it stays owed" in shop.run("monthly", "--dry-run").out
    done = shop.run("monthly")
    assert (done.code, "Owed, every source tried   1   990.00 USD" in done.out) == (0, True)
    assert "no source" in shop.status().out


def test_usage_that_is_not_current_recharges_nothing(shop: Shop) -> None:
    """An export that stopped yesterday is noticed, and the run ends with 1: it is the operator's business."""
    shop.open("acme", VISA, automatic=True)
    shop.now += datetime.timedelta(days=1)
    done = shop.run("recharge")
    assert (done.code, "Usage is not known up to the present day" in done.out) == (1, True)


def test_a_customer_without_a_valid_source_is_no_business_of_the_operator_s(shop: Shop) -> None:
    """Told, and the run ends with 0."""
    shop.open("acme", VISA, automatic=True, blocked=True)
    done = shop.run("recharge")
    assert (done.code, "no funding source is valid and may be tried now (FUN-2, MIN-12)" in done.out) == (0, True)


def test_a_rule_that_refuses_ends_with_1(shop: Shop) -> None:
    """Nobody has set up a source yet, so that no bill can be made (FUN-2)."""
    shop.open("acme")
    done = shop.run("monthly")
    assert (done.code, "set one up first (FUN-2)" in done.out) == (1, True)


def test_a_provider_that_is_not_there_fails_the_run_and_charges_nothing(shop: Shop) -> None:
    """What was planned waits, and the next run goes on."""
    shop.open("acme", VISA)
    nowhere = ["--gateway-url", "http://127.0.0.1:9", "--json"]
    done = said(
        *[one for one in shop.arguments("monthly") if one not in {"--gateway-url", shop.provider.url}], *nowhere
    )
    assert (done.code, done.data["notices"]["first"][0]["code"]) == (3, "not_sent")
    assert (shop.run("settle").code, shop.captured) == (0, ["acme/bill/12/1"])


def test_a_stand_in_of_its_own_is_started(shop: Shop) -> None:
    """For trying things out."""
    shop.open("acme", VISA)
    meters = ["--meters", str(shop.meters), "--at", DECEMBER.isoformat()]
    done = said("run", "monthly", "--store", shop.store, "--gateway", "stand-in", *meters)
    assert (done.code, "Captured               1   990.00 USD" in done.out) == (0, True)


def test_a_stand_in_is_reached_without_a_proxy(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment names one for."""
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    shop.open("acme", VISA)
    assert shop.run("monthly").code == 0
    assert shop.captured == ["acme/bill/12/1"]


def test_an_account_that_cannot_be_read_fails_alone(shop: Shop) -> None:
    """The others are charged; every command names the event."""
    for name in ("acme", "bolt", "crow"):
        shop.open(name, VISA)
    tampered(shop, "UPDATE events SET body = replace(body, '990', '1') || ' ' WHERE account = 'bolt'")
    tampered(shop, "UPDATE events SET body = '{}' WHERE account = 'bolt'")
    assert shop.run("monthly", "--dry-run").code == 3
    done = shop.run("monthly")
    assert (done.code, "bolt: seq 1: the event cannot be read" in done.out) == (3, True)
    assert shop.captured == ["acme/bill/12/1", "crow/bill/12/1"]
    for command in (["status"], ["ledger", "bolt"]):
        refused = said(*command, "--store", shop.store)
        assert (refused.code, "seq 1: the event cannot be read" in refused.out + refused.err) == (3, True)


def test_a_store_that_goes_away_in_mid_run_ends_it_with_a_summary(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done until then is told."""
    shop.open("acme", VISA)
    pages = iter([["acme"]])

    def gone(*_: object, **__: object) -> list[str]:
        for page in pages:
            return page
        raise StoreUnavailable("it was unplugged")

    monkeypatch.setattr(summary.Watched, "open_accounts", gone)
    done = shop.run("monthly")
    assert (done.code, "store: the store is not available: it was unplugged" in done.out) == (3, True)
    assert re.search("Captured +1 +990.00 USD", done.out)


def test_no_more_than_a_hundred_are_told_one_by_one() -> None:
    """The rest is counted."""
    told = summary.Told()
    for number in range(103):
        told.add(f"a{number}", "odd", "is odd")
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        told.show()
    assert shown.getvalue().splitlines()[-2:] == ["a99: is odd", "and 3 more"]
    assert (told.data("account")["count"], len(told.data("account")["first"])) == (103, 100)


def test_a_return_is_counted_and_numbered(shop: Shop) -> None:
    """It has a number of its own, and takes back the one it names; what was returned is tried again."""
    shop.open("acme", "pm_usBankAccount_returnedInsufficientFunds")
    shop.run("monthly")
    shop.now += datetime.timedelta(days=5)
    shop.run("settle")
    shop.now += datetime.timedelta(days=6)
    assert re.search("Returned by the bank +1   990.00 USD", shop.run("settle").out)
    shown = said("ledger", "acme", "--store", shop.store).out
    assert "TRX-000002   2096-12-12   acme/bill/12, return of TRX-000001: First Bank ending in 1111" in shown


def buy(shop: Shop, name: str) -> None:
    """Somebody buys minutes for an account."""
    with connections.opened_store(shop.store) as kept:
        person = Authorization(Person("Dana", "Reyes"), accepted=True)
        bought = PurchaseMinutes(on=DECEMBER.date(), by="dana", amount=usd("100.00"), authorization=person)
        Charging(store=kept, gateway=connections.Nobody(), clock=lambda: DECEMBER).change(name, bought)


def test_who_authorized_a_purchase_is_shown(shop: Shop) -> None:
    """With the source."""
    shop.open("acme", VISA)
    buy(shop, "acme")
    shop.run("settle")
    assert "acme/minutes/1: Visa ending in 1111, by Dana Reyes" in said("ledger", "acme", "--store", shop.store).out


def test_the_ledgers_of_all_accounts(shop: Shop) -> None:
    """One after the other, each with its name; what failed yesterday goes on with the next run."""
    shop.open("acme", VISA)
    shop.open("bolt", NO_FUNDS)
    shop.run("monthly")
    printed = said("ledger", "--store", shop.store).out
    assert re.findall(r"^(?:acme|bolt):$", printed, re.MULTILINE) == ["acme:", "bolt:"]
    data = said("ledger", "--store", shop.store, "--json").data
    references = [[one["reference"] for one in each["transactions"]] for each in data["accounts"]]
    assert references == [["acme/bill/12/1"], []]
    shop.now += datetime.timedelta(days=1)
    assert "with the next run" in shop.status("bolt").out


# --- progress and stopping ----------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        """They do."""
        return True


def test_progress_is_shown_on_a_terminal_beside_the_output(shop: Shop) -> None:
    """The output is the same as without."""
    shop.open("acme", VISA)
    shown = Terminal()
    done = said(*shop.arguments("monthly"), stderr=shown)
    assert "monthly bills: 1 accounts" in shown.getvalue()
    assert done.out.startswith("Accounts looked at     1\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_signal_ends_a_run_after_the_account_in_hand(
    shop: Shop, number: signal.Signals, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 128 and the signal's number, as shells have it; the handlers are put back."""
    for name in ("acme", "bolt", "crow"):
        shop.open(name, VISA)

    @contextlib.contextmanager
    def asked(_: str) -> Iterator[Any]:
        yield lambda: signal.raise_signal(number)

    before = signal.getsignal(number)
    monkeypatch.setattr(runs, "progress", asked)
    done = shop.run("monthly", "--json", *more)
    assert (done.code, done.data["accounts"], done.data["exit_code"]) == (128 + number, 1, 128 + number)
    assert signal.getsignal(number) is before
    text = shop.run("monthly", *more)
    assert text.code == 128 + number
    assert more or f"Stopped by {number.name}; the next run goes on from here." in text.out


def test_asked_again_it_ends_at_once() -> None:
    """Both signals have their usual effect from the first on."""
    with runs.Stop() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.by == signal.SIGTERM
        assert {signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)} == {signal.SIG_DFL}


def test_an_interrupt_elsewhere_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a traceback."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    assert said("status") == Said(130, "", "")


# --- bad input ----------------------------------------------------------------------------------------------------

STORE = ["--store", "{store}"]
STAND_IN = [*STORE, "--gateway", "stand-in"]

BAD: list[tuple[list[str], int, str]] = [
    (["status", "--store", "mysql://u:hunter2@db"], 2, "--store: must be sqlite:PATH or postgresql://...; it is not"),
    (["status", "--store", "charges.db"], 2, "--store: must be sqlite:PATH"),
    (["status", "--store", "sqlite:"], 2, "--store: must name a file after sqlite:"),
    (["status", "--store", "sqlite::memory:"], 2, "--store: must name a file after sqlite:"),
    (["status", "--store", "sqlite:{folder}/none.db"], 2, "`licensebill open` makes it"),
    (["status", "--store", "sqlite:{folder}"], 2, "--store: must name a file after sqlite:, and"),
    (
        ["status", "--store", "sqlite:{folder}/acme.toml"],
        3,
        "the store is not available: SQLite: file is not a database",
    ),
    (["status", "--store", "sqlite:{folder}/other.db"], 2, "holds other tables"),
    (["open", "{folder}/acme.toml", "--store", "sqlite:{folder}/other.db"], 2, "holds other tables"),
    (["open", "{folder}/acme.toml", "--store", "sqlite:{folder}/no/where.db"], 2, "there is no folder"),
    (["open", "{folder}/none.toml", *STORE], 2, "cannot read"),
    (["open", "{folder}/other.db", *STORE], 2, "other.db: 1 fault"),
    (["status"], 2, "--store"),
    (["status", "nobody", *STORE], 2, "account: there is no account 'nobody' in this store"),
    (["ledger", "nobody", *STORE], 2, "account: there is no account 'nobody' in this store"),
    (["ledger", "acme", "--category", "other", *STORE], 2, "--category"),
    (["ledger", "acme", "--from", "2096-13-01", *STORE], 2, "--from"),
    (
        ["ledger", "acme", "--from", "2096-12-02", "--to", "2096-12-01", *STORE],
        2,
        "--to: must not be before 2096-12-02",
    ),
    (
        ["resolve", "acme", "captured", "--by", "Kim", "--note", "x", *STORE],
        2,
        "reference: must be that of an attempt, as acme/bill/12/1",
    ),
    (["resolve", "bolt/bill/1/1", "captured", "--by", "Kim", "--note", "x", *STORE], 2, "there is no account 'bolt'"),
    (["resolve", "acme/bill/1/1", "captured", "--by", "Kim", "--note", "x", *STORE], 2, "is no charge under way"),
    (["resolve", "acme/bill/1/1", "paid", "--by", "Kim", "--note", "x", *STORE], 2, "captured"),
    (["resolve", "acme/bill/1/1", "captured", "--by", "Kim", *STORE], 2, "--note"),
    (["run", "monthly", *STAND_IN], 2, "--meters: must be given: a bill needs readings of storage (STO-4)"),
    (["run", "recharge", *STAND_IN, "--meters", "{folder}/x"], 2, "a recharge needs the dialer's usage (MIN-5)"),
    (["run", "daily", *STAND_IN], 2, "monthly"),
    (["run", "settle", *STORE, "--gateway", "paypal"], 2, "stripe"),
    (["run", "settle", *STAND_IN, "--at", "noon"], 2, "--at: must be a point in time with its zone"),
    (["run", "settle", *STAND_IN, "--at", "2096-12-01"], 2, "--at: must be a point in time with its zone"),
    (["run", "settle", *STAND_IN, "--at", "9999-12-31T23:00-05:00"], 2, "--at: must be a point in time of the years"),
    (["run", "settle", *STORE, "--gateway", "stripe", "--at", "2096-12-01T00:00Z"], 2, "--at: is for the stand-in"),
    (["run", "settle", *STORE, "--gateway", "stripe"], 2, "STRIPE_API_KEY: must be set in the environment"),
    (["run", "settle", *STORE, "--gateway", "stripe", "--gateway-url", "http://localhost:1"], 2, "is for the stand-in"),
    (["run", "settle", *STAND_IN, "--gateway-url", "https://api.stripe.com"], 2, "of a stand-in on this machine"),
    (["run", "settle", *STAND_IN, "--gateway-url", "http://db.example.com"], 2, "of a stand-in on this machine"),
    (
        ["run", "settle", *STAND_IN, "--gateway-url", "http://127.0.0.1@db.example.com"],
        2,
        "of a stand-in on this machine",
    ),
    (["run", "settle", *STAND_IN, "--gateway-url", "ftp://127.0.0.1"], 2, "of a stand-in on this machine"),
    (["run", "settle", *STAND_IN, "--gateway-url", "http://[::1"], 2, "of a stand-in on this machine"),
    (["run", "settle", *STAND_IN, "--at", "2096-12-01T08:00"], 2, "'2096-12-01T08:00' has no zone: add Z or an offset"),
    (["run", "settle", *STAND_IN, "--at", "4111 1111 1111 1111"], 2, "not a text of 19 characters"),
    (["run", "settle", *STAND_IN, "--customers", "{folder}/twice.csv"], 2, "names the account 'acme' twice"),
    (["status", "a\x00b", *STORE], 2, "account: must have no blanks around it"),
    (["status", "x" * 300, *STORE], 2, "account: must have at most"),
    (["resolve", "acme/bill/1/1", "captured", "--amount", "0", "--by", "K", "--note", "x", *STORE], 2, "is no charge"),
    (["run", "settle", *STAND_IN, "--share", "4/3"], 2, "--share: must be such as 2/3, the second of three workers"),
    (["run", "settle", *STAND_IN, "--share", "0/3"], 2, "--share: must be such as 2/3"),
    (["run", "settle", *STAND_IN, "--share", "1/2", "--dry-run"], 2, "--share: is for runs"),
    (
        ["resolve", "acme/bill/1/1", "ask-again", "--amount", "1", "--by", "K", "--note", "x", *STORE],
        2,
        "--amount: is of",
    ),
    (["run", "settle", *STAND_IN, "--customers", "{folder}/none.csv"], 2, "cannot read"),
    (
        ["run", "settle", *STAND_IN, "--customers", "{folder}/acme.toml"],
        2,
        "acme.toml: 1 fault line 1: must begin with the columns account,customer",
    ),
    (["run", "settle", *STAND_IN, "--customers", "{folder}/charges.db"], 2, "charges.db: 1 fault line 2: is not UTF-8"),
    (["run", "settle", *STAND_IN, "--customers", "{folder}/card.csv"], 2, "holds what could be a card number"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), BAD, ids=[" ".join(row[0])[:60] for row in BAD])
def test_bad_input_is_named_and_changes_nothing(
    arguments: list[str], code: int, words: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, without a traceback and without a secret."""
    for variable in (connections.KEY_VARIABLE, "LICENSEBILL_STORE"):
        monkeypatch.delenv(variable, raising=False)
    shop.open("acme", VISA)
    with contextlib.closing(sqlite3.connect(shop.folder / "other.db")) as other:
        other.execute("CREATE TABLE places (name)")
    card = "4111" + "1111" * 3
    (shop.folder / "card.csv").write_text(f"account,customer\nacme,{card}\n", encoding="utf-8")
    (shop.folder / "twice.csv").write_text("account,customer\nacme,cus_1\nacme,cus_2\n", encoding="utf-8")
    before, files = rows_of(shop), sorted(path.name for path in shop.folder.iterdir())
    done = said(*(one.format(store=shop.store, folder=shop.folder) for one in arguments))
    assert (done.code, done.out) == (code, "")
    assert words in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert not {"hunter2", card} & set(done.err.split())
    assert "hunter2" not in done.err
    assert rows_of(shop) == before
    assert sorted(path.name for path in shop.folder.iterdir()) == files


def test_an_empty_database_is_nobody_s_yet(shop: Shop) -> None:
    """As one that was just made."""
    with contextlib.closing(sqlite3.connect(shop.folder / "charges.db")) as empty:
        empty.execute("PRAGMA user_version = 0")
    (shop.folder / "charges.db").touch()
    assert shop.open("acme", VISA).code == 0


def test_the_store_may_be_named_by_the_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no password stands among a process's arguments."""
    shop.open("acme", VISA)
    monkeypatch.setenv("LICENSEBILL_STORE", shop.store)
    assert said("status", "--at", shop.now.isoformat()).code == 0


def test_a_charge_that_is_paid_is_not_resolved(shop: Shop) -> None:
    """Only one that waits for a person is."""
    shop.open("acme", BANK)
    shop.run("monthly")
    done = said("resolve", "acme/bill/12/1", "captured", "--by", "Kim", "--note", "x", "--store", shop.store)
    assert (done.code, "'acme/bill/12' is pending: only one that waits" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("decision", "words", "entries"),
    [("captured", "It is settled.", 1), ("not-captured", "It came to nothing.", 0)],
)
def test_a_person_decides_about_minutes(decision: str, words: str, entries: int, shop: Shop) -> None:
    """Found captured they are settled; found not captured they end there."""
    shop.open("acme", "pm_card_unheardof", automatic=True)
    shop.run("recharge")
    done = said(
        "resolve", "acme/recharge/1/1", decision, "--by", "Kim", "--note", "asked Stripe", "--store", shop.store
    )
    assert (done.code, done.out.endswith(f"{words}\n")) == (0, True)
    assert said("ledger", "acme", "--store", shop.store).out.count("TRX-") == entries


def test_a_person_may_have_found_another_amount(shop: Shop) -> None:
    """It is what was paid; the difference waits for the next bill."""
    shop.open("acme", "pm_card_unheardof", automatic=True)
    shop.run("recharge")
    found = [
        "resolve",
        "acme/recharge/1/1",
        "captured",
        "--by",
        "Kim",
        "--note",
        "bank statement",
        "--store",
        shop.store,
    ]
    for amount in ("ten", "0", "-5"):
        refused = said(*found, f"--amount={amount}")
        assert (refused.code, refused.err.startswith("licensebill: --amount: ")) == (2, True)
    assert said(*found, "--amount", "100").code == 0
    assert re.search("Total +100.00 USD", said("ledger", "acme", "--store", shop.store).out)


def test_workers_share_the_accounts_among_them(shop: Shop) -> None:
    """Each account is one worker's."""
    for name in ("acme", "bolt", "crow", "dove"):
        shop.open(name, VISA)
    done = [shop.run("monthly", "--share", f"{number}/2", "--json").data["captured"]["count"] for number in (1, 2)]
    assert sum(done) == 4
    assert len(shop.captured) == 4


# --- Stripe -------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_stripe(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Stripe is the stand-in, which accepts the keys of tests alone."""
    made = connections._client
    monkeypatch.setattr(connections, "_client", lambda key: made(key, shop.provider.url))
    shop.open("acme", VISA)
    return shop


def stripe(shop: Shop, *more: str) -> Said:
    """A run that settles, with Stripe."""
    file = shop.folder / "customers.csv"
    file.write_text("account,customer\nacme,cus_17\n", encoding="utf-8")
    return said("run", "settle", "--store", shop.store, "--gateway", "stripe", "--customers", str(file), *more)


def test_stripe_takes_its_key_from_the_environment(at_stripe: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the machine's clock, which is before the account's day: nothing is due."""
    monkeypatch.setenv(connections.KEY_VARIABLE, " sk_test_mine\n")
    assert stripe(at_stripe).code == 0
    assert [one.status for one in at_stripe.provider.exchanges] == [404]


def test_stripe_is_not_waited_for_without_end() -> None:
    """The gateway would refuse a client that did; and only charging knows what may be sent again."""
    client = connections._client("sk_test_mine")
    assert connections._gateway()(client=client).capabilities.two_phase
    assert "api.stripe.com" in str(client._requestor._options.base_addresses.get("api"))


def test_a_key_that_stripe_refuses_is_found_before_any_charge(at_stripe: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not repeated."""
    monkeypatch.setenv(connections.KEY_VARIABLE, "sk_live_wrong")
    at = ["--at", DECEMBER.isoformat(), "--dry-run"]
    done = stripe(at_stripe, *at)
    assert (done.code, done.out, "sk_live_wrong" in done.err) == (2, "", False)
    assert "STRIPE_API_KEY: Stripe refuses this key for payments; nothing was charged" in done.err


def test_stripe_s_customers_come_from_a_file(shop: Shop) -> None:
    """Each charge names its account's."""
    shop.open("acme", VISA)
    file = shop.folder / "customers.csv"
    file.write_text("account,customer\nacme,cus_17\n", encoding="utf-8")
    shop.run("monthly", "--customers", str(file))
    created = next(one for one in shop.provider.exchanges if one.operation == "create")
    assert created.params["customer"] == "cus_17"


def test_stripe_is_asked_for_nobody_whose_customer_is_not_known(
    at_stripe: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would reject the charge for good; here it waits until the account stands in the file."""
    monkeypatch.setenv(connections.KEY_VARIABLE, "sk_test_mine")
    at_stripe.open("bolt", VISA)
    for name in ("acme", "bolt"):
        buy(at_stripe, name)
    monkeypatch.setattr(runs, "clock_of", lambda _: lambda: at_stripe.now)
    done = stripe(at_stripe)
    assert (done.code, "bolt is not in the file of --customers" in done.out) == (3, True)
    assert at_stripe.captured == ["acme/minutes/1/1"]


@pytest.mark.parametrize("key", ["sk_test_\u2713", "sk_test_1 sk_test_2", "sk_test_1\nsk_test_2"])
def test_what_cannot_be_a_key_is_no_key(key: str, at_stripe: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found out before anything is sent."""
    monkeypatch.setenv(connections.KEY_VARIABLE, key)
    done = stripe(at_stripe)
    assert (done.code, at_stripe.provider.exchanges) == (2, [])
    assert "STRIPE_API_KEY: is no key" in done.err


def test_stripe_needs_the_file_of_customers(at_stripe: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is done."""
    monkeypatch.setenv(connections.KEY_VARIABLE, "sk_test_mine")
    done = said("run", "settle", "--store", at_stripe.store, "--gateway", "stripe")
    assert (done.code, done.out, at_stripe.provider.exchanges) == (2, "", [])
    assert "--customers: must be given: Stripe charges a saved source only for its customer" in done.err


def test_a_stand_in_that_is_started_does_not_know_what_another_made(shop: Shop) -> None:
    """A charge that one has left under way goes to a person, and is not taken for the next one's."""
    shop.open("acme", BANK)
    shop.open("bolt", VISA)
    started = ["run", "monthly", "--store", shop.store, "--gateway", "stand-in", "--meters", str(shop.meters), "--at"]
    assert "Pending at the bank" in said(*started, shop.now.isoformat()).out
    shop.now += datetime.timedelta(days=1)
    done = said(*started, shop.now.isoformat())
    assert "acme/bill/12: the provider rejected the request" in done.out


@pytest.mark.parametrize(
    ("package", "adapter", "arguments", "words"),
    [
        (
            "psycopg",
            "postgres",
            ["status", "--store", "postgresql://db/x"],
            "--store: psycopg is not installed; it comes with: pip install 'licensebill[postgres]'",
        ),
        (
            "stripe",
            "stripe",
            ["run", "settle", *STAND_IN],
            "--gateway: stripe is not installed; it comes with: pip install 'licensebill[stripe]'",
        ),
    ],
)
def test_a_missing_driver_is_named_with_its_extra(
    package: str, adapter: str, arguments: list[str], words: str, *, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it was installed without."""
    shop.open("acme", VISA)
    monkeypatch.delitem(sys.modules, f"licensebill.adapters.{adapter}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    done = said(*(one.format(store=shop.store) for one in arguments))
    assert (done.code, words in done.err) == (2, True)


def test_nobody_does_nothing() -> None:
    """The commands that ask no provider could not, by mistake."""
    nobody, ask = connections.Nobody(), pytest.raises(NotSent, match="asks no provider")
    for call in (nobody.prepare, nobody.retrieve, nobody.void, lambda one: nobody.capture("ref", one)):
        with ask:
            call(None)  # type: ignore[arg-type]


# --- helpers ------------------------------------------------------------------------------------------------------


def rows_of(shop: Shop) -> list[Any]:
    """All rows of the store."""
    with contextlib.closing(sqlite3.connect(shop.folder / "charges.db")) as connection:
        tables = ("events", "wakes", "snapshots")
        return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608


def tampered(shop: Shop, statement: str) -> None:
    """Do something to the store behind its back."""
    with contextlib.closing(sqlite3.connect(shop.folder / "charges.db", isolation_level=None)) as connection:
        connection.execute(statement)
