import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.budget.books import AT_ONCE, FULL, budget, commune, levers, volumes, worlds
from twin.model.budget.costs import camera_cost_eur, inhabitants, unit_costs
from twin.model.budget.risk import PERIMETERS
from twin.model.budget.shares import by_forfait, viewing_h
from twin.model.budget.volumes import KINDS_OF_HOURS


@settings(max_examples=15, deadline=None)
@given(worlds(), levers, st.sampled_from(PERIMETERS), st.integers(2027, 2036))
def test_shares_add_up_to_the_result(world, chosen, perimeter, year):
    found = budget(assumptions=world, drawn=True, **chosen)
    shares = by_forfait(found, perimeter, year)
    if not shares:
        assert not found.adoption.camera_months[:, year - 2026].any()
        return
    result = found.perimeter(perimeter).result[year - 2026]
    unbilled = sum(line.cents[year - 2026] for line in found.full.of("fee"))
    assert sum(each.fees for each in shares) == unbilled
    assert sum(each.fees - each.cost for each in shares) == result


def test_hours_decide_between_forfaits_with_as_many_cameras():
    idle = dict.fromkeys(KINDS_OF_HOURS, 1.0)
    pair = (
        commune("59163", 10, "1", 0.0, hours=idle),
        commune("59339", 10, "3", 8760.0, hours=idle),
    )
    light, heavy = by_forfait(budget((volumes(pair),), assumptions=AT_ONCE), "tariff", 2030)
    assert heavy.cost > 100 * light.cost / 10
    none = tuple(commune(insee, 10, "1", 0.0, hours=idle) for insee in ("59163", "59339"))
    (only,) = by_forfait(budget((volumes(none),), assumptions=AT_ONCE), "tariff", 2030)
    assert only.cameras == 20
    assert only.coverage == only.fees / only.cost


def test_hours_at_the_wall_follow_the_hours_bought():
    hours = viewing_h(FULL)
    assert sum(hours.values()) == pytest.approx(FULL.viewing_h)
    assert hours["59339"] == 0
    assert hours["59163"] / hours["59653"] == pytest.approx(23 * 8760 / (41 * 4380))
    assert viewing_h(volumes((commune("59163", 3, "1", 0.0),))) == {"59163": 0.0}


def test_costs_by_unit():
    found = budget(assumptions=AT_ONCE)
    for perimeter in PERIMETERS:
        costs = {label: each.value for label, each in unit_costs(found, perimeter, 2030)}
        fees = sum(line.cents[4] for line in found.full.of("fee", "joining"))
        cost = (fees - found.perimeter(perimeter).result[4]) / 100
        assert costs["Coût par caméra raccordée"] == pytest.approx(cost / 80)
        assert costs["Coût par heure de visionnage"] == pytest.approx(cost / 10_000)
        assert costs["Coût par réquisition"] == pytest.approx(cost / 240)
        assert costs["Coût par habitant de la MEL"] == pytest.approx(cost / inhabitants())
    assert inhabitants() > 1_000_000
    before = dict(unit_costs(found, "full", 2026))
    assert "Coût par caméra raccordée" not in before
    assert camera_cost_eur(found, "full", 2026) == 0


def test_a_camera_costs_its_link_and_nothing_else_in_the_tariff_perimeter():
    """Fibres, mobile subscriptions and the links of a file; not the lines to the State."""
    links = {"fibre_eur_km_year": 40.0, "cellular_eur_camera_year": 5.0, "": 600.0}
    prices = {"inflation_rate": 0.0, "fibre_eur_km_year": 500.0, "cellular_eur_camera_year": 80.0}
    found = budget(
        (volumes(network=links | {"leased_line_eur_year": 3.0}),), assumptions=AT_ONCE | prices
    )
    rent = 40 * 500 + 5 * 80 + 600
    assert camera_cost_eur(found, "tariff", 2030) == pytest.approx(1.2 * rent / 80)
    (lines,) = found.full.of("leased_lines")
    assert lines.cents[4] == 3 * 6_000 * 120
