"""The page on a phone: the picture stays in sight, and fingers find what they reach for."""

import os

import pytest

from stylizer.imaging.picture import save_picture
from tests.browser.test_regions import GROUND, SKY, stand_at
from tests.browser.test_studio import bring, choose, set_strength, settle, stage_says
from tests.engine.parted import parted

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


@pytest.mark.parametrize("place", [0, 1], ids=["first row", "second row"])
def test_a_painting_that_is_scrolled_to_is_seen_whole_below_the_picture(phone, place):
    phone.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    phone.wait_for_function("scrollY > 400")
    phone.locator(".card").nth(place).evaluate("card => card.scrollIntoView({block: 'nearest'})")
    phone.evaluate(STILL)
    card, stage, said = phone.evaluate(
        "place => [document.querySelectorAll('.card')[place], document.querySelector('#stage'),"
        "document.querySelector('#status')].map(each => each.getBoundingClientRect())",
        place,
    )
    assert stage["bottom"] <= card["top"] + 1 and card["bottom"] <= said["top"]


def test_the_wall_stays_where_it_is_however_many_paintings_are_mixed(phone):
    phone.locator(".wall-hang").evaluate("wall => wall.scrollIntoView({block: 'end'})")
    phone.locator(".wall-mix").click()
    tops = []
    for count, slug in enumerate(("amber", "blue-hour", "rose"), 2):
        choose(phone, slug)
        phone.wait_for_function(
            f"document.querySelectorAll('#mix .share input[type=range]').length === {count}"
        )
        phone.evaluate(STILL)
        tops.append(phone.locator("#wall").evaluate("wall => wall.offsetTop"))
    assert tops[0] == tops[1] == tops[2]
    assert phone.evaluate("document.documentElement.scrollWidth") == 390, "the shares alone scroll sideways"
    last = phone.locator("#mix .share").nth(3)
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def find_regions(page, folder):
    """Bring a photo of four parts, and find them."""
    save_picture(parted(120, 180), folder / "parts.png")
    bring(page, folder / "parts.png")
    settle(page, 1)
    page.locator("#regions-panel button").first.click()
    page.locator("#find-regions").click()
    stage_says(page, "regions === '4'")


STILL = """() => new Promise(done => {
    let [before, same] = [-1, 0];
    const look = () => {
        same = scrollY === before ? same + 1 : 0;
        before = scrollY;
        same > 20 ? done() : requestAnimationFrame(look);
    };
    look();
})"""


@pytest.mark.parametrize("start", ["at the top", "among the deeds of regions", "with them closed"])
def test_the_panel_of_a_region_opens_under_the_picture_it_was_tapped_on(phone, start, tmp_path):
    find_regions(phone, tmp_path)
    if start == "with them closed":
        phone.locator("#regions-panel button").first.click()
    if start == "at the top":
        phone.evaluate("scrollTo(0, 0)")
    phone.evaluate(STILL)
    phone.touchscreen.tap(*stand_at(phone, SKY))
    phone.locator("#region-title", has_text="Sky").wait_for()
    phone.evaluate(STILL)
    stage, panel = phone.locator("#stage").bounding_box(), phone.locator("#region-box").bounding_box()
    assert stage["y"] + stage["height"] <= panel["y"] + 1 <= stage["y"] + stage["height"] + 32
    slider = phone.locator("#region-strength input[type=range]").bounding_box()
    said = phone.locator("#status").bounding_box()
    assert slider["y"] + slider["height"] <= said["y"], "all of it is in sight"
    overall = phone.locator("#strength").bounding_box()
    assert overall["y"] > phone.locator("#wall").bounding_box()["y"], (
        "the picture's strength is out of the way"
    )
    if os.environ.get("SHOTS"):
        phone.screenshot(path=os.environ["SHOTS"] + "/phone-region.png")


