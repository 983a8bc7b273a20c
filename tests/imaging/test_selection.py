"""Clicks and strokes select what was meant."""

import time

import numpy as np
import pytest
import torch

from stylizer.imaging.regions import RegionsError
from stylizer.imaging.selection import brush_stroke, similar_area


def hill() -> torch.Tensor:
    """A green field whose light changes softly, a gray wall across it, and the same green behind."""
    photo = torch.zeros(1, 3, 80, 120)
    photo[0] = torch.tensor([0.2, 0.6, 0.2])[:, None, None] * torch.linspace(0.8, 1.1, 120)
    photo[:, :, :, 70:76] = 0.5
    return photo


def test_similar_colors_are_followed_up_to_an_edge():
    area = similar_area(hill(), 10, 40, 0.15)
    assert area[:, :66].min() > 0.95 and area[:, 78:].max() < 0.05


def test_the_tolerance_says_how_far_colors_may_go():
    photo = torch.linspace(0.2, 0.9, 120).expand(1, 3, 80, 120)
    narrow, wide = (similar_area(photo, 60, 40, tolerance).mean() for tolerance in (0.03, 0.2))
    assert 0.02 < narrow < 0.5 * wide
    with pytest.raises(RegionsError, match="choose 0 to 1"):
        similar_area(photo, 60, 40, 2)


def test_a_stroke_is_as_wide_as_its_brush():
    stroke = brush_stroke((60, 100), [(20, 30), (80, 30)], radius=8, softness=0)
    assert np.allclose((stroke > 0.5).sum(0)[20:80], 16) and stroke[:5].max() == 0
    assert stroke[30, 11] < 0.5 < stroke[30, 13]


def test_a_soft_stroke_fades_and_a_tap_is_a_dot():
    hard, soft = (brush_stroke((60, 60), [(30, 30)], 12, softness) for softness in (0, 1))
    assert hard.sum() == pytest.approx(np.pi * 144, rel=0.03)
    assert soft.max() <= 1 and (np.diff(soft[30, 30:]) <= 0).all() and 0.1 < soft[30, 45] < 0.4


def test_a_stroke_may_leave_the_photo():
    assert brush_stroke((40, 40), [(-50, 20), (90, 20)], 5).max() == 1
    assert brush_stroke((40, 40), [(-50, -50)], 5).max() == 0


@pytest.mark.parametrize(
    ("points", "radius"),
    [
        ([], 5),
        ([(1, np.nan)], 5),
        ([(1, 1)] * 5000, 5),
        ([(1, 1)], 0),
        ([(1, 1)], np.nan),
        ([(1, 1), (1e300, 5)], 5),  # overflowed into nothing
    ],
)
def test_strokes_that_make_no_sense_are_refused(points, radius):
    with pytest.raises(RegionsError):
        brush_stroke((40, 40), points, radius)


def test_points_on_top_of_each_other_change_nothing():
    line = [(x / 40, 30 + 10 * np.sin(x / 300)) for x in range(4000)]
    full, thin = brush_stroke((64, 110), line, 12), brush_stroke((64, 110), line[::13], 12)
    assert np.abs(full - thin).max() < 0.08


@pytest.mark.parametrize("radius", [1500.0, 300.0, 60.0])
def test_no_stroke_takes_longer_than_a_breath(radius):
    points = [(n * 97 % 1024, n * 331 % 768) for n in range(4000)]
    began = time.process_time()
    try:
        assert brush_stroke((768, 1024), points, radius).mean() > 0.9
    except RegionsError as error:
        assert "too long" in str(error)
    assert time.process_time() - began < 8  # 2 s on a machine with nothing else to do
