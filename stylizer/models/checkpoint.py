"""A checkpoint is a folder: config.json, model.safetensors and README.md, its card."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

# architectures that ship register themselves
import stylizer.models.bin_colorizer
import stylizer.models.brush_translator
import stylizer.models.colorizer
import stylizer.models.painter
import stylizer.models.resnet_translator
import stylizer.models.segmenter
import stylizer.models.style_gan
import stylizer.models.unet
import stylizer.models.unit_translator  # noqa: F401
from stylizer.errors import CheckpointError
from stylizer.imaging.files import write_whole
from stylizer.models.config import ConfigError, config_from_json
from stylizer.models.front_matter import split_front_matter
from stylizer.models.registry import Architecture, Network, UnknownArchitectureError, find, find_for
from stylizer.models.roles import FORMER_ROLES

FORMAT = 1
CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
LARGEST_JSON = 1 << 20
LARGEST_HEADER = 4 << 20
LARGEST_WEIGHTS = 1 << 30
UNPLACED = 1000
"""The place of what has none: behind all that have one, as with styles."""
_PLACE = re.compile(r"[0-9]{1,3}")
_ENTRIES = {"format", "role", "architecture", "config", "sha256"}


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself, read without its weights."""

    name: str
    role: str
    architecture: str
    config: Any
    sha256: str
    nbytes: int
    text: str
    title: str = ""
    """What people call it; the folder's name where the card has no `title:`."""
    about: str = ""
    """One line on what it does, the card's `about:`; may be empty."""
    status: str = ""
    """The card's `status:`: "experimental" for what does not convince yet, empty for what does."""
    measured: str = ""
    """One line with its main figures, the card's `measured:`; may be empty."""
    license: str = ""
    """The card's `license:`, a short name such as "apache-2.0" or "other"."""
    place: int = UNPLACED
    """The card's `place:`, where it stands among others of its role on the page: the best first, from 0."""


