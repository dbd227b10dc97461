import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.rooms import CROIX, LEERS, LOOS, TOWNS, WAVRIN, days, room
from twin.model.centre.world import NEVER, Kind
from twin.model.clock import MS_PER_DAY, MS_PER_MIN
from twin.model.rosters import Duty, as_csv

TABLES = ("incidents", "requests", "requisitions")
KINDS = {"police": Kind.POLICE, "nuisance": Kind.NUISANCE}
SEEDS = st.integers(0, 2**63 - 1)


def rows(table, without=None):
    """Rows of a table but those of a commune, without positions of communes and cameras."""
    names = [name for name in table._fields if name not in {"commune", "camera"}]
    kept = table.commune != (-1 if without is None else without)
    return list(zip(*(getattr(table, name)[kept].tolist() for name in names), strict=True))


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def by_arrival(incidents, kind):
    """Attributes of the incidents of one class, in the order of their identifiers."""
    of_kind = np.flatnonzero(incidents.kind == kind)
    order = of_kind[np.argsort(incidents.id[of_kind])]
    return {name: column[order] for name, column in incidents._asdict().items()}


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(0, 1000))
def test_tables_are_sorted_and_of_the_declared_types(seed, replication):
    built = room(*TOWNS)
    world = built.world(seed, replication)
    for name in TABLES:
        table = getattr(world, name)
        kind = getattr(table, "kind", np.zeros(len(table.id)))
        order = np.lexsort((table.id, kind, table.time_ms))
        assert (order == np.arange(len(order))).all()
        assert ((table.time_ms >= 0) & (table.time_ms < built.calendar.horizon_ms)).all()
        for field, column in table._asdict().items():
            expected = {"threshold": float, "alerted": bool, "useful": bool}.get(field, np.int64)
            assert column.dtype == expected
            assert column.shape == table.id.shape
            if field.endswith("_ms") and field not in {"time_ms", "call_ms", "erased_ms"}:
                assert (column >= 1).all()
        assert len(set(zip(kind, table.id, strict=True))) == len(table.id)
    first = built.centre.communes.first_camera
    incidents = world.incidents
    assert (first[incidents.commune] <= incidents.camera).all()
    assert (incidents.camera < first[incidents.commune + 1]).all()


def test_a_world_is_its_seed_and_replication():
    built = room()
    assert same(built.world(7, 3).incidents, built.world(7, 3).incidents)
    drawn = {tuple(built.world(*pair).incidents.time_ms) for pair in ((7, 3), (7, 4), (8, 3))}
    assert len(drawn) == 3


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_further_commune_changes_no_byte_of_the_others(seed):
    few, more = room(CROIX, LOOS, WAVRIN).world(seed), room(*TOWNS).world(seed)
    for name in TABLES:
        assert rows(getattr(few, name)) == rows(getattr(more, name), without=1)
    first = np.r_[0 : CROIX.cameras, CROIX.cameras + LEERS.cameras : 103]
    for camera, other in enumerate(first):
        ours, theirs = few.faults, more.faults
        a = slice(ours.first[camera], ours.first[camera + 1])
        b = slice(theirs.first[other], theirs.first[other + 1])
        assert np.array_equal(ours.up_ms[a], theirs.up_ms[b])
        assert np.array_equal(ours.repair_ms[a], theirs.repair_ms[b])
    assert np.array_equal(few.present, more.present)


def test_renaming_or_permuting_communes_changes_no_byte():
    renamed = [replace(town, name=town.name[::-1], lat=0.0) for town in reversed(TOWNS)]
    for table, other in zip(room().world(), room(*renamed).world(), strict=True):
        assert same(table, other) if isinstance(table, tuple) else np.array_equal(table, other)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.floats(1, 4))
