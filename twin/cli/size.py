"""Size the room: seats for service levels, the front of a budget, what pooling is worth."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from twin.cli.run import (
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
from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
    from twin.cli.show_size import FrontShown, SizingShown
    from twin.planning.playing import Player, Tell
    from twin.planning.targets import Target
    from twin.scenarios.library import Library
    from twin.scenarios.schema import Experiment, Scenario

__all__ = ["pooling", "size"]

REPLICATIONS, DAYS, MOST_SEATS, MOST_ADDED = 10, 84, 20, 8

Found = TypeVar("Found")

TARGET_HELP = "Level to meet, as requisition_saved>=0.99: a name of data/indicators.yaml; repeated."
CountOption = Annotated[
    int, typer.Option("--replications", metavar="N", min=2, help="Replications of each plan.")
]
DaysOption = Annotated[int, typer.Option("--days", metavar="D", min=7, help="Days simulated.")]


def size(
    name: NameArgument,
    targets: Annotated[list[str], typer.Option("--target", metavar="LEVEL", help=TARGET_HELP)],
    budget: Annotated[
        float | None,
        typer.Option("--budget", metavar="EUR", help="Show the front of the plans up to it."),
    ] = None,
    replications: CountOption = REPLICATIONS,
    days: DaysOption = DAYS,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    most: Annotated[
        int,
        typer.Option("--most", metavar="SEATS", min=1, help="Operators at any hour, at most."),
    ] = MOST_SEATS,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Write a file of scenarios with the plan."),
    ] = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Find the cheapest seats by hour of the week that meet service levels.

    Ctrl-C keeps the best plan so far; the same command goes on from the runs already played.
    """
    from twin.cli.show_size import SizingShown
    from twin.errors import InputError
    from twin.planning.playing import Player
    from twin.planning.targets import parse_target
    from twin.scenarios.store import SEARCHES

    if save and budget:
        raise InputError("--save writes one plan: leave out --budget")
    asked = [parse_target(text) for text in targets]
    library, scenario, experiment = _asked(name, settings, scenarios, days, seed, replications)
    documents: dict[str, Any] = {}
    for case, varied in _cases(scenario, asked).items():
        with _telling(f"size {name} {case}".rstrip()) as tell:
            player = Player(
                f"size_{name}"[:40],
                varied,
                asked,
                experiment,
                out=out / SEARCHES,
                workers=worker_count(workers),
                tell=tell,
            )
            shown, interrupted = _shown(player, budget, most)
        if shown is not None:
            documents[case] = shown.document() | {"interrupted": interrupted}
            if not as_json:
                shown.show(case)
            if save and isinstance(shown, SizingShown) and case in {"", "central"}:
                _save(save, name, library, scenario, shown)
        if interrupted:
            print("twin: interrupted, what was played is kept", file=sys.stderr)
            break
    if as_json:
        print_json(documents.get("", documents))
    if interrupted:
        raise typer.Exit(130)


def _shown(
    player: Player, budget: float | None, most: int
) -> tuple[SizingShown | FrontShown | None, bool]:
    """The best answer found, and whether Ctrl-C came before it was the last."""
    from twin.cli.show_size import FrontShown, SizingShown, hours_for
    from twin.planning.front import front
    from twin.planning.sizing import size

    if budget is None:
        sizing, interrupted = _last(size(player, most))
        return SizingShown(player, sizing) if sizing else None, interrupted
    plans, interrupted = _last(front(player, hours_for(budget, player), most))
    return FrontShown(player, plans, budget) if plans else None, interrupted


