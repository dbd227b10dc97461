"""The engines by name: the same world in, the same journal out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from twin.model.centre.journal import Journal
from twin.model.centre.world import Centre, World

__all__ = ["COMPILING", "Engine", "engine_named", "must_compile"]

Engine = Literal["kernel", "reference"]

COMPILING = "compiling the kernel, once per version: ten to thirty seconds"
"""What to say to whoever waits for it."""


def engine_named(name: Engine) -> Callable[[Centre, World], Journal]:
    """Engine of that name; only the one asked for is imported.

    Examples
    --------
    >>> engine_named("reference").__module__
    'twin.model.centre.reference.room'
    """
    if name == "kernel":
        from twin.model.centre.kernel import simulate  # noqa: PLC0415
    else:
        from twin.model.centre.reference import simulate  # noqa: PLC0415
    return simulate


def must_compile(name: Engine) -> bool:
    """Whether an engine has to be compiled first: ten to thirty seconds, once per version."""
    if name == "reference":
        return False
    from twin.model.centre.kernel.compiled import cache_folder  # noqa: PLC0415

    # Compiled code is what counts: the folder is made by whoever imports the kernel.
    return not any(cache_folder().rglob("*.nbc"))
