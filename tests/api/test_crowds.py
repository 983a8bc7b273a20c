"""What one stranger, or many at once, may make the server hold, or wait for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gradio.routes import file_upload_statuses

from stylizer.engine.hints import MOST_HINTS
from stylizer.errors import RequestError
from stylizer.ui import limits
from stylizer.ui.doors import Gate
from stylizer.ui.handlers import photos
from stylizer.ui.options import hints_for
from tests.api.test_protection import PHOTO, Site


@pytest.fixture(scope="module")
def site(address):
    return Site(address)


def test_a_gate_lets_few_in_and_asks_those_who_find_a_long_line_to_come_again():
    gate, held = Gate(1, 3), threading.Event()

    def pass_it() -> str:
        try:
            with gate:
                held.wait(10)
        except RequestError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as crowd:
        everyone = [crowd.submit(pass_it) for _ in range(8)]
        end = time.monotonic() + 5
        while sum(each.done() for each in everyone) < 4 and time.monotonic() < end:
            time.sleep(0.01)
        refused = [each.result() for each in everyone if each.done()]
        held.set()
    assert len(refused) == 4 and all("try again in a moment" in each for each in refused)
    with gate:
        pass


def test_a_crowd_that_brings_large_photos_keeps_nobody_from_anything_else(site, monkeypatch):
    """The first is still being opened, and there are more of them than threads that answer requests."""
    read, file = photos.open_picture, site.file()
    opened = threading.Event()

    def slow(*given):
        opened.wait(30)
        return read(*given)

    visits = [f"crowd-{number}" for number in range(60)]
    with ThreadPoolExecutor(60) as crowd:
        list(crowd.map(lambda visit: fire(site, "open_visit", visit, [None]), visits))
        monkeypatch.setattr(photos, "open_picture", slow)
        sent = [crowd.submit(fire, site, "open_photo", visit, [None, file]) for visit in visits]
        end = time.monotonic() + 20
        while sum(each.done() for each in sent) < 60 - 2 * limits.READERS_WAITING and time.monotonic() < end:
            time.sleep(0.01)
        began = time.monotonic()
        assert site.http.get(f"gradio_api/file={file['path']}").content == PHOTO
        assert fire(site, "choose_size", visits[0], [None, "2048 px"]).status_code == 200
        waited = time.monotonic() - began
        opened.set()
        told = [each.result().text for each in sent]
    assert waited < 5
    busy = sum("many pictures are being opened just now" in text.lower() for text in told)
    assert 60 - 2 * limits.READERS_WAITING <= busy < 60


def fire(site: Site, name: str, visit: str, values: list) -> httpx.Response:
    body = {"data": values, "fn_index": site.event(name)["id"], "session_hash": visit}
    return httpx.post(f"{site.http.base_url}gradio_api/run/predict", json=body, timeout=60)


def test_a_megabyte_of_color_hints_is_refused_before_any_is_drawn():
    digest = "a" * 64
    one = "0.5000,0.5000=#80b0e0"
    assert len(hints_for(" ".join([digest[:16], *[one] * MOST_HINTS]), digest)) == MOST_HINTS
    began = time.monotonic()
    with pytest.raises(RequestError, match="64 hints already"):
        hints_for(" ".join([digest[:16], *[one] * 40_000]), digest)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B"])
def test_a_form_for_signing_in_is_short_whoever_posts_it(site, kind):
    """Gradio has that door on every page, and would write the file of a form to disk, however long."""
    head = b'--B\r\nContent-Disposition: form-data; name="username"; filename="a"\r\n\r\n'
    body = (head if "boundary" in kind else b"username=") + b"a" * (1 << 20)
    answer = site.http.post("login", content=body, headers={"content-type": kind})
    assert answer.status_code == 413 and "16 kB" in answer.json()["error"]
    short = site.http.post("login", data={"username": "a", "password": "b"})
    assert short.status_code in (302, 307, 400)


def test_names_of_uploads_are_short_and_not_remembered_for_ever(site):
    long = site.http.post(f"gradio_api/upload?upload_id={'a' * 5000}", files=[("files", ("a.png", PHOTO))])
    assert long.status_code == 400
    for number in range(3):
        site.http.post(f"gradio_api/upload?upload_id=mine{number}", files=[("files", ("a.png", PHOTO))])
    assert "mine2" in file_upload_statuses._statuses
    for number in range(2 * limits.UPLOADS_WATCHED):
        file_upload_statuses.track(f"stranger {number}")
    site.upload(PHOTO)
    assert len(file_upload_statuses._statuses) <= limits.UPLOADS_WATCHED + 1
