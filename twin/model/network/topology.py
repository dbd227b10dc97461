"""Where the images may travel: a graph of sites and links.

The real fibre is not public. `hypothetical` builds a network from coordinates, and says that it is
a hypothesis; `twin.model.network.links` reads a real one. Both give the fibre outside the centre;
`assemble` adds what stands in the centre and the nomadic cameras.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from twin.contracts import NodeType
from twin.errors import InputError, did_you_mean
from twin.model.assumptions import Assumptions
from twin.model.mel import load_mel
from twin.model.network.levers import NetworkLevers
from twin.model.network.links import Link, read_links
from twin.model.territory import Commune, Territory

__all__ = ["Network", "NodeKind", "Place", "assemble", "build_network", "hypothetical", "places_of"]

OPERATORS = "operators"
"""Stands for the agents, whichever room they sit in: joined to every wall, never fails."""

_KM_PER_DEGREE = 111.2
_HYPOTHESIS = "hypothesis: nearest aggregation points, spanning tree closed into rings"

_RECIPIENTS = {"police": "DIPN 59", "gendarmerie": "gendarmerie"}

Floats = npt.NDArray[np.float64]


class NodeKind(StrEnum):
    """What stands at a node."""

    COMMUNE = "commune"
    """Switch to which the fixed cameras of a commune are wired."""
    NOMADIC = "nomadic"
    """Nomadic cameras of a commune."""
    AGGREGATION = "aggregation"
    CENTRE = "centre"
    """Switch of a site of the centre."""
    INGEST = "ingest"
    WALL = "wall"
    RECORDER = "recorder"
    CELLULAR = "cellular"
    """Interconnection with the mobile operator."""
    STATE = "state"
    """Who receives images: DIPN 59 for "police", the gendarmerie."""
    VIRTUAL = "virtual"


@dataclass(frozen=True)
class Place:
    """A point of the map."""

    name: str
    lat: float
    lon: float


@dataclass(frozen=True)
class Network:
    """A graph, and where it comes from.

    Attributes
    ----------
    graph : networkx.Graph
        Nodes have `kind` (`NodeKind`), `site` (building, or None outside the centre's reach),
        `cameras`, `label`; links have `length_km`, `capacity_mbps` and `cost_eur_year`.
    source : str
        A file, or that it is a hypothesis.
    """

    graph: nx.Graph
    source: str

    @property
    def supposed(self) -> bool:
        """Whether it was built from coordinates: its prices are those of the assumptions."""
        return self.source == _HYPOTHESIS

    def of(self, kind: NodeKind) -> list[str]:
        """Names of the nodes of a kind."""
        return [name for name, found in self.graph.nodes(data="kind") if found is kind]

    def links(self) -> list[Link]:
        """Every link but those that stand for no cable."""
        return [
            Link(a, b, **data)
            for a, b, data in self.graph.edges(data=True)
            if OPERATORS not in {a, b}
        ]

    def label(self, name: str) -> str:
        """Words for a node, a site, or a link."""
        known = dict(self.graph.nodes(data="label"))
        return " — ".join(known.get(end) or end for end in name.split(" — "))

    def without(self, *kinds: NodeKind) -> nx.Graph:
        """Return the part that traffic may cross: a service of the State carries nobody's images.

        Examples
        --------
        >>> Network(nx.Graph(), "empty").without(NodeKind.STATE).number_of_nodes()
        0
        """
        kept = [name for name, found in self.graph.nodes(data="kind") if found not in kinds]
        return self.graph.subgraph(kept)


def build_network(
    territory: Territory,
    levers: NetworkLevers,
    assumptions: Assumptions,
    node: NodeType,
    ingest_nodes: int,
) -> Network:
    """Network of a scenario: the file of its levers, else a hypothesis built from coordinates.

    Raises
    ------
    InputError
        A site that is no commune of the MEL; a file of links that is not what it should be.
    """
    if levers.links is None:
        links = hypothetical(
            [Place(c.insee, c.lat, c.lon) for c in territory.communes],
            places_of(levers.sites),
            sorted({c.force for c in territory.communes}),
            levers,
            assumptions,
        )
        source = _HYPOTHESIS
    else:
        links = read_links(levers.links, territory)
        source = str(levers.links)
    return assemble(links, territory, levers, assumptions, node, ingest_nodes, source)


def places_of(codes: Sequence[str]) -> list[Place]:
    """Return places of the MEL by INSEE code."""
    known = {place.insee: place for place in load_mel().places}
    for code in codes:
        if code not in known:
            raise InputError(f'network: unknown code "{code}"; {did_you_mean(code, known)}')
    return [Place(code, known[code].lat, known[code].lon) for code in codes]


def hypothetical(
    communes: Sequence[Place],
    sites: Sequence[Place],
    recipients: Sequence[str],
    levers: NetworkLevers,
    assumptions: Assumptions,
) -> list[Link]:
    """Links of a network made of coordinates.

    Each commune is joined to the nearest aggregation point. These points stand in communes, where
    they make the links of the communes shortest (k-medoids). A minimum spanning tree joins them and
    the sites of the centre; the cheapest further links then leave no link, and no point, that
    carries the others alone. There are as many points as cost least in fibre and switches, at most
    the square root of the number of communes.
    """
    km = distances_km([*communes, *sites]) * assumptions["route_factor"]
    access_km = km[: len(communes), : len(communes)]
    switch_eur_year = _per_year(assumptions, assumptions["core_switch_eur"])
    most = levers.aggregation_points or math.ceil(math.sqrt(len(communes)))
    candidates = []
    tried = _medoids(access_km, most)
    for medoids in tried[-1:] if levers.aggregation_points else tried:
        core = [*medoids, *range(len(communes), len(km))]
        ring = _backbone(km[np.ix_(core, core)], len(sites), levers.rings)
        length = access_km[:, medoids].min(axis=1).sum()
        length += sum(km[core[a], core[b]] for a, b in ring)
        cost = length * assumptions["fibre_eur_km_year"] + len(medoids) * switch_eur_year
        candidates.append((cost, medoids, ring))
    _, medoids, ring = min(candidates)
    return [
        *_fibre(communes, sites, medoids, ring, km, assumptions),
        *_leased([f"centre-{i + 1}" for i in range(len(sites))], recipients, assumptions),
    ]


def _fibre(
    communes: Sequence[Place],
    sites: Sequence[Place],
    medoids: list[int],
    ring: list[tuple[int, int]],
    km: Floats,
    assumptions: Assumptions,
) -> Iterator[Link]:
    rent = assumptions["fibre_eur_km_year"]
    core = [*medoids, *range(len(communes), len(km))]
    names = [f"agg-{communes[m].name}" for m in medoids]
    names += [f"centre-{i + 1}" for i in range(len(sites))]
    for i, commune in enumerate(communes):
        nearest = int(np.argmin(km[i, medoids]))
        length = float(km[i, medoids[nearest]])
        mbps = assumptions["access_link_mbps"]
        yield Link(commune.name, names[nearest], length, mbps, length * rent)
    for a, b in ring:
        length = float(km[core[a], core[b]])
        yield Link(names[a], names[b], length, assumptions["ring_link_mbps"], length * rent)


def _leased(centres: Sequence[str], to: Iterable[str], assumptions: Assumptions) -> Iterator[Link]:
    for name in to:
        for centre in centres:
            yield Link(
                centre,
                name,
                assumptions["leased_line_km"],
                assumptions["leased_line_mbps"],
                assumptions["leased_line_eur_year"],
            )


def assemble(
    links: Iterable[Link],
    territory: Territory,
    levers: NetworkLevers,
    assumptions: Assumptions,
    node: NodeType,
    ingest_nodes: int,
    source: str,
) -> Network:
    """Network of `links` outside the centre, with what stands in it and the cameras."""
    graph = nx.Graph()
    for link in links:
        graph.add_edge(link.a, link.b, **link.attributes())
    communes = {commune.insee: commune for commune in territory.communes}
    for name in graph:
        graph.nodes[name].update(_outside(name, communes))
    centres = sorted(name for name in graph if graph.nodes[name]["kind"] is NodeKind.CENTRE)
    _furnish(graph, centres, ingest_nodes, node, levers.recording == "centre")
    if levers.recording == "edge":
        for insee in communes:
            _add(graph, f"recorder-{insee}", NodeKind.RECORDER, insee)
            _wire(graph, insee, f"recorder-{insee}", node.nic_mbit_s)
    nomadic = [commune for commune in territory.communes if commune.nomadic]
    if nomadic:
        _add(graph, "cellular", NodeKind.CELLULAR, None)
        for link in _leased(centres, ["cellular"], assumptions):
            graph.add_edge(link.a, link.b, **link.attributes())
    for commune in nomadic:
        name = f"nomadic-{commune.insee}"
        _add(graph, name, NodeKind.NOMADIC, None, cameras=commune.nomadic, label=commune.name)
        subscription = assumptions["cellular_eur_camera_year"] * commune.nomadic
        _wire(graph, name, "cellular", assumptions["cellular_mbps"] * commune.nomadic, subscription)
    return Network(graph, source)


def _outside(name: str, communes: dict[str, Commune]) -> dict[str, Any]:
    """Attributes of a node named by a link."""
    if name.startswith("centre-"):
        return _node(NodeKind.CENTRE, f"site-{name.removeprefix('centre-')}")
    if name in _RECIPIENTS:
        return _node(NodeKind.STATE, None, label=_RECIPIENTS[name])
    commune = communes.get(name)
    if commune is None:
        known = {place.insee: place.name for place in load_mel().places}
        place = known.get(name.removeprefix("agg-"))
        return _node(NodeKind.AGGREGATION, name, label=f"point of {place}" if place else name)
    fixed = commune.cameras - commune.nomadic
    return _node(NodeKind.COMMUNE, name, cameras=fixed, label=commune.name)


def _furnish(
    graph: nx.Graph, centres: list[str], ingest_nodes: int, node: NodeType, records: bool
) -> None:
    """Ingest nodes, wall and recorder of each site; a second site can carry everything alone."""
    graph.add_node(OPERATORS, **_node(NodeKind.VIRTUAL, None))
    for centre in centres:
        site = graph.nodes[centre]["site"]
        number = site.removeprefix("site-")
        furniture = [_add(graph, f"wall-{number}", NodeKind.WALL, site)]
        if records:
            furniture.append(_add(graph, f"recorder-{number}", NodeKind.RECORDER, site))
        for i in range(ingest_nodes):
            name = _add(graph, f"ingest-{number}.{i + 1}", NodeKind.INGEST, site)
            for other in (centre, *furniture):
                _wire(graph, name, other, node.nic_mbit_s)
        _wire(graph, f"wall-{number}", OPERATORS, math.inf)


def _node(
    kind: NodeKind, site: str | None, *, cameras: int = 0, label: str | None = None
) -> dict[str, Any]:
    return {"kind": kind, "site": site, "cameras": cameras, "label": label}


def _add(graph: nx.Graph, name: str, kind: NodeKind, site: str | None, **more: Any) -> str:
    graph.add_node(name, **_node(kind, site, **more))
    return name


def _wire(graph: nx.Graph, a: str, b: str, mbps: float, eur_year: float = 0.0) -> None:
    """Join two nodes of one room, or over the air: there is no cable to cut."""
    graph.add_edge(a, b, length_km=0.0, capacity_mbps=mbps, cost_eur_year=eur_year)


def distances_km(places: Sequence[Place]) -> Floats:
    """Distances as the crow flies, on a plane that touches the Earth in the middle of `places`.

    Examples
    --------
    >>> lille, roubaix = Place("59350", 50.6306, 3.0583), Place("59512", 50.6897, 3.1781)
    >>> distances_km([lille, roubaix]).round(1).tolist()
    [[0.0, 10.7], [10.7, 0.0]]
    """
    lat = np.array([place.lat for place in places])
    lon = np.array([place.lon for place in places]) * math.cos(math.radians(float(lat.mean())))
    return np.asarray(
        _KM_PER_DEGREE * np.hypot(lat[:, None] - lat, lon[:, None] - lon), dtype=np.float64
    )


def _per_year(assumptions: Assumptions, price: float) -> float:
    upkeep = assumptions["maintenance_share"]
    return price * (1 / assumptions["equipment_life_years"] + upkeep)


def _medoids(km: Floats, most: int) -> list[list[int]]:
    """For 1 to `most` points, those nearest to all in total: greedy, then moved until none gains.

    References: k-medoids, Kaufman and Rousseeuw (1990); Park and Jun (2009) for the moves.
    """
    chosen: list[int] = []
    found = []
    reach = np.full(len(km), np.inf)
    for _ in range(min(most, len(km))):
        totals = np.minimum(reach[:, None], km).sum(axis=0)
        totals[chosen] = np.inf
        chosen.append(int(np.argmin(totals)))
        reach = np.minimum(reach, km[:, chosen[-1]])
        found.append(_moved(km, chosen))
    return found


def _moved(km: Floats, medoids: list[int]) -> list[int]:
    total = np.inf
    while km[:, medoids].min(axis=1).sum() < total:
        total = km[:, medoids].min(axis=1).sum()
        nearest = np.argmin(km[:, medoids], axis=1)
        # Two points in one place have one group: the second is left without.
        groups = [np.flatnonzero(nearest == i) for i in np.unique(nearest)]
        medoids = [int(g[np.argmin(km[np.ix_(g, g)].sum(axis=0))]) for g in groups]
    return sorted(medoids)


def _backbone(km: Floats, sites: int, rings: bool) -> list[tuple[int, int]]:
    """Minimum spanning tree, closed so that no link and no point carries the others alone.

    The last `sites` rows are the centre: alone, it is what everything depends on anyway.
    """
    # Nodes are whole numbers: the order of a set of names would change with the hash seed.
    complete = nx.Graph()
    complete.add_nodes_from(range(len(km)))
    pairs = [(a, b, float(km[a, b])) for a in range(len(km)) for b in range(a)]
    complete.add_weighted_edges_from(pairs)
    ring = nx.minimum_spanning_tree(complete)
    if rings:
        ring.add_edges_from(list(nx.k_edge_augmentation(ring, 2, avail=pairs, partial=True)))
        spared = {len(km) - 1} if sites == 1 else set()
        while points := sorted(set(nx.articulation_points(ring)) - spared):
            rest = ring.subgraph(set(ring) - {points[0]})
            part = nx.node_connected_component(rest, min(rest))
            apart = [
                (length, a, b)
                for a, b, length in pairs
                if points[0] not in {a, b} and (a in part) != (b in part)
            ]
            ring.add_edge(*min(apart)[1:])
    return sorted(tuple(sorted(edge)) for edge in ring.edges())
