"""Outlines: drawn the way round that the drawing library fills, never overlapping."""

import json
import math
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from twin.errors import InputError
from twin.model.mel import load_mel
from twin.reports.map import commune_map, outlines

PLACES = load_mel().places
SQUARE = [[3.0, 50.0], [3.1, 50.0], [3.1, 50.1], [3.0, 50.1], [3.0, 50.0]]


def area(ring: list[list[float]]) -> float:
    """Signed area: positive counter-clockwise."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


def test_every_commune_has_a_cell_of_its_own() -> None:
    shapes, real = outlines(PLACES)
    assert not real
    rings = {one["insee"]: one["geometry"]["coordinates"][0] for one in shapes["features"]}
    assert list(rings) == [place.insee for place in PLACES]
    for place in PLACES:
        ring = rings[place.insee]
        assert ring[0] == ring[-1]
        assert area(ring) < 0, "clockwise, or the whole world is filled"
        stretch = math.cos(math.radians(place.lat))
        for lon, lat in ring:
            away = {p: math.hypot((p.lon - lon) * stretch, p.lat - lat) for p in PLACES}
            assert away[place] == pytest.approx(min(away.values()), rel=1e-3)


def test_fetched_outlines_are_turned_round(own_data: Path) -> None:
    feature = {
        "properties": {"code": "59350"},
        "geometry": {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE[::-1]]]},
    }
    (own_data / "communes.geojson").write_text(json.dumps({"features": [feature]}))
    shapes, real = outlines(PLACES)
    assert real
    for one in shapes["features"]:
        assert one["insee"] == "59350"
        assert area(one["geometry"]["coordinates"][0]) < 0


@pytest.mark.parametrize("text", ["{", "[]", '{"features": [{}]}', '{"features": 5}'])
def test_a_damaged_file_of_outlines_is_told(own_data: Path, text: str) -> None:
    (own_data / "communes.geojson").write_text(text)
    with pytest.raises(InputError, match="twin data refresh"):
        outlines(PLACES)


def test_the_map_colours_those_who_take_part() -> None:
    values = pd.DataFrame({"insee": ["59360"], "name": ["Loos"], "value": [3.0]})
    drawn = commune_map(PLACES, values, "caméras").to_dict()
    assert drawn["projection"] == {"type": "mercator"}
    assert len(drawn["layer"]) == 2
    assert "http" not in json.dumps({k: v for k, v in drawn.items() if k != "$schema"})
