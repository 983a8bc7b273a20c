"""TIFF in every layout: right to the sample, or refused by name; never guessed."""

import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile

from stylizer.imaging.picture import PictureError, open_picture
from tests.imaging.files import file_of, ramp

ROWS, COLUMNS = np.mgrid[0:37, 0:53]
DEEP = np.stack([(ROWS * 700 + COLUMNS * 311 * band) % 65536 for band in range(1, 6)], -1).astype(np.uint16)


def tiff(samples: np.ndarray, planar: bool = False, **options) -> bytes:
    file = io.BytesIO()
    if planar:
        samples, options["planarconfig"] = np.moveaxis(samples, 2, 0), "separate"
    tifffile.imwrite(file, samples, **{"photometric": "rgb", **options})
    return file.getvalue()


def entry(data: bytes, tag: int, order: str = "<") -> int:
    """Find a tag's entry."""
    first = struct.unpack_from(f"{order}I", data, 4)[0]
    count = struct.unpack_from(f"{order}H", data, first)[0]
    places = range(first + 2, first + 2 + 12 * count, 12)
    return next(at for at in places if struct.unpack_from(f"{order}H", data, at)[0] == tag)


def patched(data: bytes, order: str, tags: dict, strip: bytes | None = None) -> bytes:
    """Replace tags by others (tag, type, value), and the samples by one strip."""
    result = bytearray(data)
    places = {old: entry(data, old, order) for old in tags}
    for old, (tag, kind, value) in tags.items():
        packed = struct.pack(f"{order}{'H' if kind == 3 else 'I'}", value).ljust(4, b"\0")
        struct.pack_into(f"{order}HHI", result, places[old], tag, kind, 1)
        result[places[old] + 8 : places[old] + 12] = packed
    if strip is not None:
        for tag, value in ((273, len(data)), (279, len(strip))):
            struct.pack_into(f"{order}HHII", result, entry(data, tag, order), tag, 4, 1, value)
    return bytes(result) + (strip or b"")


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"rowsperstrip": 5},
        {"tile": (16, 32)},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": 2},
        {"compression": "zlib", "predictor": 2, "tile": (16, 32)},
        {"bigtiff": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("bands", [3, 4])
def test_separate_planes_are_read_sample_for_sample(layout, byteorder, bands):
    extra = {"extrasamples": ["unassalpha"]} if bands == 4 else {}
    picture = open_picture(tiff(DEEP[..., :bands], planar=True, byteorder=byteorder, **layout, **extra))
    assert picture.rgb.dtype == np.uint16 and (picture.rgb == DEEP[..., :3]).all()
    if bands == 4:
        assert (picture.alpha == DEEP[..., 3]).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("planar", [False, True])
def test_floats_share_one_range_over_all_planes_and_bands(kind, planar):
    samples = (DEEP[..., :3] / 65535 * np.array([1, 0.5, 0.25])).astype(kind)
    picture = open_picture(tiff(samples, planar=planar, rowsperstrip=7))
    assert np.abs(picture.rgb / 65535 - samples).max() < 2e-5


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_the_predictor_of_floats_is_undone(kind, order):
    """Packed here as Adobe's technical note 3 says: a row's bytes by weight, highest first, differenced."""
    samples = (DEEP[..., :3] / 65535).astype(kind)
    rows = samples.astype(f">{kind}").view(np.uint8).reshape(37, 53 * 3, -1).swapaxes(1, 2).reshape(37, -1)
    packed = rows.copy()
    packed[:, 3:] -= rows[:, :-3]
    data = tiff(samples, byteorder=order, software="x" * 30)
    data = patched(data, order, {305: (317, 3, 3), 259: (259, 3, 8)}, zlib.compress(packed.tobytes()))
    assert np.abs(open_picture(data).rgb / 65535 - samples.astype(float)).max() < 1e-4


@pytest.mark.parametrize("planar", [False, True])
def test_eight_bits_in_planes_are_what_they_are_together(planar):
    assert (open_picture(tiff(ramp(37, 53), planar=planar)).rgb == ramp(37, 53)).all()
    inks = np.dstack([ramp(37, 53), ramp(37, 53)[..., 0] // 2])
    together = open_picture(tiff(inks, photometric="separated")).rgb
    assert (open_picture(tiff(inks, planar=planar, photometric="separated")).rgb == together).all()


@pytest.mark.parametrize(
    "options",
    [
        {"photometric": "separated", "extrasamples": [0]},
        {"photometric": "separated", "extrasamples": [0], "planar": True},
    ],
    ids=str,
)
def test_a_layout_that_is_not_read_is_named_and_not_called_damaged(options):
    with pytest.raises(PictureError, match=r"layout that is not read here .5 samples of 16 bits"):
        open_picture(tiff(DEEP, **options))


def test_signed_color_is_named_and_refused():
    with pytest.raises(PictureError, match="3 samples of signed 16 bits"):
        open_picture(tiff((DEEP[..., :3] >> 1).astype(np.int16)))


@pytest.mark.parametrize("mark", [(50706, 4, 1025), (254, 4, 1)])
def test_the_preview_in_a_raw_photo_is_not_taken_for_the_photo(mark):
    data = tiff(ramp(120, 160), software="x" * 30, description="y" * 30)
    data = patched(data, "<", {305: mark, 270: (330, 4, 8)})
    with pytest.raises(PictureError, match="raw photo"):
        open_picture(data)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("tag", [258, 273, 279, 338])
def test_a_tag_with_millions_of_values_is_not_read(tag, depth):
    samples = np.zeros((64, 64, 4), depth)
    data = bytearray(tiff(samples, extrasamples=["unassalpha"], compression="zlib") + bytes(32 << 20))
    struct.pack_into("<HHII", data, entry(bytes(data), tag), tag, 4, 8_000_000, 8)
    tracemalloc.start()
    with pytest.raises(PictureError):
        open_picture(bytes(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 << 20  # two copies of the file, and nothing of its tags


def test_a_deflated_strip_unpacks_no_further_than_its_rows():
    bomb = zlib.compress(bytes(200 << 20), 9)
    data = patched(tiff(np.zeros((64, 64, 3), np.uint16), compression="zlib"), "<", {}, bomb)
    tracemalloc.start()
    assert open_picture(data).rgb.max() == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_large_deep_tiff_takes_little_memory_beside_its_own():
    samples = ramp(2000, 2000).astype(np.float32) / 255
    data = tiff(samples, rowsperstrip=16)
    tracemalloc.start()
    picture = open_picture(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picture.rgb.dtype == np.uint16
    assert peak < 2.2 * picture.rgb.nbytes + (140 << 20), peak / picture.rgb.nbytes


def test_jpeg_within_a_tiff_may_not_go_over_the_picture_a_thousand_times():
    jpeg = file_of(ramp(64, 64), "JPEG", progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    swollen = jpeg[:-2] + scan * 2000 + jpeg[-2:]
    data = patched(tiff(ramp(64, 64)), "<", {259: (259, 3, 7), 262: (262, 3, 6)}, swollen)
    began = time.process_time()
    with pytest.raises(PictureError):
        open_picture(data)
    assert time.process_time() - began < 1
