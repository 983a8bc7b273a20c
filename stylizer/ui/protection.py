"""ASGI middleware that stands before Gradio: who may ask, how much, and for which files.

Gradio answers whoever reaches it. Here foreign pages are turned away, bodies are bounded, files named in an
event must be uploads, no address is fetched for a visitor, and what Gradio cannot answer gets a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gradio.route_utils import CustomCORSMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stylizer.ui import limits
from stylizer.ui.sessions import disk_used

API = "/gradio_api"
CLOSED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"({API})?/(proxy=|file/|deep_link|dev/|process_recording|stream/|component_server|custom_component)",
        rf"({API})?/(vibe-|undo-vibe|run-history|runs|profiling|call/v2)",
        r"/(openapi\.json|docs|redoc|monitoring|pwa_icon)",
    )
)
"""Routes of Gradio that the page does not use; each has been a way in, or costs something."""
_REMOTE = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_RANGE = re.compile(r"bytes=(\d{1,15}-\d{0,15}|-\d{1,15})")
_PART = re.compile(rb"content-disposition:[^\r\n]*\r\n", re.IGNORECASE)
_CALL = re.compile(rf"{API}/call/[^/]+/([^/]+)")
_SAFE = ("GET", "HEAD", "OPTIONS")
_LARGEST = 1 << 53  # beyond, numbers of JavaScript are not exact, and the answer cannot be written
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


class Refused(Exception):
    """A request is not carried out; holds a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


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
                raise Refused(403, "This request comes from another site; open the studio itself.")
            check_route(scope)
            caller = caller_of(scope)
            try:
                await self.app(scope, receive, send_guarded)
            finally:
                if caller:
                    scope["app"].get_blocks().leave(caller)
        except Refused as refused:
            if not begun:
                await answer(refused)(scope, receive, send_guarded)


def answer(refused: Refused) -> JSONResponse:
    """Write a refusal as Gradio's page and clients read it."""
    return JSONResponse({"error": refused.sentence, "detail": refused.sentence}, refused.status)


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
        raise Refused(404, "Nothing is being worked on for this page.")
    called = _CALL.fullmatch(path)
    if called and not _is_pending(scope, called[1]):
        raise Refused(404, "There is no such call; it may have been answered.")


def caller_of(scope: Scope) -> str:
    """Name the session whose answers a request asks for; it has left when that request ends."""
    if scope["path"] == f"{API}/queue/data":
        return parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
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


class EventLimits:
    """Read an event's JSON before Gradio does: short, for an event that there is, and of uploads alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" and scope["method"] == "POST" else ""
        if not path.startswith(API) or path.rstrip("/") == f"{API}/upload":
            await self.app(scope, receive, send)
            return
        try:
            if not Headers(scope=scope).get("content-type", "").startswith("application/json"):
                raise Refused(415, "Events are sent as JSON.")
            body = await read_body(receive, limits.EVENT_BYTES)
            event = read_event(body)
            name = path.rstrip("/").removeprefix(f"{API}/")
            if re.match(r"(queue/join|run/|api/|call/)", name):
                check_call(scope, name, event)
            check_values(event, upload_folder(scope))
            check_numbers(event)
            if name == "queue/join" or name.startswith("call/"):
                check_places(scope, event.get("session_hash"))
        except Refused as refused:
            await answer(refused)(scope, receive, send)
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)


async def read_body(receive: Receive, most: int) -> bytes:
    """Read a request's body; raises Refused for more bytes than that."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request broke off.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise Refused(
                413, f"The request is larger than {most >> 20} MB, the most that an event may have."
            )
        more = message.get("more_body", False)
    return b"".join(parts)


