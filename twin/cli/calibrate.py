"""Derived drawer: the constants of the demand and the profiles, written by a command."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.run import JsonOption

if TYPE_CHECKING:
    from twin.model.kappa import Calibration
    from twin.planning.calibration import Prediction

__all__ = ["app"]

app = typer.Typer(
    help="Find the constants of the demand from observed centres; compute the profiles.",
    invoke_without_command=True,
)


@app.callback()
def calibrate(
    context: typer.Context,
    years: Annotated[
        int, typer.Option("--years", min=1, help="Simulated years per evaluation.")
    ] = 1,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; every core by default.")
    ] = None,
    predict_only: Annotated[
        bool, typer.Option("--predict-only", help="Predict with the stored constants.")
    ] = False,
    as_json: JsonOption = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Keep the JSON too (runs/predictions.json)."),
    ] = None,
) -> None:
    """Find both constants, write data/derived/calibration.json, predict the other centres."""
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console

    from twin.files import atomic_write, data_folder
    from twin.model.centre.engines import COMPILING, must_compile
    from twin.model.kappa import load_calibration
    from twin.planning.calibration import calibrate, predict
    from twin.scenarios.library import load_library

    console = Console(stderr=as_json)
    if must_compile("kernel"):
        console.print(COMPILING)
    base = load_library()["reference"]
    path = data_folder() / "derived" / "calibration.json"
    if predict_only:
        calibration = load_calibration()
    else:
        with console.status("calibrating") as status:
            calibration = calibrate(
                base,
                replications=years,
                workers=workers or os.cpu_count() or 1,
                progress=lambda step: status.update(f"calibrating: {step}"),
            )
        atomic_write(path, calibration.model_dump_json(indent=1) + "\n")
        console.print(f"written: {path}")
    for name in ("kappa_police", "kappa_nuisance"):
        constant = getattr(calibration, name)
        console.print(
            f"{name}: {constant.central:.1f} in view per camera and year "
            f"({constant.low:.1f} to {constant.high:.1f} over the assumptions)"
        )
    with console.status("predicting the other centres"):
        predictions = predict(base, calibration, years)
    document = json.dumps(_document(calibration, predictions, years), indent=1, ensure_ascii=False)
    if save:
        atomic_write(save, document + "\n")
    if as_json:
        print(document)
        return
    for prediction in predictions:
        centre = prediction.centre
        console.print(
            f"{centre.name}: {prediction.predicted:.0f} predicted "
            f"({prediction.low:.0f} to {prediction.high:.0f} over its seats), "
            f"{centre.value:.0f} observed ({centre.observable}): x {prediction.factor:.2f}"
        )


def _document(
    calibration: Calibration, predictions: list[Prediction], years: int
) -> dict[str, Any]:
    from twin.scenarios.store import engine_digest

    return {
        "made_on": datetime.now(UTC).date().isoformat(),
        "engine": engine_digest(),
        "seed": calibration.seed,
        "years": years,
        "predictions": [
            {
                "centre": each.centre.name,
                "cameras": each.centre.cameras,
                "seats": each.centre.seats,
                "observable": each.centre.observable,
                "grade": each.centre.grade,
                "observed": each.centre.value,
                "predicted": each.predicted,
                "low": each.low,
                "high": each.high,
            }
            for each in predictions
        ],
    }


@app.command("profiles")
def profiles() -> None:
    """Compute the hour-of-week and month profiles, with every anchor and with official ones."""
    from twin.model.assumptions import Sources
    from twin.model.profiles import profiles_file, write_profiles

    for sources in Sources:
        path = profiles_file(sources)
        write_profiles(path, sources)
        print(f"written: {path}")
