from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from twin.contracts import StreamProfile, load_stream_types
from twin.errors import MissingError
from twin.streams.install import Binary, find_binary
from twin.streams.rig import event_loop

Answer = TypeVar("Answer")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMSU_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def small() -> StreamProfile:
    """The lightest profile: 640 x 360, 12 frames per second."""
    return load_stream_types().profiles["SUB"]


@pytest.fixture(scope="session")
def binary() -> Binary:
    try:
        return find_binary()
    except MissingError as problem:
        pytest.skip(str(problem))


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


def run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run to the end on a loop that does not coalesce."""
    with asyncio.Runner(loop_factory=lambda: event_loop(0.0)) as runner:
        return runner.run(coroutine)


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    loop = event_loop(0.0)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
