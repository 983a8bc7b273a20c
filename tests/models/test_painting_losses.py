"""Losses of the calm parts: on pictures whose answer is known."""

import pytest
import torch

from stylizer.imaging.detail_bands import band_energy, calm_energy, calm_mask, calmness_guides, detail_bands
from stylizer.models.painting_losses import (
    PaintingWeights,
    excess,
    painting_losses,
    photo_target,
    sample_places,
    style_target,
)
from stylizer.models.perceptual import (
    Perceptual,
    part_distance,
    part_moments,
    relative_content,
    shares_of,
    style_parts,
)
from tests.imaging.landscape import landscape, noise


@pytest.fixture
def photo() -> torch.Tensor:
    """A soft sky over a busy ground."""
    return landscape()


def in_parts(picture: torch.Tensor, guides: torch.Tensor) -> torch.Tensor:
    return part_moments(picture, shares_of(guides, picture))


def test_excess_counts_only_what_goes_beyond(photo):
    energy = band_energy(detail_bands(photo))
    own = calm_energy(energy, calm_mask(energy))
    assert excess(own, own).item() == 0
    assert excess(own / 2, own).item() == 0
    assert excess(own * torch.e, own).item() == pytest.approx(1, abs=1e-3)


def test_a_texture_moved_into_the_calm_part_changes_moments_of_parts_and_not_global_ones(photo):
    flipped = photo.flip(2)  # the same values, the busy half where the calm one was
    guides = calmness_guides(photo)
    here, there = in_parts(photo, guides), in_parts(flipped, guides)
    assert style_parts([here], [here]).item() == pytest.approx(0, abs=1e-6)
    assert style_parts([there], [here]) > 0.01
    assert torch.allclose(photo.mean((2, 3)), flipped.mean((2, 3)), atol=1e-5)


def test_moments_of_even_parts_are_the_channel_moments():
    features = noise(2, 5, 16, 16)
    found = in_parts(features, torch.full((2, 3, 16, 16), 1 / 3))
    assert torch.allclose(found[:, 1, 0], features.mean((2, 3)), atol=1e-5)
    assert torch.allclose(found[:, 1, 1], features.std((2, 3), unbiased=False), atol=1e-3)


def test_the_distance_of_parts_is_relative_to_the_style_and_softened_beyond_the_knee():
    style = torch.ones(1, 3, 2, 4)
    result = style.clone()
    result[:, 0] = 3  # one part of three, four times the style's own size away
    assert torch.allclose(part_distance(result, style), torch.tensor([[4.0, 0, 0]]))
    assert style_parts([result], [style]).item() == pytest.approx(4 / 3)
    assert style_parts([result], [style], knee=2).item() == pytest.approx(torch.tensor(9.0).log() / 2 / 3)


def test_parts_count_as_much_as_their_areas():
    style = torch.ones(2, 3, 2, 4)
    result = style.clone()
    result[:, 0] = 3
    areas = torch.tensor([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]])
    assert style_parts([result], [style], areas).item() == pytest.approx((4 * 0.5 + 0) / 2)


def test_gradients_reach_the_picture_through_every_loss(photo):
    picture = (photo + 0.05 * noise(1, 3, 128, 128)).requires_grad_(True)
    energy = band_energy(detail_bands(photo))
    mask = calm_mask(energy)
    allowed = calm_energy(energy, mask)
    guides = calmness_guides(photo)
    for loss in (
        excess(calm_energy(band_energy(detail_bands(picture)), mask), allowed).mean(),
        style_parts([in_parts(picture, guides)], [in_parts(photo, guides)]),
    ):
        (gradient,) = torch.autograd.grad(loss, picture, retain_graph=True)
        assert gradient.isfinite().all() and gradient.abs().max() > 0


@pytest.fixture(scope="module")
def judged():
    """Judge a painting of the landscape, a face in its sky, against the landscape's own manner."""
    torch.manual_seed(0)
    network, photo = Perceptual(), landscape()
    face = torch.zeros(1, 1, 128, 128)
    face[..., 8:40, 48:80] = 1
    features = network(photo)
    places = sample_places(128, 128, torch.Generator().manual_seed(0))
    style = style_target(photo, features)

    def judge(
        painted: torch.Tensor, faces: torch.Tensor | None = face, strength: float | None = None
    ) -> dict[str, float]:
        target = photo_target(photo, features[-2:], faces)
        asked = None if strength is None else torch.tensor([strength])
        found = painting_losses(painted, network(painted), target, style, places, PaintingWeights(), asked)
        return {name: float(value) for name, value in found.items()}

    return photo, judge


def dabbed(photo: torch.Tensor, top: int, left: int) -> torch.Tensor:
    """Put a few red dabs, as light as what they cover."""
    picture = photo.clone()
    for row in range(top, top + 24, 8):
        picture[:, 0, row : row + 4, left : left + 20] += 0.299 * 0.5
        picture[:, 1, row : row + 4, left : left + 20] -= 0.299**2 * 0.5 / 0.587
    return picture


