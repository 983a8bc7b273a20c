"""Masks follow the photo's edges, keep their sum, and stay exact where nothing is to follow."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stylizer.imaging.guided import EdgeGuide, refine_to_edges


def combed(height=120, width=160) -> tuple[torch.Tensor, torch.Tensor]:
    """A photo of dark teeth, 3 pixels wide, on bright ground, and the true mask of the dark."""
    mask = torch.zeros(height, width)
    mask[height // 2 :] = 1
    mask[height // 2 - 12 :, ::9] = mask[height // 2 - 12 :, 1::9] = mask[height // 2 - 12 :, 2::9] = 1
    grain = 0.02 * torch.randn(3, height, width, generator=torch.Generator().manual_seed(0))
    colors = torch.tensor([0.2, 0.15, 0.1])[:, None, None] * mask + torch.tensor([0.6, 0.7, 0.9])[
        :, None, None
    ] * (1 - mask)
    return (colors + grain).clamp(0, 1)[None], mask


def overlap(found: torch.Tensor, true: torch.Tensor) -> float:
    found = found > 0.5
    return float((found & (true > 0.5)).sum() / (found | (true > 0.5)).sum())


def test_thin_teeth_are_found_from_a_rough_mask():
    photo, true = combed()
    rough = torch.zeros_like(true)
    rough[54:] = 1
    refined = refine_to_edges(torch.stack([1 - rough, rough]), photo, radius=12)
    near = slice(44, 76)
    assert overlap(refined[1][near], true[near]) > overlap(rough[near], true[near]) + 0.1
    assert overlap(refined[1], true) > 0.96


def test_large_photos_lead_small_masks():
    photo, true = combed(480, 640)
    small = torch.nn.functional.interpolate(photo, size=(120, 160), mode="area")
    rough = torch.nn.functional.interpolate(true[None, None], size=(120, 160), mode="area")[0]
    every = slice(0, 480), slice(0, 640)
    led = EdgeGuide(rough, small).window(photo, (480, 640), *every)[0]
    plain = torch.nn.functional.interpolate(rough[None], size=(480, 640), mode="bilinear")[0, 0]
    near = slice(220, 242)
    assert (led - true)[near].abs().mean() < 0.6 * (plain - true)[near].abs().mean()


def test_windows_agree_with_the_whole():
    photo, true = combed(240, 320)
    small = torch.nn.functional.interpolate(photo, size=(120, 160), mode="area")
    guide = EdgeGuide(true[None, ::2, ::2], small)
    whole = guide.window(photo, (240, 320), slice(0, 240), slice(0, 320))
    part = guide.window(photo[:, :, 40:200, 100:300], (240, 320), slice(40, 200), slice(100, 300))
    assert torch.allclose(whole[:, 40:200, 100:300], part, atol=1e-5)


def test_where_one_mask_reigns_it_stays_exact():
    photo, _ = combed()
    mask = torch.zeros(120, 160)
    mask[60:] = 1
    led = EdgeGuide(mask[None], photo, radius=2).window(photo, (120, 160), slice(0, 120), slice(0, 160))[0]
    assert (led[:50] == 0).all() and (led[70:] == 1).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 5), st.sampled_from([(16, 40), (33, 21)]), st.booleans())
def test_refined_masks_sum_to_one(seed, count, size, flat):
    generator = torch.Generator().manual_seed(seed)
    masks = torch.rand(count, *size, generator=generator) ** 4 + 1e-6
    photo = torch.full((1, 3, *size), 0.5) if flat else torch.rand(1, 3, *size, generator=generator)
    refined = refine_to_edges(masks / masks.sum(0), photo, radius=6)
    assert torch.isfinite(refined).all() and refined.min() >= 0
    assert torch.allclose(refined.sum(0), torch.ones(size), atol=1e-5)
