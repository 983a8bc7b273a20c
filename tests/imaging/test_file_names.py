"""Names of files that are made of words: fit for every file system."""

import pytest

from stylizer.imaging.files import file_stem


@pytest.mark.parametrize(
    ("words", "stem"),
    [
        ("a photo - Kanbara: Night Snow", "a photo - Kanbara  Night Snow"),
        ("Café 100 % #1", "Café 100 % #1"),
        ('a/b\\c*d?e"f<g>h|i', "a b c d e f g h i"),
        ("two\nlines\x00", "two lines"),
        (" / ", "painted"),
        ("", "painted"),
        ("x" * 300, "x" * 80),
    ],
)
def test_words_become_a_name_that_every_system_takes(words, stem):
    assert file_stem(words) == stem


def test_a_name_of_long_letters_fits_with_its_ending(tmp_path):
    stem = file_stem("\N{ARTIST PALETTE}" * 80)
    assert stem and set(stem) == {"\N{ARTIST PALETTE}"}
    (tmp_path / f"{stem}.masks.zip").write_bytes(b"")


def test_an_emoji_of_which_half_was_lost_is_left_out():
    assert file_stem("a\ud83d") == "a"
