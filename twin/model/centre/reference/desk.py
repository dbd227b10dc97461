"""The desk: who is there, who does what, who waits, and in which order."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

from twin.model.centre.journal import Columns, SpellState
from twin.model.centre.reference.mailbox import Mailbox
from twin.model.centre.reference.things import Agent, Task
from twin.model.centre.reference.wall import Wall
from twin.model.centre.rules import Phase, interrupts, keeps_the_wall, ranks_as_victim
from twin.model.centre.world import NEVER, Centre, EndOfShift

__all__ = ["Desk"]

Entry = tuple[tuple[int, int, int, int, int], Task]

_BREAK, _SHIFT = 0, 1
"""In one millisecond a break falls due before the shift ends."""


class Desk:
    """Agents in their seats, queues of work, and the dispatcher over them.

    `begin`, `suspend` and `abandon` are what the work room does with a task when it is given to
    an agent, taken from one to wait again, or given up.
    """

    def __init__(
        self, centre: Centre, walls: list[Wall], mailbox: Mailbox, spells: Columns
    ) -> None:
        self.centre = centre
        self.rules = centre.rules
        self.walls = walls
        self.mailbox = mailbox
        self.spells = spells
        self.order_of = centre.rules.order.tolist()
        self.interruptible = centre.rules.interruptible.tolist()
        self.takes = centre.seats.takes.tolist()
        self.pool_of = centre.communes.pool.tolist()
        self.watches = centre.seats.watches.tolist()
        seat_pools = centre.seats.pool.tolist()
        self.seat_pools = seat_pools
        self.seats_of = [
            [seat for seat, own in enumerate(seat_pools) if own == pool]
            for pool in range(len(walls))
        ]
        self.agents: list[Agent | None] = [None] * len(seat_pools)
        self.overtime: list[Agent] = []
        kinds = range(len(self.order_of))
        self.queues: list[list[list[Entry]]] = [[[] for _ in kinds] for _ in walls]
        self.begin: Callable[[Task], None]
        self.suspend: Callable[[Task, int], None]
        self.abandon: Callable[[Task], None]

    @property
    def now(self) -> int:
        """Current instant."""
        return self.mailbox.now

    # Queues

    def queue(self, task: Task) -> None:
        """A task waits for an agent, under the same key however often it comes back."""
        task.waiting = True
        key = (task.order, task.deadline_ms, task.queued_ms, task.id, task.kind)
        heapq.heappush(self.queues[self.pool_of[task.commune]][task.kind], (key, task))

    def dispatch(self) -> None:
        """Give work to agents until nothing more can be given."""
        for pool in range(len(self.walls)):
            while self._give_one(pool):
                pass

    def _give_one(self, pool: int) -> bool:
        queues = self.queues[pool]
        heads = []
        for queue in queues:
            while queue and not queue[0][1].waiting:
                heapq.heappop(queue)
            if queue:
                heads.append(queue[0])
        for _, task in sorted(heads):
            agent = self._free_agent(pool, task) or self._victim(pool, task)
            if agent is not None:
                heapq.heappop(queues[task.kind])
                self._give(agent, task)
                return True
        return False

    def _give(self, agent: Agent, task: Task) -> None:
        if agent.task is not None:
            self.take_back(agent.task, self.rules.resume_ms)
        self._end_spell(agent)
        task.waiting = False
        task.agent = agent
        agent.task = task
        task.stint_start_ms = self.now
        if task.first_start_ms == NEVER:
            task.first_start_ms = self.now
        self.begin(task)

    def take_back(self, task: Task, cost_ms: int) -> None:
        """Interrupt a task: it waits again, and whoever resumes it pays `cost_ms`."""
        agent = self._holder(task)
        self.suspend(task, cost_ms)
        self._end_spell(agent)
        agent.task = task.agent = None
        task.interruptions += 1
        self.queue(task)

    def _free_agent(self, pool: int, task: Task) -> Agent | None:
        free = [agent for agent in self._present(pool) if agent.free]
        watching = sum(agent.watches for agent in free)
        units = self.walls[pool].units
        for agent in free:
            if self.takes[agent.seat][task.kind] and keeps_the_wall(
                task.order,
                self.rules.wall_order,
                agent.watches,
                watching,
                self.rules.wall_minimum,
                units,
            ):
                return agent
        return None

    def _victim(self, pool: int, task: Task) -> Agent | None:
        chosen: Agent | None = None
        best = (0, 0, 0)
        for agent in self._present(pool):
            work = agent.task
            if work is None or not self.takes[agent.seat][task.kind]:
                continue
            if not interrupts(task.order, work.order, self.interruptible[work.kind]):
                continue
            rank = (work.order, work.stint_start_ms, agent.seat)
            if chosen is None or ranks_as_victim(*rank, *best):
                chosen, best = agent, rank
        return chosen

    def _present(self, pool: int) -> list[Agent]:
        agents = (self.agents[seat] for seat in self.seats_of[pool])
        return [agent for agent in agents if agent is not None]

    def watching(self, pool: int) -> int:
        """Free agents of a pool at the wall."""
        return sum(agent.free and agent.watches for agent in self._present(pool))

    # Agents

    def starts_shift(self, seat: int, end_ms: int, breaks: list[tuple[int, int]]) -> None:
        """An agent takes a seat; `breaks` are (due instant, length)."""
        pool = self.seat_pools[seat]
        agent = Agent(seat, pool, self.watches[seat], end_ms, since_ms=self.now)
        self.agents[seat] = agent
        for due_ms, length_ms in breaks:
            key = (seat, _BREAK, due_ms)
            delay_ms = due_ms - self.now
            self.mailbox.later(delay_ms, Phase.PAUSES, key, self._break_due, agent, length_ms)
        key = (seat, _SHIFT, end_ms)
        self.mailbox.later(end_ms - self.now, Phase.PAUSES, key, self._ends_shift, agent)

    def _ends_shift(self, agent: Agent) -> None:
        task = agent.task
        self.agents[agent.seat] = None
        agent.breaks_owed = deque()
        self._end_spell(agent)
        if task is None:
            return
        if self.rules.end_of_shift == EndOfShift.FINISH:
            agent.overtime = True
            self.overtime.append(agent)
        elif self.rules.end_of_shift == EndOfShift.HAND_OVER:
            self.take_back(task, self.rules.handover_ms)
        else:
            self.abandon(task)

    def releases(self, task: Task) -> None:
        """A task leaves the hands of its agent for good."""
        agent = task.agent
        if agent is None:
            return
        self._end_spell(agent)
        agent.task = task.agent = None
        if agent.overtime:
            self.overtime.remove(agent)
        else:
            self._next_break(agent)

    def _break_due(self, agent: Agent, length_ms: int) -> None:
        """A break that does not fit any more interrupts nothing."""
        if self.agents[agent.seat] is not agent or self.now + length_ms > agent.end_ms:
            return
        agent.breaks_owed.append(length_ms)
        if agent.task is not None and self.interruptible[agent.task.kind]:
            self.take_back(agent.task, self.rules.resume_ms)
        if agent.free:
            self._next_break(agent)

    def _next_break(self, agent: Agent) -> None:
        """Start the first break owed that still fits; those that do not are dropped."""
        while agent.breaks_owed:
            length_ms = agent.breaks_owed.popleft()
            if self.now + length_ms <= agent.end_ms:
                self._end_spell(agent)
                agent.pausing = True
                key = (agent.seat, _BREAK)
                self.mailbox.later(length_ms, Phase.STARTS, key, self._returns, agent)
                return

    def _returns(self, agent: Agent) -> None:
        self._end_spell(agent)
        agent.pausing = False
        if self.agents[agent.seat] is agent:
            self._next_break(agent)

    # Spells

    def _end_spell(self, agent: Agent) -> None:
        """Write down what an agent has done since the last change, if it took any time."""
        if self.now > agent.since_ms:
            task = agent.task
            named = (task.kind, task.id) if task else (NEVER, NEVER)
            self.spells.add((agent.seat, agent.since_ms, self.now, _state_of(agent), *named))
        agent.since_ms = self.now

    @staticmethod
    def _holder(task: Task) -> Agent:
        if task.agent is None:
            raise RuntimeError("a task that nobody holds cannot be taken back")
        return task.agent

    def close(self) -> list[Task]:
        """End every spell at the end of the horizon; the tasks that are left, in no order."""
        left = []
        for agent in [*(a for a in self.agents if a is not None), *self.overtime]:
            self._end_spell(agent)
            if agent.task is not None:
                agent.task.work_ms += self.now - agent.task.stint_start_ms
                left.append(agent.task)
        for queues in self.queues:
            left += [task for queue in queues for _, task in queue if task.waiting]
        return left


def _state_of(agent: Agent) -> SpellState:
    if agent.pausing:
        return SpellState.PAUSING
    if agent.task is not None:
        return SpellState.OVERTIME if agent.overtime else SpellState.WORKING
    return SpellState.WATCHING if agent.watches else SpellState.READY
