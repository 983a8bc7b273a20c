import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within, middle_square, resize_picture
from tests.imaging.files import ramp


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 400), st.integers(16, 400), st.integers(16, 300))
def test_fitting_never_enlarges_and_keeps_the_shape(height, width, long_side):
    fitted = fit_within(Picture(ramp(height, width)), long_side)
    assert max(fitted.height, fitted.width) == min(long_side, max(height, width))
    scale = max(fitted.height, fitted.width) / max(height, width)
    assert abs(fitted.height - height * scale) <= 0.5 and abs(fitted.width - width * scale) <= 0.5


@pytest.mark.parametrize(("height", "width"), [(20, 31), (31, 20), (24, 24)])
def test_the_middle_square_leaves_out_as_much_on_both_sides(height, width):
    rgb = ramp(height, width)
    square = middle_square(Picture(rgb, rgb[..., 0], "me"))
    side, top, left = min(height, width), (height - 20) // 2 if height > width else 0, (width - 20) // 2
    left = left if width > height else 0
    assert (square.height, square.width, square.name) == (side, side, "me")
    assert (square.rgb == rgb[top : top + side, left : left + side]).all()
    assert (square.alpha == square.rgb[..., 0]).all()


def test_a_picture_that_fits_is_returned_itself():
    picture = Picture(ramp(30, 40))
    assert fit_within(picture, 40) is picture and resize_picture(picture, 30, 40) is picture


def test_a_thin_picture_keeps_one_pixel():
    assert fit_within(Picture(ramp(16, 16000)), 500).rgb.shape == (1, 500, 3)


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_depth_name_and_smooth_colors_survive_resizing(dtype, transparent):
    peak = np.iinfo(dtype).max
    rgb = ramp(64, 96).astype(dtype) * (peak // 255)
    alpha = np.full((64, 96), peak, dtype) if transparent else None
    small = resize_picture(Picture(rgb, alpha, "cat"), 32, 48)
    assert small.rgb.dtype == dtype and small.name == "cat"
    expected = rgb.astype(float).reshape(32, 2, 48, 2, 3).mean((1, 3))
    assert np.abs(small.rgb - expected)[2:-2, 2:-2].max() < peak * 0.02
    if transparent:
        assert (small.alpha == peak).all()


def test_hidden_colors_do_not_bleed_into_what_is_seen():
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[:, 32:] = 255
    rgb[:, :32] = (255, 0, 0)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, 32:] = 255
    small = resize_picture(Picture(rgb, alpha), 20, 20)
    assert (small.rgb[small.alpha > 8] > 250).all()


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_stay_so_beside_what_is_hidden(level):
    rgb = np.full((64, 64, 3), 255 - level, np.uint8)
    rgb[:, 32:] = level
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, 32:] = 255
    small = resize_picture(Picture(rgb, alpha), 20, 20)
    assert (small.rgb[:, 14:] == level).all() and (small.alpha[:, :6] == 0).all()


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_black_beside_white_does_not_run_over(dtype, transparent):
    peak = np.iinfo(dtype).max
    rgb = np.zeros((64, 64, 3), dtype)
    rgb[:, 30:] = peak
    alpha = np.full((64, 64), peak, dtype) if transparent else None
    small = resize_picture(Picture(rgb, alpha), 40, 40).rgb
    assert small[:, :18].max() < peak // 10 and small[:, 20:].min() > peak - peak // 10


def test_a_long_side_below_one_is_refused():
    assert fit_within(Picture(ramp(16, 16)), 1).rgb.shape == (1, 1, 3)
    with pytest.raises(ValueError, match="long_side is 0"):
        fit_within(Picture(ramp(16, 16)), 0)
