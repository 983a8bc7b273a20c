"""Masks come in as pictures of any kind, or are refused in one sentence, and go out in the photo's size."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from stylizer.imaging.mask_files import (
    file_name,
    full_size,
    overlay,
    pack_mask,
    read_mask,
    unpack_mask,
    weak_mask,
    write_masks,
)
from stylizer.imaging.picture import Picture, PictureError, open_picture
from stylizer.imaging.regions import RegionsError, regions_from_weights
from tests.engine.drawn import drawn

LEFT = np.zeros((40, 60), np.uint8)
LEFT[:, :30] = 255


def png(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def tiff(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array)
    return file.getvalue()


def clear(array: np.ndarray) -> np.ndarray:
    """Put a mask into the opacity of a white picture."""
    return np.dstack([np.full((*array.shape, 3), 255, np.uint8), array])


@pytest.mark.parametrize(
    "file",
    [
        png(LEFT),
        png(LEFT.repeat(3, 0).repeat(3, 1)),
        png(LEFT[::2, ::2]),
        png(np.dstack([LEFT] * 3)),
        png(LEFT > 0),
        png(LEFT.astype(np.uint16) * 257),
        png(clear(LEFT)),
        tiff((LEFT / 255).astype(np.float32)),
        png(np.dstack([drawn(40, 60).rgb * (LEFT > 0)[..., None], LEFT])),
        png(np.dstack([LEFT, LEFT * 0, LEFT * 0, LEFT])),
        png(np.dstack([LEFT * 0, LEFT * 0, LEFT, LEFT])),
        png(np.dstack([LEFT * 0, LEFT * 0, LEFT])),
        png(np.dstack([LEFT, LEFT, LEFT, LEFT * 0 + 255])),
    ],
    ids=[
        "gray",
        "larger",
        "smaller",
        "color",
        "one bit",
        "16 bits",
        "opacity",
        "floats",
        "cut-out",
        "red strokes on an empty layer",
        "blue strokes on an empty layer",
        "blue on black",
        "opaque with opacity",
    ],
)
def test_masks_of_any_kind_are_read(file):
    mask = read_mask(file, (40, 60))
    assert mask.shape == (40, 60) and mask.dtype == np.float32
    assert mask[:, :28].min() > 0.98 and mask[:, 32:].max() < 0.02


@pytest.mark.parametrize(
    ("file", "error", "words"),
    [
        (png(np.zeros((40, 60), np.uint8)), RegionsError, "nothing is selected"),
        (png(clear(np.zeros((40, 60), np.uint8))), RegionsError, "nothing is selected"),
        (png(LEFT.T.copy()), RegionsError, "the mask is 40 x 60 pixels, the photo 60 x 40"),
        (tiff(np.full((40, 60), np.nan, np.float32)), PictureError, "."),
        (b"", PictureError, "empty"),
        (b"GIF89a", PictureError, "damaged"),
        (png(np.full((8, 8), 255, np.uint8)), PictureError, "at least 16"),
    ],
)
def test_masks_that_cannot_be_used_are_refused(file, error, words):
    with pytest.raises(error) as caught:
        read_mask(file, (40, 60))
    assert words in str(caught.value) and "/" not in str(caught.value)


def test_a_mask_that_nowhere_selects_half_is_told():
    assert "12 percent" in weak_mask(read_mask(png(LEFT // 8), (40, 60)))
    assert weak_mask(read_mask(png(LEFT), (40, 60))) is None


def test_a_mask_that_selects_all_is_a_mask():
    assert read_mask(png(np.full((40, 60), 255, np.uint8)), (40, 60)).min() == 1


def test_packed_masks_come_back_and_damaged_ones_do_not():
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(unpack_mask(pack_mask(mask)), mask)
    for bad in (
        pack_mask(mask)[:45],
        b"",
        png(np.zeros((9, 9, 3), np.uint8)),
        png(np.zeros((1, 1025), np.uint8)),
    ):
        with pytest.raises(RegionsError):
            unpack_mask(bad)


@pytest.mark.parametrize("size", [(40, 60), (90, 135), (300, 451), (20, 30)])
def test_full_size_masks_share_every_pixel(size):
    regions = regions_from_weights(np.stack([LEFT / 255, LEFT[::-1, ::-1] / 600]), ["sky", "sea"])
    masks = full_size(regions, drawn(*size))
    assert masks.shape == (3, *size) and (masks.sum(0, dtype=int) == 255).all()
    assert masks[1, :, : size[1] // 3].min() == 255


def test_masks_and_an_overlay_are_written(tmp_path):
    regions = regions_from_weights(np.stack([LEFT / 255, LEFT * 0.0]), ["sky", "sea"])
    files = write_masks(regions, tmp_path / "new", drawn(80, 120), {"sky": (0, 0, 255)}, {"rest": "other"})
    assert [file.name for file in files] == ["other.png", "sky.png", "overlay.png"]
    with Image.open(tmp_path / "new" / "sky.png") as image:
        assert image.mode == "L" and image.size == (120, 80)
    tinted = open_picture(files[-1]).rgb.astype(float)
    assert tinted[:, :10, 2].mean() > tinted[:, -10:, 2].mean() + 20


def test_the_overlay_leaves_the_rest_as_it_is():
    photo = drawn(40, 60)
    shown = overlay(photo, regions_from_weights(LEFT[None] / 255, ["sky"]), {"sky": (255, 0, 0)})
    assert isinstance(shown, Picture)
    same = (shown.rgb == photo.rgb).all(2)
    assert same[:, 31:].mean() > 0.7 and same[:, :29].mean() < 0.05


@pytest.mark.parametrize(
    ("name", "file"), [("sky", "sky"), ("my hat!", "my-hat"), ("../../x", "x"), ("//", "region")]
)
def test_names_of_regions_become_harmless_file_names(name, file):
    assert file_name(name) == file


def test_hidden_samples_do_not_lead_the_borders_of_full_size_masks():
    """What nobody sees of a cut-out is the same whatever its file holds there."""
    across = np.clip((np.arange(60) - 2) / 8, 0, 1)  # over the cut-out's hidden left
    regions = regions_from_weights(np.broadcast_to(across, (1, 40, 60)).copy(), ["right"])
    one, other = drawn(120, 180, seed=1, alpha=True), drawn(120, 180, seed=2)
    hidden = (one.alpha == 0)[..., None]
    assert hidden.any()
    changed = Picture(np.where(hidden, other.rgb, one.rgb), one.alpha)
    far = np.abs(full_size(regions, one).astype(int) - full_size(regions, changed))
    assert far.max() <= 1
