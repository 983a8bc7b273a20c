"""What stands before the server: it fetches no other people's addresses, and sends its page packed."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

REMOTE = ("http:", "https:", "ftp:")


class NoRemoteFiles:
    """Refuse `file=<address>`: Gradio would fetch any public address of any size for whoever asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _, found, address = scope["path"].partition("file=")
            if found and address.strip().lower().startswith(REMOTE):
                await PlainTextResponse("Only files of this studio are served.", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class PackedPage:
    """Send the page itself compressed: Gradio writes every widget and event of it out in one long text.

    Pictures are compressed already, and events must not wait; they pass as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.packed = app, GZipMiddleware(app, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] in ("", "/")
        await (self.packed if page else self.app)(scope, receive, send)
