"""Studying one painting: its code and its adapters."""

from dataclasses import replace

import pytest
import torch

from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.painting_losses import PaintingWeights
from stylizer.models.perceptual import Perceptual
from stylizer.models.study import ADAPTER_RATE, Practice, StudyOptions, study

WEIGHTS = PaintingWeights(color=10.0, content=(0.0, 0.01), similar=0.0, follow=0.0, relief=0.0)
OPTIONS = StudyOptions(
    steps=16, batch=2, adapter_rate=ADAPTER_RATE, weights=WEIGHTS, settle=False, show_every=1
)


@pytest.fixture(scope="module")
def setting():
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()).eval().requires_grad_(False)
    practice = Practice(painter, Perceptual(), [torch.rand(3, 80, 72)], side=64, crops=6)
    return painter, torch.rand(1, 3, 96, 96), practice


@pytest.fixture(scope="module")
def studied(setting):
    return list(study(*setting, OPTIONS))


def test_the_loss_falls_and_the_network_stays_as_it_was(setting, studied):
    painter = setting[0]
    before = {k: v.clone() for k, v in painter.state_dict().items()}
    found = list(study(*setting, OPTIONS))
    assert found[-1].loss < 0.9 * found[0].loss
    assert [one.step for one in found] == list(range(1, 17))
    assert all(torch.equal(v, before[k]) for k, v in painter.state_dict().items())
    assert torch.equal(found[-1].code, studied[-1].code)  # the seed repeats it


def test_code_and_adapters_are_learned_and_the_styles_colors_are_kept(setting, studied):
    painter, style = setting[:2]
    code, own = studied[-1].code, painter.code(style)[0]
    assert painter.fits(code) and len(code) == painter.code_size + painter.adapter_size
    learned, colors = slice(0, painter.learned_size), slice(painter.learned_size, painter.code_size)
    assert torch.equal(code[colors], own[colors])
    assert (code[learned] - own[learned]).abs().max() > 0.01
    assert code[painter.code_size :].abs().max() > 0


def test_a_code_can_be_studied_without_adapters(setting):
    painter = setting[0]
    *_, found = study(*setting, replace(OPTIONS, adapter_rate=0.0, steps=3))
    assert found.code.shape == (painter.code_size,)


def test_what_made_it_worse_is_not_handed_out(setting):
    style = setting[1]
    painter = Painter(replace(PainterConfig.tiny(), match_colors=False)).eval().requires_grad_(False)
    painter.load_state_dict(setting[0].state_dict())  # matched colors would make the worst of it
    practice = Practice(painter, Perceptual(), [torch.rand(3, 80, 72)], side=64, crops=6)
    harmful = replace(OPTIONS, code_rate=30.0, adapter_rate=0.0, steps=12)
    *_, found = study(painter, style, practice, harmful)
    assert torch.equal(found.code, painter.code(style)[0])


def test_adapters_that_are_known_are_kept_by_a_study_of_the_code_alone(setting, studied):
    known = studied[-1].code
    *_, found = study(*setting, replace(OPTIONS, adapter_rate=0.0, steps=3), known=known)
    assert torch.equal(found.code[setting[0].code_size :], known[setting[0].code_size :])


def test_a_caller_may_leave_and_time_may_run_out(setting):
    first = next(iter(study(*setting, OPTIONS)))
    assert (first.step, first.steps) == (1, 16)
    found = list(study(*setting, replace(OPTIONS, seconds=1e-6)))
    assert [one.step for one in found] == [1]


def test_it_stops_when_nothing_is_gained(setting):
    still = replace(OPTIONS, steps=60, batch=1, code_rate=1e-9, adapter_rate=0.0, settle=True)
    assert list(study(*setting, still))[-1].step < 60


def test_no_photo_is_refused(setting):
    painter, _, practice = setting
    with pytest.raises(ValueError, match="at least one photo"):
        Practice(painter, practice.perceptual, [])


def test_the_code_is_tried_at_the_strength_of_the_sliders_end(setting):
    """A painter whose slider ends at 0 paints with the photo's own code: nothing is learned of the style."""
    torch.manual_seed(0)
    config = replace(PainterConfig.tiny(), calibration=((0.0, 0.0), (1.0, 0.0)))
    painter = Painter(config).eval().requires_grad_(False)
    practice = Practice(painter, Perceptual(), [torch.rand(3, 80, 72)], side=64, crops=2)
    *_, found = study(painter, setting[1], practice, replace(OPTIONS, steps=2))
    own = painter.code(setting[1])[0]
    assert torch.equal(found.code[: painter.code_size], own)


def test_crops_are_measured_once_and_batches_are_drawn_from_them(setting):
    painter, _, practice = setting
    content, target, begun = practice.draw(3, torch.Generator().manual_seed(1))
    again, _, _ = practice.draw(3, torch.Generator().manual_seed(1))
    assert content.pixels.shape == (3, 3, 64, 64) and content.size == (64, 64)
    assert target.bands.shape == begun.shape == (3, 3, 64, 64) and len(target.content[0]) == 3
    assert torch.equal(content.eighth, again.eighth)
    whole = painter.encode(content.pixels[1:2])
    assert torch.allclose(whole.eighth, content.eighth[1:2].float(), atol=0.05)
