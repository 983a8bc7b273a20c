"""Translators and generators in training: memories, augmentation, alarms, and what each method promises."""

import json

import pytest
import torch

from stylizer.imaging.keep_color import luma
from stylizer.models.checkpoint import load_checkpoint, read_card
from stylizer.models.colorizer import Colorizer, ColorizerConfig, guided_enlarge, to_chroma, with_chroma
from stylizer.models.resnet_translator import ResnetTranslator
from stylizer.models.style_gan import StyleGAN, StyleGANConfig
from tests.training.tiny_runs import TINY_RUNS
from training.__main__ import main
from training.data.augment import AdaptiveAugment, differentiable_augment
from training.data.encoder_weights import load_encoder
from training.data.pool import PicturePool
from training.losses.adversarial import mean_feature_matching
from training.losses.cycle import latent_divergence, picture_l1, picture_l2
from training.losses.discriminators import (
    DomainCritic,
    LiteTrunk,
    PictureCritic,
    ProjectedCritic,
    ScaleCritic,
)
from training.losses.penalties import path_lengths
from training.methods.crop_method import right_share
from training.methods.cyclegan import CycleGANRun
from training.methods.dualgan import DualGANRun
from training.methods.unpaired import name_of_a
from training.run.alarms import LOOKS, Alarms
from training.run.config import UserMistake
from training.run.loop import build, start
from training.run.method import Carry, late_linear, only_train, trainable_parameters
from training.run.snapshots import newest_snapshot


def test_distances_are_in_the_papers_units():
    black, white = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    assert picture_l1(black, white) == 2 and picture_l2(black, white) == 4
    assert latent_divergence(torch.tensor([3.0, -1.0])) == 5


def test_feature_means_do_not_care_which_picture_is_which():
    features = (torch.rand(4, 3, 5, 5), torch.rand(4, 6, 2, 2))
    shuffled = tuple(f.flip(0, 2, 3) for f in features)
    assert mean_feature_matching(features, shuffled) < 1e-12
    assert mean_feature_matching(features, tuple(f + 1 for f in features)) == pytest.approx(2, rel=1e-5)


def test_path_lengths_of_pictures_that_follow_one_number_are_known():
    styles = torch.randn(2, 1, 3, requires_grad=True)
    pictures = styles[:, 0, :1, None, None].expand(2, 3, 4, 4) * 5
    noise = torch.randn(2, 3, 4, 4)
    expected = (2 * 5 * noise.sum((1, 2, 3)) / 4).abs()  # pictures in [-1, 1] move twice as far
    assert torch.allclose(path_lengths(pictures, styles, noise), expected, rtol=1e-4)


def test_the_learning_rate_is_held_and_falls_in_a_line():
    assert [late_linear(step, 100, 8.0) for step in (0, 50, 75, 100)] == [8, 8, 4, 0]
    assert late_linear(50, 100, 8.0, begin=0.0) == 4


def test_the_pool_shows_past_pictures_and_is_saved():
    torch.manual_seed(0)
    pool = PicturePool(4, 2)
    shown = [pool.exchange(torch.full((1, 3, 2, 2), float(i)))[0, 0, 0, 0].item() for i in range(60)]
    assert shown[:4] == [0, 1, 2, 3]
    past = [i - value for i, value in enumerate(shown[4:], 4)]
    assert 10 < sum(age > 0 for age in past) < 46 and min(past) == 0
    assert {"pictures", "count"} == set(pool.state_dict())
    new = torch.rand(1, 3, 2, 2)
    assert torch.equal(PicturePool(0, 2).exchange(new), new)


