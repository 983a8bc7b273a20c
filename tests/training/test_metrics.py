import itertools
import math

import numpy as np
import pytest
import scipy.linalg
import torch
from safetensors.torch import save_file
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch_fidelity import feature_extractor_inceptionv3 as fidelity

from training.metrics import features, pixels
from training.metrics.recognize import ranks, spread_of
from training.metrics.sets import copying, distances, inception_score, nearest, open_inception
from training.metrics.steps import calibration, monotonicity, unevenness
from training.run.config import UserMistake


def picture(seed: int, height: int = 96, width: int = 80) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def maps(seed: int) -> features.Features:
    rng = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(1, c, s, s, generator=rng) ** 2 for c, s in ((4, 16), (6, 8), (8, 4), (10, 4)))


def test_style_and_content_agree_with_their_formulas_written_in_numpy():
    result, style = maps(1), maps(2)
    moments, grams = [], []
    for r, s in zip(result, style, strict=True):
        r, s = (x[0].flatten(1).double().numpy() for x in (r, s))
        top = ((r.mean(1) - s.mean(1)) ** 2).sum() + ((r.std(1) - s.std(1)) ** 2).sum()
        moments.append(top / ((s.mean(1) ** 2).sum() + (s.std(1) ** 2).sum()))
        a, b = (x @ x.T / x.shape[1] for x in (r, s))
        grams.append(((a - b) ** 2).sum() / (b**2).sum())
    r, s = (x[-1][0].flatten(1).double().numpy() for x in (result, style))
    r, s = ((x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) for x in (r, s))
    found = features.style_figures(result), features.style_figures(style)
    assert features.style_moments(*found) == pytest.approx(np.mean(moments), rel=1e-5)
    assert features.style_gram(*found) == pytest.approx(np.mean(grams), rel=1e-5)
    assert features.content(result, style) == pytest.approx(((r - s) ** 2).mean(), rel=1e-4)


def test_perceptual_distance_is_0_for_equals_symmetric_and_blind_to_contrast():
    a, b = maps(1), maps(2)
    assert features.perceptual(a, a) == 0
    assert features.perceptual(a, b) == pytest.approx(features.perceptual(b, a))
    assert features.perceptual(a, tuple(3 * layer for layer in a)) == pytest.approx(0, abs=1e-9)
    opposite = (torch.tensor([[[[1.0]], [[0.0]]]]),), (torch.tensor([[[[0.0]], [[1.0]]]]),)
    assert features.perceptual(*opposite) == pytest.approx(2)


