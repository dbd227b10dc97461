"""The question of the address: what it may say, and what it may not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from twin.errors import InputError
from twin.ui.exchange import Kept, exported, imported

PAGE = """
from twin.ui.question import asked
from twin.ui.shown import told
import streamlit as st
with told():
    question = asked()
    st.text(question.scenario.seats.operators["night"])
"""


def shown(**address: list[str]) -> AppTest:
    page = AppTest.from_string(PAGE, default_timeout=30)
    for key, values in address.items():
        page.query_params[key] = values
    page.run()
    assert not page.exception
    return page


def test_an_address_restores_a_question() -> None:
    page = shown(scenario=["prudent"], avec=["seats.operators.night=6"])
    assert page.text[0].value == "6"


def test_without_an_address_the_first_scenario_is_asked() -> None:
    assert shown().text[0].value == "4"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"scenario": ["referense"]}, 'did you mean "reference"'),
        ({"scenario": ["../../etc"]}, "unknown scenario"),
        ({"scenario": ["reference"], "avec": ["seats.operators.night"]}, "write block.lever=value"),
        ({"scenario": ["reference"], "avec": ["communes.file=/etc/passwd"]}, "a file cannot be"),
        ({"scenario": ["reference"], "avec": ["network.links=/etc/passwd"]}, "a file cannot be"),
        ({"scenario": ["reference"], "avec": ["communes={file: x}"]}, "not a single value"),
        ({"scenario": ["reference"], "avec": ["horizon.days=1"] * 61}, "at most 60"),
    ],
)
def test_a_hostile_address_gets_one_sentence(address: dict[str, list[str]], said: str) -> None:
    (error,) = shown(**address).error
    assert said in error.value


@given(st.text(min_size=1, max_size=80), st.lists(st.text(max_size=40), max_size=5))
def test_a_question_comes_back_as_it_left(label: str, levers: list[str]) -> None:
    kept = Kept(label=label, scenario="reference", levers=tuple(levers))
    try:
        text = exported(kept)
    except UnicodeEncodeError:
        return
    assert imported(text.encode("utf-8", "surrogatepass")) == kept


@given(st.binary(max_size=300))
def test_any_file_is_a_question_or_one_sentence(content: bytes) -> None:
    with suppress(InputError):
        assert isinstance(imported(content), Kept)


def test_a_long_file_is_not_read() -> None:
    with pytest.raises(InputError, match="at most 20000"):
        imported(b"a" * 20_001)
