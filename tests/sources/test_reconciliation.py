"""What the plenary showed, what our table says, and where the difference comes from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.official_base import DIALECTS, Cell
from twin.errors import InputError
from twin.files import data_folder
from twin.sources.facts import COLUMNS, fact_table
from twin.sources.reconciliation import Reconciliation, reconcile, trend
from twin.sources.ssmsi import read_base


@pytest.fixture(scope="module")
def found() -> Reconciliation:
    return reconcile(data_folder())


def test_181_facts_are_in_no_category(found: Reconciliation) -> None:
    assert len(found.lines) == 13
    assert (found.announced, found.line_sum, found.missing) == (66_390, 66_209, 181)


def test_each_category_is_close_under_one_definition(found: Reconciliation) -> None:
    for line in found.lines:
        assert abs(line.difference) <= 60, line
        assert line.cells + line.hidden == 95
    changed = {
        line.category: (line.shown, line.comparable)
        for line in found.lines
        if line.shown != line.comparable
    }
    assert changed == {
        "violences intrafamiliales": (3_959, 4_804),
        "autres coups et blessures": (2_986, 4_368),
    }


def test_the_announced_trends_are_ours_where_the_definition_is_the_same(
    found: Reconciliation,
) -> None:
    shown = {
        one.indicator: (one.percent, one.shown_pct)
        for one in found.short_trends
        if one.shown_pct is not None
    }
    changed = {line.indicator for line in found.lines if line.shown != line.comparable}
    assert len(shown) == 5
    for indicator in shown.keys() - changed:
        ours, announced = shown[indicator]
        assert ours == pytest.approx(announced, abs=1.5)


def test_violence_outside_the_family_rises_under_one_definition_and_falls_under_the_other(
    found: Reconciliation,
) -> None:
    one = next(t for t in found.short_trends if t.indicator.endswith("hors cadre familial"))
    assert one.shown_pct == -2
    assert one.percent == pytest.approx(5.5, abs=0.05)


def test_vehicle_theft_by_class_says_how_many_cells_it_rests_on(found: Reconciliation) -> None:
    by_class = {one.scope: one for one in found.vehicle_theft}
    relais, village = by_class["ville_relais"], by_class["village_rural"]
    assert (relais.cells, relais.communes, relais.shown_pct) == (15, 15, 33)
    assert relais.percent == pytest.approx(32.9, abs=0.05)
    assert (village.cells, village.communes, village.shown_pct) == (13, 44, 45)
    assert sum(one.communes for one in found.vehicle_theft) == 95


def test_no_trend_adds_the_fines_to_drug_use(found: Reconciliation) -> None:
    names = [one.indicator for one in found.long_trends]
    assert len(names) == len(set(names)) == 14
    assert not any("AFD" in name for name in names)


def test_a_base_of_the_older_definition_gives_its_trends(tmp_path: Path) -> None:
    label = "Autres coups et blessures volontaires"
    counts = {2016: 50, 2023: 80, 2024: 60}
    cells = [Cell("59350", year, label, count) for year, count in counts.items()]
    cells += [Cell("59512", year, label, None if year == 2016 else 9) for year in counts]
    DIALECTS["until 2024, csv"](tmp_path / "base", cells)
    found = reconcile(data_folder(), read_base(tmp_path / "base"))
    long, short = found.older
    assert (long.first, long.last, long.cells, long.communes, long.percent) == (
        2016, 2024, 1, 2, pytest.approx(20),
    )  # fmt: skip
    assert (short.first, short.cells, short.percent) == (
        2023,
        2,
        pytest.approx(100 * (69 / 89 - 1)),
    )


def test_a_recent_base_holds_no_older_definition(tmp_path: Path) -> None:
    DIALECTS["since 2025, csv"](tmp_path / "base", [Cell("59350", 2024, "Vols avec armes", 6)])
    with pytest.raises(InputError, match="the older base holds none of: Coups et blessures"):
        reconcile(data_folder(), read_base(tmp_path / "base"))


def facts_of(counts: dict[tuple[str, int], int | None]) -> pd.DataFrame:
    rows = [
        (
            insee,
            year,
            "Vols avec armes",
            "Infraction",
            count,
            "suppressed" if count is None else "published",
        )
        for (insee, year), count in counts.items()
    ]
    return fact_table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})


@given(
    st.dictionaries(
        st.from_regex(r"59\d{3}", fullmatch=True),
        st.tuples(st.none() | st.integers(0, 99), st.none() | st.integers(0, 99)),
        min_size=1,
        max_size=8,
    )
)
def test_a_trend_rests_on_the_cells_published_twice(
    pairs: dict[str, tuple[int | None, int | None]],
) -> None:
    both = [pair for pair in pairs.values() if None not in pair]
    facts = facts_of({(insee, 2016 + i): pair[i] for insee, pair in pairs.items() for i in (0, 1)})
    one = trend(facts, "Vols avec armes", 2016, 2017)
    assert (one.cells, one.communes) == (len(both), len(pairs))
    assert (one.start, one.end) == (sum(a for a, _ in both), sum(b for _, b in both))
    assert (one.percent is None) == (one.start == 0)


def test_a_trend_needs_both_years() -> None:
    with pytest.raises(InputError, match="the years 2016 and 2024 are needed"):
        trend(facts_of({("59350", 2016): 6}), "Vols avec armes", 2016, 2024)
