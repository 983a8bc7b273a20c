"""Evaluate, compare and publish, end to end, with a tiny painter and drawn pictures."""

import csv
import itertools
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.masterwork import MasterworkOptions
from stylizer.models.style_file import NamedStyle, save_style
from tests.training.conftest import drawn
from tests.training.toy import tiny_painter_run
from training.__main__ import main
from training.evaluation.compare import compare
from training.evaluation.evaluate import evaluate
from training.evaluation.images import open_rgb
from training.evaluation.masterworks import masterworks
from training.evaluation.options import CompareOptions, EvaluateOptions, RivalOptions, StylizerOptions
from training.evaluation.pairs import pair_up, read_pairs
from training.evaluation.speed import speed_figures
from training.evaluation.stylizer import PairPainter, open_evaluator
from training.publishing.figures import read_figures
from training.publishing.publish import publish
from training.publishing.runs import open_network
from training.run.config import UserMistake
from training.run.loop import start
from training.run.snapshots import newest_snapshot


@pytest.fixture(scope="module")
def run(studio, tmp_path_factory):
    return start("painter", tiny_painter_run(tmp_path_factory.mktemp("runs"), studio, steps=2, name="tiny"))


@pytest.fixture(scope="module")
def figures(studio, run):
    options = EvaluateOptions(
        checkpoint=run, perceptual=studio / "vgg.safetensors", size=80, save=run / "results",
        stylizer=StylizerOptions(
            pairs=studio / "pairs.csv", strengths=(0.0, 1.0), slider=4, slider_pairs=2
        ),
        out=run / "figures.json",
    )  # fmt: skip
    evaluate(options)
    return json.loads((run / "figures.json").read_text())


def test_strength_0_is_the_photo_and_figures_carry_their_protocol(figures, run):
    photo, full = figures["means"]["strength 0"], figures["means"]["strength 1"]
    assert (photo["content"], photo["l1"], photo["psnr"]) == (0, 0, 100)
    assert full["content"] > 0 and full["l1"] > 0
    assert figures["protocol"]["ssim"] == "ssim@gauss11-80px"
    assert set(full) <= set(figures["protocol"])
    assert {"fid", "kid"} <= set(full) and "inception_score" not in full  # VGG's channels are no classes
    assert len(figures["rows"]["strength 1"]) == 4
    assert len(list((run / "results" / "strength-1").glob("photo*__painting*.png"))) == 4


def test_the_slider_is_measured_and_its_table_rises(figures):
    slider = figures["slider"]
    assert len(slider["steps"]) == 4
    assert 0 <= slider["monotonicity"] <= 1
    table = slider["calibration"]
    assert (table[0], table[-1]) == ([0, 0], [1, 1])
    assert all(a[1] <= b[1] for a, b in itertools.pairwise(table))


def test_systems_are_compared_side_by_side(studio, run, figures, tmp_path, capsys):
    options = CompareOptions(
        checkpoints=(run,), perceptual=studio / "vgg.safetensors", size=80, out=tmp_path,
        rivals=RivalOptions(
            pairs=studio / "pairs.csv", strengths=(1.0,), results=(run / "results" / "strength-1",), rows=2
        ),
    )  # fmt: skip
    found = compare(options)["means"]
    assert set(found) == {"photo itself", "painting itself", "strength-1", "tiny 1"}
    # saved as PNG and read back, our own results are those of the evaluation
    for name in ("style_moments", "style_gram", "content", "ssim"):
        assert found["strength-1"][name] == pytest.approx(figures["means"]["strength 1"][name], rel=1e-5)
    assert found["painting itself"]["style_moments"] < found["photo itself"]["style_moments"]
    sheet = Image.open(tmp_path / "sheet.jpg")
    assert sheet.width > sheet.height  # four columns, two rows
    assert "strength-1" in capsys.readouterr().out
    compare(options)
    assert "measured before" in capsys.readouterr().out


def test_missing_results_are_told_and_known_figures_join(studio, run, figures, tmp_path, capsys):
    partial = tmp_path / "partial"
    partial.mkdir()
    source = run / "results" / "strength-1" / "photo0__painting0.png"
    (partial / source.name).write_bytes(source.read_bytes())
    known = tmp_path / "known.csv"
    with known.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["name", "photo", "painting", "style_moments", "style_gram", "content"])
        writer.writerow(["rival", "photo0", "painting0", 0.1, 0.2, 1.5])
        writer.writerow(["rival", "photo9", "painting9", 9, 9, 9])  # no pair of ours
    options = CompareOptions(
        perceptual=studio / "vgg.safetensors", size=80, out=tmp_path / "out",
        rivals=RivalOptions(
            pairs=studio / "pairs.csv", results=(partial,), known=known, ends=False, rows=0
        ),
    )  # fmt: skip
    means = compare(options)["means"]
    assert means["rival"] == {"style_moments": 0.1, "style_gram": 0.2, "content": 1.5}
    seen = capsys.readouterr().out
    assert "partial has results for 1 of 4 pairs" in seen
    assert "rival has results for 1 of 4 pairs" in seen


