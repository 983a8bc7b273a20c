"""A folder's pictures are told by what they hold, and no file is passed over in silence."""

import pytest

from stylizer.imaging.folders import is_picture_file, pictures_below, pictures_in
from tests.imaging.files import file_of, ramp


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_pictures_are_known_whatever_they_are_called(tmp_path, format):
    for name in ("IMG_1.jfif", "photo", "a.txt"):
        (tmp_path / name).write_bytes(file_of(ramp(20, 30), format))
        assert is_picture_file(tmp_path / name)


@pytest.mark.parametrize(
    "data", [b"", b"BM is a text", b"\0\0\0\x18ftypisom", b"RIFF....WAVE", b"%PDF-1.7", b"II"]
)
def test_other_files_are_not(tmp_path, data):
    (tmp_path / "a.dat").write_bytes(data)
    assert not is_picture_file(tmp_path / "a.dat")


def test_what_is_called_a_picture_and_is_none_is_kept_for_the_report(tmp_path):
    (tmp_path / "broken.heic").write_bytes(b"")
    assert is_picture_file(tmp_path / "broken.heic")


def test_every_file_of_a_folder_is_accounted_for(tmp_path):
    jpeg = file_of(ramp(20, 30), "JPEG")
    for name in ("IMG_1.jpg", "IMG_2.HEIC", "IMG_3.jfif", "._IMG_1.jpg", ".DS_Store", "notes.txt"):
        (tmp_path / name).write_bytes(b"words" if name == "notes.txt" else jpeg)
    (tmp_path / "folder.jpg").mkdir()
    pictures, others = pictures_in(tmp_path)
    assert [file.name for file in pictures] == ["IMG_1.jpg", "IMG_2.HEIC", "IMG_3.jfif"]
    assert [file.name for file in others] == ["notes.txt"]


def test_links_to_folders_are_followed_and_circles_end(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "near" / "deep").mkdir(parents=True)
    for name in ("far/b.png", "near/deep/a.png"):
        (tmp_path / name).write_bytes(file_of(ramp(20, 30), "PNG"))
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    (tmp_path / "far" / "circle").symlink_to(tmp_path / "near")
    (tmp_path / "far" / "again").symlink_to(tmp_path / "far")
    assert sorted(file.name for file in pictures_below(tmp_path / "near")) == ["a.png", "b.png"]
