"""What a commune pays over five years, what it gets, and what the same alone would cost."""

from __future__ import annotations

from dataclasses import dataclass

from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.budget.investment import below
from twin.model.budget.levers import BudgetLevers, Tariffs
from twin.model.budget.money import cents
from twin.model.budget.pay import pay_of, premiums_eur
from twin.model.budget.shares import viewing_h
from twin.model.budget.tables import load_lines, load_purchases
from twin.model.budget.volumes import CommuneVolumes, Volumes
from twin.model.staffing import waterfall

__all__ = ["YEARS", "CommuneView", "commune_views"]

YEARS = 5
"""Years of a commune's account."""

_OPERATOR = "video_operator"


@dataclass(frozen=True)
class CommuneView:
    """Five years of one commune, at the prices of one year; all amounts in cents, with VAT.

    Attributes
    ----------
    equipment : int
        Cameras through the purchasing centre: the part of their life that five years wear out.
    upkeep, links : int
        Maintenance of the cameras; links at the commune's charge.
    helped : int
        FCTVA, FIPD, Region and fonds de concours that come back.
    fees : int
        Joining fee and five annual fees.
    alone : int
        Pay of its own agents for the same service: at least ``minimum_agents`` at their seats over
        the live window bought, or without one the hours that the centre spent on its tasks.
    """

    commune: CommuneVolumes
    viewing_h: float
    equipment: int
    upkeep: int
    links: int
    helped: int
    fees: int
    alone: int

    @property
    def total(self) -> int:
        """What the commune pays in all."""
        return self.equipment + self.upkeep + self.links - self.helped + self.fees


def commune_views(
    volumes: Volumes, tariffs: Tariffs, levers: BudgetLevers, assumptions: Assumptions
) -> tuple[CommuneView, ...]:
    """One view per commune, from the run that holds them all.

    Raises
    ------
    InputError
        A grant above its ceiling, or a forfait without a tariff.
    """
    volumes = volumes.at_density(assumptions["cameras_per_1000"])
    hour = _hour_eur(volumes, levers, assumptions)
    watched = viewing_h(volumes)
    return tuple(
        _view(each, watched[each.insee], tariffs, levers, assumptions, hour)
        for each in volumes.communes
    )


def _view(
    commune: CommuneVolumes,
    watched_h: float,
    tariffs: Tariffs,
    levers: BudgetLevers,
    assumptions: Assumptions,
    hour_eur: float,
) -> CommuneView:
    vat = 1 + load_purchases().vat_rate
    installed = commune.cameras * assumptions["camera_cost_eur"]
    worn = installed * min(1.0, YEARS / assumptions["camera_life_years"])
    helped = _help_rate(commune, levers, assumptions) * worn
    seats = assumptions["minimum_agents"] if commune.live_h else 1.0
    own_h = seats * (commune.live_h or commune.work_h)
    fee = tariffs.joining_eur + YEARS * tariffs.of(commune.forfait)
    return CommuneView(
        commune=commune,
        viewing_h=watched_h,
        equipment=cents(worn * vat),
        upkeep=cents(YEARS * assumptions["maintenance_share"] * installed * vat),
        links=cents(YEARS * commune.cameras * assumptions["commune_link_eur"]),
        helped=cents(helped),
        fees=cents(fee) * commune.cameras,
        alone=cents(YEARS * own_h * hour_eur),
    )


def _help_rate(commune: CommuneVolumes, levers: BudgetLevers, assumptions: Assumptions) -> float:
    """What comes back of one euro of cameras without VAT."""
    types = load_purchases()
    most = types.ceilings
    below("assumptions.fipd_commune_rate", assumptions["fipd_commune_rate"], most.fipd_commune)
    below("assumptions.region_rate", assumptions["region_rate"], most.region)
    base = min(1.0, most.fipd_base_eur / assumptions["camera_cost_eur"])
    small = commune.population < most.region_population
    grants = base * assumptions["fipd_commune_rate"] + small * assumptions["region_rate"]
    own = (1 - grants) / 2
    fonds = min(levers.fonds_de_concours_rate, own, most.public_share - grants)
    return grants + fonds + types.fctva_rate * (1 + types.vat_rate)


def _hour_eur(volumes: Volumes, levers: BudgetLevers, assumptions: Assumptions) -> float:
    """Cost of one hour at an operator's seat, with absence, training and premiums."""
    operators = [each for each in volumes.functions if each.posts.function == _OPERATOR]
    if not operators:
        raise InputError("seats.operators: a room without operators has no hour to compare with")
    pay = float(pay_of(_OPERATOR, [load_lines().price_year], levers, assumptions).total[0])
    etp = waterfall(1 / assumptions["annual_hours"], assumptions)[-1].etp
    premiums = premiums_eur(operators[0], levers) / operators[0].posts.hours.total
    return etp * pay + premiums
