import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stylizer.imaging.keep_color import keep_color, luma


def pictures(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, 1, 3, 20, 30, generator=generator).unbind(0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_light_and_dark_stay_the_paintings_and_nothing_leaves_the_range(seed, amount):
    painted, photo = pictures(seed)
    result = keep_color(painted, photo, amount)
    assert (luma(result) - luma(painted)).abs().max() < 1e-5
    assert result.min() > -1e-6 and result.max() < 1 + 1e-6


def test_zero_leaves_the_painting_bit_for_bit():
    painted, photo = pictures(1)
    assert torch.equal(keep_color(painted, photo, 0.0), painted)


def test_a_photo_as_its_own_painting_comes_back():
    photo = pictures(2)[1]
    assert torch.allclose(keep_color(photo, photo, 1.0), photo, atol=1e-6)


def test_the_photos_hue_is_kept_even_where_its_chroma_does_not_fit():
    painted = torch.full((1, 3, 4, 4), 0.95)
    blue = torch.tensor([0.1, 0.1, 0.9]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    chroma = keep_color(painted, blue, 1.0) - 0.95
    assert torch.allclose(chroma[:, 0], chroma[:, 1], atol=1e-6)
    assert (chroma[:, 2] > 0).all() and (chroma[:, 0] < 0).all()


def test_a_gray_photo_makes_a_gray_picture():
    painted, _ = pictures(3)
    result = keep_color(painted, torch.full_like(painted, 0.3), 1.0)
    assert (result.amax(1) - result.amin(1)).max() < 1e-6


def test_amounts_between_lie_on_the_way():
    painted, photo = pictures(4)
    ends = keep_color(painted, photo, 1.0)
    assert torch.allclose(keep_color(painted, photo, 0.25), 0.75 * painted + 0.25 * ends, atol=1e-6)


def test_chroma_that_does_not_fit_shrinks_no_more_than_it_must():
    painted, photo = pictures(5)
    result = keep_color(painted, photo, 1.0)
    whole = (result - luma(result) - (photo - luma(photo))).abs().amax(1) < 1e-5
    full = (result.amax(1) > 1 - 1e-5) | (result.amin(1) < 1e-5)
    assert (whole | full).all() and whole.any() and (full & ~whole).any()
