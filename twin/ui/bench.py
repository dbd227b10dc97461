"""The bench of the page « Flux »: a server put to the test here, watched, stopped, read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind, load_stream_types
from twin.reports.charts import PALETTE
from twin.reports.figures import day, number
from twin.streams.install import find_binary
from twin.streams.report import OBJECTIVE_WORDS, Campaign
from twin.ui.answers import RUNS
from twin.ui.jobs import Job, followed, job, start
from twin.ui.shown import charted, headlines

__all__ = ["show_bench"]

FOLDER = RUNS / "streams"
"""Where ``twin streams`` keeps a campaign unless told otherwise."""

WORK = {
    "calibrate": "Étalonner le banc, sans serveur",
    "ramp": "Monter en charge jusqu'à ce qu'un objectif cède",
    "faults": "Provoquer des pannes",
}
FAULTS = {
    "start": "démarrage de toutes les caméras",
    "aligned": "images clés toutes ensemble",
    "slow_reader": "un lecteur trop lent",
    "camera_death": "des caméras meurent",
    "mass_return": "toutes les caméras reviennent",
    "killed": "serveur tué",
    "paused": "serveur figé",
    "restarted": "serveur redémarré",
    "link": "lien dégradé",
}
MODES = {"push": "poussés", "pull": "tirés"}
LIVE = {
    "streams": ("Flux ouverts", "flux"),
    "mbit_s": ("Débit lu", "Mbit/s"),
    "lost_frames": ("Images perdues", "images"),
    "latency_p99_ms": ("Latence, 99 fois sur 100", "ms"),
    "server_cpu": ("Processeur du serveur", "cœur"),
}
BENCH, FIT = "flows-bench", "flows-fit"


def show_bench() -> None:
    """Offer the measures, follow the one that runs, show the rows that are kept."""
    st.header("Banc d'essai : mesurer cette machine")
    st.markdown(
        "Un vrai serveur MediaMTX reçoit de vrais flux, envoyés et relus par cette machine. La"
        " mesure occupe ses processeurs : rien d'autre ne doit tourner, sinon un palier est déclaré"
        " invalide et ne compte pas."
    )
    _show_start()
    followed(BENCH, "Mesure", _show_live)
    campaign = Campaign(FOLDER)
    _show_rows(campaign)
    if campaign.rows["steps"]:
        _show_report()


def _show_start() -> None:
    running = (found := job(BENCH)) is not None and found.code is None
    with st.form("flows-start"):
        what, how, which = st.columns(3)
        work = what.selectbox("Mesure", list(WORK), 1, format_func=lambda key: WORK[key])
        mode = how.selectbox("Flux", list(MODES), 1, format_func=lambda key: MODES[key])
        profiles = load_stream_types().profiles
        profile = which.selectbox(
            "Type de flux",
            list(profiles),
            list(profiles).index("P4"),
            format_func=lambda key: f"{key} : {profiles[key].label}",
        )
        first, last, long = st.columns(3)
        cameras = first.slider("Caméras au premier palier", 5, 200, 40, 5)
        limit = last.slider("Caméras au plus", 10, 1_000, 400, 10, format="localized")
        seconds = long.slider("Durée d'un palier (s)", 2, 60, 20)
        if st.form_submit_button("Lancer la mesure", type="primary", disabled=running):
            if work != "calibrate":
                find_binary()  # said at once, rather than by a command that fails
            start(BENCH, _arguments(work, mode, profile, cameras, max(limit, cameras), seconds))
            st.rerun()


def _arguments(
    work: str, mode: str, profile: str, cameras: int, limit: int, seconds: int
) -> list[str]:
    said = ["streams", work, "--profile", profile, "--cameras", str(cameras)]
    said += ["--seconds", str(seconds), "--out", str(FOLDER.resolve())]
    if work != "faults":
        said += ["--limit", str(limit)]
    if work != "calibrate":
        said += ["--mode", mode]
    return said


def _show_live(running: Job) -> None:
    """What the step measures now, and the steps that it has finished."""
    seen = _live(FOLDER / "live.json", running)
    if seen:
        source = "mesure en cours sur cette machine, deux dernières secondes"
        headlines(
            [
                (label, Figure(seen[key], seen[key], seen[key], unit, Kind.MEASURED, source))
                for key, (label, unit) in LIVE.items()
                if seen[key] is not None
            ]
        )
    steps = Campaign(FOLDER).rows["steps"]
    if steps:
        st.dataframe(_steps(steps[-5:]), hide_index=True, alt="Les derniers paliers.")


def _live(path: Path, running: Job) -> dict[str, Any]:
    """What ``live.json`` says, unless it is of an earlier measure."""
    if not path.exists() or time.time() - path.stat().st_mtime > running.seconds:
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _show_rows(campaign: Campaign) -> None:
    rows = campaign.rows
    if not any(rows.values()):
        st.caption("Aucune mesure n'est enregistrée ici.")
        return
    if campaign.provenance:
        origin = campaign.provenance
        st.markdown(
            f"**Ces mesures ne valent que pour** : {origin['host']}, noyau {origin['kernel']},"
            f" MediaMTX {origin['server_version']}, le {day(origin['measured_on'])}."
        )
    if rows["floors"]:
        st.subheader("Le banc contre lui-même")
        st.table([_floor(row) for row in rows["floors"]], hide_index=True, alt="Étalonnage.")
    if rows["steps"]:
        st.subheader("Paliers")
        _draw_steps(rows["steps"])
    if rows["faults"]:
        st.subheader("Pannes provoquées")
        st.table([_fault(row) for row in rows["faults"]], hide_index=True, alt="Pannes.")


def _draw_steps(steps: list[dict[str, Any]]) -> None:
    table = _steps(steps)
    drawn = pd.DataFrame(
        {
            "cameras": row["cameras"],
            "cpu": row["server_cpu_share"],
            "verdict": verdict,
        }
        for row, verdict in zip(steps, table["Verdict"].str.partition(" :")[0], strict=True)
    )
    shown = alt.Scale(domain=["tenu", "manqué", "invalide"], range=[PALETTE[0], *PALETTE[1:5:3]])
    marks = (
        alt.Chart(drawn)
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X("cameras:Q", title="caméras", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("cpu:Q", title="processeur du serveur", axis=alt.Axis(format="%")),
            color=alt.Color("verdict:N", title="palier", scale=shown),
            shape=alt.Shape("verdict:N", title="palier"),
        )
    )
    limit = alt.Chart(pd.DataFrame({"y": [0.8]})).mark_rule(strokeDash=[4, 4]).encode(y="y:Q")
    says = "Processeur du serveur selon le nombre de caméras, palier par palier."
    charted((marks + limit).properties(height=260), table, says)


def _steps(steps: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Flux": MODES[row["mode"]],
            "Type": row["profile"],
            "Caméras": row["cameras"],
            "Lecteurs": row["readers"],
            "Images reçues": _share(row["frames_share"]),
            "Latence p99 (ms)": _number(row["latency_p99_ms"]),
            "Processeur du serveur": _share(row["server_cpu_share"]),
            "Autres programmes (cœurs)": _number(row["neighbours_cores"]),
            "Verdict": _verdict(row),
        }
        for row in steps
    )


def _verdict(row: dict[str, Any]) -> str:
    if row["invalid"]:
        return "invalide : le banc ou un autre programme a gêné la mesure"
    missed = " ; ".join(OBJECTIVE_WORDS[name] for name in row["missed"])
    return f"manqué : {missed}" if missed else "tenu"


def _floor(row: dict[str, Any]) -> dict[str, str]:
    return {
        "Type": row["profile"],
        "Caméras": number(row["cameras"]),
        "Latence p99 (ms)": _number(row["latency_p99_ms"]),
        "Processeur du banc": _share(row["rig_cpu"]),
        "Verdict": "sain" if row["healthy"] else "au-delà, le banc n'est plus croyable",
    }


def _fault(row: dict[str, Any]) -> dict[str, str]:
    return {
        "Panne": FAULTS[row["fault"]],
        "Flux": MODES[row["mode"]],
        "Caméras": number(row["cameras"]),
        "Mesures (noms du banc)": _told(row["figures"]),
        "Non mesuré": row["untested"] or "—",
    }


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return " ; ".join(f"{name} {_told(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    return number(value) if isinstance(value, int | float) else str(value)


def _show_report() -> None:
    """Fit what was measured, and read the report."""
    if st.button("Ajuster la capacité et rédiger le rapport"):
        start(FIT, ["streams", "fit", "--out", str(FOLDER.resolve())])
    done = followed(FIT, "Ajustement et rapport")
    path = FOLDER / "report.md"
    if done is not None and done.kept:
        st.success("La capacité mesurée ici remplace celle d'exemple, en haut de la page.")
    if path.exists():
        text = path.read_text(encoding="utf-8")
        with st.expander("Lire le rapport"):
            st.markdown("\n".join(line for line in text.splitlines() if not line.startswith("![")))
        st.download_button("Emporter le rapport", text, "banc.md", "text/markdown")


def _share(value: float | None) -> str:
    return "non mesuré" if value is None else f"{number(100 * value)}\u00a0%"


def _number(value: float | None) -> str:
    return "non mesuré" if value is None else number(value)
