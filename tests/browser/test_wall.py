"""The wall of paintings: what is found there, by mouse, finger and keys, and mixes of clicks."""

import os

import pytest

from tests.browser.test_studio import choose, settle, stage_says, status_says, turn_of

pytestmark = pytest.mark.browser

SIZES = {1440: 900, 1024: 768, 390: 844}
SHARES = "[...document.querySelectorAll('.card-share:not([hidden])')].map(each => parseInt(each.textContent))"
FOCUSED = "document.activeElement.closest('[data-key]')?.dataset.key"


@pytest.fixture(params=SIZES)
def sized(request, page):
    page.set_viewport_size({"width": request.param, "height": SIZES[request.param]})
    return page


def seen(page):
    return page.evaluate(
        "[...document.querySelectorAll('.card')].filter(c => c.checkVisibility()).map(c => c.dataset.key)"
    )


def chosen(page):
    return page.evaluate(
        "[...document.querySelectorAll('.card-face[aria-pressed=true]')].map(f => f.parentNode.dataset.key)"
    )


def shot(page, name):
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png")


def test_paintings_are_found_by_title_artist_and_kind(sized):
    search = sized.locator("#wall input[type=search]")
    for words, found in (("blue", ["blue-hour"]), ("C. Paint", ["moss"]), ("warm", ["amber", "rose"])):
        search.fill(words)
        assert seen(sized) == found
    search.fill("warm d.")
    assert seen(sized) == ["rose"], "all words count"
    search.fill("zebra")
    assert seen(sized) == []
    assert "No painting" in sized.locator(".wall-said").inner_text()
    search.fill("")
    mood, artist = (sized.locator(f"#wall [data-group={group}]") for group in ("mood", "artist"))
    mood.select_option("Warm")
    assert seen(sized) == ["amber", "rose"]
    artist.select_option("Painter")
    assert seen(sized) == ["amber", "rose"], "all are by painters of that name"
    mood.select_option("Night")
    assert seen(sized) == ["blue-hour"]
    search.fill("warm")
    assert seen(sized) == [], "words and choices count"
    search.fill("")
    for group in (mood, artist):
        group.select_option("")
    assert len(seen(sized)) == 4
    boxes = [each.bounding_box() for each in sized.locator("#wall :is(.wall-tools *, [data-group])").all()]
    assert len({box["y"] for box in boxes}) == 2, "what finds paintings takes two rows"
    assert all(box["height"] >= (44 if sized.viewport_size["width"] < 641 else 40) for box in boxes)
    assert sized.evaluate("document.documentElement.scrollWidth") == sized.viewport_size["width"]


def test_the_wall_is_one_stop_for_tab_and_arrows_move_in_it(sized):
    sized.locator(".wall-photo").focus()
    sized.keyboard.press("Tab")
    for group in ("technique", "mood", None):
        assert sized.evaluate("document.activeElement.dataset.group") is not None
        sized.keyboard.press("Tab")
        assert sized.evaluate("document.activeElement.dataset.group ?? null") == group
    assert sized.evaluate(FOCUSED) == "moss", "the chosen one"
    sized.keyboard.press("Home")
    sized.keyboard.press("ArrowRight")
    second = sized.evaluate(FOCUSED)
    assert second not in ("moss", None)
    sized.keyboard.press("Enter")
    settle(sized, 1)
    assert chosen(sized) == [second]
    sized.keyboard.press("Home")
    sized.keyboard.press("Space")
    settle(sized, 2)
    assert chosen(sized) == ["moss"], "the first"
    sized.keyboard.press("Tab")
    assert sized.evaluate("document.activeElement.closest('#wall')") is None


def test_paintings_are_mixed_by_clicks_and_their_shares_sum_to_a_hundred(sized):
    sized.locator(".wall-mix").click()
    choose(sized, "amber")
    settle(sized, 1)
    choose(sized, "rose")
    settle(sized, 2)
    assert sized.evaluate(SHARES) == [33, 33, 34] or sum(sized.evaluate(SHARES)) == 100
    assert sorted(chosen(sized)) == ["amber", "moss", "rose"]
    status_says(sized, "Painted like Moss, Amber and Rose")
    slider = sized.locator(".share input[type=range]").first
    before = turn_of(sized)
    slider.fill("70")
    stage_says(sized, f"turn > {before}")
    sized.wait_for_function(f"{SHARES}.includes(70)")
    assert sum(sized.evaluate(SHARES)) == 100
    shown = sized.locator(".share input[type=range]").evaluate_all("all => all.map(s => Number(s.value))")
    assert sum(shown) == 100 and shown[0] == 70
    shot(sized, f"mix-{sized.viewport_size['width']}")
    choose(sized, "rose")  # a second click takes it out
    sized.wait_for_function(f"{SHARES}.length === 2")
    assert sum(sized.evaluate(SHARES)) == 100
    sized.locator(".wall-mix").click()
    choose(sized, "rose")
    sized.wait_for_function(f"{SHARES}.length === 0")
    status_says(sized, "Painted like Rose")
    assert chosen(sized) == ["rose"]


def test_a_plus_on_a_thumbnail_mixes_it_in_and_the_wall_stays_where_it_is(page):
    place = "document.querySelector('#wall').getBoundingClientRect().y + scrollY"
    before = page.evaluate(place)
    page.locator("#wall [data-key=rose]").hover()
    page.locator("#wall [data-key=rose] .card-plus").click()
    settle(page, 1)
    assert page.evaluate(SHARES) == [50, 50]
    page.locator(".share input[type=range] >> nth=1").wait_for()
    assert abs(page.evaluate(place) - before) < 1, "shares stand where the painting was"
    assert page.locator(".share input[type=range]").last.is_visible()
    page.locator("#wall [data-key=rose] .card-face").focus()
    page.keyboard.press("-")
    settle(page, 2)
    assert chosen(page) == ["moss"]


