"""Looks of domains: what is usual in them, where translations are led, and how a run may begin."""

from dataclasses import replace

import pytest
import torch

from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from tests.training.tiny_runs import TINY_RUNS
from tests.training.toy import tiny_painter_run
from training.data.folders import PictureFolder
from training.methods.begin_as_painter import alike, begin_as_painter, brush_of
from training.methods.cyclegan import CycleGANRun
from training.methods.domain_guide import DomainGuide, DomainStatistics, carried
from training.publishing.runs import open_network
from training.run.config import read_options
from training.run.loop import build, start
from training.run.method import Carry
from training.run.snapshots import list_snapshots

NUMBERS = 2 * (64 + 128 + 256 + 512)


@pytest.fixture
def guide(studio):
    torch.manual_seed(0)
    guide = DomainGuide(CycleGANRun(look=2.0, look_content=3.0, perceptual=studio / "vgg.safetensors"), 2)
    guide.see(crops(4), [0] * 4)
    return guide


def crops(count=3):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(count))


def domain(rows):
    look = DomainStatistics()
    for row in rows:
        look.see(row)
    return look


def test_a_domain_knows_its_mean_and_spread():
    rows = torch.rand(50, NUMBERS)
    look = domain(rows)
    assert torch.allclose(look.mean, rows.mean(0), atol=1e-5)
    assert torch.allclose(look.spread, rows.std(0, unbiased=False), atol=1e-4)


def test_moments_are_carried_to_the_same_side_of_what_is_usual():
    rows = torch.rand(50, NUMBERS) + 1
    here, there = domain(rows), domain(1.5 * rows + 3)
    assert torch.allclose(carried(here.mean, here, there), there.mean, atol=1e-4)
    far = here.mean + here.spread
    assert torch.allclose(carried(far, here, there), there.mean + 0.4 * there.spread, atol=1e-3)
    assert carried(-99 * far, here, there).min() == 0, "neither means of a ReLU nor spreads are negative"


def test_a_translation_that_looks_as_led_has_no_loss_and_another_has(guide):
    guide.looks[1].load_state_dict(guide.looks[0].state_dict())  # two domains that look the same
    same = guide.losses(crops(4), [0] * 4, crops(4), range(4), [1] * 4, Carry())
    assert same["look"] < 0.05 and same["content"] < 1e-6
    away = guide.losses(crops(4), [0] * 4, crops(4).flip(1) * 0.5, range(4), [1] * 4, Carry())
    assert away["look"] > 5 * same["look"] and away["content"] > 0.001


def test_the_critic_is_shown_real_pictures_and_translations_with_their_domains(guide):
    guide.see(crops(3), [1] * 3)
    carry = Carry()
    assert guide.judge({}, carry, 0) == {}
    assert guide.losses(crops(2), [0, 1], crops(2)[:0], [], [], carry) == {}, "nothing was translated"
    guide.losses(crops(2), [0, 1], crops(1), [0], [1], carry)
    (real, told_real), (made, told_made) = carry.looks
    assert told_real.tolist() == [[1, 0], [0, 1]] and told_made.tolist() == [[0, 1]]
    assert not any(features.requires_grad for features in (*real, *made))
    assert guide.judge({}, carry, 0)["judge_look"] > 0


def test_without_a_weight_no_perceptual_network_is_asked_for():
    guide = DomainGuide(CycleGANRun(), 2)
    assert guide.perceptual is None and guide.losses(crops(1), [0], crops(1), [0], [1], Carry()) == {}


def test_cyclegan_begins_as_what_a_stargan_learned_of_the_domain(studio, tmp_path):
    many = ResnetTranslator(ResnetTranslatorConfig.tiny(("photo", "dots", "waves")))
    for layer in (many.stem, many.to_half, many.to_quarter, many.up_half, many.up_full):
        torch.nn.init.normal_(layer.scale)
        torch.nn.init.normal_(layer.shift)
    torch.nn.init.normal_(many.color.weight, std=0.1)
    method = build("cyclegan", cyclegan(tmp_path, studio, ResnetTranslatorConfig.tiny()))
    method.begin_with(many)
    for way, index in (("ab", 2), ("ba", 0)):
        assert torch.allclose(method.nets[way](crops(1)), many(crops(1), torch.eye(3)[index]), atol=1e-6)
    assert not torch.allclose(method.nets["ab"](crops(1)), method.nets["ba"](crops(1)), atol=1e-3)


def test_a_brush_translator_begins_as_the_painter_with_the_mean_code_of_its_domain(studio):
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny())
    painter.description_basis.normal_()
    translator = BrushTranslator(BrushTranslatorConfig.tiny(("photo", "waves")))
    folders = [PictureFolder(studio / "photos"), PictureFolder(studio / "paintings" / "waves")]
    begin_as_painter(translator, painter, folders, folders[0])
    means = torch.stack([picture.float().mean((1, 2)) / 255 for picture in folders[0].pictures])
    assert torch.allclose(translator.usual_colors[:3], means.mean(0), atol=1e-4)
    with torch.no_grad():
        translator.kept.zero_()
    code = torch.stack(
        [painter.code(picture[None].float() / 255)[0] for picture in folders[1].pictures]
    ).mean(0)
    photo = crops(1)
    content = painter.encode(photo)
    expected = painter.decode(content, code[None], torch.ones(1))
    assert torch.allclose(translator(photo, torch.tensor([0.0, 1.0])), expected, atol=1e-5)
    own = painter.decode(content, painter.own_code(content), torch.ones(1))
    assert torch.allclose(translator(photo, torch.tensor([1.0, 0.0])), own, atol=1e-5)
    with pytest.raises(RuntimeError, match="painter"):
        begin_as_painter(translator, ResnetTranslator(ResnetTranslatorConfig.tiny()), folders, folders[0])


