"""The gallery's styles are made by one command: codes, what is told of them, and what is shown."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stylizer.imaging.picture import open_picture, save_picture
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.style_file import load_styles
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter
from training.publishing.options import StylesOptions
from training.publishing.styles import LIST, make_styles
from training.run.config import UserMistake

HEAD = "file,slug,title,artist,year,tags,photo,about,credit"
ROWS = (
    "sea.png,sea,The Sea,A. Painter,1850,oil;blue,hills,Blue all over.,A museum: CC0",
    "sand.png,sand,Sand,B. Painter,,oil,town,Grainy.,",
)


@pytest.fixture
def options(tmp_path):
    save_checkpoint(tmp_path / "painter", FakePainter(FakeConfig()), "# A painter of colors\n", half=False)
    for folder in ("paintings", "photos"):
        (tmp_path / folder).mkdir()
    for seed, name in enumerate(("sea", "sand")):
        save_picture(drawn(500, 640, seed), tmp_path / "paintings" / f"{name}.png")
    for seed, name in enumerate(("hills", "town"), 5):
        save_picture(drawn(90, 120, seed), tmp_path / "photos" / f"{name}.png")
    listing = tmp_path / "list.csv"
    listing.write_text("\n".join((HEAD, *ROWS)))
    return StylesOptions(
        root=tmp_path / "paintings",
        samples=tmp_path / "photos",
        checkpoint=tmp_path / "painter",
        out=tmp_path / "styles",
        listing=listing,
        steps=0,
    )


def test_a_painting_is_shown_only_where_its_source_allows_it(options):
    make_styles(options)
    sand, sea = load_styles(options.out)
    assert open_picture(sea.painting).rgb.shape == (312, 400, 3)
    assert sand.painting is None
    assert (sea.about, sea.credit, sea.place) == ("Blue all over.", "A museum: CC0", 0)
    assert sand.place == 1, "the list's order is the gallery's"
    assert open_picture(sea.thumbnail).rgb.shape == open_picture(sand.thumbnail).rgb.shape == (224, 224, 3)


def test_a_rendition_goes_when_it_may_be_shown_no_longer(options):
    make_styles(options)
    options.listing.write_text("\n".join((HEAD, ROWS[0].replace("A museum: CC0", ""), ROWS[1])))
    make_styles(options)
    assert all(style.painting is None for style in load_styles(options.out))


def test_each_thumbnail_shows_the_photo_that_suits_the_style(options):
    make_styles(options)
    first = open_picture(options.out / "sand.webp").rgb
    options.listing.write_text("\n".join((HEAD, ROWS[0], ROWS[1].replace("town", "hills"))))
    make_styles(options)
    assert abs(first.astype(int) - open_picture(options.out / "sand.webp").rgb).mean() > 8


def test_codes_can_stay_while_all_else_is_made_anew(options):
    make_styles(options)
    before = load_styles(options.out)
    save_picture(drawn(500, 640, 99), options.root / "sea.png")
    make_styles(replace(options, keep_codes=True, only=("sea",)))
    after = load_styles(options.out)
    assert torch.equal(after[1].code, before[1].code)
    make_styles(replace(options, only=("sea",)))
    assert not torch.equal(load_styles(options.out)[1].code, before[1].code)


def test_a_study_can_go_on_from_the_code_of_an_earlier_painter(options, tmp_path):
    for seed in (0, 1):
        torch.manual_seed(seed)
        painter = Painter(PainterConfig.tiny())
        save_checkpoint(tmp_path / f"painter{seed}", painter, "# A painter\n", half=False)
    options = replace(
        options, checkpoint=tmp_path / "painter0", photos=tmp_path / "photos", steps=1, only=("sea",)
    )
    make_styles(options)
    (before,) = load_styles(options.out)
    options = replace(options, checkpoint=tmp_path / "painter1")
    make_styles(replace(options, go_on=True))
    (after,) = load_styles(options.out)
    assert after.painter_sha != before.painter_sha
    assert (after.code - before.code).abs().max() < 0.05  # one step, a rate of .03
    make_styles(options)
    assert (load_styles(options.out)[0].code - before.code).abs().max() > 0.05


def test_a_photo_that_is_not_there_is_said(options):
    options.listing.write_text("\n".join((HEAD, ROWS[0].replace("hills", "valley"))))
    with pytest.raises(UserMistake, match="'valley' of sea is not in --samples"):
        make_styles(options)


def test_refining_needs_photos(options):
    with pytest.raises(UserMistake, match="--steps 0"):
        make_styles(replace(options, steps=3))


def test_the_list_is_what_ships_shows_only_works_that_are_free_and_names_photos_that_ship():
    from stylizer.ui.samples import CREDITS

    with LIST.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["slug"] for row in rows}) == len(rows)
    assert {row["photo"] for row in rows} <= set(CREDITS)
    assert all(row["about"] and row["tags"] for row in rows)
    assert {row["credit"] for row in rows} == {
        "",
        "Art Institute of Chicago, CC0",
        "Drawn for this studio, CC0",
    }
    shipped = {style.slug: style.place for style in load_styles(Path("checkpoints/styles"))}
    assert shipped == {row["slug"]: place for place, row in enumerate(rows)}
    originals = {Path(row["file"]).stem for row in rows if row["credit"].startswith("Drawn")}
    assert originals == {file.stem for file in Path("checkpoints/originals").glob("*.webp")}
