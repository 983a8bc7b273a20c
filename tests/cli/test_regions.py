"""Regions on the command line."""

import json

import numpy as np
import pytest
import torch

from stylizer.cli.main import main
from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.style_file import NamedStyle, save_style
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig
from tests.engine.parted import parted


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A folder with checkpoints, a named style, a photo of three parts, one without parts, and a painting."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("studio")
    save_checkpoint(folder / "checkpoints" / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    segmenter = FakeSegmenter(FakeSegmenterConfig())
    save_checkpoint(folder / "checkpoints" / "segmenter", segmenter, "# A fake\n", half=False)
    painter = load_checkpoint(folder / "checkpoints" / "painter")
    code = painter.code(to_tensor(drawn(64, 64, seed=4)))[0]
    wave = NamedStyle("wave", "The Wave", "A. Painter", "1831", ("sea",), code, painter.checkpoint_sha)
    save_style(folder / "checkpoints" / "styles", wave)
    (folder / "photos").mkdir()
    save_picture(parted(), folder / "photos" / "meadow.png")
    gray = Picture(np.full((60, 80, 3), 128, np.uint8))
    save_picture(gray, folder / "photos" / "wall.png")
    save_picture(parted(90, 90, seed=6), folder / "ink.png")
    mask = np.zeros((48, 64, 3), np.uint8)
    mask[:, :32] = 255
    save_picture(Picture(mask), folder / "left.png")
    return folder


def test_segment_writes_a_mask_of_each_class_and_an_overlay(run, studio, tmp_path):
    status, _, error = run("segment", studio / "photos", "-o", tmp_path / "masks")
    assert (status, error) == (0, "")
    names = {"person.png", "sky.png", "vegetation.png", "overlay.png"}
    assert {file.name for file in (tmp_path / "masks" / "meadow").iterdir()} - {"other.png"} == names
    assert {file.name for file in (tmp_path / "masks" / "wall").iterdir()} == {"other.png", "overlay.png"}
    sky = open_picture(tmp_path / "masks" / "meadow" / "sky.png").rgb
    assert sky.shape == (96, 128, 3) and sky[:15].min() == 255 and sky[60:].max() == 0


def test_regions_take_their_own_styles_and_strengths(run, studio, tmp_path):
    photo, out = studio / "photos" / "meadow.png", tmp_path / "out.png"
    looks = (
        "--region",
        "sky=wave:0.6",
        "--region",
        "person=keep",
        "--region",
        f"vegetation={studio / 'ink.png'}",
    )
    assert run("stylize", photo, "--style", "wave", "--strength", 0.9, *looks, "-o", out)[0] == 0
    recipe = json.loads(read_recipe(out))["request"]
    own = {style["name"]: (style["strength"], len(style["styles"])) for style in recipe["region_styles"]}
    assert own == {"sky": (0.6, 1), "person": (None, 0), "vegetation": (None, 1)}
    same = open_picture(out).rgb[35:60, 52:76] == open_picture(photo).rgb[35:60, 52:76]
    assert same.all() and (open_picture(out).rgb[:15] != open_picture(photo).rgb[:15]).mean() > 0.8


def test_without_a_style_the_other_regions_keep_the_photo(run, studio, tmp_path):
    photo, out = studio / "photos" / "meadow.png", tmp_path / "out.png"
    assert run("stylize", photo, "--region", "sky=wave", "-o", out)[0] == 0
    assert np.array_equal(open_picture(out).rgb[60:], open_picture(photo).rgb[60:])


def test_a_mask_of_ones_own_is_a_region(run, studio, tmp_path):
    photo, out = studio / "photos" / "wall.png", tmp_path / "out.png"
    asked = ("--mask", f"left={studio / 'left.png'}", "--region", "left=keep", "--style", "wave")
    assert run("stylize", photo, *asked, "-o", out)[0] == 0
    same = (open_picture(out).rgb == open_picture(photo).rgb).all(2)
    assert same[:, :38].all() and not same[:, 43:].any()


def test_matching_takes_the_parts_of_the_painting(run, studio, tmp_path):
    photo, out = studio / "photos" / "meadow.png", tmp_path / "out.png"
    asked = ("--style", studio / "ink.png", "--match", "--region", "person=keep")
    assert run("stylize", photo, *asked, "-o", out)[0] == 0
    looks = json.loads(read_recipe(out))["request"]["region_styles"]
    named = {look["name"]: [style["name"] for style in look["styles"]] for look in looks}
    assert named == {"rest": ["ink"], "sky": ["ink, sky"], "vegetation": ["ink, vegetation"], "person": []}


def test_regions_replay_to_the_same_bytes(run, studio, tmp_path):
    photo, first, again = studio / "photos" / "meadow.png", tmp_path / "first.png", tmp_path / "again.png"
    run("stylize", photo, "--style", studio / "ink.png", "--match", "--region", "sky=wave:0.4", "-o", first)
    assert run("replay", first, "--photo", photo, "-o", again)[0] == 0
    assert first.read_bytes() == again.read_bytes()


def test_a_photo_that_lacks_the_region_is_painted_and_it_is_said(run, studio, tmp_path):
    status, _, error = run(
        "stylize", studio / "photos", "--style", "wave", "--region", "person=keep", "-o", tmp_path / "out"
    )
    assert status == 0 and "no person was found in wall" in error and "meadow" not in error
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_jpeg_too_small_for_the_masks_is_saved_without_its_recipe(run, studio, tmp_path):
    noise = tmp_path / "noise.png"
    generator = torch.Generator().manual_seed(0)
    rgb = (torch.rand(480, 640, generator=generator) * 255).to(torch.uint8).numpy()
    save_picture(Picture(np.dstack([rgb] * 3)), noise)
    save_picture(Picture(np.dstack([rgb] * 3)), tmp_path / "large.png")
    asked = ("--mask", f"dots={noise}", "--region", "dots=keep", "--style", "wave")
    status, _, error = run("stylize", tmp_path / "large.png", *asked, "-o", tmp_path / "out.jpg")
    assert status == 0 and "saved without its recipe" in error
    assert read_recipe(tmp_path / "out.jpg") is None


MISTAKES = [
    (["--region", "seas=wave"], "There is no region called seas; known are other, person"),
    (["--region", "sky"], "write it like sky=starry-night"),
    (["--region", "sky=monet"], "there is no style called 'monet'"),
    (["--region", "sky=wave:7"], "strength is 7.0; choose a number from 0 to 1.5"),
    (["--region", "sky=wave:1.2.3"], "The strength of region sky wave is 1.2.3; give a number"),
    (["--region", "sky=wave", "--region", "sky=keep"], "Region sky is given twice"),
    (["--match"], "No style is given"),
    (["--match", "--style", "wave"], "bring the painting as a picture"),
    (["--mask", "hat=nowhere.png", "--region", "hat=keep"], "There is no file called 'nowhere.png'"),
    (["--mask", "hat=PHOTO", "--region", "cap=keep"], "There is no region called cap"),
    (["--mask", "hat=INK", "--region", "hat=keep"], "bring one of the same shape"),
    (["--segmenter", "nowhere", "--region", "sky=keep"], "nowhere"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_one_line_and_no_file(run, studio, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    photo = studio / "photos" / "meadow.png"
    arguments = [
        text.replace("PHOTO", str(photo)).replace("INK", str(studio / "ink.png")) for text in arguments
    ]
    status, out, error = run("stylize", photo, "-o", "out.png", *arguments)
    assert (status, out) == (2, "") and words in error and len(error.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_without_a_segmenter_the_sentence_says_what_to_do(studio, tmp_path, capsys):
    assert (
        main(["segment", str(studio / "ink.png"), "-o", str(tmp_path), "--checkpoints", str(tmp_path)]) == 2
    )
    assert "select them by click, brush or mask" in capsys.readouterr().err
