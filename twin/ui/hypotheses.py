"""Hypothèses: every assumption with its range, its source and its grade; each may be changed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from twin.model.assumptions import Assumptions, Grade, load_assumptions
from twin.scenarios.library import load_library
from twin.ui.frame import question_bar
from twin.ui.question import Question, move

__all__ = ["show"]

GRADES = {
    Grade.OFFICIAL: "officielle",
    Grade.PRESS: "presse",
    Grade.PARTISAN: "partisane",
    Grade.HYPOTHESIS: "hypothèse",
}
CONFIDENCES = {"high": "forte", "medium": "moyenne", "low": "faible"}
STAGES = {"run": "la simulation", "after": "les calculs qui la suivent"}
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
    values = Assumptions(question.scenario.assumptions).values
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
        for key, entry in load_assumptions().items()
    ]
    return pd.DataFrame(rows)


def _levers(question: Question, changed: pd.DataFrame) -> dict[str, object]:
    """Levers of the values that were edited; the scenario's own value moves none."""
    own = Assumptions(load_library()[question.name].assumptions).values
    return {
        f"assumptions.{key}": None if value == own[key] else value
        for key, value in zip(changed["Clé"], changed[VALUE], strict=True)
    }
