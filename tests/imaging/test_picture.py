import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from stylizer.imaging.picture import (
    Picture,
    PictureError,
    encode_picture,
    open_picture,
    read_recipe,
    read_size,
    save_picture,
)
from stylizer.imaging.tensors import to_picture, to_tensor
from stylizer.imaging.text_chunk import SIGNATURE, chunk
from tests.imaging.files import file_of, ramp


def deep_ramp(height: int, width: int) -> np.ndarray:
    """Draw (height, width, 3) uint16 that uses all sixteen bits."""
    rows, columns = np.mgrid[0:height, 0:width]
    planes = [(rows * 2654435761 + columns * 40503 * (band + 1)) % 65536 for band in range(3)]
    return np.stack(planes, axis=-1).astype(np.uint16)


def adobe_like_profile(gamma: float = 2.19921875) -> bytes:
    """Build an RGB profile with the primaries of Adobe RGB (1998), D50-adapted, and a pure power curve."""
    columns = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
    fixed = lambda values: b"".join(struct.pack(">i", round(v * 65536)) for v in values)  # noqa: E731
    xyz = [b"XYZ \0\0\0\0" + fixed(column) for column in columns]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    white = b"XYZ \0\0\0\0" + fixed((0.9642, 1.0, 0.8249))
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78 + 3)
    rights = b"text\0\0\0\0none\0\0\0\0"
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz, strict=True))
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve, b"wtpt": white, b"desc": name, b"cprt": rights}
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for kind, tag in tags.items():
        tag += bytes(-len(tag) % 4)
        table += struct.pack(">4sII", kind, at + len(body), len(tag))
        body += tag
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s4s", 2020, 1, 1, 0, 0, 0, b"acsp", b"none") + bytes(24)
    head += fixed((0.9642, 1.0, 0.8249)) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


# --- coming in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "WEBP", "BMP", "TIFF"])
def test_lossless_formats_keep_every_sample(format):
    options = {"lossless": True} if format == "WEBP" else {}
    assert (open_picture(file_of(ramp(17, 23), format, **options)).rgb == ramp(17, 23)).all()


@pytest.mark.parametrize("format", ["JPEG", "AVIF", "GIF"])
def test_lossy_formats_come_close(format):
    picture = open_picture(file_of(ramp(64, 48), format, **({} if format == "GIF" else {"quality": 95})))
    assert np.abs(picture.rgb.astype(int) - ramp(64, 48)).mean() < 6


@pytest.mark.parametrize(("height", "width"), [(17, 23), (16, 16), (16383, 17), (16, 16384), (257, 256)])
def test_odd_and_extreme_sizes_come_in_and_go_out_unchanged(height, width):
    picture = Picture(ramp(height, width))
    assert (open_picture(encode_picture(picture, "png")).rgb == picture.rgb).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "TIFF", "JPEG"])
def test_every_camera_orientation_comes_out_upright(orientation, format):
    image = Image.fromarray(ramp(40, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = file_of(image, format, exif=exif, **({"quality": 100} if format == "JPEG" else {}))
    image.info["exif"] = exif.tobytes()
    with Image.open(io.BytesIO(data)) as reopened:
        upright = np.asarray(ImageOps.exif_transpose(reopened).convert("RGB"))
    picture = open_picture(data)
    assert picture.rgb.shape == upright.shape and (picture.rgb == upright).all()


def test_a_deep_tiff_is_turned_upright_too():
    file = io.BytesIO()
    tifffile.imwrite(file, deep_ramp(20, 30), photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    assert (open_picture(file.getvalue()).rgb == np.rot90(deep_ramp(20, 30), -1)).all()


def test_alpha_is_kept():
    samples = np.dstack([ramp(20, 30), ramp(20, 30)[..., 0]])
    picture = open_picture(file_of(samples, "PNG"))
    assert (picture.rgb == samples[..., :3]).all() and (picture.alpha == samples[..., 3]).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "LAB", "I", "F", "I;16"])
def test_every_mode_of_pixels_is_understood(mode):
    gray = ramp(24, 32)[..., 0]
    if mode == "I":
        image = Image.fromarray(gray.astype(np.int32) * 257)
    elif mode == "F":
        image = Image.fromarray(gray.astype(np.float32) / 255)
    elif mode == "I;16":
        image = Image.fromarray(gray.astype(np.uint16) * 257)
    elif mode == "LAB":
        to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        image = to_lab.apply(Image.fromarray(gray).convert("RGB"))
    else:
        source = Image.fromarray(gray)
        image = source.convert("RGB").convert(mode) if mode == "CMYK" else source.convert(mode)
    format = "PNG" if mode in ("LA", "P", "PA", "RGBA", "1") else "TIFF"
    picture = open_picture(file_of(image.convert("P") if mode == "PA" else image, format))
    found = picture.rgb.astype(float) / picture.peak * 255
    if mode == "1":
        assert set(np.unique(found)) <= {0, 255}
    else:
        assert np.abs(found - gray[..., None]).max() < 3
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))


