"""What the failures cost the service: camera-hours, viewing hours, notices and réquisitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.model.calendar import Calendar
from twin.model.centre.journal import Journal, Origin
from twin.model.centre.world import NEVER, Centre, Kind
from twin.model.clock import MS_PER_H
from twin.model.network.failures import Failure
from twin.model.territory import Territory

__all__ = ["Activity", "Loss", "activity_of", "camera_sources", "loss_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Activity:
    """What happens in an hour, on average, by source (`twin.model.network.routes`).

    Attributes
    ----------
    cameras : float64[sources]
    viewing : float64[sources]
        Cameras entitled to live viewing.
    notices, alerts, requisitions : float64[sources]
        Per hour; the réquisitions of a commune are on its fixed cameras.
    """

    cameras: Floats
    viewing: Floats
    notices: Floats
    alerts: Floats
    requisitions: Floats


@dataclass(frozen=True)
class Loss:
    """What a failure takes away, once or in a year.

    Attributes
    ----------
    camera_h : float
        Hours during which a camera could not be seen.
    viewing_h : float
        The same, of cameras entitled to live viewing at that hour.
    notices, alerts_unsent : float
        Incidents that would have been noticed; alerts whose images the State does not receive.
    requisitions_lost : float
        Réquisitions about hours that no recorder kept.
    requisitions_delayed : float
        Réquisitions that come while the recordings cannot be reached.
    """

    camera_h: float
    viewing_h: float
    notices: float
    alerts_unsent: float
    requisitions_lost: float
    requisitions_delayed: float

    def times(self, factor: float) -> Loss:
        """Return the loss of so many such failures."""
        return Loss(**{name: factor * value for name, value in vars(self).items()})


def camera_sources(territory: Territory, centre: Centre) -> Ints:
    """Source of each camera; by convention the nomadic ones are the last of their commune."""
    first, commune = centre.communes.first_camera, centre.cameras.commune
    nomadic = np.array([c.nomadic for c in territory.communes], dtype=np.int64)
    from_last = first[commune + 1] - np.arange(len(commune))
    return np.asarray(2 * commune + (from_last <= nomadic[commune]), dtype=np.int64)


def activity_of(
    journals: Sequence[Journal], centre: Centre, territory: Territory, calendar: Calendar
) -> Activity:
    """Mean activity of some replications of one scenario."""
    source = camera_sources(territory, centre)
    sources = 2 * len(territory.communes)
    hours = len(journals) * centre.horizon_ms / MS_PER_H
    counts = {name: np.zeros(sources) for name in ("notices", "alerts", "requisitions")}
    for journal in journals:
        tasks = journal.tasks.to_pandas()
        noticed = tasks["origin"].isin([Origin.WALL, Origin.PATROL])
        for name, rows in (("notices", noticed), ("alerts", tasks["alert_ms"] != NEVER)):
            counts[name] += np.bincount(source[tasks.loc[rows, "camera"]], minlength=sources)
        letters = tasks.loc[tasks["kind"] == Kind.SAFEGUARD, "commune"]
        counts["requisitions"] += np.bincount(2 * letters, minlength=sources)
    cameras = np.bincount(source, minlength=sources).astype(np.float64)
    open_share = [
        sum(end - start for start, end in calendar.intervals(c.window)) / calendar.horizon_ms
        if c.window
        else 0.0
        for c in territory.communes
    ]
    return Activity(
        cameras=cameras,
        viewing=cameras * np.repeat(open_share, 2),
        **{name: count / hours for name, count in counts.items()},
    )


def loss_of(failure: Failure, activity: Activity) -> Loss:
    """Loss of one failure that lasts as long as its repair, whatever the agents then do instead.

    They watch other cameras and notice more there: notices lost are at most these. See
    `twin.planning.resilience` for what is left once the room is played again.
    """
    hours = failure.target.repair_h

    def lost(per_hour: Floats, sources: Iterable[int]) -> float:
        return float(per_hour[list(sources)].sum()) * hours

    return Loss(
        camera_h=lost(activity.cameras, failure.dark),
        viewing_h=lost(activity.viewing, failure.dark),
        notices=lost(activity.notices, failure.dark),
        alerts_unsent=lost(activity.alerts, failure.unsent),
        requisitions_lost=lost(activity.requisitions, failure.unrecorded),
        requisitions_delayed=lost(activity.requisitions, failure.dark),
    )
