"""The file of a roster: who is on duty when, and which needs nobody meets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from twin.errors import InputError
from twin.files import read_rows
from twin.model.cells import whole_number

__all__ = ["Duty", "as_csv", "read_roster"]

_PARIS = ZoneInfo("Europe/Paris")
_LONGEST = timedelta(days=1)


class Duty(NamedTuple):
    """One presence that a roster plans; the fields are the columns of its file."""

    start: datetime
    """First instant, in the civil time of Paris, with its offset."""
    end: datetime
    """Last instant, excluded."""
    agent: str
    """"A01", never a name; empty: a need that nobody meets."""
    function: str
    """Key of ``data/functions.yaml``."""
    shift: str
    """Name of the shift, as shown."""
    break_min: int
    """Statutory pauses within it."""

    @property
    def length(self) -> timedelta:
        """Elapsed time, whatever the clock does."""
        return self.end.astimezone(UTC) - self.start.astimezone(UTC)


def read_roster(path: Path) -> list[Duty]:
    """Duties of a CSV file, in time order.

    An instant is written with its offset from UTC ("2027-01-04T06:00+01:00"), or as the clock of
    Paris shows it ("2027-01-04 06:00").

    Raises
    ------
    InputError, MissingError
        The sentence names the file, the line and the column.
    """
    columns = dict.fromkeys(Duty._fields, str)
    instants = {"start": _instant, "end": _instant}
    rows = read_rows(path, {**columns, **instants, "break_min": whole_number})
    duties = _in_order(Duty(**row) for row in rows)
    if not duties:
        raise InputError(f"{path}: at least one duty is expected")
    for duty in duties:
        if not timedelta() < duty.length <= _LONGEST:
            raise InputError(
                f"{path}: the duty of {duty.agent or 'nobody'} on {duty.start:%Y-%m-%d %H:%M} lasts"
                f" {duty.length}: more than nothing and at most a day is expected"
            )
    return duties


def as_csv(duties: Iterable[Duty]) -> str:
    """Content of the file that `read_roster` reads back to the same duties."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(Duty._fields)
    for start, end, *rest in _in_order(duties):
        writer.writerow([start.isoformat("T", "minutes"), end.isoformat("T", "minutes"), *rest])
    return stream.getvalue()


def _in_order(duties: Iterable[Duty]) -> list[Duty]:
    return sorted(duties, key=lambda duty: (duty.start.astimezone(UTC), *duty[1:]))


def _instant(cell: str) -> datetime:
    try:
        instant = datetime.fromisoformat(cell)
    except ValueError:
        raise ValueError('an instant such as "2027-01-04T06:00+01:00" is expected') from None
    if instant.tzinfo:
        return instant.astimezone(_PARIS)
    civil = instant.replace(tzinfo=_PARIS)
    if civil.astimezone(UTC).astimezone(_PARIS).replace(tzinfo=None) != instant:
        raise ValueError("the clock change skips this time")
    if civil.utcoffset() != civil.replace(fold=1).utcoffset():
        raise ValueError('this time comes twice: write its offset, as in "2027-10-31T02:30+01:00"')
    return civil
