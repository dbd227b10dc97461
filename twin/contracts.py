"""What two rooms share without knowing each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, model_validator

from twin.errors import InputError, MissingError
from twin.files import data_folder, digest, load_yaml, validated

__all__ = [
    "Capacities",
    "Capacity",
    "Figure",
    "Interval",
    "Kind",
    "NodeType",
    "PacketRule",
    "Provenance",
    "StreamProfile",
    "StreamTypes",
    "load_capacities",
    "load_stream_types",
    "mask",
]


class Kind(StrEnum):
    """Where a figure shown to a person comes from."""

    MEASURED = "Mesuré"
    ASSUMED = "Hypothèse"
    COMPUTED = "Calculé"


@dataclass(frozen=True)
class Figure:
    """A number that may be shown to a person: the only thing reports and pages print.

    Attributes
    ----------
    value, low, high : float
        Central value and its interval; `low` and `high` equal `value` when there is none.
    unit : str
        Unit in words, as shown.
    kind : Kind
        Measured, assumed or computed.
    source : str
        The fact's source, the assumption's key, or the run's identity and seed.

    Examples
    --------
    >>> Figure(6.03, 6.03, 6.03, "ETPT", Kind.COMPUTED, "8 760 h / 1 607 h / (1 - 9,6 %)").unit
    'ETPT'
    """

    value: float
    low: float
    high: float
    unit: str
    kind: Kind
    source: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low} <= {self.value} <= {self.high} does not hold")
        if not self.source:
            raise ValueError("a figure without a source may not be shown")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StreamProfile(_Frozen):
    """A standard type of camera stream."""

    label: str
    """What it is, in French, as shown."""
    codec: Literal["h264", "h265"]
    """Video codec of the stream."""
    width: PositiveInt
    """Pixels."""
    height: PositiveInt
    """Pixels."""
    fps: PositiveInt
    """Frames per second; a divisor of 90,000, so that RTP timestamps name frames exactly."""
    gop_s: PositiveFloat
    """Seconds between two frames that can be decoded alone."""
    bitrate_mbit_s: PositiveFloat
    """Video bitrate asked of the encoder."""
    source: str
    """Where the values come from."""

    @model_validator(mode="after")
    def _whole(self) -> StreamProfile:
        if 90_000 % self.fps:
            raise ValueError("fps must divide 90,000, the clock of RTP video")
        if self.gop_s * self.fps != round(self.gop_s * self.fps):
            raise ValueError("gop_s times fps must be a whole number of frames")
        return self


class PacketRule(_Frozen):
    """How many RTP packets a stream makes when it was not itself measured."""

    payload_bytes: PositiveFloat
    """Mean payload of a packet."""
    extra_per_frame: float
    """Packets per frame beyond bitrate over payload."""
    source: str
    """Where the values come from."""

    def per_second(self, profile: StreamProfile) -> float:
        """Packets per second of one camera of `profile`.

        Examples
        --------
        >>> types = load_stream_types()
        >>> round(types.packets.per_second(types.profiles["P2"]))
        193
        """
        full = profile.bitrate_mbit_s * 1e6 / (8 * self.payload_bytes)
        return full + self.extra_per_frame * profile.fps


class NodeType(_Frozen):
    """A server that would carry streams."""

    nic_mbit_s: PositiveFloat
    """Network interface, each direction."""
    nic_share: PositiveFloat
    """Share of the interface that may be filled."""
    wire_overhead: PositiveFloat
    """Bytes on the wire per RTP byte."""
    descriptors: PositiveInt
    """Hard limit of open files."""
    descriptors_reserved: int
    """Open files that no stream may use."""
    spare_nodes: int
    """Nodes beyond need: 1 is N+1."""
    source: str
    """Where the values come from."""


class StreamTypes(_Frozen):
    """Content of ``data/stream_profiles.yaml``."""

    profiles: dict[str, StreamProfile]
    packets: PacketRule
    node: NodeType


class Interval(_Frozen):
    """A measured value and the interval it is known within."""

    value: float
    low: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Interval:
        if not self.low <= self.value <= self.high:
            raise ValueError("low <= value <= high does not hold")
        return self


class Provenance(_Frozen):
    """What a measured capacity holds for, and only for."""

    measured_on: str
    """Date, ISO 8601."""
    host: str
    """Processor, cores, memory; never a name."""
    kernel: str
    python: str
    server_version: str
    server_sha256: str
    """Digest of the binary that ran."""
    configuration_sha256: str
    """Digest of the server's settings: its file without credentials, ports, paths."""
    rig_version: str
    neighbours: str
    """Load of the machine that was neither the server nor the rig."""
    priority: str
    """How the server and the rig were scheduled against that load."""


class Capacity(_Frozen):
    """What one server carried, of one profile, fed in one way."""

    profile: str
    """Key of the profile in ``data/stream_profiles.yaml``."""
    mode: Literal["push", "pull"]
    """Cameras publish, or the server fetches them."""
    cameras: Interval
    """The knee: `value` is the largest number that met every objective, `high` the last one
    before a number that did not."""
    binds: str
    """Objective that the first refused number missed."""
    cores: PositiveInt
    """Cores given to the server."""
    readers_per_camera: PositiveFloat
    """Readers attached, per camera, at the knee."""
    packets_per_s: PositiveFloat
    """RTP packets of one camera."""
    mbit_s: PositiveFloat
    """RTP bits of one camera."""
    cpu_base_cores: Interval
    """Cores used with no stream."""
    cpu_us_per_packet_in: Interval
    """Processor time per packet received, in microseconds."""
    cpu_us_per_packet_out: Interval
    """Processor time per packet sent to one reader."""
    cpu_r2: float
    """Share of the variance of processor time that the line explains."""
    memory_base_mb: Interval
    memory_mb_per_path: Interval
    memory_mb_per_reader: Interval
    memory_r2: float
    latency_p99_ms_by_cpu: list[tuple[float, float]]
    """Processor share of the server and 99th percentile of frame latency, step by step."""
    start_s: dict[str, float]
    """Percentiles of the time a reader waits for its first packet."""
    reconnect_s: dict[str, float]
    """Percentiles of the outage readers saw when the server was killed and restarted."""
    not_tested: list[str]
    """What this capacity says nothing about, in French, as shown."""
    provenance: Provenance


class Capacities(_Frozen):
    """Content of ``capacity.json``."""

    capacities: list[Capacity]


@cache
def load_stream_types(path: Path | None = None) -> StreamTypes:
    """Profiles, packet rule and node, from ``data/stream_profiles.yaml`` or such a file."""
    named = path or data_folder() / "stream_profiles.yaml"
    return validated(StreamTypes, load_yaml(named), str(named))


def load_capacities(path: Path) -> list[Capacity]:
    """Capacities held by a ``capacity.json``.

    Raises
    ------
    MissingError, InputError
        The file is not there, or is not a capacity file.
    """
    try:
        return Capacities.model_validate_json(path.read_bytes()).capacities
    except OSError as problem:
        raise MissingError(f"{path}: cannot be read ({problem.strerror})") from None
    except ValueError as problem:
        reason = str(problem).splitlines()[-2 if "\n" in str(problem) else 0].strip()
        raise InputError(f"{path}: not a capacity file ({reason})") from None


def mask(insee: str, identity: str) -> str:
    """Name of a commune in an export: the same throughout a run, another in the next."""
    return f"commune {digest(identity, insee)[:6]}"
