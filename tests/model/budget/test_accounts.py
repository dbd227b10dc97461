import numpy as np
import pytest
from hypothesis import given, settings

from tests.model.budget.books import (
    AT_ONCE,
    FULL,
    budget,
    commune,
    levers,
    volumes,
    worlds,
)
from twin.errors import InputError
from twin.model.budget.risk import PERIMETERS

THIRD = volumes(FULL.communes[:1], operators={"day": 2, "evening": 2, "night": 2})


def total(lines, years=11):
    return [sum(each) for each in zip(*(line.cents for line in lines), [0] * years, strict=False)]


def provisions(accounts):
    """Provisions made, less those taken back: cash that the MEL pays in and nobody has spent."""
    for line in accounts.of("provision"):
        yield [c if line.side == "expense" else -c for c in line.cents]


@settings(max_examples=15, deadline=None)
@given(worlds(), levers)
def test_the_books_are_kept(world, chosen):
    found = budget((THIRD, FULL), assumptions=world, drawn=True, **chosen)
    for perimeter in PERIMETERS:
        accounts = found.perimeter(perimeter)
        every = [*accounts.lines, *accounts.balance]
        for section in ("operating", "investment"):
            sides = []
            for side in ("expense", "receipt"):
                lines = [each for each in every if (each.section, each.side) == (section, side)]
                by_hand = [sum(line.cents[i] for line in lines) for i in range(11)]
                assert list(accounts.total(section, side)) == by_hand
                sides.append(by_hand)
            assert sides[0] == sides[1], f"{section} of {perimeter} does not balance"
        signs = {"receipt": 1, "expense": -1}
        moved = [each for each in accounts.lines if each.cash]
        cash = np.array([[signs[each.side] * c for c in each.cents] for each in moved]).sum(axis=0)
        kept_back = [sum(year) for year in zip([0] * 11, *provisions(accounts), strict=True)]
        assert (kept_back - cash).tolist() == list(accounts.paid_by_the_mel)
        held = [each for each in accounts.lines if not each.cash and each.section == "operating"]
        other = np.array([[-signs[each.side] * c for c in each.cents] for each in held])
        non_cash = other.sum(axis=0) if held else 0
        assert (np.array(accounts.result) + non_cash).tolist() == list(accounts.gross_saving)
        assert all(c >= 0 for each in every for c in each.cents)
    kept = {line.name for line in found.tariff.lines}
    assert kept < {line.name for line in found.full.lines}
    assert not any(line.section == "investment" for line in found.tariff.lines)


@settings(max_examples=15, deadline=None)
@given(worlds(), levers)
def test_fees_of_communes_and_of_forfaits_are_the_same_to_the_cent(world, chosen):
    found = budget((THIRD, FULL), assumptions=world, drawn=True, **chosen)
    assert found.billed.sum(axis=0).tolist() == total(found.full.of("fee"))


def test_fees_by_hand():
    year = 2_900 * 16 * 10 + 4_900 * 41 * 10 + 8_900 * 23 * 10
    found = budget(assumptions=AT_ONCE)
    assert total(found.tariff.of("fee")) == [0] + [year] * 10
    assert total(found.tariff.of("joining")) == [0, 15_000 * 80] + [0] * 9
    revised = budget(assumptions=AT_ONCE, revision_rate=0.1)
    assert total(revised.tariff.of("fee"))[1:3] == [year, round(1.1 * year)]
    later = AT_ONCE | {"authorisation_delay_months": 15}
    assert total(budget(assumptions=later).tariff.of("fee"))[2] == year
    prorata = budget(assumptions=later, first_fee="prorata")
    start = int(prorata.adoption.start.min()) - 12
    assert total(prorata.tariff.of("fee"))[1] == pytest.approx(year * (12 - start) / 12, abs=3)


def test_a_leaving_commune_pays_what_is_asked():
    found = budget(assumptions=AT_ONCE | {"leave_share": 1.0}, commitment_years=2, exit_fee_eur=50)
    assert total(found.tariff.of("exit_fee"))[3] == 5_000 * FULL.cameras
    (removed,) = found.tariff.of("exit")
    assert removed.cents[3] > 0


def test_recruits_are_paid_before_the_room_opens():
    waited = {"accreditation_months": 6}
    found, soon = (
        budget(assumptions=AT_ONCE | wait) for wait in (waited, {"accreditation_months": 0})
    )
    assert soon.activity.etp[0] == 0
    assert found.activity.etp[0] == pytest.approx(found.activity.etp[3] / 2, rel=0.05)
    assert found.ramp.open[11] == -1


def test_seats_open_with_the_cameras_or_all_at_once():
    many = tuple(commune(f"59{i:03}", 10) for i in range(9))
    stages = (volumes(many[:3], operators={"day": 1, "evening": 1, "night": 1}), volumes(many))
    slow = {"adoption_pace": 0.5}
    ramp = budget(stages, assumptions=slow)
    assert ramp.activity.etp[1] < ramp.activity.etp[-1]
    full = budget(stages, assumptions=slow, staffing="full")
    assert full.activity.etp[1] == pytest.approx(full.activity.etp[-1])


def test_vacant_posts_are_not_paid():
    found, vacant = budget((FULL,)), budget((volumes(vacant=2),))
    assert found.activity.etp[-1] - vacant.activity.etp[-1] == pytest.approx(2)


def test_supposed_cameras_follow_the_density_and_counted_ones_do_not():
    communes = (commune("59163", 20), commune("59339", 20, counted=False))
    stages = (volumes(communes),)
    twice = budget(stages, assumptions=AT_ONCE | {"cameras_per_1000": 2 * stages[0].density})
    assert twice.activity.cameras[-1] == 60
    assert twice.activity.requisitions[-1] == pytest.approx(180)
    (had,) = twice.stages
    assert had.network["disk_eur_tb"] == pytest.approx(1.5 * stages[0].network["disk_eur_tb"])
    assert had.network["fibre_eur_km_year"] == stages[0].network["fibre_eur_km_year"]


def test_a_forfait_without_a_tariff_is_named():
    with pytest.raises(InputError, match='no annual fee for forfait "4"; allowed: 1, 2, 3'):
        budget((volumes((commune("59163", 3, "4"),)),))
