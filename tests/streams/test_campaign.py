"""Verdicts, gates, the search of the knee and the fit: no server needed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from twin.contracts import Capacities, Provenance, StreamProfile, load_capacities
from twin.errors import InputError
from twin.streams.campaign.bench import BenchPlan, default_cores, smaller, write_queue
from twin.streams.campaign.calibrate import Floor, calibrate, floor
from twin.streams.campaign.faults import FaultResult, provoke
from twin.streams.campaign.link import Shape
from twin.streams.campaign.ramp import RigBoundError, fit_plans, ramp
from twin.streams.campaign.soak import GROWING
from twin.streams.campaign.step import GATES, OBJECTIVES, Step
from twin.streams.fit import fit_capacity, knee, least_squares
from twin.streams.install import Binary
from twin.streams.mediamtx import free_ports
from twin.streams.plans import ReaderPlan, plan_cameras
from twin.streams.report import Campaign, plot, report_text, with_load
from twin.streams.rig import Rig, RigPlan, split
from twin.streams.tally import Delays, Tally, percentiles

ORIGIN = Provenance(
    measured_on="2027-01-04", host="un processeur, 2 cœurs, 8 Gio", kernel="6", python="3.11",
    server_version="v1.20.1", server_sha256="a" * 64, configuration_sha256="b" * 64,
    rig_version="1", neighbours="aucun", priority="ordinaire",
)  # fmt: skip
NOWHERE = Binary(Path("nowhere"), "v1.20.1", "a" * 64)


def step_of(**changes: Any) -> Step:
    """A step that meets everything."""
    numbers: dict[str, Any] = {entry.name: 0 for entry in fields(Step)}
    numbers |= {name: {} for name in ("first_packet_s", "first_key_s", "jitter_ms", "warnings")}
    numbers["reconciled"] = dict.fromkeys(
        ("server_sent", "server_discarded", "readers_received"), 0
    )
    numbers |= {"purpose": "knee", "profile": "SUB", "mode": "push", "cameras": 10, "readers": 11}
    numbers |= {"frames_share": 1.0, "rig_sent_share": 1.0, "server_cores": 1}
    return Step(**(numbers | changes))


@pytest.mark.parametrize("name", [*OBJECTIVES, *GATES])
def test_each_limit_is_watched_alone(name: str) -> None:
    relation, limit = (OBJECTIVES | GATES)[name]
    worse = limit - 0.01 if relation == ">=" else limit + 1
    step = step_of(**{name: worse})
    assert (step.missed, step.invalid) == (([name], []) if name in OBJECTIVES else ([], [name]))
    assert step_of(**{name: math.nan}).missed + step_of(**{name: math.nan}).invalid == [name]


def test_neighbours_make_a_step_invalid() -> None:
    assert step_of(neighbours_cores=0.3, neighbours_allowed=0.25).invalid == ["neighbours_cores"]
    assert step_of(neighbours_cores=0.2, neighbours_allowed=0.25).invalid == []


def searched(
    monkeypatch: pytest.MonkeyPatch,
    small: StreamProfile,
    judge: Callable[[int, int], Step],
    **how: Any,
) -> tuple[tuple[int, int], list[Step]]:
    def measured(plan: BenchPlan, binary: Binary, *, repeat: int, **_: Any) -> Step:
        return judge(plan.cameras, repeat)

    monkeypatch.setattr("twin.streams.campaign.ramp.measure", measured)
    kept: list[Step] = []
    plan = BenchPlan("SUB", small, "push", how.pop("first", 10), wall=1)
    return ramp(plan, NOWHERE, on_step=kept.append, **how), kept


@pytest.mark.parametrize("true_knee", [3, 10, 77, 640, 1000])
def test_the_search_ends_at_the_knee(
    monkeypatch: pytest.MonkeyPatch, small: StreamProfile, true_knee: int
) -> None:
    def judge(cameras: int, repeat: int) -> Step:
        return step_of(cameras=cameras, repeat=repeat, gaps=int(cameras > true_knee))

    (best, refused), kept = searched(monkeypatch, small, judge)
    assert best <= true_knee < refused
    assert refused - best <= max(1, 0.05 * best)
    found, binds = knee([step.row() for step in kept])
    assert (found.value, found.high, binds) == (best, refused - 1, "gaps")
    assert max(sum(step.cameras == best for step in kept), 3) == 3


def test_one_failure_of_three_refuses(
    monkeypatch: pytest.MonkeyPatch, small: StreamProfile
) -> None:
    def judge(cameras: int, repeat: int) -> Step:
        return step_of(cameras=cameras, discarded=int(cameras > 8 and repeat == 3))

    (best, refused), _ = searched(monkeypatch, small, judge)
    assert (best, refused) == (8, 9)


def test_a_limit_that_is_reached_is_no_knee(
    monkeypatch: pytest.MonkeyPatch, small: StreamProfile
) -> None:
    (best, refused), kept = searched(
        monkeypatch, small, lambda cameras, repeat: step_of(cameras=cameras), limit=50
    )
    assert (best, refused) == (50, 51)
    with pytest.raises(InputError, match="a number carried and a number refused"):
        knee([step.row() for step in kept])


def test_a_late_rig_is_never_a_knee(monkeypatch: pytest.MonkeyPatch, small: StreamProfile) -> None:
    def judge(cameras: int, repeat: int) -> Step:
        return step_of(cameras=cameras, lateness_p99_ms=99.0 if cameras > 20 else 1.0, gaps=5)

    with pytest.raises(RigBoundError, match=r"40 cameras.*lateness_p99_ms.*not the server"):
        searched(monkeypatch, small, lambda c, r: replace(judge(c, r), gaps=0))


def test_fit_plans_vary_readers_below_the_knee(small: StreamProfile) -> None:
    plans = fit_plans(BenchPlan("SUB", small, "push", 10, wall=3), 100)
    assert {(plan.cameras, plan.readers) for plan in plans} == {
        (50, 0),
        (50, 100),
        (25, 0),
        (25, 75),
    }


def test_smaller_keeps_proportions(small: StreamProfile) -> None:
    plan = smaller(BenchPlan("SUB", small, "push", 100, wall=10, state=2), 50)
    assert (plan.cameras, plan.wall, plan.state) == (50, 5, 1)


def test_the_queue_holds_two_of_the_largest_frames(small: StreamProfile) -> None:
    assert write_queue(small) == 512
    server, rig = default_cores()
    assert not set(server) & set(rig)


def test_the_rig_against_itself_is_whole_and_healthy(small: StreamProfile) -> None:
    found = floor(BenchPlan("SUB", small, "pull", 10, seconds=1, warm_up_s=0.5, workers=2))
    assert (found.frames_share, found.gaps, found.cameras) == (1.0, 0, 10)
    assert found.rig_cpu < 1


def test_calibration_stops_where_the_rig_does(
    monkeypatch: pytest.MonkeyPatch, small: StreamProfile
) -> None:
    base = floor(BenchPlan("SUB", small, "pull", 1, seconds=0.5, warm_up_s=0.2))

    def measured(plan: BenchPlan) -> Floor:
        return replace(base, cameras=plan.cameras, rig_cpu=plan.cameras / 100, lateness_p99_ms=1.0)

    monkeypatch.setattr("twin.streams.campaign.calibrate.floor", measured)
    seen: list[Floor] = []
    calibrate(BenchPlan("SUB", small, "pull", 25), on_floor=seen.append)
    assert [(found.cameras, found.healthy) for found in seen] == [
        (25, True),
        (50, True),
        (100, False),
    ]


def test_an_unknown_fault_is_told(small: StreamProfile) -> None:
    with pytest.raises(InputError, match='did you mean "paused"'):
        provoke("pause", BenchPlan("SUB", small, "push", 1), NOWHERE)


def test_a_shape_without_delay_asks_for_no_netem() -> None:
    assert not any("netem" in command for command in Shape(rate_mbit_s=5).commands)
    assert "delay 25ms loss 1%" in Shape(delay_ms=25, loss_percent=1).commands[-1]


@given(st.lists(st.floats(0, 12), min_size=1, max_size=50), st.integers(1, 100))
def test_a_percentile_is_the_value_to_a_bucket(delays_s: list[float], percent: int) -> None:
    delays = Delays()
    for delay_s in delays_s:
        delays.add(delay_s)
    rank = max(1, math.ceil(len(delays_s) * percent / 100))
    expected = min(sorted(delays_s)[rank - 1], 9.9999) * 1e3
    assert Tally(delays=delays.array()).delay_ms(percent) == pytest.approx(
        expected + 0.25, abs=0.26
    )


def test_tallies_add_and_differ() -> None:
    first = Tally()
    first.counts["frames"] = 3
    first.lasting["outage_s"] = [1.0]
    total = first + first
    assert total.counts["frames"] == 6
    assert total.since(first).counts["frames"] == 3
    assert total.since(first).lasting["outage_s"] == [1.0]
    assert math.isnan(first.delay_ms(99))
    assert percentiles([]) == {}


def test_shares_of_a_plan_leave_nothing_out(small: StreamProfile) -> None:
    cameras = tuple(
        plan_cameras(7, "rtsp://127.0.0.1:1", gop_s=2, start_s=0, seed=1, own_address=True)
    )
    shares = split(RigPlan(small, "pull", cameras, (), ""), 3)
    assert sorted(c.name for share in shares for c in share.cameras) == [c.name for c in cameras]


def test_aligned_cameras_share_their_phase() -> None:
    def phases(aligned: bool) -> set[float]:
        plans = plan_cameras(9, "rtsp://h:1", gop_s=2, start_s=5, seed=1, aligned=aligned)
        return {plan.origin_s for plan in plans}

    assert phases(True) == {5}
    assert len(phases(False)) == 9


COST = {"base": 0.01, "in": 4e-6, "out": 7e-6}


def rows() -> list[dict[str, Any]]:
    """Steps of a server whose costs are known, noise added."""
    draw = np.random.default_rng(0)
    found = []
    for cameras, per_camera, purpose in [
        (40, 1, "knee"), (80, 1, "knee"), (100, 1, "knee"), (120, 1, "knee"),
        (50, 0, "fit"), (50, 2, "fit"), (25, 0, "fit"), (25, 3, "fit"),
    ]:  # fmt: skip
        packets_in, packets_out = 400.0 * cameras, 400.0 * cameras * per_camera
        cpu = COST["base"] + COST["in"] * packets_in + COST["out"] * packets_out
        step = step_of(
            purpose=purpose, cameras=cameras, readers=cameras * per_camera,
            packets_in_s=packets_in, packets_out_s=packets_out,
            server_cpu_cores=cpu + float(draw.normal(0, 1e-3)),
            server_cpu_share=0.85 if cameras == 120 else cpu,
            server_memory_mb=40 + 0.5 * cameras + 0.1 * cameras * per_camera,
            latency_p99_ms=float(cameras), first_packet_s={"p50": 0.1},
        )  # fmt: skip
        found.append(step.row())
    return found


FAULTS = [
    FaultResult("killed", "SUB", "push", 5, {"outage_s": {"p50": 6.0}}).row(),
    FaultResult("link", "SUB", "push", 5, {}, "delay: this kernel cannot").row(),
]


def test_known_costs_are_found(small: StreamProfile) -> None:
    found = fit_capacity(rows(), FAULTS, key="SUB", profile=small, mode="push", provenance=ORIGIN)
    assert (found.cameras.value, found.cameras.high, found.binds) == (100, 119, "server_cpu_share")
    assert found.cpu_us_per_packet_in.low < 4 < found.cpu_us_per_packet_in.high
    assert found.cpu_us_per_packet_out.value == pytest.approx(7, rel=0.1)
    assert found.cpu_r2 > 0.99
    assert found.memory_mb_per_path.value == pytest.approx(0.5)
    assert found.reconnect_s == {"p50": 6.0}
    assert "delay: this kernel cannot" in found.not_tested


def test_steps_of_one_ratio_do_not_tell_costs_apart(small: StreamProfile) -> None:
    alike = [row for row in rows() if row["purpose"] == "knee"]
    with pytest.raises(InputError, match="do not tell the 3 costs apart"):
        fit_capacity(alike, [], key="SUB", profile=small, mode="push", provenance=ORIGIN)


def test_least_squares_agrees_with_scipy() -> None:
    draw = np.random.default_rng(1)
    x = draw.random(20)
    y = 2 + 3 * x + draw.normal(0, 0.1, 20)
    line, known = least_squares([x.tolist()], y.tolist()), linregress(x, y)
    assert line.intervals[1].value == pytest.approx(known.slope)
    half = line.intervals[1].high - line.intervals[1].value
    assert half == pytest.approx(known.stderr * 2.1009, rel=1e-4)
    assert line.r2 == pytest.approx(known.rvalue**2)


def campaign_of(folder: Path) -> Campaign:
    campaign = Campaign(folder)
    campaign.describe(ORIGIN)
    for row in rows():
        campaign.add("steps", row)
    for row in FAULTS:
        campaign.add("faults", row)
    return campaign


def test_what_a_step_measures_now_is_read_beside_its_rows(tmp_path: Path) -> None:
    Campaign(tmp_path).watch({"streams": 12, "latency_p99_ms": math.nan})
    found = json.loads((tmp_path / "live.json").read_text())
    assert found == {"streams": 12, "latency_p99_ms": None}


def test_a_campaign_is_kept_row_by_row(tmp_path: Path) -> None:
    campaign_of(tmp_path)
    again = Campaign(tmp_path)
    assert again.rows["steps"] == json.loads(json.dumps(rows()))
    again.add("steps", {"latency_p99_ms": math.nan})
    assert Campaign(tmp_path).rows["steps"][-1] == {"latency_p99_ms": None}
    with pytest.raises(InputError, match="choose another folder"):
        again.describe(ORIGIN.model_copy(update={"kernel": "7"}))
    (tmp_path / "campaign.json").write_text("[]")
    with pytest.raises(InputError, match="not the rows of a campaign"):
        Campaign(tmp_path)


def test_the_report_says_what_it_holds_for(tmp_path: Path, small: StreamProfile) -> None:
    campaign = campaign_of(tmp_path)
    origin = with_load(ORIGIN, campaign.rows["steps"])
    capacity = fit_capacity(
        rows(), FAULTS, key="SUB", profile=small, mode="push", provenance=origin
    )
    per_h = dict.fromkeys(GROWING, (1.5, 0.5))
    campaign.add("soaks", {"mode": "push", "cameras": 5, "hours": 1.5, "per_h": per_h})
    text = report_text(campaign, [capacity], origin, "report.svg")
    for said in (
        "**100 caméras**", "processeur < 80 %", ORIGIN.host, "Ce que ce banc ne mesure pas",
        "PTZ", "licences par objectif", "Endurance", "delay: this kernel cannot",
        "fichiers ouverts 1,50 ± 0,50",
    ):  # fmt: skip
        assert said in text
    campaign.write_parquet()
    assert len(pd.read_parquet(tmp_path / "steps.parquet")) == 8
    written = tmp_path / "capacity.json"
    written.write_text(Capacities(capacities=[capacity]).model_dump_json())
    assert load_capacities(written) == [capacity]


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("altair")
    plot(campaign_of(tmp_path), tmp_path / "plot.svg")
    assert "latence p99" in (tmp_path / "plot.svg").read_text()
    with pytest.raises(InputError, match="no valid step"):
        plot(Campaign(tmp_path / "empty"), tmp_path / "plot.svg")


def test_what_is_not_a_capacity_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "capacity.json"
    wrong.write_text('{"capacities": [{"profile": 3}]}')
    with pytest.raises(InputError, match=r"capacity.json: not a capacity file"):
        load_capacities(wrong)


def test_a_frozen_rig_is_late(small: StreamProfile) -> None:
    """The gate that keeps a slow rig from being taken for a slow server."""
    (port,) = free_ports(1)
    cameras = tuple(
        plan_cameras(
            3, f"rtsp://127.0.0.1:{port}", gop_s=2, start_s=time.monotonic(), seed=1,
            own_address=True,
        )
    )  # fmt: skip
    readers = tuple(ReaderPlan("recorder", n, (camera,)) for n, camera in enumerate(cameras))
    with Rig(RigPlan(small, "pull", cameras, readers, "")) as rig:
        rig.start_cameras(1e6)
        rig.start_readers(1e6)
        while rig.snapshot().readers["recorder"].now["playing"] < 3:
            time.sleep(0.05)
        before = rig.snapshot()
        rig.freeze(0.5)
        time.sleep(1.0)
        during = rig.snapshot().since(before)
    step = step_of(lateness_p99_ms=during.cameras.delay_ms(99))
    assert step.invalid == ["lateness_p99_ms"]
    assert during.cameras.delay_ms(99) > 300
