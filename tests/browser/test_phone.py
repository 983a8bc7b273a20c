"""The page on a phone: the picture stays in sight, and fingers find what they reach for."""

import os

import pytest

from tests.browser.test_studio import choose, set_strength, settle, stage_says

pytestmark = pytest.mark.browser

SMALL = """() => [...document.querySelectorAll('#studio :is(button, input), [role=tab]')]
    .filter(each => each.checkVisibility() && each.getBoundingClientRect().height > 0)
    .filter(each => !['radio', 'checkbox', 'file'].includes(each.type))
    .map(each => [each.id || each.className || each.textContent, each.getBoundingClientRect().height])
    .filter(([, height]) => height < 43.5)"""


@pytest.fixture
def phone(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".stage[data-drawn]")
    yield page
    context.close()


def test_the_picture_stays_in_sight_while_a_style_is_chosen_below(phone):
    phone.locator("#wall").evaluate("wall => wall.scrollIntoView({block: 'end'})")
    choose(phone, "blue-hour")
    settle(phone, 1)
    stage = phone.locator(".stage-view").bounding_box()
    wall = phone.locator("#wall").bounding_box()
    assert 0 <= stage["y"] < 8 and stage["height"] <= 310
    assert stage["y"] + stage["height"] <= wall["y"] + wall["height"], "the styles are seen below the picture"
    on_top = "([x, y]) => Boolean(document.elementFromPoint(x, y)?.closest('.stage'))"
    for share in (0.1, 0.5, 0.9):
        assert phone.evaluate(
            on_top, [stage["x"] + share * stage["width"], stage["y"] + 0.3 * stage["height"]]
        )
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    if os.environ.get("SHOTS"):
        phone.screenshot(path=os.environ["SHOTS"] + "/phone.png")


def test_whatever_a_finger_aims_at_is_large_enough(phone):
    assert phone.evaluate(SMALL) == []
    slider = phone.locator("#strength input[type=range]")
    set_strength(phone, 100)
    slider.evaluate("slider => slider.scrollIntoView({block: 'center'})")
    box = slider.bounding_box()
    phone.touchscreen.tap(box["x"] + box["width"] / 3, box["y"] + 3)
    stage_says(phone, "Number(strength) < 0.6")
