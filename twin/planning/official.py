"""What a scenario loses without press and partisan sources, and what it still owes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from twin.model.assumptions import Assumption, Assumptions, Grade, Sources, load_assumptions
from twin.model.profiles import load_anchors
from twin.model.territory import Commune, build_territory
from twin.planning.calibration import observed_centres
from twin.scenarios.schema import Scenario

__all__ = ["Remaining", "Replaced", "is_official", "official", "remaining", "replaced"]


@dataclass(frozen=True)
class Replaced:
    """A number or a fact that stands on another source.

    Attributes
    ----------
    what : str
        What it is, in words.
    subject : {"assumption", "territory", "profile"}
    key : str
        Key of the assumption, column of the territory, or name of the profile.
    count : int
        Communes that change; 0 for what is not of a commune.
    before, after : str
        As they are with every source, and with official ones and hypotheses only.
    source : str
        What it now rests on.
    """

    what: str
    before: str
    after: str
    source: str
    subject: Literal["assumption", "territory", "profile"]
    key: str
    count: int = 0


@dataclass(frozen=True)
class Remaining:
    """A number that still rests on press or partisan sources.

    Attributes
    ----------
    key : str
        Assumption, or lever of the demand.
    value : float
        What the source gives.
    of : str
        Unit of an assumption; the room and what it reported for a lever.
    lever : bool
        Whether `key` is a lever.
    """

    key: str
    value: float
    of: str
    grade: Grade
    source: str
    lever: bool

    def __str__(self) -> str:
        """Write the sentence that is printed."""
        if self.lever:
            return (
                f"{self.key}: found from {self.source}, {self.value:g} of {self.of}, a "
                f"{self.grade} source; only --set demand.{self.key}=... takes its place"
            )
        return (
            f"{self.key}: no stand-in was written, {self.value:g} {self.of} stays ({self.source})"
        )


def official(scenario: Scenario) -> Scenario:
    """Return the scenario without what rests on press and partisan sources."""
    return scenario.with_overrides({"assumptions": {"sources": "official"}})


def is_official(scenario: Scenario) -> bool:
    """Whether a scenario leaves press and partisan sources out."""
    return Assumptions(scenario.assumptions).sources is Sources.OFFICIAL


def replaced(scenario: Scenario) -> list[Replaced]:
    """Everything that `official` changes in a scenario, or leaves as it is on another source.

    Communes are counted, not named.
    """
    return [*_assumptions(scenario), *_facts(scenario), *_anchors()]


def remaining(scenario: Scenario) -> list[Remaining]:
    """What still rests on press or partisan sources in `official` of a scenario."""
    found = [
        Remaining(key, entry.central, entry.unit, entry.grade, entry.source, lever=False)
        for key, entry in load_assumptions().items()
        if entry.stage == "run" and not Sources.OFFICIAL.allow(entry.by(Sources.OFFICIAL).grade)
    ]
    levers = {True: "kappa_police", False: "kappa_nuisance"}
    for room in observed_centres():
        lever = levers[room.police_only]
        given = getattr(scenario.demand, lever) is not None
        if room.role == "calibration" and not given and not Sources.OFFICIAL.allow(room.grade):
            found.append(
                Remaining(lever, room.value, room.observable, room.grade, room.name, lever=True)
            )
    return found


def _assumptions(scenario: Scenario) -> Iterator[Replaced]:
    for key, entry in load_assumptions().items():
        other = entry.by(Sources.OFFICIAL)
        if entry.stage == "run" and other != entry and key not in scenario.assumptions:
            ends = _range(entry), _range(other)
            yield Replaced(key, *ends, other.source, subject="assumption", key=key)


def _range(entry: Assumption) -> str:
    return f"{entry.central:g} ({entry.low:g} to {entry.high:g}), {entry.grade}"


def _facts(scenario: Scenario) -> Iterator[Replaced]:
    with_all, without = (
        build_territory(
            scenario.communes,
            scenario.forfaits,
            Assumptions({**scenario.assumptions, "sources": sources.value}),
        ).communes
        for sources in Sources
    )
    pairs = list(zip(with_all, without, strict=True))
    for what, source in (
        ("cameras", "the density cameras_per_1000"),
        ("forfait", "the rule of the scenario, without the rooms that only the press names"),
        ("retention_days", "the assumption retention_days"),
        ("force", "the rule by urban class"),
    ):
        changed = [pair for pair in pairs if getattr(pair[0], what) != getattr(pair[1], what)]
        if changed:
            before, after = (_counted([pair[side] for pair in changed], what) for side in (0, 1))
            said, count = f"{what} of {len(changed)} communes", len(changed)
            yield Replaced(said, before, after, source, "territory", what, count)


def _counted(communes: list[Commune], what: str) -> str:
    values = [getattr(commune, what) for commune in communes]
    if what == "cameras":
        return f"{sum(values)} in all"
    return ", ".join(
        f"{_plain(value)} ({count})" for value, count in sorted(Counter(values).items())
    )


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _anchors() -> Iterator[Replaced]:
    dropped = [
        anchor
        for anchor in load_anchors()
        if isinstance(anchor.value, float) and not Sources.OFFICIAL.allow(anchor.grade)
    ]
    for profile, count in sorted(Counter(anchor.profile for anchor in dropped).items()):
        total = sum(anchor.profile == profile for anchor in load_anchors())
        yield Replaced(
            f"profile of {profile}",
            f"{total} anchors",
            f"{total - count} anchors",
            "the smoothest curve that meets the others: hypothesis",
            subject="profile",
            key=profile,
        )
