"""What others published of the usefulness of images: the figures that the twin does not compute."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from twin.contracts import Figure, Kind
from twin.files import data_folder, load_yaml, validated
from twin.model.assumptions import Grade

__all__ = ["Published", "load_published"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _Sourced(_Frozen):
    source: str
    """Who found it and where it was read, in French, as shown."""
    url: str
    grade: Grade


class PublishedFigure(_Sourced):
    """A figure that a page states."""

    label: str
    value: float
    unit: str
    counted: str
    """What it was counted on, in French."""

    @property
    def figure(self) -> Figure:
        """The figure, which its source gives without an interval."""
        source = f"{self.source} ({self.counted})"
        return Figure(self.value, self.value, self.value, self.unit, Kind.MEASURED, source)


class Finding(_Sourced):
    """A finding in words."""

    text: str


class Published(_Frozen):
    """Content of ``data/published.yaml``."""

    figures: dict[str, PublishedFigure]
    findings: dict[str, Finding]


@cache
def load_published() -> Published:
    """Published figures and findings.

    Examples
    --------
    >>> load_published().figures["investigations_with_evidence"].figure.value
    1.13
    """
    path = data_folder() / "published.yaml"
    return validated(Published, load_yaml(path), str(path))
