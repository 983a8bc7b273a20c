"""An artist lets an own painting be studied, stops it, takes it home and brings it back."""

import os
import shutil

import pytest

from stylizer.imaging.picture import save_picture
from tests.browser.test_studio import bring, choose, color, far, set_strength, settle, stage_says, turn_of
from tests.engine.drawn import drawn
from tests.ui.small_studio import free_port, practice_on_small_crops, small_engine

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve a studio whose painter can be taught."""
    folder = tmp_path_factory.mktemp("studio")
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(folder / "files"))
    from stylizer.ui.page import launch_settings, make_page
    from stylizer.ui.samples import FOLDER, paint_example, sample_photos

    practice_on_small_crops(patch)
    engine = small_engine(folder / "checkpoints", teachable=True)
    samples = folder / "samples"
    shutil.copytree(FOLDER, samples, ignore=shutil.ignore_patterns("example"))
    paint_example(engine, samples / "example", sample_photos(samples)[0], "moss")
    page = make_page(engine, samples)
    _, url, _ = page.launch(**launch_settings(server_port=free_port(), prevent_thread_lock=True, quiet=True))
    yield url
    page.close()
    patch.undo()


# Drop a file on an element, as a hand would.
DROP = """([place, name, bytes]) => {
    const carrier = new DataTransfer();
    carrier.items.add(new File([Uint8Array.from(bytes)], name));
    const event = new DragEvent('drop', {dataTransfer: carrier, bubbles: true, cancelable: true});
    document.querySelector(place).dispatchEvent(event);
}"""


def test_a_painting_is_studied_while_the_slider_goes_on(page, photo_file, tmp_path):
    save_picture(drawn(64, 64, seed=9), tmp_path / "old-harbor.png")
    bring(page, photo_file)
    settle(page, 1)
    assert not page.locator("#study").is_visible(), "a style with a name is not studied"
    page.locator("#own-style input[type=file]").set_input_files(tmp_path / "old-harbor.png")
    settle(page, 2)
    button, wall = (page.locator(name).bounding_box() for name in ("#study", "#wall"))
    assert button["y"] < wall["y"], "beside the painting, and not below all others"
    page.locator("#study").click()
    page.locator("#study-line", has_text="Studying Old Harbor").wait_for()
    assert page.locator("#wall").bounding_box()["y"] == wall["y"], "it is told beside the button"
    page.locator("#study-keep").wait_for()  # something better is known
    first = turn_of(page)
    settle(page, first, 3)
    full = color(page)
    set_strength(page, 0)
    stage_says(page, "strength === '0'")
    page.locator("#study-stop").click()
    page.locator("#study-line", has_text="better, and kept").wait_for()
    assert far(color(page), full) > 0.002, "the slider went on"
    if os.environ.get("SHOTS"):
        page.screenshot(path=os.environ["SHOTS"] + "/studied.png")
    assert "object" not in page.locator("#status").inner_text()
    settle(page, first + 1)

    with page.expect_download() as waiting:
        page.locator("#study-keep").click()
    assert waiting.value.suggested_filename == "old-harbor.safetensors"
    waiting.value.save_as(tmp_path / "old-harbor.safetensors")
    before = page.locator("#wall .card").count()
    kept = list((tmp_path / "old-harbor.safetensors").read_bytes())
    page.evaluate(DROP, [".stage-view", "old-harbor.safetensors", kept])
    page.wait_for_function(f"document.querySelectorAll('#wall .card').length === {before + 1}")
    assert "Old Harbor" in page.locator("#chosen").inner_text()
    page.locator("#study").wait_for(state="hidden")
    assert page.locator("#study-keep").is_visible()


# The least and the most that the wall's place has been, from frame to frame.
WATCH = """() => {
    const wall = document.querySelector('#wall'), place = () => wall.getBoundingClientRect().y + scrollY;
    window.places = [place(), place()];
    (function look() {
        window.places = [Math.min(window.places[0], place()), Math.max(window.places[1], place())];
        requestAnimationFrame(look);
    })();
}"""
MOVED = "window.places[1] - window.places[0]"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_the_wall_stays_where_it_is_when_an_own_painting_is_chosen_and_studied(page, width, height, tmp_path):
    name = "a-wide-view-of-the-old-harbor.png"
    save_picture(drawn(80, 128, seed=9), tmp_path / name)
    page.set_viewport_size({"width": width, "height": height})
    choose(page, "rose")
    page.locator("#chosen", has_text="Rose").wait_for()
    page.evaluate(WATCH)
    page.locator("#own-style input[type=file]").set_input_files(tmp_path / name)
    page.locator("#study").wait_for()
    assert page.evaluate(MOVED) < 1, "when it is added"
    choose(page, "rose")
    page.locator("#study").wait_for(state="hidden")
    choose(page, "own:1")
    page.locator("#study").wait_for()
    assert page.evaluate(MOVED) < 1, "when it is chosen"
    page.locator("#study").click()
    page.locator("#study-stop").wait_for()
    page.locator("#study-stop").click()
    page.locator("#study-line", has_text="Stopped").wait_for()
    page.locator("#study").wait_for()
    assert page.evaluate(MOVED) < 1, "when it is studied"
    if os.environ.get("SHOTS"):
        page.locator("#chosen-box").scroll_into_view_if_needed()
        page.screenshot(path=f"{os.environ['SHOTS']}/studied-{width}.png")
