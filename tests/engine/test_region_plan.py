"""What regions have of their own, what they take from the picture, and what goes on beyond them."""

from dataclasses import replace

import torch

from stylizer.engine import RegionStyle, RegionTranslation, StyleChoice, StyleRequest, TranslateRequest
from stylizer.engine.pipelines.region_plan import spread_out
from stylizer.imaging.regions import whole
from tests.engine.drawn import drawn

INK, WAVE = StyleChoice(drawn(seed=1)), StyleChoice(drawn(seed=2))


def test_a_region_takes_from_the_picture_what_it_has_not_of_its_own():
    own = RegionStyle("rest", strength=0.3, stroke=2.0)
    request = StyleRequest(
        drawn(), (INK,), 0.9, 0.5, regions=whole((48, 64)), region_styles=(own,), stroke=1.5
    )
    assert request.region_style("rest") == RegionStyle("rest", (INK,), 0.3, 0.5, 2.0)
    assert request.region_style("sky") == RegionStyle("sky", (INK,), 0.9, 0.5, 1.5)
    moved = replace(request, styles=(WAVE,), strength=0.1)
    assert moved.region_style("rest") == RegionStyle("rest", (WAVE,), 0.3, 0.5, 2.0), "it follows the picture"


def test_strength_zero_of_its_own_is_not_the_pictures():
    assert RegionStyle("sky", strength=0).keeps and RegionStyle("sky", ()).keeps
    assert not RegionStyle("sky").keeps and not RegionStyle("sky", (INK,)).keeps
    assert RegionTranslation("sky", 0).keeps and not RegionTranslation("sky").keeps


def test_a_translated_region_follows_the_picture_too():
    domains = (("winter", 1.0),)
    request = TranslateRequest(drawn(), "seasons", domains, 0.7)
    assert request.region_style("sky") == RegionTranslation("sky", 0.7, domains)
    regions = whole((48, 64))
    request = replace(request, regions=regions, region_styles=(RegionTranslation("rest", 0.0),))
    assert request.region_style("rest") == RegionTranslation("rest", 0.0, domains)


def test_another_strength_of_one_region_leaves_the_rest_of_what_it_has():
    own = RegionStyle("rest", (WAVE,), color=0.2)
    request = StyleRequest(drawn(), (INK,), regions=whole((48, 64)), region_styles=(own,))
    assert request.at_strength(0.4, "rest").region_styles == (replace(own, strength=0.4),)
    assert request.at_strength(0.4).strength == 0.4 and request.at_strength(0.4).region_styles == (own,)


def test_where_nothing_is_painted_the_nearest_mix_goes_on():
    """Left half one mix, right edge another; between them nothing: each side goes on from its own."""
    total = torch.zeros(1, 32, 64)
    total[:, :, :20], total[:, :, 60:] = 1, 1
    sums = torch.zeros(2, 32, 64)
    sums[0, :, :20], sums[1, :, 60:] = 1, 1
    spread = spread_out(sums, total)
    assert torch.allclose(spread.sum(0), torch.ones(32, 64), atol=1e-4), "weights stay weights"
    assert torch.equal(spread[0, :, :20], torch.ones(32, 20)), "what is known stays"
    assert spread[0, :, 22:26].min() > 0.8 and spread[1, :, 54:58].min() > 0.8, "its neighbor goes on"
    across = spread[0].mean(0)
    assert (across.diff() <= 1e-4).all(), "from one to the other without a jump back"


def test_a_hole_takes_the_color_around_it():
    total = torch.ones(1, 33, 47)
    total[:, 10:20, 15:30] = 0
    sums = 0.3 * total
    assert torch.allclose(spread_out(sums, total), torch.full((1, 33, 47), 0.3), atol=1e-4)
