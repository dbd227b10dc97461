"""What each forfait costs against its price: which one pays for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.model.budget.accounts import Accounts, Budget, Perimeter
from twin.model.budget.adoption import MONTHS_PER_YEAR, year_index
from twin.model.budget.lines import FEES
from twin.model.budget.money import split
from twin.model.budget.volumes import CommuneVolumes, Volumes

__all__ = ["ForfaitCost", "by_forfait", "viewing_h"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ForfaitCost:
    """One forfait in one year.

    Attributes
    ----------
    cameras : float
        Mean cameras connected.
    cost, fees : int
        Cents of operation, less what is received beside the annual fees; cents of annual fees.
    """

    forfait: str
    cameras: float
    cost: int
    fees: int

    @property
    def coverage(self) -> float:
        """Annual fees over cost."""
        return self.fees / self.cost if self.cost > 0 else float("inf")


def by_forfait(budget: Budget, perimeter: Perimeter, year: int) -> tuple[ForfaitCost, ...]:
    """Share the cost of a year between the forfaits that have cameras in it.

    A line is shared by cameras connected, or by agents' hours: those that the run spent on the
    tasks of each commune, and the hours at the wall by camera-hours of live viewing bought.
    Pauses and waiting follow. Costs add up to the cent.

    Raises
    ------
    InputError
        It is not a year of the budget.
    """
    i = year_index(year)
    adoption, accounts = budget.adoption, budget.perimeter(perimeter)
    hours = _hours(budget, i)
    forfaits = sorted(set(adoption.forfaits))
    chosen = {forfait: adoption.of_forfait(forfait) for forfait in forfaits}
    cameras = {f: float(adoption.camera_years[chosen[f], i].sum()) for f in forfaits}
    present = [forfait for forfait in forfaits if cameras[forfait] > 0]
    if not present:
        return ()
    by_cameras = [cameras[forfait] for forfait in present]
    worked = [float(hours[chosen[forfait]].sum()) for forfait in present]
    weights = {"cameras": by_cameras, "hours": worked if sum(worked) else by_cameras}
    cost = np.zeros(len(present), dtype=np.int64)
    for line in accounts.lines:
        if line.section == "operating" and line.key != FEES:
            sign = 1 if line.side == "expense" else -1
            cost += sign * np.array(split(line.cents[i], weights[line.share_by]))
    return tuple(
        ForfaitCost(forfait, cameras[forfait], int(cost[k]), _fees(accounts, forfait, i))
        for k, forfait in enumerate(present)
    )


def viewing_h(volumes: Volumes) -> dict[str, float]:
    """Hours at the wall per year by commune: by camera-hours of live viewing bought."""
    bought = {c.insee: c.cameras * c.live_h for c in volumes.communes}
    every = sum(bought.values())
    return {
        insee: volumes.viewing_h * each / every if every else 0.0 for insee, each in bought.items()
    }


def _hours(budget: Budget, i: int) -> Floats:
    """Agents' hours of a year by commune, as the run that the year resembles spent them."""
    stages = budget.stages
    stage = stages[int(budget.ramp.open[(i + 1) * MONTHS_PER_YEAR - 1])]
    rates = _by_camera(stages[-1].communes) | _by_camera(stage.communes)
    connected = budget.adoption.camera_years[:, i]
    work = np.array([rates[insee] for insee in budget.adoption.communes]) * connected
    live = np.array([commune.live_h for commune in stages[-1].communes]) * connected
    return np.asarray(work + (stage.viewing_h * live / live.sum() if live.any() else 0.0))


def _by_camera(communes: Sequence[CommuneVolumes]) -> dict[str, float]:
    return {commune.insee: commune.work_h / commune.cameras for commune in communes}


def _fees(accounts: Accounts, forfait: str, i: int) -> int:
    return sum(line.cents[i] for line in accounts.of(FEES) if line.detail == forfait)
