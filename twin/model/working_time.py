"""What the law says of working time, and whether a roster keeps to it.

The checker knows nothing of who made a roster: it shares the table of rules with the solver, and
no constraint. Nothing outside the file is supposed worked: before its first duty and after its last
an agent rests. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from twin.files import data_folder, load_yaml, validated
from twin.model.cells import window_text
from twin.model.patterns import Regime
from twin.model.rosters import Duty

__all__ = [
    "Breach",
    "Finding",
    "Prudence",
    "Report",
    "Rule",
    "RuleName",
    "Rules",
    "WorkingTime",
    "check_roster",
    "load_working_time",
]

_PARIS = ZoneInfo("Europe/Paris")
_WEEK = timedelta(days=7)
_ALWAYS = datetime(1, 1, 3, tzinfo=UTC)
_EVER = datetime(9999, 12, 28, tzinfo=UTC)

RuleName = Literal[
    "daily_work",
    "daily_span",
    "daily_rest",
    "weekly_work",
    "mean_weekly_work",
    "weekly_rest",
    "break",
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Rule(_Strict):
    """One sentence of the law."""

    limit: float = Field(gt=0)
    """At most, or at least for a rest or a break."""
    unit: Literal["h", "min"]
    """Unit of the limit."""
    article: str
    """Where it is written."""
    words: str
    """What is limited, in French, as printed."""
    weeks: int = Field(default=1, ge=1)
    """For a mean, consecutive calendar weeks over which it is taken."""
    every_h: float | None = Field(default=None, gt=0)
    """For a break, work that gives right to one."""
    within_h: float = Field(default=0, ge=0)
    """For a weekly rest, part of it that lies in the calendar week it counts for."""


class Rules(_Strict):
    """The rules of one regime."""

    label: str
    """What it is, in French, as shown."""
    legal: bool
    """Whether the law allows it as it stands."""
    not_checked: str
    """What the table leaves out, in French."""
    rules: dict[RuleName, Rule]
    """Rules by name."""


class Prudence(_Strict):
    """What a planner keeps to although the law does not ask it."""

    rolling_week_h: float
    """Work in any seven times 24 hours, beyond which a warning is printed."""
    longest_run_days: int
    """Days worked in a row."""
    longest_run_nights: int
    """Nights worked in a row."""


class WorkingTime(_Strict):
    """Content of ``data/working_time.yaml``."""

    premium_night: Annotated[str, AfterValidator(window_text)]
    """Hours paid the premium of the night."""
    working_day_h: float = Field(gt=0)
    """Length of a working day of training or leave."""
    regimes: dict[Regime, Rules]
    """Rules by regime."""
    prudence: Prudence
    """Limits that are not law."""


def load_working_time() -> WorkingTime:
    """Rules of ``data/working_time.yaml``.

    Examples
    --------
    >>> load_working_time().regimes["fpt"].rules["daily_rest"].limit
    11.0
    """
    return _working_time(data_folder() / "working_time.yaml")


@cache
def _working_time(path: Path) -> WorkingTime:
    return validated(WorkingTime, load_yaml(path), str(path))


class Breach(NamedTuple):
    """What one agent's roster does that a rule refuses, or the figure nearest to that."""

    agent: str
    day: date
    """Civil day on which what is counted begins."""
    found: float
    """In the unit of the rule."""


@dataclass(frozen=True)
class Finding:
    """What a roster does of one rule.

    Attributes
    ----------
    cases : int
        Days, rests, weeks or duties that were looked at; 0 says that nothing could be.
    worst : Breach or None
        The figure nearest to the limit, or farthest beyond it.
    breaches : tuple of Breach
        By agent and day.
    """

    rule: Rule
    cases: int
    worst: Breach | None
    breaches: tuple[Breach, ...]


@dataclass(frozen=True)
class Report:
    """What a roster does of the rules of a regime.

    Attributes
    ----------
    warnings : tuple of Breach
        More hours in seven times 24 hours than prudence wants; no breach.
    """

    rules: Rules
    findings: dict[RuleName, Finding]
    warnings: tuple[Breach, ...]

    @property
    def conforming(self) -> bool:
        """Whether no rule is breached and the regime itself is legal."""
        return self.rules.legal and not any(each.breaches for each in self.findings.values())


def check_roster(duties: Iterable[Duty], regime: Regime = "fpt") -> Report:
    """Look at every duty of a roster under every rule of a regime.

    A day of work is made of the duties that begin on the same civil day. Hours of a week are those
    worked between its Monday 00:00 and the next, in elapsed time. The rest of a week is the longest
    that has enough of its hours in it; failing that, the longest part of one. Needs that nobody
    meets are left out.

    Examples
    --------
    >>> night = [datetime(2027, 1, d, 22, tzinfo=_PARIS) for d in (4, 5, 6)]
    >>> nights = [Duty(s, s + timedelta(hours=8), "A01", "video_operator", "", 20) for s in night]
    >>> check_roster(nights).conforming
    True
    >>> morning = Duty(nights[-1].end, nights[-1].end + timedelta(hours=8), "A01", "", "", 20)
    >>> report = check_roster([*nights, morning])
    >>> [name for name, found in report.findings.items() if found.breaches]
    ['daily_rest']
    """
    worked = sorted((duty for duty in duties if duty.agent), key=lambda duty: duty.agent)
    agents = [_Agent(n, list(own)) for n, own in groupby(worked, key=lambda duty: duty.agent)]
    law = load_working_time()
    rules = law.regimes[regime]
    weeks = _weeks(worked)
    findings = {}
    for name, rule in rules.rules.items():
        cases = [case for agent in agents for case in _CASES[name](agent, rule, weeks)]
        findings[name] = _finding(rule, cases, at_least=name in _AT_LEAST)
    beyond = law.prudence.rolling_week_h
    warned = [case for agent in agents for case in agent.rolling_weeks(beyond)]
    return Report(rules, findings, tuple(warned))


