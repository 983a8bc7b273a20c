"""What strangers send over HTTP: refused in words, in bounds, and without a trace."""

import asyncio
import http.client
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest

from stylizer.ui import limits, protection, upload_limits
from tests.imaging.files import file_of, ramp

META = {"_type": "gradio.FileData"}
PHOTO = file_of(ramp(32, 40), "PNG")


class Site:
    """The page as a program without manners sees it."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=30)
        self.events = self.http.get("config").json()["dependencies"]

    def upload(self, *files: bytes, field: str = "files", **more) -> httpx.Response:
        sent = [(field, (f"{place}.png", file)) for place, file in enumerate(files)]
        return self.http.post("gradio_api/upload", files=sent, **more)

    def file(self, data: bytes = PHOTO) -> dict:
        return {"path": self.upload(data).raise_for_status().json()[0], "meta": META}

    def event(self, name: str) -> dict:
        return next(event for event in self.events if event["api_name"] == name)

    def fire(self, name: str, *values) -> httpx.Response:
        event = self.event(name)
        door = "queue/join" if event["queue"] else "run/predict"
        data = [*values, *[None] * (len(event["inputs"]) - len(values))]
        body = {"data": data, "fn_index": event["id"], "session_hash": "stranger"}
        return self.http.post(f"gradio_api/{door}", json=body)

    def slots(self) -> list[tuple[str, int]]:
        """All events that take a file, and the place of that value."""
        parts = {part["id"]: part["type"] for part in self.http.get("config").json()["components"]}
        kinds = ("file", "uploadbutton", "image", "video", "imageeditor", "gallery")
        return [
            (event["api_name"], place)
            for event in self.events
            for place, id in enumerate(event["inputs"])
            if parts[id] in kinds
        ]


@pytest.fixture(scope="module")
def site(address):
    return Site(address)


@pytest.fixture(scope="module")
def folder():
    return Path(os.environ["GRADIO_TEMP_DIR"])


def sentence(answer: httpx.Response) -> str:
    """Return the words of a refusal; assert that it is one, and tells nothing of the server."""
    assert 400 <= answer.status_code < 500 or answer.status_code in (503, 507), answer.text[:300]
    words = answer.json()["error"]
    assert words.endswith(".") and not any(
        leak in answer.text for leak in ("Traceback", "/root", ".py", "/tmp")
    )
    return words


def test_no_slot_takes_a_file_that_was_not_uploaded(site, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(PHOTO)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(site.file()["path"])
    forged = [
        secret,
        tmp_path / "pipe",
        "/dev/zero",
        "/etc/passwd",
        tmp_path,
        "/nowhere",
        "relative.png",
        "a\0b",
    ]
    said = set()
    assert len(site.slots()) >= 8
    for event, place in site.slots():
        for path in map(str, forged):
            for shape in (
                {"path": path},
                {"path": path, "meta": META},
                {"path": path, "meta": {}, "is_stream": True},
                [{"path": path}],
                {"video": {"path": path}},
                {"path": None, "url": f"file://{path}"},
            ):
                said.add(sentence(site.fire(event, *[None] * place, shape)))
    assert len(said) == 1  # the same for what is there and what is not


@pytest.mark.parametrize(
    "path",
    [
        "http://93.184.216.34/x.png",
        "https://example.com/x.png",
        "HTTP://127.0.0.1/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//127.0.0.1/x",
        "",
    ],
)
def test_no_address_is_fetched_for_a_visitor(site, path):
    sentence(site.fire("open_photo", None, {"path": path, "meta": META}))
    sentence(site.fire("stylize", {"path": path}))
    sentence(site.http.post("gradio_api/call/stylize", json={"data": [{"path": path, "meta": META}]}))
    for way in ("file=", "file/", "proxy=", "file=%20"):
        assert site.http.get(f"gradio_api/{way}{path}").status_code in (307, 400, 403, 404)


def test_an_upload_may_lead_out_of_the_folder_by_no_way(site, folder, tmp_path):
    good = Path(site.file()["path"])
    assert upload_limits.is_upload(str(good), folder.resolve())
    (tmp_path / "secret.png").write_bytes(PHOTO)
    link = good.parent / "link.png"
    link.symlink_to(tmp_path / "secret.png")
    for path in (
        link,
        good.parent,
        f"{good.parent}/../../../etc/passwd",
        good.relative_to("/"),
        folder / "gone",
    ):
        assert not upload_limits.is_upload(str(path), folder.resolve())
    link.unlink()


def test_what_was_uploaded_is_painted(client, tmp_path):
    from gradio_client import handle_file

    (tmp_path / "a.png").write_bytes(PHOTO)
    painted = client.predict(
        handle_file(str(tmp_path / "a.png")), "moss", None, 1, 1, False, 1, 0, api_name="/stylize"
    )
    assert Path(painted).exists()


@pytest.mark.parametrize(
    "door", ["gradio_api/queue/join", "gradio_api/call/stylize", "gradio_api/run/predict"]
)
def test_an_event_of_megabytes_is_refused_before_it_is_read(site, door):
    began = time.monotonic()
    answer = site.http.post(
        door, json={"data": ["x" * (3 * limits.EVENT_BYTES)], "fn_index": 0, "session_hash": "a"}
    )
    assert answer.status_code == 413 and "1 MB" in sentence(answer) and time.monotonic() - began < 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"data": []}',
        b'{"data": [], "fn_index": 99999, "session_hash": "a"}',
        b'{"data": [], "fn_index": -1, "session_hash": "a"}',
        b'{"data": [], "fn_index": true, "session_hash": "a"}',
        b'{"data": [], "fn_index": "x", "session_hash": "a"}',
        b'{"data": [], "fn_index": 1, "session_hash": 5}',
        b'{"data": [null], "fn_index": 0, "session_hash": "' + b"s" * 65 + b'"}',
        b'{"data": [null], "fn_index": 0, "session_hash": "a\\u0000b"}',
        b'{"data": [null], "fn_index": 0, "session_hash": "\\ud800"}',
        b'{"data": [null], "fn_index": 0, "session_hash": "\\u202ea\\u200b"}',
        b'{"data": "text", "fn_index": 1, "session_hash": "a"}',
        b'{"data": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], "fn_index": 1, "session_hash": "a"}',
        b'{"data": [18446744073709551616], "fn_index": 1, "session_hash": "a"}',
        b'{"data": [1' + b"0" * 5000 + b'], "fn_index": 1, "session_hash": "a"}',
    ],
)
def test_broken_events_are_refused_in_words(site, body):
    for door in ("queue/join", "run/predict"):
        headers = {"content-type": "application/json"}
        sentence(site.http.post(f"gradio_api/{door}", content=body, headers=headers))


@pytest.mark.parametrize("value", ["abc", "", "1", [1], {"a": 1}, True, "<b>" * 1000])
def test_what_is_no_number_is_refused_in_words(site, value):
    photo = site.file()
    said = sentence(site.http.post("gradio_api/call/stylize", json={"data": [photo, "moss", None, value]}))
    assert said.startswith("Strength is") and said.endswith("it takes a number from 0 to 1.5.")
    assert len(said) < 100
    assert "number" in sentence(site.fire("rest", None, value))  # a slider of the page


def test_a_number_that_is_null_is_refused_in_words(site):
    joined = site.http.post(
        "gradio_api/call/stylize", json={"data": [site.file(), "moss", None, None, 1, False, 1, 0]}
    )
    heard = site.http.get(f"gradio_api/call/stylize/{joined.json()['event_id']}").text
    assert "event: error" in heard and "Strength is null; give a value, or leave it out." in heard


@pytest.mark.parametrize(
    "said",
    [
        None, {}, [], "text", {"names": 5}, {"index": 0}, {"value": 1}, {"index": -1, "value": 1},
        {"index": True, "value": 1}, {"index": "0", "value": 1}, {"index": [0, 1], "value": 1},
        {"index": 0.5, "value": 1}, {"index": 10**400, "value": 1},
    ],
)  # fmt: skip
def test_a_selection_that_says_nothing_is_refused_in_words(site, said):
    """Of every event that hears of one."""
    names = ("choose", "use_sample", "choose_style", "take_step")
    selections = [
        event
        for event in site.events
        if str(event["api_name"]).removesuffix("_1") in names and event["targets"][0][1] == "select"
    ]
    assert len(selections) >= len(names)
    for event in selections:
        body = {
            "data": [None] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "stranger",
            "event_data": said,
        }  # fmt: skip
        sentence(site.http.post("gradio_api/run/predict", json=body))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_events_that_other_sites_could_send_unasked_are_refused(site, kind):
    body = {"data": [], "fn_index": site.event("open_visit")["id"], "session_hash": "a"}
    headers = {"content-type": kind} if kind else {}
    assert (
        site.http.post("gradio_api/run/predict", content=json.dumps(body), headers=headers).status_code == 415
    )


ORIGINS = ["http://evil.example", "null", "http://127.0.0.1.evil.example", "file://", "http://localhost:1"]


@pytest.mark.parametrize("origin", ORIGINS)
def test_other_sites_may_neither_write_nor_read(site, folder, origin):
    before = set(folder.rglob("*"))
    for headers in ({"origin": origin}, {"origin": origin, "sec-fetch-site": "cross-site"}):
        assert "another site" in sentence(site.upload(PHOTO, headers=headers))
        assert "another site" in sentence(site.http.post("gradio_api/cancel", json={}, headers=headers))
        for host in ({}, {"host": "studio.local"}, {"host": "192.168.1.20:7860"}):
            read = site.http.get("config", headers={**headers, **host})
            assert "access-control-allow-origin" not in read.headers
    assert set(folder.rglob("*")) == before


def test_our_own_page_may_write_behind_a_proxy_too(site):
    own = f"http://{site.http.base_url.netloc.decode()}"
    assert site.upload(PHOTO, headers={"origin": own, "sec-fetch-site": "same-origin"}).status_code == 200
    proxied = {"origin": "https://studio.example", "x-forwarded-host": "studio.example"}
    assert site.upload(PHOTO, headers=proxied).status_code == 200


def test_browsers_are_told_not_to_guess_what_a_file_is(site):
    path = site.file()["path"]
    for place in ("", f"gradio_api/file={path}", "config"):
        answer = site.http.get(place)
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "openapi.json", "docs", "redoc", "monitoring", "monitoring/summary", "runs", "gradio_api/runs",
        "gradio_api/deep_link?session_hash=a", "gradio_api/vibe-code", "gradio_api/profiling/summary",
        "gradio_api/custom_component/x/client/component/x", "gradio_api/stream/a/1/2/playlist.m3u8",
        "pwa_icon/99999999", "gradio_api/queue/data?session_hash=zzz", "gradio_api/queue/data",
        "gradio_api/queue/data?session_hash=stranger&session_hash=zzz",
        "gradio_api/queue/data?session_hash=stranger&session_hash=", "gradio_api/call/stylize/zzz",
    ],
)  # fmt: skip
def test_routes_that_the_page_does_not_use_are_closed(site, path):
    assert site.http.get(path).status_code == 404


@pytest.mark.parametrize("asked", ["bytes=1-2-3", "bytes=0-0,2-3", "bytes=a-b", "bytes=" + "0-1," * 500, "x"])
def test_an_odd_range_gets_the_whole_file(site, asked):
    path = site.file()["path"]
    answer = site.http.get(f"gradio_api/file={path}", headers={"range": asked})
    assert answer.status_code == 200 and answer.content == PHOTO
    assert site.http.get(f"gradio_api/file={path}", headers={"range": "bytes=0-7"}).content == PHOTO[:8]


def left_behind(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "content",
    [
        b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"a" * (8 << 20) + b"\r\n--B--\r\n",
        b'--B\r\nContent-Disposition: form-data; name="files"\r\n\r\ntext\r\n--B--\r\n',
        b'--B\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\ntext\r\n--B--\r\n',
        b"--B\r\nX: y\r\n\r\nz\r\n--B--",
        b"--B\r\n",
        b"",
    ],
    ids=["no file", "a field", "another name", "no name", "broken off", "empty"],
)
def test_an_upload_that_is_none_is_refused_and_leaves_nothing(site, folder, content):
    before = left_behind(folder)
    headers = {"content-type": "multipart/form-data; boundary=B"}
    answer = site.http.post("gradio_api/upload", content=content, headers=headers)
    assert answer.status_code in (400, 413) or answer.json() == []
    assert left_behind(folder) <= before  # the one before may still be cleaned up


def test_too_many_and_too_large_files_are_refused_and_leave_nothing(site, folder, monkeypatch):
    before = left_behind(folder)
    assert "32 files" in sentence(site.upload(*[PHOTO] * 60))
    monkeypatch.setattr(limits, "UPLOAD_BYTES", 1 << 20)
    noise = np.arange(3 << 20, dtype=np.uint8).tobytes()
    assert site.upload(noise).status_code == 413
    monkeypatch.setattr(limits, "DISK_BYTES", 10)
    assert "disk is full" in sentence(site.upload(PHOTO))
    assert left_behind(folder) <= before  # the one before may still be cleaned up


@pytest.mark.parametrize("words", [b"content-disposition:", b"content-disposition: form-data; "])
def test_a_file_full_of_what_begins_a_part_holds_nobody_up(words):
    """A megabyte of it took 8 s of the one thread by which all are answered."""
    parts, began = upload_limits._Parts(), time.process_time()
    for _ in range(32):
        parts.see(words * (65536 // len(words)))
    assert time.process_time() - began < 2 and parts.files == 0


@pytest.mark.parametrize("size", [1, 7, 1000, 5000, 65536])
def test_parts_are_counted_however_their_bytes_come(size, monkeypatch):
    monkeypatch.setattr(limits, "UPLOAD_FILES", 3)
    head = (
        b'--B\r\nContent-Disposition: form-data; name="files"; filename="' + b"n" * 3000 + b'"\r\n\r\nx\r\n'
    )

    def see(body: bytes) -> int:
        parts = upload_limits._Parts()
        for at in range(0, len(body), size):
            parts.see(body[at : at + size], at + size >= len(body))
        return parts.files

    assert see(head * 3 + b"--B--\r\n") == 3
    with pytest.raises(upload_limits.Refused, match="more than 3 files"):
        see(head * 4 + b"--B--\r\n")
    with pytest.raises(upload_limits.Refused, match="Every part"):
        see(head + head.replace(b"files", b"other"))
    with pytest.raises(upload_limits.Refused, match="Every part"):  # said twice, the last word counts
        see(head.replace(b"\r\n\r\n", b'\r\nContent-Disposition: form-data; name="x"\r\n\r\n'))


def test_a_part_that_comes_byte_by_byte_is_not_read_over_and_over():
    parts, began = upload_limits._Parts(), time.process_time()
    for _ in range(100_000):
        parts.see(b"x", last=False)
    assert time.process_time() - began < 2


def test_a_full_disk_is_said_in_words(site, folder, monkeypatch):
    from gradio import route_utils

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(route_utils, "NamedTemporaryFile", full)
    answer = site.upload(PHOTO)
    assert answer.status_code == 507 and "no room" in sentence(answer)


def test_an_upload_that_breaks_off_leaves_nothing(site, folder, address):
    before = left_behind(folder)
    host, port = address.split("//")[1].strip("/").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        line.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=B\r\n\r\n" + head + bytes(1 << 20)
        )
        time.sleep(0.5)
        assert left_behind(folder) != before
    end = time.monotonic() + 10
    while left_behind(folder) != before and time.monotonic() < end:
        time.sleep(0.1)
    assert left_behind(folder) == before


def test_an_upload_that_begins_while_another_is_cleaned_up_keeps_its_file(tmp_path, monkeypatch):
    """The first breaks off; while what it left is deleted in a thread, the second writes its draft."""
    monkeypatch.setattr(upload_limits, "upload_folder", lambda scope: tmp_path)
    (tmp_path / "left of the first").write_bytes(b"x")
    draft, remove = tmp_path / "draft of the second", upload_limits.remove_drafts

    def remove_slowly(*given):
        draft.write_bytes(b"x")
        remove(*given)

    async def broken_off(scope, receive, send):
        raise OSError(28, "No space left on device")

    async def send(message):
        pass

    monkeypatch.setattr(upload_limits, "remove_drafts", remove_slowly)
    scope = {"type": "http", "path": "/gradio_api/upload", "method": "POST", "headers": []}
    with ThreadPoolExecutor(1) as apart:  # a browser of other tests may have a loop running in this thread
        apart.submit(asyncio.run, upload_limits.UploadLimits(broken_off)(scope, None, send)).result()
    assert [path.name for path in tmp_path.iterdir()] == [draft.name]


def test_files_go_by_age_whoever_left_them(tmp_path):
    for name in ("a/old.png", "b/new.png", "c/shown.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    for name in ("a/old.png", "c/shown.png", "a"):
        os.utime(tmp_path / name, (1, 1))
    upload_limits.remove_old(tmp_path, {str(tmp_path / "c/shown.png")}, 60)
    os.utime(tmp_path / "a", (1, 1))
    upload_limits.remove_old(tmp_path, {str(tmp_path / "c/shown.png")}, 60)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {
        "b", "b/new.png", "c", "c/shown.png",
    }  # fmt: skip


def test_one_visitor_cannot_take_the_whole_queue(site):
    """Waiting jobs are counted by visitor; these wait behind one that the test holds."""
    event, large = site.event("stylize")["id"], site.file(file_of(ramp(1200, 1600), "PNG"))

    def join(visitor: str) -> httpx.Response:
        body = {"data": [large, "moss", None, 1, 1, False, 1, 0], "fn_index": event, "session_hash": visitor}
        answer = site.http.post("gradio_api/queue/join", json=body)
        if answer.status_code == 200:
            joined.append((visitor, answer.json()["event_id"]))
        return answer

    joined: list[tuple[str, str]] = []
    greedy = [join("greedy") for _ in range(3 * limits.VISIT_PLACES)]
    other = join("other")
    for visitor, id in joined:
        site.http.post("gradio_api/cancel", json={"session_hash": visitor, "fn_index": event, "event_id": id})
    assert other.status_code == 200 and len(joined) <= 2 * limits.VISIT_PLACES
    assert all("jobs waiting" in sentence(each) for each in greedy if each.status_code != 200)


def test_strangers_who_only_open_sessions_hold_nobody_up(site, address):
    host, port = address.split("//")[1].strip("/").split(":")
    lines = [socket.create_connection((host, int(port))) for _ in range(100)]
    for number, line in enumerate(lines):
        line.sendall(f"GET /gradio_api/heartbeat/stranger{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    for line in lines:
        assert line.recv(12) == b"HTTP/1.1 200"
        line.close()
    time.sleep(0.5)  # until the server has heard that they are gone
    began = time.monotonic()
    assert site.http.get("gradio_api/queue/status").status_code == 200
    assert time.monotonic() - began < 2


def test_a_caller_who_leaves_stops_the_work():
    """The stream of answers ends, and the endpoints are told whose it was."""
    left, queue = [], SimpleNamespace(
        pending_messages_per_session={"a": 1}, pending_event_ids_session={}, event_ids_to_events={}
    )  # fmt: skip
    page = SimpleNamespace(_queue=queue, leave=left.append)

    async def breaks_off(*_):
        raise asyncio.CancelledError

    scope = {
        "type": "http", "method": "GET", "path": "/gradio_api/queue/data", "query_string": b"session_hash=a",
        "headers": [], "app": SimpleNamespace(get_blocks=lambda: page),
    }  # fmt: skip

    async def asks() -> None:
        with pytest.raises(asyncio.CancelledError):
            await protection.Doorkeeper(breaks_off)(scope, None, None)

    with ThreadPoolExecutor(1) as apart:  # a browser of other tests may have a loop running in this thread
        apart.submit(asyncio.run, asks()).result()
    assert left == ["a"]


def test_work_that_is_stopped_for_a_caller_who_left_is_no_mishap(caplog):
    from gradio import Error

    from stylizer.engine import Cancelled
    from stylizer.ui.endpoints import _in_sentences

    def stopped():
        raise Cancelled

    with pytest.raises(Error, match="has left"):
        _in_sentences(stopped)()
    assert not caplog.records


def test_endpoints_cancel_what_a_caller_had_asked_for(tmp_path):
    from gradio.context import LocalContext

    from stylizer.ui.api import Endpoints
    from stylizer.ui.sessions import Sessions

    endpoints = Endpoints(None, Sessions(tmp_path), None)
    LocalContext.request.set(SimpleNamespace(session_hash="a"))
    with endpoints._token() as token:
        endpoints.leave("b")
        assert not token.cancelled
        endpoints.leave("a")
        assert token.cancelled
    with endpoints._token() as token:
        assert not token.cancelled
    LocalContext.request.set(None)


def test_visitors_are_refused_in_the_language_that_their_browser_asks_for(site):
    files = [PHOTO] * (limits.UPLOAD_FILES + 1)
    for languages, said in (("zh-CN,zh;q=0.9", "文件超过了 32 个"), ("de", "more than 32 files")):
        answer = site.upload(*files, headers={"Accept-Language": languages})
        assert answer.status_code == 413 and said in answer.json()["error"]


def test_a_connection_that_has_rested_answers_again(address):
    """Programs use one again for up to five seconds (httpx), and uvicorn by itself closes it then: a race."""
    connection = http.client.HTTPConnection(httpx.URL(address).netloc.decode(), timeout=30)
    connection.connect()
    first = connection.sock
    for rest in (5.5, 0):
        connection.request("GET", "/gradio_api/startup-events")
        connection.getresponse().read()
        time.sleep(rest)
    assert connection.sock is first


def test_a_body_in_parts_of_one_byte_keeps_others_waiting_for_a_part_of_its_time_only(site, address):
    """256 kB were read together, and taken apart together, for 0.25 s on free cores."""
    host, port = address.split("//")[1].strip("/").split(":")
    head = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    parts = b"%x\r\n%s\r\n" % (len(head), head) + b"1\r\nx\r\n" * 60_000
    request = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}:{port}\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    )

    def send() -> float:
        with socket.create_connection((host, int(port))) as line:
            began = time.monotonic()
            line.sendall(request.encode() + parts + b"9\r\n\r\n--B--\r\n\r\n0\r\n\r\n")
            assert line.recv(12) == b"HTTP/1.1 200"
            return time.monotonic() - began

    waits = []
    with ThreadPoolExecutor(1) as apart:
        sent = apart.submit(send)
        while not sent.done():
            began = time.monotonic()
            assert site.http.get("gradio_api/queue/status").status_code == 200
            waits.append(time.monotonic() - began)
    assert len(waits) > 4 and max(waits) < sent.result() / 2
