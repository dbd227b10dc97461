"""What the budget takes from a run: hours, counts, posts. It starts none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from twin.model.assumptions import Assumptions
from twin.model.staffing import Posts, waterfall

__all__ = ["KINDS_OF_HOURS", "CommuneVolumes", "FunctionVolumes", "Volumes"]

KINDS_OF_HOURS = ("incident", "request", "requisition", "patrol", "check")
"""Work whose hours a run counts: the indicators ``<kind>_hours``."""

_HALF = 0.5
_BY_CAMERA = {"cellular_eur_camera_year", "disk_eur_tb"}
"""Prices of what the network has for each camera."""


@dataclass(frozen=True)
class CommuneVolumes:
    """One commune of a run.

    Attributes
    ----------
    counted : bool
        Whether its number of cameras is published, else it follows ``cameras_per_1000``.
    live_h : float
        Hours per year of live viewing that its forfait buys.
    hours : mapping of str to float
        Agents' hours per year by kind of work (`KINDS_OF_HOURS`).
    requisitions, patrols, requests, notices : float
        Per year, answered or done.
    availability : float
        Share of the time that its cameras work.
    """

    insee: str
    name: str
    population: int
    cameras: int
    counted: bool
    forfait: str
    live_h: float
    joined: date | None
    hours: Mapping[str, float]
    requisitions: float
    patrols: float
    requests: float
    notices: float
    availability: float

    @property
    def work_h(self) -> float:
        """Agents' hours per year spent on its tasks."""
        return sum(self.hours.values())


@dataclass(frozen=True)
class FunctionVolumes:
    """The people of one function, as the plan of the run holds them.

    Attributes
    ----------
    posts : Posts
        Hours at the seats and factors from hours to people.
    vacant : int
        Posts that the scenario leaves vacant: nobody is paid for them.
    """

    posts: Posts
    vacant: int

    def paid_etp(self, assumptions: Assumptions) -> float:
        """ETP paid in a year, with the absence, training and turnover of `assumptions`."""
        share = {step.name: step.share for step in self.posts.steps}
        steps = waterfall(
            self.posts.hours.total / assumptions["annual_hours"],
            assumptions,
            breaks=share["breaks"],
            handover=share["handover"] / (1 - share["handover"]),
        )
        return max(0.0, steps[-1].etp - self.vacant)


@dataclass(frozen=True)
class Volumes:
    """One run of the centre, with all or a part of the communes.

    Attributes
    ----------
    identity : str
        Of the run; `seed` and `replications` say on what it rests.
    density : float
        Cameras per 1,000 inhabitants with which communes without a published count were given
        theirs.
    communes : tuple of CommuneVolumes
        By INSEE code.
    functions : tuple of FunctionVolumes
        By function of a seat.
    viewing_h : float
        Agents' hours per year free at the wall.
    network : mapping of str to float
        What the network rents and has bought, by the assumption that prices one of it without VAT;
        under "", the euros a year of the links whose rent a file says.
    """

    identity: str
    seed: int
    replications: int
    density: float
    communes: tuple[CommuneVolumes, ...]
    functions: tuple[FunctionVolumes, ...]
    viewing_h: float
    network: Mapping[str, float]

    @property
    def cameras(self) -> int:
        """Cameras of all its communes."""
        return sum(commune.cameras for commune in self.communes)

    def at_density(self, density: float) -> Volumes:
        """Return the same run had it held other supposed numbers of cameras.

        What arrives by camera follows the cameras, and so do disks and mobile subscriptions; seats,
        people, hours at the wall, fibres and machines do not.
        """
        if density == self.density:
            return self
        ratio = density / self.density
        communes = tuple(c if c.counted else _scaled(c, ratio) for c in self.communes)
        real = sum(commune.cameras for commune in communes) / self.cameras
        return replace(
            self,
            density=density,
            communes=communes,
            network={
                price: quantity * (real if price in _BY_CAMERA else 1)
                for price, quantity in self.network.items()
            },
        )


def _scaled(commune: CommuneVolumes, ratio: float) -> CommuneVolumes:
    cameras = max(1, math.floor(commune.cameras * ratio + _HALF))
    real = cameras / commune.cameras
    return replace(
        commune,
        cameras=cameras,
        hours={kind: hours * real for kind, hours in commune.hours.items()},
        requisitions=commune.requisitions * real,
        requests=commune.requests * real,
        notices=commune.notices * real,
    )
