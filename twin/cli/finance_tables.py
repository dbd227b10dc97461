"""What the terminal shows of a budget, and what its JSON holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from twin.cli.show import console, number
from twin.contracts import mask
from twin.model.budget.accounts import Accounts, Budget, Perimeter
from twin.model.budget.breakeven import Balance
from twin.model.budget.communes import YEARS, CommuneView
from twin.model.budget.costs import inhabitants, unit_costs
from twin.model.budget.levers import Tariffs
from twin.model.budget.lines import Line, Section, Side
from twin.model.budget.money import CENTS_PER_EUR
from twin.model.budget.pay import Pay
from twin.model.budget.risk import PERIMETERS, Risk
from twin.model.budget.shares import ForfaitCost, by_forfait
from twin.model.budget.volumes import Volumes
from twin.model.patterns import load_functions
from twin.planning.finance import SeatNeed, Verdict

__all__ = [
    "show_balance",
    "show_budget",
    "show_communes",
    "show_risk",
]

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
SHOWN_ASSUMPTIONS = 12
EUR_PER_KEUR = 1000


def show_budget(
    name: str, budget: Budget, year: int, pay: Mapping[str, Pay], *, lines: bool
) -> None:
    """Print both perimeters by year, then the costs of one year by unit and by forfait.

    With `lines`, every line of the accounts, and how the pay of each function is built up.
    """
    terminal = console()
    terminal.print(_activity(name, budget), "")
    for perimeter in PERIMETERS:
        terminal.print(_accounts(perimeter, budget.perimeter(perimeter), lines=lines), "")
    terminal.print(_side_by_side(budget), "")
    if lines:
        terminal.print(_pay(pay, year), "")
    terminal.print(_units(budget, year), "")
    terminal.print(_forfaits(budget, year))
    for perimeter in PERIMETERS:
        sentence = _subsidy(by_forfait(budget, perimeter, year))
        if sentence:
            terminal.print(f"{TITLES[perimeter]}: {sentence}", highlight=False, soft_wrap=True)
    terminal.print("")


def show_communes(views: Sequence[CommuneView], volumes: Volumes, *, named: bool) -> None:
    """Print what each commune pays over five years, gets, and would pay alone."""
    title = f"{YEARS} years of each commune, every camera connected, k€ with VAT at prices of 2026"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("commune")
    for heading in (
        "forfait",
        "cameras",
        "equipment",
        "upkeep",
        "links",
        "helped",
        "fees",
        "total",
        "alone",
        "viewing h",
        "patrols",
        "réquisitions",
        "available",
    ):
        table.add_column(heading, justify="right")
    for view in views:
        commune = view.commune
        money = (view.equipment, view.upkeep, view.links, -view.helped, view.fees, view.total)
        table.add_row(
            commune.name if named else mask(commune.insee, volumes.identity),
            commune.forfait,
            str(commune.cameras),
            *(_keur(each) for each in (*money, view.alone)),
            *(number(YEARS * n) for n in (view.viewing_h, commune.patrols, commune.requisitions)),
            f"{commune.availability:.1%}",
        )
    terminal = console()
    terminal.print(table)
    terminal.print(
        "alone: pay of its own agents, at the minimum presence over the window bought, no room\n"
        "simulation ; la commune n'a pas délibéré\n",
        highlight=False,
    )


def show_risk(risk: Risk, verdicts: Sequence[Verdict]) -> None:
    """Print the distribution by year, the tornado and what would reverse the verdict."""
    terminal = console()
    for perimeter in PERIMETERS:
        title = f"{TITLES[perimeter]}: result of {len(risk.paid)} draws, k€"
        table = _by_year(title, risk.years)
        labels = ("5 % of the draws are below", "median", "5 % of the draws are above")
        for label, row in zip(labels, risk.quantiles(perimeter), strict=True):
            table.add_row(label, *(_keur(float(each)) for each in row))
        probability = risk.balance_probability(perimeter)
        table.add_row("probability of balance", *(f"{each:.1%}" for each in probability))
        terminal.print(table, "")
    for verdict in verdicts:
        terminal.print(_tornado(verdict), "")
        terminal.print(_reversals(verdict), highlight=False, soft_wrap=True)
        terminal.print("")


def show_balance(
    found: Balance, tariffs: Tariffs, seats: Sequence[SeatNeed], *, keep_ratio: bool
) -> None:
    """Print the fees that balance a year beside those of the scenario."""
    how = "one factor on every fee" if keep_ratio else "each forfait pays its own cost"
    title = f"{TITLES[found.perimeter]}: annual fees that balance {found.year}, {how}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("forfait")
    for heading in ("fee, €", "balancing fee, €", "factor"):
        table.add_column(heading, justify="right")
    for forfait, fee in found.tariffs.annual_eur.items():
        now = tariffs.of(forfait)
        factor = f"{fee / now:.2f}" if now else "—"
        table.add_row(forfait, f"{now:,.2f}", f"{fee:,.2f}", factor)
    terminal = console()
    terminal.print(table)
    terminal.print(
        f"re-run with these fees: result {found.result / CENTS_PER_EUR:,.2f} €, of which rounding"
        f" the fees up to the cent may leave {found.tolerance / CENTS_PER_EUR:,.2f} €\n",
        highlight=False,
        soft_wrap=True,
    )
    terminal.print(_seats(seats, found.year), "")


def _by_year(title: str, years: Iterable[int]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for year in years:
        table.add_column(str(year), justify="right", no_wrap=True)
    return table


def _activity(name: str, budget: Budget) -> Table:
    table, activity = _by_year(f"{name}: what the centre does", budget.years), budget.activity
    for label, values in (
        ("communes « intéressées », 31 Dec.", activity.interested),
        ("communes « adhérentes », 31 Dec.", activity.communes),
        ("cameras connected, mean", activity.cameras),
        ("ETP paid", activity.etp),
        ("viewing hours", activity.viewing_h),
        ("réquisitions answered", activity.requisitions),
        ("notices", activity.notices),
    ):
        table.add_row(label, *(f"{each:,.0f}" for each in values))
    return table


def _accounts(perimeter: Perimeter, accounts: Accounts, *, lines: bool) -> Table:
    """Chapters of both sections, or every line; totals of the two sides are equal."""
    table = _by_year(f"{TITLES[perimeter]}, k€", accounts.years)
    every = [*accounts.lines, *accounts.balance]
    for section, title in SECTIONS:
        for side, word in SIDES:
            here = [each for each in every if (each.section, each.side) == (section, side)]
            here = [each for each in here if any(each.cents)]
            if not here:
                continue
            table.add_row(f"[bold]{title}, {word}[/bold]")
            if lines:
                for line in here:
                    chapter = f"{line.nature.chapter}-{line.nature.account}"
                    table.add_row(f"  {chapter} {line.nature.label}"[:44], *map(_keur, line.cents))
            else:
                for chapter in sorted({line.nature.chapter for line in here}):
                    label = f"  {chapter} {CHAPTERS[chapter]}"
                    table.add_row(label, *map(_keur, _chapter(here, chapter)))
            table.add_row("  total", *map(_keur, accounts.total(section, side)))
    return table


def _chapter(lines: Sequence[Line], chapter: str) -> list[int]:
    chosen = [line.cents for line in lines if line.nature.chapter == chapter]
    return [sum(year) for year in zip(*chosen, strict=True)]


def _side_by_side(budget: Budget) -> Table:
    """Result and reste à charge of the two perimeters."""
    table = _by_year("Side by side, k€", budget.years)
    people = inhabitants()
    for perimeter in PERIMETERS:
        accounts = budget.perimeter(perimeter)
        table.add_row(f"[bold]{TITLES[perimeter]}[/bold]")
        table.add_row("  result before the MEL", *map(_keur, accounts.result))
        table.add_row("  épargne brute", *map(_keur, accounts.gross_saving))
        table.add_row("  épargne nette", *map(_keur, accounts.net_saving))
        table.add_row("  paid in by the MEL, cash", *map(_keur, accounts.paid_by_the_mel))
        left = (f"{-each / CENTS_PER_EUR / people:.2f}" for each in accounts.result)
        table.add_row("  reste à charge, € per inhabitant", *left)
    return table


def _pay(pay: Mapping[str, Pay], year: int) -> Table:
    title = f"Pay of one ETPT, {year}, € a year without premiums"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("function")
    for heading in ("traitement", "régime indemnitaire", "contributions", "total"):
        table.add_column(heading, justify="right")
    for function, each in pay.items():
        parts = (each.base, each.bonus, each.contributions, each.total)
        table.add_row(load_functions()[function].label, *(f"{p[0]:,.0f}" for p in parts))
    return table


def _units(budget: Budget, year: int) -> Table:
    table = Table(title=f"Cost by unit, {year}", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for perimeter in PERIMETERS:
        table.add_column(TITLES[perimeter], justify="right")
    table.add_column("unit")
    costs = [dict(unit_costs(budget, perimeter, year)) for perimeter in PERIMETERS]
    for label, figure in costs[0].items():
        table.add_row(label, *(f"{each[label].value:,.2f}" for each in costs), figure.unit)
    return table


def _forfaits(budget: Budget, year: int) -> Table:
    title = f"Each forfait's cost and price, € per camera, {year}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("forfait", "cameras", "fees"):
        table.add_column(heading, justify="right")
    for perimeter in PERIMETERS:
        table.add_column(f"cost, {perimeter}", justify="right")
        table.add_column("covered", justify="right")
    pairs = zip(*(by_forfait(budget, p, year) for p in PERIMETERS), strict=True)
    for pair in pairs:
        first = pair[0]
        costs = (
            cell for each in pair for cell in (_per_camera(each.cost, each), f"{each.coverage:.0%}")
        )
        table.add_row(
            first.forfait, f"{first.cameras:,.0f}", _per_camera(first.fees, first), *costs
        )
    return table


def _per_camera(cents: int, each: ForfaitCost) -> str:
    return f"{cents / CENTS_PER_EUR / each.cameras:,.0f}"


def _subsidy(costs: Sequence[ForfaitCost]) -> str:
    """Who pays for whom, at the share of the cost that the fees cover together."""
    if len(costs) <= 1 or not sum(each.cost for each in costs):
        return ""
    mean = sum(each.fees for each in costs) / sum(each.cost for each in costs)
    above = [each.forfait for each in costs if each.coverage > mean]
    below = [each.forfait for each in costs if each.coverage < mean]
    if not above or not below:
        return f"every forfait covers {mean:.0%} of its cost"
    return (
        f"fees cover {mean:.0%} of the cost; at that share, forfait {' and '.join(above)}"
        f" pays for forfait {' and '.join(below)}"
    )


def _tornado(verdict: Verdict) -> Table:
    title = f"{TITLES[verdict.perimeter]}, result {verdict.year}, k€: each assumption alone"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("assumption")
    for heading in ("low", "high", "at low", "at high", "swing"):
        table.add_column(heading, justify="right")
    for _, row in verdict.tornado.head(SHOWN_ASSUMPTIONS).iterrows():
        money = (row["at_low"], row["at_high"], row["swing"])
        cells = (f"{each / EUR_PER_KEUR:,.0f}" for each in money)
        table.add_row(row["key"], number(row["low"]), number(row["high"]), *cells)
    return table


def _reversals(verdict: Verdict) -> str:
    state = "balances" if verdict.result_eur >= 0 else "is in deficit"
    opening = f"{TITLES[verdict.perimeter]}: {verdict.year} {state} at the central values. "
    found = [each for each in verdict.reversals if each.flip is not None]
    if not found:
        return opening + "No assumption alone reverses it, even three times as far as its range."
    values = []
    for each in found:
        entry = each.factor.entry
        value = each.flip.value if each.flip else math.nan
        inside = "" if entry.low <= value <= entry.high else ", outside its range"
        span = f"{number(entry.low)} to {number(entry.high)}"
        values.append(f"{each.factor.key} at {number(value)} (range {span}{inside})")
    return f"{opening}Reversed alone by: {'; '.join(values)}."


def _seats(seats: Sequence[SeatNeed], year: int) -> Table:
    title = f"Cameras whose fees pay one operator's seat, {year}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("forfait", "hours a year", "ETPT", "€ per ETPT", "pay only", "other costs too"):
        table.add_column(heading, justify="right")
    for each in seats:
        counts = ("never" if n == math.inf else f"{n:,.1f}" for n in _needs(each))
        table.add_row(
            each.forfait, f"{each.hours:,.0f}", f"{each.etp:.2f}", f"{each.cost_eur:,.0f}", *counts
        )
    return table


def _needs(each: SeatNeed) -> tuple[float, float]:
    return each.pay_only, each.with_other_costs


def _keur(cents: float) -> str:
    return f"{cents / CENTS_PER_EUR / EUR_PER_KEUR:,.0f}"
