"""Where recordings live: disks and bandwidth, in the communes or at the centre."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.contracts import StreamTypes
from twin.model.assumptions import Assumptions
from twin.model.clock import MS_PER_DAY, MS_PER_S
from twin.model.network.levers import NetworkLevers
from twin.model.network.load import rates_of
from twin.model.territory import Territory

__all__ = ["Recordings", "recordings"]

_MBIT_PER_TB = 8e6


@dataclass(frozen=True)
class Recordings:
    """What keeping the images takes.

    Attributes
    ----------
    where : str
        "edge" or "centre".
    retention_days : float or None
        The same everywhere; None for what each commune keeps.
    recorders : int
        Machines that hold the disks.
    stored_tb : float
    disks : int
        Whole ones; each commune has its own when it records.
    disk_capacity_tb : float
        Of all of them.
    wide_area_mbps : float
        Permanent traffic towards the centre, on average over a day.
    """

    where: Literal["edge", "centre"]
    retention_days: float | None
    recorders: int
    stored_tb: float
    disks: int
    disk_capacity_tb: float
    wide_area_mbps: float


def recordings(
    where: Literal["edge", "centre"],
    territory: Territory,
    levers: NetworkLevers,
    assumptions: Assumptions,
    types: StreamTypes,
    retention_days: float | None = None,
) -> Recordings:
    """Disks and traffic of one choice; nomadic cameras keep their own images at the edge."""
    chosen = levers.model_copy(update={"recording": where, "main_stream": "always"})
    rates = rates_of(territory, chosen, assumptions, types)
    # Disks hold the streams, not what wraps them on the wire.
    mbps = rates.recorded.reshape(-1, 2).sum(axis=1) * rates.mean_factor / types.node.wire_overhead
    stored = list(_stored_tb(mbps, territory, retention_days))
    usable_tb = assumptions["disk_tb"] * assumptions["disk_usable_share"]
    groups = stored if where == "edge" else [sum(stored)]
    disks = [math.ceil(group / usable_tb) for group in groups]
    held = assumptions["disks_per_recorder"]
    everything = float(rates.always.sum()) * rates.mean_factor
    return Recordings(
        where=where,
        retention_days=retention_days,
        recorders=sum(math.ceil(count / held) for count in disks),
        stored_tb=sum(stored),
        disks=sum(disks),
        disk_capacity_tb=sum(disks) * assumptions["disk_tb"],
        wide_area_mbps=everything if where == "centre" else 0.0,
    )


def _stored_tb(
    mbps: npt.NDArray[np.float64], territory: Territory, retention_days: float | None
) -> Iterator[float]:
    seconds_per_day = MS_PER_DAY / MS_PER_S
    for rate, commune in zip(mbps, territory.communes, strict=True):
        days = commune.retention_days if retention_days is None else retention_days
        yield float(rate) * seconds_per_day * days / _MBIT_PER_TB
