"""Instants played in rounds: what happens is posted, sorted, and played in a stated order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy
from simpy.events import Event, EventPriority

from twin.model.centre.rules import Phase

__all__ = ["Mailbox", "Timer"]

Key = tuple[int, ...]
Action = Callable[..., None]

_AFTER_EVERYTHING = EventPriority(2)
"""SimPy plays urgent events (0), then normal ones (1), then these."""


class Timer:
    """Something posted for later, which can still be called off."""

    __slots__ = ("at_ms", "live")

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms
        self.live = True

    def cancel(self) -> None:
        """Call it off; nothing happens when its time comes."""
        self.live = False


class _RoundEnd(Event):
    """Fires after every other event of the instant."""

    def __init__(self, env: simpy.Environment) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, _AFTER_EVERYTHING)


class Mailbox:
    """Messages of the current round, each with its phase and key.

    What a round triggers at the same instant is the next round. Keys are unique within a phase,
    so the order in which messages were posted never matters.
    """

    def __init__(self, env: simpy.Environment, close_round: Callable[[], None]) -> None:
        self.env = env
        self.close_round = close_round
        self.messages: list[tuple[Phase, Key, Action, tuple[Any, ...]]] = []

    @property
    def now(self) -> int:
        """Current instant."""
        return int(self.env.now)

    def post(self, phase: Phase, key: Key, action: Action, *args: object) -> None:
        """Have ``action(*args)`` played in the next round of this instant."""
        if not self.messages:
            _RoundEnd(self.env).callbacks = [self._play]
        self.messages.append((phase, key, action, args))

    def later(self, delay_ms: int, phase: Phase, key: Key, action: Action, *args: object) -> Timer:
        """Have ``action(*args)`` played after `delay_ms`, unless the timer is cancelled."""
        timer = Timer(self.now + delay_ms)

        def ring(_: Event) -> None:
            if timer.live:
                self.post(phase, key, self._unless_cancelled, timer, action, args)

        timeout = self.env.timeout(delay_ms)
        timeout.callbacks.append(ring)
        return timer

    @staticmethod
    def _unless_cancelled(timer: Timer, action: Action, args: tuple[Any, ...]) -> None:
        if timer.live:
            timer.live = False
            action(*args)

    def _play(self, _: Event) -> None:
        messages, self.messages = self.messages, []
        messages.sort(key=_phase_and_key)
        for _phase, _key, action, args in messages:
            action(*args)
        self.close_round()


def _phase_and_key(message: tuple[Phase, Key, Action, tuple[Any, ...]]) -> tuple[int, Key]:
    return message[0], message[1]
