"""A poor link between cameras and server: a network of its own, shaped by the kernel.

A child process leaves for a network namespace, where the loopback is slowed for packets that
come from the cameras' addresses only; the namespace vanishes with the process.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from twin.errors import MissingError, TwinError
from twin.streams.campaign.bench import BenchPlan
from twin.streams.campaign.step import measure
from twin.streams.install import Binary

__all__ = ["Shape", "shaped_link"]

CLONE_NEWNET = 0x40000000
CAMERAS = "127.1.0.0/16"
MARGIN_S = 120.0


@dataclass(frozen=True)
class Shape:
    """What the link does to the cameras' packets; all of them share its rate."""

    delay_ms: float = 0.0
    loss_percent: float = 0.0
    rate_mbit_s: float = 100_000.0

    @property
    def commands(self) -> list[str]:
        """What the kernel is told, in the namespace."""
        add = "tc class add dev lo parent 1:"
        shaped = [
            # Whole bursts would be lost at once: segments are what a real link loses.
            "ip link set lo up mtu 1500 gso_max_segs 1",
            "tc qdisc add dev lo root handle 1: htb default 10",
            f"{add} classid 1:10 htb rate 100gbit quantum 60000",
            f"{add} classid 1:20 htb rate {self.rate_mbit_s:g}mbit quantum 60000",
            f"tc filter add dev lo parent 1: protocol ip u32 match ip src {CAMERAS} flowid 1:20",
        ]
        if self.delay_ms or self.loss_percent:
            netem = f"netem limit 100000 delay {self.delay_ms:g}ms loss {self.loss_percent:g}%"
            shaped.append(f"tc qdisc add dev lo parent 1:20 {netem}")
        return shaped


def shaped_link(plan: BenchPlan, binary: Binary, shape: Shape) -> dict[str, Any]:
    """Measure one step of `plan`, in pull, through `shape`.

    Returns
    -------
    dict
        The row of the step.

    Raises
    ------
    MissingError
        Not Linux, not root, no ``ip`` and ``tc``, or a kernel that cannot shape so.
    """
    if (
        sys.platform != "linux"
        or os.geteuid() != 0
        or not (shutil.which("tc") and shutil.which("ip"))
    ):
        raise MissingError("shaping a link needs Linux, root, and the programs ip and tc")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_in_namespace, args=(plan, binary, shape, theirs))
    process.start()
    theirs.close()
    try:
        if not ours.poll(plan.seconds + plan.warm_up_s + MARGIN_S):
            raise MissingError("the step on a shaped link did not end")
        found = ours.recv()
    except EOFError:
        raise MissingError("the process of the shaped link died") from None
    finally:
        process.terminate()
        process.join()
    if isinstance(found, str):
        raise MissingError(found)
    return dict(found)


def _in_namespace(plan: BenchPlan, binary: Binary, shape: Shape, link: Connection) -> None:
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise MissingError(f"no network namespace here ({os.strerror(ctypes.get_errno())})")
        for command in shape.commands:
            done = subprocess.run(command.split(), capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["refused"])[0].rstrip(".")
                raise MissingError(f"{command}: {reason}")
        link.send(measure(plan, binary, purpose="link").row())
    except TwinError as problem:
        link.send(str(problem))
