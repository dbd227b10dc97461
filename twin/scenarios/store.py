"""Keep runs: one folder per identity, one file per replication, nothing half-written."""

from __future__ import annotations

import io
import json
import platform
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from twin.errors import InputError, MissingError, StoreError
from twin.files import atomic_write, canonical_json, data_folder, digest
from twin.scenarios.schema import NAME, Scenario

__all__ = [
    "SEARCHES",
    "TABLES",
    "Identity",
    "Run",
    "damaged_runs",
    "data_digests",
    "engine_digest",
    "identify",
    "parquet",
    "remove",
    "size",
    "stored_runs",
]

FORMAT = 1
"""Layout of a run's folder; a later one is refused by an earlier twin."""

INDICATORS = pa.schema(
    {
        "indicator": pa.string(),
        "scope": pa.string(),
        "key": pa.string(),
        "value": pa.float64(),
        "unit": pa.string(),
        "family": pa.string(),
    }
)
"""Columns of a replication's file."""

TABLES = ("tasks", "spells", "attention")
"""Tables of a journal, kept when they are asked for."""

SEARCHES = "searches"
"""Folder, among the runs, of the many variants that a search plays."""

_REPLICATION = re.compile(r"replication-(\d{4})\.parquet")
_DIGITS = 12
"""Digits of the identity in the name of its folder."""

_OURS = re.compile(r"(manifest|machine)\.json|replication-.*\.parquet|\..*")
"""Files that a run writes; hidden ones are what an interrupted write leaves."""

_PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "simpy")
_MODEL = Path(__file__).resolve().parent.parent / "model"
_AFTER_THE_RUN = ("budget", "network", "staffing.py", "working_time.py")
"""Rooms of the model that only read what a run found."""
_READ_AFTER = ("budget", "tariffs.yaml", "assumptions.yaml", "published.yaml")
"""Data that a run does not read; it reads the values of assumptions in the resolved scenario."""


@dataclass(frozen=True)
class Identity:
    """What decides of every byte of a run; workers, machine and folder do not.

    Attributes
    ----------
    name : str
        Name of the scenario: it names the folder, and is not hashed.
    scenario : dict
        Resolved scenario, with the values of all its assumptions.
    data : dict of str to str
        Digest of each data file by its path in the data folder.
    engine : str
        Digest of the source of the model, without the rooms that only read a run.
    seed : int
    """

    name: str
    scenario: Mapping[str, Any]
    data: Mapping[str, str]
    engine: str
    seed: int

    @property
    def hash(self) -> str:
        """SHA-256, 64 hexadecimal digits."""
        hashed = {key: value for key, value in vars(self).items() if key != "name"}
        return digest(canonical_json(hashed))

    @property
    def folder(self) -> str:
        """Name of the folder of its run."""
        return f"{self.name}-{self.hash[:_DIGITS]}"

    @property
    def manifest(self) -> dict[str, Any]:
        """Content of ``manifest.json``."""
        return {"format": FORMAT, "identity": self.hash, **vars(self)}


def identify(name: str, scenario: Scenario, seed: int) -> Identity:
    """Return the identity of the run of `scenario` from `seed`, with today's data and engine."""
    if not re.fullmatch(NAME, name):
        raise InputError(f'"{name}" cannot name a run: small letters, digits and _ are allowed')
    return Identity(name, scenario.resolved(), data_digests(data_folder()), engine_digest(), seed)


