"""How sure the budget is: draws of the assumptions, and what each of them moves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.model.assumptions import load_assumptions
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.risk import PERIMETERS
from twin.reports import charts
from twin.reports.accounts import TITLES
from twin.reports.figures import number
from twin.ui.question import Question
from twin.ui.shown import charted, figures_table
from twin.ui.tariffs_runs import ask_risk, risk_found

__all__ = ["show_risk"]

SHOWN_ASSUMPTIONS = 10
EUR_PER_KEUR = 1000
PER_CENT = 100
BAR_PX = 26


def show_risk(question: Question, year: int) -> None:
    """Offer the draws, and show what they say of both perimeters."""
    st.header("Risque")
    st.markdown(
        "Chaque hypothèse que lit le budget est tirée dans sa fourchette, 2 000 fois ; ce que le"
        " scénario fixe ne l'est pas. Les simulations ne sont pas rejouées."
    )
    ask_risk(question, year)
    document = risk_found(question, year)
    if document is None or document["risk"] is None:
        return
    asked, years = document["year"], document["years"]
    source = (
        f"{document['risk']['draws']} tirages, calcul {document['identity']['run'][:12]},"
        f" graine {document['identity']['seed']}"
    )
    at = years.index(asked)
    risks = document["risk"]["perimeters"]
    figures_table(
        [
            row
            for perimeter in PERIMETERS
            for row in _figures(TITLES[perimeter], risks[perimeter], at, asked, source)
        ],
        "Résultat et probabilité d'équilibre, par périmètre.",
        "De 5 % à 95 % des tirages",
    )
    columns = st.columns(2)
    verdicts = {each["perimeter"]: each for each in document["verdicts"]}
    for column, perimeter in zip(columns, PERIMETERS, strict=True):
        with column:
            st.subheader(TITLES[perimeter])
            _show_fan(TITLES[perimeter], years, risks[perimeter])
            _show_tornado(TITLES[perimeter], verdicts[perimeter])


def _figures(
    title: str, risk: Mapping[str, Any], at: int, year: int, source: str
) -> list[tuple[str, Figure]]:
    low, middle, high = (row[at] / CENTS_PER_EUR / EUR_PER_KEUR for row in risk["quantiles_cents"])
    chance = PER_CENT * risk["balance_probability"][at]
    return [
        (
            f"{title} : résultat {year}, médiane",
            Figure(middle, low, high, "k€", Kind.COMPUTED, source),
        ),
        (
            f"{title} : probabilité d'équilibre {year}",
            Figure(chance, chance, chance, "%", Kind.COMPUTED, source),
        ),
    ]


def _show_fan(title: str, years: Sequence[int], risk: Mapping[str, Any]) -> None:
    names = ("5 % des tirages sont dessous", "médiane", "5 % des tirages sont dessus")
    keur = [
        [cents / CENTS_PER_EUR / EUR_PER_KEUR for cents in row] for row in risk["quantiles_cents"]
    ]
    table = pd.DataFrame({"Année": years, **dict(zip(names, keur, strict=True))})
    place = alt.Chart(table.set_axis(["annee", "bas", "milieu", "haut"], axis=1)).encode(
        x=alt.X("annee:O", title=None, axis=alt.Axis(labelAngle=0))
    )
    band = place.mark_area(opacity=0.3, color=charts.PALETTE[0]).encode(
        y=alt.Y("bas:Q", title="résultat, k€", axis=alt.Axis(format=",.0f")), y2="haut:Q"
    )
    line = place.mark_line(point=True, color=charts.PALETTE[0]).encode(y="milieu:Q")
    says = f"{title} : résultat de fonctionnement par année, médiane et 90 % des tirages."
    charted((band + line).properties(height=240), table.round(0), says)


def _show_tornado(title: str, verdict: Mapping[str, Any]) -> None:
    known = load_assumptions()
    table = pd.DataFrame(verdict["tornado"]).head(SHOWN_ASSUMPTIONS)
    rows = pd.DataFrame(
        {
            "Hypothèse": [known[key].label for key in table["key"]],
            "Basse": table["low"],
            "Haute": table["high"],
            "À la basse, k€": table["at_low"] / EUR_PER_KEUR,
            "À la haute, k€": table["at_high"] / EUR_PER_KEUR,
        }
    )
    order = rows["Hypothèse"].tolist()
    place = alt.Chart(rows.set_axis(["nom", "basse", "haute", "moins", "plus"], axis=1)).encode(
        y=alt.Y("nom:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    )
    drawn = alt.layer(
        place.mark_bar(color=charts.PALETTE[0]).encode(
            x=alt.X(
                "moins:Q",
                title="résultat, k€",
                scale=alt.Scale(zero=False),
                axis=alt.Axis(format=",.0f", tickCount=5),
            ),
            x2="plus:Q",
        ),
        place.mark_text(text="▼", color=charts.PALETTE[1]).encode(x="moins:Q"),
        place.mark_text(text="▲", color=charts.PALETTE[1]).encode(x="plus:Q"),
    )
    says = (
        f"{title} : résultat {verdict['year']} quand une hypothèse, seule, va d'un bout à l'autre"
        f" de sa fourchette (▼ basse, ▲ haute). La plus forte : {order[0].lower()}."
    )
    charted(drawn.properties(height=BAR_PX * len(rows) + 60), rows.round(3), says)
    found = [each for each in verdict["reversals"] if each["value"] is not None]
    state = "s'équilibre" if verdict["result_eur"] >= 0 else "est en déficit"
    opening = f"{verdict['year']} {state} aux valeurs centrales."
    if not found:
        st.markdown(f"{opening} Aucune hypothèse seule ne renverse cette conclusion.")
        return
    turned = " ; ".join(
        f"{known[each['key']].label} à {number(each['value'])} {known[each['key']].unit}"
        f"{_outside(each['key'], each['value'])}"
        for each in found
    )
    st.markdown(f"{opening} Renversé, seul, par : {turned}.")


def _outside(key: str, value: float) -> str:
    entry = load_assumptions()[key]
    return "" if entry.low <= value <= entry.high else " (hors de sa fourchette)"
