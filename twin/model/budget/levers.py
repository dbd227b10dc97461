"""What finance may decide: prices, and the rules around them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from twin.errors import InputError, did_you_mean

__all__ = ["BudgetLevers", "Tariffs"]

_PREFIX, _SUFFIX = "forfait_", "_eur"


class _Block(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class Tariffs(_Block):
    """What a commune pays, in euros; a name of data/tariffs.yaml stands for the whole block."""

    joining_eur: float = Field(ge=0)
    """Once per camera, when it is connected: access and the feasibility study."""
    forfait_1_eur: float = Field(ge=0)
    """Per camera and year in forfait 1."""
    forfait_2_eur: float = Field(ge=0)
    """Per camera and year in forfait 2."""
    forfait_3_eur: float = Field(ge=0)
    """Per camera and year in forfait 3."""

    @property
    def annual_eur(self) -> dict[str, float]:
        """Annual fee by forfait."""
        return {
            name.removeprefix(_PREFIX).removesuffix(_SUFFIX): fee
            for name, fee in self.model_dump().items()
            if name.startswith(_PREFIX)
        }

    def of(self, forfait: str) -> float:
        """Annual fee of a forfait, in euros per camera."""
        annual = self.annual_eur
        if forfait not in annual:
            raise InputError(
                f'tariffs: no annual fee for forfait "{forfait}"; {did_you_mean(forfait, annual)}'
            )
        return annual[forfait]

    def with_annual(self, annual_eur: dict[str, float]) -> Tariffs:
        """Return the same joining fee with other annual fees."""
        fees = {f"{_PREFIX}{forfait}{_SUFFIX}": fee for forfait, fee in annual_eur.items()}
        return self.model_copy(update=fees)


class BudgetLevers(_Block):
    """Rules of the budget; none changes a simulated figure."""

    opening: int = Field(default=2027, ge=2027, le=2035)
    """Year on whose first of January the room opens; it is fitted out the year before."""
    first_fee: Literal["full", "prorata"] = "full"
    """Whether the annual fee is due in full for each year begun, or by month connected."""
    revision_rate: float = Field(default=0.0, ge=0, le=0.2)
    """Yearly revision of the annual fees, from the year after the opening."""
    commitment_years: int = Field(default=3, ge=1, le=10)
    """Length of a convention, at the end of which a commune may leave."""
    exit_fee_eur: float = Field(default=0.0, ge=0)
    """What a commune that leaves pays per camera."""
    staffing: Literal["with_cameras", "full"] = "with_cameras"
    """Whether the seats open as cameras come, or all at the opening."""
    contract_share: float = Field(default=0.0, ge=0, le=1)
    """Part of the agents who are not civil servants."""
    intensive_nights: bool = True
    """Whether night work is paid as intensive."""
    vat: Literal["outside", "subject"] = "outside"
    """Outside: purchases with VAT, FCTVA on investment. Subject: VAT deducted from purchases and
    owed on the fees, which include it."""
    loan_share: float = Field(default=0.5, ge=0, le=1)
    """Part of the first investment, net of grants and FCTVA, that is borrowed."""
    loan_years: int = Field(default=15, ge=1, le=40)
    """Length of the loan, in equal repayments of capital."""
    other_grants_eur: float = Field(default=0.0, ge=0)
    """Grants to the centre's first investment beside the FIPD."""
    fonds_de_concours_rate: float = Field(default=0.0, ge=0, le=1)
    """Part of the cameras that member communes add or renew, without VAT, paid by the MEL; nothing
    was voted after 2025."""
