"""Calm and busy places, and how much happens in them: pictures whose answer is known."""

import math

import pytest
import torch
import torch.nn.functional as F

from stylizer.imaging.detail_bands import (
    band_correlations,
    band_energy,
    between,
    busy_range,
    busy_rank,
    busyness,
    calm_energy,
    calm_mask,
    calm_share,
    calmness_guides,
    detail_bands,
    plane_bands,
    relief,
    three_parts,
    tint_bands,
    tint_energy,
)
from tests.imaging.landscape import landscape, noise


def wave(period: float, side: int = 256) -> torch.Tensor:
    across = torch.sin(2 * math.pi * torch.arange(side) / period)
    return (0.5 + 0.2 * across).expand(1, 3, side, side).contiguous()


@pytest.fixture
def photo() -> torch.Tensor:
    """A soft sky over a busy ground."""
    return landscape()


@pytest.fixture
def half_busy() -> torch.Tensor:
    """Flat on the left, noise on the right: (1, 3, 128, 128)."""
    picture = torch.full((1, 3, 128, 128), 0.5)
    picture[..., 64:] += 0.3 * (torch.rand(1, 1, 128, 64, generator=torch.Generator().manual_seed(0)) - 0.5)
    return picture


@pytest.mark.parametrize(("period", "band"), [(5, 0), (16, 1), (50, 2)])
def test_a_wave_shows_in_the_band_of_its_length(period, band):
    found = detail_bands(wave(period)).abs().mean((2, 3))[0]
    assert int(found.argmax()) == band
    assert found[band] > 0.5 * 0.2 * 2 / math.pi


@pytest.mark.parametrize(("period", "band"), [(4, 0), (56, 2)])
def test_shorter_and_longer_waves_show_in_the_outer_bands(period, band):
    assert int(detail_bands(wave(period, 128)).std((2, 3))[0].argmax()) == band


def test_the_same_wave_twice_as_large_shows_in_the_same_band():
    small = detail_bands(wave(16), 0.5).abs().mean((2, 3))[0, -2]
    large = detail_bands(wave(32, 512), 1.0).abs().mean((2, 3))[0, -2]
    assert small.item() == pytest.approx(large.item(), rel=0.1)


def test_a_small_picture_has_no_fine_band():
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    whole, small = detail_bands(picture, 1.0), detail_bands(picture, 0.25)
    assert whole.shape == (1, 3, 64, 64) and small.shape == (1, 2, 64, 64)
    assert plane_bands(picture[0], 0.01).shape == (3, 0, 64, 64)


def test_a_band_of_a_thin_picture_can_be_measured():
    strip = torch.rand(1, 3, 16, 400, generator=torch.Generator().manual_seed(0))
    assert band_energy(detail_bands(strip, 2.0), 2.0).isfinite().all()


def test_the_calm_part_of_a_landscape_is_its_sky(photo):
    mask = calm_mask(band_energy(detail_bands(photo)))
    assert 0.29 < mask.mean() < 0.31
    assert mask[:, :, 64:].sum() == 0


def test_the_flat_half_is_the_calm_one(half_busy):
    rank = busy_rank(half_busy, 0.25)
    assert rank[..., :48].amax() < rank[..., 80:].amin()
    parts, calm = three_parts(rank), calm_share(rank)
    assert torch.allclose(parts.sum(1), torch.ones(1, 128, 128), atol=1e-5)
    assert parts[:, 0, :, :48].mean() > 0.5 > parts[:, 0, :, 80:].mean()
    assert calm[..., 80:].amax() == 0
    assert calm.mean().item() == pytest.approx(0.3, abs=0.02)


def test_guides_share_every_place_out_and_the_sky_is_calm(photo):
    guides = calmness_guides(photo)
    assert guides.shape == (1, 3, 64, 64)
    assert torch.allclose(guides.sum(1), torch.ones(1, 64, 64), atol=1e-5)
    assert guides[0, 0, :28].mean() > 0.5 > guides[0, 0, 36:].mean()
    assert guides[0, 2, 36:].mean() > 0.3 > guides[0, 2, :28].mean()


