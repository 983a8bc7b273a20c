"""The command line: results where they belong, one sentence for a mistake, status 2 and no file."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from stylizer.cli.large_pictures import similarity
from stylizer.cli.main import main
from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.style_file import NamedStyle, save_style
from tests.engine.drawn import drawn


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A folder with checkpoints, three photos, a style picture, a named style and an original."""
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("studio")
    painter = Painter(PainterConfig.tiny()).eval()
    save_checkpoint(folder / "checkpoints" / "painter", painter, "# For tests\n")
    painter = load_checkpoint(folder / "checkpoints" / "painter")
    code = painter.code(to_tensor(drawn(64, 64, seed=4)))[0]
    wave = NamedStyle("wave", "The Wave", "A. Painter", "1831", ("sea",), code, painter.checkpoint_sha)
    save_style(folder / "checkpoints" / "styles", wave)
    (folder / "checkpoints" / "originals").mkdir()
    save_picture(drawn(64, 64, seed=5), folder / "checkpoints" / "originals" / "dots.png")
    (folder / "photos").mkdir()
    for seed in range(3):
        save_picture(drawn(40, 56, seed=seed), folder / "photos" / f"photo{seed}.png")
    save_picture(drawn(64, 64, seed=6), folder / "ink.png")
    return folder


def test_one_photo_in_a_mix_of_styles_makes_one_file_with_its_recipe(run, studio, tmp_path):
    out = tmp_path / "out.png"
    photo = studio / "photos" / "photo0.png"
    styles = ("--style", f"{studio / 'ink.png'}:0.7", "--style", "wave:0.3", "--style", "dots")
    settings = ("--strength", 0.8, "--color", 0.5, "--no-gentle-faces")
    status, _, error = run("stylize", photo, *styles, *settings, "-o", out)
    assert (status, error) == (0, "")
    recipe = json.loads(read_recipe(out))
    assert [(style["name"], style["weight"]) for style in recipe["request"]["styles"]] == [
        ("ink", 0.7),
        ("wave", 0.3),
        ("dots", 1),
    ]
    assert recipe["request"]["strength"] == 0.8 and recipe["request"]["color"] == 0.5
    assert recipe["request"]["gentle_faces"] is False
    painted = open_picture(out)
    assert (painted.height, painted.width) == (40, 56)
    assert not np.array_equal(painted.rgb, open_picture(photo).rgb)


def test_a_masterwork_says_what_it_takes_and_has_its_recipe(run, studio, tmp_path):
    out, photo = tmp_path / "out.png", studio / "photos" / "photo0.png"
    status, _, error = run("stylize", photo, "--style", studio / "ink.png", "--masterwork", "-o", out)
    assert status == 0 and "GB of memory" in error
    assert json.loads(read_recipe(out))["request"]["masterwork"] is True
    assert open_picture(out).rgb.shape == (40, 56, 3)


def test_a_masterwork_of_a_style_with_a_name_alone_is_refused(run, studio, tmp_path):
    photo = studio / "photos" / "photo0.png"
    status, _, error = run("stylize", photo, "--style", "wave", "--masterwork", "-o", tmp_path / "out.png")
    assert status == 2 and "open the painting as a picture" in error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_photos_fills_a_folder(run, studio, tmp_path):
    status, _, _ = run("stylize", studio / "photos", "--style", "wave", "-o", tmp_path / "painted")
    assert status == 0
    assert sorted(file.name for file in (tmp_path / "painted").iterdir()) == [
        f"photo{k}.png" for k in range(3)
    ]


def test_one_photo_may_go_into_a_folder_that_is_there(run, studio, tmp_path):
    assert run("stylize", studio / "photos" / "photo1.png", "--style", "wave", "-o", tmp_path)[0] == 0
    assert (tmp_path / "photo1.png").is_file()


