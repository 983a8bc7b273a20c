"""Learning one painting better."""

import pytest
import torch

from stylizer.models.painter import Painter, PainterConfig
from stylizer.models.perceptual import Perceptual
from stylizer.models.refine import RefineOptions, refine_code

OPTIONS = RefineOptions(steps=12, batch=2, crop=32, content_weights=(0.0, 0.01))


@pytest.fixture(scope="module")
def setting():
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()).eval().requires_grad_(False)
    return painter, torch.rand(1, 3, 64, 64), [torch.rand(3, 48, 40)], Perceptual()


def test_the_loss_falls_and_the_network_stays_as_it_was(setting):
    painter, style, photos, perceptual = setting
    before, losses = {k: v.clone() for k, v in painter.state_dict().items()}, []
    code = refine_code(painter, style, photos, perceptual, OPTIONS, lambda i, n, loss: losses.append(loss))
    assert code.shape == (1, painter.code_size)
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
    assert all(torch.equal(v, before[k]) for k, v in painter.state_dict().items())


def test_the_styles_colors_are_kept(setting):
    painter, style, photos, perceptual = setting
    code = refine_code(painter, style, photos, perceptual, OPTIONS)
    assert torch.equal(code[:, painter.learned_size :], painter.code(style)[:, painter.learned_size :])


def test_no_photo_is_refused(setting):
    painter, style, _, perceptual = setting
    with pytest.raises(ValueError, match="at least one photo"):
        refine_code(painter, style, [], perceptual, OPTIONS)