def test_the_sky_is_calm_up_to_the_roof_that_stands_before_it():
    sky, roof = 0.8 * torch.ones(1, 3, 128, 64), 0.4 + 0.3 * noise(1, 3, 128, 64)
    busy = busyness(torch.cat([sky, roof], 3))  # at half size
    assert busy.shape == (1, 1, 64, 64)
    assert busy[..., :27].amax() < 0.02 < 0.3 < busy[..., 38:].amin()
    assert between(busy, busy_range(busy))[..., :27].amax() < 0.02


def wall(lying: bool) -> torch.Tensor:
    """Draw clouds beside a wall that has a dark line at every 16 pixels: a square of 192."""
    soft = F.interpolate(noise(1, 1, 12, 12, seed=3), size=(192, 192), mode="bicubic")
    picture = 0.7 + 0.05 * soft + 0.002 * noise(1, 1, 192, 192)
    picture[..., 96:] = 0.5
    for line in range(102, 192, 16):
        picture[..., line : line + 2] = 0.2
    picture = picture.transpose(2, 3) if lying else picture
    return picture.clamp(0, 1).expand(1, 3, -1, -1).contiguous()


@pytest.mark.parametrize("lying", [False, True])
def test_a_wall_is_busy_between_its_lines_too_and_the_clouds_beside_it_are_as_calm_as_those_far_away(lying):
    busy = busyness(wall(lying))
    placed = between(busy, busy_range(busy))[0, 0]
    column = placed.mean(1 if lying else 0)  # of 96, the sky has 48
    assert column[40:46].mean() < column[:34].mean() + 0.02
    assert column[56:90].min() > 0.8


def test_a_place_is_told_nothing_from_beyond_22_pixels_and_moves_with_its_picture():
    photo = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    busy, other = busyness(photo), photo.clone()
    other[..., 64:] = 0.5
    assert torch.equal(busyness(other)[..., : 32 - 11], busy[..., : 32 - 11])
    inner = (slice(None), slice(None), slice(11, -11), slice(11, -11))
    assert torch.allclose(busyness(photo[:, :, 8:, 12:])[inner], busy[:, :, 4:, 6:][inner], atol=1e-6)


def test_the_ends_of_a_whole_picture_place_its_windows(photo):
    busy = busyness(photo)
    ends = busy_range(busy)
    window = busyness(photo[:, :, 48:])
    assert torch.allclose(between(window, ends)[:, :, 11:], between(busy, ends)[:, :, 24 + 11 :], atol=1e-6)


def test_an_even_picture_is_calm_all_over_and_what_no_one_sees_makes_no_difference(photo):
    cloudy = 0.7 + 0.02 * torch.linspace(-1, 1, 128).view(1, 1, -1, 1) + 0.002 * noise(1, 3, 128, 128)
    busy = busyness(cloudy)
    assert between(busy, busy_range(busy)).amax() < 0.1
    ends = busy_range(busyness(photo))
    assert ends.shape == (1, 2)
    placed = between(busyness(photo), ends)
    assert placed.amin() == 0 and placed.amax() == 1


def test_every_picture_of_a_batch_is_ranked_by_itself(photo):
    upside_down = photo.flip(2)
    both = torch.cat([photo, upside_down])
    for measure in (lambda pictures: busy_rank(pictures, 1.0), calmness_guides):
        assert torch.allclose(measure(both)[1:], measure(upside_down), atol=0.01)
        assert not torch.allclose(measure(both)[1:], measure(photo), atol=0.1)


def test_a_photo_follows_itself_whatever_its_contrast_and_stamped_marks_do_not(photo):
    bands = detail_bands(photo)
    mask = calm_mask(band_energy(bands))
    own = band_correlations(detail_bands(0.5 * photo + 0.1), bands, mask)
    assert (own > 0.99).all()
    marks = (photo + 0.15 * noise(1, 3, 128, 128, seed=1)).clamp(0, 1)
    stamped = band_correlations(detail_bands(marks), bands, mask)
    assert stamped[0, 0] < 0.3 and stamped[0, 1] < 0.7
    assert band_correlations(-bands, bands, mask).max() < -0.99