def test_prototypes_are_means_over_pictures_of_like_colors(studio):
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny())
    painter.description_basis.normal_()
    small = BrushTranslatorConfig.tiny(("photo", "waves"))
    config = BrushTranslatorConfig(small.painter, small.domains, prototypes=2)
    translator = BrushTranslator(config)
    folders = [PictureFolder(studio / "photos"), PictureFolder(studio / "paintings" / "waves")]
    begin_as_painter(translator, painter, folders, folders[0])
    with torch.no_grad():
        codes = torch.cat([painter.code(picture[None].float() / 255) for picture in folders[1].pictures])
    first, second = (8 * translator.codes[2:]).detach()
    assert not torch.allclose(first, second, atol=1e-3)
    for row in (first, second):  # within what the pictures of the domain have
        assert ((row >= codes.amin(0) - 1e-4) & (row <= codes.amax(0) + 1e-4)).all()
    assert torch.allclose(translator.codes[0], translator.codes[1])
    assert translator.standings.abs().max() <= 3 and translator.color_spread.min() > 0


def test_alike_rows_are_grouped_and_no_group_is_empty():
    rows = torch.tensor([[0.0, 0], [0.1, 0], [5, 5], [5.1, 5], [-9, 0]])
    assert sorted(sorted(group.tolist()) for group in alike(rows, 3)) == [[0, 1], [2, 3], [4]]
    assert all(len(group) for group in alike(rows[:2], 4))


# other than by default in all that changes a picture
ODD = PainterConfig(**{**vars(PainterConfig.tiny()), "blocks": (1, 2, 1), "variance_floor": 2.0,
                       "normalize_encoder": True, "match_colors": False, "told_calmness": False,
                       "calibration": ((0.0, 0.0), (1.0, 0.8))})  # fmt: skip


@pytest.fixture
def odd_painter(tmp_path):
    torch.manual_seed(0)
    painter = Painter(ODD).eval()
    painter.description_basis.normal_()
    save_checkpoint(tmp_path / "odd", painter, "# Odd\n", half=False)
    return tmp_path / "odd"


@pytest.mark.parametrize("name", ["cyclegan", "stargan"])
def test_a_run_that_begins_as_a_painter_paints_with_its_floor_and_its_ways_with_color(
    name, studio, odd_painter, tmp_path
):
    options = TINY_RUNS[name].options(
        tmp_path, studio, generator="brush", init=odd_painter, steps=1, look=0.0, lr=1e-12
    )
    run = start(name, options)
    assert open_network(run)[0].config.painter == replace(ODD, calibration=PainterConfig().calibration)
    brush = read_options(run)[1]["brush"]
    assert brush["variance_floor"] == 2.0 and brush["blocks"] == [1, 2, 1]

    painter, translator = load_checkpoint(odd_painter), open_network(run)[0]
    photo, mix = crops(1), torch.eye(len(translator.domains))[-1]
    content = painter.encode(photo)
    code = 8 * translator.codes[-1:]
    with torch.inference_mode():
        translator.kept.zero_()
        expected = painter.decode(content, code, torch.ones(1))
        assert torch.allclose(translator(photo, mix), expected, atol=1e-3)

    again = start(name, replace(options, name="again", init=list_snapshots(run)[-1]))
    assert read_options(again)[1]["brush"] == brush, "a snapshot's translator goes on as it was"


@pytest.mark.parametrize("name", ["cyclegan", "stargan"])
def test_a_run_goes_on_from_a_published_translator_of_its_own_kind(name, studio, odd_painter, tmp_path):
    options = TINY_RUNS[name].options(
        tmp_path, studio, generator="brush", init=odd_painter, steps=1, look=0.0, lr=1e-12
    )
    first = open_network(start(name, options))[0]
    save_checkpoint(tmp_path / "shipped", first, "# Shipped\n", half=False)
    second = open_network(start(name, replace(options, name="second", init=tmp_path / "shipped")))[0]
    photo = crops(1)
    with torch.inference_mode():
        assert torch.allclose(second(photo), first(photo), atol=1e-4)


def test_what_is_asked_of_a_brush_translator_comes_before_the_painters(odd_painter):
    assert brush_of(odd_painter, PainterConfig(variance_floor=0.5)).variance_floor == 0.5
    assert brush_of(None, PainterConfig.tiny()) == PainterConfig.tiny()


def test_a_run_says_where_it_paints_otherwise_than_what_it_begins_from(odd_painter, studio, tmp_path, capsys):
    model = replace(ODD, variance_floor=0.25)
    start("painter", tiny_painter_run(tmp_path, studio, init=odd_painter, model=model, steps=1))
    assert "variance_floor is 0.25, there 2.0" in capsys.readouterr().out
    start("painter", tiny_painter_run(tmp_path, studio, init=odd_painter, model=ODD, steps=1))
    assert "otherwise" not in capsys.readouterr().out


def cyclegan(out, studio, model):
    return TINY_RUNS["cyclegan"].options(out, studio, model=model, domain="waves", look=0.0)
