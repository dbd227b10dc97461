"""For the planner: what the seats cost in people, and rosters that the law allows."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.run import JsonOption, OutOption, SeedOption, asked_scenario, print_json
from twin.cli.scenario import LibraryOption, NameArgument, SetOption

if TYPE_CHECKING:
    import pandas as pd

    from twin.contracts import Figure
    from twin.model.working_time import Breach, Report
    from twin.planning.first_screen import FirstScreen
    from twin.planning.roster import Agent, Roster
    from twin.scenarios.library import Library
    from twin.scenarios.schema import Scenario

__all__ = ["roster", "seats"]

LOAD = ("agents_present", "working", "watching", "pausing", "hours_below_two")
STEPS = {
    "gross": "hours of the seats over annual hours",
    "absence": "absences replaced",
    "breaks": "breaks relieved",
    "handover": "handover paid beside the shift",
    "training": "training",
    "accreditation": "wait for the agrément",
}
LEGAL_NOTICE = "pas un avis juridique"

roster = typer.Typer(no_args_is_help=True, help="Make a roster, or check one against the law.")


def seats(
    name: NameArgument,
    seed: SeedOption = None,
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    out: OutOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """What presence alone costs before any demand, then the seats, posts and load of a scenario."""
    from twin.planning.first_screen import first_screen

    library, scenario = _scenario(name, settings, scenarios)
    screen = first_screen(scenario)
    load = _load(name, scenario, library.experiment.seed if seed is None else seed, out)
    if as_json:
        rows = None if load is None else load.to_dict(orient="records")
        print_json(asdict(screen) | {"load": rows})
        return
    _show_presence(screen)
    _show_seats(screen)
    _show_waterfall(screen)
    _show_notes(scenario, load)


@roster.command()
def make(
    name: NameArgument,
    agents: Annotated[int, typer.Option("--agents", min=1, metavar="N", help="Agents: A01, A02…")],
    start: Annotated[datetime, typer.Option("--start", formats=["%Y-%m-%d"], help="A Monday.")],
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="Calendar weeks.")] = 12,
    part_time: Annotated[
        list[str] | None,
        typer.Option("--part-time", metavar="N@PERCENT", help="As 4@80: four of them at 80 %."),
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Longest search.")] = 60,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the search.")] = 1,
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="CSV to write; an xlsx lands beside it.")
    ] = Path("roster.csv"),
    settings: SetOption = None,
    scenarios: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Roster the operators' seats of a scenario; needs that nobody meets are shown.

    Ctrl-C keeps the best roster so far.
    """
    from rich.console import Console

    from twin.files import atomic_write
    from twin.model.assumptions import Assumptions
    from twin.model.calendar import Calendar, Horizon
    from twin.model.rosters import as_csv
    from twin.model.working_time import check_roster
    from twin.planning.roster import make_roster
    from twin.planning.roster_workbook import roster_workbook

    _, scenario = _scenario(name, settings, scenarios)
    try:
        with Console(stderr=True).status(f"roster of {name}") as status:
            made = make_roster(
                scenario.seats,
                Calendar(Horizon(start=start.date(), days=7 * weeks)),
                Assumptions(scenario.assumptions),
                _agents(agents, part_time or []),
                seed=seed,
                seconds=seconds,
                progress=lambda step: status.update(f"roster of {name}: {step}"),
            )
    except KeyboardInterrupt:
        print("twin: interrupted before the first search, no roster is kept", file=sys.stderr)
        raise typer.Exit(130) from None
    report = check_roster(made.duties, scenario.seats.regime)
    title = f"Planning de {name}, {weeks} semaines du {start:%d/%m/%Y}, graine {seed}"
    atomic_write(to, as_csv(made.duties))
    atomic_write(to.with_suffix(".xlsx"), roster_workbook(made, report, title))
    if as_json:
        print_json(_made(made) | _verdict(report))
    else:
        _show_roster(made)
        _show_verdict(report)
        print(f"written: {to}, {to.with_suffix('.xlsx')}")


@roster.command()
def check(
    file: Annotated[Path, typer.Argument(help="CSV of a roster.")],
    regime: Annotated[
        str, typer.Option("--regime", help="Rules: fpt, code_travail or custom.")
    ] = "fpt",
    as_json: JsonOption = False,
) -> None:
    """Check a roster article by article, on the real calendar; exit code 1 when it breaches one."""
    from twin.errors import InputError, did_you_mean
    from twin.model.rosters import read_roster
    from twin.model.working_time import check_roster, load_working_time

    regimes = load_working_time().regimes
    if regime not in regimes:
        raise InputError(f'--regime: unknown regime "{regime}"; {did_you_mean(regime, regimes)}')
    duties = read_roster(file)
    report = check_roster(duties, regime)
    if as_json:
        print_json(_verdict(report))
    else:
        unmet = sum(not duty.agent for duty in duties)
        print(f"{len(duties)} duties, {unmet} of them unmet")
        _show_verdict(report)
    raise typer.Exit(0 if report.conforming else 1)


