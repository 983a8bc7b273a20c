"""What goes wrong for people: nothing is lost, one photo ends no batch, and the first cause is told."""

import hashlib
import io
import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest

from stylizer.cli.main import main
from stylizer.imaging.picture import Picture, save_picture
from stylizer.models.style_file import load_style, save_style
from tests.engine.drawn import drawn
from tests.imaging.files import file_of, ramp
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    small_engine(folder / "checkpoints", models=True)
    return folder


@pytest.fixture
def run(studio, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, checkpoints=studio / "checkpoints"):
        status = main([*map(str, arguments), "--checkpoints", str(checkpoints)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.err

    return call


def digests(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    """A folder with a photo, a painting, a mask and a picture with a recipe."""
    for seed, name in enumerate(("photo", "paint")):
        save_picture(drawn(40, 56, seed=seed), tmp_path / f"{name}.png")
    mask = np.zeros((40, 56, 3), np.uint8)
    mask[:, :20] = 255
    save_picture(Picture(mask), tmp_path / "mask.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "photo.png")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ("stylize", "photo.png", "--style", "moss", "-o", "photo.png"),
        ("stylize", "photo.png", "--style", "moss", "-o", "link.png"),
        ("stylize", "link.png", "--style", "moss", "-o", "photo.png"),
        ("stylize", "photo.png", "--style", "paint.png", "-o", "paint.png"),
        ("stylize", "photo.png", "--style", "paint.png:0.5", "--style", "moss", "-o", "paint.png"),
        ("stylize", "photo.png", "--region", "hat=paint.png", "--mask", "hat=mask.png", "-o", "paint.png"),
        ("stylize", "photo.png", "--region", "hat=moss", "--mask", "hat=mask.png", "-o", "mask.png"),
        ("stylize", "photo.png", "paint.png", "--style", "moss", "-o", "."),
        ("translate", "photo.png", "--model", "cyclegan", "-o", "photo.png"),
        ("translate", "photo.png", "--model", "cyclegan", "--mask", "hat=mask.png", "-o", "mask.png"),
        ("segment", "photo.png", "-o", "."),
    ],
    ids=" ".join,
)
def test_nothing_that_is_read_is_written_over(run, desk, command):
    if command[0] == "segment":
        (desk / "photo").mkdir()
        shutil.move(desk / "photo.png", desk / "photo" / "photo.png")
        command = ("segment", "photo/photo.png", "-o", ".")
    before = digests(desk)
    status, error = run(*command)
    assert status == 2 and error.strip().endswith((".", "choose another name.")) and error.count("\n") == 1
    assert "written over" in error or "among the photos" in error
    assert digests(desk) == before


def test_a_recipes_picture_and_its_photo_are_not_written_over(run, desk):
    assert run("stylize", "photo.png", "--style", "moss", "-o", "out.png") == (0, "")
    before = digests(desk)
    for command in (("replay", "out.png", "-o", "out.png"), ("replay", "out.png", "-o", "photo.png")):
        status, error = run(*command)
        assert status == 2 and "written over" in error
    assert digests(desk) == before


def test_a_photo_of_another_shape_is_named_and_the_others_are_painted(run, desk):
    (desk / "in").mkdir()
    for name, size in (("a", (40, 56)), ("b", (56, 40)), ("c", (40, 56))):
        save_picture(drawn(*size), desk / "in" / f"{name}.png")
    status, error = run(
        "stylize", "in", "--style", "moss", "--region", "hat=keep", "--mask", "hat=mask.png", "-o", "out"
    )
    assert status == 2 and "b.png: the mask is 56 x 40" in error
    assert sorted(path.name for path in (desk / "out").iterdir()) == ["a.png", "c.png"]


def test_a_phones_folder_is_painted_whole_and_the_rest_is_told(run, tmp_path):
    folder = tmp_path / "phone"
    folder.mkdir()
    jpeg = file_of(ramp(40, 56), "JPEG")
    for name in ("IMG_1.jpg", "IMG_2.HEIC", "IMG_3.jfif", "._IMG_1.jpg", "notes.txt"):
        (folder / name).write_bytes(b"words" if name == "notes.txt" else jpeg)
    status, error = run("stylize", "phone", "--style", "moss", "-o", "out")
    assert status == 0 and "phone: 1 file is no picture and left out: notes.txt" in error
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == ["IMG_1", "IMG_2", "IMG_3"]


def damaged(studio, tmp_path, change):
    copy = tmp_path / "copy"
    shutil.copytree(studio / "checkpoints", copy)
    change(copy / "painter")
    return copy


def cut(file):
    file.write_text(file.read_text()[:-20])


def extend(file):
    file.write_text(json.dumps(json.loads(file.read_text()) | {"unknown": 1}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda painter: cut(painter / "config.json"), "painter"),
        (lambda painter: extend(painter / "config.json"), "painter"),
        (lambda painter: (painter / "config.json").write_text("[]"), "painter"),
        (lambda painter: (painter / "config.json").unlink(), "painter"),
        (lambda painter: shutil.rmtree(painter), "painter"),
        (lambda painter: shutil.rmtree(painter.parent), "no folder 'copy'"),
    ],
    ids=["cut", "unknown key", "list", "no config", "no painter", "no folder"],
)
def test_a_broken_painter_is_not_called_a_missing_style(run, studio, desk, change, words):
    copy = damaged(studio, desk, change)
    status, error = run("stylize", "photo.png", "--style", "moss", "-o", "out.png", checkpoints=copy)
    assert status == 2 and words in error and "no style called" not in error


def test_a_style_that_is_not_there_is_called_so(run, desk):
    status, error = run("stylize", "photo.png", "--style", "mos", "-o", "out.png")
    assert status == 2 and "no style called 'mos'" in error


@pytest.mark.parametrize("command", [("photo.png", "-o", "out.png"), ("photo.png", "paint.png", "-o", "out")])
def test_a_full_disk_is_one_sentence_and_leaves_no_piece(run, desk, monkeypatch, command):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stylizer.imaging.files.os.replace", full)
    status, error = run("stylize", *command, "--style", "moss")
    assert status == 2 and "No space left on device" in error
    assert not [path for path in desk.rglob("*") if path.suffix == ".part"]


def test_a_folder_that_cannot_be_made_is_one_sentence(run, desk):
    status, error = run("stylize", "photo.png", "paint.png", "--style", "moss", "-o", "/proc/nowhere/x")
    assert status == 2 and "could not be made" in error


def test_titles_that_a_console_cannot_write_do_not_end_the_list(studio, tmp_path, monkeypatch):
    copy = damaged(studio, tmp_path, lambda painter: None)
    style = load_style(copy / "styles" / "moss.safetensors")
    save_style(copy / "styles", replace(style, slug="omi", title="\u014cmi \u6ce2"))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    assert main(["styles", "--checkpoints", str(copy)]) == 0
    assert b"omi" in written.getvalue() and b"?mi ?" in written.getvalue() and b"rose" in written.getvalue()
