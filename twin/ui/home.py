"""Accueil: what the twin answers, and five figures of the question asked."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from twin.model.assumptions import Assumptions
from twin.model.mel import load_mel
from twin.model.territory import build_territory
from twin.reports.figures import chosen_figures, period
from twin.reports.map import commune_map
from twin.ui.answers import answer, tighten
from twin.ui.frame import question_bar
from twin.ui.question import Question
from twin.ui.shown import charted, headlines

__all__ = ["show"]

ANSWERS = """
- **Effectifs** : combien d'agents, à quelles heures, pour quel service ; est-ce légal ?
- **Tarifs** : les forfaits portent-ils le centre, à partir de quelle année, pour quelles communes ?
- **Flux** : les serveurs et les liens portent-ils les caméras, et lequel cède le premier ?
- **Plénière** : ce que cela change pour une commune, et pourquoi le croire.
"""

HEADLINES = (
    "agents_present",
    "hours_below_two",
    "call_to_alert_p90",
    "requisition_saved",
    "patrols_made",
)
"""Five observable indicators: what a real centre could confirm comes first."""


def show() -> None:
    """Show the page."""
    st.title("Jumeau numérique du centre métropolitain de supervision urbaine")
    st.markdown(ANSWERS)
    question = question_bar()
    found = answer(question)
    st.header("Cinq chiffres de ce scénario")
    headlines(chosen_figures(found.indicators, found.stored, HEADLINES))
    st.markdown(
        f"Période simulée : {period(found.stored)}. L'intervalle dit la part du hasard, pas"
        " l'erreur possible des hypothèses."
    )
    tighten(question, found)
    _show_map(question)


def _show_map(question: Question) -> None:
    """Cameras by commune, and what is known of the one that is clicked."""
    st.header("Qui participe, dans ce scénario")
    scenario = question.scenario
    communes = build_territory(
        scenario.communes, scenario.forfaits, Assumptions(scenario.assumptions)
    ).communes
    table = pd.DataFrame(
        {
            "insee": [commune.insee for commune in communes],
            "name": [commune.name for commune in communes],
            "value": [commune.cameras for commune in communes],
            "forfait": [commune.forfait for commune in communes],
            "window": [commune.window or "aucun" for commune in communes],
        }
    )
    says = f"Carte des {len(communes)} communes du scénario, par nombre de caméras raccordées."
    drawn = commune_map(load_mel().places, table, "caméras")
    names = ["Code", "Commune", "Caméras", "Forfait", "Visionnage en direct"]
    picked = charted(drawn, table.set_axis(names, axis=1), says, select="commune")
    for row in table[table["insee"].isin(picked)].itertuples():
        st.info(
            f"**{row.name}** : {row.value} caméras, forfait {row.forfait}, visionnage en direct :"
            f" {row.window}. Hypothèse du scénario, non une décision de la commune."
        )
