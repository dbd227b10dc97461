import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from twin.cli import main


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def twin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Call the command line as a terminal does."""

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["twin", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return Answer(int(stop.value.code or 0), *capsys.readouterr())

    return call
