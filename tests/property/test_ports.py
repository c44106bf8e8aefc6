"""Ports by law: each class is a rule, its methods what follows from it."""

from fractions import Fraction

import attrs
from hypothesis import given
from hypothesis import strategies as st

from licensebill.ports import (
    Admission,
    Cause,
    Feature,
    OutboundPorts,
    PortTerms,
    PortUse,
    admission,
    ports_needed_by,
    utilization,
)
from licensebill.strategies import feature_sets, port_terms
from tests.working import mistakes

_NUMBERS = st.integers(0, 12)


@st.composite
def _under_way(draw: st.DrawFn) -> tuple[frozenset[Feature], frozenset[Feature]]:
    """What begins, and what the call already is; the two do not contradict each other."""
    both = draw(feature_sets())
    running = frozenset(draw(st.sets(st.sampled_from(sorted(both, key=list(Feature).index)))))
    begins = draw(st.sets(st.sampled_from(sorted(both, key=list(Feature).index)), min_size=1))
    return frozenset(begins), running


class TestPortsOfACall:
    """PRT-1: one port for a call however much applies to it; none for a plain outbound call; or by policy."""

    @given(feature_sets(), port_terms())
    def test_each_policy_counts_in_its_way(self, features: frozenset[Feature], terms: PortTerms) -> None:
        """Count the features that take a port; where one port serves the call, any of them is as good as all."""
        free = {Feature.OUTBOUND} if terms.outbound is OutboundPorts.NONE else set()
        each = len(features - free)
        assert ports_needed_by(features, terms) == (each if terms.use is PortUse.ONE_PER_FEATURE else bool(each))

    @given(_under_way(), port_terms())
    def test_a_call_takes_the_same_at_once_or_step_by_step(
        self, under_way: tuple[frozenset[Feature], frozenset[Feature]], terms: PortTerms
    ) -> None:
        """What runs takes its ports, what begins adds the rest, together as if all had begun at once."""
        begins, running = under_way
        before = ports_needed_by(running, terms) if running else 0
        assert before + ports_needed_by(begins, terms, running=running) == ports_needed_by(begins | running, terms)

    @given(_under_way(), port_terms())
    def test_nothing_that_begins_frees_a_port(
        self, under_way: tuple[frozenset[Feature], frozenset[Feature]], terms: PortTerms
    ) -> None:
        """What is needed in addition is never negative."""
        begins, running = under_way
        assert ports_needed_by(begins, terms, running=running) >= 0


@st.composite
def _admissions(draw: st.DrawFn) -> Admission:
    begins, running = draw(_under_way())
    return admission(
        features=begins,
        running=running,
        assigned=draw(st.booleans()),
        owned=draw(_NUMBERS),
        in_use=draw(_NUMBERS),
        recording_licenses=draw(st.integers(0, 2)),
        terms=draw(port_terms()),
    )


class TestInsufficientPorts:
    """PRT-2, PRT-3: no Flex Port assigned, too few free, no recording license: every cause that holds is reported."""

    @given(_admissions())
    def test_each_cause_is_reported_exactly_if_it_holds(self, answer: Admission) -> None:
        """A cause does not hide another, and what takes no port lacks none."""
        needs = answer.ports > 0
        assert (Cause.NOT_ASSIGNED in answer.causes) is (needs and not answer.assigned)
        assert (Cause.TOO_FEW_FREE in answer.causes) is (needs and answer.owned - answer.in_use < answer.ports)
        overheard = Feature.RECORDED in answer.features or Feature.MONITORED in answer.features
        assert (Cause.NO_RECORDING_LICENSE in answer.causes) is (overheard and answer.recording_licenses == 0)
        assert answer.admitted is (answer.causes == ())

    @given(_admissions())
    def test_causes_come_once_and_in_order(self, answer: Admission) -> None:
        """The order of causes is always the same."""
        assert list(answer.causes) == [cause for cause in Cause if cause in answer.causes]

    @given(_admissions())
    def test_an_admitted_call_keeps_the_pool_within_what_is_owned(self, answer: Admission) -> None:
        """Never more ports at once than owned, unless the pool was overfull and nothing is taken."""
        if answer.admitted and answer.ports:
            assert answer.in_use + answer.ports <= answer.owned

    @given(_admissions(), st.integers(1, 5))
    def test_more_never_hurts(self, answer: Admission, more: int) -> None:
        """More ports, licenses, or an assignment add no cause."""
        asked = {field.name: getattr(answer, field.name) for field in attrs.fields(Admission)}
        del asked["ports"], asked["causes"]
        for better in (
            {"owned": answer.owned + more},
            {"recording_licenses": answer.recording_licenses + more},
            {"assigned": True},
        ):
            assert set(admission(**{**asked, **better}).causes) <= set(answer.causes)

    @given(_admissions())
    def test_the_explanation_recomputes(self, answer: Admission) -> None:
        """The ports needed follow from the arithmetic shown, and the reason is told."""
        told = answer.explanation()
        assert mistakes(told) == []
        assert told.because == answer.reason
        assert told.parts[0].value == str(answer.ports)


class TestUtilization:
    """PRT-4: use against capacity."""

    @given(_NUMBERS, _NUMBERS, st.integers(1, 1_000))
    def test_share_is_exact_and_percent_its_floor(self, in_use: int, above: int, owned: int) -> None:
        """Percent is the exact share cut to whole hundredths, for the present use and for the peak."""
        use = utilization(in_use=in_use, peak=in_use + above, owned=owned)
        assert use.share == Fraction(in_use, owned)
        assert use.percent == Fraction(in_use, owned) * 100 // 1
        assert use.peak_percent == Fraction(in_use + above, owned) * 100 // 1
        assert mistakes(use.explanation()) == []
