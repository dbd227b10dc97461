"""Answers: replications played in processes of their own, for as long as somebody looks."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TypeVar

import pandas as pd
import streamlit as st

from twin.errors import MissingError
from twin.files import data_folder
from twin.model.centre.engines import must_compile
from twin.scenarios.experiment import run, summary
from twin.scenarios.schema import Experiment, Scenario
from twin.scenarios.store import Identity, Run, identify
from twin.ui.question import Question

__all__ = [
    "RUNS",
    "TARGET",
    "Answer",
    "answer",
    "asked_for",
    "finished_of",
    "identity_of",
    "tighten",
    "worked",
]

RUNS = Path("runs")
"""Where `twin run` keeps runs unless told otherwise: the page and the command share them."""

Found = TypeVar("Found")

PATIENCE_S = 600.0
TARGET = 16
"""Replications after which the interval is left as it is."""
LOOK_S = 1.0


@dataclass(frozen=True)
class Answer:
    """What is known of a question so far.

    Attributes
    ----------
    replications : int
        How many the table rests on, from the first.
    indicators : DataFrame
        See `twin.scenarios.experiment.summary`.
    """

    stored: Run
    replications: int
    indicators: pd.DataFrame


@st.cache_resource
def _workers() -> ProcessPoolExecutor:
    """Processes shared by every visitor: they hold no state of anybody's."""
    count = max(1, (os.cpu_count() or 2) - 1)
    return ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_start, initargs=(str(data_folder()),)
    )


def _start(data: str) -> None:
    os.environ["CMSU_DATA"] = data
    Thread(target=_end_with_the_server, daemon=True).start()


def _end_with_the_server() -> None:
    """Leave no process behind a server that was ended before it could say so."""
    server = parent_process()
    if server is not None:
        server.join()
        os._exit(0)


def _play(name: str, scenario: str, experiment: Experiment, out: str) -> None:
    run(
        Scenario.model_validate_json(scenario),
        experiment,
        name=name,
        out=Path(out),
        engine="kernel",
    )


def answer(question: Question, out: Path = RUNS) -> Answer:
    """Return what is stored for a question; play its first replication when nothing is.

    Raises
    ------
    TwinError
        The question cannot be played.
    """
    if not (finished := finished_of(question, out)):
        waiting = (
            "Première utilisation de cette version : le moteur se compile, une à deux minutes."
            if must_compile("kernel")
            else "Calcul de la première réplication…"
        )
        with st.spinner(waiting):
            asked_for(question, 1, out).result(PATIENCE_S)
        finished = finished_of(question, out)
    stored = Run.found(identity_of(question), out)
    table = summary([stored.indicators(number) for number in range(1, finished + 1)])
    return Answer(stored, finished, table)


def tighten(question: Question, shown: Answer, out: Path = RUNS) -> None:
    """Play more replications while the page is open, and show them as they come."""

    @st.fragment(run_every=LOOK_S)
    def look() -> None:
        finished = finished_of(question, out)
        if finished >= min(2 * shown.replications, TARGET) > shown.replications:
            st.rerun()
        wanted = min(2 * shown.replications, TARGET)
        going_on = st.toggle("Affiner l'intervalle tant que la page est ouverte", value=True)
        st.caption(f"{finished} réplications sur {TARGET} ; graine {question.experiment.seed}.")
        pending: Future[None] | None = st.session_state.get("pending")
        if going_on and finished < TARGET and (pending is None or pending.done()):
            st.session_state["pending"] = asked_for(question, wanted, out)

    look()


def worked(task: Callable[..., Found], *given: object) -> Found:
    """Result of a function of a module, called with what can be sent in a process of its own."""
    try:
        return _workers().submit(task, *given).result(PATIENCE_S)
    except BrokenExecutor:  # a worker was ended from outside: start again with new ones
        _workers.clear()
        return _workers().submit(task, *given).result(PATIENCE_S)


def identity_of(question: Question) -> Identity:
    """Identity of the run that answers a question."""
    return identify(question.name, question.scenario, question.experiment.seed)


def finished_of(question: Question, out: Path = RUNS) -> int:
    """Replications that landed without a gap from the first."""
    try:
        landed = Run.found(identity_of(question), out).finished()
    except MissingError:
        return 0
    return next(number for number in range(len(landed) + 1) if number + 1 not in landed)


def asked_for(question: Question, replications: int, out: Path = RUNS) -> Future[None]:
    """Have the first replications of a question played by a worker; what is stored is not."""
    task = (
        question.name,
        question.scenario.model_dump_json(),
        question.experiment.exactly(replications),
        str(out),
    )
    try:
        return _workers().submit(_play, *task)
    except BrokenExecutor:  # a worker was ended from outside: start again with new ones
        _workers.clear()
        return _workers().submit(_play, *task)
