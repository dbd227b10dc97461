"""What a reader needs to judge and redo a run: the STRESS-DES checklist, in French, as Markdown.

Monks, Currie, Onggo, Robinson, Kunc and Taylor (2019), Strengthening the reporting of empirical
simulation studies: introducing the STRESS guidelines, Journal of Simulation 13(1):55-67. Each
section states what the stored run says of itself (manifest, machine, replications) and the rules
that the engines implement.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from twin import __version__
from twin.files import as_yaml, data_folder, read_rows
from twin.model.assumptions import load_assumptions
from twin.model.forfaits import load_forfaits
from twin.reports.figures import (
    Family,
    cells,
    changed_levers,
    figures,
    number,
    outdated,
    period,
    unseen,
)
from twin.scenarios.experiment import summary
from twin.scenarios.library import Library, Recipe
from twin.scenarios.schema import Scenario
from twin.scenarios.stopping import CONFIDENCE
from twin.scenarios.store import Run

__all__ = ["stress_report"]

_INSEE = re.compile(r"\d[\dAB]\d{3}")
_MASKED = "commune masquée"
_GRADES = {
    "official": "officielle",
    "press": "presse",
    "partisan": "partisane",
    "hypothesis": "hypothèse",
}
_END_OF_SHIFT = {
    "finish": "il termine en heures supplémentaires",
    "hand_over": "il le transmet à la relève",
    "drop": "il l'abandonne",
}
_KEPT = 12
"""Digits of a digest that are shown."""


def stress_report(stored: Run, library: Library) -> str:
    """Return the report of a run that has finished replications.

    Parameters
    ----------
    stored : Run
        The run; its scenario's label and description come from `library`.

    Returns
    -------
    str
        Markdown, in French: sections 1 to 6 of the checklist. Codes of communes are masked.
    """
    manifest = stored.manifest
    finished = sorted(stored.finished())
    table = summary([stored.indicators(replication) for replication in finished])
    recipe = library.recipes[manifest["name"]]
    sections = (
        _heading(stored, recipe, library),
        _objectives(stored, recipe, table),
        _logic(manifest["scenario"]),
        _data(manifest),
        _experimentation(stored, finished),
        _implementation(stored),
        _code(stored, library[manifest["name"]]),
    )
    return "\n\n".join(part for section in sections for part in section) + "\n"


def _heading(stored: Run, recipe: Recipe, library: Library) -> list[str]:
    parts = [
        f"# Rapport STRESS-DES : {recipe.label}",
        "Liste de contrôle *Strengthening the reporting of empirical simulation studies*, version "
        "pour la simulation à événements discrets (Monks et al. 2019, Journal of Simulation "
        "13(1):55-67), remplie à partir du calcul conservé.",
        "*Projet indépendant, non affilié à une collectivité. Simulation : aucune commune n'a "
        "délibéré.*",
    ]
    if outdated(stored, library):
        parts.append(
            "**Les données ou le modèle ont changé depuis ce calcul** : les fourchettes et sources "
            "citées plus bas sont celles d'aujourd'hui, les valeurs sont celles du calcul."
        )
    return parts


# 1


def _objectives(stored: Run, recipe: Recipe, table: pd.DataFrame) -> list[str]:
    parts = [
        "## 1. Objectifs",
        "### 1.1 But du modèle",
        "Éclairer, avant de décider, la taille de la salle, les vacations, les communes et les "
        "forfaits d'un centre de supervision urbaine partagé : ce qu'une équipe détecte, traite et "
        "manque. Le modèle ne mesure ni la délinquance ni l'effet des caméras sur elle.",
        "### 1.2 Sorties du modèle",
        f"Moyennes de ce calcul et intervalles de Student à {100 * CONFIDENCE:g} % entre "
        "réplications. L'intervalle ne contient pas l'incertitude des hypothèses (3.4).",
    ]
    titles: dict[Family, str] = {
        "observable": "Ce que la main courante d'un centre réel pourrait confirmer :",
        "model_only": "Indicateurs de modèle, non vérifiables :",
    }
    for family, title in titles.items():
        rows = [cells(label, figure) for label, figure in figures(table, stored, family)]
        columns = ("Indicateur", "Valeur", "Intervalle à 95 %")
        parts += [title, _table(columns, [[row[name] for name in columns] for row in rows])]
        if absent := unseen(table, family):
            parts.append(f"Sans aucun cas dans ce calcul : {', '.join(absent)}.")
    return [
        *parts,
        "### 1.3 But de l'expérience",
        f"Scénario « {stored.manifest['name']} » : {recipe.description}",
    ]


# 2


def _logic(scenario: dict[str, Any]) -> list[str]:
    seats = scenario["seats"]
    end = _END_OF_SHIFT[seats["end_of_shift"]]
    one = "d'une seule commune" if seats["display_rule"] != "mixed" else "de plusieurs communes"
    return [
        "## 2. Logique",
        "### 2.1 Schéma du modèle",
        "```text\n"
        "communes et caméras -> demande par heure -> monde tiré au sort\n"
        "                                              |\n"
        "plan des sièges ----------------------------> salle -> journal -> indicateurs\n"
        "```",
        "### 2.2 Logique du modèle",
        "Des événements entrent dans le champ des caméras, des requérants appellent, des "
        "réquisitions arrivent, des caméras tombent en panne. Les agents libres regardent le mur "
        "d'images ; une partie des images reste sur les caméras les plus actives, les autres "
        "défilent. Un événement est détecté quand l'attention qu'il a reçue atteint un seuil tiré "
        "au sort. Une fenêtre de visionnage fermée ou une caméra en panne ne reçoit aucune "
        "attention. Ce qui est détecté ou appelé devient du travail, qui retire un agent du mur.",
        "### 2.3 Logique du scénario",
        "Tous les leviers du calcul, hors hypothèses (3.4) ; les codes de communes sont masqués :",
        f"```yaml\n{as_yaml(_masked(_levers(scenario)))}```",
        "### 2.4 Algorithmes",
        "- File ordonnée par classe, échéance, instant d'arrivée dans la file, identifiant ; la "
        "patience d'un appelant n'est pas une échéance.\n"
        "- Le travail va au premier siège libre habilité ; à défaut il interrompt un travail "
        "interruptible d'une classe strictement moins urgente : la moins urgente d'abord, puis la "
        "plus récemment commencée, puis le siège le plus haut.\n"
        f"- Au moins {seats['wall_minimum']} agent(s) au mur avant tout travail qui ne peut pas le "
        "vider, tant qu'une caméra doit être regardée.\n"
        f"- Les images d'un agent peuvent venir {one}.\n"
        f"- Fin de vacation, travail en main : {end}.\n"
        "- Un même instant est joué par tours, dans un ordre écrit : fins, détections, pertes, "
        "pannes, fenêtres, pauses et fins de vacation, prises de poste, arrivées.",
        "### 2.5 Composants",
        "Entités, dans l'ordre des classes (0 est la plus urgente) :",
        _table(
            ("Travail", "Classe", "Interruptible", "Peut vider le mur"),
            [
                [
                    row["label"],
                    row["order"],
                    _yes(row["interruptible"]),
                    _yes(row["may_empty_wall"]),
                ]
                for row in _work_kinds()
            ],
        ),
        "- Activités : qualifier, attendre une ligne, appeler, suivre, rédiger ; lever un doute ; "
        "sauvegarder puis extraire ; ronde ; contrôle technique ; réparation.\n"
        "- Ressources : sièges par vacation et fonction, lignes vers la police et la gendarmerie, "
        "équipe de réparation.\n"
        "- Files : une par genre de travail et par groupe d'agents, une par ligne, une pour la "
        "réparation.\n"
        "- Entrées : champ d'une caméra, téléphone, courrier, calendrier des rondes et contrôles, "
        "panne. Sorties : fait, non vu, perdu, abandonné, refusé, ou inachevé à la fin (exclu des "
        "parts).",
        "Ce que chaque forfait achète :",
        _forfaits(),
    ]


def _levers(scenario: dict[str, Any]) -> dict[str, Any]:
    return {name: block for name, block in scenario.items() if name != "assumptions"}


def _masked(value: Any) -> Any:
    """The same levers without the code of any commune."""
    if isinstance(value, dict):
        return {_masked(key): _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return _MASKED if isinstance(value, str) and _INSEE.fullmatch(value) else value


def _work_kinds() -> list[dict[str, str]]:
    columns = ("kind", "order", "interruptible", "may_empty_wall", "label")
    rows = read_rows(data_folder() / "work_kinds.csv", dict.fromkeys(columns, str))
    return sorted(rows, key=lambda row: row["order"])


def _yes(word: str) -> str:
    return {"yes": "oui", "no": "non"}[word]


def _forfaits() -> str:
    windows = {"none": "aucun", "evening": "fenêtre du soir du scénario"}
    requests = {0: "non", 1: "dans la fenêtre", 2: "toujours"}
    return _table(
        ("Forfait", "Rondes par jour", "Visionnage en direct", "Levées de doute"),
        [
            [
                f"{key} : {forfait.label}",
                str(forfait.patrols_per_day),
                windows.get(forfait.live_window, forfait.live_window),
                requests[forfait.viewing_requests],
            ]
            for key, forfait in load_forfaits().items()
        ],
    )


# 3


def _data(manifest: dict[str, Any]) -> list[str]:
    known = _sources()
    files = [
        [f"`{path}`", *known.get(path, ("—", "—")), f"`{found[:_KEPT]}`"]
        for path, found in manifest["data"].items()
    ]
    return [
        "## 3. Données",
        "### 3.1 Sources",
        "Fichiers de données au moment du calcul, avec leur empreinte SHA-256 (premiers chiffres). "
        "La source, la date et la licence de chaque colonne sont dans `data/datapackage.json`.",
        _table(("Fichier", "Sources", "Licences", "Empreinte"), files),
        "### 3.2 Prétraitement",
        "Les faits enregistrés supprimés par le secret statistique sont estimés, jamais tenus pour "
        "nuls ; ils ne sont montrés que par classe urbaine ou au total. Les profils horaires sont "
        "les courbes les plus lisses qui respectent les parts publiées "
        "(`data/derived/profiles.csv`). Les deux constantes de la demande viennent de deux centres "
        "observés (`data/derived/calibration.json`).",
        "### 3.3 Paramètres d'entrée",
        "Les leviers du scénario (2.3) et les hypothèses (3.4) ; aucun n'est dans le programme.",
        "### 3.4 Hypothèses",
        "Valeur du calcul et fourchette plausible. En gras, ce que le scénario écarte de la valeur "
        "centrale.",
        _assumptions(manifest["scenario"]["assumptions"]),
    ]


def _sources() -> dict[str, tuple[str, str]]:
    """Sources and licences of each table that the data package describes."""
    package = json.loads((data_folder() / "datapackage.json").read_text(encoding="utf-8"))
    found = {}
    for resource in package["resources"]:
        fields = resource["schema"]["fields"]
        source, licence = (
            " ; ".join(sorted({field[key] for field in fields})) for key in ("source", "licence")
        )
        found[resource["path"]] = (source, licence)
    return found


def _assumptions(values: dict[str, float]) -> str:
    rows = []
    for key, entry in load_assumptions().items():
        if key not in values:
            continue
        value = number(values[key])
        rows.append(
            [
                f"{entry.label} (`{key}`)",
                value if values[key] == entry.central else f"**{value}**",
                f"{number(entry.low)} à {number(entry.high)}",
                entry.unit,
                _GRADES[entry.grade],
                entry.source,
            ]
        )
    heads = ("Hypothèse", "Valeur", "Fourchette", "Unité", "Source", "Référence")
    return _table(heads, rows)


# 4


def _experimentation(stored: Run, finished: Sequence[int]) -> list[str]:
    horizon = stored.manifest["scenario"]["horizon"]
    return [
        "## 4. Expérimentation",
        "### 4.1 Initialisation",
        "La salle commence vide, sans période de chauffe. Ce qui est inachevé à la fin est compté "
        "à part et exclu des parts.",
        "### 4.2 Durée",
        f"{horizon['days']} jours simulés par réplication, {period(stored)}, heure de Paris, avec "
        "jours fériés, vacances scolaires et changements d'heure.",
        "### 4.3 Estimation",
        f"{len(finished)} réplication(s) indépendantes conservées, sur {stored.asked} demandée(s). "
        f"Intervalle de Student à {100 * CONFIDENCE:g} % entre réplications ; une seule n'en donne "
        "aucun. Les scénarios d'une même graine rencontrent le même monde (nombres aléatoires "
        "communs).",
    ]


# 5


def _implementation(stored: Run) -> list[str]:
    manifest, machine = stored.manifest, stored.machine
    packages = ", ".join(f"{name} {found}" for name, found in machine["packages"].items())
    seconds = machine["seconds"].values()
    return [
        "## 5. Mise en œuvre",
        "### 5.1 Logiciel et langage",
        f"Jumeau numérique du CMSU, version {__version__}, Python {machine['python']} ; "
        f"{packages}. Deux moteurs écrits séparément, l'un sur SimPy, l'autre compilé par numba, "
        "donnent le même journal au bit près. Empreinte du modèle : "
        f"`{manifest['engine'][:_KEPT]}`.",
        "### 5.2 Tirages aléatoires",
        f"Graine {manifest['seed']}. Générateur PCG64 de numpy ; un flux par genre d'événement et "
        "commune, par siège pour les absences et par caméra pour les pannes : "
        "`SeedSequence([graine, réplication, crc32(nom)])`.",
        "### 5.3 Exécution",
        "Événements discrets, temps en millisecondes entières, ordre écrit des événements "
        "simultanés. Les moteurs sont comparés aux réponses connues de la théorie des files : "
        "`twin validate`. Le nombre de processus ne change aucun résultat.",
        "### 5.4 Machine et durée",
        f"{machine['system']}, {machine['processor']}, {machine['cores']} cœurs, "
        f"{number(machine['memory_gb'])} Go ; {machine['workers']} processus ; "
        f"{number(sum(seconds))} s de calcul pour {len(seconds)} réplication(s).",
    ]


# 6


def _code(stored: Run, scenario: Scenario) -> list[str]:
    manifest = stored.manifest
    words = [
        *("twin", "run", manifest["name"]),
        *("--seed", str(manifest["seed"]), "--replications", str(stored.asked)),
        *(word for lever in changed_levers(stored, scenario) for word in _set(manifest, lever)),
    ]
    return [
        "## 6. Accès au code",
        "### 6.1 Partage du modèle",
        "Code sous licence MIT (`LICENSE`, `CITATION.cff`), données sous les licences de 3.1. Le "
        f"calcul a pour identité `{manifest['identity']}` : empreinte des leviers, des hypothèses, "
        "des données, du modèle et de la graine. Avec eux, la même commande redonne les mêmes "
        "octets :",
        f"```text\n{shlex.join(words)}\n```",
    ]


def _set(manifest: dict[str, Any], lever: str) -> tuple[str, str]:
    """Words of the command line that give a lever the value it had."""
    value = manifest["scenario"]
    for key in lever.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    text = value if isinstance(value, str) else json.dumps(_masked(value), ensure_ascii=False)
    return "--set", f"{lever}={text}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
