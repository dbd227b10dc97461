"""What pooling is worth: the same seats shared, parted by sectors, or one commune at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.special import stdtrit

from twin.contracts import Figure, Kind
from twin.model.indicators import load_indicators
from twin.model.seats import REPLACED_BY_SHIFTS, SeatedShift, seated_shifts
from twin.planning.covering import OPERATOR
from twin.planning.playing import Tell
from twin.planning.targets import Target, Verdict, judge
from twin.scenarios.experiment import Result, run
from twin.scenarios.schema import Experiment, Scenario
from twin.scenarios.stopping import CONFIDENCE

__all__ = ["POOLED", "Room", "Way", "ways"]

POOLED = "pooled"
_DAY = ("06:00-14:00", "14:00-22:00", "22:00-06:00")
"""Shifts of a seat that is held day and night."""


@dataclass(frozen=True)
class Way:
    """A way to share the seats, with the seats of the scenario.

    Attributes
    ----------
    values : dict of str to Figure
        By indicator; the interval is that of the replications.
    differences : dict of str to Figure
        Less the pooled value, replication by replication in the same worlds.
    verdicts : tuple of Verdict
    more_seats : int or None
        Operators' seats held day and night that the targets ask for beside those of the scenario;
        None when as many as tried do not do, or no target was given.
    """

    name: str
    values: dict[str, Figure]
    differences: dict[str, Figure]
    verdicts: tuple[Verdict, ...]
    more_seats: int | None


def ways(sectors: Sequence[int], *, named: bool) -> dict[str, dict[str, Any]]:
    """Overrides of the seats by way of sharing them; `named` keeps the scenario's own pools too.

    Examples
    --------
    >>> list(ways([2, 3], named=False))
    ['pooled', 'sectors_2', 'sectors_3', 'one_commune_at_a_time']
    """
    together: dict[str, Any] = {"sectors": 1, "pools": None, "display_rule": "mixed"}
    found = {POOLED: together}
    if named:
        found["named_pools"] = {"display_rule": "mixed"}
    found |= {f"sectors_{n}": together | {"sectors": n} for n in sectors}
    return found | {"one_commune_at_a_time": together | {"display_rule": "one_commune_at_a_time"}}


@dataclass(frozen=True)
class Room:
    """A scenario whose seats are shared in one way or another.

    Attributes
    ----------
    most : int
        Seats day and night added at most, in search of the targets.
    """

    scenario: Scenario
    experiment: Experiment
    out: Path
    workers: int
    most: int
    tell: Tell

    def compared(
        self,
        chosen: Mapping[str, Mapping[str, Any]],
        targets: Sequence[Target],
        shown: Sequence[str],
    ) -> list[Way]:
        """Each way with the seats of the scenario, then with as many more as its targets ask for.

        Parameters
        ----------
        chosen : mapping
            See `ways`; the first is the one that the others are compared with.
        shown : sequence of str
            Indicators compared.
        """
        results = {way: self.played(way, seats, 0) for way, seats in chosen.items()}
        first = next(iter(results.values()))
        found = []
        for way, result in results.items():
            mine = {name: result.values(name) for name in shown}
            pairs = {name: (mine[name] - first.values(name)).dropna() for name in shown}
            found.append(
                Way(
                    name=way,
                    values=_figures(mine, result),
                    differences=_figures(pairs, result),
                    verdicts=tuple(judge(target, result) for target in targets),
                    more_seats=self.more_seats(way, chosen[way], targets) if targets else None,
                )
            )
        return found

    def more_seats(
        self, way: str, seats: Mapping[str, Any], targets: Sequence[Target]
    ) -> int | None:
        """Fewest seats added day and night with which every target is met, if any number does."""
        for more in range(self.most + 1):
            result = self.played(way, seats, more)
            if all(judge(target, result).met for target in targets):
                return more
        return None

    def played(self, way: str, seats: Mapping[str, Any], more: int) -> Result:
        """Run of the scenario, shared in one way, with `more` operators day and night."""
        self.tell(f"{way}, {more} more seats")
        added = [SeatedShift(window=w, function=OPERATOR, seats=more) for w in _DAY]
        rows = [*seated_shifts(self.scenario.seats), *added]
        shifts = [row.model_dump() for row in rows if row.seats]
        dropped = dict.fromkeys(REPLACED_BY_SHIFTS)
        scenario = self.scenario.with_overrides(
            {"seats": dropped | {"shifts": shifts} | dict(seats)}
        )
        return run(
            scenario,
            self.experiment,
            name=f"pooling_{way}",
            out=self.out,
            workers=self.workers,
            engine="kernel",
        )


def _figures(values: Mapping[str, pd.Series[float]], result: Result) -> dict[str, Figure]:
    """Mean over the replications and its two-sided Student interval, where there are two."""
    manifest = result.stored.manifest
    found = {}
    for name, seen in values.items():
        n = len(seen)
        if n > 1:
            mean = float(seen.mean())
            half = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2) * seen.std()) / math.sqrt(n)
            source = f"run {manifest['identity'][:12]}, seed {manifest['seed']}, {n} replications"
            unit = load_indicators()[name].unit
            found[name] = Figure(mean, mean - half, mean + half, unit, Kind.COMPUTED, source)
    return found
