"""Events as they come over HTTP: short, for a function that there is, and of uploads alone."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stylizer.engine.settings import brief
from stylizer.errors import Sentence
from stylizer.ui import limits
from stylizer.ui.event_values import FILE, clean_values
from stylizer.ui.refusal import Refused, ToolRefused, answer
from stylizer.ui.upload_limits import API, check_disk, is_upload, upload_folder

TOOLS = f"{API}/mcp"
_ADDRESS = re.compile(r"\s*(https?|ftp|file):", re.IGNORECASE)
_OWN_FILE = re.compile(rf"https?://[^/?#]{{1,255}}/(?:[^?#=]{{1,255}}/)?{API[1:]}/file=([^?#]{{1,4096}})")
_SESSION = re.compile(r"[\w.-]{0,64}", re.ASCII)
"""The page's have a dozen letters, programs' 36; what is kept of a session is kept by its name."""
_READ = ("data", "fn_index", "session_hash", "event_data", "trigger_id")
"""What is read of an event: Gradio knows further entries, which only its own parts send each other."""
_NAMED: dict[str, dict[str, type]] = {
    "cancel": {"session_hash": str, "fn_index": int, "event_id": str},
    "reset": {"event_id": str},
}
"""Requests about events, and what each names."""


class EventLimits:
    """Read an event's JSON before Gradio does: short, for an event that there is, and of uploads alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" and scope["method"] == "POST" else ""
        if not path or path.rstrip("/") == f"{API}/upload":
            await self.app(scope, receive, send)
            return
        if not path.startswith(API):
            await self._pass_form(scope, receive, send)
            return
        name = path.rstrip("/").removeprefix(f"{API}/")
        try:
            if not Headers(scope=scope).get("content-type", "").startswith("application/json"):
                raise Refused(415, "Events are sent as JSON.")
            tools = path.startswith(TOOLS)
            if tools:
                check_disk(upload_folder(scope), Headers(scope=scope).get("content-length"))
            body = await read_body(receive, limits.TOOL_BYTES if tools else limits.EVENT_BYTES)
            event = read_event(body)
            folder = upload_folder(scope)
            if tools:
                check_addresses(event, folder)
            else:
                name_uploads(event, folder)
            if re.match(r"(queue/join|run/|api/|call/)", name):
                called = check_call(scope, name, event)
                event = {key: event.get(key) for key in _READ}
                event["data"] = clean_values(called, event["data"], _parts_of(scope, event), folder)
                body = json.dumps(event).encode()
            elif name in _NAMED:
                check_names(event, _NAMED[name])
            check_values(event, folder)
            check_numbers(event)
            if name == "queue/join" or name.startswith("call/"):
                check_places(scope, event.get("session_hash"))
        except ToolRefused as refused:
            await refused.answer(scope, receive, send)
            return
        except Refused as refused:
            await answer(refused, scope, joining=name == "queue/join")(scope, receive, send)
            return
        await self.app(scope, replaying(body, receive), send)

    async def _pass_form(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a short form on: Gradio reads whatever is posted to its sign-in, and has one on every page."""
        try:
            body = await read_body(receive, limits.FORM_BYTES)
        except Refused as refused:
            await answer(refused, scope)(scope, receive, send)
            return
        await self.app(scope, replaying(body, receive), send)


def replaying(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already, and then whatever comes."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


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
            most_in_words = f"{most >> 20} MB" if most >= limits.MB else f"{most >> 10} kB"
            told = Sentence(
                "The request is larger than {most}, the most that it may have.", most=most_in_words
            )
            raise Refused(413, told)
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
    level: list[Any] = [event]
    for _ in range(limits.EVENT_DEPTH):
        level = [child for each in level for child in _within(each)]
    if level:
        raise Refused(422, "The request holds lists within lists, deeper than anything that is read here.")
    return event


def check_call(scope: Scope, name: str, event: dict[str, Any]) -> Any:
    """Find the function that an event is for; raises Refused unless it gets as many values as it takes."""
    functions = scope["app"].get_blocks().fns
    door, _, api = name.partition("/")
    if door == "queue" or api == "predict":
        index = event.get("fn_index")
        found = functions.get(index) if isinstance(index, int) and not isinstance(index, bool) else None
    else:
        found = next((each for each in functions.values() if each.api_name == api), None)
    if found is None:
        raise Refused(404, "There is no such event; /styles and the others are listed on the API page.")
    session = event.get("session_hash")
    if session is not None and not (isinstance(session, str) and _SESSION.fullmatch(session)):
        raise Refused(422, "The session's name is none; it has up to 64 letters and digits.")
    if type(event.get("trigger_id")) not in (int, type(None)):
        raise Refused(422, "What triggered the event is no number.")
    if door == "queue" and not event.get("session_hash"):
        raise Refused(422, "The session has no name.")
    data, wanted = event.get("data"), len(found.inputs)
    fewer = found.api_visibility == "public" and data  # the others are the usual ones
    if not isinstance(data, list) or len(data) > wanted or (len(data) < wanted and not fewer):
        raise Refused(422, f"This event takes {wanted} values.")
    if gr.SelectData in _hints(found.fn) and not _is_selection(event.get("event_data")):
        raise Refused(422, "The event does not say what was selected.")
    return found


def check_names(event: dict[str, Any], kinds: dict[str, type]) -> None:
    """Raise Refused unless an event has these entries, each of its type."""
    for name, kind in kinds.items():
        if type(event.get(name)) is not kind:
            raise Refused(422, f"The request's {name} is {brief(event.get(name))}, which is none.")


def _parts_of(scope: Scope, event: dict[str, Any]) -> dict[int, Any]:
    """Return the widgets as a session has them, by their numbers; lists may offer something else by now."""
    session = scope["app"].get_blocks().state_holder.session_data.get(event.get("session_hash"))
    return {} if session is None else session.blocks_config.blocks


def _hints(function: Any) -> list[Any]:
    return list(inspect.get_annotations(inspect.unwrap(function), eval_str=True).values()) if function else []


def _is_selection(data: Any) -> bool:
    """Tell whether an event says which entry of a list was selected; Gradio would raise."""
    return (
        isinstance(data, dict) and "value" in data and type(data.get("index")) is int and data["index"] >= 0
    )


def check_values(event: dict[str, Any], folder: Path) -> None:
    """Raise Refused when an input of an event is a file that is no upload.

    Gradio checks paths only for some payloads of some widgets, and fetches addresses of others. What comes
    along beside the inputs names pictures that the page shows; nobody opens them by that name.
    """
    for each in _walk({key: value for key, value in event.items() if key != "event_data"}):
        if isinstance(each, dict) and ("path" in each or "url" in each or "meta" in each):
            path = each.get("path")
            if not isinstance(path, str) or not is_upload(path, folder):
                raise Refused(422, f"{FILE}.")


def uploaded_at(address: object, folder: Path) -> str:
    """Return the upload that an address of ours leads to, or nothing; nobody asks for the address."""
    found = _OWN_FILE.fullmatch(address) if isinstance(address, str) else None
    path = unquote(found[1]) if found else ""
    return path if path and is_upload(path, folder) else ""


def name_uploads(event: dict[str, Any], folder: Path) -> bool:
    """Put uploads by their path where an event names them by their address; tell whether any was."""
    found = False
    for each in _walk(event):
        if isinstance(each, dict) and (path := uploaded_at(each.get("path"), folder)):
            each["path"], found = path, True
            each.pop("url", None)
    return found


def check_addresses(event: dict[str, Any], folder: Path) -> None:
    """Raise ToolRefused for an address that a call of a tool names, unless it is that of an upload."""
    params = event.get("params")
    for each in _walk(params.get("arguments") if isinstance(params, dict) else None):
        if isinstance(each, str) and _ADDRESS.match(each) and not uploaded_at(each, folder):
            raise ToolRefused(event.get("id"))


def check_numbers(event: dict[str, Any]) -> None:
    """Raise Refused when an event holds a number that cannot come back."""
    for each in _walk(event):
        if isinstance(each, int) and abs(each) > limits.LARGEST_NUMBER:
            raise Refused(422, "The request holds a number that is too large.")
        if isinstance(each, float) and not math.isfinite(each):
            raise Refused(422, "The request holds a number that is none, or too large.")


def _walk(value: Any) -> Iterator[Any]:
    """Walk over all that a JSON value holds, however deep."""
    left = [value]
    while left:
        each = left.pop()
        yield each
        left += _within(each)


def _within(value: Any) -> list[Any]:
    """List what a JSON value holds."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def check_places(scope: Scope, hash: str | None) -> None:
    """Raise Refused when a visitor has as many jobs waiting as one may have."""
    queue = scope["app"].get_blocks()._queue
    waiting = [event for each in list(queue.event_queue_per_concurrency_id.values()) for event in each.queue]
    mine = sum(hash is not None and event.session_hash == hash for event in waiting)
    if mine >= limits.VISIT_PLACES:
        told = Sentence(
            "You have {count} jobs waiting already; wait for one of them and try again.", count=mine
        )
        raise Refused(503, told)
