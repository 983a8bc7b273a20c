"""What hangs on a picture decides nothing about it, and takes neither time nor memory."""

import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stylizer.imaging.picture import Picture, PictureError, encode_picture, open_picture, read_recipe
from stylizer.imaging.text_chunk import chunk
from tests.imaging.files import file_of, ramp

PNG = file_of(ramp(32, 40), "PNG")
HEAD = 33  # signature and IHDR


def hang(kind: bytes, body: bytes) -> bytes:
    return PNG[:HEAD] + chunk(kind, body) + PNG[HEAD:]


def spoiled(kind: bytes, body: bytes) -> bytes:
    """Hang a chunk with a wrong checksum."""
    framed = chunk(kind, body)
    return PNG[:HEAD] + framed[:-1] + bytes([framed[-1] ^ 1]) + PNG[HEAD:]


LONG = zlib.compress(b'{"workflow": 1}' * 110_000)  # 1.6 MB unpacked


@pytest.mark.parametrize(
    "png",
    [
        hang(b"zTXt", b"workflow\0\0" + LONG),
        hang(b"iTXt", b"workflow\0\1\0\0\0" + LONG),
        hang(b"tEXt", b"workflow\0" + b"x" * 3_000_000),
        hang(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + LONG),
        hang(b"zTXt", b"Raw profile type exif\0\0" + LONG),
        hang(b"zTXt", b"workflow\0\0rubbish"),
        spoiled(b"tEXt", b"Author\0nobody"),
        spoiled(b"eXIf", b"II*\0\x08\0\0\0\0\0"),
        spoiled(b"prVt", b"anything"),
    ],
)
def test_texts_of_any_length_and_state_leave_a_sound_png_sound(png):
    picture = open_picture(png)
    assert (picture.rgb == ramp(32, 40)).all() and picture.notes == ()


def test_the_same_holds_for_sixteen_bits():
    deep = Picture(ramp(32, 40).astype(np.uint16) * 257)
    png = encode_picture(deep, "png")
    png = png[:HEAD] + chunk(b"zTXt", b"workflow\0\0" + LONG) + png[HEAD:]
    assert open_picture(png).digest == deep.digest


def test_a_profile_that_unpacks_too_far_is_left_out_and_reported():
    png = hang(b"iCCP", b"p\0\0" + zlib.compress(bytes(100 << 20), 1))
    tracemalloc.start()
    picture = open_picture(png)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (picture.rgb == ramp(32, 40)).all() and "profile" in picture.notes[0]
    assert peak < 24 << 20


@pytest.mark.parametrize("place", ["eXIf", "XML:com.adobe.xmp", "Raw profile type exif"])
def test_a_png_says_in_three_places_how_the_camera_was_held(place):
    exif = Image.Exif()
    exif[0x0112] = 6
    if place == "eXIf":
        png = file_of(ramp(32, 40), "PNG", exif=exif)
    elif place == "XML:com.adobe.xmp":
        png = hang(b"iTXt", place.encode() + b'\0\0\0\0\0<x tiff:Orientation="6"/>')
    else:
        raw = exif.tobytes().hex()
        png = hang(
            b"zTXt", place.encode() + b"\0\0" + zlib.compress(f"\nexif\n{len(raw) // 2}\n{raw}\n".encode())
        )
    assert (open_picture(png).rgb == np.rot90(ramp(32, 40), -1)).all()


JPEG = file_of(ramp(32, 40, noise=True), "JPEG")


def segment(code: int, body: bytes) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*range(0xE1, 0xEE), 0xEF, 0xFE]),
            st.sampled_from(
                [b"", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0", b"MPF\0"]
            ),
            st.binary(max_size=200),
        ),
        max_size=5,
    )
)
def test_whatever_hangs_on_a_jpeg_its_pixels_are_read(segments):
    bodies = [segment(code, head + body) for code, head, body in segments if b"Orientation" not in body]
    picture = open_picture(JPEG[:2] + b"".join(bodies) + JPEG[2:])
    plain = open_picture(JPEG).rgb
    assert picture.rgb.shape in (plain.shape, (*plain.shape[1::-1], 3))
    if picture.rgb.shape == plain.shape and (0xE1 not in {code for code, *_ in segments}):
        assert (picture.rgb == plain).all()