def test_a_palette_with_a_transparent_entry_has_alpha():
    image = Image.fromarray(np.tile(np.arange(32, dtype=np.uint8), (32, 1))).convert("P")
    picture = open_picture(file_of(image, "PNG", transparency=5))
    assert (picture.alpha[:, 5] == 0).all() and (np.delete(picture.alpha, 5, 1) == 255).all()


def test_a_color_named_transparent_has_alpha():
    picture = open_picture(
        file_of(ramp(16, 16), "PNG", transparency=tuple(int(v) for v in ramp(16, 16)[3, 4]))
    )
    assert picture.alpha[3, 4] == 0 and picture.alpha.mean() > 250


def test_a_print_jpeg_in_inks_has_the_right_colors():
    red = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    rgb = open_picture(file_of(red, "JPEG", quality=95)).rgb
    assert rgb[..., 0].min() > 240 and rgb[..., 1:].max() < 20


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_taken_and_reported(format):
    frames = [Image.new("RGB", (32, 24), color) for color in ("red", "green", "blue")]
    file = io.BytesIO()
    options = {"lossless": True} if format == "WEBP" else {}
    frames[0].save(file, format, save_all=True, append_images=frames[1:], duration=100, **options)
    picture = open_picture(file.getvalue())
    assert (picture.rgb == [255, 0, 0]).all() and "first frame" in picture.notes[0]


# --- depth -------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 70), st.integers(16, 70), st.booleans(), st.integers(0, 65535))
def test_sixteen_bit_pngs_come_back_sample_for_sample(height, width, transparent, seed):
    rgb = deep_ramp(height, width) ^ np.uint16(seed)
    picture = Picture(rgb, rgb[..., 1].copy() if transparent else None)
    back = open_picture(encode_picture(picture, "png", recipe="{}"))
    assert back.digest == picture.digest


def test_our_sixteen_bit_pngs_are_sound_for_other_readers():
    picture = Picture(deep_ramp(40, 60), deep_ramp(40, 60)[..., 0])
    with Image.open(io.BytesIO(encode_picture(picture, "png", recipe="{}"))) as image:
        image.verify()
    with Image.open(io.BytesIO(encode_picture(picture, "png"))) as image:
        assert (np.asarray(image)[..., :3] == picture.rgb >> 8).all()


