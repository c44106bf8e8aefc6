"""Ports: which calls take Flex Ports, why one was refused, and how full the pool is.

The admission of one call to the pool (PRT-1 to PRT-3), and the use of the pool against its capacity (PRT-4). How many
ports calls take at once, and how many will be needed (PRT-5), is computed by `traffic`; the life of a toll-free line
(PRT-6) is `toll_free`. The names of both are passed on from here.

Nothing is switched or dialed: what is in use is measured elsewhere and comes in as a number. Who is admitted to the
pool by an assignment (PRT-7) belongs to `licenses`.
"""

import enum
from collections.abc import Collection, Iterable
from fractions import Fraction

import attrs

from licensebill._checks import checked, instance, whole
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation, Input, many
from licensebill.terms import STANDARD
from licensebill.terms import OutboundPorts as OutboundPorts
from licensebill.terms import PortTerms as PortTerms
from licensebill.terms import PortUse as PortUse
from licensebill.toll_free import LINE_TRANSITIONS as LINE_TRANSITIONS
from licensebill.toll_free import LineEvent as LineEvent
from licensebill.toll_free import LineEventRefused as LineEventRefused
from licensebill.toll_free import LineState as LineState
from licensebill.toll_free import NoLineAvailable as NoLineAvailable
from licensebill.toll_free import TollFreeLine as TollFreeLine
from licensebill.toll_free import cancel_line as cancel_line
from licensebill.toll_free import confirm_line as confirm_line
from licensebill.toll_free import lines_available as lines_available
from licensebill.toll_free import release_line as release_line
from licensebill.toll_free import request_line as request_line
from licensebill.traffic import MAX_PORTS as MAX_PORTS
from licensebill.traffic import Call as Call
from licensebill.traffic import Peak as Peak
from licensebill.traffic import blocking_probability as blocking_probability
from licensebill.traffic import offered_traffic as offered_traffic
from licensebill.traffic import peak as peak
from licensebill.traffic import ports_for as ports_for

# --- one call and the pool ----------------------------------------------------------------------------------------


class Feature(enum.Enum):
    """What a call is, or what is done with it (PRT-1)."""

    VOICE_MESSAGE = "voice message"
    INBOUND = "inbound call"
    OUTBOUND = "outbound call"
    RECORDED = "recorded"
    MONITORED = "monitored"


class Cause(enum.Enum):
    """Why a call is not admitted, in the order in which causes are reported (PRT-2, PRT-3)."""

    NOT_ASSIGNED = "no Flex Port assigned to the user"
    TOO_FEW_FREE = "too few ports free"
    NO_RECORDING_LICENSE = "no Recording and Monitoring license"


_OVERHEARD = frozenset({Feature.RECORDED, Feature.MONITORED})


def _features(place: str, value: object) -> tuple[Feature, ...]:
    """The features named, each once and in the order of `Feature`, whatever collection they came in."""
    given = tuple(instance(place, value, Collection))  # type: ignore[type-abstract]
    for feature in given:
        instance(place, feature, Feature)
    return tuple(feature for feature in Feature if feature in given)


def _checked(features: object, running: object, terms: object) -> tuple[tuple[Feature, ...], tuple[Feature, ...]]:
    instance("terms", terms, PortTerms)
    wanted, before = _features("features", features), _features("running", running)
    if not wanted:
        raise InvalidValue("features", "must name at least one feature; a plain outbound call is OUTBOUND")
    if {Feature.INBOUND, Feature.OUTBOUND} <= {*wanted, *before}:
        raise InvalidValue("features", "must not be INBOUND and OUTBOUND at once: a call is one or the other")
    return wanted, before


def _counted(features: Iterable[Feature], terms: PortTerms) -> int:
    outbound = terms.outbound is OutboundPorts.ONE
    return sum(feature is not Feature.OUTBOUND or outbound for feature in features)


def _taken(counted: int, use: PortUse) -> int:
    return min(1, counted) if use is PortUse.ONE_PER_CALL else counted


