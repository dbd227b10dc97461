"""How the pages show things: figures with their badge, charts with their table, errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import altair as alt
import pandas as pd
import streamlit as st

from twin.contracts import Figure, Kind
from twin.errors import TwinError
from twin.reports.figures import cells, interval, number

__all__ = ["charted", "figures_table", "headlines", "told"]

BADGES = {Kind.MEASURED: "green", Kind.ASSUMED: "orange", Kind.COMPUTED: "blue"}
"""A colour beside the word, never instead of it."""


@contextmanager
def told() -> Iterator[None]:
    """Show a mistake of the user, or a damaged file, as one sentence instead of the rest."""
    try:
        yield
    except TwinError as problem:
        st.error(f"Cette demande ne peut pas être satisfaite. Détail (en anglais) : {problem}")


def headlines(figures: Sequence[tuple[str, Figure]]) -> None:
    """Show a few figures side by side, each with its interval, its nature and its source."""
    for column, (label, figure) in zip(st.columns(len(figures)), figures, strict=True):
        with column, st.container(border=True):
            st.markdown(label)
            st.subheader(f"{number(figure.value)}\u00a0{figure.unit}", anchor=False)
            st.badge(figure.kind.value, color=BADGES[figure.kind])  # type: ignore[arg-type]
            ends = "aucun intervalle" if figure.low == figure.high else interval(figure)
            st.caption(f"Intervalle : {ends}")
    sources = dict.fromkeys(figure.source for _, figure in figures)
    st.caption(f"Source : {' ; '.join(sources)}.")


def figures_table(
    figures: Iterable[tuple[str, Figure]], alt: str, span: str = "Intervalle à 95 %"
) -> None:
    """Show figures one per line: value, interval (under the heading `span`), nature and source."""
    rows = pd.DataFrame([cells(label, figure) for label, figure in figures])
    st.table(rows.rename(columns={"Intervalle à 95 %": span}), hide_index=True, alt=alt)


def charted(
    chart: alt.TopLevelMixin, table: pd.DataFrame, says: str, select: str | None = None
) -> list[str]:
    """Show a chart with what it says in words, and the same numbers as a table.

    Parameters
    ----------
    select : str, optional
        Name of a selection of the chart.

    Returns
    -------
    list of str
        INSEE codes that are selected.
    """
    state = st.altair_chart(  # type: ignore[call-overload]
        chart,
        width="stretch",
        theme=None,
        alt=says,
        **({} if select is None else {"on_select": "rerun", "selection_mode": select}),
    )
    with st.expander("Tableau équivalent"):
        st.caption(says)
        st.dataframe(table, hide_index=True, alt=says)
    chosen = state["selection"][select] if select else []
    return [one["insee"] for one in chosen]
