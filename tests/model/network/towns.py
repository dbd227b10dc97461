"""Towns and networks for the tests."""

import random
from dataclasses import replace

import networkx as nx

from tests.model.rooms import LOOS, TOWNS
from twin.contracts import load_stream_types
from twin.model.assumptions import Assumptions
from twin.model.network.levers import NetworkLevers
from twin.model.network.topology import Network, build_network, places_of
from twin.model.territory import Territory

TYPES = load_stream_types()
MEL = Territory(
    tuple(
        replace(town, lat=place.lat, lon=place.lon)
        for town, place in zip(TOWNS, places_of([town.insee for town in TOWNS]), strict=True)
    )
)


def network(
    territory: Territory = MEL,
    ingest_nodes: int = 2,
    assumptions: Assumptions | None = None,
    **levers,
) -> Network:
    return build_network(
        territory, NetworkLevers(**levers), assumptions or Assumptions(), TYPES.node, ingest_nodes
    )


def many(count: int, seed: int = 1) -> Territory:
    """As many communes as asked, thrown on a map; their codes are not those of the MEL."""
    draw = random.Random(seed)
    return Territory(
        tuple(
            replace(
                LOOS,
                insee=f"{10_000 + i}",
                lat=50.6 + draw.uniform(-0.3, 0.3),
                lon=3.0 + draw.uniform(-0.4, 0.4),
                force=draw.choice(["police", "gendarmerie"]),
            )
            for i in range(count)
        )
    )


def cut_by_removal(graph: nx.Graph, root: str, gone: list[str] | tuple[str, str]) -> set[str]:
    """Nodes that removing a list of nodes, or a link, separates from the root."""
    rest = graph.copy()
    if isinstance(gone, tuple):
        rest.remove_edge(*gone)
    else:
        rest.remove_nodes_from(gone)
    before = nx.node_connected_component(graph, root)
    return before - nx.node_connected_component(rest, root)
