import re
from pathlib import Path

import pytest

from twin.errors import InputError, MissingError
from twin.scenarios.library import load_library, load_scenario
from twin.scenarios.schema import assignments

SHIPPED = {
    "reference",
    "prudent",
    "ambitieux",
    "tout_forfait_1",
    "tout_forfait_3",
    "avec_csu_existants",
    "sources_officielles",
    "trois_postes_vacants",
    "braderie",
}


def test_the_shipped_scenarios_are_valid_and_differ() -> None:
    library = load_library()
    assert set(library.recipes) == SHIPPED
    assert len({str(scenario.resolved()) for scenario in library.scenarios.values()}) == len(
        SHIPPED
    )


def test_each_shipped_scenario_has_a_label_and_one_sentence() -> None:
    for recipe in load_library().recipes.values():
        assert re.fullmatch(r"[^.]+\.", recipe.description)
        assert recipe.label != recipe.description


def test_the_braderie_is_played_by_members_in_its_weeks() -> None:
    scenario = load_scenario("braderie")
    (event,) = scenario.events
    first, last = scenario.horizon.start, event.end[:10]
    assert first.isoformat() < event.start < last
    assert "59350" not in event.communes


def test_overrides_apply_in_order_and_leave_the_rest(scenarios: Path) -> None:
    library = load_library(scenarios)
    tiny, heavy = library["tiny"], library["tiny_heavy"]
    assert heavy.seats.operators == {"day": 1, "evening": 2, "night": 3}
    assert heavy.assumptions == {"requisition_work_h": "high"}
    assert heavy.with_overrides({"seats": {"operators": {"night": 1}}, "assumptions": None}) == tiny


# What is replaced in the file, by what, and what the sentence must hold.
MALFORMED = [
    ("tiny_heavy:", "Tiny:", "scenarios.Tiny"),
    (
        "overrides: [crowded_night, heavy]",
        "overrides: [crowdednight]",
        'did you mean "crowded_night"',
    ),
    ("overrides: []", "overides: []", 'did you mean "overrides"'),
    (
        "description: Deux communes., overrides: []",
        "overrides: []",
        "tiny.description: Field required",
    ),
    ("label: Petite", "label: ''", "tiny.label"),
    ("  horizon:", "  horizn:", 'did you mean "horizon"'),
    ("days: 1}", "days: 0}", "horizon.days"),
    ("days: 1}", "days: 40000}", "horizon.days"),
    ("days: 1}", "days: one}", "horizon.days"),
    ("2027-01-04", "2027-13-04", "scenarios.yaml"),
    ("2027-01-04", "soon", "horizon.start"),
    ('"18:00-06:00"', '"18h-6h"', "forfaits.evening_window"),
    ('"08:00"', "08:00", "in quotes"),
    ("seed: 7", "seed: -1", "experiment.seed"),
    ("seed: 7", "seed: 99999999999999999999", "experiment.seed"),
    ("replications: 3", "replications: 0", "experiment.replications"),
    ("max_replications: 6", "max_replications: 2", "below replications, 3"),
    ("precision: {}", 'precision: {police_alert: "2%"}', 'did you mean "police_alerts"'),
    ("precision: {}", "precision: {police_alerts: -2}", "a number above 0"),
    ("precision: {}", "precision: {police_alerts: '2'}", '"2%"'),
    ("precision: {}", "precision: {police_alerts: true}", '"2%"'),
    ("precision: {}", 'precision: {police_alerts: "100%"}', '"2%"'),
    ("precision: {}", 'precision: {police_alerts: "0%"}', '"2%"'),
    ("night: 1}", "night: -1}", "seats.operators.night"),
    ("night: 1}", "night: no}", "ambiguous"),
    ("tariffs: voted_2025", "tariffs: voted_2052", 'did you mean "voted_2025"'),
    ("tariffs: voted_2025", "tariffs: {joining_eur: 1}", "tariffs.forfait_1_eur: Field required"),
    ("requisition_work_h: high", "requisition_work: high", 'did you mean "requisition_work_h"'),
    (
        "requisition_work_h: high",
        "requisition_work_h: higher",
        "low, central, high or a finite number",
    ),
    (
        "requisition_work_h: high",
        "requisition_work_h: true",
        "low, central, high or a finite number",
    ),
    ("requisition_work_h: high", "requisition_work_h: 1.0e+999", "a finite number"),
    ("select: hypothesis_38", "select: hypothesis_38, transport_weight: 1.0e+999", "infinite"),
    ("select: hypothesis_38", "select: 38", "communes.select"),
    ("requisition_work_h: high", "requisition_work_h: .nan", "not a number"),
    ("crowded_night: {seats", "crowded_night: {seat", 'did you mean "seats"'),
    ("requisition_work_h: high", "requisition_work_h: *high", "aliases"),
    ("tariffs: voted_2025", "tariffs: voted_2025\n  tariffs: voted_2025", "comes twice"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), MALFORMED)
def test_a_malformed_file_gives_its_sentence(
    scenarios: Path, old: str, new: str, sentence: str
) -> None:
    text = scenarios.read_text()
    assert old in text
    scenarios.write_text(text.replace(old, new, 1))
    before = {path: path.read_bytes() for path in scenarios.parent.iterdir()}
    with pytest.raises(InputError, match=re.escape(sentence)) as problem:
        load_library(scenarios)
    assert "\n" not in str(problem.value)
    assert str(scenarios) in str(problem.value)
    assert before == {path: path.read_bytes() for path in scenarios.parent.iterdir()}


SETTINGS = [
    ("seats.operators.night", "write block.lever=value"),
    ("=5", "write block.lever=value"),
    ("seats..night=5", "write block.lever=value"),
    ("seats.operators.night=", "a value is expected"),
    ("seats.operators.night=[1, 2]", "not a single value"),
    ("seats.operators.night={", "not valid YAML"),
    ("seats.operators.night=*all", "aliases"),
    ("seats.operators.night=18:00", "seats.operators.night"),
    ("seats.operators.night=07", "in quotes"),
    ("seats.relief=no", "ambiguous"),
    ("seats.relef=true", 'did you mean "relief"'),
    ("seats.operators.night=two", "seats.operators.night"),
    ("seat.relief=true", 'did you mean "seats"'),
    ("horizon=3", "horizon"),
    ("assumptions.held_shar=high", 'did you mean "held_share"'),
    ("assumptions.held_share=hi", "low, central, high or a finite number"),
    ("tariffs.forfait_1_eur=-1", "tariffs.forfait_1_eur"),
]


@pytest.mark.parametrize(("setting", "sentence"), SETTINGS)
def test_a_malformed_setting_gives_its_sentence(
    scenarios: Path, setting: str, sentence: str
) -> None:
    scenario = load_scenario("tiny", scenarios)
    with pytest.raises(InputError, match=re.escape(sentence)) as problem:
        scenario.with_overrides(assignments([setting]))
    assert "\n" not in str(problem.value)


def test_a_lever_is_set_once() -> None:
    with pytest.raises(InputError, match="set twice"):
        assignments(["horizon.days=2", "horizon.days=3"])
    with pytest.raises(InputError, match="already given a value"):
        assignments(["horizon=2", "horizon.days=3"])


def test_an_unknown_scenario_or_file_is_told(scenarios: Path) -> None:
    with pytest.raises(InputError, match='did you mean "tiny"'):
        load_scenario("tinny", scenarios)
    with pytest.raises(MissingError, match="no such file"):
        load_library(scenarios.with_name("none.yaml"))
