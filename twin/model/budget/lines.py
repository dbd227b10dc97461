"""A line of the accounts, and the running costs and revenues of each year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.model.assumptions import Assumptions
from twin.model.budget.adoption import MONTHS_PER_YEAR, Adoption
from twin.model.budget.levers import BudgetLevers, Tariffs
from twin.model.budget.money import CENTS_PER_EUR, cents
from twin.model.budget.pay import pay_index, pay_of, premiums_eur
from twin.model.budget.ramp import Ramp
from twin.model.budget.tables import Nature, Sharing, load_lines, load_pay, load_purchases
from twin.model.budget.volumes import FunctionVolumes, Volumes
from twin.model.patterns import load_functions

__all__ = [
    "FEES",
    "JOINING",
    "Line",
    "Section",
    "Side",
    "fees",
    "fees_by_commune",
    "running",
    "salaries",
]

FEES, JOINING, EXITS = "fee", "joining", "exit_fee"
_HALF = 0.5
_REVENUE = {"chapter": "70", "account": "70688"}
_PAYROLL = {"chapter": "012", "account": "64111"}

Side = Literal["expense", "receipt"]
Section = Literal["operating", "investment"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One line of a section, year by year.

    Attributes
    ----------
    key : str
        What it is; lines of one key differ by `detail` (a forfait, a function, an item).
    cents : tuple of int
        Amounts by year, never negative.
    cash : bool
        Whether money moves: depreciation and what mirrors it do not.
    tariff : bool
        Whether the fees say they cover it, or are it.
    share_by : {"cameras", "hours"}
        What the forfaits share it by.
    """

    key: str
    nature: Nature
    side: Side
    cents: tuple[int, ...]
    detail: str = ""
    section: Section = "operating"
    cash: bool = True
    tariff: bool = False
    share_by: Sharing = "cameras"

    @property
    def name(self) -> str:
        """Key and detail."""
        return f"{self.key}:{self.detail}" if self.detail else self.key


def fees_by_commune(adoption: Adoption, tariffs: Tariffs, levers: BudgetLevers) -> Ints:
    """Cents of annual fees, by commune and year."""
    billed = []
    for i, year in enumerate(adoption.years):
        revised = (1 + levers.revision_rate) ** max(0, year - levers.opening)
        annual = {name: cents(tariffs.of(name) * revised) for name in set(adoption.forfaits)}
        fee = np.array([annual[forfait] for forfait in adoption.forfaits], dtype=np.int64)
        if levers.first_fee == "full":
            billed.append(fee * adoption.cameras_billed[:, i])
        else:
            months = 2 * fee * adoption.camera_months[:, i]
            billed.append((months + MONTHS_PER_YEAR) // (2 * MONTHS_PER_YEAR))
    due = np.stack(billed, axis=1)
    return np.asarray(np.floor(due / (1 + _vat_owed(levers)) + _HALF), dtype=np.int64)


def fees(
    adoption: Adoption, by_commune: Ints, tariffs: Tariffs, levers: BudgetLevers
) -> list[Line]:
    """Annual fees by forfait, the joining fee and what leaving communes pay."""
    lines = []
    for forfait in sorted(set(adoption.forfaits)):
        due = by_commune[adoption.of_forfait(forfait)].sum(axis=0)
        nature = Nature(label="Redevances annuelles, forfait " + forfait, **_REVENUE)
        lines.append(Line(FEES, nature, "receipt", tuple(due.tolist()), forfait, tariff=True))
    for key, label, fee_eur, cameras in (
        (JOINING, "Raccordement, une fois par caméra", tariffs.joining_eur, adoption.joining),
        (EXITS, "Indemnités de départ", levers.exit_fee_eur, adoption.leaving),
    ):
        each = cents(fee_eur / (1 + _vat_owed(levers)))
        once = tuple(each * int(count) for count in cameras.sum(axis=0))
        lines.append(Line(key, Nature(label=label, **_REVENUE), "receipt", once, tariff=True))
    return lines


def _vat_owed(levers: BudgetLevers) -> float:
    return load_purchases().vat_rate if levers.vat == "subject" else 0.0


def salaries(
    stages: Sequence[Volumes],
    held: Ramp,
    adoption: Adoption,
    levers: BudgetLevers,
    assumptions: Assumptions,
) -> tuple[list[Line], Floats]:
    """Pay by function, with the ETP paid in each year (array of functions by year)."""
    months = held.months(len(stages))
    table = load_pay()
    functions = [name for name in load_functions() if any(_of(name, s) for s in stages)]
    lines, etp = [], np.zeros((len(functions), len(adoption.years)))
    for row, name in enumerate(functions):
        premiums = np.zeros(len(adoption.years))
        for stage, volumes in enumerate(stages):
            for people in _of(name, volumes):
                paid = months[stage] / MONTHS_PER_YEAR
                etp[row] += paid * people.paid_etp(assumptions)
                premiums += paid * premiums_eur(people, levers)
        each = pay_of(name, adoption.years, levers, assumptions).total
        amounts = tuple(cents(float(eur)) for eur in etp[row] * each + premiums)
        nature = Nature(label=load_functions()[name].label, **_PAYROLL)
        lines.append(
            Line(
                "salaries",
                nature,
                "expense",
                amounts,
                name,
                tariff=table.of(name).tariff,
                share_by="hours",
            )
        )
    return lines, etp


def running(
    stages: Sequence[Volumes],
    adoption: Adoption,
    held: Ramp,
    etp: Floats,
    payroll: Sequence[int],
    equipment_eur: Sequence[float],
    levers: BudgetLevers,
    assumptions: Assumptions,
) -> Iterator[Line]:
    """Running costs of ``data/budget/lines.yaml``.

    Parameters
    ----------
    etp : array of functions by year
    payroll : cents of pay by year
    equipment_eur : price of the equipment in service by year
    """
    types, years, vat = load_lines(), adoption.years, load_purchases().vat_rate
    prices = (1 + assumptions["inflation_rate"]) ** (np.array(years) - types.price_year)
    deducted = 1 + vat if levers.vat == "subject" else 1.0
    paid = (held.stage >= 0).reshape(-1, MONTHS_PER_YEAR).mean(axis=1)
    opened = (held.open >= 0).reshape(-1, MONTHS_PER_YEAR).mean(axis=1)
    cameras = adoption.camera_years.sum(axis=0)
    rented = held.months_open(len(stages)) / MONTHS_PER_YEAR * prices * (1 + vat) / deducted
    quantities = {
        "stream": cameras * assumptions["streams_per_camera"] * prices / deducted,
        "joining_camera": adoption.joining.sum(axis=0) * prices / deducted,
        "leaving_camera": adoption.leaving.sum(axis=0) * prices / deducted,
        "year": opened * prices / deducted,
        "year_of_pay": paid * pay_index(years, assumptions),
        "equipment": np.array(equipment_eur) * opened,
        "etpt": etp.sum(axis=0) * prices / deducted,
        "payroll": np.array(payroll) / CENTS_PER_EUR,
    }
    for key, line in types.lines.items():
        had = np.array([each.network.get(line.amount, 0.0) for each in stages])
        quantity = had @ rented if line.driver == "network" else quantities[line.driver]
        amounts = (assumptions[line.amount] if line.amount else 1.0) * quantity
        yield Line(
            key,
            line,
            "expense",
            tuple(cents(float(eur)) for eur in amounts),
            tariff=line.tariff,
            share_by=line.share_by,
        )


def _of(function: str, volumes: Volumes) -> list[FunctionVolumes]:
    return [each for each in volumes.functions if each.posts.function == function]
