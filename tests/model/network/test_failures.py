import time

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.network.towns import MEL, cut_by_removal, many, network
from twin.model.assumptions import Assumptions
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY
from twin.model.network.failures import Cause, Failure, Target, cut_off, outages, single_failures
from twin.model.network.links import link_name
from twin.model.network.topology import NodeKind

ROOT = "root"
YEAR_MS = DAYS_PER_YEAR * MS_PER_DAY


@st.composite
def graphs(draw: st.DrawFn) -> nx.Graph:
    """Any graph on few nodes, in buildings of one to three of them."""
    count = draw(st.integers(2, 9))
    names = [ROOT, *(f"n{i}" for i in range(1, count))]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    graph = nx.Graph(draw(st.lists(st.sampled_from(pairs), max_size=20)))
    graph.add_nodes_from(names)
    sites = {name: f"s{draw(st.integers(0, 4))}" for name in names[1:]}
    nx.set_node_attributes(graph, sites | {ROOT: None}, "site")
    return graph


@given(graphs())
def test_every_element_cuts_what_its_removal_cuts(graph: nx.Graph) -> None:
    found = cut_off(graph, ROOT)
    for name in set(graph) - {ROOT}:
        assert found.get(name, set()) == cut_by_removal(graph, ROOT, [name])
    for a, b in graph.edges():
        assert found.get(link_name(a, b), set()) == cut_by_removal(graph, ROOT, (a, b))
    for site in {site for _, site in graph.nodes(data="site")} - {None}:
        members = [name for name, where in graph.nodes(data="site") if where == site]
        assert found[f"site:{site}"] == cut_by_removal(graph, ROOT, members)


@given(graphs(), st.data())
def test_a_further_link_never_darkens_more(graph: nx.Graph, data: st.DataObject) -> None:
    before = cut_off(graph, ROOT)
    reached = nx.node_connected_component(graph, ROOT)
    ends = st.sampled_from(sorted(reached))
    more = graph.copy()
    a, b = data.draw(ends), data.draw(ends)
    if a != b:
        more.add_edge(a, b)
    after = cut_off(more, ROOT)
    assert all(after.get(element, set()) <= before.get(element, set()) for element in before)


@pytest.mark.parametrize(
    ("graph", "cutting"),
    [
        (nx.path_graph(5), 8),
        (nx.cycle_graph(6), 5),
        (nx.complete_graph(5), 4),
        (nx.complete_bipartite_graph(3, 3), 5),
    ],
    ids=["series", "ring", "mesh", "3-connected"],
)
def test_closed_forms(graph: nx.Graph, cutting: int) -> None:
    """In series all nodes and links cut; from two ways on, a node only cuts itself."""
    named = nx.relabel_nodes(graph, lambda node: ROOT if node == 0 else f"n{node}")
    nx.set_node_attributes(named, None, "site")
    found = cut_off(named, ROOT)
    assert len(found) == cutting
    if graph.number_of_edges() >= len(graph):
        assert all(gone == {element} for element, gone in found.items())


def dark_share(spans: list[list[tuple[int, int]]], horizon_ms: int, every: bool) -> float:
    """Share of the time during which one of the elements is down, or all of them."""
    edges = np.unique([0, horizon_ms, *(edge for part in spans for span in part for edge in span)])
    middle = (edges[:-1] + edges[1:]) / 2
    down = np.array(
        [
            (np.searchsorted([s for s, _ in part], middle)
             - np.searchsorted([e for _, e in part], middle)) > 0
            for part in spans
        ]
    )  # fmt: skip
    dark = down.all(axis=0) if every else down.any(axis=0)
    return float(np.diff(edges)[dark].sum() / horizon_ms)


def test_drawn_failures_have_the_availability_of_series_and_parallel() -> None:
    """Element i is up 1 / (1 + rate x repair) of the time (renewal theory)."""
    targets = [Target(Cause.NODE, f"n{i}", 20.0 + 10 * i, 40.0) for i in range(3)]
    up = np.array([1 / (1 + t.failures_per_year * t.repair_h / 8_760) for t in targets])
    horizon_ms = 300 * YEAR_MS
    spans = [
        [(o.start_ms, o.end_ms) for o in outages([target], horizon_ms, 1, 1)] for target in targets
    ]
    assert dark_share(spans, horizon_ms, every=False) == pytest.approx(1 - up.prod(), rel=0.05)
    assert dark_share(spans, horizon_ms, every=True) == pytest.approx((1 - up).prod(), rel=0.15)


