"""A code of a part of a picture sees that part alone."""

import torch

from stylizer.imaging.color import color_moments
from stylizer.models.channel_moments import channel_moments
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def left(height: int, width: int) -> torch.Tensor:
    mask = torch.zeros(1, 1, height, width)
    mask[..., : width // 2] = 1
    return mask


def test_moments_with_weights_are_those_of_the_part():
    x = noise(1, 5, 8, 12)
    for found, expected in zip(channel_moments(x, left(8, 12)), channel_moments(x[..., :6]), strict=True):
        assert torch.allclose(found, expected, atol=1e-6)
    pixels = noise(1, 3, 8, 12)
    for found, expected in zip(
        color_moments(pixels, left(8, 12)), color_moments(pixels[..., :6]), strict=True
    ):
        assert torch.allclose(found, expected, atol=1e-5)


def test_a_part_that_is_everything_has_the_pictures_code_and_what_is_outside_counts_little():
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()).eval()
    picture, other = noise(1, 3, 96, 96), noise(1, 3, 96, 96, seed=1) * 0.3
    other[..., :64] = picture[..., :64]  # the networks look 16 pixels past the border of the part
    assert torch.allclose(
        painter.describe(picture, torch.ones(1, 1, 96, 96)), painter.describe(picture), atol=1e-5
    )
    part = [painter.describe(style, left(96, 96)) for style in (picture, other)]
    whole = [painter.describe(style) for style in (picture, other)]
    assert (part[0] - part[1]).abs().mean() < 0.1 * (whole[0] - whole[1]).abs().mean()
