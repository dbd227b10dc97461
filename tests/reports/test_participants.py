import pandas as pd
import pytest

from twin.model.mel import load_mel
from twin.reports.message import Subject
from twin.reports.participants import participants


def coloured(subject: Subject, *, named: bool) -> pd.DataFrame:
    _, members = participants(subject.scenario, named=named).chart.layer
    return members.transform[0]["from"].data


def test_a_named_map_colours_the_communes_that_take_part(subject: Subject) -> None:
    values = coloured(subject, named=True).set_index("name")["value"]
    assert values.to_dict() == {"Loos": 3, "Ronchin": 2}


def test_a_masked_map_colours_every_commune_of_a_class_alike(subject: Subject) -> None:
    values = coloured(subject, named=False)
    assert len(values) == len(load_mel().places)
    assert (values.groupby("name")["value"].nunique() == 1).all()
    assert values.drop_duplicates("name")["value"].sum() == 5
    assert not {"Loos", "Ronchin"} & set(values["name"])


@pytest.mark.parametrize("named", [True, False])
def test_it_is_said_in_words(subject: Subject, named: bool) -> None:
    found = participants(subject.scenario, named=named)
    assert found.title == "2 communes et 5 caméras dans ce scénario"
    assert ("Forfait 3", "5 caméras") in found.lines
    assert any("aucune n'est nommée" in note for note in found.notes) is not named