def ports_needed_by(
    features: Collection[Feature], terms: PortTerms = STANDARD.ports, *, running: Collection[Feature] = ()
) -> int:
    """How many ports a call takes, for as long as it lasts.

    Voice messages, inbound calls, recorded and monitored calls take one, however many of these apply to the call; a
    plain outbound call takes none, yet takes one as soon as it is recorded.

    Args:
        features: what is to begin; at least one, in any order.
        terms: the policies: one port for the call or one for each feature, and whether outbound counts as a feature.
        running: what the call already is, if it is under way; the ports for that are taken already.

    Returns:
        ports in addition to those that the running call has.

    Raises:
        InvalidValue: no feature, something else than a feature, or inbound and outbound at once.

    Source: PRT-1.

    Example:
        >>> ports_needed_by({Feature.INBOUND, Feature.RECORDED}), ports_needed_by({Feature.OUTBOUND})
        (1, 0)
        >>> ports_needed_by({Feature.INBOUND, Feature.RECORDED}, PortTerms(use=PortUse.ONE_PER_FEATURE))
        2
        >>> ports_needed_by({Feature.MONITORED}, running={Feature.INBOUND})
        0
    """
    return _further(*_checked(features, running, terms), terms)


def _further(wanted: tuple[Feature, ...], before: tuple[Feature, ...], terms: PortTerms) -> int:
    together = _counted({*before, *wanted}, terms)
    return _taken(together, terms.use) - _taken(_counted(before, terms), terms.use)


@attrs.frozen(kw_only=True)
class Admission:
    """Whether a call may begin, and every cause if it may not.

    Args:
        ports: ports that it takes in addition to those it has.
        causes: why it is refused, in the order of `Cause`; empty if it is admitted.

    The others are those of `admission`, features in the order of `Feature`.
    """

    features: tuple[Feature, ...]
    running: tuple[Feature, ...]
    assigned: bool
    owned: int
    in_use: int
    recording_licenses: int
    terms: PortTerms
    ports: int
    causes: tuple[Cause, ...]

    @property
    def admitted(self) -> bool:
        """Whether the call may begin."""
        return not self.causes

    @property
    def free(self) -> int:
        """Ports free just before; zero if more are in use than owned."""
        return max(self.owned - self.in_use, 0)

    @property
    def reason(self) -> str:
        """The decision in sentences: each cause, and what can be done about it."""
        if self.admitted:
            taken = "no further port" if self.ports == 0 else many(self.ports, "port")
            return f"This takes {taken}; {self.free} of {self.owned} were free."
        insufficient = self.causes != (Cause.NO_RECORDING_LICENSE,)
        return " ".join(["Insufficient ports."] * insufficient + [self._sentence(cause) for cause in self.causes])

    def _sentence(self, cause: Cause) -> str:
        if cause is Cause.NOT_ASSIGNED:
            return "No Flex Port is assigned to the user: assign one."
        if cause is Cause.NO_RECORDING_LICENSE:
            return "Recording and monitoring need one Recording and Monitoring license for the system: purchase one."
        if not self.owned:
            return "No Flex Port is owned: purchase Flex Ports."
        found = f"{self.ports} ports are needed and {self.free} free" if self.free else "No port is free"
        return f"{found} ({self.in_use} of {self.owned} in use): wait until a call ends, or purchase more Flex Ports."

    def explanation(self) -> Explanation:
        """The decision, and the ports needed.

        Source: PRT-1, PRT-2, PRT-3, BIL-5.
        """
        return Explanation(
            figure="admission",
            value="admitted" if self.admitted else "refused",
            rules=("PRT-2", "PRT-3") if _OVERHEARD.intersection(self.features) else ("PRT-2",),
            because=self.reason,
            inputs=(
                Input("Flex Port assigned to the user", "yes" if self.assigned else "no"),
                Input("owned", str(self.owned), "ports"),
                Input("in use", str(self.in_use), "ports"),
                Input("Recording and Monitoring", str(self.recording_licenses), "licenses"),
            ),
            parts=(self._needed(),),
        )

    def _needed(self) -> Explanation:
        each = "min(1, {})" if self.terms.use is PortUse.ONE_PER_CALL else "{}"
        counts = (_counted({*self.running, *self.features}, self.terms), _counted(self.running, self.terms))
        return Explanation(
            figure="ports needed",
            value=str(self.ports),
            unit="ports",
            rules=("PRT-1",),
            because=f"Counted is {self.terms.use.value}, and {self.terms.outbound.value} for a plain outbound call; "
            "what a running call takes already is not needed again.",
            working=" - ".join(each.format(count) for count in counts),
            inputs=(Input("to begin", _named(self.features)), Input("running", _named(self.running))),
        )


def _named(features: tuple[Feature, ...]) -> str:
    return ", ".join(feature.value for feature in features) or "nothing"


