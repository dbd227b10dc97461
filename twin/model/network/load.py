"""What each link and node carries: the journal of a run times the streams of the cameras.

Every change of what is displayed, worked on or sent is an instant; between two of them the load of
an element is constant. Nothing is sampled, so that a peak of one second counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from twin.contracts import StreamTypes
from twin.model.assumptions import Assumptions
from twin.model.calendar import Calendar
from twin.model.centre.journal import Journal, SpellState
from twin.model.centre.world import NEVER, Centre, Kind
from twin.model.clock import Window
from twin.model.network.levers import NetworkLevers
from twin.model.network.losses import camera_sources
from twin.model.network.routes import Leg, Routes
from twin.model.territory import Territory

__all__ = ["HOURS", "ElementLoad", "Rates", "Traffic", "loads", "rates_of"]

HOURS = 168
"""Hours of a week."""

_BUSY = 0.95
_SINGLE = (Kind.POLICE, Kind.NUISANCE, Kind.REQUEST, Kind.PATROL, Kind.CHECK)
"""Work that looks at one image at a time, in the main stream."""

Counts = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Megabits per second on the wire, by day; sources as in `Routes`.

    Attributes
    ----------
    main, mosaic : float64[sources]
        One image in the main stream, one image of a mosaic.
    always, recorded : float64[sources]
        What reaches the ingest whatever is looked at; what goes to a recorder.
    night_factor : float
        By which all of them are multiplied at night.
    mean_factor : float
        Mean of that factor over a day.
    """

    main: Floats
    mosaic: Floats
    always: Floats
    recorded: Floats
    night_factor: float
    mean_factor: float


def rates_of(
    territory: Territory, levers: NetworkLevers, assumptions: Assumptions, types: StreamTypes
) -> Rates:
    """Streams of the cameras: a fixed camera with several lenses records several."""

    def on_the_wire(profile: str) -> float:
        return types.profiles[profile].bitrate_mbit_s * types.node.wire_overhead

    communes = territory.communes
    pair = [on_the_wire(levers.profile), on_the_wire(levers.cellular_profile)]
    main = np.tile(pair, len(communes))
    streams = [((c.cameras - c.nomadic) * c.streams_per_camera, c.nomadic) for c in communes]
    every = main * np.array(streams, dtype=np.float64).ravel()
    on_the_way = every if levers.main_stream == "always" else np.zeros_like(every)
    # A nomadic camera keeps its images itself, unless the centre records them.
    own = np.tile([1.0, float(levers.recording == "centre")], len(communes))
    night = assumptions["night_bitrate_factor"]
    share = Window.parse(levers.night).length_min / Window.parse("00:00-24:00").length_min
    return Rates(
        main=main,
        mosaic=np.full_like(main, on_the_wire(levers.mosaic_profile)),
        always=on_the_way,
        recorded=every * own,
        night_factor=night,
        mean_factor=1 + share * (night - 1),
    )


@dataclass(frozen=True)
class ElementLoad:
    """Load of a link or a node over a run, in Mbit/s.

    Attributes
    ----------
    mean, p95, peak : float
        Over the whole run, weighted by time.
    peak_hour : int
        Hour of the week of the peak, 0 for Monday 00:00.
    p95_by_hour, peak_by_hour : float64[168]
        By hour of the week.
    """

    name: str
    mean: float
    p95: float
    peak: float
    peak_hour: int
    p95_by_hour: Floats
    peak_by_hour: Floats


def loads(traffic: Traffic, routes: Routes) -> dict[str, ElementLoad]:
    """Load of every element, by name."""
    known: dict[bytes, ElementLoad] = {}
    found = {}
    for row, name in enumerate((*routes.links, *routes.nodes)):
        crossed = {leg: routes.crossed[leg][row] for leg in Leg}
        same = b"".join(crossed[leg].tobytes() for leg in Leg)
        if same not in known:
            known[same] = traffic.on(name, crossed)
        found[name] = replace(known[same], name=name)
    return found


