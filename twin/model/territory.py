"""The communes of a scenario: cameras, forfaits, and how much happens in their streets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, NonNegativeFloat

from twin.errors import InputError
from twin.files import read_rows
from twin.model.assumptions import Assumptions
from twin.model.cells import once, one_of, whole_number, window_text
from twin.model.clock import Window
from twin.model.forfaits import choose_forfait, load_forfaits
from twin.model.mel import Mel, load_mel, load_set
from twin.model.profiles import load_categories

__all__ = [
    "Commune",
    "CommunesLevers",
    "ForfaitLevers",
    "Territory",
    "build_territory",
    "estimates_by_class",
]

_PER_THOUSAND = 1_000
_HALF = 0.5
_CENTRE = "ville_centre"
_CLASSES = ("police", "nuisance")


class CommunesLevers(BaseModel):
    """Which communes take part, and with how many cameras."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    select: str
    """Set of communes, a key of ``data/communes_sets.yaml``."""
    file: Path | None = None
    """CSV file insee,cameras,forfait,window,joined, which replaces the set, counts and rule."""
    cameras: Literal["known_else_density", "density"] = "known_else_density"
    """Published camera counts where there are some, or the density everywhere."""
    transport_weight: NonNegativeFloat = 0.0
    """Part of the incidents in public transport added to those of the street: another control
    room handles them."""


