import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def asked(twin: Callable, scenarios: Path, tmp_path: Path) -> Callable[..., Any]:
    """Ask the tiny scenario, its runs kept from one question to the next."""

    def call(verb: str, *more: object) -> Any:
        stored = ("--scenarios", scenarios, "--out", tmp_path / "runs", "--workers", 1)
        return twin(verb, "tiny", *stored, "--replications", 1, *more)

    return call


def test_a_person_reads_two_perimeters_and_the_same_totals_on_both_sides(asked: Callable) -> None:
    answer = asked("budget", "--lines")
    assert answer.code == 0
    for words in (
        "Périmètre tarifaire",
        "Coût complet",
        "Fonctionnement, dépenses",
        "Investissement, recettes",
        "012 Vidéo-opérateur",
        "042 Dotations aux amortissements",
        "épargne brute",
        "reste à charge, € per inhabitant",
        "Coût par heure de visionnage",
        "traitement",
        "the run is 1 days long",
        "seed 7, replications 1",
    ):
        assert words in answer.out
    totals = [line for line in answer.out.splitlines() if line.startswith("  total")]
    assert len(totals) == 6
    assert totals[0] == totals[1]
    assert totals[2] == totals[3]
    assert totals[4] == totals[5]
    assert "011 Charges à caractère général" in asked("budget").out


def test_json_holds_cents_that_balance(asked: Callable) -> None:
    document = json.loads(asked("budget", "--json").out)
    assert document["years"][0] == 2026
    assert set(document["perimeters"]) == {"tariff", "full"}
    for accounts in document["perimeters"].values():
        for section in ("operating", "investment"):
            sides = [
                sum(line["cents"][5] for line in accounts["lines"] if line["side"] == side
                    and line["section"] == section)
                for side in ("expense", "receipt")
            ]  # fmt: skip
            assert sides[0] == sides[1]
    assert document["unit_costs"]["full"][0]["kind"] == "Calculé"
    assert (document["risk"], document["communes"]) == (None, [])


def test_communes_are_masked_unless_named(asked: Callable) -> None:
    masked = asked("budget", "--communes")
    assert masked.out.count("commune ") >= 2
    assert "Loos" not in masked.out
    assert "simulation ; la commune n'a pas délibéré" in masked.out
    assert "Loos" in asked("budget", "--communes", "--names").out
    document = json.loads(asked("budget", "--communes", "--json").out)
    assert all(row["commune"].startswith("commune ") for row in document["communes"])
    fees = [
        sum(year) for year in zip(*(r["annual_fees"] for r in document["communes"]), strict=True)
    ]
    lines = document["perimeters"]["full"]["lines"]
    assert fees == next(line["cents"] for line in lines if line["key"] == "fee:3")
    named = json.loads(asked("budget", "--communes", "--names", "--json").out)
    assert [row["commune"] for row in named["communes"]] == ["59360", "59507"]


def test_risk(asked: Callable) -> None:
    answer = asked("budget", "--risk", 5)
    assert answer.code == 0
    assert "probability of balance" in answer.out
    assert "each assumption alone" in answer.out
    assert "is in deficit at the central values" in answer.out
    drawn = json.loads(asked("budget", "--risk", 5, "--json").out)
    assert drawn["risk"]["draws"] == 5
    assert [verdict["perimeter"] for verdict in drawn["verdicts"]] == ["tariff", "full"]
    assert len(drawn["verdicts"][0]["tornado"]) > 20


def test_break_even(asked: Callable) -> None:
    answer = asked("breakeven", "--year", 2031, "--keep-ratio", "--perimeter", "full")
    assert answer.code == 0
    assert "balancing fee" in answer.out
    assert "re-run with these fees" in answer.out
    document = json.loads(asked("breakeven", "--year", 2031, "--json").out)
    assert document["perimeter"] == "tariff"
    assert 0 <= document["result_cents"] <= document["tolerance_cents"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (("budget", "--year", 2050), "twin: year: 2050 is not between 2026 and 2036\n"),
        (("breakeven", "--year", 2025), "twin: year: 2025 is not between 2026 and 2036\n"),
        (("breakeven", "--year", 2026), "nothing is billed in 2026"),
        (("budget", "--set", "tariffs.forfait_3_eur=-1"), "tariffs.forfait_3_eur: Input should be"),
        (("budget", "--set", "tariffs.forfait_4_eur=5"), 'unknown key "tariffs.forfait_4_eur"'),
        (("budget", "--set", "budget.opening=2020"), "budget.opening: Input should be greater"),
        (("budget", "--set", "budget.lown_share=1"), 'did you mean "loan_share"'),
        (
            ("budget", "--set", "assumptions.fipd_centre_rate=0.9"),
            "assumptions.fipd_centre_rate: 90.0% is above the ceiling of 50.0%",
        ),
        (
            ("budget", "--set", "budget.other_grants_eur=9000000"),
            "is above the ceiling of 80.0%",
        ),
    ],
)
def test_a_mistake_is_one_sentence(asked: Callable, question: tuple, sentence: str) -> None:
    answer = asked(*question)
    assert answer.code == 2
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_an_unknown_forfait_is_named(asked: Callable, tmp_path: Path) -> None:
    path = tmp_path / "others.csv"
    path.write_text("insee,cameras,forfait,window,joined\n59360,3,4,,\n")
    answer = asked("budget", "--set", f"communes.file={path}")
    assert answer.code == 2
    assert "forfait" in answer.err
    assert "1, 2, 3" in answer.err
