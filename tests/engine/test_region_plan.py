"""What regions have of their own, and what they take from the picture."""

from dataclasses import replace

from stylizer.engine import RegionStyle, RegionTranslation, StyleChoice, StyleRequest, TranslateRequest
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
