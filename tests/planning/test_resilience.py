"""The centre played again with failures of its network."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from twin.model.clock import MS_PER_DAY, MS_PER_H
from twin.model.network.failures import Cause, Failure, Target
from twin.model.network.losses import activity_of, loss_of
from twin.planning.network import capacity_in_use, costs_of, failures_of, study
from twin.planning.resilience import Estimate, dark_cameras, replay, spread
from twin.scenarios.experiment import Prepared, prepare, replicate
from twin.scenarios.library import load_library
from twin.scenarios.schema import Scenario

SEED = 7
CAPACITY = capacity_in_use()
EVERYTHING = Failure(Target(Cause.SITE, "site-1", 0.5, 6.0), (0, 1, 2, 3), (0, 2), (0, 1, 2, 3))
NOTHING = Failure(Target(Cause.NODE, "spare", 1.0, 6.0), (), (), ())


@pytest.fixture
def tiny(scenarios: Path) -> Scenario:
    two_points = {"network": {"aggregation_points": 2}}
    return load_library(scenarios)["tiny"].with_overrides(two_points)


@pytest.fixture
def prepared(tiny: Scenario) -> Prepared:
    return prepare(tiny.with_overrides({"horizon": {"days": 4}}))


def test_an_estimate_is_the_paired_student_interval() -> None:
    values = [1.0, 4.0, 2.5, 3.0]
    found = Estimate.of(values)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((2.625, low, high))
    assert np.isnan(Estimate.of([2.0]).low)
    assert found.times(2).high == 2 * found.high


def test_imposed_outages_are_apart_and_fall_at_any_hour_of_the_week() -> None:
    horizon_ms = 364 * MS_PER_DAY
    outages = list(spread(EVERYTHING, horizon_ms, SEED, 1))
    assert len(outages) == 52
    assert all(o.end_ms - o.start_ms <= 6 * MS_PER_H for o in outages)
    assert all(b.start_ms // (7 * MS_PER_DAY) - a.start_ms // (7 * MS_PER_DAY) == 1
               for a, b in pairwise(outages))  # fmt: skip
    hours = [o.start_ms // MS_PER_H % 168 for r in range(20) for o in
             spread(EVERYTHING, horizon_ms, SEED, r)]  # fmt: skip
    assert stats.kstest(np.array(hours) / 168, "uniform").pvalue > 0.01
    week = Failure(Target(Cause.SITE, "s", 0.01, 168.0), (0,), (), ())
    assert len(list(spread(week, horizon_ms, SEED, 1))) == 13


def test_dark_sources_are_cameras(prepared: Prepared) -> None:
    outage = next(iter(spread(EVERYTHING, MS_PER_DAY, SEED, 1)))
    span = (outage.start_ms, outage.end_ms)
    dark = dark_cameras(prepared, {outage.target: EVERYTHING}, [outage])
    assert dark == [(camera, *span) for camera in range(5)]
    first = Failure(EVERYTHING.target, (2,), (), ())
    assert [camera for camera, *_ in dark_cameras(prepared, {outage.target: first}, [outage])] == [
        3,
        4,
    ]


def test_the_whole_centre_in_the_dark_sees_nothing(prepared: Prepared) -> None:
    """What is lost once played again is what was there, up to cameras that had failed anyway."""
    (all_, spare), year = replay(
        prepared, [EVERYTHING, NOTHING], [EVERYTHING], SEED, 2, engine="reference"
    )
    assert spare.lost.viewing_h == spare.lost.notices == Estimate(0.0, 0.0, 0.0)
    assert all_.imposed == 2
    assert 0 < all_.lost.viewing_h.mean <= 5 * 6
    assert all_.lost.notices.mean > 0
    assert year.viewing_h.mean >= 0
    journals = [replicate(prepared, SEED, r) for r in (1, 2)]
    activity = activity_of(journals, prepared.centre, prepared.territory, prepared.calendar)
    once = loss_of(EVERYTHING, activity)
    assert (once.camera_h, once.viewing_h) == (30, 30)
    assert once.notices == pytest.approx(activity.notices.sum() * 6)
    assert once.requisitions_lost == once.requisitions_delayed
    assert loss_of(NOTHING, activity).camera_h == 0


def test_a_longer_repair_never_loses_less(prepared: Prepared) -> None:
    activity = activity_of(
        [replicate(prepared, SEED, 1)], prepared.centre, prepared.territory, prepared.calendar
    )
    longer = Failure(Target(Cause.SITE, "site-1", 0.5, 9.0), *list(vars(EVERYTHING).values())[1:])
    short, long = (vars(loss_of(each, activity)) for each in (EVERYTHING, longer))
    assert all(long[name] >= short[name] for name in short)


def test_the_ranking_names_the_worst_and_its_price(tiny: Scenario) -> None:
    seen: list[tuple[int, int]] = []
    found = failures_of(
        tiny, SEED, 1, CAPACITY, played_again=1, engine="reference",
        progress=lambda *step: seen.append(step),
    )  # fmt: skip
    yearly = [row.yearly.camera_h for row in found.rows]
    assert yearly == sorted(yearly, reverse=True)
    worst = found.rows[0]
    assert worst.failure.target == found.replays[0].failure.target
    assert (worst.failure.target.cause, worst.failure.target.name) == (Cause.SITE, "site-1")
    assert (worst.communes, worst.cameras) == (2, 5)
    assert worst.doubling is not None
    assert worst.doubling.per_year.value > 0
    assert found.envelope[0] < worst.yearly.camera_h < found.envelope[1]
    assert 0.99 < found.availability < 1
    assert seen[-1] == (4, 4)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert "disasters_per_year, low" in found.reversals


def test_a_study_answers_without_a_stored_run(tiny: Scenario) -> None:
    found = study(tiny, SEED, CAPACITY, engine="reference")
    assert [cut.source for cut in found.cuts] == ["59360", "59507"]
    assert found.streams == 8 < sum(2.3 * c.cameras for c in found.prepared.territory.communes)
    assert found.nodes.nodes.value == found.nodes_if_all.nodes.value == 2
    assert len(found.recordings) == 8
    assert found.costs == costs_of(found.prepared, tiny.network, CAPACITY)
    assert found.uses_if_all[0].load.peak > found.uses[0].load.peak


def test_the_network_changes_no_run(tiny: Scenario) -> None:
    other = tiny.with_overrides({"network": {"second_site": "59009", "recording": "centre",
                                             "main_stream": "always"}})  # fmt: skip
    assert other.resolved() == tiny.resolved()
    assert other.network != tiny.network
