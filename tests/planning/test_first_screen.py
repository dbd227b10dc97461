import pytest

from twin.planning.first_screen import first_screen, tariff_revenue_eur
from twin.scenarios.library import load_scenario

REFERENCE = load_scenario("reference")


@pytest.fixture(scope="module")
def screen():
    return first_screen(REFERENCE)


def test_two_agents_day_and_night_are_the_published_figures(screen):
    assert screen.agents == 2
    assert screen.presence_etpt.value == pytest.approx(12.06, abs=5e-3)
    assert screen.presence_cost.value == pytest.approx(507_000, rel=1e-3)


def test_they_take_half_of_what_1100_cameras_in_forfait_3_bring_in(screen):
    """The arithmetic of the published tariff: 1,100 x 890 €."""
    assert screen.presence_cost.value / (1_100 * 890) == pytest.approx(0.52, abs=5e-3)
    assert screen.share.value == pytest.approx(
        screen.presence_cost.value / sum(fee.value for fee in screen.revenue.values())
    )


def test_fees_follow_the_forfaits_and_the_tariffs():
    all_3 = REFERENCE.with_overrides({"forfaits": {"rule": "all_3"}})
    cameras, fees = tariff_revenue_eur(all_3)
    assert cameras["1"] == cameras["2"] == fees["1"] == 0
    assert fees["3"] == 890 * cameras["3"]
    dearer = all_3.with_overrides({"tariffs": {"forfait_3_eur": 1000}})
    assert tariff_revenue_eur(dearer)[1]["3"] == 1000 * cameras["3"]


def test_shifts_add_up_to_the_plan(screen):
    assert sum(row.etpt.value for row in screen.shifts) == pytest.approx(screen.etpt.value)
    assert [(row.function, row.window, row.seats) for row in screen.shifts][:2] == [
        ("video_operator", "06:00-14:00", 4),
        ("video_operator", "14:00-22:00", 5),
    ]
    assert screen.etpt.value < screen.budgeted_etp.value < screen.posts.value


def test_an_assumption_that_is_given_has_no_interval():
    fixed = dict.fromkeys(("annual_hours", "absence_rate", "etpt_cost_eur"), "central")
    screen = first_screen(REFERENCE.with_overrides({"assumptions": fixed}))
    presence = screen.presence_etpt
    assert presence.low == presence.value == presence.high


def test_vacant_posts_are_created_and_not_paid(screen):
    short = first_screen(REFERENCE.with_overrides({"seats": {"vacant_posts": 3}}))
    assert short.posts == screen.posts
    assert short.cost.value == pytest.approx(screen.cost.value - 3 * 42_000)


def test_no_tariff_no_share():
    free = dict.fromkeys(("forfait_1_eur", "forfait_2_eur", "forfait_3_eur"), 0)
    assert first_screen(REFERENCE.with_overrides({"tariffs": free})).share is None
