"""The Translate tab in a real browser: its own stage, the photo and the regions of the visit."""

import pytest

from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from tests.browser.test_regions import COLOR_AT, GROUND, SKY
from tests.browser.test_studio import bring, far, settle, stage_says
from tests.engine.parted import parted

pytestmark = pytest.mark.browser

STAGE = "#translate-stage .stage"
PHOTO_SKY = (60 / 255, 60 / 255, 220 / 255)


@pytest.fixture
def opened(page, tmp_path):
    """Bring a photo in the Stylize tab, and come to the Translate tab."""
    save_picture(parted(120, 180), tmp_path / "parts.png")
    bring(page, tmp_path / "parts.png")
    settle(page, 1)
    page.get_by_role("tab", name="Translate").click()
    says(page, "frames === '2'")
    status_says(page, "Translated: Lines.")
    return page


def says(page, condition):
    """Wait for a condition on what this tab's stage tells of itself."""
    names = "{turn, frames, settled, strength, regions, selected}"
    page.wait_for_function(f"(({names}) => {condition})(document.querySelector('{STAGE}').dataset)")


def status_says(page, words):
    page.locator("#translate-status", has_text=words).wait_for()


def look(page, title):
    page.locator("#translate-looks button", has_text=title).click()


def places(page):
    """Return where the words on the chosen look, the samples of all looks and the mix stand."""
    return [page.locator(f"#translate-{name}").bounding_box() for name in ("about", "looks", "domains")]


def color_by_hints(page):
    """Choose the colorizer that takes hints; the one of the same title is on the other wall."""
    look(page, "Black and white to color")
    page.locator("#translate-hint-picture img").wait_for()


