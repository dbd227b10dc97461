"""Converters of the cells of the tables: each says what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from twin.errors import did_you_mean
from twin.model.clock import Window

__all__ = ["once", "one_of", "whole_number", "window_text", "yes_or_no"]


Value = TypeVar("Value")


def once(convert: Callable[[str], Value]) -> Callable[[str], Value]:
    """Return a converter for one reading of a table, which refuses a value that comes again."""
    seen: set[Value] = set()

    def convert_once(cell: str) -> Value:
        value = convert(cell)
        if value in seen:
            raise ValueError("comes twice")
        seen.add(value)
        return value

    return convert_once


def one_of(allowed: Collection[str], cell: str) -> str:
    """Check that a cell is one of the names allowed."""
    if cell not in allowed:
        raise ValueError(did_you_mean(cell, allowed))
    return cell


def whole_number(cell: str) -> int:
    """Convert a number that is not negative."""
    if not (cell.isascii() and cell.isdecimal()):
        raise ValueError("a whole number is expected")
    return int(cell)


def window_text(cell: str) -> str:
    """Check a window such as "18:00-06:00"."""
    return str(Window.parse(cell))


def yes_or_no(cell: str) -> bool:
    """Convert yes or no."""
    if cell not in {"yes", "no"}:
        raise ValueError("yes or no is expected")
    return cell == "yes"
