from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.model.journals import centre, journal
from tests.model.rooms import CROIX, LEERS, LOOS, days
from twin.errors import InputError, MissingError
from twin.files import as_yaml
from twin.model.assumptions import Assumptions
from twin.model.centre.journal import Origin, Outcome, SpellState
from twin.model.centre.world import Kind
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN
from twin.model.indicators import Indicator, load_indicators, measure
from twin.model.territory import Territory
from twin.scenarios.store import INDICATORS, parquet

DAYS = 73
"""A fifth of a year: 2 cases are 10 a year."""
HORIZON = DAYS * MS_PER_DAY
TERRITORY = Territory(
    (
        replace(CROIX, cameras=2, forfait="1"),
        replace(LEERS, cameras=3, forfait="2"),
        replace(LOOS, cameras=5, forfait="2"),
    )
)
CENTRE = centre(2, 3, 5, horizon_ms=HORIZON)
CALENDAR = days(DAYS)
A_CROIX, A_LEERS = 0, 1
TEN_AT_NIGHT = 22 * MS_PER_H


def police(commune: int, minutes_to_alert: float | None = None, **more: Any) -> dict[str, Any]:
    """An incident entering the view at ten in the evening of the first day."""
    alert = {} if minutes_to_alert is None else {"alert_ms": _after(minutes_to_alert)}
    return {"kind": Kind.POLICE, "commune": commune, "arrival_ms": TEN_AT_NIGHT, **alert, **more}


def _after(minutes: float) -> int:
    return TEN_AT_NIGHT + round(minutes * MS_PER_MIN)


TASKS = [
    police(A_CROIX, 4, origin=Origin.WALL, entitled=1),
    police(A_CROIX, 8, origin=Origin.CALL, entitled=1),
    police(A_CROIX, outcome=Outcome.UNSEEN),
    police(A_LEERS, 16, origin=Origin.PATROL, arrival_ms=0),
    police(A_LEERS, outcome=Outcome.CENSORED, origin=Origin.WALL),
    {"kind": Kind.PATROL, "commune": A_CROIX, "shown": 2},
    {"kind": Kind.PATROL, "commune": A_LEERS, "shown": 1, "outcome": Outcome.LOST},
    {"kind": Kind.EXTRACTION, "useful": 1, "end_ms": MS_PER_DAY, "deadline_ms": 2 * MS_PER_DAY},
    {"kind": Kind.EXTRACTION, "end_ms": 2 * MS_PER_DAY, "deadline_ms": MS_PER_DAY},
    {"kind": Kind.EXTRACTION, "outcome": Outcome.CENSORED, "deadline_ms": MS_PER_DAY},
    {"kind": Kind.EXTRACTION, "outcome": Outcome.CENSORED, "deadline_ms": HORIZON},
    {"kind": Kind.EXTRACTION, "outcome": Outcome.DROPPED, "deadline_ms": HORIZON},
]
EXTRACTIONS = {"kind": "EXTRACTION"}
POLICE = {"kind": "POLICE"}
DELAY = {"where": POLICE, "from": "arrival_ms", "to": "alert_ms", "unit": "min"}
PATROLS = {"where": {"kind": "PATROL"}}


def asked(statistic: str, **more: Any) -> dict[str, Any]:
    return {
        "label": "Essai",
        "unit": "part",
        "family": "observable",
        "statistic": statistic,
        **more,
    }


