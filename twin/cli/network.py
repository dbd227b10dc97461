"""``twin network``: where the images travel, what fills first, what a failure costs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from twin.cli.run import EngineName, JsonOption, print_json, tell_compilation
from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
    from twin.contracts import Capacity
    from twin.model.centre.engines import Engine
    from twin.planning.network import Study
    from twin.scenarios.schema import Scenario

__all__ = ["network"]


def network(
    name: NameArgument,
    failures: Annotated[
        bool, typer.Option("--failures", help="Every single failure, and its price.")
    ] = False,
    links: Annotated[
        Path | None,
        typer.Option(
            "--links",
            metavar="FILE.csv",
            help="Real links: from,to,length_km,capacity_mbps,cost_eur_year.",
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="P4", help="Main stream of the cameras.")
    ] = None,
    capacity: Annotated[
        Path | None,
        typer.Option("--capacity", metavar="FILE", help="A capacity.json (twin streams fit)."),
    ] = None,
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="FILE", help="Map, as .svg or .png.")
    ] = None,
    again: Annotated[
        int, typer.Option("--again", min=0, help="Failures with which the centre is played again.")
    ] = 3,
    replications: Annotated[int, typer.Option("--replications", min=1, help="For --failures.")] = 5,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="Entropy of the random streams.")
    ] = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="Who plays the centre: same bytes.")
    ] = EngineName.KERNEL,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    as_json: JsonOption = False,
    names: Annotated[
        bool, typer.Option("--names", help="Show the communes' codes in the JSON, else masked.")
    ] = False,
) -> None:
    """Study the network of a scenario: load of each link, ingest, recordings and cost.

    The fibre is not public: without --links, its topology is a hypothesis built from coordinates.
    """
    from twin.cli.network_show import masked
    from twin.contracts import mask
    from twin.errors import InputError
    from twin.planning.network import capacity_in_use
    from twin.scenarios.library import load_library

    if failures and draw:
        raise InputError("--draw shows how full the links get: leave out --failures")
    library = load_library(scenarios)
    scenario = _changed(library[name], settings or [], links, profile)
    entropy = library.experiment.seed if seed is None else seed
    asked = _Asked(name, scenario, entropy, capacity_in_use(capacity), engine.value)
    tell_compilation(engine.value)
    try:
        found = _ranked(asked, replications, again) if failures else _studied(asked, draw)
    except KeyboardInterrupt:
        print("twin: interrupted, nothing was kept", file=sys.stderr)
        raise typer.Exit(130) from None
    if as_json:
        document = {"scenario": name, "seed": entropy} | found.document
        if not names:
            masks = {code: mask(code, f"{name}/{entropy}") for code in found.communes}
            document = masked(document, masks)
        print_json(document)
    else:
        found.show()
        drawn_from = replications if failures else 1
        print(f"{name}: seed {entropy}, {drawn_from} replication{'s' * (drawn_from > 1)}")


class _Asked(NamedTuple):
    """What a study is made of."""

    name: str
    scenario: Scenario
    seed: int
    capacity: Capacity
    engine: Engine


class _Found(NamedTuple):
    """What is shown of it."""

    communes: list[str]
    document: dict[str, Any]
    show: Callable[[], None]


def _ranked(asked: _Asked, replications: int, again: int) -> _Found:
    """Every single failure."""
    from twin.cli.network_show import failures_document, show_failures
    from twin.cli.show import Bar
    from twin.planning.network import failures_of

    with Bar(asked.name, replications) as bar:
        found = failures_of(
            asked.scenario,
            asked.seed,
            replications,
            asked.capacity,
            played_again=again,
            engine=asked.engine,
            progress=bar.move,
        )
    codes = [commune.insee for commune in found.prepared.territory.communes]
    return _Found(codes, failures_document(found), partial(show_failures, found))


def _studied(asked: _Asked, draw: Path | None) -> _Found:
    """What the network carries and costs, drawn if asked."""
    from twin.cli.network_show import show_study, study_document
    from twin.cli.show import Bar
    from twin.planning.network import STEPS, study

    with Bar(asked.name, STEPS) as bar:
        found = study(
            asked.scenario, asked.seed, asked.capacity, engine=asked.engine, progress=bar.move
        )
    if draw is not None:
        _draw(found, draw)
    codes = [commune.insee for commune in found.prepared.territory.communes]
    return _Found(codes, study_document(found), partial(show_study, found, asked.capacity))


def _changed(
    scenario: Scenario, settings: list[str], links: Path | None, profile: str | None
) -> Scenario:
    from twin.scenarios.schema import assignments

    changed = scenario.with_overrides(assignments(settings), "command line")
    given = {"links": links, "profile": profile}
    levers = {key: value for key, value in given.items() if value is not None}
    return changed.with_overrides({"network": levers}, "command line")


def _draw(studied: Study, path: Path) -> None:
    from twin.errors import MissingError

    try:
        from twin.reports.network_map import draw_network
    except ImportError:
        raise MissingError('altair is not installed: install the "ui" packages') from None
    territory, sites = studied.prepared.territory, studied.levers.sites
    draw_network(studied.network, territory, sites, studied.uses, path)
