"""Ask scenarios: replay them together until there is enough to answer, and sum up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from twin.errors import InputError
from twin.model.centre.engines import Engine
from twin.scenarios.replay import CENTRES_KEPT, Prepared, Task, prepare, replicate, side_by_side
from twin.scenarios.schema import Experiment, Scenario
from twin.scenarios.stopping import Stop, decide, half_width
from twin.scenarios.store import TABLES, Run, identify

__all__ = [
    "Prepared",
    "Replays",
    "Result",
    "prepare",
    "replicate",
    "run",
    "run_all",
    "stored_result",
    "summary",
]

MAX_WORKERS = 256

Progress = Callable[[int, int], None]
"""Told the replications finished and wanted."""


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes
    ----------
    stored : Run
        Where its replications are kept.
    stop : Stop
        How many of them, from the first, the indicators rest on, and why no more.
    rows : DataFrame
        Indicators of each of them, one below the other; indexed by replication.
    """

    stored: Run
    stop: Stop
    rows: pd.DataFrame

    @property
    def name(self) -> str:
        """Name of its scenario."""
        return str(self.stored.manifest["name"])

    @property
    def replications(self) -> int:
        """How many replications the indicators rest on."""
        return self.stop.replications

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """See `summary`."""
        return summary([self.rows])

    def values(self, indicator: str, scope: str = "centre", key: str = "") -> pd.Series[float]:
        """Value of an indicator in each replication in which it could be observed."""
        rows = self.rows
        asked = (rows["indicator"] == indicator) & (rows["scope"] == scope) & (rows["key"] == key)
        return rows.loc[asked, "value"]


class Replays:
    """Scenarios replayed together: each replication of all of them before the next one.

    Replication r of every scenario draws from the same random streams: their differences are not
    those of two worlds.

    Parameters
    ----------
    scenarios : mapping of str to Scenario
        By name of their runs.
    seed : int
        First entropy of every random stream.
    out : Path
        Folder of all runs.
    workers : int
        Replications played at the same time; changes no byte of the result.
    engine : {"kernel", "reference"}
        Who plays them; changes no byte of the result.
    cluster : str, optional
        Address of a Dask scheduler, whose workers play instead of this machine's.
    keep_tables : bool
        Whether to keep the journal of each replication beside its indicators.

    Raises
    ------
    InputError, MissingError, StoreError
        Before anything is written.
    """

    def __init__(
        self,
        scenarios: Mapping[str, Scenario],
        seed: int,
        *,
        out: Path,
        workers: int = 1,
        engine: Engine = "kernel",
        cluster: str | None = None,
        keep_tables: bool = False,
    ) -> None:
        if not 1 <= workers <= MAX_WORKERS:
            raise InputError(f"workers: {workers} is not between 1 and {MAX_WORKERS}")
        self.workers, self.cluster = workers, cluster
        self.tables = TABLES if keep_tables else ()
        identities = {name: identify(name, levers, seed) for name, levers in scenarios.items()}
        self.tasks = {
            name: Task(levers.model_dump_json(), identities[name].hash, seed, engine, keep_tables)
            for name, levers in scenarios.items()
        }
        for task in self.tasks.values():
            _ = task.prepared
        self.runs = {name: Run.opened(identity, out) for name, identity in identities.items()}
        self._frames: dict[str, list[pd.DataFrame]] = {name: [] for name in scenarios}

    def reach(self, wanted: Mapping[str, int], progress: Progress = lambda *_: None) -> None:
        """Play the replications that are not kept yet, keeping each as it comes.

        Parameters
        ----------
        wanted : mapping of str to int
            Replications of each scenario, from the first.
        progress : callable
            Called with the replications finished and wanted, each time one lands.

        Raises
        ------
        KeyboardInterrupt
            Finished replications are kept, and the same call goes on from them.
        """
        counts: dict[str, int] = {}
        for name, count in wanted.items():
            identity = self.tasks[name].identity
            counts[identity] = max(count, counts.get(identity, 0))
        missing = self._missing(counts)
        seconds: dict[str, dict[int, float]] = {identity: {} for identity in counts}
        total = sum(counts.values())
        kept = total - len(missing)
        progress(kept, total)
        self._record(counts, seconds)
        try:
            with closing(side_by_side(missing, self.workers, self.cluster)) as results:
                for done, played in enumerate(results, start=kept + 1):
                    for run in self._asking(played.identity):
                        run.keep(played.replication, played.indicators, played.tables)
                    seconds[played.identity][played.replication] = played.seconds
                    progress(done, total)
        finally:
            self._record(counts, seconds)

    def _asking(self, identity: str) -> list[Run]:
        """Runs of an identity: two names may ask the same."""
        return [self.runs[name] for name, task in self.tasks.items() if task.identity == identity]

    def _missing(self, counts: Mapping[str, int]) -> list[tuple[Task, int]]:
        """What is not kept, replication by replication, for as many scenarios as workers hold."""
        kept = {
            identity: set.intersection(*(r.finished(self.tables) for r in self._asking(identity)))
            for identity in counts
        }
        tasks = list({task.identity: task for task in self.tasks.values()}.values())
        return [
            (task, number)
            for first in range(0, len(tasks), CENTRES_KEPT)
            for number in range(1, max(counts.values(), default=0) + 1)
            for task in tasks[first : first + CENTRES_KEPT]
            if number <= counts.get(task.identity, 0) and number not in kept[task.identity]
        ]

    def _record(
        self, counts: Mapping[str, int], seconds: Mapping[str, Mapping[int, float]]
    ) -> None:
        workers = "cluster" if self.cluster else self.workers
        for identity, count in counts.items():
            for run in self._asking(identity):
                run.record(count, workers, seconds[identity])

    def rows(self, name: str, replications: int) -> pd.DataFrame:
        """Indicators of the first replications of a scenario, indexed by replication."""
        frames = self._frames[name]
        new = range(len(frames) + 1, replications + 1)
        frames += [self.runs[name].indicators(number) for number in new]
        numbered = {number: frames[number - 1] for number in range(1, replications + 1)}
        return pd.concat(numbered, names=["replication"]).droplevel(1)

    def values(self, name: str, indicators: Iterable[str], replications: int) -> pd.DataFrame:
        """Values of the whole centre: one row per replication, NaN where it has none."""
        rows = self.rows(name, replications)
        centre = rows[rows["scope"] == "centre"].set_index("indicator", append=True)["value"]
        numbers = range(1, replications + 1)
        return centre.unstack().reindex(index=numbers, columns=list(indicators))


