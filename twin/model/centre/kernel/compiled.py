"""How this room compiles: once per version of the centre, in a folder that its digest names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types
from numba.core import config

from twin.files import digest

__all__ = ["cache_folder", "compiled", "entry", "inlined"]

Function = TypeVar("Function", bound=Callable[..., Any])

_CENTRE = Path(__file__).resolve().parents[1]
"""Compiled code sees nothing outside this room: `twin.files` serves this module alone."""


def cache_folder() -> Path:
    """Folder of compiled code of this version: numba alone would not see an edited callee."""
    sources = sorted(_CENTRE.rglob("*.py"))
    version = digest(sys.version, numba.__version__, *sources)
    base = (
        os.environ.get("CMSU_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    )
    return Path(base) / "cmsu-twin" / version[:16]


config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]

# No fast-math anywhere: floats are those of the reference.


def compiled(function: Function) -> Any:
    """Compile a function that other compiled functions call, once for all its callers.

    Numba would compile a version for each constant that a caller writes down.
    """
    made = numba.njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    if not config.DISABLE_JIT:
        exact = made.get_call_template
        made.get_call_template = lambda args, kws: exact(tuple(map(types.unliteral, args)), kws)
    return made


entry = numba.njit(cache=True, error_model="numpy")
"""Compile a function that the interpreter calls, and keep it with all that it calls."""

inlined = numba.njit(inline="always", error_model="numpy")
"""Make a function part of each of its callers: none of its own is compiled."""
