"""What the page Tarifs asks of simulations: the stages of the ramp-up, and the risk around them.

A tariff or a cost changes no run: both are read again from what is stored.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import streamlit as st

from twin.model.budget.volumes import Volumes
from twin.planning.volumes import stage_volumes
from twin.scenarios.library import load_library
from twin.scenarios.schema import Experiment, Scenario
from twin.ui.answers import RUNS
from twin.ui.jobs import about, followed, job, start
from twin.ui.question import Question

__all__ = ["REPLICATIONS", "ask_risk", "risk_found", "risk_known", "stages_of"]

STAGES, RISK = "tariffs-stages", "tariffs-risk"
REPLICATIONS = 4
"""Of each stage: the budget reads means over a year, which chance hardly moves."""
DRAWS = 2000


class _NotStoredError(Exception):
    """Some replication is still to be played."""


def stages_of(question: Question) -> tuple[Volumes, ...] | None:
    """Volumes of a question; None while they are computed, which the page then shows."""
    # Prices change no volume: left out of what the answer is kept by.
    unpriced = question.scenario.model_copy(
        update={"tariffs": load_library()[question.name].tariffs}
    )
    experiment = question.experiment.exactly(REPLICATIONS)
    with suppress(_NotStoredError):
        return _read(question.name, unpriced.model_dump_json(), experiment.model_dump_json())
    asked = _command(question)
    if st.session_state.get(STAGES) != asked:
        st.session_state[STAGES] = asked
        start(STAGES, asked)
    if followed(STAGES, "Simulation de la montée en charge") is not None:
        st.info("La montée en charge n'a pas été simulée jusqu'au bout.")
        if st.button("Reprendre la simulation"):
            del st.session_state[STAGES]
            st.rerun()
    return None


@st.cache_data(max_entries=16, show_spinner="Lecture des simulations…")
def _read(name: str, scenario: str, experiment: str) -> tuple[Volumes, ...]:
    return stage_volumes(
        Scenario.model_validate_json(scenario),
        Experiment.model_validate_json(experiment),
        name=name,
        out=RUNS,
        progress=_nothing_to_play,
    )


def _nothing_to_play(_: str, finished: int, wanted: int) -> None:
    if finished < wanted:
        raise _NotStoredError


def ask_risk(question: Question, year: int) -> None:
    """Offer to draw the assumptions, in a process of its own."""
    running = (now := job(RISK)) is not None and now.code is None
    if st.button("Tirer 2 000 budgets", type="primary", disabled=running):
        start(RISK, _risky(question, year))
        st.rerun()


def risk_found(question: Question, year: int) -> dict[str, Any] | None:
    """What the draws say, as the command prints it; None while there is nothing to show."""
    found = followed(RISK, "Tirage des hypothèses")
    if found is None or not found.kept:
        return None
    if found.arguments != _risky(question, year):
        st.warning("Résultats périmés : une valeur ou l'année a changé depuis ces tirages.")
    document: dict[str, Any] = json.loads(found.output)
    return document


def risk_known(question: Question, year: int) -> dict[str, Any] | None:
    """What the draws of this very question say; None before they are there."""
    found = job(RISK)
    if found is None or not found.kept or found.arguments != _risky(question, year):
        return None
    document: dict[str, Any] = json.loads(found.output)
    return document


def _risky(question: Question, year: int) -> tuple[str, ...]:
    return (*_command(question), "--risk", str(DRAWS), "--year", str(year))


def _command(question: Question) -> list[str]:
    asked = ["budget", *about(question), "--engine", "kernel", "--json", "--out", str(RUNS)]
    return [*asked, "--replications", str(REPLICATIONS)]
