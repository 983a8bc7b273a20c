"""HEIC photos, written by libheif's encoder and read by our door."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from stylizer.imaging.picture import PictureError, open_picture
from tests.imaging.files import file_of, ramp
from tests.imaging.test_picture import adobe_like_profile

pillow_heif = pytest.importorskip("pillow_heif")


def heic(samples: np.ndarray, mode: str | None = None, **options) -> bytes:
    """Write gray, rgb or rgba samples without loss; sixteen bits as libheif's ten."""
    file = io.BytesIO()
    deep = ";16" if samples.dtype == np.uint16 else ""
    mode = mode or {2: "L", 3: "RGB", 4: "RGBA"}[samples.ndim if samples.ndim == 2 else samples.shape[2]]
    image = pillow_heif.from_bytes(mode + deep, samples.shape[1::-1], np.ascontiguousarray(samples).tobytes())
    image.save(file, quality=-1, chroma=444, **options)
    return file.getvalue()


def test_a_heic_photo_is_read(tmp_path):
    (tmp_path / "IMG_0001.HEIC").write_bytes(heic(ramp(100, 140)))
    picture = open_picture(tmp_path / "IMG_0001.HEIC")
    assert picture.name == "IMG_0001" and picture.rgb.dtype == np.uint8 and picture.alpha is None
    assert np.abs(picture.rgb.astype(int) - ramp(100, 140)).max() <= 2


def test_ten_bits_stay_deep_and_white_stays_white():
    samples = ramp(64, 80).astype(np.uint16) * 257
    picture = open_picture(heic(samples))
    assert picture.rgb.dtype == np.uint16 and np.abs(picture.rgb.astype(int) - samples).max() < 200
    white = open_picture(heic(np.full((64, 64, 3), 65535, np.uint16)))
    assert white.rgb.min() == 65535


def test_opacity_and_gray_are_kept():
    alpha = ramp(64, 80)[..., 1]
    picture = open_picture(heic(np.dstack([ramp(64, 80), alpha])))
    assert np.abs(picture.alpha.astype(int) - alpha).max() <= 2
    gray = open_picture(heic(ramp(64, 80)[..., 0]))
    assert np.abs(gray.rgb.astype(int) - ramp(64, 80)[..., :1]).max() <= 2


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_heic_comes_out_upright_once(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image = pillow_heif.from_pillow(Image.fromarray(ramp(64, 96)))
    image.save(file, quality=-1, chroma=444, exif=exif.tobytes())
    turned = np.rot90(ramp(64, 96), {3: 2, 6: -1, 8: 1}[orientation]).astype(int)
    picture = open_picture(file.getvalue())
    assert picture.rgb.shape == turned.shape and np.abs(picture.rgb - turned).max() <= 2


def test_a_heic_follows_its_profile_as_a_png_does():
    image = pillow_heif.from_pillow(Image.fromarray(ramp(64, 80)))
    image.info["icc_profile"] = adobe_like_profile()
    image.info["icc_profile_type"] = "prof"
    file = io.BytesIO()
    image.save(file, quality=-1, chroma=444)
    expected = open_picture(file_of(ramp(64, 80), "PNG", icc_profile=adobe_like_profile())).rgb
    found = open_picture(file.getvalue()).rgb
    assert (
        np.abs(found.astype(int) - expected).mean() < 0.5
    )  # one level more or less grows at the gamut's edge
    assert np.abs(found.astype(int) - ramp(64, 80)).mean() > 2


def test_colors_that_are_not_followed_are_reported():
    picture = open_picture(heic(ramp(64, 80), color_primaries=9, transfer_characteristic=16))
    assert "read as sRGB" in picture.notes[0]
    assert open_picture(heic(ramp(64, 80))).notes == ()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_heic_is_called_damaged(share):
    data = heic(ramp(100, 140, noise=True))
    with pytest.raises(PictureError, match="damaged"):
        open_picture(data[: int(len(data) * share)])


def claiming(data: bytes, width: int, height: int) -> bytes:
    """Rewrite the size that the container states, not the one that its samples have."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def test_a_heic_that_states_a_size_out_of_bounds_is_refused_unopened():
    data = heic(ramp(64, 80))
    with pytest.raises(PictureError, match="megapixels"):
        open_picture(claiming(data, 16000, 16000))
    with pytest.raises(PictureError, match="at least 16"):
        open_picture(claiming(data, 8, 8))


def test_a_heic_that_lies_about_its_size_is_refused():
    with pytest.raises(PictureError):
        open_picture(claiming(heic(ramp(640, 800)), 64, 64))


def test_without_pillow_heif_the_sentence_says_so(monkeypatch):
    data = heic(ramp(64, 80))
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(PictureError, match="pillow-heif"):
        open_picture(data)
