"""The segmenter's promises, and other people's segmenters in its place."""

import dataclasses
import json

import pytest
import segmentation_models_pytorch as smp
import torch

from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.class_table import CLASSES, IGNORE, NAMES, UNSURE
from stylizer.models.published_segmenter import PublishedSegmenterError, open_published
from stylizer.models.roles import Segmenter as Role
from stylizer.models.segmenter import Segmenter, SegmenterConfig


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return Segmenter(SegmenterConfig.tiny()).eval()


def photo(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_the_class_table_names_eleven_classes_that_look_different():
    assert NAMES[0] == "other" and len(NAMES) == len(set(NAMES)) == 11
    assert len({entry.color for entry in CLASSES}) == 11
    assert all(entry.words for entry in CLASSES)
    assert len(NAMES) <= IGNORE and 0 < UNSURE < 1


@pytest.mark.parametrize("size", [(16, 16), (33, 70), (64, 32)])
def test_probabilities_of_any_size_sum_to_one(tiny, size):
    found = tiny.segment(photo(*size))
    assert found.shape == (1, 11, *size) and found.dtype == torch.float32
    assert found.min() >= 0
    assert torch.allclose(found.sum(1), torch.ones(1, *size), atol=1e-5)


def test_a_batch_is_answered_like_its_pictures_alone(tiny):
    pictures = torch.cat([photo(40, 48, 1), photo(40, 48, 2)])
    alone = torch.cat([tiny.segment(picture[None]) for picture in pictures])
    assert torch.allclose(tiny.segment(pictures), alone, atol=1e-5)


def test_looks_at_several_scales_count_alike(tiny):
    state, answers = tiny.state_dict(), []
    for scales in ((1.0,), (0.5,), (1.0, 0.5)):
        network = Segmenter(dataclasses.replace(tiny.config, scales=scales)).eval()
        network.load_state_dict(state)
        answers.append(network.segment(photo(128, 144)))
    assert not torch.allclose(answers[0], answers[1], atol=1e-3)
    assert torch.allclose(answers[2], (answers[0] + answers[1]) / 2, atol=1e-6)


def test_it_plays_its_role_and_comes_back_from_a_folder_bit_for_bit(tiny, tmp_path):
    assert isinstance(tiny, Role) and tiny.classes == NAMES
    save_checkpoint(tmp_path / "seg", tiny, "# seg\n", half=False)
    loaded = load_checkpoint(tmp_path / "seg")
    assert torch.equal(tiny.segment(photo(37, 50)), loaded.segment(photo(37, 50)))


def test_the_network_that_ships_fits_twelve_megabytes_in_half_precision():
    with torch.device("meta"):
        state = Segmenter(SegmenterConfig()).state_dict()
    assert sum(value.numel() * (2 if value.dim() > 1 else 4) for value in state.values()) <= 12_000_000


def test_every_weight_takes_part():
    torch.manual_seed(0)
    network = Segmenter(SegmenterConfig.tiny()).eval()  # without the decoder's dropout
    network(photo(64, 64)).square().mean().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize(("values", "words"), [
    ({"merged": 48}, "multiple of 32"),
    ({"pyramid": 4}, "16 to 512"),
    ({"classes": ("sky",)}, "two or more"),
    ({"best_side": 8}, "64 to 4096"),
    ({"scales": ()}, "one or more"),
    ({"scales": (0.0,)}, "0.1 to 2"),
])  # fmt: skip
def test_sizes_that_make_no_sense_are_refused(values, words):
    with pytest.raises(ValueError, match=words):
        SegmenterConfig(**values)


def saved(folder, classes, **changes):
    """Save a small network the way smp does."""
    torch.manual_seed(1)
    network = smp.Unet("tu-test_efficientnet", encoder_weights=None, classes=classes, encoder_depth=3,
                       decoder_channels=(8, 8, 8))  # fmt: skip
    network.eval().save_pretrained(folder)
    for name, text in changes.items():
        (folder / name.replace("_", ".")).write_text(text)
    return network


def test_a_published_network_is_opened_from_smps_format_with_its_classes_added_up(tmp_path):
    labels = ["sky", "other", "sky", "person"]
    network = saved(tmp_path / "big", 4, labels_json=json.dumps(labels), README_md="---\nlicense: mit\n---\n")
    segmenter = open_published(tmp_path / "big")
    assert isinstance(segmenter, Role) and segmenter.licence == "mit" and segmenter.name == "big"
    found = segmenter.segment(photo(64, 96))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        theirs = network((photo(64, 96) - mean.view(3, 1, 1)) / std.view(3, 1, 1)).softmax(1)
    assert torch.allclose(found[:, NAMES.index("sky")], theirs[:, 0] + theirs[:, 2], atol=1e-5)
    assert torch.allclose(found[:, NAMES.index("person")], theirs[:, 3], atol=1e-5)
    assert segmenter.segment(photo(33, 45)).shape == (1, 11, 33, 45)


def test_a_network_of_150_classes_is_taken_for_ade20k(tmp_path):
    saved(tmp_path / "ade", 150)
    segmenter = open_published(tmp_path / "ade")
    found = {name: segmenter.target.eq(NAMES.index(name)).nonzero().flatten().tolist() for name in NAMES}
    assert found["sky"] == [2] and found["person"] == [12] and found["mountain"] == [16, 34, 68]
    assert sum(map(len, found.values())) == 150


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"labels_json": '["sky"]'}, "has 4 classes, and 1 are declared"),
    ({"labels_json": '["sky", "moon"]'}, "must list one of other, person"),
    ({"config_json": '{"_model_class": "from_pretrained"}'}, "names no network of smp"),
    ({"config_json": "["}, "is not JSON"),
    ({"model_safetensors": "no"}, "does not load"),
    ({}, "has 4 classes, and 150 are declared; put a labels.json beside it"),
])  # fmt: skip
def test_what_is_wrong_with_a_published_network_is_one_sentence(tmp_path, changes, sentence):
    labels = {"labels_json": json.dumps(["sky"] * 4)} if "model_safetensors" in changes else {}
    saved(tmp_path / "ill", 4, **labels, **changes)
    with pytest.raises(PublishedSegmenterError, match=sentence):
        open_published(tmp_path / "ill")


def test_a_pickle_is_not_read(tmp_path):
    saved(tmp_path / "old", 150)
    (tmp_path / "old" / "model.safetensors").rename(tmp_path / "old" / "pytorch_model.bin")
    with pytest.raises(PublishedSegmenterError, match=r"has no model\.safetensors"):
        open_published(tmp_path / "old")