def test_psnr_ssim_and_l1_agree_with_scikit_image():
    a = picture(1)
    b = (a + 0.1 * torch.randn(a.shape, generator=torch.Generator().manual_seed(2))).clamp(0, 1)
    first, second = (x[0].permute(1, 2, 0).numpy() for x in (a, b))
    assert pixels.psnr(b, a) == pytest.approx(peak_signal_noise_ratio(first, second, data_range=1), rel=1e-4)
    expected = structural_similarity(
        first,
        second,
        channel_axis=2,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert pixels.ssim(b, a) == pytest.approx(expected, abs=1e-4)
    assert pixels.l1(b, a) == pytest.approx(np.abs(first - second).mean(), rel=1e-5)


@pytest.mark.parametrize("period", pixels.PERIODS)
def test_a_faint_grid_is_found_at_its_own_period(period):
    photo = picture(3, 128, 136) * 0.2 + 0.4
    grid = torch.zeros(1, 1, 128, 136)
    grid[..., ::period, ::period] = 1
    found = pixels.checkerboard(photo + 0.08 * grid, photo)
    assert found[period] > 2
    assert all(found[other] < 2 for other in pixels.PERIODS if other > period)


def test_a_picture_without_a_grid_scores_one_and_busier_texture_is_no_grid():
    photo, busy = picture(4, 128, 128) * 0.1, picture(5, 128, 128)
    assert pixels.checkerboard(photo, photo) == dict.fromkeys(pixels.PERIODS, 1.0)
    assert all(0.3 < value < 3 for value in pixels.checkerboard(busy, photo).values())
    with pytest.raises(ValueError, match="64x64"):
        pixels.checkerboard(picture(1, 40, 128), picture(1, 40, 128))


def test_fid_is_that_of_its_formula_and_0_for_equal_sets():
    rng = torch.Generator().manual_seed(0)
    results, paintings = torch.randn(40, 5, generator=rng), 0.5 + 2 * torch.randn(30, 5, generator=rng)
    a, b = (x.double().numpy() for x in (results, paintings))
    root = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    found = distances(results, paintings)
    assert found["fid"] == pytest.approx(expected, rel=1e-3)
    assert found["kid"] > 0.1
    same = distances(paintings, paintings)
    assert same["fid"] == pytest.approx(0, abs=1e-3)
    assert same["kid"] < found["kid"]


def test_kid_tells_how_it_varies_between_subsets():
    rng = torch.Generator().manual_seed(0)
    results, pictures = torch.randn(40, 5, generator=rng), 1 + torch.randn(30, 5, generator=rng)
    found = distances(results, pictures)
    assert 0 < found["kid_std"] < found["kid"]
    assert found == distances(results, pictures)


def test_a_copy_is_0_away_and_unseen_pictures_are_no_copies():
    rng = torch.Generator().manual_seed(0)
    known, unseen, others = torch.randn(3, 50, 8, generator=rng).unbind()
    distance, index = nearest(known[[7, 3]] + 1e-4, known)
    assert index.tolist() == [7, 3] and distance.max() < 1e-3
    assert copying(known + 1e-4, unseen, known) < 0.01
    assert copying(others, unseen, known) == pytest.approx(1, abs=0.15)


def test_gray_has_no_colors_and_pure_red_has_their_known_number():
    assert pixels.colorfulness(picture(1)[:, :1].expand(-1, 3, -1, -1)) == pytest.approx(0, abs=1e-4)
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    assert pixels.colorfulness(red) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_inception_score_counts_classes_that_are_sure_and_varied():
    sure = 50 * torch.eye(6).repeat(2, 1)
    assert inception_score(sure) == pytest.approx(6, rel=1e-3)
    assert inception_score(torch.zeros(12, 6)) == pytest.approx(1, rel=1e-3)


def test_set_distances_leave_the_random_numbers_alone_and_refuse_tiny_sets():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    distances(torch.rand(8, 4), torch.rand(8, 4))
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    distances(torch.ones(8, 4), torch.eye(4).repeat(2, 1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(expected, torch.rand(3))
    with pytest.raises(UserMistake, match="a set needs at least 4"):
        distances(torch.rand(3, 4), torch.rand(8, 4))


@pytest.fixture(scope="module")
def made_up_inception(tmp_path_factory):
    """Weights of the right names and shapes, drawn from a seed."""
    file = tmp_path_factory.mktemp("weights") / "inception.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        network = fidelity.FeatureExtractorInceptionV3
        patch.setattr(fidelity, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(network, "load_state_dict", lambda self, state: None)
        torch.manual_seed(0)
        blank = network("inception-v3-compat", ["2048", "logits_unbiased"])
    save_file(blank.state_dict(), file)
    return file


def test_inception_comes_from_a_local_file_and_reads_rounded_pixels(made_up_inception):
    read = open_inception(made_up_inception)
    levels = torch.randint(256, (1, 3, 40, 40), generator=torch.Generator().manual_seed(0))
    found, scores = read(levels / 255)
    assert found.shape == (1, 2048) and scores.shape == (1, 1008) and found.std() > 0
    for shift in (-0.4, 0.4):  # of a level: what a made picture has between two levels
        near, _ = read((levels + shift).clamp(0, 255) / 255)
        assert torch.equal(found, near)


def test_strange_inception_files_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(UserMistake, match=r"none\.pth is not a file"):
        open_inception(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(UserMistake, match=r"text\.pth holds no weights"):
        open_inception(tmp_path / "text.pth")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(UserMistake, match="holds other weights than Inception's"):
        open_inception(tmp_path / "other.safetensors")


def test_the_right_painting_ranks_first_when_it_is_nearest_in_units_of_the_spread():
    paintings = {"a": torch.tensor([[0.0, 0.0]] * 2), "b": torch.tensor([[1.0, 100.0]] * 2)}
    result = torch.tensor([[0.9, 40.0], [0.1, 40.0]])
    assert ranks(result, paintings, "b", torch.tensor([[1.0, 1000.0]] * 2)) == (1, 2)
    assert ranks(result, paintings, "b", torch.tensor([[1000.0, 1.0]] * 2)) == (2, 2)
    assert torch.allclose(
        spread_of(torch.tensor([[[0.0]], [[2.0]]])), torch.tensor([[math.sqrt(2)]]), atol=1e-5
    )


def test_a_slider_that_goes_back_is_told():
    assert monotonicity([0, 1, 2, 3]) == 1
    assert monotonicity([0, 2, 1, 3]) == pytest.approx(2 / 3)
    assert unevenness([2, 2, 2]) == 0
    assert unevenness([1, 3]) == pytest.approx(0.5)
    assert unevenness([0, 0]) == 0


def test_calibration_undoes_a_slider_that_jumps_at_the_start():
    strengths = [index / 10 for index in range(11)]
    looks = [math.sqrt(strength) for strength in strengths]  # how far from the photo each strength looks
    table = calibration(strengths, [b - a for a, b in itertools.pairwise(looks)])
    assert (table[0], table[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert [position for position, _ in table] == pytest.approx(strengths)
    for position, strength in table:
        assert np.interp(strength, strengths, looks) == pytest.approx(position, abs=1e-3)
    assert all(a[1] < b[1] for a, b in itertools.pairwise(table))


def test_calibration_of_an_even_slider_changes_nothing_and_of_a_dead_one_neither():
    even = calibration([0.0, 0.25, 0.5, 0.75, 1.0], [2, 2, 2, 2])
    assert all(position == pytest.approx(strength) for position, strength in even)
    assert calibration([0.0, 0.5, 1.0], [0, 0]) == ((0.0, 0.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="from 0 to 1"):
        calibration([0.0, 0.5], [1])
