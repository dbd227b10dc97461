"""Cameras: live windows, faults, repairs by the crew, imposed outages."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable

import simpy

from twin.model.centre.journal import Columns, Origin, Outcome
from twin.model.centre.reference.mailbox import Mailbox
from twin.model.centre.reference.wall import Wall
from twin.model.centre.rules import Phase, repair_id
from twin.model.centre.world import NEVER, Centre, Faults, Kind, World

__all__ = ["Cameras"]

_RESTORED, _IMPOSED, _FAILED, _DISCOVERED, _REPAIRED = range(5)


class Cameras:
    """Which cameras are dark, why, and who knows it.

    A fault waits to be discovered (by a health check, a patrol or the display, or at once if the
    rules say so), then for the crew, then for its repair.
    """

    def __init__(
        self,
        centre: Centre,
        world: World,
        walls: list[Wall],
        mailbox: Mailbox,
        darkened: Callable[[int], None],
        table: Columns,
    ) -> None:
        self.centre = centre
        self.walls = walls
        self.mailbox = mailbox
        self.darkened = darkened
        self.table = table
        self.commune_of = centre.cameras.commune.tolist()
        self.window_of = centre.communes.window.tolist()
        self.pool_of = centre.communes.pool.tolist()
        self.cameras_of_window: dict[int, list[int]] = {}
        for camera, commune in enumerate(self.commune_of):
            self.cameras_of_window.setdefault(self.window_of[commune], []).append(camera)
        self.open_windows: set[int] = set()
        self.faulty: dict[int, simpy.Event] = {}
        self.imposed = [0] * len(self.commune_of)
        self.undiscovered: set[int] = set()
        self.queue: list[tuple[int, int]] = []
        self.repairers_busy = 0
        self.fault_ms = [0] * len(self.commune_of)
        self.discovered_ms = [NEVER] * len(self.commune_of)
        self.repair_start_ms = [NEVER] * len(self.commune_of)
        self.repairs = [0] * len(self.commune_of)
        self.repair_ms = [0] * len(self.commune_of)
        self._live_with(world)

    def is_dark(self, camera: int) -> bool:
        """Whether a camera gives no image."""
        return camera in self.faulty or self.imposed[camera] > 0

    def is_window_open(self, commune: int) -> bool:
        """Whether a commune is in its live window now."""
        return self.window_of[commune] in self.open_windows

    def is_entitled(self, camera: int) -> bool:
        """Whether a camera may be watched live now and gives an image."""
        return self.is_window_open(self.commune_of[camera]) and not self.is_dark(camera)

    # The outside world

    def _live_with(self, world: World) -> None:
        env = self.mailbox.env
        env.process(self._windows())
        for camera in range(len(self.commune_of)):
            if world.faults.first[camera] < world.faults.first[camera + 1]:
                env.process(self._life(camera, world.faults))
        for camera, start_ms, end_ms in zip(*map(_as_list, world.outages), strict=True):
            env.process(self._outage(camera, start_ms, end_ms))

    def _windows(self) -> Generator[simpy.Event]:
        env = self.mailbox.env
        for at_ms, window, opens in zip(*map(_as_list, self.centre.windows), strict=True):
            yield env.timeout(at_ms - self.mailbox.now)
            self.mailbox.post(Phase.WINDOWS, (NEVER, window, opens), self._turn, window, opens)

    def _life(self, camera: int, faults: Faults) -> Generator[simpy.Event]:
        env = self.mailbox.env
        for pair in range(faults.first[camera], faults.first[camera + 1]):
            yield env.timeout(int(faults.up_ms[pair]))
            repaired = env.event()
            self.mailbox.post(
                Phase.FAULTS,
                (camera, _FAILED),
                self._fail,
                camera,
                int(faults.repair_ms[pair]),
                repaired,
            )
            yield repaired

    def _outage(self, camera: int, start_ms: int, end_ms: int) -> Generator[simpy.Event]:
        env = self.mailbox.env
        yield env.timeout(start_ms)
        self.mailbox.post(Phase.FAULTS, (camera, _IMPOSED, end_ms), self._impose, camera, 1)
        yield env.timeout(end_ms - start_ms)
        self.mailbox.post(Phase.FAULTS, (camera, _RESTORED, end_ms), self._impose, camera, -1)

    # What happens to them

    def _turn(self, window: int, opens: bool) -> None:
        (self.open_windows.add if opens else self.open_windows.discard)(window)
        for camera in self.cameras_of_window.get(window, ()):
            self._review(camera)

    def _impose(self, camera: int, step: int) -> None:
        was_dark = self.is_dark(camera)
        self.imposed[camera] += step
        self._changed(camera, was_dark)

    def _fail(self, camera: int, repair_ms: int, repaired: simpy.Event) -> None:
        was_dark = self.is_dark(camera)
        self.faulty[camera] = repaired
        self.repair_ms[camera] = repair_ms
        self.fault_ms[camera] = self.mailbox.now
        self.discovered_ms[camera] = self.repair_start_ms[camera] = NEVER
        self.undiscovered.add(camera)
        self._changed(camera, was_dark)
        if self.centre.rules.discovered_at_once:
            self.discover(camera)

    def _changed(self, camera: int, was_dark: bool) -> None:
        self._review(camera)
        if self.is_dark(camera) and not was_dark:
            self.darkened(camera)

    def _review(self, camera: int) -> None:
        wall = self.walls[self.pool_of[self.commune_of[camera]]]
        wall.entitle(camera, self.is_entitled(camera))

    def discover(self, camera: int) -> None:
        """Somebody sees that a camera has failed: it waits for the crew."""
        if camera in self.undiscovered:
            self.undiscovered.remove(camera)
            self.discovered_ms[camera] = self.mailbox.now
            heapq.heappush(self.queue, (self.mailbox.now, camera))

    def discover_all(self, cameras: Iterable[int]) -> None:
        """A health check or a patrol went through these cameras."""
        for camera in self.undiscovered.intersection(cameras):
            self.discover(camera)

    def discover_on_display(self) -> None:
        """Dark images in the place of a camera are seen, once the display has been updated."""
        for camera in self.undiscovered:
            commune = self.commune_of[camera]
            wall = self.walls[self.pool_of[commune]]
            if self.is_window_open(commune) and wall.shows(camera):
                self.mailbox.post(Phase.FAULTS, (camera, _DISCOVERED), self.discover, camera)

    def send_crew(self) -> None:
        """Repairs start in the order of discovery, as many at once as the crew can."""
        crew = self.centre.rules.crew
        while self.queue and (crew == NEVER or self.repairers_busy < crew):
            _, camera = heapq.heappop(self.queue)
            self.repairers_busy += 1
            self.repair_start_ms[camera] = self.mailbox.now
            key = (camera, _REPAIRED)
            self.mailbox.later(self.repair_ms[camera], Phase.FAULTS, key, self._repaired, camera)

    def _repaired(self, camera: int) -> None:
        self.repairers_busy -= 1
        self._write(camera, Outcome.DONE, self.mailbox.now)
        self.repairs[camera] += 1
        self.faulty.pop(camera).succeed()
        self._review(camera)

    def close(self) -> None:
        """Write down the faults that the end of the horizon leaves open."""
        for camera in self.faulty:
            self._write(camera, Outcome.CENSORED, NEVER)

    def _write(self, camera: int, outcome: Outcome, end_ms: int) -> None:
        commune = self.commune_of[camera]
        code = int(self.centre.communes.code[commune])
        number = camera - int(self.centre.communes.first_camera[commune])
        started_ms = self.repair_start_ms[camera]
        self.table.add(
            (
                Kind.REPAIR,
                repair_id(code, number, self.repairs[camera]),
                commune,
                camera,
                self.fault_ms[camera],
                self.discovered_ms[camera],
                started_ms,
                end_ms,
                NEVER,
                NEVER,
                outcome,
                Origin.FAULT,
                end_ms - started_ms if outcome is Outcome.DONE else 0,
                0,
                0,
                0,
                0,
            )
        )


def _as_list(column: object) -> list[int]:
    return column.tolist()  # type: ignore[attr-defined, no-any-return]
