"""Evaluating and comparing translators, and the card's figures: known answers on drawn pictures."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from stylizer.imaging.keep_color import luma
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.colorizer import Colorizer, ColorizerConfig
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from stylizer.models.style_gan import StyleGAN, StyleGANConfig
from tests.training.conftest import drawn
from tests.training.tiny_runs import TINY_RUNS
from training.__main__ import main
from training.data.encoder_weights import open_perceptual
from training.data.folders import is_held_out
from training.evaluation.networks import FeatureReader
from training.evaluation.sets import (
    Trained,
    held_share,
    list_pictures,
    of_domain,
    spread_out,
    square,
    trained_folders,
)
from training.evaluation.translator import color_figures, translation_figures
from training.publishing.runs import way_back
from training.run.config import write_options
from training.run.loop import start


@pytest.fixture(scope="module")
def places(studio, tmp_path_factory):
    """Folders with six photos, and five pictures of each of two domains."""
    root = tmp_path_factory.mktemp("places")
    for index, folder in enumerate(("photos", "pictures/dots", "pictures/waves")):
        (root / folder).mkdir(parents=True)
        for number in range(6 if folder == "photos" else 5):
            drawn(100 * index + number, 60 + number, 72).save(root / folder / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def reader(studio):
    return FeatureReader(open_perceptual(studio / "vgg.safetensors", torch.float32))


def same(picture):
    return picture


def gray_of(picture):
    return luma(picture).expand(-1, 3, -1, -1)


def test_a_translator_that_changes_nothing_keeps_everything(places, reader):
    photos = list_pictures(places / "photos")
    found = translation_figures(reader, {"own": same}, photos, {"own": photos}, 64, same)["own"]
    for name in ("content", "perceptual", "l1", "cycle_l1", "identity_l1"):
        assert found[name] == pytest.approx(0, abs=1e-6), name
    assert (found["ssim"], found["cycle_ssim"], found["cycle_psnr"]) == pytest.approx((1, 1, 100))
    assert found["fid"] == found["photos"]["fid"] and found["counts"] == [6, 6]
    pictures = list_pictures(places / "pictures")
    other = translation_figures(reader, {"own": same}, photos, {"own": pictures}, 64, None)["own"]
    assert abs(found["fid"]) < 1e-3 * other["fid"]
    assert not any(name.startswith("cycle") for name in other)


def test_gray_scores_as_gray_and_the_truth_as_the_truth(places, reader):
    found = color_figures(reader, gray_of, list_pictures(places / "photos"), [], 64)
    made, gray, truth = (found[name] for name in ("colorized", "gray", "truth"))
    for name in ("psnr", "ssim", "chroma_l1", "fid"):
        assert made[name] == pytest.approx(gray[name], rel=1e-4)
    assert gray["colorfulness"] == pytest.approx(0, abs=1e-3) and truth["colorfulness"] > 20
    assert (truth["psnr"], truth["chroma_l1"]) == (100, 0) and truth["ssim"] == pytest.approx(1)
    assert gray["psnr"] < 40 and gray["chroma_l1"] > 0.01
    assert abs(truth["fid"]) < 0.01 * gray["fid"]


def test_pictures_are_the_middle_square_at_one_size(tmp_path):
    wide = Image.new("RGB", (90, 30), (255, 0, 0))
    wide.paste((0, 0, 255), (30, 0, 60, 30))
    wide.save(tmp_path / "wide.png")
    found = square(tmp_path / "wide.png", 16)
    assert found.shape == (1, 3, 16, 16)
    assert torch.equal(found, torch.tensor([0.0, 0, 1]).view(1, 3, 1, 1).expand(1, 3, 16, 16))


def test_pictures_are_named_by_folder_domain_or_list(places, tmp_path):
    pictures = places / "pictures"
    assert len(of_domain(pictures, "dots", alone=False)) == 5
    assert len(of_domain(pictures, "monet", alone=True)) == 10
    listing = places / "held.txt"
    listing.write_text("# held out\npictures/dots/1.png\n\npictures/waves/2.png\n")
    assert [path.name for path in list_pictures(listing)] == ["1.png", "2.png"]
    assert [path.name for path in of_domain(listing, "waves", alone=False)] == ["2.png"]
    assert [path.stem for path in spread_out(list_pictures(places / "photos"), 3)] == ["0", "2", "4"]


def test_a_split_holds_out_by_name_and_training_has_not_seen_those(places, tmp_path, capsys):
    assert main(command("split", places / "pictures", tmp_path / "parts", "--held", 0.4)) == 0
    kept, held = (list_pictures(tmp_path / "parts" / name) for name in ("train", "held"))
    assert len(kept) + len(held) == 10 and held
    assert {path.parent.name for path in kept} == {"dots", "waves"}
    assert Trained([tmp_path / "parts/train"]).count(held) == 0
    assert f"held: {len(held)} pictures" in capsys.readouterr().out
    assert main(command("split", places / "pictures", tmp_path / "parts")) == 2
    assert "parts is not empty" in capsys.readouterr().err


def test_pictures_that_were_trained_on_are_counted(places, tmp_path):
    photos = list_pictures(places / "photos")
    (tmp_path / "copy.png").write_bytes(photos[2].read_bytes())
    assert Trained([tmp_path]).count(photos) == 1
    assert Trained([tmp_path / "gone"]).count(photos) is None
    assert Trained([]).count(photos) is None


def test_pictures_that_a_run_held_out_do_not_count_as_trained_on(places, studio, tmp_path):
    photos = list_pictures(places / "photos")
    apart = [path for path in photos if is_held_out(path.name, 0.5)]
    assert apart and len(apart) < len(photos)
    trained = Trained([places / "photos"], 0.5)
    assert trained.count(photos) == len(photos) - len(apart)
    assert trained.count(apart) == 0
    assert sorted(trained.paths) == sorted(set(photos) - set(apart))
    options = TINY_RUNS["cyclegan"].options(tmp_path, studio, a=places / "photos", held=0.5, score_pictures=0)
    write_options(tmp_path, "cyclegan", options)
    assert held_share(tmp_path) == 0.5 and held_share(tmp_path / "elsewhere") == 0.0


@pytest.fixture(scope="module")
def run(studio, tmp_path_factory):
    options = TINY_RUNS["cyclegan"].options(tmp_path_factory.mktemp("runs"), studio, steps=1, name="cycle")
    return start("cyclegan", options)


@pytest.fixture(scope="module")
def star(tmp_path_factory):
    torch.manual_seed(0)
    network = ResnetTranslator(ResnetTranslatorConfig.tiny(("photo", "dots", "waves")))
    folder = tmp_path_factory.mktemp("checkpoints") / "star"
    save_checkpoint(folder, network, "# star\n\nA card.\n")
    return folder


def command(*words) -> list[str]:
    return [str(word) for word in words]


def measured(studio, *words, role="translator"):
    out = Path(words[0]).parent / f"{Path(words[0]).name}.json"
    line = ["evaluate", *words, "--perceptual", studio / "vgg.safetensors", "--out", out]
    assert main(command(*line)) == 0
    return json.loads(out.read_text())[role], out


def test_a_run_is_measured_there_and_back(studio, places, run, capsys):
    line = (run, "--photos", places / "photos", "--pictures", places / "pictures", "--size", 64)
    figures, _ = measured(studio, *line)
    (row,) = figures["domains"].values()
    assert {"fid", "kid", "kid_std", "content", "cycle_l1", "cycle_ssim", "identity_l1"} <= set(row)
    assert figures["photos"]["trained_on"] == 0 and figures["photos"]["count"] == 6
    assert (row["counts"], row["kid_subsets"]) == ([6, 10], "50 of 3")
    assert figures["command"] == "python -m training evaluate cycle --size 64 --perceptual " \
        "vgg.safetensors --photos photos --pictures pictures"  # fmt: skip
    assert "none of them trained on" in capsys.readouterr().out
    back, photo = way_back(run), torch.rand(1, 3, 32, 32)
    assert back(photo).shape == photo.shape and (back(photo) - photo).abs().max() > 1e-3
    assert trained_folders(run, ())[0] == studio / "photos"


def test_several_domains_are_measured_each_on_its_own_pictures(studio, places, star):
    line = (star, "--photos", places / "photos", "--pictures", places / "pictures", "--size", 64)
    figures, _ = measured(studio, *line, "--limit", 4)
    assert set(figures["domains"]) == {"dots", "waves"}
    assert figures["photos"]["trained_on"] is None and figures["photos"]["count"] == 4
    assert figures["pictures"]["dots"]["files"][0] == "dots/0.png"
    assert "cycle_l1" in figures["domains"]["dots"] and "domain photo" in figures["back"]


def test_a_sheet_has_a_column_for_every_model_and_domain(places, star, run, tmp_path, capsys):
    line = ["compare", star, run, "--photos", places / "photos", "--limit", 2, "--cell", 64]
    assert main(command(*line, "-o", tmp_path / "sheet.webp")) == 0
    with Image.open(tmp_path / "sheet.webp") as sheet:
        assert sheet.width == 4 * 70 + 6  # the photo, two domains, one run
        assert sheet.height == 20 + 2 * 70 + 6
    assert main(command(*line, "--domains", "cubism")) == 2
    assert "no checkpoint has the domain 'cubism'; they have" in capsys.readouterr().err


def test_a_generator_is_measured_and_drawn(studio, places, tmp_path, capsys):
    torch.manual_seed(0)
    folder = tmp_path / "dreams"
    save_checkpoint(folder, StyleGAN(StyleGANConfig.tiny()), "# dreams\n")
    line = (folder, "--pictures", places / "pictures/dots", "--limit", 6, "--crops", 8, "--truncations", 0.7)
    found, _ = measured(studio, *line, "--trained", places / "pictures/waves", "--sheet",
                        tmp_path / "near.png", role="generator")  # fmt: skip
    assert set(found["rows"]) == {"held-out crops", "training crops", "truncation 0.7"}
    rows = found["rows"]
    assert rows["truncation 0.7"]["copying"] > 0 and rows["truncation 0.7"]["diversity"] > 0
    assert "no classes" in found["inception_score"] and "inception_score" not in rows["truncation 0.7"]
    with Image.open(tmp_path / "near.png") as sheet:
        assert sheet.width == 8 * 134 + 6
    found, _ = measured(studio, *line, role="generator")
    assert "give --trained" in found["copying"] and "copying" not in found["rows"]["truncation 0.7"]
    found, _ = measured(studio, *line, "--trained", places / "pictures", role="generator")
    assert "5 of --pictures were trained on" in found["copying"]
    assert main(command("compare", folder, "--seeds", 3, 4, "-o", tmp_path / "seeds.png")) == 0
    with Image.open(tmp_path / "seeds.png") as sheet:
        assert sheet.width == 3 * 198 + 6


def test_a_colorizer_needs_no_pictures(studio, places, tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "tint", Colorizer(ColorizerConfig.tiny()), "# tint\n")
    line = (tmp_path / "tint", "--photos", places / "photos", "--size", 64, "--precision", "bfloat16")
    figures, _ = measured(studio, *line)
    assert "bfloat16" in figures["network"]
    assert set(figures["colors"]) == {"colorized", "gray", "truth"}


@pytest.mark.parametrize(("words", "sentence"), [
    (["evaluate", "{star}"], "give --photos, held-out photos to translate"),
    (["evaluate", "{star}", "--photos", "{photos}"], "give --pictures, held-out pictures of dots, waves"),
    (["evaluate", "{star}", "--photos", "{photos}", "--pictures", "{photos}"], "photos has no folder 'dots'"),
    (["evaluate", "{star}", "--photos", "{photos}", "--size", "34"], "size is 34 pixels"),
    (["evaluate", "{star}", "--pairs", "x.csv"], "--pairs is not for a network of the role translator"),
    (["compare", "{star}", "{dreams}", "--photos", "{photos}"], "dreams is for generator"),
    (["compare", "{star}"], "give --photos, a folder of photos to translate"),
    (["compare"], "give checkpoints, --results FOLDER ... or --known CSV"),
    (["compare", "{star}", "--photos", "{photos}", "--out", "x.bmp"], "x.bmp is no picture file"),
    (["compare", "{star}", "{star}", "--photos", "{photos}"], "two checkpoints are called star"),
])  # fmt: skip
def test_mistakes_are_one_line(words, sentence, places, star, run, capsys):
    dreams = places / "dreams"
    if not dreams.exists():
        save_checkpoint(dreams, StyleGAN(StyleGANConfig.tiny()), "# dreams\n")
    names = {"star": star, "run": run, "photos": places / "photos", "dreams": dreams}
    assert main([word.format(**names) for word in words]) == 2
    seen = capsys.readouterr()
    assert len(seen.err.splitlines()) == 1 and sentence in seen.err
