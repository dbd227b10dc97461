import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.budget.books import AT_ONCE, FULL, budget
from twin.errors import InputError
from twin.model.budget.investment import depreciation

ALL_AT_CENTRE = AT_ONCE | {"inflation_rate": 0.0}


def line(found, key, side="receipt", section="investment"):
    (chosen,) = [
        each
        for each in found.full.of(key)
        if (each.side, each.section, each.detail) == (side, section, "")
    ]
    return chosen.cents


def spent(found, *names):
    chosen = [each for each in found.full.of("purchase") if each.detail in names or not names]
    return [sum(year) for year in zip(*(each.cents for each in chosen), strict=True)]


@given(st.integers(0, 10**10), st.integers(1, 12), st.integers(1, 40))
def test_depreciation_adds_up_to_the_cost(cost, month, life):
    spread = depreciation(cost, 2027, month, life)
    assert sum(spread.values()) == cost
    assert list(spread) == list(range(2027, 2027 + life + (month > 1)))
    assert min(spread.values()) >= 0
    assert abs(spread[2027] - cost * min(13 - month, 12 * life) / (12 * life)) <= 1


def test_the_first_programme_by_hand():
    """A room of 1 M€ and nothing else: each sum as the rules give it."""
    room = {
        "room_wall_eur": 1e6,
        "studies_share": 0.0,
        "vms_setup_eur": 0.0,
        "room_servers_eur": 0.0,
    }
    found = budget(
        assumptions=ALL_AT_CENTRE | room | {"storage_eur_per_camera": 0.0, "loan_rate": 0.02},
        loan_share=0.5,
        loan_years=10,
    )
    assert spent(found)[:2] == [100_000_000, 0]
    grant = round(0.35 * 100_000_000 / 1.2)
    assert line(found, "grant")[1] == pytest.approx(grant, abs=3)
    assert line(found, "fctva")[1] == pytest.approx(16_404_000, abs=3)
    capital = line(found, "loan")[0]
    assert capital == pytest.approx(0.5 * (100_000_000 - grant - 16_404_000), abs=5)
    repaid = line(found, "repayment", "expense")
    assert repaid[0] == 0
    assert repaid[1:] == pytest.approx((capital / 10,) * 10, abs=1)
    assert sum(repaid) == capital
    assert line(found, "interest", "expense", "operating")[1] == round(0.02 * capital)
    yearly = 100_000_000 * (0.52 / 20 + 0.48 / 7)
    assert line(found, "depreciation", "expense", "operating")[1] == pytest.approx(yearly, abs=3)
    taken = line(found, "taken_back", "receipt", "operating")
    assert taken[1] == pytest.approx(grant * (0.52 / 20 + 0.48 / 7), abs=3)
    assert spent(found, "wall")[8] == spent(found, "wall")[0]
    assert sum(spent(found, "works")) == 52_000_000


def test_grants_taken_back_are_the_grants_received():
    short = ALL_AT_CENTRE | {"room_wall_eur": 0.0}
    found = budget(assumptions=short)
    assert sum(line(found, "taken_back", "receipt", "operating")) == sum(line(found, "grant"))


def test_a_year_without_grant_is_the_low_case():
    found = budget(assumptions=ALL_AT_CENTRE | {"fipd_centre_rate": "low"})
    assert set(line(found, "grant")) == {0}


def test_storage_follows_the_cameras():
    found = budget(assumptions=ALL_AT_CENTRE | {"storage_eur_per_camera": 250.0})
    assert spent(found, "storage")[1] == 25_000 * FULL.cameras
    assert spent(found, "storage")[6] == 25_000 * FULL.cameras


def test_a_service_subject_to_vat_deducts_it_and_owes_it():
    out, subject = (
        budget(assumptions=ALL_AT_CENTRE),
        budget(assumptions=ALL_AT_CENTRE, vat="subject"),
    )
    assert spent(subject)[0] == pytest.approx(spent(out)[0] / 1.2, rel=1e-6)
    assert set(line(subject, "fctva")) == {0}
    paid = [sum(sum(each.cents) for each in found.full.of("fee")) for found in (out, subject)]
    assert paid[1] == pytest.approx(paid[0] / 1.2, rel=1e-6)


def test_fonds_de_concours_are_an_expense_of_the_mel():
    found = budget(
        assumptions=ALL_AT_CENTRE | {"camera_life_years": 10, "camera_cost_eur": 12_000},
        fonds_de_concours_rate=0.25,
    )
    (paid,) = [each for each in found.full.of("purchase") if each.detail == "fonds_de_concours"]
    assert paid.nature.chapter == "204"
    assert paid.cents[1] == round(0.25 * 1_200_000 * FULL.cameras / 10)
    assert not [each for each in budget().full.of("purchase") if each.nature.chapter == "204"]


@pytest.mark.parametrize(
    ("assumptions", "levers", "sentence"),
    [
        ({"fipd_centre_rate": 0.6}, {}, "fipd_centre_rate: 60.0% is above the ceiling of 50.0%"),
        ({}, {"other_grants_eur": 5e6}, "other_grants_eur and the FIPD: .* ceiling of 80.0%"),
        (
            {"fipd_commune_rate": 0.5, "region_rate": 0.3},
            {"fonds_de_concours_rate": 0.05},
            "fonds_de_concours_rate: 5.0% is above the ceiling of 0.0%",
        ),
        (
            {"fipd_commune_rate": 0.2, "region_rate": 0.0},
            {"fonds_de_concours_rate": 0.45},
            "fonds_de_concours_rate: 45.0% is above the ceiling of 40.0%",
        ),
    ],
)
def test_grants_above_their_ceiling_are_refused(assumptions, levers, sentence):
    with pytest.raises(InputError, match=sentence):
        budget(assumptions=ALL_AT_CENTRE | assumptions, **levers)
