import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats

from twin.errors import InputError, StoreError
from twin.model.seats import seated_shifts
from twin.model.territory import Territory
from twin.model.workload import sample_world
from twin.scenarios import replay
from twin.scenarios.experiment import prepare, replicate, run, run_all, summary
from twin.scenarios.library import Library
from twin.scenarios.schema import Experiment
from twin.scenarios.stopping import Stop, half_width
from twin.scenarios.store import SEARCHES, stored_runs


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "machine.json"}


def test_the_journal_is_kept_beside_the_indicators(library: Library, tmp_path: Path) -> None:
    result = run(library["tiny"], library.experiment, name="tiny", out=tmp_path, keep_tables=True)
    kept = pq.read_table(result.stored.folder / "replication-0002-tasks.parquet")
    assert kept.equals(replicate(prepare(library["tiny"]), 7, 2).tasks)
    assert len(content(result.stored.folder)) == 1 + 3 * 4


def test_a_pattern_said_shift_by_shift_gives_the_same_bytes(
    library: Library, tmp_path: Path
) -> None:
    tiny = library["tiny"]
    rows = [row.model_dump() for row in seated_shifts(tiny.seats)]
    dropped = dict.fromkeys(("pattern", "operators", "supervisors", "requisition_officers"))
    spelled = tiny.with_overrides({"seats": dropped | {"shifts": rows}})
    one, other = (
        content(result.stored.folder)
        for result in run_all(
            {"tiny": tiny, "spelled": spelled}, library.experiment, out=tmp_path
        ).values()
    )
    assert one.pop("manifest.json") != other.pop("manifest.json")
    assert one == other
    assert len(one) == 3


def test_replications_differ_and_mean_something(library: Library, tmp_path: Path) -> None:
    result = run(library["tiny"], library.experiment, name="tiny", out=tmp_path)
    centre = result.indicators.query("scope == 'centre'").set_index("indicator")
    assert centre.loc["police_notices", "n"] == 3
    assert centre.loc["police_notices", "sd"] > 0
    assert centre.loc["agents_present", "mean"] <= 2


