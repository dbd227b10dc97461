"""Accueil: what the twin answers, its scenarios, and the figures of a stored run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from twin.errors import TwinError
from twin.reports.figures import Family, cells, changed_levers, figures, outdated, period, unseen
from twin.scenarios.experiment import summary
from twin.scenarios.library import Library, load_library
from twin.scenarios.store import Run, damaged_runs, stored_runs

__all__ = ["show"]

RUNS = Path("runs")
"""Where `twin run` keeps runs unless told otherwise."""

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

ANSWERS = """
- **Planification** : ce qu'une salle de cette taille détecte, traite et manque, heure par heure.
- **Analyse** : d'où vient chaque nombre : un fait, une hypothèse et sa fourchette, ou un calcul.
- **Confiance** : ce que le même modèle prédit de centres observés, et de combien il se trompe.
"""

NOT_YET = """
- **Effectifs** : postes, ETPT, conformité des vacations au temps de travail.
- **Tarifs** : équilibre des forfaits, reste à charge, investissement.
- **Flux** : capacité du réseau et des serveurs à recevoir les caméras.
- **Plénière** : les messages par commune et leurs diapositives.
"""


def show(out: Path = RUNS) -> None:
    """Show the page, with the runs kept in `out`."""
    st.set_page_config(page_title="Accueil · Jumeau du CMSU", page_icon="🏙️", layout="wide")
    st.title("Jumeau numérique du centre métropolitain de supervision urbaine")
    st.caption(
        "Projet indépendant, non affilié à une collectivité. Simulation : aucune commune n'a"
        " délibéré."
    )
    st.header("Ce à quoi l'outil répond")
    st.markdown(ANSWERS)
    st.markdown("Il ne mesure ni la délinquance, ni l'effet des caméras sur elle.")
    try:
        library = load_library()
        _show_scenarios(library)
        st.header("Calculs enregistrés")
        for problem in damaged_runs(out).values():
            st.error(f"Un calcul ne peut pas être lu. Détail (en anglais) : {problem}")
        _show_runs(stored_runs(out), library)
    except TwinError as problem:
        st.error(f"Un fichier ne peut pas être utilisé. Détail (en anglais) : {problem}")
    st.header("Ce qui n'est pas encore là")
    st.markdown(NOT_YET)


def _show_scenarios(library: Library) -> None:
    st.header("Scénarios")
    rows = [
        {"Scénario": recipe.label, "Question": recipe.description, "Nom": f"`{name}`"}
        for name, recipe in library.recipes.items()
    ]
    st.table(rows, hide_index=True, alt="Scénarios : libellé, question posée et nom de commande.")
    st.markdown("Pour en calculer un, dans un terminal : `twin run NOM`.")


def _show_runs(runs: list[Run], library: Library) -> None:
    if not runs:
        st.info("Aucun calcul n'est enregistré dans le dossier `runs`. Essayez `make demo`.")
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
        " l'erreur possible des hypothèses, dont l'enveloppe n'est pas encore calculée ; avec peu"
        " de réplications, il peut dépasser ce qui est possible. « — » : une seule réplication, ou"
        " la même valeur dans toutes. Les valeurs par an prolongent le rythme de la période"
        " simulée."
    )
    for family, (title, meaning) in FAMILIES.items():
        st.subheader(title)
        st.markdown(meaning)
        rows = [cells(label, figure) for label, figure in figures(table, stored, family)]
        st.table(rows, hide_index=True, alt=f"{title} : valeur, intervalle, nature et source.")
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
