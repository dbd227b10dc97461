"""The language of the page: Streamlit writes ``lang="en"`` and has no setting for it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["InFrench"]

_SAID, _TRUE = b'<html lang="en"', b'<html lang="fr"'


class InFrench:
    """ASGI middleware that declares pages as French, as screen readers need.

    Both spellings have the same length, so no header changes; compression is refused for the
    page itself, or its bytes could not be read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and correct the page on its way back."""
        if scope["type"] != "http" or "." in scope["path"]:
            await self.app(scope, receive, send)
            return

        async def corrected(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = message.get("body", b"").replace(_SAID, _TRUE, 1)
            await send(message)

        plain = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, corrected)
