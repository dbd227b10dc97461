"""When things happen: hour-of-week and month profiles. Every one of them is a hypothesis.

No hour-by-hour table by category of recorded crime is published in France, only a few shares
("73 % of car thefts at night"). The profile of a category is therefore the smoothest curve that
meets its anchors, ``data/profile_anchors.csv``: the non-negative one with the least sum of squared
circular second differences. A command computes these curves once (`write_profiles`); anchors
whose value is an assumption act when a scenario is played (`hourly_profile`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from twin.errors import InputError, MissingError
from twin.files import atomic_write, data_folder, read_rows
from twin.model.assumptions import Assumptions, Grade, Sources, load_assumptions
from twin.model.cells import one_of
from twin.model.mel import load_mel

__all__ = [
    "MONTHS",
    "WEEK",
    "Anchor",
    "Category",
    "Circle",
    "hourly_profile",
    "load_anchors",
    "load_categories",
    "load_profiles",
    "profiles_file",
    "smoothest",
    "write_profiles",
]

Floats = npt.NDArray[np.float64]
Curves = dict[tuple[str, str], Floats]
Columns = dict[str, Callable[[str], Any]]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = tuple(f"{hour:02}" for hour in range(24))
_MONTHS = tuple(str(month + 1) for month in range(12))
_COMMON_YEAR = np.arange("2027-01", "2028-02", dtype="datetime64[M]").astype("datetime64[D]")

_ANCHOR_WEIGHT = 1e6
_ANCHOR_TOLERANCE = 1e-7
_REMEDY = "run `twin calibrate profiles`"


class Circle(NamedTuple):
    """A period that comes again, and the weight of each of its steps in a mean."""

    name: str
    weight: Floats


WEEK = Circle("week", np.ones(len(_DAYS) * len(_HOURS)))
"""The 168 hours from Monday 00:00."""
MONTHS = Circle("year", np.diff(_COMMON_YEAR).astype(np.float64))
"""The 12 months, weighted by their days in a common year."""


class Selection(NamedTuple):
    """Some steps of a circle."""

    circle: Circle
    steps: npt.NDArray[np.bool_]


class Anchor(NamedTuple):
    """One thing that is known, or supposed, of a profile."""

    profile: str
    """A category, a class of incidents or a kind of request."""
    when: Selection
    against: Selection
    """What `when` is compared with: everything, unless the file says otherwise."""
    comparison: str
    """A "share" of what happens in `against`, or a "ratio" to the mean rate in `against`."""
    value: float | str
    """A number, or the key of the assumption that gives it when a scenario is played."""
    grade: Grade
    source: str

    def equation(self) -> Floats:
        """Coefficients of the linear equation, with 0 on its right side, that a curve must meet."""
        weight = self.when.circle.weight
        inside, reference = weight * self.when.steps, weight * self.against.steps
        if self.comparison == "ratio":
            inside, reference = inside / inside.sum(), reference / reference.sum()
        else:
            inside, reference = inside / weight.sum(), reference / weight.sum()
        return np.asarray(inside - float(self.value) * reference)


class Category(NamedTuple):
    """The part of a recorded indicator that belongs to one class of incidents."""

    category: str
    indicator: str
    """Label in the recorded facts."""
    incident_class: str
    """"police", "nuisance", or "none" for what no street camera can see."""
    share: float
    """Part of the indicator's visible facts."""


def smoothest(circle: Circle, anchors: Sequence[Anchor], base: Floats | None = None) -> Floats:
    """Non-negative curve of mean 1 that meets `anchors`, with the least squared bends.

    One non-negative least squares problem: the rows of the second differences, and those of the
    anchors with a weight so large that they hold to 1e-7.

    Parameters
    ----------
    circle : Circle
    anchors : sequence of Anchor
        Anchors of this circle whose value is a number.
    base : float64[steps], optional
        Curve to depart from: the bends are then those of the departure.

    Raises
    ------
    InputError
        No curve meets all the anchors.

    Examples
    --------
    >>> smoothest(MONTHS, []).round(6).tolist() == [1.0] * 12
    True
    """
    steps = len(circle.weight)
    here = np.eye(steps)
    bends = np.roll(here, 1, axis=1) - 2 * here + np.roll(here, -1, axis=1)
    rows = np.vstack([circle.weight / circle.weight.sum(), *(each.equation() for each in anchors)])
    sides = np.zeros(len(rows))
    sides[0] = 1
    wanted = np.zeros(steps) if base is None else bends @ base
    curve, _ = nnls(
        np.vstack([bends, _ANCHOR_WEIGHT * rows]),
        np.concatenate([wanted, _ANCHOR_WEIGHT * sides]),
    )
    if np.abs(rows @ curve - sides).max() > _ANCHOR_TOLERANCE:
        facts = ", ".join(f"{each.comparison} {each.value:g}" for each in anchors)
        raise InputError(
            f'no {circle.name} profile of "{anchors[0].profile}" meets its anchors ({facts})'
        )
    return np.asarray(curve, dtype=np.float64)


