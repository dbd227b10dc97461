"""Civil time (Europe/Paris) turned once into elapsed milliseconds: no other module knows it.

Every clock change of the horizon falls on a whole hour, so the civil hours are hours of elapsed
time: a day has 23, 24 or 25 of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from holidays import country_holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from vacances_scolaires_france import SchoolHolidayDates

from twin.errors import InputError

__all__ = ["Calendar", "Event", "Horizon", "Moment"]

PARIS = ZoneInfo("Europe/Paris")
SCHOOL_ZONE = "B"
"""Zone of the académie de Lille."""

_FIRST_DAY = date(2000, 1, 1)
_LAST_DAY = date(2100, 12, 31)
_MAX_DAYS = 36_525
_DAYS_PER_YEAR = 365
_H_PER_DAY = 24
_MIN_PER_H = 60
_MS_PER_S = 1_000
_MS_PER_MIN = 60_000
_MS_PER_H = 3_600_000
_MS_PER_DAY = 86_400_000
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|(24):(00)")
_MOMENT = re.compile(r"2[01]\d\d-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d")


class Horizon(BaseModel):
    """Period that is simulated: whole civil days."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    start: Annotated[date, Field(ge=_FIRST_DAY, le=_LAST_DAY)]
    """First day."""
    days: Annotated[int, Field(ge=1, le=_MAX_DAYS, strict=True)]
    """Number of civil days."""

    @model_validator(mode="after")
    def _public_holidays_known(self) -> Horizon:
        if self.days - 1 > (_LAST_DAY - self.start).days:
            raise ValueError(f"the last day may not be after {_LAST_DAY}")
        return self


def _moment(text: str) -> str:
    try:
        if _MOMENT.fullmatch(text):
            datetime.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError('write a day and a time as "YYYY-MM-DD HH:MM", in quotes')


Moment = Annotated[str, AfterValidator(_moment)]
"""A civil instant, written "YYYY-MM-DD HH:MM"."""


class Event(BaseModel):
    """A gathering (braderie, match, concert) that multiplies what happens in its communes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    name: str
    """Name shown."""
    communes: tuple[Annotated[str, Field(pattern=r"^\d[\dAB]\d{3}$")], ...] | Literal["all"]
    """INSEE codes, or "all"."""
    start: Moment
    """First instant, "YYYY-MM-DD HH:MM"."""
    end: Moment
    """Last instant, excluded."""
    multiplier: Literal["low", "central", "high"] | Annotated[float, Field(ge=0)] = "central"
    """Factor on the rates; "central" is the scenario's ``event_multiplier``, the rest its ends."""

    @model_validator(mode="after")
    def _in_order(self) -> Event:
        if self.start >= self.end:
            raise ValueError(f"the end {self.end} is not after the start {self.start}")
        return self


