"""Prices and rules of the budget, read from ``data/budget/``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from twin.errors import InputError, did_you_mean
from twin.files import data_folder, load_yaml, validated
from twin.model.assumptions import load_assumptions

__all__ = [
    "AdoptionTable",
    "Item",
    "LineType",
    "Nature",
    "Purchases",
    "Sharing",
    "load_adoption",
    "load_lines",
    "load_pay",
    "load_purchases",
]

Sharing = Literal["cameras", "hours"]
"""What the forfaits share a line by."""

Driver = Literal[
    "stream",
    "joining_camera",
    "leaving_camera",
    "year",
    "year_of_pay",
    "equipment",
    "network",
    "etpt",
    "payroll",
]


def _assumption(key: str) -> str:
    known = load_assumptions()
    if key not in known:
        raise ValueError(f"not the key of an assumption; {did_you_mean(key, known)}")
    return key


Key = Annotated[str, AfterValidator(_assumption)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class FunctionPay(_Table):
    """Pay of one function of a seat."""

    index: Key
    """Assumption: majorated index."""
    bonus: Key
    """Assumption: bonuses in euros a year."""
    tariff: bool
    """Whether the annual fee says it pays it."""


class Premiums(_Table):
    """Premiums per hour at the seat, in euros."""

    night_eur_h: float
    """Night work."""
    night_intensive_eur_h: float
    """On top, when night work is intensive."""
    sunday_eur_h: float
    """Sundays and public holidays."""
    source: str
    """Where they are written."""


class PayTable(_Table):
    """Content of ``data/budget/pay.yaml``."""

    point_eur: float
    """One point of index, per year."""
    point_source: str
    """Where it is written."""
    cnracl: dict[int, float]
    """Employer's pension contribution by year; the last one holds afterwards."""
    cnracl_source: str
    """Where it is written."""
    rafp_rate: float
    """Additional pension, on bonuses."""
    rafp_ceiling: float
    """Up to this part of the base pay."""
    rafp_source: str
    """Where it is written."""
    premiums: Premiums
    """Premiums per hour."""
    functions: dict[str, FunctionPay]
    """By function of a seat."""

    def of(self, function: str) -> FunctionPay:
        """Return the pay of a function of a seat."""
        if function not in self.functions:
            hint = did_you_mean(function, self.functions)
            raise InputError(f'{_path("pay")}: no pay for the function "{function}"; {hint}')
        return self.functions[function]

    def cnracl_in(self, year: int) -> float:
        """Return the rate of a year, the last one known for later years."""
        known = [each for each in self.cnracl if each <= year]
        return self.cnracl[max(known, default=min(self.cnracl))]


class Nature(_Table):
    """Where a sum stands in the accounts."""

    label: str
    """What it is, in French, as shown."""
    chapter: str
    """Chapter of the M57."""
    account: str
    """Account of the M57."""


class LineType(Nature):
    """A running cost."""

    amount: Key | Literal[""] = ""
    """Assumption: price, or share; empty for the links whose rent a file says."""
    driver: Driver
    """What it multiplies; for `network`, what the network has of what the assumption prices."""
    tariff: bool
    """Whether a fee says it covers it."""
    share_by: Sharing
    """What the forfaits share it by."""

    @model_validator(mode="after")
    def _priced(self) -> LineType:
        if not self.amount and self.driver != "network":
            raise ValueError("an amount is expected: only the links of a file have none")
        return self


class LineTypes(_Table):
    """Content of ``data/budget/lines.yaml``."""

    price_year: int
    """Year of the prices."""
    lines: dict[str, LineType]
    """Running costs by name."""


class Item(Nature):
    """Something that the centre buys."""

    amount: Key
    """Assumption: price with VAT, or without for the network."""
    times: Key | None = None
    """Assumption that multiplies it."""
    part: float = Field(gt=0, le=1)
    """Part of the amount."""
    life: Annotated[int, Field(ge=1)] | Key
    """Years over which it is depreciated, or the assumption that says how many."""
    driver: Literal["once", "network"]
    """Bought once, or as the network grows."""
    renewed: bool = True
    """Whether it is bought again when it is worn out."""
    equipment: bool
    """Whether its maintenance is paid."""


class Ceilings(_Table):
    """Most that a grant may be."""

    fipd_centre: float
    """Of the centre's investment without VAT."""
    fipd_commune: float
    """Of a commune's cameras without VAT."""
    fipd_base_eur: float
    """Most of a camera's price that counts."""
    region: float
    """Of a commune's cameras without VAT."""
    region_population: int
    """Population from which the Region gives nothing."""
    public_share: float
    """Of all public grants together."""


class Purchases(_Table):
    """Content of ``data/budget/investment.yaml``."""

    vat_rate: float
    """On every purchase."""
    fctva_rate: float
    """Of the expenditure with VAT."""
    fctva_source: str
    """Where it is written."""
    items: dict[str, Item]
    """What is bought, by name."""
    ceilings: Ceilings
    """Most that grants may be."""


class Example(_Table):
    """Documented path of a commune that no curve counts."""

    cameras: dict[int, int]
    """Cameras by year."""
    source: str
    """Where it was read."""


class AdoptionTable(_Table):
    """Content of ``data/budget/adoption.yaml``."""

    first_year: int
    """First year of the budget."""
    last_year: int
    """Last year of the budget."""
    signed: tuple[float, ...]
    """Share of the communes that have signed at the end of each year from the one before the
    opening."""
    refusal_months: int
    """Months of silence after which a request is refused."""
    authorisation_years: int
    """Years that an authorisation holds."""
    stages: tuple[float, ...]
    """Shares of the communes with which the centre is run."""
    examples: dict[str, Example]
    """Paths that are in no curve."""

    @model_validator(mode="after")
    def _rising(self) -> AdoptionTable:
        for name, shares in (("signed", self.signed), ("stages", self.stages)):
            rising = all(a < b for a, b in zip((0.0, *shares), shares, strict=False))
            if not rising or shares[-1] != 1:
                raise ValueError(f"{name} must rise to 1")
        return self


def load_pay() -> PayTable:
    """Pay and premiums of ``data/budget/pay.yaml``."""
    return _pay(_path("pay"))


def load_lines() -> LineTypes:
    """Running costs of ``data/budget/lines.yaml``."""
    return _lines(_path("lines"))


def load_purchases() -> Purchases:
    """Purchases and ceilings of ``data/budget/investment.yaml``."""
    return _purchases(_path("investment"))


def load_adoption() -> AdoptionTable:
    """Calendar and curve of ``data/budget/adoption.yaml``."""
    return _adoption(_path("adoption"))


def _path(name: str) -> Path:
    return data_folder() / "budget" / f"{name}.yaml"


@cache
def _pay(path: Path) -> PayTable:
    return validated(PayTable, load_yaml(path), str(path))


@cache
def _lines(path: Path) -> LineTypes:
    return validated(LineTypes, load_yaml(path), str(path))


@cache
def _purchases(path: Path) -> Purchases:
    return validated(Purchases, load_yaml(path), str(path))


@cache
def _adoption(path: Path) -> AdoptionTable:
    return validated(AdoptionTable, load_yaml(path), str(path))