def values(definition: dict[str, Any], tasks: list[dict[str, Any]] = TASKS) -> dict[str, float]:
    """Value by key of one indicator; the whole centre is ""."""
    table = measure(
        journal(tasks),
        CENTRE,
        TERRITORY,
        CALENDAR,
        Assumptions(),
        {"tried": Indicator.model_validate(definition)},
    )
    return dict(zip(table["key"], table["value"], strict=True))


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        (asked("per_year", where=POLICE), 5 * 5),
        (asked("per_year", where={}), len(TASKS) * 5),
        (asked("per_year", where={"kind": ["POLICE", "PATROL"]}), 7 * 5),
        (asked("per_year", where={"kind": "CHECK"}), 0),
        (asked("per_year", where=POLICE | {"alert_ms": "known"}), 3 * 5),
        (asked("per_year", where=POLICE | {"alert_ms": "unknown"}), 2 * 5),
        (asked("per_year", where=POLICE | {"entitled": True}), 2 * 5),
        (asked("per_year", where=POLICE | {"entitled": False}), 3 * 5),
        (asked("per_camera_year", where=POLICE), 5 * 5 / 10),
        (asked("per_camera_year", where={"kind": "CHECK"}), 0),
        (asked("share", where=POLICE, of={"origin": ["WALL", "PATROL"]}), 3 / 5),
        (asked("share", where=POLICE, of={"origin": "CALL", "entitled": False}), 0),
        (asked("mean", **DELAY), 28 / 3 + 22 * 60 / 3),
        (asked("p50", **DELAY | {"where": {"entitled": True}}), 6),
        (asked("p90", **DELAY | {"where": {"entitled": True}}), 4 + 0.9 * 4),
        (asked("mean", **DELAY | {"where": {"entitled": True}, "unit": "h"}), 0.1),
        (asked("mean", **DELAY | {"where": {"entitled": True}, "unit": "days"}), 6 / 1440),
        (asked("ratio", **PATROLS, top="shown", bottom="cameras"), 3 / 5),
        (asked("share", where=EXTRACTIONS, of={"useful": True}), 1 / 5),
        (asked("share", where=EXTRACTIONS, of={"settled": True}), 4 / 5),
        (asked("share", where=EXTRACTIONS | {"settled": True}, of={"in_time": True}), 1 / 4),
    ],
)
def test_each_statistic_of_the_whole_centre(definition: dict[str, Any], value: float) -> None:
    assert values(definition) == {"": pytest.approx(value, abs=1e-12)}


def test_a_delay_that_was_not_met_twice_is_left_out() -> None:
    after_midnight = TASKS[3]["alert_ms"] / MS_PER_MIN
    assert values(asked("mean", **DELAY)) == {"": pytest.approx((4 + 8 + after_midnight) / 3)}
    never_called = asked("mean", **DELAY | {"from": "queued_ms"})
    assert values(never_called) == {}


def test_hours_that_agents_gave_and_that_cameras_were_dark() -> None:
    tasks = [
        {"kind": Kind.PATROL, "id": 0, "commune": A_CROIX},
        {"kind": Kind.PATROL, "id": 1, "commune": A_LEERS},
        {"kind": Kind.REPAIR, "commune": A_CROIX, "arrival_ms": 0, "end_ms": MS_PER_DAY},
        {"kind": Kind.REPAIR, "commune": A_LEERS, "arrival_ms": HORIZON - MS_PER_DAY, "end_ms": -1},
    ]
    half_hour = MS_PER_H // 2
    spells = [
        (0, 0, MS_PER_H, SpellState.WORKING, Kind.PATROL, 0),
        (0, MS_PER_H, MS_PER_H + half_hour, SpellState.WORKING, Kind.PATROL, 1),
        (0, 2 * MS_PER_H, 3 * MS_PER_H, SpellState.OVERTIME, Kind.PATROL, 1),
        (0, 3 * MS_PER_H, 5 * MS_PER_H, SpellState.WATCHING),
    ]

    def hours(**definition: Any) -> dict[str, float]:
        indicator = Indicator.model_validate(asked("h_per_year", by=["commune"], **definition))
        kept = journal(tasks, spells)
        found = measure(kept, CENTRE, TERRITORY, CALENDAR, Assumptions(), {"tried": indicator})
        return dict(zip(found["key"], found["value"], strict=True))

    spent = hours(**PATROLS, top="spent_ms")
    assert spent == {"": 12.5, "59163": 5, "59339": 7.5, "59360": 0}
    dark = hours(where={"kind": "REPAIR"}, top="lasted_ms")
    assert dark == {"": 240, "59163": 120, "59339": 120, "59360": 0}


