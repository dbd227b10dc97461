"""What each single failure of a link, a node or a site puts in the dark.

An element cuts a commune off when every way from the agents to it passes by that element: when it
dominates the commune in the graph where each link is a node of its own. One dominator tree answers
for all links and nodes at once (Cooper, Harvey and Kennedy 2001, by networkx). A site of which one
node dominates the rest loses what that node does; the other sites are tried one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from zlib import crc32

import networkx as nx
import numpy as np

from twin.model.assumptions import Assumptions
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H, whole_ms
from twin.model.network.links import link_name
from twin.model.network.routes import source_names
from twin.model.network.topology import OPERATORS, Network, NodeKind
from twin.model.territory import Territory

__all__ = ["Cause", "Failure", "Outage", "Target", "cut_off", "outages", "single_failures"]

_RECORDINGS = "recordings"
_PASSIVE = (NodeKind.NOMADIC, NodeKind.VIRTUAL)
"""Nomadic cameras fail as cameras do, in the run itself."""


class Cause(StrEnum):
    """What fails."""

    LINK = "link"
    NODE = "node"
    POWER = "power"
    """A mains cut that outlasts the batteries of a site."""
    SITE = "site"
    """A building: fire, water, evacuation."""


@dataclass(frozen=True)
class Target:
    """Something that fails, how often and for how long."""

    cause: Cause
    name: str
    failures_per_year: float
    repair_h: float


@dataclass(frozen=True)
class Failure:
    """What one target takes away; sources as in `twin.model.network.routes`.

    Attributes
    ----------
    dark : tuple of int
        Sources that no agent can see.
    unrecorded : tuple of int
        Sources whose images reach no recorder.
    unsent : tuple of int
        Sources whose images cannot reach the service of the State that receives them.
    """

    target: Target
    dark: tuple[int, ...]
    unrecorded: tuple[int, ...]
    unsent: tuple[int, ...]


@dataclass(frozen=True)
class Outage:
    """One failure in time."""

    target: str
    start_ms: int
    end_ms: int


def single_failures(
    network: Network, territory: Territory, assumptions: Assumptions
) -> list[Failure]:
    """Every single failure of a link, node or site, in the order link, node, power, site."""
    names = source_names(territory)
    number = {name: i for i, name in enumerate(names) if name in network.graph}
    viewing = _united(_viewing(network))
    recording = _united(_recording(network, territory))
    sending = _united(_sending(network, territory))

    def sources(lost: dict[str, set[str]], key: str) -> set[int]:
        return {number[name] for name in lost.get(key, ()) if name in number}

    failures = []
    for target, key in _targets(network, assumptions):
        dark = sources(viewing, key)
        unsent = dark | sources(sending, key)
        ordered = (tuple(sorted(s)) for s in (dark, sources(recording, key), unsent))
        failures.append(Failure(target, *ordered))
    return failures


def outages(
    targets: Iterable[Target], horizon_ms: int, seed: int, replication: int
) -> Iterator[Outage]:
    """Failures of a year drawn at random: exponential times between them and to repair.

    Each target has a stream of its own, seeded by its name: another target changes nothing of it.
    """
    for target in targets:
        name = f"network/{target.cause}/{target.name}"
        entropy = [seed, replication, crc32(name.encode())]
        generator = np.random.default_rng(np.random.SeedSequence(entropy))
        if not target.failures_per_year:
            continue
        between_ms = DAYS_PER_YEAR * MS_PER_DAY / target.failures_per_year
        now_ms = generator.exponential(between_ms)
        while now_ms < horizon_ms:
            repair_h = generator.exponential(target.repair_h)
            end_ms = min(horizon_ms, int(now_ms) + whole_ms(repair_h, MS_PER_H))
            yield Outage(target.name, int(now_ms), end_ms)
            now_ms = end_ms + generator.exponential(between_ms)


def cut_off(graph: nx.Graph, root: str) -> dict[str, set[str]]:
    """Nodes that the loss of each link, node or site separates from `root`.

    Returns
    -------
    dict
        By name of a node, of a link (`link_name`) or of a site ("site:" and its name); what
        separates nobody is not there. A node separates itself.

    Examples
    --------
    >>> chain = nx.path_graph(["root", "a", "b"])
    >>> nx.set_node_attributes(chain, None, "site")
    >>> sorted(cut_off(chain, "root")["a — root"])
    ['a', 'b']
    """
    split = nx.DiGraph()
    split.add_node(root)
    for a, b in graph.edges():
        link = link_name(a, b)
        split.add_edges_from([(a, link), (link, b), (b, link), (link, a)])
    above = nx.immediate_dominators(split, root)
    reached = {name for name in above if name in graph} - {root}
    lost: dict[str, set[str]] = {}
    for name in reached:
        element = name
        while element != root:
            lost.setdefault(element, set()).add(name)
            element = above[element]
    for site, members in _sites(graph).items():
        together = set(members)
        head = next((name for name in members if together <= lost.get(name, set())), None)
        if head is not None:
            lost[f"site:{site}"] = lost[head]
        else:
            rest = graph.subgraph(set(graph) - together)
            lost[f"site:{site}"] = reached - nx.node_connected_component(rest, root)
    return lost


def _sites(graph: nx.Graph) -> dict[str, list[str]]:
    sites: dict[str, list[str]] = {}
    for name, site in graph.nodes(data="site"):
        if site is not None:
            sites.setdefault(site, []).append(name)
    return sites


def _halves(network: Network, *kinds: NodeKind) -> Iterator[nx.Graph]:
    """What fixed cameras may cross, then what nomadic ones may, without some kinds of nodes."""
    yield network.without(NodeKind.CELLULAR, NodeKind.NOMADIC, *kinds)
    yield network.without(NodeKind.COMMUNE, *kinds)


def _viewing(network: Network) -> Iterator[dict[str, set[str]]]:
    for graph in _halves(network, NodeKind.STATE, NodeKind.RECORDER):
        yield cut_off(graph, OPERATORS)


def _recording(network: Network, territory: Territory) -> Iterator[dict[str, set[str]]]:
    """Each commune has its own recorder, or all have those of the centre."""
    recorders = network.of(NodeKind.RECORDER)
    own = [(c.insee, f"recorder-{c.insee}") for c in territory.communes]
    if own and own[0][1] in network.graph:
        pairs = nx.Graph(own)
        pairs.add_nodes_from((n, network.graph.nodes[n]) for pair in own for n in pair)
        graphs = iter([pairs])
    else:
        graphs = _halves(network, NodeKind.STATE, NodeKind.WALL, NodeKind.VIRTUAL)
    for graph in graphs:
        rooted = nx.Graph(graph)
        rooted.add_edges_from((recorder, _RECORDINGS) for recorder in recorders)
        yield cut_off(rooted, _RECORDINGS)


def _sending(network: Network, territory: Territory) -> Iterator[dict[str, set[str]]]:
    """By recipient, the cameras of its communes that it no longer receives."""
    inside = (NodeKind.VIRTUAL, NodeKind.RECORDER, NodeKind.WALL, NodeKind.INGEST)
    for recipient in network.of(NodeKind.STATE):
        communes = {c.insee for c in territory.communes if c.force == recipient}
        theirs = communes | {f"nomadic-{insee}" for insee in communes}
        others = set(network.of(NodeKind.STATE)) - {recipient}
        for graph in _halves(network, *inside):
            lost = cut_off(graph.subgraph(set(graph) - others), recipient)
            yield {element: gone & theirs for element, gone in lost.items()}


def _united(parts: Iterable[dict[str, set[str]]]) -> dict[str, set[str]]:
    united: dict[str, set[str]] = {}
    for part in parts:
        for element, gone in part.items():
            united.setdefault(element, set()).update(gone)
    return united


def _targets(network: Network, assumptions: Assumptions) -> Iterator[tuple[Target, str]]:
    """Everything that fails, with its key in the answers of `cut_off`."""
    values = assumptions
    for link in network.links():
        rate = link.length_km * values["fibre_cuts_per_km_year"]
        yield Target(Cause.LINK, link.name, rate, values["fibre_repair_h"]), link.name
    rate, repair_h = values["equipment_failures_per_year"], values["equipment_repair_h"]
    for name, kind in network.graph.nodes(data="kind"):
        if kind not in _PASSIVE:
            yield Target(Cause.NODE, name, rate, repair_h), name
    sites = _sites(network.graph)
    for site in sites:
        central = any(network.graph.nodes[n]["kind"] is NodeKind.CENTRE for n in sites[site])
        battery_h = values["centre_battery_h" if central else "battery_h"]
        # Lengths of mains cuts are taken exponential: what outlasts a battery lasts as long again.
        rate = values["power_cuts_per_year"] * math.exp(-battery_h / values["power_cut_h"])
        yield Target(Cause.POWER, site, rate, values["power_cut_h"]), f"site:{site}"
    for site in sites:
        rate = values["disasters_per_year"]
        yield Target(Cause.SITE, site, rate, values["disaster_repair_h"]), f"site:{site}"
