"""The wall on the visitor's own photo: it fills in, follows the photo, and lets clicks go first."""

import os

import pytest

from stylizer.imaging.picture import save_picture
from tests.browser.test_studio import bring, choose, settle, status_says
from tests.engine.drawn import drawn

pytestmark = pytest.mark.browser

SIZES = {1440: 900, 390: 844}
HUNG = "[...document.querySelectorAll('.card-photo.here')].filter(each => each.checkVisibility()).length"
PLACES = "[...new Set([...document.querySelectorAll('.card-photo')].map(i => i.src.replace(/[^/]*$/, '')))]"
BOXES = "[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect().toJSON())"


@pytest.fixture(params=SIZES)
def sized(request, page):
    page.set_viewport_size({"width": request.param, "height": SIZES[request.param]})
    page.locator("#wall").scroll_into_view_if_needed()
    return page


def switch(page):
    page.locator(".wall-photo").click()


def filled(page, count=4):
    page.wait_for_function(f"{HUNG} === {count}")


def color_of(page, slug):
    """Read the mean color of what hangs of a style."""
    return page.evaluate(
        """slug => {
            const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
            const pen = canvas.getContext('2d');
            pen.drawImage(document.querySelector(`#wall [data-key=${slug}] .card-photo`), 0, 0, 1, 1);
            return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }""",
        slug,
    )


def test_the_wall_fills_in_on_the_photo_and_goes_back(sized, photo_file):
    bring(sized, photo_file)
    settle(sized, 1)
    before = sized.evaluate(BOXES)
    switch(sized)
    filled(sized)
    assert sized.locator(".wall-photo").get_attribute("aria-pressed") == "true"
    assert sized.evaluate(BOXES) == before, "nothing moves"
    blue, amber = color_of(sized, "blue-hour"), color_of(sized, "amber")
    assert blue[2] > blue[0] + 30 and amber[0] > amber[2] + 30
    if os.environ.get("SHOTS"):
        sized.screenshot(path=f"{os.environ['SHOTS']}/photo-wall-{sized.viewport_size['width']}.png")
    choose(sized, "amber")
    settle(sized, 2)
    status_says(sized, "Painted like Amber")
    chosen = sized.locator(".card-face[aria-pressed=true]")
    assert chosen.count() == 1 and chosen.locator(".card-photo.here").is_visible(), "the ring stays"
    sized.locator("#wall input[type=search]").fill("blue")
    assert sized.evaluate(HUNG) == 1
    sized.locator("#wall input[type=search]").fill("")
    switch(sized)
    assert sized.evaluate(HUNG) == 0
    switch(sized)
    assert sized.evaluate(HUNG) == 4, "what is painted is kept"


def test_a_new_photo_takes_the_place_of_the_old_and_a_reload_keeps_the_choice(page, photo_file, tmp_path):
    bring(page, photo_file)
    settle(page, 1)
    switch(page)
    filled(page)
    (first,) = page.evaluate(PLACES)
    save_picture(drawn(90, 90, seed=8), tmp_path / "other.png")
    bring(page, tmp_path / "other.png")
    page.wait_for_function(f"{PLACES}.length === 1 && {PLACES}[0] !== '{first}'")
    filled(page)
    assert not page.request.get(first + "moss.webp").ok, "the old ones are deleted"
    page.reload()
    page.wait_for_selector(".stage[data-drawn]")
    filled(page)
    assert page.locator(".wall-photo").get_attribute("aria-pressed") == "true"


def test_another_visit_sees_nothing_of_it(page, photo_file, chromium, address):
    bring(page, photo_file)
    settle(page, 1)
    switch(page)
    filled(page)
    (mine,) = page.evaluate(PLACES)
    context = chromium.new_context()
    other = context.new_page()
    other.goto(address)
    other.wait_for_selector(".stage[data-drawn]")
    assert other.locator(".wall-photo").get_attribute("aria-pressed") == "false"
    assert other.evaluate(HUNG) == 0
    switch(other)
    filled(other)
    (theirs,) = other.evaluate(PLACES)
    assert mine != theirs
    context.close()


def test_a_click_while_it_fills_in_is_answered(page, photo_file):
    bring(page, photo_file)
    settle(page, 1)
    switch(page)
    choose(page, "rose")
    settle(page, 2)
    status_says(page, "Painted like Rose")
    filled(page)


def test_the_button_works_by_keys(page, photo_file):
    bring(page, photo_file)
    settle(page, 1)
    page.locator(".wall-mix").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    filled(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.group") == "artist"
