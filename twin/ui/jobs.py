"""Long work: a command of the product in a process of its own, watched, and stopped for good.

A job belongs to one visitor, under a name of the page. Its process leads a group that ends with it:
when it is stopped, when the visitor has left, when the server ends (`twin.cli.leashed`).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import psutil
import streamlit as st

from twin.ui.question import Question

__all__ = ["Job", "about", "followed", "job", "start", "stop"]

SAID_NO = 1
"""Exit code of a check that came to its end, and says no."""
INTERRUPTED = 130
"""Exit code of a command that was interrupted and kept what it had."""
PATIENCE_S = 10.0
LOOK_S = 1.0
S_PER_MIN = 60

_PREFIX = "twin-job-"
_DRAWN = {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "COLUMNS": "200", "NO_COLOR": "1"}
"""The command draws its progress as on a terminal: its last line is what it does now."""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STROKES = re.compile(r"[\u2500-\u257f\u2800-\u28ff]+")
_COUNT = re.compile(r"\b(\d+)/(\d+)\b")


class Job:
    """A command that runs, or has run.

    Parameters
    ----------
    arguments : sequence of str
        As after ``twin`` on the command line; ``{folder}`` stands for the job's own folder.

    Attributes
    ----------
    arguments : tuple of str
        As it was started.
    folder : Path
        Where its files land; it goes with the job.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        _sweep()
        held = TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")
        self.arguments = tuple(arguments)
        self.folder = Path(held.name)
        self._started = time.monotonic()
        with self._file("stdout").open("wb") as out, self._file("stderr").open("wb") as err:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "twin.cli.leashed", *self._placed()],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=os.environ | _DRAWN,
                start_new_session=True,
            )
        self._end = weakref.finalize(self, _end, self._process, held)

    @property
    def pid(self) -> int:
        """Process that leads the group."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll()

    @property
    def kept(self) -> bool:
        """Whether it has ended with a result, whole or as far as it was interrupted."""
        return self.code in {0, SAID_NO, INTERRUPTED} and bool(self.output.strip())

    @property
    def seconds(self) -> float:
        """Time since it was started."""
        return time.monotonic() - self._started

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._file("stdout").read_text(encoding="utf-8", errors="replace")

    @property
    def told(self) -> list[str]:
        """Lines that it wrote or drew beside its result, without strokes, the last one last."""
        drawn = self._file("stderr").read_text(encoding="utf-8", errors="replace")
        plain = _STROKES.sub(" ", _ESCAPES.sub("", drawn))
        lines = (" ".join(line.split()) for line in re.split(r"[\r\n]+", plain))
        return [line for line in lines if line]

    @property
    def count(self) -> tuple[int, int] | None:
        """What is done and wanted, when it says so."""
        found = _COUNT.findall(self.told[-1]) if self.told else []
        return (int(found[-1][0]), int(found[-1][1])) if found else None

    def stop(self, patience_s: float = PATIENCE_S) -> None:
        """Interrupt it, let it keep what it has, and end whatever is left of it."""
        _interrupt(self._process, patience_s)

    def _file(self, name: str) -> Path:
        return self.folder / name

    def _placed(self) -> list[str]:
        return [each.replace("{folder}", str(self.folder)) for each in self.arguments]


def about(question: Question) -> list[str]:
    """Name and levers of a question, as arguments of a command.

    Examples
    --------
    >>> from twin.scenarios.library import load_library
    >>> library = load_library()
    >>> levers = ("seats.relief=true",)
    >>> about(Question("reference", "", levers, library["reference"], library.experiment))
    ['reference', '--set', 'seats.relief=true']
    """
    return [question.name, *(part for lever in question.levers for part in ("--set", lever))]


def job(name: str) -> Job | None:
    """Return the visitor's job of this name, running or ended; None when there is none."""
    found: Job | None = _jobs().get(name)
    return found


def start(name: str, arguments: Sequence[str]) -> Job:
    """Start a command for this visitor; the job that had the name is stopped first."""
    stop(name)
    _jobs()[name] = Job(arguments)
    return _jobs()[name]


def stop(name: str) -> None:
    """Stop the visitor's job of this name, if any; what it printed stays."""
    if (found := job(name)) and found.code is None:
        found.stop()


def followed(name: str, says: str, partial: Callable[[Job], None] | None = None) -> Job | None:
    """Show a running job with a button that stops it; the page plays again when it ends.

    Parameters
    ----------
    says : str
        What it does, in French.
    partial : callable, optional
        Shows what the job has found so far.

    Returns
    -------
    Job or None
        The job once it has ended; None while it runs, or when there is none.
    """
    found = job(name)
    if found is None or found.code is not None:
        if found is not None and not found.kept and found.code != INTERRUPTED:
            reason = found.told[-1] if found.told else f"code {found.code}"
            st.error(f"{says} : le calcul n'a pas abouti. Détail (en anglais) : {reason}")
        return found

    @st.fragment(run_every=LOOK_S)
    def look() -> None:
        if found.code is not None:
            st.rerun()
        minutes, seconds = divmod(int(found.seconds), S_PER_MIN)
        label = f"{says} : en cours depuis {minutes} min {seconds:02d} s"
        if found.count and found.count[1]:
            done, wanted = found.count
            st.progress(min(1.0, done / wanted), f"{label} ; {done} sur {wanted}")
        else:
            st.info(label)
            if found.told:
                st.caption(f"Étape (en anglais) : {found.told[-1]}")
        if st.button("Arrêter", key=f"stop-{name}"):
            with st.spinner("Arrêt…"):
                found.stop()
            st.rerun()
        if partial is not None:
            partial(found)

    look()
    return None


def _jobs() -> dict[str, Job]:
    held: dict[str, Job] = st.session_state.setdefault("jobs", {})
    return held


def _sweep() -> None:
    """Remove the folders of servers that were ended before they could."""
    for left in Path(gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = left.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _interrupt(process: subprocess.Popen[bytes], patience_s: float) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience_s)
    # The group outlives its leader as long as one of its workers does.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end(process: subprocess.Popen[bytes], folder: TemporaryDirectory[str]) -> None:
    """Nobody looks any more: nothing is kept."""
    if process.poll() is None:
        _interrupt(process, 0)
    if process.stdin is not None:
        process.stdin.close()
    folder.cleanup()
