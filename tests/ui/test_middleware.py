"""What is done to the page on its way to the browser."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from stylizer.ui.middleware import EarlyHead


def answered(path, *parts):
    """Ask a page of these parts through the middleware; returns its headers and its body."""

    async def page(scope, receive, send):
        length = str(sum(map(len, parts))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", length)]})
        for place, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": place < len(parts)})

    sent = []

    async def keep(message):
        sent.append(message)

    asked = EarlyHead(page)({"type": "http", "path": path}, None, keep)
    with ThreadPoolExecutor(1) as apart:  # where browser tests have left no loop running
        apart.submit(asyncio.run, asked).result()
    body = b"".join(message.get("body", b"") for message in sent)
    return {name.lower(): value for name, value in sent[0]["headers"]}, body


def test_the_page_has_its_margins_and_scripts_before_any_script_runs():
    headers, body = answered("/", b"<html><head><title>", b"x</title></he", b"ad><body></head></body></html>")
    head, rest = body.split(b"</head>", 1)
    assert (
        b"<style>" in head
        and b"stage.js" in head
        and b'content="zh-CN"' in head
        and rest == b"<body></head></body></html>"
    )
    assert int(headers[b"content-length"]) == len(body)


def test_whatever_is_not_the_page_passes_as_it_is():
    headers, body = answered("/theme.css", b"a</head>", b"b")
    assert body == b"a</head>b" and headers[b"content-length"] == b"9"
