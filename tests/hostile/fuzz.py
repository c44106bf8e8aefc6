"""Feeds the readers of files and documents with spoiled input, for as long as you like.

    python -m tests.hostile.fuzz --seconds 600 --seed 1

Valid documents, account files in TOML and JSON, usage files and readings files are spoiled byte by byte, token by
token, and by splicing two of them together. Whatever comes of it, a reader gives a value or raises a typed error, soon.
What else happens is told with the input that did it, cut down to what is needed, and the exit code is 1. The same seed
spoils the same inputs in the same order.
"""

import argparse
import io
import json
import random
import re
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from licensebill import codec, documents
from licensebill.accounts import Account, Change
from licensebill.charges import Standing
from licensebill.errors import LicenseBillError
from licensebill.events import Event
from licensebill.outcomes import Declined, DeclineKind, Outcome
from licensebill.testing.stores import sample_events, sample_standing
from tests.architecture.source import ROOT
from tests.changing import buy, save, set_total
from tests.examples import account

#: No input here, of at most some 20 kB, takes longer, in seconds; and three times that on a busy machine.
LIMIT = 1.0

# --- what is read -------------------------------------------------------------------------------------------------


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def _lines(content: bytes) -> io.TextIOWrapper:
    """As the readers of files open them."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="", errors="surrogateescape")


def _document_as(kind: Any) -> Callable[[bytes], object]:
    return lambda content: documents.from_json(_text(content), kind)


_UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
_ACME = codec.load_account(ROOT / "examples" / "acme" / "account.toml").account
_TOML = (ROOT / "examples" / "acme" / "account.toml").read_bytes()
_CALLS = b"start,seconds,kind\n2026-11-05T09:30:00Z,61,call\n2026-11-06T10:00:00+01:00,5,sms\n"
_AMOUNTS = b'day,kind,amount\n2026-11-05,call,6.00\n2026-11-06,"voice message",0.000001\n2026-11-05,call,0.5\n'
_READINGS = b"at,bytes\n2026-12-01T00:00:00Z,500000000\n2026-11-30T23:00:00-07:00,0\n"


def _as_json(source: bytes) -> bytes:
    """A TOML file of accounts as JSON."""
    return json.dumps(tomllib.loads(_text(source)), default=str, indent=1).encode()


@attrs.frozen
class Target:
    """Something that reads.

    Args:
        name: for people.
        read: from bytes.
        seeds: what it reads rightly.
    """

    name: str
    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _written(*values: object) -> tuple[bytes, ...]:
    return tuple(documents.to_json(value).encode() for value in values)


TARGETS = (
    Target("account.toml", lambda content: codec.read_account(_text(content)), (_TOML,)),
    Target("account.json", lambda content: codec.read_account(_text(content), name="a.json"), (_as_json(_TOML),)),
    Target(
        "usage.csv",
        lambda content: codec.read_usage(_lines(content), _ACME, until=_UNTIL),
        (_CALLS, _AMOUNTS, (ROOT / "examples" / "acme" / "usage.csv").read_bytes()),
    ),
    Target("storage.csv", lambda content: codec.read_readings(_lines(content)), (_READINGS,)),
    Target("an account", _document_as(Account), _written(account())),
    Target("a change", _document_as(Change), _written(buy(), save(u0=("powerdialer",)), set_total(13))),
    Target("an event", _document_as(Event), _written(*sample_events(8))),
    Target("an outcome", _document_as(Outcome | None), _written(Declined(kind=DeclineKind.SOFT, code="a"))),
    Target("a standing", _document_as(Standing), _written(sample_standing())),
)

# --- how it is spoiled --------------------------------------------------------------------------------------------

#: What readers may stumble over, put in place of a token or anywhere.
AWKWARD = (
    *(b"", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b"\x85", b"\xe2\x80\xa8"),
    *(b'"', b'""', b"'", b"'''", b'"""', b",", b",,,", b"#", b"=", b":", b".", b"[", b"]]", b"{", b"}", b"\\"),
    *(b"[" * 40, b"[" * 3_000, b'{"a":' * 40, b"a." * 120, b"null", b"true", b"NaN", b"-Infinity", b"inf", b"1e9"),
    *(b"1E+1000000", b"1e400", b"-0", b"-1", b"00", b"1_000", b"0x10", b"9" * 30, b"9" * 5_000, b"0.0000001"),
    *(b"99999999999999999999", b"9223372036854775808", b"\xd9\xa3", b"\xef\xbc\x91", b"4111 1111 1111 1111"),
    *(b"0000-00-00", b"9999-12-31", b"0001-01-01", b"2026-02-30", b"2026-W49-2", b"9999-12-31T23:59:59-14:00"),
    *(b"2026-12-01T00:00:00", b"2026-12-01T24:00:00Z", b"0001-01-01T00:00:00+14:00", b"USD", b"XXX", b"12.34 USD"),
    *(b"1/0 USD", b"../../etc/passwd", b"Europe/../UTC", b"\xed\xa0\x80", b'"\\ud800"', b"x" * 300, b"Z", b"type"),
)
_TOKEN = re.compile(rb'"[^"]*"|[A-Za-z0-9_.+-]+|\s+|[^\s]')


