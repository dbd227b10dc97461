"""``twin network``: where the images travel, what fills first, what a failure costs."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.run import EngineName
from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
    names: Annotated[
        bool, typer.Option("--names", help="Show the communes' codes in the JSON, else masked.")
    ] = False,
) -> None:
    """Study the network of a scenario: load of each link, ingest, recordings and cost.

    The fibre is not public: without --links, its topology is a hypothesis built from coordinates.
    """
    from twin.cli.network_show import (
        failures_document,
        masked,
        show_failures,
        show_study,
        study_document,
    )
    from twin.cli.show import Bar, mask
    from twin.errors import InputError
    from twin.model.centre.engines import must_compile
    from twin.planning.network import STEPS, capacity_in_use, failures_of, study
    from twin.scenarios.library import load_library

    if failures and draw:
        raise InputError("--draw shows how full the links get: leave out --failures")
    library = load_library(scenarios)
    scenario = _changed(library[name], settings or [], links, profile)
    entropy = library.experiment.seed if seed is None else seed
    held = capacity_in_use(capacity)
    if must_compile(engine.value):
        print("twin: compiling the kernel, once per version: a minute or two", file=sys.stderr)
    document: dict[str, Any]
    try:
        if failures:
            with Bar(name, replications) as bar:
                ranked = failures_of(
                    scenario,
                    entropy,
                    replications,
                    held,
                    played_again=again,
                    engine=engine.value,
                    progress=bar.move,
                )
            document, shown = failures_document(ranked), partial(show_failures, ranked)
            prepared = ranked.prepared
        else:
            with Bar(name, STEPS) as bar:
                studied = study(scenario, entropy, held, engine=engine.value, progress=bar.move)
            document, shown = study_document(studied), partial(show_study, studied, held)
            prepared = studied.prepared
            if draw is not None:
                _draw(studied, draw)
    except KeyboardInterrupt:
        print("twin: interrupted, nothing was kept", file=sys.stderr)
        raise typer.Exit(130) from None
    if as_json:
        document = {"scenario": name, "seed": entropy} | document
        if not names:
            codes = [commune.insee for commune in prepared.territory.communes]
            document = masked(document, {code: mask(code, f"{name}/{entropy}") for code in codes})
        print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        shown()
        drawn_from = replications if failures else 1
        print(f"{name}: seed {entropy}, {drawn_from} replication{'s' * (drawn_from > 1)}")


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
