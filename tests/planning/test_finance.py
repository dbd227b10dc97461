import pytest

from tests.model.budget.books import AT_ONCE, FULL, NETWORK
from twin.errors import InputError
from twin.model.assumptions import load_assumptions
from twin.planning.finance import (
    balance_of,
    budget_of,
    pay_by_function,
    risk_of,
    seats_of,
    verdict_of,
)
from twin.scenarios.library import load_scenario

REFERENCE = load_scenario("reference").with_overrides({"assumptions": AT_ONCE})
RICH = REFERENCE.with_overrides(
    {"tariffs": {"forfait_1_eur": 9000, "forfait_2_eur": 12000, "forfait_3_eur": 15000}}
)


def test_seats_need_the_cameras_of_the_published_arithmetic():
    flat = {"operator_ifse_eur": 0.0, "employer_rate_other": 0.0, "point_growth": 0, "gvt_rate": 0}
    pay = 42_000 / (1 + 0.3765) / 59.0734
    scenario = REFERENCE.with_overrides({"assumptions": flat | {"operator_index_points": pay}})
    evening, always = seats_of(scenario, (FULL,), year=2026, perimeter="tariff")
    assert (evening.forfait, always.forfait) == ("2", "3")
    assert always.cost_eur == pytest.approx(42_000)
    assert (round(evening.pay_only), round(always.pay_only)) == (258, 285)
    rented = ("fibre_eur_km_year", "cellular_eur_camera_year")
    rent = sum(NETWORK[key] * load_assumptions()[key].central for key in rented)
    link = 1.2 * rent / FULL.cameras * 1.02**5
    later = seats_of(scenario, (FULL,), year=2031, perimeter="tariff")[1]
    assert later.with_other_costs == pytest.approx(
        later.etp * later.cost_eur / (890 - link), rel=1e-4
    )
    for each in seats_of(scenario, (FULL,), year=2031, perimeter="full"):
        assert each.with_other_costs == float("inf")


def test_a_balance_is_that_of_the_re_run():
    found = balance_of(REFERENCE, (FULL,), year=2030, perimeter="full", keep_ratio=True)
    again = budget_of(REFERENCE.model_copy(update={"tariffs": found.tariffs}), (FULL,))
    assert again.full.result[4] == found.result
    assert 0 <= found.result <= found.tolerance


def test_what_the_scenario_decides_is_not_drawn():
    decided = {key: e.central for key, e in load_assumptions().items() if e.stage == "after"}
    others = ("annual_hours", "absence_rate", "cameras_per_1000", "streams_per_camera")
    decided |= {key: load_assumptions()[key].central for key in others}
    still = REFERENCE.with_overrides({"assumptions": decided})
    risk = risk_of(still, (FULL,), count=3, seed=1)
    assert (risk.results["full"] == budget_of(still, (FULL,)).full.result).all()
    moved = risk_of(REFERENCE, (FULL,), count=3, seed=1)
    assert len(set(moved.results["full"][:, 5])) == 3
    assert (
        moved.results["full"] == risk_of(REFERENCE, (FULL,), count=3, seed=1).results["full"]
    ).all()


def test_a_deficit_and_a_surplus_are_reversed_where_the_budget_says():
    deficit = verdict_of(REFERENCE, (FULL,), perimeter="tariff", year=2031)
    assert deficit.result_eur < 0
    assert deficit.tornado["swing"].is_monotonic_decreasing
    assert set(deficit.tornado["key"]) >= {"fibre_eur_km_year", "absence_rate"}
    surplus = verdict_of(RICH, (FULL,), perimeter="full", year=2031)
    found = {each.factor.key: each.flip for each in surplus.reversals if each.flip}
    assert (surplus.result_eur > 0) == (budget_of(RICH, (FULL,)).full.result[5] > 0)
    for key, flip in found.items():
        sides = [
            budget_of(RICH, (FULL,), {key: value}).full.result[5] >= 0
            for value in (flip.before, flip.after)
        ]
        assert sides == [surplus.result_eur >= 0, surplus.result_eur < 0]


def test_draws_of_a_scenario_with_other_grants_stay_below_the_ceilings():
    granted = REFERENCE.with_overrides(
        {"budget": {"other_grants_eur": 900_000, "fonds_de_concours_rate": 0.3}}
    )
    assert len(risk_of(granted, (FULL,), count=20, seed=3).paid) == 20
    refused = granted.with_overrides({"budget": {"other_grants_eur": 9_000_000}})
    with pytest.raises(InputError, match="above the ceiling"):
        budget_of(refused, (FULL,))


def test_pay_of_the_functions_that_the_room_holds():
    assert set(pay_by_function(REFERENCE, (FULL,), 2027)) == {
        "video_operator",
        "supervisor",
        "requisition_officer",
    }
