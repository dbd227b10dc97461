"""The command line: one file of verbs per audience, heavy imports inside the verbs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from twin import __version__
from twin.cli import (
    calibrate,
    compare,
    data,
    finance,
    network,
    planner,
    report,
    run,
    runs,
    scale,
    scenario,
    sensitivity,
    size,
    streams,
    validate,
)
from twin.errors import TwinError

__all__ = ["app", "main"]

app = typer.Typer(
    name="twin",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
app.add_typer(calibrate.app, name="calibrate")
app.add_typer(scenario.app, name="scenario")
app.add_typer(streams.app, name="streams")
app.add_typer(planner.roster, name="roster")
app.command("seats")(planner.seats)
app.command("run")(run.run)
app.add_typer(runs.app, name="runs")
app.command("compare")(compare.compare)
app.command("rank")(compare.rank)
app.command("scale")(scale.scale)
app.command("report")(report.report)
app.command("validate")(validate.validate)
app.command("budget")(finance.budget)
app.command("breakeven")(finance.breakeven)
app.command("envelope")(sensitivity.envelope)
app.command("sensitivity")(sensitivity.sensitivity)
app.command("size")(size.size)
app.command("pooling")(size.pooling)
app.command("network")(network.network)


def _print_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def twin(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Digital twin of a shared video-protection supervision centre.

    Exit codes: 0 all went well; 1 a check said no; 2 an input was refused; 3 something needed is
    missing; 4 a stored result cannot be used; 130 interrupted, finished replications kept.
    """


def main() -> None:
    """Entry point of ``twin``: a user's mistake is one sentence on stderr and its exit code."""
    try:
        app(prog_name="twin")
    except TwinError as problem:
        print(f"twin: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
