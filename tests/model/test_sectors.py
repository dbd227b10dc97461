from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.model.rooms import TOWNS, room
from twin.errors import InputError
from twin.model.centre.journal import SpellState
from twin.model.centre.kernel import simulate as kernel
from twin.model.centre.reference import simulate as reference
from twin.model.centre.world import Shifts
from twin.model.clock import MS_PER_H
from twin.model.sectors import deal, named_pools, neighbourhood, sectors

CODES = [town.insee for town in TOWNS]
WITHIN = 2.0
"""Heaviest communes by which a sector may exceed the mean: trees and borders allow no less."""


@st.composite
def territories(draw):
    count = draw(st.integers(2, 14))
    places = st.tuples(st.integers(0, 40), st.integers(0, 40))
    chosen = draw(st.lists(places, min_size=count, max_size=count, unique=True))
    loads = draw(st.lists(st.integers(1, 20), min_size=count, max_size=count))
    return np.array(chosen) / 100 + [50.5, 3.0], np.array(loads, dtype=float)


@settings(max_examples=30, deadline=None)
@given(territories(), st.integers(1, 5))
def test_sectors_part_the_territory_into_connected_groups(territory, count):
    places, load = territory
    assume(count <= len(load))
    sector = sectors(places, load, count)
    assert set(sector.tolist()) == set(range(count))
    graph = neighbourhood(places)
    for number in range(count):
        assert nx.is_connected(graph.subgraph(np.flatnonzero(sector == number).tolist()))
    assert np.bincount(sector, load).max() <= load.sum() / count + WITHIN * load.max()


@settings(max_examples=20, deadline=None)
@given(territories(), st.integers(2, 4), st.randoms(use_true_random=False))
def test_the_order_of_the_communes_changes_no_sector(territory, count, random):
    places, load = territory
    assume(count <= len(load))
    order = list(range(len(load)))
    random.shuffle(order)
    assert (sectors(places[order], load[order], count) == sectors(places, load, count)[order]).all()


def test_equal_communes_on_a_grid_are_shared_equally():
    places = np.array([(50 + i / 10, 3 + j / 10) for i in range(4) for j in range(4)])
    sector = sectors(places, np.ones(16), 4)
    assert np.bincount(sector).tolist() == [4, 4, 4, 4]


@settings(max_examples=30, deadline=None)
@given(territories())
def test_the_neighbourhood_is_connected(territory):
    assert nx.is_connected(neighbourhood(territory[0]))


@pytest.mark.parametrize(
    ("places", "count", "sentence"),
    [
        ([[50.0, 3.0], [50.1, 3.0]], 3, "3 sectors of 2 communes"),
        ([[50.0, 3.0], [np.nan, 3.0]], 2, "every commune must have a place"),
    ],
)
def test_sectors_that_cannot_be_are_refused(places, count, sentence):
    with pytest.raises(InputError, match=sentence):
        sectors(np.array(places), np.ones(2), count)


@pytest.mark.parametrize(
    ("pools", "sentence"),
    [
        ({"a": ["59350", *CODES]}, 'seats.pools.a: 59350 takes no part; did you mean "59360"'),
        ({"a": CODES, "b": CODES[:1]}, f"seats.pools.b: {CODES[0]} is already in another pool"),
        ({"a": CODES[1:]}, f"{CODES[0]} in no pool: nobody would serve them"),
    ],
)
def test_pools_that_are_no_partition_are_refused(pools, sentence):
    with pytest.raises(InputError, match=sentence):
        named_pools(pools, CODES)


def together(*spans):
    """One shift per seat."""
    seats = np.arange(len(spans))
    start, end = np.array(spans, dtype=np.int64).T
    return Shifts(seats, start, end)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(0, 12))
def test_seats_are_dealt_as_the_divisors_of_adams_would(load, count):
    share = np.array(load, dtype=float)
    pool = deal(["video_operator"] * count, together(*[(0, 8)] * count), share) if count else []
    held = np.bincount(np.array(pool, dtype=int), minlength=len(load))
    for i in range(len(load)):
        for j in range(len(load)):
            if held[i] > 1:
                assert share[i] / (held[i] - 1) >= share[j] / max(held[j], 1e-9) * (1 - 1e-12)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=4), st.integers(1, 9))
def test_a_further_seat_moves_no_other(load, count):
    share = np.array(load, dtype=float)
    dealt = [
        deal(["video_operator"] * n, together(*[(0, 8)] * n), share).tolist()
        for n in (count, count + 1)
    ]
    assert dealt[1][:-1] == dealt[0]


def test_each_function_and_each_hour_is_dealt_for_itself():
    functions = ["requisition_officer", "video_operator", "video_operator", "video_operator"]
    shifts = together((0, 8), (0, 8), (8, 16), (8, 16))
    assert deal(functions, shifts, np.array([1.0, 2.0])).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("simulate", [kernel, reference], ids=["kernel", "reference"])
@pytest.mark.parametrize(
    "parted", [{"sectors": 2}, {"pools": {"near": CODES[:1], "far": CODES[1:]}}]
)
def test_an_agent_works_for_the_communes_of_his_pool_only(simulate, parted):
    played = room(levers={"operators": dict.fromkeys(("day", "evening", "night"), 4)} | parted)
    journal = simulate(played.centre, played.world())
    commune = {
        (task["kind"], task["id"]): task["commune"]
        for task in journal.tasks.select(["kind", "id", "commune"]).to_pylist()
    }
    worked = set()
    for spell in journal.spells.to_pylist():
        if spell["state"] == SpellState.WORKING:
            pool = played.centre.seats.pool[spell["seat"]]
            assert pool == played.centre.communes.pool[commune[spell["kind"], spell["id"]]]
            worked.add(int(pool))
    assert worked == {0, 1}


def test_one_sector_is_the_centre_as_it_was():
    one, other = room(), room(levers={"sectors": 1})
    for table, same in pairwise((one.centre, other.centre)):
        assert (table.communes.pool == same.communes.pool).all()
        assert not table.seats.pool.any()
    assert one.centre.horizon_ms == 7 * 24 * MS_PER_H


def test_pools_and_sectors_are_not_both_given():
    with pytest.raises(ValueError, match="give one or the other"):
        room(levers={"sectors": 2, "pools": {"all": CODES}})
