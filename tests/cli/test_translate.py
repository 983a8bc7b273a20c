"""translate and invent on the command line, and what `models` tells of them."""

import json

import numpy as np
import pytest

from stylizer.cli.main import main
from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.unet import UNet, UNetConfig
from tests.engine.drawn import drawn
from tests.engine.models import save_hinted, save_models


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A folder with models, three photos and a mask of their right half."""
    folder = tmp_path_factory.mktemp("studio")
    save_models(folder / "checkpoints")
    (folder / "photos").mkdir()
    for seed in range(3):
        save_picture(drawn(40, 56, seed=seed), folder / "photos" / f"photo{seed}.png")
    mask = np.zeros((40, 56, 3), np.uint8)
    mask[:, 28:] = 255
    save_picture(Picture(mask), folder / "right.png")
    return folder


def test_a_photo_is_translated_to_a_mix_of_domains_and_again_by_its_recipe(run, studio, tmp_path):
    photo, out, again = studio / "photos" / "photo0.png", tmp_path / "out.png", tmp_path / "again.png"
    wanted = ("--model", "seasons", "--domain", "winter:0.7", "--domain", "autumn", "--strength", 0.8)
    assert run("translate", photo, *wanted, "--color", 0.5, "-o", out) == (0, "", "")
    recipe = json.loads(read_recipe(out))
    assert recipe["kind"] == "translation" and recipe["model"]["name"] == "seasons"
    assert recipe["request"]["domains"] == [
        {"name": "winter", "weight": 0.7},
        {"name": "autumn", "weight": 1.0},
    ]
    assert recipe["request"]["strength"] == 0.8 and recipe["request"]["color"] == 0.5
    assert run("replay", out, "--photo", photo, "-o", again) == (0, "", "")
    assert again.read_bytes() == out.read_bytes()


def test_a_published_folder_is_a_model_wherever_it_lies(run, studio, tmp_path, capsys):
    photo, by_name, by_path = studio / "photos" / "photo0.png", tmp_path / "name.png", tmp_path / "path.png"
    assert run("translate", photo, "--model", "lines", "-o", by_name)[0] == 0
    folder = studio / "checkpoints" / "lines"
    assert main(["translate", str(photo), "--model", str(folder), "-o", str(by_path)]) == 0
    assert by_path.read_bytes() == by_name.read_bytes()
    assert main(["translate", str(photo), "--model", str(tmp_path), "-o", str(by_path)]) == 2


def test_a_folder_of_photos_fills_a_folder_and_a_broken_one_is_reported(run, studio, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    photos = (studio / "photos", tmp_path / "broken.jpg")
    status, _, error = run("translate", *photos, "--model", "lines", "-o", tmp_path / "out")
    assert status == 2 and "broken.jpg" in error
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [f"photo{k}.png" for k in range(3)]


def test_regions_of_masks_take_strengths_and_domains(run, studio, tmp_path):
    photo, out = studio / "photos" / "photo1.png", tmp_path / "out.png"
    mask = ("--mask", f"right={studio / 'right.png'}")
    run("translate", photo, "--model", "seasons", *mask, "--region", "right=keep", "-o", out)
    made, own = open_picture(out).rgb, open_picture(photo).rgb
    assert np.array_equal(made[:, 29:], own[:, 29:]) and (made[:, :27] != own[:, :27]).any()
    assert json.loads(read_recipe(out))["request"]["region_styles"] == [
        {"name": "right", "strength": 0.0, "domains": None}
    ]
    for wanted, look in (
        ("0.4", {"name": "right", "strength": 0.4, "domains": None}),
        ("winter", {"name": "right", "strength": None, "domains": [{"name": "winter", "weight": 1.0}]}),
        ("winter:0.2", {"name": "right", "strength": 0.2, "domains": [{"name": "winter", "weight": 1.0}]}),
    ):
        run("translate", photo, "--model", "seasons", *mask, "--region", f"right={wanted}", "-o", out)
        assert json.loads(read_recipe(out))["request"]["region_styles"] == [look]


def test_a_picture_is_invented_mixed_and_replayed_without_a_photo(run, tmp_path):
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    wanted = ("--seed", 3, "--second", 8, "--mix", "0,0.5,1", "--truncation", 0.9, "--size", "24x20")
    assert run("invent", *wanted, "-o", out) == (0, "", "")
    recipe = json.loads(read_recipe(out))
    assert recipe["model"]["name"] == "dream" and recipe["request"]["mix"] == [0, 0.5, 1]
    assert recipe["request"]["size"] == [20, 24]
    assert open_picture(out).rgb.shape == (20, 24, 3)
    assert run("replay", out, "-o", again) == (0, "", "")
    assert again.read_bytes() == out.read_bytes()


def test_a_walk_is_a_folder_of_numbered_pictures(run, tmp_path):
    walk = tmp_path / "walk"
    assert run("invent", "--seed", 3, "--second", 8, "--walk", 4, "-o", walk)[0] == 0
    assert sorted(file.name for file in walk.iterdir()) == [f"3-8-00{k}.png" for k in range(1, 5)]
    run("invent", "--seed", 8, "-o", tmp_path / "end.png")
    assert np.array_equal(open_picture(walk / "3-8-004.png").rgb, open_picture(tmp_path / "end.png").rgb)


def test_models_tells_role_size_license_and_figures(run):
    (line,) = (line for line in run("models")[1].splitlines() if line.startswith("seasons"))
    assert "translator" in line and " MB" in line and "license other" in line and "FID 12" in line
    listed = {row["name"]: row for row in json.loads(run("models", "--json")[1])}
    assert listed["dream"]["role"] == "generator" and listed["dream"]["measured"] == "FID 12"


def test_benchmark_measures_a_translator_where_there_is_one(tmp_path, capsys):
    for name in ("lines", "painter"):
        network = UNet(UNetConfig.tiny()) if name == "lines" else Painter(PainterConfig.tiny())
        save_checkpoint(tmp_path / name, network, "# For tests\n")
    wanted = ["--sizes", "64", "--repeats", "1", "--json", "--checkpoints", str(tmp_path)]
    assert main(["benchmark", *wanted]) == 0
    (row,) = json.loads(capsys.readouterr().out)["sizes"]
    assert row["translator"] == "lines" and row["units"]["translate"] == row["translate"] / row["unit"]


MISTAKES = [
    (["translate", "PHOTO", "--model", "gone", "-o", "OUT"], "no translator called 'gone'; there are lines"),
    (["translate", "PHOTO", "--model", "../x", "-o", "OUT"], "give the name of a checkpoint"),
    (["translate", "PHOTO", "--model", "dream", "-o", "OUT"], "has the role generator"),
    (["translate", "PHOTO", "--model", "seasons", "--domain", "spring", "-o", "OUT"], "no domain 'spring'"),
    (["translate", "PHOTO", "--model", "lines", "--strength", "2", "-o", "OUT"], "strength is 2.0; choose"),
    (["translate", "PHOTO", "--model", "lines", "--region", "hat=keep", "-o", "OUT"], "no region called hat"),
    (["invent", "--mix", "1,2", "-o", "OUT"], "The mix is 1,2; give one share, or three"),
    (["invent", "--mix", "1", "-o", "OUT"], "there is nothing to mix in"),
    (["invent", "--second", "1", "-o", "OUT"], "no share of it; add --mix"),
    (["invent", "--size", "big", "-o", "OUT"], "write it like 256x192"),
    (["invent", "--size", "9x9", "-o", "OUT"], "give height and width from 16"),
    (["invent", "--walk", "3", "-o", "OUT"], "give both, and no --mix"),
    (["invent", "--second", "1", "--walk", "1", "-o", "OUT"], "choose 2 to 120"),
    (["invent", "--model", "lines", "-o", "OUT"], "has the role translator"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_one_line_status_two_and_no_file(run, studio, tmp_path, arguments, words):
    names = {"PHOTO": studio / "photos" / "photo0.png", "OUT": tmp_path / "out.png"}
    status, out, error = run(*(names.get(argument, argument) for argument in arguments))
    assert status == 2 and out == "" and len(error.strip().splitlines()) == 1
    assert words in error and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_hints_and_a_reference_color_a_photo_and_are_in_its_recipe(run, studio, tmp_path):
    save_hinted(studio / "checkpoints")
    photo, other = studio / "photos" / "photo0.png", studio / "photos" / "photo1.png"
    out = tmp_path / "out.png"
    told = ("--hint", "0.25,0.5=#e02010", "--reference", photo)
    assert run("translate", photo, "--model", "hues", *told, "-o", out) == (0, "", "")
    hints = json.loads(read_recipe(out))["request"]["hints"]
    assert hints[0] == {"x": 0.25, "y": 0.5, "color": "#e02010"} and len(hints) > 1
    code, _, said = run("translate", other, "--model", "lines", *told[:2], "-o", tmp_path / "no.png")
    assert code and "lines takes no color hints" in said
    code, _, said = run("translate", other, "--model", "hues", "--hint", "red", "-o", tmp_path / "no.png")
    assert code and "write it like 0.5,0.2=#80b0e0" in said
