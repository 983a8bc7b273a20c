"""Brushwork: strokes begun as strongly as a painting's calm places are worked, not in what is painted."""

from dataclasses import replace

import pytest
import torch

from stylizer.models.blocks import CodeMix
from stylizer.models.config import config_from_json
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.painting_losses import photo_target
from stylizer.models.perceptual import Perceptual
from stylizer.models.study import Practice


@pytest.fixture(scope="module")
def painter():
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()).eval()
    painter.fit_components(torch.cat([painter.describe(rough(64, 64, 0.2, seed)) for seed in range(20)]))
    return painter


def rough(height=64, width=96, depth=0.3, seed=0):
    """Light with patches of 4 px: detail of the middle band."""
    patches = torch.rand(1, 3, height // 4, width // 4, generator=torch.Generator().manual_seed(seed))
    return 0.5 + depth * (torch.nn.functional.interpolate(patches, size=(height, width)) - 0.5)


def worked(painter, style, weights=None):
    return float(painter.code(style, weights).detach()[0, painter.brushwork_part])


def test_the_code_tells_how_much_the_calm_places_of_a_painting_are_worked(painter):
    flat = torch.full((1, 3, 64, 96), 0.6)
    assert worked(painter, flat) == pytest.approx(0, abs=1e-6)
    assert worked(painter, rough(depth=1.0)) == 1
    little, more = (worked(painter, rough(depth=depth)) for depth in (0.03, 0.06))
    assert 0 < little < more < 1
    assert more == pytest.approx(8 * little, rel=0.1)  # the third power of what is there


def test_of_a_part_its_own_calm_places_count(painter):
    half = torch.cat([torch.full((1, 3, 64, 96), 0.5), rough(depth=0.3)], 3)
    left = torch.zeros(1, 1, 64, 192)
    left[..., :80] = 1  # as far from the middle as bands of detail reach
    assert worked(painter, half, left) < 0.01
    assert worked(painter, half, left.flip(3)) > 0.1
    assert worked(painter, half) < 0.01


def test_strokes_are_shown_as_strongly_as_the_code_says(painter):
    photo = rough(64, 64, 0.2)
    content = painter.encode(photo)
    code = painter.code(rough(seed=3)).detach()
    painted = []
    for share in (0.0, 0.5, 1.0):
        code[:, painter.brushwork_part] = share
        painted.append(painter.paint(content, CodeMix(code.clone())).detach())
    code[:, painter.brushwork_part] = 0
    without = painter.paint(content._replace(strokes=()), CodeMix(code))
    assert torch.equal(painted[0], without)
    assert 0 < (painted[1] - painted[0]).abs().mean() < (painted[2] - painted[0]).abs().mean()


def test_a_photo_is_smoothed_as_strongly_as_the_code_says(painter):
    content = painter.encode(rough(64, 64, 0.5))
    code = painter.code(rough(seed=3)).detach()
    assert float(code[0, painter.simplicity_part]) == 1
    painted = []
    for share in (0.0, 0.5, 1.0):
        code[:, painter.simplicity_part] = share
        painted.append(painter.paint(content, CodeMix(code.clone())).detach())
    code[:, painter.simplicity_part] = 0
    assert torch.equal(painted[0], painter.paint(content._replace(simple=()), CodeMix(code)))
    assert 0 < (painted[1] - painted[0]).abs().mean() < (painted[2] - painted[0]).abs().mean()


def test_a_photo_given_back_has_no_strokes_and_keeps_its_grain(painter):
    own = painter.own_code(painter.encode(rough()))[0].detach()
    assert float(own[painter.brushwork_part]) == float(own[painter.simplicity_part]) == 0


def test_nothing_is_begun_in_what_is_painted(painter):
    photo = rough()
    whole = painter.encode(photo, painted=True)
    assert whole.strokes == whole.simple == ()
    assert painter.encode(photo, like=painter.encode(photo)).strokes == ()
    assert painter.encode(photo).nbytes > whole.nbytes


def test_a_painter_of_before_smooths_nothing():
    assert not config_from_json(PainterConfig, {"widths": [4, 8, 8], "blocks": [1, 1, 1]}).simplifies
    painter = Painter(replace(PainterConfig.tiny(), simplifies=False))
    assert painter.code_size == Painter(PainterConfig.tiny()).code_size - 1
    assert painter.encode(rough()).simple == ()


def test_a_painter_of_before_knows_no_brushwork():
    old = config_from_json(PainterConfig, {"widths": [4, 8, 8], "blocks": [1, 1, 1]})
    assert not old.brushwork
    painter = Painter(replace(PainterConfig.tiny(), brushwork=False))
    assert painter.code_size == Painter(PainterConfig.tiny()).code_size - 1
    assert painter.encode(rough()).strokes == ()


def test_strokes_warrant_what_is_drawn_but_in_faces(painter):
    photo = rough()
    drawn = painter.with_strokes(photo)
    assert (drawn - photo).mean().abs() < 0.01 < (drawn - photo).std() < 0.1
    half = painter.with_strokes(photo, torch.full((1, 1), 0.5))
    assert torch.allclose(half - photo, (drawn - photo) / 2, atol=1e-6)
    features = [torch.zeros(1, 4, 16, 24), torch.zeros(1, 4, 8, 12)]
    clean, begun, face = (
        photo_target(photo, features, faces, seen).bands
        for faces, seen in ((None, None), (None, drawn), (torch.ones(1, 1, 64, 96), drawn))
    )
    assert torch.equal(face, clean)
    assert (begun - clean).abs().mean() > 1e-3


def test_a_study_is_held_against_the_photo_and_its_strokes(painter):
    practice = Practice(painter, Perceptual(), [rough(96, 96)[0]], side=64, crops=2)
    content, target, begun = practice.batch([0, 1])
    assert len(content.strokes) == 3 and begun.shape == target.bands.shape
    assert begun.abs().mean() > 1e-3
