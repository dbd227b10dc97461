"""What is bought, who helps to pay, how it is depreciated and borrowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.budget.adoption import MONTHS_PER_YEAR, Adoption
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.lines import Line, Section, Side
from twin.model.budget.money import CENTS_PER_EUR, cents, part
from twin.model.budget.ramp import Ramp
from twin.model.budget.tables import Ceilings, Nature, Purchases, load_lines, load_purchases
from twin.model.budget.volumes import Volumes

__all__ = ["Asset", "below", "depreciation", "equipment_eur", "invest", "purchases"]

_JANUARY, _JULY = 1, 7
_SUBSIDY_LIFE = 5
_GRANT_DELAY = 1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asset:
    """Something bought.

    Attributes
    ----------
    life : int
        Years over which it wears out.
    cost, grant : int
        Cents paid, and received for it.
    bought, used : int
        Year of the purchase and first year of service.
    month : int
        Month of that year in which it is put into service, 1 to 12.
    first : bool
        Whether it belongs to the first programme, which grants and the loan finance.
    equipment, renewed : bool
        Whether its maintenance is paid, and whether it is bought again when it is worn out.
    """

    name: str
    nature: Nature
    life: int
    cost: int
    bought: int
    used: int
    month: int
    first: bool = False
    grant: int = 0
    equipment: bool = False
    renewed: bool = False

    def spread(self, amount: int) -> Iterable[tuple[int, int]]:
        """Year and cents of what wears out, or is taken back, of `amount` over its life."""
        return depreciation(amount, self.used, self.month, self.life).items()

    def worn_in(self, year: int) -> bool:
        """Whether it is bought again in `year`."""
        return self.renewed and self.used + self.life == year


def depreciation(cost: int, used: int, month: int, life: int) -> dict[int, int]:
    """Cents by year of a cost spread over `life` years from a month, prorata temporis.

    Examples
    --------
    >>> depreciation(1000, 2027, 7, 2)
    {2027: 250, 2028: 500, 2029: 250}
    """
    whole, before, spread = life * MONTHS_PER_YEAR, 0, dict[int, int]()
    after = MONTHS_PER_YEAR + 1 - month
    while before < whole:
        until = min(after, whole)
        spread[used + len(spread)] = part(cost, until, whole) - part(cost, before, whole)
        before, after = until, after + MONTHS_PER_YEAR
    return spread


def purchases(
    stages: Sequence[Volumes],
    held: Ramp,
    years: Sequence[int],
    levers: BudgetLevers,
    assumptions: Assumptions,
) -> list[Asset]:
    """Everything the centre buys: room and first network before the opening, growth, renewals."""
    types, prices_of = load_purchases(), load_lines().price_year
    grown = {name: _grown(item.amount, stages, held) for name, item in types.items.items()}
    bought = list[Asset]()
    for i, year in enumerate(years):
        first = year == levers.opening - 1
        price = (1 + assumptions["inflation_rate"]) ** (year - prices_of) * _vat(levers, types)
        used, month = (year + 1, _JANUARY) if first else (year, _JULY)
        bought += [_again(each, year, assumptions) for each in bought if each.worn_in(year)]
        for name, item in types.items.items():
            once = item.driver == "once"
            count = first / (1 + types.vat_rate) if once else float(grown[name][i])
            eur = count * assumptions[item.amount] * item.part * price
            cost = cents(eur * (assumptions[item.times] if item.times else 1))
            if cost:
                life = item.life if isinstance(item.life, int) else round(assumptions[item.life])
                shape = {"equipment": item.equipment, "renewed": item.renewed}
                bought.append(Asset(name, item, life, cost, year, used, month, first, **shape))
    return bought


def _grown(price: str, stages: Sequence[Volumes], held: Ramp) -> Floats:
    """What the network buys more of in each year; what the opening needs, the year before it."""
    had = np.array([*(each.network.get(price, 0.0) for each in stages), 0.0])[held.open]
    needed = had.reshape(-1, MONTHS_PER_YEAR).max(axis=1)
    opening = int((held.open < 0).sum())
    needed[opening // MONTHS_PER_YEAR - 1] = had[opening]
    return np.diff(np.maximum.accumulate(needed), prepend=0.0)


def _again(worn: Asset, year: int, assumptions: Assumptions) -> Asset:
    """The same thing at the prices of the year in which it is worn out."""
    risen = (1 + assumptions["inflation_rate"]) ** (year - worn.bought)
    cost = cents(worn.cost * risen / CENTS_PER_EUR)
    return replace(worn, cost=cost, bought=year, used=year, first=False)


def equipment_eur(assets: Sequence[Asset], years: Sequence[int]) -> list[float]:
    """Price of the equipment in service in each year: what its maintenance is a share of."""
    return [
        sum(
            asset.cost / CENTS_PER_EUR
            for asset in assets
            if asset.equipment and asset.used <= year < asset.used + asset.life
        )
        for year in years
    ]


def invest(
    adoption: Adoption,
    assets: Sequence[Asset],
    levers: BudgetLevers,
    assumptions: Assumptions,
    *,
    drawn: bool,
) -> list[Line]:
    """Lines of both sections that investment makes, before they are balanced.

    Parameters
    ----------
    drawn : bool
        Whether the assumptions are a draw: a grant above its ceiling is then cut down to it.

    Raises
    ------
    InputError
        A grant of the scenario is above its ceiling.
    """
    types, years = load_purchases(), adoption.years
    granted = _granted(assets, levers, assumptions, types, drawn)
    helped = _fonds_de_concours(adoption, levers, assumptions, types.ceilings, drawn)
    refunds = _refunds(granted, levers, assumptions, types)
    return [
        *_bought([*granted, *helped], years),
        *_depreciated([*granted, *helped], years),
        *_financed(granted, refunds, years, levers, assumptions),
    ]


def _granted(
    assets: Sequence[Asset],
    levers: BudgetLevers,
    assumptions: Assumptions,
    types: Purchases,
    drawn: bool,
) -> list[Asset]:
    """Assets, those of the first programme with their part of the grants."""
    vat = _vat(levers, types)
    most, other = types.ceilings, levers.other_grants_eur * CENTS_PER_EUR
    fipd = assumptions["fipd_centre_rate"]
    fipd = below("assumptions.fipd_centre_rate", fipd, most.fipd_centre, cut=drawn)
    eligible = sum(asset.cost for asset in assets if asset.first) / vat
    rate = fipd + (other / eligible if eligible else 0.0)
    rate = below("budget.other_grants_eur and the FIPD", rate, most.public_share, cut=drawn)
    return [
        replace(asset, grant=cents(rate * asset.cost / vat / CENTS_PER_EUR))
        if asset.first
        else asset
        for asset in assets
    ]


def _fonds_de_concours(
    adoption: Adoption,
    levers: BudgetLevers,
    assumptions: Assumptions,
    ceilings: Ceilings,
    drawn: bool,
) -> list[Asset]:
    """What the MEL pays of the cameras that communes add or renew: a subsidy it depreciates.

    At most the commune's own share, which is at least what public grants may not pay.
    """
    others = assumptions["fipd_commune_rate"] + assumptions["region_rate"]
    most = max(0.0, min((1 - others) / 2, ceilings.public_share - others))
    asked = levers.fonds_de_concours_rate
    rate = below("budget.fonds_de_concours_rate", asked, most, cut=drawn)
    renewed = adoption.camera_years.sum(axis=0) / assumptions["camera_life_years"]
    counts = adoption.bought.sum(axis=0) + renewed
    rise = 1 + assumptions["inflation_rate"]
    nature = Nature(label="Fonds de concours aux communes", chapter="204", account="2041412")
    return [
        Asset("fonds_de_concours", nature, _SUBSIDY_LIFE, cents(float(eur)), year, year, _JULY)
        for year, eur in zip(
            adoption.years,
            rate * assumptions["camera_cost_eur"] * counts * rise ** np.arange(len(counts)),
            strict=True,
        )
        if eur
    ]


def below(key: str, found: float, most: float, *, cut: bool = False) -> float:
    """Return a grant, or refuse one above its ceiling unless it may be cut down to it."""
    if found > most and not cut:
        raise InputError(f"{key}: {found:.1%} is above the ceiling of {most:.1%}")
    return min(found, most)


def _vat(levers: BudgetLevers, types: Purchases) -> float:
    """Price paid over price without VAT."""
    return 1.0 if levers.vat == "subject" else 1 + types.vat_rate


def _refunds(
    assets: Sequence[Asset], levers: BudgetLevers, assumptions: Assumptions, types: Purchases
) -> list[tuple[int, int]]:
    """Year and cents of the FCTVA of each asset."""
    rate = types.fctva_rate if levers.vat == "outside" else 0.0
    delay = round(assumptions["fctva_delay_years"])
    return [(a.bought + delay, cents(rate * a.cost / CENTS_PER_EUR)) for a in assets]


def _bought(assets: Sequence[Asset], years: Sequence[int]) -> Iterator[Line]:
    for name in dict.fromkeys(asset.name for asset in assets):
        mine = [asset for asset in assets if asset.name == name]
        spent = [(asset.bought, asset.cost) for asset in mine]
        yield _line("purchase", mine[0].nature, "expense", spent, years, detail=name)


def _depreciated(assets: Sequence[Asset], years: Sequence[int]) -> Iterator[Line]:
    """Depreciation and the part of the grants taken back, each mirrored in the other section."""
    worn = [each for asset in assets for each in asset.spread(asset.cost)]
    back = [each for asset in assets for each in asset.spread(asset.grant)]
    wear, grants = "Dotations aux amortissements", "Quote-part des subventions reprise au résultat"
    yield _order("depreciation", wear, "6811", "expense", worn, years)
    yield _order("depreciation", wear, "28", "receipt", worn, years)
    yield _order("taken_back", grants, "777", "receipt", back, years)
    yield _order("taken_back", grants, "139", "expense", back, years)


def _financed(
    assets: Sequence[Asset],
    refunds: Sequence[tuple[int, int]],
    years: Sequence[int],
    levers: BudgetLevers,
    assumptions: Assumptions,
) -> Iterator[Line]:
    """Grants, FCTVA, and the loan that pays a part of what they leave of the first programme."""
    first = [asset for asset in assets if asset.first]
    grants = [(asset.bought + _GRANT_DELAY, asset.grant) for asset in first]
    nature = Nature(
        label="Subventions d'investissement (FIPD et autres)", chapter="13", account="1311"
    )
    yield _line("grant", nature, "receipt", grants, years)
    nature = Nature(label="FCTVA", chapter="10", account="10222")
    yield _line("fctva", nature, "receipt", refunds, years)
    left = sum(
        asset.cost - asset.grant - refund
        for asset, (_, refund) in zip(assets, refunds, strict=True)
        if asset.first
    )
    capital, works = cents(levers.loan_share * left / CENTS_PER_EUR), levers.opening - 1
    nature = Nature(label="Emprunt", chapter="16", account="1641")
    yield _line("loan", nature, "receipt", [(works, capital)], years)
    paid = [part(capital, k, levers.loan_years) for k in range(levers.loan_years + 1)]
    repaid = [(works + k, paid[k] - paid[k - 1]) for k in range(1, len(paid))]
    nature = Nature(label="Remboursement du capital", chapter="16", account="1641")
    yield _line("repayment", nature, "expense", repaid, years)
    rate = assumptions["loan_rate"]
    interest = [
        (works + k, cents(rate * (capital - paid[k - 1]) / CENTS_PER_EUR))
        for k in range(1, len(paid))
    ]
    nature = Nature(label="Intérêts des emprunts", chapter="66", account="66111")
    yield _line("interest", nature, "expense", interest, years, section="operating")


def _order(
    key: str,
    label: str,
    account: str,
    side: Side,
    sums: Iterable[tuple[int, int]],
    years: Sequence[int],
) -> Line:
    """One side of an operation that moves no money between the two sections."""
    section: Section = "operating" if account in {"6811", "777"} else "investment"
    chapter = "042" if section == "operating" else "040"
    nature = Nature(label=label, chapter=chapter, account=account)
    return replace(_line(key, nature, side, sums, years, section=section), cash=False)


def _line(
    key: str,
    nature: Nature,
    side: Side,
    sums: Iterable[tuple[int, int]],
    years: Sequence[int],
    *,
    detail: str = "",
    section: Section = "investment",
) -> Line:
    total = dict.fromkeys(years, 0)
    for year, amount in sums:
        if year in total:
            total[year] += amount
    return Line(key, nature, side, tuple(total.values()), detail, section)
