"""Windows of a resized tensor agree with the whole, and blurs keep flat colors and full precision."""

import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter

from stylizer.imaging.resample import blur, linear_window, resample


def waves(height=40, width=56):
    rows, columns = torch.arange(height)[:, None] / 7, torch.arange(width) / 5
    return torch.stack([torch.sin(rows + k) * torch.cos(columns - k) for k in range(3)])[None] / 2 + 0.5


@pytest.mark.parametrize("size", [(40, 56), (133, 201), (17, 23)])
def test_a_window_is_a_piece_of_the_whole(size):
    whole = resample(waves(), size)
    rows, columns = (size[0] // 3, size[0] // 2), (3, size[1])
    piece = resample(waves(), size, rows, columns)
    assert torch.allclose(piece, whole[:, :, slice(*rows), slice(*columns)], atol=1e-6)


def test_the_same_size_is_the_same_picture():
    assert torch.allclose(resample(waves(), (40, 56)), waves(), atol=1e-6)


@pytest.mark.parametrize("size", [(80, 112), (20, 28)])
def test_it_agrees_with_torch(size):
    ours = resample(waves(), size)
    theirs = F.interpolate(waves(), size=size, mode="bicubic", antialias=True, align_corners=False)
    assert torch.allclose(ours[:, :, 4:-4, 4:-4], theirs[:, :, 4:-4, 4:-4], atol=2e-3)


def test_flat_color_stays_flat_to_the_border():
    flat = torch.full((1, 3, 20, 30), 0.7)
    assert torch.allclose(resample(flat, (77, 31)), torch.tensor(0.7), atol=1e-6)
    assert torch.allclose(blur(flat, 2.5), torch.tensor(0.7), atol=1e-6)


def test_short_numbers_around_it_do_not_coarsen_colors():
    with torch.autocast("cpu", torch.bfloat16):
        resized, blurred = resample(waves(), (80, 112)), blur(waves(), 1.0)
    assert torch.equal(resized, resample(waves(), (80, 112)))
    assert torch.equal(blurred, blur(waves(), 1.0))


def test_a_blur_takes_fine_waves_and_leaves_broad_ones():
    fine = (torch.arange(64) % 2).float().expand(1, 3, 64, 64)
    assert blur(fine, 1.5)[..., 8:-8].std() < 0.01
    assert (blur(waves(), 1.0) - waves()).abs().mean() < 0.02


@pytest.mark.parametrize("deviation", [0.7, 2.0])
def test_a_blur_is_a_gaussian_of_its_deviation_down_and_across(deviation):
    picture = torch.rand(1, 3, 30, 41, generator=torch.Generator().manual_seed(0))
    reach = max(1, round(3 * deviation))
    expected = gaussian_filter(
        picture[0].double().numpy(), (0, deviation, deviation), mode="nearest", radius=(0, reach, reach)
    )
    assert torch.allclose(blur(picture, deviation)[0].double(), torch.from_numpy(expected), atol=1e-5)


@pytest.mark.parametrize("size", [(40, 56), (93, 131), (41, 200), (17, 23)])
def test_a_linear_window_is_a_piece_of_the_whole_to_the_border(size):
    planes = waves()[0]
    smaller = size[0] < 40
    whole = F.interpolate(planes[None], size=size, mode="bilinear", antialias=smaller)[0]
    for rows in (slice(0, 9), slice(size[0] // 3, size[0] // 2), slice(size[0] - 5, size[0])):
        for columns in (slice(0, size[1]), slice(size[1] - 7, size[1]), slice(0, 3)):
            window = linear_window(planes, size, rows, columns)
            assert torch.allclose(window, whole[:, rows, columns], atol=1e-5)
