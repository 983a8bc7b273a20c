"""The page's languages: no text is missing in one, and each visitor is spoken to in theirs."""

import ast
import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gradio.context import LocalContext

import stylizer.ui
from stylizer.engine.forecast import Forecast
from stylizer.engine.recipe import FORMAT, INVENTION
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.engine.requests import GenerateRequest, StyleRequest, TranslateRequest
from stylizer.engine.settings import clamp_option, options
from stylizer.errors import PictureError, RecipeError, RequestError, Sentence, StudioError
from stylizer.imaging.bounds import check_size
from stylizer.imaging.picture import Picture, open_picture
from stylizer.models.class_table import NAMES
from stylizer.ui.gallery import MOODS, TECHNIQUES, chip_label
from stylizer.ui.handlers.full_size import facts_line
from stylizer.ui.language import SENTENCES, best_language, labels, say, spoken, tell
from stylizer.ui.messages import listed, sentence_of
from stylizer.ui.page import HEADER, make_page
from stylizer.ui.stage import component, wall

ROOM = Path(stylizer.ui.__file__).parent
SAID = ("button", "html", "markdown", "uploadbutton", "downloadbutton")
"""Widgets whose value is a text of the page."""
DATA = ("masthead", "chosen", "about-facts", "translate-about", "translate-model", "translate-domains")
DATA += ("invent-model",)
"""Widgets that show what styles, models and licenses say of themselves; the masthead is our own HTML."""
REQUESTS = (StyleRequest, TranslateRequest, GenerateRequest)
UNHEARD = {"hub.py", "export.py", "parsing.py", "device.py", "api.py", "endpoints.py", "tool_clients.py"}
"""Files whose sentences only programs and the command line meet."""
SAME = {"PNG", "JPEG", "4096", "2048", "1024"}


def messages():
    """Read what handlers, and the rooms below, say out of their code."""
    found = {name for name in NAMES if name != "other"} | {"rest"}
    found |= {entry.name.replace("_", " ") for kind in REQUESTS for entry in options(kind)}
    return found | {first.value for _, first in said() if isinstance(first, ast.Constant)}


def said():
    """List the first arguments of whatever makes a sentence for visitors, and where."""
    speakers = {"say", "words", "Sentence", *(kind.__name__ for kind in StudioError.__subclasses__())}
    rooms = [file for room in ("ui", "imaging", "engine") for file in (ROOM.parent / room).rglob("*.py")]
    for file in [*rooms, ROOM.parent / "models" / "style_file.py"]:
        for node in ast.walk(ast.parse(file.read_text())) if file.name not in UNHEARD else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in speakers and node.args:
                yield f"{file.name}:{node.lineno}", node.args[0]


class Texts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_data(self, data):
        self.found.add(data.strip())

    def handle_starttag(self, tag, attributes):
        self.found |= {text for name, text in attributes if name in ("title", "aria-label", "placeholder")}


def stage():
    """Read what our own HTML and scripts say."""
    texts = Texts()
    for picture in ("painting", "translation"):
        words = {
            "name": "",
            "prefix": "",
            "first": "1",
            "most": "1",
            "picture": picture,
            "title": picture.capitalize(),
        }
        texts.feed(component.TEMPLATE.format(**words))
    texts.feed(wall.TEMPLATE.format(most=4, groups="", cards="") + HEADER)
    texts.feed('<button title="Mix in">+</button>')
    for group, every in wall.EVERY.items():
        texts.feed(f'<select aria-label="{group.capitalize()}"><option>{every}</option></select>')
    found = {text for text in texts.found if re.search("[a-zA-Z]{2}", text)}
    found |= {"Mine", "Our own", *map(chip_label, (*TECHNIQUES, *MOODS))}
    for file in ROOM.rglob("*.js"):
        found |= set(re.findall(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"', file.read_text()))
    return found


@pytest.fixture(scope="module")
def page_config(tmp_path_factory):
    """Return what a browser is told of the page."""
    from tests.ui.small_studio import small_engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("files")))
        engine = small_engine(tmp_path_factory.mktemp("checkpoints"), segments=True, models=True)
        page = make_page(engine)
    config = page.get_config_file()
    page.close()
    return config


