"""Check of the data package: the description of each column, then our own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.errors import TwinError
from twin.sources.optional import optional_library
from twin.sources.rules import RULES

__all__ = ["check_package"]

DESCRIPTION = "datapackage.json"
PROVENANCE = ("unit", "source", "date", "licence", "grade")
GRADES = ("official", "press", "other")


def check_package(folder: Path) -> list[str]:
    """Faults of the facts in `folder`, one sentence each; none when all is well.

    The rules between tables are tried only on tables that match their description.

    Raises
    ------
    MissingError
        The library that validates descriptions is not installed.
    """
    faults = [*_description_faults(folder), *_column_faults(folder)]
    if faults:
        return faults
    for rule in RULES:
        try:
            faults.extend(rule(folder))
        except TwinError as problem:
            faults.append(str(problem))
    return faults


def _column_faults(folder: Path) -> Iterator[str]:
    """What the tables do that their description does not allow."""
    frictionless = optional_library("frictionless", "data")
    try:
        report = frictionless.Package(str(folder / DESCRIPTION)).validate()
    except frictionless.FrictionlessException as problem:
        yield f"{DESCRIPTION}: {problem.error.message}"
        return
    for error in report.errors:
        yield f"{DESCRIPTION}: {error.message}"
    for task in report.tasks:
        for error in task.errors:
            row = getattr(error, "row_number", None)
            yield f"{task.place}{f', line {row}' if row else ''}: {error.message}"


def _description_faults(folder: Path) -> Iterator[str]:
    """What the description leaves out: a table, or where the figures of a column come from."""
    try:
        package: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        resources = {one["path"]: one["schema"]["fields"] for one in package["resources"]}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        yield f"{DESCRIPTION}: cannot be understood ({type(problem).__name__}: {problem})"
        return
    for path in sorted(folder.glob("*.csv")):
        if path.name not in resources:
            yield f"{DESCRIPTION}: {path.name} is not described"
    for name, fields in resources.items():
        for field in fields:
            where = f"{DESCRIPTION}: {name}, {field.get('name')}"
            for key in ("title", *PROVENANCE):
                if not field.get(key):
                    yield f'{where}: "{key}" is missing'
            if field.get("grade") not in GRADES:
                yield f'{where}: grade "{field.get("grade")}", allowed: {", ".join(GRADES)}'