def test_an_arrival_keeps_its_attributes_when_the_rate_grows(seed, factor):
    usual = room(LOOS).world(seed)
    busier = room(LOOS, kappa=(9.0 * factor, 50.0 * factor)).world(seed)
    for kind in KINDS.values():
        a, b = by_arrival(usual.incidents, kind), by_arrival(busier.incidents, kind)
        n = len(a["id"])
        assert len(b["id"]) >= n
        assert (b["time_ms"][:n] <= a["time_ms"]).all()
        for name in set(a) - {"time_ms"}:
            assert np.array_equal(a[name], b[name][:n])
    assert same(usual.requests, busier.requests)


def test_counts_follow_the_demand():
    built = room(calendar=days(28))
    counts = dict.fromkeys((Kind.POLICE, Kind.NUISANCE, Kind.REQUEST, Kind.SAFEGUARD), 0)
    replications = 20
    for replication in range(replications):
        world = built.world(5, replication)
        for kind in KINDS.values():
            counts[kind] += int((world.incidents.kind == kind).sum())
        counts[Kind.REQUEST] += len(world.requests.id)
        counts[Kind.SAFEGUARD] += len(world.requisitions.id)
    for kind, count in counts.items():
        expected = sum(built.demand.cumulative(kind, i)[-1] for i in range(4)) * replications
        assert abs(count - expected) < 5 * math.sqrt(expected)


