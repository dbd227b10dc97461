"""Flux: what a server carries, measured or quoted with its machine, and how many are needed."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import (
    Capacity,
    Figure,
    Interval,
    Kind,
    StreamTypes,
    load_capacities,
    load_stream_types,
)
from twin.files import data_folder
from twin.model.assumptions import Assumptions
from twin.model.network.ingest import NodeCount, nodes_for
from twin.model.territory import build_territory
from twin.planning.network import MEASURED_HERE
from twin.reports.charts import PALETTE
from twin.reports.figures import day, number
from twin.scenarios.schema import Scenario
from twin.streams.report import OBJECTIVE_WORDS
from twin.ui.bench import show_bench
from twin.ui.frame import question_bar
from twin.ui.links import show_failures, show_network
from twin.ui.question import Question
from twin.ui.shown import charted, figures_table, told

__all__ = ["show"]

MODES = {"push": "poussés (la caméra appelle)", "pull": "tirés (le serveur va chercher)"}
LIMITS = {
    "server": "le processeur du serveur, tel que mesuré",
    "nic_in": "la carte réseau, en entrée",
    "nic_out": "la carte réseau, en sortie",
    "descriptors": "les fichiers ouverts",
}
MOST_STREAMS = 6_000
STEP = 50


def show() -> None:
    """Show the page."""
    st.title("Flux")
    st.markdown(
        "Les serveurs et les liens portent-ils les caméras, et lequel cède le premier ? Ce que"
        " porte un serveur est **mesuré**, sur une machine nommée, et ne vaut que pour elle. Le"
        " tracé du réseau est une **hypothèse** : la fibre réelle n'est pas publique."
    )
    question = question_bar()
    for part in (_show_capacity, show_network, show_failures):
        with told():
            part(question)
    with told():
        show_bench()


def _show_capacity(question: Question) -> None:
    st.header("Ce que porte un serveur")
    here = MEASURED_HERE.exists()
    held = load_capacities(MEASURED_HERE if here else data_folder() / "capacity_example.json")
    if here:
        st.success("Capacité mesurée depuis cette page ou par la commande `twin streams`.")
    else:
        st.info(
            "Capacité d'exemple, livrée avec l'outil : elle vaut pour la machine dite ci-dessous,"
            " pas pour un serveur du centre. Le banc d'essai, en bas de page, mesure cette machine."
        )
    capacity = st.radio(
        "Flux",
        sorted(held, key=lambda one: one.mode),
        format_func=lambda one: f"{one.profile}, {MODES[one.mode]}",
        horizontal=True,
    )
    _show_machine(capacity)
    says = "Ce que le serveur a porté, et ce que coûte un flux."
    figures_table(_measured(capacity), says, "Intervalle")
    st.caption(
        "Intervalle des caméras : entre le dernier palier tenu et le premier manqué ; des autres :"
        " à 95 %, de l'ajustement aux paliers."
    )
    missed = " ; ".join(OBJECTIVE_WORDS.get(name, name) for name in capacity.binds.split(", "))
    st.markdown(f"Objectif manqué juste au-delà : **{missed}**.")
    with st.expander(f"Ce que cette mesure ne dit pas ({len(capacity.not_tested)} points)"):
        st.markdown("\n".join(f"- {item}" for item in capacity.not_tested))
    _show_nodes(capacity, question.scenario)


def _show_machine(capacity: Capacity) -> None:
    origin = capacity.provenance
    st.markdown(
        f"**Machine** : {origin.host}, noyau {origin.kernel}, {capacity.cores} cœur donné au"
        f" serveur. **Serveur** : MediaMTX {origin.server_version}. **Mesuré** le"
        f" {day(origin.measured_on)}. Autres programmes pendant la mesure : {origin.neighbours} ;"
        f" priorité : {origin.priority}."
    )


def _measured(capacity: Capacity) -> list[tuple[str, Figure]]:
    origin = capacity.provenance
    source = f"banc du {day(origin.measured_on)}, {origin.host}, MediaMTX {origin.server_version}"

    def figure(found: Interval, unit: str) -> Figure:
        return Figure(found.value, found.low, found.high, unit, Kind.MEASURED, source)

    return [
        ("Caméras portées, tous objectifs tenus", figure(capacity.cameras, "caméras")),
        ("Processeur par paquet reçu", figure(capacity.cpu_us_per_packet_in, "µs")),
        ("Processeur par paquet envoyé", figure(capacity.cpu_us_per_packet_out, "µs")),
        ("Mémoire par flux", figure(capacity.memory_mb_per_path, "Mo")),
        ("Mémoire par lecteur", figure(capacity.memory_mb_per_reader, "Mo")),
    ]


def _show_nodes(capacity: Capacity, scenario: Scenario) -> None:
    st.subheader("Combien de serveurs pour combien de caméras")
    types = load_stream_types()
    asked, typed = st.columns(2)
    streams = asked.slider(
        "Flux à porter en même temps",
        STEP,
        MOST_STREAMS,
        min(MOST_STREAMS, max(STEP, _streams(scenario))),
        help="Au départ : tous les flux de toutes les caméras du scénario.",
        format="localized",
    )
    profile = typed.selectbox(
        "Type de flux",
        list(types.profiles),
        list(types.profiles).index(capacity.profile),
        format_func=lambda key: f"{key} : {types.profiles[key].label}",
    )
    count = nodes_for(streams, capacity, types, profile)
    each = count.cameras_per_node
    figures_table(
        [
            (f"Serveurs pour {number(streams)} flux, secours compris", count.nodes),
            ("Flux donnés à chacun", _exact(each, "flux", count.nodes.source)),
        ],
        "Nombre de serveurs et flux par serveur.",
        "Selon le genou mesuré",
    )
    st.markdown(f"Ce qui limite un serveur : **{LIMITS[count.binds]}**.")
    if count.extrapolated:
        st.warning("Ce type de flux n'a pas été mesuré : le coût de ses paquets est extrapolé.")
    _draw_nodes(capacity, types, profile, streams)
    st.caption(
        "Chaque serveur a autant de cœurs que celui du banc : ce que d'autres apporteraient n'a pas"
        " été mesuré."
    )


def _draw_nodes(capacity: Capacity, types: StreamTypes, profile: str, streams: int) -> None:
    sizes = sorted({*range(250, MOST_STREAMS + 1, 250), streams})
    counts: dict[int, NodeCount] = {n: nodes_for(n, capacity, types, profile) for n in sizes}
    table = pd.DataFrame(
        {"Flux": n, "Serveurs": c.nodes.value, "Au moins": c.nodes.low, "Au plus": c.nodes.high}
        for n, c in counts.items()
    )
    x = alt.X("Flux:Q", title="flux à porter en même temps")
    base = alt.Chart(table).encode(x=x)
    band = base.mark_area(opacity=0.3, color=PALETTE[0], interpolate="step-before").encode(
        y=alt.Y("Au moins:Q", title="serveurs, secours compris"), y2="Au plus:Q"
    )
    line = base.mark_line(color=PALETTE[0], interpolate="step-before").encode(y="Serveurs:Q")
    here = pd.DataFrame({"Flux": [streams], "Serveurs": [counts[streams].nodes.value]})
    point = alt.Chart(here).mark_point(filled=True, size=110, color=PALETTE[1])
    drawn = (band + line + point.encode(x="Flux:Q", y="Serveurs:Q")).properties(height=240)
    says = f"Serveurs selon le nombre de flux, type {profile} ; le point est la valeur demandée."
    charted(drawn, table, says)


def _streams(scenario: Scenario) -> int:
    """Streams of every camera: one with several lenses sends several."""
    assumptions = Assumptions(scenario.assumptions)
    communes = build_territory(scenario.communes, scenario.forfaits, assumptions).communes
    return sum(math.ceil(each.cameras * each.streams_per_camera) for each in communes)


def _exact(value: float, unit: str, source: str) -> Figure:
    return Figure(value, value, value, unit, Kind.COMPUTED, source)
