"""One page a year for the ethics committee: what is watched, and what réquisitions became."""

from __future__ import annotations

import math
from collections.abc import Iterator

from twin.contracts import Figure, Kind
from twin.model.assumptions import Assumptions
from twin.model.clock import DAYS_PER_YEAR, MS_PER_DAY, MS_PER_H
from twin.model.territory import build_territory
from twin.reports.figures import cells, chosen_figures, period
from twin.reports.message import NOT_DELIBERATED, Progress, Subject, played
from twin.scenarios.experiment import Result
from twin.scenarios.stopping import half_width

__all__ = ["ethics_report"]

REQUISITIONS = (
    "requisition_received",
    "requisition_too_late",
    "requisition_saved",
    "requisition_answered",
    "requisition_useful",
)
_H_PER_YEAR = DAYS_PER_YEAR * MS_PER_DAY / MS_PER_H
_COLUMNS = ("Indicateur", "Valeur", "Intervalle à 95 %", "Nature")


def ethics_report(subject: Subject, progress: Progress = lambda *_: None) -> str:
    """Report on a scenario, as Markdown in French: no image, no name of an agent or a commune."""
    result = played(subject, progress)
    found = chosen_figures(result.indicators, result.stored, REQUISITIONS)
    shown = [*_watched(subject, result), *found]
    rows = [[cells(label, figure)[name] for name in _COLUMNS] for label, figure in shown]
    lines = (_COLUMNS, ["---"] * len(_COLUMNS), *rows)
    sources = dict.fromkeys(figure.source for _, figure in shown)
    return "\n\n".join(
        (
            f"# Comité d'éthique : rapport annuel, scénario « {subject.label} »",
            f"**{NOT_DELIBERATED.capitalize()}.** Projet indépendant, non affilié à une"
            " collectivité.",
            f"Période simulée {period(result.stored)}, au rythme d'une année.",
            "\n".join(f"| {' | '.join(line)} |" for line in lines),
            "Les réquisitions répondues ont donné lieu à une extraction ou à un visionnage. Celles"
            " qui sont utiles suivent une part supposée : l'outil ne juge d'aucune enquête. Il ne"
            " mesure ni la délinquance, ni l'effet des caméras sur elle ; il ne tient aucune image"
            " et aucun nom.",
            f"Sources : {' ; '.join(sources)}.\n",
        )
    )


def _watched(subject: Subject, result: Result) -> Iterator[tuple[str, Figure]]:
    """Cameras, and hours that agents spend before the wall of images in a year."""
    scenario = subject.scenario
    territory = build_territory(
        scenario.communes, scenario.forfaits, Assumptions(scenario.assumptions)
    )
    cameras = sum(commune.cameras for commune in territory.communes)
    source = f"scénario {subject.name}"
    yield (
        "Caméras raccordées",
        Figure(cameras, cameras, cameras, "caméras", Kind.ASSUMED, source),
    )
    hours = result.values("agents_present") * result.values("watching") * _H_PER_YEAR
    mean, half = float(hours.mean()), float(half_width(hours.std(), len(hours)))
    reach = 0.0 if math.isnan(half) else half
    source = f"calcul {result.stored.folder.name}, graine {subject.experiment.seed}"
    yield (
        "Heures d'agent devant le mur d'images",
        Figure(mean, mean - reach, mean + reach, "h par an", Kind.COMPUTED, source),
    )
