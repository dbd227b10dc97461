"""Prices and costs of the page Tarifs, in tables that read the French decimal comma."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from twin.model.assumptions import Assumptions, load_assumptions
from twin.scenarios.library import load_library
from twin.scenarios.schema import Scenario
from twin.ui.question import Question, move

__all__ = ["show_prices"]

TARIFFS = {
    "joining_eur": "Droit d'entrée, une fois par caméra",
    "forfait_1_eur": "Forfait 1, par caméra et par an",
    "forfait_2_eur": "Forfait 2, par caméra et par an",
    "forfait_3_eur": "Forfait 3, par caméra et par an",
}
COSTS = (
    "operator_index_points",
    "operator_ifse_eur",
    "point_growth",
    "management_cost_eur",
    "overhead_share",
    "fibre_eur_km_year",
    "licence_eur_per_stream",
    "room_running_eur",
    "energy_eur",
    "maintenance_share",
    "room_wall_eur",
    "one_server_eur",
    "loan_rate",
    "inflation_rate",
    "unpaid_share",
    "adoption_pace",
    "adoption_final_share",
    "camera_cost_eur",
)
"""Assumptions a head of finance would ask about first; the others are on the page Hypothèses."""

LEVER, LABEL, VALUE, UNIT = "Levier", "Prix ou hypothèse", "Valeur", "Unité"


def show_prices(question: Question) -> None:
    """Show the tables; what is applied moves the question."""
    st.header("Tarifs et coûts")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Ce que paient les communes")
        tariffs = _edited(_tariffs(question.scenario), f"tariffs-fees-{question.levers}")
    with right:
        st.subheader("Ce que coûte le centre")
        costs = _edited(_costs(question.scenario), f"tariffs-costs-{question.levers}", 320)
    changed = {**tariffs, **costs}
    if any(pd.isna(value) for value in changed.values()):
        st.error("Une valeur manque : écrivez un nombre, comme 289,50.")
    elif changed:
        st.warning("Résultats périmés : des prix ont changé depuis le budget affiché.")
        if st.button("Recalculer avec ces prix", type="primary"):
            own = _values(load_library()[question.name])
            move(question, {k: None if v == own[k] else v for k, v in changed.items()})
    st.caption(
        "Les décimales s'écrivent avec une virgule. Les autres coûts sont à la page Hypothèses,"
        " avec leurs sources."
    )


def _tariffs(scenario: Scenario) -> pd.DataFrame:
    amounts = scenario.tariffs.model_dump()
    return pd.DataFrame(
        {
            LEVER: [f"tariffs.{name}" for name in TARIFFS],
            LABEL: list(TARIFFS.values()),
            VALUE: [float(amounts[name]) for name in TARIFFS],
            UNIT: "€",
        }
    )


def _costs(scenario: Scenario) -> pd.DataFrame:
    values, table = Assumptions(scenario.assumptions).values, load_assumptions()
    rows = [
        {
            LEVER: f"assumptions.{key}",
            LABEL: table[key].label,
            VALUE: values[key],
            UNIT: table[key].unit,
            "Basse": table[key].low,
            "Haute": table[key].high,
        }
        for key in COSTS
    ]
    return pd.DataFrame(rows)


def _edited(table: pd.DataFrame, key: str, height: int | None = None) -> dict[str, float]:
    """Values that were changed, by lever; NaN for one that was erased."""
    localized = st.column_config.NumberColumn(format="localized")
    edited = st.data_editor(
        table,
        hide_index=True,
        height=height or "auto",
        disabled=[name for name in table.columns if name != VALUE],
        column_config={
            LEVER: None,
            VALUE: st.column_config.NumberColumn(
                f"{VALUE} ✎", format="localized", min_value=0, help="Modifiable."
            ),
            "Basse": localized,
            "Haute": localized,
        },
        key=key,
    )
    moved = edited[edited[VALUE] != table[VALUE]]
    return dict(zip(moved[LEVER], moved[VALUE].astype(float), strict=True))


def _values(scenario: Scenario) -> Mapping[str, float]:
    tables = (_tariffs(scenario), _costs(scenario))
    return {k: v for each in tables for k, v in zip(each[LEVER], each[VALUE], strict=True)}