def test_augmentation_grows_while_the_critic_is_too_sure_and_passes_gradients():
    torch.manual_seed(0)
    augment = AdaptiveAugment(target=0.6, pictures=40, every=2)
    pictures = torch.rand(4, 3, 16, 16, requires_grad=True)
    assert augment(pictures) is pictures
    for step in range(4):
        augment.follow(torch.ones(4, 1), step)
    assert augment.chance == pytest.approx(16 / 40)
    augment(pictures).square().sum().backward()
    assert pictures.grad.abs().sum() > 0
    for step in range(40):
        augment.follow(torch.tensor([[1.0], [-1.0]]), step)
    assert augment.chance == 0
    assert {"chance", "signs", "count"} == set(augment.state_dict())


def test_augmentation_by_chance_leaves_some_pictures_as_they_are():
    torch.manual_seed(1)
    augment = AdaptiveAugment()
    augment.chance.fill_(0.1)
    pictures = torch.rand(64, 3, 8, 8)
    same = (augment(pictures) - pictures).abs().amax((1, 2, 3)) < 1e-5
    assert 10 < same.sum() < 54  # ten draws, 0.9 each: about a third


def test_a_collapsed_batch_gives_itself_away_to_the_picture_critic():
    torch.manual_seed(0)
    critic = PictureCritic((8, 8, 8)).eval()
    one, four = torch.rand(1, 3, 16, 16), torch.rand(4, 3, 16, 16)
    four[0] = one
    assert critic(four).shape == (4, 1)
    assert not torch.allclose(critic(four)[0], critic(one.expand(4, -1, -1, -1))[0])


def test_critics_answer_for_domains_and_scales():
    scores, domains = DomainCritic(5, width=4, layers=3)(torch.rand(2, 3, 32, 32))
    assert scores.shape[:2] == (2, 1) and domains.shape == (2, 5)
    sides = [score.shape[-1] for score in ScaleCritic(width=4, layers=2)(torch.rand(1, 3, 64, 64))]
    assert len(sides) == 3 and sides == sorted(sides, reverse=True)


def test_the_colorizer_keeps_every_luminance_and_ignores_colors():
    torch.manual_seed(0)
    photo = torch.rand(1, 3, 70, 45)
    network = Colorizer(ColorizerConfig.tiny()).eval()
    with torch.inference_mode():
        colored = network.translate(photo)
        again = network.translate(luma(photo).expand(-1, 3, -1, -1))
    assert torch.allclose(luma(colored), luma(photo), atol=1e-5)
    assert torch.allclose(colored, again, atol=1e-4)
    assert (colored - luma(photo)).abs().max() > 0.01
    assert torch.allclose(with_chroma(luma(photo), to_chroma(photo)), photo, atol=1e-5)


def test_enlarged_chroma_stays_on_its_side_of_an_edge():
    light = torch.zeros(1, 1, 64, 64)
    light[..., 30:] = 0.8
    small = torch.nn.functional.interpolate(light, size=(16, 16), mode="area")
    chroma = torch.cat([small, -small], 1) / 2
    enlarged = guided_enlarge(chroma, small, light)
    assert (enlarged[:, :1] - light / 2).abs().max() < 0.06
    plain = torch.nn.functional.interpolate(chroma, size=(64, 64), mode="bilinear", align_corners=False)
    assert (plain[:, :1] - light / 2).abs().max() > 0.12


def test_styles_mix_by_layer_and_are_tamed_by_truncation():
    torch.manual_seed(0)
    network = StyleGAN(StyleGANConfig.tiny()).eval()
    network.usual_style.normal_()
    with torch.inference_mode():
        first, second = network.style(torch.randn(2, network.latent_size)).split(1)
        mixed = torch.cat([first[:, :1], second[:, 1:]], 1)
        pictures = [network.finish(style) for style in (first, second, mixed)]
        tamed = network.style(torch.randn(2, network.latent_size), truncation=0.0)
        large = network.generate(torch.randn(1, network.latent_size), size=(16, 40))
    assert all(not torch.allclose(pictures[2], other, atol=1e-4) for other in pictures[:2])
    assert torch.allclose(tamed, network.usual_style.expand_as(tamed))
    assert large.shape == (1, 3, 16, 40) and large.std() > 0
    with pytest.raises(ValueError, match=r"z has the shape \(1, 3\); expected \(B, 8\)"):
        network.style(torch.zeros(1, 3))