def _scenario(name: str, settings: list[str] | None, path: Path | None) -> tuple[Library, Scenario]:
    from twin.scenarios.library import load_library

    library = load_library(path)
    return library, asked_scenario(library, name, settings)


def _agents(count: int, part_time: list[str]) -> list[Agent]:
    """Agents by code; the part-time ones come last."""
    import re

    from twin.errors import InputError
    from twin.planning.roster import Agent

    shares = []
    for given in part_time:
        found = re.fullmatch(r"(\d+)@(\d+)", given)
        if not found or not 0 < int(found[2]) < 100:
            raise InputError(f'--part-time: "{given}" is not a number of agents such as 4@80')
        shares += [int(found[2]) / 100] * int(found[1])
    if len(shares) > count:
        raise InputError(f"--part-time: {len(shares)} of {count} agents")
    shares = [1.0] * (count - len(shares)) + shares
    width = max(2, len(str(count)))
    return [Agent(f"A{i:0{width}d}", share) for i, share in enumerate(shares, start=1)]


def _load(name: str, scenario: Scenario, seed: int, out: Path) -> pd.DataFrame | None:
    """Presence in the stored run of this very scenario; None when there is none."""
    from twin.scenarios.experiment import summary
    from twin.scenarios.store import Run, identify

    identity = identify(name, scenario, seed)
    if not (out / identity.folder / "manifest.json").exists():
        return None
    stored = Run.found(identity, out)
    finished = sorted(stored.finished())
    if not finished:
        return None
    table = summary([stored.indicators(number) for number in finished])
    return table[(table["scope"] == "centre") & table["indicator"].isin(LOAD)]


def _show_presence(screen: FirstScreen) -> None:
    print(f"Before any demand: {screen.agents} agents in the room day and night")
    print(f"  {_shown(screen.presence_etpt)}, {_money(screen.presence_cost)}")
    total = sum(fee.value for fee in screen.revenue.values())
    fees = ", ".join(
        f"forfait {forfait}: {cameras} cameras, {screen.revenue[forfait].value:,.0f} €"
        for forfait, cameras in screen.cameras.items()
    )
    print(f"  tariff revenue {total:,.0f} € a year ({fees})")
    if screen.share:
        share = screen.share
        print(
            f"  their presence takes {share.value:.0%} of it"
            f" ({share.low:.0%} to {share.high:.0%} over the assumptions)"
        )
    more = screen.etpt.value - screen.presence_etpt.value
    print(f"The plan's seats, for the demand and the rest: {more:+.2f} ETPT\n")


def _show_seats(screen: FirstScreen) -> None:
    table = _table("function", "shift", ">seats", ">ETPT", "over the assumptions")
    for row in screen.shifts:
        low_high = f"{row.etpt.low:.2f} to {row.etpt.high:.2f}"
        table.add_row(row.function, row.window, str(row.seats), f"{row.etpt.value:.2f}", low_high)
    _print(table)


def _show_waterfall(screen: FirstScreen) -> None:
    posts = screen.staffing.posts
    table = _table("posts", *(f">{row.function}" for row in posts))
    for i, words in enumerate(STEPS.values()):
        table.add_row(words, *(f"{row.steps[i].etp:.2f}" for row in posts))
    table.add_row("1. ETPT, absences replaced", *(f"{row.etpt:.2f}" for row in posts))
    table.add_row("2. budgeted ETP", *(f"{row.budgeted_etp:.2f}" for row in posts))
    table.add_row("3. whole posts to create", *(str(row.posts) for row in posts))
    _print(table)
    for label, figure in (
        ("1. ETPT", screen.etpt),
        ("2. budgeted ETP", screen.budgeted_etp),
        ("3. posts", screen.posts),
    ):
        print(f"{label}: {_shown(figure)}")
    print(f"Paid: {_money(screen.cost)}\n")


