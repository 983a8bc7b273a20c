"""A JPEG without its end marker opens if all samples are there; a cut one is refused."""

import re

import numpy as np
import pytest
from PIL import Image

from stylizer.errors import PictureError
from stylizer.imaging.picture import open_picture
from tests.imaging.files import file_of, ramp

KINDS = (
    {},
    {"progressive": True},
    {"restart_marker_blocks": 7},
    {"restart_marker_rows": 1, "progressive": True},
    {"subsampling": 0, "quality": 97},
)
MODES = ("RGB", "L", "CMYK")
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
each_mode = pytest.mark.parametrize("mode", MODES)


def noisy(mode="RGB"):
    samples = ramp(96, 128, noise=True)
    if mode == "CMYK":  # in Pillow's own, black is one value, of which nothing is written but its first block
        return Image.fromarray(np.dstack([samples, samples[::-1, :, 0]]), "CMYK")
    return Image.fromarray(samples).convert(mode)


def assert_cut(data):
    with pytest.raises(PictureError, match="damaged or incomplete"):
        open_picture(data, "cut.jpg")


@each_kind
@each_mode
@pytest.mark.parametrize("lost", [1, 2])
def test_without_its_end_marker_a_jpeg_opens_as_the_whole_file_does(kind, mode, lost):
    data = file_of(noisy(mode), "JPEG", **kind)
    found, whole = open_picture(data[:-lost], "x.jpg"), open_picture(data, "x.jpg")
    assert np.array_equal(found.rgb, whole.rgb) and found.notes == whole.notes


@each_kind
@each_mode
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_a_jpeg_that_is_cut_within_the_picture_is_called_incomplete(kind, mode, share):
    data = file_of(noisy(mode), "JPEG", **kind)
    assert_cut(data[: -int(len(data) * share)])


@each_kind
def test_a_few_lost_bytes_of_the_last_blocks_are_noticed(kind):
    data = file_of(noisy(), "JPEG", **kind)
    for lost in (5, 8, 20):
        assert_cut(data[:-lost])


@each_kind
def test_a_cut_at_a_restart_or_between_two_scans_is_noticed(kind):
    data = file_of(noisy(), "JPEG", **kind)
    places = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7\xda]", data)][1:]
    for place in places[:: max(1, len(places) // 12)] + places[-1:]:
        assert_cut(data[:place])


@each_kind
def test_zeros_behind_the_break_are_no_samples(kind):
    data = file_of(noisy(), "JPEG", **kind)
    assert_cut(data[: len(data) // 2] + bytes(len(data)))
    whole = open_picture(data, "x.jpg").rgb
    assert np.array_equal(open_picture(data[:-2] + bytes(5000), "x.jpg").rgb, whole)


def test_a_stuffed_last_sample_is_kept():
    """A file whose last sample is ff 00, as one of some hundred is whose last coefficient is not zero."""
    stuffed = 0
    for width in range(16, 400, 8):
        picture = Image.fromarray(ramp(16, width, noise=True)[..., 2])
        data = file_of(picture, "JPEG", quality=100)
        if data[:-2].endswith(b"\xff\0"):
            stuffed += 1
            whole = open_picture(data, "x.jpg").rgb
            assert np.array_equal(open_picture(data[:-2], "x.jpg").rgb, whole)
            assert np.array_equal(open_picture(data[:-2] + bytes(9), "x.jpg").rgb, whole)
    assert stuffed > 0


def test_a_cut_camera_file_with_a_preview_is_not_taken_for_whole():
    """The preview within EXIF has an end marker of its own."""
    preview = file_of(ramp(16, 16), "JPEG")
    exif = b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0" + preview
    data = file_of(noisy(), "JPEG", exif=exif)
    assert preview in data
    assert_cut(data[: len(data) * 2 // 3])
    assert np.array_equal(open_picture(data[:-2], "x.jpg").rgb, open_picture(data, "x.jpg").rgb)
