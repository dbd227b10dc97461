"""Answers that are known beforehand, put to the engines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.run import JsonOption, tell_compilation, worker_count

if TYPE_CHECKING:
    from twin.validation.proof import Proof

__all__ = ["validate"]


class Engines(StrEnum):
    """Engines put to the question."""

    REFERENCE = "reference"
    KERNEL = "kernel"
    BOTH = "both"


def validate(
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer replications, wider intervals: under a minute.")
    ] = False,
    engine: Annotated[
        Engines, typer.Option("--engine", help="Who plays the cases.")
    ] = Engines.BOTH,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", min=0, help="First entropy of every draw.")
    ] = 1,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="W", min=1, help="Processes; every core by default."),
    ] = None,
    as_json: JsonOption = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Keep the JSON too (runs/validation.json)."),
    ] = None,
) -> None:
    """Play the systems whose answer is known, and compare it with the interval of the run.

    Exit code 1 when a verdict disagrees. All intervals are chosen together: were the means exactly
    normal, right engines would disagree somewhere in one run of a hundred at most.
    """
    from twin.cli.show import watched
    from twin.files import atomic_write
    from twin.validation.case import markdown
    from twin.validation.proof import REPLICATIONS, prove

    engines = [name for name in REPLICATIONS[quick] if engine.value in (name, Engines.BOTH.value)]
    tell_compilation(*engines)
    with watched("validate", 0, "replications") as bar:
        proof = prove(
            engines,
            quick=quick,
            seed=seed,
            workers=worker_count(workers),
            progress=bar.move,
        )
    document = json.dumps(_document(proof), indent=1, ensure_ascii=False, allow_nan=False)
    if save:
        atomic_write(save, document + "\n")
    if as_json:
        print(document)
    else:
        print(markdown(proof.verdicts))
        print("", *_facts(proof), sep="\n")
    if proof.disagreeing:
        verb = "disagrees" if proof.disagreeing == 1 else "disagree"
        count = f"{proof.disagreeing} of {len(proof.verdicts)} verdicts"
        print(f"twin: {count} {verb}", file=sys.stderr)
        raise typer.Exit(1)


def _facts(proof: Proof) -> Iterator[str]:
    from twin.validation.arithmetic import NOT_RUN
    from twin.validation.proof import FALSE_ALARM

    for number, why in NOT_RUN.items():
        yield f"not run: {number}, {why}"
    played = ", ".join(f"{count} on the {engine}" for engine, count in proof.replications.items())
    yield f"replications of each case: {played}; seed {proof.seed}; {proof.seconds:.0f} s"
    yield (
        f"each interval at {100 * proof.confidence:.4f} %: with normal means, right engines "
        f"disagree somewhere in {100 * FALSE_ALARM:g} % of such runs at most"
    )
    yield f"{len(proof.verdicts) - proof.disagreeing} of {len(proof.verdicts)} verdicts agree"


def _document(proof: Proof) -> dict[str, Any]:
    from twin.scenarios.store import engine_digest
    from twin.validation.arithmetic import NOT_RUN
    from twin.validation.proof import FALSE_ALARM

    verdicts = [asdict(verdict) | {"agrees": verdict.agrees} for verdict in proof.verdicts]
    return {
        "made_on": datetime.now(UTC).date().isoformat(),
        "engine": engine_digest(),
        "seed": proof.seed,
        "replications": dict(proof.replications),
        "confidence": proof.confidence,
        "false_alarm": FALSE_ALARM,
        "seconds": round(proof.seconds, 1),
        "disagreeing": proof.disagreeing,
        "not_run": {str(number): why for number, why in NOT_RUN.items()},
        "verdicts": verdicts,
    }