def test_outages_of_one_target_do_not_move_when_another_is_added() -> None:
    one, two = (Target(Cause.LINK, name, 5.0, 10.0) for name in ("a — b", "b — c"))
    alone = list(outages([one], YEAR_MS, 3, 1))
    assert [o for o in outages([two, one], YEAR_MS, 3, 1) if o.target == one.name] == alone
    assert all(0 <= o.start_ms < o.end_ms <= YEAR_MS for o in alone)
    assert not list(outages([Target(Cause.LINK, "x", 0.0, 10.0)], YEAR_MS, 3, 1))


def by_name(**levers) -> dict[tuple[Cause, str], Failure]:
    found = single_failures(network(**levers), MEL, Assumptions())
    return {(failure.target.cause, failure.target.name): failure for failure in found}


def test_what_depends_on_what() -> None:
    found = by_name(aggregation_points=3)
    everyone = tuple(range(8))
    for whole in ((Cause.NODE, "centre-1"), (Cause.NODE, "wall-1"), (Cause.SITE, "site-1")):
        assert found[whole].dark == everyone
        assert found[whole].unrecorded == ()
    assert found[Cause.NODE, "ingest-1.1"].dark == ()
    assert found[Cause.NODE, "cellular"].dark == (1, 3, 5, 7)
    # Croix is the first commune: its fixed cameras are source 0.
    switch = found[Cause.NODE, "59163"]
    assert (switch.dark, switch.unrecorded, switch.unsent) == ((0,), (0,), (0,))
    recorder = found[Cause.NODE, "recorder-59163"]
    assert (recorder.dark, recorder.unrecorded) == ((), (0,))
    # Wavrin, the last, depends on the gendarmerie.
    line = found[Cause.LINK, "centre-1 — gendarmerie"]
    assert (line.dark, line.unsent) == ((), (6, 7))
    assert found[Cause.LINK, "centre-1 — police"].unsent == (0, 1, 2, 3, 4, 5)


def test_the_centre_records_through_the_same_fibre() -> None:
    found = by_name(aggregation_points=3, recording="centre", main_stream="always")
    access = next(f for (cause, name), f in found.items() if cause is Cause.LINK and "59163 — agg"
                  in name)  # fmt: skip
    assert access.dark == access.unrecorded == (0,)
    assert found[Cause.NODE, "recorder-1"].unrecorded == tuple(range(8))
    assert found[Cause.NODE, "wall-1"].unrecorded == ()


def test_no_ring_link_and_no_point_darkens_others_once_rings_are_closed() -> None:
    for levers in ({}, {"second_site": "59009"}):
        closed, tree = (by_name(aggregation_points=4, rings=rings, **levers) for rings in (1, 0))
        for (cause, name), failure in closed.items():
            if cause is Cause.LINK and name.count("agg-") == 2:
                assert failure.dark == ()
        darkened = [sum(len(f.dark) for f in found.values()) for found in (closed, tree)]
        assert darkened[0] < darkened[1]


def test_a_second_site_takes_over_from_the_first() -> None:
    found = by_name(second_site="59009")
    for target in ("centre-1", "wall-1", "centre-2", "wall-2", "police"):
        assert found[Cause.NODE, target].dark == ()
    assert found[Cause.SITE, "site-1"].dark == found[Cause.POWER, "site-1"].dark == ()


def test_batteries_outlast_most_mains_cuts() -> None:
    short, long = (
        {f.target.name: f.target for f in single_failures(network(), MEL, Assumptions(choices))
         if f.target.cause is Cause.POWER}
        for choices in ({"battery_h": 0}, {"battery_h": 2})
    )  # fmt: skip
    cuts = Assumptions()["power_cuts_per_year"]
    assert short["59163"].failures_per_year == cuts
    lasting = Assumptions()["power_cut_h"]
    assert long["59163"].failures_per_year == pytest.approx(cuts * np.exp(-2 / lasting))
    assert long["59163"].repair_h == lasting


def test_time_grows_with_the_network_not_with_its_square() -> None:
    """Removing elements one by one would take 16 times as long for 4 times the communes."""

    def seconds(count: int) -> float:
        territory = many(count)
        whole = network(territory, aggregation_points=max(2, count // 40))
        times = []
        for _ in range(3):
            begun = time.process_time()
            found = single_failures(whole, territory, Assumptions())
            times.append(time.process_time() - begun)
        cut = sum(len(f.dark) for f in found if f.target.name in whole.of(NodeKind.COMMUNE))
        assert cut >= count
        return min(times)

    assert seconds(400) < 10 * seconds(100)
