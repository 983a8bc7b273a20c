"""What is measured of crops once: it is kept on disk within a bound, and found again by the next run."""

import pytest
import torch

from stylizer.models.perceptual import Perceptual
from tests.training.toy import tiny_painter_run
from training.data.crop_bank import CropBank, CropPlan
from training.data.folders import PictureFolder
from training.run.loop import resume, start

KEYS = [(0, 0), (1, 0), (0, 1)]


@pytest.fixture
def bank(studio, tmp_path):
    torch.manual_seed(0)
    network = Perceptual()

    def make(seed=3, content_layers=2, **kept) -> CropBank:
        plan = CropPlan(32, 2, (0.5, 1.0), content_layers=content_layers)
        kept = {"keep": tmp_path / "facts", **kept}
        return CropBank(
            PictureFolder(studio / "photos"), plan, network, lambda x: x.mean((2, 3)), seed, **kept
        )

    return make


@pytest.fixture
def measured(monkeypatch):
    """Count the crops that are measured."""
    found, measure = [], CropBank._measure
    monkeypatch.setattr(
        CropBank, "_measure", lambda self, keys, cut: found.extend(keys) or measure(self, keys, cut)
    )
    return found


def same(one, other) -> bool:
    pairs = zip((*one.content, *one.style.grams), (*other.content, *other.style.grams), strict=True)
    return torch.equal(one.description, other.description) and all(torch.equal(a, b) for a, b in pairs)


def test_a_crop_is_measured_once_for_this_run_and_the_next(bank, measured):
    first = bank().facts(KEYS)
    assert sorted(measured) == sorted(KEYS)
    assert same(bank().facts(KEYS), first) and len(measured) == 3
    bank(seed=4).facts(KEYS)
    assert len(measured) == 6, "another seed cuts other crops"


def test_facts_take_no_more_room_than_they_may(bank, measured, tmp_path):
    bank().facts(KEYS[:1])
    (file,) = (tmp_path / "facts").rglob("*.safetensors")
    room = 2.5 * file.stat().st_size / 1e9  # for the one that is there and one more
    small = bank(gigabytes=room)
    first = small.facts(KEYS)
    assert len(list((tmp_path / "facts").rglob("*.safetensors"))) == 2
    measured.clear()
    assert same(small.facts(KEYS), first) and len(measured) == 1, "what did not fit is measured again"


def test_without_a_folder_nothing_is_kept(bank, measured, tmp_path):
    for _ in range(2):
        bank(keep=None).facts(KEYS)
    assert len(measured) == 6 and not (tmp_path / "facts").exists()


def test_a_crop_that_is_cut_already_is_not_cut_again(bank, monkeypatch):
    own, pictures = bank(keep=None), bank().pictures(KEYS)
    expected = bank(keep=None).facts(KEYS)
    monkeypatch.setattr(CropBank, "picture", lambda self, *key: pytest.fail("cut again"))
    assert same(own.facts(KEYS, pictures), expected)


def test_facts_without_features_stay_at_hand(bank, measured):
    paintings = bank(keep=None, content_layers=0)
    first = paintings.facts(KEYS)
    assert same(paintings.facts(KEYS[::-1]), paintings.facts(KEYS[::-1])) and len(measured) == 3
    assert torch.equal(paintings.facts(KEYS).description, first.description)


def test_facts_that_were_cut_short_are_measured_again(bank, measured, tmp_path):
    first = bank().facts(KEYS[:1])
    (file,) = (tmp_path / "facts").rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    assert same(bank().facts(KEYS[:1]), first) and len(measured) == 2
    assert same(bank().facts(KEYS[:1]), first) and len(measured) == 2


def test_a_resumed_painter_measures_nothing_that_it_knew(studio, tmp_path, measured):
    run = start("painter", tiny_painter_run(tmp_path, studio, steps=2, facts=tmp_path / "facts"))
    assert measured
    measured.clear()
    resume(run)
    assert measured == []
