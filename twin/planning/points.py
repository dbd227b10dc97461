"""What a search moves, and playing it: one scenario at many points, in the same worlds.

A point is a set of choices: a value for each uncertain number that is moved, the rest at its
central value. Every point is played with the same seed and replication numbers, so that two points
differ by their choices and not by chance, and is stored by its identity: none is played twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
from scipy.special import ndtri

from twin.errors import InputError
from twin.files import canonical_json, digest
from twin.model.assumptions import Assumption, Assumptions, Grade, load_assumptions
from twin.model.centre.engines import Engine
from twin.scenarios.experiment import run_all, summary
from twin.scenarios.replay import CENTRES_KEPT
from twin.scenarios.schema import Experiment, Scenario
from twin.scenarios.store import SEARCHES, Run, identify

__all__ = ["Choices", "Factor", "Plays", "factors", "played"]

Choices = Mapping[str, float]
"""Values by key: an assumption, or a lever written ``block.lever``."""

Progress = Callable[[int, int], None]

_DIGITS = 12
_CITY_KEY = "demand.city_deviation"
_Z95 = float(ndtri(0.95))
_CITY = Assumption(
    label="Écart de ce territoire à la ville de calage",
    unit="écarts-types du logarithme de kappa",
    low=-_Z95,
    central=0.0,
    high=_Z95,
    distribution="normal",
    grade=Grade.HYPOTHESIS,
    source="hypothesis: no territory is the city that kappa comes from",
    confidence="low",
)


@dataclass(frozen=True)
class Factor:
    """One uncertain number, with those that share its draw.

    Attributes
    ----------
    key : str
    entries : mapping of str to Assumption
        The number itself, and the assumptions that keep the same position in their range.
    """

    key: str
    entries: Mapping[str, Assumption]

    @property
    def entry(self) -> Assumption:
        """Range and meaning of the number."""
        return self.entries[self.key]

    @property
    def sampled(self) -> bool:
        """Whether it is drawn; a rule or a whole number is only tried at its ends."""
        return self.entry.distribution != "fixed"

    def drawn(self, share: float) -> dict[str, float]:
        """Choices below which `share` of the draws lie."""
        return {key: entry.quantile(share) for key, entry in self.entries.items()}

    def at(self, value: float) -> dict[str, float]:
        """Choices when the number is `value`; the others go as far toward the same end."""
        below = value < self.entry.central
        reach = (self.entry.low if below else self.entry.high) - self.entry.central
        position = (value - self.entry.central) / reach if reach else 0.0
        choices = {
            key: entry.central + position * ((entry.low if below else entry.high) - entry.central)
            for key, entry in self.entries.items()
        }
        return {**choices, self.key: value}


def factors(scenario: Scenario) -> list[Factor]:
    """Uncertain numbers of a scenario: what its runs read and what it does not itself decide.

    Those are the assumptions whose range is not a point, as its sources give them, and the distance
    between its territory and the calibration city.
    """
    sources = Assumptions(scenario.assumptions).sources
    open_ = {
        key: entry.by(sources)
        for key, entry in load_assumptions().items()
        if entry.stage == "run" and key not in scenario.assumptions
    }
    found = [
        Factor(key, {key: entry} | {k: e for k, e in open_.items() if e.drawn_with == key})
        for key, entry in sorted(open_.items())
        if entry.drawn_with is None and entry.low < entry.high
    ]
    city = [] if scenario.demand.city_deviation else [Factor(_CITY_KEY, {_CITY_KEY: _CITY})]
    return found + city


def played(scenario: Scenario, choices: Choices) -> Scenario:
    """Return the scenario with other values of its uncertain numbers.

    Examples
    --------
    >>> from twin.scenarios.library import load_scenario
    >>> other = played(load_scenario("reference"), {"call_share": 0.3, "demand.city_deviation": 1})
    >>> other.assumptions, other.demand.city_deviation
    ({'call_share': 0.3}, 1.0)
    """
    overrides: dict[str, dict[str, float]] = {}
    for key, value in choices.items():
        block, _, lever = key.rpartition(".")
        overrides.setdefault(block or "assumptions", {})[lever] = value
    return scenario.with_overrides(overrides)


class Plays:
    """The whole-centre indicators of a scenario at any point.

    Parameters
    ----------
    scenario : Scenario
    experiment : Experiment
        Its seed and number of replications; precision is not sought.
    out : Path
        Folder of all runs; points are kept in its folder ``searches``.
    workers : int
        Replications played at the same time; changes no byte of the result.
    engine : {"reference", "kernel"}
    progress : callable
        Told the points finished, or as many replications as they take, and wanted.
    """

    def __init__(
        self,
        scenario: Scenario,
        experiment: Experiment,
        *,
        out: Path,
        workers: int = 1,
        engine: Engine = "kernel",
        progress: Progress = lambda *_: None,
    ) -> None:
        self.scenario = scenario
        self.experiment = experiment.exactly(experiment.replications)
        self._out = out / SEARCHES
        self._workers = workers
        self._engine: Engine = engine
        self._progress = progress
        self._known: dict[str, pd.DataFrame] = {}

    def play(self, points: Sequence[Choices]) -> list[pd.DataFrame]:
        """Indicators at each point, by name: `mean`, `low` and `high` of the interval, `n`.

        Raises
        ------
        KeyboardInterrupt
            Finished replications are kept, and the same call goes on from them.
        """
        asked = {_name(choices): choices for choices in points}
        missing = {}
        for name, choices in asked.items():
            if name not in self._known:
                scenario = played(self.scenario, choices)
                found = self._stored(name, scenario)
                if found is None:
                    missing[name] = scenario
                else:
                    self._known[name] = found
        if missing:
            self._run(missing, len(asked))
        return [self._known[_name(choices)] for choices in points]

    def mean(self, indicator: str, choices: Choices) -> float:
        """Mean of an indicator over the replications of a point."""
        return self._row(indicator, choices)[0]

    def half_width(self, indicator: str, choices: Choices) -> float:
        """Half of the 95 % interval of that mean; 0 when one replication gives none."""
        mean, high = self._row(indicator, choices)
        return 0.0 if math.isnan(high) else high - mean

    def _row(self, indicator: str, choices: Choices) -> tuple[float, float]:
        (table,) = self.play([choices])
        if indicator not in table.index:
            raise InputError(f"{indicator}: not seen at every point; a longer horizon is needed")
        mean, high = table.loc[indicator, ["mean", "high"]].to_numpy(dtype=float)
        return float(mean), float(high)

    def _stored(self, name: str, scenario: Scenario) -> pd.DataFrame | None:
        """Indicators of a point that was played before, without building its centre again."""
        identity = identify(name, scenario, self.experiment.seed)
        if not (self._out / identity.folder).exists():
            return None
        stored = Run.found(identity, self._out)
        numbers = range(1, self.experiment.replications + 1)
        if not stored.finished().issuperset(numbers):
            return None
        return _of_centre(summary([stored.indicators(number) for number in numbers]))

    def _run(self, missing: Mapping[str, Scenario], wanted: int) -> None:
        """Play points, no more at a time than the centres that a worker keeps."""
        for first in range(0, len(missing), CENTRES_KEPT):
            kept = wanted - len(missing) + first
            batch = dict(islice(missing.items(), first, first + CENTRES_KEPT))

            def told(done: int, _: int, kept: int = kept) -> None:
                self._progress(kept + done // self.experiment.replications, wanted)

            results = run_all(
                batch,
                self.experiment,
                out=self._out,
                workers=self._workers,
                engine=self._engine,
                progress=told,
            )
            self._known |= {name: _of_centre(each.indicators) for name, each in results.items()}


def _name(choices: Choices) -> str:
    """Name of a point: two searches from one scenario share those that they have in common."""
    return f"point_{digest(canonical_json(choices))[:_DIGITS]}"


def _of_centre(table: pd.DataFrame) -> pd.DataFrame:
    centre = table[table["scope"] == "centre"]
    return centre.set_index("indicator")[["mean", "low", "high", "n"]]