def test_a_broken_photo_among_several_is_reported_and_the_others_are_painted(run, studio, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    photos = (studio / "photos" / "photo0.png", tmp_path / "broken.jpg")
    status, _, error = run("stylize", *photos, "--style", "wave", "-o", tmp_path / "out")
    assert status == 2 and "broken.jpg" in error and str(tmp_path) not in error
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["photo0.png"]


def test_strength_zero_writes_the_photo(run, studio, tmp_path):
    photo = studio / "photos" / "photo2.png"
    run("stylize", photo, "--style", "wave", "--strength", 0, "-o", tmp_path / "same.png")
    assert np.array_equal(open_picture(tmp_path / "same.png").rgb, open_picture(photo).rgb)


def test_replay_paints_the_same_bytes(run, studio, tmp_path):
    photo = studio / "photos" / "photo0.png"
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    run("stylize", photo, "--style", studio / "ink.png", "--stroke", 1.5, "-o", first)
    status, _, error = run("replay", first, "--photo", photo, "-o", again)
    assert (status, error) == (0, "")
    assert first.read_bytes() == again.read_bytes()


def test_replay_finds_the_photo_beside_the_picture(run, studio, tmp_path):
    save_picture(open_picture(studio / "photos" / "photo0.png"), tmp_path / "photo0.png")
    run("stylize", tmp_path / "photo0.png", "--style", "wave", "-o", tmp_path / "first.png")
    assert run("replay", tmp_path / "first.png", "-o", tmp_path / "again.png")[0] == 0
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_another_painter_paints_and_replays_from_wherever_it_lies(run, studio, tmp_path):
    torch.manual_seed(2)
    painter, photo = tmp_path / "runs" / "young", studio / "photos" / "photo0.png"
    save_checkpoint(painter, Painter(PainterConfig.tiny()), "# Another\n")
    alone = tmp_path / "alone"
    save_checkpoint(alone / "painter", load_checkpoint(painter), "# Another\n")

    def painted(name, *where):
        out = tmp_path / f"{name}.png"
        assert main(["stylize", str(photo), "--style", str(studio / "ink.png"), *where, "-o", str(out)]) == 0
        return open_picture(out).rgb

    shipped = painted("shipped", "--checkpoints", str(studio / "checkpoints"))
    other = painted("other", "--checkpoints", str(studio / "checkpoints"), "--painter", str(painter))
    assert not np.array_equal(other, shipped)
    assert np.array_equal(other, painted("by-name", "--checkpoints", str(alone)))
    again = tmp_path / "again.png"
    replay = ("replay", tmp_path / "other.png", "--photo", photo, "-o", again)
    assert run(*replay, "--painter", painter)[0] == 0
    assert again.read_bytes() == (tmp_path / "other.png").read_bytes()
    status, _, error = run(*replay)
    assert status == 2 and "was made by another painter" in error


def test_a_style_of_the_painter_here_and_a_run_that_is_not_published_are_refused_in_a_sentence(
    run, studio, tmp_path
):
    photo, out = studio / "photos" / "photo0.png", tmp_path / "out.png"
    save_checkpoint(tmp_path / "young", Painter(PainterConfig.tiny()), "# Another\n")
    status, _, error = run("stylize", photo, "--style", "wave", "--painter", tmp_path / "young", "-o", out)
    assert status == 2 and "style 'wave' was made for another painter" in error
    (tmp_path / "run").mkdir()
    status, _, error = run("stylize", photo, "--style", "wave", "--painter", tmp_path / "run", "-o", out)
    assert status == 2 and "run is no published painter; name the folder that `training publish`" in error
    assert not out.exists()


def test_styles_and_models_are_listed(run):
    status, out, _ = run("styles")
    assert status == 0 and "wave" in out and "The Wave, A. Painter, 1831" in out and "dots" in out
    listed = json.loads(run("styles", "--json")[1])
    assert [style["name"] for style in listed] == ["wave", "dots"] and listed[0]["tags"] == ["sea"]
    (model,) = json.loads(run("models", "--json")[1])
    assert model["name"] == "painter" and model["role"] == "stylizer" and len(model["sha256"]) == 64
    assert "painter" in run("models")[1]


def test_benchmark_tells_seconds_and_units(run):
    out = run("benchmark", "--sizes", 64, "--repeats", 1, "--json")[1]
    (row,) = json.loads(out)["sizes"]
    assert row["size"] == 64 and row["peak_mb"] > 0
    assert row["units"]["paint"] == pytest.approx(row["paint"] / row["unit"])
    assert row["paint"] == pytest.approx(row["encode_photo"] + row["encode_style"] + row["slider_tick"])


def test_benchmark_paints_whole_pictures_and_compares_them_with_the_preview(run, studio):
    photo = studio / "photos" / "photo0.png"
    words = ["--pictures", "160x112", "1024x700", "--photo", photo, "--style", "wave"]
    status, out, error = run("benchmark", *words, "--json")
    assert (status, error) == (0, "")
    small, large = json.loads(out)["pictures"]
    assert small["likeness"] == pytest.approx(1), "no larger than the preview, so it is the preview"
    assert 0.5 < large["likeness"] < 1 and 0 < large["before_mb"] <= large["peak_mb"]
    assert (large["width"], large["height"]) == (1024, 700) and large["seconds"] > 0
    out = run("benchmark", *words)[1]
    assert "photo0, 1024 x 700:   0.7 megapixels" in out and "SSIM with the preview" in out


def test_the_benchmarks_similarity_is_that_of_another_library():
    from skimage.metrics import structural_similarity

    first, second = drawn(80, 90, 1).rgb, drawn(80, 90, 2).rgb
    second = (0.7 * first + 0.3 * second).astype(np.uint8)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "win_size": 11}
    _, whole = structural_similarity(
        first / 255, second / 255, channel_axis=2, data_range=1, full=True, **settings
    )
    wanted = whole[5:-5, 5:-5].mean()
    assert similarity(to_tensor(Picture(first)), to_tensor(Picture(second))) == pytest.approx(
        wanted, abs=1e-5
    )