def save_checkpoint(folder: str | os.PathLike[str], network: nn.Module, card: str, half: bool = True) -> None:
    """Write a network as a checkpoint folder, all of it or nothing.

    `half` stores matrices and filters as float16 and keeps vectors (biases, running statistics) whole;
    a network that came from such a folder is written back bit for bit. A checkpoint that is already
    there is replaced. Raises CheckpointError when the folder holds something else, or when weights are
    not finite or too large for half precision.
    """
    folder = Path(folder)
    entry = find_for(network)
    weights = safetensors.torch.save(_storable(folder.name, network, half))
    config = {
        "format": FORMAT,
        "role": entry.role,
        "architecture": entry.name,
        "config": asdict(getattr(network, "config")),  # noqa: B009
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG).is_file():
        raise CheckpointError(
            f"folder {folder.name!r} holds other things than a checkpoint; choose a new or empty folder"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        os.chmod(fresh, 0o755)
        write_whole(fresh / WEIGHTS, weights)
        write_whole(fresh / CARD, card.encode())
        write_whole(fresh / CONFIG, (json.dumps(config, indent=2, allow_nan=False) + "\n").encode())
        _replace(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_card(folder: str | os.PathLike[str]) -> Card:
    """Read what a checkpoint says of itself; raises CheckpointError."""
    folder = Path(folder)
    card, _ = _read_config(folder)
    return card


def load_checkpoint(folder: str | os.PathLike[str], device: str | torch.device = "cpu") -> Network:
    """Load a network, frozen and in eval mode; its `.checkpoint_sha` is the sha256 of its weights.

    Nothing is executed or unpickled, and shapes are compared before memory is taken.
    Raises CheckpointError, which names the folder, the entry, what was found and what was expected.
    """
    folder = Path(folder)
    card, entry = _read_config(folder)
    data = _read(folder, WEIGHTS, LARGEST_WEIGHTS)
    _check_header(folder.name, data)
    found = hashlib.sha256(data).hexdigest()
    if found != card.sha256:
        raise CheckpointError(
            f"checkpoint {folder.name!r}: {WEIGHTS} has sha256 {found[:12]}..., {CONFIG} expects "
            f"{card.sha256[:12]}...; copy the folder again, as a whole"
        )
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"checkpoint {folder.name!r}: {WEIGHTS} is damaged; copy it again") from error
    with torch.device("meta"):
        expected = entry.network(card.config).state_dict()
    _compare(folder.name, tensors, expected)
    network = cast(Network, entry.network(card.config))
    network.load_state_dict({key: tensors[key].to(expected[key].dtype) for key in expected}, strict=True)
    network.checkpoint_sha, network.license = card.sha256, card.license
    return network.to(device).eval().requires_grad_(False)


def _storable(name: str, network: nn.Module, half: bool) -> dict[str, Tensor]:
    stored = {}
    for key, tensor in network.state_dict().items():
        tensor = tensor.detach().cpu()
        if tensor.is_floating_point():
            if half and tensor.ndim > 1:
                tensor = tensor.to(torch.float16)
            if not torch.isfinite(tensor).all():
                raise CheckpointError(
                    f"checkpoint {name!r}: {key} has values that are not finite in "
                    f"{str(tensor.dtype).removeprefix('torch.')}; nothing was saved"
                )
        stored[key] = tensor.contiguous().clone()
    return stored


def _previous(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _replace(fresh: Path, folder: Path) -> None:
    """Put the fresh folder in place; a crash between the two renames is mended by `_settle`."""
    previous = _previous(folder)
    _settle(folder)
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        os.rename(folder, previous)
    os.rename(fresh, folder)
    shutil.rmtree(previous, ignore_errors=True)
    with contextlib.suppress(OSError):  # not every file system can sync a folder
        parent = os.open(folder.parent, os.O_RDONLY)
        os.fsync(parent)
        os.close(parent)


def _settle(folder: Path) -> None:
    """Undo a save that stopped half way: the old folder stands aside and no new one took its place."""
    if not folder.exists() and _previous(folder).is_dir():
        os.rename(_previous(folder), folder)


def _read(folder: Path, name: str, largest: int) -> bytes:
    """Read a file of the folder: a regular file, not a link out of it, not longer than `largest`."""
    path = folder / name
    _settle(folder)
    if not folder.is_dir():
        raise CheckpointError(
            f"checkpoint {folder.name!r} is missing; a checkpoint is a folder with {WEIGHTS}"
        )
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(
                f"checkpoint {folder.name!r}: {name} is not a plain file; put the file itself there"
            )
        if status.st_size > largest:
            raise CheckpointError(
                f"checkpoint {folder.name!r}: {name} has {status.st_size} bytes; at most {largest} are read"
            )
        with open(path, "rb") as file:
            return file.read(largest)
    except FileNotFoundError:
        raise CheckpointError(
            f"checkpoint {folder.name!r}: {name} is missing; copy the folder again"
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"checkpoint {folder.name!r}: {name} cannot be read ({error.strerror})"
        ) from None


def _read_config(folder: Path) -> tuple[Card, Architecture]:
    where = f"checkpoint {folder.name!r}: {CONFIG}"
    data = _read(folder, CONFIG, LARGEST_JSON)
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        raise CheckpointError(f"{where} is not JSON; copy the folder again") from None
    if not isinstance(config, dict) or set(config) != _ENTRIES:
        found = (
            ", ".join(sorted(str(key)[:40] for key in list(config)[:8]))
            if isinstance(config, dict)
            else "no object"
        )
        raise CheckpointError(
            f"{where} has the entries {found or 'none'}; expected {', '.join(sorted(_ENTRIES))}"
        )
    if config["format"] != FORMAT or isinstance(config["format"], bool):
        raise CheckpointError(
            f"{where} has format {str(config['format'])[:20]}; this studio reads format {FORMAT}; update it"
        )
    sha = config["sha256"]
    if not (isinstance(sha, str) and len(sha) == 64 and set(sha) <= set("0123456789abcdef")):
        raise CheckpointError(f"{where} has sha256 {str(sha)[:20]!r}; expected 64 hexadecimal digits")
    try:
        entry = find(config["architecture"] if isinstance(config["architecture"], str) else "")
        values: object = config_from_json(entry.config, config["config"])
    except (UnknownArchitectureError, ConfigError) as error:
        raise CheckpointError(f"{where}: {error}") from None
    if FORMER_ROLES.get(str(config["role"]), config["role"]) != entry.role:
        raise CheckpointError(
            f"{where} has role {str(config['role'])[:20]!r}; {entry.name} is a {entry.role}"
        )
    text = _read(folder, CARD, LARGEST_JSON).decode("utf-8", errors="replace")
    nbytes = (folder / WEIGHTS).stat().st_size if (folder / WEIGHTS).is_file() else 0
    told, _ = split_front_matter(text)
    words = {key: told.get(key, "") for key in ("about", "status", "measured", "license")}
    words["title"] = told.get("title") or folder.name
    place = int(told["place"]) if _PLACE.fullmatch(told.get("place", "")) else UNPLACED
    return Card(folder.name, entry.role, entry.name, values, sha, nbytes, text, **words, place=place), entry


def _check_header(name: str, data: bytes) -> None:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        if data[:2] == b"PK" or data[:1] == b"\x80":
            raise CheckpointError(
                f"checkpoint {name!r}: {WEIGHTS} holds a pickle, which could run code; expected safetensors"
            )
        raise CheckpointError(
            f"checkpoint {name!r}: {WEIGHTS} is cut short or not safetensors; copy it again"
        )
    if length > LARGEST_HEADER:
        raise CheckpointError(
            f"checkpoint {name!r}: {WEIGHTS} has a header of {length} bytes, more than {LARGEST_HEADER}"
        )


def _compare(name: str, found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Refuse tensors that the network does not have, and any of another shape or kind."""
    for key in sorted(set(expected) - set(found)):
        raise CheckpointError(
            f"checkpoint {name!r}: {key} is missing from {WEIGHTS}; expected shape {_shape(expected[key])}"
        )
    for key in sorted(set(found) - set(expected)):
        raise CheckpointError(
            f"checkpoint {name!r}: {WEIGHTS} has {key[:60]!r}; the network has no such weight"
        )
    for key in expected:
        tensor = found[key]
        if tensor.shape != expected[key].shape:
            raise CheckpointError(
                f"checkpoint {name!r}: {key} has shape {_shape(tensor)}; expected {_shape(expected[key])}"
            )
        if tensor.is_floating_point() != expected[key].is_floating_point():
            raise CheckpointError(
                f"checkpoint {name!r}: {key} holds {tensor.dtype}; expected {expected[key].dtype}".replace(
                    "torch.", ""
                )
            )
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(
                f"checkpoint {name!r}: {key} has values that are not finite; expected numbers"
            )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "()"
