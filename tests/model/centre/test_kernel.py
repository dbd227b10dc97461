"""The compiled engine writes the journal of the reference, to the last bit."""

from __future__ import annotations

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