class Calendar:
    """The civil hours of a horizon.

    Attributes
    ----------
    horizon : Horizon
    horizon_ms : int
        Elapsed length.
    midnight_ms : int64[days + 1]
        Start of each civil day; the last entry is `horizon_ms`.
    edge_ms : int64[H + 1]
        Start of each of the H civil hours; the last entry is `horizon_ms`.
    hour_of_week : int64[H]
        0 is Monday 00:00, 167 Sunday 23:00; an hour repeated by a clock change has one number.
    month : int64[H]
        0 to 11.
    day_index : int64[H]
        Civil days since the first.
    holiday, school_holiday : bool[H]
        French public holidays; school holidays of zone B.
    assumed_from : date or None
        First day of the horizon whose school holidays are a hypothesis: after the last year that
        the ministry published, its days and months come again.

    Examples
    --------
    >>> calendar = Calendar(Horizon(start=date(2027, 3, 28), days=2))
    >>> [int(hours) for hours in np.diff(calendar.midnight_ms) // 3_600_000]
    [23, 24]
    >>> calendar.at(0, "04:00") // 3_600_000, calendar.at(1, "04:00") // 3_600_000
    (3, 27)
    """

    def __init__(self, horizon: Horizon) -> None:
        self.horizon = horizon
        self._origin_ms = _elapsed_ms(datetime.combine(horizon.start, time()))
        days = [horizon.start + timedelta(days=day) for day in range(horizon.days)]
        self._midnight_ms = [self._civil(day) for day in range(horizon.days + 1)]
        self.midnight_ms = np.array(self._midnight_ms, dtype=np.int64)
        self.horizon_ms = self._midnight_ms[-1]
        self.edge_ms = np.arange(0, self.horizon_ms + 1, _MS_PER_H, dtype=np.int64)
        hours = pd.to_datetime(self._origin_ms + self.edge_ms[:-1], unit="ms", utc=True)
        civil = hours.tz_convert(PARIS)
        self.hour_of_week = np.asarray(civil.day_of_week * _H_PER_DAY + civil.hour, dtype=np.int64)
        self.month = np.asarray(civil.month - 1, dtype=np.int64)
        self.day_index = np.searchsorted(self.midnight_ms, self.edge_ms[:-1], side="right") - 1
        self.holiday = _flags(days, _public_holidays(days[0].year, days[-1].year))[self.day_index]
        school, last = _school_holidays()
        self.school_holiday = _flags(days, school)[self.day_index]
        self.assumed_from = next((day for day in days if day > last), None)

    def since_ms(self, day: date | None) -> int:
        """Elapsed ms of the midnight that begins `day`: 0 for none or the past, at most the end."""
        passed = 0 if day is None else (day - self.horizon.start).days
        return int(self.midnight_ms[min(max(passed, 0), self.horizon.days)])

    def at(self, day: int, clock: str) -> int:
        """Elapsed ms of a clock time "HH:MM" of the `day`-th civil day, which may lie outside.

        "24:00" is the next midnight. A time that the clock change skips is the instant of the
        change; of a time that comes twice, the first.
        """
        minutes = _minutes(clock)
        if 0 <= day < self.horizon.days:
            midnight_ms, next_ms = self._midnight_ms[day : day + 2]
            # The clock changes by whole hours: a day of 24 of them has no change.
            if next_ms - midnight_ms == _MS_PER_DAY:
                return midnight_ms + minutes * _MS_PER_MIN
        return self._civil(day, minutes)

    def _civil(self, day: int, minutes: int = 0) -> int:
        """Elapsed ms of a time of the `day`-th civil day, asked of the time zone."""
        midnight = datetime.combine(self.horizon.start + timedelta(days=day), time())
        return _elapsed_ms(midnight + timedelta(minutes=minutes)) - self._origin_ms

    def moment_ms(self, moment: str) -> int:
        """Elapsed ms of a `Moment`; negative before the horizon."""
        day, clock = moment.split(" ")
        return self.at((date.fromisoformat(day) - self.horizon.start).days, clock)

    def elapsed_ms(self, instant: datetime) -> int:
        """Elapsed ms of an instant that knows its offset; negative before the horizon."""
        return round(instant.timestamp() * _MS_PER_S) - self._origin_ms

    def intervals(self, window: str) -> list[tuple[int, int]]:
        """Spans (start_ms, end_ms) of a daily window, cut at the horizon; touching ones merge.

        A window whose end is not after its start passes midnight.

        Examples
        --------
        >>> week = Calendar(Horizon(start=date(2027, 1, 4), days=7))
        >>> len(week.intervals("18:00-06:00")), len(week.intervals("00:00-24:00"))
        (8, 1)
        """
        start, _, end = window.partition("-")
        overnight = end <= start
        merged: list[tuple[int, int]] = []
        for day in range(-1, self.horizon.days):
            start_ms = max(0, self.at(day, start))
            end_ms = min(self.horizon_ms, self.at(day + overnight, end))
            if start_ms >= end_ms:
                continue
            if merged and merged[-1][1] >= start_ms:
                start_ms = merged.pop()[0]
            merged.append((start_ms, end_ms))
        return merged


@cache
def _minutes(clock: str) -> int:
    """Minutes of a clock time after midnight on a day without clock change."""
    if not _CLOCK.fullmatch(clock):
        raise InputError(f'"{clock}" is not a time of the day: write "00:00" to "24:00"')
    hour, minute = clock.split(":")
    return int(hour) * _MIN_PER_H + int(minute)


def _elapsed_ms(civil: datetime) -> int:
    """Milliseconds of the Unix epoch at a civil instant of Paris without a zone."""
    instant = civil.replace(tzinfo=PARIS)
    since_epoch_ms = round(instant.timestamp() * _MS_PER_S)
    skipped = instant.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) != civil
    # Python reads a skipped time with the offset before the change, hence after the change.
    return since_epoch_ms // _MS_PER_H * _MS_PER_H if skipped else since_epoch_ms


def _flags(days: list[date], chosen: Iterable[date]) -> npt.NDArray[np.bool_]:
    members = frozenset(chosen)
    return np.array([day in members for day in days])


def _public_holidays(first_year: int, last_year: int) -> Iterable[date]:
    return country_holidays("FR", years=range(first_year, last_year + 1))


@cache
def _school_holidays() -> tuple[frozenset[date], date]:
    """School holidays until `_LAST_DAY`, and the end of the last school year published.

    After that end the library answers for some months that there is no holiday, then raises.
    """
    dates = SchoolHolidayDates()
    published = {day for day in dates.data if dates.is_holiday_for_zone(day, SCHOOL_ZONE)}
    last = max(published)
    year_before = last - timedelta(days=_DAYS_PER_YEAR)
    repeated = {(day.month, day.day) for day in published if day > year_before}
    later = (last + timedelta(days=day) for day in range(1, (_LAST_DAY - last).days + 1))
    return frozenset(published | {day for day in later if (day.month, day.day) in repeated}), last
