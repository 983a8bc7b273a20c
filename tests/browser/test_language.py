"""The page speaks Chinese to whoever's browser does, and English to all others."""

import re

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.test_studio import bring, choose, set_strength, settle, status_says
from tests.engine.parted import parted

pytestmark = pytest.mark.browser

TEXTS = """[...document.querySelectorAll('.tabs *, .masthead *')].filter(each => each.checkVisibility())
    .flatMap(each => [...each.childNodes].filter(node => node.nodeType === 3)
        .map(node => node.nodeValue.trim()).concat(each.title, each.ariaLabel, each.placeholder))
    .filter(text => typeof text === 'string' && /[a-z]{2}/i.test(text))"""
"""All that is seen, or said to those who cannot see, and has letters in it."""
NAMES = (
    r"number input for|range slider for|Reset to default value|processing|Empty value"  # Gradio's own
    r"|Thumbnail \d"  # and of its galleries
    r"|PNG|JPEG|zip|Ctrl|Shift|Alt|px|GB|MB|API|cm|png|Apache|CC|Art Institute|Aitzol|NASA|Eileen|Daniel"
    r"|Stefan|Trevor|Blue Hour|Moss|Amber|Rose|Painter|Lines|Seasons|Tint|Green all over|Looks like|dream"
    r"|Mountains|Astronaut|Pagoda|Fig|Cat|/stylize|/study|/translate|/invent|gradio_client|drawn"
    r"|studio 0|Autumn|Winter|Black and white to"
)
"""Names of files, keys, people, paintings and models, which are the same in every language."""


@pytest.fixture(params=(1440, 1024, 390))
def chinese(request, chromium, address):
    size = {"width": request.param, "height": 860}
    context = chromium.new_context(viewport=size, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    opened.goto(address)
    opened.wait_for_selector(".stage[data-drawn]")
    yield opened
    context.close()


def english(page):
    return [
        text for text in page.evaluate(TEXTS) if not re.search(NAMES, text) and not re.search("[一-鿿]", text)
    ]


def test_a_chinese_browser_sees_and_hears_chinese(chinese, tmp_path):
    from stylizer.imaging.picture import save_picture

    status_says(chinese, "拖动强度滑块")
    assert chinese.get_by_role("tab", name="风格化").is_visible()
    assert chinese.locator("#render").inner_text() == "保存"
    assert chinese.evaluate("document.documentElement.lang") == "zh-CN"
    assert english(chinese) == []
    choose(chinese, "rose")
    settle(chinese, 1)
    status_says(chinese, "已按Rose")
    assert "像素" in chinese.locator("#facts").inner_text()
    save_picture(parted(120, 180), tmp_path / "parts.png")
    bring(chinese, tmp_path / "parts.png")
    settle(chinese, 2)
    chinese.get_by_role("button", name="区域").first.click()
    chinese.locator("#find-regions").click()
    status_says(chinese, "找到了：")
    chinese.locator(".stage-legend button", has_text="天空").first.click()
    chinese.locator("#region-manner").get_by_text("保留照片").click()
    status_says(chinese, "保留照片：天空")
    assert english(chinese) == []
    for tab in ("转换", "创想", "历史与关于"):
        chinese.get_by_role("tab", name=tab).click()
        chinese.wait_for_timeout(500)
        assert english(chinese) == [], tab
    assert chinese.evaluate("document.documentElement.scrollWidth") == chinese.viewport_size["width"]


def test_a_translation_is_saved_in_chinese_too(chinese):
    chinese.get_by_role("tab", name="转换").click()
    chinese.locator("#translate-size label.selected", has_text="与照片相同").wait_for()
    chinese.locator("#translate-status", has_text="已转换").wait_for()
    with chinese.expect_download():
        chinese.locator("#translate-render").click()
    chinese.locator("#translate-status", has_text="已保存").wait_for()


def test_other_browsers_see_english(page):
    assert page.locator("#render").inner_text() == "Save"
    set_strength(page, 40)
    assert "Strength 40 percent." in page.locator(".stage-view canvas").first.get_attribute("aria-label")
    assert not page.evaluate(
        "performance.getEntriesByType('resource').some(({name}) => name.includes('zh-CN'))"
    )
