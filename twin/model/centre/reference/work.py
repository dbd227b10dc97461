"""The work itself: stages of a task, lines to the police, what ends it and what it leaves."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from twin.model.centre.journal import Columns, Outcome
from twin.model.centre.reference.cameras import Cameras
from twin.model.centre.reference.desk import Desk
from twin.model.centre.reference.mailbox import Mailbox
from twin.model.centre.reference.patrols import Patrols
from twin.model.centre.reference.things import Stage, Task
from twin.model.centre.rules import Phase
from twin.model.centre.world import NEVER, Centre, Kind, World

__all__ = ["Work"]


class Work:
    """Carries each task through its stages while an agent holds it.

    A police-class incident is qualified; if it is alerted, its agent waits for a line, talks,
    follows the incident until the responder comes, the view is left or the camera fails; then the
    main courante is written. A line belongs to the incident until the conversation is over. Other
    work is one stretch; a patrol shows cameras.
    """

    def __init__(
        self,
        centre: Centre,
        world: World,
        desk: Desk,
        cameras: Cameras,
        patrols: Patrols,
        mailbox: Mailbox,
        done: Callable[[Task], None],
        table: Columns,
    ) -> None:
        self.centre = centre
        self.incidents = world.incidents
        self.requisitions = world.requisitions
        self.desk = desk
        self.cameras = cameras
        self.patrols = patrols
        self.mailbox = mailbox
        self.done = done
        self.table = table
        self.recipient_of = centre.communes.recipient.tolist()
        self.lines_free = centre.rules.lines.tolist()
        self.line_queues: list[list[tuple[int, int, int, Task]]] = [[] for _ in self.lines_free]
        self.following: dict[int, list[Task]] = {}
        desk.begin = self._go_on
        desk.suspend = self._suspend
        desk.abandon = lambda task: self.end(task, Outcome.DROPPED)

    @property
    def now(self) -> int:
        """Current instant."""
        return self.mailbox.now

    # Stages

    def _go_on(self, task: Task) -> None:
        """An agent works on a task, from where it stands."""
        if task.briefing_ms:
            self._time(task, task.briefing_ms, self._briefed)
        elif task.stage is Stage.LINE:
            task.requested_ms = self.now
            queue = self.line_queues[self.recipient_of[task.commune]]
            heapq.heappush(queue, (self.now, task.id, task.kind, task))
        elif task.stage is Stage.FOLLOW:
            self._follow(task)
        elif task.stage is Stage.SHOW:
            self.patrols.starts(task)
            self._time(task, self.patrols.length_ms(task), self._stage_over)
        elif task.remaining_ms:
            self._time(task, task.remaining_ms, self._stage_over)
        else:
            self._stage_over(task)

    def _time(self, task: Task, length_ms: int, then: Callable[[Task], None]) -> None:
        key = (task.kind, task.id)
        task.timer = self.mailbox.later(length_ms, Phase.ENDS, key, then, task)

    def _briefed(self, task: Task) -> None:
        task.timer = None
        task.briefing_ms = 0
        self._go_on(task)

    def _enter(self, task: Task, stage: Stage, length_ms: int = 0) -> None:
        task.stage = stage
        task.remaining_ms = length_ms
        self._go_on(task)

    def _stage_over(self, task: Task) -> None:
        task.timer = None
        if task.stage in (Stage.WORK, Stage.SHOW, Stage.WRITE):
            self.end(task, Outcome.DONE)
        elif task.stage is Stage.QUALIFY and self.incidents.alerted[task.row]:
            if self.incidents.line_ms[task.row]:
                self._enter(task, Stage.LINE)
            else:
                task.alert_ms = self.now
                self._enter(task, Stage.FOLLOW)
        elif task.stage is Stage.TALK:
            self.lines_free[self.recipient_of[task.commune]] += 1
            self._enter(task, Stage.FOLLOW)
        else:
            self._enter(task, Stage.WRITE, int(self.incidents.write_ms[task.row]))

    def _follow(self, task: Task) -> None:
        responder_ms = task.alert_ms + int(self.incidents.responder_ms[task.row])
        leaves_ms = task.arrival_ms + int(self.incidents.view_ms[task.row])
        until_ms = min(responder_ms, leaves_ms)
        if until_ms <= self.now or self.cameras.is_dark(task.camera):
            self._stage_over(task)
        else:
            self.following.setdefault(task.camera, []).append(task)
            self._time(task, until_ms - self.now, self._followed)

    def _followed(self, task: Task) -> None:
        self._stop_following(task)
        self._stage_over(task)

    def _stop_following(self, task: Task) -> None:
        self.following[task.camera].remove(task)

    def loses_sight(self, camera: int) -> None:
        """A camera goes dark: whoever follows an incident on it writes the main courante."""
        for task in list(self.following.get(camera, ())):
            self._cancel_timer(task)
            self._followed(task)

    def grant_lines(self) -> None:
        """Lines go to those who wait for one, by instant of request, then id."""
        for recipient, queue in enumerate(self.line_queues):
            while queue and self.lines_free[recipient]:
                requested_ms, _, _, task = heapq.heappop(queue)
                if task.stage is Stage.LINE and task.requested_ms == requested_ms:
                    self.lines_free[recipient] -= 1
                    task.alert_ms = self.now
                    task.requested_ms = NEVER
                    self._enter(task, Stage.TALK, int(self.incidents.line_ms[task.row]))

    # Interruptions and ends

    def _cancel_timer(self, task: Task) -> int:
        """Time left on the timer of a task, which is called off; 0 when it has none."""
        timer, task.timer = task.timer, None
        if timer is None:
            return 0
        timer.cancel()
        return timer.at_ms - self.now

    def _lay_down(self, task: Task) -> None:
        """Whatever a task is at, stop it where it stands."""
        left_ms = self._cancel_timer(task)
        task.work_ms += self.now - task.stint_start_ms
        if task.briefing_ms:
            task.briefing_ms = left_ms
        elif task.stage is Stage.SHOW:
            self.cameras.discover_all(self.patrols.stops(task))
        elif task.stage is Stage.FOLLOW:
            self._stop_following(task)
        elif task.stage is Stage.LINE:
            task.requested_ms = NEVER
        else:
            task.remaining_ms = left_ms

    def _suspend(self, task: Task, cost_ms: int) -> None:
        self._lay_down(task)
        task.briefing_ms += cost_ms

    def end(self, task: Task, outcome: Outcome) -> None:
        """A task is over, in the hands of an agent or waiting for one."""
        if task.agent is not None:
            self._lay_down(task)
        if task.stage is Stage.TALK:
            self.lines_free[self.recipient_of[task.commune]] += 1
        task.waiting = False
        if task.loss is not None:
            task.loss.cancel()
        self.write(task, outcome)
        self.desk.releases(task)
        if outcome is Outcome.DONE:
            self.done(task)

    def slot_over(self, task: Task) -> None:
        """The slot of a patrol or the day of a health check ends: so does the work on it."""
        self.end(task, Outcome.LOST)

    def expires(self, task: Task) -> None:
        """Patience or retention ends: a task that has an agent is not lost, nor a served caller."""
        served = task.kind == Kind.REQUEST and task.first_start_ms != NEVER
        if task.waiting and not served:
            self.end(task, Outcome.LOST)

    def write(self, task: Task, outcome: Outcome) -> None:
        """One row in the table of tasks."""
        letter = task.kind in (Kind.SAFEGUARD, Kind.EXTRACTION)
        useful = letter and bool(self.requisitions.useful[task.row])
        self.table.add(
            (
                task.kind,
                task.id,
                task.commune,
                task.camera,
                task.arrival_ms,
                task.queued_ms,
                task.first_start_ms,
                NEVER if outcome is Outcome.CENSORED else self.now,
                task.alert_ms,
                task.deadline_ms,
                outcome,
                task.origin,
                task.work_ms,
                task.interruptions,
                task.cameras_shown,
                task.entitled,
                useful,
            )
        )
