import pytest

from tests.model.budget.books import FULL, TARIFFS, commune, volumes
from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.budget.communes import commune_views
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.pay import pay_of

PLAIN = {
    "camera_cost_eur": 10_000.0,
    "camera_life_years": 10.0,
    "maintenance_share": 0.05,
    "commune_link_eur": 40.0,
    "fipd_commune_rate": 0.3,
    "region_rate": 0.1,
}


def views(assumptions=PLAIN, run=FULL, **levers):
    found = commune_views(run, TARIFFS, BudgetLevers(**levers), Assumptions(assumptions))
    return {view.commune.insee: view for view in found}


def test_five_years_by_hand():
    view = views()["59163"]
    assert view.equipment == 23 * 10_000_00 * 5 // 10 * 12 // 10
    assert view.upkeep == 5 * 23 * 500_00 * 12 // 10
    assert view.links == 5 * 23 * 40_00
    assert view.helped == pytest.approx(23 * 5_000_00 * (0.3 + 0.1 + 0.16404 * 1.2), abs=1)
    assert view.fees == 23 * (150_00 + 5 * 890_00)
    parts = view.equipment + view.upkeep + view.links - view.helped + view.fees
    assert view.total == parts


def test_help_has_its_ceilings():
    dear = views(PLAIN | {"camera_cost_eur": 30_000.0})["59163"]
    half_counts = 23 * 15_000_00 * (0.3 * 0.5 + 0.1 + 0.16404 * 1.2)
    assert dear.helped == pytest.approx(half_counts, abs=1)
    big = views(run=volumes((commune("59163", 23, population=30_000),)))["59163"]
    assert views()["59163"].helped - big.helped == pytest.approx(0.1 * 23 * 5_000_00, abs=1)
    fonds = views(fonds_de_concours_rate=0.5)["59163"]
    assert fonds.helped - views()["59163"].helped == pytest.approx(0.3 * 23 * 5_000_00, abs=1)
    with pytest.raises(InputError, match=r"fipd_commune_rate: 60.0% is above the ceiling of 50.0%"):
        views(PLAIN | {"fipd_commune_rate": 0.6})
    with pytest.raises(InputError, match=r"region_rate: 40.0% is above the ceiling of 30.0%"):
        views(PLAIN | {"region_rate": 0.4})


def test_alone_a_commune_holds_the_minimum_over_the_window_it_buys():
    found = views()
    day, evening, none = (found[insee].alone for insee in ("59163", "59653", "59339"))
    assert day == pytest.approx(2 * evening, rel=1e-6)
    values = Assumptions(PLAIN)
    pay = float(pay_of("video_operator", [2026], BudgetLevers(), values).total[0])
    etpt = 2 * 8760 / 1607 / 0.904
    assert day / 100 > 5 * etpt * pay
    assert day / 100 == pytest.approx(5 * etpt * pay, rel=0.15)
    assert none == pytest.approx(day * (5 * 2 * 16) / (2 * 8760), rel=1e-6)


def test_a_room_without_operators_has_nothing_to_compare_with():
    with pytest.raises(InputError, match=r"seats.operators: a room without operators"):
        views(run=volumes(operators={}, supervisors={"day": 1}))
