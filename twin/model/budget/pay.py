"""What an agent costs in a year, built up from the index to the contributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.model.assumptions import Assumptions
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.tables import load_lines, load_pay
from twin.model.budget.volumes import FunctionVolumes

__all__ = ["Pay", "pay_index", "pay_of", "premiums_eur"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pay:
    """Yearly cost of one paid ETPT without premiums, in euros, by year.

    Attributes
    ----------
    base : float array
        Traitement indiciaire.
    bonus : float array
        Régime indemnitaire.
    contributions : float array
        Of the employer: pension, additional pension, health, family, mobility.
    """

    base: Floats
    bonus: Floats
    contributions: Floats

    @property
    def total(self) -> Floats:
        """Sum of the three."""
        return self.base + self.bonus + self.contributions


def pay_index(years: Sequence[int], assumptions: Assumptions) -> Floats:
    """Base pay of each year relative to that of the year of the prices: point and GVT."""
    since = np.array(years) - load_lines().price_year
    rise = (1 + assumptions["point_growth"]) * (1 + assumptions["gvt_rate"])
    return np.asarray(rise**since, dtype=np.float64)


def pay_of(
    function: str, years: Sequence[int], levers: BudgetLevers, assumptions: Assumptions
) -> Pay:
    """Pay of one function of a seat.

    Civil servants pay CNRACL on the base and the additional pension on the bonuses; contract
    agents the general scheme on both. The mean of the two follows `levers.contract_share`.

    Examples
    --------
    >>> pay = pay_of("video_operator", [2026], BudgetLevers(), Assumptions())
    >>> [round(float(part[0])) for part in (pay.base, pay.bonus, pay.contributions, pay.total)]
    [22743, 5500, 13164, 41407]
    """
    table = load_pay()
    named = table.of(function)
    since = np.array(years) - load_lines().price_year
    base = assumptions[named.index] * table.point_eur * pay_index(years, assumptions)
    bonus = assumptions[named.bonus] * (1 + assumptions["point_growth"]) ** since
    pension = np.array([table.cnracl_in(year) for year in years])
    servant = base * (pension + assumptions["employer_rate_other"])
    servant += table.rafp_rate * np.minimum(bonus, table.rafp_ceiling * base)
    contract = (base + bonus) * assumptions["contract_employer_rate"]
    share = levers.contract_share
    return Pay(base, bonus, share * contract + (1 - share) * servant)


def premiums_eur(volumes: FunctionVolumes, levers: BudgetLevers) -> float:
    """Night, Sunday and holiday premiums of a function in a year, in euros.

    They are paid by hour at the seat; no hour earns two.
    """
    rates, hours = load_pay().premiums, volumes.posts.hours
    night = rates.night_eur_h + levers.intensive_nights * rates.night_intensive_eur_h
    return night * hours.night + rates.sunday_eur_h * (hours.sunday + hours.holiday)
