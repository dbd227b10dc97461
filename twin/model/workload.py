"""The outside world of one replication, drawn before it starts.

Every (kind, commune), seat and camera has a stream of its own, seeded by its name. Arrivals are
gaps at unit rate inverted through the cumulative rate, and the n-th row of a stream holds the
attributes of the n-th arrival: another rate moves it in time and changes nothing else of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.world import (
    NEVER,
    Centre,
    Faults,
    Incidents,
    Kind,
    Outages,
    Requests,
    Requisitions,
    World,
    identifier,
)
from twin.model.clock import MS_PER_DAY, MS_PER_H, MS_PER_MIN
from twin.model.demand import Demand
from twin.model.forfaits import load_forfaits
from twin.model.seats import SeatPlan
from twin.model.territory import Territory

__all__ = ["sample_presence", "sample_world"]

_INCIDENT = (
    "camera",
    "view",
    "threshold",
    "called",
    "call",
    "alerted",
    "qualify",
    "line",
    "responder",
    "write",
    "request",
    "patience",
)
_STREAM = {
    Kind.POLICE: "police",
    Kind.NUISANCE: "nuisance",
    Kind.REQUEST: "request",
    Kind.SAFEGUARD: "requisition",
}
_SMALLEST = 2.0**-54
"""Half the step of a uniform number: keeps the normal quantile finite."""
_MORE_ROWS = 16
_MORE_PAIRS = 4
_DEVIATIONS = 5

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Uniforms = dict[str, Floats]
Table = TypeVar("Table", Incidents, Requests, Requisitions)


def sample_world(
    centre: Centre,
    territory: Territory,
    calendar: Calendar,
    demand: Demand,
    assumptions: Assumptions,
    *,
    plan: SeatPlan,
    seed: int,
    replication: int,
    outages: Iterable[tuple[int, int, int]] = (),
) -> World:
    """Draw what one replication meets.

    Parameters
    ----------
    plan : SeatPlan
        The plan of `centre`: names of the seats, and whether an absent agent is replaced.
    seed, replication : int
        Entropy of every stream, beside its name.
    outages : iterable of (camera, start_ms, end_ms)
        Imposed intervals during which a camera is dark.
    """
    streams = _Streams(seed, replication)
    outside = _Outside(streams, territory, calendar, demand, assumptions)
    communes = range(len(territory.communes))
    kinds = (Kind.POLICE, Kind.NUISANCE)
    dark = [*outages, *_not_yet_joined(centre, territory, calendar)]
    return World(
        incidents=_in_order(
            Incidents, [outside.incidents(i, kind) for i in communes for kind in kinds]
        ),
        requests=_in_order(Requests, [outside.requests(i) for i in communes]),
        requisitions=_in_order(Requisitions, [outside.requisitions(i) for i in communes]),
        present=sample_presence(plan, assumptions, seed=seed, replication=replication),
        faults=_faults(streams, territory, centre.horizon_ms, assumptions),
        outages=_dark(dark),
    )


def sample_presence(
    plan: SeatPlan, assumptions: Assumptions, *, seed: int, replication: int
) -> Flags:
    """Whether each shift is filled: the only part of a world that is drawn from the seats.

    An agent whom a roster names is away in spells; where nobody is named, absences are drawn per
    seat, in the order of its shifts.

    Returns
    -------
    ndarray of bool, shape (shifts,)
    """
    streams = _Streams(seed, replication)
    present = np.ones(len(plan.shifts.seat), dtype=np.bool_)
    if plan.levers.relief:
        return present
    rate = assumptions["absence_rate"]
    agents = np.array(plan.agents, dtype=np.str_)
    for seat, name in enumerate(plan.names):
        of_seat = np.flatnonzero((plan.shifts.seat == seat) & (agents == ""))
        present[of_seat] = streams(f"absence/{name}").random(len(of_seat)) >= rate
    for agent in sorted(set(plan.agents) - {""}):
        own = np.flatnonzero(agents == agent)
        start_ms = plan.shifts.start_ms[own]
        present[own] = ~_away(streams(f"spells/{agent}"), start_ms, rate, assumptions)
    return present


def _not_yet_joined(
    centre: Centre, territory: Territory, calendar: Calendar
) -> Iterator[tuple[int, int, int]]:
    """Cameras of the communes that join within the horizon, dark until they do."""
    for i, commune in enumerate(territory.communes):
        joined_ms = calendar.since_ms(commune.joined)
        if joined_ms > 0:
            first, end = centre.communes.first_camera[i : i + 2]
            yield from ((camera, 0, joined_ms) for camera in range(first, end))


def _dark(intervals: Iterable[tuple[int, int, int]]) -> Outages:
    rows = np.array(list(intervals), dtype=np.int64).reshape(-1, 3)
    return Outages(*np.ascontiguousarray(rows[np.lexsort((rows[:, 0], rows[:, 1]))].T))


@dataclass(frozen=True)
class _Streams:
    """Generators by name; the name alone decides what they draw."""

    seed: int
    replication: int

    def __call__(self, name: str) -> np.random.Generator:
        entropy = [self.seed, self.replication, crc32(name.encode())]
        return np.random.default_rng(np.random.SeedSequence(entropy))


class _Outside:
    """Draws the arrivals of one commune at a time."""

    def __init__(
        self,
        streams: _Streams,
        territory: Territory,
        calendar: Calendar,
        demand: Demand,
        assumptions: Assumptions,
    ) -> None:
        self.streams = streams
        self.communes = territory.communes
        self.calendar = calendar
        self.demand = demand
        self.values = assumptions
        self.first_camera = np.cumsum([0, *(commune.cameras for commune in self.communes)])
        self.duties: dict[str | None, Ints] = {}

    def arrivals(self, i: int, kind: Kind, attributes: Sequence[str]) -> tuple[Ints, Uniforms]:
        """Instants of the arrivals of a kind, and a uniform number per arrival and attribute."""
        cumulative = self.demand.cumulative(kind, i)
        generator = self.streams(f"{_STREAM[kind]}/{self.communes[i].insee}")
        return _arrivals(generator, cumulative, self.calendar.edge_ms, attributes)

    def incidents(self, i: int, kind: Kind) -> Incidents:
        """Incidents in view of one class; only those of the police class are called in."""
        values, police = self.values, kind is Kind.POLICE
        time_ms, u = self.arrivals(i, kind, _INCIDENT)
        view_min = values["police_view_min" if police else "nuisance_view_min"]
        called = (u["called"] < values["call_share"]) & police
        return Incidents(
            time_ms=time_ms,
            kind=np.full_like(time_ms, kind),
            id=self.ids(i, time_ms),
            commune=np.full_like(time_ms, i),
            camera=self.camera(i, u["camera"]),
            view_ms=_lognormal_ms(u["view"], view_min * MS_PER_MIN, values["view_cv"]),
            threshold=_exponential(u["threshold"]),
            call_ms=np.where(called, self.delay_ms(u["call"], "call_delay_min"), NEVER),
            alerted=(u["alerted"] < values["alerted_share"]) & police,
            qualify_ms=self.work_ms(u["qualify"], values["qualify_min"]),
            line_ms=self.work_ms(u["line"], values["line_min"]),
            responder_ms=self.work_ms(u["responder"], self.responder_min(i, time_ms)),
            write_ms=self.work_ms(u["write"], values["write_min"]),
            request_ms=self.work_ms(u["request"], values["request_work_min"]),
            patience_ms=self.delay_ms(u["patience"], "request_patience_min"),
        )

    def requests(self, i: int) -> Requests:
        """Viewing requests by phone, whatever the forfait: the room refuses what is not bought."""
        time_ms, u = self.arrivals(i, Kind.REQUEST, ("work", "patience"))
        return Requests(
            time_ms=time_ms,
            id=self.ids(i, time_ms),
            commune=np.full_like(time_ms, i),
            work_ms=self.work_ms(u["work"], self.values["request_work_min"]),
            patience_ms=self.delay_ms(u["patience"], "request_patience_min"),
        )

    def requisitions(self, i: int) -> Requisitions:
        """Requisitions; a commune whose forfait does not buy their handling sends none."""
        commune, values = self.communes[i], self.values
        attributes = ("urgent", "age", "safeguard", "extraction", "useful")
        time_ms, u = self.arrivals(i, Kind.SAFEGUARD, attributes)
        if not load_forfaits()[commune.forfait].requisitions:
            time_ms, u = time_ms[:0], {name: column[:0] for name, column in u.items()}
        urgent = u["urgent"] < values["requisition_urgent_share"]
        due_days = np.where(
            urgent, values["requisition_urgent_due_days"], values["requisition_due_days"]
        )
        age_days = values["facts_age_days"] * np.exp(values["facts_age_log_sd"] * _normal(u["age"]))
        kept_ms = _whole((commune.retention_days - age_days) * MS_PER_DAY)
        return Requisitions(
            time_ms=time_ms,
            id=self.ids(i, time_ms),
            commune=np.full_like(time_ms, i),
            erased_ms=time_ms + kept_ms,
            due_ms=time_ms + _whole(due_days * MS_PER_DAY),
            safeguard_ms=self.work_ms(u["safeguard"], values["safeguard_min"]),
            extraction_ms=_lognormal_ms(
                u["extraction"],
                values["requisition_work_h"] * MS_PER_H,
                values["requisition_work_cv"],
            ),
            useful=u["useful"] < values["requisition_useful_share"],
        )

    def ids(self, i: int, time_ms: Ints) -> Ints:
        """Identifiers of the arrivals of a commune, in order."""
        return identifier(self.communes[i].insee, np.arange(len(time_ms)))

    def camera(self, i: int, u: Floats) -> Ints:
        """Cameras drawn by their weights."""
        reached = np.cumsum(self.demand.weights(self.communes[i].cameras))
        total = reached[-1] if len(reached) else 0.0
        number = np.searchsorted(reached, u * total, side="right")
        camera: Ints = self.first_camera[i] + np.minimum(number, len(reached) - 1)
        return camera

    def work_ms(self, u: Floats, mean_min: float | Floats) -> Ints:
        """Lengths of a phase of the operators' work."""
        return _lognormal_ms(u, mean_min * MS_PER_MIN, self.values["work_cv"])

    def delay_ms(self, u: Floats, key: str) -> Ints:
        """Exponential delays."""
        return _whole(_exponential(u) * (self.values[key] * MS_PER_MIN))

    def responder_min(self, i: int, time_ms: Ints) -> Floats:
        """Mean delay of the responder: the municipal police when on duty, else the State's."""
        on_duty = np.searchsorted(self.duty_edges_ms(i), time_ms, side="right") % 2 == 1
        return np.where(
            on_duty, self.values["municipal_responder_min"], self.values["responder_min"]
        )

    def duty_edges_ms(self, i: int) -> Ints:
        """Instants at which the municipal police of a commune begins and ends its duty."""
        window = self.communes[i].police_window
        if window not in self.duties:
            spans = self.calendar.intervals(window) if window else []
            self.duties[window] = np.array(spans, dtype=np.int64).ravel()
        return self.duties[window]


