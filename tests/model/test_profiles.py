import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin.errors import InputError, MissingError
from twin.files import data_folder
from twin.model.assumptions import Assumptions
from twin.model.profiles import (
    MONTHS,
    WEEK,
    hourly_profile,
    load_anchors,
    load_categories,
    load_profiles,
    smoothest,
    write_profiles,
)

ANCHORS = [anchor for anchor in load_anchors() if isinstance(anchor.value, float)]
CURVES = sorted(load_profiles())
CIRCLES = {circle.name: circle for circle in (WEEK, MONTHS)}
EVENING = np.array([not 6 <= hour % 24 < 18 for hour in range(168)])
HEADER = "profile,when,against,comparison,value,grade,source\n"


def anchors_of(name: str, circle: str) -> list:
    return [a for a in ANCHORS if a.profile == name and a.when.circle.name == circle]


def bends(curve: np.ndarray) -> float:
    return float(np.sum((np.roll(curve, 1) - 2 * curve + np.roll(curve, -1)) ** 2))


def written(folder: Path, *rows: str) -> Path:
    path = folder / "anchors.csv"
    path.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda a: f"{a.profile}-{a.comparison}-{a.value}")
def test_every_anchor_is_met_by_the_file(anchor):
    curve = load_profiles()[anchor.profile, anchor.when.circle.name]
    weight = anchor.when.circle.weight
    inside, against = weight * anchor.when.steps, weight * anchor.against.steps
    found = (inside @ curve) / (against @ curve)
    if anchor.comparison == "ratio":
        found *= against.sum() / inside.sum()
    assert found == pytest.approx(anchor.value, abs=1e-6 * max(1, against.sum() / inside.sum()))


@pytest.mark.parametrize(("name", "circle"), CURVES)
def test_every_curve_is_a_rate_of_mean_1(name, circle):
    curve = load_profiles()[name, circle]
    assert curve.min() >= 0
    assert np.average(curve, weights=CIRCLES[circle].weight) == pytest.approx(1, abs=1e-12)


def test_every_category_that_can_be_seen_has_curves():
    seen = {each.category for each in load_categories() if each.incident_class != "none"}
    expected = seen | {"viewing_requests", "requisition_letters"}
    assert {name for name, _ in CURVES} == expected
    assert len(CURVES) == 2 * len(expected)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([key for key in CURVES if anchors_of(*key)]), st.integers(0, 2**32 - 1))
def test_no_feasible_departure_is_smoother(key, seed):
    circle, anchors = CIRCLES[key[1]], anchors_of(*key)
    curve = smoothest(circle, anchors)
    rows = np.vstack([circle.weight, *(anchor.equation() for anchor in anchors)])
    free = curve > 1e-9
    steps = np.where(free, np.random.default_rng(seed).normal(size=len(curve)), 0)
    fitted = np.linalg.lstsq(rows[:, free].T, steps[free], rcond=None)[0]
    steps[free] -= rows[:, free].T @ fitted
    assume(np.abs(steps).max() > 1e-6)
    falling = steps < 0
    reach = min(1, (curve[falling] / -steps[falling]).min())
    other = np.maximum(curve + reach * steps, 0)
    np.testing.assert_allclose(rows @ other, rows @ curve, atol=1e-7)
    assert bends(other) >= bends(curve) - 1e-9


@pytest.mark.parametrize("key", [key for key in CURVES if anchors_of(*key)])
def test_the_curve_meets_the_conditions_of_the_optimum(key):
    """Karush-Kuhn-Tucker: sufficient, since the problem is convex."""
    circle, anchors = CIRCLES[key[1]], anchors_of(*key)
    curve = smoothest(circle, anchors)
    rows = np.vstack([circle.weight, *(anchor.equation() for anchor in anchors)])
    bent = np.roll(curve, 1) - 2 * curve + np.roll(curve, -1)
    gradient = np.roll(bent, 1) - 2 * bent + np.roll(bent, -1)
    free = curve > 1e-9
    prices = np.linalg.lstsq(rows[:, free].T, gradient[free], rcond=None)[0]
    left = gradient - prices @ rows
    np.testing.assert_allclose(left[free], 0, atol=1e-6)
    assert (left[~free] > -1e-6).all()


def test_the_file_is_what_the_command_computes(tmp_path):
    write_profiles(tmp_path / "profiles.csv")
    fresh = load_profiles(tmp_path / "profiles.csv")
    assert sorted(fresh) == CURVES
    for key in CURVES:
        np.testing.assert_allclose(fresh[key], load_profiles()[key], atol=3e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.3, 0.8), st.sampled_from(["police", "nuisance"]))
def test_the_evening_share_acts_when_a_scenario_is_played(share, name):
    profile = hourly_profile(name, Assumptions({"evening_share": share}))
    week = np.average(profile, axis=0, weights=MONTHS.weight)
    assert week[EVENING].sum() / week.sum() == pytest.approx(share, abs=1e-6)
    assert week.mean() == pytest.approx(1, abs=1e-7)
    assert profile.min() >= 0


@pytest.mark.parametrize("factor", [1.1, 1.17, 1.25, 2])
def test_the_december_factor_acts_when_a_scenario_is_played(factor):
    profile = hourly_profile("cambriolages", Assumptions({"december_factor": factor}))
    months = profile.mean(axis=1)
    assert 31 * months[11] / (31 * months[0]) == pytest.approx(factor, abs=1e-6)
    assert np.average(months, weights=MONTHS.weight) == pytest.approx(1, abs=1e-6)


