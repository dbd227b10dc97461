"""Who takes part in a scenario, on a map that names nobody unless it is asked to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import altair as alt
import pandas as pd

from twin.files import data_folder, read_rows
from twin.model.assumptions import Assumptions
from twin.model.mel import Place, load_mel
from twin.model.territory import Commune, build_territory
from twin.reports.figures import number
from twin.reports.map import commune_map, outlines
from twin.reports.message import assumed
from twin.scenarios.schema import Scenario

__all__ = ["Participants", "participants"]


@dataclass(frozen=True)
class Participants:
    """What is shown of the communes of a scenario.

    Attributes
    ----------
    title : str
        A sentence with its numbers.
    lines : tuple of (label, text)
        Beside the map.
    says : str
        What the map shows, in words.
    """

    title: str
    chart: alt.LayerChart
    lines: tuple[tuple[str, str], ...]
    says: str
    notes: tuple[str, ...]


def participants(scenario: Scenario, *, named: bool) -> Participants:
    """Map of a scenario's communes: the cameras of each, or without names those of its class.

    Where a commune lies tells its name: the map that masks them colours all communes of an urban
    class alike, whether they take part or not.
    """
    communes = build_territory(
        scenario.communes, scenario.forfaits, Assumptions(scenario.assumptions)
    ).communes
    places = load_mel().places
    cameras = sum(commune.cameras for commune in communes)
    by_forfait = Counter[str]()
    for commune in communes:
        by_forfait[commune.forfait] += commune.cameras
    by_class = _by_class(communes, places)
    table = _each(communes) if named else _alike(by_class, places)
    what = "caméras" if named else "caméras de la classe urbaine"
    lines = [(f"Forfait {key}", f"{number(n)} caméras") for key, n in sorted(by_forfait.items())]
    lines += [(label, f"{number(n)} caméras") for label, n in by_class.items()]
    ground = "contours des communes" if outlines(places)[1] else "cellules schématiques"
    lines.append(("Fond de carte", ground))
    title = f"{number(len(communes))} communes et {number(cameras)} caméras dans ce scénario"
    said = " ; ".join(f"{label} {number(n)}" for label, n in by_class.items())
    return Participants(
        title=title,
        chart=commune_map(places, table, what),
        lines=tuple(lines),
        says=f"Carte de la métropole. {title}. Caméras par classe urbaine : {said}.",
        notes=(
            "Hypothèse du scénario, non une décision des communes.",
            *(
                ()
                if named
                else ("Chaque commune a la couleur de sa classe : aucune n'est nommée.",)
            ),
            *assumed(scenario, ("cameras_per_1000",)),
        ),
    )


def _by_class(communes: tuple[Commune, ...], places: tuple[Place, ...]) -> dict[str, int]:
    """Cameras by the label of the urban class, in the order of its table."""
    belongs = {place.insee: place.urban_class for place in places}
    counts = Counter[str]()
    for commune in communes:
        counts[belongs[commune.insee]] += commune.cameras
    return {label: counts[key] for key, label in _classes().items()}


def _classes() -> dict[str, str]:
    columns = {"urban_class": str, "label": str, "communes": int, "population_pct": int}
    rows = read_rows(data_folder() / "urban_classes.csv", columns)
    return {row["urban_class"]: row["label"] for row in rows}


def _each(communes: tuple[Commune, ...]) -> pd.DataFrame:
    rows = [(commune.insee, commune.name, commune.cameras) for commune in communes]
    return pd.DataFrame(rows, columns=["insee", "name", "value"])


def _alike(by_class: dict[str, int], places: tuple[Place, ...]) -> pd.DataFrame:
    labels = _classes()
    rows = [
        (place.insee, labels[place.urban_class], by_class[labels[place.urban_class]])
        for place in places
    ]
    return pd.DataFrame(rows, columns=["insee", "name", "value"])
