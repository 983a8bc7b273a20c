"""One grammar for styles, domains and regions, whoever writes them."""

import pytest

from stylizer.engine import RequestError
from stylizer.engine.parsing import (
    read_domains,
    read_mask_files,
    read_region_styles,
    read_region_translations,
    read_styles,
    read_weighted,
    split_list,
)
from tests.engine.drawn import drawn

WAVE, INK = drawn(seed=1), drawn(seed=2)


def find(name):
    return {"wave": WAVE, "ink": INK}[name]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("wave", ("wave", None)),
        ("wave:0.7", ("wave", 0.7)),
        ("wave=0.7", ("wave", 0.7)),
        (" wave : 1e-1 ", ("wave", 0.1)),
        ("a:b:2", ("a:b", 2.0)),
        ("wave:", ("wave:", None)),
        ("org/name", ("org/name", None)),
    ],
)
def test_a_name_may_carry_a_weight(text, read):
    assert read_weighted(text, "The weight of") == read


def test_a_file_of_the_whole_name_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wave:0.7").touch()
    assert read_weighted("wave:0.7", "The weight of") == ("wave:0.7", None)


def test_what_looks_like_a_number_and_is_none_is_refused():
    with pytest.raises(RequestError, match=r"style wave is 1\.2\.3; give a number such as 0.5"):
        read_styles(["wave:1.2.3"], find)
    assert read_weighted("x" * 100_000 + ":1", "")[1] == 1, "far too long for a file, and no error"


def test_mixes_are_read_from_lists_of_either_kind():
    styles = read_styles(split_list("wave:2, ink"), find)
    assert [(style.style, style.weight) for style in styles] == [(WAVE, 2.0), (INK, 1.0)]
    assert read_domains(["autumn=0.4", "winter"]) == (("autumn", 0.4), ("winter", 1.0))


def test_a_region_takes_a_style_a_strength_both_or_the_photo():
    sky, person, water, ground, rest = read_region_styles(
        ["sky=wave:0.8", "person=keep", "water=0.3", "ground=gray", "other=ink"], find
    )
    assert (sky.name, sky.strength, sky.styles[0].style, sky.color) == ("sky", 0.8, WAVE, None)
    assert person.styles == () and person.keeps
    assert (water.styles, water.strength, water.keeps) == (None, 0.3, False)
    assert ground.gray and ground.keeps and not rest.gray
    assert (rest.name, rest.strength) == ("rest", None)


def test_translated_regions_are_written_alike():
    own = read_region_translations(["sky=autumn:0.4", "person=keep", "hat=0.2", "ground=autumn"], ["hat"])
    assert [(one.name, one.strength, one.domains) for one in own] == [
        ("sky", 0.4, (("autumn", 1.0),)),
        ("person", 0.0, None),
        ("hat", 0.2, None),
        ("ground", None, (("autumn", 1.0),)),
    ]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["sky"], "write it like sky=starry-night"),
        (["=wave"], "was not understood"),
        (["hat=wave"], "There is no region called hat; known are other, person"),
        (["sky=wave", "sky=keep"], "Region sky is given twice"),
        (["rest=wave", "other=keep"], "Region rest is given twice"),
        (["sky=7"], "strength is 7.0; choose a number from 0 to 1.5"),
    ],
)
def test_regions_that_make_no_sense_are_refused(texts, words):
    with pytest.raises(RequestError, match=words):
        read_region_styles(texts, find)


def test_masks_are_regions_and_files():
    assert {name: file.name for name, file in read_mask_files(["big  hat=a/hat.png"]).items()} == {
        "big hat": "hat.png"
    }
    with pytest.raises(RequestError, match=r"write it like hat=hat\.png"):
        read_mask_files(["hat"])
