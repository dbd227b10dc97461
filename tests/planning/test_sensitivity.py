"""Laws of the searches on functions whose answer is known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.model.assumptions import Assumption
from twin.planning.points import Factor
from twin.planning.screening import Screening
from twin.planning.sensitivity import (
    Conclusion,
    ends,
    reversals,
    reversing_value,
    tornado,
)
from twin.planning.study import influential


def factor(key: str, low: float, central: float, high: float, **more: str) -> Factor:
    words = {"unit": "u", "distribution": "uniform", "grade": "hypothesis", "confidence": "low"}
    entry = Assumption(
        label=key, low=low, central=central, high=high, source="hypothesis", **words | more
    )
    return Factor(key, {key: entry})


ANGLES = [factor(key, -math.pi, 0, math.pi) for key in ("a", "b", "c")]


def ishigami(at):
    a, b, c = (at.get(key, 0.0) for key in "abc")
    return math.sin(a) + 7 * math.sin(b) ** 2 + 0.1 * c**4 * math.sin(a)


def test_screening_ranks_as_the_function_says() -> None:
    weights = {"a": 1.0, "b": 10.0, "c": 0.0}
    screening = Screening(ANGLES, 6, seed=1)
    effects = screening.effects(
        [sum(weights[key] * at[key] for key in weights) for at in screening.points]
    )
    assert list(effects.index) == ["b", "a", "c"]
    span = 0.9 * 2 * math.pi
    for key, weight in weights.items():
        assert effects.loc[key, "mu_star"] == pytest.approx(weight * span)
        assert effects.loc[key, "sigma"] == pytest.approx(0, abs=1e-9)


def test_screening_of_ishigami() -> None:
    screening = Screening(ANGLES, 60, seed=1)
    effects = screening.effects([ishigami(at) for at in screening.points])
    assert effects["mu_star"].min() > 1
    # On four levels that are symmetrical about 0, sin(b)^2 goes up as often as down.
    assert abs(effects.loc["b", "mu"]) < effects.loc["b", "mu_star"] / 2
    assert effects.loc["c", "sigma"] > effects.loc["c", "mu_star"] / 2


def test_a_trajectory_moves_one_number_at_a_time() -> None:
    points = Screening(ANGLES, 2, seed=5).points
    assert len(points) == 2 * (len(ANGLES) + 1)
    for start in (0, 4):
        for before, after in pairwise(points[start : start + 4]):
            assert sum(before[key] != after[key] for key in "abc") == 1


def test_what_is_never_drawn_is_not_screened_but_kept() -> None:
    rule = factor("rule", 1, 2, 3, distribution="fixed")
    screening = Screening([*ANGLES, rule], 4, seed=1)
    assert all("rule" not in at for at in screening.points)
    effects = {"x": screening.effects([at["a"] + 0.01 * at["b"] for at in screening.points])}
    kept = influential(effects, [*ANGLES, rule], 0.05)
    assert [each.key for each in kept] == ["a", "rule"]
    assert influential({}, [*ANGLES, rule], 0.05) == [*ANGLES, rule]
    with pytest.raises(InputError, match="at least 2"):
        Screening(ANGLES, 1, seed=1)


@given(st.floats(0.1, 100), st.floats(-50, 50))
def test_the_reversing_value_of_a_line_is_exact(slope: float, crossing: float) -> None:
    found = reversing_value(lambda x: slope * (x - crossing), -60.0, 60.0, tolerance=1e-9)
    assert found is not None
    assert found.value == pytest.approx(crossing, abs=2e-9)
    assert found.before <= found.value + 1e-9
    assert found.after >= found.value - 1e-9
    back = reversing_value(lambda x: slope * (x - crossing), 60.0, -60.0, tolerance=1e-9)
    assert back is not None
    assert back.value == pytest.approx(found.value, abs=4e-9)


def test_no_flip_is_none_and_a_step_is_found() -> None:
    assert reversing_value(lambda x: x + 1, 0.0, 5.0, tolerance=1e-3) is None
    step = reversing_value(lambda x: 1.0 if x < 3.2 else -1.0, 0.0, 5.0, tolerance=1e-6)
    assert step is not None
    assert step.value == pytest.approx(3.2, abs=1e-6)


@given(st.floats(0.05, 2))
def test_doubt_surrounds_the_flip(doubt: float) -> None:
    found = reversing_value(lambda x: 5 - x, 0.0, 10.0, tolerance=0.01, doubt=lambda _: doubt)
    assert found is not None
    assert found.before <= 5 - doubt + 1e-12
    assert found.after >= 5 + doubt - 1e-12
    assert 5 - found.before <= 2 * doubt + 0.05
    assert found.after - 5 <= 2 * doubt + 0.05


@given(st.floats(-10, 10), st.floats(0.1, 10))
def test_a_tornado_of_a_line_is_symmetrical_and_sorted(base: float, slope: float) -> None:
    near, far = factor("near", -1, 0, 1), factor("far", -3, 0, 3)
    table = tornado(lambda at: base + slope * sum(at.values()), [near, far])
    assert list(table["key"]) == ["far", "near"]
    for _, row in table.iterrows():
        assert row["at_high"] - base == pytest.approx(base - row["at_low"])
        assert row["swing"] == pytest.approx(row["at_high"] - row["at_low"])


def test_a_tornado_asks_for_its_points_only() -> None:
    asked = []
    tornado(lambda at: asked.append(dict(at)) or 0.0, ANGLES)
    assert asked == [dict(at) for at in ends(ANGLES)]


@given(st.floats(1.1, 9.9))
def test_reversals_of_each_number_alone(threshold: float) -> None:
    assume(abs(threshold - 2) > 0.01)
    price, count = factor("price", 1, 2, 10), factor("count", 1, 1, 3)
    found = reversals(
        lambda at: threshold - at.get("price", 2.0) * at.get("count", 1.0),
        [price, count],
        resolution=1e-9,
    )
    assert [(each.factor.key, each.end) for each in found] == [
        ("price", 1),
        ("price", 10),
        ("count", 3),
    ]
    flips = [each.flip for each in found]
    crossed = flips[0] if threshold < 2 else flips[1]
    assert crossed is not None
    assert crossed.value == pytest.approx(threshold, abs=1e-6)
    assert found[1 if threshold >= 2 else 0].figure.unit == "u"
    assert (flips[2] is not None) == (2 <= threshold < 6)


def test_a_number_that_is_never_drawn_stays_whole() -> None:
    lines = factor("lines", 1, 1, 9, distribution="fixed")
    tried = set()

    def margin(at):
        tried.add(at["lines"])
        return 4.5 - at["lines"]

    (found,) = reversals(margin, [lines])
    assert found.flip is not None
    assert found.flip.value == 5
    assert all(value == int(value) for value in tried)


def test_beyond_the_range_when_asked_and_no_further_than_makes_sense() -> None:
    share = factor("share", 0.2, 0.5, 0.8, unit="part")
    hours = factor("hours", 1, 2, 8, distribution="lognormal")
    found = reversals(lambda at: 1.0, [share, hours], beyond=3)
    assert [each.end for each in found] == pytest.approx([0.02, 0.999, 0.25, 128])
    assert {each.flip for each in found} == {None}
    rule = factor("rule", 1, 4, 9, distribution="fixed")
    assert [each.end for each in reversals(lambda at: 1.0, [rule], beyond=3)] == [1, 9]
    (inside,) = (
        each
        for each in reversals(lambda at: at.get("hours", 2) - 20, [hours], beyond=2)
        if each.end > 2
    )
    assert inside.flip is not None


def test_several_answers_of_one_test_move_together() -> None:
    one = factor("one", 0.5, 0.85, 0.85).entry
    four = factor("four", 0.5, 0.74, 0.74, distribution="triangular").entry
    both = Factor("four", {"four": four, "one": one})
    assert both.at(0.62) == pytest.approx({"four": 0.62, "one": 0.675})
    for share in np.linspace(0.01, 0.99, 9):
        drawn = both.drawn(float(share))
        assert set(drawn) == {"one", "four"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("requisition_saved=0.99", "write indicator>=number"),
        ("requisition_saved>=much", "write indicator>=number"),
        ("requisition_saved>=nan", "write indicator>=number"),
        ("requisition_save>=0.99", 'did you mean "requisition_saved"'),
    ],
)
def test_a_conclusion_that_cannot_be_read(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match="conclusion") as refusal:
        Conclusion.read(text)
    assert sentence in str(refusal.value)


def test_a_conclusion_holds_on_its_threshold() -> None:
    most, least = Conclusion.read("call_to_alert_p90<=4"), Conclusion.read("patrols_made>=0.95")
    assert str(most) == "call_to_alert_p90<=4"
    assert most.margin(4) == least.margin(0.95) == 0
    assert most.margin(5) < 0 < most.margin(3)
    assert least.margin(0.9) < 0 < least.margin(1)