class Traffic:
    """What a run sends, by source and instant.

    Parameters
    ----------
    journal : Journal
        Of one replication.
    """

    def __init__(
        self,
        journal: Journal,
        centre: Centre,
        territory: Territory,
        calendar: Calendar,
        levers: NetworkLevers,
        rates: Rates,
        extraction_speed: float,
    ) -> None:
        self.journal, self.centre = journal, centre
        self.levers, self.rates = levers, rates
        self.territory, self.calendar = territory, calendar
        self.extraction_speed = extraction_speed
        self.camera_source = camera_sources(territory, centre)
        night = [edge for span in calendar.intervals(levers.night) for edge in span]
        edges_ms = [*calendar.edge_ms, *night]
        self.grid_ms = np.unique([edge for edge in edges_ms if edge < centre.horizon_ms])
        dark = np.searchsorted(np.array(night), self.grid_ms, side="right") % 2 == 1
        self.factor = np.where(dark, rates.night_factor, 1.0)
        hour = np.searchsorted(calendar.edge_ms, self.grid_ms, side="right") - 1
        self.hour = calendar.hour_of_week[hour]

    def on(self, name: str, crossed: dict[Leg, Counts]) -> ElementLoad:
        """Load of the element that the sources cross so often on each leg."""
        rates, levers = self.rates, self.levers
        inward, wall = crossed[Leg.INGEST], crossed[Leg.WALL]
        # A main stream that is always there, or recorded there, comes in once.
        seen = inward * (levers.main_stream == "on_demand") + wall
        read = inward * (levers.recording == "edge") + wall
        constant = inward @ rates.always + crossed[Leg.RECORD] @ rates.recorded
        parts = [
            self._displayed((inward + wall) * rates.mosaic),
            self._during(self.singles, seen * rates.main),
            self._during(self.extractions, read * rates.main * self.extraction_speed),
            self._during(self.alerts, crossed[Leg.STATE] * rates.main),
            (self.grid_ms, np.zeros(len(self.grid_ms))),
        ]
        time_ms = np.concatenate([part[0] for part in parts])
        order = np.argsort(time_ms, kind="stable")
        steps = np.concatenate([part[1] for part in parts])[order]
        time_ms = time_ms[order]
        length_ms = np.diff(time_ms, append=self.centre.horizon_ms)
        value = constant + np.maximum(np.cumsum(steps), 0.0)
        cell = np.searchsorted(self.grid_ms, time_ms, side="right") - 1
        lasts = length_ms > 0
        return _summed(
            name, (value * self.factor[cell])[lasts], length_ms[lasts], self.hour[cell][lasts]
        )

    def _during(self, spans: tuple[Ints, Ints, Ints], mbps: Floats) -> tuple[Ints, Floats]:
        """Steps of a load that lasts from one instant to another."""
        source, from_ms, to_ms = spans
        rate = mbps[source]
        kept = rate > 0
        return (
            np.concatenate([from_ms[kept], to_ms[kept]]),
            np.concatenate([rate[kept], -rate[kept]]),
        )

    @cached_property
    def work(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Kind, source, start and end of each spell of work."""
        spells = self.journal.spells.to_pandas()
        rows = spells[spells["state"].isin([SpellState.WORKING, SpellState.OVERTIME])]
        tasks = self.journal.tasks.to_pandas().set_index(["kind", "id"])[["commune", "camera"]]
        told = rows.join(tasks, on=["kind", "id"])
        return (
            told["kind"].to_numpy(),
            self._source(told["commune"].to_numpy(), told["camera"].to_numpy()),
            told["from_ms"].to_numpy(),
            told["to_ms"].to_numpy(),
        )

    @cached_property
    def singles(self) -> tuple[Ints, Ints, Ints]:
        """Source, start and end of each stretch with one image in the main stream."""
        kind, source, from_ms, to_ms = self.work
        kept = np.isin(kind, _SINGLE)
        return source[kept], from_ms[kept], to_ms[kept]

    @cached_property
    def extractions(self) -> tuple[Ints, Ints, Ints]:
        """Source, start and end of each stretch of reading recordings."""
        kind, source, from_ms, to_ms = self.work
        kept = kind == Kind.EXTRACTION
        return source[kept], from_ms[kept], to_ms[kept]

    @cached_property
    def alerts(self) -> tuple[Ints, Ints, Ints]:
        """Source, start and end of each image sent to the State: from the alert to the end."""
        tasks = self.journal.tasks.to_pandas()
        rows = tasks[tasks["alert_ms"] != NEVER]
        end_ms = rows["end_ms"].where(rows["end_ms"] != NEVER, self.centre.horizon_ms)
        source = self._source(rows["commune"].to_numpy(), rows["camera"].to_numpy())
        return source, rows["alert_ms"].to_numpy(), end_ms.to_numpy()

    def _source(self, commune: Ints, camera: Ints) -> Ints:
        """Source of a camera; work on a whole commune is on its fixed ones."""
        found = 2 * commune
        named = camera != NEVER
        found[named] = self.camera_source[camera[named]]
        return found

    @cached_property
    def display(self) -> tuple[Ints, Ints, Ints]:
        """Instant, held units and units taking turns, row by row.

        An opening or closing window is a row of its own: who is entitled changes with it.
        """
        rows = self.journal.attention.to_pandas().drop_duplicates("time_ms", keep="last")
        start_ms, _ = self.entitled
        time_ms = np.union1d(rows["time_ms"], start_ms)
        row = np.searchsorted(rows["time_ms"], time_ms, side="right") - 1
        held, rotating = (
            np.where(row >= 0, rows[name].to_numpy()[row] if len(rows) else 0, 0)
            for name in ("held", "rotating")
        )
        return time_ms, held, rotating

    @cached_property
    def entitled(self) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Start of each state of the live windows, and the communes entitled in it."""
        windows, communes = self.centre.windows, self.centre.communes
        joined_ms = np.array([self.calendar.since_ms(c.joined) for c in self.territory.communes])
        start_ms = np.unique([0, *windows.edge_ms, *joined_ms[joined_ms < self.centre.horizon_ms]])
        is_open = np.zeros((len(start_ms), max(communes.window, default=0) + 2), dtype=np.bool_)
        for edge_ms, window, opens in zip(*windows, strict=True):
            is_open[np.searchsorted(start_ms, edge_ms) :, window] = opens
        # A commune without a window has the number -1: the last column, which never opens.
        return start_ms, is_open[:, communes.window] & (joined_ms <= start_ms[:, None])

    def _displayed(self, mbps: Floats) -> tuple[Ints, Floats]:
        """Steps of what the mosaics ask of sources that weigh `mbps` per image.

        The busiest units are held, the others share what is left of the wall.
        """
        time_ms, held, rotating = self.display
        value = np.zeros(len(time_ms))
        if mbps.any():
            weight = np.bincount(self.centre.cameras.unit, mbps[self.camera_source])
            for order, rows in self.ranked:
                reached = np.concatenate([[0.0], np.cumsum(weight[order])])
                units = len(order)
                kept = np.minimum(held[rows], units)
                turn = np.minimum(rotating[rows], units - kept) / np.maximum(units - kept, 1)
                value[rows] = reached[kept] + turn * (reached[units] - reached[kept])
        steps = np.diff(value, prepend=0.0)
        changes = np.flatnonzero(steps)
        return time_ms[changes], steps[changes]

    @cached_property
    def ranked(self) -> list[tuple[Ints, Ints]]:
        """Entitled units, the busiest first, and the rows of the display where it is they."""
        cameras = self.centre.cameras
        units = int(cameras.unit.max(initial=-1)) + 1
        first = np.full(units, len(cameras.rank))
        np.minimum.at(first, cameras.unit, cameras.rank)
        busiest = np.argsort(first)
        commune = np.zeros(units, dtype=np.int64)
        commune[cameras.unit] = cameras.commune
        start_ms, entitled = self.entitled
        states, same = np.unique(entitled, axis=0, return_inverse=True)
        state = same.ravel()[np.searchsorted(start_ms, self.display[0], side="right") - 1]
        return [
            (busiest[mask[commune[busiest]]], np.flatnonzero(state == i))
            for i, mask in enumerate(states)
        ]


def _summed(name: str, value: Floats, length_ms: Ints, hour: Ints) -> ElementLoad:
    order = np.lexsort((value, hour))
    value, length_ms, hour = value[order], length_ms[order], hour[order]
    p95, peak = np.zeros(HOURS), np.zeros(HOURS)
    edges = np.searchsorted(hour, np.arange(HOURS + 1))
    for i, (first, end) in enumerate(pairwise(edges)):
        if end > first:
            p95[i] = _quantile(value[first:end], length_ms[first:end])
            peak[i] = value[end - 1]
    whole = np.argsort(value)
    return ElementLoad(
        name=name,
        mean=float(value @ length_ms / length_ms.sum()),
        p95=_quantile(value[whole], length_ms[whole]),
        peak=float(peak.max()),
        peak_hour=int(peak.argmax()),
        p95_by_hour=p95,
        peak_by_hour=peak,
    )


def _quantile(value: Floats, length_ms: Ints) -> float:
    """Value that sorted `value` does not exceed during the busy share of the time."""
    reached = np.cumsum(length_ms)
    return float(value[np.searchsorted(reached, _BUSY * reached[-1])])
