"""What a user is told when something is wrong: one sentence and an exit code.

Exit codes of the command line: 0 all went well; 1 a check said no (data, calibration);
2 an input was refused; 3 something needed is missing; 4 a stored result cannot be used;
130 interrupted, finished replications kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["InputError", "MissingError", "StoreError", "TwinError", "did_you_mean"]


class TwinError(Exception):
    """A mistake or a lack that one sentence explains; never shown as a traceback."""

    exit_code = 2


class InputError(TwinError):
    """An input was refused: the sentence names the file, the line or key, and what is allowed."""


class MissingError(TwinError):
    """Something needed is not there: a file, a program, an optional package, the network."""

    exit_code = 3


class StoreError(TwinError):
    """A stored run cannot be read, or would be harmed."""

    exit_code = 4


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """End of a sentence that lists the allowed names, the nearest one first.

    Examples
    --------
    >>> did_you_mean("refrence", ["prudent", "reference"])
    'did you mean "reference"? (allowed: prudent, reference)'
    >>> did_you_mean("x", ["prudent", "reference"])
    'allowed: prudent, reference'
    """
    names = sorted(allowed)
    listed = ", ".join(names)
    nearest = get_close_matches(name, names, n=1)
    return f'did you mean "{nearest[0]}"? (allowed: {listed})' if nearest else f"allowed: {listed}"
