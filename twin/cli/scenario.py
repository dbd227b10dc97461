"""Look at the scenarios before running one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["LibraryOption", "NameArgument", "SetOption", "app"]

app = typer.Typer(no_args_is_help=True, help="List, show and document the scenarios.")

NameArgument = Annotated[str, typer.Argument(help="Name of a scenario (twin scenario list).")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one lever, as seats.operators.night=5 or assumptions.held_share=high.",
    ),
]
LibraryOption = Annotated[
    Path | None,
    typer.Option("--scenarios", metavar="FILE", help="Another file of scenarios."),
]


@app.command("list")
def list_(scenarios: LibraryOption = None) -> None:
    """List the scenarios with what each one asks."""
    from twin.scenarios.library import load_library

    for name, recipe in load_library(scenarios).recipes.items():
        print(f"{name}: {recipe.label}\n    {recipe.description}")


@app.command()
def show(name: NameArgument, settings: SetOption = None, scenarios: LibraryOption = None) -> None:
    """Print every lever of a scenario, as YAML that a file of scenarios may hold."""
    from twin.files import as_yaml
    from twin.scenarios.library import load_library
    from twin.scenarios.schema import assignments

    library = load_library(scenarios)
    scenario = library[name].with_overrides(assignments(settings or []), "command line")
    recipe = library.recipes[name]
    print(f"# {recipe.label}\n# {recipe.description}")
    print(as_yaml(scenario.model_dump(mode="json")), end="")


@app.command()
def schema() -> None:
    """Print the JSON schema of a scenario: every lever, its meaning and what it allows."""
    import json

    from twin.scenarios.schema import Scenario

    print(json.dumps(Scenario.model_json_schema(), indent=1, ensure_ascii=False))
