"""A link holds settings by name, and sets another page; whatever else stands in it does no harm."""

from dataclasses import replace

import pytest

from stylizer.imaging.picture import save_picture
from stylizer.ui.handlers.links import LinkHandlers, TranslateLinkHandlers
from stylizer.ui.handlers.translate import TranslateHandlers
from stylizer.ui.links import read_link, write_link
from stylizer.ui.looks import looks as translate_looks
from stylizer.ui.options import StyleSettings, TranslateSettings
from stylizer.ui.samples import sample_photos
from stylizer.ui.sessions import Sessions
from tests.engine.drawn import drawn
from tests.ui.small_studio import small_engine

USUAL = {
    "strength": 100,
    "color": 100,
    "colors_only": False,
    "stroke": 100,
    "detail": 0,
    "gentle_faces": True,
}


@pytest.fixture
def links(studio):
    return LinkHandlers(studio)


def test_a_link_sets_another_page_as_this_one_is(visitor, other_visitor, links):
    visitor.choose("rose")
    visitor.set(strength=63, stroke=150, colors_only=False, further=["moss"], shares=(60.0, 20.0, 50.0, 50.0))
    link = links.copy(visitor.visit, visitor.settings)["link"]
    assert link == "style=rose:60,moss:20&strength=63&stroke=150"
    answer = links.follow(other_visitor.visit, f"?{link}")
    assert other_visitor.session.chosen == "rose"
    assert (answer["strength"], answer["stroke"]) == (63, 150) and "color" not in answer
    assert answer["further"] == ["moss"] and answer["share0"].value == 75
    assert "settings are here" in answer["status"]


def test_a_link_holds_no_picture_and_says_so(visitor, links, photo_file, tmp_path):
    save_picture(drawn(64, 64, seed=9), tmp_path / "harbor.png")
    visitor.bring(photo_file)
    visitor.studio.bring_styles(
        visitor.visit, {"path": str(tmp_path / "harbor.png"), "orig_name": "harbor.png"}
    )
    answer = links.copy(visitor.visit, visitor.settings)
    assert "Paintings of your own are not in it" in answer["status"]
    assert answer["link"] == "strength=100"


def test_what_cannot_be_restored_is_said_in_a_sentence_and_the_rest_is_set(visitor, links):
    answer = links.follow(visitor.visit, "?style=sunken-city,rose&strength=much&color=30")
    assert visitor.session.chosen == "rose" and answer["color"] == 30
    assert "“sunken-city” is no style of this studio" in answer["status"]
    assert "Strength could not be read" in answer["status"]
    answer = links.follow(visitor.visit, "?style=sunken-city")
    assert visitor.session.chosen == "rose", "the style that was there stays"


@pytest.mark.parametrize("words", ["", "?", "?__theme=dark", "?view=api"])
def test_an_address_that_says_nothing_changes_nothing(visitor, links, words):
    assert links.follow(visitor.visit, words) == {}


def test_numbers_that_are_out_of_bounds_come_to_their_bounds():
    read = dict(read_link("strength=900&color=-3&stroke=1e999&detail=nan").settings)
    assert read["strength"] == 150 and read["color"] == 0
    assert all(0 <= value <= 200 for value in read.values())


@pytest.mark.parametrize(
    "query", ["style=" + "a," * 5000, "style=:::&strength=", "%ff%fe=1&style=%00", "&&&=;"]
)
def test_nonsense_is_no_harm(query):
    assert len(read_link(query).styles) <= 8


def test_usual_values_are_not_written():
    assert write_link([("rose", 100)], USUAL) == "style=rose&strength=100"
    for switched in ({"colors_only": True}, {"gentle_faces": False}):
        settings = USUAL | switched
        assert dict(read_link(write_link([], settings)).settings) == {"strength": 100, **switched}
    translated = {"strength": 100, "color": 100, "stroke": 100, "gentle_faces": False}
    assert "gentle_faces=0" in write_link([], translated, "stargan")
    assert StyleSettings().colors_only is False


@pytest.fixture(scope="module")
def translating(tmp_path_factory):
    """A studio with translators, and the links of their tab."""
    folder = tmp_path_factory.mktemp("translating")
    sessions = Sessions(folder / "visits")
    translate = TranslateHandlers(
        small_engine(folder / "checkpoints", models=True), sessions, sample_photos()
    )
    return TranslateLinkHandlers(translate)


def test_a_link_sets_the_translate_tab_of_another_page(translating):
    live = translating.translate
    one, other = (translating.sessions.open(tab) for tab in ("one", "other"))
    for session in (one, other):
        live.other(session).bring(sample_photos()[0].open(), "mountains")
        live.enter(session.id)
    settings = TranslateSettings(model="seasons", domains=["winter"], strength=40, stroke=150)
    settings = replace(settings, domains=translate_looks(live.card("seasons"))[:2])
    link = translating.copy(one.id, settings)["link"]
    assert link.startswith("translate=seasons&look=") and link.endswith("&strength=40&stroke=150")
    answer = translating.follow(other.id, f"?{link}")
    assert (answer["model"], answer["strength"], answer["stroke"]) == ("seasons", 40, 150)
    assert answer["domains"].value == list(settings.domains) and answer["turn"] > 1
    assert answer["tab"].split()[0] == "Translate" and "settings are here" in answer["status"]


def test_a_link_to_a_translation_that_is_not_here_says_so(translating):
    session = translating.sessions.open("third")
    live = translating.translate
    live.other(session).bring(sample_photos()[0].open(), "mountains")
    answer = translating.follow(session.id, "?translate=gone&strength=20")
    assert "“gone” is no translation of this studio" in answer["status"] and "model" not in answer
    answer = translating.follow(session.id, "?translate=seasons&look=rainy&strength=much")
    assert "“rainy” is no look of this translation" in answer["status"]
    assert "Strength could not be read" in answer["status"]
    assert translating.follow(session.id, "?style=rose") == {}


def test_a_link_to_a_translation_leaves_the_stylize_tab_alone(visitor, links):
    assert links.follow(visitor.visit, "?translate=seasons&strength=20") == {}
