from pathlib import Path

import pytest

import twin
from twin.errors import InputError
from twin.files import validated
from twin.model.assumptions import Assumption, Assumptions, Grade, load_assumptions
from twin.model.budget.tables import load_lines, load_pay, load_purchases
from twin.model.profiles import load_anchors, load_categories

TABLE = load_assumptions()
ENTRY = {
    "label": "Part",
    "unit": "part",
    "low": 0.1,
    "central": 0.2,
    "high": 0.3,
    "distribution": "triangular",
    "grade": "hypothesis",
    "source": "hypothesis",
    "confidence": "low",
}


@pytest.mark.parametrize("key", sorted(TABLE))
def test_each_entry_is_plausible_and_says_where_it_comes_from(key):
    entry = TABLE[key]
    assert entry.low >= 0
    assert entry.high <= 1 or entry.unit != "part"
    assert entry.low > 0 or entry.distribution != "lognormal"
    assert (entry.grade is Grade.HYPOTHESIS) == entry.source.startswith("hypothesis")
    assert entry.confidence != "high" or entry.grade is not Grade.HYPOTHESIS


def test_fewer_images_never_see_less():
    for end in ("low", "central", "high"):
        seen = [getattr(TABLE[f"detection_{images}"], end) for images in (1, 4, 6, 9)]
        assert seen == sorted(seen, reverse=True)


def test_every_assumption_is_read_somewhere():
    package = Path(twin.__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    by_data = {f"visible_{each.category}" for each in load_categories()}
    by_data |= {anchor.value for anchor in load_anchors() if isinstance(anchor.value, str)}
    by_data |= {line.amount for line in load_lines().lines.values()}
    by_data |= {item.amount for item in load_purchases().items.values()}
    by_data |= {item.times for item in load_purchases().items.values() if item.times}
    by_data |= {key for pay in load_pay().functions.values() for key in (pay.index, pay.bonus)}
    by_data |= {f"detection_{images}" for images in (1, 4, 6, 9) if '"detection_"' in code}
    assert sorted(key for key in TABLE if f'"{key}"' not in code and key not in by_data) == []


def test_choices():
    table = Assumptions({"held_share": "low", "view_cv": "high", "call_share": 0.9})
    assert table["held_share"] == TABLE["held_share"].low
    assert table["view_cv"] == TABLE["view_cv"].high
    assert table["call_share"] == 0.9
    assert table["write_min"] == TABLE["write_min"].central
    with pytest.raises(
        InputError, match='unknown assumption "held_shar"; did you mean "held_share"'
    ):
        Assumptions({"held_shar": "low"})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"low": 0.25}, "low <= central <= high does not hold"),
        ({"source": "a newspaper"}, 'the source of a hypothesis must say "hypothesis"'),
        ({"grade": "rumour"}, "grade: "),
        ({"distribution": "gamma"}, "distribution: "),
        ({"medium": 1}, 'unknown key "medium"'),
    ],
)
def test_refused_entries(change, sentence):
    validated(Assumption, ENTRY, "assumption")
    with pytest.raises(InputError, match="assumption: ") as refusal:
        validated(Assumption, ENTRY | change, "assumption")
    assert sentence in str(refusal.value)
