"""Patrols: the cameras of a commune shown one after the other to one pair of eyes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twin.model.centre import attention
from twin.model.centre.reference.mailbox import Mailbox
from twin.model.centre.reference.things import Incident, Task, View
from twin.model.centre.reference.wall import Wall
from twin.model.centre.rules import Phase, cameras_passed
from twin.model.centre.world import Centre

__all__ = ["Patrols"]

_ENDS, _BEGINS = 0, 1
"""Two images that follow one another in the same millisecond: the first ends, the next begins."""


@dataclass(slots=True, eq=False)
class _Stint:
    """A stretch of a patrol, from the camera `first_camera` shown at `start_ms`."""

    task: Task
    first_camera: int
    start_ms: int
    end_ms: int
    exposed: list[Incident]

    def begins_ms(self, camera: int, dwell_ms: int) -> int:
        """Instant at which a camera is shown, if the patrol is not interrupted."""
        return self.start_ms + (camera - self.first_camera) * dwell_ms


class Patrols:
    """The patrols under way, one per commune at most, and the incidents they show.

    Only images that meet an incident in view are scheduled. During such an image the hazard is
    the patrol's, never below the wall's since a single image is never watched worse than several.
    """

    def __init__(
        self,
        centre: Centre,
        walls: list[Wall],
        mailbox: Mailbox,
        is_dark: Callable[[int], bool],
        notice: Callable[[Incident], None],
    ) -> None:
        self.rules = centre.rules
        self.first_camera: list[int] = centre.communes.first_camera.tolist()
        self.walls = walls
        self.pool_of: list[int] = centre.communes.pool.tolist()
        self.mailbox = mailbox
        self.is_dark = is_dark
        self.notice = notice
        self.stints: dict[int, _Stint] = {}

    def length_ms(self, task: Task) -> int:
        """Time that the cameras not yet passed take."""
        first, end = self.first_camera[task.commune : task.commune + 2]
        return (end - first - task.cameras_passed) * self.rules.dwell_ms

    def starts(self, task: Task) -> None:
        """The patrol shows its cameras, from the first that it has not passed."""
        now = self.mailbox.now
        first = self.first_camera[task.commune] + task.cameras_passed
        stint = _Stint(task, first, now, now + self.length_ms(task), [])
        self.stints[task.commune] = stint
        on_camera = self._wall(task.commune).on_camera
        for camera in range(first, self.first_camera[task.commune + 1]):
            for incident in on_camera.get(camera, ()):
                self._schedule(stint, incident)

    def stops(self, task: Task) -> range:
        """The patrol ends or is interrupted: the cameras it wholly passed in this stint."""
        stint = self.stints.pop(task.commune)
        for incident in list(stint.exposed):
            self._hide(stint, incident)
        left = self.first_camera[task.commune + 1] - stint.first_camera
        elapsed_ms = self.mailbox.now - stint.start_ms
        passed = cameras_passed(elapsed_ms, self.rules.dwell_ms, left)
        shown = range(stint.first_camera, stint.first_camera + passed)
        task.cameras_passed += passed
        task.cameras_shown += sum(not self.is_dark(camera) for camera in shown)
        return shown

    def meets(self, incident: Incident) -> None:
        """An incident comes into view: the patrol of its commune may still show it."""
        stint = self.stints.get(incident.commune)
        if stint is not None and incident.camera >= stint.first_camera:
            self._schedule(stint, incident)

    def loses(self, incident: Incident) -> None:
        """The incident is noticed, gone, or its camera has failed."""
        stint = self.stints.get(incident.commune)
        if stint is not None and incident.view is View.PATROLLED:
            self._hide(stint, incident)

    def _wall(self, commune: int) -> Wall:
        return self.walls[self.pool_of[commune]]

    def _schedule(self, stint: _Stint, incident: Incident) -> None:
        now = self.mailbox.now
        begins_ms = stint.begins_ms(incident.camera, self.rules.dwell_ms)
        ends_ms = begins_ms + self.rules.dwell_ms
        if ends_ms <= now or begins_ms >= incident.leaves_ms:
            return
        if begins_ms <= now:
            self._show(stint, incident, ends_ms)
        else:
            key = (incident.kind, incident.id, _BEGINS)
            delay_ms = begins_ms - now
            self.mailbox.later(delay_ms, Phase.WINDOWS, key, self._show, stint, incident, ends_ms)

    def _show(self, stint: _Stint, incident: Incident, ends_ms: int) -> None:
        over = self.stints.get(incident.commune) is not stint
        if over or incident.task or not incident.in_view or self.is_dark(incident.camera):
            return
        now = self.mailbox.now
        self._wall(incident.commune).lift(incident)
        incident.view = View.PATROLLED
        incident.clock_before = now
        stint.exposed.append(incident)
        delay_ms = attention.notice_delay_ms(
            incident.threshold, incident.hazard, self.rules.patrol_hazard_per_ms
        )
        key = (incident.kind, incident.id, _ENDS)
        if now + delay_ms <= ends_ms:
            incident.exposure = self.mailbox.later(
                delay_ms, Phase.NOTICES, key, self.notice, incident
            )
        else:
            incident.exposure = self.mailbox.later(
                ends_ms - now, Phase.WINDOWS, key, self._hide, stint, incident
            )

    def _hide(self, stint: _Stint, incident: Incident) -> None:
        """End of an image: the incident carries what it accumulated back to the wall."""
        if incident.exposure is not None:
            incident.exposure.cancel()
            incident.exposure = None
        stint.exposed.remove(incident)
        incident.hazard = attention.clock_at(
            incident.hazard,
            self.rules.patrol_hazard_per_ms,
            int(incident.clock_before),
            self.mailbox.now,
        )
        incident.view = View.FROZEN
        self._wall(incident.commune).place(incident)
