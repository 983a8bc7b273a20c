"""The page over the painter that ships: a style is chosen, and the picture changes."""

import shutil

import pytest

from stylizer.engine import Engine
from tests.browser.conftest import PATIENCE
from tests.browser.test_studio import color, far, set_strength, stage_says, status_says
from tests.ui.small_studio import free_port

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve the shipped painter with its named styles."""
    engine = Engine(device="cpu")
    if not engine.styles():
        pytest.skip("no named styles ship with a painter yet")
    folder = tmp_path_factory.mktemp("shipped")
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(folder / "files"))
    from stylizer.ui.page import launch_settings, make_page

    page = make_page(engine)
    _, url, _ = page.launch(**launch_settings(server_port=free_port(), prevent_thread_lock=True, quiet=True))
    yield url
    page.close()
    patch.undo()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(("width", "height", "locale"), [(1440, 900, "en"), (390, 844, "zh-CN")])
def test_a_first_visit_is_sent_less_than_a_megabyte(chromium, address, width, height, locale):
    context = chromium.new_context(viewport={"width": width, "height": height}, locale=locale)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    line, sent = context.new_cdp_session(page), []
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.goto(address)
    page.wait_for_selector(".stage[data-drawn]")
    page.wait_for_timeout(3000)
    context.close()
    assert 300e3 < sum(sent) <= 1e6


def test_the_wall_begins_with_the_painting_that_greets(page):
    page.wait_for_function("document.querySelector('.card img')?.naturalWidth > 0")
    assert page.locator(".card-face").first.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.querySelector('.wall-hang').scrollTop") == 0


def test_the_shipped_painter_paints_in_a_shipped_style(page):
    page.locator("#samples button").nth(2).click()
    stage_says(page, "turn >= 1 && frames >= 7")
    page.locator("#wall .card-face").first.click()
    stage_says(page, "turn >= 2 && frames >= 7")
    status_says(page, "Painted like")
    painted = color(page)
    set_strength(page, 0)
    stage_says(page, "strength === '0'")
    photo = color(page)
    set_strength(page, 50)
    stage_says(page, "strength === '0.5' && settled === 'true'")
    half = color(page)
    assert max(far(painted, photo), far(half, photo)) > 0.01, "the painting differs from the photo"
