"""The frame of every page: navigation, the question asked, what must be said beside any figure."""

from __future__ import annotations

from functools import partial
from importlib import import_module

import streamlit as st

from twin.scenarios.library import load_library
from twin.ui.question import Question, asked, go, move
from twin.ui.shown import told

__all__ = ["PAGES", "question_bar", "show"]

PAGES = {
    "home": "Accueil",
    "staff": "Effectifs",
    "tariffs": "Tarifs",
    "flows": "Flux",
    "scenarios": "Scénarios",
    "hypotheses": "Hypothèses",
    "proofs": "Preuves",
    "plenary": "Plénière",
}
"""Titles of the pages by module of this room, in the order of the navigation."""


def show() -> None:
    """Show the page of the address."""
    pages = [
        st.Page(partial(_play, module), title=title, url_path=module, default=module == "home")
        for module, title in PAGES.items()
    ]
    chosen = st.navigation(pages, position="top")
    title = f"{chosen.title} · Jumeau du CMSU"
    st.set_page_config(page_title=title, page_icon="🏙️", layout="wide")
    chosen.run()
    st.divider()
    st.caption(
        "Projet indépendant, non affilié à une collectivité. Simulation ; la commune n'a pas"
        " délibéré. L'outil ne mesure ni la délinquance, ni l'effet des caméras sur elle."
    )


def _play(module: str) -> None:
    # Imported when opened, so that the first page does not wait for the others.
    with told():
        import_module(f"twin.ui.{module}").show()


def question_bar() -> Question:
    """Show which scenario is asked, and let another one be chosen.

    Raises
    ------
    InputError
        The address names an unknown scenario or lever.
    """
    question = asked()
    recipes = load_library().recipes
    names = list(recipes)
    chosen = st.selectbox(
        "Scénario",
        names,
        index=names.index(question.name),
        format_func=lambda name: recipes[name].label,
        help=recipes[question.name].description,
    )
    if chosen != question.name:
        go(chosen)
    if question.levers:
        st.caption("Leviers déplacés : " + " ; ".join(f"`{lever}`" for lever in question.levers))
        if st.button("Revenir au scénario"):
            move(question, {lever.partition("=")[0]: None for lever in question.levers})
    return question