def run(
    scenario: Scenario,
    experiment: Experiment,
    *,
    name: str,
    out: Path,
    workers: int = 1,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
    keep_tables: bool = False,
    cluster: str | None = None,
) -> Result:
    """Run one scenario: `run_all` of it alone."""
    results = run_all(
        {name: scenario},
        experiment,
        out=out,
        workers=workers,
        engine=engine,
        progress=progress,
        keep_tables=keep_tables,
        cluster=cluster,
    )
    return results[name]


def run_all(
    scenarios: Mapping[str, Scenario],
    experiment: Experiment,
    *,
    out: Path,
    workers: int = 1,
    engine: Engine = "kernel",
    progress: Progress = lambda *_: None,
    keep_tables: bool = False,
    cluster: str | None = None,
) -> dict[str, Result]:
    """Run the replications that are not stored yet, until there are enough; then sum them up.

    Each scenario stops by its own values: its answer is the same whoever is run beside it, on
    however many workers. See `Replays` for the parameters, `twin.scenarios.stopping` for the rule.

    Parameters
    ----------
    progress : callable
        Called with the replications finished and wanted, each time one lands.

    Raises
    ------
    InputError, MissingError, StoreError
        Before anything is written.
    KeyboardInterrupt
        Finished replications are kept, and the same call goes on from them.
    """
    replays = Replays(
        scenarios,
        experiment.seed,
        out=out,
        workers=workers,
        engine=engine,
        cluster=cluster,
        keep_tables=keep_tables,
    )
    wanted = dict.fromkeys(scenarios, experiment.replications)
    results: dict[str, Result] = {}
    while len(results) < len(scenarios):
        replays.reach(wanted, progress)
        for name in [name for name in scenarios if name not in results]:
            decision = decide(
                replays.values(name, experiment.precision, wanted[name]),
                experiment.precision,
                fewest=experiment.replications,
                cap=experiment.max_replications,
                look_ahead=experiment.look_ahead,
            )
            if isinstance(decision, Stop):
                rows = replays.rows(name, decision.replications)
                results[name] = Result(replays.runs[name], decision, rows)
            else:
                wanted[name] = decision
    return {name: results[name] for name in scenarios}


def stored_result(stored: Run, replications: int) -> Result:
    """Result over the first replications of a run, which must all be there."""
    numbered = {number: stored.indicators(number) for number in range(1, replications + 1)}
    rows = pd.concat(numbered, names=["replication"]).droplevel(1)
    return Result(stored, Stop(replications, "asked", f"{replications} were read"), rows)


def summary(replications: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Mean, standard deviation and Student interval of each indicator over the replications.

    Returns
    -------
    DataFrame
        One row per (indicator, scope, key), with its unit and family; `mean`, `sd`, `low` and
        `high` of the 95 % interval, and `n`, the replications in which it had a value. The interval
        is empty (NaN) when `n` is below 2. That of a share ends at 0 and 1: what is cut off was
        impossible, so it holds the truth as often as before.
    """
    rows = pd.concat(replications, ignore_index=True)
    by = ["indicator", "scope", "key", "unit", "family"]
    table = rows.groupby(by, sort=False)["value"].agg(["mean", "std", "count"]).reset_index()
    table = table.rename(columns={"std": "sd", "count": "n"})
    half = half_width(table["sd"], table["n"])
    share = table["unit"] == "part"
    low, high = table["mean"] - half, table["mean"] + half
    return table.assign(
        low=low.mask(share, low.clip(lower=0)), high=high.mask(share, high.clip(upper=1))
    )
