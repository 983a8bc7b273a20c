"""Regions of a segmenter's answers: outlines that lie on the photo's, no rims of doubt, no holes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from stylizer.imaging.labels import clear_specks, fill_holes, regions_from_probabilities
from stylizer.imaging.mean_field import agree_with_colors
from stylizer.models.class_table import UNSURE

NAMES = ("other", "person", "sky", "ground")
WALL, HAIR, AIR, SOIL = (0.7, 0.7, 0.68), (0.3, 0.2, 0.12), (0.4, 0.6, 0.9), (0.5, 0.4, 0.25)


def disk(height, width, radius) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.hypot(rows - height / 2, columns - width / 2) <= radius


def photo_of(inside: np.ndarray, color, ground) -> torch.Tensor:
    rgb = np.where(inside[..., None], color, ground)
    grain = 0.015 * torch.randn(rgb.shape, generator=torch.Generator().manual_seed(0)).numpy()
    return torch.from_numpy((rgb + grain).clip(0, 1)).float().permute(2, 0, 1)[None]


def answer(person=0.0, sky=0.0, ground=0.0) -> torch.Tensor:
    """Probabilities (4, h, w) of planes (h, w) or numbers; what is left is "other"."""
    planes = np.broadcast_arrays(*(np.asarray(plane, np.float32) for plane in (person, sky, ground)))
    return torch.from_numpy(np.stack([1 - sum(planes), *planes]))


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    return float((found & true).sum() / (found | true).sum())


@pytest.mark.parametrize("off", [10, -10])
def test_an_outline_that_is_off_comes_to_lie_on_the_photos(off):
    true, seen = disk(288, 384, 80), disk(288, 384, 80 + off)
    likely = ndimage.gaussian_filter(np.where(seen, 0.9, 0.05), 4)
    regions = regions_from_probabilities(
        answer(person=likely, sky=0.95 - likely), NAMES, photo_of(true, HAIR, WALL), UNSURE
    )
    assert overlap(likely > UNSURE, true) < 0.85
    assert overlap(regions.mask("person") > 127, true) > 0.97
    around = disk(288, 384, 92) & ~disk(288, 384, 86)  # where a halo would be
    assert regions.mask("person")[around].mean() < 0.02 * 255


@pytest.mark.parametrize(("radius", "kept"), [(40, 0.75), (80, 0.9)])
def test_where_the_photo_shows_no_edge_the_outline_stays(radius, kept):
    seen = disk(288, 384, radius)
    flat = photo_of(np.zeros((288, 384), bool), HAIR, WALL)
    likely = ndimage.gaussian_filter(np.where(seen, 0.9, 0.05), 4)
    regions = regions_from_probabilities(answer(person=likely, sky=0.95 - likely), NAMES, flat, UNSURE)
    assert overlap(regions.mask("person") > 127, seen) > kept


def test_no_rim_of_doubt_stays_between_two_classes():
    true = disk(288, 384, 80)
    rim = disk(288, 384, 88) & ~disk(288, 384, 72)
    person = np.where(rim, 0.35, np.where(true, 0.9, 0.05))
    regions = regions_from_probabilities(
        answer(person=person, ground=np.where(rim, 0.35, 0.95 - person)),
        NAMES,
        photo_of(true, HAIR, SOIL),
        UNSURE,
    )
    assert regions.share("rest") < 0.002
    assert overlap(regions.mask("person") > 127, true) > 0.98


def test_a_hole_in_the_sky_with_its_color_is_sky_and_one_that_shows_a_wall_is_not():
    hole = disk(288, 384, 14)
    sky = np.where(hole, 0.3, 0.9)
    clear = regions_from_probabilities(answer(sky=sky), NAMES, photo_of(hole, AIR, AIR), UNSURE)
    assert clear.names == ("rest", "sky") and clear.share("rest") == 0
    wide = disk(288, 384, 60)
    walled = regions_from_probabilities(
        answer(sky=np.where(wide, 0.1, 0.9)), NAMES, photo_of(wide, WALL, AIR), UNSURE
    )
    assert overlap(walled.mask("rest") > 127, wide) > 0.97


def test_what_is_not_sure_as_a_whole_is_the_rest():
    flat = photo_of(np.zeros((96, 128), bool), HAIR, WALL)
    assert regions_from_probabilities(answer(np.full((96, 128), 0.4)), NAMES, flat, UNSURE).names == ("rest",)
    sure = regions_from_probabilities(answer(np.full((96, 128), 0.6)), NAMES, flat, UNSURE)
    assert sure.names == ("rest", "person") and (sure.mask("person") == 255).all()


def test_far_from_every_border_masks_are_exact():
    true = disk(288, 384, 80)
    likely = np.where(true, 0.9, 0.05)
    regions = regions_from_probabilities(
        answer(person=likely, sky=0.95 - likely), NAMES, photo_of(true, HAIR, AIR), UNSURE
    )
    assert (regions.mask("person")[disk(288, 384, 40)] == 255).all()
    assert (regions.mask("sky")[~disk(288, 384, 120)] == 255).all()


def test_small_holes_belong_to_what_alone_encloses_them():
    label = np.ones((40, 60), int)
    label[:, 30:] = 2
    label[5:8, 5:8] = 0  # in one class
    label[20:23, 28:33] = 0  # between two
    label[0:3, 10:13] = 0  # at the border of the picture
    label[30:39, 5:15] = 0  # too large
    filled = fill_holes(label, 20)
    assert (filled[5:8, 5:8] == 1).all() and (filled != label).sum() == 9


def test_specks_go_to_the_nearest_larger_part():
    label = np.ones((40, 60), int)
    label[:, 30:] = 2
    label[10:12, 5:7] = 3
    label[10:12, 50:52] = 3
    cleared = clear_specks(label, 10)
    assert (cleared[:, :30] == 1).all() and (cleared[:, 30:] == 2).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 5), st.sampled_from([(16, 40), (1, 90), (250, 21)]))
def test_any_probabilities_stay_probabilities(seed, count, size):
    generator = torch.Generator().manual_seed(seed)
    likely = (3 * torch.randn(count, *size, generator=generator)).softmax(0)
    agreed = agree_with_colors(likely, torch.rand(1, 3, *size, generator=generator))
    assert max(agreed.shape[1:]) <= 192 and torch.isfinite(agreed).all() and agreed.min() >= 0
    assert torch.allclose(agreed.sum(0), torch.ones(agreed.shape[1:]), atol=1e-5)