class ForfaitLevers(BaseModel):
    """Which forfait the communes take."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rule: str
    """Rule of ``data/forfait_rules.yaml``."""
    evening_window: Annotated[str, AfterValidator(window_text)]
    """Live window of the forfaits that complete the commune's own services; the municipal police is
    supposed on duty outside it."""


@dataclass(frozen=True)
class Commune:
    """A commune as it takes part.

    Attributes
    ----------
    force : str
        "police" or "gendarmerie".
    cameras, nomadic : int
        Connected cameras, and how many of them are nomadic.
    forfait : str
        Key of ``data/forfaits.csv``.
    window : str or None
        Live window, such as "18:00-06:00"; None without live viewing.
    joined : date or None
        Day of joining, None when it is not known.
    police_intensity, nuisance_intensity : float
        Visible recorded facts per inhabitant, relative to the city of the calibration.
    police_window : str or None
        Hours of duty of the municipal police; None when no officer is known.
    """

    insee: str
    name: str
    population: int
    urban_class: str
    force: str
    lat: float
    lon: float
    cameras: int
    nomadic: int
    streams_per_camera: float
    forfait: str
    window: str | None
    retention_days: float
    joined: date | None
    police_intensity: float
    nuisance_intensity: float
    police_window: str | None = None


@dataclass(frozen=True)
class Territory:
    """Communes sorted by INSEE code."""

    communes: tuple[Commune, ...]


class _Taking(NamedTuple):
    """How a commune takes part."""

    insee: str
    cameras: int
    forfait: str
    window: str | None
    joined: date | None


def build_territory(
    communes: CommunesLevers, forfaits: ForfaitLevers, assumptions: Assumptions
) -> Territory:
    """Communes of a scenario, each from its own rows of data and the tables of the whole MEL.

    Raises
    ------
    InputError
        An unknown set, rule or commune; a file of communes that is not what it should be.
    """
    mel = load_mel(assumptions.sources)
    if communes.file is None:
        taking = _chosen(communes, forfaits, mel, assumptions)
    else:
        taking = _from_file(communes.file, forfaits.evening_window, mel)
    places = {place.insee: (row, place) for row, place in enumerate(mel.places)}
    intensities = _intensities(mel, communes.transport_weight, assumptions)
    duty = Window.parse(forfaits.evening_window).complement()
    members = []
    for part in sorted(taking):
        row, place = places[part.insee]
        known_police = place.situation.police or 0
        members.append(
            Commune(
                insee=place.insee,
                name=place.name,
                population=place.population,
                urban_class=place.urban_class,
                force=place.force,
                lat=place.lat,
                lon=place.lon,
                cameras=part.cameras,
                nomadic=round(assumptions["nomadic_share"] * part.cameras),
                streams_per_camera=assumptions["streams_per_camera"],
                forfait=part.forfait,
                window=part.window,
                retention_days=place.retention_days or assumptions["retention_days"],
                joined=part.joined,
                police_intensity=float(intensities["police"][row]),
                nuisance_intensity=float(intensities["nuisance"][row]),
                police_window=str(duty) if duty and known_police else None,
            )
        )
    return Territory(tuple(members))


def estimates_by_class() -> pd.DataFrame:
    """Published and estimated facts of the MEL per year, by indicator and urban class.

    The only form in which an estimate of facts that are not published may be shown: see
    `RecordedFacts.by_class`.
    """
    mel = load_mel()
    return mel.facts.by_class([place.urban_class for place in mel.places])


def _chosen(
    communes: CommunesLevers, forfaits: ForfaitLevers, mel: Mel, assumptions: Assumptions
) -> list[_Taking]:
    """Communes of a set, their cameras by the published count or the density."""
    chosen = set(load_set(communes.select))
    density = assumptions["cameras_per_1000"] / _PER_THOUSAND
    taking = []
    for place in mel.places:
        if place.insee in chosen:
            known = place.known_cameras if communes.cameras == "known_else_density" else None
            supposed = max(1, math.floor(density * place.population + _HALF))
            cameras = supposed if known is None else known
            forfait = choose_forfait(forfaits.rule, place.situation)
            window = load_forfaits()[forfait].window(forfaits.evening_window)
            taking.append(_Taking(place.insee, cameras, forfait, window, None))
    return taking


def _from_file(path: Path, evening_window: str, mel: Mel) -> list[_Taking]:
    """Communes of a CSV file; an empty window is the one of the forfait."""
    known = {place.insee: place.name for place in mel.places}
    forfaits = load_forfaits()
    columns: dict[str, Callable[[str], Any]] = {
        "insee": once(partial(_code, known)),
        "cameras": whole_number,
        "forfait": partial(one_of, forfaits),
        "window": lambda cell: window_text(cell) if cell else None,
        "joined": lambda cell: _day(cell) if cell else None,
    }
    rows = read_rows(path, columns)
    if not rows:
        raise InputError(f"{path}: at least one commune is expected")
    for row in rows:
        usual = forfaits[row["forfait"]].window(evening_window)
        if row["window"] and usual is None:
            raise InputError(
                f"{path}: {row['insee']} has a window, "
                f"but forfait {row['forfait']} buys no live viewing"
            )
        row["window"] = row["window"] or usual
    return [_Taking(**row) for row in rows]


def _code(known: dict[str, str], cell: str) -> str:
    if cell in known:
        return cell
    by_name = {name: code for code, name in known.items()}
    nearest = get_close_matches(cell, known, n=1) or get_close_matches(cell, by_name, n=1)
    code = by_name.get(nearest[0], nearest[0]) if nearest else None
    hint = f'; did you mean "{code}", {known[code]}?' if code else ""
    raise ValueError(f"not the INSEE code of one of the {len(known)} communes of the MEL{hint}")


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError('a day such as "2027-01-04" is expected') from None


def _intensities(
    mel: Mel, transport_weight: float, assumptions: Assumptions
) -> dict[str, npt.NDArray[np.float64]]:
    """Visible facts per inhabitant of each commune and class, relative to the calibration city.

    That city has `calibration_intensity_ratio` times the visible facts per inhabitant of the villes
    centre taken together.
    """
    column = {indicator: i for i, indicator in enumerate(mel.facts.indicators)}
    people = np.array([place.population for place in mel.places], dtype=np.float64)
    centre = np.array([place.urban_class == _CENTRE for place in mel.places])
    visible = {name: np.zeros(len(people)) for name in _CLASSES}
    for category in load_categories():
        if category.incident_class in visible:
            seen = assumptions[f"visible_{category.category}"] * category.share
            facts = mel.facts.count[:, column[category.indicator]]
            visible[category.incident_class] += seen * facts
    ratio = assumptions["calibration_intensity_ratio"]
    reference = {
        name: ratio * facts[centre].sum() / people[centre].sum() for name, facts in visible.items()
    }
    transport = np.array([place.transport_incidents for place in mel.places])
    visible["police"] = visible["police"] + transport_weight * transport
    return {name: facts / people / reference[name] for name, facts in visible.items()}
