"""Comparison of questions that meet the same worlds: paired differences, as they come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace

import altair as alt
import pandas as pd
import streamlit as st

from twin.errors import TwinError
from twin.model.indicators import load_indicators
from twin.reports.charts import PALETTE
from twin.reports.figures import SHOWN_AS, cells, number
from twin.scenarios.compare import Difference, Finding, check_comparable, compare
from twin.scenarios.experiment import stored_result
from twin.scenarios.library import load_library
from twin.scenarios.store import Run
from twin.ui.answers import RUNS, TARGET, asked_for, finished_of, identity_of
from twin.ui.exchange import Kept
from twin.ui.question import Question, posed
from twin.ui.shown import charted, told

__all__ = ["show_comparison"]

FEWEST, MOST = 2, 4
LOOK_S = 1.0
_EDGE = 100
PLAYING, PENDING = "compare-playing", "compare-pending"

SAID: Mapping[Finding, str] = {
    "too_few": "trop peu de réplications communes",
    "same": "identique dans chaque réplication",
    "not_shown": "aucune différence montrée",
    "higher": "plus haut",
    "lower": "plus bas",
}


def show_comparison(kept: Mapping[str, Kept]) -> None:
    """Let two to four questions be chosen, and show how they differ from the first.

    Parameters
    ----------
    kept : mapping of str to Kept
        Questions of this visit, by label.
    """
    st.header("Comparer")
    st.markdown(
        "Les questions choisies rencontrent les mêmes jours, les mêmes incidents et les mêmes"
        " absences : ce qui diffère vient d'elles, non du hasard. La première sert de repère."
    )
    offered = _offered(kept)
    chosen = st.multiselect(
        "Deux à quatre questions",
        list(offered),
        max_selections=MOST,
        placeholder="Choisissez le repère, puis ce qui lui est comparé",
    )
    if len(chosen) < FEWEST:
        st.caption("Les questions gardées pendant cette visite sont proposées aussi.")
        return
    questions = {label: posed(offered[label].scenario, offered[label].levers) for label in chosen}
    check_comparable({label: each.scenario for label, each in questions.items()})
    _follow(questions)


def _offered(kept: Mapping[str, Kept]) -> dict[str, Kept]:
    recipes = load_library().recipes
    shipped = {each.label: Kept(label=each.label, scenario=name) for name, each in recipes.items()}
    return shipped | {f"{label} (gardée)": each for label, each in kept.items()}


def _follow(questions: Mapping[str, Question]) -> None:
    """Play what is missing while it is wanted, and show what all of them have."""

    @st.fragment(run_every=LOOK_S)
    def look() -> None:
        common = min(finished_of(each) for each in questions.values())
        playing = st.toggle("Jouer les réplications qui manquent", key=PLAYING)
        st.progress(min(1.0, common / TARGET), f"{common} réplications communes sur {TARGET}")
        pending: list[Future[None]] = st.session_state.get(PENDING, [])
        with told():
            _raise_first(pending)
        if not playing:
            for each in pending:
                each.cancel()
        elif common < TARGET and all(each.done() for each in pending):
            st.session_state[PENDING] = [
                asked_for(each, common + FEWEST) for each in questions.values()
            ]
        if common >= FEWEST:
            # Looked at each time it doubles: a verdict read at every replication would be sought.
            _show(questions, 1 << (common.bit_length() - 1))

    look()


def _raise_first(pending: Iterable[Future[None]]) -> None:
    """Raise what a worker refused to play; one that was ended from outside is started again."""
    for each in pending:
        ended = each.done() and not each.cancelled()
        if ended and isinstance(problem := each.exception(), TwinError):
            raise problem


def _show(questions: Mapping[str, Question], replications: int) -> None:
    results = {
        label: stored_result(Run.found(identity_of(each), RUNS), replications)
        for label, each in questions.items()
    }
    found, first = compare(results), next(iter(questions))
    _draw(found, first)
    for label in list(questions)[1:]:
        st.subheader(f"{label}, comparé à {first}")
        rows = [_row(each) for each in found if each.scenario == label]
        st.table(rows, hide_index=True, alt=f"Différences de {label} à {first}.")
    st.caption(
        "Chaque intervalle est celui d'une différence seule ; le verdict tient compte de toutes"
        " (correction de Holm, 95 %). « Aucune différence montrée » n'est pas une égalité :"
        " l'intervalle dit jusqu'où elle peut aller. Il dit la part du hasard, pas l'erreur des"
        " hypothèses."
    )


def _row(each: Difference) -> dict[str, str]:
    indicator = load_indicators()[each.indicator]
    unit, factor = SHOWN_AS.get(indicator.unit, (indicator.unit, 1.0))
    moved = each.difference
    shown = replace(
        moved,
        value=factor * moved.value,
        low=factor * moved.low,
        high=factor * moved.high,
        unit="points" if unit == "%" else unit,
        source=f"{each.replications} réplications communes, par paires",
    )
    found = cells(indicator.label, shown)
    return {
        "Indicateur": found.pop("Indicateur"),
        "Repère": f"{number(factor * each.first)}\u00a0{unit}",
        "Ici": f"{number(factor * each.other)}\u00a0{unit}",
        "Différence": found.pop("Valeur"),
        **found,
        "Ce que l'on peut dire": _said(each),
    }


def _said(each: Difference) -> str:
    said = SAID[each.finding]
    if each.finding in ("higher", "lower") and each.percent is not None:
        return f"{said} de {number(each.percent)}\u00a0%"
    return said


def _draw(found: list[Difference], first: str) -> None:
    """Differences in percent of the first, where it has a value to be a percentage of."""
    labels = load_indicators()
    table = pd.DataFrame(
        {
            "Indicateur": labels[each.indicator].label,
            "Question": each.scenario,
            "Différence": 100 * each.difference.value / each.first,
            "Basse": 100 * each.difference.low / each.first,
            "Haute": 100 * each.difference.high / each.first,
            "Verdict": _said(each),
        }
        for each in found
        if each.first
    )
    if table.empty:
        return
    base = alt.Chart(table).encode(
        y=alt.Y("Indicateur:N", sort=None, title=None, axis=alt.Axis(labelLimit=380)),
        yOffset="Question:N",
        color=alt.Color("Question:N", title="question"),
    )
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X(
            "Basse:Q",
            title=f"différence à « {first} », en % de sa valeur (au bord : cent et plus)",
            scale=alt.Scale(domain=[-_EDGE, _EDGE], clamp=True),
        ),
        x2="Haute:Q",
    )
    point = base.mark_point(filled=True, size=70).encode(
        x="Différence:Q", shape=alt.Shape("Question:N", title="question")
    )
    zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=PALETTE[4]).encode(x="x:Q")
    says = (
        f"Différence de chaque question à {first}, indicateur par indicateur, avec son intervalle."
    )
    charted(zero + span + point, table, says)
