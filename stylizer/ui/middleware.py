"""ASGI middleware: the page compressed, and the stage's script handed out."""

from __future__ import annotations

from typing import ClassVar

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stylizer.ui.stage.component import PLACE, SCRIPTS


class PackedPage:
    """Send the page itself compressed: Gradio writes every widget and event of it out in one long text.

    Pictures are compressed already, and events must not wait; they pass as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.packed = app, GZipMiddleware(app, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] in ("", "/")
        await (self.packed if page else self.app)(scope, receive, send)


class StageScripts:
    """Hand out the modules of the stage's script; a browser may keep them, for others have another place."""

    HEADERS: ClassVar = {"Cache-Control": "public, max-age=31536000, immutable"}

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place, _, name = scope["path"].rpartition("/") if scope["type"] == "http" else ("", "", "")
        if place != f"/{PLACE}" or name not in SCRIPTS:
            await self.app(scope, receive, send)
            return
        answer = Response(SCRIPTS[name], 200, self.HEADERS, "text/javascript")
        await GZipMiddleware(answer)(scope, receive, send)
