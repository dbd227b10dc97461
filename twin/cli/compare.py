"""Compare scenarios that met the same worlds, and find the best of many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.run import (
    CountOption,
    DaskOption,
    EngineName,
    EngineOption,
    JsonOption,
    OutOption,
    SeedOption,
    WorkersOption,
    asked_experiment,
    asked_scenario,
    print_json,
    tell_compilation,
    worker_count,
)
from twin.cli.scenario import LibraryOption, SetOption

if TYPE_CHECKING:
    from twin.planning.ranking import Ranking
    from twin.scenarios.compare import Difference
    from twin.scenarios.experiment import Result
    from twin.scenarios.library import Library
    from twin.scenarios.schema import Scenario

__all__ = ["compare", "rank"]

NamesArgument = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Names of scenarios (twin scenario list).")
]


def compare(
    names: NamesArgument,
    indicators: Annotated[
        list[str] | None,
        typer.Option("--indicator", metavar="KEY", help="Compare this one; may be repeated."),
    ] = None,
    replications: CountOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    dask: DaskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare scenarios with the first one, on replications that share their worlds.

    Prints, for each indicator, the paired difference, its interval, Holm's p-value, by how much
    pairing divided the variance, and what may be said. --set changes all the scenarios.
    """
    from twin.cli.show import watched
    from twin.scenarios import compare as comparisons
    from twin.scenarios.experiment import run_all
    from twin.scenarios.library import load_library

    library = load_library(scenarios)
    asked = _scenarios(library, names, settings or [])
    comparisons.check_comparable(asked)
    wanted = comparisons.known_indicators(indicators or comparisons.USUAL)
    experiment = asked_experiment(library.experiment, seed, replications)
    tell_compilation(engine.value)
    with watched("compare", experiment.replications * len(asked)) as bar:
        results = run_all(
            asked,
            experiment,
            out=out,
            workers=worker_count(workers),
            engine=engine.value,
            progress=bar.move,
            cluster=dask,
        )
    differences = comparisons.compare(results, wanted)
    if as_json:
        content = {
            "first": names[0],
            "seed": experiment.seed,
            "identities": {
                name: result.stored.manifest["identity"] for name, result in results.items()
            },
            "stops": {name: vars(result.stop) for name, result in results.items()},
            "differences": [
                asdict(difference) | {"verdict": difference.verdict} for difference in differences
            ],
        }
        print_json(content)
    else:
        _show_differences(results, differences)


