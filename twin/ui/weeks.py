"""Hours of the week as a picture and as words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import altair as alt
import pandas as pd

from twin.model.patterns import Weekday
from twin.reports import charts

__all__ = ["heat", "week_heat", "weekdays_words"]

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
H_PER_DAY = 24
ROW_PX, FRAME_PX = 30, 40


def weekdays_words(days: Sequence[str]) -> str:
    """Days of a shift in French.

    Examples
    --------
    >>> weekdays_words(["saturday", "sunday"])
    'samedi, dimanche'
    """
    if len(days) == len(WEEKDAYS):
        return "tous les jours"
    names = dict(zip(get_args(Weekday), WEEKDAYS, strict=True))
    return ", ".join(names[day] for day in days)


def week_heat(seats: Sequence[float]) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Picture of a quantity by hour of the week, from Monday 00:00, and its table."""
    table = pd.DataFrame(
        {
            "Jour": [day for day in WEEKDAYS for _ in range(H_PER_DAY)],
            "Heure": [hour % H_PER_DAY for hour in range(len(seats))],
            "Sièges": seats,
        }
    )
    return heat(table, "Jour", "Sièges", WEEKDAYS)


def heat(
    table: pd.DataFrame, rows: str, values: str, order: Sequence[str]
) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Picture of `values` by hour of the day and row, in this order, and its table."""
    middle = float(table[values].min() + table[values].max()) / 2
    place = alt.Chart(table).encode(
        x=alt.X("Heure:O", title="heure", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(f"{rows}:N", title=None, sort=list(order), axis=alt.Axis(labelLimit=200)),
    )
    colour = alt.Color(f"{values}:Q", scale=alt.Scale(scheme=charts.SCHEME), legend=None)
    ink = alt.condition(alt.datum[values] > middle, alt.value("white"), alt.value("black"))
    words = alt.Text(f"{values}:Q", format=".0f")
    drawn = alt.layer(
        place.mark_rect(stroke="white").encode(color=colour),
        place.mark_text(fontSize=11).encode(text=words, color=ink),
    )
    wide = table.pivot(index=rows, columns="Heure", values=values).loc[list(order)].round(1)
    wide.columns = [f"{hour} h" for hour in wide.columns]
    return drawn.properties(height=ROW_PX * len(order) + FRAME_PX), wide.reset_index()