def data_digests(folder: Path) -> dict[str, str]:
    """Digest of each file of a data folder, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder): path for path in files if not path.name.startswith(".")}
    read = {name: path for name, path in named.items() if name.parts[0] not in _READ_AFTER}
    return {name.as_posix(): digest(path) for name, path in read.items()}


@cache
def engine_digest() -> str:
    """Digest of everything that plays: another one, and a stored run is of another model."""
    named = {path.relative_to(_MODEL): path for path in sorted(_MODEL.rglob("*.py"))}
    played = [name for name in named if name.parts[0] not in _AFTER_THE_RUN]
    return digest(*(part for name in played for part in (name.as_posix(), named[name])))


class Run:
    """The stored run of one identity.

    Parameters
    ----------
    folder : Path
        ``<name>-<first 12 digits of the identity>``, which must hold a manifest.

    Raises
    ------
    StoreError
        The manifest is missing, damaged, or written by a later version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = _json(folder / "manifest.json")
        if self.manifest.get("format") != FORMAT:
            found = self.manifest.get("format")
            raise StoreError(
                f"{folder / 'manifest.json'}: format {found!r} cannot be read, this version of the"
                f" twin reads format {FORMAT}"
            )

    @classmethod
    def opened(cls, identity: Identity, out: Path) -> Run:
        """Return the run of `identity` under `out`, begun if it is not there yet.

        It takes over the replications that the same identity has under another name, or among the
        searches.
        """
        manifest = out / identity.folder / "manifest.json"
        if not manifest.exists():
            _write(manifest, _pretty(identity.manifest))
        run = cls.found(identity, out)
        shelves = (out, out.parent if out.name == SEARCHES else out / SEARCHES)
        for shelf in shelves:
            for folder in sorted(shelf.glob(f"*-{run.folder.name[-_DIGITS:]}")):
                run._take_over(folder)
        return run

    def _take_over(self, folder: Path) -> None:
        for path in sorted(folder.glob("replication-*.parquet")):
            ours = self.folder / path.name
            if _REPLICATION.fullmatch(path.name) and not ours.exists():
                with suppress(StoreError):
                    _indicators(path)
                    _write(ours, path.read_bytes())

    @classmethod
    def found(cls, identity: Identity, out: Path) -> Run:
        """Return the run of `identity` that `out` holds.

        Raises
        ------
        MissingError
            There is none.
        """
        folder = out / identity.folder
        if not folder.exists():
            raise MissingError(
                f"{folder}: no such run; the same levers, data, engine and seed are needed to go on"
            )
        run = cls(folder)
        if run.manifest != identity.manifest:
            raise StoreError(f"{folder / 'manifest.json'} was changed after it was written")
        return run

    @property
    def machine(self) -> dict[str, Any]:
        """Where and how fast it ran, and how many replications were asked."""
        path = self.folder / "machine.json"
        return _json(path) if path.exists() else {}

    @property
    def asked(self) -> int:
        """Replications last asked for."""
        return int(self.machine.get("replications", len(self.finished())))

    @property
    def outdated(self) -> bool:
        """Whether the data or the model are no longer those of the run."""
        made = self.manifest.get("data"), self.manifest.get("engine")
        return made != (data_digests(data_folder()), engine_digest())

    @property
    def interrupted(self) -> bool:
        """Whether fewer replications are finished than were asked."""
        return len(self.finished()) < self.asked

    def finished(self, tables: Iterable[str] = ()) -> set[int]:
        """Return the numbers of the replications that landed, with these `tables` if any."""
        numbered = (_REPLICATION.fullmatch(path.name) for path in self.folder.iterdir())
        return {
            int(number[1])
            for number in numbered
            if number and all(self._file(int(number[1]), table).exists() for table in tables)
        }

    def keep(self, replication: int, indicators: bytes, tables: Mapping[str, bytes]) -> None:
        """Write one replication; its indicators land last, once its tables are safe."""
        for table, content in tables.items():
            _write(self._file(replication, table), content)
        _write(self._file(replication), indicators)

    def record(self, replications: int, workers: int | str, seconds: Mapping[int, float]) -> None:
        """Write ``machine.json``: this machine, what was asked, how long each replication took."""
        known = self.machine.get("seconds", {})
        new = {f"{number:04d}": round(spent, 3) for number, spent in seconds.items()}
        machine = {
            "replications": replications,
            "workers": workers,
            "seconds": dict(sorted((known | new).items())),
        }
        _write(self.folder / "machine.json", _pretty(machine | _machine()))

    def indicators(self, replication: int) -> pd.DataFrame:
        """Return the indicators of one replication: `INDICATORS` as a long table."""
        return _indicators(self._file(replication))

    def _file(self, replication: int, table: str = "") -> Path:
        return self.folder / f"replication-{replication:04d}{table and '-' + table}.parquet"


def _indicators(path: Path) -> pd.DataFrame:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as problem:
        reason = str(problem).splitlines()[0]
        raise StoreError(f"{path}: cannot be read, delete it to run it again ({reason})") from None
    if not table.schema.equals(INDICATORS):
        raise StoreError(f"{path}: not the indicators of a replication, delete it")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def stored_runs(out: Path) -> list[Run]:
    """Return every run kept under `out` that can be read, by name of folder."""
    return [run for run in _opened(out).values() if isinstance(run, Run)]


def damaged_runs(out: Path) -> dict[Path, str]:
    """Folders of the runs kept under `out` that cannot be read, and what is wrong with each."""
    opened = _opened(out).items()
    return {folder: str(run) for folder, run in opened if isinstance(run, StoreError)}


def _opened(out: Path) -> dict[Path, Run | StoreError]:
    opened: dict[Path, Run | StoreError] = {}
    for folder in sorted(path.parent for path in out.glob("*/manifest.json")):
        try:
            opened[folder] = Run(folder)
        except StoreError as problem:
            opened[folder] = problem
    return opened


def size(folder: Path) -> int:
    """Bytes of the files of a run."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def remove(folder: Path) -> None:
    """Remove the files of a run, its manifest last, so that what is left of it is still listed.

    Raises
    ------
    StoreError
        A file cannot be removed, or the folder holds something that no run writes.
    """
    for path in (files := list(folder.iterdir())):
        if not _OURS.fullmatch(path.name):
            raise StoreError(f"{folder}: not removed, no run writes {path.name}")
    try:
        for path in sorted(files, key=lambda path: path.name == "manifest.json"):
            path.unlink()
        folder.rmdir()
    except OSError as problem:
        raise StoreError(f"{folder}: cannot be removed ({problem.strerror})") from None


def parquet(table: pa.Table | pd.DataFrame) -> bytes:
    """Parquet file of a table; the same values give the same bytes."""
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, schema=INDICATORS, preserve_index=False)
    stream = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), stream, compression="zstd")
    return stream.getvalue()


@cache
def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _write(path: Path, content: bytes | str) -> None:
    try:
        atomic_write(path, content)
    except OSError as problem:
        raise StoreError(f"{path}: cannot be written ({problem.strerror})") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not valid JSON"
        raise StoreError(f"{path}: cannot be read ({reason})") from None
    if not isinstance(content, dict):
        raise StoreError(f"{path}: cannot be read (a mapping is expected)")
    return content


def _pretty(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
