"""The Invent tab in a real browser: seeds, steps, and a picture that becomes a style."""

import pytest

from stylizer.imaging.picture import open_picture, read_recipe
from stylizer.ui.handlers.generate import FIRST, SIDE
from tests.browser.test_studio import stage_says, status_says

pytestmark = pytest.mark.browser

PICTURE = "#invent-picture img"


def shown(page):
    """Wait until a picture is there; returns its address."""
    page.wait_for_function(f"document.querySelector('{PICTURE}')?.naturalWidth > 0")
    return page.locator(PICTURE).get_attribute("src")


def another_is_shown(page, before):
    page.wait_for_function(
        f"before => document.querySelector('{PICTURE}')?.getAttribute('src') !== before", arg=before
    )
    return shown(page)


def test_a_picture_is_invented_and_becomes_a_style(page, tmp_path):
    page.get_by_role("tab", name="Invent").click()
    first = shown(page)
    page.locator("#invent-use").wait_for()
    place = page.locator("#invent-use").bounding_box()
    page.locator("#invent-walk img").nth(6).wait_for()
    assert page.locator("#invent-use").bounding_box() == place, "the steps come below it"
    page.locator("#invent-numbers button", has_text="By number").first.click()
    page.locator("#invent-roll").click()
    second = another_is_shown(page, first)
    page.locator("#invent-status", has_text="lead to the other").wait_for()
    page.locator("#invent-coarse input[type=range]").fill("60")
    mixed = another_is_shown(page, second)

    page.locator("#invent-seed input").fill("70000")
    page.locator("#invent-status .error", has_text="choose a whole number from 0 to 65535").wait_for()
    assert page.locator(PICTURE).get_attribute("src") == mixed, "the picture before stays"
    page.locator("#invent-seed input").fill("11")
    fresh = another_is_shown(page, mixed)
    with page.expect_download() as waiting:
        page.locator("#invent-download").click()
    waiting.value.save_as(tmp_path / "invented.png")
    assert '"seed": 11' in read_recipe(tmp_path / "invented.png")
    assert open_picture(tmp_path / "invented.png").width == SIDE

    page.locator("#invent-status", has_text="lead to the other").wait_for()
    page.locator("#invent-walk button").nth(3).click()
    page.locator("#invent-status", has_text="Step 4 of 7").wait_for()
    another_is_shown(page, fresh)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#invent-use").click()
    page.locator("#wall").wait_for()
    stage_says(page, "turn >= 1 && frames >= 7")
    status_says(page, "Painted like Invented Picture 1")


def test_steps_lead_from_one_chosen_picture_to_another(page):
    page.get_by_role("tab", name="Invent").click()
    first = shown(page)
    page.locator("#invent-sheet .selected img").wait_for()
    assert page.locator("#invent-sheet button").first.get_attribute("class").count("selected")
    page.locator("#invent-sheet img").nth(7).wait_for()
    page.locator("#invent-status", has_text="lead to the other").wait_for()
    page.locator("#invent-other").click()
    page.locator("#invent-status", has_text="This is the other picture now.").wait_for()
    page.locator("#invent-sheet button").nth(2).click()
    another_is_shown(page, first)
    page.locator("#invent-status", has_text="lead to the other").wait_for()
    page.locator("#invent-numbers button", has_text="By number").first.click()
    assert page.locator("#invent-second input").input_value() == str(FIRST)


def test_on_a_phone_the_large_picture_stays_above_the_sheet_it_is_chosen_from(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("tab", name="Invent").click()
    first = shown(page)
    page.locator("#invent-sheet img").nth(7).wait_for()
    place = page.locator("#invent-sheet button").nth(6)
    place.scroll_into_view_if_needed()
    place.click()
    another_is_shown(page, first)
    large, sheet = (page.locator(name).bounding_box() for name in ("#invent-picture", "#invent-sheet"))
    assert large["y"] >= 0 and large["height"] <= 0.4 * 844
    assert abs(sheet["y"] - large["y"] - large["height"]) < 160, "nothing but its words lies between"
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("document.querySelector('#invent-picture').getBoundingClientRect().top >= -1")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_one_of_eight_is_chosen_varied_and_kept(page):
    page.get_by_role("tab", name="Invent").click()
    first = shown(page)
    sheet = page.locator("#invent-sheet img")
    sheet.nth(7).wait_for()
    page.locator("#invent-sheet button").nth(4).click()
    chosen = another_is_shown(page, first)
    before = sheet.first.get_attribute("src")
    page.locator("#invent-vary").click()
    page.wait_for_function(
        "before => document.querySelectorAll('#invent-sheet img').length === 8 && "
        "document.querySelector('#invent-sheet img').getAttribute('src') !== before",
        arg=before,
    )
    assert page.locator(PICTURE).get_attribute("src") == chosen, "the picture stays until another is chosen"
    page.locator("#invent-keep").click()
    page.locator("#invent-status", has_text="Kept in History as Invented picture 1.").wait_for()
    page.get_by_role("tab", name="History").click()
    page.locator("#history button").first.click()
    page.get_by_role("button", name="Use again").click()
    page.locator("#invent-status", has_text="Settings are back.").wait_for()
    another_is_shown(page, chosen)
