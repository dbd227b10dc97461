import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.rooms import CROIX, LEERS, LOOS, TOWNS, WAVRIN, days, room
from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.centre.world import NEVER, EndOfShift, Kind, ViewingRequests, identifier
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN
from twin.model.detection import notice_hazard_per_ms
from twin.model.forfaits import load_forfaits


def test_communes_have_their_recipient_window_and_requests():
    communes = room().centre.communes
    assert list(communes.code) == [int(town.insee, 36) for town in TOWNS]
    assert list(communes.recipient) == [0, 0, 0, 1]
    assert list(communes.window) == [0, NEVER, 0, 1]
    requests = [ViewingRequests.ALWAYS, ViewingRequests.NONE, ViewingRequests.ALWAYS]
    assert list(communes.requests) == [*requests, ViewingRequests.WINDOW]
    assert list(np.diff(communes.first_camera)) == [23, 16, 51, 13]
    assert list(communes.check_ms) == [5000 * town.cameras for town in TOWNS]


def test_cameras_are_ranked_by_their_police_rate():
    built = room()
    cameras = built.centre.cameras
    annual = built.demand.annual(Kind.POLICE)
    rate = np.concatenate(
        [annual[i] * built.demand.weights(t.cameras) for i, t in enumerate(TOWNS)]
    )
    assert sorted(cameras.rank) == list(range(103))
    assert (np.diff(rate[np.argsort(cameras.rank)]) <= 0).all()
    assert list(cameras.commune) == [i for i, town in enumerate(TOWNS) for _ in range(town.cameras)]


def test_equal_cameras_are_ranked_by_position():
    twins = [replace(LOOS, insee=insee, cameras=2) for insee in ("59001", "59002")]
    assert list(room(*twins).centre.cameras.rank) == [0, 2, 1, 3]


def test_mixed_images_are_cameras():
    centre = room(levers={"images": 6}).centre
    assert list(centre.cameras.unit) == list(range(103))
    assert centre.rules.units_per_agent == 6


