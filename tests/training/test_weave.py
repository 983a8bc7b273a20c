"""Waves that stand out: pictures whose answer is known."""

import pytest
import torch

from stylizer.imaging.wave_peaks import wave_peaks
from training.metrics.weave import weave


def noise(seed, height=192, width=224):
    """Return gray noise (1, 3, H, W) about 0.5, its power falling as a photo's does."""
    grain = torch.randn(height, width, generator=torch.Generator().manual_seed(seed))
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)
    soft = torch.fft.ifft2(torch.fft.fft2(grain) / (torch.hypot(rows, columns) + 0.01)).real
    return (0.5 + 0.1 * soft / soft.std()).expand(1, 3, -1, -1)


def dots(period, height=192, width=224):
    """Return a check (1, 1, H, W) of waves along rows and columns, 1 at most."""
    rows, columns = (torch.cos(2 * torch.pi * torch.arange(n) / period) for n in (height, width))
    return (rows[:, None] * columns)[None, None]


@pytest.fixture(scope="module")
def peaks():
    return wave_peaks(noise(1)), wave_peaks(noise(2))


@pytest.mark.parametrize("period", [4, 5.3, 7])
def test_rows_of_dots_stand_out_and_the_more_the_stronger_they_are(peaks, period):
    faint, strong = (weave(wave_peaks(noise(3) + level * dots(period)), *peaks) for level in (0.02, 0.06))
    assert strong > faint > 4
    assert strong > 12


def test_a_picture_without_them_and_the_photo_itself_have_next_to_none(peaks):
    assert weave(wave_peaks(noise(3)), *peaks) < 3.5  # the estimate's own spread
    assert weave(peaks[0], *peaks) == 0


def test_what_photo_or_painting_show_too_is_no_fault(peaks):
    woven = wave_peaks(noise(3) + 0.04 * dots(5))
    canvas, fence = wave_peaks(noise(4) + 0.05 * dots(5)), wave_peaks(noise(5) + 0.05 * dots(5))
    assert weave(woven, peaks[0], canvas) < 3.5
    assert weave(woven, fence, peaks[1]) < 3.5


def test_contrast_alone_and_coarse_waves_are_none(peaks):
    plain = weave(wave_peaks(noise(3)), *peaks)
    louder = weave(wave_peaks(0.5 + 2 * (noise(3) - 0.5)), *peaks)
    assert louder == pytest.approx(plain, abs=0.1)
    assert weave(wave_peaks(noise(3) + 0.1 * dots(32)), *peaks) < 3.5


def test_an_even_picture_has_no_waves_and_a_small_one_is_refused(peaks):
    assert weave(wave_peaks(torch.full((1, 3, 64, 64), 0.4)), *peaks) < 0.01
    with pytest.raises(ValueError, match="64x64"):
        wave_peaks(torch.zeros(1, 3, 63, 80))
