"""Sets of pictures that networks are measured on: which ones, at which size, and whether training saw
them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from PIL import Image
from torch import Tensor

from stylizer.models.checkpoint import CARD

from ..data.folders import find_pictures, is_held_out
from ..metrics.sets import LEAST
from ..run.config import UserMistake, read_options
from .images import image_tensor, open_rgb

Item = TypeVar("Item")

_TRAINED_ON = ("a", "b", "photos", "paintings", "pictures")  # options that name a run's folders


def list_pictures(place: Path) -> list[Path]:
    """List the pictures below a folder, or those that a text file names, one path a line, relative to it.

    Raises UserMistake when there are none, or one is missing.
    """
    if place.suffix == ".txt" and place.is_file():
        lines = (line.strip() for line in place.read_text(encoding="utf-8").splitlines())
        found = [place.parent / line for line in lines if line and not line.startswith("#")]
        if absent := next((path for path in found if not path.is_file()), None):
            raise UserMistake(f"{place.name} names {absent.name}, which is not there.")
    else:
        found = list(find_pictures(place))
    if not found:
        raise UserMistake(
            f"{place.name} holds no picture; give a folder of pictures, or a .txt that lists some."
        )
    return found


def of_domain(place: Path, domain: str, alone: bool) -> list[Path]:
    """List the pictures of one domain: those below a folder of its name, else all if it is `alone`.

    Raises UserMistake when several domains share a place that has no folder for this one.
    """
    if (place / domain).is_dir():
        return list_pictures(place / domain)
    found = list_pictures(place)
    own = [path for path in found if path.parent.name == domain]
    if own or alone:
        return own or found
    raise UserMistake(
        f"{place.name} has no folder {domain!r}; with several domains each needs one of its name."
    )


def spread_out(items: Sequence[Item], limit: int) -> list[Item]:
    """Pick `limit` items evenly out of all; 0: all."""
    count = min(limit, len(items)) if limit else len(items)
    return [items[index * len(items) // count] for index in range(count)]


def square(path: Path, size: int, device: torch.device | str = "cpu") -> Tensor:
    """Read the middle square of a picture, its short side resized (Lanczos) to `size`: (1, 3, size, size)."""
    image = open_rgb(path)
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    cut = image.crop((left, top, left + side, top + side))
    return image_tensor(cut.resize((size, size), Image.Resampling.LANCZOS)).to(device)


def trained_folders(source: Path, named: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders that a network was trained on: the named ones, else those of the run it is in."""
    options = _run_options(source)
    if named or not options:
        return tuple(named)
    parts = {"paintings": options.get("domains"), "pictures": options.get("only")}
    return tuple(
        Path(options[key]) / part
        for key in _TRAINED_ON
        if options.get(key)
        for part in parts.get(key) or ("",)
    )


def held_share(source: Path) -> float:
    """Return the share of its folders' pictures that a run held out; 0 for a checkpoint folder."""
    return float(_run_options(source).get("held", 0.0))


def judged_by_lite(source: Path) -> bool | None:
    """Say whether a critic in EfficientNet-Lite0 judged in a run (`projected`); None: not known.

    A checkpoint folder's card tells the commands and options of the runs that led to it.
    """
    if options := _run_options(source):
        return bool(options.get("projected"))
    card = source / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    weights = re.findall(r"""(?:--|")projected(?:":)?\s+([\d.]+)""", text)
    return any(float(weight) for weight in weights) if weights or "python -m training" in text else None


def _run_options(source: Path) -> dict[str, Any]:
    """Read the options of the run that a run's folder or a snapshot belongs to; none for other folders."""
    run = source.parent.parent if (source / "state.json").is_file() else source
    return read_options(run)[1] if (run / "options.json").is_file() else {}


class Trained:
    """Tells pictures that a network was trained on, by the bytes of their files.

    `paths` lists them: all below the folders but the share `held`, which training held out by their names.
    """

    def __init__(self, folders: Iterable[Path], held: float = 0.0):
        folders = tuple(folders)
        # tar files are not looked into: what they hold is not known, and is not said to be known
        told = all(folder.is_dir() and not any(folder.rglob("*.tar")) for folder in folders)
        found = (path for folder in folders for path in find_pictures(folder)) if told else ()
        self.paths = [path for path in found if not is_held_out(path.name, held)]
        self.known = bool(self.paths)
        self.digests = {_digest(path) for path in self.paths}

    def count(self, paths: Sequence[Path]) -> int | None:
        """Count the pictures that were trained on; None: not known."""
        return sum(_digest(path) in self.digests for path in paths) if self.known else None

    def describe(self, place: Path, paths: Sequence[Path]) -> dict[str, Any]:
        """Tell which pictures are used, for the JSON of a measurement."""
        names = [f"{path.parent.name}/{path.name}" for path in paths]
        return {"place": place.name, "count": len(paths), "trained_on": self.count(paths), "files": names}


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def told(described: dict[str, Any]) -> str:
    """Say in a few words which pictures were used and whether training had seen them."""
    seen = described["trained_on"]
    rest = {None: "whether it was trained on them is not known", 0: "none of them trained on"}
    return f"{described['count']} pictures of {described['place']}, " + rest.get(
        seen, f"{seen} of them TRAINED ON"
    )


def check_sizes(*sets: Sequence[Path]) -> None:
    """Raise UserMistake when a set is too small for FID and KID."""
    least = min(len(paths) for paths in sets)
    if least < LEAST:
        raise UserMistake(f"a set of {least} pictures is too small for FID and KID; give at least {LEAST}.")


def means(rows: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the mean of every figure."""
    return {name: sum(values) / len(values) for name, values in rows.items() if values}
