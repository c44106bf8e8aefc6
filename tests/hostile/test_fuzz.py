"""A short run of the fuzzer; and that it finds what is planted, cut down, and the same again."""

import random
import time
from collections.abc import Callable

import attrs
import pytest

from licensebill import codec
from licensebill.errors import InvalidValue
from tests.hostile import fuzz
from tests.hostile.fuzz import TARGETS, Target

USAGE = next(target for target in TARGETS if target.name == "usage.csv")


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_what_is_spoiled_was_right(target: Target) -> None:
    """Every reader reads what its inputs are made of."""
    for seed in target.seeds:
        target.read(seed)


def test_a_short_run_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Five seconds of the ten minutes that are run by hand."""
    code = fuzz.main(["--seconds", "5", "--seed", "7"])
    said = capsys.readouterr().out
    assert code == 0, said
    assert said.endswith(" inputs in 5 seconds, seed 7: 0 findings\n")
    assert int(said.split()[0]) > 50


def test_the_same_seed_spoils_the_same_inputs() -> None:
    """So that a finding can be found again."""

    def inputs() -> list[bytes]:
        chance = random.Random(3)
        return [fuzz.spoiled(chance.choice(USAGE.seeds), USAGE.seeds[0], chance) for _ in range(200)]

    assert inputs() == inputs()
    assert len(set(inputs())) > 150


def _fails(content: bytes) -> None:
    if b"\xff" in content:
        raise KeyError(content)


def _takes_long(content: bytes) -> None:
    if b"\0" in content:
        time.sleep(0.1)


def _says_nothing(content: bytes) -> None:
    if b"\xff" in content:
        raise _Silent("content", "is wrong")


class _Silent(InvalidValue):
    code = "silent"

    def __str__(self) -> str:
        raise RecursionError


@pytest.mark.parametrize(
    ("read", "what", "least"),
    [
        (_fails, "KeyError", b"\xff"),
        (_says_nothing, "an error whose text fails with RecursionError", b"\xff"),
        (_takes_long, "too slow", None),
    ],
)
def test_a_planted_fault_is_found(
    read: Callable[[bytes], object], what: str, least: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An untyped error, one that cannot be told, and a reader that takes long; all but the last cut to a byte."""
    monkeypatch.setattr(fuzz, "LIMIT", 0.05)
    _, (found,) = fuzz.fuzz(2, 0, [attrs.evolve(USAGE, read=read)])
    assert (found.target, found.what) == ("usage.csv", what)
    assert least is None or found.content == least
    assert repr(found.content) in str(found)


def test_the_run_fails_with_a_finding(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By its exit code, with the input that did it."""
    monkeypatch.setattr(fuzz.fuzz, "__defaults__", ([attrs.evolve(USAGE, read=_fails)],))
    assert fuzz.main(["--seconds", "2"]) == 1
    assert capsys.readouterr().out.startswith("usage.csv: KeyError\n  b'\\xff'\n")


def test_files_are_decoded_as_they_are_opened() -> None:
    """A mark of the byte order is no part of the first column."""
    assert codec.read_readings(fuzz._lines(b"\xef\xbb\xbfat,bytes\n")) == ()
