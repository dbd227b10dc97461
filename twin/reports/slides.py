"""The messages of a scenario as slides: native charts, notes, alternative text, in French.

The 16:9 template is built here: the one that the library brings is 4:3, and its titles do not
follow a change of size.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import vl_convert
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.shapes import MSO_SHAPE, PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from twin import __version__
from twin.contracts import Kind
from twin.reports.charts import PALETTE
from twin.reports.figures import number, period
from twin.reports.message import NOT_DELIBERATED, Bars, Message, Subject, ends
from twin.reports.participants import participants
from twin.scenarios.store import Run

__all__ = ["slides"]

INDEPENDENT = "Projet indépendant, non affilié à une collectivité"
LANGUAGE = "fr-FR"
INK, GREY, WARNING = "1F2A33", PALETTE[4][1:], PALETTE[1][1:]
WIDTH, HEIGHT = 13.333, 7.5
LEFT, INNER = 0.6, 12.1
"""Inches: left margin, and width between the margins."""
TITLE_ONLY = 5
"""Position of the layout kept, in the library's own template."""
MANY = 6
"""Categories from which a chart stands upright and reads its values on an axis."""
PICTURE_SCALE = 2.0
MAP = {"width": 560, "height": 460}
GROUPED = "# ##0"
"""Format of the numbers of charts: thousands apart, as French has them on any machine."""


@dataclass(frozen=True)
class _Box:
    """Place of a shape, in inches."""

    left: float
    top: float
    width: float
    height: float

    def __iter__(self) -> Iterator[Inches]:
        return map(Inches, astuple(self))


_TITLE = _Box(LEFT, 0.35, INNER, 1.05)
_CHART = _Box(LEFT, 1.55, 7.2, 3.75)
_FIGURES = _Box(8.1, 1.55, 4.6, 3.75)
_WORDS = _Box(LEFT, 5.4, INNER, 1.5)
_WIDE = _Box(LEFT, 1.55, INNER, 3.75)
_LARGE_WORDS = _Box(LEFT, 3.6, INNER, 3.2)
_FOOT = _Box(LEFT, 7.0, INNER, 0.36)