@pytest.fixture(scope="module")
def page_labels(page_config):
    """Read what Gradio's widgets say out of the page itself."""
    config, found = page_config, set()
    kinds = {widget["id"]: widget["type"] for widget in config["components"]}
    tabs = [each for each in config["layout"]["children"] if kinds[each["id"]] == "tabs"]
    inside = {place for each in tabs for place in _inside(each)}  # beside them stand the programs' endpoints
    for widget in config["components"]:
        settings = widget["props"]
        if widget["id"] not in inside or settings.get("visible") == "hidden":
            continue
        texts = [settings.get(name) for name in ("label", "info", "placeholder")]
        if settings.get("elem_id") not in DATA:
            texts += [settings.get("value")] if widget["type"] in SAID else []
            choices = settings.get("choices") or ()
            texts += [each[0] if isinstance(each, list | tuple) else each for each in choices]
        texts = [_unmarked(text) for text in texts]
        told = [text for text in texts if isinstance(text, str) and re.search("[a-zA-Z]{2}", text)]
        found |= {text for text in told if 'class="chosen"' not in text}  # what a model says of itself
    return found - SAME


def _unmarked(text):
    """Take the mark off that Gradio's I18n gives a text."""
    marked = isinstance(text, str) and text.startswith("__i18n__")
    return json.loads(text.removeprefix("__i18n__"))["key"] if marked else text


def _inside(layout):
    for child in layout.get("children", ()):
        yield child["id"]
        yield from _inside(child)


@pytest.mark.parametrize("code", SENTENCES)
def test_a_language_says_all_that_handlers_say_and_nothing_else(code):
    assert set(SENTENCES[code]["messages"]) == messages()


def test_what_visitors_are_told_has_its_values_beside_it_and_can_be_translated():
    whole = [f"{place}: {ast.unparse(text)}" for place, text in said() if isinstance(text, ast.JoinedStr)]
    assert not whole, "values within: say them by name, as Sentence does"


@pytest.mark.parametrize("code", SENTENCES)
def test_a_language_says_all_that_our_html_and_scripts_say_and_nothing_else(code):
    assert set(SENTENCES[code]["stage"]) == stage()


@pytest.mark.parametrize("code", SENTENCES)
def test_a_language_says_all_that_stands_on_the_page_and_nothing_else(code, page_labels):
    assert sorted(SENTENCES[code]["labels"]) == sorted(page_labels)


@pytest.mark.parametrize("code", SENTENCES)
def test_no_widget_begins_with_a_choice_that_browsers_would_translate(code, page_config):
    for widget in page_config["components"]:
        settings = widget["props"]
        if settings.get("choices"):
            value = settings.get("value")
            begun = value if isinstance(value, list) else [value]
            assert not set(begun) & set(SENTENCES[code]["labels"]), settings.get("elem_id")


@pytest.mark.parametrize("code", SENTENCES)
def test_a_translation_keeps_values_numbers_and_tags(code):
    for part, sentences in SENTENCES[code].items():
        for english, said in sentences.items():
            assert said.strip(), f"{part}: {english}"
            said = re.sub(r"(\d+)00 万像素", r"\1 百万像素", said)  # Chinese counts by ten thousands
            for kept in (r"\{\w+", r"</?\w+", r"\b\d+\b"):
                assert sorted(re.findall(kept, said)) == sorted(re.findall(kept, english)), english


