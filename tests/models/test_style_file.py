"""Named styles survive the disk, and damaged ones are refused by a sentence."""

import json

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stylizer.models.style_file import NamedStyle, StyleFileError, load_style, load_styles, save_style

WAVE = NamedStyle(
    slug="great-wave",
    title="The Great Wave off Kanagawa",
    artist="Katsushika Hokusai",
    year="about 1831",
    tags=("woodcut", "sea"),
    code=torch.linspace(-1, 1, 64),
    painter_sha="ab" * 32,
    refined=True,
    source="public domain",
)


def damaged(folder, /, code=None, **facts):
    """Write a style file by hand, past the checks of save_style."""
    base = {
        "title": "",
        "artist": "",
        "year": "",
        "source": "",
        "painter_sha": "ab" * 32,
        "tags": [],
        "refined": False,
    }
    code = torch.zeros(4, dtype=torch.float16) if code is None else code
    path = folder / "bad.safetensors"
    path.write_bytes(safetensors.torch.save({"code": code}, {"style": json.dumps(base | facts)}))
    return path


def test_a_style_comes_back_with_its_facts_and_thumbnail(tmp_path):
    save_style(tmp_path, WAVE)
    (tmp_path / "great-wave.webp").write_bytes(b"picture")
    (style,) = load_styles(tmp_path)
    for fact in ("slug", "title", "artist", "year", "tags", "painter_sha", "refined", "source"):
        assert getattr(style, fact) == getattr(WAVE, fact)
    assert style.thumbnail == tmp_path / "great-wave.webp"
    assert style.code.dtype == torch.float32
    assert torch.equal(style.code, WAVE.code.half().float())


def test_styles_come_sorted_and_a_missing_folder_has_none(tmp_path):
    from dataclasses import replace

    for slug in ("zebra", "ant"):
        save_style(tmp_path, replace(WAVE, slug=slug))
    assert [style.slug for style in load_styles(tmp_path)] == ["ant", "zebra"]
    assert load_styles(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slug": "../evil"}, "small letters, digits and hyphens"),
        ({"title": "two\nlines"}, "one line"),
        ({"title": "x" * 500}, "one line"),
        ({"painter_sha": "cafe"}, "64 digits"),
        ({"code": torch.full((4,), 1e6)}, "not finite"),
        ({"code": torch.zeros(2, 2)}, "shape"),
    ],
)
def test_what_would_not_load_is_not_saved(tmp_path, change, words):
    from dataclasses import replace

    with pytest.raises(StyleFileError, match=words):
        save_style(tmp_path, replace(WAVE, **change))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"script": "<b>"}, "has the entries"),
        ({"tags": "sea"}, "tags must be a list"),
        ({"tags": ["a"] * 99}, "tags must be a list"),
        ({"artist": 3}, "artist is '3'"),
        ({"refined": 1}, "expected true or false"),
    ],
)
def test_facts_that_do_not_fit_are_refused(tmp_path, facts, words):
    with pytest.raises(StyleFileError, match=words):
        load_style(damaged(tmp_path, **facts))


def test_codes_that_do_not_fit_are_refused(tmp_path):
    for code in (
        torch.zeros(0),
        torch.zeros(2, 2),
        torch.zeros(4, dtype=torch.int64),
        torch.full((4,), torch.nan),
    ):
        with pytest.raises(StyleFileError, match="code"):
            load_style(damaged(tmp_path, code=code))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xff" * 64, (2).to_bytes(8, "little") + b"{}"])
def test_other_files_are_refused_without_their_path(tmp_path, data):
    (tmp_path / "odd.safetensors").write_bytes(data)
    with pytest.raises(StyleFileError) as caught:
        load_style(tmp_path / "odd.safetensors")
    assert "'odd' is not a style file" in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_a_link_or_a_giant_is_refused(tmp_path):
    (tmp_path / "giant.safetensors").write_bytes(b"\0" * (2 << 20))
    (tmp_path / "link.safetensors").symlink_to(save_style(tmp_path / "real", WAVE))
    for name in ("giant", "link"):
        with pytest.raises(StyleFileError, match="not a plain file"):
            load_style(tmp_path / f"{name}.safetensors")


def refused_or_sound(path) -> None:
    """Read a style file: what is not refused in a sentence is a style within its bounds."""
    try:
        style = load_style(path)
    except StyleFileError as error:
        sentence = str(error)
        assert "\n" not in sentence and len(sentence) < 400 and str(path.parent) not in sentence
        return
    assert style.code.dtype == torch.float32 and torch.isfinite(style.code).all() and style.code.dim() == 1
    assert all(
        isinstance(text, str) and len(text) <= 200 for text in (style.title, style.artist, *style.tags)
    )


FUZZED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZED
@given(st.data())
def test_changed_bytes_are_refused_or_harmless(tmp_path, data):
    save_style(tmp_path, WAVE)
    path = tmp_path / "great-wave.safetensors"
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    refused_or_sound(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=12,
)
ENTRIES = ("title", "artist", "year", "source", "painter_sha", "tags", "refined")


@FUZZED
@given(st.dictionaries(st.sampled_from(ENTRIES) | st.text(max_size=12), JSON, max_size=4))
def test_facts_of_any_kind_are_refused_or_harmless(tmp_path, facts):
    refused_or_sound(
        damaged(
            tmp_path, **{f"{key}": value for key, value in facts.items() if key not in ("folder", "code")}
        )
    )


@FUZZED
@given(
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from([torch.float16, torch.float32, torch.float64, torch.int8, torch.bool]),
    st.sampled_from([0.0, 1e30, float("nan"), float("inf"), -1.0]),
)
def test_codes_of_any_shape_and_kind_are_refused_or_harmless(tmp_path, shape, kind, value):
    refused_or_sound(damaged(tmp_path, torch.full(shape, value).to(kind)))
