import pytest

from twin.errors import InputError
from twin.model.budget.tables import load_adoption, load_lines, load_pay, load_purchases


@pytest.mark.parametrize(
    ("name", "load", "change", "sentence"),
    [
        ("lines", load_lines, ("energy_eur", "energie_eur"), 'did you mean "energy_eur"'),
        ("lines", load_lines, ("driver: stream", "driver: streem"), "driver"),
        ("lines", load_lines, ("amount: energy_eur, ", ""), "an amount is expected"),
        ("investment", load_purchases, ("times: studies_share", "times: share"), "times"),
        ("investment", load_purchases, ("life: 20", "life: 0"), "life"),
        ("pay", load_pay, ("bonus: operator_ifse_eur", "bonus: ifse"), "bonus"),
        ("adoption", load_adoption, ("0.90, 1.0]", "0.90]"), "signed must rise to 1"),
        ("adoption", load_adoption, ("0.3333, ", "0.8, "), "stages must rise to 1"),
    ],
)
def test_a_mistake_in_a_table_is_one_sentence(own_data, name, load, change, sentence):
    path = own_data / "budget" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=name) as refusal:
        load()
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_every_chapter_is_one_of_the_m57():
    chapters = {line.chapter for line in load_lines().lines.values()}
    chapters |= {item.chapter for item in load_purchases().items.values()}
    assert chapters == {"011", "012", "65", "20", "21"}


def test_two_communes_are_examples_and_in_no_curve():
    assert set(load_adoption().examples) == {"Lille", "Lomme"}