def test_a_picture_gets_a_name_without_learning(studio, tmp_path, capsys):
    shutil.copytree(studio / "checkpoints", tmp_path / "checkpoints")
    where = ["--checkpoints", str(tmp_path / "checkpoints")]
    assert main(["learn", str(studio / "ink.png"), "--steps", "0", "--title", "Black Ink", *where]) == 0
    assert capsys.readouterr().out == "black-ink\n"
    thumbnail = open_picture(tmp_path / "checkpoints" / "styles" / "black-ink.webp")
    assert (thumbnail.height, thumbnail.width) == (224, 224)
    main(["styles", "--json", *where])
    assert "black-ink" in [style["name"] for style in json.loads(capsys.readouterr().out)]


MISTAKES = [
    (["stylize", "PHOTO", "--style", "monet", "-o", "OUT"], "there is no style called 'monet'"),
    (["stylize", "PHOTO", "--style", "missing.png", "-o", "OUT"], "There is no file called 'missing.png'"),
    (["stylize", "nowhere.jpg", "--style", "wave", "-o", "OUT"], "There is no photo nowhere.jpg"),
    (["stylize", "PHOTO", "--style", "wave", "--strength", "3", "-o", "OUT"], "strength is 3.0; choose"),
    (["stylize", "PHOTO", "--style", "wave:-1", "-o", "OUT"], "weight is -1.0; choose"),
    (["stylize", "PHOTO", "--style", "wave:1.2.3", "-o", "OUT"], "give a number such as 0.5"),
    (["stylize", "PHOTO", "--style", "wave", "-o", "out.tiff"], "out.tiff is no picture file"),
    (["stylize", "PHOTO", "--style", "wave", "-o", "no/such/out.png"], "The folder such does not exist"),
    (["stylize", "PHOTO", "PHOTO2", "--style", "wave", "-o", "OUT"], "-o names a folder"),
    (["stylize", "TEXT", "--style", "wave", "-o", "OUT"], "TEXT"),
    (["stylize", "PHOTO", "--style", "TEXT", "-o", "OUT"], "TEXT"),
    (["replay", "PHOTO", "-o", "OUT"], "holds no recipe"),
    (["benchmark", "--sizes", "9"], "choose 32 to 4096"),
    (["benchmark", "--pictures", "9000x9000"], "at most 40 megapixels"),
    (["benchmark", "--pictures", "large"], "write it like 3840x2160"),
    (["stylize", "PHOTO", "--style", "wave", "-o", "OUT", "--checkpoints", "nowhere"], "no folder 'nowhere'"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_one_line_status_two_and_no_file(
    studio, tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "TEXT").write_text("not a picture")
    names = {"PHOTO": studio / "photos" / "photo0.png", "PHOTO2": studio / "photos" / "photo1.png"}
    names["OUT"] = tmp_path / "out.png"
    arguments = [str(names.get(argument, argument)) for argument in arguments]
    if "--checkpoints" not in arguments:
        arguments += ["--checkpoints", str(studio / "checkpoints")]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    assert words.removeprefix("TEXT") in printed.err and "Traceback" not in printed.err
    assert [file.name for file in tmp_path.iterdir()] == ["TEXT"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "frobnicate"),
        (["stylize", "photo.png", "-o", "out.png", "--tardis"], "Unrecognized options: --tardis"),
        (["stylize", "photo.png", "-o", "out.png", "--strength", "much"], "could not convert"),
        (["translate", "photo.png", "-o", "out.png"], "--model"),
    ],
)
def test_options_that_make_no_sense_are_told_and_end_with_status_two(capsys, arguments, words):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and words in printed.err and "Traceback" not in printed.err


def test_help_is_no_mistake(run):
    status, out, _ = run("--help")
    assert status == 0 and "stylize" in out


def test_the_module_runs_as_a_program_and_a_mistake_does_not_wait_for_what_networks_are_built_of():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "stylizer", "frobnicate"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if "import time:" in line}
    said = "".join(line for line in done.stderr.splitlines() if "import time:" not in line)
    assert done.returncode == 2 and "frobnicate" in said and "Traceback" not in said
    assert "torch" in imported
    assert not imported & {"timm", "torchvision", "segmentation_models_pytorch", "gradio"}
