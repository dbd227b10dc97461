import math
from datetime import date

import numpy as np
import pytest

from twin.errors import InputError, MissingError
from twin.files import validated
from twin.model.assumptions import Assumptions
from twin.model.mel import load_mel
from twin.model.territory import (
    CommunesLevers,
    ForfaitLevers,
    build_territory,
    estimates_by_class,
)

HEADER = "insee,cameras,forfait,window,joined\n"
VISIBLE = (
    "vols_sans_violence",
    "degradations",
    "vols_dans_vehicules",
    "cambriolages",
    "violences_intrafamiliales",
    "violences_hors_cadre_familial",
    "vols_accessoires",
    "violences_sexuelles",
    "vols_violents_sans_arme",
    "trafic_stupefiants",
    "vols_avec_armes",
)
SETS = ("hypothesis_38", "mixed_38", "with_own_csu_38")


def territory(select="hypothesis_38", rule="police_staff_and_size", assumptions=None, **levers):
    forfaits = ForfaitLevers(rule=rule, evening_window=levers.pop("evening", "18:00-06:00"))
    return build_territory(
        CommunesLevers(select=select, **levers), forfaits, Assumptions(assumptions)
    )


def by_code(built):
    return {commune.insee: commune for commune in built.communes}


def test_the_reference_set_has_about_1100_cameras():
    communes = territory().communes
    assert len(communes) == 38
    assert 1_050 <= sum(commune.cameras for commune in communes) <= 1_150
    assert [commune.insee for commune in communes] == sorted(commune.insee for commune in communes)


@pytest.mark.parametrize("select", SETS)
def test_every_set_can_be_built(select):
    communes = territory(select).communes
    assert len({commune.insee for commune in communes}) == 38
    assert all(commune.cameras >= 1 for commune in communes)
    assert all(0 <= commune.nomadic <= commune.cameras for commune in communes)
    assert all(commune.police_intensity > 0 for commune in communes)


def test_a_known_count_is_used_else_the_density():
    known, supposed = by_code(territory()), by_code(territory(cameras="density"))
    assert (known["59017"].cameras, supposed["59017"].cameras) == (73, 44)
    assert known["59368"].cameras == supposed["59368"].cameras == 38
    sparse = territory("mixed_38", assumptions={"cameras_per_1000": 0.001}, cameras="density")
    assert {commune.cameras for commune in sparse.communes} == {1}


def test_published_retention_and_the_force_come_from_the_tables():
    communes = by_code(territory(assumptions={"retention_days": "high"}))
    assert communes["59163"].retention_days == 14
    assert communes["59017"].retention_days == 30
    assert {commune.force for commune in communes.values()} == {"police", "gendarmerie"}


def test_the_stated_rule_copes_with_missing_police_figures():
    communes = by_code(territory())
    for insee, forfait in {
        "59009": "3",  # 62,342 inhabitants
        "59378": "2",  # 39,943 inhabitants, a control room of its own
        "59163": "3",  # 20,956 inhabitants
        "59508": "2",  # 8 officers
        "59299": "2",  # 18,579 inhabitants, no published figure
        "59011": "1",  # 2 officers
        "59339": "1",  # 9,555 inhabitants, no published figure
    }.items():
        assert communes[insee].forfait == forfait
    windows = {commune.forfait: commune.window for commune in communes.values()}
    assert windows == {"1": None, "2": "18:00-06:00", "3": "00:00-24:00"}


@pytest.mark.parametrize("forfait", ["1", "2", "3"])
def test_all_communes_may_take_one_forfait(forfait):
    assert {c.forfait for c in territory(rule=f"all_{forfait}").communes} == {forfait}


def test_the_municipal_police_is_on_duty_outside_the_evening_window():
    communes = by_code(territory(evening="20:00-07:00"))
    assert communes["59508"].police_window == "07:00-20:00"
    assert communes["59299"].police_window is None
    assert by_code(territory(evening="00:00-24:00"))["59508"].police_window is None


@pytest.mark.parametrize("ratio", ["low", "central", "high"])
def test_the_villes_centre_are_the_reference_of_the_intensity(tmp_path, ratio):
    path = tmp_path / "communes.csv"
    centre = [place for place in load_mel().places if place.urban_class == "ville_centre"]
    assert len(centre) == 5
    path.write_text(HEADER + "".join(f"{place.insee},1,1,,\n" for place in centre))
    communes = territory(file=path, assumptions={"calibration_intensity_ratio": ratio}).communes
    people = np.array([commune.population for commune in communes])
    expected = (
        1 / Assumptions({"calibration_intensity_ratio": ratio})["calibration_intensity_ratio"]
    )
    for name in ("police_intensity", "nuisance_intensity"):
        intensity = [getattr(commune, name) for commune in communes]
        assert (people * intensity).sum() / people.sum() == pytest.approx(expected)


def test_the_intensity_is_visible_facts_per_inhabitant():
    only = {f"visible_{slug}": 0.0 for slug in VISIBLE} | {"visible_vols_de_vehicules": 1.0}
    communes = by_code(territory(assumptions=only))
    mel = load_mel()
    column = mel.facts.count[:, mel.facts.indicators.index("Vols de véhicule")]
    people = np.array([place.population for place in mel.places])
    centre = np.array([place.urban_class == "ville_centre" for place in mel.places])
    reference = column[centre].sum() / people[centre].sum()
    for i, place in enumerate(mel.places):
        if place.insee in communes:
            expected = column[i] / place.population / reference
            assert communes[place.insee].police_intensity == pytest.approx(expected)


