"""What an agent costs in a year, built up from the index to the contributions."""

from __future__ import annotations

from dataclasses import dataclass

from twin.model.assumptions import Assumptions
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.tables import load_lines, load_pay
from twin.model.budget.volumes import FunctionVolumes

__all__ = ["Pay", "pay_index", "pay_of", "premiums_eur"]


@dataclass(frozen=True)
class Pay:
    """Yearly cost of one paid ETPT, without premiums, in euros.

    Attributes
    ----------
    base : float
        Traitement indiciaire.
    bonus : float
        Régime indemnitaire.
    contributions : float
        Of the employer: pension, additional pension, health, family, mobility.
    """

    base: float
    bonus: float
    contributions: float

    @property
    def total(self) -> float:
        """Sum of the three."""
        return self.base + self.bonus + self.contributions


def pay_index(year: int, assumptions: Assumptions) -> float:
    """Base pay of a year relative to that of the year of the prices: point and GVT."""
    years = year - load_lines().price_year
    return float(((1 + assumptions["point_growth"]) * (1 + assumptions["gvt_rate"])) ** years)


def pay_of(function: str, year: int, levers: BudgetLevers, assumptions: Assumptions) -> Pay:
    """Pay of one function of a seat.

    Civil servants pay CNRACL on the base and the additional pension on the bonuses; contract
    agents the general scheme on both. The mean of the two follows `levers.contract_share`.

    Examples
    --------
    >>> pay = pay_of("video_operator", 2026, BudgetLevers(), Assumptions())
    >>> [round(part) for part in (pay.base, pay.bonus, pay.contributions, pay.total)]
    [22743, 5500, 13164, 41407]
    """
    table = load_pay()
    named = table.functions[function]
    base = assumptions[named.index] * table.point_eur * pay_index(year, assumptions)
    rise = (1 + assumptions["point_growth"]) ** (year - load_lines().price_year)
    bonus = assumptions[named.bonus] * rise
    servant = base * (table.cnracl_in(year) + assumptions["employer_rate_other"])
    servant += table.rafp_rate * min(bonus, table.rafp_ceiling * base)
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
