"""The pages lead somewhere, and the project stands on its own."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

INDEX = DOCS / "README.md"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]+)[^)]*\)")
PATH = re.compile(r"`((?:data|docs|tests|twin)/[\w./*-]*|[\w-]+\.(?:cff|md|py|toml|yaml))`")

# Built from parts, so that this file does not hold them.
BRIEFS = ("DESIGN", "CENTRE", "domain", "practice", "exemplars", "oracles", "ssmsi_schema")
INDEXES = (("index", "-url"), ("find", "-links"), ("pypi", ".org"), ("pythonhosted", ".org"))
FORBIDDEN = [
    r"(?<![\w.-])/(?:work|tmp|home|root)/",
    re.escape("/".join(("..", "shared"))),
    *(re.escape("".join(parts)) for parts in INDEXES),
    *(rf"\b{name}\.md\b" for name in BRIEFS),
]


@cache
def tracked() -> list[Path]:
    """Files of the project: known to git, or about to be."""
    question = "ls-files -z --cached --others --exclude-standard".split()
    command = ["git", "-c", f"safe.directory={ROOT}", *question]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    found = {ROOT / name for name in names.decode().split("\0") if name}
    return sorted(path for path in found if path.is_file())


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def linked(page: Path) -> set[Path]:
    return {(page.parent / target).resolve() for target in LINK.findall(text_of(page))}


def exists(name: str) -> bool:
    """Whether a path from the root exists, or a file of that bare name anywhere."""
    if "/" in name:
        return any(ROOT.glob(name))
    return any(path.name == name for path in tracked())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_path_of_a_page_exists(page: Path) -> None:
    links = [str(target) for target in linked(page) if not target.exists()]
    assert links + [name for name in PATH.findall(text_of(page)) if not exists(name)] == []


def test_every_page_is_reached_from_the_index() -> None:
    reached, waiting = {INDEX}, [INDEX]
    while waiting:
        new = {page for page in linked(waiting.pop()) if page.suffix == ".md"} - reached
        reached |= new
        waiting += new
    assert {page for page in PAGES if page.parent != ROOT} - reached == set()
    assert "docs/README.md" in text_of(ROOT / "README.md")


def test_the_patterns_see_what_they_are_for() -> None:
    text = "[a](b.md#c) [d](https://e.f) `data/x.csv` `twin/y/` `app.py` `a.b` `--out DIR`"
    assert LINK.findall(text) == ["b.md"]
    assert PATH.findall(text) == ["data/x.csv", "twin/y/", "app.py"]
    assert (exists("app.py"), exists("data/*.csv")) == (True, True)
    assert (exists("apps.py"), exists("data/none.csv")) == (False, False)
    for root in ("tmp", "home"):
        assert re.search(FORBIDDEN[0], f"kept in /{root}/runs")
        assert not re.search(FORBIDDEN[0], f"kept in docs/{root}/runs")


def test_the_project_stands_alone() -> None:
    forbidden = re.compile("|".join(FORBIDDEN))
    found = []
    for path in tracked():
        try:
            text = text_of(path)
        except UnicodeDecodeError:
            continue
        name = path.relative_to(ROOT).as_posix()
        found += [(name, word) for word in forbidden.findall(f"{name}\n{text}")]
    assert found == []
