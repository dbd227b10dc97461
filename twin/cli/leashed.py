"""The command line on a leash: it ends when whoever started it goes.

``python -m twin.cli.leashed ARGUMENTS`` is ``twin ARGUMENTS`` whose standard input is a pipe that
its starter holds open. However the starter ends, the pipe closes, and so does the command.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from twin.cli import main

__all__: list[str] = []

PATIENCE_S = 10.0
"""Time to keep what is finished, once interrupted."""


def _hold() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGINT)
    time.sleep(PATIENCE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    # A server started in the background hands down an ignored Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_hold, daemon=True).start()
    main()