def hourly_profile(name: str, assumptions: Assumptions) -> Floats:
    """Relative rate of a class of incidents or kind of request by month and hour of week.

    A class mixes its categories by their visible facts in the MEL: recorded facts × share that a
    street camera can see × share of the category that is of the class. Anchors tied to an
    assumption are then met by the smoothest departure.

    Parameters
    ----------
    name : str
        "police", "nuisance", or a profile of the derived file.

    Returns
    -------
    float64[12, 168]
        Its mean is 1 over the hours of a week and the days of a common year.

    Examples
    --------
    >>> profile = hourly_profile("police", Assumptions({"evening_share": 0.6}))
    >>> evening = [hour for hour in range(168) if not 6 <= hour % 24 < 18]
    >>> week = np.average(profile, axis=0, weights=MONTHS.weight)
    >>> round(float(week[evening].sum() / week.sum()), 6)
    0.6
    """
    curves = load_profiles(profiles_file(assumptions.sources))
    weights = {name: 1.0} if (name, WEEK.name) in curves else _visible_facts(name, assumptions)
    profile = np.zeros((len(MONTHS.weight), len(WEEK.weight)))
    for part, weight in weights.items():
        if (part, WEEK.name) not in curves:
            raise MissingError(f'no profile of "{part}"; {_REMEDY}')
        months = _adjusted(part, MONTHS, curves[part, MONTHS.name], assumptions)
        profile += weight * np.outer(months, curves[part, WEEK.name])
    profile /= sum(weights.values())
    week = np.average(profile, axis=0, weights=MONTHS.weight)
    # An hour that was empty and is filled by an anchor takes the months of the whole week.
    by_month = np.repeat(profile.mean(axis=1, keepdims=True), len(week), axis=1)
    np.divide(profile, week, out=by_month, where=week > 0)
    return by_month * _adjusted(name, WEEK, week, assumptions)


def _adjusted(name: str, circle: Circle, curve: Floats, assumptions: Assumptions) -> Floats:
    """`curve`, or the smoothest departure from it that meets the anchors tied to an assumption."""
    anchors = [
        each._replace(value=assumptions[each.value])
        for each in load_anchors()
        if each.profile == name and each.when.circle is circle and isinstance(each.value, str)
    ]
    return smoothest(circle, anchors, base=curve) if anchors else curve


def _visible_facts(incident_class: str, assumptions: Assumptions) -> dict[str, float]:
    recorded = load_mel().facts
    total = dict(zip(recorded.indicators, recorded.count.sum(axis=0).tolist(), strict=True))
    facts = {
        each.category: total[each.indicator] * assumptions[f"visible_{each.category}"] * each.share
        for each in load_categories()
        if each.incident_class == incident_class
    }
    if not any(facts.values()):
        raise InputError(f'no category of the class "{incident_class}" can be seen by a camera')
    return facts


def profiles_file(sources: Sources) -> Path:
    """Derived file of the curves that meet the anchors of these sources."""
    name = "profiles.csv" if sources is Sources.ALL else f"profiles_{sources}.csv"
    return data_folder() / "derived" / name


def load_profiles(path: Path | None = None) -> Curves:
    """Curves by (profile, "week" or "year"), from ``data/derived/profiles.csv``."""
    return _read_profiles(path or profiles_file(Sources.ALL))


def write_profiles(path: Path, sources: Sources = Sources.ALL) -> None:
    """Compute the curve of every category and kind of request, and write them as one table.

    Anchors of other `sources` are left out: their curves are as smooth as the rest allows.
    """
    numbers = [anchor for anchor in load_anchors() if isinstance(anchor.value, float)]
    names = {each.category for each in load_categories() if each.incident_class != "none"}
    anchors = [anchor for anchor in numbers if sources.allow(anchor.grade)]
    lines = ["profile,circle,step,factor"]
    for name in sorted(names | {anchor.profile for anchor in numbers}):
        for circle in (WEEK, MONTHS):
            curve = smoothest(
                circle,
                [each for each in anchors if each.profile == name and each.when.circle is circle],
            )
            lines += [
                f"{name},{circle.name},{step},{factor:.6f}" for step, factor in enumerate(curve)
            ]
    atomic_write(path, "\n".join(lines) + "\n")
    _read_profiles.cache_clear()


