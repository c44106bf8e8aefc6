"""The explorer: it follows every course, finds planted faults, and tells them as tests to run."""

import json
from datetime import date

import attrs
import pytest

from licensebill.changes import RemoveSource
from licensebill.testing.explore import Explorer, Task, main, replay, tasks
from licensebill.testing.worlds import SCENARIOS
from tests.exploring.bugs import BUGS


class TestExplorer:
    """Courses of events in a small world."""

    def test_without_adversities_there_is_one_course(self) -> None:
        """Things go by themselves, and end well."""
        found = Explorer(SCENARIOS["bill"], keyed=False).explore(0)
        assert (found.courses, found.wrong, found.is_whole) == (1, [], True)
        assert found.walked == found.steps + 1

    @pytest.mark.parametrize("name", SCENARIOS)
    @pytest.mark.parametrize("keyed", [False, True], ids=["two-phase", "keyed"])
    def test_nothing_is_lost_or_doubled_with_one_adversity(self, name: str, keyed: bool) -> None:
        """Whatever goes wrong once, with another worker about."""
        found = Explorer(SCENARIOS[name], keyed=keyed, workers=2).explore(1)
        assert (found.wrong, found.is_whole) == ([], True)
        assert found.courses > 20

    def test_more_adversities_are_more_courses(self) -> None:
        """Each course with one is among those with two."""
        one, two = (Explorer(SCENARIOS["minutes bought by hand"], keyed=False).explore(number) for number in (1, 2))
        assert 10 < one.courses < two.courses
        assert two.wrong == []

    def test_no_point_is_walked_twice(self) -> None:
        """There are far more courses than steps between points."""
        found = Explorer(SCENARIOS["bill"], keyed=False).explore(2)
        assert found.steps < 3 * found.courses

    def test_what_a_person_is_refused_does_not_come_in_between(self) -> None:
        """It changes nothing, and costs no adversity."""
        refused = RemoveSource(on=date(2026, 12, 1), by="dana", source="nobody")
        scenario = attrs.evolve(SCENARIOS["bill"], meanwhile=(refused,))
        fewer, more = (Explorer(one, keyed=False).explore(1).courses for one in (scenario, SCENARIOS["bill"]))
        assert fewer < more

    def test_it_can_be_stopped(self) -> None:
        """What was not followed is not claimed."""
        found = Explorer(SCENARIOS["bill"], keyed=False).explore(2, seconds=0)
        assert (found.is_whole, found.courses) == (False, 0)
        with BUGS["unknown_is_paid"]():
            found = Explorer(SCENARIOS["bill"], keyed=False).explore(2, most_wrong=2)
        assert (found.is_whole, found.courses >= 2) == (False, True)

    def test_a_sample_is_the_same_for_the_same_seed(self) -> None:
        """And another for another."""
        steps = [Explorer(SCENARIOS["bill"], keyed=True).sample(3, 30, seed).steps for seed in (1, 1, 2)]
        assert steps[0] == steps[1] != steps[2]

    @pytest.mark.parametrize("keyed", [False, True])
    def test_samples_find_nothing_wrong(self, keyed: bool) -> None:
        """With three adversities."""
        found = Explorer(SCENARIOS["recharge, primary declines"], keyed=keyed, workers=2).sample(3, 40, 7)
        assert found.wrong == []
        assert found.courses > 10

    def test_a_sample_finds_a_planted_fault(self) -> None:
        """And follows on after it; a stream that stops is a course that went wrong, too."""
        with BUGS["unknown_is_paid"]():
            assert Explorer(SCENARIOS["bill"], keyed=False).sample(2, 60, 3).wrong
        with BUGS["fact_told_twice"]():
            found = Explorer(SCENARIOS["bill"], keyed=False, workers=2).sample(2, 150, 3)
        assert any("charging stops" in lost for one in found.wrong for lost in one.lost)


class TestCounterexamples:
    """A course that went wrong can be followed again."""

    def test_it_is_printed_as_a_test_that_fails_with_the_fault_and_passes_without(self) -> None:
        """The text is run as it is printed."""
        with BUGS["unknown_is_paid"]():
            (course,) = Explorer(SCENARIOS["bill"], keyed=False).explore(1, most_wrong=1).wrong
            assert "the ledger has 30.00 USD, the provider 0.00 USD" in course.lost
            names: dict[str, object] = {}
            exec(course.as_test(), names)  # noqa: S102 - what is printed is what is to be run
            test = names["test_a_course_that_went_wrong"]
            assert callable(test)
            with pytest.raises(AssertionError):
                test()
        test()

    def test_a_course_ends_though_a_request_is_still_under_way(self) -> None:
        """It may arrive, or never."""
        end = replay("bill", keyed=False, choices={5: "prepare: arrives late"})
        assert (end.lost, end.doubled, end.choices) == ((), (), ((5, "prepare: arrives late"),))

    def test_a_choice_that_is_not_there_is_told(self) -> None:
        """The course was another version's."""
        with pytest.raises(ValueError, match="step 2: no choice 'capture: crash after'"):
            replay("bill", keyed=False, choices={2: "capture: crash after"})


class TestCommand:
    """`python -m licensebill.testing.explore`."""

    def test_it_prints_what_it_walked(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As data, with the sums first."""
        assert main(["--adversities", "0", "--scenario", "bill", "--json", "--processes", "2"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert [data[key] for key in ("adversities", "schedules", "lost", "doubled", "whole")] == [0, 4, 0, 0, True]
        assert {(run["provider"], run["workers"]) for run in data["runs"]} == {
            ("two-phase", 1),
            ("two-phase", 2),
            ("keyed", 1),
            ("keyed", 2),
        }

    def test_it_prints_lines_and_a_test_where_something_is_wrong(self, capsys: pytest.CaptureFixture[str]) -> None:
        """And exits with 1."""
        with BUGS["outcome_without_its_postings"]():
            assert main(["--adversities", "0", "--scenario", "bill", "--two-phase"]) == 1
        printed = capsys.readouterr()
        assert "scenario bill, provider two-phase, workers 1" in printed.out
        assert "def test_a_course_that_went_wrong" in printed.err

    @pytest.mark.parametrize(
        "asked", [("--adversities", "-1"), ("--sample", "-1"), ("--seed", "x"), ("--processes", "0")]
    )
    def test_it_refuses_what_it_cannot_do(self, asked: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        """And names the option."""
        with pytest.raises(SystemExit, match="2"):
            main(asked)
        assert f"argument {asked[0]}: must be " in capsys.readouterr().err

    def test_every_scenario_is_explored_unless_some_are_named(self) -> None:
        """With both kinds of provider, and with one worker and two."""
        import argparse  # noqa: PLC0415 - for this one

        given = argparse.Namespace(adversities=2, sample=0, seed=0, seconds=None, scenario=None, two_phase=False)
        assert len(tasks(given)) == 4 * len(SCENARIOS)
        assert Task(scenario="bill", keyed=False, workers=1, adversities=1, sample=3).run().courses <= 3
