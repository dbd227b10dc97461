"""Leaving press and partisan sources out: another question, and only what rests on them."""

from __future__ import annotations

import pytest

from twin.errors import InputError
from twin.model.assumptions import (
    Assumption,
    Assumptions,
    Grade,
    Sources,
    load_assumptions,
)
from twin.model.detection import equivalent_view_min, notice_hazard_per_ms
from twin.model.kappa import calibrated, load_calibration
from twin.model.mel import load_mel
from twin.model.profiles import (
    WEEK,
    load_anchors,
    load_profiles,
    profiles_file,
    write_profiles,
)
from twin.planning.official import is_official, official, remaining, replaced
from twin.scenarios.experiment import prepare
from twin.scenarios.library import load_scenario
from twin.scenarios.store import identify

TABLE = load_assumptions()
PRESS = (Grade.PRESS, Grade.PARTISAN)


def test_it_is_another_run() -> None:
    reference = load_scenario("reference")
    without = official(reference)
    assert is_official(without)
    assert not is_official(reference)
    assert identify("a", reference, 1).hash != identify("a", without, 1).hash
    assert without == load_scenario("sources_officielles")
    spelt = reference.with_overrides({"assumptions": {"sources": "all"}})
    assert identify("a", spelt, 1).hash == identify("a", reference, 1).hash


@pytest.mark.parametrize("key", sorted(TABLE))
def test_no_number_that_a_run_reads_stays_on_the_press(key: str) -> None:
    entry, other = TABLE[key], TABLE[key].by(Sources.OFFICIAL)
    assert entry.by(Sources.ALL) == entry
    if entry.stage == "run":
        assert other.grade not in PRESS
    if entry.grade in PRESS and other.grade is Grade.OFFICIAL:
        assert "hypothesis" not in other.source.removesuffix("; ends: hypothesis")
    if entry.official is None:
        assert other == entry
    else:
        assert entry.grade in PRESS or (entry.low, entry.high) != (other.low, other.high)


def test_a_choice_of_the_scenario_is_kept() -> None:
    chosen = {"sources": "official", "absence_rate": 0.2, "evening_share": "high"}
    values = Assumptions(chosen)
    assert values["absence_rate"] == 0.2
    assert values["evening_share"] == TABLE["evening_share"].high
    assert values["alerted_share"] == TABLE["alerted_share"].official.central


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"sources": "press"}, "sources: allowed: all, official"),
        ({"sources": 1.0}, "sources: allowed: all, official"),
        ({"held_share": "official"}, 'a choice of the key "sources" only'),
    ],
)
def test_refused_choices(choices, sentence) -> None:
    with pytest.raises(InputError, match="sources") as refusal:
        Assumptions(choices)
    assert sentence in str(refusal.value)
    with pytest.raises(InputError, match="sources"):
        load_scenario("reference").with_overrides({"assumptions": choices})


def test_an_official_stand_in_is_checked_as_an_assumption() -> None:
    entry = TABLE["alerted_share"].model_dump()
    with pytest.raises(ValueError, match="low <= central <= high"):
        Assumption(**entry | {"official": {"central": 0.9, "grade": "official", "source": "x"}})
    with pytest.raises(ValueError, match="must say"):
        Assumption(**entry | {"official": {"central": 0.6, "grade": "hypothesis", "source": "x"}})


def test_facts_of_the_press_are_unknown_and_the_others_the_same() -> None:
    with_all, without = (load_mel(sources).places for sources in Sources)
    both = list(zip(with_all, without, strict=True))
    assert [(a.insee, a.population, a.situation.police) for a, _ in both] == [
        (b.insee, b.population, b.situation.police) for _, b in both
    ]
    known = {b.name: b.known_cameras for _, b in both if b.known_cameras is not None}
    assert known == {"Armentières": 73, "Seclin": 9}
    assert sum(a.known_cameras is not None for a, _ in both) == 16
    rooms = {b.name for _, b in both if b.situation.control_room}
    assert rooms == {"La Madeleine", "Marquette-lez-Lille", "Saint-André-lez-Lille", "Wambrechies"}
    changed = {a.name: (a.force, b.force) for a, b in both if a.force != b.force}
    assert set(changed.values()) == {("police", "gendarmerie")}
    assert "Comines" in changed
    assert load_mel(Sources.OFFICIAL).facts is not None


def test_profiles_without_the_anchors_of_the_press(tmp_path) -> None:
    curves = load_profiles(profiles_file(Sources.OFFICIAL))
    assert set(curves) == set(load_profiles())
    fresh = tmp_path / "profiles.csv"
    write_profiles(fresh, Sources.OFFICIAL)
    assert fresh.read_bytes() == profiles_file(Sources.OFFICIAL).read_bytes()
    # Nothing official is known of the hours of car thefts: every hour is alike.
    assert curves["vols_de_vehicules", WEEK.name] == pytest.approx(1, abs=1e-5)
    for anchor in load_anchors():
        if isinstance(anchor.value, float) and anchor.grade is Grade.OFFICIAL:
            curve = curves[anchor.profile, anchor.when.circle.name]
            assert anchor.equation() @ curve == pytest.approx(0, abs=1e-5)


def test_what_is_replaced_is_said_without_naming_a_commune() -> None:
    reference = load_scenario("reference")
    lines = {each.what: each for each in replaced(reference)}
    assert "0.61" in lines["alerted_share"].before
    assert "hypothesis" in lines["alerted_share"].after
    assert lines["profile of vols_de_vehicules"].after == "0 anchors"
    counted = {what: each for what, each in lines.items() if " of " in what}
    (cameras,) = (each for what, each in counted.items() if what.startswith("cameras of"))
    names = [place.name for place in load_mel().places]
    assert not any(name in str(each) for each in counted.values() for name in names)
    territories = [prepare(each).territory for each in (reference, official(reference))]
    totals = [sum(c.cameras for c in each.communes) for each in territories]
    before, after = (int(text.split()[0]) for text in (cameras.before, cameras.after))
    assert totals[0] - totals[1] == before - after
    kept = replaced(reference.with_overrides({"assumptions": {"alerted_share": 0.7}}))
    assert "alerted_share" not in {each.what for each in kept}


def test_what_still_rests_on_the_press_is_said() -> None:
    reference = load_scenario("reference")
    sentences = [str(each) for each in remaining(reference)]
    kept = ["kappa_police", "kappa_nuisance"]
    assert [sentence.split(":")[0] for sentence in sentences] == kept
    given = reference.with_overrides({"demand": {"kappa_police": 6.0}})
    assert [each.key for each in remaining(given)] == kept[1:]


@pytest.mark.parametrize("images", [1, 4, 9])
def test_kappa_follows_the_detection_as_it_follows_its_reference_time(images: int) -> None:
    half = {f"detection_{count}": 0.5 for count in (1, 4, 6, 9)}
    other = Assumptions({**half, "images_watched": images})
    view_min = equivalent_view_min(other)
    same = Assumptions({"reference_view_min": view_min, "images_watched": images})
    assert notice_hazard_per_ms(images, same) == pytest.approx(notice_hazard_per_ms(images, other))
    assert calibrated("kappa_police", other) == pytest.approx(calibrated("kappa_police", same))
    if images == 4:
        assert calibrated("kappa_police", other) > load_calibration().kappa_police.central
    with pytest.raises(InputError, match="notices nothing"):
        calibrated("kappa_police", Assumptions(dict.fromkeys(half, 0.0)))
