"""Nothing is lost: not by a reload, not by a line that breaks, not by a server that starts anew."""

import os
import shutil

import pytest

from tests.browser.test_studio import choose, set_strength, stage_says, status_says
from tests.ui.small_studio import free_port, small_engine

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """An engine, and a folder of samples with a finished example."""
    from stylizer.ui.samples import FOLDER, paint_example, sample_photos

    folder = tmp_path_factory.mktemp("studio")
    engine = small_engine(folder / "checkpoints", segments=True, models=True)
    samples = folder / "samples"
    shutil.copytree(FOLDER, samples, ignore=shutil.ignore_patterns("example"))
    paint_example(engine, samples / "example", sample_photos(samples)[0], "moss")
    return engine, samples


@pytest.fixture
def server(studio, tmp_path, monkeypatch):
    """Serve a studio that can be started anew over the same folder, at the same address."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    from stylizer.ui.page import launch_settings, make_page

    engine, samples = studio
    port = free_port()

    class Server:
        def start(self):
            self.page = make_page(engine, samples, data=tmp_path / "data")
            settings = launch_settings(server_port=port, prevent_thread_lock=True, quiet=True)
            _, self.address, _ = self.page.launch(**settings)

        def stop(self):
            self.page.close()

    running = Server()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def browser(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(120_000)
    yield context
    context.close()


def visit(browser, address):
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector(".stage[data-drawn]")
    page.wait_for_function("document.querySelector('#visit-key textarea, #visit-key input').value")
    return page


def work(page, photo_file):
    """Bring a photo, choose a style, set a strength, and wait until it is painted."""
    page.locator("#open-photo input[type=file]").set_input_files(photo_file)
    stage_says(page, "turn >= 1 && frames >= 7")
    choose(page, "rose")
    stage_says(page, "turn >= 2 && frames >= 7")
    set_strength(page, 63)
    stage_says(page, "strength === '0.63' && settled === 'true'")
    page.wait_for_timeout(400)


def is_back(page):
    page.wait_for_selector(".stage[data-drawn]")
    stage_says(page, "strength === '0.63' && frames >= 7 && settled === 'true'")
    status_says(page, "Your visit is back.")
    assert "Rose" in page.locator("#chosen").inner_text()
    assert "waves" in page.locator(".stage canvas").first.get_attribute("aria-label")


def test_a_visit_comes_back_after_a_reload_a_broken_line_and_a_restart(server, browser, photo_file):
    page = visit(browser, server.address)
    work(page, photo_file)

    page.reload()
    is_back(page)
    page.screenshot(path=os.environ.get("SHOTS", str(photo_file.parent)) + "/visit-back.png")

    browser.set_offline(True)
    choose(page, "moss")
    page.locator(".away", has_text="Your work is kept").wait_for()
    page.screenshot(path=os.environ.get("SHOTS", str(photo_file.parent)) + "/visit-away.png")
    assert page.locator(".toast-body:visible").count() == 0, "Gradio's own notice stays out of the way"
    browser.set_offline(False)
    page.wait_for_selector(".away", state="hidden")
    is_back(page)

    server.stop()
    choose(page, "moss")
    page.locator(".away", has_text="Your work is kept").wait_for()
    server.start()
    page.wait_for_selector(".away", state="hidden")
    is_back(page)


def test_each_tab_is_a_visit_and_a_closed_one_comes_back_in_the_next(server, browser, photo_file):
    first = visit(browser, server.address)
    work(first, photo_file)
    second = visit(browser, server.address)
    assert "waves" not in second.locator(".stage canvas").first.get_attribute("aria-label")
    second.close()
    first.close()
    is_back(visit(browser, server.address))
