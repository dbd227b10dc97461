import json
from collections.abc import Callable
from pathlib import Path

from twin.files import load_yaml
from twin.scenarios.library import load_library, load_scenario
from twin.scenarios.schema import Scenario


def test_list_names_every_scenario(twin: Callable) -> None:
    answer = twin("scenario", "list")
    assert answer.code == 0
    for name, recipe in load_library().recipes.items():
        assert f"{name}: {recipe.label}\n    {recipe.description}\n" in answer.out


def test_show_prints_what_a_file_may_hold(twin: Callable, tmp_path: Path) -> None:
    answer = twin("scenario", "show", "braderie", "--set", "seats.check_hour=07:30")
    copy = tmp_path / "copy.yaml"
    copy.write_text(answer.out)
    shown = Scenario.model_validate(load_yaml(copy))
    assert shown == load_scenario("braderie").with_overrides({"seats": {"check_hour": "07:30"}})


def test_schema_is_the_scenarios(twin: Callable) -> None:
    assert json.loads(twin("scenario", "schema").out) == Scenario.model_json_schema()


def test_a_mistake_is_one_sentence(twin: Callable, scenarios: Path) -> None:
    for arguments, code, sentence in [
        (["show", "refrence"], 2, 'did you mean "reference"'),
        (["show", "tiny", "--scenarios", scenarios, "--set", "horizon.dais=3"], 2, '"days"'),
        (["list", "--scenarios", scenarios.with_name("none.yaml")], 3, "no such file"),
    ]:
        answer = twin("scenario", *arguments)
        assert (answer.code, answer.out) == (code, "")
        assert answer.err.count("\n") == 1
        assert sentence in answer.err
