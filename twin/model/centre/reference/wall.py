"""The display of one pool of agents, and the incidents in view on its cameras."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np

from twin.model.centre import attention
from twin.model.centre.journal import Columns
from twin.model.centre.reference.mailbox import Mailbox, Timer
from twin.model.centre.reference.things import Incident, View
from twin.model.centre.rules import Phase
from twin.model.centre.world import Centre

__all__ = ["Wall"]

Entry = tuple[float, int, int, int, Incident]


class Wall:
    """Which units are held, which take turns, and when the next incident is noticed.

    A unit counts while at least one of its cameras is entitled. Units are ranked once, by their
    busiest camera; the boundary separates the first `held` that count from the others, and moves
    one unit at a time, so that a change costs what it changes.
    """

    def __init__(
        self, centre: Centre, pool: int, mailbox: Mailbox, notice: Callable[[Incident], None]
    ) -> None:
        self.rules = centre.rules
        self.pool = pool
        self.mailbox = mailbox
        self.notice = notice
        in_pool = centre.communes.pool[centre.cameras.commune] == pool
        self.unit_of = centre.cameras.unit.tolist()
        self.cameras_of: dict[int, list[int]] = defaultdict(list)
        by_rank = np.argsort(centre.cameras.rank)
        for camera in by_rank[in_pool[by_rank]].tolist():
            self.cameras_of[self.unit_of[camera]].append(camera)
        self.order = list(self.cameras_of)
        self.position = {unit: i for i, unit in enumerate(self.order)}
        self.entitled_cameras: set[int] = set()
        self.entitled_in: dict[int, int] = dict.fromkeys(self.order, 0)
        self.units = 0
        self.boundary = 0
        self.units_below = 0
        self.free = self.held = self.rotating = 0
        self.base = {View.HELD: 0.0, View.ROTATING: 0.0}
        self.rate = {View.HELD: self.rules.wall_hazard_per_ms, View.ROTATING: 0.0}
        self.since_ms = {View.HELD: 0, View.ROTATING: 0}
        self.heap: dict[View, list[Entry]] = {View.HELD: [], View.ROTATING: []}
        self.alarm: dict[View, Timer | None] = {View.HELD: None, View.ROTATING: None}
        self.on_camera: dict[int, list[Incident]] = defaultdict(list)
        self.last_row: tuple[int, ...] = ()

    # Incidents

    def enters(self, incident: Incident) -> None:
        """An incident comes into the view of a camera."""
        self.on_camera[incident.camera].append(incident)
        self.place(incident)

    def forgets(self, incident: Incident) -> None:
        """The incident is noticed, called in or gone: nobody has to discover it any more."""
        self.lift(incident)
        self.on_camera[incident.camera].remove(incident)

    def place(self, incident: Incident) -> None:
        """Put an incident on the clock of the display state of its camera, if it has one."""
        if incident.camera not in self.entitled_cameras:
            return
        unit = self.unit_of[incident.camera]
        view = View.HELD if self.position[unit] < self.boundary else View.ROTATING
        clock = self._clock(view)
        incident.view = view
        incident.clock_before = clock
        incident.placement += 1
        incident.was_entitled = True
        target = attention.target_of(clock, incident.threshold, incident.hazard)
        entry = (target, incident.kind, incident.id, incident.placement, incident)
        heapq.heappush(self.heap[view], entry)

    def lift(self, incident: Incident) -> None:
        """Take an incident off its clock; it carries what it has accumulated."""
        if incident.view in self.heap:
            incident.hazard = attention.accumulated(
                incident.hazard, self._clock(incident.view), incident.clock_before
            )
            incident.view = View.FROZEN
            incident.placement += 1

    # Cameras

    def entitle(self, camera: int, entitled: bool) -> None:
        """A camera gains or loses its right to live viewing (window, fault, repair, outage)."""
        if entitled == (camera in self.entitled_cameras):
            return
        unit = self.unit_of[camera]
        counted = self.entitled_in[unit] > 0
        self.entitled_in[unit] += 1 if entitled else -1
        if counted != (self.entitled_in[unit] > 0):
            step = -1 if counted else 1
            self.units += step
            if self.position[unit] < self.boundary:
                self.units_below += step
        if entitled:
            self.entitled_cameras.add(camera)
        else:
            self.entitled_cameras.discard(camera)
        self._replace((camera,))

    def shows(self, camera: int) -> bool:
        """Whether somebody looks where the image of a camera belongs, even when it is dark.

        It belongs on the display if there is room beyond the held units, or if one of these has
        no better rank than its own.
        """
        if self.free * self.rules.units_per_agent > self.held:
            return True
        behind = self.order[self.position[self.unit_of[camera]] : self.boundary]
        return any(self.entitled_in[unit] for unit in behind)

    # Display

    def update(self, free: int, table: Columns) -> None:
        """Show what `free` agents can watch, write it down, and set the alarms."""
        capacity = free * self.rules.units_per_agent
        self.free = free
        self.held = attention.held_units(self.units, capacity, self.rules.held_permille)
        self.rotating = attention.rotating_units(self.units, capacity, self.held)
        self._move_boundary()
        fraction = attention.rotating_fraction(self.units, self.held, self.rotating)
        self._set_rate(View.ROTATING, self.rules.wall_hazard_per_ms * fraction)
        for view in self.heap:
            self._set_alarm(view)
        row = (free, self.units, self.held, self.rotating)
        if row != self.last_row:
            self.last_row = row
            table.add((self.mailbox.now, self.pool, *row))

    def _move_boundary(self) -> None:
        while self.units_below < self.held:
            unit = self.order[self.boundary]
            self.boundary += 1
            if self.entitled_in[unit]:
                self.units_below += 1
                self._replace(self.cameras_of[unit])
        while self.units_below > self.held:
            self.boundary -= 1
            unit = self.order[self.boundary]
            if self.entitled_in[unit]:
                self.units_below -= 1
                self._replace(self.cameras_of[unit])

    def _replace(self, cameras: Iterable[int]) -> None:
        for camera in cameras:
            for incident in self.on_camera.get(camera, ()):
                if incident.view is not View.PATROLLED:
                    self.lift(incident)
                    self.place(incident)
                elif camera in self.entitled_cameras:
                    incident.was_entitled = True

    # Clocks

    def _clock(self, view: View) -> float:
        return attention.clock_at(
            self.base[view], self.rate[view], self.since_ms[view], self.mailbox.now
        )

    def _set_rate(self, view: View, rate: float) -> None:
        if rate != self.rate[view]:
            self.base[view] = self._clock(view)
            self.since_ms[view] = self.mailbox.now
            self.rate[view] = rate

    def _set_alarm(self, view: View) -> None:
        alarm = self.alarm[view]
        at_ms = self._next_crossing_ms(view)
        if alarm is not None and alarm.live and alarm.at_ms == at_ms:
            return
        if alarm is not None:
            alarm.cancel()
        self.alarm[view] = None
        if at_ms is not None:
            key = (self.pool, view.value)
            delay_ms = at_ms - self.mailbox.now
            self.alarm[view] = self.mailbox.later(delay_ms, Phase.NOTICES, key, self._ring, view)

    def _next_crossing_ms(self, view: View) -> int | None:
        heap = self.heap[view]
        while heap and heap[0][3] != heap[0][4].placement:
            heapq.heappop(heap)
        if not heap or self.rate[view] <= 0.0:
            return None
        return attention.crossing_ms(
            self.base[view],
            self.rate[view],
            self.since_ms[view],
            heap[0][0],
            self.mailbox.now,
        )

    def _ring(self, view: View) -> None:
        while self._next_crossing_ms(view) == self.mailbox.now:
            self.notice(heapq.heappop(self.heap[view])[4])
