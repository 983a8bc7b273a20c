import pytest
import torch

from stylizer.imaging.detail import REACH, restore_detail
from stylizer.imaging.keep_color import luma


def noise(seed: int, height: int = 64, width: int = 80) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def photo_with_eyes() -> torch.Tensor:
    """A flat face of light gray with two dark spots of 4 px."""
    photo = torch.full((1, 3, 64, 80), 0.7)
    photo[:, :, 30:34, 24:28] = 0.1
    photo[:, :, 30:34, 52:56] = 0.1
    return photo


def test_zero_leaves_the_painting_bit_for_bit():
    painted = noise(0)
    assert torch.equal(restore_detail(painted, noise(1), 0.0), painted)


def test_eyes_that_were_painted_over_come_back():
    painted = torch.full((1, 3, 64, 80), 0.5)
    light = luma(restore_detail(painted, photo_with_eyes(), 1.0))
    assert light[0, 0, 31, 25] < 0.25 and light[0, 0, 10, 10] == pytest.approx(0.5, abs=1e-4)


def test_more_detail_is_closer_to_the_photos_edges():
    painted, photo = torch.full((1, 3, 64, 80), 0.5), photo_with_eyes()
    depth = [0.5 - luma(restore_detail(painted, photo, a))[0, 0, 31, 25].item() for a in (0.25, 0.5, 1.0)]
    assert depth[0] < depth[1] < depth[2] and depth[1] == pytest.approx(depth[2] / 2, rel=0.02)


def test_strokes_on_flat_parts_of_the_photo_stay():
    painted = 0.3 + 0.4 * noise(2)
    result = restore_detail(painted, photo_with_eyes(), 1.0)
    assert torch.allclose(result[..., :16, :], painted[..., :16, :], atol=1e-4)


def test_an_edge_that_the_painting_kept_gets_no_halo():
    photo = torch.full((1, 3, 64, 80), 0.2)
    photo[..., 40:] = 0.8
    painted = 0.1 + 0.7 * photo
    result = luma(restore_detail(painted, photo, 1.0))
    assert result.max() < luma(painted).max() + 0.02 and result.min() > luma(painted).min() - 0.02


def test_colors_move_along_the_gray_axis_only():
    painted = 0.4 + 0.2 * noise(3)
    change = restore_detail(painted, photo_with_eyes(), 0.3) - painted
    assert (change.amax(1) - change.amin(1)).max() < 1e-6


@pytest.mark.parametrize(("height", "width"), [(16, 17), (33, 16), (1, 40), (65, 63)])
def test_odd_sizes_keep_shape_and_range(height, width):
    result = restore_detail(noise(4, height, width), noise(5, height, width), 1.0)
    assert result.shape == (1, 3, height, width) and result.min() >= 0 and result.max() <= 1


def test_a_window_agrees_with_the_whole_beyond_its_reach():
    painted, photo = noise(6, 90, 100), noise(7, 90, 100)
    whole = restore_detail(painted, photo, 1.0)
    part = restore_detail(painted[..., 20:70, 30:90], photo[..., 20:70, 30:90], 1.0)
    inner = part[..., REACH:-REACH, REACH:-REACH]
    assert torch.allclose(inner, whole[..., 20 + REACH : 70 - REACH, 30 + REACH : 90 - REACH], atol=1e-5)
