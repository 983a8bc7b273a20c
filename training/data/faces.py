"""Where faces are in the photos of a folder: found once, kept in a file, cut with the crops."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from stylizer.imaging.picture import PictureError, open_picture
from stylizer.imaging.resize import fit_within
from stylizer.models.style_encoder import STYLE_SIDE

from ..run.config import UserMistake
from .folders import find_pictures

FaceBox = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the photo's width and height."""
_FADE = 0.3  # of a face's radius, over which its map falls from 1 to 0
_REACH = 1.15  # radii of the box's own ellipse at which it is 0: chin and brow lie on the box's edges


def find_faces(folder: Path, boxes: Callable[[Image.Image], np.ndarray]) -> dict[str, list[FaceBox]]:
    """Look for faces in the photos below a folder, by file name; photos that cannot be read have none.

    `boxes` gives those of a picture, (N, 4) in pixels.
    """
    known: dict[str, list[FaceBox]] = {}
    for path in tqdm(list(find_pictures(folder)), unit="photo", disable=None):
        try:
            pixels = fit_within(open_picture(path), STYLE_SIDE).rgb
        except PictureError:
            continue
        height, width = pixels.shape[:2]
        shares = boxes(Image.fromarray(pixels)) / [width, height, width, height]
        known[path.name] = [_box(box) for box in shares.round(4)]
    return known


def read_faces(file: Path) -> dict[str, list[FaceBox]]:
    """Read the boxes of faces by photo's file name; raises UserMistake when the file holds something else."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): [_box(box) for box in boxes] for name, boxes in known.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise UserMistake(f"{file.name} holds no boxes of faces; write it by `training faces`.") from error


def write_faces(file: Path, known: dict[str, list[FaceBox]]) -> None:
    """Write what `read_faces` reads, a photo a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(boxes)}" for name, boxes in known.items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def face_map(boxes: Sequence[FaceBox], height: int, width: int) -> Tensor:
    """Draw faces as soft ellipses, uint8 (1, height, width): 255 in a face, 0 outside."""
    faces = torch.zeros(height, width)
    rows = (torch.arange(height) + 0.5) / height
    columns = (torch.arange(width) + 0.5) / width
    for left, top, right, bottom in boxes:
        down = (2 * rows - top - bottom) / max(bottom - top, 1 / height)
        across = (2 * columns - left - right) / max(right - left, 1 / width)
        radius = (down.square()[:, None] + across.square()[None]).sqrt()
        faces = torch.maximum(faces, ((_REACH - radius) / _FADE).clamp(0, 1))
    return (faces * 255).round().to(torch.uint8)[None]


def _box(box: Sequence[float]) -> FaceBox:
    left, top, right, bottom = (float(side) for side in box)
    return left, top, right, bottom
