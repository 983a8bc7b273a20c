"""Regions in a real browser: clicks, legend, live strength, brush and undo, seen on the canvas."""

import pytest

from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from tests.browser.test_studio import bring, choose, far, set_strength, settle, stage_says, status_says
from tests.engine.parted import parted

pytestmark = pytest.mark.browser

# Mean color, in [0, 1], around a place of the picture, given as shares of its width and height.
COLOR_AT = """([x, y]) => {
    const canvas = document.querySelector('.stage canvas');
    const scale = Math.min(canvas.width / 180, canvas.height / 120);
    const [left, top] = [(canvas.width - 180 * scale) / 2, (canvas.height - 120 * scale) / 2];
    const small = Object.assign(document.createElement('canvas'), {width: 4, height: 4}).getContext('2d');
    small.drawImage(canvas, left + 180 * scale * x - 8, top + 120 * scale * y - 8, 16, 16, 0, 0, 4, 4);
    const values = small.getImageData(0, 0, 4, 4).data;
    return [0, 1, 2].map(c => values.filter((_, i) => i % 4 === c).reduce((a, b) => a + b) / 16 / 255);
}"""
SKY, GROUND, PERSON = (0.15, 0.15), (0.15, 0.85), (0.5, 0.5)


@pytest.fixture
def painted(page, tmp_path):
    """Bring a photo with three parts, and find them."""
    save_picture(parted(120, 180), tmp_path / "parts.png")
    bring(page, tmp_path / "parts.png")
    settle(page, 1)
    page.get_by_role("button", name="Regions").click()
    page.locator("#find-regions").click()
    stage_says(page, "regions === '4'")
    return page


