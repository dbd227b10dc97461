"""Whether somebody has to wait for a compiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.model.centre.engines import must_compile
from twin.model.centre.kernel.compiled import cache_folder


def test_only_the_kernel_has_to_be_compiled_until_its_code_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMSU_CACHE", str(tmp_path))
    (cache_folder() / "kernel").mkdir(parents=True)
    assert must_compile("kernel")
    assert not must_compile("reference")
    (cache_folder() / "kernel" / "run.nbc").touch()
    assert not must_compile("kernel")
