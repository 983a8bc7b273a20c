"""The page in a real browser: what an artist does, and what is then seen on the canvas."""

import os
import re

import numpy as np
import pytest

from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.ui.samples import COARSE, KEYFRAMES
from tests.engine.drawn import drawn

pytestmark = pytest.mark.browser

# Mean red, green and blue of the middle of the stage, in [0, 1].
MEAN_COLOR = """() => {
    const canvas = document.querySelector('.stage canvas');
    const small = Object.assign(document.createElement('canvas'), {width: 8, height: 8}).getContext('2d');
    const side = Math.min(canvas.width, canvas.height) / 2;
    small.drawImage(canvas, (canvas.width - side) / 2, (canvas.height - side) / 2, side, side, 0, 0, 8, 8);
    const values = small.getImageData(0, 0, 8, 8).data;
    return [0, 1, 2].map(c => values.filter((_, i) => i % 4 === c).reduce((a, b) => a + b) / 64 / 255);
}"""

# Animation frames from a move of the slider to new pixels.
FRAMES_UNTIL_SHOWN = (
    "(value) => { const color = "
    + MEAN_COLOR
    + """; return new Promise(done => {
    const slider = document.querySelector('#strength input[type=range]');
    const before = color().join();
    let frames = 0;
    const look = () => {
        frames += 1;
        if (color().join() !== before || frames > 60) done(frames);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(() => {
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(slider, value);
        slider.dispatchEvent(new Event('input', {bubbles: true}));
        requestAnimationFrame(look);
    });
}); }"""
)


