"""What the terminal shows of a network: tables, and the sentences that an engineer looks for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from twin.cli.show import console, number
from twin.contracts import Capacity, Figure
from twin.files import plain
from twin.model.network.failures import Cause, Target
from twin.model.network.load import HOURS
from twin.model.network.topology import NodeKind
from twin.model.network.use import LinkUse
from twin.planning.network import FailureRow, Failures, Study
from twin.planning.resilience import Estimate, Lost

__all__ = ["failures_document", "masked", "show_failures", "show_study", "study_document"]

_CODE = re.compile(r"\b\d[\dAB]\d{3}\b")

SHOWN = 12
"""Rows of a table; --json has them all."""

SHOWN_NODES = 6

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CAUSES = {
    Cause.LINK: "link cut",
    Cause.NODE: "equipment",
    Cause.POWER: "mains cut",
    Cause.SITE: "site lost",
}


def show_study(study: Study, capacity: Capacity) -> None:
    """Print links, ingest, recordings and costs."""
    terminal = console(highlight=False)
    for line in _what(study):
        terminal.print(line, soft_wrap=True)
    _show_links(terminal, study)
    _show_nodes(terminal, study)
    for line in _sentences(study, capacity):
        terminal.print(line, soft_wrap=True)
    _show_recordings(terminal, study)
    _show_costs(terminal, study)


def show_failures(found: Failures) -> None:
    """Print the failures that cost most in a year, the worst one and its price."""
    terminal = console(highlight=False)
    table = Table(
        Column("what fails", no_wrap=True),
        *_right("a year", "h", "cameras", "camera-h", "viewing h", "notices"),
        *_right("réq. lost", "réq. late", "second one, €/year"),
        title="Single failures, and what each takes away in a year (at most, whatever agents do)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for row in found.rows[:SHOWN]:
        table.add_row(*_failure_cells(found, row))
    terminal.print(table, "")
    for line in _verdict(found):
        terminal.print(line, soft_wrap=True)
    _show_replays(terminal, found)


def study_document(study: Study) -> Any:
    """Return everything of a study, as JSON values."""
    return plain(
        {
            "network": study.network.source,
            "links": [asdict(use) for use in study.uses],
            "nodes": [asdict(study.loads[n]) for n in study.network.graph if n in study.loads],
            "links_if_all": [asdict(use) for use in study.uses_if_all],
            "min_cuts": [asdict(cut) for cut in study.cuts],
            "ingest": {
                "streams": study.streams,
                **asdict(study.nodes),
                "if_all": asdict(study.nodes_if_all),
                "blind": {name: asdict(figure) for name, figure in study.blind.items()},
            },
            "recordings": [asdict(kept) for kept in study.recordings],
            "costs": [asdict(line) for line in study.costs],
        }
    )


def failures_document(found: Failures) -> Any:
    """Return every failure, as JSON values."""
    return plain(
        {
            "availability": found.availability,
            "failures": [asdict(row) for row in found.rows],
            "played_again": [asdict(each) for each in found.replays],
            "year": asdict(found.year),
            "envelope_camera_h": list(found.envelope),
            "reversals": {key: asdict(target) for key, target in found.reversals.items()},
        }
    )


def masked(document: Any, masks: Mapping[str, str]) -> Any:
    """Return a document in which the codes of communes, alone or in names of links, are masked."""
    if isinstance(document, dict):
        return {masked(key, masks): masked(inner, masks) for key, inner in document.items()}
    if isinstance(document, list):
        return [masked(inner, masks) for inner in document]
    if isinstance(document, str):
        return _CODE.sub(lambda found: masks.get(found[0], found[0]), document)
    return document


def _what(study: Study) -> Iterator[str]:
    network, communes = study.network, study.prepared.territory.communes
    cables = [link for link in network.links() if link.length_km]
    cameras = sum(commune.cameras for commune in communes)
    nomadic = sum(commune.nomadic for commune in communes)
    yield (
        f"{len(communes)} communes, {cameras} cameras ({nomadic} nomadic), "
        f"{len(network.of(NodeKind.AGGREGATION))} aggregation points, "
        f"centre on {len(network.of(NodeKind.CENTRE))} site, "
        f"{sum(link.length_km for link in cables):.0f} km of cable."
    )
    yield f"Topology: {network.source}."
    yield (
        f"Main stream {study.levers.profile} {study.levers.main_stream.replace('_', ' ')}, "
        f"mosaics {study.levers.mosaic_profile}, recorded at the {study.levers.recording}."
    )


def _show_links(terminal: Console, study: Study) -> None:
    table = Table(
        "link",
        *_right("km", "Mbit/s", "mean", "95 %", "peak", "peak at", "peak share", "grows by"),
        title="Links between sites, the first to fill first (Mbit/s)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for use in study.uses[:SHOWN]:
        load = use.load
        numbers = (use.length_km, use.capacity_mbps, load.mean, load.p95, load.peak)
        table.add_row(
            study.network.label(use.name),
            *map(number, numbers),
            _hour(load.peak_hour),
            f"{use.share:.1%}",
            _times(use.growth),
        )
    terminal.print("", table, "")


def _show_nodes(terminal: Console, study: Study) -> None:
    table = Table(
        "node",
        *_right("mean", "95 %", "peak", "peak at"),
        title="What nodes receive (Mbit/s)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    kinds = (NodeKind.WALL, NodeKind.CENTRE, NodeKind.AGGREGATION, NodeKind.INGEST)
    names = [name for kind in kinds for name in study.network.of(kind)]
    for name in sorted(names, key=lambda name: -study.loads[name].peak)[:SHOWN_NODES]:
        load = study.loads[name]
        table.add_row(
            study.network.label(name),
            *map(number, (load.mean, load.p95, load.peak)),
            _hour(load.peak_hour),
        )
    terminal.print(table, "")


def _sentences(study: Study, capacity: Capacity) -> Iterator[str]:
    label = study.network.label
    first, other = study.uses[0], study.uses_if_all[0]
    yield f"First to saturate: {_first(study, first)}."
    yield (
        f"With every main stream sent to the centre and recorded there: {_first(study, other)}; "
        f"{sum(use.growth < 1 for use in study.uses_if_all)} links would be too full."
    )
    weakest = min(study.cuts, key=lambda cut: (cut.mbps, cut.source))
    single = sum(len(cut.links) == 1 for cut in study.cuts)
    yield (
        f"Least cut between a commune and the agents: {number(weakest.mbps)} Mbit/s, "
        f"{label(weakest.source)}; {single} of {len(study.cuts)} communes hang on one link."
    )
    for streams, count in (
        (f"{study.streams} streams at once", study.nodes),
        ("every stream of every camera", study.nodes_if_all),
    ):
        nodes = count.nodes
        yield (
            f"Ingest, {streams}: {nodes.value:.0f} nodes ({nodes.low:.0f} to {nodes.high:.0f}), "
            f"one spare included, {count.cameras_per_node} streams each; {count.binds} binds"
            + (" (another profile was measured: scaled)." if count.extrapolated else ".")
        )
    if study.blind:
        times = ", ".join(f"{name} {figure.value:.0f} s" for name, figure in study.blind.items())
        yield f"Blind after a power cut, from the return of the current: {times}."
    yield f"Ingest measured on {capacity.provenance.measured_on}, {capacity.provenance.host}."


def _first(study: Study, use: LinkUse) -> str:
    if math.isinf(use.growth):
        return "none, nothing is carried"
    return (
        f"{study.network.label(use.name)}, as full as allowed when everything on it is "
        f"multiplied by {_times(use.growth).removeprefix('× ')} (peak {number(use.load.peak)} of "
        f"{number(use.capacity_mbps)} Mbit/s)"
    )


def _show_recordings(terminal: Console, study: Study) -> None:
    table = Table(
        "recorded",
        "kept",
        *_right("To", "disks", "recorders", "permanent Mbit/s to the centre"),
        title="Recordings",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for kept in study.recordings:
        days = (
            "each commune's" if kept.retention_days is None else f"{kept.retention_days:.0f} days"
        )
        table.add_row(
            {"edge": "in the communes", "centre": "at the centre"}[kept.where],
            days,
            *map(number, (kept.stored_tb, kept.disks, kept.recorders, kept.wide_area_mbps)),
        )
    terminal.print("", table, "")


def _show_costs(terminal: Console, study: Study) -> None:
    table = Table(
        "cost, without VAT",
        *_right("quantity", "", "investment €", "€ a year", "low to high"),
        title="Costs (prices: hypotheses of data/assumptions.yaml)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for line in study.costs:
        once, yearly = line.investment, line.yearly
        table.add_row(
            line.item,
            number(line.quantity),
            line.quantity_unit,
            number(once.value),
            number(yearly.value),
            _range(yearly),
        )
    once_eur = sum(line.investment.value for line in study.costs)
    total = [sum(getattr(c.yearly, end) for c in study.costs) for end in ("value", "low", "high")]
    table.add_row("Total", "", "", number(once_eur), number(total[0]),
                  f"{number(total[1])} to {number(total[2])}", style="bold")  # fmt: skip
    terminal.print(table, "")


def _failure_cells(found: Failures, row: FailureRow) -> tuple[str, ...]:
    target, yearly = row.failure.target, row.yearly
    numbers = (
        yearly.camera_h,
        yearly.viewing_h,
        yearly.notices,
        yearly.requisitions_lost,
        yearly.requisitions_delayed,
    )
    return (
        _named(found, target),
        f"{target.failures_per_year:.3g}",
        f"{target.repair_h:g}",
        f"{row.cameras:,}",
        *map(number, numbers),
        number(row.doubling.per_year.value) if row.doubling else "none",
    )


def _named(found: Failures, target: Target) -> str:
    return f"{CAUSES[target.cause]}, {found.network.label(target.name)}"


def _verdict(found: Failures) -> Iterator[str]:
    worst = found.rows[0]
    target = worst.failure.target
    yield (
        f"Hurts most in a year: {_named(found, target)}: {worst.communes} communes and "
        f"{worst.cameras:,} cameras dark for {target.repair_h:g} h, "
        f"{target.failures_per_year:.3g} times a year. That is {number(worst.yearly.camera_h)} "
        f"camera-hours a year, {' to '.join(map(number, found.envelope))} from the mild to the "
        "harsh end of all that is assumed of failures."
    )
    if worst.doubling:
        price = worst.doubling
        yield (
            f"A second one costs {number(price.investment.value)} € and "
            f"{number(price.yearly.value)} € a year: {number(price.per_year.value)} € a year in "
            f"all ({_range(price.per_year)}), {_per_hour(worst)}."
        )
    for moved, other in found.reversals.items():
        yield f"Another would come first with {moved}: {_named(found, other)}."
    paid = [row for row in found.rows if row.doubling and row.yearly.camera_h >= 1]
    best = min(paid, key=_price_per_hour, default=None)
    if best:
        yield f"Best spent: {_named(found, best.failure.target)}, {_per_hour(best)}."
    yield f"An agent could see a camera {found.availability:.2%} of the time, its own faults aside."


def _price_per_hour(row: FailureRow) -> float:
    return row.doubling.per_year.value / row.yearly.camera_h if row.doubling else math.inf


def _per_hour(row: FailureRow) -> str:
    return f"{number(_price_per_hour(row))} € per camera-hour that it saves"


def _show_replays(terminal: Console, found: Failures) -> None:
    table = Table(
        Column("what fails", no_wrap=True),
        *_right("played", "viewing h", "notices", "at most", "alerts", "réq. lost"),
        title="Played again: lost per failure once the agents look elsewhere (95 % interval)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    at_most = {id(row.failure): row.once.notices for row in found.rows}
    for each in found.replays:
        table.add_row(
            _named(found, each.failure.target),
            str(each.imposed),
            *_lost_cells(each.lost, number(at_most[id(each.failure)])),
        )
    yearly = sum(row.yearly.notices for row in found.rows)
    table.add_row("everything, over the horizon", "", *_lost_cells(found.year, number(yearly)))
    terminal.print("", table, "")


def _lost_cells(lost: Lost, at_most: str) -> tuple[str, ...]:
    return (
        _estimate(lost.viewing_h),
        _estimate(lost.notices),
        at_most,
        _estimate(lost.alerts),
        _estimate(lost.requisitions),
    )


def _right(*titles: str) -> list[Column]:
    return [Column(title, justify="right") for title in titles]


def _range(figure: Figure) -> str:
    return f"{number(figure.low)} to {number(figure.high)}"


def _estimate(found: Estimate) -> str:
    if math.isnan(found.low):
        return number(found.mean)
    return f"{number(found.mean)} ({number(found.low)} to {number(found.high)})"


def _times(growth: float) -> str:
    return "—" if math.isinf(growth) else f"× {growth:.2g}" if growth < 10 else f"× {growth:.0f}"


def _hour(hour: int) -> str:
    day, clock = divmod(hour % HOURS, 24)
    return f"{DAYS[day]} {clock:02d}:00"