def test_what_is_kept_is_never_run_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {"name": "tiny", "out": tmp_path}
    first = run(library["tiny"], library.experiment.exactly(2), **question)
    before = content(first.stored.folder)
    played = []

    def counted(*arguments: object, **named: object) -> object:
        played.append(arguments[2])
        return replicate(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(replay, "replicate", counted)
    more = run(library["tiny"], library.experiment.exactly(4), **question)
    assert played == [3, 4]
    assert before.items() <= content(more.stored.folder).items()
    again = run(library["tiny"], library.experiment.exactly(2), **question)
    assert played == [3, 4]
    pd.testing.assert_frame_equal(again.indicators, first.indicators)


def test_an_interruption_keeps_what_is_finished(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(prepared: object, seed: int, replication: int, **more: object) -> object:
        if replication == 3:
            raise KeyboardInterrupt
        return replicate(prepared, seed, replication, **more)  # type: ignore[arg-type]

    question = {"name": "tiny", "out": tmp_path}
    with monkeypatch.context() as patch:
        patch.setattr(replay, "replicate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(library["tiny"], library.experiment.exactly(5), **question)
    (stored,) = stored_runs(tmp_path)
    assert (stored.finished(), stored.asked) == ({1, 2}, 5)
    resumed = run(library["tiny"], library.experiment.exactly(5), **question)
    whole = run(
        library["tiny"], library.experiment.exactly(5), name="tiny", out=tmp_path / "elsewhere"
    )
    assert content(resumed.stored.folder) == content(whole.stored.folder)


def test_nothing_is_written_for_a_refused_question(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    unknown = library["tiny"].with_overrides({"seats": {"pattern": "three_by_nine"}})
    with pytest.raises(InputError, match="three_by_nine"):
        run(unknown, library.experiment, name="tiny", out=out)
    for workers in (0, -1, 100_000):
        with pytest.raises(InputError, match="workers"):
            run(library["tiny"], library.experiment, name="tiny", out=out, workers=workers)
    assert not out.exists()


def test_a_damaged_replication_stops_the_sum(library: Library, tmp_path: Path) -> None:
    question = {"name": "tiny", "out": tmp_path}
    result = run(library["tiny"], library.experiment, **question)
    (result.stored.folder / "replication-0002.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="replication-0002"):
        run(library["tiny"], library.experiment, **question)


def sought(library: Library, precision: dict[str, object], **more: int) -> Experiment:
    asked = {"precision": precision, "look_ahead": 1, **more}
    return library.experiment.model_validate(library.experiment.model_dump() | asked)


def test_replications_are_added_until_precision_holds_or_the_cap(
    library: Library, tmp_path: Path
) -> None:
    def stopped(precision: dict[str, object]) -> Stop:
        asked = sought(library, precision)
        return run(library["tiny"], asked, name="tiny", out=tmp_path).stop

    wide = stopped({"agents_present": "99%", "police_notices": 1e6})
    assert (wide.replications, wide.reason) == (4, "precision")
    narrow = stopped({"agents_present": "99%", "police_notices": 0.001})
    assert (narrow.replications, narrow.reason) == (6, "cap")
    assert re.fullmatch(
        r"stopped at the cap of 6: police_notices at [\d.]+, asked 0.001", narrow.sentence
    )


def test_a_scenario_stops_alike_alone_in_company_and_on_any_number_of_workers(
    library: Library, tmp_path: Path
) -> None:
    alone = run(library["tiny"], library.experiment.exactly(12), name="tiny", out=tmp_path / "a")
    notices = alone.values("police_notices")
    half = half_width(notices[:7].std(), 7)
    asked = sought(library, {"police_notices": float(half)}, max_replications=12)
    both = {name: library[name] for name in ("tiny", "tiny_heavy")}
    together = run_all(both, asked, out=tmp_path / "b", workers=2)
    again = run(library["tiny"], asked, name="tiny", out=tmp_path / "a")
    assert again.stop == together["tiny"].stop
    assert again.stop.reason == "precision"
    pd.testing.assert_frame_equal(again.indicators, together["tiny"].indicators)


def test_the_interval_is_students(library: Library) -> None:
    values = [1.0, 4.0, 2.5, 3.0]
    frame = pd.DataFrame(
        {"indicator": "a", "scope": "centre", "key": "", "unit": "", "family": "observable"},
        index=[0],
    )
    row = summary([frame.assign(value=value) for value in values]).iloc[0]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert (row["mean"], row["n"]) == (np.mean(values), 4)
    assert math.isnan(summary([frame.assign(value=1.0)]).iloc[0]["low"])


def test_the_interval_of_a_share_ends_where_shares_do(library: Library) -> None:
    frame = pd.DataFrame(
        {"indicator": "a", "scope": "centre", "key": "", "unit": "part", "family": "observable"},
        index=[0],
    )
    row = summary([frame.assign(value=value) for value in (0.2, 1.0, 1.0)]).iloc[0]
    assert row["low"] >= 0
    assert row["high"] == 1


def test_a_territory_may_be_given(library: Library) -> None:
    territory = prepare(library["tiny"]).territory
    alone = Territory(territory.communes[:1])
    prepared = prepare(library["tiny"], territory=alone)
    assert len(prepared.centre.cameras.commune) == alone.communes[0].cameras
    whole = replicate(prepare(library["tiny"]), 7, 1).tasks.to_pandas()
    part = replicate(prepared, 7, 1).tasks.to_pandas()
    assert set(part["id"]) < set(whole["id"])


def test_scenarios_run_side_by_side_share_their_worlds(library: Library, tmp_path: Path) -> None:
    tiny = library["tiny"]
    dearer = tiny.with_overrides({"tariffs": {"joining_eur": 1}})
    results = run_all({"tiny": tiny, "dearer": dearer}, library.experiment.exactly(2), out=tmp_path)
    police = [result.values("police_alerts") for result in results.values()]
    assert police[0].index.tolist() == [1, 2]
    pd.testing.assert_series_equal(*police)
    summed = results["tiny"].indicators.query("scope == 'centre'").set_index("indicator")
    assert police[0].mean() == pytest.approx(summed.loc["police_alerts", "mean"])


def test_the_same_question_is_played_once_under_any_name(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = library["tiny"]
    dearer = tiny.with_overrides({"tariffs": {"joining_eur": 1}})
    searched = run(tiny, library.experiment.exactly(1), name="a", out=tmp_path / SEARCHES)
    both = run_all({"tiny": tiny, "dearer": dearer}, library.experiment.exactly(2), out=tmp_path)
    assert searched.stored.machine["seconds"].keys() == {"0001"}
    assert both["dearer"].stored.machine["seconds"].keys() == {"0002"}
    assert [result.name for result in both.values()] == ["tiny", "dearer"]

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(replay, "replicate", never)
    for out in (tmp_path, tmp_path / SEARCHES):
        again = run(dearer, library.experiment.exactly(2), name="again", out=out)
        pd.testing.assert_frame_equal(again.indicators, both["tiny"].indicators)


def test_a_damaged_replication_is_not_taken_over(library: Library, tmp_path: Path) -> None:
    asked = library.experiment.exactly(2)
    first = run(library["tiny"], asked, name="tiny", out=tmp_path)
    (first.stored.folder / "replication-0002.parquet").write_bytes(b"PAR1")
    again = run(library["tiny"], asked, name="again", out=tmp_path)
    assert again.stored.machine["seconds"].keys() == {"0002"}


def test_scenarios_take_turns_replication_by_replication(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played, drawn = [], []

    def counted(prepared: object, seed: int, replication: int, **more: object) -> object:
        played.append(replication)
        return replicate(prepared, seed, replication, **more)  # type: ignore[arg-type]

    def sampled(*arguments: object, **named: object) -> object:
        drawn.append(named["replication"])
        return sample_world(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(replay, "replicate", counted)
    monkeypatch.setattr(replay, "sample_world", sampled)
    crowded = library["tiny"].with_overrides({"seats": {"operators": {"night": 3}}})
    both = {"tiny": library["tiny"], "crowded": crowded}
    together = run_all(both, library.experiment.exactly(3), out=tmp_path / "together")
    assert played == [1, 1, 2, 2, 3, 3]
    assert drawn == [1, 2, 3]
    for name, scenario in both.items():
        alone = run(scenario, library.experiment.exactly(3), name=name, out=tmp_path / name)
        assert content(alone.stored.folder) == content(together[name].stored.folder)
