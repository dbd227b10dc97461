from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.network.towns import MEL, TYPES, many, network
from twin.errors import InputError
from twin.files import validated
from twin.model.assumptions import Assumptions
from twin.model.network.levers import NetworkLevers
from twin.model.network.links import read_links
from twin.model.network.topology import Network, NodeKind, Place, distances_km, hypothetical
from twin.model.territory import Territory

HEADER = "from,to,length_km,capacity_mbps,cost_eur_year\n"
RINGED = """59163,agg-est,2,1000,900
59339,agg-est,3,1000,1200
59360,agg-sud,2,1000,800
59653,agg-sud,9,1000,3000
agg-est,agg-sud,12,10000,6000
agg-est,centre-1,8,10000,4000
agg-sud,centre-1,5,10000,2500
centre-1,police,1,100,5000
centre-1,gendarmerie,4,100,6000
"""


def backbone(found: Network) -> nx.Graph:
    kinds = dict(found.graph.nodes(data="kind"))
    inner = {NodeKind.AGGREGATION, NodeKind.CENTRE}
    return found.graph.subgraph([name for name, kind in kinds.items() if kind in inner])


@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 100), st.booleans())
def test_everybody_is_joined_and_no_further_point_is_alone(
    communes: int, points: int, seed: int, second: bool
) -> None:
    second_site = "59009" if second else None
    found = network(many(communes, seed), aggregation_points=points, second_site=second_site)
    assert nx.is_connected(found.graph)
    for name in found.of(NodeKind.COMMUNE):
        ends = [found.graph.nodes[other]["kind"] for other in found.graph[name]]
        assert sorted(ends) == [NodeKind.AGGREGATION, NodeKind.RECORDER]
    ring = backbone(found)
    assert len(found.of(NodeKind.AGGREGATION)) == min(points, communes)
    if len(ring) > 2:
        assert not nx.has_bridges(ring)
        spared = set() if second else {"centre-1"}
        assert set(nx.articulation_points(ring)) <= spared


def test_each_commune_reaches_the_nearest_point() -> None:
    territory = many(40)
    found = network(territory, aggregation_points=5)
    places = {c.insee: Place(c.insee, c.lat, c.lon) for c in territory.communes}
    points = [places[name.removeprefix("agg-")] for name in found.of(NodeKind.AGGREGATION)]
    factor = Assumptions()["route_factor"]
    km = factor * distances_km([*places.values(), *points])[: len(places), len(places) :]
    for row, name in zip(km, places, strict=True):
        (link,) = [data["length_km"] for _, other, data in found.graph.edges(name, data=True)
                   if other.startswith("agg-")]  # fmt: skip
        assert link == pytest.approx(row.min(), rel=1e-3)


def test_there_are_as_many_points_as_cost_least() -> None:
    territory, values = many(36), Assumptions()
    life, upkeep = values["equipment_life_years"], values["maintenance_share"]
    switch_eur_year = values["core_switch_eur"] * (1 / life + upkeep)

    def cost(found: Network) -> float:
        rents = sum(link.cost_eur_year for link in found.links())
        return rents + switch_eur_year * len(found.of(NodeKind.AGGREGATION))

    tried = [cost(network(territory, aggregation_points=k)) for k in range(1, 7)]
    assert cost(network(territory)) == pytest.approx(min(tried))


def test_communes_in_one_place_share_a_point() -> None:
    here = [Place(f"{i}", 50.6, 3.0) for i in range(4)]
    levers = NetworkLevers(aggregation_points=3)
    links = hypothetical(here, [Place("c", 50.6, 3.0)], ["police"], levers, Assumptions())
    assert {link.length_km for link in links if link.b != "police"} == {0.0}


def test_levers_are_checked() -> None:
    for levers, sentence in (
        ({"recording": "centre"}, 'recording at the centre needs main_stream: "always"'),
        ({"profile": "P44"}, 'did you mean "P4"'),
        ({"second_site": "59350"}, "two sites in two communes"),
        ({"night": "20"}, "a window such as"),
    ):
        with pytest.raises(InputError, match=sentence):
            validated(NetworkLevers, levers, "network")
    with pytest.raises(InputError, match=r'network: unknown code "75056"'):
        network(site="75056")


def written(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "links.csv"
    path.write_text(HEADER + rows)
    return path


def test_a_file_replaces_the_hypothesis(tmp_path: Path) -> None:
    path = written(tmp_path, RINGED)
    found = network(links=path)
    assert found.source == str(path)
    assert sorted(found.of(NodeKind.AGGREGATION)) == ["agg-est", "agg-sud"]
    assert found.graph["59163"]["agg-est"] == {
        "length_km": 2.0, "capacity_mbps": 1000.0, "cost_eur_year": 900.0
    }  # fmt: skip
    assert nx.is_connected(found.graph)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (RINGED.replace("59653,agg-sud,9,1000,3000\n", ""), r"no way from 59653 \(Wavrin\) to "),
        (RINGED.replace("2,1000,900", "2,-1000,900"), r'line 2, column capacity_mbps: "-1000"'),
        (RINGED.replace("2,1000,900", "2,0,900"), "positive number is expected"),
        (RINGED.replace("2,1000,900", "-2,1000,900"), r'length_km: "-2" \(a number that is not'),
        (RINGED.replace("2,1000,900", "2,1000,nan"), "cost_eur_year: "),
        (RINGED.replace("59163,", "75056,"), "line 2, column from: .*not the INSEE code of one"),
        (RINGED.replace("59163,", "croix,"), "unknown code; allowed:"),
        (RINGED.replace("centre-1,police", "centre-1,polices"), 'unknown code; did you mean "po'),
        (RINGED.replace("centre-1", "centre-2"), "no link reaches centre-1"),
        (RINGED.replace("centre-1,gendarmerie,4,100,6000\n", ""), "no way from centre-1 to gend"),
        (RINGED + "59163,59163,1,1,1\n", "a link goes from 59163 to itself"),
        (RINGED + "agg-est,59163,1,1,1\n", "the link from agg-est to 59163 comes twice"),
        (RINGED + "agg-lost,agg-found,1,1,1\n", "no way from agg-found to centre-1"),
    ],
)  # fmt: skip
def test_a_wrong_file_gives_one_sentence(tmp_path: Path, rows: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as told:
        read_links(written(tmp_path, rows), MEL)
    assert "\n" not in str(told.value)


def test_a_service_of_the_state_is_no_way_through(tmp_path: Path) -> None:
    rows = RINGED.replace("59163,agg-est,2,1000,900", "59163,police,2,1000,900")
    with pytest.raises(InputError, match="no way from 59163"):
        read_links(written(tmp_path, rows), MEL)


def test_without_nomadic_cameras_there_is_no_mobile_operator() -> None:
    fixed = Territory(tuple(replace(town, nomadic=0) for town in MEL.communes))
    assert not network(fixed).of(NodeKind.CELLULAR)
    radio = [data["capacity_mbps"] for _, _, data in network().graph.edges("cellular", data=True)]
    assert Assumptions()["cellular_mbps"] * 3 in np.array(radio)
    assert TYPES.profiles["CELL"].codec == "h265"
