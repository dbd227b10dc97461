"""From steps to a capacity: the knee, what binds it, and what a packet costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twin.contracts import Capacity, Interval, Provenance, StreamProfile
from twin.errors import InputError
from twin.streams.frames import encoded

__all__ = ["NOT_TESTED", "Line", "fit_capacity", "knee", "least_squares"]

CONFIDENCE = 0.95
Row = Mapping[str, Any]

NOT_TESTED = (
    "le réseau étendu entre caméras et centre (délai, pertes, débit partagé)",
    "les pare-feu, le chiffrement RTSPS, l'UDP et le multicast",
    "la commande PTZ et ONVIF",
    "le logiciel de vidéosurveillance de production et l'enregistrement sur disque",
    "les licences par objectif des caméras à plusieurs objectifs",
    "le passage à plus de cœurs que ceux du banc, et deux machines séparées",
)
"""What the bench says nothing about, in French, as shown."""


class Line:
    """Least squares: coefficients, their intervals, and the share of variance explained."""

    def __init__(self, intervals: list[Interval], r2: float) -> None:
        self.intervals = intervals
        self.r2 = r2


def least_squares(columns: Sequence[Sequence[float]], values: Sequence[float]) -> Line:
    """Fit ``values = a + b1 * columns[0] + ...``; intervals at 95 % (Student's t).

    Raises
    ------
    InputError
        Fewer steps than coefficients and one, or columns that cannot be told apart.

    Examples
    --------
    >>> line = least_squares([[0.0, 1.0, 2.0, 3.0]], [1.0, 3.0, 5.0, 7.0])
    >>> [round(found.value, 6) for found in line.intervals], round(line.r2, 6)
    ([1.0, 2.0], 1.0)
    """
    matrix: NDArray[np.float64] = np.column_stack([np.ones(len(values)), *columns])
    observed = np.asarray(values, dtype=np.float64)
    freedom = matrix.shape[0] - matrix.shape[1]
    scaled = matrix / np.abs(matrix).max(axis=0).clip(min=1e-300)
    if freedom < 1 or np.linalg.matrix_rank(scaled) < matrix.shape[1]:
        raise InputError(
            f"{len(values)} valid steps do not tell the {matrix.shape[1]} costs apart: "
            "run a ramp with its fit steps"
        )
    found = np.linalg.lstsq(matrix, observed, rcond=None)[0]
    residuals = observed - matrix @ found
    covariance = np.linalg.pinv(matrix.T @ matrix) * float(residuals @ residuals) / freedom
    half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(np.diag(covariance))
    spread = float(((observed - observed.mean()) ** 2).sum())
    return Line(
        [
            Interval(value=float(v), low=float(v - h), high=float(v + h))
            for v, h in zip(found, half, strict=True)
        ],
        1 - float(residuals @ residuals) / spread if spread else math.nan,
    )


def knee(steps: Sequence[Row]) -> tuple[Interval, str]:
    """Largest number of cameras all of whose valid steps met every objective, and what bound next.

    Raises
    ------
    InputError
        No number was carried, or none was refused: the knee is not between them.

    Examples
    --------
    >>> rows = [{"cameras": n, "purpose": "knee", "invalid": [], "missed": missed}
    ...         for n, missed in [(40, []), (80, ["latency_p99_ms"])]]
    >>> knee(rows)
    (Interval(value=40.0, low=40.0, high=79.0), 'latency_p99_ms')
    """
    valid = [row for row in steps if row["purpose"] == "knee" and not row["invalid"]]
    refused = {row["cameras"]: row["missed"] for row in valid if row["missed"]}
    first = min(refused, default=None)
    carried = [row["cameras"] for row in valid if first is None or row["cameras"] < first]
    if first is None or not carried:
        raise InputError("the steps do not hold both a number carried and a number refused")
    best = float(max(carried))
    return Interval(value=best, low=best, high=float(first - 1)), ", ".join(refused[first])


def fit_capacity(
    steps: Sequence[Row],
    faults: Sequence[Row],
    *,
    key: str,
    profile: StreamProfile,
    mode: Literal["push", "pull"],
    provenance: Provenance,
) -> Capacity:
    """Capacity of the server for one profile fed in one way.

    Parameters
    ----------
    steps, faults : sequence of mapping
        Rows of the campaign, of any profile and mode.

    Raises
    ------
    InputError
        The steps do not hold a knee, or do not tell the costs apart.
    """
    own = [row for row in steps if row["profile"] == key and row["mode"] == mode]
    cameras, binds = knee(own)
    # Past the knee the server discards: what it costs there is not what a packet costs.
    kept = [row for row in own if not row["invalid"] and not _lossy(row)]
    cpu = least_squares(
        [[row["packets_in_s"] for row in kept], [row["packets_out_s"] for row in kept]],
        [row["server_cpu_cores"] for row in kept],
    )
    memory = least_squares(
        [[row["cameras"] for row in kept], [row["readers"] for row in kept]],
        [row["server_memory_mb"] for row in kept],
    )
    loop = encoded(profile).packets()
    at_knee = [row for row in own if row["cameras"] == cameras.value and row["purpose"] == "knee"]
    provoked = [row for row in faults if (row["profile"], row["mode"]) == (key, mode)]
    killed = [row for row in provoked if row["fault"] == "killed"]
    return Capacity(
        profile=key,
        mode=mode,
        cameras=cameras,
        binds=binds,
        cores=at_knee[0]["server_cores"],
        readers_per_camera=at_knee[0]["readers"] / cameras.value,
        packets_per_s=loop.packets_per_s,
        mbit_s=loop.mbit_s,
        cpu_base_cores=cpu.intervals[0],
        cpu_us_per_packet_in=_times(cpu.intervals[1], 1e6),
        cpu_us_per_packet_out=_times(cpu.intervals[2], 1e6),
        cpu_r2=cpu.r2,
        memory_base_mb=memory.intervals[0],
        memory_mb_per_path=memory.intervals[1],
        memory_mb_per_reader=memory.intervals[2],
        memory_r2=memory.r2,
        latency_p99_ms_by_cpu=sorted(
            (row["server_cpu_share"], row["latency_p99_ms"])
            for row in own
            if not row["invalid"] and row["readers"]
        ),
        start_s=at_knee[0]["first_packet_s"],
        reconnect_s=killed[0]["figures"]["outage_s"] if killed else {},
        not_tested=[*NOT_TESTED, *(row["untested"] for row in provoked if row["untested"])],
        provenance=provenance,
    )


def _lossy(row: Row) -> bool:
    return bool(row["discarded"] or row["gaps"] or row["missing_streams"])


def _times(interval: Interval, factor: float) -> Interval:
    return Interval(
        value=interval.value * factor, low=interval.low * factor, high=interval.high * factor
    )
