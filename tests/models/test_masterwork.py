"""Pictures that are optimized themselves."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stylizer.imaging.detail_bands import busy_rank
from stylizer.imaging.keep_color import luma
from stylizer.models.masterwork import (
    MasterworkOptions,
    MasterworkPart,
    MasterworkWeights,
    colored_photo,
    fitted,
    paint_masterwork,
)
from stylizer.models.masterwork_losses import masterwork_loss, part_target, relaxed_distance, stage_targets
from stylizer.models.perceptual import content_distance, load_perceptual

SMALL = MasterworkOptions(side=64, sides=(64,), steps=(12,), samples=128)


@pytest.fixture(scope="module")
def network():
    return load_perceptual()


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _drawn(seed: int, size: tuple[int, int] = (48, 64)) -> torch.Tensor:
    coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(seed))
    return fitted(coarse, max(size))[:, :, : size[0], : size[1]]


def _striped(color: tuple[float, float, float], period: int = 6) -> torch.Tensor:
    stripes = ((torch.arange(64) // (period // 2)) % 2).float() * 0.3 + 0.7
    return (torch.tensor(color).view(1, 3, 1, 1) * stripes).expand(1, 3, 64, 64).contiguous()


def _painted(network, parts, photo=None, options=SMALL, **others):
    return list(paint_masterwork(_drawn(0) if photo is None else photo, parts, network, options, **others))


def test_the_loss_falls_and_the_picture_stays_in_range(network):
    noise = torch.rand(1, 1, 48, 64, generator=torch.Generator().manual_seed(0)).expand(1, 3, 48, 64)
    steps = _painted(network, [MasterworkPart(((_striped((0.9, 0.5, 0.2)), 1.0),))], start=noise)
    assert steps[-1].loss < 0.75 * steps[0].loss
    assert steps[-1].picture.shape == (1, 3, 48, 64)
    assert steps[-1].picture.min() >= 0 and steps[-1].picture.max() <= 1


def test_it_grows_through_its_sizes_and_tells_how_far_it_is(network):
    options = MasterworkOptions(side=96, sides=(64, 96, 128), steps=(2, 2, 9), samples=64)
    steps = _painted(network, [MasterworkPart(((_drawn(1), 1.0),))], options=options)
    assert [step.side for step in steps] == [64, 64, 96, 96]
    assert [tuple(step.picture.shape[2:]) for step in steps[1:3]] == [(48, 64), (72, 96)]
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1
    assert shares[1] == pytest.approx(64**2 / (64**2 + 96**2))


@pytest.mark.parametrize("steps", [3, 6, 7, 10, 13])
def test_the_last_step_says_that_all_is_done(network, monkeypatch, steps):
    """Sums of fractions missed 1 by rounding, and whoever waited for it asked for a step too many."""
    options = MasterworkOptions(side=90, sides=(64, 80, 128), steps=(steps, steps + 1, 9), samples=16)
    monkeypatch.setattr("stylizer.models.masterwork.fitted", lambda pixels, side: pixels[..., :16, :16])
    painted = _painted(network, [MasterworkPart(((_drawn(1), 1.0),))], options=options)
    assert painted[-1].share == 1 and all(step.share < 1 for step in painted[:-1])


def test_a_seed_is_repeatable_and_another_one_differs(network):
    part = [MasterworkPart(((_drawn(1), 1.0),))]
    first, again = (_painted(network, part)[-1].picture for _ in range(2))
    other = MasterworkOptions(side=64, sides=(64,), steps=(12,), samples=128, seed=1)
    assert torch.equal(first, again)
    assert not torch.equal(first, _painted(network, part, options=other)[-1].picture)


def test_skin_keeps_the_photos_forms_and_the_rest_gives_way(network, monkeypatch):
    # one type on every processor: twelve steps take another way with another
    monkeypatch.setattr("stylizer.models.masterwork_losses.fast_type", lambda kind: torch.bfloat16)
    photo, part = _drawn(3), [MasterworkPart(((_drawn(1), 1.0),))]
    left = torch.zeros(1, 1, 24, 32)
    left[..., :16] = 1

    def apart(skin):
        *_, last = paint_masterwork(photo, part, network, SMALL, skin=skin)
        made = last.picture
        halves = slice(0, 32), slice(32, 64)
        pairs = [(network(made[..., half])[3], network(photo[..., half])[3]) for half in halves]
        return [float(content_distance(*pair)) for pair in pairs]

    plain, kept = apart(None), apart(left)
    assert kept[0] < 0.7 * plain[0] and kept[0] < 0.8 * kept[1]


def test_threads_that_run_at_once_leave_no_trace_in_the_gradient(two_threads):
    rng = torch.Generator().manual_seed(0)
    wanted = torch.randn(512, 1000, generator=rng)
    drawn = wanted[:12] + 0.1 * torch.randn(12, 1000, generator=rng)  # each is the nearest of many

    def gradient():
        asked = drawn.clone().requires_grad_(True)
        relaxed_distance(asked, wanted).backward()
        return asked.grad

    first = gradient()
    assert all(torch.equal(first, gradient()) for _ in range(100))


def test_it_ends_between_the_halves_of_a_step(network):
    class Stop(Exception):
        pass

    calls = 0

    def check():
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Stop

    work = paint_masterwork(_drawn(0), [MasterworkPart(((_drawn(1), 1.0),))], network, SMALL, check=check)
    with pytest.raises(Stop):
        list(work)
    assert calls == 5


def test_every_region_takes_its_own_style(network):
    left = torch.zeros(48, 64)
    left[:, :32] = 1
    parts = [
        MasterworkPart(((_striped((1.0, 0.2, 0.1)), 1.0),), mask=left),
        MasterworkPart(((_striped((0.1, 0.2, 1.0)), 1.0),), mask=1 - left),
    ]
    picture = _painted(network, parts)[-1].picture
    red, _, blue = picture[0, :, :, :24].mean((1, 2))
    assert red > 2 * blue
    red, _, blue = picture[0, :, :, 40:].mean((1, 2))
    assert blue > 2 * red


def test_where_no_region_is_the_photo_is_held(network):
    left = torch.zeros(48, 64)
    left[:, :32] = 1
    photo = _drawn(0)
    picture = _painted(network, [MasterworkPart(((_striped((1.0, 0.2, 0.1)), 1.0),), mask=left)])[-1].picture
    moved = (picture - photo).abs().mean((0, 1, 2))
    assert moved[40:].mean() < 0.35 * moved[:24].mean()


def test_strength_lets_the_photo_go(network):
    photo, found = _drawn(0), []
    for strength in (0.5, 1.0, 1.5):
        part = MasterworkPart(((_striped((0.6, 0.6, 0.5)), 1.0),), strength=strength)
        picture = _painted(network, [part])[-1].picture
        found.append(content_distance(network(picture)[3], network(photo)[3]).item())
    assert found[0] < found[1] < found[2]


def test_a_style_without_weight_is_none_and_a_mix_is_between(network):
    red, blue = _striped((1.0, 0.2, 0.1)), _striped((0.1, 0.2, 1.0))
    alone = _painted(network, [MasterworkPart(((red, 1.0),))])[-1].picture
    same = _painted(network, [MasterworkPart(((red, 2.0), (blue, 0.0)))])[-1].picture
    mixed = _painted(network, [MasterworkPart(((red, 1.0), (blue, 1.0)))])[-1].picture
    assert torch.equal(alone, same)
    assert alone[:, 2].mean() + 0.1 < mixed[:, 2].mean()
    assert mixed[:, 0].mean() + 0.1 < alone[:, 0].mean()


def test_it_begins_with_what_was_painted_but_for_the_finest_color(network):
    start = _drawn(7)
    still = MasterworkOptions(side=64, sides=(64,), steps=(1,), samples=64, lr=1e-6)
    picture = _painted(network, [MasterworkPart(((_drawn(1), 1.0),))], options=still, start=start)[-1].picture
    assert (luma(picture) - luma(start)).abs().max() < 0.01
    assert (picture - start).abs().mean() < 0.01


def test_without_a_start_it_begins_with_the_photo_in_the_paintings_colors():
    photo, painting = _drawn(0), _striped((0.1, 0.2, 1.0))
    colored = colored_photo(photo, [MasterworkPart(((painting, 1.0),))])
    assert torch.allclose(colored.mean((2, 3)), painting.mean((2, 3)), atol=0.03)


def test_flat_places_stay_calm_where_the_painting_has_calm_places_too(network):
    photo = torch.full((1, 3, 64, 64), 0.6)
    photo[:, :, 32:] += 0.8 * (torch.rand(1, 1, 32, 64, generator=torch.Generator().manual_seed(0)) - 0.5)
    painting = torch.full((1, 3, 64, 64), 0.4)
    painting[:, :, :32] = _striped((0.4, 0.8, 0.4), 8)[:, :, :32]
    flat, busy = [], []
    for weights in (MasterworkWeights(), MasterworkWeights(guided=0.0, energy=0.0, follow=0.0)):
        options = replace(SMALL, weights=weights)
        picture = _painted(network, [MasterworkPart(((painting, 1.0),))], photo, options)[-1].picture
        flat.append(picture[0, 1, 4:26, 4:60].std().item())
        busy.append(picture[0, 1, 38:60, 4:60].std().item())
    assert flat[0] < 0.6 * flat[1]
    assert busy[0] > 0.8 * busy[1]


def test_what_cannot_be_worked_from_is_refused(network):
    with pytest.raises(ValueError, match="needs a style"):
        MasterworkPart(((_drawn(1), 0.0),))
    with pytest.raises(ValueError, match="empty mask"):
        MasterworkPart(((_drawn(1), 1.0),), mask=torch.zeros(4, 4))
    with pytest.raises(ValueError, match="at least one part"):
        list(paint_masterwork(_drawn(0), [], network, SMALL))
    with pytest.raises(ValueError, match="32 px"):
        MasterworkOptions(side=32)


_MEASURE = """
import torch
from pathlib import Path
from stylizer.models.masterwork import MasterworkOptions, MasterworkPart, memory_needed, paint_masterwork
from stylizer.models.perceptual import load_perceptual
torch.set_num_threads(1)
def peak():  # of this process alone: what getrusage tells begins with the parent's
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM'))
network = load_perceptual(dtype=torch.bfloat16)
options = MasterworkOptions(side=384, sides=(384,), steps=(1,))
network(torch.rand(1, 3, 64, 64))
before = peak()
style, masks = torch.rand(1, 3, 512, 512), torch.eye(4).reshape(4, 1, 4).expand(4, 4, 4)
parts = [MasterworkPart(((style, 1.0),), mask) for mask in masks]
for _ in paint_masterwork(torch.rand(1, 3, 384, 384), parts, network, options):
    pass
