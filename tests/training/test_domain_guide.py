"""Looks of domains: what is usual in them, where translations are led, and how a run may begin."""

import pytest
import torch

from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig
from stylizer.models.painter import Painter, PainterConfig
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from tests.training.tiny_runs import TINY_RUNS
from training.data.folders import PictureFolder
from training.methods.begin_as_painter import begin_as_painter
from training.methods.cyclegan import CycleGANRun
from training.methods.domain_guide import DomainGuide, DomainStatistics, carried
from training.run.loop import build
from training.run.method import Carry

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
    begin_as_painter(translator, painter, folders)
    code = torch.stack(
        [painter.code(picture[None].float() / 255)[0] for picture in folders[1].pictures]
    ).mean(0)
    photo = crops(1)
    content = painter.encode(photo)
    expected = painter.decode(content, code[None], torch.ones(1))
    assert torch.allclose(translator(photo, torch.tensor([0.0, 1.0])), expected, atol=1e-5)
    own = painter.decode(content, painter.own_code(content), torch.ones(1))
    assert torch.allclose(translator(photo, torch.tensor([1.0, 0.0])), own, atol=1e-5)
    field = torch.tensor([[0.0], [1.0]])[:, :, None].expand(-1, 4, 4)
    assert torch.allclose(translator(photo, field), expected, atol=1e-4)
    with pytest.raises(RuntimeError, match="painter"):
        begin_as_painter(translator, ResnetTranslator(ResnetTranslatorConfig.tiny()), folders)


def cyclegan(out, studio, model):
    return TINY_RUNS["cyclegan"].options(out, studio, model=model, domain="waves", look=0.0)
