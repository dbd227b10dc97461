"""Libraries that only some commands need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from twin.errors import MissingError

__all__ = ["optional_library"]


def optional_library(name: str, extra: str) -> ModuleType:
    """Library `name`, or one sentence that says which extra brings it.

    Examples
    --------
    >>> optional_library("json", "data").dumps([1])
    '[1]'
    """
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise MissingError(
            f'{name} is not installed: pip install --editable ".[{extra}]" brings it'
        ) from None
