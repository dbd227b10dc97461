"""Hypothèses: every assumption with its range, its source and its grade; each may be changed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from twin.contracts import Kind
from twin.model.assumptions import Assumption, Assumptions, Grade, Sources, load_assumptions
from twin.planning.official import Replaced, is_official, remaining, replaced
from twin.reports.figures import number
from twin.scenarios.library import load_library
from twin.ui.frame import question_bar
from twin.ui.influence import show_influence
from twin.ui.question import Question, move
from twin.ui.shown import told

__all__ = ["show"]

GRADES = {
    Grade.OFFICIAL: "officielle",
    Grade.PRESS: "presse",
    Grade.PARTISAN: "partisane",
    Grade.HYPOTHESIS: "hypothèse",
}
CONFIDENCES = {"high": "forte", "medium": "moyenne", "low": "faible"}
STAGES = {"run": "la simulation", "after": "les calculs qui la suivent"}
TERRITORY = {
    "cameras": ("Caméras", "la densité : hypothèse « cameras_per_1000 »"),
    "forfait": ("Forfait", "la règle du scénario, sans les salles que seule la presse nomme"),
    "retention_days": ("Jours de conservation", "l'hypothèse « retention_days »"),
    "force": ("Force qui répond", "la règle par classe urbaine"),
}
KAPPAS = {
    "kappa_police": "La constante des événements de police",
    "kappa_nuisance": "La constante des nuisances",
}
VALUE = "Valeur"
RANGE = ("Basse", "Centrale", "Haute")


def show() -> None:
    """Show the page."""
    st.title("Hypothèses")
    st.markdown(
        "Tout nombre incertain du jumeau est ici, avec sa fourchette et sa source. Une source notée"
        " « hypothèse » n'en est pas une : personne n'a publié ce nombre."
    )
    question = question_bar()
    _show_sources(question)
    st.header("Toutes les hypothèses")
    _show_table(question)
    with told():
        show_influence(question)


def _show_sources(question: Question) -> None:
    """The switch, what it replaces, and what it cannot."""
    asked = is_official(question.scenario)
    wanted = st.toggle(
        "Sources officielles seulement",
        asked,
        help="La presse et les sources partisanes sont écartées ; des hypothèses déclarées, ou des"
        " sources officielles, prennent leur place.",
    )
    if wanted != asked:
        sources = Sources.OFFICIAL if wanted else Sources.ALL
        own = Assumptions(load_library()[question.name].assumptions).sources
        move(question, {"assumptions.sources": None if sources is own else sources.value})
    if not asked:
        return
    rows = [_replaced(each) for each in replaced(question.scenario)]
    with st.expander(f"Ce que cela remplace ({number(len(rows))} points)"):
        st.table(rows, hide_index=True, alt="Ce qui change sans la presse.")
        st.caption(f"Nature : {Kind.ASSUMED.value}, sauf source officielle nommée.")
    kept = remaining(question.scenario)
    if kept:
        st.markdown("**Ce qui repose encore sur la presse ou une source partisane :**")
    for each in kept:
        what = KAPPAS[each.key] if each.lever else load_assumptions()[each.key].label
        st.markdown(f"- {what} : {each.source}, source {GRADES[each.grade]}.")


def _replaced(change: Replaced) -> dict[str, str]:
    before, after = (end.removesuffix(" in all") for end in (change.before, change.after))
    if change.subject == "assumption":
        entry = load_assumptions()[change.key]
        what, source = entry.label, change.source
        before, after = _range(entry), _range(entry.by(Sources.OFFICIAL))
    elif change.subject == "territory":
        label, source = TERRITORY[change.key]
        what = f"{label}, communes concernées : {number(change.count)}"
    else:
        what = f"Profil horaire : {change.key.replace('_', ' ')}"
        before, after = (end.replace("anchors", "repères") for end in (before, after))
        source = "la courbe la plus lisse qui respecte les autres : hypothèse"
    return {"Quoi": what, "Avec la presse": before, "Sans elle": after, "Repose sur": source}


def _range(entry: Assumption) -> str:
    value, low, high = map(number, (entry.central, entry.low, entry.high))
    return f"{value} {entry.unit} ({low} à {high}), {GRADES[entry.grade]}"


def _show_table(question: Question) -> None:
    table = _table(question)
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in RANGE}
    edited = st.data_editor(
        table,
        hide_index=True,
        height=640,
        disabled=[name for name in table.columns if name != VALUE],
        column_config={
            "Clé": None,
            VALUE: st.column_config.NumberColumn(help="Modifiable.", format="localized"),
            **numbers,
        },
        key=f"hypotheses-{question.levers}",
    )
    changed = edited[VALUE] != table[VALUE]
    if changed.any():
        st.warning("Résultats périmés : des valeurs ont changé depuis le calcul affiché.")
        if st.button("Recalculer avec ces valeurs", type="primary"):
            move(question, _levers(question, edited[changed]))


def _table(question: Question) -> pd.DataFrame:
    assumptions = Assumptions(question.scenario.assumptions)
    values = assumptions.values
    entries = {key: each.by(assumptions.sources) for key, each in load_assumptions().items()}
    rows = [
        {
            "Clé": key,
            "Hypothèse": entry.label,
            VALUE: values[key],
            "Unité": entry.unit,
            **dict(zip(RANGE, (entry.low, entry.central, entry.high), strict=True)),
            "Source": GRADES[entry.grade],
            "Confiance": CONFIDENCES[entry.confidence],
            "Sert à": STAGES[entry.stage],
            "Référence": entry.source,
        }
        for key, entry in entries.items()
    ]
    return pd.DataFrame(rows)


def _levers(question: Question, changed: pd.DataFrame) -> dict[str, object]:
    """Levers of the values that were edited; the scenario's own value moves none."""
    sources = Assumptions(question.scenario.assumptions).sources
    given = load_library()[question.name].assumptions
    own = Assumptions({**given, "sources": sources.value}).values
    return {
        f"assumptions.{key}": None if value == own[key] else value
        for key, value in zip(changed["Clé"], changed[VALUE], strict=True)
    }
