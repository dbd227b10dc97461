"""Preuves: what may be checked of the twin, and what it does not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.errors import StoreError
from twin.files import data_folder
from twin.reports import charts
from twin.reports.figures import cells, day, number
from twin.reports.stress import stress_report
from twin.scenarios.library import load_library
from twin.scenarios.store import Run, engine_digest, stored_runs
from twin.sources.reconciliation import SHOWN_YEAR, CategoryLine, Trend, reconcile
from twin.ui.answers import RUNS
from twin.ui.jobs import followed, start
from twin.ui.shown import charted, figures_table, told

__all__ = ["show"]

VALIDATION = RUNS / "validation.json"
PREDICTIONS = RUNS / "predictions.json"
"""Where ``twin validate --save`` and ``twin calibrate --save`` keep what they found."""

PLENARY = "séance plénière du 24/06/2025"
FACTS = "SSMSI, base communale de la délinquance enregistrée, Licence Ouverte 2.0"

OBSERVED = {
    "video_intervention": "interventions parties de la vidéo",
    "event": "événements du mois",
    "helped_flagrant_delit": "flagrants délits aidés par la vidéo",
}
GRADES = {"official": "officielle", "press": "presse", "partisan": "partisane"}
CLASSES = {
    "ville_centre": "villes centre",
    "ville_agglomeration": "villes d'agglomération",
    "ville_relais": "villes relais",
    "village_rural": "villages ruraux",
}
ENGINES = {
    "reference": "moteur de référence",
    "kernel": "moteur compilé",
    "arithmetic": "formule, sans simulation",
}

LIMITS = """
- **La délinquance, et l'effet des caméras sur elle.** Le jumeau compte ce qu'une salle voit, répond
  et coûte. Les faits enregistrés ne servent qu'à répartir sa charge entre les communes.
- **Une seule constante pour toutes les villes.** La demande vient de deux salles observées ;
  l'écart d'un territoire à elles est une hypothèse.
- **La lassitude de l'agent** devant ses écrans, et ce que manque une recrue : aucune étude lisible
  ne les chiffre pour une salle de vidéoprotection.
