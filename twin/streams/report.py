"""What a campaign leaves behind: rows, a table, a plot and a page in French."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from twin.contracts import Capacity, Interval, Provenance
from twin.errors import InputError, MissingError
from twin.files import atomic_write, plain
from twin.streams.install import Binary
from twin.streams.rig import RIG_VERSION

__all__ = ["Campaign", "plot", "provenance", "report_text", "with_load"]

KINDS = ("steps", "floors", "faults", "soaks")

OBJECTIVE_WORDS = {
    "frames_share": "images reçues ≥ 99,9 %",
    "gaps": "aucun trou de séquence",
    "latency_p99_ms": "latence p99 < 250 ms",
    "discarded": "aucun paquet jeté",
    "reconnects": "aucune reconnexion",
    "server_cpu_share": "processeur < 80 %",
    "missing_streams": "tous les flux servis",
}


class Campaign:
    """Rows of a campaign in a folder, each kept as soon as it is made.

    Parameters
    ----------
    folder : Path
        Made if need be; rows that are there already are kept.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> Campaign(folder).add("faults", {"fault": "killed"})
    >>> Campaign(folder).rows["faults"]
    [{'fault': 'killed'}]
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        self.provenance: dict[str, Any] = {}
        path = folder / "campaign.json"
        if path.is_file():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
                self.provenance = dict(found["provenance"])
                self.rows |= {kind: list(found[kind]) for kind in KINDS}
            except (ValueError, KeyError, TypeError):
                raise InputError(f"{path}: not the rows of a campaign") from None

    def describe(self, origin: Provenance) -> None:
        """Say what the rows hold for; refuse to mix machines or servers.

        Raises
        ------
        InputError
            The rows that are there were made by another machine, server or rig.
        """
        found = origin.model_dump(mode="json")
        fixed = ("host", "kernel", "server_sha256", "configuration_sha256", "rig_version")
        for name in fixed:
            if self.provenance and self.provenance[name] != found[name]:
                raise InputError(
                    f"{self.folder}: its rows were made with {name} {self.provenance[name]}, "
                    f"this is {found[name]}: choose another folder"
                )
        self.provenance = found

    def add(self, kind: str, row: Mapping[str, Any]) -> None:
        """Keep one row."""
        self.rows[kind].append(plain(row))
        content = {"provenance": self.provenance, **self.rows}
        atomic_write(
            self.folder / "campaign.json",
            json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        )

    def watch(self, seen: Mapping[str, Any]) -> None:
        """Show what a step measures now, to whoever reads ``live.json``."""
        atomic_write(self.folder / "live.json", json.dumps(plain(seen), allow_nan=False))

    def write_parquet(self) -> None:
        """The rows as tables, one file per kind that has any."""
        for kind, rows in self.rows.items():
            if rows:
                table = pd.json_normalize(rows)
                atomic_write(self.folder / f"{kind}.parquet", table.to_parquet(index=False))


