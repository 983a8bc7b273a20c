"""Inventions: the same seed gives the same picture, mixes end at their seeds, walks join two."""

import shutil

import numpy as np
import pytest
import torch

from stylizer.engine import Engine, GenerateRequest, RequestError, read_recipe_text
from stylizer.engine.pipelines.repaint import nearest
from stylizer.errors import RecipeError
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.style_gan import StyleGAN, StyleGANConfig
from tests.engine.models import save_models
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    """An engine with a small generator."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("checkpoints")
    save_models(folder)
    return Engine(folder, device="cpu", whole_precision=True)


def made(engine, **settings):
    return engine.run(GenerateRequest("dream", **settings)).picture


def test_a_seed_is_one_picture(engine):
    again = Engine(engine.library.folder, device="cpu", whole_precision=True)
    assert made(engine, seed=3).digest == made(again, seed=3).digest != made(engine, seed=4).digest


def test_a_mix_ends_at_its_seeds(engine):
    first, second = made(engine, seed=3), made(engine, seed=8)
    assert made(engine, seed=3, second=8, mix=(0, 0, 0)).digest == first.digest
    assert made(engine, seed=3, second=8, mix=(1, 1, 1)).digest == second.digest
    levels = {made(engine, seed=3, second=8, mix=mix).digest for mix in np.eye(3).tolist()}
    assert len(levels | {first.digest, second.digest}) == 5


def test_without_any_daring_all_seeds_have_the_usual_style(engine):
    """The layout stays the seed's own, as long as no coarse share is mixed in."""
    usual = made(engine, seed=1, truncation=0)
    assert made(engine, seed=1, second=2, mix=(0, 1, 1), truncation=0).digest == usual.digest
    assert made(engine, seed=1, second=2, mix=(0, 1, 1), truncation=0.5).digest != usual.digest


def test_the_layout_goes_from_seed_to_seed_without_growing_pale(engine):
    """At truncation 0 there is one style, so that a mix of coarse layers moves the layout alone."""
    shares = (0, 0.25, 0.5, 0.75, 1)
    coarse = [
        made(engine, seed=1, second=2, mix=(share, 0, 0), truncation=0).rgb.astype(float) for share in shares
    ]
    assert np.array_equal(coarse[4], made(engine, seed=2, truncation=0).rgb)
    away = [np.abs(picture - coarse[0]).mean() for picture in coarse]
    assert away[0] == 0 and away == sorted(away)
    contrast = [picture.std() for picture in coarse]
    assert contrast[2] > 0.85 * min(contrast[0], contrast[4]), (
        "two layouts laid over each other would be pale"
    )


@pytest.mark.parametrize("size", [(17, 23), (40, 16)])
def test_a_picture_may_have_any_size(engine, size):
    assert made(engine, size=size).rgb.shape == (*size, 3)
    assert made(engine).rgb.shape == (16, 16, 3)


def test_a_walk_goes_from_seed_to_seed(engine):
    request = GenerateRequest("dream", 3)
    walked = [picture.digest for picture in engine.walk(request, 8, 5)]
    assert walked[0] == made(engine, seed=3).digest and walked[-1] == made(engine, seed=8).digest
    assert walked[2] == made(engine, seed=3, second=8, mix=(0.5, 0.5, 0.5)).digest
    assert len(set(walked)) == 5


def test_a_recipe_invents_the_same_picture(engine):
    request = GenerateRequest("dream", 3, 8, (0.1, 0.5, 1.0), 0.9, (20, 24))
    first = engine.run(request)
    recipe, notes = read_recipe_text(first.recipe.to_json())
    again, more = engine.restore(recipe)
    assert notes == more == () and recipe == first.recipe and again == request
    assert engine.run(again).picture.digest == first.picture.digest


