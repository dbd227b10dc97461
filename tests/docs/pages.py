"""The documentation as it is written: pages, and the rows they ask a reader to add."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"`(?P<file>[\w./]+)`:\n\n```\w+\n(?P<content>.*?)```", re.DOTALL)
_PARENT = re.compile(r"^(\w+:)\n", re.MULTILINE)


def follow(page: str, folder: Path) -> list[Path]:
    """Add to the files of `folder` what a page shows under their names, and return them.

    Rows go to the end of a table. A block of YAML goes under its first key, which the file has.
    """
    text = (DOCS / page).read_text(encoding="utf-8")
    changed = []
    for block in _BLOCK.finditer(text):
        path = folder / block["file"]
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        add = _under_keys if path.suffix == ".yaml" else str.__add__
        path.write_text(add(known, block["content"]), encoding="utf-8")
        changed.append(path)
    return changed


def _under_keys(known: str, content: str) -> str:
    _, *parts = _PARENT.split(content)
    for key, lines in zip(parts[::2], parts[1::2], strict=True):
        assert len(re.findall(rf"^{key}$", known, re.MULTILINE)) == 1, key
        known = re.sub(rf"^{key}\n", lambda found, more=lines: found[0] + more, known, flags=re.M)
    return known
