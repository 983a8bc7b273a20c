"""Training the segmenter: who has a say, what is drawn, what is learned, what is measured."""

import json

import pytest
import torch
from PIL import Image

from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.class_table import IGNORE, NAMES
from tests.training.labeled import draw_labeled, tiny_segmenter_run
from training.__main__ import main
from training.data.labeled import (
    ABSENT,
    BalancedDraw,
    Labeled,
    LabeledPictures,
    alter,
    cut,
    mark_absent,
    read_labeled,
)
from training.methods.segmenter import absent_loss
from training.metrics.classes import ClassCounts, choose_threshold, doubt_table
from training.run.config import UserMistake
from training.run.loop import build, start
from training.run.method import generator

PERSON, SKY = NAMES.index("person"), NAMES.index("sky")


@pytest.fixture(scope="module")
def folder(studio):
    return draw_labeled(studio / "labeled")


@pytest.fixture(scope="module")
def method(studio, tmp_path_factory):
    return build("segmenter", tiny_segmenter_run(tmp_path_factory.mktemp("runs"), studio))


def plain(label, rgb=None):
    label = torch.as_tensor(label, dtype=torch.uint8)
    return Labeled(torch.zeros(3, *label.shape, dtype=torch.uint8) if rgb is None else rgb, label)


def test_unlabeled_pixels_send_no_gradient(method):
    logits = torch.randn(2, 11, 8, 8, requires_grad=True, generator=None)
    label = torch.full((2, 8, 8), IGNORE, dtype=torch.uint8)
    label[:, :4] = SKY
    sum(method.losses(logits, label).values()).backward()
    assert logits.grad[:, :, 4:].abs().max() == 0
    assert logits.grad[:, :, :4].abs().min() > 0


def test_a_picture_without_any_label_costs_nothing(method):
    logits = torch.randn(1, 11, 8, 8, requires_grad=True)
    losses = method.losses(logits, torch.full((1, 8, 8), IGNORE, dtype=torch.uint8))
    sum(losses.values()).backward()
    assert all(float(loss.detach()) == 0 for loss in losses.values())
    assert logits.grad.abs().max() == 0


def test_where_people_are_ruled_out_only_the_searched_classes_fall():
    logits = torch.zeros(1, 11, 4, 4, requires_grad=True)
    loss = absent_loss(logits, torch.ones(1, 4, 4, dtype=torch.bool))
    assert loss.item() == pytest.approx(-torch.tensor(1 - 3 / 11).log().item(), abs=1e-6)
    loss.backward()
    falls = {NAMES[c] for c in range(11) if logits.grad[0, c].max() > 0}  # a step goes against the gradient
    assert falls == {"person", "animal", "vehicle"}


def test_only_what_is_far_from_a_label_is_ruled_out():
    label = torch.full((40, 40), IGNORE, dtype=torch.uint8)
    label[:5, :5] = PERSON
    label[30:, 30:] = NAMES.index("object")
    marked = mark_absent(label, ("person", "animal", "vehicle"))
    assert (marked[:11, :11][label[:11, :11] == IGNORE] == IGNORE).all()
    assert (marked[12:29] == ABSENT).all()
    assert (marked[label != IGNORE] == label[label != IGNORE]).all()


def test_only_complete_sources_are_marked_and_only_when_asked(folder):
    marked = read_labeled(folder, "train", absent=True)
    assert [bool((item.label == ABSENT).any()) for item in marked.items[:4]] == [False, True, True, False]
    assert not any((item.label == ABSENT).any() for item in read_labeled(folder, "train").items)


def test_rare_classes_come_more_often_than_their_pictures():
    labels = [torch.full((4, 4), SKY) for _ in range(81)] + [torch.full((4, 4), PERSON)]
    items = tuple(plain(label) for label in labels)
    pictures = LabeledPictures(items, ("",) * 82, ("",) * 82, (True,) * 82)
    rng = torch.Generator().manual_seed(0)
    for evenness, share in ((1.0, 1 / 82), (0.5, 0.1), (0.0, 0.5)):
        drawn = BalancedDraw(pictures, evenness)(2000, rng)
        assert all(pictures.items[i].label[0, 0] == c for i, c in drawn)
        assert sum(c == PERSON for _, c in drawn) / 2000 == pytest.approx(share, abs=0.05)


def test_a_cut_keeps_picture_and_label_together_and_leaves_the_outside_unlabeled():
    label = torch.full((40, 60), SKY, dtype=torch.uint8)
    label[20:] = PERSON
    rgb = torch.where(label == PERSON, 200, 50).byte().expand(3, -1, -1)
    for seed in range(30):
        photo, found = cut(Labeled(rgb, label), 48, PERSON, generator(0, seed))
        assert photo.shape == (3, 48, 48) and found.shape == (48, 48)
        assert set(found.unique().tolist()) <= {SKY, PERSON, IGNORE}
        assert ((photo[0] > 0.6) == (found == PERSON)).float().mean() > 0.93
        assert not (photo[0] - 0.5).abs()[found == IGNORE].gt(0.3).any()


def test_altered_pictures_stay_in_range_and_depend_on_the_generator_alone():
    photo = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(1))
    for seed in range(25):
        first, second = alter(photo, generator(0, seed)), alter(photo, generator(0, seed))
        assert torch.equal(first, second) and first.shape == photo.shape
        assert first.min() >= 0 and first.max() <= 1
    assert not torch.equal(alter(photo, generator(0, 1)), alter(photo, generator(0, 2)))


