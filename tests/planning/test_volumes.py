from pathlib import Path

import pytest

from twin.model.budget.adoption import members
from twin.planning.volumes import stage_volumes
from twin.scenarios.library import Library, load_library


@pytest.fixture
def library(scenarios: Path) -> Library:
    return load_library(scenarios)


def test_what_a_run_found_by_hand(library: Library, tmp_path: Path) -> None:
    tiny = library["tiny"].with_overrides({"seats": {"requisition_officers": 1}})
    seen: list[tuple[str, int, int]] = []
    stages = stage_volumes(
        tiny,
        library.experiment.exactly(2),
        name="tiny",
        out=tmp_path,
        progress=lambda *told: seen.append(told),
    )
    half, full = stages
    assert [len(each.communes) for each in stages] == [1, 2]
    assert half.communes[0].insee == full.communes[members(2, 1 / 3)[0]].insee
    assert (full.cameras, full.seed, full.replications) == (5, 7, 2)
    assert {label for label, *_ in seen} == {"tiny_stage_1", "tiny"}
    assert seen[-1] == ("tiny", 2, 2)
    assert {each.posts.function for each in full.functions} == {
        "video_operator",
        "requisition_officer",
    }
    operators = next(f for f in full.functions if f.posts.function == "video_operator")
    assert operators.posts.hours.total == pytest.approx(4 * 8 * 365)
    assert 0 < full.viewing_h < operators.posts.hours.total
    for commune in full.communes:
        assert (commune.live_h, commune.counted) == (8760, True)
        assert commune.hours["patrol"] > 0
        assert 0 < commune.availability <= 1
        assert commune.patrols <= 2 * 365
    assert full.network["access_switch_eur"] == 2 > half.network["access_switch_eur"]
    assert full.network["fibre_eur_km_year"] > half.network["fibre_eur_km_year"] > 0


def test_a_stage_holds_the_seats_that_its_cameras_call_for(
    library: Library, tmp_path: Path
) -> None:
    levers = {"seats": {"operators": {"day": 5, "evening": 1, "night": 3}, "vacant_posts": 3}}
    tiny = library["tiny"].with_overrides(levers)

    def operators(staffing: str) -> list[tuple[float, int]]:
        stages = stage_volumes(
            tiny.with_overrides({"budget": {"staffing": staffing}}),
            library.experiment.exactly(1),
            name="tiny",
            out=tmp_path / staffing,
        )
        rows = [each.functions[0] for each in stages]
        return [(row.posts.hours.total / 8 / 365, row.vacant) for row in rows]

    half = load_library(library.path)["tiny"]
    assert half.seats.vacant_posts == 0
    (few, fewer_vacant), (all_, vacant) = operators("with_cameras")
    assert (all_, vacant) == (pytest.approx(9), 3)
    assert few == pytest.approx(2 + 1 + 2)
    assert fewer_vacant == 1
    assert operators("full")[0] == (pytest.approx(9), 3)


def test_runs_are_stored_and_shared(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "runs"

    def asked() -> list[str]:
        stages = stage_volumes(library["tiny"], library.experiment.exactly(1), name="tiny", out=out)
        return [each.identity for each in stages]

    first = asked()
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("replication-*")}
    assert asked() == first
    assert {path: path.stat().st_mtime_ns for path in out.rglob("replication-*")} == stamps
    assert sorted(path.name[:5] for path in out.iterdir()) == ["searc", "tiny-"]


def test_the_links_of_a_file_cost_what_it_says(library: Library, tmp_path: Path) -> None:
    links = tmp_path / "links.csv"
    ends = ("59360", "59507", "police", "gendarmerie")
    rows = "".join(f"{end},centre-1,5,1000,700\n" for end in ends)
    links.write_text("from,to,length_km,capacity_mbps,cost_eur_year\n" + rows, encoding="utf-8")
    tiny = library["tiny"].with_overrides(
        {"network": {"links": str(links)}, "budget": {"staffing": "full"}}
    )
    stages = stage_volumes(tiny, library.experiment.exactly(1), name="tiny", out=tmp_path)
    assert stages[-1].network[""] == 2800
    assert not {"fibre_eur_km_year", "leased_line_eur_year"} & stages[-1].network.keys()


def test_an_event_follows_its_communes(library: Library, tmp_path: Path) -> None:
    event = {"name": "Fête", "start": "2027-01-04 10:00", "end": "2027-01-04 12:00"}
    for communes in (["59360", "59507"], "all"):
        scenario = library["tiny"].with_overrides({"events": [event | {"communes": communes}]})
        stages = stage_volumes(scenario, library.experiment.exactly(1), name="tiny", out=tmp_path)
        assert len(stages) == 2
