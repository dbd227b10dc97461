"""Sizing on two communes with three shifts a day: what the search promises, seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twin.model.assumptions import Assumptions
from twin.planning.bound import least_operators, work_cuts
from twin.planning.covering import HOURS, OPERATOR, cover, load_library
from twin.planning.front import front
from twin.planning.payroll import hours_a_week, payroll
from twin.planning.playing import Player, waiting_by_hour
from twin.planning.pooling import Room, ways
from twin.planning.sizing import Outcome, Sizing, UnreachableError, size
from twin.planning.targets import parse_target
from twin.scenarios.experiment import prepare, replicate
from twin.scenarios.library import load_library as load_scenarios
from twin.scenarios.schema import Scenario

BUSY = {"horizon": {"days": 7}, "assumptions": {"requests_per_camera_year": 20_000}}
WAIT = "request_wait_p90_min<=2"
pytestmark = pytest.mark.usefixtures("few_shifts")


@pytest.fixture
def busy(scenarios: Path) -> Scenario:
    """Calls all week: the wait of a caller decides of the seats."""
    return load_scenarios(scenarios)["tiny"].with_overrides(BUSY)


@pytest.fixture
def player(busy: Scenario, scenarios: Path, tmp_path: Path) -> Any:
    experiment = load_scenarios(scenarios).experiment.exactly(3)

    def asked(*targets: str, scenario: Scenario = busy, out: str = "searches") -> Player:
        parsed = [parse_target(target) for target in targets]
        return Player("size_tiny", scenario, parsed, experiment, out=tmp_path / out)

    return asked


def last(sizings: Iterator[Sizing]) -> Sizing:
    *_, answer = sizings
    return answer


def test_the_answer_is_met_in_fresh_worlds_and_no_seat_can_be_spared(player: Any) -> None:
    asked = player(WAIT)
    answer = last(size(asked, most=8))
    assert answer.confirmed
    assert answer.seed not in {one.result.stored.manifest["seed"] for one in asked.every[:1]}
    assert answer.verdicts[0].met
    assert (answer.plan.coverage(OPERATOR) >= 2).all()
    assert answer.plan.hours > 2 * HOURS
    assert len(answer.removals) == len(answer.plan.seats)
    outcomes = [removal.outcome for removal in answer.removals]
    assert set(outcomes) <= {Outcome.BREAKS, Outcome.UNDECIDED, Outcome.MINIMUM}
    assert Outcome.BREAKS in outcomes
    for removal in answer.removals:
        smaller = answer.plan.changed(removal.shift)
        if removal.outcome is Outcome.MINIMUM:
            assert (smaller.coverage(OPERATOR) < 2).any()
            continue
        assert removal.targets == asked.targets
        played = [asked.tried(smaller, asked.experiment.seed)]
        played += [asked.play(smaller, answer.seed, removal.replications // 3)]
        if removal.outcome is Outcome.BREAKS:
            assert played[1].missed
        assert any(one.failing for one in played)


def test_a_stricter_target_never_costs_less_in_the_same_worlds(player: Any) -> None:
    hours = [
        last(size(player(f"request_wait_p90_min<={level}"), most=8)).plan.hours for level in (8, 1)
    ]
    assert hours == sorted(hours)
    assert hours[0] < hours[-1]


def test_a_resumed_search_plays_nothing_again(player: Any) -> None:
    first, again = player(WAIT), player(WAIT)
    answer = last(size(first, most=8))
    assert last(size(again, most=8)).plan == answer.plan
    assert (again.played, again.reused) == (0, first.played + first.reused)
    assert first.played > 0


def test_an_interrupted_search_has_a_plan_as_soon_as_one_is_met(player: Any) -> None:
    begun = next(size(player(WAIT), most=8))
    assert not begun.checked
    assert begun.verdicts[0].met


@pytest.mark.parametrize(
    ("target", "best"),
    [
        ("police_noticed_all>=0.95", r"reach 0\.\d+ \(0\.\d+ to 0\.\d+\)"),
        ("call_to_alert_p90_min<=4", "never show it"),
    ],
)
def test_a_target_out_of_reach_says_which_and_the_best_value(
    player: Any, target: str, best: str
) -> None:
    sentence = f"cannot be met: 8 operators at every hour and 8 requisition officers {best}$"
    with pytest.raises(UnreachableError, match=f"^{parse_target(target)} {sentence}"):
        next(size(player(WAIT, target), most=8))


def test_without_a_demand_the_presence_alone_is_sized(busy: Scenario, player: Any) -> None:
    calm = busy.with_overrides({"assumptions": {"requests_per_camera_year": 1}})
    answer = last(size(player("patrols_made>=0.9", scenario=calm), most=4))
    assert answer.plan.hours == answer.start_hours == 2 * HOURS
    assert {removal.outcome for removal in answer.removals} == {Outcome.MINIMUM}
    people = payroll(hours_a_week(answer.plan.rows()), Assumptions(calm.assumptions))
    assert people.etpt.value == pytest.approx(12.06, abs=0.005)
    assert people.posts.value == 14
    assert people.eur_per_year.low < people.eur_per_year.value < people.eur_per_year.high


def test_the_start_is_below_what_is_found(busy: Scenario, player: Any) -> None:
    targets = [parse_target(WAIT), parse_target("patrols_made>=0.9")]
    prepared = prepare(busy)
    least, cuts = least_operators(prepared, targets), work_cuts(prepared, targets)
    start = cover(load_library(), least, cuts)
    assert 2 * HOURS < start.hours <= last(size(player(*map(str, targets)), most=8)).plan.hours
    assert (least_operators(prepared, targets[1:]) == 2).all()


def test_work_waits_where_nobody_is(busy: Scenario) -> None:
    night_off = busy.with_overrides({"seats": {"operators": {"night": 0, "day": 9, "evening": 9}}})
    prepared = prepare(night_off)
    journal = replicate(prepared, 7, 1, engine="kernel")
    target = parse_target(WAIT)
    waiting = waiting_by_hour(journal, target.entry, prepared.calendar).reshape(7, 24)
    assert waiting[:, [22, 23, 0, 1, 2, 3, 4, 5]].sum() > 0.95 * waiting.sum()


def test_no_plan_of_a_front_is_better_than_another_on_every_side(player: Any) -> None:
    *_, plans = front(player(WAIT, "patrols_made>=0.9"), 800, most=8)
    assert len(plans) > 1
    marks = [(one.plan.hours, one.verdicts[0].value, -one.verdicts[1].value) for one in plans]
    assert max(hours for hours, *_ in marks) <= 800
    for one in marks:
        for other in marks:
            assert one == other or not all(np.array(one) <= np.array(other))


def test_one_commune_at_a_time_and_sectors_are_compared_in_the_same_worlds(
    scenarios: Path, tmp_path: Path
) -> None:
    library = load_scenarios(scenarios)
    seats = {"relief": True, "operators": dict.fromkeys(("day", "evening", "night"), 4)}
    tiny = library["tiny"].with_overrides(BUSY | {"seats": seats})
    room = Room(tiny, library.experiment, tmp_path, 1, 4, lambda _: None)
    target = parse_target("request_wait_p90_min<=2")
    found = {
        way.name: way
        for way in room.compared(ways([2], named=False), [target], ["request_wait_p90"])
    }
    assert list(found) == ["pooled", "sectors_2", "one_commune_at_a_time"]
    assert found["pooled"].differences["request_wait_p90"].value == 0
    apart = found["sectors_2"].differences["request_wait_p90"]
    assert 0 < apart.low < apart.value < apart.high
    assert found["sectors_2"].more_seats > found["pooled"].more_seats
