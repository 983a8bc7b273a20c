"""What axe-core finds in thirteen states of the page, and what else it owes to readers and calm eyes."""

import os
from pathlib import Path

import pytest

from tests.browser.test_studio import bring, choose, settle, stage_says, status_says
from tests.browser.test_translate import color_by_hints

pytestmark = pytest.mark.browser

AXE = Path(os.environ.get("AXE") or Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js")
AUDIT = """async () => {
    const found = await axe.run(document, {resultTypes: ['violations']});
    return found.violations.filter(({impact}) => ['critical', 'serious'].includes(impact))
        .map(({id, nodes}) => [id, ...nodes.slice(0, 3).map(node => node.html.slice(0, 160))]);
}"""
FADED = """() => Promise.all(document.getAnimations()
    .filter(each => each.effect.getComputedTiming().iterations < Infinity).map(each => each.finished))"""
NAMELESS = """() => [...document.querySelectorAll('button, [role=button], [role=tab], [role=slider]')]
    .filter(each => each.checkVisibility())
    .filter(each => !(each.ariaLabel || each.getAttribute('aria-labelledby') || each.textContent.trim() ||
                      each.title || each.querySelector('img[alt]:not([alt=""])')))
    .map(each => each.outerHTML.slice(0, 160))"""


def first_load(page, photo_file):
    stage_says(page, "turn === '0'")


def own_photo(page, photo_file):
    bring(page, photo_file)
    settle(page, 1)


def mix(page, photo_file):
    page.locator(".wall-mix").click()
    choose(page, "rose")
    settle(page, 1)


def search_without_result(page, photo_file):
    page.locator("#wall input[type=search]").fill("zebra")


def regions(page, photo_file):
    page.locator("#regions-panel button").first.click()
    page.locator("#find-regions").click()
    stage_says(page, "Number(regions) > 1")
    page.locator(".stage-legend button").first.click()
    page.locator("#region-title").wait_for()


def look_and_error(page, photo_file):
    page.locator("#look button").first.click()
    bad = photo_file.with_name("bad.png")
    bad.write_bytes(b"no picture")
    bring(page, bad)
    page.locator("#status .error").wait_for()


def translate(page, photo_file):
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-stage .stage[data-drawn]").wait_for()
    page.wait_for_timeout(500)


def color_hints(page, photo_file):
    translate(page, photo_file)
    color_by_hints(page)


def invent(page, photo_file):
    page.get_by_role("tab", name="Invent").click()
    page.locator("#invent-picture img").wait_for()


def history(page, photo_file):
    with page.expect_download():
        page.locator("#render").click()
    status_says(page, "Saved")
    page.get_by_role("tab", name="History").click()
    page.locator("#history .thumbnail-item").first.click()
    page.locator("#use-again").wait_for()


def own_painting(page, photo_file):
    page.locator("#own-style input[type=file]").set_input_files(photo_file)
    settle(page, 1)
    page.locator("#study").wait_for()


def gray_and_link(page, photo_file):
    regions(page, photo_file)
    page.locator("#region-manner").get_by_text("Photo in gray").click()
    status_says(page, "Photo in gray")
    page.locator("#wall [data-group=mood]").select_option("Warm")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy-link").click()
    status_says(page, "The link is copied")


def zip_of_photos(page, photo_file):
    with page.expect_download():
        page.locator("#batch input[type=file]").set_input_files([photo_file])
    status_says(page, "1 of 1 photos are in the zip")


STATES = {
    "first load": first_load,
    "own photo": own_photo,
    "mix": mix,
    "search without result": search_without_result,
    "regions": regions,
    "look and error": look_and_error,
    "translate": translate,
    "color hints": color_hints,
    "invent": invent,
    "history": history,
    "own painting": own_painting,
    "gray and link": gray_and_link,
    "zip of photos": zip_of_photos,
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_critical_or_serious_and_every_button_has_a_name(page, photo_file, state):
    if not AXE.is_file():
        pytest.skip("axe-core is not there: npm ci")
    STATES[state](page, photo_file)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("light", "dark"):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        page.evaluate(FADED)
        found = page.evaluate(AUDIT)
        assert found == [], theme
        if os.environ.get("SHOTS"):
            page.screenshot(
                path=f"{os.environ['SHOTS']}/{state.replace(' ', '-')}-{theme}.png", full_page=True
            )
    assert page.evaluate(NAMELESS) == []


def test_the_theme_that_was_chosen_is_kept(page):
    switch = page.locator(".masthead button")
    before = page.evaluate("document.body.classList.contains('dark')")
    switch.click()
    page.reload()
    page.wait_for_selector(".stage[data-drawn]")
    assert page.evaluate("document.body.classList.contains('dark')") is not before


def test_who_wants_no_motion_sees_none(page):
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.stage-busy')).animationName") == "none"
    moving = page.evaluate(
        """() => [...document.querySelectorAll('.wall *, .stage *')]
            .filter(each => parseFloat(getComputedStyle(each).transitionDuration) > 0.01)
            .map(each => each.className)"""
    )
    assert moving == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_nothing_jumps_while_the_page_comes_up_on_a_slow_line(chromium, address, width, height):
    context = chromium.new_context(
        viewport={"width": width, "height": height}, is_mobile=width < 500, has_touch=width < 500
    )
    context.set_default_timeout(120_000)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
    line.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    page.add_init_script(
        """window.shifts = [];
        const told = ({value, sources}) => [value, ...sources.map(({node}) => node?.id || node?.className)];
        new PerformanceObserver(list => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(told(entry));
        }).observe({type: 'layout-shift', buffered: true});"""
    )
    page.goto(address)
    page.wait_for_selector(".stage[data-drawn]")
    page.wait_for_selector("#look")
    page.wait_for_timeout(3000)
    shifts = page.evaluate("shifts")
    context.close()
    assert sum(value for value, *_ in shifts) <= 0.05, shifts
