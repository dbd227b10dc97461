"""Who serves whom: communes parted into pools, and the seats dealt between them.

A pool is a set of communes and the seats that serve it alone (habilitation is a partition). It is
named by a scenario, or is a sector: neighbours, balanced by load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import networkx as nx
import numpy as np
import numpy.typing as npt

from twin.errors import InputError, did_you_mean
from twin.model.centre.world import Shifts

__all__ = ["deal", "named_pools", "neighbourhood", "sectors"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def named_pools(pools: Mapping[str, Sequence[str]], insee: Sequence[str]) -> Ints:
    """Pool of each commune, numbered in the order of `pools`.

    Parameters
    ----------
    pools : mapping of str to sequence of str
        INSEE codes by pool.
    insee : sequence of str
        Codes of the communes that take part.

    Raises
    ------
    InputError
        A commune that takes no part, is in two pools, or in none.

    Examples
    --------
    >>> named_pools({"west": ["59653"], "east": ["59163", "59339"]}, ["59163", "59339", "59653"])
    array([1, 1, 0])
    """
    found: dict[str, int] = {}
    for number, (name, codes) in enumerate(pools.items()):
        for code in codes:
            if code not in insee:
                raise InputError(
                    f"seats.pools.{name}: {code} takes no part; {did_you_mean(code, insee)}"
                )
            if code in found:
                raise InputError(f"seats.pools.{name}: {code} is already in another pool")
            found[code] = number
    alone = [code for code in insee if code not in found]
    if alone:
        raise InputError(f"seats.pools: {', '.join(alone)} in no pool: nobody would serve them")
    return np.array([found[code] for code in insee], dtype=np.int64)


def sectors(places: Floats, load: Floats, count: int) -> Ints:
    """Sector of each commune: connected in the neighbourhood graph, loads as equal as found.

    The territory is cut in two, as near as spanning trees allow to the shares wanted, until there
    are enough parts; then communes at a border change sides while that evens the loads out and
    leaves both sides connected. Nothing is drawn, and the order of the communes changes nothing.

    Parameters
    ----------
    places : array of shape (n, 2)
        Latitude and longitude in degrees.
    load : array of shape (n,)
        What is balanced.
    count : int
        Sectors wanted, at most n.

    Returns
    -------
    array of shape (n,)
        0 is the sector of the southernmost commune, then in the order of each one's southernmost.

    Raises
    ------
    InputError
        More sectors than communes, or a commune that is nowhere.

    Examples
    --------
    >>> line = np.array([[50.0, 3.0], [50.1, 3.0], [50.2, 3.0], [50.3, 3.0]])
    >>> sectors(line, np.array([3.0, 1.0, 1.0, 1.0]), 2)
    array([0, 1, 1, 1])
    """
    if count > len(load):
        raise InputError(f"seats.sectors: {count} sectors of {len(load)} communes")
    if not np.isfinite(places).all():
        raise InputError("seats.sectors: every commune must have a place")
    order = np.lexsort((load, places[:, 1], places[:, 0]))
    graph = neighbourhood(places[order])
    weight = dict(enumerate(load[order].tolist()))
    parts = _evened(graph, _parted(graph, set(graph), weight, count), weight)
    sector = np.empty(len(load), dtype=np.int64)
    for number, part in enumerate(sorted(parts, key=min)):
        sector[order[sorted(part)]] = number
    return sector


def neighbourhood(places: Floats) -> nx.Graph:
    """Gabriel graph of places: two are neighbours when no third lies in the circle between them.

    It is connected. A degree of longitude is shortened by the cosine of the mean latitude.

    Examples
    --------
    >>> sorted(neighbourhood(np.array([[50.0, 3.0], [50.1, 3.0], [50.2, 3.0]])).edges)
    [(0, 1), (1, 2)]
    """
    shrink = np.cos(np.radians(places[:, 0].mean()))
    flat = places * np.array([1.0, shrink])
    squared = ((flat[:, np.newaxis] - flat[np.newaxis]) ** 2).sum(axis=2)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(places)))
    for i in range(len(places)):
        for j in range(i + 1, len(places)):
            if not (squared[i] + squared[j] < squared[i, j]).any():
                graph.add_edge(i, j)
    return graph


def _parted(
    graph: nx.Graph, nodes: set[int], weight: Mapping[int, float], count: int
) -> list[set[int]]:
    if count == 1:
        return [nodes]
    first = count // 2
    here = graph.subgraph(nodes)
    sides = [side for root in sorted(nodes) for side in _branches(here, root)]
    wanted = sum(weight[node] for node in nodes) * first / count
    enough = [side for side in sides if first <= len(side) <= len(nodes) - (count - first)]
    side = min(
        enough, key=lambda part: (abs(_total(part, weight) - wanted), nx.cut_size(here, part))
    )
    return [
        *_parted(graph, set(side), weight, first),
        *_parted(graph, nodes - side, weight, count - first),
    ]


def _branches(graph: nx.Graph, root: int) -> Iterator[frozenset[int]]:
    """Each part of the breadth-first tree of `root` that one edge cuts off, and what it leaves."""
    below = {node: {node} for node in graph}
    tree = list(nx.bfs_edges(graph, root, sort_neighbors=sorted))
    for parent, child in reversed(tree):
        yield frozenset(below[child])
        yield frozenset(set(graph) - below[child])
        below[parent] |= below[child]


def _evened(graph: nx.Graph, parts: list[set[int]], weight: Mapping[int, float]) -> list[set[int]]:
    """Move communes at a border, the best move first, while the squared loads add up to less."""
    while True:
        best, chosen = 0.0, None
        for here in parts:
            for node in sorted(here):
                for there in parts:
                    gain = weight[node] * (
                        _total(here, weight) - _total(there, weight) - weight[node]
                    )
                    if there is here or gain <= best * (1 + 1e-12) + 1e-12:
                        continue
                    if _may_move(graph, node, here, there):
                        best, chosen = gain, (node, here, there)
        if chosen is None:
            return parts
        node, here, there = chosen
        here.remove(node)
        there.add(node)


def _may_move(graph: nx.Graph, node: int, here: set[int], there: set[int]) -> bool:
    touches = any(other in there for other in graph[node])
    return touches and len(here) > 1 and nx.is_connected(graph.subgraph(here - {node}))


def _total(nodes: set[int] | frozenset[int], weight: Mapping[int, float]) -> float:
    return sum(weight[node] for node in sorted(nodes))


def deal(functions: Sequence[str], shifts: Shifts, share: Floats) -> Ints:
    """Pool of each seat, its share of the load kept as well as whole seats allow.

    Seat after seat, in the order of choice within each function, goes to the pool with the most
    load per seat that it already has open at the same hours; a pool without any comes first, the
    most loaded one before the others (the divisors of Adams: everybody gets one before anybody gets
    two, and a further seat moves no other).

    Parameters
    ----------
    functions : sequence of str
        Function of each seat.
    shifts : Shifts
        When each is held.
    share : array of shape (pools,)
        Load of each pool.

    Examples
    --------
    >>> day = Shifts(np.arange(3), np.zeros(3, np.int64), np.full(3, 8))
    >>> deal(["video_operator"] * 3, day, np.array([1.0, 3.0]))
    array([1, 0, 1])
    """
    pool = np.zeros(len(functions), dtype=np.int64)
    if len(share) == 1:
        return pool
    for function in dict.fromkeys(functions):
        dealt: list[int] = []
        for seat in (seat for seat, name in enumerate(functions) if name == function):
            beside_ms = np.zeros(len(share))
            for other in dealt:
                beside_ms[pool[other]] += _common_ms(shifts, seat, other)
            first = np.where(beside_ms > 0, 0.0, share)
            per_seat = np.divide(share, beside_ms, out=np.zeros_like(share), where=beside_ms > 0)
            pool[seat] = np.lexsort((-per_seat, -first, beside_ms > 0))[0]
            dealt.append(seat)
    return pool


def _common_ms(shifts: Shifts, seat: int, other: int) -> float:
    """Time during which two seats are held together."""
    mine, theirs = (shifts.seat == each for each in (seat, other))
    edges = np.stack([shifts.start_ms[theirs], shifts.end_ms[theirs]], axis=1).ravel()
    held = np.cumsum(np.diff(edges, prepend=edges[:1]) * (np.arange(len(edges)) % 2))
    until = np.interp(shifts.end_ms[mine], edges, held)
    since = np.interp(shifts.start_ms[mine], edges, held)
    return float(until.sum() - since.sum())
