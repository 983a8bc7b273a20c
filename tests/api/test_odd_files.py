"""Files with odd names, kinds, sizes and colors, as uploads and as they are handed out."""

import os
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio.state_holder import SessionState
from gradio_client import handle_file

from stylizer.imaging.picture import open_picture
from stylizer.ui import limits
from stylizer.ui.page_config import lighten_sessions
from tests.api.test_protection import PHOTO, Site, left_behind, sentence
from tests.imaging.files import file_of

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture(scope="module")
def site(address):
    return Site(address)


@pytest.fixture(scope="module")
def folder():
    return Path(os.environ["GRADIO_TEMP_DIR"]).resolve()


def upload(site: Site, name: str, data: bytes) -> httpx.Response:
    return site.http.post("gradio_api/upload", files=[("files", (name, data))])


def test_one_file_that_is_too_large_is_refused_and_leaves_nothing(site, folder):
    before = left_behind(folder)
    answer = upload(site, "large.png", bytes(limits.FILE_BYTES + 1))
    assert answer.status_code == 413 and "maximum allowed size" in answer.text
    assert left_behind(folder) <= before


@pytest.mark.parametrize(
    "name", ["x.svg", "x.html", "x.xhtml", "x.xml", "x.HTM", "x.js", "x.png.html", "x.shtml", "x"]
)
def test_what_a_browser_would_run_is_handed_out_to_be_saved(site, name):
    path = upload(site, name, SVG if name == "x.svg" else PAGE).raise_for_status().json()[0]
    answer = site.http.get(f"gradio_api/file={path}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("application/octet-stream")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "../../x.png", "..\\..\\x.png", "/etc/cron.d/x.png", "....//....//x.png", "%2e%2e%2fx.png", ".", "..",
        "a/../../x.png", "C:\\x.png", "~/x.png", "\u202e\u200bgnp.exe", "n" * 2000 + ".png",
        "\U0001f3a8" * 90, "ü" * 200 + ".png", " .png", "con.png",
    ],
)  # fmt: skip
def test_an_upload_lies_in_a_folder_of_its_own_whatever_its_name(site, folder, name):
    head = f'--B\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    headers = {"content-type": "multipart/form-data; boundary=B"}
    answer = site.http.post("gradio_api/upload", content=head + PHOTO + b"\r\n--B--\r\n", headers=headers)
    if answer.status_code != 200:
        assert answer.status_code == 400
        return
    place = Path(answer.json()[0])
    assert place.resolve() == place and place.parent.parent == folder and place.read_bytes() == PHOTO
    opened = site.fire("open_photo", None, {"path": str(place), "orig_name": name})
    assert opened.status_code == (200 if len(name) <= limits.NAME_LETTERS else 422)
    assert "Traceback" not in opened.text


@pytest.mark.parametrize("photo", [(0, 0, 0), (255, 255, 255), (128, 128, 128)])
@pytest.mark.parametrize("painting", [(0, 0, 0), (255, 255, 255), (255, 0, 0)])
def test_one_color_is_painted_like_another(client, tmp_path, photo, painting):
    for name, color in (("photo", photo), ("painting", painting)):
        (tmp_path / name).write_bytes(file_of(np.full((64, 64, 3), color, np.uint8), "PNG"))
    files = [handle_file(str(tmp_path / name)) for name in ("photo", "painting")]
    made = client.predict(files[0], "", files[1], 1.5, 1, False, 1, 1, api_name="/stylize")
    assert open_picture(made).rgb.shape == (64, 64, 3)


def test_a_file_is_opened_only_for_whoever_knows_where_it_lies(site):
    place = Path(site.file()["path"])
    for path in (place.parent, place.parent.parent, f"{place.parent}/../../../etc/passwd", f"{place}/x"):
        assert sentence(site.fire("open_photo", None, {"path": str(path)}))


def test_a_session_describes_no_widgets_to_itself():
    """Of 600 pages that were only opened, 256 are remembered, and 8 MB are held."""
    with gr.Blocks() as page:
        for number in range(50):
            gr.Textbox("x" * 1000, label=str(number))
    assert any(SessionState(page).config_values.values())
    lighten_sessions(page)
    assert not any(SessionState(page).config_values.values())
