"""The room: what arrives, what it becomes, and the round that all of it follows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import simpy

from twin.model.centre.journal import (
    ATTENTION_COLUMNS,
    SPELL_COLUMNS,
    TASK_COLUMNS,
    Columns,
    Journal,
    Origin,
    Outcome,
)
from twin.model.centre.reference.cameras import Cameras
from twin.model.centre.reference.desk import Desk
from twin.model.centre.reference.mailbox import Mailbox
from twin.model.centre.reference.patrols import Patrols
from twin.model.centre.reference.things import Incident, Stage, Task
from twin.model.centre.reference.wall import Wall
from twin.model.centre.reference.work import Work
from twin.model.centre.rules import LATE_CALL, Phase
from twin.model.centre.world import NEVER, Centre, Kind, ViewingRequests, World

__all__ = ["simulate"]

_NO_DEADLINE = 1 << 62


def simulate(centre: Centre, world: World) -> Journal:
    """Play one replication on SimPy.

    Parameters
    ----------
    centre : Centre
        The centre as planned.
    world : World
        What it meets; the same world given to another engine gives the same journal.

    Returns
    -------
    Journal
        Tasks, spells of the agents, and attention, over the horizon. The run starts empty; what
        is unfinished at the end is censored.
    """
    return _Room(centre, world).play()


class _Room:
    def __init__(self, centre: Centre, world: World) -> None:
        self.centre = centre
        self.world = world
        self.env = simpy.Environment()
        self.mailbox = Mailbox(self.env, self._close_round)
        self.tasks = Columns(len(TASK_COLUMNS))
        self.spells = Columns(len(SPELL_COLUMNS))
        self.attention = Columns(len(ATTENTION_COLUMNS))
        self.order_of = centre.rules.order.tolist()
        self.pool_of: list[int] = centre.communes.pool.tolist()
        self.requests_of = centre.communes.requests.tolist()
        by_wall, by_patrol = self._noticed_by(Origin.WALL), self._noticed_by(Origin.PATROL)
        pools = 1 + max([*self.pool_of, *centre.seats.pool.tolist()], default=0)
        self.walls = [Wall(centre, pool, self.mailbox, by_wall) for pool in range(pools)]
        self.cameras = Cameras(centre, world, self.walls, self.mailbox, self._goes_dark, self.tasks)
        self.patrols = Patrols(centre, self.walls, self.mailbox, self.cameras.is_dark, by_patrol)
        self.desk = Desk(centre, self.walls, self.mailbox, self.spells)
        self.work = Work(
            centre,
            world,
            self.desk,
            self.cameras,
            self.patrols,
            self.mailbox,
            self._done,
            self.tasks,
        )

    def play(self) -> Journal:
        for kinds in (
            self._shifts(),
            self._arrivals(Kind.POLICE, self.world.incidents.time_ms, self._enters),
            self._arrivals(Kind.REQUEST, self.world.requests.time_ms, self._phones),
            self._arrivals(Kind.SAFEGUARD, self.world.requisitions.time_ms, self._writes),
            self._timetable(Kind.PATROL, Stage.SHOW),
            self._timetable(Kind.CHECK, Stage.WORK),
        ):
            self.env.process(kinds)
        if self.centre.horizon_ms > 0:
            self.env.run(until=self.centre.horizon_ms)
        self._censor()
        return Journal.of(self.tasks.rows(), self.spells.rows(), self.attention.rows())

    def _close_round(self) -> None:
        """One dispatch, then one update of the display."""
        self.desk.dispatch()
        self.work.grant_lines()
        self.cameras.send_crew()
        for wall in self.walls:
            wall.update(self.desk.watching(wall.pool), self.attention)
        self.cameras.discover_on_display()

    # The outside world

    def _arrivals(
        self, kind: Kind, times_ms: Any, arrives: Callable[[int], None]
    ) -> Generator[simpy.Event]:
        """Arrivals of one table; its rows are sorted, so a key is a row."""
        for row, at_ms in enumerate(times_ms.tolist()):
            if at_ms > self.mailbox.now:
                yield self.env.timeout(at_ms - self.mailbox.now)
            self.mailbox.post(Phase.ARRIVALS, (kind, row), arrives, row)

    def _timetable(self, kind: Kind, stage: Stage) -> Generator[simpy.Event]:
        table = self.centre.patrols if kind == Kind.PATROL else self.centre.checks
        for row, at_ms in enumerate(table.start_ms.tolist()):
            if at_ms > self.mailbox.now:
                yield self.env.timeout(at_ms - self.mailbox.now)
            self.mailbox.post(Phase.ARRIVALS, (kind, row), self._owes, kind, stage, row)

    def _shifts(self) -> Generator[simpy.Event]:
        shifts = self.centre.shifts
        breaks: list[list[tuple[int, int]]] = [[] for _ in shifts.seat]
        for shift, due_ms, length_ms in _rows(self.centre.breaks):
            breaks[shift].append((due_ms, length_ms))
        present = self.world.present.tolist()
        for shift, (seat, start_ms, end_ms) in enumerate(_rows(shifts)):
            if not present[shift]:
                continue
            if start_ms > self.mailbox.now:
                yield self.env.timeout(start_ms - self.mailbox.now)
            self.mailbox.post(
                Phase.STARTS,
                (seat, start_ms),
                self.desk.starts_shift,
                seat,
                end_ms,
                breaks[shift],
            )

    # Arrivals

    def _enters(self, row: int) -> None:
        """An incident comes into view."""
        table = self.world.incidents
        now = self.mailbox.now
        view_ms, call_ms = int(table.view_ms[row]), int(table.call_ms[row])
        incident = Incident(
            row=row,
            kind=int(table.kind[row]),
            id=int(table.id[row]),
            commune=int(table.commune[row]),
            camera=int(table.camera[row]),
            arrival_ms=now,
            leaves_ms=now + view_ms,
            threshold=float(table.threshold[row]),
        )
        key = (incident.kind, incident.id)
        self.mailbox.later(view_ms, Phase.LOSSES, key, self._leaves, incident)
        if call_ms != NEVER:
            self.mailbox.later(call_ms, Phase.ARRIVALS, key, self._called, incident)
        self._wall(incident.commune).enters(incident)
        self.patrols.meets(incident)

    def _leaves(self, incident: Incident) -> None:
        """An incident leaves the view: unseen, if it still is."""
        incident.in_view = False
        if incident.task is None:
            self._undisplay(incident)
            self._record_unseen(incident, Outcome.UNSEEN)

    def _called(self, incident: Incident) -> None:
        """Somebody calls about an incident: it starts now if it can still be watched."""
        if incident.task is not None:
            return
        if incident.in_view and self.cameras.is_entitled(incident.camera):
            self._starts(incident, Origin.CALL)
        else:
            table = self.world.incidents
            self._request(
                incident.id + LATE_CALL,
                incident.commune,
                int(table.request_ms[incident.row]),
                int(table.patience_ms[incident.row]),
            )

    def _phones(self, row: int) -> None:
        table = self.world.requests
        self._request(
            int(table.id[row]),
            int(table.commune[row]),
            int(table.work_ms[row]),
            int(table.patience_ms[row]),
        )

    def _request(self, identity: int, commune: int, work_ms: int, patience_ms: int) -> None:
        """A viewing request, refused when the commune's forfait does not buy it now."""
        task = self._task(Kind.REQUEST, identity, commune, Origin.CALL, Stage.WORK, work_ms)
        bought = self.requests_of[commune]
        open_now = bought == ViewingRequests.WINDOW and self.cameras.is_window_open(commune)
        if bought != ViewingRequests.ALWAYS and not open_now:
            task.queued_ms = NEVER
            self.work.write(task, Outcome.REFUSED)
            return
        if patience_ms != NEVER:
            self._expires_after(task, patience_ms)
        self.desk.queue(task)

    def _writes(self, row: int) -> None:
        """A requisition comes: its images are safeguarded, unless they are erased already."""
        table = self.world.requisitions
        commune, erased_ms = int(table.commune[row]), int(table.erased_ms[row])
        work_ms = int(table.safeguard_ms[row])
        task = self._task(
            Kind.SAFEGUARD, int(table.id[row]), commune, Origin.LETTER, Stage.WORK, work_ms
        )
        task.row = row
        task.deadline_ms = erased_ms
        if erased_ms <= self.mailbox.now:
            task.queued_ms = NEVER
            self.work.write(task, Outcome.LOST)
            return
        self._expires_after(task, erased_ms - self.mailbox.now)
        self.desk.queue(task)

    def _owes(self, kind: Kind, stage: Stage, row: int) -> None:
        """A patrol or a health check falls due; its slot is its deadline."""
        table = self.centre.patrols if kind == Kind.PATROL else self.centre.checks
        commune = int(table.commune[row])
        check_ms = int(self.centre.communes.check_ms[commune])
        task = self._task(kind, int(table.id[row]), commune, Origin.TIMETABLE, stage, check_ms)
        task.deadline_ms = int(table.end_ms[row])
        delay_ms = task.deadline_ms - self.mailbox.now
        key = (kind, task.id)
        task.loss = self.mailbox.later(delay_ms, Phase.LOSSES, key, self.work.slot_over, task)
        self.desk.queue(task)

    def _task(
        self, kind: Kind, identity: int, commune: int, origin: Origin, stage: Stage, work_ms: int
    ) -> Task:
        return Task(
            kind=int(kind),
            id=identity,
            commune=commune,
            order=self.order_of[kind],
            deadline_ms=_NO_DEADLINE,
            arrival_ms=self.mailbox.now,
            queued_ms=self.mailbox.now,
            origin=origin,
            stage=stage,
            remaining_ms=work_ms,
        )

    def _expires_after(self, task: Task, delay_ms: int) -> None:
        key = (task.kind, task.id)
        task.loss = self.mailbox.later(delay_ms, Phase.LOSSES, key, self.work.expires, task)

    # What becomes of them

    def _noticed_by(self, origin: Origin) -> Callable[[Incident], None]:
        return lambda incident: self._starts(incident, origin)

    def _starts(self, incident: Incident, origin: Origin) -> None:
        """An incident is noticed, or called in while it can be watched: it is work now."""
        self._undisplay(incident)
        table = self.world.incidents
        row = incident.row
        kind = Kind(incident.kind)
        police = kind == Kind.POLICE
        work_ms = int(table.qualify_ms[row]) + (0 if police else int(table.write_ms[row]))
        stage = Stage.QUALIFY if police else Stage.WORK
        task = self._task(kind, incident.id, incident.commune, origin, stage, work_ms)
        task.arrival_ms = incident.arrival_ms
        task.row = row
        task.camera = incident.camera
        task.entitled = incident.was_entitled
        incident.task = task
        self.desk.queue(task)

    def _undisplay(self, incident: Incident) -> None:
        self.patrols.loses(incident)
        self._wall(incident.commune).forgets(incident)

    def _goes_dark(self, camera: int) -> None:
        wall = self._wall(int(self.centre.cameras.commune[camera]))
        for incident in wall.on_camera.get(camera, ()):
            self.patrols.loses(incident)
        self.work.loses_sight(camera)

    def _done(self, task: Task) -> None:
        """What finished work leads to."""
        if task.kind == Kind.SAFEGUARD:
            self._extract(task)
        elif task.kind == Kind.CHECK:
            first, end = self.centre.communes.first_camera[task.commune : task.commune + 2]
            self.cameras.discover_all(range(first, end))

    def _extract(self, safeguard: Task) -> None:
        table = self.world.requisitions
        work_ms = int(table.extraction_ms[safeguard.row])
        task = self._task(
            Kind.EXTRACTION, safeguard.id, safeguard.commune, Origin.LETTER, Stage.WORK, work_ms
        )
        task.row = safeguard.row
        task.arrival_ms = safeguard.arrival_ms
        task.deadline_ms = int(table.due_ms[safeguard.row])
        self.desk.queue(task)

    def _wall(self, commune: int) -> Wall:
        return self.walls[self.pool_of[commune]]

    # The end

    def _record_unseen(self, incident: Incident, outcome: Outcome) -> None:
        kind = Kind(incident.kind)
        task = self._task(kind, incident.id, incident.commune, Origin.NONE, Stage.WORK, 0)
        task.arrival_ms = incident.arrival_ms
        task.queued_ms = NEVER
        task.camera = incident.camera
        task.entitled = incident.was_entitled
        self.work.write(task, outcome)

    def _censor(self) -> None:
        for task in self.desk.close():
            self.work.write(task, Outcome.CENSORED)
        for wall in self.walls:
            for incidents in wall.on_camera.values():
                for incident in incidents:
                    self._record_unseen(incident, Outcome.CENSORED)
        self.cameras.close()


def _rows(table: Iterable[Any]) -> Iterable[tuple[int, ...]]:
    """Rows of a named tuple of columns, as Python integers."""
    return zip(*(column.tolist() for column in table), strict=True)