def colors(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [page.evaluate(COLOR_AT, place) for place in (SKY, GROUND, PERSON)]


def stand_at(page, place):
    """Return the place in pixels of the page."""
    bounds = page.locator(".stage-view").bounding_box()
    scale = min(bounds["width"] / 180, bounds["height"] / 120)
    x = bounds["x"] + bounds["width"] / 2 + (place[0] - 0.5) * 180 * scale
    return x, bounds["y"] + bounds["height"] / 2 + (place[1] - 0.5) * 120 * scale


def test_the_wall_is_in_view_while_a_region_gets_a_painting_of_its_own(painted):
    painted.set_viewport_size({"width": 1440, "height": 900})
    painted.evaluate("scrollTo(0, 0)")
    painted.wait_for_timeout(300)
    painted.mouse.click(*stand_at(painted, SKY))
    painted.locator("#region-title", has_text="Sky").wait_for()
    painted.locator("#region-manner label", has_text="Own painting").click()
    status_says(painted, "Choose a painting for sky")
    card = painted.locator("#wall .card").first.bounding_box()
    assert card["y"] + card["height"] <= 900
    painted.locator("#region-done").click()
    painted.locator("#region-box").wait_for(state="hidden")
    photo, wall = (painted.locator(name).bounding_box() for name in ("#photo-panel", "#wall"))
    assert photo["y"] < wall["y"]


def gap(page, above, below):
    """Measure the pixels between two elements in one go: the page may be scrolling."""
    ends = (
        "([above, below]) => [above, below].map(name => document.querySelector(name).getBoundingClientRect())"
    )
    first, second = page.evaluate(f"({ends})", [above, below])
    return second["top"] - first["bottom"]


def in_rest(page):
    """Wait until nothing is on its way: the true picture is shown."""
    page.wait_for_function("!document.querySelector('.stage').classList.contains('busy')")
    stage_says(page, "settled === 'true'")


def test_a_clicked_region_alone_takes_its_style_and_strength(painted, tmp_path):
    page = painted
    in_rest(page)
    before = colors(page)
    page.mouse.click(*stand_at(page, SKY))
    stage_says(page, "selected === 'sky'")
    page.locator("#region-title", has_text="Sky").wait_for()
    choose(page, "amber")
    status_says(page, "Amber")
    in_rest(page)
    dressed = colors(page)
    assert far(dressed[0], before[0]) > 0.2, "the sky is amber"
    assert far(dressed[1], before[1]) < 0.03 and far(dressed[2], before[2]) < 0.03, "the others stay"

    page.locator("#region-strength input[type=range]").fill("0")
    live = colors(page)  # the stage alone has drawn this
    assert far(live[0], (60 / 255, 60 / 255, 220 / 255)) < 0.06, "strength 0 is the photo"
    assert far(live[1], before[1]) < 0.04
    in_rest(page)
    page.keyboard.press("Tab")
    set_strength(page, 50)
    in_rest(page)
    assert far(colors(page)[0], live[0]) < 0.03, "the picture's strength leaves it alone"

    with page.expect_download() as waiting:
        page.locator("#render").click()
    file = tmp_path / "home.png"
    waiting.value.save_as(file)
    assert '"sky"' in read_recipe(file)
    photo, finished = open_picture(tmp_path / "parts.png").rgb, open_picture(file).rgb
    assert (photo[5:20, 5:40] == finished[5:20, 5:40]).all(), "bit for bit"

    page.locator("#clear-regions").click()
    stage_says(page, "regions === '0'")
    bring(page, file)
    stage_says(page, "regions === '4'")
    in_rest(page)
    assert far(colors(page)[0], live[0]) < 0.03, "the recipe brings the regions back"


def test_the_brush_paints_at_once_and_undo_takes_it_back(painted):
    page = painted
    page.locator(".stage-legend button[data-name=sky]").click()
    page.locator("#region-manner label", has_text="Keep the photo").click()
    stage_says(page, "selected === 'sky'")
    page.locator(".stage-legend button[data-name=sky] small", has_text="photo").wait_for()
    in_rest(page)
    before = colors(page)
    revision = page.locator(".stage").get_attribute("data-revision")

    page.locator("[data-tool=add]").click()
    x, y = stand_at(page, GROUND)
    page.mouse.move(x - 30, y)
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.move(x + 30, y, steps=4)
    live = colors(page)
    assert far(live[1], before[1]) > 0.1, "the photo shows under the brush, before the pointer lifts"
    page.mouse.up()
    page.wait_for_function(
        "before => document.querySelector('.stage').dataset.revision !== before", arg=revision
    )
    in_rest(page)
    after = colors(page)
    assert far(after[1], live[1]) < 0.03, "the studio has the same stroke"
    assert far(after[2], before[2]) < 0.03

    page.locator(".stage").focus()
    page.keyboard.press("Control+z")
    page.wait_for_function(
        "before => document.querySelector('.stage').dataset.revision === before", arg=revision
    )
    in_rest(page)
    assert far(colors(page)[1], before[1]) < 0.03


def test_regions_work_by_keyboard(painted):
    page = painted
    legend = page.locator(".stage-legend button")
    names = legend.evaluate_all("all => all.map(each => each.dataset.name)")
    assert names[-1] == "rest" and len(set(names)) == 4, "what is left over stands last"
    legend.nth(0).focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    chosen = page.evaluate("document.activeElement.dataset.name")
    page.keyboard.press("Enter")
    stage_says(page, f"selected === '{chosen}'")
    page.locator("#region-title", has_text=chosen.capitalize()).wait_for()
    before = page.locator(".stage-hint").inner_text()
    page.keyboard.press("]")
    assert page.locator(".stage-hint").inner_text() != before
    slider = page.locator("#region-strength input[type=range]")
    less = int(slider.input_value()) - 1
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.locator(f".stage-legend button[data-name={chosen}] small", has_text=f"{less} %").wait_for()
    page.locator(f".stage-legend button[data-name={chosen}]").focus()
    page.keyboard.press("Escape")
    stage_says(page, "selected === ''")


def test_tools_that_have_nothing_to_do_are_not_there(painted):
    page = painted
    thicker, before = (page.locator(f"[data-do={deed}]").first for deed in ("thicker", "before"))
    assert not thicker.is_visible() and not before.is_visible()
    page.locator(".stage-legend button[data-name=sky]").click()
    before.wait_for()
    page.locator("[data-tool=add]").first.click()
    thicker.click()
    assert "Brush" in page.locator(".stage-hint").first.inner_text()
    page.locator("#clear-regions").click()
    stage_says(page, "regions === '0'")
    assert not page.locator("#clear-regions").is_visible() and not page.locator("#save-masks").is_visible()
    page.locator("#new-region").click()
    page.locator("[data-tool=add][aria-pressed=true]").first.wait_for()
    page.locator("#find-regions").click()
    page.locator("[data-tool=choose][aria-pressed=true]").first.wait_for()


def test_whoever_was_painting_a_region_chooses_after_finding_them_anew(painted):
    page = painted
    page.locator(".stage-legend button[data-name=sky]").click()
    page.locator("#region-title", has_text="Sky").wait_for()
    page.locator("[data-tool=add]").first.click()
    page.locator("#find-regions").click()
    page.locator("[data-tool=choose][aria-pressed=true]").first.wait_for()
    page.mouse.click(*stand_at(page, GROUND))
    stage_says(page, "selected !== '' && selected !== 'sky'")


def test_a_mix_ends_where_a_region_is_chosen_and_done_goes_back_to_the_picture(painted):
    page = painted
    page.locator(".wall-mix").click()
    choose(page, "amber")
    page.locator("#mix .share").nth(1).wait_for()
    page.mouse.click(*stand_at(page, SKY))
    page.locator("#region-title", has_text="Sky").wait_for()
    page.locator(".wall-mix[aria-pressed=false]").wait_for()
    choose(page, "rose")
    page.locator("#chosen", has_text="Sky: Rose").wait_for()
    page.locator("#region-done").click()
    stage_says(page, "selected === ''")
    page.locator("#region-box").wait_for(state="hidden")
    assert page.locator("#mix .share").nth(1).is_visible(), "the picture's mix is as it was"


def test_presets_dress_the_parts_and_a_region_can_be_made_by_hand(painted):
    page = painted
    page.get_by_role("button", name="Protect people").click()
    status_says(page, "People stay as in the photo.")
    in_rest(page)
    assert far(colors(page)[2], (220 / 255, 60 / 255, 60 / 255)) < 0.06
    page.locator("#new-region").click()
    stage_says(page, "selected === 'region 1'")
    page.locator("[data-tool=add][aria-pressed=true]").wait_for()
    page.locator("#clear-regions").click()
    stage_says(page, "regions === '0'")


@pytest.mark.parametrize("page", ["?plain"], indirect=True)
def test_a_browser_without_webgl_paints_regions_too(painted):
    page = painted
    assert page.locator(".stage").get_attribute("data-painter") == "2d"
    in_rest(page)
    before = colors(page)
    page.mouse.click(*stand_at(page, PERSON))
    page.locator("#region-title", has_text="Person").wait_for()
    page.locator("#region-strength input[type=range]").fill("0")
    live = colors(page)
    assert far(live[2], (220 / 255, 60 / 255, 60 / 255)) < 0.06
    assert far(live[0], before[0]) < 0.03 and far(live[1], before[1]) < 0.03


def test_a_phone_shows_regions_without_sideways_scroll(painted):
    page = painted
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".stage-legend button[data-name=sky]").click()
    page.locator("#region-title", has_text="Sky").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#chosen", has_text="choose a painting").wait_for()
    assert 0 < gap(page, "#chosen .chosen", "#wall") < 40, "what a region waits for hangs near it"
    sizes = page.locator(".stage-legend button:visible, .stage-brush button:visible").evaluate_all(
        "buttons => buttons.map(button => button.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44


def test_strengths_and_what_is_chosen_are_in_view_on_a_laptop(painted):
    page = painted
    page.set_viewport_size({"width": 1024, "height": 768})
    page.mouse.click(*stand_at(page, SKY))
    page.locator("#region-title", has_text="Sky").wait_for()
    page.locator("#chosen", has_text="choose a painting").wait_for()
    assert page.evaluate("scrollY") == 0
    for slider in ("#strength", "#region-strength"):
        place = page.locator(f"{slider} input[type=range]").bounding_box()
        assert place["y"] + place["height"] <= 768, slider
    assert gap(page, "#chosen-box", "#wall") < 40, "no hole where the picture's painting was"


@pytest.mark.parametrize("page", ["", "?plain"], indirect=True)
def test_a_region_in_gray_is_seen_at_once_and_saved_so(painted, tmp_path):
    page = painted
    page.locator(".stage-legend button[data-name=sky]").click()
    stage_says(page, "selected === 'sky'")
    page.locator("#region-manner label", has_text="Photo in gray").click()
    page.locator(".stage-legend button[data-name=sky] small", has_text="photo in gray").wait_for()
    live = colors(page)
    assert max(live[0]) - min(live[0]) < 0.02, "no color is left"
    in_rest(page)
    true = colors(page)
    assert far(true[0], live[0]) < 0.03 and far(true[1], live[1]) < 0.06
    with page.expect_download() as waiting:
        page.locator("#render").click()
    waiting.value.save_as(tmp_path / "gray.png")
    sky = open_picture(tmp_path / "gray.png").rgb[5:20, 5:40].astype(int)
    assert (sky.max(2) == sky.min(2)).all()
    bring(page, tmp_path / "gray.png")
    page.locator(".stage-legend button[data-name=sky] small", has_text="photo in gray").wait_for()
