"""The network drawn on the map of the metropolis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt

from twin.errors import InputError
from twin.model.mel import load_mel
from twin.model.network.topology import Network, NodeKind, Place, places_of
from twin.model.network.use import LinkUse
from twin.model.territory import Territory
from twin.reports.charts import PALETTE

__all__ = ["draw_network"]

_COMMUNE = "commune"
_DRAWN = {
    NodeKind.COMMUNE: _COMMUNE,
    NodeKind.AGGREGATION: "point d'agrégation",
    NodeKind.CENTRE: "centre",
}
_SUFFIXES = (".svg", ".png", ".json")
_WIDTH = 760


def draw_network(
    network: Network,
    territory: Territory,
    sites: tuple[str, ...],
    uses: list[LinkUse],
    path: Path,
) -> None:
    """Write the map as SVG, PNG or Vega-Lite: sites where they stand, links by how full they get.

    Parameters
    ----------
    sites : tuple of str
        INSEE codes of the communes where the centre stands.

    Raises
    ------
    InputError
        Another kind of file.
    """
    if path.suffix not in _SUFFIXES:
        raise InputError(f"{path}: a name that ends in {' or '.join(_SUFFIXES)} is expected")
    where = _positions(network, territory, sites)
    points = alt.InlineData(values=list(_points(network, where)))
    x = alt.X("lon:Q", axis=None, scale=alt.Scale(zero=False, nice=False))
    y = alt.Y("lat:Q", axis=None, scale=alt.Scale(zero=False, nice=False))
    share = alt.Color(
        "share:Q",
        title="pointe / débit",
        scale=alt.Scale(scheme="viridis", reverse=True),
        legend=alt.Legend(format=".1%"),
    )
    width = alt.StrokeWidth("ring:N", title="lien", scale=alt.Scale(range=[1.2, 4]))
    links = (
        alt.Chart(alt.InlineData(values=list(_lines(network, where, uses))))
        .mark_rule()
        .encode(x=x, y=y, x2="lon2:Q", y2="lat2:Q", strokeWidth=width, color=share)
    )
    base = alt.Chart(points).encode(x=x, y=y)
    communes = base.transform_filter(f"datum.kind == '{_COMMUNE}'")
    inner = base.transform_filter(f"datum.kind != '{_COMMUNE}'")
    size = alt.Size("cameras:Q", title="caméras", scale=alt.Scale(range=[30, 600]))
    shape = alt.Shape("kind:N", title="nœud", scale=alt.Scale(range=["diamond", "square"]))
    chart = alt.layer(
        links,
        inner.mark_point(filled=True, opacity=1, size=300, color=PALETTE[1]).encode(shape=shape),
        communes.mark_circle(opacity=1, color=PALETTE[0], stroke="white").encode(size=size),
        communes.mark_text(dy=-11, fontSize=9, color="#333333").encode(text="label:N"),
        title=alt.TitleParams(
            "Le réseau des images", subtitle=_provenance(network), anchor="start"
        ),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    chart.properties(width=_WIDTH, height=_WIDTH).configure_view(stroke=None).save(str(path))


def _provenance(network: Network) -> str:
    if network.supposed:
        return "Hypothèse : la fibre réelle n'est pas publique, ce tracé vient des coordonnées."
    return f"Source : {network.source}"


def _positions(
    network: Network, territory: Territory, sites: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    """Latitude and longitude; a point that has none stands amidst its neighbours."""
    where = {c.insee: (c.lat, c.lon) for c in territory.communes}
    for place, centre in zip(places_of(sites), network.of(NodeKind.CENTRE), strict=False):
        where[centre] = place.lat, place.lon
    points = network.of(NodeKind.AGGREGATION)
    where |= {f"agg-{place.name}": (place.lat, place.lon) for place in _named(points)}
    unknown = [name for name in points if name not in where]
    for name in unknown:
        near = [where[other] for other in network.graph[name] if other in where]
        if near:
            lat, lon = (sum(values) / len(near) for values in zip(*near, strict=True))
            where[name] = lat, lon
    return {name: where[name] for name in where if name in network.graph}


def _named(points: list[str]) -> list[Place]:
    """Communes that the points take their names from."""
    known = {place.insee for place in load_mel().places}
    codes = [name.removeprefix("agg-") for name in points]
    return places_of([code for code in codes if code in known])


def _points(network: Network, where: dict[str, tuple[float, float]]) -> Iterator[dict[str, Any]]:
    for name, (lat, lon) in where.items():
        node = network.graph.nodes[name]
        label = node["label"] or ("centre" if node["kind"] is NodeKind.CENTRE else "")
        yield {
            "lat": lat,
            "lon": lon,
            "kind": _DRAWN[node["kind"]],
            "cameras": node["cameras"],
            "label": label,
        }


def _lines(
    network: Network, where: dict[str, tuple[float, float]], uses: list[LinkUse]
) -> Iterator[dict[str, Any]]:
    share = {use.name: use.share for use in uses}
    for link in network.links():
        if link.a in where and link.b in where and link.name in share:
            inner = {NodeKind.AGGREGATION, NodeKind.CENTRE}
            ring = all(network.graph.nodes[end]["kind"] in inner for end in (link.a, link.b))
            yield {
                "lat": where[link.a][0],
                "lon": where[link.a][1],
                "lat2": where[link.b][0],
                "lon2": where[link.b][1],
                "ring": "anneau" if ring else "accès",
                "share": share[link.name],
            }
