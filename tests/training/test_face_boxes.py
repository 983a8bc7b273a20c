"""Faces of training photos: found once, kept in a file, cut with the crops."""

import numpy as np
import pytest
import torch
from PIL import Image

from stylizer.models.perceptual import Perceptual
from training.data.crop_bank import CropBank, CropPlan
from training.data.faces import face_map, find_faces, read_faces, write_faces
from training.data.folders import PictureFolder
from training.methods.painter import PainterRun, _with_faces
from training.run.config import UserMistake


@pytest.fixture
def photos(tmp_path):
    """Two photos, one of them with a white face on black, and a file that is no picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    white = face_map([BOX], 120, 200)[0].numpy()
    Image.fromarray(np.repeat(white[:, :, None], 3, 2)).save(folder / "face.png")
    Image.new("RGB", (200, 120), (20, 30, 40)).save(folder / "none.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


BOX = (0.3, 0.2, 0.6, 0.9)


def brightest(image: Image.Image) -> np.ndarray:
    """Find the box of what is white."""
    rows, columns = np.nonzero(np.asarray(image)[:, :, 0] > 128)
    return (
        np.array([[columns.min(), rows.min(), columns.max(), rows.max()]]) if len(rows) else np.zeros((0, 4))
    )


def test_boxes_are_shares_of_the_photo_and_come_back_from_their_file(photos, tmp_path):
    known = find_faces(photos, brightest)
    assert set(known) == {"face.png", "none.png"} and known["none.png"] == []
    assert known["face.png"][0] == pytest.approx(BOX, abs=0.03)
    write_faces(tmp_path / "faces.json", known)
    assert read_faces(tmp_path / "faces.json") == known


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": [[1, 2, 3]]}', '{"a": [["x", 2, 3, 4]]}', '{"a": 3}'])
def test_a_file_that_holds_no_boxes_is_a_sentence(tmp_path, text):
    file = tmp_path / "faces.json"
    file.write_text(text)
    with pytest.raises(UserMistake, match=r"faces\.json holds no boxes of faces"):
        read_faces(file)


def test_a_face_is_an_ellipse_in_its_box():
    found = face_map([BOX], 100, 200)
    assert found.shape == (1, 100, 200) and found.dtype == torch.uint8
    assert found[0, 55, 90] == 255 and found[0, 5, 5] == 0
    assert found[0, 22, 62] == 0, "the corner of the box is no face"
    assert face_map([], 10, 10).max() == 0
    both = face_map([BOX, (0.7, 0.2, 0.9, 0.9)], 100, 200)
    assert both[0, 55, 90] == 255 == both[0, 55, 160]


def test_faces_are_cut_where_their_pictures_are(photos):
    bank = CropBank(
        PictureFolder(photos), CropPlan(48, 6, (0.5, 1.0)), Perceptual(), lambda x: x.mean((2, 3)), 3,
        faces={"face.png": [BOX]},
    )  # fmt: skip
    place = bank.folder.names.index("face.png")
    keys = [(place, variant) for variant in range(6)]
    pictures, faces = bank.pictures(keys), bank.faces(keys)
    assert faces.shape == (6, 1, 48, 48) and faces.std() > 0.1
    assert torch.allclose(pictures[:, :1], faces, atol=0.02)
    assert bank.faces([(1 - place, 0)]).max() == 0


def test_photos_with_faces_make_up_their_share():
    shares = _with_faces([True, False, False, False, True], 0.5)
    assert shares[[0, 4]].sum() == pytest.approx(0.5) and shares[1:4].sum() == pytest.approx(0.5)
    assert torch.equal(_with_faces([False, False], 0.5), torch.ones(2))
    assert torch.equal(_with_faces([True, True], 0.5), torch.ones(2))


def test_a_share_beyond_1_is_a_sentence(tmp_path):
    with pytest.raises(UserMistake, match="face_share is 2"):
        PainterRun(face_share=2)