def test_what_stays_on_top_takes_two_fifths_of_the_height(phone, tmp_path):
    def pinned():
        phone.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        phone.wait_for_function("document.querySelector('#stage').getBoundingClientRect().top === 0")
        bottom = phone.locator("#stage").bounding_box()["height"]
        rows = (".stage-view", ".stage-legend", ".stage-brush", ".stage-tools")
        found = phone.evaluate(
            "rows => rows.map(row => document.querySelector(row).getBoundingClientRect())", rows
        )
        assert max(row["bottom"] for row in found) <= bottom, "all of it is inside"
        return bottom / 844, found[0]["height"] / 844

    alone, picture = pinned()
    assert alone <= 0.42 and picture >= 0.33
    find_regions(phone, tmp_path)
    found, picture = pinned()
    assert found <= 0.42 and picture >= 0.27
    assert (
        phone.locator("[data-act=original]").is_visible() and phone.locator("[data-act=closer]").is_visible()
    )
    assert not phone.locator("[data-tool=add]").is_visible(), "there is nothing to paint on yet"
    phone.locator(".stage-legend button[data-name=sky]").click()
    phone.locator("#region-title", has_text="Sky").wait_for()
    chosen, _ = pinned()
    assert chosen == found, "nothing below it moves"
    for name in ("[data-tool=choose]", "[data-tool=add]", "[data-do=undo]", "[data-do=redo]"):
        assert phone.locator(f".stage {name}").first.is_visible()
    assert phone.evaluate(SMALL) == []
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_no_empty_room_stands_under_the_strip_of_paintings(phone):
    cards = phone.evaluate(
        "Math.max(...[...document.querySelectorAll('.card')].map(c => c.getBoundingClientRect().bottom))"
    )
    own = phone.locator("#own-style").bounding_box()["y"]
    assert 8 <= own - cards <= 28


def test_what_one_needs_first_stands_first(phone):
    order = ("stage", "strength-box", "styles-panel", "photo-panel", "look", "regions-panel", "actions")
    tops = [phone.locator(f"#{name}").bounding_box()["y"] for name in (*order, "facts", "copy-link")]
    assert tops == sorted(tops)


def test_what_the_studio_says_is_read_wherever_one_has_scrolled_to(phone, tmp_path):
    (tmp_path / "torn.png").write_bytes(b"no picture")
    phone.locator("#actions").evaluate("each => each.scrollIntoView({block: 'end'})")
    bring(phone, tmp_path / "torn.png")
    phone.locator("#status .error").wait_for()
    said = phone.locator("#status").bounding_box()
    assert said["y"] > 422 and said["y"] + said["height"] <= 844
    x, y = said["x"] + said["width"] / 2, said["y"] + said["height"] / 2
    assert phone.evaluate("([x, y]) => Boolean(document.elementFromPoint(x, y).closest('#status'))", [x, y])
    phone.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = phone.locator("#copy-link").bounding_box()
    assert last["y"] + last["height"] <= phone.locator("#status").bounding_box()["y"], (
        "it covers nothing at the end"
    )


def test_whatever_a_finger_aims_at_is_large_enough(phone):
    assert phone.evaluate(SMALL) == []
    slider = phone.locator("#strength input[type=range]")
    set_strength(phone, 100)
    slider.evaluate("slider => slider.scrollIntoView({block: 'center'})")
    box = slider.bounding_box()
    phone.touchscreen.tap(box["x"] + box["width"] / 3, box["y"] + 3)
    stage_says(phone, "Number(strength) < 0.6")


def test_two_fingers_zoom_where_one_paints(phone, tmp_path):
    find_regions(phone, tmp_path)
    phone.locator(".stage-legend button[data-name=sky]").click()
    stage_says(phone, "selected === 'sky'")
    phone.locator("[data-tool=add]").click()
    phone.evaluate("scrollTo(0, 0)")
    phone.evaluate(STILL)
    told = "revision => document.querySelector('.stage').dataset.revision"
    first = phone.evaluate(f"({told})()")
    fingers = phone.context.new_cdp_session(phone)
    x, y = stand_at(phone, GROUND)

    def touch(kind, *offsets):
        points = [{"x": x + offset, "y": y, "id": place} for place, offset in enumerate(offsets)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -10)
    touch("touchStart", -10, 10)
    touch("touchMove", -40, 40)
    touch("touchEnd")
    phone.locator(".stage.zoomed").wait_for()
    phone.locator("[data-act=fit]").click()
    touch("touchStart", -10)
    touch("touchMove", 10)
    touch("touchEnd")
    phone.wait_for_function(f"{told} !== revision", arg=first)
    phone.locator("[data-do=undo]").click()
    # one stroke was painted, so one step takes all of it back
    phone.wait_for_function(f"{told} === revision", arg=first)
