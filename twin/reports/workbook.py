"""A scenario as a workbook: identity, assumptions, indicators, budget, communes, series."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from twin import __version__
from twin.contracts import mask
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.budget.communes import YEARS, commune_views
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.risk import PERIMETERS
from twin.model.budget.volumes import Volumes
from twin.model.indicators import load_indicators
from twin.planning.finance import budget_of
from twin.reports.figures import Family, figures, period
from twin.reports.message import (
    GRADES,
    NOT_DELIBERATED,
    PERIMETER_NAMES,
    Progress,
    Subject,
    played,
    staged,
)
from twin.scenarios.experiment import Result

__all__ = ["workbook"]

Row = Sequence[str | float | int | None]

SECTIONS = {"operating": "fonctionnement", "investment": "investissement"}
SIDES = {"expense": "dépense", "receipt": "recette"}
FAMILIES: dict[Family, str] = {
    "observable": "observable",
    "model_only": "de modèle, non vérifiable",
}
WIDTH = 22
"""Of a column, in characters."""
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""First characters with which a text could be taken for a formula."""


def workbook(
    subject: Subject, *, named: bool = False, progress: Progress = lambda *_: None
) -> bytes:
    """Content of an xlsx file; what is missing is played.

    Parameters
    ----------
    named : bool
        Whether communes have their names and codes; else a mask, without what would tell them.
    """
    result = played(subject, progress)
    stages = staged(subject, progress)
    book = Workbook()
    book.remove(book.active)
    for title, heads, rows in (
        ("Lisez-moi", ("Rubrique", "Contenu"), _notes(subject, result)),
        ("Hypothèses", _ASSUMPTIONS, _assumptions(subject)),
        ("Indicateurs", _INDICATORS, _indicators(result)),
        ("Budget", *_budget(subject, stages)),
        ("Communes", _COMMUNES, _communes(subject, stages[-1], named=named)),
        ("Séries", _SERIES, _series(result.indicators)),
    ):
        _fill(book.create_sheet(title), [heads, *rows])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _fill(sheet: Any, rows: Iterable[Row]) -> None:
    """Write rows below a bold first one; a text is a text whatever it begins with."""
    for i, row in enumerate(rows, start=1):
        for j, value in enumerate(row, start=1):
            cell = sheet.cell(i, j)
            if isinstance(value, str):
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                cell.data_type = "s"
                cell.quotePrefix = value.startswith(_ACTIVE)
            else:
                cell.value = value
    for j, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(j)].width = WIDTH
    sheet.freeze_panes = "A2"


def _notes(subject: Subject, result: Result) -> Iterator[Row]:
    manifest = result.stored.manifest
    yield "Avertissement", NOT_DELIBERATED
    yield "Statut", "Projet indépendant, non affilié à une collectivité"
    yield "Scénario", f"{subject.label} ({subject.name})"
    yield "Période simulée", period(result.stored)
    yield "Identité du calcul", manifest["identity"]
    yield "Empreinte du modèle", manifest["engine"]
    yield "Graine", manifest["seed"]
    yield "Réplications", result.replications
    yield "Version du jumeau", __version__
    yield "Licence du programme", "MIT"
    yield "Licence des données", "Licence Ouverte 2.0 et licences de data/datapackage.json"
    yield "Ce que l'outil ne dit pas", "Il ne mesure ni la délinquance, ni l'effet des caméras"


_ASSUMPTIONS = (
    *("Clé", "Hypothèse", "Valeur", "Basse", "Centrale", "Haute", "Unité", "Source", "Référence"),
)


def _assumptions(subject: Subject) -> Iterator[Row]:
    values = Assumptions(subject.scenario.assumptions).values
    for key, entry in load_assumptions().items():
        span = (values[key], entry.low, entry.central, entry.high)
        yield key, entry.label, *span, entry.unit, GRADES[entry.grade], entry.source


_INDICATORS = ("Famille", "Indicateur", "Valeur", "Basse", "Haute", "Unité", "Source")


def _indicators(result: Result) -> Iterator[Row]:
    for family, words in FAMILIES.items():
        for label, each in figures(result.indicators, result.stored, family):
            yield words, label, each.value, each.low, each.high, each.unit, each.source


def _budget(subject: Subject, stages: Sequence[Volumes]) -> tuple[Row, list[Row]]:
    """Every line of both perimeters by year, in euros."""
    budget = budget_of(subject.scenario, stages)
    rows: list[Row] = []
    for name in PERIMETERS:
        accounts = budget.perimeter(name)
        for line in (*accounts.lines, *accounts.balance):
            place = (PERIMETER_NAMES[name], SECTIONS[line.section], SIDES[line.side])
            nature = (line.nature.chapter, line.nature.account, line.nature.label, line.detail)
            rows.append((*place, *nature, *(cents / CENTS_PER_EUR for cents in line.cents)))
    heads = ("Périmètre", "Section", "Sens", "Chapitre", "Compte", "Libellé", "Détail")
    return (*heads, *(f"{year}, €" for year in budget.years)), rows


_COMMUNES = (
    *("Code INSEE", "Commune", "Population", "Forfait", "Caméras", "Heures de visionnage par an"),
    *("Rondes par an", "Réquisitions par an", "Disponibilité", f"Redevances, {YEARS} ans, €"),
    f"Total payé, {YEARS} ans, €",
)


def _communes(subject: Subject, volumes: Volumes, *, named: bool) -> list[Row]:
    """One row per commune; the order of masked ones tells nothing either."""
    scenario = subject.scenario
    values = Assumptions(scenario.assumptions)
    rows: list[Row] = []
    for view in commune_views(volumes, scenario.tariffs, scenario.budget, values):
        each = view.commune
        masked = (None, mask(each.insee, volumes.identity), None)
        who = (each.insee, each.name, each.population) if named else masked
        done = (view.viewing_h, each.patrols, each.requisitions, each.availability)
        money = (view.fees / CENTS_PER_EUR, view.total / CENTS_PER_EUR)
        rows.append((*who, each.forfait, each.cameras, *done, *money))
    return sorted(rows, key=lambda row: str(row[1]))


_SERIES = ("Indicateur", "Heure", "Valeur", "Basse", "Haute", "Unité", "Réplications")


def _series(table: pd.DataFrame) -> Iterator[Row]:
    """Indicators by civil hour."""
    known = load_indicators()
    for row in table[table["scope"] == "hour"].to_dict("records"):
        low, high = (None if pd.isna(row[end]) else row[end] for end in ("low", "high"))
        label = known[row["indicator"]].label
        yield label, row["key"], row["mean"], low, high, row["unit"], row["n"]
