from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.streams.test_campaign import FAULTS, ORIGIN, rows
from twin.cli.streams import app
from twin.contracts import load_capacities
from twin.errors import InputError, MissingError
from twin.streams.report import Campaign


def call(*arguments: str) -> str:
    """Output of the command; an error of ours is raised as it is."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign that was run."""
    campaign = Campaign(tmp_path / "campaign")
    campaign.describe(ORIGIN)
    for row in rows():
        campaign.add("steps", row)
    for row in FAULTS:
        campaign.add("faults", row)
    return campaign.folder


def test_fit_writes_everything_and_size_reads_it(folder: Path) -> None:
    pytest.importorskip("altair")
    pytest.importorskip("av")
    call("fit", "--out", str(folder))
    written = {path.name for path in folder.iterdir()}
    assert written == {
        "campaign.json", "capacity.json", "report.md", "report.svg", "steps.parquet",
        "faults.parquet",
    }  # fmt: skip
    (capacity,) = load_capacities(folder / "capacity.json")
    assert capacity.cameras.value == 100
    said = call("size", "--capacity", str(folder / "capacity.json"), "--cameras", "500")
    for expected in ("500", "6", ORIGIN.host, "Not tested:", "PTZ", "100 to 119 cameras"):
        assert expected in said
    assert "was not measured" in call(
        "size", "--capacity", str(folder / "capacity.json"), "--profile", "P6"
    )


def test_size_of_the_example_covers_the_centre() -> None:
    said = call("size")
    for expected in ("500", "1100", "1900", "3000", "push", "pull", "Holds for:", "Not tested:"):
        assert expected in said


def test_the_streams_of_a_scenario_are_carried() -> None:
    said = call("size", "--scenario", "reference")
    sizes = {line.split("│")[1].strip() for line in said.splitlines() if line.startswith("│")}
    (streams,) = sizes  # the same for every capacity
    assert int(streams) > 500
    with pytest.raises(InputError, match="unknown scenario"):
        call("size", "--scenario", "refrence")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ramp", "--profile", "P44"], 'unknown profile "P44"; did you mean "P4"'),
        (["faults", "--mode", "pusch"], 'unknown mode "pusch"; did you mean "push"'),
        (["size", "--profile", "P9"], 'unknown profile "P9"'),
        (["fit"], "holds no step; run twin streams ramp first"),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "mediamtx"
    binary.write_text("#!/bin/sh\necho v1.20.1\n")
    binary.chmod(0o755)
    monkeypatch.setenv("CMSU_MEDIAMTX", str(binary))
    out = [] if arguments[0] == "size" else ["--out", str(tmp_path / "out")]
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        call(*arguments, *out)
    assert not (tmp_path / "out").exists()


def test_without_a_binary_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        call("ramp", "--mediamtx", str(tmp_path / "none"), "--out", str(tmp_path))


def test_calibrate_keeps_its_rows(tmp_path: Path) -> None:
    pytest.importorskip("av")
    common = ["--profile", "SUB", "--seconds", "1", "--out", str(tmp_path)]
    said = call("calibrate", "--cameras", "2", "--limit", "2", *common)
    assert "2 cameras: p99" in said
    kept: dict[str, Any] = json.loads((tmp_path / "campaign.json").read_text())
    assert [row["cameras"] for row in kept["floors"]] == [2]


@pytest.mark.mediamtx
@pytest.mark.alone
def test_an_interrupted_ramp_keeps_its_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    count = 0
    kept = Campaign.add

    def interrupted(self: Campaign, kind: str, row: Any) -> None:
        nonlocal count
        kept(self, kind, row)
        count += 1
        if count == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Campaign, "add", interrupted)
    common = ["--profile", "SUB", "--mode", "push", "--out", str(tmp_path), "--neighbours", "99"]
    try:
        result = CliRunner().invoke(app, ["ramp", "--cameras", "2", "--seconds", "1", *common])
    except KeyboardInterrupt:
        pass
    else:
        if isinstance(result.exception, MissingError):
            pytest.skip(str(result.exception))
        assert result.exit_code != 0
    monkeypatch.undo()
    assert len(Campaign(tmp_path).rows["steps"]) == 2
