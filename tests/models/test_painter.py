"""The painter: codes, fields of codes, tiles, sizes."""

from dataclasses import replace

import pytest
import torch

from stylizer.imaging.color import color_covariance
from stylizer.models.blocks import CodeMix
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig

KINDS = {
    "colors as drawn": {"match_colors": False, "told_calmness": False},
    "colors matched": {"match_colors": True, "told_calmness": False},
    "told what is calm": {"match_colors": True, "told_calmness": True},
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def painter(request) -> Painter:
    torch.manual_seed(0)
    painter = Painter(replace(PainterConfig.tiny(), **request.param)).eval()
    if painter.told_calmness:  # before any training it says nothing
        for layer in (painter.calm2, painter.calm4, painter.calm8):
            torch.nn.init.normal_(layer.weight, std=0.3)
    painter.fit_components(torch.cat([painter.describe(picture(64, 64, seed)) for seed in range(20, 40)]))
    return painter


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def codes(painter) -> torch.Tensor:
    return torch.cat([painter.code(picture(64, 64, seed)) for seed in (1, 2, 3)]).detach()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 23), (64, 40), (97, 31)])
def test_any_size_comes_back_as_it_was_and_in_range(painter, codes, height, width):
    painted = painter.decode(painter.encode(picture(height, width)), codes[:1], torch.ones(1))
    assert painted.shape == (1, 3, height, width)
    assert painted.min() >= 0 and painted.max() <= 1


def test_a_batch_is_painted_like_its_single_pictures(painter, codes):
    photos = torch.cat([picture(32, 48, 5), picture(32, 48, 6)])
    together = painter.paint(painter.encode(photos), CodeMix(codes[:2]))
    apart = [painter.paint(painter.encode(photos[i : i + 1]), CodeMix(codes[i : i + 1])) for i in (0, 1)]
    assert torch.allclose(together, torch.cat(apart), atol=1e-5)


def test_the_order_of_styles_does_not_matter(painter, codes):
    content, shares = painter.encode(picture(40, 40)), torch.tensor([0.2, 0.3, 0.5])
    turned = painter.decode(content, codes.flip(0), shares.flip(0))
    assert torch.allclose(painter.decode(content, codes, shares), turned, atol=1e-5)


def test_a_tile_with_the_whole_pictures_statistics_equals_its_part_of_the_whole(painter, codes):
    photo, halo = picture(192, 192), painter.halo
    content = painter.encode(photo, painted=True)
    statistics = painter.measure(content, codes[:1], torch.ones(1))
    whole = painter.decode(content, codes[:1], torch.ones(1), statistics)
    tile = painter.encode(photo[:, :, :, :160], like=content)
    part = painter.decode(tile, codes[:1], torch.ones(1), statistics)
    assert torch.allclose(part[:, :, :, : 160 - halo], whole[:, :, :, : 160 - halo], atol=1e-4)
    right = painter.encode(photo[:, :, :, 32:], like=content)
    part = painter.decode(right, codes[:1], torch.ones(1), statistics)
    assert torch.allclose(part[:, :, :, halo:], whole[:, :, :, 32 + halo :], atol=1e-4)


def test_matched_pictures_have_the_colors_of_their_codes():
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()).eval()
    drawn = Painter(replace(PainterConfig.tiny(), match_colors=False)).eval()
    drawn.load_state_dict(painter.state_dict())
    codes, wanted, other = painter.code(picture(64, 64)).repeat(2, 1), (0.5, 0.5, 0.5), (0.6, 0.5, 0.4)
    codes[:, painter.mean_part] = torch.tensor([wanted, other])
    codes[:, painter.root_part] = (0.05 * torch.eye(3)).flatten()
    content, mix = painter.encode(picture(96, 96)), CodeMix(codes[1:])
    (mean, spread), (as_drawn, before) = (
        color_covariance(each.paint(content, mix)) for each in (painter, drawn)
    )
    assert torch.allclose(mean[0], torch.tensor(other), atol=1e-4)
    assert (as_drawn - mean).abs().max() > 1e-3
    aim = 0.05**2 * torch.eye(3)
    assert (spread[0] - aim).abs().max() < 0.8 * (before[0] - aim).abs().max()