def test_alarms_tell_inverted_colors_and_collapse_and_spare_what_is_fine():
    photos = torch.rand(2, 3, 32, 32).cumsum(2) / 32
    alarms = Alarms()
    for step in range(LOOKS):
        alarms.colors("fine", step, photos, 0.3 + 0.4 * photos)
        alarms.pictures("fine", step, torch.rand(1, 3, 1, 1).expand(1, 3, 32, 32))
    assert alarms.collect() == []
    for step in range(LOOKS):
        alarms.colors("ill", step, photos, 1 - photos)
        alarms.pictures("ill", step, torch.full((1, 3, 32, 32), 0.4))
    assert sorted(line.split(": ")[1].split(" (")[0] for line in alarms.collect()) == [
        "colors are inverted",
        "the batch's pictures are alike",
    ]


@pytest.mark.parametrize(
    ("broken", "words"),
    [(-1.0, "translate: colors are inverted"), (0.0, "translate: the batch's pictures are alike")],
)
def test_a_broken_run_raises_its_alarm(broken, words, studio, tmp_path, monkeypatch):
    def paint(self, pixels, mix, cursor):
        return broken * (pixels * 2 - 1) + 0 * self.color.weight.sum()

    monkeypatch.setattr(ResnetTranslator, "paint", paint)
    monkeypatch.setattr("training.run.loop.LOOK_EVERY", 1)
    run = start("cyclegan", TINY_RUNS["cyclegan"].options(tmp_path, studio, steps=LOOKS, batch=1))
    notes = [json.loads(line).get("note", "") for line in (run / "report.jsonl").read_text().splitlines()]
    assert any(words in note for note in notes)


def test_dualgan_bounds_slopes_and_not_weights_where_nothing_is_said(studio, tmp_path):
    """Clipped critics without normalization were too slow: what fooled them was 3e-4 of what reconstructs."""
    assert DualGANRun().critic_steps == 5
    method = build("dualgan", TINY_RUNS["dualgan"].options(tmp_path, studio))
    before = [p.detach().clone() for p in method.nets["critic_a"].parameters()]
    assert {"penalty_a", "penalty_b"} <= set(method.judge(method.batch(0), Carry(), 0))
    assert all(torch.equal(a, b) for a, b in zip(before, method.nets["critic_a"].parameters(), strict=True))


def test_clipped_critics_stay_within_their_bound(studio, tmp_path):
    clipped = {"gradient_penalty": 0.0, "largest_weight": 0.01}
    method = build("dualgan", TINY_RUNS["dualgan"].options(tmp_path, studio, **clipped))
    assert set(method.judge(method.batch(0), Carry(), 0)) == {"a", "b"}
    weights = torch.cat([p.flatten() for p in method.nets["critic_a"].parameters()])
    assert weights.abs().max().item() == pytest.approx(0.01)


CRITICS = [
    {"adversarial": "hinge", "critic_norm": "instance"},
    {"adversarial": "wasserstein", "critic_norm": "none", "gradient_penalty": 10.0},
    {"adversarial": "bce", "critic_norm": "spectral", "gradient_penalty": 1.0},
]


