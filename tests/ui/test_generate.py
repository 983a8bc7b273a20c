"""Handlers of the Invent tab, without a browser."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from stylizer.engine import RequestError
from stylizer.imaging.picture import open_picture, read_recipe
from stylizer.ui.handlers.generate import STEPS, GenerateHandlers
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
    assert answer["tabs"].selected == "Stylize"
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
