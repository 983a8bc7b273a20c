"""The gallery: its order, its chips, its words, and what is mixed of it."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from stylizer import CHECKPOINTS
from stylizer.errors import RequestError
from stylizer.imaging.picture import save_picture
from stylizer.models.style_file import load_styles
from stylizer.ui.gallery import StyleGallery, choose_groups, equal_shares, plain, whole_shares
from stylizer.ui.stage.wall import chosen_panel, picture_address, read_pick, safe, write_cards
from tests.engine.drawn import drawn


@pytest.fixture
def styles(engine):
    return {style.slug: style for style in engine.styles()}


def hang(styles, shelf):
    shelf.mkdir(exist_ok=True)
    return StyleGallery(styles, shelf)


def test_a_picture_is_found_in_a_folder_of_any_name(tmp_path):
    address = picture_address(tmp_path / "50 % #1" / "Café?.webp")
    assert address == f"gradio_api/file={tmp_path.as_posix()}/50%20%25%20%231/Caf%C3%A9%3F.webp"


def test_what_people_look_for_hangs_first(styles, tmp_path):
    known = [replace(styles["rose"], place=0), replace(styles["amber"], place=1), styles["moss"]]
    assert [card.key for card in hang(known[::-1], tmp_path / "shelf").shipped] == ["rose", "amber", "moss"]


def test_the_style_that_greets_hangs_before_what_people_look_for(styles, tmp_path):
    (tmp_path / "shelf").mkdir()
    known = [replace(styles["rose"], place=0), replace(styles["amber"], place=1), styles["moss"]]
    gallery = StyleGallery(known, tmp_path / "shelf", "moss")
    assert [card.key for card in gallery.shipped] == ["moss", "rose", "amber"]


def test_every_style_is_found_under_something(tmp_path, styles):
    odd = replace(styles["moss"], slug="odd", tags=("batik", "cave"), artist="")
    gallery = hang([*styles.values(), odd], tmp_path / "shelf")
    choices = [label for labels in gallery.groups.values() for label in labels]
    assert all(card.labels & set(choices) for card in gallery.shipped)
    assert "Night" in gallery.groups["mood"] and len(set(choices)) == len(choices)
    assert "Batik" in gallery.groups["technique"]


def test_an_artist_with_several_works_stands_first_by_the_name_people_say(tmp_path, styles):
    van_gogh = {"artist": "Vincent van Gogh", "tags": ()}
    works = [replace(styles["amber"], **van_gogh), replace(styles["rose"], **van_gogh), styles["moss"]]
    assert choose_groups(hang(works, tmp_path / "shelf").shipped)["artist"][0] == "Van Gogh"


def test_every_style_that_ships_is_told_of_and_found_under_something(tmp_path):
    gallery = hang(load_styles(CHECKPOINTS / "styles"), tmp_path / "shelf")
    assert len(gallery.shipped) >= 90
    choices = {label for labels in gallery.groups.values() for label in labels}
    assert all(card.labels & choices and card.about for card in gallery.shipped)
    assert gallery.shipped[0].key == "starry-night"
    shown = [card for card in gallery.shipped if card.painting]
    assert len(shown) >= 20 and all(card.credit.endswith("CC0") for card in shown)


def test_words_are_found_without_accents_and_nothing_in_a_title_is_a_tag(tmp_path, styles):
    card = hang([replace(styles["rose"], artist="Fernand Léger")], tmp_path / "shelf").shipped[0]
    assert "fernand leger" in card.words and plain("Café") == "cafe"
    written = write_cards([card])
    assert "<b>" not in written.replace('<b class="card-share" hidden>', "")
    assert "&lt;b&gt;" in written
    assert "${" not in safe("${alert(1)} {{this}}") and "{{" not in safe("{{this}}")


def test_the_chosen_one_is_shown_large_with_what_it_does(tmp_path, styles):
    save_picture(drawn(40, 60, 1), tmp_path / "painting.webp")
    told = replace(
        styles["moss"], about="Green all over.", credit="A museum, CC0", painting=tmp_path / "painting.webp"
    )
    card = hang([told], tmp_path / "shelf").shipped[0]
    panel = chosen_panel(card)
    for words in ("Moss", "C. Painter", "Green all over.", "A museum, CC0", "moss.large.webp"):
        assert words in panel
    assert "museum" not in chosen_panel(replace(card, painting=None)), "nothing is credited that is not shown"


@pytest.mark.parametrize("count", range(1, 5))
def test_shares_sum_to_a_hundred(count):
    assert sum(equal_shares(count)) == 100
    assert max(equal_shares(count)) - min(equal_shares(count)) <= 1
    for weights in ([1, 2, 4, 4], [0.1, 0, 3, 0.7], [0, 0, 0, 0], [1e-9, 1, 1, 1]):
        assert sum(whole_shares(weights[:count])) == 100


def test_a_mix_is_clicked_together_and_painted_by_its_shares(visitor):
    answer = visitor.choose("amber", "rose", "moss")
    assert answer["wall"]["chosen"] == ["amber", "rose", "moss"] and sum(answer["wall"]["shares"]) == 100
    assert answer["further"] == ["rose", "moss"]
    assert [answer[f"share{place}"].visible for place in range(4)] == [True, True, True, False]
    assert "Painted like Amber, Rose <b> and Moss" in visitor.paint()[-1]["status"].replace(
        "&lt;b&gt;", "<b>"
    )
    alone = visitor.choose("moss")
    assert alone["further"] == [] and not any(alone[f"share{place}"].visible for place in range(4))


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"keys": [], "key": "amber", "moment": 1},
        {"keys": ["amber"] * 5, "key": "amber", "moment": 1},
        {"keys": ["amber"], "key": 3, "moment": 1},
        {"keys": ["amber"], "key": "amber", "moment": float("nan")},
    ],
)
def test_what_no_wall_says_is_refused(data):
    with pytest.raises(RequestError, match="reload the page"):
        read_pick(data)


def test_a_style_that_is_gone_is_said(visitor):
    event = SimpleNamespace(_data={"keys": ["gone"], "key": "gone", "moment": 500.0})
    with pytest.raises(RequestError, match="not here any more"):
        visitor.studio.choose_styles(visitor.visit, event)
