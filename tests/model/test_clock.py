from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.rooms import days
from twin.model.clock import MS_PER_H, Window

CLOCKS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]


@pytest.mark.parametrize("text", ["18:00", "18h-06h", "24:30-06:00", "7:00-8:00", ""])
def test_a_window_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match='a window such as "18:00-06:00"'):
        Window.parse(text)


@given(st.sampled_from(CLOCKS), st.sampled_from([*CLOCKS, "24:00"]))
def test_a_window_and_its_complement_share_nothing_and_fill_the_day(start, end):
    window = Window.parse(f"{start}-{end}")
    rest = window.complement()
    if rest is None:
        assert window.length_min == 24 * 60
    else:
        assert window.length_min + rest.length_min == 24 * 60
        assert not window.overlaps(rest)
        assert not rest.overlaps(window)
    assert window.overlaps(window)


@settings(deadline=None)
@given(
    st.sampled_from(CLOCKS),
    st.sampled_from([*CLOCKS, "24:00"]),
    st.sampled_from([date(2027, 1, 4), date(2027, 3, 26), date(2027, 10, 29)]),
)
def test_spans_cut_at_the_horizon_are_the_intervals_of_the_calendar(start, end, first_day):
    calendar = days(4, first_day)
    merged: list[tuple[int, int]] = []
    for _, start_ms, end_ms in Window.parse(f"{start}-{end}").spans(calendar):
        cut = (max(start_ms, 0), min(end_ms, calendar.horizon_ms))
        merged.append((merged.pop()[0], cut[1]) if merged and merged[-1][1] == cut[0] else cut)
    assert merged == calendar.intervals(f"{start}-{end}")


def test_a_night_is_longer_when_the_clock_goes_back():
    spans = Window.parse("22:00-06:00").spans(days(3, date(2027, 10, 30)))
    assert [(end - start) // MS_PER_H for _, start, end in spans] == [8, 9, 8, 8]
