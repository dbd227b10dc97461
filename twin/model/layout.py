"""The centre as planned: levers, laws and assumptions turned into the arrays an engine receives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.errors import InputError
from twin.files import data_folder, read_rows
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.cells import whole_number, yes_or_no
from twin.model.centre.world import (
    NEVER,
    Cameras,
    Centre,
    Checks,
    Communes,
    EndOfShift,
    Kind,
    Patrols,
    Rules,
    Windows,
    identifier,
)
from twin.model.clock import MS_PER_MIN, MS_PER_S, Window, whole_ms
from twin.model.demand import Demand
from twin.model.detection import notice_hazard_per_ms
from twin.model.forfaits import Forfait, load_forfaits
from twin.model.offered import offered_h_per_year
from twin.model.seats import SeatPlan, SeatsLevers
from twin.model.sectors import deal, named_pools, sectors
from twin.model.territory import Territory

__all__ = ["build_centre"]

_BASE_OF_CODE = 36
_RECIPIENTS = ("police", "gendarmerie")
_PERMILLE = 1000

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def build_centre(
    territory: Territory,
    calendar: Calendar,
    demand: Demand,
    plan: SeatPlan,
    assumptions: Assumptions,
) -> Centre:
    """Assemble what all replications of a scenario share.

    Raises
    ------
    InputError
        A number of images for which nothing is published; detection probabilities that grow with
        the number of images; a table of kinds of work that is not complete; communes that cannot be
        parted as asked.
    """
    levers = plan.levers
    images = levers.images or round(assumptions["images_watched"])
    forfaits = [load_forfaits()[commune.forfait] for commune in territory.communes]
    load = np.sum(list(offered_h_per_year(territory, demand, assumptions).values()), axis=0)
    pool = _pools(levers, territory, load)
    share = np.bincount(pool, load).astype(np.float64)
    first_camera = np.concatenate(
        [[0], np.cumsum([commune.cameras for commune in territory.communes], dtype=np.int64)]
    ).astype(np.int64)
    windows = sorted({c.window for c in territory.communes if c.window is not None})
    return Centre(
        horizon_ms=calendar.horizon_ms,
        communes=_communes(territory, forfaits, windows, first_camera, pool, assumptions),
        cameras=_cameras(demand, first_camera, levers.display_rule, images),
        windows=_windows(windows, calendar),
        seats=plan.seats._replace(pool=deal(plan.functions, plan.shifts, share)),
        shifts=plan.shifts,
        breaks=plan.breaks,
        patrols=_patrols(territory, forfaits, calendar, assumptions["patrols_scale"]),
        checks=_checks(territory, forfaits, calendar, levers.check_hour),
        rules=_rules(levers, images, assumptions),
    )


def _communes(
    territory: Territory,
    forfaits: list[Forfait],
    windows: list[str],
    first_camera: Ints,
    pool: Ints,
    assumptions: Assumptions,
) -> Communes:
    communes = territory.communes
    check_ms = whole_ms(assumptions["check_s"], MS_PER_S)
    return Communes(
        code=_ints(int(c.insee, _BASE_OF_CODE) for c in communes),
        pool=pool,
        recipient=_ints(_RECIPIENTS.index(c.force) for c in communes),
        window=_ints(NEVER if c.window is None else windows.index(c.window) for c in communes),
        requests=_ints(forfait.viewing_requests for forfait in forfaits),
        first_camera=first_camera,
        check_ms=check_ms * np.diff(first_camera),
    )


def _pools(levers: SeatsLevers, territory: Territory, load: Floats) -> Ints:
    """Pool of each commune: named, or its sector; one for all when there is nothing to part."""
    communes = territory.communes
    if levers.pools:
        return named_pools(levers.pools, [commune.insee for commune in communes])
    if levers.sectors == 1:
        return np.zeros(len(communes), dtype=np.int64)
    return sectors(np.array([(c.lat, c.lon) for c in communes]), load, levers.sectors)


def _cameras(demand: Demand, first_camera: Ints, display_rule: str, images: int) -> Cameras:
    counts = np.diff(first_camera)
    commune = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    position = np.arange(first_camera[-1], dtype=np.int64)
    annual = demand.annual(Kind.POLICE)
    rates = [annual[i] * demand.weights(int(n)) for i, n in enumerate(counts)]
    busiest = np.lexsort((position, -np.concatenate([*rates, []])))
    rank = np.empty_like(position)
    rank[busiest] = position
    if display_rule == "mixed":
        return Cameras(commune=commune, rank=rank, unit=position)
    pages = -(-counts // images)
    first_page = np.cumsum(pages) - pages
    page = first_page[commune] + (position - first_camera[commune]) // images
    return Cameras(commune=commune, rank=rank, unit=page)


def _windows(windows: list[str], calendar: Calendar) -> Windows:
    """Edges of the live windows; what the end of the horizon closes needs none."""
    edges = sorted(
        (edge_ms, index, opens)
        for index, window in enumerate(windows)
        for interval in calendar.intervals(window)
        for edge_ms, opens in zip(interval, (True, False), strict=True)
        if edge_ms < calendar.horizon_ms
    )
    return Windows(
        edge_ms=_ints(edge_ms for edge_ms, _, _ in edges),
        window=_ints(index for _, index, _ in edges),
        opens=np.array([opens for _, _, opens in edges], dtype=np.bool_),
    )


def _patrols(
    territory: Territory, forfaits: list[Forfait], calendar: Calendar, scale: float
) -> Patrols:
    """Equal slots of the patrol window of each civil day, one patrol owed in each."""

    def slots(forfait: Forfait) -> tuple[Ints, Ints]:
        count = round(forfait.patrols_per_day * scale)
        spans = np.array(list(Window.parse(forfait.patrol_window).spans(calendar)), dtype=np.int64)
        start, length = spans[:, 1:2], spans[:, 2:] - spans[:, 1:2]
        edges = start + length * np.arange(count + 1) // max(count, 1)
        return edges[:, :-1].ravel(), edges[:, 1:].ravel()

    return Patrols(*_timetable(territory, forfaits, calendar, slots))


def _checks(territory: Territory, forfaits: list[Forfait], calendar: Calendar, hour: str) -> Checks:
    """One check of each commune and civil day, from a stated hour to midnight."""
    start_ms = _ints(calendar.at(day, hour) for day in range(calendar.horizon.days))
    end_ms = calendar.midnight_ms[1:]

    def slots(forfait: Forfait) -> tuple[Ints, Ints]:
        owed = slice(None) if forfait.health_check else slice(0)
        return start_ms[owed], end_ms[owed]

    return Checks(*_timetable(territory, forfaits, calendar, slots))


def _timetable(
    territory: Territory,
    forfaits: list[Forfait],
    calendar: Calendar,
    slots: Callable[[Forfait], tuple[Ints, Ints]],
) -> Iterator[Ints]:
    """Columns of the work owed to communes with cameras that have joined, by (start, commune)."""
    by_forfait = {forfait: slots(forfait) for forfait in set(forfaits)}
    parts = [np.empty((4, 0), dtype=np.int64)]
    for i, (commune, forfait) in enumerate(zip(territory.communes, forfaits, strict=True)):
        if commune.cameras == 0:
            continue
        start_ms, end_ms = by_forfait[forfait]
        ids = identifier(commune.insee, np.arange(len(start_ms)))
        owed = np.stack([start_ms, end_ms, np.full_like(start_ms, i), ids])
        parts.append(owed[:, start_ms >= calendar.since_ms(commune.joined)])
    rows = np.concatenate(parts, axis=1)
    rows = rows[:, rows[0] < calendar.horizon_ms]
    return iter(np.ascontiguousarray(rows[:, np.lexsort((rows[2], rows[0]))]))


def _rules(levers: SeatsLevers, images: int, assumptions: Assumptions) -> Rules:
    order, interruptible, wall_order = _kinds()
    mixed = levers.display_rule == "mixed"
    return Rules(
        order=order,
        interruptible=interruptible,
        wall_order=wall_order,
        wall_minimum=levers.wall_minimum,
        units_per_agent=images if mixed else 1,
        held_permille=round(assumptions["held_share"] * _PERMILLE),
        wall_hazard_per_ms=notice_hazard_per_ms(images, assumptions),
        patrol_hazard_per_ms=notice_hazard_per_ms(1, assumptions),
        resume_ms=whole_ms(assumptions["resume_min"], MS_PER_MIN),
        handover_ms=whole_ms(assumptions["handover_min"], MS_PER_MIN),
        end_of_shift=EndOfShift[levers.end_of_shift.upper()],
        dwell_ms=whole_ms(assumptions["patrol_dwell_s"], MS_PER_S),
        lines=np.full(len(_RECIPIENTS), round(assumptions["police_lines"]), dtype=np.int64),
        crew=NEVER if levers.repair_crew is None else levers.repair_crew,
        discovered_at_once=levers.faults_known_at_once,
    )


def _kinds() -> tuple[Ints, npt.NDArray[np.bool_], int]:
    """Class and interruptibility of each kind of work, and the first class that keeps the wall."""
    path = data_folder() / "work_kinds.csv"
    columns: dict[str, Callable[[str], Any]] = {
        "kind": str,
        "order": whole_number,
        "interruptible": yes_or_no,
        "may_empty_wall": yes_or_no,
        "label": str,
    }
    rows = {row["kind"]: row for row in read_rows(path, columns)}
    names = [kind.name.lower() for kind in Kind if kind is not Kind.REPAIR]
    if sorted(rows) != sorted(names):
        raise InputError(f"{path}: one row is expected for each of {', '.join(names)}")
    wall_order = min(row["order"] for row in rows.values() if not row["may_empty_wall"])
    if any(row["order"] >= wall_order for row in rows.values() if row["may_empty_wall"]):
        raise InputError(f"{path}: the kinds that may not empty the wall must be the last classes")
    return (
        _ints(rows[name]["order"] for name in names),
        np.array([rows[name]["interruptible"] for name in names], dtype=np.bool_),
        wall_order,
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)
