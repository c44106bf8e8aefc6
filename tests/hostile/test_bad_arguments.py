"""Whatever is typed where something else belongs: one message that names the option, exit code 2, and nothing written.

Each of `TEXTS` is tried in place of every single argument of every command, the others as in a call that succeeds.
Where it is what the argument asks for (-1 is a whole number) it may be taken, or refused by a rule with 1.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import attrs
import pytest
from cyclopts import App

from licensebill import cli
from licensebill.commands.printing import ANSWERED, BAD_INPUT, REFUSED
from licensebill.errors import InvalidValue
from licensebill.money import CURRENCIES
from tests.commanding import VISA, Said, Shop, account_text, said
from tests.hostile.entries import ACME
from tests.hostile.test_bad_input import CARD

TEXTS = {
    "empty text": "",
    "blanks": "  ",
    "a negative number": "-1",
    "a fraction": "1.5",
    "1E+1000000": "1E+1000000",
    "1_000": "1_000",
    "Arabic digits": "٣",
    "30 digits": "9" * 30,
    "10,000 digits": "9" * 10_000,
    "10,000 letters": "x" * 10_000,
    "a line break": "a\nb",
    "a byte that is no UTF-8": "\udcff",
    "a control character": "a\x1b[31m",
    "a card number": CARD,
    "an unknown name": "no_such_thing",
    "a day that is none": "2026-02-30",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "a folder": "/",
}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _nothing(_: str) -> bool:
    return False


def _number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII) is not None


def _whole(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII) is not None


def _currency(text: str) -> bool:
    return text in CURRENCIES


def _any(_: str) -> bool:
    return True


@attrs.frozen
class Argument:
    """An argument of a command.

    Args:
        name: the option, or the word for it in messages.
        right: a text under which the command succeeds; empty to leave it out.
        fits: whether a text is of the form that is asked for.
        words: for it in messages, where they are others.
    """

    name: str
    right: str
    fits: Callable[[str], bool] = _nothing
    words: str = ""

    def is_named(self, message: str) -> bool:
        """Whether a message says which argument is meant."""
        names = (self.name.removeprefix("--").lower(), self.words)
        return any(one in message.lower().replace("_", "-") for one in names if one)

    def typed(self, text: str) -> list[str]:
        """As it is typed; with `=`, since a text may begin with a dash."""
        return [f"{self.name}={text}"] if self.name.startswith("--") else [text]


ACCOUNT = Argument("FILE", str(ACME / "account.toml"), words="cannot read")
ON = Argument("--on", "2026-12-01", _is_day)
STORE = Argument("--store", "{store}")
AT = Argument("--at", "2096-12-01T00:10Z")
COMMANDS: dict[str, list[Argument]] = {
    "bill": [ACCOUNT, ON, Argument("--users", "5", _whole), Argument("--storage-used", "5", _whole)],
    "summary": [ACCOUNT, ON],
    "recharge": [ACCOUNT, Argument("--at", "2026-12-01", _is_day), Argument("--policy", "faq")],
    "storage": [Argument("--users", "8", _whole), Argument("--used", "5", _whole)],
    "ports": [
        Argument("--calls", "120", _whole),
        Argument("--mean-seconds", "135", _whole),
        Argument("--over-seconds", "3600", _whole),
        Argument("--blocking", "0.01", _number),
        Argument("--owned", "8", _whole),
    ],
    "preview": [
        ACCOUNT,
        Argument("--product", "inbound_agent"),
        Argument("--total", "4", _whole),
        Argument("--on", "2026-11-24", _is_day),
    ],
    "simulate": [
        Argument("--daily", "6.00", _number),
        Argument("--balance", "42.00", _number),
        Argument("--start", "2026-12-01", _is_day, words="days"),
        Argument("--days", "2", _whole),
        Argument("--currency", "USD", _currency),
        Argument("--policy", "guide"),
        Argument("--settlement-hours", "0", _whole),
        Argument("--plot", ""),
    ],
    "compare recharge": [ACCOUNT, Argument("--at", "2026-12-01", _is_day)],
    "compare storage": [Argument("--users", "8", _whole), Argument("--used", "5", _whole)],
    "compare proration": [
        Argument("amount", "99.00", _number),
        Argument("--on", "2026-12-17", _is_day),
        Argument("--currency", "USD", _currency),
        Argument("--anchor-day", "1", _whole),
    ],
    "explain": [Argument("FIGURE", "storage fee"), ACCOUNT, ON],
    "check": [ACCOUNT],
    "schema": [Argument("NAME", "account-file")],
    "open": [Argument("FILE", "{folder}/new.toml", words="cannot read"), STORE],
    "status": [Argument("account", "acme"), STORE, AT],
    "ledger": [
        Argument("account", "acme"),
        STORE,
        Argument("--from", "2026-12-01", _is_day, words="--to"),
        Argument("--to", "2026-12-01", _is_day),
        Argument("--category", "licenses"),
    ],
    "resolve": [
        Argument("reference", "acme/recharge/1/1"),
        Argument("decision", "captured"),
        Argument("--by", "Kim", _any),
        Argument("--note", "the statement", _any),
        STORE,
        Argument("--amount", "1.00", _number),
    ],
    "run": [
        Argument("job", "settle"),
        STORE,
        Argument("--gateway", "stand-in"),
        Argument("--meters", "{folder}/meters", _any),
        AT,
        Argument("--customers", "{folder}/customers.csv", words="cannot read"),
        Argument("--gateway-url", "{url}"),
        Argument("--share", "1/2"),
    ],
    "demo": [STORE],
}
#: Of a message, in characters; the longest lists the names of all schemas.
LONGEST = 2_500


@attrs.frozen
class Room:
    """Where the commands are tried: a store in which a charge waits for a person, in a folder.

    Args:
        shop: the store, the measurements and the stand-in.
        stored: what the store's file holds.
    """

    shop: Shop
    stored: bytes

    @property
    def file(self) -> Path:
        """Of the store."""
        return self.shop.folder / "charges.db"

    def line(self, command: str, position: int | None = None, text: str = "") -> list[str]:
        """What is typed; the argument at a position is this text."""
        places = {"folder": self.shop.folder, "store": self.shop.store, "url": self.shop.provider.url}
        typed = command.split()
        for number, one in enumerate(COMMANDS[command]):
            if number == position or one.right:
                typed += one.typed(text if number == position else one.right.format(**places))
        return typed

    def tried(self, line: list[str]) -> Said:
        """What is said to it by a store that is as it was."""
        self.file.write_bytes(self.stored)
        return said(*line)

    def written(self) -> list[str]:
        """What has come to be there, or has changed."""
        names = [str(path) for path in self.shop.folder.rglob("*") if not path.name.startswith("charges.db-")]
        return sorted(names) + ["the store"] * (self.file.read_bytes() != self.stored)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """With an account that has a charge to be looked at, and one that is not taken over yet."""
    shop = Shop(tmp_path_factory.mktemp("room"))
    with shop.provider:
        shop.open("acme", "pm_card_unheardof", automatic=True)
        shop.run("recharge")
        (shop.folder / "new.toml").write_text(account_text("new", VISA), encoding="utf-8")
        (shop.folder / "customers.csv").write_text("account,customer\nacme,cus_1\n", encoding="utf-8")
        yield Room(shop, (shop.folder / "charges.db").read_bytes())


def findings(room: Room, command: str, position: int) -> Iterator[str]:
    """Everything wrong with how a command takes the texts in place of an argument."""
    room.file.write_bytes(room.stored)
    argument, before = COMMANDS[command][position], room.written()
    for kind, text in TEXTS.items():
        place = f"{command} {argument.name}={kind}"
        try:
            done = room.tried(room.line(command, position, text))
        except Exception as failed:  # noqa: BLE001 - what is looked for
            yield f"{place} ends with {type(failed).__name__}: {failed}"
            continue
        allowed = {ANSWERED, REFUSED, BAD_INPUT} if argument.fits(text) else {BAD_INPUT}
        if done.code not in allowed:
            yield f"{place} ends with {done.code}: {done.err}"
        elif done.code == BAD_INPUT and (done.out or room.written() != before):
            yield f"{place} has done something: {done.out} {room.written()}"
        elif done.code == BAD_INPUT and not argument.is_named(" ".join(done.err.split())):
            yield f"{place} is not named: {done.err}"
        elif CARD in done.out + done.err:
            yield f"{place} is repeated: {done.err}"
        elif len(done.err) > LONGEST:
            yield f"{place} is told in {len(done.err)} characters"


# --- the tests ----------------------------------------------------------------------------------------------------


def _commands(app: App, before: str = "") -> Iterator[str]:
    for name in app:
        if not name.startswith("-"):
            inner = list(_commands(app[name], f"{before}{name} "))
            yield from inner or [f"{before}{name}"]


def test_every_command_is_there() -> None:
    """With every argument that takes a text."""
    assert set(_commands(cli.app)) == set(COMMANDS)
    for command, arguments in COMMANDS.items():
        app = cli.app
        for name in command.split():
            app = app[name]
        assert app.default_command is not None
        asked = inspect.signature(app.default_command).parameters.values()
        # a flag takes no text
        assert len([one for one in asked if one.default is not False]) == len(arguments), command


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "demo"])
def test_every_command_is_called_rightly_first(command: str, room: Room) -> None:
    """With 1 where it tells of the charge that waits for a person."""
    done = room.tried(room.line(command))
    assert (done.code, done.err) == (REFUSED if command in {"status", "run"} else ANSWERED, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_bad_arguments_are_refused(command: str, room: Room) -> None:
    """On standard error, by name; and nothing is written."""
    assert [found for position in range(len(COMMANDS[command])) for found in findings(room, command, position)] == []


# --- faults that must be found ------------------------------------------------------------------------------------


def _fails(*_: object, **__: object) -> int:
    raise KeyError


def _accepts(*_: object, **__: object) -> int:
    return ANSWERED


def _names_another(*_: object, **__: object) -> int:
    raise InvalidValue("--color", "must be another")


def _prints_first(*_: object, **__: object) -> int:
    print("a figure")
    raise InvalidValue("--used", "must be another")


def _repeats(*_: object, **__: object) -> int:
    raise InvalidValue("--used", f"must not be {sys.argv[-1]}")


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (_fails, "--used=empty text ends with KeyError"),
        (_accepts, "--used=empty text ends with 0"),
        (_names_another, "--used=empty text is not named"),
        (_prints_first, "--used=empty text has done something: a figure"),
        (_repeats, "--used=a card number is repeated"),
        (_repeats, "--used=10,000 letters is told in 100"),
    ],
)
def test_a_fault_is_found(app: Callable[..., int], words: str, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of what is forbidden, in a command of two numbers."""
    monkeypatch.setattr(cli, "app", app)
    assert any(found.startswith(f"storage {words}") for found in findings(room, "storage", 1))


def test_what_is_written_is_found(room: Room) -> None:
    """A new file, and a store that has changed."""
    room.file.write_bytes(room.stored)
    before = room.written()
    room.file.write_bytes(b"")
    assert room.written() == [*before, "the store"]
    room.file.write_bytes(room.stored)
    (room.shop.folder / "course.svg").touch()
    assert room.written() != before
