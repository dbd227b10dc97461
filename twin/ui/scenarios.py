"""Scénarios: what may be asked, questions kept and exchanged, and the runs that are stored."""

from __future__ import annotations

import streamlit as st

from twin.reports.figures import Family, changed_levers, figures, outdated, period, unseen
from twin.scenarios.experiment import summary
from twin.scenarios.library import Library, load_library
from twin.scenarios.store import Run, damaged_runs, stored_runs
from twin.ui.answers import RUNS
from twin.ui.compare import show_comparison
from twin.ui.exchange import Kept, exported, imported
from twin.ui.frame import question_bar
from twin.ui.question import Question, go
from twin.ui.shown import figures_table, told

__all__ = ["show"]

FAMILIES: dict[Family, tuple[str, str]] = {
    "observable": (
        "Indicateurs observables",
        "Ce que la main courante d'un centre réel pourrait confirmer.",
    ),
    "model_only": (
        "Indicateurs de modèle",
        "« Indicateur de modèle, non vérifiable » : aucune main courante ne peut les confirmer.",
    ),
}


def show() -> None:
    """Show the page."""
    st.title("Scénarios")
    question = question_bar()
    _show_kept(question)
    with told():
        show_comparison(st.session_state["kept"])
    library = load_library()
    st.header("Scénarios proposés")
    rows = [
        {"Scénario": recipe.label, "Question": recipe.description, "Nom": f"`{name}`"}
        for name, recipe in library.recipes.items()
    ]
    st.table(rows, hide_index=True, alt="Scénarios : libellé, question posée et nom de commande.")
    st.header("Calculs enregistrés")
    for problem in damaged_runs(RUNS).values():
        st.error(f"Un calcul ne peut pas être lu. Détail (en anglais) : {problem}")
    _show_runs(stored_runs(RUNS), library)


def _show_kept(question: Question) -> None:
    """Questions of this visit: named, opened again, taken away, brought back."""
    st.header("Questions gardées pendant cette visite")
    kept: dict[str, Kept] = st.session_state.setdefault("kept", {})
    naming, bringing = st.columns(2)
    with naming, st.form("keep", border=False):
        label = st.text_input("Nom de la question affichée", max_chars=80)
        if st.form_submit_button("Garder") and label.strip():
            kept[label.strip()] = Kept(
                label=label.strip(), scenario=question.name, levers=question.levers
            )
    with bringing, told():
        sent = st.file_uploader("Rapporter une question (fichier YAML)", type=["yaml", "yml"])
        if sent is not None:
            brought = imported(sent.getvalue())
            kept[brought.label] = brought
    if not kept:
        st.caption("Aucune pour l'instant. L'adresse de la page garde aussi la question affichée.")
        return
    chosen = kept[st.selectbox("Question gardée", list(kept))]
    opening, taking = st.columns(2)
    if opening.button("Ouvrir"):
        go(chosen.scenario, chosen.levers)
    taking.download_button(
        "Emporter (YAML)", exported(chosen), "question.yaml", "application/yaml", on_click="ignore"
    )


def _show_runs(runs: list[Run], library: Library) -> None:
    if not runs:
        st.info("Aucun calcul n'est enregistré. Ouvrez l'accueil, ou essayez `make demo`.")
        return
    by_name = {run.folder.name: run for run in runs}
    stored = by_name[st.selectbox("Calcul", list(by_name))]
    _show_origin(stored, library)
    finished = sorted(stored.finished())
    if not finished:
        st.info("Aucune réplication de ce calcul n'est terminée.")
        return
    if len(finished) < stored.asked:
        st.warning("Calcul inachevé : toutes les réplications demandées ne sont pas terminées.")
    table = summary([stored.indicators(replication) for replication in finished])
    st.markdown(
        "L'intervalle à 95 % entre réplications dit la part du hasard dans ce scénario, pas"
        " l'erreur possible des hypothèses ; avec peu de réplications, il peut dépasser ce qui est"
        " possible. « — » : une seule réplication, ou la même valeur dans toutes. Les valeurs par"
        " an prolongent le rythme de la période simulée."
    )
    for family, (title, meaning) in FAMILIES.items():
        st.subheader(title)
        st.markdown(meaning)
        shown = f"{title} : valeur, intervalle, nature et source."
        figures_table(figures(table, stored, family), shown)
        if missing := unseen(table, family):
            st.caption(f"Sans aucun cas dans ce calcul : {' ; '.join(missing)}.")


def _show_origin(stored: Run, library: Library) -> None:
    name = stored.manifest["name"]
    if name in library.recipes:
        recipe = library.recipes[name]
        st.markdown(f"**{recipe.label}.** {recipe.description}")
        if changed := changed_levers(stored, library[name]):
            listed = ", ".join(f"`{lever}`" for lever in changed)
            st.info(f"Leviers différents du scénario de ce nom : {listed}.")
    else:
        st.warning("Le scénario de ce calcul n'est pas dans la liste ci-dessus.")
    st.markdown(f"Période simulée : {period(stored)}.")
    if outdated(stored, library):
        st.warning("Résultats périmés : les données ou le modèle ont changé depuis ce calcul.")
