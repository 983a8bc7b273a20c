"""Faces found again: known answers on made-up boxes, and MTCNN on a photo that ships."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.metrics.faces import Faces, face_figures, open_detector
from training.run.config import UserMistake

SAMPLES = Path(__file__).parents[2] / "stylizer" / "ui" / "samples"
MARKS = np.array([[40.0, 40], [60, 40], [50, 50], [42, 62], [58, 62]])
ONE = Faces(np.array([[30.0, 25, 70, 75]]), MARKS[None])
NONE = Faces(np.zeros((0, 4)), np.zeros((0, 5, 2)))


def test_a_face_that_is_where_it_was_is_found_and_its_shift_is_in_units_of_the_eyes():
    assert face_figures(ONE, ONE) == {"faces_found": 1.0, "faces_shift": 0.0}
    moved = Faces(ONE.boxes + 4, ONE.landmarks + np.array([4.0, 0]))
    assert face_figures(moved, ONE) == {"faces_found": 1.0, "faces_shift": pytest.approx(4 / 20)}


def test_a_face_elsewhere_is_another_face():
    far = Faces(ONE.boxes + 60, ONE.landmarks + 60)
    assert face_figures(far, ONE) == {"faces_found": 0.0}
    both = Faces(np.concatenate([ONE.boxes, far.boxes]), np.concatenate([ONE.landmarks, far.landmarks]))
    assert face_figures(far, both) == {"faces_found": 0.5, "faces_shift": 0.0}
    assert face_figures(NONE, ONE) == {"faces_found": 0.0} and face_figures(ONE, NONE) == {}


def test_no_detector_is_a_sentence(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "facenet_pytorch", None)
    with pytest.raises(UserMistake, match="pip install --no-deps facenet-pytorch"):
        open_detector()


def test_mtcnn_sees_a_face_and_none_in_a_sky():
    pytest.importorskip("facenet_pytorch", reason="a dependency of this test alone, installed with --no-deps")
    detect = open_detector()
    assert len(detect(Image.new("RGB", (96, 96), (120, 160, 220)))) == 0
    photo = Image.open(SAMPLES / "astronaut.webp").convert("RGB")
    faces = detect(photo)
    assert len(faces) == 1 and faces.landmarks.shape == (1, 5, 2)
    eyes = faces.landmarks[0, :2]
    assert eyes[0, 0] < eyes[1, 0] and eyes[:, 1].max() < faces.landmarks[0, 3:, 1].min()
