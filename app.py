"""The door of the interface: `make app`.

`streamlit run` imports this file once, for the server, then plays it as a script at each visit.
"""

from __future__ import annotations

from starlette.middleware import Middleware
from streamlit.starlette import App

from twin.ui.frame import show
from twin.ui.french import InFrench

if __name__ == "__main__":
    show()
elif __name__ == "app":
    app = App(__file__, middleware=[Middleware(InFrench)])