def test_twice_the_demand_is_twice_the_arrivals_in_the_same_hours():
    usual, double = (room(LOOS, calendar=days(56), kappa=(k, 0)) for k in (200, 400))
    hours = [built.world(3).incidents.time_ms // 3_600_000 % 24 for built in (usual, double)]
    assert len(hours[1]) == pytest.approx(2 * len(hours[0]), rel=0.15)
    shares = [np.bincount(hour // 6, minlength=4) / len(hour) for hour in hours]
    assert shares[0] == pytest.approx(shares[1], abs=0.08)


def test_nothing_expected_is_nothing_drawn():
    built = room(kappa=(0.0, 0.0), assumptions={"requests_per_camera_year": 0.0})
    world = built.world()
    assert len(world.incidents.id) == len(world.requests.id) == 0
    assert world.incidents.threshold.dtype == float


def test_cameras_are_drawn_by_their_weights():
    built = room(LOOS, calendar=days(28), kappa=(2000.0, 0.0))
    camera = built.world().incidents.camera
    share = np.bincount(camera, minlength=51) / len(camera)
    weights = built.demand.weights(51)
    error = np.sqrt(weights * (1 - weights) / len(camera))
    assert (np.abs(share - weights) < 5 * error).all()


def test_attributes_have_the_means_of_the_assumptions():
    built = room(LOOS, calendar=days(28), kappa=(3000.0, 3000.0))
    values, incidents = built.assumptions, built.world().incidents
    police, nuisance = (by_arrival(incidents, kind) for kind in KINDS.values())

    def close(sample, expected):
        return abs(sample.mean() - expected) < 5 * sample.std() / math.sqrt(len(sample))

    assert close(police["view_ms"] / MS_PER_MIN, values["police_view_min"])
    assert close(nuisance["view_ms"] / MS_PER_MIN, values["nuisance_view_min"])
    assert close(police["threshold"], 1)
    assert close(police["alerted"], values["alerted_share"])
    assert close(police["call_ms"] != NEVER, values["call_share"])
    assert close(
        police["call_ms"][police["call_ms"] != NEVER] / MS_PER_MIN, values["call_delay_min"]
    )
    for phase in ("qualify", "line", "write"):
        lengths = police[f"{phase}_ms"] / MS_PER_MIN
        assert close(lengths, values[f"{phase}_min"])
        assert lengths.std() / lengths.mean() == pytest.approx(values["work_cv"], rel=0.1)
    assert close(police["responder_ms"] / MS_PER_MIN, values["responder_min"])
    assert (nuisance["call_ms"] == NEVER).all()
    assert not nuisance["alerted"].any()


def test_the_municipal_police_comes_when_it_is_on_duty():
    built = room(CROIX, calendar=days(28), kappa=(3000.0, 0.0))
    incidents = built.world().incidents
    hour = incidents.time_ms // 3_600_000 % 24
    duty = (hour >= 6) & (hour < 18)
    for on, key in ((duty, "municipal_responder_min"), (~duty, "responder_min")):
        delay = incidents.responder_ms[on] / MS_PER_MIN
        assert abs(delay.mean() - built.assumptions[key]) < 5 * delay.std() / math.sqrt(on.sum())


def test_a_phase_of_no_length_does_not_exist():
    values = {"qualify_min": 0.0, "requisition_work_cv": 0.0, "camera_repair_days": 0.0}
    built = room(assumptions=values)
    world = built.world()
    assert set(world.incidents.qualify_ms) == set(world.faults.repair_ms) == {0}
    assert set(world.requisitions.extraction_ms) == {7_200_000}


def test_requisitions_have_a_due_date_and_an_erasure():
    built = room(calendar=days(364))
    values, letters = built.assumptions, built.world().requisitions
    allowed = np.unique(letters.due_ms - letters.time_ms) / MS_PER_DAY
    assert list(allowed) == [values["requisition_urgent_due_days"], values["requisition_due_days"]]
    age_days = 15 - (letters.erased_ms - letters.time_ms) / MS_PER_DAY
    assert np.median(age_days) == pytest.approx(values["facts_age_days"], rel=0.2)
    assert (age_days > 0).all()
    assert letters.useful.mean() == pytest.approx(values["requisition_useful_share"], abs=0.15)


def test_a_forfait_without_requisitions_sends_none(own_data):
    table = own_data / "forfaits.csv"
    table.write_text(table.read_text().replace("permanent,yes,yes", "permanent,yes,no"))
    assert set(room(LOOS, WAVRIN, calendar=days(56)).world().requisitions.commune) == {1}


def test_absences_follow_the_rate_and_a_relief_removes_them():
    built = room(LOOS, calendar=days(364))
    present = built.world().present
    rate = built.assumptions["absence_rate"]
    error = math.sqrt(rate * (1 - rate) / len(present))
    assert abs(1 - present.mean() - rate) < 5 * error
    assert room(LOOS, levers={"relief": True}).world().present.all()


def test_a_further_seat_changes_no_absence_of_the_others():
    few = room(LOOS, calendar=days(56))
    more = room(LOOS, calendar=days(56), levers={"operators": {"day": 2, "evening": 3, "night": 3}})

    def absences(built):
        seats = [built.plan.names[seat] for seat in built.plan.shifts.seat]
        keys = zip(seats, built.plan.shifts.start_ms.tolist(), strict=True)
        return dict(zip(keys, built.world().present.tolist(), strict=True))

    before, after = absences(few), absences(more)
    changed = {key[0] for key, here in before.items() if after[key] != here}
    assert changed <= {"video_operator/0/3"}


def test_faults_cover_the_horizon_and_no_more():
    built = room(calendar=days(364))
    up_ms, first = built.world().faults.up_ms, built.world().faults.first
    assert first[0] == 0
    assert first[-1] == len(up_ms)
    for a, b in pairwise(first):
        assert up_ms[a:b].sum() >= built.calendar.horizon_ms
        assert up_ms[a : b - 1].sum() < built.calendar.horizon_ms


def test_a_further_camera_changes_no_fault_of_the_others():
    few, more = room(LOOS), room(replace(LOOS, cameras=52))
    n = few.world().faults.first[-1]
    assert np.array_equal(more.world().faults.up_ms[:n], few.world().faults.up_ms)


def test_a_longer_horizon_changes_no_fault_of_the_shorter():
    short, long = (room(LOOS, calendar=days(count)).world().faults for count in (28, 3640))
    for camera in range(LOOS.cameras):
        ours = short.up_ms[slice(*short.first[camera : camera + 2])]
        assert np.array_equal(ours, long.up_ms[long.first[camera] :][: len(ours)])


def test_outages_are_sorted_by_start_then_camera():
    outages = room().world(outages=[(4, 20, 30), (9, 10, 12), (2, 20, 25)]).outages
    assert [tuple(row) for row in zip(*outages, strict=True)] == [
        (9, 10, 12),
        (2, 20, 25),
        (4, 20, 30),
    ]
    assert room().world().outages.camera.dtype == np.int64


def test_a_commune_is_not_there_before_the_day_it_joins():
    built = room(*TOWNS)
    day = built.calendar.horizon.start + timedelta(days=2)
    later = room(*(replace(town, joined=day) if town is LOOS else town for town in TOWNS))
    world, joined_ms = later.world(), int(later.calendar.midnight_ms[2])
    loos = [town.insee for town in later.territory.communes].index(LOOS.insee)
    for name in TABLES:
        table = getattr(world, name)
        ours = table.time_ms[table.commune == loos]
        assert len(ours) > 0 or name != "incidents"
        assert (ours >= joined_ms).all()
        assert rows(table, without=loos) == rows(getattr(built.world(), name), without=loos)
    for owed in (later.centre.patrols, later.centre.checks):
        starts = owed.start_ms[owed.commune == loos]
        assert starts.min() >= joined_ms
        assert len(starts) < (owed.commune != loos).sum()
    first, end = later.centre.communes.first_camera[loos : loos + 2]
    assert world.outages.camera.tolist() == list(range(first, end))
    assert set(world.outages.start_ms.tolist()) == {0}
    assert set(world.outages.end_ms.tolist()) == {joined_ms}


@pytest.mark.parametrize("shift", [-400, 0])
def test_a_commune_that_joined_before_is_there_from_the_start(shift):
    built = room(*TOWNS)
    day = built.calendar.horizon.start + timedelta(days=shift)
    assert same(
        built.world().incidents,
        room(*(replace(town, joined=day) for town in TOWNS)).world().incidents,
    )


def rostered(tmp_path, agents, count=364):
    """A year of mornings, held by each agent beside the others."""
    duties = [
        Duty(start, start + timedelta(hours=8), agent, "video_operator", "day", 20)
        for day in range(count)
        for agent in agents
        for start in [datetime(2027, 1, 4, 6, tzinfo=UTC) + timedelta(days=day)]
    ]
    path = tmp_path / f"{len(agents)}.csv"
    path.write_text(as_csv(duties))
    alone = {"supervisors": {}, "requisition_officers": 0, "roster": path}
    return room(LOOS, calendar=days(count), levers=alone)


def test_an_agent_whom_the_roster_names_is_away_in_spells(tmp_path):
    built = rostered(tmp_path, [f"A{i:02d}" for i in range(1, 21)])
    presents = [built.world(replication=number).present for number in range(8)]
    rate = built.assumptions["absence_rate"]
    assert 1 - np.mean(presents) == pytest.approx(rate, abs=0.035)
    agents = np.array(built.plan.agents)
    returns = sum(
        np.diff(present[agents == agent].astype(int)).clip(0).sum()
        for present in presents
        for agent in set(built.plan.agents)
    )
    days_away = sum((~present).sum() for present in presents)
    assert days_away / returns == pytest.approx(built.assumptions["absence_spell_days"], rel=0.3)


def test_another_agent_moves_no_spell(tmp_path):
    few, more = (rostered(tmp_path, agents) for agents in (["A01"], ["A01", "A02"]))
    of_first = np.array(more.plan.agents) == "A01"
    assert np.array_equal(few.world(3).present, more.world(3).present[of_first])


@pytest.mark.parametrize(("rate", "present"), [(0.0, True), (1.0, False)])
def test_nobody_and_everybody_away(tmp_path, rate, present):
    built = rostered(tmp_path, ["A01"], count=7)
    built.assumptions.values["absence_rate"] = rate
    assert (built.world().present == present).all()
