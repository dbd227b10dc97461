"""What the centre costs, who pays, and which tariffs would balance it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.run import (
    CountOption,
    EngineName,
    EngineOption,
    JsonOption,
    OfficialOption,
    OutOption,
    SeedOption,
    WorkersOption,
    asked_experiment,
    asked_scenario,
    print_json,
    tell_compilation,
    worker_count,
)
from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
    from twin.model.budget.volumes import Volumes
    from twin.scenarios.schema import Experiment, Scenario

__all__ = ["breakeven", "budget"]

STEADY_YEAR = 2032
"""Year of the details unless another is asked: the communes of the reference have come."""


class PerimeterName(StrEnum):
    """Names of the perimeters, as the command line takes them."""

    TARIFF = "tariff"
    FULL = "full"


def budget(
    name: NameArgument,
    year: Annotated[
        int, typer.Option("--year", metavar="Y", help="Year of the costs by unit and by forfait.")
    ] = STEADY_YEAR,
    risk: Annotated[
        int,
        typer.Option("--risk", min=0, metavar="N", help="Draws of the assumptions, 0 for none."),
    ] = 0,
    communes: Annotated[
        bool, typer.Option("--communes", help="Show what each commune pays and gets.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--names", help="Show the communes' names, else masked.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Show every line of the accounts.")
    ] = False,
    replications: CountOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    settings: SetOption = None,
    official_only: OfficialOption = False,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Print the budget of a scenario, 2026-2036, in the two perimeters.

    Hours and volumes come from its runs, which are computed first when they are not stored.
    """
    from twin.cli.finance_json import budget_document
    from twin.cli.finance_tables import show_budget, show_communes, show_risk
    from twin.model.assumptions import Assumptions
    from twin.model.budget.adoption import year_index
    from twin.model.budget.communes import commune_views
    from twin.model.budget.risk import PERIMETERS
    from twin.planning.finance import budget_of, pay_by_function, risk_of, verdict_of

    year_index(year)
    asked = _asked(name, settings, official_only, scenarios, seed, replications)
    with asked.stopped_cleanly(f"{name}: runs") as progress:
        stages = asked.stages(out, workers, engine, progress)
    scenario = asked.scenario
    found = budget_of(scenario, stages)
    drawn, verdicts = None, []
    if risk:
        with asked.stopped_cleanly(f"{name}: {risk} budgets") as progress:
            drawn = risk_of(
                scenario,
                stages,
                count=risk,
                seed=asked.experiment.seed,
                progress=lambda done, wanted: progress("budgets", done, wanted),
            )
            verdicts = [verdict_of(scenario, stages, perimeter=p, year=year) for p in PERIMETERS]
    assumptions = Assumptions(scenario.assumptions)
    views = (
        commune_views(stages[-1], scenario.tariffs, scenario.budget, assumptions)
        if communes
        else ()
    )
    if as_json:
        print_json(budget_document(found, year, drawn, verdicts, views, named=names))
        return
    show_budget(name, found, year, pay_by_function(scenario, stages, year), lines=lines)
    if views:
        show_communes(views, stages[-1], named=names)
    if drawn is not None:
        show_risk(drawn, verdicts)
    asked.footnotes(stages)


def breakeven(
    name: NameArgument,
    year: Annotated[int, typer.Option("--year", metavar="Y", help="Year to balance.")],
    keep_ratio: Annotated[
        bool,
        typer.Option("--keep-ratio", help="One factor on every fee, not each its own cost."),
    ] = False,
    perimeter: Annotated[
        PerimeterName, typer.Option("--perimeter", help="What the fees are asked to pay.")
    ] = PerimeterName.TARIFF,
    replications: CountOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    settings: SetOption = None,
    official_only: OfficialOption = False,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Print the annual fees that balance a year, and the cameras that one seat needs."""
    from twin.cli.finance_json import balance_document
    from twin.cli.finance_tables import show_balance
    from twin.model.budget.adoption import year_index
    from twin.planning.finance import balance_of, seats_of

    year_index(year)
    asked = _asked(name, settings, official_only, scenarios, seed, replications)
    with asked.stopped_cleanly(f"{name}: runs") as progress:
        stages = asked.stages(out, workers, engine, progress)
    found = balance_of(
        asked.scenario, stages, year=year, perimeter=perimeter.value, keep_ratio=keep_ratio
    )
    seats = seats_of(asked.scenario, stages, year=year, perimeter=perimeter.value)
    if as_json:
        print_json(balance_document(found, asked.scenario.tariffs, seats))
        return
    show_balance(found, asked.scenario.tariffs, seats, keep_ratio=keep_ratio)
    asked.footnotes(stages)


@dataclass(frozen=True)
class _Asked:
    """A question of the command line."""

    name: str
    scenario: Scenario
    experiment: Experiment

    def stages(
        self,
        out: Path,
        workers: int | None,
        engine: EngineName,
        progress: Callable[[str, int, int], None],
    ) -> tuple[Volumes, ...]:
        """Run what is not stored."""
        from twin.planning.volumes import stage_volumes

        tell_compilation(engine.value)
        return stage_volumes(
            self.scenario,
            self.experiment,
            name=self.name,
            out=out,
            workers=worker_count(workers),
            engine=engine.value,
            progress=progress,
        )

    @contextmanager
    def stopped_cleanly(self, label: str) -> Iterator[Callable[[str, int, int], None]]:
        """Show one bar for all that is counted under any name; Ctrl-C ends it in one sentence."""
        from twin.cli.show import watched

        counts: dict[str, tuple[int, int]] = {}
        with watched(label, 1, "done") as bar:

            def move(counted: str, done: int, wanted: int) -> None:
                counts[counted] = (done, wanted)
                bar.move(sum(d for d, _ in counts.values()), sum(w for _, w in counts.values()))

            yield move

    def footnotes(self, stages: tuple[Volumes, ...]) -> None:
        """Print what the figures rest on."""
        from twin.cli.show import DAYS_OF_A_YEAR

        full = stages[-1]
        if self.scenario.horizon.days < DAYS_OF_A_YEAR:
            print(
                f"the run is {self.scenario.horizon.days} days long: its pace is taken as a year's"
            )
        print(
            f"seed {full.seed}, replications {full.replications}, run {full.identity[:12]};"
            f" ramp-up runs with {', '.join(str(len(each.communes)) for each in stages)} communes"
        )


def _asked(
    name: str,
    settings: list[str] | None,
    official_only: bool,
    scenarios: Path | None,
    seed: int | None,
    replications: int | None,
) -> _Asked:
    from twin.scenarios.library import load_library

    library = load_library(scenarios)
    scenario = asked_scenario(library, name, settings, official_only=official_only)
    return _Asked(name, scenario, asked_experiment(library.experiment, seed, replications))
