"""Thumbnails of a photo in many styles: what a painting of that square shows, for one decode each."""

import numpy as np
import pytest
import torch

from stylizer.engine import Cancelled, CancelToken, StyleChoice, StyleRequest
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within, middle_square
from stylizer.models.style_file import NamedStyle
from tests.engine.drawn import drawn


def styles(engine, count=3):
    codes = torch.rand(count, engine.painter.code_size, generator=torch.Generator().manual_seed(1))
    sha = engine.painter.checkpoint_sha
    return [NamedStyle(f"style-{n}", f"Style {n}", "", "", (), code, sha) for n, code in enumerate(codes)]


def test_each_shows_what_the_square_is_painted_like_at_strength_1(fake_engine):
    photo, named = drawn(400, 640, seed=2), styles(fake_engine)
    found = list(fake_engine.thumbnails(photo, named))
    square = fit_within(middle_square(photo), 320)
    for style, small in zip(named, found, strict=True):
        painted = fake_engine.run(StyleRequest(square, (StyleChoice(style),))).picture
        assert (small.height, small.width) == (224, 224)
        off = small.rgb.astype(int) - fit_within(painted, 224).rgb.astype(int)
        assert np.abs(off).max() <= 1


def test_the_photo_is_encoded_once_however_often_more_are_asked_for(fake_engine):
    photo, named = drawn(400, 640, seed=2), styles(fake_engine, 4)
    list(fake_engine.thumbnails(photo, named[:2]))
    list(fake_engine.thumbnails(photo, named[2:]))
    assert fake_engine.painter.calls["encode"] == 1 and fake_engine.painter.calls["decode"] == 4


def test_what_is_painted_takes_no_room_in_the_cache(fake_engine):
    photo, named = drawn(400, 640, seed=2), styles(fake_engine, 3)
    list(fake_engine.thumbnails(photo, named[:1]))
    held = fake_engine.executor.cache.nbytes
    list(fake_engine.thumbnails(photo, named))
    assert fake_engine.executor.cache.nbytes == held


def test_small_and_see_through_photos_stay_as_they_are(fake_engine):
    rgb = drawn(40, 24, seed=2).rgb
    alpha = np.full((40, 24), 255, np.uint8)
    alpha[:20] = 0
    (small,) = fake_engine.thumbnails(Picture(rgb, alpha), styles(fake_engine, 1))
    assert small.rgb.shape == (24, 24, 3) and small.alpha is not None and not small.alpha[0].any()


def test_it_stops_between_two(fake_engine):
    token = CancelToken()
    going = fake_engine.thumbnails(drawn(40, 40, seed=1), styles(fake_engine), token)
    next(going)
    token.cancel()
    with pytest.raises(Cancelled):
        next(going)


def test_a_style_of_another_painter_is_refused_in_a_sentence(fake_engine):
    (style,) = styles(fake_engine, 1)
    foreign = NamedStyle("x", "X", "", "", (), style.code, "other")
    with pytest.raises(RequestError, match="another painter"):
        next(fake_engine.thumbnails(drawn(40, 40, seed=1), [foreign]))
