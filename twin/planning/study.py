"""The sensitivity of a scenario: screening, then each influential number alone, then reversals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from twin.errors import InputError, did_you_mean
from twin.model.indicators import load_indicators
from twin.planning.points import Factor, Plays, factors
from twin.planning.screening import Screening
from twin.planning.sensitivity import Conclusion, Reversal, ends, reversals, tornado

__all__ = ["MAIN_CONCLUSIONS", "Study", "influential", "study"]

MAIN_CONCLUSIONS = ("requisition_in_time>=0.95", "patrols_made>=0.95")
"""What a centre promises, and an assumption may reverse."""


@dataclass(frozen=True)
class Study:
    """What was found of a scenario.

    Attributes
    ----------
    effects : dict of str to DataFrame
        By indicator, the table of `Screening.effects`; empty without screening.
    kept : list of Factor
        Numbers that were then moved alone.
    central : dict of str to float
        By indicator, at the central values.
    tornados : dict of str to DataFrame
        By indicator, see `twin.planning.sensitivity.tornado`.
    reversals : dict of Conclusion to list of Reversal
    """

    effects: dict[str, pd.DataFrame]
    kept: list[Factor]
    central: dict[str, float]
    tornados: dict[str, pd.DataFrame]
    reversals: dict[Conclusion, list[Reversal]]


def study(
    plays: Plays,
    screened: Plays,
    indicators: Sequence[str],
    conclusions: Sequence[Conclusion] = (),
    *,
    trajectories: int,
    influence: float,
    beyond: float = 1.0,
) -> Study:
    """Screen the numbers of a scenario, move the influential ones alone, search for reversals.

    Parameters
    ----------
    plays : Plays
        Plays what is moved alone.
    screened : Plays
        Plays the screening: the same scenario, with fewer replications.
    indicators : sequence of str
        Besides those of the conclusions.
    trajectories : int
        Of the screening; without any, every number is moved alone.
    influence : float
        See `influential`.
    beyond : float
        See `twin.planning.sensitivity.reversals`.

    Raises
    ------
    InputError
        An unknown indicator, none at all, or one that has no value at some point.
    """
    asked = _known([*indicators, *(each.indicator for each in conclusions)])
    moved = factors(plays.scenario)
    effects = _effects(screened, moved, asked, trajectories) if trajectories else {}
    kept = influential(effects, moved, influence)
    plays.play(ends(kept))
    return Study(
        effects,
        kept,
        {name: plays.mean(name, {}) for name in asked},
        {name: tornado(partial(plays.mean, name), kept) for name in asked},
        {each: _reversed(plays, each, kept, beyond) for each in conclusions},
    )


def influential(
    effects: Mapping[str, pd.DataFrame], moved: Iterable[Factor], share: float
) -> list[Factor]:
    """Numbers whose mu* is at least `share` of the strongest one, for one indicator at least.

    Those that are not drawn cannot be screened and are kept; so is everything without screening.
    """
    strong = {
        key
        for table in effects.values()
        for key in table.index[table["mu_star"] >= share * table["mu_star"].max()]
    }
    return [each for each in moved if not effects or not each.sampled or each.key in strong]


def _known(names: Sequence[str]) -> list[str]:
    table = load_indicators()
    for name in names:
        if name not in table:
            raise InputError(f'unknown indicator "{name}"; {did_you_mean(name, table)}')
    if not names:
        raise InputError("an indicator or a conclusion is needed, as police_alerts")
    return list(dict.fromkeys(names))


def _effects(
    screened: Plays, moved: Sequence[Factor], asked: Sequence[str], trajectories: int
) -> dict[str, pd.DataFrame]:
    screening = Screening(moved, trajectories, screened.experiment.seed)
    screened.play(screening.points)
    return {
        name: screening.effects([screened.mean(name, at) for at in screening.points])
        for name in asked
    }


def _reversed(
    plays: Plays, conclusion: Conclusion, kept: Sequence[Factor], beyond: float
) -> list[Reversal]:
    return reversals(
        lambda at: conclusion.margin(plays.mean(conclusion.indicator, at)),
        kept,
        beyond=beyond,
        doubt=partial(plays.half_width, conclusion.indicator),
    )
