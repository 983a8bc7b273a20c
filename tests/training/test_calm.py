"""Calm parts: pictures whose answer is known."""

import numpy as np
import pytest
import torch

from training.metrics.calm import BANDS, calm_facts, calm_figures, takes_apart


def noise(seed, sigma, height=160, width=192):
    """Return soft noise (1, 3, H, W) of zero mean and deviation 1, gray."""
    rng = torch.Generator().manual_seed(seed)
    grain = torch.randn(1, 1, height, width, generator=rng)
    taps = torch.exp(-0.5 * (torch.arange(-3 * sigma, 3 * sigma + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        grain = torch.nn.functional.conv2d(grain, taps.view(shape), padding="same")
    return (grain / grain.std()).expand(-1, 3, -1, -1)


@pytest.fixture(scope="module")
def photo():
    """A sky of faint clouds above a busy ground."""
    picture = 0.5 + 0.01 * noise(1, 6)
    picture[:, :, 100:] += 0.2 * noise(2, 2)[:, :, 100:]
    return picture.clamp(0, 1)


@pytest.fixture(scope="module")
def painting():
    """Strokes everywhere."""
    return (0.5 + 0.08 * noise(3, 3, 120, 200)).clamp(0, 1)


def test_the_photo_itself_follows_itself_and_keeps_its_order(photo, painting):
    own = calm_facts(photo)
    found = calm_figures(own, own, calm_facts(painting))
    for band in BANDS:
        assert found[f"follow_{band}"] == pytest.approx(1)
        assert found[f"order_{band}"] == pytest.approx(1)
        assert found[f"relief_{band}"] < (0.15 if band == "coarse" else 0.03)  # but for the borders
        assert found[f"energy_{band}"] < 0.5  # its sky is calmer than any part of the painting


def test_marks_stamped_into_a_photo_do_not_follow_it_and_cost_energy_and_order(photo, painting):
    own, paint = calm_facts(photo), calm_facts(painting)
    plain = calm_figures(own, own, paint)
    stamped = calm_figures(calm_facts((photo + 0.15 * noise(4, 2)).clamp(0, 1)), own, paint)
    for band in ("fine", "middle"):
        assert stamped[f"follow_{band}"] < 0.1
        assert stamped[f"energy_{band}"] > 5 * plain[f"energy_{band}"]
        assert stamped[f"order_{band}"] < 0.85 < plain[f"order_{band}"]
    assert stamped["energy_middle"] > 1


def test_an_embossed_photo_has_relief_whichever_way_the_light_comes(photo, painting):
    own, paint = calm_facts(photo), calm_facts(painting)
    for axes in (2, 3, (2, 3)):
        ways = (axes,) if isinstance(axes, int) else axes
        lit = photo + 0.5 * (photo.roll([-1] * len(ways), ways) - photo.roll([1] * len(ways), ways))
        found = calm_figures(calm_facts(lit), own, paint)
        assert found["relief_fine"] > 0.4 and found["relief_middle"] > 0.2


def test_strokes_along_the_contours_cross_them_less_than_strokes_of_one_direction(painting):
    rows = torch.arange(160.0).view(1, 1, -1, 1).expand(1, 3, -1, 192)
    striped = 0.5 + 0.2 * torch.sin(rows / 4)
    own, paint = calm_facts(striped), calm_facts(painting)
    columns = torch.arange(192.0).view(1, 1, 1, -1)
    along = calm_figures(calm_facts(striped + 0.1 * torch.sin(rows / 2)), own, paint)
    slanting = calm_figures(calm_facts(striped + 0.1 * torch.sin((rows + columns) / 2)), own, paint)
    across = calm_figures(calm_facts(0.5 + 0.2 * torch.sin(columns / 4).expand(1, 3, 160, -1)), own, paint)
    assert along["crossing"] < 0.02
    assert 0.1 < slanting["crossing"] < 0.5
    assert across["crossing"] > 0.95
    blank = calm_facts(torch.full((1, 3, 160, 192), 0.5))
    assert "crossing" not in calm_figures(own, blank, paint)  # nothing to cross


def test_a_painting_has_the_energy_of_its_own_calm_parts_and_knows_nothing_of_the_photo(photo):
    strokes = (0.5 + 0.08 * noise(5, 3)).clamp(0, 1)
    found = calm_figures(calm_facts(strokes), calm_facts(photo), calm_facts(strokes))
    for band in BANDS:
        assert (
            1 <= found[f"energy_{band}"] < 1.6
        )  # the photo's calm part is not where the strokes are calmest
        assert found[f"follow_{band}"] < 0.1


def test_the_calm_part_is_the_sky(photo):
    calm = calm_facts(photo).calm
    assert calm.mean() == pytest.approx(0.3, abs=0.01)
    assert calm[:90].sum() == calm.sum()


def test_what_cannot_be_told_of_a_flat_picture_is_left_out(painting):
    flat = calm_facts(torch.full((1, 3, 96, 96), 0.5))
    found = calm_figures(flat, flat, calm_facts(painting))
    assert set(found) == {f"energy_{band}" for band in BANDS}
    assert found["energy_fine"] == pytest.approx(0, abs=1e-3) and np.isfinite(list(found.values())).all()


def test_takes_are_apart_by_their_mean_difference_in_levels():
    dark, light = torch.full((1, 3, 4, 4), 0.2), torch.full((1, 3, 4, 4), 0.2 + 6 / 255)
    assert takes_apart(dark, light) == pytest.approx(6, rel=1e-4)
