"""The stored constants give back what they were found from, and follow the assumptions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import TwinError
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.kappa import calibrated, load_calibration
from twin.planning.calibration import (
    MOVED,
    Kappas,
    _reported,
    _root,
    observed_centres,
)
from twin.scenarios.library import load_scenario

STATED = 0.05
"""The solver stops at 1 % of the logarithm, on figures that chance moves by a few percent."""


@pytest.mark.parametrize("name", ["Marseille 2015", "Toulouse 2018"])
def test_the_constants_give_back_the_centres_they_come_from(name: str) -> None:
    calibration = load_calibration()
    kappas = Kappas(calibration.kappa_police.central, calibration.kappa_nuisance.central)
    centre = next(each for each in observed_centres() if each.name == name)
    assert centre.role == "calibration"
    found = _reported(load_scenario("reference"), {}, centre, kappas, centre.seats, 1)
    assert found == pytest.approx(centre.value, rel=STATED)


def test_only_one_centre_identifies_each_constant() -> None:
    roles = [(each.role, each.police_only) for each in observed_centres()]
    assert roles.count(("calibration", True)) == roles.count(("calibration", False)) == 1
    assert sum(role == "prediction" for role, _ in roles) >= 3


@pytest.mark.parametrize("key", MOVED)
@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("name", ["kappa_police", "kappa_nuisance"])
def test_a_scenario_at_an_end_gets_the_constant_of_that_end(key, end, name) -> None:
    solved = getattr(getattr(load_calibration(), name).ends[key], end)
    assert calibrated(name, Assumptions({key: end})) == pytest.approx(solved)


@given(st.floats(0.25, 0.8))
def test_kappa_moves_monotonically_between_the_ends(share: float) -> None:
    ends = load_calibration().kappa_police.ends["held_share"]
    found = calibrated("kappa_police", Assumptions({"held_share": share}))
    assert ends.high <= found * (1 + 1e-12)
    assert found <= ends.low * (1 + 1e-12)


def test_an_assumption_that_moves_nothing_leaves_kappa_alone() -> None:
    other = next(key for key in load_assumptions() if key not in MOVED)
    central = load_calibration().kappa_police.central
    assert calibrated("kappa_police", Assumptions({other: "high"})) == central


@given(st.floats(1, 1e4), st.floats(0.1, 10))
def test_the_solver_finds_the_constant_of_a_proportional_room(wanted: float, part: float) -> None:
    try:
        found = _root(lambda kappa: part * kappa, wanted, 9.0)
    except TwinError:
        assert part * 9.0 < 1, "it starts where a room reports less than one notice"
    else:
        assert math.isclose(found, wanted / part, rel_tol=0.02) or part * found < 1