def _finding(rule: Rule, cases: Sequence[Breach], *, at_least: bool) -> Finding:
    if at_least:
        worst = min(cases, key=lambda case: case.found, default=None)
        breaches = [case for case in cases if case.found < rule.limit]
    else:
        worst = max(cases, key=lambda case: case.found, default=None)
        breaches = [case for case in cases if case.found > rule.limit]
    return Finding(rule, len(cases), worst, tuple(sorted(breaches)))


class _Agent:
    """The duties of one agent, in time order, and what is counted of them."""

    def __init__(self, name: str, duties: list[Duty]) -> None:
        self.name = name
        self.duties = sorted(duties, key=lambda duty: duty.start.astimezone(UTC))
        self.spans = [(d.start.astimezone(UTC), d.end.astimezone(UTC)) for d in self.duties]
        by_day = groupby(self.spans, key=lambda span: _day(span[0]))
        self.days = {day: list(spans) for day, spans in by_day}

    def daily_work(self, *_: object) -> Iterator[Breach]:
        for day, spans in self.days.items():
            work = sum((end - start for start, end in spans), timedelta())
            yield Breach(self.name, day, _hours(work))

    def daily_span(self, *_: object) -> Iterator[Breach]:
        for day, spans in self.days.items():
            yield Breach(self.name, day, _hours(_last(spans) - spans[0][0]))

    def daily_rest(self, *_: object) -> Iterator[Breach]:
        for (_before, spans), (day, following) in pairwise(self.days.items()):
            yield Breach(self.name, day, max(0.0, _hours(following[0][0] - _last(spans))))

    def weekly_work(self, _: Rule, weeks: Sequence[date]) -> Iterator[Breach]:
        for week in weeks:
            yield Breach(self.name, week, self.worked(_monday(week), _monday(week + _WEEK)))

    def mean_weekly_work(self, rule: Rule, weeks: Sequence[date]) -> Iterator[Breach]:
        for first in weeks[: max(0, len(weeks) - rule.weeks + 1)]:
            end = _monday(first + rule.weeks * _WEEK)
            yield Breach(self.name, first, self.worked(_monday(first), end) / rule.weeks)

    def weekly_rest(self, rule: Rule, weeks: Sequence[date]) -> Iterator[Breach]:
        edges = [_ALWAYS, *(instant for span in self.spans for instant in span), _EVER]
        rests = list(zip(edges[::2], edges[1::2], strict=True))
        enough = timedelta(hours=rule.within_h)
        for week in weeks:
            begin, end = _monday(week), _monday(week + _WEEK)
            inside = [(min(stop, end) - max(start, begin), stop - start) for start, stop in rests]
            longest = max(whole if part >= enough else part for part, whole in inside)
            if longest < _WEEK:
                yield Breach(self.name, week, max(0.0, _hours(longest)))

    def breaks(self, rule: Rule, _: Sequence[date]) -> Iterator[Breach]:
        for duty in self.duties:
            due = int(duty.length / timedelta(hours=rule.every_h or _hours(_WEEK)))
            if due:
                yield Breach(self.name, _day(duty.start), duty.break_min / due)

    def rolling_weeks(self, limit_h: float) -> Iterator[Breach]:
        """Yield spells of seven times 24 hours with more work than `limit_h`, one after another."""
        looked_until = _ALWAYS
        for start, _ in self.spans:
            found = self.worked(start, start + _WEEK)
            if start >= looked_until and found > limit_h:
                yield Breach(self.name, _day(start), found)
                looked_until = start + _WEEK

    def worked(self, begin: datetime, end: datetime) -> float:
        """Hours of work between two instants."""
        inside = (min(stop, end) - max(start, begin) for start, stop in self.spans)
        return _hours(sum((part for part in inside if part > timedelta()), timedelta()))


_CASES: dict[RuleName, Callable[[_Agent, Rule, Sequence[date]], Iterator[Breach]]] = {
    "daily_work": _Agent.daily_work,
    "daily_span": _Agent.daily_span,
    "daily_rest": _Agent.daily_rest,
    "weekly_work": _Agent.weekly_work,
    "mean_weekly_work": _Agent.mean_weekly_work,
    "weekly_rest": _Agent.weekly_rest,
    "break": _Agent.breaks,
}
_AT_LEAST = ("daily_rest", "weekly_rest", "break")


def _weeks(duties: Sequence[Duty]) -> list[date]:
    """Mondays of the calendar weeks, from that of the first duty to that of the last."""
    if not duties:
        return []
    first, last = (pick(_day(duty.start) for duty in duties) for pick in (min, max))
    monday = first - timedelta(days=first.weekday())
    return [monday + week * _WEEK for week in range((last - monday) // _WEEK + 1)]


def _monday(day: date) -> datetime:
    return datetime.combine(day, time(), _PARIS).astimezone(UTC)


def _day(instant: datetime) -> date:
    return instant.astimezone(_PARIS).date()


def _last(spans: Sequence[tuple[datetime, datetime]]) -> datetime:
    return max(end for _, end in spans)


def _hours(length: timedelta) -> float:
    return length / timedelta(hours=1)
