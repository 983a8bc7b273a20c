"""Small files that name the same thing over and over: it is read once, or not at all."""

import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from stylizer.imaging.heif_parts import pixels_unpacked
from stylizer.imaging.picture import PictureError, open_picture, read_recipe, read_size
from stylizer.imaging.text_chunk import chunk
from tests.imaging.files import file_of, ramp
from tests.imaging.test_hangers import HEAD, JPEG, PNG, hang, segment

SAMPLES = ramp(32, 40)


def exif_naming(size: int, tags: int) -> bytes:
    """Write EXIF of so many bytes, each of whose tags names nearly all of them, and one how it was held."""
    entries = [struct.pack("<HHII", 274, 3, 1, 6)]
    entries += [struct.pack("<HHII", 1000 + tag, 7, size - 16, 1) for tag in range(tags)]
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + bytes(4)
    return head + bytes(size - len(head))


def peak_of(function, *values) -> int:
    """Return the bytes that a call takes at most, beside what there was."""
    tracemalloc.start()
    try:
        function(*values)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def seconds_of(function, *values) -> float:
    began = time.process_time()
    function(*values)
    return time.process_time() - began


def webp_with(exif: bytes) -> bytes:
    def part(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)

    sides = (39).to_bytes(3, "little") + (31).to_bytes(3, "little")
    plain = file_of(SAMPLES, "WEBP", lossless=True)[12:]
    body = b"WEBP" + part(b"VP8X", struct.pack("<B3x", 8) + sides) + plain + part(b"EXIF", exif)
    return b"RIFF" + struct.pack("<I", len(body)) + body


EXIF = exif_naming(400_000, 500)
HANGING = {
    "PNG": hang(b"eXIf", EXIF),
    "PNG as text": hang(
        b"zTXt",
        b"Raw profile type exif\0\0" + zlib.compress(f"\nexif\n{len(EXIF)}\n{EXIF.hex()}\n".encode()),
    ),
    "WEBP": webp_with(EXIF),
    "JPEG": JPEG[:2] + segment(0xE1, b"Exif\0\0" + exif_naming(60_000, 900)) + JPEG[2:],
}


@pytest.mark.parametrize("kind", HANGING)
def test_exif_that_names_itself_over_and_over_takes_no_memory_and_is_still_understood(kind):
    """A WebP of 1 MB took 1.5 GB for 1,500 tags; there may be 65,535."""
    data = HANGING[kind]
    assert peak_of(open_picture, data) < 16 << 20
    assert open_picture(data).rgb.shape == (40, 32, 3)  # turned


def tiff_with(tags: list[tuple[int, int, int, int]], more: bytes = b"") -> bytes:
    """Add tags (number, type, count, value) to a TIFF of 8 bits, and bytes to its end."""
    data = file_of(SAMPLES, "TIFF")
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [data[at + 2 + 12 * place : at + 14 + 12 * place] for place in range(count)]
    entries = sorted([*entries, *(struct.pack("<HHII", *tag) for tag in tags)])
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory + more


def test_a_tiff_whose_tags_name_itself_over_and_over_takes_no_memory():
    """One of 4 MB took 7 GB, which was all that there was."""
    size = 1 << 20
    data = tiff_with([(40_000 + tag, 7, size, 1) for tag in range(900)], bytes(size))
    assert peak_of(open_picture, data) < 16 << 20
    assert (open_picture(data).rgb == SAMPLES).all() and read_size(data) == (40, 32)


def test_a_tiff_whose_needed_tags_overlap_is_refused():
    size = 1 << 20
    data = tiff_with([(tag, 7, size, 1) for tag in range(512, 522)], bytes(size))
    with pytest.raises(PictureError, match="damaged"):
        open_picture(data)


def test_what_hangs_on_a_tiff_leads_nowhere():
    """Pillow follows the places of EXIF and GPS, too, and further pictures."""
    data = tiff_with([(34665, 4, 1, 8), (34853, 4, 1, 8), (330, 4, 1, 8)])
    assert (open_picture(data).rgb == SAMPLES).all()


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("packing", [5, 8, 50000])
def test_a_small_tiff_in_one_huge_tile_is_refused_before_the_tile_is_made(bits, packing):
    """A picture of 16 x 16 in a tile of 16384 x 16384: 4 kB took 1.5 GB."""
    where = 8 + 2 + 12 * 11 + 4
    tags = [
        (256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 1, bits), (259, 3, 1, packing), (262, 3, 1, 1),
        (277, 3, 1, 1), (284, 3, 1, 1), (322, 4, 1, 16384), (323, 4, 1, 16384), (324, 4, 1, where),
        (325, 4, 1, 4000),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bytes(4000)
    with pytest.raises(PictureError, match="damaged"):
        open_picture(data)


BOMB = zlib.compress(bytes((1 << 20) + 2), 9)  # one more than is read


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"iCCP", b"x\0\0" + zlib.compress(bytes((4 << 20) + 2), 9)),
        (b"zTXt", b"Raw profile type exif\0\0" + BOMB),
        (b"iTXt", b"recipe\0\1\0\0\0" + BOMB),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB),
    ],
)
def test_what_is_packed_a_thousandfold_is_unpacked_once_however_often_it_is_there(kind, body):
    """2,000 texts of a kilobyte took 4 s, and 40 MB of them 80 s."""
    data = PNG[:HEAD] + chunk(kind, body) * 3000 + PNG[HEAD:]
    assert (open_picture(data).rgb == SAMPLES).all()
    assert seconds_of(open_picture, data) < 1.5 and seconds_of(read_recipe, data) < 1.5


