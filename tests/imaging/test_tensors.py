"""A transparent pixel has one color, whoever asks."""

import numpy as np
import pytest
import torch

from stylizer.imaging.picture import Picture
from stylizer.imaging.tensors import ground_color, to_tensor, window_tensor
from tests.engine.drawn import drawn


def half_red_on_blue() -> Picture:
    """A blue picture with one red pixel that half shows."""
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[..., 2] = 255
    rgb[3, 4] = (255, 0, 0)
    alpha = np.full((16, 16), 255, np.uint8)
    alpha[3, 4] = 128
    return Picture(rgb, alpha)


def test_half_transparent_pixels_lie_on_the_mean_of_what_is_seen():
    red, green, blue = to_tensor(half_red_on_blue())[0, :, 3, 4].tolist()
    assert red == pytest.approx(0.5, abs=0.01) and green == 0 and blue == pytest.approx(0.5, abs=0.01)


def test_what_is_not_seen_does_not_color_the_ground():
    rgb = np.zeros((16, 16, 3), np.uint16)
    rgb[:8] = 65535
    alpha = np.zeros((16, 16), np.uint16)
    alpha[8:] = 65535
    assert torch.equal(ground_color(Picture(rgb, alpha)).flatten(), torch.zeros(3))
    assert ground_color(Picture(rgb)) is None


@pytest.mark.parametrize("alpha", [False, True])
def test_windows_are_cut_from_the_whole(alpha):
    picture = drawn(40, 56, dtype=np.uint16, alpha=alpha)
    rows, columns = slice(7, 31), slice(10, 44)
    window = window_tensor(picture, ground_color(picture), rows, columns)
    assert torch.equal(window, to_tensor(picture)[:, :, rows, columns])
