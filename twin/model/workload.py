"""The outside world of one replication, drawn before it starts.

Every (kind, commune) and seat has a stream of its own, seeded by its name, and so have the faults
of a commune. Arrivals are gaps at unit rate inverted through the cumulative rate, and the n-th row
of a stream holds the attributes of the n-th arrival: another rate moves it in time and changes
nothing else of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
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
_PAIRS = (8, 2)
"""Pairs drawn at once: what comes first, and what ends it."""
_DEVIATIONS = 5

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Uniforms = dict[str, Floats]
Table = dict[str, Ints]


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
    dark = [*outages, *_not_yet_joined(centre, territory, calendar)]
    return World(
        incidents=outside.incidents(),
        requests=outside.requests(),
        requisitions=outside.requisitions(),
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
    """Draws the arrivals of every commune, then their attributes side by side."""

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
        self.edge_ms = calendar.edge_ms.astype(np.float64)

    def arrivals(self, kinds: Sequence[Kind], attributes: Sequence[str]) -> tuple[Table, Uniforms]:
        """Arrivals by (time, kind, id), and a uniform number for each and each attribute."""
        drawn = [
            (kind, i, *self.of_commune(kind, i, len(attributes)))
            for kind in kinds
            for i in range(len(self.communes))
        ]
        counts = [len(time_ms) for _, _, time_ms, _ in drawn]
        columns = {
            "time_ms": _joined([time_ms for _, _, time_ms, _ in drawn]),
            "kind": np.repeat(np.array([kind for kind, *_ in drawn], dtype=np.int64), counts),
            "id": _joined(
                [
                    identifier(self.communes[i].insee, np.arange(len(time_ms)))
                    for _, i, time_ms, _ in drawn
                ]
            ),
            "commune": np.repeat(np.array([i for _, i, *_ in drawn], dtype=np.int64), counts),
        }
        order = np.lexsort([columns[name] for name in ("id", "kind", "time_ms")])
        uniforms = np.concatenate([np.empty((len(attributes), 0)), *(u for *_, u in drawn)], axis=1)
        return (
            {name: column[order] for name, column in columns.items()},
            dict(zip(attributes, uniforms.take(order, axis=1), strict=True)),
        )

    def of_commune(self, kind: Kind, i: int, attributes: int) -> tuple[Ints, Floats]:
        """Instants of the arrivals in one commune, and uniform numbers (attributes, arrivals)."""
        generator = self.streams(f"{_STREAM[kind]}/{self.communes[i].insee}")
        return _arrivals(generator, self.demand.cumulative(kind, i), self.edge_ms, attributes)

    def incidents(self) -> Incidents:
        """Incidents in view; only those of the police class are called in."""
        values = self.values
        arrived, u = self.arrivals((Kind.POLICE, Kind.NUISANCE), _INCIDENT)
        police = arrived["kind"] == Kind.POLICE
        view_min = np.where(police, values["police_view_min"], values["nuisance_view_min"])
        called = (u["called"] < values["call_share"]) & police
        return Incidents(
            **arrived,
            camera=self.camera(arrived["commune"], u["camera"]),
            view_ms=_lognormal_ms(u["view"], view_min * MS_PER_MIN, values["view_cv"]),
            threshold=_exponential(u["threshold"]),
            call_ms=np.where(called, self.delay_ms(u["call"], "call_delay_min"), NEVER),
            alerted=(u["alerted"] < values["alerted_share"]) & police,
            qualify_ms=self.work_ms(u["qualify"], values["qualify_min"]),
            line_ms=self.work_ms(u["line"], values["line_min"]),
            responder_ms=self.work_ms(u["responder"], self.responder_min(arrived)),
            write_ms=self.work_ms(u["write"], values["write_min"]),
            request_ms=self.work_ms(u["request"], values["request_work_min"]),
            patience_ms=self.delay_ms(u["patience"], "request_patience_min"),
        )

    def requests(self) -> Requests:
        """Viewing requests by phone, whatever the forfait: the room refuses what is not bought."""
        arrived, u = self.arrivals((Kind.REQUEST,), ("work", "patience"))
        del arrived["kind"]
        return Requests(
            **arrived,
            work_ms=self.work_ms(u["work"], self.values["request_work_min"]),
            patience_ms=self.delay_ms(u["patience"], "request_patience_min"),
        )

    def requisitions(self) -> Requisitions:
        """Requisitions; a commune whose forfait does not buy their handling sends none."""
        values, forfaits = self.values, load_forfaits()
        attributes = ("urgent", "age", "safeguard", "extraction", "useful")
        arrived, u = self.arrivals((Kind.SAFEGUARD,), attributes)
        del arrived["kind"]
        sends = np.array(
            [forfaits[each.forfait].requisitions for each in self.communes], dtype=bool
        )
        sent = sends[arrived["commune"]]
        arrived, u = ({name: c[sent] for name, c in table.items()} for table in (arrived, u))
        retention_days = np.array([each.retention_days for each in self.communes])
        urgent = u["urgent"] < values["requisition_urgent_share"]
        due_days = np.where(
            urgent, values["requisition_urgent_due_days"], values["requisition_due_days"]
        )
        age_days = values["facts_age_days"] * np.exp(values["facts_age_log_sd"] * _normal(u["age"]))
        kept_ms = _whole((retention_days[arrived["commune"]] - age_days) * MS_PER_DAY)
        return Requisitions(
            **arrived,
            erased_ms=arrived["time_ms"] + kept_ms,
            due_ms=arrived["time_ms"] + _whole(due_days * MS_PER_DAY),
            safeguard_ms=self.work_ms(u["safeguard"], values["safeguard_min"]),
            extraction_ms=_lognormal_ms(
                u["extraction"],
                values["requisition_work_h"] * MS_PER_H,
                values["requisition_work_cv"],
            ),
            useful=u["useful"] < values["requisition_useful_share"],
        )

    def camera(self, commune: Ints, u: Floats) -> Ints:
        """Cameras drawn by their weights in their commune."""
        camera = np.empty_like(commune)
        for i, own in self.by_commune(commune):
            reached = np.cumsum(self.demand.weights(self.communes[i].cameras))
            number = np.searchsorted(reached, u[own] * reached[-1], side="right")
            camera[own] = self.first_camera[i] + np.minimum(number, len(reached) - 1)
        return camera

    def work_ms(self, u: Floats, mean_min: float | Floats) -> Ints:
        """Lengths of a phase of the operators' work."""
        return _lognormal_ms(u, mean_min * MS_PER_MIN, self.values["work_cv"])

    def delay_ms(self, u: Floats, key: str) -> Ints:
        """Exponential delays."""
        return _whole(_exponential(u) * (self.values[key] * MS_PER_MIN))

    def responder_min(self, arrived: Table) -> Floats:
        """Mean delay of the responder: the municipal police when on duty, else the State's."""
        delay_min = np.full(len(arrived["id"]), self.values["responder_min"])
        edges_ms: dict[str, Ints] = {}
        for i, own in self.by_commune(arrived["commune"]):
            window = self.communes[i].police_window
            if window and window not in edges_ms:
                edges_ms[window] = np.array(self.calendar.intervals(window), dtype=np.int64).ravel()
            if window:
                time_ms = arrived["time_ms"][own]
                on_duty = np.searchsorted(edges_ms[window], time_ms, side="right") % 2 == 1
                delay_min[own[on_duty]] = self.values["municipal_responder_min"]
        return delay_min

    def by_commune(self, commune: Ints) -> Iterator[tuple[int, Ints]]:
        """Each commune where something arrives, and the rows of what does."""
        rows = np.argsort(commune, kind="stable")
        first = np.searchsorted(commune[rows], np.arange(len(self.communes) + 1))
        for i, (begin, end) in enumerate(pairwise(first.tolist())):
            if begin < end:
                yield i, rows[begin:end]


