import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from twin.errors import InputError, MissingError
from twin.files import data_folder, validated
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar, Event, Horizon
from twin.model.centre.world import Kind
from twin.model.demand import Demand, DemandLevers, camera_weights
from twin.model.territory import Commune, Territory

KINDS = (Kind.POLICE, Kind.NUISANCE, Kind.REQUEST, Kind.SAFEGUARD)
LEVERS = DemandLevers(kappa_police=9.0, kappa_nuisance=80.0)
LILLE = Commune(
    insee="59350",
    name="Lille",
    population=236_000,
    urban_class="ville_centre",
    force="police",
    lat=50.63,
    lon=3.06,
    cameras=196,
    nomadic=0,
    streams_per_camera=1.0,
    forfait="3",
    window="00:00-24:00",
    retention_days=15.0,
    joined=None,
    police_intensity=1.2,
    nuisance_intensity=0.8,
)
LOOS = replace(LILLE, insee="59360", population=22_000, cameras=51, police_intensity=0.7)
VILLAGE = replace(LILLE, insee="59005", population=900, cameras=0)
WEEK = Calendar(Horizon(start=date(2027, 1, 4), days=7))


def demand_of(*communes, calendar=WEEK, levers=LEVERS, events=(), **assumptions) -> Demand:
    territory = Territory(tuple(sorted(communes, key=lambda commune: commune.insee)))
    return Demand(territory, calendar, Assumptions(assumptions), levers, events)


def event(communes="all", start="2027-01-05 18:30", end="2027-01-06 02:00", multiplier=3.0):
    return Event(name="Match", communes=communes, start=start, end=end, multiplier=multiplier)


@given(st.integers(1, 400), st.floats(0.1, 0.99))
def test_weights_are_shares_of_a_ranking(n, share):
    weights = camera_weights(n, share)
    assert weights.shape == (n,)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) <= 1e-15).all()
    assert weights.min() > 0


@pytest.mark.parametrize("share", [0.1, 0.45, 0.6, 0.8])
def test_the_busiest_tenth_carries_its_share(share):
    sigma = ndtri(share) + 1.2815515655446004
    assert ndtr(sigma - 1.2815515655446004) == pytest.approx(share)
    assert camera_weights(100_000, share)[:10_000].sum() == pytest.approx(share, abs=2e-3)


def test_weights_follow_the_formula():
    sigma = ndtri(0.6) + 1.2815515655446004
    assert sigma == pytest.approx(1.535, abs=5e-4)
    raw = [np.exp(sigma * ndtri((3 - j + 0.5) / 3)) for j in (1, 2, 3)]
    np.testing.assert_allclose(camera_weights(3, 0.6), np.array(raw) / sum(raw))
    assert camera_weights(0, 0.6).tolist() == []
    np.testing.assert_allclose(camera_weights(7, 0.1), 1 / 7)
    np.testing.assert_array_equal(demand_of(LILLE).weights(3), camera_weights(3, 0.6))


@pytest.mark.parametrize("share", [0, 0.09, 1, 1.2, float("nan")])
def test_refused_concentration(share):
    with pytest.raises(InputError, match="top_decile_share: "):
        camera_weights(10, share)


def test_annual_arrivals():
    demand = demand_of(LILLE, LOOS, VILLAGE)
    expected = {
        Kind.POLICE: [0, 9 * 1.2 * 196, 9 * 0.7 * 51],
        Kind.NUISANCE: [0, 80 * 0.8 * 196, 80 * 0.8 * 51],
        Kind.REQUEST: [0, 1.0 * 196, 1.0 * 51],
        Kind.SAFEGUARD: [0, 3.3 * 196, 3.3 * 51],
    }
    for kind, arrivals in expected.items():
        np.testing.assert_allclose(demand.annual(kind), arrivals, rtol=1e-12)


def test_elasticity_leaves_the_reference_density_alone():
    at_reference = replace(LOOS, population=100_000, cameras=170)
    denser = replace(at_reference, insee="59361", cameras=680)
    plain = demand_of(at_reference, denser).annual(Kind.POLICE)
    dampened = demand_of(at_reference, denser, camera_elasticity=0.5).annual(Kind.POLICE)
    np.testing.assert_allclose(dampened / plain, [1, 0.5], rtol=1e-12)
    requests = demand_of(at_reference, denser, camera_elasticity=0.5).annual(Kind.REQUEST)
    np.testing.assert_allclose(requests, [170, 680])


@pytest.mark.parametrize("kind", KINDS)
def test_years_bring_the_annual_arrivals_on_average(kind):
    demand = demand_of(LILLE, calendar=Calendar(Horizon(start=date(2024, 1, 1), days=28 * 365 + 7)))
    per_year = demand.cumulative(kind, 0)[-1] / (28 * 365 + 7) * 365
    assert per_year == pytest.approx(demand.annual(kind)[0], rel=2e-3)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    st.integers(1, 40),
    st.floats(0, 5),
    st.floats(-50, 50),
)
def test_cumulative_starts_at_0_and_never_falls(kind, start, days, factor, trend):
    levers = LEVERS.model_copy(
        update={
            "holiday_factor": factor,
            "school_holiday_factor": factor,
            "trend_police_pct_year": trend,
        }
    )
    calendar = Calendar(Horizon(start=start, days=days))
    cumulative = demand_of(LILLE, calendar=calendar, levers=levers).cumulative(kind, 0)
    assert cumulative.shape == calendar.edge_ms.shape
    assert cumulative[0] == 0
    assert (np.diff(cumulative) >= 0).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500), st.integers(100, 90_000), st.floats(0, 3))