def test_a_class_follows_what_can_be_seen():
    """Alone in view, the car thefts give their own week to the class, within its evening share."""
    hidden = {
        f"visible_{each.category}": 0.0
        for each in load_categories()
        if each.incident_class == "police"
    }
    only_cars = hidden | {"visible_vols_de_vehicules": 1.0, "evening_share": 0.8}
    profile = hourly_profile("police", Assumptions(only_cars))
    alike = np.corrcoef(profile.mean(axis=0), load_profiles()["vols_de_vehicules", "week"])[0, 1]
    assert alike > 0.95
    np.testing.assert_allclose(
        profile.mean(axis=1), load_profiles()["vols_de_vehicules", "year"], atol=1e-6
    )
    with pytest.raises(InputError, match='no category of the class "police"'):
        hourly_profile("police", Assumptions(hidden))


def test_impossible_share_is_one_sentence():
    with pytest.raises(InputError, match='"police" meets its anchors'):
        hourly_profile("police", Assumptions({"evening_share": 1.5}))


def test_selections(tmp_path):
    path = written(
        tmp_path,
        "a,hours=22-06,,share,0.5,press,s",
        'a,"days=Sat,Sun hours=23",,ratio,1.1,press,s',
        "a,days=Fri-Mon hours=08-18,days=Fri,ratio,1.1,press,s",
        "a,months=11-2,months=7,ratio,evening_share,press,s",
    )
    night, late, office, winter = load_anchors(path)
    assert np.flatnonzero(night.when.steps[:24]).tolist() == [0, 1, 2, 3, 4, 5, 22, 23]
    assert night.against.steps.all()
    assert np.flatnonzero(late.when.steps).tolist() == [5 * 24 + 23, 6 * 24 + 23]
    assert office.when.steps.sum() == 4 * 10
    assert office.against.steps.sum() == 24
    assert np.flatnonzero(winter.when.steps).tolist() == [0, 1, 10, 11]
    assert winter.value == "evening_share"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a,hours=22-25,,share,0.5,press,s", "column when"),
        ("a,days=Sat months=1,,share,0.5,press,s", '"months=" alone'),
        ("a,jours=Sat,,share,0.5,press,s", '"days="'),
        ("a,days=sat,,share,0.5,press,s", "allowed: Fri, Mon"),
        ("a,days=Sat,,part,0.5,press,s", "allowed: ratio, share"),
        ("a,days=Sat,,share,-0.5,press,s", "column value"),
        ("a,days=Sat,,share,evening_shar,press,s", 'did you mean "evening_share"'),
        ("a,days=Sat,,share,0.5,vendor,s", "column grade"),
    ],
)
def test_refused_anchors(tmp_path, row, sentence):
    with pytest.raises(InputError, match="line 2") as refusal:
        load_anchors(written(tmp_path, row))
    assert sentence in str(refusal.value)


def test_contradictory_anchors_are_one_sentence(tmp_path):
    rows = [f"a,hours=22-06,,share,{share},press,s" for share in (0.3, 0.4)]
    with pytest.raises(InputError, match=r'no week profile of "a" meets .*share 0.3, share 0.4'):
        smoothest(WEEK, load_anchors(written(tmp_path, *rows)))


def test_a_missing_or_incomplete_table_names_the_command(own_data):
    table = own_data / "derived" / "profiles.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    table.unlink()
    with pytest.raises(MissingError, match="run `twin calibrate profiles`"):
        hourly_profile("police", Assumptions())
    table.write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(InputError, match="is not whole; run `twin calibrate profiles`"):
        hourly_profile("police", Assumptions())
    others = [line for line in lines if not line.startswith("vols_avec_armes,")]
    table.write_text("\n".join(others), encoding="utf-8")
    with pytest.raises(MissingError, match='no profile of "vols_avec_armes"; run `twin'):
        hourly_profile("police", Assumptions())
    write_profiles(table)
    assert hourly_profile("police", Assumptions()).mean() == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("tags,Tags,nuisance,1", 'needs an assumption named "visible_tags"'),
        ("degradations,Destructions et dégradations volontaires,nuisance,0.1", "add to 1.1"),
        ("tags,Tags,incivility,1", "allowed: none, nuisance, police"),
    ],
)
def test_refused_categories(tmp_path, row, sentence):
    path = tmp_path / "categories.csv"
    known = (data_folder() / "categories.csv").read_text(encoding="utf-8")
    path.write_text(known + row + "\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        load_categories(path)
    assert sentence in str(refusal.value)


def test_the_page_lists_the_anchors():
    page = Path(__file__).parents[2] / "docs" / "profiles.md"
    shown = [line for line in page.read_text(encoding="utf-8").splitlines() if "| `" in line]
    with (data_folder() / "profile_anchors.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(shown) == len(rows)
    for line, row in zip(shown, rows, strict=True):
        against = f" to `{row['against']}`" if row["against"] else ""
        expected = [row["profile"], f"`{row['when']}`", row["comparison"] + against]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[:3] == expected
        assert (cells[3].strip("`"), cells[4]) == (row["value"], row["grade"])
