"""What moves a figure, and what reverses a conclusion: a search of the page « Hypothèses »."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.model.indicators import load_indicators
from twin.planning.sensitivity import Conclusion
from twin.planning.study import MAIN_CONCLUSIONS
from twin.reports.charts import PALETTE
from twin.reports.figures import SHOWN_AS, cells, number
from twin.ui.jobs import about, followed, start
from twin.ui.question import Question
from twin.ui.shown import charted

__all__ = ["show_influence"]

Row = Mapping[str, Any]

SEARCH = "hypotheses-search"
SHOWN = 12
EFFORTS = {
    "Rapide : quatre semaines, deux réplications par point": (
        *("--days", "28", "--trajectories", "2", "--per-point", "2"),
    ),
    "Complet : toute la période du scénario, trois réplications par point": (),
}


def show_influence(question: Question) -> None:
    """Offer the search for a question, and show the last one."""
    st.header("Ce qui renverserait les conclusions")
    st.markdown(
        "Chaque hypothèse qui pèse est déplacée seule, d'un bout à l'autre de sa fourchette. Là où"
        " une conclusion change, la valeur qui la renverse est cherchée. Ce qui est déjà calculé ne"
        " l'est pas deux fois."
    )
    written = {_sentence(Conclusion.read(text)): text for text in MAIN_CONCLUSIONS}
    chosen = st.multiselect("Conclusions", list(written), list(written))
    effort = st.radio("Effort", list(EFFORTS))
    asked = [word for each in chosen for word in ("--conclusion", written[each])]
    arguments = ("sensitivity", *about(question), "--json", *EFFORTS[effort], *asked)
    if st.button("Chercher", disabled=not chosen):
        start(SEARCH, arguments)
    done = followed(SEARCH, "Recherche de ce qui renverse")
    if done is None or not done.kept or not done.output.startswith("{"):
        return
    if done.arguments != arguments:
        st.warning("Résultats périmés : ils répondent à une autre question. Relancez la recherche.")
    _show(json.loads(done.output))


def _show(found: Row) -> None:
    for text, reversals in found["reversals"].items():
        conclusion = Conclusion.read(text)
        central, moved = found["central"][conclusion.indicator], found["tornado"]
        holds = conclusion.margin(central) >= 0
        st.subheader(_sentence(conclusion))
        unit, factor = _shown(conclusion)
        st.markdown(
            f"Aux valeurs centrales : **{number(factor * central)}\u00a0{unit}**"
            f" ({Kind.COMPUTED.value}). La conclusion {'tient' if holds else 'ne tient pas'}."
        )
        rows = moved[conclusion.indicator]
        _show_reversals(reversals, {row["key"]: row for row in rows})
        _draw(rows[:SHOWN], conclusion)


def _show_reversals(reversals: Sequence[Row], moved: Mapping[str, Row]) -> None:
    flipped = [each for each in reversals if each["value"]]
    if flipped:
        rows = [_reversal(each, moved[each["key"]]) for each in flipped]
        st.table(rows, hide_index=True, alt="Hypothèses qui renversent la conclusion.")
    keys = {each["key"] for each in reversals} - {each["key"] for each in flipped}
    if keys:
        labels = sorted(moved[key]["label"] for key in keys)
        with st.expander(f"Aucune valeur de leur fourchette ne la renverse ({number(len(keys))})"):
            st.markdown("\n".join(f"- {label}" for label in labels))


def _reversal(reversal: Row, moved: Row) -> dict[str, str]:
    held = reversal["value"]
    figure = Figure(**{**held, "kind": Kind(held["kind"])})
    found = cells(moved["label"], figure)
    return {
        "Hypothèse": found["Indicateur"],
        "Valeur centrale": f"{number(moved['central'])}\u00a0{moved['unit']}",
        "Renversée à": found["Valeur"],
        "Doute entre": found["Intervalle à 95 %"],
        "Nature": found["Nature"],
    }


def _draw(rows: Sequence[Row], conclusion: Conclusion) -> None:
    unit, factor = _shown(conclusion)
    label = load_indicators()[conclusion.indicator].label
    drawn = pd.DataFrame(
        {
            "Hypothèse": row["label"],
            "Basse": f"{number(row['low'])} {row['unit']}",
            "Haute": f"{number(row['high'])} {row['unit']}",
            "À la basse": factor * row["at_low"],
            "À la haute": factor * row["at_high"],
        }
        for row in rows
    )
    y = alt.Y("Hypothèse:N", sort=None, title=None, axis=alt.Axis(labelLimit=420))
    base = alt.Chart(drawn).encode(y=y)
    title = f"{label} ({unit})"
    bars = base.mark_bar(color=PALETTE[0], opacity=0.7).encode(
        x=alt.X("À la basse:Q", title=title, scale=alt.Scale(zero=False)), x2="À la haute:Q"
    )
    high = base.mark_point(filled=True, color=PALETTE[1], size=70).encode(x="À la haute:Q")
    limit = pd.DataFrame({"x": [factor * conclusion.threshold]})
    rule = alt.Chart(limit).mark_rule(strokeDash=[4, 4]).encode(x="x:Q")
    says = (
        f"{label} : d'un bout à l'autre de chaque hypothèse, la plus influente en tête. Le point"
        " est la valeur haute de l'hypothèse, le trait le seuil de la conclusion."
    )
    table = drawn.assign(**{name: drawn[name].map(number) for name in ("À la basse", "À la haute")})
    charted(alt.layer(bars, high, rule), table, says)


def _sentence(conclusion: Conclusion) -> str:
    unit, factor = _shown(conclusion)
    way = "au moins" if conclusion.at_least else "au plus"
    label = load_indicators()[conclusion.indicator].label
    return f"{label} : {way} {number(factor * conclusion.threshold)}\u00a0{unit}"


def _shown(conclusion: Conclusion) -> tuple[str, float]:
    unit = load_indicators()[conclusion.indicator].unit
    return SHOWN_AS.get(unit, (unit, 1.0))
