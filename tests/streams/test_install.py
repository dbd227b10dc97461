from __future__ import annotations

import io
import platform
import random
import shutil
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from twin.errors import InputError, MissingError
from twin.streams.install import MACHINES, RELEASE, find_binary, install

GOOD = b"#!/bin/sh\necho v1.20.1\n"

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in MACHINES,
    reason="no release is known for this platform",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("CMSU_MEDIAMTX", raising=False)


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of a server of releases."""
    folder = tmp_path / "releases"
    (folder / RELEASE).mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder / RELEASE
    server.shutdown()
    thread.join()
    server.server_close()


def archive_name() -> str:
    machine = MACHINES[platform.machine()]
    return f"mediamtx_{RELEASE}_{platform.system().lower()}_{machine}.tar.gz"


def publish(folder: Path, members: dict[str, bytes], cut: int = 0) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    data = buffer.getvalue()[: len(buffer.getvalue()) - cut]
    (folder / archive_name()).write_bytes(data)
    listing = f"{sha256(data).hexdigest()} *{archive_name()}\n{'0' * 64} *another.tar.gz\n"
    (folder / "checksums.sha256").write_text(listing)


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_release_is_installed_once(releases: tuple[str, Path], tmp_path: Path) -> None:
    source, folder = releases
    publish(folder, {"mediamtx": GOOD, "mediamtx.yml": b"x: 1", "LICENSE": b"MIT"})
    seen: list[tuple[int, int]] = []
    found = install(source=source, progress=lambda done, total: seen.append((done, total)))
    assert (found.version, found.sha256) == ("v1.20.1", sha256(GOOD).hexdigest())
    assert seen[-1][0] == seen[-1][1] > 0
    assert kept(tmp_path) == [found.path]
    assert install(source="http://127.0.0.1:9/nobody") == found


def test_a_wrong_digest_installs_nothing(releases: tuple[str, Path], tmp_path: Path) -> None:
    source, folder = releases
    publish(folder, {"mediamtx": GOOD})
    archive = folder / archive_name()
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(InputError, match="was published; nothing installed"):
        install(source=source)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("members", "cut", "sentence"),
    [
        ({"mediamtx": GOOD + random.Random(1).randbytes(99_999)}, 50_000, "not a readable archive"),
        ({"../mediamtx": GOOD}, 0, "has no place in a release"),
        ({"/mediamtx": GOOD}, 0, "has no place in a release"),
        ({"README": b"x"}, 0, "holds no program"),
        ({"mediamtx": b"#!/bin/sh\necho hello\n"}, 0, "is not a MediaMTX: --version says 'hello'"),
        ({"mediamtx": b"#!/bin/sh\necho v1.16.3\n"}, 0, "1.17 or later is needed"),
    ],
)
def test_a_bad_archive_installs_nothing(
    releases: tuple[str, Path], tmp_path: Path, members: dict[str, bytes], cut: int, sentence: str
) -> None:
    source, folder = releases
    publish(folder, members, cut)
    with pytest.raises(InputError, match=sentence):
        install(source=source)
    assert kept(tmp_path) == []


def test_an_unlisted_archive_is_refused(releases: tuple[str, Path]) -> None:
    source, folder = releases
    (folder / "checksums.sha256").write_text("")
    with pytest.raises(InputError, match="does not list"):
        install(source=source)


def test_without_network_one_sentence() -> None:
    with pytest.raises(MissingError, match="cannot be downloaded"):
        install(source="http://127.0.0.1:9")


def test_another_platform_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(MissingError, match="riscv64"):
        install()


def script(path: Path, says: str) -> Path:
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def test_the_option_then_the_environment_then_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    option, named = script(tmp_path / "a", "v1.17.0"), script(tmp_path / "b", "v1.21.0-rc1")
    (tmp_path / "bin").mkdir()
    found = script(tmp_path / "bin" / "mediamtx", "v1.19.3")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert find_binary().path == found
    monkeypatch.setenv("CMSU_MEDIAMTX", str(named))
    assert find_binary().version == "v1.21.0-rc1"
    assert find_binary(option).version == "v1.17.0"


def test_no_binary_at_all_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MissingError, match="run twin streams install"):
        find_binary()
    with pytest.raises(MissingError, match="no such file"):
        find_binary(tmp_path / "nowhere")
