"""What one camera, inhabitant, hour, réquisition or notice costs."""

from __future__ import annotations

from twin.contracts import Figure, Kind
from twin.model.budget.accounts import Accounts, Budget, Perimeter
from twin.model.budget.adoption import year_index
from twin.model.budget.lines import FEES, JOINING
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.mel import load_mel

__all__ = ["camera_cost_eur", "inhabitants", "unit_costs"]


def inhabitants() -> int:
    """Municipal population of the whole MEL, which pays what the fees do not."""
    return sum(place.population for place in load_mel().places)


def camera_cost_eur(budget: Budget, perimeter: Perimeter, year: int) -> float:
    """What a connected camera costs in a year, of the lines that forfaits share by camera."""
    i = year_index(year)
    shared = sum(
        line.cents[i] if line.side == "expense" else -line.cents[i]
        for line in budget.perimeter(perimeter).lines
        if line.section == "operating" and line.share_by == "cameras" and line.key != FEES
    )
    cameras = float(budget.activity.cameras[i])
    return shared / CENTS_PER_EUR / cameras if cameras else 0.0


def unit_costs(budget: Budget, perimeter: Perimeter, year: int) -> list[tuple[str, Figure]]:
    """Cost of operation of a year by unit of what the centre does, with its label in French.

    The cost is what the fees would have to pay: expenses less what is received beside the fees. A
    unit of which the year has none is left out.

    Raises
    ------
    InputError
        It is not a year of the budget.
    """
    i, people, activity = year_index(year), inhabitants(), budget.activity
    accounts = budget.perimeter(perimeter)
    left = -accounts.result[i] / CENTS_PER_EUR
    cost = left + _fees(accounts, i) / CENTS_PER_EUR
    rows = (
        ("Coût par caméra raccordée", cost, float(activity.cameras[i]), "€ par caméra"),
        ("Coût par heure de visionnage", cost, float(activity.viewing_h[i]), "€ par heure"),
        ("Coût par réquisition", cost, float(activity.requisitions[i]), "€ par réquisition"),
        ("Coût par détection", cost, float(activity.notices[i]), "€ par détection"),
        ("Coût par habitant de la MEL", cost, people, "€ par habitant"),
        ("Reste à charge de la MEL", left, 1, "€"),
        ("Reste à charge par habitant de la MEL", left, people, "€ par habitant"),
    )
    source = f"budget {year}, run {budget.stages[-1].identity[:12]}, seed {budget.stages[-1].seed}"
    return [
        (label, Figure(eur / count, eur / count, eur / count, unit, Kind.COMPUTED, source))
        for label, eur, count, unit in rows
        if count > 0
    ]


def _fees(accounts: Accounts, i: int) -> int:
    return sum(line.cents[i] for line in accounts.of(FEES, JOINING))