def pooling(
    name: NameArgument,
    targets: Annotated[
        list[str] | None, typer.Option("--target", metavar="LEVEL", help=TARGET_HELP)
    ] = None,
    sectors: Annotated[
        list[int] | None,
        typer.Option("--sectors", metavar="N", min=2, help="A number of sectors; repeated (2, 3)."),
    ] = None,
    shown: Annotated[
        list[str] | None,
        typer.Option("--show", metavar="INDICATOR", help="Compared beside the targets; repeated."),
    ] = None,
    replications: CountOption = REPLICATIONS,
    days: DaysOption = DAYS,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    most: Annotated[
        int,
        typer.Option("--most", metavar="SEATS", min=0, help="Seats day and night added at most."),
    ] = MOST_ADDED,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Compare the same seats pooled, parted by sectors, and one commune at a time.

    With targets: also the seats that each way needs beside those of the scenario to meet them.
    """
    from twin.cli import show_size
    from twin.errors import InputError, did_you_mean
    from twin.model.indicators import load_indicators
    from twin.planning.pooling import Room, ways
    from twin.planning.targets import parse_target
    from twin.scenarios.store import SEARCHES

    asked = [parse_target(text) for text in targets or []]
    names = [*(target.indicator for target in asked), *(shown or show_size.COMPARED)]
    for each in names:
        if each not in load_indicators():
            hint = did_you_mean(each, load_indicators())
            raise InputError(f'--show: unknown indicator "{each}"; {hint}')
    _, scenario, experiment = _asked(name, settings, scenarios, days, seed, replications)
    with _telling(f"pooling {name}") as tell:
        room = Room(scenario, experiment, out / SEARCHES, worker_count(workers), most, tell)
        chosen = ways(sectors or [2, 3], named=bool(scenario.seats.pools))
        try:
            found = room.compared(chosen, asked, list(dict.fromkeys(names)))
        except KeyboardInterrupt:
            print("twin: interrupted, what was played is kept", file=sys.stderr)
            raise typer.Exit(130) from None
    if as_json:
        print_json(show_size.ways_document(found))
    else:
        show_size.show_ways(name, found, room)


def _asked(
    name: str,
    settings: list[str] | None,
    scenarios: Path | None,
    days: int,
    seed: int | None,
    replications: int,
) -> tuple[Library, Scenario, Experiment]:
    from twin.scenarios.library import load_library

    library = load_library(scenarios)
    scenario = asked_scenario(library, name, settings, days)
    return library, scenario, asked_experiment(library.experiment, seed, replications)


def _cases(scenario: Scenario, targets: Iterable[Target]) -> dict[str, Scenario]:
    """The scenario, or its low, central and high ends when a target is on the model alone."""
    from twin.planning.targets import RESTS_ON

    if all(target.observable for target in targets):
        return {"": scenario}
    return {
        end: scenario.with_overrides({"assumptions": dict.fromkeys(RESTS_ON, end)})
        for end in ("low", "central", "high")
    }


def _last(found: Iterator[Found]) -> tuple[Found | None, bool]:
    """The last one, and whether Ctrl-C came first."""
    last = None
    try:
        for last in found:  # noqa: B007
            pass
    except KeyboardInterrupt:
        return last, True
    return last, False


@contextmanager
def _telling(label: str) -> Iterator[Tell]:
    """What is being done, on stderr, when it is a terminal."""
    from rich.console import Console

    tell_compilation("kernel")
    with Console(stderr=True).status(label) as status:
        yield lambda words: status.update(f"{label}: {words}")


def _save(path: Path, name: str, library: Library, scenario: Scenario, shown: SizingShown) -> None:
    """A file of scenarios: the scenario asked about, over its own horizon, and the plan in it."""
    from twin.files import as_yaml, atomic_write

    recipe = library.recipes[name]
    horizon = library[name].horizon.model_dump(mode="json")
    sized = f"{name[:34]}_sized"
    targets = ", ".join(map(str, shown.player.targets))
    content = {
        "experiment": library.experiment.model_dump(mode="json"),
        "base": scenario.model_dump(mode="json") | {"horizon": horizon},
        "overrides": {sized: shown.player.overrides(shown.sizing.plan)},
        "scenarios": {
            name: {"label": recipe.label, "description": recipe.description},
            sized: {
                "label": f"{recipe.label}, dimensionné",
                "description": f"Les sièges trouvés pour {targets}.",
                "overrides": [sized],
            },
        },
    }
    atomic_write(path, as_yaml(content))
    print(f"twin: written, twin run {sized} --scenarios {path}", file=sys.stderr)