@pytest.mark.parametrize(("color", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("filter_type", range(5))
def test_every_filter_of_a_sixteen_bit_png_is_undone(color, channels, filter_type):
    """Filtered here by the specification's own definition, byte by byte (section 9.2)."""
    samples = np.resize(deep_ramp(18, 19), (18, 19, channels))
    rows = samples.astype(">u2").reshape(18, -1).view(np.uint8).astype(int)
    step, lines = 2 * channels, []
    for y, row in enumerate(rows):
        line = [filter_type]
        for x, value in enumerate(row):
            left = int(row[x - step]) if x >= step else 0
            up = int(rows[y - 1][x]) if y else 0
            corner = int(rows[y - 1][x - step]) if y and x >= step else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda near: abs(guess - near))
            line.append((value - (0, left, up, (left + up) // 2, paeth)[filter_type]) % 256)
        lines.append(bytes(line))
    head = struct.pack(">IIBBBBB", 19, 18, 16, color, 0, 0, 0)
    png = (
        SIGNATURE
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"".join(lines)))
        + chunk(b"IEND", b"")
    )
    picture = open_picture(png)
    assert (picture.rgb == (samples[..., :3] if channels > 2 else samples[..., :1])).all()
    if channels in (2, 4):
        assert (picture.alpha == samples[..., -1]).all()


def test_an_interlaced_sixteen_bit_png_is_read():
    samples, raw = deep_ramp(21, 18), b""
    for x, y, dx, dy in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ):  # fmt: skip
        for row in samples[y::dy, x::dx].astype(">u2"):
            raw += b"\0" + row.tobytes()
    head = struct.pack(">IIBBBBB", 18, 21, 16, 2, 0, 0, 1)
    png = SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    assert (open_picture(png).rgb == samples).all()


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"rowsperstrip": 5},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": 2},
        {"compression": "zlib", "predictor": 2, "tile": (16, 32)},
        {"bigtiff": True},
    ],
)
def test_sixteen_bit_tiffs_keep_their_bits_in_every_layout(layout, byteorder):
    if "bigtiff" in layout and byteorder == ">":
        pytest.skip("Pillow 12 does not know big-endian BigTIFF")
    for samples, kind in ((deep_ramp(37, 53), "rgb"), (deep_ramp(37, 53)[..., 0], "minisblack")):
        file = io.BytesIO()
        tifffile.imwrite(file, samples, photometric=kind, byteorder=byteorder, **layout)
        rgb = open_picture(file.getvalue()).rgb
        assert (rgb == samples.reshape(37, 53, -1)).all()


def test_pillows_limit_of_pixels_does_not_count_the_bytes_of_a_deep_tiff(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 37 * 53)
    file = io.BytesIO()
    tifffile.imwrite(file, deep_ramp(37, 53), photometric="rgb")
    assert (open_picture(file.getvalue()).rgb == deep_ramp(37, 53)).all()


def test_a_sixteen_bit_tiff_packed_by_lzw_keeps_its_bits():
    gray = deep_ramp(33, 47)[..., 0]
    assert (open_picture(file_of(gray, "TIFF", compression="tiff_lzw")).rgb == gray[..., None]).all()


@pytest.mark.parametrize(("peak", "note"), [(1.0, "0..1"), (255.0, "0..255"), (65535.0, "0..65535")])
def test_float_pictures_are_scaled_not_clipped(peak, note):
    values = np.linspace(0, peak, 32 * 48, dtype=np.float32).reshape(32, 48)
    rgb = open_picture(file_of(values, "TIFF")).rgb
    assert rgb.dtype == np.uint16 and rgb.min() == 0 and rgb.max() == 65535, note
    assert np.abs(rgb[..., 0] / 65535 - values / peak).max() < 1e-4


def test_light_above_white_is_scaled_into_range():
    values = np.linspace(-0.5, 2.0, 32 * 48, dtype=np.float32).reshape(32, 48)
    rgb = open_picture(file_of(values, "TIFF")).rgb
    assert rgb.min() == 0 and rgb.max() == 65535 and len(np.unique(rgb)) == values.size


# --- color profiles ----------------------------------------------------------------------------------------


def test_a_wide_gamut_profile_becomes_srgb():
    """Adobe RGB's (0, 255, 0) lies outside sRGB; its gray axis stays gray, a mid green moves as computed."""
    samples = np.zeros((16, 48, 3), np.uint8)
    samples[:, :16], samples[:, 16:32], samples[:, 32:] = 128, (100, 150, 80), (0, 255, 0)
    rgb = open_picture(file_of(samples, "PNG", icc_profile=adobe_like_profile())).rgb.astype(int)
    assert np.abs(rgb[0, 0] - 128).max() <= 2
    assert rgb[0, 20, 0] < 90 and abs(rgb[0, 20, 1] - 151) <= 3
    assert tuple(rgb[0, 40]) == (0, 255, 0) or rgb[0, 40, 1] > 250


