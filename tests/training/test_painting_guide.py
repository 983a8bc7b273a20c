"""Translations led by the painter's losses: to which painting, with which faces, and how far."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.tiny_runs import TINY_RUNS
from training.data.faces import write_faces
from training.methods.painting_guide import Usual
from training.run.config import UserMistake
from training.run.loop import build

NIGHT, NOON = 30, 220


@pytest.fixture
def shaded(studio, tmp_path):
    """Photos and paintings from dark to light; every photo has a face where a white square is."""
    rng = torch.Generator().manual_seed(0)
    for folder in ("photos", "paintings/dots", "paintings/waves"):
        (tmp_path / folder).mkdir(parents=True)
        for number, light in enumerate(np.linspace(NIGHT, NOON, 8)):
            grain = torch.randint(-20, 20, (40, 40, 3), generator=rng).numpy().repeat(4, 0).repeat(4, 1)
            pixels = (light + grain).clip(0, 235).astype("uint8")
            if folder == "photos":
                pixels[60:100, 60:100] = 255
            Image.fromarray(pixels).save(tmp_path / folder / f"{number}.png")
    boxes = {f"{number}.png": [(60 / 160, 60 / 160, 100 / 160, 100 / 160)] for number in range(8)}
    write_faces(tmp_path / "faces.json", boxes)
    return tmp_path


def stargan(studio, place, **changes):
    options = TINY_RUNS["stargan"].options(
        place / "runs", studio, photos=place / "photos", paintings=place / "paintings",
        paint=1.0, facts=None, look=0.0, crop=64, **changes,
    )  # fmt: skip
    torch.manual_seed(0)
    return build("stargan", options)


def test_a_photo_that_is_dark_among_photos_is_led_to_a_painting_dark_among_its_own(studio, shaded):
    guide = stargan(studio, shaded, paint_among=99).paintings
    rng = torch.Generator().manual_seed(0)
    light = []
    for level in (NIGHT, NOON):
        photo = torch.full((1, 3, 64, 64), level / 255) + 0.02 * torch.rand(1, 3, 64, 64)
        standing = guide.photos.standing(guide._looks(photo))[0]
        light.append(float(guide._most_like(standing, guide.galleries[1], rng).colors[0, 3].mean()))
    gray = 3**0.5
    assert light[0] < gray * 0.35 and light[1] > gray * 0.65, light


def test_a_painting_is_most_like_itself(studio, shaded):
    gallery = (guide := stargan(studio, shaded, paint_among=99).paintings).galleries[2]
    for number in (0, 7, 15):
        found = guide._most_like(gallery.standing[number], gallery, torch.Generator().manual_seed(number))
        assert torch.equal(found.colors, gallery.bank.facts([gallery.keys[number]]).style.colors)


def test_what_is_usual_stands_at_nothing():
    looks = torch.rand(40, 5)
    usual = Usual(looks.mean(0), looks.std(0))
    assert torch.allclose(usual.standing(looks).mean(0), torch.zeros(5), atol=1e-5)
    assert torch.allclose(usual.standing(looks).std(0), torch.ones(5), atol=1e-5)


def test_a_picture_that_is_its_goal_is_asked_for_less_than_one_that_is_not(studio, shaded):
    method = stargan(studio, shaded, paint_among=1)
    guide, gallery = method.paintings, method.paintings.galleries[1]
    gallery.keys[:] = gallery.keys[:1]
    gallery = guide.galleries[1] = gallery._replace(standing=gallery.standing[:1])
    goal = torch.nn.functional.interpolate(gallery.bank.pictures(gallery.keys), size=(64, 64), mode="area")
    faces = torch.zeros(1, 1, 64, 64)
    there = guide.losses(goal, goal, [1], faces, 3)
    away = guide.losses(goal, (1 - goal).flip(3), [1], faces, 3)
    assert there["paint_content"] < 1e-5 < away["paint_content"]
    assert there["paint_color"] < 0.2 * away["paint_color"]
    assert guide.losses(goal[:0], goal[:0], [], faces[:0], 3) == {}, "nothing was translated"


def test_maps_of_faces_are_cut_with_their_crops(studio, shaded):
    method = stargan(studio, shaded, faces=shaded / "faces.json", photo_share=1.0)
    batch = [method.batch(number) for number in range(6)]
    pictures, faces = (torch.cat([one[key] for one in batch]) for key in ("picture", "faces"))
    white = (pictures.amin(1, keepdim=True) > 0.97).float()
    assert faces.sum() > 0 and white.sum() > 0
    inside = (faces * white).sum() / faces.sum()
    assert inside > 0.85, "the map is an ellipse within the white square"


def test_without_a_weight_nothing_is_looked_at(studio, tmp_path):
    facts = tmp_path / "facts"
    method = build("stargan", TINY_RUNS["stargan"].options(tmp_path, studio, paint=0.0, facts=facts))
    photo = torch.rand(1, 3, 32, 32)
    assert method.paintings.losses(photo, photo, [1], torch.zeros(1, 1, 32, 32), 0) == {}
    assert not facts.exists()


@pytest.mark.parametrize("wrong", [{"paint": -1.0}, {"paint_among": 0}])
def test_wrong_options_are_told(wrong, studio, tmp_path):
    good = TINY_RUNS["stargan"].options(tmp_path, studio)
    with pytest.raises(UserMistake, match=next(iter(wrong))):
        replace(good, **wrong)


def test_facts_are_kept_where_the_options_say(studio, tmp_path):
    options = TINY_RUNS["dualgan"].options(tmp_path, studio, facts=tmp_path / "facts")
    assert build("dualgan", options).paintings.galleries[1].keys
    assert list(Path(tmp_path / "facts").rglob("*.safetensors"))
