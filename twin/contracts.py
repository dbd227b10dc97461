"""What two rooms share without knowing each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Figure", "Kind"]


class Kind(StrEnum):
    """Where a figure shown to a person comes from."""

    MEASURED = "Mesuré"
    ASSUMED = "Hypothèse"
    COMPUTED = "Calculé"


@dataclass(frozen=True)
class Figure:
    """A number that may be shown to a person: the only thing reports and pages print.

    Attributes
    ----------
    value, low, high : float
        Central value and its interval; `low` and `high` equal `value` when there is none.
    unit : str
        Unit in words, as shown.
    kind : Kind
        Measured, assumed or computed.
    source : str
        The fact's source, the assumption's key, or the run's identity and seed.

    Examples
    --------
    >>> Figure(6.03, 6.03, 6.03, "ETPT", Kind.COMPUTED, "8 760 h / 1 607 h / (1 - 9,6 %)").unit
    'ETPT'
    """

    value: float
    low: float
    high: float
    unit: str
    kind: Kind
    source: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low} <= {self.value} <= {self.high} does not hold")
        if not self.source:
            raise ValueError("a figure without a source may not be shown")
