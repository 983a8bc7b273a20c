"""Files that lie, break off or attack: each earns one plain sentence, quickly and in little memory."""

import contextlib
import io
import re
import struct
import subprocess
import sys
import time
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from stylizer.imaging.picture import PictureError, encode_picture, open_picture, read_recipe
from stylizer.imaging.text_chunk import SIGNATURE, chunk
from tests.imaging.files import file_of, ramp


def refusal(source, name=None) -> str:
    """Return the sentence with which a source is refused; assert that it is one, and leaks nothing."""
    with pytest.raises(PictureError) as caught:
        open_picture(source, name)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 200
    assert not re.search(r"/tmp|/home|\\|Traceback|Error|0x[0-9a-f]{6}", sentence)
    return sentence


def png_claiming(width: int, height: int, bits: int = 1, color: int = 0, data: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def test_an_empty_file_is_called_empty():
    assert "empty" in refusal(b"")


def test_text_in_a_png_suffix_is_not_a_picture(tmp_path):
    path = tmp_path / "note.png"
    path.write_text("dear diary")
    assert "not a picture" in refusal(path)


def test_a_wrong_suffix_does_not_matter(tmp_path):
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(file_of(ramp(20, 30), "PNG"))
    assert open_picture(path).rgb.shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "raw photo"),
        (b"8BPS\x00\x01" + bytes(40), "Photoshop"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "PostScript"),
        (b"SIMPLE  =                    T" + bytes(50), "FITS"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
        (b'\xef\xbb\xbf<svg width="64" height="64"/>', "SVG"),
        (b'<?xml version="1.0"?>\n<!-- hello -->\n<svg width="64" height="64"/>', "SVG"),
        (b"<!DOCTYPE html><html><script>alert(1)</script></html>", "web page"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"\x89PNG\r\n\x1a\nrubbish", "damaged"),
    ],
)
def test_other_kinds_of_files_are_named_and_refused(head, kind):
    sentence = refusal(head, "holiday.jpg")
    assert kind in sentence and "JPEG, PNG, WebP" in sentence


def test_formats_that_pillow_reads_but_we_do_not_are_refused():
    for format in ("PPM", "TGA", "ICO", "PCX", "SGI"):
        refusal(file_of(ramp(32, 32), format))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_called_damaged(format, share):
    data = file_of(ramp(64, 64, noise=True), format)
    assert re.search("damaged|not a picture", refusal(data[: int(len(data) * share)]))


@pytest.mark.parametrize(
    ("width", "height", "word"),
    [
        (13000, 13000, "megapixels"),
        (16384, 16384, "megapixels"),
        (20000, 20000, "megapixels"),
        (20000, 3, "at least 16"),
        (1, 1, "at least 16"),
        (1, 5000, "1 x 5000"),
        (16385, 100, "at most 16384"),
        (8000, 5001, "megapixels"),
        (2**31 - 1, 2**31 - 1, "megapixels"),
    ],
)
def test_sizes_out_of_bounds_are_refused_from_the_header_alone(width, height, word):
    data = png_claiming(width, height)
    began = time.perf_counter()
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert word in refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20 and time.perf_counter() - began < 1


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused():
    data = png_claiming(13000, 13000, data=bytes(13000 * 1626))
    assert len(data) < 40_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert "megapixels" in refusal(data)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_text_that_unpacks_to_a_hundred_megabytes_is_not_unpacked(kind):
    bomb = zlib.compress(bytes(100 << 20), 1)
    body = {b"zTXt": b"recipe\0\0", b"iTXt": b"recipe\0\1\0\0\0", b"iCCP": b"p\0\0"}[kind] + bomb
    png = file_of(ramp(32, 32), "PNG")
    data = png[:33] + chunk(kind, body) + png[33:]
    tracemalloc.start()
    try:
        picture = open_picture(data)
    except PictureError as error:
        assert "text" in str(error) or "damaged" in str(error)
    else:
        assert picture.rgb.shape == (32, 32, 3)  # what hangs on the picture is no part of it
    if kind == b"iTXt":
        assert read_recipe(data) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_a_deep_png_whose_data_unpack_past_its_size_is_cut_off():
    data = png_claiming(32, 32, 16, 2, bytes(80 << 20))
    tracemalloc.start()
    assert open_picture(data).rgb.max() == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def deep_tiff(**options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((64, 64, 3), np.uint16), photometric="rgb", **options)
    return file.getvalue()


def test_a_tiff_whose_strips_are_the_same_megabytes_over_and_over_is_refused():
    data = deep_tiff(rowsperstrip=1)
    counts = struct.pack("<64I", *[64 * 6] * 64)
    assert counts in data or struct.pack("<64H", *[64 * 6] * 64) in data
    short = struct.pack("<64H", *[64 * 6] * 64)
    swollen = data.replace(counts, struct.pack("<64I", *[len(data)] * 64))
    swollen = swollen.replace(short, struct.pack("<64H", *[len(data)] * 64))
    assert swollen != data and "damaged" in refusal(swollen)