def test_sixteen_bits_follow_a_profile_as_eight_bits_do():
    coarse = ramp(32, 48)
    profile = adobe_like_profile()
    deep = encode_picture(Picture(coarse.astype(np.uint16) * 257), "png")
    at = deep.index(b"iCCP") - 4
    length = struct.unpack_from(">I", deep, at)[0]
    deep = deep[:at] + chunk(b"iCCP", b"test\0\0" + zlib.compress(profile)) + deep[at + 12 + length :]
    eight, sixteen = open_picture(file_of(coarse, "PNG", icc_profile=profile)), open_picture(deep)
    assert sixteen.rgb.dtype == np.uint16
    assert np.abs(sixteen.rgb / 257 - eight.rgb.astype(float)).max() < 2.5


def test_our_own_profile_is_known_without_asking_the_color_engine(monkeypatch):
    file = encode_picture(Picture(ramp(40, 60)), "png")
    monkeypatch.setattr(ImageCms, "buildTransform", None)
    assert np.array_equal(open_picture(file).rgb, ramp(40, 60))


def test_what_need_not_last_is_whole_too_and_waits_for_no_disk(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr("os.fsync", waited.append)
    for lasting in (False, True):
        save_picture(Picture(ramp(40, 60)), tmp_path / "it.png", lasting=lasting)
        assert np.array_equal(open_picture(tmp_path / "it.png").rgb, ramp(40, 60))
        assert len(waited) == lasting and [file.name for file in tmp_path.iterdir()] == ["it.png"]


def test_our_own_profile_changes_nothing():
    picture = Picture(ramp(40, 40, noise=True))
    assert open_picture(encode_picture(picture, "png")).digest == picture.digest


# --- going out ---------------------------------------------------------------------------------------------


def test_saved_files_say_srgb_and_nothing_of_the_camera(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAM"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    picture = open_picture(file_of(ramp(32, 32), "JPEG", exif=exif, comment=b"SECRETCAM"))
    for suffix in ("png", "jpg", "webp"):
        save_picture(picture, tmp_path / f"out.{suffix}", recipe="{}")
        data = (tmp_path / f"out.{suffix}").read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            assert b"sRGB" in image.info["icc_profile"] or image.info["icc_profile"][36:40] == b"acsp"
            assert not image.getexif()
        assert b"SECRETCAM" not in data


@pytest.mark.parametrize("format", ["png", "jpg", "jpeg", "webp"])
@settings(max_examples=15, deadline=None)
@given(recipe=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_recipes_come_back_letter_for_letter(format, recipe):
    assert read_recipe(encode_picture(Picture(ramp(16, 16)), format, recipe)) == recipe


def test_a_picture_without_a_recipe_has_none():
    for format in ("png", "jpg", "webp"):
        assert read_recipe(encode_picture(Picture(ramp(16, 16)), format)) is None


def test_a_recipe_squeezed_by_another_program_is_read():
    png = file_of(ramp(16, 16), "PNG")
    body = b"recipe\0\1\0en\0Rezept\0" + zlib.compress('{"strength": "½"}'.encode())
    assert read_recipe(png[:33] + chunk(b"iTXt", body) + png[33:]) == '{"strength": "½"}'


def test_a_recipe_too_long_for_a_jpeg_is_refused_with_advice():
    with pytest.raises(PictureError, match="save the picture as PNG"):
        encode_picture(Picture(ramp(16, 16)), "jpg", recipe="x" * 70_000)


def test_the_same_picture_makes_the_same_bytes():
    for format in ("png", "jpg", "webp"):
        assert len({encode_picture(Picture(ramp(32, 32)), format, "{}") for _ in range(2)}) == 1


def test_transparency_goes_into_png_and_webp_and_onto_white_in_jpeg():
    alpha = np.zeros((32, 32), np.uint8)
    alpha[:, 16:] = 255
    picture = Picture(np.full((32, 32, 3), 40, np.uint8), alpha)
    for format in ("png", "webp"):
        assert (open_picture(encode_picture(picture, format)).alpha == alpha).all()
    rgb = open_picture(encode_picture(picture, "jpg")).rgb
    assert rgb[:, :8].min() > 245 and rgb[:, 24:].max() < 55


def test_saving_replaces_a_file_whole_or_leaves_it(tmp_path, monkeypatch):
    path = tmp_path / "out.png"
    save_picture(Picture(ramp(16, 16)), path)
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stylizer.imaging.files.os.replace", full_disk)
    with pytest.raises(PictureError, match=r"out.png could not be written: No space left"):
        save_picture(Picture(ramp(20, 20)), path)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["out.png"]


@pytest.mark.parametrize("name", ["out.gif", "out", "out.tiff"])
def test_other_suffixes_are_refused(name, tmp_path):
    with pytest.raises(PictureError, match=r"\.png, \.jpg or \.webp"):
        save_picture(Picture(ramp(16, 16)), tmp_path / name)


def test_a_picture_too_long_for_webp_is_refused_with_advice():
    with pytest.raises(PictureError, match="save it as PNG"):
        encode_picture(Picture(ramp(16, 16384)), "webp")


# --- as tensors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [ramp(19, 31), deep_ramp(19, 31)])
def test_a_picture_survives_the_way_to_a_tensor_and_back(samples):
    opaque = np.full_like(samples[..., 0], np.iinfo(samples.dtype).max)
    picture = Picture(samples, opaque, "cat")
    back = to_picture(to_tensor(picture), picture)
    assert back.digest == picture.digest and back.name == "cat"


def test_tensors_are_planes_from_zero_to_one():
    tensor = to_tensor(Picture(ramp(20, 30)))
    assert tensor.shape == (1, 3, 20, 30) and tensor.dtype == torch.float32 and tensor.is_contiguous()
    assert tensor.min() == 0 and tensor.max() == 1


def test_hidden_samples_do_not_reach_the_tensor():
    rgb = np.full((16, 16, 3), 200, np.uint8)
    rgb[:8] = 255 * (np.arange(16) % 2)[None, :, None]
    alpha = np.zeros((16, 16), np.uint8)
    alpha[8:] = 255
    assert torch.allclose(to_tensor(Picture(rgb, alpha)), torch.tensor(200 / 255))


def test_a_fully_transparent_picture_gives_finite_tensors():
    picture = Picture(ramp(16, 16), np.zeros((16, 16), np.uint8))
    assert torch.isfinite(to_tensor(picture)).all()


def test_values_out_of_range_are_clamped_and_not_numbers_refused():
    samples = torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    assert (to_picture(samples).rgb[0, 0] == [0, 128, 255]).all()
    with pytest.raises(ValueError, match="not numbers"):
        to_picture(samples * torch.nan)


def test_alpha_is_resized_with_a_tensor_of_another_size():
    like = Picture(ramp(32, 32), np.full((32, 32), 77, np.uint8))
    assert (to_picture(torch.zeros(1, 3, 16, 20), like).alpha == np.full((16, 20), 77)).all()


def test_pictures_cannot_be_changed_and_are_named_by_content():
    picture = Picture(ramp(16, 20))
    with pytest.raises(ValueError, match="read-only"):
        picture.rgb[0, 0] = 0
    assert picture.digest == Picture(ramp(16, 20), name="other").digest
    assert picture.digest != Picture(ramp(20, 16)).digest
    assert picture.digest != Picture(ramp(16, 20), np.zeros((16, 20), np.uint8)).digest


def test_arrays_of_another_kind_are_refused():
    for rgb in (np.zeros((16, 16)), np.zeros((16, 16, 3), np.float32), np.zeros((16, 16, 4), np.uint8)):
        with pytest.raises(ValueError, match="expected"):
            Picture(rgb)
    with pytest.raises(ValueError, match="alpha"):
        Picture(ramp(16, 16), np.zeros((16, 16), np.uint16))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_the_size_of_a_saved_picture_is_read_without_its_samples(tmp_path, suffix):
    save_picture(Picture(np.zeros((31, 47, 3), np.uint8)), tmp_path / f"small{suffix}")
    assert read_size(tmp_path / f"small{suffix}") == (47, 31)
    (tmp_path / "torn").write_bytes(b"no picture")
    with pytest.raises(PictureError):
        read_size(tmp_path / "torn")
