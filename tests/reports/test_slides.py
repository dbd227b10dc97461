import io
from typing import Any

import pytest
from pptx import Presentation
from pptx.util import Inches

from twin.model.mel import load_mel
from twin.reports.figures import number
from twin.reports.message import NOT_DELIBERATED, Message, Subject
from twin.reports.slides import slides
from twin.scenarios.experiment import Result


@pytest.fixture(scope="module")
def deck(subject: Subject, result: Result, said: dict[str, Message]) -> Any:
    return Presentation(io.BytesIO(slides(subject, result.stored, said)))


def words(slide: Any) -> str:
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_one_wide_slide_for_each_message_titled_by_it(deck: Any, said: dict[str, Message]) -> None:
    assert deck.slide_width == Inches(13.333)
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles[1] == "2 communes et 5 caméras dans ce scénario"
    assert titles[2:] == [message.title for message in said.values()]


def test_charts_are_native_and_hold_the_numbers_of_the_messages(
    deck: Any, said: dict[str, Message]
) -> None:
    for slide, message in zip(list(deck.slides)[2:], said.values(), strict=True):
        charts = [shape.chart for shape in slide.shapes if shape.has_chart]
        if message.bars is None:
            assert not charts
            continue
        (plot,) = charts[0].plots
        assert tuple(plot.categories) == message.bars.categories
        held = tuple((series.name, tuple(series.values)) for series in plot.series)
        assert held == message.bars.series


def test_each_slide_carries_its_figures_envelope_reversal_and_sources(
    deck: Any, said: dict[str, Message]
) -> None:
    for slide, message in zip(list(deck.slides)[2:], said.values(), strict=True):
        text, notes = words(slide), slide.notes_slide.notes_text_frame.text
        assert all(number(figure.value) in text for _, figure in message.figures)
        assert message.envelope in text
        assert message.reversal in text
        assert all(note in notes for note in message.notes)
        assert all(figure.source in notes for _, figure in message.figures)


def test_the_watermark_is_on_every_slide_unless_it_is_left_out(
    deck: Any, subject: Subject, result: Result
) -> None:
    said = NOT_DELIBERATED.capitalize()
    assert all(said in words(slide) for slide in deck.slides)
    bare = Presentation(io.BytesIO(slides(subject, result.stored, {}, watermark=False)))
    assert not any(said in words(slide) for slide in bare.slides)


def test_no_commune_is_named_and_every_text_is_french_and_every_picture_described(
    deck: Any,
) -> None:
    names = [place.name for place in load_mel().places if place.insee in ("59360", "59507")]
    for slide in deck.slides:
        text = words(slide) + slide.notes_slide.notes_text_frame.text
        assert not any(name in text for name in names)
        runs = slide._element.xpath(".//a:r/a:rPr")
        assert runs
        assert {run.get("lang") for run in runs} == {"fr-FR"}
        for shape in slide.shapes:
            if shape.has_chart or hasattr(shape, "image"):
                (properties,) = shape._element.xpath(".//p:cNvPr")
                assert properties.get("descr")


def test_the_map_is_a_picture(deck: Any) -> None:
    (picture,) = [shape for shape in deck.slides[1].shapes if hasattr(shape, "image")]
    assert picture.image.ext == "png"
    assert picture.left + picture.width < deck.slide_width