def _arrivals(
    generator: np.random.Generator, cumulative: Floats, edge_ms: Ints, attributes: Sequence[str]
) -> tuple[Ints, Uniforms]:
    """Poisson arrivals at a rate whose integral is `cumulative`, linear between the edges."""
    expected = float(cumulative[-1])
    rows = np.empty((0, 1 + len(attributes)))
    instants = np.zeros(1)
    while instants[-1] < expected or not len(rows):
        ahead = expected - instants[-1]
        count = math.ceil(ahead + _DEVIATIONS * math.sqrt(ahead)) + _MORE_ROWS
        rows = np.concatenate([rows, generator.random((count, rows.shape[1]))])
        instants = np.cumsum(_exponential(rows[:, 0]))
    n = int(np.searchsorted(instants, expected))
    time_ms = np.interp(instants[:n], cumulative, edge_ms).astype(np.int64)
    uniforms = dict(zip(attributes, rows[:n, 1:].T, strict=True))
    return np.minimum(time_ms, edge_ms[-1] - 1), uniforms


def _in_order(table: type[Table], parts: list[Table]) -> Table:
    """One table of many, sorted by (time, kind if there are several, id)."""
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in table._fields
    }
    keys = [columns[name] for name in ("id", "kind", "time_ms") if name in columns]
    order = np.lexsort(keys)
    return table(**{name: column[order] for name, column in columns.items()})


