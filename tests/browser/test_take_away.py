"""What people take away, take back and pass on: zips, layers, masks, undo, a link."""

import os
import zipfile

import pytest

from stylizer.imaging.picture import save_picture
from tests.browser.test_regions import in_rest
from tests.browser.test_studio import bring, choose, set_strength, settle, stage_says, status_says, turn_of
from tests.engine.drawn import drawn
from tests.engine.parted import parted

pytestmark = pytest.mark.browser

# Drop files of these names and bytes on the stage, as a hand would.
DROP = """(files) => {
    const carrier = new DataTransfer();
    const type = 'image/png';
    files.forEach(([name, bytes]) => carrier.items.add(new File([Uint8Array.from(bytes)], name, {type})));
    const event = new DragEvent('drop', {dataTransfer: carrier, bubbles: true, cancelable: true});
    document.querySelector('.stage-view').dispatchEvent(event);
}"""


def slider(page, name):
    return page.locator(f"#{name} input[type=range]").input_value()


def shot(page, name):
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png")


def test_several_photos_that_are_dropped_come_back_in_one_zip(page, tmp_path):
    files = []
    for seed, name in enumerate(("beach.png", "hill.png")):
        save_picture(drawn(80, 120, seed=seed), tmp_path / name)
        files.append([name, list((tmp_path / name).read_bytes())])
    choose(page, "rose")
    settle(page, 1)
    with page.expect_download() as waiting:
        page.evaluate(DROP, [*files, ["notes.png", [1, 2, 3]]])
    waiting.value.save_as(tmp_path / "painted.zip")
    with zipfile.ZipFile(tmp_path / "painted.zip") as pack:
        assert [name.split(" - ")[0] for name in pack.namelist()] == ["beach", "hill"]
    status_says(page, "2 of 3 photos are in the zip. Left out: notes.png")
    assert page.locator("#render").is_visible() and turn_of(page) == 1, "the stage is as it was"
    shot(page, "batch")


def test_what_a_button_cannot_take_is_answered_in_the_status_line_and_covers_nothing(
    page, photo_file, tmp_path
):
    (tmp_path / "letter.txt").write_text("Dear reader")
    (tmp_path / "drawing.svg").write_text("<svg/>")
    bring(page, photo_file)
    stage_says(page, "turn === '1'")  # the photo is there, and is being painted
    for place, name in (("open-photo", "letter.txt"), ("own-style", "drawing.svg"), ("batch", "letter.txt")):
        page.locator(f"#{place} input[type=file]").set_input_files(tmp_path / name)
        status_says(page, f"“{name}” is no picture that can be opened here")
        assert page.locator("#status .error").is_visible()
        page.locator("#samples button").first.click()
        page.locator("#status .error").wait_for(state="detached")
    assert page.locator(".toast-body").count() == 0


def test_photos_of_phones_are_taken_by_the_button(page, tmp_path):
    heif = pytest.importorskip("pillow_heif")
    heif.from_bytes("RGB", (96, 64), drawn(64, 96, seed=4).rgb.tobytes()).save(tmp_path / "IMG 1.HEIC")
    bring(page, tmp_path / "IMG 1.HEIC")
    settle(page, 1)
    assert page.locator("#facts", has_text="96 × 64").count() == 1


def test_style_and_sliders_are_taken_back_by_button_and_by_key(page, photo_file):
    bring(page, photo_file)
    settle(page, 1)
    begun = int(slider(page, "strength")) / 100
    choose(page, "rose")
    settle(page, 2)
    set_strength(page, 40)
    stage_says(page, "strength === '0.4' && settled === 'true'")
    page.wait_for_timeout(500)
    choose(page, "moss")
    settle(page, 3)
    page.locator("[data-do=undo]").click()
    status_says(page, "The last step is undone.")
    page.wait_for_function("document.querySelector('#chosen').innerText.includes('Rose')")
    assert slider(page, "strength") == "40"
    page.locator("#strength input[type=range]").focus()
    page.keyboard.press("Control+z")
    stage_says(page, f"Number(strength) === {begun}")
    page.keyboard.press("Control+Shift+z")
    stage_says(page, "strength === '0.4'")
    page.keyboard.press("Control+Shift+z")
    page.wait_for_function("document.querySelector('#chosen').innerText.includes('Moss')")
    settle(page, turn_of(page))
    status_says(page, "Painted like Moss")


