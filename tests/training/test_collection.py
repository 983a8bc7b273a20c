import io
import tarfile
import time

import pytest
import torch
from PIL import Image

from training.data.folders import PictureFolder, Source, find_sources, random_crop
from training.evaluation.split import split
from training.run.config import UserMistake


def picture_bytes(seed: int, size=(40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (seed * 40 % 256, 90, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def pack(path, members: dict[str, bytes], mode: str = "w") -> None:
    with tarfile.open(path, mode) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_a_tar_shard_holds_the_same_pictures_as_a_folder(tmp_path):
    members = {f"{group}/{i}.png": picture_bytes(i) for i, group in enumerate(("ink", "ink", "oil"))}
    for name, data in members.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    pack(tmp_path / "shard.tar", {**members, "notes.txt": b"no picture", "ink/._0.png": b"a Mac was here"})
    (tmp_path / "shards").mkdir()
    pack(tmp_path / "shards" / "a.tar", members)
    loose = PictureFolder(tmp_path / "folder")
    for place in (tmp_path / "shard.tar", tmp_path / "shards"):
        packed = PictureFolder(place)
        assert (packed.names, packed.groups) == (loose.names, loose.groups)
        assert all(torch.equal(a, b) for a, b in zip(packed.pictures, loose.pictures, strict=True))


def test_coco_and_wikiart_layouts_work_as_they_are(tmp_path):
    files = ["coco/train2017/000000000009.jpg", "coco/annotations/instances_train2017.json",
             "wikiart/Pointillism/paul-signac_the-bonaventure-pine-1893.jpg",
             "wikiart/Ukiyo_e/hokusai_the-great-wave.jpg", "wikiart/Ukiyo_e_train.csv"]  # fmt: skip
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(picture_bytes(1))
    assert [source.name for source in find_sources(tmp_path / "coco")] == ["000000000009.jpg"]
    assert [source.group for source in find_sources(tmp_path / "wikiart")] == ["Pointillism", "Ukiyo_e"]


def test_broken_files_are_skipped_named_and_reported(tmp_path, capsys):
    good = picture_bytes(1)
    for name, data in {
        "a.png": good,
        "cut.png": good[: len(good) // 2],
        "empty.jpg": b"",
        "text.png": b"hello",
    }.items():
        (tmp_path / name).write_bytes(data)
    folder = PictureFolder(tmp_path)
    assert folder.names == ["a.png"]
    assert sorted(line.split(":")[0] for line in folder.skipped) == ["cut.png", "empty.jpg", "text.png"]
    assert "1 pictures, 3 files skipped" in capsys.readouterr().err


def test_files_that_take_long_come_in_the_order_of_their_names(tmp_path, monkeypatch):
    for index in range(40):
        (tmp_path / f"{index:02d}.png").write_bytes(picture_bytes(index))
    decode = Source.open

    def slow(self):
        time.sleep(0.01 if int(self.name[:2]) % 7 == 0 else 0)
        return decode(self)

    monkeypatch.setattr(Source, "open", slow)
    folder = PictureFolder(tmp_path)
    assert folder.names == sorted(folder.names)
    assert [int(picture[0, 0, 0]) for picture in folder.pictures] == [i * 40 % 256 for i in range(40)]


def test_held_out_pictures_are_those_that_split_holds_out(tmp_path):
    for index in range(30):
        (tmp_path / "all" / str(index % 2)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / str(index % 2) / f"{index}.png").write_bytes(picture_bytes(index))
    folder = PictureFolder(tmp_path / "all", held=0.3)
    assert sorted(folder.trained + folder.held) == list(range(30)) and 3 < len(folder.held) < 16
    counts = split(tmp_path / "all", tmp_path / "parts", 0.3)
    held = {path.name for path in (tmp_path / "parts" / "held").rglob("*.png")}
    assert {folder.names[index] for index in folder.held} == held and counts["held"] == len(held)
    assert PictureFolder(tmp_path / "all").held == []
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.png").write_bytes(picture_bytes(1))
    with pytest.raises(UserMistake, match=r"of 1 pictures below one [01] would be held out"):
        PictureFolder(tmp_path / "one", held=0.5)


def test_a_small_budget_decodes_again_what_it_let_go(tmp_path):
    for index in range(4):
        (tmp_path / f"{index}.png").write_bytes(picture_bytes(index))
    whole, poor = PictureFolder(tmp_path), PictureFolder(tmp_path, budget=2 * 40 * 30 * 3)
    assert len(poor.pictures.held) == 2
    for index in (0, 3, 1, 0, 2):
        assert torch.equal(poor.pictures[index], whole.pictures[index])
    assert poor.pictures.bytes == 2 * 40 * 30 * 3


def test_the_long_side_is_limited_and_small_pictures_stay(tmp_path):
    (tmp_path / "wide.png").write_bytes(picture_bytes(1, (200, 100)))
    assert PictureFolder(tmp_path, long_side=64).pictures[0].shape == (3, 32, 64)
    assert PictureFolder(tmp_path, long_side=512).pictures[0].shape == (3, 100, 200)


def test_mistakes_are_sentences(tmp_path):
    with pytest.raises(UserMistake, match="is not a folder; give a folder of pictures"):
        PictureFolder(tmp_path / "none")
    with pytest.raises(UserMistake, match="No readable picture"):
        PictureFolder(tmp_path)
    pack(tmp_path / "small.tar", {"a.png": picture_bytes(1)}, "w:gz")
    with pytest.raises(UserMistake, match="pack it without gzip"):
        PictureFolder(tmp_path)


@pytest.mark.parametrize("size", [16, 30, 64])
def test_a_crop_is_square_in_range_and_a_function_of_its_generator(size):
    picture = torch.randint(0, 256, (3, 45, 70), dtype=torch.uint8)
    crops = [random_crop(picture, size, (0.5, 2.0), torch.Generator().manual_seed(5)) for _ in range(2)]
    assert crops[0].shape == (3, size, size)
    assert torch.equal(*crops)
    assert crops[0].min() >= 0 and crops[0].max() <= 1
    assert not torch.equal(crops[0], random_crop(picture, size, (0.5, 2.0), torch.Generator().manual_seed(6)))
