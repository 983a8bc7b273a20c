"""The picture: what every room passes on, how it comes in from a file and how it goes out again."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stylizer.errors import PictureError, Sentence
from stylizer.imaging import bounds, decode, encode
from stylizer.imaging.files import write_whole

__all__ = [
    "Picture",
    "PictureError",
    "encode_picture",
    "open_picture",
    "read_recipe",
    "save_picture",
]

_MAX_NAME = 80  # characters; longer stems make file names that some file systems refuse


@dataclass(frozen=True, eq=False)
class Picture:
    """Hold one picture in sRGB, upright, in 8 or 16 bits; its arrays are read-only.

    Raises ValueError when the arrays have another shape or type, or disagree.
    """

    rgb: np.ndarray
    """(H, W, 3) uint8 or uint16, sRGB."""
    alpha: np.ndarray | None = None
    """(H, W) of the same type, 0 where nothing is seen; None for a picture without transparency."""
    name: str = "picture"
    """The stem of the file it came from: no folder, no suffix."""
    notes: tuple[str, ...] = field(default=())
    """What reading it had to leave out or change, one sentence each, for the artist."""

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"rgb is {self.rgb.dtype} {self.rgb.shape}; expected uint8 or uint16 (H, W, 3)")
        if self.alpha is not None and (
            self.alpha.shape != self.rgb.shape[:2] or self.alpha.dtype != self.rgb.dtype
        ):
            raise ValueError(
                f"alpha is {self.alpha.dtype} {self.alpha.shape}; "
                f"expected {self.rgb.dtype} {self.rgb.shape[:2]}, as rgb"
            )
        for channel in ("rgb", "alpha"):
            array = getattr(self, channel)
            if array is not None:
                array = np.ascontiguousarray(array).view()
                array.flags.writeable = False
                object.__setattr__(self, channel, array)

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def peak(self) -> int:
        """The sample value of full white: 255 or 65535."""
        return int(np.iinfo(self.rgb.dtype).max)

    @cached_property
    def digest(self) -> str:
        """Name the content: sha256 over shape, type and samples, in hexadecimal."""
        sha = hashlib.sha256(f"{self.rgb.shape} {self.rgb.dtype} {self.alpha is not None}".encode())
        sha.update(self.rgb.data)
        if self.alpha is not None:
            sha.update(self.alpha.data)
        return sha.hexdigest()


def open_picture(source: str | os.PathLike[str] | bytes | BinaryIO, name: str | None = None) -> Picture:
    """Read a picture from a path, from the bytes of a file or from an open file.

    Accepts JPEG, PNG, WebP, AVIF, HEIC, BMP, TIFF and GIF (first frame), 16 to 16384 px a side,
    up to 40 megapixels. The result is upright and sRGB; 16 bits stay 16 bits.
    `name` is the file name to remember, when the source does not say it. Raises PictureError.
    """
    data, found = _read(source)
    rgb, alpha, notes = decode.decode(data)
    return Picture(rgb, alpha, _clean_name(found if name is None else name), notes)


def encode_picture(picture: Picture, format: str, recipe: str | None = None, quality: int = 92) -> bytes:
    """Write a picture into the bytes of a PNG, JPEG or WebP file.

    format: "png", "jpg", "jpeg" or "webp"; quality 1 to 100 counts for the last three. The file holds the
    sRGB profile, the recipe and nothing else about the photo. PNG keeps 16 bits; JPEG shows transparent
    pictures on white. Raises PictureError.
    """
    return encode.encode(picture.rgb, picture.alpha, format, recipe, quality)


def save_picture(
    picture: Picture,
    path: str | os.PathLike[str],
    recipe: str | None = None,
    quality: int = 92,
    lasting: bool = True,
) -> None:
    """Write a picture to a file whose suffix names the format: .png, .jpg, .jpeg or .webp.

    A file of that name is replaced, whole or not at all; what need not outlive a power cut is not `lasting`,
    and written faster. Raises PictureError.
    """
    path = Path(path)
    data = encode_picture(picture, path.suffix.lstrip("."), recipe, quality)
    try:
        write_whole(path, data, lasting)
    except OSError as error:
        reason = error.strerror or Sentence("the disk refused it")
        raise PictureError(
            "{name} could not be written: {reason}; choose another folder.", name=path.name, reason=reason
        ) from error


def read_recipe(source: str | os.PathLike[str] | bytes | BinaryIO) -> str | None:
    """Read the recipe that a picture of ours carries; None when there is none. Raises PictureError."""
    return decode.read_recipe(_read(source)[0])


def read_size(source: str | os.PathLike[str] | bytes | BinaryIO) -> tuple[int, int]:
    """Read width and height of a picture that this studio has written; no sample of it is unpacked.

    Raises PictureError.
    """
    return decode.read_size(_read(source)[0])


def _read(source: str | os.PathLike[str] | bytes | BinaryIO) -> tuple[bytes, str]:
    """Read at most the largest accepted file; return its bytes and its name."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "picture"
    if not isinstance(source, (str, os.PathLike)):
        return _at_most(source.read(bounds.MAX_BYTES + 1)), str(getattr(source, "name", "picture"))
    path = Path(source)
    if "\0" in str(path):
        raise PictureError("That file name is not a valid one; give the name of a picture file.")
    try:
        with open(path, "rb") as file:
            return _at_most(file.read(bounds.MAX_BYTES + 1)), path.name
    except FileNotFoundError as error:
        raise PictureError("There is no file called {name!r}; check the name.", name=path.name) from error
    except IsADirectoryError as error:
        raise PictureError(
            "{name!r} is a folder; give the name of a picture file.", name=path.name
        ) from error
    except OSError as error:
        reason = error.strerror or Sentence("the disk refused it")
        raise PictureError("{name!r} could not be read: {reason}.", name=path.name, reason=reason) from error


def _at_most(data: bytes) -> bytes:
    if len(data) > bounds.MAX_BYTES:
        raise PictureError(
            "That file is larger than {most} MB, the most that is accepted; save the photo smaller and "
            "try again.",
            most=bounds.MAX_BYTES >> 20,
        )
    return data


def _clean_name(name: str) -> str:
    """Keep the stem of a file name that came from anywhere, fit for naming a new file."""
    stem = re.split(r"[/\\]", name)[-1]
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", stem)
    stem = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "", stem).strip(" .")
    return stem[:_MAX_NAME].encode("utf-8", "ignore").decode() or "picture"