@pytest.mark.parametrize("options", CRITICS, ids=lambda options: options["adversarial"])
@pytest.mark.parametrize("name", ["cyclegan", "dualgan", "discogan", "unit", "stargan", "colorize"])
def test_every_method_takes_any_adversarial_loss_norm_and_penalty(name, options, studio, tmp_path):
    made = TINY_RUNS[name].options(tmp_path, studio, batch=1, critic_layers=2, **options)
    method, carry, seen = build(name, made), Carry(), {}
    for step in range(4):
        for phase in method.phases:
            if phase.due(step):
                seen |= {
                    (phase.name, key): value
                    for key, value in phase.loss(method.batch(0), carry, step).items()
                }
    assert all(value.isfinite() for value in seen.values())
    penalties = {key for phase, key in seen if phase == "judge" and key.startswith("penalty_")}
    assert bool(penalties) == bool(made.gradient_penalty)
    critic = next(net for name, net in method.nets.items() if name.startswith("critic"))
    normed = any("parametrizations" in key for key in critic.state_dict())
    assert normed == (made.critic_norm == "spectral")


def test_stylegan_takes_hinge_too(studio, tmp_path):
    method = build("stylegan", TINY_RUNS["stylegan"].options(tmp_path, studio, adversarial="hinge"))
    carry, batch = Carry(), method.batch(0)
    paint, _, judge, _ = method.phases
    with torch.no_grad():
        method.nets["critic"].score.weight.zero_()  # it has no opinion: hinge costs 2, the logistic loss 1.39
        assert paint.loss(batch, carry, 0)["fool"] == 0
        assert judge.loss(batch, carry, 0)["judge"].item() == pytest.approx(2)


@pytest.mark.parametrize("name", ["cyclegan", "stargan", "stylegan", "colorize"])
def test_a_score_is_taken_from_held_out_pictures_and_chooses_the_best(name, studio, tmp_path):
    options = TINY_RUNS[name].options(
        tmp_path, studio, steps=2, save_every=1, score_pictures=4, perceptual=studio / "vgg.safetensors"
    )
    method = build(name, options)
    first, again = (method.score(method.nets.eval(), None) for _ in range(2))
    assert first == again and first == pytest.approx(first)
    run = start(name, options)
    assert newest_snapshot(run)[1]["best"] is not None and (run / "snapshots" / "best.txt").is_file()


def test_pictures_that_are_held_out_are_never_trained_on(studio, tmp_path, monkeypatch):
    method = build("cyclegan", TINY_RUNS["cyclegan"].options(tmp_path, studio, look=0.0))
    folder = method.folders["b"]
    folder.trained, folder.held = [0, 2], [1, 3]
    seen = []
    monkeypatch.setattr(
        type(folder.pictures), "__getitem__", lambda self, index: seen.append(index) or self.held[index]
    )
    for number in range(12):
        method.crops([folder], torch.Generator().manual_seed(number))
    assert set(seen) == {0, 2}
    seen.clear()
    method.held_crops(folder, 12)
    assert set(seen) == {1, 3}


def test_critics_and_translators_of_discogan_take_turns(studio, tmp_path):
    method = build("discogan", TINY_RUNS["discogan"].options(tmp_path, studio))
    turns = [
        [
            phase.name
            for phase in method.phases
            if phase.due(step) and phase.loss(method.batch(0), Carry(), step)
        ]
        for step in range(4)
    ]
    assert turns == [["judge"], ["translate"], ["translate"], ["judge"]]


def test_what_unit_trains_is_what_its_published_network_does(studio, tmp_path):
    method = build("unit", TINY_RUNS["unit"].options(tmp_path, studio))
    photo = method.batch(0)["a"]
    with torch.no_grad():
        assert torch.allclose(method.way(method.nets, "ab", photo), method.nets["ab"](photo), atol=1e-6)


def test_stargan_draws_half_of_its_sources_from_the_photos(studio, tmp_path):
    method = build("stargan", TINY_RUNS["stargan"].options(tmp_path, studio, batch=100))
    batch = method.batch(0)
    assert 30 < (batch["source"] == 0).sum() < 70
    assert set(batch["target"].tolist()) == {0, 1, 2}
    assert method.nets["translator"].domains == ("photo", "dots", "waves")


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("cyclegan", {"scales": (0.9, 0.2)}, "scales are"),
        ("stargan", {"domains": ("photo",)}, "none of them photo"),
        ("stylegan", {"crop": 32}, "crop is 32 pixels, but the model's pictures have 16"),
        ("discogan", {"judge_every": 1}, "judge_every is 1"),
        ("unit", {"crop": 30}, "crop is 30 pixels; it must be a multiple of 4"),
    ],
)
def test_options_that_cannot_work_are_sentences(name, changes, sentence, studio, tmp_path):
    with pytest.raises(UserMistake, match=sentence):
        TINY_RUNS[name].options(tmp_path, studio, **changes)


