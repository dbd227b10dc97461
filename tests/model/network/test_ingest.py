from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.streams.test_campaign import ORIGIN
from twin.contracts import Capacity, Interval, Kind, load_capacities, load_stream_types
from twin.errors import InputError
from twin.files import data_folder
from twin.model.network.ingest import blind_s, node_limits, nodes_for

TYPES = load_stream_types()


def around(value: float, half: float = 0.0) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def capacity_of(knee: Interval, readers: float = 1.0) -> Capacity:
    return Capacity(
        profile="P4", mode="pull", cameras=knee, binds="server_cpu_share", cores=1,
        readers_per_camera=readers, packets_per_s=400.0, mbit_s=4.0, cpu_base_cores=around(0.0),
        cpu_us_per_packet_in=around(4.0), cpu_us_per_packet_out=around(7.0), cpu_r2=1.0,
        memory_base_mb=around(40.0), memory_mb_per_path=around(0.5),
        memory_mb_per_reader=around(0.1), memory_r2=1.0, latency_p99_ms_by_cpu=[], start_s={},
        reconnect_s={}, not_tested=["PTZ"], provenance=ORIGIN,
    )  # fmt: skip


def test_nodes_by_hand() -> None:
    """500 cameras, 100 a node, one spare: six; the low and high knees give 7 and 5."""
    found = nodes_for(500, capacity_of(Interval(value=100, low=90, high=125)), TYPES)
    assert (found.nodes.low, found.nodes.value, found.nodes.high) == (5, 6, 7)
    assert (found.cameras_per_node, found.binds, found.extrapolated) == (100, "server", False)
    assert found.nodes.kind is Kind.COMPUTED
    assert ORIGIN.host in found.nodes.source


@pytest.mark.parametrize(
    ("changes", "binds", "cameras"),
    [
        ({"nic_mbit_s": 100.0}, "nic_in", 100 * 0.6 / 1.06 / 4),
        ({"descriptors": 200}, "descriptors", 50),
        ({}, "server", 1000),
    ],
)
def test_the_first_limit_binds(changes: dict[str, float], binds: str, cameras: float) -> None:
    node = TYPES.node.model_copy(update=changes)
    limits = node_limits(capacity_of(around(1000)), TYPES, "P4", 1000, node)
    assert min(limits, key=lambda name: limits[name]) == binds
    assert limits[binds] == pytest.approx(cameras)


def test_more_readers_fill_the_way_out() -> None:
    limits = node_limits(capacity_of(around(1000), readers=3), TYPES, "P4", 1000, TYPES.node)
    assert limits["nic_out"] == pytest.approx(limits["nic_in"] / 3)


def test_another_profile_is_scaled_and_says_so() -> None:
    capacity = capacity_of(around(100))
    lighter = nodes_for(500, capacity, TYPES, "SUB")
    assert lighter.extrapolated
    assert lighter.cameras_per_node > 100
    assert nodes_for(500, capacity, TYPES, "P6").cameras_per_node < 100
    with pytest.raises(InputError, match='did you mean "P4"'):
        nodes_for(500, capacity, TYPES, "P44")
    with pytest.raises(InputError, match="one at least"):
        nodes_for(0, capacity, TYPES)


@given(st.integers(1, 10_000), st.floats(1, 5_000), st.floats(0, 0.5))
def test_enough_and_not_one_too_many(cameras: int, knee: float, spread: float) -> None:
    capacity = capacity_of(Interval(value=knee, low=knee * (1 - spread), high=knee * (1 + spread)))
    found = nodes_for(cameras, capacity, TYPES)
    working = found.nodes.value - TYPES.node.spare_nodes
    assert working * found.cameras_per_node >= cameras
    assert (working - 1) * found.cameras_per_node < cameras
    assert nodes_for(cameras + 1, capacity, TYPES).nodes.value >= found.nodes.value


def test_stream_types_are_checked(tmp_path: Path) -> None:
    text = (data_folder() / "stream_profiles.yaml").read_text()
    wrong = tmp_path / "profiles.yaml"
    wrong.write_text(text.replace("fps: 25", "fps: 7", 1))
    with pytest.raises(InputError, match=r"profiles.P2: fps must divide 90,000"):
        load_stream_types(wrong)
    wrong.write_text(text.replace("gop_s: 2.0", "gop: 2.0", 1))
    with pytest.raises(InputError, match=r'unknown key "profiles\.P1\.gop"; did you mean "gop_s"'):
        load_stream_types(wrong)


def test_blind_time_adds_restart_reconnection_and_first_packet() -> None:
    """Two uniform delays, 0 to 4 s and 0 to 2 s: the median of the sum is 3 s, the end 6 s."""
    uniform = {f"p{share}": share / 100 for share in (0, 50, 95, 99, 100)}
    capacity = capacity_of(around(100)).model_copy(
        update={
            "reconnect_s": {name: 4 * value for name, value in uniform.items()},
            "start_s": {name: 2 * value for name, value in uniform.items()},
        }
    )
    found = blind_s(capacity, restart_s=100)
    assert found["p50"].value == pytest.approx(103, abs=0.02)
    assert found["p100"].value == pytest.approx(106)
    assert [found[name].value for name in ("p50", "p95", "p99", "p100")] == sorted(
        figure.value for figure in found.values()
    )
    assert blind_s(capacity_of(around(100)), 100) == {}


def test_the_example_was_killed_and_came_back() -> None:
    for capacity in load_capacities(data_folder() / "capacity_example.json"):
        times = blind_s(capacity, 0)
        assert 5 < times["p50"].value < times["p100"].value < 20
        assert capacity.provenance.host in times["p50"].source
