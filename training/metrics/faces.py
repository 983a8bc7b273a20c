"""Faces of a photo in a result: are they found again, and are eyes, nose and mouth where they were?

The detector is MTCNN (arXiv:1604.02878) as the package facenet-pytorch (MIT) ships it with its weights. It
pins an old torch, so it is installed by `pip install --no-deps facenet-pytorch`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..run.config import UserMistake

SURE = 0.9  # probability from which a face counts
_OVERLAP = 0.3  # intersection over union from which two boxes are one face


@dataclass(frozen=True)
class Faces:
    """Faces of one picture: boxes (N, 4) as left, top, right, bottom; landmarks (N, 5, 2), two eyes first."""

    boxes: np.ndarray
    landmarks: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)


Detector = Callable[[Image.Image], Faces]


def open_detector(device: str = "cpu") -> Detector:
    """Load the face detector; raises UserMistake when its package is not installed."""
    try:
        from facenet_pytorch import MTCNN
    except ModuleNotFoundError as error:
        raise UserMistake(
            "telling faces needs a package more; pip install --no-deps facenet-pytorch."
        ) from error
    network = MTCNN(keep_all=True, device=device)

    def detect(image: Image.Image) -> Faces:
        boxes, sure, landmarks = network.detect(image, landmarks=True)
        if boxes is None:
            return Faces(np.zeros((0, 4)), np.zeros((0, 5, 2)))
        good = np.asarray(sure, float) >= SURE
        return Faces(np.asarray(boxes, float)[good], np.asarray(landmarks, float)[good])

    return detect


def face_figures(result: Faces, photo: Faces) -> dict[str, float]:
    """Compare the faces of a result with those of its photo, both of one size.

    faces_found  share of the photo's faces that are found again where they were
    faces_shift  mean distance of the five landmarks of those, over the distance of the photo's eyes

    Nothing for a photo without a face; no shift where none is found again.
    """
    if not len(photo):
        return {}
    shifts = []
    for box, marks in zip(photo.boxes, photo.landmarks, strict=True):
        overlaps = [_overlap(box, other) for other in result.boxes]
        if not overlaps or max(overlaps) < _OVERLAP:
            continue
        moved = np.linalg.norm(result.landmarks[int(np.argmax(overlaps))] - marks, axis=1).mean()
        shifts.append(moved / max(np.linalg.norm(marks[0] - marks[1]), 1.0))
    found = {"faces_found": len(shifts) / len(photo)}
    return {**found, "faces_shift": float(np.mean(shifts))} if shifts else found


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    both = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    shared = float(np.prod(np.maximum(both, 0)))
    areas = sum(float(np.prod(box[2:] - box[:2])) for box in (first, second))
    return shared / (areas - shared)