def test_transport_adds_its_incidents_where_they_happen_and_is_absent_by_default():
    mel = load_mel()
    shares = {place.insee: place.transport_incidents for place in mel.places}
    assert sum(shares.values()) == pytest.approx(7_111)
    assert shares["59350"] == pytest.approx(0.54 * 7_111)
    usual, whole, half = (by_code(territory(transport_weight=weight)) for weight in (0.0, 1.0, 0.5))
    for insee, commune in usual.items():
        added = whole[insee].police_intensity - commune.police_intensity
        assert added > 0
        assert half[insee].police_intensity - commune.police_intensity == pytest.approx(added / 2)
        assert whole[insee].nuisance_intensity == commune.nuisance_intensity


def test_a_file_replaces_set_counts_and_rule(tmp_path):
    path = tmp_path / "communes.csv"
    path.write_text(
        "\ufeff" + (HEADER + "59508,40,2,20:00-04:00,2027-09-01\n59005,0,3,,\n").replace(",", ";")
    )
    village, town = territory(file=path).communes
    assert (village.insee, village.cameras, village.window) == ("59005", 0, "00:00-24:00")
    assert (town.cameras, town.forfait, town.window) == (40, "2", "20:00-04:00")
    assert (town.joined, village.joined) == (date(2027, 9, 1), None)
    path.write_text(HEADER + "59005,0,3,,\n59508,40,2,20:00-04:00,2027-09-01\n")
    assert territory(file=path).communes == (village, town)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the column .* is missing"),
        (HEADER, "at least one commune is expected"),
        ("insee,cameras,forfait,window\n59350,1,1,\n", 'the column "joined" is missing'),
        ("insee,camera,forfait,window,joined\n", 'unknown column "camera"; did you mean "cameras"'),
        (HEADER + "59350,1,1,\n", "line 2: 4 cells, 5 expected"),
        (HEADER + "593500,1,1,,\n", 'line 2, column insee: .*did you mean "59350", Lille'),
        (HEADER + "Lile,1,1,,\n", 'column insee: .*did you mean "59350", Lille'),
        (HEADER + "75056,1,1,,\n", "one of the 95 communes of the MEL"),
        (HEADER + "59350,1,1,,\n59350,2,1,,\n", "line 3, column insee: .*comes twice"),
        (HEADER + "59350,,1,,\n", "line 2, column cameras: .*whole number"),
        (HEADER + "59350,-4,1,,\n", "line 2, column cameras: .*whole number"),
        (HEADER + "59350,1.5,1,,\n", "line 2, column cameras: .*whole number"),
        (HEADER + "59350,²,1,,\n", "line 2, column cameras: .*whole number"),
        (HEADER + "59350,1,4,,\n", "line 2, column forfait: .*allowed: 1, 2, 3"),
        (HEADER + "59350,1,3,18h-6h,\n", 'line 2, column window: .*"18:00-06:00"'),
        (HEADER + "59350,1,1,18:00-06:00,\n", "59350 has a window, but forfait 1 buys no live"),
        (HEADER + "59350,1,3,,01/09/2027\n", 'line 2, column joined: .*"2027-01-04"'),
        (HEADER + '59350,1,3,"a\n', "not valid CSV"),
    ],
)
def test_a_file_of_communes_that_cannot_be_is_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "communes.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=sentence) as refusal:
        territory(file=path)
    assert "\n" not in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(MissingError, match="no such file"):
        territory(file=tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("levers", "sentence"),
    [
        ({"select": "hypothesis_83"}, 'unknown set .*did you mean "hypothesis_38"'),
        ({"rule": "police_staff"}, 'unknown rule .*did you mean "police_staff_and_size"'),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(levers, sentence):
    with pytest.raises(InputError, match=sentence):
        territory(**levers)


def test_a_lever_is_refused_with_its_key():
    with pytest.raises(
        InputError, match='forfaits: evening_window: a window such as "18:00-06:00"'
    ):
        validated(ForfaitLevers, {"rule": "all_1", "evening_window": "18-06"}, "forfaits")


def test_a_set_that_names_a_stranger_is_refused(own_data):
    sets = own_data / "communes_sets.yaml"
    sets.write_text(sets.read_text().replace('"59009" # Vill', '"75056" # Vill', 1))
    with pytest.raises(InputError, match="hypothesis_38: 75056 is not a commune"):
        territory()


def test_a_rule_that_names_no_forfait_is_refused(own_data):
    rules = own_data / "forfait_rules.yaml"
    rules.write_text(rules.read_text().replace('forfait: "3", least', 'forfait: "33", least'))
    with pytest.raises(InputError, match='no forfait "33"; did you mean "3"'):
        territory()


def test_estimates_are_shown_by_class_and_in_total_only():
    table = estimates_by_class()
    assert list(table.columns) == [
        "indicator",
        "urban_class",
        "communes_hidden",
        "published",
        "estimated",
    ]
    assert len(table) == 15 * 5
    few = table.communes_hidden.between(1, 2) & (table.urban_class != "all")
    assert few.any()
    assert table.estimated[few].isna().all()
    assert table.estimated[~few].notna().all()
    assert (table.estimated[table.communes_hidden >= 3] > 0).all()
    total = table[table.urban_class == "all"].set_index("indicator")
    assert total.published["Vols de véhicule"] == pytest.approx(4_732.3, abs=0.1)
    assert not math.isnan(total.estimated.sum())
