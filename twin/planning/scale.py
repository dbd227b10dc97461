"""What a large question costs: its centre is played for days here, and its years are a line.

Processor time and bytes of one replication are a + b x days. The centre that is played has as many
communes and cameras as the question, and as many cameras per seat as the scenario: what grows with
them in any other way than a line is measured, not assumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from typing import TypeVar

import numpy as np

from twin.model.centre.engines import Engine, engine_named
from twin.model.centre.world import World
from twin.model.territory import Commune, Territory
from twin.model.workload import sample_world
from twin.scenarios.replay import Prepared, prepare
from twin.scenarios.schema import Scenario
from twin.scenarios.store import parquet

__all__ = ["Cost", "Line", "measure_cost", "measure_line"]

_SEED = 20270101
T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """Processor seconds of one replication by stage, bytes it leaves and holds.

    Attributes
    ----------
    prepare_s : float
        Building the centre: once per scenario and worker, not per replication.
    world_s, room_s, indicators_s, file_s : float
        Drawing the world, playing the room, measuring it, writing its file.
    file_bytes : float
        Left on disk, without tables.
    held_bytes : float
        World and journal, held while they are measured; copies of columns come on top.
    """

    prepare_s: float
    world_s: float
    room_s: float
    indicators_s: float
    file_s: float
    file_bytes: float
    held_bytes: float

    @property
    def replication_s(self) -> float:
        """Processor seconds of one replication, once the centre is built."""
        return self.world_s + self.room_s + self.indicators_s + self.file_s


@dataclass(frozen=True)
class Line:
    """Cost of a replication by its days, through two measured points."""

    days: tuple[int, int]
    costs: tuple[Cost, Cost]

    def at(self, days: float) -> Cost:
        """Cost of as many days.

        Examples
        --------
        >>> short, long = Cost(1, 1, 1, 1, 0, 10, 10), Cost(1, 2, 3, 1, 0, 10, 20)
        >>> Line((7, 14), (short, long)).at(21).room_s
        5.0
        """
        (near, far), (low, high) = self.days, (asdict(cost) for cost in self.costs)
        along = (days - near) / (far - near)
        # More days cost no less: what falls is noise.
        rise = {name: max(high[name] - low[name], 0) for name in low}
        return Cost(**{name: high[name] + (along - 1) * rise[name] for name in low})


def measure_line(
    scenario: Scenario,
    communes: int,
    cameras: int,
    days: tuple[int, int],
    engine: Engine = "kernel",
) -> Line:
    """Measure the cost of a centre of that size over a few days, twice; see `measure_cost`."""
    near, far = (measure_cost(scenario, communes, cameras, n, engine) for n in days)
    return Line(days, (near, far))


def measure_cost(
    scenario: Scenario, communes: int, cameras: int, days: int, engine: Engine = "kernel"
) -> Cost:
    """Play one replication of a scenario whose communes are copied to another size.

    Parameters
    ----------
    communes, cameras : int
        Size of the centre: cameras are spread evenly, seats follow them.
    days : int
        Days that are played.
    """
    small = prepare(scenario.with_overrides({"horizon": {"days": 1}}, "scale"))
    growth = cameras / sum(commune.cameras for commune in small.territory.communes)
    operators = {shift: round(growth * n) for shift, n in scenario.seats.operators.items()}
    levers = {"horizon": {"days": days}, "seats": {"operators": operators}}
    large = scenario.with_overrides(levers, "scale")
    territory = Territory(tuple(_spread(small.territory.communes, communes, cameras)))
    prepare_s, prepared = _timed(lambda: prepare(large, territory=territory))
    play = engine_named(engine)
    world_s, world = _timed(lambda: _world(prepared))
    room_s, journal = _timed(lambda: play(prepared.centre, world))
    indicators_s, indicators = _timed(lambda: prepared.measured(journal))
    file_s, content = _timed(lambda: parquet(indicators))
    drawn = (world.incidents, world.requests, world.requisitions, world.faults)
    held = sum(column.nbytes for table in drawn for column in table)
    held += sum(table.nbytes for table in vars(journal).values())
    return Cost(prepare_s, world_s, room_s, indicators_s, file_s, len(content), held)


def _spread(known: tuple[Commune, ...], communes: int, cameras: int) -> list[Commune]:
    """As many communes with as many cameras in all, each otherwise a copy of a known one."""
    edges = np.arange(communes + 1) * cameras // communes
    counts = np.diff(edges).tolist()
    copied = zip(islice(cycle(known), communes), counts, strict=True)
    return [
        replace(
            commune,
            insee=f"{number:05d}",
            cameras=count,
            nomadic=0,
            population=max(1, round(commune.population * count / commune.cameras)),
        )
        for number, (commune, count) in enumerate(copied, start=1)
    ]


def _world(prepared: Prepared) -> World:
    return sample_world(
        prepared.centre,
        prepared.territory,
        prepared.calendar,
        prepared.demand,
        prepared.assumptions,
        plan=prepared.plan,
        seed=_SEED,
        replication=1,
    )


def _timed(play: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds of the faster of two calls: the first may load code."""
    seconds = []
    for _ in range(2):
        begun = time.process_time()
        result = play()
        seconds.append(time.process_time() - begun)
    return min(seconds), result
