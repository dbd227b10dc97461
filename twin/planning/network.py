"""The network of a scenario, studied: what each link carries, what fails, what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from twin.contracts import Capacity, Figure, load_capacities, load_stream_types
from twin.errors import InputError
from twin.files import data_folder
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.centre.engines import Engine
from twin.model.centre.journal import Journal
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.network.costs import CostLine, Doubling, doubling, network_costs
from twin.model.network.failures import Failure, Target, single_failures
from twin.model.network.ingest import NodeCount, blind_s, nodes_for
from twin.model.network.levers import NetworkLevers
from twin.model.network.load import ElementLoad, Traffic, loads, rates_of
from twin.model.network.losses import Activity, Loss, activity_of, loss_of
from twin.model.network.routes import routes_of
from twin.model.network.storage import Recordings, recordings
from twin.model.network.topology import Network, build_network
from twin.model.network.use import LinkUse, MinCut, link_uses, min_cuts
from twin.planning.resilience import Lost, Replay, replay
from twin.scenarios.experiment import Prepared, prepare, replicate
from twin.scenarios.schema import Scenario

__all__ = [
    "STEPS",
    "FailureRow",
    "Failures",
    "Study",
    "capacity_in_use",
    "costs_of",
    "failures_of",
    "study",
]

MEASURED_HERE = Path("runs/streams/capacity.json")
"""Where ``twin streams fit`` writes."""

HAZARDS = {
    "fibre_cuts_per_km_year": "high",
    "fibre_repair_h": "high",
    "equipment_failures_per_year": "high",
    "equipment_repair_h": "high",
    "power_cuts_per_year": "high",
    "power_cut_h": "high",
    "battery_h": "low",
    "centre_battery_h": "low",
    "disasters_per_year": "high",
    "disaster_repair_h": "high",
}
"""Assumptions that say how often something fails and for how long, with the end that hurts."""

STEPS = 4
"""Of a study: scenario, replication, loads, loads if every stream came."""

_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Study:
    """What a network carries and costs.

    Attributes
    ----------
    loads : dict of str to ElementLoad
        Of every link and node, by name.
    uses : list of LinkUse
        Links between sites, the first to fill first.
    uses_if_all : list of LinkUse
        The same links if every main stream reached the centre and were recorded there.
    cuts : list of MinCut
        By commune.
    streams : int
        Streams that the ingest must be able to carry at once.
    nodes : NodeCount
    nodes_if_all : NodeCount
        For every stream of every camera.
    blind : dict of str to Figure
        Time without an image after a power cut, by percentile of the cameras.
    """

    prepared: Prepared
    levers: NetworkLevers
    network: Network
    loads: dict[str, ElementLoad]
    uses: list[LinkUse]
    uses_if_all: list[LinkUse]
    cuts: list[MinCut]
    streams: int
    nodes: NodeCount
    nodes_if_all: NodeCount
    blind: dict[str, Figure]
    recordings: list[Recordings]
    costs: list[CostLine]


@dataclass(frozen=True)
class FailureRow:
    """A single failure, what it takes away once and in a year, and the price of a second one."""

    failure: Failure
    communes: int
    cameras: int
    once: Loss
    yearly: Loss
    doubling: Doubling | None


@dataclass(frozen=True)
class Failures:
    """Every single failure, the one that costs most camera-hours a year first.

    Attributes
    ----------
    availability : float
        Part of the camera-hours that an agent could see, if all failures came alone.
    replays : list of Replay
        The first ones, once the room adapts.
    year : Lost
        Lost over the horizon when everything fails as it does.
    envelope : tuple of float
        Camera-hours that the first one takes in a year when every assumption on failures is at its
        mild end, and at its end that hurts.
    reversals : dict of str to Target
        Assumptions that put another failure first when they alone move to an end of their range
        ("key, low"), and which one.
    """

    prepared: Prepared
    network: Network
    rows: list[FailureRow]
    availability: float
    replays: list[Replay]
    year: Lost
    envelope: tuple[float, float]
    reversals: dict[str, Target]


def capacity_in_use(path: Path | None = None) -> Capacity:
    """Measured capacity of a server that fetches its cameras, as a centre's does.

    A file given, else the one measured in ``runs/streams``, else the example of the data.
    """
    example = data_folder() / "capacity_example.json"
    held = load_capacities(path or (MEASURED_HERE if MEASURED_HERE.exists() else example))
    if not held:
        raise InputError(f"{path}: holds no capacity")
    return next((capacity for capacity in held if capacity.mode == "pull"), held[0])


def study(
    scenario: Scenario,
    seed: int,
    capacity: Capacity,
    *,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
) -> Study:
    """Load of the network over the first replication of a scenario, and what follows from it.

    Parameters
    ----------
    progress : callable
        Called with the steps finished and wanted.
    """
    prepared = prepare(scenario)
    progress(1, STEPS)
    levers = scenario.network
    journal = replicate(prepared, seed, 1, engine=engine)
    progress(2, STEPS)
    network, streams, nodes, nodes_if_all = _built(prepared, levers, capacity)
    types = load_stream_types()
    found = _loads(prepared, network, levers, journal)
    progress(3, STEPS)
    everything = levers.model_copy(update={"main_stream": "always", "recording": "centre"})
    other, *_ = _built(prepared, everything, capacity)
    all_loads = _loads(prepared, other, everything, journal)
    progress(STEPS, STEPS)
    communes = prepared.territory.communes
    return Study(
        prepared=prepared,
        levers=levers,
        network=network,
        loads=found,
        uses=link_uses(network, found, types.node),
        uses_if_all=link_uses(other, all_loads, types.node),
        cuts=min_cuts(network, [commune.insee for commune in communes]),
        streams=streams,
        nodes=nodes,
        nodes_if_all=nodes_if_all,
        blind=blind_s(capacity, prepared.assumptions["restart_s"]),
        recordings=_recordings(prepared, levers),
        costs=costs_of(prepared, levers, capacity),
    )


def costs_of(prepared: Prepared, levers: NetworkLevers, capacity: Capacity) -> list[CostLine]:
    """Yearly cost and investment of the network of a scenario; no run is needed.

    Parameters
    ----------
    prepared : Prepared
        The scenario's; a budget takes the figures of the lines.
    """
    network, *_ = _built(prepared, levers, capacity)
    return network_costs(network, _kept(prepared, levers), prepared.assumptions)


def failures_of(
    scenario: Scenario,
    seed: int,
    replications: int,
    capacity: Capacity,
    *,
    played_again: int = 3,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
) -> Failures:
    """Rank every single failure; play the centre again with the first ones.

    Parameters
    ----------
    played_again : int
        How many, of different consequences.
    progress : callable
        Called with the runs finished and wanted.

    Raises
    ------
    InputError
        No camera takes part.
    """
    prepared = prepare(scenario)
    if not len(prepared.centre.cameras.commune):
        raise InputError("no camera takes part: no failure can darken any")
    network, *_ = _built(prepared, scenario.network, capacity)
    wanted = replications * (3 + played_again)
    journals = []
    for replication in range(1, replications + 1):
        progress(replication - 1, wanted)
        journals.append(replicate(prepared, seed, replication, engine=engine))
    activity = activity_of(journals, prepared.centre, prepared.territory, prepared.calendar)
    rows = _ranked(prepared, scenario.network, network, activity)
    year_h = float(activity.cameras.sum()) * _H_PER_YEAR
    worst = _different(rows, played_again)
    wanted = replications * (3 + len(worst))
    replays, year = replay(
        prepared,
        worst,
        [row.failure for row in rows],
        seed,
        replications,
        engine=engine,
        progress=lambda done, _: progress(replications + done, wanted),
    )
    return Failures(
        prepared=prepared,
        network=network,
        rows=rows,
        availability=1 - sum(row.yearly.camera_h for row in rows) / year_h,
        replays=replays,
        year=year,
        envelope=_envelope(rows[0], scenario, prepared, network, activity),
        reversals=_reversals(scenario, prepared, network, activity),
    )


def _ranked(
    prepared: Prepared, levers: NetworkLevers, network: Network, activity: Activity
) -> list[FailureRow]:
    rows, kept = [], _kept(prepared, levers)
    for failure in single_failures(network, prepared.territory, prepared.assumptions):
        once = loss_of(failure, activity)
        rows.append(
            FailureRow(
                failure=failure,
                communes=sum(source % 2 == 0 for source in failure.dark),
                cameras=int(activity.cameras[list(failure.dark)].sum()),
                once=once,
                yearly=once.times(failure.target.failures_per_year),
                doubling=doubling(failure.target, network, kept, prepared.assumptions),
            )
        )
    return sorted(rows, key=lambda row: (-row.yearly.camera_h, row.failure.target.name))


def _envelope(
    first: FailureRow,
    scenario: Scenario,
    prepared: Prepared,
    network: Network,
    activity: Activity,
) -> tuple[float, float]:
    """Camera-hours a year of one failure at both ends of all that is assumed of failures."""
    target = first.failure.target
    other_end = {"high": "low", "low": "high"}
    mild = {key: other_end[end] for key, end in HAZARDS.items()}
    found = []
    for ends in (mild, HAZARDS):
        rows = _ranked(_moved(scenario, prepared, ends), scenario.network, network, activity)
        found += [row.yearly.camera_h for row in rows if _same(row.failure.target, target)]
    return found[0], found[1]


def _reversals(
    scenario: Scenario, prepared: Prepared, network: Network, activity: Activity
) -> dict[str, Target]:
    """What would put another failure first, one assumption moved at a time."""
    first = _ranked(prepared, scenario.network, network, activity)[0].failure.target
    found = {}
    for key in HAZARDS:
        for end in ("low", "high"):
            moved = _moved(scenario, prepared, {key: end})
            other = _ranked(moved, scenario.network, network, activity)[0].failure.target
            if not _same(other, first):
                found[f"{key}, {end}"] = other
    return found


def _moved(scenario: Scenario, prepared: Prepared, ends: Mapping[str, str]) -> Prepared:
    changed = scenario.with_overrides({"assumptions": ends})
    return replace(prepared, assumptions=Assumptions(changed.assumptions))


def _same(one: Target, other: Target) -> bool:
    return (one.cause, one.name) == (other.cause, other.name)


def _different(rows: Sequence[FailureRow], count: int) -> list[Failure]:
    """First failures that do not darken for as long the same cameras as one before."""
    chosen: dict[tuple[tuple[int, ...], float], Failure] = {}
    for row in rows:
        failure = row.failure
        if len(chosen) < count and failure.dark:
            chosen.setdefault((failure.dark, failure.target.repair_h), failure)
    return list(chosen.values())


def _built(
    prepared: Prepared, levers: NetworkLevers, capacity: Capacity
) -> tuple[Network, int, NodeCount, NodeCount]:
    """Network with as many ingest nodes as it needs: network, streams, nodes, nodes for all."""
    types = load_stream_types()
    communes = prepared.territory.communes
    every = sum(math.ceil(commune.cameras * commune.streams_per_camera) for commune in communes)
    # On demand, an agent opens at most the images that he watches.
    images = prepared.plan.levers.images or round(prepared.assumptions["images_watched"])
    on_demand = min(every, len(prepared.plan.names) * images)
    streams = every if levers.main_stream == "always" else on_demand
    profile = None if levers.profile == capacity.profile else levers.profile
    nodes, nodes_if_all = (nodes_for(max(1, n), capacity, types, profile) for n in (streams, every))
    network = build_network(
        prepared.territory, levers, prepared.assumptions, types.node, int(nodes.nodes.value)
    )
    return network, streams, nodes, nodes_if_all


def _loads(
    prepared: Prepared, network: Network, levers: NetworkLevers, journal: Journal
) -> dict[str, ElementLoad]:
    rates = rates_of(prepared.territory, levers, prepared.assumptions, load_stream_types())
    traffic = Traffic(
        journal,
        prepared.centre,
        prepared.territory,
        prepared.calendar,
        levers,
        rates,
        prepared.assumptions["extraction_speed"],
    )
    return loads(traffic, routes_of(network, prepared.territory))


def _kept(prepared: Prepared, levers: NetworkLevers) -> Recordings:
    """What the recordings of a scenario take."""
    return recordings(
        levers.recording, prepared.territory, levers, prepared.assumptions, load_stream_types()
    )


def _recordings(prepared: Prepared, levers: NetworkLevers) -> list[Recordings]:
    """Both places, for what each commune keeps and for the ends of what is kept in general."""
    general = load_assumptions()["retention_days"]
    return [
        recordings(
            where, prepared.territory, levers, prepared.assumptions, load_stream_types(), days
        )
        for where in ("edge", "centre")
        for days in (None, general.low, general.central, general.high)
    ]
