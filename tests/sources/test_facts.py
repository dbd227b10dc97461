"""The table of recorded facts: what was handed over, how it is compared, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from twin.errors import InputError
from twin.files import data_folder, load_yaml
from twin.sources.facts import (
    AFD,
    COLUMNS,
    FACTS_FILE,
    FRAUD,
    INDICATORS,
    differences,
    fact_table,
    read_communes,
    read_facts,
    require_complete,
    write_facts,
)

ROW = ("59005", 2024, "Vols de véhicule", "Véhicule", 7, "published")


def table(*rows: tuple[object, ...]) -> pd.DataFrame:
    return fact_table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})


@pytest.fixture(scope="module")
def ours() -> pd.DataFrame:
    return read_facts(data_folder() / FACTS_FILE)


@pytest.fixture(scope="module")
def communes() -> pd.DataFrame:
    return read_communes(data_folder())


def test_the_table_is_written_as_it_was_read(tmp_path: Path, ours: pd.DataFrame) -> None:
    write_facts(tmp_path / "again.csv", ours)
    assert (tmp_path / "again.csv").read_bytes() == (data_folder() / FACTS_FILE).read_bytes()
    assert differences(ours, ours).empty


def test_it_holds_what_was_handed_over(ours: pd.DataFrame, communes: pd.DataFrame) -> None:
    assert communes["population"].sum() == 1_194_040
    assert ours["status"].value_counts().to_dict() == {
        "published": 7_316,
        "unknown": 5_139,
        "suppressed": 1_795,
    }
    total = ours[ours["year"] == 2024].groupby("indicator")["count"].sum()
    assert total["Violences physiques hors cadre familial"] == 4_368
    assert total[FRAUD] / ours[ours["year"] == 2016].groupby("indicator")["count"].sum()[
        FRAUD
    ] == pytest.approx(1.76, abs=0.005)


def test_the_reference_set_follows_its_rule(ours: pd.DataFrame, communes: pd.DataFrame) -> None:
    others = communes[~communes["insee"].isin(["59350", "59512", "59599"])]
    largest = others.nlargest(38, "population")
    sets = load_yaml(data_folder() / "communes_sets.yaml")
    assert sets["hypothesis_38"]["insee"] == sorted(largest["insee"])
    assert largest["population"].sum() == 630_112
    facts = ours[ours["insee"].isin(largest["insee"]) & (ours["year"] == 2024)]
    assert facts.loc[~facts["indicator"].isin([AFD, FRAUD]), "count"].sum() == 26_848


def test_the_mixed_set_follows_its_rule(communes: pd.DataFrame) -> None:
    cameras = pd.read_csv(data_folder() / "known_cameras.csv", dtype={"insee": str})
    known = communes["insee"].isin(cameras["insee"])
    free = communes.assign(known=known)[~communes["insee"].isin(["59350", "59512", "59599"])]
    ranked = free.sort_values(["known", "population"], ascending=False)
    exact = communes["urban_class"].value_counts() * 38 / len(communes)
    places = exact.astype(int)
    places[(exact - places).idxmax()] += 38 - places.sum()
    chosen = [
        code
        for name, n in places.items()
        for code in ranked.loc[ranked["urban_class"] == name, "insee"].head(n)
    ]
    sets = load_yaml(data_folder() / "communes_sets.yaml")
    assert sets["mixed_38"]["insee"] == sorted(chosen)
    assert set(cameras["insee"]) - {"59350", "59512"} <= set(chosen)


def test_the_set_with_control_rooms_follows_its_rule(communes: pd.DataFrame) -> None:
    rooms = pd.read_csv(data_folder() / "control_rooms.csv", dtype={"insee": str})
    staffed = set(rooms.loc[rooms["kind"].isin(["own", "pooled"]), "insee"]) - {"59350"}
    rest = communes[~communes["insee"].isin(staffed | {"59350"})]
    chosen = staffed | set(rest.nlargest(38 - len(staffed), "population")["insee"])
    sets = load_yaml(data_folder() / "communes_sets.yaml")
    assert sets["with_own_csu_38"]["insee"] == sorted(chosen)


def test_every_set_says_that_it_is_a_hypothesis() -> None:
    sets = load_yaml(data_folder() / "communes_sets.yaml")
    for content in sets.values():
        assert "hypothèse" in content["label"]
        assert "intéressées" in content["label"]


def test_each_kind_of_difference_is_named() -> None:
    insee, _, label, unit, _, _ = ROW
    ours = table(
        ROW,
        (insee, 2023, label, unit, None, "unknown"),
        (insee, 2022, label, unit, None, "unknown"),
        (insee, 2021, label, unit, None, "suppressed"),
        (insee, 2020, label, unit, 6, "published"),
        (insee, 2019, label, unit, 9, "published"),
    )
    theirs = table(
        (insee, 2024, label, unit, 8, "published"),
        (insee, 2023, label, unit, 6, "published"),
        (insee, 2022, label, unit, None, "suppressed"),
        (insee, 2021, label, unit, 7, "published"),
        (insee, 2019, label, unit, 9, "published"),
        (insee, 2018, label, unit, 0, "published"),
    )
    found = differences(ours, theirs).set_index("year")
    assert found["kind"].to_dict() == {
        2018: "only theirs",
        2020: "only ours",
        2021: "other status",
        2022: "learnt",
        2023: "learnt",
        2024: "other count",
    }
    assert found.loc[2024, ["ours", "theirs"]].tolist() == ["7", "8"]
    assert found.loc[2022, ["ours", "theirs"]].tolist() == ["unknown", "suppressed"]


def test_an_incomplete_table_says_what_it_lacks(ours: pd.DataFrame) -> None:
    communes = ours["insee"].unique()
    require_complete(ours, communes, [2024], "file")
    spoilt = ours.drop(index=[0, 1])
    with pytest.raises(InputError, match=r"2 cells of 14250 are missing .* first 59005, 2016"):
        require_complete(spoilt, communes, [2024], "file")
    with pytest.raises(InputError, match="first 59999"):
        require_complete(ours, [*communes, "59999"], [2024], "file")
    with pytest.raises(InputError, match=r"1425 cells of 15675 .* first 59005, 2015"):
        require_complete(ours, communes, [2015], "file")
    with pytest.raises(InputError, match="1425 cells of 1425 are missing"):
        require_complete(ours.head(0), communes, [2024], "file")


GOOD = "insee,year,indicator,unit,count,status\n59005,2024,Vols de véhicule,Véhicule,7,published\n"

MALFORMED = {
    "column missing": (GOOD.replace("status", "state"), 'unknown column "state"; did you mean'),
    "column twice": (GOOD.replace("unit", "year"), 'the column "year" comes twice'),
    "year": (GOOD.replace("2024", "MMXXIV"), 'line 2, column year: "MMXXIV"'),
    "count": (GOOD.replace(",7,", ",7.5,"), 'line 2, column count: "7.5"'),
    "indicator": (
        GOOD.replace("véhicule,", "véhicules,"),
        'line 2, column indicator: "Vols de véhicules" (did you mean "Vols de véhicule"?',
    ),
    "status": (GOOD.replace("published", "diff"), 'column status: "diff" (allowed: published'),
    "cells": (GOOD + "59005,2024\n", "line 3: 2 cells, 6 expected"),
    "quotes": (GOOD + '"59005"x,2024\n', "line 3: not valid CSV"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_table_gives_its_sentence(tmp_path: Path, case: str) -> None:
    content, sentence = MALFORMED[case]
    path = tmp_path / "facts.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_facts(path)
    assert sentence in str(refused.value)
    assert path.read_text(encoding="utf-8") == content


def test_the_indicators_are_fifteen() -> None:
    assert len(INDICATORS) == 15