@pytest.mark.parametrize("name", ["cyclegan", "unit", "stargan", "colorize", "stylegan"])
def test_a_projected_critic_joins_any_method_and_learns(name, studio, tmp_path):
    changes = {"projected": 1.0, **({} if name == "stylegan" else {"crop": 64})}
    method = build(name, TINY_RUNS[name].options(tmp_path, studio, **changes))
    assert method.phases[-1].steps == ("projected-critic",)
    carry, batch, seen, trainable = Carry(), method.batch(0), {}, trainable_parameters(method.nets)
    for phase in method.phases:
        only_train(trainable, phase.steps)
        losses = phase.loss(batch, carry, 0)
        seen |= losses
        if phase.name == "judge_projected":
            losses["judge_projected"].backward()
    assert seen["fool_projected"].isfinite() and seen["judge_projected"].isfinite()
    critic = method.nets["projected-critic"]
    learned = {key for key, value in critic.named_parameters() if value.grad is not None}
    assert learned and all(key.startswith("critics.") for key in learned)  # the random mixing stays as it is
    assert "projection" in method.fixed and not any("conv_stem" in key for key in method.nets.state_dict())


def test_a_projected_critic_tells_noise_from_smooth_pictures_within_some_steps():
    torch.manual_seed(0)
    trunk, critic = LiteTrunk(), ProjectedCritic(LiteTrunk.channels, domains=2, width=16)
    load_encoder(trunk)
    adam = torch.optim.Adam([p for p in critic.parameters() if p.requires_grad], 2e-3, betas=(0.0, 0.99))
    for _ in range(25):
        smooth = torch.rand(4, 3, 4, 4).repeat_interleave(16, 2).repeat_interleave(16, 3)
        noisy = smooth + 0.3 * torch.randn(4, 3, 64, 64)
        real, made = (critic(trunk(x), torch.tensor([0, 1, 0, 1])) for x in (smooth, noisy))
        loss = torch.relu(1 - real).mean() + torch.relu(1 + made).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert right_share(real, made, "hinge") > 0.9
    assert not torch.equal(
        critic(trunk(smooth), torch.zeros(4).long()), critic(trunk(smooth), torch.ones(4).long())
    )


def test_differentiable_augmentation_moves_recolors_cuts_and_lets_gradients_through():
    torch.manual_seed(0)
    pictures = torch.rand(8, 3, 32, 32, requires_grad=True)
    changed = differentiable_augment(pictures)
    assert changed.shape == pictures.shape
    cut = (changed == 0).all(1).float().mean((1, 2))
    assert (cut > 0.05).all() and (cut < 0.5).all()
    changed.square().sum().backward()
    assert (pictures.grad.abs().amax((1, 2, 3)) > 0).all()
    marked = torch.zeros(6, 3, 32, 32)
    marked[:, :, 16, 16] = 1
    places = {int(x.sum(0).flatten().argmax()) for x in differentiable_augment(marked)}
    assert len(places) > 2


