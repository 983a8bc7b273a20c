"""Masks as pictures: what an artist brings, what we write, and what travels inside a recipe."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from stylizer.errors import RegionsError, Sentence
from stylizer.imaging.guided import SHARPER, EdgeGuide
from stylizer.imaging.picture import Picture, PictureError, open_picture, save_picture
from stylizer.imaging.regions import LARGEST_SIDE, REST, WHOLE, Regions, share_out
from stylizer.imaging.resample import linear_window
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tensors import ground_color, to_tensor, window_tensor

_BENT = 0.02  # difference of aspect that a mask may have; scaled masks are off by a pixel
_GRAY = (128, 128, 128)
_TINTED = 0.5  # share of the overlay's color over the photo
_ROWS = 256  # rows of full-size masks that are worked on at a time


def read_mask(source: str | os.PathLike[str] | bytes | BinaryIO, size: tuple[int, int]) -> np.ndarray:
    """Read a picture of a mask into (height, width) float32 in [0, 1], white is selected.

    Any picture that `open_picture` takes, in 8 or 16 bits. Repaired: another size of the same shape is
    resized. A picture that is transparent somewhere counts by its opacity: a cut-out or strokes on an empty
    layer, whose hidden colors nobody sees. Any other counts by its strongest channel, so that strokes of any
    color select fully. Raises PictureError for what is no picture, RegionsError for a mask of another shape
    and for one in which nothing is selected.
    """
    picture = open_picture(source)
    height, width = size
    bent = picture.width / picture.height / (width / height)
    if not 1 - _BENT <= bent <= 1 + _BENT and abs(picture.width - picture.height * width / height) > 1.5:
        raise RegionsError(
            "the mask is {mask_width} x {mask_height} pixels, the photo {width} x {height}; bring one of "
            "the same shape",
            mask_width=picture.width,
            mask_height=picture.height,
            width=width,
            height=height,
        )
    if picture.alpha is not None and picture.alpha.min() < picture.peak:
        plane = picture.alpha / np.float32(picture.peak)
    else:
        plane = picture.rgb.max(2) / np.float32(picture.peak)
    tensor = torch.from_numpy(np.ascontiguousarray(plane, np.float32))[None, None]
    plane = F.interpolate(tensor, size=size, mode="bilinear", antialias=True)[0, 0].clamp(0, 1).numpy()
    if plane.max() < 0.5 / WHOLE:
        raise RegionsError("nothing is selected in the mask; paint white where the region is")
    return plane


def weak_mask(mask: np.ndarray) -> Sentence | None:
    """Say in one sentence that a mask (h, w) in [0, 1] nowhere selects half; None for any other."""
    if mask.max() >= 0.5:
        return None
    return Sentence(
        "The mask selects at most {percent} percent anywhere, so its region is painted that much; make the "
        "mask white for all of it.",
        percent=round(100 * float(mask.max())),
    )


def write_masks(
    regions: Regions,
    folder: Path,
    photo: Picture,
    colors: Mapping[str, tuple[int, int, int]],
    names: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write an 8-bit PNG of each region that is there, <name>.png in the photo's size, and overlay.png.

    `colors` are red, green and blue of 0 to 255 by the region's name; `names` name files otherwise than the
    regions. Returns the files. Raises PictureError.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, mask in zip(regions.names, full_size(regions, photo), strict=True):
            if mask.any():
                files.append(folder / f"{file_name((names or {}).get(name, name))}.png")
                files[-1].write_bytes(pack_mask(mask))
    except OSError as error:
        reason = error.strerror or Sentence("the disk refused it")
        raise PictureError(
            "the masks could not be written: {reason}; choose another folder.", reason=reason
        ) from error
    files.append(folder / "overlay.png")
    save_picture(overlay(photo, regions, colors), files[-1])
    return files


def full_size(regions: Regions, photo: Picture) -> np.ndarray:
    """Return the masks (N, H, W) uint8 in the photo's size, along its edges, summing to 255."""
    size = (photo.height, photo.width)
    planes = torch.from_numpy(np.array(regions.masks)).float() / WHOLE
    guide = None
    if len(planes) > 1 and photo.height >= SHARPER * regions.size[0]:
        guide = EdgeGuide(planes, to_tensor(resize_picture(photo, *regions.size)))
    masks, every = np.empty((len(planes), *size), np.uint8), slice(0, photo.width)
    ground = ground_color(photo)
    for top in range(0, photo.height, _ROWS):
        rows = slice(top, min(top + _ROWS, photo.height))
        if guide is None:
            found = linear_window(planes, size, rows, every)
        else:
            window = window_tensor(photo, ground, rows, every)
            found = guide.window(window, size, rows, every) + 1e-6
        masks[:, rows] = share_out(found.numpy(), np.full(found.shape[1:], WHOLE))
    return masks


def overlay(photo: Picture, regions: Regions, colors: Mapping[str, tuple[int, int, int]]) -> Picture:
    """Lay the regions' colors and names over the photo, in 8 bits, at the masks' long side.

    A region without a color is gray; the rest stays as it is.
    """
    small = fit_within(photo, max(regions.size))
    shares = regions.weights((small.height, small.width)).numpy()
    tints = np.array([colors.get(name, _GRAY) for name in regions.names], np.float32) / 255
    shown = np.array([0.0 if name == REST else _TINTED for name in regions.names], np.float32)
    tint = np.einsum("nhw,n,nc->chw", shares, shown, tints)
    mixed = to_tensor(small)[0].numpy() * (1 - np.einsum("nhw,n->hw", shares, shown)) + tint
    label = shares.argmax(0)
    border = np.zeros(label.shape, bool)
    border[:-1] |= label[:-1] != label[1:]
    border[:, :-1] |= label[:, :-1] != label[:, 1:]
    mixed[:, border] = 1.0
    image = Image.fromarray((mixed.clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0).copy())
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(max(image.size) // 40 + 6)
    for place in np.unique(label):
        deep = ndimage.distance_transform_edt(np.pad(label == place, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(deep.argmax(), deep.shape)
        at = (int(column), int(row))
        draw.text(at, regions.names[place], "white", font, "mm", stroke_width=2, stroke_fill="black")
    return Picture(np.asarray(image), None, photo.name)


def file_name(name: str) -> str:
    """Return a region's name as a file's: letters, digits, hyphens and underscores of any script."""
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "region"


def pack_mask(mask: np.ndarray) -> bytes:
    """Write a mask (h, w) uint8 into the bytes of a gray PNG."""
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return file.getvalue()


def unpack_mask(data: bytes) -> np.ndarray:
    """Read a mask (h, w) uint8 that `pack_mask` wrote; raises RegionsError for anything else."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.mode != "L" or max(image.size) > LARGEST_SIDE:
                raise RegionsError(
                    "a mask is {mode} {size}; expected gray, a side to {most}",
                    mode=image.mode,
                    size=image.size,
                    most=LARGEST_SIDE,
                )
            return np.asarray(image)
    except RegionsError:
        raise
    except Exception as error:  # decoders raise nearly every kind on damaged files; the cause stays attached
        raise RegionsError("a mask is damaged; make it again") from error