def provenance(binary: Binary, configuration_sha256: str) -> Provenance:
    """The machine, the server and the rig of now."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    memory_gb = psutil.virtual_memory().total / 2**30
    return Provenance(
        measured_on=datetime.now(UTC).date().isoformat(),
        host=f"{model}, {len(os.sched_getaffinity(0))} cœurs, {memory_gb:.0f} Gio",
        kernel=platform.release(),
        python=platform.python_version(),
        server_version=binary.version,
        server_sha256=binary.sha256,
        configuration_sha256=configuration_sha256,
        rig_version=RIG_VERSION,
        neighbours="non mesurés",
        priority=_priority(),
    )


def _priority() -> str:
    if os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO):
        return "temps réel"
    nice = os.nice(0)
    return f"nice {nice}" if nice else "ordinaire"


def with_load(origin: Provenance, steps: Sequence[Mapping[str, Any]]) -> Provenance:
    """`origin` with the load that other programs put on the machine during the valid `steps`."""
    loads = [step["neighbours_cores"] for step in steps if not step["invalid"]]
    if not loads:
        return origin
    mean = _number(sum(loads) / len(loads))
    said = f"{mean} cœur en moyenne pendant les paliers, {_number(max(loads))} au plus"
    return origin.model_copy(update={"neighbours": said})


def plot(campaign: Campaign, path: Path) -> None:
    """Latency and processor of the server against cameras, as SVG.

    Raises
    ------
    MissingError
        The drawing library is not installed.
    InputError
        No step to draw.
    """
    rows = [
        row for row in campaign.rows["steps"] if row["purpose"] == "knee" and not row["invalid"]
    ]
    if not rows:
        raise InputError(f"{campaign.folder}: no valid step to draw")
    try:
        import altair as alt
    except ImportError:
        raise MissingError('altair is not installed: install the "streams" packages') from None
    table = pd.DataFrame(rows)
    table["mode"] = table["mode"].map({"push": "poussés", "pull": "tirés"})
    table["tenu"] = [("oui" if not missed else "non") for missed in table["missed"]]
    table["processeur_pct"] = table["server_cpu_share"] * 100
    base = alt.Chart(table).encode(
        x=alt.X("cameras:Q", title="caméras"), color=alt.Color("mode:N", title="flux")
    )
    shape = alt.Shape("tenu:N", title="objectifs tenus")
    marks = base.mark_point(size=70, filled=True)
    latency = marks.encode(
        y=alt.Y("latency_p99_ms:Q", title="latence p99 (ms)", scale=alt.Scale(type="log")),
        shape=shape,
    )
    processor = marks.encode(
        y=alt.Y("processeur_pct:Q", title="processeur du serveur (%)"), shape=shape
    )
    limits = [
        alt.Chart(pd.DataFrame({"y": [value]})).mark_rule(strokeDash=[4, 4]).encode(y="y:Q")
        for value in (250, 80)
    ]
    chart = (latency + limits[0]).properties(width=360, height=260) | (
        processor + limits[1]
    ).properties(width=360, height=260)
    path.parent.mkdir(parents=True, exist_ok=True)
    chart.save(str(path))


def report_text(
    campaign: Campaign, capacities: Sequence[Capacity], origin: Provenance, image: str
) -> str:
    """The page of a campaign, in French, figures with their intervals."""
    lines = ["# Ce que porte un MediaMTX : mesures", "", *_origin(origin), ""]
    for capacity in capacities:
        lines += [*_capacity(capacity), ""]
    lines += [f"![latence et processeur]({image})", "", *_steps(campaign), ""]
    lines += [*_floors(campaign), *_faults(campaign), *_soaks(campaign)]
    lines += ["## Ce que ce banc ne mesure pas", ""]
    untested = dict.fromkeys(item for capacity in capacities for item in capacity.not_tested)
    return "\n".join([*lines, *(f"- {item}" for item in untested), ""])


def _origin(origin: Provenance) -> list[str]:
    server = f"MediaMTX {origin.server_version} (SHA-256 `{origin.server_sha256[:16]}…`)"
    return [
        f"Machine : {origin.host}, noyau {origin.kernel}, Python {origin.python}.",
        f"Serveur : {server}, réglages `{origin.configuration_sha256[:16]}…`. "
        f"Banc : version {origin.rig_version}. Mesuré le {origin.measured_on}.",
        f"Processeur pris par d'autres programmes : {origin.neighbours} ; "
        f"priorité du serveur et du banc : {origin.priority}.",
        "Ces chiffres ne valent que pour cette machine.",
    ]


def _capacity(capacity: Capacity) -> list[str]:
    mode = {"push": "poussés (ANNOUNCE)", "pull": "tirés (le serveur va chercher)"}[capacity.mode]
    missed = ", ".join(OBJECTIVE_WORDS[name] for name in capacity.binds.split(", "))
    costs = [
        ("processeur au repos (cœurs)", capacity.cpu_base_cores),
        ("processeur par paquet entrant (µs)", capacity.cpu_us_per_packet_in),
        ("processeur par paquet sortant (µs)", capacity.cpu_us_per_packet_out),
        ("mémoire de base (Mo)", capacity.memory_base_mb),
        ("mémoire par flux (Mo)", capacity.memory_mb_per_path),
        ("mémoire par lecteur (Mo)", capacity.memory_mb_per_reader),
    ]
    return [
        f"## {capacity.profile}, flux {mode}",
        "",
        f"**{capacity.cameras.value:.0f} caméras** tenues sur {capacity.cores} cœur(s), moins de "
        f"{capacity.cameras.high + 1:.0f} ; l'objectif manqué ensuite : {missed}. "
        f"{_number(capacity.readers_per_camera)} lecteur par caméra, "
        f"{capacity.packets_per_s:.0f} paquets/s et {_number(capacity.mbit_s)} Mbit/s par caméra.",
        "",
        "| coût | valeur | intervalle à 95 % |",
        "|---|---|---|",
        *(f"| {label} | {_number(cost.value)} | {_interval(cost)} |" for label, cost in costs),
        "",
        f"R² : processeur {_number(capacity.cpu_r2, 3)}, mémoire {_number(capacity.memory_r2, 3)}.",
        f"Premier paquet d'un lecteur : {_percentiles(capacity.start_s)}. "
        f"Coupure vue quand le serveur est tué : {_percentiles(capacity.reconnect_s)}.",
    ]


def _steps(campaign: Campaign) -> list[str]:
    lines = [
        "## Paliers",
        "",
        "| but | flux | caméras | lecteurs | images | p99 (ms) | jetés | proc. serveur "
        "| proc. banc | retard p99 (ms) | écart des compteurs | manqué | invalide |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in campaign.rows["steps"]:
        lines.append(
            f"| {row['purpose']} | {row['mode']} | {row['cameras']} | {row['readers']} "
            f"| {_number(row['frames_share'] * 100, 3)} % | {_number(row['latency_p99_ms'])} "
            f"| {row['discarded']} | {_number(row['server_cpu_share'] * 100, 0)} % "
            f"| {_number(row['rig_cpu'] * 100, 0)} % | {_number(row['lateness_p99_ms'])} "
            f"| {_difference(row['reconciled'])} "
            f"| {', '.join(row['missed']) or '–'} | {', '.join(row['invalid']) or '–'} |"
        )
    return lines


def _difference(met: Mapping[str, int]) -> int:
    """Packets that the server counts as sent and not discarded, and that no reader received."""
    return met["server_sent"] - met["server_discarded"] - met["readers_received"]


def _floors(campaign: Campaign) -> list[str]:
    if not campaign.rows["floors"]:
        return []
    return [
        "## Le banc contre lui-même",
        "",
        "| profil | caméras | p50 (ms) | p99 (ms) | retard p99 (ms) | processeur du banc | sain |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row['profile']} | {row['cameras']} | {_number(row['latency_p50_ms'])} "
            f"| {_number(row['latency_p99_ms'])} | {_number(row['lateness_p99_ms'])} "
            f"| {_number(row['rig_cpu'] * 100, 0)} % | {'oui' if row['healthy'] else 'non'} |"
            for row in campaign.rows["floors"]
        ),
        "",
    ]


def _faults(campaign: Campaign) -> list[str]:
    lines = ["## Pannes", "", "| panne | flux | caméras | mesures |", "|---|---|---|---|"]
    for row in campaign.rows["faults"]:
        figures = "; ".join(f"{name} {_shown(value)}" for name, value in row["figures"].items())
        untested = f" Non mesuré : {row['untested']}" if row["untested"] else ""
        lines.append(f"| {row['fault']} | {row['mode']} | {row['cameras']} | {figures}{untested} |")
    return [*lines, ""] if campaign.rows["faults"] else []


def _soaks(campaign: Campaign) -> list[str]:
    lines = []
    for row in campaign.rows["soaks"]:
        grown = {
            name: f"{_number(slope)} ± {_number(error)}"
            for name, (slope, error) in row["per_h"].items()
        }
        lines += [
            f"Endurance, {row['mode']}, {row['cameras']} caméras, {_number(row['hours'])} h. "
            f"Croissance par heure, serveur : mémoire {grown['memory_mb']} Mo, "
            f"fichiers ouverts {grown['descriptors']} ; "
            f"banc : mémoire {grown['rig_memory_mb']} Mo, "
            f"fichiers ouverts {grown['rig_descriptors']}.",
            "",
        ]
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{name} {_shown(held)}" for name, held in value.items()) + ")"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return _number(value) if isinstance(value, float) else str(value)


def _percentiles(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_number(value)} s" for name, value in values.items()) or "non mesuré"


def _interval(interval: Interval) -> str:
    return f"{_number(interval.low)} à {_number(interval.high)}"


def _number(value: float | None, digits: int = 2) -> str:
    return "non mesuré" if value is None else f"{value:.{digits}f}".replace(".", ",")
