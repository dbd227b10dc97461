"""A hypothesis strategy of small but nasty scenes, for any engine.

Instants are few, so that shift changes, breaks, windows, slots, faults and arrivals coincide; seats
may be none or empty; work exceeds what agents can do; every rule takes every value.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.model.centre.scene import (
    ALL_WORK,
    LATER,
    RULES,
    Call,
    Commune,
    Incident,
    Letter,
    Outage,
    Scene,
    Seat,
    Shift,
    Slot,
)
from twin.model.centre.world import NEVER, EndOfShift, Kind, Rules, ViewingRequests

__all__ = ["DAY", "HORIZON", "scenes"]

HORIZON = 120
DAY = 60
"""A civil day of the drawn scenes: slots of health checks end with it, windows pass over it."""

_ROUND = [*range(0, HORIZON, 10)]
_instants = st.sampled_from([*_ROUND, *_ROUND, 1, 9, 11, 33, 47, 59, 61, 77, 119, 120, 130])
_lengths = st.sampled_from([10, 1, 2, 3, 5, 7, 10, 10, 15, 20, 20, 30, 50])
_phases = st.sampled_from([0, 0, 1, 3, 5, 10, 10, 20])
_delays = st.sampled_from([NEVER, NEVER, 0, 1, 5, 10, 20, 30])
_thresholds = st.sampled_from([0.0625, 0.1, 0.25, 0.5, 0.7, 1.0, 1.3, 2.0, 3.3])
_hazards = st.sampled_from([0.1, 0.25, 1 / 3] * 3 + [1 / 64, 1.0, 0.0])
_requests = st.sampled_from(
    [ViewingRequests.ALWAYS, ViewingRequests.ALWAYS, ViewingRequests.WINDOW, ViewingRequests.NONE]
)
_mostly = st.sampled_from([True] * 5 + [False])
_whole = (0, HORIZON)

_PRESETS_OF_TAKES = (
    *[ALL_WORK] * 6,
    ALL_WORK - {Kind.SAFEGUARD, Kind.EXTRACTION},
    frozenset({Kind.SAFEGUARD, Kind.EXTRACTION}),
    frozenset({Kind.POLICE, Kind.REQUEST}),
    frozenset(),
)
_PRESETS_OF_ORDER = (
    RULES.order,
    RULES.order,
    np.array([0, 0, 1, 1, 2, 2, 3]),
    np.array([3, 2, 1, 0, 1, 2, 3]),
    np.zeros(len(ALL_WORK), dtype=np.int64),
)
_PRESETS_OF_INTERRUPTIBLE = (
    RULES.interruptible,
    RULES.interruptible,
    np.ones(len(ALL_WORK), dtype=bool),
    np.zeros(len(ALL_WORK), dtype=bool),
)


@st.composite
def _spans(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Spans in order, the whole horizon or some that may touch and may pass it."""
    if draw(_mostly):
        return (_whole,)
    edges = sorted(draw(st.lists(_instants, min_size=2, max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple((opens, closes) for opens, closes in pairs if opens < closes)


@st.composite
def _following(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Spans that follow one another without a gap, some left out, as shifts and slots do."""
    cuts = sorted({0, *draw(st.lists(_instants, min_size=1, max_size=3)), HORIZON})
    return tuple(span for span in pairwise(cuts) if draw(_mostly))


@st.composite
def _shifts(draw: st.DrawFn) -> tuple[Shift, ...]:
    return tuple(
        Shift(
            start,
            end,
            breaks=tuple(
                (min(start + after, end - 1), length)
                for after, length in sorted(
                    draw(st.lists(st.tuples(_delays, _lengths), max_size=2))
                )
                if after != NEVER
            ),
            present=draw(_mostly),
        )
        for start, end in ((_whole,) if draw(st.booleans()) else draw(_following()))
    )


@st.composite
def _rules(draw: st.DrawFn) -> Rules:
    wall_hazard = draw(_hazards)
    return RULES._replace(
        order=draw(st.sampled_from(_PRESETS_OF_ORDER)),
        interruptible=draw(st.sampled_from(_PRESETS_OF_INTERRUPTIBLE)),
        wall_order=draw(st.sampled_from([3, 3, 1, 6])),
        wall_minimum=draw(st.integers(0, 2)),
        units_per_agent=draw(st.integers(1, 4)),
        held_permille=draw(st.sampled_from([500, 250, 1000, 0])),
        wall_hazard_per_ms=wall_hazard,
        patrol_hazard_per_ms=wall_hazard + draw(st.sampled_from([0.1, 0.5, 1 / 64])),
        resume_ms=draw(st.sampled_from([0, 1, 5])),
        handover_ms=draw(st.sampled_from([0, 2, 10])),
        end_of_shift=int(draw(st.sampled_from(EndOfShift))),
        dwell_ms=draw(st.sampled_from([1, 5, 10, 20])),
        lines=np.array([draw(st.sampled_from([1, 1, 2])), 1]),
        crew=draw(st.sampled_from([NEVER, 1, 2])),
        discovered_at_once=draw(st.booleans()),
    )


@st.composite
def scenes(draw: st.DrawFn, patrols: bool = True) -> Scene:
    """Small centres and worlds in which everything that can coincide does.

    Shift changes, breaks, windows, slots, faults and arrivals share their instants; seats may be
    none or empty; work exceeds what agents can do; rules take every value; pools are separate.
    """
    pools = draw(st.sampled_from([1, 1, 2]))
    windows = tuple(draw(_spans()) for _ in range(draw(st.sampled_from([1, 2] * 4 + [0]))))
    communes = tuple(
        Commune(
            cameras=draw(st.sampled_from([1, 2, 3, 4] * 2 + [0])),
            window=draw(st.sampled_from([*range(len(windows))] * 4 + [NEVER])),
            requests=int(draw(_requests)),
            check=draw(_phases),
            pool=draw(st.integers(0, pools - 1)),
            recipient=draw(st.sampled_from([0, 0, 1])),
            page=draw(st.sampled_from([1, 1, 2, 3])),
        )
        for _ in range(draw(st.sampled_from([1, 2, 3] * 3 + [0])))
    )
    seats = tuple(
        Seat(
            shifts=draw(_shifts()),
            watches=draw(_mostly),
            takes=draw(st.sampled_from(_PRESETS_OF_TAKES)),
            pool=draw(st.integers(0, pools - 1)),
        )
        for _ in range(draw(st.sampled_from([2, 1, 3, 4] * 2 + [0])))
    )
    cameras = sum(commune.cameras for commune in communes)
    scene = Scene(
        horizon=draw(st.sampled_from([*[HORIZON] * 12, 75, 75, 1, 0])),
        communes=communes,
        seats=seats,
        windows=windows,
        incidents=draw(_incidents(cameras)),
        calls=draw(_of_communes(Call, communes, 6, at=_instants, work=_lengths, patience=_delays)),
        letters=draw(
            _of_communes(
                Letter,
                communes,
                4,
                at=_instants,
                safeguard=_lengths,
                extraction=_phases,
                erased=st.sampled_from([LATER, LATER, 119, 60, 20]),
                due=_instants,
                useful=st.booleans(),
            )
        ),
        patrols=draw(_slots(communes)) if patrols else (),
        checks=tuple(
            Slot(day + draw(_phases), day + DAY, i)
            for i in range(len(communes))
            for day in range(0, HORIZON, DAY)
        ),
        faults=draw(_lives(cameras)),
        outages=draw(_outages(cameras)),
        rank=tuple(draw(st.permutations(range(cameras)))),
        rules=draw(_rules()),
    )
    return draw(st.sampled_from(_EMPHASES))(scene)


def _as_drawn(scene: Scene) -> Scene:
    return scene


def _on_lines(scene: Scene) -> Scene:
    """Incidents called in together, for one recipient with one line."""
    return replace(
        scene,
        windows=((_whole,),) * max(1, len(scene.windows)),
        communes=tuple(c._replace(window=0, recipient=0, pool=0) for c in scene.communes),
        seats=(Seat((Shift(*_whole),)),) * 3,
        incidents=tuple(
            i._replace(kind=Kind.POLICE, at=i.at // 30 * 30, call=0, alerted=True, line=20)
            for i in scene.incidents
        ),
        rules=scene.rules._replace(lines=np.array([1, 1])),
    )


def _on_shift_changes(scene: Scene) -> Scene:
    """Long calls when shifts change, and what is in hand goes to somebody else or is dropped."""
    rule = EndOfShift.DROP if scene.rules.lines[0] > 1 else EndOfShift.HAND_OVER
    return replace(
        scene,
        communes=tuple(c._replace(requests=int(ViewingRequests.ALWAYS)) for c in scene.communes),
        seats=tuple(
            s._replace(shifts=(Shift(0, DAY), Shift(DAY, HORIZON)), takes=ALL_WORK)
            for s in scene.seats
        ),
        calls=tuple(call._replace(work=call.work + 30, patience=NEVER) for call in scene.calls),
        rules=scene.rules._replace(end_of_shift=int(rule)),
    )


def _on_patrols(scene: Scene) -> Scene:
    """No live viewing: what is seen is seen on a patrol."""
    return replace(
        scene,
        communes=tuple(c._replace(window=NEVER) for c in scene.communes),
        incidents=tuple(i._replace(view=i.view + 30, threshold=0.25) for i in scene.incidents),
    )


def _on_pools(scene: Scene) -> Scene:
    """Two pools of agents, each with its communes and its wall."""
    return replace(
        scene,
        communes=tuple(c._replace(pool=n % 2) for n, c in enumerate(scene.communes)),
        seats=tuple(s._replace(pool=n % 2) for n, s in enumerate(scene.seats)),
    )


def _on_midnight(scene: Scene) -> Scene:
    """Windows pass over midnight, and the crew is small."""
    return replace(
        scene,
        windows=(((DAY - 20, DAY + 20),),) * max(1, len(scene.windows)),
        communes=tuple(c._replace(window=0) for c in scene.communes),
        rules=scene.rules._replace(crew=1, discovered_at_once=True),
    )


_EMPHASES = (
    *[_as_drawn] * 5,
    _on_lines,
    _on_shift_changes,
    _on_patrols,
    _on_pools,
    _on_midnight,
)


def _incidents(cameras: int) -> st.SearchStrategy[tuple[Incident, ...]]:
    if not cameras:
        return st.just(())
    incident = st.builds(
        Incident,
        at=_instants,
        view=_lengths,
        camera=st.integers(0, cameras - 1),
        kind=st.sampled_from([Kind.POLICE, Kind.POLICE, Kind.NUISANCE]),
        threshold=_thresholds,
        call=st.sampled_from([NEVER, NEVER, 0, 5, 20]),
        alerted=_mostly,
        qualify=_phases,
        line=st.sampled_from([0, 10, 20, 30]),
        responder=_phases,
        write=_phases,
        request=_lengths,
        patience=_delays,
    )
    return st.lists(incident, min_size=2, max_size=8).map(tuple)


def _of_communes(
    row: Any, communes: tuple[Commune, ...], most: int, **columns: Any
) -> st.SearchStrategy[tuple[Any, ...]]:
    if not communes:
        return st.just(())
    one = st.builds(row, commune=st.integers(0, len(communes) - 1), **columns)
    return st.lists(one, min_size=1, max_size=most).map(tuple)


@st.composite
def _slots(draw: st.DrawFn, communes: tuple[Commune, ...]) -> tuple[Slot, ...]:
    """Slots of patrols; those of one commune do not overlap."""
    spans = [(i, span) for i in range(len(communes)) for span in draw(_following())]
    return tuple(Slot(start, end, i) for i, (start, end) in spans)


def _lives(cameras: int) -> st.SearchStrategy[tuple[tuple[tuple[int, int], ...], ...]]:
    life = st.lists(st.tuples(_lengths, _lengths), max_size=3).map(tuple)
    return st.lists(life, max_size=cameras).map(tuple)


def _outages(cameras: int) -> st.SearchStrategy[tuple[Outage, ...]]:
    """Imposed intervals; those of one camera may overlap."""
    if not cameras:
        return st.just(())
    outage = st.builds(
        lambda camera, start, length: Outage(camera, start, start + length),
        st.integers(0, cameras - 1),
        _instants,
        _lengths,
    )
    return st.lists(outage, max_size=3).map(tuple)
