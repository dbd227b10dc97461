"""What is known of the 95 communes of the MEL: the tables of ``data/`` that the model reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from twin.errors import InputError, did_you_mean
from twin.files import Row, data_folder, load_yaml, read_rows, validated
from twin.model.assumptions import Grade, Sources
from twin.model.cells import once, whole_number
from twin.model.forfaits import Situation
from twin.model.recorded_facts import RecordedFacts, load_recorded_facts

__all__ = ["Mel", "Place", "load_mel", "load_set"]

_WITH_A_ROOM = ("own", "pooled")
_DATED = ("as_of", "confidence", "source_url", "note")
_POLICE_CLASSES = ("ville_centre", "ville_agglomeration")
"""Where the police is supposed where no page that may be used says so."""
_PERCENT = 100

Columns = dict[str, Callable[[str], Any]]


@dataclass(frozen=True)
class Place:
    """A commune, whether it takes part or not.

    Attributes
    ----------
    known_cameras : int or None
        Published count; None is unknown, not zero.
    situation : Situation
        What the rules of the forfaits look at.
    retention_days : float or None
        Published retention of images.
    transport_incidents : float
        Incidents of 2024 in public transport; those of the communes that are not named are shared
        between them by population.
    """

    insee: str
    name: str
    population: int
    urban_class: str
    force: str
    lat: float
    lon: float
    known_cameras: int | None
    situation: Situation
    retention_days: float | None
    transport_incidents: float


@dataclass(frozen=True)
class Mel:
    """The communes of the MEL, sorted by code, and their recorded facts in that order."""

    places: tuple[Place, ...]
    facts: RecordedFacts


class _Set(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    rule: str
    insee: tuple[str, ...]


def load_mel(sources: Sources = Sources.ALL) -> Mel:
    """Read the tables of ``data/`` once per process; rows of other `sources` are unknown."""
    return _mel(data_folder(), sources)


def load_set(name: str) -> tuple[str, ...]:
    """INSEE codes of a set of ``data/communes_sets.yaml``."""
    path = data_folder() / "communes_sets.yaml"
    sets = load_yaml(path)
    if name not in sets:
        raise InputError(f'communes.select: unknown set "{name}"; {did_you_mean(name, sets)}')
    codes = validated(_Set, sets[name], f"{path}: {name}").insee
    known = {place.insee for place in load_mel().places}
    for code in codes:
        if code not in known or codes.count(code) > 1:
            fault = "comes twice" if code in known else "is not a commune of data/communes.csv"
            raise InputError(f"{path}: {name}: {code} {fault}")
    return codes


@cache
def _mel(folder: Path, sources: Sources) -> Mel:
    numbers: Columns = {"population": whole_number, "lat": float, "lon": float}
    words: Columns = dict.fromkeys(("name", "urban_class", "force"), str)
    unread = ("urban_class_confidence", "force_confidence", "force_source")
    graded: Columns = {**words, **numbers, "force_grade": Grade}
    communes = _by_insee(folder / "communes.csv", graded, unread)
    for row in communes.values():
        if not sources.allow(row.pop("force_grade")):
            row["force"] = "police" if row["urban_class"] in _POLICE_CLASSES else "gendarmerie"
    cameras = _allowed(folder / "known_cameras.csv", {"cameras": whole_number}, sources)
    retention = _allowed(folder / "retention.csv", {"retention_days": float}, sources)
    rooms = _allowed(folder / "control_rooms.csv", {"kind": str}, sources)
    police = {"municipal_police_2024": lambda cell: whole_number(cell) if cell else None}
    staff = _by_insee(folder / "municipal_police.csv", police, ("asvp_2024",))
    population = {insee: row["population"] for insee, row in communes.items()}
    transport = _transport(folder / "transport_2024.csv", population)
    places = tuple(
        Place(
            insee=insee,
            **row,
            known_cameras=cameras.get(insee, {}).get("cameras"),
            situation=Situation(
                population=row["population"],
                police=staff.get(insee, {}).get("municipal_police_2024"),
                control_room=rooms.get(insee, {}).get("kind") in _WITH_A_ROOM,
            ),
            retention_days=retention.get(insee, {}).get("retention_days"),
            transport_incidents=transport[insee],
        )
        for insee, row in sorted(communes.items())
    )
    classes = [place.urban_class for place in places]
    people = [place.population for place in places]
    return Mel(places, load_recorded_facts([place.insee for place in places], people, classes))


def _by_insee(path: Path, columns: Columns, unread: tuple[str, ...]) -> dict[str, Row]:
    """Rows by INSEE code, without the columns that the model does not read."""
    rows = read_rows(path, {"insee": once(str), **columns, **dict.fromkeys(unread, str)})
    return {row["insee"]: {name: row[name] for name in columns} for row in rows}


def _allowed(path: Path, columns: Columns, sources: Sources) -> dict[str, Row]:
    """Rows of a table whose rows have a page each, if that page may be used."""
    rows = _by_insee(path, {**columns, "grade": Grade}, _DATED)
    return {insee: row for insee, row in rows.items() if sources.allow(row["grade"])}


def _transport(path: Path, population: dict[str, int]) -> dict[str, float]:
    """Incidents in public transport by commune; those that are not named share the rest."""
    columns = {"area": str, "insee": str, "share_pct": float, "incidents": str}
    rows = read_rows(path, columns)
    total = sum(int(row["incidents"]) for row in rows if row["incidents"])
    share = {row["insee"]: row["share_pct"] / _PERCENT for row in rows if row["insee"]}
    others = sum(people for insee, people in population.items() if insee not in share)
    rest = 1 - sum(share.values())
    return {
        insee: total * share.get(insee, rest * people / others)
        for insee, people in population.items()
    }
