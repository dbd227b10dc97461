"""Reading and writing files so that nothing is half-written and nothing is misread."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from twin.errors import InputError, MissingError, did_you_mean

__all__ = [
    "Row",
    "as_yaml",
    "atomic_write",
    "canonical_json",
    "data_folder",
    "digest",
    "load_yaml",
    "mapping",
    "plain",
    "read_rows",
    "scalar",
    "validated",
]

MAX_YAML_BYTES = 1_000_000
MAX_YAML_DEPTH = 30
MAX_CSV_BYTES = 50_000_000

_YES_OR_NO = re.compile(r"(?i)y|n|yes|no|on|off")
_TIME = re.compile(r"[-+]?\d+(:\d+)+(\.\d*)?")

Row = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)


def data_folder() -> Path:
    """Folder of facts, laws and assumptions: ``data/`` beside the package, or ``CMSU_DATA``."""
    return _folder(os.environ.get("CMSU_DATA"))


@cache
def _folder(named: str | None) -> Path:
    """Looked for once: a budget drawn two thousand times asks for it a hundred times each."""
    folder = Path(named) if named else Path(__file__).resolve().parent.parent / "data"
    if not folder.is_dir():
        raise MissingError(f"the data folder {folder} does not exist: set CMSU_DATA to it")
    return folder


def atomic_write(path: Path, content: bytes | str) -> None:
    """Write `content` beside `path`, flush it to the disk and rename it into place.

    A reader sees the old file or the new one, never a part of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def canonical_json(value: object) -> str:
    """JSON with one spelling per value: sorted keys, shortest floats, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 1.0, "a": [True, None]})
    '{"a":[true,null],"b":1.0}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def plain(value: Any) -> Any:
    """Value as JSON holds it, all the way down: arrays are lists, a number that is none is null.

    Examples
    --------
    >>> plain({"low": float("nan"), "pair": (1, 2.5)})
    {'low': None, 'pair': [1, 2.5]}
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    match value:
        case Mapping():
            return {str(key): plain(held) for key, held in value.items()}
        case list() | tuple():
            return [plain(held) for held in value]
        case float() if not math.isfinite(value):
            return None
    return value


def digest(*parts: bytes | str | Path) -> str:
    """SHA-256, in hexadecimal, of byte strings, texts and the content of files, in order.

    Examples
    --------
    >>> digest("a", b"b") == digest("a", "b")
    True
    >>> digest("ab") == digest("a", "b")
    False
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.read_bytes()
        else:
            data = part.encode("utf-8") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


class _StrictLoader(yaml.SafeLoader):
    """YAML without its traps: each is refused with the line and the way to write it."""

    where: str
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise self.refused(mark, "aliases (*name) are not allowed")
        self.depth += 1
        if self.depth > MAX_YAML_DEPTH:
            raise self.refused(mark, f"more than {MAX_YAML_DEPTH} levels of nesting")
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            self.refuse_ambiguous(node)
        return node

    def refuse_ambiguous(self, node: yaml.ScalarNode) -> None:
        text = node.value
        if _TIME.fullmatch(text):
            raise self.refused(node.start_mark, f'write the time {text} in quotes: "{text}"')
        if _YES_OR_NO.fullmatch(text):
            raise self.refused(
                node.start_mark, f'"{text}" is ambiguous: write true, false or quote it'
            )
        if re.fullmatch(r"0\d+", text):
            raise self.refused(node.start_mark, f'write the code {text} in quotes: "{text}"')
        if re.fullmatch(r"[-+]?\.(inf|nan)", text, re.IGNORECASE):
            raise self.refused(node.start_mark, f"{text} is not a number that can be used here")

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.refused(key_node.start_mark, "a key must be a plain word")
            if key_node.value in seen:
                raise self.refused(key_node.start_mark, f'the key "{key_node.value}" comes twice')
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)

    def refused(self, mark: yaml.Mark, sentence: str) -> InputError:
        return InputError(f"{self.where}, line {mark.line + 1}: {sentence}")


def load_yaml(path: Path) -> dict[str, Any]:
    """Mapping held by a YAML file, read strictly.

    Refused, each with one sentence: aliases, duplicate keys, unquoted times, unquoted yes / no /
    on / off, unquoted codes with a leading zero, infinities, deep nesting, files over 1 MB.
    """
    return mapping(_text(path, MAX_YAML_BYTES), str(path))


def mapping(text: str, where: str) -> dict[str, Any]:
    """Mapping held by a YAML text, read as strictly as a file."""
    content = _parsed(text, where)
    if not isinstance(content, dict):
        raise InputError(f"{where}: a mapping of keys to values is expected")
    return content


def scalar(text: str, where: str) -> Any:
    """One YAML value given outside a file, read as strictly; a time needs no quotes there.

    Examples
    --------
    >>> scalar("5", "--set"), scalar("18:00", "--set"), scalar("'07'", "--set")
    (5, '18:00', '07')
    """
    if _TIME.fullmatch(text.strip()):
        return text.strip()
    if not text.strip():
        raise InputError(f'{where}: a value is expected after "="')
    value = _parsed(text, where)
    if isinstance(value, dict | list):
        raise InputError(f"{where}: {text} is not a single value")
    return value


def _parsed(text: str, where: str) -> Any:
    try:
        loader = _StrictLoader(text)
        loader.where = where
        return loader.get_single_data()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{where}{line}: not valid YAML ({problem.problem})") from None
    except yaml.YAMLError as problem:
        raise InputError(f"{where}: not valid YAML ({str(problem).splitlines()[0]})") from None
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{where}: a value cannot be read ({problem})") from None


class _StrictDumper(yaml.SafeDumper):
    """Quotes what the strict reader refuses unquoted: times, codes, dates, yes and no."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        plain = text.isidentifier() and not _YES_OR_NO.fullmatch(text)
        style = None if plain else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_StrictDumper.add_representer(str, _StrictDumper.represent_text)


