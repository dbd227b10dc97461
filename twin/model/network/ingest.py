"""Nodes that carry N cameras: what one node holds, what limits it, and one more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.contracts import Capacity, Figure, Kind, NodeType, StreamTypes
from twin.errors import InputError, did_you_mean

__all__ = ["NodeCount", "blind_s", "node_limits", "nodes_for"]

_CELLS = 400
"""Equal parts in which each distribution is cut to add them up."""

_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class NodeCount:
    """Answer to "how many nodes for these cameras".

    Attributes
    ----------
    nodes : Figure
        Spare included; `low` and `high` follow the interval of the measured knee.
    cameras_per_node : int
        What one node is given, when all run.
    binds : str
        Which limit of a node comes first.
    limits : dict of str to float
        Cameras each limit allows on one node.
    extrapolated : bool
        The profile was not measured: the cost of its packets was scaled.
    """

    nodes: Figure
    cameras_per_node: int
    binds: str
    limits: dict[str, float]
    extrapolated: bool


def node_limits(
    capacity: Capacity, types: StreamTypes, profile: str, knee_cameras: float, node: NodeType
) -> dict[str, float]:
    """Cameras of `profile` that each limit of `node` allows.

    Parameters
    ----------
    knee_cameras : float
        Cameras of the measured profile that the server carried on its own cores.

    Returns
    -------
    dict of str to float
        ``server`` (the measured knee; for another profile, in proportion of the processor time
        its packets cost), ``nic_in``, ``nic_out`` and ``descriptors``.
    """
    if profile not in types.profiles:
        raise InputError(f'unknown profile "{profile}"; {did_you_mean(profile, types.profiles)}')
    readers = capacity.readers_per_camera
    packets_s, mbit_s = capacity.packets_per_s, capacity.mbit_s
    if profile != capacity.profile:
        packets_s = types.packets.per_second(types.profiles[profile])
        mbit_s = types.profiles[profile].bitrate_mbit_s
    # The cost of a camera is its packets, in once and out once per reader: their ratio is enough.
    server = knee_cameras * capacity.packets_per_s / packets_s
    nic_mbit_s = node.nic_mbit_s * node.nic_share / node.wire_overhead
    return {
        "server": server,
        "nic_in": nic_mbit_s / mbit_s,
        "nic_out": nic_mbit_s / (mbit_s * readers),
        "descriptors": (node.descriptors - node.descriptors_reserved) / (1 + readers),
    }


def nodes_for(
    cameras: int, capacity: Capacity, types: StreamTypes, profile: str | None = None
) -> NodeCount:
    """Nodes that carry `cameras`, with the spare ones of ``data/stream_profiles.yaml``.

    Each node has the cores of the bench: what more cores would bring was not measured.

    Parameters
    ----------
    profile : str, optional
        Profile of the cameras; the measured one by default.

    Raises
    ------
    InputError
        No camera, or an unknown profile.
    """
    if cameras < 1:
        raise InputError(f"{cameras} cameras: one at least is needed")
    node, wanted = types.node, profile or capacity.profile

    def count(knee_cameras: float) -> int:
        per_node = min(node_limits(capacity, types, wanted, knee_cameras, node).values())
        return math.ceil(cameras / max(1, math.floor(per_node))) + node.spare_nodes

    limits = node_limits(capacity, types, wanted, capacity.cameras.value, node)
    binds = min(limits, key=lambda name: limits[name])
    held = capacity.provenance
    return NodeCount(
        nodes=Figure(
            count(capacity.cameras.value),
            count(capacity.cameras.high),
            count(capacity.cameras.low),
            "nœuds",
            Kind.COMPUTED,
            f"genou mesuré le {held.measured_on} sur {held.host}, MediaMTX {held.server_version}",
        ),
        cameras_per_node=max(1, math.floor(limits[binds])),
        binds=binds,
        limits=limits,
        extrapolated=wanted != capacity.profile,
    )


def blind_s(capacity: Capacity, restart_s: float) -> dict[str, Figure]:
    """Time without an image after a power cut, from the return of the current.

    The equipment restarts, the server finds its cameras again, and a reader gets its first packet;
    the last two were measured, and are taken independent of each other.

    Parameters
    ----------
    restart_s : float
        Time until the equipment runs.

    Returns
    -------
    dict of str to Figure
        ``p50``, ``p95``, ``p99`` and ``p100`` of the cameras; empty where the server was never
        killed.
    """
    if not capacity.reconnect_s or not capacity.start_s:
        return {}
    total = np.add.outer(_drawn(capacity.reconnect_s), _drawn(capacity.start_s)).ravel()
    held = capacity.provenance
    source = f"reconnexion et démarrage mesurés le {held.measured_on} sur {held.host}; restart_s"
    worst = capacity.reconnect_s["p100"] + capacity.start_s["p100"]
    found = {name: float(np.quantile(total, share)) for name, share in _SHARES.items()}
    found["p100"] = worst
    return {
        name: Figure(
            restart_s + value, restart_s + value, restart_s + value, "s", Kind.COMPUTED, source
        )
        for name, value in found.items()
    }


def _drawn(percentiles: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Values in the middle of equal parts of a distribution, straight between its percentiles."""
    known = {float(name.removeprefix("p")) / 100: value for name, value in percentiles.items()}
    shares = sorted(known)
    middles = (np.arange(_CELLS) + 0.5) / _CELLS
    return np.interp(middles, shares, [known[share] for share in shares])
