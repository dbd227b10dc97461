"""The load of a network, by hand, then as laws over runs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.network.towns import MEL, TYPES, network
from tests.model.rooms import LOOS, Room, days, room
from twin.model.assumptions import Assumptions
from twin.model.centre.engines import engine_named
from twin.model.centre.journal import (
    ATTENTION_COLUMNS,
    SPELL_COLUMNS,
    TASK_COLUMNS,
    Journal,
    Origin,
    Outcome,
    SpellState,
)
from twin.model.centre.world import NEVER, Kind
from twin.model.clock import MS_PER_H
from twin.model.network.levers import NetworkLevers
from twin.model.network.load import ElementLoad, Traffic, loads, rates_of
from twin.model.network.routes import routes_of
from twin.model.network.topology import Network, NodeKind
from twin.model.network.use import link_uses, min_cuts

MAIN, MOSAIC, NOMADIC = (
    TYPES.profiles[key].bitrate_mbit_s * TYPES.node.wire_overhead for key in ("P4", "SUB", "CELL")
)
NIGHT = Assumptions()["night_bitrate_factor"]
SPEED = Assumptions()["extraction_speed"]


def rows(names: tuple[str, ...], given: list[dict[str, int]]) -> np.ndarray:
    blank = dict.fromkeys(names, NEVER)
    table = [[(blank | row)[name] for name in names] for row in given]
    return np.array(table, dtype=np.int64).reshape(-1, len(names))


def film(
    work: list[tuple[Kind, int, int, float, float]] = (),  # type: ignore[assignment]
    shown: list[tuple[float, int, int]] = (),  # type: ignore[assignment]
    alerts: dict[int, float] | None = None,
) -> Journal:
    """Journal of work (kind, commune, camera, from h, to h) and of (h, held, rotating)."""
    tasks = [
        {
            "kind": kind, "id": i, "commune": commune, "camera": camera,
            "alert_ms": int(alerts[i] * MS_PER_H) if i in (alerts or {}) else NEVER,
            "end_ms": int(to_h * MS_PER_H), "outcome": Outcome.DONE, "origin": Origin.WALL,
        }
        for i, (kind, commune, camera, _, to_h) in enumerate(work)
    ]  # fmt: skip
    spells = [
        {
            "seat": 0, "from_ms": int(from_h * MS_PER_H), "to_ms": int(to_h * MS_PER_H),
            "state": SpellState.WORKING, "kind": kind, "id": i,
        }
        for i, (kind, _, _, from_h, to_h) in enumerate(work)
    ]  # fmt: skip
    attention = [
        {"time_ms": int(at_h * MS_PER_H), "pool": 0, "held": held, "rotating": rotating}
        for at_h, held, rotating in shown
    ]
    return Journal.of(
        rows(TASK_COLUMNS, tasks), rows(SPELL_COLUMNS, spells), rows(ATTENTION_COLUMNS, attention)
    )


def carried(
    journal: Journal, where: Room, whole: Network | None = None, **levers
) -> dict[str, ElementLoad]:
    chosen = NetworkLevers(**levers)
    traffic = Traffic(
        journal,
        where.centre,
        where.territory,
        where.calendar,
        chosen,
        rates_of(where.territory, chosen, where.assumptions, TYPES),
        where.assumptions["extraction_speed"],
    )
    whole = whole or network(where.territory, **levers)
    return loads(traffic, routes_of(whole, where.territory))


ONE = room(LOOS, calendar=days(1))


def test_a_mosaic_by_hand() -> None:
    """Four images until noon, on one commune: by night until 7, then by day."""
    found = carried(film(shown=[(0, 2, 2), (12, 0, 0)]), ONE)
    by_day = 4 * MOSAIC
    for name in ("wall-1", "59360"):
        fixed = found[name]
        share = 1.0 if name == "wall-1" else (2 + 2 * 46 / 49) / 4
        assert fixed.peak == pytest.approx(by_day * NIGHT * share)
        assert fixed.mean == pytest.approx(by_day * share * (7 * NIGHT + 5) / 24)
        assert (fixed.peak_by_hour[6], fixed.peak_by_hour[7], fixed.peak_by_hour[12]) == (
            pytest.approx((by_day * NIGHT * share, by_day * share, 0.0))
        )
    # The three nomadic cameras are the last, least busy ones: they only take turns.
    assert found["cellular"].peak == pytest.approx(by_day * NIGHT * 2 * 3 / 49 / 4)


def test_work_by_hand() -> None:
    """An incident alerted after half an hour, an extraction, a nomadic camera, a safeguarding."""
    journal = film(
        work=[
            (Kind.POLICE, 0, 0, 13, 14),
            (Kind.EXTRACTION, 0, NEVER, 15, 16),
            (Kind.NUISANCE, 0, 50, 17, 18),
            (Kind.SAFEGUARD, 0, NEVER, 18, 19),
        ],
        alerts={0: 13.5},
    )
    found = carried(journal, ONE)
    access = found["59360 — agg-59360"].peak_by_hour
    assert access[[13, 15, 17, 18]] == pytest.approx([MAIN, SPEED * MAIN, 0, 0])
    assert found["cellular"].peak_by_hour[[13, 17]] == pytest.approx([0, NOMADIC])
    state = found["centre-1 — police"]
    assert (state.peak, state.peak_hour) == (pytest.approx(MAIN), 13)
    assert state.mean == pytest.approx(MAIN / 48)
    assert found["wall-1"].peak == pytest.approx(SPEED * MAIN)
    assert state.p95_by_hour[13] == pytest.approx(MAIN)
    assert state.p95_by_hour[12] == 0.0


def test_recordings_of_a_commune_are_fetched_from_it() -> None:
    journal = film(work=[(Kind.EXTRACTION, 0, NEVER, 15, 16)])
    live = 48 * LOOS.streams_per_camera * MAIN
    edge = carried(journal, ONE, main_stream="always")["59360 — agg-59360"].peak_by_hour
    assert edge[[14, 15]] == pytest.approx([live, live + SPEED * MAIN])
    levers = {"main_stream": "always", "recording": "centre"}
    centre = carried(journal, ONE, **levers)["59360 — agg-59360"].peak_by_hour
    assert centre[[14, 15]] == pytest.approx([live, live])


def test_every_main_stream_by_hand() -> None:
    found = carried(film(), ONE, main_stream="always", recording="centre")
    fixed = 48 * LOOS.streams_per_camera * MAIN
    both = fixed + 3 * NOMADIC
    assert found["59360 — agg-59360"].peak == pytest.approx(fixed * NIGHT)
    assert found["recorder-1"].mean == pytest.approx(both * (11 * NIGHT + 13) / 24)
    assert found["wall-1"].peak == 0
    edge = carried(film(), ONE)
    assert edge["recorder-59360"].peak == pytest.approx(fixed * NIGHT)
    assert edge["59360 — agg-59360"].peak == 0


def test_a_closed_window_shows_nothing_of_its_commune() -> None:
    evening = replace(LOOS, insee="59653", window="18:00-06:00", forfait="2")
    where = room(LOOS, evening, calendar=days(1))
    found = carried(film(shown=[(0, 0, 4)]), where)
    alone, both = found["59653"].peak_by_hour[12], found["59653"].peak_by_hour[19]
    assert alone == 0
    assert both == pytest.approx(4 * MOSAIC * 48 / 102)


def test_a_commune_is_shown_from_the_day_it_joins() -> None:
    later = replace(LOOS, insee="59653", joined=days(1, start=days(2).horizon.start).horizon.start)
    where = room(LOOS, later, calendar=days(2, start=days(2).horizon.start.replace(day=3)))
    found = carried(film(shown=[(0, 0, 4)]), where)
    assert found["59653"].peak_by_hour[6 * 24 :].max() == 0
    assert found["59653"].peak_by_hour[:24].max() > 0


PLAYED = room(*MEL.communes, calendar=days(3), kappa=(900.0, 2000.0))
JOURNAL = engine_named("reference")(PLAYED.centre, PLAYED.world())


@settings(max_examples=12, deadline=None)
@given(
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from([None, "59009"]),
    st.sampled_from([("on_demand", "edge"), ("always", "edge"), ("always", "centre")]),
)
def test_what_comes_in_goes_out(
    points: int, rings: bool, second_site: str | None, streams: tuple[str, str]
) -> None:
    """Means add up: at every point between the cameras and the ingest, and inside the centre."""
    levers = {"aggregation_points": points, "rings": rings, "second_site": second_site}
    levers |= {"main_stream": streams[0], "recording": streams[1]}
    whole = network(PLAYED.territory, **levers)
    found = carried(JOURNAL, PLAYED, whole, **levers)

    def around(name: str, *kinds: NodeKind) -> float:
        kind = dict(whole.graph.nodes(data="kind"))
        return sum(
            found[" — ".join(sorted((name, other)))].mean
            for other in whole.graph[name]
            if kind[other] in kinds
        )

    for name in whole.of(NodeKind.AGGREGATION):
        everything = (NodeKind.COMMUNE, NodeKind.AGGREGATION, NodeKind.CENTRE)
        assert around(name, *everything) == pytest.approx(2 * found[name].mean)
    outside = around("centre-1", NodeKind.AGGREGATION, NodeKind.CELLULAR, NodeKind.CENTRE)
    if second_site is None:
        sent = around("centre-1", NodeKind.STATE)
        assert around("centre-1", NodeKind.INGEST) == pytest.approx(outside + sent)
    ingest = [name for name in whole.of(NodeKind.INGEST) if name.startswith("ingest-1.")]
    assert around("wall-1", NodeKind.INGEST) == pytest.approx(found["wall-1"].mean)
    if streams[0] == "on_demand":
        assert sum(found[name].mean for name in ingest) == pytest.approx(found["wall-1"].mean)
    assert found["wall-1"].mean > 0
    assert all(load.mean <= load.peak and load.p95 <= load.peak for load in found.values())
    for load in found.values():
        assert load.peak_by_hour.max() == load.peak == load.peak_by_hour[load.peak_hour]
        assert (load.p95_by_hour <= load.peak_by_hour).all()


@settings(max_examples=10, deadline=None)
@given(st.floats(1, 2), st.floats(1, 4), st.sampled_from(["P1", "P2", "P6"]))
def test_heavier_streams_never_weigh_less(night: float, more: float, profile: str) -> None:
    light = replace(PLAYED, assumptions=Assumptions({"night_bitrate_factor": night}))
    heavy = replace(PLAYED, assumptions=Assumptions({"night_bitrate_factor": night * more}))
    order = sorted((profile, "P4"), key=lambda key: TYPES.profiles[key].bitrate_mbit_s)
    first = carried(JOURNAL, light, profile=order[0])
    second = carried(JOURNAL, heavy, profile=order[1])
    for name, load in first.items():
        assert load.peak <= second[name].peak + 1e-9
        assert load.mean <= second[name].mean + 1e-9


def test_pages_of_one_commune_are_displayed_whole() -> None:
    where = room(LOOS, calendar=days(1), levers={"display_rule": "one_commune_at_a_time"})
    found = carried(film(shown=[(0, 1, 0)]), where)
    assert found["wall-1"].peak == pytest.approx(4 * MOSAIC * NIGHT)


def test_the_first_link_to_fill() -> None:
    whole = network(PLAYED.territory)
    found = carried(JOURNAL, PLAYED, whole)
    uses = link_uses(whole, found, TYPES.node)
    assert [use.growth for use in uses] == sorted(use.growth for use in uses)
    first = uses[0]
    assert first.growth * first.load.peak == pytest.approx(0.6 * first.capacity_mbps)
    assert not any("ingest" in use.name or "recorder" in use.name for use in uses)


@given(st.integers(1, 5), st.sampled_from([100.0, 1_000.0]))
def test_the_minimum_cut_of_parallel_links(ways: int, mbps: float) -> None:
    """k points between a commune and the centre carry k links, up to what the centre takes in."""
    whole = network(rings=False, aggregation_points=1, ingest_nodes=4)
    whole.graph.remove_edge("59163", next(n for n in whole.graph["59163"] if n.startswith("agg")))
    for i in range(ways):
        for a, b in (("59163", f"agg-{i}"), (f"agg-{i}", "centre-1")):
            whole.graph.add_edge(a, b, length_km=1.0, capacity_mbps=mbps, cost_eur_year=0.0)
            whole.graph.nodes[f"agg-{i}"].update(kind=NodeKind.AGGREGATION, site=None, label=None)
    (cut,) = min_cuts(whole, ["59163"])
    assert cut.mbps == pytest.approx(ways * mbps)
    assert len(cut.links) == ways