def _away(
    generator: np.random.Generator, time_ms: Ints, rate: float, assumptions: Assumptions
) -> Flags:
    """Whether each instant falls in a spell of absence.

    Spells and the times between them are exponential, and take `rate` of the time from the start.
    """
    if not 0 < rate < 1:
        return np.full(len(time_ms), rate > 0)
    spell_ms = assumptions["absence_spell_days"] * MS_PER_DAY
    between_ms = spell_ms * (1 - rate) / rate
    away_first = generator.random() < rate
    pairs = _pairs(generator, time_ms[-1] / min(spell_ms, between_ms))
    means = (spell_ms, between_ms) if away_first else (between_ms, spell_ms)
    changes_ms = np.cumsum((pairs * means).ravel())
    away: Flags = np.searchsorted(changes_ms, time_ms, side="right") % 2 != away_first
    return away


def _faults(
    streams: _Streams, territory: Territory, horizon_ms: int, assumptions: Assumptions
) -> Faults:
    """Exponential up-times and repairs of each camera, until the up-times cover the horizon."""
    up_mean_ms = assumptions["camera_mtbf_days"] * MS_PER_DAY
    repair_mean_ms = assumptions["camera_repair_days"] * MS_PER_DAY
    pairs = [
        _pairs(streams(f"faults/{commune.insee}/{number}"), horizon_ms / up_mean_ms)
        for commune in territory.communes
        for number in range(1, commune.cameras + 1)
    ]
    first = np.cumsum([0, *map(len, pairs)], dtype=np.int64)
    up, repair = np.concatenate([*pairs, np.empty((0, 2))]).T
    return Faults(first, _whole(up * up_mean_ms), _whole(repair * repair_mean_ms))