def _arrivals(
    generator: np.random.Generator, cumulative: Floats, edge_ms: Floats, attributes: int
) -> tuple[Ints, Floats]:
    """Poisson arrivals at a rate whose integral is `cumulative`, linear between the edges."""
    expected = float(cumulative[-1])
    rows = np.empty((0, 1 + attributes))
    instants = np.zeros(1)
    while instants[-1] < expected or not len(rows):
        ahead = expected - instants[-1]
        count = math.ceil(ahead + _DEVIATIONS * math.sqrt(ahead)) + _MORE_ROWS
        rows = np.concatenate([rows, generator.random((count, rows.shape[1]))])
        instants = np.cumsum(_exponential(rows[:, 0]))
    n = int(np.searchsorted(instants, expected))
    time_ms = np.interp(instants[:n], cumulative, edge_ms).astype(np.int64)
    return np.minimum(time_ms, int(edge_ms[-1]) - 1), rows[:n, 1:].T


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


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
    """Exponential up-times and repairs of each camera, until the up-times cover the horizon.

    The cameras of a commune draw together, some pairs each from one stream, the next from another.
    """
    up_mean_ms = assumptions["camera_mtbf_days"] * MS_PER_DAY
    repair_mean_ms = assumptions["camera_repair_days"] * MS_PER_DAY
    cameras = sum(commune.cameras for commune in territory.communes)
    pairs, reached = np.empty((cameras, 0, 2)), np.zeros((cameras, 1))
    while (reached[:, -1] < horizon_ms / up_mean_ms).any():
        u = [
            streams(f"faults/{commune.insee}/{pairs.shape[1]}").random((commune.cameras, *_PAIRS))
            for commune in territory.communes
        ]
        pairs = np.concatenate([pairs, _exponential(np.concatenate(u))], axis=1)
        reached = np.cumsum(pairs[..., 0], axis=1)
        reached = np.concatenate([np.zeros((cameras, 1)), reached], axis=1)
    lived = reached[:, :-1] < horizon_ms / up_mean_ms
    first = np.concatenate([[0], np.cumsum(lived.sum(axis=1))]).astype(np.int64)
    up, repair = pairs[lived].T
    return Faults(first, _whole(up * up_mean_ms), _whole(repair * repair_mean_ms))


def _pairs(generator: np.random.Generator, horizon: float) -> Floats:
    """Exponential pairs of mean 1 whose first members add up to `horizon`, shape (n, 2)."""
    rows = np.empty((0, 2))
    reached = np.zeros(1)
    while reached[-1] < horizon:
        rows = np.concatenate([rows, _exponential(generator.random(_PAIRS))])
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
