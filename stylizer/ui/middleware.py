"""ASGI middleware: the page compressed, with a head of its own, and the stage's script handed out."""

from __future__ import annotations

from typing import ClassVar

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stylizer.ui.language import FILES
from stylizer.ui.stage.component import PLACE, SCRIPTS, head_tags

EARLY_STYLE = """
:root { --side: 32px; }
@media (max-width: 640px) { :root { --side: 16px; } }
.gradio-container { max-width: 1440px !important; padding: 0 var(--side) 24px !important; }
.gradio-container > .main { padding: 0 !important; }
#masthead-box { min-height: 44px; flex: none; }
@media (max-width: 640px) { #masthead-box { min-height: 52px; } }
.gradio-container > .main > .wrap { min-height: 100vh; }
.gradio-container > .main > .wrap.translucent {
  position: fixed !important; inset: 0 !important; height: auto !important;
}
#studio:not(:has(.stage):has(input[type="range"]):has(#regions-panel):has(#look)) { visibility: hidden; }
#translate-studio:not(:has(.stage):has(input[type="range"])) { visibility: hidden; }
.gradio-container:not(:has(.stage)) footer { visibility: hidden; }
"""
"""The page's margins, and "Loading" laid over it; its parts are seen once those stand that push them down."""


class PackedPage:
    """Send the page itself compressed: Gradio writes every widget and event of it out in one long text.

    Pictures are compressed already, and events must not wait; they pass as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.packed = app, GZipMiddleware(app, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] in ("", "/")
        await (self.packed if page else self.app)(scope, receive, send)


class EarlyHead:
    """Write into the page's head what must stand before any script runs.

    Gradio adds a page's own head and style when it comes up.
    Until then it would have other margins, and jump.
    """

    TAGS = ("<style>" + EARLY_STYLE + "</style>" + head_tags()).encode()

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in ("", "/"):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                body = b"".join(parts).replace(b"</head>", self.TAGS + b"</head>", 1)
                length = (b"content-length", str(len(body)).encode())
                headers = [entry for entry in start["headers"] if entry[0].lower() != length[0]]
                await send({**start, "headers": [*headers, length]})
                await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, collect)


class StageScripts:
    """Hand out the modules of the stage's script, and its languages; a browser may keep them, for others have
    another place."""

    SERVED: ClassVar = {**SCRIPTS, **FILES}
    HEADERS: ClassVar = {"Cache-Control": "public, max-age=31536000, immutable"}

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place, _, name = scope["path"].rpartition("/") if scope["type"] == "http" else ("", "", "")
        if place != f"/{PLACE}" or name not in self.SERVED:
            await self.app(scope, receive, send)
            return
        kind = "text/javascript" if name in SCRIPTS else "application/json"
        answer = Response(self.SERVED[name], 200, self.HEADERS, kind)
        await GZipMiddleware(answer)(scope, receive, send)
