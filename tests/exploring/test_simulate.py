"""The simulation: months of accounts in which everything goes wrong, and nothing is lost."""

import json
from typing import Any

import attrs
import pytest

from licensebill.events import Book
from licensebill.money import Money
from licensebill.testing.simulate import World, main, simulate
from tests.exploring.bugs import BUGS

CENT = Money.parse("0.01", "USD")


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_doubled_or_adrift(seed: int) -> None:
    """Two months, with a fault at every tenth effect."""
    verdict = simulate(seed, months=2, faults=100)
    assert verdict.wrong == ()
    assert verdict.charges > 0


def test_a_provider_that_captures_less_captures_something() -> None:
    """This seed asks for a dollar where a dollar less is captured."""
    assert simulate(2068, months=10, faults=30).wrong == ()


def lived(seed: int) -> World:
    """A world after a month."""
    world = World(seed, months=1, faults=100)
    world.begin()
    world.walk()
    world.drain()
    return world


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda one: attrs.evolve(one, transactions=99), "the whole stream adds up to something else"),
        (lambda one: attrs.evolve(one, account=attrs.evolve(one.account, balance=CENT)), "the balance is 0.01 USD"),
        (lambda one: attrs.evolve(one, books=((Book.PREPAID, CENT),)), "prepaid minutes are not those bought"),
        (lambda one: attrs.evolve(one, books=((Book.OWED, CENT),)), "0.01 USD is owed by the ledger"),
        (lambda one: attrs.evolve(one, books=((Book.CLEARING, CENT),)), "the ledger does not add up to zero"),
    ],
)
def test_what_is_adrift_is_told(spoil: Any, found: str) -> None:
    """By a cent, or by an event."""
    world = lived(4)
    assert list(world.judged()) == []
    world.store.save_snapshot(spoil(world.standing()))
    assert any(found in wrong for wrong in world.judged())


def test_the_same_seed_gives_the_same_course() -> None:
    """Event by event."""
    courses = [lived(4).store.load("account 4").events for _ in range(2)]
    assert courses[0] == courses[1]
    assert len(courses[0]) > 10


def test_faults_happen() -> None:
    """Or there would be nothing to see."""
    assert simulate(1, months=2, faults=0).faults == 0
    assert simulate(1, months=2, faults=200).faults > 20


def test_the_command_prints_what_it_simulated(capsys: pytest.CaptureFixture[str]) -> None:
    """As data."""
    assert main(["--seeds", "0:2", "--months", "1", "--json", "--processes", "2"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["account_months"], data["wrong_seeds"], data["wrong"]) == (2, 0, [])


def test_the_command_tells_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """And exits with 1."""
    with BUGS["outcome_without_its_postings"]():
        assert main(["--seeds", "0:2", "--months", "1", "--processes", "1"]) == 1
    assert "the ledger's clearing is not what the provider captured" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (["--seeds", "5"], "two numbers that ascend, such as 0:500, not '5'"),
        (["--seeds", "9:3"], "not '9:3'"),
        (["--seeds", "3:3"], "not '3:3'"),
        (["--seeds", "x:3"], "a whole number, not 'x'"),
        (["--months", "0"], "at least 1, not 0"),
        (["--faults", "1001"], "at most 1000, not 1001"),
        (["--faults", "9" * 5_000], "not a text of 5000 characters"),
        (["--processes", "0"], "at least 1, not 0"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(
    asked: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before it begins: no seeds would say that nothing is wrong."""
    with pytest.raises(SystemExit, match="2"):
        main(asked)
    told = capsys.readouterr().err
    assert f"argument {asked[0]}: must be " in told
    assert problem in told