@pytest.mark.parametrize(
    "definition",
    [
        asked("share", where={"kind": "CHECK"}, of={"outcome": "DONE"}, by=["commune"]),
        asked("ratio", where={"kind": "CHECK"}, top="shown", bottom="cameras", by=["forfait"]),
        asked("p90", **DELAY | {"where": {"kind": "CHECK"}}, by=["hour"]),
    ],
)
def test_nothing_is_said_of_nothing(definition: dict[str, Any]) -> None:
    assert values(definition) == {}


def test_scopes_count_their_own_cameras() -> None:
    by_commune = values(asked("per_camera_year", where=POLICE, by=["commune"]))
    assert by_commune == {
        "": pytest.approx(2.5),
        "59163": pytest.approx(3 * 5 / 2),
        "59339": pytest.approx(2 * 5 / 3),
        "59360": 0,
    }
    by_forfait = values(asked("per_camera_year", where=POLICE, by=["forfait"]))
    assert by_forfait == {"": 2.5, "1": pytest.approx(7.5), "2": pytest.approx(2 * 5 / 8)}


def test_hours_without_a_case_are_zero_and_hours_average_to_the_whole() -> None:
    by_hour = values(asked("per_camera_year", where=POLICE, by=["hour"]))
    whole = by_hour.pop("")
    assert sorted(by_hour) == [f"{hour:02d}" for hour in range(24)]
    assert {hour: rate for hour, rate in by_hour.items() if rate} == {
        "00": pytest.approx(5 / (10 / 24)),
        "22": pytest.approx(4 * 5 / (10 / 24)),
    }
    assert np.mean(list(by_hour.values())) == pytest.approx(whole)
    assert values(asked("per_year", where=POLICE, by=["commune"]))["59360"] == 0


def test_shares_are_said_only_where_something_happened() -> None:
    noticed = asked("share", where=POLICE, of={"origin": ["WALL", "PATROL"]}, by=["commune"])
    assert values(noticed) == {"": 3 / 5, "59163": pytest.approx(1 / 3), "59339": 1}


def test_hours_are_civil_on_the_day_of_the_clock_change() -> None:
    """On 28 March 2027 three hours of elapsed time after midnight it is four in Paris."""
    calendar = days(1, CALENDAR.horizon.start.replace(month=3, day=28))
    tasks = [{"kind": Kind.POLICE, "arrival_ms": 3 * MS_PER_H}]
    table = measure(
        journal(tasks),
        centre(2, 3, 5, horizon_ms=calendar.horizon_ms),
        TERRITORY,
        calendar,
        Assumptions(),
        {"tried": Indicator.model_validate(asked("per_year", where=POLICE, by=["hour"]))},
    )
    assert table.loc[table["value"] > 0, "key"].tolist() == ["", "04"]


def test_the_shipped_table_measures_a_written_journal() -> None:
    spells = [(0, 0, HORIZON, SpellState.WATCHING)]
    attention = [(0, 0, 10, 2, 2)]
    table = measure(journal(TASKS, spells, attention), CENTRE, TERRITORY, CALENDAR, Assumptions())
    parquet(table)
    assert list(table.columns) == INDICATORS.names
    assert table.equals(table.sort_values(["indicator", "scope", "key"], ignore_index=True))
    found = table.query("scope == 'centre'").set_index("indicator")["value"].to_dict()
    expected = {
        "police_notices": 3 * 5 / 10,
        "police_alerts": 3 * 5 / 10,
        "police_noticed_all": 2 / 4,
        "police_noticed_entitled": 1 / 2,
        "call_to_alert_p50": None,
        "patrols_made": 1 / 2,
        "patrol_cameras_shown": 3 / 5,
        "requisition_useful": 5,
        "requisition_in_time": 1 / 4,
        "requisition_p50_days": 1.5,
        "checks_made": None,
        "watching": 1,
        "agents_present": 1,
        "attention_min_per_camera_hour": 60 * 4 / 10,
    }
    assert {name: found.get(name) for name in expected} == pytest.approx(expected)
    assert set(found) <= set(load_indicators())


