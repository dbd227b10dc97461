"""The way of each stream, leg by leg: from cameras to ingest, then to wall, recorder and State."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import networkx as nx
import numpy as np
import numpy.typing as npt

from twin.model.network.links import link_name
from twin.model.network.topology import OPERATORS, Network, NodeKind
from twin.model.territory import Territory

__all__ = ["Leg", "Routes", "routes_of", "source_names"]

_HOP_KM = 1e-3
"""Added to every link, so that a way of equal length with fewer links is preferred."""

Counts = npt.NDArray[np.int8]


class Leg(StrEnum):
    """Parts of a stream's way."""

    INGEST = "ingest"
    """From the cameras to an ingest node of the first site."""
    WALL = "wall"
    STATE = "state"
    RECORD = "record"
    """From the ingest node to the recorder of the centre, or from the switch of the commune to its
    own."""


@dataclass(frozen=True)
class Routes:
    """Which elements each leg of each source crosses.

    Attributes
    ----------
    links, nodes : tuple of str
        The elements: links by name, then nodes.
    crossed : dict of Leg to int8[elements, sources]
        How often. Sources are numbered 2 i for the fixed cameras of commune i, 2 i + 1 for its
        nomadic ones. A node is crossed by what it receives.
    paths : dict of (Leg, int) to list of str
        Nodes of each leg, by source.
    """

    links: tuple[str, ...]
    nodes: tuple[str, ...]
    crossed: dict[Leg, Counts]
    paths: dict[tuple[Leg, int], list[str]]


def source_names(territory: Territory) -> list[str]:
    """Nodes that hold the cameras, in the order of the sources."""
    codes = [commune.insee for commune in territory.communes]
    return [name for code in codes for name in (code, f"nomadic-{code}")]


def routes_of(network: Network, territory: Territory) -> Routes:
    """Shortest ways, by length; the ingest nodes share the cameras as evenly as sources allow."""
    paths = dict(_paths(network, territory))
    links = tuple(sorted({link.name for link in network.links()}))
    nodes = tuple(name for name in network.graph if name != OPERATORS)
    row = {name: i for i, name in enumerate((*links, *nodes))}
    crossed = {leg: np.zeros((len(row), 2 * len(territory.communes)), dtype=np.int8) for leg in Leg}
    for (leg, source), path in paths.items():
        # What leaves an ingest node was received on the first leg.
        received = path if leg is Leg.INGEST else path[1:]
        hops = [link_name(a, b) for a, b in pairwise(path)]
        for name in (*hops, *received):
            crossed[leg][row[name], source] += 1
    return Routes(links, nodes, crossed, paths)


def _paths(network: Network, territory: Territory) -> Iterator[tuple[tuple[Leg, int], list[str]]]:
    """Nodes of each leg of each source that holds cameras."""
    fixed = network.without(
        NodeKind.STATE, NodeKind.CELLULAR, NodeKind.NOMADIC, NodeKind.VIRTUAL, NodeKind.RECORDER
    )
    mobile = network.without(NodeKind.STATE, NodeKind.COMMUNE, NodeKind.VIRTUAL, NodeKind.RECORDER)
    recorder = "recorder-1" if "recorder-1" in network.graph else None
    cameras = dict(network.graph.nodes(data="cameras"))
    names = source_names(territory)
    ingest_of = _shared(network, {i: cameras[n] for i, n in enumerate(names) if n in cameras})
    inward = {"fixed": _ways(fixed, "centre-1"), "mobile": _ways(mobile, "centre-1")}
    for source, ingest in ingest_of.items():
        commune = territory.communes[source // 2]
        way = inward["mobile" if source % 2 else "fixed"][names[source]]
        yield (Leg.INGEST, source), [*reversed(way), ingest]
        yield (Leg.WALL, source), [ingest, "wall-1"]
        yield (Leg.STATE, source), [ingest, "centre-1", *_outward(network, commune.force)]
        if recorder:
            yield (Leg.RECORD, source), [ingest, recorder]
        elif not source % 2:
            yield (Leg.RECORD, source), [names[source], f"recorder-{names[source]}"]


def _outward(network: Network, recipient: str) -> list[str]:
    others = [name for name in network.of(NodeKind.STATE) if name != recipient]
    graph = nx.subgraph_view(
        network.without(NodeKind.CELLULAR, NodeKind.VIRTUAL, NodeKind.INGEST),
        filter_node=lambda name: name not in others,
    )
    path: list[str] = nx.dijkstra_path(graph, "centre-1", recipient, weight=_km)
    return path[1:]


def _ways(graph: nx.Graph, start: str) -> dict[str, list[str]]:
    ways: dict[str, list[str]] = nx.single_source_dijkstra_path(graph, start, weight=_km)
    return ways


def _km(_a: str, _b: str, link: dict[str, float]) -> float:
    return link["length_km"] + _HOP_KM


def _shared(network: Network, cameras: dict[int, int]) -> dict[int, str]:
    """Ingest node of the first site for each source: the largest goes to the least loaded."""
    load = {name: 0 for name in network.of(NodeKind.INGEST) if name.startswith("ingest-1.")}
    ingest_of = {}
    for source in sorted(cameras, key=lambda source: (-cameras[source], source)):
        least = min(load, key=lambda name: load[name])
        ingest_of[source] = least
        load[least] += cameras[source]
    return dict(sorted(ingest_of.items()))
