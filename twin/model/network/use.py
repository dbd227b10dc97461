"""How full each link is, which fills first, and what bounds the images of a commune."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from twin.contracts import NodeType
from twin.model.network.links import link_name
from twin.model.network.load import ElementLoad
from twin.model.network.topology import OPERATORS, Network, NodeKind

__all__ = ["LinkUse", "MinCut", "link_uses", "min_cuts"]

_ROOMS = (NodeKind.INGEST, NodeKind.WALL, NodeKind.RECORDER)
"""What is joined to a switch of its own room."""


@dataclass(frozen=True)
class LinkUse:
    """A link and what it carries.

    Attributes
    ----------
    share : float
        Peak over capacity.
    growth : float
        By how much everything on the link may be multiplied before it is as full as allowed;
        below 1 it already is, infinite when it carries nothing.
    """

    name: str
    length_km: float
    capacity_mbps: float
    load: ElementLoad
    share: float
    growth: float


def link_uses(network: Network, loads: Mapping[str, ElementLoad], node: NodeType) -> list[LinkUse]:
    """Links between sites, the first to fill first; each may be filled as a network interface."""
    rooms = {name for kind in _ROOMS for name in network.of(kind)}
    found = []
    for link in network.links():
        if rooms & {link.a, link.b}:
            continue
        load = loads[link.name]
        allowed = link.capacity_mbps * node.nic_share
        growth = allowed / load.peak if load.peak else math.inf
        share = load.peak / link.capacity_mbps
        found.append(LinkUse(link.name, link.length_km, link.capacity_mbps, load, share, growth))
    return sorted(found, key=lambda use: (use.growth, use.name))


@dataclass(frozen=True)
class MinCut:
    """What bounds the images of a commune.

    Attributes
    ----------
    mbps : float
        Largest flow from its fixed cameras to the agents when nothing else flows.
    links : tuple of str
        Links of least total capacity whose loss separates them.
    """

    source: str
    mbps: float
    links: tuple[str, ...]


def min_cuts(network: Network, communes: Iterable[str]) -> list[MinCut]:
    """Minimum cut between each commune and the agents (Ford and Fulkerson 1956)."""
    graph = network.without(NodeKind.STATE, NodeKind.CELLULAR, NodeKind.NOMADIC, NodeKind.RECORDER)
    found = []
    for commune in communes:
        mbps, (near, _) = nx.minimum_cut(graph, commune, OPERATORS, capacity="capacity_mbps")
        links = sorted(link_name(a, b) for a, b in nx.edge_boundary(graph, near))
        found.append(MinCut(commune, float(mbps), tuple(links)))
    return found
