"""A file of links, read strictly: the real network instead of the hypothesis."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx

from twin.errors import InputError, did_you_mean
from twin.files import Row, read_rows
from twin.model.mel import load_mel
from twin.model.territory import Territory

__all__ = ["Link", "link_name", "read_links"]

_FREE = re.compile(r"agg-\w[\w-]*|centre-[12]")
_MAIN = "centre-1"
_RECIPIENTS = ("police", "gendarmerie")


@dataclass(frozen=True)
class Link:
    """A cable, or a rented line, between two nodes."""

    a: str
    b: str
    length_km: float
    capacity_mbps: float
    cost_eur_year: float

    @property
    def name(self) -> str:
        """See `link_name`."""
        return link_name(self.a, self.b)

    def attributes(self) -> dict[str, float]:
        """What a graph keeps of it."""
        return {name: value for name, value in asdict(self).items() if name not in {"a", "b"}}


def link_name(a: str, b: str) -> str:
    """Name of the link between two nodes, whatever its direction.

    Examples
    --------
    >>> link_name("centre-1", "59350") == link_name("59350", "centre-1")
    True
    """
    return " — ".join(sorted((a, b)))


def read_links(path: Path, territory: Territory) -> list[Link]:
    """Links of a CSV file ``from,to,length_km,capacity_mbps,cost_eur_year``.

    A node is the INSEE code of a commune of the MEL, "centre-1" or "centre-2", "police",
    "gendarmerie", or an aggregation point whose name begins with "agg-".

    Raises
    ------
    InputError
        An unknown code, a capacity that is not positive, a negative length or cost, a link given
        twice or from a node to itself; a commune with cameras, or a service of the State that
        receives images, without a way to the centre. The sentence names the line or the commune.
    """
    known = {place.insee: place.name for place in load_mel().places}
    code = partial(_code, known)
    columns: dict[str, Callable[[str], Any]] = {
        "from": code,
        "to": code,
        "length_km": partial(_number, allow_zero=True),
        "capacity_mbps": partial(_number, allow_zero=False),
        "cost_eur_year": partial(_number, allow_zero=True),
    }
    rows = read_rows(path, columns)
    graph = nx.Graph()
    links = []
    for row in rows:
        link = _link(row)
        if link.a == link.b:
            raise InputError(f"{path}: a link goes from {link.a} to itself")
        if graph.has_edge(link.a, link.b):
            raise InputError(f"{path}: the link from {link.a} to {link.b} comes twice")
        graph.add_edge(link.a, link.b)
        links.append(link)
    _check_reach(path, graph, territory)
    return links


def _link(row: Row) -> Link:
    return Link(
        row["from"], row["to"], row["length_km"], row["capacity_mbps"], row["cost_eur_year"]
    )


def _check_reach(path: Path, graph: nx.Graph, territory: Territory) -> None:
    if _MAIN not in graph:
        raise InputError(f"{path}: no link reaches {_MAIN}")
    # Traffic does not cross a service of the State to go elsewhere.
    crossed = graph.subgraph(set(graph) - set(_RECIPIENTS))
    reached = nx.node_connected_component(crossed, _MAIN)
    for commune in territory.communes:
        if commune.insee not in reached:
            raise InputError(f"{path}: no way from {commune.insee} ({commune.name}) to {_MAIN}")
        if commune.force not in graph or not reached & set(graph[commune.force]):
            raise InputError(
                f"{path}: no way from {_MAIN} to {commune.force}, "
                f"which receives the images of {commune.insee} ({commune.name})"
            )
    stray = sorted(set(crossed) - reached)
    if stray:
        raise InputError(f"{path}: no way from {stray[0]} to {_MAIN}")


def _code(known: dict[str, str], cell: str) -> str:
    if cell in known or cell in _RECIPIENTS or _FREE.fullmatch(cell):
        return cell
    if re.fullmatch(r"\d[\dAB]\d{3}", cell):
        raise ValueError(f"not the INSEE code of one of the {len(known)} communes of the MEL")
    named = (*_RECIPIENTS, _MAIN, "centre-2", "agg-…", "INSEE code")
    raise ValueError(f"unknown code; {did_you_mean(cell, named)}")


def _number(cell: str, *, allow_zero: bool) -> float:
    wanted = "a number that is not negative" if allow_zero else "a positive number"
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"{wanted} is expected") from None
    if not (0 < value < float("inf") or (allow_zero and value == 0)):
        raise ValueError(f"{wanted} is expected")
    return value
