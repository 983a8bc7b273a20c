"""ASGI middleware that stands before Gradio: who may ask, how much, and for which files.

Gradio answers whoever reaches it. Here foreign pages are turned away, bodies are bounded, files named in an
event must be uploads, no address is fetched for a visitor, and what Gradio cannot answer gets a sentence.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gradio.route_utils import CustomCORSMiddleware
from gradio.routes import file_upload_statuses
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stylizer.engine.runtime.heaps import give_back_heaps
from stylizer.errors import Sentence
from stylizer.ui import limits
from stylizer.ui.event_limits import TOOLS, EventLimits
from stylizer.ui.refusal import Refused, answer
from stylizer.ui.sweeping import keep_doing
from stylizer.ui.tool_clients import part_callers
from stylizer.ui.upload_limits import API, UploadLimits, remove_old

CLOSED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"({API})?/(proxy=|file/|deep_link|dev/|process_recording|stream/|component_server|custom_component)",
        rf"({API})?/(vibe-|undo-vibe|run-history|runs|profiling|call/v2)",
        rf"{TOOLS}/(sse|messages)",
        r"/(openapi\.json|docs|redoc|monitoring|pwa_icon)",
    )
)
"""Routes of Gradio that the page does not use; each has been a way in, or costs something."""
_REMOTE = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_RANGE = re.compile(r"bytes=(\d{1,15}-\d{0,15}|-\d{1,15})")
_CALL = re.compile(rf"{API}/call/[^/]+/([^/]+)")
_SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


class Doorkeeper:
    """Refuse what a page of ours never asks, and answer in words where Gradio would raise."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = dict(scope, headers=_without_odd_range(scope["headers"]))
        begun = False
        own = comes_from_us(Headers(scope=scope))

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            if scope["method"] not in _SAFE and not own:
                raise Refused(403, Sentence("This request comes from another site; open the studio itself."))
            check_route(scope)
            caller = caller_of(scope)
            try:
                await self.app(scope, receive, send_guarded)
            finally:
                if caller:
                    scope["app"].get_blocks().leave(caller)
        except Refused as refused:
            if not begun:
                await answer(refused, scope)(scope, receive, send_guarded)


def comes_from_us(headers: Headers) -> bool:
    """Tell whether a request comes from a page of this server, or from no page at all.

    Browsers state the page's origin; a proxy may rename our host, and says so in a header that other sites'
    pages cannot send along.
    """
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    hosts = (headers.get("host", ""), headers.get("x-forwarded-host", "").split(",")[0].strip())
    return bool(origin) and urlsplit(origin).netloc.lower() in [host.lower() for host in hosts if host]


def check_route(scope: Scope) -> None:
    """Raise Refused for routes that are closed, and for addresses in place of files."""
    path = scope["path"]
    if any(pattern.match(path) for pattern in CLOSED):
        raise Refused(404, "There is no such page here.")
    _, found, file = path.partition("file=")
    if found and (_REMOTE.match(file) or len(file) > 4096 or "\0" in file):
        raise Refused(403, "Only files of this studio are served.")
    if len(path) > 4096 or "\0" in path:
        raise Refused(404, "There is no such page here.")
    if path == f"{API}/queue/data" and caller_of(scope) not in _queue(scope).pending_messages_per_session:
        raise Refused(404, Sentence("Nothing is being worked on for this page."))
    if path.rstrip("/") in (f"{API}/upload", f"{API}/upload_progress"):
        check_upload_name(scope["query_string"].decode("latin-1"))
    called = _CALL.fullmatch(path)
    if called and not _is_pending(scope, called[1]):
        raise Refused(404, "There is no such call; it may have been answered.")


def check_upload_name(query: str) -> None:
    """Bound what Gradio remembers of uploads by the names that browsers give them; raises Refused."""
    name = QueryParams(query).get("upload_id", "")
    if len(name) > limits.UPLOAD_NAME:
        raise Refused(400, "That is no name of an upload.")
    for known in (file_upload_statuses._statuses, file_upload_statuses._signals):
        for old in list(known)[: -limits.UPLOADS_WATCHED]:
            known.pop(old, None)


def caller_of(scope: Scope) -> str:
    """Name the session whose answers a request asks for; it has left when that request ends."""
    if scope["path"] == f"{API}/queue/data":
        # read as Gradio reads it: of a name that is there twice the last counts, an empty one, too
        return QueryParams(scope["query_string"].decode("latin-1")).get("session_hash", "")
    called = _CALL.fullmatch(scope["path"])
    event = _queue(scope).event_ids_to_events.get(called[1]) if called else None
    return called[1] if called and event is None else getattr(event, "session_hash", "") or ""


def _queue(scope: Scope) -> Any:
    return scope["app"].get_blocks()._queue


def _is_pending(scope: Scope, event: str) -> bool:
    queue = _queue(scope)
    waiting = (event in ids for ids in list(queue.pending_event_ids_session.values()))
    return event in queue.event_ids_to_events or event in queue.pending_messages_per_session or any(waiting)


def _without_odd_range(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Leave out a Range header that asks for several ranges or is malformed: the whole file answers it."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() != b"range" or _RANGE.fullmatch(value.decode("latin-1"))
    ]


def sweep(page: Any, folder: Path) -> None:
    """Delete old files, whoever left them; what the page itself shows stays. Give free memory back, too.

    After 72 previews of new photos by four threads, 230 MB of 1,440 were free and held.
    """
    blocks = list(page.blocks.values())
    remove_old(folder, {str(file) for block in blocks for file in list(getattr(block, "keep_in_cache", ()))})
    page.upload_file_set -= {file for file in list(page.upload_file_set) if not os.path.exists(file)}
    give_back_heaps()


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Run beside the server: sweep its folder, part the callers of tools, and keep its answers to itself.

    Gradio would allow any page to read a server whose name is not localhost.
    """
    app.user_middleware = [each for each in app.user_middleware if each.cls is not CustomCORSMiddleware]
    app.middleware_stack = app.build_middleware_stack()
    part_callers(app.get_blocks())
    stopped = threading.Event()
    folder = Path(app.uploaded_file_dir).resolve()
    keep_doing(partial(sweep, app.get_blocks(), folder), limits.SWEEP_EVERY, stopped)
    try:
        yield
    finally:
        stopped.set()


PROTECTION = (Doorkeeper, EventLimits, UploadLimits)
"""From the outermost inward."""
