import json
from collections.abc import Callable
from pathlib import Path

import pytest

LINKS = """from,to,length_km,capacity_mbps,cost_eur_year
59360,agg-sud,2,1000,800
59507,agg-sud,3,1000,900
agg-sud,centre-1,5,10000,2500
centre-1,police,1,100,5000
"""


@pytest.fixture
def asked(scenarios: Path) -> list[object]:
    lever = "network.aggregation_points=2"
    return ["network", "tiny", "--scenarios", scenarios, "--engine", "reference", "--set", lever]


def test_an_engineer_reads_links_ingest_and_costs(twin: Callable, asked: list[object]) -> None:
    answer = twin(*asked)
    assert answer.code == 0
    for sentence in (
        "2 communes, 5 cameras (0 nomadic)",
        "Topology: hypothesis",
        "First to saturate: ",
        "Least cut between a commune and the agents: 1,000 Mbit/s",
        "one spare included",
        "Blind after a power cut",
        "at the centre",
        "Total",
        "seed 7, 1 replication\n",
    ):
        assert sentence in answer.out


def test_the_failures_name_the_worst_and_its_price(twin: Callable, asked: list[object]) -> None:
    answer = twin(*asked, "--failures", "--replications", 2, "--again", 1)
    assert answer.code == 0
    assert "Hurts most in a year: site lost, site-1: 2 communes and 5 cameras dark" in answer.out
    assert "€ a year in all" in answer.out
    assert "Another would come first with disasters_per_year, low" in answer.out
    assert "everything, over the horizon" in answer.out
    assert "seed 7, 2 replications\n" in answer.out


def test_json_says_the_same(twin: Callable, asked: list[object]) -> None:
    found = json.loads(twin(*asked, "--json").out)
    assert (found["scenario"], found["seed"]) == ("tiny", 7)
    assert len(found["links"][0]["load"]["p95_by_hour"]) == 168
    assert {line["item"] for line in found["costs"]} >= {"Fibres", "Disques"}
    assert "59360" not in json.dumps(found)
    named = json.loads(twin(*asked, "--json", "--names").out)
    assert "59360" in json.dumps(named)
    assert [link["load"]["peak"] for link in named["links"]] == [
        link["load"]["peak"] for link in found["links"]
    ]
    again = json.loads(twin(*asked, "--failures", "--replications", 1, "--again", 1, "--json").out)
    assert again["failures"][0]["failure"]["target"]["name"] == "site-1"
    assert again["played_again"][0]["lost"]["notices"]["low"] is None


def test_a_file_of_links_and_a_profile_replace_the_hypothesis(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    found = json.loads(twin(*asked, "--links", path, "--profile", "P6", "--json").out)
    assert found["network"] == str(path)
    assert found["ingest"]["extrapolated"] is True
    fibres = next(line for line in found["costs"] if line["item"] == "Fibres")
    assert fibres["yearly"]["value"] == fibres["yearly"]["high"] == 4200


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("59507,agg-sud", "59163,agg-sud"), "no way from 59507 (Ronchin) to centre-1"),
        (("3,1000", "3,-1000"), 'column capacity_mbps: "-1000" (a positive number is expected)'),
        (("59507,", "99999,"), "not the INSEE code of one of the 95 communes of the MEL"),
    ],
)
def test_bad_links_give_one_sentence(
    twin: Callable, asked: list[object], tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    path = tmp_path / "links.csv"
    path.write_text(LINKS.replace(*change))
    answer = twin(*asked, "--links", path)
    assert answer.code == 2
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_other_mistakes_give_one_sentence(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    for more, sentence in (
        (("--profile", "P44"), 'did you mean "P4"'),
        (("--links", tmp_path / "none.csv"), "no such file"),
        (("--draw", tmp_path / "map.gif"), "ends in .svg or .png"),
        (("--draw", tmp_path / "map.svg", "--failures"), "leave out --failures"),
        (("--capacity", tmp_path / "none.json"), "cannot be read"),
    ):
        answer = twin(*asked, *more)
        assert answer.code in {2, 3}
        assert sentence in answer.err
        assert answer.err.count("\n") == 1


def test_nobody_is_a_scenario_but_cannot_fail(
    twin: Callable, asked: list[object], tmp_path: Path
) -> None:
    path = tmp_path / "nobody.csv"
    path.write_text("insee,cameras,forfait,window,joined\n59360,0,3,00:00-24:00,\n")
    asked += ["--set", f"communes.file={path}"]
    assert "1 communes, 0 cameras" in twin(*asked).out
    answer = twin(*asked, "--failures")
    assert answer.code == 2
    assert answer.err == "twin: no camera takes part: no failure can darken any\n"


def test_the_map_is_drawn(twin: Callable, asked: list[object], tmp_path: Path) -> None:
    path = tmp_path / "maps" / "map.svg"
    assert twin(*asked, "--draw", path).code == 0
    picture = path.read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    for word in ("Loos", "Ronchin", "Hypothèse", "point d&#39;agrégation", "centre"):
        assert word in picture or word.replace("&#39;", "'") in picture