def color(page):
    """Read the stage's mean color once what was asked for is drawn: drawing waits for the next frame."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate(MEAN_COLOR)


def far(first, second):
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def stage_says(page, condition):
    """Wait for a condition on what the stage tells of itself."""
    names = "{turn, frames, settled, strength, regions, selected}"
    page.wait_for_function(f"(({names}) => {condition})(document.querySelector('.stage').dataset)")


def settle(page, turn, frames=7):
    """Wait until the stage has all keyframes of at least that turn."""
    stage_says(page, f"turn >= {turn} && frames >= {frames}")


def turn_of(page):
    return page.evaluate("Number(document.querySelector('.stage').dataset.turn)")


def choose(page, slug):
    page.locator(f"#wall [data-key='{slug}'] .card-face").click()


def set_strength(page, value):
    page.locator("#strength input[type=range]").fill(str(value))


def bring(page, file):
    page.locator("#open-photo input[type=file]").set_input_files(file)


def status_says(page, words):
    page.locator("#status", has_text=words).wait_for()


def test_a_visitor_paints_a_photo_and_takes_it_home(page, photo_file, tmp_path):
    """The whole way: photo, style, slider, original, full size, download, and the settings back again."""
    photo = [channel / 255 for channel in open_picture(photo_file).rgb.mean((0, 1))]
    bring(page, photo_file)
    settle(page, 1)
    choose(page, "blue-hour")
    stage_says(page, f"turn >= 2 && frames === '{1 + len(COARSE)}' && settled === 'true'")
    page.locator("#strength input[type=range]").hover()
    stage_says(page, f"frames === '{1 + len(KEYFRAMES)}' && settled === 'true'")
    page.wait_for_timeout(500)  # the last keyframe's own drawing is over
    painted = color(page)
    assert painted[2] > painted[0] + 0.2, "Blue Hour paints blue"

    frames = page.evaluate(FRAMES_UNTIL_SHOWN, "50")
    assert frames <= 2, f"the slider's move was seen after {frames} animation frames"
    half = color(page)
    assert far(half, painted) > 0.05

    set_strength(page, 0)
    stage_says(page, "strength === '0'")
    assert far(color(page), photo) < 0.08, "strength 0 shows the photo"
    set_strength(page, 63)
    stage_says(page, "strength === '0.63' && settled === 'true'")

    with page.expect_download() as waiting:
        page.locator("#render").click()
    file = tmp_path / "taken home.png"
    waiting.value.save_as(file)
    assert waiting.value.suggested_filename.endswith(".png")
    assert (open_picture(file).width, open_picture(file).height) == (180, 120)
    assert '"blue-hour"' in read_recipe(file)

    choose(page, "amber")
    settle(page, 3)
    set_strength(page, 10)
    bring(page, file)
    status_says(page, "Settings are back.")
    stage_says(page, "strength === '0.63' && settled === 'true'")
    assert "Blue Hour" in page.locator("#chosen").inner_text()


def test_the_finished_example_is_there_at_once_and_live(page):
    assert page.locator(".stage").get_attribute("data-frames") == "2", "the others wait for the visitor"
    status_says(page, "Drag the strength slider")
    full = color(page)
    page.mouse.move(5, 5)
    stage_says(page, "frames === '7'")
    set_strength(page, 0)
    stage_says(page, "strength === '0'")
    assert far(color(page), full) > 0.05
    assert page.evaluate(
        "performance.getEntriesByType('resource').every(entry => entry.name.startsWith(location.origin))"
    ), "nothing comes from elsewhere"


def test_twenty_rapid_clicks_end_on_the_last_style(page):
    styles = ["amber", "rose", "moss", "blue-hour"] * 5
    for slug in styles:
        choose(page, slug)
    settle(page, 20)
    status_says(page, "Painted like Blue Hour")
    painted = color(page)
    assert painted[2] > painted[0] + 0.2


def test_every_view_works_by_keyboard(page):
    full = color(page)
    page.locator(".stage").focus()
    page.keyboard.down("o")
    page.locator(".stage.original").wait_for()
    original = color(page)
    page.keyboard.up("o")
    page.locator(".stage:not(.original)").wait_for()
    assert far(original, full) > 0.05

    page.keyboard.press("+")
    page.locator(".stage.zoomed").wait_for()
    page.keyboard.press("0")
    page.locator(".stage:not(.zoomed)").wait_for()

    divider = page.locator(".stage-divider")
    divider.focus()
    page.keyboard.press("End")
    page.locator(".stage-divider[aria-valuenow='100']").wait_for()
    page.wait_for_timeout(100)
    assert far(color(page), original) < 0.02
    page.keyboard.press("Home")
    page.locator(".stage-divider[aria-valuenow='0']").wait_for()

    slider = page.locator("#strength input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    stage_says(page, "strength === '0.74'")
    page.keyboard.press("Home")
    stage_says(page, "strength === '0'")
    page.locator("#strength .reset-button, #strength button").first.click()
    stage_says(page, "strength === '0.75'")


# Move a slider as one drag does, however long a machine takes between two of a test's own commands.
DRAG = """(slider, values) => values.forEach(value => {
    slider.value = value;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
})"""


def test_the_look_controls_paint_anew_and_the_last_value_wins(page):
    page.locator("button", has_text="Look").click()
    before = color(page)
    slider = page.locator("#detail input[type=range]")
    slider.evaluate(DRAG, ["20", "40", "80", "100"])
    stage_says(page, "turn >= 1 && frames >= 7")
    assert turn_of(page) < 4, "a drag is one wish, not one for every step"
    status_says(page, "Painted like")
    assert page.locator("#detail input[type=number]").input_value() == "100"
    assert color(page) != before


def test_gentle_faces_switched_off_paints_anew_and_stays_off_after_a_reload(page, tmp_path):
    rgb = np.full((120, 160, 3), (217, 158, 128), np.uint8)
    rgb[45:75, 65:95] = (240, 130, 90)
    save_picture(Picture(rgb), tmp_path / "portrait.png")
    bring(page, tmp_path / "portrait.png")
    settle(page, 1)
    page.locator("button", has_text="Look").click()
    switch = page.locator("#gentle-faces input")
    assert switch.is_checked()
    turn, gentle = turn_of(page), color(page)
    switch.click()
    settle(page, turn + 1)
    status_says(page, "Painted like")
    assert far(color(page), gentle) > 0.005
    page.reload()
    status_says(page, "Your visit is back.")
    settle(page, 1)
    page.locator("button", has_text="Look").click()
    assert not page.locator("#gentle-faces input").is_checked()


@pytest.mark.parametrize("page", ["", "?plain"], indirect=True)
def test_color_is_blended_on_the_stage_like_strength_and_as_the_studio_paints_it(page, photo_file):
    bring(page, photo_file)
    settle(page, 1)
    choose(page, "blue-hour")
    settle(page, 2)
    set_strength(page, 100)
    stage_says(page, "strength === '1'")
    page.locator("button", has_text="Look").click()
    page.wait_for_timeout(500)
    turn, whole = turn_of(page), color(page)
    frames = page.evaluate(FRAMES_UNTIL_SHOWN.replace("#strength", "#color"), "0")
    assert frames <= 2, f"the slider's move was seen after {frames} animation frames"
    gray = color(page)
    assert far(gray, whole) > 0.05
    set_strength(page, 99)  # no keyframe, so the studio paints the true picture
    stage_says(page, "strength === '0.99' && settled === 'true'")
    page.wait_for_timeout(400)
    assert far(color(page), gray) < 0.03, "the stage shows what the studio paints"
    assert turn_of(page) == turn, "nothing was painted anew"


def test_a_bad_file_says_why_and_the_page_goes_on(page, tmp_path, photo_file):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"<html>not a picture</html>")
    bring(page, bad)
    page.locator("#status .error").wait_for()
    said = page.locator("#status").inner_text()
    assert str(tmp_path) not in said and "Traceback" not in said
    assert page.locator(".stage").get_attribute("data-turn") == "0"
    bring(page, photo_file)
    settle(page, 1)
    status_says(page, "Painted like")


BOXES = """names => names.map(name => {
    const {x, y, width, height} = document.querySelector(name).getBoundingClientRect();
    return [x, y, width, height];
})"""


@pytest.mark.parametrize("width, height", [(1440, 900), (1024, 768)])
def test_a_long_message_is_read_whole_and_nothing_moves(page, tmp_path, width, height):
    page.set_viewport_size({"width": width, "height": height})
    bad = tmp_path / "photo.png"
    bad.write_bytes(b"<html>not a picture</html>")
    below = [
        "#strength input[type=range]",
        "#strength .tab-like-container",
        "#render",
        "#facts",
        ".stage-view",
    ]
    before = page.evaluate(BOXES, below)
    bring(page, bad)
    page.locator("#status .error").wait_for()
    page.wait_for_function("document.querySelector('#status').hasAttribute('data-long')")
    assert page.evaluate(BOXES, below) == before
    said, number, tools, slider = page.evaluate(
        """() => {
            const words = document.createRange();
            words.selectNodeContents(document.querySelector('#status .error'));
            const boxes = [...document.querySelectorAll('.stage-tools, #strength .tab-like-container')]
                .filter(each => each.checkVisibility()).map(each => each.getBoundingClientRect());
            const slider = document.querySelector('#strength input[type=range]').getBoundingClientRect();
            return [[...words.getClientRects()], boxes[1], boxes[0], slider];
        }"""
    )
    for line in said:
        assert line["bottom"] <= slider["top"]
        for other in (number, tools):
            apart = line["right"] <= other["left"] or line["bottom"] <= other["top"]
            assert apart or line["top"] >= other["bottom"]
    label = page.locator("#strength .head label")
    assert label.evaluate("each => getComputedStyle(each).opacity") == "0", "it lies below the message"
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("!document.querySelector('#status').hasAttribute('data-long')")
    assert label.evaluate("each => getComputedStyle(each).opacity") == "1"


def test_how_far_it_is_stands_under_two_lines_of_words_and_not_on_the_slider(page):
    words = "Photo 1 of 3, mountains.jpg: Painting tile 4 of 4. About 1 s left."
    page.evaluate(
        "words => { document.querySelector('#status .status').textContent = words;"
        "document.querySelector('#status .status').insertAdjacentHTML('afterend',"
        "'<progress max=1 value=0.4></progress>'); }",
        words,
    )
    page.wait_for_function("!document.querySelector('#status[data-one]')")
    bar, slider = (page.locator(name).bounding_box() for name in ("#status progress", "#strength"))
    assert bar["y"] + bar["height"] <= slider["y"]


def test_a_phone_shows_everything_without_sideways_scroll(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#status").bounding_box()["y"] < 844
    page.get_by_role("tab", name=re.compile("History")).click()
    page.locator("#about").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("page", ["?plain"], indirect=True)
def test_a_browser_without_webgl_shows_the_same(page):
    assert page.locator(".stage").get_attribute("data-painter") == "2d"
    full = color(page)
    set_strength(page, 0)
    stage_says(page, "strength === '0'")
    assert far(color(page), full) > 0.05
    set_strength(page, 75)
    stage_says(page, "strength === '0.75' && settled === 'true'")
    assert far(color(page), full) < 0.02


def test_what_is_saved_can_be_had_again_as_a_jpeg_and_used_again(page, photo_file, tmp_path):
    bring(page, photo_file)
    settle(page, 1)
    choose(page, "rose")
    settle(page, 2)
    assert "180 × 120 pixels, 1.5 × 1.0 cm in print" in page.locator("#facts").inner_text()
    with page.expect_download():
        page.locator("#render").click()
    choose(page, "moss")
    settle(page, 3)
    page.get_by_role("tab", name="History").click()
    page.locator("#history .thumbnail-item").first.click()
    with page.expect_download() as waiting:
        page.locator("#history-jpeg").click()
    again = tmp_path / "again.jpg"
    waiting.value.save_as(again)
    assert waiting.value.suggested_filename.endswith(".jpg")
    assert open_picture(again).width == 180 and '"rose"' in read_recipe(again)
    if os.environ.get("SHOTS"):
        page.screenshot(path=os.environ["SHOTS"] + "/history.png")
    page.locator("#use-again").click()
    status_says(page, "Painted like Rose")
    assert "Rose" in page.locator("#chosen").inner_text()


def test_a_masterwork_of_an_own_painting_grows_on_the_stage(page, photo_file, tmp_path):
    save_picture(drawn(64, 64, seed=9), tmp_path / "own.png")
    bring(page, photo_file)
    settle(page, 1)
    page.locator("#own-style input[type=file]").set_input_files(tmp_path / "own.png")
    settle(page, 2)
    before = color(page)
    with page.expect_download() as waiting:
        page.locator("#masterwork").click()
    file = tmp_path / "masterwork.png"
    waiting.value.save_as(file)
    assert '"masterwork": true' in read_recipe(file)
    status_says(page, "Saved 180 × 120 pixels")
    assert color(page) != before, "the stage shows it"
    page.locator("#masterwork").wait_for()