def test_what_is_drawn_shows_with_the_photos_forms_and_not_with_its_grain_or_its_light(painter):
    light = torch.linspace(0.2, 0.9, 128).view(1, 1, -1, 1).expand(1, 3, 128, 128)
    grain = 0.015 * torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(4))
    form = light.clone()
    form[:, :, 40:90, 50:80] -= 0.2  # as little as a bird in a clear sky
    shown = [float(painter.encode(each.clamp(0, 1)).shown) for each in (light, light + grain, form)]
    assert shown == [0, 0, 1]
    whole = painter.encode(form)
    assert painter.encode(light[:, :, :32, :32], like=whole).shown == whole.shown


def test_a_clear_sky_has_the_colors_of_the_painting_whatever_its_strokes_would_have_added(painter, codes):
    light = torch.linspace(0.5, 0.7, 96).view(1, 1, -1, 1).expand(1, 3, 96, 96)
    sky = light * torch.tensor([0.7, 0.9, 1.1]).view(1, 3, 1, 1)
    code = codes[:1].clone()
    code[:, painter.base] = torch.tensor([-0.3, 0.4, -0.4, 0.3])  # a gain and an offset, learned with strokes
    painted = painter.decode(painter.encode(sky), code, torch.ones(1))
    assert torch.allclose(painted.mean((2, 3)), painter.color_of(code)[0], atol=0.02)


def test_two_takes_of_a_clear_sky_are_painted_alike(painter, codes):
    light, rng = torch.linspace(0.4, 0.6, 96).view(1, 1, -1, 1), torch.Generator().manual_seed(5)
    takes = [light + 0.01 * torch.randn(1, 3, 96, 96, generator=rng) for _ in range(2)]
    one, other = (painter.decode(painter.encode(take), codes[:1], torch.ones(1)) for take in takes)
    assert (one - other).abs().mean() < 3 / 255
    assert one.mean(3).std(2).max() > 0.01  # the sky's light is still there


def test_every_trainable_number_gets_a_gradient_and_the_trunk_none(painter):
    painter.zero_grad()
    content = painter.encode(picture(48, 48))
    code = painter.own_code(content) + painter.code(picture(64, 64, 9))
    painter.paint(content, CodeMix(code)).square().mean().backward()
    for name, parameter in painter.named_parameters():
        if name.startswith("descriptor."):
            assert parameter.grad is None, name
        else:
            assert parameter.grad is not None, name


def test_components_of_the_sample_are_white(painter):
    known = torch.cat([painter.describe(picture(64, 64, seed)) for seed in range(20, 40)])
    painter.fit_components(known)
    components = (known - painter.description_mean) @ painter.description_basis
    covariance = torch.cov(components.T, correction=0)
    assert torch.allclose(covariance, torch.eye(len(covariance)), atol=0.02)


def test_a_photos_own_code_has_its_colors_and_is_otherwise_one_for_all(painter):
    photos = [picture(32, 48, seed) for seed in (5, 6)]
    own = torch.cat([painter.own_code(painter.encode(photo)) for photo in photos])
    assert torch.equal(own[0, : painter.learned_size], own[1, : painter.learned_size])
    assert torch.allclose(painter.color_of(own)[0], torch.cat([p.mean((2, 3)) for p in photos]), atol=1e-5)


def test_the_code_tells_the_styles_colors(painter):
    style = picture(64, 64, 4)
    mean, root = painter.color_of(painter.code(style))
    assert torch.allclose(mean[0], style.mean((0, 2, 3)), atol=1e-5)
    expected = torch.cov(style[0].flatten(1), correction=0)
    assert torch.allclose((root @ root)[0], expected, atol=1e-5)


def test_training_mode_leaves_the_trunks_running_statistics_alone(painter):
    before = {k: v.clone() for k, v in painter.descriptor.state_dict().items()}
    painter.train()
    painter.describe(picture(64, 64))
    painter.eval()
    assert all(torch.equal(v, before[k]) for k, v in painter.descriptor.state_dict().items())


def test_codes_and_weights_of_unequal_count_are_refused(painter, codes):
    with pytest.raises(ValueError, match="3 codes need as many weights, not 2"):
        painter.decode(painter.encode(picture(32, 32)), codes, torch.ones(2) / 2)


def test_widths_of_zero_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        PainterConfig(widths=(0, 8, 8))
