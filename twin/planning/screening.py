"""Which of many uncertain numbers move a figure at all: the screening of Morris.

Morris, M. D. (1991), Factorial sampling plans for preliminary computational experiments,
Technometrics 33, 161-174; mu* of Campolongo, Cariboni and Saltelli (2007), Environmental Modelling
& Software 22, 1509-1518. Design and analysis are SALib's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from SALib.analyze import morris as analysis
from SALib.sample import morris as design

from twin.errors import InputError
from twin.planning.envelope import TAIL
from twin.planning.points import Choices, Factor

__all__ = ["Screening"]


class Screening:
    """Trajectories along which one number moves at a time, between the tails of its distribution.

    Parameters
    ----------
    factors : iterable of Factor
        Those that are drawn take part; a rule or a whole number does not.
    trajectories : int
        At least 2; each costs one more point than there are numbers.
    seed : int

    Attributes
    ----------
    points : list of Choices
        Points to be played.
    """

    def __init__(self, factors: Iterable[Factor], trajectories: int, seed: int) -> None:
        if trajectories < 2:  # noqa: PLR2004
            raise InputError(f"trajectories: at least 2 are expected (found {trajectories})")
        self._factors = [factor for factor in factors if factor.sampled]
        self._seed = seed
        self._problem: dict[str, object] = {
            "num_vars": len(self._factors),
            "names": [factor.key for factor in self._factors],
            "bounds": [[TAIL, 1 - TAIL]] * len(self._factors),
        }
        self._shares = design.sample(self._problem, trajectories, seed=seed)
        self.points: list[Choices] = [
            {
                key: value
                for factor, share in zip(self._factors, shares, strict=True)
                for key, value in factor.drawn(float(share)).items()
            }
            for shares in self._shares
        ]

    def effects(self, figures: Sequence[float]) -> pd.DataFrame:
        """Elementary effects on a figure, given at each of the points.

        Returns
        -------
        DataFrame
            By key, the strongest first, in the unit of the figure for the whole way between the
            tails: `mu_star`, the mean size of an effect; `mu_star_conf`, half of its 95 % interval
            over trajectories; `mu`, the mean with its sign; `sigma`, their standard deviation,
            large when the effect depends on the other numbers.
        """
        effects = analysis.analyze(
            self._problem, self._shares, np.asarray(figures, dtype=float), seed=self._seed
        )
        columns = ["mu_star", "mu_star_conf", "mu", "sigma"]
        found = {name: np.asarray(effects[name]) for name in columns}
        names = [factor.key for factor in self._factors]
        table = pd.DataFrame(found, index=names).rename_axis("key")
        return table.sort_values("mu_star", ascending=False, kind="stable")
