"""The door, opened by a real server, and looked at by a real browser where there is one."""

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
ALONE = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
"""A browser that cannot leave this machine."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that has answered nothing yet."""
    folder = tmp_path_factory.mktemp("door")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", ROOT / "app.py", "--server.port", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        found = f"http://127.0.0.1:{port}"
        wait_for(f"{found}/_stcore/health", server)
        yield found
    finally:
        children = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
        server.wait()
        _, left = psutil.wait_procs(children, timeout=20)
        assert left == [], "a server leaves no process behind it"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while True:
        assert server.poll() is None
        try:
            urllib.request.urlopen(url).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return


def fetched(url: str) -> bytes:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        return bytes(answer.read())


def test_the_page_is_declared_french_and_whole(address: str) -> None:
    page = fetched(address).decode()
    assert '<html lang="fr"' in page
    assert 'lang="en"' not in page
    assert page.rstrip().endswith("</html>")
    (script,) = re.findall(r'<script type="module"[^>]* src="\./([^"]+)"', page)
    assert len(fetched(f"{address}/{script}")) > 1_000


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system)")
def test_a_browser_shows_the_figures_and_asks_nobody_else(address: str) -> None:
    browsers = pytest.importorskip("playwright.sync_api")
    asked, complaints = [], []
    with browsers.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        page = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris").new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append((message.type, message.text)))
        page.goto(address)
        cards = page.get_by_test_id("stColumn")
        page.get_by_text("Rondes faites en entier").wait_for(timeout=120_000)
        page.get_by_test_id("stVegaLiteChart").locator("svg.marks").wait_for()
        assert page.title() == "Accueil · Jumeau du CMSU"
        assert page.evaluate("document.documentElement.lang") == "fr"
        figures = cards.first.inner_text()
        browser.close()
    assert "Agents présents en moyenne" in figures
    assert re.search(r"\d,\d+\sagents", figures)
    assert {url.split("/")[2] for url in asked} == {address.split("/")[2]}
    assert [text for kind, text in complaints if kind == "error"] == []
