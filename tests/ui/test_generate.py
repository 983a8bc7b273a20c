"""Handlers of the Invent tab, without a browser."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from stylizer.engine import RequestError
from stylizer.imaging.picture import PictureError, open_picture, read_recipe
from stylizer.ui.handlers.generate import SHEET, STEPS, WIDGETS, GenerateHandlers
from stylizer.ui.options import GenerateSettings
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"), models=True)


@pytest.fixture
def inventions(studio):
    return GenerateHandlers(studio)


@pytest.fixture
def values():
    return GenerateSettings("dream", 3, 9)


def invented(inventions, visitor, values):
    inventions.renew(visitor.visit)
    return list(inventions.paint(visitor.visit, values))


def test_a_seed_is_a_picture_and_steps_lead_to_the_second(inventions, visitor, values):
    first, last = invented(inventions, visitor, values)
    picture = open_picture(first["picture"])
    assert '"seed": 3' in read_recipe(first["picture"])
    steps = [open_picture(step["image"]["path"]) for step in last["walk"].value]
    assert len(steps) == STEPS
    assert (steps[0].rgb == picture.rgb).all()
    values = replace(values, seed=9)
    assert (open_picture(invented(inventions, visitor, values)[0]["picture"]).rgb == steps[-1].rgb).all()


def test_a_step_is_taken_like_any_other_picture(inventions, visitor, values):
    invented(inventions, visitor, values)
    answer = inventions.take_step(visitor.visit, SimpleNamespace(index=2))
    assert "Step 3 of 7" in answer["status"]
    assert (open_picture(answer["picture"]).rgb == visitor.session.walk[2].rgb).all()


def test_a_step_that_the_walk_has_not_is_one_sentence(inventions, visitor, values):
    invented(inventions, visitor, values)
    with pytest.raises(RequestError, match="not in the list any more"):
        inventions.take_step(visitor.visit, SimpleNamespace(index=STEPS))


def test_all_shares_of_the_second_are_the_second(inventions, visitor, values):
    values = replace(values, coarse=100, middle=100, fine=100)
    mixed = open_picture(invented(inventions, visitor, values)[0]["picture"])
    assert (mixed.rgb == visitor.session.walk[-1].rgb).all()


def test_an_invented_picture_becomes_a_style_of_ones_own(inventions, visitor, values):
    invented(inventions, visitor, values)
    answer = inventions.use(visitor.visit)
    assert answer["tab"].split()[0] == "Stylize"
    assert visitor.session.chosen in visitor.session.own
    assert answer["turn"] == visitor.stage.turns.number
    assert "Invented Picture 1" in visitor.paint()[-1]["status"]


def test_another_wish_stops_the_one_before(inventions, visitor, values):
    inventions.renew(visitor.visit)
    inventing = inventions.paint(visitor.visit, values)
    next(inventing)
    inventions.renew(visitor.visit)
    assert list(inventing) == []


@pytest.mark.parametrize(
    ("seed", "wrong"), [("seed", None), ("seed", 70000), ("seed", -1), ("seed", 2.5), ("second", 1e9)]
)
def test_a_seed_out_of_bounds_is_a_sentence(inventions, visitor, values, seed, wrong):
    with pytest.raises(RequestError, match="choose a whole number from 0 to 65535"):
        invented(inventions, visitor, replace(values, **{seed: wrong}))


def test_the_dice_give_a_seed_and_ask_for_its_picture(inventions, visitor):
    answer = inventions.roll("seed")(visitor.visit)
    assert 0 <= answer["seed"] <= 65535 and answer["turn"] == 1
    with pytest.raises(RequestError, match="no picture"):
        inventions.use(visitor.visit)


# -- the sheet -----------------------------------------------------------------------------------------------


def sheets(answers):
    return [answer for answer in answers if "sheet" in answer]


def laid_out(answers):
    return [open_picture(each["image"]["path"]).rgb for each in sheets(answers)[-1]["sheet"].value]


def test_eight_pictures_come_one_by_one_and_a_click_shows_one_large(inventions, visitor, values):
    answers = list(inventions.fill(visitor.visit, values))
    assert [len(answer["sheet"].value) for answer in answers] == list(range(1, SHEET + 1))
    pictures = laid_out(answers)
    assert len({picture.tobytes() for picture in pictures}) == SHEET
    assert list(inventions.fill(visitor.visit, values)) == [], "it is there already"
    answer = inventions.choose(visitor.visit, 1.0, SimpleNamespace(index=5))
    values = replace(values, **{name: answer[name] for name in ("seed", "coarse", "middle", "fine")})
    large = open_picture(next(inventions.paint(visitor.visit, values))["picture"])
    assert (large.rgb == pictures[5]).all()
    with pytest.raises(RequestError, match="not in the list"):
        inventions.choose(visitor.visit, 2.0, SimpleNamespace(index=SHEET))


def ring(answer):
    return answer["sheet"].selected_index


def test_the_sheet_rings_what_is_shown_large_and_nothing_else(inventions, visitor, values):
    invented(inventions, visitor, values)
    answers = list(inventions.fill(visitor.visit, values))
    assert [ring(answer) for answer in answers] == [0] * SHEET
    inventions.choose(visitor.visit, 1.0, SimpleNamespace(index=2))
    chosen = replace(values, seed=visitor.session.sheet[2].seed)
    assert ring(next(inventions.paint(visitor.visit, chosen))) == 2
    assert ring(invented(inventions, visitor, replace(chosen, coarse=30))[0]) is None, "a mix is not in it"
    assert ring(sheets(inventions.eight(visitor.visit, values))[-1]) is None


def test_a_ring_that_is_clicked_stays_while_the_sheet_fills(inventions, visitor, values):
    invented(inventions, visitor, values)
    filling = inventions.fill(visitor.visit, values)
    next(filling), next(filling)
    inventions.choose(visitor.visit, 1.0, SimpleNamespace(index=1))
    assert ring(next(filling)) == 1


def test_what_is_shown_becomes_the_other_picture_that_steps_lead_to(inventions, visitor, values):
    picture = open_picture(invented(inventions, visitor, values)[0]["picture"])
    answer = inventions.take_other(visitor.visit, values)
    assert answer["second"] == values.seed and "Choose one to walk from" in answer["status"]
    _, last = invented(inventions, visitor, replace(values, seed=21, second=answer["second"]))
    assert (open_picture(last["walk"].value[-1]["image"]["path"]).rgb == picture.rgb).all()
    with pytest.raises(RequestError, match="a mix of two has no number of its own"):
        inventions.take_other(visitor.visit, replace(values, fine=20))


def test_variations_are_nearer_to_the_picture_than_others_are(inventions, visitor, values):
    values = replace(values, truncation=100)
    picture = open_picture(invented(inventions, visitor, values)[0]["picture"]).rgb.astype(float)

    def away(answers):
        return [abs(other - picture).mean() for other in laid_out(list(answers))]

    near, far = away(inventions.vary(visitor.visit, values)), away(inventions.eight(visitor.visit, values))
    assert min(near) > 0 and sum(near) < 0.8 * sum(far)


def test_a_new_sheet_stops_the_one_before(inventions, visitor, values):
    laying = inventions.eight(visitor.visit, values)
    next(laying), next(laying)
    list(inventions.eight(visitor.visit, values))
    assert list(laying) == []
    assert len(visitor.session.sheet) == SHEET


def test_what_is_kept_is_in_history_and_comes_back(inventions, visitor, values):
    values = replace(values, coarse=30, fine=60, truncation=50)
    before = open_picture(invented(inventions, visitor, values)[0]["picture"])
    answer = inventions.keep(visitor.visit)
    assert "Invented picture 1" in answer["status"] and len(answer["history"].value) == 1
    (kept,) = visitor.session.results
    assert (open_picture(kept.file).rgb == before.rgb).all() and kept.file.with_suffix(".jpg").is_file()
    visitor.session.looked_at = kept
    back = inventions.use_again(visitor.visit)
    assert back["tab"].split()[0] == "Invent"
    assert {name: back[name] for name in WIDGETS} == {name: getattr(values, name) for name in WIDGETS}
    assert inventions.stylize.use_again(visitor.visit) == {}, "another tab's"
    opened = inventions.open_saved(visitor.visit, {"path": str(kept.file)})
    assert opened["seed"] == values.seed
    said = [answer["status"] for answer in inventions.paint(visitor.visit, values)]
    assert all(line.sentence.startswith("Settings are back. ") for line in said), "it stays"
    assert "Settings are back" not in invented(inventions, visitor, values)[-1]["status"]


def test_what_is_being_invented_is_said_from_the_click_on(inventions, visitor, values):
    assert "busy" in inventions.renew(visitor.visit)["status"]
    invented(inventions, visitor, values)
    for lay_out, words in ((inventions.eight, "Eight others."), (inventions.vary, "Eight that are like it.")):
        said = [answer["status"] for answer in lay_out(visitor.visit, values) if "status" in answer]
        assert "busy" in said[0] and words in said[1] and len(said) == 2


def test_a_step_can_be_kept_though_it_has_no_recipe(inventions, visitor, values):
    invented(inventions, visitor, values)
    inventions.take_step(visitor.visit, SimpleNamespace(index=3))
    inventions.keep(visitor.visit)
    visitor.session.looked_at = visitor.session.results[0]
    with pytest.raises(RequestError, match="take its file"):
        inventions.use_again(visitor.visit)


def test_files_that_were_not_invented_are_refused(inventions, visitor, photo_file, values):
    with pytest.raises(PictureError, match="holds no recipe"):
        inventions.open_saved(visitor.visit, {"path": str(photo_file)})
    with pytest.raises(RequestError, match="no picture is invented"):
        inventions.keep(visitor.visit)


def test_an_invented_picture_is_painted_over_as_if_it_were_a_photo(inventions, visitor, values):
    picture = open_picture(invented(inventions, visitor, values)[0]["picture"])
    answer = inventions.paint_over(visitor.visit)
    assert answer["tab"].split()[0] == "Stylize" and answer["turn"] == visitor.stage.turns.number
    assert (visitor.stage.photo.rgb == picture.rgb).all()
    assert visitor.paint()[-1]["stage"]["frames"][0]["strength"] == 0