def test_everybody_is_spoken_to_in_the_first_language_that_the_browser_asks_for():
    def ask(languages):
        LocalContext.request.set(SimpleNamespace(headers={"accept-language": languages}))
        try:
            return spoken(), say("Found {names}. Click one to choose it.", names="x"), listed(["a", "b", "c"])
        finally:
            LocalContext.request.set(None)

    assert ask("zh-CN,zh;q=0.9,en;q=0.8") == ("zh-CN", "找到了：x。点击一个即可选中。", "a、b和c")
    for other in ("en-US,en;q=0.9,zh-CN;q=0.5", "de", "zh", "zh-TW", "", "x" * 5000, "../../zh-CN"):
        assert ask(other) == ("en", "Found x. Click one to choose it.", "a, b and c")
    assert spoken() == "en", "whoever is no visitor"


@pytest.fixture
def chinese():
    LocalContext.request.set(SimpleNamespace(headers={"accept-language": "zh-CN"}))
    yield
    LocalContext.request.set(None)


def test_the_facts_of_a_size_are_a_chinese_sentence(chinese):
    photo = Picture(np.zeros((300, 400, 3), np.uint8))
    costs = {"Save": Forecast(300, 400, 2**28, 4.0), "Masterwork": Forecast(300, 400, 2**30, 600.0)}
    told = facts_line(photo, "photo", costs)
    assert "厘米。保存：约 4 秒，0.2 GB 内存。精绘：约 10 分钟，1.0 GB 内存" in told


def test_a_size_that_the_photo_has_not_is_said_to_be_all_of_it():
    photo = Picture(np.zeros((300, 400, 3), np.uint8))
    assert "400 × 300 pixels, all that the photo has" in facts_line(photo, "4096 px")
    assert "all that" not in facts_line(photo, "photo")


def test_what_has_no_stop_ends_with_that_of_the_language(chinese):
    assert sentence_of(RecipeError("x")) == "X。"


def test_errors_of_all_rooms_are_said_in_the_language_of_the_visitor(chinese, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(64))
    with pytest.raises(PictureError) as video:
        open_picture(tmp_path / "clip.mp4")
    assert sentence_of(video.value).startswith("这个文件是视频；")
    with pytest.raises(PictureError) as small:
        check_size(5, 300)
    assert sentence_of(small.value) == "这张图片为 5 x 300 像素；每边至少要有 16，请选择更大的图片。"
    with pytest.raises(RecipeError) as recipe:
        facts = {"format": FORMAT, "kind": INVENTION, "model": {"name": "x"}, "request": {"mix": 3}}
        read_recipe_text(json.dumps(facts))
    assert sentence_of(recipe.value).startswith("图片的设置无法使用：混合为 3；")


def test_notes_are_said_in_the_language_of_the_visitor_with_what_stands_in_them(chinese):
    value, note = clamp_option("strength", 7.0, StyleRequest)
    assert (value, note) == (1.5, "strength is 7.0; 1.5 is used")
    inside = Sentence("region {name!r}: {note}", name="sky", note=note)
    assert inside == "region 'sky': strength is 7.0; 1.5 is used"
    assert tell(inside) == "区域“sky”：强度为 7.0，已改用 1.5"
    assert tell("a name, or what else is no sentence") == "a name, or what else is no sentence"


def test_a_sentence_with_braces_of_its_own_is_said_as_it_stands():
    assert str(RequestError("give {} or {0}")) == "give {} or {0}"
    assert str(RequestError("the name is {name}", name="{0.__class__}")) == "the name is {0.__class__}"


def test_a_copy_of_an_error_knows_what_it_was_made_of():
    error = copy.copy(RequestError("the name is {name!r}", name="x"))
    assert (str(error), error.sentence.template) == ("the name is 'x'", "the name is {name!r}")
    assert copy.deepcopy(error.sentence).values == {"name": "x"}


def test_a_language_without_a_country_answers_all_its_countries(monkeypatch):
    monkeypatch.setitem(SENTENCES, "fr", {})
    assert [best_language(code) for code in ("fr", "fr-CA", "fr-FR", "frr", "en-FR")] == ["fr"] * 3 + [
        "en"
    ] * 2


def test_gradio_knows_the_labels_of_every_language():
    told = labels().translations_dict
    assert told["zh-CN"]["Save"] == "保存" and set(told) == {"en", *SENTENCES}
