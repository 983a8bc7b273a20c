"""Losses of the calm parts: on pictures whose answer is known."""

import pytest
import torch

from stylizer.models.calm_parts import (
    band_energy,
    calm_energy,
    calm_mask,
    calmness_guides,
    detail_bands,
    excess,
    follow,
    guided_distance,
    guided_moments,
    relief,
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def photo() -> torch.Tensor:
    """A soft sky over a busy ground: (1, 3, 128, 128)."""
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    sky = 0.6 + 0.02 * torch.sin(columns / 6) + 0.02 * torch.cos(rows / 4)
    ground = 0.4 + 0.2 * noise(128, 128)
    return torch.where(rows < 64, sky, ground).clamp(0, 1).expand(1, 3, -1, -1).contiguous()


def test_the_calm_part_of_a_landscape_is_its_sky(photo):
    mask = calm_mask(band_energy(detail_bands(photo)))
    assert 0.29 < mask.mean() < 0.31
    assert mask[:, :, 64:].sum() == 0


def test_a_photo_follows_itself_whatever_its_contrast_and_stamped_marks_do_not(photo):
    bands = detail_bands(photo)
    mask = calm_mask(band_energy(bands))
    own = follow(detail_bands(0.5 * photo + 0.1), bands, mask)
    assert (own > 0.99).all()
    stamped = follow(detail_bands((photo + 0.15 * noise(1, 3, 128, 128, seed=1)).clamp(0, 1)), bands, mask)
    assert stamped[0, 0] < 0.3 and stamped[0, 1] < 0.7
    assert follow(-bands, bands, mask).max() < -0.99


def test_bands_part_a_picture_by_the_size_of_its_detail():
    columns = torch.arange(128.0).expand(1, 3, 128, 128)
    for period, band in ((4, 0), (16, 1), (56, 2)):
        energy = detail_bands(0.5 + 0.2 * torch.sin(2 * torch.pi * columns / period)).std((2, 3))[0]
        assert int(energy.argmax()) == band


def test_relief_is_seen_in_an_embossed_picture_with_its_direction_and_in_no_other(photo):
    bands = detail_bands(photo)
    assert relief(bands, bands).abs().max() < 0.03  # but for its borders
    assert relief(detail_bands(noise(1, 3, 128, 128, seed=1)), bands)[..., :2].abs().max() < 0.06
    lit = photo + 0.8 * (photo.roll(-1, 3) - photo.roll(1, 3))
    found = relief(detail_bands(lit), bands)[0]
    assert found[0, :2].min() > 0.3 and found[1, :2].abs().max() < 0.06
    assert torch.allclose(relief(detail_bands(-lit), bands)[0], -found, atol=1e-4)


def test_excess_counts_only_what_goes_beyond(photo):
    energy = band_energy(detail_bands(photo))
    own = calm_energy(energy, calm_mask(energy))
    assert excess(own, own).item() == 0
    assert excess(own / 2, own).item() == 0
    assert excess(own * torch.e, own).item() == pytest.approx(1, abs=1e-3)


def test_guides_share_every_place_out_and_the_sky_is_calm(photo):
    guides = calmness_guides(photo)
    assert guides.shape == (1, 3, 64, 64)
    assert torch.allclose(guides.sum(1), torch.ones(1, 64, 64), atol=1e-5)
    assert guides[0, 0, :28].mean() > 0.5 > guides[0, 0, 36:].mean()
    assert guides[0, 2, 36:].mean() > 0.3 > guides[0, 2, :28].mean()


def test_a_texture_moved_into_the_calm_part_changes_guided_moments_and_not_global_ones(photo):
    flipped = photo.flip(2)  # the same values, the busy half where the calm one was
    guides = calmness_guides(photo)
    here, there = guided_moments([photo], guides), guided_moments([flipped], guides)
    assert guided_distance(here, here).item() == pytest.approx(0, abs=1e-6)
    assert guided_distance(there, here) > 0.01
    assert torch.allclose(photo.mean((2, 3)), flipped.mean((2, 3)), atol=1e-5)


def test_guided_moments_of_even_guides_are_the_channel_moments():
    features = noise(2, 5, 16, 16)
    found = guided_moments([features], torch.full((2, 3, 16, 16), 1 / 3))[0]
    assert torch.allclose(found[:, 1, 0], features.mean((2, 3)), atol=1e-5)
    assert torch.allclose(found[:, 1, 1], features.std((2, 3), unbiased=False), atol=1e-3)


def test_gradients_reach_the_picture_through_every_loss(photo):
    picture = (photo + 0.05 * noise(1, 3, 128, 128)).requires_grad_(True)
    bands, seen = detail_bands(picture), detail_bands(photo)
    mask = calm_mask(band_energy(seen))
    allowed = calm_energy(band_energy(seen), mask)
    for loss in (
        (1 - follow(bands, seen, mask)).mean(),
        relief(bands, seen.roll(1, 3)).square().mean(),
        excess(calm_energy(band_energy(bands), mask), allowed).mean(),
        guided_distance(
            guided_moments([picture], calmness_guides(photo)), guided_moments([photo], calmness_guides(photo))
        ),
    ):
        (gradient,) = torch.autograd.grad(loss, picture, retain_graph=True)
        assert gradient.isfinite().all() and gradient.abs().max() > 0