def rank(
    names: NamesArgument,
    indicator: Annotated[
        str, typer.Option("--indicator", metavar="KEY", help="What the best is best at.")
    ],
    maximise: Annotated[bool, typer.Option("--max/--min", help="Whether more or less is better.")],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=A,B,C",
            help="Rank these values of a lever; repeated, every combination.",
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option("--budget", metavar="N", help="Replications in all; 30 per plan by default."),
    ] = None,
    probability: Annotated[
        float, typer.Option("--probability", metavar="P", help="Stop when this sure of the best.")
    ] = 0.95,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", metavar="N", help="Of each plan first; as in the file by default."
        ),
    ] = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    dask: DaskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the best of several plans, spending replications where they decide (OCBA).

    Plans are scenarios, or the values of a lever of one with --vary. Every plan first gets as many
    replications as any other.
    """
    from twin.cli.show import watched
    from twin.planning import ranking as rankings
    from twin.scenarios.library import load_library
    from twin.scenarios.store import SEARCHES

    library = load_library(scenarios)
    plans = _scenarios(library, names, settings or [])
    labels = {name: name for name in plans}
    if vary:
        plans, labels = _varied(plans, vary)
    experiment = asked_experiment(library.experiment, seed, replications)
    spent = rankings.Budget(
        first=experiment.replications,
        total=30 * len(plans) if budget is None else budget,
        probability=probability,
    )
    tell_compilation(engine.value)
    with watched("rank", spent.total) as bar:
        ranking = rankings.rank(
            plans,
            indicator,
            spent,
            maximise=maximise,
            seed=experiment.seed,
            out=out / SEARCHES if vary else out,
            workers=worker_count(workers),
            engine=engine.value,
            cluster=dask,
            progress=bar.move,
        )
    if as_json:
        content = asdict(ranking) | {
            "labels": labels,
            "seed": experiment.seed,
            "probability": ranking.probability,
            "spent": ranking.spent,
        }
        print_json(content)
    else:
        _show_ranking(ranking, labels, spent.total)


def _scenarios(library: Library, names: Iterable[str], settings: list[str]) -> dict[str, Scenario]:
    return {name: asked_scenario(library, name, settings) for name in names}


def _varied(
    scenarios: Mapping[str, Scenario], vary: list[str]
) -> tuple[dict[str, Scenario], dict[str, str]]:
    """Variants of each scenario by name of their runs, and what each one changes."""
    from twin.errors import InputError
    from twin.scenarios.schema import assignments

    choices = []
    for lever in vary:
        path, equals, values = lever.partition("=")
        if not equals:
            raise InputError(f'--vary {lever}: write block.lever=A,B, as "horizon.days=28,56"')
        choices.append([f"{path}={value}" for value in values.split(",")])
    variants: dict[str, Scenario] = {}
    labels: dict[str, str] = {}
    for name, scenario in scenarios.items():
        for number, chosen in enumerate(product(*choices), start=1):
            variant = f"{name[:36]}_{number}"
            variants[variant] = scenario.with_overrides(assignments(list(chosen)), "--vary")
            labels[variant] = " ".join([name, *chosen] if len(scenarios) > 1 else chosen)
    return variants, labels


def _show_differences(results: Mapping[str, Result], differences: list[Difference]) -> None:
    from rich.table import Table

    from twin.cli.show import console, number
    from twin.model.indicators import load_indicators

    terminal, known = console(), load_indicators()
    first, *others = results
    for other in others:
        title = f"{other} minus {first}"
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        table.add_column("indicator", overflow="fold")
        for column in (first, "difference", "95 % interval", "Holm p", "pairing"):
            table.add_column(column, justify="right")
        table.add_column("what may be said")
        for found in (each for each in differences if each.scenario == other):
            figure = found.difference
            table.add_row(
                known[found.indicator].label,
                number(found.first),
                number(figure.value),
                f"{number(figure.low)} to {number(figure.high)}",
                f"{found.p_holm:.2g}",
                f"{found.variance_factor:.1f}" if math.isfinite(found.variance_factor) else "",
                found.verdict,
            )
        terminal.print(table, "")
    for line in _facts(results, differences):
        terminal.print(line, highlight=False, soft_wrap=True)


def _facts(results: Mapping[str, Result], differences: list[Difference]) -> Iterable[str]:
    manifest = next(iter(results.values())).stored.manifest
    yield (
        f"Holm over {len(differences)} differences: where none is real, one is called higher or"
        " lower at most 5 times in 100"
    )
    yield "pairing: how many times more replications independent worlds would have needed"
    yield f"{manifest['scenario']['horizon']['days']} days, seed {manifest['seed']}"
    for name, result in results.items():
        yield f"{name}: {result.stop.sentence}, kept in {result.stored.folder}"


def _show_ranking(ranking: Ranking, labels: Mapping[str, str], budget: int) -> None:
    from rich.table import Table

    from twin.cli.show import console, number
    from twin.model.indicators import load_indicators

    terminal = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("plan", overflow="fold")
    indicator = load_indicators()[ranking.indicator]
    for column in (f"mean ({indicator.unit})", "95 % interval", "replications"):
        table.add_column(column, justify="right")
    table.add_column("better than the first?")
    for place, plan in enumerate(ranking.plans):
        doubt = "the same in every replication" if plan.equal else f"probability {plan.doubt:.2g}"
        table.add_row(
            labels[plan.name],
            number(plan.mean.value),
            f"{number(plan.mean.low)} to {number(plan.mean.high)}",
            str(plan.replications),
            doubt if place else "",
        )
    terminal.print(table, "")
    way = "highest" if ranking.maximise else "lowest"
    terminal.print(
        f"{indicator.label}: {labels[ranking.plans[0].name]} is the {way} with probability"
        f" {ranking.probability:.3f} at least, after {ranking.spent} of {budget} replications",
        "probability: Bonferroni over differences within shared replications, no prior; shares of"
        " the budget: OCBA, which takes the plans as independent",
        sep="\n",
        highlight=False,
        soft_wrap=True,
    )
