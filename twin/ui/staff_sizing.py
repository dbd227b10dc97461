"""Sizing on the page Effectifs: targets, the search in a process of its own, what it found."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.model.indicators import load_indicators
from twin.model.patterns import load_functions
from twin.planning.sizing import Outcome
from twin.planning.targets import parse_target
from twin.reports import charts
from twin.reports.figures import number
from twin.ui.answers import RUNS
from twin.ui.jobs import about, followed, job, start
from twin.ui.question import Question
from twin.ui.shown import charted, figures_table
from twin.ui.weeks import week_heat, weekdays_words

__all__ = ["show_sizing"]

JOB = "staff-sizing"
SHARE = "part"
PER_CENT = 100
SENSES = {"au moins": ">=", "au plus": "<="}
FIRST = (("requisition_saved", "au moins", 99.0), ("patrols_made", "au moins", 95.0))
DAYS = (28, 84, 182, 364)
REPLICATIONS = (5, 10, 20)
BUDGET_STEP_KEUR = 50
EUR_PER_KEUR = 1000
OVER_ASSUMPTIONS = "Étendue des hypothèses"
PAYROLL = {
    "etpt": "ETPT",
    "posts": "Postes à créer",
    "eur_per_year": "Masse salariale",
}
OUTCOMES = {
    Outcome.MINIMUM: "sous la présence minimale",
    Outcome.BREAKS: "une cible est manquée",
    Outcome.UNDECIDED: "une cible n'est plus démontrée",
    Outcome.HOLDS: "les cibles tiennent encore",
}


def show_sizing(question: Question) -> None:
    """Show the form, the search while it goes, and what it found."""
    st.header("Dimensionner la salle pour des cibles")
    st.markdown(
        "La recherche propose les sièges les moins coûteux, heure par heure, qui tiennent les"
        " cibles ; le critère est le nombre d'heures de siège. Seuls des indicateurs observables"
        " peuvent être visés. Arrêtée, elle rend le meilleur plan trouvé."
    )
    if asked := _form(question):
        start(JOB, asked)
    found = followed(JOB, "Recherche de sièges")
    if found is None or not found.kept:
        return
    if list(found.arguments[1 : 1 + len(about(question))]) != about(question):
        st.warning("Résultats périmés : le scénario ou ses leviers ont changé depuis.")
    document = json.loads(found.output)
    if not document:
        st.info("Arrêtée avant d'avoir trouvé un plan ; ce qui a été joué reste enregistré.")
        return
    if document.pop("interrupted"):
        st.warning("Recherche arrêtée : meilleur plan trouvé jusque-là.")
    if "front" in document:
        _show_front(document)
    else:
        _show_plan(document)
    st.download_button(
        "Télécharger le résultat (JSON)", found.output, f"{question.name}_taille.json"
    )


def _form(question: Question) -> list[str] | None:
    """Arguments of the search that is asked."""
    names = _targeted()
    with st.form("staff-sizing-form"):
        st.caption("Cibles : une par ligne ; un délai en son unité, une part en %.")
        rows = [(names[key], sense, level) for key, sense, level in FIRST]
        targets = st.data_editor(
            pd.DataFrame(rows, columns=["Indicateur", "Sens", "Niveau"]),
            num_rows="dynamic",
            hide_index=True,
            column_config={
                "Indicateur": st.column_config.SelectboxColumn(
                    options=list(names.values()), required=True, width="large"
                ),
                "Sens": st.column_config.SelectboxColumn(options=list(SENSES), required=True),
                "Niveau": st.column_config.NumberColumn(
                    format="localized", required=True, min_value=0
                ),
            },
        )
        days, replications, budget = st.columns(3)
        length = days.selectbox("Jours simulés", DAYS, index=DAYS.index(84))
        count = replications.selectbox("Réplications par plan", REPLICATIONS, index=1)
        most_keur = budget.number_input(
            "Budget annuel au plus, en k€ (0 : aucun)",
            min_value=0,
            step=BUDGET_STEP_KEUR,
            help="Avec un budget : le front de Pareto, du moins au plus coûteux.",
        )
        running = (now := job(JOB)) is not None and now.code is None
        if not st.form_submit_button("Chercher", type="primary", disabled=running):
            return None
    levels = _levels(targets, names)
    if not levels:
        st.error("Donnez au moins une cible complète.")
        return None
    asked = ["size", *about(question), "--json", "--out", str(RUNS)]
    asked += ["--days", str(length), "--replications", str(count)]
    asked += [part for level in levels for part in ("--target", level)]
    return asked + (["--budget", str(most_keur * EUR_PER_KEUR)] if most_keur else [])


def _targeted() -> dict[str, str]:
    """Labels, with their unit, of the indicators that may be a target."""
    return {
        key: f"{each.label} ({'%' if each.unit == SHARE else each.unit})"
        for key, each in load_indicators().items()
        if each.family == "observable"
    }


def _levels(targets: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    keys = {label: key for key, label in names.items()}
    return [
        str(parse_target(f"{keys[label]}{SENSES[sense]}{level:f}{_percent(keys[label])}"))
        for label, sense, level in targets.dropna().itertuples(index=False)
    ]


def _percent(indicator: str) -> str:
    return "%" if load_indicators()[indicator].unit == SHARE else ""


def _figure(told: Mapping[str, Any]) -> Figure:
    return Figure(**{**told, "kind": Kind(told["kind"])})


def _show_plan(document: Mapping[str, Any]) -> None:
    st.subheader("Plan trouvé")
    checked = document["checked_with_seed"]
    if checked is None:
        st.warning("Plan non encore vérifié dans des mondes neufs.")
    elif document["confirmed"]:
        st.success(f"Vérifié avec la graine {checked}, jamais vue par la recherche.")
    else:
        st.warning(f"La vérification avec la graine {checked} ne confirme pas toutes les cibles.")
    st.table(_targets(document["targets"]), hide_index=True, alt="Cibles et ce que le plan atteint")
    payroll = document["payroll"]
    figures_table(
        [(label, _figure(payroll[key])) for key, label in PAYROLL.items()],
        "Ce que le plan demande en agents et en argent.",
        OVER_ASSUMPTIONS,
    )
    names = load_functions()
    for function, by_day in document["by_hour"].items():
        flat = [seats for day in by_day for seats in day]
        if any(flat):
            label = names[function].label
            says = f"Sièges du plan, {label.lower()} : de {min(flat):g} à {max(flat):g}."
            st.markdown(f"**{label}**, par heure et par jour")
            charted(*week_heat(flat), says)
    without = {
        (each["function"], each["window"], tuple(each["weekdays"])): each
        for each in document["without_one_seat"]
    }
    rows = [
        {
            "Fonction": names[row["function"]].label,
            "Jours": weekdays_words(row["weekdays"]),
            "Horaire": row["window"],
            "Sièges": row["seats"],
            "Un siège de moins": _without(without, row),
        }
        for row in document["shifts"]
    ]
    with st.expander("Vacations du plan, et ce que ferait un siège de moins"):
        st.dataframe(pd.DataFrame(rows), hide_index=True)
    _foot(document)


def _without(removals: Mapping[tuple[Any, ...], Mapping[str, Any]], row: Mapping[str, Any]) -> str:
    found = removals.get((row["function"], row["window"], tuple(row["weekdays"])))
    return OUTCOMES[Outcome(found["outcome"])] if found else "non essayé"


def _targets(verdicts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Cible": _words(each["target"]),
                "Moyenne": _level(each["target"], each["value"]),
                "Bornes à 95 %, unilatérales": (
                    f"{_level(each['target'], each['low'])} à"
                    f" {_level(each['target'], each['high'])}"
                ),
                "Réplications": each["replications"],
                "Atteinte": "oui" if each["met"] else "non démontrée",
            }
            for each in verdicts
        ]
    )


def _words(target: str) -> str:
    asked = parse_target(target)
    sense = next(word for word, sign in SENSES.items() if sign == asked.sense)
    return f"{asked.entry.label} : {sense} {_level(target, asked.level)}"


def _level(target: str, value: float | None) -> str:
    entry = parse_target(target).entry
    if value is None or math.isnan(value):
        return "—"
    shares = entry.unit == SHARE
    return f"{number(value * (PER_CENT if shares else 1))}\u00a0{'%' if shares else entry.unit}"


def _show_front(document: Mapping[str, Any]) -> None:
    st.subheader("Front de Pareto sous le budget")
    rows = []
    for one in document["front"]:
        row = {
            "Heures de siège par semaine": one["seat_hours_a_week"],
            "ETPT": one["payroll"]["etpt"]["value"],
            "Masse salariale, k€ par an": one["payroll"]["eur_per_year"]["value"] / EUR_PER_KEUR,
        }
        for each in one["targets"]:
            row[_words(each["target"])] = each["value"]
        row["Cibles atteintes"] = sum(each["met"] for each in one["targets"])
        rows.append(row)
    table = pd.DataFrame(rows).sort_values("Masse salariale, k€ par an")
    targets = [_words(each["target"]) for each in document["front"][0]["targets"]]
    chosen = st.selectbox("Niveau de", targets)
    drawn = alt.Chart(table.assign(niveau=table[chosen])).mark_line(
        point=alt.OverlayMarkDef(size=90)
    )
    drawn = drawn.encode(
        x=alt.X("Masse salariale, k€ par an:Q", scale=alt.Scale(zero=False)),
        y=alt.Y("niveau:Q", title=chosen, scale=alt.Scale(zero=False)),
        color=alt.value(charts.PALETTE[0]),
    )
    costs = table["Masse salariale, k€ par an"].tolist()
    says = (
        f"{len(table)} plans qu'aucun autre ne domine, de {number(costs[0])} à"
        f" {number(costs[-1])} k€ par an, avec le niveau atteint pour chaque cible."
    )
    charted(drawn.properties(height=300), table.round(3), says)
    _foot(document)


def _foot(document: Mapping[str, Any]) -> None:
    st.caption(
        f"{document['days']} jours simulés à partir du {document['start']}, graine"
        f" {document['seed']}, {document['replications']} réplications par plan."
    )
