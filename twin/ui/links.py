"""The network of the page « Flux »: the map, the link that fills first, what a failure costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.model.assumptions import load_assumptions
from twin.model.mel import load_mel
from twin.reports.charts import PALETTE
from twin.reports.figures import number
from twin.ui.jobs import Job, about, followed, start
from twin.ui.question import Question
from twin.ui.shown import charted, figures_table

__all__ = ["show_failures", "show_network"]

Row = Mapping[str, Any]

NETWORK, FAILURES = "flows-network", "flows-failures"
SHOWN = 12
REPLICATIONS = 3
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
HOURS = 24
CAUSES = {
    "link": "lien coupé",
    "node": "équipement en panne",
    "power": "coupure de courant",
    "site": "site perdu",
}
HAZARDS = {"low": "à sa valeur basse", "high": "à sa valeur haute"}
WORDS = {
    "agg": "point d'agrégation de",
    "centre": "centre",
    "ingest": "serveur d'ingestion",
    "wall": "mur d'images",
    "recorder": "enregistreur",
    "nomadic": "caméras nomades de",
    "police": "police nationale",
    "gendarmerie": "gendarmerie",
    "cellular": "réseau mobile",
    "operators": "agents",
    "site": "site du centre",
}


def show_network(question: Question) -> None:
    """Offer the study of the network of a question, and show the last one."""
    st.header("Le réseau : qui cède le premier")
    st.markdown(
        "Le centre est joué sur la période du scénario, et chaque image ouverte, enregistrée ou"
        " extraite est suivie de lien en lien. « Remplissage » : la pointe rapportée au débit."
    )
    done = _asked(NETWORK, question, "Étude du réseau", ["--draw", "{folder}/map.json"])
    if done is None:
        return
    found = json.loads(done.output)
    names = _names()
    source = f"étude du réseau, graine {found['seed']}, une réplication"
    st.caption(f"Tracé : {'hypothèse' if 'hypothesis' in found['network'] else 'mesuré'}.")
    links, everything = found["links"], found["links_if_all"]
    _show_first(links[0], everything, found["min_cuts"], names, source)
    table = pd.DataFrame(_link(each, names) for each in links)
    says = (
        f"Carte des {number(len(links))} liens : plus un lien est sombre, plus il se remplit."
        f" Le premier à céder est {_named(links[0]['name'], names)}."
    )
    drawn = json.loads((done.folder / "map.json").read_text(encoding="utf-8"))
    charted(alt.LayerChart.from_dict(drawn), table, says)
    st.subheader("Les liens qui se remplissent les premiers")
    st.table(table[:SHOWN], hide_index=True, alt="Liens, le premier à se remplir d'abord.")
    st.caption(f"Nature : {Kind.COMPUTED.value}. Source : {source} ; débits : hypothèses du tracé.")
    _show_ingest(found["ingest"])
    _show_costs(found["costs"])


def _show_first(
    first: Row,
    everything: Sequence[Row],
    cuts: Sequence[Row],
    names: Mapping[str, str],
    source: str,
) -> None:
    other = everything[0]
    weakest = min(cuts, key=lambda cut: (cut["mbps"], cut["source"]))
    alone = sum(len(cut["links"]) == 1 for cut in cuts)
    full = sum(each["share"] > 1 for each in everything)
    st.markdown(
        f"**Le premier à se remplir : {_named(first['name'], names)}.** Si tous les flux étaient"
        f" envoyés et enregistrés au centre, ce serait : {_named(other['name'], names)}. La coupe"
        f" la plus faible entre une commune et les agents : {_named(weakest['source'], names)}."
    )
    figures_table(
        [
            ("Remplissage du premier lien, à la pointe", _percent(first["share"], source)),
            ("Le même, si tout venait au centre", _percent(other["share"], source)),
            ("Liens trop pleins, si tout venait au centre", _exact(full, "liens", source)),
            ("Débit de la coupe la plus faible", _exact(weakest["mbps"], "Mbit/s", source)),
            ("Communes qui tiennent à un seul lien", _exact(alone, "communes", source)),
        ],
        "Le maillon le plus faible, en chiffres.",
    )


def _show_ingest(ingest: Row) -> None:
    st.subheader("Les serveurs de ce scénario")
    rows = [
        (f"Serveurs pour {number(ingest['streams'])} flux à la fois", _figure(ingest["nodes"])),
        ("Serveurs pour tous les flux de toutes les caméras", _figure(ingest["if_all"]["nodes"])),
    ]
    shares = {"p50": "la moitié", "p95": "95 %", "p99": "99 %", "p100": "toutes"}
    rows += [
        (f"Sans image après une coupure de courant : {shares[share]} des caméras", _figure(each))
        for share, each in ingest["blind"].items()
    ]
    says = "Serveurs, et temps sans image après une coupure."
    figures_table(rows, says, "Selon le genou mesuré")


def _show_costs(costs: Sequence[Row]) -> None:
    st.subheader("Ce que coûte ce réseau, hors taxes")
    rows = [
        (f"{line['item']}, {when}", _figure(line[key]))
        for line in costs
        for key, when in (("investment", "à l'achat"), ("yearly", "par an"))
        if line[key]["value"]
    ]
    figures_table(rows, "Coûts du réseau, ligne par ligne.", "Fourchette du prix")
    st.caption("Les prix sont des hypothèses ; la fourchette est celle du prix, non du besoin.")


def show_failures(question: Question) -> None:
    """Offer the ranking of every single failure, and show the last one."""
    st.header("Les pannes : ce que chacune coûte au service")
    st.markdown(
        "Chaque lien, chaque équipement, chaque site est retiré à son tour. Les fréquences et les"
        " durées des pannes sont des hypothèses."
    )
    more = ["--failures", "--replications", str(REPLICATIONS)]
    done = _asked(FAILURES, question, "Classement des pannes", more)
    if done is None:
        return
    found = json.loads(done.output)
    names, rows = _names(), found["failures"]
    source = f"pannes une à une, graine {found['seed']}, {REPLICATIONS} réplications"
    worst = rows[0]
    low, high = found["envelope_camera_h"]
    middle = worst["yearly"]["camera_h"]
    lost = Figure(middle, min(low, middle), max(high, middle), "h par an", Kind.COMPUTED, source)
    st.markdown(f"**Celle qui coûte le plus en un an : {_target(worst, names)}.**")
    figures_table(
        [
            ("Heures-caméras perdues par cette panne", lost),
            ("Caméras dans le noir", _exact(worst["cameras"], "caméras", source)),
            ("Temps pendant lequel un agent peut voir", _percent(found["availability"], source)),
            *_price(worst),
        ],
        "La panne qui coûte le plus, en chiffres.",
        "D'un bout à l'autre des hypothèses",
    )
    _draw_failures(rows[:SHOWN], names)
    for moved, other in found["reversals"].items():
        key, _, end = moved.partition(", ")
        st.markdown(
            f"- Avec « {load_assumptions()[key].label} » {HAZARDS[end]}, une autre vient d'abord :"
            f" {_of(other, names)}."
        )


def _draw_failures(rows: Sequence[Row], names: Mapping[str, str]) -> None:
    table = pd.DataFrame(
        {
            "Panne": _target(row, names),
            "Par an": number(row["failure"]["target"]["failures_per_year"]),
            "Durée (h)": number(row["failure"]["target"]["repair_h"]),
            "Communes": row["communes"],
            "Caméras": row["cameras"],
            "Heures-caméras par an": number(row["yearly"]["camera_h"]),
            "Détections perdues par an, au plus": number(row["yearly"]["notices"]),
            "Réquisitions perdues par an": number(row["yearly"]["requisitions_lost"]),
            "Un second, € par an": (
                number(row["doubling"]["per_year"]["value"]) if row["doubling"] else "—"
            ),
        }
        for row in rows
    )
    drawn = pd.DataFrame(
        {"panne": _target(row, names), "h": row["yearly"]["camera_h"]} for row in rows
    )
    bars = (
        alt.Chart(drawn)
        .mark_bar(color=PALETTE[0])
        .encode(
            x=alt.X("h:Q", title="heures-caméras perdues par an"),
            y=alt.Y("panne:N", sort="-x", title=None, axis=alt.Axis(labelLimit=380)),
        )
    )
    charted(bars, table, "Heures-caméras perdues en un an, panne par panne, la pire d'abord.")


def _price(row: Row) -> list[tuple[str, Figure]]:
    if not row["doubling"]:
        return []
    return [("Prix d'un second, par an", _figure(row["doubling"]["per_year"]))]


def _asked(name: str, question: Question, says: str, more: Sequence[str]) -> Job | None:
    """Offer ``twin network`` for a question; the job once it has found something."""
    arguments = ("network", *about(question), "--json", "--names", *more)
    if st.button(f"{says} : lancer", key=f"start-{name}"):
        start(name, arguments)
    done = followed(name, says)
    if done is None or not done.kept:
        return None
    if done.arguments != arguments:
        st.warning("Résultats périmés : ils répondent à une autre question. Relancez le calcul.")
    return done


def _link(use: Row, names: Mapping[str, str]) -> dict[str, str]:
    load, growth = use["load"], use["growth"]
    day, hour = divmod(load["peak_hour"] % (len(DAYS) * HOURS), HOURS)
    return {
        "Lien": _named(use["name"], names),
        "Longueur (km)": number(use["length_km"]),
        "Débit (Mbit/s)": number(use["capacity_mbps"]),
        "Moyenne (Mbit/s)": number(load["mean"]),
        "Pointe (Mbit/s)": number(load["peak"]),
        "Heure de pointe": f"{DAYS[day]} {hour} h",
        "Remplissage": f"{number(100 * use['share'])}\u00a0%",
        "Marge": "—" if growth is None else f"× {number(growth)}",
    }


def _target(row: Row, names: Mapping[str, str]) -> str:
    return _of(row["failure"]["target"], names)


def _of(target: Row, names: Mapping[str, str]) -> str:
    return f"{CAUSES[target['cause']]}, {_named(target['name'], names)}"


def _named(element: str, names: Mapping[str, str]) -> str:
    """A link or a node as a person says it."""
    said = []
    for end in element.split(" — "):
        words = [WORDS.get(word, names.get(word, word)) for word in end.split("-")]
        said.append(" ".join(words))
    return " — ".join(said)


def _names() -> dict[str, str]:
    return {place.insee: place.name for place in load_mel().places}


def _figure(held: Row) -> Figure:
    return Figure(**{**held, "kind": Kind(held["kind"])})


def _exact(value: float, unit: str, source: str) -> Figure:
    return Figure(value, value, value, unit, Kind.COMPUTED, source)


def _percent(share: float, source: str) -> Figure:
    return _exact(100 * share, "%", source)
