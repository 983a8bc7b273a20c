"""Enlarging features: what is blurred away before, and what stays."""

from dataclasses import replace

import pytest
import torch

from stylizer.models.blocks import BlurredEnlarge
from stylizer.models.painter_config import PainterConfig


def waves(period: float) -> torch.Tensor:
    """Columns that rise and fall with a period in pixels, (1, 2, 16, 64)."""
    columns = torch.cos(2 * torch.pi * torch.arange(64) / period)
    return columns.expand(1, 2, 16, 64).contiguous()


def enlarge(planes: torch.Tensor, blur: float = 0.0, smooth: bool = False) -> torch.Tensor:
    return BlurredEnlarge(planes.shape[1], blur, smooth)(planes)


def swing(planes: torch.Tensor) -> float:
    """Half of the way from the lowest to the highest, away from the borders."""
    inner = planes[..., 16:-16]
    return float(inner.max() - inner.min()) / 2


def image_of(period: float, smooth: bool) -> float:
    """How high the image of a wave stands beside the wave itself, once it is enlarged."""
    line = enlarge(waves(period), smooth=smooth)[0, 0, 8]
    heights = torch.fft.rfft(line * torch.hann_window(len(line))).abs()
    wave = round(len(line) / (2 * period))
    return float(heights[len(line) // 2 - wave] / heights[wave])


@pytest.mark.parametrize("smooth", [False, True])
def test_an_even_plane_stays_even_up_to_its_borders(smooth):
    plane = torch.full((2, 3, 5, 7), 0.7)
    assert torch.allclose(enlarge(plane, 0.25, smooth), torch.full((2, 3, 10, 14), 0.7), atol=1e-6)


def test_smooth_enlarging_leaves_next_to_no_image_of_fine_waves_and_keeps_broad_ones():
    assert image_of(3.2, smooth=False) == pytest.approx(0.153, abs=0.005)
    assert image_of(3.2, smooth=True) == pytest.approx(0.044, abs=0.005)
    assert swing(enlarge(waves(16), smooth=True)) > 0.9


def test_the_finest_waves_go_and_broad_ones_stay():
    assert swing(enlarge(waves(2), 0.25)) < 1e-6
    assert swing(enlarge(waves(2))) == pytest.approx(0.5)
    assert swing(enlarge(waves(2), 0.125)) == pytest.approx(0.25)
    assert swing(enlarge(waves(16), 0.25)) > 0.9


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("blur", [0.0, 0.125, 0.25])
def test_rows_and_columns_are_treated_alike_and_planes_apart(blur, smooth):
    planes = torch.rand(1, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    turned = enlarge(planes.transpose(2, 3), blur, smooth).transpose(2, 3)
    assert torch.allclose(enlarge(planes, blur, smooth), turned, atol=1e-6)
    assert torch.allclose(
        enlarge(planes, blur, smooth)[:, 1:], enlarge(planes[:, 1:], blur, smooth), atol=1e-6
    )


def test_a_blur_that_would_turn_waves_over_is_refused():
    with pytest.raises(ValueError, match=r"0 to 0\.25"):
        replace(PainterConfig.tiny(), blurs=(0.3, 0.0, 0.0))
