"""The compiled engine writes the journal of the reference, to the last bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings

from tests.model.centre.scene import Scene
from tests.model.centre.worlds import scenes
from twin.model.centre import kernel, reference
from twin.scenarios.experiment import prepare, replicate
from twin.scenarios.library import load_library

TABLES = ("tasks", "spells", "attention")


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(scenes())
def test_nasty_scenes_are_played_alike(scene: Scene) -> None:
    ours = kernel.simulate(scene.centre, scene.world)
    theirs = reference.simulate(scene.centre, scene.world)
    for table in TABLES:
        assert getattr(ours, table).equals(getattr(theirs, table)), table


@pytest.mark.parametrize("name", list(load_library().recipes))
def test_shipped_scenarios_are_played_alike(name: str) -> None:
    prepared = prepare(load_library()[name].with_overrides({"horizon": {"days": 14}}))
    ours = replicate(prepared, 7, 1, engine="kernel")
    theirs = replicate(prepared, 7, 1, engine="reference")
    for table in TABLES:
        assert getattr(ours, table).num_rows > 100
        assert getattr(ours, table).equals(getattr(theirs, table)), table


def test_a_journal_outlives_the_tables_that_the_next_replications_write_over() -> None:
    prepared = prepare(load_library()["reference"].with_overrides({"horizon": {"days": 7}}))
    first = replicate(prepared, 7, 1, engine="kernel")
    kept = {table: getattr(first, table).to_pylist() for table in TABLES}
    with ThreadPoolExecutor(2) as threads:
        others = list(threads.map(lambda n: replicate(prepared, 7, n, engine="kernel"), (1, 2, 1)))
    second = replicate(prepared, 7, 2, engine="kernel")
    for table in TABLES:
        assert getattr(first, table).to_pylist() == kept[table]
        for other, alike in zip(others, (first, second, first), strict=True):
            assert getattr(other, table).equals(getattr(alike, table))
