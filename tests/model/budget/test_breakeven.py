import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.budget.books import AT_ONCE, FULL, TARIFFS, budget, worlds
from twin.errors import InputError
from twin.model.budget.breakeven import balancing_tariffs, cameras_per_seat
from twin.model.budget.risk import PERIMETERS
from twin.model.budget.shares import by_forfait

ETPT = 8760 / 1607 / (1 - 0.096)


def balanced(assumptions, year=2031, perimeter="tariff", keep_ratio=True, tariffs=TARIFFS):
    return balancing_tariffs(
        lambda tried: budget(tariffs=tried, assumptions=assumptions),
        tariffs,
        year=year,
        perimeter=perimeter,
        keep_ratio=keep_ratio,
    )


@settings(max_examples=8, deadline=None)
@given(worlds(), st.sampled_from(PERIMETERS), st.booleans())
def test_the_re_run_balances_to_the_rounding(world, perimeter, keep_ratio):
    world = world | AT_ONCE
    found = balanced(world, perimeter=perimeter, keep_ratio=keep_ratio)
    again = budget(tariffs=found.tariffs, assumptions=world)
    result = again.perimeter(perimeter).result[5]
    assert result == found.result
    assert 0 <= result <= found.tolerance
    fees = found.tariffs.annual_eur
    assert all(round(fee * 100) == pytest.approx(fee * 100, abs=1e-6) for fee in fees.values())
    if keep_ratio:
        factors = [fees[f] / TARIFFS.of(f) for f in fees]
        assert max(factors) - min(factors) < 0.02 / 290
    else:
        for each in by_forfait(again, perimeter, 2031):
            assert each.fees == pytest.approx(each.cost, rel=1e-3, abs=2 * FULL.cameras)


def test_cameras_per_seat_of_the_published_arithmetic():
    assert round(cameras_per_seat(ETPT, 42_000, 890)) == 285
    assert round(cameras_per_seat(ETPT, 38_000, 890)) == 257
    assert round(cameras_per_seat(ETPT, 48_000, 890)) == 325
    assert round(cameras_per_seat(ETPT / 2, 42_000, 490)) == 258
    assert cameras_per_seat(ETPT, 42_000, 890, 890) == float("inf")
    assert cameras_per_seat(1, 42_000, 1_000, 580) == pytest.approx(100)


def test_what_cannot_be_balanced_is_said():
    for keep_ratio in (True, False):
        with pytest.raises(InputError, match="nothing is billed in 2026"):
            balanced(AT_ONCE, year=2026, keep_ratio=keep_ratio)
    free = TARIFFS.with_annual(dict.fromkeys("123", 0.0))
    with pytest.raises(InputError, match="year: nothing is billed in 2031"):
        balanced(AT_ONCE, tariffs=free)
    assert balanced(AT_ONCE, tariffs=free, keep_ratio=False).result >= 0
