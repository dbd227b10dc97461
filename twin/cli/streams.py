"""``twin streams``: what a real MediaMTX carries on this machine, and the nodes that follow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.live import Live as LiveTable

    from twin.contracts import Capacity
    from twin.model.network.ingest import NodeCount
    from twin.streams.campaign.bench import BenchPlan, Live
    from twin.streams.install import Binary
    from twin.streams.report import Campaign

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="What a MediaMTX carries, and the nodes that follow.")

OUT = Path("runs/streams")

Mediamtx = Annotated[Path | None, typer.Option("--mediamtx", help="MediaMTX binary to use.")]
Folder = Annotated[Path, typer.Option("--out", help="Folder of the campaign; rows are added.")]
Profile = Annotated[str, typer.Option(help="Key of data/stream_profiles.yaml.")]
Modes = Annotated[list[str] | None, typer.Option("--mode", help="push, pull; both by default.")]
Cameras = Annotated[int, typer.Option(min=1, help="Cameras of the first step.")]
Seconds = Annotated[float, typer.Option(min=1, help="Length of a step.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes of the rig.")]
Neighbours = Annotated[float, typer.Option(min=0, help="Cores other programs may use in a step.")]


@app.command("install")
def install_command() -> None:
    """Install the pinned official release, verified against its checksums."""
    from rich.progress import Progress

    from twin.streams.install import RELEASE, install

    with Progress() as shown:
        task = shown.add_task(f"MediaMTX {RELEASE}", total=None)
        binary = install(progress=lambda done, all_: shown.update(task, completed=done, total=all_))
    typer.echo(f"{binary.path}\n{binary.version}, SHA-256 {binary.sha256}")


@app.command("calibrate")
def calibrate_command(
    profile: Profile = "P4",
    cameras: Cameras = 100,
    limit: int = 3200,
    seconds: Seconds = 20,
    workers: Workers = 1,
    out: Folder = OUT,
) -> None:
    """Measure the rig against itself, doubling the cameras until it cannot be believed."""
    from twin.streams.campaign.calibrate import Floor, calibrate
    from twin.streams.report import Campaign

    campaign = Campaign(out)

    def keep(floor: Floor) -> None:
        campaign.add("floors", floor.row())
        typer.echo(
            f"{floor.cameras} cameras: p99 {floor.latency_p99_ms:.1f} ms, late by "
            f"{floor.lateness_p99_ms:.1f} ms (p99), CPU {floor.rig_cpu:.0%}, "
            f"{'healthy' if floor.healthy else 'not to be believed'}"
        )

    plan = _plan(profile, "pull", cameras, seconds, workers, neighbours=0)
    calibrate(plan, limit=limit, on_floor=keep)


@app.command("ramp")
def ramp_command(
    profile: Profile = "P4",
    mode: Modes = None,
    cameras: Cameras = 40,
    limit: int = 4000,
    seconds: Seconds = 20,
    repeats: Annotated[int, typer.Option(min=1, help="Steps that must all pass.")] = 3,
    workers: Workers = 1,
    neighbours: Neighbours = 0.25,
    probes: Annotated[int, typer.Option(min=0, max=10, help="Streams decoded per step.")] = 2,
    mediamtx: Mediamtx = None,
    out: Folder = OUT,
) -> None:
    """Find how many cameras the server carries, and what binds; then vary readers for the fit."""
    from twin.streams.campaign.ramp import fit_plans, ramp
    from twin.streams.campaign.step import Step, measure

    binary, campaign = _begin(mediamtx, out)
    with _shown() as live:

        def keep(step: Step) -> None:
            campaign.add("steps", step.row())
            _say_step(live, step)

        def watch(seen: Live) -> None:
            campaign.watch(asdict(seen))
            live.update(_line(seen))

        for feed in _modes(mode):
            plan = _plan(profile, feed, cameras, seconds, workers, neighbours, probes)
            _describe(campaign, binary, plan)
            best, refused = ramp(
                plan,
                binary,
                limit=limit,
                repeats=repeats,
                on_step=keep,
                watch=watch,
            )
            live.console.print(f"{profile} {feed}: {best} cameras carried, {refused} refused")
            for mixed in fit_plans(plan, best) if best else []:
                keep(measure(mixed, binary, purpose="fit"))


@app.command("faults")
def faults_command(
    only: Annotated[list[str] | None, typer.Option("--only", help="A fault; repeat.")] = None,
    profile: Profile = "P4",
    mode: Modes = None,
    cameras: Cameras = 40,
    seconds: Seconds = 20,
    workers: Workers = 1,
    mediamtx: Mediamtx = None,
    out: Folder = OUT,
) -> None:
    """Provoke faults: storms, deaths, a slow reader, a server killed, paused, a poor link."""
    from twin.streams.campaign.faults import FAULTS, provoke

    binary, campaign = _begin(mediamtx, out)
    for feed in _modes(mode):
        plan = _plan(profile, feed, cameras, seconds, workers, neighbours=0)
        _describe(campaign, binary, plan)
        for name in only or FAULTS:
            result = provoke(name, plan, binary)
            campaign.add("faults", result.row())
            typer.echo(f"{feed} {name}: {result.figures}")
            if result.untested:
                typer.echo(f"  not tested: {result.untested}")


@app.command("soak")
def soak_command(
    hours: Annotated[float, typer.Option(min=0.005, help="Length.")] = 1.0,
    profile: Profile = "P2",
    mode: Modes = None,
    cameras: Cameras = 50,
    workers: Workers = 1,
    mediamtx: Mediamtx = None,
    out: Folder = OUT,
) -> None:
    """Run for hours, operators switching and cameras failing; see whether anything grows."""
    from twin.streams.campaign.soak import soak

    binary, campaign = _begin(mediamtx, out)
    for feed in _modes(mode):
        plan = _plan(profile, feed, cameras, 20, workers, neighbours=0)
        _describe(campaign, binary, plan)
        with _shown() as live:
            result = soak(plan, binary, hours=hours, on_sample=lambda s: live.update(str(s)))
        campaign.add("soaks", result.row())
        grown = (
            f"{name} {slope:+.1f} ± {error:.1f}" for name, (slope, error) in result.per_h.items()
        )
        typer.echo(f"{feed}, growth per hour: {', '.join(grown)}")


@app.command("fit")
def fit_command(
    out: Folder = OUT,
    capacity: Annotated[Path | None, typer.Option(help="Where capacity.json goes.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where the report goes.")] = None,
) -> None:
    """Turn the rows of a campaign into capacity.json, tables, a plot and a report."""
    from twin.contracts import Capacities, Provenance, load_stream_types
    from twin.errors import InputError
    from twin.files import atomic_write
    from twin.streams.fit import fit_capacity
    from twin.streams.report import Campaign, plot, report_text, with_load

    campaign = Campaign(out)
    steps = campaign.rows["steps"]
    profiles = load_stream_types().profiles
    if not steps:
        raise InputError(f"{out}: holds no step; run twin streams ramp first")
    origin = with_load(Provenance.model_validate(campaign.provenance), steps)
    found = [
        fit_capacity(
            steps,
            campaign.rows["faults"],
            key=key,
            profile=profiles[key],
            mode=feed,
            provenance=origin,
        )
        for key, feed in sorted({(step["profile"], step["mode"]) for step in steps})
    ]
    target = report or out / "report.md"
    image = target.with_suffix(".svg")
    plot(campaign, image)
    campaign.write_parquet()
    atomic_write(target, report_text(campaign, found, origin, image.name))
    place = capacity or out / "capacity.json"
    atomic_write(place, Capacities(capacities=found).model_dump_json(indent=1) + "\n")
    typer.echo(f"{place}, {target}, {image}")


@app.command("size")
def size_command(
    cameras: Annotated[list[int] | None, typer.Option(help="Streams to carry; repeat.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Scenario to carry.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile; the measured one if absent.")
    ] = None,
    capacity: Annotated[Path | None, typer.Option(help="A capacity.json.")] = None,
) -> None:
    """Nodes that carry the streams of cameras, what they hold for and what was not tested."""
    from rich.console import Console
    from rich.table import Table

    from twin.contracts import load_capacities, load_stream_types
    from twin.files import data_folder
    from twin.model.network.ingest import nodes_for

    numbers = [*(cameras or []), *([_streams_of(scenario)] if scenario else [])]
    types = load_stream_types()
    console = Console(soft_wrap=True)
    for held in load_capacities(capacity or data_folder() / "capacity_example.json"):
        table = Table("streams", "nodes", "interval", "streams per node", "what binds")
        counts = [(n, nodes_for(n, held, types, profile)) for n in numbers or SIZES]
        for number, count in counts:
            table.add_row(*_size_row(number, count))
        console.print(f"{profile or held.profile}, {held.mode}")
        console.print(table)
        _say_origin(console, held, counts[0][1])


SIZES = (500, 1100, 1900, 3000)


def _size_row(cameras: int, count: NodeCount) -> tuple[str, ...]:
    nodes = count.nodes
    return (
        str(cameras),
        f"{nodes.value:.0f}",
        f"{nodes.low:.0f} to {nodes.high:.0f}",
        str(count.cameras_per_node),
        count.binds,
    )


def _say_origin(console: Any, held: Capacity, count: NodeCount) -> None:
    origin = held.provenance
    low, high = held.cameras.low, held.cameras.high
    console.print(
        f"Holds for: {origin.host}, kernel {origin.kernel}, {held.cores} core(s) for MediaMTX "
        f"{origin.server_version}, measured on {origin.measured_on}; one spare node included.\n"
        f"Knee: {held.profile}, {low:.0f} to {high:.0f} cameras with "
        f"{held.readers_per_camera:.2f} readers each; bound by {held.binds}.\n"
        f"Other programs meanwhile: {origin.neighbours}; priority: {origin.priority}."
    )
    if count.extrapolated:
        console.print("This profile was not measured: the cost of its packets was scaled.")
    console.print("Not tested:")
    for item in held.not_tested:
        console.print(f"  - {item}")


def _streams_of(name: str) -> int:
    """Streams of a scenario: a camera with several lenses sends several."""
    from math import ceil

    from twin.model.assumptions import Assumptions
    from twin.model.territory import build_territory
    from twin.scenarios.library import load_scenario

    scenario = load_scenario(name)
    assumptions = Assumptions(scenario.assumptions)
    territory = build_territory(scenario.communes, scenario.forfaits, assumptions)
    return sum(ceil(c.cameras * c.streams_per_camera) for c in territory.communes)


def _begin(mediamtx: Path | None, out: Path) -> tuple[Binary, Campaign]:
    from twin.streams.install import find_binary
    from twin.streams.report import Campaign

    return find_binary(mediamtx), Campaign(out)


def _describe(campaign: Campaign, binary: Binary, plan: BenchPlan) -> None:
    from twin.streams.campaign.bench import write_queue
    from twin.streams.mediamtx import Configuration, configuration_digest
    from twin.streams.report import provenance

    settings = Configuration({}, (0, 0, 0), write_queue=write_queue(plan.profile))
    campaign.describe(provenance(binary, configuration_digest(settings)))


def _modes(chosen: list[str] | None) -> list[Any]:
    from twin.errors import InputError, did_you_mean

    for mode in chosen or []:
        if mode not in ("push", "pull"):
            raise InputError(f'unknown mode "{mode}"; {did_you_mean(mode, ["push", "pull"])}')
    return chosen or ["push", "pull"]


def _plan(
    key: str,
    mode: Any,
    cameras: int,
    seconds: float,
    workers: int,
    neighbours: float,
    probes: int = 0,
) -> BenchPlan:
    from twin.contracts import load_stream_types
    from twin.errors import InputError, did_you_mean
    from twin.streams.campaign.bench import BenchPlan, default_cores

    profiles = load_stream_types().profiles
    if key not in profiles:
        raise InputError(f'unknown profile "{key}"; {did_you_mean(key, profiles)}')
    server, rig = default_cores()
    return BenchPlan(
        key,
        profiles[key],
        mode,
        cameras,
        wall=max(1, cameras // 30),
        state=max(1, cameras // 100),
        seconds=seconds,
        server_cores=server,
        rig_cores=rig,
        workers=workers,
        neighbours_cores=neighbours,
        probes=probes,
    )


def _shown() -> LiveTable:
    from rich.live import Live

    return Live("", refresh_per_second=2, transient=True)


def _line(seen: Live) -> str:
    return (
        f"{seen.streams} streams up, {seen.mbit_s:.0f} Mbit/s read, "
        f"{seen.lost_frames} frames lost, p99 {seen.latency_p99_ms:.0f} ms, "
        f"CPU server {seen.server_cpu:.0%}, rig {seen.rig_cpu:.0%}"
    )


def _say_step(live: LiveTable, step: Any) -> None:
    verdict = (
        f"INVALID ({', '.join(step.invalid)})"
        if step.invalid
        else f"missed {', '.join(step.missed)}"
        if step.missed
        else "carried"
    )
    live.console.print(
        f"{step.mode} {step.cameras} cameras, {step.readers} readers: p99 "
        f"{step.latency_p99_ms:.0f} ms, server {step.server_cpu_share:.0%}, "
        f"rig {step.rig_cpu:.0%}, {verdict}"
    )