@given(st.lists(st.integers(0, 30), min_size=1, max_size=5), st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_a_page_holds_images_of_one_commune(counts, images):
    towns = [replace(LOOS, insee=f"5900{i}", cameras=n) for i, n in enumerate(counts)]
    levers = {"display_rule": "one_commune_at_a_time", "images": images}
    centre = room(*towns, levers=levers, calendar=days(1)).centre
    unit, commune = centre.cameras.unit, centre.cameras.commune
    assert centre.rules.units_per_agent == 1
    assert len(set(unit)) == sum(math.ceil(n / images) for n in counts)
    assert (np.diff(unit, prepend=-1, append=len(set(unit))) <= 1).all()
    for page in set(unit):
        assert len(set(commune[unit == page])) == 1
        assert (unit == page).sum() <= images


def test_a_window_stays_open_over_midnight_and_needs_no_edge_at_the_end():
    windows = room(calendar=days(2)).centre.windows
    edges = zip(windows.edge_ms // MS_PER_H, windows.window, windows.opens, strict=True)
    assert [(int(h), int(w), bool(o)) for h, w, o in edges] == [
        (0, 0, True),
        (0, 1, True),
        (6, 1, False),
        (18, 1, True),
        (30, 1, False),
        (42, 1, True),
    ]


def test_patrols_fill_the_civil_days_with_equal_slots():
    calendar = days(3, date(2027, 3, 27))
    patrols = room(CROIX, WAVRIN, calendar=calendar).centre.patrols
    assert (np.lexsort((patrols.commune, patrols.start_ms)) == np.arange(15)).all()
    for commune, per_day in ((0, 2), (1, 3)):
        mine = patrols.commune == commune
        assert (patrols.end_ms[mine][:-1] == patrols.start_ms[mine][1:]).all()
        assert set(calendar.midnight_ms[:-1]) <= set(patrols.start_ms[mine])
        assert patrols.end_ms[mine][-1] == calendar.horizon_ms
        lengths = (patrols.end_ms - patrols.start_ms)[mine] / MS_PER_H
        assert lengths == pytest.approx(np.repeat([24, 23, 24], per_day) / per_day)
    ids = identifier("59163", np.arange(6))
    assert list(patrols.id[patrols.commune == 0]) == list(ids)


@pytest.mark.parametrize(("scale", "per_day"), [(0, 0), (0.333, 1), (1, 3), (2.667, 8)])
def test_patrols_follow_their_scale(scale, per_day):
    built = room(WAVRIN, assumptions={"patrols_scale": scale})
    assert len(built.centre.patrols.id) == 7 * per_day


def test_a_patrol_window_that_passes_midnight_has_slots_every_day(own_data):
    table = own_data / "forfaits.csv"
    table.write_text(table.read_text().replace("2,00:00-24:00,00:00", "2,20:00-04:00,00:00"))
    patrols = room(LOOS, calendar=days(2)).centre.patrols
    assert list(patrols.start_ms // MS_PER_H) == [0, 20, 24, 44]
    assert set((patrols.end_ms - patrols.start_ms).tolist()) == {4 * MS_PER_H}


def test_checks_last_from_their_hour_to_civil_midnight():
    checks = room(LOOS, calendar=days(2), levers={"check_hour": "08:30"}).centre.checks
    assert list(checks.start_ms / MS_PER_H) == [8.5, 32.5]
    assert list(checks.end_ms) == [MS_PER_DAY, 2 * MS_PER_DAY]
    assert list(checks.id) == list(identifier("59360", np.arange(2)))


def test_a_commune_without_cameras_is_owed_nothing():
    empty = replace(CROIX, cameras=0)
    centre = room(empty, LOOS).centre
    assert set(centre.patrols.commune) == set(centre.checks.commune) == {1}


def test_a_forfait_is_a_row(own_data):
    table = own_data / "forfaits.csv"
    table.write_text(
        table.read_text()
        + "0,Réquisitions seules,no,yes,0,00:00-24:00,08:00-12:00,none,hypothesis\n"
    )
    assert load_forfaits()["0"].window("18:00-06:00") == "08:00-12:00"
    centre = room(replace(CROIX, forfait="0"), LOOS).centre
    assert set(centre.checks.commune) == set(centre.patrols.commune) == {1}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("1,Contrôle", "2,Contrôle", "line 3, column forfait: .*comes twice"),
        ("yes,yes,3", "oui,yes,3", "line 2, column health_check: .*yes or no"),
        ("yes,yes,3", "yes,yes,-3", "line 2, column patrols_per_day: .*whole number"),
        ("none,none", "never,none", 'line 2, column live_window: .*"18:00-06:00"'),
        ("none,none", "none,often", "line 2, column viewing_requests: .*none, window or always"),
    ],
)
def test_a_bad_row_of_forfaits_is_refused(own_data, old, new, sentence):
    table = own_data / "forfaits.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=sentence):
        load_forfaits()


@given(st.floats(0.5, 60), st.integers(1, 9))
def test_the_hazard_reaches_the_published_detection_in_the_reference_time(view_min, images):
    values = Assumptions({"reference_view_min": view_min})
    share = 1 - math.exp(-notice_hazard_per_ms(images, values) * view_min * MS_PER_MIN)
    published = np.interp(images, [1, 4, 6, 9], [values[f"detection_{k}"] for k in (1, 4, 6, 9)])
    assert share == pytest.approx(published)


@pytest.mark.parametrize(
    ("images", "assumptions", "sentence"),
    [
        (10, {}, "10 images per agent: detection is published for 1 to 9 images only"),
        (4, {"detection_6": 0.9}, "0.9, 0.53: it must lie in .* and may not grow"),
        (4, {"detection_1": 1}, "must lie in"),
        (4, {"detection_9": -0.1}, "must lie in"),
    ],
)
def test_detection_that_is_not_published_or_not_sound_is_refused(images, assumptions, sentence):
    with pytest.raises(InputError, match=sentence):
        notice_hazard_per_ms(images, Assumptions(assumptions))


def test_rules_come_from_levers_and_tables():
    levers = {
        "end_of_shift": "drop",
        "wall_minimum": 2,
        "repair_crew": 3,
        "faults_known_at_once": True,
    }
    rules = room(levers=levers, assumptions={"images_watched": "low"}).centre.rules
    assert list(rules.order) == [0, 1, 2, 2, 3, 4, 5]
    assert list(rules.interruptible) == [False, False, True, True, True, True, True]
    assert (rules.wall_order, rules.wall_minimum, rules.units_per_agent) == (3, 2, 1)
    assert rules.wall_hazard_per_ms == rules.patrol_hazard_per_ms
    assert (rules.end_of_shift, rules.crew, rules.discovered_at_once) == (EndOfShift.DROP, 3, True)
    assert (rules.held_permille, rules.dwell_ms, rules.resume_ms) == (500, 20_000, 60_000)
    assert list(rules.lines) == [1, 1]
    assert room().centre.rules.crew == NEVER


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("police,0", "polices,0", "one row is expected for each of police, request"),
        ("request,1,no,yes", "request,1,no,maybe", "line 3, column may_empty_wall: .*yes or no"),
        ("nuisance,2,yes,yes", "nuisance,6,yes,yes", "must be the last classes"),
    ],
)
def test_a_bad_table_of_kinds_is_refused(own_data, old, new, sentence):
    table = own_data / "work_kinds.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=sentence):
        room()


def test_a_further_commune_changes_nothing_of_the_others():
    few, more = room(CROIX, LOOS, WAVRIN).centre, room(*TOWNS).centre
    for table in ("patrols", "checks"):
        a, b = getattr(few, table), getattr(more, table)
        others = b.commune != 1
        assert list(zip(a.start_ms, a.end_ms, a.id, strict=True)) == list(
            zip(b.start_ms[others], b.end_ms[others], b.id[others], strict=True)
        )
    kept = np.isin(more.cameras.commune, [0, 2, 3])
    assert (np.argsort(more.cameras.rank[kept]) == np.argsort(few.cameras.rank)).all()


def test_renaming_or_permuting_communes_changes_nothing():
    renamed = [replace(town, name=town.name[::-1]) for town in reversed(TOWNS)]
    for table, other in zip(room().centre[1:], room(*renamed).centre[1:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(table, other, strict=True))


def test_leers_has_no_live_viewing():
    assert room(LEERS).centre.windows.edge_ms.size == 0