def read_event(body: bytes) -> dict[str, Any]:
    """Read an event's JSON object; raises Refused."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(422, "The request is no JSON that can be read.") from error
    if not isinstance(event, dict):
        raise Refused(422, "The request is no JSON object.")
    return event


def check_call(scope: Scope, name: str, event: dict[str, Any]) -> None:
    """Raise Refused unless an event is for a function that there is, with as many values as it takes."""
    functions = scope["app"].get_blocks().fns
    door, _, api = name.partition("/")
    if door == "queue" or api == "predict":
        index = event.get("fn_index")
        found = functions.get(index) if isinstance(index, int) and not isinstance(index, bool) else None
    else:
        found = next((each for each in functions.values() if each.api_name == api), None)
    if found is None:
        raise Refused(404, "There is no such event; /styles and the others are listed on the API page.")
    if not isinstance(event.get("session_hash"), str | None):
        raise Refused(422, "The session's name is no text.")
    if door == "queue" and not event.get("session_hash"):
        raise Refused(422, "The session has no name.")
    data = event.get("data")
    wanted = len(found.inputs)
    if not isinstance(data, list) or len(data) > wanted or (found.inputs and not data):
        raise Refused(422, f"This event takes {wanted} values.")


def upload_folder(scope: Scope) -> Path:
    """Return the folder in which Gradio keeps uploads and results."""
    return Path(scope["app"].uploaded_file_dir).resolve()


def check_values(event: dict[str, Any], folder: Path) -> None:
    """Raise Refused when an input of an event is a file that is no upload.

    Gradio checks paths only for some payloads of some widgets, and fetches addresses of others. What comes
    along beside the inputs names pictures that the page shows; nobody opens them by that name.
    """
    for each in _walk({key: value for key, value in event.items() if key != "event_data"}):
        if isinstance(each, dict) and ("path" in each or "url" in each or "meta" in each):
            path = each.get("path")
            if not isinstance(path, str) or not is_upload(path, folder):
                raise Refused(422, "That is no file that was uploaded here; upload it first.")


def check_numbers(event: dict[str, Any]) -> None:
    """Raise Refused when an event holds a number that cannot come back."""
    for each in _walk(event):
        if isinstance(each, int) and not isinstance(each, bool) and abs(each) > _LARGEST:
            raise Refused(422, "The request holds a number that is too large.")


def _walk(value: Any) -> Iterator[Any]:
    """Walk over all that a JSON value holds, however deep."""
    left = [value]
    while left:
        each = left.pop()
        yield each
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each


def is_upload(path: str, folder: Path) -> bool:
    """Tell whether a path is a regular file within the folder, no link, pipe or device on the way to it."""
    try:
        place = Path(path)
        return place.is_absolute() and place.resolve().is_relative_to(folder) and place.is_file()
    except (OSError, ValueError):
        return False


def check_places(scope: Scope, hash: str | None) -> None:
    """Raise Refused when a visitor has as many jobs waiting as one may have."""
    queue = _queue(scope)
    waiting = [event for each in list(queue.event_queue_per_concurrency_id.values()) for event in each.queue]
    mine = sum(hash is not None and event.session_hash == hash for event in waiting)
    if mine >= limits.VISIT_PLACES:
        raise Refused(503, f"You have {mine} jobs waiting already; wait for one of them and try again.")


class UploadLimits:
    """Bound an upload by its files and bytes, and clean up after one that breaks off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.active = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != f"{API}/upload":
            await self.app(scope, receive, send)
            return
        if scope["method"] != "POST":
            await answer(Refused(405, "Files are uploaded by POST."))(scope, receive, send)
            return
        begun, refused = False, None
        state = _Parts()

        async def receive_bounded() -> Message:
            nonlocal refused
            message = await receive()
            if refused is None and message["type"] == "http.request":
                try:
                    state.see(message.get("body", b""))
                except Refused as error:
                    refused = error
            return {"type": "http.disconnect"} if refused else message

        async def send_unless_refused(message: Message) -> None:
            nonlocal begun
            if refused is None:
                begun = begun or message["type"] == "http.response.start"
                await send(message)

        folder = upload_folder(scope)
        self.active += 1
        try:
            check_disk(folder, Headers(scope=scope).get("content-length"))
            await self.app(scope, receive_bounded, send_unless_refused)
        except Refused as error:
            refused = error
        except OSError as error:
            refused = Refused(507, "There is no room for that file just now; try again later.")
            refused.__cause__ = error
        except Exception as error:
            refused = refused or Refused(400, "That is no upload that can be read; send files as form data.")
            refused.__cause__ = error
        finally:
            self.active -= 1
            if not self.active:
                await asyncio.to_thread(remove_drafts, folder)
        if refused is not None and not begun:
            await answer(refused)(scope, receive, send)


