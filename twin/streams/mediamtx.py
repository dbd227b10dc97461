"""A MediaMTX of our own: configured, started on loopback, asked, and stopped."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil
import yaml

from twin.errors import MissingError
from twin.files import canonical_json, digest
from twin.streams.install import Binary

__all__ = [
    "Configuration",
    "Server",
    "ServerSample",
    "configuration_digest",
    "configuration_text",
    "free_ports",
]

READY_S = 20.0
STOP_S = 10.0
API_S = 10.0
PR_SET_PDEATHSIG = 1
USERS = ("publish", "read", "control")


@dataclass(frozen=True)
class Configuration:
    """What the server is told.

    Attributes
    ----------
    sources : dict of str to (str or None)
        Paths: an address to fetch (pull), or None for a path that a publisher fills (push).
    ports : tuple of int
        RTSP, API, metrics.
    write_queue : int
        Packets a reader may be late by, a power of two: twice the largest key frame at least.
    passwords : dict of str to str
        One for each of publish, read, control; made anew for each server.
    """

    sources: dict[str, str | None]
    ports: tuple[int, int, int]
    write_queue: int = 1024
    passwords: dict[str, str] = field(
        default_factory=lambda: {user: secrets.token_hex(12) for user in USERS}
    )

    def url(self, user: Literal["publish", "read"]) -> str:
        """Address of the server for `user`, without a path."""
        return f"rtsp://{user}:{self.passwords[user]}@127.0.0.1:{self.ports[0]}"


def _settings(configuration: Configuration) -> dict[str, Any]:
    rtsp, api, metrics = configuration.ports
    rights = {"publish": ["publish"], "read": ["read"], "control": ["api", "metrics"]}
    return {
        "logLevel": "info",
        "logDestinations": ["stdout"],
        "logStructured": True,
        "readTimeout": "10s",
        "writeTimeout": "10s",
        "writeQueueSize": configuration.write_queue,
        "authMethod": "internal",
        "authInternalUsers": [
            {
                "user": user,
                "pass": configuration.passwords[user],
                "ips": ["127.0.0.0/8"],
                "permissions": [{"action": action} for action in rights[user]],
            }
            for user in USERS
        ],
        "api": True,
        "apiAddress": f"127.0.0.1:{api}",
        "metrics": True,
        "metricsAddress": f"127.0.0.1:{metrics}",
        "rtsp": True,
        "rtspTransports": ["tcp"],
        "rtspAddress": f"127.0.0.1:{rtsp}",
        **dict.fromkeys(["rtmp", "hls", "webrtc", "srt", "playback", "pprof"], False),
        "pathDefaults": {"rtspTransport": "tcp"},
    }


def configuration_text(configuration: Configuration, version: str = "v1.20.1") -> str:
    """The server's configuration file; every path is in it, so that none is added by requests.

    Parameters
    ----------
    version : str
        A protocol that came later than 1.17 is switched off where it exists.
    """
    settings = _settings(configuration)
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) >= (1, 19):
        settings["moq"] = False
    settings["paths"] = {
        name: {"source": source or "publisher"} for name, source in configuration.sources.items()
    }
    return yaml.safe_dump(settings, sort_keys=False)


def configuration_digest(configuration: Configuration) -> str:
    """SHA-256 of the settings that may change a figure: no password, port or path."""
    settings = _settings(configuration)
    for name in ("authInternalUsers", "apiAddress", "metricsAddress", "rtspAddress"):
        del settings[name]
    return digest(canonical_json(settings))


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of the loopback that nothing listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(int(opened.getsockname()[1]) for opened in sockets)
    for opened in sockets:
        opened.close()
    return ports


@dataclass(frozen=True)
class ServerSample:
    """The server at an instant.

    Attributes
    ----------
    cpu_s : float
        Processor time since it started.
    counters : Counter of str
        Sums over its sessions: packets in, out, discarded, reported lost, in error.
    online, readers : int
        Paths that have a stream; readers attached to them.
    """

    at_s: float
    cpu_s: float
    memory_mb: float
    descriptors: int
    counters: Counter[str]
    online: int
    readers: int


class Server:
    """A MediaMTX process; leaving the context stops it and removes its files.

    Parameters
    ----------
    cores : sequence of int
        Processor cores it is pinned to; Go then uses as many threads.

    Raises
    ------
    MissingError
        It did not start: port taken, too few open files, refused configuration.
    """

    def __init__(
        self, binary: Binary, configuration: Configuration, *, cores: Sequence[int] = ()
    ) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = 4 * len(configuration.sources) + 100
        if hard not in (resource.RLIM_INFINITY, -1) and hard < needed:
            raise MissingError(
                f"MediaMTX needs {needed} open files for {len(configuration.sources)} paths and "
                f"the limit is {hard}: raise it (ulimit -Hn)"
            )
        self.binary = binary
        self.configuration = configuration
        self.cores = list(cores)
        self._folder = tempfile.TemporaryDirectory(prefix="cmsu-mediamtx-")
        self._file = Path(self._folder.name, "mediamtx.yml")
        self._log = Path(self._folder.name, "log.jsonl")
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._file.touch(mode=0o600)
            self._file.write_text(configuration_text(configuration, binary.version))
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process identifier."""
        if self._process is None:
            raise MissingError("MediaMTX is not running")
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until the API answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the binary that was checked
                [self.binary.path, self._file],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self._folder.name,
                start_new_session=True,
                preexec_fn=self._in_child,  # noqa: PLW1509 - no thread of ours holds a lock here
                env={name: v for name, v in os.environ.items() if not name.startswith("MTX_")},
            )
        end_s = time.monotonic() + READY_S
        while time.monotonic() < end_s:
            if self._process.poll() is not None:
                raise MissingError(f"MediaMTX stopped at once: {self.complaint()}")
            with suppress(MissingError):
                self.ask("/v3/info")
                return
            time.sleep(0.05)
        raise MissingError(f"MediaMTX did not answer within {READY_S:.0f} s: {self.complaint()}")

    def _in_child(self) -> None:
        """Before the program starts: its cores, and an end if we end without saying so."""
        if self.cores:
            os.sched_setaffinity(0, self.cores)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def pause(self) -> None:
        """Suspend it."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to end, by force if it does not listen."""
        if self._process:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def stop(self) -> None:
        """End it and remove its files."""
        self.end()
        self._folder.cleanup()

    def _signal(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def ask(self, endpoint: str) -> dict[str, Any]:
        """Reply of the control API to a GET.

        Raises
        ------
        MissingError
            It did not answer, or not with what was expected.
        """
        token = b64encode(f"control:{self.configuration.passwords['control']}".encode()).decode()
        url = f"http://127.0.0.1:{self.configuration.ports[1]}{endpoint}"
        try:
            with urlopen(
                Request(url, headers={"Authorization": f"Basic {token}"}), timeout=API_S
            ) as reply:
                found = json.load(reply)
        except (URLError, OSError, HTTPException, ValueError) as problem:
            raise MissingError(f"MediaMTX's API did not answer at {endpoint} ({problem})") from None
        if not isinstance(found, dict):
            raise MissingError(f"MediaMTX's API answered {endpoint} with something else")
        return found

    def items(self, endpoint: str) -> list[dict[str, Any]]:
        """Every item of a list of the API."""
        return list(self.ask(f"{endpoint}?itemsPerPage=10000&page=0").get("items") or [])

    def online(self) -> int:
        """Paths that have a stream."""
        return sum(bool(_first(path, "online", "available", "ready")) for path in self.paths())

    def paths(self) -> list[dict[str, Any]]:
        """Every path."""
        return self.items("/v3/paths/list")

    def sessions(self) -> list[dict[str, Any]]:
        """Every RTSP session."""
        return self.items("/v3/rtspsessions/list")

    def sample(self) -> ServerSample:
        """Counters, processor time, memory and open files now."""
        process = psutil.Process(self.pid)
        counters: Counter[str] = Counter()
        for session in self.sessions():
            counters["packets_in"] += _number(session, "inboundRTPPackets", "rtpPacketsReceived")
            counters["packets_out"] += _number(session, "outboundRTPPackets", "rtpPacketsSent")
            counters["discarded"] += _number(session, "outboundRTPPacketsDiscarded")
            counters["reported_lost"] += _number(session, "outboundRTPPacketsReportedLost")
            counters["lost_in"] += _number(session, "inboundRTPPacketsLost", "rtpPacketsLost")
        paths = self.paths()
        for path in paths:
            counters["bytes_in"] += _number(path, "inboundBytes", "bytesReceived")
            counters["bytes_out"] += _number(path, "outboundBytes", "bytesSent")
            counters["frames_in_error"] += _number(path, "inboundFramesInError")
        with process.oneshot():
            cpu_s = float(sum(process.cpu_times()[:2]))
            memory_mb = process.memory_info().rss / 1e6
        return ServerSample(
            time.monotonic(),
            cpu_s,
            memory_mb,
            process.num_fds(),
            counters,
            sum(bool(_first(path, "online", "available", "ready")) for path in paths),
            sum(len(path.get("readers") or []) for path in paths),
        )

    def warnings(self) -> Counter[str]:
        """Warnings and errors of the log, counted by what they say, names and numbers left out."""
        found: Counter[str] = Counter()
        for entry in self._entries():
            if entry.get("level") in ("WAR", "ERR"):
                words = str(entry.get("message", "")).split("] ")[-1].split()
                found[" ".join(w for w in words if not any(c.isdigit() for c in w))] += 1
        return found

    def complaint(self) -> str:
        """Last thing it said."""
        if not self._log.is_file():
            return "it said nothing"
        lines = self._log.read_text(errors="replace").splitlines()
        errors = [str(e.get("message", "")) for e in self._entries() if e.get("level") == "ERR"]
        return (errors or lines or ["it said nothing"])[-1][:300]

    def _entries(self) -> list[dict[str, Any]]:
        entries = []
        for line in self._log.read_text(errors="replace").splitlines():
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    entries.append(entry)
        return entries


def _first(item: dict[str, Any], *names: str) -> Any:
    """Value of the first name that `item` has: names change from one version to the next."""
    return next((item[name] for name in names if name in item), None)


def _number(item: dict[str, Any], *names: str) -> int:
    found = _first(item, *names)
    return found if isinstance(found, int) else 0
