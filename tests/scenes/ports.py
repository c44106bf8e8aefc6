"""Ports: what a call takes, why one was refused, and the use of the pool."""

from typing import Any

from licensebill import ports
from licensebill.ports import Feature, OutboundPorts, PortTerms, PortUse
from tests.scenes import Scene
from tests.untyped import untyped

_INBOUND, _OUTBOUND, _RECORDED = {Feature.INBOUND}, {Feature.OUTBOUND}, {Feature.RECORDED}
_EACH = PortTerms(use=PortUse.ONE_PER_FEATURE)
_EVERY = PortTerms(use=PortUse.ONE_PER_FEATURE, outbound=OutboundPorts.ONE)
_THREE = {Feature.INBOUND, Feature.RECORDED, Feature.MONITORED}


def _asked(**changed: Any) -> ports.Admission:
    """A call that is admitted, fields as given."""
    given: dict[str, Any] = {"features": _INBOUND, "assigned": True, "owned": 10, "in_use": 3, "recording_licenses": 1}
    return ports.admission(**given | changed)


SCENES: dict[str, Scene] = {
    "an inbound call is admitted": _asked,
    "an outbound call takes none": lambda: _asked(features=_OUTBOUND, assigned=False, owned=0, in_use=0),
    "recording is admitted": lambda: _asked(features=_RECORDED, running=_OUTBOUND),
    "recording a call that has its port": lambda: _asked(features=_RECORDED, running=_INBOUND, in_use=10),
    "several ports are taken": lambda: _asked(features=_THREE, terms=_EACH),
    "an outbound call takes one, too": lambda: _asked(features=_OUTBOUND, terms=_EVERY),
    "an inbound call of a user without a port": lambda: _asked(assigned=False),
    "no port is free": lambda: _asked(in_use=10),
    "the last port": lambda: _asked(in_use=9),
    "more in use than owned": lambda: _asked(in_use=11),
    "some free, and too few": lambda: _asked(features=_THREE, terms=_EACH, in_use=8),
    "no port owned": lambda: _asked(owned=0, in_use=0),
    "recording without a license": lambda: _asked(features=_RECORDED, running=_INBOUND, recording_licenses=0),
    "monitoring without a license": lambda: _asked(features={Feature.MONITORED}, recording_licenses=0),
    "every cause": lambda: _asked(features=_RECORDED, assigned=False, in_use=10, recording_licenses=0),
    "features in their order": lambda: _asked(features=[Feature.MONITORED, Feature.RECORDED], running=_INBOUND),
    "recording while more are in use than owned": lambda: (
        _asked(features=_RECORDED, running=_INBOUND, in_use=11).reason
    ),
    "ports needed": lambda: [
        ports.ports_needed_by(_THREE),
        ports.ports_needed_by(_THREE, _EACH),
        ports.ports_needed_by({Feature.MONITORED}, running={Feature.INBOUND, Feature.RECORDED}),
        ports.ports_needed_by({Feature.MONITORED}, _EACH, running={Feature.INBOUND, Feature.RECORDED}),
    ],
    "no feature": lambda: _asked(features=()),
    "no feature, running": lambda: ports.ports_needed_by((), running=_INBOUND),
    "inbound and outbound at once": lambda: _asked(features={*_INBOUND, *_OUTBOUND}),
    "outbound while inbound": lambda: ports.ports_needed_by(_OUTBOUND, running=_INBOUND),
    "something else than a feature": lambda: untyped(ports.ports_needed_by)(["inbound"]),
    "something else than a feature, running": lambda: untyped(ports.ports_needed_by)(_INBOUND, running=["inbound"]),
    "use of ports": lambda: ports.utilization(in_use=7, peak=10, owned=12),
    "use of ports, all taken": lambda: ports.utilization(in_use=1, owned=1),
    "use of ports, none owned": lambda: ports.utilization(in_use=0, peak=2, owned=0),
    "shares": lambda: [
        (use.share, use.percent, use.peak_percent)
        for use in (ports.utilization(in_use=7, peak=10, owned=12), ports.utilization(in_use=0, owned=0))
    ],
    "a peak below what is in use": lambda: ports.utilization(in_use=7, peak=6, owned=12),
}
