"""Which seats are held, and paid, while the cameras come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.model.assumptions import Assumptions
from twin.model.budget.adoption import MONTHS_PER_YEAR, Adoption
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.volumes import Volumes

__all__ = ["Ramp", "ramp"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ramp:
    """Who is paid when: the stage of the ramp-up whose seats are held, month by month.

    Attributes
    ----------
    stage : int array, one per month
        Index of the run whose people are paid; -1 when nobody is.
    open : int array, one per month
        Index of the run that the centre then resembles; -1 before the opening.
    """

    stage: Ints
    open: Ints

    def months(self, stages: int) -> Ints:
        """Months paid, by stage and year."""
        years = self.stage.reshape(-1, MONTHS_PER_YEAR)
        return np.stack([(years == stage).sum(axis=1) for stage in range(stages)])

    def months_open(self, stages: int) -> Ints:
        """Months open, by stage and year."""
        years = self.open.reshape(-1, MONTHS_PER_YEAR)
        return np.stack([(years == stage).sum(axis=1) for stage in range(stages)])


def ramp(
    stages: Sequence[Volumes], adoption: Adoption, levers: BudgetLevers, assumptions: Assumptions
) -> Ramp:
    """Stage of each month: the first whose communes hold as many cameras as are connected.

    A recruit is paid from the accreditation delay before the month that needs him.
    """
    opening = (levers.opening - adoption.years[0]) * MONTHS_PER_YEAR
    held = np.maximum.accumulate([stage.cameras for stage in stages])
    needed = np.minimum(np.searchsorted(held, adoption.connected), len(stages) - 1)
    if levers.staffing == "full":
        needed = np.full_like(needed, len(stages) - 1)
    needed[:opening] = -1
    wait = round(assumptions["accreditation_months"])
    ahead = np.concatenate([needed[wait:], np.full(wait, needed[-1])])
    return Ramp(stage=np.maximum(needed, ahead[: len(needed)]), open=needed)