def test_a_published_folder_loads_and_paints_odd_sizes(studio, run, figures, tmp_path):
    (folder,) = publish(run, tmp_path / "painter", metrics=[run / "figures.json"], calibrate=True)
    network = load_checkpoint(folder)
    table = tuple((position, strength) for position, strength in figures["slider"]["calibration"])
    assert network.config.calibration == table
    averaged, _, _ = newest_snapshot(run)
    for name, value in network.state_dict().items():
        assert torch.allclose(
            value.float(), averaged[f"averaged.painter.{name}"].float(), rtol=1e-3, atol=1e-4
        )
    for height, width in ((16, 16), (17, 23), (33, 64), (61, 16)):
        content = network.encode(torch.rand(1, 3, height, width))
        codes = torch.cat([network.own_code(content), network.code(torch.rand(1, 3, 40, 48))])
        painted = network.decode(content, codes, torch.tensor([0.2, 0.8]))
        assert painted.shape == (1, 3, height, width)
        assert painted.min() >= 0 and painted.max() <= 1


def test_the_card_tells_how_it_was_made_and_no_path(studio, run, figures, tmp_path):
    (folder,) = publish(run, tmp_path / "painter", metrics=[run / "figures.json"])
    card = (folder / "README.md").read_text()
    told = ("research use", "Apache-2.0", "seed 0", "2 of 2 steps", "--content photos", "## Limits",
            "--model.widths 4 8 8", "style_moments@vgg16-relu1_1..relu4_1-80px", "| strength 1")  # fmt: skip
    for words in told:
        assert words in card
    assert str(studio) not in card and str(run) not in card


def test_the_card_tells_the_runs_before(run, tmp_path):
    draft = run / "snapshots" / "step-000009.tmp"  # as a kill leaves one
    draft.mkdir()
    (draft / "state.json").write_text("{")
    (folder,) = publish(run, tmp_path / "painter", before=[run])
    shutil.rmtree(draft)
    card = (folder / "README.md").read_text()
    assert card.count("2 of 2 steps") == card.count("python -m training painter") == 2


def test_figures_of_several_files_meet_in_one_card_if_their_protocols_agree(run, figures, tmp_path):
    rival = {"protocol": figures["protocol"], "pairs": 4, "means": {"rival": {"content": 1.25}}}
    (tmp_path / "rival.json").write_text(json.dumps(rival))
    found = read_figures([tmp_path / "rival.json", run / "figures.json"])
    assert list(found["means"]) == ["rival", "strength 0", "strength 1"]
    assert found["slider"] == figures["slider"]
    rival["protocol"] = {**figures["protocol"], "content": "content@vgg16-relu4_1-512px"}
    (tmp_path / "rival.json").write_text(json.dumps(rival))
    with pytest.raises(UserMistake, match=r"another protocol than the file before \(content\)"):
        read_figures([tmp_path / "rival.json", run / "figures.json"])


def test_speed_is_measured_per_megapixel(run):
    found = speed_figures(open_network(run)[0], torch.device("cpu"), side=64, times=1)
    assert found["encode_seconds_per_megapixel"] > 0
    assert found["decode_seconds_per_megapixel"] > 0


def test_publishing_nothing_is_a_sentence(tmp_path, run):
    with pytest.raises(UserMistake, match="holds no run"):
        publish(tmp_path, tmp_path / "out")
    with pytest.raises(UserMistake, match="--calibrate needs --metrics"):
        publish(run, tmp_path / "out", calibrate=True)
    assert not (tmp_path / "out").exists()


def test_a_transparent_picture_is_judged_as_it_is_painted(tmp_path):
    rgb, alpha = np.zeros((32, 32, 3), np.uint8), np.full((32, 32), 255, np.uint8)
    rgb[:, :16], rgb[:, 16:] = (255, 0, 0), (0, 0, 255)
    alpha[:, :16] = 128
    save_picture(Picture(rgb, alpha), tmp_path / "half.png")
    judged = np.asarray(open_rgb(tmp_path / "half.png"), np.float32) / 255
    seen = to_tensor(open_picture(tmp_path / "half.png"))[0].permute(1, 2, 0).numpy()
    assert np.abs(judged - seen).max() <= 0.5 / 255 + 1e-6
    assert 0.2 < judged[0, 0, 2] < 0.5  # some of the mean color shows through the red