def as_yaml(content: Mapping[str, Any]) -> str:
    """YAML that `load_yaml` reads back to the same.

    Examples
    --------
    >>> print(as_yaml({"seats": {"pattern": "three_by_eight", "check_hour": "08:00"}}), end="")
    seats:
      pattern: three_by_eight
      check_hour: "08:00"
    """
    return yaml.dump(content, Dumper=_StrictDumper, sort_keys=False, allow_unicode=True)


def read_rows(
    path: Path, columns: Mapping[str, Callable[[str], Any]], *, optional: Iterable[str] = ()
) -> list[Row]:
    """Rows of a CSV file with a header; each cell goes through the converter of its column.

    Parameters
    ----------
    path : Path
        UTF-8 (a byte order mark is allowed), separated by commas or semicolons.
    columns : mapping of str to callable
        Expected columns; a converter raises ``ValueError`` with what is allowed.
    optional : iterable of str
        Columns of `columns` that the file may leave out: they come as the conversion of "".

    Raises
    ------
    InputError
        An unknown, missing or repeated column; a wrong number of cells; a refused cell. The
        sentence gives the file, the line and the column.
    """
    text = _text(path, MAX_CSV_BYTES)
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(text.splitlines(), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, columns, set(optional))
        rows = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells, {len(header)} expected"
                )
            found = dict(zip(header, cells, strict=True))
            rows.append(
                {
                    name: _cell(path, reader.line_num, name, found.get(name, ""), convert)
                    for name, convert in columns.items()
                }
            )
    except csv.Error as problem:
        raise InputError(f"{path}, line {reader.line_num}: not valid CSV ({problem})") from None
    return rows


def _check_header(
    path: Path, header: list[str], columns: Mapping[str, object], optional: set[str]
) -> None:
    for name in header:
        if name not in columns:
            raise InputError(
                f'{path}, line 1: unknown column "{name}"; {did_you_mean(name, columns)}'
            )
        if header.count(name) > 1:
            raise InputError(f'{path}, line 1: the column "{name}" comes twice')
    for name in columns:
        if name not in header and name not in optional:
            raise InputError(f'{path}, line 1: the column "{name}" is missing')


def _cell(path: Path, line: int, name: str, cell: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(cell.strip())
    except ValueError as problem:
        raise InputError(f'{path}, line {line}, column {name}: "{cell}" ({problem})') from None


def _text(path: Path, limit: int) -> str:
    try:
        size = path.stat().st_size
        if size > limit:
            raise InputError(f"{path}: {size} bytes, at most {limit} are allowed")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MissingError(f"{path}: no such file") from None
    except UnicodeDecodeError as problem:
        raise InputError(f"{path}: not UTF-8 text (byte {problem.start})") from None
    except OSError as problem:
        raise MissingError(f"{path}: cannot be read ({problem.strerror})") from None


def validated(model: type[Model], content: object, where: str) -> Model:
    """`content` as a `model`, or one sentence: where, which key, what was found and is allowed."""
    try:
        return model.model_validate(content)
    except ValidationError as problem:
        errors = problem.errors(include_url=False)
    # A misspelt key is also a missing one: the sentence that names it says more.
    error = next((found for found in errors if found["type"] == "extra_forbidden"), errors[0])
    location = [str(part) for part in error["loc"]]
    key = ".".join(location) or "content"
    if error["type"] == "extra_forbidden":
        hint = did_you_mean(location[-1], _fields_at(model, location[:-1]))
        raise InputError(f'{where}: unknown key "{key}"; {hint}')
    message = error["msg"].removeprefix("Value error, ")
    found = "" if error["type"] == "missing" else f" (found {error['input']!r:.80})"
    raise InputError(f"{where}: {key}: {message}{found}")


def _fields_at(model: type[BaseModel], location: list[str]) -> list[str]:
    """Names allowed at `location` inside `model`; list indices and mapping keys are skipped."""
    current = model
    for part in location:
        field = current.model_fields.get(part)
        if field is not None:
            current = _inner_model(field.annotation) or current
    return list(current.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner_model(part))), None)
