"""How far the figures may be wrong, what moves them, and what would reverse a conclusion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.run import (
    CountOption,
    DaysOption,
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
    import pandas as pd
    from rich.table import Table

    from twin.contracts import Figure
    from twin.planning.envelope import Envelope
    from twin.planning.points import Plays
    from twin.planning.sensitivity import Reversal
    from twin.planning.study import Study
    from twin.scenarios.schema import Experiment, Scenario

__all__ = ["envelope", "sensitivity"]

PerPointOption = Annotated[
    int,
    typer.Option("--per-point", min=1, metavar="R", help="Replications played at each point."),
]


def envelope(
    name: NameArgument,
    points: Annotated[
        int, typer.Option("--points", min=2, metavar="N", help="Draws of the assumptions.")
    ] = 100,
    per_point: PerPointOption = 1,
    replications: CountOption = None,
    days: DaysOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    official_only: OfficialOption = False,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Print each indicator with the envelope of the assumptions first, and chance second.

    All the assumptions are drawn together and the scenario is played at each draw, in the same
    worlds. --replications is for the central values. Points already played are never played again.
    """
    from twin.cli.show import show_sources, sources
    from twin.planning.envelope import envelope
    from twin.scenarios.library import load_library

    library = load_library(scenarios)
    scenario = asked_scenario(library, name, settings, days, official_only)
    experiment = asked_experiment(library.experiment, seed, replications)
    with _players(name, engine, workers, out) as play_with:
        central = play_with(scenario, experiment)
        draws = play_with(scenario, experiment.exactly(per_point))
        found = envelope(central, draws, points)
    if as_json:
        print_json(_envelope_document(found, name) | sources(scenario))
        return
    _show_envelope(found, name)
    show_sources(scenario)