def test_a_further_commune_changes_no_byte_of_the_others(cameras, population, intensity):
    further = replace(VILLAGE, cameras=cameras, population=population, police_intensity=intensity)
    few = demand_of(LILLE, LOOS, events=[event(["59350"])], camera_elasticity=0.7)
    more = demand_of(LILLE, LOOS, further, events=[event(["59350"])], camera_elasticity=0.7)
    for kind in KINDS:
        assert few.annual(kind).tobytes() == more.annual(kind)[1:].tobytes()
        for i in range(2):
            assert few.cumulative(kind, i).tobytes() == more.cumulative(kind, i + 1).tobytes()


def test_an_event_multiplies_its_hours_in_its_communes():
    plain = demand_of(LILLE, LOOS)
    match = demand_of(LILLE, LOOS, events=[event(["59350"])])
    for kind in (Kind.POLICE, Kind.NUISANCE, Kind.REQUEST):
        ratio = np.diff(match.cumulative(kind, 0)) / np.diff(plain.cumulative(kind, 0))
        expected = np.ones(7 * 24)
        expected[24 + 18] = 2
        expected[24 + 19 : 48 + 2] = 3
        np.testing.assert_allclose(ratio, expected)
        np.testing.assert_array_equal(match.cumulative(kind, 1), plain.cumulative(kind, 1))
    letters = [demand.cumulative(Kind.SAFEGUARD, 0) for demand in (plain, match)]
    np.testing.assert_array_equal(*letters)


def test_events_multiply_each_other_and_may_lie_outside():
    plain = demand_of(LILLE).cumulative(Kind.POLICE, 0)
    both = demand_of(LILLE, events=[event(), event(multiplier=0.5)]).cumulative(Kind.POLICE, 0)
    assert np.diff(both)[48] == pytest.approx(1.5 * np.diff(plain)[48])
    past = event(start="2026-01-01 00:00", end="2027-01-04 00:00")
    np.testing.assert_array_equal(demand_of(LILLE, events=[past]).cumulative(Kind.POLICE, 0), plain)


@pytest.mark.parametrize(
    ("multiplier", "factor"), [("low", 1.5), ("central", 4), ("high", 8), (2.5, 2.5)]
)
def test_the_multiplier_of_an_event_is_a_number_or_the_assumption(multiplier, factor):
    plain = demand_of(LILLE).cumulative(Kind.POLICE, 0)
    fair = demand_of(LILLE, events=[event(multiplier=multiplier)], event_multiplier=4.0)
    assert np.diff(fair.cumulative(Kind.POLICE, 0))[48] / np.diff(plain)[48] == pytest.approx(
        factor
    )


def test_an_event_elsewhere_is_refused():
    with pytest.raises(
        InputError, match='event "Match": no commune 59351 here; did you mean "59350"'
    ):
        demand_of(LILLE, events=[event(["59351"])])


def test_holidays_school_holidays_and_trend():
    calendar = Calendar(Horizon(start=date(2027, 2, 13), days=366 + 365))
    levers = LEVERS.model_copy(
        update={
            "holiday_factor": 0.5,
            "school_holiday_factor": 2.0,
            "trend_police_pct_year": 10.0,
            "trend_nuisance_pct_year": -20.0,
        }
    )
    plain = demand_of(LILLE, calendar=calendar)
    moved = demand_of(LILLE, calendar=calendar, levers=levers)
    calm = ~calendar.holiday & ~calendar.school_holiday
    for kind, year_on_year in ((Kind.POLICE, 1.1), (Kind.NUISANCE, 0.8), (Kind.REQUEST, 1)):
        ratio = np.diff(moved.cumulative(kind, 0)) / np.diff(plain.cumulative(kind, 0))
        trend = year_on_year ** (calendar.day_index / 365)
        np.testing.assert_allclose(ratio[calm], trend[calm])
        only_holiday = calendar.holiday & ~calendar.school_holiday
        np.testing.assert_allclose(ratio[only_holiday], 0.5 * trend[only_holiday])
        only_school = ~calendar.holiday & calendar.school_holiday
        np.testing.assert_allclose(ratio[only_school], 2 * trend[only_school])
    np.testing.assert_array_equal(
        moved.cumulative(Kind.SAFEGUARD, 0), plain.cumulative(Kind.SAFEGUARD, 0)
    )


def test_letters_come_in_office_hours():
    hourly = np.diff(demand_of(LILLE).cumulative(Kind.SAFEGUARD, 0)).reshape(7, 24)
    assert hourly[:5, 8:18].sum() == pytest.approx(3.3 * 196 * 7 / 365)
    assert hourly.sum() == pytest.approx(hourly[:5, 8:18].sum())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"kapa_police": 9}, 'unknown key "kapa_police"; did you mean "kappa_police"?'),
        ({"holiday_factor": -1}, "holiday_factor: Input should be greater than or equal to 0"),
        (
            {"trend_police_pct_year": -100},
            "trend_police_pct_year: Input should be greater than -100",
        ),
        ({"kappa_nuisance": float("inf")}, "kappa_nuisance: Input should be a finite number"),
    ],
)
def test_refused_levers(content, sentence):
    with pytest.raises(InputError) as refusal:
        validated(DemandLevers, content, "demand")
    assert sentence in str(refusal.value)


def test_without_calibration_the_command_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    shutil.copytree(data_folder(), folder, ignore=shutil.ignore_patterns("calibration.json"))
    monkeypatch.setenv("CMSU_DATA", str(folder))
    with pytest.raises(MissingError, match="run `twin calibrate`"):
        demand_of(LILLE, levers=DemandLevers())
