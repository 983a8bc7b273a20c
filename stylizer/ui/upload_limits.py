"""Uploads as they come over HTTP: bounded in number and bytes, and nothing is left on disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stylizer.errors import Sentence
from stylizer.ui import limits
from stylizer.ui.refusal import Refused, answer
from stylizer.ui.sessions import disk_used

API = "/gradio_api"
_PART = re.compile(rb"\ncontent-disposition:[^\r\n]*(?=\r\n)", re.IGNORECASE)
"""A line of a part's head; sought within lines, too, a megabyte of such words stopped everybody for 8 s."""
_HEAD = 8 << 10  # bytes of a part's head, the most that Gradio takes


def upload_folder(scope: Scope) -> Path:
    """Return the folder in which Gradio keeps uploads and results."""
    return Path(scope["app"].uploaded_file_dir).resolve()


def is_upload(path: str, folder: Path) -> bool:
    """Tell whether a path is a regular file within the folder, no link, pipe or device on the way to it."""
    try:
        place = Path(path)
        return place.is_absolute() and place.resolve().is_relative_to(folder) and place.is_file()
    except (OSError, ValueError):
        return False


class UploadLimits:
    """Bound an upload by its files and bytes, and clean up after one that breaks off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.active = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != f"{API}/upload":
            await self.app(scope, receive, send)
            return
        if scope["method"] != "POST":
            await answer(Refused(405, "Files are uploaded by POST."), scope)(scope, receive, send)
            return
        begun, refused = False, None
        state = _Parts()

        async def receive_bounded() -> Message:
            nonlocal refused
            message = await receive()
            if refused is None and message["type"] == "http.request":
                try:
                    state.see(message.get("body", b""), not message.get("more_body", False))
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
            refused = Refused(507, Sentence("There is no room for that file just now; try again later."))
            refused.__cause__ = error
        except Exception as error:
            refused = refused or Refused(400, "That is no upload that can be read; send files as form data.")
            refused.__cause__ = error
        finally:
            self.active -= 1
            if not self.active:
                left = drafts_in(folder)  # listed before another upload can begin, whose drafts stay
                await asyncio.to_thread(remove_drafts, left)
        if refused is not None and not begun:
            await answer(refused, scope)(scope, receive, send)


class _Parts:
    """Watch the parts of a form go by."""

    def __init__(self) -> None:
        self.files = self.size = 0
        self.tail = self.unread = b""

    def see(self, data: bytes, last: bool = True) -> None:
        """Take the next bytes; raises Refused when there is too much, or a part is no file."""
        self.size += len(data)
        if self.size > limits.UPLOAD_BYTES:
            raise _too_large()
        self.unread += data
        if len(self.unread) < _HEAD and not last:  # byte by byte, the same would be read over and over
            return
        text, end = self.tail + self.unread, 0
        self.unread = b""
        for found in _PART.finditer(text):
            end = found.end()
            self.files += 1
            if not re.search(rb'\bname="?files"?\s*(;|$)', found[0]) or b"filename" not in found[0].lower():
                raise Refused(400, 'Every part of an upload is a file called "files".')
            if self.files > limits.UPLOAD_FILES:
                most = limits.UPLOAD_FILES
                raise Refused(
                    413, Sentence("Those are more than {most} files; bring fewer at once.", most=most)
                )
        self.tail = text[max(end, len(text) - _HEAD) :]


def check_disk(folder: Path, announced: str | None) -> None:
    """Raise Refused when an upload does not fit into what all visitors may have on disk."""
    size = int(announced) if announced and announced.isdigit() else 0
    if size > limits.UPLOAD_BYTES + limits.MB:
        raise _too_large()
    if disk_used(folder) + size > limits.DISK_BYTES:
        raise Refused(507, Sentence("The studio's disk is full just now; try again later."))


def _too_large() -> Refused:
    most = limits.UPLOAD_BYTES >> 20
    return Refused(413, Sentence("That is more than {most} MB at once; bring fewer files.", most=most))


def drafts_in(folder: Path) -> list[Path]:
    """List what uploads that ended early left: Gradio moves whole files into folders of their own."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False)]
    return []


def remove_drafts(drafts: list[Path]) -> None:
    """Delete files; one that cannot be deleted keeps none of the others."""
    for file in drafts:
        with contextlib.suppress(OSError):
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
