"""Draw the pictures of ``profiles.md``: ``python docs/draw_profiles.py`` (extra ``ui``)."""

from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from twin.model.assumptions import Assumptions
from twin.model.profiles import MONTHS, WEEK, hourly_profile, load_anchors, load_profiles

PICTURES = Path(__file__).parent / "pictures"
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
NOTE = "Hypothesis: the smoothest curve that meets the anchors. Mean rate = 1."


def classes() -> alt.TopLevelMixin:
    """Week of each class of incidents and kind of request, under the central assumptions."""
    names = ("police", "nuisance", "viewing_requests", "requisition_letters")
    curves = {
        name: np.average(hourly_profile(name, Assumptions()), axis=0, weights=MONTHS.weight)
        for name in names
    }
    return panels(
        curves, axis_of(DAYS, 24), "When the work of the centre arrives", columns=2, own_y=True
    )


def categories() -> alt.TopLevelMixin:
    """Week of each category that has an anchor on it."""
    return panels(
        anchored(WEEK.name), axis_of(DAYS, 24), "Recorded categories: hours of the week", columns=2
    )


def months() -> alt.TopLevelMixin:
    """Year of each category that has an anchor on it."""
    axis = axis_of(list("JFMAMJJASOND"), 1)
    return panels(anchored(MONTHS.name), axis, "Recorded categories: months", columns=3)


def anchored(circle: str) -> dict[str, np.ndarray]:
    """Curves of the derived file that an anchor shapes."""
    names = {
        anchor.profile
        for anchor in load_anchors()
        if anchor.when.circle.name == circle and isinstance(anchor.value, float)
    }
    seen = names - {"viewing_requests", "requisition_letters"}
    return {name: load_profiles()[name, circle] for name in sorted(seen)}


def axis_of(names: list[str], steps: int) -> alt.Axis:
    """Axis without ticks, each name in the middle of its `steps` steps."""
    middles = [steps * (position + 0.5) for position in range(len(names))]
    labels = f"{names}[floor(datum.value / {steps})]"
    return alt.Axis(values=middles, labelExpr=labels, title=None, grid=False, ticks=False)


def panels(
    curves: dict[str, np.ndarray], axis: alt.Axis, title: str, columns: int, own_y: bool = False
) -> alt.TopLevelMixin:
    """One small picture per curve, on a shared scale unless `own_y`."""
    table = pd.DataFrame(
        [
            {"profile": name, "step": step, "rate": round(float(rate), 3)}
            for name, curve in curves.items()
            for step, rate in enumerate([*curve, curve[-1]])
        ]
    )
    return (
        alt.Chart(table, title=alt.TitleParams(title, subtitle=NOTE, anchor="start"))
        .mark_line(interpolate="step-after", strokeWidth=1)
        .encode(
            alt.X("step:Q", axis=axis, scale=alt.Scale(nice=False)),
            alt.Y("rate:Q", title="relative rate"),
            alt.Facet("profile:N", columns=columns, title=None, sort=list(curves)),
        )
        .properties(width=720 // columns, height=110)
        .resolve_scale(y="independent" if own_y else "shared")
    )


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for draw in (classes, categories, months):
        draw().save(PICTURES / f"profiles_{draw.__name__}.svg")
