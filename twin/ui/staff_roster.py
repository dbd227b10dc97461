"""Rosters on the page Effectifs: made in a process of their own, checked article by article."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.model.rosters import Duty, read_roster
from twin.model.working_time import Report, check_roster
from twin.planning.roster_workbook import verdicts
from twin.reports.figures import number
from twin.ui.jobs import Job, about, followed, job, start
from twin.ui.question import Question
from twin.ui.shown import charted

__all__ = ["show_roster"]

JOB = "staff-roster"
FILE = "planning.csv"
NOTICE = "Calculé par un modèle ; pas un avis juridique. Aucun nom d'agent."
MOST_AGENTS, MOST_WEEKS = 120, 26
WEEKS = 12
SHOWN_DAYS = 28
SECONDS = (10, 30, 60, 180)
MOST_BREACHES = 50
AGENT_PX = 18
UNMET = "non couvert"


def show_roster(question: Question, agents: int) -> None:
    """Show the form, the search while it goes, and the roster with what the law says of it.

    Parameters
    ----------
    agents : int
        How many are proposed.
    """
    st.header("Planning")
    st.markdown(
        "Un planning des vidéo-opérateurs pour ces sièges, avec les règles du temps de travail de"
        " ce régime ; ce que personne ne peut tenir est montré, jamais masqué."
    )
    if asked := _form(question, agents):
        start(JOB, asked)
    found = followed(JOB, "Recherche d'un planning")
    if found is None or not found.kept:
        return
    if list(found.arguments[2 : 2 + len(about(question))]) != about(question):
        st.warning("Résultats périmés : le scénario ou ses leviers ont changé depuis.")
    document = json.loads(found.output)
    duties = read_roster(found.folder / FILE)
    _show_document(document)
    _show_duties(duties)
    _show_law(check_roster(duties, question.scenario.seats.regime))
    _show_files(found, question)


def _form(question: Question, agents: int) -> list[str] | None:
    """Arguments of the roster that is asked."""
    opened = question.scenario.horizon.start
    with st.form("staff-roster-form"):
        people, first, length, longest = st.columns(4)
        count = people.number_input("Agents à temps plein", 1, MOST_AGENTS, max(1, agents))
        day = first.date_input("Semaine du", opened, format="DD/MM/YYYY")
        weeks = length.number_input("Semaines", 1, MOST_WEEKS, WEEKS)
        seconds = longest.selectbox("Secondes de recherche au plus", SECONDS, index=1)
        running = (now := job(JOB)) is not None and now.code is None
        if not st.form_submit_button("Faire un planning", type="primary", disabled=running):
            return None
    monday = _monday(day)
    asked = ["roster", "make", *about(question), "--json", "--to", f"{{folder}}/{FILE}"]
    asked += ["--agents", str(count), "--start", str(monday), "--weeks", str(weeks)]
    return [*asked, "--seconds", str(seconds)]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _show_document(document: dict[str, Any]) -> None:
    unmet, least = document["unmet"], document["least_unmet"]
    st.markdown(
        f"**{unmet} vacations non couvertes** (au moins {least} avec ces agents, quel que soit le"
        " planning)."
        + (" Rien ne remplit mieux ce que le cycle laisse." if document["proven"] else "")
        + ("" if document["ended"] else " Recherche arrêtée : une autre peut faire mieux.")
    )
    agents = pd.DataFrame(
        [
            {
                "Agent": each["code"],
                "Quotité": f"{each['share']:.0%}".replace("%", "\u00a0%"),
                "Vacations": each["duties"],
                "Heures": number(each["hours"]),
                "Nuits": each["nights"],
                "Fins de semaine": each["weekends"],
            }
            for each in document["agents"]
        ]
    )
    with st.expander("Ce qui est demandé à chaque agent"):
        st.dataframe(agents, hide_index=True)


def _show_duties(duties: Sequence[Duty]) -> None:
    """Who works when, four weeks at a time."""
    days = sorted({duty.start.date() for duty in duties})
    chosen = st.selectbox(
        "Quatre semaines montrées",
        days[::SHOWN_DAYS],
        format_func=lambda day: f"à partir du {day:%d/%m/%Y}",
    )
    if chosen is None:
        return
    ends = chosen + timedelta(days=SHOWN_DAYS)
    rows = pd.DataFrame(
        [
            {
                "Agent": duty.agent or UNMET,
                "Jour": f"{duty.start:%d/%m}",
                "Vacation": f"{duty.start:%H:%M}-{duty.end:%H:%M}",
            }
            for duty in duties
            if chosen <= duty.start.date() < ends
        ]
    )
    order = list(dict.fromkeys(rows["Jour"]))
    agents = sorted(set(rows["Agent"]), key=lambda agent: (agent == UNMET, agent))
    place = alt.Chart(rows).encode(
        x=alt.X("Jour:N", sort=order, title=None), y=alt.Y("Agent:N", sort=agents, title=None)
    )
    letters = place.mark_text(fontSize=10, color="white").encode(text=alt.Text("debut:N"))
    drawn = place.mark_rect(stroke="white").encode(
        color=alt.Color("Vacation:N", legend=alt.Legend(orient="top"))
    ) + letters.transform_calculate(debut="slice(datum.Vacation, 0, 2)")
    wide = rows.groupby(["Agent", "Jour"])["Vacation"].agg(" ; ".join).unstack(fill_value="")
    says = (
        f"Planning du {chosen:%d/%m/%Y}, {len(agents) - (UNMET in agents)} agents, par jour ; le"
        " nombre écrit est l'heure de prise de service."
    )
    table = wide.reindex(index=agents, columns=order).reset_index()
    charted(drawn.properties(height=AGENT_PX * len(agents) + 60), table, says)


def _show_law(report: Report) -> None:
    st.subheader("Article par article")
    if report.conforming:
        st.success(f"**Conforme** : {report.rules.label}. {NOTICE}")
    else:
        illegal = "" if report.rules.legal else " Régime non légal en l'état."
        st.error(f"**Non conforme** : {report.rules.label}.{illegal} {NOTICE}")
    names = ["Règle", "Article", "Limite", "Au plus près", "Verdict"]
    rows = pd.DataFrame(verdicts(report), columns=names)
    st.table(rows, hide_index=True, alt="Chaque règle, son article, sa limite et le verdict.")
    breaches = [
        {
            "Agent": breach.agent,
            "Jour": f"{breach.day:%d/%m/%Y}",
            "Règle": found.rule.words,
            "Constaté": f"{number(breach.found)} {found.rule.unit}",
            "Limite": f"{number(found.rule.limit)} {found.rule.unit}",
        }
        for found in report.findings.values()
        for breach in found.breaches[:MOST_BREACHES]
    ]
    if breaches:
        st.dataframe(pd.DataFrame(breaches), hide_index=True)
    if report.warnings:
        st.caption(
            f"{len(report.warnings)} avertissements de prudence : beaucoup d'heures en sept jours"
            " glissants, sans infraction."
        )
    st.caption(f"Non vérifié : {report.rules.not_checked}")


def _show_files(found: Job, question: Question) -> None:
    table, book = found.folder / FILE, (found.folder / FILE).with_suffix(".xlsx")
    left, right = st.columns(2)
    name = f"planning_{question.name}"
    left.download_button("Télécharger le planning (CSV)", table.read_bytes(), f"{name}.csv")
    right.download_button("Télécharger le classeur (XLSX)", book.read_bytes(), f"{name}.xlsx")