@pytest.mark.parametrize(
    "data",
    [
        JPEG[:2] + segment(0xEF, b"") * 150_000 + JPEG[2:],
        JPEG[:2] + segment(0xE1, b"Exif\0\0" + bytes(60_000)) * 300 + JPEG[2:],
        JPEG[:2] + segment(0xE1, b"Exif\0\0") * 400_000 + JPEG[2:],
        b"GIF89a\x20\0\x20\0\0\0\0!\xfe" + (b"\xff" + bytes(255)) * 60_000 + b"\0;",
        b"GIF89a\x20\0\x20\0\0\0\0" + b"!\xfe\0" * 3_000_000,
        PNG[:HEAD] + chunk(b"prVt", b"") * 1_000_000 + PNG[HEAD:],
        PNG[:HEAD] + chunk(b"IDAT", b"") * 1_000_000 + PNG[HEAD:],
    ],
    ids=["segments", "long EXIF", "short EXIF", "comment", "comments", "chunks", "data chunks"],
)
def test_a_million_parts_take_no_time(data):
    began = time.process_time()
    try:
        open_picture(data)
    except PictureError as error:
        assert "damaged" in str(error)
    assert time.process_time() - began < 2


def test_a_jpeg_of_a_hundred_scans_is_refused_before_it_is_unpacked():
    jpeg = file_of(ramp(64, 64), "JPEG", progressive=True)
    first = jpeg.index(b"\xff\xda")
    second = jpeg.index(b"\xff\xda", first + 2)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    assert open_picture(jpeg).rgb.shape == (64, 64, 3) and second > first
    swollen = jpeg[:-2] + scan * 120 + jpeg[-2:]
    with pytest.raises(PictureError, match="times"):
        open_picture(swollen)


def test_bytes_that_look_like_scans_in_an_exif_preview_are_not_counted():
    body = b"Exif\0\0" + b"\xff\xda\0\x02" * 5000
    assert open_picture(JPEG[:2] + segment(0xE1, body) + JPEG[2:]).rgb.shape == (32, 40, 3)


def bmp_of_runs(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 0, 0, 0, 256, 0)
    palette = bytes(1024)
    data = b"\1\7\0\0" * height + b"\0\1"
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(data), 0, 0, 54 + 1024) + head + palette + data


def test_a_bmp_packed_in_runs_is_read_and_a_huge_one_refused():
    assert open_picture(bmp_of_runs(40, 30)).rgb.shape == (30, 40, 3)
    began = time.process_time()
    with pytest.raises(PictureError, match="runs"):
        open_picture(bmp_of_runs(16000, 2400))
    assert time.process_time() - began < 0.5


def webp_with(packet: bytes) -> bytes:
    return file_of(ramp(32, 32), "WEBP", xmp=packet)


@pytest.mark.parametrize(
    "packet",
    [
        b"<studio:recipe>" * 60_000,
        b"</studio:recipe>" * 60_000,
        b"<studio:recipe>" + b"&amp" * 200_000,
        (b"<studio:recipe>" * 3 + b"</studio:recip") * 20_000,
        b"<?xml" * 180_000,
        b"tiff:Orientation=" * 50_000,
    ],
)
def test_a_packet_that_never_closes_takes_no_time(packet):
    data = webp_with(packet)
    began = time.process_time()
    assert read_recipe(data) is None
    open_picture(data)
    assert time.process_time() - began < 1


def test_a_packet_after_the_first_megabyte_is_no_recipe():
    assert read_recipe(webp_with(bytes(1 << 20) + b"<studio:recipe>{}</studio:recipe>")) is None
    assert read_recipe(webp_with(bytes(1 << 19) + b"<studio:recipe>{}</studio:recipe>")) == "{}"


def test_the_first_frame_of_a_gif_is_enough_even_where_the_second_is_damaged():
    frames = [Image.new("RGB", (32, 24), color) for color in ("red", "green")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    picture = open_picture(file.getvalue()[:-12])
    assert (picture.rgb == [255, 0, 0]).all()


def test_a_deep_png_of_many_pixels_takes_little_memory_beside_its_own():
    side, channels = 2000, 4
    samples = ramp(side, side).astype(np.uint16) * 257
    png = encode_picture(Picture(samples, samples[..., 0].copy()), "png")
    own = side * side * channels * 2
    tracemalloc.start()
    picture = open_picture(png)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (picture.rgb == samples).all() and peak < 2.2 * own + (24 << 20), peak / own