def test_the_photo_itself_loses_nothing_of_its_faces_and_has_its_own_colors(judged):
    photo, judge = judged
    found = judge(photo)
    assert found["faces"] == pytest.approx(0, abs=1e-2) and found["tint"] == 0


def test_dabs_on_a_face_count_and_elsewhere_they_do_not(judged):
    photo, judge = judged
    on, beside = judge(dabbed(photo, 10, 54)), judge(dabbed(photo, 84, 54))
    assert on["faces"] > 20 * beside["faces"] and on["faces"] > 1


def test_dabs_of_color_that_the_painting_lacks_count_wherever_they_are(judged):
    photo, judge = judged
    assert judge(dabbed(photo, 84, 54))["tint"] > 0.03


def test_hatching_across_the_contours_counts_and_the_photo_itself_crosses_little(judged):
    photo, judge = judged
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    hatched = photo + 0.1 * torch.sin((rows + columns) / 1.5)
    assert judge(hatched)["flow"] > 1.5 * judge(photo)["flow"] > 0


def test_a_check_counts_and_what_the_photo_itself_shows_does_not(judged):
    photo, judge = judged
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    woven = photo + 0.05 * torch.sin(1.3 * rows) * torch.sin(1.1 * columns)
    assert judge(photo)["weave"] == 0
    assert judge(woven)["weave"] > 1
    assert judge(photo.lerp(photo.mean((2, 3), keepdim=True), 0.3))["weave"] == 0, "less of all is none"


def test_without_known_faces_nothing_is_lost_of_them(judged):
    photo, judge = judged
    assert judge(dabbed(photo, 10, 54), None)["faces"] == 0
    assert judge(dabbed(photo, 10, 54), torch.zeros(1, 1, 128, 128))["faces"] == 0


def test_the_content_distance_is_that_of_both_layers(judged):
    photo, judge = judged
    torch.manual_seed(0)
    network, mirrored = Perceptual(), photo.flip(3)
    expected = relative_content(network(mirrored)[-2:], network(photo)[-2:], PaintingWeights().content)
    assert judge(mirrored)["content"] == pytest.approx(float(expected), rel=1e-4) and expected > 0.1


def test_paint_that_lies_in_one_half_alone_counts_and_evenly_spread_it_does_not():
    torch.manual_seed(0)
    network, photo = Perceptual(), 0.5 + 0.1 * noise(1, 3, 128, 128)
    painting = 0.5 + 0.2 * noise(1, 3, 128, 128, seed=1)
    one_half = photo.clone()
    one_half[..., :64] = 0.5 + 0.3 * noise(1, 3, 128, 64, seed=2)
    one_half[..., 64:] = 0.5
    target = photo_target(photo, network(photo)[-2:])
    style = style_target(painting, network(painting))
    places = sample_places(128, 128, torch.Generator().manual_seed(0))
    even, uneven = (
        float(painting_losses(each, network(each), target, style, places, PaintingWeights())["local"])
        for each in (0.5 + 0.2 * noise(1, 3, 128, 128, seed=3), one_half)
    )
    assert uneven > 3 * even


def test_cells_do_not_look_at_faces(judged):
    photo, judge = judged
    left, all_face = torch.zeros(1, 1, 128, 128), torch.ones(1, 1, 128, 128)
    left[..., :64] = 1
    changed = photo.clone()
    changed[..., :40] = 0.5
    assert 0 < judge(changed, left)["local"] < 0.8 * judge(changed, None)["local"]
    assert (
        0 < judge(changed, all_face)["local"] < 5
    )  # no place is left to be asked, and nothing is divided by it


def test_cells_are_asked_for_nothing_where_the_style_is_not_asked_for_whole(judged):
    photo, judge = judged
    assert judge(photo)["local"] == judge(photo, strength=1.0)["local"] > 0
    assert judge(photo, strength=0.9)["local"] == 0


def test_a_band_of_light_round_what_stands_before_the_sky_counts_and_one_tone_does_not():
    torch.manual_seed(0)
    network = Perceptual()
    photo = 0.7 * torch.ones(1, 3, 128, 128)
    photo[..., 48:80] = 0.4 + 0.3 * noise(1, 3, 128, 32)
    style = style_target(photo, network(photo))
    places = sample_places(128, 128, torch.Generator().manual_seed(0))
    target = photo_target(photo, network(photo)[-2:])
    other, rim = photo.clone(), photo.clone()
    other[..., :48] = other[..., 80:] = torch.tensor([0.9, 0.5, 0.2]).view(1, 3, 1, 1)
    rim[..., 32:48] += 0.2
    even, uneven = (
        float(painting_losses(each, network(each), target, style, places, PaintingWeights())["even"])
        for each in (other, rim)
    )
    assert uneven > 0.3 and even < 0.1 * uneven


def test_a_face_keeps_its_place_among_the_colors_whatever_these_are(judged):
    photo, judge = judged
    turned = photo.flip(1)  # red for blue, everywhere
    gray = turned.clone()
    gray[..., 8:40, 48:80] = 0.1
    assert judge(gray)["faces"] > judge(turned)["faces"] + 5