def test_every_shipped_indicator_has_its_own_words() -> None:
    shipped = load_indicators()
    assert len({indicator.label for indicator in shipped.values()}) == len(shipped)
    assert {indicator.family for indicator in shipped.values()} == {"observable", "model_only"}


def test_a_presence_indicator_must_be_computed() -> None:
    unknown = {"agents_presents": Indicator.model_validate(asked("presence"))}
    with pytest.raises(InputError, match='"agents_presents" is not computed; did you mean'):
        measure(journal(), CENTRE, TERRITORY, CALENDAR, Assumptions(), unknown)


def test_an_empty_question_has_an_empty_answer() -> None:
    empty = measure(journal(), CENTRE, TERRITORY, CALENDAR, Assumptions(), {})
    assert (len(empty), list(empty.columns)) == (0, INDICATORS.names)


MALFORMED = [
    (asked("median"), "statistic: Input should be 'per_camera_year'"),
    (asked("per_year", colour="red"), 'unknown key "indicators.tried.colour"'),
    (asked("per_year", family="guess"), "family: "),
    (asked("per_year", by=["camera"]), "by.0: "),
    (asked("per_year", where={"kindd": "POLICE"}), 'unknown column "kindd"; did you mean "kind"'),
    (asked("per_year", where={"kind": "POLICEMAN"}), 'did you mean "POLICE"'),
    (asked("per_year", where={"kind": True}), 'unknown kind "True"'),
    (asked("per_year", where={"outcome": ["DONE", "LOOSED"]}), 'unknown outcome "LOOSED"'),
    (asked("per_year", where={"origin": "WALLS"}), 'unknown origin "WALLS"; did you mean "WALL"'),
    (asked("per_year", where={"alert_ms": True}), '"alert_ms" can be asked known or unknown'),
    (asked("per_year", where={"alert_ms": "DONE"}), '"alert_ms" can be asked known or unknown'),
    (asked("per_year", where={"useful": "known"}), '"useful" can be asked true or false'),
    (asked("per_year", where={"shown": 3.5}), "where.shown"),
    (
        asked("per_year", of={"outcome": "DONE"}),
        'the keys of "per_year" are: none (among of, from, to',
    ),
    (asked("share", where=POLICE), 'the keys of "share" are: of (among of, from, to, top, bottom)'),
    (asked("share", of={"outcomes": "DONE"}), 'unknown column "outcomes"'),
    (asked("ratio", top="shown"), 'the keys of "ratio" are: top, bottom ('),
    (asked("ratio", top="shown", bottom="camera_s"), 'unknown column "camera_s"'),
    (asked("mean", **{"from": "arrival_ms"}), 'the keys of "mean" are: from, to ('),
    (asked("p50", **DELAY | {"unit": "s"}), "unit of a delay: allowed: days, h, min"),
    (asked("p50", **DELAY | {"to": "alert"}), 'unknown column "alert"; did you mean "alert_ms"'),
    (asked("p90", **DELAY | {"to": "work_ms"}), 'unknown column "work_ms"'),
    (asked("presence", where=POLICE), '"presence" takes no "where"'),
    (asked("presence", by=["commune"]), '"presence" by "commune"; allowed: hour, seat'),
    (asked("per_year", by=["seat"]), '"per_year" by "seat"; allowed: commune, forfait, hour'),
    ({"label": "Essai"}, "indicators.tried.unit: Field required"),
    ("per_year", "indicators.tried: "),
]


@pytest.mark.parametrize(("definition", "sentence"), MALFORMED)
def test_a_malformed_table_is_one_sentence(tmp_path: Path, definition: Any, sentence: str) -> None:
    path = tmp_path / "indicators.yaml"
    path.write_text(as_yaml({"indicators": {"tried": definition}}), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        load_indicators(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        load_indicators(tmp_path / "indicators.yaml")