def admission(
    *,
    features: Collection[Feature],
    running: Collection[Feature] = (),
    assigned: bool,
    owned: int,
    in_use: int,
    recording_licenses: int,
    terms: PortTerms = STANDARD.ports,
) -> Admission:
    """Whether a call may begin; "why insufficient ports?" in one call.

    A port may be missing for two causes: the user who starts the action has no Flex Port assigned, or too few are
    free. Both are reported if both hold, and neither can hold for what takes no port. Recording and monitoring also
    need one license for the whole system, whatever the number of ports.

    Args:
        features: what is to begin; at least one, in any order.
        running: what the call already is, if it is under way.
        assigned: whether the user who starts the action has a Flex Port assigned.
        owned: ports of the pool.
        in_use: ports taken now by all calls, a running one included; may exceed `owned` after a decrease.
        recording_licenses: Recording and Monitoring licenses owned.
        terms: the policies.

    Raises:
        InvalidValue: no or contradictory features, a number that is negative or not whole, `assigned` no bool.

    Source: PRT-1, PRT-2, PRT-3.

    Example:
        >>> answer = admission(
        ...     features={Feature.VOICE_MESSAGE}, assigned=False, owned=10, in_use=10, recording_licenses=0)
        >>> answer.admitted, [cause.name for cause in answer.causes]
        (False, ['NOT_ASSIGNED', 'TOO_FEW_FREE'])
        >>> for sentence in answer.reason.split(". "):
        ...     print(sentence)
        Insufficient ports
        No Flex Port is assigned to the user: assign one
        No port is free (10 of 10 in use): wait until a call ends, or purchase more Flex Ports.
    """
    wanted, before = _checked(features, running, terms)
    ports = _further(wanted, before, terms)
    overheard = bool(_OVERHEARD.intersection(wanted))
    holds = {
        Cause.NOT_ASSIGNED: not instance("assigned", assigned, bool) and ports > 0,
        Cause.TOO_FEW_FREE: whole("in_use", in_use) + ports > whole("owned", owned) and ports > 0,
        Cause.NO_RECORDING_LICENSE: whole("recording_licenses", recording_licenses) == 0 and overheard,
    }
    return Admission(
        features=wanted,
        running=before,
        assigned=assigned,
        owned=owned,
        in_use=in_use,
        recording_licenses=recording_licenses,
        terms=terms,
        ports=ports,
        causes=tuple(cause for cause in Cause if holds[cause]),
    )


# --- use against capacity -----------------------------------------------------------------------------------------


def _percent(part: int, of: int) -> int:
    return 100 * part // of


@attrs.frozen(kw_only=True)
class Utilization:
    """How much of the pool is used; see `utilization`."""

    in_use: int = attrs.field(validator=checked(whole))
    peak: int = attrs.field(validator=checked(whole))
    owned: int = attrs.field(validator=checked(whole))

    def __attrs_post_init__(self) -> None:
        if self.peak < self.in_use:
            raise InvalidValue("peak", f"must be at least the {self.in_use} in use now, not {shown(self.peak)}")

    @property
    def share(self) -> Fraction | None:
        """What is in use of what is owned, exact; None where no port is owned."""
        return Fraction(self.in_use, self.owned) if self.owned else None

    @property
    def percent(self) -> int | None:
        """The share in whole percent, rounded down: 100 means that every port is taken. None as for `share`."""
        return _percent(self.in_use, self.owned) if self.owned else None

    @property
    def peak_percent(self) -> int | None:
        """The peak of what is owned, likewise."""
        return _percent(self.peak, self.owned) if self.owned else None

    def explanation(self) -> Explanation:
        """The share in percent.

        Source: PRT-4, BIL-5.
        """
        return Explanation(
            figure="use of ports",
            value="no port owned" if self.percent is None else str(self.percent),
            unit="percent" if self.owned else "",
            rules=("PRT-4",),
            because=f"{self.in_use} of {many(self.owned, 'port')} in use; at most {self.peak} at once.",
            working=f"floor(100 * {self.in_use} / {self.owned})" if self.owned else "",
            inputs=(
                Input("in use", str(self.in_use), "ports"),
                Input("peak", str(self.peak), "ports"),
                Input("owned", str(self.owned), "ports"),
            ),
        )


def utilization(*, in_use: int, owned: int, peak: int | None = None) -> Utilization:
    """Use against capacity: in use, peak, share.

    Args:
        in_use: ports taken now.
        owned: ports of the pool; with none there is no share.
        peak: the most taken at once in the time looked at (see `peak`); if None, what is in use now.

    Raises:
        InvalidValue: a number that is negative or not whole, or a peak below what is in use.

    Source: PRT-4.

    Example:
        >>> use = utilization(in_use=7, peak=10, owned=12)
        >>> use.share, use.percent, use.peak_percent
        (Fraction(7, 12), 58, 83)
    """
    return Utilization(in_use=in_use, peak=in_use if peak is None else peak, owned=owned)