def spoiled(seed: bytes, other: bytes, chance: random.Random) -> bytes:
    """One input made of a valid one, and perhaps of another, in one to four steps."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        seed = chance.choice(_WAYS)(seed, other, chance)
    return seed


def _cut(seed: bytes, _: bytes, chance: random.Random) -> bytes:
    """A torn end, as of a write that did not finish."""
    return seed[: chance.randrange(len(seed) + 1)]


def _bytes_changed(seed: bytes, _: bytes, chance: random.Random) -> bytes:
    changed = bytearray(seed)
    for _step in range(min(len(seed), chance.randint(1, 4))):
        changed[chance.randrange(len(seed))] = chance.randrange(256)
    return bytes(changed)


def _inserted(seed: bytes, _: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(seed) + 1)
    return seed[:at] + chance.choice(AWKWARD) + seed[at:]


def _removed(seed: bytes, _: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(seed) + 1) for _ in range(2))
    return seed[:start] + seed[end:]


def _repeated(seed: bytes, _: bytes, chance: random.Random) -> bytes:
    """Some lines again: a key twice, a row twice."""
    lines = seed.splitlines(keepends=True) or [b""]
    at = chance.randrange(len(lines))
    return b"".join([*lines[: at + 1], *lines[at : at + chance.randint(1, 5)], *lines[at + 1 :]])


def _token_replaced(seed: bytes, other: bytes, chance: random.Random) -> bytes:
    found = list(_TOKEN.finditer(seed))
    if not found:
        return seed
    one = chance.choice(found)
    new = chance.choice(AWKWARD) if chance.random() < 0.5 else chance.choice(_TOKEN.findall(other) or [b""])
    if one[0].startswith(b'"') and chance.random() < 0.7:
        new = b'"' + new.strip(b'"') + b'"'
    return seed[: one.start()] + new + seed[one.end() :]


def _spliced(seed: bytes, other: bytes, chance: random.Random) -> bytes:
    return seed[: chance.randrange(len(seed) + 1)] + other[chance.randrange(len(other) + 1) :]


def _encoded(seed: bytes, _: bytes, chance: random.Random) -> bytes:
    return seed.decode(errors="replace").encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-7")))


_WAYS = (_cut, _bytes_changed, _inserted, _removed, _repeated, _spliced, _encoded, *(4 * (_token_replaced,)))

# --- running ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Finding:
    """An input that something else came of than a value or a typed error.

    Args:
        target: what read it.
        content: cut down.
        what: came of it.
    """

    target: str
    content: bytes
    what: str

    def __str__(self) -> str:
        return f"{self.target}: {self.what}\n  {self.content!r}"


def outcome(target: Target, content: bytes) -> str:
    """What is wrong with what a reader makes of an input; empty if nothing is."""
    start = time.perf_counter()
    try:
        target.read(content)
    except LicenseBillError as refused:
        try:
            said = str(refused)
        except Exception as failed:  # noqa: BLE001 - what is searched for
            return f"an error whose text fails with {type(failed).__name__}"
        if not refused.code or not said:
            return "an error without code or text"
    except Exception as failed:  # noqa: BLE001 - what is searched for
        return f"{type(failed).__name__}"
    return "too slow" if time.perf_counter() - start > LIMIT else ""


def shrunk(target: Target, content: bytes, what: str) -> bytes:
    """The input with everything left out that it does not take: ever smaller pieces, until nothing more can go."""
    before = b""
    while content != before:
        before, size = content, max(1, len(content) // 2)
        while size:
            at = 0
            while at < len(content):
                shorter = content[:at] + content[at + size :]
                if outcome(target, shorter) == what:
                    content = shorter
                else:
                    at += size
            size //= 2
    return content


def fuzz(seconds: float, seed: int, targets: Sequence[Target] = TARGETS) -> tuple[int, list[Finding]]:
    """Spoil and read until the time is over: how many inputs, and one finding for each reader and what came of it."""
    chance, executions, found = random.Random(seed), 0, dict[tuple[str, str], Finding]()
    pool = [content for target in targets for content in target.seeds]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        target = chance.choice(targets)
        content = spoiled(chance.choice(target.seeds), chance.choice(pool), chance)
        executions += 1
        what = outcome(target, content)
        if what == "too slow" and outcome(target, content) != what:
            continue  # the machine was
        if what and (target.name, what) not in found:
            least = content if what == "too slow" else shrunk(target, content, what)
            found[target.name, what] = Finding(target.name, least, what)
    return executions, list(found.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and tell what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    executions, found = fuzz(asked.seconds, asked.seed)
    print(*found, sep="\n")
    print(f"{executions} inputs in {asked.seconds:g} seconds, seed {asked.seed}: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
