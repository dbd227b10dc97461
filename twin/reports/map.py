"""The communes on a map that asks nobody: real outlines when they were fetched, else cells."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import pandas as pd

from twin.errors import InputError
from twin.files import data_folder
from twin.model.mel import Place
from twin.reports.charts import SCHEME

__all__ = ["commune_map", "outlines"]

BOUNDARIES_FILE = "communes.geojson"
REACH_KM = 3.0
"""Radius of the cell of a commune without near neighbours."""
SIDES = 24
KM_PER_DEGREE = 111.2
ABSENT = "#E3E7EA"

Point = tuple[float, float]


def outlines(places: Sequence[Place]) -> tuple[dict[str, Any], bool]:
    """Return GeoJSON outlines of communes by INSEE code, and whether they are the real ones.

    The real ones are in ``data/communes.geojson`` once `twin data refresh` has fetched them. Else
    each commune is the part of a disc round its coordinates that is nearer to it than to another:
    a schematic neighbourhood, not a territory.

    Raises
    ------
    InputError
        The file of outlines is not GeoJSON.
    """
    path = data_folder() / BOUNDARIES_FILE
    if not path.exists():
        drawn = [_feature(place.insee, _cell(place, places)) for place in places]
        return {"type": "FeatureCollection", "features": drawn}, False
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        drawn = [
            _feature(one["properties"]["code"], ring)
            for one in features
            for ring in _rings(one["geometry"])
        ]
    except (ValueError, KeyError, TypeError, IndexError):
        raise InputError(f"{path}: not the outlines of communes, run twin data refresh") from None
    return {"type": "FeatureCollection", "features": drawn}, True


def commune_map(places: Sequence[Place], values: pd.DataFrame, title: str) -> alt.LayerChart:
    """Map of all communes, coloured by a value where they take part.

    Parameters
    ----------
    values : DataFrame
        Columns ``insee``, ``name`` (as it may be shown) and ``value``.
    title : str
        What the colour says, with its unit.

    Returns
    -------
    LayerChart
        A click selects a commune: selection "commune", field "insee".
    """
    shapes, real = outlines(places)
    drawn = "contours des communes" if real else "cellules schématiques autour des coordonnées"
    source = alt.InlineData(values=shapes["features"])
    chosen = alt.selection_point(name="commune", fields=["insee"])
    base = alt.Chart(source).mark_geoshape(stroke="white", strokeWidth=1)
    others = base.encode(color=alt.value(ABSENT))
    members = (
        base.transform_lookup("insee", alt.LookupData(values, "insee", ["name", "value"]))
        .transform_filter("isValid(datum.value)")
        .encode(
            color=alt.Color("value:Q", title=title, scale=alt.Scale(scheme=SCHEME)),
            opacity=alt.condition(chosen, alt.value(1.0), alt.value(0.5)),
            tooltip=[
                alt.Tooltip("name:N", title="commune"),
                alt.Tooltip("value:Q", title=title, format=",.3~g"),
            ],
        )
        .add_params(chosen)
    )
    chart = alt.LayerChart(layer=[others, members], height=460)
    chart.title = alt.Title("", subtitle=f"Fond : {drawn}")
    return chart.project("mercator")


def _feature(insee: str, ring: list[Point]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "insee": insee,
        "geometry": {"type": "Polygon", "coordinates": [_clockwise(ring)]},
    }


def _rings(geometry: Any) -> Iterator[list[Point]]:
    """Outer rings: the holes of a commune are other communes, which are drawn too."""
    coordinates = geometry["coordinates"]
    for polygon in coordinates if geometry["type"] == "MultiPolygon" else [coordinates]:
        yield [(float(lon), float(lat)) for lon, lat in polygon[0]]


def _clockwise(ring: list[Point]) -> list[Point]:
    """The ring as the drawing library wants it: the other way round fills the whole world."""
    turns = sum(
        (x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)
    )
    closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
    return closed if turns > 0 else closed[::-1]


def _cell(place: Place, places: Sequence[Place]) -> list[Point]:
    """Disc round a commune, cut half-way to every other one."""
    east_km = KM_PER_DEGREE * math.cos(math.radians(place.lat))
    angles = [2 * math.pi * side / SIDES for side in range(SIDES)]
    ring = [(REACH_KM * math.cos(angle), REACH_KM * math.sin(angle)) for angle in angles]
    for other in places:
        x = (other.lon - place.lon) * east_km
        y = (other.lat - place.lat) * KM_PER_DEGREE
        if 0 < math.hypot(x, y) < 2 * REACH_KM:
            ring = _cut(ring, x, y)
    return [(place.lon + x / east_km, place.lat + y / KM_PER_DEGREE) for x, y in ring]


def _cut(ring: list[Point], x: float, y: float) -> list[Point]:
    """Part of a convex ring that is nearer to the origin than to (x, y) (Sutherland-Hodgman)."""
    half = (x * x + y * y) / 2
    kept: list[Point] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        over1, over2 = x * x1 + y * y1 - half, x * x2 + y * y2 - half
        if over1 <= 0:
            kept.append((x1, y1))
        if over1 * over2 < 0:
            share = over1 / (over1 - over2)
            kept.append((x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
    return kept