def test_masks_and_layers_go_on_elsewhere_and_the_slider_stays_in_view(page, tmp_path):
    page.set_viewport_size({"width": 1024, "height": 768})
    save_picture(parted(120, 180), tmp_path / "parts.png")
    bring(page, tmp_path / "parts.png")
    settle(page, 1)
    page.get_by_role("button", name="Regions").click()
    page.locator("#find-regions").click()
    stage_says(page, "regions === '4'")
    in_rest(page)
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#strength input[type=range]").bounding_box()
    assert box["y"] + box["height"] < 768
    shot(page, "regions-1024")
    with page.expect_download() as waiting:
        page.locator("#save-masks").click()
    waiting.value.save_as(tmp_path / "masks.zip")
    with zipfile.ZipFile(tmp_path / "masks.zip") as pack:
        assert {"sky.png", "person.png", "overlay.png"} <= set(pack.namelist())
    page.locator("#format").get_by_text("Layers").click()
    with page.expect_download() as waiting:
        page.locator("#render").click()
    assert waiting.value.suggested_filename.endswith(".ora")
    waiting.value.save_as(tmp_path / "layers.ora")
    with zipfile.ZipFile(tmp_path / "layers.ora") as pack:
        assert pack.read("mimetype") == b"image/openraster" and b'name="Sky"' in pack.read("stack.xml")


def test_a_click_with_more_tolerance_selects_more(page, tmp_path):
    save_picture(drawn(120, 180, seed=3), tmp_path / "waves.png")
    bring(page, tmp_path / "waves.png")
    settle(page, 1)
    page.get_by_role("button", name="Regions").click()
    page.locator("#new-region").click()
    stage_says(page, "selected === 'region 1'")
    revisions = set()
    page.locator("[data-tool=similar]").click()
    for tolerance in ("15", "50"):
        page.locator(".stage-tolerance input").fill(tolerance)
        before = page.locator(".stage").get_attribute("data-revision")
        page.locator(".stage-view canvas").first.click()
        page.wait_for_function(
            "(old) => document.querySelector('.stage').dataset.revision !== old", arg=before
        )
        revisions.add(page.locator(".stage").get_attribute("data-revision"))
        page.wait_for_timeout(1000)  # two clicks in a row zoom
    assert len(revisions) == 2


def test_a_link_sets_the_page_of_whoever_opens_it(page, chromium, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, "rose")
    settle(page, 1)
    set_strength(page, 40)
    page.locator("#copy-link").click()
    status_says(page, "The link is copied.")
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('style='))")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(address) and link.endswith("?style=rose&strength=40")

    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(120_000)
    other = context.new_page()
    other.goto(link.replace("rose", "rose,sunken-city"))
    other.wait_for_selector(".stage[data-drawn]")
    stage_says(other, "turn >= 1 && strength === '0.4' && frames >= 7")
    assert "Rose" in other.locator("#chosen").inner_text()
    status_says(other, "“sunken-city” is no style of this studio")
    assert "style=" not in other.url, "a reload does not set it again"
    shot(other, "link")
    context.close()


def test_a_link_of_the_translate_tab_sets_that_tab_of_whoever_opens_it(page, chromium, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Translate").click()
    page.wait_for_function("Number(document.querySelector('#translate-stage .stage').dataset.turn) >= 1")
    page.locator("#translate-strength input[type=number]").fill("40")
    page.locator("#translate-strength input[type=number]").press("Enter")
    page.locator("#translate-copy-link").click()
    page.locator("#translate-status", has_text="The link is copied.").wait_for()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('translate='))")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(address) and link.endswith("strength=40")

    context = chromium.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(120_000)
    other = context.new_page()
    other.goto(link)
    other.locator("#translate-status", has_text="The link's settings are here.").wait_for()
    assert other.locator("#translate-strength input[type=range]").input_value() == "40"
    other.wait_for_function("Number(document.querySelector('#translate-stage .stage').dataset.frames) >= 2")
    assert "translate=" not in other.url, "a reload does not set it again"
    shot(other, "translate-link")
    context.close()