def sensitivity(
    name: NameArgument,
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", metavar="X", help="May be repeated.")
    ] = None,
    conclusion: Annotated[
        list[str] | None,
        typer.Option(
            "--conclusion",
            metavar="X>=VALUE",
            help="What would reverse it? May be repeated: requisition_saved>=0.99.",
        ),
    ] = None,
    trajectories: Annotated[
        int,
        typer.Option(
            "--trajectories", min=0, metavar="T", help="Of the screening; 0 keeps everything."
        ),
    ] = 4,
    influence: Annotated[
        float,
        typer.Option("--influence", min=0, max=1, help="Kept: this part of the strongest effect."),
    ] = 0.1,
    beyond: Annotated[
        float,
        typer.Option("--beyond", min=1, help="Look this many times as far as the range goes."),
    ] = 1.0,
    per_point: PerPointOption = 3,
    days: DaysOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.KERNEL,
    official_only: OfficialOption = False,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Print what moves an indicator, and the value of each assumption that reverses a conclusion.

    Screening (Morris, one replication) says which assumptions matter; each of those is then moved
    alone to both ends of its range, and searched where a conclusion is not the same at an end.
    """
    from twin.cli.show import show_sources, sources
    from twin.planning.sensitivity import Conclusion
    from twin.planning.study import study
    from twin.scenarios.library import load_library

    library = load_library(scenarios)
    scenario = asked_scenario(library, name, settings, days, official_only)
    experiment = asked_experiment(library.experiment, seed, per_point)
    with _players(name, engine, workers, out) as play_with:
        found = study(
            play_with(scenario, experiment),
            play_with(scenario, experiment.exactly(1)),
            indicator or [],
            [Conclusion.read(text) for text in conclusion or []],
            trajectories=trajectories,
            influence=influence,
            beyond=beyond,
        )
    if as_json:
        print_json(_study_document(found) | sources(scenario))
        return
    _show_study(found, "within its range" if beyond == 1 else f"up to {beyond:g} times its range")
    show_sources(scenario)
    if per_point == 1:
        print("one replication: chance is not told from a reversal")


@contextmanager
def _players(
    name: str, engine: EngineName, workers: int | None, out: Path
) -> Iterator[Callable[[Scenario, Experiment], Plays]]:
    """Give what plays a scenario, with one bar for all of them; Ctrl-C ends it in one sentence."""
    from twin.cli.show import watched
    from twin.planning.points import Plays

    tell_compilation(engine.value)
    with watched(name, 1, "points kept") as bar:
        yield partial(
            Plays,
            out=out,
            workers=worker_count(workers),
            engine=engine.value,
            progress=bar.move,
        )


def _envelope_document(found: Envelope, name: str) -> dict[str, Any]:
    return {
        "scenario": name,
        "seed": found.seed,
        "points": len(found.draws),
        "replications": {"point": found.replications[0], "central": found.replications[1]},
        "indicators": [asdict(row) for row in found.rows()],
    }


def _show_envelope(found: Envelope, name: str) -> None:
    from rich.table import Table

    from twin.cli.show import FAMILIES, console, number

    rows = list(found.rows())
    terminal = console()
    for family, title in FAMILIES.items():
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        table.add_column("indicator")
        for heading in ("5-95 % of the draws", "median", "central values", "95 % interval"):
            table.add_column(heading, justify="right")
        table.add_column("unit")
        for row in rows:
            if row.family == family:
                drawn, chance = row.assumptions, row.chance
                values = (number(drawn.value), number(chance.value))
                table.add_row(row.label, _span(drawn), *values, _span(chance), drawn.unit)
        terminal.print(table, "")
    points, keys = found.draws.shape
    at_point, at_centre = found.replications
    print(f"{name}: {points} draws of {keys} numbers, Latin hypercube, seed {found.seed}")
    print(f"replications: {at_point} at each draw, {at_centre} at the central values")


def _span(figure: Figure) -> str:
    from twin.cli.show import number

    alone = figure.low == figure.high
    return "" if alone else f"{number(figure.low)} to {number(figure.high)}"


def _study_document(found: Study) -> dict[str, Any]:
    return {
        "central": found.central,
        "screening": {
            name: table.reset_index().to_dict("records") for name, table in found.effects.items()
        },
        "tornado": {name: table.to_dict("records") for name, table in found.tornados.items()},
        "reversals": {
            str(conclusion): [
                {
                    "key": each.factor.key,
                    "searched_to": each.end,
                    "value": each.figure and asdict(each.figure),
                }
                for each in reversals
            ]
            for conclusion, reversals in found.reversals.items()
        },
    }


def _show_study(found: Study, searched: str, shown: int = 15) -> None:
    from twin.cli.show import console
    from twin.model.indicators import load_indicators

    terminal = console()
    for name, central in found.central.items():
        unit = load_indicators()[name].unit
        terminal.print(f"{name}: {central:.4g} {unit} at the central values", highlight=False)
        if name in found.effects:
            terminal.print("", _screening_table(found.effects[name], shown))
        terminal.print("", _tornado_table(found.tornados[name], shown), "")
    for conclusion, reversals in found.reversals.items():
        holds = conclusion.margin(found.central[conclusion.indicator]) >= 0
        state = "holds" if holds else "does not hold"
        terminal.print(f"{conclusion} {state} at the central values", highlight=False)
        flipped = {each.factor.key for each in reversals if each.flip}
        if flipped:
            terminal.print("", _reversal_table(reversals), "")
        others = sorted({each.factor.key for each in reversals} - flipped)
        print(f"none {searched}: {', '.join(others) or '-'}\n")
    print(f"moved alone: {len(found.kept)} numbers, the influential ones and those never drawn")


def _screening_table(effects: pd.DataFrame, shown: int) -> Table:
    from rich.table import Table

    from twin.cli.show import number

    table = Table(title="Screening (Morris)", title_justify="left", box=None, pad_edge=False)
    table.add_column("assumption")
    for heading in ("mu*", "±", "mu", "sigma"):
        table.add_column(heading, justify="right")
    for key, row in effects.head(shown).iterrows():
        values = (row[name] for name in ("mu_star", "mu_star_conf", "mu", "sigma"))
        table.add_row(str(key), *(number(value) for value in values))
    return table


def _tornado_table(swings: pd.DataFrame, shown: int) -> Table:
    from rich.table import Table

    from twin.cli.show import number

    title = "Each alone, from the low to the high end of its range"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("assumption")
    for heading in ("low", "high", "at low", "at high", "swing"):
        table.add_column(heading, justify="right")
    for _, row in swings.head(shown).iterrows():
        values = (row[name] for name in ("low", "high", "at_low", "at_high", "swing"))
        table.add_row(row["key"], *(number(value) for value in values))
    return table


def _reversal_table(reversals: Sequence[Reversal]) -> Table:
    from rich.table import Table

    from twin.cli.show import number

    table = Table(title="What reverses it", title_justify="left", box=None, pad_edge=False)
    table.add_column("assumption")
    for heading in ("central", "reversed at", "in doubt between"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    for each in reversals:
        if each.figure:
            entry = each.factor.entry
            values = (number(entry.central), number(each.figure.value))
            table.add_row(each.factor.key, *values, _span(each.figure), entry.unit)
    return table
