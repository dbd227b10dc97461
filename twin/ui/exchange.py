"""Questions as files: what a visitor takes away, and brings back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from twin.errors import InputError
from twin.files import as_yaml, mapping, validated
from twin.scenarios.schema import NAME
from twin.ui.question import MAX_LEVERS

__all__ = ["Kept", "exported", "imported"]

MAX_BYTES = 20_000
WHERE = "file of a question"


class Kept(BaseModel):
    """A question somebody gave a name to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=80)]
    """As its author calls it: shown as text, never as a path or markup."""
    scenario: Annotated[str, Field(pattern=f"^{NAME}$")]
    """Name of the scenario it starts from."""
    levers: Annotated[tuple[str, ...], Field(max_length=MAX_LEVERS)] = ()
    """``block.lever=value``, as on the command line."""


def exported(kept: Kept) -> str:
    """File of a question.

    Examples
    --------
    >>> print(exported(Kept(label="Nuit", scenario="reference", levers=("seats.relief=true",))))
    label: Nuit
    scenario: reference
    levers:
    - "seats.relief=true"
    <BLANKLINE>
    """
    return as_yaml(kept.model_dump(mode="json"))


def imported(content: bytes) -> Kept:
    """Question held by a file that somebody sends.

    Raises
    ------
    InputError
        Too long, not UTF-8, not YAML, or not a question.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{WHERE}: {len(content)} bytes, at most {MAX_BYTES} are read")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{WHERE}: not UTF-8 text") from None
    return validated(Kept, mapping(text, WHERE), WHERE)
