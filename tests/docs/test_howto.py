"""Each how-to page is followed to the letter, as data only, and its effect is seen."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.docs.pages import DOCS, follow
from twin.files import data_folder
from twin.model.assumptions import Assumptions
from twin.model.centre.journal import Journal, Origin, Outcome
from twin.model.centre.world import Kind
from twin.model.clock import MS_PER_DAY, MS_PER_H
from twin.model.profiles import MONTHS, hourly_profile
from twin.scenarios.experiment import Prepared, prepare, replicate
from twin.scenarios.library import load_library
from twin.scenarios.schema import Scenario
from twin.sources.package import check_package

PAGES = {
    "howto-forfait.md": ["data/forfaits.csv", "forfait_de_nuit.csv", "data/forfait_rules.yaml"],
    "howto-shift-pattern.md": ["data/shift_patterns.yaml", "scenarios.yaml"],
    "howto-indicator.md": ["data/indicators.yaml"],
    "howto-assumption.md": ["data/assumptions.yaml", "data/profile_anchors.csv"],
}
FRIDAY, SATURDAY = 4, 5


def played(scenario: Scenario) -> tuple[Prepared, Journal]:
    prepared = prepare(scenario)
    return prepared, replicate(prepared, seed=7, replication=1)


def measured(scenario: Scenario) -> pd.DataFrame:
    prepared, journal = played(scenario)
    return prepared.measured(journal).set_index(["indicator", "scope", "key"])["value"]


def entitled_by_hour(journal: Journal) -> dict[int, set[int]]:
    """Cameras entitled to live viewing, by civil hour of each change of what is displayed."""
    rows = journal.attention.to_pandas()
    hour = rows["time_ms"] % MS_PER_DAY // MS_PER_H
    return rows["entitled"].groupby(hour).agg(set).to_dict()


def test_every_howto_is_proven() -> None:
    assert {path.name for path in DOCS.glob("howto-*.md")} == set(PAGES)


def test_the_pages_together_leave_the_facts_as_described(
    own_data: Path, scenarios: Path, tmp_path: Path
) -> None:
    for page, files in PAGES.items():
        assert follow(page, tmp_path) == [tmp_path / name for name in files]
    assert check_package(data_folder()) == []
    load_library(scenarios)


def test_a_forfait_is_a_row(own_data: Path, scenarios: Path, tmp_path: Path) -> None:
    follow("howto-forfait.md", tmp_path)
    tiny = load_library(scenarios)["tiny"].with_overrides({"horizon": {"days": 2}})
    at_night = tiny.with_overrides(
        {
            "communes": {"file": str(tmp_path / "forfait_de_nuit.csv")},
            "assumptions": {"requests_per_camera_year": 3_000},
        }
    )
    prepared, journal = played(at_night)
    for hour, entitled in entitled_by_hour(journal).items():
        assert entitled == ({0} if 6 <= hour < 22 else {3})
    requests = journal.tasks.to_pandas().query("kind == @Kind.REQUEST and commune == 0")
    refused = requests["outcome"] == Outcome.REFUSED
    hours = requests["arrival_ms"] % MS_PER_DAY // MS_PER_H
    assert 0 < refused.sum() < len(requests)
    assert refused.equals(hours.between(6, 21))
    forfaits = prepared.measured(journal).query("scope == 'forfait'")["key"]
    assert set(forfaits) == {"1", "2n"}
    by_rule = {"communes": {"file": None}, "forfaits": {"rule": "all_2n"}}
    chosen = prepare(tiny.with_overrides(by_rule)).territory.communes
    assert {(commune.forfait, commune.window) for commune in chosen} == {("2n", "22:00-06:00")}


def test_a_shift_pattern_is_an_entry(own_data: Path, scenarios: Path, tmp_path: Path) -> None:
    before = load_library(scenarios)["tiny"]
    follow("howto-shift-pattern.md", tmp_path)
    after = load_library(scenarios)["renfort_de_fin_de_semaine"]
    week = {"horizon": {"days": 7}, "assumptions": {"absence_rate": 0.0}}
    usual, reinforced = (scenario.with_overrides(week) for scenario in (before, after))
    more = measured(reinforced) - measured(usual)
    assert more["agents_present", "centre", ""] == pytest.approx(32 / 168)
    shifts = {
        (int(start), int(end))
        for start, end in zip(*prepare(reinforced).centre.shifts[1:], strict=True)
    }
    added = shifts - {
        (int(start), int(end)) for start, end in zip(*prepare(usual).centre.shifts[1:], strict=True)
    }
    assert added == {
        ((day * 24 + 20) * MS_PER_H, ((day + 1) * 24 + 4) * MS_PER_H) for day in (FRIDAY, SATURDAY)
    }


def test_an_indicator_is_a_question(own_data: Path, scenarios: Path, tmp_path: Path) -> None:
    follow("howto-indicator.md", tmp_path)
    busy = {"horizon": {"days": 3}, "demand": {"kappa_police": 10_000}}
    prepared, journal = played(load_library(scenarios)["tiny"].with_overrides(busy))
    values = prepared.measured(journal).set_index(["indicator", "scope", "key"])["value"]
    tasks = journal.tasks.to_pandas()
    tasks = tasks[(tasks["kind"] == Kind.POLICE) & (tasks["origin"] != Origin.NONE)]
    called = tasks["origin"] == Origin.CALL
    assert 0 < called.mean() < 1
    assert values["police_called_in", "centre", ""] == called.mean()
    hours = called.groupby(tasks["arrival_ms"] % MS_PER_DAY // MS_PER_H).mean()
    found = values["police_called_in", "hour"]
    assert {int(hour): share for hour, share in found.items()} == hours.to_dict()


def test_an_assumption_is_an_entry_and_an_anchor(
    own_data: Path, scenarios: Path, tmp_path: Path
) -> None:
    follow("howto-assumption.md", tmp_path)
    week_of = {}
    for choice, share in (("low", 0.2), ("central", 0.3), ("high", 0.4)):
        assumed = Assumptions({"nuisance_weekend_share": choice})
        week = np.average(hourly_profile("nuisance", assumed), axis=0, weights=MONTHS.weight)
        assert week[SATURDAY * 24 :].sum() / week.sum() == pytest.approx(share, abs=1e-6)
        week_of[choice] = week
    evening = np.array([not 6 <= hour % 24 < 18 for hour in range(168)])
    shares = [week[evening].sum() / week.sum() for week in week_of.values()]
    assert shares == pytest.approx([Assumptions()["evening_share"]] * 3, abs=1e-6)
    busy = {"horizon": {"days": 7}, "demand": {"kappa_nuisance": 10_000}}
    tiny = load_library(scenarios)["tiny"].with_overrides(busy)
    few, many = (
        weekend_nuisances(tiny.with_overrides({"assumptions": {"nuisance_weekend_share": choice}}))
        for choice in ("low", "high")
    )
    assert 1.5 * few < many < 2.5 * few


def weekend_nuisances(scenario: Scenario) -> int:
    """Nuisances that the centre's journal dates from a Saturday or a Sunday."""
    tasks = played(scenario)[1].tasks.to_pandas()
    weekend = tasks["arrival_ms"] >= SATURDAY * MS_PER_DAY
    return int((weekend & (tasks["kind"] == Kind.NUISANCE)).sum())
