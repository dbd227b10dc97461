"""What each commune pays and gets, names masked unless they are asked for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from twin.contracts import mask
from twin.model.assumptions import Assumptions
from twin.model.budget.communes import YEARS, commune_views
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.volumes import Volumes
from twin.scenarios.schema import Scenario

__all__ = ["show_communes"]

EUR_PER_KEUR = 1000
PER_CENT = 100


def show_communes(scenario: Scenario, volumes: Volumes) -> None:
    """Show five years of each commune, every camera connected."""
    st.header("Ce que chaque commune paie et reçoit")
    st.markdown(
        f"{YEARS} années pleines, toutes caméras raccordées, en k€ TTC. « Seule » : le salaire de"
        " ses propres agents pour le même service, avec la présence minimale pendant la fenêtre"
        " de visionnage achetée."
    )
    named = st.toggle("Afficher les noms des communes", value=False)
    if named:
        st.warning("Simulation ; aucune de ces communes n'a délibéré.")
    table = _table(scenario, volumes, named=named)
    money = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        table,
        hide_index=True,
        column_config=dict.fromkeys(table.columns[2:], money),
    )
    st.caption(
        f"Source : calcul {volumes.identity[:12]}, graine {volumes.seed},"
        f" {volumes.replications} réplications ; prix et aides : hypothèses du scénario."
    )
    if not named:
        st.caption(
            "Noms masqués : un même masque désigne la même commune dans ce calcul seulement."
        )


def _table(scenario: Scenario, volumes: Volumes, *, named: bool) -> pd.DataFrame:
    """One row per commune, in an order that does not name the masked ones."""
    views = commune_views(
        volumes, scenario.tariffs, scenario.budget, Assumptions(scenario.assumptions)
    )
    rows = []
    for view in views:
        commune = view.commune
        paid = (view.equipment, view.upkeep, view.links, view.helped, view.fees, view.total)
        names = ("Caméras posées", "Entretien", "Liens", "Aides reçues", "Redevances", "Total")
        rows.append(
            {
                "Commune": commune.name if named else mask(commune.insee, volumes.identity),
                "Forfait": commune.forfait,
                "Caméras": commune.cameras,
                **{n: _keur(cents) for n, cents in zip(names, paid, strict=True)},
                "Seule": _keur(view.alone),
                "Heures devant le mur, par an": round(view.viewing_h),
                "Rondes par an": round(commune.patrols),
                "Réquisitions par an": round(commune.requisitions, 1),
                "Caméras en marche, %": round(PER_CENT * commune.availability, 1),
            }
        )
    return pd.DataFrame(rows).sort_values("Commune")


def _keur(cents: int) -> float:
    return round(cents / CENTS_PER_EUR / EUR_PER_KEUR, 1)