def test_a_tiff_with_tiles_of_a_billion_pixels_is_refused():
    data = deep_tiff(tile=(64, 64))
    wide = struct.pack("<HHI", 322, 4, 1)
    narrow = struct.pack("<HHI", 322, 3, 1)
    at = max(data.find(wide), data.find(narrow))
    assert at > 0
    refusal(data[:at] + wide + struct.pack("<I", 1 << 28) + data[at + 12 :])


def test_a_deep_png_that_breaks_off_is_called_damaged():
    assert "damaged" in refusal(png_claiming(32, 32, 16, 2, bytes(100)))


def test_a_picture_with_an_archive_behind_it_is_reencoded_without_it():
    data = file_of(ramp(40, 40), "JPEG") + b"PK\x03\x04 secret.txt payload"
    result = encode_picture(open_picture(data), "jpeg")
    assert b"PK\x03\x04" not in result and b"payload" not in result


def test_a_damaged_profile_is_ignored_and_reported():
    picture = open_picture(file_of(ramp(32, 32), "PNG", icc_profile=b"nonsense" * 40))
    assert (picture.rgb == ramp(32, 32)).all()
    assert any("profile" in note for note in picture.notes)


def test_damaged_exif_is_ignored():
    data = file_of(ramp(32, 32), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\x01")
    assert open_picture(data).rgb.shape == (32, 32, 3)


def test_values_that_are_not_numbers_are_refused():
    values = np.full((32, 32), np.nan, np.float32)
    assert "not numbers" in refusal(file_of(values, "TIFF"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/x.png", "x"),
        ("C:\\photos\\beach.jpeg", "beach"),
        ("caf\u00e9 \U0001f30a.webp", "caf\u00e9 \U0001f30a"),
        ("a\0b\n<img>.png", "abimg"),
        ("..", "picture"),
        ("", "picture"),
        ("n" * 300 + ".png", "n" * 80),
        ("holiday.2026.07", "holiday.2026"),
        ("\udcff.png", "picture"),
    ],
)
def test_names_are_reduced_to_a_safe_stem(name, kept):
    assert open_picture(file_of(ramp(16, 16), "PNG"), name).name == kept


def test_missing_files_and_folders_are_named_without_their_path(tmp_path):
    assert "'gone.png'" in refusal(tmp_path / "gone.png")
    assert "folder" in refusal(tmp_path)
    refusal("a\0b.png")


def test_a_file_beyond_the_byte_limit_is_not_read_whole(monkeypatch):
    monkeypatch.setattr("stylizer.imaging.bounds.MAX_BYTES", 1 << 20)

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            assert 0 < size <= (1 << 20) + 1
            return bytes(size)

    assert "MB" in refusal(Endless())


def test_pillow_is_left_as_it_was_found():
    assert Image.MAX_IMAGE_PIXELS == 89478485
    from PIL import ImageFile

    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert PngImagePlugin.MAX_TEXT_CHUNK <= 1 << 20


_SOUND = [
    *(file_of(ramp(24, 18, noise=True), format) for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")),
    file_of((ramp(24, 18).astype(np.uint16) * 257)[..., 0], "TIFF", compression="tiff_lzw"),
    encode_picture(open_picture(file_of((ramp(24, 18).astype(np.uint16) * 200)[..., 0], "PNG")), "png"),
]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_with_flipped_bytes_opens_or_is_refused_in_one_sentence(data):
    file = bytearray(data.draw(st.sampled_from(_SOUND)))
    for place in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[place] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            picture = open_picture(bytes(file))
        except PictureError as error:
            assert str(error).endswith(".") and "\n" not in str(error)
        else:
            assert picture.rgb.ndim == 3 and min(picture.rgb.shape[:2]) >= 16
        with contextlib.suppress(PictureError):
            read_recipe(bytes(file))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused_in_one_sentence(data):
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0+", b"RIFF", b"GIF89a", b"BM", b"\xff\xd8\xff"):
        refusal(head + data)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_large_photos_that_many_threads_read_leave_their_memory_behind():
    """In a process of its own: memory that was ever taken stays counted in this one."""
    done = subprocess.run([sys.executable, "-c", READ_MANY], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    grown, kept = map(float, done.stdout.split())
    assert grown < 1.5 * kept + 40


READ_MANY = """
import io
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from PIL import Image
from stylizer.imaging.picture import open_picture

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024

file = io.BytesIO()
Image.new("RGB", (4000, 3000)).save(file, "PNG")
one_at_a_time = Lock()

def read(_):
    with one_at_a_time:
        return open_picture(file.getvalue())

read(0)
before = resident()
with ThreadPoolExecutor(8) as pool:
    kept = list(pool.map(read, range(8)))
print(resident() - before, sum(picture.rgb.nbytes for picture in kept) / 2**20)
"""
