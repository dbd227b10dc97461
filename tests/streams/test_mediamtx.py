"""The server: what it is told (no binary needed), and how it behaves (marked mediamtx)."""

from __future__ import annotations

import resource
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.streams.conftest import run
from tests.streams.test_flow import one, until
from twin.contracts import StreamProfile
from twin.errors import InputError, MissingError, TwinError
from twin.streams.cameras import CameraFleet
from twin.streams.campaign.bench import Bench, BenchPlan
from twin.streams.campaign.faults import provoke
from twin.streams.campaign.link import Shape, shaped_link
from twin.streams.campaign.ramp import RigBoundError, ramp
from twin.streams.campaign.soak import soak
from twin.streams.campaign.step import Step, measure
from twin.streams.frames import encoded
from twin.streams.install import Binary
from twin.streams.mediamtx import (
    Configuration,
    Server,
    configuration_digest,
    configuration_text,
    free_ports,
)
from twin.streams.plans import ReaderPlan
from twin.streams.readers import ReaderFleet
from twin.streams.rig import Rig, RigPlan

needs_server = pytest.mark.mediamtx
SECRET = {"publish": "p", "read": "r", "control": "c"}
GOLDEN = Path(__file__).with_name("golden_mediamtx.yml")


def settings_of(version: str = "v1.20.1") -> str:
    paths = {"cam00001": None, "cam00002": "rtsp://127.1.0.2:9554/cam00002"}
    return configuration_text(Configuration(paths, (8554, 9997, 9998), passwords=SECRET), version)


def test_the_configuration_file_is_the_golden_one() -> None:
    assert settings_of() == GOLDEN.read_text()


def test_every_listener_is_on_loopback() -> None:
    settings = yaml.safe_load(settings_of())
    addresses = [value for name, value in settings.items() if name.endswith("Address")]
    assert len(addresses) == 3
    assert all(address.startswith("127.0.0.1:") for address in addresses)
    assert [
        name for name in ("rtmp", "hls", "webrtc", "srt", "moq", "playback") if settings[name]
    ] == []


def test_an_older_server_is_not_told_what_it_does_not_know() -> None:
    assert "moq" not in yaml.safe_load(settings_of("v1.17.0"))


def test_the_digest_ignores_ports_paths_and_passwords() -> None:
    first = configuration_digest(Configuration({}, (1, 2, 3)))
    assert first == configuration_digest(Configuration({"a": None}, (4, 5, 6)))
    assert first != configuration_digest(Configuration({}, (1, 2, 3), write_queue=512))


def test_passwords_are_new_each_time() -> None:
    assert Configuration({}, (1, 2, 3)).passwords != Configuration({}, (1, 2, 3)).passwords


def limited(kind: int) -> tuple[int, int]:
    return (64, 64)


def test_too_few_open_files_is_told(
    monkeypatch: pytest.MonkeyPatch, small: StreamProfile, tmp_path: Path
) -> None:
    monkeypatch.setattr(resource, "getrlimit", limited)
    cameras = tuple(one(1, encoded(small)))
    with pytest.raises(MissingError, match=r"the rig needs 66 open files and the limit is 64"):
        Rig(RigPlan(small, "push", cameras, (), ""))
    with pytest.raises(MissingError, match=r"MediaMTX needs 104 open files for 1 paths"):
        Server(Binary(tmp_path, "v1.20.1", ""), Configuration({"cam": None}, (1, 2, 3)))


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither a server nor a folder of one is left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    children = psutil.Process().children(recursive=True)
    assert [child for child in children if "mediamtx" in child.name()] == []
    assert list(tmp_path.glob("cmsu-mediamtx-*")) == []


def plan_of(small: StreamProfile, **changes: Any) -> BenchPlan:
    plan = BenchPlan(
        "SUB", small, "push", 50, wall=2, state=1, seconds=3, warm_up_s=1, start_per_s=500,
        hold_s=(0.5, 1.0), neighbours_cores=99,
    )  # fmt: skip
    return replace(plan, **changes)


@needs_server
@pytest.mark.alone
@pytest.mark.parametrize("mode", ["push", "pull"])
def test_fifty_cameras_without_a_loss(
    small: StreamProfile, binary: Binary, clean: None, mode: Any
) -> None:
    step = measure(plan_of(small, mode=mode, probes=3), binary, purpose="test")
    assert (step.frames_share, step.gaps, step.discarded, step.missing_streams) == (1, 0, 0, 0)
    met = step.reconciled
    assert met["readers"] == 51
    assert met["server_sent"] - met["server_discarded"] == met["readers_received"] > 0
    if mode == "push":
        assert met["cameras_sent"] == met["server_received"] > 0
    assert step.packets_in_s == pytest.approx(50 * encoded(small).packets().packets_per_s, rel=0.1)
    assert step.server_cpu_cores > 0
    assert step.probes_exact == 3


