"""What the JSON of a budget holds: amounts in whole cents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from twin.contracts import mask
from twin.model.budget.accounts import Accounts, Budget
from twin.model.budget.breakeven import Balance
from twin.model.budget.communes import CommuneView
from twin.model.budget.costs import unit_costs
from twin.model.budget.levers import Tariffs
from twin.model.budget.risk import PERIMETERS, Risk
from twin.model.budget.shares import by_forfait
from twin.planning.finance import SeatNeed, Verdict

__all__ = ["balance_document", "budget_document"]


def budget_document(
    budget: Budget,
    year: int,
    risk: Risk | None,
    verdicts: Sequence[Verdict],
    views: Sequence[CommuneView],
    *,
    named: bool,
) -> dict[str, Any]:
    """Return a budget as JSON values; amounts in cents, communes masked unless `named`."""
    full = budget.stages[-1]
    return {
        "identity": {
            "run": full.identity,
            "seed": full.seed,
            "replications": full.replications,
            "stages": [each.identity for each in budget.stages],
        },
        "years": budget.years,
        "activity": {key: each.tolist() for key, each in vars(budget.activity).items()},
        "perimeters": {p: _accounts_document(budget.perimeter(p)) for p in PERIMETERS},
        "year": year,
        "unit_costs": {
            p: [{"label": label} | asdict(figure) for label, figure in unit_costs(budget, p, year)]
            for p in PERIMETERS
        },
        "forfaits": {p: [asdict(each) for each in by_forfait(budget, p, year)] for p in PERIMETERS},
        "communes": [
            _commune_document(view, full.identity, named=named) | {"annual_fees": fees}
            for view, fees in zip(views, budget.billed.tolist() if views else (), strict=True)
        ],
        "risk": None if risk is None else _risk_document(risk),
        "verdicts": [_verdict_document(verdict) for verdict in verdicts],
    }


def balance_document(found: Balance, tariffs: Tariffs, seats: Sequence[SeatNeed]) -> dict[str, Any]:
    """Return a break-even as JSON values; more cameras than can be is null."""
    return {
        "year": found.year,
        "perimeter": found.perimeter,
        "tariffs": tariffs.model_dump(),
        "balancing_tariffs": found.tariffs.model_dump(),
        "result_cents": found.result,
        "tolerance_cents": found.tolerance,
        "seats": [
            {k: None if v == math.inf else v for k, v in asdict(each).items()} for each in seats
        ],
    }


def _accounts_document(accounts: Accounts) -> dict[str, Any]:
    totals = ("result", "gross_saving", "net_saving", "paid_by_the_mel")
    return {
        "lines": [
            {"key": line.name, "section": line.section, "side": line.side, "cents": line.cents}
            | line.nature.model_dump(include={"label", "chapter", "account"})
            for line in (*accounts.lines, *accounts.balance)
        ],
        **{total: getattr(accounts, total) for total in totals},
    }


def _commune_document(view: CommuneView, identity: str, *, named: bool) -> dict[str, Any]:
    commune = view.commune
    money = {key: value for key, value in vars(view).items() if key != "commune"}
    return {
        "commune": commune.insee if named else mask(commune.insee, identity),
        "forfait": commune.forfait,
        "cameras": commune.cameras,
        **money,
        "total": view.total,
        "patrols": commune.patrols,
        "requisitions": commune.requisitions,
        "availability": commune.availability,
    }


def _risk_document(risk: Risk) -> dict[str, Any]:
    return {
        "draws": len(risk.paid),
        "perimeters": {
            p: {
                "quantiles_cents": risk.quantiles(p).tolist(),
                "balance_probability": risk.balance_probability(p).tolist(),
            }
            for p in PERIMETERS
        },
    }


def _verdict_document(verdict: Verdict) -> dict[str, Any]:
    return {
        "perimeter": verdict.perimeter,
        "year": verdict.year,
        "result_eur": verdict.result_eur,
        "tornado": verdict.tornado.to_dict(orient="records"),
        "reversals": [
            {"key": each.factor.key, "looked_until": each.end}
            | {"value": None if each.flip is None else each.flip.value}
            for each in verdict.reversals
        ],
    }
