"""The public services answer, misbehave or are away: the data change entirely or not at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.sources.official_base import Cell, facts_copy, new_table, text
from twin.errors import InputError, MissingError
from twin.files import data_folder
from twin.sources import refresh as module
from twin.sources.facts import FACTS_FILE, INDICATORS, read_communes, read_facts
from twin.sources.refresh import BOUNDARIES_FILE, public_client, refresh

BASE = "https://static.data.gouv.fr/resources/com.csv.gz"
TITLE = "COM - Base statistique communale (csv.gz)"
COMMUNES = sorted(read_communes(data_folder())["insee"])

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def facts_folder(tmp_path: Path) -> Path:
    return facts_copy(tmp_path)


def dataset(**changes: str) -> dict[str, object]:
    communal = {"title": TITLE, "format": "csv.gz", "url": BASE, **changes}
    other = {"title": "DEP - Base départementale", "format": "csv", "url": "https://x.gouv.fr/d"}
    heavy = {"title": "COM - Base (csv)", "format": "csv", "url": "https://x.gouv.fr/big"}
    return {"resources": [other, heavy, communal]}


def base(communes: list[str] = COMMUNES) -> bytes:
    cells = [
        Cell(insee, year, name, 6)
        for insee in communes
        for year in range(2016, 2027)
        for name in INDICATORS
    ]
    return gzip.compress(text(new_table(cells), quoted=True).encode())


WHOLE = base()


def outlines(communes: list[str] = COMMUNES, shape: str = "Polygon") -> dict[str, object]:
    ring = [[3.0, 50.6], [3.1, 50.6], [3.1, 50.7], [3.0, 50.6]]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": code, "nom": code},
                "geometry": {"type": shape, "coordinates": [ring]},
            }
            for code in reversed(communes)
        ],
    }


def service(**answers: Answer | httpx.Response) -> httpx.Client:
    """Client of the three services; a test replaces the answers that it spoils."""
    known: dict[str, Answer | httpx.Response] = {
        "www.data.gouv.fr": httpx.Response(200, json=dataset()),
        "static.data.gouv.fr": httpx.Response(200, content=WHOLE),
        "geo.api.gouv.fr": httpx.Response(200, json=outlines()),
    }
    short = {"dataset": "www.data.gouv.fr", "base": "static.data.gouv.fr", "geo": "geo.api.gouv.fr"}
    known.update({short[name]: answer for name, answer in answers.items()})

    def handle(request: httpx.Request) -> httpx.Response:
        answer = known[request.url.host]
        return answer(request) if callable(answer) else answer

    return httpx.Client(transport=httpx.MockTransport(handle), follow_redirects=True)


def test_a_refresh_replaces_the_facts_and_writes_the_outlines(facts_folder: Path) -> None:
    with service() as client:
        brought = refresh(facts_folder, client)
    facts = read_facts(facts_folder / FACTS_FILE)
    assert (brought.title, brought.geography) == (TITLE, 2026)
    assert len(facts) == 95 * 15 * 11
    assert set(facts["count"]) == {6}
    assert brought.changes["kind"].value_counts()["only theirs"] == 95 * 15
    shapes = json.loads((facts_folder / BOUNDARIES_FILE).read_text(encoding="utf-8"))
    assert [one["properties"]["code"] for one in shapes["features"]] == COMMUNES


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Name or service not known", request=request)


def slow(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too slow", request=request)


MISBEHAVIOUR = {
    "no internet": ({"dataset": away}, MissingError, "no answer (ConnectError); is there an"),
    "too slow": ({"base": slow}, MissingError, "no answer (ReadTimeout)"),
    "gone": ({"dataset": httpx.Response(404)}, MissingError, "the service answers 404"),
    "base gone": (
        {"base": httpx.Response(410)},
        MissingError,
        "com.csv.gz: the service answers 410",
    ),
    "page": ({"dataset": httpx.Response(200, text="<html>")}, InputError, "the answer is not JSON"),
    "other shape": ({"dataset": httpx.Response(200, json=[])}, InputError, "has another shape"),
    "no base": (
        {"dataset": httpx.Response(200, json={"resources": []})},
        MissingError,
        'no file titled "COM - ..." as csv.gz, parquet, csv',
    ),
    "elsewhere": (
        {"dataset": httpx.Response(200, json=dataset(url="https://evil.example/com"))},
        InputError,
        "https://evil.example/com: not a public service (https, .gouv.fr)",
    ),
    "not https": (
        {"dataset": httpx.Response(200, json=dataset(url="http://static.data.gouv.fr/com"))},
        InputError,
        "com: not a public service",
    ),
    "sent elsewhere": (
        {
            "dataset": lambda r: httpx.Response(
                302, headers={"location": "https://geo.api.gouv.fr/"}
            ),
            "geo": httpx.Response(200, json={"features": []}),
        },
        InputError,
        "has another shape",
    ),
    "damaged base": (
        {"base": httpx.Response(200, content=WHOLE[:-30])},
        InputError,
        "cut or damaged",
    ),
    "incomplete base": (
        {"base": httpx.Response(200, content=base(COMMUNES[1:]))},
        InputError,
        "165 cells of 15675 are missing",
    ),
    "outline missing": (
        {"geo": httpx.Response(200, json=outlines(COMMUNES[:-1]))},
        InputError,
        "an outline is missing or has no shape ('59670')",
    ),
    "points": (
        {"geo": httpx.Response(200, json=outlines(shape="Point"))},
        InputError,
        "outlines are expected, found Point",
    ),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_whatever_goes_wrong_nothing_changes(facts_folder: Path, case: str) -> None:
    answers, kind, sentence = MISBEHAVIOUR[case]
    before = {file.name: file.read_bytes() for file in facts_folder.iterdir()}
    with service(**answers) as client, pytest.raises(kind) as refused:
        refresh(facts_folder, client)
    assert sentence in str(refused.value)
    assert {file.name: file.read_bytes() for file in facts_folder.iterdir()} == before


def test_a_flood_is_cut(facts_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BASE_BYTES", 1_000)
    with service() as client, pytest.raises(InputError, match="more than 1000 bytes"):
        refresh(facts_folder, client)
    assert not (facts_folder / BOUNDARIES_FILE).exists()


def test_the_public_client_never_waits_for_ever() -> None:
    with public_client() as client:
        assert all(limit is not None for limit in client.timeout.as_dict().values())
        assert client.follow_redirects