taken = peak() - before
print(taken << 10, memory_needed(384, 384, options, len(parts)))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process its peak")
def test_memory_stays_below_what_is_predicted():
    out = subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, check=True).stdout
    taken, predicted = map(int, out.split())
    assert 0.2 * predicted < taken < predicted


def test_a_patch_costs_where_the_photo_is_even_and_not_at_its_edges(network):
    """A painting without jumps of color; a photo of two halves; a patch laid in a half, or along the edge."""
    none = MasterworkWeights(0, 0, 0, 0, 0, (0, 0), 0, 0, even=1.0, range=0)
    photo = torch.full((1, 3, 64, 96), 0.3)
    photo[..., 48:] = 0.7
    painting, everywhere = torch.full((1, 3, 64, 64), 0.5), torch.ones(1, 1, 64, 96)
    rank, rng = busy_rank(photo, 0.25), torch.Generator().manual_seed(0)
    part = part_target(network, [(painting, 1.0)], everywhere, rank, 0.25, 1.0, rng)
    targets = stage_targets(network, photo, [part], everywhere, rank, 0.25)

    def cost(picture):
        return float(masterwork_loss(picture, network(picture), targets, none, 0.0, 64, rng))

    inside, along = photo.clone(), photo.clone()
    inside[..., 10:30] = 0.7
    along[..., 38:48] = 0.7
    assert cost(photo) < 1e-4
    assert cost(inside) > 0.005
    assert cost(along) < 0.7 * cost(inside)
