"""Fourth drawer: the levers of a scenario, composed from the blocks that the model reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_serializer,
    field_validator,
    model_validator,
)

from twin.errors import InputError, MissingError, did_you_mean
from twin.files import canonical_json, data_folder, digest, load_yaml, scalar, validated
from twin.model.assumptions import Assumptions, Choice, Sources, load_assumptions
from twin.model.budget.levers import BudgetLevers, Tariffs
from twin.model.calendar import Event, Horizon
from twin.model.demand import DemandLevers
from twin.model.indicators import load_indicators
from twin.model.network.levers import NetworkLevers
from twin.model.seats import SeatsLevers
from twin.model.territory import CommunesLevers, ForfaitLevers
from twin.scenarios.stopping import LOOK_AHEAD, HalfWidth

__all__ = ["NAME", "Experiment", "Scenario", "assignments"]

NAME = r"[a-z][a-z0-9_]{0,39}"
"""Name of a scenario or an override: it becomes part of the name of a folder."""

MAX_REPLICATIONS = 9_999
"""Files of replications are numbered with four digits."""

_WORDS = ("low", "central", "high", *Sources)
_AFTER_THE_RUN = ("tariffs", "budget", "network")
"""Blocks that change no simulated figure."""


def _choice(given: object) -> object:
    if isinstance(given, bool) or not (
        given in _WORDS or (isinstance(given, int | float) and math.isfinite(given))
    ):
        raise ValueError("low, central, high or a finite number is expected")
    return given


_Choice = Annotated[Choice, BeforeValidator(_choice)]


class _Block(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class _NamedTariffs(_Block):
    label: str
    reference: str
    amounts: Tariffs


class Scenario(_Block):
    """Every lever of one question asked to the twin."""

    horizon: Horizon
    """Days that are simulated."""
    communes: CommunesLevers
    """Which communes take part, with how many cameras."""
    forfaits: ForfaitLevers
    """Which forfait each commune takes."""
    demand: DemandLevers
    """Trend, calendar and level of what happens in view."""
    seats: SeatsLevers
    """Seats, people and rules of the room."""
    tariffs: Tariffs
    """What the communes pay; changes no simulated figure."""
    budget: BudgetLevers = BudgetLevers()
    """Rules of the budget; changes no simulated figure."""
    network: NetworkLevers = NetworkLevers()
    """Fibre, nodes and recordings; changes no simulated figure."""
    events: tuple[Event, ...] = ()
    """Hours during which more happens in some communes."""
    assumptions: Mapping[str, _Choice] = {}
    """Departures from the central values of the assumptions: low, central, high or a number. The
    key `sources` is all, or official: press and partisan sources are then left out."""

    @field_validator("tariffs", mode="before")
    @classmethod
    def _named_tariffs(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        path = data_folder() / "tariffs.yaml"
        named = load_yaml(path)
        if given not in named:
            raise ValueError(did_you_mean(given, named))
        return validated(_NamedTariffs, named[given], f"{path}: {given}").amounts

    @field_validator("assumptions")
    @classmethod
    def _known(cls, choices: Mapping[str, _Choice]) -> Mapping[str, _Choice]:
        try:
            Assumptions(choices)
        except InputError as problem:
            raise ValueError(str(problem)) from None
        return choices

    @model_validator(mode="after")
    def _finite(self) -> Self:
        try:
            canonical_json(self.model_dump(mode="json"))
        except ValueError:
            raise ValueError("an infinite number cannot be simulated") from None
        return self

    def with_overrides(self, overrides: Mapping[str, Any], where: str = "overrides") -> Scenario:
        """Return another scenario in which `overrides` replace what they name, block by block.

        Parameters
        ----------
        overrides : mapping
            Nested like the scenario; a mapping is merged, ``None`` drops what was there (a lever
            takes its default back), anything else replaces.
        where : str
            Where the overrides were read, for the sentence of an error.

        Raises
        ------
        InputError
            An unknown key (the nearest valid name is given) or a value that is not allowed.
        """
        return validated(Scenario, _merged(self.model_dump(), overrides), where)

    def resolved(self) -> dict[str, Any]:
        """Everything that decides of a run: levers, values of the assumptions it reads, no path.

        Two scenarios that say the same in two ways resolve to the same JSON; so do two that differ
        only by what is computed after the run, such as the tariffs.

        Raises
        ------
        MissingError
            The file of communes or the roster cannot be read.
        """
        levers = self.model_dump(mode="json", exclude=set(_AFTER_THE_RUN))
        read = [key for key, entry in load_assumptions().items() if entry.stage == "run"]
        assumptions = Assumptions(self.assumptions)
        levers["assumptions"] = {key: assumptions[key] for key in read}
        levers["sources"] = assumptions.sources
        files = (("communes", "file", self.communes.file), ("seats", "roster", self.seats.roster))
        for block, lever, file in files:
            try:
                levers[block][lever] = None if file is None else digest(file)
            except OSError as problem:
                raise MissingError(f"{file}: cannot be read ({problem.strerror})") from None
        return levers


class Experiment(_Block):
    """How often a scenario is replayed; decides of the precision, not of the question."""

    seed: int = Field(ge=0, lt=2**63)
    """First entropy of every random stream."""
    replications: int = Field(ge=1, le=MAX_REPLICATIONS)
    """Replications that are always run."""
    max_replications: int = Field(ge=1, le=MAX_REPLICATIONS)
    """Replications after which precision is no longer sought."""
    look_ahead: int = Field(LOOK_AHEAD, ge=0, le=MAX_REPLICATIONS)
    """Replications for which precision must hold after it is first reached."""
    precision: Mapping[str, HalfWidth] = {}
    """Half-width that each named indicator of the centre must reach before the run stops: "2%" of
    the mean, or 0.2 in its unit; the intervals hold together at 95 % (Bonferroni)."""

    @field_validator("precision", mode="before")
    @classmethod
    def _half_widths(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        known = load_indicators()
        for name in given:
            if name not in known:
                raise ValueError(f'unknown indicator "{name}"; {did_you_mean(name, known)}')
        return {name: HalfWidth.parsed(value) for name, value in given.items()}

    @field_serializer("precision")
    def _spelt(self, precision: Mapping[str, HalfWidth]) -> dict[str, str | float]:
        return {name: half.spelt for name, half in precision.items()}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_replications < self.replications:
            raise ValueError(f"max_replications is below replications, {self.replications}")
        return self

    def exactly(self, replications: int) -> Experiment:
        """Return the same experiment with a fixed number of replications."""
        counts = {"replications": replications, "max_replications": replications, "precision": {}}
        return validated(Experiment, {"seed": self.seed} | counts, "experiment")


def assignments(settings: list[str]) -> dict[str, Any]:
    """Return the overrides told on the command line as ``block.lever=value``.

    A value is a single YAML value, read as strictly as a file, except that a time needs no quotes:
    only a text can hold it.

    Examples
    --------
    >>> assignments(["seats.operators.night=5", "forfaits.evening_window=18:00-06:00"])
    {'seats': {'operators': {'night': 5}}, 'forfaits': {'evening_window': '18:00-06:00'}}
    """
    overrides: dict[str, Any] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        *blocks, lever = path.strip().split(".")
        if not equals or not all(blocks) or not lever:
            raise InputError(f'--set {setting}: write block.lever=value, as "horizon.days=28"')
        inner = overrides
        for block in blocks:
            inner = inner.setdefault(block, {})
            if not isinstance(inner, dict):
                raise InputError(f"--set {setting}: {block} was already given a value")
        if lever in inner:
            raise InputError(f"--set {setting}: {path.strip()} is set twice")
        inner[lever] = scalar(text, f"--set {path.strip()}")
    return overrides


def _merged(levers: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(levers)
    for key, value in overrides.items():
        old = levers.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping):
            merged[key] = _merged(old, value)
        elif value is None and key in levers:
            del merged[key]
        else:
            merged[key] = value
    return merged
