"""Draws have the distributions that were written; points are played once, in the same worlds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.model.assumptions import Assumption, load_assumptions
from twin.planning import points
from twin.planning.envelope import envelope, latin_hypercube
from twin.planning.points import Factor, Plays, factors, played
from twin.scenarios.experiment import run
from twin.scenarios.library import load_library, load_scenario
from twin.scenarios.schema import Scenario
from twin.scenarios.store import SEARCHES

RANGE = {"low": 1.0, "central": 2.0, "high": 8.0}
MEANS = {"uniform": 4.5, "triangular": 11 / 3}


def assumption(distribution: str, **ends: float) -> Assumption:
    return Assumption(
        label="x",
        unit="u",
        distribution=distribution,
        grade="hypothesis",
        source="hypothesis",
        confidence="low",
        **RANGE | ends,
    )


@pytest.mark.parametrize("distribution", ["uniform", "triangular", "lognormal", "normal"])
def test_every_part_of_a_distribution_is_drawn_once(distribution: str) -> None:
    factor = Factor("x", {"x": assumption(distribution)})
    drawn = sorted(draw["x"] for draw in latin_hypercube([factor], 200, seed=3))
    edges = [factor.drawn(share)["x"] for share in np.arange(1, 200) / 200]
    assert all(
        below <= edge <= above for below, edge, above in zip(drawn, edges, drawn[1:], strict=False)
    )
    if distribution in MEANS:
        assert np.mean(drawn) == pytest.approx(MEANS[distribution], rel=0.01)


@given(st.sampled_from(["uniform", "triangular", "lognormal", "normal"]), st.floats(0.001, 0.998))
def test_quantiles_grow(distribution: str, share: float) -> None:
    entry = assumption(distribution)
    assert entry.quantile(share) <= entry.quantile(share + 0.001)


def test_what_low_and_high_are() -> None:
    for distribution in ("lognormal", "normal"):
        found = [assumption(distribution).quantile(share) for share in (0.05, 0.5, 0.95)]
        assert found == pytest.approx([1, 2, 8])
    for distribution in ("uniform", "triangular"):
        found = [assumption(distribution).quantile(share) for share in (1e-12, 1 - 1e-12)]
        assert found == pytest.approx([1, 8], abs=1e-4)
    assert assumption("fixed").quantile(0.01) == 2
    assert assumption("triangular", central=8.0).quantile(0.25) == pytest.approx(4.5)


def test_a_further_number_leaves_the_others_draws_alone() -> None:
    every = [each for each in factors(load_scenario("reference")) if each.sampled]
    alone = latin_hypercube(every[3:4], 12, seed=9)
    among = latin_hypercube(every, 12, seed=9)
    key = every[3].key
    assert [draw[key] for draw in alone] == [draw[key] for draw in among]
    assert [draw[key] for draw in latin_hypercube(every, 12, seed=10)] != [d[key] for d in among]


def test_draws_of_the_shipped_assumptions_can_be_played() -> None:
    reference = load_scenario("reference")
    every = [each for each in factors(reference) if each.sampled]
    for draw in latin_hypercube(every, 50, seed=2):
        scenario = played(reference, draw)
        shares = [scenario.assumptions[f"detection_{images}"] for images in (1, 4, 6, 9)]
        assert shares == sorted(shares, reverse=True)
        assert 0 <= scenario.assumptions["top_decile_share"] < 1


def test_what_the_scenario_decides_is_not_drawn() -> None:
    reference = load_scenario("reference")
    keys = {each.key for each in factors(reference)}
    assert {"held_share", "detection_4", "demand.city_deviation"} <= keys
    assert "detection_1" not in keys
    settled = {"assumptions": {"held_share": "low"}, "demand": {"city_deviation": 1}}
    assert keys - {each.key for each in factors(reference.with_overrides(settled))} == {
        "held_share",
        "demand.city_deviation",
    }
    without_press = reference.with_overrides({"assumptions": {"sources": "official"}})
    own = {each.key: each.entry for each in factors(without_press)}["requisition_work_h"]
    assert own.high < load_assumptions()["requisition_work_h"].high


@pytest.fixture
def tiny(scenarios: Path) -> Scenario:
    return load_library(scenarios)["tiny"]


def plays(tiny: Scenario, scenarios: Path, tmp_path: Path, replications: int, **more) -> Plays:
    experiment = load_library(scenarios).experiment.exactly(replications)
    return Plays(tiny, experiment, out=tmp_path / "runs", engine="reference", **more)


def test_an_envelope_is_kept_and_given_again(
    tiny: Scenario, scenarios: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    more = {"progress": lambda done, wanted: told.append((done, wanted))}
    asked = [plays(tiny, scenarios, tmp_path, count, **more) for count in (2, 1)]
    first = envelope(*asked, points=3)
    assert [*dict.fromkeys(told)] == [(0, 1), (1, 1), (0, 3), (1, 3), (2, 3), (3, 3)]
    folders = list((tmp_path / "runs" / SEARCHES).iterdir())
    assert len(folders) == 1 + 3
    told.clear()
    again = envelope(
        *(plays(tiny, scenarios, tmp_path, count, **more) for count in (2, 1)), points=3
    )
    assert told == []
    assert again.means.equals(first.means)
    rows = {row.indicator: row for row in again.rows()}
    present = rows["agents_present"]
    assert present.assumptions.low <= present.assumptions.value <= present.assumptions.high
    assert "3 tirages" in present.assumptions.source
    assert present.chance.value == again.central.loc["agents_present", "mean"]
    with pytest.raises(InputError, match="at least 2"):
        envelope(*asked, points=1)


def test_a_point_is_the_run_of_its_scenario(
    tiny: Scenario, scenarios: Path, tmp_path: Path
) -> None:
    at = {"write_min": 6.0, "demand.city_deviation": 0.5}
    asked = plays(tiny, scenarios, tmp_path, 2)
    experiment = load_library(scenarios).experiment.exactly(2)
    same = run(played(tiny, at), experiment, name="same", out=tmp_path / "other")
    values = same.values("nuisance_notices")
    assert asked.mean("nuisance_notices", at) == pytest.approx(values.mean())
    # Student's quantile at 97.5 % for one degree of freedom, over the square root of 2.
    half = 12.7062 * values.std() / np.sqrt(2)
    assert asked.half_width("nuisance_notices", at) == pytest.approx(half, rel=1e-4)
    with pytest.raises(InputError, match="not seen"):
        asked.mean("no_such", at)
    with pytest.raises(InputError, match="workers"):
        plays(tiny, scenarios, tmp_path, 1, workers=0).play([{}])


def test_more_points_than_a_worker_keeps_are_played_in_turns(
    tiny: Scenario, scenarios: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "CENTRES_KEPT", 2)
    told: list[tuple[int, int]] = []
    more = {"progress": lambda done, wanted: told.append((done, wanted))}
    asked = plays(tiny, scenarios, tmp_path, 1, workers=2, **more)
    at = [{"write_min": 3.0 + i} for i in range(5)]
    tables = asked.play([*at, at[0]])
    assert told[-1] == (5, 5)
    assert told == sorted(told)
    assert tables[0].equals(tables[5])
    alone = plays(tiny, scenarios, tmp_path / "alone", 1).play(at)
    assert all(one.equals(other) for one, other in zip(tables, alone, strict=False))