@needs_server
def test_a_wrong_password_is_refused(small: StreamProfile, binary: Binary, clean: None) -> None:
    rtsp, api, metrics = free_ports(3)
    configuration = Configuration({"cam00001": None}, (rtsp, api, metrics))
    video = encoded(small)
    swapped = {"publish": configuration.url("read"), "read": configuration.url("publish")}

    async def scenario() -> None:
        plans = [replace(one(rtsp, video)[0], url=f"{swapped['publish']}/cam00001")]
        cameras = CameraFleet(plans, video, "push")
        packets = video.packets()
        readers = ReaderFleet([ReaderPlan("recorder", 0, plans)], swapped["read"], packets)
        await cameras.start()
        await readers.start()
        await until(lambda: cameras.counts["refused_401"] > 0)
        await until(lambda: readers.counts["recorder"]["refused_401"] > 0)
        assert cameras.tally().now["online"] == 0
        await readers.close()
        await cameras.close()

    with Server(binary, configuration) as server:
        run(scenario())
        assert server.online() == 0


@needs_server
def test_a_port_that_is_taken_is_told(binary: Binary, clean: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        api, metrics = free_ports(2)
        configuration = Configuration({}, (taken.getsockname()[1], api, metrics))
        with pytest.raises(MissingError, match="address already in use"):
            Server(binary, configuration)


@needs_server
@pytest.mark.alone
@pytest.mark.parametrize("mode", ["push", "pull"])
def test_an_outage_is_measured_within_one_retry(
    small: StreamProfile, binary: Binary, clean: None, mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.streams.campaign.faults.DOWN_S", 1.0)
    figures = provoke("killed", plan_of(small, mode=mode, cameras=5), binary).figures
    assert figures["readers_cut"] == 5
    assert figures["lost_frames"] >= 5 * small.fps
    # Down one second; then a retry of the camera, one of the reader, and at most a GOP.
    assert 1.0 <= figures["outage_s"]["p50"] <= figures["outage_s"]["p100"]
    assert figures["outage_s"]["p100"] - 1.0 <= 5.0 + 1.0 + small.gop_s + 2.0


@needs_server
@pytest.mark.alone
def test_a_server_that_crashes_ends_the_ramp_cleanly(
    small: StreamProfile, binary: Binary, clean: None
) -> None:
    def crash(_: object) -> None:
        for child in psutil.Process().children():
            if child.exe() == str(binary.path):
                child.kill()

    kept: list[Step] = []
    with pytest.raises(TwinError, match="MediaMTX"):
        ramp(plan_of(small, cameras=4, seconds=6), binary, on_step=kept.append, watch=crash)
    assert kept == []


@needs_server
@pytest.mark.alone
def test_a_short_ramp(small: StreamProfile, binary: Binary, clean: None) -> None:
    kept: list[Step] = []
    plan = plan_of(small, cameras=2, wall=1, state=1, seconds=2)
    try:
        found = ramp(plan, binary, limit=4, repeats=1, on_step=kept.append)
    except RigBoundError as problem:
        pytest.skip(str(problem))  # the gates did their work: this machine is too busy to measure
    assert found == (4, 5)
    assert [step.cameras for step in kept if not step.invalid] == [2, 4]


@needs_server
@pytest.mark.alone
def test_a_soak_cuts_cameras_and_sees_them_back(
    small: StreamProfile, binary: Binary, clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.streams.campaign.soak.SAMPLE_S", 0.5)
    monkeypatch.setattr("twin.streams.campaign.soak.DEATH_S", 1.0)
    samples: list[dict[str, float]] = []
    plan = plan_of(small, cameras=5)
    found = soak(plan, binary, hours=4 / 3600, on_sample=samples.append)
    assert found.cameras_cut >= 2
    assert found.lost_frames > 0
    assert len(samples) >= 4
    assert samples[-1]["rig_memory_mb"] > 10
    assert set(found.per_h) == {*samples[-1]} - {"hours"}


@needs_server
@pytest.mark.alone
def test_a_link_too_narrow_loses_frames(small: StreamProfile, binary: Binary) -> None:
    plan = plan_of(small, mode="pull", cameras=10, wall=0, state=0, seconds=5)
    try:
        row = shaped_link(plan, binary, Shape(rate_mbit_s=2.0))
    except MissingError as problem:
        pytest.skip(str(problem))
    assert row["frames_share"] < 0.9


def test_a_bench_without_a_camera_is_refused(small: StreamProfile, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one camera at least"):
        Bench(plan_of(small, cameras=0), Binary(tmp_path, "v1.20.1", ""))
