"""The budget of the centre: two perimeters side by side, each with its balanced sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.model.assumptions import Assumptions
from twin.model.budget.adoption import MONTHS_PER_YEAR, Adoption, adopt
from twin.model.budget.investment import equipment_eur, invest, purchases
from twin.model.budget.levers import BudgetLevers, Tariffs
from twin.model.budget.lines import (
    FEES,
    Line,
    Section,
    Side,
    fees,
    fees_by_commune,
    running,
    salaries,
)
from twin.model.budget.money import CENTS_PER_EUR, cents
from twin.model.budget.ramp import Ramp, ramp
from twin.model.budget.tables import Nature
from twin.model.budget.volumes import Volumes

__all__ = ["Accounts", "Activity", "Budget", "Perimeter", "build_budget"]

Floats = npt.NDArray[np.float64]
Cents = tuple[int, ...]
Perimeter = Literal["tariff", "full"]


@dataclass(frozen=True)
class Activity:
    """What the centre does, by year.

    Attributes
    ----------
    interested, communes, cameras : float array
        « Intéressées » and « adhérentes » at the end of the year; mean cameras connected.
    viewing_h, requisitions, notices : float array
        Hours of agents free at the wall; réquisitions answered; notices of incidents.
    etp : float array
        ETP paid, all functions.
    """

    interested: Floats
    communes: Floats
    cameras: Floats
    viewing_h: Floats
    requisitions: Floats
    notices: Floats
    etp: Floats


@dataclass(frozen=True)
class Accounts:
    """One perimeter: every line, those that balance the sections included."""

    years: tuple[int, ...]
    lines: tuple[Line, ...]
    balance: tuple[Line, ...]

    def total(self, section: Section, side: Side, *, balanced: bool = True) -> Cents:
        """Cents by year of one side of a section."""
        lines = [*self.lines, *(self.balance if balanced else ())]
        return _sum((line for line in lines if (line.section, line.side) == (section, side)), self)

    @property
    def result(self) -> Cents:
        """Receipts less expenses of operation before the MEL balances it, by year."""
        receipts = self.total("operating", "receipt", balanced=False)
        return _less(receipts, self.total("operating", "expense", balanced=False))

    @property
    def gross_saving(self) -> Cents:
        """Épargne brute: the same in cash."""
        cash = [line for line in self.lines if line.cash and line.section == "operating"]
        return _less(
            _sum((line for line in cash if line.side == "receipt"), self),
            _sum((line for line in cash if line.side == "expense"), self),
        )

    @property
    def net_saving(self) -> Cents:
        """Épargne nette: less the capital repaid."""
        repaid = _sum((line for line in self.lines if line.key == "repayment"), self)
        return _less(self.gross_saving, repaid)

    @property
    def paid_by_the_mel(self) -> Cents:
        """Cash that the MEL puts in to balance both sections, less what it gets back, by year."""
        paid = _sum((line for line in self.balance if line.key in {"deficit", "paid_in"}), self)
        return _less(paid, _sum((line for line in self.balance if line.key == "returned"), self))

    def of(self, *keys: str) -> list[Line]:
        """Lines of these keys."""
        return [line for line in self.lines if line.key in keys]


@dataclass(frozen=True)
class Budget:
    """Both perimeters, with what they rest on.

    Attributes
    ----------
    billed : int array, communes by years
        Cents of annual fees.
    tariff : Accounts
        What the fees say they cover: video operators, connection, feasibility study.
    full : Accounts
        Everything the centre costs.
    """

    years: tuple[int, ...]
    stages: tuple[Volumes, ...]
    adoption: Adoption
    ramp: Ramp
    billed: npt.NDArray[np.int64]
    activity: Activity
    tariff: Accounts
    full: Accounts

    def perimeter(self, name: Perimeter) -> Accounts:
        """Accounts of one perimeter."""
        return self.full if name == "full" else self.tariff


_DEFICIT = Nature(label="Prise en charge du déficit par la MEL", chapter="75", account="7552")
_SURPLUS = Nature(label="Virement à la section d'investissement", chapter="023", account="023")
_RECEIVED = Nature(label="Virement de la section de fonctionnement", chapter="021", account="021")
_PAID_IN = Nature(label="Apport de la MEL", chapter="10", account="1068")
_RETURNED = Nature(label="Excédent rendu à la MEL", chapter="10", account="1068")


def build_budget(
    stages: Sequence[Volumes],
    tariffs: Tariffs,
    levers: BudgetLevers,
    assumptions: Assumptions,
    *,
    drawn: bool = False,
) -> Budget:
    """Budget of a centre, year by year.

    Parameters
    ----------
    stages : sequence of Volumes
        Runs with more and more of the communes; the last one has them all.
    drawn : bool
        Whether the assumptions are a draw: a grant above its ceiling is then cut down to it.

    Raises
    ------
    InputError
        A forfait without a tariff, or a grant above its ceiling.
    """
    stages = tuple(each.at_density(assumptions["cameras_per_1000"]) for each in stages)
    adoption = adopt(stages[-1].communes, levers, assumptions)
    held = ramp(stages, adoption, levers, assumptions)
    paid, etp = salaries(stages, held, adoption, levers, assumptions)
    assets = purchases(stages, held, adoption.years, levers, assumptions)
    served = equipment_eur(assets, adoption.years)
    payroll = _sum(paid, adoption)
    billed = fees_by_commune(adoption, tariffs, levers)
    lines = [
        *fees(adoption, billed, tariffs, levers),
        *paid,
        *running(stages, adoption, held, etp, payroll, served, levers, assumptions),
        *invest(adoption, assets, levers, assumptions, drawn=drawn),
    ]
    lines += _doubtful(lines, assumptions["unpaid_share"])
    return Budget(
        adoption.years,
        stages,
        adoption,
        held,
        billed,
        _activity(stages, adoption, held, etp),
        _balanced(adoption.years, [line for line in lines if line.tariff]),
        _balanced(adoption.years, lines),
    )


def _doubtful(lines: Iterable[Line], share: float) -> list[Line]:
    """A provision for the fees of the year that may not be paid, taken back the year after."""
    due = [
        sum(year) for year in zip(*(line.cents for line in lines if line.key == FEES), strict=True)
    ]
    made = tuple(cents(share * each / CENTS_PER_EUR) for each in due)
    given = Nature(label="Provisions pour créances douteuses", chapter="68", account="6817")
    taken = Nature(label="Reprises sur provisions", chapter="78", account="7817")
    return [
        Line("provision", given, "expense", made, cash=False),
        Line("provision", taken, "receipt", (0, *made[:-1]), cash=False),
    ]


def _balanced(years: tuple[int, ...], lines: Sequence[Line]) -> Accounts:
    """Accounts whose sections balance in each year.

    A deficit of operation is taken over by the MEL; a surplus goes to investment. What investment
    still lacks is paid in by the MEL; what it has left is returned to it.
    """
    accounts = Accounts(years, tuple(lines), ())
    deficit = tuple(max(0, -each) for each in accounts.result)
    surplus = tuple(max(0, each) for each in accounts.result)
    needed = _less(accounts.total("investment", "expense"), accounts.total("investment", "receipt"))
    missing = _less(needed, surplus)
    paid_in = tuple(max(0, each) for each in missing)
    returned = tuple(max(0, -each) for each in missing)
    return replace(
        accounts,
        balance=(
            Line("deficit", _DEFICIT, "receipt", deficit),
            Line("surplus", _SURPLUS, "expense", surplus, cash=False),
            Line("surplus", _RECEIVED, "receipt", surplus, section="investment", cash=False),
            Line("paid_in", _PAID_IN, "receipt", paid_in, section="investment"),
            Line("returned", _RETURNED, "expense", returned, section="investment"),
        ),
    )


def _activity(stages: Sequence[Volumes], adoption: Adoption, held: Ramp, etp: Floats) -> Activity:
    """What the runs of the stages say of each year; counts by camera follow the cameras."""
    months = held.months_open(len(stages)) / MONTHS_PER_YEAR
    cameras = adoption.camera_years.sum(axis=0)
    open_share = np.maximum(months.sum(axis=0), 1 / MONTHS_PER_YEAR)

    def per_camera(name: str) -> Floats:
        rates = [sum(getattr(c, name) for c in each.communes) / each.cameras for each in stages]
        return np.asarray(np.array(rates) @ months / open_share * cameras)

    return Activity(
        interested=np.array(adoption.communes_interested(), dtype=np.float64),
        communes=np.array(adoption.communes_signed(), dtype=np.float64),
        cameras=cameras,
        viewing_h=np.array([each.viewing_h for each in stages]) @ months,
        requisitions=per_camera("requisitions"),
        notices=per_camera("notices"),
        etp=etp.sum(axis=0),
    )


def _sum(lines: Iterable[Line], dated: Accounts | Adoption) -> Cents:
    total = [0] * len(dated.years)
    for line in lines:
        for i, amount in enumerate(line.cents):
            total[i] += amount
    return tuple(total)


def _less(first: Cents, second: Cents) -> Cents:
    return tuple(a - b for a, b in zip(first, second, strict=True))
