"""Service levels asked of a plan, and what replications say of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from twin.errors import InputError, did_you_mean
from twin.model.indicators import Indicator, load_indicators
from twin.scenarios.experiment import Result

__all__ = ["CONFIDENCE", "RESTS_ON", "Target", "Verdict", "judge", "parse_target"]

CONFIDENCE = 0.95
"""Level of the one-sided bound over replications by which a target is met, or missed."""

RESTS_ON = ("held_share", "top_decile_share", "police_view_min", "nuisance_view_min")
"""Assumptions that decide of what is noticed: hold share, concentration, time in view. A target on
an indicator of the model alone is always solved at both their ends too."""

_WRITTEN = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=)\s*([0-9.]+)\s*(%?)\s*")


@dataclass(frozen=True)
class Target:
    """A level that an indicator of the centre must reach.

    Attributes
    ----------
    indicator : str
        Key of ``data/indicators.yaml``.
    sense : {">=", "<="}
    level : float
        In the unit of the indicator.
    """

    indicator: str
    sense: Literal[">=", "<="]
    level: float

    @property
    def entry(self) -> Indicator:
        """What the indicator is."""
        return load_indicators()[self.indicator]

    @property
    def observable(self) -> bool:
        """Whether a real centre's main courante could confirm it."""
        return self.entry.family == "observable"

    @property
    def kinds(self) -> set[str]:
        """Kinds of work that it counts, as a table of tasks names them; none for presence."""
        kinds = self.entry.where.get("kind", [])
        return {str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])}

    def slack(self, value: float) -> float:
        """How far `value` is on the right side, negative when it is not."""
        return value - self.level if self.sense == ">=" else self.level - value

    def __str__(self) -> str:
        return f"{self.indicator}{self.sense}{self.level:g}"


@dataclass(frozen=True)
class Verdict:
    """What replications say of one target.

    Attributes
    ----------
    value : float
        Mean over the replications; NaN when the indicator was not seen twice.
    low, high : float
        One-sided bounds of the mean, each at `CONFIDENCE`.
    replications : int
        In which it was seen.
    """

    target: Target
    value: float
    low: float
    high: float
    replications: int

    @property
    def met(self) -> bool:
        """Whether the unfavourable bound is on the right side."""
        return self.margin >= 0

    @property
    def missed(self) -> bool:
        """Whether even the favourable bound is on the wrong side; what is not seen is missed."""
        best = max(self.target.slack(self.low), self.target.slack(self.high))
        return not best >= 0

    @property
    def margin(self) -> float:
        """Slack of the unfavourable bound, in the unit of the indicator."""
        worst = min(self.target.slack(self.low), self.target.slack(self.high))
        return -math.inf if math.isnan(worst) else worst


def parse_target(text: str) -> Target:
    """Target written "requisition_saved>=0.99"; a delay may end with its unit, a share may be in %.

    Raises
    ------
    InputError
        Another form, or an unknown indicator: the nearest name is given.

    Examples
    --------
    >>> str(parse_target("call_to_alert_p90_min <= 4")), str(parse_target("patrols_made>=95%"))
    ('call_to_alert_p90<=4', 'patrols_made>=0.95')
    """
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise InputError(f'--target {text}: write a target such as "requisition_saved>=0.99"')
    name, sense, number, percent = found.groups()
    known = load_indicators()
    spelled = {f"{key}_{entry.unit}": key for key, entry in known.items() if entry.start}
    indicator = name if name in known else spelled.get(name)
    if indicator is None:
        raise InputError(
            f'--target {text}: unknown indicator "{name}"; {did_you_mean(name, known)}'
        )
    try:
        level = float(number) / (100 if percent else 1)
    except ValueError:
        raise InputError(f'--target {text}: "{number}" is not a number') from None
    return Target(indicator, ">=" if sense == ">=" else "<=", level)


def judge(target: Target, result: Result) -> Verdict:
    """Mean and one-sided Student bounds of a target's indicator over the replications of a run."""
    values = result.values(target.indicator)
    n = len(values)
    if n < 2:  # noqa: PLR2004
        return Verdict(target, math.nan, math.nan, math.nan, n)
    mean = float(values.mean())
    half = float(stdtrit(n - 1, CONFIDENCE)) * float(values.std()) / math.sqrt(n)
    return Verdict(target, mean, mean - half, mean + half, n)
