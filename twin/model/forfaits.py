"""What a forfait buys, and which one a commune is supposed to take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from twin.errors import InputError, did_you_mean
from twin.files import data_folder, load_yaml, read_rows, validated
from twin.model.cells import once, whole_number, window_text, yes_or_no
from twin.model.centre.world import ViewingRequests

__all__ = ["Forfait", "Situation", "choose_forfait", "load_forfaits", "load_rules"]

_NO_WINDOW, _EVENING = "none", "evening"
_STRICT = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class Forfait:
    """One row of ``data/forfaits.csv``.

    Attributes
    ----------
    live_window : str
        "none", "evening" (the scenario's evening window) or a window such as "00:00-24:00".
    """

    forfait: str
    label: str
    health_check: bool
    requisitions: bool
    patrols_per_day: int
    patrol_window: str
    live_window: str
    viewing_requests: ViewingRequests
    source: str

    def window(self, evening_window: str) -> str | None:
        """Live window, or None when the forfait buys no live viewing."""
        named = {_NO_WINDOW: None, _EVENING: evening_window}
        return named.get(self.live_window, self.live_window)


class Choice(BaseModel):
    """A forfait and the conditions under which a commune takes it."""

    model_config = _STRICT

    forfait: str
    """Key of ``data/forfaits.csv``."""
    least_population: NonNegativeInt = 0
    """Smallest municipal population."""
    least_police: NonNegativeInt = 0
    """Smallest published number of municipal police officers."""
    police_published: bool | None = None
    """Whether the number of officers is published."""
    control_room: bool | None = None
    """Whether the commune has a control room, its own or pooled."""

    def fits(self, commune: Situation) -> bool:
        """Whether every condition holds."""
        published = commune.police is not None
        return (
            commune.population >= self.least_population
            and (commune.police or 0) >= self.least_police
            and self.police_published in {None, published}
            and self.control_room in {None, commune.control_room}
        )


class Rule(BaseModel):
    """A stated rule: the first choice that fits."""

    model_config = _STRICT

    label: str
    """What it is, in French, as shown."""
    reference: str
    """Where it comes from."""
    choices: tuple[Choice, ...]
    """Choices, in order."""


class _Rules(BaseModel):
    model_config = _STRICT

    rules: dict[str, Rule]


@dataclass(frozen=True)
class Situation:
    """What a rule knows of a commune.

    Attributes
    ----------
    police : int or None
        Published number of municipal police officers; None is unknown, not zero.
    control_room : bool
        Whether it has a control room, its own or pooled with its neighbours.
    """

    population: int
    police: int | None
    control_room: bool


def choose_forfait(rule: str, commune: Situation) -> str:
    """Key of the forfait that `rule` gives to a commune.

    Examples
    --------
    >>> choose_forfait("police_staff_and_size", Situation(7_777, 3, False))
    '2'
    >>> choose_forfait("police_staff_and_size", Situation(7_907, 2, False))
    '1'
    """
    rules = load_rules()
    if rule not in rules:
        raise InputError(f'forfaits.rule: unknown rule "{rule}"; {did_you_mean(rule, rules)}')
    for choice in rules[rule].choices:
        if choice.fits(commune):
            return choice.forfait
    raise InputError(f'forfaits.rule: no choice of "{rule}" fits every commune')


def load_forfaits() -> dict[str, Forfait]:
    """Rows of ``data/forfaits.csv`` by key."""
    return _forfaits(data_folder() / "forfaits.csv")


def load_rules() -> dict[str, Rule]:
    """Rules of ``data/forfait_rules.yaml`` by name; each names forfaits that exist."""
    return _rules(data_folder() / "forfait_rules.yaml")


@cache
def _forfaits(path: Path) -> dict[str, Forfait]:
    rows = read_rows(
        path,
        {
            "forfait": once(str),
            "label": str,
            "health_check": yes_or_no,
            "requisitions": yes_or_no,
            "patrols_per_day": whole_number,
            "patrol_window": window_text,
            "live_window": _live_window,
            "viewing_requests": _requests,
            "source": str,
        },
    )
    return {row["forfait"]: Forfait(**row) for row in rows}


@cache
def _rules(path: Path) -> dict[str, Rule]:
    rules = validated(_Rules, load_yaml(path), str(path)).rules
    forfaits = load_forfaits()
    for name, rule in rules.items():
        for choice in rule.choices:
            if choice.forfait not in forfaits:
                hint = did_you_mean(choice.forfait, forfaits)
                raise InputError(f'{path}: rules.{name}: no forfait "{choice.forfait}"; {hint}')
    return rules


def _live_window(cell: str) -> str:
    return cell if cell in {_NO_WINDOW, _EVENING} else window_text(cell)


def _requests(cell: str) -> ViewingRequests:
    try:
        return ViewingRequests[cell.upper()]
    except KeyError:
        raise ValueError("none, window or always is expected") from None
