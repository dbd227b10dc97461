from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.budget.books import AT_ONCE, NONE_LEFT_OUT, commune, levers, worlds
from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.budget.adoption import adopt, marks, members, year_index
from twin.model.budget.levers import BudgetLevers

MANY = tuple(commune(f"59{i:03}", 10 + i) for i in range(40))
ALL = sum(each.cameras for each in MANY)


def adopted(communes=MANY, assumptions=NONE_LEFT_OUT, **given_levers):
    return adopt(communes, BudgetLevers(**given_levers), Assumptions(assumptions))


def decembers(adoption):
    return adoption.connected[11::12].tolist()


def test_everybody_at_the_opening():
    adoption = adopted(assumptions=AT_ONCE)
    assert decembers(adoption) == [0] + [ALL] * 10
    assert adoption.communes_signed() == [40] * 11
    assert adoption.joining.sum(axis=0).tolist() == [0, ALL] + [0] * 9
    assert adoption.camera_months.sum(axis=0).tolist() == [0] + [12 * ALL] * 10


def test_signatures_follow_the_curve_and_connections_the_delay():
    adoption = adopted()
    curve = [0.12, 0.30, 0.50, 0.72, 0.90, *[1.0] * 6]
    assert adoption.communes_signed() == pytest.approx([40 * share for share in curve], abs=1)
    signed_before = [0, *adoption.communes_signed()[:-1]]
    connected = [
        len(set(adoption.commune[(adoption.start < 12 * (i + 1))].tolist())) for i in range(11)
    ]
    assert connected[1:] == signed_before[1:]
    faster = adopted(assumptions=NONE_LEFT_OUT | {"authorisation_delay_months": 3})
    assert all(f >= c for f, c in zip(decembers(faster), decembers(adoption), strict=True))
    assert adoption.communes_interested() == [40 - n for n in adoption.communes_signed()]


def test_pace_and_final_share():
    slow = adopted(assumptions=NONE_LEFT_OUT | {"adoption_pace": 0.5}).communes_signed()
    assert slow[1] == adopted().communes_signed()[0]
    half = adopted(assumptions=NONE_LEFT_OUT | {"adoption_final_share": 0.5})
    assert half.communes_signed()[-1] == pytest.approx(20, abs=1)
    nobody = adopted(assumptions=NONE_LEFT_OUT | {"adoption_final_share": 0.0})
    assert nobody.communes_signed() == [0] * 11
    assert nobody.communes_interested() == [40] * 11


def test_a_request_without_answer_waits_and_lapses_again_at_its_renewal():
    one = (commune("59163", 100),)
    adoption = adopted(one, AT_ONCE | {"refusal_share": 0.1})
    connected = adoption.connected.tolist()
    assert connected[12:16] == [90] * 4
    assert connected[16] == 100
    renewal = 12 + 60
    assert connected[renewal - 1 : renewal + 5] == [100, 90, 90, 90, 90, 100]
    assert adoption.joining.sum() == 100


def test_communes_leave_at_the_end_of_a_commitment():
    adoption = adopted(assumptions=AT_ONCE | {"leave_share": 0.2}, commitment_years=3)
    signed = adoption.communes_signed()
    assert signed[:4] == [40] * 4
    assert signed[4] == pytest.approx(32, abs=1)
    assert signed[7] == pytest.approx(40 * 0.8**2, abs=1)
    assert adoption.leaving.sum() == ALL - decembers(adoption)[-1]
    gone = adopted(assumptions=AT_ONCE | {"leave_share": 1.0}, commitment_years=1)
    assert decembers(gone) == [0, ALL] + [0] * 9


def test_cameras_are_added_year_after_year():
    one = (commune("59163", 100),)
    adoption = adopted(one, AT_ONCE | {"camera_growth": 0.1})
    assert decembers(adoption)[1:4] == [100, 110, 121]
    assert adoption.bought.sum(axis=0).tolist()[:4] == [0, 0, 10, 11]


def test_a_day_of_joining_replaces_the_curve():
    one = (commune("59163", 100, joined=date(2028, 7, 1)),)
    assert adopted(one).connected.tolist()[24 + 5 : 24 + 7] == [0, 100]


def test_every_moment_of_the_ramp_up_holds_the_same_mix():
    for share in (1 / 3, 2 / 3):
        chosen = members(38, share)
        assert len(chosen) == np.ceil(38 * share)
        gaps = np.diff([-1, *chosen, 38])
        assert gaps.max() <= 5
    assert sorted(np.argsort(marks(7)).tolist()) == list(range(7))
    assert members(38, 1.0) == list(range(38))


def test_years():
    with pytest.raises(InputError, match="year: 2040 is not between 2026 and 2036"):
        year_index(2040)


@settings(max_examples=15, deadline=None)
@given(worlds(), levers, st.integers(1, 25))
def test_cameras_are_never_created_nor_lost(world, chosen, count):
    adoption = adopt(MANY[:count], BudgetLevers(**chosen), Assumptions(world))
    assert (adoption.connected >= 0).all()
    assert adoption.connected.reshape(-1, 12).sum(axis=1).tolist() == (
        adoption.camera_months.sum(axis=0).tolist()
    )
    assert (adoption.camera_months <= 12 * adoption.cameras_billed).all()
    here = adoption.joining.sum(axis=0).cumsum() - adoption.leaving.sum(axis=0).cumsum()
    assert (here >= adoption.connected[11::12]).all()
    shown = np.array(adoption.communes_signed()) + np.array(adoption.communes_interested())
    assert (shown <= count).all()
