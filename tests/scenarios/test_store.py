import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from twin.errors import InputError, MissingError, StoreError
from twin.files import data_folder
from twin.scenarios.library import Library
from twin.scenarios.store import Run, identify, parquet, stored_runs

COLUMNS = ["indicator", "scope", "key", "value", "unit", "family"]


def indicators(value: float) -> bytes:
    rows = [("police_alerts", "centre", "", value, "par an", "observable")]
    return parquet(pd.DataFrame(rows, columns=COLUMNS))


@pytest.fixture
def begun(library: Library, tmp_path: Path) -> Run:
    return Run.opened(identify("tiny", library["tiny"], 7), tmp_path / "runs")


def test_the_identity_tells_what_decides_and_nothing_else(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = library["tiny"]
    first = identify("tiny", tiny, 7)
    assert identify("other", tiny, 7).hash == first.hash
    others = [
        identify("tiny", tiny, 8),
        identify("tiny", tiny.with_overrides({"seats": {"relief": True}}), 7),
        identify("tiny", tiny.with_overrides({"assumptions": {"held_share": 0.4}}), 7),
        identify("tiny", tiny.with_overrides({"horizon": {"days": 2}}), 7),
        replace(first, engine="another"),
    ]
    copy = tmp_path / "data"
    shutil.copytree(data_folder(), copy)
    monkeypatch.setenv("CMSU_DATA", str(copy))
    assert identify("tiny", tiny, 7).hash == first.hash
    for read_after in ("tariffs.yaml", "assumptions.yaml", "budget/pay.yaml"):
        with (copy / read_after).open("a") as stream:
            stream.write("\n")
    assert identify("tiny", tiny, 7).hash == first.hash
    dearer = {"tariffs": {"joining_eur": 1}, "budget": {"loan_share": 0.1}}
    after = {"assumptions": {"loan_rate": "high"}}
    assert identify("tiny", tiny.with_overrides(dearer | after), 7).hash == first.hash
    with (copy / "forfaits.csv").open("a") as stream:
        stream.write("\n")
    others.append(identify("tiny", tiny, 7))
    assert len({first.hash, *(other.hash for other in others)}) == 1 + len(others)


def test_a_manifest_holds_the_identity_only(begun: Run) -> None:
    assert set(begun.manifest) == {
        "format", "identity", "name", "scenario", "data", "engine", "seed",
    }  # fmt: skip
    assert begun.folder.name == f"tiny-{begun.manifest['identity'][:12]}"
    assert str(begun.folder.parent) not in (begun.folder / "manifest.json").read_text()


def test_an_interrupted_run_is_listed_with_what_it_holds(begun: Run) -> None:
    begun.record(20, 2, {})
    for number in (1, 2, 4):
        begun.keep(number, indicators(number), {})
    (run,) = stored_runs(begun.folder.parent)
    assert (run.finished(), run.asked) == ({1, 2, 4}, 20)
    assert run.indicators(4)["value"].tolist() == [4.0]


def test_a_replication_counts_with_its_tables_only_when_all_are_there(begun: Run) -> None:
    begun.keep(1, indicators(1), {"tasks": b"1", "spells": b"2"})
    begun.keep(2, indicators(2), {"tasks": b"1", "spells": b"2", "attention": b"3"})
    assert begun.finished() == {1, 2}
    assert begun.finished(("tasks", "spells", "attention")) == {2}


def test_durations_of_earlier_sessions_stay(begun: Run) -> None:
    begun.record(3, 2, {1: 0.5})
    begun.record(4, 1, {2: 0.25})
    assert begun.machine["seconds"] == {"0001": 0.5, "0002": 0.25}
    assert (begun.machine["replications"], begun.machine["workers"]) == (4, 1)


def test_nothing_is_half_written(begun: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    begun.keep(1, indicators(1), {})
    before = {path.name: path.read_bytes() for path in begun.folder.iterdir()}

    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(StoreError, match="replication-0002"):
        begun.keep(2, indicators(2), {})
    assert before == {path.name: path.read_bytes() for path in begun.folder.iterdir()}


def test_a_damaged_replication_is_told(begun: Run) -> None:
    path = begun.folder / "replication-0001.parquet"
    for content in (b"", b"PAR1 and then nothing", indicators(1)[:-20]):
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"replication-0001\.parquet: cannot be read"):
            begun.indicators(1)
    path.write_bytes(parquet(pa.table({"a": [1]})))
    with pytest.raises(StoreError, match="not the indicators of a replication"):
        begun.indicators(1)


def test_a_manifest_that_cannot_be_trusted_is_told(begun: Run, library: Library) -> None:
    identity = identify("tiny", library["tiny"], 7)
    path, out = begun.folder / "manifest.json", begun.folder.parent
    good = json.loads(path.read_text())
    for content, sentence in [
        (json.dumps(good | {"format": 99}), "format 99 cannot be read"),
        (json.dumps(good | {"seed": 8}), "was changed"),
        ("{", "not valid JSON"),
        ("[]", "a mapping is expected"),
    ]:
        path.write_text(content)
        with pytest.raises(StoreError, match=sentence) as problem:
            Run.opened(identity, out)
        assert "\n" not in str(problem.value)
        assert path.read_text() == content
    with pytest.raises(MissingError, match="no such run"):
        Run.found(identity, out / "elsewhere")


def test_a_name_stays_in_its_folder(library: Library) -> None:
    with pytest.raises(InputError, match="cannot name a run"):
        identify("../elsewhere", library["tiny"], 7)


def test_parquet_has_one_spelling() -> None:
    values = np.linspace(0, 1, 1000)
    frame = pd.DataFrame({"value": values}).assign(
        indicator="a", scope="centre", key=pd.Series(["é"] * 1000, dtype=object), unit="", family=""
    )
    shuffled = frame[sorted(frame.columns, reverse=True)].astype({"key": "string"})
    shuffled.attrs["noise"] = 1
    assert parquet(frame) == parquet(shuffled)
