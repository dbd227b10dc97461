"""A small centre to keep the books of: volumes without a run, and budgets from them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.model.rooms import LEVERS, days
from twin.model.assumptions import Assumptions, Choice, load_assumptions
from twin.model.budget.accounts import Budget, build_budget
from twin.model.budget.levers import BudgetLevers, Tariffs
from twin.model.budget.volumes import KINDS_OF_HOURS, CommuneVolumes, FunctionVolumes, Volumes
from twin.model.seats import SeatsLevers, build_plan
from twin.model.staffing import Staffing, staffing

TARIFFS = Tariffs(joining_eur=150, forfait_1_eur=290, forfait_2_eur=490, forfait_3_eur=890)
NONE_LEFT_OUT = {"refusal_share": 0.0, "leave_share": 0.0, "camera_growth": 0.0}
AT_ONCE = NONE_LEFT_OUT | {"adoption_pace": 1e9, "authorisation_delay_months": 0.0}
"""Everybody signs and is connected on the day the room opens, and stays as it is."""
YEAR = days(365)


def commune(
    insee: str, cameras: int, forfait: str = "3", live_h: float = 8760.0, **more: Any
) -> CommuneVolumes:
    given = {
        "name": f"Commune {insee}",
        "population": 10_000,
        "counted": True,
        "joined": None,
        "hours": dict.fromkeys(KINDS_OF_HOURS, 2.0 * cameras),
        "requisitions": 3.0 * cameras,
        "patrols": 700.0,
        "requests": 1.0 * cameras,
        "notices": 2.0 * cameras,
        "availability": 0.98,
    }
    return CommuneVolumes(
        insee=insee, cameras=cameras, forfait=forfait, live_h=live_h, **given | more
    )


THREE = (
    commune("59163", 23),
    commune("59339", 16, "1", 0.0),
    commune("59653", 41, "2", 4380.0),
)

NETWORK = {
    "fibre_eur_km_year": 40.0,
    "leased_line_eur_year": 3.0,
    "cellular_eur_camera_year": 4.0,
    "access_switch_eur": 3.0,
    "core_switch_eur": 2.0,
    "one_server_eur": 5.0,
    "disk_eur_tb": 160.0,
}
"""What the network of three communes has, by price."""


@cache
def _people(seats: str) -> Staffing:
    levers, values = SeatsLevers.model_validate_json(seats), Assumptions()
    return staffing(build_plan(levers, YEAR, values), YEAR, values)


def volumes(
    communes: tuple[CommuneVolumes, ...] = THREE,
    vacant: int = 0,
    network: Mapping[str, float] | None = None,
    **levers: Any,
) -> Volumes:
    people = _people(SeatsLevers(**LEVERS | levers).model_dump_json())
    return Volumes(
        identity="0123456789abcdef",
        seed=7,
        replications=3,
        density=Assumptions()["cameras_per_1000"],
        communes=communes,
        functions=tuple(
            FunctionVolumes(row, vacant if row.function == "video_operator" else 0)
            for row in people.posts
        ),
        viewing_h=10_000.0,
        network=NETWORK if network is None else network,
    )


FULL = volumes()


def budget(
    stages: tuple[Volumes, ...] = (FULL,),
    tariffs: Tariffs = TARIFFS,
    assumptions: Mapping[str, Choice] = NONE_LEFT_OUT,
    drawn: bool = False,
    **levers: Any,
) -> Budget:
    rules, values = BudgetLevers(**levers), Assumptions(assumptions)
    return build_budget(stages, tariffs, rules, values, drawn=drawn)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, float]:
    """Values of every assumption that a budget reads, anywhere in their ranges."""
    return {
        key: draw(st.floats(entry.low, entry.high))
        for key, entry in load_assumptions().items()
        if entry.stage == "after"
    }


levers = st.fixed_dictionaries(
    {
        "opening": st.integers(2027, 2035),
        "first_fee": st.sampled_from(["full", "prorata"]),
        "revision_rate": st.floats(0, 0.1),
        "commitment_years": st.integers(1, 6),
        "exit_fee_eur": st.floats(0, 500),
        "staffing": st.sampled_from(["with_cameras", "full"]),
        "contract_share": st.floats(0, 1),
        "vat": st.sampled_from(["outside", "subject"]),
        "loan_share": st.floats(0, 1),
        "loan_years": st.integers(1, 30),
        "other_grants_eur": st.floats(0, 100_000),
        "fonds_de_concours_rate": st.sampled_from([0.0, 0.1]),
    }
)