def test_no_more_than_four_are_mixed_and_that_is_said(page, tmp_path):
    from stylizer.imaging.picture import save_picture
    from tests.engine.drawn import drawn

    save_picture(drawn(64, 64, seed=9), tmp_path / "my own.png")
    page.locator("#own-style input[type=file]").set_input_files(tmp_path / "my own.png")
    settle(page, 1)
    assert seen(page)[0] == "own:1" and chosen(page) == ["own:1"]
    page.locator(".wall-mix").click()
    for turn, slug in enumerate(("amber", "moss", "rose"), 2):
        choose(page, slug)
        settle(page, turn)
    choose(page, "blue-hour")
    assert "At most 4" in page.locator(".wall-said").inner_text()
    assert page.evaluate(SHARES) == [25] * 4
    page.locator("#wall [data-group=artist]").select_option("Mine")
    assert seen(page) == ["own:1"]


def test_the_chosen_one_is_shown_large_with_what_is_known_of_it(sized):
    choose(sized, "blue-hour")
    settle(sized, 1)
    panel = sized.locator("#chosen")
    assert "Blue Hour" in panel.inner_text() and "B. Painter, 1888" in panel.inner_text()
    picture = panel.locator("img")
    assert picture.evaluate("img => img.complete && img.naturalWidth > 0")
    assert picture.bounding_box()["height"] >= 130
    shot(sized, f"chosen-{sized.viewport_size['width']}")


def test_choices_are_read_whole_in_both_themes(sized):
    for dark in (False, True):
        sized.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        sized.wait_for_timeout(300)
        grounds = sized.evaluate(
            """[...document.querySelectorAll('.wall-tools input, .wall-groups select')]
                .map(each => getComputedStyle(each).backgroundColor)"""
        )
        assert len(grounds) == 4 and len(set(grounds)) == 1, "as dark or light as the search"
    cut = sized.evaluate(
        """[...document.querySelectorAll('.wall-groups select')].filter(each => {
            const pen = document.createElement('canvas').getContext('2d'), look = getComputedStyle(each);
            pen.font = look.font;
            const room = each.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
            return pen.measureText(each.selectedOptions[0].textContent).width > room;
        }).map(each => each.dataset.group)"""
    )
    assert cut == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_the_whole_picture_is_seen_at_the_end_of_the_page(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_function("scrollY > 100")
    top, save = page.evaluate(
        "['.stage-view', '#render'].map(name => document.querySelector(name).getBoundingClientRect())"
    )
    assert top["top"] >= 0 and save["bottom"] <= height
    facts, link = page.evaluate(
        "['#facts', '#copy-link'].map(name => document.querySelector(name).getBoundingClientRect())"
    )
    assert (
        link["bottom"] <= height and abs(link["top"] + link["bottom"] - facts["top"] - facts["bottom"]) < 24
    )


def test_with_regions_on_a_small_laptop_the_whole_picture_is_seen_at_the_end_of_the_page_too(page):
    page.set_viewport_size({"width": 1024, "height": 768})
    page.locator("#regions-panel button").first.click()
    page.locator("#find-regions").click()
    page.locator(".stage-regions").wait_for()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_function("scrollY > 100")
    top, save = page.evaluate(
        "['.stage-view', '#render'].map(name => document.querySelector(name).getBoundingClientRect())"
    )
    assert top["top"] >= 0 and save["bottom"] <= 768


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (1024, 768)])
def test_with_nine_regions_save_and_the_slider_are_in_the_first_view(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.locator("#regions-panel button").first.click()
    page.locator("#find-regions").click()
    page.locator(".stage-regions").wait_for()
    while (count := page.locator(".stage-legend button").count()) < 9:
        page.locator("#new-region").click()
        page.locator(f".stage-legend button >> nth={count}").wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    view = page.locator(".stage-view").bounding_box()
    assert view["height"] >= 200, "the picture is not squeezed away"
    for name in ("#strength input[type=range]", "#render", "#masterwork"):
        box = page.locator(name).bounding_box()
        assert box["y"] + box["height"] <= height, name
    assert page.locator(".stage-legend button").last.is_visible()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_the_first_view_reaches_from_the_photo_to_the_button_that_saves(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(300)
    tops = {}
    for name in ("#size label", "#format label", "#render", "#masterwork"):
        boxes = [each.bounding_box() for each in page.locator(name).all()]
        tops[name] = {round(box["y"]) for box in boxes}
        assert all(box["y"] + box["height"] <= height for box in boxes), name
    assert len(tops["#size label"] | tops["#format label"]) == 1, "all choices stand in one row"
    assert tops["#render"] == tops["#masterwork"]
    picture = page.locator(".stage-view").bounding_box()
    assert picture["height"] >= 0.48 * height, "the picture is the largest thing"


def test_the_wall_ends_in_the_pictures_of_its_fourth_row_and_not_in_a_line_of_words(sized):
    hang, card = (sized.locator(name).first.bounding_box() for name in (".wall-hang", ".card"))
    if sized.viewport_size["width"] > 640:  # on a phone it is a strip
        rest = hang["height"] - 3 * (card["height"] + 16)
        assert 8 < rest < card["height"] - 40
        assert card["width"] >= 112, "titles have room"


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_what_the_search_looks_for_is_read_whole(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    room, wanted = page.locator("#wall input[type=search]").evaluate(
        """field => {
            const pen = document.createElement('canvas').getContext('2d'), look = getComputedStyle(field);
            pen.font = look.font;
            const room = field.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
            return [room, pen.measureText(field.placeholder).width];
        }"""
    )
    assert wanted <= room