def test_a_recipe_written_by_anyone_is_clamped_or_refused(engine):
    text = engine.run(GenerateRequest("dream", 3)).recipe.to_json()
    recipe, notes = read_recipe_text(text.replace('"truncation": 0.7', '"truncation": 70'))
    assert recipe.request["truncation"] == 1 and "truncation is 70" in notes[0]
    for old, new in (
        ('"dream"', '"../dream"'),
        ("[0.0, 0.0, 0.0]", "[0.0, 7]"),
        ('"size": null', '"size": [9, 1e9]'),
        ('"invention"', '"recitation"'),
        ('"invention"', "[]"),
    ):
        with pytest.raises(RecipeError):
            read_recipe_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"seed": -1}, "seed is -1; choose a whole number from 0 to 65535"),
        ({"mix": (0, 0, 1)}, "there is nothing to mix in; give a second seed"),
        ({"second": 1, "mix": (0, 2, 1)}, "the middle share is 2; choose a number from 0 to 1"),
        ({"second": 1, "mix": 1}, "the mix is 1; give three shares"),
        ({"truncation": float("nan")}, "truncation is nan"),
        ({"size": (16, 4096)}, "give height and width from 16 to 1024 pixels"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(settings, sentence):
    with pytest.raises(RequestError, match=sentence):
        GenerateRequest("dream", **settings)


def test_a_walk_of_one_picture_or_by_a_translator_is_refused(engine):
    with pytest.raises(RequestError, match="a walk has 1 pictures"):
        list(engine.walk(GenerateRequest("dream"), 1, 1))
    with pytest.raises(ValueError, match="'lines' has the role translator; choose one with generator"):
        engine.run(GenerateRequest("lines"))


@pytest.fixture(scope="module")
def composer(tmp_path_factory) -> Engine:
    """An engine with a generator of whole pictures, a painter and four styles."""
    folder = tmp_path_factory.mktemp("composer")
    torch.manual_seed(4)
    network = StyleGAN(StyleGANConfig(latent=8, mapping=2, widths=(8, 8, 8), light=True))
    with torch.no_grad():
        for layer in network.color.parameters():
            layer.mul_(0.2)  # within [0, 1]
    save_checkpoint(folder / "sketch", network, "# Sketch\n")
    return small_engine(folder, teachable=True)


def composed(engine: Engine, **settings) -> np.ndarray:
    return engine.run(GenerateRequest("sketch", **settings)).picture.rgb.astype(float)


def test_a_whole_picture_grows_and_keeps_its_composition_and_colors(composer):
    own = composed(composer, seed=3)
    assert own.shape == (16, 16, 3) and composed(composer, seed=3, size=(33, 48)).shape == (33, 48, 3)
    grown = [composed(composer, seed=seed, size=(64, 64)) for seed in (3, 4)]
    assert np.abs(grown[0].mean((0, 1)) - own.mean((0, 1))).max() < 8
    small = [picture.reshape(16, 4, 16, 4, 3).mean((1, 3)) for picture in grown]
    likeness = [np.corrcoef(one.ravel(), own.ravel())[0, 1] for one in small]
    assert likeness[0] > 0.8 and likeness[0] > likeness[1] + 0.1, likeness


def test_what_has_grown_has_strokes_of_the_nearest_style(composer, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(composer.library.folder / "sketch", alone / "sketch")
    painted = composed(composer, seed=3, size=(64, 64))
    plain = composed(Engine(alone, device="cpu", whole_precision=True), seed=3, size=(64, 64))
    assert np.abs(painted - plain).mean() > 1, "without a painter it is resized alone"
    assert np.array_equal(painted, composed(composer, seed=3, size=(64, 64)))


def test_the_nearest_of_some_codes_comes_nearly_alone_and_moves_smoothly():
    codes = [torch.tensor([[0.0, 0.0, 7.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 3.0]])]
    found = nearest(torch.tensor([[0.05, 0.0]]), codes)
    assert torch.allclose(found, torch.tensor([0.0, 0.0, 7.0]), atol=1e-3), "with its adapters"
    between = [
        nearest(torch.tensor([[share, 0.0]]), codes)[0].item() for share in torch.linspace(0.4, 0.6, 401)
    ]
    steps = np.diff(between)
    assert steps.min() >= 0 and steps.max() < 0.05 and between[0] < 0.1 and between[-1] > 0.9
