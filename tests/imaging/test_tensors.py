"""A transparent pixel has one color, whoever asks."""

import numpy as np
import pytest
import torch

from stylizer.imaging.picture import Picture
from stylizer.imaging.tensors import ground_color, to_picture, to_tensor, window_tensor
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


def test_the_ground_is_the_mean_of_what_is_seen_as_far_as_it_is_seen():
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[:8] = 200
    alpha = np.full((16, 16), 240, np.uint8)
    alpha[8:] = 80
    assert ground_color(Picture(rgb, alpha)).flatten().tolist() == pytest.approx([0.75 * 200 / 255] * 3)
    nothing = Picture(rgb, np.zeros((16, 16), np.uint8))
    assert ground_color(nothing).flatten().tolist() == [0.5] * 3


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint8, 255), (np.uint16, 65535)])
def test_a_tensor_becomes_a_picture_of_the_depth_alpha_and_name_of_another(dtype, peak):
    alpha = np.zeros((16, 16), dtype)
    alpha[:8] = peak
    like = Picture(np.zeros((16, 16, 3), dtype), alpha, "cat")
    samples = torch.tensor([-0.5, 1.5, (7 + 0.6) / peak]).view(1, 3, 1, 1).expand(1, 3, 32, 24)
    picture = to_picture(samples, like)
    assert picture.name == "cat" and picture.rgb.dtype == dtype and picture.alpha.dtype == dtype
    assert (picture.rgb == np.array([0, peak, 8])).all()
    assert picture.alpha.shape == (32, 24) and picture.alpha[2, 2] == peak and picture.alpha[-2, 2] == 0
    assert to_picture(samples).rgb.dtype == np.uint8 and to_picture(samples).alpha is None


def test_a_tensor_that_is_no_picture_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 3, 16, 16\)"):
        to_picture(torch.zeros(2, 3, 16, 16))
    with pytest.raises(ValueError, match=r"shape \(1, 4, 16, 16\)"):
        to_picture(torch.zeros(1, 4, 16, 16))


@pytest.mark.parametrize("alpha", [False, True])
def test_windows_are_cut_from_the_whole(alpha):
    picture = drawn(40, 56, dtype=np.uint16, alpha=alpha)
    rows, columns = slice(7, 31), slice(10, 44)
    window = window_tensor(picture, ground_color(picture), rows, columns)
    assert torch.equal(window, to_tensor(picture)[:, :, rows, columns])
