"""Plénière: a few locked screens, one message each, and the documents to leave with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from twin.reports.charts import PALETTE
from twin.reports.ethics import ethics_report
from twin.reports.message import NOT_DELIBERATED, Bars, Message, Subject
from twin.reports.messages import MESSAGES
from twin.reports.participants import participants
from twin.reports.slides import slides
from twin.reports.workbook import workbook
from twin.ui.answers import RUNS, Answer, answer, worked
from twin.ui.frame import question_bar
from twin.ui.question import Question
from twin.ui.shown import charted, figures_table, headlines

__all__ = ["show"]

SCREENS = {
    "presence": "La présence",
    "room": "La salle",
    "tariffs": "Les tarifs",
    "flows": "Les images",
    "unsaid": "Ce que l'outil ne dit pas",
}
"""Names of the screens, one for each message, in their order."""
BAR_HEIGHT = 40
"""Pixels of a lying bar and the space round it."""
PER_ROW = 3
"""Figures side by side; the others are in the table."""


def show() -> None:
    """Show the page."""
    st.title("Plénière")
    question = question_bar()
    left, right = st.columns(2)
    named = left.toggle("Montrer le nom des communes", value=False, key="plenary_names")
    watermark = right.toggle("Filigrane", value=True, key="plenary_watermark")
    subject, found = _subject(question)
    screen = st.segmented_control(
        "Écran",
        list(SCREENS),
        format_func=SCREENS.__getitem__,
        default=next(iter(SCREENS)),
        required=True,
        key="plenary_screen",
    )
    with st.spinner(f"{SCREENS[screen]} : calcul en cours…"):
        message = _said_once(screen, subject, found)
    if watermark:
        st.warning(f"**{NOT_DELIBERATED.capitalize()}.**", icon="⚠️")
    _show_message(message)
    _show_participants(subject, named=named)
    _show_documents(subject, found, named=named, watermark=watermark)


def _subject(question: Question) -> tuple[Subject, Answer]:
    """What is spoken of: the question, with the replications that are known of it."""
    found = answer(question)
    experiment = question.experiment.exactly(found.replications)
    return Subject(question.name, question.label, question.scenario, experiment, RUNS), found


def _said_once(key: str, subject: Subject, found: Answer) -> Message:
    # Prices, tariffs and links are not part of the run: the whole scenario is.
    decides = (found.stored.manifest["identity"], subject.scenario.model_dump_json())
    return _message(key, *decides, found.replications, subject)


@st.cache_data(show_spinner=False, max_entries=64)
def _message(
    key: str,
    identity: str,  # noqa: ARG001
    levers: str,  # noqa: ARG001
    replications: int,  # noqa: ARG001
    _subject: Subject,
) -> Message:
    """One message, found in a process of its own; kept by what decides of it."""
    return worked(_said, key, _subject)


def _said(key: str, subject: Subject) -> Message:
    return MESSAGES[key](subject, lambda *_: None)


def _show_message(message: Message) -> None:
    st.header(message.title, anchor=False)
    headlines(message.figures[:PER_ROW])
    if message.bars is not None:
        table = _table(message.bars)
        charted(_drawn(message.bars, table), _wide(table), f"{message.bars.title}.")
    st.markdown(f"**Enveloppe.** {_plain(message.envelope)}")
    st.markdown(f"**Ce qui le renverserait.** {_plain(message.reversal)}")
    with st.expander("Tous les chiffres, sources et hypothèses"):
        figures_table(message.figures, f"Chiffres du message : {message.title}")
        for note in message.notes:
            st.text(note)


def _table(bars: Bars) -> pd.DataFrame:
    rows = [
        (rank, category, name, value)
        for name, values in bars.series
        for rank, (category, value) in enumerate(zip(bars.categories, values, strict=True))
    ]
    return pd.DataFrame(rows, columns=["rang", "Catégorie", "Série", "Valeur"])


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    wide = table.pivot_table(index=["rang", "Catégorie"], columns="Série", values="Valeur")
    return wide.reset_index().drop(columns="rang")


def _drawn(bars: Bars, table: pd.DataFrame) -> alt.Chart:
    """Bars side by side along the years, or lying when there is a single series."""
    order, names = list(bars.categories), [name for name, _ in bars.series]
    long = alt.Axis(labelLimit=300)
    places: dict[str, Any] = {
        "x": alt.X("Valeur:Q", title=None),
        "y": alt.Y("Catégorie:N", sort=order, title=None, axis=long),
    }
    if len(names) > 1:
        places = {
            "x": alt.X("Catégorie:N", sort=order, title=None, axis=alt.Axis(labelAngle=0)),
            "y": alt.Y("Valeur:Q", title=None),
            "xOffset": alt.XOffset("Série:N", sort=names),
            "color": alt.Color("Série:N", sort=names, title=None),
        }
    bar = alt.Chart(table, title=bars.title).mark_bar(color=PALETTE[0]).encode(**places)
    chart: alt.Chart = bar if len(names) > 1 else bar.properties(height=alt.Step(BAR_HEIGHT))
    return chart


def _plain(text: str) -> str:
    """Text whose signs no Markdown reads."""
    return "".join(f"\\{sign}" if sign in "*_`[]<>$#~|" else sign for sign in text)


def _show_participants(subject: Subject, *, named: bool) -> None:
    shown = participants(subject.scenario, named=named)
    st.header("Qui participe, dans ce scénario", anchor=False)
    st.markdown(f"{shown.title}.")
    table = pd.DataFrame(shown.lines, columns=["Part", "Caméras"])
    charted(shown.chart, table, shown.says)


def _show_documents(subject: Subject, found: Answer, *, named: bool, watermark: bool) -> None:
    """Documents are made when they are asked: the slides need every message."""
    st.header("Documents", anchor=False)
    if not st.button("Préparer les documents", type="primary", key="plenary_prepare"):
        st.caption("Diapositives, classeur et rapport au comité d'éthique ; une à deux minutes.")
        return
    said, bar = {}, st.progress(0.0, "Messages…")
    for done, (key, label) in enumerate(SCREENS.items(), start=1):
        bar.progress((done - 1) / len(SCREENS), label)
        said[key] = _said_once(key, subject, found)
    bar.empty()
    made: dict[str, tuple[str, Callable[[], bytes | str]]] = {
        "Diapositives": (
            f"{subject.name}.pptx",
            partial(slides, subject, found.stored, said, named=named, watermark=watermark),
        ),
        "Classeur": (f"{subject.name}.xlsx", partial(workbook, subject, named=named)),
        "Rapport au comité d'éthique": (
            f"{subject.name}-ethique.md",
            partial(ethics_report, subject),
        ),
    }
    for column, (label, (file, make)) in zip(st.columns(len(made)), made.items(), strict=True):
        column.download_button(label, data=make, file_name=file, on_click="ignore")