def test_noise_does_not_follow_other_noise():
    one, other = torch.rand(2, 1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    weights = torch.ones(1, 1, 128, 128)
    itself = band_correlations(detail_bands(one, 0.5), detail_bands(0.3 * one + 0.2, 0.5), weights)
    assert torch.allclose(itself, torch.ones(1, 2), atol=1e-3)
    assert band_correlations(detail_bands(one, 0.5), detail_bands(other, 0.5), weights).abs().max() < 0.2


def test_relief_is_seen_in_an_embossed_picture_with_its_direction_and_in_no_other(photo):
    bands = detail_bands(photo)
    assert relief(bands, bands).abs().max() < 0.03  # but for its borders
    assert relief(detail_bands(noise(1, 3, 128, 128, seed=1)), bands)[..., :2].abs().max() < 0.06
    lit = photo + 0.8 * (photo.roll(-1, 3) - photo.roll(1, 3))
    found = relief(detail_bands(lit), bands)[0]
    assert found[0, :2].min() > 0.3 and found[1, :2].abs().max() < 0.06
    assert torch.allclose(relief(detail_bands(-lit), bands)[0], -found, atol=1e-4)


def test_a_correlation_weighs_places_as_if_each_stood_there_as_often():
    bands, others = noise(1, 2, 8, 6), noise(1, 2, 8, 6, seed=1)
    weights = torch.ones(1, 1, 8, 6)
    weights[..., 3:] = 2
    twice = [torch.cat([x, x[..., 3:]], 3) for x in (bands, others)]
    found = band_correlations(bands, others, weights)
    assert torch.allclose(found, band_correlations(*twice, torch.ones(1, 1, 8, 9)), atol=1e-5)


def test_gradients_reach_the_picture_through_bands_and_energies(photo):
    picture = (photo + 0.05 * noise(1, 3, 128, 128)).requires_grad_(True)
    bands, seen = detail_bands(picture), detail_bands(photo)
    mask = calm_mask(band_energy(seen))
    for loss in (
        (1 - band_correlations(bands, seen, mask)).mean(),
        relief(bands, seen.roll(1, 3)).square().mean(),
        calm_energy(band_energy(bands), mask).mean(),
    ):
        (gradient,) = torch.autograd.grad(loss, picture, retain_graph=True)
        assert gradient.isfinite().all() and gradient.abs().max() > 0


def test_tint_is_detail_of_color_and_not_of_light():
    gray, flat = wave(24), torch.tensor([0.7, 0.3, 0.2]).view(1, 3, 1, 1).expand(1, 3, 256, 256)
    assert tint_energy(tint_bands(gray)).max() < 1e-4
    assert tint_energy(tint_bands(flat)).max() < 1e-4
    stripes = wave(24).clone()
    stripes[:, 1:] = 0.5  # red alone goes up and down
    found = tint_energy(tint_bands(stripes))
    assert found.shape == (1, 4)
    assert found.max() > 0.02
    half = tint_energy(tint_bands(0.5 + (stripes - 0.5) / 2))
    assert torch.allclose(half, found / 2, rtol=0.02)


def test_tint_is_told_of_the_weighed_places_alone():
    picture = torch.full((1, 3, 128, 128), 0.5)
    picture[:, 0, :, :64] = wave(16, 128)[:, 0, :, :64]
    left = torch.zeros(1, 1, 128, 128)
    left[..., :48] = 1
    bands = tint_bands(picture)
    assert tint_energy(bands, left.flip(3)).max() < 3e-3 < 0.02 < tint_energy(bands, left).max()
    assert tint_energy(bands, torch.zeros_like(left)).max() < 1e-4
