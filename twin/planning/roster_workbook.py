"""A roster as a workbook: who works when, what each agent is asked, what nobody meets, the law."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from twin.model.working_time import Report
from twin.planning.roster import Roster, loads
from twin.sources.optional import optional_library

__all__ = ["roster_workbook", "verdicts"]

_NOTICE = "Calculé par un modèle ; pas un avis juridique. Aucun nom d'agent."
_WIDTH = 9
"""Of the column of a day, in characters."""


def verdicts(report: Report) -> Iterator[tuple[str, str, str, str, str]]:
    """Rule, article, limit, nearest figure and verdict of each rule, in French."""
    for found in report.findings.values():
        rule, worst = found.rule, found.worst
        limit = f"{rule.limit:g} {rule.unit}"
        if worst is None:
            yield rule.words, rule.article, limit, "", "non vérifiable"
            continue
        nearest = f"{worst.found:.3g} {rule.unit} ({worst.agent}, {worst.day:%d/%m/%Y})"
        beyond = len(found.breaches)
        yield (
            rule.words,
            rule.article,
            limit,
            nearest,
            (f"non conforme ({beyond})" if beyond else "conforme"),
        )


def roster_workbook(roster: Roster, report: Report, title: str) -> bytes:
    """Content of an xlsx file.

    Parameters
    ----------
    title : str
        What the roster is of, in French: the scenario, its weeks, the seed.
    """
    openpyxl: Any = optional_library("openpyxl", "rosters")
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "Lisez-moi"
    for line in (title, _NOTICE, f"Règles : {report.rules.label}", *_facts(roster, report)):
        notes.append([line])
    _planning(book.create_sheet("Planning"), roster)
    agents = book.create_sheet("Agents")
    agents.append(["agent", "quotité", "vacations", "heures", "nuits", "fins de semaine"])
    for load in loads(roster):
        agents.append(
            [
                load.agent.code,
                load.agent.share,
                load.duties,
                load.hours,
                load.nights,
                load.weekends,
            ]
        )
    unmet = book.create_sheet("Non couverts")
    unmet.append(["début", "fin", "vacation"])
    for duty in roster.duties:
        if not duty.agent:
            unmet.append([f"{duty.start:%Y-%m-%d %H:%M}", f"{duty.end:%Y-%m-%d %H:%M}", duty.shift])
    law = book.create_sheet("Règles")
    law.append(["règle", "article", "limite", "au plus près", "verdict"])
    for row in verdicts(report):
        law.append(row)
    for sheet in book.worksheets[1:]:
        sheet.freeze_panes = "B2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _facts(roster: Roster, report: Report) -> Iterator[str]:
    yield f"Verdict : {'conforme' if report.conforming else 'non conforme'}"
    if not report.rules.legal:
        yield "Non légal en l'état"
    yield f"Non vérifié : {report.rules.not_checked}"
    yield f"Besoins non couverts : {roster.unmet} (au moins {roster.least_unmet} avec ces agents)"
    if not roster.ended:
        yield "Recherche arrêtée par le temps : une autre exécution peut donner un autre planning"


def _planning(sheet: Any, roster: Roster) -> None:
    """One row per agent, one column per civil day, the shift that begins on it."""
    first, last = (pick(duty.start.date() for duty in roster.duties) for pick in (min, max))
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    column = {day: i for i, day in enumerate(days, start=2)}
    sheet.append(["agent", *(f"{day:%d/%m}" for day in days)])
    row = {agent.code: i for i, agent in enumerate(roster.agents, start=2)}
    for code, i in row.items():
        sheet.cell(i, 1, code)
    for duty in roster.duties:
        if duty.agent:
            sheet.cell(row[duty.agent], column[duty.start.date()], duty.shift)
    for i in column.values():
        sheet.column_dimensions[sheet.cell(1, i).column_letter].width = _WIDTH
