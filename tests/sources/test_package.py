"""The shipped facts are as described and follow our rules; each fault has its sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.sources.official_base import facts_copy
from twin.errors import MissingError, TwinError
from twin.files import data_folder
from twin.sources.package import check_package
from twin.sources.rules import RULES


@pytest.fixture
def facts_folder(tmp_path: Path) -> Path:
    return facts_copy(tmp_path)


def test_the_shipped_facts_are_valid() -> None:
    assert check_package(data_folder()) == []


DESCRIBED = {
    "stranger": (
        ("retention.csv", "59163,14", "59999,14"),
        'retention.csv, line 2: Row at position "2" violates the foreign key',
    ),
    "row twice": (
        ("retention.csv", "59350,14", "59163,14"),
        "retention.csv, line 3: ",
    ),
    "negative": (("known_cameras.csv", "59098,2,", "59098,-2,"), "known_cameras.csv, line 3: "),
    "text for a number": (
        ("known_cameras.csv", "59098,2,", "59098,two,"),
        'Type error in the cell "two"',
    ),
    "unknown class": (("communes.csv", "village_rural", "hameau"), "communes.csv, line 2: "),
    "retention beyond the law": (("retention.csv", "59163,14", "59163,31"), "maximum"),
    "column gone": (("urban_classes.csv", "population_pct", "pct"), "urban_classes.csv: "),
    "blank population": (("communes.csv", ",3549,", ",,"), "communes.csv, line 2: "),
    "unknown status": (
        ("recorded_facts.csv", "Infraction,,suppressed", "Infraction,,hidden"),
        "recorded_facts.csv, line 2: ",
    ),
}

OURS = {
    "class count": (
        ("communes.csv", "village_rural,low", "ville_relais,low"),
        "communes.csv: 16 communes and ",
    ),
    "force without a source": (
        ("communes.csv", "village_rural,high,gendarmerie", "village_rural,high,police"),
        "communes.csv: 59005: gendarmerie expected without a source",
    ),
    "published without a count": (
        ("recorded_facts.csv", "Infraction,30,published", "Infraction,,published"),
        "59005, 2016, Destructions et dégradations volontaires: published with the count",
    ),
    "hidden with a count": (
        ("recorded_facts.csv", "Infraction,,suppressed", "Infraction,3,suppressed"),
        "59005, 2016, Cambriolages de logement: suppressed with the count 3",
    ),
    "other unit": (
        ("recorded_facts.csv", "Infraction,30,published", "Victime,30,published"),
        "published with the count 30, in Victime",
    ),
    "cell gone": (
        ("recorded_facts.csv", "59005,2016,Cambriolages de logement,Infraction,,suppressed\n", ""),
        "1 cells of 14250 are missing",
    ),
    "fines counted twice": (
        ("plenary_2024.csv", "6112,,Usage de stupéfiants", "6112,,Usage de stupéfiants (AFD)"),
        "Usage de stupéfiants (AFD) is counted beside",
    ),
    "category changed": (
        ("plenary_2024.csv", "all,2024,13445", "all,2024,13446"),
        "the categories add to 66210, 66209 expected",
    ),
    "total changed": (
        ("plenary_2024.csv", "2024,66390", "2024,66391"),
        "the total announced for 2024 must be 66390",
    ),
    "indicator twice": (
        ("plenary_2024.csv", "115,,Vols avec armes", "115,,Violences sexuelles"),
        "Violences sexuelles is unknown or stands for two categories",
    ),
    "share changed": (
        ("transport_2024.csv", "59350,54", "59350,45"),
        "parts of 91 %, 100 expected",
    ),
    "seats out of order": (
        ("centres.csv", "6.5,8,8.8", "6.5,9,8.8"),
        "Marseille 2015: the three seats are not in order",
    ),
    "two calibrations": (
        ("centres.csv", "video_intervention,1117,prediction", "signalement,1117,calibration"),
        "two centres calibrate signalement",
    ),
    "set with a stranger": (
        ("communes_sets.yaml", '"59009"', '"75056"'),
        "communes_sets.yaml, hypothesis_38: 75056 not in communes.csv",
    ),
    "set with a repeated commune": (
        ("communes_sets.yaml", '"59009"', '"59017"'),
        "hypothesis_38: 37 distinct communes, 38 expected",
    ),
    "set with another key": (
        ("communes_sets.yaml", "  rule:", "  rules:"),
        'unknown key "rules"; did you mean "rule"?',
    ),
    "unquoted code": (
        ("communes_sets.yaml", '"59009"', "59009"),
        "insee.0: Input should be a valid string (found 59009)",
    ),
}


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("case", DESCRIBED)
def test_a_table_unlike_its_description_is_named(facts_folder: Path, case: str) -> None:
    change, sentence = DESCRIBED[case]
    spoil(facts_folder, *change)
    faults = check_package(facts_folder)
    assert any(sentence in fault for fault in faults), faults
    assert all("\n" not in fault for fault in faults)


@pytest.mark.parametrize("case", OURS)
def test_a_broken_rule_has_its_sentence(facts_folder: Path, case: str) -> None:
    change, sentence = OURS[case]
    spoil(facts_folder, *change)
    found = [fault for rule in RULES for fault in faults_of(rule, facts_folder)]
    assert any(sentence in fault for fault in found), found


def faults_of(rule, folder: Path) -> list[str]:
    try:
        return list(rule(folder))
    except TwinError as problem:
        return [str(problem)]


def test_more_fines_than_drug_use_is_a_fault(facts_folder: Path) -> None:
    lines = (facts_folder / "recorded_facts.csv").read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if "59350,2024,Usage de stupéfiants (AFD)" in line)
    lines[at] = "59350,2024,Usage de stupéfiants (AFD),Mis en cause,99999,published"
    (facts_folder / "recorded_facts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert check_package(facts_folder) == [
        "recorded_facts.csv: 59350, 2024: more fines for drug use (AFD) than drug use"
    ]


def test_every_table_and_every_column_must_be_described(facts_folder: Path) -> None:
    (facts_folder / "rumours.csv").write_text("insee,rumour\n", encoding="utf-8")
    description = json.loads((facts_folder / "datapackage.json").read_text(encoding="utf-8"))
    del description["resources"][0]["schema"]["fields"][2]["licence"]
    description["resources"][0]["schema"]["fields"][3]["grade"] = "gossip"
    (facts_folder / "datapackage.json").write_text(json.dumps(description), encoding="utf-8")
    assert check_package(facts_folder) == [
        "datapackage.json: rumours.csv is not described",
        'datapackage.json: communes.csv, population: "licence" is missing',
        'datapackage.json: communes.csv, lat: grade "gossip", allowed: official, press, other',
    ]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"resources": [{"path": "x.csv"}]}'])
def test_a_description_that_cannot_be_read_is_one_fault_of_its_own(
    facts_folder: Path, content: str
) -> None:
    (facts_folder / "datapackage.json").write_text(content, encoding="utf-8")
    assert "datapackage.json: cannot be understood" in check_package(facts_folder)[0]


def test_a_missing_table_is_named(facts_folder: Path) -> None:
    (facts_folder / "retention.csv").unlink()
    assert any("retention.csv" in fault for fault in check_package(facts_folder))


def test_the_missing_library_is_one_sentence(
    facts_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "frictionless", None)
    with pytest.raises(MissingError, match=r"frictionless is not installed: .*\[data\]"):
        check_package(facts_folder)
