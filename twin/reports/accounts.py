"""The accounts in the words of a French local budget."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from twin.model.budget.accounts import Accounts, Perimeter
from twin.model.budget.lines import Line, Section, Side
from twin.model.budget.money import CENTS_PER_EUR

__all__ = ["CHAPTERS", "SECTIONS", "SIDES", "TITLES", "accounts_table", "by_chapter"]

TITLES: dict[Perimeter, str] = {"tariff": "Périmètre tarifaire", "full": "Coût complet"}
CHAPTERS = {
    "011": "Charges à caractère général",
    "012": "Charges de personnel",
    "65": "Autres charges de gestion courante",
    "66": "Charges financières",
    "68": "Dotations aux provisions",
    "042": "Opérations d'ordre entre sections",
    "70": "Produits des services",
    "75": "Prise en charge par la MEL",
    "78": "Reprises sur provisions",
    "023": "Virement à l'investissement",
    "021": "Virement du fonctionnement",
    "10": "Dotations : FCTVA, apport de la MEL",
    "13": "Subventions d'investissement",
    "16": "Emprunts",
    "20": "Immobilisations incorporelles",
    "204": "Subventions d'équipement versées",
    "21": "Immobilisations corporelles",
    "040": "Opérations d'ordre entre sections",
}
SECTIONS: tuple[tuple[Section, str], ...] = (
    ("operating", "Fonctionnement"),
    ("investment", "Investissement"),
)
SIDES: tuple[tuple[Side, str], ...] = (("expense", "dépenses"), ("receipt", "recettes"))

EUR_PER_KEUR = 1000


def by_chapter(lines: Iterable[Line]) -> dict[str, list[int]]:
    """Cents by year of each chapter, in the order of their codes."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.nature.chapter, []).append(line)
    return {
        chapter: [sum(year) for year in zip(*(line.cents for line in found[chapter]), strict=True)]
        for chapter in sorted(found)
    }


def accounts_table(accounts: Accounts) -> pd.DataFrame:
    """Both sections of one perimeter, chapter by chapter, the two sides of each equal.

    Returns
    -------
    DataFrame
        Columns Section, Sens, Chapitre, then one per year, in k€.
    """
    every = [*accounts.lines, *accounts.balance]
    rows = []
    for section, title in SECTIONS:
        for side, word in SIDES:
            here = [line for line in every if (line.section, line.side) == (section, side)]
            held = by_chapter(line for line in here if any(line.cents))
            named = {f"{key} {CHAPTERS[key]}": amounts for key, amounts in held.items()}
            for label, amounts in {**named, f"Total {word}": accounts.total(section, side)}.items():
                keur = (cents / CENTS_PER_EUR / EUR_PER_KEUR for cents in amounts)
                rows.append((title, word, label, *map(round, keur)))
    return pd.DataFrame(rows, columns=["Section", "Sens", "Chapitre", *map(str, accounts.years)])
