"""Our own rules on the facts: what a description of columns cannot say.

Each rule takes the data folder and yields one sentence per fault; `RULES` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from twin.errors import InputError
from twin.files import load_yaml, validated
from twin.sources.facts import (
    AFD,
    FACTS_FILE,
    INDICATORS,
    PUBLISHED,
    read_communes,
    read_facts,
    require_complete,
)
from twin.sources.reconciliation import FIRST_YEAR, SHOWN_YEAR, read_plenary

__all__ = ["RULES"]

Rule = Callable[[Path], Iterator[str]]

METROPOLIS = 95
INTERESTED = 38
SHOWN_SUM, ANNOUNCED = 66_209, 66_390
WHOLE_PCT = 100
POLICE_CLASSES = ("ville_centre", "ville_agglomeration")


class CommuneSet(BaseModel):
    """One documented set of ``communes_sets.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    label: str
    """What it is, in French, as shown."""
    rule: str
    """Sentence that makes the list from the other tables."""
    insee: tuple[str, ...]
    """INSEE codes, sorted."""


def communes_follow_the_plenary(folder: Path) -> Iterator[str]:
    """The 95 communes fall into the four urban classes with the counts and shares shown."""
    communes = read_communes(folder)
    if len(communes) != METROPOLIS:
        yield f"communes.csv: {len(communes)} communes, {METROPOLIS} expected"
    everybody = communes["population"].sum()
    for row in _rows(folder, "urban_classes.csv"):
        members = communes.loc[communes["urban_class"] == row["urban_class"], "population"]
        share = round(WHOLE_PCT * members.sum() / everybody)
        if (len(members), share) != (row["communes"], row["population_pct"]):
            yield (
                f"communes.csv: {len(members)} communes and {share} % of the people are"
                f" {row['urban_class']}, {row['communes']} and {row['population_pct']} % expected"
            )


def force_follows_its_rule(folder: Path) -> Iterator[str]:
    """Where no page says police or gendarmerie, the urban class does."""
    for row in read_communes(folder).to_dict("records"):
        expected = "police" if row["urban_class"] in POLICE_CLASSES else "gendarmerie"
        if not row["force_source"] and row["force"] != expected:
            yield f"communes.csv: {row['insee']}: {expected} expected without a source"


def facts_are_whole(folder: Path) -> Iterator[str]:
    """Every commune, indicator and year has its row; only published ones have a count."""
    facts = read_facts(folder / FACTS_FILE)
    try:
        communes = frozenset(read_communes(folder)["insee"])
        require_complete(facts, communes, [FIRST_YEAR, SHOWN_YEAR], FACTS_FILE)
    except InputError as problem:
        yield str(problem)
    contradictory = (facts["status"] == PUBLISHED) == facts["count"].isna()
    other_unit = facts["unit"] != facts["indicator"].map(INDICATORS)
    for row in facts[contradictory | other_unit].to_dict("records"):
        yield (
            f"{FACTS_FILE}: {row['insee']}, {row['year']}, {row['indicator']}: {row['status']}"
            f" with the count {row['count']}, in {row['unit']}"
        )


def afd_is_a_part(folder: Path) -> Iterator[str]:
    """Fines for drug use are among the persons accused of drug use, and never added to them."""
    facts = read_facts(folder / FACTS_FILE)
    counts = facts.pivot(index=["insee", "year"], columns="indicator", values="count")
    for insee, year in counts.index[(counts[AFD] > counts["Usage de stupéfiants"]).fillna(False)]:
        yield f"{FACTS_FILE}: {insee}, {year}: more fines for drug use (AFD) than drug use"
    for name in ("plenary_2024.csv", "categories.csv"):
        for row in _rows(folder, name):
            if row["indicator"] == AFD and row.get("class") != "none":
                yield f"{name}: {AFD} is counted beside the indicator it is a part of"


def plenary_adds_up(folder: Path) -> Iterator[str]:
    """The categories shown are known indicators, once each, and add to what is documented."""
    rows = read_plenary(folder / "plenary_2024.csv")
    lines = [row for row in rows if row["line"] == "category"]
    total = sum(row["count"] for row in lines)
    if total != SHOWN_SUM:
        yield f"plenary_2024.csv: the categories add to {total}, {SHOWN_SUM} expected"
    announced = {row["year"]: row["count"] for row in rows if row["line"] == "announced_total"}
    if announced.get(SHOWN_YEAR) != ANNOUNCED:
        yield f"plenary_2024.csv: the total announced for {SHOWN_YEAR} must be {ANNOUNCED}"
    named = [row["indicator"] for row in lines]
    for indicator in sorted(set(named)):
        if indicator not in INDICATORS or named.count(indicator) > 1:
            yield f"plenary_2024.csv: {indicator} is unknown or stands for two categories"


def transport_adds_up(folder: Path) -> Iterator[str]:
    """The shares of the transport network's incidents add to the whole."""
    rows = _rows(folder, "transport_2024.csv")
    whole = [row["share_pct"] for row in rows if row["incidents"] > 0]
    parts = sum(row["share_pct"] for row in rows) - sum(whole)
    if whole != [WHOLE_PCT] or parts != WHOLE_PCT:
        yield f"transport_2024.csv: one whole of {whole} % and parts of {parts} %, 100 expected"


def centres_can_calibrate(folder: Path) -> Iterator[str]:
    """Seats are in order, and each observable figure calibrates from one centre at most."""
    rows = _rows(folder, "centres.csv")
    for row in rows:
        if not row["seats_low"] <= row["seats"] <= row["seats_high"]:
            yield f"centres.csv: {row['centre']} {row['year']}: the three seats are not in order"
    used = [row["observable"] for row in rows if row["role"] == "calibration"]
    for observable in sorted({one for one in used if used.count(one) > 1}):
        yield f"centres.csv: two centres calibrate {observable}"


def sets_are_documented(folder: Path) -> Iterator[str]:
    """Each set has a label, a rule and 38 distinct communes of ours."""
    path = folder / "communes_sets.yaml"
    known = frozenset(read_communes(folder)["insee"])
    for name, content in load_yaml(path).items():
        codes = validated(CommuneSet, content, f"{path.name}, {name}").insee
        if strangers := sorted(set(codes) - known):
            yield f"{path.name}, {name}: {', '.join(strangers)} not in communes.csv"
        if len(set(codes)) != INTERESTED or len(codes) != INTERESTED:
            yield f"{path.name}, {name}: {len(set(codes))} distinct communes, {INTERESTED} expected"


RULES: tuple[Rule, ...] = (
    communes_follow_the_plenary,
    force_follows_its_rule,
    facts_are_whole,
    afd_is_a_part,
    plenary_adds_up,
    transport_adds_up,
    centres_can_calibrate,
    sets_are_documented,
)


def _rows(folder: Path, name: str) -> list[dict[Hashable, Any]]:
    return pd.read_csv(folder / name, dtype={"insee": str}).to_dict("records")
