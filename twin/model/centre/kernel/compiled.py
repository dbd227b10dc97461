"""How this room compiles: once per version of the centre, in a folder that its digest names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numba
from numba import types
from numba.core import config
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

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


class _Part(JITCodeLibrary):
    """Code that others link in: it is neither optimised nor turned into instructions by itself."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0

    @property
    def codegen(self) -> Any:
        return SimpleNamespace(set_env=lambda *_: None)


class _PartCompiler(Compiler):
    def define_pipelines(self) -> Any:
        state = self.state
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().define_pipelines()


def compiled(function: Function, **options: Any) -> Any:
    """Compile a function that other compiled functions call, once for all its callers.

    Numba would compile a version for each constant that a caller writes down.
    """
    made = numba.njit(  # type: ignore[call-overload]
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=_PartCompiler,
        **options,
    )(function)
    if not config.DISABLE_JIT:  # type: ignore[attr-defined]
        exact = made.get_call_template
        made.get_call_template = lambda args, kws: exact(tuple(map(types.unliteral, args)), kws)
    return made


def inlined(function: Function) -> Any:
    """Compile a function, and have each of its callers contain it."""
    return compiled(function, forceinline=True)


entry = numba.njit(cache=True, error_model="numpy")
"""Compile a function that the interpreter calls, and keep it with all that it calls."""
