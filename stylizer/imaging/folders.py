"""Which files of a folder are pictures: by what they hold, for names are often missing or wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from stylizer.imaging.heif import is_heif

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jfif", ".webp", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".gif",
)  # fmt: skip
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|BM.{4}\0\0\0\0|II[*+]\0|MM\0[*+]|RIFF.{4}WEBP|.{4}ftyp(avif|avis|mif1)",
    re.DOTALL,
)


def is_picture_file(file: Path) -> bool:
    """Tell whether a file begins as a picture that we read, or is called one; hidden files are none.

    A file that is called a picture and is none shall be reported when it is opened, not be passed over.
    """
    if file.name.startswith("."):  # also what a Mac leaves beside every photo on a stick
        return False
    if file.suffix.lower() in SUFFIXES:
        return True
    try:
        with open(file, "rb") as opened:
            head = opened.read(64)
    except OSError:
        return False
    return bool(_BEGINNINGS.match(head)) or is_heif(head)


def pictures_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """List the pictures of a folder by name, and the other files that are not hidden."""
    files = sorted(file for file in folder.iterdir() if file.name[0] != "." and file.is_file())
    pictures = [file for file in files if is_picture_file(file)]
    return pictures, [file for file in files if file not in set(pictures)]


def pictures_below(folder: Path) -> Iterator[Path]:
    """Walk over the pictures below a folder by name, through links to folders, each folder once."""
    seen: set[tuple[int, int]] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        found = os.stat(place)
        if (found.st_dev, found.st_ino) in seen:
            folders.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        folders.sort()
        for file in (Path(place, name) for name in sorted(names)):
            if file.is_file() and is_picture_file(file):
                yield file