- **Les transports et la fraude** : d'autres services les traitent.
- **Les logiciels d'analyse d'image** : leur cadre est temporaire, leurs erreurs ici sont inconnues.
- **Le réseau réel** : la fibre n'est pas publique, son tracé est une hypothèse.
- **Les décisions des communes** : les communes sont intéressées, aucune n'a délibéré ici.
- **Les personnes** : aucune image, aucun nom ; un siège a un numéro.
"""


def show() -> None:
    """Show the page."""
    st.title("Preuves")
    st.markdown(
        "Un calcul ne prouve rien par lui-même. Voici ce que l'on peut vérifier : des systèmes dont"
        " la réponse est connue, des salles réelles qui n'ont pas servi au réglage, les chiffres"
        " montrés aux élus, et la fiche qui permet de tout refaire."
    )
    for part in (_known_answers, _predictions, _reconciliation, _stress):
        with told():
            part()
    st.header("Ce que l'outil ne dit pas")
    st.markdown(LIMITS)


def _known_answers() -> None:
    st.header("Des systèmes dont la réponse est connue")
    st.markdown(
        "Files d'attente classiques, équations et règles de la salle écrites comme des données : le"
        " moteur qui joue le centre doit y retrouver la réponse de la théorie, dans l'intervalle de"
        " sa propre simulation."
    )
    _made_again(
        "validate",
        "Vérification par les réponses connues",
        ["validate", "--quick", "--json", "--workers", "1", "--save", str(VALIDATION.resolve())],
    )
    if not (found := _kept(VALIDATION)):
        return
    rows = found["verdicts"]
    source = f"twin validate du {day(found['made_on'])}, graine {found['seed']}"
    agreeing = sum(row["agrees"] for row in rows)
    figures_table(
        [
            ("Réponses retrouvées", _exact(agreeing, "verdicts", source)),
            ("Verdicts rendus", _exact(len(rows), "verdicts", source)),
        ],
        "Nombre de verdicts rendus, et de réponses retrouvées.",
    )
    wrong = [f"{row['name']}, {row['quantity']}" for row in rows if not row["agrees"]]
    if wrong:
        st.error(f"En désaccord : {' ; '.join(wrong)}.")
    st.caption(
        "Les intervalles sont choisis ensemble : un moteur juste paraîtrait faux une fois sur cent"
        " au plus. Les noms des systèmes sont ceux de la littérature, en anglais."
    )
    table = _verdicts(rows)
    charted(_intervals(rows), table, "Écart de chaque réponse trouvée à la réponse connue.")


def _verdicts(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "N°": row["number"],
            "Système": row["name"],
            "Grandeur": row["quantity"],
            "Joué par": ENGINES[row["engine"]],
            "Réponse connue": number(row["value"]),
            "Trouvé": number(row["ours"]),
            "Intervalle": f"{number(row['low'])} à {number(row['high'])}",
            "Verdict": "retrouvée" if row["agrees"] else "en désaccord",
        }
        for row in rows
    )


def _intervals(rows: list[dict[str, Any]]) -> alt.TopLevelMixin:
    """Known answer within each interval, on one scale: 0 is what was found, 1 its end."""
    played = [row for row in rows if row["high"] > row["low"]]
    table = pd.DataFrame(
        {
            "n": place,
            "position": (row["value"] - row["ours"])
            / max(row["high"] - row["ours"], row["ours"] - row["low"]),
            "verdict": "retrouvée" if row["agrees"] else "en désaccord",
            "what": f"{row['name']}, {row['quantity']}",
        }
        for place, row in enumerate(played)
    )
    points = (
        alt.Chart(table)
        .mark_point(filled=True, size=45, opacity=0.8)
        .encode(
            x=alt.X("n:Q", title="verdicts, dans l'ordre du tableau", axis=alt.Axis(labels=False)),
            y=alt.Y("position:Q", title="place de la réponse connue dans l'intervalle"),
            color=alt.Color("verdict:N", title="réponse"),
            shape=alt.Shape("verdict:N", title="réponse"),
            tooltip=["what:N", "verdict:N"],
        )
    )
    ends = alt.Chart(pd.DataFrame({"y": [-1, 1]})).mark_rule(strokeDash=[4, 4]).encode(y="y:Q")
    return alt.layer(points, ends).properties(height=260)


def _predictions() -> None:
    st.header("Des salles réelles, prédites sans avoir servi au réglage")
    st.markdown(
        "Deux constantes sont réglées sur Marseille et Toulouse : cela ne prouve rien, elles y"
        " retombent par construction. La preuve est ailleurs : ce que le même centre prédit"
        " d'autres salles, à côté de ce qu'elles ont publié. Une ligne qui déplaît reste."
    )
    _made_again(
        "predict",
        "Prédiction des salles observées",
        ["calibrate", "--predict-only", "--json", "--save", str(PREDICTIONS.resolve())],
    )
    if not (found := _kept(PREDICTIONS)):
        return
    source = f"twin calibrate du {day(found['made_on'])}, graine {found['seed']}"
    rows, drawn = [], []
    for each in found["predictions"]:
        name = f"{each['centre']}, {OBSERVED[each['observable']]}"
        predicted = Figure(
            each["predicted"], each["low"], each["high"], "par période", Kind.COMPUTED, source
        )
        observed = _exact(
            each["observed"],
            "par période",
            f"data/centres.csv, source {GRADES[each['grade']]}",
            Kind.MEASURED,
        )
        rows += [(f"{name} : prédit", predicted), (f"{name} : publié", observed)]
        ratio = {end: each[end] / each["observed"] for end in ("predicted", "low", "high")}
        drawn.append({"Salle": name, **ratio})
    _draw_predictions(pd.DataFrame(drawn), rows)
    st.caption(
        "L'intervalle d'une prédiction est celui du nombre de sièges de la salle, qu'aucune source"
        " ne publie ; il ne contient ni le hasard, ni l'erreur des autres hypothèses. À lire comme"
        " un ordre de grandeur : un facteur deux, et pas toujours."
    )


def _draw_predictions(drawn: pd.DataFrame, rows: list[tuple[str, Figure]]) -> None:
    x = alt.X(
        "predicted:Q",
        title="prédit / publié (1 : la même chose)",
        scale=alt.Scale(type="log", domain=[0.2, 5]),
        axis=alt.Axis(values=[0.2, 0.5, 1, 2, 5], format="~g"),
    )
    base = alt.Chart(drawn).encode(y=alt.Y("Salle:N", title=None, axis=alt.Axis(labelLimit=420)))
    span = base.mark_rule(strokeWidth=3, color=charts.PALETTE[0]).encode(x="low:Q", x2="high:Q")
    point = base.mark_point(filled=True, size=110, color=charts.PALETTE[1]).encode(x=x)
    marks = pd.DataFrame({"x": [0.5, 1, 2]})
    rules = alt.Chart(marks).mark_rule(strokeDash=[4, 4], color="#5A6670").encode(x="x:Q")
    table = pd.DataFrame([cells(*row) for row in rows])
    table = table.rename(columns={"Intervalle à 95 %": "Selon le nombre de sièges"})
    says = "Prédit rapporté au publié, salle par salle ; traits : moitié, égal, double."
    charted((rules + span + point).properties(height=200), table, says)


def _reconciliation() -> None:
    found = reconcile(data_folder())
    st.header("Notre table, et les chiffres montrés aux élus")
    st.markdown(
        f"À gauche, ce que la {PLENARY} a montré pour {SHOWN_YEAR} ; à droite, la somme des"
        " cellules que la base officielle publie. Une cellule que le secret statistique retient"
        " manque à la somme : l'écart attendu est plutôt négatif."
    )
    st.table([_line(line) for line in found.lines], hide_index=True, alt="Réconciliation.")
    st.caption(f"Nature : {Kind.MEASURED.value}. Sources : {PLENARY} ; {FACTS}.")
    figures_table(
        [
            ("Total annoncé", _exact(found.announced, "faits", PLENARY, Kind.MEASURED)),
            ("Somme des catégories montrées", _exact(found.line_sum, "faits", PLENARY)),
            ("Annoncés, dans aucune catégorie", _exact(found.missing, "faits", PLENARY)),
        ],
        "Le total annoncé et la somme des catégories.",
    )
    st.subheader("Tendances")
    st.markdown(
        "Sur les seules communes publiées les deux années, ce qui peut différer d'un total de"
        " toute la métropole."
    )
    trends = [*found.short_trends, *found.vehicle_theft]
    st.table([_trend(each) for each in trends], hide_index=True, alt="Tendances sur un an.")
    st.caption(
        f"Nature : {Kind.COMPUTED.value} de {FACTS}. Annoncé : {PLENARY} ; les violences y étaient"
        " comptées selon l'ancienne définition."
    )


def _line(line: CategoryLine) -> dict[str, str]:
    same = "—" if line.comparable == line.shown else number(line.comparable)
    return {
        "Catégorie": line.category,
        "Montré": number(line.shown),
        "Montré, définition de 2025": same,
        "Notre somme": number(line.ours),
        "Écart": _signed(line.difference),
        "Communes publiées": number(line.cells),
        "Communes retenues": number(line.hidden),
    }


def _trend(trend: Trend) -> dict[str, str]:
    scope = "" if trend.scope == "all" else f", {CLASSES[trend.scope]}"
    shown = "—" if trend.shown_pct is None else f"{_signed(trend.shown_pct)} %"
    found = "—" if trend.percent is None else f"{_signed(trend.percent)} %"
    return {
        "Indicateur": f"{trend.indicator}{scope}",
        "Années": f"{trend.first}-{trend.last}",
        "Notre tendance": found,
        "Annoncé": shown,
        "Communes comparées": f"{number(trend.cells)} sur {number(trend.communes)}",
    }


def _stress() -> None:
    st.header("La fiche qui permet de refaire un calcul")
    st.markdown(
        "Fiche STRESS (Monks et al., 2019) : but, logique, données, expérience, logiciel, code et"
        " graine d'un calcul enregistré. Les communes y sont masquées."
    )
    finished: dict[str, Run] = {run.folder.name: run for run in stored_runs(RUNS) if run.finished()}
    if not finished:
        st.info("Aucun calcul n'est enregistré : ouvrez l'accueil, il en fait un.")
        return
    stored = finished[st.selectbox("Calcul", list(finished))]
    library = load_library()
    st.download_button(
        "Télécharger la fiche (Markdown)",
        lambda: stress_report(stored, library),
        f"{stored.folder.name}-stress.md",
        "text/markdown",
        on_click="ignore",
    )


def _made_again(name: str, says: str, arguments: list[str]) -> None:
    """Offer a command that keeps its result in a file, and follow it."""
    if st.button(f"{says} : lancer", key=f"start-{name}"):
        start(name, arguments)
    followed(name, says)


def _kept(path: Path) -> dict[str, Any]:
    """What a command kept, and whether it is of today's model; empty when there is none.

    Raises
    ------
    StoreError
        The file is not what the command writes.
    """
    if not path.exists():
        st.info("Aucun résultat enregistré. Le calcul ci-dessus en donne un.")
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        outdated = found["engine"] != engine_digest()
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"{path}: not a kept result; remove it") from None
    if outdated:
        st.warning("Résultats périmés : le modèle a changé depuis. Relancez le calcul.")
    return found


def _exact(value: float, unit: str, source: str, kind: Kind = Kind.COMPUTED) -> Figure:
    return Figure(value, value, value, unit, kind, source)


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}"
