"""Each planted fault of the protocol is caught: by the explorer in a course of its own, and by the simulation."""

from typing import Any

import attrs
import pytest

from licensebill import charging
from licensebill.testing.explore import Explorer
from licensebill.testing.simulate import simulate
from licensebill.testing.worlds import SCENARIOS
from tests.exploring.bugs import BUGS


@attrs.frozen
class Caught:
    """Where a fault shows.

    Args:
        scenario: of the explorer.
        keyed: with a provider that charges by key.
        workers: how many it takes.
        adversities: how many it takes; with one fewer nothing is to be seen in the scenario.
        seed: of the simulation, from which on it is looked for.
    """

    scenario: str
    keyed: bool
    workers: int
    adversities: int
    seed: int = 0


CAUGHT = {
    "no_journal": Caught("bill", False, 1, 1, 2),
    "settled_before_it_is_captured": Caught("bill, primary declines", False, 1, 0),
    "outcome_without_its_postings": Caught("bill", False, 1, 0),
    "decision_kept_on_a_conflict": Caught("bill", False, 2, 1, 12),
    "fact_told_twice": Caught("bill", False, 2, 1),
    "every_look_is_a_payment": Caught("bill, captured otherwise", False, 1, 0),
    "fall_back_on_unknown": Caught("bill", False, 1, 1),
    "unknown_is_paid": Caught("bill", False, 1, 1, 1),
    "unknown_is_forgotten": Caught("bill", False, 1, 1, 4),
    "first_unknown_goes_to_a_person": Caught("bill", False, 1, 1),
    "not_sent_is_a_decline": Caught("recharge, primary declines", False, 1, 1, 7),
    "no_void_after_a_decline": Caught("bill, late copy pays", False, 1, 1, 4),
    "void_believed_unheard": Caught("bill, late copy pays", False, 1, 1, 68),
    "pending_is_paid": Caught("recharge by bank debit, fails", False, 1, 0, 1),
    "pending_falls_back": Caught("bill by bank debit", False, 1, 0),
    "debits_are_not_watched": Caught("bill by bank debit, taken back", False, 1, 1),
    "returns_are_overlooked": Caught("bill by bank debit, taken back", False, 1, 0),
    "return_without_its_payment": Caught("bill by bank debit, taken back", False, 1, 1),
    "owed_is_never_tried_again": Caught("bill by bank debit, taken back", False, 1, 0),
    "declines_are_not_counted": Caught("recharge, all decline", False, 1, 0, 2),
    "next_attempt_under_the_same_reference": Caught("bill, primary declines", True, 1, 0),
    "key_from_the_time": Caught("bill by bank debit", True, 1, 1, 30),
    "resent_after_the_window": Caught("bill by bank debit", True, 1, 0, 1),
    "key_voided_too_early": Caught("bill", True, 1, 1, 34),
    "stuck_key_never_given_up": Caught("bill", True, 1, 1),
    "second_recharge_while_one_is_under_way": Caught("recharge", False, 1, 1),
    "wake_forgets_charges": Caught("bill by bank debit", False, 1, 0, 3),
    "amount_of_the_day": Caught("bill, primary declines", False, 1, 0),
    "sources_of_the_day": Caught("bill, primary declines", False, 1, 0),
    "captured_amount_is_not_read": Caught("bill, captured otherwise", False, 1, 0, 1),
}


def test_there_are_enough() -> None:
    """Each has its place in the table."""
    assert CAUGHT.keys() == BUGS.keys()
    assert len(CAUGHT) >= 25


@pytest.mark.parametrize("name", BUGS)
def test_the_explorer_catches_it(name: str) -> None:
    """With as many adversities as it takes."""
    at = CAUGHT[name]
    with BUGS[name]():
        found = Explorer(SCENARIOS[at.scenario], keyed=at.keyed, workers=at.workers).explore(
            at.adversities, most_wrong=1
        )
    assert found.wrong


@pytest.mark.parametrize("name", [name for name, at in CAUGHT.items() if at.adversities])
def test_it_takes_an_adversity(name: str) -> None:
    """In the ordinary course of things the fault is not to be seen: that is why it could be left in."""
    at = CAUGHT[name]
    with BUGS[name]():
        found = Explorer(SCENARIOS[at.scenario], keyed=at.keyed, workers=at.workers).explore(at.adversities - 1)
    assert found.wrong == []


@pytest.mark.parametrize("name", BUGS)
def test_the_simulation_catches_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sooner or later, by its own judgment."""
    monkeypatch.setattr(charging, "MOST_APPENDED", 30)  # what goes round in circles is stopped sooner
    first = CAUGHT[name].seed
    with BUGS[name]():
        verdicts: Any = (simulate(seed, months=2, faults=120) for seed in range(first, first + 120))
        assert any(verdict.wrong for verdict in verdicts)