def load_anchors(path: Path | None = None) -> tuple[Anchor, ...]:
    """Anchors of the profiles, from ``data/profile_anchors.csv`` or another file of that shape.

    `when` is written ``hours=22-06`` (from 22:00 to 06:00), ``days=Sat,Sun``, ``days=Mon-Fri
    hours=08-18`` (both hold) or ``months=10-12``.
    """
    return _read_anchors(path or data_folder() / "profile_anchors.csv")


def load_categories(path: Path | None = None) -> tuple[Category, ...]:
    """Class of each recorded category, from ``data/categories.csv``; a category may be split."""
    return _read_categories(path or data_folder() / "categories.csv")


@cache
def _read_profiles(path: Path) -> Curves:
    if not path.exists():
        raise MissingError(f"{path}: no such file; {_REMEDY}")
    columns: Columns = {"profile": str, "circle": str, "step": int, "factor": _rate}
    rows = {(row["profile"], row["circle"], row["step"]): row for row in read_rows(path, columns)}
    curves = {}
    for name in {name for name, _, _ in rows}:
        for circle in (WEEK, MONTHS):
            found = [rows.get((name, circle.name, step)) for step in range(len(circle.weight))]
            factors = np.array([row["factor"] for row in found if row])
            if len(factors) < len(found):
                raise InputError(f'{path}: the profile "{name}" is not whole; {_REMEDY}')
            # The rounding of the file is taken out of the mean.
            curves[name, circle.name] = factors / np.average(factors, weights=circle.weight)
    return curves


@cache
def _read_anchors(path: Path) -> tuple[Anchor, ...]:
    columns: Columns = {
        "profile": str,
        "when": _selection,
        "against": lambda text: _selection(text) if text else None,
        "comparison": partial(one_of, ("share", "ratio")),
        "value": _value,
        "grade": Grade,
        "source": str,
    }
    anchors = []
    for row in read_rows(path, columns):
        circle = row["when"].circle
        everything = Selection(circle, np.ones(len(circle.weight), dtype=np.bool_))
        anchors.append(Anchor(**{**row, "against": row["against"] or everything}))
    return tuple(anchors)


@cache
def _read_categories(path: Path) -> tuple[Category, ...]:
    columns: Columns = {
        "category": str,
        "indicator": str,
        "class": partial(one_of, ("police", "nuisance", "none")),
        "share": _rate,
    }
    rows = read_rows(path, columns)
    categories = tuple(Category(*(row[name] for name in columns)) for row in rows)
    for name in sorted({each.category for each in categories}):
        classes = [each.incident_class for each in categories if each.category == name]
        if classes != ["none"] and f"visible_{name}" not in load_assumptions():
            raise InputError(f'{path}: "{name}" needs an assumption named "visible_{name}"')
        total = sum(each.share for each in categories if each.category == name)
        if total != 1:
            raise InputError(f'{path}: the shares of "{name}" add to {total:g}, 1 is expected')
    return categories


def _value(text: str) -> float | str:
    try:
        return _rate(text)
    except ValueError:
        return one_of(load_assumptions(), text)


def _rate(text: str) -> float:
    number = float(text)
    if not 0 <= number < np.inf:
        raise ValueError("a number that is not negative is expected")
    return number


def _selection(text: str) -> Selection:
    """Steps written as in `load_anchors`."""
    days, hours = np.ones(len(_DAYS), dtype=np.bool_), np.ones(len(_HOURS), dtype=np.bool_)
    for part in text.split():
        key, _, spans = part.partition("=")
        if key == "months" and part == text:
            return Selection(MONTHS, _steps(spans, _MONTHS, end_included=True))
        if key == "days":
            days = _steps(spans, _DAYS, end_included=True)
        elif key == "hours":
            hours = _steps(spans, _HOURS, end_included=False)
        else:
            raise ValueError('"days=", "hours=" or both, or "months=" alone, are expected')
    return Selection(WEEK, np.logical_and.outer(days, hours).ravel())


def _steps(spans: str, names: tuple[str, ...], *, end_included: bool) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(names), dtype=np.bool_)
    for span in spans.split(","):
        first, dash, last = span.partition("-")
        start = names.index(one_of(names, first))
        length = 1
        if dash:
            length = (names.index(one_of(names, last)) - start) % len(names) + end_included
        chosen[(start + np.arange(length)) % len(names)] = True
    return chosen
