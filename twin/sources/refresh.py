"""The same facts, and the boundaries of the communes, from the public services themselves.

Both are fetched and understood before anything is written, so that a cut connection or an
unexpected answer leaves ``data/`` as it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from twin.errors import InputError, MissingError
from twin.files import atomic_write
from twin.sources.facts import (
    FACTS_FILE,
    differences,
    read_communes,
    read_facts,
    require_complete,
    write_facts,
)
from twin.sources.optional import optional_library
from twin.sources.ssmsi import read_base

if TYPE_CHECKING:
    import httpx

__all__ = ["BOUNDARIES_FILE", "Refreshed", "public_client", "refresh"]

BOUNDARIES_FILE = "communes.geojson"

DATASET = "https://www.data.gouv.fr/api/1/datasets/621df2954fa5a3b5a023e23c/"
BOUNDARIES = (
    "https://geo.api.gouv.fr/epcis/200093201/communes"
    "?fields=code,nom&format=geojson&geometry=contour"
)
PUBLIC_DOMAIN = ".gouv.fr"
BASE_TITLE = "COM - "
BASE_FORMATS = ("csv.gz", "parquet", "csv")

MAX_ANSWER_BYTES = 30_000_000
MAX_BASE_BYTES = 300_000_000
CONNECT_S = 10
READ_S = 60


@dataclass(frozen=True)
class Refreshed:
    """What a refresh brought.

    Attributes
    ----------
    title : str
        Title of the file, as its producer gives it.
    geography : int or None
        Year of its communal geography.
    changes : DataFrame
        Cells that differ from the table it replaces, see `twin.sources.facts.differences`.
    """

    title: str
    geography: int | None
    changes: pd.DataFrame


def public_client() -> httpx.Client:
    """Client for the public services: bounded waits, redirections followed."""
    library = optional_library("httpx", "data")
    client: httpx.Client = library.Client(
        timeout=library.Timeout(READ_S, connect=CONNECT_S), follow_redirects=True
    )
    return client


def refresh(folder: Path, client: httpx.Client) -> Refreshed:
    """Bring ``recorded_facts.csv`` and ``communes.geojson`` of `folder` up to date.

    Raises
    ------
    MissingError
        A service cannot be reached, refuses, or no longer offers the file.
    InputError
        What came is too large or is not what was announced.
    """
    communes = frozenset(read_communes(folder)["insee"])
    ours = read_facts(folder / FACTS_FILE)
    resource = _communal_base(_json(client, DATASET))
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / "base"
        _download(client, resource["url"], file, MAX_BASE_BYTES)
        base = read_base(file, communes)
    require_complete(base.facts, communes, ours["year"], resource["url"])
    boundaries = _boundaries(_json(client, BOUNDARIES), communes)
    changes = differences(ours, base.facts)
    write_facts(folder / FACTS_FILE, base.facts)
    atomic_write(folder / BOUNDARIES_FILE, boundaries)
    return Refreshed(resource["title"], base.geography, changes)


def _communal_base(dataset: Any) -> dict[str, str]:
    """Address and title of the base, the lightest format first: both change each edition."""
    try:
        offered = [one for one in dataset["resources"] if one["title"].startswith(BASE_TITLE)]
        for wanted in BASE_FORMATS:
            for one in offered:
                if one["format"] == wanted:
                    return {"url": str(one["url"]), "title": str(one["title"])}
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{DATASET}: the description of the data set has another shape") from None
    raise MissingError(f'{DATASET}: no file titled "{BASE_TITLE}..." as {", ".join(BASE_FORMATS)}')


def _boundaries(collection: Any, communes: Collection[str]) -> str:
    """GeoJSON of the communes' outlines, one per commune, sorted by code."""
    try:
        features = {one["properties"]["code"]: one for one in collection["features"]}
        shapes = {features[code]["geometry"]["type"] for code in communes}
    except (KeyError, TypeError) as problem:
        raise InputError(
            f"{BOUNDARIES}: an outline is missing or has no shape ({problem})"
        ) from None
    if not shapes <= {"Polygon", "MultiPolygon"}:
        raise InputError(f"{BOUNDARIES}: outlines are expected, found {', '.join(sorted(shapes))}")
    kept = [features[code] for code in sorted(communes)]
    return json.dumps({"type": "FeatureCollection", "features": kept}, ensure_ascii=False)


def _json(client: httpx.Client, url: str) -> Any:
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / "answer"
        _download(client, url, file, MAX_ANSWER_BYTES)
        try:
            return json.loads(file.read_bytes())
        except ValueError:
            raise InputError(f"{url}: the answer is not JSON") from None


def _download(client: httpx.Client, url: str, target: Path, limit: int) -> None:
    """Write what `url` answers to `target`, piece by piece and never more than `limit` bytes."""
    httpx = optional_library("httpx", "data")
    _require_public(httpx.URL(url))
    try:
        with client.stream("GET", url) as answer, target.open("wb") as stream:
            _require_public(answer.url)
            if answer.status_code != httpx.codes.OK:
                raise MissingError(f"{url}: the service answers {answer.status_code}")
            size = 0
            for piece in answer.iter_bytes():
                size += len(piece)
                if size > limit:
                    raise InputError(f"{url}: more than {limit} bytes")
                stream.write(piece)
    except httpx.HTTPError as problem:
        raise MissingError(
            f"{url}: no answer ({type(problem).__name__}); is there an internet connection?"
        ) from None


def _require_public(url: httpx.URL) -> None:
    if url.scheme != "https" or not url.host.endswith(PUBLIC_DOMAIN):
        raise InputError(f"{url}: not a public service (https, {PUBLIC_DOMAIN})")