def test_held_out_pictures_are_not_trained_on_and_rare_classes_are_not_held(method):
    trained, held = set(method.pictures.names), set(method.held.names)
    assert held and not trained & held
    rare = [NAMES.index(name) for name in ("water", "mountain")]
    assert not method.held.shares()[:, rare].any() and method.pictures.shares()[:, rare].any()


def test_the_encoder_learns_more_slowly_and_its_first_stages_not_at_all(studio, tmp_path):
    method = build("segmenter", tiny_segmenter_run(tmp_path, studio))
    settings = method.optimizers()["segmenter"]
    groups = settings.groups(dict(method.nets["segmenter"].named_parameters()))
    assert sorted(group["share"] for group in groups) == [0.2, 1.0]
    trunk = {id(p) for p in method.nets["segmenter"].network.encoder.parameters()}
    slow = next(group for group in groups if group["share"] == 0.2)
    assert {id(p) for p in slow["params"]} == trunk
    assert settings.lr(method.config.steps) == pytest.approx(0.01 * method.config.lr)


def test_the_rate_rises_over_the_warmup_to_its_highest_and_then_falls(studio, tmp_path):
    options = tiny_segmenter_run(tmp_path, studio, warmup=4, steps=1000)
    rate = build("segmenter", options).optimizers()["segmenter"].lr
    rising = [rate(step) / options.lr for step in range(4)]
    assert rising == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=1e-3)
    assert rate(4) < rate(3) and rate(500) < 0.6 * options.lr


def test_one_batch_is_learned_by_heart_and_measured_and_published(
    studio, folder, tmp_path, monkeypatch, capsys
):
    kind = type(build("segmenter", tiny_segmenter_run(tmp_path, studio)))
    batch = kind.batch
    monkeypatch.setattr(kind, "batch", lambda self, number: batch(self, 0))
    run = start("segmenter", tiny_segmenter_run(tmp_path, studio, steps=60, log_every=10, lr=5e-3, ema=50))
    lines = [json.loads(line) for line in (run / "report.jsonl").read_text().splitlines()]
    dice = [line["name/dice"] for line in lines if "name/dice" in line]
    assert dice[-1] < 0.5 * dice[0]
    with Image.open(next((run / "samples").glob("*.png"))) as grid:
        assert grid.size == (6 * 160, 8 * 160)

    figures = tmp_path / "figures.json"
    words = f"evaluate {run} --data {folder} --size 80 --held --out {figures}"
    assert main([*words.split(), "--save", str(tmp_path / "seen")]) == 0
    found = json.loads(figures.read_text())["segmenter"]
    assert set(found["iou"]) == {"sky", "ground", "person", "vehicle", "vegetation"}
    assert found["pictures"] == 3 and 0 <= found["mean_iou"] <= 1 and 0.3 <= found["unsure"] <= 0.9
    assert len(list((tmp_path / "seen").iterdir())) == 3
    assert "mean IoU" in capsys.readouterr().out

    assert main(["publish", str(run), str(tmp_path / "segmenter"), "--metrics", str(figures)]) == 0
    card = (tmp_path / "segmenter" / "README.md").read_text()
    assert f"| **mean** | **{found['mean_iou']:.3f}** |" in card and "research" in card
    assert "--data labeled" in card and str(tmp_path) not in card
    photo = torch.rand(1, 3, 40, 52)
    assert load_checkpoint(tmp_path / "segmenter").segment(photo).shape == (1, 11, 40, 52)


def test_figures_have_their_known_answers():
    label = torch.tensor([0, 0, 1, 1, 1, IGNORE, ABSENT])
    found = torch.tensor([0, 1, 1, 1, 0, 2, 2])
    counts = ClassCounts(3)
    counts.add(found[:3], label[:3])
    counts.add(found[3:], label[3:])
    assert counts.confusion.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 0]]
    shares = counts.intersection_over_union
    assert shares[:2].tolist() == pytest.approx([1 / 3, 2 / 4])
    assert shares[2].isnan()
    likely, right = torch.tensor([0.3, 0.5, 0.7, 0.9]), torch.tensor([False, True, False, True])
    rows = doubt_table(likely, right, torch.tensor([0.2, 0.4, 0.8]))
    assert [row[1:] for row in rows] == [(1.0, 0.5), (0.75, pytest.approx(2 / 3)), (0.25, 1.0)]
    assert choose_threshold(rows, 0.6) == pytest.approx(0.4)
    assert choose_threshold(rows[:2], 0.9) == pytest.approx(0.4)


def test_mistakes_about_labeled_pictures_are_sentences(folder, tmp_path):
    with pytest.raises(UserMistake, match=r"holds no segmentation\.csv"):
        read_labeled(tmp_path, "train")
    with pytest.raises(UserMistake, match="lists no picture of the split 'test'"):
        read_labeled(folder, "test")
    (tmp_path / "masks").mkdir()
    (tmp_path / "images").symlink_to(folder / "images")
    (tmp_path / "segmentation.csv").write_text(
        "file,source,split,labels\nimages/scene0.png,drawn,train,human\n"
    )
    Image.new("L", (80, 60), 17).save(tmp_path / "masks" / "scene0.png")
    with pytest.raises(UserMistake, match="its mask has the value 17; known are 0 to 10 and 255"):
        read_labeled(tmp_path, "train")
    Image.new("L", (10, 10), 1).save(tmp_path / "masks" / "scene0.png")
    with pytest.raises(UserMistake, match=r"is \(60, 80\), its mask \(10, 10\)"):
        read_labeled(tmp_path, "train")
