"""A message of the plenary, and the words that all messages share, in French."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from twin.contracts import Figure
from twin.model.assumptions import Assumptions, Grade, load_assumptions
from twin.model.budget.accounts import Perimeter
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.volumes import Volumes
from twin.model.centre.engines import Engine
from twin.planning.sensitivity import Reversal
from twin.planning.volumes import stage_volumes
from twin.reports.figures import interval, number
from twin.scenarios.experiment import Result, run
from twin.scenarios.schema import Experiment, Scenario

__all__ = [
    "GRADES",
    "NOT_DELIBERATED",
    "PERIMETER_NAMES",
    "Bars",
    "Message",
    "Progress",
    "Subject",
    "assumed",
    "between",
    "ends",
    "keur",
    "percent",
    "played",
    "staged",
    "thousands",
    "turned",
]

NOT_DELIBERATED = "simulation ; la commune n'a pas délibéré"
"""What is written across anything that is exported or shown in public."""

PERIMETER_NAMES: dict[Perimeter, str] = {"tariff": "Périmètre tarifaire", "full": "Coût complet"}

GRADES = {
    Grade.OFFICIAL: "source officielle",
    Grade.PRESS: "presse",
    Grade.PARTISAN: "source partisane",
    Grade.HYPOTHESIS: "hypothèse",
}
SHOWN_REVERSALS = 3
_THOUSAND = 1000
_PERCENT = 100

Progress = Callable[[str, int, int], None]
"""Told what is computed, in French, and how much of it is finished and wanted."""


@dataclass(frozen=True)
class Subject:
    """The scenario that is spoken of, and where its runs are kept."""

    name: str
    label: str
    scenario: Scenario
    experiment: Experiment
    out: Path
    engine: Engine = "kernel"
    workers: int = 1


@dataclass(frozen=True)
class Bars:
    """A bar chart: its title with the unit, and one value per category for each series."""

    title: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class Message:
    """One message of the plenary, in French.

    Attributes
    ----------
    title : str
        A whole sentence, with its number.
    figures : tuple of (label, Figure)
        What the title rests on, the number of the title first.
    bars : Bars or None
    envelope : str
        Between which ends the number lies, and of what these speak.
    reversal : str
        What would turn the message over.
    notes : tuple of str
        Sources and hypotheses.
    """

    title: str
    figures: tuple[tuple[str, Figure], ...]
    bars: Bars | None
    envelope: str
    reversal: str
    notes: tuple[str, ...]


def played(subject: Subject, progress: Progress = lambda *_: None) -> Result:
    """Run of a subject, its missing replications played."""
    return run(
        subject.scenario,
        subject.experiment,
        name=subject.name,
        out=subject.out,
        workers=subject.workers,
        engine=subject.engine,
        progress=lambda done, wanted: progress("salle", done, wanted),
    )


def staged(subject: Subject, progress: Progress = lambda *_: None) -> tuple[Volumes, ...]:
    """Volumes that the budget reads: see `twin.planning.volumes.stage_volumes`."""
    return stage_volumes(
        subject.scenario,
        subject.experiment,
        name=subject.name,
        out=subject.out,
        workers=subject.workers,
        engine=subject.engine,
        progress=lambda _, done, wanted: progress("montée en charge", done, wanted),
    )


def turned(opening: str, found: Iterable[Reversal]) -> str:
    """Say in words which values of which assumptions, alone, turn a message over."""
    values = []
    for each in found:
        if each.flip:
            entry, value = each.factor.entry, each.flip.value
            outside = "" if entry.low <= value <= entry.high else ", hors fourchette"
            span = f"{number(entry.low)} à {number(entry.high)}{outside}"
            values.append((bool(outside), f"{entry.label} : {number(value)} {entry.unit} ({span})"))
    if not values:
        return f"{opening} ; aucune hypothèse, seule, ne le renverse."
    first = [text for _, text in sorted(values, key=lambda value: value[0])][:SHOWN_REVERSALS]
    more = f" ; et {len(values) - len(first)} autre(s)" if len(values) > len(first) else ""
    return f"{opening}. Renversé par une seule de ces valeurs : {' ; '.join(first)}{more}."


def between(shown: Iterable[tuple[str, Figure]]) -> str:
    """Say between which ends figures lie, those that have an interval."""
    parts = [f"{label} : {ends(figure)} {figure.unit}" for label, figure in shown if ends(figure)]
    return " ; ".join(parts) or "Aucun intervalle"


def ends(figure: Figure) -> str:
    """Interval of a figure, or nothing when both ends are written alike."""
    return interval(figure) if number(figure.low) != number(figure.high) else ""


def assumed(scenario: Scenario, keys: Iterable[str]) -> list[str]:
    """Assumptions that a message rests on: the scenario's value, the range and the source."""
    table, values = load_assumptions(), Assumptions(scenario.assumptions)
    return [
        f"Hypothèse : {entry.label}, {number(values[key])} {entry.unit}"
        f" ({number(entry.low)} à {number(entry.high)}) ; {GRADES[entry.grade]} : {entry.source}"
        for key, entry in ((key, table[key]) for key in keys)
    ]


def thousands(figure: Figure) -> Figure:
    """The figure in thousands of its unit."""
    return _scaled(figure, 1 / _THOUSAND, f"k{figure.unit}")


def percent(figure: Figure) -> Figure:
    """A part, in percent."""
    return _scaled(figure, _PERCENT, "%")


def keur(cents: float) -> float:
    """Thousands of euros of an amount in cents."""
    return cents / CENTS_PER_EUR / _THOUSAND


def _scaled(figure: Figure, factor: float, unit: str) -> Figure:
    ends = {name: factor * getattr(figure, name) for name in ("value", "low", "high")}
    return replace(figure, unit=unit, **ends)
