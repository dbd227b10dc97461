from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from twin.errors import MissingError
from twin.files import canonical_json
from twin.model.assumptions import load_assumptions
from twin.scenarios.library import Library, load_scenario
from twin.scenarios.schema import Scenario, assignments

KEYS = sorted(load_assumptions())


def test_a_scenario_does_not_change(library: Library) -> None:
    with pytest.raises(ValidationError):
        library["tiny"].events = ()  # type: ignore[misc]


def test_two_spellings_resolve_to_the_same(library: Library) -> None:
    tiny = library["tiny"]
    central = load_assumptions()["held_share"].central
    for choice in ("central", central):
        spelt = tiny.with_overrides({"assumptions": {"held_share": choice}})
        assert canonical_json(spelt.resolved()) == canonical_json(tiny.resolved())


def test_a_file_of_communes_counts_by_its_content(library: Library) -> None:
    tiny = library["tiny"]
    moved = tiny.communes.file.with_name("elsewhere.csv")
    moved.write_bytes(tiny.communes.file.read_bytes())
    elsewhere = tiny.with_overrides({"communes": {"file": moved}})
    assert elsewhere.resolved() == tiny.resolved()
    moved.write_bytes(moved.read_bytes() + b"59328,2,1,,\n")
    assert elsewhere.resolved() != tiny.resolved()


def test_a_roster_counts_by_its_content(library: Library, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.csv", "two.csv")]
    for path in paths:
        path.write_text("same")
    one, two = (library["tiny"].with_overrides({"seats": {"roster": path}}) for path in paths)
    assert one.resolved() == two.resolved() != library["tiny"].resolved()
    paths[1].write_text("other")
    assert two.resolved() != one.resolved()
    paths[1].unlink()
    with pytest.raises(MissingError, match=r"two.csv: cannot be read"):
        two.resolved()


def test_none_drops_a_shift_and_takes_a_default_back(library: Library) -> None:
    tiny = library["tiny"]
    changed = tiny.with_overrides({"seats": {"operators": {"day": None}, "relief": True}})
    assert changed.seats.operators == {"evening": 2, "night": 1}
    assert changed.with_overrides({"seats": {"relief": None}}).seats.relief is False


def test_a_named_tariff_can_be_changed_in_part(library: Library) -> None:
    changed = library["tiny"].with_overrides(assignments(["tariffs.forfait_2_eur=500"]))
    assert (changed.tariffs.forfait_2_eur, changed.tariffs.joining_eur) == (500, 150)
    assert changed.resolved() == library["tiny"].resolved(), "a price replays nothing"


def test_a_time_needs_no_quotes_on_the_command_line(library: Library) -> None:
    changed = library["tiny"].with_overrides(assignments(["seats.check_hour=07:30"]))
    assert changed.seats.check_hour == "07:30"


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["low", "high"]), max_size=5))
def test_a_scenario_survives_a_journey_as_text(choices: dict[str, str]) -> None:
    scenario = load_scenario("reference").with_overrides({"assumptions": choices})
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario
    again = Scenario.model_validate(scenario.model_dump(mode="json"))
    assert again.resolved() == scenario.resolved()


def test_the_schema_documents_every_lever() -> None:
    schema = Scenario.model_json_schema()
    blocks = [schema, *schema["$defs"].values()]
    levers = [lever for block in blocks for lever in block.get("properties", {}).items()]
    assert len(levers) > 30
    assert [name for name, lever in levers if "description" not in lever] == []


def test_exactly_leaves_no_other_stop(library: Library) -> None:
    experiment = library.experiment.exactly(4)
    assert (experiment.replications, experiment.max_replications) == (4, 4)
    assert experiment.precision == {}
    assert experiment.seed == library.experiment.seed
