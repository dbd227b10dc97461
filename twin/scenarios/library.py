"""Read scenarios.yaml: a base, named overrides, scenarios composed of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from twin.errors import InputError, did_you_mean
from twin.files import load_yaml, validated
from twin.scenarios.schema import NAME, Experiment, Scenario

__all__ = ["Library", "Recipe", "load_library", "load_scenario"]

_SHIPPED = Path(__file__).resolve().parent.parent.parent / "scenarios.yaml"
Name = Annotated[str, Field(pattern=f"^{NAME}$")]


class Recipe(BaseModel):
    """How a scenario is made, and what it asks."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    label: str = Field(min_length=1)
    """Name shown to people, in French."""
    description: str = Field(min_length=1)
    """One sentence, in French: what it changes and why."""
    overrides: tuple[str, ...] = ()
    """Names of overrides, applied to the base in this order."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: Experiment
    base: dict[str, Any]
    overrides: dict[Name, dict[str, Any]] = {}
    scenarios: dict[Name, Recipe]


@dataclass(frozen=True)
class Library:
    """Every scenario of one file, composed and checked."""

    path: Path
    experiment: Experiment
    recipes: Mapping[str, Recipe]
    scenarios: Mapping[str, Scenario]

    def __getitem__(self, name: str) -> Scenario:
        if name not in self.scenarios:
            hint = did_you_mean(name, self.scenarios)
            raise InputError(f'{self.path}: unknown scenario "{name}"; {hint}')
        return self.scenarios[name]


def load_library(path: Path | None = None) -> Library:
    """Read a file of scenarios, the shipped one by default; every override is checked, used or not.

    Raises
    ------
    InputError
        An unknown key, override or value: the sentence names the file, the key and what is allowed.
    """
    path = path or _SHIPPED
    content = validated(_File, load_yaml(path), str(path))
    base = validated(Scenario, content.base, f"{path}: base")
    for name, override in content.overrides.items():
        base.with_overrides(override, f"{path}: overrides.{name}")
    scenarios = {
        name: _composed(base, recipe, content.overrides, f"{path}: scenarios.{name}")
        for name, recipe in content.scenarios.items()
    }
    return Library(path, content.experiment, content.scenarios, scenarios)


def load_scenario(name: str, path: Path | None = None) -> Scenario:
    """Return one scenario of the library by its name."""
    return load_library(path)[name]


def _composed(
    base: Scenario, recipe: Recipe, overrides: Mapping[str, dict[str, Any]], where: str
) -> Scenario:
    scenario = base
    for name in recipe.overrides:
        if name not in overrides:
            raise InputError(f'{where}: unknown override "{name}"; {did_you_mean(name, overrides)}')
        scenario = scenario.with_overrides(overrides[name], f"{where}: {name}")
    return scenario
