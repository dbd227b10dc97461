"""Who sends and who reads: plain descriptions that travel to the workers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from twin.streams.rtsp import Url

__all__ = ["CameraPlan", "ReaderPlan", "plan_cameras"]


@dataclass(frozen=True)
class CameraPlan:
    """One camera: where it is found and when its frame 0 is due.

    Attributes
    ----------
    name : str
        Path of the stream on the server.
    url : str
        Where it publishes (push) or is fetched (pull), with credentials if any.
    origin_s : float
        Monotonic time at which its frame 0 is due; frame i is due at ``origin_s + i / fps``.
    """

    name: str
    url: str
    origin_s: float


def plan_cameras(
    count: int,
    url: str,
    *,
    gop_s: float,
    start_s: float,
    seed: int,
    aligned: bool = False,
    own_address: bool = False,
) -> list[CameraPlan]:
    """Cameras ``cam00001`` and on, their phases spread over one GOP, or all at the same instant.

    Parameters
    ----------
    url : str
        Address without the path, ``rtsp://user:password@host:port``.
    gop_s : float
        Period over which key frames are spread.
    start_s : float
        Monotonic time from which frames are due.
    aligned : bool
        All key frames at once, as after a power cut.
    own_address : bool
        Each camera has its own address, 127.1.0.1 and on, in place of the host of `url`.

    Examples
    --------
    >>> plans = plan_cameras(
    ...     300, "rtsp://h:9554", gop_s=2, start_s=0, seed=1, own_address=True
    ... )
    >>> plans[299].url, -2 < plans[299].origin_s <= 0
    ('rtsp://127.1.1.46:9554/cam00300', True)
    """
    draw = random.Random(seed)  # noqa: S311 - phases, not secrets
    base = Url.parse(f"{url}/")
    plans = []
    for number in range(1, count + 1):
        late_s = 0.0 if aligned else draw.random() * gop_s
        name = f"cam{number:05}"
        high, low = divmod(number - 1, 254)
        address = f"rtsp://127.1.{high}.{low + 1}:{base.port}" if own_address else url
        plans.append(CameraPlan(name, f"{address}/{name}", start_s - late_s))
    return plans


@dataclass(frozen=True)
class ReaderPlan:
    """One reader: its class, its number within the class, and the cameras it may look at.

    Attributes
    ----------
    kind : {"recorder", "wall", "state"}
        Sent to the server as user agent, with the number.
    cameras : sequence of CameraPlan
        One, for a recorder or the State feed; those an operator may choose from, for a wall.
    hold_s : tuple of float
        Shortest and longest time a wall reader stays on a camera.
    """

    kind: Literal["recorder", "wall", "state"]
    number: int
    cameras: Sequence[CameraPlan]
    hold_s: tuple[float, float] = (10.0, 30.0)

    @property
    def agent(self) -> str:
        """User agent, as the server's list of sessions shows it."""
        return f"cmsu-{self.kind}-{self.number:05}"
