"""The Model Context Protocol: a real client lists the tools, sends a photo and gets a painting."""

import asyncio
import base64
import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from stylizer.ui import limits
from tests.imaging.files import file_of, ramp
from tests.ui.small_studio import STYLES

PHOTO = file_of(ramp(32, 40), "PNG")
TOOLS = {"styles", "stylize", "masterwork", "study", "segment", "stylize_regions", "translate", "invent"}


def by_text(data: bytes) -> str:
    """Write a file as assistants send it."""
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def ask(address):
    """Ask the server one thing by a client of the protocol, and return its answer."""

    async def asked(what: str, arguments: dict | None):
        async with (
            streamable_http_client(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            if arguments is None:
                return await getattr(session, what)()
            return await session.call_tool(what, arguments)

    def in_its_own_thread(what: str, arguments: dict | None = None):
        # a browser of other tests may have a loop running in this thread
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(asyncio.run, asked(what, arguments)).result()

    return in_its_own_thread


def test_the_tools_are_the_endpoints_and_say_what_they_take(ask):
    tools = {tool.name: tool for tool in ask("list_tools").tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert len(tool.description) > 40
        for name, field in tool.inputSchema["properties"].items():
            assert len(field.get("description", "")) > 5, f"{tool.name}: {name}"
    assert "0 (the photo) to 1.5" in tools["stylize"].inputSchema["properties"]["strength"]["description"]


def test_a_tool_lists_the_styles(ask):
    answer = ask("styles", {})
    assert not answer.isError and all(style in answer.content[0].text for style in STYLES)


def test_a_photo_goes_in_and_a_painting_comes_out(ask):
    answer = ask("stylize", {"photo": by_text(PHOTO), "style": "moss", "strength": 0.8})
    assert not answer.isError, answer.content[0].text
    picture = next(part for part in answer.content if part.type == "image")
    painted = Image.open(io.BytesIO(base64.b64decode(picture.data)))
    assert painted.size == (40, 32)
    assert np.abs(np.asarray(painted).astype(int) - np.asarray(Image.open(io.BytesIO(PHOTO)))).mean() > 5


def test_a_file_that_was_uploaded_before_is_a_photo_by_its_address(ask, address):
    sent = httpx.post(f"{address}gradio_api/upload", files={"files": ("photo.png", PHOTO)}).json()[0]
    answer = ask("stylize", {"photo": f"{address}gradio_api/file={sent}", "style": "moss"})
    assert not answer.isError, answer.content[0].text
    assert any(part.type == "image" for part in answer.content)


@pytest.mark.parametrize(
    "photo",
    [
        "http://127.0.0.1:9/x.png",
        "https://example.com/x.png",
        "http://127.0.0.1/gradio_api/file=/etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "x" * 5000,
    ],
)
def test_no_address_is_fetched_and_no_file_opened_for_a_tool(ask, photo):
    answer = ask("stylize", {"photo": photo, "style": "moss"})
    assert answer.isError and ("fetches no addresses" in answer.content[0].text) is (":" in photo)
    assert not any(leak in answer.content[0].text for leak in ("Traceback", "/root", "/tmp", "root:"))


def test_a_mistake_comes_back_as_a_sentence(ask):
    answer = ask("stylize", {"photo": by_text(PHOTO), "style": "no-such"})
    assert answer.isError and "There is no style called" in answer.content[0].text
    answer = ask("stylize", {"photo": by_text(b"no picture"), "style": "moss"})
    assert answer.isError and "not a picture" in answer.content[0].text


def test_a_call_has_a_largest_size(address):
    headers = {"accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"x": "y" * limits.TOOL_BYTES}}
    answer = httpx.post(f"{address}gradio_api/mcp/", json=body, headers=headers, timeout=60)
    assert answer.status_code == 413 and "16 MB" in answer.text


@pytest.mark.parametrize("path", ["sse", "messages/", "sse/"])
def test_the_older_transport_is_closed(address, path):
    assert httpx.get(f"{address}gradio_api/mcp/{path}").status_code == 404
