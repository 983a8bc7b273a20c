"""Folders of training pictures, as they are or in plain tar files, and the crops that are cut of them."""

from __future__ import annotations

import hashlib
import os
import sys
import tarfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2 import functional as V
from tqdm import tqdm

from stylizer.imaging.folders import SUFFIXES, pictures_below
from stylizer.imaging.picture import Picture, PictureError, open_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.style_encoder import STYLE_SIDE

from ..run.config import UserMistake

BUDGET = 4_000_000_000  # bytes of decoded pictures kept in memory


class Source(NamedTuple):
    """One picture file: on its own, or `size` bytes at `offset` of a tar file."""

    path: Path
    name: str
    group: str  # the folder it lies in, relative to the collection: a movement, an artist, a split
    offset: int = 0
    size: int = 0

    def open(self) -> Picture:
        """Decode the picture; raises PictureError."""
        if not self.size:
            return open_picture(self.path)
        with self.path.open("rb") as handle:
            handle.seek(self.offset)
            return open_picture(handle.read(self.size), name=Path(self.name).stem)


def is_picture(path: PurePath) -> bool:
    """Say whether a path looks like a picture that someone meant: macOS leaves `._name` files everywhere."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith("._")


def find_pictures(folder: Path) -> Iterator[Path]:
    """List the picture files below a folder, and below links in it. Raises UserMistake without one."""
    if not folder.is_dir():
        raise UserMistake(f"{folder} is not a folder; give a folder of pictures.")
    yield from sorted(path for path in pictures_below(folder) if is_picture(path))


def find_sources(place: Path) -> Iterator[Source]:
    """List the pictures below a folder and inside its tar files, or inside one tar file, by name.

    COCO (`train2017/*.jpg` beside `annotations`) and WikiArt (`movement/artist_title.jpg`) need nothing else.
    Raises UserMistake when there is no such place.
    """
    if place.is_file() and place.suffix == ".tar":
        yield from inside_tar(place, "")
        return
    for path in find_pictures(place):
        yield Source(path, path.name, path.parent.relative_to(place).as_posix())
    for path in sorted(place.rglob("*.tar")):
        yield from inside_tar(path, path.parent.relative_to(place).as_posix())


def inside_tar(path: Path, group: str) -> Iterator[Source]:
    """List the pictures of a plain tar file, in its order; raises UserMistake for one that is compressed."""
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                inner = PurePath(member.name)
                if member.isfile() and member.size and is_picture(inner):
                    where = (PurePath(group) / inner.parent).as_posix()
                    yield Source(path, inner.name, where, member.offset_data, member.size)
    except tarfile.ReadError as error:
        raise UserMistake(f"{path.name} is not a plain tar file; pack it without gzip.") from error


def is_held_out(name: str, share: float) -> bool:
    """Say whether a picture is among the `share` that is held out; its file's name alone decides."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64 < share


class PictureFolder:
    """The pictures of a folder as uint8 (3, H, W) with the long side limited, by index.

    Every file is decoded once at the start, so that broken ones are known, named in `skipped` and reported.
    Pictures stay in memory up to `budget` bytes; beyond it they are decoded again when they are asked for.
    A share `held` of them, by their names, is not to be trained on: `trained` and `held` list the indices.
    """

    def __init__(self, folder: Path, long_side: int = STYLE_SIDE, budget: int = BUDGET, held: float = 0.0):
        self.names: list[str] = []
        self.groups: list[str] = []
        self.skipped: list[str] = []
        kept: list[Source] = []
        store = Store(kept, long_side, budget)
        for source, picture in decoded(list(find_sources(folder)), long_side, folder.name):
            if isinstance(picture, PictureError):
                self.skipped.append(f"{source.name}: {picture}")
                continue
            store.keep(len(kept), picture)
            kept.append(source)
            self.names.append(source.name)
            self.groups.append(source.group)
        self.pictures = store
        if not kept:
            raise UserMistake(
                f"No readable picture below {folder}; give a folder of {', '.join(sorted(SUFFIXES))} files."
            )
        out = [bool(held) and is_held_out(name, held) for name in self.names]
        self.trained = [index for index, apart in enumerate(out) if not apart]
        self.held = [index for index, apart in enumerate(out) if apart]
        if held and not (self.trained and self.held):
            raise UserMistake(
                f"of {len(kept)} pictures below {folder.name} {len(self.held)} would be held out; give more "
                "pictures or another share."
            )
        if self.skipped:
            print(
                f"{folder.name}: {len(kept)} pictures, {len(self.skipped)} files skipped, "
                f"first {self.skipped[0]}",
                file=sys.stderr,
            )

    def __len__(self) -> int:
        return len(self.names)


