"""Tarifs: prices and costs that may be changed, the two perimeters, what balances them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.model.budget.accounts import Budget, Perimeter
from twin.model.budget.adoption import year_index
from twin.model.budget.costs import inhabitants, unit_costs
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.risk import PERIMETERS
from twin.model.budget.shares import by_forfait
from twin.model.budget.volumes import Volumes
from twin.planning.finance import balance_of, budget_of, seats_of
from twin.reports import charts
from twin.reports.accounts import SECTIONS, TITLES, accounts_table
from twin.reports.figures import number
from twin.scenarios.schema import Scenario
from twin.ui.frame import question_bar
from twin.ui.shown import charted, figures_table, headlines
from twin.ui.tariffs_communes import show_communes
from twin.ui.tariffs_prices import show_prices
from twin.ui.tariffs_risk import show_risk
from twin.ui.tariffs_runs import risk_known, stages_of

__all__ = ["show"]

STEADY_YEAR = 2032
"""Year of the details unless another is asked: the communes of the reference have come."""

MEANINGS: dict[Perimeter, str] = {
    "tariff": "Ce que les tarifs disent couvrir : vidéo-opérateurs, raccordement, étude.",
    "full": "Tout ce que coûte le centre, salle, encadrement et investissements compris.",
}
DASHES = {"tariff": [1, 0], "full": [6, 3]}
PER_CENT = 100
YEAR_PX = 70
EUR_PER_KEUR, EUR_PER_MEUR = 1_000, 1_000_000


def show() -> None:
    """Show the page."""
    st.title("Tarifs")
    st.markdown(
        "Les forfaits portent-ils le centre, à partir de quelle année, pour quelles communes ? Les"
        " deux périmètres sont toujours côte à côte. Changer un prix ne rejoue aucune simulation."
    )
    question = question_bar()
    show_prices(question)
    stages = stages_of(question)
    if stages is None:
        return
    scenario = question.scenario
    budget = budget_of(scenario, stages)
    st.header("Les deux périmètres")
    years = list(budget.years)
    year = st.select_slider("Année des détails", years, STEADY_YEAR)
    _show_side_by_side(budget, year, risk_known(question, year))
    _show_results(budget)
    _show_accounts(budget)
    _show_balance(scenario, stages, year)
    show_risk(question, year)
    show_communes(scenario, stages[-1])


def _source(budget: Budget, year: int) -> str:
    full = budget.stages[-1]
    return (
        f"budget {year}, calcul {full.identity[:12]}, graine {full.seed},"
        f" {full.replications} réplications"
    )


def _computed(value: float, unit: str, source: str) -> Figure:
    return Figure(value, value, value, unit, Kind.COMPUTED, source)


def _show_side_by_side(budget: Budget, year: int, risk: Mapping[str, Any] | None) -> None:
    source = _source(budget, year)
    for column, perimeter in zip(st.columns(2), PERIMETERS, strict=True):
        result = _result(budget, perimeter, year, risk)
        with column:
            st.subheader(TITLES[perimeter])
            st.markdown(MEANINGS[perimeter])
            headlines(
                [
                    (f"Résultat {year}", _scaled(result, 1 / EUR_PER_KEUR, "k€")),
                    (
                        "Reste à charge par habitant de la MEL",
                        _scaled(result, -1 / inhabitants(), "€"),
                    ),
                ]
            )
            first = next((y for y in budget.years if _balanced(budget, perimeter, y)), None)
            st.markdown(
                "**Aucune année** de la période n'est à l'équilibre à ces tarifs."
                if first is None
                else f"Première année à l'équilibre : **{first}**."
            )
    st.caption(
        "L'intervalle tient 90 % des tirages des hypothèses ; il vient avec la rubrique Risque."
    )
    with st.expander(f"Coûts {year} à l'unité, dans les deux périmètres"):
        for perimeter in PERIMETERS:
            rows = [
                (label, _computed(figure.value, figure.unit, source))
                for label, figure in unit_costs(budget, perimeter, year)
            ]
            st.markdown(f"**{TITLES[perimeter]}**")
            figures_table(rows, f"Coûts à l'unité, {TITLES[perimeter]}, {year}")
    with st.expander(f"Quel forfait paie pour quel autre, {year}"):
        st.dataframe(_forfaits(budget, year), hide_index=True)


def _result(
    budget: Budget, perimeter: Perimeter, year: int, risk: Mapping[str, Any] | None
) -> Figure:
    """Result of a year in euros, with what the draws say of it once they are there."""
    i = year_index(year)
    euros = budget.perimeter(perimeter).result[i] / CENTS_PER_EUR
    found = _computed(euros, "€", _source(budget, year))
    if risk is None:
        return found
    rows = risk["risk"]["perimeters"][perimeter]["quantiles_cents"]
    drawn = [row[i] / CENTS_PER_EUR for row in rows]
    return replace(found, low=min(euros, *drawn), high=max(euros, *drawn))


def _scaled(figure: Figure, factor: float, unit: str) -> Figure:
    value, *ends = (factor * each for each in (figure.value, figure.low, figure.high))
    return replace(figure, value=value, low=min(ends), high=max(ends), unit=unit)


def _balanced(budget: Budget, perimeter: Perimeter, year: int) -> bool:
    """Whether a year in which the centre is open is not in deficit."""
    i = year_index(year)
    return bool(budget.activity.cameras[i]) and budget.perimeter(perimeter).result[i] >= 0


def _forfaits(budget: Budget, year: int) -> pd.DataFrame:
    rows = [
        {
            "Périmètre": TITLES[perimeter],
            "Forfait": each.forfait,
            "Caméras": number(each.cameras),
            "Redevances, € par caméra": number(each.fees / CENTS_PER_EUR / each.cameras),
            "Coût, € par caméra": number(each.cost / CENTS_PER_EUR / each.cameras),
            "Couvert": f"{number(PER_CENT * each.coverage)}\u00a0%",
        }
        for perimeter in PERIMETERS
        for each in by_forfait(budget, perimeter, year)
    ]
    return pd.DataFrame(rows)


def _show_results(budget: Budget) -> None:
    rows = pd.DataFrame(
        [
            {
                "Année": year,
                "Périmètre": TITLES[perimeter],
                "M€": cents / CENTS_PER_EUR / EUR_PER_MEUR,
            }
            for perimeter in PERIMETERS
            for year, cents in zip(budget.years, budget.perimeter(perimeter).result, strict=True)
        ]
    )
    titles = [TITLES[perimeter] for perimeter in PERIMETERS]
    dash = alt.Scale(domain=titles, range=[DASHES[perimeter] for perimeter in PERIMETERS])
    line = (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("Année:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("M€:Q", title="résultat avant la MEL, M€"),
            color=alt.Color("Périmètre:N", scale=alt.Scale(domain=titles), legend=_top()),
            strokeDash=alt.StrokeDash("Périmètre:N", scale=dash, legend=_top()),
        )
    )
    zero = alt.Chart(pd.DataFrame({"y": [0]})).mark_rule(color=charts.PALETTE[4]).encode(y="y:Q")
    says = (
        f"Résultat de fonctionnement avant la prise en charge de la MEL, {budget.years[0]} à"
        f" {budget.years[-1]}, dans les deux périmètres ; au-dessus de zéro, l'année s'équilibre."
    )
    table = rows.assign(**{"M€": rows["M€"].round(3)})
    wide = table.pivot(index="Périmètre", columns="Année", values="M€").loc[titles].reset_index()
    charted((line + zero).properties(height=280), wide.rename(columns=str), says)


def _top() -> alt.Legend:
    return alt.Legend(orient="top", title=None)


def _show_accounts(budget: Budget) -> None:
    st.header("Année par année, par section")
    st.caption("En k€. Les deux côtés de chaque section sont égaux.")
    tables = {perimeter: accounts_table(budget.perimeter(perimeter)) for perimeter in PERIMETERS}
    titles = [title for _, title in SECTIONS]
    amounts = st.column_config.NumberColumn(format="localized", width=YEAR_PX)
    shape = {"Chapitre": st.column_config.TextColumn(pinned=True)}
    shape |= {str(year): amounts for year in budget.years}
    for tab, title in zip(st.tabs(titles), titles, strict=True):
        for column, perimeter in zip(tab.columns(2), PERIMETERS, strict=True):
            table = tables[perimeter]
            column.subheader(TITLES[perimeter])
            column.dataframe(
                table[table["Section"] == title].drop(columns="Section"),
                hide_index=True,
                column_config=shape,
            )
    st.caption(f"Source : {_source(budget, budget.years[-1])}.")


def _show_balance(scenario: Scenario, stages: Sequence[Volumes], year: int) -> None:
    st.header(f"Point d'équilibre {year}")
    ways = {"Un même facteur sur tous les forfaits": True, "À chaque forfait son coût": False}
    chosen = st.segmented_control("Tarifs qui équilibrent", list(ways), default=next(iter(ways)))
    if chosen is None:
        return
    for column, perimeter in zip(st.columns(2), PERIMETERS, strict=True):
        found = balance_of(
            scenario, stages, year=year, perimeter=perimeter, keep_ratio=ways[chosen]
        )
        rows = [
            {
                "Forfait": forfait,
                "Tarif, €": number(scenario.tariffs.of(forfait)),
                "Tarif d'équilibre, €": number(fee),
                "Facteur": _factor(fee, scenario.tariffs.of(forfait)),
            }
            for forfait, fee in found.tariffs.annual_eur.items()
        ]
        seats = [
            {
                "Forfait": each.forfait,
                "Pour un siège, salaires seuls": _cameras(each.pay_only),
                "Avec les autres coûts": _cameras(each.with_other_costs),
            }
            for each in seats_of(scenario, stages, year=year, perimeter=perimeter)
        ]
        with column:
            st.subheader(TITLES[perimeter])
            st.table(rows, hide_index=True, alt=f"Tarifs qui équilibrent {year}")
            st.markdown("Caméras dont les redevances paient un siège de vidéo-opérateur :")
            st.table(seats, hide_index=True, alt="Caméras qu'il faut pour payer un siège")


def _factor(fee: float, now: float) -> str:
    return f"× {number(fee / now)}" if now else "—"


def _cameras(count: float) -> str:
    return "jamais" if math.isinf(count) else f"{number(math.ceil(count))} caméras"
