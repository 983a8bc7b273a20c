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
from PIL import Image

from stylizer.imaging.picture import Picture, PictureError, open_picture, picture_from_tensor, save_picture
from stylizer.imaging.regions import LARGEST_SIDE, REST, WHOLE, Regions, RegionsError
from stylizer.imaging.resize import fit_within, resize_plane

_BENT = 0.02  # difference of aspect that a mask may have; scaled masks are off by a pixel
_LUMA = (0.299, 0.587, 0.114)
_GRAY = (128, 128, 128)


def read_mask(source: str | os.PathLike | bytes | BinaryIO, size: tuple[int, int]) -> np.ndarray:
    """Read a picture of a mask into (height, width) float32 in [0, 1], white is selected.

    Any picture that `open_picture` takes, in 8 or 16 bits. Repaired: another size of the same shape is
    resized; colors count by their brightness; a picture that is transparent somewhere counts by its opacity
    if its colors are all the same. Raises PictureError for what is no picture, RegionsError for a mask of
    another shape and for one in which nothing is selected.
    """
    picture = open_picture(source)
    height, width = size
    bent = picture.width / picture.height / (width / height)
    if not 1 - _BENT <= bent <= 1 + _BENT and abs(picture.width - picture.height * width / height) > 1.5:
        raise RegionsError(
            f"the mask is {picture.width} x {picture.height} pixels, the photo {width} x {height}; "
            "bring one of the same shape"
        )
    plane = picture.rgb @ np.float32(_LUMA) / picture.peak
    if picture.alpha is not None:
        plain = np.ptp(picture.rgb.reshape(-1, 3), 0).max() == 0
        plane = picture.alpha / np.float32(picture.peak) * (1 if plain else plane)
    if plane.shape != size:
        plane = resize_plane(plane.astype(np.float32), *size)
    plane = plane.clip(0, 1).astype(np.float32)
    if plane.max() < 0.5 / WHOLE:
        raise RegionsError("nothing is selected in the mask; paint white where the region is")
    return plane


def write_masks(regions: Regions, folder: Path, photo: Picture, colors: Mapping[str, tuple]) -> list[Path]:
    """Write one 8-bit PNG a region that is there, as <name>.png in the photo's size, and overlay.png.

    `colors` are (red, green, blue) of 0 to 255 by the region's name. Returns the files. Raises PictureError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for name, mask in zip(regions.names, regions.masks, strict=True):
            if mask.any():
                files.append(folder / f"{file_name(name)}.png")
                plane = resize_plane(mask, photo.height, photo.width)
                files[-1].write_bytes(pack_mask(plane))
    except OSError as error:
        reason = error.strerror or "the disk refused it"
        raise PictureError(f"the masks could not be written: {reason}; choose another folder.") from error
    files.append(folder / "overlay.png")
    save_picture(overlay(photo, regions, colors), files[-1])
    return files


def overlay(photo: Picture, regions: Regions, colors: Mapping[str, tuple], amount: float = 0.55) -> Picture:
    """Lay the regions' colors over the photo, borders drawn: 8 bits, long side as the masks'.

    A region without a color is gray; the rest stays as it is.
    """
    small = fit_within(photo, max(regions.size))
    shares = regions.weights((small.height, small.width))
    tints = np.array([colors.get(name, _GRAY) for name in regions.names], np.float32) / 255
    strength = np.array([0.0 if name == REST else amount for name in regions.names], np.float32)
    tint = np.einsum("nhw,nc->chw", shares * strength[:, None, None], tints)
    cover = np.einsum("nhw,n->hw", shares, strength)
    mixed = small.tensor()[0].numpy() * (1 - cover) + tint
    label = shares.argmax(0).numpy()
    border = np.zeros(label.shape, bool)
    border[:-1] |= label[:-1] != label[1:]
    border[:, :-1] |= label[:, :-1] != label[:, 1:]
    mixed[:, border] = 1.0
    return picture_from_tensor(torch.from_numpy(mixed)[None])


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
                    f"a mask is {image.mode} {image.size}; expected gray, a side to {LARGEST_SIDE}"
                )
            return np.asarray(image)
    except RegionsError:
        raise
    except Exception as error:  # decoders raise nearly every kind on damaged files; the cause stays attached
        raise RegionsError("a mask is damaged; make it again") from error
