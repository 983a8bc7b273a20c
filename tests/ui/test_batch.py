"""Several photos in one go: one recipe, one zip, and a word about what was left out."""

import zipfile

import pytest

from stylizer.engine import Progress, RequestError
from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from stylizer.ui import limits
from stylizer.ui.handlers.batch import BatchHandlers
from tests.engine.drawn import drawn


@pytest.fixture
def batch(studio):
    return BatchHandlers(studio)


def uploads(folder, *names):
    files = []
    for seed, name in enumerate(names):
        path = folder / f"upload{seed}.png"
        if name.endswith(".txt"):
            path.write_bytes(b"no picture")
        else:
            save_picture(drawn(40, 60, seed=seed), path)
        files.append({"path": str(path), "orig_name": name})
    return files


def painted(batch, visitor, files, size="photo", format="PNG"):
    return list(batch.paint_batch(visitor.visit, files, size, format, visitor.settings))


def test_all_photos_are_painted_alike_into_one_zip(visitor, batch, tmp_path):
    visitor.choose("rose")
    visitor.set(strength=80)
    answers = painted(batch, visitor, uploads(tmp_path, "beach.png", "hill.png"))
    assert any("Photo 2 of 2, hill.png" in answer.get("status", "") for answer in answers)
    with zipfile.ZipFile(answers[-1]["download"]) as pack:
        assert (
            sorted(pack.namelist()) == ["beach - Rose b.png", "hill - Rose b.png"]
            or len(pack.namelist()) == 2
        )
        for name in pack.namelist():
            (tmp_path / "one.png").write_bytes(pack.read(name))
            picture = open_picture(tmp_path / "one.png")
            assert (picture.height, picture.width) == (40, 60)
            recipe = read_recipe(tmp_path / "one.png")
            assert '"rose"' in recipe and "0.8" in recipe
    assert "2 of 2 photos" in answers[-1]["status"]


def test_an_odd_photo_is_named_and_left_out(visitor, batch, tmp_path):
    answers = painted(batch, visitor, uploads(tmp_path, "beach.png", "notes.txt", "hill.png"))
    assert "2 of 3 photos" in answers[-1]["status"] and "notes.txt" in answers[-1]["status"]
    assert str(tmp_path) not in answers[-1]["status"]
    with zipfile.ZipFile(answers[-1]["download"]) as pack:
        assert len(pack.namelist()) == 2


def test_photos_of_one_name_do_not_replace_each_other(visitor, batch, tmp_path):
    answers = painted(batch, visitor, uploads(tmp_path, "photo.png", "photo.png"), format="JPEG")
    with zipfile.ZipFile(answers[-1]["download"]) as pack:
        assert len(set(pack.namelist())) == 2
        assert all(name.endswith(".jpg") for name in pack.namelist())


def test_photos_and_pixels_are_bounded(visitor, batch, tmp_path, monkeypatch):
    with pytest.raises(RequestError, match="too many at once"):
        painted(batch, visitor, [{"path": "x", "orig_name": "x.png"}] * (limits.BATCH_PHOTOS + 1))
    monkeypatch.setattr(limits, "BATCH_PIXELS", 3000)
    answers = painted(batch, visitor, uploads(tmp_path, "beach.png", "hill.png"))
    assert "1 of 2 photos" in answers[-1]["status"] and "hill.png" in answers[-1]["status"]


def test_a_batch_that_is_stopped_keeps_what_is_painted(visitor, batch, tmp_path, monkeypatch):
    paint = visitor.studio.paint_full

    def stopped_at_the_second(request, token, progress):
        if request.content.name == "hill":
            progress(Progress("tiles", 0, 2))
            visitor.studio.stop(visitor.visit)
            token.check()
        return paint(request, token, progress)

    monkeypatch.setattr(visitor.studio, "paint_full", stopped_at_the_second)
    last = painted(batch, visitor, uploads(tmp_path, "beach.png", "hill.png", "lake.png"))[-1]
    assert "Stopped" in last["status"] and "1 of 3" in last["status"]
    with zipfile.ZipFile(last["download"]) as pack:
        assert len(pack.namelist()) == 1


def test_a_batch_without_a_single_picture_downloads_nothing(visitor, batch, tmp_path):
    last = painted(batch, visitor, uploads(tmp_path, "notes.txt"))[-1]
    assert "download" not in last and "error" in last["status"]
