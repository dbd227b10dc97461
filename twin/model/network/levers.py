"""What can be decided of the network, in a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, model_validator

from twin.contracts import load_stream_types
from twin.errors import did_you_mean
from twin.model.cells import window_text

__all__ = ["NetworkLevers"]


def _profile(name: str) -> str:
    known = load_stream_types().profiles
    if name not in known:
        raise ValueError(did_you_mean(name, known))
    return name


Profile = Annotated[str, AfterValidator(_profile)]
Insee = Annotated[str, Field(pattern=r"^\d[\dAB]\d{3}$")]


class NetworkLevers(BaseModel):
    """Where the images travel and are kept; changes no simulated figure."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    site: Insee = "59350"
    """Commune where the centre stands. It is not public: Lille, where the MEL sits, is a
    hypothesis."""
    second_site: Insee | None = None
    """Commune of a second site, with a fallback room, that takes over when the first is lost."""
    aggregation_points: PositiveInt | None = None
    """Points where the links of the communes meet; the number that costs least unless given."""
    rings: bool = True
    """Whether the links between these points are closed into rings."""
    links: Path | None = None
    """CSV file from,to,length_km,capacity_mbps,cost_eur_year, which replaces this topology."""
    profile: Profile = "P4"
    """Main stream of a camera, a key of ``data/stream_profiles.yaml``."""
    mosaic_profile: Profile = "SUB"
    """Second stream of a camera, displayed when several images share a screen."""
    cellular_profile: Profile = "CELL"
    """Main stream of a nomadic camera."""
    main_stream: Literal["on_demand", "always"] = "on_demand"
    """Whether a main stream reaches the centre only while somebody looks at it."""
    recording: Literal["edge", "centre"] = "edge"
    """Where images are recorded: in each commune, or at the centre."""
    night: Annotated[str, AfterValidator(window_text)] = "20:00-07:00"
    """Hours during which images weigh more: a hypothesis for the mean night of a year."""

    @property
    def sites(self) -> tuple[str, ...]:
        """One commune, or two."""
        return (self.site, self.second_site) if self.second_site else (self.site,)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.second_site == self.site:
            raise ValueError("two sites in two communes are expected")
        if self.recording == "centre" and self.main_stream == "on_demand":
            raise ValueError('recording at the centre needs main_stream: "always"')
        return self
