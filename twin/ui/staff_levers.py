"""The levers of the page Effectifs."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from twin.files import data_folder, load_yaml
from twin.model.forfaits import load_rules
from twin.model.patterns import load_functions, load_patterns
from twin.scenarios.library import load_library
from twin.scenarios.schema import Scenario
from twin.ui.question import Question, move

__all__ = ["show_levers"]

SHIFTS = {"day": "jour", "evening": "soir", "night": "nuit", "peak": "renfort"}
END_OF_SHIFT = {
    "hand_over": "transmet le travail en cours",
    "finish": "finit le travail en cours",
    "drop": "abandonne le travail en cours",
}
DISPLAY = {
    "mixed": "images de plusieurs communes à la fois",
    "one_commune_at_a_time": "une commune à la fois",
}
HOURS = [f"{hour:02d}:00" for hour in range(24)]
MOST_SEATS = 30


def show_levers(question: Question) -> None:
    """Show the levers; what is applied moves the question."""
    st.header("Leviers")
    with st.form("staff-levers"):
        values = {**_communes(question.scenario), **_seats(question.scenario)}
        asked = st.form_submit_button("Appliquer", type="primary", width="stretch")
    if asked:
        own = _values(load_library()[question.name])
        now = _values(question.scenario)
        moved = {key: value for key, value in values.items() if value != now.get(key, 0)}
        if moved:
            move(question, {k: None if v == own.get(k) else v for k, v in moved.items()})


def _communes(scenario: Scenario) -> dict[str, object]:
    """Who takes part, and what they take; a file of communes says both by itself."""
    if scenario.communes.file is not None:
        return {}
    sets = load_yaml(data_folder() / "communes_sets.yaml")
    named = {key: each["label"] for key, each in sets.items()}
    ruled = {key: each.label for key, each in load_rules().items()}
    values: dict[str, object] = {
        "communes.select": _choice("Communes", named, scenario.communes.select),
        "forfaits.rule": _choice("Forfaits", ruled, scenario.forfaits.rule),
    }
    begins, ends = scenario.forfaits.evening_window.split("-")
    st.markdown("Visionnage du soir (forfait 2)")
    first, last = st.columns(2)
    with first:
        begin = st.selectbox("de", _with(HOURS, begins), index=_with(HOURS, begins).index(begins))
    with last:
        end = st.selectbox("à", _with(HOURS, ends), index=_with(HOURS, ends).index(ends))
    values["forfaits.evening_window"] = f"{begin}-{end}"
    return values


def _seats(scenario: Scenario) -> dict[str, object]:
    seats, values = scenario.seats, dict[str, object]()
    if seats.pattern:
        pattern = load_patterns().patterns[seats.pattern]
        st.markdown(f"**Sièges** : {pattern.label}")
        counted = {"operators": "video_operator", "supervisors": seats.supervisor_function}
        for lever, function in counted.items():
            st.markdown(load_functions()[function].label)
            columns = st.columns(len(pattern.shifts))
            for column, (name, shift) in zip(columns, pattern.shifts.items(), strict=True):
                held = getattr(seats, lever).get(name, 0)
                values[f"seats.{lever}.{name}"] = column.number_input(
                    SHIFTS.get(name, name), 0, MOST_SEATS, held, help=shift.window
                )
        values["seats.requisition_officers"] = st.number_input(
            load_functions()["requisition_officer"].label, 0, MOST_SEATS, seats.requisition_officers
        )
    values["seats.end_of_shift"] = _choice(
        "Un agent dont la vacation finit", END_OF_SHIFT, seats.end_of_shift
    )
    values["seats.display_rule"] = _choice("Sur le mur d'images", DISPLAY, seats.display_rule)
    return values


def _choice(label: str, words: Mapping[str, str], now: str) -> str:
    names = list(words)
    return st.selectbox(label, names, index=names.index(now), format_func=lambda name: words[name])


def _with(values: list[str], now: str) -> list[str]:
    return values if now in values else [now, *values]


def _values(scenario: Scenario) -> dict[str, object]:
    """Levers of this page by ``block.lever``, as a scenario has them."""
    seats, forfaits = scenario.seats, scenario.forfaits
    by_shift = {
        f"seats.{lever}.{name}": count
        for lever in ("operators", "supervisors")
        for name, count in getattr(seats, lever).items()
    }
    return by_shift | {
        "communes.select": scenario.communes.select,
        "forfaits.rule": forfaits.rule,
        "forfaits.evening_window": forfaits.evening_window,
        "seats.requisition_officers": seats.requisition_officers,
        "seats.end_of_shift": seats.end_of_shift,
        "seats.display_rule": seats.display_rule,
    }