def profile_with(rows: list[tuple[bytes, bytes]]) -> bytes:
    """Add tags to an sRGB profile."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", plain, 128)
    shift = 12 * len(rows)
    table = [struct.unpack_from(">4sII", plain, 132 + 12 * row) for row in range(count)]
    moved = [(kind, at + shift, size) for kind, at, size in table]
    rest = plain[132 + 12 * count :]
    at = 132 + 12 * (count + len(rows)) + len(rest)
    rest, at = rest + bytes(-at % 4), at + -at % 4
    bodies = list(dict.fromkeys(body for _, body in rows))
    places = {}
    for body in bodies:
        places[body] = at
        at += len(body)
    moved += [(kind, places[body], len(body)) for kind, body in rows]
    head = plain[:128] + struct.pack(">I", len(moved))
    whole = head + b"".join(struct.pack(">4sII", *row) for row in moved) + rest + b"".join(bodies)
    return struct.pack(">I", len(whole)) + whole[4:8] + b"\x04\x30\0\0" + whole[12:]


def test_a_profile_of_thousands_of_elements_is_followed_by_its_curves():
    """4,000 of them, 15 kB when packed, took 5 s."""
    one = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    count = 4000
    places = b"".join(
        struct.pack(">II", 16 + 8 * count + place * len(one), len(one)) for place in range(count)
    )
    elements = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, count) + places + one * count
    data = file_of(SAMPLES, "PNG", icc_profile=profile_with([(b"D2B0", elements), (b"D2B1", elements)]))
    assert seconds_of(open_picture, data) < 1.5
    picture = open_picture(data)
    assert picture.notes == () and np.abs(picture.rgb.astype(int) - SAMPLES).max() <= 2


def test_a_profile_whose_tags_overlap_takes_no_memory():
    """Beside a picture of 16 bits, 4 kB took 325 MB."""
    body = b"text" + bytes(3 << 20)
    profile = profile_with([(b"X%03d" % place, body) for place in range(60)])
    head = struct.pack(">IIBBBBB", 40, 32, 16, 2, 0, 0, 0)
    data = PNG[:8] + chunk(b"IHDR", head) + chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))
    data += chunk(b"IDAT", zlib.compress(bytes(241 * 32))) + chunk(b"IEND", b"")
    assert open_picture(data).rgb.dtype == np.uint16 and peak_of(open_picture, data) < 64 << 20


def test_comments_within_a_scan_are_walked_over_a_bounded_number_of_times():
    with pytest.raises(PictureError, match="damaged"):
        open_picture(JPEG[:-2] + b"\xff\xfe\0\2" * 300_000 + JPEG[-2:])
    few = JPEG[:-2] + b"\xff\xfe\0\2" * 1000 + JPEG[-2:]
    assert open_picture(few).digest == open_picture(JPEG).digest


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def named_box(kind: bytes, *parts: bytes, version: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24), *parts)


def heic_grid(tile: int, rows: int, columns: int, shown: tuple[int, int]) -> bytes:
    """Write a HEIC photo that is put together of the same tile, rows by columns."""
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (tile, tile), (90, 120, 60))).save(file, quality=10)
    data = file.getvalue()
    at = data.index(b"hvcC") - 4
    hvcc = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    at = data.index(b"mdat") - 4
    coded = data[at + 8 : at + int.from_bytes(data[at : at + 4], "big")]
    grid = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *shown)
    count = rows * columns
    kinds = [
        named_box(b"infe", struct.pack(">HH4sB", n, 0, k, 0), version=2)
        for n, k in ((1, b"hvc1"), (2, b"grid"))
    ]

    def meta(at: int) -> bytes:
        places = struct.pack(">HHHII", 1, 0, 1, at, len(coded))
        places += struct.pack(">HHHII", 2, 0, 1, at + len(coded), len(grid))
        properties = box(
            b"ipco",
            hvcc,
            named_box(b"ispe", struct.pack(">II", tile, tile)),
            named_box(b"ispe", struct.pack(">II", *shown)),
        )
        given = struct.pack(">I", 2) + struct.pack(">HBBB", 1, 2, 0x81, 2) + struct.pack(">HBB", 2, 1, 3)
        return named_box(
            b"meta",
            named_box(b"hdlr", b"\0\0\0\0pict" + bytes(13)),
            named_box(b"pitm", struct.pack(">H", 2)),
            named_box(b"iloc", struct.pack(">BBH", 0x44, 0, 2), places),
            named_box(b"iinf", struct.pack(">H", 2), *kinds),
            named_box(b"iref", box(b"dimg", struct.pack(">HH", 2, count), struct.pack(">H", 1) * count)),
            box(b"iprp", properties, named_box(b"ipma", given)),
        )

    front = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return front + meta(len(front) + len(meta(0)) + 8) + box(b"mdat", coded, grid)


def test_a_heic_photo_of_tiles_is_read_and_one_of_the_same_tile_over_and_over_is_refused():
    """256 times a tile of 16 megapixels, 4 kB, took 20 s."""
    data = heic_grid(512, 2, 3, (1200, 900))
    assert pixels_unpacked(data) == 6 * 512 * 512
    assert open_picture(data).rgb.shape == (900, 1200, 3)
    data = heic_grid(1024, 16, 16, (64, 48))
    with pytest.raises(PictureError, match="put together of more than 160 megapixels"):
        open_picture(data)


def test_pictures_put_together_of_each_other_are_refused():
    data = heic_grid(64, 4, 4, (64, 48)).replace(
        struct.pack(">HH", 2, 16) + struct.pack(">H", 1) * 16,
        struct.pack(">HH", 2, 16) + struct.pack(">H", 2) * 16,
    )
    with pytest.raises(OSError, match="within"):
        pixels_unpacked(data)
    with pytest.raises(PictureError, match="damaged"):
        open_picture(data)
