"""One studio and one browser for all browser tests; every test has a page of its own."""

import os
import shutil

import pytest

from tests.engine.drawn import drawn
from tests.ui.small_studio import free_port, small_engine

PATIENCE = 120_000
"""Milliseconds that a page may take for anything: machines are busy, and no test is about seconds."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Serve a small studio, with a finished example, on a free port."""
    folder = tmp_path_factory.mktemp("studio")
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(folder / "files"))
    patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    from stylizer.ui.page import launch_settings, make_page
    from stylizer.ui.samples import FOLDER, paint_example, sample_photos

    engine = small_engine(folder / "checkpoints", segments=True, models=True)
    samples = folder / "samples"
    shutil.copytree(FOLDER, samples, ignore=shutil.ignore_patterns("example"))
    paint_example(engine, samples / "example", sample_photos(samples)[0], "moss")
    page = make_page(engine, samples)
    settings = launch_settings(server_port=free_port(), prevent_thread_lock=True, quiet=True)
    _, url, _ = page.launch(**settings)
    yield url
    page.close()
    patch.undo()


@pytest.fixture(scope="session")
def chromium():
    """Drive Debian's Chromium, or the one that CHROMIUM names."""
    playwright = pytest.importorskip("playwright.sync_api")
    place = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if place is None:
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=place, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[""])
def page(request, chromium, address):
    """Open the studio; the parameter is put behind its address. The page asks nobody else for anything."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    opened.complaints, opened.asked = [], []
    opened.on("request", lambda asked: opened.asked.append(asked.url))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto(address + request.param)
    opened.wait_for_selector(".stage[data-drawn]")
    yield opened
    context.close()
    assert opened.complaints == []
    ours = (address, "data:", f"blob:{address}")
    assert opened.asked and [url for url in opened.asked if not url.startswith(ours)] == []


@pytest.fixture
def photo_file(tmp_path):
    from stylizer.imaging.picture import save_picture

    save_picture(drawn(120, 180, seed=3), tmp_path / "waves.png")
    return tmp_path / "waves.png"
