"""Finding a MediaMTX binary, or installing the pinned official release, verified."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from twin.errors import InputError, MissingError
from twin.files import atomic_write
from twin.streams.frames import cache_folder

__all__ = ["RELEASE", "Binary", "find_binary", "install"]

RELEASE = "v1.20.1"
RELEASES = "https://github.com/bluenviron/mediamtx/releases/download"
OLDEST = (1, 17)
"""First version whose counters of packets sent and discarded the rig can read."""
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
SYSTEM = "linux"
CHUNK_BYTES = 1 << 18
MAX_BINARY_BYTES = 500_000_000
VERSION_S = 10

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Binary:
    """A MediaMTX that answered.

    Attributes
    ----------
    version : str
        As it says, ``v1.20.1``.
    sha256 : str
        Digest of the file.
    """

    path: Path
    version: str
    sha256: str


def find_binary(option: Path | None = None) -> Binary:
    """The MediaMTX to use: `option`, ``CMSU_MEDIAMTX``, the PATH, then what was installed.

    Raises
    ------
    MissingError
        There is none.
    InputError
        What was named is not a MediaMTX, or is too old.
    """
    named = option or os.environ.get("CMSU_MEDIAMTX")
    found = str(named) if named else shutil.which("mediamtx") or str(_installed(RELEASE))
    path = Path(found)
    if not path.is_file():
        raise MissingError(
            f"{path}: no such file"
            if named
            else "no MediaMTX was found: run twin streams install, or name one with --mediamtx"
        )
    return _checked(path)


def install(
    release: str = RELEASE,
    *,
    source: str = RELEASES,
    progress: Progress | None = None,
) -> Binary:
    """Install an official release for this platform in the cache, if it is not there yet.

    The archive is verified against the release's ``checksums.sha256`` before it is opened, and
    only the program itself is taken out of it.

    Parameters
    ----------
    release : str
        Tag of the release.
    source : str
        Address of the folder of releases.
    progress : callable
        Told bytes done and bytes in all, as they come.

    Raises
    ------
    MissingError
        No release for this platform, or no network.
    InputError
        The archive does not have the expected digest, or is not what a release should be.
    """
    system, machine = platform.system().lower(), MACHINES.get(platform.machine().lower())
    if system != SYSTEM or machine is None:
        raise MissingError(
            f"no release for {platform.system()} {platform.machine()} is known here: "
            "install MediaMTX by hand and name it with --mediamtx"
        )
    target = _installed(release)
    if target.is_file():
        return _checked(target)
    name = f"mediamtx_{release}_{system}_{machine}.tar.gz"
    listing = _download(f"{source}/{release}/checksums.sha256").decode("ascii", "replace")
    expected = {
        words[1].lstrip("*"): words[0]
        for line in listing.splitlines()
        if len(words := line.split()) == 2
    }.get(name)
    if expected is None:
        raise InputError(f"checksums.sha256 of {release} does not list {name}")
    archive = _download(f"{source}/{release}/{name}", progress)
    found = sha256(archive).hexdigest()
    if found != expected:
        raise InputError(f"{name}: SHA-256 is {found}, {expected} was published; nothing installed")
    atomic_write(target, _program(archive, name))
    target.chmod(0o755)
    try:
        return _checked(target)
    except BaseException:
        target.unlink()
        raise


def _installed(release: str) -> Path:
    return cache_folder() / "mediamtx" / release / "mediamtx"


def _download(url: str, progress: Progress | None = None) -> bytes:
    try:
        with urlopen(url, timeout=30) as reply:  # noqa: S310 - an address of ours, or of a test
            total, parts, done = int(reply.headers.get("Content-Length", 0)), [], 0
            while part := reply.read(CHUNK_BYTES):
                parts.append(part)
                done += len(part)
                if progress:
                    progress(done, total)
    except (URLError, OSError) as problem:
        reason = getattr(problem, "reason", problem)
        raise MissingError(f"{url} cannot be downloaded ({reason})") from None
    if done < total:
        raise MissingError(f"{url}: {done} bytes came, {total} were announced: try again")
    return b"".join(parts)


def _program(archive: bytes, name: str) -> bytes:
    """The program held by a release's archive; any member that leaves the archive refuses it."""
    try:
        with tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as members:
            content = None
            for member in members:
                parts = Path(member.name).parts
                if member.name.startswith("/") or ".." in parts or not member.isfile():
                    raise InputError(f"{name}: {member.name} has no place in a release")
                if member.name == "mediamtx" and member.size <= MAX_BINARY_BYTES:
                    stream = members.extractfile(member)
                    content = stream.read() if stream else None
    except (tarfile.TarError, EOFError, OSError) as problem:
        raise InputError(f"{name}: not a readable archive ({problem})") from None
    if not content:
        raise InputError(f"{name}: holds no program named mediamtx")
    return content


def _checked(path: Path) -> Binary:
    try:
        said = subprocess.run(  # noqa: S603 - the program the user named
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_S, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        said = ""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+\S*", said)
    if match is None:
        raise InputError(f"{path} is not a MediaMTX: --version says {said[:60]!r}")
    if (int(match[1]), int(match[2])) < OLDEST:
        raise InputError(f"{path} is {said}; 1.17 or later is needed")
    return Binary(path, said, sha256(path.read_bytes()).hexdigest())
