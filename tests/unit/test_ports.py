"""Ports by example: what takes a port, the causes of insufficient ports, use against capacity."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from licensebill.errors import InvalidValue
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
from tests.untyped import untyped
from tests.working import mistakes

VOICE, INBOUND, OUTBOUND = Feature.VOICE_MESSAGE, Feature.INBOUND, Feature.OUTBOUND
RECORDED, MONITORED = Feature.RECORDED, Feature.MONITORED

EACH = PortTerms(use=PortUse.ONE_PER_FEATURE)
OUTBOUND_TOO = PortTerms(outbound=OutboundPorts.ONE)
EACH_AND_OUTBOUND = PortTerms(use=PortUse.ONE_PER_FEATURE, outbound=OutboundPorts.ONE)

# --- ports needed


@pytest.mark.parametrize(
    ("features", "standard", "each", "outbound_too", "both"),
    [
        ({VOICE}, 1, 1, 1, 1),
        ({INBOUND}, 1, 1, 1, 1),
        ({OUTBOUND}, 0, 0, 1, 1),
        ({RECORDED}, 1, 1, 1, 1),
        ({MONITORED}, 1, 1, 1, 1),
        ({INBOUND, RECORDED}, 1, 2, 1, 2),
        ({OUTBOUND, RECORDED}, 1, 1, 1, 2),
        ({OUTBOUND, VOICE}, 1, 1, 1, 2),
        ({INBOUND, RECORDED, MONITORED}, 1, 3, 1, 3),
        ({OUTBOUND, VOICE, RECORDED, MONITORED}, 1, 3, 1, 4),
    ],
)
def test_ports_needed_under_each_policy(
    features: set[Feature], standard: int, each: int, outbound_too: int, both: int
) -> None:
    """One port for a call however much applies to it, none for a plain outbound call; the policies change either."""
    assert ports_needed_by(features) == standard
    assert ports_needed_by(features, EACH) == each
    assert ports_needed_by(features, OUTBOUND_TOO) == outbound_too
    assert ports_needed_by(features, EACH_AND_OUTBOUND) == both


@pytest.mark.parametrize(
    ("features", "running", "standard", "each"),
    [
        ({RECORDED}, {INBOUND}, 0, 1),
        ({RECORDED}, {OUTBOUND}, 1, 1),
        ({RECORDED, MONITORED}, {OUTBOUND}, 1, 2),
        ({MONITORED}, {OUTBOUND, RECORDED}, 0, 1),
        ({RECORDED}, {RECORDED, INBOUND}, 0, 0),
    ],
)
def test_ports_needed_by_what_begins_in_a_running_call(
    features: set[Feature], running: set[Feature], standard: int, each: int
) -> None:
    """A call that has its port needs no further one; a plain outbound call gets its first when it is recorded."""
    assert ports_needed_by(features, running=running) == standard
    assert ports_needed_by(features, EACH, running=running) == each


@pytest.mark.parametrize("kind", [set, frozenset, list, tuple, dict.fromkeys])
def test_features_come_in_any_collection(kind: Callable[[list[Feature]], Any]) -> None:
    """The kind of collection, the order and a repetition make no difference."""
    assert ports_needed_by(kind([MONITORED, INBOUND, MONITORED]), EACH) == 2


@pytest.mark.parametrize(
    ("features", "running", "place", "problem"),
    [
        ([], (), "features", "at least one"),
        ([INBOUND, OUTBOUND], (), "features", "one or the other"),
        ([INBOUND], [OUTBOUND], "features", "one or the other"),
        (["inbound"], (), "features", "must be a Feature"),
        ([INBOUND], ["outbound"], "running", "must be a Feature"),
        ("inbound", (), "features", "must be a Feature"),
        (INBOUND, (), "features", "must be a Collection"),
        (iter([INBOUND]), (), "features", "must be a Collection"),
        ([[]], (), "features", "must be a Feature"),
        (None, (), "features", "must be a Collection"),
        ([INBOUND], None, "running", "must be a Collection"),
    ],
)
def test_features_refused(features: object, running: object, place: str, problem: str) -> None:
    """No feature, something else than a feature, and contradicting ones are refused by name."""
    for function in (untyped(ports_needed_by), _admission):
        with pytest.raises(InvalidValue, match=problem) as refused:
            function(features, running=running)
        assert refused.value.place == place


def test_terms_must_be_port_terms() -> None:
    """The policies are one value, not a policy of it."""
    with pytest.raises(InvalidValue, match="must be a PortTerms"):
        untyped(ports_needed_by)([INBOUND], PortUse.ONE_PER_CALL)


# --- admission


def _admission(features: object, **changed: object) -> Admission:
    """An inbound pool of ten ports with one free, everything licensed, unless stated otherwise."""
    return untyped(admission)(
        **{"features": features, "assigned": True, "owned": 10, "in_use": 9, "recording_licenses": 1, **changed}
    )


@pytest.mark.parametrize(
    ("features", "changed", "causes"),
    [
        ([VOICE], {}, []),
        ([VOICE], {"in_use": 8}, []),
        ([VOICE], {"in_use": 10}, [Cause.TOO_FEW_FREE]),
        ([VOICE], {"in_use": 11}, [Cause.TOO_FEW_FREE]),
        ([VOICE], {"in_use": 0, "owned": 0}, [Cause.TOO_FEW_FREE]),
        ([VOICE], {"in_use": 0, "owned": 1}, []),
        ([VOICE], {"assigned": False}, [Cause.NOT_ASSIGNED]),
        ([VOICE], {"assigned": False, "in_use": 10}, [Cause.NOT_ASSIGNED, Cause.TOO_FEW_FREE]),
        ([VOICE], {"recording_licenses": 0}, []),
        ([OUTBOUND], {"assigned": False, "in_use": 10, "recording_licenses": 0}, []),
        ([OUTBOUND], {"in_use": 12}, []),
        ([OUTBOUND], {"in_use": 10, "terms": OUTBOUND_TOO}, [Cause.TOO_FEW_FREE]),
        ([OUTBOUND, RECORDED], {"recording_licenses": 0}, [Cause.NO_RECORDING_LICENSE]),
        ([MONITORED], {"recording_licenses": 0}, [Cause.NO_RECORDING_LICENSE]),
        ([MONITORED], {"recording_licenses": 2}, []),
        ([MONITORED], {"assigned": False, "in_use": 10, "recording_licenses": 0}, list(Cause)),
        ([INBOUND, RECORDED], {"terms": EACH}, [Cause.TOO_FEW_FREE]),
        ([INBOUND, RECORDED], {"terms": EACH, "in_use": 8}, []),
        ([RECORDED], {"running": [INBOUND], "in_use": 10}, []),
        ([RECORDED], {"running": [OUTBOUND], "in_use": 10}, [Cause.TOO_FEW_FREE]),
        ([RECORDED], {"running": [INBOUND], "recording_licenses": 0}, [Cause.NO_RECORDING_LICENSE]),
        ([VOICE], {"running": [OUTBOUND, RECORDED], "recording_licenses": 0}, []),
    ],
)
def test_causes(features: list[Feature], changed: dict[str, Any], causes: list[Cause]) -> None:
    """Every cause that holds is reported, in one order, and none that does not."""
    answer = _admission(features, **changed)
    assert answer.causes == tuple(causes)
    assert answer.admitted is (not causes)


_ASSIGN = "No Flex Port is assigned to the user: assign one."
_WAIT = "wait until a call ends, or purchase more Flex Ports."
_UNLOCK = "Recording and monitoring need one Recording and Monitoring license for the system: purchase one."


@pytest.mark.parametrize(
    ("features", "changed", "reason"),
    [
        ([VOICE], {}, "This takes 1 port; 1 of 10 were free."),
        ([INBOUND, RECORDED], {"terms": EACH, "in_use": 2}, "This takes 2 ports; 8 of 10 were free."),
        ([OUTBOUND], {"in_use": 11}, "This takes no further port; 0 of 10 were free."),
        ([VOICE], {"assigned": False}, f"Insufficient ports. {_ASSIGN}"),
        ([VOICE], {"in_use": 1, "owned": 1}, f"Insufficient ports. No port is free (1 of 1 in use): {_WAIT}"),
        ([VOICE], {"in_use": 10}, f"Insufficient ports. No port is free (10 of 10 in use): {_WAIT}"),
        (
            [INBOUND, RECORDED],
            {"terms": EACH},
            f"Insufficient ports. 2 ports are needed and 1 free (9 of 10 in use): {_WAIT}",
        ),
        (
            [VOICE],
            {"assigned": False, "owned": 0, "in_use": 0},
            f"Insufficient ports. {_ASSIGN} No Flex Port is owned: purchase Flex Ports.",
        ),
        ([RECORDED], {"recording_licenses": 0}, _UNLOCK),
        ([RECORDED], {"assigned": False, "recording_licenses": 0}, f"Insufficient ports. {_ASSIGN} {_UNLOCK}"),
    ],
)
def test_reason(features: list[Feature], changed: dict[str, Any], reason: str) -> None:
    """The reason names each cause with its numbers and what can be done about it."""
    assert _admission(features, **changed).reason == reason


def test_admission_keeps_what_it_was_computed_from() -> None:
    """The answer holds the question, its features in one order."""
    answer = _admission({MONITORED, RECORDED}, running={OUTBOUND}, in_use=12, assigned=False, terms=EACH)
    assert answer == Admission(
        features=(RECORDED, MONITORED),
        running=(OUTBOUND,),
        assigned=False,
        owned=10,
        in_use=12,
        recording_licenses=1,
        terms=EACH,
        ports=2,
        causes=(Cause.NOT_ASSIGNED, Cause.TOO_FEW_FREE),
    )
    assert answer.free == 0


def test_admission_explained() -> None:
    """The explanation gives the decision, the measured numbers, and the ports needed with their arithmetic."""
    told = _admission({RECORDED, MONITORED}, running={INBOUND}, in_use=10, recording_licenses=0).explanation()
    assert (told.figure, told.value, told.rules) == ("admission", "refused", ("PRT-2", "PRT-3"))
    assert [(given.name, given.value) for given in told.inputs] == [
        ("Flex Port assigned to the user", "yes"),
        ("owned", "10"),
        ("in use", "10"),
        ("Recording and Monitoring", "0"),
    ]
    (needed,) = told.parts
    assert (needed.figure, needed.value, needed.unit, needed.rules) == ("ports needed", "0", "ports", ("PRT-1",))
    assert needed.working == "min(1, 3) - min(1, 1)"
    assert [given.value for given in needed.inputs] == ["recorded, monitored", "inbound call"]
    assert mistakes(told) == []


def test_admission_explained_under_the_alternatives() -> None:
    """Where features take a port each the arithmetic counts them; without recording its rule is not cited."""
    told = _admission({INBOUND}, assigned=False, terms=EACH, in_use=0).explanation()
    assert (told.value, told.rules, told.parts[0].working) == ("refused", ("PRT-2",), "1 - 0")
    assert told.inputs[0].value == "no"
    assert told.parts[0].inputs[1].value == "nothing"
    assert told.parts[0].because == (
        "Counted is one for each feature, and none for a plain outbound call; what a running call takes already is not "
        "needed again."
    )
    assert _admission({INBOUND}).explanation().value == "admitted"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("assigned", 1),
        ("assigned", None),
        ("owned", -1),
        ("owned", 10.0),
        ("owned", True),
        ("in_use", -1),
        ("in_use", "9"),
        ("recording_licenses", -1),
        ("recording_licenses", None),
        ("terms", None),
    ],
)
def test_admission_refuses(place: str, value: object) -> None:
    """Every argument is checked, also where it would not change the answer."""
    for features in ([VOICE], [OUTBOUND]):
        with pytest.raises(InvalidValue) as refused:
            _admission(features, **{place: value})
        assert refused.value.place == place


# --- use against capacity


@pytest.mark.parametrize(
    ("in_use", "owned", "percent"),
    [(0, 10, 0), (1, 200, 0), (2, 200, 1), (3, 200, 1), (199, 200, 99), (200, 200, 100), (201, 200, 100), (3, 2, 150)],
)
def test_percent_rounds_down(in_use: int, owned: int, percent: int) -> None:
    """100 percent says that every port is taken, never that nearly all are."""
    use = utilization(in_use=in_use, owned=owned)
    assert use.percent == use.peak_percent == percent
    assert use.share == Fraction(in_use, owned)
    assert use.explanation().value == str(percent)
    assert mistakes(use.explanation()) == []


def test_peak_beside_what_is_in_use() -> None:
    """Both are shown against what is owned."""
    use = utilization(in_use=7, peak=10, owned=12)
    assert (use.in_use, use.peak, use.owned, use.percent, use.peak_percent) == (7, 10, 12, 58, 83)
    told = use.explanation()
    assert told.because == "7 of 12 ports in use; at most 10 at once."
    assert [given.value for given in told.inputs] == ["7", "10", "12"]
    assert (told.working, told.unit, told.rules) == ("floor(100 * 7 / 12)", "percent", ("PRT-4",))


def test_no_port_owned() -> None:
    """Without ports there is no share, and no division."""
    use = utilization(in_use=0, owned=0)
    assert (use.share, use.percent, use.peak_percent) == (None, None, None)
    told = use.explanation()
    assert (told.value, told.unit, told.working) == ("no port owned", "", "")


@pytest.mark.parametrize(("in_use", "peak_", "accepted"), [(5, 4, False), (5, 5, True), (5, 6, True)])
def test_peak_is_at_least_what_is_in_use(in_use: int, peak_: int, accepted: bool) -> None:
    """The time looked at includes now."""
    if accepted:
        assert utilization(in_use=in_use, peak=peak_, owned=10).peak == peak_
    else:
        with pytest.raises(InvalidValue, match="peak: must be at least the 5 in use now, not 4"):
            utilization(in_use=in_use, peak=peak_, owned=10)


@pytest.mark.parametrize("place", ["in_use", "owned", "peak"])
@pytest.mark.parametrize("value", [-1, 1.0, True, "1"])
def test_utilization_refuses(place: str, value: object) -> None:
    """Ports are counted in whole numbers."""
    with pytest.raises(InvalidValue) as refused:
        untyped(utilization)(**{"in_use": 1, "owned": 1, "peak": 1, place: value})
    assert refused.value.place == place
