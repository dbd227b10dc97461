from __future__ import annotations

import sys
from pathlib import Path

import pytest

from twin.contracts import StreamProfile, load_stream_types
from twin.errors import MissingError
from twin.streams.frames import cache_folder, encoded, split_nals
from twin.streams.probe import source_digests

pytest.importorskip("av")


@pytest.mark.parametrize("key", ["SUB", "P1"])
def test_a_loop_decodes_whole_at_about_its_bitrate(key: str) -> None:
    profile = load_stream_types().profiles[key]
    video = encoded(profile)
    assert len(source_digests(video)) == len(video.frames) == 2 * profile.gop_s * profile.fps
    assert video.packets().mbit_s == pytest.approx(profile.bitrate_mbit_s, rel=0.2)


def test_h265_has_its_three_parameter_sets(small: StreamProfile) -> None:
    video = encoded(small.model_copy(update={"codec": "h265"}))
    assert [nal[0] >> 1 for nal in video.parameter_sets] == [32, 33, 34]


def test_the_cache_gives_the_same_loop_back(small: StreamProfile, tmp_path: Path) -> None:
    first = encoded(small, tmp_path)
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    assert encoded(small, tmp_path).frames == first.frames
    assert kept.stat().st_mtime_ns == before


def test_a_truncated_cache_is_made_again(small: StreamProfile, tmp_path: Path) -> None:
    first = encoded(small, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert encoded(small, tmp_path).frames == first.frames


def test_without_pyav_one_sentence(
    small: StreamProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingError, match="PyAV is not installed"):
        encoded(small, tmp_path)


def test_the_cache_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSU_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("CMSU_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/else")
    assert cache_folder() == Path("/else/cmsu-twin")


def test_nals_with_short_and_long_start_codes() -> None:
    assert split_nals(b"\0\0\1a\0\0\0\0\1b") == [b"a", b"b"]
    assert split_nals(b"") == []
