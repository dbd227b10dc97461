"""Effectifs: what presence alone costs, the seats and their load, the posts, the rosters."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.model.patterns import load_functions
from twin.model.seats import seated_shifts
from twin.model.working_time import load_working_time
from twin.planning.covering import OPERATOR, ShiftType, WeekPlan
from twin.planning.first_screen import FirstScreen, first_screen
from twin.reports import charts
from twin.reports.figures import chosen_figures, figures, period, unseen
from twin.scenarios.schema import Scenario
from twin.ui.answers import Answer, answer, tighten
from twin.ui.frame import question_bar
from twin.ui.shown import charted, figures_table, headlines
from twin.ui.staff_levers import show_levers
from twin.ui.staff_roster import show_roster
from twin.ui.staff_sizing import show_sizing
from twin.ui.weeks import heat, week_heat

__all__ = ["show"]

PER_CENT = 100
OVER_ASSUMPTIONS = "Étendue des hypothèses"
LOAD = {"working": "sur une tâche", "watching": "devant le mur", "pausing": "en pause"}
"""Indicators of presence by hour, as rows of the chart."""
FIRST = (
    "agents_present",
    "hours_below_two",
    "working",
    "call_to_alert_p90",
    "request_wait_p90",
    "requisition_saved",
    "requisition_p90_days",
    "patrols_made",
    "checks_made",
    "overtime",
)
"""Observable indicators that a planner looks at first."""
STEPS = {
    "gross": "Heures des sièges",
    "absence": "Absences remplacées",
    "breaks": "Pauses relevées",
    "handover": "Relève payée",
    "training": "Formation",
    "accreditation": "Attente de l'agrément",
}


def show() -> None:
    """Show the page."""
    st.title("Effectifs")
    st.markdown(
        "Combien d'agents, à quelles heures, pour quel service ; combien de postes cela fait, et si"
        " un planning les tient. Les leviers sont à gauche ; chaque réponse est recalculée."
    )
    question = question_bar()
    levers, page = st.columns([1, 3], gap="large")
    with levers:
        show_levers(question)
    with page:
        screen = _screen(question.scenario.model_dump_json())
        _show_presence(screen, question.scenario)
        _show_seats(question.scenario)
        found = answer(question)
        _show_load(found)
        _show_indicators(found)
        tighten(question, found)
    _show_posts(screen, question.scenario)
    show_sizing(question)
    operators = (row.etpt for row in screen.staffing.posts if row.function == OPERATOR)
    show_roster(question, math.ceil(sum(operators)))


@st.cache_data(max_entries=64, show_spinner="Calcul des postes…")
def _screen(scenario: str) -> FirstScreen:
    return first_screen(Scenario.model_validate_json(scenario))


def _show_presence(screen: FirstScreen, scenario: Scenario) -> None:
    st.header("Ce que coûte la seule présence")
    st.markdown(
        f"Avant toute demande, **{screen.agents} agents** sont dans la salle jour et nuit :"
        " hypothèse `minimum_agents`, modifiable à la page Hypothèses."
    )
    shown = [
        ("Pour cette seule présence", screen.presence_etpt),
        ("Ce qu'elle coûte", screen.presence_cost),
        ("Redevances d'une année pleine", _revenue(screen)),
    ]
    if screen.share:
        shown.append(("Part des redevances qu'elle prend", _percent(screen.share)))
    headlines(shown)
    st.caption(
        "L'intervalle va d'un extrême à l'autre des hypothèses de postes, prises ensemble."
        f" Caméras par forfait : {_counts(screen)}. Les droits d'entrée sont laissés de côté."
    )
    if not scenario.seats.relief:
        st.caption(
            "La simulation de ce scénario laisse vides les sièges des agents absents"
            " (`seats.relief=false`) ; les ETPT affichés les tiennent tous."
        )


def _revenue(screen: FirstScreen) -> Figure:
    total = sum(fee.value for fee in screen.revenue.values())
    source = "tarifs du scénario × caméras raccordées"
    return Figure(total, total, total, "€ par an", Kind.COMPUTED, source)


def _percent(share: Figure) -> Figure:
    value, low, high = (PER_CENT * each for each in (share.value, share.low, share.high))
    return Figure(value, low, high, "%", share.kind, share.source)


def _counts(screen: FirstScreen) -> str:
    return " ; ".join(f"forfait {name} : {count}" for name, count in screen.cameras.items())


def _show_seats(scenario: Scenario) -> None:
    st.header("Sièges ouverts et charge")
    held = [row for row in seated_shifts(scenario.seats) if row.seats]
    names = {key: each.label for key, each in load_functions().items()}
    functions = list(dict.fromkeys(row.function for row in held))
    chosen = st.segmented_control(
        "Sièges de", functions, default=functions[0], format_func=lambda key: names[key]
    )
    if chosen is None:
        return
    counts: dict[ShiftType, int] = {}
    for row in held:
        shift = ShiftType(row.function, row.window, row.weekdays, row.holidays)
        counts[shift] = counts.get(shift, 0) + row.seats
    seats = WeekPlan.of(counts).coverage(chosen)
    says = (
        f"Sièges ouverts, {names[chosen].lower()} : de {seats.min():g} à {seats.max():g} selon"
        " l'heure et le jour de la semaine, hors jours fériés."
    )
    charted(*week_heat(seats.tolist()), says)


def _show_load(found: Answer) -> None:
    table = found.indicators
    by_hour = table[(table["scope"] == "hour") & table["indicator"].isin(LOAD)]
    rows = pd.DataFrame(
        {
            "Temps": by_hour["indicator"].map(LOAD),
            "Heure": by_hour["key"].astype(int),
            "Part": by_hour["mean"].astype(float) * PER_CENT,
        }
    )
    busy = rows[rows["Temps"] == LOAD["working"]]
    if busy.empty:
        return
    top = busy.nlargest(1, "Part").to_dict("records")[0]
    says = (
        f"Emploi du temps de présence par heure de la journée, en % ({found.replications}"
        f" réplications) : la part sur une tâche est la plus forte à {top['Heure']} h,"
        f" {top['Part']:.0f} %."
    )
    st.markdown("Ce que font les agents présents, en % de leur temps, toutes fonctions réunies.")
    seen = [words for words in LOAD.values() if words in set(rows["Temps"])]
    charted(*heat(rows, "Temps", "Part", seen), says)
    st.caption(
        "La charge est comptée par heure de la journée : le calcul ne la garde pas par jour de la"
        " semaine."
    )


def _show_indicators(found: Answer) -> None:
    st.header("Indicateurs observables")
    st.markdown(
        f"Ce que la main courante d'un centre réel pourrait confirmer. Période simulée :"
        f" {period(found.stored)} ; {found.replications} réplications. L'intervalle dit la part du"
        " hasard, pas l'erreur possible des hypothèses."
    )
    says = "Indicateurs observables : valeur, intervalle, nature et source."
    first = chosen_figures(found.indicators, found.stored, FIRST)
    figures_table(first, says)
    shown = {label for label, _ in first}
    others = figures(found.indicators, found.stored, "observable")
    with st.expander("Tous les autres indicateurs observables"):
        figures_table((each for each in others if each[0] not in shown), says)
    if missing := unseen(found.indicators, "observable"):
        st.caption(f"Sans aucun cas dans ce calcul : {' ; '.join(missing)}.")


def _show_posts(screen: FirstScreen, scenario: Scenario) -> None:
    st.header("Des sièges aux postes")
    shown = [
        ("ETPT pour tenir les sièges, absences remplacées", screen.etpt),
        ("ETP à budgéter", screen.budgeted_etp),
        ("Postes entiers à créer", screen.posts),
        ("Masse salariale", screen.cost),
    ]
    figures_table(shown, "ETPT, ETP à budgéter, postes et masse salariale.", OVER_ASSUMPTIONS)
    names = load_functions()
    posts = screen.staffing.posts
    totals = [sum(row.steps[i].etp for row in posts) for i in range(len(STEPS))]
    bars = pd.DataFrame(
        {"Étape": list(STEPS.values()), "de": [0.0, *totals[:-1]], "à": totals}
    ).assign(ajout=lambda bar: bar["à"] - bar["de"])
    place = alt.Chart(bars).encode(
        x=alt.X("Étape:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelLimit=150))
    )
    drawn = place.mark_bar(color=charts.PALETTE[0]).encode(
        y=alt.Y("de:Q", title="ETP"), y2="à:Q"
    ) + place.mark_text(dy=-8).encode(y="à:Q", text=alt.Text("à:Q", format=".1f"))
    table = pd.DataFrame(
        {names[row.function].label: [step.etp for step in row.steps] for row in posts},
        index=pd.Index(STEPS.values(), name="Étape"),
    )
    table["Ensemble"] = totals
    says = (
        f"Des heures des sièges ({totals[0]:.1f} ETP) aux ETP à budgéter ({totals[-1]:.1f}),"
        " facteur par facteur."
    ).replace(".", ",", 2)
    charted(drawn.properties(height=260), table.round(2).reset_index(), says)
    regime = load_working_time().regimes[scenario.seats.regime].label
    st.caption(
        f"Régime : {regime}. Le total après « {STEPS['breaks']} » est l'ETPT ; le dernier est l'ETP"
        " à budgéter."
    )