def colors(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [page.evaluate(COLOR_AT.replace(".stage", STAGE), place) for place in (SKY, GROUND)]


def test_the_photo_of_the_visit_is_translated_live(opened):
    page = opened
    look(page, "Autumn")
    status_says(page, "Translated: Autumn.")
    says(page, "frames === '2' && settled === 'true'")
    full = colors(page)
    page.locator("#translate-strength input[type=range]").fill("0")
    photo = colors(page)  # the stage alone has drawn this
    assert far(photo[0], PHOTO_SKY) < 0.06, "strength 0 is the photo"
    assert far(full[0], photo[0]) > 0.05
    page.locator("#translate-strength input[type=range]").fill("50")
    half = colors(page)
    between = [(one + other) / 2 for one, other in zip(full[0], photo[0], strict=True)]
    assert far(half[0], between) < 0.03
    page.locator("#translate-domains label", has_text="Winter").click()
    status_says(page, "Translated: Autumn and Winter.")
    page.get_by_label("Share of Winter").first.wait_for()
    left = page.locator(".stage").first.get_attribute("data-strength")
    assert left == "0.75", "the other stage is left alone"


def test_regions_are_masks_and_the_finished_picture_is_taken_home(opened, tmp_path):
    page = opened
    page.locator("#translate-regions-panel button", has_text="Regions").first.click()
    page.locator("#translate-find-regions").click()
    says(page, "regions === '4'")
    page.locator(f"{STAGE} .stage-legend button[data-name=sky]").click()
    page.locator("#translate-region-title", has_text="Sky").wait_for()
    page.locator("#translate-region-manner label", has_text="Keep the photo").click()
    page.locator(f"{STAGE} .stage-legend button[data-name=sky] small", has_text="photo").wait_for()
    says(page, "settled === 'true'")
    assert far(colors(page)[0], PHOTO_SKY) < 0.06

    with page.expect_download() as waiting:
        page.locator("#translate-render").click()
    file = tmp_path / "home.png"
    waiting.value.save_as(file)
    assert '"kind": "translation"' in read_recipe(file)
    photo, made = open_picture(tmp_path / "parts.png").rgb, open_picture(file).rgb
    assert (photo[5:20, 5:40] == made[5:20, 5:40]).all(), "bit for bit"
    assert (photo[100:] != made[100:]).mean() > 0.5

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("tab", name="Stylize").click()
    stage_says(page, "regions === '4'")


def test_a_color_is_clicked_on_the_gray_photo_and_taken_back(opened):
    page = opened
    assert not page.locator("#translate-hint-box").is_visible(), "lines take no colors"
    color_by_hints(page)
    status_says(page, "Colored.")
    says(page, "frames === '2' && settled === 'true'")
    turn = page.locator(STAGE).get_attribute("data-turn")
    before = colors(page)
    picture = page.locator("#translate-hint-picture img")
    size = picture.bounding_box()
    page.locator("#translate-hint-color .dialog-button").click()
    page.locator("#translate-hint-color .color-picker").wait_for()
    assert picture.bounding_box() == size, "what colors are chosen with lies over it"
    page.locator("#translate-hint-color .dialog-button").click()
    page.locator("#translate-hint-color .color-picker").wait_for(state="hidden")
    picture.click(position={"x": size["width"] * 0.25, "y": size["height"] * 0.2})
    page.locator("#translate-hint-line", has_text="1 color is given.").wait_for()
    says(page, f"turn !== '{turn}' && frames === '2' && settled === 'true'")
    assert max(far(*pair) for pair in zip(colors(page), before, strict=True)) > 0.005
    assert page.locator("#translate-hint-clear").is_visible()
    page.locator("#translate-hint-back").click()
    page.locator("#translate-hint-line", has_text="No colors are given").wait_for()
    page.locator("#translate-hint-back").wait_for(state="hidden")
    assert not page.locator("#translate-hint-clear").is_visible(), "there is nothing to take back"


def test_looks_can_be_seen_and_chosen_by_keyboard_before_anything_is_made(page):
    page.get_by_role("tab", name="Translate").click()
    samples = page.locator("#translate-looks button")
    samples.nth(2).wait_for()
    ringed = page.locator("#translate-looks .selected")
    assert ringed.inner_text().startswith("Lines"), "what is shown first is chosen"
    page.wait_for_function(
        "[...document.querySelectorAll('#translate-looks img')].every(each => each.naturalWidth >= 128)"
    )
    samples.filter(has_text="Winter").focus()
    page.keyboard.press("Enter")
    status_says(page, "Translated: Winter.")
    page.locator("#translate-looks .selected", has_text="Winter").wait_for()
    look(page, "Autumn")
    status_says(page, "Translated: Autumn.")
    look(page, "Lines")
    status_says(page, "Translated: Lines.")
    look(page, "Winter")
    status_says(page, "Translated: Winter.")
    trial = page.locator("#translate-trials button", has_text="Black and white to color")
    assert not trial.is_visible(), "what does not convince is put away"
    page.locator("#translate-trials-panel > button").click()
    trial.click()
    page.locator("#translate-about", has_text="Experimental: look twice.").wait_for()
    page.locator("#translate-trials .selected").wait_for()
    page.locator("#translate-looks .selected").wait_for(state="detached")
    look(page, "Winter")
    status_says(page, "Translated: Winter.")
    page.locator("#translate-trials .selected").wait_for(state="detached")
    about, looks, mix = places(page)
    assert about["y"] < looks["y"] < mix["y"], "what the chosen one does stands above the wall"
    page.set_viewport_size({"width": 1024, "height": 768})
    caption = page.locator("#translate-looks .caption-label").first
    caption.evaluate("each => { each.textContent = 'Expressionism\\u00a0+'; }")
    assert caption.evaluate("each => each.scrollWidth <= each.clientWidth"), (
        "the + of a long name is seen, too"
    )
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    about, looks, mix = places(page)
    assert looks["y"] < about["y"] < mix["y"] and looks["y"] < 700, "looks are in the first view"
    assert looks["height"] < 360, "a strip of two rows: what is mixed lies in view below it"