def decoded(
    sources: Sequence[Source], long_side: int, title: str
) -> Iterator[tuple[Source, Tensor | PictureError]]:
    """Decode pictures in several threads (Pillow lets go of the lock), in order, with a bar.

    A file that cannot be read yields what is wrong with it.
    """

    def read(source: Source) -> Tensor | PictureError:
        try:
            return limited(source.open(), long_side)
        except PictureError as error:
            return error

    workers = min(8, os.cpu_count() or 1)
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=len(sources), desc=title, unit="picture", leave=False, disable=None) as bar,
    ):
        for begin in range(0, len(sources), 8 * workers):  # no further ahead: decoded pictures take memory
            some = sources[begin : begin + 8 * workers]
            for source, picture in zip(some, pool.map(read, some), strict=True):
                bar.update()
                yield source, picture


class Store:
    """Decoded pictures by index; the least recently used ones leave when their bytes exceed the budget."""

    def __init__(self, sources: list[Source], long_side: int, budget: int):
        self.sources, self.long_side, self.budget = sources, long_side, budget
        self.held: OrderedDict[int, Tensor] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> Tensor:
        if index in self.held:
            self.held.move_to_end(index)
            return self.held[index]
        picture = limited(self.sources[index].open(), self.long_side)
        self.keep(index, picture)
        return picture

    def keep(self, index: int, picture: Tensor) -> None:
        """Hold a picture, and let go of others if need be."""
        self.held[index] = picture
        self.bytes += picture.numel()
        while self.bytes > self.budget and len(self.held) > 1:
            self.bytes -= self.held.popitem(last=False)[1].numel()


def limited(picture: Picture, long_side: int) -> Tensor:
    """Return a picture as uint8 (3, H, W), made smaller if its long side exceeds `long_side` pixels."""
    pixels = (to_tensor(picture)[0] * 255).round().to(torch.uint8)
    height, width = pixels.shape[1:]
    scale = long_side / max(height, width)
    if scale >= 1:
        return pixels
    return V.resize(pixels, [max(1, round(height * scale)), max(1, round(width * scale))], antialias=True)


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Draw one number from [low, high)."""
    return low + (high - low) * torch.rand((), generator=generator).item()


def random_crop(
    picture: Tensor, size: int, scales: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Cut a random square of `size` pixels from the picture scaled by a factor in `scales`; maybe mirror it.

    picture (3, H, W) uint8; returns (3, size, size) float32 in [0, 1]. A small picture is enlarged to fit.
    """
    height, width = picture.shape[1:]
    factor = max(uniform(*scales, generator), size / min(height, width))
    side = min(size / factor, height, width)
    top, left = uniform(0, height - side, generator), uniform(0, width - side, generator)
    cut = picture[:, int(top) : int(top) + max(1, round(side)), int(left) : int(left) + max(1, round(side))]
    crop = V.resize(cut, [size, size], antialias=True).float() / 255
    return crop.flip(2) if torch.rand((), generator=generator) < 0.5 else crop


def jitter_colors(picture: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Turn the hue and change saturation and brightness of (3, H, W) in [0, 1] with the given chance."""
    if torch.rand((), generator=generator) >= chance:
        return picture
    picture = V.adjust_hue(picture, uniform(-0.5, 0.5, generator))
    picture = V.adjust_saturation(picture, uniform(0.5, 1.5, generator))
    return V.adjust_brightness(picture, uniform(0.8, 1.2, generator)).clamp(0, 1)


def side_by_side(columns: list[Tensor], size: int) -> Tensor:
    """Lay out columns of pictures (B, 3, h, w) as one grid (3, B*size, len(columns)*size) in [0, 1]."""
    cells = [F.interpolate(c.float(), size=(size, size), mode="area").clamp(0, 1) for c in columns]
    return torch.cat([torch.cat(list(c), 1) for c in cells], 2)
