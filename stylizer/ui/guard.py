"""Keep the server from fetching other people's addresses."""

from __future__ import annotations

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