def _pairs(generator: np.random.Generator, horizon: float) -> Floats:
    """Exponential pairs of mean 1 whose first members add up to `horizon`, shape (n, 2)."""
    rows = np.empty((0, 2))
    reached = np.zeros(1)
    while reached[-1] < horizon:
        rows = np.concatenate([rows, _exponential(generator.random((_MORE_PAIRS, 2)))])
        reached = np.cumsum(rows[:, 0])
    return rows[: int(np.searchsorted(reached, horizon)) + 1]


def _lognormal_ms(u: Floats, mean_ms: float | Floats, cv: float) -> Ints:
    """Lognormal durations of a given mean and coefficient of variation, in whole ms."""
    log_sd = math.sqrt(math.log1p(cv * cv))
    return _whole(mean_ms * np.exp(log_sd * _normal(u) - log_sd * log_sd / 2))


def _exponential(u: Floats) -> Floats:
    return -np.log1p(-np.maximum(u, _SMALLEST))


def _normal(u: Floats) -> Floats:
    quantile: Floats = ndtri(np.maximum(u, _SMALLEST))
    return quantile


def _whole(duration_ms: Floats) -> Ints:
    """Round up: a duration that is not 0 lasts at least 1 ms."""
    return np.ceil(duration_ms).astype(np.int64)
