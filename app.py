"""The door of the interface: `make app`."""

from __future__ import annotations

from twin.ui.home import show

if __name__ == "__main__":
    show()
