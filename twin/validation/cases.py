"""Every system with a known answer, in the order of the table that `twin validate` prints."""

from __future__ import annotations

from functools import cache

from twin.validation import queues, sentences, varying
from twin.validation.case import Case

__all__ = ["cases"]


@cache
def cases() -> tuple[Case, ...]:
    """Cases that an engine plays, in the order of their numbers.

    Examples
    --------
    >>> [case.number for case in cases()][:6]
    [1, 2, 3, 4, 5, 6]
    """
    every = [*queues.cases(), *varying.cases(), *sentences.cases()]
    return tuple(sorted(every, key=lambda case: case.number))