def test_a_light_generator_has_a_layer_a_size_and_gates_fine_features_by_coarse_ones():
    torch.manual_seed(0)
    widths = (8, 8, 8, 8, 6)
    network, full = (StyleGAN(StyleGANConfig(8, 2, widths, light)).eval() for light in (True, False))
    assert (network.layers, full.layers, network.picture_size) == (5, 9, 64)
    assert [gate.squeeze.in_channels for gate in network.gate] == [8] and len(full.gate) == 0
    z = torch.randn(2, 8)
    with torch.no_grad():
        network.color[-1].weight.mul_(4)
        picture = network.generate(z)
        network.gate[0].open.bias.fill_(-30.0)  # shut: nothing of the finest features passes
        shut = network.generate(z)
        large = network.generate(z[:1], size=(64, 96))
    assert picture.shape == (2, 3, 64, 64) and large.shape == (1, 3, 64, 96)
    assert not torch.allclose(picture, shut, atol=1e-3)
    network.gate[0].open.bias.data.zero_()
    network.paint(network.style(z)).square().mean().backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in still if not name.endswith(".noise")] == []


def test_a_light_generator_trains_with_a_projected_critic(studio, tmp_path):
    model = StyleGANConfig(8, 2, (8, 8, 8, 8, 8), light=True)
    options = TINY_RUNS["stylegan"].options(
        tmp_path, studio, model=model, crop=64, steps=2, log_every=1, projected=1.0, features=0.0
    )
    run = start("stylegan", options)
    lines = [json.loads(line) for line in (run / "report.jsonl").read_text().splitlines()]
    tensors, _, _ = newest_snapshot(run)
    assert any(name.startswith("averaged.style-gan.gate.0") for name in tensors)
    assert any(name.startswith("nets.projected-critic.across") for name in tensors)
    assert all(line["paint/fool_projected"] == line["paint/fool_projected"] for line in lines)
    assert {"judge_projected/judge_projected", "r1/r1", "path/path"} <= set(lines[0])


@pytest.mark.parametrize("name", ["cyclegan", "discogan", "dualgan", "unit"])
def test_the_way_back_is_published_as_a_checkpoint_of_its_own(name, studio, tmp_path, capsys):
    options = TINY_RUNS[name].options(tmp_path / "runs", studio, steps=2, ema=1.0, domain="dots")
    run = start(name, options)
    words = ["publish", str(run), str(tmp_path / "dots-back"), "--direction", "back"]
    assert main(words) == 0 and capsys.readouterr().out.split() == [str(tmp_path / "dots-back")]
    back = load_checkpoint(tmp_path / "dots-back")
    assert back.domains == ("photos",)

    method, tensors = build(name, options), newest_snapshot(run)[0]
    nets = method.networks(options)
    nets.load_state_dict({key: tensors[f"averaged.{key}"] for key in nets.state_dict()})
    picture = method.batch(0)["b"]
    with torch.no_grad():
        there, expected = (method.way(nets.eval(), way, picture) for way in ("ab", "ba"))
    found = back.translate(picture)
    assert torch.allclose(found, expected, atol=5e-3)  # half precision
    assert (there - expected).abs().max() > 2e-2  # so that the other network would not do
    card = read_card(tmp_path / "dots-back")
    assert card.about.endswith(", the way back: dots translated to photos, learned without pairs.")
    assert card.about in card.text.partition("## ")[0].split("---")[-1]


def test_a_folder_called_photo_does_not_take_the_name_of_the_untouched_photo(tmp_path):
    assert name_of_a(CycleGANRun(a=tmp_path / "photo")) == "photos"
    assert name_of_a(CycleGANRun(a=tmp_path / "horses")) == "horses"


def test_a_method_with_one_network_for_all_ways_has_none_to_publish_for_the_way_back(
    studio, tmp_path, capsys
):
    run = start("stargan", TINY_RUNS["stargan"].options(tmp_path / "runs", studio, steps=1))
    assert main(["publish", str(run), str(tmp_path / "back"), "--direction", "back"]) == 2
    told = capsys.readouterr().err
    assert "stargan trains no network of its own for the way back" in told
    assert "these methods do: cyclegan, discogan, dualgan, unit." in told
    assert not (tmp_path / "back").exists()