class _Parts:
    """Watch the parts of a form go by."""

    def __init__(self) -> None:
        self.files = self.size = 0
        self.tail = b""

    def see(self, data: bytes) -> None:
        """Take the next bytes; raises Refused when there is too much, or a part is no file."""
        self.size += len(data)
        if self.size > limits.UPLOAD_BYTES:
            raise Refused(
                413, f"That is more than {limits.UPLOAD_BYTES >> 20} MB at once; bring fewer files."
            )
        text, end = self.tail + data, 0
        for found in _PART.finditer(text):
            end = found.end()
            self.files += 1
            if not re.search(rb'\bname="?files"?\s*[;\r]', found[0]) or b"filename" not in found[0].lower():
                raise Refused(400, 'Every part of an upload is a file called "files".')
            if self.files > limits.UPLOAD_FILES:
                raise Refused(413, f"Those are more than {limits.UPLOAD_FILES} files; bring fewer at once.")
        self.tail = text[max(end, len(text) - 2048) :]


def check_disk(folder: Path, announced: str | None) -> None:
    """Raise Refused when an upload does not fit into what all visitors may have on disk."""
    size = int(announced) if announced and announced.isdigit() else 0
    if size > limits.UPLOAD_BYTES + limits.MB:
        raise Refused(413, f"That is more than {limits.UPLOAD_BYTES >> 20} MB at once; bring fewer files.")
    if disk_used(folder) + size > limits.DISK_BYTES:
        raise Refused(507, "The studio's disk is full just now; try again later.")


def remove_drafts(folder: Path) -> None:
    """Delete what uploads that ended early left: Gradio moves whole files into folders of their own."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if file.is_file() and not file.is_symlink():
                file.unlink(missing_ok=True)


def remove_old(folder: Path, kept: set[str], age: float = limits.FILE_AGE) -> None:
    """Delete files that nobody has written for so many seconds, and folders that are empty since."""
    limit = time.time() - age
    for place, _, files in os.walk(folder, topdown=False):
        for file in (os.path.join(place, name) for name in files):
            with contextlib.suppress(OSError):
                if file not in kept and os.lstat(file).st_mtime < limit:
                    os.unlink(file)
        with contextlib.suppress(OSError):  # not empty, or gone already
            if place != str(folder) and os.stat(place).st_mtime < limit:
                os.rmdir(place)


def sweep(page: Any, folder: Path, stopped: threading.Event) -> None:
    """Delete old files now and then, whoever left them, until stopped; what the page itself shows stays."""
    while not stopped.wait(limits.SWEEP_EVERY):
        kept = {str(file) for block in page.blocks.values() for file in getattr(block, "keep_in_cache", ())}
        remove_old(folder, kept)


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Run beside the server: sweep its folder, and let no other site's page read what it answers.

    Gradio would allow any page to read a server whose name is not localhost.
    """
    app.user_middleware = [each for each in app.user_middleware if each.cls is not CustomCORSMiddleware]
    app.middleware_stack = app.build_middleware_stack()
    stopped = threading.Event()
    folder = Path(app.uploaded_file_dir).resolve()
    threading.Thread(target=sweep, args=(app.get_blocks(), folder, stopped), daemon=True).start()
    try:
        yield
    finally:
        stopped.set()


PROTECTION = (Doorkeeper, EventLimits, UploadLimits)
"""From the outermost inward."""