def slides(
    subject: Subject,
    stored: Run,
    said: Mapping[str, Message],
    *,
    named: bool = False,
    watermark: bool = True,
) -> bytes:
    """Content of a pptx file.

    Parameters
    ----------
    said : mapping of str to Message
        See `twin.reports.messages.messages`.
    named : bool
        Whether the map shows each commune; else it shows classes of communes.
    watermark : bool
        Whether every slide says that the commune has not voted.
    """
    deck = _template(watermark)
    total = len(said) + 2
    _opening(deck, subject, stored, total)
    _map_slide(deck, subject, 2, total, named=named)
    for rank, message in enumerate(said.values(), start=3):
        slide = _slide(deck, message.title, rank, total)
        if message.bars is not None:
            _chart(slide, message.bars)
        _figures(slide, message)
        words = (("Enveloppe", message.envelope), ("Ce qui le renverserait", message.reversal))
        box, size = (_WORDS, 12) if message.bars else (_LARGE_WORDS, 16)
        _paragraphs(slide, box, words, size=size)
        sources = dict.fromkeys(figure.source for _, figure in message.figures)
        _notes(slide, ("Sources et hypothèses", *sources, *message.notes))
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def _template(watermark: bool) -> Any:
    """Empty 16:9 deck with one layout, a title, and the colours of the charts."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    kept = deck.slide_layouts[TITLE_ONLY]
    for layout in list(deck.slide_layouts):
        if layout is not kept:
            deck.slide_layouts.remove(layout)
    for holder in (deck.slide_master, kept):
        for shape in list(holder.placeholders):
            if shape.placeholder_format.type == PP_PLACEHOLDER.TITLE:
                shape.left, shape.top, shape.width, shape.height = _TITLE
                shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
            else:
                shape._element.getparent().remove(shape._element)
    _style(deck.slide_master)
    core = deck.core_properties
    core.author = core.last_modified_by = INDEPENDENT
    core.language, core.comments = LANGUAGE, NOT_DELIBERATED if watermark else ""
    return deck


def _style(master: Any) -> None:
    """Titles to the left, dark and not too large; accents are those of the charts."""
    (level,) = master._element.xpath("p:txStyles/p:titleStyle/a:lvl1pPr")
    level.set("algn", "l")
    run = level.find(qn("a:defRPr"))
    run.set("sz", "2600")
    run.set("b", "1")
    theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    content = theme.blob.decode("utf-8")
    colours = {f"accent{n}": colour[1:] for n, colour in enumerate(PALETTE, 1)} | {"dk2": INK}
    for name, colour in colours.items():
        content = re.sub(rf'(<a:{name}><a:srgbClr val=")[0-9A-F]{{6}}', rf"\g<1>{colour}", content)
    theme._blob = content.encode("utf-8")


def _slide(deck: Any, title: str, rank: int, total: int) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    frame = slide.shapes.title.text_frame
    frame.word_wrap = True
    _write(frame.paragraphs[0], title, size=26, bold=True, colour=INK)
    edge = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_Box(0, 0, 0.18, HEIGHT))
    edge.fill.solid()
    edge.fill.fore_color.rgb = RGBColor.from_string(PALETTE[0][1:])
    edge.line.fill.background()
    _described(edge, "")
    watermark = f"{NOT_DELIBERATED.capitalize()}. " if deck.core_properties.comments else ""
    frame = _text(slide, _FOOT)
    paragraph = frame.paragraphs[0]
    if watermark:
        _write(paragraph, watermark, size=12, bold=True, colour=WARNING)
    _write(paragraph, f"{INDEPENDENT}. {rank} / {total}", size=12, colour=GREY)
    return slide


def _opening(deck: Any, subject: Subject, stored: Run, total: int) -> None:
    slide = _slide(deck, f"{subject.label} : ce que dit le jumeau numérique du CMSU", 1, total)
    manifest = stored.manifest
    lines = (
        ("Scénario", subject.name),
        ("Période simulée", period(stored)),
        (
            "Calcul",
            f"{manifest['identity'][:12]}, graine {manifest['seed']},"
            f" {subject.experiment.replications} réplication(s), version {__version__}",
        ),
        ("Chaque message", "porte son nombre, son enveloppe et ce qui le renverserait."),
        ("L'outil", "ne mesure ni la délinquance, ni l'effet des caméras sur elle."),
    )
    _paragraphs(slide, _WIDE, lines, size=18)
    _notes(slide, ("Identité complète du calcul", manifest["identity"]))


def _map_slide(deck: Any, subject: Subject, rank: int, total: int, *, named: bool) -> None:
    taking_part = participants(subject.scenario, named=named)
    slide = _slide(deck, taking_part.title, rank, total)
    png = vl_convert.vegalite_to_png(
        taking_part.chart.properties(**MAP).to_dict(), scale=PICTURE_SCALE
    )
    box = _Box(LEFT, 1.5, 0, 5.3)
    picture = slide.shapes.add_picture(io.BytesIO(png), *_corner(box), height=Inches(box.height))
    _described(picture, taking_part.says)
    right = picture.left + picture.width
    words = _Box(right / Inches(1) + 0.2, 1.7, WIDTH - right / Inches(1) - 0.8, 4.5)
    _paragraphs(slide, words, taking_part.lines, size=14)
    _notes(slide, ("Sources et hypothèses", *taking_part.notes))


def _corner(box: _Box) -> tuple[Any, Any]:
    return Inches(box.left), Inches(box.top)


def _chart(slide: Any, bars: Bars) -> None:
    """A chart of the presentation itself, whose numbers can be edited."""
    data = CategoryChartData(number_format=GROUPED)
    data.categories = bars.categories
    for name, values in bars.series:
        data.add_series(name, values)
    upright = len(bars.categories) >= MANY
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED if upright else XL_CHART_TYPE.BAR_CLUSTERED
    holder = slide.shapes.add_chart(kind, *_CHART, data)
    _described(holder, f"{bars.title}. {_in_words(bars)}")
    chart = holder.chart
    chart.font.size = Pt(12)
    chart.has_title = True
    _write(chart.chart_title.text_frame.paragraphs[0], bars.title, size=13, bold=True)
    chart.has_legend = len(bars.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.reverse_order = not upright
    chart.value_axis.has_major_gridlines = upright
    chart.value_axis.visible = upright
    if min(value for _, values in bars.series for value in values) >= 0:
        chart.value_axis.minimum_scale = 0
    plot = chart.plots[0]
    plot.gap_width, plot.has_data_labels = 50, not upright
    if not upright:
        plot.data_labels.number_format, plot.data_labels.number_format_is_linked = GROUPED, False
    for series, colour in zip(plot.series, PALETTE, strict=False):
        series.invert_if_negative = False
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor.from_string(colour[1:])


def _in_words(bars: Bars) -> str:
    """What a chart shows, for who does not see it."""
    return " ".join(
        f"{name} : "
        + " ; ".join(
            f"{category} {number(value)}"
            for category, value in zip(bars.categories, values, strict=True)
        )
        + "."
        for name, values in bars.series
    )


def _figures(slide: Any, message: Message) -> None:
    """Numbers of a message, each with its interval and nature."""
    frame = _text(slide, _WIDE if message.bars is None else _FIGURES)
    size = 28 if message.bars is None else 18
    for rank, (label, figure) in enumerate(message.figures):
        paragraph = frame.paragraphs[0] if rank == 0 else frame.add_paragraph()
        amount = f"{number(figure.value)}\u00a0{figure.unit}"
        _write(paragraph, amount, size=size, bold=True, colour=PALETTE[0][1:])
        paragraph = frame.add_paragraph()
        paragraph.space_after = Pt(6)
        span = f", {ends(figure)}" if ends(figure) else ""
        span = f" ; {figure.source}" if figure.kind is Kind.MEASURED else span
        _write(paragraph, label, size=12)
        _write(paragraph, f" ({figure.kind.value.lower()}{span})", size=11, colour=GREY)


def _paragraphs(slide: Any, box: _Box, lines: Iterable[tuple[str, str]], *, size: int) -> None:
    frame = _text(slide, box)
    for rank, (head, text) in enumerate(lines):
        paragraph = frame.paragraphs[0] if rank == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(size / 3)
        _write(paragraph, f"{head} : ", size=size, bold=True)
        _write(paragraph, text, size=size)


def _text(slide: Any, box: _Box) -> Any:
    frame = slide.shapes.add_textbox(*box).text_frame
    frame.word_wrap = True
    return frame


def _write(paragraph: Any, text: str, *, size: int, bold: bool = False, colour: str = INK) -> None:
    run = paragraph.add_run()
    run.text = text
    font = run.font
    font.size, font.bold, font.color.rgb = Pt(size), bold, RGBColor.from_string(colour)
    run._r.get_or_add_rPr().set("lang", LANGUAGE)


def _described(shape: Any, words: str) -> None:
    (properties,) = shape._element.xpath(".//p:cNvPr")
    properties.set("descr", words)


def _notes(slide: Any, lines: Iterable[str]) -> None:
    frame = slide.notes_slide.notes_text_frame
    for rank, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if rank == 0 else frame.add_paragraph()
        _write(paragraph, line, size=12)