def _show_notes(scenario: Scenario, load: pd.DataFrame | None) -> None:
    from twin.model.indicators import load_indicators
    from twin.model.patterns import load_patterns

    levers = scenario.seats
    print(f"regime {levers.regime}: {LEGAL_NOTICE}")
    pattern = load_patterns().patterns.get(levers.pattern or "")
    if pattern and "fpt" not in pattern.regimes:
        print(f"pattern {levers.pattern}: non légal en l'état")
    if not levers.relief:
        print(
            "a run of this scenario leaves the seats of absent agents empty (seats.relief: false):"
            " the ETPT above hold every seat"
        )
    if load is None:
        print("no stored run of this scenario and seed: twin run shows the load of the seats")
        return
    names = load_indicators()
    for row in load.to_dict(orient="records"):
        print(f"stored run, {names[row['indicator']].label}: {row['mean']:.3g} {row['unit']}")


def _show_roster(made: Roster) -> None:
    from twin.planning.roster import loads

    cycle = made.cycle
    line = f"a line of {cycle.weeks} weeks, teams of {cycle.team}" if cycle else "no cyclic weeks"
    print(f"{len(made.duties)} duties, {made.unmet} unmet (at least {made.least_unmet}); {line}")
    print("nothing better fills what the cycle leaves" if made.proven else "not proven the best")
    if not made.ended:
        print("stopped by the clock or Ctrl-C: another run may give another roster")
    table = _table("agent", ">share", ">duties", ">hours", ">nights", ">weekends")
    for load in loads(made):
        counts = (f"{load.hours:g}", str(load.nights), str(load.weekends))
        table.add_row(load.agent.code, f"{load.agent.share:.0%}", str(load.duties), *counts)
    _print(table)
    missing = [duty for duty in made.duties if not duty.agent]
    for duty in missing[:20]:
        print(f"unmet: {duty.start:%Y-%m-%d} {duty.shift}")
    if len(missing) > 20:
        print(f"unmet: {len(missing) - 20} more in the file")


def _show_verdict(report: Report) -> None:
    from twin.planning.roster_workbook import verdicts

    table = _table("règle", "article", ">limite", "au plus près", "verdict")
    for row in verdicts(report):
        table.add_row(*row)
    _print(table)
    for found in report.findings.values():
        for breach in found.breaches:
            print(
                f"{breach.agent} {breach.day}: {found.rule.words}, {breach.found:.4g}"
                f" {found.rule.unit} pour {found.rule.limit:g} ({found.rule.article})"
            )
    for warning in report.warnings:
        print(f"{warning.agent} {warning.day}: {warning.found:.4g} h en sept jours, prudence")
    verdict = "conforme" if report.conforming else "non conforme"
    legal = "" if report.rules.legal else " ; non légal en l'état"
    print(f"{report.rules.label} : {verdict}{legal} ({LEGAL_NOTICE})")
    print(f"non vérifié : {report.rules.not_checked}")


def _made(made: Roster) -> dict[str, Any]:
    from twin.planning.roster import loads

    told = ("unmet", "least_unmet", "proven", "ended")
    return {key: getattr(made, key) for key in told} | {
        "cycle_weeks": made.cycle.weeks if made.cycle else None,
        "agents": [asdict(load) | load.agent._asdict() for load in loads(made)],
    }


def _verdict(report: Report) -> dict[str, Any]:
    return {
        "conforming": report.conforming,
        "regime": report.rules.label,
        "legal": report.rules.legal,
        "not_checked": report.rules.not_checked,
        "rules": {
            name: {
                "article": found.rule.article,
                "limit": found.rule.limit,
                "unit": found.rule.unit,
                "cases": found.cases,
                "breaches": [_plain(breach) for breach in found.breaches],
            }
            for name, found in report.findings.items()
        },
        "warnings": [_plain(warning) for warning in report.warnings],
    }


def _plain(breach: Breach) -> dict[str, Any]:
    return breach._asdict() | {"day": breach.day.isoformat()}


def _shown(figure: Figure) -> str:
    digits = 0 if figure.value == round(figure.value) else 2
    interval = f"{figure.low:.{digits}f} to {figure.high:.{digits}f} over the assumptions"
    return f"{figure.value:.{digits}f} {figure.unit} ({interval})"


def _money(figure: Figure) -> str:
    low, high = figure.low / 1000, figure.high / 1000
    return f"{figure.value / 1000:,.0f} k€ a year ({low:,.0f} to {high:,.0f})"


def _table(*columns: str) -> Any:
    """A table without box; the columns whose title begins with > are numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column[0] == ">" else "left")
    return table


def _print(table: Any) -> None:
    from twin.cli.show import console

    console().print(table, "")