def test_pairs_come_from_a_file_or_two_folders(studio, tmp_path):
    assert [pair.stem for pair in read_pairs(studio / "pairs.csv")][3] == "photo0__painting3"
    made = pair_up(studio / "photos", studio / "paintings", each=2)
    assert len(made) == 6
    assert len({pair.painting for pair in made if pair.photo.stem == "photo1"}) == 2
    (tmp_path / "pairs.csv").write_text("photo,painting\na.png,b.png\n")
    with pytest.raises(UserMistake, match=r"names a\.png, which is not there"):
        read_pairs(tmp_path / "pairs.csv")


def test_painting_little_by_little_leaves_the_photo_without_a_jump(studio, run):
    pair = read_pairs(studio / "pairs.csv")[0]
    painter = PairPainter(open_network(run)[0], 64)
    photo = painter.paint(pair, 0.0)
    assert torch.equal(photo, painter.picture(pair.photo))
    moves = [(painter.paint(pair, position) - photo).abs().mean().item() for position in (0.001, 0.01, 0.1)]
    assert moves[0] < 0.02 * moves[2] < moves[1]


def test_a_stored_code_stands_in_for_its_painting(studio, run, tmp_path):
    publish(run, tmp_path / "painter")
    painter, pair = load_checkpoint(tmp_path / "painter"), read_pairs(studio / "pairs.csv")[0]
    plain, code = PairPainter(painter, 64), torch.zeros(painter.code_size)
    style = NamedStyle("moss", "Moss", "", "", (), code, painter.checkpoint_sha, source=pair.painting.name)
    save_style(tmp_path / "styles", style)
    stored = PairPainter(painter, 64, tmp_path / "styles")
    assert torch.equal(stored.code(pair.painting), code[None])
    other = next(p for p in read_pairs(studio / "pairs.csv") if p.painting != pair.painting)
    assert torch.equal(stored.code(other.painting), plain.code(other.painting))
    save_style(tmp_path / "styles", replace(style, painter_sha="0" * 64))
    with pytest.raises(UserMistake, match="moss belongs to another checkpoint"):
        PairPainter(painter, 64, tmp_path / "styles")


def test_calm_parts_and_takes_are_measured_after_jpeg_if_asked(studio, run, tmp_path, capsys):
    drawn(1, 80, 80).save(tmp_path / "take.png")
    words = ["evaluate", run, "--pairs", studio / "pairs.csv", "--perceptual", studio / "vgg.safetensors"]
    words += ["--size", 80, "--slider", 0, "--strengths", 0, 1, "--takes", *[tmp_path / "take.png"] * 2]
    found = {}
    for quality in (0, 90):
        out = tmp_path / f"{quality}.json"
        assert main([*map(str, words), "--jpeg", str(quality), "--out", str(out)]) == 0
        found[quality] = json.loads(out.read_text())
    photo, painted = (found[0]["means"][f"strength {strength}"] for strength in (0, 1))
    for band in ("fine", "middle", "coarse"):
        assert photo[f"follow_{band}"] == pytest.approx(1, abs=1e-3)  # rounded to 8 bits
        assert photo[f"order_{band}"] == pytest.approx(1, abs=1e-3)
        assert painted[f"energy_{band}"] > 0
    assert painted["takes_apart"] == 0  # one and the same take
    assert found[0]["protocol"]["follow_fine"] == "follow_fine@calm30-median-80px"
    assert found[90]["protocol"]["follow_fine"] == "follow_fine@calm30-median-80px-jpeg90"
    assert found[90]["means"]["strength 0"]["psnr"] < 60 < photo["psnr"]
    assert "energy_middle" in capsys.readouterr().out


def test_masterworks_are_a_system_and_none_is_worked_out_twice(studio, tmp_path):
    hasty = MasterworkOptions(side=64, sides=(64,), steps=(1,))
    options = CompareOptions(perceptual=studio / "vgg.safetensors", size=64, limit=2)
    evaluator = open_evaluator(options, RivalOptions(pairs=studio / "pairs.csv"))
    folder = tmp_path / "masterwork"
    system = masterworks(folder, evaluator, torch.device("cpu"), hasty)
    assert all(max(system.result(pair).size) == 64 for pair in evaluator.pairs)
    made = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    rivals = RivalOptions(pairs=studio / "pairs.csv", masterworks=folder, ends=False, rows=2)
    means = compare(replace(options, rivals=rivals, out=tmp_path / "out"))["means"]
    assert list(means) == ["masterwork"] and means["masterwork"]["content"] > 0
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == made
    assert (tmp_path / "out" / "sheet.jpg").is_file()
