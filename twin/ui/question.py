"""The question on the screen: a scenario and the levers moved, held by the address of the page.

The address restores the question; the session carries it from page to page, since Streamlit clears
the address when another page is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import streamlit as st

from twin.errors import InputError
from twin.scenarios.library import load_library
from twin.scenarios.schema import Experiment, Scenario, assignments

__all__ = ["Question", "asked", "go", "move", "posed"]

NAME, LEVER = "scenario", "avec"
"""Keys of the address: the scenario's name, and one ``block.lever=value`` for each lever moved."""

MAX_LEVERS = 60
OF_FILES = ("communes.file", "seats.roster", "network.links")
"""Levers that name a file of this machine: an address never does."""


@dataclass(frozen=True)
class Question:
    """What is asked: immutable, so that two visitors never share it.

    Attributes
    ----------
    name : str
        Scenario of the library it starts from.
    levers : tuple of str
        ``block.lever=value``, as on the command line.
    """

    name: str
    label: str
    levers: tuple[str, ...]
    scenario: Scenario
    experiment: Experiment


def asked() -> Question:
    """Return the question of the address, else of the session, else the library's first scenario.

    Raises
    ------
    InputError
        The address names an unknown scenario or lever.
    """
    if NAME not in st.query_params:
        first = next(iter(load_library().recipes))
        st.query_params.from_dict(st.session_state.get("address") or {NAME: first})
    question = posed(st.query_params[NAME], tuple(st.query_params.get_all(LEVER)))
    st.session_state["address"] = {NAME: question.name, LEVER: list(question.levers)}
    return question


def posed(name: str, levers: tuple[str, ...]) -> Question:
    """Question of a scenario with some levers moved, as an address or a file gives them.

    Raises
    ------
    InputError
        An unknown scenario or lever, too many levers, or one that names a file.
    """
    library = load_library()
    if len(levers) > MAX_LEVERS:
        raise InputError(f"{len(levers)} levers in the address, at most {MAX_LEVERS} are read")
    for lever in levers:
        if (path := lever.partition("=")[0].strip()).startswith(OF_FILES):
            raise InputError(f"{path}: a file cannot be named in an address")
    scenario = library[name].with_overrides(assignments(list(levers)), "address")
    return Question(name, library.recipes[name].label, levers, scenario, library.experiment)


def move(question: Question, values: Mapping[str, object]) -> None:
    """Put a question with other levers in the address; the page plays again.

    Parameters
    ----------
    values : mapping of str to object
        By ``block.lever``; None takes the scenario's own value back.
    """
    kept = [lever for lever in question.levers if lever.partition("=")[0].strip() not in values]
    moved = [f"{lever}={value}" for lever, value in values.items() if value is not None]
    go(question.name, [*kept, *moved])


def go(name: str, levers: Iterable[str] = ()) -> None:
    """Put another question in the address."""
    st.query_params.from_dict({NAME: name, LEVER: list(levers)})
    st.rerun()
